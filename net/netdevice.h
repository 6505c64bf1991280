/* SPDX-License-Identifier: MIT */
/*
 * Network devices and NAPI: the seam between drivers and the stack.
 *
 * A driver embeds a struct net_device and a struct napi_struct in its own object, fills the fields marked
 * [driver], and calls register_netdev(). Its interrupt masks the queue and calls napi_schedule(); the stack
 * then calls poll() in softirq context until poll() returns less than its budget, having called
 * napi_complete_done() and re-enabled the queue.
 */
#pragma once

#include "lib/list.h"
#include "net/skbuff.h"

#define IFNAMSIZ         16
#define ETH_ALEN         6
#define ETH_HLEN         14
#define MAX_NETDEVS      512 /* per struct net; lo and VLANs among them */
#define NAPI_POLL_WEIGHT 64
/* Differs from Linux's 300: a socket's queue holds about 90 packets, and its reader runs between two rounds. */
#define NET_RX_BUDGET  64
#define NET_RX_TIME_NS (2 * NSEC_PER_MSEC)

/* net_device.flags; the numbers are Linux's. */
enum {
	IFF_UP = 0x1,
	IFF_BROADCAST = 0x2,
	IFF_LOOPBACK = 0x8,
	IFF_POINTOPOINT = 0x10,
	IFF_NOARP = 0x80,
	IFF_PROMISC = 0x100,
	IFF_ALLMULTI = 0x200,
	IFF_MULTICAST = 0x1000,
};

/* net_device.features: what the device does for the stack. */
enum {
	NETIF_F_HW_CSUM = 0x1,  /* completes partial checksums */
	NETIF_F_TSO = 0x2,      /* cuts TCP segments (IPv4); implies HW_CSUM */
	NETIF_F_TSO_ECN = 0x20, /* such with CWR, too */
	NETIF_F_RXCSUM = 0x4,   /* checks checksums, or hands over partial ones */
	NETIF_F_LRO = 0x8,      /* hands over several TCP segments as one packet */
	NETIF_F_GRO = 0x10,     /* the stack puts received segments together */
};

enum netdev_tx {
	NETDEV_TX_OK, /* taken: the driver owns the skb */
	NETDEV_TX_BUSY, /* ring full, not taken; netif_wake_queue() follows. The stack drops it or queues it */
};

/* Counted by the driver; rx_dropped, tx_dropped and multicast by the stack too. */
/* The driver counts packets and bytes, errors of the device; the stack what it drops itself. */
struct net_device_stats {
	u64 rx_packets, rx_bytes, rx_errors, rx_dropped, rx_length_errors, multicast;
	u64 rx_frame_errors;      /* the device's words about a frame do not fit it */
	u64 rx_otherhost_dropped; /* no loss: they were for others */
	u64 tx_packets, tx_bytes, tx_errors, tx_dropped, tx_fifo_errors;
};

struct net_device_ops {
	/* Brings the hardware up or down (ip link set up/down). 0 or -E. Thread, softirqs disabled. */
	int (*ndo_open)(struct net_device *dev);
	void (*ndo_stop)(struct net_device *dev);
	/*
	 * Sends a linear or fragmented skb that starts with its link header. more: another follows at once, the
	 * kick may wait for it (ndo_flush comes at the latest). Its checksum is partial only with NETIF_F_HW_CSUM.
	 * Softirq.
	 */
	enum netdev_tx (*ndo_start_xmit)(struct net_device *dev, struct sk_buff *skb, bool more);
	/* Kicks what was sent with more set. May be NULL. Softirq. */
	void (*ndo_flush)(struct net_device *dev);
	/* Whether something is still on its way to the wire. NULL: never. Softirqs disabled. */
	bool (*ndo_sending)(struct net_device *dev);
	/* 0, or -E when the device cannot; the stack then stores the value. NULL: any is fine / refused. */
	int (*ndo_change_mtu)(struct net_device *dev, u32 mtu);
	int (*ndo_set_mac_address)(struct net_device *dev, const u8 addr[ETH_ALEN]);
	/* dev->flags (PROMISC, ALLMULTI), uc_promisc or the multicast list changed, or it came up. May be NULL. */
	void (*ndo_set_rx_mode)(struct net_device *dev);
};

