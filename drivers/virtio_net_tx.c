/* SPDX-License-Identifier: MIT */
/*
 * virtio-net, sending. The virtio header goes into the skb's headroom, so that a frame takes one descriptor.
 *
 * What was sent is freed by the next poll, or when half the ring is in use: no interrupt tells of it. Only when the
 * ring is nearly full the stack is stopped and the device asked to interrupt after three quarters of it.
 */
#include "drivers/virtio_net.h"
#include "kernel/mm.h"

/* The parts of nearly all frames, should there be no indirect table. */
#define TX_STOP_BELOW 16

/* A long batch is told in parts: the device sends the first while we make the next. While it sends it wants no kick. */
#define TX_KICK_EVERY 16

static const struct virtio_net_hdr plain_header;

/* The room in front of the data is ours to write. */
static bool owns_headroom(const struct sk_buff *skb)
{
	return skb_headroom(skb) >= VIRTNET_HDR_LEN && (!skb_cloned(skb) || skb->hdr_own);
}

static noinline void fill_gso(struct virtio_net_hdr *hdr, const struct sk_buff *skb, u32 start)
{
	const struct skb_shared_info *info = skb_shinfo(skb);

	*hdr = (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
				       .csum_start = start,
				       .csum_offset = skb->csum_offset};
	hdr->gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	if (info->gso_type & SKB_GSO_TCP_ECN)
		hdr->gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	hdr->gso_size = info->gso_size;
	hdr->hdr_len = start + (skb->data[start + 12] >> 4) * 4; /* TCP's data offset */
}

/* s5.1.6.2, of a frame of one segment: flags to csum_start are one word, and the rest another. */
static __always_inline void push_header_plain(void *at, const struct sk_buff *skb)
{
	u64 first = 0;
	u32 rest = 0;

	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		first = VIRTIO_NET_HDR_F_NEEDS_CSUM | (u64)skb_checksum_start_offset(skb) << 48;
		rest = skb->csum_offset;
	}
	__builtin_memcpy(at, &first, sizeof(first));
	__builtin_memcpy((u8 *)at + sizeof(first), &rest, sizeof(rest));
}

/* What the device is to do with the frame. The stack has seen to it that it can. */
static void push_header(void *at, const struct sk_buff *skb)
{
	if (skb_is_gso(skb))
		fill_gso(at, skb, skb_checksum_start_offset(skb));
	else
		push_header_plain(at, skb);
}

static unsigned int add_segs(struct virtqueue_seg *segs, unsigned int n, const struct sk_buff *skb)
{
	const struct skb_shared_info *info = skb_shinfo(skb);

	if (skb_headlen(skb))
		segs[n++] = (struct virtqueue_seg){virt_to_phys(skb->data), skb_headlen(skb)};
	for (unsigned int i = 0; i < info->nr_frags; i++)
		segs[n++] = (struct virtqueue_seg){virt_to_phys(info->frags[i].page),
						   info->frags[i].len};
	return n;
}

/* The parts that add_segs() makes of all of it, and one for the header; more than the ring takes: it is made one. */
static int make_fit(struct sk_buff *skb)
{
	u32 parts = 2 + skb_shinfo(skb)->nr_frags;

	for (struct sk_buff *f = skb_shinfo(skb)->frag_list; f; f = f->next)
		parts += 1 + skb_shinfo(f)->nr_frags;
	return parts > VIRTQUEUE_MAX_SEG ? skb_linearize(skb) : 0;
}

