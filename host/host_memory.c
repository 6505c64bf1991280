/* SPDX-License-Identifier: MIT */
/*
 * plat_alloc and plat_cache on malloc, each allocation on a list of the living, with who made it.
 *
 * Every object is a malloc of its own, so that AddressSanitizer sees its ends and its death. The
 * record in front of it is followed by a poisoned gap. Fresh memory is filled with a pattern:
 * nobody may count on zeros.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/world.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* clang says it this way */
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define GUARD(p, n)   __asan_poison_memory_region(p, n)
#define UNGUARD(p, n) __asan_unpoison_memory_region(p, n)
#else
#define GUARD(p, n)   ((void)(p))
#define UNGUARD(p, n) ((void)(p))
#endif

#define MAGIC_LIVE 0x6c69766577656972ULL
#define MAGIC_DEAD 0x6465616477656972ULL
#define FRESH      0xa5
#define GUARD_SIZE 16
#define CACHE_LINE 64
#define MAX_ALLOC  (1UL << 30)

/*
 * In front of each object; ends where the object begins. Its size is a multiple of any alignment
 * used.
 */
struct record {
	u64 magic;
	struct list_head list;
	u64 number;
	size_t size;
	const void *caller;
	struct plat_cache *cache; /* NULL: plat_alloc */
	u8 spare[128 - 7 * 8 - GUARD_SIZE];
	u8 guard[GUARD_SIZE];
};

struct plat_cache {
	const char *name;
	size_t size;
	size_t used;
};

void host_memory_init(void)
{
	host.mem = (struct host_memory){0};
	INIT_LIST_HEAD(&host.mem.live);
}

size_t host_live_allocs(void)
{
	return host.mem.live_count;
}

size_t host_live_bytes(void)
{
	struct record *r;
	size_t sum = 0;

	list_for_each_entry (r, &host.mem.live, list)
		sum += r->size;
	return sum;
}

void host_print_live_allocs(void)
{
	struct record *r;

	list_for_each_entry (r, &host.mem.live, list)
		fprintf(stderr, "  allocation %llu: %zu bytes, %s by %p\n",
			(unsigned long long)r->number, r->size,
			r->cache ? r->cache->name : "plat_alloc", r->caller);
}

void host_fail_alloc(u64 n)
{
	host.mem.fail_at = n ? host.mem.tried + n : 0;
	host.mem.failed = false;
}

bool host_alloc_failed(void)
{
	return host.mem.failed;
}

u64 host_alloc_count(void)
{
	return host.mem.tried;
}

/* Whether this allocation is one that has to fail. */
static bool must_fail(void)
{
	if (++host.mem.tried != host.mem.fail_at)
		return false;
	host.mem.failed = true;
	return true;
}

static void *allocate(size_t size, struct plat_cache *cache, const void *caller)
{
	size_t room = ALIGN(sizeof(struct record) + size, CACHE_LINE);
	struct record *r;

	host_require(host.begun, __func__, "host_init() comes first");
	host_require(!host.in_irq, __func__, "no allocation in interrupts");
	if (must_fail() || size > MAX_ALLOC)
		return NULL;
	r = aligned_alloc(CACHE_LINE, room);
	if (!r)
		return NULL;
	*r = (struct record){.magic = MAGIC_LIVE, .number = host.mem.tried, .size = size};
	r->cache = cache;
	r->caller = caller;
	list_add_tail(&r->list, &host.mem.live);
	host.mem.live_count++;
	memset(r + 1, FRESH, size);
	GUARD(r->guard, GUARD_SIZE);
	GUARD((u8 *)(r + 1) + size, room - sizeof(*r) - size);
	return r + 1;
}

static void release(void *p, struct plat_cache *cache)
{
	struct record *r = (struct record *)p - 1;

	host_require(!host.in_irq, __func__, "no freeing in interrupts");
	host_require(r->magic == MAGIC_LIVE, __func__, "not an allocation, or freed twice");
	host_require(r->cache == cache, __func__, "of another cache");
	r->magic = MAGIC_DEAD;
	list_del(&r->list);
	host.mem.live_count--;
	UNGUARD(r, ALIGN(sizeof(*r) + r->size, CACHE_LINE));
	free(r);
}

void *plat_alloc(size_t size)
{
	return allocate(size, NULL, __builtin_return_address(0));
}

void plat_free(void *p)
{
	if (p)
		release(p, NULL);
}

struct plat_cache *plat_cache_create(const char *name, size_t size)
{
	struct plat_cache *cache = allocate(sizeof(*cache), NULL, __builtin_return_address(0));

	if (cache)
		*cache = (struct plat_cache){.name = name, .size = size};
	return cache;
}

void plat_cache_destroy(struct plat_cache *cache)
{
	if (!cache)
		return;
	if (cache->used)
		plat_panic("cache %s is destroyed with %zu objects in use", cache->name,
			   cache->used);
	release(cache, NULL);
}

void *plat_cache_alloc(struct plat_cache *cache)
{
	void *p = allocate(cache->size, cache, __builtin_return_address(0));

	if (p)
		cache->used++;
	return p;
}

void plat_cache_free(struct plat_cache *cache, void *p)
{
	release(p, cache);
	cache->used--;
}
