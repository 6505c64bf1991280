/* SPDX-License-Identifier: MIT */
/*
 * What an ACK says of our data: RFC 9293 s3.10.7.4's fifth step; round trips (RFC 6298, with Karn's rule); loss recovery
 * by duplicate ACKs (RFC 6582) or SACK (RFC 6675), slowed down by proportional rate reduction (RFC 6937).
 */
#include "net/net_tstamp.h"
#include "net/tcp/tcp_recovery.h"

/* RFC 6298 s2; its granularity and minimum together: TCP_RTO_MIN over the smoothed time, as Linux. */
void tcp_rtt_sample(struct tcp_sock *tp, u32 us)
{
	s32 err = us - (tp->srtt >> 3);

	if (!tp->srtt) {
		tp->srtt = us << 3;
		tp->rttvar = us << 1;
	} else {
		tp->srtt += err;
		tp->rttvar += (err < 0 ? -err : err) - (s32)(tp->rttvar >> 2);
	}
	tp->srtt = max(tp->srtt, 1U);
	tp->rto = (tp->srtt >> 3) * NSEC_PER_USEC + max(tp->rttvar * NSEC_PER_USEC, TCP_RTO_MIN);
	tp->rto = min(tp->rto, TCP_RTO_MAX);
}

/* RFC 9293 s3.10.7.4: SND.WND; an older segment changes nothing. */
void tcp_update_window(struct tcp_sock *tp, const struct tcp_seg *seg)
{
	u32 wnd = seg->wnd << tp->snd_wscale;

	if (!after(seg->ack, tp->snd_una) && !after(seg->seq, tp->snd_wl1) &&
	    !(seg->seq == tp->snd_wl1 && (wnd > tp->snd_wnd || !wnd)))
		return;
	tp->snd_wl1 = seg->seq;
	if (wnd == tp->snd_wnd)
		return;
	tp->snd_wnd = wnd;
	if (wnd > tp->max_window) {
		tp->max_window = wnd;
		tcp_sync_mss(tp, tp->pmtu);
	}
}

/* SO_TIMESTAMPING: the peer has the byte. */
static void stamp_acked(struct tcp_sock *tp, struct sk_buff *skb)
{
	if (!(skb->tx_flags & SKB_TX_ACK) || !before(skb->tskey, tp->snd_una))
		return;
	skb->tx_flags &= ~SKB_TX_ACK;
	sk_tstamp_tx(&tp->sk, skb, SCM_TSTAMP_ACK);
}

/* Part of a segment is acknowledged: the rest stays. */
static void trim_head(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 n = min(tp->snd_una - cb->seq, skb->len);

	__skb_pull(skb, n);
	cb->seq += n;
	tcp_sum_again(skb);
}

/* One segment is acknowledged. */
static void acked_one(struct tcp_sock *tp, struct sk_buff *skb, struct tcp_harvest *h)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	if (cb->sacked & TCPCB_EVER_RETRANS) {
		h->retrans_acked = true;
	} else if (!(cb->sacked & TCPCB_SACKED)) {
		h->last_sent = cb->sent;
		if (!h->first_sent)
			h->first_sent = cb->sent;
		if (before(cb->seq, h->reord))
			h->reord = cb->seq;
		if (!after(cb->end_seq, tp->high_seq))
			h->orig_acked = true;
	}
	if (!(cb->sacked & TCPCB_SACKED)) {
		tcp_rate_skb_delivered(tp, cb, h);
		if (tp->sack_ok) {
			h->delivered += cb->segs;
			tcp_rack_advance(tp, cb);
		}
	}
	h->acked += cb->segs;
	if (unlikely(cb->sacked & TCPCB_STAMP))
		stamp_acked(tp, skb);
	tcp_uncount(tp, skb);
	tcp_free_sent(tp, skb);
}

/* Without SACK the segments that duplicates told of have been delivered before. */
static void reno_acked(struct tcp_sock *tp, struct tcp_harvest *h)
{
	u32 known = min(tp->sacked_out, h->acked - 1);

	h->delivered += h->acked - known;
	tp->sacked_out = min(tp->sacked_out - known, tp->packets_out - tp->lost_out);
}

