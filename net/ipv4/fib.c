/* SPDX-License-Identifier: MIT */
/*
 * Routes: tables, adding, removing, looking up.
 *
 * A prefix's routes hang as a list on its place in the trie. A lookup takes the first of the list that fits
 * the flow (TOS, scope, device), and if none does goes on with the next shorter prefix; so the common case is one
 * descent, and the rare one a few.
 */
#include "lib/errno.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/fib.h"
#include "net/ipv4/route_priv.h"
#include "net/ipv4/rt_cache.h"

static struct fib_state *fib_of(const struct net *net)
{
	return net_ipv4(net)->fib;
}

static struct fib_table *fib_table_find(struct net *net, u32 id)
{
	struct fib_table *tb;

	list_for_each_entry (tb, &fib_of(net)->tables, list) {
		if (tb->id == id)
			return tb;
	}
	return NULL;
}

/* Tables stand in the order of their numbers, for showing. */
static struct fib_table *fib_table_get(struct net *net, u32 id)
{
	struct fib_table *tb = fib_table_find(net, id), *other;
	struct list_head *at = &fib_of(net)->tables;

	if (tb)
		return tb;
	tb = plat_alloc(sizeof(*tb));
	if (!tb)
		return NULL;
	memset(tb, 0, sizeof(*tb));
	tb->id = id;
	list_for_each_entry (other, &fib_of(net)->tables, list) {
		if (other->id > id) {
			at = &other->list;
			break;
		}
	}
	list_add_tail(&tb->list, at);
	return tb;
}

/* What a lookup says of routes that lead nowhere. */
static int type_error(u8 type)
{
	switch (type) {
	case RTN_BLACKHOLE:
		return -EINVAL;
	case RTN_UNREACHABLE:
		return -EHOSTUNREACH;
	case RTN_PROHIBIT:
		return -EACCES;
	case RTN_THROW:
		return -EAGAIN;
	default:
		return 0;
	}
}

static bool entry_fits(const struct fib_entry *e, const struct flowi4 *fl)
{
	if (e->tos && e->tos != (fl->tos & IPTOS_RT_MASK))
		return false;
	if (e->scope < fl->scope)
		return false;
	if (e->flags & RTNH_F_DEAD)
		return false;
	return !fl->oif || !e->dev || e->dev->ifindex == fl->oif;
}

/* 0, -EAGAIN: this table does not know. */
static int fib_table_lookup(const struct fib_table *tb, const struct flowi4 *fl,
			    struct fib_entry **res)
{
	u32 key = be32_to_cpu(fl->daddr);
	unsigned int max = 32, len;

	for (;;) {
		struct fib_entry *e = fib_trie_lookup(&tb->trie, key, max, &len);

		if (!e)
			return -EAGAIN;
		for (; e; e = e->next) {
			if (!entry_fits(e, fl))
				continue;
			*res = e;
			return type_error(e->type);
		}
		if (!len)
			return -EAGAIN;
		max = len - 1;
	}
}

int fib_lookup(struct net *net, const struct flowi4 *fl, struct fib_entry **res)
{
	struct fib_state *fib = fib_of(net);
	struct fib_table *dflt;
	int err;

	err = fib_table_lookup(fib->local, fl, res);
	if (err != -EAGAIN)
		return err;
	err = fib_table_lookup(fib->main, fl, res);
	if (err != -EAGAIN)
		return err;
	dflt = fib_table_find(net, RT_TABLE_DEFAULT);
	if (dflt)
		err = fib_table_lookup(dflt, fl, res);
	return err == -EAGAIN ? -ENETUNREACH : err;
}

u8 inet_addr_type(struct net *net, const struct net_device *dev, be32 addr)
{
	struct flowi4 fl = {.daddr = addr};
	struct fib_entry *e;

	if (ipv4_is_zeronet(addr) || ipv4_is_lbcast(addr))
		return RTN_BROADCAST;
	if (ipv4_is_multicast(addr))
		return RTN_MULTICAST;
	if (fib_table_lookup(fib_of(net)->local, &fl, &e) || (dev && e->dev != dev))
		return RTN_UNICAST;
	return e->type;
}

/* ---- changes ---- */

static u8 default_scope(const struct fib_route *r, u8 type)
{
	if (type == RTN_LOCAL)
		return RT_SCOPE_HOST;
	if (type == RTN_BROADCAST || type == RTN_MULTICAST || type == RTN_ANYCAST)
		return RT_SCOPE_LINK;
	if (type == RTN_UNICAST && !r->gw)
		return RT_SCOPE_LINK;
	return RT_SCOPE_UNIVERSE;
}

