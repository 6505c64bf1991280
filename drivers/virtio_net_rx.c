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

/*
 * How long a buffer is, is noted in its first bytes while it is in the ring: in front of what the device may write. Nobody
 * needs the headroom meanwhile.
 */
static inline u32 rx_size_of(const u8 *head)
{
	return *(const u32 *)head;
}

/* What the device may write of a buffer of size. */
static inline u32 rx_room(u32 size)
{
	return size - VIRTNET_RX_OFFSET - (u32)SKB_SHINFO_SIZE;
}

static __always_inline void rx_post(struct virtqueue *vq, u8 *head)
{
	virtqueue_put_one(vq, virt_to_phys(head) + VIRTNET_RX_OFFSET, rx_room(rx_size_of(head)),
			  true, head);
}

/* There is a free descriptor for each buffer that was taken; only a broken queue refuses. */
static noinline void rx_post_fresh(struct virtnet *vn)
{
	unsigned int n = vn->nr_fresh;
	struct virtqueue *vq = vn->rx;
	bool takes = virtqueue_takes(vq, n);

	for (unsigned int i = 0; i < n; i++) {
		if (likely(takes))
			rx_post(vq, vn->fresh[i]);
		else
			page_frag_free(vn->fresh[i]);
	}
	vn->nr_fresh = 0;
}

/* Puts a buffer of size in line for the ring. */
static inline void rx_offer(struct virtnet *vn, u8 *head, u32 size)
{
	*(u32 *)head = size;
	if (unlikely(vn->nr_fresh == VIRTNET_BATCH))
		rx_post_fresh(vn);
	vn->fresh[vn->nr_fresh++] = head;
}

int virtnet_rx_fill(struct virtnet *vn)
{
	while (virtqueue_takes(vn->rx, 1)) {
		u8 *head = page_frag_alloc(vn->rx_size);

		if (!head)
			break;
		*(u32 *)head = vn->rx_size;
		rx_post(vn->rx, head);
	}
	return virtqueue_in_flight(vn->rx) ? 0 : -ENOMEM;
}

static inline bool rx_replace_by(struct virtnet *vn, u32 size)
{
	u8 *fresh = page_frag_alloc(size);

	if (likely(fresh))
		rx_offer(vn, fresh, size);
	return fresh;
}

/* Offers a new buffer in place of head, which is then the caller's. False: no memory, head is offered again. */
static inline bool rx_replace(struct virtnet *vn, u8 *head)
{
	if (vn->rx_big_due && rx_replace_by(vn, vn->rx_big)) {
		vn->rx_big_due--;
		return true;
	}
	if (likely(rx_replace_by(vn, vn->rx_size)))
		return true;
	rx_offer(vn, head, rx_size_of(head));
	return false;
}

/* The bytes of an skb around a buffer: len were written, hdr of which, in the first of a frame's, are not the frame's. */
static inline void rx_set_frame(struct virtnet *vn, struct sk_buff *skb, u32 len, u32 hdr)
{
	skb->data += VIRTNET_RX_OFFSET + hdr;
	skb->len = len - hdr; /* the ring has seen to it that the buffer holds it */
	skb->tail = skb->data + skb->len;
	skb->dev = &vn->dev;
}

/* A new buffer for the ring and an skb around head, of memory that nobody has used. NULL: there is none, head is gone. */
static noinline struct sk_buff *rx_build(struct virtnet *vn, u8 *head, u32 len, u32 hdr)
{
	u32 size = rx_size_of(head);
	struct sk_buff *skb;

	if (unlikely(!rx_replace(vn, head))) {
		vn->dev.stats.rx_dropped++;
		return NULL;
	}
	skb = build_skb(vn->dev.net, head, size, page_frag_free);
	if (unlikely(!skb)) {
		page_frag_free(head);
		vn->dev.stats.rx_dropped++;
		return NULL;
	}
	rx_set_frame(vn, skb, len, hdr);
	return skb;
}

