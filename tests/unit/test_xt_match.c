/* SPDX-License-Identifier: MIT */
/* Each match: what it fits, what its negation fits, what makes it drop a packet, and what is refused. */
#include <string.h>

#include "lib/errno.h"
#include "net/nf_conntrack.h"
#include "net/route.h"
#include "tests/unit/rules.h"

#define PEER   IP4(10, 0, 1, 2)
#define ROUTER IP4(10, 0, 1, 1)
#define FAR    IP4(10, 0, 2, 2)
#define F      XT_TABLE_FILTER
#define MF     0x2000

enum { NO, YES, GONE }; /* GONE: dropped without fitting */

static struct net *net;
static struct nic *near, *far;

static void router(void)
{
	net = router_new(&near, &far);
}

/* A table with the one rule "-p proto -m name -j (nothing)". 0 or the error. */
static int only(const char *name, const void *info, u16 size, u8 proto)
{
	struct ipt_rule_spec s = {.ip.proto = proto, .nr_matches = 1};

	s.matches[0] = (struct xt_use){xt_find_match(name), (void *)(uintptr_t)info, size};
	cr_assert(s.matches[0].ext, "no match %s", name);
	flush(net, F);
	return append(net, F, "FORWARD", &s);
}

static int fits(const struct pkt *p)
{
	u64 before = counted(net, F, "FORWARD", 1);
	bool passed;

	nic_inject(near, p);
	passed = nic_sent(far) > 0;
	nic_forget(far);
	if (counted(net, F, "FORWARD", 1) > before)
		return YES;
	return passed ? NO : GONE;
}

struct row {
	const char *name;
	const void *info;
	u16 size;
	u8 proto;
	const struct pkt *packet;
	int want;
};

#define INFO(type, ...) &(const struct type){__VA_ARGS__}, sizeof(struct type)

static void try_rows(const struct row *rows, u32 n)
{
	router();
	for (u32 i = 0; i < n; i++) {
		int err = only(rows[i].name, rows[i].info, rows[i].size, rows[i].proto), got;

		cr_assert_eq(err, 0, "row %u (%s) is refused: %d", i, rows[i].name, err);
		got = fits(rows[i].packet);
		cr_assert_eq(got, rows[i].want, "row %u (%s): %d, not %d", i, rows[i].name, got,
			     rows[i].want);
	}
	EXPECT_NO_SKBS(net);
}

/* Ports 1000 to 80; SYN; options: MSS 1460, NOP, NOP, an unknown kind 9 of length 2. */
static const u8 syn[] = {3, 232, 0, 80, 0, 0, 0, 1, 0, 0,   0, 0, 7 << 4, 2,
			 1, 0,   0, 0,  0, 0, 2, 4, 5, 180, 1, 1, 9,      2};
static const u8 bare_ack[] = {3, 232, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 5 << 4, 16, 1, 0, 0, 0, 0, 0};
static const u8 bad_doff[] = {3, 232, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 4 << 4, 2, 1, 0, 0, 0, 0, 0};
static const u8 cut_opts[] = {3, 232, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 8 << 4, 2, 1, 0, 0, 0, 0, 0};
/* An MSS behind an option of length 0, and one whose length lies. */
static const u8 odd_opts[] = {3, 232, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0,   7 << 4, 2,
			      1, 0,   0, 0,  0, 0, 9, 0, 2, 4, 5, 180, 2,      3};

#define SEG(bytes, ...)                                                            \
	&(const struct pkt)                                                        \
	{                                                                          \
		.ip.saddr = PEER, .ip.daddr = FAR, .ip.proto = 6, .data = (bytes), \
		.len = sizeof(bytes), __VA_ARGS__                                  \
	}
#define CUT(n, ...)                                                                     \
	&(const struct pkt)                                                             \
	{                                                                               \
		.ip.saddr = PEER, .ip.daddr = FAR, .data = syn, .len = (n), __VA_ARGS__ \
	}
