/* SPDX-License-Identifier: MIT */
/* Routes: which way a packet goes, what may be added, what follows from addresses and devices. */
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "lib/fmt.h"
#include "net/route.h"
#include "tests/unit/harness.h"

#define A(a, b, c, d) IP4(a, b, c, d)

/* Two NICs: eth0 10.0.0.1/24, eth1 10.1.0.1/16. */
static struct world world_new(void)
{
	return two_nics_new("10.0.0.1/24", "10.1.0.1/16");
}

/* "dev gateway source", or "error N"'s name. */
static const char *way(struct net *net, struct flowi4 fl)
{
	static char text[64];
	struct rtable *rt;
	int err;

	plat_bh_disable();
	err = ip_route_output(net, &fl, &rt);
	if (err == 0)
		scnprintf(text, sizeof(text), "%s %pI4 %pI4", rt->dst.dev->name, &rt->gateway,
			  &fl.saddr);
	plat_bh_enable();
	switch (err) {
	case 0:
		return text;
	case -ENETUNREACH:
		return "net";
	case -EHOSTUNREACH:
		return "host";
	case -EACCES:
		return "prohibited";
	case -EINVAL:
		return "invalid";
	case -ENODEV:
		return "no device";
	default:
		return "?";
	}
}

static const struct {
	struct flowi4 fl;
	const char *way;
} ways[] = {
	{{.daddr = A(10, 0, 0, 7)}, "eth0 0.0.0.0 10.0.0.1"},
	{{.daddr = A(10, 1, 200, 7)}, "eth1 0.0.0.0 10.1.0.1"},
	{{.daddr = A(10, 0, 0, 1)}, "lo 0.0.0.0 10.0.0.1"},
	{{.daddr = A(127, 1, 2, 3)}, "lo 0.0.0.0 127.0.0.1"},
	{{.daddr = 0}, "lo 0.0.0.0 127.0.0.1"},
	{{.daddr = A(10, 0, 0, 255)}, "eth0 0.0.0.0 10.0.0.1"},
	{{.daddr = A(192, 0, 2, 1)}, "eth0 10.0.0.254 10.0.0.1"},
	{{.daddr = A(192, 0, 2, 1), .saddr = A(10, 1, 0, 1)}, "eth0 10.0.0.254 10.1.0.1"},
	{{.daddr = A(192, 0, 2, 1), .saddr = A(10, 1, 0, 9)}, "net"}, /* not ours */
	{{.daddr = A(192, 0, 2, 1), .saddr = A(10, 1, 0, 9), .anysrc = true},
	 "eth0 10.0.0.254 10.1.0.9"},
	{{.daddr = A(192, 0, 2, 1), .saddr = A(224, 0, 0, 1), .anysrc = true}, "invalid"},
	{{.daddr = A(192, 0, 2, 1), .scope = RT_SCOPE_LINK}, "net"},
	{{.daddr = A(172, 16, 0, 1)}, "eth1 10.1.9.9 10.1.0.1"},
	{{.daddr = A(172, 16, 1, 1)}, "eth1 10.1.9.8 10.1.0.1"}, /* the lower metric */
	{{.daddr = A(172, 16, 2, 1)}, "eth0 10.0.0.9 10.1.0.1"}, /* its src */
	{{.daddr = A(172, 17, 0, 1)}, "host"},
	{{.daddr = A(172, 18, 0, 1)}, "prohibited"},
	{{.daddr = A(172, 19, 0, 1)}, "invalid"},
	{{.daddr = A(172, 20, 0, 1)},
	 "eth0 10.0.0.254 10.0.0.1"}, /* thrown back to nobody else: next table */
	{{.daddr = A(10, 0, 0, 7), .oif = 3}, "eth1 0.0.0.0 10.1.0.1"}, /* taken to be on link */
	{{.daddr = A(255, 255, 255, 255), .oif = 2}, "eth0 0.0.0.0 10.0.0.1"},
	{{.daddr = A(224, 0, 0, 5), .oif = 3}, "eth1 0.0.0.0 10.1.0.1"},
	{{.daddr = A(10, 0, 0, 7), .oif = 60}, "no device"},
	{{.daddr = A(0, 1, 2, 3)}, "eth0 10.0.0.254 10.0.0.1"}, /* 0/8 but 0.0.0.0 */
};

