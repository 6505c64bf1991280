/* SPDX-License-Identifier: MIT */
/* Which sources routing takes: the reverse path in its finer points. tests/tap/test_counters.py has the common ones. */
#include "net/netfilter.h"
#include "tests/unit/harness.h"

#define NEAR   IP4(10, 0, 0, 1)
#define BEHIND IP4(192, 0, 2, 9) /* by a gateway on eth1 */

static struct net *net;
static struct nic *nic[3];

/* eth0 10.0.0.1/24, eth1 10.1.0.1/24 with a route, eth2 without an address. */
static void world_new(void)
{
	net = stack_new();
	nic[0] = nic_new(net, "10.0.0.1/24");
	nic[1] = nic_new(net, "10.1.0.1/24");
	nic[2] = nic_new(net, NULL);
	CTL(net, "ip route add 192.0.2.0/24 via 10.1.0.2");
	CTL(net, "ip route add blackhole 192.0.3.0/24");
}

/* Whether a packet from saddr to daddr, by the n-th NIC, is taken. */
static bool takes(unsigned int n, be32 saddr, be32 daddr)
{
	u64 before = mib(net, IPSTATS_MIB_INDELIVERS);

	nic_inject(nic[n], &ICMP4(saddr, daddr, 14, 0, .len = 12));
	return mib(net, IPSTATS_MIB_INDELIVERS) != before;
}

static const struct {
	const char *name;
	unsigned int nic;
	be32 saddr;
	u8 taken[3]; /* by rp_filter */
} rows[] = {
	{"of its link", 0, IP4(10, 0, 0, 9), {1, 1, 1}},
	{"of another link", 0, IP4(10, 1, 0, 9), {1, 0, 1}},
	{"behind a gateway of another link", 0, BEHIND, {1, 0, 1}},
	{"behind a gateway of its link", 1, BEHIND, {1, 1, 1}},
	{"without a route", 0, IP4(198, 51, 100, 1), {1, 0, 0}},
	{"in a black hole", 0, IP4(192, 0, 3, 9), {1, 0, 0}},
	{"by a device without an address", 2, IP4(10, 0, 0, 9), {1, 0, 0}},
	{"a broadcast of its link", 0, IP4(10, 0, 0, 255), {1, 0, 0}},
	{"an address of ours", 0, IP4(10, 1, 0, 1), {0, 0, 0}},
	{"the address it is sent to", 0, NEAR, {0, 0, 0}},
};

WEIR_TEST(route_input, reverse_path)
{
	world_new();
	for (int filter = 0; filter < 3; filter++) {
		CTL(net, "sysctl -w net.ipv4.conf.all.rp_filter=%d", filter);
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			cr_assert_eq(takes(rows[i].nic, rows[i].saddr, NEAR), rows[i].taken[filter],
				     "%s, rp_filter %d", rows[i].name, filter);
	}
	/* With a default route there is a way back to everybody; strictly only by its link. */
	CTL(net, "ip route add default via 10.1.0.2");
	cr_assert(takes(0, IP4(198, 51, 100, 1), NEAR));
	CTL(net, "sysctl -w net.ipv4.conf.all.rp_filter=1");
	cr_assert(!takes(0, IP4(198, 51, 100, 1), NEAR));
	cr_assert(takes(1, IP4(198, 51, 100, 1), NEAR));
	/* accept_local asks for the reverse path all the same. */
	CTL(net, "sysctl -w net.ipv4.conf.all.accept_local=1");
	cr_assert(!takes(0, IP4(10, 1, 0, 1), NEAR));
	cr_assert(takes(1, IP4(10, 1, 0, 1), NEAR));
	CTL(net, "sysctl -w net.ipv4.conf.all.rp_filter=0");
	cr_assert(takes(0, IP4(10, 1, 0, 1), NEAR));
}

static unsigned int set_mark(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	(void)state;
	skb->mark = *(const u32 *)priv;
	return NF_ACCEPT;
}

/* src_valid_mark: the way back is looked up with the packet's mark. */
WEIR_TEST(route_input, the_mark_may_choose_the_way_back)
{
	u32 mark = 1;
	struct nf_hook_ops ops = {.hook = set_mark, .hooknum = NF_INET_PRE_ROUTING, .priv = &mark};

	world_new();
	plat_bh_disable();
	cr_assert_eq(nf_register_net_hook(net, &ops), 0);
	plat_bh_enable();
	CTL(net, "ip route add default via 10.1.0.2 table 100");
	CTL(net, "ip rule add fwmark 1 table 100");
	CTL(net, "sysctl -w net.ipv4.conf.all.rp_filter=1");
	cr_assert(takes(0, IP4(10, 0, 0, 9), NEAR));
	CTL(net, "sysctl -w net.ipv4.conf.eth0.src_valid_mark=1");
	cr_assert(!takes(0, IP4(10, 0, 0, 9), NEAR));
	mark = 2;
	cr_assert(takes(0, IP4(10, 0, 0, 9), NEAR));
	plat_bh_disable();
	nf_unregister_net_hook(net, &ops);
	plat_bh_enable();
}
