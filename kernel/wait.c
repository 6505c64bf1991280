/* SPDX-License-Identifier: MIT */
/*
 * Wait queues, sleeping, and the lock that sleeps.
 *
 * A waiter is on its queue from before softirqs are enabled until it is woken or gives up, so nothing that happens
 * in between is missed. Queues are guarded by switching interrupts off. Whoever wakes takes the waiter off.
 */
#include "kernel/clock.h"
#include "kernel/softirq.h"
#include "kernel/thread_impl.h"
#include "lib/errno.h"

void wait_queue_init(struct wait_queue *wq)
{
	INIT_LIST_HEAD(&wq->waiters);
}

static void timed_out(void *arg)
{
	thread_make_ready(arg, -ETIMEDOUT);
}

/* Interrupts off. wq NULL: only the deadline or the end wakes. */
static void fall_asleep(struct thread *t, struct wait_queue *wq, u64 deadline_ns,
			bool interruptible)
{
	t->state = THREAD_ASLEEP;
	t->interruptible = interruptible;
	if (wq)
		list_add_tail(&t->wait_link, &wq->waiters);
	if (deadline_ns != U64_MAX) {
		t->timeout.fn = timed_out;
		t->timeout.arg = t;
		ktimer_start(&t->timeout, deadline_ns);
	}
	if (interruptible && (t->killed || t->interrupted)) {
		t->interrupted = false;
		thread_make_ready(t, -EINTR);
	}
}

/* Interrupts off. Returns why it was woken. */
static int wake(struct thread *t, u64 deadline_ns)
{
	t->interruptible = false;
	if (t->wait_link.next)
		list_del(&t->wait_link);
	if (deadline_ns != U64_MAX)
		ktimer_cancel(&t->timeout);
	return t->wake_reason;
}

int wait_queue_sleep(struct wait_queue *wq, u64 deadline_ns)
{
	struct thread *t = current_thread();
	unsigned long flags = arch_irq_save();
	int reason;

	fall_asleep(t, wq, deadline_ns, true);
	arch_irq_restore(flags);
	local_bh_enable();

	arch_irq_disable();
	thread_sleep();
	reason = wake(t, deadline_ns);
	arch_irq_restore(flags);
	local_bh_disable();
	return reason;
}

int thread_sleep_until(u64 deadline_ns)
{
	struct thread *t = current_thread();
	unsigned long flags = arch_irq_save();
	int reason;

	fall_asleep(t, NULL, deadline_ns, true);
	thread_sleep();
	reason = wake(t, deadline_ns);
	arch_irq_restore(flags);
	return reason == -EINTR ? -EINTR : 0;
}

bool thread_pause(u64 ns)
{
	struct thread *t = current_thread();
	u64 deadline = clock_ns() + ns;

	if (!thread_may_sleep())
		return false;
	arch_irq_disable();
	fall_asleep(t, NULL, deadline, false);
	thread_sleep();
	wake(t, deadline);
	arch_irq_enable();
	return true;
}

static void wake_first(struct wait_queue *wq)
{
	struct thread *t = list_first_entry(&wq->waiters, struct thread, wait_link);

	list_del(&t->wait_link);
	thread_make_ready(t, 0);
}

void wake_up_all(struct wait_queue *wq)
{
	unsigned long flags;

	if (list_empty(&wq->waiters))
		return;
	flags = arch_irq_save();
	while (!list_empty(&wq->waiters))
		wake_first(wq);
	arch_irq_restore(flags);
}

void wake_up_one(struct wait_queue *wq)
{
	unsigned long flags;

	if (list_empty(&wq->waiters))
		return;
	flags = arch_irq_save();
	if (!list_empty(&wq->waiters))
		wake_first(wq);
	arch_irq_restore(flags);
}

/* ---- Mutex */

void mutex_init(struct mutex *m)
{
	m->owner = NULL;
	m->depth = 0;
	wait_queue_init(&m->waiters);
}

bool mutex_trylock(struct mutex *m)
{
	struct thread *t = current_thread();
	unsigned long flags = arch_irq_save();
	bool ours = !m->owner || m->owner == t;

	if (ours) {
		m->owner = t;
		m->depth++;
	}
	arch_irq_restore(flags);
	return ours;
}

void mutex_lock(struct mutex *m)
{
	struct thread *t = current_thread();
	unsigned long flags = arch_irq_save();

	while (m->owner && m->owner != t) {
		fall_asleep(t, &m->waiters, U64_MAX, false);
		thread_sleep();
		wake(t, U64_MAX);
	}
	m->owner = t;
	m->depth++;
	arch_irq_restore(flags);
}

void mutex_unlock(struct mutex *m)
{
	unsigned long flags = arch_irq_save();

	if (!--m->depth) {
		m->owner = NULL;
		wake_up_one(&m->waiters);
	}
	arch_irq_restore(flags);
}
