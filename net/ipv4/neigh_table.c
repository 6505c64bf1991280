/* SPDX-License-Identifier: MIT */
/*
 * The table of neighbours: entries come and go, and what the administrator says of them.
 *
 * Limits are Linux's: at gc_thresh1 entries the periodic collection begins to work, above gc_thresh2 room is made at once
 * (every five seconds), gc_thresh3 is the end. What is recycled first differs: see enum neigh_class.
 *
 * An entry taken out of the table is marked dead and lives as long as somebody holds it; holders look.
 * Sources: RFC 1122 s2.3.2.1, RFC 4861 s6.3.2 (random reachable times).
 */
#include "lib/errno.h"
#include "net/ipv4/arp.h"
#include "net/ipv4/neigh_priv.h"

#define FORCED_GC_AGE     (5 * NSEC_PER_SEC)
#define FULL_GC_INTERVAL  NSEC_PER_SEC
#define RANDOM_INTERVAL   (300 * NSEC_PER_SEC)
#define UNRES_TOTAL_BYTES (1024 * 1024)
#define NEIGH_TOLD_MAX    16384
#define FIRST_BITS        4
#define MOST_BITS         20

/* Multiply-shift (Dietzfelbinger 1996) with a secret odd multiplier: no choice of addresses collides more often than chance. */
static struct hlist_head *bucket_of(struct neigh_table *tbl, const struct net_device *dev,
				    be32 addr)
{
	u32 h = (addr ^ dev->ifindex) * tbl->hash_rnd;

	return &tbl->bucket[h >> (32 - tbl->bits)];
}

struct neighbour *neigh_lookup(struct net_device *dev, be32 addr)
{
	struct neigh_table *tbl = neigh_table(dev->net);
	struct neighbour *n;

	if (!tbl->bucket)
		return NULL;
	hlist_for_each_entry (n, bucket_of(tbl, dev, addr), hash) {
		if (n->primary_key == addr && n->dev == dev)
			return n;
	}
	return NULL;
}

static u32 entries(const struct neigh_table *tbl)
{
	return tbl->count[NEIGH_SPARE] + tbl->count[NEIGH_USED];
}

