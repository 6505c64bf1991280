/* SPDX-License-Identifier: MIT */
/* ICMP out: limits, quotations, what errors may be about; forwarding's errors. */
#include <string.h>

#include "host/host.h"
#include "tests/unit/harness.h"

#define US     IP4(10, 0, 0, 1)
#define PEER   IP4(10, 0, 0, 2)
#define FAR_US IP4(10, 1, 0, 1)
#define FAR    IP4(10, 1, 0, 9)

/* A router: near 10.0.0.1/24, far 10.1.0.1/24. */
struct router {
	struct net *net;
	struct nic *near, *far;
};

static struct router icmp_router(void)
{
	struct router r = {.net = stack_new()};

	r.near = nic_new(r.net, "10.0.0.1/24");
	r.far = nic_new(r.net, "10.1.0.1/24");
	CTL(r.net, "sysctl -w net.ipv4.ip_forward=1");
	CTL(r.net, "sysctl -w net.ipv4.icmp_ratelimit=0 net.ipv4.route.error_cost=0");
	nic_inject(r.near, &UDP4(PEER, 9, FAR, 9)); /* ARP */
	nic_inject(r.near, &ECHO(PEER, US, 9, 9));
	nic_forget(r.near);
	nic_forget(r.far);
	return r;
}

static unsigned int errors_sent(struct nic *nic, unsigned int asks)
{
	nic_forget(nic);
	for (unsigned int i = 0; i < asks; i++)
		nic_inject(nic, &UDP4(PEER, 1, US, 99));
	return nic_sent(nic);
}

/* Six at once, then one a second: XRLIM_BURST_FACTOR and icmp_ratelimit. */
WEIR_TEST(icmp, errors_to_one_host_are_limited)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");

	nic_inject(nic, &ECHO(PEER, US, 1, 1));
	cr_assert_eq(errors_sent(nic, 20), 6);
	EXPECT_MIB(nic->net, ICMP_MIB_RATELIMITHOST, 14);
	host_advance(1100 * NSEC_PER_MSEC);
	cr_assert_eq(errors_sent(nic, 5), 1);
	host_advance(3100 * NSEC_PER_MSEC);
	cr_assert_eq(errors_sent(nic, 20), 3);
	CTL(nic->net, "sysctl -w net.ipv4.icmp_ratelimit=0");
	cr_assert_eq(errors_sent(nic, 20), 20);
	/* What the mask does not name is not limited. */
	CTL(nic->net, "sysctl -w net.ipv4.icmp_ratelimit=1000 net.ipv4.icmp_ratemask=0");
	cr_assert_eq(errors_sent(nic, 20), 20);
	nic_forget(nic);
}

WEIR_TEST(icmp, errors_to_all_are_limited)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");
	unsigned int sent;

	CTL(nic->net, "sysctl -w net.ipv4.icmp_ratelimit=0");
	nic_inject(nic, &ECHO(PEER, US, 1, 1));
	sent = errors_sent(nic, 200);
	cr_assert(sent >= 26 && sent < 90, "%u: 50 credits, of which each takes 0 to 2", sent);
	cr_assert_eq(mib(nic->net, ICMP_MIB_RATELIMITGLOBAL), 200 - sent);
	host_advance(19 * NSEC_PER_MSEC);
	cr_assert_eq(errors_sent(nic, 9), 0, "not before 20 ms");
	host_advance(11 * NSEC_PER_MSEC);
	sent = errors_sent(nic, 200);
	cr_assert(sent >= 14 && sent < 70, "%u of 30 credits", sent);
	host_advance(NSEC_PER_SEC);
	CTL(nic->net, "sysctl -w net.ipv4.icmp_msgs_burst=4");
	sent = errors_sent(nic, 200);
	cr_assert(sent >= 2 && sent < 20, "%u of 4 credits", sent);
	host_advance(NSEC_PER_SEC);
	CTL(nic->net,
	    "sysctl -w net.ipv4.icmp_msgs_burst=1000000 net.ipv4.icmp_msgs_per_sec=1000000");
	cr_assert_eq(errors_sent(nic, 200), 200);
	/* Echoes are not errors. */
	nic_forget(nic);
	for (int i = 0; i < 200; i++)
		nic_inject(nic, &ECHO(PEER, US, 1, i));
	cr_assert_eq(nic_sent(nic), 200);
	nic_forget(nic);
}