/* The gateway must itself be on link, by a route of narrower scope. Finds the device if none was said. */
static int check_gateway(struct net *net, struct fib_entry *e)
{
	struct flowi4 fl = {.daddr = e->gw, .oif = e->dev ? e->dev->ifindex : 0};
	struct fib_entry *via;

	if (e->scope >= RT_SCOPE_LINK)
		return -EINVAL;
	if (e->flags & RTNH_F_ONLINK) {
		if (!e->dev)
			return -ENODEV;
		if (inet_addr_type(net, NULL, e->gw) != RTN_UNICAST)
			return -EINVAL;
		return e->dev->flags & IFF_UP ? 0 : -ENETDOWN;
	}
	fl.scope = e->scope + 1 < RT_SCOPE_LINK ? RT_SCOPE_LINK : e->scope + 1;
	if (fib_lookup(net, &fl, &via))
		return -ENETUNREACH;
	if (via->type != RTN_UNICAST)
		return -EINVAL;
	if (!via->dev || !(via->dev->flags & IFF_UP))
		return -ENETDOWN;
	e->dev = via->dev;
	return 0;
}

static int check_nexthop(struct net *net, struct fib_entry *e)
{
	if (type_error(e->type))
		return e->dev || e->gw ? -EINVAL : 0;
	if (e->gw)
		return check_gateway(net, e);
	if (!e->dev || !in_dev_get(e->dev))
		return -ENODEV;
	if (e->scope != RT_SCOPE_HOST && !(e->dev->flags & IFF_UP))
		return -ENETDOWN;
	return 0;
}

static int check_prefsrc(struct net *net, const struct fib_entry *e)
{
	if (!e->prefsrc || (e->type == RTN_LOCAL && e->dst == e->prefsrc))
		return 0;
	return inet_addr_type(net, NULL, e->prefsrc) == RTN_LOCAL ? 0 : -EINVAL;
}

static int entry_from_route(struct net *net, const struct fib_route *r, struct fib_entry *e)
{
	int err;

	if (r->dst_len > 32 || r->dst & ~inet_make_mask(r->dst_len) || r->type >= RTN_MAX ||
	    r->flags & ~(u32)RTNH_F_ONLINK || r->tos & ~IPTOS_RT_MASK)
		return -EINVAL;
	memset(e, 0, sizeof(*e));
	e->dst = r->dst;
	e->dst_len = r->dst_len;
	e->tos = r->tos;
	e->type = r->type ? r->type : RTN_UNICAST;
	e->scope = r->has_scope ? r->scope : default_scope(r, e->type);
	e->protocol = r->protocol;
	e->gw = r->gw;
	e->prefsrc = r->prefsrc;
	e->metric = r->metric;
	e->mtu = r->mtu;
	e->flags = r->flags;
	e->dev = r->dev;
	if (e->scope > RT_SCOPE_HOST)
		return -EINVAL;
	err = check_nexthop(net, e);
	if (!err)
		err = check_prefsrc(net, e);
	if (!err && e->dev && !e->dev->carrier)
		e->flags |= RTNH_F_LINKDOWN;
	return err;
}

static u32 route_table_id(const struct fib_route *r)
{
	if (r->table)
		return r->table;
	return r->type == RTN_LOCAL || r->type == RTN_BROADCAST || r->type == RTN_ANYCAST
		       ? RT_TABLE_LOCAL
		       : RT_TABLE_MAIN;
}

static void entry_free(struct net *net, struct fib_entry *e)
{
	for (unsigned int i = 0; i < FIB_RT_NR; i++)
		rt_drop(&e->rt[i]);
	if (e->all.next) {
		list_del(&e->all);
		fib_of(net)->count--;
	}
	plat_free(e);
}

static struct fib_entry *prefix_first(const struct fib_table *tb, const struct fib_entry *e)
{
	return fib_trie_get(&tb->trie, be32_to_cpu(e->dst), e->dst_len);
}

static bool same_rank(const struct fib_entry *a, const struct fib_entry *b)
{
	return a->tos == b->tos && a->metric == b->metric;
}

static bool same_route(const struct fib_entry *a, const struct fib_entry *b)
{
	return a->type == b->type && a->scope == b->scope && a->gw == b->gw && a->dev == b->dev &&
	       a->prefsrc == b->prefsrc && a->protocol == b->protocol && a->mtu == b->mtu;
}

