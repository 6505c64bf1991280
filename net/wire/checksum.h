/* SPDX-License-Identifier: MIT */
/*
 * The Internet checksum (RFC 1071) and its deltas (RFC 1624). Sums are of 16-bit words as they lie in memory, so
 * nothing is swapped; a u32 sum is unfolded ("partial"), a u16 checksum is folded and complemented.
 */
#pragma once

#include "lib/byteorder.h"

/* Adds len bytes at p (any alignment) to sum. A block that starts at an odd offset of the packet: csum_block_add(). */
u32 csum_partial(const void *p, size_t len, u32 sum);

/* Copies and sums in one pass. */
u32 csum_partial_copy(void *dst, const void *src, size_t len, u32 sum);

static inline u32 csum_add(u32 a, u32 b)
{
	u64 s = (u64)a + b;

	return (u32)s + (u32)(s >> 32);
}

static inline u32 csum_sub(u32 a, u32 b)
{
	return csum_add(a, ~b);
}

/* Adds the sum of a block that starts at offset of the summed data. */
static inline u32 csum_block_add(u32 sum, u32 block, u32 offset)
{
	return csum_add(sum, offset & 1 ? block << 24 | (block >> 8) : block);
}

static inline u16 csum_fold(u32 sum)
{
	sum += sum << 16 | sum >> 16;
	return ~sum >> 16;
}

/* 64-bit one's complement sum to a partial sum. */
static inline u32 csum_from64(u64 s)
{
	s += s << 32 | s >> 32;
	return s >> 32;
}

static inline u64 csum_add64(u64 s, u64 v)
{
	s += v;
	return s + (s < v);
}

/* An IPv4 header of ihl (at least 5) 32-bit words; 0 if its checksum field is right. */
static inline u16 ip_fast_csum(const void *iph, unsigned int ihl)
{
	const u8 *p = iph;
	u64 a, b;
	u32 w;

	__builtin_memcpy(&a, p, 8);
	__builtin_memcpy(&b, p + 8, 8);
	a = csum_add64(a, b);
	for (unsigned int i = 4; i < ihl; i++) {
		__builtin_memcpy(&w, p + 4 * i, 4);
		a = csum_add64(a, w);
	}
	return csum_fold(csum_from64(a));
}

/* The pseudo header of TCP and UDP, added to sum; len in host order. */
static inline u32 csum_tcpudp_nofold(be32 saddr, be32 daddr, u32 len, u8 proto, u32 sum)
{
	return csum_from64((u64)saddr + daddr + cpu_to_be32(len + proto) + sum);
}

static inline u16 csum_tcpudp_magic(be32 saddr, be32 daddr, u32 len, u8 proto, u32 sum)
{
	return csum_fold(csum_tcpudp_nofold(saddr, daddr, len, proto, sum));
}

/* The checksum after a field changed from old to new (RFC 1624 eqn. 3). */
static inline u16 csum_replace2(u16 check, be16 old, be16 new)
{
	return csum_fold(csum_add(csum_add((u16)~check, (u16)~old), new));
}

static inline u16 csum_replace4(u16 check, be32 old, be32 new)
{
	return csum_fold(csum_add(csum_add((u16)~check, ~old), new));
}
