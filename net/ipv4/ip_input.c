/* SPDX-License-Identifier: MIT */
/*
 * IPv4's way in: ip_rcv -> PRE_ROUTING -> ip_rcv_finish -> ip_local_deliver -> LOCAL_IN ->
 * ip_local_deliver_finish -> protocol; or ip_forward.
 *
 * Checks come in the order of RFC 1122 s3.2.1 and RFC 1812 s5.2.2, and each failure has its own counter. Each
 * function takes the common packet straight on, and hands the others to its slower twin as its last act.
 */
#include "lib/errno.h"
#include "net/core/nf_hook.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/igmp.h"
#include "net/ipv4/inetpeer.h"
#include "net/ipv4/ip_options.h"
#include "net/ipv4/ip_path.h"
#include "net/ipv4/rt_cache.h"
#include "net/wire/icmp_hdr.h"

static struct sk_buff *drop(struct net *net, struct sk_buff *skb, enum snmp_mib mib,
			    enum skb_drop_reason reason)
{
	NET_INC_STATS(net, mib);
	kfree_skb_reason(skb, reason);
	return NULL;
}

static __always_inline enum snmp_mib ecn_mib(u8 tos)
{
	static const u8 mibs[] = {IPSTATS_MIB_NOECTPKTS, IPSTATS_MIB_ECT1PKTS, IPSTATS_MIB_ECT0PKTS,
				  IPSTATS_MIB_CEPKTS};

	return mibs[tos & INET_ECN_MASK];
}

static __always_inline void count_received(struct net *net, const struct sk_buff *skb)
{
	NET_INC_STATS(net, IPSTATS_MIB_INPKTS);
	NET_ADD_STATS(net, IPSTATS_MIB_INOCTETS, skb->len);
}

static __always_inline void begin_processing(struct sk_buff *skb, unsigned int hlen)
{
	skb->transport_header = skb->network_header + hlen;
	memset(IPCB(skb), 0, sizeof(struct inet_skb_parm));
}

/* The header is whole and right, the packet is as long as it says. NULL: dropped. */
static struct sk_buff *ip_rcv_core(struct net *net, struct sk_buff *skb)
{
	const struct iphdr *iph;
	unsigned int hlen;
	u32 len;

	trace_skb(skb, "ip_rcv");
	if (skb->pkt_type == PACKET_OTHERHOST) {
		skb->dev->stats.rx_otherhost_dropped++;
		kfree_skb_reason(skb, SKB_DROP_REASON_OTHERHOST);
		return NULL;
	}
	count_received(net, skb);
	if (!pskb_may_pull(skb, sizeof(*iph)))
		return drop(net, skb, IPSTATS_MIB_INHDRERRORS, SKB_DROP_REASON_PKT_TOO_SMALL);
	hlen = ip_hdrlen_skb(skb);
	if (hlen < IP_HLEN_MIN || ip_version(ip_hdr(skb)) != 4)
		return drop(net, skb, IPSTATS_MIB_INHDRERRORS, SKB_DROP_REASON_IP_INHDR);
	NET_INC_STATS(net, ecn_mib(ip_hdr(skb)->tos));
	if (!pskb_may_pull(skb, hlen))
		return drop(net, skb, IPSTATS_MIB_INHDRERRORS, SKB_DROP_REASON_PKT_TOO_SMALL);
	iph = ip_hdr(skb);
	if (ip_fast_csum(iph, hlen / 4)) {
		NET_INC_STATS(net, IPSTATS_MIB_CSUMERRORS);
		return drop(net, skb, IPSTATS_MIB_INHDRERRORS, SKB_DROP_REASON_IP_CSUM);
	}
	len = be16_to_cpu(iph->tot_len);
	if (skb->len < len)
		return drop(net, skb, IPSTATS_MIB_INTRUNCATEDPKTS, SKB_DROP_REASON_PKT_TOO_SMALL);
	if (len < hlen)
		return drop(net, skb, IPSTATS_MIB_INHDRERRORS, SKB_DROP_REASON_IP_INHDR);
	if (pskb_trim(skb, len)) /* Ethernet's padding */
		return drop(net, skb, IPSTATS_MIB_INDISCARDS, SKB_DROP_REASON_NOMEM);
	begin_processing(skb, hlen);
	return skb;
}

/* What nearly every packet is: neither ip_rcv_core() nor ip_rcv_finish_odd() would find anything to say of it. */
static __always_inline bool ip_is_plain(const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);

	return skb->pkt_type == PACKET_HOST && !skb->traced && skb_headlen(skb) >= IP_HLEN_MIN &&
	       iph->ver_ihl == 0x45 && be16_to_cpu(iph->tot_len) == skb->len &&
	       !ip_fast_csum(iph, IP_HLEN_MIN / 4);
}

