/* SPDX-License-Identifier: MIT */
/* Policy routing: which table a packet is looked up in. */
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "lib/fmt.h"
#include "net/fib_rules.h"
#include "net/wire/ipv4_hdr.h"
#include "tests/unit/harness.h"

#define A(a, b, c, d) IP4(a, b, c, d)
#define DST           A(192, 0, 2, 1)

/* eth0 10.0.0.1/24, eth1 10.1.0.1/24; a default route by eth0, table 100 by eth1. */
static struct world world_new(void)
{
	struct world w = two_nics_new("10.0.0.1/24", "10.1.0.1/24");

	CTL(w.net, "ip route add default via 10.0.0.254");
	CTL(w.net, "ip route add default via 10.1.0.254 table 100");
	return w;
}

/* The gateway's address, or the error's name. */
static const char *way(struct net *net, struct flowi4 fl)
{
	static char text[32];
	struct rtable *rt;
	int err;

	plat_bh_disable();
	err = ip_route_output(net, &fl, &rt);
	if (!err)
		scnprintf(text, sizeof(text), "%pI4", &rt->gateway);
	plat_bh_enable();
	switch (err) {
	case 0:
		return text;
	case -ENETUNREACH:
		return "net";
	case -EACCES:
		return "prohibited";
	case -EINVAL:
		return "invalid";
	default:
		return "?";
	}
}

#define MAIN  "10.0.0.254"
#define OTHER "10.1.0.254"
#define P(n)  CPU_TO_BE16(n)

/* One rule of priority 100, and where a flow to 192.0.2.1 then goes. */
static const struct {
	const char *rule;
	struct flowi4 fl;
	const char *way;
} rows[] = {
	{"to 192.0.2.0/24 table 100", {.daddr = DST}, OTHER},
	{"to 192.0.3.0/24 table 100", {.daddr = DST}, MAIN},
	{"not to 192.0.3.0/24 table 100", {.daddr = DST}, OTHER},
	{"from 10.1.0.0/16 table 100", {.daddr = DST, .saddr = A(10, 1, 0, 1)}, OTHER},
	{"from 10.1.0.0/16 table 100", {.daddr = DST}, MAIN},
	{"from 10.1.0.77/16 table 100", {.daddr = DST, .saddr = A(10, 1, 0, 1)}, OTHER},
	{"tos 0x10 table 100", {.daddr = DST, .tos = 0x10}, OTHER},
	{"tos 0x10 table 100", {.daddr = DST, .tos = 0xf3}, OTHER}, /* 0x1c of it count */
	{"tos 0x10 table 100", {.daddr = DST, .tos = 8}, MAIN},
	{"fwmark 5 table 100", {.daddr = DST, .mark = 5}, OTHER},
	{"fwmark 5 table 100", {.daddr = DST, .mark = 0x15}, MAIN},
	{"fwmark 5/0xf table 100", {.daddr = DST, .mark = 0x15}, OTHER},
	{"fwmark 0/0xf table 100", {.daddr = DST, .mark = 0x10}, OTHER},
	{"fwmark 0/0xf table 100", {.daddr = DST, .mark = 1}, MAIN},
	{"iif lo table 100", {.daddr = DST}, OTHER}, /* our own packets */
	{"iif eth0 table 100", {.daddr = DST}, MAIN},
	{"iif eth7 table 100", {.daddr = DST}, MAIN},
	{"oif eth1 table 100", {.daddr = DST, .oif = 3}, OTHER},
	{"oif eth1 table 100", {.daddr = DST}, MAIN},
	{"ipproto udp table 100", {.daddr = DST, .proto = 17}, OTHER},
	{"ipproto udp table 100", {.daddr = DST, .proto = 6}, MAIN},
	{"dport 10-20 table 100", {.daddr = DST, .dport = P(10)}, OTHER},
	{"dport 10-20 table 100", {.daddr = DST, .dport = P(20)}, OTHER},
	{"dport 10-20 table 100", {.daddr = DST, .dport = P(21)}, MAIN},
	{"sport 7 table 100", {.daddr = DST, .sport = P(7)}, OTHER},
	{"sport 7 table 100", {.daddr = DST, .sport = P(8)}, MAIN},
	{"blackhole", {.daddr = DST}, "invalid"},
	{"unreachable", {.daddr = DST}, "net"},
	{"prohibit", {.daddr = DST}, "prohibited"},
	{"nop", {.daddr = DST}, MAIN},
	{"goto 32767", {.daddr = DST}, "net"}, /* past main */
	{"goto 5000", {.daddr = DST}, MAIN},   /* there is none: it is passed over */
	{"table 77", {.daddr = DST}, MAIN},    /* nothing in it */
	{"table 100 suppress_prefixlength 0", {.daddr = DST}, MAIN},
	{"table main suppress_prefixlength 0", {.daddr = A(10, 0, 0, 9)}, "0.0.0.0"},
};

WEIR_TEST(fib_rules, a_row_for_each_selector_and_action)
{
	struct world w = world_new();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CTL(w.net, "ip rule add pref 100 %s", rows[i].rule);
		for (int round = 0; round < 2; round++) /* nothing is remembered wrongly */
			cr_assert_str_eq(way(w.net, rows[i].fl), rows[i].way, "row %zu: %s", i,
					 rows[i].rule);
		CTL(w.net, "ip rule del pref 100");
		cr_assert_str_eq(way(w.net, (struct flowi4){.daddr = DST}), MAIN, "row %zu", i);
	}
}

