/* SPDX-License-Identifier: MIT */
/* Sending again, and the counts of what is on its way. */
#include "net/tcp/tcp_recovery.h"

void tcp_note_sent(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	if (!tp->packets_out)
		tcp_rate_begin(tp);
	list_add_tail(&cb->sent_node, &tp->sent_order);
	if (tp->board)
		tcp_board_add(tp, skb);
	tcp_count_segs(tp, cb);
	if (tcp_in_cwnd_reduction(tp))
		tp->prr_out += cb->segs;
	if (!tp->rto_at || tp->probing || tp->pending == TCP_TIME_LOSS_PROBE)
		tcp_set_xmit_timer(tp);
}

void tcp_uncount(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	tcp_uncount_segs(tp, cb);
	tp->sacked_out -= !!(cb->sacked & TCPCB_SACKED);
	tp->lost_out -= !!(cb->sacked & TCPCB_LOST);
	tp->retrans_out -= !!(cb->sacked & TCPCB_RETRANS);
	list_del(&cb->sent_node);
	if (tp->board)
		tcp_board_pop(tp);
}

/* The cut off part has its own place in all counts. */
int tcp_cut(struct tcp_sock *tp, struct sk_buff *skb, u32 len)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb), *rest;
	int err = tcp_fragment(tp, skb, len);

	if (err)
		return err;
	rest = TCP_SKB_CB(skb->next);
	list_add(&rest->sent_node, &cb->sent_node);
	tcp_board_drop(tp);
	tcp_recount_segs(tp, skb);
	tcp_count_segs(tp, rest);
	tcp_recount_segs(tp, skb->next);
	tp->lost_out += !!(cb->sacked & TCPCB_LOST);
	tp->retrans_out += !!(cb->sacked & TCPCB_RETRANS);
	return 0;
}

int tcp_retransmit_skb(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 mss = tcp_current_mss(tp), room, len;
	int err;

	room = before(cb->seq, tcp_wnd_end(tp)) ? tcp_wnd_end(tp) - cb->seq : 0;
	if (!room && cb->seq != tp->snd_una)
		return -EAGAIN; /* RFC 9293 SHLD-14..16: the window was shrunk */
	len = min(mss, room ? room : mss);
	if (skb->len > len) {
		err = tcp_cut(tp, skb, len);
		if (err)
			return err;
	}
	tp->total_retrans++;
	tp->bytes_retrans += skb->len;
	NET_INC_STATS(tp->sk.net, TCP_MIB_RETRANSSEGS);
	cb->sacked |= TCPCB_EVER_RETRANS;
	err = tcp_transmit_skb(tp, skb);
	if (err == -ENOBUFS) {
		NET_ADD_STATS(tp->sk.net, LINUX_MIB_TCPRETRANSFAIL, cb->segs);
		return err;
	}
	tp->retrans_out += !(cb->sacked & TCPCB_RETRANS);
	cb->sacked |= TCPCB_RETRANS;
	list_del(&cb->sent_node);
	list_add_tail(&cb->sent_node, &tp->sent_order);
	if (!tp->retrans_stamp)
		tp->retrans_stamp = max(tcp_clock(tp->sk.net) + tp->ts_off, 1U);
	tp->undo_retrans = max(tp->undo_retrans, 0) + 1;
	return err;
}

void tcp_xmit_retransmit_queue(struct tcp_sock *tp)
{
	while (!list_empty(&tp->to_resend) && tcp_in_flight(tp) < tp->snd_cwnd) {
		struct sk_buff *skb = tcp_skb_of(tp->to_resend.next);

		if (tcp_retransmit_skb(tp, skb))
			return;
		NET_INC_STATS(tp->sk.net, tp->ca_state == TCP_CA_LOSS
						  ? LINUX_MIB_TCPSLOWSTARTRETRANS
						  : LINUX_MIB_TCPFASTRETRANS);
		if (tcp_in_cwnd_reduction(tp))
			tp->prr_out++;
		if (!tp->rto_at ||
		    (skb == skb_peek(&tp->write_queue) && tp->pending != TCP_TIME_REO))
			tcp_rearm_rto(tp);
	}
}

void tcp_set_xmit_timer(struct tcp_sock *tp)
{
	tp->probing = false;
	if (!tcp_schedule_loss_probe(tp))
		tcp_rearm_rto(tp);
}