/* The same of what a packet has left behind that ended: its buffer goes into the ring. */
static __always_inline struct sk_buff *rx_rebuild(struct virtnet *vn, u8 *head, u32 len, u32 hdr)
{
	struct skb_rx rx = {head, VIRTNET_RX_OFFSET + hdr, len - hdr};
	struct sk_buff *skb = NULL;
	u32 size = rx_size_of(head);

	if (likely(size == vn->rx_size && !vn->rx_big_due))
		skb = skb_rebuild(&vn->dev, &rx, size, page_frag_free);
	if (unlikely(!skb))
		return rx_build(vn, head, len, hdr);
	rx_offer(vn, rx.head, size);
	return skb;
}

/* The device asks for nothing: nearly all do. */
static inline bool header_plain(const struct virtio_net_hdr *hdr)
{
	return !(hdr->flags | hdr->gso_type);
}

/* Only what was agreed on may be asked for. */
static noinline bool header_valid(const struct virtnet *vn, const struct virtio_net_hdr *hdr)
{
	u8 gso = hdr->gso_type & (u8)~VIRTIO_NET_HDR_GSO_ECN;

	if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && !vn->guest_csum)
		return false;
	if (hdr->gso_type & VIRTIO_NET_HDR_GSO_ECN && !(vn->guest_ecn && gso))
		return false;
	return gso == VIRTIO_NET_HDR_GSO_NONE || (gso == VIRTIO_NET_HDR_GSO_TCPV4 && vn->guest_tso);
}

/*
 * What the device says of the frame's checksum and segments. Of these lengths the network decides as well (a neighbour's
 * virtio header may reach us as it was): what does not fit costs the frame, not the device. False: it does not.
 */
static bool rx_offloads(const struct virtnet *vn, struct sk_buff *skb,
			const struct virtio_net_hdr *hdr)
{
	struct skb_shared_info *info = skb_shinfo(skb);

	if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		if (!skb_partial_csum_set(skb, hdr->csum_start, hdr->csum_offset))
			return false;
	} else if (hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID && vn->guest_csum) {
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	}
	if (hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE)
		return true;
	if (skb->ip_summed != CHECKSUM_PARTIAL || hdr->gso_size < VIRTNET_GSO_LEAST ||
	    skb->len > VIRTNET_GSO_FRAME)
		return false;
	info->gso_size = hdr->gso_size;
	info->gso_segs = DIV_ROUND_UP(skb->len - hdr->csum_start, hdr->gso_size);
	info->gso_type = SKB_GSO_TCPV4;
	if (hdr->gso_type & VIRTIO_NET_HDR_GSO_ECN)
		info->gso_type |= SKB_GSO_TCP_ECN;
	return true;
}

static noinline bool rx_odd(struct virtnet *vn, struct sk_buff *skb,
			    const struct virtio_net_hdr *hdr)
{
	struct net_device_stats *stats = &vn->dev.stats;

	if (!header_plain(hdr) && !rx_offloads(vn, skb, hdr)) {
		stats->rx_errors++;
		stats->rx_frame_errors++;
		kfree_skb_reason(skb, SKB_DROP_REASON_DEV_HDR);
		return false;
	}
	if (skb->len >= ETH_HLEN && (skb->len <= vn->max_frame || skb_is_gso(skb)))
		return true;
	stats->rx_errors++;
	stats->rx_length_errors++;
	kfree_skb_reason(skb, skb->len < ETH_HLEN ? SKB_DROP_REASON_FRAME_TOO_SHORT
						  : SKB_DROP_REASON_FRAME_TOO_LONG);
	return false;
}

static inline void rx_deliver(struct virtnet *vn, struct sk_buff *skb)
{
	vn->dev.stats.rx_packets++;
	vn->dev.stats.rx_bytes += skb->len;
	napi_gro_receive(&vn->napi, skb);
}

/*
 * A frame over count buffers (s5.1.6.4), an skb for each: those behind the first are its list. The device hands them over
 * together, so those that are not there yet do not exist. The ones that a dropped frame does not need go through the ring
 * again.
 */
