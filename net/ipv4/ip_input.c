/* SPDX-License-Identifier: MIT */
/*
 * IPv4's way in: ip_rcv -> PRE_ROUTING -> ip_rcv_finish -> ip_local_deliver -> LOCAL_IN ->
 * ip_local_deliver_finish -> protocol; or ip_forward.
 *
 * Checks come in the order of RFC 1122 s3.2.1 and RFC 1812 s5.2.2, and each failure has its own counter.
 */
#include "lib/errno.h"
#include "net/core/nf_hook.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/ip_options.h"
#include "net/ipv4/ip_path.h"
#include "net/ipv4/rt_cache.h"
#include "net/wire/icmp_hdr.h"

static noinline struct sk_buff *drop(struct net *net, struct sk_buff *skb, enum snmp_mib mib,
				     enum skb_drop_reason reason)
{
	NET_INC_STATS(net, mib);
	kfree_skb_reason(skb, reason);
	return NULL;
}

static enum snmp_mib ecn_mib(u8 tos)
{
	static const u8 mibs[] = {IPSTATS_MIB_NOECTPKTS, IPSTATS_MIB_ECT1PKTS, IPSTATS_MIB_ECT0PKTS,
				  IPSTATS_MIB_CEPKTS};

	return mibs[tos & INET_ECN_MASK];
}

/* The header's checks behind its first bytes, for a header of hlen bytes. NULL: dropped. */
static __always_inline struct sk_buff *ip_rcv_check(struct net *net, struct sk_buff *skb,
						    unsigned int hlen)
{
	const struct iphdr *iph = ip_hdr(skb);
	u32 len;

	if (unlikely(ip_fast_csum(iph, hlen / 4))) {
		NET_INC_STATS(net, IPSTATS_MIB_CSUMERRORS);
		return drop(net, skb, IPSTATS_MIB_INHDRERRORS, SKB_DROP_REASON_IP_CSUM);
	}
	len = be16_to_cpu(iph->tot_len);
	if (unlikely(skb->len < len))
		return drop(net, skb, IPSTATS_MIB_INTRUNCATEDPKTS, SKB_DROP_REASON_PKT_TOO_SMALL);
	if (unlikely(len < hlen))
		return drop(net, skb, IPSTATS_MIB_INHDRERRORS, SKB_DROP_REASON_IP_INHDR);
	if (unlikely(skb->len > len) && pskb_trim(skb, len)) /* Ethernet's padding */
		return drop(net, skb, IPSTATS_MIB_INDISCARDS, SKB_DROP_REASON_NOMEM);
	skb->transport_header = skb->network_header + hlen;
	memset(IPCB(skb), 0, sizeof(struct inet_skb_parm));
	return skb;
}

static noinline struct sk_buff *ip_rcv_check_options(struct net *net, struct sk_buff *skb)
{
	unsigned int hlen = ip_hdrlen(ip_hdr(skb));

	if (!pskb_may_pull(skb, hlen))
		return drop(net, skb, IPSTATS_MIB_INHDRERRORS, SKB_DROP_REASON_PKT_TOO_SMALL);
	return ip_rcv_check(net, skb, hlen);
}

/* The header is whole and right, the packet is as long as it says. NULL: dropped. */
static __always_inline struct sk_buff *ip_rcv_core(struct net *net, struct sk_buff *skb)
{
	const struct iphdr *iph;

	if (unlikely(skb->pkt_type == PACKET_OTHERHOST)) {
		skb->dev->stats.rx_dropped++;
		kfree_skb_reason(skb, SKB_DROP_REASON_OTHERHOST);
		return NULL;
	}
	NET_INC_STATS(net, IPSTATS_MIB_INPKTS);
	NET_ADD_STATS(net, IPSTATS_MIB_INOCTETS, skb->len);
	if (unlikely(!pskb_may_pull(skb, sizeof(*iph))))
		return drop(net, skb, IPSTATS_MIB_INHDRERRORS, SKB_DROP_REASON_PKT_TOO_SMALL);
	iph = ip_hdr(skb);
	if (unlikely(ip_hdrlen(iph) < IP_HLEN_MIN || ip_version(iph) != 4))
		return drop(net, skb, IPSTATS_MIB_INHDRERRORS, SKB_DROP_REASON_IP_INHDR);
	NET_INC_STATS(net, ecn_mib(iph->tos));
	if (likely(ip_hdrlen(iph) == IP_HLEN_MIN))
		return ip_rcv_check(net, skb, IP_HLEN_MIN);
	return ip_rcv_check_options(net, skb);
}

/* No way on: a router tells the sender (RFC 1812 s5.2.7.1), a host keeps quiet. */
static void ip_error(struct net *net, struct sk_buff *skb, int err)
{
	const struct in_device *in_dev = in_dev_get(skb->dev);
	bool router = in_dev && in_dev_conf(in_dev, IPV4_DEVCONF_FORWARDING);
	u8 code = ICMP_HOST_UNREACH;

	if (err == -ENETUNREACH)
		code = ICMP_NET_UNREACH;
	else if (err == -EACCES)
		code = ICMP_PKT_FILTERED;
	if (err == -ENETUNREACH)
		NET_INC_STATS(net, IPSTATS_MIB_INNOROUTES);
	else if (!router)
		NET_INC_STATS(net, IPSTATS_MIB_INADDRERRORS);
	if (router)
		icmp_send(net, skb, ICMP_DEST_UNREACH, code, 0);
	kfree_skb_reason(skb, SKB_DROP_REASON_IP_INNOROUTES);
}