#define DGRAM(...) &UDP4(PEER, 1000, FAR, 80, .len = 8, ##__VA_ARGS__)
#define PING       &ECHO(PEER, FAR, 1, 1, .len = 8)

#define TCP(...) "tcp", INFO(xt_tcp_info, .spts = {0, 65535}, .dpts = {0, 65535}, ##__VA_ARGS__), 6

WEIR_TEST(xt_match, tcp)
{
	static const struct xt_tcp_info http = {.spts = {1000, 1000}, .dpts = {80, 80}};
	static const struct xt_tcp_info not_http = {
		.spts = {0, 65535}, .dpts = {80, 80}, .invert = XT_TCP_INV_DSTPT};
	static const struct xt_tcp_info not_from = {
		.spts = {999, 1001}, .dpts = {0, 65535}, .invert = XT_TCP_INV_SRCPT};
	static const struct xt_tcp_info beyond = {.spts = {0, 65535}, .dpts = {81, 65535}};
	const struct row rows[] = {
		{TCP(), SEG(syn), YES},
		{"tcp", &http, sizeof(http), 6, SEG(syn), YES},
		{"tcp", &not_http, sizeof(http), 6, SEG(syn), NO},
		{"tcp", &not_from, sizeof(http), 6, SEG(syn), NO},
		{"tcp", &beyond, sizeof(http), 6, SEG(syn), NO},
		{TCP(), DGRAM(), NO},
		{TCP(.flg_mask = 0x17, .flg_cmp = 2), SEG(syn), YES},
		{TCP(.flg_mask = 0x17, .flg_cmp = 2), SEG(bare_ack), NO},
		{TCP(.flg_mask = 0x17, .flg_cmp = 2, .invert = XT_TCP_INV_FLAGS), SEG(bare_ack),
		 YES},
		{TCP(.flg_mask = 0x17, .flg_cmp = 2, .invert = XT_TCP_INV_FLAGS), SEG(syn), NO},
		{TCP(.option = 2), SEG(syn), YES},
		{TCP(.option = 9), SEG(syn), YES},
		{TCP(.option = 4), SEG(syn), NO},
		{TCP(.option = 4, .invert = XT_TCP_INV_OPTION), SEG(syn), YES},
		{TCP(.option = 2, .invert = XT_TCP_INV_OPTION), SEG(syn), NO},
		{TCP(.option = 2), SEG(bare_ack), NO},
		{TCP(.option = 2, .invert = XT_TCP_INV_OPTION), SEG(bare_ack), YES},
		{TCP(.option = 2), SEG(bad_doff), GONE},
		{TCP(.option = 2), SEG(cut_opts), GONE},
		{TCP(), SEG(bad_doff), YES},
		{TCP(), CUT(19, .ip.proto = 6), GONE},
		{TCP(), CUT(8, .ip.proto = 6, .ip.frag_off = MF), GONE},
		{TCP(), CUT(28, .ip.proto = 6, .ip.frag_off = MF), YES},
		{TCP(), CUT(28, .ip.proto = 6, .ip.frag_off = 1), GONE}, /* RFC 1858 */
		{TCP(), CUT(28, .ip.proto = 6, .ip.frag_off = 2), NO},
	};

	try_rows(rows, ARRAY_SIZE(rows));
}

/* What was put together again may have its header in two pieces. */
WEIR_TEST(xt_match, a_header_in_two_pieces)
{
	static const struct xt_tcp_info http = {
		.spts = {1000, 1000}, .dpts = {80, 80}, .flg_mask = 2, .flg_cmp = 2};
	const struct pkt rest = {.ip.saddr = PEER,
				 .ip.daddr = FAR,
				 .ip.proto = 6,
				 .ip.frag_off = 1,
				 .data = syn + 8,
				 .len = sizeof(syn) - 8};

	router();
	cr_assert_eq(nf_ct_netns_get(net), 0);
	cr_assert_eq(only("tcp", &http, sizeof(http), 6), 0);
	nic_inject(near, CUT(8, .ip.proto = 6, .ip.frag_off = MF));
	cr_assert_eq(counted(net, F, "FORWARD", 1), 0);
	nic_inject(near, &rest);
	cr_assert_eq(counted(net, F, "FORWARD", 1), 1);
	cr_assert_gt(nic_sent(far), 0);
	nic_forget(far);
	nf_ct_netns_put(net);
	EXPECT_NO_SKBS(net);
}

