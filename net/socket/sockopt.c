/* SPDX-License-Identifier: MIT */
/*
 * Socket options at the levels SOCKET and IP: tables of what is an int, functions for the rest. Layouts, ranges and
 * errors are Linux's (socket(7), ip(7)); what is not here is refused with -ENOPROTOOPT.
 */
#include "net/netdevice.h"
#include "net/ipv4/netns_ipv4.h"
#include "net/socket/filter_sockopt.h"
#include "net/socket/mcast_sockopt.h"
#include "net/socket/socket.h"

/* An option that is one int. NULL: cannot be read, or set. Values below min or above max are -EINVAL. */
struct int_option {
	int name, min, max;
	int (*get)(struct sock *sk);
	int (*set)(struct sock *sk, int v);
};

#define ANY_INT INT32_MIN, INT32_MAX

/* A field that holds the value as it is; and one of a flag. */
#define INT_FIELD(field)                               \
	static int get_##field(struct sock *sk)        \
	{                                              \
		return sk->field;                      \
	}                                              \
	static int set_##field(struct sock *sk, int v) \
	{                                              \
		sk->field = v;                         \
		return 0;                              \
	}
#define FLAG_FIELD(field)                              \
	static int get_##field(struct sock *sk)        \
	{                                              \
		return sk->field;                      \
	}                                              \
	static int set_##field(struct sock *sk, int v) \
	{                                              \
		sk->field = v != 0;                    \
		return 0;                              \
	}
/* Asks for ancillary data with each packet. */
#define CMSG_FLAG(name, flag)                                                            \
	static int get_##name(struct sock *sk)                                           \
	{                                                                                \
		return (sk->cmsg_flags & (flag)) != 0;                                   \
	}                                                                                \
	static int set_##name(struct sock *sk, int v)                                    \
	{                                                                                \
		sk->cmsg_flags = v ? sk->cmsg_flags | (flag) : sk->cmsg_flags & ~(flag); \
		return 0;                                                                \
	}

FLAG_FIELD(reuse)
FLAG_FIELD(reuseport)
FLAG_FIELD(broadcast)
FLAG_FIELD(no_check)
FLAG_FIELD(freebind)
FLAG_FIELD(mc_loop)
FLAG_FIELD(mc_all)
FLAG_FIELD(hdrincl)
FLAG_FIELD(dontroute)
FLAG_FIELD(select_err_queue)
FLAG_FIELD(bind_no_port)
FLAG_FIELD(transparent)
FLAG_FIELD(nodefrag)
INT_FIELD(priority)
INT_FIELD(mark)
INT_FIELD(pmtudisc)
INT_FIELD(min_ttl)
CMSG_FLAG(pktinfo, SK_CMSG_PKTINFO)
CMSG_FLAG(recvttl, SK_CMSG_TTL)
CMSG_FLAG(recvtos, SK_CMSG_TOS)
CMSG_FLAG(rxq_ovfl, SK_CMSG_RXQ_OVFL)
CMSG_FLAG(origdst, SK_CMSG_ORIGDST)
CMSG_FLAG(checksum, SK_CMSG_CHECKSUM)
CMSG_FLAG(recvopts, SK_CMSG_RECVOPTS)
CMSG_FLAG(retopts, SK_CMSG_RETOPTS)
CMSG_FLAG(timestamp, SK_CMSG_TIMESTAMP)
CMSG_FLAG(timestampns, SK_CMSG_TIMESTAMPNS)

static int get_recverr(struct sock *sk)
{
	return sk->recverr;
}

static int set_recverr(struct sock *sk, int v)
{
	sk->recverr = v != 0;
	if (!v)
		sk_purge_errors(sk);
	return 0;
}

static int get_type(struct sock *sk)
{
	return sk->type;
}

static int get_protocol(struct sock *sk)
{
	return sk->protocol;
}

static int get_domain(struct sock *sk __unused)
{
	return AF_INET;
}

static int get_acceptconn(struct sock *sk)
{
	return sk->state == TCP_LISTEN;
}

