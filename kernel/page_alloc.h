/* SPDX-License-Identifier: MIT */
/*
 * The buddy allocator behind mm.h, as an object over any stretch of memory, so that tests run it on the host.
 *
 * One byte per page says what the page is. Free blocks carry their list links in their own first bytes, so
 * nothing of a free page but that is ever touched. The owner's context protects it.
 */
#pragma once

#include "kernel/mm.h"
#include "lib/list.h"

#define PAGE_MAX_ORDER 10 /* blocks up to 4 MiB */

/* What a page is; with PAGE_FREE and PAGE_USED the low bits are the block's order. */
enum page_kind {
	PAGE_ABSENT = 0x00, /* not memory of ours */
	PAGE_TAIL = 0x10,   /* not the first of its block */
	PAGE_FREE = 0x20,
	PAGE_USED = 0x40,
	PAGE_SLAB = 0x80, /* any page of a slab, and the highest kind; low bits: its order */
	PAGE_KIND = 0xf0,
	PAGE_ORDER = 0x0f,
};

struct buddy {
	u8 *base; /* where page 0 of kind[] is (or would be) in memory; aligned to the largest block */
	u8 *kind;        /* one per page */
	u64 pages;       /* entries in kind[] */
	u64 total, free; /* in pages */
	struct list_head lists[PAGE_MAX_ORDER + 1];
};

/* kind has room for pages bytes; all pages are absent at first. */
void buddy_init(struct buddy *b, void *base, u8 *kind, u64 pages);

/* Gives it n pages from index first on. */
void buddy_add(struct buddy *b, u64 first, u64 n);

/* 2^order pages, or NULL. */
void *buddy_alloc(struct buddy *b, unsigned int order) __must_check;

/* False: p is not the start of a used block of that order (freed twice, or never allocated); nothing was done. */
bool buddy_free(struct buddy *b, void *p, unsigned int order) __must_check;

/* The kind byte of the page p is in; PAGE_ABSENT outside. */
static inline u8 buddy_kind(const struct buddy *b, const void *p)
{
	u64 i = (u64)((const u8 *)p - b->base) / PAGE_SIZE;

	return likely(i < b->pages) ? b->kind[i] : PAGE_ABSENT;
}

/* Marks the pages of a used block as a slab's, and back. */
void buddy_mark_slab(struct buddy *b, void *p, unsigned int order, bool slab);
