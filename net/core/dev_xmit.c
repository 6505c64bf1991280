/* SPDX-License-Identifier: MIT */
/*
 * From the stack to the driver, and the softirq body NET_TX.
 *
 * A device takes packets at once unless its ring is full; then they wait in dev->tx_queue, up to
 * tx_queue_len, until the driver wakes it. Inside a batch (a softirq body, or a thread that says so) the
 * device is told that more follows and gets one kick at the end.
 */
#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/core/nf_hook.h"
#include "net/core/packet_type.h"
#include "net/dst.h"
#include "net/net_tstamp.h"
#include "net/wire/eth_hdr.h"

/* The driver's NETDEV_TX_BUSY is told on: the caller still has the skb. */
static __always_inline enum netdev_tx xmit_one(struct net *net, struct net_device *dev,
					       struct sk_buff *skb)
{
	bool more = net->xmit_batch;

	if (more && unlikely(!dev->flush_pending) && dev->ops->ndo_flush) {
		dev->flush_pending = true;
		list_add_tail(&dev->flush_list, &net->flush_list);
	}
	return dev->ops->ndo_start_xmit(dev, skb, more);
}

static noinline int tx_enqueue(struct net_device *dev, struct sk_buff *skb)
{
	if (dev->tx_queue.qlen >= dev->tx_queue_len) {
		dev->stats.tx_dropped++;
		kfree_skb_reason(skb, SKB_DROP_REASON_TX_RING_FULL);
		return -ENOBUFS;
	}
	skb_queue_tail(&dev->tx_queue, skb);
	return 0;
}

static int drop_not_up(struct net_device *dev, struct sk_buff *skb)
{
	dev->stats.tx_dropped++;
	kfree_skb_reason(skb, SKB_DROP_REASON_DEV_NOT_UP);
	return -ENETDOWN;
}

/* Whether the device cuts the packet itself. */
static bool can_segment(const struct net_device *dev, const struct sk_buff *skb)
{
	u32 parts = 1;

	if (!(dev->features & NETIF_F_TSO) || skb_shinfo(skb)->gso_type & SKB_GSO_TCP_FIXEDID)
		return false;
	if (skb_shinfo(skb)->gso_type & SKB_GSO_TCP_ECN && !(dev->features & NETIF_F_TSO_ECN))
		return false;
	for (const struct sk_buff *f = skb_shinfo(skb)->frag_list; f; f = f->next)
		parts++;
	return parts <= dev->gso_max_parts;
}

/* Segments leave one by one, with one kick. The last error. */
static int xmit_segments(struct net *net, struct sk_buff *seg)
{
	struct sk_buff *next;
	int err = 0;

	net_xmit_batch_begin(net);
	for (; seg; seg = next) {
		int one;

		next = seg->next;
		seg->next = NULL;
		one = dev_queue_xmit(seg);
		err = one ? one : err;
	}
	net_xmit_batch_end(net);
	return err;
}

/*
 * What the device does not do is done here. 1: it is to go on; 0: it has gone, in segments; -E: it is gone.
 */
static noinline int validate_xmit_skb(struct net *net, struct net_device *dev, struct sk_buff *skb)
{
	enum skb_drop_reason reason = SKB_DROP_REASON_SKB_CSUM;
	struct sk_buff *segs;
	int err = 0;

	if (skb_is_gso(skb)) {
		if (can_segment(dev, skb))
			return 1;
		err = skb_gso_segment(skb, &segs);
		if (!err)
			return xmit_segments(net, segs);
		reason = SKB_DROP_REASON_SKB_GSO_SEG;
	} else if (!(dev->features & NETIF_F_HW_CSUM)) {
		err = skb_checksum_help(skb);
	}
	if (likely(!err))
		return 1;
	dev->stats.tx_dropped++;
	kfree_skb_reason(skb, err == -ENOMEM ? SKB_DROP_REASON_NOMEM : reason);
	return err;
}

/* On its way out: its sender wants to hear of it. */
static void tell_sender(struct net *net, struct sk_buff *skb, u8 what, u32 type)
{
	if (unlikely(skb->tx_flags & what))
		net->skb_tstamp_tx(skb, type);
}

/* To the NIC itself. */
static enum netdev_tx xmit_and_tell(struct net *net, struct net_device *dev, struct sk_buff *skb)
{
	if (!dev->lower) {
		tell_sender(net, skb, SKB_TX_SND, SCM_TSTAMP_SND);
		skb->tx_flags = 0;
	}
	return xmit_one(net, dev, skb);
}

