/* SPDX-License-Identifier: MIT */
/* IGMP: what a host says of its groups, when, and in which version; who hears what comes to a group. */
#include <stdio.h>
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/ipv4/igmp.h"
#include "net/sock.h"
#include "tests/unit/harness.h"

#define US      IP4(10, 0, 0, 1)
#define PEER    IP4(10, 0, 0, 2)
#define OTHER   IP4(10, 0, 0, 3)
#define G       IP4(239, 1, 2, 3)
#define H       IP4(239, 1, 2, 4)
#define LOCAL_G IP4(224, 0, 0, 77)
#define V3_DST  IP4(224, 0, 0, 22)
#define PORT(n) CPU_TO_BE16(n)

enum { IS_IN = 1, IS_EX, TO_IN, TO_EX, ALLOW, BLOCK };

static struct sock *udp_open(struct net *net, u16 port)
{
	struct sock_addr local = {0, PORT(port)};
	struct sock *sk;
	int one = 1;

	if (sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk))
		return NULL;
	cr_assert_eq(sock_setsockopt(sk, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	if (port)
		cr_assert_eq(sock_bind(sk, &local), 0);
	return sk;
}

/* Two or three words: a group, our address, a source. */
static int mreq(struct sock *sk, int name, be32 group, be32 source)
{
	be32 words[3] = {group, US, source};

	return sock_setsockopt(sk, SOL_IP, name, words, source ? 12 : 8);
}

static int msfilter(struct sock *sk, be32 group, u32 mode, u32 n, const be32 *src)
{
	u32 words[4 + 20] = {group, US, mode, n};

	if (n)
		memcpy(words + 4, src, n * sizeof(*src));
	return sock_setsockopt(sk, SOL_IP, IP_MSFILTER, words, 16 + 4 * n);
}

#define SRC(...)                                      \
	(sizeof((be32[]){__VA_ARGS__}) / 4), (be32[]) \
	{                                             \
		__VA_ARGS__                           \
	}

/* The next frame as text, "3 TO_EX 239.1.2.3 10.0.0.2 | ..." ; "2 report 239.1.2.3", "leave ..."; "-": none. */
static const char *said(struct nic *nic)
{
	static const char *const types[] = {"?",     "IS_IN", "IS_EX", "TO_IN",
					    "TO_EX", "ALLOW", "BLOCK"};
	static char text[600];
	const struct pkt *p = nic_next(nic);
	size_t at = 0;
	const u8 *d;
	be32 group;

	if (!p)
		return "-";
	cr_assert(p->ip.proto == 2 && p->ip.ttl == 1 && p->ip.tos == 0xc0 && p->ip.optlen == 4);
	cr_assert(p->ip.saddr == US && !memcmp(p->ip.opt, "\x94\x04\0", 4));
	d = p->data;
	memcpy(&group, d + 4, 4);
	cr_assert_eq(csum_of(d, p->len), 0);
	if (d[0] != 0x22) {
		cr_assert_eq(p->len, 8);
		cr_assert_eq(p->ip.daddr, d[0] == 0x17 ? IP4(224, 0, 0, 2) : group);
		snprintf(text, sizeof(text), "%s %u.%u.%u.%u",
			 d[0] == 0x17   ? "leave"
			 : d[0] == 0x16 ? "2 report"
					: "1 report",
			 d[4], d[5], d[6], d[7]);
		return text;
	}
	cr_assert_eq(p->ip.daddr, V3_DST);
	text[0] = 0;
	d += 8;
	for (int i = 0; i < ((const u8 *)p->data)[7]; i++) {
		int n = d[2] << 8 | d[3];

		at += snprintf(text + at, sizeof(text) - at, "%s%s %u.%u.%u.%u", at ? " | " : "",
			       types[d[0] % 7], d[4], d[5], d[6], d[7]);
		for (d += 8; n; n--, d += 4)
			at += snprintf(text + at, sizeof(text) - at, " .%u", d[3]);
	}
	cr_assert_eq(d - (const u8 *)p->data, (long)p->len);
	return text;
}

#define EXPECT_SAID(nic, want)                              \
	do {                                                \
		const char *said_ = said(nic);              \
		cr_assert_str_eq(said_, want, "%s", said_); \
	} while (0)

/* All the reports there will be, when nothing happens. */
#define EXPECT_QUIET(nic)                         \
	do {                                      \
		host_advance(400 * NSEC_PER_SEC); \
		EXPECT_SAID(nic, "-");            \
	} while (0)

static void soon(void)
{
	host_advance(20 * NSEC_PER_MSEC);
}

static void query(struct nic *nic, be32 to, be32 group, u8 code, const void *more, u32 len)
{
	u8 data[64] = {0x11, code};

	memcpy(data + 4, &group, 4);
	if (len)
		memcpy(data + 8, more, len);
	put_unaligned_be16(csum_of(data, 8 + len), data + 2);
	nic_inject(nic, &(struct pkt){.dst = 0x01005e000000 | (be32_to_cpu(to) & 0x7fffff),
				      .ip.saddr = PEER,
				      .ip.daddr = to,
				      .ip.proto = 2,
				      .ip.ttl = 1,
				      .data = data,
				      .len = 8 + len});
}

/* Version 3's: robustness 2, every 125 s. */
static void query3(struct nic *nic, be32 group, u8 code, u32 n, const be32 *src)
{
	u8 more[4 + 40] = {2, 125, 0, n};

	if (n)
		memcpy(more + 4, src, 4 * n);
	query(nic, group ? group : IGMP_ALL_HOSTS, group, code, more, 4 + 4 * n);
}

WEIR_TEST(igmp, join_and_leave_are_told_twice)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 5000), *other = udp_open(net, 5000);

	cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, G, 0), 0);
	EXPECT_SAID(nic, "-");
	soon();
	EXPECT_SAID(nic, "TO_EX 239.1.2.3");
	EXPECT_SAID(nic, "-");
	host_advance(NSEC_PER_SEC + 2 * NSEC_PER_MSEC);
	EXPECT_SAID(nic, "TO_EX 239.1.2.3");
	EXPECT_QUIET(nic);
	/* A second member is nobody's business; nor that the first goes. */
	cr_assert_eq(mreq(other, IP_ADD_MEMBERSHIP, G, 0), 0);
	sock_close(sk);
	EXPECT_QUIET(nic);
	cr_assert_eq(mreq(other, IP_DROP_MEMBERSHIP, G, 0), 0);
	soon();
	EXPECT_SAID(nic, "TO_IN 239.1.2.3");
	host_advance(NSEC_PER_SEC + 2 * NSEC_PER_MSEC);
	EXPECT_SAID(nic, "TO_IN 239.1.2.3");
	EXPECT_QUIET(nic);
	sock_close(other);
}