static bool goes_before(const struct fib_entry *a, const struct fib_entry *b)
{
	if (a->tos != b->tos)
		return a->tos > b->tos;
	return a->metric < b->metric;
}

/* Puts e into its place of the prefix's list. */
static int entry_link(struct net *net, struct fib_table *tb, struct fib_entry *e)
{
	struct fib_entry *first = prefix_first(tb, e), **link = &first;
	int err;

	while (*link && !goes_before(e, *link))
		link = &(*link)->next;
	e->next = *link;
	*link = e;
	err = first == e ? fib_trie_set(&tb->trie, be32_to_cpu(e->dst), e->dst_len, e) : 0;
	if (err)
		return err;
	e->table = tb;
	list_add_tail(&e->all, &fib_of(net)->entries);
	fib_of(net)->count++;
	rt_cache_flush(net);
	return 0;
}

/* e takes old's place; old is freed. */
static int entry_replace(struct net *net, struct fib_table *tb, struct fib_entry *old,
			 struct fib_entry *e)
{
	struct fib_entry *first = prefix_first(tb, old), *p = first;

	if (first == old) {
		int err = fib_trie_set(&tb->trie, be32_to_cpu(e->dst), e->dst_len, e);

		BUG_ON(err); /* the place is there */
	} else {
		while (p->next != old)
			p = p->next;
		p->next = e;
	}
	e->next = old->next;
	e->table = tb;
	list_add_tail(&e->all, &fib_of(net)->entries);
	fib_of(net)->count++;
	entry_free(net, old);
	rt_cache_flush(net);
	return 0;
}

static void entry_unlink(struct net *net, struct fib_entry *e)
{
	struct fib_table *tb = e->table;
	struct fib_entry *first = prefix_first(tb, e), *p = first;
	int err = 0;

	if (first != e) {
		while (p->next != e)
			p = p->next;
		p->next = e->next;
	} else if (e->next) {
		err = fib_trie_set(&tb->trie, be32_to_cpu(e->dst), e->dst_len, e->next);
	} else {
		fib_trie_remove(&tb->trie, be32_to_cpu(e->dst), e->dst_len);
	}
	BUG_ON(err);
	entry_free(net, e);
	rt_cache_flush(net);
}

static int entry_add(struct net *net, struct fib_table *tb, struct fib_entry *e,
		     enum fib_add_mode mode)
{
	struct fib_entry *old = prefix_first(tb, e);

	while (old && !same_rank(old, e))
		old = old->next;
	if (old && mode == FIB_ADD)
		return -EEXIST;
	if (old && (mode == FIB_REPLACE || mode == FIB_CHANGE))
		return entry_replace(net, tb, old, e);
	if (!old && mode == FIB_CHANGE)
		return -ENOENT;
	for (; old && same_rank(old, e); old = old->next) {
		if (same_route(old, e))
			return -EEXIST;
	}
	return entry_link(net, tb, e);
}

int fib_add(struct net *net, const struct fib_route *route, enum fib_add_mode mode)
{
	struct fib_table *tb;
	struct fib_entry *e;
	int err;

	if (fib_of(net)->count >= (u32)net_ipv4(net)->sysctl_max_routes)
		return -ENOBUFS;
	e = plat_alloc(sizeof(*e));
	if (!e)
		return -ENOMEM;
	err = entry_from_route(net, route, e);
	if (!err) {
		tb = fib_table_get(net, route_table_id(route));
		err = tb ? entry_add(net, tb, e, mode) : -ENOMEM;
	}
	if (err)
		plat_free(e);
	return err;
}

static bool matches_told(const struct fib_entry *e, const struct fib_route *r)
{
	return e->tos == r->tos && (!r->type || e->type == r->type) &&
	       (!r->has_scope || e->scope == r->scope) &&
	       (!r->protocol || e->protocol == r->protocol) &&
	       (!r->metric || e->metric == r->metric) && (!r->gw || e->gw == r->gw) &&
	       (!r->prefsrc || e->prefsrc == r->prefsrc) && (!r->dev || e->dev == r->dev);
}

int fib_del(struct net *net, const struct fib_route *route)
{
	struct fib_table *tb = fib_table_find(net, route_table_id(route));
	struct fib_entry *e;

	if (!tb || route->dst_len > 32)
		return -ESRCH;
	e = fib_trie_get(&tb->trie, be32_to_cpu(route->dst), route->dst_len);
	while (e && !matches_told(e, route))
		e = e->next;
	if (!e)
		return -ESRCH;
	entry_unlink(net, e);
	return 0;
}

