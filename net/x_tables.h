/* SPDX-License-Identifier: MIT */
/*
 * Tables, chains and rules: the seam between the words (net/ctl) and the engine (net/netfilter).
 *
 * A table is edited as a draft: a copy that shares the rules with the table in force, and takes its place as a whole, or
 * not at all.
 *
 * 	struct ipt_draft *d;
 * 	int err = ipt_draft_open(net, XT_TABLE_FILTER, &d);
 * 	...
 * 	err = ipt_insert(d, chain, chain->nr_rules, ipt_rule_new(&spec));
 * 	err = ipt_commit(d, &why);
 * 	ipt_draft_free(d);
 *
 * Rules are counted references: a rule that is in the table in force and in a draft is the same rule with the same
 * counters, so what packets count while a draft is edited is not lost. What a rule says never changes.
 *
 * Matches and targets are found by name and carry their own struct of net/xt_data.h.
 *
 * Context, unless said otherwise: thread, softirqs enabled or disabled. One thread for one draft.
 */
#pragma once

#include "net/netdevice.h"
#include "net/netfilter.h"
#include "net/xt_data.h"

#define XT_FUNCTION_MAXNAMELEN 29 /* of a match, target or chain, with its 0 */
#define IPT_MAX_MATCHES        16 /* of one rule */
#define IPT_MAX_DEPTH          64 /* chains that call each other */

/* The tables. Which runs at which hook, and when, is in net/netfilter/ip_tables.c. */
enum {
	XT_TABLE_RAW,
	XT_TABLE_MANGLE,
	XT_TABLE_NAT,
	XT_TABLE_FILTER,
	XT_TABLE_SECURITY,
	XT_TABLE_NR
};

/* "filter"; -1: there is none of this name. */
const char *xt_table_name(u32 table);
int xt_table_find(const char *name);

/* The hooks a table has (BIT(NF_INET_*)), and the name of a hook's chain: "INPUT". */
u32 xt_table_hooks(u32 table);
const char *xt_chain_name(u32 hook);

/* The tables that have been used, the last to be used first: the order of iptables-save. How many. */
u32 xt_tables_used(const struct net *net, u8 tables[XT_TABLE_NR]);

/* ---- matches and targets ---- */

/* Not a verdict: the packet goes on to the next rule. */
#define XT_CONTINUE 0xffffffffU

/* How a rule's functions see a packet. Its IP header is linear, data begins with it. */
struct xt_action_param {
	const struct nf_hook_state *state;
	const void *header;       /* [engine] the transport header; see xt_header() */
	u32 avail;                /* [engine] bytes of it; 20 are enough */
	u32 thoff;                /* of the transport header from data */
	u16 fragoff;              /* of a piece behind the first; else 0 */
	bool hotdrop;             /* set by a match: the packet is nonsense, drop it */
	u8 copy[20] __aligned(4); /* [engine] a header that is not linear */
};

struct ipt_rule;

/* What a rule must fit, see xt_ext.check. */
struct xt_chk_param {
	struct net *net;
	u8 table;
	u32 hooks; /* BIT(NF_INET_*) it can be reached from */
	const struct ipt_rule *rule;
	const char *why; /* set with an error: what Linux tells dmesg; NULL: nothing */
};

/* A kind of match or target. */
struct xt_ext {
	char name[XT_FUNCTION_MAXNAMELEN];
	bool is_target;
	u16 size;     /* of its struct */
	u16 usersize; /* of what was told; the rest is state */
	u8 tables;    /* BIT(XT_TABLE_*) it is allowed in; 0: all */
	u8 hooks;     /* BIT(NF_INET_*); 0: all */
	u8 proto;     /* the protocol its rule must name; 0: any */
	/* More to be said against it, before anything is made: 0 or -E. NULL: nothing. */
	int (*check)(struct xt_chk_param *par, const void *data);
	/* Takes what it needs, when its rule first comes into force: 0 or -E, nothing taken. */
	int (*init)(struct net *net, void *data);
	/* Starts anew, with init and whenever its table is replaced. Softirq. */
	void (*reset)(void *data); /* may be NULL, as init and destroy */
	/* Gives back what init took. Softirq. */
	void (*destroy)(struct net *net, void *data);
	/* On the packets' way, softirq. A match may pull, not change; a target may also change the packet, or keep it. */
	bool (*match)(struct sk_buff *skb, void *data, struct xt_action_param *par);
	u32 (*target)(struct sk_buff *skb, void *data, const struct xt_action_param *par);
};

