/* SPDX-License-Identifier: MIT */
/* The five hooks: who passes which, in what order, and what each verdict does. */
#include <stdio.h>
#include <string.h>

#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/netfilter.h"
#include "net/wire/icmp_hdr.h"
#include "tests/unit/harness.h"

#define PEER   IP4(10, 0, 1, 2)
#define ROUTER IP4(10, 0, 1, 1)
#define FAR    IP4(10, 0, 2, 2)

/* A function at every hook that notes who came by and does as it is told. */
struct probe {
	struct nf_hook_ops ops[NF_INET_NUMHOOKS];
	u32 verdict[NF_INET_NUMHOOKS]; /* 0 (NF_DROP): see act */
	bool act[NF_INET_NUMHOOKS];    /* give that verdict; else NF_ACCEPT */
	u32 calls[NF_INET_NUMHOOKS];
	u32 repeats; /* so often NF_REPEAT, then NF_ACCEPT */
	char way[64];
	struct sk_buff *stolen;
};

static struct net *net;
static struct nic *near, *far;
static struct probe probe;

static const char *device(const struct net_device *dev)
{
	return dev ? dev->name + 3 : "-";
}

/* "P0-" is PRE_ROUTING, in eth0, no out. */
static u32 probe_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct probe *p = priv;
	size_t n = strlen(p->way);

	cr_assert_eq(state->net, net);
	snprintf(p->way + n, sizeof(p->way) - n, "%c%s%s ", "PIFOX"[state->hook], device(state->in),
		 device(state->out));
	p->calls[state->hook]++;
	if (!p->act[state->hook])
		return NF_ACCEPT;
	if (p->verdict[state->hook] == NF_STOLEN)
		p->stolen = skb;
	if (p->verdict[state->hook] == NF_REPEAT && !p->repeats--)
		return NF_ACCEPT;
	return p->verdict[state->hook];
}

static void router(void)
{
	net = router_new(&near, &far);
	memset(&probe, 0, sizeof(probe));
	for (unsigned int i = 0; i < NF_INET_NUMHOOKS; i++)
		probe.ops[i] =
			(struct nf_hook_ops){.hook = probe_hook, .priv = &probe, .hooknum = i};
	cr_assert_eq(nf_register_net_hooks(net, probe.ops, NF_INET_NUMHOOKS), 0);
}

static void done(void)
{
	nf_unregister_net_hooks(net, probe.ops, NF_INET_NUMHOOKS);
	EXPECT_NO_SKBS(net);
}

static void echo(void)
{
	probe.way[0] = 0;
	nic_inject(near, &ECHO(PEER, ROUTER, 1, 1, .len = 8));
}

static void forward(void)
{
	probe.way[0] = 0;
	nic_inject(near, &UDP4(PEER, 999, FAR, 53, .len = 8));
}

WEIR_TEST(nf_hook, every_packet_passes_its_hooks_with_its_devices)
{
	router();
	echo();
	cr_assert_str_eq(probe.way, "P0- I0- O-0 X-0 ");
	EXPECT_PKT(near, &ECHO_REPLY(ROUTER, PEER, 1, 1));
	forward();
	cr_assert_str_eq(probe.way, "P0- F01 X01 ");
	EXPECT_PKT(far, &UDP4(PEER, 999, FAR, 53));
	done();
}

WEIR_TEST(nf_hook, a_drop_at_any_hook_ends_it)
{
	static const char *const ways[] = {"P0- ", "P0- I0- ", "P0- F01 ", "P0- I0- O-0 ",
					   "P0- F01 X01 "};

	router();
	for (unsigned int i = 0; i < NF_INET_NUMHOOKS; i++) {
		u64 before = drops(net, SKB_DROP_REASON_NETFILTER_DROP);

		memset(probe.act, 0, sizeof(probe.act));
		probe.act[i] = true;
		probe.verdict[i] = NF_DROP;
		if (i == NF_INET_LOCAL_IN || i == NF_INET_LOCAL_OUT)
			echo();
		else
			forward();
		cr_assert_str_eq(probe.way, ways[i]);
		EXPECT_NOTHING(near);
		EXPECT_NOTHING(far);
		EXPECT_DROPS(net, NETFILTER_DROP, before + 1);
	}
	probe.verdict[NF_INET_POST_ROUTING] = NF_DROP_REASON(SKB_DROP_REASON_IP_RPFILTER);
	forward();
	EXPECT_DROPS(net, IP_RPFILTER, 1);
	done();
}

