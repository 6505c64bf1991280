/* SPDX-License-Identifier: MIT */
/* Slab caches, kmalloc and receive buffers over a buddy allocator of the test's own. */
#include "tests/unit/mm_names.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/mm.h"
#include "kernel/mm_parts.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "lib/fmt.h"
#include "tests/unit/harness.h"

#define MM_PAGES 2048

/* ---- What the allocators stand on */

u32 softirq_raised, softirq_disabled;
bool thread_need_resched;
struct mm_counts mm_counts;
struct buddy page_buddy;

static struct {
	u8 *memory, kind[MM_PAGES];
	u64 calls; /* of alloc_pages() */
	jmp_buf panicked;
	char message[128];
} mm;

void softirq_catch_up(void)
{
	cr_assert_fail("no softirq was raised");
}

void *bh_catch_up(void *p)
{
	softirq_catch_up();
	return p;
}

void *alloc_pages(unsigned int order)
{
	mm.calls++;
	return buddy_alloc(&page_buddy, order);
}

void free_pages(void *addr, unsigned int order)
{
	if (!buddy_free(&page_buddy, addr, order))
		panic("free_pages");
}

u64 pages_total(void)
{
	return page_buddy.total;
}

u64 pages_free(void)
{
	return page_buddy.free;
}

void page_mark_slab(void *p, unsigned int order, bool slab)
{
	buddy_mark_slab(&page_buddy, p, order, slab);
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vscnprintf(mm.message, sizeof(mm.message), fmt, ap);
	va_end(ap);
	longjmp(mm.panicked, 1);
}

