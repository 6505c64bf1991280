/* SPDX-License-Identifier: MIT */
/*
 * The neighbour table: entries, their states, packets that wait.
 *
 *   NONE -> INCOMPLETE -> REACHABLE -> STALE -> DELAY -> PROBE -> FAILED
 *
 * A packet for an unknown neighbour makes an entry and asks by broadcast (INCOMPLETE). An answer makes it REACHABLE
 * for reachable_time; then it is STALE until used; used, it waits delay_first_probe_time for a sign of life from above
 * (DELAY), then asks by unicast (PROBE). Who does not answer is FAILED until somebody tries again.
 *
 * An entry taken out of the table is marked dead and lives as long as somebody holds it; holders look.
 * Sources: RFC 826, RFC 1122 s2.3.2.1 (time-outs), s2.3.2.2 (save the packet), RFC 4861 s7.3.
 */
#include "lib/errno.h"
#include "net/ipv4/arp.h"
#include "net/ipv4/ip_path.h"
#include "net/ipv4/neigh_priv.h"
#include "net/wire/eth_hdr.h"
#include "net/wire/icmp_hdr.h"

#define FORCED_GC_AGE     (5 * NSEC_PER_SEC)
#define UNRES_TOTAL_BYTES (1024 * 1024)

static struct hlist_head *bucket_of(struct neigh_table *tbl, const struct net_device *dev,
				    be32 addr)
{
	u32 h = (addr ^ dev->ifindex ^ tbl->hash_rnd) * 0x9e3779b1U;

	return &tbl->bucket[h >> 24];
}

struct neighbour *neigh_lookup(struct net_device *dev, be32 addr)
{
	struct neighbour *n;

	hlist_for_each_entry (n, bucket_of(neigh_table(dev->net), dev, addr), hash) {
		if (n->primary_key == addr && n->dev == dev)
			return n;
	}
	return NULL;
}

static void neigh_free_rcu(struct net *net, struct rcu_head *head)
{
	(void)net;
	plat_free(container_of(head, struct neighbour, rcu));
}

void neigh_release(struct neighbour *n)
{
	if (--n->refcnt == 0)
		call_rcu(n->net, &n->rcu, neigh_free_rcu);
}

static u64 ms(int v)
{
	return (u64)v * NSEC_PER_MSEC;
}

static u64 sec(int v)
{
	return (u64)v * NSEC_PER_SEC;
}

/* ---- entries come and go ---- */

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

static void drop_waiting(struct neighbour *n)
{
	struct sk_buff *skb;

	while ((skb = take_waiting(n)))
		kfree_skb_reason(skb, SKB_DROP_REASON_NEIGH_FAILED);
}

static void neigh_remove(struct neighbour *n)
{
	neigh_table(n->net)->count--;
	n->dead = true;
	n->hh_valid = false;
	hlist_del(&n->hash);
	list_del(&n->gc_list);
	net_del_timer(n->net, &n->timer);
	drop_waiting(n);
	neigh_release(n);
}

/* Makes room: what failed, or has not changed for a while and was not told. */
static void forced_gc(struct neigh_table *tbl)
{
	u64 now = plat_now();
	struct neighbour *n, *tmp;

	tbl->last_flush = now;
	list_for_each_entry_safe (n, tmp, &tbl->gc_list, gc_list) {
		if (n->nud_state & NUD_PERMANENT)
			continue;
		if (n->nud_state & (NUD_FAILED | NUD_NOARP) || now - n->updated > FORCED_GC_AGE)
			neigh_remove(n);
		if (tbl->count < (u32)tbl->gc_thresh2)
			break;
	}
}

static bool table_has_room(struct neigh_table *tbl)
{
	if (tbl->count >= (u32)tbl->gc_thresh3 ||
	    (tbl->count >= (u32)tbl->gc_thresh2 && plat_now() - tbl->last_flush > FORCED_GC_AGE))
		forced_gc(tbl);
	return tbl->count < (u32)tbl->gc_thresh3;
}

static void neigh_timer(struct timer *t, u64 now);
static void set_state(struct neighbour *n, u8 state);

struct neighbour *neigh_create(struct net_device *dev, be32 addr)
{
	struct neigh_table *tbl = neigh_table(dev->net);
	struct neighbour *n;

	if (!in_dev_get(dev) || !table_has_room(tbl)) {
		dev->net->drops[SKB_DROP_REASON_NEIGH_TABLE_FULL]++;
		return NULL;
	}
	n = plat_alloc(sizeof(*n));
	if (!n) {
		dev->net->drops[SKB_DROP_REASON_NOMEM]++;
		return NULL;
	}
	memset(n, 0, sizeof(*n));
	n->primary_key = addr;
	n->dev = dev;
	n->net = dev->net;
	n->refcnt = 1;
	n->updated = n->used = plat_now();
	n->confirmed = n->used - 2 * neigh_parms_of(n)->reachable_time;
	skb_queue_head_init(&n->arp_queue);
	timer_setup(&n->timer, neigh_timer);
	arp_constructor(n);
	set_state(n, n->nud_state); /* broadcast and multicast need no asking */
	hlist_add_head(&n->hash, bucket_of(tbl, dev, addr));
	list_add_tail(&n->gc_list, &tbl->gc_list);
	tbl->count++;
	if (!timer_pending(&tbl->gc_timer))
		net_mod_timer(n->net, &tbl->gc_timer, n->updated + sec(tbl->gc_interval));
	return n;
}