static int get_error(struct sock *sk)
{
	return -sk_error(sk);
}

static int get_rcvbuf(struct sock *sk)
{
	return sk->rcvbuf;
}

/* Doubled, for what is not payload, and told so: socket(7). */
static int set_rcvbuf(struct sock *sk, int v)
{
	u32 want = min((u32)v, (u32)sk->net->socket->rmem_max) * 2;

	sk->rcvbuf = max(want, (u32)SK_RCVBUF_MIN);
	sk->rcvbuf_locked = 1;
	return 0;
}

static int get_sndbuf(struct sock *sk)
{
	return sk->sndbuf;
}

static int set_sndbuf(struct sock *sk, int v)
{
	u32 want = min((u32)v, (u32)sk->net->socket->wmem_max) * 2;

	sk->sndbuf = max(want, (u32)SK_SNDBUF_MIN);
	sk->sndbuf_locked = 1;
	sk_wake(sk); /* there may be room now */
	return 0;
}

/* Beyond [rw]mem_max: the programs here may all do what CAP_NET_ADMIN allows. */
static u32 forced(int v, u32 least)
{
	u32 want = v < 0 ? 0 : min((u32)v, (u32)INT32_MAX / 2) * 2;

	return max(want, least);
}

static int force_rcvbuf(struct sock *sk, int v)
{
	sk->rcvbuf = forced(v, SK_RCVBUF_MIN);
	return 0;
}

static int force_sndbuf(struct sock *sk, int v)
{
	sk->sndbuf = forced(v, SK_SNDBUF_MIN);
	sk_wake(sk);
	return 0;
}

static int get_bindtoifindex(struct sock *sk)
{
	return sk->bound_dev_if;
}

static int set_bindtoifindex(struct sock *sk, int v)
{
	sk->bound_dev_if = v;
	sk->prot->rehash(sk);
	return 0;
}

static int get_one(struct sock *sk __unused)
{
	return 1;
}

/* There is one CPU; nothing is known of it before the first packet, and it cannot be chosen. */
static int get_cpu(struct sock *sk)
{
	return sk->state == TCP_ESTABLISHED ? 0 : -1;
}

static int get_peek_off(struct sock *sk)
{
	return sk->peek_off;
}

static int set_peek_off(struct sock *sk, int v)
{
	sk->peek_off = v;
	sk->cmsg_flags = (sk->cmsg_flags & ~SK_CMSG_PEEK_OFF) | (v >= 0 ? SK_CMSG_PEEK_OFF : 0);
	return 0;
}

/* A NIC has one queue, which is polled under its number. 0: not known; what never left has none. */
static int get_napi_id(struct sock *sk)
{
	return sk->rx_iif == sk->net->loopback_dev->ifindex ? 0 : sk->rx_iif;
}

enum { BUF_LOCK_SEND = 1, BUF_LOCK_RECEIVE = 2 };

static int get_buf_lock(struct sock *sk)
{
	return (sk->sndbuf_locked ? BUF_LOCK_SEND : 0) | (sk->rcvbuf_locked ? BUF_LOCK_RECEIVE : 0);
}

static int set_buf_lock(struct sock *sk, int v)
{
	sk->sndbuf_locked = (v & BUF_LOCK_SEND) != 0;
	sk->rcvbuf_locked = (v & BUF_LOCK_RECEIVE) != 0;
	return 0;
}

static int get_filter_locked(struct sock *sk)
{
	return sk->filter_locked;
}

/* For good. */
static int set_filter_locked(struct sock *sk, int v)
{
	if (!v && sk->filter_locked)
		return -EPERM;
	sk->filter_locked = v != 0;
	return 0;
}

static int detach_filter(struct sock *sk, int v __unused)
{
	return sk_detach_filter(sk);
}

static int detach_reuseport(struct sock *sk, int v __unused)
{
	return reuseport_detach_prog(sk);
}