WEIR_TEST(xt_match, udp_and_icmp)
{
#define UDPM(lo, hi, inv) \
	"udp", INFO(xt_udp_info, .spts = {0, 65535}, .dpts = {lo, hi}, .invert = (inv)), 17
#define ICMPM(...) "icmp", INFO(xt_icmp_info, __VA_ARGS__), 1
	const struct row rows[] = {
		{UDPM(80, 80, 0), DGRAM(), YES},
		{UDPM(0, 79, 0), DGRAM(), NO},
		{UDPM(80, 80, XT_UDP_INV_DSTPT), DGRAM(), NO},
		{UDPM(80, 80, XT_UDP_INV_SRCPT), DGRAM(), NO},
		{UDPM(80, 80, 0), DGRAM(.ip.tot_len = 27), GONE},
		{UDPM(0, 65535, 0), DGRAM(.ip.frag_off = 1), NO},
		{ICMPM(.type = 8, .code = {0, 255}), PING, YES},
		{ICMPM(.type = 8, .code = {1, 255}), PING, NO},
		{ICMPM(.type = 0, .code = {0, 255}), PING, NO},
		{ICMPM(.type = 0, .code = {0, 255}, .invert = 1), PING, YES},
		{ICMPM(.type = XT_ICMP_ANY, .code = {0, 255}), PING, YES},
		{ICMPM(.type = XT_ICMP_ANY, .code = {0, 255}, .invert = 1), PING, NO},
		{ICMPM(.type = XT_ICMP_ANY, .code = {0, 255}),
		 &ECHO(PEER, FAR, 1, 1, .ip.tot_len = 24), GONE},
		{ICMPM(.type = XT_ICMP_ANY, .code = {0, 255}),
		 CUT(16, .ip.proto = 1, .ip.frag_off = 9), NO},
	};

	try_rows(rows, ARRAY_SIZE(rows));
}

WEIR_TEST(xt_match, multiport)
{
#define PORTS(f, ...) "multiport", INFO(xt_multiport_info, .flags = (f), __VA_ARGS__), 17
	static const struct xt_multiport_info bad = {.count = 1, .pflags = {1}};
	const struct row rows[] = {
		{PORTS(XT_MULTIPORT_DESTINATION, .count = 2, .ports = {22, 80}), DGRAM(), YES},
		{PORTS(XT_MULTIPORT_SOURCE, .count = 2, .ports = {22, 80}), DGRAM(), NO},
		{PORTS(XT_MULTIPORT_EITHER, .count = 2, .ports = {22, 80}), DGRAM(), YES},
		{PORTS(XT_MULTIPORT_EITHER, .count = 1, .ports = {1000}), DGRAM(), YES},
		{PORTS(XT_MULTIPORT_DESTINATION, .count = 1, .ports = {1000}), DGRAM(), NO},
		{PORTS(XT_MULTIPORT_DESTINATION, .count = 3, .ports = {22, 70, 90},
		       .pflags = {0, 1, 0}),
		 DGRAM(), YES},
		{PORTS(XT_MULTIPORT_DESTINATION, .count = 3, .ports = {80, 81, 90},
		       .pflags = {0, 1, 0}),
		 DGRAM(), YES},
		{PORTS(XT_MULTIPORT_DESTINATION, .count = 2, .ports = {81, 90}, .pflags = {1, 0}),
		 DGRAM(), NO},
		{PORTS(XT_MULTIPORT_DESTINATION, .count = 1, .ports = {80}, .invert = 1), DGRAM(),
		 NO},
		{PORTS(XT_MULTIPORT_DESTINATION, .count = 1, .ports = {81}, .invert = 1), DGRAM(),
		 YES},
		{PORTS(XT_MULTIPORT_EITHER, .count = 1, .ports = {80}), DGRAM(.ip.tot_len = 23),
		 GONE},
	};

	try_rows(rows, ARRAY_SIZE(rows));
	cr_assert_eq(only("multiport", rows[0].info, rows[0].size, 1), -EINVAL);
	cr_assert_eq(only("multiport", rows[0].info, rows[0].size, 0), -EINVAL);
	cr_assert_eq(only("multiport", &bad, sizeof(bad), 17), -EINVAL);
}

