/* SPDX-License-Identifier: MIT */
/*
 * Hard interrupts: vectors, lines shared by several handlers, message-signalled interrupts, storms.
 *
 * irq_dispatch() is on the path of every packet: it counts, calls, acknowledges. Every 128th interrupt of a
 * vector looks at the clock, which is how a storm is noticed at no cost to the others.
 */
#include "kernel/arch.h"
#include "kernel/clock.h"
#include "kernel/irq.h"
#include "kernel/ktimer.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "kernel/thread.h"
#include "lib/errno.h"

/*
 * A storm: so many windows, each of STORM_COUNT interrupts in under STORM_NS (200,000 a second), almost in a row: a
 * slower one takes STORM_FORGIVE off the count, because a busy host makes some of them slow. Lines, which get another
 * chance, are judged sooner; and QEMU slows a stuck line down after 10,000 interrupts.
 */
#define STORM_COUNT        128
#define STORM_NS           (STORM_COUNT * 5 * NSEC_PER_USEC)
#define STORM_WINDOWS_LINE 40
#define STORM_WINDOWS_MSI  512
#define STORM_FORGIVE      2
#define STORM_PAUSE        (100 * NSEC_PER_MSEC)

struct line_handler {
	irq_handler fn;
	void *arg;
	struct line_handler *next;
};

struct irq_line {
	struct line_handler *handlers;
	enum irq_trigger trigger;
	unsigned int vector;
	struct ktimer unmask;
};

struct irq_vector {
	irq_handler fn; /* NULL: free */
	void *arg;
	u64 count;
	const char *name;
	u64 window_start;
	u32 fast_windows;
	u32 gsi; /* NO_GSI: none */
};

#define NO_GSI U32_MAX

static struct irq_vector vectors[ARCH_NR_VECTORS];
static struct irq_line **lines;
static u64 storms;

static void ignore(void *arg)
{
	(void)arg;
}

static void unmask_line(void *arg)
{
	struct irq_line *line = arg;

	arch_irq_route(vectors[line->vector].gsi, line->trigger, line->vector, false);
}

static void silence(struct irq_vector *iv)
{
	storms++;
	iv->fast_windows = 0;
	if (iv->gsi == NO_GSI) {
		printk(KERN_ERR, "irq: storm on %s: its handler is not called any more", iv->name);
		iv->fn = ignore;
		return;
	}
	printk(KERN_ERR, "irq: storm on line %u (%s): masked for %llu ms", iv->gsi, iv->name,
	       STORM_PAUSE / NSEC_PER_MSEC);
	arch_irq_route(iv->gsi, lines[iv->gsi]->trigger, (unsigned int)(iv - vectors), true);
	ktimer_start(&lines[iv->gsi]->unmask, clock_ns() + STORM_PAUSE);
}

static noinline void storm_check(struct irq_vector *iv)
{
	u64 now = clock_ns();
	u32 limit = iv->gsi == NO_GSI ? STORM_WINDOWS_MSI : STORM_WINDOWS_LINE;

	if (now - iv->window_start >= STORM_NS)
		iv->fast_windows -= min(iv->fast_windows, (u32)STORM_FORGIVE);
	else if (++iv->fast_windows >= limit)
		silence(iv);
	iv->window_start = now;
}

void irq_dispatch(unsigned int vector)
{
	struct irq_vector *iv = &vectors[vector];

	if (unlikely(!(++iv->count % STORM_COUNT)))
		storm_check(iv);
	iv->fn(iv->arg);
	arch_irq_eoi();
}

void irq_exit(void)
{
	if (softirq_raised)
		softirq_irq_exit();
	if (thread_need_resched && !in_softirq())
		thread_preempt();
}

bool in_hardirq(void)
{
	return arch_on_irq_stack();
}

u64 irq_storms(void)
{
	return READ_ONCE(storms);
}

int irq_vector_request(irq_handler fn, void *arg, const char *name)
{
	unsigned long flags = local_irq_save();
	int found = -ENOSPC;

	for (unsigned int v = 0; v < ARCH_NR_VECTORS; v++) {
		if (vectors[v].fn)
			continue;
		vectors[v] = (struct irq_vector){fn, arg, 0, name, 0, 0, NO_GSI};
		found = (int)v;
		break;
	}
	local_irq_restore(flags);
	return found;
}

int msi_request(irq_handler fn, void *arg, const char *name, struct msi_msg *msg)
{
	int v = irq_vector_request(fn, arg, name);

	if (v < 0)
		return v;
	arch_msi_message((unsigned int)v, msg);
	return 0;
}

static void dispatch_line(void *arg)
{
	for (struct line_handler *h = ((struct irq_line *)arg)->handlers; h; h = h->next)
		h->fn(h->arg);
}

/* The line's first handler: a vector, and the controller's entry. */
static int line_open(u32 gsi, enum irq_trigger trigger, struct line_handler *h, const char *name)
{
	struct irq_line *line = kzalloc(sizeof(*line));
	unsigned long flags;
	int v;

	if (!line)
		return -ENOMEM;
	v = irq_vector_request(dispatch_line, line, name);
	if (v < 0) {
		kfree(line);
		return v;
	}
	*line = (struct irq_line){.handlers = h, .trigger = trigger, .vector = (unsigned int)v};
	ktimer_init(&line->unmask, unmask_line, line);
	lines[gsi] = line;
	vectors[v].gsi = gsi;
	flags = local_irq_save();
	arch_irq_route(gsi, trigger, (unsigned int)v, false);
	local_irq_restore(flags);
	return 0;
}

int irq_request(u32 gsi, enum irq_trigger trigger, irq_handler fn, void *arg, const char *name)
{
	struct line_handler *h;
	int err = 0;

	if (gsi >= arch_irq_lines())
		return -EINVAL;
	if (!lines)
		lines = kzalloc(arch_irq_lines() * sizeof(struct irq_line *));
	h = kzalloc(sizeof(*h));
	if (!lines || !h) {
		kfree(h);
		return -ENOMEM;
	}
	h->fn = fn;
	h->arg = arg;

	if (!lines[gsi]) {
		err = line_open(gsi, trigger, h, name);
	} else if (lines[gsi]->trigger != trigger) {
		err = -EBUSY;
	} else {
		h->next = lines[gsi]->handlers;
		barrier(); /* an interrupt between the two stores sees a whole list */
		lines[gsi]->handlers = h;
	}
	if (err)
		kfree(h);
	return err;
}

void irq_for_each(void (*fn)(void *arg, unsigned int vector, const char *name, u64 count),
		  void *arg)
{
	for (unsigned int v = 0; v < ARCH_NR_VECTORS; v++)
		if (vectors[v].fn)
			fn(arg, v, vectors[v].name, vectors[v].count);
}
