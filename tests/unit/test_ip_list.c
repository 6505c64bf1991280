/* SPDX-License-Identifier: MIT */
/* Packets that come together: each passes what it would pass alone, and in its place. */
#include <stdio.h>
#include <string.h>

#include "net/netfilter.h"
#include "net/route.h"
#include "net/wire/icmp_hdr.h"
#include "tests/unit/harness.h"

#define PEER   IP4(10, 0, 1, 2)
#define ROUTER IP4(10, 0, 1, 1)
#define FAR    IP4(10, 0, 2, 2)
#define FAR2   IP4(10, 0, 2, 3)

static struct net *net;
static struct nic *near, *far;

/* What a hook's function sees and does; packets are known by their IP identification. */
static struct {
	struct nf_hook_ops pre, forward;
	char way[256];
	u32 (*decide)(u16 id);
	struct sk_buff *kept[8];
	unsigned int nr_kept;
	struct nf_queue_entry *queued;
	struct dst_entry *dst[64];
	unsigned int nr_dst;
} seen;

static u16 id_of(const struct sk_buff *skb)
{
	const u8 *iph = skb_network_header(skb);

	return iph[4] << 8 | iph[5];
}

static u32 note(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	size_t n = strlen(seen.way);
	u32 verdict = NF_ACCEPT;

	(void)priv;
	snprintf(seen.way + n, sizeof(seen.way) - n, "%c%u ", "PIF"[state->hook], id_of(skb));
	cr_assert(!skb->next && !skb->prev, "a packet belongs to whoever looks at it");
	if (state->hook == NF_INET_PRE_ROUTING && seen.decide)
		verdict = seen.decide(id_of(skb));
	if (verdict == NF_STOLEN)
		seen.kept[seen.nr_kept++] = skb;
	if (state->hook == NF_INET_FORWARD) {
		seen.dst[seen.nr_dst++] = skb->dst;
		rt_cache_flush(net);
	}
	return verdict;
}

static void router(void)
{
	memset(&seen, 0, sizeof(seen));
	net = router_new(&near, &far);
	CTL(net, "sysctl -w net.ipv4.icmp_ratelimit=0");
	nic_inject(near, &UDP4(PEER, 1, FAR2, 2));
	nic_forget(near);
	nic_forget(far);
}

static void watch(u32 (*decide)(u16 id))
{
	seen.decide = decide;
	seen.pre = (struct nf_hook_ops){.hook = note, .hooknum = NF_INET_PRE_ROUTING};
	seen.forward = (struct nf_hook_ops){.hook = note, .hooknum = NF_INET_FORWARD};
	cr_assert_eq(nf_register_net_hook(net, &seen.pre), 0);
	cr_assert_eq(nf_register_net_hook(net, &seen.forward), 0);
}

static void unwatch(void)
{
	nf_unregister_net_hook(net, &seen.pre);
	nf_unregister_net_hook(net, &seen.forward);
	EXPECT_NO_SKBS(net);
}

static void queue_udp(be32 to, u16 id)
{
	nic_queue(near, &UDP4(PEER, 9, to, 9, .ip.id = id, .len = 8));
}

WEIR_TEST(ip_list, of_every_kind_in_one_poll)
{
	router();
	queue_udp(FAR, 1);
	nic_queue(near, &ARP_REQUEST(near->peer, PEER, ROUTER));
	nic_queue(near, &ECHO(PEER, ROUTER, 7, 1));
	queue_udp(FAR2, 2);
	nic_queue(near, &UDP4(PEER, 9, FAR, 9, .ip.bad_csum = 1));
	nic_queue(near, &UDP4(PEER, 9, FAR, 9, .ip.id = 3, .ip.ttl = 1));
	nic_queue(near, &(struct pkt){.ethertype = 0x88b5, .len = 50});
	nic_queue(near, &(struct pkt){.ethertype = 0x88b5, .len = 50});
	queue_udp(FAR, 4);
	host_run();
	EXPECT_PKT(far, &UDP4(PEER, 9, FAR, 9, .ip.id = 1, .ip.ttl = 63));
	EXPECT_PKT(far, &UDP4(PEER, 9, FAR2, 9, .ip.id = 2, .ip.ttl = 63));
	EXPECT_PKT(far, &UDP4(PEER, 9, FAR, 9, .ip.id = 4, .ip.ttl = 63));
	EXPECT_NOTHING(far);
	EXPECT_PKT(near, &ARP_REPLY(near->mac, ROUTER, near->peer, PEER));
	EXPECT_PKT(near, &ECHO_REPLY(ROUTER, PEER, 7, 1));
	EXPECT_PKT(near, &ICMP4(ROUTER, PEER, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL));
	EXPECT_NOTHING(near);
	EXPECT_DROPS(net, IP_CSUM, 1);
	EXPECT_DROPS(net, IP_TTL, 1);
	EXPECT_DROPS(net, UNHANDLED_PROTO, 2);
	EXPECT_NO_SKBS(net);
}