static const struct {
	const char *what;
	u32 mode, n;
	be32 src[3];
	const char *said;
} changes[] = {
	{"a list of what is not wanted", MCAST_EXCLUDE, 2, {PEER, OTHER}, "BLOCK 239.1.2.3 .2 .3"},
	{"one less", MCAST_EXCLUDE, 1, {OTHER}, "ALLOW 239.1.2.3 .2"},
	{"one for another", MCAST_EXCLUDE, 1, {PEER}, "BLOCK 239.1.2.3 .2 | ALLOW 239.1.2.3 .3"},
	{"the same again", MCAST_EXCLUDE, 1, {PEER}, "-"},
	{"only what is wanted", MCAST_INCLUDE, 2, {PEER, OTHER}, "TO_IN 239.1.2.3 .2 .3"},
	{"one less of these", MCAST_INCLUDE, 1, {PEER}, "BLOCK 239.1.2.3 .3"},
	{"one for another of these",
	 MCAST_INCLUDE,
	 1,
	 {OTHER},
	 "ALLOW 239.1.2.3 .3 | BLOCK 239.1.2.3 .2"},
	{"all but one", MCAST_EXCLUDE, 1, {OTHER}, "TO_EX 239.1.2.3 .3"},
	{"all", MCAST_EXCLUDE, 0, {0}, "ALLOW 239.1.2.3 .3"},
	{"only one", MCAST_INCLUDE, 1, {PEER}, "TO_IN 239.1.2.3 .2"},
	{"none: that is leaving", MCAST_INCLUDE, 0, {0}, "BLOCK 239.1.2.3 .2"},
};

/* Each change is told twice. RFC 3376 s5.1. */
WEIR_TEST(igmp, changes_of_the_filter)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 5000);

	cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, G, 0), 0);
	host_advance(3 * NSEC_PER_SEC);
	nic_forget(nic);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		const char *text;

		cr_assert_eq(msfilter(sk, G, changes[i].mode, changes[i].n, changes[i].src), 0,
			     "%s", changes[i].what);
		host_advance(3 * NSEC_PER_SEC);
		text = said(nic);
		cr_expect_str_eq(text, changes[i].said, "%s: %s", changes[i].what, text);
		text = said(nic);
		cr_expect_str_eq(text, changes[i].said, "%s, again: %s", changes[i].what, text);
		EXPECT_QUIET(nic);
	}
	cr_assert_eq(mreq(sk, IP_DROP_MEMBERSHIP, G, 0), -EADDRNOTAVAIL);
	sock_close(sk);
}

