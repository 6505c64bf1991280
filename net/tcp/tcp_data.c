/* SPDX-License-Identifier: MIT */
/*
 * Data in: put in order (RFC 9293 s3.10.7.4, seventh and eighth), bounded by the receive buffer, acknowledged late
 * (s3.8.6.3) or at once.
 */
#include "net/tcp/tcp_sock.h"

void tcp_purge_receive(struct tcp_sock *tp)
{
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&tp->sk.receive_queue))) {
		tcp_rmem_uncharge(tp, skb);
		consume_skb(skb);
	}
	tcp_ofo_purge(tp);
}

bool tcp_try_coalesce(struct tcp_sock *tp, struct sk_buff *to, struct sk_buff *skb)
{
	u32 len = skb->len;

	if (len > skb_tailroom(to) || skb_cloned(to) ||
	    (len > 256 && tp->sk.rmem < tp->sk.rcvbuf / 2) ||
	    TCP_SKB_CB(to)->end_seq != TCP_SKB_CB(skb)->seq)
		return false;
	if (skb_copy_bits(skb, 0, skb_put(to, len), len))
		return false;
	TCP_SKB_CB(to)->end_seq = TCP_SKB_CB(skb)->end_seq;
	to->tstamp = skb->tstamp;
	NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPRCVCOALESCE);
	return true;
}

/* RFC 9293 s3.10.7.4, eighth: the peer will send no more. */
static void step_fin(struct tcp_sock *tp)
{
	struct sock *sk = &tp->sk;

	tp->rcv_nxt++;
	tp->fin_received = true;
	sk->shutdown |= RCV_SHUTDOWN;
	switch (sk->state) {
	case TCP_SYN_RECV:
	case TCP_ESTABLISHED:
		tcp_set_state(tp, TCP_CLOSE_WAIT);
		break;
	case TCP_FIN_WAIT1: /* simultaneous close */
		tp->ack_now = true;
		tcp_set_state(tp, TCP_CLOSING);
		break;
	case TCP_FIN_WAIT2:
		sk_wake(sk);
		tcp_send_ack(tp);
		tcp_time_wait(tp, TCP_TIME_WAIT, TCP_TIMEWAIT_LEN);
		return;
	}
	sk_wake(sk);
}

/* A packet of several buffers is queued buffer by buffer: each is gone as soon as it is read. */
static void queue_parts(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct sk_buff *part = skb_shinfo(skb)->frag_list, *next;
	u32 seq = TCP_SKB_CB(skb)->seq;

	if (part && !skb_cloned(skb) && !skb_shinfo(skb)->nr_frags) {
		skb_shinfo(skb)->frag_list = NULL;
		skb->len -= skb->data_len;
		skb->data_len = 0;
		for (struct sk_buff *p = part; p; p = p->next)
			skb->truesize -= p->truesize;
		skb->next = part;
	}
	for (; skb; skb = next) {
		next = skb->next;
		if (!skb->len) {
			consume_skb(skb);
			continue;
		}
		skb->dev = NULL;
		*TCP_SKB_CB(skb) = (struct tcp_skb_cb){.seq = seq, .end_seq = seq + skb->len};
		seq += skb->len;
		tcp_rmem_charge(tp, skb);
		skb_queue_tail(&tp->sk.receive_queue, skb);
	}
}

/* In order now. Consumes. */
static void deliver(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct sk_buff_head *q = &tp->sk.receive_queue;
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	bool fin = cb->flags & TCP_FIN;

	tp->rcv_nxt = cb->end_seq - fin;
	tp->bytes_received += skb->len;
	cb->end_seq -= fin;
	if (!skb->len || (!skb_queue_empty(q) && tcp_try_coalesce(tp, q->prev, skb))) {
		consume_skb(skb);
	} else {
		queue_parts(tp, skb);
	}
	if (fin)
		step_fin(tp);
}

/* The front of a packet has been received before. */
static void trim_front(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 n = tp->rcv_nxt - cb->seq;

	if (!after(tp->rcv_nxt, cb->seq))
		return;
	n = min(n, skb->len);
	if (!pskb_may_pull(skb, n)) /* no memory: as if it had not come */
		cb->seq = cb->end_seq = tp->rcv_nxt;
	else
		skb_pull(skb, n);
	cb->seq += n;
}

/* What waited for the gap to be filled. */
static void drain_ofo(struct tcp_sock *tp)
{
	struct sk_buff *skb;

	while (!tp->fin_received && (skb = tcp_ofo_next(tp))) {
		u32 seq = TCP_SKB_CB(skb)->seq, end = TCP_SKB_CB(skb)->end_seq;

		if (before(seq, tp->rcv_nxt))
			tcp_dsack_extend(tp, seq, before(end, tp->rcv_nxt) ? end : tp->rcv_nxt);
		if (!after(end, tp->rcv_nxt)) {
			consume_skb(skb);
			continue;
		}
		trim_front(tp, skb);
		if (after(TCP_SKB_CB(skb)->end_seq, TCP_SKB_CB(skb)->seq))
			deliver(tp, skb);
		else
			consume_skb(skb);
	}
	if (tp->num_sacks)
		tcp_sack_advance(tp);
}

/* Too much waits for the program, or for all of them. An empty queue takes one packet whatever there is. */
static bool has_room(struct tcp_sock *tp)
{
	struct net *net = tp->sk.net;

	if (likely(tcp_rmem_allows(tp, 0)))
		return true;
	NET_INC_STATS(net, LINUX_MIB_PRUNECALLED);
	if (tcp_ofo_prune(tp, tp->rcv_nxt, 0) || skb_queue_empty(&tp->sk.receive_queue))
		return true;
	NET_INC_STATS(net, LINUX_MIB_RCVPRUNED);
	return false;
}

