/* SPDX-License-Identifier: MIT */
/*
 * Odd and malformed input, and how a router must react: a row per packet. The reactions are
 * Linux's, measured; where the reason of a drop matters to who debugs a network, the row names it.
 *
 * The router has 10.0.1.1/24 and 10.0.2.1/24, forwards, limits no rates, and serves UDP port 7
 * (SINK).
 */
#include <string.h>

#include "lib/errno.h"
#include "net/sock.h"
#include "net/wire/icmp_hdr.h"
#include "tests/unit/harness.h"

#define PEER                IP4(10, 0, 1, 2)
#define ROUTER              IP4(10, 0, 1, 1)
#define FAR                 IP4(10, 0, 2, 2)
#define SINK                7
#define SKB_DROP_REASON_ANY 0xffff /* whichever, but one */

struct row {
	const char *name;
	struct pkt in;
	/*
	 * A reply to the sender, ICMP type/code, with that second word for errors; or a packet on
	 * the other side.
	 */
	bool reply, forwarded;
	u8 type, code;
	u32 rest;
	int sunk;    /* bytes that the application gets + 1; 0: nothing */
	u16 dropped; /* SKB_DROP_REASON_ that counts it; 0: none is looked at */
};

#define DROP(reason)     .dropped = SKB_DROP_REASON_##reason
#define REPLY(t, c)      .reply = true, .type = (t), .code = (c)
#define PARAMETER(at)    REPLY(ICMP_PARAMETERPROB, 0), .rest = (u32)(at) << 24
#define UDP_TO_SINK(...) UDP4(PEER, 999, ROUTER, SINK, __VA_ARGS__)
#define PING(...)        ECHO(PEER, ROUTER, 1, 1, .len = 8, __VA_ARGS__)
#define OPTIONS(text)    .ip.opt = (text), .ip.optlen = sizeof(text) - 1

/* An ICMP error's quotation: a UDP datagram of ours from port 9 to the peer's port 9. */
static const u8 quote_udp[] = {0x45, 0,  0, 29, 0, 1, 0, 0, 64, 17, 0x63, 0xcb, 10, 0,  1,
			       1,    10, 0, 1,  2, 0, 9, 0, 9,  0,  9,    0,    0,  'x'};

/* The same with four bytes of options. */
static const u8 quote_options[] = {0x46, 0, 0, 33, 0, 1, 0, 0, 64, 17, 0x61, 0xc5, 10, 0, 1, 1,  10,
				   0,    1, 2, 1,  1, 1, 0, 0, 9,  0,  9,    0,    9,  0, 0, 'x'};