/* What the device listens to is what its members want together. RFC 3376 s3.2. */
WEIR_TEST(igmp, filters_of_several_members)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *a = udp_open(net, 5000), *b = udp_open(net, 5000), *c = udp_open(net, 5000);

	cr_assert_eq(mreq(a, IP_ADD_SOURCE_MEMBERSHIP, G, PEER), 0);
	soon();
	EXPECT_SAID(nic, "ALLOW 239.1.2.3 .2");
	cr_assert_eq(mreq(b, IP_ADD_SOURCE_MEMBERSHIP, G, OTHER), 0);
	soon();
	EXPECT_SAID(nic, "ALLOW 239.1.2.3 .2 .3"); /* the first is due once more */
	cr_assert_eq(mreq(c, IP_ADD_MEMBERSHIP, G, 0), 0);
	cr_assert_eq(mreq(c, IP_BLOCK_SOURCE, G, OTHER), 0);
	cr_assert_eq(mreq(c, IP_BLOCK_SOURCE, G, IP4(10, 0, 0, 9)), 0);
	soon();
	EXPECT_SAID(nic, "BLOCK 239.1.2.3 .9 | TO_EX 239.1.2.3 .9"); /* b wants .3 */
	host_advance(2 * NSEC_PER_SEC);
	nic_forget(nic);
	sock_close(b);
	soon();
	EXPECT_SAID(nic, "BLOCK 239.1.2.3 .3");
	host_advance(2 * NSEC_PER_SEC);
	nic_forget(nic);
	sock_close(c);
	soon();
	EXPECT_SAID(nic, "TO_IN 239.1.2.3 .2");
	sock_close(a);
	soon();
	EXPECT_SAID(nic, "BLOCK 239.1.2.3 .2 | TO_IN 239.1.2.3");
}

WEIR_TEST(igmp, queries_of_three_kinds)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *a = udp_open(net, 5000), *b = udp_open(net, 5001);

	cr_assert_eq(mreq(a, IP_ADD_MEMBERSHIP, G, 0), 0);
	cr_assert_eq(mreq(a, IP_BLOCK_SOURCE, G, OTHER), 0);
	cr_assert_eq(mreq(b, IP_ADD_SOURCE_MEMBERSHIP, H, PEER), 0);
	cr_assert_eq(mreq(b, IP_ADD_SOURCE_MEMBERSHIP, H, OTHER), 0);
	host_advance(3 * NSEC_PER_SEC);
	nic_forget(nic);
	query3(nic, 0, 10, 0, NULL);
	host_advance(1010 * NSEC_PER_MSEC);
	EXPECT_SAID(nic, "IS_IN 239.1.2.4 .2 .3 | IS_EX 239.1.2.3 .3");
	query3(nic, G, 10, 0, NULL);
	host_advance(1010 * NSEC_PER_MSEC);
	EXPECT_SAID(nic, "IS_EX 239.1.2.3 .3");
	query3(nic, H, 10, 2, (be32[]){IP4(10, 0, 0, 7), OTHER});
	host_advance(1010 * NSEC_PER_MSEC);
	EXPECT_SAID(nic, "IS_IN 239.1.2.4 .3");
	query3(nic, G, 10, 2, (be32[]){PEER, OTHER}); /* one of them is wanted */
	host_advance(1010 * NSEC_PER_MSEC);
	EXPECT_SAID(nic, "IS_EX 239.1.2.3 .3");
	/* Nothing to say: not wanted, unknown group, a general query with sources. */
	query3(nic, G, 10, 1, (be32[]){OTHER});
	query3(nic, H, 10, 1, (be32[]){IP4(10, 0, 0, 7)});
	query3(nic, IP4(239, 9, 9, 9), 10, 0, NULL);
	query3(nic, 0, 10, 1, (be32[]){PEER});
	EXPECT_QUIET(nic);
	EXPECT_DROPS(net, IGMP_INVALID, 1);
	EXPECT_DROPS(net, MC_NOT_MEMBER, 1);
	sock_close(a);
	sock_close(b);
}

/* Of two answers the sooner one is given, and it is enough; time to answer in is used. */
WEIR_TEST(igmp, answers_wait_and_merge)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 5000);
	u64 sum = 0;

	cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, G, 0), 0);
	host_advance(3 * NSEC_PER_SEC);
	nic_forget(nic);
	for (int i = 0; i < 40; i++) {
		u64 begin = plat_now();

		query3(nic, 0, 100, 0, NULL);
		query3(nic, 0, 100, 0, NULL);
		while (!nic_sent(nic))
			host_advance(10 * NSEC_PER_MSEC);
		sum += plat_now() - begin;
		cr_assert_leq(plat_now() - begin, 10020 * NSEC_PER_MSEC);
		EXPECT_SAID(nic, "IS_EX 239.1.2.3");
		EXPECT_QUIET(nic);
	}
	/* The mean of the lesser of two is a third: far from none, and from all. */
	cr_assert(sum / 40 > 2 * NSEC_PER_SEC && sum / 40 < 5 * NSEC_PER_SEC);
	sock_close(sk);
}