WEIR_TEST(route, a_row_for_each_destination)
{
	struct world w = world_new();

	CTL(w.net, "ip route add default via 10.0.0.254");
	CTL(w.net, "ip route add 172.16.0.0/12 via 10.1.9.9");
	CTL(w.net, "ip route add 172.16.1.0/24 via 10.1.9.7 metric 20");
	CTL(w.net, "ip route add 172.16.1.0/24 via 10.1.9.8 metric 10");
	CTL(w.net, "ip route add 172.16.2.0/24 via 10.0.0.9 src 10.1.0.1");
	CTL(w.net, "ip route add unreachable 172.17.0.0/16");
	CTL(w.net, "ip route add prohibit 172.18.0.0/16");
	CTL(w.net, "ip route add blackhole 172.19.0.0/16");
	CTL(w.net, "ip route add throw 172.20.0.0/16");
	CTL(w.net, "ip route add default via 10.0.0.254 table default");
	for (int round = 0; round < 2; round++) /* looked up, and remembered */
		for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
			cr_assert_str_eq(way(w.net, ways[i].fl), ways[i].way, "row %zu", i);
}

static int add(struct net *net, struct fib_route r, enum fib_add_mode mode)
{
	int err;

	plat_bh_disable();
	err = fib_add(net, &r, mode);
	plat_bh_enable();
	return err;
}

WEIR_TEST(route, what_may_be_added)
{
	struct world w = world_new();
	struct net_device *eth0 = w.nic[0]->dev;
	const struct fib_route net10 = {.dst = A(10, 9, 0, 0), .dst_len = 16, .gw = A(10, 0, 0, 2)};
	struct fib_route r = net10;
	u32 before;

	cr_assert_eq(add(w.net, r, FIB_CHANGE), -ENOENT);
	cr_assert_eq(add(w.net, r, FIB_ADD), 0);
	cr_assert_eq(add(w.net, r, FIB_ADD), -EEXIST);
	cr_assert_eq(add(w.net, r, FIB_APPEND), -EEXIST);
	before = fib_count(w.net);
	r.gw = A(10, 0, 0, 3);
	cr_assert_eq(add(w.net, r, FIB_REPLACE), 0);
	cr_assert_eq(fib_count(w.net), before);
	cr_assert_str_eq(way(w.net, (struct flowi4){.daddr = A(10, 9, 1, 1)}),
			 "eth0 10.0.0.3 10.0.0.1");
	r.gw = A(10, 77, 0, 3);
	cr_assert_eq(add(w.net, r, FIB_REPLACE), -ENETUNREACH, "the gateway is on no link");
	r.gw = A(10, 0, 0, 1);
	cr_assert_eq(add(w.net, r, FIB_REPLACE), 0, "as Linux: ourselves as gateway is no gateway");
	cr_assert_str_eq(way(w.net, (struct flowi4){.daddr = A(10, 9, 1, 1)}),
			 "eth0 0.0.0.0 10.0.0.1");
	r = net10;
	r.dst = A(10, 9, 0, 1);
	cr_assert_eq(add(w.net, r, FIB_ADD), -EINVAL, "bits behind the prefix");
	r = net10;
	r.dst_len = 33;
	cr_assert_eq(add(w.net, r, FIB_ADD), -EINVAL);
	r = net10;
	r.metric = 5;
	r.prefsrc = A(10, 0, 0, 99);
	cr_assert_eq(add(w.net, r, FIB_ADD), -EINVAL, "a source that is not ours");
	r = (struct fib_route){.dst = A(10, 10, 0, 0), .dst_len = 16};
	cr_assert_eq(add(w.net, r, FIB_ADD), -ENODEV, "neither device nor gateway");
	r.gw = A(192, 0, 2, 9);
	r.dev = eth0;
	cr_assert_eq(add(w.net, r, FIB_ADD), -ENETUNREACH);
	r.flags = RTNH_F_ONLINK;
	cr_assert_eq(add(w.net, r, FIB_ADD), 0);
}

