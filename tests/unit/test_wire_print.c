/* SPDX-License-Identifier: MIT */
/*
 * Protocols in words: right for right packets, and harmless for any bytes, at any alignment, cut
 * anywhere.
 */
#include <stdlib.h>
#include <string.h>

#include "net/wire/eth_hdr.h"
#include "tests/unit/harness.h"

#define A IP4(10, 0, 0, 1)
#define B IP4(10, 0, 0, 2)

static const struct {
	struct pkt packet;
	const char *text;
} rows[] = {
	{UDP4(A, 53, B, 99, .len = 5), "IPv4 10.0.0.1 > 10.0.0.2 ttl 64 UDP 53 > 99, 5 bytes"},
	{UDP4(A, 53, B, 99, .udp.len = 9),
	 "IPv4 10.0.0.1 > 10.0.0.2 ttl 64 UDP 53 > 99, 0 bytes [bad length]"},
	{UDP4(A, 53, B, 99, .ip.bad_csum = 1),
	 "IPv4 10.0.0.1 > 10.0.0.2 ttl 64 [bad checksum] UDP 53 > 99, 0 bytes"},
	{ECHO(A, B, 7, 8, .len = 4, .ip.frag_off = 0x4000),
	 "IPv4 10.0.0.1 > 10.0.0.2 ttl 64 DF ICMP echo 8/0 id 7 seq 8, 4 bytes"},
	{ECHO_REPLY(A, B, 7, 8, .icmp.bad_csum = 1),
	 "IPv4 10.0.0.1 > 10.0.0.2 ttl 64 ICMP echo reply 0/0 [bad checksum] id 7 seq 8, 0 bytes"},
	{{.ip = {.saddr = A, .daddr = B, .proto = 6},
	  .data = "\0\x50\x10\0\0\0\0\x07\0\0\0\x09\x50\x12\x20\0\0\0\0\0hi",
	  .len = 22},
	 "IPv4 10.0.0.1 > 10.0.0.2 ttl 64 TCP 80 > 4096 SA seq 7 ack 9 win 8192, 2 bytes"},
	{{.ip = {.saddr = A, .daddr = B, .proto = 47}, .len = 20},
	 "IPv4 10.0.0.1 > 10.0.0.2 ttl 64 proto 47, 20 bytes"},
	{{.ip = {.saddr = A, .daddr = B, .proto = 17, .frag_off = 0x2001, .id = 5}, .len = 16},
	 "IPv4 10.0.0.1 > 10.0.0.2 ttl 64 id 5 frag 8+ proto 17, 16 bytes"},
	{ARP_REQUEST(MAC_N(1), A, B), "ARP who-has 10.0.0.2 tell 10.0.0.1"},
	{ARP_REPLY(MAC_N(1), A, MAC_N(2), B), "ARP 10.0.0.1 is-at 02:57:00:00:00:01"},
	{{.ethertype = 0x86dd, .len = 3}, "type 86dd, 3 bytes"},
	{{.ethertype = 0x8100, .data = "\x60\5\x12\x34xy", .len = 6}, "vlan 5 type 1234, 2 bytes"},
	{{.ethertype = 0x8100, .data = "\x60\5\x12", .len = 3}, "type 8100, 3 bytes"},
};

WEIR_TEST(wire_print, packets_in_words)
{
	u8 frame[200];
	char text[200];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		u32 len = pkt_build(&rows[i].packet, frame + 2);
		size_t n = eth_print(text, sizeof(text), frame + 2, len);

		cr_assert_eq(n, strlen(text));
		cr_assert_not_null(strstr(text, rows[i].text), "row %zu: %s", i, text);
	}
}

WEIR_TEST(wire_print, errors_say_what_they_are_about)
{
	struct pkt about = UDP4(B, 9, A, 9);
	u8 frame[200], quote[100];
	char text[200];
	u32 len = pkt_build(&about, quote);
	struct pkt p = ICMP4(A, B, 3, 3, .data = quote + 14, .len = len - 14);

	eth_print(text, sizeof(text), frame, pkt_build(&p, frame));
	cr_assert_not_null(strstr(text, "unreachable 3/3 about 10.0.0.2 > 10.0.0.1 proto 17"), "%s",
			   text);
}

WEIR_TEST(wire_print, any_bytes_at_any_alignment)
{
	char text[120];

	for (int i = 0; i < 20000; i++) {
		u32 len = rnd_below(90), shift = rnd_below(4), size = rnd_below(sizeof(text));
		u8 *bytes = malloc(shift + len + 1), *frame = bytes + shift;
		size_t n;

		cr_assert(bytes);
		plat_random(frame, len);
		if (len > 34 && rnd_below(4)) {
			frame[12] = 8;
			frame[13] = rnd_below(4) ? 0 : 6;
			frame[14] = 0x45 + rnd_below(3);
			frame[23] = rnd_below(2) ? 1 : 17;
		}
		n = eth_print(text, size, frame, len);
		cr_assert(size ? n < size && !text[n] : !n);
		free(bytes);
	}
}
