/* SPDX-License-Identifier: MIT */
/* What a router does to packets on their way: MTU and pieces, redirects, options. */
#include <string.h>

#include "lib/errno.h"
#include "net/wire/icmp_hdr.h"
#include "net/wire/ipv4_hdr.h"
#include "tests/unit/harness.h"

#define PEER IP4(10, 0, 1, 2)
#define NEAR IP4(10, 0, 1, 1) /* the router's addresses */
#define AWAY IP4(10, 0, 2, 1)
#define FAR  IP4(10, 0, 2, 2)

static struct net *net;
static struct nic *near, *far;

static void router(void)
{
	net = router_new(&near, &far);
	CTL(net, "sysctl -w net.ipv4.icmp_ratelimit=0 net.ipv4.route.error_cost=0");
}

/*
 * Puts the pieces of one packet together, checks that they fit, and compares them with len counting
 * bytes.
 */
static void expect_pieces(struct nic *nic, u32 len, u32 mtu, u32 least)
{
	u8 got[4096] = {0};
	u32 end = 0, pieces = 0, total = 0;
	const struct pkt *p;

	while ((p = nic_next(nic))) {
		u32 at = (p->ip.frag_off & IP_OFFSET) * 8;

		cr_assert_leq(p->ip.tot_len, mtu, "piece of %u bytes", p->ip.tot_len);
		cr_assert_eq(p->ip.ttl, 63);
		/* The first piece's UDP header was taken off by the parser. */
		memcpy(got + at + (at ? 0 : 8), p->data, p->len);
		end += p->len + (at ? 0 : 8);
		if (!(p->ip.frag_off & IP_MF))
			total = at + p->len + (at ? 0 : 8);
		else
			cr_assert_eq((p->len + (at ? 0 : 8)) % 8, 0);
		pieces++;
	}
	cr_assert_eq(total, len + 8);
	cr_assert_eq(end, len + 8);
	cr_assert_geq(pieces, least);
	for (u32 i = 0; i < len; i++)
		cr_assert_eq(got[8 + i], (u8)i);
}

WEIR_TEST(ip_forward, a_packet_over_the_next_mtu_goes_on_in_pieces)
{
	static const u32 mtus[] = {68, 576, 577, 1006, 1499};

	router();
	for (size_t i = 0; i < ARRAY_SIZE(mtus); i++) {
		CTL(net, "ip link set eth1 mtu %u", mtus[i]);
		nic_inject(near, &UDP4(PEER, 9, FAR, 9, .len = 1400, .ip.id = 77));
		expect_pieces(far, 1400, mtus[i], 1400 / mtus[i]);
	}
	EXPECT_NO_SKBS(net);
}

WEIR_TEST(ip_forward, dont_fragment_is_answered_with_the_mtu)
{
	const struct pkt *got;

	router();
	CTL(net, "ip link set eth1 mtu 1000");
	nic_inject(near, &UDP4(PEER, 9, FAR, 9, .len = 1400, .ip.frag_off = IP_DF));
	got = EXPECT_PKT(near, &ICMP4(NEAR, PEER, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED,
				      .icmp.rest = 1000));
	cr_assert_leq(got->ip.tot_len, 576);
	EXPECT_NOTHING(far);
	EXPECT_MIB(net, IPSTATS_MIB_FRAGFAILS, 1);
	EXPECT_DROPS(net, PKT_TOO_BIG, 1);
	/* One that just fits. */
	nic_inject(near, &UDP4(PEER, 9, FAR, 9, .len = 972, .ip.frag_off = IP_DF));
	EXPECT_PKT(far, &UDP4(PEER, 9, FAR, 9, .ip.tot_len = 1000, .ip.frag_off = IP_DF));
}

/* Whatever a route claims, something sensible happens, soon. */
WEIR_TEST(ip_forward, absurd_route_mtus)
{
	static const u32 mtus[] = {1, 20, 27, 28, 67, 68};

	router();
	for (size_t i = 0; i < ARRAY_SIZE(mtus); i++) {
		if (ctl(net, NULL, "ip route replace 10.0.2.0/24 dev eth1 mtu %u", mtus[i]))
			continue;
		nic_inject(near, &UDP4(PEER, 9, FAR, 9, .len = 100));
		nic_forget(near);
		nic_forget(far);
		EXPECT_NO_SKBS(net);
	}
}

