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
#include "net/ipv4/igmp.h"
#include "net/ipv4/route_priv.h"
#include "net/ipv4/rt_cache.h"

struct fib_table *fib_table_find(struct net *net, u32 id)
{
	struct fib_table *tb;

	list_for_each_entry (tb, &fib_of(net)->tables, list) {
		if (tb->id == id)
			return tb;
	}
	return NULL;
}

/* Tables stand in the order of their numbers, for showing. */
struct fib_table *fib_table_get(struct net *net, u32 id)
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
	if (id == RT_TABLE_DEFAULT)
		fib_of(net)->dflt = tb;
	return tb;
}

void fib_table_put(struct net *net, struct fib_table *tb)
{
	struct fib_state *fib = fib_of(net);

	if (tb->rules || tb->trie.count || tb == fib->local || tb == fib->main)
		return;
	if (tb == fib->dflt)
		fib->dflt = NULL;
	list_del(&tb->list);
	plat_free(tb);
}

/* alias_add(): the route is there already, where it should be. */
#define FIB_UNCHANGED 1

/* What a lookup says of routes that lead nowhere. */
int fib_type_error(u8 type)
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

static struct fib_nh *hop_that_fits(struct fib_info *fi, const struct flowi4 *fl)
{
	for (unsigned int i = 0; i < fi->nhs; i++) {
		struct fib_nh *nh = &fi->nh[i];

		if (unlikely(nh->flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) &&
		    (nh->flags & RTNH_F_DEAD || !(fl->linkdown || fib_nh_usable(nh))))
			continue;
		if (!fl->oif || nh->dev->ifindex == fl->oif)
			return nh;
	}
	return NULL;
}

/* 0, an error as of fib_lookup(), or -EAGAIN: another route is to be tried. */
static int alias_lookup(struct fib_alias *fa, const struct flowi4 *fl, struct fib_result *res)
{
	struct fib_info *fi = fa->fi;
	int err;

	if (fa->tos && fa->tos != (fl->tos & IPTOS_RT_MASK))
		return -EAGAIN;
	if (fi->scope < fl->scope)
		return -EAGAIN;
	err = fib_type_error(fi->type);
	res->nh = err ? &fi->nh[0] : hop_that_fits(fi, fl);
	if (!res->nh)
		return -EAGAIN;
	res->fa = fa;
	res->fi = fi;
	return err;
}

/* 0, -EAGAIN: this table does not know. */
int fib_table_lookup(const struct fib_table *tb, const struct flowi4 *fl, struct fib_result *res)
{
	u32 key = be32_to_cpu(fl->daddr);
	struct fib_alias *fa = fib_trie_match(&tb->trie, key);
	unsigned int len;

	while (fa) {
		len = fa->dst_len;
		for (; fa; fa = fa->next) {
			int err = alias_lookup(fa, fl, res);

			if (err != -EAGAIN || fa->fi->type == RTN_THROW)
				return err;
		}
		if (len)
			fa = fib_trie_lookup(&tb->trie, key, len - 1, &len);
	}
	return -EAGAIN;
}

/*
 * Without rules of one's own Linux keeps local and main in one trie: there a longer prefix of main beats a
 * shorter one of local.
 */
static int local_or_main(const struct fib_state *fib, const struct flowi4 *fl,
			 struct fib_result *res)
{
	int err = fib_table_lookup(fib->local, fl, res);
	struct fib_result other;
	int err2;

	if (err == -EAGAIN)
		return fib_table_lookup(fib->main, fl, res);
	if (likely(res->fa->dst_len == 32))
		return err;
	err2 = fib_table_lookup(fib->main, fl, &other);
	if (err2 == -EAGAIN || other.fa->dst_len <= res->fa->dst_len)
		return err;
	*res = other;
	return err2;
}

int fib_lookup(struct net *net, const struct flowi4 *fl, struct fib_result *res)
{
	const struct fib_state *fib = fib_of(net);
	int err;

	if (unlikely(fib->rules))
		return fib_rules_lookup(net, fl, res);
	err = local_or_main(fib, fl, res);
	if (err == -EAGAIN && fib->dflt)
		err = fib_table_lookup(fib->dflt, fl, res);
	return err == -EAGAIN ? -ENETUNREACH : err;
}

