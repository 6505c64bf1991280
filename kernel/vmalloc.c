/* SPDX-License-Identifier: MIT */
/*
 * Memory at addresses of its own: guarded stacks, device registers. Each has a region (kernel/arch.h) and is mapped
 * page by page.
 *
 * Stacks live in slots of STACK_SLOT bytes; the page under a stack is never mapped.
 */
#include "kernel/arch.h"
#include "kernel/mm.h"
#include "kernel/mm_parts.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "lib/bits.h"

#define STACK_SLOT (256UL << 10)
#define NR_STACKS  512 /* threads have a limit below this */

static u64 stack_slots[NR_STACKS / 64]; /* a bit for each slot in use */
static u64 io_next = ARCH_IO_BASE;

static bool map_page(u64 va)
{
	void *page;
	bool ok = false;

	local_bh_disable();
	page = alloc_pages(0);
	if (page) {
		ok = !arch_map(va, virt_to_phys(page), PAGE_SIZE, ARCH_WRITE);
		if (!ok)
			free_pages(page, 0);
	}
	local_bh_enable();
	return ok;
}

static void unmap_page(u64 va)
{
	u64 pa;

	local_bh_disable();
	if (!arch_translate(va, &pa))
		panic("vmalloc: nothing is mapped at %p", (void *)va);
	arch_unmap(va, PAGE_SIZE);
	free_pages(phys_to_virt(pa), 0);
	local_bh_enable();
}

/* Page by page, so that packets need not wait for large areas. */
static void unmap_pages(u64 va, size_t len)
{
	while (len) {
		len -= PAGE_SIZE;
		unmap_page(va + len);
	}
}

/* Maps fresh pages to all of [va, va + len), or nothing. */
static bool map_pages(u64 va, size_t len)
{
	for (size_t done = 0; done < len; done += PAGE_SIZE) {
		if (map_page(va + done))
			continue;
		unmap_pages(va, done);
		return false;
	}
	return true;
}

static int slot_take(void)
{
	int slot = -1;

	local_bh_disable();
	for (u32 w = 0; w < ARRAY_SIZE(stack_slots) && slot < 0; w++) {
		if (stack_slots[w] == U64_MAX)
			continue;
		slot = (int)(w * 64 + ffs64(~stack_slots[w]));
		stack_slots[w] |= BIT(slot % 64);
	}
	local_bh_enable();
	return slot;
}

static void slot_give_back(int slot)
{
	local_bh_disable();
	stack_slots[slot / 64] &= ~BIT(slot % 64);
	local_bh_enable();
}

static u64 slot_top(int slot)
{
	return ARCH_STACK_BASE + (u64)(slot + 1) * STACK_SLOT;
}

static void count_stack(size_t size)
{
	local_bh_disable();
	mm_counts.stack += size;
	local_bh_enable();
}

void *stack_alloc(size_t size)
{
	u64 stack;
	int slot;

	size = ALIGN(size, PAGE_SIZE);
	if (!size || size > STACK_SLOT - PAGE_SIZE)
		return NULL;
	slot = slot_take();
	if (slot < 0)
		return NULL;
	stack = slot_top(slot) - size;
	if (!map_pages(stack, size)) {
		slot_give_back(slot);
		return NULL;
	}
	count_stack(size);
	return (void *)stack;
}

void stack_free(void *stack, size_t size)
{
	int slot = (int)(((u64)stack - ARCH_STACK_BASE) / STACK_SLOT);

	size = ALIGN(size, PAGE_SIZE);
	unmap_pages((u64)stack, size);
	count_stack(-size);
	slot_give_back(slot);
}

volatile void *ioremap(u64 phys, size_t size)
{
	u64 first = ALIGN_DOWN(phys, PAGE_SIZE), va;
	size_t len = ALIGN(phys + size, PAGE_SIZE) - first;
	int err;

	if (!size || phys + size < phys || io_next + len > ARCH_IO_BASE + ARCH_REGION_SIZE)
		return NULL;
	local_bh_disable();
	va = io_next;
	io_next += len;
	err = arch_map(va, first, len, ARCH_WRITE | ARCH_UNCACHED);
	local_bh_enable();
	return err ? NULL : (volatile void *)(va + (phys - first));
}
