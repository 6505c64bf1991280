/* SPDX-License-Identifier: MIT */
/*
 * Threads: round robin with preemption, sleeping, ending.
 *
 * The run queue holds what could run and does not; the running thread is on no queue. A thread that wakes with some
 * of its slice left goes to the front and displaces the running one; one that used its slice up gets a new one and
 * goes to the back. So a thread that mostly sleeps answers at once, and two that wake each other all the time still
 * let the others run. The slice's timer runs only while somebody waits for the processor.
 *
 * The run queue is guarded by switching interrupts off: wake-ups come from interrupts. Threads switch with
 * softirqs enabled and interrupts off, so neither state has to be kept per thread.
 *
 * FPU registers belong to fpu_owner and are saved when another thread that uses them is switched to, not before:
 * idle and ksoftirqd come and go without touching them.
 */
#include "kernel/arch.h"
#include "kernel/clock.h"
#include "kernel/ktimer.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "kernel/thread.h"
#include "kernel/thread_impl.h"
#include "lib/errno.h"
#include "lib/string.h"

#define DEFAULT_STACK (32 * 1024)
#define MIN_STACK     (8 * 1024)
#define MAX_THREADS   256
#define SLICE_NS      ((s64)(4 * NSEC_PER_MSEC))
#define STACK_PATTERN 0x6b636174736b6361ULL /* what no call has written over yet */
#define STACK_STRIDE  128 /* bytes from mark to mark: stacks are made often, measured seldom */

/* One of these per processor, some day: reached through this_rq() only. */
struct run_queue {
	struct list_head ready;
	struct list_head dead; /* ended, stack and struct still to be freed */
	struct thread *current;
	struct thread *fpu_owner;
	struct ktimer slice_timer;
	bool slice_timer_on;
	u64 accounted_at;
	struct thread idle;
};

static struct run_queue boot_rq;
static struct list_head all_threads = LIST_HEAD_INIT(all_threads);
static int nr_threads, last_id;

bool thread_need_resched;
u32 thread_wakeups;
void *thread_private;
static void *no_private;

static inline struct run_queue *this_rq(void)
{
	return &boot_rq;
}

struct thread *current_thread(void)
{
	return this_rq()->current;
}

int thread_id(const struct thread *t)
{
	return t->id;
}

const char *thread_name(const struct thread *t)
{
	return t->name;
}

static inline void take_private(const struct thread *t)
{
	thread_private = t->priv ?: no_private;
}

void thread_set_private(struct thread *t, void *priv)
{
	t->priv = priv;
	take_private(this_rq()->current);
}

void thread_set_no_private(void *priv)
{
	no_private = priv;
	take_private(this_rq()->current);
}

/* ---- Switching; all with interrupts off */

static void account(struct run_queue *rq)
{
	u64 now = clock_ns(), ran = now - rq->accounted_at;

	rq->current->cpu_ns += ran;
	rq->current->slice -= (s64)ran;
	rq->accounted_at = now;
}

static bool somebody_waits(const struct run_queue *rq)
{
	return !list_empty(&rq->ready) && rq->current != &rq->idle;
}

/* The timer is never called back: when it fires for nothing it is simply not started again. */
static void slice_timer_start(struct run_queue *rq)
{
	if (rq->slice_timer_on || !somebody_waits(rq))
		return;
	rq->slice_timer_on = true;
	ktimer_start(&rq->slice_timer, clock_ns() + SLICE_NS);
}

static void slice_timer_fired(void *arg)
{
	struct run_queue *rq = arg;

	rq->slice_timer_on = false;
	if (!somebody_waits(rq))
		return;
	account(rq);
	if (rq->current->slice <= 0) {
		thread_need_resched = true;
		return;
	}
	rq->slice_timer_on = true;
	ktimer_start(&rq->slice_timer, rq->accounted_at + (u64)rq->current->slice);
}

/* Puts t where it belongs; after_first: behind the thread that displaced it. */
static void enqueue(struct run_queue *rq, struct thread *t, bool after_first)
{
	t->queued = true;
	if (t->slice <= 0) {
		t->slice = SLICE_NS;
		list_add_tail(&t->run_link, &rq->ready);
	} else if (after_first && !list_empty(&rq->ready)) {
		list_add(&t->run_link, rq->ready.next);
	} else {
		list_add(&t->run_link, &rq->ready);
	}
}

