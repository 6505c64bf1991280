/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers: a sorted list (they are few), and the hardware's timer set to the first. A hardware timer that
 * is still set for one that was cancelled fires for nothing, once. Interrupts off guards the list.
 */
#include "kernel/ktimer.h"
#include "kernel/arch.h"
#include "kernel/clock.h"
#include "kernel/random.h"

static struct list_head timers = LIST_HEAD_INIT(timers);
static u64 armed = U64_MAX; /* what the hardware is set to */

static void arm(void)
{
	u64 first = U64_MAX;

	if (!list_empty(&timers))
		first = list_first_entry(&timers, struct ktimer, link)->deadline;
	/* An interrupt too early costs less than setting the hardware each time. */
	if (first < armed) {
		armed = first;
		arch_timer_oneshot(first);
	}
}

static void expired(void)
{
	armed = U64_MAX;
	add_interrupt_randomness();
	while (!list_empty(&timers)) {
		struct ktimer *t = list_first_entry(&timers, struct ktimer, link);

		if (t->deadline > clock_ns())
			break;
		list_del(&t->link);
		t->fn(t->arg);
	}
	arm();
}

void ktimers_init(void)
{
	arch_timer_init(expired);
}

void ktimer_init(struct ktimer *t, void (*fn)(void *arg), void *arg)
{
	*t = (struct ktimer){.fn = fn, .arg = arg};
}

void ktimer_start(struct ktimer *t, u64 deadline_ns)
{
	unsigned long flags = arch_irq_save();
	struct list_head *at = timers.prev;

	if (t->link.next) {
		if (at == &t->link)
			at = at->prev;
		list_del(&t->link);
	}
	t->deadline = deadline_ns;
	while (at != &timers && list_entry(at, struct ktimer, link)->deadline > deadline_ns)
		at = at->prev;
	list_add(&t->link, at);
	arm();
	arch_irq_restore(flags);
}

void ktimer_cancel(struct ktimer *t)
{
	unsigned long flags = arch_irq_save();

	if (t->link.next)
		list_del(&t->link);
	arch_irq_restore(flags);
}
