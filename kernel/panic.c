/* SPDX-License-Identifier: MIT */
/*
 * Panic: says what, where, on behalf of whom, how it got there and what the layers above saw last; then ends the
 * machine with EXIT_PANIC_STATUS.
 *
 * Whatever is wrong may go wrong again while it is told: a second panic prints one line, a third nothing.
 */
#include "kernel/arch.h"
#include "kernel/mm.h"
#include "kernel/panic.h"
#include "kernel/power.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "kernel/thread.h"
#include "lib/fmt.h"

#define MAX_FRAMES 24
#define SYMBOL_MAX 64
#define MAX_WORDS  1024 /* of the stack are looked at */

static void (*trace_fn)(void);
static int depth;

void panic_set_trace(void (*fn)(void))
{
	trace_fn = fn;
}

static void print_frame(u64 ip)
{
	char name[SYMBOL_MAX];
	u64 offset;

	if (symbol_find(ip, name, sizeof(name), &offset))
		printk(KERN_EMERG, "  %016lx  %s+0x%lx", ip, name, offset);
	else
		printk(KERN_EMERG, "  %016lx", ip);
}

/* Whether the instruction in front of addr, in the image's code, is a call: of a function, or through a pointer. */
static bool behind_call(u64 addr)
{
	const u8 *p = (const u8 *)addr;
	u64 offset;
	s32 rel;

	if (!symbol_find(addr - 1, NULL, 0, &offset) || offset < 6)
		return false;
	if (p[-5] == 0xe8) { /* call rel32: leads to the start of a function */
		__builtin_memcpy(&rel, p - 4, sizeof(rel));
		return symbol_find(addr + (u64)rel, NULL, 0, &offset) && !offset;
	}
	return (p[-2] == 0xff && (p[-1] & 0xf8) == 0xd0) || /* call *%reg */
	       (p[-3] == 0xff && (p[-2] & 0xf8) == 0x50) || /* call *disp8(%reg) */
	       (p[-6] == 0xff && (p[-5] & 0xf8) == 0x90);   /* call *disp32(%reg) */
}

static bool word_readable(u64 at)
{
	u64 pa;

	return !(at % 8) && at >= ARCH_DIRECT_MAP && arch_translate(at, &pa);
}

void backtrace_print(u64 ip, u64 sp)
{
	int frames = 0;

	printk(KERN_EMERG, "backtrace:");
	print_frame(ip);
	sp = ALIGN_DOWN(sp, 8);
	if (!word_readable(sp)) /* an overflow: the stack begins behind its guard page */
		sp = ALIGN(sp, PAGE_SIZE);
	for (int i = 0; i < MAX_WORDS && frames < MAX_FRAMES && word_readable(sp); i++, sp += 8) {
		u64 word = *(const u64 *)sp;

		if (word < ARCH_IMAGE_BASE || !behind_call(word))
			continue;
		/* Of the call, not of what follows it: the call may be the function's last instruction. */
		print_frame(word - 1);
		frames++;
	}
}

static const char *context_name(void)
{
	if (in_hardirq())
		return "interrupt";
	return in_softirq() ? "softirq" : "thread";
}

static void report(const struct panic_place *place, const char *fmt, va_list ap)
{
	char text[256];

	vscnprintf(text, sizeof(text), fmt, ap);
	printk(KERN_EMERG, "panic: %s", text);
	if (depth > 1)
		return;
	if (current_thread())
		printk(KERN_EMERG, "in %s context, thread %d (%s)", context_name(),
		       thread_id(current_thread()), thread_name(current_thread()));
	if (place->print_registers)
		place->print_registers(place->state);
	backtrace_print(place->ip, place->sp);
	if (trace_fn)
		trace_fn();
}

static void die(const struct panic_place *place, const char *fmt, va_list ap) __noreturn;
static void die(const struct panic_place *place, const char *fmt, va_list ap)
{
	arch_irq_disable();
	if (++depth <= 2)
		report(place, fmt, ap);
	exit_status(EXIT_PANIC_STATUS);
}

void panic_at(const struct panic_place *place, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	die(place, fmt, ap);
}

void panic(const char *fmt, ...)
{
	struct panic_place place = {.ip = (u64)__builtin_return_address(0) - 1,
				    .sp = (u64)__builtin_frame_address(0) + 16};
	va_list ap;

	va_start(ap, fmt);
	die(&place, fmt, ap);
}
