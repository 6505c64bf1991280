/* SPDX-License-Identifier: MIT */
/* ACPI's static tables, read where the firmware left them. No AML. ACPI 6.4 s5.2. */
#pragma once

#include "lib/types.h"

/* Finds RSDT or XSDT. rsdp: physical address, 0: no ACPI (then no table is ever found). Boot, after mm. */
void acpi_init(u64 rsdp);

/*
 * The table named sig ("MCFG", "APIC", ...) with its header, checksum verified; its length in *len.
 * NULL: no such table. Stays valid for ever.
 */
const void *acpi_find_table(const char *sig, size_t *len);

/* The same for a table that another one points to (the DSDT). Thread. */
const void *acpi_map_table(u64 phys, size_t *len);