static noinline int tx_add_parts(struct virtnet *vn, struct sk_buff *skb)
{
	struct virtqueue_seg segs[VIRTQUEUE_MAX_SEG];
	bool plain = skb->ip_summed != CHECKSUM_PARTIAL;
	unsigned int n;
	int err = make_fit(skb);

	if (!err && !plain && !owns_headroom(skb))
		err = pskb_expand_head(skb, max(VIRTNET_HDR_LEN, skb_headroom(skb)), 0);
	if (err)
		return err;
	if (owns_headroom(skb)) {
		push_header(skb->data - VIRTNET_HDR_LEN, skb);
		segs[0] = (struct virtqueue_seg){0};
		n = add_segs(segs, 0, skb);
		segs[0].addr -= VIRTNET_HDR_LEN;
		segs[0].len += VIRTNET_HDR_LEN;
	} else {
		segs[0] = (struct virtqueue_seg){virt_to_phys(&plain_header), VIRTNET_HDR_LEN};
		n = add_segs(segs, 1, skb);
	}
	for (struct sk_buff *f = skb_shinfo(skb)->frag_list; f; f = f->next)
		n = add_segs(segs, n, f);
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

/* The ring lacks room for skb. -ENOSPC: there will be. */
static noinline int tx_add_again(struct virtnet *vn, struct sk_buff *skb)
{
	int err;

	free_sent(vn);
	if (!stop_unless_room(vn))
		return -ENOSPC;
	err = tx_add_parts(vn, skb);
	if (err == -ENOSPC) { /* a frame of many parts */
		err = skb_linearize(skb);
		err = err ? err : tx_add_parts(vn, skb);
	}
	return err == -ENOSPC ? -EIO : err;
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

static noinline enum netdev_tx tx_odd(struct virtnet *vn, struct sk_buff *skb, bool more)
{
	struct net_device_stats *stats = &vn->dev.stats;
	u32 len = skb->len;
	int err;

	if (!vn->up) {
		stats->tx_dropped++;
		kfree_skb_reason(skb, SKB_DROP_REASON_DEV_NOT_UP);
		return NETDEV_TX_OK;
	}
	if (vn->tx->num_free < vn->tx_low)
		free_sent(vn);
	skb_orphan(skb);
	err = tx_add_parts(vn, skb);
	if (err == -ENOSPC) {
		err = tx_add_again(vn, skb);
		if (err == -ENOSPC)
			return NETDEV_TX_BUSY;
	}
	if (err) {
		stats->tx_dropped++;
		kfree_skb_reason(skb, err == -ENOMEM ? SKB_DROP_REASON_NOMEM
						     : SKB_DROP_REASON_TX_RING_FULL);
		return NETDEV_TX_OK;
	}
	stats->tx_packets++;
	stats->tx_bytes += len;
	if (!enough_room(vn))
		stop_unless_room(vn);
	if (!more)
		virtqueue_kick(vn->tx);
	return NETDEV_TX_OK;
}

/* One segment in one piece, and room in the ring: what nearly every frame is. */
static __always_inline bool tx_is_plain(const struct virtnet *vn, const struct sk_buff *skb)
{
	return vn->up && vn->tx->num_free >= vn->tx_low && !skb_is_nonlinear(skb) &&
	       !skb_is_gso(skb) && owns_headroom(skb);
}

static noinline enum netdev_tx tx_kick(struct virtnet *vn)
{
	virtqueue_kick(vn->tx);
	return NETDEV_TX_OK;
}

enum netdev_tx virtnet_start_xmit(struct net_device *dev, struct sk_buff *skb, bool more)
{
	struct virtnet *vn = container_of(dev, struct virtnet, dev);
	u64 at;

	if (unlikely(!tx_is_plain(vn, skb)))
		return tx_odd(vn, skb, more);
	skb_orphan(skb); /* nobody reports when it was sent, so nobody may wait for that */
	push_header_plain(skb->data - VIRTNET_HDR_LEN, skb);
	at = virt_to_phys(skb->data - VIRTNET_HDR_LEN);
	if (unlikely(virtqueue_add_one(vn->tx, at, VIRTNET_HDR_LEN + skb->len, false, skb)))
		return tx_odd(vn, skb, more);
	dev->stats.tx_packets++;
	dev->stats.tx_bytes += skb->len;
	more &= (u16)(vn->tx->avail_idx - vn->tx->published) < TX_KICK_EVERY;
	return likely(more) ? NETDEV_TX_OK : tx_kick(vn);
}

void virtnet_flush(struct net_device *dev)
{
	struct virtnet *vn = container_of(dev, struct virtnet, dev);

	if (likely(vn->up))
		virtqueue_kick(vn->tx);
}

bool virtnet_sending(struct net_device *dev)
{
	struct virtnet *vn = container_of(dev, struct virtnet, dev);

	if (!vn->up)
		return false;
	virtnet_tx_reap(vn);
	return vn->tx->num_free < vn->tx->num;
}
