/* SPDX-License-Identifier: MIT */
/* printf()'s formats: text, conversions, integers and strings. Numbers with a point are printf_float.c's. */
#include "libc/printf_format.h"
#include "lib/errno.h"
#include "lib/string.h"

#define INT_LIMIT 0x7fffffff
#define BYTE_MAX  0xff /* the last character of the C locale */

/* A va_list that functions can share. */
struct args {
	va_list ap;
};

void printf_put(struct printf_out *out, const char *s, size_t n)
{
	out->total += n;
	if (n)
		out->put(out, s, n);
}

void printf_fill(struct printf_out *out, char c, size_t n)
{
	char some[32];

	memset(some, c, sizeof(some));
	for (; n > sizeof(some); n -= sizeof(some))
		printf_put(out, some, sizeof(some));
	printf_put(out, some, n);
}

size_t printf_open(struct printf_out *out, const struct printf_spec *spec, const char *prefix,
		   size_t len, bool zeros)
{
	size_t all = strlen(prefix) + len, width = (size_t)spec->width;
	size_t pad = width > all ? width - all : 0;
	bool left = spec->flags & PRINTF_LEFT;

	if (!left && !zeros)
		printf_fill(out, ' ', pad);
	printf_put(out, prefix, strlen(prefix));
	if (!left && zeros)
		printf_fill(out, '0', pad);
	return left ? pad : 0;
}

const char *printf_sign(const struct printf_spec *spec, bool negative)
{
	if (negative)
		return "-";
	if (spec->flags & PRINTF_PLUS)
		return "+";
	return spec->flags & PRINTF_SPACE ? " " : "";
}

/* ---- What the format says */

static const char *parse_flags(const char *p, struct printf_spec *spec)
{
	static const char flags[] =
		"-+ #0'"; /* in the order of their bits; ' groups by nothing here */
	const char *flag;

	for (; *p && (flag = strchr(flags, *p)) != NULL; p++)
		spec->flags |= 1 << (flag - flags);
	return p;
}

/* Digits, or * and an argument. */
static const char *parse_number(const char *p, int *n, struct args *args)
{
	*n = 0;
	if (*p == '*') {
		*n = va_arg(args->ap, int);
		return p + 1;
	}
	for (; *p >= '0' && *p <= '9'; p++)
		*n = *n > (INT_LIMIT - 9) / 10 ? INT_LIMIT : *n * 10 + (*p - '0');
	return p;
}

static const char *parse_length(const char *p, struct printf_spec *spec)
{
	if (!*p || !strchr("hljztLq", *p))
		return p;
	spec->length = *p++;
	if (*p == spec->length && (*p == 'h' || *p == 'l'))
		spec->length = *p++ == 'h' ? 'H' : 'q';
	return p;
}

/* p is behind the %; returns where the conversion's letter is. */
static const char *parse(const char *p, struct printf_spec *spec, struct args *args)
{
	*spec = (struct printf_spec){.prec = -1};
	p = parse_flags(p, spec);
	p = parse_number(p, &spec->width, args);
	if (spec->width < 0) {
		spec->flags |= PRINTF_LEFT;
		spec->width = spec->width < -INT_LIMIT ? INT_LIMIT : -spec->width;
	}
	if (*p == '.')
		p = parse_number(p + 1, &spec->prec, args);
	p = parse_length(p, spec);
	spec->conv = *p;
	return p;
}

/* ---- Conversions */

static s64 signed_arg(const struct printf_spec *spec, struct args *args)
{
	switch (spec->length) {
	case 'H':
		return (signed char)va_arg(args->ap, int);
	case 'h':
		return (short)va_arg(args->ap, int);
	case 0:
		return va_arg(args->ap, int);
	default: /* all others are long here */
		return va_arg(args->ap, long);
	}
}

static u64 unsigned_arg(const struct printf_spec *spec, struct args *args)
{
	switch (spec->length) {
	case 'H':
		return (unsigned char)va_arg(args->ap, int);
	case 'h':
		return (unsigned short)va_arg(args->ap, int);
	case 0:
		return va_arg(args->ap, unsigned int);
	default:
		return va_arg(args->ap, unsigned long);
	}
}

static void put_number(struct printf_out *out, const struct printf_spec *spec, const char *prefix,
		       u64 v, unsigned int base)
{
	const char *set = spec->conv == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	size_t n = 0, zeros, least = spec->prec < 0 ? 1 : (size_t)spec->prec, behind;
	char digits[24], *end = digits + sizeof(digits);

	for (; v; v /= base)
		*(end - ++n) = set[v % base];
	if (base == 8 && spec->flags & PRINTF_ALT && least <= n)
		least = n + 1;
	zeros = least > n ? least - n : 0;
	behind = printf_open(out, spec, prefix, zeros + n,
			     spec->flags & PRINTF_ZERO && spec->prec < 0);
	printf_fill(out, '0', zeros);
	printf_put(out, end - n, n);
	printf_fill(out, ' ', behind);
}