/* Room for about one entry a bucket. Without memory the lists just grow longer. False: there is no table at all. */
static bool grow(struct neigh_table *tbl)
{
	u32 bits = tbl->bucket ? tbl->bits + 1 : FIRST_BITS;
	struct hlist_head *bucket;
	struct neighbour *n;

	if (tbl->bucket &&
	    (entries(tbl) + tbl->count[NEIGH_TOLD] <= 1U << tbl->bits || bits > MOST_BITS))
		return true;
	bucket = plat_alloc(sizeof(*bucket) << bits);
	if (!bucket)
		return tbl->bucket;
	memset(bucket, 0, sizeof(*bucket) << bits);
	plat_free(tbl->bucket);
	tbl->bucket = bucket;
	tbl->bits = bits;
	for (u32 i = 0; i < NEIGH_CLASSES; i++) {
		list_for_each_entry (n, &tbl->lists[i], list)
			hlist_add_head(&n->hash, bucket_of(tbl, n->dev, n->primary_key));
	}
	return true;
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

void neigh_remove(struct neighbour *n)
{
	neigh_table(n->net)->count[n->class]--;
	n->dead = true;
	n->hh_valid = false;
	hlist_del(&n->hash);
	list_del(&n->list);
	net_del_timer(n->net, &n->timer);
	neigh_drop_waiting(n);
	neigh_release(n);
}

void neigh_set_class(struct neighbour *n, u8 class)
{
	struct neigh_table *tbl = neigh_table(n->net);

	if (n->class == class)
		return;
	tbl->count[n->class]--;
	tbl->count[class]++;
	n->class = class;
	list_del(&n->list);
	list_add_tail(&n->list, &tbl->lists[class]);
}

/* ---- room ---- */

static u64 last_use(const struct neighbour *n)
{
	return max(n->used, n->confirmed > plat_now() ? 0 : n->confirmed);
}

/* Down to limit: first what nobody misses. A packet goes on by it still: it is used. */
static void shrink_spare(struct neigh_table *tbl, u32 limit)
{
	struct neighbour *n, *tmp;

	list_for_each_entry_safe (n, tmp, &tbl->lists[NEIGH_SPARE], list) {
		if (entries(tbl) < limit)
			return;
		if (n->refcnt > 1 && n->nud_state & (NUD_REACHABLE | NUD_STALE))
			neigh_set_class(n, NEIGH_USED);
		else
			neigh_remove(n);
	}
}

static void shrink_used(struct neigh_table *tbl, u32 limit, u64 now)
{
	struct neighbour *n, *tmp;

	tbl->last_flush = now;
	list_for_each_entry_safe (n, tmp, &tbl->lists[NEIGH_USED], list) {
		if (entries(tbl) < limit)
			return;
		if (n->nud_state & NUD_STALE && now - last_use(n) > FORCED_GC_AGE)
			neigh_remove(n);
	}
}

static bool table_has_room(struct neigh_table *tbl, bool learnt)
{
	u64 now = plat_now(), since = now - tbl->last_flush;
	u32 soft = tbl->gc_thresh2, hard = tbl->gc_thresh3;

	if (tbl->count[NEIGH_TOLD] >= NEIGH_TOLD_MAX)
		return false;
	if (entries(tbl) >= soft && since > FORCED_GC_AGE) {
		shrink_spare(tbl, soft);
		if (!learnt)
			shrink_used(tbl, soft, now);
	} else if (entries(tbl) >= hard) {
		shrink_spare(tbl, hard);
		if (entries(tbl) >= hard && !learnt && since > FULL_GC_INTERVAL)
			shrink_used(tbl, hard, now);
	}
	return entries(tbl) < hard;
}

struct neighbour *neigh_create(struct net_device *dev, be32 addr, bool learnt)
{
	struct neigh_table *tbl = neigh_table(dev->net);
	struct neighbour *n;

	if (!in_dev_get(dev) || !table_has_room(tbl, learnt) || !grow(tbl))
		return NULL;
	n = plat_alloc(sizeof(*n));
	if (!n)
		return NULL;
	memset(n, 0, sizeof(*n));
	n->primary_key = addr;
	n->dev = dev;
	n->net = dev->net;
	n->refcnt = 1;
	n->updated = n->used = plat_now();
	n->confirmed = n->used - 2 * neigh_parms_of(n)->reachable_time;
	skb_queue_head_init(&n->arp_queue);
	timer_setup(&n->timer, neigh_timer);
	list_add_tail(&n->list, &tbl->lists[NEIGH_SPARE]);
	tbl->count[NEIGH_SPARE]++;
	arp_constructor(n);
	neigh_set_state(n, n->nud_state); /* broadcast and multicast need no asking */
	hlist_add_head(&n->hash, bucket_of(tbl, dev, addr));
	if (!timer_pending(&tbl->gc_timer))
		net_mod_timer(n->net, &tbl->gc_timer, n->updated + neigh_sec(tbl->gc_interval));
	return n;
}

/* ---- what the administrator says ---- */

/* The entry, perhaps new; NULL: *err says why. */
static struct neighbour *neigh_for(struct net_device *dev, be32 addr, enum neigh_add_mode mode,
				   bool *made, int *err)
{
	struct neighbour *n = neigh_lookup(dev, addr);

	*made = !n;
	*err = 0;
	if (!in_dev_get(dev) || dev->flags & (IFF_LOOPBACK | IFF_NOARP))
		*err = -EINVAL;
	else if (n && mode == NEIGH_ADD)
		*err = -EEXIST;
	else if (!n && mode == NEIGH_CHANGE)
		*err = -ENOENT;
	if (*err)
		return NULL;
	if (!n)
		n = neigh_create(dev, addr, false);
	*err = n ? 0 : -ENOBUFS;
	return n;
}

int neigh_add(struct net_device *dev, be32 addr, const u8 *lladdr, u8 state,
	      enum neigh_add_mode mode)
{
	struct neighbour *n = neigh_lookup(dev, addr);
	bool made;
	int err;

	if (!lladdr && state & NUD_VALID && !(n && n->nud_state & NUD_VALID))
		return -EINVAL;
	n = neigh_for(dev, addr, mode, &made, &err);
	if (!n)
		return err;
	err = neigh_update(n, lladdr, state, NEIGH_UPDATE_F_ADMIN | NEIGH_UPDATE_F_OVERRIDE);
	if (err && made)
		neigh_remove(n);
	else if (n->nud_state & NUD_VALID && n->class == NEIGH_SPARE)
		neigh_set_class(n, NEIGH_USED);
	return err;
}

int neigh_use(struct net_device *dev, be32 addr, enum neigh_add_mode mode)
{
	bool made;
	int err;
	struct neighbour *n = neigh_for(dev, addr, mode, &made, &err);

	if (n)
		neigh_event_send(n);
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
	struct neigh_table *tbl = neigh_table(net);
	struct neighbour *n, *tmp;
	u32 count = 0;

	if (!states)
		states = (u8) ~(NUD_PERMANENT | NUD_NOARP);
	for (u32 i = 0; i < NEIGH_CLASSES; i++) {
		list_for_each_entry_safe (n, tmp, &tbl->lists[i], list) {
			if ((dev && n->dev != dev) || (n->nud_state && !(n->nud_state & states)))
				continue;
			neigh_remove(n);
			count++;
		}
	}
	return count;
}

void neigh_for_each(struct net *net, void (*fn)(void *arg, const struct neighbour *n), void *arg)
{
	struct neighbour *n;

	for (u32 i = 0; i < NEIGH_CLASSES; i++) {
		list_for_each_entry (n, &neigh_table(net)->lists[i], list)
			fn(arg, n);
	}
}

void neigh_ifdown(struct net_device *dev, bool all)
{
	neigh_flush(dev->net, dev, all ? 0xff : (u8)~NUD_PERMANENT);
}

/* ---- ageing ---- */

void neigh_random_reachable_time(struct neigh_parms *p)
{
	u32 base = p->base_reachable_time_ms, r;

	plat_random(&r, sizeof(r));
	p->reachable_time = neigh_ms(base / 2 + (base ? r % base : 0)); /* 0.5 .. 1.5 */
}

static bool is_old(const struct neighbour *n, u64 now)
{
	if (n->nud_state & NUD_IN_TIMER)
		return false;
	return n->nud_state & NUD_FAILED ||
	       now >= last_use(n) + neigh_sec(neigh_parms_of(n)->gc_stale_time);
}

static void new_reachable_times(struct neigh_table *tbl, u64 now)
{
	struct net_device *dev;

	if (now < tbl->last_random + RANDOM_INTERVAL)
		return;
	tbl->last_random = now;
	neigh_random_reachable_time(&tbl->parms);
	list_for_each_entry (dev, &tbl->net->dev_list, list) {
		if (in_dev_get(dev))
			neigh_random_reachable_time(in_dev_get(dev)->arp_parms);
	}
}

static void periodic_gc(struct timer *t, u64 now)
{
	struct neigh_table *tbl = container_of(t, struct neigh_table, gc_timer);
	struct neighbour *n, *tmp;

	new_reachable_times(tbl, now);
	for (u32 i = NEIGH_SPARE, above = entries(tbl); i <= NEIGH_USED; i++) {
		list_for_each_entry_safe (n, tmp, &tbl->lists[i], list) {
			if (above >= (u32)tbl->gc_thresh1 && is_old(n, now))
				neigh_remove(n);
		}
		above = tbl->count[NEIGH_USED]; /* the spare do not cost the used their place */
	}
	if (entries(tbl))
		net_mod_timer(tbl->net, &tbl->gc_timer, now + neigh_sec(tbl->gc_interval));
}

/* ---- the table itself ---- */

static void neigh_parms_defaults(struct neigh_parms *p)
{
	*p = (struct neigh_parms){.base_reachable_time_ms = 30000,
				  .retrans_time_ms = 1000,
				  .delay_first_probe_time = 5,
				  .gc_stale_time = 60,
				  .mcast_solicit = 3,
				  .ucast_solicit = 3,
				  .unres_qlen_bytes = 212992,
				  .unres_qlen = 101,
				  .proxy_delay = 80,
				  .proxy_qlen = 64,
				  .locktime = 100};
	neigh_random_reachable_time(p);
}

int neigh_init(struct net *net)
{
	struct neigh_table *tbl = plat_alloc(sizeof(*tbl));

	if (!tbl)
		return -ENOMEM;
	memset(tbl, 0, sizeof(*tbl));
	tbl->net = net;
	for (u32 i = 0; i < NEIGH_CLASSES; i++)
		INIT_LIST_HEAD(&tbl->lists[i]);
	plat_random(&tbl->hash_rnd, sizeof(tbl->hash_rnd));
	tbl->hash_rnd |= 1;
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
	arp_proxy_exit(net);
	plat_free(tbl->bucket);
	plat_free(tbl);
	net_ipv4(net)->arp = NULL;
}
