/* SPDX-License-Identifier: MIT */
/*
 * All that net/ needs from below. Two implementations: kernel/platform.c (bare metal) and
 * host/platform.c (a Linux process, virtual clock, assertions, failing allocations).
 * `make lint` proves that net/ uses nothing else.
 *
 * Contexts: "softirq" is a softirq body, or a thread between plat_bh_disable() and plat_bh_enable().
 * Only one runs at a time, so it owns all of a struct net. "any" includes hard interrupts.
 */
#pragma once

#include "lib/types.h"

struct net;
struct plat_cache;

/* Nanoseconds since boot; never goes back. Any context. */
u64 plat_now(void);

/* Nanoseconds since 1970-01-01 UTC, as far as known; may jump. Any context. */
u64 plat_wall(void);

/*
 * Memory, 16-byte aligned, not cleared. Any context but hard interrupts. NULL when there is none: an
 * ordinary event that every caller handles. plat_free(NULL) does nothing.
 */
void *plat_alloc(size_t size) __must_check;
void plat_free(void *p);

/*
 * A cache of equal objects, for what is allocated per packet or per flow. Alignment is 64 bytes for
 * sizes of 64 and more. A cache is destroyed empty. name must live as long as the cache.
 */
struct plat_cache *plat_cache_create(const char *name, size_t size) __must_check;
void plat_cache_destroy(struct plat_cache *cache);
void *plat_cache_alloc(struct plat_cache *cache) __must_check;
void plat_cache_free(struct plat_cache *cache, void *p);

/* Bytes of memory there are for everything: defaults of what net/ may hold for strangers follow from it. Any context. */
u64 plat_memory(void);

/* What net_softirq() can be asked to do; the order is the order of running. */
enum { SOFTIRQ_TIMER, SOFTIRQ_NET_TX, SOFTIRQ_NET_RX, SOFTIRQ_NR };

/*
 * Asks for net_softirq(net, nr): on the way out of the interrupt, at the outermost plat_bh_enable(),
 * or in ksoftirqd. Any context.
 */
void plat_raise_softirq(struct net *net, unsigned int nr);

/* Keeps softirqs away from the calling thread; nests. Enabling outermost runs what was raised. */
void plat_bh_disable(void);
void plat_bh_enable(void);

/* A place where threads wait. Zeroed memory after plat_wait_init(); owns nothing, needs no destroying. */
struct plat_wait {
	void *opaque[2];
};

void plat_wait_init(struct plat_wait *w);

/*
 * Sleeps until plat_wake(w) or deadline (plat_now() ns, U64_MAX: none). Called in a thread with
 * softirqs disabled exactly once; they are enabled while it sleeps. Returns 0 when woken (perhaps
 * for nothing: re-check), -ETIMEDOUT, or -EINTR when the thread is asked to end.
 */
int plat_wait(struct plat_wait *w, u64 deadline) __must_check;

/* Wakes all that wait. Softirq. */
void plat_wake(struct plat_wait *w);

/* Asks for SOFTIRQ_TIMER at deadline (plat_now() ns; U64_MAX: never); replaces the last wish. Softirq. */
void plat_set_timer(struct net *net, u64 deadline);

/* Unpredictable bytes. Any context but hard interrupts. Never fails, never waits. */
void plat_random(void *buf, size_t len);

/* A line for the log (no newline at its end). Level as in syslog: 3 error, 4 warning, 6 info, 7 debug. */
void plat_log(int level, const char *fmt, ...) __printf(2, 3);

/* For impossible states: prints, traces, dies. */
void plat_panic(const char *fmt, ...) __printf(1, 2) __noreturn __cold;

#define BUG_ON(cond)                                                             \
	do {                                                                     \
		if (unlikely(cond))                                              \
			plat_panic("%s:%d: BUG: %s", __FILE__, __LINE__, #cond); \
	} while (0)
