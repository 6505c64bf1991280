/* SPDX-License-Identifier: MIT */
/* net/platform.h on bare metal: each call is one of the kernel's. */
#include "net/platform.h"
#include "kernel/clock.h"
#include "kernel/ktimer.h"
#include "kernel/mm.h"
#include "kernel/panic.h"
#include "kernel/platform_init.h"
#include "kernel/printk.h"
#include "kernel/random.h"
#include "kernel/softirq.h"
#include "kernel/thread.h"
#include "lib/fmt.h"
#include "net/net.h"
#include "net/trace.h"

_Static_assert((int)SOFTIRQ_NR <= NR_SOFTIRQS, "softirq numbers");
_Static_assert(sizeof(struct wait_queue) <= sizeof(struct plat_wait), "a wait queue fits");

static void net_timer_fired(void *arg)
{
	(void)arg;
	raise_softirq(SOFTIRQ_TIMER);
}

static struct ktimer net_timer = {.fn = net_timer_fired};

static void run_timer(void *net)
{
	net_softirq(net, SOFTIRQ_TIMER);
}

static void run_tx(void *net)
{
	net_softirq(net, SOFTIRQ_NET_TX);
}

static void run_rx(void *net)
{
	net_softirq(net, SOFTIRQ_NET_RX);
}

/* ---- What a panic tells of the stack: the last steps of the packets that were being traced. */

#define PANIC_STEPS 24

static const struct net *traced_net;

struct trace_tail {
	u32 skip; /* entries still to be passed over */
	bool counting;
};

static void trace_entry_seen(void *arg, const struct trace_entry *e)
{
	struct trace_tail *tail = arg;

	if (tail->counting) {
		tail->skip++;
	} else if (tail->skip) {
		tail->skip--;
	} else {
		printk(KERN_EMERG, "  %8lu us  packet %u  %s%s  %s  %pI4 > %pI4 proto %u len %u",
		       (u64)(e->time / NSEC_PER_USEC), e->packet, e->drop ? "drop: " : "", e->where,
		       e->dev, &e->saddr, &e->daddr, e->proto, e->len);
	}
}

static void print_trace(void)
{
	struct trace_tail tail = {.counting = true};

	trace_for_each(traced_net, trace_entry_seen, &tail);
	if (!tail.skip)
		return;
	printk(KERN_EMERG, "the last steps of traced packets:");
	tail.skip -= min(tail.skip, (u32)PANIC_STEPS);
	tail.counting = false;
	trace_for_each(traced_net, trace_entry_seen, &tail);
}

void platform_init(struct net *net)
{
	traced_net = net;
	panic_set_trace(print_trace);
	open_softirq(SOFTIRQ_TIMER, run_timer, net);
	open_softirq(SOFTIRQ_NET_TX, run_tx, net);
	open_softirq(SOFTIRQ_NET_RX, run_rx, net);
}

u64 plat_now(void)
{
	return clock_ns();
}

u64 plat_wall(void)
{
	return clock_wall_ns();
}

void *plat_alloc(size_t size)
{
	return kmalloc(size);
}

void plat_free(void *p)
{
	kfree(p);
}

u64 plat_memory(void)
{
	struct mm_stats st;

	mm_get_stats(&st);
	return st.total;
}

struct plat_cache *plat_cache_create(const char *name, size_t size)
{
	return (struct plat_cache *)kmem_cache_create(name, size);
}

void plat_cache_destroy(struct plat_cache *cache)
{
	kmem_cache_destroy((struct kmem_cache *)cache);
}

void *plat_cache_alloc(struct plat_cache *cache)
{
	return kmem_cache_alloc((struct kmem_cache *)cache);
}

void plat_cache_free(struct plat_cache *cache, void *p)
{
	kmem_cache_free((struct kmem_cache *)cache, p);
}

void plat_raise_softirq(struct net *net, unsigned int nr)
{
	(void)net;
	raise_softirq(nr);
}

void plat_bh_disable(void)
{
	local_bh_disable();
}

void plat_bh_enable(void)
{
	local_bh_enable();
}

void plat_wait_init(struct plat_wait *w)
{
	wait_queue_init((struct wait_queue *)w);
}

int plat_wait(struct plat_wait *w, u64 deadline)
{
	return wait_queue_sleep((struct wait_queue *)w, deadline);
}

void plat_wake(struct plat_wait *w)
{
	wake_up_all((struct wait_queue *)w);
}

void plat_set_timer(struct net *net, u64 deadline)
{
	(void)net;
	if (deadline == U64_MAX)
		ktimer_cancel(&net_timer);
	else
		ktimer_start(&net_timer, deadline);
}

void plat_random(void *buf, size_t len)
{
	get_random_bytes(buf, len);
}

void plat_log(int level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintk(level, fmt, ap);
	va_end(ap);
}

void plat_panic(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vscnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	panic("%s", text);
}
