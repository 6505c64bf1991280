/* SPDX-License-Identifier: MIT */
/*
 * The kernel's selftests: every protection is provoked once, on the machine it has to work on.
 *
 * Addresses and functions pass through hide(), or the compiler would see what is being done and do something else.
 */
#include "kernel/arch.h"
#include "kernel/clock.h"
#include "kernel/irq.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "kernel/selftest.h"
#include "kernel/softirq.h"
#include "kernel/thread.h"
#include "lib/string.h"

static void *hide(u64 v)
{
	volatile u64 hidden = v;

	return (void *)hidden;
}

static u64 address_of(bool (*fn)(void))
{
	return (u64)fn;
}

/* ---- The null page */

static bool null_read(void)
{
	return *(volatile u8 *)hide(0) == 0;
}
SELFTEST("null-read", "reads through a null pointer", null_read, true);

static bool null_write(void)
{
	*(volatile u8 *)hide(8) = 1;
	return true;
}
SELFTEST("null-write", "writes through a null pointer to a structure", null_write, true);

static bool null_execute(void)
{
	return ((bool (*)(void))hide(0))();
}
SELFTEST("null-execute", "calls a null function pointer", null_execute, true);

/* ---- W^X */

static bool write_code(void)
{
	*(volatile u8 *)hide(address_of(null_read)) = 0xc3;
	return true;
}
SELFTEST("write-code", "writes to its own code", write_code, true);

/* The same memory by another name. */
static bool write_code_alias(void)
{
	u64 phys = address_of(null_read) - ARCH_IMAGE_BASE + arch_image_phys();

	*(volatile u8 *)hide(ARCH_DIRECT_MAP + phys) = 0xc3;
	return true;
}
SELFTEST("write-code-alias", "writes to its own code through the direct map", write_code_alias,
	 true);

static bool write_rodata(void)
{
	static const char constant[] = "constant";

	*(volatile u8 *)hide((u64)constant) = 'C';
	return true;
}
SELFTEST("write-rodata", "writes to a constant", write_rodata, true);

#define RET_INSTRUCTION 0xc3

static bool run_data(void)
{
	static u8 code[16];

	code[0] = RET_INSTRUCTION;
	return ((bool (*)(void))hide((u64)code))();
}
SELFTEST("run-data", "runs code in .bss", run_data, true);

static bool run_stack(void)
{
	volatile u8 code[16];

	code[0] = RET_INSTRUCTION;
	return ((bool (*)(void))hide((u64)code))();
}
SELFTEST("run-stack", "runs code on the stack", run_stack, true);

static bool run_heap(void)
{
	u8 *code = kmalloc(16);

	if (!code)
		return false;
	code[0] = RET_INSTRUCTION;
	return ((bool (*)(void))hide((u64)code))();
}
SELFTEST("run-heap", "runs code in allocated memory", run_heap, true);

/* ---- Stacks */

static noinline u64 recurse(u64 depth)
{
	volatile u8 room[256];

	room[0] = (u8)depth;
	if (depth == U64_MAX)
		return room[0];
	return recurse(depth + 1) + room[0];
}

static bool stack_overflow(void)
{
	return recurse(0);
}
SELFTEST("stack-overflow", "recurses without end in a thread", stack_overflow, true);

static void overflow_in_irq(void *arg)
{
	(void)arg;
	recurse(0);
}

static bool irq_stack_overflow(void)
{
	int v = irq_vector_request(overflow_in_irq, NULL, "selftest");

	if (v < 0)
		return false;
	arch_irq_raise((unsigned int)v);
	udelay(1000);
	return true;
}
SELFTEST("irq-stack-overflow", "recurses without end in an interrupt", irq_stack_overflow, true);

static noinline void smash(size_t len)
{
	char room[16];

	memset(hide((u64)room), 'A', len);
	barrier();
}

static bool stack_smash(void)
{
	smash(64);
	return true;
}
SELFTEST("stack-smash", "writes over the end of a frame", stack_smash, true);

/* ---- Memory */

static bool double_free(void)
{
	void *p = kmalloc(64);

	kfree(p);
	kfree(hide((u64)p));
	return true;
}
SELFTEST("double-free", "frees an object twice", double_free, true);

static bool foreign_free(void)
{
	static char not_allocated[256] __aligned(64);

	kfree(not_allocated);
	return true;
}
SELFTEST("foreign-free", "frees what was never allocated", foreign_free, true);

static bool exhaustion(void)
{
	struct mm_stats before, after;
	void *first = NULL;

	mm_get_stats(&before);
	for (void **p; (p = kmalloc(PAGE_SIZE)); first = p)
		*p = first;
	for (void **p = first, *next; p; p = next) {
		next = *p;
		kfree(p);
	}
	mm_get_stats(&after);
	pr_info("had %lu KiB free, then none, now %lu", before.free >> 10, after.free >> 10);
	return first && after.failed > before.failed && after.free + 64 * PAGE_SIZE > before.free;
}
SELFTEST("exhaustion", "takes all memory, sees NULL, gives it back", exhaustion, false);

static bool unaligned(void)
{
	u8 *p = kmalloc(64);
	u64 v;

	if (!p)
		return false;
	for (u8 i = 0; i < 64; i++)
		p[i] = i;
	v = *(volatile u64 *)hide((u64)p + 3);
	kfree(p);
	return v == 0x0a09080706050403ULL;
}
SELFTEST("unaligned", "reads eight bytes at an odd address", unaligned, false);

