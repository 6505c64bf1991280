/* SPDX-License-Identifier: MIT */
/*
 * FPU and SSE state of threads, and the selftest that looks whether each keeps its own. The only file below libc
 * that names SSE registers.
 */
#include "kernel/arch.h"
#include "kernel/clock.h"
#include "kernel/printk.h"
#include "kernel/selftest.h"
#include "kernel/thread.h"
#include "lib/string.h"

/* The FXSAVE image's fields that a new thread needs (Intel SDM vol. 1 s10.5.1). */
#define FXSAVE_FCW    0
#define FXSAVE_MXCSR  24
#define FCW_DEFAULT   0x037f /* all exceptions masked, extended precision */
#define MXCSR_DEFAULT 0x1f80 /* all exceptions masked, round to nearest */

void arch_fpu_init(void *area)
{
	u16 fcw = FCW_DEFAULT;
	u32 mxcsr = MXCSR_DEFAULT;

	memset(area, 0, ARCH_FPU_SIZE);
	memcpy((u8 *)area + FXSAVE_FCW, &fcw, sizeof(fcw));
	memcpy((u8 *)area + FXSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
}

void arch_fpu_save(void *area)
{
	__asm__ __volatile__("fxsave64 (%0)" ::"r"(area) : "memory");
}

void arch_fpu_restore(const void *area)
{
	__asm__ __volatile__("fxrstor64 (%0)" ::"r"(area) : "memory");
}

/* ---- Selftest: threads that keep a number in registers while others run, some of which sleep, some of which spin */

#define FPU_THREADS 4
#define FPU_ROUNDS  50
#define FPU_SPINS   200000

static volatile int fpu_done, fpu_wrong;

static void put_registers(u64 v)
{
	__asm__ __volatile__("movq %0, %%xmm0\n\tmovq %0, %%xmm7\n\tmovq %0, %%xmm15" ::"r"(v));
}

static bool registers_are(u64 v)
{
	u64 a, b, c;

	__asm__ __volatile__("movq %%xmm0, %0\n\tmovq %%xmm7, %1\n\tmovq %%xmm15, %2"
			     : "=r"(a), "=r"(b), "=r"(c));
	return a == v && b == v && c == v;
}

static void keep_registers(void *arg)
{
	u64 id = (u64)arg;

	for (u64 round = 0; round < FPU_ROUNDS; round++) {
		u64 v = (id << 32 | round) * 0x9e3779b97f4a7c15ULL;

		put_registers(v);
		if (id % 2)
			thread_sleep_until(clock_ns() + NSEC_PER_MSEC);
		else
			for (int i = 0; i < FPU_SPINS; i++)
				barrier();
		if (!registers_are(v))
			fpu_wrong++;
	}
	fpu_done++;
}

static void only_integers(void *arg)
{
	(void)arg;
	thread_without_fpu();
	while (fpu_done < FPU_THREADS)
		thread_yield();
}

static bool fpu_switching(void)
{
	if (thread_create("integers", only_integers, NULL, 0, NULL))
		return false;
	for (u64 id = 1; id <= FPU_THREADS; id++)
		if (thread_create("fpu", keep_registers, (void *)id, 0, NULL))
			return false;
	for (int i = 0; i < 2000 && fpu_done < FPU_THREADS; i++)
		thread_sleep_until(clock_ns() + 10 * NSEC_PER_MSEC);
	pr_info("%d threads of %d done, %d times another's registers", fpu_done, FPU_THREADS,
		fpu_wrong);
	return fpu_done == FPU_THREADS && !fpu_wrong;
}
SELFTEST("fpu", "threads keep their SSE registers while others use them", fpu_switching, false);