static void fpu_switch(struct run_queue *rq, struct thread *next)
{
	if (!next->fpu || rq->fpu_owner == next)
		return;
	if (rq->fpu_owner)
		arch_fpu_save(rq->fpu_owner->fpu);
	arch_fpu_restore(next->fpu);
	rq->fpu_owner = next;
}

/* Gives the processor to the next ready thread, or to idle. The caller is ready and queued, idle, asleep or dead. */
static void schedule(void)
{
	struct run_queue *rq = this_rq();
	struct thread *prev = rq->current, *next = &rq->idle;

	thread_need_resched = false;
	account(rq);
	if (!list_empty(&rq->ready)) {
		next = list_first_entry(&rq->ready, struct thread, run_link);
		list_del(&next->run_link);
		next->queued = false;
	}
	rq->current = next;
	take_private(next);
	slice_timer_start(rq);
	if (next == prev)
		return;
	fpu_switch(rq, next);
	arch_context_switch(&prev->context, &next->context);
}

static void requeue_and_schedule(struct run_queue *rq)
{
	account(rq);
	if (rq->current != &rq->idle)
		enqueue(rq, rq->current, true);
	schedule();
}

void thread_preempt(void)
{
	unsigned long flags = arch_irq_save();

	requeue_and_schedule(this_rq());
	arch_irq_restore(flags);
}

void thread_yield(void)
{
	unsigned long flags = arch_irq_save();

	this_rq()->current->slice = 0;
	requeue_and_schedule(this_rq());
	arch_irq_restore(flags);
}

void thread_make_ready(struct thread *t, int reason)
{
	struct run_queue *rq = this_rq();

	if (t->state != THREAD_ASLEEP)
		return;
	t->state = THREAD_READY;
	t->wake_reason = reason;
	thread_wakeups++;
	/* One that was still falling asleep, or was preempted while it did, needs no more. */
	if (t == rq->current || t->queued)
		return;
	if (t->slice > 0 || rq->current == &rq->idle)
		thread_need_resched = true;
	enqueue(rq, t, false);
	slice_timer_start(rq);
}

void thread_sleep(void)
{
	while (this_rq()->current->state == THREAD_ASLEEP)
		schedule();
}

bool thread_may_sleep(void)
{
	struct run_queue *rq = this_rq();

	return rq->current && rq->current != &rq->idle && !in_softirq() && !in_hardirq() &&
	       arch_irqs_enabled();
}

/* ---- Beginning and ending */

/* Frees what ended threads left. Thread. */
static void reap(struct run_queue *rq)
{
	while (!list_empty(&rq->dead)) {
		unsigned long flags = arch_irq_save();
		struct thread *t = NULL;

		if (!list_empty(&rq->dead)) {
			t = list_first_entry(&rq->dead, struct thread, run_link);
			list_del(&t->run_link);
		}
		arch_irq_restore(flags);
		if (t) {
			stack_free(t->stack, t->stack_size);
			kfree(t);
		}
	}
}

void thread_exit(void)
{
	struct run_queue *rq = this_rq();
	struct thread *t = rq->current;

	arch_irq_disable();
	t->state = THREAD_DEAD;
	if (rq->fpu_owner == t)
		rq->fpu_owner = NULL;
	list_del(&t->all_link);
	nr_threads--;
	list_add_tail(&t->run_link, &rq->dead);
	schedule();
	panic("thread %s: runs after its end", t->name);
}

static void thread_entry(void)
{
	struct thread *t = this_rq()->current;

	arch_irq_enable();
	t->fn(t->arg);
	thread_exit();
}

static void thread_setup(struct thread *t, const char *name)
{
	t->id = last_id++;
	t->slice = SLICE_NS;
	strscpy(t->name, name, sizeof(t->name));
	ktimer_init(&t->timeout, NULL, NULL);
}

static void stack_mark(struct thread *t)
{
	for (size_t at = 0; at < t->stack_size; at += STACK_STRIDE)
		*(u64 *)((char *)t->stack + at) = STACK_PATTERN;
}

static size_t stack_used(const struct thread *t)
{
	u64 untouched = t->id ? STACK_PATTERN : 0; /* the boot stack began cleared */
	size_t at = 0;

	while (at < t->stack_size && *(const u64 *)((const char *)t->stack + at) == untouched)
		at += STACK_STRIDE;
	return t->stack_size - at;
}