/* All routes of a table in one line. */
static void collect(void *arg, const struct fib_route *r)
{
	char *text = arg;
	size_t n = strlen(text);

	scnprintf(text + n, 1024 - n, "%pI4/%u%s ", &r->dst, r->dst_len,
		  r->type == RTN_BROADCAST ? "b" : "");
}

static const char *table(struct net *net, u32 id)
{
	static char text[1024];

	text[0] = 0;
	plat_bh_disable();
	fib_for_each(net, id, collect, text);
	plat_bh_enable();
	return text;
}

#define LO_LOCAL "127.0.0.0/8 127.0.0.1/32 127.255.255.255/32b "

WEIR_TEST(route, addresses_bring_and_take_their_routes)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, NULL);

	cr_assert_str_eq(table(net, RT_TABLE_LOCAL), LO_LOCAL);
	CTL(net, "ip addr add 10.0.0.1/24 brd + dev eth0");
	cr_assert_str_eq(table(net, RT_TABLE_LOCAL), "10.0.0.1/32 10.0.0.255/32b " LO_LOCAL);
	cr_assert_str_eq(table(net, RT_TABLE_MAIN), "10.0.0.0/24 ");
	CTL(net, "ip addr add 10.0.0.2/24 dev eth0");
	CTL(net, "ip addr add 10.0.0.3/32 dev eth0");
	cr_assert_str_eq(table(net, RT_TABLE_LOCAL),
			 "10.0.0.1/32 10.0.0.2/32 10.0.0.3/32 10.0.0.255/32b " LO_LOCAL);
	CTL(net, "ip route add default via 10.0.0.9 src 10.0.0.2");
	CTL(net, "ip route add 10.5.0.0/16 via 10.0.0.9");
	/* Down: what is by the link goes; our addresses stay ours. */
	CTL(net, "ip link set eth0 down");
	cr_assert_str_eq(table(net, RT_TABLE_MAIN), "");
	cr_assert_str_eq(table(net, RT_TABLE_LOCAL),
			 "10.0.0.1/32 10.0.0.2/32 10.0.0.3/32 " LO_LOCAL);
	CTL(net, "ip link set eth0 up");
	cr_assert_str_eq(table(net, RT_TABLE_MAIN), "10.0.0.0/24 ");
	CTL(net, "ip route add default via 10.0.0.9 src 10.0.0.2");
	/* The primary takes its secondaries, and what preferred them. */
	CTL(net, "ip addr del 10.0.0.1/24 dev eth0");
	cr_assert_str_eq(table(net, RT_TABLE_LOCAL), "10.0.0.3/32 " LO_LOCAL);
	cr_assert_str_eq(table(net, RT_TABLE_MAIN), "");
	(void)nic;
}

WEIR_TEST(route, a_secondary_may_be_promoted)
{
	struct net *net = stack_new();

	nic_new(net, "10.0.0.1/24");
	CTL(net, "sysctl -w net.ipv4.conf.eth0.promote_secondaries=1");
	CTL(net, "ip addr add 10.0.0.2/24 dev eth0");
	CTL(net, "ip addr add 10.0.0.3/24 dev eth0");
	CTL(net, "ip addr del 10.0.0.1/24 dev eth0");
	cr_assert_str_eq(way(net, (struct flowi4){.daddr = A(10, 0, 0, 9)}),
			 "eth0 0.0.0.0 10.0.0.2");
	cr_assert_str_eq(table(net, RT_TABLE_LOCAL),
			 "10.0.0.2/32 10.0.0.3/32 10.0.0.255/32b " LO_LOCAL);
}

