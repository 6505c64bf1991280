/* SPDX-License-Identifier: MIT */
/*
 * Caches of equal objects, and kmalloc on top of them.
 *
 * A slab is one naturally aligned block of pages: a header of 64 bytes, then at most 64 objects, whose free
 * ones are the set bits of one word. So an allocation is a bit scan, and freeing twice or freeing what is no
 * object is seen: the header names the cache, the word says whether the object is out.
 * Slabs with room are on the cache's list, empty ones last; empty ones for KEEP_OBJECTS are kept until pages run short.
 */
#include "kernel/mm.h"
#include "kernel/mm_parts.h"
#include "kernel/page_alloc.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "lib/bits.h"
#include "lib/string.h"

#define SLAB_HEADER   64
#define SLAB_OBJECTS  64
#define SLAB_ALIGN    64
#define SLAB_MAX_SIZE 2048
#define SLAB_ENOUGH   12 /* objects that make a slab large enough */
#define MAX_ORDER     3
#define KEEP_OBJECTS  64 /* a burst of packets comes and goes without pages coming and going */

struct kmem_cache {
	const char *name;
	struct list_head partial; /* slabs with a free object, empty ones last */
	u64 all;                  /* the word of an empty slab */
	u64 mask;                 /* of the addresses in a slab: its header's */
	u32 size, per_slab;
	u32 odd_inverse, rotate; /* of size: see object_index() */
	u32 order;
	u32 empty, keep; /* slabs that are empty, and how many may be */
	u64 slabs;
	struct list_head link;
};

struct slab {
	struct list_head link;
	struct kmem_cache *cache;
	u64 free;
};

_Static_assert(sizeof(struct slab) <= SLAB_HEADER, "slab header");

static struct kmem_cache cache_cache;
static struct list_head caches = LIST_HEAD_INIT(caches);

/* Powers of two and a size between each: at most a third is wasted. */
static const u16 kmalloc_sizes[] = {64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048};
static const char *const kmalloc_names[] = {"kmalloc-64",  "kmalloc-128",  "kmalloc-192",
					    "kmalloc-256", "kmalloc-384",  "kmalloc-512",
					    "kmalloc-768", "kmalloc-1024", "kmalloc-1536",
					    "kmalloc-2048"};
static struct kmem_cache kmalloc_caches[ARRAY_SIZE(kmalloc_sizes)];
static u8 kmalloc_index[SLAB_MAX_SIZE / SLAB_ALIGN + 1]; /* by size in units of 64 */

/* 1/odd modulo 2^32: each step of Newton's doubles the number of right bits, of which odd itself has three. */
static u32 inverse(u32 odd)
{
	u32 x = odd;

	for (int i = 0; i < 4; i++)
		x *= 2 - odd * x;
	return x;
}

static void cache_init(struct kmem_cache *c, const char *name, size_t size)
{
	u32 room;

	*c = (struct kmem_cache){.name = name, .size = (u32)ALIGN(size, SLAB_ALIGN)};
	do {
		room = (u32)((PAGE_SIZE << c->order) - SLAB_HEADER);
		c->per_slab = min(room / c->size, (u32)SLAB_OBJECTS);
	} while (c->per_slab < SLAB_ENOUGH && c->order++ < MAX_ORDER);
	c->order = min(c->order, (u32)MAX_ORDER);
	c->keep = DIV_ROUND_UP((u32)KEEP_OBJECTS, c->per_slab);
	c->mask = -(PAGE_SIZE << c->order);
	c->odd_inverse = inverse(c->size >> ffs64(c->size));
	c->rotate = 32 - ffs64(c->size);
	c->all = c->per_slab == SLAB_OBJECTS ? U64_MAX : (1ULL << c->per_slab) - 1;
	INIT_LIST_HEAD(&c->partial);
	list_add_tail(&c->link, &caches);
}

void slab_init(void)
{
	u8 next = 0;

	cache_init(&cache_cache, "kmem_cache", sizeof(struct kmem_cache));
	for (u32 i = 0; i < ARRAY_SIZE(kmalloc_sizes); i++) {
		cache_init(&kmalloc_caches[i], kmalloc_names[i], kmalloc_sizes[i]);
		while (next * SLAB_ALIGN <= kmalloc_sizes[i])
			kmalloc_index[next++] = (u8)i;
	}
}

