/* SPDX-License-Identifier: MIT */
/* Numbers that assembly and C share: interrupt vectors and the sizes of the image's stacks. */
#pragma once

#define IRQ_VECTOR_BASE 32
#define NR_IRQ_VECTORS  128 /* kernel/irq.h's vector 0 is the processor's IRQ_VECTOR_BASE */
#define SPURIOUS_VECTOR 255

#define IRQ_STUB_SIZE       16
#define EXCEPTION_STUB_SIZE 16

#define GUARD_SIZE         4096
#define BOOT_STACK_SIZE    16384 /* becomes the idle thread's */
#define IRQ_STACK_SIZE     8192
#define DOUBLE_STACK_SIZE  8192 /* double fault: where a stack overflow is reported from */
#define NMI_STACK_SIZE     8192
#define SOFTIRQ_STACK_SIZE 16384
