/* SPDX-License-Identifier: MIT */
/*
 * IPv4 addresses of devices.
 *
 * An address is primary unless an earlier one of the same subnet is; a primary takes its secondaries with it
 * (or one of them takes its place, promote_secondaries). Each change is followed by the routes it implies
 * (fib_add_ifaddr, fib_del_ifaddr) and voids cached lookups.
 */
#include "lib/errno.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/neigh_priv.h"
#include "net/neighbour.h"
#include "net/ipv4/route_priv.h"

be32 inet_make_mask(unsigned int prefixlen)
{
	return prefixlen ? cpu_to_be32(~0U << (32 - prefixlen)) : 0;
}

static struct in_ifaddr *first_of_subnet(struct in_device *in_dev, const struct in_ifaddr *ifa)
{
	struct in_ifaddr *other;

	in_dev_for_each_ifa(other, in_dev)
	{
		if (other != ifa && !(other->flags & IFA_F_SECONDARY) && other->mask == ifa->mask &&
		    inet_ifa_match(ifa->address, other))
			return other;
	}
	return NULL;
}

struct in_ifaddr *inet_primary_of(struct in_ifaddr *ifa)
{
	struct in_ifaddr *first = NULL;

	if (ifa->flags & IFA_F_SECONDARY)
		first = first_of_subnet(ifa->in_dev, ifa);
	return first ? first : ifa;
}

/* Primaries stand in front of secondaries, those of narrower scope first. */
static void insert_ifa(struct in_device *in_dev, struct in_ifaddr *ifa)
{
	struct list_head *at = &in_dev->ifa_list;
	struct in_ifaddr *other;

	if (!(ifa->flags & IFA_F_SECONDARY)) {
		in_dev_for_each_ifa(other, in_dev)
		{
			if (other->flags & IFA_F_SECONDARY || other->scope < ifa->scope) {
				at = &other->list;
				break;
			}
		}
	}
	list_add_tail(&ifa->list, at);
	in_dev->ifa_count++;
}

static u64 ifa_expiry(const struct in_ifaddr *ifa)
{
	return ifa->valid_lft == U32_MAX ? U64_MAX : ifa->tstamp + ifa->valid_lft * NSEC_PER_SEC;
}

static void arm_lifetime(struct net *net, u64 expiry)
{
	struct timer *t = &net_ipv4(net)->addr_timer;

	if (expiry != U64_MAX && (!timer_pending(t) || expiry < t->expires))
		net_mod_timer(net, t, expiry);
}

static void set_lifetimes(struct in_ifaddr *ifa, const struct ifaddr_config *cfg)
{
	ifa->valid_lft = cfg->valid_lft ? cfg->valid_lft : U32_MAX;
	ifa->preferred_lft = cfg->valid_lft ? cfg->preferred_lft : U32_MAX;
	ifa->tstamp = plat_now();
	if (ifa->valid_lft == U32_MAX)
		ifa->flags |= IFA_F_PERMANENT;
	else
		ifa->flags &= ~(u32)IFA_F_PERMANENT;
	arm_lifetime(ifa->in_dev->dev->net, ifa_expiry(ifa));
}

static int check_config(const struct net_device *dev, const struct ifaddr_config *cfg)
{
	if (!in_dev_get(dev))
		return -ENODEV;
	if (cfg->prefixlen > 32 || !cfg->local || ipv4_is_multicast(cfg->local) ||
	    ipv4_is_lbcast(cfg->local))
		return -EINVAL;
	if (cfg->label && strlen(cfg->label) >= IFNAMSIZ)
		return -EINVAL;
	if (cfg->valid_lft && cfg->preferred_lft > cfg->valid_lft)
		return -EINVAL;
	return 0;
}

static struct in_ifaddr *find_equal(struct in_device *in_dev, const struct ifaddr_config *cfg)
{
	struct in_ifaddr *ifa;

	in_dev_for_each_ifa(ifa, in_dev)
	{
		if (ifa->local == cfg->local && ifa->prefixlen == cfg->prefixlen &&
		    ifa->address == (cfg->peer ? cfg->peer : cfg->local))
			return ifa;
	}
	return NULL;
}