/* NULL: not one of those that are supported. ACCEPT, DROP, QUEUE and RETURN are no extensions. */
const struct xt_ext *xt_find_match(const char *name);
const struct xt_ext *xt_find_target(const char *name);

/* ---- rules ---- */

/* Bits of ipt_ip.invert. */
enum {
	IPT_INV_VIA_IN = 1,
	IPT_INV_VIA_OUT = 2,
	IPT_INV_SRCIP = 8,
	IPT_INV_DSTIP = 16,
	IPT_INV_FRAG = 32,
	IPT_INV_PROTO = 64
};

/* A rule's own part. Zeroed is: every packet. */
struct ipt_ip {
	be32 src, dst, smsk, dmsk; /* src and dst have no bits beyond their masks */
	char iniface[IFNAMSIZ], outiface[IFNAMSIZ]; /* as told: "eth0", "eth+"; "": any */
	u8 proto;                                   /* 0: any */
	bool frag;                                  /* -f: pieces behind the first */
	u8 invert;
};

struct xt_counters {
	u64 packets, bytes;
};

/* One match or target of a rule. */
struct xt_use {
	const struct xt_ext *ext;
	void *data; /* its struct */
	u16 size;   /* bytes of data; 0: ext->size */
};

/* What becomes of a packet that a rule fits. */
enum ipt_action {
	IPT_NOTHING, /* it is counted, and goes on */
	IPT_ACCEPT,
	IPT_DROP,
	IPT_QUEUE,
	IPT_RETURN,
	IPT_JUMP,
	IPT_GOTO,
	IPT_TARGET
};

struct ipt_rule {
	struct ipt_ip ip;
	u8 action; /* enum ipt_action */
	u8 nr_matches;
	bool live;                          /* [engine] its extensions have what they need */
	char chain[XT_FUNCTION_MAXNAMELEN]; /* IPT_JUMP, IPT_GOTO: where to */
	struct xt_counters counters;
	struct xt_use target;        /* IPT_TARGET */
	u32 refs, bytes;             /* [engine] */
	u64 in_mask[2], out_mask[2]; /* [engine] of devices' names */
	struct ipt_drops *drops;     /* [engine] NULL: none */
	struct xt_use matches[];
};

/* How to make one. Everything is copied; data may lie anywhere, with 0 in its gaps. */
struct ipt_rule_spec {
	struct ipt_ip ip;
	u8 action;
	u8 nr_matches;
	char chain[XT_FUNCTION_MAXNAMELEN];
	struct xt_counters counters;
	struct xt_use target;
	struct xt_use matches[IPT_MAX_MATCHES];
};

/* A rule with one reference, the caller's. NULL: no memory. */
struct ipt_rule *ipt_rule_new(const struct ipt_rule_spec *spec) __must_check;
void ipt_rule_put(struct net *net, struct ipt_rule *rule); /* NULL is fine */

/* The same told: counters and state do not count. For -C and -D. */
bool ipt_rule_equal(const struct ipt_rule *a, const struct ipt_rule *b);

/* ---- drops ---- */

/* Packets that a rule, or a policy, has dropped, by hook. */
struct ipt_drops {
	u64 packets[NF_INET_NUMHOOKS];
	u64 told[NF_INET_NUMHOOKS]; /* nstat's: what it has told of them */
};

/*
 * All of them that are not 0, in the order of tables, chains and rules; rule 0: the policy. -Z leaves them; they go with
 * their rule. Softirq.
 */
void ipt_for_each_drop(struct net *net,
		       void (*fn)(void *arg, u32 table, const char *chain, u32 rule,
				  struct ipt_drops *drops),
		       void *arg);

/* ---- drafts ---- */

