/* SPDX-License-Identifier: MIT */
/* Settings that no other test has a use for: that each does what it says. tests/tap/test_sysctl.py looks for all. */
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "net/neighbour.h"
#include "net/route.h"
#include "net/sock.h"
#include "net/sockopt.h"
#include "tests/unit/harness.h"

#define US    IP4(10, 0, 0, 1)
#define PEER  IP4(10, 0, 0, 2)
#define OTHER IP4(10, 0, 0, 3)
#define FAR   IP4(192, 0, 2, 9)

static struct net *net;
static struct nic *nic;

static void host_new(void)
{
	net = stack_new();
	nic = nic_new(net, "10.0.0.1/24");
	nic->answer_arp = true;
}

static void count_line(void *arg, int level, const char *line)
{
	(void)level;
	if (strstr(line, "martian source or destination: 10.0.0.1 from 127.0.0.1 on eth0") ||
	    strstr(line, "martian"))
		(*(unsigned int *)arg)++;
}

/* Nothing is said by default, whatever comes; and when told to, not for every packet. */
WEIR_TEST(settings, log_martians)
{
	unsigned int lines = 0;

	host_new();
	host_log_hook(count_line, &lines);
	for (int i = 0; i < 20; i++)
		nic_inject(nic, &UDP4(IP4(127, 0, 0, 1), 1, US, 2));
	cr_assert_eq(lines, 0);
	CTL(net, "sysctl -w net.ipv4.conf.eth0.log_martians=1");
	for (int i = 0; i < 200; i++)
		nic_inject(nic, &UDP4(IP4(127, 0, 0, 1), 1, US, 2));
	cr_assert(lines > 0 && lines <= 10, "%u lines", lines);
	CTL(net, "sysctl -w net.ipv4.conf.eth0.log_martians=0 net.ipv4.conf.all.log_martians=1");
	host_advance(6 * NSEC_PER_SEC);
	lines = 0;
	nic_inject(nic, &UDP4(IP4(127, 0, 0, 1), 1, US, 2));
	cr_assert_eq(lines, 1);
	host_log_hook(NULL, NULL);
}

/* An error's source: the address by which it leaves, or that of the device where the packet came in. */
WEIR_TEST(settings, icmp_errors_use_inbound_ifaddr)
{
	struct nic *in;

	host_new();
	in = nic_new(net, "10.1.0.1/24");
	CTL(net, "sysctl -w net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0");
	CTL(net, "ip route add 192.0.2.0/24 via 10.0.0.2");
	nic_inject(in, &UDP4(FAR, 1, IP4(10, 0, 0, 77), 2, .ip.ttl = 1));
	EXPECT_PKT(nic, &ICMP4(US, FAR, 11, 0));
	CTL(net, "sysctl -w net.ipv4.icmp_errors_use_inbound_ifaddr=1");
	nic_inject(in, &UDP4(FAR, 1, IP4(10, 0, 0, 77), 2, .ip.ttl = 1));
	EXPECT_PKT(nic, &ICMP4(IP4(10, 1, 0, 1), FAR, 11, 0));
	/* What was sent to an address of ours is answered from it. */
	nic_inject(in, &UDP4(FAR, 1, US, 2));
	EXPECT_PKT(nic, &ICMP4(US, FAR, 3, 3));
}

static void error_about_our_echo(u8 type, u8 code, u32 rest)
{
	static u8 frame[PKT_MAX];
	u32 len = pkt_build(&ECHO_REPLY(US, FAR, 1, 1), frame);

	nic_inject(nic, &ICMP4(PEER, US, type, code, .icmp.rest = rest, .data = frame + 14,
			       .len = len - 14));
}

WEIR_TEST(settings, how_long_what_is_learnt_holds)
{
	host_new();
	CTL(net, "ip route add default via 10.0.0.2");
	CTL(net, "sysctl -w net.ipv4.route.mtu_expires=10 net.ipv4.route.gc_timeout=20");
	error_about_our_echo(3, 4, 1000);
	cr_assert_not_null(strstr(CTL(net, "ip route get 192.0.2.9"), "expires 10sec mtu 1000"));
	host_advance(11 * NSEC_PER_SEC);
	cr_assert_null(strstr(CTL(net, "ip route get 192.0.2.9"), "mtu"));
	error_about_our_echo(5, 1, 0x0a000003);
	error_about_our_echo(5, 1, 0x0a000003);
	cr_assert_not_null(strstr(CTL(net, "ip route get 192.0.2.9"), "<redirected> expires 20s"));
	host_advance(21 * NSEC_PER_SEC);
	cr_assert_null(strstr(CTL(net, "ip route get 192.0.2.9"), "redirected"));
	/* 0: it ends as it begins. */
	CTL(net, "sysctl -w net.ipv4.route.mtu_expires=0");
	error_about_our_echo(3, 4, 1000);
	cr_assert_null(strstr(CTL(net, "ip route get 192.0.2.9"), "mtu"));
}