static bool error_allowed(struct net *net, be32 saddr)
{
	const struct netns_ipv4 *ipv4 = net_ipv4(net);

	return inet_peer_allow(inet_getpeer(net, saddr), IPV4_TICKS(ipv4->sysctl_error_cost),
			       IPV4_TICKS(ipv4->sysctl_error_burst));
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
	if (router && err != -ENODEV && error_allowed(net, ip_hdr(skb)->saddr))
		icmp_send(net, skb, ICMP_DEST_UNREACH, code, 0);
	kfree_skb_reason(skb, SKB_DROP_REASON_IP_INNOROUTES);
}

static void ip_drop_unroutable(struct net *net, struct sk_buff *skb, int err)
{
	switch (err) {
	case -EXDEV:
		NET_INC_STATS(net, LINUX_MIB_IPRPFILTER);
		kfree_skb_reason(skb, SKB_DROP_REASON_IP_RPFILTER);
		break;
	case -ENOMEM:
		kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
		break;
	case -EADDRNOTAVAIL:
		kfree_skb_reason(skb, SKB_DROP_REASON_MC_NOT_MEMBER);
		break;
	case -EINVAL:
		kfree_skb_reason(skb, SKB_DROP_REASON_IP_INVALID_SOURCE);
		break;
	default:
		if (ip_hdrlen_skb(skb) == IP_HLEN_MIN || ip_rcv_options(net, skb))
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

/* Whether a member wants packets to the group from this source; one without an address speaks to its own link only. */
static bool mc_wanted(const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);

	if (skb->pkt_type == PACKET_LOOPBACK)
		return true; /* its way in was looked at when it went out */
	if (ipv4_is_zeronet(iph->saddr) && !ipv4_is_local_multicast(iph->daddr) &&
	    iph->protocol != IPPROTO_IGMP)
		return false;
	return ip_check_mc(in_dev_get(skb->dev), iph->daddr, iph->saddr, iph->protocol);
}

/* Options, casts, and addresses of the link that do not fit. */
static noinline int ip_rcv_finish_odd(struct net *net, struct sk_buff *skb)
{
	u8 type;

	if (ip_hdrlen_skb(skb) > IP_HLEN_MIN && !ip_rcv_options(net, skb))
		return -EINVAL;
	type = skb_rtable(skb)->type;
	if (type == RTN_MULTICAST && !mc_wanted(skb)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_MC_FILTERED);
		return -EINVAL;
	}
	if (type == RTN_MULTICAST || type == RTN_BROADCAST) {
		count_casts(net, skb, type);
	} else if (l2_cast_unwanted(skb)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_UNICAST_IN_L2_MULTICAST);
		return -EINVAL;
	}
	return dst_input(net, skb);
}

/* The decision of the packet before, in a list: it is good for all that follow with the same key. */
struct ip_run {
	struct rt_in_key key;
	struct rtable *rt; /* lent; NULL: none yet */
};

static __always_inline u64 ip_addrs(const struct iphdr *iph)
{
	u64 addrs;

	__builtin_memcpy(&addrs, &iph->saddr, sizeof(addrs));
	return addrs;
}

/* NULL: the packet is gone. */
static noinline struct rtable *ip_route_slow(struct net *net, struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct rtable *rt;
	int err = ip_route_input(net, skb, iph->daddr, iph->saddr, iph->tos & IPTOS_RT_MASK,
				 skb->dev, &rt);

	if (likely(!err))
		return rt;
	ip_drop_unroutable(net, skb, err);
	return NULL;
}

/* Packets of a flow that a socket is connected to need no route: it has the one of before. */
static noinline void ip_early_demux(struct net *net, struct sk_buff *skb)
{
	const struct netns_ipv4 *ipv4 = net_ipv4(net);
	const struct net_protocol *proto = ipv4->protos[ip_hdr(skb)->protocol];

	if (ipv4->sysctl_ip_early_demux && !skb->dst && !skb->sk && proto && proto->early_demux &&
	    !ip_is_fragment(ip_hdr(skb)))
		proto->early_demux(net, skb);
}

static __always_inline struct rtable *ip_route_run(struct net *net, struct sk_buff *skb,
						   struct ip_run *run)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct rt_in_key key = rt_in_key(ip_addrs(iph), iph->tos & IPTOS_RT_MASK, skb->dev);
	struct rt_cache_in *c;
	struct rtable *rt;

	if (key.addrs == run->key.addrs && key.rest == run->key.rest)
		return run->rt;
	c = rt_cache_in_slot(net, key);
	rt = rt_cache_in_get(net, c, key);
	if (!rt)
		rt = ip_route_input_plain(net, key, c, skb->dev);
	if (unlikely(!rt)) {
		rt = ip_route_slow(net, skb);
		if (!rt || rt_cache_in_get(net, c, key) != rt) /* for this packet alone */
			return rt;
	}
	*run = (struct ip_run){key, rt};
	return rt;
}