int thread_create(const char *name, void (*fn)(void *arg), void *arg, size_t stack_size, int *id)
{
	struct run_queue *rq = this_rq();
	struct thread *t;
	unsigned long flags;

	reap(rq);
	if (nr_threads >= MAX_THREADS)
		return -EAGAIN;
	t = kzalloc(sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->stack_size =
		ALIGN(max(stack_size ? stack_size : DEFAULT_STACK, (size_t)MIN_STACK), PAGE_SIZE);
	t->stack = stack_alloc(t->stack_size);
	if (!t->stack) {
		kfree(t);
		return -ENOMEM;
	}
	stack_mark(t);
	t->fn = fn;
	t->arg = arg;
	t->fpu = t->fpu_area;
	arch_fpu_init(t->fpu);
	arch_context_init(&t->context, (char *)t->stack + t->stack_size, thread_entry);

	flags = arch_irq_save();
	thread_setup(t, name);
	if (id)
		*id = t->id;
	list_add_tail(&t->all_link, &all_threads);
	nr_threads++;
	t->queued = true;
	list_add_tail(&t->run_link, &rq->ready);
	slice_timer_start(rq);
	arch_irq_restore(flags);
	return 0;
}

void thread_without_fpu(void)
{
	struct run_queue *rq = this_rq();
	unsigned long flags = arch_irq_save();

	rq->current->fpu = NULL;
	if (rq->fpu_owner == rq->current)
		rq->fpu_owner = NULL;
	arch_irq_restore(flags);
}

void thread_init(void)
{
	struct run_queue *rq = this_rq();

	INIT_LIST_HEAD(&rq->ready);
	INIT_LIST_HEAD(&rq->dead);
	ktimer_init(&rq->slice_timer, slice_timer_fired, rq);
	rq->idle.stack = arch_boot_stack(&rq->idle.stack_size);
	thread_setup(&rq->idle, "idle");
	list_add_tail(&rq->idle.all_link, &all_threads);
	rq->accounted_at = clock_ns();
	rq->current = &rq->idle;
}

void thread_idle(void)
{
	struct run_queue *rq = this_rq();

	for (;;) {
		reap(rq);
		arch_irq_disable();
		if (!list_empty(&rq->ready)) {
			schedule();
			arch_irq_enable();
		} else {
			arch_idle();
		}
	}
}

/* ---- Other threads */

static struct thread *find(int id)
{
	struct thread *t;

	list_for_each_entry (t, &all_threads, all_link)
		if (t->id == id)
			return t;
	return NULL;
}

int thread_kill(int id)
{
	unsigned long flags = arch_irq_save();
	struct thread *t = find(id);

	if (t && t != &this_rq()->idle) {
		t->killed = true;
		if (t->interruptible)
			thread_make_ready(t, -EINTR);
	}
	arch_irq_restore(flags);
	return t && t != &this_rq()->idle ? 0 : -ESRCH;
}

int thread_interrupt(int id)
{
	unsigned long flags = arch_irq_save();
	struct thread *t = find(id);

	if (t && t->interruptible)
		thread_make_ready(t, -EINTR);
	else if (t)
		t->interrupted = true;
	arch_irq_restore(flags);
	return t ? 0 : -ESRCH;
}

const struct thread *thread_of_guard(u64 addr)
{
	struct thread *t;

	list_for_each_entry (t, &all_threads, all_link)
		if ((u64)t->stack - addr <= PAGE_SIZE && t != &this_rq()->idle)
			return t;
	return NULL;
}

/* The thread with the lowest id above *id; moves *id. */
static bool next_info(int *id, struct thread_info *ti)
{
	unsigned long flags = arch_irq_save();
	struct thread *t, *found = NULL;

	list_for_each_entry (t, &all_threads, all_link)
		if (t->id > *id && (!found || t->id < found->id))
			found = t;
	if (found) {
		account(this_rq());
		*ti = (struct thread_info){.id = found->id,
					   .state = found->state == THREAD_ASLEEP ? 'S' : 'R',
					   .cpu_ns = found->cpu_ns,
					   .stack_used = stack_used(found),
					   .stack_size = found->stack_size};
		memcpy(ti->name, found->name, sizeof(ti->name));
		*id = found->id;
	}
	arch_irq_restore(flags);
	return found;
}

void thread_for_each(void (*fn)(void *arg, const struct thread_info *ti), void *arg)
{
	struct thread_info ti;

	for (int id = -1; next_info(&id, &ti);)
		fn(arg, &ti);
}
