/* SPDX-License-Identifier: MIT */
/* The neighbour table from inside IPv4. */
#pragma once

#include "net/ipv4/netns_ipv4.h"

/*
 * Entries by what they are worth. SPARE: nothing of ours depends on it: it failed, needs no asking, or was learnt from
 * a question and never used. USED: we sent to it. TOLD: by the administrator, never recycled.
 *
 * So who floods the link with questions drives out only what other such questions left.
 */
enum neigh_class { NEIGH_SPARE, NEIGH_USED, NEIGH_TOLD, NEIGH_CLASSES };

struct pneigh_entry {
	struct list_head list;
	struct net_device *dev; /* NULL: all */
	be32 addr;
};

struct neigh_table {
	struct net *net;
	struct hlist_head *bucket; /* 1 << bits; NULL before the first entry */
	u32 bits;
	struct list_head lists[NEIGH_CLASSES];
	u32 count[NEIGH_CLASSES];
	u32 hash_rnd;
	u64 last_flush, last_random;
	struct timer gc_timer;
	struct neigh_parms parms; /* net.ipv4.neigh.default */
	int gc_thresh1, gc_thresh2, gc_thresh3;
	int gc_interval;       /* s */
	int unres_total_bytes; /* of packets that wait, at all neighbours */
	u32 waiting_bytes;
	struct list_head *proxies; /* PNEIGH_BUCKETS; NULL before the first */
	u32 nr_proxies;
	struct sk_buff_head proxy_queue; /* ARP questions whose answer waits */
	struct timer proxy_timer;
};

int neigh_init(struct net *net) __must_check;
void neigh_exit(struct net *net);
#define NEIGH_GROUP "net.ipv4.neigh."
int neigh_parms_alloc(struct in_device *in_dev) __must_check;
void neigh_parms_free(struct in_device *in_dev);
int neigh_sysctl_init(struct net *net) __must_check;

static inline struct neigh_table *neigh_table(const struct net *net)
{
	return net_ipv4(net)->arp;
}

static inline struct neigh_parms *neigh_parms_of(const struct neighbour *n)
{
	return in_dev_get(n->dev)->arp_parms;
}

/*
 * Lent. NULL: the table is full, or no memory. learnt: from what others say, so it may not drive out what is used.
 */
struct neighbour *neigh_create(struct net_device *dev, be32 addr, bool learnt);

/* Out of the table; lives on while held. */
void neigh_remove(struct neighbour *n);

/* Puts it on the list of class. */
void neigh_set_class(struct neighbour *n, u8 class);

void neigh_random_reachable_time(struct neigh_parms *p);

/* States, net/ipv4/neighbour.c. */
void neigh_set_state(struct neighbour *n, u8 state);
void neigh_timer(struct timer *t, u64 now);
void neigh_drop_waiting(struct neighbour *n);

/* Begins to ask, or hopes for a sign (DELAY), as sending a packet does. False: there is nobody to ask. */
bool neigh_event_send(struct neighbour *n);

static inline void neigh_hold(struct neighbour *n)
{
	n->refcnt++;
}

void neigh_release(struct neighbour *n);

enum { NEIGH_UPDATE_F_OVERRIDE = 1, NEIGH_UPDATE_F_ADMIN = 2 };

/* Something has been learnt, or told (ADMIN). lladdr NULL: the address known. 0, -EPERM, -EINVAL. */
int neigh_update(struct neighbour *n, const u8 *lladdr, u8 state, u32 flags);

/* A solicitation came from addr: an entry for it. NULL: none could be made. */
struct neighbour *neigh_event_ns(const u8 *lladdr, be32 addr, struct net_device *dev);

/* Sends skb (data at the IP header) to n, now or when its address is known. Consumes. 0 or -E. */
int neigh_resolve_output(struct neighbour *n, struct sk_buff *skb);

#define HH_LEN 16 /* Ethernet's 14, so stored that the end is aligned */

/* Puts the ready link header in front and sends; there is room for it. Consumes. */
static __always_inline int neigh_hh_push(const struct neighbour *n, struct sk_buff *skb)
{
	__builtin_memcpy(skb->data - HH_LEN, n->hh, HH_LEN);
	skb->data -= ETH_HLEN;
	skb->len += ETH_HLEN;
	skb_reset_mac_header(skb);
	return dev_queue_xmit(skb);
}

/* The same when there may be no room. n->nud_state & NUD_VALID. */
int neigh_hh_output(const struct neighbour *n, struct sk_buff *skb);

/* The device went down, or changed its address, or lost its link (then what was told stays). */
void neigh_ifdown(struct net_device *dev, bool all);

static inline u64 neigh_ms(int v)
{
	return (u64)v * NSEC_PER_MSEC;
}

static inline u64 neigh_sec(int v)
{
	return (u64)v * NSEC_PER_SEC;
}

/* 1/100 s, the unit of some settings. */
static inline u64 neigh_ticks(int v)
{
	return (u64)v * 10 * NSEC_PER_MSEC;
}
