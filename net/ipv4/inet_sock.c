/* SPDX-License-Identifier: MIT */
/* The common part of IPv4's sockets: memory, waiting, errors, the route they keep, connect. */
#include "net/inetdevice.h"
#include "net/ipv4/inet_sock.h"
#include "net/sock_diag.h"
#include "net/ipv4/netns_ipv4.h"
#include "net/wire/ipv4_hdr.h"

u32 inet_iif_looped(const struct sk_buff *skb)
{
	const struct iphdr *iph = skb_network_header(skb);
	const struct net_device *dev = ip_dev_find(skb->net, iph->daddr);

	return dev ? dev->ifindex : skb->dev->ifindex;
}

static void sk_free(struct sock *sk)
{
	plat_free(sk->inet_opt);
	if (unlikely(sk->filter || sk->select)) {
		bpf_prog_put(sk->filter);
		bpf_prog_put(sk->select);
	}
	if (sk->prot->free)
		sk->prot->free(sk);
	else
		plat_free(sk);
}

int sk_alloc(struct net *net, const struct proto *prot, u8 protocol, struct sock **out)
{
	struct socket_table *table = net->socket;
	struct sock *sk;
	int err;

	if (table->nr >= table->max)
		return -ENFILE;
	sk = prot->alloc ? prot->alloc(net) : plat_alloc(prot->obj_size);
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
	sk->ino = ++table->last_ino;
	sk->reuse = prot->type == SOCK_RAW || prot->protocol == IPPROTO_ICMP;
	sk->mc_ttl = 1;
	sk->peek_off = -1;
	sk->mc_loop = sk->mc_all = 1;
	sk->pmtudisc = net->ipv4->sysctl_ip_no_pmtu_disc ? IP_PMTUDISC_DONT : IP_PMTUDISC_WANT;
	skb_queue_head_init(&sk->receive_queue);
	skb_queue_head_init(&sk->error_queue);
	plat_wait_init(&sk->wait);
	INIT_LIST_HEAD(&sk->waiters);
	err = prot->start ? prot->start(sk) : 0;
	if (err) {
		sk_free(sk);
		return err;
	}
	list_add_tail(&sk->list, &table->socks);
	table->nr++;
	*out = sk;
	return 0;
}

void sock_info_fill(const struct sock *sk, struct sock_info *info)
{
	*info = (struct sock_info){.name = sk->prot->name,
				   .type = sk->type,
				   .protocol = sk->protocol,
				   .state = sk->state,
				   .local = {sk->rcv_saddr, sk->sport},
				   .peer = {sk->daddr, sk->dport},
				   .ifindex = sk->bound_dev_if,
				   .recvq = sk->rmem,
				   .sendq = sk->wmem,
				   .rcvbuf = sk->rcvbuf,
				   .sndbuf = sk->sndbuf,
				   .rmem = sk->rmem,
				   .wmem = sk->wmem,
				   .ino = sk->ino,
				   .cookie = sk->ino,
				   .shutdown = sk->shutdown,
				   .drops = sk->drops};
}

void sk_try_free(struct sock *sk)
{
	if (sk->closed && !sk->users && !sk->wmem)
		sk_free(sk);
}

void sk_detach(struct sock *sk)
{
	sk->closed = true;
	list_del(&sk->list);
	sk->net->socket->nr--;
}

void sk_wake_slow(struct sock *sk, u32 changed)
{
	struct sock_waiter *w;

	if (sk->waiting)
		plat_wake(&sk->wait);
	list_for_each_entry (w, &sk->waiters, list)
		w->wake(w, changed);
}

int sk_wait(struct sock *sk, u64 *deadline, u64 timeo)
{
	int err;

	if (!*deadline)
		*deadline = timeo ? plat_now() + timeo : U64_MAX;
	sk->waiting++;
	err = plat_wait(&sk->wait, *deadline);
	net_stretch_begin(sk->net);
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
		sk_wake_for(sk, SK_WRITABLE);
}

int sk_wait_to_send_slow(struct sock *sk, const struct sock_msg *msg, int flags, bool need_port)
{
	struct sk_tx tx = {0};
	u64 deadline = 0;
	int err;

	/* what is wrong with it comes first */
	err = sk_tx_prepare(sk, msg, flags, need_port, &tx);
	while (!err && !sk_may_send(sk)) {
		if (sk->err)
			err = sk_error(sk);
		else if (sk->shutdown & SEND_SHUTDOWN)
			err = -EPIPE;
		else
			err = flags & MSG_DONTWAIT ? -EAGAIN : sk_wait(sk, &deadline, sk->sndtimeo);
	}
	return err;
}

