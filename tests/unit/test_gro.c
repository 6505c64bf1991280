/* SPDX-License-Identifier: MIT */
/*
 * Receive offload, end to end: a router that puts segments together and cuts them again must send what came, byte for byte
 * (but for the hop), whatever came; a host that puts them together must read what was sent.
 */
#include <stdlib.h>
#include <string.h>

#include "net/core/net_namespace.h"
#include "net/snmp.h"
#include "net/wire/eth_hdr.h"
#include "net/wire/ipv4_hdr.h"
#include "net/wire/tcp_hdr.h"
#include "tests/unit/harness.h"

#define PEER      IP4(10, 0, 1, 2)
#define FAR       IP4(10, 0, 2, 2)
#define FLOWS     4
#define BURST     60
#define MAX_FRAME 1514

static struct net *net;
static struct nic *near, *far;

static void router(void)
{
	net = router_new(&near, &far);
	near->dev->features |= NETIF_F_GRO;
}

/* One sender's state; what it sends next follows from it, mostly. */
struct flow {
	u32 seq, ack, mss, tsval;
	u16 id, window;
	u8 ttl, tos, flags;
	bool fixed_id, df;
};

struct kept {
	u32 len;
	u8 bytes[MAX_FRAME];
};

static struct flow flows[FLOWS];
static struct kept sent[FLOWS][BURST];
static u32 nr_sent[FLOWS];

static void flow_begin(struct flow *f)
{
	*f = (struct flow){.seq = rnd(),
			   .ack = rnd(),
			   .mss = 50 + rnd_below(1398),
			   .tsval = rnd(),
			   .id = rnd(),
			   .window = rnd(),
			   .ttl = 2 + rnd_below(200),
			   .tos = rnd_below(4),
			   .flags = TCP_ACK,
			   .fixed_id = rnd() & 1,
			   .df = rnd() & 1};
}

/* Now and then something else changes. */
static void vary(struct flow *f)
{
	switch (rnd_below(40)) {
	case 0:
		f->window++;
		break;
	case 1:
		f->ack += 100;
		break;
	case 2:
		f->ttl++;
		break;
	case 3:
		f->tos ^= 1;
		break;
	case 4:
		f->id += 7;
		break;
	case 5:
		f->seq += 1000;
		break;
	case 6:
		f->seq -= 1000;
		break;
	case 7:
		f->tsval++;
		break;
	case 8:
		f->flags ^= TCP_ECE;
		break;
	case 9:
		f->df = !f->df;
		break;
	case 10:
		f->fixed_id = !f->fixed_id;
		break;
	}
}

static u8 odd_flags(void)
{
	static const u8 odd[] = {TCP_PSH, TCP_FIN, TCP_PSH | TCP_FIN, TCP_SYN, TCP_RST,
				 TCP_URG, TCP_CWR};
	u32 n = rnd_below(80);

	return n < ARRAY_SIZE(odd) ? odd[n] : 0;
}

/* The flow's next frame. */
static u32 next_frame(struct flow *f, u32 port, u8 *out)
{
	u32 n = rnd_below(12) ? f->mss : rnd_below(f->mss + 1), tlen = TCP_HLEN + 12;
	struct iphdr iph = {.ver_ihl = 0x45,
			    .tos = f->tos,
			    .tot_len = cpu_to_be16(20 + tlen + n),
			    .id = cpu_to_be16(f->id),
			    .frag_off = f->df ? CPU_TO_BE16(IP_DF) : 0,
			    .ttl = f->ttl,
			    .protocol = 6,
			    .saddr = PEER,
			    .daddr = FAR};
	struct tcphdr th = {.source = cpu_to_be16(1000 + port),
			    .dest = 2000,
			    .seq = cpu_to_be32(f->seq),
			    .ack_seq = cpu_to_be32(f->ack),
			    .doff = 8 << 4,
			    .flags = f->flags | odd_flags(),
			    .window = f->window};
	u8 *ip = out + ETH_HLEN, *tcp = ip + 20, opt[12] = {1, 1, 8, 10};

	mac_bytes(near->mac, out);
	mac_bytes(near->peer, out + 6);
	out[12] = 8;
	out[13] = 0;
	memcpy(opt + 4, &f->tsval, 4);
	memset(opt + 8, 0, 4);
	memcpy(ip, &iph, 20);
	iph.check = ip_fast_csum(ip, 5);
	memcpy(ip, &iph, 20);
	memcpy(tcp, &th, 20);
	memcpy(tcp + 20, opt, 12);
	plat_random(tcp + tlen, n);
	th.check = csum_tcpudp_magic(PEER, FAR, tlen + n, 6, csum_partial(tcp, tlen + n, 0));
	if (!rnd_below(60))
		th.check ^= 0x100;
	memcpy(tcp, &th, 20);
	f->seq += n;
	f->id += !f->fixed_id;
	return ETH_HLEN + 20 + tlen + n;
}

static void queue_raw(const u8 *bytes, u32 len)
{
	near->port->deliver(near->port->deliver_arg, frame_new(bytes, len));
}

