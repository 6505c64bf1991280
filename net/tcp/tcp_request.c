/* SPDX-License-Identifier: MIT */
/* Passive open: LISTEN, the handshakes under way (SYN-RECEIVED as small objects), the queue of connections to accept. */
#include "net/core/nf_hook.h"
#include "net/ipv4/netns_ipv4.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_sock.h"
#include "net/wire/ipv4_hdr.h"

static struct net *req_net(const struct tcp_request *req)
{
	return req->listener->sk.net;
}

/* The way to the peer, looked up once for the handshake and the connection that it becomes; NULL: there is none. */
static noinline struct rtable *req_route_anew(struct tcp_request *req)
{
	const struct sock *sk = &req->listener->sk;
	struct flowi4 fl = {.saddr = (u32)req->end.addrs,
			    .daddr = inet_opt_first_hop(req->ip_opt, req->end.addrs >> 32),
			    .oif = sk->bound_dev_if,
			    .sport = req->end.ports,
			    .dport = req->end.ports >> 16,
			    .mark = sk->mark,
			    .tos = sk->tos & (u8)~INET_ECN_MASK,
			    .proto = IPPROTO_TCP,
			    .anysrc = sk->transparent};
	struct rtable *rt;

	if (req->rt)
		dst_release(&req->rt->dst);
	req->rt = NULL;
	if (ip_route_output(sk->net, &fl, &rt) || tcp_route_is_to_many(rt))
		return NULL;
	dst_hold(&rt->dst);
	req->rt = rt;
	return rt;
}

static struct rtable *req_route(struct tcp_request *req)
{
	return req->rt && rt_is_valid(req_net(req), req->rt) ? req->rt : req_route_anew(req);
}

/* 0: there is no way. */
static u16 req_advmss(struct tcp_request *req)
{
	const struct rtable *rt = req_route(req);
	u32 mss;

	if (!rt)
		return 0;
	mss = max(ip_dst_mtu(&rt->dst), 576U) - IP_HLEN_MIN - TCP_HLEN;
	mss = min(mss, 65495U);
	return req->listener->user_mss ? min(mss, (u32)req->listener->user_mss) : mss;
}

/* tsval: the timestamp to tell. */
static void req_reply_at(struct tcp_request *req, u8 flags, u32 tsval)
{
	const struct sock *sk = &req->listener->sk;
	struct tcp_reply r = {.saddr = (u32)req->end.addrs,
			      .daddr = req->end.addrs >> 32,
			      .sport = req->end.ports,
			      .dport = req->end.ports >> 16,
			      .seq = req->iss + !(flags & TCP_SYN),
			      .ack = req->irs + 1,
			      .oif = sk->bound_dev_if,
			      .mark = sk->mark,
			      .tos = sk->tos,
			      .window = req->rcv_wnd,
			      .ip_opt = req->ip_opt,
			      .rt = req_route(req),
			      .anysrc = sk->transparent,
			      .flags = flags};

	r.opt.has_tstamp = req->tstamp_ok;
	r.opt.tsval = tsval;
	r.opt.tsecr = req->ts_recent;
	if (flags & TCP_SYN) {
		r.flags |= req->ecn_ok ? TCP_ECE : 0;
		r.opt.mss = req_advmss(req);
		r.opt.sack_perm = req->sack_ok;
		r.opt.has_wscale = req->wscale_ok;
		r.opt.wscale = req->rcv_wscale;
	} else {
		r.window >>= req->wscale_ok ? req->rcv_wscale : 0;
	}
	tcp_send_reply(sk->net, &r);
}

static void req_reply(struct tcp_request *req, u8 flags)
{
	req_reply_at(req, flags, tcp_clock(req_net(req)) + req->ts_off);
}

/* What it holds. */
static void req_release(struct tcp_request *req)
{
	if (req->rt)
		dst_release(&req->rt->dst);
	if (unlikely(req->ip_opt))
		plat_free(req->ip_opt);
}

void tcp_request_free(struct tcp_request *req)
{
	struct net *net = req_net(req);

	net_del_timer(net, &req->timer);
	tcp_hash_del(net, &req->end);
	list_del(&req->list);
	req->listener->qlen--;
	req_release(req);
	plat_cache_free(tcp_table(net)->request_cache, req);
}

static u64 req_gap(u8 retrans)
{
	return retrans < 7 ? TCP_RTO_INIT << retrans : TCP_RTO_MAX;
}