struct sk_buff *sk_alloc_send_skb(struct sock *sk, size_t len)
{
	struct sk_buff *skb = alloc_skb(sk->net, IP_TX_HEADROOM + len);

	if (unlikely(!skb))
		return NULL;
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

u32 inet_local_ports(const struct sock *sk, u32 *first)
{
	const int *range = sk->net->socket->port_range;
	int lo = range[0], hi = range[1];
	int own_lo = sk->local_ports & U16_MAX, own_hi = sk->local_ports >> 16;

	if (own_lo >= lo && own_lo <= hi)
		lo = own_lo;
	if (own_hi >= lo && own_hi <= hi)
		hi = own_hi;
	*first = lo;
	return hi - lo + 1;
}

static int sk_route_output(struct sock *sk, struct flowi4 *fl, struct rtable **rt)
{
	int err = ip_route_output(sk->net, fl, rt);

	if (err == -ENETUNREACH)
		NET_INC_STATS(sk->net, IPSTATS_MIB_OUTNOROUTES);
	return err;
}

/* The IP options of a message, or else of its socket. */
static int sk_tx_options(struct sock *sk, struct sk_tx *tx)
{
	struct inet_opt *o = tx->ip->opt ? &tx->opt : sk->inet_opt;

	if (o && (sk->hdrincl || (o->opt.srr && !tx->ip->daddr)))
		return -EINVAL;
	inet_opt_use(o, tx->ip);
	return 0;
}

/* What the options and the ancillary data say of the way and the header. */
static int sk_tx_ask(struct sock *sk, const struct sock_msg *msg, int flags, struct sk_tx *tx,
		     struct flowi4 *fl)
{
	struct ip_tx *ip = tx->ip;
	be32 to = ip->daddr;
	int err = 0;

	*fl = (struct flowi4){.oif = sk->bound_dev_if, .mark = sk->mark, .proto = sk->protocol};
	ip->saddr = sk->saddr;
	ip->tos = sk->tos;
	ip->protocol = sk->protocol;
	ip->tx_flags = sk_tstamp_tx_flags(sk->tsflags);
	if (sk->pmtudisc >= IP_PMTUDISC_PROBE)
		ip->mtu = IP_TX_DEV_MTU | (sk->pmtudisc == IP_PMTUDISC_OMIT ? 0 : IP_TX_WHOLE);
	if (msg->controllen)
		err = sk_cmsg_send(sk, msg, tx, &fl->oif);
	if (!err)
		err = sk_tx_options(sk, tx);
	if (!ip->ttl) {
		ip->ttl = ipv4_is_multicast(ip->daddr) ? sk->mc_ttl : sk->ttl;
		ip->ttl_is_0 = ipv4_is_multicast(ip->daddr) && !ip->ttl;
	}
	if (ipv4_is_multicast(to)) {
		fl->oif = fl->oif ? fl->oif : sk->mc_index;
		ip->saddr = ip->saddr ? ip->saddr : sk->mc_addr;
	} else if (!fl->oif) {
		fl->oif = sk->uc_index;
	}
	if (!ip->daddr) /* this host; as Linux */
		ip->daddr = ip->saddr ? ip->saddr : CPU_TO_BE32(INADDR_LOOPBACK);
	fl->daddr = ip->daddr;
	fl->saddr = ip->saddr;
	fl->tos = ip->tos;
	if (sk->dontroute || flags & MSG_DONTROUTE || (ip->opt && ip->opt->is_strictroute))
		fl->scope = RT_SCOPE_LINK;
	fl->sport = sk->sport;
	fl->anysrc = sk_anysrc(sk);
	return err;
}

/* Asks for the way. It is kept for the next packet, unless this message alone wanted it so. */
static int sk_tx_route(struct sock *sk, const struct sock_msg *msg, int flags, struct sk_tx *tx)
{
	struct flowi4 fl;
	int err = sk_tx_ask(sk, msg, flags, tx, &fl);

	fl.dport = tx->dport;
	if (!err)
		err = sk_route_output(sk, &fl, &tx->rt);
	if (err)
		return err;
	if (tx->rt->type == RTN_BROADCAST && !sk->broadcast)
		return -EACCES;
	tx->once.saddr = fl.saddr;
	if (msg->controllen || flags & MSG_DONTROUTE || fl.own ||
	    (tx->once.opt && tx->once.opt->srr))
		return 0;
	sk_route_drop(sk);
	dst_hold(&tx->rt->dst);
	sk->route.rt = tx->rt;
	sk->route.ip = tx->once;
	return 0;
}

int sk_tx_prepare(struct sock *sk, const struct sock_msg *msg, int flags, bool need_port,
		  struct sk_tx *tx)
{
	struct sk_route *r = &sk->route;
	be32 daddr = sk->daddr;
	int err;