static void clean_rtx_queue(struct tcp_sock *tp, struct tcp_harvest *h)
{
	struct sk_buff *skb;

	while ((skb = tcp_rtx_head(tp))) {
		struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

		if (after(cb->end_seq, tp->snd_una)) {
			if (after(tp->snd_una, cb->seq)) {
				u32 n;

				if (unlikely(cb->sacked & TCPCB_STAMP))
					stamp_acked(tp, skb);
				trim_head(tp, skb);
				n = tcp_recount_segs(tp, skb);
				h->acked += n;
				h->delivered += tp->sack_ok ? n : 0;
			}
			h->reneging = cb->sacked & TCPCB_SACKED;
			break;
		}
		acked_one(tp, skb, h);
	}
	if (before(tp->fack, tp->snd_una))
		tp->fack = tp->snd_una;
	if (tp->board && !tp->packets_out)
		tcp_board_drop(tp);
	if (h->acked && !tp->sack_ok)
		reno_acked(tp, h);
	else if (before(h->reord, h->prior_fack))
		tcp_saw_reordering(tp, h->reord);
}

/* Karn's rule: not of what was sent twice, unless its timestamp tells which it was (RFC 7323 s4). */
static void rtt_from(struct tcp_sock *tp, const struct tcp_seg *seg, struct tcp_harvest *h)
{
	u64 sent = h->first_sent ? h->first_sent : h->sack_sent;
	u64 last = h->last_sent ? h->last_sent : h->sack_sent;

	if (h->retrans_acked) /* an ACK of both may have waited for the second */
		sent = last = h->sack_sent;
	if (sent) {
		h->rtt = tcp_us_since(tp, last);
		tp->min_rtt = min(tp->min_rtt, h->rtt);
		tcp_rtt_sample(tp, tcp_us_since(tp, sent));
	} else if (tp->tstamp_ok && seg->opt.has_tstamp && seg->opt.tsecr && h->acked) {
		tcp_rtt_sample(tp, max((tcp_clock(tp->sk.net) + tp->ts_off - seg->opt.tsecr) * 1000,
				       1U));
	}
}

static void window_opened(struct tcp_sock *tp)
{
	if (tp->snd_wnd && tp->probing) {
		tp->probing = false;
		tp->backoff = tp->probes_out = 0;
		tp->rto_at = 0;
	}
}

/* May more be sent than before? Not while the network loses, and not when it was not asked for (RFC 7661 s4.4). */
static bool may_raise(const struct tcp_sock *tp, const struct tcp_harvest *h)
{
	if (tcp_in_cwnd_reduction(tp) || !tcp_is_cwnd_limited(tp))
		return false;
	if (tp->reordering > tcp_table(tp->sk.net)->tcp_reordering)
		return h->acked || h->sacked;
	return h->acked;
}

static void cong_control(struct tcp_sock *tp, struct tcp_harvest *h)
{
	if (tcp_in_cwnd_reduction(tp))
		tcp_prr(tp, h->delivered, tp->lost - h->prior_lost, h->advanced);
	else if (may_raise(tp, h))
		tcp_cong_acked(tp, h->delivered);
	switch (h->rexmit) {
	case REXMIT_NEW: /* F-RTO: new data shows whether the old has arrived */
		tcp_push_pending(tp);
		if (after(tp->snd_nxt, tp->high_seq))
			return;
		tp->frto = false; /* fallthrough */
	case REXMIT_LOST:
		tcp_xmit_retransmit_queue(tp);
		return;
	default:
		return;
	}
}

/* Nothing out of the ordinary: most ACKs. */
static bool is_plain(const struct tcp_sock *tp, const struct tcp_seg *seg,
		     const struct tcp_harvest *h)
{
	return tp->ca_state == TCP_CA_OPEN && h->acked && !seg->opt.num_sacks && !h->ece &&
	       !h->retrans_acked && !h->reneging && !tp->retrans_stamp;
}

/* SACKed is what left before the head did (again): RFC 6298 s5.3 means such, else recovery would put the timer off for ever. */
static bool news_of_before_head(const struct tcp_sock *tp, const struct tcp_harvest *h)
{
	struct sk_buff *head = tcp_rtx_head(tp);

	return h->sack_sent && head && h->sack_sent < TCP_SKB_CB(head)->sent;
}