static const struct int_option socket_options[] = {
	{SO_DONTROUTE, ANY_INT, get_dontroute, set_dontroute},
	{SO_SNDLOWAT, ANY_INT, get_one, NULL},
	{SO_SELECT_ERR_QUEUE, ANY_INT, get_select_err_queue, set_select_err_queue},
	{SO_BUF_LOCK, 0, BUF_LOCK_SEND | BUF_LOCK_RECEIVE, get_buf_lock, set_buf_lock},
	{SO_INCOMING_CPU, ANY_INT, get_cpu, NULL},
	{SO_REUSEADDR, ANY_INT, get_reuse, set_reuse},
	{SO_REUSEPORT, ANY_INT, get_reuseport, set_reuseport},
	{SO_TYPE, ANY_INT, get_type, NULL},
	{SO_PROTOCOL, ANY_INT, get_protocol, NULL},
	{SO_DOMAIN, ANY_INT, get_domain, NULL},
	{SO_ERROR, ANY_INT, get_error, NULL},
	{SO_ACCEPTCONN, ANY_INT, get_acceptconn, NULL},
	{SO_BROADCAST, ANY_INT, get_broadcast, set_broadcast},
	{SO_RCVBUF, ANY_INT, get_rcvbuf, set_rcvbuf},
	{SO_SNDBUF, ANY_INT, get_sndbuf, set_sndbuf},
	{SO_RCVBUFFORCE, ANY_INT, NULL, force_rcvbuf},
	{SO_SNDBUFFORCE, ANY_INT, NULL, force_sndbuf},
	{SO_NO_CHECK, ANY_INT, get_no_check, set_no_check},
	{SO_PRIORITY, ANY_INT, get_priority, set_priority},
	{SO_MARK, ANY_INT, get_mark, set_mark},
	{SO_BINDTOIFINDEX, 0, INT32_MAX, get_bindtoifindex, set_bindtoifindex},
	{SO_RXQ_OVFL, ANY_INT, get_rxq_ovfl, set_rxq_ovfl},
	{SO_PEEK_OFF, ANY_INT, get_peek_off, set_peek_off},
	{SO_INCOMING_NAPI_ID, ANY_INT, get_napi_id, NULL},
	{SO_TIMESTAMP, ANY_INT, get_timestamp, set_timestamp},
	{SO_TIMESTAMPNS, ANY_INT, get_timestampns, set_timestampns},
	{SO_LOCK_FILTER, ANY_INT, get_filter_locked, set_filter_locked},
	{SO_DETACH_FILTER, ANY_INT, NULL, detach_filter},
	{SO_DETACH_REUSEPORT_BPF, ANY_INT, NULL, detach_reuseport},
};

static int get_ttl(struct sock *sk)
{
	return sk->ttl ? sk->ttl : sk->net->ipv4->sysctl_ip_default_ttl;
}

/* -1: back to the default. */
static int set_ttl(struct sock *sk, int v)
{
	if (!v)
		return -EINVAL;
	sk->ttl = v < 0 ? 0 : v;
	return 0;
}

static int get_mc_ttl(struct sock *sk)
{
	return sk->mc_ttl;
}

static int set_mc_ttl(struct sock *sk, int v)
{
	if (sk->type == SOCK_STREAM)
		return -EINVAL;
	sk->mc_ttl = v < 0 ? 1 : v;
	return 0;
}

static int get_tos(struct sock *sk)
{
	return sk->tos;
}

/* A stream's ECN bits are not the program's. */
static int set_tos(struct sock *sk, int v)
{
	static const u8 priority[] = {0, 2, 6, 4}; /* by throughput and delay: Linux's */
	u8 tos = sk->type == SOCK_STREAM ? (v & 0xfc) | (sk->tos & 3) : v;

	if (tos != sk->tos)
		sk->priority = priority[tos >> 3 & 3];
	sk->tos = tos;
	return 0;
}

static int get_router_alert(struct sock *sk)
{
	return sk->router_alert;
}

static int set_router_alert(struct sock *sk, int v)
{
	if (sk->type != SOCK_RAW)
		return -EINVAL;
	return sk->prot->setsockopt(sk, SOL_IP, IP_ROUTER_ALERT, &v, sizeof(v));
}