static const struct row rows[] = {
	{"echo", PING(), REPLY(ICMP_ECHOREPLY, 0)},
	{"echo with a timestamp of the odd length 1", ECHO(PEER, ROUTER, 1, 1, .len = 1),
	 REPLY(ICMP_ECHOREPLY, 0)},
	{"UDP to the application", UDP_TO_SINK(.len = 5), .sunk = 6},
	{"UDP checksum 0", UDP_TO_SINK(.len = 5, .udp.no_csum = true), .sunk = 6},
	{"UDP zero payload", UDP_TO_SINK(), .sunk = 1},
	{"UDP with padding behind", UDP_TO_SINK(.len = 5, .pad = 20), .sunk = 6},
	{"UDP closed port", UDP4(PEER, 999, ROUTER, 99, .len = 1),
	 REPLY(ICMP_DEST_UNREACH, ICMP_PORT_UNREACH), DROP(NO_SOCKET)},
	{"unknown IP protocol 253",
	 {.ip = {.saddr = PEER, .daddr = ROUTER, .proto = 253}, .len = 4},
	 REPLY(ICMP_DEST_UNREACH, ICMP_PROT_UNREACH),
	 DROP(IP_NOPROTO)},

	/* addresses */
	{"source 127.0.0.1", UDP4(IP4(127, 0, 0, 1), 999, ROUTER, SINK), DROP(IP_INVALID_SOURCE)},
	{"source multicast", UDP4(IP4(224, 0, 0, 1), 999, ROUTER, SINK), DROP(IP_INVALID_SOURCE)},
	{"source 0.0.0.0", UDP4(0, 999, ROUTER, SINK), DROP(IP_INVALID_SOURCE)},
	{"source 255.255.255.255", UDP4(U32_MAX, 999, ROUTER, SINK), DROP(IP_INVALID_SOURCE)},
	{"source = destination = ours", UDP4(ROUTER, SINK, ROUTER, SINK), DROP(IP_INVALID_SOURCE)},
	{"destination 127.0.0.1", UDP4(PEER, 999, IP4(127, 0, 0, 1), SINK), DROP(ANY)},
	{"destination 0.0.0.0", UDP4(PEER, 999, 0, SINK), DROP(ANY)},
	{"broadcast to a closed port",
	 UDP4(PEER, 999, IP4(10, 0, 1, 255), 99, .dst = MAC_BROADCAST)},
	{"broadcast to the application",
	 UDP4(PEER, 999, IP4(10, 0, 1, 255), SINK, .dst = MAC_BROADCAST), .sunk = 1},
	{"for another host's MAC", UDP4(PEER, 999, ROUTER, SINK, .dst = MAC_N(77)),
	 DROP(OTHERHOST)},
	{"L2 multicast, unicast IP, closed port",
	 UDP4(PEER, 999, ROUTER, 99, .dst = 0x01005e000001ULL)},

	/* IP header */
	{"IP version 6 nibble", PING(.ip.version = 6), DROP(IP_INHDR)},
	{"ihl 4", PING(.ip.ihl = 4), DROP(IP_INHDR)},
	{"ihl 15, short packet",
	 {.ip = {.saddr = PEER, .daddr = ROUTER, .proto = 253, .ihl = 15}, .len = 4},
	 DROP(ANY)},
	{"total length more than the frame", PING(.ip.tot_len = 200), DROP(PKT_TOO_SMALL)},
	{"total length under 20", PING(.ip.tot_len = 19), DROP(IP_INHDR)},
	{"bad header checksum", PING(.ip.bad_csum = 1), DROP(IP_CSUM)},
	{"header cut at 19 bytes", PING(.cut = 14 + 19), DROP(ANY)},
	{"nothing behind the Ethernet header", PING(.cut = 14), DROP(ANY)},

	/* ICMP */
	{"bad ICMP checksum", PING(.icmp.bad_csum = 0x100), DROP(ICMP_CSUM)},
	{"ICMP header cut at 7 bytes",
	 {.ip = {.saddr = PEER, .daddr = ROUTER, .proto = 1, .tot_len = 27},
	  .icmp = {.type = 8},
	  .cut = 14 + 27},
	 DROP(ANY)},
	{"address mask request", ICMP4(PEER, ROUTER, ICMP_ADDRESS, 0, .len = 4)},
	{"ICMP type 255", ICMP4(PEER, ROUTER, 255, 0, .len = 4), DROP(ICMP_UNKNOWN)},
	{"source quench",
	 ICMP4(PEER, ROUTER, ICMP_SOURCE_QUENCH, 0, .data = quote_udp, .len = sizeof(quote_udp))},
	{"error about nothing of ours",
	 ICMP4(PEER, ROUTER, ICMP_DEST_UNREACH, 3, .data = quote_udp, .len = sizeof(quote_udp))},
	{"error about nothing of ours, which had options",
	 ICMP4(PEER, ROUTER, ICMP_DEST_UNREACH, 3, .data = quote_options,
	       .len = sizeof(quote_options))},
	{"error with a quotation of 19 bytes",
	 ICMP4(PEER, ROUTER, ICMP_DEST_UNREACH, 3, .data = quote_udp, .len = 19)},
	{"echo reply that nobody waits for", ICMP4(PEER, ROUTER, ICMP_ECHOREPLY, 0, .len = 8)},
	{"broadcast echo", ECHO(PEER, IP4(10, 0, 1, 255), 1, 1, .dst = MAC_BROADCAST),
	 DROP(ICMP_BROADCAST)},

	/* UDP */
	{"bad UDP checksum", UDP_TO_SINK(.len = 5, .udp.bad_csum = 1), DROP(UDP_CSUM)},
	{"UDP length over the IP payload",
	 UDP_TO_SINK(.len = 5, .udp.len = 14, .udp.no_csum = true), DROP(UDP_INVALID)},
	{"UDP length under 8", UDP_TO_SINK(.len = 5, .udp.len = 7, .udp.no_csum = true),
	 DROP(UDP_INVALID)},
	{"UDP length under the IP payload",
	 UDP_TO_SINK(.len = 5, .udp.len = 11, .udp.no_csum = true), .sunk = 4},
	{"UDP header cut",
	 {.ip = {.saddr = PEER, .daddr = ROUTER, .proto = 17, .tot_len = 27},
	  .udp = {999, SINK, .no_csum = true},
	  .cut = 14 + 27},
	 DROP(PKT_TOO_SMALL)},

	/* options: RFC 791 s3.1 */
	{"record route", PING(OPTIONS("\x07\x07\x04\0\0\0\0\0")), REPLY(ICMP_ECHOREPLY, 0)},
	{"record route, pointer 3", PING(OPTIONS("\x07\x07\x03\0\0\0\0\0")), PARAMETER(22)},
	{"record route over the header's end", PING(OPTIONS("\x07\x0b\x04\0")), PARAMETER(20)},
	{"option length 0", PING(OPTIONS("\x07\0\0\0")), PARAMETER(20)},
	{"option length 1", PING(OPTIONS("\x44\x01\0\0")), PARAMETER(20)},
	{"timestamp, overflow counter full", PING(OPTIONS("\x44\x08\x09\xf0\0\0\0\0")),
	 PARAMETER(23)},
	{"unknown option", PING(OPTIONS("\x9e\x04\0\0")), REPLY(ICMP_ECHOREPLY, 0)},
	{"only no-operations", PING(OPTIONS("\1\1\1\1")), REPLY(ICMP_ECHOREPLY, 0)},
	{"loose source route via us", ECHO(PEER, ROUTER, 1, 1, OPTIONS("\x83\x07\x04\x0a\0\2\2\0")),
	 DROP(IP_OPTIONS)},
	{"strict source route via us",
	 ECHO(PEER, ROUTER, 1, 1, OPTIONS("\x89\x07\x04\x0a\0\2\2\0")), DROP(IP_OPTIONS)},

	/* forwarding */
	{"forward", UDP4(PEER, 999, FAR, 53, .len = 5), .forwarded = true},
	{"forward, TTL 2", UDP4(PEER, 999, FAR, 53, .ip.ttl = 2), .forwarded = true},
	{"forward, TTL 1", UDP4(PEER, 999, FAR, 53, .ip.ttl = 1),
	 REPLY(ICMP_TIME_EXCEEDED, ICMP_EXC_TTL), DROP(IP_TTL)},
	{"forward, TTL 0", UDP4(PEER, 999, FAR, 53, .ip.zero_ttl = true),
	 REPLY(ICMP_TIME_EXCEEDED, ICMP_EXC_TTL), DROP(IP_TTL)},
	{"forward, TTL 1 on an ICMP error",
	 ICMP4(PEER, FAR, ICMP_DEST_UNREACH, 3, .data = quote_udp, .len = sizeof(quote_udp),
	       .ip.ttl = 1),
	 DROP(IP_TTL)},
	{"forward from 127/8", UDP4(IP4(127, 0, 0, 5), 999, FAR, 53), DROP(IP_INVALID_SOURCE)},
	{"forward to a directed broadcast", UDP4(PEER, 999, IP4(10, 0, 2, 255), 53)},
	{"forward to class E, which is unicast like any other",
	 UDP4(PEER, 999, IP4(240, 0, 0, 1), 53), REPLY(ICMP_DEST_UNREACH, ICMP_NET_UNREACH),
	 DROP(IP_INNOROUTES)},
	{"forward to nowhere", UDP4(PEER, 999, IP4(192, 0, 2, 1), 53),
	 REPLY(ICMP_DEST_UNREACH, ICMP_NET_UNREACH), DROP(IP_INNOROUTES)},
	{"forward a broadcast frame", UDP4(PEER, 999, FAR, 53, .dst = MAC_BROADCAST), DROP(ANY)},
};

