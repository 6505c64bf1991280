/* SPDX-License-Identifier: MIT */
/*
 * Receive buffers cut from blocks of 32 KiB. A block counts the pieces that are out; when the last one comes
 * back it is cut anew, if it is the current block, or kept in a small reserve, so that steady traffic allocates no pages.
 */
#include "kernel/mm.h"
#include "kernel/mm_parts.h"
#include "kernel/page_alloc.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"

#define FRAG_ORDER   3
#define FRAG_BLOCK   (PAGE_SIZE << FRAG_ORDER)
#define FRAG_ALIGN   64
#define FRAG_RESERVE 4                  /* empty blocks kept */
#define FRAG_MAGIC   0x6b636f6c62676172 /* no pointer, no text anybody sends by chance */

struct frag_block {
	u64 magic;
	u32 out;                 /* pieces not yet freed */
	u32 offset;              /* where the next piece begins */
	struct frag_block *next; /* in the reserve */
};

_Static_assert(sizeof(struct frag_block) <= FRAG_ALIGN, "the header is one piece's alignment long");

static struct frag_block *current_block, *reserve;
static u32 nr_reserve;

static noinline struct frag_block *next_block(void)
{
	struct frag_block *b = reserve;

	if (b) {
		reserve = b->next;
		nr_reserve--;
	} else {
		b = alloc_pages(FRAG_ORDER);
		if (!b)
			return NULL;
		mm_counts.frag += FRAG_BLOCK;
		b->magic = FRAG_MAGIC;
		b->out = 0;
	}
	b->offset = FRAG_ALIGN;
	return b;
}

static void block_free(struct frag_block *b)
{
	b->magic = 0;
	mm_counts.frag -= FRAG_BLOCK;
	free_pages(b, FRAG_ORDER);
}

static noinline void block_empty(struct frag_block *b)
{
	if (b == current_block) {
		b->offset = FRAG_ALIGN;
	} else if (nr_reserve < FRAG_RESERVE) {
		b->next = reserve;
		reserve = b;
		nr_reserve++;
	} else {
		block_free(b);
	}
}

bool page_frag_shrink(void)
{
	bool some = reserve;

	if (current_block && !current_block->out) {
		block_free(current_block);
		current_block = NULL;
		some = true;
	}
	while (reserve) {
		struct frag_block *b = reserve;

		reserve = b->next;
		nr_reserve--;
		block_free(b);
	}
	return some;
}

void *page_frag_alloc(u32 size)
{
	struct frag_block *b;
	void *p = NULL;

	size = ALIGN(size, FRAG_ALIGN);
	if (unlikely(!size || size > FRAG_BLOCK - FRAG_ALIGN))
		return NULL;
	local_bh_disable();
	b = current_block;
	if (unlikely(!b || b->offset + size > FRAG_BLOCK)) {
		b = next_block();
		if (!b)
			goto out;
		current_block = b;
	}
	p = (u8 *)b + b->offset;
	b->offset += size;
	b->out++;
out:
	local_bh_enable();
	return p;
}

void page_frag_free(void *p)
{
	struct frag_block *b = (struct frag_block *)ALIGN_DOWN((u64)p, FRAG_BLOCK);

	if (unlikely(b->magic != FRAG_MAGIC || !b->out))
		panic("page_frag_free: %p is free already or was never allocated", p);
	local_bh_disable();
	if (unlikely(!--b->out))
		block_empty(b);
	local_bh_enable();
}
