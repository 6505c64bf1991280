/* SPDX-License-Identifier: MIT */
/* What the peer's selective acknowledgments say of our segments: RFC 2018, RFC 2883, RFC 6675. */
#include "net/tcp/tcp_recovery.h"

/* A block of what was never sent, or long ago, says nothing (RFC 2018 s5). */
static bool block_is_sane(const struct tcp_sock *tp, const struct tcp_sack_block *b)
{
	return before(b->start, b->end) && !after(b->end, tp->snd_nxt) &&
	       !before(b->start, tp->snd_una - tp->max_window);
}

/* RFC 2883 s4: the first block is of something that is acknowledged already, or within the second. */
static bool is_dsack(const struct tcp_seg *seg)
{
	const struct tcp_sack_block *b = seg->opt.sacks;

	return before(b[0].start, seg->ack) ||
	       (seg->opt.num_sacks > 1 && !before(b[0].start, b[1].start) &&
		!after(b[0].end, b[1].end));
}

/* RFC 3708: what comes twice may have been sent again in vain. RFC 8985 s7.4.2 wants to know, too. */
static void note_dsack(struct tcp_sock *tp, const struct tcp_seg *seg, struct tcp_harvest *h)
{
	const struct tcp_sack_block *b = seg->opt.sacks;
	struct net *net = tp->sk.net;
	u32 len = b->end - b->start,
	    segs = len > tp->mss_cache ? DIV_ROUND_UP(len, tp->mss_cache) : 1;

	if (!is_dsack(seg))
		return;
	NET_INC_STATS(net, before(b->start, seg->ack) ? LINUX_MIB_TCPDSACKRECV
						      : LINUX_MIB_TCPDSACKOFORECV);
	if (before(b->start, b->end) && len <= tp->max_window)
		tp->dsack_dups += segs;
	else
		segs = 0;
	h->dsack = segs != 0;
	if (!segs || tp->dsack_dups > tp->total_retrans) { /* the network's doing, or a lie */
		NET_INC_STATS(net, LINUX_MIB_TCPDSACKIGNOREDDUBIOUS);
		return;
	}
	NET_ADD_STATS(net, LINUX_MIB_TCPDSACKRECVSEGS, segs);
	if (tp->tlp_high_seq && tp->tlp_high_seq == b->end)
		h->dsack_of_probe = true;
	else
		tp->rack.dsack_seen = true;
	if (tp->undo_marker && tp->undo_retrans > 0 && after(b->end, tp->undo_marker))
		tp->undo_retrans = max(tp->undo_retrans - (s32)segs, 0);
}

void tcp_saw_reordering(struct tcp_sock *tp, u32 low_seq)
{
	const struct tcp_table *t = tcp_table(tp->sk.net);
	u32 metric = tp->fack - low_seq, mss = tp->mss_cache;

	if (metric > tp->reordering * mss)
		tp->reordering = min(DIV_ROUND_UP(metric, mss), (u32)t->tcp_max_reordering);
	tp->reord_seen++;
	NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPSACKREORDER);
}

static void sacked_one(struct tcp_sock *tp, struct sk_buff *skb, struct tcp_harvest *h)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	if (!(cb->sacked & TCPCB_EVER_RETRANS)) {
		if (before(cb->seq, h->prior_fack) && before(cb->seq, h->reord))
			h->reord = cb->seq;
		if (!after(cb->end_seq, tp->high_seq))
			h->orig_acked = true;
		h->sack_sent = cb->sent;
	}
	tcp_rack_advance(tp, cb);
	tcp_rate_skb_delivered(tp, cb, h);
	tp->lost_out -= !!(cb->sacked & TCPCB_LOST);
	tp->retrans_out -= !!(cb->sacked & TCPCB_RETRANS);
	cb->sacked = (cb->sacked & (TCPCB_EVER_RETRANS | TCPCB_STAMP)) | TCPCB_SACKED;
	list_del_init(&cb->sent_node);
	tp->sacked_out++;
	h->delivered++;
	h->sacked = true;
	if (after(cb->end_seq, tp->fack))
		tp->fack = cb->end_seq;
}

static void take_block(struct tcp_sock *tp, const struct tcp_sack_block *b, struct tcp_harvest *h)
{
	struct sk_buff *skb;
	u32 at;

	if (!tcp_board_find(tp, b->start, &at))
		return;
	for (; (skb = tcp_board_next(tp, &at)); at++) {
		if (after(TCP_SKB_CB(skb)->end_seq, b->end))
			return;
		tcp_board_sacked(tp, at);
		sacked_one(tp, skb, h);
	}
}

void tcp_sacktag(struct tcp_sock *tp, const struct tcp_seg *seg, struct tcp_harvest *h)
{
	if (!seg->opt.num_sacks)
		return;
	note_dsack(tp, seg, h);
	if (!tp->sacked_out)
		tp->fack = tp->snd_una;
	for (u32 i = 0; i < seg->opt.num_sacks; i++) {
		const struct tcp_sack_block *b = &seg->opt.sacks[i];

		if (!block_is_sane(tp, b))
			NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPSACKDISCARD);
		else if (tp->packets_out && after(b->end, tp->snd_una))
			take_block(tp, b, h);
	}
	if (before(h->reord, h->prior_fack) && (tp->ca_state != TCP_CA_LOSS || tp->undo_marker)) {
		tcp_saw_reordering(tp, h->reord);
		h->reord = tp->snd_nxt;
	}
}

/* About by sequence: what is far from both ends stays at the end, so that marking many costs little. */
static void queue_to_resend(struct tcp_sock *tp, struct tcp_skb_cb *cb)
{
	struct list_head *at = tp->to_resend.prev;

	list_del(&cb->sent_node);
	for (int i = 0; i < 8 && at != &tp->to_resend; i++, at = at->prev)
		if (before(container_of(at, struct tcp_skb_cb, sent_node)->seq, cb->seq))
			break;
	if (at != &tp->to_resend &&
	    before(cb->seq, container_of(tp->to_resend.next, struct tcp_skb_cb, sent_node)->seq))
		at = &tp->to_resend;
	list_add(&cb->sent_node, at);
}

void tcp_mark_skb_lost(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	if (cb->sacked & TCPCB_SACKED)
		return;
	if (cb->sacked & TCPCB_LOST) {
		if (!(cb->sacked & TCPCB_RETRANS))
			return;
		NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPLOSTRETRANSMIT);
	}
	tp->lost_out += !(cb->sacked & TCPCB_LOST);
	tp->retrans_out -= !!(cb->sacked & TCPCB_RETRANS);
	cb->sacked = (cb->sacked & (TCPCB_EVER_RETRANS | TCPCB_STAMP)) | TCPCB_LOST;
	tp->lost++;
	queue_to_resend(tp, cb);
}