static struct sock *sink_open(struct net *net)
{
	struct sock_addr addr = {.port = CPU_TO_BE16(SINK)};
	struct sock *sk;

	cr_assert_eq(sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk), 0);
	cr_assert_eq(sock_bind(sk, &addr), 0);
	return sk;
}

static int sink_take(struct sock *sk)
{
	u8 buf[100];
	struct sock_iovec iov = {buf, sizeof(buf)};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};
	long n = sock_recvmsg(sk, &msg, MSG_DONTWAIT);

	return n == -EAGAIN ? 0 : n + 1;
}

/* The quotation in an ICMP error must be the packet that caused it, as it came. */
static void check_error(const struct row *row, const struct pkt *got)
{
	struct pkt quoted;

	cr_assert_null(pkt_parse_quoted(&quoted, got->data, got->len), "%s", row->name);
	cr_assert(quoted.ip.saddr == row->in.ip.saddr && quoted.ip.daddr == row->in.ip.daddr, "%s",
		  row->name);
	cr_assert_eq(got->icmp.rest, row->rest, "%s: second word %#x, not %#x", row->name,
		     got->icmp.rest, row->rest);
	cr_assert_eq(got->ip.tos & 0xe0, 0xc0, "%s: precedence, RFC 1812 s4.3.2.5", row->name);
}

