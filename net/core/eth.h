/* SPDX-License-Identifier: MIT */
/* The link header of a received frame; inline, as every frame passes here. */
#pragma once

#include "net/netdevice.h"
#include "net/wire/eth_hdr.h"

/*
 * A whole header, sent to dev, with an EtherType: what nearly every frame has. Then it is taken off; else
 * nothing is changed.
 */
static __always_inline bool eth_pull_plain(struct sk_buff *skb, const struct net_device *dev)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;

	if (skb_headlen(skb) < ETH_HLEN || !ether_addr_equal(eth->h_dest, dev->dev_addr) ||
	    (eth->h_proto & 0xff) < ETH_P_802_MIN >> 8)
		return false;
	skb_reset_mac_header(skb);
	skb->data += ETH_HLEN;
	skb->len -= ETH_HLEN;
	skb->pkt_type = PACKET_HOST;
	skb->protocol = eth->h_proto;
	return true;
}
