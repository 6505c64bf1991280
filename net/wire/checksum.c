/* SPDX-License-Identifier: MIT */
/* Ones' complement sums with general registers: eight bytes an addition, carries collected at the end. */
#include "lib/string.h"
#include "net/wire/checksum.h"

static inline u64 load64(const u8 *p)
{
	u64 v;

	__builtin_memcpy(&v, p, 8);
	return v;
}

static inline u64 copy64(u8 *d, const u8 *p, u64 s)
{
	u64 v = load64(p);

	__builtin_memcpy(d, &v, 8);
	return csum_add64(s, v);
}

/* Up to seven bytes at the end, as if zeros followed. */
static u64 sum_tail(const u8 *p, size_t len)
{
	unsigned int shift = 0;
	u64 v = 0;
	u32 v4;
	u16 v2;

	if (len & 4) {
		__builtin_memcpy(&v4, p, 4);
		v = v4;
		p += 4;
		shift = 32;
	}
	if (len & 2) {
		__builtin_memcpy(&v2, p, 2);
		v |= (u64)v2 << shift;
		p += 2;
		shift += 16;
	}
	if (len & 1)
		v |= (u64)*p << shift;
	return v;
}

u32 csum_partial(const void *data, size_t len, u32 sum)
{
	const u8 *p = data;
	u64 s = sum;

	for (; len >= 32; len -= 32, p += 32) {
		s = csum_add64(s, load64(p));
		s = csum_add64(s, load64(p + 8));
		s = csum_add64(s, load64(p + 16));
		s = csum_add64(s, load64(p + 24));
	}
	for (; len >= 8; len -= 8, p += 8)
		s = csum_add64(s, load64(p));
	if (len)
		s = csum_add64(s, sum_tail(p, len));
	return csum_from64(s);
}

u32 csum_partial_copy(void *dst, const void *src, size_t len, u32 sum)
{
	const u8 *p = src;
	u8 *d = dst;
	u64 s = sum;

	for (; len >= 32; len -= 32, p += 32, d += 32) {
		s = copy64(d, p, s);
		s = copy64(d + 8, p + 8, s);
		s = copy64(d + 16, p + 16, s);
		s = copy64(d + 24, p + 24, s);
	}
	for (; len >= 8; len -= 8, p += 8, d += 8)
		s = copy64(d, p, s);
	if (len) {
		s = csum_add64(s, sum_tail(p, len));
		memcpy(d, p, len);
	}
	return csum_from64(s);
}