u8 inet_addr_type(struct net *net, const struct net_device *dev, be32 addr)
{
	struct flowi4 fl = {.daddr = addr};
	struct fib_result res;

	if (ipv4_is_zeronet(addr) || ipv4_is_lbcast(addr))
		return RTN_BROADCAST;
	if (ipv4_is_multicast(addr))
		return RTN_MULTICAST;
	if (fib_table_lookup(fib_of(net)->local, &fl, &res) || (dev && res.nh->dev != dev))
		return RTN_UNICAST;
	return res.fi->type;
}

/* ---- changes ---- */

static u32 route_table_id(const struct fib_route *r)
{
	if (r->table)
		return r->table;
	return r->type == RTN_LOCAL || r->type == RTN_BROADCAST || r->type == RTN_ANYCAST
		       ? RT_TABLE_LOCAL
		       : RT_TABLE_MAIN;
}

static struct fib_alias *prefix_first(const struct fib_table *tb, be32 dst, u8 len)
{
	return fib_trie_get(&tb->trie, be32_to_cpu(dst), len);
}

static bool same_rank(const struct fib_alias *a, const struct fib_alias *b)
{
	return a->tos == b->tos && a->fi->metric == b->fi->metric;
}

static bool goes_before(const struct fib_alias *a, const struct fib_alias *b)
{
	if (a->tos != b->tos)
		return a->tos > b->tos;
	return a->fi->metric < b->fi->metric;
}

/* Makes first, which may be NULL, the first of fa's prefix. */
static int prefix_set(struct fib_table *tb, const struct fib_alias *fa, struct fib_alias *first)
{
	u32 key = be32_to_cpu(fa->dst);

	if (first)
		return fib_trie_set(&tb->trie, key, fa->dst_len, first);
	fib_trie_remove(&tb->trie, key, fa->dst_len);
	return 0;
}

/* One route more or less in the table local. */
static void local_count(struct net *net, const struct fib_alias *fa, int by)
{
	struct fib_state *fib = fib_of(net);

	if (fa->table != fib->local)
		return;
	if (fa->dst_len == 32)
		fib->local_hosts[fib_local_hash(fa->dst)] += by;
	else if (fa->dst_len < 8 || !ipv4_is_loopback(fa->dst))
		fib->local_wide += by;
}

/* Puts fa behind prev (NULL: first) of its prefix. */
static int alias_link(struct net *net, struct fib_table *tb, struct fib_alias *fa,
		      struct fib_alias *prev)
{
	int err = 0;

	fa->table = tb;
	if (prev) {
		fa->next = prev->next;
		prev->next = fa;
	} else {
		fa->next = prefix_first(tb, fa->dst, fa->dst_len);
		err = prefix_set(tb, fa, fa);
	}
	if (err)
		return err;
	list_add_tail(&fa->list, &fa->fi->aliases);
	local_count(net, fa, 1);
	fib_of(net)->count++;
	rt_cache_flush(net);
	return 0;
}

void fib_alias_remove(struct net *net, struct fib_alias *fa)
{
	struct fib_alias *p = prefix_first(fa->table, fa->dst, fa->dst_len);

	if (p != fa) {
		while (p->next != fa)
			p = p->next;
		p->next = fa->next;
	} else {
		int err = prefix_set(fa->table, fa, fa->next);

		BUG_ON(err); /* the place is there */
	}
	list_del(&fa->list);
	local_count(net, fa, -1);
	fib_of(net)->count--;
	fib_release_info(net, fa->fi);
	fib_table_put(net, fa->table);
	plat_free(fa);
	rt_cache_flush(net);
}

/* Where fa goes in its prefix's list: what it goes behind, and those of its rank. */
struct place {
	struct fib_alias *before, *first, *last, *equal;
};

static struct place find_place(const struct fib_table *tb, const struct fib_alias *fa)
{
	struct place at = {.before = NULL};
	struct fib_alias *p = prefix_first(tb, fa->dst, fa->dst_len);

	for (; p && !goes_before(fa, p); p = p->next) {
		if (!same_rank(p, fa)) {
			at.before = p;
			continue;
		}
		if (!at.first)
			at.first = p;
		if (p->fi == fa->fi)
			at.equal = p;
		at.last = p;
	}
	return at;
}

