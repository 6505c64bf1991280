/* SPDX-License-Identifier: MIT */
/*
 * What printf() and all its kin share: a format and its arguments become bytes.
 * Source: C11 s7.21.6.1, all of it for the C locale, where a wide character is one byte; long double has double's
 * precision, as in newlib. Of POSIX's additions %C and %S, no %n$.
 * Context: any that may use SSE registers. Allocates nothing; at most 3 KiB of stack.
 */
#pragma once

#include <stdarg.h>

#include "lib/types.h"

struct printf_out {
	void (*put)(struct printf_out *out, const char *s, size_t n);
	size_t total; /* bytes put so far */
};

/*
 * How many bytes went to out. -EILSEQ: a wide character that is no byte; -EOVERFLOW: more bytes than an int counts.
 * What came before has been put.
 */
int printf_format(struct printf_out *out, const char *fmt, va_list ap);

/* ---- Between printf_format.c and printf_float.c */

#define PRINTF_LEFT  1  /* - */
#define PRINTF_PLUS  2  /* + */
#define PRINTF_SPACE 4  /* a blank */
#define PRINTF_ALT   8  /* # */
#define PRINTF_ZERO  16 /* 0 */

/* One conversion as it is written in the format. */
struct printf_spec {
	int flags;
	int width, prec; /* prec -1: not given */
	char length;     /* 'H' is hh, 'q' is ll; 0: none */
	char conv;
};

void printf_put(struct printf_out *out, const char *s, size_t n);
void printf_fill(struct printf_out *out, char c, size_t n);

/*
 * Begins a field of prefix and then len bytes, which the caller puts: what goes before them, zeros or blanks.
 * Returns how many blanks go behind.
 */
size_t printf_open(struct printf_out *out, const struct printf_spec *spec, const char *prefix,
		   size_t len, bool zeros);

/* The sign that the flags ask for, or none: a string. */
const char *printf_sign(const struct printf_spec *spec, bool negative);

void printf_double(struct printf_out *out, const struct printf_spec *spec, double v);
