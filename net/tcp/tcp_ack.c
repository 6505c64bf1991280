/* SPDX-License-Identifier: MIT */
/*
 * What an ACK says of our data: RFC 9293 s3.10.7.4's fifth step; round trips (RFC 6298, with Karn's rule); loss recovery
 * by duplicate ACKs (RFC 6582) or SACK (RFC 6675), slowed down by proportional rate reduction (RFC 6937).
 */
#include "net/tcp/tcp_sock.h"

/* One ACK's harvest. */
struct harvest {
	u32 prior_una, prior_out;
	u32 acked;     /* segments that left the queue */
	u32 delivered; /* segments newly known to have arrived */
	u64 rtt_sent;  /* when the last of them never sent again left; 0: none such */
	bool window_changed;
};

/* RFC 6298 s2; its granularity and minimum together: TCP_RTO_MIN over the smoothed time, as Linux. */
void tcp_rtt_sample(struct tcp_sock *tp, u32 us)
{
	s32 err = us - (tp->srtt >> 3);

	tp->min_rtt = min(tp->min_rtt, us);
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

static void uncount(struct tcp_sock *tp, const struct tcp_skb_cb *cb)
{
	tp->packets_out--;
	tp->sacked_out -= !!(cb->sacked & TCPCB_SACKED);
	tp->lost_out -= !!(cb->sacked & TCPCB_LOST);
	tp->retrans_out -= !!(cb->sacked & TCPCB_RETRANS);
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

static void clean_rtx_queue(struct tcp_sock *tp, struct harvest *h)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(&tp->write_queue)) && skb != tp->send_head) {
		struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

		if (after(cb->end_seq, tp->snd_una)) {
			if (after(tp->snd_una, cb->seq))
				trim_head(tp, skb);
			break;
		}
		h->acked++;
		if (tp->sack_ok)
			h->delivered += !(cb->sacked & TCPCB_SACKED);
		if (!(cb->sacked & (TCPCB_EVER_RETRANS | TCPCB_SACKED)))
			h->rtt_sent = cb->sent;
		if (!tp->sack_ok)
			cb->sacked &= ~TCPCB_SACKED;
		uncount(tp, cb);
		tcp_free_sent(tp, skb);
	}
}

/* Without SACK each duplicate ACK stands for one segment that arrived (RFC 5681 s3.2). */
static void reno_count(struct tcp_sock *tp, struct harvest *h, bool dup)
{
	if (h->acked) {
		u32 known = min(tp->sacked_out, h->acked - 1);

		h->delivered += h->acked - known;
		tp->sacked_out -= min(tp->sacked_out, h->acked - 1);
	}
	if (dup && tp->sacked_out + 1 < tp->packets_out) {
		tp->sacked_out++;
		h->delivered++;
	} else if (tp->sacked_out > tp->packets_out) {
		tp->sacked_out = tp->packets_out;
	}
	if (tp->sacked_out + tp->lost_out > tp->packets_out)
		tp->sacked_out = tp->packets_out - tp->lost_out;
}

static void enter_recovery(struct tcp_sock *tp)
{
	NET_INC_STATS(tp->sk.net,
		      tp->sack_ok ? LINUX_MIB_TCPSACKRECOVERY : LINUX_MIB_TCPRENORECOVERY);
	tp->ca_state = TCP_CA_RECOVERY;
	tp->high_seq = tp->snd_nxt;
	tp->prior_cwnd = tp->snd_cwnd;
	tp->prr_delivered = tp->prr_out = 0;
	tp->snd_ssthresh = tp->ca->ssthresh(tp);
}

void tcp_enter_loss(struct tcp_sock *tp)
{
	struct sk_buff *skb;

	if (tp->ca_state < TCP_CA_RECOVERY || !before(tp->snd_una, tp->high_seq)) {
		tp->prior_cwnd = tp->snd_cwnd;
		tp->snd_ssthresh = tp->ca->ssthresh(tp);
	}
	tp->ca_state = TCP_CA_LOSS;
	tp->snd_cwnd = 1; /* RFC 5681 s3.1 */
	tp->snd_cwnd_cnt = 0;
	tp->high_seq = tp->snd_nxt;
	tp->sacked_out = tp->retrans_out = tp->lost_out = 0;
	/* RFC 2018 s8: what was told by SACK is forgotten, too */
	for (skb = skb_peek(&tp->write_queue); skb && skb != tp->send_head;
	     skb = skb->next == (struct sk_buff *)&tp->write_queue ? NULL : skb->next) {
		struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

		cb->sacked = (cb->sacked & TCPCB_EVER_RETRANS) | TCPCB_LOST;
		tp->lost_out++;
	}
}

/* RFC 6937: as many out as the losses leave of what arrived, at the end ssthresh. */
static void prr(struct tcp_sock *tp, u32 delivered, bool first)
{
	u32 flight = tcp_in_flight(tp);
	s32 send;

	tp->prr_delivered += delivered;
	if (flight > tp->snd_ssthresh) {
		u64 share = (u64)tp->snd_ssthresh * tp->prr_delivered + tp->prior_cwnd - 1;

		send = (s32)(share / max(tp->prior_cwnd, 1U)) - (s32)tp->prr_out;
	} else {
		send = max((s32)(tp->prr_delivered - tp->prr_out), (s32)delivered) + 1;
		send = min(send, (s32)(tp->snd_ssthresh - flight));
	}
	send = max(send, first ? 1 : 0);
	tp->snd_cwnd = max(flight + send, 1U);
}

