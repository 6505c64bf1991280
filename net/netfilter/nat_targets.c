/* SPDX-License-Identifier: MIT */
/*
 * Translations whose addresses follow from the packet: MASQUERADE (the address of the device it leaves by), REDIRECT
 * (that of the device it came by), NETMAP (a network onto another, host by host). Masqueraded connections end with the device
 * or the address that they borrowed.
 */
#include "lib/errno.h"
#include "net/ipv4/netns_ipv4.h"
#include "net/inetdevice.h"
#include "net/netfilter/nat.h"
#include "net/route.h"

static u32 setup(struct sk_buff *skb, const struct nf_hook_state *state,
		 const struct nf_nat_range *range, be32 addr, enum nf_nat_manip_type type)
{
	struct nf_nat_range to = *range;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	to.flags |= NF_NAT_RANGE_MAP_IPS;
	to.min_addr = to.max_addr = addr;
	return ct ? nf_nat_setup_info(state->net, ct, &to, type) : NF_ACCEPT;
}

u32 nf_nat_masquerade_ipv4(struct sk_buff *skb, const struct nf_hook_state *state,
			   const struct nf_nat_range *range)
{
	const struct rtable *rt = skb_rtable(skb);
	be32 daddr = ((const struct iphdr *)skb->data)->daddr, addr;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	/* a packet without a source is DHCP's, or its like */
	if (!ct || !ct->tuple[IP_CT_DIR_ORIGINAL].src)
		return NF_ACCEPT;
	addr = inet_select_addr(state->net, state->out, rt && rt->gateway ? rt->gateway : daddr,
				RT_SCOPE_UNIVERSE);
	if (!addr)
		return NF_DROP_REASON(SKB_DROP_REASON_NF_NAT);
	ct->masq_dev = state->out->ifindex;
	return setup(skb, state, range, addr, NF_NAT_MANIP_SRC);
}

u32 nf_nat_redirect_ipv4(struct sk_buff *skb, const struct nf_hook_state *state,
			 const struct nf_nat_range *range)
{
	const struct in_device *in_dev;

	if (state->hook == NF_INET_LOCAL_OUT)
		return setup(skb, state, range, CPU_TO_BE32(0x7f000001), NF_NAT_MANIP_DST);
	in_dev = in_dev_get(skb->dev);
	if (!in_dev || list_empty(&in_dev->ifa_list))
		return NF_DROP_REASON(SKB_DROP_REASON_NF_NAT);
	return setup(skb, state, range,
		     list_first_entry(&in_dev->ifa_list, struct in_ifaddr, list)->local,
		     NF_NAT_MANIP_DST);
}

u32 nf_nat_netmap_ipv4(struct sk_buff *skb, const struct nf_hook_state *state,
		       const struct nf_nat_range *range)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	enum nf_nat_manip_type type = HOOK2MANIP(state->hook);
	be32 host = range->min_addr ^ range->max_addr;
	be32 addr = type == NF_NAT_MANIP_SRC ? iph->saddr : iph->daddr;

	return setup(skb, state, range, (addr & host) | (range->min_addr & ~host), type);
}

/* addr 0: all of the device's. */
static void end_masqueraded(struct nf_ct_net *ctn, u32 ifindex, be32 addr)
{
	struct nf_conn *ct;
	u32 cursor = 0;

	while ((ct = nf_ct_next(ctn->net, &cursor))) {
		if (ct->masq_dev == ifindex && (!addr || ct->tuple[IP_CT_DIR_REPLY].dst == addr))
			ct_kill(ctn, ct);
	}
}

static int device_event(struct net *net, struct net_device *dev, unsigned int event)
{
	if (event == NETDEV_DOWN)
		end_masqueraded(net->ct, dev->ifindex, 0);
	return 0;
}

static void address_gone(struct net *net, const struct net_device *dev, be32 addr)
{
	end_masqueraded(net->ct, dev->ifindex, addr);
}

int nf_nat_masquerade_init(struct nf_ct_net *ctn)
{
	ctn->nat->notifier.fn = device_event;
	net_ipv4(ctn->net)->addr_gone = address_gone;
	return register_netdevice_notifier(ctn->net, &ctn->nat->notifier);
}

void nf_nat_masquerade_exit(struct nf_ct_net *ctn)
{
	net_ipv4(ctn->net)->addr_gone = NULL;
	unregister_netdevice_notifier(ctn->net, &ctn->nat->notifier);
}
