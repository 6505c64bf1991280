/* SPDX-License-Identifier: MIT */
/* The common part of IPv4's sockets: memory, waiting, errors, the route they keep, connect. */
#include "net/ipv4/inet_sock.h"
#include "net/ipv4/netns_ipv4.h"
#include "net/wire/icmp_hdr.h"

int sk_alloc(struct net *net, const struct proto *prot, u8 protocol, struct sock **out)
{
	struct socket_table *table = net->socket;
	struct sock *sk;
	int err;

	if (table->nr >= SOCKETS_MAX)
		return -ENFILE;
	sk = plat_alloc(prot->obj_size);
	if (!sk)
		return -ENOMEM;
	memset(sk, 0, prot->obj_size);
	sk->net = net;
	sk->prot = prot;
	sk->type = prot->type;
	sk->protocol = protocol;
	sk->state = TCP_CLOSE;
	sk->rcvbuf = table->rmem_default;
	sk->sndbuf = table->wmem_default;
	sk->mc_ttl = 1;
	sk->pmtudisc = net->ipv4->sysctl_ip_no_pmtu_disc ? IP_PMTUDISC_DONT : IP_PMTUDISC_WANT;
	skb_queue_head_init(&sk->receive_queue);
	plat_wait_init(&sk->wait);
	INIT_LIST_HEAD(&sk->waiters);
	err = prot->start ? prot->start(sk) : 0;
	if (err) {
		plat_free(sk);
		return err;
	}
	list_add_tail(&sk->list, &table->socks);
	table->nr++;
	*out = sk;
	return 0;
}

void sk_try_free(struct sock *sk)
{
	if (sk->closed && !sk->users && !sk->wmem)
		plat_free(sk);
}

void sk_wake_slow(struct sock *sk)
{
	struct sock_waiter *w;

	if (sk->waiting)
		plat_wake(&sk->wait);
	list_for_each_entry (w, &sk->waiters, list)
		w->wake(w);
}

int sk_wait(struct sock *sk, u64 *deadline, u64 timeo)
{
	int err;

	if (!*deadline)
		*deadline = timeo ? plat_now() + timeo : U64_MAX;
	sk->waiting++;
	err = plat_wait(&sk->wait, *deadline);
	sk->waiting--;
	if (sk->closed)
		return -EBADF;
	return err == -ETIMEDOUT ? -EAGAIN : err;
}

void sk_report_error(struct sock *sk, int err)
{
	sk->err = err;
	sk_wake(sk);
}

/* A packet of sk has left the machine, or was dropped on its way. */
static void sk_wfree(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;
	bool was_full = sk->wmem >= sk->sndbuf;

	sk->wmem -= skb->truesize;
	skb->sk = NULL;
	if (unlikely(sk->closed))
		sk_try_free(sk);
	else if (unlikely(was_full) && sk->wmem < sk->sndbuf)
		sk_wake(sk);
}

struct sk_buff *sk_alloc_send_skb(struct sock *sk, size_t len, bool nonblock, int *err)
{
	struct sk_buff *skb;
	u64 deadline = 0;

	for (;;) {
		*err = sk_error(sk);
		if (unlikely(*err))
			return NULL;
		if (unlikely(sk->shutdown & SEND_SHUTDOWN)) {
			*err = -EPIPE;
			return NULL;
		}
		if (likely(sk->wmem < sk->sndbuf))
			break;
		*err = nonblock ? -EAGAIN : sk_wait(sk, &deadline, sk->sndtimeo);
		if (*err)
			return NULL;
	}
	skb = alloc_skb(sk->net, IP_TX_HEADROOM + len);
	if (unlikely(!skb)) {
		*err = -ENOBUFS;
		return NULL;
	}
	skb_reserve(skb, IP_TX_HEADROOM);
	skb->sk = sk;
	skb->destructor = sk_wfree;
	skb->mark = sk->mark;
	skb->priority = sk->priority;
	sk->wmem += skb->truesize;
	return skb;
}

