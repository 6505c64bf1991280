/* SPDX-License-Identifier: MIT */
/* The boot's time line: what came up when. Cycles are kept, for marks made before the clock was measured. */
#include "kernel/arch.h"
#include "kernel/clock.h"
#include "kernel/printk.h"

#define MAX_MARKS 32

static struct {
	const char *what;
	u64 cycles;
} marks[MAX_MARKS];
static unsigned int nr_marks;
static bool printed;

static void print_mark(unsigned int i)
{
	pr_info("%8llu us  %s", (clock_from_cycles(marks[i].cycles) / NSEC_PER_USEC),
		marks[i].what);
}

void boot_mark(const char *what)
{
	unsigned long flags = local_irq_save();
	unsigned int i = nr_marks;

	if (i < MAX_MARKS) {
		marks[i].what = what;
		marks[i].cycles = arch_cycles();
		nr_marks++;
	}
	local_irq_restore(flags);
	if (i < MAX_MARKS && printed)
		print_mark(i);
}

void boot_timeline_print(void)
{
	if (printed)
		return;
	printed = true;
	pr_info("time line, since the kernel's entry:");
	for (unsigned int i = 0; i < nr_marks; i++)
		print_mark(i);
}
