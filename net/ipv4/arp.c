/* SPDX-License-Identifier: MIT */
/*
 * ARP (RFC 826): questions answered, answers learnt, questions asked. Which addresses we answer for, and which source we
 * ask with, is Linux's: arp_ignore, arp_announce, arp_filter, arp_accept, proxy_arp (arp_proxy.c has the rest of it).
 * RFC 5227: probes (source 0) are answered; who claims an address of ours is not believed, and not fought.
 */
#include "lib/errno.h"
#include "net/ipv4/arp.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/neigh_priv.h"
#include "net/wire/arp_hdr.h"
#include "net/wire/eth_hdr.h"
#include "net/wire/ipv4_hdr.h"

#define ARP_TX_HEADROOM (NET_SKB_PAD + ETH_HLEN + NET_IP_ALIGN)

/* What becomes of a packet: ARP_LATER, it waits for proxy_delay. */
enum arp_fate { ARP_DONE, ARP_LATER, ARP_NOT_OURS, ARP_NO_ROOM };

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

/* Gratuitous requests: sender and target are the address. */
void arp_announce(struct net_device *dev)
{
	struct in_ifaddr *ifa;

	if (!in_dev_orconf(in_dev_get(dev), IPV4_DEVCONF_ARP_NOTIFY))
		return;
	in_dev_for_each_ifa(ifa, in_dev_get(dev)) arp_probe(dev, ifa->local, ifa->local);
}

