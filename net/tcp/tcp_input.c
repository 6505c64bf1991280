/* SPDX-License-Identifier: MIT */
/*
 * Segments for a connection: RFC 9293 s3.10.7.3 (SYN-SENT) and s3.10.7.4, one function for each of its steps; with
 * RFC 7323's PAWS before them and RFC 5961's challenge ACKs where it has them.
 */
#include "net/tcp/tcp_sock.h"
#include "net/wire/ipv4_hdr.h"

/* What a step leaves: the packet, or nothing (it is counted, answered and gone). */
enum step { GO_ON, GONE };

static enum step drop(struct sk_buff *skb, enum skb_drop_reason reason)
{
	kfree_skb_reason(skb, reason);
	return GONE;
}

/* How many there are in a second is not to be foreseen: who counts his own must not learn of others' (CVE-2016-5696). */
bool tcp_challenge_allowed(struct net *net)
{
	struct tcp_table *t = tcp_table(net);
	u32 limit = t->tcp_challenge_ack_limit;
	u64 second = net_now(net) / NSEC_PER_SEC;

	if (t->challenge_second != second) {
		t->challenge_second = second;
		plat_random(&t->challenges, sizeof(t->challenges));
		t->challenges = (limit + 1) / 2 + (limit ? t->challenges % limit : 0);
	}
	if (!t->challenges)
		return false;
	t->challenges--;
	return true;
}

bool tcp_oow_answer_due(struct net *net, u64 *last)
{
	u64 now = net_now(net), gap = tcp_table(net)->tcp_invalid_ratelimit * NSEC_PER_MSEC;

	if (*last && now < *last + gap)
		return false;
	*last = now;
	return true;
}

void tcp_send_challenge_ack(struct tcp_sock *tp)
{
	struct net *net = tp->sk.net;

	if (!tcp_oow_answer_due(net, &tp->challenge_at) || !tcp_challenge_allowed(net)) {
		NET_INC_STATS(net, LINUX_MIB_TCPACKSKIPPEDCHALLENGE);
		return;
	}
	NET_INC_STATS(net, LINUX_MIB_TCPCHALLENGEACK);
	tcp_send_ack(tp);
}

/* RFC 7323 s5.3: R1. */
bool tcp_paws_reject(struct net *net, u32 ts_recent, u64 ts_stamp, const struct tcp_options *opt)
{
	return opt->has_tstamp && ts_recent && before(opt->tsval, ts_recent) &&
	       net_now(net) - ts_stamp < TCP_PAWS_24DAYS;
}

/* step_ack() will take it, and what it says is not made up by who sees nothing (RFC 5961 s5.2). */
static bool ack_is_acceptable(const struct tcp_sock *tp, const struct tcp_seg *seg)
{
	u32 first = tp->snd_una - tp->max_window;

	return seg->flags & TCP_ACK && seg->ack - first <= tp->snd_nxt - first;
}

/* RFC 7323 s4.3: of the segment that the next ACK is about. */
static void store_timestamp(struct tcp_sock *tp, const struct tcp_seg *seg)
{
	if (!tp->tstamp_ok || !seg->opt.has_tstamp || after(seg->seq, tp->last_ack_sent) ||
	    !ack_is_acceptable(tp, seg))
		return;
	if (before(seg->opt.tsval, tp->ts_recent) && tcp_now(tp) - tp->ts_stamp < TCP_PAWS_24DAYS)
		return;
	tp->ts_recent = seg->opt.tsval;
	tp->ts_stamp = tcp_now(tp);
}

/* An ACK that a segment out of the window gets: not more than two a second (RFC 5961 s5's reason). */
static void dup_ack_limited(struct tcp_sock *tp, const struct tcp_seg *seg, enum snmp_mib skipped)
{
	if (!seg->len && !tcp_oow_answer_due(tp->sk.net, &tp->challenge_at)) {
		NET_INC_STATS(tp->sk.net, skipped);
		return;
	}
	if (seg->len && before(seg->seq, tp->rcv_nxt)) {
		NET_INC_STATS(tp->sk.net, LINUX_MIB_DELAYEDACKLOST);
		tcp_dsack_set(tp, seg->seq,
			      before(seg->end_seq, tp->rcv_nxt) ? seg->end_seq : tp->rcv_nxt);
	}
	tcp_send_ack(tp);
}

