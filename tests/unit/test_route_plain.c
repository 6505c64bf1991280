/* SPDX-License-Identifier: MIT */
/* The short way to a decision says what the long one says, or nothing. */
#include <stdio.h>

#include "net/ipv4/devinet.h"
#include "net/ipv4/fib.h"
#include "net/ipv4/route_priv.h"
#include "net/ipv4/rt_cache.h"
#include "tests/unit/harness.h"

#define PEER IP4(10, 0, 1, 2)
#define HERE IP4(10, 0, 1, 1)

static struct net *net;
static struct nic *near, *far;

static void router(void)
{
	net = router_new(&near, &far);
	CTL(net, "sysctl -w net.ipv4.icmp_ratelimit=0");
	CTL(net, "ip route add 20.0.0.0/8 via 10.0.2.2");
}

/* Asks both ways about one packet; whether the short one knew. */
static bool ask(be32 daddr, be32 saddr, u8 tos)
{
	struct rt_in_key key = rt_in_key((u64)daddr << 32 | saddr, tos, near->dev);
	struct rt_cache_in *c = rt_cache_in_slot(net, key);
	struct rtable *plain, *rt;
	int err;

	plat_bh_disable();
	rt_drop(&c->rt);
	plain = ip_route_input_plain(net, key, c, near->dev);
	cr_assert_eq(c->rt, plain);
	rt_drop(&c->rt);
	err = ip_route_input(net, NULL, daddr, saddr, tos, near->dev, &rt);
	cr_assert(!plain || (!err && rt == plain), "to %08x from %08x: error %d", daddr, saddr,
		  err);
	plat_bh_enable();
	return plain;
}

/* Addresses of all kinds, and those near which something was configured more often. */
static be32 some_address(void)
{
	static const be32 places[] = {PEER,
				      HERE,
				      IP4(10, 0, 1, 255),
				      IP4(127, 0, 0, 1),
				      IP4(224, 0, 0, 1),
				      IP4(255, 255, 255, 255),
				      IP4(0, 0, 0, 0),
				      IP4(240, 0, 0, 1)};

	switch (rnd_below(4)) {
	case 0:
		return (be32)rnd();
	case 1:
		return places[rnd_below(ARRAY_SIZE(places))];
	default:
		return IP4(20, rnd_below(4), rnd_below(4), rnd_below(3));
	}
}

/* What is done, and what undoes it. */
static const char *const changes[][2] = {
	{"route replace 20.%u.%u.0/24 via 10.0.2.3", "route del 20.%u.%u.0/24"},
	{"route replace 20.%u.%u.0/24 via 10.0.1.3", "route del 20.%u.%u.0/24"},
	{"route replace 20.%u.%u.0/24 dev eth1 tos 0x10", "route del 20.%u.%u.0/24 tos 0x10"},
	{"route replace 20.%u.%u.0/24 nexthop via 10.0.2.2 nexthop via 10.0.2.3",
	 "route del 20.%u.%u.0/24"},
	{"route replace blackhole 20.%u.%u.0/24", "route del 20.%u.%u.0/24"},
	{"route replace local 20.%u.%u.0/24 dev lo", "route del local 20.%u.%u.0/24"},
	{"route replace local 20.%u.%u.1 dev lo", "route del local 20.%u.%u.1"},
	{"addr add 20.%u.%u.2/32 dev eth1", "addr del 20.%u.%u.2/32 dev eth1"},
	{"link set eth1 down", "link set eth1 up"},
	{"link set eth1 up", "route replace 20.0.0.0/8 via 10.0.2.2"},
};
static const char *const settings[] = {"eth0.forwarding=0", "eth0.forwarding=1", "eth0.rp_filter=1",
				       "eth0.rp_filter=0",  "all.rp_filter=2",   "all.rp_filter=0"};

static void change(const char *line, u32 a, u32 b)
{
	char text[100];

	snprintf(text, sizeof(text), line, a, b);
	(void)ctl(net, NULL, "ip %s", text);
}

#define AT_ONCE 3

WEIR_TEST(route_plain, says_what_the_tables_say, .timeout = 120)
{
	struct {
		u32 what, a, b;
	} done[AT_ONCE] = {{0}}, *d;
	unsigned int known = 0;

	router();
	for (int round = 0; round < 10000; round++) {
		d = &done[round % AT_ONCE];
		change(changes[d->what][1], d->a, d->b);
		d->what = rnd_below(ARRAY_SIZE(changes));
		d->a = rnd_below(4);
		d->b = rnd_below(4);
		change(changes[d->what][0], d->a, d->b);
		if (!rnd_below(8))
			CTL(net, "sysctl -w net.ipv4.conf.%s",
			    settings[rnd_below(ARRAY_SIZE(settings))]);
		for (int i = 0; i < 40; i++)
			known += ask(some_address(), some_address(), rnd_below(4) ? 0 : 0x10);
	}
	cr_assert_gt(known, 2000, "it knew %u of 400000", known);
	nic_forget(near);
	nic_forget(far);
}

static bool forwarded(be32 daddr, be32 saddr)
{
	nic_inject(near, &UDP4(saddr, 1, daddr, 2));
	nic_forget(near);
	if (!nic_sent(far))
		return false;
	nic_forget(far);
	return true;
}

/* Filters of local addresses count: what comes and goes leaves no trace. */
WEIR_TEST(route_plain, what_is_ours_is_not_passed_on)
{
	const be32 there = IP4(20, 1, 1, 1);

	router();
	cr_assert(forwarded(there, PEER) && forwarded(IP4(20, 1, 1, 2), PEER));
	cr_assert(ask(there, PEER, 0));
	for (int i = 0; i < 3; i++) {
		CTL(net, "ip addr add 20.1.1.1/32 dev eth1");
		cr_assert(!ask(there, PEER, 0) && !forwarded(there, PEER));
		cr_assert_not(forwarded(IP4(20, 2, 2, 2), there));
		CTL(net, "ip addr del 20.1.1.1/32 dev eth1");
		cr_assert(forwarded(there, PEER));
		cr_assert(ask(there, PEER, 0));
		CTL(net, "ip route add local 20.1.0.0/16 dev lo");
		cr_assert(!ask(there, PEER, 0) && !forwarded(there, PEER));
		CTL(net, "ip route del local 20.1.0.0/16 dev lo");
		cr_assert(forwarded(there, PEER));
		cr_assert(ask(there, PEER, 0));
	}
	EXPECT_DROPS(net, IP_INVALID_SOURCE, 3);
	CTL(net, "ip rule add from 10.0.1.0/24 blackhole");
	cr_assert(!ask(there, PEER, 0) && !forwarded(there, PEER));
}
