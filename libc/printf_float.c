/* SPDX-License-Identifier: MIT */
/*
 * printf()'s numbers with a point, exact to the last digit asked for: a double is a whole number times a power of
 * two, and so has finitely many decimal digits. All of them are worked out, then rounded once, half to even.
 */
#include "libc/printf_format.h"
#include "lib/string.h"

#define WORD_BASE   1000000000 /* a word of a large number: nine digits */
#define WORD_DIGITS 9
#define WHOLE_WORDS 35  /* 2^1024 has 309 digits */
#define WORDS       156 /* and 2^-1074 has 1074 behind the point */
#define DIGITS      (WORDS * WORD_DIGITS)

#define MANTISSA_BITS 52
#define EXP_MASK      0x7ff
#define EXP_BIAS      1023
#define HEX_DIGITS    13 /* of the mantissa, behind the point */
#define PREC_DEFAULT  6

struct parts {
	bool negative;
	int exp; /* the number is mantissa * 2^exp; EXP_MASK: infinite or, with a mantissa, not a number */
	u64 mantissa;
};

static struct parts take_apart(double v)
{
	struct parts p;
	u64 bits;
	int exp;

	memcpy(&bits, &v, sizeof(bits));
	exp = (int)(bits >> MANTISSA_BITS) & EXP_MASK;
	p.negative = bits >> 63;
	p.mantissa = bits & (((u64)1 << MANTISSA_BITS) - 1);
	if (exp == EXP_MASK) {
		p.exp = EXP_MASK;
		return p;
	}
	if (exp)
		p.mantissa |= (u64)1 << MANTISSA_BITS;
	p.exp = (exp ? exp : 1) - EXP_BIAS - MANTISSA_BITS;
	return p;
}

/* ---- Decimal digits */

/* 0.digits times 10^exp; the first and the last digit are not 0. No digits: zero. */
struct decimal {
	int n, exp;
	char digit[DIGITS];
};

/* A large number: word[from..to), the most significant first; the point is before word[WHOLE_WORDS]. */
struct large {
	int from, to;
	u32 word[WORDS];
};

static void large_double(struct large *x, int times)
{
	for (; times > 0; times -= 29) {
		int shift = times < 29 ? times : 29;
		u64 carry = 0;

		for (int i = WHOLE_WORDS - 1; i >= x->from || carry; i--) {
			u64 v = ((i < x->from ? 0 : (u64)x->word[i]) << shift) + carry;

			x->word[i] = (u32)(v % WORD_BASE);
			carry = v / WORD_BASE;
			if (i < x->from)
				x->from = i;
		}
	}
}

/* Nine times at once: a word's base can be halved so often. */
static void large_halve(struct large *x, int times)
{
	for (; times > 0; times -= 9) {
		int shift = times < 9 ? times : 9;
		u32 carry = 0;

		for (int i = x->from; i < x->to || carry; i++) {
			u32 v = i < x->to ? x->word[i] : 0;

			x->word[i] = (v >> shift) + carry;
			carry = (v & ((1U << shift) - 1)) * (u32)(WORD_BASE >> shift);
			if (i >= x->to)
				x->to = i + 1;
		}
		while (x->from < x->to && !x->word[x->from])
			x->from++;
	}
}

static void decimal_from(struct decimal *d, const struct parts *p)
{
	struct large x = {.from = WHOLE_WORDS - 2, .to = WHOLE_WORDS};
	int skip = 0;

	x.word[WHOLE_WORDS - 2] = (u32)(p->mantissa / WORD_BASE);
	x.word[WHOLE_WORDS - 1] = (u32)(p->mantissa % WORD_BASE);
	large_double(&x, p->exp);
	large_halve(&x, -p->exp);
	d->n = 0;
	d->exp = (WHOLE_WORDS - x.from) * WORD_DIGITS;
	for (int i = x.from; i < x.to; i++, d->n += WORD_DIGITS)
		for (int k = WORD_DIGITS - 1; k >= 0; k--, x.word[i] /= 10)
			d->digit[d->n + k] = (char)('0' + x.word[i] % 10);
	while (d->n && d->digit[d->n - 1] == '0')
		d->n--;
	while (skip < d->n && d->digit[skip] == '0')
		skip++;
	d->n -= skip;
	d->exp = d->n ? d->exp - skip : 1;
	memmove(d->digit, d->digit + skip, (size_t)d->n);
}

