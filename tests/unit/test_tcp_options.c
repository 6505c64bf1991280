/* SPDX-License-Identifier: MIT */
/* TCP's options: what is read at a glance says the same as read one by one. */
#include "net/wire/tcp_hdr.h"
#include "tests/unit/harness.h"

struct sample {
	u8 bytes[24];
	u32 len;
	bool syn;
	struct tcp_options want; /* has no SACK blocks */
};

#define MSS    2, 4, 5, 0xb4
#define PERMIT 4, 2
#define STAMP  8, 10, 1, 2, 3, 4, 5, 6, 7, 8
#define SCALE  3, 3, 7
#define SEEN   .has_tstamp = true, .tsval = 0x01020304, .tsecr = 0x05060708

static const struct sample samples[] = {
	{{MSS, PERMIT, STAMP, 1, SCALE},
	 20,
	 true,
	 {SEEN, .mss = 1460, .sack_perm = true, .has_wscale = true, .wscale = 7}},
	{{MSS, SCALE, 1, STAMP, PERMIT},
	 20,
	 true,
	 {SEEN, .mss = 1460, .sack_perm = true, .has_wscale = true, .wscale = 7}},
	{{MSS, PERMIT, STAMP, 1, SCALE}, 20, false, {SEEN}},
	{{MSS, PERMIT, STAMP, 1, 3, 3, 99},
	 20,
	 true,
	 {SEEN, .mss = 1460, .sack_perm = true, .has_wscale = true, .wscale = 14}},
	{{MSS, PERMIT, STAMP, 0, SCALE}, 20, true, {SEEN, .mss = 1460, .sack_perm = true}},
	{{MSS, PERMIT, STAMP, 1, 3, 2, 7}, 20, true, {SEEN, .mss = 1460, .sack_perm = true}},
	{{MSS, 1, 1, STAMP, 1, SCALE},
	 20,
	 true,
	 {SEEN, .mss = 1460, .has_wscale = true, .wscale = 7}},
	{{2, 3, 5, PERMIT, STAMP, 1, SCALE},
	 19,
	 true,
	 {SEEN, .sack_perm = true, .has_wscale = true, .wscale = 7}},
	{{MSS, PERMIT, STAMP, 1, SCALE, 0},
	 21,
	 true,
	 {SEEN, .mss = 1460, .sack_perm = true, .has_wscale = true, .wscale = 7}},
	{{1, 1, STAMP}, 12, false, {SEEN}},
	{{1, 1, STAMP}, 12, true, {SEEN}},
	{{STAMP, 1, 1}, 12, false, {SEEN}},
};

WEIR_TEST(tcp_options, at_a_glance_or_one_by_one)
{
	for (u32 i = 0; i < ARRAY_SIZE(samples); i++) {
		const struct sample *s = &samples[i];
		struct tcp_options got;

		memset(&got, 0xff, sizeof(got));
		tcp_options_parse(s->bytes, s->len, s->syn, &got);
		cr_assert_eq(got.mss, s->want.mss, "row %u", i);
		cr_assert_eq(got.sack_perm, s->want.sack_perm, "row %u", i);
		cr_assert_eq(got.has_wscale, s->want.has_wscale, "row %u", i);
		cr_assert(!got.has_wscale || got.wscale == s->want.wscale, "row %u", i);
		cr_assert_eq(got.has_tstamp, s->want.has_tstamp, "row %u", i);
		cr_assert(got.tsval == s->want.tsval && got.tsecr == s->want.tsecr, "row %u", i);
		cr_assert(!got.num_sacks && !got.may_sign, "row %u", i);
	}
}
