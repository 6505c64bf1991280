/* SPDX-License-Identifier: MIT */
/*
 * Address translation on top of connection tracking. A connection is bound once for its source and once for its
 * destination, by its first packet: the rules of the table nat say how, or nothing, and then it is bound to what it has (a "null
 * binding", which still makes sure that its answers can be told apart). All further packets follow their connection and
 * see no rule. All functions: softirq, or a thread with softirqs disabled.
 */
#pragma once

#include "net/netfilter.h"
#include "net/nf_conntrack.h"

/* nf_nat_range.flags. Linux's numbers. */
enum {
	NF_NAT_RANGE_MAP_IPS = 1,         /* min_addr..max_addr */
	NF_NAT_RANGE_PROTO_SPECIFIED = 2, /* min_proto..max_proto */
	NF_NAT_RANGE_PROTO_RANDOM = 4,    /* --random */
	NF_NAT_RANGE_PERSISTENT =
		8, /* --persistent: a client's address does not depend on where it goes */
	NF_NAT_RANGE_PROTO_RANDOM_FULLY = 16, /* --random-fully */
	NF_NAT_RANGE_PROTO_OFFSET = 32,       /* --to-destination a:1000-2000/3000 */
	NF_NAT_RANGE_NETMAP = 64,
};
#define NF_NAT_RANGE_PROTO_RANDOM_ALL (NF_NAT_RANGE_PROTO_RANDOM | NF_NAT_RANGE_PROTO_RANDOM_FULLY)

/* What a connection may become: inclusive. */
struct nf_nat_range {
	u32 flags;
	be32 min_addr, max_addr;
	be16 min_proto, max_proto; /* ports; ICMP: ids */
	be16 base_proto;           /* the port that becomes min_proto, with PROTO_OFFSET */
};

enum nf_nat_manip_type { NF_NAT_MANIP_SRC, NF_NAT_MANIP_DST };

/* The side that a hook translates: sources at LOCAL_IN and POST_ROUTING, destinations at the others. */
static inline enum nf_nat_manip_type HOOK2MANIP(unsigned int hooknum)
{
	return hooknum == NF_INET_POST_ROUTING || hooknum == NF_INET_LOCAL_IN ? NF_NAT_MANIP_SRC
									      : NF_NAT_MANIP_DST;
}

/* Whether the connection's side is bound. */
static inline bool nf_nat_initialized(const struct nf_conn *ct, enum nf_nat_manip_type type)
{
	return ct->status & (type == NF_NAT_MANIP_SRC ? IPS_SRC_NAT_DONE : IPS_DST_NAT_DONE);
}

/*
 * The table nat: fn is asked at PRE_ROUTING, LOCAL_IN, LOCAL_OUT and POST_ROUTING about the first packet of each connection
 * whose side is not bound yet; it calls one of the functions below, or does nothing. NF_ACCEPT, or an end as any hook function's.
 * Needs tracking: holds a nf_ct_netns_get(). 0, -ENOMEM, -EBUSY (there is a table).
 */
int nf_nat_register_table(struct net *net, nf_hookfn fn, void *priv) __must_check;

/* Bindings stay; connections that are not bound then are no longer translated. */
void nf_nat_unregister_table(struct net *net);

/* Binds one side. NF_ACCEPT; NF_DROP: it is bound already (a caller's mistake), or no memory. */
u32 nf_nat_setup_info(struct net *net, struct nf_conn *ct, const struct nf_nat_range *range,
		      enum nf_nat_manip_type type);

/* Binds one side to what it has. */
u32 nf_nat_alloc_null_binding(struct net *net, struct nf_conn *ct, unsigned int hooknum);

/* The targets: called by the table's function for a packet whose connection is new. SNAT and DNAT are nf_nat_setup_info(). */
u32 nf_nat_masquerade_ipv4(struct sk_buff *skb, const struct nf_hook_state *state,
			   const struct nf_nat_range *range);
u32 nf_nat_redirect_ipv4(struct sk_buff *skb, const struct nf_hook_state *state,
			 const struct nf_nat_range *range);
/* range: the network, all of it (min_addr is its address, max_addr its broadcast). */
u32 nf_nat_netmap_ipv4(struct sk_buff *skb, const struct nf_hook_state *state,
		       const struct nf_nat_range *range);