static noinline struct slab *slab_new(struct kmem_cache *c)
{
	struct slab *s = alloc_pages(c->order);

	if (!s)
		return NULL;
	page_mark_slab(s, c->order, true);
	s->cache = c;
	s->free = c->all;
	list_add(&s->link, &c->partial);
	c->slabs++;
	c->empty++;
	mm_counts.slab += PAGE_SIZE << c->order;
	return s;
}

static void slab_release(struct kmem_cache *c, struct slab *s)
{
	list_del(&s->link);
	c->slabs--;
	c->empty--;
	mm_counts.slab -= PAGE_SIZE << c->order;
	s->cache = NULL;
	page_mark_slab(s, c->order, false);
	free_pages(s, c->order);
}

static noinline void slab_became_empty(struct kmem_cache *c, struct slab *s)
{
	c->empty++;
	if (c->empty > c->keep) {
		slab_release(c, s);
		return;
	}
	list_del(&s->link);
	list_add_tail(&s->link, &c->partial);
}

static bool cache_shrink(struct kmem_cache *c)
{
	bool some = c->empty;

	while (c->empty)
		slab_release(c, list_last_entry(&c->partial, struct slab, link));
	return some;
}

bool slab_shrink(void)
{
	struct kmem_cache *c;
	bool some = false;

	list_for_each_entry (c, &caches, link)
		some |= cache_shrink(c);
	return some;
}

/* Softirqs disabled. The two that packets pay for. */
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

static inline void cache_free(struct kmem_cache *c, struct slab *s, void *p)
{
	u32 i = object_index(c, (u32)((u8 *)p - (u8 *)s));
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

static u64 objects_used(const struct kmem_cache *c)
{
	u64 used = c->slabs * c->per_slab;
	const struct slab *s;

	list_for_each_entry (s, &c->partial, link)
		used -= hweight64(s->free);
	return used;
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size)
{
	struct kmem_cache *c;

	if (!size || size > SLAB_MAX_SIZE)
		return NULL;
	local_bh_disable();
	c = cache_alloc(&cache_cache);
	if (c)
		cache_init(c, name, size);
	local_bh_enable();
	return c;
}

void kmem_cache_destroy(struct kmem_cache *c)
{
	local_bh_disable();
	if (objects_used(c))
		panic("%s: destroyed with %lu objects in use", c->name, objects_used(c));
	cache_shrink(c);
	list_del(&c->link);
	cache_free(&cache_cache, (struct slab *)((u64)c & cache_cache.mask), c);
	local_bh_enable();
}

void *kmem_cache_alloc(struct kmem_cache *c)
{
	void *p;

	local_bh_disable();
	p = cache_alloc(c);
	local_bh_enable();
	return p;
}

void kmem_cache_free(struct kmem_cache *c, void *p)
{
	struct slab *s = (struct slab *)((u64)p & c->mask);

	if (unlikely(s->cache != c))
		panic("%s: freeing %p, which is not of this cache", c->name, p);
	local_bh_disable();
	cache_free(c, s, p);
	local_bh_enable();
}

void *kmalloc(size_t size)
{
	unsigned int order = 0;
	void *p;

	if (unlikely(size > SLAB_MAX_SIZE)) {
		while (order <= PAGE_MAX_ORDER && PAGE_SIZE << order < size)
			order++;
		return order <= PAGE_MAX_ORDER ? alloc_pages(order) : NULL;
	}
	local_bh_disable();
	p = cache_alloc(&kmalloc_caches[kmalloc_index[DIV_ROUND_UP(size, SLAB_ALIGN)]]);
	local_bh_enable();
	return p;
}

void *kzalloc(size_t size)
{
	void *p = kmalloc(size);

	return p ? memset(p, 0, size) : NULL;
}

void kfree(void *p)
{
	u8 kind;

	if (!p)
		return;
	kind = page_kind(p);
	if (likely(kind >= PAGE_SLAB)) {
		struct slab *s = (struct slab *)((u64)p & -(PAGE_SIZE << (kind & PAGE_ORDER)));

		local_bh_disable();
		cache_free(s->cache, s, p);
		local_bh_enable();
	} else if ((kind & PAGE_KIND) == PAGE_USED) {
		free_pages(p, kind & PAGE_ORDER);
	} else {
		panic("kfree: %p is free already or was never allocated", p);
	}
}

void kmem_cache_for_each(void (*fn)(void *arg, const char *name, size_t size, u64 used, u64 pages),
			 void *arg)
{
	struct kmem_cache *c;

	local_bh_disable();
	list_for_each_entry (c, &caches, link)
		fn(arg, c->name, c->size, objects_used(c), c->slabs << c->order);
	local_bh_enable();
}
