/* SPDX-License-Identifier: MIT */
/* selftest=mm: the allocators under random use, every byte of what they give out checked, and nothing left behind. */
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "kernel/random.h"
#include "kernel/selftest.h"
#include "kernel/softirq.h"
#include "lib/string.h"

#define SLOTS 256
#define STEPS 40000

struct piece {
	u8 *p;
	u32 size;
	u8 fill;
};

static bool intact(const struct piece *piece)
{
	for (u32 i = 0; i < piece->size; i++)
		if (piece->p[i] != piece->fill)
			return false;
	return true;
}

/* alloc and release under random sizes up to max; false: a piece was not its owner's alone. */
static bool churn(struct piece *pieces, void *(*alloc)(u32 size), void (*release)(void *p), u32 max)
{
	for (u32 step = 0; step < STEPS; step++) {
		struct piece *piece;
		u32 r;

		get_random_bytes(&r, sizeof(r));
		piece = &pieces[r % SLOTS];
		if (piece->p) {
			if (!intact(piece))
				return false;
			release(piece->p);
			piece->p = NULL;
			continue;
		}
		piece->size = 1 + (r >> 8) % max;
		piece->fill = (u8)step;
		piece->p = alloc(piece->size);
		if (piece->p)
			memset(piece->p, piece->fill, piece->size);
	}
	for (u32 i = 0; i < SLOTS; i++) {
		if (pieces[i].p && !intact(&pieces[i]))
			return false;
		if (pieces[i].p)
			release(pieces[i].p);
		pieces[i].p = NULL;
	}
	return true;
}

static void *kmalloc_u32(u32 size)
{
	return kmalloc(size);
}

static void *stack_of(u32 size)
{
	(void)size;
	return stack_alloc(PAGE_SIZE);
}

static void stack_back(void *p)
{
	stack_free(p, PAGE_SIZE);
}

static bool mm_selftest(void)
{
	struct mm_stats before, after;
	struct piece *pieces = kzalloc(SLOTS * sizeof(*pieces));
	bool ok;

	if (!pieces)
		return false;
	/* The first round leaves what the caches keep; the second must not add to it. */
	ok = churn(pieces, kmalloc_u32, kfree, 3 * PAGE_SIZE) &&
	     churn(pieces, page_frag_alloc, page_frag_free, 2048);
	mm_get_stats(&before);
	ok = ok && churn(pieces, kmalloc_u32, kfree, 3 * PAGE_SIZE) &&
	     churn(pieces, page_frag_alloc, page_frag_free, 2048) &&
	     churn(pieces, stack_of, stack_back, PAGE_SIZE);
	mm_get_stats(&after);
	pr_info("free before %lu KiB, after %lu KiB; stacks %lu", before.free >> 10,
		after.free >> 10, after.stack);
	kfree(pieces);
	/* Page tables of the stacks' region and a spare slab or two may stay. */
	return ok && after.stack == before.stack && after.free + 64 * PAGE_SIZE > before.free;
}
SELFTEST("mm", "pages, slabs, fragments and stacks under random use", mm_selftest, false);
