/* SPDX-License-Identifier: MIT */
/*
 * The groups a socket is in, each on one device, with the socket's own filter of sources. The device's filter follows from those
 * of all its members (mc_group.c); what of it a socket hears its own says. Source: RFC 3678, ip(7); errors as Linux.
 */
#include "lib/errno.h"
#include "net/ipv4/igmp.h"
#include "net/ipv4/inet_sock.h"

struct ip_mc_socklist {
	struct ip_mc_socklist *next;
	struct ip_mreqn_k multi;
	u32 mc_id; /* of the device, whose number another may have since */
	u8 sfmode;
	bool listed; /* sources have been named: the mode is fixed */
	u32 n;       /* sources */
	be32 *src;
};

static struct ip_mc_filter filter_of(const struct ip_mc_socklist *ml)
{
	return (struct ip_mc_filter){ml->sfmode, ml->n, ml->src};
}

/* The device that is meant; its number goes into *ifindex. NULL: none. */
static struct in_device *find_dev(struct sock *sk, const struct ip_mreqn_k *mreq, u32 *ifindex)
{
	struct flowi4 fl = {.daddr = mreq->group};
	struct net_device *dev = NULL;
	struct rtable *rt;

	if (mreq->ifindex)
		dev = dev_get_by_index(sk->net, mreq->ifindex);
	else if (mreq->address)
		dev = ip_dev_find(sk->net, mreq->address);
	else if (!ip_route_output(sk->net, &fl, &rt))
		dev = rt->dst.dev;
	*ifindex = dev ? dev->ifindex : mreq->ifindex;
	return dev ? in_dev_get(dev) : NULL;
}

static struct ip_mc_socklist *ml_find(const struct sock *sk, be32 group, u32 ifindex)
{
	struct ip_mc_socklist *ml;

	for (ml = sk->mc_list; ml; ml = ml->next)
		if (ml->multi.group == group && ml->multi.ifindex == ifindex)
			return ml;
	return NULL;
}

/* Whether in_dev is the device that was joined, and not one that came in its place. */
static bool is_there(const struct ip_mc_socklist *ml, const struct in_device *in_dev)
{
	return in_dev && in_dev->mc && in_dev->mc->id == ml->mc_id;
}

/* The device, and the membership there. 0 or -E. */
static int find_both(struct sock *sk, const struct ip_mreqn_k *mreq, struct in_device **in_dev,
		     struct ip_mc_socklist **ml, int absent)
{
	u32 ifindex;

	if (!ipv4_is_multicast(mreq->group))
		return -EINVAL;
	*in_dev = find_dev(sk, mreq, &ifindex);
	if (!*in_dev)
		return -ENODEV;
	*ml = ml_find(sk, mreq->group, ifindex);
	if (*ml && !is_there(*ml, *in_dev))
		*ml = NULL;
	return *ml ? 0 : absent;
}

int ip_mc_join_group(struct sock *sk, struct ip_mreqn_k *mreq, u8 mode)
{
	const struct ip_mc_filter f = {.mode = mode};
	struct ip_mc_socklist *ml;
	struct in_device *in_dev;
	int count = 0, err;

	err = find_both(sk, mreq, &in_dev, &ml, 0);
	if (err)
		return err;
	mreq->ifindex = in_dev->dev->ifindex;
	if (ml)
		return -EADDRINUSE;
	for (ml = sk->mc_list; ml; ml = ml->next)
		count++;
	if (count >= net_ipv4(sk->net)->sysctl_igmp_max_memberships)
		return -ENOBUFS;
	ml = plat_alloc(sizeof(*ml));
	if (!ml)
		return -ENOBUFS;
	*ml = (struct ip_mc_socklist){.next = sk->mc_list, .multi = *mreq, .sfmode = mode};
	err = ip_mc_change(in_dev, mreq->group, NULL, &f);
	if (err) {
		plat_free(ml);
		return err;
	}
	ml->mc_id = in_dev->mc->id;
	sk->mc_list = ml;
	return 0;
}

/* Ends the membership at *at. Its device may be gone. */
static void ml_leave(struct sock *sk, struct ip_mc_socklist **at)
{
	struct ip_mc_socklist *ml = *at;
	struct net_device *dev = dev_get_by_index(sk->net, ml->multi.ifindex);
	struct ip_mc_filter f = filter_of(ml);

	*at = ml->next;
	if (dev && is_there(ml, in_dev_get(dev)))
		ip_mc_change(in_dev_get(dev), ml->multi.group, &f, NULL);
	plat_free(ml->src);
	plat_free(ml);
}

