/* SPDX-License-Identifier: MIT */
/*
 * The few kernel functions that drivers call, in a Linux process: memory is the host platform's (so that leaks and
 * failing allocations are its business), physical addresses are virtual ones, time passes only in udelay() and thread_pause().
 */
#include "tests/unit/kernel_host.h"

#include <stdlib.h>

#include "kernel/acpi.h"
#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/irq.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "kernel/random.h"
#include "kernel/thread.h"
#include "lib/errno.h"
#include "lib/fmt.h"
#include "tests/unit/harness.h"

static struct kernel_host k;

struct kernel_host *kernel_host_begin(void)
{
	k = (struct kernel_host){.free_memory = 64 << 20};
	return &k;
}

void kernel_host_end(void)
{
	cr_assert_eq(k.pages, 0, "%ld page runs are left", k.pages);
	cr_assert_eq(k.frags, 0, "%ld page fragments are left", k.frags);
}

void *alloc_pages(unsigned int order)
{
	void *p = aligned_alloc(PAGE_SIZE, PAGE_SIZE << order);

	k.pages += !!p;
	return p;
}

void free_pages(void *addr, unsigned int order)
{
	(void)order;
	k.pages--;
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

/* On a page of its own, so that any address in it leads to its start. */
void *page_frag_alloc(u32 size)
{
	void *p = NULL;

	cr_assert_leq(size, PAGE_SIZE);
	if (k.fail_frags) {
		k.fail_frags--;
		return NULL;
	}
	if (!posix_memalign(&p, PAGE_SIZE, size))
		k.frags++;
	return p;
}

void page_frag_free(void *p)
{
	k.frags--;
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

volatile void *ioremap(u64 phys, size_t size)
{
	u64 at = phys - k.devmem_at;

	return at < k.devmem_size && size <= k.devmem_size - at ? k.devmem + at : NULL;
}

const void *acpi_find_table(const char *sig, size_t *len)
{
	*len = k.mcfg_len;
	return strcmp(sig, "MCFG") == 0 ? k.mcfg : NULL;
}

int msi_request(irq_handler fn, void *arg, const char *name, struct msi_msg *msg)
{
	(void)fn, (void)arg, (void)name;
	*msg = (struct msi_msg){.addr = 0xfee00000, .data = 0x51};
	return 0;
}

void mm_get_stats(struct mm_stats *st)
{
	*st = (struct mm_stats){.total = 2 * k.free_memory, .free = k.free_memory};
}

void printk(int level, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vscnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	/* What a driver says about a bad device is not news in a test of bad devices. */
	plat_log(level + KERN_DEBUG, "%s", line);
}

u64 clock_ns(void)
{
	return k.clock;
}

void udelay(u32 us)
{
	k.clock += us * NSEC_PER_USEC;
}

bool thread_pause(u64 ns)
{
	if (!k.may_sleep)
		return false;
	k.clock += ns;
	if (k.paused)
		k.paused();
	return true;
}

void get_random_bytes(void *buf, size_t len)
{
	plat_random(buf, len);
}

void add_entropy(const void *data, size_t len, unsigned int bits)
{
	(void)data;
	k.entropy_bytes += len;
	k.entropy_bits += bits;
}

void random_add_source(const char *name, void (*request)(void *arg), void *arg)
{
	(void)name;
	k.request = request;
	k.request_arg = arg;
	request(arg);
}

int chardev_register(struct chardev *dev)
{
	k.chardev = dev;
	return 0;
}

struct chardev *chardev_find(const char *name)
{
	return k.chardev && strcmp(k.chardev->name, name) == 0 ? k.chardev : NULL;
}

size_t chardev_room(struct chardev *dev)
{
	(void)dev;
	return k.input_room;
}

void chardev_input(struct chardev *dev, const char *data, size_t len)
{
	(void)dev;
	cr_assert_leq(len, k.input_room, "more input than there is room for");
	cr_assert_leq(k.input_len + len, sizeof(k.input));
	memcpy(k.input + k.input_len, data, len);
	k.input_len += len;
	k.input_room -= len;
}
