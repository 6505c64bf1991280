/* SPDX-License-Identifier: MIT */
/*
 * What routes lead to: fib_infos, their checks, and what happens to them when devices and addresses change.
 *
 * Equal infos are one, found by hash; so 100,000 routes by two gateways have two, and an event looks at two.
 */
#include "lib/errno.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/fib.h"
#include "net/ipv4/route_exception.h"
#include "net/ipv4/route_priv.h"

#define BUCKETS_MIN 16
#define MTU_MAX     65520 /* as Linux: a route's MTU is cut to it */

static u32 info_hash(const struct fib_info *fi)
{
	u32 h = fi->metric ^ fi->prefsrc ^ fi->mtu << 16 ^ fi->hoplimit << 24 ^ fi->protocol << 8 ^
		fi->scope;

	for (unsigned int i = 0; i < fi->nhs; i++)
		h = (h ^ fi->nh[i].gw ^ (fi->nh[i].dev ? fi->nh[i].dev->ifindex : 0)) * 0x9e3779b1U;
	return h ^ h >> 16;
}

/* Twice the buckets; without memory the old ones do. */
static void infos_grow(struct fib_state *fib)
{
	u32 n = fib->info_buckets ? fib->info_buckets * 2 : BUCKETS_MIN;
	struct hlist_head *more = plat_alloc(n * sizeof(*more));

	if (!more)
		return;
	memset(more, 0, n * sizeof(*more));
	for (u32 i = 0; i < fib->info_buckets; i++) {
		while (fib->infos[i].first) {
			struct fib_info *fi =
				container_of(fib->infos[i].first, struct fib_info, hash);

			hlist_del(&fi->hash);
			hlist_add_head(&fi->hash, &more[info_hash(fi) & (n - 1)]);
		}
	}
	plat_free(fib->infos);
	fib->infos = more;
	fib->info_buckets = n;
}

static bool same_hops(const struct fib_info *a, const struct fib_info *b)
{
	for (unsigned int i = 0; i < a->nhs; i++) {
		const struct fib_nh *x = &a->nh[i], *y = &b->nh[i];

		if (x->dev != y->dev || x->gw != y->gw || x->weight != y->weight ||
		    (x->flags ^ y->flags) & RTNH_F_ONLINK)
			return false;
	}
	return true;
}

static bool same_info(const struct fib_info *a, const struct fib_info *b)
{
	return !a->dead && a->nhs == b->nhs && a->type == b->type && a->scope == b->scope &&
	       a->protocol == b->protocol && a->prefsrc == b->prefsrc && a->metric == b->metric &&
	       a->mtu == b->mtu && a->mtu_locked == b->mtu_locked && a->hoplimit == b->hoplimit &&
	       same_hops(a, b);
}

static struct fib_info *info_find(const struct fib_state *fib, const struct fib_info *like)
{
	struct hlist_node *pos;

	if (!fib->info_buckets)
		return NULL;
	for (pos = fib->infos[info_hash(like) & (fib->info_buckets - 1)].first; pos;
	     pos = pos->next) {
		struct fib_info *fi = container_of(pos, struct fib_info, hash);

		if (same_info(fi, like))
			return fi;
	}
	return NULL;
}

void fib_release_info(struct net *net, struct fib_info *fi)
{
	if (!list_empty(&fi->aliases))
		return;
	for (unsigned int i = 0; i < fi->nhs; i++) {
		for (unsigned int k = 0; k < FIB_RT_NR; k++)
			rt_drop(&fi->nh[i].rt[k]);
		fnhe_free_all(&fi->nh[i]);
	}
	if (hlist_hashed(&fi->hash)) {
		hlist_del(&fi->hash);
		fib_of(net)->info_count--;
		fib_of(net)->multipaths -= fi->nhs > 1;
	}
	plat_free(fi);
}

/* ---- checks ---- */

static int refuse(struct net *net, int err, const char *why)
{
	fib_of(net)->why = why;
	return err;
}

