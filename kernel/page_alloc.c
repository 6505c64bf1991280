/* SPDX-License-Identifier: MIT */
/* The machine's pages: one buddy allocator over the direct map, filled from the boot's memory map. */
#include "kernel/page_alloc.h"
#include "boot/boot_info.h"
#include "kernel/arch.h"
#include "kernel/bootmem.h"
#include "kernel/mm.h"
#include "kernel/mm_stats.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "lib/string.h"

#define MIN_FREE_PAGES 256 /* below 1 MiB there is no room for rings, stacks and a heap */

struct mm_counts mm_counts;

static struct buddy buddy;

static u8 *direct(u64 phys)
{
	return (u8 *)(ARCH_DIRECT_MAP + phys);
}

static u64 last_page(const struct boot_info *bi)
{
	u64 last = 0;

	for (u32 i = 0; i < bi->nr_memmap; i++)
		if (bi->memmap[i].type == BOOT_MEM_USABLE)
			last = max(last, bi->memmap[i].addr + bi->memmap[i].size);
	return last >> PAGE_SHIFT;
}

bool mm_init(struct boot_info *bi)
{
	u64 pages = last_page(bi), kind;

	kind = bootmem_take(bi, ALIGN(pages, PAGE_SIZE), U64_MAX);
	if (!kind)
		return false;
	buddy_init(&buddy, direct(0), direct(kind), pages);
	for (u32 i = 0; i < bi->nr_memmap; i++) {
		const struct boot_mem *m = &bi->memmap[i];

		if (m->type == BOOT_MEM_USABLE)
			buddy_add(&buddy, m->addr >> PAGE_SHIFT, m->size >> PAGE_SHIFT);
	}
	if (buddy.free >= MIN_FREE_PAGES)
		return true;
	pr_err("memory: %lu KiB are left beside the image: too little, at least %lu are needed: "
	       "give the machine 8 MiB",
	       buddy.free << (PAGE_SHIFT - 10), (u64)MIN_FREE_PAGES << (PAGE_SHIFT - 10));
	return false;
}

void *alloc_pages(unsigned int order)
{
	void *p;

	local_bh_disable();
	p = buddy_alloc(&buddy, order);
	if (unlikely(!p))
		mm_counts.failed++;
	local_bh_enable();
	return p;
}

void *alloc_pages_zero(unsigned int order)
{
	void *p = alloc_pages(order);

	return p ? memset(p, 0, PAGE_SIZE << order) : NULL;
}

void free_pages(void *addr, unsigned int order)
{
	bool ok;

	local_bh_disable();
	ok = buddy_free(&buddy, addr, order);
	local_bh_enable();
	if (!ok)
		panic("free_pages: %p (order %u) is free already or was never allocated", addr,
		      order);
}

u8 page_kind(const void *p)
{
	return buddy_kind(&buddy, p);
}

void page_mark_slab(void *p, unsigned int order, bool slab)
{
	buddy_mark_slab(&buddy, p, order, slab);
}

u64 virt_to_phys(const void *p)
{
	u64 va = (u64)p, pa;

	if (va >= ARCH_IMAGE_BASE)
		return va - ARCH_IMAGE_BASE + arch_image_phys();
	if (va >= ARCH_DIRECT_MAP && va < ARCH_IO_BASE)
		return va - ARCH_DIRECT_MAP;
	if (!arch_translate(va, &pa))
		panic("virt_to_phys: nothing is mapped at %p", p);
	return pa;
}

void *phys_to_virt(u64 phys)
{
	return direct(phys);
}

void mm_get_stats(struct mm_stats *st)
{
	local_bh_disable();
	*st = (struct mm_stats){
		.total = buddy.total << PAGE_SHIFT,
		.free = buddy.free << PAGE_SHIFT,
		.slab = mm_counts.slab,
		.frag = mm_counts.frag,
		.heap = mm_counts.heap,
		.stack = mm_counts.stack,
		.failed = mm_counts.failed,
	};
	local_bh_enable();
}
