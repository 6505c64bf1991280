/* SPDX-License-Identifier: MIT */
/* Routes with several next hops: who goes by which, and what happens when one is down. */
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "net/ipv4/fib_trie.h"
#include "net/route.h"
#include "tests/unit/harness.h"

#define A(a, b, c, d) IP4(a, b, c, d)
#define FLOWS         4000

/* eth0 10.0.0.1/24, eth1 10.1.0.1/24, with gateways .2 and .3 on each. */
static struct world world_new(void)
{
	return two_nics_new("10.0.0.1/24", "10.1.0.1/24");
}

/* The gateway of a flow, as last byte and device: 10.1.0.3 is 13. 0: no way. */
static unsigned int hop(struct net *net, struct flowi4 fl)
{
	struct rtable *rt;
	unsigned int n = 0;

	plat_bh_disable();
	if (!ip_route_output(net, &fl, &rt))
		n = (rt->gateway >> 24) + 10 * (rt->gateway >> 8 & 0xff);
	plat_bh_enable();
	return n;
}

/* How many of the flows to different hosts go by each hop. */
static void census(struct net *net, unsigned int count[32])
{
	memset(count, 0, 32 * sizeof(count[0]));
	for (u32 i = 0; i < FLOWS; i++) {
		be32 dst = A(172, 16, 0, 0) | cpu_to_be32(i);
		unsigned int n = hop(net, (struct flowi4){.daddr = dst});

		cr_assert_eq(n, hop(net, (struct flowi4){.daddr = dst}), "a flow keeps its way");
		count[n]++;
	}
}

static void expect_share(unsigned int count, unsigned int of_hundred)
{
	cr_assert(count > FLOWS * of_hundred / 100 - FLOWS / 20 &&
			  count < FLOWS * of_hundred / 100 + FLOWS / 20,
		  "%u of %d flows, not %u%%", count, FLOWS, of_hundred);
}

WEIR_TEST(multipath, flows_are_shared_by_weight)
{
	struct world w = world_new();
	unsigned int n[32];

	CTL(w.net, "ip route add default nexthop via 10.0.0.2 nexthop via 10.1.0.3 weight 3");
	census(w.net, n);
	expect_share(n[2], 25);
	expect_share(n[13], 75);
	CTL(w.net, "ip route change default nexthop via 10.0.0.2 nexthop via 10.0.0.3 "
		   "nexthop via 10.1.0.2 nexthop via 10.1.0.3");
	census(w.net, n);
	expect_share(n[2], 25);
	expect_share(n[3], 25);
	expect_share(n[12], 25);
	expect_share(n[13], 25);
}

WEIR_TEST(multipath, what_is_down_is_passed_over)
{
	struct world w = world_new();
	unsigned int n[32];

	CTL(w.net, "ip route add default nexthop via 10.0.0.2 nexthop via 10.1.0.2");
	CTL(w.net, "ip link set eth1 down");
	cr_assert_str_eq(CTL(w.net, "ip route show default"),
			 "default \n\tnexthop via 10.0.0.2 dev eth0 weight 1 \n"
			 "\tnexthop via 10.1.0.2 dev eth1 weight 1 dead linkdown \n");
	census(w.net, n);
	cr_assert_eq(n[2], FLOWS);
	CTL(w.net, "ip link set eth1 up");
	census(w.net, n);
	expect_share(n[12], 50);
	CTL(w.net, "ip link set eth0 down");
	CTL(w.net, "ip link set eth1 down");
	cr_assert_str_eq(CTL(w.net, "ip route show default"), "");
}

WEIR_TEST(multipath, the_policy_says_what_is_hashed)
{
	struct world w = world_new();
	struct flowi4 fl = {.daddr = A(172, 16, 0, 1), .proto = 17};
	bool both[2][32] = {{false}};

	CTL(w.net, "ip route add default nexthop via 10.0.0.2 nexthop via 10.1.0.2");
	for (int policy = 0; policy < 2; policy++) {
		CTL(w.net, "sysctl -w net.ipv4.fib_multipath_hash_policy=%d", policy);
		for (u16 port = 1; port < 100; port++) {
			fl.dport = cpu_to_be16(port);
			both[policy][hop(w.net, fl)] = true;
		}
	}
	cr_assert(both[0][2] != both[0][12], "addresses only: one way for all ports");
	cr_assert(both[1][2] && both[1][12], "ports too: both ways");
	cr_assert_neq(ctl(w.net, NULL, "sysctl -w net.ipv4.fib_multipath_hash_policy=2"), 0);
}

