/* SPDX-License-Identifier: MIT */
/*
 * Policy routing: the rules that say which table a packet is looked up in (ip-rule(8)).
 *
 * Rules are asked in the order of their priorities. Until somebody changes them there are Linux's three (0: local,
 * 32766: main, 32767: default), which cost nothing. All functions: softirq, or a thread with softirqs disabled.
 */
#pragma once

#include "net/route.h"

#define FIB_MAX_RULES 1024 /* per struct net */

/* The numbers are Linux's. */
enum {
	FR_ACT_UNSPEC,
	FR_ACT_TO_TBL,
	FR_ACT_GOTO,
	FR_ACT_NOP,
	FR_ACT_BLACKHOLE = 6,
	FR_ACT_UNREACHABLE,
	FR_ACT_PROHIBIT
};

/* fib_rule.state */
enum { FIB_RULE_UNRESOLVED = 1, FIB_RULE_IIF_DETACHED = 2, FIB_RULE_OIF_DETACHED = 4 };

/* A rule as told by `ip rule` and shown by it. Fields that are 0 do not select; ports in host order. */
struct fib_rule {
	u32 pref;
	bool has_pref; /* else it goes before the second of the rules there are */
	bool invert;   /* it is for what does not fit */
	u8 action;     /* FR_ACT_* */
	u8 protocol;   /* who made it: RTPROT_* */
	u32 table, target;
	bool has_suppress;
	u32 suppress; /* a route with at most so many bits does not count */
	be32 src, dst;
	u8 src_len, dst_len, tos, ip_proto;
	u32 mark, mark_mask;
	u16 sport[2], dport[2];
	char iif[IFNAMSIZ], oif[IFNAMSIZ];
	u8 state; /* when shown */
};

/*
 * -EEXIST (the same with that priority), -EINVAL (nonsense: see fib_refusal()), -ENOBUFS (FIB_MAX_RULES), -ENOMEM.
 * Nothing changed on error.
 */
int fib_rule_add(struct net *net, const struct fib_rule *rule) __must_check;

/* Removes the first rule that has all that is said. -ENOENT: none. */
int fib_rule_del(struct net *net, const struct fib_rule *rule);

/* Calls fn for every rule in their order. fn must not change rules. */
void fib_rule_for_each(struct net *net, void (*fn)(void *arg, const struct fib_rule *rule),
		       void *arg);
