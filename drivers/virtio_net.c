/* SPDX-License-Identifier: MIT */
/*
 * virtio-net: finding the NIC, bringing it up and down, its poll function, its end.
 *
 * Life: probe reads MAC, MTU and link state and registers the device, which then owns no buffers. Every
 * `ip link set up` starts the device anew and gives it its buffers; every down resets it and takes them
 * back. A device that is caught lying is reset and keeps its carrier down; down and up give it another chance.
 *
 * Interrupts: one vector serves both queues. It masks and schedules NAPI; poll harvests, frees what was sent,
 * re-arms and looks again. The transmit queue interrupts only while the stack waits for room in it.
 */
#include "drivers/virtio_drivers.h"
#include "drivers/virtio_net.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "kernel/random.h"
#include "net/platform.h"

#define RX_RING_MIN 16
#define RING_MAX    256
#define TX_RING_MIN 64
#define CTRL_RING   16
#define SPARES_MAX  128 /* of what was received, kept for what comes */
#define RX_SHARE \
	16 /* of free memory, at most one part in so many becomes receive buffers of one NIC */

enum { QUEUE_RX, QUEUE_TX, QUEUE_CTRL };

/* Offsets in the device's configuration, s5.1.4. */
enum { CONFIG_MAC = 0, CONFIG_STATUS = 6, CONFIG_MTU = 10 };
#define STATUS_LINK_UP 1

#define FEATURES                                                                          \
	(VIRTIO_FEATURE(VIRTIO_NET_F_MTU) | VIRTIO_FEATURE(VIRTIO_NET_F_MAC) |            \
	 VIRTIO_FEATURE(VIRTIO_NET_F_MRG_RXBUF) | VIRTIO_FEATURE(VIRTIO_NET_F_STATUS) |   \
	 VIRTIO_FEATURE(VIRTIO_NET_F_CTRL_VQ) | VIRTIO_FEATURE(VIRTIO_NET_F_CTRL_RX) |    \
	 VIRTIO_FEATURE(VIRTIO_NET_F_CTRL_MAC_ADDR) | VIRTIO_FEATURE(VIRTIO_NET_F_CSUM) | \
	 VIRTIO_FEATURE(VIRTIO_NET_F_GUEST_CSUM))
/* Each of these needs another (s5.1.3.1). Received segments in one packet have more bytes than one buffer. */
#define FEATURES_TX (VIRTIO_FEATURE(VIRTIO_NET_F_HOST_TSO4) | VIRTIO_FEATURE(VIRTIO_NET_F_HOST_ECN))
#define FEATURES_RX \
	(VIRTIO_FEATURE(VIRTIO_NET_F_GUEST_TSO4) | VIRTIO_FEATURE(VIRTIO_NET_F_GUEST_ECN))

static struct virtnet *to_virtnet(struct net_device *dev)
{
	return container_of(dev, struct virtnet, dev);
}

static void queue_interrupt(struct virtqueue *vq)
{
	struct virtnet *vn = vq->priv;

	virtqueue_disable_cb(vq);
	napi_schedule(&vn->napi);
}

static void config_interrupt(struct virtio_device *vdev)
{
	struct virtnet *vn = vdev->priv;

	WRITE_ONCE(vn->config_changed, true);
	napi_schedule(&vn->napi);
}

/* Without STATUS the link is always up. */
static void update_link(struct virtnet *vn)
{
	u16 status = STATUS_LINK_UP;

	if (virtio_has_feature(vn->vdev, VIRTIO_NET_F_STATUS) &&
	    !virtio_config(vn->vdev, CONFIG_STATUS, &status, sizeof(status)))
		return;
	if (status & STATUS_LINK_UP)
		netif_carrier_on(&vn->dev);
	else
		netif_carrier_off(&vn->dev);
}

/*
 * Resets the device and frees what it held. If it does not confirm the reset it may still write into its buffers:
 * they are never used again.
 */