/* First: the sequence number. A RST of a segment before the window counts nothing; others are answered with an ACK. */
static enum step step_sequence(struct tcp_sock *tp, struct sk_buff *skb, const struct tcp_seg *seg)
{
	u32 wnd = tcp_receive_window(tp);

	if (tp->tstamp_ok && tcp_paws_reject(tp->sk.net, tp->ts_recent, tp->ts_stamp, &seg->opt) &&
	    !(seg->flags & TCP_RST)) {
		NET_INC_STATS(tp->sk.net, LINUX_MIB_PAWSESTABREJECTED);
		dup_ack_limited(tp, seg, LINUX_MIB_TCPACKSKIPPEDPAWS);
		return drop(skb, SKB_DROP_REASON_TCP_PAWS);
	}
	if (!before(seg->end_seq, tp->rcv_wup) && !after(seg->seq, tp->rcv_nxt + wnd))
		return GO_ON;
	if (seg->flags & TCP_RST)
		return drop(skb, SKB_DROP_REASON_TCP_INVALID_SEQUENCE);
	if (seg->flags & TCP_SYN)
		tcp_send_challenge_ack(tp);
	else
		dup_ack_limited(tp, seg, LINUX_MIB_TCPACKSKIPPEDSEQ);
	return drop(skb, SKB_DROP_REASON_TCP_INVALID_SEQUENCE);
}

static void reset_by_peer(struct tcp_sock *tp)
{
	int err = -ECONNRESET;

	if (tp->sk.state == TCP_SYN_SENT)
		err = -ECONNREFUSED;
	else if (tp->sk.state == TCP_CLOSE_WAIT)
		err = -EPIPE;
	tcp_abort(tp, err);
}

/* Second: RST; only an exact one counts (RFC 5961 s3.2). */
static enum step step_rst(struct tcp_sock *tp, struct sk_buff *skb, const struct tcp_seg *seg)
{
	if (likely(!(seg->flags & TCP_RST)))
		return GO_ON;
	if (seg->seq == tp->rcv_nxt)
		reset_by_peer(tp);
	else
		tcp_send_challenge_ack(tp);
	return drop(skb, SKB_DROP_REASON_TCP_RESET);
}

/* Fourth (security is third, and not for us): SYN (RFC 5961 s4.2). */
static enum step step_syn(struct tcp_sock *tp, struct sk_buff *skb, const struct tcp_seg *seg)
{
	if (likely(!(seg->flags & TCP_SYN)))
		return GO_ON;
	/* simultaneous open: its SYN-ACK, whose SYN we have had already */
	if (tp->sk.state == TCP_SYN_RECV && seg->flags & TCP_ACK && seg->seq == tp->irs)
		return GO_ON;
	NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPSYNCHALLENGE);
	tcp_send_challenge_ack(tp);
	return drop(skb, SKB_DROP_REASON_TCP_INVALID_SYN);
}

static void become_established(struct tcp_sock *tp, const struct tcp_seg *seg)
{
	bool active = tp->connecting;

	tp->snd_wnd = seg->wnd << tp->snd_wscale;
	tp->max_window = max(tp->max_window, tp->snd_wnd);
	tp->snd_wl1 = seg->seq;
	if (!tp->srtt && tp->tstamp_ok && seg->opt.has_tstamp && seg->opt.tsecr)
		tcp_rtt_sample(tp, max((tcp_clock(tp->sk.net) + tp->ts_off - seg->opt.tsecr) * 1000,
				       1U));
	tp->rto_at = 0;
	tp->retransmits = 0;
	if (!active)
		NET_INC_STATS(tp->sk.net, TCP_MIB_PASSIVEOPENS);
	tcp_finish_connect(tp);
}