static int alias_add(struct net *net, struct fib_table *tb, struct fib_alias *fa,
		     enum fib_add_mode mode)
{
	struct place at = find_place(tb, fa);
	int err;

	if (!at.first)
		return mode == FIB_CHANGE ? -ENOENT : alias_link(net, tb, fa, at.before);
	if (mode == FIB_ADD)
		return -EEXIST;
	if (mode == FIB_REPLACE || mode == FIB_CHANGE) {
		if (at.equal)
			return at.equal == at.first ? FIB_UNCHANGED : -EEXIST;
		err = alias_link(net, tb, fa, at.before);
		if (!err)
			fib_alias_remove(net, at.first);
		return err;
	}
	if (at.equal)
		return -EEXIST;
	return alias_link(net, tb, fa, mode == FIB_APPEND ? at.last : at.before);
}

static int alias_new(struct net *net, const struct fib_route *r, struct fib_alias **res)
{
	struct fib_alias *fa = plat_alloc(sizeof(*fa));
	int err;

	if (!fa)
		return -ENOMEM;
	memset(fa, 0, sizeof(*fa));
	fa->dst = r->dst;
	fa->dst_len = r->dst_len;
	fa->tos = r->tos;
	err = fib_create_info(net, r, &fa->fi);
	if (err)
		plat_free(fa);
	*res = fa;
	return err;
}

static bool route_is_sane(struct net *net, const struct fib_route *r)
{
	fib_of(net)->why = r->tos & 3 ? "Invalid dsfield (tos): ECN bits must be 0" : NULL;
	if (r->dst_len <= 32 && r->dst & ~inet_make_mask(r->dst_len))
		fib_of(net)->why = "Invalid prefix for given prefix length";
	for (u32 i = 0; i < r->nr_hops && i < FIB_MAX_HOPS; i++) {
		if (r->hops[i].flags & ~(u32)RTNH_F_ONLINK || !r->hops[i].weight)
			return false;
	}
	return !fib_of(net)->why && r->dst_len <= 32 && r->type < RTN_MAX &&
	       !(r->flags & ~(u32)RTNH_F_ONLINK) && !(r->tos & ~IPTOS_RT_MASK) &&
	       r->nr_hops <= FIB_MAX_HOPS;
}

int fib_add(struct net *net, const struct fib_route *route, enum fib_add_mode mode)
{
	struct fib_table *tb;
	struct fib_alias *fa;
	int err;

	if (!route_is_sane(net, route))
		return -EINVAL;
	if (fib_of(net)->count >= (u32)net_ipv4(net)->sysctl_max_routes)
		return -ENOBUFS;
	err = alias_new(net, route, &fa);
	if (err)
		return err;
	tb = fib_table_get(net, route_table_id(route));
	err = tb ? alias_add(net, tb, fa, mode) : -ENOMEM;
	if (err) {
		if (tb)
			fib_table_put(net, tb);
		fib_release_info(net, fa->fi);
		plat_free(fa);
	}
	return err == FIB_UNCHANGED ? 0 : err;
}

int fib_del(struct net *net, const struct fib_route *route)
{
	struct fib_table *tb = fib_table_find(net, route_table_id(route));
	struct fib_alias *fa;

	fib_of(net)->why = NULL;
	if (route->dst_len <= 32 && route->dst & ~inet_make_mask(route->dst_len)) {
		fib_of(net)->why = "Invalid prefix for given prefix length";
		return -EINVAL;
	}
	if (!tb || route->dst_len > 32)
		return -ESRCH;
	fa = prefix_first(tb, route->dst, route->dst_len);
	while (fa && (fa->tos != route->tos || !fib_info_matches(fa->fi, route)))
		fa = fa->next;
	if (!fa)
		return -ESRCH;
	fib_alias_remove(net, fa);
	return 0;
}

/* ---- showing ---- */

/* What is without carrier and therefore not used is shown as dead. */
static u32 nh_state(const struct fib_nh *nh)
{
	return nh->dev && !fib_nh_usable(nh) ? nh->flags | RTNH_F_DEAD : nh->flags;
}