static void shut_down(struct virtnet *vn)
{
	void *p;

	vn->up = false;
	skb_free_spares(vn->dev.net);
	if (!virtio_reset(vn->vdev)) {
		pr_err("%s: %s does not reset: its buffers are lost", vn->dev.name, vn->vdev->name);
		return;
	}
	while (vn->rx && (p = virtqueue_detach(vn->rx)))
		page_frag_free(p);
	while (vn->tx && (p = virtqueue_detach(vn->tx)))
		kfree_skb_reason(p, SKB_DROP_REASON_DEV_NOT_UP);
}

static void switch_off(struct virtnet *vn, const char *why)
{
	vn->broken++;
	vn->dev.stats.rx_errors++;
	pr_err("%s: %s %s: off until set down and up", vn->dev.name, vn->vdev->name, why);
	netif_carrier_off(&vn->dev);
	shut_down(vn);
}

static void check_queues(struct virtnet *vn)
{
	if (unlikely(virtqueue_broken(vn->rx)))
		switch_off(vn, virtqueue_fault_text(vn->rx));
	else if (unlikely(virtqueue_broken(vn->tx)))
		switch_off(vn, virtqueue_fault_text(vn->tx));
}

static void config_change(struct virtnet *vn)
{
	WRITE_ONCE(vn->config_changed, false);
	if (virtio_needs_reset(vn->vdev))
		switch_off(vn, "wants to be reset");
	else
		update_link(vn);
}

static int virtnet_poll(struct napi_struct *napi, int budget)
{
	struct virtnet *vn = container_of(napi, struct virtnet, napi);
	int done = 0;

	if (unlikely(vn->config_changed) && vn->up)
		config_change(vn);
	if (likely(vn->up)) {
		done = virtnet_rx_harvest(vn, budget);
		virtnet_tx_reap(vn);
		check_queues(vn);
	}
	if (done < budget && napi_complete_done(napi, done) && likely(vn->up) &&
	    !virtqueue_enable_cb(vn->rx)) {
		virtqueue_disable_cb(vn->rx);
		napi_schedule(napi);
	}
	return done;
}

/* Receive buffers in proportion to the memory there is: a machine of 8 MB has use for the rest of it. */
static u16 rx_ring_size(const struct virtnet *vn)
{
	struct mm_stats mm;

	mm_get_stats(&mm);
	return max(min(mm.free / RX_SHARE / vn->rx_size, (u64)RING_MAX), (u64)RX_RING_MIN);
}

static int start_queues(struct virtnet *vn)
{
	struct virtio_device *vdev = vn->vdev;
	u16 num = rx_ring_size(vn);

	vn->ctrl = NULL;
	vn->rx = virtio_add_queue(vdev, QUEUE_RX, num, queue_interrupt, vn);
	if (!vn->rx)
		return -ENOMEM;
	vn->tx = virtio_add_queue(vdev, QUEUE_TX, max(num, (u16)TX_RING_MIN), queue_interrupt, vn);
	if (!vn->tx)
		return -ENOMEM;
	vn->tx_low = vn->tx->num / 2;
	skb_keep_spares(vn->dev.net, vn->rx_size, page_frag_free, min(num, (u16)SPARES_MAX));
	if (virtio_has_feature(vdev, VIRTIO_NET_F_CTRL_VQ))
		vn->ctrl = virtio_add_queue(vdev, QUEUE_CTRL, CTRL_RING, NULL, vn);
	return virtnet_rx_fill(vn);
}

/* Ethernet's frames are taken even when our own MTU is smaller. */
static u32 frame_limit(u32 mtu)
{
	return max(mtu, (u32)1500) + ETH_HLEN + VIRTNET_VLAN_HLEN;
}

static bool offers(const struct virtnet *vn, unsigned int feature)
{
	return vn->vdev->ops->get_features(vn->vdev) & VIRTIO_FEATURE(feature);
}

/* Starts the device with what it offers of what we use. 0 or -E. */
static int start_device(struct virtnet *vn)
{
	u64 features = FEATURES;

	if (offers(vn, VIRTIO_NET_F_CSUM) && offers(vn, VIRTIO_NET_F_HOST_TSO4))
		features |= FEATURES_TX;
	if (offers(vn, VIRTIO_NET_F_GUEST_CSUM) && offers(vn, VIRTIO_NET_F_GUEST_TSO4) &&
	    offers(vn, VIRTIO_NET_F_MRG_RXBUF))
		features |= FEATURES_RX;
	return virtio_start(vn->vdev, features, 0);
}

