/* SPDX-License-Identifier: MIT */
/*
 * A table in force: its chains compiled to one array of steps, which the interpreter walks.
 *
 * A step is a rule's addresses, protocol and action, 32 bytes; what most rules are told apart by is so looked at without
 * touching the rule. Behind a chain's rules stands one step more: a built-in chain's policy, a user chain's return.
 */
#pragma once

#include "net/core/net_namespace.h"
#include "net/wire/ipv4_hdr.h"
#include "net/x_tables.h"

/* ipt_step.tests: what else is to be looked at, in the rule. */
enum {
	STEP_IN = 1, /* the beginning of a device's name, up to 8 bytes */
	STEP_OUT = 2,
	STEP_IFACE = 4, /* names that are longer or negated */
	STEP_ODD = 8 /* negated addresses or protocol, pieces: then addrs, mask and proto are 0 */
};

struct ipt_step {
	u64 addrs, mask; /* source and destination, as they lie in the header */
	u8 proto;
	u8 tests;
	u8 action; /* enum ipt_action */
	u8 nr_matches;
	u32 jump;              /* index of a step; of a chain, in a policy */
	struct ipt_rule *rule; /* NULL: the end of a chain */
};

struct ipt_program_chain {
	char name[XT_FUNCTION_MAXNAMELEN];
	s8 hook;
	u8 policy;
	u32 first, nr_rules; /* steps; the end stands at first + nr_rules */
	struct xt_counters counters;
};

struct ipt_program {
	struct rcu_head rcu;
	u32 entry[NF_INET_NUMHOOKS], underflow[NF_INET_NUMHOOKS];
	u32 nr_chains, nr_steps;
	size_t bytes;                     /* rules included */
	struct ipt_program_chain *chains; /* behind the steps */
	struct ipt_step steps[];
};

struct ipt_table {
	struct net *net;
	u8 id;
	u32 generation;
	struct ipt_program *program;
	struct nf_hook_ops ops[NF_INET_NUMHOOKS];
	u32 nr_ops;
	struct ipt_drops *policy_drops; /* NULL: none */
};

/* All that a struct net has of x_tables; NULL before the first use of a table. */
struct xt_net {
	struct ipt_table *tables[XT_TABLE_NR];
	u8 used[XT_TABLE_NR]; /* the last to be used first */
	u32 nr_used;
	size_t bytes; /* of all programs and rules in force */
	struct list_head recent;
	u32 nr_recent;
	u64 log_debt, log_stamp, log_lost; /* see nf_log.c */
};

/* A hook function: priv is the struct ipt_table. */
u32 ipt_do_table(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);

/* Counts a drop by a step; without memory it is none. */
void ipt_count_drop(struct ipt_table *t, const struct ipt_step *s, u32 hook);

/* The chain that a step belongs to. */
const struct ipt_program_chain *ipt_chain_of(const struct ipt_program *prog, u32 step);

/* Brings a table to its hooks; t->program is there. -ENOENT, -ENOMEM. Softirq. */
int ipt_table_attach(struct ipt_table *t) __must_check;
void ipt_table_detach(struct ipt_table *t);

/* The program of a table with no rules. */
struct ipt_program *ipt_program_empty(u32 table) __must_check;
void ipt_program_free(struct net *net, struct ipt_program *prog);

/* Softirq. */
void ipt_rule_release(struct net *net, struct ipt_rule *rule);

extern const struct pernet_operations netfilter_net_ops;
