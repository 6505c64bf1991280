/* SPDX-License-Identifier: MIT */
/*
 * recent: lists of addresses seen, by name, each with the times of its last packets.
 *
 * A list is made, with room for all it may ever hold, when a rule that names it first comes into force, and goes with
 * the last such rule. It keeps LIST_TOT addresses; the one not seen for longest gives way. Times are in ms.
 */
#include "lib/errno.h"
#include "net/core/nf_hook.h"
#include "net/netfilter/ip_tables.h"
#include "net/netfilter/xt_packet.h"

#define LIST_TOT       100 /* Linux's ip_list_tot */
#define HITS_MAX       U16_MAX
#define STAMPS         32 /* kept of an address, unless a rule asks for more */
#define BUCKETS        64
#define TABLES_MAX     256
#define MODIFIERS      (XT_RECENT_TTL | XT_RECENT_REAP)
#define ACTIONS        (XT_RECENT_CHECK | XT_RECENT_SET | XT_RECENT_UPDATE | XT_RECENT_REMOVE)
#define NSEC_TO_MS(ns) ((u32)((ns) / NSEC_PER_MSEC))

struct recent_entry {
	struct hlist_node hash;
	struct list_head lru; /* or the list of free ones */
	be32 addr;
	u8 ttl;
	u32 index, nr; /* where the next stamp goes, how many there are */
	u32 *stamps;
};

struct recent_table {
	struct list_head list;
	struct net *net;
	u32 refs;
	u32 nr_stamps; /* of an entry; a power of two */
	be32 mask;
	struct list_head lru, free;
	struct hlist_head bucket[BUCKETS];
	struct recent_entry entries[LIST_TOT];
	u32 *stamps; /* of all entries */
	char name[XT_RECENT_NAME_LEN];
};

static struct hlist_head *bucket(struct recent_table *t, be32 addr)
{
	return &t->bucket[siphash13_2u64(addr, 0, &t->net->hash_key) % BUCKETS];
}

static struct recent_entry *entry_find(struct recent_table *t, be32 addr, u8 ttl)
{
	struct recent_entry *e;

	hlist_for_each_entry (e, bucket(t, addr), hash) {
		if (e->addr == addr && (e->ttl == ttl || !ttl || !e->ttl))
			return e;
	}
	return NULL;
}

static void entry_remove(struct recent_table *t, struct recent_entry *e)
{
	hlist_del(&e->hash);
	list_del(&e->lru);
	list_add_tail(&e->lru, &t->free);
}

static void entry_stamp(struct recent_table *t, struct recent_entry *e, u32 now, u8 ttl)
{
	e->index %= t->nr_stamps;
	e->stamps[e->index++] = now;
	e->nr = max(e->nr, e->index);
	e->ttl = ttl;
	list_del(&e->lru);
	list_add_tail(&e->lru, &t->lru);
}

static void entry_add(struct recent_table *t, be32 addr, u32 now, u8 ttl)
{
	struct recent_entry *e;

	if (list_empty(&t->free))
		entry_remove(t, list_first_entry(&t->lru, struct recent_entry, lru));
	e = list_first_entry(&t->free, struct recent_entry, lru);
	e->addr = addr;
	e->index = e->nr = 0;
	hlist_add_head(&e->hash, bucket(t, addr));
	entry_stamp(t, e, now, ttl);
}

static void table_flush(struct recent_table *t)
{
	while (!list_empty(&t->lru))
		entry_remove(t, list_first_entry(&t->lru, struct recent_entry, lru));
}

/* The entry not seen for longest, if that is too long; but not the one that is about to be seen. */
static void table_reap(struct recent_table *t, u32 before, const struct recent_entry *spared)
{
	struct recent_entry *e = list_first_entry(&t->lru, struct recent_entry, lru);

	if (e != spared && (s32)(before - e->stamps[e->index - 1]) > 0)
		entry_remove(t, e);
}

static bool seen_so_often(const struct recent_entry *e, const struct xt_recent_info *info,
			  u32 since)
{
	u32 hits = 0;

	for (u32 i = 0; i < e->nr; i++) {
		if (info->seconds && (s32)(since - e->stamps[i]) > 0)
			continue;
		if (!info->hit_count || ++hits >= info->hit_count)
			return true;
	}
	return false;
}

/* CHECK and UPDATE of an address that is listed. */
static bool look(const struct xt_recent_info *info, struct recent_entry *e, u32 now, u8 ttl)
{
	u32 since = now - info->seconds * 1000;
	bool fits = seen_so_often(e, info, since) != !!info->invert;
	bool update = fits && info->check_set & XT_RECENT_UPDATE;

	if (info->check_set & XT_RECENT_REAP)
		table_reap(info->table, since, update ? e : NULL);
	if (update)
		entry_stamp(info->table, e, now, ttl);
	return fits;
}

/* Whether the packet has lost one of its TTL here. Linux takes for such what has no socket, as REJECT's resets. */
static bool is_forwarded(const struct sk_buff *skb)
{
	return skb->hooks_passed & (NF_PASSED(FORWARD) | NF_OF_RULE);
}

