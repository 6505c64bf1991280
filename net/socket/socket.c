/* SPDX-License-Identifier: MIT */
/*
 * sock_*: the ways from a program into the protocols. Each enters the stack (softirqs disabled), calls the
 * protocol, gives the kick for what was sent, and leaves. A socket that is closed while others sleep in it
 * wakes them with -EBADF; the last one out frees it.
 */
#include "net/ipv4/igmp.h"
#include "net/raw/ping_sock.h"
#include "net/raw/raw_sock.h"
#include "net/socket/socket.h"
#include "net/tcp/tcp.h"
#include "net/udp/udp.h"

/* What socket(2) can make; the first entry of a type serves protocol 0. */
static const struct proto *const protos[] = {&tcp_prot, &udp_prot, &ping_prot, &raw_prot};

/* What Linux has names for: beyond is -EINVAL, the rest is not supported. */
#define SOCK_TYPE_MAX 10
#define PROTOCOL_MAX  262

static int proto_find(int type, int protocol, const struct proto **out)
{
	bool type_known = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(protos); i++) {
		const struct proto *p = protos[i];

		if (p->type != type)
			continue;
		type_known = true;
		/* A proto without a number of its own serves every number but 0. */
		if (p->protocol ? protocol == p->protocol || !protocol
				: protocol && protocol <= U8_MAX) {
			*out = p;
			return 0;
		}
	}
	return type_known ? -EPROTONOSUPPORT : -ESOCKTNOSUPPORT;
}

int sock_create(struct net *net, int domain, int type, int protocol, struct sock **out)
{
	const struct proto *prot;
	int err;

	if (domain != AF_INET)
		return -EAFNOSUPPORT;
	if (type < 0 || type > SOCK_TYPE_MAX || protocol < 0 || protocol > PROTOCOL_MAX)
		return -EINVAL;
	err = proto_find(type, protocol, &prot);
	if (err)
		return err;
	plat_bh_disable();
	err = sk_alloc(net, prot, prot->protocol ? prot->protocol : protocol, out);
	plat_bh_enable();
	return err;
}

/* -EBADF: closed by another thread meanwhile. */
static inline int sock_enter(struct sock *sk)
{
	plat_bh_disable();
	if (unlikely(sk->closed)) {
		plat_bh_enable();
		return -EBADF;
	}
	sk->users++;
	net_stretch_begin(sk->net);
	return 0;
}

static inline void sock_leave(struct sock *sk)
{
	struct net *net = sk->net;

	sk->users--;
	if (unlikely(sk->closed))
		sk_try_free(sk);
	if (!list_empty(&net->flush_list))
		net_flush_devices(net);
	plat_bh_enable();
}

void sock_close(struct sock *sk)
{
	struct sk_buff *skb;

	if (sock_enter(sk))
		return;
	sk->prot->close(sk);
	if (sk->closed) { /* by another thread, while this one lingered */
		sock_leave(sk);
		return;
	}
	sk_route_drop(sk);
	if (sk->mc_list)
		ip_mc_drop_socket(sk);
	while ((skb = skb_dequeue(&sk->receive_queue)))
		kfree_skb_reason(skb, SKB_DROP_REASON_SOCKET_CLOSED);
	sk_purge_errors(sk);
	sk_detach(sk);
	sk_wake(sk);
	while (!list_empty(&sk->waiters))
		list_del_init(sk->waiters.next);
	sock_leave(sk);
}

/* It has a port, which bind() would change. A stream's goes back when its connection ends, unless bind() chose it. */
static bool has_port(struct sock *sk)
{
	if (sk->type == SOCK_STREAM)
		return tcp_has_port(sk);
	return sk->sport && sk->type != SOCK_RAW;
}

static int inet_bind(struct sock *sk, const struct sock_addr *addr)
{
	u8 type = inet_addr_type(sk->net, NULL, addr->addr);
	int err;

	if (sk->type == SOCK_RAW && sk->state != TCP_CLOSE)
		return -EINVAL;
	if (addr->addr && type != RTN_LOCAL && type != RTN_MULTICAST && type != RTN_BROADCAST &&
	    !sk->freebind && !sk->transparent && !sk->net->ipv4->sysctl_ip_nonlocal_bind)
		return -EADDRNOTAVAIL;
	if (sk->prot == &ping_prot && addr->addr &&
	    (type == RTN_MULTICAST || type == RTN_BROADCAST))
		return -EADDRNOTAVAIL;
	if (sk->state != TCP_CLOSE || has_port(sk))
		return -EINVAL;
	if (sk->bind_no_port && !addr->port && sk->type != SOCK_RAW) {
		sk->rcv_saddr = addr->addr;
		sk->sport = 0;
		err = 0;
	} else {
		err = sk->prot->get_port(sk, addr->addr, addr->port);
	}
	if (err)
		return err;
	/* Nothing is sent from a multicast or broadcast address. */
	sk->saddr = type == RTN_MULTICAST || type == RTN_BROADCAST ? 0 : addr->addr;
	sk->daddr = 0;
	sk->dport = 0;
	sk_route_drop(sk);
	sk->addr_bound = addr->addr != 0;
	sk->port_bound = addr->port != 0;
	return 0;
}

