/* SPDX-License-Identifier: MIT */
/*
 * The kernel's log: a ring in memory (dmesg), and the console for lines up to its level. Any context.
 */
#pragma once

#include "lib/types.h"

enum {
	KERN_EMERG,
	KERN_ALERT,
	KERN_CRIT,
	KERN_ERR,
	KERN_WARNING,
	KERN_NOTICE,
	KERN_INFO,
	KERN_DEBUG
};

/* Takes the console's level from `loglevel=`. Boot, after cmdline_init(). */
void printk_init(void);

/* One line, no newline at its end. */
void printk(int level, const char *fmt, ...) __printf(2, 3);
void vprintk(int level, const char *fmt, va_list ap) __printf(2, 0);

#define pr_err(...)   printk(KERN_ERR, __VA_ARGS__)
#define pr_warn(...)  printk(KERN_WARNING, __VA_ARGS__)
#define pr_info(...)  printk(KERN_INFO, __VA_ARGS__)
#define pr_debug(...) printk(KERN_DEBUG, __VA_ARGS__)

/* Lines of this level and below (more urgent) go to the console, and KERN_EMERG always. Default KERN_INFO at boot, then `loglevel=`, dmesg -n. */
void printk_set_console_level(int level);

/* Calls fn for each line in the ring, oldest first. Lost ones are counted in the first call's text. */
void printk_for_each(void (*fn)(void *arg, u64 ns, int level, const char *text, size_t len),
		     void *arg);
void printk_clear(void);

/* Registers, backtrace with symbols, trace entries; then the exit status, or halt. Any context. */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn __cold;
