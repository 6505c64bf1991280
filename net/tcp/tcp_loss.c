/* SPDX-License-Identifier: MIT */
/*
 * The states of recovery: OPEN, DISORDER (something arrived out of turn), CWR (the network said that it is full), RECOVERY
 * (something is lost), LOSS (the retransmission timer fired); and the ways back when it turns out that nothing was lost:
 * by timestamps (RFC 3522), by DSACK (RFC 3708), by F-RTO (RFC 5682).
 */
#include "net/tcp/tcp_recovery.h"

u32 tcp_current_ssthresh(const struct tcp_sock *tp)
{
	if (tcp_in_cwnd_reduction(tp))
		return tp->snd_ssthresh;
	return max(tp->snd_ssthresh, tp->snd_cwnd / 2 + tp->snd_cwnd / 4);
}

static bool any_retrans_done(const struct tcp_sock *tp)
{
	const struct sk_buff *head = tcp_rtx_head(tp);

	return tp->retrans_out ||
	       (head && TCP_SKB_CB((struct sk_buff *)(uintptr_t)head)->sacked & TCPCB_EVER_RETRANS);
}

static void forget_retrans_stamp(struct tcp_sock *tp)
{
	if (!any_retrans_done(tp))
		tp->retrans_stamp = 0;
}

/* ---- less: RFC 6937 ---- */

void tcp_init_cwnd_reduction(struct tcp_sock *tp)
{
	tp->high_seq = tp->snd_nxt;
	tp->tlp_high_seq = 0;
	tp->snd_cwnd_cnt = 0;
	tp->prior_cwnd = tp->snd_cwnd;
	tp->prr_delivered = tp->prr_out = 0;
	tp->snd_ssthresh = tp->ca->ssthresh(tp);
	tcp_ecn_queue_cwr(tp);
}

void tcp_end_cwnd_reduction(struct tcp_sock *tp)
{
	if (tp->snd_ssthresh < TCP_INFINITE_SSTHRESH &&
	    (tp->ca_state == TCP_CA_CWR || tp->undo_marker))
		tp->snd_cwnd = tp->snd_ssthresh;
}

/* As many out as the losses leave of what arrived; at the end ssthresh. */
void tcp_prr(struct tcp_sock *tp, u32 delivered, u32 lost, bool advanced)
{
	u32 flight = tcp_in_flight(tp);
	s32 room = (s32)(tp->snd_ssthresh - flight), send;

	if (!delivered || !tp->prior_cwnd)
		return;
	tp->prr_delivered += delivered;
	if (room < 0) {
		u64 share = (u64)tp->snd_ssthresh * tp->prr_delivered + tp->prior_cwnd - 1;

		send = (s32)(share / tp->prior_cwnd) - (s32)tp->prr_out;
	} else {
		send = max((s32)(tp->prr_delivered - tp->prr_out), (s32)delivered);
		send += advanced && !lost;
		send = min(send, room);
	}
	send = max(send, tp->prr_out ? 0 : 1); /* the first retransmission goes out at once */
	tp->snd_cwnd = max(flight + send, 1U);
}

void tcp_enter_cwr(struct tcp_sock *tp)
{
	tp->prior_ssthresh = 0;
	if (tp->ca_state >= TCP_CA_CWR)
		return;
	tp->undo_marker = 0;
	tcp_init_cwnd_reduction(tp);
	tp->ca_state = TCP_CA_CWR;
}

void tcp_try_keep_open(struct tcp_sock *tp)
{
	u8 state = tp->sacked_out || tp->lost_out || any_retrans_done(tp) ? TCP_CA_DISORDER
									  : TCP_CA_OPEN;

	if (tp->ca_state != state) {
		tp->ca_state = state;
		tp->high_seq = tp->snd_nxt;
	}
}

/* ---- undoing ---- */

static void init_undo(struct tcp_sock *tp)
{
	tp->undo_marker = tp->snd_una;
	tp->undo_retrans = tp->retrans_out ? (s32)tp->retrans_out : -1;
}

/* The acknowledgment was sent before what we sent again could have arrived. */
static bool packet_delayed(const struct tcp_sock *tp, const struct tcp_seg *seg)
{
	return tp->retrans_stamp && tp->tstamp_ok && seg->opt.has_tstamp && seg->opt.tsecr &&
	       before(seg->opt.tsecr, tp->retrans_stamp);
}

static bool may_undo(const struct tcp_sock *tp, const struct tcp_seg *seg)
{
	return tp->undo_marker && (!tp->undo_retrans || packet_delayed(tp, seg));
}