/* Linux's name for the local port, which of a raw socket is its protocol. */
static int get_ip_protocol(struct sock *sk)
{
	return sk->type == SOCK_RAW ? sk->protocol : be16_to_cpu(sk->sport);
}

static int get_local_ports(struct sock *sk)
{
	return sk->local_ports;
}

/* The first port in the lower half, the last in the upper; 0: the stack's. */
static int set_local_ports(struct sock *sk, int v)
{
	u16 first = v, last = (u32)v >> 16;

	if (first && last && first > last)
		return -EINVAL;
	sk->local_ports = v;
	return 0;
}

/* In network order: as addresses are told. */
static int get_unicast_if(struct sock *sk)
{
	return cpu_to_be32(sk->uc_index);
}

static int set_unicast_if(struct sock *sk, int v)
{
	u32 ifindex = be32_to_cpu(v);

	if (ifindex && !dev_get_by_index(sk->net, ifindex))
		return -EADDRNOTAVAIL;
	if (ifindex && sk->bound_dev_if)
		return -EINVAL;
	sk->uc_index = ifindex;
	return 0;
}

static const struct int_option ip_options[] = {
	{IP_TOS, ANY_INT, get_tos, set_tos},
	{IP_PROTOCOL, ANY_INT, get_ip_protocol, NULL},
	{IP_HDRINCL, ANY_INT, get_hdrincl, NULL},
	{IP_NODEFRAG, ANY_INT, get_nodefrag, NULL},
	{IP_BIND_ADDRESS_NO_PORT, ANY_INT, get_bind_no_port, set_bind_no_port},
	{IP_TTL, -1, 255, get_ttl, set_ttl},
	{IP_PKTINFO, ANY_INT, get_pktinfo, set_pktinfo},
	{IP_RECVERR, ANY_INT, get_recverr, set_recverr},
	{IP_RECVTTL, ANY_INT, get_recvttl, set_recvttl},
	{IP_ROUTER_ALERT, ANY_INT, get_router_alert, set_router_alert},
	{IP_RECVOPTS, ANY_INT, get_recvopts, set_recvopts},
	{IP_RETOPTS, ANY_INT, get_retopts, set_retopts},
	{IP_RECVTOS, ANY_INT, get_recvtos, set_recvtos},
	{IP_MTU_DISCOVER, IP_PMTUDISC_DONT, IP_PMTUDISC_OMIT, get_pmtudisc, set_pmtudisc},
	{IP_MULTICAST_TTL, -1, 255, get_mc_ttl, set_mc_ttl},
	{IP_FREEBIND, ANY_INT, get_freebind, set_freebind},
	{IP_TRANSPARENT, ANY_INT, get_transparent, set_transparent},
	{IP_MINTTL, 0, 255, get_min_ttl, set_min_ttl},
	{IP_LOCAL_PORT_RANGE, ANY_INT, get_local_ports, set_local_ports},
	{IP_UNICAST_IF, ANY_INT, get_unicast_if, set_unicast_if},
	{IP_CHECKSUM, ANY_INT, get_checksum, set_checksum},
	{IP_RECVORIGDSTADDR, ANY_INT, get_origdst, set_origdst},
	{IP_MULTICAST_LOOP, ANY_INT, get_mc_loop, set_mc_loop},
	{IP_MULTICAST_ALL, 0, 1, get_mc_all, set_mc_all},
};

/* Raw sockets have it too. */
static const struct int_option raw_options[] = {
	{IP_HDRINCL, ANY_INT, get_hdrincl, set_hdrincl},
	{IP_NODEFRAG, ANY_INT, get_nodefrag, set_nodefrag},
};

static const struct int_option *option_in(const struct int_option *table, size_t n, int name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (table[i].name == name)
			return &table[i];
	return NULL;
}

static const struct int_option *int_option_find(const struct sock *sk, int level, int name)
{
	const struct int_option *o = NULL;

	if (level == SOL_SOCKET)
		return option_in(socket_options, ARRAY_SIZE(socket_options), name);
	if (level == SOL_IP && sk->type == SOCK_RAW)
		o = option_in(raw_options, ARRAY_SIZE(raw_options), name);
	if (level == SOL_IP && !o)
		o = option_in(ip_options, ARRAY_SIZE(ip_options), name);
	return o;
}

