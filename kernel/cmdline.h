/* SPDX-License-Identifier: MIT */
/*
 * The kernel command line: words name=value or name, values may be in double quotes. Valid after kernel_main began.
 */
#pragma once

#include "lib/types.h"

/*
 * Splits line in place; it must stay. Complains, with the column, about quotes that do not close, about words beyond
 * CMDLINE_WORDS and about names that nothing in weir asks for; the rest is kept. Boot.
 */
#define CMDLINE_WORDS 64
void cmdline_init(char *line);

/* The value of name ("" for a bare word), NULL if absent. The n-th of several equal names: nth from 0. */
const char *cmdline_get(const char *name, unsigned int nth);

/* Calls fn for every word, in order, with its column (from 1) in the line. */
void cmdline_for_each(void (*fn)(void *arg, const char *name, const char *value, unsigned int col),
		      void *arg);

/*
 * Reads the archive at data, which must stay. Complains about what is wrong with it, with the offset, and keeps the files in
 * front of that. Boot.
 */
void initrd_init(const void *data, size_t size);

/* The files of the initrd (cpio newc). The data stays valid for ever. NULL: no such file. path without leading '/'. */
const void *initrd_file(const char *path, size_t *size);

/* When it was last changed, s since 1970. 0: not known, or no such file. */
u32 initrd_mtime(const char *path);
/* n-th file; false after the last. */
bool initrd_nth(unsigned int n, const char **path, const void **data, size_t *size);
