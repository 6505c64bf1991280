/* SPDX-License-Identifier: MIT */
/* Segments that no connection sends: resets, SYN-ACKs, the answers of TIME-WAIT. Each looks its way up. */
#include "net/ipv4/netns_ipv4.h"
#include "net/tcp/tcp_sock.h"
#include "net/wire/ipv4_hdr.h"

static void fill(struct sk_buff *skb, const struct tcp_reply *r)
{
	u32 len = TCP_HLEN + tcp_options_size(&r->opt);
	struct tcphdr *th = skb_put(skb, len);

	th->source = r->sport;
	th->dest = r->dport;
	th->seq = cpu_to_be32(r->seq);
	th->ack_seq = cpu_to_be32(r->ack);
	th->doff = len / 4 << 4;
	th->flags = r->flags;
	th->window = cpu_to_be16(r->window);
	th->check = 0;
	th->urg_ptr = 0;
	tcp_options_emit((u8 *)(th + 1), &r->opt);
	th->check =
		csum_tcpudp_magic(r->saddr, r->daddr, len, IPPROTO_TCP, csum_partial(th, len, 0));
}

void tcp_send_reply(struct net *net, const struct tcp_reply *r)
{
	struct flowi4 fl = {.saddr = r->saddr,
			    .daddr = r->daddr,
			    .oif = r->oif,
			    .sport = r->sport,
			    .dport = r->dport,
			    .mark = r->mark,
			    .tos = r->tos,
			    .proto = IPPROTO_TCP,
			    .anysrc = true};
	struct ip_tx ip = {.saddr = r->saddr,
			   .daddr = r->daddr,
			   .protocol = IPPROTO_TCP,
			   .tos = r->tos,
			   .df = true};
	struct rtable *rt;
	struct sk_buff *skb;

	if (ip_route_output(net, &fl, &rt))
		return;
	skb = alloc_skb(net, TCP_TX_HEADROOM);
	if (!skb)
		return;
	skb_reserve(skb, IP_TX_HEADROOM);
	skb->mark = r->mark;
	fill(skb, r);
	NET_INC_STATS(net, TCP_MIB_OUTSEGS);
	ip_build_and_send(net, skb, rt, &ip);
}

void tcp_v4_send_reset(struct net *net, const struct sk_buff *skb, const struct tcp_seg *seg)
{
	const struct rtable *rt = skb_rtable(skb);
	struct tcp_reply r = {.saddr = seg->daddr,
			      .daddr = seg->saddr,
			      .sport = seg->dport,
			      .dport = seg->sport,
			      .tos = seg->tos,
			      .flags = TCP_RST};

	if (seg->flags & TCP_RST || (rt && rt->type != RTN_LOCAL))
		return;
	if (seg->flags & TCP_ACK) {
		r.seq = seg->ack;
	} else {
		r.flags |= TCP_ACK;
		r.ack = seg->end_seq;
	}
	NET_INC_STATS(net, TCP_MIB_OUTRSTS);
	tcp_send_reply(net, &r);
}
