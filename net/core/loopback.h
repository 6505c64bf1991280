/* SPDX-License-Identifier: MIT */
/* The loopback device of a stack. */
#pragma once

struct net;
struct sk_buff;

int loopback_init(struct net *net);
void loopback_exit(struct net *net);

/* Queues skb (with a link header, skb->dev set) to be received by skb->dev. Consumes. */
void loopback_requeue(struct net *net, struct sk_buff *skb);
