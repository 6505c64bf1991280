/* SPDX-License-Identifier: MIT */
/* Translation, inside. */
#pragma once

#include "net/netfilter/conntrack_net.h"
#include "net/nf_nat.h"

/* All that NAT remembers of its own: connections by source, so that one source keeps one place. */
struct nf_nat_net {
	nf_hookfn fn; /* the table nat */
	void *priv;
	struct nf_hook_ops ops[4];
	struct netdev_notifier notifier; /* of devices whose addresses are borrowed */
	u32 nr_buckets;
	u32 bysource[]; /* by nf_conn.nat_next; 0: none */
};

/* One that has its source, among those of the same; and a connection that ends. */
void nf_nat_remember(struct nf_ct_net *ctn, struct nf_conn *ct);
void nf_nat_forget(struct nf_ct_net *ctn, struct nf_conn *ct);

static inline void nf_nat_cleanup(struct nf_ct_net *ctn, struct nf_conn *ct)
{
	if (ctn->nat && ct->status & IPS_SRC_NAT_DONE)
		nf_nat_forget(ctn, ct);
}

/* ---- nat_unique.c: which translation ---- */

void nat_unique_tuple(struct nf_ct_net *ctn, struct nf_conntrack_tuple *t,
		      const struct nf_nat_range *range, const struct nf_conn *ct,
		      enum nf_nat_manip_type type);

/* Whether somebody's answers come by this tuple's inverse. */
bool nf_nat_used_tuple(struct nf_ct_net *ctn, const struct nf_conntrack_tuple *t,
		       const struct nf_conn *ignored);

/* ---- nat_manip.c: translating ---- */

/*
 * Gives the packet's source or destination the address and port (ICMP: id); iph_off: where the IP header is (that of a packet
 * quoted by an ICMP error, too). False: no memory, or too short.
 */
bool nf_nat_manip_pkt(struct sk_buff *skb, u32 iph_off, be32 addr, be16 port,
		      enum nf_nat_manip_type type);

/* ICMP has one id for both directions. */
static inline be16 nat_dport(const struct nf_conntrack_tuple *t, u8 protonum)
{
	return protonum == 1 /* ICMP */ ? t->icmp_id : t->dport;
}

/* An ICMP error about a translated packet: what it quotes is translated back, then it is itself. False: drop it. */
bool nf_nat_icmp_reply_translation(struct sk_buff *skb, const struct nf_conn *ct,
				   enum ip_conntrack_info ctinfo, unsigned int hooknum);

/* ---- nat_masquerade.c ---- */

int nf_nat_masquerade_init(struct nf_ct_net *ctn);
void nf_nat_masquerade_exit(struct nf_ct_net *ctn);