static bool recent_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	const struct xt_recent_info *info = data;
	const struct iphdr *iph = xt_ip_hdr(skb);
	be32 addr = (info->side == XT_RECENT_DEST ? iph->daddr : iph->saddr) & info->table->mask;
	u32 now = NSEC_TO_MS(plat_now());
	u8 ttl = iph->ttl;
	struct recent_entry *e;

	if (par->state->out && is_forwarded(skb))
		ttl++;
	e = entry_find(info->table, addr, info->check_set & XT_RECENT_TTL ? ttl : 0);
	if (!e) {
		if (!(info->check_set & XT_RECENT_SET))
			return info->invert;
		entry_add(info->table, addr, now, ttl);
		return !info->invert;
	}
	if (info->check_set & XT_RECENT_REMOVE) {
		entry_remove(info->table, e);
		return !info->invert;
	}
	if (!(info->check_set & XT_RECENT_SET))
		return look(info, e, now, ttl);
	entry_stamp(info->table, e, now, ttl);
	return !info->invert;
}

static int recent_check(struct xt_chk_param *par, const void *data)
{
	const struct xt_recent_info *info = data;
	u8 action = info->check_set & ACTIONS;

	if (info->check_set & ~(ACTIONS | MODIFIERS) || !action || action & (action - 1))
		return -EINVAL;
	if (action & (XT_RECENT_SET | XT_RECENT_REMOVE) &&
	    (info->seconds || info->hit_count || info->check_set & MODIFIERS))
		return -EINVAL;
	if (info->check_set & XT_RECENT_REAP && !info->seconds)
		return -EINVAL;
	if (info->hit_count > HITS_MAX) {
		par->why = "hitcount is larger than allowed maximum (65535)";
		return -EINVAL;
	}
	if (!info->name[0] || strnlen(info->name, XT_RECENT_NAME_LEN) == XT_RECENT_NAME_LEN ||
	    strchr(info->name, '/') || !strcmp(info->name, ".") || !strcmp(info->name, ".."))
		return -EINVAL;
	return 0;
}

static struct recent_table *table_find(const struct xt_net *xt, const char *name)
{
	struct recent_table *t;

	list_for_each_entry (t, &xt->recent, list) {
		if (!strcmp(t->name, name))
			return t;
	}
	return NULL;
}

static u32 stamps_for(const struct xt_recent_info *info)
{
	u32 n = 1;

	if (!info->hit_count)
		return STAMPS;
	while (n < info->hit_count)
		n *= 2;
	return n;
}

/* Room for so many stamps an entry; what was listed is forgotten, as by Linux. */
static int table_widen(struct recent_table *t, u32 nr_stamps)
{
	u32 *stamps = plat_alloc((size_t)LIST_TOT * nr_stamps * sizeof(u32));

	if (!stamps)
		return -ENOMEM;
	table_flush(t);
	plat_free(t->stamps);
	t->stamps = stamps;
	t->nr_stamps = nr_stamps;
	for (u32 i = 0; i < LIST_TOT; i++)
		t->entries[i].stamps = stamps + i * nr_stamps;
	return 0;
}

static struct recent_table *table_create(struct net *net, const struct xt_recent_info *info)
{
	struct recent_table *t;

	if (net->xt->nr_recent == TABLES_MAX)
		return NULL;
	t = plat_alloc(sizeof(*t));
	if (!t)
		return NULL;
	memset(t, 0, sizeof(*t));
	t->net = net;
	t->mask = info->mask;
	strscpy(t->name, info->name, sizeof(t->name));
	INIT_LIST_HEAD(&t->lru);
	INIT_LIST_HEAD(&t->free);
	for (u32 i = 0; i < LIST_TOT; i++)
		list_add_tail(&t->entries[i].lru, &t->free);
	if (table_widen(t, stamps_for(info))) {
		plat_free(t);
		return NULL;
	}
	list_add_tail(&t->list, &net->xt->recent);
	net->xt->nr_recent++;
	return t;
}

static int recent_init(struct net *net, void *data)
{
	struct xt_recent_info *info = data;
	struct recent_table *t = table_find(net->xt, info->name);

	if (t && stamps_for(info) > t->nr_stamps && table_widen(t, stamps_for(info)))
		return -ENOMEM;
	if (!t)
		t = table_create(net, info);
	if (!t)
		return -ENOMEM;
	t->refs++;
	info->table = t;
	return 0;
}

static void recent_destroy(struct net *net, void *data)
{
	struct recent_table *t = ((struct xt_recent_info *)data)->table;

	if (--t->refs)
		return;
	list_del(&t->list);
	net->xt->nr_recent--;
	plat_free(t->stamps);
	plat_free(t);
}

const struct xt_ext xt_recent_exts[] = {
	{.name = "recent",
	 .size = sizeof(struct xt_recent_info),
	 .usersize = offsetof(struct xt_recent_info, _state),
	 .check = recent_check,
	 .init = recent_init,
	 .destroy = recent_destroy,
	 .match = recent_match},
};
const u32 xt_recent_nr = ARRAY_SIZE(xt_recent_exts);
