/* SPDX-License-Identifier: MIT */
/* A net_device with rings and interrupts on top of a port. */
#include "host/host_dev.h"
#include "host/host_tso.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/world.h"
#include "lib/byteorder.h"
#include "net/vlan.h"

struct host_ring {
	struct list_head frames;
	u32 len;
};

struct host_dev {
	struct net_device dev;
	struct napi_struct napi;
	struct host_source source;
	struct port *port;
	struct host_ring rx, tx;
	u32 tx_kicked; /* frames at the head of tx that the device has been told of */
	u32 ring_size, rx_linear;
	bool irq_masked;
};

static struct host_dev *host_dev(struct net_device *dev)
{
	return container_of(dev, struct host_dev, dev);
}

static void ring_put(struct host_ring *r, struct frame *f)
{
	list_add_tail(&f->list, &r->frames);
	r->len++;
}

static struct frame *ring_get(struct host_ring *r)
{
	struct frame *f;

	if (!r->len)
		return NULL;
	f = list_first_entry(&r->frames, struct frame, list);
	list_del(&f->list);
	r->len--;
	return f;
}

static void ring_empty(struct host_ring *r)
{
	struct frame *f;

	while ((f = ring_get(r)))
		frame_free(f);
}

static void interrupt(struct host_dev *h)
{
	if (h->irq_masked)
		return;
	h->irq_masked = true;
	host_irq_enter();
	napi_schedule(&h->napi);
	host_irq_exit();
}

static void host_dev_deliver(void *arg, struct frame *f)
{
	struct host_dev *h = arg;

	if (!(h->dev.flags & IFF_UP) || h->rx.len >= h->ring_size) {
		h->dev.stats.rx_dropped++;
		frame_free(f);
		return;
	}
	ring_put(&h->rx, f);
	interrupt(h);
}

static void free_frag(struct skb_frag *frag)
{
	free(frag->page);
}

/*
 * Puts len bytes behind the linear part, in two fragments: mallocs of their own, so that ASan
 * guards them.
 */
static void add_fragments(struct sk_buff *skb, const u8 *data, u32 len)
{
	struct skb_shared_info *si = skb_shinfo(skb);

	si->free_frag = free_frag;
	for (u32 rest = len, n; rest; rest -= n, data += n) {
		struct skb_frag *frag = &si->frags[si->nr_frags++];

		n = si->nr_frags == 2 ? rest : DIV_ROUND_UP(rest, 2);
		frag->page = malloc(n);
		if (!frag->page)
			abort();
		memcpy(frag->page, data, n);
		frag->len = n;
	}
	skb->len += len;
	skb->data_len += len;
	skb->truesize += len;
}

static void receive(struct host_dev *h, struct frame *f)
{
	u32 linear = h->rx_linear ? min(h->rx_linear, f->len) : f->len;
	struct sk_buff *skb = alloc_skb(h->dev.net, NET_SKB_PAD + NET_IP_ALIGN + linear);

	if (!skb) {
		h->dev.stats.rx_dropped++;
		return;
	}
	skb_reserve(skb, NET_SKB_PAD + NET_IP_ALIGN);
	memcpy(skb_put(skb, linear), f->data, linear);
	add_fragments(skb, f->data + linear, f->len - linear);
	skb->dev = &h->dev;
	h->dev.stats.rx_packets++;
	h->dev.stats.rx_bytes += f->len;
	napi_gro_receive(&h->napi, skb);
}

static int host_dev_poll(struct napi_struct *napi, int budget)
{
	struct host_dev *h = container_of(napi, struct host_dev, napi);
	struct frame *f;
	int work = 0;

	while (work < budget && (f = ring_get(&h->rx))) {
		receive(h, f);
		frame_free(f);
		work++;
	}
	if (work < budget && napi_complete_done(napi, work)) {
		h->irq_masked = false;
		/* What came between the last look and the unmasking. */
		if (h->rx.len)
			interrupt(h);
	}
	return work;
}

#define UDP_CHECK 6 /* the checksum's offset, RFC 768 */

/* What a NIC does with CHECKSUM_PARTIAL: the field already holds the pseudo header's sum. */
static void finish_checksum(const struct sk_buff *skb, struct frame *f)
{
	u32 start = skb->csum_start - (skb->data - skb->head), at = start + skb->csum_offset;
	u64 sum = 0;

	host_require(at + 2 <= f->len, __func__, "checksum field inside the frame");
	for (u32 i = start; i + 1 < f->len; i += 2)
		sum += get_unaligned_be16(f->data + i);
	if ((f->len - start) & 1)
		sum += (u32)f->data[f->len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	if (sum != 0xffff || skb->csum_offset != UDP_CHECK)
		sum = ~sum & 0xffff; /* 0 would mean "no checksum" to UDP alone, RFC 768 */
	put_unaligned_be16(sum, f->data + at);
}

static void put_segment(void *arg, struct frame *f)
{
	ring_put(arg, f);
}

/* The frames that skb is, into the ring. */
static void put_frames(struct host_dev *h, const struct sk_buff *skb)
{
	const struct skb_shared_info *si = skb_shinfo(skb);
	struct frame *f = frame_new(NULL, skb->len);

	host_require(!skb_copy_bits(skb, 0, f->data, skb->len), __func__, "skb has all its bytes");
	if (si->gso_size) {
		host_require(h->dev.features & NETIF_F_TSO, __func__,
			     "asked only for what it does");
		host_tso_cut(f->data, f->len, si->gso_size, si->gso_type & SKB_GSO_TCP_FIXEDID,
			     put_segment, &h->tx);
		frame_free(f);
		return;
	}
	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		host_require(h->dev.features & NETIF_F_HW_CSUM, __func__,
			     "asked only for what it does");
		finish_checksum(skb, f);
	}
	ring_put(&h->tx, f);
}

