/* SPDX-License-Identifier: MIT */
/*
 * Interrupt controllers: the local APIC with its timer, the I/O APICs, message-signalled interrupts; the old PIC is
 * switched off. Intel SDM vol. 3 ch. 11; I/O APIC: 82093AA data sheet; ACPI 6.4 s5.2.12.
 */
#include "kernel/acpi.h"
#include "kernel/arch.h"
#include "kernel/clock.h"
#include "kernel/io.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/stacks.h"
#include "lib/string.h"

/* Registers of the local APIC. */
#define LAPIC_ID         0x20
#define LAPIC_TPR        0x80
#define LAPIC_EOI        0xb0
#define LAPIC_SPURIOUS   0xf0
#define LAPIC_ICR_LO     0x300
#define LAPIC_ICR_HI     0x310
#define LAPIC_LVT_TIMER  0x320
#define LAPIC_LVT_LINT0  0x350
#define LAPIC_LVT_LINT1  0x360
#define LAPIC_LVT_ERROR  0x370
#define LAPIC_TIMER_INIT 0x380
#define LAPIC_TIMER_NOW  0x390
#define LAPIC_TIMER_DIV  0x3e0

#define SPURIOUS_ENABLE  0x100
#define LVT_MASKED       0x10000
#define LVT_NMI          0x400
#define LVT_TSC_DEADLINE 0x40000
#define TIMER_DIV_1      0xb
#define ICR_SELF         0x40000
#define APIC_BASE_ENABLE BIT(11)
#define APIC_BASE_X2APIC BIT(10)
#define APIC_BASE_ADDR   0x000ffffffffff000UL
#define MSI_ADDR         0xfee00000UL

/* Registers of an I/O APIC: an index and a data window. */
#define IOAPIC_INDEX     0x00
#define IOAPIC_DATA      0x10
#define IOAPIC_VERSION   1
#define IOAPIC_ENTRY(n)  (0x10 + 2 * (n))
#define IOAPIC_DEFAULT   0xfec00000UL
#define ENTRY_ACTIVE_LOW BIT(13)
#define ENTRY_LEVEL      BIT(15)
#define ENTRY_MASKED     BIT(16)
#define MAX_IOAPICS      8
#define MAX_LINES        1024

struct ioapic {
	volatile u8 *regs;
	u32 gsi_base, lines;
};

static volatile u8 *lapic;
static u32 lapic_id;
static struct ioapic ioapics[MAX_IOAPICS];
static u32 nr_ioapics, nr_lines;

static void (*timer_expired)(void);
static unsigned int timer_vector;
static u64 timer_hz;

static u32 lapic_read(u32 reg)
{
	return readl(lapic + reg);
}

static void lapic_write(u32 reg, u32 v)
{
	writel(v, lapic + reg);
}

void arch_irq_eoi(void)
{
	lapic_write(LAPIC_EOI, 0);
}

bool arch_on_irq_stack(void)
{
	u64 sp = (u64)__builtin_frame_address(0);

	return (u64)irq_stack_top - sp < IRQ_STACK_SIZE;
}

/* ---- 8259: remapped away from the exceptions, so that a late spurious interrupt is harmless, and masked. */

static void pic_off(void)
{
	outb(0x20, 0x11); /* ICW1: initialise, ICW4 follows */
	outb(0xa0, 0x11);
	outb(0x21, SPURIOUS_VECTOR & 0xf8);
	outb(0xa1, SPURIOUS_VECTOR & 0xf8);
	outb(0x21, 4);
	outb(0xa1, 2);
	outb(0x21, 1);
	outb(0xa1, 1);
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
}

/* ---- Local APIC */

void lapic_init(void)
{
	u64 base = rdmsr(MSR_APIC_BASE);

	if (base & APIC_BASE_X2APIC) {
		/* Back to registers in memory; the way leads through "off". */
		wrmsr(MSR_APIC_BASE, base & ~(APIC_BASE_X2APIC | APIC_BASE_ENABLE));
		base &= ~APIC_BASE_X2APIC;
	}
	wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
	lapic = ioremap(base & APIC_BASE_ADDR, PAGE_SIZE);
	if (!lapic)
		panic("no memory to map the local APIC");
	lapic_id = lapic_read(LAPIC_ID) >> 24;
	lapic_write(LAPIC_TPR, 0);
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT1, LVT_NMI);
	lapic_write(LAPIC_LVT_ERROR, LVT_MASKED);
	lapic_write(LAPIC_TIMER_DIV, TIMER_DIV_1);
	lapic_write(LAPIC_SPURIOUS, SPURIOUS_ENABLE | SPURIOUS_VECTOR);
}

void arch_irq_raise(unsigned int vector)
{
	lapic_write(LAPIC_ICR_LO, ICR_SELF | (IRQ_VECTOR_BASE + vector));
}

void arch_msi_message(unsigned int vector, struct msi_msg *msg)
{
	msg->addr = MSI_ADDR | lapic_id << 12;
	msg->data = IRQ_VECTOR_BASE + vector; /* fixed delivery, edge */
}

/* ---- The timer: counts down at timer_hz, or compares with the TSC where the processor can. */

void lapic_timer_start_counting(void)
{
	lapic_write(LAPIC_TIMER_INIT, U32_MAX);
}