static void take_ack(struct tcp_sock *tp, const struct tcp_seg *seg, struct tcp_harvest *h)
{
	h->advanced = after(seg->ack, tp->snd_una);
	h->dup = !h->advanced && !h->old && !h->data && !h->window_changed && tp->packets_out;
	if (unlikely(tp->multi_out && (tp->sack_ok ? seg->opt.num_sacks : h->dup)))
		tcp_single_out(tp);
	if (h->advanced) {
		tp->bytes_acked += seg->ack - tp->snd_una;
		tp->snd_una = seg->ack;
		tp->stall_at = 0;
		tp->err_soft = 0;
	}
	if (tp->sack_ok) /* before the queue is cleaned: blocks and the number go together */
		tcp_sacktag(tp, seg, h);
	if (h->advanced)
		clean_rtx_queue(tp, h);
	rtt_from(tp, seg, h);
	if (h->acked)
		tp->backoff = tp->retransmits = 0;
	if (tp->ca->acked && h->acked)
		tp->ca->acked(tp, h->acked, h->rtt);
	if (tp->tlp_high_seq)
		tcp_process_tlp_ack(tp, seg, h);
	if (!is_plain(tp, seg, h)) {
		tcp_fastretrans_alert(tp, seg, h);
		if (tp->rto_stamp && tp->ca_state != TCP_CA_LOSS)
			tcp_rto_over(tp);
	}
	tp->delivered += h->delivered;
	NET_ADD_STATS(tp->sk.net, LINUX_MIB_TCPDELIVERED, h->delivered);
	if (unlikely(h->ece)) {
		tp->delivered_ce += h->delivered;
		NET_ADD_STATS(tp->sk.net, LINUX_MIB_TCPDELIVEREDCE, h->delivered);
	}
	tcp_rate_gen(tp, h);
	if (tp->sack_ok)
		tcp_rack_update_reo_wnd(tp, h);
	if (!h->keep_timer && (h->advanced || news_of_before_head(tp, h)))
		tcp_set_xmit_timer(tp);
	cong_control(tp, h);
}

void tcp_sndbuf_expand(struct tcp_sock *tp)
{
	struct sock *sk = &tp->sk;
	u32 want = max(tp->snd_cwnd, (u32)tp->reordering + 1) * 2 * 2560;

	if (!sk->sndbuf_locked && sk->sndbuf < want && !tcp_under_memory_pressure(tp))
		sk->sndbuf = min(want, (u32)tcp_table(sk->net)->tcp_wmem[2]);
}

/* There is room in the send buffer again for those who wait for a third of it. */
static void space_freed(struct tcp_sock *tp)
{
	struct sock *sk = &tp->sk;

	tcp_sndbuf_expand(tp);
	if (sk->nospace && sk->wmem < sk->sndbuf - sk->sndbuf / 3) {
		sk->nospace = 0;
		sk_wake_for(sk, SK_WRITABLE);
	}
}

/* One that was overtaken: only what SACK says may be news. */
static bool old_ack(struct tcp_sock *tp, const struct tcp_seg *seg, struct tcp_harvest *h)
{
	if (before(seg->ack, tp->snd_una - tp->max_window)) { /* RFC 5961 s5.2 */
		tcp_send_challenge_ack(tp);
		return false;
	}
	h->old = true;
	if (tp->sack_ok && seg->opt.num_sacks && tp->packets_out)
		take_ack(tp, seg, h);
	return true;
}

static noinline bool ack_closely(struct tcp_sock *tp, const struct tcp_seg *seg)
{
	struct tcp_harvest h = {.prior_una = tp->snd_una,
				.prior_out = tp->packets_out,
				.prior_fack = tp->sacked_out ? tp->fack : tp->snd_una,
				.prior_delivered = tp->delivered,
				.prior_lost = tp->lost,
				.reord = tp->snd_nxt,
				.ece = seg->flags & TCP_ECE && tp->ecn_flags & TCP_ECN_OK,
				.data = seg->len || seg->flags & TCP_FIN};
	u32 prior_wnd = tp->snd_wnd;

	if (unlikely(after(seg->ack, tp->snd_nxt))) {
		tcp_send_challenge_ack(tp);
		return false;
	}
	if (unlikely(before(seg->ack, tp->snd_una)))
		return old_ack(tp, seg, &h);
	tcp_update_window(tp, seg);
	h.window_changed = tp->snd_wnd != prior_wnd;
	window_opened(tp);
	tp->keep_probes = 0;
	if (tp->probing) /* the peer lives: RFC 9293 MUST-37 */
		tp->probes_out = 0;
	if (tp->packets_out || (seg->opt.num_sacks && tp->sack_ok)) /* a DSACK is of what is done */
		take_ack(tp, seg, &h);
	else if (after(seg->ack, tp->snd_una))
		tp->snd_una = seg->ack;
	if (h.acked)
		space_freed(tp);
	if (!tp->packets_out && !tp->send_head)
		tcp_chrono_set(tp, TCP_CHRONO_NONE);
	return true;
}