static void set_offloads(struct virtnet *vn)
{
	const struct virtio_device *vdev = vn->vdev;

	vn->guest_csum = virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_CSUM);
	vn->ask_csum = vn->guest_csum ? VIRTIO_NET_HDR_F_NEEDS_CSUM : 0;
	vn->guest_tso = virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_TSO4);
	vn->guest_ecn = virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_ECN);
	vn->dev.features =
		NETIF_F_GRO | (virtio_has_feature(vdev, VIRTIO_NET_F_CSUM) ? NETIF_F_HW_CSUM : 0) |
		(virtio_has_feature(vdev, VIRTIO_NET_F_HOST_TSO4) ? NETIF_F_TSO : 0) |
		(virtio_has_feature(vdev, VIRTIO_NET_F_HOST_ECN) ? NETIF_F_TSO_ECN : 0) |
		(vn->guest_csum ? NETIF_F_RXCSUM : 0) | (vn->guest_tso ? NETIF_F_LRO : 0);
	vn->dev.gso_max_parts = VIRTQUEUE_MAX_SEG - 1;
}

static void size_buffers(struct virtnet *vn)
{
	struct mm_stats mm;
	u32 longest = VIRTNET_RX_FRAME + frame_limit(vn->dev.max_mtu) + (u32)SKB_SHINFO_SIZE;

	vn->mergeable = virtio_has_feature(vn->vdev, VIRTIO_NET_F_MRG_RXBUF);
	vn->rx_size = VIRTNET_RX_BUFFER;
	vn->max_frame = frame_limit(vn->dev.mtu);
	if (!vn->mergeable)
		vn->rx_size = max(vn->rx_size, ALIGN(longest, 64U));
	mm_get_stats(&mm);
	vn->rx_big_due = 0;
	vn->rx_big = vn->guest_tso && mm.free / RX_SHARE > RING_MAX * VIRTNET_RX_BIG / 4
			     ? VIRTNET_RX_BIG
			     : 0;
}

static int virtnet_open(struct net_device *dev)
{
	struct virtnet *vn = to_virtnet(dev);
	u8 mac[ETH_ALEN];
	int err;

	vn->rx = vn->tx = NULL;
	err = start_device(vn);
	if (err)
		return err;
	set_offloads(vn);
	size_buffers(vn);
	err = start_queues(vn);
	if (err) {
		shut_down(vn);
		return err;
	}
	virtio_driver_ok(vn->vdev);
	vn->up = true;
	virtqueue_kick(vn->rx);
	if (virtio_has_feature(vn->vdev, VIRTIO_NET_F_MAC) &&
	    virtio_config(vn->vdev, CONFIG_MAC, mac, sizeof(mac)) &&
	    memcmp(mac, dev->dev_addr, sizeof(mac)) != 0)
		(void)virtnet_set_mac_address(dev, dev->dev_addr);
	update_link(vn);
	netif_wake_queue(dev);
	napi_enable(&vn->napi);
	if (!virtqueue_enable_cb(vn->rx))
		napi_schedule(&vn->napi);
	return 0;
}

static void virtnet_stop(struct net_device *dev)
{
	struct virtnet *vn = to_virtnet(dev);

	napi_disable(&vn->napi);
	if (vn->up)
		shut_down(vn);
}

static int virtnet_change_mtu(struct net_device *dev, u32 mtu)
{
	to_virtnet(dev)->max_frame = frame_limit(mtu);
	return 0;
}

static const struct net_device_ops virtnet_ops = {
	.ndo_open = virtnet_open,
	.ndo_stop = virtnet_stop,
	.ndo_start_xmit = virtnet_start_xmit,
	.ndo_flush = virtnet_flush,
	.ndo_sending = virtnet_sending,
	.ndo_change_mtu = virtnet_change_mtu,
	.ndo_set_mac_address = virtnet_set_mac_address,
	.ndo_set_rx_mode = virtnet_set_rx_mode,
};

