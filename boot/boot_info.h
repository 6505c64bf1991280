/* SPDX-License-Identifier: MIT */
/*
 * What every way in tells the kernel. A loader fills one struct boot_info in memory below 4 GiB and
 * calls the 64-bit entry (e_entry of the ELF) with its physical address in RDI; see boot/entry.S for
 * the state the CPU must be in.
 *
 * Everything here is physical and may lie in memory that the map calls usable: kernel_main copies what it
 * keeps before the page allocator starts, and keeps initrd and command line out of it.
 */
#pragma once

#include "lib/types.h"

#define BOOT_INFO_MAGIC  0x52494557 /* "WEIR" */
#define BOOT_MEMMAP_MAX  256
#define BOOT_CMDLINE_MAX 4096

enum boot_mem_type {
	BOOT_MEM_RESERVED = 0,
	BOOT_MEM_USABLE = 1,
	BOOT_MEM_ACPI = 3, /* tables: readable, kept */
};

struct boot_mem {
	u64 addr, size; /* bytes; size is never 0 */
	u64 type;       /* enum boot_mem_type */
};

struct boot_info {
	u32 magic;
	u32 nr_memmap;
	u64 entry_tsc;   /* TSC at the kernel's (for PVH) or the loader's hand-over (EFI) entry */
	u64 kernel_phys; /* where the image's first byte is, 2 MiB aligned */
	u64 initrd, initrd_size; /* 0, 0: none */
	u64 rsdp;                /* 0: no ACPI */
	u64 wall_seconds;        /* UTC since 1970 as the firmware says, 0: ask the RTC */
	const char *way;         /* "pvh" or "efi", a physical address; for the boot's first line */
	u64 memmap_dropped;      /* entries that did not fit */
	struct boot_mem memmap[BOOT_MEMMAP_MAX];
	char cmdline[BOOT_CMDLINE_MAX]; /* 0-terminated; cut text sets cmdline_cut */
	u32 cmdline_cut;
};
