/* SPDX-License-Identifier: MIT */
/*
 * Interrupt and exception entries, context switch, stack switch, and the image's own stacks.
 *
 * Interrupts (vectors IRQ_VECTOR_BASE and up) save what C may change and nothing else: nothing below libc touches
 * FPU or SSE registers. RBP is pushed right under the interrupted RIP, which makes the entry a proper frame for
 * backtraces. The handler runs on the interrupt stack (they never nest: interrupts stay off), the way out
 * (softirqs, preemption) on the interrupted stack.
 *
 * Exceptions save everything (struct trap_frame, traps.c) and do not come back.
 */
#include "kernel/x86_64/vectors.h"

	.text
	.code64

	.balign 16
	.globl irq_stubs
irq_stubs:
	.set vector, 0
	.rept NR_IRQ_VECTORS
	.balign 16
	push %rbp
	mov %rsp, %rbp
	push %rdi
	mov $vector, %edi
	jmp irq_common
	.set vector, vector + 1
	.endr

	.balign 16
irq_common:
	push %rax
	push %rcx
	push %rdx
	push %rsi
	push %r8
	push %r9
	push %r10
	push %r11
	cld
	mov $irq_stack_top, %rsp
	call irq_dispatch
	lea -80(%rbp), %rsp	/* nine registers below RBP, and 8 to align */
	call irq_exit
	add $8, %rsp
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rsi
	pop %rdx
	pop %rcx
	pop %rax
	pop %rdi
	pop %rbp
	iretq

	/* Spurious interrupts of the local APIC: not acknowledged, nothing to do. */
	.globl spurious_stub
spurious_stub:
	iretq

	/* Exceptions without an error code get a zero. */
	.balign 16
	.globl exception_stubs
exception_stubs:
	.irp nr, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	.balign 16
	.if !(\nr == 8 || (\nr >= 10 && \nr <= 14) || \nr == 17 || \nr == 21 || \nr == 29 || \nr == 30)
	push $0
	.endif
	push $\nr
	jmp exception_common
	.endr

exception_common:
	push %rax
	push %rcx
	push %rdx
	push %rbx
	push %rbp
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	push %r12
	push %r13
	push %r14
	push %r15
	cld
	mov %rsp, %rdi
	call trap_handler

	/* void arch_context_switch(struct arch_context *prev, const struct arch_context *next) */
	.globl arch_context_switch
arch_context_switch:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, (%rdi)
	mov (%rsi), %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret

	/* void arch_call_on_stack(void *top, void (*fn)(void *arg), void *arg) */
	.globl arch_call_on_stack
arch_call_on_stack:
	push %rbp
	mov %rsp, %rbp
	mov %rdi, %rsp
	mov %rdx, %rdi
	call *%rsi
	leave
	ret

	.macro stack name, size
	.balign 4096
	.globl \name\()_stack_guard, \name\()_stack_top
\name\()_stack_guard:
	.skip GUARD_SIZE + \size
\name\()_stack_top:
	.endm

	.section .stacks, "aw", @nobits
	stack boot, BOOT_STACK_SIZE
	stack irq, IRQ_STACK_SIZE
	stack softirq, SOFTIRQ_STACK_SIZE
	stack double, DOUBLE_STACK_SIZE
	stack nmi, NMI_STACK_SIZE
	.section .note.GNU-stack, "", @progbits