static void not_lost(struct tcp_sock *tp)
{
	struct list_head *node;

	for (struct sk_buff *skb = tcp_rtx_head(tp); skb; skb = tcp_rtx_next(tp, skb))
		TCP_SKB_CB(skb)->sacked &= ~TCPCB_LOST;
	tp->lost_out = 0;
	while (!list_empty(&tp->to_resend)) { /* sent before all that is in sent_order */
		node = tp->to_resend.prev;
		list_del(node);
		list_add(node, &tp->sent_order);
	}
}

static void undo_reduction(struct tcp_sock *tp, bool unmark)
{
	if (unmark)
		not_lost(tp);
	if (tp->prior_ssthresh) {
		tp->snd_cwnd = max(tp->snd_cwnd, tp->prior_cwnd);
		if (tp->prior_ssthresh > tp->snd_ssthresh) {
			tp->snd_ssthresh = tp->prior_ssthresh;
			tp->ecn_flags &= ~TCP_ECN_QUEUE_CWR;
		}
	}
	tp->undo_marker = 0;
	tp->rack.advanced = true;
}

/* Recovery is over: was it needed? True: without SACK, late duplicates could begin another; so it stays until more is acknowledged. */
static bool try_undo_recovery(struct tcp_sock *tp, const struct tcp_seg *seg)
{
	if (may_undo(tp, seg)) {
		NET_INC_STATS(tp->sk.net, tp->ca_state == TCP_CA_LOSS ? LINUX_MIB_TCPLOSSUNDO
								      : LINUX_MIB_TCPFULLUNDO);
		undo_reduction(tp, false);
	} else if (tp->rack.reo_wnd_persist) {
		tp->rack.reo_wnd_persist--;
	}
	if (tp->snd_una == tp->high_seq && !tp->sack_ok) {
		forget_retrans_stamp(tp);
		return true;
	}
	tp->ca_state = TCP_CA_OPEN;
	tp->reneged = false;
	return false;
}

static bool try_undo_dsack(struct tcp_sock *tp)
{
	if (!tp->undo_marker || tp->undo_retrans)
		return false;
	tp->rack.reo_wnd_persist = min(tp->rack.reo_wnd_persist + 1, 16);
	undo_reduction(tp, false);
	NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPDSACKUNDO);
	return true;
}

static bool try_undo_loss(struct tcp_sock *tp, const struct tcp_seg *seg, bool by_frto)
{
	if (!by_frto && !may_undo(tp, seg))
		return false;
	undo_reduction(tp, true);
	NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPLOSSUNDO);
	if (by_frto)
		NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPSPURIOUSRTOS);
	tp->retransmits = 0;
	if (by_frto || tp->sack_ok) {
		tp->ca_state = TCP_CA_OPEN;
		tp->reneged = false;
	}
	return true;
}

/* Part is acknowledged, and by what was sent first: reordered, not lost. */
static bool try_undo_partial(struct tcp_sock *tp, const struct tcp_seg *seg,
			     const struct tcp_harvest *h)
{
	if (!tp->undo_marker || !packet_delayed(tp, seg))
		return false;
	if (tp->sack_ok && before(h->prior_una, tp->fack))
		tcp_saw_reordering(tp, h->prior_una);
	if (tp->retrans_out) /* it may be there already: no more until it is known */
		return true;
	forget_retrans_stamp(tp);
	undo_reduction(tp, true);
	NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPPARTIALUNDO);
	tcp_try_keep_open(tp);
	return true;
}

/* ---- without SACK each duplicate ACK stands for a segment that arrived: RFC 5681 s3.2 ---- */

static void reno_limit(struct tcp_sock *tp)
{
	u32 holes = min(max(tp->lost_out, 1U), tp->packets_out);

	if (tp->sacked_out + holes <= tp->packets_out)
		return;
	tp->sacked_out = tp->packets_out - holes;
	tp->reordering = min(tp->packets_out + 1, (u32)tcp_table(tp->sk.net)->tcp_max_reordering);
	tp->reord_seen++;
	NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPRENOREORDER);
}

static void reno_dup(struct tcp_sock *tp, struct tcp_harvest *h)
{
	u32 had = tp->sacked_out;

	if (!h->dup)
		return;
	tp->sacked_out++;
	reno_limit(tp);
	h->delivered += tp->sacked_out > had;
}

/* ---- into the states ---- */

void tcp_enter_recovery(struct tcp_sock *tp, bool ece)
{
	NET_INC_STATS(tp->sk.net,
		      tp->sack_ok ? LINUX_MIB_TCPSACKRECOVERY : LINUX_MIB_TCPRENORECOVERY);
	tp->prior_ssthresh = 0;
	init_undo(tp);
	if (!tcp_in_cwnd_reduction(tp)) {
		if (!ece)
			tp->prior_ssthresh = tcp_current_ssthresh(tp);
		tcp_init_cwnd_reduction(tp);
	}
	tp->ca_state = TCP_CA_RECOVERY;
}

