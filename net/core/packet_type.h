/* SPDX-License-Identifier: MIT */
/* The table of EtherTypes, and of those that look at every frame. */
#pragma once

#include "net/skbuff.h"

struct packet_type {
	struct list_head list;
	be16 type; /* ETH_P_ALL: every frame, in and out, borrowed (clone it to keep it) */
	/* Consumes skb (unless ETH_P_ALL). */
	void (*func)(struct net *net, struct sk_buff *skb);
	/* The same for a list of equal type; NULL: func is called for each. */
	void (*list_func)(struct net *net, struct sk_buff_head *list);
};

/* pt stays the caller's until removed. Softirq. */
void dev_add_pack(struct net *net, struct packet_type *pt);
void dev_remove_pack(struct net *net, struct packet_type *pt);
