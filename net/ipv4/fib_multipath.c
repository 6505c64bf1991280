/* SPDX-License-Identifier: MIT */
/*
 * Routes with several next hops: a flow's hash says which it goes by, so that its packets stay in order.
 *
 * Each hop has a part of the hashes, by its weight; RFC 2992 calls that hash-threshold. What is down has none.
 */
#include "lib/siphash.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/fib.h"
#include "net/ipv4/ip_path.h"
#include "net/ipv4/neigh_priv.h"
#include "net/wire/icmp_hdr.h"

bool fib_nh_usable(const struct fib_nh *nh)
{
	return !(nh->flags & RTNH_F_DEAD) &&
	       !(nh->flags & RTNH_F_LINKDOWN &&
		 in_dev_orconf(in_dev_get(nh->dev), IPV4_DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN));
}

void fib_rebalance(struct fib_info *fi)
{
	u32 total = 0, sum = 0;

	if (fi->nhs < 2)
		return;
	for (unsigned int i = 0; i < fi->nhs; i++)
		total += fib_nh_usable(&fi->nh[i]) ? fi->nh[i].weight : 0;
	for (unsigned int i = 0; i < fi->nhs; i++) {
		struct fib_nh *nh = &fi->nh[i];

		nh->upper = 0;
		if (!total || !fib_nh_usable(nh))
			continue;
		sum += nh->weight;
		nh->upper = (((u64)sum << 32) + total / 2) / total - 1;
	}
}

/* Errors go with the packets they are about: the addresses they quote are hashed (RFC 792). */
static void quoted_addresses(const struct sk_buff *skb, be32 addr[2])
{
	const struct iphdr *iph = ip_hdr(skb);
	s32 at = skb_network_offset(skb) + (s32)ip_hdrlen(iph);
	struct iphdr inner;
	u8 type;

	if (iph->protocol != IPPROTO_ICMP || iph->frag_off & CPU_TO_BE16(IP_OFFSET) || at < 0 ||
	    skb_copy_bits(skb, (u32)at, &type, 1) || !icmp_type_is_error(type) ||
	    skb_copy_bits(skb, (u32)at + ICMP_HLEN, &inner, sizeof(inner)))
		return;
	addr[0] = inner.saddr;
	addr[1] = inner.daddr;
}

/* Both directions of a flow have the same. */
static u32 multipath_hash(struct net *net, const struct flowi4 *fl, const struct sk_buff *skb)
{
	be32 addr[2] = {fl->saddr, fl->daddr};
	be16 port[2] = {0};
	u8 proto = 0;
	bool swap;

	if (net_ipv4(net)->sysctl_fib_multipath_hash_policy) {
		port[0] = fl->sport;
		port[1] = fl->dport;
		proto = fl->proto;
	} else if (skb) {
		quoted_addresses(skb, addr);
	}
	swap = addr[0] > addr[1] || (addr[0] == addr[1] && port[0] > port[1]);
	return siphash13_2u64((u64)addr[swap] << 32 | addr[!swap],
			      (u64)port[swap] << 32 | (u32)port[!swap] << 8 | proto,
			      &net_ipv4(net)->ip_id_key) >>
	       32;
}

/* Whether its neighbour answers, as far as is known. */
static bool neigh_is_good(const struct fib_nh *nh)
{
	const struct neighbour *n = nh->gw ? neigh_lookup(nh->dev, nh->gw) : NULL;

	return !n || n->nud_state & NUD_VALID;
}

static bool has_source(struct net *net, const struct fib_nh *nh, be32 saddr)
{
	be32 own = nh->parent->prefsrc;

	if (!own)
		own = inet_select_addr(net, nh->dev, nh->gw, nh->parent->scope);
	return own == saddr;
}

/* As Linux: who has the packet's source is better than whom the hash means. */
static void select_multipath(struct net *net, struct fib_result *res, u32 hash, be32 saddr)
{
	bool use_neigh = net_ipv4(net)->sysctl_fib_multipath_use_neigh;
	int best = -1;

	for (unsigned int i = 0; i < res->fi->nhs; i++) {
		struct fib_nh *nh = &res->fi->nh[i];
		int score;

		if (!nh->upper || (use_neigh && !neigh_is_good(nh)))
			continue;
		score = saddr && has_source(net, nh, saddr) ? 2 : 0;
		score += hash <= nh->upper;
		if (score <= best)
			continue;
		res->nh = nh;
		best = score;
		if (score == 3 || (!saddr && score == 1))
			return;
	}
}

void fib_select_path(struct net *net, struct fib_result *res, struct flowi4 *fl,
		     const struct sk_buff *skb)
{
	if (likely(res->fi->nhs < 2))
		return;
	fl->own = true;
	if (!fl->oif)
		select_multipath(net, res, multipath_hash(net, fl, skb), fl->iif ? 0 : fl->saddr);
}
