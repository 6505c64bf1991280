/* SPDX-License-Identifier: MIT */
/*
 * Hierarchical timer wheel: add, move and delete in constant time, for many timers that are mostly
 * cancelled. Resolution TIMER_TICK_NS; a timer never fires early, and late by at most one tick.
 * Time is an argument; the owner calls timer_wheel_run() at or after
 * timer_wheel_next(). No locking: the owner's context protects it.
 */
#pragma once

#include "lib/list.h"

#define TIMER_TICK_NS (1 * NSEC_PER_MSEC)
#define TIMER_LEVELS  6
#define TIMER_SLOTS   64

struct timer {
	struct hlist_node node;
	u64 expires; /* ns */
	void (*fn)(struct timer *t, u64 now);
	u16 slot; /* where it waits: level * TIMER_SLOTS + slot */
};

struct timer_wheel {
	u64 tick;                  /* all slots before it have been run */
	u64 pending[TIMER_LEVELS]; /* a bit per slot that holds timers */
	struct hlist_head slots[TIMER_LEVELS][TIMER_SLOTS];
};

void timer_wheel_init(struct timer_wheel *w, u64 now);

/* Prepares t, which must not be pending. */
void timer_setup(struct timer *t, void (*fn)(struct timer *t, u64 now));

/* Arms t for expires (ns), or moves it there. Returns whether it was pending. */
bool mod_timer(struct timer_wheel *w, struct timer *t, u64 expires);

/* Disarms t; returns whether it was pending. fn does not run afterwards. */
bool del_timer(struct timer_wheel *w, struct timer *t);

static inline bool timer_pending(const struct timer *t)
{
	return hlist_hashed(&t->node);
}

/* Runs, in order of their ticks, all timers due at now. fn may add and delete timers, also its own. */
void timer_wheel_run(struct timer_wheel *w, u64 now);

/* A time (ns) not after the first timer that can fire, U64_MAX if there is none. */
u64 timer_wheel_next(const struct timer_wheel *w);
