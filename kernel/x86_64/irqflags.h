/* SPDX-License-Identifier: MIT */
/* Interrupts on and off: the inline half of kernel/arch.h that is called on every packet. */
#pragma once

#include "lib/types.h"

#define X86_FLAGS_IF 0x200UL

static inline unsigned long arch_irq_save(void)
{
	unsigned long flags;

	__asm__ __volatile__("pushfq; popq %0; cli" : "=r"(flags)::"memory");
	return flags;
}

static inline void arch_irq_restore(unsigned long flags)
{
	if (flags & X86_FLAGS_IF)
		__asm__ __volatile__("sti" ::: "memory");
}

static inline void arch_irq_disable(void)
{
	__asm__ __volatile__("cli" ::: "memory");
}

static inline void arch_irq_enable(void)
{
	__asm__ __volatile__("sti" ::: "memory");
}

static inline bool arch_irqs_enabled(void)
{
	unsigned long flags;

	__asm__ __volatile__("pushfq; popq %0" : "=r"(flags)::"memory");
	return flags & X86_FLAGS_IF;
}

/* Called with interrupts off. Enables them and waits for one, with nothing lost in between; returns with them on. */
static inline void arch_idle(void)
{
	__asm__ __volatile__("sti; hlt" ::: "memory");
}

/* A hint inside a loop that spins. */
static inline void arch_relax(void)
{
	__asm__ __volatile__("pause" ::: "memory");
}

/* Time-stamp counter. */
static inline u64 arch_cycles(void)
{
	u64 lo, hi;

	__asm__ __volatile__("rdtsc" : "=a"(lo), "=d"(hi));
	return hi << 32 | lo;
}
