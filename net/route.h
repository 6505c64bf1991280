/* SPDX-License-Identifier: MIT */
/*
 * Routing: the tables (FIB), and the lookup that gives a packet its way (rtable).
 *
 * Tables are asked in Linux's default order: local, main, default. The longest prefix wins, then the lower
 * metric. All functions: softirq, or a thread with softirqs disabled.
 */
#pragma once

#include "net/dst.h"
#include "net/inetdevice.h"

#define FIB_MAX_ROUTES 262144 /* per struct net; net.ipv4.route.max_routes */

/* The numbers are Linux's. */
enum { RT_TABLE_UNSPEC = 0, RT_TABLE_DEFAULT = 253, RT_TABLE_MAIN = 254, RT_TABLE_LOCAL = 255 };

enum {
	RTN_UNSPEC,
	RTN_UNICAST,
	RTN_LOCAL,
	RTN_BROADCAST,
	RTN_ANYCAST,
	RTN_MULTICAST,
	RTN_BLACKHOLE,
	RTN_UNREACHABLE,
	RTN_PROHIBIT,
	RTN_THROW,
	RTN_MAX
};

enum {
	RTPROT_UNSPEC = 0,
	RTPROT_REDIRECT = 1,
	RTPROT_KERNEL = 2,
	RTPROT_BOOT = 3,
	RTPROT_STATIC = 4,
	RTPROT_DHCP = 16
};

/* fib_route.flags */
enum { RTNH_F_DEAD = 1, RTNH_F_ONLINK = 4, RTNH_F_LINKDOWN = 16 };

#define FIB_MAX_HOPS 32 /* of one route */

/* One of several next hops. */
struct fib_hop {
	be32 gw;                /* 0: on link */
	struct net_device *dev; /* NULL when told: found by gw */
	u32 flags;              /* as fib_route.flags */
	u16 weight;             /* 1..256: its part of the flows */
};

/* A route as told by `ip route` and shown by it. Fields not said are 0. */
struct fib_route {
	be32 dst; /* no bits beyond dst_len */
	u8 dst_len;
	u8 tos;
	u8 type;        /* RTN_*; 0: unicast */
	u8 scope;       /* RT_SCOPE_*; see has_scope */
	u8 protocol;    /* RTPROT_* */
	bool has_scope; /* else: link without a gateway, host for local, universe otherwise */
	u32 table;      /* RT_TABLE_*; 0: main (local for local and broadcast) */
	u32 metric;
	be32 gw;                /* 0: on link */
	be32 prefsrc;           /* 0: chosen by address */
	struct net_device *dev; /* NULL when told: found by gw */
	u32 mtu;
	bool mtu_locked;            /* what routers say of the path's MTU is not believed */
	u8 hoplimit;                /* TTL of our own packets; 0: ip_default_ttl */
	u32 flags;                  /* RTNH_F_ONLINK when told; state when shown */
	const struct fib_hop *hops; /* several ways; then gw and dev are 0, or as the first's */
	u32 nr_hops;                /* 0: one, told by gw, dev and flags */
};

/* How fib_add() treats what is there. */
enum fib_add_mode {
	FIB_ADD,     /* -EEXIST if an equal one (table, dst, tos, metric) is there: ip route add */
	FIB_PREPEND, /* before equal ones: ip route prepend */
	FIB_APPEND,  /* behind equal ones: ip route append */
	FIB_REPLACE, /* in place of the first equal one, or new: ip route replace */
	FIB_CHANGE   /* only in place: -ENOENT: ip route change */
};

/*
 * 0, -EEXIST, -ENOENT, -EINVAL (nonsense), -ENETUNREACH (gateway not on link), -ENETDOWN (device down),
 * -ENODEV, -ENOBUFS (limit), -ENOMEM. Nothing changed on error.
 */
int fib_add(struct net *net, const struct fib_route *route, enum fib_add_mode mode) __must_check;

/* Removes the first route that matches all that is said (0: anything, except dst, dst_len, table). -ESRCH. */
int fib_del(struct net *net, const struct fib_route *route);

/* Calls fn for every route of a table (RT_TABLE_UNSPEC: all), in Linux's order: by dst, longer dst_len first, metric. fn must not change routes. */
void fib_for_each(struct net *net, u32 table, void (*fn)(void *arg, const struct fib_route *route),
		  void *arg);

/* What Linux says beside the error of the last change that was refused; NULL: nothing. */
const char *fib_refusal(const struct net *net);

/* Routes in all tables. */
u32 fib_count(const struct net *net);

/* What a packet is asked about. Input: what is known; output: saddr, oif and own are filled in. */
struct flowi4 {
	be32 saddr, daddr;
	u32 oif, iif; /* ifindex, 0: any */
	be16 sport, dport;
	u32 mark;
	u8 tos;
	u8 proto;
	u8 scope;      /* RT_SCOPE_LINK: only on-link destinations (SO_DONTROUTE) */
	bool anysrc;   /* saddr need not be an address of ours */
	bool linkdown; /* routes without carrier count, whatever the setting */
	bool own; /* the answer is for this flow alone: not to be kept for others to the same address */
};

