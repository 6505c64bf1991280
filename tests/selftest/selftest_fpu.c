/* SPDX-License-Identifier: MIT */
/* selftest=fpu: threads that keep a number in registers while others run, some of which sleep, some of which spin. */
#include "kernel/clock.h"
#include "kernel/printk.h"
#include "kernel/selftest.h"
#include "kernel/thread.h"

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