static enum netdev_tx host_dev_xmit(struct net_device *dev, struct sk_buff *skb, bool more)
{
	struct host_dev *h = host_dev(dev);

	if (h->tx.len >= h->ring_size) {
		netif_stop_queue(dev);
		return NETDEV_TX_BUSY;
	}
	host_require(skb->len >= ETH_HLEN, __func__, "frame has its Ethernet header");
	if (!skb_is_gso(skb) && skb->len > dev->mtu + ETH_HLEN + (dev->vlans ? VLAN_HLEN : 0)) {
		/* Made before the MTU shrank. */
		dev->stats.tx_errors++;
		kfree_skb_reason(skb, SKB_DROP_REASON_FRAME_TOO_LONG);
		return NETDEV_TX_OK;
	}
	put_frames(h, skb);
	dev->stats.tx_packets++;
	dev->stats.tx_bytes += skb->len;
	consume_skb(skb);
	if (h->tx.len >= h->ring_size)
		netif_stop_queue(dev);
	if (!more || dev->tx_stopped)
		h->tx_kicked = h->tx.len;
	return NETDEV_TX_OK;
}

static void host_dev_flush(struct net_device *dev)
{
	struct host_dev *h = host_dev(dev);

	h->tx_kicked = h->tx.len;
}

/* The device's own side: takes what it has been told of out of the ring. */
static bool host_dev_pump(struct host_source *s)
{
	struct host_dev *h = container_of(s, struct host_dev, source);
	bool any = h->tx_kicked;

	for (; h->tx_kicked; h->tx_kicked--)
		port_send(h->port, ring_get(&h->tx));
	if (any && h->dev.tx_stopped) {
		plat_bh_disable();
		netif_wake_queue(&h->dev);
		plat_bh_enable();
	}
	return any;
}

static int host_dev_open(struct net_device *dev)
{
	struct host_dev *h = host_dev(dev);

	h->irq_masked = false;
	napi_enable(&h->napi);
	return 0;
}

static void host_dev_stop(struct net_device *dev)
{
	struct host_dev *h = host_dev(dev);

	napi_disable(&h->napi);
	h->tx_kicked = 0;
	ring_empty(&h->rx);
	ring_empty(&h->tx);
}

/* The wire takes any source address. */
static int host_dev_set_mac(struct net_device *dev, const u8 addr[ETH_ALEN])
{
	(void)dev;
	(void)addr;
	return 0;
}

static const struct net_device_ops host_dev_ops = {
	.ndo_open = host_dev_open,
	.ndo_stop = host_dev_stop,
	.ndo_start_xmit = host_dev_xmit,
	.ndo_flush = host_dev_flush,
	.ndo_set_mac_address = host_dev_set_mac,
};

static void choose_mac(u8 mac[ETH_ALEN])
{
	static const u8 prefix[] = {0x52, 0x54, 0x00};

	memcpy(mac, prefix, sizeof(prefix));
	plat_random(mac + sizeof(prefix), ETH_ALEN - sizeof(prefix));
}

static void destroy(struct host_dev *h)
{
	host_source_del(&h->source);
	port_close(h->port);
	ring_empty(&h->rx);
	ring_empty(&h->tx);
	free(h);
}

struct net_device *host_dev_add(struct net *net, struct port *port,
				const struct host_dev_config *config)
{
	static const struct host_dev_config defaults;
	struct host_dev *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	if (!config)
		config = &defaults;
	h->dev = (struct net_device){.ops = &host_dev_ops,
				     .net = net,
				     .mtu = config->mtu,
				     .features = config->no_csum ? 0 : NETIF_F_HW_CSUM,
				     .gso_max_parts = 64,
				     .carrier = true};
	snprintf(h->dev.name, sizeof(h->dev.name), "%s", config->name ? config->name : "eth%d");
	if (config->mac)
		memcpy(h->dev.dev_addr, config->mac, ETH_ALEN);
	else
		choose_mac(h->dev.dev_addr);
	h->rx_linear = config->rx_linear;
	h->ring_size = config->ring ? config->ring : HOST_DEV_RING;
	INIT_LIST_HEAD(&h->rx.frames);
	INIT_LIST_HEAD(&h->tx.frames);
	h->port = port;
	port->deliver = host_dev_deliver;
	port->deliver_arg = h;
	h->source = (struct host_source){.pump = host_dev_pump, .deadline = U64_MAX, .fd = -1};
	host_source_add(&h->source);
	netif_napi_add(&h->dev, &h->napi, host_dev_poll, NAPI_POLL_WEIGHT);
	if (register_netdev(&h->dev)) {
		destroy(h);
		return NULL;
	}
	return &h->dev;
}

void host_dev_remove(struct net_device *dev)
{
	struct host_dev *h = host_dev(dev);

	unregister_netdev(dev);
	destroy(h);
}