WEIR_TEST(nf_hook, a_stolen_packet_is_the_functions)
{
	router();
	probe.act[NF_INET_FORWARD] = true;
	probe.verdict[NF_INET_FORWARD] = NF_STOLEN;
	forward();
	EXPECT_NOTHING(far);
	cr_assert_not_null(probe.stolen);
	cr_assert_eq(net_skbs_in_use(net), 1);
	plat_bh_disable();
	consume_skb(probe.stolen);
	plat_bh_enable();
	done();
}

WEIR_TEST(nf_hook, repeat_calls_the_same_function_again)
{
	router();
	probe.act[NF_INET_FORWARD] = true;
	probe.verdict[NF_INET_FORWARD] = NF_REPEAT;
	probe.repeats = 3;
	forward();
	cr_assert_eq(probe.calls[NF_INET_FORWARD], 4);
	cr_assert_str_eq(probe.way, "P0- F01 F01 F01 F01 X01 ");
	EXPECT_PKT(far, &UDP4(PEER, 999, FAR, 53));
	done();
}

/* --- order --- */

static char order[8];

static u32 note_order(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	(void)skb;
	(void)state;
	strcat(order, priv);
	return NF_ACCEPT;
}

WEIR_TEST(nf_hook, functions_run_by_priority_then_by_registration)
{
	static char a[] = "a", b[] = "b", c[] = "c", d[] = "d";
	const struct nf_hook_ops ops[] = {
		{note_order, c, NF_INET_PRE_ROUTING, NF_IP_PRI_FILTER},
		{note_order, a, NF_INET_PRE_ROUTING, NF_IP_PRI_CONNTRACK_DEFRAG},
		{note_order, d, NF_INET_PRE_ROUTING, NF_IP_PRI_FILTER},
		{note_order, b, NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST},
	};

	router();
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		cr_assert_eq(nf_register_net_hook(net, &ops[i]), 0);
	echo();
	cr_assert_str_eq(order, "abcd");
	nf_unregister_net_hook(net, &ops[3]);
	order[0] = 0;
	echo();
	cr_assert_str_eq(order, "acd");
	nf_unregister_net_hooks(net, ops, 3);
	order[0] = 0;
	echo();
	cr_assert_str_eq(order, "");
	nic_forget(near);
	done();
}

WEIR_TEST(nf_hook, registering_all_or_none)
{
	const struct nf_hook_ops bad[] = {
		{.hook = note_order, .hooknum = NF_INET_LOCAL_IN},
		{.hook = note_order, .hooknum = NF_INET_NUMHOOKS},
	};
	static char x[] = "x";

	FOR_EACH_FAILING_ALLOC
	{
		struct nf_hook_ops good[] = {
			{note_order, x, NF_INET_LOCAL_IN, 0},
			{note_order, x, NF_INET_LOCAL_IN, 1},
		};
		int error;

		net = stack_new();
		near = net ? nic_new(net, "10.0.1.1/24") : NULL;
		if (!near)
			continue;
		cr_assert_lt(nf_register_net_hooks(net, bad, 2), 0);
		error = nf_register_net_hooks(net, good, 2);
		cr_assert(!error || error == -ENOMEM);
		order[0] = 0;
		nic_inject(near, &ECHO(PEER, ROUTER, 1, 1));
		if (!host_alloc_failed())
			cr_assert_str_eq(order, "xx");
		else if (error)
			cr_assert_str_eq(order, "");
		if (!error)
			nf_unregister_net_hooks(net, good, 2);
		nic_forget(near);
	}
}

/* --- NF_QUEUE --- */

static struct nf_queue_entry *queued[4];
static int nr_queued, queue_error;

