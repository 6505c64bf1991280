/* SPDX-License-Identifier: MIT */
/* The link header of a received frame; inline, as every frame passes here. */
#pragma once

#include "net/netdevice.h"
#include "net/wire/eth_hdr.h"

/* To whom a frame was sent that was not sent to dev itself. */
u8 eth_other_pkt_type(const struct ethhdr *eth);

/* See eth_type_trans(). */
static inline bool eth_pull_header(struct sk_buff *skb, struct net_device *dev)
{
	const struct ethhdr *eth;

	if (unlikely(!pskb_may_pull(skb, ETH_HLEN)))
		return false;
	eth = (const struct ethhdr *)skb->data;
	skb_reset_mac_header(skb);
	skb->data += ETH_HLEN;
	skb->len -= ETH_HLEN;
	skb->pkt_type = PACKET_HOST;
	if (unlikely(!ether_addr_equal(eth->h_dest, dev->dev_addr)))
		skb->pkt_type = eth_other_pkt_type(eth);
	skb->protocol = eth->h_proto;
	if (unlikely((eth->h_proto & 0xff) < ETH_P_802_MIN >> 8))
		skb->protocol = CPU_TO_BE16(ETH_P_802_2);
	return true;
}
