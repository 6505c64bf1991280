/* SPDX-License-Identifier: MIT */
/* The functions of IPv4's path that call each other across its files. All consume the skb. */
#pragma once

#include "net/ipv4/netns_ipv4.h"
#include "net/wire/ipv4_hdr.h"

static inline struct iphdr *ip_hdr(const struct sk_buff *skb)
{
	return skb_network_header(skb);
}

static inline unsigned int ip_hdrlen_skb(const struct sk_buff *skb)
{
	return ip_hdrlen(ip_hdr(skb));
}

int ip_local_deliver(struct net *net, struct sk_buff *skb);
int ip_forward(struct net *net, struct sk_buff *skb);
int ip_output(struct net *net, struct sk_buff *skb);
int ip_mc_output(struct net *net, struct sk_buff *skb);

/* Cuts a packet larger than mtu and gives each piece to output. */
int ip_do_fragment(struct net *net, struct sk_buff *skb, u32 mtu,
		   int (*output)(struct net *net, struct sk_buff *skb));

/* Puts a fragment away; the packet once it is whole, NULL while it is not (or never will be). */
struct sk_buff *ip_defrag(struct net *net, struct sk_buff *skb, u32 user) __must_check;
enum {
	IP_DEFRAG_LOCAL_DELIVER,
	IP_DEFRAG_CONNTRACK_IN,
	IP_DEFRAG_CONNTRACK_OUT,
	IP_DEFRAG_CALL_RA_CHAIN
};

/* An identification for a packet that may be fragmented. */
be16 ip_select_ident(struct net *net, be32 saddr, be32 daddr, u8 protocol);
