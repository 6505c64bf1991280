/* SPDX-License-Identifier: MIT */
/* Ethernet: what a received frame is, and to whom it was sent. */
#include "net/core/eth.h"

u8 eth_other_pkt_type(const struct ethhdr *eth)
{
	if (!is_multicast_ether_addr(eth->h_dest))
		return PACKET_OTHERHOST;
	return is_broadcast_ether_addr(eth->h_dest) ? PACKET_BROADCAST : PACKET_MULTICAST;
}

bool eth_type_trans(struct sk_buff *skb, struct net_device *dev)
{
	skb->dev = dev;
	return eth_pull_header(skb, dev);
}
