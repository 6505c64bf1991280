/* SPDX-License-Identifier: MIT */
/* Forwarding (RFC 1812 s5.2): one hop less, or the sender learns why not. */
#include "lib/errno.h"
#include "net/core/nf_hook.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/inetpeer.h"
#include "net/ipv4/ip_options.h"
#include "net/ipv4/ip_path.h"
#include "net/ipv4/route_priv.h"
#include "net/ipv4/rt_cache.h"
#include "net/wire/icmp_hdr.h"

static int ip_forward_finish(struct net *net, struct sk_buff *skb)
{
	if (unlikely(IPCB(skb)->opt.optlen))
		ip_forward_options(net, skb);
	return dst_output(net, skb);
}

static int refuse(struct net *net, struct sk_buff *skb, u8 type, u8 code, u32 info,
		  enum skb_drop_reason reason)
{
	icmp_send(net, skb, type, code, info);
	kfree_skb_reason(skb, reason);
	return -EINVAL;
}

/*
 * RFC 1812 s5.2.7.2: the packet goes back out where it came from, and its sender, on that link, could have sent
 * it to the next hop itself.
 */
static noinline void ip_rt_send_redirect(struct net *net, struct sk_buff *skb,
					 const struct rtable *rt)
{
	const struct in_device *in_dev = in_dev_get(skb->dev);
	const struct iphdr *iph = ip_hdr(skb);

	if (IPCB(skb)->opt.srr || !in_dev_orconf(in_dev, IPV4_DEVCONF_SEND_REDIRECTS))
		return;
	if (!in_dev_orconf(in_dev, IPV4_DEVCONF_SHARED_MEDIA) &&
	    !inet_addr_onlink(in_dev, iph->saddr, rt->gateway))
		return;
	if (!ip_source_is_onlink(net, skb) || !inet_peer_redirect(net, iph->saddr))
		return;
	icmp_send(net, skb, ICMP_REDIRECT, ICMP_REDIR_HOST,
		  be32_to_cpu(rt->gateway ? rt->gateway : iph->daddr));
}

static bool exceeds_mtu(struct sk_buff *skb, u32 mtu)
{
	u32 piece = IPCB(skb)->frag_max_size;

	if (skb->len <= mtu || !(ip_hdr(skb)->frag_off & CPU_TO_BE16(IP_DF)) ||
	    (skb_is_gso(skb) && skb_gso_network_seglen(skb) <= mtu))
		return false;
	return !piece || piece > mtu; /* what came in pieces may leave so */
}

/* IP_ROUTER_ALERT: true if sockets have taken it, and it goes no further. */
static bool ip_call_ra_chain(struct net *net, struct sk_buff *skb)
{
	const struct raw_ops *raw = net_ipv4(net)->raw_ops;

	return IPCB(skb)->opt.router_alert && raw && raw->router_alert(net, skb);
}

/* The packet that has something to be looked at: each check in turn. */
static noinline int ip_forward_odd(struct net *net, struct sk_buff *skb)
{
	struct rtable *rt = skb_rtable(skb);
	u32 mtu = ip_dst_mtu(&rt->dst);

	trace_skb(skb, "ip_forward");
	if (skb->pkt_type != PACKET_HOST) {
		kfree_skb_reason(skb, SKB_DROP_REASON_IP_NOFORWARD);
		return -EINVAL;
	}
	if (ip_call_ra_chain(net, skb))
		return 0;
	if (ip_hdr(skb)->ttl <= 1) {
		NET_INC_STATS(net, IPSTATS_MIB_INHDRERRORS);
		return refuse(net, skb, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, 0,
			      SKB_DROP_REASON_IP_TTL);
	}
	if (IPCB(skb)->opt.is_strictroute && rt->gateway)
		return refuse(net, skb, ICMP_DEST_UNREACH, ICMP_SR_FAILED, 0,
			      SKB_DROP_REASON_IP_OPTIONS);
	NET_INC_STATS(net, IPSTATS_MIB_OUTFORWDATAGRAMS);
	IPCB(skb)->flags |= IPSKB_FORWARDED;
	if (unlikely(exceeds_mtu(skb, mtu))) {
		NET_INC_STATS(net, IPSTATS_MIB_FRAGFAILS);
		return refuse(net, skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, mtu,
			      SKB_DROP_REASON_PKT_TOO_BIG);
	}
	if (skb_cow_head(skb, NET_SKB_PAD)) {
		NET_INC_STATS(net, IPSTATS_MIB_INDISCARDS);
		kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
		return -ENOMEM;
	}
	ip_decrease_ttl(ip_hdr(skb));
	if (unlikely(rt->dst.dev == skb->dev))
		ip_rt_send_redirect(net, skb, rt);
	return NF_HOOK(NF_INET_FORWARD, net, skb, skb->dev, rt->dst.dev, ip_forward_finish);
}

/* ip_forward_odd() would find nothing to say. */
static __always_inline bool forward_is_plain(struct sk_buff *skb, const struct rtable *rt)
{
	return skb->pkt_type == PACKET_HOST && !skb->cloned && !skb->traced &&
	       !IPCB(skb)->opt.optlen && ip_hdr(skb)->ttl > 1 && skb->len <= ip_dst_mtu(&rt->dst) &&
	       skb_headroom(skb) >= NET_SKB_PAD && rt->dst.dev != skb->dev;
}

int ip_forward(struct net *net, struct sk_buff *skb)
{
	const struct rtable *rt = skb_rtable(skb);

	if (unlikely(!forward_is_plain(skb, rt)))
		return ip_forward_odd(net, skb);
	NET_INC_STATS(net, IPSTATS_MIB_OUTFORWDATAGRAMS);
	IPCB(skb)->flags |= IPSKB_FORWARDED;
	ip_decrease_ttl(ip_hdr(skb));
	skb->hooks_passed |= NF_PASSED(FORWARD);
	if (unlikely(net->hooks[NF_INET_FORWARD]))
		return nf_hook_slow(NF_INET_FORWARD, net, skb, skb->dev, rt->dst.dev,
				    ip_forward_finish);
	return rt->dst.output(net, skb);
}
