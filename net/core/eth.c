/* SPDX-License-Identifier: MIT */
/* Ethernet: what a received frame is, and to whom it was sent. */
#include "net/core/eth.h"

static u8 pkt_type_of(const struct ethhdr *eth, const struct net_device *dev)
{
	if (ether_addr_equal(eth->h_dest, dev->dev_addr))
		return PACKET_HOST;
	if (!is_multicast_ether_addr(eth->h_dest))
		return PACKET_OTHERHOST;
	return is_broadcast_ether_addr(eth->h_dest) ? PACKET_BROADCAST : PACKET_MULTICAST;
}

bool eth_type_trans(struct sk_buff *skb, struct net_device *dev)
{
	const struct ethhdr *eth;

	if (!pskb_may_pull(skb, ETH_HLEN))
		return false;
	skb->dev = dev;
	skb_reset_mac_header(skb);
	eth = skb_mac_header(skb);
	skb_pull(skb, ETH_HLEN);
	skb->pkt_type = pkt_type_of(eth, dev);
	skb->protocol = eth->h_proto;
	if (be16_to_cpu(eth->h_proto) < ETH_P_802_MIN)
		skb->protocol = CPU_TO_BE16(ETH_P_802_2);
	return true;
}
