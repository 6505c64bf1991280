/* SPDX-License-Identifier: MIT */
/*
 * ARP (RFC 826): questions answered, answers learnt, questions asked. Which addresses we answer for, and which source we
 * ask with, is Linux's: arp_ignore, arp_announce, arp_filter, arp_accept, proxy_arp. RFC 5227: probes (source 0) are answered.
 */
#include "lib/errno.h"
#include "net/ipv4/arp.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/neigh_priv.h"
#include "net/wire/arp_hdr.h"
#include "net/wire/eth_hdr.h"
#include "net/wire/ipv4_hdr.h"

#define ARP_TX_HEADROOM (NET_SKB_PAD + ETH_HLEN + NET_IP_ALIGN)

/* One ARP packet onto the link. dst_hw: where the frame goes; tha: what the packet says of the target (NULL: unknown). */
static int arp_send(struct net_device *dev, u16 op, const u8 *dst_hw, be32 sip, const u8 *tha,
		    be32 tip)
{
	struct sk_buff *skb;
	struct ethhdr *eth;

	if (dev->flags & (IFF_LOOPBACK | IFF_NOARP))
		return -EINVAL;
	skb = alloc_skb(dev->net, ARP_TX_HEADROOM + sizeof(struct arphdr));
	if (!skb)
		return -ENOMEM;
	skb_reserve(skb, ARP_TX_HEADROOM);
	skb_reset_network_header(skb);
	arp_emit(skb_put(skb, sizeof(struct arphdr)), op, dev->dev_addr, sip, tha, tip);
	eth = skb_push(skb, ETH_HLEN);
	skb_reset_mac_header(skb);
	memcpy(eth->h_dest, dst_hw, ETH_ALEN);
	memcpy(eth->h_source, dev->dev_addr, ETH_ALEN);
	eth->h_proto = CPU_TO_BE16(ETH_P_ARP);
	skb->dev = dev;
	skb->protocol = CPU_TO_BE16(ETH_P_ARP);
	trace_begin(skb);
	return dev_queue_xmit(skb);
}

int arp_probe(struct net_device *dev, be32 sender, be32 target)
{
	return arp_send(dev, ARPOP_REQUEST, dev->broadcast, sender, NULL, target);
}

/* A gratuitous request: sender and target are the address (RFC 5227 s3). */
void arp_announce_addr(const struct in_ifaddr *ifa)
{
	struct net_device *dev = ifa->in_dev->dev;

	if (dev->flags & (IFF_LOOPBACK | IFF_NOARP) ||
	    !in_dev_orconf(ifa->in_dev, IPV4_DEVCONF_ARP_NOTIFY))
		return;
	arp_probe(dev, ifa->local, ifa->local);
}

void arp_constructor(struct neighbour *n)
{
	struct net_device *dev = n->dev;
	u32 group = be32_to_cpu(n->primary_key) & 0x7fffff;

	n->type = inet_addr_type(n->net, dev, n->primary_key);
	if (dev->flags & (IFF_LOOPBACK | IFF_NOARP)) {
		n->nud_state = NUD_NOARP;
	} else if (n->type == RTN_MULTICAST) { /* RFC 1112 s6.4 */
		const u8 ha[ETH_ALEN] = {1, 0, 0x5e, group >> 16, group >> 8, group};

		n->nud_state = NUD_NOARP;
		memcpy(n->ha, ha, ETH_ALEN);
	} else if (n->type == RTN_BROADCAST) {
		n->nud_state = NUD_NOARP;
		memcpy(n->ha, dev->broadcast, ETH_ALEN);
	}
}

/* ---- asking ---- */

/* The source to ask with: the packet's own if arp_announce lets us. */
static be32 solicit_source(const struct neighbour *n, const struct sk_buff *waiting)
{
	const struct in_device *in_dev = in_dev_get(n->dev);
	int announce = in_dev_maxconf(in_dev, IPV4_DEVCONF_ARP_ANNOUNCE);
	be32 saddr = 0;

	if (waiting && announce < 2)
		saddr = ((const struct iphdr *)skb_network_header(waiting))->saddr;
	if (saddr && (inet_addr_type(n->net, NULL, saddr) != RTN_LOCAL ||
		      (announce == 1 && !inet_addr_onlink(in_dev, n->primary_key, saddr))))
		saddr = 0;
	return saddr ? saddr : inet_select_addr(n->net, n->dev, n->primary_key, RT_SCOPE_LINK);
}

void arp_solicit(struct neighbour *n, const struct sk_buff *waiting)
{
	bool unicast = (int)n->probes <= in_dev_get(n->dev)->arp_parms->ucast_solicit;
	be32 saddr = solicit_source(n, waiting);

	if (unicast && n->nud_state & NUD_VALID)
		arp_send(n->dev, ARPOP_REQUEST, n->ha, saddr, n->ha, n->primary_key);
	else
		arp_probe(n->dev, saddr, n->primary_key);
}

/* ---- answering ---- */

static bool own_on_dev(const struct in_device *in_dev, be32 addr, u8 scope)
{
	struct in_ifaddr *ifa;

	in_dev_for_each_ifa(ifa, in_dev)
	{
		if (ifa->local == addr && ifa->scope <= scope)
			return true;
	}
	return false;
}

/* Whether arp_ignore keeps us silent about tip when sip asks on this device. */
static bool arp_ignore(const struct in_device *in_dev, be32 sip, be32 tip)
{
	switch (in_dev_maxconf(in_dev, IPV4_DEVCONF_ARP_IGNORE)) {
	case 0:
		return false;
	case 1:
		return !own_on_dev(in_dev, tip, RT_SCOPE_HOST);
	case 2:
		return !own_on_dev(in_dev, tip, RT_SCOPE_HOST) ||
		       (sip && !inet_addr_onlink(in_dev, tip, sip));
	case 3:
		return !own_on_dev(in_dev, tip, RT_SCOPE_LINK);
	case 8:
		return true;
	default:
		return false;
	}
}