WEIR_TEST(ip_forward, failing_allocations_cost_packets_and_nothing_else)
{
	FOR_EACH_FAILING_ALLOC
	{
		net = stack_new();
		near = net ? nic_new(net, "10.0.1.1/24") : NULL;
		far = near ? nic_new(net, "10.0.2.1/24") : NULL;
		if (!far)
			continue;
		ctl(net, NULL, "sysctl -w net.ipv4.ip_forward=1");
		ctl(net, NULL, "ip link set eth1 mtu 576");
		nic_inject(near, &UDP4(PEER, 9, FAR, 9, .len = 1400));
		nic_inject(near, &UDP4(PEER, 9, FAR, 9, .ip.ttl = 1));
		nic_inject(near, &UDP4(PEER, 9, IP4(192, 0, 2, 1), 9));
		host_advance(10 * NSEC_PER_SEC); /* a lost question is asked again */
		nic_forget(near);
		nic_forget(far);
		EXPECT_NO_SKBS(net);
	}
}

WEIR_TEST(ip_forward, who_could_go_straight_is_redirected)
{
	const struct pkt *got;

	router();
	CTL(net, "ip route add 10.9.0.0/16 via 10.0.1.7");
	nic_inject(near, &UDP4(PEER, 9, IP4(10, 9, 0, 1), 9, .len = 8));
	got = EXPECT_PKT(near, &ICMP4(NEAR, PEER, ICMP_REDIRECT, ICMP_REDIR_HOST,
				      .icmp.rest = 0x0a000107));
	cr_assert_geq(got->len, 28);
	EXPECT_PKT(near, &UDP4(PEER, 9, IP4(10, 9, 0, 1), 9, .ip.ttl = 63));

	CTL(net,
	    "sysctl -w net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0");
	nic_inject(near, &UDP4(PEER, 9, IP4(10, 9, 0, 1), 9, .len = 8));
	EXPECT_PKT(near, &UDP4(PEER, 9, IP4(10, 9, 0, 1), 9, .ip.ttl = 63));
	EXPECT_NOTHING(near);
}

/* Routes that refuse say so in their own words (RFC 1812 s5.2.7.1). */
WEIR_TEST(ip_forward, routes_that_refuse)
{
	static const struct {
		const char *type;
		int code; /* -1: silence */
	} rows[] = {
		{"unreachable", ICMP_HOST_UNREACH},
		{"prohibit", ICMP_PKT_FILTERED},
		{"blackhole", -1},
	};

	router();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CTL(net, "ip route replace %s 10.9.0.0/16", rows[i].type);
		nic_inject(near, &UDP4(PEER, 9, IP4(10, 9, 0, 1), 9));
		if (rows[i].code >= 0)
			EXPECT_PKT(near, &ICMP4(NEAR, PEER, ICMP_DEST_UNREACH, rows[i].code));
		EXPECT_NOTHING(near);
		EXPECT_NOTHING(far);
		CTL(net, "ip route del %s 10.9.0.0/16", rows[i].type);
	}
}

WEIR_TEST(ip_forward, reverse_path_filter)
{
	router();
	/* Loose: any way back will do; strict: it must be the way it came. */
	CTL(net, "ip route add 10.7.0.0/16 via 10.0.2.9");
	nic_inject(near, &UDP4(IP4(10, 7, 0, 1), 9, FAR, 9));
	EXPECT_PKT(far, &UDP4(IP4(10, 7, 0, 1), 9, FAR, 9));
	CTL(net, "sysctl -w net.ipv4.conf.eth0.rp_filter=2");
	nic_inject(near, &UDP4(IP4(10, 7, 0, 1), 9, FAR, 9));
	EXPECT_PKT(far, &UDP4(IP4(10, 7, 0, 1), 9, FAR, 9));
	nic_inject(near, &UDP4(IP4(10, 8, 0, 1), 9, FAR, 9));
	EXPECT_NOTHING(far);
	CTL(net, "sysctl -w net.ipv4.conf.eth0.rp_filter=1");
	nic_inject(near, &UDP4(IP4(10, 7, 0, 1), 9, FAR, 9));
	EXPECT_NOTHING(far);
	nic_inject(near, &UDP4(PEER, 9, FAR, 9));
	EXPECT_PKT(far, &UDP4(PEER, 9, FAR, 9));
	EXPECT_DROPS(net, IP_RPFILTER, 2);
}

