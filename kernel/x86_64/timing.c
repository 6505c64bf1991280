/* SPDX-License-Identifier: MIT */
/*
 * How fast TSC and local APIC timer count: told by CPUID or measured against the PIT; the slow clock that the
 * measurement is refined with later.
 *
 * A host that takes the processor away in the middle of a reading spoils it, so readings are bracketed by the TSC
 * and a slow one is taken again, and the median of several short runs counts.
 * microvm has no PIT channel 2 and no port 0x61: channel 0 is used, without its interrupt.
 * Intel 8254 data sheet; Intel SDM vol. 3 s19.7.3 (CPUID 0x15).
 */
#include "kernel/arch.h"
#include "kernel/io.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/cpu.h"

#define PIT_HZ         1193182ULL
#define PIT_CHANNEL0   0x40
#define PIT_COMMAND    0x43
#define PIT_MODE2_LOHI 0x34 /* channel 0, both bytes, rate generator */
#define PIT_LATCH0     0x00
#define PIT_PERIOD     65536ULL

#define RUNS      3
#define RUN_TICKS 84 /* 70 us: enough for the first 50 ms, then it is refined */
#define TRIES     4
#define GIVE_UP   (1ULL << 26) /* cycles: some 20 ms without the PIT moving */

#define HZ_WITHOUT_ANY_CLOCK 1000000000ULL

static u64 lapic_hz;

struct reading {
	u64 cycles; /* half-way through */
	u64 slack;  /* cycles it took */
	u32 ticks;  /* the PIT's, counting down */
	u32 lapic;
};

static u32 pit_latched(void)
{
	u32 lo = inb(PIT_CHANNEL0);

	return lo | (u32)inb(PIT_CHANNEL0) << 8;
}

/* The quickest of a few. */
static struct reading read_all(void)
{
	struct reading best = {.slack = U64_MAX};

	for (int i = 0; i < TRIES; i++) {
		u64 before = arch_cycles(), slack;
		u32 lapic, ticks;

		outb(PIT_COMMAND, PIT_LATCH0);
		lapic = lapic_timer_counted();
		slack = arch_cycles() - before;
		ticks = pit_latched();
		if (slack < best.slack)
			best = (struct reading){before + slack / 2, slack, ticks, lapic};
	}
	return best;
}

static u32 ticks_between(u32 from, u32 to)
{
	return (from - to) & (PIT_PERIOD - 1);
}

struct rate {
	u64 tsc, lapic;
};

/* False: the PIT does not count. */
static bool measure(struct rate *r)
{
	struct reading start = read_all(), end;
	u32 ticks;

	do {
		if (arch_cycles() - start.cycles > GIVE_UP)
			return false;
		outb(PIT_COMMAND, PIT_LATCH0);
	} while (ticks_between(start.ticks, pit_latched()) < RUN_TICKS);
	end = read_all();
	ticks = ticks_between(start.ticks, end.ticks);
	r->tsc = (end.cycles - start.cycles) * PIT_HZ / ticks;
	r->lapic = (u64)(end.lapic - start.lapic) * PIT_HZ / ticks;
	return true;
}

static u64 median3(u64 a, u64 b, u64 c)
{
	u64 low = min(a, b), high = max(a, b), inner = min(high, c);

	return max(low, inner);
}

/* CPUID 0x15: the ratio of TSC to crystal, and the crystal's frequency where it is told. */
static u64 cpuid_tsc_hz(void)
{
	struct cpuid c = cpuid(0x15, 0);

	return c.eax && c.ebx && c.ecx ? (u64)c.ecx * c.ebx / c.eax : 0;
}

static void pit_start(void)
{
	outb(PIT_COMMAND, PIT_MODE2_LOHI);
	outb(PIT_CHANNEL0, 0); /* 0 counts as 65536 */
	outb(PIT_CHANNEL0, 0);
}

u64 arch_cycles_hz(void)
{
	struct rate r[RUNS];
	u64 told = cpuid_tsc_hz();

	lapic_init();
	pit_start();
	lapic_timer_start_counting();
	for (int i = 0; i < RUNS; i++) {
		if (!measure(&r[i])) {
			lapic_timer_stop();
			lapic_hz = HZ_WITHOUT_ANY_CLOCK;
			return told ? told : HZ_WITHOUT_ANY_CLOCK;
		}
	}
	lapic_timer_stop();
	lapic_hz = median3(r[0].lapic, r[1].lapic, r[2].lapic);
	return told ? told : median3(r[0].tsc, r[1].tsc, r[2].tsc);
}

u64 lapic_timer_hz(void)
{
	return lapic_hz;
}

bool arch_reference_clock(u64 *cycles, u64 *ns, u64 *wrap_ns)
{
	struct reading r;

	if (cpuid_tsc_hz())
		return false; /* nothing to refine */
	r = read_all();
	*cycles = r.cycles;
	*ns = (PIT_PERIOD - r.ticks) * NSEC_PER_SEC / PIT_HZ;
	*wrap_ns = PIT_PERIOD * NSEC_PER_SEC / PIT_HZ;
	return true;
}