WEIR_TEST(igmp, version_2_reports_and_leaves)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 5000);

	query(nic, IGMP_ALL_HOSTS, 0, 100, NULL, 0);
	cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, G, 0), 0);
	soon();
	EXPECT_SAID(nic, "2 report 239.1.2.3");
	host_advance(10010 * NSEC_PER_MSEC);
	EXPECT_SAID(nic, "2 report 239.1.2.3");
	query(nic, G, G, 10, NULL, 0);
	host_advance(1010 * NSEC_PER_MSEC);
	EXPECT_SAID(nic, "2 report 239.1.2.3");
	cr_assert_eq(mreq(sk, IP_DROP_MEMBERSHIP, G, 0), 0);
	EXPECT_SAID(nic, "leave 239.1.2.3");
	EXPECT_QUIET(nic);
	sock_close(sk);
}

static void report2(struct nic *nic, be32 group)
{
	u8 data[8] = {0x16};

	memcpy(data + 4, &group, 4);
	put_unaligned_be16(csum_of(data, 8), data + 2);
	nic_inject(nic, &(struct pkt){.dst = 0x01005e010203,
				      .ip.saddr = PEER,
				      .ip.daddr = group,
				      .ip.proto = 2,
				      .ip.ttl = 1,
				      .data = data,
				      .len = 8});
}

/* Somebody else has reported: we need not, and need not say that we leave. RFC 2236 s3. */
WEIR_TEST(igmp, version_2_suppression)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 5000);

	query(nic, IGMP_ALL_HOSTS, 0, 100, NULL, 0);
	cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, G, 0), 0);
	soon();
	EXPECT_SAID(nic, "2 report 239.1.2.3");
	report2(nic, G);
	EXPECT_SAID(nic, "-");
	host_advance(30 * NSEC_PER_SEC);
	EXPECT_SAID(nic, "-");
	query(nic, IGMP_ALL_HOSTS, 0, 100, NULL, 0);
	report2(nic, G);
	host_advance(30 * NSEC_PER_SEC);
	EXPECT_SAID(nic, "-");
	sock_close(sk);
	host_advance(30 * NSEC_PER_SEC);
	EXPECT_SAID(nic, "-");
}

/* How long an old querier is remembered: 2 * 125 + 10 s (RFC 3376 s8.12). */
WEIR_TEST(igmp, old_queriers_are_forgotten)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 5000);

	cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, G, 0), 0);
	host_advance(3 * NSEC_PER_SEC);
	nic_forget(nic);
	query(nic, IGMP_ALL_HOSTS, 0, 0, NULL, 0); /* version 1: 10 s to answer in */
	host_advance(10010 * NSEC_PER_MSEC);
	EXPECT_SAID(nic, "1 report 239.1.2.3");
	query3(nic, 0, 10, 0, NULL); /* what a newer router says does not help */
	host_advance(10010 * NSEC_PER_MSEC);
	EXPECT_SAID(nic, "1 report 239.1.2.3");
	query(nic, IGMP_ALL_HOSTS, 0, 10, NULL, 0);
	host_advance(239 * NSEC_PER_SEC);
	EXPECT_SAID(nic, "1 report 239.1.2.3");
	host_advance(NSEC_PER_SEC); /* 260 s are over: now the one of version 2 counts */
	query3(nic, 0, 10, 0, NULL);
	host_advance(1010 * NSEC_PER_MSEC);
	EXPECT_SAID(nic, "2 report 239.1.2.3");
	host_advance(21 * NSEC_PER_SEC);
	query3(nic, 0, 10, 0, NULL);
	host_advance(1010 * NSEC_PER_MSEC);
	EXPECT_SAID(nic, "IS_EX 239.1.2.3");
	/* A version that is set stays. */
	CTL(net, "sysctl -w net.ipv4.conf.all.force_igmp_version=2");
	query3(nic, 0, 10, 0, NULL);
	host_advance(1010 * NSEC_PER_MSEC);
	EXPECT_SAID(nic, "2 report 239.1.2.3");
	CTL(net, "sysctl -w net.ipv4.conf.eth0.force_igmp_version=1");
	query3(nic, 0, 10, 0, NULL);
	host_advance(10010 * NSEC_PER_MSEC);
	EXPECT_SAID(nic, "1 report 239.1.2.3");
	sock_close(sk); /* version 1 knows no leaving */
	EXPECT_QUIET(nic);
}