/* plain: see ip_is_plain(). */
static __always_inline int ip_rcv_finish_run(struct net *net, struct sk_buff *skb,
					     struct ip_run *run, bool plain)
{
	if (unlikely(!plain))
		trace_skb(skb, "ip_rcv_finish");
	if (unlikely(net_ipv4(net)->demux_socks))
		ip_early_demux(net, skb);
	if (likely(!skb->dst)) {
		struct rtable *rt = ip_route_run(net, skb, run);

		if (unlikely(!rt))
			return -EINVAL;
		skb->dst = &rt->dst;
	}
	if (likely(plain && skb_rtable(skb)->type <= RTN_LOCAL))
		return dst_input(net, skb);
	return ip_rcv_finish_odd(net, skb);
}

static int ip_rcv_finish(struct net *net, struct sk_buff *skb)
{
	struct ip_run run = {.rt = NULL};

	return ip_rcv_finish_run(net, skb, &run, false);
}

static __always_inline void count_plain(struct net *net, struct sk_buff *skb)
{
	count_received(net, skb);
	NET_INC_STATS(net, ecn_mib(ip_hdr(skb)->tos));
	begin_processing(skb, IP_HLEN_MIN);
}

int ip_rcv(struct net *net, struct sk_buff *skb)
{
	if (!ip_rcv_core(net, skb))
		return -EINVAL;
	return NF_HOOK(NF_INET_PRE_ROUTING, net, skb, skb->dev, NULL, ip_rcv_finish);
}

/* Behind a hook: what goes on at once, and what comes later, has no run. */
static noinline bool ip_rcv_hooked(struct net *net, struct sk_buff *skb)
{
	return nf_hook(NF_INET_PRE_ROUTING, net, skb, skb->dev, NULL, ip_rcv_finish);
}

/*
 * Each packet goes all its way before the next comes: what it does to its connection, or its route, the next finds done. A
 * run to one place is routed once.
 */
void ip_list_rcv(struct net *net, struct sk_buff *skb)
{
	struct ip_run run = {.rt = NULL};
	struct sk_buff *next;
	bool plain;

	for (; skb; skb = next) {
		next = skb->next;
		skb->next = NULL;
		plain = ip_is_plain(skb);
		if (likely(plain))
			count_plain(net, skb);
		else if (!ip_rcv_core(net, skb))
			continue;
		skb->hooks_passed |= NF_PASSED(PRE_ROUTING);
		if (likely(!net->hooks[NF_INET_PRE_ROUTING]) || ip_rcv_hooked(net, skb))
			ip_rcv_finish_run(net, skb, &run, plain);
	}
}

static int no_protocol(struct net *net, struct sk_buff *skb, bool raw_took_it)
{
	if (raw_took_it) {
		NET_INC_STATS(net, IPSTATS_MIB_INDELIVERS);
		consume_skb(skb);
		return 0;
	}
	NET_INC_STATS(net, IPSTATS_MIB_INUNKNOWNPROTOS);
	icmp_send(net, skb, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, 0);
	kfree_skb_reason(skb, SKB_DROP_REASON_IP_NOPROTO);
	return -ENOPROTOOPT;
}

static __always_inline int deliver(struct net *net, struct sk_buff *skb,
				   const struct net_protocol *proto)
{
	NET_INC_STATS(net, IPSTATS_MIB_INDELIVERS);
	proto->handler(net, skb);
	return 0;
}

/* With raw sockets, or nobody, to look at it. */
static noinline int ip_local_deliver_odd(struct net *net, struct sk_buff *skb)
{
	const struct netns_ipv4 *ipv4 = net_ipv4(net);
	u8 protocol = ip_hdr(skb)->protocol;
	bool raw = ipv4->raw_ops && ipv4->raw_ops->deliver(net, skb, protocol);

	if (ipv4->protos[protocol])
		return deliver(net, skb, ipv4->protos[protocol]);
	return no_protocol(net, skb, raw);
}

static __always_inline int ip_local_deliver_finish(struct net *net, struct sk_buff *skb)
{
	const struct netns_ipv4 *ipv4 = net_ipv4(net);
	const struct net_protocol *proto = ipv4->protos[ip_hdr(skb)->protocol];

	nf_assert_passed_in(skb);
	trace_skb(skb, "ip_local_deliver_finish");
	__skb_pull(skb, skb_network_header_len(skb));
	if (unlikely(ipv4->raw_ops || !proto))
		return ip_local_deliver_odd(net, skb);
	return deliver(net, skb, proto);
}

static noinline int ip_local_deliver_fragment(struct net *net, struct sk_buff *skb)
{
	skb = ip_defrag(net, skb, IP_DEFRAG_LOCAL_DELIVER);
	if (!skb)
		return 0;
	return NF_HOOK(NF_INET_LOCAL_IN, net, skb, skb->dev, NULL, ip_local_deliver_finish);
}

int ip_local_deliver(struct net *net, struct sk_buff *skb)
{
	if (unlikely(ip_is_fragment(ip_hdr(skb))))
		return ip_local_deliver_fragment(net, skb);
	return NF_HOOK(NF_INET_LOCAL_IN, net, skb, skb->dev, NULL, ip_local_deliver_finish);
}
