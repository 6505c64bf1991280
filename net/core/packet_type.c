/* SPDX-License-Identifier: MIT */
/* From the device to the protocol: the table of EtherTypes. */
#include "net/core/net_namespace.h"
#include "net/core/packet_type.h"
#include "net/core/vlan_core.h"
#include "net/wire/eth_hdr.h"

static struct list_head *ptype_head(struct net *net, be16 type)
{
	if (type == CPU_TO_BE16(ETH_P_ALL))
		return &net->ptype_all;
	return &net->ptype_base[be16_to_cpu(type) % PTYPE_HASH_SIZE];
}

void dev_add_pack(struct net *net, struct packet_type *pt)
{
	list_add_tail(&pt->list, ptype_head(net, pt->type));
}

void dev_remove_pack(struct net *net, struct packet_type *pt)
{
	(void)net;
	list_del(&pt->list);
}

static struct packet_type *ptype_find(struct net *net, be16 type)
{
	struct packet_type *pt;

	list_for_each_entry (pt, ptype_head(net, type), list) {
		if (pt->type == type)
			return pt;
	}
	return NULL;
}

/* For those who look at everything, and for the trace. */
static noinline void receive_watched(struct net *net, struct sk_buff *skb)
{
	struct packet_type *pt;

	trace_begin(skb);
	trace_skb(skb, "netif_receive_skb");
	list_for_each_entry (pt, &net->ptype_all, list)
		pt->func(net, skb);
}

/* Everything that happens to a received packet whatever its protocol. False: it has been dropped. */
static __always_inline bool receive_core(struct net *net, struct sk_buff *skb)
{
	if (unlikely(!(skb->dev->flags & IFF_UP))) {
		kfree_skb_reason(skb, SKB_DROP_REASON_DEV_NOT_UP);
		return false;
	}
	skb_reset_network_header(skb);
	skb->iif = skb->dev->ifindex;
	if (unlikely(net->trace_budget || skb->traced || !list_empty(&net->ptype_all)))
		receive_watched(net, skb);
	return true;
}

static void drop_unhandled(struct sk_buff *skb)
{
	skb->dev->stats.rx_dropped++;
	kfree_skb_reason(skb, SKB_DROP_REASON_UNHANDLED_PROTO);
}

void netif_receive_skb(struct sk_buff *skb)
{
	struct net *net = skb->dev->net;
	struct packet_type *pt;

	if (!receive_core(net, skb))
		return;
	pt = ptype_find(net, skb->protocol);
	if (likely(pt))
		pt->func(net, skb);
	else if (eth_type_vlan(skb->protocol))
		vlan_receive(net, skb);
	else
		drop_unhandled(skb);
}

/* A list, by next, of packets of pt's protocol. */
static void deliver_list(struct net *net, struct sk_buff *skb, struct packet_type *pt)
{
	struct sk_buff *next;

	if (likely(pt && pt->list_func)) {
		pt->list_func(net, skb);
		return;
	}
	if (!pt && skb && eth_type_vlan(skb->protocol)) {
		vlan_receive(net, skb);
		return;
	}
	for (; skb; skb = next) {
		next = skb->next;
		skb->next = NULL;
		if (pt)
			pt->func(net, skb);
		else
			drop_unhandled(skb);
	}
}

/* Packets of one poll are mostly of one protocol: each run of one goes up together, in the order of arrival. */
void netif_receive_skb_list(struct sk_buff *first)
{
	struct net *net = first->dev->net;
	struct sk_buff *skb = first, *next, **end = &first;
	be16 protocol = first->protocol;

	for (; skb; skb = next) {
		next = skb->next;
		if (unlikely(!receive_core(net, skb))) {
			*end = next;
			continue;
		}
		if (unlikely(skb->protocol != protocol)) {
			*end = NULL;
			deliver_list(net, first, ptype_find(net, protocol));
			protocol = skb->protocol;
			first = skb;
		}
		end = &skb->next;
	}
	if (likely(first))
		deliver_list(net, first, ptype_find(net, protocol));
}
