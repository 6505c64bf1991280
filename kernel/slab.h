/* SPDX-License-Identifier: MIT */
/*
 * Slabs, for slab.c and page_frag.c: what they are, and the two paths that every packet takes.
 *
 * A slab is one naturally aligned block of pages: a header of 64 bytes, then at most 64 objects, whose free
 * ones are the set bits of one word. So an allocation is a bit scan, and freeing twice or freeing what is no
 * object is seen: the header names the cache, the word says whether the object is out.
 * All: softirqs disabled, unless said otherwise.
 */
#pragma once

#include "kernel/mm.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "lib/bits.h"
#include "lib/list.h"

#define SLAB_HEADER    64
#define SLAB_OBJECTS   64
#define SLAB_ALIGN     64
#define SLAB_MAX_ORDER 3

struct kmem_cache {
	u64 mask;                 /* of the addresses in a slab: its header's */
	struct list_head partial; /* slabs with a free object, empty ones last */
	const char *name;
	u64 all; /* the word of an empty slab; where one has its own: see cache_alloc() */
	u32 size, per_slab;
	u32 odd_inverse, rotate; /* of size: see object_index() */
	u32 reciprocal;          /* 2^32 / size */
	u32 order;
	u32 empty, keep; /* slabs that are empty, and how many may be */
	u64 slabs;
	u64 magic;
	u64 leave; /* pages that a new slab must leave free */
	u64 *held; /* which of mm_counts its pages count in */
	struct list_head link;
};

struct slab {
	struct list_head link;
	struct kmem_cache *cache;
	u64 free;
	u64 magic; /* the cache's */
};

_Static_assert(sizeof(struct slab) <= SLAB_HEADER, "slab header");
_Static_assert(offsetof(struct kmem_cache, all) - offsetof(struct kmem_cache, partial) ==
		       offsetof(struct slab, free),
	       "taken for a slab, the list's head is an empty one");

/* Slabs of at least this order; larger ones if few objects fit. NULL: no memory. */
struct kmem_cache *cache_create(const char *name, size_t size, u32 order);

/* Leaves softirqs enabled. */
void *cache_alloc_slow(struct kmem_cache *c) noinline;
void slab_became_empty(struct kmem_cache *c, struct slab *s) noinline;
/* Panics: p, the slab's i-th object or one of no slab of c, cannot be freed. It does not say so: callers jump to it. */
void slab_refuse(const struct kmem_cache *c, u32 i, const void *p) noipa;

/* An object of s, which has a free one. */
static inline void *slab_take(struct kmem_cache *c, struct slab *s)
{
	u64 free = s->free;

	s->free = free & (free - 1);
	if (unlikely(!s->free))
		list_del(&s->link);
	return (u8 *)s + SLAB_HEADER + ffs64(free) * c->size;
}

/* Any object; softirqs disabled or not. NULL: no memory. */
static inline void *cache_alloc(struct kmem_cache *c)
{
	struct slab *s;
	void *p;

	local_bh_disable();
	s = list_first_entry(&c->partial, struct slab, link);
	if (unlikely(s->free == c->all)) /* nothing used in it, or no slab at all */
		return cache_alloc_slow(c);
	p = slab_take(c, s);
	return unlikely(bh_enable_has_work()) ? bh_catch_up(p) : p;
}

/*
 * Which object of slab begins at p, of both the low bits; a number no slab has if none does. Exact division by the odd part
 * is multiplication; what the rotation brings to the top makes the number large.
 */
static inline u32 object_index(const struct kmem_cache *c, u32 p, u32 slab)
{
	return rol32((p - SLAB_HEADER - slab) * c->odd_inverse, c->rotate);
}

/* Which object offset lies in. */
static inline u32 object_around(const struct kmem_cache *c, u32 offset)
{
	return (u32)((u64)(offset - SLAB_HEADER) * c->reciprocal >> 32);
}

/* Frees the slab's i-th object and enables softirqs; p is for the message. */
static inline void cache_free(struct kmem_cache *c, struct slab *s, u32 i, const void *p)
{
	u64 free = s->free;

	if (unlikely(i >= c->per_slab || free >> i & 1)) {
		slab_refuse(c, i, p);
		return;
	}
	if (unlikely(!free))
		list_add(&s->link, &c->partial);
	free |= 1ULL << i;
	s->free = free;
	if (unlikely(free == c->all))
		slab_became_empty(c, s);
	else
		local_bh_enable();
}
