/* SPDX-License-Identifier: MIT */
/* VLANs, for net/core. */
#pragma once

#include "net/vlan.h"
#include "net/wire/eth_hdr.h"

#define VLAN_PARTS     8
#define VLAN_PART_SIZE 512

/* The VLANs on a device, by number: the parts in use. */
struct vlan_group {
	struct net_device **part[VLAN_PARTS];
	struct list_head devs; /* net_device.vlan_list */
};

/* A run of received packets, linked by next, with tags. Consumes them. */
void vlan_receive(struct net *net, struct sk_buff *skb);

enum netdev_tx vlan_start_xmit(struct net_device *dev, struct sk_buff *skb, bool more);

/* Something happened to a device that has VLANs. */
void vlan_device_event(struct net_device *lower, unsigned int event);

static inline bool eth_type_vlan(be16 type)
{
	return type == CPU_TO_BE16(ETH_P_8021Q) || type == CPU_TO_BE16(ETH_P_8021AD);
}
