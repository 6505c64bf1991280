/* SPDX-License-Identifier: MIT */
/*
 * Packets of several TCP segments: cut by the stack or by a device (host/host_tso.c), on every way, the same bytes come out
 * as if each segment had been sent alone.
 */
#include <string.h>

#include "host/host_tso.h"
#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/netfilter.h"
#include "net/snmp.h"
#include "net/wire/eth_hdr.h"
#include "net/wire/ipv4_hdr.h"
#include "net/wire/tcp_hdr.h"
#include "tests/unit/harness.h"

#define PEER IP4(10, 0, 1, 2)
#define FAR  IP4(10, 0, 2, 2)
#define ROOM 70000

static struct net *net;
static struct nic *near, *far;

/* A frame of TCP with len bytes of data behind optlen bytes of options each, all random, ready to be cut into mss. */
struct big {
	u8 room[ROOM + NET_IP_ALIGN];
	u8 *frame;
	u32 len, ip_opt, tcp_opt, mss;
};

static struct big big;

static void make_big(u32 len, u32 mss, u32 ip_opt, u32 tcp_opt)
{
	struct iphdr iph = {.ver_ihl = 0x45 + ip_opt / 4,
			    .tos = 2,
			    .id = rnd(),
			    .frag_off = CPU_TO_BE16(IP_DF),
			    .ttl = 64,
			    .protocol = 6,
			    .saddr = PEER,
			    .daddr = FAR};
	struct tcphdr th = {.source = 1000,
			    .dest = 2000,
			    .seq = rnd(),
			    .ack_seq = rnd(),
			    .doff = (5 + tcp_opt / 4) << 4,
			    .flags = TCP_ACK | TCP_PSH | TCP_CWR | (rnd() & TCP_FIN),
			    .window = 77};
	u32 tcp = ETH_HLEN + sizeof(iph) + ip_opt, at = tcp + sizeof(th) + tcp_opt;
	u8 *f = big.frame = big.room + NET_IP_ALIGN;

	big.len = at + len;
	big.mss = mss;
	big.ip_opt = ip_opt;
	big.tcp_opt = tcp_opt;
	mac_bytes(near->mac, f);
	mac_bytes(near->peer, f + 6);
	f[12] = 8;
	f[13] = 0;
	iph.tot_len = cpu_to_be16(big.len - ETH_HLEN);
	memset(f + ETH_HLEN + sizeof(iph), 1, ip_opt); /* no operation */
	memcpy(f + ETH_HLEN, &iph, sizeof(iph));
	iph.check = ip_fast_csum(f + ETH_HLEN, 5 + ip_opt / 4);
	memcpy(f + ETH_HLEN, &iph, sizeof(iph));
	th.check = ~csum_tcpudp_magic(PEER, FAR, big.len - tcp, 6, 0);
	memcpy(f + tcp, &th, sizeof(th));
	plat_random(f + tcp + sizeof(th), tcp_opt + len);
}

/* It as a received skb, behind parts of at most part bytes; the first holds the headers. NULL: no memory. */
static struct sk_buff *big_skb(struct net_device *dev, u32 part)
{
	struct sk_buff *skb = NULL, **end = NULL;
	u32 tcp = ETH_HLEN + sizeof(struct iphdr) + big.ip_opt;

	for (u32 done = 0, n; done < big.len; done += n) {
		struct sk_buff *p;

		n = min(big.len - done, done ? part : max(part, 134U));
		p = alloc_skb(net, NET_SKB_PAD + NET_IP_ALIGN + n);
		if (!p) {
			consume_skb(skb);
			return NULL;
		}
		skb_reserve(p, NET_SKB_PAD + NET_IP_ALIGN);
		memcpy(skb_put(p, n), big.frame + done, n);
		if (!skb) {
			skb = p;
			end = &skb_shinfo(p)->frag_list;
			continue;
		}
		*end = p;
		end = &p->next;
		skb->len += n;
		skb->data_len += n;
		skb->truesize += p->truesize;
	}
	if (!skb)
		return NULL;
	skb->dev = dev;
	cr_assert(skb_partial_csum_set(skb, tcp, offsetof(struct tcphdr, check)));
	skb_shinfo(skb)->gso_size = big.mss;
	skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(big.len, big.mss);
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4 | SKB_GSO_TCP_ECN;
	return skb;
}

