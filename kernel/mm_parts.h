/* SPDX-License-Identifier: MIT */
/* What the parts of the memory manager share: what a page is, counts, giving back. All: softirqs disabled. */
#pragma once

#include "kernel/page_alloc.h"

struct mm_counts {
	u64 slab, frag, stack; /* bytes of pages held */
	u64 failed;
};

extern struct mm_counts mm_counts;

/* All of the machine's pages. */
extern struct buddy page_buddy;

/* enum page_kind and order of the page p is in. */
static inline u8 page_kind(const void *p)
{
	return buddy_kind(&page_buddy, p);
}

u64 pages_total(void);
u64 pages_free(void);

void page_mark_slab(void *p, unsigned int order, bool slab);

/* Before the first kmalloc() or kmem_cache_create(). */
void slab_init(void);

/* Gives back what is kept empty for later; false: nothing. For alloc_pages() when there is nothing left. */
bool slab_shrink(void);
