/* SPDX-License-Identifier: MIT */
/*
 * Memory at addresses of its own: guarded stacks, device registers, newlib's heap. Each has a region
 * (kernel/arch.h) and is mapped page by page.
 *
 * Stacks live in slots of STACK_SLOT bytes; the page under a stack is never mapped.
 */
#include "kernel/arch.h"
#include "kernel/mm.h"
#include "kernel/mm_parts.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"

#define STACK_SLOT (256UL << 10)
#define NR_STACKS  512 /* threads have a limit below this */
#define HEAP_LIMIT (64UL << 30)

static u64 stack_slots[NR_STACKS / 64]; /* a bit for each slot in use */
static u64 io_next = ARCH_IO_BASE;
static u64 heap_end = ARCH_HEAP_BASE; /* as the heap's user sees it */

/* Frees and unmaps the pages of [va, va + len), as far as they are mapped. */
static void unmap_pages(u64 va, size_t len)
{
	u64 pa;

	for (u64 at = va; at < va + len; at += PAGE_SIZE) {
		if (!arch_translate(at, &pa))
			continue;
		arch_unmap(at, PAGE_SIZE);
		free_pages(phys_to_virt(pa), 0);
	}
}

/* Maps fresh pages to all of [va, va + len), or nothing. */
static bool map_pages(u64 va, size_t len)
{
	for (u64 at = va; at < va + len; at += PAGE_SIZE) {
		void *page = alloc_pages(0);

		if (page && !arch_map(at, virt_to_phys(page), PAGE_SIZE, ARCH_WRITE))
			continue;
		if (page)
			free_pages(page, 0);
		unmap_pages(va, at - va);
		return false;
	}
	return true;
}

static int slot_take(void)
{
	for (u32 w = 0; w < ARRAY_SIZE(stack_slots); w++) {
		if (stack_slots[w] == U64_MAX)
			continue;
		for (u32 b = 0; b < 64; b++) {
			if (stack_slots[w] & BIT(b))
				continue;
			stack_slots[w] |= BIT(b);
			return (int)(w * 64 + b);
		}
	}
	return -1;
}

static u64 slot_top(int slot)
{
	return ARCH_STACK_BASE + (u64)(slot + 1) * STACK_SLOT;
}

void *stack_alloc(size_t size)
{
	void *stack = NULL;
	int slot;

	size = ALIGN(size, PAGE_SIZE);
	if (size > STACK_SLOT - PAGE_SIZE)
		return NULL;
	local_bh_disable();
	slot = slot_take();
	if (slot >= 0 && map_pages(slot_top(slot) - size, size)) {
		stack = (void *)(slot_top(slot) - size);
		mm_counts.stack += size;
	} else if (slot >= 0) {
		stack_slots[slot / 64] &= ~BIT(slot % 64);
	}
	local_bh_enable();
	return stack;
}

void stack_free(void *stack, size_t size)
{
	u64 slot = ((u64)stack - ARCH_STACK_BASE) / STACK_SLOT;

	size = ALIGN(size, PAGE_SIZE);
	local_bh_disable();
	unmap_pages((u64)stack, size);
	mm_counts.stack -= size;
	stack_slots[slot / 64] &= ~BIT(slot % 64);
	local_bh_enable();
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

void *heap_grow(long delta)
{
	u64 old, old_page, new_page;
	bool ok = true;

	local_bh_disable();
	old = heap_end;
	old_page = ALIGN(old, PAGE_SIZE);
	new_page = ALIGN(old + (u64)delta, PAGE_SIZE);
	if (delta < 0 ? (u64)-delta > old - ARCH_HEAP_BASE
		      : old + (u64)delta > ARCH_HEAP_BASE + HEAP_LIMIT)
		ok = false;
	else if (new_page > old_page)
		ok = map_pages(old_page, new_page - old_page);
	else
		unmap_pages(new_page, old_page - new_page);
	if (ok) {
		heap_end = old + (u64)delta;
		mm_counts.heap = new_page - ARCH_HEAP_BASE;
	}
	local_bh_enable();
	return ok ? (void *)old : NULL;
}
