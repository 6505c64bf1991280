/* SPDX-License-Identifier: MIT */
/*
 * RACK-TLP (RFC 8985): a segment is lost when one that was sent later, by more than reordering explains, has arrived; and
 * when the last ones of a flight are lost, a probe makes the peer say so before the retransmission timeout. Settings are
 * Linux's: tcp_recovery (1 RACK, 2 a window that does not grow, 4 no thresholds of duplicates), tcp_early_retrans (3, 4: TLP).
 */
#include "net/tcp/tcp_recovery.h"

#define TCP_TIMEOUT_MIN (2 * NSEC_PER_MSEC)
enum { RACK_NO_DUPTHRESH = 4 };

/* RFC 8985 s6.2 step 4; us */
static u32 reo_wnd(const struct tcp_sock *tp)
{
	if (!tp->reord_seen) {
		if (tp->ca_state >= TCP_CA_RECOVERY)
			return 0;
		if (tp->sacked_out >= tp->reordering &&
		    !(tcp_table(tp->sk.net)->tcp_recovery & RACK_NO_DUPTHRESH))
			return 0;
	}
	if (tp->min_rtt == U32_MAX)
		return 0;
	return min((tp->min_rtt / 4) * tp->rack.reo_wnd_steps, tp->srtt >> 3);
}

s64 tcp_rack_remaining(const struct tcp_sock *tp, const struct tcp_skb_cb *cb, u64 now)
{
	u64 limit = ((u64)tp->rack.rtt + reo_wnd(tp)) * NSEC_PER_USEC;

	/* rtt is rounded down: what left within the same microsecond has waited as long */
	return (s64)(cb->sent + limit - now) - (s64)NSEC_PER_USEC;
}

/*
 * s6.2 step 5. In the order of sending, so that the first that may still arrive ends it. When to look again, 0: nothing
 * waits; that is when the last one sent before the newest arrival is due, as none is waited for alone.
 */
static u64 detect_loss(struct tcp_sock *tp)
{
	u64 now = tcp_now(tp);

	while (!list_empty(&tp->sent_order)) {
		struct sk_buff *skb = tcp_skb_of(tp->sent_order.next);
		struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

		if (cb->sent >= tp->rack.mstamp)
			return 0;
		if (tcp_rack_remaining(tp, cb, now) > 0)
			return tp->rack.mstamp + ((u64)tp->rack.rtt + reo_wnd(tp)) * NSEC_PER_USEC +
			       TCP_TIMEOUT_MIN;
		tcp_mark_skb_lost(tp, skb);
	}
	return 0;
}

void tcp_rack_mark_lost(struct tcp_sock *tp, struct tcp_harvest *h)
{
	u64 again;

	if (!tp->rack.advanced)
		return;
	tp->rack.advanced = false;
	again = detect_loss(tp);
	if (!again)
		return;
	h->keep_timer = true;
	tp->pending = TCP_TIME_REO;
	tp->rto_at = again;
	tcp_timer_arm(tp);
}

void tcp_rack_reo_timeout(struct tcp_sock *tp)
{
	u32 flight = tcp_in_flight(tp);

	(void)detect_loss(tp);
	if (tcp_in_flight(tp) != flight) {
		if (tp->ca_state != TCP_CA_RECOVERY) {
			tcp_enter_recovery(tp, false);
			tcp_prr(tp, 1, 0, false);
		}
		tcp_xmit_retransmit_queue(tp);
	}
	if (tp->pending != TCP_TIME_RETRANS || !tp->rto_at)
		tcp_rearm_rto(tp);
}

/* ---- tail loss probes: s7 ---- */

bool tcp_schedule_loss_probe(struct tcp_sock *tp)
{
	int mode = tcp_table(tp->sk.net)->tcp_early_retrans;
	u64 now, pto = TCP_RTO_INIT, rto;

	if (mode < 3 || !tp->packets_out || !tp->sack_ok || tp->ca_state == TCP_CA_DISORDER ||
	    tp->ca_state > TCP_CA_CWR || tp->tlp_high_seq)
		return false;
	now = tcp_now(tp);
	if (tp->srtt) { /* twice the round trip; an ACK of a lone segment may be delayed */
		pto = (u64)(tp->srtt >> 2) * NSEC_PER_USEC;
		pto += tp->packets_out == 1 ? TCP_RTO_MIN : TCP_TIMEOUT_MIN;
	}
	rto = tcp_rto_backed_off(tp);
	tp->pending = TCP_TIME_LOSS_PROBE;
	tp->rto_at = now + min(pto, rto);
	tcp_timer_arm(tp);
	return true;
}

/* s7.3: something new, or the last segment again. */
void tcp_send_loss_probe(struct tcp_sock *tp)
{
	bool sent;

	tp->pending = TCP_TIME_RETRANS;
	tp->tlp_retrans = false;
	sent = tcp_send_one_now(tp);
	if (!sent) {
		struct sk_buff *last;

		tcp_single_out(tp);
		last = tp->send_head ? tp->send_head->prev : tp->write_queue.prev;

		if (!(TCP_SKB_CB(last)->sacked & TCPCB_SACKED))
			sent = tp->tlp_retrans = !tcp_retransmit_skb(tp, last);
	}
	if (sent) {
		tp->tlp_high_seq = tp->snd_nxt;
		NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPLOSSPROBES);
	}
	tcp_rearm_rto(tp);
}

/* s7.4.2: did the probe repair a loss? Then that counts as one. */
void tcp_process_tlp_ack(struct tcp_sock *tp, const struct tcp_seg *seg,
			 const struct tcp_harvest *h)
{
	if (before(seg->ack, tp->tlp_high_seq))
		return;
	if (!tp->tlp_retrans || h->dsack_of_probe) {
		tp->tlp_high_seq = 0;
	} else if (after(seg->ack, tp->tlp_high_seq)) {
		tcp_init_cwnd_reduction(tp);
		tp->ca_state = TCP_CA_CWR;
		tcp_end_cwnd_reduction(tp);
		tcp_try_keep_open(tp);
		NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPLOSSPROBERECOVERY);
	} else if (h->dup && !h->sacked) {
		tp->tlp_high_seq = 0; /* one for the original, one for the probe */
	}
}
