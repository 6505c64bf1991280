/* SPDX-License-Identifier: MIT */
/* The registry of hooks and the packets that wait for a verdict. */
#pragma once

#include "net/netfilter.h"

int nf_init(struct net *net);
void nf_exit(struct net *net);

/* Gives a packet to the queue handler; consumes it in any case. */
void nf_queue(struct sk_buff *skb, const struct nf_hook_state *state, const struct nf_hook_ops *at,
	      u16 queuenum);

/* Drops packets queued by ops; NULL: all (a device goes). */
void nf_queue_flush(struct net *net, const struct nf_hook_ops *ops);