#define EXPECT_PANIC(call, word)                                                    \
	do {                                                                        \
		if (!setjmp(mm.panicked)) {                                         \
			call;                                                       \
			cr_assert_fail(#call " was let through");                   \
		}                                                                   \
		cr_assert(strstr(mm.message, word), #call " says: %s", mm.message); \
	} while (0)

static void mm_begin(void)
{
	static bool once;

	mm.memory = aligned_alloc(PAGE_SIZE << PAGE_MAX_ORDER, MM_PAGES * PAGE_SIZE);
	buddy_init(&page_buddy, mm.memory, mm.kind, MM_PAGES);
	buddy_add(&page_buddy, 0, MM_PAGES);
	cr_assert(!once, "the caches of kmalloc begin once");
	once = true;
	slab_init();
}

/* The caches of receive buffers' sizes stay. */
static void pages_of_caches(void *arg, const char *name, size_t size, u64 used, u64 pages)
{
	(void)size, (void)used;
	if (!strcmp(name, "kmem_cache"))
		*(u64 *)arg = pages;
}

/* Nothing is held, and nothing is kept that cannot be given back. */
static void mm_end(void)
{
	u64 caches = 0;

	slab_shrink();
	cr_assert_eq(softirq_disabled, 0);
	kmem_cache_for_each(pages_of_caches, &caches);
	cr_assert_eq(mm_counts.slab, caches * PAGE_SIZE, "%lu bytes of slabs", mm_counts.slab);
	cr_assert_eq(mm_counts.frag, 0, "%lu bytes of receive buffers are left", mm_counts.frag);
	cr_assert_eq(page_buddy.free, MM_PAGES - caches);
	free(mm.memory);
}

/* ---- Random use */

#define PIECES 500

struct piece {
	u8 *p;
	size_t size;
	u8 fill;
};

static void take_back(struct piece *piece, void (*release)(void *p))
{
	for (size_t i = 0; i < piece->size; i++)
		cr_assert_eq(piece->p[i], piece->fill, "byte %zu of %zu was written over", i,
			     piece->size);
	release(piece->p);
	piece->p = NULL;
}

static void churn(void *(*take)(size_t size), void (*release)(void *p), size_t max, size_t align)
{
	static struct piece pieces[PIECES];

	for (int step = 0; step < 20000; step++) {
		struct piece *piece = &pieces[rand() % PIECES];

		if (piece->p) {
			take_back(piece, release);
			continue;
		}
		*piece = (struct piece){.size = 1 + (size_t)rand() % max, .fill = (u8)rand()};
		piece->p = take(piece->size);
		if (!piece->p)
			continue;
		cr_assert_eq((uintptr_t)piece->p % align, 0);
		memset(piece->p, piece->fill, piece->size);
	}
	for (int i = 0; i < PIECES; i++)
		if (pieces[i].p)
			take_back(&pieces[i], release);
}

static void *take_frag(size_t size)
{
	return page_frag_alloc((u32)size);
}

WEIR_TEST(mm, random_use)
{
	mm_begin();
	srand(2);
	churn(kmalloc, kfree, 300, 16);
	churn(kmalloc, kfree, 6000, 16);
	churn(take_frag, page_frag_free, 4000, 64);
	/* More than there is. */
	churn(kmalloc, kfree, 200000, 16);
	mm_end();
}

WEIR_TEST(mm, sizes)
{
	static const size_t sizes[] = {0,    1,    63,   64,   65,       191,     193,
				       1537, 2047, 2048, 2049, 4 * 4096, 1 << 20, 4U << 20};

	mm_begin();
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		u8 *p = kmalloc(sizes[i]);

		cr_assert(p, "%zu", sizes[i]);
		memset(p, 1, sizes[i]);
		kfree(p);
	}
	cr_assert_null(kmalloc((4U << 20) + 1));
	cr_assert_null(kmalloc(SIZE_MAX));
	kfree(NULL);
	mm_end();
}

static void count_cache(void *arg, const char *name, size_t size, u64 used, u64 pages)
{
	u64 *seen = arg;

	if (strcmp(name, "things"))
		return;
	cr_assert_eq(size, 128, "rounded up to whole cache lines");
	seen[0] = used;
	seen[1] = pages;
}

WEIR_TEST(mm, cache_counts_and_keeps_a_bursts_worth)
{
	void *things[200];
	struct kmem_cache *cache;
	u64 seen[2];

	mm_begin();
	cache = kmem_cache_create("things", 100);
	for (int i = 0; i < 200; i++)
		things[i] = kmem_cache_alloc(cache);
	kmem_cache_for_each(count_cache, seen);
	cr_assert_eq(seen[0], 200);
	cr_assert_eq(seen[1], DIV_ROUND_UP(200, 31));
	for (int i = 0; i < 200; i++)
		kmem_cache_free(cache, things[i]);
	kmem_cache_for_each(count_cache, seen);
	cr_assert_eq(seen[0], 0);
	cr_assert_eq(seen[1], DIV_ROUND_UP(64, 31));
	slab_shrink();
	kmem_cache_for_each(count_cache, seen);
	cr_assert_eq(seen[1], 0);

	/* Bursts come and go, pages do not. */
	for (int round = 0; round < 10; round++) {
		u64 calls = mm.calls;

		for (int i = 0; i < 62; i++)
			things[i] = kmem_cache_alloc(cache);
		for (int i = 0; i < 62; i++)
			kmem_cache_free(cache, things[i]);
		cr_assert(!round || mm.calls == calls);
	}
	kmem_cache_destroy(cache);
	cr_assert_null(kmem_cache_create("too large", 2049));
	mm_end();
}

WEIR_TEST(mm, exhaustion_is_null_and_passes)
{
	struct kmem_cache *cache;
	void *first = NULL, **p;

	mm_begin();
	cache = kmem_cache_create("links", 1000);
	while ((p = kmem_cache_alloc(cache))) {
		*p = first;
		first = p;
	}
	cr_assert_null(kmalloc(1 << 16));
	cr_assert_null(page_frag_alloc(2000));
	while ((p = first)) {
		first = *p;
		kmem_cache_free(cache, p);
	}
	p = page_frag_alloc(2000);
	cr_assert(p);
	page_frag_free(p);
	kmem_cache_destroy(cache);
	mm_end();
}

/* ---- Mistakes: seen for certain, and nothing done */

WEIR_TEST(mm, wrong_frees_panic)
{
	struct kmem_cache *a, *b;
	static u8 foreign[4 * 4096] __aligned(16384);
	u8 *p, *q, *pages;

	mm_begin();
	a = kmem_cache_create("a", 192);
	b = kmem_cache_create("b", 192);
	p = kmem_cache_alloc(a);
	q = kmem_cache_alloc(a);
	EXPECT_PANIC(kmem_cache_free(b, p), "not of this cache");
	EXPECT_PANIC(kmem_cache_free(a, p + 64), "inside an object");
	EXPECT_PANIC(kmem_cache_free(a, p + 1), "inside an object");
	EXPECT_PANIC(kmem_cache_free(a, (u8 *)((uintptr_t)p & ~(PAGE_SIZE - 1))), "inside");
	EXPECT_PANIC(kmem_cache_free(a, foreign + 64), "not of this cache");
	EXPECT_PANIC(kfree(foreign + 64), "never allocated");
	softirq_disabled = 0;
	kmem_cache_free(a, p);
	EXPECT_PANIC(kmem_cache_free(a, p), "double free");
	EXPECT_PANIC(kfree(p), "double free");
	EXPECT_PANIC(kmem_cache_destroy(a), "1 objects in use");
	softirq_disabled = 0;
	kmem_cache_free(a, q);
	kmem_cache_destroy(a);
	EXPECT_PANIC(kmem_cache_free(a, q), "not of this cache");
	kmem_cache_destroy(b);

	pages = kmalloc(3 * PAGE_SIZE);
	EXPECT_PANIC(kfree(pages + PAGE_SIZE), "never allocated");
	kfree(pages);
	EXPECT_PANIC(kfree(pages), "free already");
	softirq_disabled = 0;
	mm_end();
}

WEIR_TEST(mm, wrong_frees_of_receive_buffers_panic)
{
	static u8 foreign[64 << 10] __aligned(32768);
	u8 *p, *q;

	mm_begin();
	p = page_frag_alloc(1000);
	q = kmalloc(100);
	EXPECT_PANIC(page_frag_free(foreign + 64), "never allocated");
	EXPECT_PANIC(page_frag_free(q), "never allocated");
	page_frag_free(p);
	EXPECT_PANIC(page_frag_free(p), "double free");
	softirq_disabled = 0;
	kfree(q);
	mm_end();
}

/* ---- Receive buffers */

#define RING 256

/* Packets that are kept hold their own memory, not that of the others they came with. */
WEIR_TEST(mm, kept_receive_buffers_hold_nothing_but_themselves)
{
	static u8 *kept[500];
	u64 held;

	mm_begin();
	for (int i = 0; i < 500; i++) {
		u8 *passing[20];

		for (int k = 0; k < 20; k++)
			passing[k] = page_frag_alloc(1856);
		kept[i] = passing[i % 20];
		cr_assert(kept[i]);
		for (int k = 0; k < 20; k++)
			if (passing[k] != kept[i])
				page_frag_free(passing[k]);
	}
	held = mm_counts.frag;
	cr_assert_leq(held, 520 * 1928 + (32 << 10), "%lu bytes for 500 packets", held);
	for (int i = 0; i < 500; i++)
		page_frag_free(kept[i]);
	mm_end();
}

WEIR_TEST(mm, receive_buffers_leave_an_eighth)
{
	void *first = NULL, **p;

	mm_begin();
	while ((p = page_frag_alloc(1856))) {
		*p = first;
		first = p;
	}
	cr_assert_geq(page_buddy.free, MM_PAGES / 8 - 8);
	cr_assert_leq(page_buddy.free, MM_PAGES / 8 + 8);
	while ((p = first)) {
		first = *p;
		page_frag_free(p);
	}
	mm_end();
}

/* Every size that drivers may ask for: the piece is as long. */
WEIR_TEST(mm, receive_buffers_of_all_sizes)
{
	mm_begin();
	for (u32 size = 1; size <= (32 << 10) - 64; size += size < 200 ? 1 : 61) {
		u8 *a = page_frag_alloc(size), *b = page_frag_alloc(size);

		cr_assert(a && b, "%u", size);
		cr_assert(a + size <= b || b + size <= a, "%u: they overlap", size);
		memset(a, 1, size);
		memset(b, 2, size);
		cr_assert_eq(a[size - 1], 1);
		page_frag_free(a + size - 1);
		page_frag_free(b);
	}
	mm_end();
}

/* A ring of buffers goes round: pages are allocated for the first round only. */
WEIR_TEST(mm, receive_buffers_go_round)
{
	static u8 *ring[RING];
	u64 calls;

	mm_begin();
	for (int i = 0; i < RING; i++)
		ring[i] = page_frag_alloc(1792);
	calls = 0;
	for (int i = 0; i < 100 * RING; i++) {
		if (i == RING)
			calls = mm.calls;
		u8 *fresh = page_frag_alloc(1792);

		cr_assert(fresh);
		page_frag_free(ring[i % RING] + 100);
		ring[i % RING] = fresh;
	}
	cr_assert_eq(mm.calls, calls, "%lu runs of pages more", mm.calls - calls);
	cr_assert_leq(mm_counts.frag, 2 * RING * 1792, "held: %lu", mm_counts.frag);
	for (int i = 0; i < RING; i++)
		page_frag_free(ring[i]);
	cr_assert_null(page_frag_alloc(0));
	cr_assert_null(page_frag_alloc((32 << 10) - 63));
	ring[0] = page_frag_alloc((32 << 10) - 64);
	cr_assert(ring[0]);
	page_frag_free(ring[0]);
	mm_end();
}
