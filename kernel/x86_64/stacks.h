/* SPDX-License-Identifier: MIT */
/* The stacks that are part of the image, each above a guard page. Sizes: vectors.h. */
#pragma once

#include "kernel/x86_64/vectors.h"
#include "lib/types.h"

extern char boot_stack_guard[], boot_stack_top[];
extern char irq_stack_guard[], irq_stack_top[];
extern char softirq_stack_guard[], softirq_stack_top[];
extern char double_stack_guard[], double_stack_top[];
extern char nmi_stack_guard[], nmi_stack_top[];

/* The name of the image's stack whose guard page addr is in; NULL: in none. */
const char *stack_of_guard(u64 addr);

/* Calls fn for each guard page. */
void stacks_for_each_guard(void (*fn)(u64 addr));