static u8 default_scope(const struct fib_route *r, u8 type)
{
	if (type == RTN_LOCAL)
		return RT_SCOPE_HOST;
	if (type == RTN_BROADCAST || type == RTN_MULTICAST || type == RTN_ANYCAST)
		return RT_SCOPE_LINK;
	if (type == RTN_UNICAST && !r->gw && !r->nr_hops)
		return RT_SCOPE_LINK;
	return RT_SCOPE_UNIVERSE;
}

static int check_onlink(struct net *net, const struct fib_info *fi, const struct fib_nh *nh)
{
	if (!nh->dev)
		return -ENODEV;
	if (!(nh->dev->flags & IFF_UP))
		return refuse(net, -ENETDOWN, "Nexthop device is not up");
	if (inet_addr_type(net, NULL, nh->gw) != RTN_UNICAST)
		return refuse(net, -EINVAL, "Nexthop has invalid gateway");
	return fi->scope < RT_SCOPE_LINK ? 0 : refuse(net, -EINVAL, "Nexthop has invalid scope");
}

/* The gateway must itself be on link, by a route of narrower scope. Finds the device if none was said. */
static int check_gateway(struct net *net, const struct fib_info *fi, struct fib_nh *nh)
{
	struct flowi4 fl = {.daddr = nh->gw, .oif = nh->dev ? nh->dev->ifindex : 0};
	struct fib_result via;
	int err;

	nh->scope = RT_SCOPE_LINK;
	if (nh->flags & RTNH_F_ONLINK)
		return check_onlink(net, fi, nh);
	fl.scope = fi->scope + 1 < RT_SCOPE_LINK ? RT_SCOPE_LINK : fi->scope + 1;
	fl.linkdown = true;
	err = fib_lookup(net, &fl, &via);
	if (!err && via.fi->type != RTN_UNICAST && via.fi->type != RTN_LOCAL)
		err = -EINVAL;
	if (err)
		return refuse(net, err, "Nexthop has invalid gateway");
	nh->dev = via.nh->dev;
	nh->scope = via.fi->scope;
	return nh->dev->flags & IFF_UP ? 0 : -ENETDOWN;
}

static int check_nexthop(struct net *net, const struct fib_info *fi, struct fib_nh *nh)
{
	if (fib_type_error(fi->type)) {
		if (!nh->dev && !nh->gw)
			return 0;
		return refuse(
			net, -EINVAL,
			"Gateway, device and multipath can not be specified for this route type");
	}
	if (fi->scope == RT_SCOPE_HOST && nh->gw)
		return refuse(net, -EINVAL, "Route with host scope can not have a gateway");
	nh->scope = RT_SCOPE_HOST;
	if (nh->gw)
		return check_gateway(net, fi, nh);
	if (nh->flags & RTNH_F_ONLINK)
		return refuse(net, -EINVAL,
			      "Invalid flags for nexthop - PERVASIVE and ONLINK can not be set");
	if (!nh->dev || !in_dev_get(nh->dev))
		return -ENODEV;
	if (fi->scope != RT_SCOPE_HOST && !(nh->dev->flags & IFF_UP))
		return refuse(net, -ENETDOWN, "Device for nexthop is not up");
	return 0;
}

static int check_prefsrc(struct net *net, const struct fib_info *fi, be32 dst)
{
	if (!fi->prefsrc || (fi->type == RTN_LOCAL && dst == fi->prefsrc) ||
	    inet_addr_type(net, NULL, fi->prefsrc) == RTN_LOCAL)
		return 0;
	return refuse(net, -EINVAL, "Invalid prefsrc address");
}

