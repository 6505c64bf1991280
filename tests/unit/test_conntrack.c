/* SPDX-License-Identifier: MIT */
/* Connections: how they begin, last and end; the table; limits. TCP's states are in test_conntrack_tcp.c. */
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "tests/unit/ct_wire.h"

static struct ct_world w;

static struct nf_ct_net *ctn(void)
{
	return w.net->ct;
}

static int get(void)
{
	int err;

	plat_bh_disable();
	err = nf_ct_netns_get(w.net);
	plat_bh_enable();
	return err;
}

static void put(void)
{
	plat_bh_disable();
	nf_ct_netns_put(w.net);
	plat_bh_enable();
}

static void begin(void)
{
	w = ct_router();
	cr_assert_eq(get(), 0);
}

static void end(void)
{
	put();
	EXPECT_NO_SKBS(w.net);
}

static void request(u16 port)
{
	nic_inject(w.in, &UDP4(INSIDE, port, OUTSIDE, 53, .len = 8));
	nic_forget(w.out);
}

static void answer(u16 port)
{
	nic_inject(w.out, &UDP4(OUTSIDE, 53, INSIDE, port, .len = 8));
	nic_forget(w.in);
}

WEIR_TEST(conntrack, nothing_is_tracked_until_somebody_asks)
{
	w = ct_router();
	request(1000);
	cr_assert_eq(nf_conntrack_count(w.net), 0);
	cr_assert_null(w.net->hooks[NF_INET_PRE_ROUTING]);
	cr_assert_eq(get(), 0);
	request(1000);
	cr_assert_eq(nf_conntrack_count(w.net), 1);
	put();
	cr_assert_null(w.net->hooks[NF_INET_PRE_ROUTING]);
	cr_assert_eq(nf_conntrack_count(w.net), 0);
}

WEIR_TEST(conntrack, a_udp_flow_is_answered_and_becomes_a_stream)
{
	struct nf_conn *ct;

	begin();
	CTL(w.net, "sysctl -w net.netfilter.nf_conntrack_acct=1");
	request(1000);
	ct = ct_only(w.net);
	cr_assert_eq(ct->status, IPS_CONFIRMED);
	cr_assert_eq(nf_ct_expires(ct), 30);
	host_advance(NSEC_PER_SEC);
	answer(1000);
	cr_assert_eq(ct->status, IPS_CONFIRMED | IPS_SEEN_REPLY);
	host_advance(2 * NSEC_PER_SEC);
	request(1000);
	cr_assert_eq(ct->status, IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED);
	cr_assert_eq(nf_ct_expires(ct), 120);
	cr_assert_eq(ct->acct[0].packets, 2);
	cr_assert_eq(ct->acct[0].bytes, 2 * 36);
	cr_assert_eq(ct->acct[1].packets, 1);
	host_advance(119 * NSEC_PER_SEC);
	cr_assert_eq(ct_only(w.net), ct);
	host_advance(3 * NSEC_PER_SEC);
	cr_assert_null(ct_only(w.net));
	cr_assert_eq(nf_conntrack_count(w.net), 0);
	end();
}

WEIR_TEST(conntrack, an_expired_connection_is_not_found_before_it_is_collected)
{
	begin();
	request(1000);
	answer(1000);
	cr_assert_eq(ct_only(w.net)->status, IPS_CONFIRMED | IPS_SEEN_REPLY);
	ct_only(w.net)->timeout = ct_ticks(plat_now());
	request(1000);
	cr_assert_eq(ct_only(w.net)->status, IPS_CONFIRMED);
	end();
}

WEIR_TEST(conntrack, ping_is_a_connection_and_a_stray_answer_is_none)
{
	begin();
	nic_inject(w.in, &ECHO_REPLY(INSIDE, OUTSIDE, 7, 1));
	cr_assert_null(ct_only(w.net));
	cr_assert_eq(ctn()->stat.invalid, 1);
	nic_inject(w.in, &ECHO(INSIDE, OUTSIDE, 7, 1));
	nic_inject(w.out, &ECHO_REPLY(OUTSIDE, INSIDE, 7, 1));
	cr_assert_eq(ct_only(w.net)->status, IPS_CONFIRMED | IPS_SEEN_REPLY);
	nic_inject(w.in, &ECHO(INSIDE, ROUTER, 8, 1));
	cr_assert_eq(ct_many(w.net), 2);
	end();
}