/* RFC 1812 s4.3.2.3: as much as fits in 576 bytes. */
WEIR_TEST(icmp, quotations)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");
	static const u32 sizes[] = {0, 1, 8, 100, 519, 520, 521, 1000, 1472};

	CTL(nic->net, "sysctl -w net.ipv4.icmp_ratelimit=0");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		const struct pkt *got;
		u32 whole = 20 + 8 + sizes[i];

		nic_inject(nic, &UDP4(PEER, 1, US, 99, .len = sizes[i]));
		got = EXPECT_PKT(nic, &ICMP4(US, PEER, 3, 3));
		cr_assert_eq(got->ip.tot_len, min(28 + whole, 576U), "%u bytes", sizes[i]);
	}
}

static const struct {
	const char *name;
	struct pkt in;
	u8 type, code; /* of the error; 0: none */
	u32 rest;
	bool forwarded;
} forwards[] = {
	{"one hop left", UDP4(PEER, 1, FAR, 2, .ip.ttl = 1), 11, 0},
	{"two hops left", UDP4(PEER, 1, FAR, 2, .ip.ttl = 2), .forwarded = true},
	{"an error with one hop left", ICMP4(PEER, FAR, 3, 1, .ip.ttl = 1, .len = 28)},
	{"an echo with one hop left", ECHO(PEER, FAR, 1, 1, .ip.ttl = 1), 11, 0},
	{"no route", UDP4(PEER, 1, IP4(192, 0, 2, 1), 2), 3, 0},
	{"prohibited", UDP4(PEER, 1, IP4(192, 0, 3, 1), 2), 3, 13},
	{"unreachable", UDP4(PEER, 1, IP4(192, 0, 4, 1), 2), 3, 1},
	{"blackhole", UDP4(PEER, 1, IP4(192, 0, 5, 1), 2)},
	{"too large, may not be cut", UDP4(PEER, 1, FAR, 2, .len = 1400, .ip.frag_off = 0x4000), 3,
	 4, 1000},
	{"a piece behind the first, one hop left",
	 {.ip.saddr = PEER,
	  .ip.daddr = FAR,
	  .ip.proto = 17,
	  .ip.ttl = 1,
	  .ip.frag_off = 2,
	  .len = 16}},
	{"a link broadcast", UDP4(PEER, 1, FAR, 2, .dst = MAC_BROADCAST)},
};

WEIR_TEST(icmp, a_row_for_each_forwarding)
{
	struct router r = icmp_router();

	CTL(r.net, "ip route add prohibit 192.0.3.0/24");
	CTL(r.net, "ip route add unreachable 192.0.4.0/24");
	CTL(r.net, "ip route add blackhole 192.0.5.0/24");
	CTL(r.net, "ip link set eth1 mtu 1000");
	for (size_t i = 0; i < ARRAY_SIZE(forwards); i++) {
		const struct pkt *got;

		nic_inject(r.near, &forwards[i].in);
		got = nic_next(r.near);
		cr_assert_eq(got != NULL, forwards[i].type != 0, "%s: %s", forwards[i].name,
			     got ? "an answer" : "silence");
		if (got)
			cr_assert(got->icmp.type == forwards[i].type &&
					  got->icmp.code == forwards[i].code &&
					  got->icmp.rest == forwards[i].rest && got->ip.saddr == US,
				  "%s: %u/%u %u", forwards[i].name, got->icmp.type, got->icmp.code,
				  got->icmp.rest);
		cr_assert_eq(nic_sent(r.far), forwards[i].forwarded, "%s", forwards[i].name);
		nic_forget(r.far);
	}
}