/* RFC 9293 s3.8.1: the SYN-ACK again, each time after twice as long. */
static void req_timer(struct timer *t, u64 now)
{
	struct tcp_request *req = container_of(t, struct tcp_request, timer);
	struct net *net = req_net(req);
	u32 most = req->listener->syn_cnt ? req->listener->syn_cnt
					  : (u32)tcp_table(net)->tcp_synack_retries;
	u32 defer = req->listener->defer_accept;

	if (req->retrans >= most && (!req->acked || req->retrans >= defer)) {
		NET_INC_STATS(net, TCP_MIB_ATTEMPTFAILS);
		tcp_request_free(req);
		return;
	}
	/* TCP_DEFER_ACCEPT: its ACK has come, and is asked for again when the time for data is over */
	if (!req->acked || req->retrans + 1U >= defer) {
		NET_INC_STATS(net, TCP_MIB_RETRANSSEGS);
		NET_INC_STATS(net, LINUX_MIB_TCPSYNRETRANS);
		req_reply(req, TCP_SYN | TCP_ACK);
	}
	req->retrans++;
	net_mod_timer(net, t, now + req_gap(req->retrans));
}

/* What the SYN's options ask for, and the stack allows. */
static void req_options(struct tcp_request *req, const struct tcp_options *opt)
{
	const struct tcp_table *t = tcp_table(req_net(req));

	req->mss = opt->mss ? max(opt->mss, (u16)TCP_MIN_SNDMSS) : TCP_MSS_DEFAULT;
	req->tstamp_ok = opt->has_tstamp && t->tcp_timestamps;
	req->ts_recent = req->tstamp_ok ? opt->tsval : 0;
	req->sack_ok = opt->sack_perm && t->tcp_sack;
	req->wscale_ok = opt->has_wscale && t->tcp_window_scaling;
	req->snd_wscale = req->wscale_ok ? opt->wscale : 0;
}

/* RFC 7323 s2.3: the window told in a SYN is not scaled, and the scale follows from the buffer. */
static void req_window(struct tcp_request *req)
{
	const struct tcp_sock *listener = req->listener;
	u32 wnd;

	tcp_initial_window(req_net(req), listener->sk.rcvbuf, listener->window_clamp,
			   req->wscale_ok, &wnd, &req->rcv_wscale);
	req->rcv_wnd = wnd;
}

/* Returns tcp_secret(). */
static u64 req_init(struct tcp_request *req, struct tcp_sock *listener, const struct tcp_seg *seg)
{
	u64 secret = tcp_secret(listener->sk.net, seg->daddr, seg->dport, seg->saddr, seg->sport);

	*req = (struct tcp_request){.listener = listener,
				    .irs = seg->seq,
				    .ts_off = tcp_ts_offset(secret),
				    .iif = seg->iif,
				    .ecn_ok = tcp_ecn_agreed(listener->sk.net, seg)};
	tcp_end_set(&req->end, TCP_END_REQUEST, seg->daddr, seg->dport, seg->saddr, seg->sport);
	return secret;
}

static void syn_dropped(struct net *net, struct sk_buff *skb, enum snmp_mib why)
{
	NET_INC_STATS(net, why);
	NET_INC_STATS(net, LINUX_MIB_LISTENDROPS);
	kfree_skb_reason(skb, SKB_DROP_REASON_TCP_LISTEN_FULL);
}

/* Nothing is kept of it: who answers has the cookie. Consumes. */
static void answer_by_cookie(struct tcp_sock *listener, struct sk_buff *skb,
			     const struct tcp_seg *seg)
{
	struct tcp_request req;
	u32 tsval;

	req_init(&req, listener, seg);
	req_options(&req, &seg->opt);
	tsval = tcp_cookie_issue(&req);
	req_window(&req);
	req.ip_opt = tcp_ip_opt_echo(listener->sk.net, skb);
	consume_skb(skb);
	req_reply_at(&req, TCP_SYN | TCP_ACK, tsval);
	req_release(&req);
}