int sock_bind(struct sock *sk, const struct sock_addr *addr)
{
	int err = sock_enter(sk);

	if (err)
		return err;
	err = inet_bind(sk, addr);
	sock_leave(sk);
	return err;
}

int sock_connect(struct sock *sk, const struct sock_addr *addr, bool nonblock)
{
	int err = sock_enter(sk);

	if (err)
		return err;
	err = sk->prot->connect(sk, addr, nonblock);
	sock_leave(sk);
	return err;
}

int sock_listen(struct sock *sk, int backlog)
{
	int err = sock_enter(sk);

	if (err)
		return err;
	err = sk->prot->listen ? sk->prot->listen(sk, backlog) : -EOPNOTSUPP;
	sock_leave(sk);
	return err;
}

int sock_accept(struct sock *sk, bool nonblock, struct sock **out, struct sock_addr *peer)
{
	int err = sock_enter(sk);

	if (err)
		return err;
	err = sk->prot->accept ? sk->prot->accept(sk, nonblock, out, peer) : -EOPNOTSUPP;
	sock_leave(sk);
	return err;
}

long sock_sendmsg(struct sock *sk, const struct sock_msg *msg, int flags)
{
	long ret = sock_enter(sk);

	if (unlikely(ret))
		return ret;
	ret = sk->prot->sendmsg(sk, msg, flags);
	sock_leave(sk);
	return ret;
}

long sock_recvmsg(struct sock *sk, struct sock_msg *msg, int flags)
{
	long ret = sock_enter(sk);

	if (unlikely(ret))
		return ret;
	ret = sk->prot->recvmsg(sk, msg, flags);
	sock_leave(sk);
	return ret;
}

/* A datagram socket need not be connected for it to take effect, but is told so: as Linux. */
static int inet_shutdown(struct sock *sk, int how)
{
	if (sk->prot->shutdown)
		return sk->prot->shutdown(sk, how);
	sk->shutdown |= how + 1; /* SHUT_RD, WR, RDWR are 0, 1, 2 */
	sk_wake(sk);
	return sk->state == TCP_CLOSE ? -ENOTCONN : 0;
}

int sock_shutdown(struct sock *sk, int how)
{
	int err;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	err = sock_enter(sk);
	if (err)
		return err;
	err = inet_shutdown(sk, how);
	sock_leave(sk);
	return err;
}

int sock_getsockname(struct sock *sk, struct sock_addr *addr)
{
	int err = sock_enter(sk);

	if (err)
		return err;
	addr->addr = sk->rcv_saddr ? sk->rcv_saddr : sk->saddr;
	addr->port = sk->sport;
	sock_leave(sk);
	return 0;
}

int sock_getpeername(struct sock *sk, struct sock_addr *addr)
{
	int err = sock_enter(sk);

	if (err)
		return err;
	addr->addr = sk->daddr;
	addr->port = sk->dport;
	err = !sk->dport || BIT(sk->state) & (BIT(TCP_CLOSE) | BIT(TCP_SYN_SENT) | BIT(TCP_LISTEN))
		      ? -ENOTCONN
		      : 0;
	sock_leave(sk);
	return err;
}

int sock_ioctl(struct sock *sk, unsigned long request, int *value)
{
	int err = sock_enter(sk);

	if (err)
		return err;
	if (request == SIOCINQ) {
		*value = sk->prot->inq(sk);
		err = *value < 0 ? *value : 0;
	} else if (request == SIOCOUTQ) {
		*value = sk->prot->outq ? sk->prot->outq(sk) : (int)sk->wmem;
		err = *value < 0 ? *value : 0;
	} else if (request == SIOCATMARK && sk->prot->at_mark) {
		*value = sk->prot->at_mark(sk);
	} else {
		err = -ENOTTY;
	}
	sock_leave(sk);
	return err;
}

u32 sock_poll(struct sock *sk)
{
	return sk->closed ? POLLNVAL : sk->prot->poll(sk);
}

void sock_waiter_add(struct sock *sk, struct sock_waiter *w)
{
	plat_bh_disable();
	if (sk->closed)
		INIT_LIST_HEAD(&w->list);
	else
		list_add_tail(&w->list, &sk->waiters);
	plat_bh_enable();
}

void sock_waiter_del(struct sock_waiter *w)
{
	plat_bh_disable();
	list_del_init(&w->list);
	plat_bh_enable();
}