/* --- options on the way --- */

/* Record route: one slot is filled with the address by which the packet leaves. */
WEIR_TEST(ip_forward, record_route_notes_the_leaving_address)
{
	const struct pkt *got;

	router();
	nic_inject(near, &UDP4(PEER, 9, FAR, 9, .ip.opt = "\x07\x0b\x04\0\0\0\0\0\0\0\0\0",
			       .ip.optlen = 12));
	got = EXPECT_PKT(far, &UDP4(PEER, 9, FAR, 9, .ip.optlen = 12));
	cr_assert_eq(memcmp(got->ip.opt, "\x07\x0b\x08\x0a\0\x02\x01\0\0\0\0\0", 12), 0);
}

WEIR_TEST(ip_forward, timestamps_note_address_and_time)
{
	const struct pkt *got;
	const u8 *opt;

	router();
	nic_inject(near, &UDP4(PEER, 9, FAR, 9, .ip.opt = "\x44\x0c\x05\x01\0\0\0\0\0\0\0\0",
			       .ip.optlen = 12));
	got = EXPECT_PKT(far, &UDP4(PEER, 9, FAR, 9, .ip.optlen = 12));
	opt = got->ip.opt;
	cr_assert_eq(opt[2], 13);
	cr_assert_eq(memcmp(opt + 4, "\x0a\0\x01\x01", 4), 0); /* where it came in, as Linux */
	cr_assert_eq(get_unaligned_be32(opt + 8), plat_wall() / NSEC_PER_MSEC % 86400000);
	/* No room: only the overflow counter moves. */
	nic_inject(near,
		   &UDP4(PEER, 9, FAR, 9, .ip.opt = "\x44\x08\x09\x10\1\2\3\4", .ip.optlen = 8));
	got = EXPECT_PKT(far, &UDP4(PEER, 9, FAR, 9, .ip.optlen = 8));
	cr_assert_eq(memcmp(got->ip.opt, "\x44\x08\x09\x20\1\2\3\4", 8), 0);
}

WEIR_TEST(ip_forward, source_routes_are_followed_only_when_told)
{
	const struct pkt *got;
	const struct pkt in =
		ECHO(PEER, NEAR, 1, 1, .ip.opt = "\x83\x07\x04\x0a\0\x02\x02\0", .ip.optlen = 8);

	router();
	nic_inject(near, &in);
	EXPECT_NOTHING(far);
	CTL(net, "sysctl -w net.ipv4.conf.all.accept_source_route=1 "
		 "net.ipv4.conf.eth0.accept_source_route=1");
	nic_inject(near, &in);
	got = EXPECT_PKT(far, &ECHO(PEER, FAR, 1, 1, .ip.optlen = 8));
	/* RFC 791: the hop is replaced by our leaving address, the pointer moves on. */
	cr_assert_eq(memcmp(got->ip.opt, "\x83\x07\x08\x0a\0\x02\x01\0", 8), 0);
}

/*
 * RFC 1122 s3.2.1.8: options come back with the echo; a fragment's pieces carry only the copied
 * ones.
 */
WEIR_TEST(ip_forward, pieces_behind_the_first_have_only_copied_options)
{
	const struct pkt *got;

	router();
	CTL(net, "ip link set eth1 mtu 576");
	nic_inject(near, &UDP4(PEER, 9, FAR, 9, .len = 1000,
			       .ip.opt = "\x07\x07\x08\1\2\3\4\1\x94\x04\0\0", .ip.optlen = 12));
	got = nic_next(far);
	cr_assert_not_null(got);
	cr_assert_eq(memcmp(got->ip.opt, "\x07\x07\x08\1\2\3\4\1\x94\x04\0\0", 12), 0);
	got = nic_next(far);
	cr_assert_not_null(got);
	cr_assert_eq(got->ip.optlen, 12);
	cr_assert_eq(memcmp(got->ip.opt, "\1\1\1\1\1\1\1\1\x94\x04\0\0", 12), 0);
	nic_forget(far);
}
