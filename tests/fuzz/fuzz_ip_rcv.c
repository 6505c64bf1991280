/* SPDX-License-Identifier: MIT */
/*
 * Packets into the router: a list of records, each a flag byte, a 16-bit length and that many
 * bytes. Checksums are made right on demand, so that mutations get past them.
 */
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "lib/byteorder.h"
#include "net/platform.h"
#include "net/sysctl.h"
#include "tests/fuzz/lab.h"

#define FRAME_BYTES 4096
#define MAX_RECORDS 64

enum {
	RAW = 1,        /* the bytes are the whole frame; else an IP packet for our MAC */
	FIX_IP = 2,     /* version, header checksum, total length */
	FIX_L4 = 4,     /* ICMP or UDP checksum, UDP length */
	BROADCAST = 8,  /* to the broadcast MAC */
	TIME = 16,      /* no packet: that many ms pass */
	FORWARDING = 32 /* from now on the router forwards */
};

static void packet(u8 flags, const u8 *data, size_t len)
{
	static const u8 mac[] = FUZZ_MAC_HOST;
	u8 frame[14 + FRAME_BYTES];

	if (flags & RAW) {
		fuzz_frame(data, len);
		return;
	}
	len = min(len, (size_t)1500);
	if (flags & BROADCAST)
		memset(frame, 0xff, 6);
	else
		memcpy(frame, mac, 6);
	memcpy(frame + 6, mac, 6);
	frame[11] = 101;
	put_unaligned_be16(0x0800, frame + 12);
	memcpy(frame + 14, data, len);
	if (flags & FIX_IP && len >= 20)
		fuzz_fix_ip(frame + 14, len);
	if (flags & FIX_L4 && len >= 20)
		fuzz_fix_l4(frame + 14, len);
	fuzz_frame(frame, 14 + len);
}

static void forward(struct net *net)
{
	plat_bh_disable();
	if (sysctl_write(net, "net.ipv4.ip_forward", "1"))
		abort();
	plat_bh_enable();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	u8 linear = fuzz_u8(&in);
	struct net *net = fuzz_begin(linear ? max(linear, (u8)14) : 0);

	for (int n = 0; in.size && n < MAX_RECORDS; n++) {
		u8 flags = fuzz_u8(&in);
		u16 len = fuzz_u16(&in);
		const u8 *bytes;
		size_t got;

		if (flags & TIME) {
			host_advance(len * NSEC_PER_MSEC);
			continue;
		}
		if (flags & FORWARDING)
			forward(net);
		bytes = fuzz_bytes(&in, min(len, (u16)FRAME_BYTES), &got);
		packet(flags, bytes, got);
		fuzz_echo();
	}
	fuzz_end();
	return 0;
}
