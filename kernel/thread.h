/* SPDX-License-Identifier: MIT */
/*
 * Threads: preemptive, round robin, each on a guarded stack. Wait queues. All: thread context, unless said otherwise.
 */
#pragma once

#include "lib/list.h"

#define THREAD_NAME_MAX 24

struct thread;

/*
 * Starts fn(arg); the thread ends when fn returns. stack_size 0: the default. The id is in *id if not NULL.
 * -ENOMEM, -EAGAIN (limit).
 */
int thread_create(const char *name, void (*fn)(void *arg), void *arg, size_t stack_size, int *id);

/* The calling one. In softirqs and interrupts: the one interrupted. Any context. */
struct thread *current_thread(void);
int thread_id(const struct thread *t);
const char *thread_name(const struct thread *t);

/* A pointer per thread for the layer above (libc's reent and descriptors); that of threads for which none is set. */
void thread_set_private(struct thread *t, void *priv);
void thread_set_no_private(void *priv);

/* The calling thread's, of thread.c. */
extern void *thread_private;

static inline void *current_private(void)
{
	return thread_private;
}

/*
 * The calling thread promises not to touch FPU or SSE registers: switches to it then cost less. For threads
 * that stay below libc, such as ksoftirqd.
 */
void thread_without_fpu(void);

/* Makes the caller, which runs on the boot stack, the first thread: it must end in thread_idle(). Boot. */
void thread_init(void);

/* The first thread's end: waits for interrupts while nothing else runs. */
void thread_idle(void) __noreturn;

/*
 * Set when another thread should run. Looked at on the way out of interrupts and by the outermost
 * local_bh_enable(), which then call thread_preempt(): softirqs enabled, not in one, on a thread's stack.
 */
extern bool thread_need_resched;

/* Counts sleepers that were made ready. */
extern u32 thread_wakeups;
void thread_preempt(void);

void thread_exit(void) __noreturn;
void thread_yield(void);

/* Returns 0, or -EINTR when asked to end. */
int thread_sleep_until(u64 deadline_ns);

/* Sleeps for ns, whoever asks the thread to end. false, at once: the caller may not sleep. Any context. */
bool thread_pause(u64 ns);

/* Asks a thread to end: its waits return -EINTR from now on. -ESRCH. */
int thread_kill(int id);

/* Ends a thread's present wait, or else its next one, with -EINTR, once. -ESRCH. */
int thread_interrupt(int id);

/* Waiting. Zeroed memory is not enough: wait_queue_init. */
struct wait_queue {
	struct list_head waiters;
};
void wait_queue_init(struct wait_queue *wq);

/*
 * Sleeps until woken, the deadline (ns, U64_MAX: none) or thread_kill: 0, -ETIMEDOUT, -EINTR. Called with softirqs disabled
 * once (then they are enabled while asleep, and nothing is missed between check and sleep).
 */
int wait_queue_sleep(struct wait_queue *wq, u64 deadline_ns);

/* Any context, also hard interrupts. */
void wake_up_all(struct wait_queue *wq);
void wake_up_one(struct wait_queue *wq);

/* A lock that sleeps. Recursive when taken by its owner again. */
struct mutex {
	struct thread *owner;
	u32 depth;
	struct wait_queue waiters;
};
void mutex_init(struct mutex *m);
void mutex_lock(struct mutex *m);
bool mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m);

/* For ps: state is 'R', 'S'; cpu time in ns; stack bytes used at most. */
struct thread_info {
	int id;
	char state;
	char name[THREAD_NAME_MAX];
	u64 cpu_ns;
	size_t stack_used, stack_size;
};
void thread_for_each(void (*fn)(void *arg, const struct thread_info *ti), void *arg);