static void put_signed(struct printf_out *out, const struct printf_spec *spec, s64 v)
{
	put_number(out, spec, printf_sign(spec, v < 0), v < 0 ? -(u64)v : (u64)v, 10);
}

static void put_hex(struct printf_out *out, const struct printf_spec *spec, u64 v, bool prefix)
{
	put_number(out, spec, !prefix ? "" : spec->conv == 'X' ? "0X" : "0x", v, 16);
}

static void put_text(struct printf_out *out, const struct printf_spec *spec, const char *s,
		     size_t n)
{
	size_t behind = printf_open(out, spec, "", n, false);

	printf_put(out, s, n);
	printf_fill(out, ' ', behind);
}

static void put_string(struct printf_out *out, const struct printf_spec *spec, const char *s)
{
	if (!s)
		s = "(null)";
	put_text(out, spec, s, spec->prec < 0 ? strlen(s) : strnlen(s, (size_t)spec->prec));
}

static int put_wide_string(struct printf_out *out, const struct printf_spec *spec, const wchar_t *s)
{
	size_t n = 0, behind;

	if (!s)
		s = L"(null)";
	for (; (spec->prec < 0 || n < (size_t)spec->prec) && s[n]; n++)
		if ((u32)s[n] > BYTE_MAX)
			return -EILSEQ;
	behind = printf_open(out, spec, "", n, false);
	for (; n; n--, s++)
		printf_put(out, &(char){(char)*s}, 1);
	printf_fill(out, ' ', behind);
	return 0;
}

static void store_total(const struct printf_out *out, const struct printf_spec *spec, void *to)
{
	switch (spec->length) {
	case 'H':
		*(signed char *)to = (signed char)out->total;
		break;
	case 'h':
		*(short *)to = (short)out->total;
		break;
	case 0:
		*(int *)to = (int)out->total;
		break;
	default:
		*(long *)to = (long)out->total;
	}
}

static int put_char(struct printf_out *out, const struct printf_spec *spec, u32 c, bool wide)
{
	if (wide && c > BYTE_MAX)
		return -EILSEQ;
	put_text(out, spec, &(char){(char)c}, 1);
	return 0;
}

/* 0, -EILSEQ, or -ENOENT: no such conversion. */
static int convert(struct printf_out *out, const struct printf_spec *spec, struct args *args)
{
	bool wide = spec->length == 'l' || spec->conv == 'C' || spec->conv == 'S';
	u64 v;

	switch (spec->conv) {
	case 'd':
	case 'i':
		put_signed(out, spec, signed_arg(spec, args));
		return 0;
	case 'u':
	case 'o':
		put_number(out, spec, "", unsigned_arg(spec, args), spec->conv == 'u' ? 10 : 8);
		return 0;
	case 'x':
	case 'X':
		v = unsigned_arg(spec, args);
		put_hex(out, spec, v, v && spec->flags & PRINTF_ALT);
		return 0;
	case 'p':
		put_hex(out, spec, (u64)va_arg(args->ap, void *), true);
		return 0;
	case 'c':
	case 'C':
		return put_char(out, spec, va_arg(args->ap, unsigned int), wide);
	case 's':
	case 'S':
		if (wide)
			return put_wide_string(out, spec, va_arg(args->ap, const wchar_t *));
		put_string(out, spec, va_arg(args->ap, const char *));
		return 0;
	case 'n':
		store_total(out, spec, va_arg(args->ap, void *));
		return 0;
	case '%':
		printf_put(out, "%", 1);
		return 0;
	default:
		if (!spec->conv || !strchr("aAeEfFgG", spec->conv))
			return -ENOENT;
		printf_double(out, spec,
			      spec->length == 'L' ? (double)va_arg(args->ap, long double)
						  : va_arg(args->ap, double));
		return 0;
	}
}

int printf_format(struct printf_out *out, const char *fmt, va_list ap)
{
	struct printf_spec spec;
	struct args args;
	int err = 0;

	out->total = 0;
	va_copy(args.ap, ap);
	while (*fmt && err != -EILSEQ) {
		const char *from = fmt;

		if (*fmt != '%') {
			while (*fmt && *fmt != '%')
				fmt++;
			printf_put(out, from, (size_t)(fmt - from));
			continue;
		}
		fmt = parse(fmt + 1, &spec, &args);
		fmt += *fmt != 0;
		err = convert(out, &spec, &args);
		if (err == -ENOENT) /* stands for itself */
			printf_put(out, from, (size_t)(fmt - from));
	}
	va_end(args.ap);
	if (err == -EILSEQ)
		return err;
	return out->total > INT_LIMIT ? -EOVERFLOW : (int)out->total;
}
