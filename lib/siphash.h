/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4 (full strength, for whatever leaves the machine) and HalfSipHash-like speed where only
 * hash-flooding matters: SipHash-1-3. Source: Aumasson, Bernstein, "SipHash: a fast short-input PRF".
 */
#pragma once

#include "lib/types.h"

struct siphash_key {
	u64 k[2];
};

u64 siphash24(const void *data, size_t len, const struct siphash_key *key);

/* SipHash-1-3 of whole 64-bit words: for hash tables. */
u64 siphash13_1u64(u64 a, const struct siphash_key *key);
/*
 * A tenth of that, where packets look up what may not be flooded but never learn of the hash: two words, each mixed with a
 * secret, multiplied and folded, twice. Its key must be for nothing else.
 */
static inline u64 keyed_hash_2u64(u64 a, u64 b, const struct siphash_key *key)
{
	unsigned __int128 m = (unsigned __int128)(a ^ key->k[0]) * (b ^ key->k[1]);

	m = (unsigned __int128)((u64)m ^ (u64)(m >> 64) ^ key->k[1]) * (key->k[0] | 1);
	return (u64)m ^ (u64)(m >> 64);
}

u64 siphash13_2u64(u64 a, u64 b, const struct siphash_key *key);
