/* SPDX-License-Identifier: MIT */
/*
 * virtio-net, receiving. The skb is built around the buffer that the device filled: no byte is copied.
 *
 * A buffer goes up the stack only when its replacement is in hand. Without memory the packet is dropped and its
 * buffer offered again, so the ring never runs dry and needs nobody to refill it later.
 *
 * Buffers go back into the ring after the harvest: until then the descriptors are known to be free, and a device that
 * hands one over twice is caught.
 */
#include "drivers/virtio_net.h"
#include "kernel/mm.h"

/* There is a free descriptor for each buffer that was taken; only a broken queue refuses. */
static inline void rx_post(struct virtnet *vn, u8 *head)
{
	if (unlikely(virtqueue_add_one(vn->rx, virt_to_phys(head) + VIRTNET_RX_OFFSET, vn->rx_room,
				       true, head)))
		page_frag_free(head);
}

static noinline void rx_post_fresh(struct virtnet *vn)
{
	for (unsigned int i = 0; i < vn->nr_fresh; i++)
		rx_post(vn, vn->fresh[i]);
	vn->nr_fresh = 0;
}

/* Puts a buffer in line for the ring. */
static inline void rx_offer(struct virtnet *vn, u8 *head)
{
	if (unlikely(vn->nr_fresh == VIRTNET_BATCH))
		rx_post_fresh(vn);
	vn->fresh[vn->nr_fresh++] = head;
}

int virtnet_rx_fill(struct virtnet *vn)
{
	while (vn->rx->num_free) {
		u8 *head = page_frag_alloc(vn->rx_size);

		if (!head)
			break;
		rx_post(vn, head);
	}
	return virtqueue_in_flight(vn->rx) ? 0 : -ENOMEM;
}

/* Offers a new buffer in place of head, which is then the caller's. False: no memory, head is offered again. */
static inline bool rx_replace(struct virtnet *vn, u8 *head)
{
	u8 *fresh = page_frag_alloc(vn->rx_size);

	if (likely(fresh)) {
		rx_offer(vn, fresh);
		return true;
	}
	rx_offer(vn, head);
	return false;
}

/* The frame of an skb around its first buffer, len bytes of which were written. */
static inline void rx_set_frame(struct virtnet *vn, struct sk_buff *skb, u32 len)
{
	skb->data += VIRTNET_RX_FRAME;
	skb->len = len - VIRTNET_HDR_LEN; /* the ring has seen to it that the buffer holds it */
	skb->tail = skb->data + skb->len;
	skb->dev = &vn->dev;
}

/* A new buffer for the ring and an skb around head, of memory that nobody has used. NULL: there is none, head is gone. */
static noinline struct sk_buff *rx_build(struct virtnet *vn, u8 *head, u32 len)
{
	struct sk_buff *skb;

	if (unlikely(!rx_replace(vn, head))) {
		vn->dev.stats.rx_dropped++;
		return NULL;
	}
	skb = build_skb(vn->dev.net, head, vn->rx_size, page_frag_free);
	if (unlikely(!skb)) {
		page_frag_free(head);
		vn->dev.stats.rx_dropped++;
		return NULL;
	}
	rx_set_frame(vn, skb, len);
	return skb;
}

/* The same of what a packet has left behind that ended: its buffer goes into the ring. */
static inline struct sk_buff *rx_rebuild(struct virtnet *vn, u8 *head, u32 len)
{
	void *buffer = head;
	struct sk_buff *skb = skb_rebuild(vn->dev.net, &buffer, vn->rx_size, page_frag_free);

	if (unlikely(!skb))
		return rx_build(vn, head, len);
	rx_offer(vn, buffer);
	rx_set_frame(vn, skb, len);
	return skb;
}

/* No offload was agreed on, so the header may not ask for one. */
static inline bool header_valid(const struct virtio_net_hdr *hdr)
{
	return !(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) &&
	       hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE;
}

