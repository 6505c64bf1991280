/* SPDX-License-Identifier: MIT */
/*
 * IPv4's way out: ip_build_and_send, ip_send_skb -> LOCAL_OUT -> dst_output = ip_output -> POST_ROUTING ->
 * ip_finish_output (fragmentation) -> ip_finish_output2 (neighbour) -> dev_queue_xmit.
 */
#include "lib/errno.h"
#include "net/core/loopback.h"
#include "net/core/nf_hook.h"
#include "net/ipv4/igmp.h"
#include "net/ipv4/inet_sock.h"
#include "net/ipv4/ip_options.h"
#include "net/ipv4/ip_path.h"
#include "net/ipv4/neigh_priv.h"
#include "net/wire/eth_hdr.h"
#include "net/wire/icmp_hdr.h"

static noinline int fail(struct net *net, struct sk_buff *skb, enum snmp_mib mib,
			 enum skb_drop_reason reason, int err)
{
	NET_INC_STATS(net, mib);
	kfree_skb_reason(skb, reason);
	return err;
}

static be32 rt_nexthop(const struct rtable *rt, be32 daddr)
{
	return rt->gateway ? rt->gateway : daddr;
}

/*
 * The next hop's neighbour, kept with the route. The one of before is let go only when another is needed: a route
 * to one gateway never looks twice.
 */
static struct neighbour *ip_neigh_for(struct rtable *rt, be32 nexthop)
{
	struct neighbour *n = rt->neigh;

	if (n && n->primary_key == nexthop && !n->dead)
		return n;
	n = neigh_lookup(rt->dst.dev, nexthop);
	if (!n)
		n = neigh_create(rt->dst.dev, nexthop, false);
	if (!n)
		return NULL;
	neigh_hold(n);
	if (rt->neigh)
		neigh_release(rt->neigh);
	rt->neigh = n;
	return n;
}

static void count_out_casts(struct net *net, const struct sk_buff *skb, u8 type)
{
	if (type == RTN_MULTICAST) {
		NET_INC_STATS(net, IPSTATS_MIB_OUTMCASTPKTS);
		NET_ADD_STATS(net, IPSTATS_MIB_OUTMCASTOCTETS, skb->len);
	} else if (type == RTN_BROADCAST) {
		NET_INC_STATS(net, IPSTATS_MIB_OUTBCASTPKTS);
		NET_ADD_STATS(net, IPSTATS_MIB_OUTBCASTOCTETS, skb->len);
	}
}

static noinline int ip_finish_output2_slow(struct net *net, struct sk_buff *skb)
{
	struct rtable *rt = skb_rtable(skb);
	struct neighbour *n;

	count_out_casts(net, skb, rt->type);
	n = ip_neigh_for(rt, rt_nexthop(rt, ip_hdr(skb)->daddr));
	if (!n)
		return fail(net, skb, IPSTATS_MIB_OUTDISCARDS, SKB_DROP_REASON_NEIGH_TABLE_FULL,
			    -ENOBUFS);
	return n->hh_valid ? neigh_hh_output(n, skb) : neigh_resolve_output(n, skb);
}

static __always_inline int ip_finish_output2(struct net *net, struct sk_buff *skb)
{
	const struct rtable *rt = skb_rtable(skb);
	const struct neighbour *n = rt->neigh;

	NET_INC_STATS(net, IPSTATS_MIB_OUTPKTS);
	NET_ADD_STATS(net, IPSTATS_MIB_OUTOCTETS, skb->len);
	if (unlikely(!n || !n->hh_valid || rt->type > RTN_LOCAL ||
		     n->primary_key != rt_nexthop(rt, ip_hdr(skb)->daddr) ||
		     skb_headroom(skb) < HH_LEN))
		return ip_finish_output2_slow(net, skb);
	return neigh_hh_push(n, skb);
}

static int ip_too_big(struct net *net, struct sk_buff *skb, u32 mtu);

/* Several segments: each may fit, or is treated by itself. */
static int ip_finish_output_gso(struct net *net, struct sk_buff *skb, u32 mtu)
{
	struct sk_buff *seg, *next;
	int err, last = 0;

	if (skb_gso_network_seglen(skb) <= mtu)
		return ip_finish_output2(net, skb);
	err = skb_gso_segment(skb, &seg);
	if (err)
		return fail(net, skb, IPSTATS_MIB_OUTDISCARDS,
			    err == -ENOMEM ? SKB_DROP_REASON_NOMEM : SKB_DROP_REASON_SKB_GSO_SEG,
			    err);
	for (; seg; seg = next) {
		next = seg->next;
		seg->next = NULL;
		err = seg->len > mtu ? ip_too_big(net, seg, mtu) : ip_finish_output2(net, seg);
		last = err ? err : last;
	}
	return last;
}