static void info_fill(struct fib_info *fi, const struct fib_route *r)
{
	INIT_LIST_HEAD(&fi->aliases);
	fi->type = r->type ? r->type : RTN_UNICAST;
	fi->scope = r->has_scope ? r->scope : default_scope(r, fi->type);
	fi->protocol = r->protocol;
	fi->prefsrc = r->prefsrc;
	fi->metric = r->metric;
	fi->mtu = min(r->mtu, (u32)MTU_MAX);
	fi->mtu_locked = r->mtu_locked;
	fi->hoplimit = r->hoplimit;
	fi->nhs = r->nr_hops ? r->nr_hops : 1;
	fi->nh[0] = (struct fib_nh){.dev = r->dev, .gw = r->gw, .flags = r->flags, .weight = 1};
	for (unsigned int i = 0; i < r->nr_hops; i++) {
		const struct fib_hop *h = &r->hops[i];

		fi->nh[i] = (struct fib_nh){
			.dev = h->dev, .gw = h->gw, .flags = h->flags, .weight = h->weight};
	}
	for (unsigned int i = 0; i < fi->nhs; i++)
		fi->nh[i].parent = fi;
}

/* What is told beside the hops is about the first of them. */
static int check_told(struct net *net, const struct fib_info *fi, const struct fib_route *r)
{
	if (r->dev && fi->nh[0].dev != r->dev)
		return refuse(net, -EINVAL, "Nexthop device index does not match RTA_OIF");
	if (r->gw && fi->nh[0].gw != r->gw)
		return refuse(net, -EINVAL,
			      "Nexthop gateway does not match RTA_GATEWAY or RTA_VIA");
	return 0;
}

static int info_check(struct net *net, struct fib_info *fi, const struct fib_route *r)
{
	int err = fi->scope > RT_SCOPE_HOST ? refuse(net, -EINVAL, "Invalid scope") : 0;

	if (fi->nhs > 1 && fi->scope == RT_SCOPE_HOST)
		return refuse(net, -EINVAL, "Route with host scope can not have multiple nexthops");
	if (!err && r->nr_hops)
		err = check_told(net, fi, r);
	for (unsigned int i = 0; i < fi->nhs && !err; i++) {
		struct fib_nh *nh = &fi->nh[i];

		err = check_nexthop(net, fi, nh);
		if (!err && nh->dev && !nh->dev->carrier)
			nh->flags |= RTNH_F_LINKDOWN;
	}
	return err ? err : check_prefsrc(net, fi, r->dst);
}

int fib_create_info(struct net *net, const struct fib_route *r, struct fib_info **res)
{
	size_t size = sizeof(struct fib_info) + max(r->nr_hops, 1U) * sizeof(struct fib_nh);
	struct fib_state *fib = fib_of(net);
	struct fib_info *fi, *old;
	int err;

	fi = plat_alloc(size);
	if (!fi)
		return -ENOMEM;
	memset(fi, 0, size);
	info_fill(fi, r);
	err = info_check(net, fi, r);
	old = err ? NULL : info_find(fib, fi);
	if (err || old) {
		plat_free(fi);
		*res = old;
		return err;
	}
	if (fib->info_count >= fib->info_buckets)
		infos_grow(fib);
	if (!fib->info_buckets) {
		plat_free(fi);
		return -ENOMEM;
	}
	hlist_add_head(&fi->hash, &fib->infos[info_hash(fi) & (fib->info_buckets - 1)]);
	fib->info_count++;
	fib->multipaths += fi->nhs > 1;
	fib_rebalance(fi);
	*res = fi;
	return 0;
}

static bool hops_match(const struct fib_info *fi, const struct fib_route *r)
{
	if (!r->nr_hops)
		return (!r->gw || fi->nh[0].gw == r->gw) && (!r->dev || fi->nh[0].dev == r->dev);
	for (unsigned int i = 0; i < fi->nhs; i++) {
		const struct fib_hop *h = &r->hops[i];

		if (i >= r->nr_hops || (h->dev && h->dev != fi->nh[i].dev) ||
		    (h->gw && h->gw != fi->nh[i].gw))
			return false;
	}
	return true;
}

bool fib_info_matches(const struct fib_info *fi, const struct fib_route *r)
{
	return (!r->type || fi->type == r->type) && (!r->has_scope || fi->scope == r->scope) &&
	       (!r->protocol || fi->protocol == r->protocol) &&
	       (!r->metric || fi->metric == r->metric) &&
	       (!r->prefsrc || fi->prefsrc == r->prefsrc) && hops_match(fi, r);
}

/* ---- what follows from addresses and devices ---- */

