/* SPDX-License-Identifier: MIT */
/*
 * The C library's memory and string functions for bare metal, with general registers only.
 *
 * Tuned for the fewest instructions at 64 to 2048 bytes: 64 bytes a turn in 8-byte moves, and a tail
 * that overlaps what was moved before instead of counting bytes. Above 128 bytes movsq, which loads and stores in one,
 * written out: of rep TCG makes a loop that is slow.
 * opaque() keeps the compiler from recognising a loop as the very function it implements.
 */
#include "lib/string.h"

#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen

typedef u64 word __attribute__((may_alias, aligned(1)));
typedef u32 half __attribute__((may_alias, aligned(1)));
typedef u16 quarter __attribute__((may_alias, aligned(1)));

#define opaque(p) __asm__("" : "+r"(p))

#define LOAD(p, i)     (((const word *)(p))[i])
#define STORE(p, i, v) (((word *)(p))[i] = (v))

/* All loads come before all stores, so the regions may overlap. n <= 16. */
static inline void move_small(u8 *d, const u8 *s, size_t n)
{
	if (n >= 8) {
		u64 a = *(const word *)s, b = *(const word *)(s + n - 8);

		*(word *)d = a;
		*(word *)(d + n - 8) = b;
	} else if (n >= 4) {
		u32 a = *(const half *)s, b = *(const half *)(s + n - 4);

		*(half *)d = a;
		*(half *)(d + n - 4) = b;
	} else if (n >= 2) {
		u16 a = *(const quarter *)s, b = *(const quarter *)(s + n - 2);

		*(quarter *)d = a;
		*(quarter *)(d + n - 2) = b;
	} else if (n) {
		*d = *s;
	}
}

static inline void move32(u8 *d, const u8 *s)
{
	u64 a = LOAD(s, 0), b = LOAD(s, 1), c = LOAD(s, 2), e = LOAD(s, 3);

	STORE(d, 0, a);
	STORE(d, 1, b);
	STORE(d, 2, c);
	STORE(d, 3, e);
}

static inline void move16(u8 *d, const u8 *s)
{
	u64 a = LOAD(s, 0), b = LOAD(s, 1);

	STORE(d, 0, a);
	STORE(d, 1, b);
}

#define MOVSQ4  "movsq; movsq; movsq; movsq;"
#define MOVSQ16 MOVSQ4 MOVSQ4 MOVSQ4 MOVSQ4

/* Entered where as many words are left as the blocks of 32 do not take. */
static inline void move_words(u8 *d, const u8 *s, size_t words)
{
	size_t blocks = words / 32, first = words % 32;
	const void *enter;

	__asm__ volatile("lea 1f(%%rip), %[enter]; sub %[first], %[enter]; sub %[first], %[enter];"
			 "jmp *%[enter];"
			 "2:" MOVSQ16 MOVSQ16 "1: dec %[blocks]; jns 2b"
			 : "+D"(d), "+S"(s), [blocks] "+r"(blocks), [enter] "=&r"(enter)
			 : [first] "r"(first)
			 : "memory", "cc");
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	if (n > 128) {
		u64 last = *(const word *)(s + n - 8);

		move_words(d, s, (n - 1) / 8);
		*(word *)(d + n - 8) = last;
		return dst;
	}
	if (n <= 16) {
		move_small(d, s, n);
		return dst;
	}
	for (; n > 64; n -= 64) {
		move32(d, s);
		move32(d + 32, s + 32);
		d += 64;
		s += 64;
		opaque(s);
	}
	if (n > 32) {
		move32(d, s);
		move16(d + n - 32, s + n - 32);
	} else if (n > 16) {
		move16(d, s);
	}
	move16(d + n - 16, s + n - 16);
	return dst;
}

