/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers of the kernel: sleeping threads, time slices, the network's next deadline. The callback runs in
 * hard interrupt context, so that it runs whatever softirqs and threads are doing: it wakes or raises, no more.
 */
#pragma once

#include "lib/list.h"

struct ktimer {
	struct list_head link;
	u64 deadline;
	void (*fn)(void *arg);
	void *arg;
};

/* Takes the hardware's one-shot timer. Boot, after arch_irq_init(). */
void ktimers_init(void);

void ktimer_init(struct ktimer *t, void (*fn)(void *arg), void *arg);

/* Fires once at deadline (clock_ns() time); moves it if it was started. Any context. */
void ktimer_start(struct ktimer *t, u64 deadline_ns);

/* Afterwards it does not fire. Fine for one that is not started. Any context. */
void ktimer_cancel(struct ktimer *t);
