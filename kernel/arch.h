/* SPDX-License-Identifier: MIT */
/*
 * What kernel/ needs from the processor. One implementation per folder: kernel/x86_64/.
 *
 * Address space (virtual):
 *   0                    never mapped
 *   ARCH_DIRECT_MAP      all usable memory and ACPI tables at its physical address plus this; NX; the image's
 *                        code and constants are read-only here too
 *   ARCH_IO_BASE         ioremap()
 *   ARCH_STACK_BASE      stacks with guard pages
 *   ARCH_IMAGE_BASE      the image, wherever it was loaded
 */
#pragma once

#include "kernel/irq.h"
#include "kernel/x86_64/irqflags.h"
#include "kernel/x86_64/vectors.h"

struct boot_info;

#define ARCH_DIRECT_MAP  0xffff800000000000UL
#define ARCH_IO_BASE     0xffffc00000000000UL
#define ARCH_STACK_BASE  0xffffd00000000000UL
#define ARCH_REGION_SIZE 0x0000010000000000UL /* of each of the last two: 1 TiB */
#define ARCH_IMAGE_BASE  0xffffffff80000000UL

/* ---- From kernel/x86_64/irqflags.h, inline:
 *
 * unsigned long arch_irq_save(void);          switches interrupts off, returns what was
 * void arch_irq_restore(unsigned long flags);
 * void arch_irq_disable(void); void arch_irq_enable(void); bool arch_irqs_enabled(void);
 * void arch_idle(void);                       called with interrupts off; enables and waits in one; returns with them on
 * void arch_relax(void);                      inside a loop that spins
 * u64 arch_cycles(void);                      time-stamp counter
 */

/* ---- Bringing up, in this order; boot, interrupts off */

/* Descriptor tables, exception entries with their stacks, CPU features (NX, SMEP, SMAP, UMIP, SSE). */
void arch_cpu_init(void);

/*
 * Final page tables: W^X and NX everywhere, page zero and the guard pages not mapped, the direct map over
 * everything bi's memory map calls usable or ACPI. The tables' memory is cut off an entry of bi->memmap.
 */
void arch_paging_init(struct boot_info *bi);

/* Interrupt controllers, as acpi_find_table("APIC") says or at their defaults. After acpi_init() and mm. */
void arch_irq_init(void);

/* ---- Memory */

enum { ARCH_READ = 0, ARCH_WRITE = 1, ARCH_EXEC = 2, ARCH_UNCACHED = 4 };

/*
 * Maps [va, va + len) to [pa, pa + len), whole pages of 4 KiB, replacing what was there. ARCH_WRITE together
 * with ARCH_EXEC is a bug. -ENOMEM: no memory for tables; what was mapped so far stays. Thread or softirq.
 */
int arch_map(u64 va, u64 pa, size_t len, unsigned int prot) __must_check;
void arch_unmap(u64 va, size_t len);

/* Forgets all cached translations; no mapping changes by it. Any context. */
void arch_flush_tlb(void);

/* The physical address of va, or false: nothing there. Any context. */
bool arch_translate(u64 va, u64 *pa);

/* The image: its first byte's physical address, its size in memory (bss included). Valid from the start. */
u64 arch_image_phys(void);
size_t arch_image_size(void);

/* ---- Interrupts */

/* Vectors are numbered from 0; an interrupt on one calls irq_dispatch() (kernel/irq.c), then irq_exit(). */
#define ARCH_NR_VECTORS NR_IRQ_VECTORS

/* Tells the controller that the interrupt being handled is done. */
void arch_irq_eoi(void);

/* How many lines the controllers have: gsi is below. */
u32 arch_irq_lines(void);

/* Routes a line to a vector, masked or not. Interrupts off. */
void arch_irq_route(u32 gsi, enum irq_trigger trigger, unsigned int vector, bool masked);

/* What a device writes to raise vector. */
void arch_msi_message(unsigned int vector, struct msi_msg *msg);

/* Raises vector on this processor, as an interrupt. */
void arch_irq_raise(unsigned int vector);

/* One-shot timer; the function is called in hard interrupt context when it fires. */
void arch_timer_init(void (*expired)(void));

/*
 * Fires once at deadline (clock_ns() time), or earlier where the hardware counts no further: the receiver looks
 * at the clock and asks again. Replaces the last wish; U64_MAX: never; a deadline that passed fires at once.
 * Any context, interrupts off.
 */
void arch_timer_oneshot(u64 deadline_ns);

/* True on the interrupt stack. Any context. */
bool arch_on_irq_stack(void);

/* The softirqs' stack, above a guard page, ends here. */
extern char softirq_stack_top[];

/* Calls fn(arg) with the stack pointer at top (16-byte aligned), returns on the old stack. */
void arch_call_on_stack(void *top, void (*fn)(void *arg), void *arg);

/* ---- Threads */

struct arch_context {
	void *sp;
};

/* Makes ctx such that switching to it calls entry(), with interrupts off, on the stack that ends at top. */
void arch_context_init(struct arch_context *ctx, void *top, void (*entry)(void));

/* Saves into prev, goes on in next. Interrupts off. FPU state is not touched. */
void arch_context_switch(struct arch_context *prev, const struct arch_context *next);

/* The stack kernel_main() began on: its lowest byte and size. Zero where it was never used. */
void *arch_boot_stack(size_t *size);

/* FPU and SSE state: an area of this size, aligned to 16. */
#define ARCH_FPU_SIZE 512
void arch_fpu_init(void *area); /* as a new thread finds it */
void arch_fpu_save(void *area);
void arch_fpu_restore(const void *area);

/* ---- The rest */

/* One number from the processor's generator. False: it has none, or nothing right now. Any context. */
bool arch_random(u64 *value);

/* The time-stamp counter's frequency in Hz: told by the processor or measured in a millisecond or two. Boot. */
u64 arch_cycles_hz(void);

/* One pair of readings: cycles, and a slow steady counter's nanoseconds that wrap at *wrap_ns. False: no such counter. */
bool arch_reference_clock(u64 *cycles, u64 *ns, u64 *wrap_ns);

/* UTC seconds since 1970 from the battery-backed clock; 0: none. May wait up to a millisecond. */
u64 arch_rtc_seconds(void);

/* Resets the processor by a fault that cannot be told. Interrupts off. */
void arch_reset(void) __noreturn;

/* Stops for good. Interrupts off. */
void arch_halt(void) __noreturn;