/* Moves upwards: d below s. n > 16. The tail is read first, for its source may be written on the way. */
static inline void move_up(u8 *d, const u8 *s, size_t n)
{
	u64 y = *(const word *)(s + n - 16), z = *(const word *)(s + n - 8);
	u8 *end = d + n;

	for (; n > 32; n -= 32) {
		move32(d, s);
		d += 32;
		s += 32;
		opaque(s);
	}
	if (n > 16)
		move16(d, s);
	*(word *)(end - 16) = y;
	*(word *)(end - 8) = z;
}

/* Moves downwards: d above s. n > 16. */
static inline void move_down(u8 *d, const u8 *s, size_t n)
{
	u64 y = LOAD(s, 0), z = LOAD(s, 1);
	u8 *start = d;

	d += n;
	s += n;
	for (; n > 32; n -= 32) {
		d -= 32;
		s -= 32;
		move32(d, s);
		opaque(s);
	}
	if (n > 16)
		move16(d - 16, s - 16);
	STORE(start, 0, y);
	STORE(start, 1, z);
}

void *memmove(void *dst, const void *src, size_t n)
{
	if (n <= 16)
		move_small(dst, src, n);
	else if ((uintptr_t)dst - (uintptr_t)src >= n)
		move_up(dst, src, n); /* also when they do not overlap */
	else
		move_down(dst, src, n);
	return dst;
}

static inline void set_small(u8 *d, u64 v, size_t n)
{
	if (n >= 8) {
		*(word *)d = v;
		*(word *)(d + n - 8) = v;
	} else if (n >= 4) {
		*(half *)d = v;
		*(half *)(d + n - 4) = v;
	} else if (n) {
		d[0] = v;
		d[n / 2] = v;
		d[n - 1] = v;
	}
}

void *memset(void *dst, int c, size_t n)
{
	u64 v = (u8)c * 0x0101010101010101ULL;
	u8 *d = dst, *end = d + n;

	if (n <= 16) {
		set_small(d, v, n);
		return dst;
	}
	for (; n > 32; n -= 32) {
		STORE(d, 0, v);
		STORE(d, 1, v);
		STORE(d, 2, v);
		STORE(d, 3, v);
		d += 32;
		opaque(d);
	}
	if (n > 16) {
		STORE(d, 0, v);
		STORE(d, 1, v);
	}
	*(word *)(end - 16) = v;
	*(word *)(end - 8) = v;
	return dst;
}

static inline int word_order(u64 v, u64 w)
{
	return __builtin_bswap64(v) < __builtin_bswap64(w) ? -1 : 1;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a, *q = b;

	if (n >= 8) {
		const u8 *last = p + n - 8; /* overlaps the word in front of it */

		for (; p < last; p += 8, q += 8) {
			if (LOAD(p, 0) != LOAD(q, 0))
				return word_order(LOAD(p, 0), LOAD(q, 0));
			opaque(p);
		}
		q -= p - last;
		return LOAD(last, 0) == LOAD(q, 0) ? 0 : word_order(LOAD(last, 0), LOAD(q, 0));
	}
	for (; n; n--, p++, q++) {
		if (*p != *q)
			return *p - *q;
		opaque(p);
	}
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	for (const u8 *p = s; n; n--, p++) {
		if (*p == (u8)c)
			return (void *)(uintptr_t)p;
		opaque(p);
	}
	return NULL;
}

size_t strlen(const char *s)
{
	const char *p = s;

	for (; *p; p++)
		opaque(p);
	return p - s;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		opaque(a);
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; a++, b++, n--)
		opaque(a);
	return n ? (u8)*a - (u8)*b : 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)(uintptr_t)s;
		if (!*s)
			return NULL;
		opaque(s);
	}
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	do {
		if (*s == (char)c)
			last = s;
	} while (*s++);
	return (char *)(uintptr_t)last;
}

char *strstr(const char *s, const char *needle)
{
	size_t n = strlen(needle);

	for (;; s++) {
		if (!strncmp(s, needle, n))
			return (char *)(uintptr_t)s;
		if (!*s)
			return NULL;
	}
}
