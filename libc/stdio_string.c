/* SPDX-License-Identifier: MIT */
/* printf() into memory, in place of newlib's, whose formatter is another one than that for streams. */
#define _GNU_SOURCE /* asprintf() */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/reent.h>

#include "lib/errno.h"
#include "lib/string.h"
#include "libc/printf_format.h"

#define HEAP_ROOM 64 /* bytes that asprintf() begins with */

/* Text in a buffer of size bytes, of which the last is kept for the end. In the heap (r is set) it grows. */
struct string_out {
	struct printf_out out;
	char *buf;
	size_t len, size;
	struct _reent *r;
};

static void string_out_put(struct printf_out *out, const char *s, size_t n)
{
	struct string_out *o = container_of(out, struct string_out, out);
	size_t room = o->size - o->len - 1;

	n = n < room ? n : room;
	memcpy(o->buf + o->len, s, n);
	o->len += n;
}

static void heap_out_put(struct printf_out *out, const char *s, size_t n)
{
	struct string_out *o = container_of(out, struct string_out, out);
	size_t size = (o->len + n + 1) * 3 / 2;
	char *buf;

	if (o->buf && n >= o->size - o->len) {
		buf = _realloc_r(o->r, o->buf, size);
		if (!buf)
			_free_r(o->r, o->buf);
		o->buf = buf;
		o->size = size;
	}
	if (o->buf)
		string_out_put(out, s, n);
}

/* What printf() returns, with errno if it is -1. */
static int result(struct _reent *r, int len)
{
	if (len >= 0)
		return len;
	r->_errno = -len;
	return EOF;
}

int _vsnprintf_r(struct _reent *r, char *str, size_t size, const char *fmt, va_list ap)
{
	char nothing[1];
	struct string_out o = {.out.put = string_out_put, .buf = str, .size = size};
	int len;

	if (size > INT_MAX)
		return result(r, -EOVERFLOW);
	if (!size) {
		o.buf = nothing;
		o.size = 1;
	}
	len = printf_format(&o.out, fmt, ap);
	o.buf[o.len] = 0;
	return result(r, len);
}

int _vasprintf_r(struct _reent *r, char **strp, const char *fmt, va_list ap)
{
	struct string_out o = {.out.put = heap_out_put, .size = HEAP_ROOM, .r = r};
	int len;

	o.buf = _malloc_r(r, HEAP_ROOM);
	len = printf_format(&o.out, fmt, ap);
	if (!o.buf)
		return result(r, -ENOMEM);
	if (len < 0) {
		_free_r(r, o.buf);
		return result(r, len);
	}
	o.buf[o.len] = 0;
	*strp = o.buf;
	return len;
}

int _vsprintf_r(struct _reent *r, char *str, const char *fmt, va_list ap)
{
	return _vsnprintf_r(r, str, INT_MAX, fmt, ap);
}

int vsnprintf(char *str, size_t size, const char *fmt, va_list ap)
{
	return _vsnprintf_r(_REENT, str, size, fmt, ap);
}

int vsprintf(char *str, const char *fmt, va_list ap)
{
	return _vsprintf_r(_REENT, str, fmt, ap);
}

int vasprintf(char **strp, const char *fmt, va_list ap)
{
	return _vasprintf_r(_REENT, strp, fmt, ap);
}

int snprintf(char *str, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(str, size, fmt, ap);
	va_end(ap);
	return len;
}

int sprintf(char *str, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsprintf(str, fmt, ap);
	va_end(ap);
	return len;
}

int asprintf(char **strp, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(strp, fmt, ap);
	va_end(ap);
	return len;
}

/* newlib's own callers use these. */
int _snprintf_r(struct _reent *r, char *str, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = _vsnprintf_r(r, str, size, fmt, ap);
	va_end(ap);
	return len;
}

int _sprintf_r(struct _reent *r, char *str, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = _vsprintf_r(r, str, fmt, ap);
	va_end(ap);
	return len;
}

int _asprintf_r(struct _reent *r, char **strp, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = _vasprintf_r(r, strp, fmt, ap);
	va_end(ap);
	return len;
}