/* ---- showing ---- */

static void entry_to_route(const struct fib_entry *e, struct fib_route *r)
{
	*r = (struct fib_route){.dst = e->dst,
				.dst_len = e->dst_len,
				.tos = e->tos,
				.type = e->type,
				.scope = e->scope,
				.protocol = e->protocol,
				.has_scope = true,
				.table = e->table->id,
				.metric = e->metric,
				.gw = e->gw,
				.prefsrc = e->prefsrc,
				.dev = e->dev,
				.mtu = e->mtu,
				.flags = e->flags};
}

struct show {
	void (*fn)(void *arg, const struct fib_route *route);
	void *arg;
};

static void show_prefix(void *arg, void *value)
{
	const struct show *s = arg;
	struct fib_route r;

	for (const struct fib_entry *e = value; e; e = e->next) {
		entry_to_route(e, &r);
		s->fn(s->arg, &r);
	}
}

void fib_for_each(struct net *net, u32 table, void (*fn)(void *arg, const struct fib_route *route),
		  void *arg)
{
	struct show s = {fn, arg};
	struct fib_table *tb;

	list_for_each_entry (tb, &fib_of(net)->tables, list) {
		if (table == RT_TABLE_UNSPEC || tb->id == table)
			fib_trie_walk(&tb->trie, show_prefix, &s);
	}
}

u32 fib_count(const struct net *net)
{
	return fib_of(net)->count;
}

int ip_route_get(struct net *net, struct flowi4 *fl, struct fib_route *found, struct rtable **rt)
{
	struct flowi4 asked = *fl;
	struct fib_entry *e;
	int err;

	memset(found, 0, sizeof(*found));
	if (fib_lookup(net, &asked, &e) == 0)
		entry_to_route(e, found);
	err = ip_route_output(net, fl, rt);
	return err;
}

/* ---- what follows from addresses and devices ---- */

typedef bool (*entry_test)(const struct fib_entry *e, const void *arg);

static void unlink_if(struct net *net, entry_test test, const void *arg)
{
	struct fib_entry *e, *tmp;

	list_for_each_entry_safe (e, tmp, &fib_of(net)->entries, all) {
		if (test(e, arg))
			entry_unlink(net, e);
	}
}

static bool uses_dev(const struct fib_entry *e, const void *dev)
{
	return e->dev == dev;
}

static bool uses_link_of(const struct fib_entry *e, const void *dev)
{
	return e->dev == dev && e->scope != RT_SCOPE_HOST;
}

static bool prefers_src(const struct fib_entry *e, const void *local)
{
	return e->prefsrc == *(const be32 *)local;
}

/* Own addresses stay while the device is down, as in Linux. */
void fib_sync_down_dev(struct net_device *dev, bool unregister)
{
	unlink_if(dev->net, unregister ? uses_dev : uses_link_of, dev);
}

void fib_sync_down_addr(struct net *net, be32 local)
{
	unlink_if(net, prefers_src, &local);
}

void fib_carrier_changed(struct net_device *dev)
{
	struct fib_entry *e;

	list_for_each_entry (e, &fib_of(dev->net)->entries, all) {
		if (e->dev != dev)
			continue;
		e->flags = dev->carrier ? e->flags & ~(u32)RTNH_F_LINKDOWN
					: e->flags | RTNH_F_LINKDOWN;
	}
}

int fib_init(struct net *net)
{
	struct fib_state *fib = plat_alloc(sizeof(*fib));

	if (!fib)
		return -ENOMEM;
	memset(fib, 0, sizeof(*fib));
	INIT_LIST_HEAD(&fib->tables);
	INIT_LIST_HEAD(&fib->entries);
	net_ipv4(net)->fib = fib;
	fib->local = fib_table_get(net, RT_TABLE_LOCAL);
	fib->main = fib_table_get(net, RT_TABLE_MAIN);
	if (fib->local && fib->main)
		return 0;
	fib_exit(net);
	return -ENOMEM;
}

static bool any_entry(const struct fib_entry *e, const void *arg)
{
	(void)e;
	(void)arg;
	return true;
}

void fib_exit(struct net *net)
{
	struct fib_state *fib = fib_of(net);
	struct fib_table *tb, *tmp;

	unlink_if(net, any_entry, NULL);
	list_for_each_entry_safe (tb, tmp, &fib->tables, list)
		plat_free(tb);
	plat_free(fib);
	net_ipv4(net)->fib = NULL;
}
