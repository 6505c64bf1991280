/* SPDX-License-Identifier: MIT */
/* A connection's life: its beginning, its states' changes, and all the ways it ends (RFC 9293 s3.6, s3.10.4, s3.10.5). */
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_sock.h"

/* What a new connection starts with: also of a socket that is used again. */
void tcp_first_values(struct tcp_sock *tp)
{
	tp->rto = TCP_RTO_INIT;
	tp->rttvar = 0;
	tp->srtt = 0;
	tp->min_rtt = U32_MAX;
	tp->snd_cwnd = TCP_INIT_CWND;
	tp->snd_ssthresh = TCP_INFINITE_SSTHRESH;
	tp->mss_clamp = U16_MAX;
	tp->mss_cache = tp->rcv_mss = TCP_MSS_DEFAULT;
	tp->quickack = TCP_QUICKACKS;
	tp->reordering = tcp_table(tp->sk.net)->tcp_reordering;
	tp->rack.reo_wnd_steps = 1;
	INIT_LIST_HEAD(&tp->sent_order);
	INIT_LIST_HEAD(&tp->to_resend);
}

int tcp_start(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);
	const struct tcp_table *t = tcp_table(sk->net);

	sk->rcvbuf = t->tcp_rmem[1];
	sk->sndbuf = t->tcp_wmem[1];
	tp->end.kind = TCP_END_SOCK;
	tp->ca = t->ca;
	tp->notsent_lowat = U32_MAX;
	timer_setup(&tp->timer, tcp_timer_fn);
	skb_queue_head_init(&tp->write_queue);
	skb_queue_head_init(&tp->ofo);
	INIT_LIST_HEAD(&tp->accept_queue);
	INIT_LIST_HEAD(&tp->accept_node);
	INIT_LIST_HEAD(&tp->requests);
	tcp_first_values(tp);
	return 0;
}

static bool counts_as_open(u8 state)
{
	return state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT;
}

/* RFC 4022's tcpCurrEstab and tcpEstabResets follow from the changes. */
void tcp_set_state(struct tcp_sock *tp, u8 state)
{
	struct net *net = tp->sk.net;
	u8 old = tp->sk.state;

	tcp_table(net)->curr_estab += counts_as_open(state) - counts_as_open(old);
	if (state == TCP_CLOSE && counts_as_open(old))
		NET_INC_STATS(net, TCP_MIB_ESTABRESETS);
	tp->sk.state = state;
}

void tcp_make_orphan(struct tcp_sock *tp)
{
	tp->orphan = true;
	tp->sk.users++; /* TCP itself, until tcp_done() */
	tcp_table(tp->sk.net)->nr_orphans++;
}

static void orphan_end(struct tcp_sock *tp)
{
	tp->orphan = false;
	tcp_table(tp->sk.net)->nr_orphans--;
	tcp_purge_receive(tp);
	sk_purge_errors(&tp->sk);
	sk_route_drop(&tp->sk);
	tp->sk.users--;
	sk_try_free(&tp->sk);
}

void tcp_done(struct tcp_sock *tp)
{
	struct sock *sk = &tp->sk;
	struct net *net = sk->net;

	if (sk->state == TCP_SYN_SENT || sk->state == TCP_SYN_RECV)
		NET_INC_STATS(net, TCP_MIB_ATTEMPTFAILS);
	tcp_hash_del(net, &tp->end);
	if (!sk->port_bound || tp->orphan)
		tcp_bind_drop(net, &tp->end);
	net_del_timer(net, &tp->timer);
	tp->rto_at = tp->delack_at = tp->keep_at = 0;
	tcp_purge_write(tp);
	tcp_set_state(tp, TCP_CLOSE);
	sk->shutdown = RCV_SHUTDOWN | SEND_SHUTDOWN;
	if (tp->orphan)
		orphan_end(tp);
	else
		sk_wake(sk);
}

void tcp_abort(struct tcp_sock *tp, int err)
{
	if (!tp->orphan)
		tp->sk.err = err;
	tcp_done(tp);
}

void tcp_finish_connect(struct tcp_sock *tp)
{
	tcp_set_state(tp, TCP_ESTABLISHED);
	tp->last_rcv = tp->last_snd = tcp_now(tp);
	tp->space_seq = tp->rcv_nxt;
	tp->space_at = tcp_now(tp);
	tp->space = min(tp->rcv_wnd, (u32)TCP_INIT_CWND * tp->advmss);
	if (!tp->srtt) /* RFC 6298 s5.7 */
		tp->rto = TCP_RTO_FALLBACK;
	if (tp->total_retrans > 1) /* RFC 5681 s3.1: the handshake's segments were lost */
		tp->snd_cwnd = 1;
	tcp_sync_mss(tp, tp->pmtu);
	tcp_sndbuf_expand(tp);
	if (tp->keepalive)
		tcp_set_keepalive(tp);
	tp->connecting = false;
	if (tp->rto_stamp)
		tcp_rto_over(tp);
	tp->cwnd_stamp = tcp_now(tp);
	tp->delivered++; /* the SYN, as Linux */
	sk_wake(&tp->sk);
}

