/* SPDX-License-Identifier: MIT */
/*
 * The timer wheel against an oracle that keeps a plain array, under random operations and random
 * steps of time.
 */
#include "lib/timer_wheel.h"
#include "tests/unit/harness.h"

#define TIMERS 200

struct tracked {
	struct timer timer;
	u64 expires;
	bool armed;
};

static struct timer_wheel wheel;
static struct tracked timers[TIMERS];
static u64 now;
static unsigned int fired;

static void set(struct tracked *t, u64 expires)
{
	cr_assert_eq(mod_timer(&wheel, &t->timer, expires), t->armed);
	t->expires = expires;
	t->armed = true;
	cr_assert(timer_pending(&t->timer));
}

static void clear(struct tracked *t)
{
	cr_assert_eq(del_timer(&wheel, &t->timer), t->armed);
	t->armed = false;
	cr_assert_not(timer_pending(&t->timer));
}

/*
 * Checks that it was due, then does what timer functions do: re-arms itself, stops others, arms
 * others.
 */
static void on_timer(struct timer *timer, u64 at)
{
	struct tracked *t = container_of(timer, struct tracked, timer);

	cr_assert_eq(at, now);
	cr_assert(t->armed, "fired without being armed");
	cr_assert_leq(t->expires, now, "fired early");
	t->armed = false;
	fired++;
	switch (rnd_below(6)) {
	case 0:
		set(t, now + rnd_below(100000000));
		break;
	case 1:
		clear(&timers[rnd_below(TIMERS)]);
		break;
	case 2:
		set(&timers[rnd_below(TIMERS)], now);
		break;
	}
}

/* From nanoseconds to years. */
static u64 random_span(void)
{
	return rnd() >> (4 + rnd_below(60));
}

static void begin(u64 time)
{
	now = time;
	fired = 0;
	timer_wheel_init(&wheel, now);
	for (int i = 0; i < TIMERS; i++) {
		timer_setup(&timers[i].timer, on_timer);
		timers[i].armed = false;
	}
}

static u64 earliest(void)
{
	u64 first = U64_MAX;

	for (int i = 0; i < TIMERS; i++) {
		if (timers[i].armed)
			first = min(first, timers[i].expires);
	}
	return first;
}

static void run_and_check(void)
{
	timer_wheel_run(&wheel, now);
	for (int i = 0; i < TIMERS; i++) {
		if (timers[i].armed)
			cr_assert_gt(timers[i].expires + TIMER_TICK_NS, now,
				     "overdue by more than a tick");
	}
}

WEIR_TEST(timer_wheel, against_the_oracle)
{
	for (int world = 0; world < 40; world++) {
		begin(random_span());
		for (int step = 0; step < 2000; step++) {
			struct tracked *t = &timers[rnd_below(TIMERS)];
			u64 next;

			if (rnd_below(3))
				set(t, now + random_span());
			else
				clear(t);
			next = timer_wheel_next(&wheel);
			if (earliest() != U64_MAX)
				cr_assert_leq(next, max(earliest(), now) + 2 * TIMER_TICK_NS);
			else
				cr_assert_eq(next, U64_MAX);
			now = rnd_below(2) && next != U64_MAX ? max(now, next)
							      : now + random_span() / 64;
			run_and_check();
		}
		cr_assert_gt(fired, 0);
	}
}

/*
 * Whoever sleeps until timer_wheel_next() each time misses nothing, and does not wake for every
 * tick.
 */
WEIR_TEST(timer_wheel, sleeping_from_next_to_next)
{
	unsigned int wakeups = 0;

	begin(0);
	set(&timers[0], 30 * 86400 * NSEC_PER_SEC + 12345);
	while (!fired && wakeups++ < 100) {
		u64 next = timer_wheel_next(&wheel);

		cr_assert_gt(next, now);
		now = next;
		timer_wheel_run(&wheel, now);
	}
	cr_assert_eq(fired, 1);
	cr_assert_leq(wakeups, TIMER_LEVELS);
	cr_assert_leq(now, 30 * 86400 * NSEC_PER_SEC + 12345 + TIMER_TICK_NS);
}

static void on_rearm(struct timer *timer, u64 at)
{
	fired++;
	mod_timer(&wheel, timer, at);
}

WEIR_TEST(timer_wheel, a_timer_that_rearms_itself_for_now_does_not_hold_the_wheel)
{
	begin(5 * NSEC_PER_SEC);
	timer_setup(&timers[0].timer, on_rearm);
	mod_timer(&wheel, &timers[0].timer, now);
	for (int i = 1; i <= 10; i++) {
		timer_wheel_run(&wheel, now);
		cr_assert_eq(fired, (unsigned int)i);
		now += TIMER_TICK_NS;
	}
}

static unsigned int order[4], nr_order;

static void on_order(struct timer *timer, u64 at)
{
	(void)at;
	order[nr_order++] = container_of(timer, struct tracked, timer) - timers;
}

WEIR_TEST(timer_wheel, runs_in_order_of_ticks_after_a_long_sleep)
{
	static const u64 ms[] = {70000, 3, 5000, 64};

	begin(0);
	for (int i = 0; i < 4; i++) {
		timer_setup(&timers[i].timer, on_order);
		mod_timer(&wheel, &timers[i].timer, ms[i] * NSEC_PER_MSEC);
	}
	timer_wheel_run(&wheel, 3600 * NSEC_PER_SEC);
	cr_assert_eq(nr_order, 4);
	cr_assert(order[0] == 1 && order[1] == 3 && order[2] == 2 && order[3] == 0);
}

WEIR_TEST(timer_wheel, the_far_future_stays_there)
{
	begin(0);
	set(&timers[0], U64_MAX);
	for (int i = 0; i < 50; i++) {
		now += 86400 * 365 * NSEC_PER_SEC;
		timer_wheel_run(&wheel, now);
	}
	cr_assert_eq(fired, 0);
	clear(&timers[0]);
	cr_assert_eq(timer_wheel_next(&wheel), U64_MAX);
}
