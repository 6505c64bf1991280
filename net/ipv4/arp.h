/* SPDX-License-Identifier: MIT */
/* ARP, for net/ipv4. */
#pragma once

#include "net/ipv4/netns_ipv4.h"

int arp_rcv(struct net *net, struct sk_buff *skb);

/* Asks for n's link address: by unicast while n->probes allows, then by broadcast. waiting: a packet that needs it, or NULL. */
void arp_solicit(struct neighbour *n, const struct sk_buff *waiting);

/* Tells the link of an address of ours, if arp_notify says so. */
void arp_announce_addr(const struct in_ifaddr *ifa);

/* What a new neighbour is without asking: broadcast, group, or a device without ARP. */
void arp_constructor(struct neighbour *n);