void sk_route_drop(struct sock *sk)
{
	if (!sk->route.rt)
		return;
	dst_release(&sk->route.rt->dst);
	sk->route.rt = NULL;
}

/* The way to fl->daddr: the kept one if the question is the same, else asked and kept. */
static int sk_route_output(struct sock *sk, struct flowi4 *fl, struct rtable **rt)
{
	struct sk_route *r = &sk->route;
	struct sk_route asked = {.daddr = fl->daddr,
				 .asked_saddr = fl->saddr,
				 .oif = fl->oif,
				 .tos = fl->tos,
				 .scope = fl->scope};
	int err;

	if (likely(r->rt && r->daddr == fl->daddr && r->asked_saddr == fl->saddr &&
		   r->oif == fl->oif && r->tos == fl->tos && r->scope == fl->scope &&
		   rt_is_valid(sk->net, r->rt))) {
		fl->saddr = r->saddr;
		*rt = r->rt;
		return 0;
	}
	sk_route_drop(sk);
	err = ip_route_output(sk->net, fl, rt);
	if (err) {
		if (err == -ENETUNREACH)
			NET_INC_STATS(sk->net, IPSTATS_MIB_OUTNOROUTES);
		return err;
	}
	asked.saddr = fl->saddr;
	asked.rt = *rt;
	dst_hold(&asked.rt->dst);
	*r = asked;
	return 0;
}

static int sk_tx_destination(struct sock *sk, const struct sock_msg *msg, bool need_port,
			     struct sk_tx *tx)
{
	if (msg->has_name) {
		if (need_port && !msg->name.port)
			return -EINVAL;
		tx->ip.daddr = msg->name.addr;
		tx->dport = msg->name.port;
		tx->connected = false;
		return 0;
	}
	if (sk->state != TCP_ESTABLISHED)
		return -EDESTADDRREQ;
	tx->ip.daddr = sk->daddr;
	tx->dport = sk->dport;
	tx->connected = true;
	return 0;
}

void sk_tx_set_df(const struct sock *sk, struct sk_tx *tx, size_t ip_len)
{
	tx->ip.df = sk->pmtudisc >= IP_PMTUDISC_DO ||
		    (sk->pmtudisc == IP_PMTUDISC_WANT && ip_len <= ip_dst_mtu(&tx->rt->dst));
}

int sk_tx_prepare(struct sock *sk, const struct sock_msg *msg, int flags, bool need_port,
		  struct sk_tx *tx)
{
	struct flowi4 fl = {.oif = sk->bound_dev_if, .mark = sk->mark, .proto = sk->protocol};
	int err;

	if (unlikely(flags & (MSG_OOB | MSG_MORE)))
		return -EOPNOTSUPP;
	memset(tx, 0, sizeof(*tx));
	err = sk_tx_destination(sk, msg, need_port, tx);
	if (err)
		return err;
	tx->ip.saddr = sk->saddr;
	tx->ip.tos = sk->tos;
	tx->ip.ttl = sk->ttl;
	tx->ip.protocol = sk->protocol;
	if (unlikely(msg->controllen)) {
		err = sk_cmsg_send(msg, tx, &fl.oif);
		if (err)
			return err;
	}
	if (unlikely(ipv4_is_multicast(tx->ip.daddr))) {
		if (!fl.oif)
			fl.oif = sk->mc_index;
		if (!tx->ip.ttl || tx->ip.ttl == sk->ttl)
			tx->ip.ttl = sk->mc_ttl;
	}
	if (!tx->ip.daddr) /* this host, RFC 1122 s3.2.1.3; as Linux */
		tx->ip.daddr = tx->ip.saddr ? tx->ip.saddr : CPU_TO_BE32(INADDR_LOOPBACK);
	fl.daddr = tx->ip.daddr;
	fl.saddr = tx->ip.saddr;
	fl.tos = tx->ip.tos;
	fl.scope = flags & MSG_DONTROUTE ? RT_SCOPE_LINK : 0;
	err = sk_route_output(sk, &fl, &tx->rt);
	if (err)
		return err;
	if (unlikely(tx->rt->type == RTN_BROADCAST && !sk->broadcast))
		return -EACCES;
	tx->ip.saddr = fl.saddr;
	return 0;
}

