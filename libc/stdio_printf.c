/* SPDX-License-Identifier: MIT */
/* printf() into streams: in place of newlib's, which takes four times the room (libc/printf_format.h). */
#include <stdio.h>
#include <sys/reent.h>

#include "lib/errno.h"
#include "lib/string.h"
#include "libc/printf_format.h"

/* Collects, so that a line to an unbuffered stream, as stderr, is one write. */
struct stream_out {
	struct printf_out out;
	struct _reent *r;
	FILE *fp;
	size_t held;
	bool failed;
	char buf[256];
};

static void stream_write_out(struct stream_out *o, const char *s, size_t n)
{
	if (n && !o->failed)
		o->failed = _fwrite_r(o->r, s, 1, n, o->fp) != n;
}

static void stream_flush(struct stream_out *o)
{
	stream_write_out(o, o->buf, o->held);
	o->held = 0;
}

static void stream_out_put(struct printf_out *out, const char *s, size_t n)
{
	struct stream_out *o = container_of(out, struct stream_out, out);

	if (n > sizeof(o->buf) - o->held)
		stream_flush(o);
	if (n > sizeof(o->buf)) {
		stream_write_out(o, s, n);
		return;
	}
	memcpy(o->buf + o->held, s, n);
	o->held += n;
}

int _vfprintf_r(struct _reent *r, FILE *fp, const char *fmt, va_list ap)
{
	struct stream_out o = {.out.put = stream_out_put, .r = r, .fp = fp};
	int len = printf_format(&o.out, fmt, ap);

	stream_flush(&o);
	if (len < 0)
		r->_errno = -len;
	return len < 0 || o.failed ? EOF : len;
}

int vfprintf(FILE *fp, const char *fmt, va_list ap)
{
	return _vfprintf_r(_REENT, fp, fmt, ap);
}