WEIR_TEST(route, an_address_ends_with_its_lifetime)
{
	struct net *net = stack_new();

	nic_new(net, "10.0.0.1/24");
	CTL(net, "ip addr add 10.7.0.1/24 dev eth0 valid_lft 60 preferred_lft 30");
	host_advance(59 * NSEC_PER_SEC);
	cr_assert_str_eq(way(net, (struct flowi4){.daddr = A(10, 7, 0, 9)}),
			 "eth0 0.0.0.0 10.7.0.1");
	host_advance(3 * NSEC_PER_SEC);
	cr_assert_str_eq(way(net, (struct flowi4){.daddr = A(10, 7, 0, 9)}), "net");
}

/* RFC 3704: where a source of 10.1/16 may come in. */
static const struct {
	int rp_filter;
	u8 nic;
	be32 saddr;
	bool passes;
} rpf[] = {
	{0, 0, A(10, 1, 0, 9), true},   {1, 0, A(10, 1, 0, 9), false},
	{2, 0, A(10, 1, 0, 9), true},   {1, 1, A(10, 1, 0, 9), true},
	{0, 0, A(192, 0, 2, 9), true},  {1, 0, A(192, 0, 2, 9), false},
	{2, 0, A(192, 0, 2, 9), false}, {0, 0, A(10, 1, 0, 1), false}, /* our own */
};

WEIR_TEST(route, reverse_path_filter)
{
	struct world w = world_new();

	for (size_t i = 0; i < ARRAY_SIZE(rpf); i++) {
		u64 before = mib(w.net, ICMP_MIB_INMSGS);

		CTL(w.net, "sysctl -w net.ipv4.conf.all.rp_filter=%d", rpf[i].rp_filter);
		nic_inject(w.nic[rpf[i].nic], &ECHO(rpf[i].saddr, A(10, 0, 0, 1), 1, 1));
		cr_assert_eq(mib(w.net, ICMP_MIB_INMSGS) - before, rpf[i].passes, "row %zu", i);
	}
	EXPECT_DROPS(w.net, IP_RPFILTER, 3);
}

/* A change is seen by the next packet, whatever was remembered. */
WEIR_TEST(route, nothing_stale_is_used)
{
	struct world w = world_new();
	struct flowi4 fl = {.daddr = A(192, 0, 2, 1)};

	cr_assert_str_eq(way(w.net, fl), "net");
	CTL(w.net, "ip route add 192.0.2.0/24 via 10.0.0.7");
	cr_assert_str_eq(way(w.net, fl), "eth0 10.0.0.7 10.0.0.1");
	CTL(w.net, "ip route add 192.0.2.1 via 10.1.0.7");
	cr_assert_str_eq(way(w.net, fl), "eth1 10.1.0.7 10.1.0.1");
	CTL(w.net, "ip route del 192.0.2.1");
	cr_assert_str_eq(way(w.net, fl), "eth0 10.0.0.7 10.0.0.1");
	CTL(w.net, "ip link set eth0 down");
	cr_assert_str_eq(way(w.net, fl), "net");
}

WEIR_TEST(route, every_allocation_may_fail)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct net *net = stack_new();
		struct nic *nic = net ? nic_new(net, "10.0.0.1/24") : NULL;
		struct fib_route r = {.dst_len = 24, .gw = A(10, 0, 0, 2)};
		u32 before;

		if (!nic)
			continue;
		for (int i = 0; i < 8; i++) {
			r.dst = A(172, 16, i * 37, 0);
			before = fib_count(net);
			before += add(net, r, FIB_ADD) == 0;
			cr_assert_eq(fib_count(net), before);
		}
		ctl(net, NULL, "ip addr add 10.0.0.2/24 dev eth0");
		ctl(net, NULL, "ip addr del 10.0.0.1/24 dev eth0");
	}
}
