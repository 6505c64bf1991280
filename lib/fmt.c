/* SPDX-License-Identifier: MIT */
/* printf-style formatting: parse one conversion into a struct spec, render it as runs of bytes. */
#include "lib/fmt.h"

#include "lib/string.h"

struct out {
	fmt_sink_fn sink;
	void *arg;
	size_t total;
};

struct spec {
	bool left, zero, plus, space, alt;
	int width;
	int precision; /* -1: none given */
	enum {
		LEN_INT,
		LEN_CHAR,
		LEN_SHORT,
		LEN_LONG,
		LEN_LLONG,
		LEN_SIZE,
		LEN_MAX,
		LEN_PTRDIFF
	} length;
};

static void emit(struct out *o, const char *text, size_t len)
{
	if (!len)
		return;
	o->sink(o->arg, text, len);
	o->total += len;
}

static void emit_fill(struct out *o, char c, int count)
{
	static const char spaces[] = "                ", zeros[] = "0000000000000000";
	const char *run = c == '0' ? zeros : spaces;

	for (int n; count > 0; count -= n) {
		n = min(count, (int)sizeof(spaces) - 1);
		emit(o, run, n);
	}
}

static void emit_text(struct out *o, const struct spec *s, const char *text, size_t len)
{
	int fill = s->width - (int)len;

	if (!s->left)
		emit_fill(o, ' ', fill);
	emit(o, text, len);
	if (s->left)
		emit_fill(o, ' ', fill);
}

/* Digits of v, written to the left of end; returns where they start. */
static char *digits(char *end, u64 v, unsigned int base, bool upper)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	for (; v; v /= base)
		*--end = set[v % base];
	return end;
}

size_t fmt_number(char *out, u64 v, unsigned int base)
{
	char buf[24], *end = buf + sizeof(buf), *p = digits(end, v, base, false);

	if (p == end)
		*--p = '0';
	memcpy(out, p, end - p);
	out[end - p] = 0;
	return end - p;
}

static void emit_number(struct out *o, const struct spec *s, u64 v, unsigned int base, bool upper,
			const char *prefix)
{
	char buf[24];
	char *end = buf + sizeof(buf), *p = digits(end, v, base, upper);
	int len = end - p, zeros, fill;
	int prefix_len = strlen(prefix);

	zeros = (s->precision < 0 ? 1 : s->precision) - len;
	if (base == 8 && s->alt && zeros <= 0 && (!len || *p != '0'))
		zeros = 1;
	zeros = max(zeros, 0);
	fill = s->width - prefix_len - zeros - len;
	if (s->zero && !s->left && s->precision < 0 && fill > 0) {
		zeros += fill;
		fill = 0;
	}
	if (!s->left)
		emit_fill(o, ' ', fill);
	emit(o, prefix, prefix_len);
	emit_fill(o, '0', zeros);
	emit(o, p, len);
	if (s->left)
		emit_fill(o, ' ', fill);
}

static void emit_signed(struct out *o, const struct spec *s, s64 v)
{
	const char *sign = v < 0 ? "-" : s->plus ? "+" : s->space ? " " : "";

	emit_number(o, s, v < 0 ? -(u64)v : (u64)v, 10, false, sign);
}

static void emit_unsigned(struct out *o, const struct spec *s, u64 v, char conversion)
{
	const char *prefix = "";

	switch (conversion) {
	case 'x':
	case 'X':
		if (s->alt && v)
			prefix = conversion == 'x' ? "0x" : "0X";
		emit_number(o, s, v, 16, conversion == 'X', prefix);
		break;
	case 'o':
		emit_number(o, s, v, 8, false, prefix);
		break;
	default:
		emit_number(o, s, v, 10, false, prefix);
	}
}

static char *put_decimal_byte(char *p, u8 v)
{
	if (v >= 100)
		*p++ = '0' + v / 100;
	if (v >= 10)
		*p++ = '0' + v / 10 % 10;
	*p++ = '0' + v % 10;
	return p;
}

static void emit_ip4(struct out *o, const struct spec *s, const u8 *addr)
{
	char buf[sizeof("255.255.255.255")], *p = buf;

	for (int i = 0; i < 4; i++) {
		if (i)
			*p++ = '.';
		p = put_decimal_byte(p, addr[i]);
	}
	emit_text(o, s, buf, p - buf);
}

static void emit_mac(struct out *o, const struct spec *s, const u8 *addr)
{
	static const char hex[] = "0123456789abcdef";
	char buf[sizeof("00:00:00:00:00:00")], *p = buf;

	for (int i = 0; i < 6; i++) {
		if (i)
			*p++ = ':';
		*p++ = hex[addr[i] >> 4];
		*p++ = hex[addr[i] & 15];
	}
	emit_text(o, s, buf, p - buf);
}

/* fmt is behind the p; returns where the conversion ends. */
static const char *emit_pointer(struct out *o, struct spec *s, const void *p, const char *fmt)
{
	bool ip4 = fmt[0] == 'I' && fmt[1] == '4', mac = fmt[0] == 'M';

	if (!p && (ip4 || mac))
		emit_text(o, s, "(null)", 6);
	else if (ip4)
		emit_ip4(o, s, p);
	else if (mac)
		emit_mac(o, s, p);
	else
		emit_number(o, s, (uintptr_t)p, 16, false, "0x");
	return fmt + (ip4 ? 2 : mac ? 1 : 0);
}