static bool valid_mac(const u8 *mac)
{
	static const u8 zero[ETH_ALEN];

	return !(mac[0] & 1) && memcmp(mac, zero, ETH_ALEN) != 0;
}

/* s5.1.4.2: a driver without MAC from the device makes one up. */
static void choose_mac(struct virtnet *vn)
{
	u8 *mac = vn->dev.dev_addr;

	if (virtio_has_feature(vn->vdev, VIRTIO_NET_F_MAC) &&
	    virtio_config(vn->vdev, CONFIG_MAC, mac, ETH_ALEN) && valid_mac(mac))
		return;
	get_random_bytes(mac, ETH_ALEN);
	mac[0] = (mac[0] & ~1) | 2;
}

/* The largest packet: as the device says, and what receive buffers can hold. */
static void choose_mtu(struct virtnet *vn)
{
	u32 room = VIRTNET_RX_BUFFER - VIRTNET_RX_OFFSET - SKB_SHINFO_SIZE;
	u32 most = (1 + MAX_SKB_FRAGS) * room - VIRTNET_HDR_LEN - ETH_HLEN - VIRTNET_VLAN_HLEN;
	u16 mtu = 1500;

	if (!virtio_has_feature(vn->vdev, VIRTIO_NET_F_MRG_RXBUF))
		most = 1500;
	if (virtio_has_feature(vn->vdev, VIRTIO_NET_F_MTU) &&
	    virtio_config(vn->vdev, CONFIG_MTU, &mtu, sizeof(mtu)) && mtu >= 68)
		most = min(most, (u32)mtu);
	vn->dev.mtu = min((u32)mtu, most);
	vn->dev.max_mtu = most;
}

static void virtnet_settle(struct virtio_device *vdev)
{
	struct virtnet *vn = vdev->priv;
	struct net_device *dev = &vn->dev;

	plat_bh_disable();
	vn->settled = true;
	virtnet_set_rx_mode(dev);
	plat_bh_enable();
	pr_info("%s: virtio-net at %s, %pM, mtu %u, link %s", dev->name, vdev->name, dev->dev_addr,
		dev->mtu, dev->carrier ? "up" : "down");
}

static int virtnet_probe(struct virtio_device *vdev, struct net *net)
{
	struct virtnet *vn = kzalloc(sizeof(*vn));
	int err;

	if (!vn) {
		pr_err("%s: no memory", vdev->name);
		return -ENOMEM;
	}
	vn->vdev = vdev;
	err = start_device(vn);
	if (err)
		goto free;
	strscpy(vn->dev.name, "eth%d", sizeof(vn->dev.name));
	vn->dev.ops = &virtnet_ops;
	vn->dev.net = net;
	vn->dev.needed_headroom = VIRTNET_HDR_LEN;
	vn->dev.carrier = true;
	choose_mac(vn);
	choose_mtu(vn);
	update_link(vn);
	netif_napi_add(&vn->dev, &vn->napi, virtnet_poll, NAPI_POLL_WEIGHT);
	vdev->priv = vn;
	vdev->config_changed = config_interrupt;
	if (!virtio_reset(vdev)) {
		err = -ENODEV;
		goto free;
	}
	err = register_netdev(&vn->dev);
	if (!err)
		return 0;
	pr_err("%s: cannot be registered (error %d)", vdev->name, -err);
free:
	vdev->config_changed = NULL;
	kfree(vn);
	return err;
}

static void virtnet_remove(struct virtio_device *vdev)
{
	struct virtnet *vn = vdev->priv;

	vdev->config_changed = NULL;
	unregister_netdev(&vn->dev);
	kfree(vn);
}

const struct virtio_driver virtio_net_driver = {
	.id = VIRTIO_ID_NET,
	.name = "virtio-net",
	.probe = virtnet_probe,
	.remove = virtnet_remove,
	.settle = virtnet_settle,
};
