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
static bool printed; /* all so far: who makes a mark prints it too */

static void print_mark(unsigned int i)
{
	pr_info("%8llu us  %s", (clock_from_cycles(marks[i].cycles) / NSEC_PER_USEC),
		marks[i].what);
}

void boot_mark(const char *what)
{
	unsigned long flags = local_irq_save();
	unsigned int i = nr_marks;
	bool print = printed;

	if (i < MAX_MARKS) {
		marks[i].what = what;
		marks[i].cycles = arch_cycles();
		nr_marks++;
	}
	local_irq_restore(flags);
	if (i < MAX_MARKS && print)
		print_mark(i);
}

/* Whether mark i is there to be printed. If not, whoever makes it will. */
static bool next_mark(unsigned int i)
{
	unsigned long flags = local_irq_save();

	printed = i == nr_marks;
	local_irq_restore(flags);
	return !printed;
}

void boot_timeline_print(void)
{
	if (printed)
		return;
	pr_info("time line, since the kernel's entry:");
	for (unsigned int i = 0; next_mark(i); i++)
		print_mark(i);
}
