/* SPDX-License-Identifier: MIT */
/*
 * The memory map, and the way out of boot services. Asking for the map may change it, and leaving demands the last
 * one: so it is asked again until the firmware agrees. UEFI 2.9 s7.2, s7.4.6.
 */
#include "boot/efi/efi_file.h"
#include "boot/efi/efi_memmap.h"

#define MAP_ROOM (64 * 1024)
#define TRIES    4

static u64 mem_type(u32 type)
{
	switch (type) {
	case EfiLoaderCode:
	case EfiLoaderData:
	case EfiBootServicesCode:
	case EfiBootServicesData:
	case EfiConventionalMemory:
		return BOOT_MEM_USABLE;
	case EfiACPIReclaimMemory:
	case EfiACPIMemoryNVS:
		return BOOT_MEM_ACPI;
	default:
		return BOOT_MEM_RESERVED;
	}
}

/* Neighbours of a kind become one entry: the firmware's map has hundreds. */
static void add(struct boot_info *bi, u64 addr, u64 size, u64 type)
{
	struct boot_mem *last = bi->nr_memmap ? &bi->memmap[bi->nr_memmap - 1] : NULL;

	if (!size)
		return;
	if (last && last->type == type && last->addr + last->size == addr) {
		last->size += size;
	} else if (bi->nr_memmap < BOOT_MEMMAP_MAX) {
		bi->memmap[bi->nr_memmap++] = (struct boot_mem){addr, size, type};
	} else {
		bi->memmap_dropped++;
	}
}

static void convert(struct boot_info *bi, const u8 *map, UINTN size, UINTN stride)
{
	bi->nr_memmap = 0;
	bi->memmap_dropped = 0;
	/* The stride is the firmware's, not the structure's size. */
	for (UINTN at = 0; at + stride <= size; at += stride) {
		const EFI_MEMORY_DESCRIPTOR *d = (const void *)(map + at);

		add(bi, d->PhysicalStart, d->NumberOfPages * 4096, mem_type(d->Type));
	}
}

bool efi_leave_boot_services(EFI_HANDLE self, struct boot_info *bi)
{
	u8 *map = efi_pages_alloc(MAP_ROOM, EfiLoaderData);

	for (int i = 0; map && i < TRIES; i++) {
		UINTN size = MAP_ROOM, key, stride;
		UINT32 version;

		if (EFI_ERROR(efi_bs->GetMemoryMap(&size, (void *)map, &key, &stride, &version)))
			return false;
		convert(bi, map, size, stride);
		if (!EFI_ERROR(efi_bs->ExitBootServices(self, key)))
			return true;
	}
	return false;
}