static noinline void rx_merged(struct virtnet *vn, u8 *head, u32 len,
			       const struct virtio_net_hdr *hdr)
{
	struct virtqueue *vq = vn->rx;
	u16 count = hdr->num_buffers;
	struct sk_buff *skb, **end;

	if (!count || (virtqueue_available(vq) < count - 1 && virtqueue_refresh(vq) < count - 1)) {
		virtqueue_break(vq, VQ_FAULT_OWNER);
		page_frag_free(head);
		return;
	}
	skb = rx_rebuild(vn, head, len, VIRTNET_HDR_LEN);
	end = skb ? &skb_shinfo(skb)->frag_list : NULL;
	for (unsigned int i = 1; i < count; i++) {
		struct sk_buff *part;

		head = virtqueue_get(vq, &len);
		if (!head)
			break;
		if (skb && i >= VIRTQUEUE_MAX_SEG - 1) { /* more than can be sent on */
			vn->dev.stats.rx_errors++;
			vn->dev.stats.rx_length_errors++;
			kfree_skb_reason(skb, SKB_DROP_REASON_FRAME_TOO_LONG);
			skb = NULL;
		}
		if (!skb) {
			rx_offer(vn, head, rx_size_of(head));
			continue;
		}
		part = rx_rebuild(vn, head, len, 0);
		if (!part) { /* counted there */
			kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
			skb = NULL;
			continue;
		}
		skb->len += part->len;
		skb->data_len += part->len;
		skb->truesize += part->truesize;
		*end = part;
		end = &part->next;
	}
	if (unlikely(virtqueue_broken(vq)))
		kfree_skb_reason(skb, SKB_DROP_REASON_DEV_NOT_UP);
	else if (skb) {
		if (skb->len > vn->rx_big / 2)
			vn->rx_big_due = vn->rx_big ? vq->num : 0;
		if (rx_odd(vn, skb, hdr))
			rx_deliver(vn, skb);
	}
}

/* Several buffers, several segments, a lie: by a copy of the header, for the device may write where the original is. */
static noinline void rx_one_odd(struct virtnet *vn, u8 *head, u32 len)
{
	struct virtio_net_hdr hdr;
	struct sk_buff *skb;

	__builtin_memcpy(&hdr, head + VIRTNET_RX_OFFSET, sizeof(hdr));
	if (len < VIRTNET_HDR_LEN || (!header_plain(&hdr) && !header_valid(vn, &hdr))) {
		virtqueue_break(vn->rx, VQ_FAULT_OWNER);
		page_frag_free(head);
		return;
	}
	if (vn->mergeable && hdr.num_buffers != 1) {
		rx_merged(vn, head, len, &hdr);
		return;
	}
	skb = rx_rebuild(vn, head, len, VIRTNET_HDR_LEN);
	if (skb && rx_odd(vn, skb, &hdr))
		rx_deliver(vn, skb);
}

/* The usual frame: one buffer, and at most its checksum is left to us, as all of a host beside us is. */
static inline void rx_one(struct virtnet *vn, u8 *head, u32 len)
{
	const struct virtio_net_hdr *hdr = (const void *)(head + VIRTNET_RX_OFFSET);
	u16 ask = READ_ONCE(*(const u16 *)hdr); /* flags and gso_type */
	u32 start = READ_ONCE(hdr->csum_start), offset = READ_ONCE(hdr->csum_offset);
	struct sk_buff *skb;

	if (unlikely(len < VIRTNET_HDR_LEN + ETH_HLEN || len > VIRTNET_HDR_LEN + vn->max_frame ||
		     (vn->mergeable && READ_ONCE(hdr->num_buffers) != 1) ||
		     (ask && ask != vn->ask_csum) ||
		     (ask && start + offset + 2 > len - VIRTNET_HDR_LEN))) {
		rx_one_odd(vn, head, len);
		return;
	}
	skb = rx_rebuild(vn, head, len, VIRTNET_HDR_LEN);
	if (unlikely(!skb))
		return;
	if (ask) {
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = VIRTNET_RX_FRAME + start;
		skb->csum_offset = offset;
	}
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