/* What our FIN's acknowledgment does to the state. GONE: the connection is over. */
static enum step fin_acked(struct tcp_sock *tp, struct sk_buff *skb, const struct tcp_seg *seg)
{
	switch (tp->sk.state) {
	case TCP_FIN_WAIT1:
		tcp_set_state(tp, TCP_FIN_WAIT2);
		tp->sk.shutdown |= SEND_SHUTDOWN;
		sk_wake(&tp->sk);
		if (!tp->orphan || seg->len || seg->flags & TCP_FIN)
			return GO_ON;
		if (tp->linger2 < 0) {
			tcp_done(tp);
			NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPABORTONLINGER);
			return drop(skb, SKB_DROP_REASON_SOCKET_CLOSED);
		}
		tcp_time_wait(tp, TCP_FIN_WAIT2,
			      (tp->linger2 ? (u64)tp->linger2
					   : (u64)tcp_table(tp->sk.net)->tcp_fin_timeout) *
				      NSEC_PER_SEC);
		consume_skb(skb);
		return GONE;
	case TCP_CLOSING:
		tcp_time_wait(tp, TCP_TIME_WAIT, TCP_TIMEWAIT_LEN);
		consume_skb(skb);
		return GONE;
	case TCP_LAST_ACK:
		tcp_done(tp);
		consume_skb(skb);
		return GONE;
	}
	return GO_ON;
}

/* Fifth: the ACK. */
static enum step step_ack(struct tcp_sock *tp, struct sk_buff *skb, const struct tcp_seg *seg)
{
	if (unlikely(!(seg->flags & TCP_ACK)))
		return drop(skb, SKB_DROP_REASON_TCP_FLAGS);
	if (unlikely(tp->sk.state == TCP_SYN_RECV)) {
		if (before(seg->ack, tp->snd_una) || after(seg->ack, tp->snd_nxt)) {
			tcp_v4_send_reset(tp->sk.net, skb, seg, tp->sk.transparent);
			return drop(skb, SKB_DROP_REASON_TCP_INVALID_ACK_SEQUENCE);
		}
		if (tp->connecting && seg->ack == tp->snd_una) /* simultaneous: not of our SYN */
			return drop(skb, SKB_DROP_REASON_TCP_INVALID_ACK_SEQUENCE);
		tp->snd_una = seg->ack;
		become_established(tp, seg);
	}
	if (!tcp_ack(tp, seg))
		return drop(skb, SKB_DROP_REASON_TCP_INVALID_ACK_SEQUENCE);
	if (unlikely(tp->fin_queued && tp->snd_una == tp->write_seq))
		return fin_acked(tp, skb, seg);
	return GO_ON;
}

/* Sixth: URG. The urgent pointer tells of the byte before it (RFC 6093 s3.1's practice). */
static void step_urg(struct tcp_sock *tp, struct sk_buff *skb, const struct tcp_seg *seg)
{
	u32 ptr = seg->seq + seg->urg - !tcp_table(tp->sk.net)->tcp_stdurg;
	u8 byte;

	if (likely(!(seg->flags & TCP_URG) && tp->urg_data != TCP_URG_NOTYET))
		return;
	if (seg->flags & TCP_URG && seg->urg && !before(ptr, tp->copied_seq) &&
	    !before(ptr, tp->rcv_nxt) && (!tp->urg_data || after(ptr, tp->urg_seq))) {
		tp->urg_data = TCP_URG_NOTYET;
		tp->urg_seq = ptr;
	}
	if (tp->urg_data == TCP_URG_NOTYET && tp->urg_seq - seg->seq < seg->len &&
	    !skb_copy_bits(skb, tcp_hdrlen(seg->th) + (tp->urg_seq - seg->seq), &byte, 1)) {
		tp->urg_data = TCP_URG_VALID | byte;
		sk_wake(&tp->sk);
	}
}