static struct list_head want;

static void keep(void *arg, struct frame *f)
{
	(void)arg;
	list_add_tail(&f->list, &want);
}

/* The next frame wanted, and what it is compared with. */
static void expect_frame(const u8 *bytes, u32 len, u32 skip)
{
	struct frame *f;

	cr_assert(!list_empty(&want), "one too many");
	f = list_first_entry(&want, struct frame, list);
	cr_assert_eq(f->len, len, "%u, not %u", len, f->len);
	for (u32 i = skip; i < len; i++)
		cr_assert_eq(bytes[i], f->data[i], "byte %u of %u", i, len);
	list_del(&f->list);
	frame_free(f);
}

static void router(void)
{
	net = router_new(&near, &far);
	CTL(net, "sysctl -w net.ipv4.icmp_ratelimit=0");
	INIT_LIST_HEAD(&want);
}

static void arrives(u32 part)
{
	struct sk_buff *skb;

	plat_bh_disable();
	skb = big_skb(near->dev, part);
	if (skb) {
		cr_assert(eth_type_trans(skb, near->dev));
		netif_receive_skb(skb);
	}
	plat_bh_enable();
	host_run();
}

WEIR_TEST(gso, cut_as_a_device_cuts)
{
	static u8 got[ROOM];

	router();
	plat_bh_disable();
	for (u32 i = 0; i < 120; i++) {
		u32 mss = 1 + rnd_below(1460), len = rnd_below(i % 3 ? 20 * mss : 60000) + 1;
		struct sk_buff *skb, *next;

		make_big(min(len, 60000U), max(mss, len / 200), rnd_below(11) * 4,
			 rnd_below(11) * 4);
		host_tso_cut(big.frame, big.len, big.mss, false, keep, NULL);
		skb = big_skb(near->dev, i & 1 ? ROOM : 1500);
		skb->protocol = CPU_TO_BE16(ETH_P_IP);
		skb->network_header = skb->data + ETH_HLEN - skb->head;
		cr_assert_eq(skb_gso_segment(skb, &skb), 0);
		for (; skb; skb = next) {
			next = skb->next;
			skb->next = NULL;
			cr_assert_eq(skb_checksum_help(skb), 0);
			cr_assert_eq(skb_copy_bits(skb, 0, got, skb->len), 0);
			expect_frame(got, skb->len, 0);
			consume_skb(skb);
		}
		cr_assert(list_empty(&want));
	}
	plat_bh_enable();
	EXPECT_NO_SKBS(net);
}

static u32 owner_gone;

static void note_owner(struct sk_buff *skb)
{
	owner_gone++;
	skb->sk = NULL;
}

/* SO_TIMESTAMPING: the owner goes on with the segment that has the byte. */
WEIR_TEST(gso, one_segment_is_stamped)
{
	struct sk_buff *skb, *next;
	u32 n = 0;

	router();
	make_big(2500, 1000, 0, 0);
	plat_bh_disable();
	skb = big_skb(near->dev, ROOM);
	skb->protocol = CPU_TO_BE16(ETH_P_IP);
	skb->network_header = skb->data + ETH_HLEN - skb->head;
	memcpy(&skb->tskey, big.frame + ETH_HLEN + 20 + 4, 4);
	skb->tskey = be32_to_cpu(skb->tskey) + 1999;
	skb->tx_flags = SKB_TX_SND | SKB_TX_SCHED;
	skb->destructor = note_owner;
	cr_assert_eq(skb_gso_segment(skb, &skb), 0);
	cr_assert_eq(owner_gone, 0);
	for (; skb; skb = next, n++) {
		next = skb->next;
		skb->next = NULL;
		cr_assert_eq(skb->tx_flags, n == 1 ? SKB_TX_SND : 0);
		consume_skb(skb);
		cr_assert_eq(owner_gone, n > 0);
	}
	cr_assert_eq(n, 3);
	plat_bh_enable();
}

