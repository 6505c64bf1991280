/* SPDX-License-Identifier: MIT */
/* connect(): RFC 9293 s3.10.1, and its dissolution by AF_UNSPEC. */
#include "net/ipv4/netns_ipv4.h"
#include "net/tcp/tcp_sock.h"
#include "net/wire/ipv4_hdr.h"

/* Back to what bind() said. */
static int disconnect(struct tcp_sock *tp)
{
	struct sock *sk = &tp->sk;
	struct tcp_sock keep;

	if (sk->state == TCP_LISTEN) {
		tcp_listen_stop(tp);
	} else if (sk->state != TCP_CLOSE) {
		if (sk->state != TCP_SYN_SENT)
			tcp_send_active_reset(tp);
		tcp_done(tp);
		sk->err = -ECONNRESET;
	}
	tcp_purge_receive(tp);
	keep = *tp;
	sk->daddr = 0;
	sk->dport = 0;
	sk->shutdown = 0;
	if (!sk->addr_bound)
		sk->rcv_saddr = sk->saddr = 0;
	if (!sk->port_bound) {
		tcp_bind_drop(sk->net, &tp->end);
		sk->sport = 0;
	}
	sk_route_drop(sk);
	memset((u8 *)tp + offsetof(struct tcp_sock, iss), 0,
	       offsetof(struct tcp_sock, accept_queue) - offsetof(struct tcp_sock, iss));
	tp->rto_stamp = 0;
	memset(&tp->total_retrans, 0, sizeof(*tp) - offsetof(struct tcp_sock, total_retrans));
	skb_queue_head_init(&tp->write_queue);
	skb_queue_head_init(&tp->ofo);
	tcp_first_values(tp);
	tp->user_mss = keep.user_mss;
	tp->nonagle = keep.nonagle;
	tp->cork = keep.cork;
	tp->keepalive = keep.keepalive;
	tp->window_clamp = keep.window_clamp;
	tp->rcvlowat = keep.rcvlowat;
	tp->linger = keep.linger;
	tp->oobinline = keep.oobinline;
	tp->ca = keep.ca;
	tp->use = TCP_UNUSED;
	return 0;
}

/* The way there gives our address and the segment size. */
static int find_way(struct tcp_sock *tp, const struct sock_addr *addr)
{
	struct sock *sk = &tp->sk;
	struct flowi4 fl = {.saddr = sk->saddr,
			    .daddr = addr->addr ? addr->addr : CPU_TO_BE32(INADDR_LOOPBACK),
			    .oif = sk->bound_dev_if,
			    .sport = sk->sport,
			    .dport = addr->port,
			    .mark = sk->mark,
			    .tos = sk->tos,
			    .scope = sk->dontroute ? RT_SCOPE_LINK : 0,
			    .proto = IPPROTO_TCP,
			    .anysrc = sk->transparent};
	struct rtable *rt;
	u32 mss;
	be32 daddr = fl.daddr;
	int err;

	fl.daddr = inet_opt_first_hop(sk->inet_opt, daddr);
	err = ip_route_output(sk->net, &fl, &rt);

	if (err == -ENETUNREACH)
		NET_INC_STATS(sk->net, IPSTATS_MIB_OUTNOROUTES);
	if (err)
		return err;
	if (tcp_route_is_to_many(rt))
		return -ENETUNREACH;
	sk->saddr = sk->rcv_saddr = fl.saddr;
	sk->daddr = daddr;
	sk->dport = addr->port;
	mss = max(ip_dst_mtu(&rt->dst), 576U) - IP_HLEN_MIN - TCP_HLEN;
	tp->advmss = min(mss, tp->user_mss ? (u32)tp->user_mss : 65495U);
	return 0;
}

static int start_connect(struct tcp_sock *tp, const struct sock_addr *addr)
{
	struct sock *sk = &tp->sk;
	u64 secret;
	int err;

	if (tp->irs || tp->iss)
		disconnect(tp);
	err = find_way(tp, addr);
	if (!err)
		err = tcp_hash_connect(sk);
	if (err) {
		sk->daddr = 0;
		sk->dport = 0;
		if (!sk->addr_bound)
			sk->saddr = sk->rcv_saddr = 0;
		return err;
	}
	sk->shutdown = 0;
	sk->err = 0;
	secret = tcp_secret(sk->net, sk->saddr, sk->sport, sk->daddr, sk->dport);
	if (!tp->iss) /* it may follow upon a connection in TIME-WAIT */
		tp->iss = tcp_isn(secret);
	tp->ts_off = tcp_ts_offset(secret);
	tp->snd_una = tp->iss;
	tp->snd_nxt = tp->write_seq = tp->snd_sml = tp->iss + 1;
	tcp_initial_window(sk->net, sk->rcvbuf, tp->window_clamp,
			   tcp_table(sk->net)->tcp_window_scaling, &tp->rcv_wnd, &tp->rcv_wscale);
	tp->connecting = true;
	tcp_set_state(tp, TCP_SYN_SENT);
	NET_INC_STATS(sk->net, TCP_MIB_ACTIVEOPENS);
	tcp_send_syn(tp, TCP_SYN);
	return 0;
}

/* Until the handshake is over, one way or the other; pending: what is said if it is not yet. */
static int await(struct tcp_sock *tp, bool nonblock, int pending)
{
	struct sock *sk = &tp->sk;
	u64 deadline = 0;
	int err;

	while (sk->state == TCP_SYN_SENT || sk->state == TCP_SYN_RECV) {
		if (nonblock)
			return pending;
		net_flush_devices(sk->net);
		err = sk_wait(sk, &deadline, sk->sndtimeo);
		if (err)
			return err == -EAGAIN ? pending : err;
	}
	if (sk->state != TCP_CLOSE) {
		tp->use = TCP_USED;
		return 0;
	}
	err = sk_error(sk);
	disconnect(tp);
	return err ? err : -ECONNABORTED;
}

/* As Linux: the call that finds the handshake done says so, and only the next that there is a connection. */
int tcp_connect(struct sock *sk, const struct sock_addr *addr, bool nonblock)
{
	struct tcp_sock *tp = tcp_sk(sk);
	int err;

	if (!addr)
		return disconnect(tp);
	if (tp->use == TCP_USE_BEGINS)
		return await(tp, nonblock, -EALREADY);
	if (tp->use == TCP_USED || sk->state != TCP_CLOSE)
		return -EISCONN;
	err = start_connect(tp, addr);
	if (err)
		return err;
	tp->use = TCP_USE_BEGINS;
	return await(tp, nonblock, -EINPROGRESS);
}
