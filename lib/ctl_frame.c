/* SPDX-License-Identifier: MIT */
/* Frames of the control channel: building, and finding them in a stream of bytes. */
#include "lib/ctl_frame.h"

#include "lib/byteorder.h"
#include "lib/string.h"

static const u8 magic[3] = {0xf5, 'w', 'c'};

/*
 * IEEE 802.3 s3.2.9, reflected, four bits at a time: small, and fast enough for a console's speed.
 */
static u32 crc32_update(u32 crc, const u8 *data, size_t len)
{
	static const u32 table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};

	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return crc;
}

/* Of a whole frame in buf. */
static u32 frame_crc(const u8 *buf, size_t payload)
{
	u32 crc = crc32_update(~0U, buf + 3, 5);

	return ~crc32_update(crc, buf + CTL_FRAME_HEADER, payload);
}

size_t ctl_frame_build(u8 *buf, enum ctl_frame_type type, u16 tag, const void *data, size_t len)
{
	memcpy(buf, magic, sizeof(magic));
	buf[3] = type;
	put_unaligned_be16(tag, buf + 4);
	put_unaligned_be16(len, buf + 6);
	if (len)
		memcpy(buf + CTL_FRAME_HEADER, data, len);
	put_unaligned_be32(frame_crc(buf, len), buf + 8);
	return CTL_FRAME_HEADER + len;
}

void ctl_parser_init(struct ctl_parser *p)
{
	p->have = 0;
	p->skipped = 0;
}

static void parser_drop(struct ctl_parser *p, u32 n)
{
	p->have -= n;
	memmove(p->buf, p->buf + n, p->have);
}

/*
 * How many bytes at the start of the buffer cannot begin a frame: to the next place where one may.
 */
static u32 garbage_len(const struct ctl_parser *p, u32 from)
{
	for (u32 i = from; i < p->have; i++) {
		u32 n = min(p->have - i, (u32)sizeof(magic));

		if (!memcmp(p->buf + i, magic, n))
			return i;
	}
	return p->have;
}

/* A frame at the start of the buffer. PARTIAL: so far it looks like one. */
enum verdict { PARTIAL, WHOLE, GARBAGE };

static enum verdict judge(const struct ctl_parser *p)
{
	u32 len;

	if (p->have < CTL_FRAME_HEADER)
		return PARTIAL;
	len = get_unaligned_be16(p->buf + 6);
	if (len > CTL_FRAME_PAYLOAD)
		return GARBAGE;
	if (p->have < CTL_FRAME_HEADER + len)
		return PARTIAL;
	return frame_crc(p->buf, len) == get_unaligned_be32(p->buf + 8) ? WHOLE : GARBAGE;
}

static void take_frame(struct ctl_parser *p, struct ctl_frame *frame)
{
	frame->type = p->buf[3];
	frame->tag = get_unaligned_be16(p->buf + 4);
	frame->len = get_unaligned_be16(p->buf + 6);
	memcpy(frame->data, p->buf + CTL_FRAME_HEADER, frame->len);
	parser_drop(p, CTL_FRAME_HEADER + frame->len);
}

/* Looks at what is in the buffer. */
static bool parser_look(struct ctl_parser *p, struct ctl_frame *frame)
{
	u32 skip = garbage_len(p, 0);

	for (;;) {
		enum verdict verdict;

		p->skipped += skip;
		parser_drop(p, skip);
		if (!p->have)
			return false;
		verdict = judge(p);
		if (verdict == PARTIAL)
			return false;
		if (verdict == WHOLE) {
			take_frame(p, frame);
			return true;
		}
		skip = garbage_len(p, 1);
	}
}

bool ctl_parser_feed(struct ctl_parser *p, const u8 **data, size_t *len, struct ctl_frame *frame)
{
	for (;;) {
		size_t n;

		if (parser_look(p, frame))
			return true;
		if (!*len)
			return false;
		n = min(*len, sizeof(p->buf) - p->have);
		memcpy(p->buf + p->have, *data, n);
		p->have += n;
		*data += n;
		*len -= n;
	}
}