/* What leaves by far, as if its segments had come one by one; they lost one hop each. */
static void expect_forwarded(void)
{
	u32 tcp = ETH_HLEN + sizeof(struct iphdr) + big.ip_opt;
	struct frame *f, *next;

	big.frame[ETH_HLEN + 8]--;
	host_tso_cut(big.frame, big.len, big.mss, false, keep, NULL);
	host_run();
	list_for_each_entry_safe (f, next, &far->sent, list) {
		cr_assert_geq(f->len, tcp);
		expect_frame(f->data, f->len, ETH_HLEN); /* the link header is another */
		list_del(&f->list);
		frame_free(f);
	}
	cr_assert(list_empty(&want), "one too few");
}

WEIR_TEST(gso, forwarded_by_every_kind_of_device)
{
	static const u32 features[] = {0, NETIF_F_HW_CSUM, NETIF_F_HW_CSUM | NETIF_F_TSO,
				       NETIF_F_HW_CSUM | NETIF_F_TSO | NETIF_F_TSO_ECN};

	router();
	for (u32 i = 0; i < 40; i++) {
		far->dev->features = features[i % ARRAY_SIZE(features)];
		far->dev->gso_max_parts = i < 20 ? 64 : 3;
		make_big(1 + rnd_below(20000), 100 + rnd_below(1360), 0, 12);
		arrives(i & 1 ? ROOM : 1500);
		expect_forwarded();
	}
	EXPECT_MIB(net, IPSTATS_MIB_FRAGCREATES, 0);
	EXPECT_NO_SKBS(net);
}

/* The MTU is a segment's, not the packet's. */
WEIR_TEST(gso, too_large_segments_are_told_of_or_cut)
{
	router();
	CTL(net, "ip link set eth1 mtu 1000");
	far->dev->features = NETIF_F_HW_CSUM | NETIF_F_TSO;
	make_big(10000, 948, 0, 12); /* 1000 with its headers */
	arrives(ROOM);
	cr_assert_eq(nic_sent(far), 11);
	nic_forget(far);
	make_big(10000, 949, 0, 12);
	arrives(ROOM);
	cr_assert_eq(nic_sent(far), 0);
	cr_assert_eq(nic_sent(near), 1);
	EXPECT_DROPS(net, PKT_TOO_BIG, 1);
	EXPECT_MIB(net, IPSTATS_MIB_FRAGFAILS, 1);
	nic_forget(near);
	big.frame[ETH_HLEN + 6] = 0; /* may be cut */
	memset(big.frame + ETH_HLEN + 10, 0, 2);
	put_unaligned_be16(be16_to_cpu(ip_fast_csum(big.frame + ETH_HLEN, 5)),
			   big.frame + ETH_HLEN + 10);
	arrives(ROOM);
	cr_assert_eq(nic_sent(far), 21, "10 segments in two pieces, the last in one: %u",
		     nic_sent(far));
	EXPECT_MIB(net, IPSTATS_MIB_FRAGOKS, 10);
	nic_forget(far);
	EXPECT_NO_SKBS(net);
}

/* What claims to be several segments and is none. */
WEIR_TEST(gso, what_cannot_be_cut_is_dropped)
{
	static const struct {
		u32 at;
		u8 value;
		const char *what;
	} rows[] = {
		{ETH_HLEN + 9, 17, "UDP"},
		{ETH_HLEN + 20 + 12, 0x40, "a short TCP header"},
	};

	router();
	far->dev->features = 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		make_big(5000, 1000, 0, 0);
		big.frame[rows[i].at] = rows[i].value;
		memset(big.frame + ETH_HLEN + 10, 0, 2);
		put_unaligned_be16(be16_to_cpu(ip_fast_csum(big.frame + ETH_HLEN, 5)),
				   big.frame + ETH_HLEN + 10);
		arrives(1500);
		cr_assert_eq(nic_sent(far), 0, "%s", rows[i].what);
		EXPECT_DROPS(net, SKB_GSO_SEG, i + 1);
	}
	EXPECT_NO_SKBS(net);
}

WEIR_TEST(gso, no_memory)
{
	FOR_EACH_FAILING_ALLOC
	{
		net = router_new(&near, &far);
		if (!net)
			continue;
		far->dev->features = 0;
		make_big(5000, 1000, 0, 0);
		arrives(1500);
	}
}