/* Groups outlive their device's being down; what was not heard is told when it is up again. */
WEIR_TEST(igmp, link_down_and_up)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 5000), *b = udp_open(net, 5001), *c = udp_open(net, 5002);

	cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, G, 0), 0);
	cr_assert_eq(mreq(b, IP_ADD_SOURCE_MEMBERSHIP, H, PEER), 0);
	host_advance(3 * NSEC_PER_SEC);
	nic_forget(nic);
	query3(nic, 0, 100, 0, NULL);
	CTL(net, "ip link set eth0 down");
	EXPECT_QUIET(nic);
	cr_assert_eq(mreq(c, IP_ADD_MEMBERSHIP, LOCAL_G, 0), 0);
	EXPECT_QUIET(nic);
	CTL(net, "ip link set eth0 up");
	nic_forget(nic); /* ARP announcements, if any */
	soon();
	EXPECT_SAID(nic, "TO_EX 224.0.0.77 | ALLOW 239.1.2.4 .2 | TO_EX 239.1.2.3");
	host_advance(NSEC_PER_SEC + 2 * NSEC_PER_MSEC);
	EXPECT_SAID(nic, "TO_EX 224.0.0.77 | ALLOW 239.1.2.4 .2 | TO_EX 239.1.2.3");
	EXPECT_QUIET(nic);
	sock_close(sk);
	CTL(net, "ip link set eth0 down");
	CTL(net, "ip link set eth0 up");
	soon();
	EXPECT_SAID(nic, "TO_EX 224.0.0.77 | ALLOW 239.1.2.4 .2");
	sock_close(b);
	sock_close(c);
}

WEIR_TEST(igmp, settings)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 5000);

	CTL(net, "sysctl -w net.ipv4.igmp_link_local_mcast_reports=0");
	cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, LOCAL_G, 0), 0);
	query3(nic, 0, 10, 0, NULL);
	EXPECT_QUIET(nic);
	CTL(net, "sysctl -w net.ipv4.igmp_qrv=4");
	CTL(net, "sysctl -w net.ipv4.conf.eth0.igmpv3_unsolicited_report_interval=100000");
	CTL(net, "ip link set eth0 down");
	CTL(net, "ip link set eth0 up"); /* the querier's own robustness is forgotten */
	cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, G, 0), 0);
	soon();
	EXPECT_SAID(nic, "TO_EX 239.1.2.3");
	host_advance(3 * NSEC_PER_SEC);
	cr_assert_leq(nic_sent(nic), 1);
	host_advance(300 * NSEC_PER_SEC);
	cr_assert_eq(nic_sent(nic), 3);
	nic_forget(nic);
	CTL(net, "sysctl -w net.ipv4.igmp_max_memberships=2");
	cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, H, 0), -ENOBUFS);
	CTL(net, "sysctl -w net.ipv4.igmp_max_msf=1");
	cr_assert_eq(mreq(sk, IP_BLOCK_SOURCE, G, PEER), 0);
	cr_assert_eq(mreq(sk, IP_BLOCK_SOURCE, G, OTHER), -ENOBUFS);
	cr_assert_eq(msfilter(sk, G, MCAST_INCLUDE, SRC(PEER, OTHER)), -ENOBUFS);
	sock_close(sk);
}

/* Many groups and many sources go into as few packets as hold them. */
WEIR_TEST(igmp, reports_of_any_size)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 5000);
	static u32 words[4 + 1000] = {G, US, MCAST_INCLUDE, 600};
	u32 records = 0, sources = 0, packets = 0;
	const struct pkt *p;

	CTL(net, "sysctl -w net.ipv4.igmp_max_msf=1000");
	CTL(net, "sysctl -w net.ipv4.igmp_max_memberships=300");
	CTL(net, "sysctl -w net.ipv4.igmp_qrv=1");
	for (u32 i = 0; i < 250; i++)
		cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, IP4(239, 2, 0, i), 0), 0);
	host_advance(10 * NSEC_PER_SEC);
	for (; (p = nic_next(nic)); packets++)
		records += ((const u8 *)p->data)[6] << 8 | ((const u8 *)p->data)[7];
	cr_assert(records == 250 && packets == 2, "%u records in %u packets", records, packets);
	cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, G, 0), 0);
	for (u32 i = 0; i < 600; i++)
		words[4 + i] = IP4(10, 9, i >> 8, i);
	cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_MSFILTER, words, 16 + 2400), 0);
	soon();
	for (packets = 0; (p = nic_next(nic)); packets++)
		sources += (p->len - 16) / 4;
	cr_assert(sources == 600 && packets == 2, "%u sources in %u packets", sources, packets);
	words[2] = MCAST_EXCLUDE;
	cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_MSFILTER, words, 16 + 2400), 0);
	soon();
	p = nic_next(nic); /* what does not fit is left out */
	cr_assert(p && p->len == 8 + 8 + 4 * 365, "%u", p ? p->len : 0);
	EXPECT_SAID(nic, "-");
	sock_close(sk);
}

