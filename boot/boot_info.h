/* SPDX-License-Identifier: MIT */
/*
 * What every way in tells the kernel. A loader fills one struct boot_info in memory below 4 GiB and
 * calls the 64-bit entry (e_entry of the ELF) with its physical address in RDI; boot/entry.S says in what
 * state the CPU must be. The way that runs inside the image (PVH) fills boot_info itself.
 *
 * Everything here is physical and may lie in memory that the map calls usable: the kernel copies boot_info
 * first and keeps image and initrd out of the page allocator.
 */
#pragma once

#include "lib/types.h"

#define BOOT_INFO_MAGIC  0x52494557 /* "WEIR" */
#define BOOT_MEMMAP_MAX  256
#define BOOT_CMDLINE_MAX 4096

/* Where entry.S maps the first 4 GiB. The same as kernel/arch.h's ARCH_DIRECT_MAP. */
#define BOOT_DIRECT_MAP 0xffff800000000000UL

enum boot_mem_type {
	BOOT_MEM_RESERVED = 0,
	BOOT_MEM_USABLE = 1,
	BOOT_MEM_KERNEL =
		2, /* usable, and in use from boot on: image, initrd, page tables (kernel/bootmem.h) */
	BOOT_MEM_ACPI = 3, /* tables: readable, kept */
};

struct boot_mem {
	u64 addr, size; /* bytes; size is never 0 */
	u64 type;       /* enum boot_mem_type */
};

enum boot_way { BOOT_WAY_PVH, BOOT_WAY_EFI };

struct boot_info {
	u32 magic;
	u32 nr_memmap;
	u64 entry_tsc;           /* TSC at the image's (PVH) or the loader's (EFI) entry */
	u64 initrd, initrd_size; /* 0, 0: none */
	u64 rsdp;                /* 0: no ACPI */
	u64 wall_seconds;        /* UTC since 1970 as the firmware says, 0: ask the RTC */
	u64 memmap_dropped;      /* entries that did not fit */
	u32 way;                 /* enum boot_way */
	u32 cmdline_cut;         /* not 0: the command line was longer */
	struct boot_mem memmap[BOOT_MEMMAP_MAX];
	char cmdline[BOOT_CMDLINE_MAX]; /* 0-terminated */
};

/* The kernel's own. */
extern struct boot_info boot_info;

/* What entry.S calls for a loader outside the image; handed is in the direct map. */
void boot_main(const struct boot_info *handed) __noreturn;

/* kernel/main.c: on the boot stack, early page tables, interrupts off, boot_info filled. */
void kernel_main(void) __noreturn;