int inet_autobind(struct sock *sk)
{
	return sk->sport ? 0 : sk->prot->get_port(sk, sk->rcv_saddr, 0);
}

/* connect() with AF_UNSPEC: back to what bind() said. */
static int inet_disconnect(struct sock *sk)
{
	sk->state = TCP_CLOSE;
	sk->daddr = 0;
	sk->dport = 0;
	if (!sk->addr_bound)
		sk->rcv_saddr = sk->saddr = 0;
	if (!sk->port_bound)
		sk->sport = 0;
	sk_route_drop(sk);
	sk->prot->rehash(sk);
	return 0;
}

int inet_dgram_connect(struct sock *sk, const struct sock_addr *addr, bool nonblock __unused)
{
	struct flowi4 fl = {
		.oif = sk->bound_dev_if, .mark = sk->mark, .proto = sk->protocol, .tos = sk->tos};
	struct rtable *rt;
	int err;

	if (!addr)
		return inet_disconnect(sk);
	fl.daddr = addr->addr ? addr->addr : CPU_TO_BE32(INADDR_LOOPBACK);
	fl.saddr = sk->saddr;
	if (ipv4_is_multicast(fl.daddr) && !fl.oif)
		fl.oif = sk->mc_index;
	sk_route_drop(sk);
	err = sk_route_output(sk, &fl, &rt);
	if (err)
		return err;
	if (rt->type == RTN_BROADCAST && !sk->broadcast)
		return -EACCES;
	err = inet_autobind(sk);
	if (err)
		return err;
	if (!sk->saddr)
		sk->saddr = fl.saddr;
	if (!sk->rcv_saddr)
		sk->rcv_saddr = fl.saddr;
	sk->daddr = fl.daddr;
	sk->dport = addr->port;
	sk->state = TCP_ESTABLISHED;
	sk->prot->rehash(sk);
	return 0;
}

u32 inet_dgram_poll(struct sock *sk)
{
	u32 events = 0;

	if (sk->err)
		events |= POLLERR;
	if (sk->shutdown & RCV_SHUTDOWN)
		events |= POLLRDHUP | POLLIN | POLLRDNORM;
	if (sk->shutdown == (RCV_SHUTDOWN | SEND_SHUTDOWN))
		events |= POLLHUP;
	if (!skb_queue_empty(&sk->receive_queue))
		events |= POLLIN | POLLRDNORM;
	if (sk->wmem < sk->sndbuf)
		events |= POLLOUT | POLLWRNORM;
	return events;
}

int inet_dgram_inq(struct sock *sk)
{
	const struct sk_buff *skb = skb_peek(&sk->receive_queue);

	return skb ? (int)skb->len : 0;
}

int inet_icmp_error(const struct sock *sk, u8 type, u8 code, bool *hard)
{
	*hard = false;
	switch (type) {
	case ICMP_TIME_EXCEEDED:
		return -EHOSTUNREACH;
	case ICMP_PARAMETERPROB:
		*hard = true;
		return -EPROTO;
	case ICMP_DEST_UNREACH:
		if (code == ICMP_FRAG_NEEDED) {
			if (sk->pmtudisc == IP_PMTUDISC_DONT)
				return 0;
			*hard = true;
			return -EMSGSIZE;
		}
		return code <= NR_ICMP_UNREACH ? -icmp_err_convert(type, code, hard)
					       : -EHOSTUNREACH;
	default: /* source quench (RFC 6633), redirects: routing's */
		return 0;
	}
}
