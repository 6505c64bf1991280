/* SPDX-License-Identifier: MIT */
/* Checksums that are left to the device, on every way a packet may take: forwarded, cut, put together, looped, local. */
#include <string.h>

#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/sock.h"
#include "net/wire/checksum.h"
#include "net/wire/ipv4_hdr.h"
#include "tests/unit/harness.h"

#define PEER IP4(10, 0, 1, 2)
#define NEAR IP4(10, 0, 1, 1) /* the router's addresses */
#define FAR  IP4(10, 0, 2, 2)

static struct net *net;
static struct nic *near, *far;

static void router(void)
{
	net = router_new(&near, &far);
	CTL(net, "sysctl -w net.ipv4.icmp_ratelimit=0");
}

/* As the driver hands over what a neighbour sent with a partial checksum: UDP, at most linear bytes in the first part. */
static void arrives(const struct pkt *what)
{
	static u8 room[PKT_MAX + NET_IP_ALIGN] __aligned(8);
	u8 *frame = room + NET_IP_ALIGN;
	struct pkt p = *what;
	struct sk_buff *skb;
	const struct iphdr *iph = (struct iphdr *)(frame + ETH_HLEN);
	u32 len, start = ETH_HLEN + sizeof(*iph);
	u16 pseudo;

	p.dst = near->mac;
	p.src = near->peer;
	len = pkt_build(&p, frame);
	if (!(iph->frag_off & CPU_TO_BE16(IP_OFFSET))) {
		pseudo = ~csum_tcpudp_magic(iph->saddr, iph->daddr, len - start, iph->protocol, 0);
		memcpy(frame + start + 6, &pseudo, sizeof(pseudo));
	}
	plat_bh_disable();
	skb = alloc_skb(net, NET_SKB_PAD + NET_IP_ALIGN + len);
	if (skb) {
		skb_reserve(skb, NET_SKB_PAD + NET_IP_ALIGN);
		memcpy(skb_put(skb, len), frame, len);
		skb->dev = near->dev;
		cr_assert(skb_partial_csum_set(skb, start, 6));
		cr_assert(eth_type_trans(skb, near->dev));
		netif_receive_skb(skb);
	}
	plat_bh_enable();
}

WEIR_TEST(csum_partial, the_field_must_be_within_the_packet)
{
	static const struct {
		u32 len, start, offset;
		bool good;
	} rows[] = {
		{100, 34, 6, true},      {100, 98, 0, true},           {100, 99, 0, false},
		{100, 92, 6, true},      {100, 93, 6, false},          {100, 100, 0, false},
		{100, 101, 0, false},    {100, 0, 98, true},           {100, 0, 99, false},
		{100, 0, 0xffff, false}, {100, 0xffff, 0xffff, false}, {1, 0, 0, false},
	};
	struct sk_buff *skb;

	net = stack_new();
	plat_bh_disable();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		skb = alloc_skb(net, rows[i].len);
		memset(skb_put(skb, rows[i].len), 0, rows[i].len);
		cr_assert_eq(skb_partial_csum_set(skb, rows[i].start, rows[i].offset), rows[i].good,
			     "row %zu", i);
		cr_assert_eq(skb->ip_summed, rows[i].good ? CHECKSUM_PARTIAL : CHECKSUM_NONE);
		if (rows[i].good && rows[i].len > 10) { /* cut meanwhile */
			cr_assert_eq(pskb_trim(skb, rows[i].start + rows[i].offset + 1), 0);
			cr_assert_eq(skb_checksum_help(skb), -EINVAL);
			cr_assert_eq(skb->ip_summed, CHECKSUM_PARTIAL);
		}
		consume_skb(skb);
	}
	plat_bh_enable();
}

WEIR_TEST(csum_partial, completed_bytes_are_right_whatever_their_shape)
{
	static u8 bytes[2000], got[2000];

	net = stack_new();
	plat_bh_disable();
	for (u32 i = 0; i < 500; i++) {
		u32 len = 8 + rnd_below(1500), start = rnd_below(len - 4);
		u32 offset = rnd_below(len - start - 1);
		struct sk_buff *skb = alloc_skb(net, 64 + len), *clone = NULL;
		u16 want;

		plat_random(bytes, len);
		skb_reserve(skb, 64);
		memcpy(skb_put(skb, len), bytes, len);
		cr_assert(skb_partial_csum_set(skb, start, offset));
		want = csum_fold(csum_partial(bytes + start, len - start, 0));
		if (i & 1)
			clone = skb_clone(skb);
		if (i & 2)
			cr_assert_eq(pskb_expand_head(skb, rnd_below(200), 0), 0);
		cr_assert_eq(skb_checksum_help(skb), 0);
		cr_assert_eq(skb_copy_bits(skb, 0, got, len), 0);
		if (!want && offset == 6)
			want = CSUM_MANGLED_0;
		memcpy(bytes + start + offset, &want, sizeof(want));
		cr_assert_eq(memcmp(got, bytes, len), 0, "round %u", i);
		cr_assert_eq(skb_checksum_help(skb), 0, "done already");
		if (clone) { /* has its own bytes, and is not completed */
			cr_assert_eq(clone->ip_summed, CHECKSUM_PARTIAL);
			cr_assert_eq(skb_checksum_help(clone), 0);
			cr_assert_eq(skb_copy_bits(clone, 0, got, len), 0);
			cr_assert_eq(memcmp(got, bytes, len), 0, "clone of round %u", i);
		}
		consume_skb(clone);
		consume_skb(skb);
	}
	plat_bh_enable();
}