/* Flows that differ only in what a cache does not know go each their way. */
WEIR_TEST(fib_rules, flows_are_told_apart)
{
	struct world w = world_new();

	CTL(w.net, "ip rule add fwmark 1 table 100");
	for (int round = 0; round < 3; round++) {
		cr_assert_str_eq(way(w.net, (struct flowi4){.daddr = DST, .mark = 1}), OTHER);
		cr_assert_str_eq(way(w.net, (struct flowi4){.daddr = DST, .mark = 2}), MAIN);
	}
}

/* By where they come in and by port; the pieces behind a first one have no ports. */
WEIR_TEST(fib_rules, forwarded_packets)
{
	struct world w = world_new();

	CTL(w.net, "sysctl -w net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0");
	CTL(w.net, "sysctl -w net.ipv4.conf.eth0.send_redirects=0");
	CTL(w.net, "ip route add 192.0.2.0/24 via 10.0.0.2 table 7");
	CTL(w.net, "ip route add 192.0.2.0/24 via 10.1.0.2");
	CTL(w.net, "ip rule add iif eth0 ipproto udp dport 53 table 7");
	for (int round = 0; round < 3; round++) {
		nic_inject(w.nic[0], &UDP4(A(10, 0, 0, 9), 1000, DST, 53, .len = 8));
		EXPECT_PKT(w.nic[0], &UDP4(A(10, 0, 0, 9), 1000, DST, 53, .len = 8));
		nic_inject(w.nic[0], &UDP4(A(10, 0, 0, 9), 1000, DST, 54, .len = 8));
		EXPECT_PKT(w.nic[1], &UDP4(A(10, 0, 0, 9), 1000, DST, 54, .len = 8));
		nic_inject(w.nic[0],
			   &UDP4(A(10, 0, 0, 9), 1000, DST, 53, .len = 8, .ip.frag_off = 100));
		cr_assert_eq(nic_sent(w.nic[1]), 1);
		nic_forget(w.nic[1]);
		nic_inject(w.nic[1], &UDP4(A(10, 1, 0, 9), 1000, DST, 53, .len = 8));
		cr_assert_eq(nic_sent(w.nic[0]), 0);
		nic_forget(w.nic[1]);
	}
}

/* Rules know devices by name, also before they come and after they went. */
WEIR_TEST(fib_rules, devices_come_and_go)
{
	struct net *net = stack_new();
	struct nic *nic;

	CTL(net, "ip rule add pref 9 oif eth0 table 5");
	cr_assert_str_eq(CTL(net, "ip rule list pref 9"),
			 "9:\tfrom all oif eth0 [detached] lookup 5\n");
	nic = nic_new(net, "10.0.0.1/24");
	cr_assert_str_eq(CTL(net, "ip rule list pref 9"), "9:\tfrom all oif eth0 lookup 5\n");
	CTL(net, "ip route add default via 10.0.0.7 table 5");
	cr_assert_str_eq(way(net,
			     (struct flowi4){.daddr = A(10, 0, 0, 2), .oif = nic->dev->ifindex}),
			 "10.0.0.7");
	cr_assert_str_eq(way(net, (struct flowi4){.daddr = A(10, 0, 0, 2)}), "0.0.0.0");
}

/* Linux keeps local and main in one trie until there are other rules: the longer prefix wins. */
WEIR_TEST(fib_rules, main_beats_a_shorter_prefix_of_local)
{
	struct world w = world_new();

	CTL(w.net, "ip route add local 192.0.2.0/24 dev lo");
	CTL(w.net, "ip route add 192.0.2.1 via 10.0.0.7");
	cr_assert_str_eq(way(w.net, (struct flowi4){.daddr = DST}), "10.0.0.7");
	cr_assert_str_eq(way(w.net, (struct flowi4){.daddr = A(192, 0, 2, 2)}), "0.0.0.0");
	CTL(w.net, "ip rule add pref 5 table 5");
	cr_assert_str_eq(way(w.net, (struct flowi4){.daddr = DST}), "0.0.0.0");
}

WEIR_TEST(fib_rules, no_more_than_the_limit)
{
	struct net *net = stack_new();
	struct fib_rule r = {.action = FR_ACT_NOP, .has_pref = true};
	int err = 0, n;

	plat_bh_disable();
	for (n = 3; !err; n += !err) {
		r.pref = n;
		err = fib_rule_add(net, &r);
	}
	plat_bh_enable();
	cr_assert_eq(err, -ENOBUFS);
	cr_assert_eq(n, FIB_MAX_RULES);
	CTL(net, "ip rule flush");
	cr_assert_str_eq(CTL(net, "ip rule"), "0:\tfrom all lookup local\n");
}

WEIR_TEST(fib_rules, every_allocation_may_fail)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct net *net = stack_new();

		if (!net)
			continue;
		ctl(net, NULL, "ip rule add pref 5 table 100");
		ctl(net, NULL, "ip rule add pref 6 goto 7");
		ctl(net, NULL, "ip rule add pref 7 prohibit");
		ctl(net, NULL, "ip rule del pref 7");
		ctl(net, NULL, "ip rule");
		ctl(net, NULL, "ip rule flush");
	}
}
