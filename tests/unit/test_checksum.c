/* SPDX-License-Identifier: MIT */
/* The Internet checksum against RFC 1071 done word by word. */
#include <string.h>

#include "net/wire/checksum.h"
#include "tests/unit/harness.h"

/* Folded, not complemented. */
static u16 naive_sum(const u8 *p, size_t len)
{
	u32 sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? p[i] << 8 : p[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* 0 and 0xffff are the same number. */
static bool same(u16 a, u16 b)
{
	return a % 0xffff == b % 0xffff;
}

static void fill(u8 *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = rnd_below(4) ? (u8)rnd() : 0xff;
}

WEIR_TEST(checksum, every_length_and_alignment)
{
	u8 data[256], copy[256];

	for (size_t len = 0; len < 200; len++) {
		for (size_t at = 0; at < 9; at++) {
			u32 sum;

			fill(data, sizeof(data));
			memset(copy, 0xee, sizeof(copy));
			sum = csum_partial(data + at, len, 0);
			cr_assert(same((u16)~csum_fold(sum), naive_sum(data + at, len)),
				  "%zu at %zu", len, at);
			cr_assert_eq(csum_fold(csum_partial_copy(copy + 1, data + at, len, 0)),
				     csum_fold(sum));
			cr_assert_eq(memcmp(copy + 1, data + at, len), 0);
			cr_assert(copy[0] == 0xee && copy[len + 1] == 0xee);
		}
	}
}

WEIR_TEST(checksum, no_carry_is_lost)
{
	static u8 ones[65536];

	memset(ones, 0xff, sizeof(ones));
	for (size_t len = 0; len <= sizeof(ones); len += 1021)
		cr_assert(same((u16)~csum_fold(csum_partial(ones, len, 0xffffffff)),
			       naive_sum(ones, len)));
}

WEIR_TEST(checksum, blocks_add_up_wherever_they_are_cut)
{
	u8 data[300];

	fill(data, sizeof(data));
	for (size_t cut = 0; cut <= sizeof(data); cut++) {
		u32 a = csum_partial(data, cut, 0);
		u32 b = csum_partial(data + cut, sizeof(data) - cut, 0);

		cr_assert(same(csum_fold(csum_block_add(a, b, cut)),
			       (u16)~naive_sum(data, sizeof(data))),
			  "cut at %zu", cut);
	}
}

WEIR_TEST(checksum, headers_of_every_length)
{
	u8 header[60];

	for (unsigned int ihl = 5; ihl <= 15; ihl++) {
		u16 check;

		fill(header, sizeof(header));
		header[10] = header[11] = 0;
		check = ip_fast_csum(header, ihl);
		cr_assert(same(check, (u16)~naive_sum(header, ihl * 4)), "ihl %u", ihl);
		memcpy(header + 10, &check, 2);
		cr_assert_eq(ip_fast_csum(header, ihl), 0);
	}
}

/* RFC 1624 s3: the delta never turns a right checksum into 0xffff's other name by mistake. */
WEIR_TEST(checksum, deltas)
{
	u16 words[10];

	for (int round = 0; round < 5000; round++) {
		u16 old = rnd(), check;
		u32 *pair = (u32 *)&words[2], before;

		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			words[i] = rnd_below(3) ? (u16)rnd() : rnd_below(2) ? 0 : 0xffff;
		words[0] = old;
		check = ~naive_sum((u8 *)words, sizeof(words));
		words[0] = rnd();
		check = csum_replace2(check, old, words[0]);
		cr_assert(same(check, (u16)~naive_sum((u8 *)words, sizeof(words))));
		before = *pair;
		*pair = (u32)rnd();
		check = csum_replace4(check, before, *pair);
		cr_assert(same(check, (u16)~naive_sum((u8 *)words, sizeof(words))));
	}
}
