/* SPDX-License-Identifier: MIT */
/*
 * Softirqs: work raised by interrupts and done on the way out of them, interrupts on, on a stack of its own, one at
 * a time. When they keep raising themselves, ksoftirqd (a thread) goes on, so that threads run too.
 */
#pragma once

#include "kernel/thread.h"

/* Registers the body; once per number, at boot. nr: SOFTIRQ_* of net/platform.h. */
#define NR_SOFTIRQS 8
void open_softirq(unsigned int nr, void (*fn)(void *arg), void *arg);

/* Any context. */
void raise_softirq(unsigned int nr);

/*
 * On the way out of every hard interrupt: interrupts off, on the interrupted stack. Runs what is pending (on the
 * softirq stack, interrupts on), unless a softirq was interrupted or they are disabled. Returns with interrupts off.
 */
void softirq_irq_exit(void);

/* Softirqs raised and not yet run: a bit each. And how often they are disabled (running one counts). Of softirq.c. */
extern u32 softirq_raised, softirq_disabled;

void softirq_catch_up(void);
/* The same, on the way of p to who asked for it. */
void *bh_catch_up(void *p);

/* While disabled the thread is not preempted either. Nests. */
static inline void local_bh_disable(void)
{
	softirq_disabled++;
	barrier();
}

/* Enables them; true: softirq_catch_up() must follow. */
static inline bool bh_enable_has_work(void)
{
	barrier();
	return !--softirq_disabled && (READ_ONCE(softirq_raised) || READ_ONCE(thread_need_resched));
}

static inline void local_bh_enable(void)
{
	if (unlikely(bh_enable_has_work()))
		softirq_catch_up();
}

/* In a softirq body, or with softirqs disabled. */
static inline bool in_softirq(void)
{
	return softirq_disabled;
}

/* Makes softirqs possible, and the thread ksoftirqd. Boot, after thread_init(). */
void softirq_init(void);

struct softirq_stats {
	u64 runs, restarts, wakeups; /* rounds, rounds repeated at once, hand-overs to ksoftirqd */
};
void softirq_get_stats(struct softirq_stats *st);
