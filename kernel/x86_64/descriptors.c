/* SPDX-License-Identifier: MIT */
/*
 * GDT, TSS and IDT. Double faults, NMIs and machine checks get stacks of their own: they arrive when the
 * current one cannot be trusted. Intel SDM vol. 3 s3.4.5, s6.14, s7.7.
 */
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/stacks.h"

#define EXC_NMI           2
#define EXC_DOUBLE_FAULT  8
#define EXC_MACHINE_CHECK 18
#define NR_EXCEPTIONS     32

enum { IST_NONE, IST_DOUBLE, IST_NMI };

#define GDT_CODE64 0x00af9b000000ffffULL /* present, ring 0, execute/read, 64-bit; accessed */
#define GDT_DATA   0x00cf93000000ffffULL /* present, ring 0, read/write; accessed */
#define TSS_TYPE   0x89ULL               /* present, available 64-bit TSS */
#define GATE_INT   0x8eULL               /* present, ring 0, interrupt gate */

struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3, iomap_base;
} __packed;

struct gate {
	u64 lo, hi;
};

struct table_pointer {
	u16 limit;
	u64 base;
} __packed;

static struct tss tss;
static u64 gdt[5];
static struct gate idt[256] __aligned(16);

extern char exception_stubs[], irq_stubs[], spurious_stub[];

static void set_gate(unsigned int vector, const char *entry, unsigned int ist)
{
	u64 at = (u64)entry;

	idt[vector].lo = (at & 0xffff) | (u64)KERNEL_CS << 16 | (u64)ist << 32 | GATE_INT << 40 |
			 (at >> 16 & 0xffff) << 48;
	idt[vector].hi = at >> 32;
}

static void load_gdt(void)
{
	struct table_pointer p = {sizeof(gdt) - 1, (u64)gdt};

	__asm__ __volatile__("lgdt %0\n\t"
			     "pushq %1\n\t"
			     "leaq 1f(%%rip), %%rax\n\t"
			     "pushq %%rax\n\t"
			     "lretq\n"
			     "1:\tmovl %2, %%eax\n\t"
			     "movl %%eax, %%ds\n\t"
			     "movl %%eax, %%es\n\t"
			     "movl %%eax, %%ss\n\t"
			     "xorl %%eax, %%eax\n\t"
			     "movl %%eax, %%fs\n\t"
			     "movl %%eax, %%gs\n\t"
			     "movw %3, %%ax\n\t"
			     "ltr %%ax"
			     :
			     : "m"(p), "i"(KERNEL_CS), "i"(KERNEL_DS), "i"(KERNEL_TSS)
			     : "rax", "memory");
}

static void load_idt(void)
{
	struct table_pointer p = {sizeof(idt) - 1, (u64)idt};

	__asm__ __volatile__("lidt %0" ::"m"(p) : "memory");
}

void descriptors_init(void)
{
	u64 at = (u64)&tss;

	tss.ist[IST_DOUBLE - 1] = (u64)double_stack_top;
	tss.ist[IST_NMI - 1] = (u64)nmi_stack_top;
	tss.iomap_base = sizeof(tss);
	gdt[KERNEL_CS / 8] = GDT_CODE64;
	gdt[KERNEL_DS / 8] = GDT_DATA;
	gdt[KERNEL_TSS / 8] = (sizeof(tss) - 1) | (at & 0xffffff) << 16 | TSS_TYPE << 40 |
			      (at >> 24 & 0xff) << 56;
	gdt[KERNEL_TSS / 8 + 1] = at >> 32;
	load_gdt();

	for (unsigned int i = 0; i < NR_EXCEPTIONS; i++)
		set_gate(i, exception_stubs + i * EXCEPTION_STUB_SIZE, IST_NONE);
	set_gate(EXC_DOUBLE_FAULT, exception_stubs + EXC_DOUBLE_FAULT * EXCEPTION_STUB_SIZE,
		 IST_DOUBLE);
	set_gate(EXC_MACHINE_CHECK, exception_stubs + EXC_MACHINE_CHECK * EXCEPTION_STUB_SIZE,
		 IST_DOUBLE);
	set_gate(EXC_NMI, exception_stubs + EXC_NMI * EXCEPTION_STUB_SIZE, IST_NMI);
	for (unsigned int i = 0; i < NR_IRQ_VECTORS; i++)
		set_gate(IRQ_VECTOR_BASE + i, irq_stubs + i * IRQ_STUB_SIZE, IST_NONE);
	set_gate(SPURIOUS_VECTOR, spurious_stub, IST_NONE);
	load_idt();
}
