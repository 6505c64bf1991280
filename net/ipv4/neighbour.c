/* SPDX-License-Identifier: MIT */
/*
 * Neighbours: their states, and packets that wait for them. net/ipv4/neigh_table.c keeps them.
 *
 *   NONE -> INCOMPLETE -> REACHABLE -> STALE -> DELAY -> PROBE -> FAILED
 *
 * A packet for an unknown neighbour makes an entry and asks by broadcast (INCOMPLETE). An answer makes it REACHABLE
 * for reachable_time; then it is STALE until used; used, it waits delay_first_probe_time for a sign of life from above
 * (DELAY), then asks by unicast (PROBE). Who does not answer is FAILED until somebody tries again.
 *
 * Sources: RFC 826, RFC 1122 s2.3.2.1 (time-outs), s2.3.2.2 (save the packet), RFC 4861 s7.3.
 */
#include "lib/errno.h"
#include "net/ipv4/arp.h"
#include "net/ipv4/ip_path.h"
#include "net/ipv4/neigh_priv.h"
#include "net/wire/eth_hdr.h"
#include "net/wire/icmp_hdr.h"

#define RETRANS_MIN (10 * NSEC_PER_MSEC) /* however short retrans_time_ms is */

static u64 retrans_time(const struct neigh_parms *p)
{
	return max(neigh_ms(p->retrans_time_ms), RETRANS_MIN);
}

/* ---- packets that wait ---- */

/* The packet that waits longest, NULL: none. */
static struct sk_buff *take_waiting(struct neighbour *n)
{
	struct sk_buff *skb = skb_dequeue(&n->arp_queue);

	if (skb) {
		n->arp_queue_len_bytes -= skb->truesize;
		neigh_table(n->net)->waiting_bytes -= skb->truesize;
	}
	return skb;
}

void neigh_drop_waiting(struct neighbour *n)
{
	struct sk_buff *skb;

	while ((skb = take_waiting(n)))
		kfree_skb_reason(skb, SKB_DROP_REASON_NEIGH_FAILED);
}

/* ---- states ---- */

static void set_hh(struct neighbour *n)
{
	struct ethhdr *eth = (struct ethhdr *)(n->hh + HH_LEN - ETH_HLEN);

	memcpy(eth->h_dest, n->ha, ETH_ALEN);
	memcpy(eth->h_source, n->dev->dev_addr, ETH_ALEN);
	eth->h_proto = CPU_TO_BE16(ETH_P_IP);
}

/* A word of somebody makes nothing used; sending to it does. */
static u8 class_in(const struct neighbour *n, u8 state)
{
	if (state & NUD_PERMANENT)
		return NEIGH_TOLD;
	if (state & (NUD_INCOMPLETE | NUD_DELAY | NUD_PROBE))
		return NEIGH_USED;
	return state & (NUD_FAILED | NUD_NOARP) || n->class == NEIGH_TOLD ? NEIGH_SPARE : n->class;
}

void neigh_set_state(struct neighbour *n, u8 state)
{
	n->nud_state = state;
	n->hh_valid = state & NUD_CONNECTED;
	if (state & NUD_VALID)
		set_hh(n);
	neigh_set_class(n, class_in(n, state));
}

static void arm(struct neighbour *n, u64 at)
{
	net_mod_timer(n->net, &n->timer, at);
}

static int max_probes(const struct neighbour *n)
{
	const struct neigh_parms *p = neigh_parms_of(n);

	return p->ucast_solicit + p->app_solicit +
	       (n->nud_state & NUD_PROBE ? p->mcast_resolicit : p->mcast_solicit);
}