/* RFC 791 s3.2: a router cuts what may be cut; pieces are cut again. */
WEIR_TEST(icmp, a_router_cuts)
{
	struct router r = icmp_router();
	const struct pkt *got;
	u32 end = 0;

	CTL(r.net, "ip link set eth1 mtu 576");
	nic_inject(r.near, &UDP4(PEER, 1, FAR, 2, .len = 1400, .ip.id = 77));
	while ((got = nic_next(r.far))) {
		cr_assert_leq(got->ip.tot_len, 576);
		cr_assert_eq(got->ip.id, 77);
		cr_assert_eq(got->ip.ttl, 63);
		cr_assert_eq((got->ip.frag_off & 0x1fff) * 8, end);
		end += got->ip.tot_len - 20;
		cr_assert_eq(!(got->ip.frag_off & 0x2000), end == 1408);
	}
	cr_assert_eq(end, 1408);
	EXPECT_MIB(r.net, IPSTATS_MIB_FRAGOKS, 1);
	EXPECT_MIB(r.net, IPSTATS_MIB_FRAGCREATES, 3);
}

/* RFC 1812 s5.2.7.2: back out where it came from. */
WEIR_TEST(icmp, redirect)
{
	struct router r = icmp_router();

	CTL(r.net, "ip route add 192.0.2.0/24 via 10.0.0.7");
	nic_inject(r.near, &UDP4(PEER, 1, IP4(192, 0, 2, 1), 2));
	EXPECT_PKT(r.near, &ICMP4(US, PEER, 5, 1, .icmp.rest = 0x0a000007));
	EXPECT_PKT(r.near, &UDP4(PEER, 1, IP4(192, 0, 2, 1), 2, .ip.ttl = 63));
	CTL(r.net, "sysctl -w net.ipv4.conf.all.send_redirects=0");
	CTL(r.net, "sysctl -w net.ipv4.conf.eth0.send_redirects=0");
	nic_inject(r.near, &UDP4(PEER, 1, IP4(192, 0, 2, 1), 2));
	EXPECT_PKT(r.near, &UDP4(PEER, 1, IP4(192, 0, 2, 1), 2, .ip.ttl = 63));
	EXPECT_NOTHING(r.near);
}

static unsigned int redirects_sent(struct router *r, be32 from, unsigned int packets)
{
	u64 before = mib(r->net, ICMP_MIB_OUTREDIRECTS);

	for (unsigned int i = 0; i < packets; i++)
		nic_inject(r->near, &UDP4(from, 1, IP4(192, 0, 2, 1), 2));
	nic_forget(r->near);
	return mib(r->net, ICMP_MIB_OUTREDIRECTS) - before;
}

/* Linux: 20 ms << n between them, nine at most, and then after 20 s of quiet again. */
WEIR_TEST(icmp, redirects_become_fewer)
{
	struct router r = icmp_router();
	unsigned int sent = 0;

	CTL(r.net, "ip route add 192.0.2.0/24 via 10.0.0.7");
	cr_assert_eq(redirects_sent(&r, PEER, 5), 1);
	host_advance(41 * NSEC_PER_MSEC);
	cr_assert_eq(redirects_sent(&r, PEER, 5), 1);
	host_advance(41 * NSEC_PER_MSEC);
	cr_assert_eq(redirects_sent(&r, PEER, 5), 0);
	for (int i = 0; i < 60; i++) {
		host_advance(NSEC_PER_SEC);
		sent += redirects_sent(&r, PEER, 1);
	}
	cr_assert_eq(sent, 7);
	host_advance(21 * NSEC_PER_SEC);
	cr_assert_eq(redirects_sent(&r, PEER, 1), 1);
	/* Who is not on the link could not go straight. */
	cr_assert_eq(redirects_sent(&r, IP4(10, 1, 0, 77), 1), 0);
	cr_assert_eq(redirects_sent(&r, IP4(10, 0, 0, 77), 1), 1);
	CTL(r.net, "sysctl -w net.ipv4.conf.all.shared_media=0 net.ipv4.conf.eth0.shared_media=0");
	cr_assert_eq(redirects_sent(&r, IP4(10, 0, 0, 78), 1), 1);
	CTL(r.net, "ip addr add 10.5.0.1/24 dev eth0");
	cr_assert_eq(redirects_sent(&r, IP4(10, 5, 0, 78), 1), 0);
	CTL(r.net, "sysctl -w net.ipv4.conf.all.shared_media=1 net.ipv4.route.redirect_number=0");
	cr_assert_eq(redirects_sent(&r, IP4(10, 5, 0, 78), 1), 0);
}