/* Keeps that many digits; fewer than 0: not even what rounds up to the first. */
static void decimal_round(struct decimal *d, long keep)
{
	bool up;

	if (keep >= d->n)
		return;
	up = keep >= 0 &&
	     (d->digit[keep] > '5' ||
	      (d->digit[keep] == '5' && (d->n > keep + 1 || (keep && (d->digit[keep - 1] & 1)))));
	d->n = keep < 0 ? 0 : (int)keep;
	if (up) {
		while (d->n && d->digit[d->n - 1] == '9')
			d->n--;
		if (d->n) {
			d->digit[d->n - 1]++;
		} else {
			d->digit[d->n++] = '1';
			d->exp++;
		}
	}
	while (d->n && d->digit[d->n - 1] == '0')
		d->n--;
	if (!d->n)
		d->exp = 1;
}

/* Digits [from, to) of d, which has zeros on both sides. */
static void put_digits(struct printf_out *out, const struct decimal *d, long from, long to)
{
	long first = from < 0 ? (to < 0 ? to : 0) : from, last = to < d->n ? to : d->n;

	printf_fill(out, '0', (size_t)(first - from));
	if (first < last)
		printf_put(out, d->digit + first, (size_t)(last - first));
	else
		last = first;
	printf_fill(out, '0', (size_t)(to - last));
}

/* ---- The forms */

/* e+XX; returns how long it is. */
static size_t exponent(char *to, char letter, int exp, int least)
{
	unsigned int v = exp < 0 ? -(unsigned int)exp : (unsigned int)exp;
	char digits[8];
	int n = 0;
	size_t len = 0;

	for (; v || n < least; v /= 10)
		digits[n++] = (char)('0' + v % 10);
	to[len++] = letter;
	to[len++] = exp < 0 ? '-' : '+';
	while (n)
		to[len++] = digits[--n];
	return len;
}

/* The digits up to whole, a point if there is one, prec more, the exponent. */
static void put_decimal(struct printf_out *out, const struct printf_spec *spec, const char *sign,
			const struct decimal *d, int whole, long prec, const char *tail,
			size_t tail_len)
{
	bool point = prec || spec->flags & PRINTF_ALT;
	long from = whole > 0 ? 0 : whole - 1; /* at least a zero before the point */
	size_t behind = printf_open(out, spec, sign,
				    (size_t)(whole - from) + point + (size_t)prec + tail_len,
				    spec->flags & PRINTF_ZERO);

	put_digits(out, d, from, whole);
	printf_put(out, ".", point);
	put_digits(out, d, whole, whole + prec);
	printf_put(out, tail, tail_len);
	printf_fill(out, ' ', behind);
}

static void put_as_f(struct printf_out *out, const struct printf_spec *spec, const char *sign,
		     const struct decimal *d, long prec)
{
	put_decimal(out, spec, sign, d, d->exp, prec, "", 0);
}

static void put_as_e(struct printf_out *out, const struct printf_spec *spec, const char *sign,
		     const struct decimal *d, long prec)
{
	char tail[8], letter = (char)('E' | (spec->conv & 0x20));

	put_decimal(out, spec, sign, d, 1, prec, tail, exponent(tail, letter, d->exp - 1, 2));
}

/* Of either form the shorter, without zeros at the end unless # wants them. */
static void put_as_g(struct printf_out *out, const struct printf_spec *spec, const char *sign,
		     struct decimal *d, long prec)
{
	bool all = spec->flags & PRINTF_ALT, as_f;
	long most;