	tx->dport = sk->dport;
	if (msg->has_name) {
		daddr = msg->name.addr;
		tx->dport = msg->name.port;
		if (unlikely(need_port && !tx->dport))
			return -EINVAL;
	} else if (unlikely(sk->state != TCP_ESTABLISHED)) {
		return flags & MSG_OOB ? -EOPNOTSUPP : -EDESTADDRREQ;
	}
	if (likely(r->rt && r->ip.daddr == daddr && rt_is_valid(sk->net, r->rt) &&
		   !msg->controllen && !(flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL)))) {
		tx->rt = r->rt;
		tx->ip = &r->ip;
		return 0;
	}
	if (flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL | MSG_DONTROUTE | MSG_CONFIRM | MSG_EOR))
		return -EOPNOTSUPP;
	tx->ip = &tx->once;
	memset(&tx->once, 0, sizeof(tx->once));
	tx->once.daddr = daddr;
	err = sk_tx_route(sk, msg, flags, tx);
	if (!err && flags & MSG_CONFIRM) /* the caller has heard from it */
		neigh_confirm_rt(tx->rt, tx->ip->daddr);
	return err;
}

/* connect() with AF_UNSPEC: back to what bind() said; as in Linux the device is forgotten, too. */
static int inet_disconnect(struct sock *sk)
{
	sk->state = TCP_CLOSE;
	sk->daddr = 0;
	sk->dport = 0;
	sk->bound_dev_if = 0;
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
	struct flowi4 fl = {.oif = sk->bound_dev_if,
			    .mark = sk->mark,
			    .proto = sk->protocol,
			    .tos = sk->tos,
			    .anysrc = sk->transparent,
			    .scope = sk->dontroute ? RT_SCOPE_LINK : 0};
	struct rtable *rt;
	int err;

	if (!addr)
		return inet_disconnect(sk);
	err = inet_autobind(sk);
	if (err)
		return err;
	fl.daddr = addr->addr ? addr->addr : CPU_TO_BE32(INADDR_LOOPBACK);
	fl.saddr = sk->saddr;
	if (ipv4_is_multicast(fl.daddr)) {
		fl.oif = fl.oif ? fl.oif : sk->mc_index;
		fl.saddr = fl.saddr ? fl.saddr : sk->mc_addr;
	} else {
		fl.oif = sk_unicast_oif(sk);
	}
	fl.sport = sk->sport;
	fl.dport = addr->port;
	err = sk_route_output(sk, &fl, &rt);
	if (err)
		return err;
	if (rt->type == RTN_BROADCAST && !sk->broadcast)
		return -EACCES;
	if (!sk->saddr)
		sk->saddr = fl.saddr;
	if (!sk->rcv_saddr)
		sk->rcv_saddr = fl.saddr;
	sk->daddr = fl.daddr;
	sk->dport = addr->port;
	sk->state = TCP_ESTABLISHED;
	sk_route_drop(sk);
	sk->prot->rehash(sk);
	return 0;
}

u32 inet_dgram_poll(struct sock *sk)
{
	u32 events = 0;

	if (sk->err || !skb_queue_empty(&sk->error_queue))
		events |= POLLERR | (sk->select_err_queue ? POLLPRI : 0);
	if (sk->shutdown & RCV_SHUTDOWN)
		events |= POLLRDHUP | POLLIN | POLLRDNORM;
	if (sk->shutdown == (RCV_SHUTDOWN | SEND_SHUTDOWN))
		events |= POLLHUP;
	if (!skb_queue_empty(&sk->receive_queue))
		events |= POLLIN | POLLRDNORM;
	if (sk->wmem < sk->sndbuf)
		events |= POLLOUT | POLLWRNORM | POLLWRBAND;
	return events;
}

int inet_dgram_inq(struct sock *sk)
{
	const struct sk_buff *skb = skb_peek(&sk->receive_queue);

	return skb ? (int)skb->len : 0;
}
