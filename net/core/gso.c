/* SPDX-License-Identifier: MIT */
/*
 * Packets of several TCP segments (skb_is_gso()), cut where a device or a way does not take them whole.
 *
 * Each segment is a copy: header of the packet, its own lengths, sequence number, identification and flags; the checksum
 * stays partial. Such packets come from TCP, from a device that merges, and from GRO, so all is checked here, once.
 *
 * Sources: RFC 9293 s3.1, RFC 3168 s6.1.2 (CWR on the first segment only), RFC 6864.
 */
#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/core/skb_data.h"
#include "net/dst.h"
#include "net/sockopt.h"
#include "net/wire/eth_hdr.h"
#include "net/wire/ipv4_hdr.h"
#include "net/wire/tcp_hdr.h"

/* Where the headers lie, from data, and what is to be cut. */
struct gso {
	u32 ip, tcp, data; /* offsets */
	u32 payload;
	u16 mss;
};

/* Finds the headers; they are linear afterwards. 0, -EINVAL, -ENOMEM. */
static int gso_check(struct sk_buff *skb, struct gso *g)
{
	const struct iphdr *iph;
	const struct tcphdr *th;

	g->ip = skb_network_offset(skb);
	if (skb->protocol != CPU_TO_BE16(ETH_P_IP) || g->ip > skb->len ||
	    skb->ip_summed != CHECKSUM_PARTIAL)
		return -EINVAL;
	if (skb->len - g->ip < sizeof(*iph) + TCP_HLEN)
		return -EINVAL;
	if (!pskb_may_pull(skb, g->ip + sizeof(*iph) + TCP_HLEN))
		return -ENOMEM;
	iph = (const struct iphdr *)(skb->data + g->ip);
	g->tcp = g->ip + ip_hdrlen(iph);
	if (iph->protocol != IPPROTO_TCP || ip_hdrlen(iph) < sizeof(*iph) ||
	    iph->frag_off & CPU_TO_BE16(IP_MF | IP_OFFSET) || skb->len < g->tcp + TCP_HLEN ||
	    skb_checksum_start_offset(skb) != (s32)g->tcp ||
	    skb->csum_offset != offsetof(struct tcphdr, check))
		return -EINVAL;
	if (!pskb_may_pull(skb, g->tcp + TCP_HLEN))
		return -ENOMEM;
	th = (const struct tcphdr *)(skb->data + g->tcp);
	g->data = g->tcp + tcp_hdrlen(th);
	if (tcp_hdrlen(th) < TCP_HLEN || g->data > skb->len)
		return -EINVAL;
	if (!pskb_may_pull(skb, g->data))
		return -ENOMEM;
	g->payload = skb->len - g->data;
	g->mss = skb_shinfo(skb)->gso_size;
	return 0;
}

/* Lengths, number, flags and the pseudo header's sum of the segment with n bytes from offset. */
static void fix_headers(struct sk_buff *seg, const struct gso *g, u32 offset, u32 n, bool fixed_id)
{
	struct iphdr *iph = (struct iphdr *)(seg->data + g->ip);
	struct tcphdr *th = (struct tcphdr *)(seg->data + g->tcp);
	u32 index = offset / g->mss;

	iph->tot_len = cpu_to_be16(seg->len - g->ip);
	if (!fixed_id)
		iph->id = cpu_to_be16(be16_to_cpu(iph->id) + index);
	ip_send_check(iph);
	th->seq = cpu_to_be32(be32_to_cpu(th->seq) + offset);
	if (offset)
		th->flags &= (u8)~TCP_CWR;
	if (offset + n < g->payload)
		th->flags &= (u8) ~(TCP_FIN | TCP_PSH);
	th->check = ~csum_tcpudp_magic(iph->saddr, iph->daddr, seg->len - g->tcp, IPPROTO_TCP, 0);
}

/* The segment that has the byte whose time is wanted goes on for skb's owner, who has heard of the queue already. */
static void move_owner(struct sk_buff *skb, struct sk_buff *seg, const struct gso *g, u32 n)
{
	const struct tcphdr *th = (const struct tcphdr *)(seg->data + g->tcp);

	if (skb->tskey - be32_to_cpu(th->seq) >= n)
		return;
	seg->tx_flags = skb->tx_flags & SKB_TX_SND;
	seg->sk = skb->sk;
	seg->destructor = skb->destructor;
	skb->sk = NULL;
	skb->destructor = NULL;
	skb->tx_flags = 0;
}

/* With the headroom of skb, so that header offsets stay. NULL: no memory. */
static struct sk_buff *make_segment(struct sk_buff *skb, const struct gso *g, u32 offset, u32 n)
{
	u32 headroom = skb_headroom(skb);
	struct sk_buff *seg = alloc_skb(skb->net, headroom + g->data + n);

	if (!seg)
		return NULL;
	skb_reserve(seg, headroom);
	memcpy(skb_put(seg, g->data), skb->data, g->data);
	if (skb_copy_bits(skb, g->data + offset, skb_put(seg, n), n))
		skb_over_panic(skb, n); /* its length was looked at */
	skb_copy_fields(seg, skb);
	fix_headers(seg, g, offset, n, skb_shinfo(skb)->gso_type & SKB_GSO_TCP_FIXEDID);
	if (unlikely(skb->tx_flags))
		move_owner(skb, seg, g, n);
	return seg;
}

static void free_segments(struct sk_buff *seg)
{
	struct sk_buff *next;

	for (; seg; seg = next) {
		next = seg->next;
		consume_skb(seg);
	}
}

int skb_gso_segment(struct sk_buff *skb, struct sk_buff **out)
{
	struct sk_buff *first = NULL, **end = &first;
	struct gso g;
	int err = gso_check(skb, &g);
	u32 offset = 0, n;

	if (err)
		return err;
	do {
		n = min(g.payload - offset, (u32)g.mss);
		*end = make_segment(skb, &g, offset, n);
		if (!*end) {
			free_segments(first);
			return -ENOMEM;
		}
		end = &(*end)->next;
		offset += n;
	} while (offset < g.payload);
	consume_skb(skb);
	*out = first;
	return 0;
}

u32 skb_gso_transport_seglen(const struct sk_buff *skb, u32 tcp)
{
	u8 doff;

	if (skb_copy_bits(skb, tcp + offsetof(struct tcphdr, doff), &doff, 1))
		return U16_MAX; /* no TCP: too large for any way */
	return (doff >> 4) * 4U + skb_shinfo(skb)->gso_size;
}

u32 skb_gso_network_seglen(const struct sk_buff *skb)
{
	u32 hlen = ip_hdrlen(skb_network_header(skb));

	return hlen + skb_gso_transport_seglen(skb, skb_network_offset(skb) + hlen);
}