static void fill_ifa(struct in_ifaddr *ifa, const struct ifaddr_config *cfg)
{
	struct net_device *dev = ifa->in_dev->dev;

	ifa->local = cfg->local;
	ifa->address = cfg->peer ? cfg->peer : cfg->local;
	ifa->prefixlen = cfg->prefixlen;
	ifa->mask = inet_make_mask(cfg->prefixlen);
	ifa->broadcast = cfg->has_broadcast ? cfg->broadcast : 0;
	ifa->scope = cfg->has_scope                 ? cfg->scope
		     : ipv4_is_loopback(cfg->local) ? RT_SCOPE_HOST
						    : RT_SCOPE_UNIVERSE;
	ifa->flags = cfg->flags & IFA_F_NOPREFIXROUTE;
	ifa->metric = cfg->metric;
	strscpy(ifa->label, cfg->label ? cfg->label : dev->name, sizeof(ifa->label));
}

/* `ip addr replace`: what does not make an address another one. */
static int change_ifa(struct in_ifaddr *ifa, const struct ifaddr_config *cfg)
{
	u32 secondary = ifa->flags & IFA_F_SECONDARY;
	struct net *net = ifa->in_dev->dev->net;

	fib_del_ifaddr(ifa);
	fill_ifa(ifa, cfg);
	ifa->flags |= secondary;
	set_lifetimes(ifa, cfg);
	fib_sync_up(ifa->in_dev->dev);
	rt_cache_flush(net);
	return 0;
}

int inet_addr_add(struct net_device *dev, const struct ifaddr_config *cfg)
{
	struct in_device *in_dev = in_dev_get(dev);
	struct in_ifaddr *ifa, *first;
	int err = check_config(dev, cfg);

	if (err)
		return err;
	ifa = find_equal(in_dev, cfg);
	if (ifa)
		return cfg->replace ? change_ifa(ifa, cfg) : -EEXIST;
	if (in_dev->ifa_count >= MAX_IFADDRS)
		return -ENOBUFS;
	ifa = plat_alloc(sizeof(*ifa));
	if (!ifa)
		return -ENOMEM;
	memset(ifa, 0, sizeof(*ifa));
	ifa->in_dev = in_dev;
	fill_ifa(ifa, cfg);
	first = first_of_subnet(in_dev, ifa);
	if (first && (first->local == ifa->local || first->scope != ifa->scope)) {
		err = first->local == ifa->local ? -EEXIST : -ERANGE;
		plat_free(ifa);
		return err;
	}
	if (first)
		ifa->flags |= IFA_F_SECONDARY;
	insert_ifa(in_dev, ifa);
	err = fib_add_ifaddr(ifa);
	if (err) {
		fib_del_ifaddr(ifa);
		list_del(&ifa->list);
		in_dev->ifa_count--;
		plat_free(ifa);
		return err;
	}
	set_lifetimes(ifa, cfg);
	in_dev->cnf_own = U64_MAX;
	in_dev->arp_parms->own = U32_MAX; /* as in Linux, default says nothing more from now on */
	if (dev->flags & IFF_UP)
		fib_revive_dev(dev);
	rt_cache_flush(dev->net);
	return 0;
}

/* Takes one address away, with its routes; ifa is gone afterwards. */
static void remove_ifa(struct in_ifaddr *ifa)
{
	struct in_device *in_dev = ifa->in_dev;
	struct net *net = in_dev->dev->net;
	be32 local = ifa->local;

	list_del(&ifa->list);
	in_dev->ifa_count--;
	fib_del_ifaddr(ifa);
	plat_free(ifa);
	if (net_ipv4(net)->addr_gone)
		net_ipv4(net)->addr_gone(net, in_dev->dev, local);
	if (!ip_dev_find(net, local))
		fib_sync_down_addr(net, local);
	if (list_empty(
		    &in_dev->ifa_list)) { /* as Linux: without an address a device has no routes */
		fib_disable_ip(in_dev->dev);
		neigh_ifdown(in_dev->dev, true);
	}
	rt_cache_flush(net);
}

static struct in_ifaddr *next_secondary(struct in_device *in_dev, const struct in_ifaddr *of)
{
	struct in_ifaddr *ifa;

	in_dev_for_each_ifa(ifa, in_dev)
	{
		if (ifa->flags & IFA_F_SECONDARY && ifa->mask == of->mask &&
		    inet_ifa_match(of->address, ifa))
			return ifa;
	}
	return NULL;
}

/* The first secondary becomes the subnet's primary. */
static void promote(struct in_device *in_dev, struct in_ifaddr *heir)
{
	list_del(&heir->list);
	in_dev->ifa_count--;
	heir->flags &= ~(u32)IFA_F_SECONDARY;
	insert_ifa(in_dev, heir);
}

