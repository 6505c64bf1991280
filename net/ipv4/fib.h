/* SPDX-License-Identifier: MIT */
/* Routes as they are stored, and the lookup in them. */
#pragma once

#include "net/ipv4/fib_trie.h"
#include "net/ipv4/netns_ipv4.h"

enum { FIB_RT_OUT, FIB_RT_IN, FIB_RT_NR };

/* One route. Those of one prefix are a list: higher TOS first, then lower metric, then older. */
struct fib_entry {
	struct fib_entry *next;
	struct list_head all; /* fib_state.entries */
	struct fib_table *table;
	struct rtable *rt[FIB_RT_NR]; /* held: what packets that go it share */
	struct net_device *dev;       /* NULL: blackhole, unreachable, prohibit, throw */
	be32 dst, gw, prefsrc;
	u32 metric, mtu, flags;
	u8 dst_len, tos, type, scope, protocol;
};

struct fib_table {
	struct list_head list; /* fib_state.tables */
	u32 id;
	struct fib_trie trie; /* of the first fib_entry of each prefix */
};

struct fib_state {
	struct list_head tables;
	struct list_head entries;
	struct fib_table *local, *main;
	u32 count;
};

int fib_init(struct net *net) __must_check;
void fib_exit(struct net *net);

/*
 * The route for a flow: by daddr, tos, scope and, if not 0, oif. 0 or -ENETUNREACH, -EHOSTUNREACH, -EACCES,
 * -EINVAL as the type of the route says.
 */
int fib_lookup(struct net *net, const struct flowi4 *fl, struct fib_entry **res) __must_check;

/*
 * Routes that come and go with addresses and devices. What another address of the device also implied goes
 * with fib_del_ifaddr(), and comes back with fib_sync_up().
 */
int fib_add_ifaddr(struct in_ifaddr *ifa);
void fib_del_ifaddr(struct in_ifaddr *ifa);
void fib_sync_up(struct net_device *dev);
void fib_sync_down_dev(struct net_device *dev, bool unregister);
void fib_sync_down_addr(struct net *net, be32 local);
void fib_carrier_changed(struct net_device *dev);