/* ---- close ---- */

/* Our FIN goes out. False: it does not in this state. */
static bool close_sends_fin(struct tcp_sock *tp)
{
	switch (tp->sk.state) {
	case TCP_SYN_RECV:
	case TCP_ESTABLISHED:
		tcp_set_state(tp, TCP_FIN_WAIT1);
		return true;
	case TCP_CLOSE_WAIT:
		tcp_set_state(tp, TCP_LAST_ACK);
		return true;
	default:
		return false;
	}
}

int tcp_shutdown(struct sock *sk, int how)
{
	struct tcp_sock *tp = tcp_sk(sk);

	if (sk->state == TCP_LISTEN && how == SHUT_WR)
		return 0;
	if (sk->state == TCP_LISTEN || sk->state == TCP_SYN_SENT) {
		int err = tcp_connect(sk, NULL, true);

		sk_wake(sk);
		return err;
	}
	sk->shutdown |= how + 1; /* also of what is no connection: as Linux */
	if (how != SHUT_RD && close_sends_fin(tp))
		tcp_send_fin(tp);
	sk_wake(sk);
	return sk->state == TCP_CLOSE ? -ENOTCONN : 0;
}

/* Drops what the program has not read; whether there was any. */
static bool had_unread(struct tcp_sock *tp)
{
	bool any = tp->rcv_nxt - tp->copied_seq > tp->fin_received;

	tcp_purge_receive(tp);
	return any;
}

/* SO_LINGER: until our FIN is acknowledged, or the time is over. */
static void linger(struct tcp_sock *tp)
{
	u64 deadline = 0;

	while (tp->sk.state == TCP_FIN_WAIT1 || tp->sk.state == TCP_CLOSING ||
	       tp->sk.state == TCP_LAST_ACK)
		if (sk_wait(&tp->sk, &deadline, tp->lingertime * NSEC_PER_SEC))
			return;
}

/* RFC 9293 s3.10.4, RFC 1122 s4.2.2.13: data that nobody has read, and linger of 0, end in a reset. */
static void close_connection(struct tcp_sock *tp)
{
	struct net *net = tp->sk.net;

	if (tp->sk.state == TCP_SYN_SENT) {
		tcp_done(tp);
	} else if (had_unread(tp)) {
		NET_INC_STATS(net, LINUX_MIB_TCPABORTONCLOSE);
		tcp_send_active_reset(tp);
		tcp_done(tp);
	} else if (tp->linger && !tp->lingertime) {
		NET_INC_STATS(net, LINUX_MIB_TCPABORTONDATA);
		tcp_send_active_reset(tp);
		tcp_done(tp);
	} else {
		if (close_sends_fin(tp))
			tcp_send_fin(tp);
		if (tp->linger && tp->lingertime)
			linger(tp);
	}
}

/* From now on TCP alone cares for it. */
static void leave_to_tcp(struct tcp_sock *tp)
{
	struct net *net = tp->sk.net;
	struct tcp_table *t = tcp_table(net);
	u64 fin_timeout =
		tp->linger2 ? tp->linger2 * NSEC_PER_SEC : t->tcp_fin_timeout * NSEC_PER_SEC;

	tcp_make_orphan(tp);
	if (tp->sk.state == TCP_FIN_WAIT2 && tp->linger2 < 0) {
		NET_INC_STATS(net, LINUX_MIB_TCPABORTONLINGER);
		tcp_send_active_reset(tp);
		tcp_done(tp);
	} else if (tp->sk.state == TCP_FIN_WAIT2) {
		tcp_time_wait(tp, TCP_FIN_WAIT2, fin_timeout);
	} else if (t->nr_orphans > (u32)t->tcp_max_orphans ||
		   (tp->sk.wmem > SK_SNDBUF_MIN && tcp_mem_exceeded(tp))) {
		NET_INC_STATS(net, LINUX_MIB_TCPABORTONMEMORY);
		tcp_send_active_reset(tp);
		tcp_done(tp);
	}
}

void tcp_close(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);

	if (sk->state == TCP_LISTEN)
		tcp_listen_stop(tp);
	else if (sk->state != TCP_CLOSE)
		close_connection(tp);
	sk->shutdown = RCV_SHUTDOWN | SEND_SHUTDOWN;
	if (sk->state != TCP_CLOSE && !sk->closed) {
		leave_to_tcp(tp);
		return;
	}
	tcp_purge_receive(tp);
	tcp_bind_drop(sk->net, &tp->end);
}
