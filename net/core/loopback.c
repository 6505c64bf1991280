/* SPDX-License-Identifier: MIT */
/*
 * lo: what is sent comes in again, by way of a backlog that is polled like any device, so that no
 * packet's way is nested in another's.
 */
#include "lib/errno.h"
#include "net/core/loopback.h"
#include "net/core/net_namespace.h"
#include "net/core/nf_hook.h"
#include "net/dst.h"
#include "net/wire/arp_hdr.h"
#include "net/wire/eth_hdr.h"

#define LOOPBACK_MTU 65536 /* Linux's */

void loopback_requeue(struct net *net, struct sk_buff *skb)
{
	if (net->backlog.qlen >= (u32)net->netdev_max_backlog) {
		skb->dev->stats.rx_dropped++;
		kfree_skb_reason(skb, SKB_DROP_REASON_BACKLOG_FULL);
		return;
	}
	if (skb->destructor) {
		skb->destructor(skb);
		skb->destructor = NULL;
		skb->sk = NULL;
	}
	skb_dst_force(skb);
	skb_queue_tail(&net->backlog, skb);
	napi_schedule(&net->backlog_napi);
}

static enum netdev_tx loopback_xmit(struct net_device *dev, struct sk_buff *skb, bool more)
{
	(void)more;
	dev->stats.tx_packets++;
	dev->stats.tx_bytes += skb->len;
	loopback_requeue(dev->net, skb);
	return NETDEV_TX_OK;
}

/* A looped packet starts anew: its hooks and its mark as received are those of its second life. */
static void loopback_receive(struct net *net, struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;

	bool own = dev->flags & IFF_LOOPBACK; /* else a copy of what a device sent to many */

	dev->stats.rx_packets += own;
	dev->stats.rx_bytes += own ? skb->len : 0;
	skb->hooks_passed &= NF_TRACE;
	skb->tstamp = net->rx_time;
	if (!eth_type_trans(skb, dev)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_FRAME_TOO_SHORT);
		return;
	}
	if (!own)
		skb->pkt_type = PACKET_LOOPBACK;
	netif_receive_skb(skb);
}

static int loopback_poll(struct napi_struct *napi, int budget)
{
	struct net *net = container_of(napi, struct net, backlog_napi);
	struct sk_buff *skb;
	int work = 0;

	while (work < budget && (skb = skb_dequeue(&net->backlog))) {
		loopback_receive(net, skb);
		work++;
	}
	if (work < budget)
		napi_complete_done(napi, work);
	return work;
}

static int loopback_open(struct net_device *dev)
{
	napi_enable(&dev->net->backlog_napi);
	return 0;
}

static void loopback_stop(struct net_device *dev)
{
	napi_disable(&dev->net->backlog_napi);
	skb_queue_purge(&dev->net->backlog, SKB_DROP_REASON_DEV_NOT_UP);
}

static const struct net_device_ops loopback_ops = {
	.ndo_open = loopback_open,
	.ndo_stop = loopback_stop,
	.ndo_start_xmit = loopback_xmit,
};

int loopback_init(struct net *net)
{
	struct net_device *dev = plat_alloc(sizeof(*dev));
	int err;

	if (!dev)
		return -ENOMEM;
	memset(dev, 0, sizeof(*dev));
	strscpy(dev->name, "lo", IFNAMSIZ);
	dev->ops = &loopback_ops;
	dev->net = net;
	dev->type = ARPHRD_LOOPBACK;
	dev->flags = IFF_LOOPBACK;
	dev->features = NETIF_F_HW_CSUM; /* nothing gets lost here: nobody sums */
	dev->mtu = dev->max_mtu = LOOPBACK_MTU;
	dev->carrier = true;
	netif_napi_add(dev, &net->backlog_napi, loopback_poll, NAPI_POLL_WEIGHT);
	err = register_netdev(dev);
	if (err) {
		plat_free(dev);
		return err;
	}
	net->loopback_dev = dev;
	return 0;
}

void loopback_exit(struct net *net)
{
	unregister_netdev(net->loopback_dev);
	plat_free(net->loopback_dev);
	net->loopback_dev = NULL;
}