/* Consumes. */
static void answer_by_request(struct tcp_sock *listener, struct sk_buff *skb,
			      const struct tcp_seg *seg, u32 isn)
{
	struct net *net = listener->sk.net;
	struct tcp_request *req = plat_cache_alloc(tcp_table(net)->request_cache);
	u64 secret;

	if (!req) {
		syn_dropped(net, skb, LINUX_MIB_TCPREQQFULLDROP);
		return;
	}
	secret = req_init(req, listener, seg);
	req->iss = isn ? isn : tcp_isn(secret);
	req_options(req, &seg->opt);
	req_window(req);
	req->ip_opt = tcp_ip_opt_echo(net, skb);
	if (unlikely(!req_route(req))) { /* nor from many: RFC 9293 MUST-63 */
		req_release(req);
		plat_cache_free(tcp_table(net)->request_cache, req);
		NET_INC_STATS(net, LINUX_MIB_LISTENDROPS);
		kfree_skb_reason(skb, SKB_DROP_REASON_IP_OUTNOROUTES);
		return;
	}
	timer_setup(&req->timer, req_timer);
	list_add_tail(&req->list, &listener->requests);
	listener->qlen++;
	tcp_hash_add(net, &req->end);
	net_mod_timer(net, &req->timer, net_now(net) + TCP_RTO_INIT);
	consume_skb(skb);
	req_reply(req, TCP_SYN | TCP_ACK);
}

/* Without cookies the last quarter of the backlog is nobody's but who is waited for in TIME-WAIT (isn). */
static bool backlog_is_used_up(const struct tcp_sock *listener)
{
	u32 most = tcp_table(listener->sk.net)->tcp_max_syn_backlog;

	return listener->qlen + most / 4 > most;
}

/* A SYN for a listener. Consumes. */
static void conn_request(struct tcp_sock *listener, struct sk_buff *skb, struct tcp_seg *seg,
			 u32 isn)
{
	struct net *net = listener->sk.net;
	int cookies = tcp_table(net)->tcp_syncookies;
	bool full = listener->qlen >= listener->max_ack_backlog, cookie = false;

	if ((full || cookies == 2) && !isn) {
		cookie = cookies != 0;
		if (!cookie) {
			syn_dropped(net, skb, LINUX_MIB_TCPREQQFULLDROP);
			return;
		}
		NET_INC_STATS(net, LINUX_MIB_TCPREQQFULLDOCOOKIES);
	}
	if (listener->ack_backlog > listener->max_ack_backlog) {
		syn_dropped(net, skb, LINUX_MIB_LISTENOVERFLOWS);
		return;
	}
	if (cookie) {
		answer_by_cookie(listener, skb, seg);
	} else if (!cookies && !isn && backlog_is_used_up(listener)) {
		NET_INC_STATS(net, LINUX_MIB_LISTENDROPS);
		kfree_skb_reason(skb, SKB_DROP_REASON_TCP_LISTEN_FULL);
	} else {
		answer_by_request(listener, skb, seg, isn);
	}
}

/* ---- the last ACK of a handshake ---- */

static void inherit(struct tcp_sock *tp, const struct tcp_sock *from)
{
	struct sock *sk = &tp->sk;
	const struct sock *l = &from->sk;

	memcpy((u8 *)sk + SK_OPTIONS_AT, (const u8 *)l + SK_OPTIONS_AT, SK_OPTIONS_LEN);
	sk->port_bound = 0;
	sk->nospace = 0;
	sk->bound_dev_if = l->bound_dev_if;
	sk->mark = l->mark;
	sk->cmsg_flags = l->cmsg_flags;
	if (unlikely(l->filter))
		sk->filter = bpf_prog_get(l->filter);
	sk->peek_off = l->peek_off;
	sk->tsflags = l->tsflags;
	sk->rcvbuf = l->rcvbuf;
	sk->sndbuf = l->sndbuf;
	sk->rcvtimeo = l->rcvtimeo;
	sk->sndtimeo = l->sndtimeo;
	tp->nonagle = from->nonagle;
	tp->quickack = from->quickack;
	tp->cork = from->cork;
	tp->oobinline = from->oobinline;
	tp->rcvlowat = from->rcvlowat;
	tp->notsent_lowat = from->notsent_lowat;
	tp->keepalive = from->keepalive;
	tp->keep_idle = from->keep_idle;
	tp->keep_intvl = from->keep_intvl;
	tp->keep_cnt = from->keep_cnt;
	tp->syn_cnt = from->syn_cnt;
	tp->user_timeout = from->user_timeout;
	tp->linger = from->linger;
	tp->lingertime = from->lingertime;
	tp->linger2 = from->linger2;
	tp->user_mss = from->user_mss;
	tp->window_clamp = from->window_clamp;
	tp->ca = from->ca;
}

