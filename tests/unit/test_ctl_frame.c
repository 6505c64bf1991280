/* SPDX-License-Identifier: MIT */
/* Frames of the control channel: found whole, in pieces, behind garbage; never made up. */
#include "lib/ctl_frame.h"
#include "tests/unit/harness.h"

struct stream_of_bytes {
	size_t len;
	u8 data[64 * 1024];
};

static void add_bytes(struct stream_of_bytes *s, const void *data, size_t len)
{
	cr_assert(len <= sizeof(s->data) - s->len);
	memcpy(s->data + s->len, data, len);
	s->len += len;
}

static void add_frame(struct stream_of_bytes *s, unsigned int number, size_t len)
{
	u8 payload[CTL_FRAME_PAYLOAD], buf[CTL_FRAME_MAX];

	for (size_t i = 0; i < len; i++)
		payload[i] = number + i;
	add_bytes(s, buf, ctl_frame_build(buf, CTL_OUT, number, payload, len));
}

static void add_garbage(struct stream_of_bytes *s, size_t len)
{
	static const u8 letters[] = {0xf5, 'w', 'c', 0, 1, 17, 0xff};

	while (len--) {
		u8 c = letters[rnd_below(sizeof(letters))];

		add_bytes(s, &c, 1);
	}
}

/* Feeds s in pieces of at most step bytes; notes the tags of the frames found. Returns how many. */
static unsigned int parse(const struct stream_of_bytes *s, size_t step, u16 *tags,
			  struct ctl_parser *p)
{
	struct ctl_frame frame;
	unsigned int n = 0;

	ctl_parser_init(p);
	for (size_t at = 0; at < s->len; at += step) {
		const u8 *data = s->data + at;
		size_t len = s->len - at < step ? s->len - at : step;

		while (ctl_parser_feed(p, &data, &len, &frame)) {
			cr_assert_eq(frame.type, CTL_OUT);
			for (size_t i = 0; i < frame.len; i++)
				cr_assert_eq(frame.data[i], (u8)(frame.tag + i));
			tags[n++] = frame.tag;
		}
		cr_assert_eq(len, 0);
	}
	return n;
}

WEIR_TEST(ctl_frame, known_bytes)
{
	static const u8 want[] = {0xf5, 'w',  'c',  0x11, 0x12, 0x34, 0x00,
				  0x02, 0xdc, 0xb4, 0x19, 0xef, 'h',  'i'};
	u8 buf[CTL_FRAME_MAX];
	size_t len = ctl_frame_build(buf, CTL_OUT, 0x1234, "hi", 2);

	cr_assert_eq(len, sizeof(want));
	cr_assert_arr_eq(buf, want, sizeof(want));
}

WEIR_TEST(ctl_frame, found_whatever_the_pieces)
{
	static struct stream_of_bytes s;
	static struct ctl_parser p;
	static const size_t sizes[] = {0, 1, 2, 100, 1023, 1024, 0, 7};
	static const size_t steps[] = {1, 2, 3, 11, 12, 13, 1000, 1036, 1037, 5000};
	u16 tags[16];

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++)
		add_frame(&s, i, sizes[i]);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		cr_assert_eq(parse(&s, steps[i], tags, &p), ARRAY_SIZE(sizes));
		for (unsigned int n = 0; n < ARRAY_SIZE(sizes); n++)
			cr_assert_eq(tags[n], n);
		cr_assert_eq(p.skipped, 0);
	}
}

WEIR_TEST(ctl_frame, found_behind_garbage)
{
	static struct stream_of_bytes s;
	static struct ctl_parser p;
	u16 tags[16];

	for (int round = 0; round < 300; round++) {
		unsigned int n;

		s.len = 0;
		for (unsigned int i = 0; i < 8; i++) {
			add_garbage(&s, rnd_below(40));
			add_frame(&s, i, rnd_below(60));
		}
		add_bytes(&s, (u8[CTL_FRAME_PREAMBLE]){0}, CTL_FRAME_PREAMBLE);
		n = parse(&s, 1 + rnd_below(100), tags, &p);
		cr_assert_eq(n, 8, "%u frames found", n);
		for (unsigned int i = 0; i < n; i++)
			cr_assert_eq(tags[i], i);
	}
}

WEIR_TEST(ctl_frame, a_damaged_frame_is_dropped_alone)
{
	static struct stream_of_bytes s;
	static struct ctl_parser p;
	u16 tags[16];

	for (size_t bit = 0; bit < 8 * (CTL_FRAME_HEADER + 20); bit++) {
		unsigned int n;

		s.len = 0;
		add_frame(&s, 0, 20);
		add_frame(&s, 1, 20);
		add_frame(&s, 2, 20);
		add_bytes(&s, (u8[CTL_FRAME_PREAMBLE]){0}, CTL_FRAME_PREAMBLE);
		s.data[CTL_FRAME_HEADER + 20 + bit / 8] ^= 1 << bit % 8;
		n = parse(&s, 50, tags, &p);
		cr_assert_eq(n, 2, "bit %zu: %u frames", bit, n);
		cr_assert(tags[0] == 0 && tags[1] == 2);
		cr_assert_eq(p.skipped, CTL_FRAME_HEADER + 20 + CTL_FRAME_PREAMBLE - p.have);
	}
}

WEIR_TEST(ctl_frame, the_preamble_ends_what_was_left_half_sent)
{
	static struct stream_of_bytes s;
	static struct ctl_parser p;
	u16 tags[16];

	add_frame(&s, 1, CTL_FRAME_PAYLOAD);
	for (size_t cut = 1; cut < CTL_FRAME_MAX; cut += 13) {
		s.len = cut;
		add_bytes(&s, (u8[CTL_FRAME_PREAMBLE]){0}, CTL_FRAME_PREAMBLE);
		add_frame(&s, 2, 0);
		cr_assert_eq(parse(&s, 64, tags, &p), 1);
		cr_assert_eq(tags[0], 2);
		s.len = 0;
		add_frame(&s, 1, CTL_FRAME_PAYLOAD);
	}
}