WEIR_TEST(xt_match, tcpmss)
{
#define MSS(low, high, inv)                                                                       \
	"tcpmss",                                                                                 \
		INFO(xt_tcpmss_match_info, .mss_min = (low), .mss_max = (high), .invert = (inv)), \
		6
	const struct row rows[] = {
		{MSS(1460, 1460, 0), SEG(syn), YES},
		{MSS(0, 1459, 0), SEG(syn), NO},
		{MSS(0, 1459, 1), SEG(syn), YES},
		{MSS(1400, 1500, 1), SEG(syn), NO},
		{MSS(0, 65535, 0), SEG(bare_ack), NO},
		{MSS(0, 65535, 1), SEG(bare_ack), YES},
		{MSS(0, 65535, 0), SEG(bad_doff), GONE},
		{MSS(0, 65535, 0), SEG(cut_opts), GONE},
		{MSS(0, 65535, 0), CUT(12, .ip.proto = 6), GONE},
		{MSS(1460, 1460, 0), SEG(odd_opts), YES},
	};

	try_rows(rows, ARRAY_SIZE(rows));
	cr_assert_eq(only("tcpmss", rows[0].info, rows[0].size, 17), -EINVAL);
}

WEIR_TEST(xt_match, of_the_packet)
{
#define RANGE(...) "iprange", INFO(xt_iprange_info, __VA_ARGS__), 0
#define LENGTH(lo, hi, inv) \
	"length", INFO(xt_length_info, .min = (lo), .max = (hi), .invert = (inv)), 0
#define TTL(m, t)  "ttl", INFO(ipt_ttl_info, .mode = (m), .ttl = (t)), 0
#define MARKM(...) "mark", INFO(xt_mark_info, __VA_ARGS__), 0
#define MAC(last, inv) \
	"mac", INFO(xt_mac_info, .srcaddr = {2, 0x57, 0, 0, 0, last}, .invert = (inv)), 0
#define FROM(n) DGRAM(.src = MAC_N(n))
	const struct row rows[] = {
		{"comment", INFO(xt_comment_info, "because"), 0, DGRAM(), YES},
		{MARKM(0), DGRAM(), YES},
		{MARKM(.mark = 1, .mask = 1), DGRAM(), NO},
		{MARKM(.mark = 1, .mask = 1, .invert = 1), DGRAM(), YES},
		{RANGE(.flags = IPRANGE_SRC, .src_min = IP4(10, 0, 1, 1),
		       .src_max = IP4(10, 0, 1, 2)),
		 DGRAM(), YES},
		{RANGE(.flags = IPRANGE_SRC, .src_min = IP4(10, 0, 1, 3),
		       .src_max = IP4(10, 0, 1, 9)),
		 DGRAM(), NO},
		{RANGE(.flags = IPRANGE_SRC | IPRANGE_SRC_INV, .src_min = IP4(10, 0, 1, 3),
		       .src_max = IP4(10, 0, 1, 9)),
		 DGRAM(), YES},
		{RANGE(.flags = IPRANGE_DST, .dst_min = IP4(9, 255, 255, 255),
		       .dst_max = IP4(11, 0, 0, 0)),
		 DGRAM(), YES},
		{RANGE(.flags = IPRANGE_DST | IPRANGE_DST_INV, .dst_min = IP4(9, 255, 255, 255),
		       .dst_max = IP4(11, 0, 0, 0)),
		 DGRAM(), NO},
		{LENGTH(36, 36, 0), DGRAM(), YES},
		{LENGTH(37, 65535, 0), DGRAM(), NO},
		{LENGTH(0, 35, 1), DGRAM(), YES},
		{TTL(IPT_TTL_EQ, 63), DGRAM(), YES}, /* behind ip_forward's decrement */
		{TTL(IPT_TTL_NE, 63), DGRAM(), NO},
		{TTL(IPT_TTL_LT, 63), DGRAM(), NO},
		{TTL(IPT_TTL_LT, 64), DGRAM(), YES},
		{TTL(IPT_TTL_GT, 62), DGRAM(), YES},
		{TTL(IPT_TTL_GT, 63), DGRAM(), NO},
		{MAC(9, 0), FROM(9), YES},
		{MAC(8, 0), FROM(9), NO},
		{MAC(8, 1), FROM(9), YES},
	};

	try_rows(rows, ARRAY_SIZE(rows));
}

