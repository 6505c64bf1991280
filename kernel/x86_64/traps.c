/* SPDX-License-Identifier: MIT */
/* Exceptions: all are fatal here; this says in words which and why. Intel SDM vol. 3 s6.15. */
#include "kernel/arch.h"
#include "kernel/mm.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/thread_impl.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/stacks.h"
#include "kernel/x86_64/traps.h"

#define EXC_DOUBLE_FAULT 8
#define EXC_PAGE_FAULT   14

#define PF_PRESENT  BIT(0)
#define PF_WRITE    BIT(1)
#define PF_RESERVED BIT(3)
#define PF_EXEC     BIT(4)

/* As exception_common (entry_stubs.S) leaves it, lowest address first. */
struct trap_frame {
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	u64 nr, error;
	u64 rip, cs, rflags, rsp, ss;
};

static const char *const names[] = {
	[0] = "divide error",
	[1] = "debug exception",
	[2] = "non-maskable interrupt",
	[3] = "breakpoint",
	[4] = "overflow",
	[5] = "bound exceeded",
	[6] = "invalid opcode",
	[7] = "FPU not available",
	[8] = "double fault",
	[10] = "invalid TSS",
	[11] = "segment not present",
	[12] = "stack segment fault",
	[13] = "general protection fault",
	[16] = "x87 floating-point error",
	[17] = "alignment check",
	[18] = "machine check",
	[19] = "SIMD floating-point error",
	[21] = "control protection fault",
};

static void print_registers(const void *state)
{
	const struct trap_frame *f = state;

	printk(KERN_EMERG, "rip %016lx  rsp %016lx  rflags %08lx", f->rip, f->rsp, f->rflags);
	printk(KERN_EMERG, "rax %016lx  rbx %016lx  rcx %016lx", f->rax, f->rbx, f->rcx);
	printk(KERN_EMERG, "rdx %016lx  rsi %016lx  rdi %016lx", f->rdx, f->rsi, f->rdi);
	printk(KERN_EMERG, "rbp %016lx  r8  %016lx  r9  %016lx", f->rbp, f->r8, f->r9);
	printk(KERN_EMERG, "r10 %016lx  r11 %016lx  r12 %016lx", f->r10, f->r11, f->r12);
	printk(KERN_EMERG, "r13 %016lx  r14 %016lx  r15 %016lx", f->r13, f->r14, f->r15);
	printk(KERN_EMERG, "cr2 %016lx  cr3 %016lx  cr4 %08lx", read_cr2(), read_cr3(), read_cr4());
}

/* Panics if addr is in a guard page. */
static void check_overflow(const struct panic_place *place, u64 addr)
{
	const char *stack = stack_of_guard(addr);
	const struct thread *t = thread_of_guard(addr);

	if (stack)
		panic_at(place, "stack overflow: guard page of the %s stack, address %#lx", stack,
			 addr);
	if (t)
		panic_at(place, "stack overflow: guard page of thread %d (%s), address %#lx",
			 thread_id(t), thread_name(t), addr);
	if (addr >= ARCH_STACK_BASE && addr < ARCH_STACK_BASE + ARCH_REGION_SIZE)
		panic_at(place, "stack overflow: guard page, address %#lx", addr);
}

static const char *access_name(u64 error)
{
	if (error & PF_EXEC)
		return "execution";
	return error & PF_WRITE ? "write" : "read";
}

static void page_fault(const struct panic_place *place, u64 error) __noreturn;
static void page_fault(const struct panic_place *place, u64 error)
{
	u64 addr = read_cr2();

	if (!(error & PF_PRESENT))
		check_overflow(place, addr);
	if (addr < PAGE_SIZE)
		panic_at(place, "null pointer: %s at %#lx", access_name(error), addr);
	if (error & PF_RESERVED)
		panic_at(place, "page tables damaged: %s at %#lx", access_name(error), addr);
	if (error & PF_PRESENT)
		panic_at(place, "protection: %s at %#lx (%s)", access_name(error), addr,
			 error & PF_EXEC ? "not executable" : "read-only");
	panic_at(place, "page fault: %s at %#lx, where nothing is mapped", access_name(error),
		 addr);
}

void trap_handler(const struct trap_frame *frame)
{
	const struct panic_place place = {frame->rip, frame->rsp, print_registers, frame};
	const char *name = frame->nr < ARRAY_SIZE(names) ? names[frame->nr] : NULL;

	if (frame->nr == EXC_PAGE_FAULT)
		page_fault(&place, frame->error);
	/* A page fault that finds no room to be told in becomes a double fault; CR2 still says where. */
	if (frame->nr == EXC_DOUBLE_FAULT)
		check_overflow(&place, read_cr2());
	panic_at(&place, "%s (exception %lu, error code %#lx)", name ? name : "exception",
		 frame->nr, frame->error);
}