static void emit_string(struct out *o, const struct spec *s, const char *text)
{
	if (!text)
		text = "(null)";
	emit_text(o, s, text, s->precision < 0 ? strlen(text) : strnlen(text, s->precision));
}

static const char *parse_flags(struct spec *s, const char *fmt)
{
	for (;; fmt++) {
		switch (*fmt) {
		case '-':
			s->left = true;
			break;
		case '0':
			s->zero = true;
			break;
		case '+':
			s->plus = true;
			break;
		case ' ':
			s->space = true;
			break;
		case '#':
			s->alt = true;
			break;
		default:
			return fmt;
		}
	}
}

static const char *parse_int(const char *fmt, int *value)
{
	int v = 0;

	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		v = min(v * 10 + (*fmt - '0'), 100000);
	*value = v;
	return fmt;
}

static const char *parse_length(struct spec *s, const char *fmt)
{
	switch (*fmt) {
	case 'h':
		s->length = fmt[1] == 'h' ? LEN_CHAR : LEN_SHORT;
		return fmt + (fmt[1] == 'h' ? 2 : 1);
	case 'l':
		s->length = fmt[1] == 'l' ? LEN_LLONG : LEN_LONG;
		return fmt + (fmt[1] == 'l' ? 2 : 1);
	case 'z':
		s->length = LEN_SIZE;
		return fmt + 1;
	case 'j':
		s->length = LEN_MAX;
		return fmt + 1;
	case 't':
		s->length = LEN_PTRDIFF;
		return fmt + 1;
	}
	return fmt;
}

/* A va_list that can be handed on by address, whatever type it has. */
struct args {
	va_list ap;
};

/* fmt is behind the %; returns it at the conversion's letter. */
static const char *parse_spec(struct spec *s, const char *fmt, struct args *args)
{
	fmt = parse_flags(s, fmt);
	if (*fmt == '*') {
		s->width = va_arg(args->ap, int);
		if (s->width < 0) {
			s->left = true;
			s->width = -s->width;
		}
		fmt++;
	} else {
		fmt = parse_int(fmt, &s->width);
	}
	s->precision = -1;
	if (*fmt == '.') {
		if (*++fmt == '*') {
			s->precision = max(va_arg(args->ap, int), -1);
			fmt++;
		} else {
			fmt = parse_int(fmt, &s->precision);
		}
	}
	return parse_length(s, fmt);
}

static s64 arg_signed(const struct spec *s, struct args *args)
{
	switch (s->length) {
	case LEN_CHAR:
		return (signed char)va_arg(args->ap, int);
	case LEN_SHORT:
		return (short)va_arg(args->ap, int);
	case LEN_INT:
		return va_arg(args->ap, int);
	default:
		return va_arg(args->ap, s64);
	}
}

static u64 arg_unsigned(const struct spec *s, struct args *args)
{
	switch (s->length) {
	case LEN_CHAR:
		return (unsigned char)va_arg(args->ap, unsigned int);
	case LEN_SHORT:
		return (unsigned short)va_arg(args->ap, unsigned int);
	case LEN_INT:
		return va_arg(args->ap, unsigned int);
	default:
		return va_arg(args->ap, u64);
	}
}

/* Renders one conversion, fmt at its letter; returns where it ends, or NULL if there is no such letter. */
static const char *emit_conversion(struct out *o, struct spec *s, const char *fmt,
				   struct args *args)
{
	char c;

	switch (*fmt) {
	case 'd':
	case 'i':
		emit_signed(o, s, arg_signed(s, args));
		return fmt + 1;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		emit_unsigned(o, s, arg_unsigned(s, args), *fmt);
		return fmt + 1;
	case 'c':
		c = va_arg(args->ap, int);
		emit_text(o, s, &c, 1);
		return fmt + 1;
	case 's':
		emit_string(o, s, va_arg(args->ap, const char *));
		return fmt + 1;
	case 'p':
		return emit_pointer(o, s, va_arg(args->ap, const void *), fmt + 1);
	case '%':
		emit(o, "%", 1);
		return fmt + 1;
	}
	return NULL;
}

size_t fmt_vprintf(fmt_sink_fn sink, void *arg, const char *fmt, va_list ap)
{
	struct out o = {.sink = sink, .arg = arg};
	struct args args;

	va_copy(args.ap, ap);
	while (*fmt) {
		struct spec s = {0};
		const char *start = fmt, *end;

		while (*fmt && *fmt != '%')
			fmt++;
		emit(&o, start, fmt - start);
		if (!*fmt)
			break;
		end = emit_conversion(&o, &s, parse_spec(&s, fmt + 1, &args), &args);
		if (!end) {
			/* Unknown: its argument is too, so the rest stays as it is. */
			emit(&o, fmt, strlen(fmt));
			break;
		}
		fmt = end;
	}
	va_end(args.ap);
	return o.total;
}

struct buffer {
	char *at, *last; /* last: for the 0 */
};

static void buffer_sink(void *arg, const char *text, size_t len)
{
	struct buffer *b = arg;
	size_t n = min(len, (size_t)(b->last - b->at));

	memcpy(b->at, text, n);
	b->at += n;
}

size_t vscnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct buffer b = {.at = buf, .last = buf + size - 1};

	if (!size)
		return 0;
	fmt_vprintf(buffer_sink, &b, fmt, ap);
	*b.at = 0;
	return b.at - buf;
}

size_t scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = vscnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
