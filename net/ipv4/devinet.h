/* SPDX-License-Identifier: MIT */
/* IPv4's part of a device, for net/ipv4. */
#pragma once

#include "net/ipv4/netns_ipv4.h"

/* Follows the devices: netdev_notifier.fn. */
int inetdev_event(struct net *net, struct net_device *dev, unsigned int event);

void devinet_init(struct net *net);
int devconf_init(struct net *net) __must_check;
#define DEVCONF_GROUP "net.ipv4.conf."
int devconf_register(struct in_device *in_dev) __must_check;

/* The primary address of ifa's subnet, ifa itself if it is one. */
struct in_ifaddr *inet_primary_of(struct in_ifaddr *ifa);

static inline bool inet_ifa_match(be32 addr, const struct in_ifaddr *ifa)
{
	return !((addr ^ ifa->address) & ifa->mask);
}