static const struct {
	const char *what;
	u8 data[16];
	u32 len;
	bool bad_csum;
	enum skb_drop_reason reason;
} bad[] = {
	{"empty", {0}, 0, false, SKB_DROP_REASON_PKT_TOO_SMALL},
	{"7 bytes", {0x11, 10}, 7, false, SKB_DROP_REASON_PKT_TOO_SMALL},
	{"bad checksum", {0x11, 10}, 8, true, SKB_DROP_REASON_IGMP_CSUM},
	{"a query of 9 bytes", {0x11, 10}, 9, false, SKB_DROP_REASON_IGMP_INVALID},
	{"a query of 11 bytes", {0x11, 10}, 11, false, SKB_DROP_REASON_IGMP_INVALID},
	{"more sources than there are",
	 {0x11, 10, 0, 0, 239, 1, 2, 3, 2, 125, 0xff, 0xff},
	 16,
	 false,
	 SKB_DROP_REASON_IGMP_INVALID},
	{"one source more than there are",
	 {0x11, 10, 0, 0, 239, 1, 2, 3, 2, 125, 0, 2},
	 16,
	 false,
	 SKB_DROP_REASON_IGMP_INVALID},
};

WEIR_TEST(igmp, malformed)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 5000);

	cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, G, 0), 0);
	host_advance(3 * NSEC_PER_SEC);
	nic_forget(nic);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		u64 before = drops(net, bad[i].reason);
		u8 data[16];

		memcpy(data, bad[i].data, sizeof(data));
		if (bad[i].len >= 4)
			put_unaligned_be16(csum_of(data, bad[i].len) + bad[i].bad_csum, data + 2);
		nic_inject(nic, &(struct pkt){.dst = 0x01005e010203,
					      .ip.saddr = PEER,
					      .ip.daddr = G,
					      .ip.proto = 2,
					      .ip.ttl = 1,
					      .data = data,
					      .len = bad[i].len});
		cr_expect_eq(drops(net, bad[i].reason), before + 1, "%s", bad[i].what);
	}
	EXPECT_QUIET(nic);
	sock_close(sk);
}

/* ---- who hears ---- */

static long take(struct sock *sk)
{
	u8 buf[2048];
	struct sock_iovec iov = {buf, sizeof(buf)};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	return sock_recvmsg(sk, &msg, MSG_DONTWAIT);
}

static void expect_taken(struct sock *sk, long first, long second, long third)
{
	cr_assert_eq(take(sk), first);
	cr_assert_eq(take(sk), second);
	cr_assert_eq(take(sk), third);
}

static void datagram(struct nic *nic, be32 from, be32 group, u32 len)
{
	struct pkt p = UDP4(from, 4000, group, 5000, .len = len,
			    .dst = 0x01005e000000 | (be32_to_cpu(group) & 0x7fffff));

	nic_inject(nic, &p);
}

WEIR_TEST(igmp, delivery)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *all = udp_open(net, 5000), *own = udp_open(net, 5000);
	struct sock *some = udp_open(net, 5000), *but = udp_open(net, 5000);
	int zero = 0;

	datagram(nic, PEER, G, 1);
	EXPECT_DROPS(net, MC_NOT_MEMBER, 1);
	EXPECT_MIB(net, IPSTATS_MIB_INMCASTPKTS, 0);
	cr_assert_eq(sock_setsockopt(own, SOL_IP, IP_MULTICAST_ALL, &zero, 4), 0);
	cr_assert_eq(mreq(some, IP_ADD_SOURCE_MEMBERSHIP, G, PEER), 0);
	datagram(nic, PEER, G, 2);
	datagram(nic, OTHER, G, 3); /* no member wants it */
	EXPECT_DROPS(net, MC_FILTERED, 1);
	EXPECT_MIB(net, IPSTATS_MIB_INMCASTPKTS, 1);
	EXPECT_MIB(net, IPSTATS_MIB_INMCASTOCTETS, 30);
	cr_assert(take(all) == 2 && take(some) == 2 && take(own) == -EAGAIN);
	cr_assert_eq(take(but), 2); /* hears what others of this host are in */
	cr_assert_eq(mreq(but, IP_ADD_MEMBERSHIP, G, 0), 0);
	cr_assert_eq(mreq(but, IP_BLOCK_SOURCE, G, PEER), 0);
	cr_assert_eq(mreq(own, IP_ADD_MEMBERSHIP, H, 0), 0);
	datagram(nic, PEER, G, 4);
	datagram(nic, OTHER, G, 5);
	datagram(nic, OTHER, H, 6);
	expect_taken(some, 4, 6, -EAGAIN);
	expect_taken(but, 5, 6, -EAGAIN);
	expect_taken(own, 6, -EAGAIN, -EAGAIN);
	expect_taken(all, 4, 5, 6);
	sock_close(all);
	sock_close(own);
	sock_close(some);
	sock_close(but);
	EXPECT_NO_SKBS(net);
}

