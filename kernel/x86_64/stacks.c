/* SPDX-License-Identifier: MIT */
/* The stacks that are part of the image, and their guard pages. The room itself is in entry_stubs.S. */
#include "kernel/x86_64/stacks.h"

static const struct {
	const char *name;
	const char *guard;
} stacks[] = {
	{"boot and idle", boot_stack_guard},
	{"interrupt", irq_stack_guard},
	{"softirq", softirq_stack_guard},
	{"double fault", double_stack_guard},
	{"NMI", nmi_stack_guard},
};

const char *stack_of_guard(u64 addr)
{
	for (size_t i = 0; i < ARRAY_SIZE(stacks); i++)
		if (addr - (u64)stacks[i].guard < GUARD_SIZE)
			return stacks[i].name;
	return NULL;
}

void stacks_for_each_guard(void (*fn)(u64 addr))
{
	for (size_t i = 0; i < ARRAY_SIZE(stacks); i++)
		fn((u64)stacks[i].guard);
}
