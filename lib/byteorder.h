/* SPDX-License-Identifier: MIT */
/* Byte order of little-endian CPUs (x86_64, aarch64), and unaligned access. */
#pragma once

#include "lib/types.h"

static inline u16 be16_to_cpu(be16 v)
{
	return __builtin_bswap16(v);
}

static inline u32 be32_to_cpu(be32 v)
{
	return __builtin_bswap32(v);
}

static inline u64 be64_to_cpu(be64 v)
{
	return __builtin_bswap64(v);
}

static inline be16 cpu_to_be16(u16 v)
{
	return __builtin_bswap16(v);
}

static inline be32 cpu_to_be32(u32 v)
{
	return __builtin_bswap32(v);
}

static inline be64 cpu_to_be64(u64 v)
{
	return __builtin_bswap64(v);
}

/* The same of a constant, for initialisers and case labels. */
#define CPU_TO_BE16(v) ((be16)__builtin_bswap16(v))
#define CPU_TO_BE32(v) ((be32)__builtin_bswap32(v))

static inline u16 get_unaligned_be16(const void *p)
{
	u16 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return be16_to_cpu(v);
}

static inline u32 get_unaligned_be32(const void *p)
{
	u32 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return be32_to_cpu(v);
}

static inline void put_unaligned_be16(u16 v, void *p)
{
	v = cpu_to_be16(v);
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline void put_unaligned_be32(u32 v, void *p)
{
	v = cpu_to_be32(v);
	__builtin_memcpy(p, &v, sizeof(v));
}
