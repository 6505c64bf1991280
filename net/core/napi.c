/* SPDX-License-Identifier: MIT */
/*
 * NAPI and the softirq body NET_RX.
 *
 * An interrupt pushes its napi_struct on net->sched_list (a stack changed by atomic exchange only, since
 * interrupts push while softirqs take); net_rx_action moves what it finds to the poll list, which only
 * softirqs touch, and polls round robin. Out of budget or time it asks for NET_RX again, and the platform
 * decides between another round and ksoftirqd.
 */
#include "net/core/gro.h"
#include "net/core/net_namespace.h"
#include "net/sockopt.h"
#include "net/wire/ipv4_hdr.h"
#include "net/wire/tcp_hdr.h"
#include "net/core/eth.h"

void netif_napi_add(struct net_device *dev, struct napi_struct *napi,
		    int (*poll)(struct napi_struct *, int), int weight)
{
	memset(napi, 0, sizeof(*napi));
	napi->dev = dev;
	napi->poll = poll;
	napi->weight = weight > 0 && weight <= NAPI_POLL_WEIGHT ? weight : NAPI_POLL_WEIGHT;
	INIT_LIST_HEAD(&napi->poll_list);
	INIT_LIST_HEAD(&napi->dev_list);
	napi->rx_end = &napi->rx_first;
}

void napi_enable(struct napi_struct *napi)
{
	__atomic_store_n(&napi->state, NAPI_STATE_ENABLED, __ATOMIC_RELAXED);
}

/* Takes all that interrupts scheduled to the poll list, in the order they came. */
static void take_scheduled(struct net *net)
{
	struct napi_struct *napi = __atomic_exchange_n(&net->sched_list, NULL, __ATOMIC_ACQUIRE);
	struct list_head *at = &net->poll_list;

	for (; napi; napi = napi->sched_next) {
		list_add_tail(&napi->poll_list, at);
		at = &napi->poll_list;
	}
}

/* What has been collected; the list is empty then. */
static inline struct sk_buff *take_collected(struct napi_struct *napi)
{
	struct sk_buff *first = napi->rx_first;

	napi->rx_first = NULL;
	napi->rx_end = &napi->rx_first;
	return first;
}

static void drop_collected(struct napi_struct *napi)
{
	struct sk_buff *skb = take_collected(napi), *next;

	for (; skb; skb = next) {
		next = skb->next;
		skb->next = NULL;
		kfree_skb_reason(skb, SKB_DROP_REASON_DEV_NOT_UP);
	}
}

/* After this no interrupt schedules it and no softirq polls it: both lists are left. */
void napi_disable(struct napi_struct *napi)
{
	struct net *net = napi->dev->net;

	plat_bh_disable();
	__atomic_fetch_and(&napi->state, ~NAPI_STATE_ENABLED, __ATOMIC_RELAXED);
	take_scheduled(net);
	if (napi->poll_list.next)
		list_del_init(&napi->poll_list);
	gro_flush(&napi->gro);
	drop_collected(napi);
	napi->state = 0;
	plat_bh_enable();
}

