/* SPDX-License-Identifier: MIT */
/*
 * printf() into memory, in place of newlib's: those bring formatters of their own, these share the one that writes to
 * streams. newlib's streams know strings as a kind of FILE (__SSTR): what does not fit is counted and dropped, or, of
 * one in the heap (__SMBF), makes the buffer grow.
 */
#define _GNU_SOURCE /* asprintf() */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/reent.h>

#include "lib/errno.h"
#include "lib/string.h"

#define HEAP_ROOM 64 /* bytes that asprintf() begins with */

static void string_file(FILE *fp, char *buf, size_t size, int flags)
{
	memset(fp, 0, sizeof(*fp));
	fp->_flags = __SWR | __SSTR | flags;
	fp->_bf._base = fp->_p = (unsigned char *)buf;
	fp->_bf._size = fp->_w = size - 1; /* room for the end */
	fp->_file = -1;
}

int _vsnprintf_r(struct _reent *r, char *str, size_t size, const char *fmt, va_list ap)
{
	char nothing[1];
	FILE f;
	int len;

	if (size > INT_MAX) {
		r->_errno = EOVERFLOW;
		return EOF;
	}
	if (size)
		string_file(&f, str, size, 0);
	else
		string_file(&f, nothing, 1, 0);
	len = _vfprintf_r(r, &f, fmt, ap);
	*f._p = 0;
	return len;
}

int _vasprintf_r(struct _reent *r, char **strp, const char *fmt, va_list ap)
{
	char *buf = _malloc_r(r, HEAP_ROOM);
	FILE f;
	int len;

	if (!buf)
		return EOF;
	string_file(&f, buf, HEAP_ROOM, __SMBF);
	len = _vfprintf_r(r, &f, fmt, ap);
	if (len >= 0) {
		*f._p = 0;
		*strp = (char *)f._bf._base;
	} else if (f._flags & __SMBF) { /* else the stream has freed it */
		_free_r(r, f._bf._base);
	}
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