/* A multicast address that a device listens to. */
struct dev_mc {
	struct dev_mc *next;
	u32 users;
	bool global; /* one of them is `ip maddr add` */
	u8 addr[ETH_ALEN];
};

struct net_device {
	char name[IFNAMSIZ]; /* [driver] "eth%d": the stack numbers it; or a full name */
	const struct net_device_ops *ops; /* [driver] */
	struct net *net;                  /* [driver] */
	u8 dev_addr[ETH_ALEN];            /* [driver] */
	u8 broadcast[ETH_ALEN];           /* ff:..:ff, set by the stack */
	u16 type;                         /* ARPHRD_*: 1 Ethernet (default when 0), 772 loopback */
	u16 hard_header_len;              /* ETH_HLEN, set by the stack */
	u16 needed_headroom;              /* [driver] what it pushes in front of the link header */
	u32 mtu;                          /* [driver] or 0: 1500 */
	u32 features;                     /* [driver] NETIF_F_*, valid while up */
	u32 gso_max_parts; /* [driver] with NETIF_F_TSO: skbs with data that a packet may consist of */
	u32 min_mtu, max_mtu; /* [driver] or 0: 68, 65535 */
	u32 flags;            /* IFF_* */
	bool carrier;         /* see netif_carrier_on() */
	bool tx_stopped;      /* see netif_stop_queue() */
	bool registered;
	bool flush_pending; /* sent with more set since the last ndo_flush */
	u32 ifindex;
	struct net_device *lower; /* a VLAN's: the device that carries it; NULL: this is none */
	struct vlan_group *vlans; /* those it carries itself, NULL: none; see net/vlan.h */
	struct list_head vlan_list;
	u16 vlan_id;
	u16 uc_promisc;      /* VLANs that need to hear more than dev_addr */
	bool vlan_promisc;   /* this is one of them */
	bool addr_told;      /* a VLAN's address no longer follows the lower device's */
	u32 carrier_changes; /* times the link came or went */
	u32 tx_queue_len;
	struct sk_buff_head tx_queue; /* waits while the ring is full; bounded by tx_queue_len */
	struct net_device_stats stats;
	struct list_head list;       /* net's devices */
	struct list_head flush_list; /* devices with a kick to give at the end of the softirq */
	struct list_head napi_list;
	struct dev_mc *mc; /* in the order they were added */
	void *ip_ptr;      /* IPv4's part: addresses, settings, neighbours (struct in_device) */
};

enum {
	NAPI_STATE_ENABLED = 1,
	NAPI_STATE_SCHED = 2, /* on the poll list, or being polled */
	NAPI_STATE_MISSED = 4 /* scheduled again meanwhile */
};

/* Packets of the present poll that what comes may continue (net/core/gro.c). */
#define GRO_CELLS 8
struct gro_cell {
	struct sk_buff *skb, *last; /* NULL: free. In the poll's list; the last of its frag_list */
	u32 payload;                /* bytes of data in all */
	u8 segs, flags;             /* segments; PSH and FIN of the last */
	bool fixed_id;              /* of several: all have one identification */
};

struct gro_cells {
	u8 nr;   /* cells that were used in this poll */
	u8 turn; /* whose place the next one takes */
	struct gro_cell cell[GRO_CELLS];
};

struct napi_struct {
	struct list_head poll_list;
	struct list_head dev_list;
	struct net_device *dev;
	/* Handles up to budget packets; returns how many. Less than budget: it called napi_complete_done(). */
	int (*poll)(struct napi_struct *napi, int budget);
	struct napi_struct *sched_next; /* scheduled, not yet on the poll list */
	int weight;
	u32 state; /* NAPI_STATE_*; interrupts change it too */
	/* Packets of this poll on their way to the stack, by next, handed over as one list. */
	struct sk_buff *rx_first, **rx_end;
	struct gro_cells gro;
};