/* hops: room for FIB_MAX_HOPS. */
static void alias_to_route(const struct fib_alias *fa, struct fib_route *r, struct fib_hop *hops)
{
	const struct fib_info *fi = fa->fi;
	const struct fib_nh *nh = &fi->nh[0];

	*r = (struct fib_route){.dst = fa->dst,
				.dst_len = fa->dst_len,
				.tos = fa->tos,
				.type = fi->type,
				.scope = fi->scope,
				.protocol = fi->protocol,
				.has_scope = true,
				.table = fa->table->id,
				.metric = fi->metric,
				.prefsrc = fi->prefsrc,
				.mtu = fi->mtu,
				.mtu_locked = fi->mtu_locked,
				.hoplimit = fi->hoplimit};
	if (fi->nhs == 1) {
		r->gw = nh->gw;
		r->dev = nh->dev;
		r->flags = nh_state(nh);
		return;
	}
	r->nr_hops = fi->nhs;
	r->hops = hops;
	for (unsigned int i = 0; i < fi->nhs; i++, nh++)
		hops[i] = (struct fib_hop){nh->gw, nh->dev, nh_state(nh), nh->weight};
}

struct show {
	void (*fn)(void *arg, const struct fib_route *route);
	void *arg;
	struct fib_hop hops[FIB_MAX_HOPS];
};

static void show_prefix(void *arg, void *value)
{
	struct show *s = arg;
	struct fib_route r;

	for (const struct fib_alias *fa = value; fa; fa = fa->next) {
		alias_to_route(fa, &r, s->hops);
		s->fn(s->arg, &r);
	}
}

void fib_for_each(struct net *net, u32 table, void (*fn)(void *arg, const struct fib_route *route),
		  void *arg)
{
	struct show s = {.fn = fn, .arg = arg};
	struct fib_table *tb;

	list_for_each_entry (tb, &fib_of(net)->tables, list) {
		if (table == RT_TABLE_UNSPEC || tb->id == table)
			fib_trie_walk(&tb->trie, show_prefix, &s);
	}
}

const char *fib_refusal(const struct net *net)
{
	return fib_of(net)->why;
}

u32 fib_count(const struct net *net)
{
	return fib_of(net)->count;
}

int ip_route_get(struct net *net, struct flowi4 *fl, struct net_device *in, struct rt_answer *a)
{
	struct flowi4 asked = *fl;
	struct fib_result res;
	int err;

	memset(a, 0, sizeof(*a));
	if (!asked.iif && in)
		asked.iif = fl->iif = in->ifindex;
	err = in ? ip_route_input_ask(net, fl, in, &a->rt) : ip_route_output(net, fl, &a->rt);
	if (err < 0)
		return err;
	a->redirect = err;
	a->member = a->rt->type == RTN_MULTICAST &&
		    ip_check_mc(in_dev_get(a->rt->dst.dev), asked.daddr, 0, 0);
	a->dev = in && a->rt->type != RTN_UNICAST ? net->loopback_dev : a->rt->dst.dev;
	if (a->rt->type == RTN_MULTICAST || ipv4_is_lbcast(asked.daddr) ||
	    fib_lookup(net, &asked, &res))
		return 0;
	alias_to_route(res.fa, &a->found, a->hops);
	if (fib_of(net)->rules || a->found.table != RT_TABLE_LOCAL)
		a->table = a->found.table;
	return 0;
}

/* ---- life ---- */

int fib_init(struct net *net)
{
	struct fib_state *fib = plat_alloc(sizeof(*fib));

	if (!fib)
		return -ENOMEM;
	memset(fib, 0, sizeof(*fib));
	INIT_LIST_HEAD(&fib->tables);
	net_ipv4(net)->fib = fib;
	fib->local = fib_table_get(net, RT_TABLE_LOCAL);
	fib->main = fib_table_get(net, RT_TABLE_MAIN);
	if (fib->local && fib->main)
		return 0;
	fib_exit(net);
	return -ENOMEM;
}

void fib_exit(struct net *net)
{
	struct fib_state *fib = fib_of(net);
	struct fib_table *tb, *tmp;

	fib_infos_exit(net);
	fib_rules_exit(net);
	list_for_each_entry_safe (tb, tmp, &fib->tables, list)
		plat_free(tb);
	plat_free(fib);
	net_ipv4(net)->fib = NULL;
}
