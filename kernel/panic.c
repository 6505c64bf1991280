/* SPDX-License-Identifier: MIT */
/*
 * Panic: says what, where, on behalf of whom, how it got there and what the layers above saw last; then ends the
 * machine with EXIT_PANIC_STATUS.
 *
 * Whatever is wrong may go wrong again while it is told: a second panic prints one line, a third nothing.
 */
#include "kernel/arch.h"
#include "kernel/panic.h"
#include "kernel/power.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "kernel/thread.h"
#include "lib/fmt.h"

#define MAX_FRAMES 32

static void (*trace_fn)(void);
static int depth;

void panic_set_trace(void (*fn)(void))
{
	trace_fn = fn;
}

static void print_frame(u64 ip)
{
	const char *name;
	u64 offset;

	if (symbol_find(ip, &name, &offset))
		printk(KERN_EMERG, "  %016lx  %s+0x%lx", ip, name, offset);
	else
		printk(KERN_EMERG, "  %016lx", ip);
}

/* A frame: the caller's frame pointer, the return address. */
static bool frame_readable(u64 fp)
{
	u64 pa;

	return !(fp % 8) && fp >= ARCH_DIRECT_MAP && arch_translate(fp, &pa) &&
	       arch_translate(fp + 15, &pa);
}

void backtrace_print(u64 ip, u64 fp)
{
	printk(KERN_EMERG, "backtrace:");
	print_frame(ip);
	for (int i = 0; i < MAX_FRAMES && frame_readable(fp); i++) {
		const u64 *frame = (const u64 *)fp;

		if (!frame[1])
			return;
		/* Of the call, not of what follows it: the call may be the function's last instruction. */
		print_frame(frame[1] - 1);
		fp = frame[0];
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
	backtrace_print(place->ip, place->fp);
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
				    .fp = *(const u64 *)__builtin_frame_address(0)};
	va_list ap;

	va_start(ap, fmt);
	die(&place, fmt, ap);
}
