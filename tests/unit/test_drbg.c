/* SPDX-License-Identifier: MIT */
/* The random generator's logic: what goes in changes what comes out, and what came out is gone. */
#include "kernel/chacha.h"
#include "kernel/drbg.h"
#include "tests/unit/harness.h"

static struct drbg seeded(const char *seed)
{
	struct drbg d = {0};

	drbg_absorb(&d, seed, strlen(seed));
	drbg_reseed(&d);
	return d;
}

/* The first block of a generator that knows nothing: its second half, the first being the next key. */
WEIR_TEST(drbg, first_bytes_are_chacha20s)
{
	u32 state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, [12] = 3};
	u8 block[CHACHA_BLOCK], got[32];
	struct drbg d = {0};

	chacha20_block(state, block);
	drbg_bytes(&d, got, sizeof(got));
	cr_assert_arr_eq(got, block + 32, 32);
	cr_assert_arr_eq((u8 *)d.key, block, 32);
}

WEIR_TEST(drbg, same_seed_same_bytes_however_they_are_taken)
{
	struct drbg a = seeded("a seed"), b = seeded("a seed"), c = seeded("another seed");
	u8 at_once[300], in_parts[300], other[300];

	drbg_bytes(&a, at_once, sizeof(at_once));
	for (size_t at = 0, n = 1; at < sizeof(in_parts); at += n, n = n % 37 + 1) {
		if (n > sizeof(in_parts) - at)
			n = sizeof(in_parts) - at;
		drbg_bytes(&b, in_parts + at, n);
	}
	drbg_bytes(&c, other, sizeof(other));
	cr_assert_arr_eq(at_once, in_parts, sizeof(at_once));
	cr_assert_arr_neq(at_once, other, 16);
}

/* Input of every length counts, and so does where one input ends and the next begins. */
WEIR_TEST(drbg, every_input_counts)
{
	static const char text[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	u64 seen[sizeof(text)];

	for (size_t len = 0; len < sizeof(text); len++) {
		struct drbg d = {0};

		drbg_absorb(&d, text, len);
		drbg_reseed(&d);
		drbg_bytes(&d, &seen[len], sizeof(seen[len]));
		for (size_t i = 0; i < len; i++)
			cr_assert_neq(seen[i], seen[len], "%zu and %zu bytes give the same", i,
				      len);
	}
	struct drbg d = {0};
	u64 parts;

	drbg_absorb(&d, text, 10);
	drbg_absorb(&d, text + 10, 10);
	drbg_reseed(&d);
	drbg_bytes(&d, &parts, sizeof(parts));
	cr_assert_neq(parts, seen[20]);
}

WEIR_TEST(drbg, the_pool_counts_only_from_the_next_reseed_on)
{
	struct drbg a = seeded("x"), b = seeded("x");
	u8 from_a[100], from_b[100];

	drbg_absorb(&b, "news", 4);
	drbg_bytes(&a, from_a, sizeof(from_a));
	drbg_bytes(&b, from_b, sizeof(from_b));
	cr_assert_arr_eq(from_a, from_b, sizeof(from_a));
	drbg_reseed(&a);
	drbg_reseed(&b);
	drbg_bytes(&a, from_a, sizeof(from_a));
	drbg_bytes(&b, from_b, sizeof(from_b));
	cr_assert_arr_neq(from_a, from_b, 16);
}

WEIR_TEST(drbg, what_was_given_out_is_nowhere_in_it)
{
	struct drbg d = seeded("y");
	u8 got[64];

	drbg_bytes(&d, got, sizeof(got));
	for (size_t at = 0; at + 8 <= sizeof(d); at++)
		for (size_t i = 0; i + 8 <= sizeof(got); i += 8)
			cr_assert_arr_neq((u8 *)&d + at, got + i, 8);
}
