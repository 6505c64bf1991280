/* SPDX-License-Identifier: MIT */
/* How the kernel dies: for those that have more to tell than panic() of kernel/printk.h does. */
#pragma once

#include "lib/types.h"

/* Where it happened: the processor's state at the moment, or as far as known. */
struct panic_place {
	u64 ip, sp;
	void (*print_registers)(const void *state); /* NULL: none to print */
	const void *state;
};

/* panic() at a place other than the caller's. Any context. */
void panic_at(const struct panic_place *place, const char *fmt, ...)
	__printf(2, 3) __noreturn __cold;

/* fn prints the last trace entries (or whatever the layer above remembers last). Boot. */
void panic_set_trace(void (*fn)(void));

/* The name of the function addr is in, cut to size (0: not wanted), and how far into it. False: in none. Any context. */
bool symbol_find(u64 addr, char *name, size_t size, u64 *offset);

/*
 * Prints the calls that led to ip, outermost last, as far as the stack at sp tells: the image has no frame pointers, so every
 * word that is an address behind a call is taken for a return address. One that was left over from an earlier
 * call can be among them.
 */
void backtrace_print(u64 ip, u64 sp);
