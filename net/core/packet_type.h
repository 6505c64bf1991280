/* SPDX-License-Identifier: MIT */
/* The table of EtherTypes, and of those that look at every frame. */
#pragma once

#include "net/skbuff.h"

struct packet_type {
	struct list_head list;
	be16 type; /* ETH_P_ALL: every frame, in and out, borrowed (clone it to keep it) */
	/* Consumes skb (unless ETH_P_ALL). What it returns is for callers of its own. */
	int (*func)(struct net *net, struct sk_buff *skb);
	/* Consumes packets that came together: a list by next that NULL ends. NULL: func gets one by one. */
	void (*list_func)(struct net *net, struct sk_buff *first);
};

/* pt stays the caller's until removed. Softirq. */
void dev_add_pack(struct net *net, struct packet_type *pt);
void dev_remove_pack(struct net *net, struct packet_type *pt);