/* What is lost for certain; RACK knows that some has left too lately for that. A peer that SACKed and took it back (RFC 2018 s8) is believed nothing. */
static void timeout_mark_lost(struct tcp_sock *tp)
{
	struct sk_buff *head = tcp_rtx_head(tp), *skb;
	bool reneged = head && TCP_SKB_CB(head)->sacked & TCPCB_SACKED;
	u64 now = tcp_now(tp);

	if (reneged) {
		NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPSACKRENEGING);
		tp->reneged = true;
		tcp_board_drop(tp);
	}
	if (reneged || !tp->sack_ok)
		tp->sacked_out = 0;
	for (skb = head; skb; skb = tcp_rtx_next(tp, skb)) {
		if (reneged)
			TCP_SKB_CB(skb)->sacked &= ~TCPCB_SACKED;
		else if (skb != head && tcp_is_rack(tp) &&
			 tcp_rack_remaining(tp, TCP_SKB_CB(skb), now) > 0)
			continue;
		tcp_mark_skb_lost(tp, skb);
	}
}

void tcp_enter_loss(struct tcp_sock *tp)
{
	const struct tcp_table *t = tcp_table(tp->sk.net);
	bool new_recovery = tp->ca_state < TCP_CA_RECOVERY;

	tcp_single_out(tp);
	timeout_mark_lost(tp);
	if (tp->ca_state <= TCP_CA_DISORDER || !after(tp->high_seq, tp->snd_una) ||
	    (tp->ca_state == TCP_CA_LOSS && !tp->retransmits)) {
		tp->prior_ssthresh = tcp_current_ssthresh(tp);
		tp->prior_cwnd = tp->snd_cwnd;
		tp->snd_ssthresh = tp->ca->ssthresh(tp);
		if (tp->ca->lost_all)
			tp->ca->lost_all(tp);
		init_undo(tp);
	}
	tcp_ecn_queue_cwr(tp);
	tp->snd_cwnd = tcp_in_flight(tp) + 1; /* RFC 5681 s3.1 */
	tp->snd_cwnd_cnt = 0;
	if (tp->ca_state <= TCP_CA_DISORDER && tp->sacked_out >= (u32)t->tcp_reordering)
		tp->reordering = min(tp->reordering, t->tcp_reordering);
	tp->ca_state = TCP_CA_LOSS;
	tp->high_seq = tp->snd_nxt;
	tp->tlp_high_seq = 0;
	/* RFC 5682 s3.1: not when the timeout follows a recovery */
	tp->frto = t->tcp_frto && (new_recovery || tp->retransmits);
}

void tcp_simple_retransmit(struct tcp_sock *tp)
{
	u32 mss = tcp_current_mss(tp), lost = tp->lost_out;

	tcp_single_out(tp);
	for (struct sk_buff *skb = tcp_rtx_head(tp); skb; skb = tcp_rtx_next(tp, skb))
		if (skb->len > mss)
			tcp_mark_skb_lost(tp, skb);
	if (tp->lost_out == lost)
		return;
	if (!tp->sack_ok)
		reno_limit(tp);
	if (tp->ca_state != TCP_CA_LOSS) {
		tp->high_seq = tp->snd_nxt;
		tp->snd_ssthresh = tcp_current_ssthresh(tp);
		tp->prior_ssthresh = tp->undo_marker = 0;
		tp->ca_state = TCP_CA_LOSS;
	}
	tcp_xmit_retransmit_queue(tp);
}

/* ---- an ACK in a state ---- */

/* NewReno: the head, at the third duplicate and at each partial ACK (RFC 6582). */
static void newreno_mark_lost(struct tcp_sock *tp, bool advanced)
{
	struct sk_buff *head = tcp_rtx_head(tp);

	if (head && ((tp->ca_state < TCP_CA_RECOVERY && tp->sacked_out >= tp->reordering) ||
		     (tp->ca_state == TCP_CA_RECOVERY && advanced))) {
		tcp_mark_skb_lost(tp, head);
		tp->sacked_out = min(tp->sacked_out, tp->packets_out - tp->lost_out);
	}
}

static void identify_loss(struct tcp_sock *tp, struct tcp_harvest *h)
{
	u32 retrans = tp->retrans_out;
	struct sk_buff *skb;

	if (!tp->packets_out)
		return;
	if (!tp->sack_ok) {
		newreno_mark_lost(tp, h->advanced);
	} else if (tcp_is_rack(tp)) {
		tcp_rack_mark_lost(tp, h);
	} else {
		while ((skb = tcp_board_next_lost(tp)))
			if (!(TCP_SKB_CB(skb)->sacked & TCPCB_LOST))
				tcp_mark_skb_lost(tp, skb);
	}
	h->lost_retrans |= tp->retrans_out < retrans;
}

