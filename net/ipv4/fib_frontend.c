/* SPDX-License-Identifier: MIT */
/* The routes that come with an address: local, broadcasts, the connected subnet. */
#include "lib/errno.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/fib.h"
#include "net/ipv4/ip_path.h"
#include "net/ipv4/rt_cache.h"

/* One of the kernel's own routes. */
struct magic {
	be32 dst;
	u8 len, type;
	u32 metric;
};

static struct fib_route magic_route(const struct in_ifaddr *ifa, be32 prefsrc, struct magic m)
{
	return (struct fib_route){
		.dst = m.dst & inet_make_mask(m.len),
		.dst_len = m.len,
		.type = m.type,
		.scope = m.type == RTN_LOCAL ? RT_SCOPE_HOST : RT_SCOPE_LINK,
		.has_scope = true,
		.protocol = RTPROT_KERNEL,
		.table = m.type == RTN_UNICAST ? RT_TABLE_MAIN : RT_TABLE_LOCAL,
		.metric = m.metric,
		.prefsrc = prefsrc,
		.dev = ifa->in_dev->dev,
	};
}

/* Another address may have brought the same route already. */
static int magic_add(const struct in_ifaddr *ifa, be32 prefsrc, struct magic m)
{
	struct fib_route r = magic_route(ifa, prefsrc, m);
	int err = fib_add(ifa->in_dev->dev->net, &r, FIB_APPEND);

	return err == -EEXIST ? 0 : err;
}

static void magic_del(const struct in_ifaddr *ifa, be32 prefsrc, struct magic m)
{
	struct fib_route r = magic_route(ifa, prefsrc, m);

	fib_del(ifa->in_dev->dev->net, &r);
}

/* The magic routes of ifa but for its local one; returns how many. */
static unsigned int magic_list(const struct in_ifaddr *ifa, struct magic *m)
{
	const struct net_device *dev = ifa->in_dev->dev;
	be32 prefix = ifa->address & ifa->mask;
	unsigned int n = 0;

	if (ifa->broadcast && !ipv4_is_lbcast(ifa->broadcast))
		m[n++] = (struct magic){ifa->broadcast, 32, RTN_BROADCAST, 0};
	if (ipv4_is_zeronet(prefix) || ifa->flags & IFA_F_SECONDARY ||
	    (prefix == ifa->local && ifa->prefixlen == 32))
		return n;
	if (!(ifa->flags & IFA_F_NOPREFIXROUTE))
		m[n++] = (struct magic){prefix, ifa->prefixlen,
					dev->flags & IFF_LOOPBACK ? RTN_LOCAL : RTN_UNICAST,
					ifa->metric};
	if (ifa->prefixlen < 31)
		m[n++] = (struct magic){prefix | ~ifa->mask, 32, RTN_BROADCAST, 0};
	return n;
}

int fib_add_ifaddr(struct in_ifaddr *ifa)
{
	be32 src = inet_primary_of(ifa)->local;
	struct magic m[3];
	unsigned int n;
	int err;

	if (!ifa->local)
		return 0;
	err = magic_add(ifa, src, (struct magic){ifa->local, 32, RTN_LOCAL, 0});
	if (err || !(ifa->in_dev->dev->flags & IFF_UP))
		return err;
	n = magic_list(ifa, m);
	for (unsigned int i = 0; i < n && !err; i++)
		err = magic_add(ifa, src, m[i]);
	return err;
}

void fib_del_ifaddr(struct in_ifaddr *ifa)
{
	be32 src = inet_primary_of(ifa)->local;
	struct magic m[3];
	unsigned int n = magic_list(ifa, m);

	magic_del(ifa, src, (struct magic){ifa->local, 32, RTN_LOCAL, 0});
	for (unsigned int i = 0; i < n; i++)
		magic_del(ifa, src, m[i]);
}

be32 fib_compute_spec_dst(struct net *net, const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	const struct rtable *rt = skb_rtable(skb);
	struct flowi4 fl = {.daddr = iph->saddr, .tos = iph->tos & IPTOS_RT_MASK};
	struct fib_result res;

	if (rt && rt->type == RTN_LOCAL)
		return iph->daddr;
	if (!iph->saddr || fib_lookup(net, &fl, &res))
		return inet_select_addr(net, skb->dev, iph->saddr,
					iph->saddr ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
	if (res.fi->prefsrc)
		return res.fi->prefsrc;
	return inet_select_addr(net, res.nh->dev, res.nh->gw, res.fi->scope);
}

void fib_sync_up(struct net_device *dev)
{
	struct in_ifaddr *ifa;

	in_dev_for_each_ifa(ifa, in_dev_get(dev)) fib_add_ifaddr(ifa);
}
