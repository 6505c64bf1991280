/* SPDX-License-Identifier: MIT */
/*
 * Caches of equal objects, and kmalloc on top of them. What a slab is, and the paths that packets take: slab.h.
 *
 * Slabs with room are on the cache's list, empty ones last; empty ones for KEEP_OBJECTS are kept until pages run short.
 */
#include "kernel/slab.h"
#include "kernel/mm_parts.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "lib/string.h"

#define SLAB_MAX_SIZE 2048
#define SLAB_ENOUGH   12 /* objects that make a slab large enough */
#define KEEP_OBJECTS  64 /* a burst of packets comes and goes without pages coming and going */

static struct kmem_cache cache_cache;
static struct list_head caches = LIST_HEAD_INIT(caches);

/* Powers of two and a size between each: at most a third is wasted. */
static const u16 kmalloc_sizes[] = {64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048};
static const char *const kmalloc_names[] = {"kmalloc-64",  "kmalloc-128",  "kmalloc-192",
					    "kmalloc-256", "kmalloc-384",  "kmalloc-512",
					    "kmalloc-768", "kmalloc-1024", "kmalloc-1536",
					    "kmalloc-2048"};
static struct kmem_cache kmalloc_caches[ARRAY_SIZE(kmalloc_sizes)];
static u16 kmalloc_at[SLAB_MAX_SIZE / SLAB_ALIGN + 1]; /* bytes into them, by size in units of 64 */

/* 1/odd modulo 2^32: each step of Newton's doubles the number of right bits, of which odd itself has three. */
static u32 inverse(u32 odd)
{
	u32 x = odd;

	for (int i = 0; i < 4; i++)
		x *= 2 - odd * x;
	return x;
}

/* A slab of this order for as many objects as fit. */
static void cache_lay_out(struct kmem_cache *c, u32 order)
{
	u32 room = (u32)((PAGE_SIZE << order) - SLAB_HEADER);

	c->order = order;
	c->mask = -(PAGE_SIZE << order);
	c->per_slab = min(room / c->size, (u32)SLAB_OBJECTS);
	c->all = c->per_slab == SLAB_OBJECTS ? U64_MAX : (1ULL << c->per_slab) - 1;
	c->keep = DIV_ROUND_UP((u32)KEEP_OBJECTS, max(c->per_slab, 1U));
}

static void cache_init(struct kmem_cache *c, const char *name, size_t size, u32 order)
{
	*c = (struct kmem_cache){
		.name = name, .size = (u32)ALIGN(size, SLAB_ALIGN), .held = &mm_counts.slab};
	cache_lay_out(c, order);
	while (c->per_slab < SLAB_ENOUGH && c->order < SLAB_MAX_ORDER)
		cache_lay_out(c, c->order + 1);
	c->odd_inverse = inverse(c->size >> ffs64(c->size));
	c->rotate = 32 - ffs64(c->size);
	/* Exact for all offsets inside a slab: they are below 2^15, sizes a multiple of 64. */
	c->reciprocal = (u32)((1ULL << 32) / c->size + 1);
	INIT_LIST_HEAD(&c->partial);
	list_add_tail(&c->link, &caches);
}

void slab_init(void)
{
	u8 next = 0;

	cache_init(&cache_cache, "kmem_cache", sizeof(struct kmem_cache), 0);
	for (u32 i = 0; i < ARRAY_SIZE(kmalloc_sizes); i++) {
		cache_init(&kmalloc_caches[i], kmalloc_names[i], kmalloc_sizes[i], 0);
		while (next * SLAB_ALIGN <= kmalloc_sizes[i])
			kmalloc_at[next++] = (u16)(i * sizeof(kmalloc_caches[0]));
	}
}

static struct slab *slab_new(struct kmem_cache *c)
{
	struct slab *s = pages_free() >= c->leave ? alloc_pages(c->order) : NULL;

	if (!s)
		return NULL;
	page_mark_slab(s, c->order, true);
	s->cache = c;
	s->magic = c->magic;
	s->free = c->all;
	list_add(&s->link, &c->partial);
	c->slabs++;
	c->empty++;
	*c->held += PAGE_SIZE << c->order;
	return s;
}

void *cache_alloc_slow(struct kmem_cache *c)
{
	struct slab *s = list_first_entry(&c->partial, struct slab, link);
	void *p = NULL;

	if (list_empty(&c->partial))
		s = slab_new(c);
	if (s) {
		c->empty--;
		p = slab_take(c, s);
	}
	local_bh_enable();
	return p;
}

static void slab_release(struct kmem_cache *c, struct slab *s)
{
	list_del(&s->link);
	c->slabs--;
	c->empty--;
	*c->held -= PAGE_SIZE << c->order;
	s->cache = NULL;
	s->magic = 0;
	page_mark_slab(s, c->order, false);
	free_pages(s, c->order);
}

void slab_became_empty(struct kmem_cache *c, struct slab *s)
{
	c->empty++;
	if (c->empty > c->keep) {
		slab_release(c, s);
	} else {
		list_del(&s->link);
		list_add_tail(&s->link, &c->partial);
	}
	local_bh_enable();
}

void slab_refuse(const struct kmem_cache *c, u32 i, const void *p)
{
	const char *why = "double free";

	if (i >= c->per_slab)
		why = i == U32_MAX ? "not of this cache" : "inside an object";
	panic("%s: freeing %p: %s", c->name, p, why);
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

static u64 objects_used(const struct kmem_cache *c)
{
	u64 used = c->slabs * c->per_slab;
	const struct slab *s;

	list_for_each_entry (s, &c->partial, link)
		used -= hweight64(s->free);
	return used;
}

static inline void free_object(struct kmem_cache *c, struct slab *s, const void *p)
{
	cache_free(c, s, object_index(c, (u32)(u64)p, (u32)(u64)s), p);
}

struct kmem_cache *cache_create(const char *name, size_t size, u32 order)
{
	struct kmem_cache *c;

	c = cache_alloc(&cache_cache);
	local_bh_disable();
	if (c)
		cache_init(c, name, size, order);
	local_bh_enable();
	return c;
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size)
{
	return size && size <= SLAB_MAX_SIZE ? cache_create(name, size, 0) : NULL;
}

void kmem_cache_destroy(struct kmem_cache *c)
{
	local_bh_disable();
	if (objects_used(c))
		panic("%s: destroyed with %lu objects in use", c->name, objects_used(c));
	cache_shrink(c);
	list_del(&c->link);
	free_object(&cache_cache, (struct slab *)((u64)c & cache_cache.mask), c);
}

void *kmem_cache_alloc(struct kmem_cache *c)
{
	return cache_alloc(c);
}

void kmem_cache_free(struct kmem_cache *c, void *p)
{
	struct slab *s = (struct slab *)((u64)p & c->mask);

	if (unlikely(s->cache != c)) {
		slab_refuse(c, U32_MAX, p);
		return;
	}
	local_bh_disable();
	free_object(c, s, p);
}

void *kmalloc(size_t size)
{
	unsigned int order = 0;

	if (unlikely(size > SLAB_MAX_SIZE)) {
		while (order <= PAGE_MAX_ORDER && PAGE_SIZE << order < size)
			order++;
		return order <= PAGE_MAX_ORDER ? alloc_pages(order) : NULL;
	}
	return cache_alloc(
		(void *)((u8 *)kmalloc_caches + kmalloc_at[DIV_ROUND_UP(size, SLAB_ALIGN)]));
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
		free_object(s->cache, s, p);
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