static void push_scheduled(struct net *net, struct napi_struct *napi)
{
	struct napi_struct *first = __atomic_load_n(&net->sched_list, __ATOMIC_RELAXED);

	do {
		napi->sched_next = first;
	} while (!__atomic_compare_exchange_n(&net->sched_list, &first, napi, true,
					      __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

void napi_schedule(struct napi_struct *napi)
{
	u32 old = __atomic_load_n(&napi->state, __ATOMIC_RELAXED), new;

	do {
		if (!(old & NAPI_STATE_ENABLED))
			return;
		new = old | NAPI_STATE_SCHED;
		if (old & NAPI_STATE_SCHED)
			new |= NAPI_STATE_MISSED;
	} while (!__atomic_compare_exchange_n(&napi->state, &old, new, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	if (old & NAPI_STATE_SCHED)
		return;
	push_scheduled(napi->dev->net, napi);
	plat_raise_softirq(napi->dev->net, SOFTIRQ_NET_RX);
}

bool napi_complete_done(struct napi_struct *napi, int work)
{
	u32 old = __atomic_load_n(&napi->state, __ATOMIC_RELAXED), new;

	(void)work;
	do {
		new = old & ~(NAPI_STATE_SCHED | NAPI_STATE_MISSED);
		if (old & NAPI_STATE_MISSED)
			new |= NAPI_STATE_SCHED;
	} while (!__atomic_compare_exchange_n(&napi->state, &old, new, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	if (likely(!(old & NAPI_STATE_MISSED)))
		return true;
	push_scheduled(napi->dev->net, napi);
	return false;
}

static __always_inline void collect(struct napi_struct *napi, struct sk_buff *skb)
{
	skb->tstamp = skb->net->rx_time;
	*napi->rx_end = skb;
	napi->rx_end = &skb->next;
}

static noinline void napi_receive_odd(struct napi_struct *napi, struct sk_buff *skb)
{
	if (eth_type_trans(skb, skb->dev)) {
		collect(napi, skb);
		return;
	}
	skb->dev->stats.rx_length_errors++;
	kfree_skb_reason(skb, SKB_DROP_REASON_FRAME_TOO_SHORT);
}

/* One test sends UDP and forwarded traffic past it; of a short frame it reads what the buffer held before. */
static __always_inline bool is_tcp(const struct sk_buff *skb)
{
	return ((const struct iphdr *)skb->data)->protocol == IPPROTO_TCP &&
	       skb->protocol == CPU_TO_BE16(ETH_P_IP);
}

/* Nothing is remembered that skb could continue, and skb is nothing that others continue: an answer, an ACK. */
static __always_inline bool stays_alone(const struct napi_struct *napi, const struct sk_buff *skb)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const struct tcphdr *th = (const struct tcphdr *)(iph + 1);

	return !napi->gro.nr && skb_headlen(skb) >= sizeof(*iph) + TCP_HLEN &&
	       ((th->flags & (u8)~TCP_ECE) != TCP_ACK || skb->len == sizeof(*iph) + tcp_hdrlen(th));
}

static noinline void napi_receive_tcp(struct napi_struct *napi, struct sk_buff *skb)
{
	if (likely(stays_alone(napi, skb)) || !(skb->dev->features & NETIF_F_GRO) ||
	    !gro_receive(&napi->gro, skb))
		collect(napi, skb);
}

void napi_gro_receive(struct napi_struct *napi, struct sk_buff *skb)
{
	if (likely(eth_pull_plain(skb, skb->dev)))
		if (is_tcp(skb))
			napi_receive_tcp(napi, skb);
		else
			collect(napi, skb);
	else
		napi_receive_odd(napi, skb);
}

/* One poll; what it found goes up as a list. */
static int napi_poll(struct napi_struct *napi)
{
	int work = napi->poll(napi, napi->weight);

	gro_flush(&napi->gro);
	if (napi->rx_first)
		netif_receive_skb_list(take_collected(napi));
	BUG_ON(work > napi->weight);
	return work;
}

void net_rx_action(struct net *net)
{
	int budget = net->netdev_budget;
	u64 deadline;

	net->rx_time = net->now = plat_now();
	deadline = net->rx_time + net->netdev_budget_usecs * NSEC_PER_USEC;
	net_xmit_batch_begin(net);
	take_scheduled(net);
	while (!list_empty(&net->poll_list)) {
		struct napi_struct *napi =
			list_first_entry(&net->poll_list, struct napi_struct, poll_list);
		int work;

		list_del_init(&napi->poll_list);
		work = napi_poll(napi);
		if (work == napi->weight && napi->state & NAPI_STATE_ENABLED)
			list_add_tail(&napi->poll_list, &net->poll_list);
		budget -= work;
		take_scheduled(net);
		if (list_empty(&net->poll_list))
			break;
		net->rx_time = net->now = plat_now();
		if (budget <= 0 || net->rx_time >= deadline) {
			plat_raise_softirq(net, SOFTIRQ_NET_RX);
			break;
		}
	}
	net_xmit_batch_end(net);
}
