/* SPDX-License-Identifier: MIT */
/* What the parts of the memory manager share: counts for mm_get_stats(), and what a page is. Softirqs disabled. */
#pragma once

#include "lib/types.h"

struct mm_counts {
	u64 slab, frag, heap, stack; /* bytes of pages held */
	u64 failed;
};

extern struct mm_counts mm_counts;

/* enum page_kind and order of the page p is in (kernel/page_alloc.h). */
u8 page_kind(const void *p);
void page_mark_slab(void *p, unsigned int order, bool slab);