struct ipt_slot {
	struct ipt_rule *rule;
	bool fresh; /* is not in force yet: its counters stay what they were told */
	bool zero;  /* its counters become 0 when the draft comes into force */
};

struct ipt_chain {
	char name[XT_FUNCTION_MAXNAMELEN];
	s8 hook;   /* of a built-in chain; -1: a user's */
	u8 policy; /* IPT_ACCEPT or IPT_DROP of a built-in chain */
	bool keep; /* counters are the table's, and begin again; else those here are set */
	u32 refs;  /* rules that jump here */
	u32 nr_rules, room;
	struct xt_counters counters; /* of the policy */
	struct ipt_slot *rules;
};

/* Chains: built-in ones in the order of their hooks, then the users' in that of their names. */
struct ipt_draft {
	struct net *net;
	u32 table;
	u32 generation; /* of the table it was opened on */
	u32 nr_chains, room;
	struct ipt_chain **chains;
};

/*
 * A draft of what is in force. The first use of a table brings it to its hooks, empty, and there it stays. -ENOENT: this
 * table cannot be had, -ENOMEM.
 */
int ipt_draft_open(struct net *net, u32 table, struct ipt_draft **draft) __must_check;
void ipt_draft_free(struct ipt_draft *draft); /* NULL is fine */

/* -F of all chains and -X of all: how a restore begins. */
void ipt_draft_clear(struct ipt_draft *draft);

/* NULL: there is none. */
struct ipt_chain *ipt_find_chain(const struct ipt_draft *draft, const char *name);

/* -N. -EEXIST, -ENOMEM. */
int ipt_new_chain(struct ipt_draft *draft, const char *name) __must_check;
/* -X. -ENOTEMPTY, -EMLINK: rules jump to it, -EINVAL: it is built in. chain is gone after 0. */
int ipt_delete_chain(struct ipt_draft *draft, struct ipt_chain *chain) __must_check;
/* -E. -EEXIST, -EINVAL: it is built in, -ENOMEM: the draft is good for nothing but ipt_draft_free(). Rules that jump to it follow. */
int ipt_rename_chain(struct ipt_draft *draft, struct ipt_chain *chain,
		     const char *name) __must_check;
void ipt_flush_chain(struct ipt_draft *draft, struct ipt_chain *chain);

/*
 * Puts rule before the at-th (0: the first; nr_rules: behind the last). Takes over the caller's reference, also on error;
 * rule NULL is -ENOMEM. -E2BIG: at is too large, -ENOENT: it jumps to a chain that is not there, -EINVAL: to
 * a built-in one, -ENOMEM.
 */
int ipt_insert(struct ipt_draft *draft, struct ipt_chain *chain, u32 at,
	       struct ipt_rule *rule) __must_check;
/* In the at-th one's place. */
int ipt_replace(struct ipt_draft *draft, struct ipt_chain *chain, u32 at,
		struct ipt_rule *rule) __must_check;
/* -E2BIG. */
int ipt_delete(struct ipt_draft *draft, struct ipt_chain *chain, u32 at) __must_check;

/* -Z of a rule, and of a whole chain, its policy's with it, when the draft comes into force; not of counters that the draft sets. */
void ipt_zero_rule(struct ipt_chain *chain, u32 at);
void ipt_zero_chain(struct ipt_chain *chain);

/* Where and why a draft was refused; what it would be on Linux's console, without the name of the tool. */
struct ipt_why {
	char text[160]; /* "" : nothing more than the error */
	char chain[XT_FUNCTION_MAXNAMELEN];
	u32 rule; /* from 1; 0: none in particular */
};

/*
 * Puts the draft in force with one pointer; it may be edited and put in force again. Or nothing has changed: -EAGAIN (somebody
 * else changed the table since it was opened), -ELOOP (chains call each other in a circle, or too deep), -EINVAL and others
 * by a match or target (it is not allowed here), -ENOMEM (or beyond the limit of all rules, a quarter of memory). why may be NULL.
 */
int ipt_commit(struct ipt_draft *draft, struct ipt_why *why) __must_check;
/* The same without putting it in force: --test. */
int ipt_check(struct ipt_draft *draft, struct ipt_why *why) __must_check;