/* Without a device the first membership of the group is meant. */
int ip_mc_leave_group(struct sock *sk, const struct ip_mreqn_k *mreq)
{
	struct ip_mc_socklist **at;
	u32 ifindex;

	if (!find_dev(sk, mreq, &ifindex) && !mreq->ifindex && !mreq->address)
		return -ENODEV;
	for (at = &sk->mc_list; *at; at = &(*at)->next) {
		const struct ip_mreqn_k *multi = &(*at)->multi;

		if (multi->group != mreq->group || (ifindex && multi->ifindex != ifindex) ||
		    (!ifindex && mreq->address && multi->address != mreq->address))
			continue;
		ml_leave(sk, at);
		return 0;
	}
	return -EADDRNOTAVAIL;
}

void ip_mc_drop_socket(struct sock *sk)
{
	while (sk->mc_list)
		ml_leave(sk, &sk->mc_list);
}

/* Puts a new filter in place of ml's. */
static int ml_change(struct in_device *in_dev, struct ip_mc_socklist *ml,
		     const struct ip_mc_filter *new)
{
	struct ip_mc_filter old = filter_of(ml), f = *new;
	be32 *src = NULL;
	int err;

	if (new->n) {
		src = plat_alloc(new->n * sizeof(*src));
		if (!src)
			return -ENOBUFS;
		memcpy(src, new->src, new->n * sizeof(*src)); /* perhaps from an odd address */
	}
	f.src = src;
	err = ip_mc_change(in_dev, ml->multi.group, &old, &f);
	if (err) {
		plat_free(src);
		return err;
	}
	plat_free(ml->src);
	ml->src = src;
	ml->n = new->n;
	ml->sfmode = new->mode;
	ml->listed = new->src;
	return 0;
}

static u32 source_at(const struct ip_mc_socklist *ml, be32 source)
{
	u32 i = 0;

	while (i < ml->n && ml->src[i] != source)
		i++;
	return i;
}

/* One source more, or one less: the list as it will be, in a copy. */
static int ml_edit(struct in_device *in_dev, struct ip_mc_socklist *ml, u8 mode, u32 at,
		   be32 source, bool add)
{
	be32 *src = plat_alloc((ml->n + 1) * sizeof(*src));
	struct ip_mc_filter f = {mode, ml->n, src};
	int err;

	if (!src)
		return -ENOBUFS;
	if (ml->n)
		memcpy(src, ml->src, ml->n * sizeof(*src));
	if (add)
		src[f.n++] = source;
	else
		memmove(src + at, src + at + 1, (--f.n - at) * sizeof(*src));
	err = ml_change(in_dev, ml, &f);
	plat_free(src);
	return err;
}

int ip_mc_source(struct sock *sk, const struct ip_mreqn_k *mreq, be32 source, u8 mode, bool add)
{
	struct ip_mc_socklist *ml;
	struct in_device *in_dev;
	int err = find_both(sk, mreq, &in_dev, &ml, -EINVAL);
	u32 at;

	if (err)
		return err;
	if (ml->listed && ml->sfmode != mode)
		return -EINVAL;
	at = source_at(ml, source);
	if (add == (at < ml->n))
		return -EADDRNOTAVAIL;
	if (!add && ml->n == 1 && mode == MCAST_INCLUDE)
		return ip_mc_leave_group(sk, &ml->multi);
	if (add && ml->n >= (u32)net_ipv4(sk->net)->sysctl_igmp_max_msf)
		return -ENOBUFS;
	return ml_edit(in_dev, ml, mode, at, source, add);
}

int ip_mc_msfilter(struct sock *sk, const struct ip_mreqn_k *mreq, const struct ip_mc_filter *f)
{
	struct ip_mc_socklist *ml;
	struct in_device *in_dev;
	int err;

	if (ipv4_is_multicast(mreq->group) && f->mode != MCAST_INCLUDE && f->mode != MCAST_EXCLUDE)
		return -EINVAL;
	err = find_both(sk, mreq, &in_dev, &ml, -EINVAL);
	if (f->mode == MCAST_INCLUDE && !f->n && err != -ENODEV && ipv4_is_multicast(mreq->group))
		return ip_mc_leave_group(sk, mreq);
	if (err)
		return err;
	return ml_change(in_dev, ml, f->n ? f : &(struct ip_mc_filter){.mode = f->mode});
}

int ip_mc_msfget(struct sock *sk, const struct ip_mreqn_k *mreq, struct ip_mc_filter *f)
{
	struct ip_mc_socklist *ml;
	struct in_device *in_dev;
	int err = find_both(sk, mreq, &in_dev, &ml, -EADDRNOTAVAIL);

	if (!err)
		*f = filter_of(ml);
	return err;
}

bool ip_mc_sf_allow_slow(const struct sock *sk, be32 daddr, be32 saddr, u32 iif)
{
	const struct ip_mc_socklist *ml;

	if (!ipv4_is_multicast(daddr))
		return true;
	ml = ml_find(sk, daddr, iif);
	if (!ml)
		return sk->mc_all;
	return (source_at(ml, saddr) < ml->n) == (ml->sfmode == MCAST_INCLUDE);
}
