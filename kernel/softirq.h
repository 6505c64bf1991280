/* SPDX-License-Identifier: MIT */
/*
 * Softirqs: work raised by interrupts and done on the way out of them, interrupts on, on a stack of its own, one at
 * a time. When they keep raising themselves, ksoftirqd (a thread) goes on, so that threads run too.
 */
#pragma once

#include "lib/types.h"

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

void local_bh_disable(void);
void local_bh_enable(void);

/* In a softirq body, or with softirqs disabled. */
bool in_softirq(void);

struct softirq_stats {
	u64 runs, restarts, wakeups; /* rounds, rounds repeated at once, hand-overs to ksoftirqd */
};
void softirq_get_stats(struct softirq_stats *st);
