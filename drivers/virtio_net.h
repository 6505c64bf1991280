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

#define VIRTIO_NET_F_CSUM          0
#define VIRTIO_NET_F_GUEST_CSUM    1
#define VIRTIO_NET_F_MTU           3
#define VIRTIO_NET_F_MAC           5
#define VIRTIO_NET_F_GUEST_TSO4    7
#define VIRTIO_NET_F_GUEST_ECN     9
#define VIRTIO_NET_F_HOST_TSO4     11
#define VIRTIO_NET_F_HOST_ECN      13
#define VIRTIO_NET_F_MRG_RXBUF     15
#define VIRTIO_NET_F_STATUS        16
#define VIRTIO_NET_F_CTRL_VQ       17
#define VIRTIO_NET_F_CTRL_RX       18
#define VIRTIO_NET_F_CTRL_MAC_ADDR 23

#define VIRTIO_NET_HDR_F_NEEDS_CSUM 1
#define VIRTIO_NET_HDR_F_DATA_VALID 2
#define VIRTIO_NET_HDR_GSO_NONE     0
#define VIRTIO_NET_HDR_GSO_TCPV4    1
#define VIRTIO_NET_HDR_GSO_ECN      0x80
#define VIRTNET_GSO_LEAST \
	8 /* bytes in a segment: less is no network's, and makes thousands of them */

/*
 * In front of every frame, both ways (s5.1.6). flags and gso_type 0: nothing to do; num_buffers is the receiver's alone.
 */
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
#define VIRTNET_GSO_FRAME \
	(U16_MAX + ETH_HLEN + VIRTNET_VLAN_HLEN) /* the longest, of many segments */
/* An Ethernet frame in one piece; 17 of them fill a block of page_frag_alloc(). */
#define VIRTNET_RX_BUFFER \
	((u32)ALIGN(VIRTNET_RX_FRAME + 1500 + ETH_HLEN + VIRTNET_VLAN_HLEN + SKB_SHINFO_SIZE, 64))
/* For received packets of many segments: four fill a block. */
#define VIRTNET_RX_BIG 8064U
#define VIRTNET_BATCH  64

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
	u16 ask_csum; /* what a header that leaves only the checksum to us begins with; 0: none may */
	bool guest_csum, guest_tso, guest_ecn; /* what received frames may ask of us */
	bool config_changed;                   /* set by the interrupt, cleared by poll */
	u32 rx_size;                           /* bytes of a usual receive buffer, all included */
	u32 rx_big;                            /* of a large one; 0: none are used */
	u32 rx_big_due; /* so many of the next ones are large: packets of many segments come */
	u32 max_frame;  /* longest frame that is taken */
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
bool virtnet_sending(struct net_device *dev);
/* Frees what was sent; lets the stack go on if it waited for room. */
void virtnet_tx_reap(struct virtnet *vn);

/* Control queue; each waits for the device's answer. */
void virtnet_set_rx_mode(struct net_device *dev);
int virtnet_set_mac_address(struct net_device *dev, const u8 addr[ETH_ALEN]);