/*
 * Adds a device: gives it its number and name, makes it visible, down and with carrier as the driver set it.
 * 0, -ENOMEM, -ENFILE (MAX_NETDEVS), -EEXIST (name), -EINVAL. The object stays the driver's. Thread.
 */
int register_netdev(struct net_device *dev) __must_check;

/* Takes it down, removes its addresses, routes, neighbours and queued skbs, and forgets it. Thread. */
void unregister_netdev(struct net_device *dev);

/* Link state, from the driver. Any context but hard interrupts. */
void netif_carrier_on(struct net_device *dev);
void netif_carrier_off(struct net_device *dev);

/* Ring full / room again: the stack stops and resumes handing packets over. Softirq. */
void netif_stop_queue(struct net_device *dev);
void netif_wake_queue(struct net_device *dev);

/* Before register_netdev; disabled at first. weight: usually NAPI_POLL_WEIGHT. */
void netif_napi_add(struct net_device *dev, struct napi_struct *napi,
		    int (*poll)(struct napi_struct *, int), int weight);
void napi_enable(struct napi_struct *napi);
void napi_disable(struct napi_struct *napi);

/* Puts napi on the poll list and raises NET_RX; does nothing if it is there. Any context, also hard interrupts. */
void napi_schedule(struct napi_struct *napi);

/*
 * Ends a poll that found less than its budget. False: scheduled again meanwhile, do not re-enable the
 * interrupt. Softirq, in poll().
 */
bool napi_complete_done(struct napi_struct *napi, int work);

/*
 * Hands a received frame to the stack; data starts at the Ethernet header, dev is set. Consumes skb. Packets of
 * one poll are collected and go up as a list. Softirq, in poll().
 */
void napi_gro_receive(struct napi_struct *napi, struct sk_buff *skb);

/* Sets skb->protocol and pkt_type, pulls the link header. Returns false if the frame is too short. */
bool eth_type_trans(struct sk_buff *skb, struct net_device *dev) __must_check;

/* Up the stack, after eth_type_trans. Consumes. Softirq. */
void netif_receive_skb(struct sk_buff *skb);
void netif_receive_skb_list(struct sk_buff *first); /* by next; one at least */

/* Sends an skb with its link header by skb->dev. Consumes. 0 or -E (counted). Softirq. */
int dev_queue_xmit(struct sk_buff *skb);

/*
 * Between these, devices are told that more follows, and kicked once at the end; they nest. Softirq bodies do
 * it by themselves; a thread that sends many packets at once may.
 */
void net_xmit_batch_begin(struct net *net);
void net_xmit_batch_end(struct net *net);

/*
 * Notes that the device is to listen to addr, or no longer, for one more user; global: for `ip maddr`, which counts once. Our devices
 * take all multicast frames (ndo_set_rx_mode). 0, -ENOMEM; -ENOENT. Softirq.
 */
int dev_mc_add(struct net_device *dev, const u8 addr[ETH_ALEN], bool global) __must_check;
int dev_mc_del(struct net_device *dev, const u8 addr[ETH_ALEN], bool global);

/* By name, by index; NULL if unknown. Softirq. */
struct net_device *dev_get_by_name(struct net *net, const char *name);
struct net_device *dev_get_by_index(struct net *net, u32 ifindex);

/* ip link set: up/down, MTU, MAC. 0 or -E. Thread, softirqs disabled. */
int dev_open(struct net_device *dev);
void dev_close(struct net_device *dev);
int dev_set_mtu(struct net_device *dev, u32 mtu);
int dev_set_mac_address(struct net_device *dev, const u8 addr[ETH_ALEN]);

/* PROMISC, ALLMULTI and NOARP, as told. */
void dev_change_flags(struct net_device *dev, u32 flags);

/* A new name, of a device that is up or down. 0, -EINVAL, -EEXIST. */
bool dev_valid_name(const char *name);
int dev_change_name(struct net_device *dev, const char *name);

/* A VLAN's address follows the lower device's. */
void dev_inherit_address(struct net_device *dev, const u8 addr[ETH_ALEN]);