/* ---- states ---- */

static void set_hh(struct neighbour *n)
{
	struct ethhdr *eth = (struct ethhdr *)(n->hh + HH_LEN - ETH_HLEN);

	memcpy(eth->h_dest, n->ha, ETH_ALEN);
	memcpy(eth->h_source, n->dev->dev_addr, ETH_ALEN);
	eth->h_proto = CPU_TO_BE16(ETH_P_IP);
}

static void set_state(struct neighbour *n, u8 state)
{
	n->nud_state = state;
	n->hh_valid = state & NUD_CONNECTED;
	if (state & NUD_VALID)
		set_hh(n);
}

static void arm(struct neighbour *n, u64 at)
{
	net_mod_timer(n->net, &n->timer, at);
}

static int max_probes(const struct neighbour *n)
{
	const struct neigh_parms *p = neigh_parms_of(n);

	return p->ucast_solicit +
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
	n->probes++;
	arp_solicit(n, skb_peek(&n->arp_queue));
}

/* REACHABLE is over, or DELAY: what next, and when to look again. */
static u64 next_state(struct neighbour *n, u64 now)
{
	const struct neigh_parms *p = neigh_parms_of(n);
	u64 delay = sec(p->delay_first_probe_time);

	if (n->nud_state & NUD_REACHABLE) {
		if (now < n->confirmed + p->reachable_time)
			return n->confirmed + p->reachable_time;
		n->updated = now;
		set_state(n, now < n->used + delay ? NUD_DELAY : NUD_STALE);
		return now + delay;
	}
	if (n->nud_state & NUD_DELAY) {
		n->updated = now;
		if (now <= n->confirmed + delay) {
			set_state(n, NUD_REACHABLE);
			return n->confirmed + p->reachable_time;
		}
		set_state(n, NUD_PROBE);
		n->probes = 0;
	}
	return now + ms(p->retrans_time_ms);
}

