/* SPDX-License-Identifier: MIT */
/*
 * Kernel memory: pages, slab caches, kmalloc, page fragments for receive buffers, device mappings.
 * All: thread or softirq, not hard interrupts (softirqs are held off inside). Sizes in bytes.
 * Running out of memory returns NULL; it is the caller's ordinary event.
 */
#pragma once

#include "kernel/arch.h"
#include "lib/types.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)

struct boot_info;

/*
 * Takes over the memory that the map calls usable; false: too little of it to go on, which has been told. Boot, after
 * arch_paging_init().
 */
bool mm_init(struct boot_info *bi);

/* 2^order pages in the direct map, not cleared. */
void *alloc_pages(unsigned int order) __must_check;
void free_pages(void *addr, unsigned int order);

/* The same, cleared. */
void *alloc_pages_zero(unsigned int order) __must_check;

/* Any size, 16-byte aligned, from caches of sizes up to a page and whole pages above. kfree(NULL) is fine. */
void *kmalloc(size_t size) __must_check;
void *kzalloc(size_t size) __must_check;
void kfree(void *p);

/* Equal objects. A double free or a foreign pointer panics. */
struct kmem_cache;
struct kmem_cache *kmem_cache_create(const char *name, size_t size) __must_check;
void kmem_cache_destroy(struct kmem_cache *cache);
void *kmem_cache_alloc(struct kmem_cache *cache) __must_check;
void kmem_cache_free(struct kmem_cache *cache, void *p);

/*
 * Receive buffers: size bytes (at most 32 KiB less 64), 64-byte aligned, cut from blocks that are recycled when all
 * their pieces are free. free takes any address inside the piece.
 */
void *page_frag_alloc(u32 size) __must_check;
void page_frag_free(void *p);

/* Physical addresses, for devices. p must be in the direct map or in the image (any of the above, or static). */
u64 virt_to_phys_odd(const void *p);

static inline u64 virt_to_phys(const void *p)
{
	u64 offset = (u64)p - ARCH_DIRECT_MAP; /* packets are in the direct map */

	return likely(offset < ARCH_IO_BASE - ARCH_DIRECT_MAP) ? offset : virt_to_phys_odd(p);
}

void *phys_to_virt(u64 phys);

/* Maps device memory, uncached, no execute. NULL: no memory for page tables. Never unmapped. */
volatile void *ioremap(u64 phys, size_t size) __must_check;

/* A stack of size bytes with an unmapped guard page under it; returns its lowest byte. */
void *stack_alloc(size_t size) __must_check;
void stack_free(void *stack, size_t size);

struct mm_stats {
	u64 total, free;       /* bytes the page allocator has ever had, has now */
	u64 slab, frag, stack; /* bytes in use by each */
	u64 failed;            /* allocations that returned NULL */
};
void mm_get_stats(struct mm_stats *st);

/* Calls fn for each cache: its name, object size, objects in use, pages held. */
void kmem_cache_for_each(void (*fn)(void *arg, const char *name, size_t size, u64 used, u64 pages),
			 void *arg);