/* Behind functions each packet goes all its way before the next comes to them. */
WEIR_TEST(ip_list, passes_functions_one_by_one)
{
	router();
	watch(NULL);
	queue_udp(FAR, 1);
	queue_udp(FAR2, 2);
	nic_queue(near, &UDP4(PEER, 9, FAR, 9, .ip.version = 5));
	queue_udp(FAR, 3);
	host_run();
	cr_assert_str_eq(seen.way, "P1 F1 P2 F2 P3 F3 ");
	EXPECT_DROPS(net, IP_INHDR, 1);
	cr_assert_eq(nic_sent(far), 3);
	unwatch();
}

static u32 by_number(u16 id)
{
	static const u32 verdicts[] = {NF_ACCEPT, NF_DROP, NF_STOLEN, NF_QUEUE_NR(1)};

	return verdicts[id % 4];
}

static int keep_entry(void *priv, struct nf_queue_entry *entry)
{
	(void)priv;
	if (seen.queued)
		return -1;
	seen.queued = entry;
	return 0;
}

WEIR_TEST(ip_list, functions_drop_steal_and_queue_in_the_middle)
{
	router();
	nf_register_queue_handler(net, keep_entry, NULL, NULL);
	watch(by_number);
	for (u16 id = 1; id <= 9; id++)
		queue_udp(id < 6 ? FAR : FAR2, id);
	host_run();
	cr_assert_str_eq(seen.way, "P1 P2 P3 P4 F4 P5 P6 P7 P8 F8 P9 ");
	EXPECT_PKT(far, &UDP4(PEER, 9, FAR, 9, .ip.id = 4));
	EXPECT_PKT(far, &UDP4(PEER, 9, FAR2, 9, .ip.id = 8));
	EXPECT_NOTHING(far);
	EXPECT_DROPS(net, NETFILTER_DROP, 3);
	EXPECT_DROPS(net, NF_QUEUE_FULL, 1);
	cr_assert_eq(net_skbs_in_use(net), 3, "two stolen, one queued");
	plat_bh_disable();
	nf_reinject(seen.queued, NF_ACCEPT);
	while (seen.nr_kept)
		consume_skb(seen.kept[--seen.nr_kept]);
	plat_bh_enable();
	EXPECT_PKT(far, &UDP4(PEER, 9, FAR, 9, .ip.id = 3));
	nf_register_queue_handler(net, NULL, NULL, NULL);
	unwatch();
}

/* The function at FORWARD voids every decision: who asks anew gets a new one. */
WEIR_TEST(ip_list, a_run_to_one_place_is_routed_once)
{
	router();
	watch(NULL);
	for (u16 id = 0; id < 4; id++)
		queue_udp(FAR, id);
	queue_udp(FAR2, 4);
	queue_udp(FAR, 5);
	nic_queue(near, &UDP4(PEER, 9, FAR, 9, .ip.tos = 8, .len = 8));
	host_run();
	cr_assert_eq(seen.nr_dst, 7);
	for (int i = 1; i < 4; i++)
		cr_assert_eq(seen.dst[i], seen.dst[0]);
	for (int i = 4; i < 7; i++)
		cr_assert_neq(seen.dst[i], seen.dst[i - 1], "packet %d", i);
	unwatch();
}

#define FLOWS 5

/* In bursts of all lengths, up to several polls' worth. */
WEIR_TEST(ip_list, flows_keep_their_order)
{
	u16 sent[FLOWS] = {0}, got[FLOWS] = {0};
	const struct pkt *p;

	router();
	for (u32 burst = 1; burst < 200; burst += 1 + rnd_below(30)) {
		for (u32 i = 0; i < burst; i++) {
			u32 flow = rnd_below(FLOWS);

			nic_queue(near, &UDP4(PEER, 100 + flow, flow % 2 ? FAR : FAR2, 9,
					      .ip.id = ++sent[flow], .len = rnd_below(100)));
		}
		host_run();
		while ((p = nic_next(far)))
			cr_assert_eq(p->ip.id, ++got[p->udp.sport - 100]);
	}
	cr_assert_eq(memcmp(sent, got, sizeof(sent)), 0);
	EXPECT_NO_SKBS(net);
}
