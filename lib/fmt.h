/* SPDX-License-Identifier: MIT */
/*
 * printf-style formatting without allocation, locale or floating point; any context.
 *
 * %d %i %u %x %X %o %c %s %p %%, with - 0 + space # width precision *, and hh h l ll z j t.
 * Extensions, chosen so that the compiler still checks the arguments:
 *   %pI4  const be32 *: 192.0.2.1        %pM  const u8[6]: 52:54:00:12:34:56
 */
#pragma once

#include "lib/types.h"

/* Writes v in the base (2 to 16) and a 0 behind it; returns its length, at most 20 for base 10. */
size_t fmt_number(char *out, u64 v, unsigned int base);

/* Where formatted text goes: one call per run of bytes. */
typedef void (*fmt_sink_fn)(void *arg, const char *text, size_t len);

/* Formats into sink; returns the number of bytes handed to it. */
size_t fmt_vprintf(fmt_sink_fn sink, void *arg, const char *fmt, va_list ap) __printf(3, 0);

/*
 * Formats into buf of size bytes, always ended by 0 if size > 0. Returns the length written without
 * the 0 (cut text counts as cut), so calls can be chained: n += scnprintf(buf + n, size - n, ...).
 */
size_t vscnprintf(char *buf, size_t size, const char *fmt, va_list ap) __printf(3, 0);
size_t scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