struct event {
	const struct net_device *dev;
	u32 set, clear; /* flags of its next hops */
	bool force;     /* also our own addresses on it */
	bool gone;      /* the device will not be there again: no route may name it */
	bool all;       /* everything goes */
	be32 local;     /* an address that went; 0: none */
};

static void info_event(struct fib_info *fi, const struct event *ev)
{
	unsigned int dead = 0;

	for (unsigned int i = 0; i < fi->nhs; i++) {
		struct fib_nh *nh = &fi->nh[i];

		if (nh->dev == ev->dev && nh->dev && (ev->force || fi->scope != RT_SCOPE_HOST))
			nh->flags = (nh->flags | ev->set) & ~ev->clear;
		dead += !!(nh->flags & RTNH_F_DEAD);
		if (ev->gone && nh->dev == ev->dev)
			dead = fi->nhs;
	}
	fib_rebalance(fi);
	fi->dead = dead >= fi->nhs || (ev->local && fi->prefsrc == ev->local) || ev->all;
}

/* The info goes with the last of its routes. */
static void info_flush(struct net *net, struct fib_info *fi)
{
	bool last;

	do {
		last = fi->aliases.next == fi->aliases.prev;
		fib_alias_remove(net, list_first_entry(&fi->aliases, struct fib_alias, list));
	} while (!last);
}

static void event_happens(struct net *net, const struct event *ev)
{
	struct fib_state *fib = fib_of(net);
	struct hlist_node *pos, *next;

	for (u32 i = 0; i < fib->info_buckets; i++) {
		for (pos = fib->infos[i].first; pos; pos = next) {
			struct fib_info *fi = container_of(pos, struct fib_info, hash);

			next = pos->next;
			info_event(fi, ev);
			if (fi->dead)
				info_flush(net, fi);
		}
	}
	rt_cache_flush(net);
}

bool fib_any_nh(struct net *net, bool (*fn)(void *arg, struct fib_nh *nh), void *arg)
{
	const struct fib_state *fib = fib_of(net);

	for (u32 i = 0; i < fib->info_buckets; i++) {
		for (struct hlist_node *pos = fib->infos[i].first; pos; pos = pos->next) {
			struct fib_info *fi = container_of(pos, struct fib_info, hash);

			for (unsigned int k = 0; k < fi->nhs; k++) {
				if (fn(arg, &fi->nh[k]))
					return true;
			}
		}
	}
	return false;
}

/* Own addresses stay while the device is down, as in Linux. */
void fib_sync_down_dev(struct net_device *dev, bool unregister)
{
	struct event ev = {.dev = dev,
			   .set = RTNH_F_DEAD | RTNH_F_LINKDOWN,
			   .force = unregister,
			   .gone = unregister};

	event_happens(dev->net, &ev);
}

void fib_disable_ip(struct net_device *dev)
{
	struct event ev = {.dev = dev, .set = RTNH_F_DEAD | RTNH_F_LINKDOWN, .force = true};

	event_happens(dev->net, &ev);
}

void fib_sync_down_addr(struct net *net, be32 local)
{
	struct event ev = {.local = local};

	event_happens(net, &ev);
}

void fib_carrier_changed(struct net_device *dev)
{
	struct event ev = {.dev = dev};

	if (dev->carrier)
		ev.clear = RTNH_F_LINKDOWN;
	else
		ev.set = RTNH_F_LINKDOWN;
	event_happens(dev->net, &ev);
}

void fib_revive_dev(struct net_device *dev)
{
	struct event ev = {.dev = dev, .clear = RTNH_F_DEAD};

	if (dev->carrier)
		ev.clear |= RTNH_F_LINKDOWN;
	if (fib_of(dev->net)->multipaths)
		event_happens(dev->net, &ev);
	rt_cache_flush(dev->net);
}

void fib_conf_changed(struct net *net)
{
	struct event ev = {.dev = NULL};

	event_happens(net, &ev);
}

void fib_infos_exit(struct net *net)
{
	struct event ev = {.all = true};

	event_happens(net, &ev);
	plat_free(fib_of(net)->infos);
}
