/* SPDX-License-Identifier: MIT */
/*
 * The second platform: stacks in a Linux process. One world per process: a clock, softirqs,
 * threads, memory and ports, shared by all struct net of the process.
 *
 * The clock is virtual: it stands still until host_advance(), or until somebody waits and nothing
 * is left to do, when it jumps to the next deadline. host_real_clock() ties it to the machine's
 * instead. Random bytes follow from the seed. What bare metal cannot check cheaply is asserted
 * here: contexts, nesting, double frees, waiting for ever.
 *
 * All functions: main program or host threads, softirqs enabled. The world itself is not thread
 * safe.
 */
#pragma once

#include "lib/list.h"

#define HOST_MAX_NETS 32 /* stacks alive at a time */

/*
 * Begins a new world: clock at one second, random numbers from seed, no failing allocation. The old
 * world must be empty: no memory, no ports, no threads.
 */
void host_init(u64 seed);

/*
 * From now on the clock is CLOCK_MONOTONIC, random bytes are the kernel's, and waiting waits for
 * file descriptors.
 */
void host_real_clock(void);
bool host_has_real_clock(void);

/* Messages up to this syslog level go to stderr (default 4, warnings). */
void host_log_level(int level);

/* Who gets log lines instead of stderr; NULL: stderr again. */
void host_log_hook(void (*fn)(void *arg, int level, const char *line), void *arg);

/* Runs what is pending (threads, softirqs, arrived frames) until nothing is; time stands still. */
void host_run(void);

/*
 * The same, then moves the clock by ns, stopping at each deadline on the way. With the real clock:
 * for ns.
 */
void host_advance(u64 ns);

/* From now on the virtual clock goes on by ns with each look at it, as a real one does; 0: it stands still. */
void host_clock_creeps(u64 ns);

/* The next time (plat_now() ns) at which something happens by itself; U64_MAX: never. */
u64 host_next_deadline(void);

/* --- memory: what stacks hold by plat_alloc and plat_cache_alloc --- */

/* Allocations alive now. */
size_t host_live_allocs(void);

/* What was asked for in them. */
size_t host_live_bytes(void);

/* Prints them to stderr: number, size, and who allocated (cache, or address for addr2line). */
void host_print_live_allocs(void);

/* The n-th allocation from now returns NULL, once (1: the next one). 0: none. */
void host_fail_alloc(u64 n);

/* Whether that one has been reached. */
bool host_alloc_failed(void);

/* Allocations tried since host_init(). */
u64 host_alloc_count(void);

/* --- threads: cooperative, switched only where plat_wait() sleeps --- */

struct host_thread;

/* Starts fn(arg); it first runs when the caller waits. Aborts when out of memory. */
struct host_thread *host_thread_start(const char *name, void (*fn)(void *arg), void *arg);

/* Its waits return -EINTR from now on. */
void host_thread_kill(struct host_thread *t);

/* Waits until it has ended, and frees it. */
void host_thread_join(struct host_thread *t);

/* --- for devices (host/frame_port.h) and other sources of events --- */

/* A source of events. Looked at in every round of host_run(). */
struct host_source {
	struct list_head list;
	/*
	 * Does what there is to do now; false: nothing. Context: device (interrupts and
	 * host_softirq_call).
	 */
	bool (*pump)(struct host_source *s);
	u64 deadline; /* when pump has something to do at the latest; U64_MAX: when others make it */
	int fd;       /* readable: pump has something to do; -1: none */
};

void host_source_add(struct host_source *s);
void host_source_del(struct host_source *s);

/*
 * Interrupt context begins and ends: no allocation, no waiting, only napi_schedule and
 * plat_raise_softirq.
 */
void host_irq_enter(void);
void host_irq_exit(void);