/* Larger than the way takes: the sender is told, or the packet is cut. */
static noinline int ip_too_big(struct net *net, struct sk_buff *skb, u32 mtu)
{
	if (IPCB(skb)->flags & IPSKB_DEV_MTU) {
		mtu = skb->dst->dev->mtu;
		if (skb->len <= mtu)
			return ip_finish_output2(net, skb);
	}
	if (skb_is_gso(skb))
		return ip_finish_output_gso(net, skb, mtu);
	if (!(ip_hdr(skb)->frag_off & CPU_TO_BE16(IP_DF)) ||
	    (IPCB(skb)->frag_max_size && IPCB(skb)->frag_max_size <= mtu))
		return ip_do_fragment(net, skb, mtu, ip_finish_output2);
	icmp_send(net, skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, mtu);
	return fail(net, skb, IPSTATS_MIB_FRAGFAILS, SKB_DROP_REASON_PKT_TOO_BIG, -EMSGSIZE);
}

static __always_inline int ip_finish_output(struct net *net, struct sk_buff *skb)
{
	u32 mtu = ip_dst_mtu(skb->dst);

	if (unlikely(skb->len > mtu || IPCB(skb)->frag_max_size))
		return ip_too_big(net, skb, mtu);
	return ip_finish_output2(net, skb);
}

static __always_inline int ip_output_by_dst(struct net *net, struct sk_buff *skb)
{
	struct net_device *dev = skb->dst->dev, *in = skb->dev;

	skb->dev = dev;
	skb->protocol = CPU_TO_BE16(ETH_P_IP);
	return NF_HOOK(NF_INET_POST_ROUTING, net, skb, in, dev, ip_finish_output);
}

static noinline int ip_output_traced(struct net *net, struct sk_buff *skb)
{
	trace_skb(skb, "ip_output");
	return ip_output_by_dst(net, skb);
}

int ip_output(struct net *net, struct sk_buff *skb)
{
	if (unlikely(skb->traced))
		return ip_output_traced(net, skb);
	return ip_output_by_dst(net, skb);
}

/* The copy of a packet to many that comes back to our own sockets, as if it had arrived by its device. */
static int ip_loop_back(struct net *net, struct sk_buff *skb)
{
	struct ethhdr *eth = skb_push(skb, ETH_HLEN);

	memset(eth, 0, ETH_HLEN);
	memcpy(eth->h_dest, skb->dev->broadcast, ETH_ALEN); /* it comes in as PACKET_LOOPBACK */
	memcpy(eth->h_source, skb->dev->dev_addr, ETH_ALEN);
	eth->h_proto = CPU_TO_BE16(ETH_P_IP);
	loopback_requeue(net, skb);
	return 0;
}

/* Whether members of this host are to hear what goes to a group. */
static bool mc_is_ours(const struct sk_buff *skb, const struct net_device *dev)
{
	const struct iphdr *iph = ip_hdr(skb);

	return (!skb->sk || skb->sk->mc_loop) &&
	       ip_check_mc(in_dev_get(dev), iph->daddr, iph->saddr, iph->protocol);
}

int ip_mc_output(struct net *net, struct sk_buff *skb)
{
	struct rtable *rt = skb_rtable(skb);
	struct net_device *dev = rt->dst.dev;
	struct sk_buff *copy = NULL;

	if (!(dev->flags & IFF_LOOPBACK) && !(IPCB(skb)->flags & IPSKB_FORWARDED) &&
	    (rt->type == RTN_BROADCAST || mc_is_ours(skb, dev)))
		copy = skb_copy(skb, ETH_HLEN + NET_IP_ALIGN);
	if (copy) {
		copy->dev = dev;
		copy->protocol = CPU_TO_BE16(ETH_P_IP);
		NF_HOOK(NF_INET_POST_ROUTING, net, copy, NULL, dev, ip_loop_back);
	}
	if (rt->type == RTN_MULTICAST && ip_hdr(skb)->ttl == 0) {
		kfree_skb_reason(skb, SKB_DROP_REASON_IP_TTL);
		return 0;
	}
	return ip_output(net, skb);
}

