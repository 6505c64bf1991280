/* SPDX-License-Identifier: MIT */
/* The kernel's ELF, put into memory. System V ABI, ELF-64 s5. */
#include "boot/efi/efi_file.h"
#include "boot/efi/elf_image.h"

#define PT_LOAD     1
#define ALIGN_IMAGE (2UL << 20)
#define IMAGE_PAGE  4096UL

struct elf64_header {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf64_segment {
	u32 type, flags;
	u64 offset, vaddr, paddr, filesz, memsz, align;
};

static bool is_ours(const struct elf64_header *h, size_t size)
{
	return size >= sizeof(*h) && h->ident[0] == 0x7f && h->ident[1] == 'E' &&
	       h->ident[2] == 'L' && h->ident[3] == 'F' &&
	       h->phentsize == sizeof(struct elf64_segment) &&
	       h->phoff + (u64)h->phnum * h->phentsize <= size;
}

/* Cleared memory of size bytes at a multiple of ALIGN_IMAGE; what was allocated to get it aligned is given back. */
static u8 *aligned_alloc_image(u64 size)
{
	/* Code: firmware may keep data from being executed. */
	u8 *got = efi_pages_alloc(size + ALIGN_IMAGE, EfiLoaderCode);
	u64 start = (u64)got, at = ALIGN(start, ALIGN_IMAGE);

	if (!got)
		return NULL;
	if (at > start)
		efi_bs->FreePages(start, (at - start) / IMAGE_PAGE);
	if (start + ALIGN_IMAGE > at)
		efi_bs->FreePages(at + ALIGN(size, IMAGE_PAGE),
				  (start + ALIGN_IMAGE - at) / IMAGE_PAGE);
	return (u8 *)at;
}

static void copy(u8 *to, const u8 *from, u64 n)
{
	for (u64 i = 0; i < n; i++)
		to[i] = from[i];
}

u64 elf_image_load(const void *elf, size_t size)
{
	const struct elf64_header *h = elf;
	const struct elf64_segment *seg;
	u64 low = U64_MAX, high = 0;
	u8 *at;

	if (!is_ours(h, size))
		return 0;
	seg = (const void *)((const u8 *)elf + h->phoff);
	for (unsigned int i = 0; i < h->phnum; i++) {
		if (seg[i].type != PT_LOAD)
			continue;
		if (seg[i].offset + seg[i].filesz > size || seg[i].filesz > seg[i].memsz)
			return 0;
		low = min(low, seg[i].vaddr);
		high = max(high, seg[i].vaddr + seg[i].memsz);
	}
	if (low >= high)
		return 0;
	at = aligned_alloc_image(ALIGN(high - low, IMAGE_PAGE));
	if (!at)
		return 0;
	for (unsigned int i = 0; i < h->phnum; i++)
		if (seg[i].type == PT_LOAD)
			copy(at + (seg[i].vaddr - low), (const u8 *)elf + seg[i].offset,
			     seg[i].filesz);
	return (u64)at + (h->entry - low);
}