/* Data that nobody will read: RFC 9293 s3.10.7.4, RFC 1122 s4.2.2.13. */
static bool nobody_reads(const struct tcp_sock *tp, const struct tcp_seg *seg)
{
	bool deaf =
		tp->orphan || ((tp->sk.state == TCP_FIN_WAIT1 || tp->sk.state == TCP_FIN_WAIT2) &&
			       tp->sk.shutdown & RCV_SHUTDOWN);

	return deaf && seg->len && after(seg->end_seq - !!(seg->flags & TCP_FIN), tp->rcv_nxt);
}

/* Seventh: the text, and eighth, FIN, once it is its turn. Consumes. */
static enum step step_text(struct tcp_sock *tp, struct sk_buff *skb, const struct tcp_seg *seg)
{
	if (seg->end_seq == seg->seq) {
		consume_skb(skb);
		return GO_ON;
	}
	if (unlikely(nobody_reads(tp, seg))) {
		NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPABORTONDATA);
		tcp_v4_send_reset(tp->sk.net, skb, seg, tp->sk.transparent);
		tcp_done(tp);
		return drop(skb, SKB_DROP_REASON_SOCKET_CLOSED);
	}
	if (unlikely(tp->fin_received)) { /* behind its FIN: ignored */
		tp->ack_now = true;
		kfree_skb_reason(skb, SKB_DROP_REASON_TCP_OLD_DATA);
		return GO_ON;
	}
	if (unlikely(tp->ecn_flags & TCP_ECN_OK))
		tcp_ecn_data(tp, seg);
	tcp_rcv_rtt_measure(tp, seg);
	tcp_data_queue(tp, skb, seg);
	return tp->sk.state == TCP_CLOSE ? GONE : GO_ON;
}

/* ---- RFC 9293 s3.10.7.3: SYN-SENT ---- */

static void take_syn(struct tcp_sock *tp, const struct tcp_seg *seg)
{
	const struct tcp_options *opt = &seg->opt;

	tp->irs = seg->seq;
	tp->rcv_nxt = tp->copied_seq = tp->rcv_wup = tp->last_ack_sent = seg->seq + 1;
	tp->urg_seq = seg->seq;
	tp->mss_clamp = opt->mss ? max(opt->mss, (u16)TCP_MIN_SNDMSS) : TCP_MSS_DEFAULT;
	tp->wscale_ok = tp->wscale_ok && opt->has_wscale;
	tp->tstamp_ok = tp->tstamp_ok && opt->has_tstamp;
	tp->sack_ok = tp->sack_ok && opt->sack_perm;
	tp->snd_wscale = tp->wscale_ok ? opt->wscale : 0;
	tcp_ecn_take_syn(tp, seg);
	if (!tp->wscale_ok)
		tp->rcv_wscale = 0;
	if (tp->tstamp_ok) {
		tp->ts_recent = opt->tsval;
		tp->ts_stamp = tcp_now(tp);
	}
	tp->snd_wnd = tp->max_window = seg->wnd; /* RFC 7323 s2.2: never scaled in a SYN */
	tp->snd_wl1 = seg->seq;
	tcp_sync_mss(tp, tp->pmtu);
}

/* Our SYN is acknowledged, and theirs has come. */
static void synsent_established(struct tcp_sock *tp, const struct tcp_seg *seg)
{
	if (tp->sk.err)
		tp->sk.err = 0;
	take_syn(tp, seg);
	tp->snd_una = seg->ack;
	if (!tp->retransmits)
		tcp_rtt_sample(tp, max((u32)((tcp_now(tp) - tp->last_snd) / NSEC_PER_USEC), 1U));
	tp->retransmits = 0;
	tp->rto_at = 0;
	tcp_finish_connect(tp);
	tcp_send_ack(tp);
	tcp_push_pending(tp);
}

