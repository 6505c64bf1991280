/* SPDX-License-Identifier: MIT */
/* struct thread, for thread.c and wait.c alone. */
#pragma once

#include "kernel/arch.h"
#include "kernel/ktimer.h"
#include "kernel/thread.h"

enum thread_state { THREAD_READY, THREAD_ASLEEP, THREAD_DEAD };

struct thread {
	struct arch_context context;
	struct list_head run_link;  /* ready or dead threads */
	struct list_head wait_link; /* a wait queue; NULLs: on none */
	struct list_head all_link;
	enum thread_state state;
	bool queued;        /* on the run queue */
	bool killed;        /* asked to end */
	bool interrupted;   /* the next wait is over at once */
	bool interruptible; /* while asleep: may be asked to end */
	int wake_reason;    /* 0, -ETIMEDOUT, -EINTR */
	s64 slice;          /* ns left */
	u64 cpu_ns;
	int id;
	char name[THREAD_NAME_MAX];
	void *priv;
	struct ktimer timeout;
	void (*fn)(void *arg);
	void *arg;
	void *stack;
	size_t stack_size;
	void *fpu; /* NULL: does not use it */
	u8 fpu_area[ARCH_FPU_SIZE] __aligned(16);
};

/* Ends t's sleep for reason, if it sleeps. Interrupts off. */
void thread_make_ready(struct thread *t, int reason);

/* Gives the processor away until the calling thread, whose state is THREAD_ASLEEP, is made ready. Interrupts off. */
void thread_sleep(void);

/* A thread runs, with interrupts and softirqs enabled, and it is not the one that waits for interrupts. Any context. */
bool thread_may_sleep(void);

/* For reports of overflows: the thread whose guard page addr is in; NULL: none's. */
const struct thread *thread_of_guard(u64 addr);