/* A source that is one hop's own address goes by that hop, and oif is a choice already. */
WEIR_TEST(multipath, source_and_device_decide)
{
	struct world w = world_new();

	CTL(w.net, "ip route add default nexthop via 10.0.0.2 nexthop via 10.1.0.2");
	for (u32 i = 0; i < 100; i++) {
		be32 dst = A(172, 16, 1, 0) | cpu_to_be32(i);

		cr_assert_eq(hop(w.net, (struct flowi4){.daddr = dst, .saddr = A(10, 1, 0, 1)}),
			     12);
		cr_assert_eq(hop(w.net, (struct flowi4){.daddr = dst, .saddr = A(10, 0, 0, 1)}), 2);
		cr_assert_eq(hop(w.net, (struct flowi4){.daddr = dst, .oif = 3}), 12);
	}
}

WEIR_TEST(multipath, a_neighbour_that_failed_is_passed_over)
{
	struct world w = world_new();
	unsigned int n[32];

	CTL(w.net, "ip route add default nexthop via 10.0.0.2 nexthop via 10.1.0.2");
	CTL(w.net, "sysctl -w net.ipv4.fib_multipath_use_neigh=1");
	CTL(w.net, "ip neigh add 10.1.0.2 dev eth1 nud failed");
	census(w.net, n);
	cr_assert_eq(n[2], FLOWS);
	CTL(w.net, "sysctl -w net.ipv4.fib_multipath_use_neigh=0");
	census(w.net, n);
	expect_share(n[12], 50);
}

/* Unlike down, gone is for ever: a route that names the device goes whole. */
WEIR_TEST(multipath, a_device_that_is_gone_takes_the_route_along)
{
	struct world w = world_new();

	CTL(w.net, "ip link add link eth0 name v type vlan id 5");
	CTL(w.net, "ip addr add 10.5.0.1/24 dev v");
	CTL(w.net, "ip link set v up");
	CTL(w.net, "ip route add default nexthop via 10.0.0.2 nexthop via 10.5.0.2");
	CTL(w.net, "ip link del v");
	cr_assert_str_eq(CTL(w.net, "ip route show default"), "");
	cr_assert_eq(hop(w.net, (struct flowi4){.daddr = A(172, 16, 0, 1)}), 0);
}

/* Forwarded flows divide too, keep their ways, and come in anywhere for the reverse path filter. */
WEIR_TEST(multipath, forwarded)
{
	struct net *net = stack_new();
	struct nic *in = nic_new(net, "10.2.0.1/24");
	struct nic *out[2] = {nic_new(net, "10.0.0.1/24"), nic_new(net, "10.1.0.1/24")};
	unsigned int n[2] = {0};

	CTL(net, "sysctl -w net.ipv4.ip_forward=1");
	CTL(net, "ip route add 172.16.0.0/12 nexthop via 10.0.0.2 nexthop via 10.1.0.2");
	for (u32 i = 0; i < 200; i++) {
		unsigned int sent[2];
		be32 dst = A(172, 16, 0, 0) | cpu_to_be32(i / 2);

		nic_inject(in, &UDP4(A(10, 2, 0, 2), 1, dst, 2, .len = 8));
		for (int k = 0; k < 2; k++)
			sent[k] = nic_sent(out[k]);
		cr_assert_eq(sent[0] + sent[1], 1);
		n[1] += sent[1];
		n[0] += i % 2 && sent[1];
		nic_forget(out[0]);
		nic_forget(out[1]);
	}
	cr_assert(n[1] > 50 && n[1] < 150, "%u of 200", n[1]);
	cr_assert_eq(n[1], 2 * n[0], "each flow's second packet goes as its first");
	CTL(net, "sysctl -w net.ipv4.conf.all.rp_filter=1");
	for (int k = 0; k < 2; k++) {
		nic_inject(out[k], &ECHO(A(172, 16, 0, 9), A(10, 2, 0, 1), 1, 1));
		nic_forget(out[k]);
	}
	EXPECT_DROPS(net, IP_RPFILTER, 0);
}

/* ---- the whole FIB against a list searched from end to end */

#define MANY 400

struct entry {
	be32 dst;
	u8 len;
	u32 metric, gw;
};

static struct entry table[MANY];
static unsigned int count;

static struct entry random_entry(void)
{
	struct entry e = {.len = rnd_below(25) + 8, .metric = rnd_below(3), .gw = 2 + rnd_below(4)};

	e.dst = cpu_to_be32(((u32)(172 + rnd_below(3)) << 24 | rnd_below(4) << 22 |
			     rnd_below(8) << 8 | rnd_below(4)) &
			    ~0U << (32 - e.len));
	return e;
}

