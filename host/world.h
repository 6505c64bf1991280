/* SPDX-License-Identifier: MIT */
/* All mutable state of the host platform, private to host/. */
#pragma once

#include "host/host.h"
#include "net/platform.h"

/* What a stack has asked the platform for. */
struct host_net {
	struct net *net; /* NULL: free entry */
	u32 pending;     /* a bit per softirq */
	u64 timer;       /* U64_MAX: none */
};

struct host_memory {
	struct list_head live;
	size_t live_count;
	u64 tried;
	u64 fail_at; /* value of tried; 0: none */
	bool failed;
};

struct host_world {
	bool begun, real;
	u64 now;      /* virtual, or at the last look at the real clock */
	u64 creep;    /* how far the virtual clock goes on with each look at it */
	u64 random;   /* generator's state */
	u32 bh_depth; /* of the running thread */
	bool in_softirq, in_irq;
	struct host_net nets[HOST_MAX_NETS];
	struct list_head sources;
	struct host_memory mem;
	struct list_head threads;
	struct host_thread *current;
	int log_level;
	void (*log_fn)(void *arg, int level, const char *line);
	void *log_arg;
};

extern struct host_world host;

/* One round of softirqs and sources; false if there was nothing to do. */
bool host_round(void);

/*
 * Nothing to do now: moves the clock to the next deadline or to limit, whichever is earlier. False:
 * neither exists, so nothing will ever happen.
 */
bool host_idle(u64 limit);

/* Panics unless cond holds; what names the rule broken. */
void host_require(bool cond, const char *function, const char *rule);

/* host_memory.c: ends the accounting of the old world, begins a new one. */
void host_memory_init(void);

/* host_thread.c */
void host_threads_init(void);
/* Lets host threads run that can; false if none can. */
bool host_threads_run(void);
/* When the first sleeping thread wants to go on; U64_MAX: none. */
u64 host_threads_deadline(void);
