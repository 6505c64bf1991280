/* SPDX-License-Identifier: MIT */
/*
 * Bursts of TCP segments through a router, with GRO and without: what leaves is the same, byte for byte, in each connection's
 * order. A record is a segment: its connection, its length, and what is odd about its header.
 */
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "lib/byteorder.h"
#include "net/netdevice.h"
#include "net/platform.h"
#include "tests/fuzz/lab.h"

#define MAX_RECORDS 100
#define FLOWS       4
#define HEADERS     52
#define MTU         1500

enum {
	FIXED_ID = 0x04,
	PUSH = 0x08,
	ODD = 0x10,
	WRONG_SUM = 0x20,
	END_OF_BURST = 0x40,
	KEEPS = 0x80
};

struct kept {
	u32 len;
	bool met;
	u8 bytes[14 + MTU];
};

static const u32 features[] = {0, NETIF_F_HW_CSUM, NETIF_F_HW_CSUM | NETIF_F_TSO | NETIF_F_TSO_ECN};
static struct kept left[2][2 * MAX_RECORDS];
static u32 nr_left[2];
static int run;

/* Headers of each connection as they are now, sequence number and identification aside. */
static u8 head[FLOWS][HEADERS];
static u32 seq[FLOWS];
static u16 id[FLOWS];

static void on_packet(unsigned int n, const u8 *frame, size_t len)
{
	struct kept *k = &left[run][nr_left[run]];

	if (n != 1 || get_unaligned_be32(frame + 30) != 0x0a000102)
		return;
	if (nr_left[run] == ARRAY_SIZE(left[0]) || len > sizeof(k->bytes))
		abort();
	k->len = len;
	k->met = false;
	memcpy(k->bytes, frame, len);
	nr_left[run]++;
}

static void begin_flow(u32 n)
{
	static const u8 timestamps[] = {1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8};
	u8 *ip = head[n], *tcp = ip + 20;

	memset(ip, 0, HEADERS);
	ip[0] = 0x45;
	ip[8] = 64;
	ip[9] = 6;
	put_unaligned_be32(0x0a000065, ip + 12);
	put_unaligned_be32(0x0a000102, ip + 16);
	put_unaligned_be16(1000 + n, tcp);
	put_unaligned_be16(80, tcp + 2);
	put_unaligned_be32(77, tcp + 8);
	tcp[12] = 8 << 4;
	tcp[13] = 16;
	put_unaligned_be16(500, tcp + 14);
	memcpy(tcp + 20, timestamps, sizeof(timestamps));
	seq[n] = 0xfffff000;
	id[n] = 65530;
}

static void segment(struct fuzz_input *in, u8 what)
{
	u32 n = what % FLOWS, payload = fuzz_u8(in) * 6U % (MTU - HEADERS + 1);
	u8 frame[14 + MTU], ip[MTU], keep = what & KEEPS ? fuzz_u8(in) : HEADERS;

	if (keep < HEADERS) /* from now on */
		head[n][keep] ^= fuzz_u8(in);
	memcpy(ip, head[n], HEADERS);
	put_unaligned_be16(id[n], ip + 4);
	put_unaligned_be32(seq[n], ip + 24);
	ip[33] |= what & PUSH ? 8 : 0;
	for (u32 i = 0; i < payload; i++)
		ip[HEADERS + i] = seq[n] + i;
	if (what & ODD) {
		u8 at = fuzz_u8(in) % HEADERS;

		ip[at] ^= fuzz_u8(in);
	}
	id[n] += !(what & FIXED_ID);
	seq[n] += payload;
	fuzz_fix_l4(ip, HEADERS + payload);
	if (what & WRONG_SUM)
		ip[36] ^= 0x10;
	fuzz_fix_ip(ip, HEADERS + payload);
	fuzz_queue(0, frame, fuzz_wrap(0, frame, ip, HEADERS + payload));
}

static void through(struct fuzz_input in, bool gro)
{
	static const u8 hello[28] = {0x45, 0, 0,   28, 0, 0, 0, 0, 64, 17, 0, 0, 10,
				     0,    0, 101, 10, 0, 1, 2, 0, 9,  0,  9, 0, 8};
	u8 frame[14 + sizeof(hello)], ip[sizeof(hello)];

	fuzz_begin(0);
	run = gro;
	nr_left[run] = 0;
	fuzz_dev(0)->features |= gro ? NETIF_F_GRO : 0;
	fuzz_dev(1)->features = features[fuzz_u8(&in) % ARRAY_SIZE(features)];
	if (fuzz_ctl("sysctl -w net.ipv4.ip_forward=1", NULL))
		abort();
	memcpy(ip, hello, sizeof(ip)); /* the neighbour is known then */
	fuzz_fix_ip(ip, sizeof(ip));
	fuzz_frame(frame, fuzz_wrap(0, frame, ip, sizeof(ip)));
	fuzz_watch(on_packet);
	for (u32 n = 0; n < FLOWS; n++)
		begin_flow(n);
	plat_bh_disable(); /* all of a burst in one poll */
	for (u32 i = 0; i < MAX_RECORDS && in.size; i++) {
		u8 what = fuzz_u8(&in);

		segment(&in, what);
		if (what & END_OF_BURST) {
			plat_bh_enable();
			host_run();
			plat_bh_disable();
		}
	}
	plat_bh_enable();
	host_run();
	fuzz_watch(NULL);
	fuzz_end();
}

/* Addresses, protocol, ports. */
static bool same_flow(const struct kept *a, const struct kept *b)
{
	return !memcmp(a->bytes + 26, b->bytes + 26, 12) && a->bytes[23] == b->bytes[23];
}

static void compare(void)
{
	if (nr_left[0] != nr_left[1])
		abort();
	for (u32 i = 0; i < nr_left[0]; i++) {
		const struct kept *plain = &left[0][i];
		u32 k = 0;

		while (k < nr_left[1] && (left[1][k].met || !same_flow(plain, &left[1][k])))
			k++;
		if (k == nr_left[1] || left[1][k].len != plain->len ||
		    memcmp(left[1][k].bytes, plain->bytes, plain->len) != 0)
			abort();
		left[1][k].met = true;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};

	through(in, false);
	through(in, true);
	compare();
	return 0;
}