WEIR_TEST(conntrack, what_is_dropped_on_the_way_leaves_nothing)
{
	begin();
	CTL(w.net, "ip route add blackhole 10.9.0.0/16");
	nic_inject(w.in, &UDP4(INSIDE, 1000, IP4(10, 9, 0, 1), 53));
	nic_inject(w.in, &UDP4(INSIDE, 1000, OUTSIDE, 53, .ip.ttl = 1));
	cr_assert_eq(nf_conntrack_count(w.net), 0);
	nic_inject(w.in, &UDP4(INSIDE, 1000, OUTSIDE, 53, .udp.bad_csum = 1));
	cr_assert_eq(nf_conntrack_count(w.net), 0);
	cr_assert_eq(ctn()->stat.invalid, 1);
	CTL(w.net, "sysctl -w net.netfilter.nf_conntrack_checksum=0");
	nic_inject(w.in, &UDP4(INSIDE, 1000, OUTSIDE, 53, .udp.bad_csum = 1));
	cr_assert_eq(nf_conntrack_count(w.net), 1);
	end();
}

/* Every connection by both of its tuples, through resizing, deleting and expiring. */
WEIR_TEST(conntrack, the_table_finds_all_of_many)
{
	begin();
	CTL(w.net, "sysctl -w net.netfilter.nf_conntrack_max=10000");
	CTL(w.net, "sysctl -w net.netfilter.nf_conntrack_buckets=16");
	for (u16 port = 1; port <= 3000; port++)
		request(port);
	CTL(w.net, "sysctl -w net.netfilter.nf_conntrack_buckets=3000");
	for (u16 port = 1; port <= 3000; port++) {
		struct nf_conn *ct = ct_look(w.net, 17, INSIDE, port, OUTSIDE, 53);

		cr_assert_not_null(ct);
		cr_assert_eq(ct_look(w.net, 17, OUTSIDE, 53, INSIDE, port), ct);
		if (port % 3)
			continue;
		plat_bh_disable();
		nf_ct_delete(w.net, ct, 0);
		plat_bh_enable();
	}
	CTL(w.net, "sysctl -w net.netfilter.nf_conntrack_buckets=1");
	for (u16 port = 1; port <= 3000; port++)
		cr_assert_eq(!ct_look(w.net, 17, OUTSIDE, 53, INSIDE, port), port % 3 == 0);
	cr_assert_eq(ct_many(w.net), 2000);
	host_advance(100 * NSEC_PER_SEC);
	cr_assert_eq(nf_conntrack_count(w.net), 0);
	cr_assert_eq(ctn()->table.nr_lines - ctn()->table.nr_main > 0, 1);
	end();
}

/* Lines that the longest bucket goes on in. */
static u32 longest_bucket(void)
{
	const struct ct_table *t = &ctn()->table;
	u32 most = 0;

	for (u32 i = 0; i < t->nr_main; i++) {
		u32 n = 1, at = i;

		while ((at = t->seg[at / CT_SEG_LINES][at % CT_SEG_LINES].next))
			n++;
		most = max(most, n);
	}
	return most;
}

#define CHOSEN 600

/* Who knows the hash but not the key finds flows for one bucket of his own table, and not of ours. */
WEIR_TEST(conntrack, flows_chosen_without_the_key_are_spread, .timeout = 60)
{
	struct nf_conntrack_tuple t[CHOSEN];
	struct siphash_key secret;
	u32 n = 0;

	begin();
	CTL(w.net, "sysctl -w net.netfilter.nf_conntrack_buckets=1280");
	cr_assert_eq(ctn()->table.nr_main, 257);
	secret = ctn()->key;
	ctn()->key = (struct siphash_key){{0, 0}};
	while (n < CHOSEN) {
		t[n] = (struct nf_conntrack_tuple){.src = cpu_to_be32(0x0a000000 |
								      rnd_below(1 << 24)),
						   .dst = OUTSIDE,
						   .sport = rnd(),
						   .dport = CPU_TO_BE16(53)};
		n += (ct_hash(ctn(), &t[n], 17) >> 32) * 257 >> 32 == 7;
	}
	for (u32 known = 2; known--;) {
		if (!known)
			ctn()->key = secret;
		for (n = 0; n < CHOSEN; n++)
			nic_inject(w.in, &UDP4(t[n].src, be16_to_cpu(t[n].sport), OUTSIDE, 53));
		nic_forget(w.out);
		cr_assert_gt(ct_many(w.net), CHOSEN - 10, "but for what chance has made twice");
		if (known)
			cr_assert_gt(longest_bucket(), CHOSEN / CT_LINE_SLOTS - 2,
				     "he has found them");
		else
			cr_assert_lt(longest_bucket(), 4);
		CTL(w.net, "conntrack -F");
	}
	end();
}

