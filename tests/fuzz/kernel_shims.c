/* SPDX-License-Identifier: MIT */
/*
 * The kernel under those parts of it that are fuzzed alone, and under the drivers: memory is the C
 * library's, physical addresses are virtual ones, log lines are formatted (so that their arguments
 * are looked at) and forgotten.
 */
#include "tests/fuzz/kernel_shims.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "kernel/random.h"
#include "kernel/thread.h"
#include "lib/fmt.h"
#include "net/platform.h"

#define FREE_MEMORY (16 << 20)

long shim_pages, shim_frags;
unsigned int shim_fail_frags;

static u64 waited;

void printk(int level, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vscnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
}

void *alloc_pages(unsigned int order)
{
	shim_pages++;
	return aligned_alloc(PAGE_SIZE, PAGE_SIZE << order);
}

void free_pages(void *addr, unsigned int order)
{
	(void)order;
	shim_pages--;
	free(addr);
}

void *kmalloc(size_t size)
{
	return plat_alloc(size);
}

void *kzalloc(size_t size)
{
	void *p = plat_alloc(size);

	return p ? memset(p, 0, size) : NULL;
}

void kfree(void *p)
{
	plat_free(p);
}

/* Ends where the memory does, so that AddressSanitizer sees one byte too much. */
void *page_frag_alloc(u32 size)
{
	void *p = NULL;

	if (shim_fail_frags && !--shim_fail_frags)
		return NULL;
	if (posix_memalign(&p, PAGE_SIZE, size))
		abort();
	shim_frags++;
	return p;
}

void page_frag_free(void *p)
{
	shim_frags--;
	free((void *)((uintptr_t)p & ~(PAGE_SIZE - 1)));
}

u64 virt_to_phys_odd(const void *p)
{
	return (uintptr_t)p;
}

void *phys_to_virt(u64 phys)
{
	return (void *)(uintptr_t)phys;
}

void mm_get_stats(struct mm_stats *st)
{
	*st = (struct mm_stats){.total = 2 * FREE_MEMORY, .free = FREE_MEMORY};
}

u64 clock_ns(void)
{
	return plat_now() + waited;
}

void udelay(u32 us)
{
	waited += us * NSEC_PER_USEC;
}

bool thread_pause(u64 ns)
{
	(void)ns;
	return false;
}

void get_random_bytes(void *buf, size_t len)
{
	plat_random(buf, len);
}

void add_entropy(const void *data, size_t len, unsigned int bits)
{
	(void)data, (void)len, (void)bits;
}

void random_add_source(const char *name, void (*request)(void *arg), void *arg)
{
	(void)name, (void)request, (void)arg;
}

int chardev_register(struct chardev *dev)
{
	(void)dev;
	return 0;
}

struct chardev *chardev_find(const char *name)
{
	(void)name;
	return NULL;
}

size_t chardev_room(struct chardev *dev)
{
	(void)dev;
	return 0;
}

void chardev_input(struct chardev *dev, const char *data, size_t len)
{
	(void)dev, (void)data, (void)len;
}
