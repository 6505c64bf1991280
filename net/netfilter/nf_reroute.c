/* SPDX-License-Identifier: MIT */
/* A packet of ours whose addresses or mark were changed on its way out may have to leave elsewhere. */
#include "net/ipv4/rt_cache.h"
#include "net/ipv4/ip_path.h"
#include "net/netfilter/xt_packet.h"

int ip_route_me_harder(struct net *net, struct sk_buff *skb, u8 type)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct flowi4 fl = {.daddr = iph->daddr,
			    .saddr = iph->saddr,
			    .tos = iph->tos & IPTOS_RT_MASK,
			    .proto = iph->protocol,
			    .mark = skb->mark};
	struct rtable *rt;
	int err;

	if (type == RTN_UNSPEC)
		type = inet_addr_type(net, NULL, fl.saddr);
	fl.anysrc = type == RTN_LOCAL || type == RTN_UNICAST;
	if (!fl.anysrc)
		fl.saddr = 0;
	err = ip_route_output(net, &fl, &rt);
	if (err)
		return err;
	skb_dst_set_noref(skb, &rt->dst);
	return 0;
}