/* At level IP a byte will do, and nothing is 0, as Linux has it. */
static int int_value(int level, const void *val, u32 len, int *v)
{
	if (len >= sizeof(*v))
		memcpy(v, val, sizeof(*v));
	else if (level == SOL_IP)
		*v = len ? *(const u8 *)val : 0;
	else
		return -EINVAL;
	return 0;
}

static int set_timeo(u64 *timeo, const void *val, u32 len)
{
	s64 tv[2]; /* struct timeval */

	if (len < sizeof(tv))
		return -EINVAL;
	memcpy(tv, val, sizeof(tv));
	if (tv[1] < 0 || tv[1] >= 1000000)
		return -EDOM;
	if (tv[0] < 0)
		*timeo = 1; /* already over: as Linux */
	else if (tv[0] >= INT32_MAX)
		*timeo = 0;
	else
		*timeo = tv[0] * NSEC_PER_SEC + tv[1] * NSEC_PER_USEC;
	return 0;
}

static int get_timeo(u64 timeo, void *val, u32 *len)
{
	s64 tv[2] = {timeo / NSEC_PER_SEC, timeo % NSEC_PER_SEC / NSEC_PER_USEC};

	*len = min(*len, (u32)sizeof(tv));
	memcpy(val, tv, *len);
	return 0;
}

/* A name, perhaps without its 0; empty: any device. */
static int set_bindtodevice(struct sock *sk, const void *val, u32 len)
{
	char name[IFNAMSIZ];
	struct net_device *dev;

	len = min(len, (u32)IFNAMSIZ - 1);
	memcpy(name, val, len);
	name[len] = '\0';
	if (!name[0])
		return set_bindtoifindex(sk, 0);
	dev = dev_get_by_name(sk->net, name);
	return dev ? set_bindtoifindex(sk, dev->ifindex) : -ENODEV;
}

static int get_bindtodevice(struct sock *sk, void *val, u32 *len)
{
	struct net_device *dev =
		sk->bound_dev_if ? dev_get_by_index(sk->net, sk->bound_dev_if) : NULL;
	u32 need;

	if (!dev) {
		*len = 0;
		return sk->bound_dev_if ? -ENODEV : 0;
	}
	need = strlen(dev->name) + 1;
	if (*len < IFNAMSIZ)
		return -EINVAL;
	memcpy(val, dev->name, need);
	*len = need;
	return 0;
}

/* Options that are left to the protocol: of IP's only streams have any. */
static bool of_protocol(const struct sock *sk, int level, int name)
{
	return level != SOL_IP || (name == IP_OPTIONS && sk->type == SOCK_STREAM);
}

/*
 * What only streams make use of. Linux keeps it for datagram sockets, too, where it changes nothing, and so programs set
 * it on all that they have.
 */
static int set_idle_option(struct sock *sk, int name, const void *val, u32 len)
{
	int v[2] = {0, 0};

	if (len < (name == SO_LINGER ? sizeof(v) : sizeof(v[0])))
		return -EINVAL;
	memcpy(v, val, min(len, (u32)sizeof(v)));
	if (sk->type == SOCK_STREAM)
		return -ENOPROTOOPT;
	if (name == SO_KEEPALIVE)
		sk->idle_keepalive = v[0] != 0;
	else if (name == SO_OOBINLINE)
		sk->idle_oobinline = v[0] != 0;
	else if (name == SO_RCVLOWAT)
		sk->idle_rcvlowat = v[0] < 0 ? INT32_MAX : max(v[0], 1) - 1;
	else if (name == SO_LINGER)
		memcpy(sk->idle_linger, (int[]){v[0] != 0, v[0] ? v[1] : sk->idle_linger[1]},
		       sizeof(v));
	else
		return -ENOPROTOOPT;
	return 0;
}

