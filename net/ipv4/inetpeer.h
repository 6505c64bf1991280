/* SPDX-License-Identifier: MIT */
/*
 * What is remembered of hosts that are sent ICMP: how much they had of late. A direct-mapped table, so nobody can fill
 * it: hosts that share a slot take turns, the newer one begins full. Softirq.
 */
#pragma once

#include "net/ipv4/netns_ipv4.h"

/* The peer of addr; lent until the next call. */
struct inet_peer *inet_getpeer(struct net *net, be32 addr);

/* Takes cost from what has come back since (1 ns a ns), of which burst is kept at most (both ns). */
bool inet_peer_allow(struct inet_peer *p, u64 cost, u64 burst);

/* Whether one more redirect may go to addr: fewer and fewer, until it has been quiet for long. */
bool inet_peer_redirect(struct net *net, be32 addr);
