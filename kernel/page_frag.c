/* SPDX-License-Identifier: MIT */
/*
 * Receive buffers: pieces of blocks of 32 KiB. All pieces of a block have one size, the largest of which as many fit; so
 * a block is a slab, a piece that comes back is given out again at once, and a packet that is kept for long keeps its
 * own piece from others and nothing more: what is held is what is in use, whatever a sender makes us keep. And the last
 * eighth of memory is not for what arrives: commands and apps go on when packets are dropped for want of it.
 */
#include "kernel/mm_parts.h"
#include "kernel/slab.h"
#include "kernel/softirq.h"

#define FRAG_ORDER SLAB_MAX_ORDER
#define FRAG_ROOM  ((u32)((PAGE_SIZE << FRAG_ORDER) - SLAB_HEADER))
#define FRAG_MASK  (-(PAGE_SIZE << FRAG_ORDER))
#define FRAG_MAGIC 0x6b636f6c62676172 /* no pointer, no text anybody sends by chance */

static struct kmem_cache *caches[SLAB_OBJECTS + 1]; /* by pieces in a block; NULL: none yet */

/* Drivers ask for the same size all the time. */
static struct kmem_cache *last_cache;
static u32 last_size;

static noinline struct kmem_cache *find_cache(u32 size)
{
	u32 room = ALIGN(size, SLAB_ALIGN);
	u32 pieces = room ? min(FRAG_ROOM / room, (u32)SLAB_OBJECTS) : 0;
	struct kmem_cache *c = caches[pieces];

	if (!pieces)
		return NULL;
	if (!c) {
		c = cache_create("page_frag", ALIGN_DOWN(FRAG_ROOM / pieces, SLAB_ALIGN),
				 FRAG_ORDER);
		if (!c)
			return NULL;
		c->magic = FRAG_MAGIC;
		c->leave = pages_total() / 8;
		c->held = &mm_counts.frag;
		caches[pieces] = c;
	}
	last_size = size;
	last_cache = c;
	return c;
}

void *page_frag_alloc(u32 size)
{
	struct kmem_cache *c;
	void *p = NULL;

	local_bh_disable();
	c = likely(size == last_size) ? last_cache : find_cache(size);
	if (likely(c))
		p = cache_alloc(c);
	local_bh_enable();
	return p;
}

void page_frag_free(void *p)
{
	struct slab *s = (struct slab *)((u64)p & FRAG_MASK);

	if (unlikely(s->magic != FRAG_MAGIC))
		panic("page_frag_free: %p was never allocated, or long ago", p);
	local_bh_disable();
	cache_free(s->cache, s, object_around(s->cache, (u32)((u8 *)p - (u8 *)s)), p);
}
