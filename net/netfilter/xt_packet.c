/* SPDX-License-Identifier: MIT */
/* Matches on the packet as such: comment, mark, addrtype, iprange, mac, length, ttl. */
#include "net/netfilter/xt_packet.h"

#include "lib/errno.h"
#include "net/route.h"
#include "net/wire/eth_hdr.h"

static bool comment_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	(void)skb;
	(void)data;
	(void)par;
	return true;
}

static bool mark_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	const struct xt_mark_info *info = data;

	(void)par;
	return ((skb->mark & info->mask) == info->mark) != !!info->invert;
}

static bool type_in(const struct xt_action_param *par, const struct net_device *dev, be32 addr,
		    u16 types, bool invert)
{
	return !types || !(types >> inet_addr_type(par->state->net, dev, addr) & 1) == invert;
}

static bool addrtype_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	const struct xt_addrtype_info *info = data;
	const struct iphdr *iph = xt_ip_hdr(skb);
	const struct net_device *dev = NULL;

	if (info->flags & XT_ADDRTYPE_LIMIT_IFACE_IN)
		dev = par->state->in;
	else if (info->flags & XT_ADDRTYPE_LIMIT_IFACE_OUT)
		dev = par->state->out;
	return type_in(par, dev, iph->saddr, info->source,
		       info->flags & XT_ADDRTYPE_INVERT_SOURCE) &&
	       type_in(par, dev, iph->daddr, info->dest, info->flags & XT_ADDRTYPE_INVERT_DEST);
}

static int addrtype_check(struct xt_chk_param *par, const void *data)
{
	const struct xt_addrtype_info *info = data;
	bool in = info->flags & XT_ADDRTYPE_LIMIT_IFACE_IN;
	bool out = info->flags & XT_ADDRTYPE_LIMIT_IFACE_OUT;

	if (in && out)
		par->why = "both incoming and outgoing interface limitation cannot be selected";
	else if (out && par->hooks & (BIT(NF_INET_PRE_ROUTING) | BIT(NF_INET_LOCAL_IN)))
		par->why = "output interface limitation not valid in PREROUTING and INPUT";
	else if (in && par->hooks & (BIT(NF_INET_POST_ROUTING) | BIT(NF_INET_LOCAL_OUT)))
		par->why = "input interface limitation not valid in POSTROUTING and OUTPUT";
	return par->why ? -EINVAL : 0;
}

static bool in_range(be32 addr, be32 low, be32 high, bool invert)
{
	u32 a = be32_to_cpu(addr);

	return (a >= be32_to_cpu(low) && a <= be32_to_cpu(high)) != invert;
}

static bool iprange_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	const struct xt_iprange_info *info = data;
	const struct iphdr *iph = xt_ip_hdr(skb);

	(void)par;
	if (info->flags & IPRANGE_SRC &&
	    !in_range(iph->saddr, info->src_min, info->src_max, info->flags & IPRANGE_SRC_INV))
		return false;
	return !(info->flags & IPRANGE_DST) ||
	       in_range(iph->daddr, info->dst_min, info->dst_max, info->flags & IPRANGE_DST_INV);
}

static bool mac_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	const struct xt_mac_info *info = data;
	const struct ethhdr *eth;

	(void)par;
	if (!skb->dev || skb->dev->type != 1 || !skb_mac_header_was_set(skb) ||
	    skb->mac_header + ETH_HLEN > skb->data - skb->head)
		return false;
	eth = skb_mac_header(skb);
	return !memcmp(eth->h_source, info->srcaddr, ETH_ALEN) != !!info->invert;
}

static bool length_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	const struct xt_length_info *info = data;
	u32 len = be16_to_cpu(xt_ip_hdr(skb)->tot_len);

	(void)par;
	if (!len) /* larger than the field can say */
		len = skb->len;
	return (len >= info->min && len <= info->max) != !!info->invert;
}

static bool ttl_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	const struct ipt_ttl_info *info = data;
	u8 ttl = xt_ip_hdr(skb)->ttl;

	(void)par;
	switch (info->mode) {
	case IPT_TTL_EQ:
		return ttl == info->ttl;
	case IPT_TTL_NE:
		return ttl != info->ttl;
	case IPT_TTL_LT:
		return ttl < info->ttl;
	default:
		return ttl > info->ttl;
	}
}

#define MATCH(ext, type)                                                            \
	.name = #ext, .size = sizeof(struct type), .usersize = sizeof(struct type), \
	.match = ext##_match

const struct xt_ext xt_packet_exts[] = {
	{MATCH(comment, xt_comment_info)},
	{MATCH(mark, xt_mark_info)},
	{MATCH(addrtype, xt_addrtype_info), .check = addrtype_check},
	{MATCH(iprange, xt_iprange_info)},
	{MATCH(mac, xt_mac_info),
	 .hooks = BIT(NF_INET_PRE_ROUTING) | BIT(NF_INET_LOCAL_IN) | BIT(NF_INET_FORWARD)},
	{MATCH(length, xt_length_info)},
	{MATCH(ttl, ipt_ttl_info)},
};
const u32 xt_packet_nr = ARRAY_SIZE(xt_packet_exts);