static inline void rx_deliver(struct virtnet *vn, struct sk_buff *skb)
{
	struct net_device_stats *stats = &vn->dev.stats;

	if (unlikely(skb->len < ETH_HLEN || skb->len > vn->max_frame)) {
		stats->rx_errors++;
		stats->rx_length_errors++;
		kfree_skb_reason(skb, skb->len < ETH_HLEN ? SKB_DROP_REASON_FRAME_TOO_SHORT
							  : SKB_DROP_REASON_FRAME_TOO_LONG);
		return;
	}
	stats->rx_packets++;
	stats->rx_bytes += skb->len;
	napi_gro_receive(&vn->napi, skb);
}

static void free_frag(struct skb_frag *f)
{
	page_frag_free(f->page);
}

static void add_frag(struct virtnet *vn, struct sk_buff *skb, u8 *head, u32 len)
{
	struct skb_shared_info *info = skb_shinfo(skb);

	info->free_frag = free_frag;
	info->frags[info->nr_frags++] =
		(struct skb_frag){.page = head + VIRTNET_RX_OFFSET, .len = len};
	skb->len += len;
	skb->data_len += len;
	skb->truesize += vn->rx_size;
}

/*
 * A frame over count buffers (s5.1.6.4). The device hands them over together, so those that are not there yet do not
 * exist. The ones that a dropped frame does not need go through the ring again.
 */
static noinline void rx_merged(struct virtnet *vn, u8 *head, u32 len, u16 count)
{
	struct virtqueue *vq = vn->rx;
	struct sk_buff *skb;

	if (!count || (virtqueue_available(vq) < count - 1 && virtqueue_refresh(vq) < count - 1)) {
		virtqueue_break(vq, VQ_FAULT_OWNER);
		page_frag_free(head);
		return;
	}
	skb = rx_build(vn, head, len);
	for (unsigned int i = 1; i < count; i++) {
		head = virtqueue_get(vq, &len);
		if (!head)
			break;
		if (skb && skb_shinfo(skb)->nr_frags == MAX_SKB_FRAGS) {
			vn->dev.stats.rx_errors++;
			vn->dev.stats.rx_length_errors++;
			kfree_skb_reason(skb, SKB_DROP_REASON_FRAME_TOO_LONG);
			skb = NULL;
		}
		if (!skb) {
			rx_offer(vn, head);
		} else if (rx_replace(vn, head)) {
			add_frag(vn, skb, head, len);
		} else {
			vn->dev.stats.rx_dropped++;
			kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
			skb = NULL;
		}
	}
	if (unlikely(virtqueue_broken(vq)))
		kfree_skb_reason(skb, SKB_DROP_REASON_DEV_NOT_UP);
	else if (skb)
		rx_deliver(vn, skb);
}

static inline void rx_one(struct virtnet *vn, u8 *head, u32 len)
{
	const struct virtio_net_hdr *hdr = (const void *)(head + VIRTNET_RX_OFFSET);
	struct sk_buff *skb;
	u16 count;

	if (unlikely(len < VIRTNET_HDR_LEN || !header_valid(hdr))) {
		virtqueue_break(vn->rx, VQ_FAULT_OWNER);
		page_frag_free(head);
		return;
	}
	count = vn->mergeable ? hdr->num_buffers : 1;
	if (unlikely(count != 1)) {
		rx_merged(vn, head, len, count);
		return;
	}
	skb = rx_rebuild(vn, head, len);
	if (likely(skb))
		rx_deliver(vn, skb);
}

int virtnet_rx_harvest(struct virtnet *vn, int budget)
{
	int done = 0;
	u8 *head;
	u32 len;

	while (done < budget && (head = virtqueue_get(vn->rx, &len))) {
		rx_one(vn, head, len);
		done++;
	}
	rx_post_fresh(vn);
	virtqueue_kick(vn->rx);
	return done;
}
