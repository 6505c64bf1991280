/* SPDX-License-Identifier: MIT */
/*
 * The caches of routing decisions, as the packet path reads them. Direct-mapped: a slot is overwritten by
 * the next decision that falls on it, so nobody can fill them.
 */
#pragma once

#include "net/ipv4/netns_ipv4.h"

#define IPTOS_RT_MASK 0x1c /* bits of the TOS that routes may depend on */

static inline u32 rt_cache_slot(be32 daddr, be32 saddr, u32 dev)
{
	u32 h = (daddr ^ (saddr << 13 | saddr >> 19) ^ dev) * 0x9e3779b1U;

	return h >> 24;
}

/* NULL: not at hand. */
static inline struct rtable *rt_cache_in(const struct net *net, be32 daddr, be32 saddr, u8 tos,
					 const struct net_device *dev)
{
	const struct netns_ipv4 *ipv4 = net->ipv4;
	const struct rt_cache_in *c = &ipv4->in_cache[rt_cache_slot(daddr, saddr, dev->ifindex)];

	if (likely(c->daddr == daddr && c->saddr == saddr && c->iif == dev->ifindex &&
		   c->tos == tos && c->rt && c->rt->genid == ipv4->rt_genid))
		return c->rt;
	return NULL;
}