/* words: of the header. */
static __always_inline int local_out(struct net *net, struct sk_buff *skb, struct iphdr *iph,
				     u32 words)
{
	NET_INC_STATS(net, IPSTATS_MIB_OUTREQUESTS);
	iph->tot_len = cpu_to_be16(skb->len);
	iph->check = 0;
	iph->check = ip_fast_csum(iph, words);
	skb->protocol = CPU_TO_BE16(ETH_P_IP);
	skb->hooks_passed &= NF_OF_RULE;
	if (unlikely(net->trace_budget))
		trace_begin(skb);
	trace_skb(skb, "ip_local_out");
	return NF_HOOK(NF_INET_LOCAL_OUT, net, skb, NULL, skb->dst->dev, dst_output);
}

int ip_local_out(struct net *net, struct sk_buff *skb)
{
	memset(IPCB(skb), 0, sizeof(struct inet_skb_parm));
	return local_out(net, skb, ip_hdr(skb), ip_hdr(skb)->ver_ihl & 15);
}

int ip_send_skb(struct net *net, struct sk_buff *skb)
{
	struct iphdr *iph = ip_hdr(skb);

	if (!iph->id)
		iph->id = ip_select_ident(net, iph->saddr, iph->daddr, iph->protocol);
	return ip_local_out(net, skb);
}

/* Whether a packet must not be sent, for it would have to be cut. */
static bool too_big_for(const struct rtable *rt, u32 len, const struct ip_tx *tx)
{
	if (unlikely(tx->mtu & IP_TX_DEV_MTU))
		return len > U16_MAX ||
		       ((tx->df || tx->mtu & IP_TX_WHOLE) && len > rt->dst.dev->mtu);
	return len > U16_MAX || (tx->df && len > ip_dst_mtu(&rt->dst));
}

/* A packet of several TCP segments is as large as one of them. */
static noinline bool segments_fit(const struct rtable *rt, const struct sk_buff *skb, u32 hlen,
				  const struct ip_tx *tx)
{
	return skb_is_gso(skb) && skb->len + hlen <= U16_MAX &&
	       !too_big_for(rt, hlen + skb_gso_transport_seglen(skb, 0), tx);
}

static __always_inline int build_and_send(struct net *net, struct sk_buff *skb, struct rtable *rt,
					  const struct ip_tx *tx, u32 optlen)
{
	struct iphdr *iph;

	skb_reset_transport_header(skb);
	iph = skb_push(skb, sizeof(*iph) + optlen);
	skb_reset_network_header(skb);
	iph->ver_ihl = 0x45 + optlen / 4;
	iph->tos = tx->tos;
	iph->frag_off = tx->df ? CPU_TO_BE16(IP_DF) : 0;
	iph->id = tx->df ? 0 : ip_select_ident(net, tx->saddr, tx->daddr, tx->protocol);
	iph->ttl = tx->ttl        ? tx->ttl
		   : tx->ttl_is_0 ? 0
		   : rt->hoplimit ? rt->hoplimit
				  : net_ipv4(net)->sysctl_ip_default_ttl;
	iph->protocol = tx->protocol;
	iph->saddr = tx->saddr;
	iph->daddr = tx->daddr;
	IPCB(skb)->opt.optlen = 0;
	if (unlikely(optlen)) {
		memcpy(iph + 1, tx->opt_data, optlen);
		ip_options_build(iph, tx->opt);
		IPCB(skb)->opt = *tx->opt;
	}
	IPCB(skb)->frag_max_size = 0;
	IPCB(skb)->flags = tx->mtu & IPSKB_DEV_MTU;
	skb_dst_set_noref(skb, &rt->dst);
	return local_out(net, skb, iph, optlen ? 5 + optlen / 4 : 5);
}

/* With options, or large. */
static noinline int build_and_send_odd(struct net *net, struct sk_buff *skb, struct rtable *rt,
				       const struct ip_tx *tx)
{
	u32 optlen = tx->opt ? tx->opt->optlen : 0;

	if (unlikely(too_big_for(rt, skb->len + IP_HLEN_MIN + optlen, tx) &&
		     !segments_fit(rt, skb, IP_HLEN_MIN + optlen, tx))) {
		kfree_skb_reason(skb, SKB_DROP_REASON_PKT_TOO_BIG);
		return -EMSGSIZE;
	}
	if (unlikely(tx->tx_flags))
		sk_tstamp_begin(skb, tx->tx_flags);
	return build_and_send(net, skb, rt, tx, optlen);
}

int ip_build_and_send(struct net *net, struct sk_buff *skb, struct rtable *rt,
		      const struct ip_tx *tx)
{
	if (unlikely(tx->opt || tx->mtu || tx->tx_flags ||
		     skb->len + IP_HLEN_MIN > ip_dst_mtu(&rt->dst)))
		return build_and_send_odd(net, skb, rt, tx);
	return build_and_send(net, skb, rt, tx, 0);
}
