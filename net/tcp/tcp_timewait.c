/* SPDX-License-Identifier: MIT */
/* TIME-WAIT, and FIN-WAIT-2 of closed sockets, as small objects: RFC 9293 s3.10.7.4, RFC 1337, RFC 6191. */
#include "net/inetdevice.h"
#include "net/tcp/tcp_sock.h"

void tcp_timewait_free(struct tcp_timewait *tw)
{
	struct net *net = tw->net;
	struct tcp_table *t = tcp_table(net);

	net_del_timer(net, &tw->timer);
	tcp_hash_del(net, &tw->end);
	tcp_bind_drop(net, &tw->end);
	list_del(&tw->list);
	t->nr_timewaits--;
	plat_cache_free(t->timewait_cache, tw);
}

static void tw_timer(struct timer *t, u64 now __unused)
{
	struct tcp_timewait *tw = container_of(t, struct tcp_timewait, timer);

	NET_INC_STATS(tw->net, LINUX_MIB_TIMEWAITED);
	tcp_timewait_free(tw);
}

void tcp_time_wait(struct tcp_sock *tp, u8 substate, u64 timeout)
{
	struct net *net = tp->sk.net;
	struct tcp_table *t = tcp_table(net);
	struct tcp_timewait *tw = NULL;

	if (t->nr_timewaits < (u32)t->tcp_max_tw_buckets)
		tw = plat_cache_alloc(t->timewait_cache);
	if (!tw) {
		NET_INC_STATS(net, LINUX_MIB_TCPTIMEWAITOVERFLOW);
		tcp_done(tp);
		return;
	}
	*tw = (struct tcp_timewait){.end = {.addrs = tp->end.addrs,
					    .ports = tp->end.ports,
					    .kind = TCP_END_TIMEWAIT,
					    .reuse = tp->sk.reuse,
					    .reuseport = tp->sk.reuseport},
				    .net = net,
				    .rcv_nxt = tp->rcv_nxt,
				    .snd_nxt = tp->snd_nxt,
				    .rcv_wnd = tcp_receive_window(tp),
				    .ts_recent = tp->ts_recent,
				    .ts_off = tp->ts_off,
				    .ts_stamp = tp->ts_stamp,
				    .bound_dev_if = tp->sk.bound_dev_if,
				    .mark = tp->sk.mark,
				    .substate = substate,
				    .rcv_wscale = tp->rcv_wscale,
				    .tos = tp->sk.tos,
				    .transparent = tp->sk.transparent,
				    .tstamp_ok = tp->tstamp_ok};
	timer_setup(&tw->timer, tw_timer);
	list_add_tail(&tw->list, &t->timewaits);
	t->nr_timewaits++;
	tcp_bind_share(&tw->end, &tp->end);
	tcp_hash_del(net, &tp->end);
	tcp_hash_add(net, &tw->end);
	net_mod_timer(net, &tw->timer, net_now(net) + timeout);
	tcp_done(tp);
}

static void tw_ack(struct tcp_timewait *tw)
{
	struct tcp_reply r = {.saddr = (u32)tw->end.addrs,
			      .daddr = tw->end.addrs >> 32,
			      .sport = tw->end.ports,
			      .dport = tw->end.ports >> 16,
			      .seq = tw->snd_nxt,
			      .ack = tw->rcv_nxt,
			      .oif = tw->bound_dev_if,
			      .mark = tw->mark,
			      .tos = tw->tos,
			      .anysrc = tw->transparent,
			      .window = min(tw->rcv_wnd >> tw->rcv_wscale, (u32)U16_MAX),
			      .flags = TCP_ACK,
			      .opt = {.has_tstamp = tw->tstamp_ok,
				      .tsval = tcp_clock(tw->net) + tw->ts_off,
				      .tsecr = tw->ts_recent}};

	if (tcp_oow_answer_due(tw->net, &tw->oow_ack_at)) /* two that answer each other end here */
		tcp_send_reply(tw->net, &r);
	else
		NET_INC_STATS(tw->net, tw->substate == TCP_TIME_WAIT
					       ? LINUX_MIB_TCPACKSKIPPEDTIMEWAIT
					       : LINUX_MIB_TCPACKSKIPPEDFINWAIT2);
}

/* RFC 6191, RFC 9293 MAY-2: a SYN that cannot be of the old connection opens a new one. */
static bool syn_is_new(const struct tcp_timewait *tw, const struct tcp_seg *seg)
{
	if ((seg->flags & (TCP_SYN | TCP_RST | TCP_ACK)) != TCP_SYN ||
	    tw->substate != TCP_TIME_WAIT)
		return false;
	return after(seg->seq, tw->rcv_nxt) ||
	       (tw->tstamp_ok && seg->opt.has_tstamp && after(seg->opt.tsval, tw->ts_recent));
}