static void check_reply(const struct row *row, struct nic *nic)
{
	const struct pkt *got = nic_next(nic);
	char text[512];

	if (!row->reply) {
		cr_assert_null(got, "%s: must be silent\n  got %s", row->name,
			       pkt_print(got, text, sizeof(text)));
		return;
	}
	cr_assert_not_null(got, "%s: no reply", row->name);
	pkt_print(got, text, sizeof(text));
	cr_assert(got->ip.proto == 1 && got->ip.daddr == row->in.ip.saddr &&
			  got->ip.saddr == ROUTER,
		  "%s: %s", row->name, text);
	cr_assert(got->icmp.type == row->type && got->icmp.code == row->code, "%s: %s", row->name,
		  text);
	if (row->type == ICMP_ECHOREPLY)
		cr_assert_eq(got->len, row->in.len, "%s: %s", row->name, text);
	else
		check_error(row, got);
	cr_assert_null(nic_next(nic), "%s: one reply is enough", row->name);
}

static u64 all_drops(const struct net *net)
{
	u64 sum = 0;

	for (unsigned int r = 0; r < SKB_DROP_REASON_NR; r++)
		sum += drops(net, r);
	return sum;
}

static u64 row_drops(const struct row *row, const struct net *net)
{
	if (row->dropped == SKB_DROP_REASON_ANY)
		return all_drops(net);
	return row->dropped ? drops(net, row->dropped) : 0;
}

static void check_row(const struct row *row, struct nic *near, struct nic *far, struct sock *sink)
{
	u64 before = row_drops(row, near->net);
	const struct pkt *got;
	int sunk;

	nic_inject(near, &row->in);
	check_reply(row, near);
	got = nic_next(far);
	cr_assert_eq(got != NULL, row->forwarded, "%s: %s on the other side", row->name,
		     got ? "a packet" : "nothing");
	if (got)
		cr_assert_eq(got->ip.ttl, (row->in.ip.ttl ? row->in.ip.ttl : 64) - 1);
	sunk = sink_take(sink);
	cr_assert_eq(sunk, row->sunk, "%s: the application got %d bytes, not %d", row->name,
		     sunk - 1, row->sunk - 1);
	if (row->dropped)
		cr_assert_eq(row_drops(row, near->net), before + 1,
			     "%s: not counted as dropped for this reason", row->name);
	EXPECT_NO_SKBS(near->net);
}

