/* SPDX-License-Identifier: MIT */
/*
 * virtio-net, sending. The virtio header goes into the skb's headroom, so that a frame takes one descriptor.
 *
 * What was sent is freed by the next poll, or when half the ring is in use: no interrupt tells of it. Only when the
 * ring is nearly full the stack is stopped and the device asked to interrupt after three quarters of it.
 */
#include "drivers/virtio_net.h"
#include "kernel/mm.h"

/* A header, the linear part and all fragments, should there be no indirect table. */
#define TX_STOP_BELOW (2 + MAX_SKB_FRAGS)

static const struct virtio_net_hdr plain_header;

/* The room in front of the data is ours to write. */
static bool owns_headroom(const struct sk_buff *skb)
{
	return skb_headroom(skb) >= VIRTNET_HDR_LEN && !skb_cloned(skb);
}

static int tx_add_linear(struct virtnet *vn, struct sk_buff *skb)
{
	u8 *hdr = skb->data - VIRTNET_HDR_LEN;

	__builtin_memset(hdr, 0, VIRTNET_HDR_LEN);
	return virtqueue_add_one(vn->tx, virt_to_phys(hdr), VIRTNET_HDR_LEN + skb->len, false, skb);
}

static int tx_add_parts(struct virtnet *vn, struct sk_buff *skb)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	struct virtqueue_seg segs[2 + MAX_SKB_FRAGS];
	unsigned int n = 0;

	if (info->frag_list) {
		int err = skb_linearize(skb);

		if (err)
			return err;
		info = skb_shinfo(skb);
	}
	segs[n++] = (struct virtqueue_seg){virt_to_phys(&plain_header), VIRTNET_HDR_LEN};
	segs[n++] = (struct virtqueue_seg){virt_to_phys(skb->data), skb_headlen(skb)};
	for (unsigned int i = 0; i < info->nr_frags; i++)
		segs[n++] = (struct virtqueue_seg){virt_to_phys(info->frags[i].page),
						   info->frags[i].len};
	return virtqueue_add(vn->tx, segs, n, 0, skb);
}

static inline bool enough_room(const struct virtnet *vn)
{
	return vn->tx->num_free >= TX_STOP_BELOW;
}

/* Frees what was sent, without a word to the stack. */
static void free_sent(struct virtnet *vn)
{
	struct sk_buff *skb;
	u32 len;

	while ((skb = virtqueue_get(vn->tx, &len)))
		consume_skb(skb);
}

/* Stops the stack until there is room; true: there is some already. */
static noinline bool stop_unless_room(struct virtnet *vn)
{
	if (enough_room(vn))
		return true;
	netif_stop_queue(&vn->dev);
	virtqueue_kick(vn->tx); /* what waits for a kick cannot become room */
	while (!virtqueue_enable_cb_delayed(vn->tx)) {
		free_sent(vn);
		if (virtqueue_broken(vn->tx))
			break;
	}
	if (vn->tx->num_free < vn->tx_low)
		return false;
	virtqueue_disable_cb(vn->tx);
	netif_wake_queue(&vn->dev);
	return true;
}

void virtnet_tx_reap(struct virtnet *vn)
{
	free_sent(vn);
	if (unlikely(vn->dev.tx_stopped)) {
		if (vn->tx->num_free >= vn->tx_low)
			netif_wake_queue(&vn->dev);
		else if (!virtqueue_enable_cb_delayed(vn->tx))
			napi_schedule(&vn->napi);
	}
}

enum netdev_tx virtnet_start_xmit(struct net_device *dev, struct sk_buff *skb, bool more)
{
	struct virtnet *vn = container_of(dev, struct virtnet, dev);
	u32 len = skb->len;
	int err;

	if (unlikely(!vn->up)) {
		dev->stats.tx_dropped++;
		kfree_skb_reason(skb, SKB_DROP_REASON_DEV_NOT_UP);
		return NETDEV_TX_OK;
	}
	if (unlikely(vn->tx->num_free < vn->tx_low))
		free_sent(vn);
	skb_orphan(skb); /* nobody reports when it was sent, so nobody may wait for that */
	if (likely(!skb_is_nonlinear(skb) && owns_headroom(skb)))
		err = tx_add_linear(vn, skb);
	else
		err = tx_add_parts(vn, skb);
	if (unlikely(err == -ENOSPC)) {
		if (!stop_unless_room(vn))
			return NETDEV_TX_BUSY;
	}
	if (unlikely(err)) {
		dev->stats.tx_dropped++;
		kfree_skb_reason(skb, err == -ENOMEM ? SKB_DROP_REASON_NOMEM
						     : SKB_DROP_REASON_TX_RING_FULL);
		return NETDEV_TX_OK;
	}
	dev->stats.tx_packets++;
	dev->stats.tx_bytes += len;
	if (unlikely(!enough_room(vn)))
		stop_unless_room(vn);
	if (!more)
		virtqueue_kick(vn->tx);
	return NETDEV_TX_OK;
}

void virtnet_flush(struct net_device *dev)
{
	struct virtnet *vn = container_of(dev, struct virtnet, dev);

	if (likely(vn->up))
		virtqueue_kick(vn->tx);
}
