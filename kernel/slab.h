/* SPDX-License-Identifier: MIT */
/*
 * Slabs, for slab.c and page_frag.c: what they are, and the two paths that every packet takes.
 *
 * A slab is one naturally aligned block of pages: a header of 64 bytes, then at most 64 objects, whose free
 * ones are the set bits of one word. So an allocation is a bit scan, and freeing twice or freeing what is no
 * object is seen: the header names the cache, the word says whether the object is out.
 * All: softirqs disabled.
 */
#pragma once

#include "kernel/mm.h"
#include "kernel/printk.h"
#include "lib/bits.h"
#include "lib/list.h"

#define SLAB_HEADER    64
#define SLAB_OBJECTS   64
#define SLAB_ALIGN     64
#define SLAB_MAX_ORDER 3

struct kmem_cache {
	const char *name;
	struct list_head partial; /* slabs with a free object, empty ones last */
	u64 all;                  /* the word of an empty slab */
	u64 mask;                 /* of the addresses in a slab: its header's */
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

/* Slabs of at least this order; larger ones if few objects fit. NULL: no memory. */
struct kmem_cache *cache_create(const char *name, size_t size, u32 order);

struct slab *slab_new(struct kmem_cache *c) noinline;
void slab_became_empty(struct kmem_cache *c, struct slab *s) noinline;

static inline void *cache_alloc(struct kmem_cache *c)
{
	struct slab *s = list_first_entry(&c->partial, struct slab, link);
	unsigned int i;

	if (unlikely(list_empty(&c->partial))) {
		s = slab_new(c);
		if (!s)
			return NULL;
	}
	if (unlikely(s->free == c->all))
		c->empty--;
	i = ffs64(s->free);
	s->free &= s->free - 1;
	if (unlikely(!s->free))
		list_del(&s->link);
	return (u8 *)s + SLAB_HEADER + i * c->size;
}

/*
 * Which object begins offset bytes into the slab: offset / size, and a number no slab has if that leaves a rest. Exact
 * division by the odd part is multiplication; what the rotation brings to the top makes the number large.
 */
static inline u32 object_index(const struct kmem_cache *c, u32 offset)
{
	return rol32((offset - SLAB_HEADER) * c->odd_inverse, c->rotate);
}

/* Which object offset lies in. */
static inline u32 object_around(const struct kmem_cache *c, u32 offset)
{
	return (u32)((u64)(offset - SLAB_HEADER) * c->reciprocal >> 32);
}

/* Frees the slab's i-th object; p is for the message. */
static inline void cache_free(struct kmem_cache *c, struct slab *s, u32 i, const void *p)
{
	u64 free = s->free;

	if (unlikely(i >= c->per_slab))
		panic("%s: freeing %p, which is inside an object", c->name, p);
	if (unlikely(free >> i & 1))
		panic("%s: double free of %p", c->name, p);
	s->free = free | 1ULL << i;
	if (unlikely(!free))
		list_add(&s->link, &c->partial);
	if (unlikely(s->free == c->all))
		slab_became_empty(c, s);
}