	if (!prec)
		prec = 1;
	decimal_round(d, prec);
	as_f = d->exp <= prec && d->exp > -4;
	prec -= as_f ? d->exp : 1;
	most = d->n - (as_f ? d->exp : 1);
	if (!all && prec > most)
		prec = most < 0 ? 0 : most;
	if (as_f)
		put_as_f(out, spec, sign, d, prec);
	else
		put_as_e(out, spec, sign, d, prec);
}

/* 0x1.8p+1, the first digit 1 (2 if rounding makes it so). */
static void put_as_a(struct printf_out *out, const struct printf_spec *spec, struct parts p)
{
	const char *set = spec->conv == 'A' ? "0123456789ABCDEF" : "0123456789abcdef";
	bool upper = spec->conv == 'A', point;
	char prefix[4], digit[HEX_DIGITS], tail[8];
	size_t len = strlen(printf_sign(spec, p.negative)), tail_len, behind;
	int prec = spec->prec, n, exp = p.exp + MANTISSA_BITS;

	memcpy(prefix, printf_sign(spec, p.negative), len);
	memcpy(prefix + len, upper ? "0X" : "0x", 3);
	for (; p.mantissa && !(p.mantissa >> MANTISSA_BITS); exp--)
		p.mantissa <<= 1;
	if (prec >= 0 && prec < HEX_DIGITS) {
		int drop = MANTISSA_BITS - 4 * prec;
		u64 rest = p.mantissa & (((u64)1 << drop) - 1), half = (u64)1 << (drop - 1);

		p.mantissa >>= drop;
		p.mantissa += rest > half || (rest == half && p.mantissa & 1);
		p.mantissa <<= drop;
	}
	for (n = 0; n < HEX_DIGITS; n++)
		digit[n] = set[p.mantissa >> (MANTISSA_BITS - 4 * (n + 1)) & 15];
	if (prec < 0)
		for (prec = HEX_DIGITS; prec && digit[prec - 1] == '0';)
			prec--;
	n = prec < HEX_DIGITS ? prec : HEX_DIGITS;
	point = prec || spec->flags & PRINTF_ALT;
	tail_len = exponent(tail, upper ? 'P' : 'p', p.mantissa ? exp : 0, 1);
	behind = printf_open(out, spec, prefix, 1 + point + (size_t)prec + tail_len,
			     spec->flags & PRINTF_ZERO);
	printf_put(out, &set[p.mantissa >> MANTISSA_BITS], 1);
	printf_put(out, ".", point);
	printf_put(out, digit, (size_t)n);
	printf_fill(out, '0', (size_t)(prec - n));
	printf_put(out, tail, tail_len);
	printf_fill(out, ' ', behind);
}

void printf_double(struct printf_out *out, const struct printf_spec *spec, double v)
{
	struct parts p = take_apart(v);
	const char *sign = printf_sign(spec, p.negative);
	long prec = spec->prec < 0 ? PREC_DEFAULT : spec->prec;
	char form = (char)(spec->conv | 0x20);
	struct decimal d;

	if (p.exp == EXP_MASK) {
		const char *name = spec->conv & 0x20 ? "infnan" : "INFNAN";
		size_t behind = printf_open(out, spec, sign, 3, false);

		printf_put(out, name + (p.mantissa ? 3 : 0), 3);
		printf_fill(out, ' ', behind);
		return;
	}
	if (form == 'a') {
		put_as_a(out, spec, p);
		return;
	}
	decimal_from(&d, &p);
	if (form == 'g') {
		put_as_g(out, spec, sign, &d, prec);
	} else if (form == 'f') {
		decimal_round(&d, d.exp + prec);
		put_as_f(out, spec, sign, &d, prec);
	} else {
		decimal_round(&d, prec + 1);
		put_as_e(out, spec, sign, &d, prec);
	}
}
