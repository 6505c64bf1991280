/* SPDX-License-Identifier: MIT */
/*
 * malloc for newlib and the apps, over the kernel's allocator, in place of newlib's own. Each block knows the app
 * that asked for it, so that an ended app's memory comes back, and a freed block is the kernel's again at once.
 * newlib's malloc() and calloc() call these; so does all of newlib that allocates.
 */
#include <malloc.h>
#include <stdlib.h>

#include "kernel/mm.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "libc/app_heap.h"

#define BLOCK_MAGIC 0x6b636f6cU
#define BLOCK_FREED 0x64656572U

/* In front of what malloc() returns; a multiple of 16 bytes. */
struct block {
	struct list_head list;
	struct process *owner;
	u64 size : 32; /* usable bytes */
	u64 magic : 32;
	void *start; /* what the kernel gave: before this for aligned blocks */
	u64 pad;
};

_Static_assert(sizeof(struct block) % 16 == 0, "blocks keep 16-byte alignment");

#define BLOCK_MAX (U32_MAX - PAGE_SIZE)

static struct block *block_of(void *p)
{
	struct block *b = (struct block *)p - 1;

	if (unlikely(b->magic != BLOCK_MAGIC))
		panic("free(%p): %s", p,
		      b->magic == BLOCK_FREED ? "freed before" : "not from malloc()");
	return b;
}

static void *block_alloc(struct _reent *r, size_t align, size_t size)
{
	struct process *p = current_process();
	size_t slack = align > 16 ? align : 0;
	struct block *b;
	char *start;

	if (size > BLOCK_MAX || slack > BLOCK_MAX)
		goto nomem;
	start = kmalloc(sizeof(*b) + slack + size);
	if (!start)
		goto nomem;
	b = (struct block *)start;
	if (slack)
		b = (struct block *)ALIGN((uintptr_t)(b + 1), align) - 1;
	b->start = start;
	b->owner = p;
	b->size = size;
	b->magic = BLOCK_MAGIC;
	local_bh_disable(); /* threads that are no apps share one process */
	list_add(&b->list, &p->heap);
	p->heap_bytes += size;
	local_bh_enable();
	return b + 1;
nomem:
	r->_errno = ENOMEM;
	return NULL;
}

static void block_free(struct block *b)
{
	local_bh_disable();
	list_del(&b->list);
	b->owner->heap_bytes -= b->size;
	local_bh_enable();
	b->magic = BLOCK_FREED;
	kfree(b->start);
}

void heap_release(struct process *p)
{
	while (!list_empty(&p->heap))
		block_free(list_first_entry(&p->heap, struct block, list));
}

void *_malloc_r(struct _reent *r, size_t size)
{
	return block_alloc(r, 16, size);
}

void _free_r(struct _reent *r __unused, void *p)
{
	if (p)
		block_free(block_of(p));
}

void *_calloc_r(struct _reent *r, size_t n, size_t size)
{
	size_t total;
	void *p;

	if (__builtin_mul_overflow(n, size, &total)) {
		r->_errno = ENOMEM;
		return NULL;
	}
	p = block_alloc(r, 16, total);
	return p ? memset(p, 0, total) : NULL;
}

void *_realloc_r(struct _reent *r, void *old, size_t size)
{
	struct block *b;
	void *p;

	if (!old)
		return block_alloc(r, 16, size);
	b = block_of(old);
	if (size <= b->size && size >= b->size / 2)
		return old;
	p = block_alloc(r, 16, size);
	if (!p)
		return NULL;
	memcpy(p, old, min(size, (size_t)b->size));
	block_free(b);
	return p;
}

void *_memalign_r(struct _reent *r, size_t align, size_t size)
{
	if (align & (align - 1)) {
		r->_errno = EINVAL;
		return NULL;
	}
	return block_alloc(r, align, size);
}

size_t _malloc_usable_size_r(struct _reent *r __unused, void *p)
{
	return p ? block_of(p)->size : 0;
}

int posix_memalign(void **out, size_t align, size_t size)
{
	struct _reent *r = &current_process()->reent;
	int saved = r->_errno;

	if (align < sizeof(void *) || align & (align - 1))
		return EINVAL;
	*out = block_alloc(r, align, size);
	r->_errno = saved; /* the error is the value */
	return *out ? 0 : ENOMEM;
}