static void remove_subnet(struct in_ifaddr *ifa)
{
	struct in_device *in_dev = ifa->in_dev;
	bool keep = in_dev_orconf(in_dev, IPV4_DEVCONF_PROMOTE_SECONDARIES);
	struct in_ifaddr subnet = *ifa, *other;

	if (!(ifa->flags & IFA_F_SECONDARY)) {
		while (!keep && (other = next_secondary(in_dev, &subnet)))
			remove_ifa(other);
	}
	remove_ifa(ifa);
	other = subnet.flags & IFA_F_SECONDARY ? NULL : next_secondary(in_dev, &subnet);
	if (other)
		promote(in_dev, other);
	fib_sync_up(in_dev->dev);
}

int inet_addr_del(struct net_device *dev, be32 local, int prefixlen)
{
	struct in_device *in_dev = in_dev_get(dev);
	struct in_ifaddr *ifa;

	if (!in_dev)
		return -ENODEV;
	in_dev_for_each_ifa(ifa, in_dev)
	{
		if (ifa->local != local || (prefixlen >= 0 && ifa->prefixlen != prefixlen))
			continue;
		remove_subnet(ifa);
		return 0;
	}
	return -EADDRNOTAVAIL;
}

void inet_addr_flush(struct net_device *dev)
{
	struct in_device *in_dev = in_dev_get(dev);

	while (in_dev && !list_empty(&in_dev->ifa_list))
		remove_ifa(list_last_entry(&in_dev->ifa_list, struct in_ifaddr, list));
}

/* An address whose time is over, else NULL, and in *next when the next one's will be. */
static struct in_ifaddr *expired_ifa(struct in_device *in_dev, u64 now, u64 *next)
{
	struct in_ifaddr *ifa;

	in_dev_for_each_ifa(ifa, in_dev)
	{
		if (ifa_expiry(ifa) <= now)
			return ifa;
		*next = min(*next, ifa_expiry(ifa));
	}
	return NULL;
}

static void addr_timeout(struct timer *t, u64 now)
{
	struct netns_ipv4 *ipv4 = container_of(t, struct netns_ipv4, addr_timer);
	struct net_device *dev;
	struct in_ifaddr *ifa;
	u64 next = U64_MAX;

	list_for_each_entry (dev, &ipv4->net->dev_list, list) {
		while (in_dev_get(dev) && (ifa = expired_ifa(in_dev_get(dev), now, &next)))
			remove_subnet(ifa);
	}
	arm_lifetime(ipv4->net, next);
}

void devinet_init(struct net *net)
{
	timer_setup(&net_ipv4(net)->addr_timer, addr_timeout);
}

struct net_device *ip_dev_find(struct net *net, be32 addr)
{
	struct net_device *dev;
	struct in_ifaddr *ifa;

	list_for_each_entry (dev, &net->dev_list, list) {
		if (!in_dev_get(dev))
			continue;
		in_dev_for_each_ifa(ifa, in_dev_get(dev))
		{
			if (ifa->local == addr)
				return dev;
		}
	}
	return inet_addr_type(net, NULL, addr) == RTN_LOCAL ? net->loopback_dev : NULL;
}

static be32 select_on(const struct in_device *in_dev, be32 dst, u8 scope)
{
	struct in_ifaddr *ifa;
	be32 first = 0;

	in_dev_for_each_ifa(ifa, in_dev)
	{
		if (ifa->flags & IFA_F_SECONDARY || ifa->scope > scope)
			continue;
		if (!dst || inet_ifa_match(dst, ifa))
			return ifa->local;
		if (!first)
			first = ifa->local;
	}
	return first;
}

be32 inet_select_addr(struct net *net, const struct net_device *dev, be32 dst, u8 scope)
{
	struct net_device *other;
	be32 addr = 0;

	if (dev && in_dev_get(dev))
		addr = select_on(in_dev_get(dev), dst, scope);
	if (addr)
		return addr;
	list_for_each_entry (other, &net->dev_list, list) {
		struct in_device *in_dev = in_dev_get(other);
		struct in_ifaddr *ifa;

		if (!in_dev)
			continue;
		in_dev_for_each_ifa(ifa, in_dev)
		{
			if (!(ifa->flags & IFA_F_SECONDARY) && ifa->scope != RT_SCOPE_LINK &&
			    ifa->scope <= scope)
				return ifa->local;
		}
	}
	return 0;
}

bool inet_addr_onlink(const struct in_device *in_dev, be32 a, be32 b)
{
	struct in_ifaddr *ifa;

	in_dev_for_each_ifa(ifa, in_dev)
	{
		if (inet_ifa_match(a, ifa) && (!b || inet_ifa_match(b, ifa)))
			return true;
	}
	return false;
}