void arp_constructor(struct neighbour *n)
{
	struct net_device *dev = n->dev;

	n->type = inet_addr_type(n->net, NULL, n->primary_key);
	if (n->type == RTN_MULTICAST) {
		n->nud_state = NUD_NOARP;
		ip_eth_mc_map(n->primary_key, n->ha);
	} else if (dev->flags & (IFF_LOOPBACK | IFF_NOARP)) {
		n->nud_state = NUD_NOARP;
		memcpy(n->ha, dev->dev_addr, ETH_ALEN);
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
	const struct neigh_parms *p = neigh_parms_of(n);
	int probes = (int)n->probes - p->ucast_solicit;
	be32 saddr = solicit_source(n, waiting);

	if (probes >= 0 && probes < p->app_solicit)
		return;
	arp_send(n->dev, ARPOP_REQUEST, probes < 0 ? n->ha : n->dev->broadcast, saddr, NULL,
		 n->primary_key);
}

/* ---- answering ---- */

/* local (0: any) is ours on the device, of at most scope; and it shares a subnet of the device with peer (0: any). */
static bool confirm_addr(const struct in_device *in_dev, be32 peer, be32 local, u8 scope)
{
	struct in_ifaddr *ifa;
	bool ours = false, near = false;

	in_dev_for_each_ifa(ifa, in_dev)
	{
		ours |= (!local || ifa->local == local) && ifa->scope <= scope;
		near |= (!local || inet_ifa_match(local, ifa)) &&
			(!peer || inet_ifa_match(peer, ifa));
	}
	return ours && near;
}

/* The same on any device. */
static bool is_ours(struct net *net, be32 local, u8 scope)
{
	struct net_device *dev;

	list_for_each_entry (dev, &net->dev_list, list) {
		if (in_dev_get(dev) && confirm_addr(in_dev_get(dev), 0, local, scope))
			return true;
	}
	return false;
}

/* Whether arp_ignore keeps us silent about tip when sip asks on this device. */
static bool arp_ignore(const struct in_device *in_dev, be32 sip, be32 tip)
{
	switch (in_dev_maxconf(in_dev, IPV4_DEVCONF_ARP_IGNORE)) {
	case 1:
		return !confirm_addr(in_dev, 0, tip, RT_SCOPE_HOST);
	case 2:
		return !confirm_addr(in_dev, sip, tip, RT_SCOPE_HOST);
	case 3:
		return !is_ours(in_dev->dev->net, tip, RT_SCOPE_LINK);
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
	if (ip_route_output(dev->net, &fl, &rt))
		return true;
	if (rt->dst.dev == dev)
		return false;
	NET_INC_STATS(dev->net, LINUX_MIB_ARPFILTER);
	return true;
}

/* Whether we answer for tip, whose packets leave by rt. */
static bool proxied(struct net_device *dev, const struct rtable *rt, const struct arp_view *v)
{
	const struct in_device *in_dev = in_dev_get(dev);

	if (rt->type != RTN_UNICAST || !in_dev_conf(in_dev, IPV4_DEVCONF_FORWARDING))
		return false;
	if (rt->dst.dev == dev) /* who asks for itself looks for a conflict */
		return v->sip != v->tip && in_dev_orconf(in_dev, IPV4_DEVCONF_PROXY_ARP_PVLAN);
	return in_dev_orconf(in_dev, IPV4_DEVCONF_PROXY_ARP) ||
	       pneigh_lookup(dev->net, dev, v->tip);
}

static void answer(struct net_device *dev, const struct arp_view *v)
{
	arp_send(dev, ARPOP_REPLY, v->sha, v->tip, v->sha, v->sip);
}

/* RFC 5227 s2.1.1: somebody asks whether tip is free. */
static enum arp_fate answer_probe(struct net_device *dev, const struct arp_view *v)
{
	if (v->op == ARPOP_REQUEST && inet_addr_type(dev->net, NULL, v->tip) == RTN_LOCAL &&
	    !arp_ignore(in_dev_get(dev), 0, v->tip)) {
		answer(dev, v);
		return ARP_DONE;
	}
	return ARP_NOT_OURS;
}

/* ARP_NOT_OURS: nothing that we answer for; the sender may be worth learning. */
static enum arp_fate answer_request(struct net_device *dev, const struct arp_view *v, u8 pkt_type)
{
	struct rtable *rt;

	if (ip_route_input(dev->net, NULL, v->tip, v->sip, 0, dev, &rt))
		return ARP_NOT_OURS;
	if (rt->type == RTN_LOCAL) {
		if (arp_ignore(in_dev_get(dev), v->sip, v->tip) ||
		    arp_filtered(dev, v->sip, v->tip))
			return ARP_DONE;
		if (!neigh_event_ns(v->sha, v->sip, dev))
			return ARP_NO_ROOM;
		answer(dev, v);
		return ARP_DONE;
	}
	if (!proxied(dev, rt, v))
		return ARP_NOT_OURS;
	neigh_event_ns(v->sha, v->sip, dev);
	if (pkt_type != PACKET_HOST && in_dev_get(dev)->arp_parms->proxy_delay)
		return ARP_LATER;
	answer(dev, v);
	return ARP_DONE;
}

static bool is_gratuitous(const struct arp_view *v)
{
	return v->tip == v->sip && (v->op == ARPOP_REQUEST ||
				    (v->op == ARPOP_REPLY && ether_addr_equal(v->tha, v->sha)));
}

/* arp_accept: 1, from everybody; 2, from our subnets. */
static bool accepts(const struct in_device *in_dev, be32 sip)
{
	u8 scope = (sip & CPU_TO_BE32(0xffff0000)) == CPU_TO_BE32(0xa9fe0000) ? RT_SCOPE_LINK
									      : RT_SCOPE_UNIVERSE;
	int accept = in_dev_maxconf(in_dev, IPV4_DEVCONF_ARP_ACCEPT);

	return accept == 2 ? confirm_addr(in_dev, sip, 0, scope) : accept;
}

/* Updates what is known of the sender; a new entry only with arp_accept. */
static enum arp_fate learn(struct net_device *dev, const struct arp_view *v, u8 pkt_type)
{
	bool unicast = inet_addr_type(dev->net, NULL, v->sip) == RTN_UNICAST;
	bool garp = unicast && is_gratuitous(v), override;
	struct neighbour *n = neigh_lookup(dev, v->sip);

	if (!n) {
		if (!unicast || !(garp || v->op == ARPOP_REPLY) ||
		    !accepts(in_dev_get(dev), v->sip))
			return ARP_NOT_OURS;
		n = neigh_create(dev, v->sip, true);
		if (!n)
			return ARP_NO_ROOM;
	}
	override = garp || plat_now() > n->updated + neigh_ticks(neigh_parms_of(n)->locktime);
	neigh_update(n, v->sha,
		     v->op == ARPOP_REPLY && pkt_type == PACKET_HOST ? NUD_REACHABLE : NUD_STALE,
		     override ? NEIGH_UPDATE_F_OVERRIDE : 0);
	return ARP_DONE;
}

static enum arp_fate arp_process(struct net_device *dev, const struct arp_view *v, u8 pkt_type)
{
	const struct in_device *in_dev = in_dev_get(dev);
	enum arp_fate fate = ARP_NOT_OURS;

	if (ipv4_is_multicast(v->tip) ||
	    (ipv4_is_loopback(v->tip) && !in_dev_orconf(in_dev, IPV4_DEVCONF_ROUTE_LOCALNET)))
		return ARP_NOT_OURS;
	if (v->sip == v->tip && in_dev_orconf(in_dev, IPV4_DEVCONF_DROP_GRATUITOUS_ARP))
		return ARP_NOT_OURS;
	if (!v->sip)
		return answer_probe(dev, v);
	if (v->op == ARPOP_REQUEST)
		fate = answer_request(dev, v, pkt_type);
	return fate == ARP_NOT_OURS ? learn(dev, v, pkt_type) : fate;
}

static void arp_end(struct sk_buff *skb, enum arp_fate fate)
{
	if (fate == ARP_DONE)
		consume_skb(skb);
	else if (fate == ARP_LATER)
		pneigh_enqueue(skb->dev, skb);
	else
		kfree_skb_reason(skb, fate == ARP_NO_ROOM ? SKB_DROP_REASON_NEIGH_TABLE_FULL
							  : SKB_DROP_REASON_ARP_IGNORED);
}

void arp_redo(struct sk_buff *skb)
{
	struct arp_view v;

	BUG_ON(!arp_parse(skb->data, skb_headlen(skb), &v));
	arp_end(skb, arp_process(skb->dev, &v, PACKET_HOST));
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
	arp_end(skb, arp_process(dev, &v, skb->pkt_type));
	return 0;
}
