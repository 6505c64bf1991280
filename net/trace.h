/* SPDX-License-Identifier: MIT */
/*
 * The way of chosen packets, function by function, in a ring of the last TRACE_ENTRIES steps.
 * Off, it costs one test of a bit in the skb. A packet is chosen when it is received or made while the
 * budget set by trace_arm() lasts; its clones and copies go on under its number.
 */
#pragma once

#include "net/skbuff.h"

#define TRACE_ENTRIES 1024
#define TRACE_DETAIL  72

struct trace_entry {
	u64 time;          /* plat_now() */
	u32 packet;        /* number of the packet, from 1 */
	u32 len;           /* skb->len at this step */
	const char *where; /* function, or drop reason; NULL: detail says it */
	bool drop;
	char dev[16];
	be32 saddr, daddr; /* 0 when not (yet) an IPv4 packet */
	u8 proto;
	char detail[TRACE_DETAIL]; /* a rule: "FORWARD:filter:FOO:rule:3" */
};

/* Chooses the next n packets; 0 stops. The ring stays. Softirq. */
void trace_arm(struct net *net, u32 n);

/* Calls fn for the entries, oldest first. Any context (panic, too). */
void trace_for_each(const struct net *net, void (*fn)(void *arg, const struct trace_entry *e),
		    void *arg);
void trace_clear(struct net *net);

/* For the path: chooses skb if the budget lasts; notes a step. */
void trace_begin(struct sk_buff *skb);
void trace_note(struct sk_buff *skb, const char *where, bool drop);
void trace_note_detail(struct sk_buff *skb, const char *detail);

#define trace_skb(skb, where)                              \
	do {                                               \
		if (unlikely((skb)->traced))               \
			trace_note((skb), (where), false); \
	} while (0)
