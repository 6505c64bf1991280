/* SPDX-License-Identifier: MIT */
/*
 * SipHash against the paper's vectors, and against a second, plainer computation for other rounds.
 */
#include <string.h>

#include "lib/siphash.h"
#include "tests/unit/harness.h"

/* The paper's appendix A: key 00 01 .. 0f, message 00 01 .. 0e. */
WEIR_TEST(siphash, vector_of_the_paper)
{
	const struct siphash_key key = {{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL}};
	u8 message[15];

	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = i;
	cr_assert_eq(siphash24(message, sizeof(message), &key), 0xa129ca6149be45e5ULL);
}

/* The reference implementation's first vectors: the same key, messages of 0, 1, 2 ... bytes. */
WEIR_TEST(siphash, vectors_of_the_reference)
{
	static const u64 want[] = {
		0x726fdb47dd0e0e31ULL, 0x74f839c593dc67fdULL, 0x0d6c8009d9a94f5aULL,
		0x85676696d7fb7e2dULL, 0xcf2794e0277187b7ULL, 0x18765564cd99a68dULL,
		0xcbc9466e58fee3ceULL, 0xab0200f58b01d137ULL, 0x93f5f5799a932462ULL,
	};
	const struct siphash_key key = {{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL}};
	u8 message[ARRAY_SIZE(want)];

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		message[i] = i;
		cr_assert_eq(siphash24(message, i, &key), want[i], "length %zu", i);
	}
}

/* Byte by byte, as the paper tells it: no words, no unrolling. */
static u64 plain_siphash(const u8 *data, size_t len, const u64 key[2], int c, int d)
{
	u64 v[4] = {key[0] ^ 0x736f6d6570736575ULL, key[1] ^ 0x646f72616e646f6dULL,
		    key[0] ^ 0x6c7967656e657261ULL, key[1] ^ 0x7465646279746573ULL};
	static const struct {
		u8 a, b, rotate, rotate_a;
	} half[] = {{0, 1, 13, 32}, {2, 3, 16, 0}, {2, 1, 17, 32}, {0, 3, 21, 0}};
	size_t words = len / 8 + 1;

	for (size_t w = 0; w <= words; w++) {
		u64 m = w == words - 1 ? (u64)len << 56 : 0;

		for (size_t i = 0; w < words && i < 8 && w * 8 + i < len; i++)
			m |= (u64)data[w * 8 + i] << 8 * i;
		if (w < words)
			v[3] ^= m;
		else
			v[2] ^= 0xff;
		for (int round = 0; round < (w < words ? c : d); round++) {
			for (int i = 0; i < 4; i++) {
				u64 *a = &v[half[i].a], *b = &v[half[i].b];

				*a += *b;
				*b = (*b << half[i].rotate | *b >> (64 - half[i].rotate)) ^ *a;
				if (half[i].rotate_a)
					*a = *a << 32 | *a >> 32;
			}
		}
		if (w < words)
			v[0] ^= m;
	}
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

WEIR_TEST(siphash, every_length_against_the_plain_one)
{
	u8 data[70];

	for (int i = 0; i < 500; i++) {
		struct siphash_key key = {{rnd(), rnd()}};
		u64 words[2] = {rnd(), rnd()};
		size_t len = rnd_below(sizeof(data));

		plat_random(data, sizeof(data));
		cr_assert_eq(siphash24(data, len, &key), plain_siphash(data, len, key.k, 2, 4),
			     "length %zu", len);
		cr_assert_eq(siphash13_1u64(words[0], &key),
			     plain_siphash((u8 *)words, 8, key.k, 1, 3));
		cr_assert_eq(siphash13_2u64(words[0], words[1], &key),
			     plain_siphash((u8 *)words, 16, key.k, 1, 3));
	}
}