/* Somebody watches, or keeps its route, or has to wait; the device is down, or leaves work to us, or is loopback. */
static noinline int xmit_odd(struct net *net, struct net_device *dev, struct sk_buff *skb)
{
	struct packet_type *pt;

	if (!(dev->flags & IFF_UP) || !dev->carrier)
		return drop_not_up(dev, skb);
	tell_sender(net, skb, SKB_TX_SCHED, SCM_TSTAMP_SCHED);
	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		int err = validate_xmit_skb(net, dev, skb);

		if (err <= 0)
			return err;
	}
	trace_skb(skb, "dev_queue_xmit");
	list_for_each_entry (pt, &net->ptype_all, list)
		pt->func(net, skb);
	if (dev->flags & IFF_LOOPBACK)
		skb_dst_force(skb);
	else
		skb_dst_drop(skb);
	if (dev->tx_stopped || !skb_queue_empty(&dev->tx_queue) ||
	    xmit_and_tell(net, dev, skb) != NETDEV_TX_OK)
		return tx_enqueue(dev, skb);
	return 0;
}

/* Up, with a link; nothing waits, nothing comes back. */
static __always_inline bool sends_at_once(const struct net_device *dev)
{
	return (dev->flags & (IFF_UP | IFF_LOOPBACK)) == IFF_UP && dev->carrier &&
	       !dev->tx_stopped && !dev->tx_queue.qlen;
}

/* The device does what is left to do of it. */
static __always_inline bool is_finished(const struct net_device *dev, const struct sk_buff *skb)
{
	return skb->ip_summed != CHECKSUM_PARTIAL ||
	       (dev->features & NETIF_F_HW_CSUM && !skb_is_gso(skb));
}

int dev_queue_xmit(struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;
	struct net *net = dev->net;

	if (skb->protocol == CPU_TO_BE16(ETH_P_IP))
		nf_assert_passed_out(skb);
	if (unlikely(!sends_at_once(dev) || skb->traced || skb->dst_owned || skb->tx_flags ||
		     !list_empty(&net->ptype_all) || !is_finished(dev, skb)))
		return xmit_odd(net, dev, skb);
	skb->dst = NULL;
	if (unlikely(xmit_one(net, dev, skb) != NETDEV_TX_OK))
		return tx_enqueue(dev, skb);
	return 0;
}

void net_flush_devices(struct net *net)
{
	while (!list_empty(&net->flush_list)) {
		struct net_device *dev =
			list_first_entry(&net->flush_list, struct net_device, flush_list);

		list_del_init(&dev->flush_list);
		dev->flush_pending = false;
		dev->ops->ndo_flush(dev);
	}
}

void net_xmit_batch_begin(struct net *net)
{
	net->xmit_batch++;
}

void net_xmit_batch_end(struct net *net)
{
	if (--net->xmit_batch == 0)
		net_flush_devices(net);
}

void netif_stop_queue(struct net_device *dev)
{
	dev->tx_stopped = true;
}

void netif_wake_queue(struct net_device *dev)
{
	if (!dev->tx_stopped)
		return;
	dev->tx_stopped = false;
	if (!skb_queue_empty(&dev->tx_queue))
		plat_raise_softirq(dev->net, SOFTIRQ_NET_TX);
}

/* Sends what waits, until the ring is full again. */
static void tx_drain(struct net *net, struct net_device *dev)
{
	struct sk_buff *skb;

	while (!dev->tx_stopped && (skb = skb_peek(&dev->tx_queue))) {
		skb_unlink(&dev->tx_queue, skb);
		if (xmit_and_tell(net, dev, skb) == NETDEV_TX_OK)
			continue;
		skb->prev = (struct sk_buff *)&dev->tx_queue;
		skb->next = dev->tx_queue.next;
		skb->next->prev = skb;
		dev->tx_queue.next = skb;
		dev->tx_queue.qlen++;
		break;
	}
}

void net_tx_action(struct net *net)
{
	struct net_device *dev;

	net_xmit_batch_begin(net);
	list_for_each_entry (dev, &net->dev_list, list) {
		if (!skb_queue_empty(&dev->tx_queue))
			tx_drain(net, dev);
	}
	net_xmit_batch_end(net);
}
