/* SPDX-License-Identifier: MIT */
/*
 * Inside TCP's loss recovery: what one ACK brings (struct tcp_harvest), and the parts that work on it. tcp_ack.c takes the
 * ACK, tcp_scoreboard.c what SACK says, tcp_rack.c finds what is lost by time, tcp_loss.c is the states
 * (open, disorder, CWR, recovery, loss) and how they are undone, tcp_retrans.c sends again.
 *
 * All that was sent and is not acknowledged yet is in write_queue before send_head, and by its cb's sent_node either in
 * sent_order (it may arrive still), or in to_resend (LOST, not sent again yet), or nowhere (SACKED).
 */
#pragma once

#include "net/tcp/tcp_sock.h"

enum tcp_rexmit { REXMIT_NONE, REXMIT_LOST, REXMIT_NEW };

struct tcp_harvest {
	u32 prior_una, prior_out, prior_fack, prior_delivered, prior_lost;
	u32 acked;     /* segments that left the queue */
	u32 delivered; /* segments newly known to have arrived */
	u32 reord;     /* lowest that was sent once and arrived after later ones */
	u64 first_sent; /* when the first and the last acknowledged that were sent once left; 0: none */
	u64 last_sent, sack_sent; /* ... and the last SACKed */
	u32 rtt;                  /* us, of the last; 0: not known */
	bool old;                 /* the acknowledgment is of before SND.UNA */
	bool advanced, window_changed, data, ece;
	bool dup;                     /* a duplicate ACK (RFC 5681 s2) */
	bool dsack, dsack_of_probe;   /* something of ours came twice */
	bool sacked;                  /* segments newly SACKed */
	bool orig_acked;              /* one sent only once, of before the loss, has arrived */
	bool retrans_acked, reneging; /* the head is SACKed, but not acknowledged */
	bool lost_retrans, keep_timer;
	enum tcp_rexmit rexmit;
	/* the rate's sample: since the segment left that was sent last of those that arrived */
	u64 rs_sent;
	u32 rs_delivered, rs_prior, rs_prior_at, rs_send_us; /* prior_at 0: no sample */
	bool rs_app_limited;
};

static inline struct sk_buff *tcp_rtx_head(const struct tcp_sock *tp)
{
	struct sk_buff *skb = skb_peek(&tp->write_queue);

	return skb == tp->send_head ? NULL : skb;
}

static inline struct sk_buff *tcp_rtx_next(const struct tcp_sock *tp, const struct sk_buff *skb)
{
	struct sk_buff *next = skb->next;

	return next == (const struct sk_buff *)&tp->write_queue || next == tp->send_head ? NULL
											 : next;
}

static inline struct sk_buff *tcp_skb_of(struct list_head *node)
{
	struct tcp_skb_cb *cb = container_of(node, struct tcp_skb_cb, sent_node);

	return (struct sk_buff *)((u8 *)cb - offsetof(struct sk_buff, cb));
}

static inline bool tcp_in_cwnd_reduction(const struct tcp_sock *tp)
{
	return tp->ca_state == TCP_CA_CWR || tp->ca_state == TCP_CA_RECOVERY;
}

static inline bool tcp_is_rack(const struct tcp_sock *tp)
{
	return tp->sack_ok && tcp_table(tp->sk.net)->tcp_recovery & 1;
}

/* us since a segment was sent, at least 1 */
static inline u32 tcp_us_since(const struct tcp_sock *tp, u64 sent)
{
	u64 now = tcp_now(tp);

	return now > sent + NSEC_PER_USEC ? (now - sent) / NSEC_PER_USEC : 1;
}

/* ---- tcp_board.c: the sent segments by number, for as long as some of them are SACKed */
/* Number of the first segment that does not begin before seq; false: no memory. */
bool tcp_board_find(struct tcp_sock *tp, u32 seq, u32 *at);
/* The first from *at on that is not SACKed; NULL: there is none. */
struct sk_buff *tcp_board_next(struct tcp_sock *tp, u32 *at);
/* Number at is SACKed now. */
void tcp_board_sacked(struct tcp_sock *tp, u32 at);
/* RFC 6675 s4's IsLost(): the next segment with tp->reordering SACKed ones above it; NULL: no more. */
struct sk_buff *tcp_board_next_lost(struct tcp_sock *tp);
void tcp_board_add(struct tcp_sock *tp, struct sk_buff *skb); /* the last */
void tcp_board_pop(struct tcp_sock *tp);                      /* the first is acknowledged */
void tcp_board_drop(struct tcp_sock *tp);                     /* made anew when it is needed */

/* ---- tcp_scoreboard.c */
/* Marks what the peer has (RFC 2018), and notes what it has twice (RFC 2883). */
void tcp_sacktag(struct tcp_sock *tp, const struct tcp_seg *seg, struct tcp_harvest *h);
/* LOST: it is to be sent again; also when it had been already. */
void tcp_mark_skb_lost(struct tcp_sock *tp, struct sk_buff *skb);
/* Reordering of so much was seen: RFC 6675 and RACK wait longer. */
void tcp_saw_reordering(struct tcp_sock *tp, u32 low_seq);

/* ---- tcp_rack.c: RFC 8985 */
/* s6.2 step 2; a retransmission that is answered too early was answered in the original's name. */
static inline void tcp_rack_advance(struct tcp_sock *tp, const struct tcp_skb_cb *cb)
{
	u32 rtt = tcp_us_since(tp, cb->sent);

	if (rtt < tp->min_rtt && cb->sacked & TCPCB_EVER_RETRANS && tp->min_rtt != U32_MAX)
		return;
	tp->rack.advanced = true;
	tp->rack.rtt = rtt;
	tp->rack.mstamp = max(tp->rack.mstamp, cb->sent);
}