static void child_state(struct tcp_sock *tp, struct tcp_request *req)
{
	tp->iss = req->iss;
	tp->snd_una = tp->snd_nxt = tp->write_seq = tp->snd_sml = req->iss + 1;
	tp->irs = req->irs;
	tp->rcv_nxt = tp->rcv_wup = tp->copied_seq = tp->last_ack_sent = req->irs + 1;
	tp->rcv_wnd = req->rcv_wnd;
	tp->mss_clamp = req->mss;
	tp->advmss = req_advmss(req);
	tp->snd_wscale = req->snd_wscale;
	tp->rcv_wscale = req->rcv_wscale;
	tp->wscale_ok = req->wscale_ok;
	tp->tstamp_ok = req->tstamp_ok;
	tp->sack_ok = req->sack_ok;
	tp->ecn_flags = req->ecn_ok ? TCP_ECN_OK : 0;
	tp->ts_recent = req->ts_recent;
	tp->ts_off = req->ts_off;
	tp->ts_stamp = tcp_now(tp);
	tp->urg_seq = req->irs;
	if (req->retrans) {
		u64 since = req->timer.expires;

		for (u8 i = 0; i <= req->retrans; i++)
			since -= req_gap(i);
		tp->total_rto = req->retrans;
		tp->total_rto_recoveries = 1;
		tp->total_rto_time = (tcp_now(tp) - since) / NSEC_PER_MSEC;
	}
	if (timer_pending(&req->timer) && !req->retrans) { /* Karn's rule */
		u64 sent = req->timer.expires - TCP_RTO_INIT;

		tcp_rtt_sample(tp, max((u32)((tcp_now(tp) - sent) / NSEC_PER_USEC), 1U));
	}
}

/* The connection that req becomes, not yet in the table; NULL: no memory. */
static struct tcp_sock *child_new(struct tcp_request *req)
{
	struct tcp_sock *listener = req->listener, *tp;
	const struct sock *l = &listener->sk;
	struct sock *sk;

	if (unlikely(l->filter) && !sk_optmem_allows(l, NULL, bpf_prog_size(l->filter)))
		return NULL;
	if (sk_alloc(req_net(req), &tcp_prot, IPPROTO_TCP, &sk))
		return NULL;
	tp = tcp_sk(sk);
	sk->rcv_saddr = sk->saddr = (u32)req->end.addrs;
	sk->daddr = req->end.addrs >> 32;
	sk->sport = req->end.ports;
	sk->dport = req->end.ports >> 16;
	inherit(tp, listener);
	child_state(tp, req);
	tp->end = req->end;
	tp->end.kind = TCP_END_SOCK;
	memset(&tp->end.node, 0, sizeof(tp->end.node));
	tcp_bind_share(&tp->end, &listener->end);
	tp->segs_in = 1;
	tp->total_retrans = req->retrans;
	tp->sk.inet_opt = req->ip_opt;
	req->ip_opt = NULL;
	tp->sk.state = TCP_SYN_RECV;
	if (likely(req->rt))
		tcp_route_use(tp, req->rt);
	return tp;
}

/* Its first segment, and then it is there to be accepted. Consumes. */
static void child_begin(struct tcp_sock *listener, struct tcp_sock *tp, struct sk_buff *skb,
			struct tcp_seg *seg)
{
	tcp_hash_add(listener->sk.net, &tp->end);
	list_add_tail(&tp->accept_node, &listener->accept_queue);
	tp->listener = listener;
	listener->ack_backlog++;
	tp->sk.users++;
	tcp_rcv_state_process(tp, skb, seg);
	tp->sk.users--;
	sk_wake(&listener->sk);
}

/* There is no room among those that wait for accept(), or no memory. Consumes. */
static void child_dropped(struct net *net, struct sk_buff *skb, bool full)
{
	if (full)
		NET_INC_STATS(net, LINUX_MIB_LISTENOVERFLOWS);
	NET_INC_STATS(net, LINUX_MIB_LISTENDROPS);
	kfree_skb_reason(skb, full ? SKB_DROP_REASON_TCP_LISTEN_FULL : SKB_DROP_REASON_NOMEM);
}

/* The peer has acknowledged our SYN. Consumes. */
static void req_complete(struct tcp_request *req, struct sk_buff *skb, struct tcp_seg *seg)
{
	struct tcp_sock *listener = req->listener, *tp;
	struct net *net = req_net(req);
	bool full = listener->ack_backlog > listener->max_ack_backlog;

	if (full && tcp_table(net)->tcp_abort_on_overflow) {
		tcp_v4_send_reset(net, skb, seg, listener->sk.transparent);
		tcp_request_free(req);
	}
	tp = full ? NULL : child_new(req);
	if (!tp) {
		child_dropped(net, skb, full);
		return;
	}
	tcp_request_free(req);
	child_begin(listener, tp, skb, seg);
}