/* Of TCP 0 is a sum like others, and goes on as its sender wrote it (found by fuzz_gro). */
WEIR_TEST(csum_partial, a_sum_of_0_is_told_otherwise_in_udp_alone)
{
	static const u16 rows[][2] = {{6, CSUM_MANGLED_0}, {16, 0}};

	net = stack_new();
	plat_bh_disable();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sk_buff *skb = alloc_skb(net, 20);

		memset(skb_put(skb, 20), 0, 20);
		memset(skb->data, 0xff, 2);
		cr_assert(skb_partial_csum_set(skb, 0, rows[i][0]));
		cr_assert_eq(skb_checksum_help(skb), 0);
		cr_assert_eq(get_unaligned_be16(skb->data + rows[i][0]), rows[i][1]);
		consume_skb(skb);
	}
	plat_bh_enable();
}

/* The parser of the far side checks every sum. */
WEIR_TEST(csum_partial, forwarded_with_and_without_a_device_that_sums)
{
	router();
	for (u32 i = 0; i < 40; i++) {
		far->dev->features = i & 1 ? NETIF_F_HW_CSUM : 0;
		arrives(&UDP4(PEER, 1000, FAR, 53, .len = i * 7));
		EXPECT_PKT(far, &UDP4(PEER, 1000, FAR, 53, .len = i * 7, .ip.ttl = 63));
	}
	EXPECT_NO_SKBS(net);
}

/* NAT changes the pseudo header's sum by the addresses; the ports are still to be added by whoever completes it. */
WEIR_TEST(csum_partial, translated)
{
	router();
	CTL(net, "iptables -t nat -A POSTROUTING -p udp -j MASQUERADE --to-ports 2000");
	CTL(net, "iptables -t nat -A PREROUTING -p udp -j DNAT --to-destination 10.0.2.2:5353");
	for (u32 i = 0; i < 40; i++) {
		far->dev->features = i & 1 ? NETIF_F_HW_CSUM : 0;
		arrives(&UDP4(PEER, 1000, IP4(10, 0, 9, 9), 53, .len = i * 7));
		EXPECT_PKT(far,
			   &UDP4(IP4(10, 0, 2, 1), 2000, FAR, 5353, .len = i * 7, .ip.ttl = 63));
	}
	EXPECT_NO_SKBS(net);
}

/* The payloads of all pieces, into got; their length. */
static u32 put_together(struct nic *nic, u8 *got)
{
	struct frame *f;
	u32 total = 0;

	host_run();
	while (!list_empty(&nic->sent)) {
		f = list_first_entry(&nic->sent, struct frame, list);
		u32 at = (get_unaligned_be16(f->data + ETH_HLEN + 6) & IP_OFFSET) * 8;
		u32 len = get_unaligned_be16(f->data + ETH_HLEN + 2) - sizeof(struct iphdr);

		memcpy(got + at, f->data + ETH_HLEN + sizeof(struct iphdr), len);
		total = max(total, at + len);
		list_del(&f->list);
		frame_free(f);
	}
	return total;
}

WEIR_TEST(csum_partial, cut_into_pieces)
{
	static u8 got[4096];

	router();
	CTL(net, "ip link set eth1 mtu 300");
	for (u32 i = 0; i < 2; i++) {
		far->dev->features = i ? NETIF_F_HW_CSUM : 0;
		arrives(&UDP4(PEER, 1000, FAR, 53, .len = 1000));
		cr_assert_eq(put_together(far, got), 1008);
		cr_assert_eq(csum_tcpudp_magic(PEER, FAR, 1008, 17, csum_partial(got, 1008, 0)), 0);
	}
	EXPECT_NO_SKBS(net);
}

/*
 * What a neighbour left to us counts as checked. A piece cannot say what the whole packet's sum is: it is completed as
 * asked for before it waits for the others, and the whole is looked at.
 */
WEIR_TEST(csum_partial, received_whole_and_in_pieces)
{
	struct sock *sk;
	int waiting;

	router();
	cr_assert_eq(sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk), 0);
	cr_assert_eq(sock_bind(sk, &(struct sock_addr){.port = CPU_TO_BE16(53)}), 0);
	arrives(&UDP4(PEER, 1000, NEAR, 53, .len = 64));
	cr_assert_eq(sock_ioctl(sk, FIONREAD, &waiting), 0);
	cr_assert_eq(waiting, 64);
	sock_close(sk);
	cr_assert_eq(sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk), 0);
	cr_assert_eq(sock_bind(sk, &(struct sock_addr){.port = CPU_TO_BE16(53)}), 0);
	arrives(&UDP4(PEER, 1000, NEAR, 53, .len = 16, .udp.len = 40, .ip.id = 9,
		      .ip.frag_off = IP_MF));
	arrives(&(struct pkt){.ip.saddr = PEER,
			      .ip.daddr = NEAR,
			      .ip.proto = 17,
			      .ip.id = 9,
			      .ip.frag_off = 3,
			      .len = 16});
	EXPECT_DROPS(net, UDP_CSUM, 1);
	sock_close(sk);
	EXPECT_NO_SKBS(net);
}

WEIR_TEST(csum_partial, no_memory_to_complete_it)
{
	FOR_EACH_FAILING_ALLOC
	{
		net = router_new(&near, &far);
		if (!net)
			continue;
		far->dev->features = 0;
		arrives(&UDP4(PEER, 1000, FAR, 53, .len = 100));
	}
}
