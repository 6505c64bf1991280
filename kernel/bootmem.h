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
 * size bytes (pages) of usable memory below limit, turned into BOOT_MEM_KERNEL: the highest that fit, so that the
 * entry they come from only shrinks. 0: none.
 */
u64 bootmem_take(struct boot_info *bi, u64 size, u64 limit);

/* Makes the taken [addr, addr + size) usable again. It must begin a KERNEL entry that follows a usable one. */
void bootmem_give_back(struct boot_info *bi, u64 addr, u64 size);

/*
 * The next stretch of memory (usable, kernel's or ACPI's; neighbours joined) at or above *pos. False: none.
 * Moves *pos to its end.
 */
bool bootmem_next_run(const struct boot_info *bi, u64 *pos, u64 *addr, u64 *size);
