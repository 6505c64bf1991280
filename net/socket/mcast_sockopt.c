/* SPDX-License-Identifier: MIT */
/*
 * Membership of multicast groups by socket options: ip(7)'s IP_* forms and RFC 3678's MCAST_* forms, in the layouts of Linux's
 * 64-bit ABI. Each becomes a call of mc_sock.c.
 */
#include "net/ipv4/igmp.h"
#include "net/socket/mcast_sockopt.h"

/* struct sockaddr_storage with an IPv4 address in it. */
struct storage {
	u16 family;
	be16 port;
	be32 addr;
	u8 rest[120];
};

/* struct group_req; struct group_source_req goes on with source. */
struct group_spec {
	u32 ifindex, pad;
	struct storage group, source;
};
#define GROUP_REQ_LEN offsetof(struct group_spec, source)

/* struct ip_msfilter, in front of its sources. */
struct msfilter {
	be32 group, interface;
	u32 fmode, numsrc;
};

/* struct group_filter, likewise; these are struct storage. */
struct group_list {
	u32 ifindex, pad;
	struct storage group;
	u32 fmode, numsrc;
};

/* struct in_addr, struct ip_mreq or struct ip_mreqn: the words that are there. */
static bool read_mreq(struct ip_mreqn_k *mreq, const void *val, u32 len, u32 least)
{
	*mreq = (struct ip_mreqn_k){0};
	if (len < least)
		return false;
	if (len < 2 * sizeof(be32)) {
		memcpy(&mreq->address, val, sizeof(mreq->address));
		return true;
	}
	memcpy(mreq, val, len < sizeof(*mreq) ? 2 * sizeof(be32) : sizeof(*mreq));
	return true;
}

static int set_multicast_if(struct sock *sk, const void *val, u32 len)
{
	struct net_device *dev = NULL;
	struct ip_mreqn_k mreq;

	if (!read_mreq(&mreq, val, len, sizeof(be32)))
		return -EINVAL;
	if (mreq.ifindex)
		dev = dev_get_by_index(sk->net, mreq.ifindex);
	else if (mreq.address)
		dev = ip_dev_find(sk->net, mreq.address);
	if (!dev && (mreq.address || mreq.ifindex))
		return -EADDRNOTAVAIL;
	if (dev && sk->bound_dev_if && sk->bound_dev_if != dev->ifindex)
		return -EINVAL;
	sk->mc_index = dev ? dev->ifindex : 0;
	sk->mc_addr = mreq.address;
	return 0;
}

static int set_membership(struct sock *sk, bool join, const void *val, u32 len)
{
	struct ip_mreqn_k mreq;

	if (!read_mreq(&mreq, val, len, 2 * sizeof(be32)))
		return -EINVAL;
	return join ? ip_mc_join_group(sk, &mreq, MCAST_EXCLUDE) : ip_mc_leave_group(sk, &mreq);
}

/* Adds a source to a list, or takes it away; listening to one begins with joining for none. */
static int change_source(struct sock *sk, struct ip_mreqn_k *mreq, be32 source, u8 mode, bool add)
{
	if (mode == MCAST_INCLUDE && add) {
		int err = ip_mc_join_group(sk, mreq, MCAST_INCLUDE);

		if (err && err != -EADDRINUSE)
			return err;
	}
	return ip_mc_source(sk, mreq, source, mode, add);
}

/* struct ip_mreq_source: group, interface, source. */
static int set_ip_source(struct sock *sk, int name, const void *val, u32 len)
{
	bool include = name == IP_ADD_SOURCE_MEMBERSHIP || name == IP_DROP_SOURCE_MEMBERSHIP;
	bool add = name == IP_ADD_SOURCE_MEMBERSHIP || name == IP_BLOCK_SOURCE;
	struct ip_mreqn_k mreq = {0};
	be32 word[3];

	if (len != sizeof(word))
		return -EINVAL;
	memcpy(word, val, sizeof(word));
	mreq.group = word[0];
	mreq.address = word[1];
	return change_source(sk, &mreq, word[2], include ? MCAST_INCLUDE : MCAST_EXCLUDE, add);
}