static long send_to(struct sock *sk, be32 group, u32 len)
{
	u8 data[100] = {0};
	struct sock_iovec iov = {data, len};
	struct sock_msg msg = {
		.name = {group, PORT(5000)}, .has_name = true, .iov = &iov, .iovlen = 1};
	long n = sock_sendmsg(sk, &msg, MSG_DONTWAIT);

	host_run();
	return n;
}

WEIR_TEST(igmp, loopback_and_ttl)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 5000), *out = udp_open(net, 0);
	u32 if_words[3] = {0, 0, 2};
	int zero = 0, nine = 9;

	cr_assert_eq(send_to(out, G, 1), -ENETUNREACH); /* no route, no device */
	cr_assert_eq(sock_setsockopt(out, SOL_IP, IP_MULTICAST_IF, if_words, 12), 0);
	cr_assert_eq(send_to(out, G, 1), 1);
	EXPECT_PKT(nic, &UDP4(US, 0, G, 5000, .dst = 0x01005e010203, .ip.ttl = 1, .len = 1));
	cr_assert_eq(take(sk), -EAGAIN); /* nobody here is in the group */
	cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, G, 0), 0);
	cr_assert_eq(sock_setsockopt(out, SOL_IP, IP_MULTICAST_TTL, &nine, 4), 0);
	cr_assert_eq(send_to(out, G, 2), 2);
	EXPECT_PKT(nic, &UDP4(US, 0, G, 5000, .ip.ttl = 9, .len = 2));
	cr_assert_eq(take(sk), 2);
	cr_assert_eq(sock_setsockopt(out, SOL_IP, IP_MULTICAST_LOOP, &zero, 4), 0);
	cr_assert_eq(send_to(out, G, 3), 3);
	EXPECT_PKT(nic, &UDP4(US, 0, G, 5000, .len = 3));
	cr_assert_eq(take(sk), -EAGAIN);
	cr_assert_eq(sock_setsockopt(out, SOL_IP, IP_MULTICAST_LOOP, &nine, 4), 0);
	cr_assert_eq(sock_setsockopt(out, SOL_IP, IP_MULTICAST_TTL, &zero, 4), 0);
	cr_assert_eq(send_to(out, G, 4), 4);
	EXPECT_NOTHING(nic);
	cr_assert_eq(take(sk), 4);
	EXPECT_MIB(net, IPSTATS_MIB_INMCASTPKTS, 2);
	cr_assert_eq(nic->dev->stats.rx_packets, 0, "what is looped back has not been received");
	sock_close(sk);
	sock_close(out);
}

WEIR_TEST(igmp, errors_of_options)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 5000);
	u32 words[4] = {G, 0, 99}, len = sizeof(words);
	be32 if_addr = 0;

	cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, PEER, 0), -EINVAL);
	cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_ADD_MEMBERSHIP, words, 7), -EINVAL);
	cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_ADD_MEMBERSHIP, words, 8), -ENODEV);
	cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_ADD_MEMBERSHIP, words, 12), -ENODEV);
	cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_MULTICAST_IF, words, 12), -EADDRNOTAVAIL);
	cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_MULTICAST_IF, (be32[]){PEER}, 4),
		     -EADDRNOTAVAIL);
	cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_MULTICAST_IF, (be32[]){US}, 4), 0);
	len = 4;
	cr_assert_eq(sock_getsockopt(sk, SOL_IP, IP_MULTICAST_IF, &if_addr, &len), 0);
	cr_assert_eq(if_addr, US);
	cr_assert_eq(mreq(sk, IP_DROP_MEMBERSHIP, G, 0), -EADDRNOTAVAIL);
	cr_assert_eq(mreq(sk, IP_BLOCK_SOURCE, G, PEER), -EINVAL);
	cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, G, 0), 0);
	cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, G, 0), -EADDRINUSE);
	cr_assert_eq(mreq(sk, IP_UNBLOCK_SOURCE, G, PEER), -EADDRNOTAVAIL);
	cr_assert_eq(mreq(sk, IP_BLOCK_SOURCE, G, PEER), 0);
	cr_assert_eq(mreq(sk, IP_BLOCK_SOURCE, G, PEER), -EADDRNOTAVAIL);
	cr_assert_eq(mreq(sk, IP_ADD_SOURCE_MEMBERSHIP, G, OTHER), -EINVAL);
	cr_assert_eq(mreq(sk, IP_UNBLOCK_SOURCE, G, PEER), 0);
	cr_assert_eq(msfilter(sk, G, 2, 0, NULL), -EINVAL);
	cr_assert_eq(msfilter(sk, H, MCAST_EXCLUDE, 0, NULL), -EINVAL);
	cr_assert_eq(mreq(sk, IP_DROP_SOURCE_MEMBERSHIP, H, OTHER), -EINVAL);
	cr_assert_eq(mreq(sk, IP_ADD_SOURCE_MEMBERSHIP, H, OTHER), 0);
	cr_assert_eq(mreq(sk, IP_DROP_SOURCE_MEMBERSHIP, H, OTHER), 0);
	cr_assert_eq(mreq(sk, IP_DROP_MEMBERSHIP, H, 0), -EADDRNOTAVAIL);
	unregister_netdev(nic->dev);
	sock_close(sk); /* its device is gone */
	cr_assert_eq(register_netdev(nic->dev), 0);
}