/* Those that waited learn, as far as they came from somebody, that there is no way. */
static void report_failure(struct neighbour *n)
{
	struct sk_buff *skb;

	n->updated = plat_now();
	neigh_hold(n);
	while ((skb = take_waiting(n))) {
		icmp_send(n->net, skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
		kfree_skb_reason(skb, SKB_DROP_REASON_NEIGH_FAILED);
	}
	neigh_release(n);
}

static void solicit(struct neighbour *n)
{
	struct sk_buff *newest = skb_queue_empty(&n->arp_queue) ? NULL : n->arp_queue.prev;

	arp_solicit(n, newest);
	n->probes++;
}

/* REACHABLE is over, or DELAY: what next, and when to look again. */
static u64 next_state(struct neighbour *n, u64 now)
{
	const struct neigh_parms *p = neigh_parms_of(n);
	u64 delay = neigh_sec(p->delay_first_probe_time);

	if (n->nud_state & NUD_REACHABLE) {
		if (now - n->confirmed < p->reachable_time)
			return n->confirmed + p->reachable_time;
		n->updated = now;
		neigh_set_state(n, now < n->used + delay ? NUD_DELAY : NUD_STALE);
		return now + delay;
	}
	if (n->nud_state & NUD_DELAY) {
		n->updated = now;
		if (now - n->confirmed <= delay) {
			neigh_set_state(n, NUD_REACHABLE);
			return n->confirmed + p->reachable_time;
		}
		neigh_set_state(n, NUD_PROBE);
		n->probes = 0;
	}
	return now + retrans_time(p);
}

void neigh_timer(struct timer *t, u64 now)
{
	struct neighbour *n = container_of(t, struct neighbour, timer);
	u64 next;

	if (!(n->nud_state & NUD_IN_TIMER))
		return;
	next = next_state(n, now);
	if (n->nud_state & (NUD_INCOMPLETE | NUD_PROBE) && (int)n->probes >= max_probes(n)) {
		neigh_set_state(n, NUD_FAILED);
		report_failure(n);
		return;
	}
	if (n->nud_state & NUD_IN_TIMER)
		arm(n, next);
	if (n->nud_state & (NUD_INCOMPLETE | NUD_PROBE))
		solicit(n);
}

/* The address is known now: off with what waited. */
static void send_waiting(struct neighbour *n)
{
	struct sk_buff *skb;

	neigh_hold(n);
	while (n->nud_state & NUD_VALID && (skb = take_waiting(n)))
		neigh_hh_output(n, skb);
	neigh_release(n);
}

/* Not valid any more, or never was. */
static void invalidate(struct neighbour *n, u8 old, u8 state)
{
	net_del_timer(n->net, &n->timer);
	n->updated = plat_now();
	neigh_set_state(n, state);
	if (old & (NUD_INCOMPLETE | NUD_PROBE) && state & NUD_FAILED)
		report_failure(n);
}

static void enter_state(struct neighbour *n, u8 state, u64 now)
{
	net_del_timer(n->net, &n->timer);
	if (state & NUD_PROBE)
		n->probes = 0;
	if (state & NUD_IN_TIMER)
		arm(n, now + (state & NUD_REACHABLE ? neigh_parms_of(n)->reachable_time : 0));
	neigh_set_state(n, state);
}

int neigh_update(struct neighbour *n, const u8 *lladdr, u8 state, u32 flags)
{
	u8 old = n->nud_state;
	u64 now = plat_now();
	bool moved;

	if (!(flags & NEIGH_UPDATE_F_ADMIN) && old & (NUD_NOARP | NUD_PERMANENT))
		return -EPERM;
	if (!(state & NUD_VALID)) {
		invalidate(n, old, state);
		return 0;
	}
	if (!lladdr && !(old & NUD_VALID))
		return -EINVAL;
	moved = lladdr && (!(old & NUD_VALID) || !ether_addr_equal(lladdr, n->ha));
	if (state & NUD_CONNECTED)
		n->confirmed = now;
	if (moved && old & NUD_VALID && !(flags & NEIGH_UPDATE_F_OVERRIDE))
		return 0;
	if (!moved && state == NUD_STALE && !(flags & NEIGH_UPDATE_F_ADMIN))
		state = old;
	if (moved || state != old)
		n->updated = now;
	if (moved) {
		memcpy(n->ha, lladdr, ETH_ALEN);
		if (!(state & NUD_CONNECTED))
			n->confirmed = now - 2 * neigh_parms_of(n)->reachable_time;
	}
	if (state != old)
		enter_state(n, state, now);
	else
		neigh_set_state(n, state);
	if (!(old & NUD_VALID))
		send_waiting(n);
	return 0;
}

struct neighbour *neigh_event_ns(const u8 *lladdr, be32 addr, struct net_device *dev)
{
	struct neighbour *n = neigh_lookup(dev, addr);

	if (!n)
		n = neigh_create(dev, addr, true);
	if (n)
		neigh_update(n, lladdr, NUD_STALE, NEIGH_UPDATE_F_OVERRIDE);
	return n;
}

void neigh_confirm(struct neighbour *n)
{
	n->confirmed = plat_now();
}

void neigh_confirm_rt(const struct rtable *rt, be32 daddr)
{
	struct neighbour *n = neigh_lookup(rt->dst.dev, rt->gateway ? rt->gateway : daddr);

	if (n)
		neigh_confirm(n);
}

/* ---- packets ---- */

int neigh_hh_output(const struct neighbour *n, struct sk_buff *skb)
{
	if (skb_headroom(skb) < HH_LEN && pskb_expand_head(skb, NET_SKB_PAD, 0)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
		return -ENOMEM;
	}
	return neigh_hh_push(n, skb);
}

/*
 * At one neighbour the oldest give way, as in Linux. All neighbours together have a limit too: a sweep over a
 * subnet would else hold a queue for each of its addresses. Beyond it one packet each may wait still, or a sweep would
 * keep everybody from finding new neighbours; the table's own limit bounds that.
 */
static void enqueue_waiting(struct neighbour *n, struct sk_buff *skb)
{
	struct neigh_table *tbl = neigh_table(n->net);
	u32 limit = neigh_parms_of(n)->unres_qlen_bytes;

	while (n->arp_queue.qlen && n->arp_queue_len_bytes + skb->truesize > limit)
		kfree_skb_reason(take_waiting(n), SKB_DROP_REASON_NEIGH_QUEUEFULL);
	if (n->arp_queue.qlen && tbl->waiting_bytes + skb->truesize > (u32)tbl->unres_total_bytes) {
		kfree_skb_reason(skb, SKB_DROP_REASON_NEIGH_QUEUEFULL);
		return;
	}
	skb_dst_force(skb);
	n->arp_queue_len_bytes += skb->truesize;
	tbl->waiting_bytes += skb->truesize;
	skb_queue_tail(&n->arp_queue, skb);
}

bool neigh_event_send(struct neighbour *n)
{
	const struct neigh_parms *p = neigh_parms_of(n);
	u64 now = plat_now();

	n->used = now;
	if (n->nud_state & NUD_STALE) {
		n->updated = now;
		neigh_set_state(n, NUD_DELAY);
		arm(n, now + neigh_sec(p->delay_first_probe_time));
	}
	if (n->nud_state & (NUD_VALID | NUD_INCOMPLETE))
		return true;
	n->updated = now;
	if (!(p->mcast_solicit + p->app_solicit)) {
		neigh_set_state(n, NUD_FAILED);
		return false;
	}
	n->probes = p->ucast_solicit;
	neigh_set_state(n, NUD_INCOMPLETE);
	arm(n, now + retrans_time(p));
	solicit(n);
	return true;
}

int neigh_resolve_output(struct neighbour *n, struct sk_buff *skb)
{
	if (!(n->nud_state & (NUD_VALID | NUD_INCOMPLETE))) {
		enqueue_waiting(n, skb); /* the question comes from the packet's source */
		if (neigh_event_send(n))
			return 0;
		neigh_drop_waiting(n);
		return -EHOSTUNREACH;
	}
	neigh_event_send(n);
	if (n->nud_state & NUD_VALID)
		return neigh_hh_output(n, skb);
	enqueue_waiting(n, skb);
	return 0;
}
