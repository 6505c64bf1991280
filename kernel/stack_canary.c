/* SPDX-License-Identifier: MIT */
/* The stack protector's value and what happens when a function finds it changed. */
#include "kernel/arch.h"
#include "kernel/printk.h"
#include "kernel/stack_canary.h"

/* Until randomised: not zero, ends strings. */
unsigned long __stack_chk_guard = 0x57ac4d3ca9a5e500UL;

void stack_canary_init(void)
{
	u64 random = 0;

	arch_random(&random);
	random ^= arch_cycles() * 0x9e3779b97f4a7c15ULL;
	/* The lowest byte stays 0, so that a string that runs over cannot write the value itself. */
	__stack_chk_guard = random & ~0xffULL;
}

void __stack_chk_fail(void)
{
	panic("stack smashed: a function wrote over the end of its own frame");
}