/* ---- Exceptions */

static bool invalid_opcode(void)
{
	__builtin_trap();
}
SELFTEST("invalid-opcode", "executes an instruction that does not exist", invalid_opcode, true);

static bool noncanonical(void)
{
	return *(volatile u8 *)hide(0x0001000000000000UL);
}
SELFTEST("non-canonical", "reads at an address no page table can map", noncanonical, true);

/* ---- Interrupts */

static unsigned int storm_vector;
static u64 storm_count;

static void storm_handler(void *arg)
{
	(void)arg;
	storm_count++;
	arch_irq_raise(storm_vector);
}

static bool interrupt_storm(void)
{
	u64 storms = irq_storms(), end = clock_ns() + 10 * NSEC_PER_SEC;
	int v = irq_vector_request(storm_handler, NULL, "selftest");

	if (v < 0)
		return false;
	storm_vector = (unsigned int)v;
	arch_irq_raise(storm_vector);
	while (irq_storms() == storms && clock_ns() < end)
		arch_relax();
	pr_info("%lu interrupts, storms %lu", storm_count, irq_storms());
	return irq_storms() == storms + 1;
}
SELFTEST("interrupt-storm", "an interrupt that raises itself for ever", interrupt_storm, false);

/* ---- Threads */

static volatile bool spin_stop;

static void spin(void *arg)
{
	volatile u64 *n = arg;

	while (!spin_stop)
		++*n;
}

/* Two spinning threads share the processor, and one that sleeps wakes on time. */
static bool preemption(void)
{
	static volatile u64 counts[2];
	u64 start = clock_ns(), late;

	for (int i = 0; i < 2; i++)
		if (thread_create("spin", spin, (void *)(uintptr_t)&counts[i], 0, NULL))
			return false;
	thread_sleep_until(start + 100 * NSEC_PER_MSEC);
	late = clock_ns() - start - 100 * NSEC_PER_MSEC;
	spin_stop = true;
	thread_sleep_until(clock_ns() + 20 * NSEC_PER_MSEC);
	pr_info("counted to %lu and %lu; woke %llu us late", counts[0], counts[1],
		late / NSEC_PER_USEC);
	return counts[0] && counts[1] && counts[0] / 4 < counts[1] && counts[1] / 4 < counts[0] &&
	       late < 50 * NSEC_PER_MSEC;
}
SELFTEST("preemption", "two spinning threads and one that sleeps", preemption, false);

struct guarded {
	struct mutex lock;
	volatile u64 value;
	volatile int done;
};

static void count_guarded(void *arg)
{
	struct guarded *g = arg;

	for (int i = 0; i < 200; i++) {
		u64 v;

		mutex_lock(&g->lock);
		v = g->value;
		if (i % 8 == 0)
			thread_yield();
		g->value = v + 1;
		mutex_unlock(&g->lock);
	}
	g->done++;
}

static bool mutex_test(void)
{
	static struct guarded g;

	mutex_init(&g.lock);
	for (int i = 0; i < 8; i++)
		if (thread_create("count", count_guarded, &g, 0, NULL))
			return false;
	for (int i = 0; i < 500 && g.done < 8; i++)
		thread_sleep_until(clock_ns() + 10 * NSEC_PER_MSEC);
	return g.done == 8 && g.value == 8 * 200;
}
SELFTEST("mutex", "eight threads count under one lock", mutex_test, false);

static void exit_at_once(void *arg)
{
	++*(volatile int *)arg;
}

static bool thread_churn(void)
{
	static volatile int ended;
	struct mm_stats before, after;

	mm_get_stats(&before);
	for (int i = 0; i < 500; i++) {
		if (thread_create("short", exit_at_once, (void *)(uintptr_t)&ended, 0, NULL))
			return false;
		thread_yield();
	}
	/* The idle thread frees what they leave: on a busy host it may take a while to come to it. */
	for (int i = 0; i < 500; i++) {
		thread_sleep_until(clock_ns() + 10 * NSEC_PER_MSEC);
		mm_get_stats(&after);
		if (ended == 500 && after.stack == before.stack)
			break;
	}
	pr_info("%d threads ended; stacks held before %lu, now %lu bytes", ended, before.stack,
		after.stack);
	return ended == 500 && after.stack == before.stack;
}
SELFTEST("thread-churn", "five hundred short threads leave nothing behind", thread_churn, false);

/* ---- Time */

/* Long enough for the clock to be refined twice. */
static bool clock_test(void)
{
	u64 start = clock_ns(), hz = clock_cycles_hz(), last = start, worst = 0, back = 0;

	while (last - start < 700 * NSEC_PER_MSEC) {
		u64 now = clock_ns();

		if (now < last)
			back++;
		else
			worst = max(worst, now - last);
		last = now;
	}
	pr_info("went back %lu times; longest gap %llu us; %lu Hz at first, %lu Hz now", back,
		worst / NSEC_PER_USEC, hz, clock_cycles_hz());
	return !back && hz != clock_cycles_hz() && clock_cycles_hz() > hz - hz / 20 &&
	       clock_cycles_hz() < hz + hz / 20;
}
SELFTEST("clock", "the clock never goes back, also when it is refined", clock_test, false);