static u64 redirects_sent(unsigned int packets)
{
	u64 before = mib(net, ICMP_MIB_OUTREDIRECTS);

	for (unsigned int i = 0; i < packets; i++)
		nic_inject(nic, &UDP4(PEER, 1, FAR, 2));
	nic_forget(nic);
	return mib(net, ICMP_MIB_OUTREDIRECTS) - before;
}

WEIR_TEST(settings, how_often_redirects_are_sent)
{
	host_new();
	CTL(net, "sysctl -w net.ipv4.ip_forward=1 net.ipv4.route.redirect_load=0");
	CTL(net, "ip route add 192.0.2.0/24 via 10.0.0.3");
	redirects_sent(1);
	host_advance(NSEC_PER_MSEC);
	cr_assert_eq(redirects_sent(1), 1, "no pause between them");
	CTL(net, "sysctl -w net.ipv4.route.redirect_load=250 net.ipv4.route.redirect_number=3");
	cr_assert_eq(redirects_sent(1), 0);
	host_advance(3900 * NSEC_PER_MSEC); /* 1 s << 2 sent */
	cr_assert_eq(redirects_sent(1), 0);
	host_advance(200 * NSEC_PER_MSEC);
	cr_assert_eq(redirects_sent(1), 1);
	CTL(net, "sysctl -w net.ipv4.route.redirect_silence=2500");
	host_advance(9 * NSEC_PER_SEC);
	cr_assert_eq(redirects_sent(1), 0);
	host_advance(11 * NSEC_PER_SEC);
	cr_assert_eq(redirects_sent(1), 1);
}

WEIR_TEST(settings, max_routes)
{
	u32 n = 0;

	host_new();
	CTL(net, "sysctl -w net.ipv4.route.max_routes=64");
	while (n < 100 && ctl(net, NULL, "ip route add 10.9.%u.0/24 via 10.0.0.2", n) == 0)
		n++;
	cr_assert(n > 40 && n < 64, "%u", n);
	cr_assert_eq(fib_count(net), 64);
}

static u64 mac_of(be32 addr)
{
	const struct neighbour *n = neigh_lookup(nic->dev, addr);

	return n ? mac_number(n->ha) : 0;
}

WEIR_TEST(settings, drop_gratuitous_arp)
{
	host_new();
	CTL(net, "ip neigh add 10.0.0.2 dev eth0 lladdr 02:57:00:00:00:02 nud stale");
	CTL(net, "sysctl -w net.ipv4.conf.eth0.drop_gratuitous_arp=1");
	host_advance(2 * NSEC_PER_SEC);
	nic_inject(nic, &ARP_REQUEST(MAC_N(7), PEER, PEER));
	cr_assert_eq(mac_of(PEER), MAC_N(2));
	CTL(net, "sysctl -w net.ipv4.conf.eth0.drop_gratuitous_arp=0");
	nic_inject(nic, &ARP_REQUEST(MAC_N(7), PEER, PEER));
	cr_assert_eq(mac_of(PEER), MAC_N(7));
}

/* Hosts on one link that must not hear each other: we answer for each, and pass on. */
WEIR_TEST(settings, proxy_arp_pvlan)
{
	host_new();
	CTL(net, "sysctl -w net.ipv4.ip_forward=1 net.ipv4.neigh.eth0.proxy_delay=0");
	nic_inject(nic, &ARP_REQUEST(MAC_N(2), PEER, OTHER));
	host_advance(2 * NSEC_PER_SEC);
	EXPECT_NOTHING(nic);
	CTL(net, "sysctl -w net.ipv4.conf.eth0.proxy_arp_pvlan=1");
	nic_inject(nic, &ARP_REQUEST(MAC_N(2), PEER, OTHER));
	host_advance(2 * NSEC_PER_SEC);
	EXPECT_PKT(nic, &ARP_REPLY(nic->mac, OTHER, MAC_N(2), PEER));
}

