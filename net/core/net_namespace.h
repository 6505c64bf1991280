/* SPDX-License-Identifier: MIT */
/*
 * struct net: everything one stack owns. core's own state is here; the other layers hang theirs on it
 * through pointers and tell net_create() by a struct pernet_operations.
 */
#pragma once

#include "lib/siphash.h"
#include "lib/timer_wheel.h"
#include "net/dst.h"
#include "net/netdevice.h"
#include "net/netfilter.h"
#include "net/platform.h"
#include "net/snmp.h"
#include "net/trace.h"

#define PTYPE_HASH_SIZE  16
#define SKB_LIMIT_NORMAL 65536 /* net.core.skb_limit: skbs in use at once */
#define NETDEV_BACKLOG   1000  /* net.core.netdev_max_backlog: loopback packets that wait */

struct netns_ipv4;
struct udp_table;
struct tcp_table;
struct raw_table;
struct ping_table;
struct socket_table;
struct nstat_history;
struct nf_hook_entries;
struct xt_net;
struct nf_ct_net;

/* A layer's or module's part in the life of a struct net; net/net.c has the list of all, in order. */
struct pernet_operations {
	const char *name;
	int (*init)(
		struct net *net); /* 0 or -E; failed: has freed what it made. Softirqs disabled */
	void (*exit)(struct net *net); /* softirqs disabled */
};

struct netdev_notifier {
	struct list_head list;
	/* NETDEV_*; an error from NETDEV_REGISTER or NETDEV_UP undoes the step. */
	int (*fn)(struct net *net, struct net_device *dev, unsigned int event);
};

enum {
	NETDEV_REGISTER,
	NETDEV_UP,
	NETDEV_CHANGE, /* carrier */
	NETDEV_CHANGEMTU,
	NETDEV_CHANGEADDR,
	NETDEV_CHANGEARP, /* IFF_NOARP */
	NETDEV_CHANGENAME,
	NETDEV_GOING_DOWN, /* still up */
	NETDEV_DOWN,
	NETDEV_UNREGISTER
};

/* skbs that ended, with their buffers, for those that begin: see skb_keep_spares(). */
struct skb_spares {
	struct sk_buff *first; /* by next */
	void (*free_head)(void *head);
	u32 room, nr, max;
};

struct net {
	/* softirq: packets in */
	struct napi_struct *sched_list; /* scheduled by interrupts, last first */
	struct list_head poll_list;     /* napi_structs to poll */
	u64 rx_time;                    /* plat_now() of this round of polling */
	u64 now;                        /* of this stretch; 0: not known yet. See net_now() */
	struct sk_buff_head backlog;    /* what loopback looped */
	struct napi_struct backlog_napi;
	struct list_head ptype_base[PTYPE_HASH_SIZE];
	struct list_head ptype_all;
	const struct nf_hook_entries *hooks[NF_INET_NUMHOOKS];
	/* softirq: packets out */
	u32 xmit_batch;              /* depth of net_xmit_batch_begin() */
	struct list_head flush_list; /* devices that wait for their kick */
	struct list_head tx_list;    /* devices whose queue goes on */
	struct timer_wheel timers;
	u64 timer_deadline;        /* last wish to the platform */
	struct rcu_head *rcu_list; /* see call_rcu() */

	/* sk_buffs */
	struct plat_cache *skb_cache;
	struct plat_cache *skb_small_cache; /* data buffers */
	struct plat_cache *skb_data_cache;
	int skb_limit;
	void (*skb_tstamp_tx)(struct sk_buff *skb, u32 type); /* who set tx_flags has set it */
	u32 nr_skbs;                                          /* in use: spares are not */
	struct skb_spares bare_spares;                        /* without a buffer, for clones */
	struct skb_spares spares;                             /* with a driver's buffers */
	struct skb_spares own_spares[2];                      /* with those of the two caches */

	/* devices */
	struct list_head dev_list;
	struct net_device *dev_by_index[MAX_NETDEVS + 1];
	u32 last_ifindex; /* given to a device */
	struct net_device *loopback_dev;
	struct list_head netdev_notifiers;

	/* the layers above; NULL where a layer is not linked in */
	struct netns_ipv4 *ipv4;
	struct udp_table *udp;
	struct tcp_table *tcp;
	struct raw_table *raw;
	struct ping_table *ping;
	struct socket_table *socket;
	struct nstat_history *nstat; /* what nstat saw last */

	/* hooks */
	struct nf_hook_registry *nf;
	struct xt_net *xt; /* tables of rules; NULL: not used */
	u32 nf_defrag_users;
	struct nf_ct_net *ct;
	void (*nfct_destroy)(struct sk_buff *skb); /* see SKB_NFCT_OWNER */
	/* Makes an error about skb part of its connection; NULL: nothing is tracked. */
	void (*nfct_attach)(struct sk_buff *answer, const struct sk_buff *skb);

	/* settings, counters, trace */
	struct sysctl_registry *sysctl;
	int netdev_budget, netdev_budget_usecs, netdev_max_backlog;
	struct siphash_key hash_key;
	struct trace_ring *trace;
	u32 trace_budget;
	u64 mib[SNMP_MIB_NR];
	u64 icmpmsg_in[256], icmpmsg_out[256];
	char snmp_name[32]; /* of the last IcmpMsg counter asked for */
	u64 drops[SKB_DROP_REASON_NR];
};

#define NET_INC_STATS(net, which)    ((void)(net)->mib[which]++)
#define NET_ADD_STATS(net, which, n) ((void)((net)->mib[which] += (n)))

/*
 * The time of a stretch: of a softirq body, or a thread's visit between two sleeps. It is read once, for reading the clock
 * costs as much as many a step of a packet. Who begins a stretch that may ask says so by net_stretch_begin(). Softirq.
 */
static inline u64 net_now(struct net *net)
{
	if (unlikely(!net->now))
		net->now = plat_now();
	return net->now;
}

static inline void net_stretch_begin(struct net *net)
{
	net->now = 0;
}

/* The n-th notifier call is told of devices that exist already (REGISTER, and UP if up). 0 or fn's error. */
int register_netdevice_notifier(struct net *net, struct netdev_notifier *nb);
void unregister_netdevice_notifier(struct net *net, struct netdev_notifier *nb);

/* Arms a timer (see lib/timer_wheel.h) of this stack. Softirq. */
void net_mod_timer(struct net *net, struct timer *t, u64 expires);

static inline void net_del_timer(struct net *net, struct timer *t)
{
	del_timer(&net->timers, t);
}

/*
 * Runs fn at the start of the next softirq body: whatever a thread's visit or a softirq body has been lent stays
 * valid until it ends.
 */
void call_rcu(struct net *net, struct rcu_head *head,
	      void (*fn)(struct net *net, struct rcu_head *head));

/* Runs what waits. At the start of each softirq body, and when all is over. */
void rcu_run(struct net *net);

/* net/core's own pernet operations, first in net/net.c's list; ipv4's follow. */
extern const struct pernet_operations core_net_ops;

/* The softirq bodies. */
void net_rx_action(struct net *net);
void net_tx_action(struct net *net);
void net_timer_action(struct net *net);

/* Forgets all of dev->mc. */
void dev_mc_flush(struct net_device *dev);

/* Gives the kicks that are due: the end of each softirq body and of each thread's visit. */
void net_flush_devices(struct net *net);