/*
 * True: it was the ACK of a cookie, and is consumed. instead: the handshake that a SYN sent twice has begun beside the cookie;
 * it ends.
 */
static bool cookie_complete(struct tcp_sock *listener, struct sk_buff *skb, struct tcp_seg *seg,
			    struct tcp_request *instead)
{
	bool full = listener->ack_backlog > listener->max_ack_backlog;
	struct tcp_request req;
	struct tcp_sock *tp;

	req_init(&req, listener, seg);
	if (!tcp_cookie_check(&req, seg))
		return false;
	req_window(&req);
	req.ip_opt = tcp_ip_opt_echo(listener->sk.net, skb);
	seg->opt.tsecr = 0; /* it told options, not the time */
	tp = full ? NULL : child_new(&req);
	if (tp && instead)
		tcp_request_free(instead);
	if (tp)
		child_begin(listener, tp, skb, seg);
	else
		child_dropped(listener->sk.net, skb, full);
	req_release(&req);
	return true;
}

static void req_drop(struct sk_buff *skb, enum skb_drop_reason reason)
{
	kfree_skb_reason(skb, reason);
}

/* To what is not the ACK awaited: not more than two a second. */
static void req_answer_again(struct tcp_request *req, u8 flags)
{
	struct net *net = req_net(req);

	if (tcp_oow_answer_due(net, &req->oow_ack_at))
		req_reply(req, flags);
	else
		NET_INC_STATS(net, LINUX_MIB_TCPACKSKIPPEDSYNRECV);
}

/* RFC 9293 s3.10.7.4 for SYN-RECEIVED, with RFC 5961's answers. Consumes. */
void tcp_request_rcv(struct tcp_request *req, struct sk_buff *skb, struct tcp_seg *seg)
{
	struct net *net = req_net(req);
	u32 rcv_nxt = req->irs + 1, end = rcv_nxt + req->rcv_wnd;

	if (seg->flags & TCP_SYN && seg->seq == req->irs && !(seg->flags & (TCP_ACK | TCP_RST))) {
		req_answer_again(req, TCP_SYN | TCP_ACK); /* ours was lost */
		req_drop(skb, SKB_DROP_REASON_TCP_FLAGS);
		return;
	}
	if (before(seg->end_seq, rcv_nxt) || !before(seg->seq, end) ||
	    (req->tstamp_ok && tcp_paws_reject(net, req->ts_recent, net_now(net), &seg->opt))) {
		if (!(seg->flags & TCP_RST))
			req_answer_again(req, TCP_ACK);
		req_drop(skb, SKB_DROP_REASON_TCP_OFOMERGE);
		return;
	}
	if (seg->flags & TCP_RST && seg->seq == rcv_nxt) {
		NET_INC_STATS(net, TCP_MIB_ATTEMPTFAILS);
		NET_INC_STATS(net, LINUX_MIB_EMBRYONICRSTS);
		tcp_request_free(req);
		req_drop(skb, SKB_DROP_REASON_TCP_RESET);
		return;
	}
	if (seg->flags & (TCP_RST | TCP_SYN)) {
		if (tcp_challenge_allowed(net))
			req_answer_again(req, TCP_ACK);
		req_drop(skb, SKB_DROP_REASON_TCP_FLAGS);
		return;
	}
	if (!(seg->flags & TCP_ACK)) {
		req_drop(skb, SKB_DROP_REASON_TCP_FLAGS);
		return;
	}
	if (seg->ack != req->iss + 1) {
		if (cookie_complete(req->listener, skb, seg, req))
			return;
		tcp_v4_send_reset(net, skb, seg, req->listener->sk.transparent);
		req_drop(skb, SKB_DROP_REASON_TCP_FLAGS);
		return;
	}
	if (req->retrans < req->listener->defer_accept && seg->end_seq == rcv_nxt) {
		NET_INC_STATS(net, LINUX_MIB_TCPDEFERACCEPTDROP);
		req->acked = true;
		req_drop(skb, SKB_DROP_REASON_TCP_FLAGS);
		return;
	}
	req_complete(req, skb, seg);
}

