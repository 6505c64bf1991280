/* SPDX-License-Identifier: MIT */
/*
 * Device registers: memory-mapped ones (of an ioremap()ed range) and x86's ports (inb ... outl).
 * One access of exactly that width, little endian, in program order with other register accesses and
 * after all earlier stores to memory.
 */
#pragma once

#include "kernel/x86_64/port.h"
#include "lib/barrier.h"

static inline u8 readb(const volatile void *reg)
{
	return *(const volatile u8 *)reg;
}

static inline u16 readw(const volatile void *reg)
{
	return *(const volatile u16 *)reg;
}

static inline u32 readl(const volatile void *reg)
{
	return *(const volatile u32 *)reg;
}

static inline u64 readq(const volatile void *reg)
{
	return *(const volatile u64 *)reg;
}

static inline void writeb(u8 v, volatile void *reg)
{
	wmb();
	*(volatile u8 *)reg = v;
}

static inline void writew(u16 v, volatile void *reg)
{
	wmb();
	*(volatile u16 *)reg = v;
}

static inline void writel(u32 v, volatile void *reg)
{
	wmb();
	*(volatile u32 *)reg = v;
}

static inline void writeq(u64 v, volatile void *reg)
{
	wmb();
	*(volatile u64 *)reg = v;
}