static int set_group(struct sock *sk, bool join, const void *val, u32 len)
{
	struct ip_mreqn_k mreq = {0};
	struct group_spec req;

	if (len < GROUP_REQ_LEN)
		return -EINVAL;
	memcpy(&req, val, GROUP_REQ_LEN);
	if (req.group.family != AF_INET)
		return -EINVAL;
	mreq.group = req.group.addr;
	mreq.ifindex = req.ifindex;
	return join ? ip_mc_join_group(sk, &mreq, MCAST_EXCLUDE) : ip_mc_leave_group(sk, &mreq);
}

static int set_group_source(struct sock *sk, int name, const void *val, u32 len)
{
	bool include = name == MCAST_JOIN_SOURCE_GROUP || name == MCAST_LEAVE_SOURCE_GROUP;
	bool add = name == MCAST_JOIN_SOURCE_GROUP || name == MCAST_BLOCK_SOURCE;
	struct ip_mreqn_k mreq = {0};
	struct group_spec req;

	if (len != sizeof(req))
		return -EINVAL;
	memcpy(&req, val, sizeof(req));
	if (req.group.family != AF_INET || req.source.family != AF_INET)
		return -EADDRNOTAVAIL;
	mreq.group = req.group.addr;
	mreq.ifindex = req.ifindex;
	return change_source(sk, &mreq, req.source.addr, include ? MCAST_INCLUDE : MCAST_EXCLUDE,
			     add);
}

/* Whether n sources of size bytes each may come, and are there behind the head. */
static int check_sources(struct sock *sk, u32 n, u32 len, u32 head, u32 size)
{
	if (n > (u32)net_ipv4(sk->net)->sysctl_igmp_max_msf)
		return -ENOBUFS;
	return (len - head) / size < n ? -EINVAL : 0;
}

static int set_msfilter(struct sock *sk, const void *val, u32 len)
{
	struct ip_mreqn_k mreq = {0};
	struct ip_mc_filter f;
	struct msfilter msf;
	int err;

	if (len < sizeof(msf))
		return -EINVAL;
	memcpy(&msf, val, sizeof(msf));
	err = check_sources(sk, msf.numsrc, len, sizeof(msf), sizeof(be32));
	if (err)
		return err;
	mreq.group = msf.group;
	mreq.address = msf.interface;
	f = (struct ip_mc_filter){min(msf.fmode, 255U), msf.numsrc,
				  (const be32 *)((const struct msfilter *)val + 1)};
	return ip_mc_msfilter(sk, &mreq, &f);
}

/* The addresses of n struct storage, in a list of its own; *err says what is wrong with it. */
static be32 *addresses_of(const u8 *from, u32 n, int *err)
{
	be32 *src = plat_alloc((n + 1) * sizeof(*src));
	struct storage s;

	*err = src ? 0 : -ENOBUFS;
	for (u32 i = 0; src && i < n; i++, from += sizeof(s)) {
		memcpy(&s, from, sizeof(s));
		src[i] = s.addr;
		if (s.family != AF_INET)
			*err = -EADDRNOTAVAIL;
	}
	return src;
}

static int set_group_filter(struct sock *sk, const void *val, u32 len)
{
	struct group_list gf;
	struct ip_mreqn_k mreq = {0};
	struct ip_mc_filter f;
	be32 *src;
	int err;

	if (len < sizeof(gf))
		return -EINVAL;
	memcpy(&gf, val, sizeof(gf));
	err = check_sources(sk, gf.numsrc, len, sizeof(gf), sizeof(struct storage));
	if (err)
		return err;
	if (gf.group.family != AF_INET)
		return -EADDRNOTAVAIL;
	src = addresses_of((const u8 *)val + sizeof(gf), gf.numsrc, &err);
	mreq.group = gf.group.addr;
	mreq.ifindex = gf.ifindex;
	f = (struct ip_mc_filter){min(gf.fmode, 255U), gf.numsrc, src};
	if (!err)
		err = ip_mc_msfilter(sk, &mreq, &f);
	plat_free(src);
	return err;
}