/*
 * The ACK of a cookie and the text behind it may be lost where SYNs flood; what comes next cannot be told from a stranger's, and
 * a reset would end what the text, sent again, begins. Differs from RFC 9293 s3.10.7.2 for as long as cookies are awaited.
 */
static bool cookies_first_text_is_lost(const struct tcp_sock *listener, const struct tcp_seg *seg)
{
	return seg->end_seq != seg->seq && !(seg->flags & TCP_SYN) && tcp_cookie_awaited(listener);
}

/* RFC 9293 s3.10.7.2. Consumes. */
void tcp_listen_rcv(struct tcp_sock *listener, struct sk_buff *skb, struct tcp_seg *seg, u32 isn)
{
	if (seg->flags & TCP_RST) {
		kfree_skb_reason(skb, SKB_DROP_REASON_TCP_RESET);
	} else if (seg->flags & TCP_ACK) {
		if (cookie_complete(listener, skb, seg, NULL))
			return;
		if (cookies_first_text_is_lost(listener, seg)) {
			kfree_skb_reason(skb, SKB_DROP_REASON_TCP_INVALID_ACK_SEQUENCE);
			return;
		}
		tcp_v4_send_reset(listener->sk.net, skb, seg, listener->sk.transparent);
		kfree_skb_reason(skb, SKB_DROP_REASON_TCP_FLAGS);
	} else if ((seg->flags & (TCP_SYN | TCP_FIN)) != TCP_SYN) {
		kfree_skb_reason(skb, SKB_DROP_REASON_TCP_FLAGS);
	} else {
		conn_request(listener, skb, seg, isn);
	}
}

/* ---- the program's side ---- */

int tcp_listen(struct sock *sk, int backlog)
{
	struct tcp_sock *tp = tcp_sk(sk);
	int err = 0;

	if (tp->use != TCP_UNUSED || (sk->state != TCP_CLOSE && sk->state != TCP_LISTEN))
		return -EINVAL;
	tp->max_ack_backlog = min((u32)backlog, (u32)tcp_table(sk->net)->somaxconn);
	if (sk->state == TCP_LISTEN)
		return 0;
	if (!tp->end.tb)
		err = tcp_get_port(sk, sk->rcv_saddr, 0);
	if (err)
		return err;
	if (tcp_bind_conflict(sk, tp->end.tb, sk->rcv_saddr))
		return -EADDRINUSE;
	sk->state = TCP_LISTEN;
	sk->shutdown = 0;
	tp->ack_backlog = 0;
	if (sk->reuseport)
		reuseport_join(sk);
	list_add_tail(&tp->accept_node, tcp_listen_slot(sk->net, sk->sport));
	tcp_table(sk->net)->nr_listeners++;
	return 0;
}

/* Nobody will accept: what waits is reset. */
void tcp_listen_stop(struct tcp_sock *tp)
{
	struct sock *sk = &tp->sk;

	list_del_init(&tp->accept_node);
	if (sk->group_place)
		reuseport_leave(sk);
	tcp_table(sk->net)->nr_listeners--;
	while (!list_empty(&tp->requests))
		tcp_request_free(container_of(tp->requests.next, struct tcp_request, list));
	while (!list_empty(&tp->accept_queue)) {
		struct tcp_sock *child =
			container_of(tp->accept_queue.next, struct tcp_sock, accept_node);

		list_del_init(&child->accept_node);
		child->listener = NULL;
		sk_detach(&child->sk);
		tcp_make_orphan(child);
		if (child->sk.state != TCP_CLOSE)
			tcp_send_active_reset(child);
		tcp_done(child);
	}
	tp->ack_backlog = 0;
	sk->state = TCP_CLOSE;
}

int tcp_accept(struct sock *sk, bool nonblock, struct sock **out, struct sock_addr *peer)
{
	struct tcp_sock *tp = tcp_sk(sk), *child;
	u64 deadline = 0;
	int err;

	for (;;) {
		if (sk->state != TCP_LISTEN)
			return -EINVAL;
		if (!list_empty(&tp->accept_queue))
			break;
		err = nonblock ? -EAGAIN : sk_wait(sk, &deadline, sk->rcvtimeo);
		if (err)
			return err;
	}
	child = container_of(tp->accept_queue.next, struct tcp_sock, accept_node);
	list_del_init(&child->accept_node);
	child->listener = NULL;
	tp->ack_backlog--;
	child->use = TCP_USED;
	*out = &child->sk;
	if (peer)
		*peer = (struct sock_addr){child->sk.daddr, child->sk.dport};
	return 0;
}