static void end_recovery(struct tcp_sock *tp)
{
	if (tp->ca_state == TCP_CA_RECOVERY)
		tp->snd_cwnd = tp->snd_ssthresh;
	tp->ca_state = TCP_CA_OPEN;
	if (!tp->sack_ok)
		tp->sacked_out = 0;
}

/* What is lost, and what state that makes. */
static void loss_state(struct tcp_sock *tp, const struct harvest *h)
{
	bool first = false;

	if (tp->ca_state >= TCP_CA_RECOVERY && !before(tp->snd_una, tp->high_seq))
		end_recovery(tp);
	if (tp->ca_state == TCP_CA_LOSS)
		return;
	if (tp->sack_ok || tp->ca_state == TCP_CA_RECOVERY || tp->sacked_out >= tp->reordering) {
		bool partial = !tp->sack_ok && tp->ca_state == TCP_CA_RECOVERY && !h->acked;

		if (!partial)
			tcp_mark_lost(tp);
	}
	if (tp->lost_out && tp->ca_state < TCP_CA_RECOVERY) {
		enter_recovery(tp);
		first = true;
	}
	if (tp->ca_state == TCP_CA_RECOVERY)
		prr(tp, h->delivered, first);
	else
		tp->ca_state = tp->sacked_out ? TCP_CA_DISORDER : TCP_CA_OPEN;
}

static void rtt_from(struct tcp_sock *tp, const struct tcp_seg *seg, const struct harvest *h)
{
	if (h->rtt_sent)
		tcp_rtt_sample(tp, max((u32)((plat_now() - h->rtt_sent) / NSEC_PER_USEC), 1U));
	else if (tp->tstamp_ok && seg->opt.has_tstamp && seg->opt.tsecr && h->acked)
		tcp_rtt_sample(tp, max((tcp_clock() + tp->ts_off - seg->opt.tsecr) * 1000, 1U));
}

static void window_opened(struct tcp_sock *tp)
{
	if (tp->snd_wnd && tp->probing) {
		tp->probing = false;
		tp->backoff = tp->probes_out = 0;
		tp->rto_at = 0;
	}
}

static void take_ack(struct tcp_sock *tp, const struct tcp_seg *seg, struct harvest *h)
{
	bool dup, advanced = after(seg->ack, tp->snd_una);

	dup = !advanced && seg->ack == tp->snd_una && !seg->len && !(seg->flags & TCP_FIN) &&
	      !h->window_changed && tp->packets_out;
	if (advanced) {
		tp->bytes_acked += seg->ack - tp->snd_una;
		tp->snd_una = seg->ack;
		tp->stall_at = 0;
		tp->err_soft = 0;
		clean_rtx_queue(tp, h);
	}
	if (tp->sack_ok)
		h->delivered += tcp_sacktag(tp, seg);
	else
		reno_count(tp, h, dup);
	tp->delivered += h->delivered;
	rtt_from(tp, seg, h);
	if (advanced)
		tp->backoff = tp->retransmits = 0;
	if (advanced || h->delivered || tp->sacked_out)
		loss_state(tp, h);
	if (h->acked && tp->ca_state != TCP_CA_RECOVERY &&
	    (h->prior_out >= tp->snd_cwnd ||
	     (tp->snd_cwnd < tp->snd_ssthresh && h->prior_out * 2 > tp->snd_cwnd)))
		tcp_cong_acked(tp, h->acked);
	if (advanced)
		tcp_rearm_rto(tp);
	if (tp->lost_out > tp->retrans_out)
		tcp_xmit_retransmit_queue(tp);
}

/* There is room in the send buffer again for those who wait for a third of it. */
static void space_freed(struct tcp_sock *tp)
{
	struct sock *sk = &tp->sk;
	u32 want = max(tp->snd_cwnd, (u32)tp->reordering + 1) * 2 * 2560;

	if (!tp->sk.sndbuf_locked && sk->sndbuf < want)
		sk->sndbuf = min(want, (u32)tcp_table(sk->net)->tcp_wmem[2]);
	if (sk->nospace && sk->wmem < sk->sndbuf - sk->sndbuf / 3) {
		sk->nospace = 0;
		sk_wake_for(sk, SK_WRITABLE);
	}
}

bool tcp_ack(struct tcp_sock *tp, const struct tcp_seg *seg)
{
	struct harvest h = {.prior_una = tp->snd_una, .prior_out = tp->packets_out};
	u32 prior_wnd = tp->snd_wnd;

	if (unlikely(after(seg->ack, tp->snd_nxt))) {
		tcp_send_challenge_ack(tp);
		return false;
	}
	if (unlikely(before(seg->ack, tp->snd_una))) {
		if (before(seg->ack, tp->snd_una - tp->max_window)) { /* RFC 5961 s5.2 */
			tcp_send_challenge_ack(tp);
			return false;
		}
		return true;
	}
	tcp_update_window(tp, seg);
	h.window_changed = tp->snd_wnd != prior_wnd;
	window_opened(tp);
	tp->keep_probes = 0;
	if (tp->probing) /* the peer lives: RFC 9293 MUST-37 */
		tp->probes_out = 0;
	if (tp->packets_out)
		take_ack(tp, seg, &h);
	else if (after(seg->ack, tp->snd_una))
		tp->snd_una = seg->ack;
	if (h.acked)
		space_freed(tp);
	return true;
}
