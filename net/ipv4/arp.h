/* SPDX-License-Identifier: MIT */
/* ARP, for net/ipv4. */
#pragma once

#include "net/ipv4/netns_ipv4.h"

int arp_rcv(struct net *net, struct sk_buff *skb);

/* Asks for n's link address: by unicast while n->probes allows, then by broadcast. waiting: a packet that needs it, or NULL. */
void arp_solicit(struct neighbour *n, const struct sk_buff *waiting);

/* arp_rcv() for a question that has waited: data is at the ARP header. Consumes. */
void arp_redo(struct sk_buff *skb);

/* Tells the link of dev's addresses (RFC 5227 s3), if arp_notify says so. */
void arp_announce(struct net_device *dev);

/* What a new neighbour is without asking: broadcast, group, or a device without ARP. */
void arp_constructor(struct neighbour *n);

/* Whether tip is one of those that we answer for on dev. */
bool pneigh_lookup(struct net *net, const struct net_device *dev, be32 tip);

/* Keeps a question whose answer shall not be the first (proxy_delay). Consumes. */
void pneigh_enqueue(struct net_device *dev, struct sk_buff *skb);

/* The device goes: its proxied addresses and what waits. */
void pneigh_ifdown(struct net_device *dev);
void arp_proxy_exit(struct net *net);
