/* SPDX-License-Identifier: MIT */
/*
 * A selftest that needs x86's devices: an interrupt line that stays high, as a broken device's does. The PIT's
 * output in mode 0 goes high after one count and stays there; its line is number 2 of the I/O APIC (ISA's 0).
 */
#include "kernel/arch.h"
#include "kernel/clock.h"
#include "kernel/io.h"
#include "kernel/printk.h"
#include "kernel/selftest.h"

#define PIT_CHANNEL0   0x40
#define PIT_COMMAND    0x43
#define PIT_MODE0_LOHI 0x30
#define PIT_LINE       2

static volatile u64 calls;

static void deaf_handler(void *arg)
{
	(void)arg;
	calls++;
}

static bool line_storm(void)
{
	u64 storms = irq_storms(), end = clock_ns() + 10 * NSEC_PER_SEC;
	u64 at_mask;

	if (irq_request(PIT_LINE, IRQ_LEVEL_HIGH, deaf_handler, NULL, "selftest"))
		return false;
	outb(PIT_COMMAND, PIT_MODE0_LOHI);
	outb(PIT_CHANNEL0, 1);
	outb(PIT_CHANNEL0, 0);
	while (irq_storms() == storms && clock_ns() < end)
		arch_relax();
	at_mask = calls;
	udelay(1000);
	pr_info("%lu interrupts until the line was masked, %lu after", at_mask, calls - at_mask);
	if (irq_storms() != storms + 1 || calls != at_mask)
		return false;
	/* It is tried again, and storms again. */
	while (irq_storms() == storms + 1 && clock_ns() < end)
		arch_relax();
	pr_info("%lu interrupts, %lu storms", calls, irq_storms());
	return irq_storms() == storms + 2;
}
SELFTEST("line-storm", "a level line that is never lowered", line_storm, false);
