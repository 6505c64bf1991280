/* SPDX-License-Identifier: MIT */
/* FPU and SSE state of threads. */
#include "kernel/arch.h"
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