/* Whether Linux takes this length of a value at level IP: shorter than an int is a byte, nothing is 0, but not of all. */
static bool length_is_good(int name, u32 len)
{
	switch (name) {
	case IP_MULTICAST_TTL:
	case IP_MULTICAST_LOOP:
	case IP_MULTICAST_ALL:
	case IP_FREEBIND:
	case IP_TRANSPARENT:
	case IP_MINTTL:
		return len;
	case IP_LOCAL_PORT_RANGE:
	case IP_UNICAST_IF:
		return len == sizeof(int);
	}
	return true;
}

/* Only streams and UDP have it. */
static bool is_elsewhere(const struct sock *sk, int level, int name)
{
	return level == SOL_SOCKET && name == SO_PEEK_OFF &&
	       (sk->type == SOCK_RAW || sk->protocol == IPPROTO_ICMP);
}

static int do_setsockopt(struct sock *sk, int level, int name, const void *val, u32 len)
{
	const struct int_option *o = int_option_find(sk, level, name);
	int v, err;

	if (o) {
		err = int_value(level, val, len, &v);
		if (err)
			return err;
		if (!o->set)
			return -ENOPROTOOPT;
		if (is_elsewhere(sk, level, name))
			return -EOPNOTSUPP;
		if (level == SOL_IP && !length_is_good(name, len))
			return -EINVAL;
		return v < o->min || v > o->max ? -EINVAL : o->set(sk, v);
	}
	if (level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_RCVTIMEO_NEW))
		return set_timeo(&sk->rcvtimeo, val, len);
	if (level == SOL_SOCKET && (name == SO_SNDTIMEO || name == SO_SNDTIMEO_NEW))
		return set_timeo(&sk->sndtimeo, val, len);
	if (level == SOL_SOCKET && name == SO_TIMESTAMPING && sk->type != SOCK_STREAM)
		return sk_set_timestamping(sk, val, len, 0);
	if (level == SOL_SOCKET && name == SO_BINDTODEVICE)
		return set_bindtodevice(sk, val, len);
	if (level == SOL_SOCKET && (name == SO_ATTACH_FILTER || name == SO_ATTACH_REUSEPORT_CBPF))
		return filter_setsockopt(sk, name, val, len);
	if (level == SOL_IP && is_mcast_option(name))
		return mcast_setsockopt(sk, name, val, len);
	if (level == SOL_IP && name == IP_OPTIONS && sk->type != SOCK_STREAM)
		return inet_opt_set(sk, val, len);
	if (of_protocol(sk, level, name) && sk->prot->setsockopt) {
		err = sk->prot->setsockopt(sk, level, name, val, len);
		if (err != -ENOPROTOOPT)
			return err;
	}
	return level == SOL_SOCKET ? set_idle_option(sk, name, val, len) : -ENOPROTOOPT;
}

static int put_bytes(const void *from, u32 size, void *val, u32 *len)
{
	*len = min(*len, size);
	memcpy(val, from, *len);
	return 0;
}

/* As set_idle_option(), and what is no int. */
static int get_more(struct sock *sk, int name, void *val, u32 *len)
{
	u64 cookie = sk->ino;
	u32 memory[9] = {sk->rmem, sk->rcvbuf, 0, sk->sndbuf, 0, sk->wmem, 0, 0, sk->drops};
	int v = 0;

	if (name == SO_COOKIE)
		return *len < sizeof(cookie) ? -EINVAL
					     : put_bytes(&cookie, sizeof(cookie), val, len);
	if (name == SO_MEMINFO)
		return put_bytes(memory, sizeof(memory), val, len);
	if (sk->type == SOCK_STREAM)
		return -ENOPROTOOPT;
	if (name == SO_LINGER)
		return put_bytes(sk->idle_linger, sizeof(sk->idle_linger), val, len);
	if (name == SO_KEEPALIVE)
		v = sk->idle_keepalive;
	else if (name == SO_OOBINLINE)
		v = sk->idle_oobinline;
	else if (name == SO_RCVLOWAT)
		v = sk->idle_rcvlowat == INT32_MAX ? INT32_MAX : sk->idle_rcvlowat + 1;
	else
		return -ENOPROTOOPT;
	return put_bytes(&v, sizeof(v), val, len);
}