static void neigh_timer(struct timer *t, u64 now)
{
	struct neighbour *n = container_of(t, struct neighbour, timer);
	u64 next;

	if (!(n->nud_state & NUD_IN_TIMER))
		return;
	next = next_state(n, now);
	if (n->nud_state & (NUD_INCOMPLETE | NUD_PROBE) && (int)n->probes >= max_probes(n)) {
		set_state(n, NUD_FAILED);
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
	set_state(n, state);
	if (old & (NUD_INCOMPLETE | NUD_PROBE) && state & NUD_FAILED)
		report_failure(n);
}

static void enter_state(struct neighbour *n, u8 state, u64 now)
{
	net_del_timer(n->net, &n->timer);
	if (state & NUD_IN_TIMER)
		arm(n, now + (state & NUD_REACHABLE ? neigh_parms_of(n)->reachable_time : 0));
	set_state(n, state);
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
		set_state(n, state);
	if (!(old & NUD_VALID))
		send_waiting(n);
	return 0;
}

struct neighbour *neigh_event_ns(const u8 *lladdr, be32 addr, struct net_device *dev)
{
	struct neighbour *n = neigh_lookup(dev, addr);

	if (!n)
		n = neigh_create(dev, addr);
	if (n)
		neigh_update(n, lladdr, NUD_STALE, NEIGH_UPDATE_F_OVERRIDE);
	return n;
}

void neigh_confirm(struct neighbour *n)
{
	n->confirmed = plat_now();
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

static void begin_resolution(struct neighbour *n, u64 now)
{
	const struct neigh_parms *p = neigh_parms_of(n);

	n->probes = p->ucast_solicit;
	n->updated = now;
	set_state(n, NUD_INCOMPLETE);
	arm(n, now + ms(p->retrans_time_ms));
}

int neigh_resolve_output(struct neighbour *n, struct sk_buff *skb)
{
	u64 now = plat_now();
	bool first;

	n->used = now;
	if (n->nud_state & NUD_STALE) {
		n->updated = now;
		set_state(n, NUD_DELAY);
		arm(n, now + sec(neigh_parms_of(n)->delay_first_probe_time));
	}
	if (n->nud_state & NUD_VALID)
		return neigh_hh_output(n, skb);
	first = !(n->nud_state & NUD_INCOMPLETE);
	if (first)
		begin_resolution(n, now);
	enqueue_waiting(n, skb);
	if (first)
		solicit(n);
	return 0;
}

/* ---- what the administrator says ---- */

int neigh_add(struct net_device *dev, be32 addr, const u8 *lladdr, u8 state,
	      enum neigh_add_mode mode)
{
	struct neighbour *n = neigh_lookup(dev, addr);
	bool made = !n;
	int err;

	if (!in_dev_get(dev) || dev->flags & (IFF_LOOPBACK | IFF_NOARP) ||
	    (!lladdr && state & NUD_VALID && !(n && n->nud_state & NUD_VALID)))
		return -EINVAL;
	if (n && mode == NEIGH_ADD)
		return -EEXIST;
	if (!n && mode == NEIGH_CHANGE)
		return -ENOENT;
	if (!n)
		n = neigh_create(dev, addr);
	if (!n)
		return -ENOBUFS;
	err = neigh_update(n, lladdr, state, NEIGH_UPDATE_F_ADMIN | NEIGH_UPDATE_F_OVERRIDE);
	if (err && made)
		neigh_remove(n);
	return err;
}

int neigh_delete(struct net_device *dev, be32 addr)
{
	struct neighbour *n = neigh_lookup(dev, addr);

	if (!n)
		return -ENOENT;
	neigh_remove(n);
	return 0;
}

u32 neigh_flush(struct net *net, struct net_device *dev, u8 states)
{
	struct neighbour *n, *tmp;
	u32 count = 0;

	if (!states)
		states = (u8) ~(NUD_PERMANENT | NUD_NOARP);
	list_for_each_entry_safe (n, tmp, &neigh_table(net)->gc_list, gc_list) {
		if ((dev && n->dev != dev) || (n->nud_state && !(n->nud_state & states)))
			continue;
		neigh_remove(n);
		count++;
	}
	return count;
}

void neigh_for_each(struct net *net, void (*fn)(void *arg, const struct neighbour *n), void *arg)
{
	struct neighbour *n;

	list_for_each_entry (n, &neigh_table(net)->gc_list, gc_list)
		fn(arg, n);
}

void neigh_ifdown(struct net_device *dev, bool all)
{
	neigh_flush(dev->net, dev, all ? 0xff : (u8)~NUD_PERMANENT);
}

/* ---- ageing ---- */

static void random_reachable_time(struct neigh_parms *p)
{
	u32 base = p->base_reachable_time_ms, r;

	plat_random(&r, sizeof(r));
	p->reachable_time = ms(base / 2 + (base ? r % base : 0)); /* RFC 4861 s6.3.2: 0.5 .. 1.5 */
}

static bool is_old(const struct neighbour *n, u64 now)
{
	u64 used = max(n->used, n->confirmed);

	if (n->nud_state & (NUD_PERMANENT | NUD_IN_TIMER))
		return false;
	return n->nud_state & NUD_FAILED || now > used + sec(neigh_parms_of(n)->gc_stale_time);
}

static void periodic_gc(struct timer *t, u64 now)
{
	struct neigh_table *tbl = container_of(t, struct neigh_table, gc_timer);
	struct neighbour *n, *tmp;
	struct net_device *dev;

	random_reachable_time(&tbl->parms);
	list_for_each_entry (dev, &tbl->net->dev_list, list) {
		if (in_dev_get(dev))
			random_reachable_time(in_dev_get(dev)->arp_parms);
	}
	list_for_each_entry_safe (n, tmp, &tbl->gc_list, gc_list) {
		if (tbl->count <= (u32)tbl->gc_thresh1)
			break;
		if (is_old(n, now))
			neigh_remove(n);
	}
	if (tbl->count)
		net_mod_timer(tbl->net, &tbl->gc_timer, now + sec(tbl->gc_interval));
}

static void neigh_parms_defaults(struct neigh_parms *p)
{
	*p = (struct neigh_parms){.base_reachable_time_ms = 30000,
				  .retrans_time_ms = 1000,
				  .delay_first_probe_time = 5,
				  .gc_stale_time = 60,
				  .mcast_solicit = 3,
				  .ucast_solicit = 3,
				  .unres_qlen_bytes = 212992,
				  .locktime = 100};
	random_reachable_time(p);
}

int neigh_init(struct net *net)
{
	struct neigh_table *tbl = plat_alloc(sizeof(*tbl));

	if (!tbl)
		return -ENOMEM;
	memset(tbl, 0, sizeof(*tbl));
	tbl->net = net;
	INIT_LIST_HEAD(&tbl->gc_list);
	plat_random(&tbl->hash_rnd, sizeof(tbl->hash_rnd));
	timer_setup(&tbl->gc_timer, periodic_gc);
	neigh_parms_defaults(&tbl->parms);
	tbl->gc_thresh1 = 128;
	tbl->gc_thresh2 = 512;
	tbl->gc_thresh3 = 1024;
	tbl->gc_interval = 30;
	tbl->unres_total_bytes = UNRES_TOTAL_BYTES;
	net_ipv4(net)->arp = tbl;
	return 0;
}

void neigh_exit(struct net *net)
{
	struct neigh_table *tbl = neigh_table(net);

	neigh_flush(net, NULL, 0xff);
	net_del_timer(net, &tbl->gc_timer);
	plat_free(tbl);
	net_ipv4(net)->arp = NULL;
}