void tcp_rack_mark_lost(struct tcp_sock *tp, struct tcp_harvest *h);
void tcp_rack_reo_timeout(struct tcp_sock *tp);
enum { RACK_STATIC_REO_WND = 2, RACK_PERSIST = 16 };

/* s6.2 step 4: the window follows the reordering that DSACKs show, for 16 recoveries. */
static inline void tcp_rack_update_reo_wnd(struct tcp_sock *tp, const struct tcp_harvest *h)
{
	if (tcp_table(tp->sk.net)->tcp_recovery & RACK_STATIC_REO_WND || !h->rs_delivered)
		return;
	if (before(h->rs_prior, tp->rack.last_delivered))
		tp->rack.dsack_seen = false;
	if (tp->rack.dsack_seen) {
		tp->rack.reo_wnd_steps = min(tp->rack.reo_wnd_steps + 1, 255);
		tp->rack.dsack_seen = false;
		tp->rack.last_delivered = tp->delivered;
		tp->rack.reo_wnd_persist = RACK_PERSIST;
	} else if (!tp->rack.reo_wnd_persist) {
		tp->rack.reo_wnd_steps = 1;
	}
}

/* How long segment cb may still arrive; <= 0: no longer. ns. */
s64 tcp_rack_remaining(const struct tcp_sock *tp, const struct tcp_skb_cb *cb, u64 now);
/* Sets the timer for a probe instead of a retransmission; false: that is not for now. */
bool tcp_schedule_loss_probe(struct tcp_sock *tp);
void tcp_send_loss_probe(struct tcp_sock *tp);
void tcp_process_tlp_ack(struct tcp_sock *tp, const struct tcp_seg *seg,
			 const struct tcp_harvest *h);

/* ---- tcp_loss.c */
void tcp_fastretrans_alert(struct tcp_sock *tp, const struct tcp_seg *seg, struct tcp_harvest *h);
void tcp_enter_loss(struct tcp_sock *tp);
void tcp_enter_recovery(struct tcp_sock *tp, bool ece);
void tcp_enter_cwr(struct tcp_sock *tp);
void tcp_init_cwnd_reduction(struct tcp_sock *tp);
void tcp_end_cwnd_reduction(struct tcp_sock *tp);
void tcp_try_keep_open(struct tcp_sock *tp);
void tcp_prr(struct tcp_sock *tp, u32 delivered, u32 lost, bool advanced); /* RFC 6937 */
u32 tcp_current_ssthresh(const struct tcp_sock *tp);
/* The path takes less than was sent: what is too large goes out again, at the same pace (RFC 1191). */
void tcp_simple_retransmit(struct tcp_sock *tp);

/* ---- tcp_rate.c: the delivery rate, as Linux measures it; what the time was spent on */
void tcp_rate_begin(struct tcp_sock *tp); /* nothing was on its way */
void tcp_rate_skb_sent(const struct tcp_sock *tp, struct tcp_skb_cb *cb);

/* Never 0. */
static inline u32 tcp_rate_us(const struct tcp_sock *tp)
{
	u32 us = tcp_now(tp) / NSEC_PER_USEC;

	return us + !us;
}

static inline void tcp_rate_skb_delivered(struct tcp_sock *tp, struct tcp_skb_cb *cb,
					  struct tcp_harvest *h)
{
	if (h->rs_prior_at && cb->sent <= h->rs_sent)
		return;
	h->rs_sent = cb->sent;
	h->rs_prior = cb->rate_delivered;
	h->rs_prior_at = cb->rate_at;
	h->rs_app_limited = cb->app_limited;
	tp->rate_first_tx = cb->sent / NSEC_PER_USEC;
	h->rs_send_us = tp->rate_first_tx - cb->rate_sent;
}

static inline void tcp_rate_gen(struct tcp_sock *tp, struct tcp_harvest *h)
{
	u32 us;

	if (tp->app_limited && after(tp->delivered, tp->app_limited))
		tp->app_limited = 0;
	if (h->delivered)
		tp->rate_at = tcp_rate_us(tp);
	if (!h->rs_prior_at || tp->reneged)
		return;
	h->rs_delivered = tp->delivered - h->rs_prior;
	us = max(h->rs_send_us, tcp_rate_us(tp) - h->rs_prior_at);
	if (us < tp->min_rtt || !us)
		return;
	if (!h->rs_app_limited ||
	    (u64)h->rs_delivered * tp->rate_interval >= (u64)tp->rate_delivered * us) {
		tp->rate_delivered = h->rs_delivered;
		tp->rate_interval = us;
		tp->rate_app_limited = h->rs_app_limited;
	}
}

/* ---- tcp_retrans.c */
/* Sends it again. 0 or -E. */
int tcp_retransmit_skb(struct tcp_sock *tp, struct sk_buff *skb);
void tcp_xmit_retransmit_queue(struct tcp_sock *tp);
/* Retransmission or a loss probe, whichever is due next. */
void tcp_set_xmit_timer(struct tcp_sock *tp);
/* skb is new on its way. */
void tcp_note_sent(struct tcp_sock *tp, struct sk_buff *skb);
/* skb, the first, is no longer of interest. */
void tcp_uncount(struct tcp_sock *tp, struct sk_buff *skb);
/* Cuts what was sent after len bytes; the rest follows it, with its own place in all counts. 0 or -ENOMEM. */
int tcp_cut(struct tcp_sock *tp, struct sk_buff *skb, u32 len);
