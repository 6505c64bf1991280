/* SPDX-License-Identifier: MIT */
/*
 * Neighbours: link addresses of next hops, learnt by ARP (RFC 826, states of RFC 4861 s7.3.2 as Linux has
 * them). All functions: softirq, or a thread with softirqs disabled.
 */
#pragma once

#include "lib/timer_wheel.h"
#include "net/dst.h"
#include "net/netdevice.h"

/* The numbers are Linux's. */
enum {
	NUD_NONE = 0x00,
	NUD_INCOMPLETE = 0x01, /* asked by broadcast, nothing known */
	NUD_REACHABLE = 0x02,  /* confirmed of late */
	NUD_STALE = 0x04,      /* known, unconfirmed, unused */
	NUD_DELAY = 0x08,      /* used: hoping for a confirmation from above */
	NUD_PROBE = 0x10,      /* asked by unicast */
	NUD_FAILED = 0x20,     /* did not answer */
	NUD_NOARP = 0x40,      /* needs no link address */
	NUD_PERMANENT = 0x80,  /* told */
};
#define NUD_VALID     (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY)
#define NUD_CONNECTED (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE)
#define NUD_IN_TIMER  (NUD_INCOMPLETE | NUD_REACHABLE | NUD_DELAY | NUD_PROBE)

struct neighbour {
	struct rcu_head rcu;
	struct hlist_node hash;
	struct list_head list; /* of its class, the oldest first */
	be32 primary_key;      /* the IPv4 address */
	struct net_device *dev;
	struct net *net;
	u32 refcnt;
	u8 nud_state;
	u8 type;  /* RTN_* */
	u8 class; /* which of the table's lists: see net/ipv4/neigh_priv.h */
	bool dead;
	bool hh_valid;   /* hh may be put in front of packets as it is */
	u8 ha[ETH_ALEN]; /* the link address, when nud_state & NUD_VALID */
	u8 hh[16];       /* ready Ethernet header for IPv4, from hh[2] on */
	u32 probes;
	u64 used, confirmed, updated; /* plat_now() */
	struct timer timer;
	struct sk_buff_head arp_queue; /* waiting for the address, bounded in bytes */
	u32 arp_queue_len_bytes;
};

/* Timing and limits, net.ipv4.neigh.{default,DEV}.*; defaults are Linux's. ms unless said otherwise. */
struct neigh_parms {
	int base_reachable_time_ms; /* 30000 */
	int retrans_time_ms;        /* 1000 */
	int delay_first_probe_time; /* s: 5 */
	int gc_stale_time;          /* s: 60 */
	int mcast_solicit;          /* 3 broadcasts */
	int ucast_solicit;          /* 3 */
	int mcast_resolicit;        /* 0 */
	int unres_qlen_bytes;       /* 212992 */
	int unres_qlen;             /* the same in full-sized packets */
	int app_solicit;            /* 0: questions left to a daemon; nobody is asked meanwhile */
	int locktime;               /* 1/100 s: 100 */
	int proxy_delay;            /* 1/100 s: 80. Answers for others wait up to so long */
	int proxy_qlen;             /* 64 questions at most wait for that */
	u64 reachable_time;         /* ns, random around the base */
	u32 own;                    /* settings that no longer follow default's, a bit each */
	u32 proxy_waiting;
};

/* Sets or changes an entry as told: `ip neigh add|replace`, `arp -s`. lladdr may be NULL for NUD_FAILED. */
enum neigh_add_mode { NEIGH_ADD, NEIGH_REPLACE, NEIGH_CHANGE };
/* 0, -EEXIST, -ENOENT, -EINVAL (no address, not usable on dev), -ENOBUFS (table full), -ENOMEM. */
int neigh_add(struct net_device *dev, be32 addr, const u8 *lladdr, u8 state,
	      enum neigh_add_mode mode) __must_check;

/* -ENOENT. */
int neigh_delete(struct net_device *dev, be32 addr);

/* Removes entries of dev (NULL: all) whose state is in states (0: all but NUD_PERMANENT and NUD_NOARP). Returns how many. */
u32 neigh_flush(struct net *net, struct net_device *dev, u8 states);

/* Calls fn for every entry, without order. fn must not change the table. */
void neigh_for_each(struct net *net, void (*fn)(void *arg, const struct neighbour *n), void *arg);

/*
 * `ip neigh add ... use`: makes sure there is an entry, and asks if it does not know its address. 0, or as neigh_add.
 */
int neigh_use(struct net_device *dev, be32 addr, enum neigh_add_mode mode) __must_check;

/*
 * Addresses of others that we answer for (`ip neigh add proxy`), on dev or (NULL) on all devices; where packets to
 * them leave by another device. 0, -ENOBUFS (limit), -ENOMEM; adding what is there is fine. del: -ENOENT.
 */
int pneigh_add(struct net *net, struct net_device *dev, be32 addr) __must_check;
int pneigh_delete(struct net *net, struct net_device *dev, be32 addr);
/* The n-th, false after the last. */
bool pneigh_nth(struct net *net, u32 n, be32 *addr, struct net_device **dev);

/* Lent, NULL if unknown. */
struct neighbour *neigh_lookup(struct net_device *dev, be32 addr);

struct rtable;

/* Told from above that the next hop on the way to daddr answers (forward progress of TCP, MSG_CONFIRM). */
void neigh_confirm_rt(const struct rtable *rt, be32 daddr);
void neigh_confirm(struct neighbour *n);

/* Asks who has addr on dev, without making an entry: for arping and duplicate detection. */
int arp_probe(struct net_device *dev, be32 sender, be32 target);
