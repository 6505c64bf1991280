/* SPDX-License-Identifier: MIT */
/* Fragments in: a row for each way an echo of 32 bytes can arrive in pieces; limits and time. */
#include <string.h>

#include "host/host.h"
#include "net/wire/icmp_hdr.h"
#include "net/wire/ipv4_hdr.h"
#include "tests/unit/harness.h"

#define US    IP4(10, 0, 0, 1)
#define PEER  IP4(10, 0, 0, 2)
#define BLOCK 8
#define WHOLE 32 /* bytes of ICMP: four blocks */

/* Bytes [from, to) of the message; "more fragments" unless last. */
struct piece {
	u8 from, to;
	bool last;
	u8 garble; /* xored into its bytes */
	u8 tos;
};

#define MID(a, b)                                   \
	{                                           \
		(a) * BLOCK, (b)*BLOCK, false, 0, 0 \
	}
#define LAST(a, b)                                 \
	{                                          \
		(a) * BLOCK, (b)*BLOCK, true, 0, 0 \
	}

static const struct row {
	const char *name;
	struct piece p[8];
	bool answered;
	u64 fails;
} rows[] = {
	{"in order", {MID(0, 1), MID(1, 2), LAST(2, 4)}, true},
	{"reversed", {LAST(2, 4), MID(1, 2), MID(0, 1)}, true},
	{"the middle last", {MID(0, 1), LAST(3, 4), MID(1, 3)}, true},
	{"islands", {MID(2, 3), MID(0, 1), LAST(3, 4), MID(1, 2)}, true},
	{"twice the same", {MID(0, 2), MID(0, 2), LAST(2, 4)}, true},
	{"nothing new inside", {MID(0, 3), MID(1, 2), LAST(3, 4)}, true},
	{"repeated across two that came backwards",
	 {LAST(2, 4), MID(1, 2), MID(1, 3), MID(0, 1)},
	 false,
	 1},
	{"overlap in front", {MID(0, 2), MID(1, 3), LAST(3, 4)}, false, 1},
	{"overlap behind", {MID(2, 3), MID(1, 3), LAST(3, 4)}, false, 1},
	{"overlap of two runs", {MID(0, 1), MID(2, 3), MID(0, 3), LAST(3, 4)}, false, 1},
	{"two ends, the second nearer", {LAST(3, 4), LAST(2, 3)}, false, 1},
	{"two ends, the second farther", {LAST(2, 3), LAST(3, 4)}, false, 1},
	{"behind the end", {LAST(1, 2), MID(2, 3)}, false, 1},
	{"a hole", {MID(0, 1), LAST(2, 4)}, false},
	{"no end", {MID(0, 1), MID(1, 4)}, false},
	{"no beginning", {MID(1, 2), LAST(2, 4)}, false},
	{"length no multiple of 8 is cut", {{0, 13, false, 0, 0}, LAST(1, 4)}, true},
	{"nothing left of it", {{8, 13, false, 0, 0}, MID(0, 1), LAST(1, 4)}, true, 1},
	{"congestion seen by one",
	 {{0, 16, false, 0, INET_ECN_ECT_0}, {16, 32, true, 0, INET_ECN_CE}},
	 true},
	{"one with ECN, one without",
	 {{0, 16, false, 0, 0}, {16, 32, true, 0, INET_ECN_ECT_1}},
	 false,
	 1},
	{"congestion and no ECN", {{0, 16, false, 0, INET_ECN_CE}, {16, 32, true, 0, 0}}, false, 1},
};

static void make_echo(u8 message[WHOLE])
{
	struct icmphdr *icmph = (struct icmphdr *)message;

	for (int i = 0; i < WHOLE; i++)
		message[i] = i;
	*icmph = (struct icmphdr){.type = ICMP_ECHO, .un.echo.id = CPU_TO_BE16(7)};
	icmph->checksum = csum_fold(csum_partial(message, WHOLE, 0));
}

static void inject_piece(struct nic *nic, u16 id, const struct piece *p)
{
	u8 message[WHOLE], frame[14 + 20 + WHOLE];
	struct iphdr iph;

	make_echo(message);
	mac_bytes(nic->mac, frame);
	mac_bytes(nic->peer, frame + 6);
	frame[12] = 8;
	frame[13] = 0;
	iph = (struct iphdr){.ver_ihl = 0x45,
			     .tos = p->tos,
			     .tot_len = cpu_to_be16(20 + p->to - p->from),
			     .id = cpu_to_be16(id),
			     .frag_off = cpu_to_be16(p->from / BLOCK | (p->last ? 0 : IP_MF)),
			     .ttl = 64,
			     .protocol = 1,
			     .saddr = PEER,
			     .daddr = US};
	ip_send_check(&iph);
	memcpy(frame + 14, &iph, sizeof(iph));
	for (int i = p->from; i < p->to; i++)
		frame[34 + i - p->from] = message[i] ^ p->garble;
	nic_inject_raw(nic, frame, 34 + p->to - p->from);
}

