/* SPDX-License-Identifier: MIT */
/* SipHash-c-d. Source: Aumasson, Bernstein, "SipHash: a fast short-input PRF", s2. */
#include "lib/siphash.h"

#include "lib/bits.h"

struct sip {
	u64 v0, v1, v2, v3;
};

static inline void sip_init(struct sip *s, const struct siphash_key *key)
{
	s->v0 = key->k[0] ^ 0x736f6d6570736575ULL;
	s->v1 = key->k[1] ^ 0x646f72616e646f6dULL;
	s->v2 = key->k[0] ^ 0x6c7967656e657261ULL;
	s->v3 = key->k[1] ^ 0x7465646279746573ULL;
}

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rol64(s->v1, 13) ^ s->v0;
	s->v3 = rol64(s->v3, 16) ^ s->v2;
	s->v0 = rol64(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rol64(s->v1, 17) ^ s->v2;
	s->v3 = rol64(s->v3, 21) ^ s->v0;
	s->v2 = rol64(s->v2, 32);
}

static inline void sip_word(struct sip *s, u64 m, int c_rounds)
{
	s->v3 ^= m;
#pragma GCC unroll 2
	for (int i = 0; i < c_rounds; i++)
		sip_round(s);
	s->v0 ^= m;
}

static inline u64 sip_final(struct sip *s, int d_rounds)
{
	s->v2 ^= 0xff;
#pragma GCC unroll 2
	for (int i = 0; i < d_rounds; i++)
		sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

u64 siphash24(const void *data, size_t len, const struct siphash_key *key)
{
	const u8 *p = data;
	u64 last = (u64)len << 56;
	struct sip s;

	sip_init(&s, key);
	for (size_t words = len / 8; words; words--, p += 8) {
		u64 m;

		__builtin_memcpy(&m, p, 8);
		sip_word(&s, m, 2);
	}
	if (len & 4) {
		u32 half;

		__builtin_memcpy(&half, p, 4);
		last |= half;
	}
	for (size_t i = len & 4; i < len % 8; i++)
		last |= (u64)p[i] << (8 * i);
	sip_word(&s, last, 2);
	return sip_final(&s, 4);
}

u64 siphash13_1u64(u64 a, const struct siphash_key *key)
{
	struct sip s;

	sip_init(&s, key);
	sip_word(&s, a, 1);
	sip_word(&s, 8ULL << 56, 1);
	return sip_final(&s, 3);
}

u64 siphash13_2u64(u64 a, u64 b, const struct siphash_key *key)
{
	struct sip s;

	sip_init(&s, key);
	sip_word(&s, a, 1);
	sip_word(&s, b, 1);
	sip_word(&s, 16ULL << 56, 1);
	return sip_final(&s, 3);
}
