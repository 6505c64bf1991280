/* SPDX-License-Identifier: MIT */
/* Selftests of what threads and interrupts hand to each other: softirqs, timers, the log, randomness. */
#include "kernel/arch.h"
#include "kernel/clock.h"
#include "kernel/ktimer.h"
#include "kernel/printk.h"
#include "kernel/random.h"
#include "kernel/selftest.h"
#include "kernel/softirq.h"
#include "lib/string.h"

#define TEST_SOFTIRQ (NR_SOFTIRQS - 1)

static bool claim(bool ok, const char *what)
{
	if (!ok)
		pr_err("not so: %s", what);
	return ok;
}

#define CLAIM(cond) claim(cond, #cond)

static void sleep_ms(u64 ms)
{
	thread_sleep_until(clock_ns() + ms * NSEC_PER_MSEC);
}

/* ---- softirqs */

static volatile u64 rounds;
static volatile bool again;

static void body(void *arg)
{
	(void)arg;
	rounds++;
	if (again)
		raise_softirq(TEST_SOFTIRQ);
}

static bool softirqs_wait(void)
{
	bool ok;

	rounds = 0;
	local_bh_disable();
	local_bh_disable();
	raise_softirq(TEST_SOFTIRQ);
	ok = CLAIM(in_softirq()) && CLAIM(!rounds);
	local_bh_enable();
	ok &= CLAIM(!rounds);
	local_bh_enable();
	ok &= CLAIM(rounds == 1) && CLAIM(!in_softirq());
	raise_softirq(TEST_SOFTIRQ);
	ok &= CLAIM(rounds == 2);

	arch_irq_disable();
	raise_softirq(TEST_SOFTIRQ);
	ok &= CLAIM(rounds == 2) && CLAIM(!arch_irqs_enabled());
	arch_irq_enable();
	sleep_ms(5);
	return ok & CLAIM(rounds == 3);
}

/* One that always wants to run again, beside a thread that always runs. */
static bool softirqs_and_threads_take_turns(void)
{
	struct softirq_stats before, after;
	u64 end = clock_ns() + 200 * NSEC_PER_MSEC, turns = 0, last;

	softirq_get_stats(&before);
	rounds = last = 0;
	again = true;
	raise_softirq(TEST_SOFTIRQ);
	while (clock_ns() < end) {
		if (rounds != last)
			turns++;
		last = rounds;
	}
	again = false;
	sleep_ms(5);
	last = rounds;
	sleep_ms(5);
	softirq_get_stats(&after);
	pr_info("%llu rounds, seen in %llu turns; ksoftirqd was woken %llu times",
		(unsigned long long)last, (unsigned long long)turns,
		(unsigned long long)(after.wakeups - before.wakeups));
	return CLAIM(turns > 5) && CLAIM(after.wakeups > before.wakeups) && CLAIM(last == rounds);
}

static bool softirq_test(void)
{
	open_softirq(TEST_SOFTIRQ, body, NULL);
	return softirqs_wait() && softirqs_and_threads_take_turns();
}
SELFTEST("softirq", "softirqs that wait, and one without end beside a thread", softirq_test, false);

/* ---- timers */

#define NR_TIMERS 32

static struct timed {
	struct ktimer timer;
	u64 deadline, fired;
} timed[NR_TIMERS];
static volatile int nr_fired, out_of_order;
static u64 last_deadline;

static void fired(void *arg)
{
	struct timed *t = arg;

	t->fired = clock_ns();
	out_of_order += t->deadline < last_deadline;
	last_deadline = t->deadline;
	nr_fired++;
}

static bool timer_test(void)
{
	u64 now = clock_ns(), latest = 0;
	int early = 0;

	for (int i = 0; i < NR_TIMERS; i++) {
		struct timed *t = &timed[i];

		t->deadline = now + (1 + (u64)(i * 13 % NR_TIMERS)) * NSEC_PER_MSEC;
		ktimer_init(&t->timer, fired, t);
		ktimer_start(&t->timer, t->deadline + 100 * NSEC_PER_MSEC);
	}
	for (int i = 0; i < NR_TIMERS; i++) /* sooner */
		ktimer_start(&timed[i].timer, timed[i].deadline);
	ktimer_cancel(&timed[3].timer);
	ktimer_cancel(&timed[3].timer);
	sleep_ms(200);
	for (int i = 0; i < NR_TIMERS; i++) {
		if (i == 3)
			continue;
		early += timed[i].fired < timed[i].deadline;
		latest = max(latest, timed[i].fired - timed[i].deadline);
	}
	pr_info("the latest of %d timers was %llu us late", nr_fired,
		(unsigned long long)(latest / NSEC_PER_USEC));
	return CLAIM(nr_fired == NR_TIMERS - 1) && CLAIM(!timed[3].fired) && CLAIM(!early) &&
	       CLAIM(!out_of_order);
}
SELFTEST("timers", "timers fire in order, never early; moved and cancelled ones too", timer_test,
	 false);

/* ---- the log */

#define LINES 3000

struct log_walk {
	u64 next, lines;
	bool ok;
};

/* "line N": N must be one more than the last; whatever else was logged is skipped. */
static void check_line(void *arg, u64 ns, int level, const char *text, size_t len)
{
	struct log_walk *w = arg;
	u64 n = 0;

	(void)ns;
	if (level != KERN_DEBUG || len < 5 || memcmp(text, "line ", 5) != 0)
		return;
	for (size_t i = 5; i < len && text[i] != ':'; i++)
		n = n * 10 + (u64)(text[i] - '0');
	w->ok &= !w->lines++ || n == w->next;
	w->next = n + 1;
}

static void count_lines(void *arg, u64 ns, int level, const char *text, size_t len)
{
	(void)ns, (void)level, (void)text, (void)len;
	++*(u64 *)arg;
}

static bool log_test(void)
{
	static const char filler[] =
		"................................................................";
	struct log_walk w = {.ok = true};
	u64 lines = 0;

	printk_set_console_level(KERN_INFO);
	for (int i = 0; i < LINES; i++)
		pr_debug("line %d: %.*s", i, i % (int)sizeof(filler), filler);
	printk_for_each(check_line, &w);
	pr_info("%llu lines of %d are kept", (unsigned long long)w.lines, LINES);
	if (!CLAIM(w.ok) || !CLAIM(w.next == LINES) || !CLAIM(w.lines > 100))
		return false;
	printk_clear();
	printk_for_each(count_lines, &lines);
	return CLAIM(!lines);
}
SELFTEST("log", "the log's ring runs over", log_test, false);

/* ---- randomness */

#define BLOCKS 128

/* Adds up how often each bit of a word is set; false: a word came twice in a row. */
static bool count_ones(u64 ones[64], u64 *last)
{
	u64 words[64];
	bool differ = true;

	get_random_bytes(words, sizeof(words));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		differ &= words[i] != *last;
		*last = words[i];
		for (int b = 0; b < 64; b++)
			ones[b] += words[i] >> b & 1;
	}
	return differ;
}

static bool random_test(void)
{
	u64 ones[64] = {0}, last = 0;
	bool ok = true;

	for (int i = 0; i < BLOCKS; i++)
		ok &= CLAIM(count_ones(ones, &last));
	/* 8192 throws each: the standard deviation is 45, and six of them never happen. */
	for (int b = 0; b < 64; b++)
		ok &= ones[b] > 4096 - 272 && ones[b] < 4096 + 272;
	pr_info("from %s", random_sources());
	return ok;
}
SELFTEST("random", "random bits are even and do not repeat", random_test, false);
