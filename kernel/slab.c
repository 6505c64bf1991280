/* SPDX-License-Identifier: MIT */
/*
 * Caches of equal objects, and kmalloc on top of them.
 *
 * A slab is one naturally aligned block of pages: a header of 64 bytes, then at most 64 objects, whose free
 * ones are the set bits of one word. So an allocation is a bit scan, and freeing twice or freeing what is no
 * object is seen for certain: the page says whether it belongs to a slab, the word whether the object is out.
 * Slabs with room are on the cache's list; one empty slab is kept, others go back.
 */
#include "kernel/mm.h"
#include "kernel/mm_stats.h"
#include "kernel/page_alloc.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "lib/string.h"

#define SLAB_HEADER   64
#define SLAB_OBJECTS  64
#define SLAB_ALIGN    64
#define SLAB_MAX_SIZE 2048
#define SLAB_ENOUGH   12 /* objects that make a slab large enough */

struct kmem_cache {
	const char *name;
	struct list_head partial; /* slabs with a free object */
	u32 size, per_slab, reciprocal;
	u8 order;
	bool spare; /* one of them is empty */
	u64 all;    /* the word of an empty slab */
	u64 used, slabs;
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
static bool ready;

static void cache_init(struct kmem_cache *c, const char *name, size_t size)
{
	u32 room;

	*c = (struct kmem_cache){.name = name, .size = (u32)ALIGN(size, SLAB_ALIGN)};
	do {
		room = (u32)((PAGE_SIZE << c->order) - SLAB_HEADER);
		c->per_slab = min(room / c->size, (u32)SLAB_OBJECTS);
	} while (c->per_slab < SLAB_ENOUGH && ++c->order <= 3);
	c->order = min(c->order, (u8)3);
	/* Exact for all offsets inside a slab: they are below 2^15, sizes a multiple of 64. */
	c->reciprocal = (u32)((1ULL << 32) / c->size + 1);
	c->all = c->per_slab == SLAB_OBJECTS ? U64_MAX : (1ULL << c->per_slab) - 1;
	INIT_LIST_HEAD(&c->partial);
	list_add_tail(&c->link, &caches);
}

static void caches_init(void)
{
	u8 next = 0;

	ready = true;
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
	c->spare = true;
	mm_counts.slab += PAGE_SIZE << c->order;
	return s;
}

static noinline void slab_release(struct kmem_cache *c, struct slab *s)
{
	list_del(&s->link);
	c->slabs--;
	mm_counts.slab -= PAGE_SIZE << c->order;
	page_mark_slab(s, c->order, false);
	free_pages(s, c->order);
}

static void *cache_alloc(struct kmem_cache *c)
{
	struct slab *s = list_first_entry(&c->partial, struct slab, link);
	unsigned int i;

	if (unlikely(list_empty(&c->partial))) {
		s = slab_new(c);
		if (!s)
			return NULL;
	}
	if (unlikely(s->free == c->all))
		c->spare = false;
	i = (unsigned int)__builtin_ctzl(s->free);
	s->free &= s->free - 1;
	if (unlikely(!s->free))
		list_del(&s->link);
	c->used++;
	return (u8 *)s + SLAB_HEADER + i * c->size;
}

static void cache_free(struct kmem_cache *c, struct slab *s, void *p)
{
	u32 offset = (u32)((u8 *)p - (u8 *)s) - SLAB_HEADER;
	u32 i = (u32)((u64)offset * c->reciprocal >> 32);

	if (unlikely(i >= c->per_slab || i * c->size != offset))
		panic("%s: freeing %p, which is inside an object", c->name, p);
	if (unlikely(s->free & 1ULL << i))
		panic("%s: double free of %p", c->name, p);
	if (unlikely(!s->free))
		list_add(&s->link, &c->partial);
	s->free |= 1ULL << i;
	c->used--;
	if (unlikely(s->free == c->all)) {
		if (c->spare)
			slab_release(c, s);
		else
			c->spare = true;
	}
}

/* The slab p is in, or NULL. */
static inline struct slab *slab_of(const void *p, u8 kind)
{
	if (unlikely((kind & PAGE_KIND) != PAGE_SLAB))
		return NULL;
	return (struct slab *)ALIGN_DOWN((u64)p, PAGE_SIZE << (kind & PAGE_ORDER));
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size)
{
	struct kmem_cache *c;

	if (!size || size > SLAB_MAX_SIZE)
		return NULL;
	local_bh_disable();
	if (!ready)
		caches_init();
	c = cache_alloc(&cache_cache);
	if (c)
		cache_init(c, name, size);
	local_bh_enable();
	return c;
}

void kmem_cache_destroy(struct kmem_cache *c)
{
	struct slab *s, *tmp;

	local_bh_disable();
	if (c->used)
		panic("%s: destroyed with %lu objects in use", c->name, c->used);
	list_for_each_entry_safe (s, tmp, &c->partial, link)
		slab_release(c, s);
	list_del(&c->link);
	cache_free(&cache_cache, slab_of(c, page_kind(c)), c);
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
	struct slab *s = slab_of(p, page_kind(p));

	if (unlikely(!s || s->cache != c))
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
	if (unlikely(!ready))
		caches_init();
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
	struct slab *s;

	if (!p)
		return;
	kind = page_kind(p);
	s = slab_of(p, kind);
	if (likely(s)) {
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
		fn(arg, c->name, c->size, c->used, c->slabs << c->order);
	local_bh_enable();
}