static void check_row(struct nic *nic, const struct row *row, u16 id)
{
	u64 fails = mib(nic->net, IPSTATS_MIB_REASMFAILS);
	const struct pkt *got;

	for (const struct piece *p = row->p; p->to; p++)
		inject_piece(nic, id, p);
	got = nic_next(nic);
	cr_assert_eq(got != NULL, row->answered, "%s: %s", row->name, got ? "answered" : "silent");
	cr_assert(!got || (got->icmp.type == ICMP_ECHOREPLY && got->len == WHOLE - 8), "%s",
		  row->name);
	cr_assert_eq(mib(nic->net, IPSTATS_MIB_REASMFAILS), fails + row->fails, "%s", row->name);
}

WEIR_TEST(reassembly, a_row_for_each_way)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(nic, &rows[i], i);
	host_advance(31 * NSEC_PER_SEC);
	nic_forget(nic);
	EXPECT_NO_SKBS(nic->net);
}

/* RFC 1122 s3.3.2: told of, if the beginning is here. */
WEIR_TEST(reassembly, time_exceeded_only_with_the_first)
{
	static const struct piece first = MID(0, 1), second = MID(1, 2);
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");

	inject_piece(nic, 1, &first);
	inject_piece(nic, 2, &second);
	host_advance(29 * NSEC_PER_SEC);
	EXPECT_NOTHING(nic);
	host_advance(2 * NSEC_PER_SEC);
	EXPECT_PKT(nic, &ICMP4(US, PEER, 11, 1));
	EXPECT_NOTHING(nic);
	EXPECT_MIB(nic->net, IPSTATS_MIB_REASMTIMEOUT, 2);
	EXPECT_DROPS(nic->net, FRAG_REASM_TIMEOUT, 2);
	EXPECT_NO_SKBS(nic->net);
}

WEIR_TEST(reassembly, memory_has_a_limit)
{
	static const struct piece first = MID(0, 1), last = LAST(1, 4);
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");

	CTL(nic->net, "sysctl -w net.ipv4.ipfrag_high_thresh=100000");
	for (u16 i = 0; i < 1000; i++)
		inject_piece(nic, i, &first);
	cr_assert_gt(drops(nic->net, SKB_DROP_REASON_FRAG_LIMIT), 800);
	cr_assert_lt(net_skbs_in_use(nic->net), 200);
	nic_forget(nic);
	inject_piece(nic, 0, &last); /* neither is what was begun finished, as in Linux */
	EXPECT_NOTHING(nic);
	CTL(nic->net, "sysctl -w net.ipv4.ipfrag_high_thresh=200000");
	inject_piece(nic, 0, &last);
	EXPECT_PKT(nic, &ICMP4(US, PEER, 0, 0));
	host_advance(31 * NSEC_PER_SEC);
	nic_forget(nic);
	EXPECT_NO_SKBS(nic->net);
}

WEIR_TEST(reassembly, every_allocation_may_fail)
{
	static const struct piece first = MID(0, 2), last = LAST(2, 4);

	FOR_EACH_FAILING_ALLOC
	{
		struct net *net = stack_new();
		struct nic *nic = net ? nic_new(net, "10.0.0.1/24") : NULL;

		if (!nic)
			continue;
		inject_piece(nic, 1, &last);
		inject_piece(nic, 1, &first);
		host_advance(40 * NSEC_PER_SEC);
		nic_forget(nic);
		EXPECT_NO_SKBS(net);
	}
}

/* What we cut ourselves comes together again elsewhere, whatever its size. */
WEIR_TEST(reassembly, large_echoes_there_and_back)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");

	for (u32 len = 1400; len < 9000; len += 37) {
		u32 pieces = 0, bytes = 0;
		const struct pkt *got;

		nic_inject(nic, &ECHO(PEER, US, 9, 1, .len = len));
		while ((got = nic_next(nic))) {
			cr_assert_leq(got->ip.tot_len, 1500);
			cr_assert(got->ip.frag_off & IP_MF ? (got->ip.tot_len - 20) % 8 == 0
							   : true);
			cr_assert_eq((got->ip.frag_off & IP_OFFSET) * 8, bytes);
			bytes += got->ip.tot_len - 20;
			pieces++;
		}
		cr_assert_eq(bytes, len + 8);
		cr_assert_eq(pieces, DIV_ROUND_UP(len + 8, 1480));
	}
}

/* Only what another piece follows must end at a multiple of 8. */
WEIR_TEST(reassembly, the_last_piece_fills_the_room)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");

	CTL(net, "ip link set eth0 mtu 1002");
	nic_inject(nic, &ECHO(PEER, US, 9, 1, .len = 976 + 982 - ICMP_HLEN));
	cr_assert_eq(nic_next(nic)->ip.tot_len, 20 + 976);
	cr_assert_eq(nic_next(nic)->ip.tot_len, 20 + 982);
	EXPECT_NOTHING(nic);
}