static int take(void *priv, struct nf_queue_entry *entry)
{
	cr_assert_eq(priv, &nr_queued);
	if (queue_error)
		return queue_error;
	queued[nr_queued++] = entry;
	return 0;
}

/* Gives back what a leaving function had queued. */
static void flush(void *priv, const struct nf_hook_ops *ops, const struct net_device *dev)
{
	(void)priv;
	(void)dev;
	for (int i = 0; i < nr_queued; i++) {
		if (queued[i] && (!ops || queued[i]->at == ops)) {
			nf_reinject(queued[i], NF_DROP);
			queued[i] = NULL;
		}
	}
}

static void queue_forwarded(void)
{
	router();
	nr_queued = queue_error = 0;
	probe.act[NF_INET_FORWARD] = true;
	probe.verdict[NF_INET_FORWARD] = NF_QUEUE_NR(7);
}

static void reinject(int i, u32 verdict)
{
	struct nf_queue_entry *entry = queued[i];

	queued[i] = NULL;
	plat_bh_disable();
	nf_reinject(entry, verdict);
	plat_bh_enable();
	host_run();
}

WEIR_TEST(nf_hook, without_a_handler_queued_means_dropped)
{
	queue_forwarded();
	forward();
	EXPECT_NOTHING(far);
	EXPECT_DROPS(net, NF_QUEUE_NONE, 1);
	done();
}

/* Its verdict begins a stretch: who asks on its way is not told the time of the one before. */
WEIR_TEST(nf_hook, a_queued_packet_goes_on_later)
{
	queue_forwarded();
	nf_register_queue_handler(net, take, flush, &nr_queued);
	forward();
	(void)net_now(net);
	host_advance(NSEC_PER_MSEC);
	reinject(0, NF_ACCEPT);
	cr_assert_eq(net_now(net), plat_now());
	EXPECT_PKT(far, &UDP4(PEER, 999, FAR, 53));
	nf_register_queue_handler(net, NULL, NULL, NULL);
	done();
}

WEIR_TEST(nf_hook, a_queued_packet_goes_on_behind_the_function)
{
	queue_forwarded();
	nf_register_queue_handler(net, take, flush, &nr_queued);
	for (int i = 0; i < 3; i++)
		forward();
	cr_assert_eq(nr_queued, 3);
	cr_assert_eq(queued[0]->queuenum, 7);
	cr_assert_eq(queued[0]->at, &probe.ops[NF_INET_FORWARD]);
	EXPECT_NOTHING(far);

	probe.way[0] = 0;
	reinject(0, NF_ACCEPT);
	cr_assert_str_eq(probe.way, "X01 ");
	EXPECT_PKT(far, &UDP4(PEER, 999, FAR, 53));

	reinject(1, NF_DROP);
	EXPECT_NOTHING(far);
	EXPECT_DROPS(net, NETFILTER_DROP, 1);

	probe.act[NF_INET_FORWARD] = false;
	probe.way[0] = 0;
	reinject(2, NF_REPEAT);
	cr_assert_str_eq(probe.way, "F01 X01 ");
	EXPECT_PKT(far, &UDP4(PEER, 999, FAR, 53));
	nf_register_queue_handler(net, NULL, NULL, NULL);
	done();
}

WEIR_TEST(nf_hook, a_full_queue_drops)
{
	queue_forwarded();
	nf_register_queue_handler(net, take, flush, &nr_queued);
	queue_error = -ENOBUFS;
	forward();
	EXPECT_NOTHING(far);
	EXPECT_DROPS(net, NF_QUEUE_FULL, 1);
	nf_register_queue_handler(net, NULL, NULL, NULL);
	done();
}

WEIR_TEST(nf_hook, what_a_leaving_function_queued_is_dropped)
{
	queue_forwarded();
	nf_register_queue_handler(net, take, flush, &nr_queued);
	forward();
	forward();
	cr_assert_eq(net_skbs_in_use(net), 2);
	done();
	nf_register_queue_handler(net, NULL, NULL, NULL);
}