struct neighbour;

/* A way for packets: shared by all packets that go it. */
struct rtable {
	struct dst_entry dst;
	u32 genid;               /* valid while equal to the stack's; see rt_is_valid() */
	u32 exception_genid;     /* the same of an exception's, whose genid is RT_GENID_NONE */
	u8 type;                 /* RTN_* */
	bool mtu_locked;         /* mtu is a guess: packets may be cut, and it stays as it is */
	u8 hoplimit;             /* TTL of our own packets; 0: ip_default_ttl */
	bool redirected;         /* gateway is not the route's */
	be32 gateway;            /* next hop; 0: the destination itself */
	be32 prefsrc;            /* source for packets without one; 0: by address */
	u32 mtu;                 /* of the path or the route; 0: the device's */
	u32 pmtu;                /* learnt; 0: nothing */
	u64 expires;             /* plat_now(): what was learnt ends; 0: nothing was */
	struct neighbour *neigh; /* last used next hop's, held */
	struct rcu_head rcu;
};

/*
 * The way to fl->daddr. *rt is lent (net/dst.h). -ENETUNREACH, -EHOSTUNREACH, -EACCES (prohibit), -EINVAL
 * (blackhole, bad source), -ENODEV, -ENOMEM.
 */
int ip_route_output(struct net *net, struct flowi4 *fl, struct rtable **rt) __must_check;

/*
 * The way of a received packet; *rt is lent. skb may be NULL: then rules do not see what only a packet has.
 * -EADDRNOTAVAIL: of a group nobody is in; -EINVAL: a martian; -EXDEV: the reverse path filter; -ENETUNREACH,
 * -EHOSTUNREACH, -EACCES: no way, which its sender may be told; -ENOMEM.
 */
int ip_route_input(struct net *net, const struct sk_buff *skb, be32 daddr, be32 saddr, u8 tos,
		   struct net_device *dev, struct rtable **rt) __must_check;

#define RT_GENID_NONE 0 /* is never the stack's */

/* For a socket that keeps a held route: whether it may use it still. */
bool rt_is_valid(const struct net *net, const struct rtable *rt);
bool rt_exception_is_valid(const struct net *net, const struct rtable *rt);

/* Everything cached is looked up anew: addresses, routes, devices or settings changed. */
void rt_cache_flush(struct net *net);

/*
 * A router told that packets of fl (daddr and saddr as they had them, saddr an address of ours; changed) are too large:
 * more than mtu (RFC 1191). Remembered for net.ipv4.route.mtu_expires.
 */
void ipv4_update_pmtu(struct net *net, struct flowi4 *fl, u32 mtu);

/*
 * A redirect, skb (from network_header on, and the device it came by): new_gw is better for fl. Obeyed as
 * accept_redirects, shared_media and secure_redirects say, and only the present gateway's.
 */
void ipv4_redirect(struct net *net, const struct sk_buff *skb, struct flowi4 *fl, u8 code,
		   be32 new_gw);

/* What has been learnt so of a destination. */
struct rt_exception {
	be32 dst, gateway;
	struct net_device *dev;
	u32 mtu; /* 0: the route's or the device's */
	bool mtu_locked, redirected;
	u8 hoplimit; /* as fib_route.hoplimit */
	u32 expires; /* s from now */
};

/* Calls fn for each, without order. fn must not change anything. */
void rt_for_each_exception(struct net *net, void (*fn)(void *arg, const struct rt_exception *e),
			   void *arg);

/* Forgets all that was learnt, and looks up anew all that is cached. */
void rt_flush_exceptions(struct net *net);

/* What kind of destination addr is: RTN_LOCAL, RTN_BROADCAST, RTN_MULTICAST or RTN_UNICAST. dev: only on it, NULL: any. */
u8 inet_addr_type(struct net *net, const struct net_device *dev, be32 addr);

/* The largest IP packet that goes this way whole. */
static inline u32 ip_dst_mtu(const struct dst_entry *dst)
{
	const struct rtable *rt = container_of(dst, const struct rtable, dst);

	return rt->mtu ? rt->mtu : dst->dev->mtu;
}

static inline struct rtable *skb_rtable(const struct sk_buff *skb)
{
	return skb->dst ? container_of(skb->dst, struct rtable, dst) : NULL;
}

/* How packets of one flow would go, for `ip route get`. */
struct rt_answer {
	struct rtable *rt;      /* lent */
	struct fib_route found; /* the route it comes from; type 0: none */
	struct fib_hop hops[FIB_MAX_HOPS];
	u32 table; /* found's, but for local while it is one with main; 0: none */
	const struct net_device *dev; /* it leaves by; lo: it is for us */
	bool member;                  /* of the group it goes to */
	bool redirect;                /* the sender would be told of a better way */
};

/* in NULL: as ip_route_output; else as ip_route_input of a packet that came in by it. */
int ip_route_get(struct net *net, struct flowi4 *fl, struct net_device *in,
		 struct rt_answer *a) __must_check;
