/* SPDX-License-Identifier: MIT */
/*
 * VLAN devices (IEEE 802.1Q): eth0.5 is a device of its own whose frames carry a tag on eth0.
 *
 * It has the lower device's address until it is told one, an MTU no larger than the lower device's, and goes up and down
 * with it. Frames with a tag that no device here has are another host's; tag 0 is a priority only and is taken off.
 */
#pragma once

#include "net/netdevice.h"

#define VLAN_HLEN    4
#define VLAN_VID_MAX 4094 /* 4095 is reserved */

struct vlan_config {
	char name[IFNAMSIZ]; /* "" : vlan%d */
	u32 vid;
	u32 mtu; /* 0: the lower device's */
	bool has_addr;
	u8 addr[ETH_ALEN];
};

/*
 * Makes a VLAN device on lower, down. 0, -ERANGE (vid), -EBUSY (vid), -EEXIST (name), -EOPNOTSUPP (lower is lo, or a VLAN
 * itself), -EINVAL (name, mtu), -EADDRNOTAVAIL (addr), -ENFILE (MAX_NETDEVS), -ENOMEM. Thread, softirqs disabled.
 */
int vlan_dev_add(struct net_device *lower, const struct vlan_config *cfg,
		 struct net_device **dev) __must_check;

/* Removes and frees it. */
void vlan_dev_del(struct net_device *dev);