WEIR_TEST(conntrack, a_full_table_lets_the_assured_live)
{
	struct nf_conn *assured;

	begin();
	CTL(w.net, "sysctl -w net.netfilter.nf_conntrack_max=100");
	CTL(w.net, "sysctl -w net.netfilter.nf_conntrack_buckets=20");
	request(9);
	answer(9);
	host_advance(3 * NSEC_PER_SEC);
	request(9);
	assured = ct_look(w.net, 17, INSIDE, 9, OUTSIDE, 53);
	cr_assert(assured->status & IPS_ASSURED);
	for (u16 port = 1000; port < 2000; port++)
		request(port);
	cr_assert_eq(nf_conntrack_count(w.net), 100);
	cr_assert_eq(ctn()->stat.early_drop, 901);
	cr_assert_eq(ct_look(w.net, 17, INSIDE, 9, OUTSIDE, 53), assured);
	for (u32 cursor = 0; (assured = nf_ct_next(w.net, &cursor));)
		assured->status |= IPS_ASSURED;
	request(3000);
	cr_assert_null(ct_look(w.net, 17, INSIDE, 3000, OUTSIDE, 53));
	EXPECT_DROPS(w.net, NF_CONNTRACK_FULL, 1);
	cr_assert_eq(ctn()->stat.drop, 1);
	end();
}

WEIR_TEST(conntrack, an_error_is_related_if_it_goes_where_the_packet_came_from)
{
	u8 quote[28];
	struct pkt inner = UDP4(INSIDE, 1000, OUTSIDE, 53, .len = 8);
	u8 frame[PKT_MAX];
	u64 errors;

	begin();
	request(1000);
	pkt_build(&inner, frame);
	memcpy(quote, frame + 14, sizeof(quote));
	errors = ctn()->stat.error;
	nic_inject(w.out, &ICMP4(OUTSIDE, INSIDE, 3, 3, .data = quote, .len = sizeof(quote)));
	cr_assert_eq(ctn()->stat.error, errors);
	nic_inject(w.out,
		   &ICMP4(OUTSIDE, IP4(10, 0, 1, 9), 3, 3, .data = quote, .len = sizeof(quote)));
	cr_assert_eq(ctn()->stat.error, errors + 1);
	nic_inject(w.out, &ICMP4(OUTSIDE, INSIDE, 3, 3, .data = quote, .len = 20));
	cr_assert_eq(ctn()->stat.error, errors + 2);
	cr_assert_eq(ct_only(w.net)->status, IPS_CONFIRMED);
	end();
}

struct told {
	struct nf_ct_listener l;
	u32 events[16], n;
};

static void note(struct nf_ct_listener *l, struct nf_conn *ct, u32 events)
{
	struct told *t = container_of(l, struct told, l);

	(void)ct;
	if (t->n < 16)
		t->events[t->n++] = events;
}

WEIR_TEST(conntrack, listeners_hear_of_each_change_once)
{
	struct told t = {.l.fn = note};

	begin();
	plat_bh_disable();
	nf_ct_listen(w.net, &t.l);
	plat_bh_enable();
	request(1000);
	answer(1000);
	host_advance(3 * NSEC_PER_SEC);
	request(1000);
	request(1000);
	host_advance(122 * NSEC_PER_SEC);
	cr_assert_eq(t.n, 4);
	cr_assert_eq(t.events[0], IPCT_NEW);
	cr_assert_eq(t.events[1], IPCT_REPLY);
	cr_assert_eq(t.events[2], IPCT_ASSURED);
	cr_assert_eq(t.events[3], IPCT_DESTROY);
	plat_bh_disable();
	nf_ct_unlisten(&t.l);
	plat_bh_enable();
	end();
}

WEIR_TEST(conntrack, a_packet_that_waits_may_lose_its_connection)
{
	struct sk_buff *skb;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;

	begin();
	request(1000);
	ct = ct_only(w.net);
	plat_bh_disable();
	skb = alloc_skb(w.net, 100);
	nf_ct_set(skb, ct, IP_CT_ESTABLISHED_REPLY);
	cr_assert_eq(nf_ct_get(skb, &ctinfo), ct);
	cr_assert_eq(ctinfo, IP_CT_ESTABLISHED_REPLY);
	nf_ct_delete(w.net, ct, 0);
	cr_assert_eq(nf_ct_get(skb, &ctinfo), ct);
	plat_bh_enable();
	host_run();
	cr_assert_null(nf_ct_get(skb, &ctinfo));
	plat_bh_disable();
	consume_skb(skb);
	plat_bh_enable();
	end();
}

WEIR_TEST(conntrack, every_allocation_may_fail)
{
	FOR_EACH_FAILING_ALLOC
	{
		w = ct_router();
		if (!w.net || get())
			continue;
		for (u16 port = 1; port < 100; port++) {
			request(port);
			answer(port);
		}
		put();
	}
}
