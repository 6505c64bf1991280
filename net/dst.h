/* SPDX-License-Identifier: MIT */
/*
 * dst_entry: where a packet goes on after routing.
 *
 * Life: a route lookup lends its result: it stays valid until the softirq body, or the thread's
 * plat_bh_disable() stretch, ends. Whoever keeps it longer (a socket, a queue) holds a reference;
 * an skb does so by skb_dst_force(). What nobody holds is freed at the start of the next softirq.
 */
#pragma once

#include "net/skbuff.h"

/* Something to be freed when nobody can be looking at it any more (net/core's call_rcu). */
struct rcu_head {
	struct rcu_head *next;
	void (*fn)(struct net *net, struct rcu_head *head);
};

struct dst_entry {
	struct net_device *dev;                               /* packets leave by it */
	int (*input)(struct net *net, struct sk_buff *skb);   /* consumes */
	int (*output)(struct net *net, struct sk_buff *skb);  /* consumes */
	void (*free)(struct net *net, struct dst_entry *dst); /* its last holder is gone */
	struct net *net;
	u32 refcnt;
};

static inline void dst_hold(struct dst_entry *dst)
{
	dst->refcnt++;
}

/* NULL is fine. Softirq. */
static inline void dst_release(struct dst_entry *dst)
{
	if (dst && --dst->refcnt == 0)
		dst->free(dst->net, dst);
}

/* Lets go of the skb's dst. */
static inline void skb_dst_drop(struct sk_buff *skb)
{
	if (unlikely(skb->dst_owned)) {
		skb->dst_owned = 0;
		dst_release(skb->dst);
	}
	skb->dst = NULL;
}

/* Attaches a lent dst: the skb must not outlive this softirq with it. */
static inline void skb_dst_set_noref(struct sk_buff *skb, struct dst_entry *dst)
{
	skb_dst_drop(skb);
	skb->dst = dst;
}

/* Before the skb is queued anywhere: turns a lent dst into a held one. */
static inline void skb_dst_force(struct sk_buff *skb)
{
	if (skb->dst && !skb->dst_owned) {
		dst_hold(skb->dst);
		skb->dst_owned = 1;
	}
}

/* On to ip_local_deliver, ip_forward ...: consumes. */
static inline int dst_input(struct net *net, struct sk_buff *skb)
{
	return skb->dst->input(net, skb);
}

static inline int dst_output(struct net *net, struct sk_buff *skb)
{
	return skb->dst->output(net, skb);
}
