/* SPDX-License-Identifier: MIT */
/* VLAN tags off and on: IEEE 802.1Q s9. */
#include "net/core/net_namespace.h"
#include "net/core/packet_type.h"
#include "net/core/vlan_core.h"
#include "net/wire/eth_hdr.h"

#define VLAN_VID_MASK 0xfff

struct vlan_hdr {
	be16 tci;
	be16 proto; /* of what follows */
} __packed;

static struct net_device *vlan_find(const struct net_device *lower, u16 vid)
{
	struct net_device **part = lower->vlans ? lower->vlans->part[vid / VLAN_PART_SIZE] : NULL;

	return part ? part[vid % VLAN_PART_SIZE] : NULL;
}

/* The packet is dev's now. */
static bool vlan_enter(struct sk_buff *skb, struct net_device *dev)
{
	const struct ethhdr *eth = skb_mac_header(skb);

	if (!(dev->flags & IFF_UP)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_DEV_NOT_UP);
		return false;
	}
	skb->dev = dev;
	if (skb->pkt_type == PACKET_OTHERHOST && ether_addr_equal(eth->h_dest, dev->dev_addr))
		skb->pkt_type = PACKET_HOST;
	dev->stats.rx_packets++;
	dev->stats.rx_bytes += skb->len;
	dev->stats.multicast += skb->pkt_type == PACKET_MULTICAST;
	return true;
}

/* Takes the tag out of the link header. False: dropped. */
static bool vlan_pop(struct sk_buff *skb, u16 *vid)
{
	const struct vlan_hdr *vh;
	u8 *mac;

	if (!pskb_may_pull(skb, VLAN_HLEN)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_FRAME_TOO_SHORT);
		return false;
	}
	if (skb_cloned(skb) && pskb_expand_head(skb, 0, 0)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
		return false;
	}
	vh = (const struct vlan_hdr *)skb->data;
	*vid = be16_to_cpu(vh->tci) & VLAN_VID_MASK;
	skb->protocol = vh->proto;
	if (be16_to_cpu(vh->proto) < ETH_P_802_MIN)
		skb->protocol = CPU_TO_BE16(ETH_P_802_2);
	skb_pull(skb, VLAN_HLEN);
	mac = skb_mac_header(skb);
	memmove(mac + VLAN_HLEN, mac, 2 * ETH_ALEN);
	skb->mac_header += VLAN_HLEN;
	return true;
}

static bool vlan_untag(struct sk_buff *skb)
{
	u16 vid;

	while (eth_type_vlan(skb->protocol)) {
		bool customer = skb->protocol == CPU_TO_BE16(ETH_P_8021Q);
		struct net_device *dev;

		if (!vlan_pop(skb, &vid))
			return false;
		dev = customer ? vlan_find(skb->dev, vid) : NULL;
		if (dev && !vlan_enter(skb, dev))
			return false;
		if (!dev && vid)
			skb->pkt_type = PACKET_OTHERHOST;
	}
	return true;
}

void vlan_receive(struct net *net, struct sk_buff *skb)
{
	struct sk_buff *first = NULL, **end = &first, *next;

	(void)net;
	for (; skb; skb = next) {
		next = skb->next;
		skb->next = NULL;
		if (!vlan_untag(skb))
			continue;
		*end = skb;
		end = &skb->next;
	}
	if (first)
		netif_receive_skb_list(first);
}

/* The tag goes between the addresses and the type: the addresses move into the headroom. */
enum netdev_tx vlan_start_xmit(struct net_device *dev, struct sk_buff *skb, bool more)
{
	u32 len = skb->len;
	be16 *tag;

	(void)more; /* the lower device is told by its own */
	if (skb_cow_head(skb, VLAN_HLEN + dev->lower->needed_headroom)) {
		dev->stats.tx_dropped++;
		kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
		return NETDEV_TX_OK;
	}
	skb_push(skb, VLAN_HLEN);
	memmove(skb->data, skb->data + VLAN_HLEN, 2 * ETH_ALEN);
	skb_reset_mac_header(skb);
	tag = (be16 *)(void *)(skb->data + 2 * ETH_ALEN);
	tag[0] = CPU_TO_BE16(ETH_P_8021Q);
	tag[1] = cpu_to_be16(dev->vlan_id);
	skb->protocol = CPU_TO_BE16(ETH_P_8021Q);
	skb->dev = dev->lower;
	if (dev_queue_xmit(skb)) {
		dev->stats.tx_dropped++;
	} else {
		dev->stats.tx_packets++;
		dev->stats.tx_bytes += len;
	}
	return NETDEV_TX_OK;
}
