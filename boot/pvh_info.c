/* SPDX-License-Identifier: MIT */
/*
 * Translates what a PVH loader left (struct hvm_start_info) into struct boot_info.
 *
 * Source: Xen's public header arch-x86/hvm/start_info.h, version 1. Version 0 had no memory map; without one
 * nothing can be booted, so it ends up in kernel_main's complaint about memory.
 */
#include "boot/boot_info.h"
#include "boot/pvh.h"
#include "lib/string.h"

#define HVM_START_MAGIC 0x336ec578

struct hvm_start_info {
	u32 magic;
	u32 version;
	u32 flags;
	u32 nr_modules;
	u64 modlist_paddr;
	u64 cmdline_paddr;
	u64 rsdp_paddr;
	u64 memmap_paddr; /* version 1 */
	u32 memmap_entries;
	u32 reserved;
};

struct hvm_modlist_entry {
	u64 paddr, size, cmdline_paddr, reserved;
};

struct hvm_memmap_entry {
	u64 addr, size;
	u32 type; /* as E820's */
	u32 reserved;
};

u64 pvh_entry_tsc;

static u64 mem_type(u32 e820)
{
	switch (e820) {
	case 1:
		return BOOT_MEM_USABLE;
	case 3:
	case 4:
		return BOOT_MEM_ACPI;
	default:
		return BOOT_MEM_RESERVED;
	}
}

static const void *at_phys(u64 phys)
{
	return (const void *)(BOOT_DIRECT_MAP + phys);
}

static void take_memmap(struct boot_info *bi, const struct hvm_memmap_entry *map, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		if (!map[i].size)
			continue;
		if (bi->nr_memmap == BOOT_MEMMAP_MAX) {
			bi->memmap_dropped++;
			continue;
		}
		bi->memmap[bi->nr_memmap++] = (struct boot_mem){
			.addr = map[i].addr,
			.size = map[i].size,
			.type = mem_type(map[i].type),
		};
	}
}

void pvh_main(const struct hvm_start_info *start)
{
	struct boot_info *bi = &boot_info;

	bi->magic = BOOT_INFO_MAGIC;
	bi->entry_tsc = pvh_entry_tsc;
	bi->way = BOOT_WAY_PVH;
	if (start->magic == HVM_START_MAGIC && start->version >= 1)
		take_memmap(bi, at_phys(start->memmap_paddr), start->memmap_entries);
	bi->rsdp = start->rsdp_paddr;
	if (start->cmdline_paddr)
		bi->cmdline_cut =
			strscpy(bi->cmdline, at_phys(start->cmdline_paddr), BOOT_CMDLINE_MAX) < 0;
	if (start->nr_modules) {
		const struct hvm_modlist_entry *mod = at_phys(start->modlist_paddr);

		bi->initrd = mod->paddr;
		bi->initrd_size = mod->size;
	}
	kernel_main();
}
