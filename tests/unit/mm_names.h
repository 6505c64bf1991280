/* SPDX-License-Identifier: MIT */
/*
 * Other names for the kernel's allocators, so that the real ones (kernel/slab.c, kernel/page_frag.c) and the stand-ins of
 * kernel_host.c fit into one program. Comes before everything else in those files and in test_mm.c.
 */
#pragma once

#define alloc_pages     mm_alloc_pages
#define free_pages      mm_free_pages
#define kmalloc         mm_kmalloc
#define kzalloc         mm_kzalloc
#define kfree           mm_kfree
#define page_frag_alloc mm_page_frag_alloc
#define page_frag_free  mm_page_frag_free
