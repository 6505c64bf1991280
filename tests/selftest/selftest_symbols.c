/* SPDX-License-Identifier: MIT */
/* selftest=symbols: the names that a backtrace would show. */
#include "kernel/arch.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/selftest.h"
#include "kernel/thread.h"
#include "lib/string.h"

extern char image_text_end[];

static bool named(u64 addr, const char *want, u64 want_offset)
{
	char name[64] = "nothing";
	u64 offset;

	if (symbol_find(addr, name, sizeof(name), &offset) && !strcmp(name, want) &&
	    offset == want_offset)
		return true;
	pr_err("%p is called %s", (void *)addr, name);
	return false;
}

static bool symbols(void)
{
	static const struct {
		const void *at;
		const char *name;
	} known[] = {
		{memcpy, "memcpy"},
		{strlen, "strlen"},
		{printk, "printk"},
		{panic, "panic"},
		{symbols, "symbols"},
		{symbol_find, "symbol_find"},
		{thread_yield, "thread_yield"},
		{named, "named"},
	};
	char name[64];
	u64 offset;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!named((u64)known[i].at, known[i].name, 0) ||
		    !named((u64)known[i].at + 3, known[i].name, 3))
			return false;
	if (!symbol_find((u64)thread_yield, name, 7, &offset) || strcmp(name, "thread") != 0)
		return false;
	return symbol_find(ARCH_IMAGE_BASE, name, sizeof(name), &offset) &&
	       symbol_find((u64)image_text_end - 1, name, sizeof(name), &offset) &&
	       !symbol_find((u64)image_text_end, name, sizeof(name), &offset) &&
	       !symbol_find(ARCH_IMAGE_BASE - 1, name, sizeof(name), &offset) &&
	       !symbol_find(8, name, sizeof(name), &offset);
}
SELFTEST("symbols", "addresses have the names of their functions", symbols, false);