WEIR_TEST(xt_match, addrtype)
{
#define TYPES(...) "addrtype", INFO(xt_addrtype_info, __VA_ARGS__), 0
	static const struct xt_addrtype_info in = {.flags = XT_ADDRTYPE_LIMIT_IFACE_IN};
	static const struct xt_addrtype_info out = {.flags = XT_ADDRTYPE_LIMIT_IFACE_OUT};
	static const struct xt_addrtype_info both = {.flags = XT_ADDRTYPE_LIMIT_IFACE_IN |
							      XT_ADDRTYPE_LIMIT_IFACE_OUT};
	const struct row rows[] = {
		{TYPES(.dest = BIT(RTN_UNICAST)), DGRAM(), YES},
		{TYPES(.dest = BIT(RTN_LOCAL)), DGRAM(), NO},
		{TYPES(.dest = BIT(RTN_LOCAL), .flags = XT_ADDRTYPE_INVERT_DEST), DGRAM(), YES},
		{TYPES(.source = BIT(RTN_UNICAST) | BIT(RTN_LOCAL)), DGRAM(), YES},
		{TYPES(.source = BIT(RTN_BROADCAST)), DGRAM(), NO},
		{TYPES(.source = BIT(RTN_UNICAST), .flags = XT_ADDRTYPE_INVERT_SOURCE), DGRAM(),
		 NO},
	};
	struct ipt_rule_spec s = {.nr_matches = 1};

	try_rows(rows, ARRAY_SIZE(rows));
	cr_assert_eq(only("addrtype", &both, sizeof(both), 0), -EINVAL);
	s.matches[0] =
		(struct xt_use){xt_find_match("addrtype"), (void *)(uintptr_t)&out, sizeof(out)};
	cr_assert_eq(append(net, F, "INPUT", &s), -EINVAL);
	s.matches[0].data = (void *)(uintptr_t)&in;
	cr_assert_eq(append(net, F, "OUTPUT", &s), -EINVAL);
	cr_assert_eq(append(net, F, "INPUT", &s), 0);
}

WEIR_TEST(xt_match, limit)
{
	struct xt_limit_info info = {.avg = XT_LIMIT_SCALE, .burst = 2}; /* 1/s */

	router();
	cr_assert_eq(only("limit", &info, sizeof(info), 0), 0);
	cr_assert_eq(fits(DGRAM()), YES);
	cr_assert_eq(fits(DGRAM()), YES);
	cr_assert_eq(fits(DGRAM()), NO);
	host_advance(999 * NSEC_PER_MSEC);
	cr_assert_eq(fits(DGRAM()), NO);
	host_advance(NSEC_PER_MSEC);
	cr_assert_eq(fits(DGRAM()), YES);
	cr_assert_eq(fits(DGRAM()), NO);
	host_advance(100 * NSEC_PER_SEC); /* no more than the burst is saved */
	cr_assert_eq(fits(DGRAM()), YES);
	cr_assert_eq(fits(DGRAM()), YES);
	cr_assert_eq(fits(DGRAM()), NO);
	set_policy(net, F, "INPUT", IPT_DROP); /* a replaced table begins anew, as Linux's */
	cr_assert_eq(fits(DGRAM()), YES);
	info.avg = 864000000; /* 1/day, with a burst that does not fit into 32 bits */
	info.burst = 5;
	cr_assert_eq(only("limit", &info, sizeof(info), 0), -ERANGE);
	info.burst = 0;
	cr_assert_eq(only("limit", &info, sizeof(info), 0), -ERANGE);
}