static void check_rows(u32 rx_linear)
{
	struct net *net = stack_new();
	struct nic *near = fragmenting_nic_new(net, "10.0.1.1/24", rx_linear);
	struct nic *far = nic_new(net, "10.0.2.1/24");
	struct sock *sink = sink_open(net);

	CTL(net, "sysctl -w net.ipv4.ip_forward=1");
	CTL(net, "sysctl -w net.ipv4.icmp_ratelimit=0 net.ipv4.route.error_cost=0");
	CTL(net, "sysctl -w net.ipv4.icmp_msgs_per_sec=1000000 net.ipv4.icmp_msgs_burst=1000000");
	/* Both sides known, so that no row waits for ARP. */
	nic_inject(near, &PING());
	nic_inject(near, &UDP4(PEER, 999, FAR, 53));
	nic_forget(near);
	nic_forget(far);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(&rows[i], near, far, sink);
	sock_close(sink);
}

WEIR_TEST(reactions, a_row_for_each_packet)
{
	check_rows(0);
}

/* The same packets in pieces: headers are pulled together, and no pointer outlives that. */
WEIR_TEST(reactions, a_row_for_each_packet_in_fragments)
{
	static const u32 linear[] = {14, 15, 33, 34, 35, 41, 42, 43, 60, 62, 66};

	for (size_t i = 0; i < ARRAY_SIZE(linear); i++) {
		check_rows(linear[i]);
		harness_end();
		harness_begin();
	}
}

/* --- ARP: RFC 826, RFC 5227 --- */

struct arp_row {
	const char *name;
	struct pkt in;
	be32 answered; /* the address we answer for; 0: silent */
};

#define ASK(target, ...) ARP_REQUEST(MAC_N(5), PEER, target, __VA_ARGS__)

static const struct arp_row arp_rows[] = {
	{"who has our address", ASK(ROUTER), ROUTER},
	{"who has our address, asked by unicast", ASK(ROUTER, .pad = 18), ROUTER},
	{"who has the other interface's address", ASK(IP4(10, 0, 2, 1)), IP4(10, 0, 2, 1)},
	{"who has somebody else's address", ASK(IP4(10, 0, 1, 77)), 0},
	{"who has 127.0.0.1", ASK(IP4(127, 0, 0, 1)), 0},
	{"who has a multicast address", ASK(IP4(224, 0, 0, 1)), 0},
	{"a probe: sender 0.0.0.0", ARP_REQUEST(MAC_N(5), 0, ROUTER), ROUTER},
	{"sender claims our address", ARP_REQUEST(MAC_N(5), ROUTER, ROUTER), 0},
	{"hardware type 6", ASK(ROUTER, .arp.hrd = 6), ROUTER},
	{"hardware type 7", ASK(ROUTER, .arp.hrd = 7), 0},
	{"protocol 0x86dd", ASK(ROUTER, .arp.pro = 0x86dd), 0},
	{"hardware length 5", ASK(ROUTER, .arp.hln = 5), 0},
	{"protocol length 16", ASK(ROUTER, .arp.pln = 16), 0},
	{"cut", ASK(ROUTER, .cut = 41), 0},
	{"unknown operation",
	 {.dst = MAC_BROADCAST, .arp = {.op = 9, .sha = MAC_N(5), .sip = PEER, .tip = ROUTER}},
	 0},
	{"a reply nobody asked for", ARP_REPLY(MAC_N(5), PEER, MAC_N(0x101), ROUTER), 0},
};

WEIR_TEST(reactions, arp_rows)
{
	struct net *net = stack_new();
	struct nic *near = nic_new(net, "10.0.1.1/24");

	nic_new(net, "10.0.2.1/24");
	for (size_t i = 0; i < ARRAY_SIZE(arp_rows); i++) {
		const struct arp_row *row = &arp_rows[i];
		const struct pkt *got;

		nic_inject(near, &row->in);
		got = nic_next(near);
		cr_assert_eq(got != NULL, row->answered != 0, "%s", row->name);
		if (got)
			cr_assert(got->arp.op == 2 && got->arp.sip == row->answered &&
					  got->arp.sha == near->mac && got->arp.tha == MAC_N(5) &&
					  got->dst == MAC_N(5) && got->arp.tip == row->in.arp.sip,
				  "%s", row->name);
		EXPECT_NOTHING(near);
	}
}
