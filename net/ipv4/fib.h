/* SPDX-License-Identifier: MIT */
/*
 * Routes as they are stored, and the lookup in them. Linux's division: what routes have in common (how they
 * are told, their next hops) is a fib_info that all share; a fib_alias is one prefix that goes so.
 */
#pragma once

#include "net/fib_rules.h"
#include "net/ipv4/fib_trie.h"
#include "net/ipv4/netns_ipv4.h"

enum { FIB_RT_OUT, FIB_RT_IN, FIB_RT_NR };

/* One way on. */
struct fib_nh {
	struct fib_info *parent;
	struct net_device *dev;       /* NULL: blackhole, unreachable, prohibit, throw */
	struct rtable *rt[FIB_RT_NR]; /* held: what packets that go it share */
	struct fnhe_hash *exceptions; /* net/ipv4/route_exception.h; NULL: there was none yet */
	be32 gw;
	u32 flags; /* RTNH_F_* */
	u16 weight;
	u8 scope;  /* RT_SCOPE_LINK: packets go to gw; narrower: to the destination itself */
	u32 upper; /* multipath: hashes up to this one, and above its elder's, are its; 0: none */
};

struct fib_info {
	struct hlist_node hash;
	struct list_head aliases; /* all that go so; freed with the last */
	be32 prefsrc;
	u32 metric, mtu;
	bool mtu_locked;
	u8 hoplimit;
	u8 type, scope, protocol;
	bool dead; /* about to be flushed */
	u16 nhs;
	struct fib_nh nh[];
};

/* One route. Those of one prefix are a list: higher TOS first, then lower metric. */
struct fib_alias {
	struct fib_alias *next;
	struct list_head list; /* fib_info.aliases */
	struct fib_info *fi;
	struct fib_table *table;
	be32 dst;
	u8 dst_len, tos;
};

struct fib_table {
	struct list_head list; /* fib_state.tables */
	u32 id;
	u32 rules;            /* that ask it */
	struct fib_trie trie; /* of the first fib_alias of each prefix */
};

#define FIB_LOCAL_HASH 256

struct fib_state {
	struct list_head tables;
	struct fib_table *local, *main, *dflt; /* dflt: NULL while it is empty */
	struct fib_rules *rules;               /* NULL: Linux's three */
	u32 local_hosts[FIB_LOCAL_HASH]; /* /32 routes of local by hash: see fib_may_be_local() */
	u32 local_wide;                  /* its others, but for 127/8 */
	u32 count;                       /* of aliases */
	struct hlist_head *infos;
	u32 multipaths;               /* infos with several hops */
	u32 info_count, info_buckets; /* a power of two, or 0 */
	const char *why;              /* fib_refusal() */
};

/* fib_rules.c */
struct fib_rules {
	struct list_head list;
	u32 count;
	bool ask_flow; /* about marks, protocols or ports */
};

/* What a lookup found. Lent, as an rtable is. */
struct fib_result {
	struct fib_alias *fa;
	struct fib_info *fi;
	struct fib_nh *nh;
};

static inline struct fib_state *fib_of(const struct net *net)
{
	return net_ipv4(net)->fib;
}

static inline u32 fib_local_hash(be32 addr)
{
	return addr * 0x9e3779b1U >> 24;
}

/* False: the table local knows nothing of addr, which is not in 127/8. */
static inline bool fib_may_be_local(const struct fib_state *fib, be32 addr)
{
	return fib->local_hosts[fib_local_hash(addr)] || fib->local_wide;
}

/* ---- fib_multipath.c */

/* Divides the hashes among the hops that are up. */
void fib_rebalance(struct fib_info *fi);

/* Neither dead nor (ignore_routes_with_linkdown) without carrier. */
bool fib_nh_usable(const struct fib_nh *nh);

/*
 * Of several hops takes the flow's: res->nh. fl->own is set then. skb: the packet if it was received, NULL for
 * our own.
 */
void fib_select_path(struct net *net, struct fib_result *res, struct flowi4 *fl,
		     const struct sk_buff *skb);

static inline bool fib_info_uses_dev(const struct fib_info *fi, const struct net_device *dev)
{
	for (unsigned int i = 0; i < fi->nhs; i++) {
		if (fi->nh[i].dev == dev)
			return true;
	}
	return false;
}

/* Whether a lookup's answer may depend on more than addresses, devices and TOS. */
static inline bool fib_asks_flow(const struct net *net)
{
	const struct fib_rules *rules = fib_of(net)->rules;

	return unlikely(rules) && rules->ask_flow;
}

int fib_init(struct net *net) __must_check;
void fib_exit(struct net *net);

/*
 * The route for a flow: by daddr, tos, scope and, if not 0, oif. 0 or -ENETUNREACH, -EHOSTUNREACH, -EACCES,
 * -EINVAL as the type of the route says.
 */
int fib_lookup(struct net *net, const struct flowi4 *fl, struct fib_result *res) __must_check;
int fib_table_lookup(const struct fib_table *tb, const struct flowi4 *fl, struct fib_result *res);
int fib_rules_lookup(struct net *net, const struct flowi4 *fl, struct fib_result *res);

/* Rules refer to devices by name: one came, or (gone) is about to go. */
void fib_rules_resolve(struct net *net, const struct net_device *gone);
void fib_rules_exit(struct net *net);

/* A table; made if it is not there (NULL: no memory). What has neither routes nor rules goes with fib_table_put(). */
struct fib_table *fib_table_find(struct net *net, u32 id);
struct fib_table *fib_table_get(struct net *net, u32 id);
void fib_table_put(struct net *net, struct fib_table *tb);

/* What a lookup says of routes that lead nowhere; 0: this type leads somewhere. */
int fib_type_error(u8 type);

/* ---- fib_semantics.c: fib_infos */

/*
 * What r tells, new or shared: *fi is nobody's until an alias is put on it, and given back by fib_release_info().
 * Errors as of fib_add().
 */
int fib_create_info(struct net *net, const struct fib_route *r, struct fib_info **fi) __must_check;

/* Frees it if no route goes so. */
void fib_release_info(struct net *net, struct fib_info *fi);

/* Whether a route that goes so is among those that r tells (fields of r that are 0 tell nothing). */
bool fib_info_matches(const struct fib_info *fi, const struct fib_route *r);

/* Calls fn for each next hop until it says true; whether it did. fn must not change routes. */
bool fib_any_nh(struct net *net, bool (*fn)(void *arg, struct fib_nh *nh), void *arg);

/* Removes all routes. */
void fib_infos_exit(struct net *net);

/* Removes a route; frees its info with its last one. */
void fib_alias_remove(struct net *net, struct fib_alias *fa);

/*
 * Routes that come and go with addresses and devices. What another address of the device also implied goes
 * with fib_del_ifaddr(), and comes back with fib_sync_up().
 */
void fib_conf_changed(struct net *net); /* ignore_routes_with_linkdown */
int fib_add_ifaddr(struct in_ifaddr *ifa);
void fib_del_ifaddr(struct in_ifaddr *ifa);
void fib_sync_up(struct net_device *dev);

/* The address of ours that a packet was sent to; if it was not to one, that from which we would write to its sender. */
be32 fib_compute_spec_dst(struct net *net, const struct sk_buff *skb);
void fib_sync_down_dev(struct net_device *dev, bool unregister);
void fib_disable_ip(struct net_device *dev); /* its last address went */
void fib_sync_down_addr(struct net *net, be32 local);
void fib_carrier_changed(struct net_device *dev);

/* Next hops by dev are good again. */
void fib_revive_dev(struct net_device *dev);