WEIR_TEST(xt_match, statistic)
{
	struct xt_statistic_info nth = {.mode = XT_STATISTIC_MODE_NTH, .every = 2, .packet = 1};
	struct xt_statistic_info never = {.mode = XT_STATISTIC_MODE_RANDOM};
	struct xt_statistic_info always = {.mode = XT_STATISTIC_MODE_RANDOM,
					   .probability = 1U << 31};
	struct xt_statistic_info half = {.mode = XT_STATISTIC_MODE_RANDOM, .probability = 1U << 30};
	u32 n = 0;

	router();
	cr_assert_eq(only("statistic", &nth, sizeof(nth), 0), 0); /* --every 3 --packet 1 */
	for (u32 i = 0; i < 9; i++)
		cr_assert_eq(fits(DGRAM()), i % 3 == 1 ? YES : NO, "packet %u", i);
	nth.packet = 0;
	nth.invert = 1;
	cr_assert_eq(only("statistic", &nth, sizeof(nth), 0), 0);
	for (u32 i = 0; i < 6; i++)
		cr_assert_eq(fits(DGRAM()), i % 3 ? YES : NO, "packet %u", i);
	cr_assert_eq(only("statistic", &never, sizeof(never), 0), 0);
	cr_assert_eq(fits(DGRAM()), NO);
	cr_assert_eq(only("statistic", &always, sizeof(always), 0), 0);
	cr_assert_eq(fits(DGRAM()), YES);
	cr_assert_eq(only("statistic", &half, sizeof(half), 0), 0);
	for (u32 i = 0; i < 200; i++)
		n += fits(DGRAM()) == YES;
	cr_assert(n > 60 && n < 140, "%u of 200", n);
	half.mode = 2;
	cr_assert_eq(only("statistic", &half, sizeof(half), 0), -EINVAL);
}

static const struct pkt *from(u32 n)
{
	static struct pkt p;

	p = UDP4(IP4(10, 0, 1, n), 1, FAR, 80, .len = 8, .src = MAC_N(9));
	return &p;
}

static struct xt_recent_info recent(u8 what, u32 seconds, u32 hits)
{
	struct xt_recent_info r = {.check_set = what,
				   .seconds = seconds,
				   .hit_count = hits,
				   .mask = ~0U,
				   .name = "seen"};

	return r;
}

/* Rule 1 as told accepts; rule 2 sets, and drops. */
static void recent_pair(struct xt_recent_info first)
{
	struct xt_recent_info set = recent(XT_RECENT_SET, 0, 0);
	struct ipt_rule_spec s = RULE(IPT_ACCEPT, MATCH("recent", first));

	flush(net, F);
	cr_assert_eq(append(net, F, "FORWARD", &s), 0);
	s.matches[0].data = &set;
	s.action = IPT_DROP;
	cr_assert_eq(append(net, F, "FORWARD", &s), 0);
}

WEIR_TEST(xt_match, recent)
{
	router();
	recent_pair(recent(XT_RECENT_CHECK, 0, 0));
	cr_assert_eq(fits(from(2)), GONE); /* not yet listed; then it is */
	cr_assert_eq(fits(from(2)), YES);
	cr_assert_eq(fits(from(3)), GONE);
	flush(net, F); /* the list goes with its last rule */
	nic_inject(near, from(2));
	nic_forget(far);
	recent_pair(recent(XT_RECENT_CHECK, 10, 2));
	cr_assert_eq(fits(from(2)), GONE);
	cr_assert_eq(fits(from(2)), GONE); /* one hit */
	cr_assert_eq(fits(from(2)), YES);
	host_advance(11 * NSEC_PER_SEC);
	cr_assert_eq(fits(from(2)), GONE);
	recent_pair(recent(XT_RECENT_REMOVE, 0, 0));
	cr_assert_eq(fits(from(4)), GONE);
	cr_assert_eq(fits(from(4)), YES);
	cr_assert_eq(fits(from(4)), GONE);
}

