/* SPDX-License-Identifier: MIT */
/*
 * What a NIC does with a frame of several TCP segments: cuts it. Bytes in, bytes out, and nothing of the stack's own code,
 * so that tests have two opinions to compare.
 */
#include "host/host_tso.h"

#include <stdlib.h>
#include <string.h>

#include "host/world.h"
#include "lib/byteorder.h"

#define ETH_LEN 14

static void put_be32(u8 *p, u32 v)
{
	put_unaligned_be16(v >> 16, p);
	put_unaligned_be16(v & 0xffff, p + 2);
}

/* RFC 1071 over n bytes and a start; complemented. */
static u16 sum_of(const u8 *p, u32 n, u64 sum)
{
	for (u32 i = 0; i + 1 < n; i += 2)
		sum += get_unaligned_be16(p + i);
	if (n & 1)
		sum += (u32)p[n - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static void finish(u8 *f, u32 len, u32 tcp, u32 index, u32 offset, bool last, bool fixed_id)
{
	u8 *ip = f + ETH_LEN, *th = f + tcp;
	u64 pseudo = 6 + (len - tcp);

	put_unaligned_be16(len - ETH_LEN, ip + 2);
	if (!fixed_id)
		put_unaligned_be16(get_unaligned_be16(ip + 4) + index, ip + 4);
	put_unaligned_be16(0, ip + 10);
	put_unaligned_be16(sum_of(ip, tcp - ETH_LEN, 0), ip + 10);
	put_be32(th + 4, get_unaligned_be32(th + 4) + offset);
	if (index)
		th[13] &= 0x7f; /* CWR */
	if (!last)
		th[13] &= (u8) ~(0x01 | 0x08); /* FIN, PSH */
	for (u32 i = 12; i < 20; i += 2)
		pseudo += get_unaligned_be16(ip + i);
	put_unaligned_be16(0, th + 16);
	put_unaligned_be16(sum_of(th, len - tcp, pseudo), th + 16);
}

void host_tso_cut(const u8 *frame, u32 len, u32 mss, bool fixed_id,
		  void (*emit)(void *arg, struct frame *f), void *arg)
{
	u32 tcp = ETH_LEN + (frame[ETH_LEN] & 15) * 4, hlen = tcp + (frame[tcp + 12] >> 4) * 4;
	u32 payload = len - hlen;

	host_require(len >= hlen && frame[ETH_LEN + 9] == 6, __func__, "frame of TCP segments");
	for (u32 offset = 0, index = 0; offset < payload; offset += mss, index++) {
		u32 n = payload - offset < mss ? payload - offset : mss;
		struct frame *f = frame_new(NULL, hlen + n);

		memcpy(f->data, frame, hlen);
		memcpy(f->data + hlen, frame + hlen + offset, n);
		finish(f->data, f->len, tcp, index, offset, offset + n == payload, fixed_id);
		emit(arg, f);
	}
}
