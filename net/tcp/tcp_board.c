/* SPDX-License-Identifier: MIT */
/*
 * The sent segments in an array, so that a SACK block finds its segments by bisection and steps over those that are
 * SACKed already. It is made when the first block comes and costs nothing before; what an ACK may cost does not
 * depend on how its blocks lie: O(log n) and one step for each segment that becomes SACKed. It lasts until nothing is out,
 * or it is full, after as many segments as it was made of; so making it is cheap by the segment as well.
 */
#include "net/tcp/tcp_recovery.h"

struct board_slot {
	struct sk_buff *skb;
	u32 skip; /* itself, or when SACKED a later one: all between are SACKED, too */
};

struct tcp_board {
	u32 first, nr, cap;
	u32 edge, above; /* all before edge are SACKED or marked lost; SACKED ones from it on */
	struct board_slot slot[];
};

void tcp_board_drop(struct tcp_sock *tp)
{
	plat_free(tp->board);
	tp->board = NULL;
}

static struct tcp_board *board_make(struct tcp_sock *tp)
{
	u32 cap =
		2 * tp->write_queue.qlen + 64; /* as many again may follow before the next making */
	struct tcp_board *b = plat_alloc(sizeof(*b) + cap * sizeof(b->slot[0]));

	if (!b)
		return NULL;
	*b = (struct tcp_board){.cap = cap};
	for (struct sk_buff *skb = tcp_rtx_head(tp); skb; skb = tcp_rtx_next(tp, skb)) {
		bool sacked = TCP_SKB_CB(skb)->sacked & TCPCB_SACKED;

		b->slot[b->nr] = (struct board_slot){skb, b->nr + sacked};
		b->above += sacked;
		b->nr++;
	}
	tp->board = b;
	return b;
}

bool tcp_board_find(struct tcp_sock *tp, u32 seq, u32 *at)
{
	struct tcp_board *b = tp->board ? tp->board : board_make(tp);
	u32 lo, hi;

	if (!b)
		return false;
	lo = b->first;
	hi = b->nr;
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (before(TCP_SKB_CB(b->slot[mid].skb)->seq, seq))
			lo = mid + 1;
		else
			hi = mid;
	}
	*at = lo;
	return true;
}

struct sk_buff *tcp_board_next(struct tcp_sock *tp, u32 *at)
{
	struct tcp_board *b = tp->board;
	u32 i = *at;

	while (i < b->nr && b->slot[i].skip != i) {
		u32 next = b->slot[i].skip;

		if (next < b->nr) /* shorter for whoever comes next */
			b->slot[i].skip = b->slot[next].skip;
		i = next;
	}
	*at = i;
	return i < b->nr ? b->slot[i].skb : NULL;
}

void tcp_board_sacked(struct tcp_sock *tp, u32 at)
{
	struct tcp_board *b = tp->board;

	b->slot[at].skip = at + 1;
	b->above += at >= b->edge;
}

struct sk_buff *tcp_board_next_lost(struct tcp_sock *tp)
{
	struct tcp_board *b = tp->board;

	while (b && b->edge < b->nr && b->above >= tp->reordering) {
		u32 i = b->edge++;

		if (b->slot[i].skip == i)
			return b->slot[i].skb;
		b->above--;
	}
	return NULL;
}

void tcp_board_add(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct tcp_board *b = tp->board;

	if (b->nr == b->cap) {
		tcp_board_drop(tp);
		return;
	}
	b->slot[b->nr] = (struct board_slot){skb, b->nr};
	b->nr++;
}

void tcp_board_pop(struct tcp_sock *tp)
{
	struct tcp_board *b = tp->board;

	if (b->edge <= b->first) {
		b->above -= b->slot[b->first].skip != b->first;
		b->edge = b->first + 1;
	}
	b->first++;
}