static int put_int(int level, int v, void *val, u32 *len)
{
	if (level == SOL_IP && *len && *len < sizeof(v) && v >= 0 && v <= 255) {
		*(u8 *)val = v;
		*len = 1;
		return 0;
	}
	*len = min(*len, (u32)sizeof(v));
	memcpy(val, &v, *len);
	return 0;
}

static int get_mtu(struct sock *sk, void *val, u32 *len)
{
	struct flowi4 fl = {.oif = sk_unicast_oif(sk),
			    .mark = sk->mark,
			    .proto = sk->protocol,
			    .tos = sk->tos,
			    .anysrc = sk_anysrc(sk),
			    .saddr = sk->saddr,
			    .daddr = sk->daddr};
	struct rtable *rt;
	int err = sk->state == TCP_ESTABLISHED ? ip_route_output(sk->net, &fl, &rt) : -ENOTCONN;

	return err ? err : put_int(SOL_IP, ip_dst_mtu(&rt->dst), val, len);
}

/* A level at which the socket could have options, SOCKET aside. */
static bool of_own_level(const struct sock *sk, int level)
{
	return level == SOL_IP || level == (sk->type == SOCK_RAW ? SOL_RAW : sk->protocol);
}

static int do_getsockopt(struct sock *sk, int level, int name, void *val, u32 *len)
{
	const struct int_option *o = int_option_find(sk, level, name);

	if (is_elsewhere(sk, level, name))
		return -EOPNOTSUPP;
	if (o && o->get)
		return put_int(level, o->get(sk), val, len);
	if (level == SOL_IP && is_mcast_option(name))
		return mcast_getsockopt(sk, name, val, len);
	if (level == SOL_IP && name == IP_OPTIONS)
		return inet_opt_get(sk, val, len);
	if (level == SOL_IP && name == IP_MTU)
		return get_mtu(sk, val, len);
	if (level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_RCVTIMEO_NEW))
		return get_timeo(sk->rcvtimeo, val, len);
	if (level == SOL_SOCKET && (name == SO_SNDTIMEO || name == SO_SNDTIMEO_NEW))
		return get_timeo(sk->sndtimeo, val, len);
	if (level == SOL_SOCKET && name == SO_TIMESTAMPING)
		return sk_get_timestamping(sk, val, len);
	if (level == SOL_SOCKET && name == SO_BINDTODEVICE)
		return get_bindtodevice(sk, val, len);
	if (level == SOL_SOCKET && name == SO_GET_FILTER)
		return filter_getsockopt(sk, val, len);
	if (of_protocol(sk, level, name) && sk->prot->getsockopt) {
		int err = sk->prot->getsockopt(sk, level, name, val, len);

		if (err != -ENOPROTOOPT)
			return err;
	}
	if (level == SOL_SOCKET)
		return get_more(sk, name, val, len);
	return of_own_level(sk, level) ? -ENOPROTOOPT : -EOPNOTSUPP;
}

int sock_setsockopt(struct sock *sk, int level, int name, const void *val, u32 len)
{
	int err;

	plat_bh_disable();
	net_stretch_begin(sk->net);
	err = sk->closed ? -EBADF : -EINVAL;
	if (!sk->closed && len <= INT32_MAX)
		err = do_setsockopt(sk, level, name, val, len);
	sk_route_drop(sk); /* it may go another way now */
	if (!list_empty(&sk->net->flush_list))
		net_flush_devices(
			sk->net); /* what waited for its last piece, a report of a group */
	plat_bh_enable();
	return err;
}

int sock_getsockopt(struct sock *sk, int level, int name, void *val, u32 *len)
{
	int err;

	plat_bh_disable();
	net_stretch_begin(sk->net);
	err = sk->closed ? -EBADF : -EINVAL;
	if (!sk->closed && *len <= INT32_MAX)
		err = do_getsockopt(sk, level, name, val, len);
	plat_bh_enable();
	return err;
}