/* arp_filter: answer only where a packet to sip would leave. */
static bool arp_filtered(struct net_device *dev, be32 sip, be32 tip)
{
	struct flowi4 fl = {.daddr = sip, .saddr = tip};
	struct rtable *rt;

	if (!in_dev_orconf(in_dev_get(dev), IPV4_DEVCONF_ARP_FILTER))
		return false;
	return ip_route_output(dev->net, &fl, &rt) || rt->dst.dev != dev;
}

static bool proxy_wanted(struct net_device *dev, const struct rtable *rt, u8 pkt_type)
{
	const struct in_device *in_dev = in_dev_get(dev);

	return rt->type == RTN_UNICAST && in_dev_conf(in_dev, IPV4_DEVCONF_FORWARDING) &&
	       rt->dst.dev != dev && in_dev_orconf(in_dev, IPV4_DEVCONF_PROXY_ARP) &&
	       (pkt_type == PACKET_BROADCAST || pkt_type == PACKET_HOST);
}

/* RFC 5227 s2.1.1: somebody asks whether tip is free. */
static bool answer_probe(struct net_device *dev, const struct arp_view *v)
{
	if (v->op != ARPOP_REQUEST || inet_addr_type(dev->net, NULL, v->tip) != RTN_LOCAL ||
	    arp_ignore(in_dev_get(dev), 0, v->tip))
		return false;
	arp_send(dev, ARPOP_REPLY, v->sha, v->tip, v->sha, v->sip);
	return true;
}

/* True: it was for us, or for one whose packets we forward, and is dealt with. */
static bool answer_request(struct net_device *dev, const struct arp_view *v, u8 pkt_type)
{
	struct rtable *rt;
	bool silent;

	if (ip_route_input(dev->net, v->tip, v->sip, 0, dev, &rt))
		return false;
	if (rt->type == RTN_LOCAL) {
		silent = arp_ignore(in_dev_get(dev), v->sip, v->tip) ||
			 arp_filtered(dev, v->sip, v->tip);
		if (!silent && neigh_event_ns(v->sha, v->sip, dev))
			arp_send(dev, ARPOP_REPLY, v->sha, v->tip, v->sha, v->sip);
		return true;
	}
	if (!proxy_wanted(dev, rt, pkt_type))
		return false;
	if (neigh_event_ns(v->sha, v->sip, dev))
		arp_send(dev, ARPOP_REPLY, v->sha, v->tip, v->sha, v->sip);
	return true;
}

static bool is_gratuitous(const struct arp_view *v)
{
	return v->tip == v->sip && (v->op == ARPOP_REQUEST ||
				    (v->op == ARPOP_REPLY && ether_addr_equal(v->tha, v->sha)));
}

/* Updates what is known of the sender; a new entry only with arp_accept. */
static bool learn(struct net_device *dev, const struct arp_view *v, u8 pkt_type)
{
	struct neighbour *n = neigh_lookup(dev, v->sip);
	bool garp = is_gratuitous(v), override;
	u64 lock;

	if (!n && in_dev_orconf(in_dev_get(dev), IPV4_DEVCONF_ARP_ACCEPT) &&
	    (garp || v->op == ARPOP_REPLY) && inet_addr_type(dev->net, dev, v->sip) == RTN_UNICAST)
		n = neigh_create(dev, v->sip);
	if (!n)
		return false;
	lock = (u64)in_dev_get(dev)->arp_parms->locktime * 10 * NSEC_PER_MSEC;
	override = garp || plat_now() > n->updated + lock;
	neigh_update(n, v->sha,
		     v->op == ARPOP_REPLY && pkt_type == PACKET_HOST ? NUD_REACHABLE : NUD_STALE,
		     override ? NEIGH_UPDATE_F_OVERRIDE : 0);
	return true;
}

/* False: not ours to care for. */
static bool arp_process(struct net_device *dev, const struct arp_view *v, u8 pkt_type)
{
	bool localnet = in_dev_orconf(in_dev_get(dev), IPV4_DEVCONF_ROUTE_LOCALNET);

	if (ipv4_is_multicast(v->tip) || (!localnet && ipv4_is_loopback(v->tip)))
		return false;
	if (!v->sip)
		return answer_probe(dev, v);
	if (v->op == ARPOP_REQUEST && answer_request(dev, v, pkt_type))
		return true;
	return learn(dev, v, pkt_type);
}

int arp_rcv(struct net *net, struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;
	struct arp_view v;

	(void)net;
	trace_skb(skb, "arp_rcv");
	if (dev->flags & (IFF_LOOPBACK | IFF_NOARP) || !in_dev_get(dev) ||
	    skb->pkt_type == PACKET_OTHERHOST || skb->pkt_type == PACKET_LOOPBACK) {
		kfree_skb_reason(skb, SKB_DROP_REASON_OTHERHOST);
		return -EINVAL;
	}
	if (!pskb_may_pull(skb, sizeof(struct arphdr)) ||
	    !arp_parse(skb->data, skb_headlen(skb), &v)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_ARP_INVALID);
		return -EINVAL;
	}
	if (arp_process(dev, &v, skb->pkt_type))
		consume_skb(skb);
	else
		kfree_skb_reason(skb, SKB_DROP_REASON_ARP_IGNORED);
	return 0;
}