WEIR_TEST(xt_match, recent_updates_and_reaps)
{
	router();
	recent_pair(recent(XT_RECENT_UPDATE, 10, 0));
	cr_assert_eq(fits(from(2)), GONE);
	for (u32 i = 0; i < 5; i++) {
		host_advance(9 * NSEC_PER_SEC);
		cr_assert_eq(fits(from(2)), YES); /* each look keeps it fresh */
	}
	host_advance(11 * NSEC_PER_SEC);
	cr_assert_eq(fits(from(2)), GONE);
	recent_pair(recent(XT_RECENT_UPDATE | XT_RECENT_REAP, 10, 0));
	for (u32 i = 2; i < 200; i++) /* more than the list keeps */
		cr_assert_eq(fits(from(i)), GONE, "%u", i);
	cr_assert_eq(fits(from(2)), GONE); /* gave way */
	cr_assert_eq(fits(from(199)), YES);
	host_advance(11 * NSEC_PER_SEC);
	cr_assert_eq(fits(from(199)), GONE);
}

WEIR_TEST(xt_match, recent_refuses)
{
	struct xt_recent_info bad[] = {
		recent(0, 0, 0),
		recent(XT_RECENT_SET | XT_RECENT_CHECK, 0, 0),
		recent(XT_RECENT_SET, 1, 0),
		recent(XT_RECENT_REMOVE, 0, 1),
		recent(XT_RECENT_SET | XT_RECENT_TTL, 0, 0),
		recent(XT_RECENT_CHECK | XT_RECENT_REAP, 0, 0),
		recent(XT_RECENT_CHECK, 1, U16_MAX + 1),
		recent(XT_RECENT_CHECK | 64, 1, 0),
		recent(XT_RECENT_CHECK, 1, 0),
	};

	router();
	strcpy(bad[8].name, "a/b");
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert_eq(only("recent", &bad[i], sizeof(bad[i]), 0), -EINVAL, "row %u", i);
}

WEIR_TEST(xt_match, the_mac_of_who_sent_it_is_not_known_at_every_hook)
{
	struct xt_mac_info info = {.srcaddr = {2}};
	struct ipt_rule_spec s = RULE(IPT_DROP, MATCH("mac", info));
	struct ipt_why why;
	struct ipt_draft *d;

	router();
	cr_assert_eq(append(net, F, "OUTPUT", &s), -EINVAL);
	cr_assert_eq(append(net, F, "INPUT", &s), 0);
	cr_assert_eq(ipt_draft_open(net, F, &d), 0);
	cr_assert_eq(ipt_insert(d, ipt_find_chain(d, "OUTPUT"), 0, ipt_rule_new(&s)), 0);
	cr_assert_eq(ipt_check(d, &why), -EINVAL);
	cr_assert_str_eq(why.chain, "OUTPUT");
	cr_assert_eq(why.rule, 1);
	cr_assert_str_eq(why.text,
			 "x_tables: ip_tables: mac match: used from hooks OUTPUT, but only "
			 "valid from PREROUTING/INPUT/FORWARD");
	ipt_draft_free(d);
}

WEIR_TEST(xt_match, without_memory_lists_are_not_made)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct xt_recent_info r = recent(XT_RECENT_SET, 0, 0);
		struct ipt_rule_spec s = {.nr_matches = 1};

		net = stack_new();
		if (!net)
			continue;
		s.matches[0] = (struct xt_use){xt_find_match("recent"), &r, sizeof(r)};
		if (append(net, F, "INPUT", &s))
			continue;
		r.hit_count = 100;
		r.check_set = XT_RECENT_CHECK;
		(void)!append(net, F, "INPUT", &s);
	}
}
