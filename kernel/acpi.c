/* SPDX-License-Identifier: MIT */
/*
 * ACPI's static tables. Firmware leaves them in memory that its map calls ACPI's, reserved or nothing at all, so
 * their pages are mapped, read-only, as they are found.
 */
#include "kernel/acpi.h"
#include "kernel/arch.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "lib/string.h"

#define MAX_TABLES     64
#define MAX_TABLE_SIZE (16UL << 20)

struct acpi_rsdp {
	char signature[8];
	u8 checksum;
	char oem[6];
	u8 revision;
	u32 rsdt;
	u32 length; /* from revision 2 on */
	u64 xsdt;
} __packed;

struct acpi_header {
	char signature[4];
	u32 length;
	u8 revision, checksum;
	char oem[6], oem_table[8];
	u32 oem_revision, creator, creator_revision;
} __packed;

static const struct acpi_header *tables[MAX_TABLES];
static unsigned int nr_tables;

static const void *acpi_map(u64 phys, size_t len)
{
	u64 end = ALIGN(phys + len, PAGE_SIZE), pa;

	for (u64 p = ALIGN_DOWN(phys, PAGE_SIZE); p < end; p += PAGE_SIZE)
		if (!arch_translate(ARCH_DIRECT_MAP + p, &pa) &&
		    arch_map(ARCH_DIRECT_MAP + p, p, PAGE_SIZE, ARCH_READ))
			return NULL;
	return (const void *)(ARCH_DIRECT_MAP + phys);
}

static bool checksum_ok(const void *data, size_t len)
{
	const u8 *p = data;
	u8 sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (u8)(sum + p[i]);
	return !sum;
}

/* NULL: not a table, or damaged. */
static const struct acpi_header *map_table(u64 phys)
{
	const struct acpi_header *h = phys ? acpi_map(phys, sizeof(*h)) : NULL;

	if (!h || h->length < sizeof(*h) || h->length > MAX_TABLE_SIZE ||
	    !acpi_map(phys, h->length))
		return NULL;
	if (!checksum_ok(h, h->length)) {
		pr_warn("acpi: table %.4s at %#lx: wrong checksum, left out", h->signature, phys);
		return NULL;
	}
	return h;
}

static void add_table(u64 phys)
{
	const struct acpi_header *h = map_table(phys);

	if (!h)
		return;
	if (nr_tables < MAX_TABLES)
		tables[nr_tables++] = h;
	else
		pr_warn("acpi: table %.4s left out: more than %d", h->signature, MAX_TABLES);
}

void acpi_init(u64 rsdp_phys)
{
	const struct acpi_rsdp *rsdp = rsdp_phys ? acpi_map(rsdp_phys, sizeof(*rsdp)) : NULL;
	const struct acpi_header *root;
	size_t width;

	if (!rsdp || memcmp(rsdp->signature, "RSD PTR ", 8) || !checksum_ok(rsdp, 20))
		return;
	width = rsdp->revision >= 2 && rsdp->xsdt ? 8 : 4;
	root = map_table(width == 8 ? rsdp->xsdt : rsdp->rsdt);
	if (!root)
		return;
	for (size_t at = sizeof(*root); at + width <= root->length; at += width) {
		u64 phys = 0;

		memcpy(&phys, (const u8 *)root + at, width);
		add_table(phys);
	}
}

const void *acpi_find_table(const char *sig, size_t *len)
{
	for (unsigned int i = 0; i < nr_tables; i++) {
		if (memcmp(tables[i]->signature, sig, 4))
			continue;
		*len = tables[i]->length;
		return tables[i];
	}
	return NULL;
}

const void *acpi_map_table(u64 phys, size_t *len)
{
	const struct acpi_header *h = map_table(phys);

	if (h)
		*len = h->length;
	return h;
}
