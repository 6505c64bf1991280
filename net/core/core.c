/* SPDX-License-Identifier: MIT */
/* core's part of struct net: caches, lists, limits; the softirq body TIMER; and delayed freeing. */
#include "lib/errno.h"
#include "net/core/loopback.h"
#include "net/core/net_namespace.h"
#include "net/core/nf_queue.h"
#include "net/core/skb_data.h"
#include "net/core/sysctl_registry.h"
#include "net/core/trace_ring.h"

#define NET_OFFSET(field) offsetof(struct net, field)

static const struct ctl_table core_table[] = {
	{"netdev_budget", NET_OFFSET(netdev_budget), .min = 1, .max = 65536},
	{"netdev_budget_usecs", NET_OFFSET(netdev_budget_usecs), .min = 100, .max = 1000000},
	{"netdev_max_backlog", NET_OFFSET(netdev_max_backlog), .min = 0, .max = 1000000},
	{"skb_limit", NET_OFFSET(skb_limit), .min = 64, .max = 16777216},
};

void net_mod_timer(struct net *net, struct timer *t, u64 expires)
{
	mod_timer(&net->timers, t, expires);
	if (expires < net->timer_deadline) {
		net->timer_deadline = expires;
		plat_set_timer(net, expires);
	}
}

void net_timer_action(struct net *net)
{
	net_xmit_batch_begin(net);
	timer_wheel_run(&net->timers, net_now(net));
	net_xmit_batch_end(net);
	net->timer_deadline = timer_wheel_next(&net->timers);
	plat_set_timer(net, net->timer_deadline);
}

void call_rcu(struct net *net, struct rcu_head *head,
	      void (*fn)(struct net *net, struct rcu_head *head))
{
	head->fn = fn;
	head->next = net->rcu_list;
	if (!net->rcu_list)
		plat_raise_softirq(net, SOFTIRQ_TIMER);
	net->rcu_list = head;
}

void rcu_run(struct net *net)
{
	while (net->rcu_list) {
		struct rcu_head *head = net->rcu_list;

		net->rcu_list = head->next;
		head->fn(net, head);
	}
}

static void caches_destroy(struct net *net)
{
	if (net->skb_cache)
		plat_cache_destroy(net->skb_cache);
	if (net->skb_small_cache)
		plat_cache_destroy(net->skb_small_cache);
	if (net->skb_data_cache)
		plat_cache_destroy(net->skb_data_cache);
}

static int caches_create(struct net *net)
{
	net->skb_cache = plat_cache_create("skb", sizeof(struct sk_buff));
	net->skb_small_cache = plat_cache_create("skb_small", SKB_SMALL_SIZE);
	net->skb_data_cache = plat_cache_create("skb_data", SKB_DATA_SIZE);
	return net->skb_cache && net->skb_small_cache && net->skb_data_cache ? 0 : -ENOMEM;
}

static void core_init_lists(struct net *net)
{
	INIT_LIST_HEAD(&net->poll_list);
	INIT_LIST_HEAD(&net->flush_list);
	INIT_LIST_HEAD(&net->ptype_all);
	INIT_LIST_HEAD(&net->dev_list);
	INIT_LIST_HEAD(&net->netdev_notifiers);
	for (unsigned int i = 0; i < PTYPE_HASH_SIZE; i++)
		INIT_LIST_HEAD(&net->ptype_base[i]);
	skb_queue_head_init(&net->backlog);
	timer_wheel_init(&net->timers, plat_now());
	net->timer_deadline = U64_MAX;
}

static int core_init(struct net *net)
{
	int err;

	core_init_lists(net);
	net->skb_limit = SKB_LIMIT_NORMAL;
	net->netdev_budget = NET_RX_BUDGET;
	net->netdev_budget_usecs = NET_RX_TIME_NS / NSEC_PER_USEC;
	net->netdev_max_backlog = NETDEV_BACKLOG;
	plat_random(&net->hash_key, sizeof(net->hash_key));
	err = caches_create(net);
	if (err)
		goto no_caches;
	err = sysctl_init(net);
	if (err)
		goto no_caches;
	err = sysctl_register(net, "net.core", core_table, ARRAY_SIZE(core_table), net);
	if (err)
		goto no_table;
	err = nf_init(net);
	if (err)
		goto no_table;
	err = loopback_init(net);
	if (err)
		goto no_loopback;
	return 0;
no_loopback:
	nf_exit(net);
no_table:
	sysctl_exit(net);
no_caches:
	caches_destroy(net);
	return err;
}

static void core_exit(struct net *net)
{
	loopback_exit(net);
	nf_exit(net);
	rcu_run(net);
	plat_set_timer(net, U64_MAX);
	sysctl_exit(net);
	trace_exit(net);
	skb_free_spares(net);
	caches_destroy(net);
}

const struct pernet_operations core_net_ops = {"core", core_init, core_exit};
