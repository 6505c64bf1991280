/* SPDX-License-Identifier: MIT */
/*
 * The boot's memory map put in order, and memory cut off it before there is a page allocator.
 *
 * Afterwards the entries are sorted, do not overlap, and those of BOOT_MEM_USABLE and BOOT_MEM_KERNEL are whole
 * pages. Boot only, one context.
 */
#pragma once

#include "boot/boot_info.h"

/* Sorts, resolves overlaps (the more careful type wins), cuts to pages, drops page zero. */
void bootmem_init(struct boot_info *bi);

/* Turns the usable part of [addr, addr + size) into BOOT_MEM_KERNEL. -ENOSPC: the map is full, memory was given up. */
int bootmem_reserve(struct boot_info *bi, u64 addr, u64 size);

/*
 * size bytes (pages) of usable memory below limit, turned into BOOT_MEM_KERNEL. Right behind the image if it fits:
 * memory that a host provides on first touch, in large pages, is then there already. 0: none.
 */
u64 bootmem_take(struct boot_info *bi, u64 size, u64 limit);

/* Makes the last size bytes of a taken stretch, from addr on, usable again. */
void bootmem_give_back(struct boot_info *bi, u64 addr, u64 size);

/*
 * The next stretch of memory (usable, kernel's or ACPI's; neighbours joined) at or above *pos. False: none.
 * Moves *pos to its end.
 */
bool bootmem_next_run(const struct boot_info *bi, u64 *pos, u64 *addr, u64 *size);
