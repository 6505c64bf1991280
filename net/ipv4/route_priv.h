/* SPDX-License-Identifier: MIT */
/* Life of rtables, for net/ipv4. */
#pragma once

#include "net/ipv4/fib.h"

/* in_device.rt_special: ways by a device that no route describes. */
enum { RT_SPECIAL_ONLINK, RT_SPECIAL_BROADCAST, RT_SPECIAL_MULTICAST, RT_SPECIAL_NR };

/* Whether a received packet's sender is on the link it came by, and answers leave by it. */
bool ip_source_is_onlink(struct net *net, const struct sk_buff *skb);

/*
 * What ip_route_input() would say of fl, with nothing remembered: 0, 1 (its sender would be redirected), or
 * -EINVAL, -ENETUNREACH, -EHOSTUNREACH, -EACCES, -ENOMEM.
 */
int ip_route_input_ask(struct net *net, struct flowi4 *fl, struct net_device *dev,
		       struct rtable **rt);

/* Gives back what a route, a device, or the caches hold. */
void rt_drop(struct rtable **rt);
void rt_cache_drop_all(struct net *net);
