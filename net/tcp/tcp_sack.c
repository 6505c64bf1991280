/* SPDX-License-Identifier: MIT */
/* Selective acknowledgments: what the peer's say of our segments (RFC 2018, RFC 6675), and what ours say (with RFC 2883). */
#include "net/tcp/tcp_sock.h"

static struct sk_buff *next_sent(struct tcp_sock *tp, struct sk_buff *skb)
{
	skb = skb->next;
	return skb == (struct sk_buff *)&tp->write_queue || skb == tp->send_head ? NULL : skb;
}

static struct sk_buff *first_sent(struct tcp_sock *tp)
{
	struct sk_buff *skb = skb_peek(&tp->write_queue);

	return skb == tp->send_head ? NULL : skb;
}

static bool is_sacked(const struct tcp_seg *seg, const struct tcp_skb_cb *cb)
{
	for (u32 i = 0; i < seg->opt.num_sacks; i++)
		if (!before(cb->seq, seg->opt.sacks[i].start) &&
		    !after(cb->end_seq, seg->opt.sacks[i].end))
			return true;
	return false;
}

/* A block of what was never sent says that the peer is none of ours: all are ignored (RFC 2018 s5). */
static bool blocks_are_sane(struct tcp_sock *tp, const struct tcp_seg *seg)
{
	for (u32 i = 0; i < seg->opt.num_sacks; i++) {
		const struct tcp_sack_block *b = &seg->opt.sacks[i];

		if (!before(b->start, b->end) || after(b->end, tp->snd_nxt)) {
			NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPSACKDISCARD);
			return false;
		}
	}
	return true;
}

/* RFC 2883 s4: the first block is of something that is acknowledged already. */
static void note_dsack(struct tcp_sock *tp, const struct tcp_seg *seg)
{
	const struct tcp_sack_block *b = seg->opt.sacks;

	if (before(b[0].start, seg->ack) ||
	    (seg->opt.num_sacks > 1 && !before(b[0].start, b[1].start) &&
	     !after(b[0].end, b[1].end))) {
		NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPDSACKRECV);
		tp->dsack_dups++;
	}
}

u32 tcp_sacktag(struct tcp_sock *tp, const struct tcp_seg *seg)
{
	struct sk_buff *skb;
	u32 newly = 0, seen = 0, highest = seg->ack;

	if (!seg->opt.num_sacks || !blocks_are_sane(tp, seg))
		return 0;
	note_dsack(tp, seg);
	for (u32 i = 0; i < seg->opt.num_sacks; i++)
		if (after(seg->opt.sacks[i].end, highest))
			highest = seg->opt.sacks[i].end;
	for (skb = first_sent(tp); skb; skb = next_sent(tp, skb)) {
		struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

		if (!before(cb->seq, highest) || seen++ > tp->packets_out)
			break;
		if (cb->sacked & TCPCB_SACKED || !is_sacked(seg, cb))
			continue;
		tp->lost_out -= !!(cb->sacked & TCPCB_LOST);
		tp->retrans_out -= !!(cb->sacked & TCPCB_RETRANS);
		cb->sacked = (cb->sacked & TCPCB_EVER_RETRANS) | TCPCB_SACKED;
		tp->sacked_out++;
		newly++;
	}
	return newly;
}

static void mark(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	if (cb->sacked & (TCPCB_LOST | TCPCB_SACKED))
		return;
	cb->sacked |= TCPCB_LOST;
	tp->lost_out++;
}

/* RFC 6675 s4's IsLost(): as many segments above it have arrived as reordering does not explain. */
void tcp_mark_lost(struct tcp_sock *tp)
{
	u32 above = tp->sacked_out;
	struct sk_buff *skb;

	if (!tp->sack_ok) {
		skb = first_sent(tp);
		if (skb)
			mark(tp, skb);
		return;
	}
	for (skb = first_sent(tp); skb && above >= tp->reordering; skb = next_sent(tp, skb)) {
		if (TCP_SKB_CB(skb)->sacked & TCPCB_SACKED)
			above--;
		else
			mark(tp, skb);
	}
}

/* ---- ours ---- */

static void drop_block(struct tcp_sock *tp, u32 i)
{
	tp->num_sacks--;
	memmove(&tp->sacks[i], &tp->sacks[i + 1], (tp->num_sacks - i) * sizeof(tp->sacks[0]));
}

/* RFC 2018 s4: the block that the last segment is in comes first. */
void tcp_sack_received(struct tcp_sock *tp, u32 seq, u32 end_seq)
{
	struct tcp_sack_block b = {seq, end_seq};

	for (u32 i = 0; i < tp->num_sacks;) {
		struct tcp_sack_block *o = &tp->sacks[i];

		if (after(o->start, b.end) || before(o->end, b.start)) {
			i++;
			continue;
		}
		b.start = before(o->start, b.start) ? o->start : b.start;
		b.end = after(o->end, b.end) ? o->end : b.end;
		drop_block(tp, i);
	}
	if (tp->num_sacks == TCP_MAX_SACKS)
		tp->num_sacks--;
	memmove(&tp->sacks[1], &tp->sacks[0], tp->num_sacks * sizeof(b));
	tp->sacks[0] = b;
	tp->num_sacks++;
}

/* rcv_nxt has moved on. */
void tcp_sack_advance(struct tcp_sock *tp)
{
	for (u32 i = 0; i < tp->num_sacks;)
		if (!after(tp->sacks[i].end, tp->rcv_nxt))
			drop_block(tp, i);
		else
			i++;
	if (skb_queue_empty(&tp->ofo))
		tp->num_sacks = 0;
}

void tcp_dsack_set(struct tcp_sock *tp, u32 seq, u32 end_seq)
{
	if (!tp->sack_ok || !tcp_table(tp->sk.net)->tcp_dsack)
		return;
	NET_INC_STATS(tp->sk.net, before(seq, tp->rcv_nxt) ? LINUX_MIB_TCPDSACKOLDSENT
							   : LINUX_MIB_TCPDSACKOFOSENT);
	tp->dsack = (struct tcp_sack_block){seq, end_seq};
	tp->has_dsack = true;
}