/* Five at once, then one a second: error_burst, error_cost. */
WEIR_TEST(icmp, errors_about_no_route_are_limited)
{
	struct router r = icmp_router();

	CTL(r.net, "sysctl -w net.ipv4.route.error_cost=250 net.ipv4.icmp_ratemask=0");
	for (int i = 0; i < 9; i++)
		nic_inject(r.near, &UDP4(PEER, 1, IP4(192, 0, 2, 1), 2));
	cr_assert_eq(nic_sent(r.near), 5);
	host_advance(2100 * NSEC_PER_MSEC);
	for (int i = 0; i < 9; i++)
		nic_inject(r.near, &UDP4(PEER, 1, IP4(192, 0, 2, 1), 2));
	cr_assert_eq(nic_sent(r.near), 7);
	nic_forget(r.near);
}

WEIR_TEST(icmp, echo_settings)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");

	nic_inject(nic, &ECHO(PEER, IP4(10, 0, 0, 255), 1, 1, .dst = MAC_BROADCAST));
	EXPECT_NOTHING(nic);
	EXPECT_DROPS(nic->net, ICMP_BROADCAST, 1);
	CTL(nic->net, "sysctl -w net.ipv4.icmp_echo_ignore_broadcasts=0");
	nic_inject(nic, &ECHO(PEER, IP4(10, 0, 0, 255), 1, 1, .dst = MAC_BROADCAST));
	EXPECT_PKT(nic, &ECHO_REPLY(US, PEER, 1, 1));
	nic_inject(nic, &ICMP4(PEER, US, 8, 7, .icmp.id = 1, .len = 4)); /* the code comes back */
	EXPECT_PKT(nic, &ICMP4(US, PEER, 0, 7, .icmp.id = 1, .len = 4));
	CTL(nic->net, "sysctl -w net.ipv4.icmp_echo_ignore_all=1");
	nic_inject(nic, &ECHO(PEER, US, 1, 1));
	EXPECT_NOTHING(nic);
}

/* Record route, 39 bytes, and a no-operation. */
static const u8 record_route[40] = {7, 39, 4, [39] = 1};

/*
 * An answer that carries options and finds nobody: the error about it, to ourselves, echoes them once more.
 */
WEIR_TEST(icmp, options_of_what_cannot_be_sent)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");

	nic->answer_arp = false;
	nic_inject(nic, &ECHO(PEER, US, 1, 1, .len = 8, .ip.opt = record_route, .ip.optlen = 40));
	host_advance(5 * NSEC_PER_SEC);
	EXPECT_DROPS(nic->net, NEIGH_FAILED, 1);
	EXPECT_MIB(nic->net, ICMP_MIB_OUTDESTUNREACHS, 1);
	EXPECT_MIB(nic->net, ICMP_MIB_INDESTUNREACHS, 1);
	nic_forget(nic);
	EXPECT_NO_SKBS(nic->net);
}

WEIR_TEST(icmp, a_route_is_recorded_both_ways)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");
	const struct pkt *got;
	const u8 *opt;
	be32 own = US;

	nic_inject(nic, &ECHO(PEER, US, 1, 1, .len = 8, .ip.opt = record_route, .ip.optlen = 40));
	got = EXPECT_PKT(nic, &ECHO_REPLY(US, PEER, 1, 1, .len = 8));
	cr_assert_eq(got->ip.optlen, 40);
	opt = got->ip.opt;
	cr_assert(opt[0] == 7 && opt[1] == 39 && opt[2] == 12);
	cr_assert(memcmp(opt + 3, &own, 4) == 0 && memcmp(opt + 7, &own, 4) == 0);
}
