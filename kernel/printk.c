/* SPDX-License-Identifier: MIT */
/*
 * The kernel's log. Lines are records (header, text) in a ring of bytes; the oldest give way. The
 * console follows: every line of the console level and more urgent is written to it, with a time in seconds since
 * the kernel's entry. At once, except while the console is held: then when it is released, or when an error is logged.
 */
#include "kernel/printk.h"
#include "kernel/arch.h"
#include "kernel/clock.h"
#include "kernel/cmdline.h"
#include "kernel/console.h"
#include "lib/fmt.h"
#include "lib/string.h"

#define LOG_SIZE  (32U << 10) /* a power of two */
#define LINE_SIZE 768         /* a packet that iptables -j LOG tells of */

struct record {
	u64 ns;
	u32 len;
	int level;
};

static char log_bytes[LOG_SIZE];
static u32 log_head, log_tail; /* bytes ever written; start of the oldest record */
static u64 log_lost;
static int console_level = KERN_INFO;
static struct chardev *console;
static unsigned int console_held; /* so many times */
static u32 console_at;            /* the next record it gets */

/* Bytes from at on that lie side by side in the ring. */
static u32 in_one_piece(u32 at, u32 len)
{
	return min(len, LOG_SIZE - at % LOG_SIZE);
}

static void log_put(const void *data, u32 len)
{
	u32 n = in_one_piece(log_head, len);

	memcpy(log_bytes + log_head % LOG_SIZE, data, n);
	memcpy(log_bytes, (const char *)data + n, len - n);
	log_head += len;
}

static void log_get(u32 at, void *data, u32 len)
{
	u32 n = in_one_piece(at, len);

	memcpy(data, log_bytes + at % LOG_SIZE, n);
	memcpy((char *)data + n, log_bytes, len - n);
}

/* Interrupts off. */
static void log_add(const struct record *r, const char *text)
{
	u32 need = (u32)sizeof(*r) + r->len;

	while (log_head + need - log_tail > LOG_SIZE) {
		struct record oldest;

		log_get(log_tail, &oldest, sizeof(oldest));
		log_tail += (u32)sizeof(oldest) + oldest.len;
		log_lost++;
	}
	log_put(r, sizeof(*r));
	log_put(text, r->len);
}

static void console_line(const struct record *r, const char *text)
{
	char line[LINE_SIZE + 24];
	size_t n = scnprintf(line, sizeof(line), "[%5llu.%06llu] ",
			     (unsigned long long)(r->ns / NSEC_PER_SEC),
			     (unsigned long long)(r->ns % NSEC_PER_SEC / NSEC_PER_USEC));

	memcpy(line + n, text, r->len);
	n += r->len;
	line[n++] = '\n';
	console->ops->write(console, line, n);
}

/* The record at *at, if it is still (or already) there. Interrupts off inside, so that the walk may be slow. */
static bool record_at(u32 *at, struct record *r, char *text)
{
	unsigned long flags = arch_irq_save();
	bool there;

	if ((s32)(log_tail - *at) > 0)
		*at = log_tail;
	there = *at != log_head;
	if (there) {
		log_get(*at, r, sizeof(*r));
		log_get(*at + (u32)sizeof(*r), text, r->len);
		*at += (u32)sizeof(*r) + r->len;
	}
	arch_irq_restore(flags);
	return there;
}

/* Line by line with interrupts off, or lines would mix. */
static void console_catch_up(void)
{
	char text[LINE_SIZE];
	struct record r;
	bool there;

	do {
		unsigned long flags = arch_irq_save();

		there = console && record_at(&console_at, &r, text);
		if (there && (r.level <= console_level || r.level == KERN_EMERG))
			console_line(&r, text);
		arch_irq_restore(flags);
	} while (there);
}

void vprintk(int level, const char *fmt, va_list ap)
{
	char text[LINE_SIZE];
	struct record r = {.ns = clock_ns(), .level = level};
	unsigned long flags;

	r.len = (u32)vscnprintf(text, sizeof(text), fmt, ap);
	flags = arch_irq_save();
	log_add(&r, text);
	arch_irq_restore(flags);
	if (!console_held || level <= KERN_ERR)
		console_catch_up();
}

void printk(int level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintk(level, fmt, ap);
	va_end(ap);
}

void printk_init(void)
{
	const char *word = cmdline_get("loglevel", 0);

	if (!word)
		return;
	/* As on Linux: what is more urgent than that. */
	if (word[0] >= '0' && word[0] <= '1' + KERN_DEBUG && !word[1])
		console_level = word[0] - '1';
	else
		pr_warn("loglevel=%s: not a number from 0 to %d; it stays %d", word, KERN_DEBUG + 1,
			console_level + 1);
}

void printk_set_console_level(int level)
{
	console_level = level;
}

void printk_for_each(void (*fn)(void *arg, u64 ns, int level, const char *text, size_t len),
		     void *arg)
{
	char text[LINE_SIZE];
	struct record r;
	u32 at = log_tail, end = log_head;

	if (log_lost) {
		size_t n = scnprintf(text, sizeof(text), "(%llu older lines were overwritten)",
				     (unsigned long long)log_lost);

		fn(arg, 0, KERN_NOTICE, text, n);
	}
	while ((s32)(end - at) > 0 && record_at(&at, &r, text))
		fn(arg, r.ns, r.level, text, r.len);
}

void printk_clear(void)
{
	unsigned long flags = arch_irq_save();

	log_tail = log_head;
	log_lost = 0;
	arch_irq_restore(flags);
}

void console_register(struct chardev *dev)
{
	console = dev;
	console_at = log_tail;
	if (!console_held)
		console_catch_up();
}

void console_hold(void)
{
	console_held++;
}

void console_release(void)
{
	if (console_held && --console_held)
		return;
	console_catch_up();
}

struct chardev *console_get(void)
{
	return console;
}