static void ip_drop_unroutable(struct net *net, struct sk_buff *skb, int err)
{
	switch (err) {
	case -EXDEV:
		kfree_skb_reason(skb, SKB_DROP_REASON_IP_RPFILTER);
		break;
	case -ENOMEM:
		kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
		break;
	case -EINVAL:
		kfree_skb_reason(skb, SKB_DROP_REASON_IP_INVALID_SOURCE);
		break;
	default:
		ip_error(net, skb, err);
	}
}

/* RFC 1122 s3.3.6: a unicast address in a link broadcast may be somebody's mistake or attack. */
static bool l2_cast_unwanted(struct sk_buff *skb)
{
	return (skb->pkt_type == PACKET_BROADCAST || skb->pkt_type == PACKET_MULTICAST) &&
	       in_dev_orconf(in_dev_get(skb->dev), IPV4_DEVCONF_DROP_UNICAST_IN_L2_MULTICAST);
}

static void count_casts(struct net *net, const struct sk_buff *skb, u8 type)
{
	if (type == RTN_MULTICAST) {
		NET_INC_STATS(net, IPSTATS_MIB_INMCASTPKTS);
		NET_ADD_STATS(net, IPSTATS_MIB_INMCASTOCTETS, skb->len);
	} else if (type == RTN_BROADCAST) {
		NET_INC_STATS(net, IPSTATS_MIB_INBCASTPKTS);
		NET_ADD_STATS(net, IPSTATS_MIB_INBCASTOCTETS, skb->len);
	}
}

/* A decision that is not at hand. */
static noinline int ip_route_slow(struct net *net, struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct rtable *rt;
	int err = ip_route_input(net, iph->daddr, iph->saddr, iph->tos & IPTOS_RT_MASK, skb->dev,
				 &rt);

	if (err)
		ip_drop_unroutable(net, skb, err);
	else
		skb->dst = &rt->dst;
	return err;
}

static __always_inline int ip_rcv_finish(struct net *net, struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct rtable *rt;

	trace_skb(skb, "ip_rcv_finish");
	if (likely(!skb->dst)) {
		rt = rt_cache_in(net, iph->daddr, iph->saddr, iph->tos & IPTOS_RT_MASK, skb->dev);
		if (likely(rt))
			skb->dst = &rt->dst;
		else if (ip_route_slow(net, skb))
			return -EINVAL;
	}
	if (unlikely(ip_hdrlen(iph) > IP_HLEN_MIN) && !ip_rcv_options(net, skb))
		return -EINVAL;
	rt = skb_rtable(skb);
	if (unlikely(rt->type == RTN_MULTICAST || rt->type == RTN_BROADCAST)) {
		count_casts(net, skb, rt->type);
	} else if (unlikely(skb->pkt_type != PACKET_HOST) && l2_cast_unwanted(skb)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_UNICAST_IN_L2_MULTICAST);
		return -EINVAL;
	}
	return dst_input(net, skb);
}

int ip_rcv(struct net *net, struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;

	trace_skb(skb, "ip_rcv");
	if (!ip_rcv_core(net, skb))
		return -EINVAL;
	return NF_HOOK(NF_INET_PRE_ROUTING, net, NULL, skb, dev, NULL, ip_rcv_finish);
}

static void no_protocol(struct net *net, struct sk_buff *skb, bool raw_took_it)
{
	if (raw_took_it) {
		NET_INC_STATS(net, IPSTATS_MIB_INDELIVERS);
		consume_skb(skb);
		return;
	}
	NET_INC_STATS(net, IPSTATS_MIB_INUNKNOWNPROTOS);
	icmp_send(net, skb, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, 0);
	kfree_skb_reason(skb, SKB_DROP_REASON_IP_NOPROTO);
}

static __always_inline int ip_local_deliver_finish(struct net *net, struct sk_buff *skb)
{
	const struct netns_ipv4 *ipv4 = net_ipv4(net);
	u8 protocol = ip_hdr(skb)->protocol;
	const struct net_protocol *proto = ipv4->protos[protocol];
	bool raw = false;

	nf_assert_passed_in(skb);
	trace_skb(skb, "ip_local_deliver_finish");
	__skb_pull(skb, skb_network_header_len(skb));
	if (unlikely(ipv4->raw_ops))
		raw = ipv4->raw_ops->deliver(net, skb, protocol);
	if (likely(proto)) {
		NET_INC_STATS(net, IPSTATS_MIB_INDELIVERS);
		proto->handler(net, skb);
	} else {
		no_protocol(net, skb, raw);
	}
	return 0;
}

int ip_local_deliver(struct net *net, struct sk_buff *skb)
{
	if (unlikely(ip_is_fragment(ip_hdr(skb)))) {
		skb = ip_defrag(net, skb, IP_DEFRAG_LOCAL_DELIVER);
		if (!skb)
			return 0;
	}
	return NF_HOOK(NF_INET_LOCAL_IN, net, NULL, skb, skb->dev, NULL, ip_local_deliver_finish);
}
