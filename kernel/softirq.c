/* SPDX-License-Identifier: MIT */
/*
 * Softirqs, and the thread that goes on when they do not end.
 *
 * softirq_raised has a bit per body to run, softirq_disabled counts the reasons not to. Both are touched by interrupts only
 * in ways that leave the interrupted code's view right: bits are set by one instruction, the count comes back as it
 * was. Bodies run in rounds: what is raised during a round belongs to the next. After RESTARTS rounds or ROUNDS_NS, or
 * when a round woke a thread that should run, the rest is ksoftirqd's, which takes turns with the other threads; until it
 * is done interrupts only raise.
 */
#include "kernel/softirq.h"
#include "kernel/arch.h"
#include "kernel/clock.h"
#include "kernel/printk.h"
#include "lib/errno.h"

#define RESTARTS  10
#define ROUNDS_NS (2 * NSEC_PER_MSEC)

/*
 * QEMU sizes the TLB it emulates when it is flushed and only then, by how full it was. This kernel has no other reason to
 * flush, and would keep the 256 entries of the start: a third of the time that a packet takes with 100,000 routes.
 */
#define ROUNDS_PER_TLB_FLUSH 512

u32 softirq_raised, softirq_disabled;

static struct {
	void (*fn)(void *arg);
	void *arg;
} bodies[NR_SOFTIRQS];

static struct wait_queue ksoftirqd_wait = {LIST_HEAD_INIT(ksoftirqd_wait.waiters)};
static bool ksoftirqd_turn; /* it has work, or is at it */
static struct softirq_stats stats;

void open_softirq(unsigned int nr, void (*fn)(void *arg), void *arg)
{
	bodies[nr].fn = fn;
	bodies[nr].arg = arg;
}

/* One round. Softirqs disabled, interrupts off; they are on while bodies run. */
static void run_round(void *unused)
{
	u32 raised = softirq_raised;

	(void)unused;
	softirq_raised = 0;
	if (++stats.runs % ROUNDS_PER_TLB_FLUSH == 0)
		arch_flush_tlb();
	arch_irq_enable();
	while (raised) {
		unsigned int nr = (unsigned int)__builtin_ctz(raised);

		raised &= raised - 1;
		bodies[nr].fn(bodies[nr].arg);
	}
	arch_irq_disable();
}

static void hand_over(void)
{
	stats.wakeups++;
	ksoftirqd_turn = true;
	wake_up_all(&ksoftirqd_wait);
}

/* On the softirq stack. */
static void run_rounds(void *arg)
{
	int restarts = RESTARTS;
	u64 end = 0;

	(void)arg;
	for (;;) {
		run_round(NULL);
		if (!softirq_raised)
			return;
		if (!end)
			end = clock_ns() + ROUNDS_NS;
		/* Whoever was woken has packets to take from a queue that more of them would overflow. */
		if (thread_need_resched || !--restarts || clock_ns() > end)
			break;
		stats.restarts++;
	}
	hand_over();
}

/* Interrupts off, softirqs not disabled, something raised. */
static void run_now(void)
{
	softirq_disabled++;
	arch_call_on_stack(softirq_stack_top, run_rounds, NULL);
	softirq_disabled--;
}

void softirq_irq_exit(void)
{
	if (softirq_raised && !softirq_disabled && !ksoftirqd_turn)
		run_now();
}

void softirq_catch_up(void)
{
	bool enabled = arch_irqs_enabled();

	arch_irq_disable();
	if (softirq_raised && !softirq_disabled && !ksoftirqd_turn) {
		if (enabled)
			run_now();
		else /* the caller relies on nothing else running */
			hand_over();
	}
	if (enabled && thread_need_resched && !softirq_disabled)
		thread_preempt();
	if (enabled)
		arch_irq_enable();
}

void *bh_catch_up(void *p)
{
	softirq_catch_up();
	return p;
}

void raise_softirq(unsigned int nr)
{
	__atomic_fetch_or(&softirq_raised, 1U << nr, __ATOMIC_RELAXED);
	if (!softirq_disabled && !arch_on_irq_stack())
		softirq_catch_up();
}

/*
 * A round at a time. Whoever was woken since the last turn comes first: the packets of more rounds would overflow its
 * queue. If nobody was, a turn lasts as long as any thread's, lest one that spins gets nearly all of the time.
 */
static void ksoftirqd(void *arg)
{
	u32 wakeups = 0;

	(void)arg;
	thread_without_fpu();
	for (;;) {
		local_bh_disable();
		while (!ksoftirqd_turn)
			if (wait_queue_sleep(&ksoftirqd_wait, U64_MAX) == -EINTR)
				panic("ksoftirqd was killed");
		arch_irq_disable();
		if (softirq_raised)
			arch_call_on_stack(softirq_stack_top, run_round, NULL);
		ksoftirqd_turn = softirq_raised;
		arch_irq_enable();
		local_bh_enable();
		if (ksoftirqd_turn && wakeups != READ_ONCE(thread_wakeups))
			thread_yield();
		wakeups = READ_ONCE(thread_wakeups);
	}
}

void softirq_init(void)
{
	if (thread_create("ksoftirqd", ksoftirqd, NULL, 0, NULL))
		panic("no memory for ksoftirqd");
}

void softirq_get_stats(struct softirq_stats *st)
{
	local_bh_disable();
	*st = stats;
	local_bh_enable();
}