int mcast_setsockopt(struct sock *sk, int name, const void *val, u32 len)
{
	if (sk->type == SOCK_STREAM)
		return name == IP_MULTICAST_IF ? -EINVAL : -EPROTO;
	switch (name) {
	case IP_MULTICAST_IF:
		return set_multicast_if(sk, val, len);
	case IP_ADD_MEMBERSHIP:
	case IP_DROP_MEMBERSHIP:
		return set_membership(sk, name == IP_ADD_MEMBERSHIP, val, len);
	case IP_MSFILTER:
		return set_msfilter(sk, val, len);
	case MCAST_JOIN_GROUP:
	case MCAST_LEAVE_GROUP:
		return set_group(sk, name == MCAST_JOIN_GROUP, val, len);
	case MCAST_MSFILTER:
		return set_group_filter(sk, val, len);
	}
	return name < IP_MSFILTER ? set_ip_source(sk, name, val, len)
				  : set_group_source(sk, name, val, len);
}

static int get_multicast_if(struct sock *sk, void *val, u32 *len)
{
	*len = min(*len, (u32)sizeof(sk->mc_addr));
	memcpy(val, &sk->mc_addr, *len);
	return 0;
}

/* The head tells how many sources there are, also when fewer have room. */
static int get_msfilter(struct sock *sk, void *val, u32 *len)
{
	struct ip_mreqn_k mreq = {0};
	struct ip_mc_filter f;
	struct msfilter msf;
	u32 n;
	int err;

	if (*len < sizeof(msf))
		return -EINVAL;
	memcpy(&msf, val, sizeof(msf));
	mreq.group = msf.group;
	mreq.address = msf.interface;
	err = ip_mc_msfget(sk, &mreq, &f);
	if (err)
		return err;
	n = min(msf.numsrc, f.n);
	n = min(n, (u32)((*len - sizeof(msf)) / sizeof(be32)));
	msf.fmode = f.mode;
	msf.numsrc = f.n;
	memcpy(val, &msf, sizeof(msf));
	if (n)
		memcpy((struct msfilter *)val + 1, f.src, n * sizeof(be32));
	*len = sizeof(msf) + n * sizeof(be32);
	return 0;
}

static int get_group_filter(struct sock *sk, void *val, u32 *len)
{
	struct ip_mreqn_k mreq = {0};
	struct group_list gf;
	struct ip_mc_filter f;
	struct storage to = {.family = AF_INET};
	u32 n;
	int err;

	if (*len < sizeof(gf))
		return -EINVAL;
	memcpy(&gf, val, sizeof(gf));
	if (gf.group.family != AF_INET)
		return -EADDRNOTAVAIL;
	mreq.group = gf.group.addr;
	mreq.ifindex = gf.ifindex;
	err = ip_mc_msfget(sk, &mreq, &f);
	if (err)
		return err;
	n = min(gf.numsrc, f.n);
	n = min(n, (u32)((*len - sizeof(gf)) / sizeof(to)));
	gf.fmode = f.mode;
	gf.numsrc = f.n;
	memcpy(val, &gf, sizeof(gf));
	for (u32 i = 0; i < n; i++) {
		to.addr = f.src[i];
		memcpy((u8 *)val + sizeof(gf) + i * sizeof(to), &to, sizeof(to));
	}
	*len = sizeof(gf) + n * sizeof(to);
	return 0;
}

int mcast_getsockopt(struct sock *sk, int name, void *val, u32 *len)
{
	switch (name) {
	case IP_MULTICAST_IF:
		return get_multicast_if(sk, val, len);
	case IP_MSFILTER:
		return get_msfilter(sk, val, len);
	case MCAST_MSFILTER:
		return get_group_filter(sk, val, len);
	}
	return -ENOPROTOOPT;
}