/* What ack_closely() and those it calls would do: in a row, and with nothing to be asked. */
static noinline bool take_whole(struct tcp_sock *tp, struct sk_buff *skb, const struct tcp_seg *seg)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 segs = cb->segs, us = tcp_us_since(tp, cb->sent);
	struct tcp_harvest h = {.delivered = segs};

	tcp_update_window(tp, seg);
	tp->keep_probes = 0;
	tp->bytes_acked += seg->ack - tp->snd_una;
	tp->snd_una = tp->fack = seg->ack;
	tp->stall_at = tp->rto_at = 0;
	tp->pending = TCP_TIME_RETRANS;
	tp->err_soft = 0;
	tp->backoff = tp->retransmits = 0;
	tp->min_rtt = min(tp->min_rtt, us);
	tcp_rtt_sample(tp, us);
	tcp_rate_skb_delivered(tp, cb, &h);
	if (tp->sack_ok)
		tcp_rack_advance(tp, cb);
	tp->packets_out = tp->multi_out = 0;
	list_del(&cb->sent_node);
	tcp_free_sent(tp, skb);
	if (tp->ca->acked)
		tp->ca->acked(tp, segs, us);
	tp->delivered += segs;
	NET_ADD_STATS(tp->sk.net, LINUX_MIB_TCPDELIVERED, segs);
	tcp_rate_gen(tp, &h);
	if (tp->sack_ok)
		tcp_rack_update_reo_wnd(tp, &h);
	if (tcp_is_cwnd_limited(tp))
		tcp_cong_acked(tp, segs);
	space_freed(tp);
	if (!tp->send_head)
		tcp_chrono_set(tp, TCP_CHRONO_NONE);
	return true;
}

/*
 * Nearly every ACK: it acknowledges all that is out, which is one packet and was sent once, and there is nothing else to be
 * learnt from it. That packet; NULL: look closer.
 */
static struct sk_buff *acked_whole(const struct tcp_sock *tp, const struct tcp_seg *seg)
{
	struct sk_buff *skb = tp->write_queue.next;
	const struct sk_buff *end =
		tp->send_head ? tp->send_head : (const struct sk_buff *)&tp->write_queue;

	if (!tp->packets_out || skb->next != end || seg->ack != tp->snd_nxt || seg->opt.num_sacks ||
	    tp->ca_state != TCP_CA_OPEN || TCP_SKB_CB(skb)->sacked || seg->flags & TCP_ECE ||
	    tp->tlp_high_seq || tp->retrans_stamp || tp->board || tp->probing ||
	    tcp_table(tp->sk.net)->no_prediction)
		return NULL;
	return skb;
}

/* Nothing is out, and nothing new is said. */
static bool acks_nothing(const struct tcp_sock *tp, const struct tcp_seg *seg)
{
	return !tp->packets_out && seg->ack == tp->snd_una && !seg->opt.num_sacks && !tp->probing &&
	       !tcp_table(tp->sk.net)->no_prediction;
}

bool tcp_ack(struct tcp_sock *tp, const struct tcp_seg *seg)
{
	struct sk_buff *whole = acked_whole(tp, seg);

	if (likely(whole))
		return take_whole(tp, whole, seg);
	if (!acks_nothing(tp, seg))
		return ack_closely(tp, seg);
	tcp_update_window(tp, seg);
	tp->keep_probes = 0;
	if (!tp->send_head)
		tcp_chrono_set(tp, TCP_CHRONO_NONE);
	return true;
}