/* RFC 9293 SHLD-4 from this side: with timestamps old segments are known for what they are, once its clock has moved on. */
bool tcp_timewait_reuse(struct tcp_timewait *tw, struct tcp_sock *tp)
{
	int how = tcp_table(tw->net)->tcp_tw_reuse;

	if (tw->substate != TCP_TIME_WAIT || !tw->tstamp_ok || !how ||
	    (how == 2 && !ipv4_is_loopback(tp->sk.daddr) && !ipv4_is_loopback(tp->sk.saddr)) ||
	    net_now(tw->net) - tw->ts_stamp <= NSEC_PER_SEC)
		return false;
	tp->iss = tw->snd_nxt + 65535 + 2;
	tp->iss += !tp->iss;
	tp->ts_recent = tw->ts_recent;
	tp->ts_stamp = tw->ts_stamp;
	NET_INC_STATS(tw->net, LINUX_MIB_TIMEWAITRECYCLED);
	tcp_timewait_free(tw);
	return true;
}

/* The peer's FIN, or what comes in its place, while we wait in FIN-WAIT-2. False: done with. */
static bool fin_wait2_rcv(struct tcp_timewait *tw, struct sk_buff *skb, const struct tcp_seg *seg)
{
	if (seg->flags & TCP_RST || (!(seg->flags & TCP_ACK) && !(seg->flags & TCP_SYN))) {
		if (seg->flags & TCP_RST && seg->seq == tw->rcv_nxt)
			tcp_timewait_free(tw);
		return false;
	}
	/* RFC 9293 s3.6.1: data that nobody will read; the peer is to know */
	if (seg->flags & TCP_SYN || seg->len) {
		tcp_v4_send_reset(tw->net, skb, seg, tw->transparent);
		tcp_timewait_free(tw);
		return false;
	}
	if (!(seg->flags & TCP_FIN) || seg->end_seq != tw->rcv_nxt + 1)
		return false;
	tw->substate = TCP_TIME_WAIT;
	tw->rcv_nxt = seg->end_seq;
	if (seg->opt.has_tstamp && tw->tstamp_ok) {
		tw->ts_recent = seg->opt.tsval;
		tw->ts_stamp = net_now(tw->net);
	}
	net_mod_timer(tw->net, &tw->timer, net_now(tw->net) + TCP_TIMEWAIT_LEN);
	return true;
}

static bool in_window(const struct tcp_timewait *tw, const struct tcp_seg *seg)
{
	return !before(seg->end_seq, tw->rcv_nxt) &&
	       !after(seg->seq, tw->rcv_nxt + max(tw->rcv_wnd, 1U));
}

/* In TIME-WAIT proper. True: an ACK is due. */
static bool time_wait_seg(struct tcp_timewait *tw, const struct tcp_seg *seg, bool ok)
{
	if (seg->flags & TCP_RST) {
		if (ok && seg->seq == tw->rcv_nxt && !tcp_table(tw->net)->tcp_rfc1337)
			tcp_timewait_free(tw);
		return false;
	}
	if (ok && seg->seq == tw->rcv_nxt && seg->end_seq == seg->seq)
		return false;                                    /* an ACK, as it should be */
	if (seg->flags & TCP_FIN && seg->end_seq == tw->rcv_nxt) /* again: 2 MSL anew */
		net_mod_timer(tw->net, &tw->timer, net_now(tw->net) + TCP_TIMEWAIT_LEN);
	return true;
}

bool tcp_timewait_rcv(struct tcp_timewait *tw, struct sk_buff *skb, struct tcp_seg *seg, u32 *isn)
{
	bool paws =
		tw->tstamp_ok && tcp_paws_reject(tw->net, tw->ts_recent, tw->ts_stamp, &seg->opt);
	bool ack;

	if (!paws && syn_is_new(tw, seg)) {
		*isn = tw->snd_nxt + 65535 + 2; /* beyond all that was sent */
		*isn += !*isn;
		tcp_timewait_free(tw);
		return true;
	}
	if (paws && !(seg->flags & TCP_RST))
		NET_INC_STATS(tw->net, LINUX_MIB_PAWSESTABREJECTED);
	if (tw->substate == TCP_FIN_WAIT2)
		ack = paws || !in_window(tw, seg) ? !(seg->flags & TCP_RST)
						  : fin_wait2_rcv(tw, skb, seg);
	else
		ack = time_wait_seg(tw, seg, !paws && in_window(tw, seg));
	if (ack)
		tw_ack(tw);
	kfree_skb_reason(skb, SKB_DROP_REASON_TCP_TIME_WAIT);
	return false;
}
