/* SPDX-License-Identifier: MIT */
/* The buddy allocator: blocks of 2^order pages, split on demand, joined when both halves are free. */
#include "kernel/page_alloc.h"
#include "lib/string.h"

static struct list_head *link_of(const struct buddy *b, u64 i)
{
	return (struct list_head *)(b->base + (i << PAGE_SHIFT));
}

static void make_free(struct buddy *b, u64 i, unsigned int order)
{
	b->kind[i] = PAGE_FREE | order;
	list_add(link_of(b, i), &b->lists[order]);
}

void buddy_init(struct buddy *b, void *base, u8 *kind, u64 pages)
{
	b->base = base;
	b->kind = kind;
	b->pages = pages;
	b->total = b->free = 0;
	memset(kind, PAGE_ABSENT, pages);
	for (unsigned int o = 0; o <= PAGE_MAX_ORDER; o++)
		INIT_LIST_HEAD(&b->lists[o]);
}

void buddy_add(struct buddy *b, u64 first, u64 n)
{
	b->total += n;
	b->free += n;
	memset(&b->kind[first], PAGE_TAIL, n);
	while (n) {
		unsigned int order = first ? (unsigned int)__builtin_ctzl(first) : PAGE_MAX_ORDER;

		order = min(order, (unsigned int)PAGE_MAX_ORDER);
		while (1UL << order > n)
			order--;
		make_free(b, first, order);
		first += 1UL << order;
		n -= 1UL << order;
	}
}

void *buddy_alloc(struct buddy *b, unsigned int order)
{
	unsigned int o = order;
	u64 i;

	while (o <= PAGE_MAX_ORDER && list_empty(&b->lists[o]))
		o++;
	if (o > PAGE_MAX_ORDER)
		return NULL;
	i = (u64)((u8 *)b->lists[o].next - b->base) >> PAGE_SHIFT;
	list_del(link_of(b, i));
	while (o > order) {
		o--;
		make_free(b, i + (1UL << o), o);
	}
	b->kind[i] = PAGE_USED | order;
	b->free -= 1UL << order;
	return b->base + (i << PAGE_SHIFT);
}

bool buddy_free(struct buddy *b, void *p, unsigned int order)
{
	u64 i = (u64)((u8 *)p - b->base) >> PAGE_SHIFT;

	if (((u8 *)p - b->base) & (PAGE_SIZE - 1) || buddy_kind(b, p) != (PAGE_USED | order))
		return false;
	b->free += 1UL << order;
	b->kind[i] = PAGE_TAIL;
	for (; order < PAGE_MAX_ORDER; order++) {
		u64 buddy = i ^ (1UL << order);

		if (buddy >= b->pages || b->kind[buddy] != (PAGE_FREE | order))
			break;
		list_del(link_of(b, buddy));
		b->kind[buddy] = PAGE_TAIL;
		i &= ~(1UL << order);
	}
	make_free(b, i, order);
	return true;
}

void buddy_mark_slab(struct buddy *b, void *p, unsigned int order, bool slab)
{
	u64 i = (u64)((u8 *)p - b->base) >> PAGE_SHIFT;

	memset(&b->kind[i], slab ? PAGE_SLAB | order : PAGE_TAIL, 1UL << order);
	if (!slab)
		b->kind[i] = PAGE_USED | order;
}
