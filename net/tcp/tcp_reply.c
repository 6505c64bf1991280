/* SPDX-License-Identifier: MIT */
/* Segments that no connection sends: resets, SYN-ACKs, the answers of TIME-WAIT. Each looks its way up, unless it is given. */
#include "net/ipv4/ip_options.h"
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
	tcp_sum_header(skb, len, r->saddr, r->daddr, 0);
}

/* RFC 1122 s3.2.2.6, s4.2.3.8. False: there must be no answer. */
static bool echo_options(struct net *net, struct sk_buff *about, struct ip_options *opt, u8 *data,
			 struct ip_tx *ip)
{
	if (!about || likely(!IPCB(about)->opt.optlen))
		return true;
	opt->optlen = 0;
	if (ip_options_echo(net, opt, data, about))
		return false;
	if (!opt->optlen)
		return true;
	ip->opt = opt;
	ip->opt_data = data;
	if (opt->srr)
		ip->daddr = opt->faddr;
	return true;
}

static noinline struct rtable *reply_route(struct net *net, const struct tcp_reply *r,
					   be32 first_hop, u8 tos)
{
	struct flowi4 fl = {.saddr = r->saddr,
			    .daddr = first_hop,
			    .oif = r->oif,
			    .sport = r->sport,
			    .dport = r->dport,
			    .mark = r->mark,
			    .tos = tos,
			    .proto = IPPROTO_TCP,
			    .anysrc = r->anysrc};
	struct rtable *rt;

	if (ip_route_output(net, &fl, &rt))
		return NULL;
	/* RFC 9293 MUST-63; a reset goes to many as well, as Linux's */
	return r->flags & TCP_SYN && tcp_route_is_to_many(rt) ? NULL : rt;
}

void tcp_send_reply(struct net *net, const struct tcp_reply *r)
{
	u8 tos = r->tos & (u8)~INET_ECN_MASK; /* ECN is the connection's, RFC 3168 s6.1.1 */
	struct ip_tx ip = {.saddr = r->saddr,
			   .daddr = r->daddr,
			   .protocol = IPPROTO_TCP,
			   .tos = tos,
			   .df = true};
	u8 opt_data[IP_MAX_OPTLEN];
	struct ip_options opt;
	struct rtable *rt = r->rt;
	struct sk_buff *skb;

	if (!echo_options(net, r->about, &opt, opt_data, &ip))
		return;
	inet_opt_use(r->ip_opt, &ip);
	if (!rt)
		rt = reply_route(net, r, ip.daddr, tos);
	if (!rt)
		return;
	skb = alloc_skb(net, TCP_TX_HEADROOM);
	if (!skb)
		return;
	skb_reserve(skb, IP_TX_HEADROOM);
	/* As Linux: what no connection sends is whole on the cable, too. */
	skb->ip_summed = r->flags & TCP_SYN ? tcp_summed_by(rt) : CHECKSUM_NONE;
	skb->mark = r->mark;
	fill(skb, r);
	NET_INC_STATS(net, TCP_MIB_OUTSEGS);
	ip_build_and_send(net, skb, rt, &ip);
}

void tcp_v4_send_reset(struct net *net, struct sk_buff *skb, const struct tcp_seg *seg, bool anysrc)
{
	const struct rtable *rt = skb_rtable(skb);
	struct tcp_reply r = {.saddr = seg->daddr,
			      .daddr = seg->saddr,
			      .sport = seg->dport,
			      .dport = seg->sport,
			      .tos = seg->tos,
			      .flags = TCP_RST,
			      .anysrc = anysrc,
			      .about = skb};

	if (seg->flags & TCP_RST || seg->opt.may_sign || (rt && rt->type != RTN_LOCAL))
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
