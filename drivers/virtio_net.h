/* SPDX-License-Identifier: MIT */
/*
 * What the files of the virtio-net driver share: virtio_net.c (life of the device), _rx.c, _tx.c, _ctrl.c.
 *
 * Context: everything but the two interrupt callbacks runs in softirq context (see net/platform.h).
 * Source: virtio 1.1 s5.1.
 */
#pragma once

#include "drivers/virtio.h"
#include "net/netdevice.h"

#define VIRTIO_NET_F_MTU           3
#define VIRTIO_NET_F_MAC           5
#define VIRTIO_NET_F_MRG_RXBUF     15
#define VIRTIO_NET_F_STATUS        16
#define VIRTIO_NET_F_CTRL_VQ       17
#define VIRTIO_NET_F_CTRL_RX       18
#define VIRTIO_NET_F_CTRL_MAC_ADDR 23

#define VIRTIO_NET_HDR_F_NEEDS_CSUM 1
#define VIRTIO_NET_HDR_GSO_NONE     0

/* In front of every frame, both ways (s5.1.6). All fields 0: nothing to do, and one buffer's num_buffers is 1 on receipt. */
struct virtio_net_hdr {
	u8 flags;
	u8 gso_type;
	u16 hdr_len;
	u16 gso_size;
	u16 csum_start;
	u16 csum_offset;
	u16 num_buffers;
};

#define VIRTNET_HDR_LEN ((u32)sizeof(struct virtio_net_hdr))

/*
 * A receive buffer: the device's header lies in the headroom, so that the frame starts behind NET_SKB_PAD and
 * the IP header on a 16-byte boundary.
 */
#define VIRTNET_RX_FRAME  (NET_SKB_PAD + NET_IP_ALIGN)
#define VIRTNET_RX_OFFSET (VIRTNET_RX_FRAME - VIRTNET_HDR_LEN)
#define VIRTNET_VLAN_HLEN 4
/* An Ethernet frame in one piece; 17 of them fill a block of page_frag_alloc(). */
#define VIRTNET_RX_BUFFER \
	((u32)ALIGN(VIRTNET_RX_FRAME + 1500 + ETH_HLEN + VIRTNET_VLAN_HLEN + SKB_SHINFO_SIZE, 64))
#define VIRTNET_BATCH 64

/* One command and its answer, for the control queue. The device reads and writes it. */
struct virtnet_command {
	u8 class, command;
	u8 data[6];
	u8 ack;
};

struct virtnet {
	struct net_device dev;
	struct napi_struct napi;
	struct virtio_device *vdev;
	struct virtqueue *rx, *tx, *ctrl; /* valid while up; ctrl may be NULL */
	bool up;                          /* opened, and not broken since */
	bool settled;                     /* see struct virtio_driver */
	bool mergeable;
	bool config_changed;      /* set by the interrupt, cleared by poll */
	u32 rx_size;              /* bytes of a receive buffer, all included */
	u32 rx_room;              /* of those, what the device may write */
	u32 max_frame;            /* longest frame that is taken */
	u8 *fresh[VIRTNET_BATCH]; /* buffers that go into the ring after the harvest */
	u16 nr_fresh;
	u16 tx_low; /* fewer free descriptors: look for what was sent */
	u64 broken; /* times the device was caught lying */
	struct virtnet_command command;
};

/* Receive: fills the ring at open (0 or -ENOMEM; unpublished); takes up to budget frames and publishes new buffers. */
int virtnet_rx_fill(struct virtnet *vn) __must_check;
int virtnet_rx_harvest(struct virtnet *vn, int budget);

/* Transmit. */
enum netdev_tx virtnet_start_xmit(struct net_device *dev, struct sk_buff *skb, bool more);
void virtnet_flush(struct net_device *dev);
/* Frees what was sent; lets the stack go on if it waited for room. */
void virtnet_tx_reap(struct virtnet *vn);

/* Control queue; each waits for the device's answer. */
void virtnet_set_rx_mode(struct net_device *dev);
int virtnet_set_mac_address(struct net_device *dev, const u8 addr[ETH_ALEN]);