/* A membership of a device that went is not one of the device that got its number. */
WEIR_TEST(igmp, a_device_in_the_place_of_another)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *old = udp_open(net, 5000), *new = udp_open(net, 5000);
	u32 words[3] = {G, 0, nic->dev->ifindex}, number = nic->dev->ifindex, tries = 0;

	cr_assert_eq(mreq(old, IP_ADD_MEMBERSHIP, G, 0), 0);
	cr_assert_eq(mreq(old, IP_BLOCK_SOURCE, G, PEER), 0);
	do {
		unregister_netdev(nic->dev);
		cr_assert_eq(register_netdev(nic->dev), 0);
	} while (nic->dev->ifindex != number && ++tries < 2000);
	cr_assert_eq(nic->dev->ifindex, number);
	CTL(net, "ip link set eth0 up");
	CTL(net, "ip addr add 10.0.0.1/24 dev eth0");
	cr_assert_eq(mreq(new, IP_ADD_MEMBERSHIP, G, 0), 0);
	cr_assert_eq(mreq(old, IP_UNBLOCK_SOURCE, G, PEER), -EINVAL);
	cr_assert_eq(msfilter(old, G, MCAST_INCLUDE, SRC(OTHER)), -EINVAL);
	cr_assert_eq(sock_setsockopt(old, SOL_IP, IP_DROP_MEMBERSHIP, words, 12), 0);
	sock_close(old);
	datagram(nic, PEER, G, 5);
	cr_assert_eq(take(new), 5);
	sock_close(new);
}

WEIR_TEST(igmp, no_memory)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct net *net = stack_new();
		struct nic *nic = net ? nic_new(net, "10.0.0.1/24") : NULL;
		struct sock *sk = nic ? udp_open(net, 0) : NULL;
		int err;

		if (!sk)
			continue;
		err = mreq(sk, IP_ADD_MEMBERSHIP, G, 0);
		if (!err)
			err = mreq(sk, IP_BLOCK_SOURCE, G, PEER);
		if (!err)
			err = msfilter(sk, G, MCAST_INCLUDE, SRC(OTHER, PEER));
		cr_assert(!err || err == -ENOMEM || err == -ENOBUFS, "%d", err);
		query3(nic, 0, 10, 0, NULL);
		host_advance(3 * NSEC_PER_SEC);
		sock_close(sk);
		host_advance(3 * NSEC_PER_SEC);
		EXPECT_NO_SKBS(net);
	}
}

WEIR_TEST(igmp, ip_maddr)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 5000);

	cr_assert_str_eq(CTL(net, "ip maddr"), "1:\tlo\n\tinet  224.0.0.1\n2:\teth0\n"
					       "\tlink  01:00:5e:00:00:01\n\tinet  224.0.0.1\n");
	CTL(net, "ip maddr add 01:00:5e:01:02:03 dev eth0");
	cr_assert_eq(mreq(sk, IP_ADD_MEMBERSHIP, G, 0), 0);
	cr_assert_str_eq(CTL(net, "ip maddr show dev eth0"),
			 "2:\teth0\n\tlink  01:00:5e:00:00:01\n"
			 "\tlink  01:00:5e:01:02:03 users 2 static\n"
			 "\tinet  239.1.2.3\n\tinet  224.0.0.1\n");
	cr_assert_str_eq(CTL(net, "ip -o -4 maddr show eth0"),
			 "2:\teth0\\\tinet  239.1.2.3\n2:\teth0\\\tinet  224.0.0.1\n");
	unregister_netdev(nic->dev); /* with an address that was added */
	cr_assert_eq(register_netdev(nic->dev), 0);
	sock_close(sk);
}
