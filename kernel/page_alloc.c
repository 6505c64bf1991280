/* SPDX-License-Identifier: MIT */
/*
 * The machine's pages: one buddy allocator over the direct map, filled from the boot's memory map.
 *
 * Memory joins the allocator in steps, when what is in there does not suffice: a free block keeps its links in its own
 * first bytes, and where memory is provided on first touch (QEMU's is, in pages of 2 MiB) linking all of it would
 * cost a boot its milliseconds. What waits counts as free.
 */
#include "kernel/page_alloc.h"
#include "boot/boot_info.h"
#include "kernel/arch.h"
#include "kernel/bootmem.h"
#include "kernel/mm.h"
#include "kernel/mm_parts.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "lib/string.h"

#define MIN_FREE_PAGES 256 /* below 1 MiB there is no room for rings, stacks and a heap */
#define MIB            (1UL << 20)

struct mm_counts mm_counts;

struct buddy page_buddy;

#define STEP_PAGES \
	(1U << PAGE_MAX_ORDER) /* a step is the largest block: parts of one do not become one */

/*
 * Usable memory that did not join yet: the rest of map's entry, and the entries after it. From the bottom up: there
 * firmware and loader were before, and the image is near.
 */
static struct {
	const struct boot_info *map;
	u32 entry;
	u64 page;  /* the next page of the present entry, counted from physical 0 */
	u64 pages; /* in all */
} waiting;

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

static void wait_all(const struct boot_info *bi)
{
	waiting.map = bi;
	waiting.page = bi->memmap[0].addr >> PAGE_SHIFT;
	for (u32 i = 0; i < bi->nr_memmap; i++)
		if (bi->memmap[i].type == BOOT_MEM_USABLE)
			waiting.pages += bi->memmap[i].size >> PAGE_SHIFT;
}

/* The next stretch joins. False: there is none. */
static bool join(void)
{
	while (waiting.entry < waiting.map->nr_memmap) {
		const struct boot_mem *m = &waiting.map->memmap[waiting.entry];
		u64 end = (m->addr + m->size) >> PAGE_SHIFT;

		if (m->type == BOOT_MEM_USABLE && waiting.page < end) {
			u64 n = min(ALIGN(waiting.page + 1, STEP_PAGES), end) - waiting.page;

			buddy_add(&page_buddy, waiting.page, n);
			waiting.page += n;
			waiting.pages -= n;
			return true;
		}
		if (++waiting.entry < waiting.map->nr_memmap)
			waiting.page = m[1].addr >> PAGE_SHIFT;
	}
	return false;
}

static void tell_too_little(const struct boot_info *bi)
{
	u64 ram = 0;

	for (u32 i = 0; i < bi->nr_memmap; i++)
		if (bi->memmap[i].type != BOOT_MEM_RESERVED)
			ram += bi->memmap[i].size;
	pr_err("weir: %lu MiB of memory are too little: at least %lu are needed",
	       DIV_ROUND_UP(ram, MIB),
	       DIV_ROUND_UP(ram + ((MIN_FREE_PAGES - waiting.pages) << PAGE_SHIFT), MIB));
}

bool mm_init(struct boot_info *bi)
{
	u64 pages = last_page(bi), kind;

	kind = bootmem_take(bi, ALIGN(pages, PAGE_SIZE), U64_MAX);
	if (!kind) {
		tell_too_little(bi);
		return false;
	}
	buddy_init(&page_buddy, direct(0), direct(kind), pages);
	wait_all(bi);
	slab_init();
	if (waiting.pages < MIN_FREE_PAGES)
		tell_too_little(bi);
	return waiting.pages >= MIN_FREE_PAGES;
}

void *alloc_pages(unsigned int order)
{
	void *p;

	local_bh_disable();
	do {
		p = buddy_alloc(&page_buddy, order);
	} while (unlikely(!p) && order <= PAGE_MAX_ORDER && (join() || slab_shrink()));
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
	ok = buddy_free(&page_buddy, addr, order);
	local_bh_enable();
	if (!ok)
		panic("free_pages: %p (order %u) is free already or was never allocated", addr,
		      order);
}

void page_mark_slab(void *p, unsigned int order, bool slab)
{
	buddy_mark_slab(&page_buddy, p, order, slab);
}

u64 virt_to_phys_odd(const void *p)
{
	u64 va = (u64)p, pa;

	if (va >= ARCH_IMAGE_BASE)
		return va - ARCH_IMAGE_BASE + arch_image_phys();
	if (!arch_translate(va, &pa))
		panic("virt_to_phys: nothing is mapped at %p", (void *)va);
	return pa;
}

void *phys_to_virt(u64 phys)
{
	return direct(phys);
}

u64 pages_total(void)
{
	return page_buddy.total + waiting.pages;
}

u64 pages_free(void)
{
	return page_buddy.free + waiting.pages;
}

void mm_get_stats(struct mm_stats *st)
{
	local_bh_disable();
	*st = (struct mm_stats){
		.total = pages_total() << PAGE_SHIFT,
		.free = pages_free() << PAGE_SHIFT,
		.slab = mm_counts.slab,
		.frag = mm_counts.frag,
		.stack = mm_counts.stack,
		.failed = mm_counts.failed,
	};
	local_bh_enable();
}