static void process_loss(struct tcp_sock *tp, const struct tcp_seg *seg, struct tcp_harvest *h)
{
	bool recovered = !before(tp->snd_una, tp->high_seq);

	if (h->advanced && try_undo_loss(tp, seg, false))
		return;
	if (tp->frto) { /* RFC 5682 s3.1 */
		if (h->orig_acked && try_undo_loss(tp, seg, true))
			return;
		if (after(tp->snd_nxt, tp->high_seq)) {
			if (h->sacked || (h->dup && !h->dsack))
				tp->frto = false;
		} else if (h->advanced && !recovered) {
			tp->high_seq = tp->snd_nxt;
			if (tp->send_head && after(tcp_wnd_end(tp), tp->snd_nxt)) {
				h->rexmit = REXMIT_NEW;
				return;
			}
			tp->frto = false;
		}
	}
	if (recovered) {
		(void)try_undo_recovery(tp, seg);
		return;
	}
	if (!tp->sack_ok) {
		if (after(tp->snd_nxt, tp->high_seq) && h->dup)
			reno_dup(tp, h);
		else if (h->advanced)
			tp->sacked_out = 0;
	}
	h->rexmit = REXMIT_LOST;
}

/* What the state was for is acknowledged. False: it stays. */
static bool leave_state(struct tcp_sock *tp, const struct tcp_seg *seg)
{
	if (tp->ca_state == TCP_CA_OPEN) {
		forget_retrans_stamp(tp);
	} else if (!before(tp->snd_una, tp->high_seq)) {
		if (tp->ca_state == TCP_CA_CWR && tp->snd_una != tp->high_seq) {
			tcp_end_cwnd_reduction(tp);
			tp->ca_state = TCP_CA_OPEN;
		} else if (tp->ca_state == TCP_CA_RECOVERY) {
			if (!tp->sack_ok)
				tp->sacked_out = 0;
			if (try_undo_recovery(tp, seg))
				return false;
			tcp_end_cwnd_reduction(tp);
		}
	}
	return true;
}

static void stay_open(struct tcp_sock *tp, const struct tcp_harvest *h)
{
	forget_retrans_stamp(tp);
	if (h->ece)
		tcp_enter_cwr(tp);
	if (tp->ca_state != TCP_CA_CWR)
		tcp_try_keep_open(tp);
}

static bool recovery_goes_on(struct tcp_sock *tp, const struct tcp_seg *seg, struct tcp_harvest *h)
{
	if (!h->advanced) {
		if (!tp->sack_ok)
			reno_dup(tp, h);
	} else if (try_undo_partial(tp, seg, h)) {
		return false;
	}
	if (try_undo_dsack(tp)) {
		stay_open(tp, h);
		return tp->ca_state == TCP_CA_RECOVERY;
	}
	identify_loss(tp, h);
	return true;
}

/* Not in recovery yet: is there a reason? */
static void look_for_loss(struct tcp_sock *tp, struct tcp_harvest *h)
{
	if (!tp->sack_ok) {
		if (h->advanced)
			tp->sacked_out = 0;
		reno_dup(tp, h);
	}
	if (tp->ca_state <= TCP_CA_DISORDER)
		(void)try_undo_dsack(tp);
	identify_loss(tp, h);
	if (tp->lost_out) {
		tcp_enter_recovery(tp, h->ece);
		h->rexmit = REXMIT_LOST;
	} else {
		stay_open(tp, h);
	}
}

void tcp_fastretrans_alert(struct tcp_sock *tp, const struct tcp_seg *seg, struct tcp_harvest *h)
{
	if (!tp->packets_out)
		tp->sacked_out = 0;
	if (h->ece)
		tp->prior_ssthresh = 0;
	if (h->reneging) { /* RFC 2018 s8: soon, unless it was only reordered */
		tp->rto_at =
			tcp_now(tp) + max((u64)(tp->srtt >> 4) * NSEC_PER_USEC, 10 * NSEC_PER_MSEC);
		tp->pending = TCP_TIME_RETRANS;
		tcp_timer_arm(tp);
		h->keep_timer = true;
		return;
	}
	if (!leave_state(tp, seg))
		return;
	switch (tp->ca_state) {
	case TCP_CA_RECOVERY:
		if (recovery_goes_on(tp, seg, h))
			h->rexmit = REXMIT_LOST;
		return;
	case TCP_CA_LOSS:
		process_loss(tp, seg, h);
		identify_loss(tp, h);
		if (tp->ca_state != TCP_CA_OPEN && !h->lost_retrans)
			return;
		look_for_loss(tp, h);
		return;
	default:
		look_for_loss(tp, h);
	}
}