static void queue_in_order(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct sock *sk = &tp->sk;
	bool was_empty = skb_queue_empty(&sk->receive_queue);

	if (unlikely(skb->len && !has_room(tp))) {
		NET_INC_STATS(sk->net, LINUX_MIB_TCPRCVQDROP);
		tp->ack_now = true;
		sk->drops++;
		kfree_skb_reason(skb, SKB_DROP_REASON_SOCKET_RCVBUFF);
		return;
	}
	trim_front(tp, skb);
	deliver(tp, skb);
	if (!skb_queue_empty(&tp->ofo)) {
		tp->ack_now = true; /* RFC 5681 s4.2: a gap is (partly) filled */
		drain_ofo(tp);
	}
	if (was_empty || tp->rcv_nxt - tp->copied_seq >= tp->rcvlowat)
		sk_wake(sk);
}

/* As large as the peer's segments seem to be. */
static void note_mss(struct tcp_sock *tp, u32 len)
{
	if (len > tp->rcv_mss || len >= TCP_MIN_SNDMSS + 40)
		tp->rcv_mss = min(len, (u32)tp->advmss);
}

void tcp_data_queue(struct tcp_sock *tp, struct sk_buff *skb, const struct tcp_seg *seg)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	if (!after(seg->end_seq, tp->rcv_nxt)) {
		NET_INC_STATS(tp->sk.net, LINUX_MIB_DELAYEDACKLOST);
		tcp_dsack_set(tp, seg->seq, seg->end_seq);
		tp->ack_now = true;
		kfree_skb_reason(skb, SKB_DROP_REASON_TCP_OLD_DATA);
		return;
	}
	/* a window probe, mostly; a FIN alone needs no room */
	if (!before(seg->seq, tp->rcv_nxt + tcp_receive_window(tp)) &&
	    (seg->len || seg->seq != tp->rcv_nxt)) {
		NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPZEROWINDOWDROP);
		tp->ack_now = true;
		kfree_skb_reason(skb, SKB_DROP_REASON_TCP_ZEROWINDOW);
		return;
	}
	skb_pull(skb, tcp_hdrlen(seg->th));
	skb_dst_drop(skb);
	skb_orphan(skb);
	skb->dev = NULL;
	*cb = (struct tcp_skb_cb){.seq = seg->seq, .end_seq = seg->end_seq, .flags = seg->flags};
	tp->data_segs_in += skb_segs(skb);
	note_mss(tp, seg->len);
	if (before(seg->seq, tp->rcv_nxt))
		tcp_dsack_set(tp, seg->seq, tp->rcv_nxt);
	if (after(seg->seq, tp->rcv_nxt))
		tcp_ofo_queue(tp, skb);
	else
		queue_in_order(tp, skb);
}

void tcp_data_queue_next(struct tcp_sock *tp, struct sk_buff *skb, const struct tcp_seg *seg)
{
	struct sock *sk = &tp->sk;
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	if (!skb_queue_empty(&sk->receive_queue) || skb_is_nonlinear(skb) || skb->dst_owned ||
	    skb->destructor || !tcp_receive_window(tp) || !tcp_rmem_allows(tp, 0)) {
		tcp_data_queue(tp, skb, seg);
		return;
	}
	__skb_pull(skb, skb->len - seg->len);
	skb->dst = NULL;
	skb->dev = NULL;
	cb->seq = seg->seq;
	cb->end_seq = tp->rcv_nxt = seg->end_seq;
	tp->data_segs_in += skb_segs(skb);
	tp->bytes_received += seg->len;
	note_mss(tp, seg->len);
	tcp_rmem_charge(tp, skb);
	skb_queue_tail(&sk->receive_queue, skb);
	sk_wake(sk);
}

/* A program has been woken for what has come, and may answer. */
static bool answer_expected(const struct tcp_sock *tp)
{
	const struct tcp_sock *woken = tp->listener ? tp->listener : tp;

	return !list_empty(&woken->sk.waiters) || woken->sk.waiting;
}

/* RFC 9293 s3.8.6.3, SHLD-18/19: at the latest every second full segment. */
void tcp_ack_check(struct tcp_sock *tp, const struct tcp_seg *seg)
{
	if (tp->sk.state == TCP_CLOSE)
		return;
	if (tp->ack_now || !skb_queue_empty(&tp->ofo)) {
		if (tp->ack_now || seg->len)
			tcp_send_ack(tp);
		return;
	}
	if (tp->rcv_nxt == tp->rcv_wup)
		return;
	if (tp->rcv_nxt - tp->rcv_wup > tp->rcv_mss || (tp->quickack && !answer_expected(tp))) {
		tcp_send_ack(tp);
	} else {
		tp->ack_waits = tp->quickack;
		tcp_set_delack(tp, tp->quickack ? TCP_ACK_COMPANY : TCP_DELACK);
	}
	tp->quickack -= tp->quickack != 0;
}

bool tcp_under_memory_pressure(struct tcp_sock *tp)
{
	struct tcp_table *t = tcp_table(tp->sk.net);
	s64 pages = t->mem >> TCP_MEM_PAGE_SHIFT;

	if (!t->mem_pressure && pages > t->tcp_mem[1]) {
		NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPMEMORYPRESSURES);
		t->mem_pressure = true;
	} else if (pages < t->tcp_mem[0]) {
		t->mem_pressure = false;
	}
	return t->mem_pressure;
}