static unsigned int find(struct entry e)
{
	unsigned int i = 0;

	while (i < count &&
	       (table[i].dst != e.dst || table[i].len != e.len || table[i].metric != e.metric))
		i++;
	return i;
}

static u32 best_gw(be32 dst)
{
	const struct entry *best = NULL;

	for (unsigned int i = 0; i < count; i++) {
		const struct entry *e = &table[i];

		if ((dst ^ e->dst) & inet_make_mask(e->len))
			continue;
		if (!best || e->len > best->len ||
		    (e->len == best->len && e->metric < best->metric))
			best = e;
	}
	return best ? best->gw : 0;
}

static void change_something(struct net *net)
{
	struct entry e = random_entry();
	unsigned int i = find(e);
	struct fib_route r = {.dst = e.dst, .dst_len = e.len, .metric = e.metric};
	int err;

	r.gw = A(10, 0, 0, e.gw);
	plat_bh_disable();
	if (rnd_below(3)) {
		host_fail_alloc(rnd_below(4) ? 0 : 1 + rnd_below(4));
		err = fib_add(net, &r, rnd_below(2) ? FIB_ADD : FIB_REPLACE);
		host_fail_alloc(0);
		if (!err && i == count)
			table[count++] = e;
		else if (!err)
			table[i] = e;
	} else {
		r.gw = 0;
		if (!r.metric) { /* 0 means any to a deletion: the lowest goes */
			for (i = 0; i < count; i++) {
				unsigned int k = find((struct entry){e.dst, e.len, i, 0});

				if (i < 3 && k < count) {
					r.metric = i;
					break;
				}
			}
			i = find((struct entry){e.dst, e.len, r.metric, 0});
		}
		err = fib_del(net, &r);
		cr_assert_eq(err, i < count ? 0 : -ESRCH);
		if (!err)
			table[i] = table[--count];
	}
	plat_bh_enable();
}

WEIR_TEST(fib, against_a_naive_list, .timeout = 120)
{
	struct world w = world_new();
	u32 before = fib_count(w.net);

	count = 0;
	for (int round = 0; round < 6000; round++) {
		be32 dst;

		if (count < MANY)
			change_something(w.net);
		cr_assert_eq(fib_count(w.net), before + count);
		dst = count && rnd_below(2) ? table[rnd_below(count)].dst : random_entry().dst;
		cr_assert_eq(hop(w.net, (struct flowi4){.daddr = dst}), best_gw(dst), "round %d",
			     round);
		if (round % 1500 == 1499) {
			if (round < 4000) {
				CTL(w.net, "ip link set eth0 down");
				CTL(w.net, "ip link set eth0 up");
			} else {
				CTL(w.net, "ip route flush root 172.0.0.0/6 via 10.0.0.2");
				CTL(w.net, "ip route flush root 172.0.0.0/6");
			}
			count = 0;
		}
	}
}

/* Equal routes share; what shares nothing is found again after the table of them has grown. */
WEIR_TEST(fib, many_routes_come_and_go)
{
	struct world w = world_new();
	u32 before = fib_count(w.net);
	struct fib_route r = {.dst_len = 32, .gw = A(10, 0, 0, 2)};

	for (u32 i = 0; i < 20000; i++) {
		r.dst = A(172, 16, 0, 0) | cpu_to_be32(i);
		r.metric = i % 1000;
		plat_bh_disable();
		cr_assert_eq(fib_add(w.net, &r, FIB_ADD), 0);
		cr_assert_eq(fib_add(w.net, &r, FIB_APPEND), -EEXIST);
		plat_bh_enable();
	}
	cr_assert_eq(fib_count(w.net), before + 20000);
	CTL(w.net, "ip route flush root 172.16.0.0/12 metric 7");
	cr_assert_eq(fib_count(w.net), before + 19980);
	CTL(w.net, "ip link set eth0 down");
	cr_assert_lt(fib_count(w.net), before);
}

WEIR_TEST(multipath, every_allocation_may_fail)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct net *net = stack_new();
		struct nic *nic = net ? nic_new(net, "10.0.0.1/24") : NULL;

		if (!nic)
			continue;
		ctl(net, NULL, "ip route add default nexthop via 10.0.0.2 nexthop via 10.0.0.3");
		ctl(net, NULL, "ip route append default nexthop via 10.0.0.4 nexthop via 10.0.0.3");
		ctl(net, NULL, "ip route replace default via 10.0.0.5");
		ctl(net, NULL, "ip route show");
		ctl(net, NULL, "ip route get fibmatch 8.8.8.8");
		ctl(net, NULL, "ip link set eth0 down");
	}
}