/* Questions sent about PEER, by unicast and by broadcast, within a minute. */
static void questions(unsigned int *unicast, unsigned int *broadcast)
{
	const struct pkt *p;

	*unicast = *broadcast = 0;
	nic->answer_arp = false;
	for (int i = 0; i < 60; i++) {
		host_advance(NSEC_PER_SEC);
		while ((p = nic_next(nic))) {
			if (p->arp.op == 1 && p->arp.tip == PEER)
				(*(p->dst == MAC_BROADCAST ? broadcast : unicast))++;
		}
	}
}

WEIR_TEST(settings, how_often_a_neighbour_is_asked_again)
{
	unsigned int unicast, broadcast;

	host_new();
	CTL(net,
	    "sysctl -w net.ipv4.neigh.eth0.ucast_solicit=5 net.ipv4.neigh.eth0.mcast_resolicit=2");
	CTL(net, "ip neigh add 10.0.0.2 dev eth0 lladdr 02:57:00:00:00:02 nud stale");
	nic_inject(nic, &ECHO(PEER, US, 1, 1, .src = MAC_N(2))); /* the answer uses it */
	nic_forget(nic);

	questions(&unicast, &broadcast);
	cr_assert(unicast == 5 && broadcast == 2, "%u, %u", unicast, broadcast);
}

static bool is_known(be32 addr)
{
	return neigh_lookup(nic->dev, addr) != NULL;
}

/* How often the table is looked through for what is old: here, anything for 10 s. */
WEIR_TEST(settings, neighbours_gc_interval)
{
	host_new();
	CTL(net,
	    "sysctl -w net.ipv4.neigh.default.gc_thresh1=0 net.ipv4.neigh.eth0.gc_stale_time=10");
	CTL(net, "sysctl -w net.ipv4.neigh.default.gc_interval=100");
	CTL(net, "ip neigh add 10.0.0.2 dev eth0 lladdr 02:57:00:00:00:02 nud stale");
	host_advance(90 * NSEC_PER_SEC);
	cr_assert(is_known(PEER));
	CTL(net, "sysctl -w net.ipv4.neigh.default.gc_interval=5");
	host_advance(20 * NSEC_PER_SEC);
	cr_assert(!is_known(PEER));
	CTL(net, "ip neigh add 10.0.0.2 dev eth0 lladdr 02:57:00:00:00:02 nud stale");
	host_advance(20 * NSEC_PER_SEC);
	cr_assert(!is_known(PEER));
}

/* Two IGMPv2 reports of a new membership, the second within so many ms. */
WEIR_TEST(settings, igmpv2_unsolicited_report_interval)
{
	static const int intervals[] = {20, 1000000};
	be32 words[2] = {IP4(239, 1, 2, 3), US};

	for (int i = 0; i < 2; i++) {
		struct sock *sk;

		host_new();
		CTL(net, "sysctl -w net.ipv4.conf.eth0.force_igmp_version=2");
		CTL(net, "sysctl -w net.ipv4.conf.eth0.igmpv2_unsolicited_report_interval=%d",
		    intervals[i]);
		cr_assert_eq(sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk), 0);
		cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_ADD_MEMBERSHIP, words, 8), 0);
		host_advance(100 * NSEC_PER_MSEC);
		cr_assert_eq(nic_sent(nic), i ? 1 : 2, "%u", nic_sent(nic));
		nic_forget(nic);
		sock_close(sk);
	}
}

static bool goes_by(const char *dev)
{
	return strstr(CTL(net, "ip route get 192.0.2.9"), dev) != NULL;
}

/* A route by a device without a carrier is the best still, unless the device says otherwise. */
WEIR_TEST(settings, ignore_routes_with_linkdown)
{
	host_new();
	nic_new(net, "10.1.0.1/24");
	CTL(net, "ip route add default via 10.0.0.2 metric 1");
	CTL(net, "ip route add default via 10.1.0.2 metric 2");
	plat_bh_disable();
	netif_carrier_off(nic->dev);
	plat_bh_enable();
	host_run();
	cr_assert(goes_by("eth0"));
	CTL(net, "sysctl -w net.ipv4.conf.eth0.ignore_routes_with_linkdown=1");
	cr_assert(goes_by("eth1"));
}
