/* SPDX-License-Identifier: MIT */
/* A new thread's stack, as arch_context_switch() (entry_stubs.S) expects it. */
#include "kernel/arch.h"
#include "kernel/x86_64/stacks.h"

#define SAVED_REGISTERS 6 /* rbp rbx r12 r13 r14 r15 */

void arch_context_init(struct arch_context *ctx, void *top, void (*entry)(void))
{
	u64 *sp = top;

	*--sp = 0; /* entry()'s return address: the end of backtraces; makes its frame aligned */
	*--sp = (u64)entry;
	for (int i = 0; i < SAVED_REGISTERS; i++)
		*--sp = 0;
	ctx->sp = sp;
}

void *arch_boot_stack(size_t *size)
{
	*size = BOOT_STACK_SIZE;
	return boot_stack_guard + GUARD_SIZE;
}
