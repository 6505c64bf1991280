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
u64 siphash13_2u64(u64 a, u64 b, const struct siphash_key *key);
