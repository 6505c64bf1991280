/* SPDX-License-Identifier: MIT */
/*
 * ARP frames, and the UDP datagrams that make the stack ask: records of a kind byte, a length byte
 * and bytes.
 */
#include <string.h>

#include "host/host.h"
#include "lib/byteorder.h"
#include "tests/fuzz/lab.h"

#define MAX_RECORDS 128

/* A datagram to port 7 from 10.0.0.x: its echo needs a neighbour. */
static void make_it_ask(u8 host)
{
	static const u8 template[] = {0x02, 0x57, 0, 0,    1,  1, 0x02, 0x57, 0,  0,  1,
				      0x65, 0x08, 0, 0x45, 0,  0, 29,   0,    0,  0,  0,
				      64,   17,   0, 0,    10, 0, 0,    0,    10, 0,  0,
				      1,    0,    9, 0,    7,  0, 9,    0,    0,  'x'};
	u8 frame[sizeof(template)];
	u32 sum = 0;

	memcpy(frame, template, sizeof(frame));
	frame[29] = host;
	for (int i = 14; i < 34; i += 2)
		sum += get_unaligned_be16(frame + i);
	sum = (sum & 0xffff) + (sum >> 16);
	put_unaligned_be16(~sum, frame + 24);
	fuzz_frame(frame, sizeof(frame));
	fuzz_echo();
}

static void arp(const u8 *data, size_t len)
{
	static const u8 head[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x57, 0, 0, 1,
				  0x65, 0x08, 0x06, 0,    1,    8,    0,    6,    4, 0};
	u8 frame[sizeof(head) + 256];

	memcpy(frame, head, sizeof(head));
	memcpy(frame + sizeof(head), data, len);
	fuzz_frame(frame, sizeof(head) + len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};

	fuzz_begin(0);
	for (int n = 0; in.size && n < MAX_RECORDS; n++) {
		u8 kind = fuzz_u8(&in), len = fuzz_u8(&in);
		const u8 *bytes;
		size_t got;

		switch (kind % 4) {
		case 0:
			host_advance(len * 100 * NSEC_PER_MSEC);
			break;
		case 1:
			make_it_ask(len);
			break;
		case 2: /* a right head, then anything */
			bytes = fuzz_bytes(&in, len, &got);
			arp(bytes, got);
			break;
		default:
			bytes = fuzz_bytes(&in, len, &got);
			fuzz_frame(bytes, got);
		}
	}
	fuzz_end();
	return 0;
}
