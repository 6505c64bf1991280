/* SPDX-License-Identifier: MIT */
/*
 * Monotonic and wall clock from the TSC; the boot's time line.
 *
 * A line (cycles, nanoseconds, slope) turns cycles into time. The measurement at boot takes a millisecond and is
 * good to some thousandths; a timer measures again over ever longer stretches against the reference clock and
 * each time begins a new line where the old one ends, so that time bends and never jumps. Lines are never
 * changed once in use: a reader that was interrupted only has to see that it used the current one.
 */
#include "boot/boot_info.h"
#include "kernel/arch.h"
#include "kernel/clock.h"
#include "kernel/ktimer.h"
#include "kernel/printk.h"

struct line {
	u64 cycles; /* where it begins */
	u64 offset; /* of the time from that which the slope alone gives, modulo 2^64 */
	u64 slope;  /* nanoseconds per cycle, times 2^32 */
};

/* How long after the boot's measurement it is refined. Each stretch leaves the last one's error below half a wrap of the reference. */
static const u64 refine_at[] = {50 * NSEC_PER_MSEC, 500 * NSEC_PER_MSEC, 5 * NSEC_PER_SEC,
				50 * NSEC_PER_SEC, 500 * NSEC_PER_SEC};

static struct line lines[1 + ARRAY_SIZE(refine_at)];
static const struct line *current_line = &lines[0];
static u64 cycles_hz;
static u64 wall_offset;
static bool wall_known;

static struct ktimer refine_timer;
static unsigned int refined;
static u64 ref_cycles, ref_ns; /* the stretch's beginning */

static u64 scale(u64 cycles, u64 slope)
{
	return (u64)((unsigned __int128)cycles * slope >> 32);
}

static u64 slope_of(u64 ns, u64 cycles)
{
	return (u64)(((unsigned __int128)ns << 32) / cycles);
}

static u64 time_at(const struct line *l, u64 cycles)
{
	return l->offset + scale(cycles, l->slope);
}

/* The line through a point. */
static struct line line_from(u64 cycles, u64 ns, u64 slope)
{
	return (struct line){cycles, ns - scale(cycles, slope), slope};
}

u64 clock_ns(void)
{
	const struct line *l;
	u64 cycles;

	do {
		l = current_line;
		barrier();
		cycles = arch_cycles();
		barrier();
	} while (unlikely(l != current_line));
	return time_at(l, cycles);
}

u64 clock_from_cycles(u64 cycles)
{
	const struct line *l = current_line;

	while (l > lines && cycles < l->cycles)
		l--;
	return time_at(l, cycles);
}

u64 clock_cycles_hz(void)
{
	return cycles_hz;
}

/* The battery-backed clock is slow to read and few ask: it is read when the first one does. */
u64 clock_wall_ns(void)
{
	if (unlikely(!READ_ONCE(wall_known)))
		clock_set_wall(arch_rtc_seconds() * NSEC_PER_SEC);
	return clock_ns() + READ_ONCE(wall_offset);
}

void clock_set_wall(u64 ns)
{
	WRITE_ONCE(wall_offset, ns - clock_ns());
	WRITE_ONCE(wall_known, true);
}

void udelay(u32 us)
{
	u64 end = clock_ns() + us * NSEC_PER_USEC;

	while (clock_ns() < end)
		arch_relax();
}

/* A new line from here on. */
static void bend(u64 slope)
{
	unsigned long flags = local_irq_save();
	const struct line *old = current_line;
	struct line *new = &lines[old - lines + 1];
	u64 now = arch_cycles();

	*new = line_from(now, time_at(old, now), slope);
	barrier();
	current_line = new;
	cycles_hz = slope_of(NSEC_PER_SEC, slope);
	local_irq_restore(flags);
}

/* A reference that stopped or was reprogrammed is not one. */
static bool believable(u64 ns, u64 about)
{
	return ns > about - about / 50 && ns < about + about / 50;
}

static void refine(void *arg)
{
	u64 cycles, ns, wrap, about, wraps;

	(void)arg;
	if (!arch_reference_clock(&cycles, &ns, &wrap))
		return;
	/* The reference wraps many times in a stretch; how often, the present slope knows well enough. */
	about = scale(cycles - ref_cycles, current_line->slope);
	ns = (ns + wrap - ref_ns) % wrap;
	wraps = about > ns ? (about - ns + wrap / 2) / wrap : 0;
	ns += wraps * wrap;
	if (believable(ns, about))
		bend(slope_of(ns, cycles - ref_cycles));
	if (++refined < ARRAY_SIZE(refine_at))
		ktimer_start(&refine_timer, clock_ns() + refine_at[refined]);
}

void clock_init(u64 entry_cycles)
{
	cycles_hz = arch_cycles_hz();
	lines[0] = line_from(entry_cycles, 0, slope_of(NSEC_PER_SEC, cycles_hz));
}

void clock_start(u64 wall_seconds)
{
	u64 wrap;

	if (wall_seconds)
		clock_set_wall(wall_seconds * NSEC_PER_SEC);
	if (arch_reference_clock(&ref_cycles, &ref_ns, &wrap)) {
		ktimer_init(&refine_timer, refine, NULL);
		ktimer_start(&refine_timer, clock_ns() + refine_at[0]);
	}
}