u32 lapic_timer_counted(void)
{
	return U32_MAX - lapic_read(LAPIC_TIMER_NOW);
}

void lapic_timer_stop(void)
{
	lapic_write(LAPIC_TIMER_INIT, 0);
}

static void timer_interrupt(void *arg)
{
	(void)arg;
	timer_expired();
}

void arch_timer_init(void (*expired)(void))
{
	int v = irq_vector_request(timer_interrupt, NULL, "timer");

	if (v < 0)
		panic("no interrupt vector for the timer");
	timer_expired = expired;
	timer_vector = IRQ_VECTOR_BASE + (unsigned int)v;
	timer_hz = lapic_timer_hz();
	if (cpu_features.tsc_deadline)
		lapic_write(LAPIC_LVT_TIMER, LVT_TSC_DEADLINE | timer_vector);
	else
		lapic_write(LAPIC_LVT_TIMER, timer_vector);
	mb(); /* the mode is set before the first deadline is (SDM vol. 3 s11.5.4.1) */
}

void arch_timer_oneshot(u64 deadline_ns)
{
	u64 now, ns;

	if (deadline_ns == U64_MAX) {
		if (cpu_features.tsc_deadline)
			wrmsr(MSR_TSC_DEADLINE, 0);
		else
			lapic_write(LAPIC_TIMER_INIT, 0);
		return;
	}
	now = clock_ns();
	ns = deadline_ns > now ? min(deadline_ns - now, NSEC_PER_SEC) : 0;
	if (cpu_features.tsc_deadline)
		wrmsr(MSR_TSC_DEADLINE,
		      arch_cycles() + ns * (clock_cycles_hz() / 1000) / 1000000 + 1);
	else
		lapic_write(LAPIC_TIMER_INIT,
			    (u32)min(ns * (timer_hz / 1000) / 1000000 + 1, (u64)U32_MAX));
}

/* ---- I/O APICs */

static u32 ioapic_read(const struct ioapic *io, u32 reg)
{
	writel(reg, io->regs + IOAPIC_INDEX);
	return readl(io->regs + IOAPIC_DATA);
}

static void ioapic_write(const struct ioapic *io, u32 reg, u32 v)
{
	writel(reg, io->regs + IOAPIC_INDEX);
	writel(v, io->regs + IOAPIC_DATA);
}

static void ioapic_add(u64 phys, u32 gsi_base)
{
	struct ioapic *io = &ioapics[nr_ioapics];

	if (nr_ioapics == MAX_IOAPICS || gsi_base > MAX_LINES) {
		pr_warn("apic: I/O APIC at %#lx left alone: too many", phys);
		return;
	}
	io->regs = ioremap(phys, PAGE_SIZE);
	if (!io->regs)
		panic("no memory to map an I/O APIC");
	io->gsi_base = gsi_base;
	io->lines = (ioapic_read(io, IOAPIC_VERSION) >> 16 & 0xff) + 1;
	for (u32 i = 0; i < io->lines; i++)
		ioapic_write(io, IOAPIC_ENTRY(i), ENTRY_MASKED);
	nr_ioapics++;
	nr_lines = max(nr_lines, gsi_base + io->lines);
}

/* MADT: a header of 44 bytes, then entries of type, length, content. */
#define MADT_ENTRIES 44
#define MADT_IOAPIC  1

static void ioapics_from_madt(const u8 *madt, size_t len)
{
	for (size_t at = MADT_ENTRIES; at + 2 <= len;) {
		u8 type = madt[at], size = madt[at + 1];
		u32 addr, base;

		if (size < 2 || at + size > len)
			break;
		if (type == MADT_IOAPIC && size >= 12) {
			memcpy(&addr, madt + at + 4, 4);
			memcpy(&base, madt + at + 8, 4);
			ioapic_add(addr, base);
		}
		at += size;
	}
}

u32 arch_irq_lines(void)
{
	return nr_lines;
}

void arch_irq_route(u32 gsi, enum irq_trigger trigger, unsigned int vector, bool masked)
{
	u32 lo = IRQ_VECTOR_BASE + vector;

	if (trigger != IRQ_EDGE_HIGH)
		lo |= ENTRY_LEVEL;
	if (trigger == IRQ_LEVEL_LOW)
		lo |= ENTRY_ACTIVE_LOW;
	if (masked)
		lo |= ENTRY_MASKED;
	for (u32 i = 0; i < nr_ioapics; i++) {
		const struct ioapic *io = &ioapics[i];
		u32 line = gsi - io->gsi_base;

		if (gsi < io->gsi_base || line >= io->lines)
			continue;
		ioapic_write(io, IOAPIC_ENTRY(line), lo | ENTRY_MASKED);
		ioapic_write(io, IOAPIC_ENTRY(line) + 1, lapic_id << 24);
		ioapic_write(io, IOAPIC_ENTRY(line), lo);
	}
}

void arch_irq_init(void)
{
	size_t len;
	const u8 *madt = acpi_find_table("APIC", &len);

	pic_off();
	if (!lapic)
		lapic_init();
	if (madt)
		ioapics_from_madt(madt, len);
	if (!nr_ioapics)
		ioapic_add(IOAPIC_DEFAULT, 0);
}
