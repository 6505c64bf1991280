/* SPDX-License-Identifier: MIT */
/*
 * The hooks: five places on IPv4's way where functions may look at, change, keep or drop a packet.
 * Each struct net has its own registrations; a hook without any costs one load.
 */
#pragma once

#include "lib/list.h"
#include "net/skbuff.h"

enum nf_inet_hooks {
	NF_INET_PRE_ROUTING,
	NF_INET_LOCAL_IN,
	NF_INET_FORWARD,
	NF_INET_LOCAL_OUT,
	NF_INET_POST_ROUTING,
	NF_INET_NUMHOOKS
};

/* Verdicts. NF_QUEUE carries a queue number: NF_QUEUE_NR(n). */
enum {
	NF_DROP,   /* the engine frees it */
	NF_ACCEPT, /* on to the next function */
	NF_STOLEN, /* the function keeps it */
	NF_QUEUE,  /* to the queue handler; comes back by nf_reinject() */
	NF_REPEAT, /* call this function again */
};
#define NF_VERDICT_MASK   0xff
#define NF_QUEUE_NR(n)    ((u32)(n) << 16 | NF_QUEUE)
#define NF_QUEUE_BYPASS   0x8000 /* with NF_QUEUE: without a handler of that queue it is NF_ACCEPT */
#define NF_DROP_REASON(r) ((u32)(r) << 16 | NF_DROP) /* r: enum skb_drop_reason */

/* Order at a hook: lower runs first. Linux's numbers. */
enum nf_ip_hook_priorities {
	NF_IP_PRI_CONNTRACK_DEFRAG = -400,
	NF_IP_PRI_RAW = -300,
	NF_IP_PRI_CONNTRACK = -200,
	NF_IP_PRI_MANGLE = -150,
	NF_IP_PRI_NAT_DST = -100,
	NF_IP_PRI_FILTER = 0,
	NF_IP_PRI_SECURITY = 50,
	NF_IP_PRI_NAT_SRC = 100,
	NF_IP_PRI_CONNTRACK_HELPER = 300,
	NF_IP_PRI_CONNTRACK_CONFIRM = 0x7fffffff,
};

typedef int (*nf_okfn)(struct net *net, struct sk_buff *skb);

/* How a packet came by. in or out may be NULL, as Linux has it. */
struct nf_hook_state {
	u8 hook;
	struct net_device *in, *out;
	struct sock *sk;
	struct net *net;
	nf_okfn okfn; /* where the packet goes on, after the last function */
};

typedef u32 (*nf_hookfn)(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);

/* A registration; stays the caller's, unchanged, until unregistered. */
struct nf_hook_ops {
	nf_hookfn hook;
	void *priv;
	u8 hooknum;
	int priority;
};

/* Takes effect for the next packet. -ENOMEM, -EINVAL, -E2BIG: nothing changed. Softirq or thread. */
int nf_register_net_hook(struct net *net, const struct nf_hook_ops *ops) __must_check;
int nf_register_net_hooks(struct net *net, const struct nf_hook_ops *ops, u32 n) __must_check;

/* Packets that such a function has queued are dropped. */
void nf_unregister_net_hook(struct net *net, const struct nf_hook_ops *ops);
void nf_unregister_net_hooks(struct net *net, const struct nf_hook_ops *ops, u32 n);

/* What a route depends on. */
struct nf_queue_route {
	be32 saddr, daddr;
	u32 mark;
	u8 tos;
};

/* A packet that waits for its verdict. The handler owns it until nf_reinject(). */
struct nf_queue_entry {
	struct sk_buff *skb;
	struct nf_hook_state state;
	const struct nf_hook_ops *at; /* who queued it */
	u16 queuenum;
	/* the handler's */
	u32 id;
	struct list_head list, by_id, unread;
	void *handler_priv;
	struct nf_queue_route was;
};

/* What a queue handler says: the packet goes on as if it had not been queued. */
#define NF_QUEUE_PASS 1

/*
 * Takes an entry (0), or does not: NF_QUEUE_PASS, -ESRCH (there is no such queue: NF_QUEUE_NONE unless it may be bypassed),
 * or another -E: the engine drops the packet, NF_QUEUE_FULL. Softirq.
 */
typedef int (*nf_queue_handler)(void *priv, struct nf_queue_entry *entry);

/* Drops all entries of ops that is being unregistered (NULL: of any) whose packet came or goes by dev (NULL: any). */
typedef void (*nf_queue_flusher)(void *priv, const struct nf_hook_ops *ops,
				 const struct net_device *dev);

/* One handler per net; NULL removes it. */
void nf_register_queue_handler(struct net *net, nf_queue_handler fn, nf_queue_flusher flush,
			       void *priv);

/*
 * Sends an entry's packet on from behind the function that queued it (NF_ACCEPT), to it again (NF_REPEAT), to another queue
 * (NF_QUEUE_NR), or drops it. Frees entry.
 */
void nf_reinject(struct nf_queue_entry *entry, u32 verdict);

/* The call sites' side is NF_HOOK() in net/core/nf_hook.h. */