static void synsent_rcv(struct tcp_sock *tp, struct sk_buff *skb, const struct tcp_seg *seg)
{
	bool ack = seg->flags & TCP_ACK;

	if (ack && (!after(seg->ack, tp->iss) || after(seg->ack, tp->snd_nxt))) {
		tcp_v4_send_reset(tp->sk.net, skb, seg, tp->sk.transparent);
		drop(skb, SKB_DROP_REASON_TCP_INVALID_ACK_SEQUENCE);
		return;
	}
	if (seg->flags & TCP_RST) {
		if (ack)
			reset_by_peer(tp);
		drop(skb, SKB_DROP_REASON_TCP_RESET);
		return;
	}
	if (!(seg->flags & TCP_SYN)) {
		drop(skb, SKB_DROP_REASON_TCP_FLAGS);
		return;
	}
	if (ack) {
		synsent_established(tp, seg);
	} else { /* RFC 9293 s3.5 figure 7 */
		take_syn(tp, seg);
		tcp_set_state(tp, TCP_SYN_RECV);
		tcp_send_syn(tp, TCP_SYN | TCP_ACK);
	}
	consume_skb(skb);
}

/*
 * Header prediction: of an open connection nearly every segment is the next one and says nothing but how far we were heard.
 * None of the steps would have to say anything to it, but the fifth and the seventh.
 */
static bool is_predicted(const struct tcp_sock *tp, const struct tcp_seg *seg)
{
	if (tp->sk.state != TCP_ESTABLISHED || (seg->flags & (u8)~TCP_PSH) != TCP_ACK ||
	    seg->tos & INET_ECN_MASK || seg->seq != tp->rcv_nxt ||
	    seg->ack - tp->snd_una > tp->snd_nxt - tp->snd_una ||
	    seg->opt.has_tstamp != tp->tstamp_ok)
		return false;
	if (tp->tstamp_ok && before(seg->opt.tsval, tp->ts_recent)) /* PAWS */
		return false;
	return !tp->urg_data && !tp->orphan && !tp->fin_queued && !(tp->ecn_flags & TCP_ECN_OK) &&
	       skb_queue_empty(&tp->ofo) && !tcp_table(tp->sk.net)->no_prediction;
}

/* Consumes. */
static void rcv_predicted(struct tcp_sock *tp, struct sk_buff *skb, const struct tcp_seg *seg)
{
	if (tp->tstamp_ok && tp->last_ack_sent == seg->seq) { /* store_timestamp() */
		tp->ts_recent = seg->opt.tsval;
		tp->ts_stamp = tcp_now(tp);
	}
	(void)tcp_ack(tp, seg);
	tp->last_rcv = tcp_now(tp);
	if (seg->len) {
		tcp_rcv_rtt_measure(tp, seg);
		tcp_data_queue_next(tp, skb, seg);
	} else {
		consume_skb(skb);
	}
	if (tp->send_head)
		tcp_push_pending(tp);
	if (tp->rcv_nxt != tp->rcv_wup || tp->ack_now)
		tcp_ack_check(tp, seg);
}

static noinline void rcv_by_steps(struct tcp_sock *tp, struct sk_buff *skb,
				  const struct tcp_seg *seg)
{
	if (unlikely(tp->sk.state == TCP_SYN_SENT)) {
		synsent_rcv(tp, skb, seg);
		return;
	}
	if (step_sequence(tp, skb, seg) == GONE || step_rst(tp, skb, seg) == GONE ||
	    step_syn(tp, skb, seg) == GONE)
		return;
	store_timestamp(tp, seg);
	if (step_ack(tp, skb, seg) == GONE)
		return;
	if (seg->tos & INET_ECN_MASK)
		tcp_ecn_count(tp, seg, skb_segs(skb));
	tp->last_rcv = tcp_now(tp);
	step_urg(tp, skb, seg);
	if (step_text(tp, skb, seg) == GONE)
		return;
	if (tp->send_head)
		tcp_push_pending(tp);
	tcp_ack_check(tp, seg);
}

void tcp_rcv_state_process(struct tcp_sock *tp, struct sk_buff *skb, struct tcp_seg *seg)
{
	tp->segs_in += skb_segs(skb);
	tp->sk.rx_iif = skb->iif;
	if (likely(is_predicted(tp, seg)))
		rcv_predicted(tp, skb, seg);
	else
		rcv_by_steps(tp, skb, seg);
}