static u32 burst(void)
{
	u32 total = 0;

	for (u32 i = 0; i < FLOWS; i++)
		nr_sent[i] = 0;
	plat_bh_disable(); /* all of it in one poll */
	for (u32 i = 0; i < BURST; i++) {
		u32 at = rnd_below(FLOWS);
		struct kept *k = &sent[at][nr_sent[at]++];

		vary(&flows[at]);
		k->len = next_frame(&flows[at], at, k->bytes);
		queue_raw(k->bytes, k->len);
		total++;
	}
	plat_bh_enable();
	host_run();
	return total;
}

/* What the router makes of a frame. */
static void one_hop(struct kept *k)
{
	u16 check;

	k->bytes[ETH_HLEN + 8]--;
	memset(k->bytes + ETH_HLEN + 10, 0, 2);
	check = ip_fast_csum(k->bytes + ETH_HLEN, 5);
	memcpy(k->bytes + ETH_HLEN + 10, &check, 2);
}

/* Each flow's frames, in their order. */
static void expect_all(u32 round)
{
	u32 got[FLOWS] = {0};
	struct frame *f, *next;

	list_for_each_entry_safe (f, next, &far->sent, list) {
		u32 at = get_unaligned_be16(f->data + ETH_HLEN + 20) - 1000;
		struct kept *k;

		cr_assert_lt(at, FLOWS);
		cr_assert_lt(got[at], nr_sent[at], "round %u: one too many", round);
		k = &sent[at][got[at]++];
		one_hop(k);
		cr_assert_eq(f->len, k->len, "round %u flow %u frame %u: %u bytes, not %u", round,
			     at, got[at] - 1, f->len, k->len);
		for (u32 i = ETH_HLEN; i < f->len; i++)
			cr_assert_eq(f->data[i], k->bytes[i], "round %u flow %u frame %u byte %u",
				     round, at, got[at] - 1, i);
		list_del(&f->list);
		frame_free(f);
	}
	for (u32 i = 0; i < FLOWS; i++)
		cr_assert_eq(got[i], nr_sent[i], "round %u flow %u: %u of %u", round, i, got[i],
			     nr_sent[i]);
}

WEIR_TEST(gro, what_is_put_together_is_cut_into_the_same)
{
	static const u32 features[] = {0, NETIF_F_HW_CSUM,
				       NETIF_F_HW_CSUM | NETIF_F_TSO | NETIF_F_TSO_ECN};
	u64 frames = 0, before;

	router();
	before = mib(net, IPSTATS_MIB_INPKTS);
	for (u32 round = 0; round < 300; round++) {
		far->dev->features = features[round % ARRAY_SIZE(features)];
		for (u32 i = 0; i < FLOWS; i++)
			if (!rnd_below(4) || !round)
				flow_begin(&flows[i]);
		frames += burst();
		expect_all(round);
	}
	cr_assert_lt((mib(net, IPSTATS_MIB_INPKTS) - before) * 3, frames * 2,
		     "%llu frames, and hardly any were put together", (unsigned long long)frames);
	EXPECT_NO_SKBS(net);
}

WEIR_TEST(gro, off_is_off)
{
	u64 before, frames;

	router();
	near->dev->features &= ~NETIF_F_GRO;
	for (u32 i = 0; i < FLOWS; i++)
		flow_begin(&flows[i]);
	before = mib(net, IPSTATS_MIB_INPKTS);
	frames = burst();
	expect_all(0);
	cr_assert_eq(mib(net, IPSTATS_MIB_INPKTS) - before, frames);
}

/* More connections than there are cells, and more segments than one packet takes. */
WEIR_TEST(gro, is_bounded)
{
	static u8 frame[MAX_FRAME];
	struct flow many[3 * GRO_CELLS], one;
	u32 n = 0;

	router();
	for (u32 i = 0; i < ARRAY_SIZE(many); i++)
		flow_begin(&many[i]);
	plat_bh_disable();
	for (u32 i = 0; i < 60; i++) {
		u32 len = next_frame(&many[i % ARRAY_SIZE(many)], i % ARRAY_SIZE(many), frame);

		queue_raw(frame, len);
		n++;
	}
	plat_bh_enable();
	cr_assert_eq(nic_sent(far), n);
	nic_forget(far);
	flow_begin(&one);
	one.mss = 1400;
	plat_bh_disable();
	for (u32 i = 0; i < 64; i++)
		queue_raw(frame, next_frame(&one, 0, frame));
	plat_bh_enable();
	cr_assert_eq(nic_sent(far), 64);
	nic_forget(far);
	EXPECT_NO_SKBS(net);
}

/* Down in the middle: what was put together is freed with the rest. */
WEIR_TEST(gro, leaves_nothing_behind)
{
	router();
	for (u32 i = 0; i < FLOWS; i++)
		flow_begin(&flows[i]);
	burst();
	CTL(net, "ip link set eth0 down");
	nic_forget(far);
	EXPECT_NO_SKBS(net);
}
