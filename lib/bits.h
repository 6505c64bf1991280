/* SPDX-License-Identifier: MIT */
/* Finding and turning bits. */
#pragma once

#include "lib/types.h"

/* Index of the lowest bit set. v is not 0. */
static inline unsigned int ffs64(u64 v)
{
	return __builtin_ctzll(v);
}

/* Index of the highest bit set. v is not 0. */
static inline unsigned int fls64(u64 v)
{
	return 63 - __builtin_clzll(v);
}

static inline unsigned int hweight64(u64 v)
{
	unsigned int n = 0;

	for (; v; v &= v - 1)
		n++;
	return n;
}

/* Rotations; n is taken modulo 64 or 32. */
static inline u64 rol64(u64 v, unsigned int n)
{
	return v << (n & 63) | v >> (-n & 63);
}

static inline u64 ror64(u64 v, unsigned int n)
{
	return v >> (n & 63) | v << (-n & 63);
}

static inline u32 rol32(u32 v, unsigned int n)
{
	return v << (n & 31) | v >> (-n & 31);
}

static inline bool is_power_of_2(u64 v)
{
	return v && !(v & (v - 1));
}

/* The least power of two that is not less than v. 1 <= v <= 2^63. */
static inline u64 roundup_pow_of_two(u64 v)
{
	return v <= 1 ? 1 : 1ULL << (fls64(v - 1) + 1);
}
