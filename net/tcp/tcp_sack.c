/* SPDX-License-Identifier: MIT */
/* Selective acknowledgments that we send: RFC 2018, RFC 2883. */
#include "net/tcp/tcp_sock.h"

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

void tcp_dsack_extend(struct tcp_sock *tp, u32 seq, u32 end_seq)
{
	struct tcp_sack_block *d = &tp->dsack;

	if (!tp->has_dsack) {
		tcp_dsack_set(tp, seq, end_seq);
	} else if (!after(seq, d->end) && !before(end_seq, d->start)) {
		d->start = before(seq, d->start) ? seq : d->start;
		d->end = after(end_seq, d->end) ? end_seq : d->end;
	}
}
