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

/* addrs: source and destination as they stand in the header. */
static inline struct rt_in_key rt_in_key(u64 addrs, u8 tos, const struct net_device *dev)
{
	return (struct rt_in_key){addrs, (u64)tos << 32 | dev->ifindex};
}

static inline struct rt_cache_in *rt_cache_in_slot(const struct net *net, struct rt_in_key key)
{
	u64 h = (key.addrs ^ key.rest) * 0x9e3779b97f4a7c15ULL;

	return &net->ipv4->in_cache[h >> 56];
}

/* What c, its slot, knows of key; NULL: nothing. */
static inline struct rtable *rt_cache_in_get(const struct net *net, const struct rt_cache_in *c,
					     struct rt_in_key key)
{
	if (likely(c->key.addrs == key.addrs && c->key.rest == key.rest && c->rt &&
		   c->rt->genid == net->ipv4->rt_genid))
		return c->rt;
	return NULL;
}

/*
 * The way of what nearly every forwarded packet is, when its slot c knows none: from and to unicast addresses that are
 * none of ours, in by a device that forwards and filters nothing, by a route with one next hop that packets have gone
 * before, out by another device. NULL: ip_route_input() has to look closer.
 */
struct rtable *ip_route_input_plain(struct net *net, struct rt_in_key key, struct rt_cache_in *c,
				    const struct net_device *dev);
