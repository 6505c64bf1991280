/* SPDX-License-Identifier: MIT */
/*
 * Segments that came before their turn (RFC 9293 MUST-59, SHLD-31). A list by seq gives the next and the last; over it lies
 * a search tree whose shape is random (a treap), so that a peer who sends what he likes in the order he likes finds no slow
 * case. Bounded in bytes by the receive buffer and by tcp_mem, in segments by TCP_OFO_MAX; small ones are put together.
 */
#include "net/tcp/tcp_sock.h"

/* cb of a packet in the queue; the first two fields are tcp_skb_cb's. */
struct ofo_cb {
	u32 seq, end_seq;
	struct sk_buff *left, *right;
	u32 rank; /* random; nobody's is above its parent's */
	u8 flags;
};

static struct ofo_cb *OFO_CB(const struct sk_buff *skb)
{
	return (struct ofo_cb *)(uintptr_t)skb->cb;
}

/* ---- the tree: no two have the same seq ---- */

static void tree_insert(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct sk_buff **link = &tp->ofo_root, **l, **r, *rest;
	struct ofo_cb *cb = OFO_CB(skb);

	while (*link && OFO_CB(*link)->rank >= cb->rank)
		link = before(cb->seq, OFO_CB(*link)->seq) ? &OFO_CB(*link)->left
							   : &OFO_CB(*link)->right;
	rest = *link;
	*link = skb;
	l = &cb->left;
	r = &cb->right;
	while (rest) {
		struct ofo_cb *c = OFO_CB(rest);

		if (before(c->seq, cb->seq)) {
			*l = rest;
			l = &c->right;
			rest = c->right;
		} else {
			*r = rest;
			r = &c->left;
			rest = c->left;
		}
	}
	*l = *r = NULL;
}

static void tree_remove(struct tcp_sock *tp, const struct sk_buff *skb)
{
	const struct ofo_cb *cb = OFO_CB(skb);
	struct sk_buff **link = &tp->ofo_root, *l = cb->left, *r = cb->right;

	while (*link != skb)
		link = before(cb->seq, OFO_CB(*link)->seq) ? &OFO_CB(*link)->left
							   : &OFO_CB(*link)->right;
	while (l && r) {
		if (OFO_CB(l)->rank >= OFO_CB(r)->rank) {
			*link = l;
			link = &OFO_CB(l)->right;
			l = *link;
		} else {
			*link = r;
			link = &OFO_CB(r)->left;
			r = *link;
		}
	}
	*link = l ? l : r;
}

/* The last that begins at seq or before it; NULL: none. */
static struct sk_buff *tree_floor(const struct tcp_sock *tp, u32 seq)
{
	struct sk_buff *at = tp->ofo_root, *best = NULL;

	while (at) {
		if (before(seq, OFO_CB(at)->seq)) {
			at = OFO_CB(at)->left;
		} else {
			best = at;
			at = OFO_CB(at)->right;
		}
	}
	return best;
}

/* ---- the queue ---- */

static void link_after(struct tcp_sock *tp, struct sk_buff *at, struct sk_buff *skb)
{
	struct sk_buff *prev = at ? at : (struct sk_buff *)&tp->ofo;

	skb->prev = prev;
	skb->next = prev->next;
	prev->next->prev = skb;
	prev->next = skb;
	tp->ofo.qlen++;
	tp->ofo_bytes += skb->len;
	tcp_rmem_charge(tp, skb);
	tree_insert(tp, skb);
}

/* skb is the caller's again. */
static void unlink(struct tcp_sock *tp, struct sk_buff *skb)
{
	tree_remove(tp, skb);
	skb_unlink(&tp->ofo, skb);
	tp->ofo_bytes -= skb->len;
	tcp_rmem_uncharge(tp, skb);
}

static struct sk_buff *next_of(struct tcp_sock *tp, struct sk_buff *skb)
{
	return skb->next == (struct sk_buff *)&tp->ofo ? NULL : skb->next;
}

struct sk_buff *tcp_ofo_next(struct tcp_sock *tp)
{
	struct sk_buff *skb = skb_peek(&tp->ofo);
	struct ofo_cb cb;

	if (!skb || after(OFO_CB(skb)->seq, tp->rcv_nxt))
		return NULL;
	unlink(tp, skb);
	cb = *OFO_CB(skb);
	*TCP_SKB_CB(skb) =
		(struct tcp_skb_cb){.seq = cb.seq, .end_seq = cb.end_seq, .flags = cb.flags};
	return skb;
}

void tcp_ofo_purge(struct tcp_sock *tp)
{
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&tp->ofo))) {
		tcp_rmem_uncharge(tp, skb);
		consume_skb(skb);
	}
	tp->ofo_root = NULL;
	tp->ofo_bytes = 0;
	tp->num_sacks = 0;
}

bool tcp_ofo_prune(struct tcp_sock *tp, u32 seq, u32 size)
{
	bool any = false;

	while (!tcp_rmem_allows(tp, size) && !skb_queue_empty(&tp->ofo)) {
		struct sk_buff *last = tp->ofo.prev;

		if (!after(OFO_CB(last)->seq, seq))
			break;
		unlink(tp, last);
		kfree_skb_reason(last, SKB_DROP_REASON_TCP_OFO_QUEUE_PRUNE);
		any = true;
	}
	if (any) {
		NET_INC_STATS(tp->sk.net, LINUX_MIB_OFOPRUNED);
		tp->num_sacks = 0; /* reneging is allowed, lying is not: RFC 2018 s8 */
	}
	return tcp_rmem_allows(tp, size);
}

/* Another has all of it. */
static void drop(struct tcp_sock *tp, struct sk_buff *skb)
{
	tcp_dsack_extend(tp, OFO_CB(skb)->seq, OFO_CB(skb)->end_seq);
	unlink(tp, skb);
	NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPOFOMERGE);
	consume_skb(skb);
}

/* Those behind skb that it covers go. */
static void drop_covered(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct sk_buff *next;

	while ((next = next_of(tp, skb)) && !after(OFO_CB(next)->end_seq, OFO_CB(skb)->end_seq))
		drop(tp, next);
	if (next && before(OFO_CB(next)->seq, OFO_CB(skb)->end_seq))
		tcp_dsack_extend(tp, OFO_CB(next)->seq, OFO_CB(skb)->end_seq);
}

/* Into the one before it; consumes if so. */
static bool joined(struct tcp_sock *tp, struct sk_buff *at, struct sk_buff *skb)
{
	u32 len = skb->len;

	if (!at || (OFO_CB(at)->flags | OFO_CB(skb)->flags) & TCP_FIN ||
	    !tcp_try_coalesce(tp, at, skb))
		return false;
	tp->ofo_bytes += len;
	consume_skb(skb);
	return true;
}

/* Behind at (NULL: first), which is no longer than skb if it begins where skb does. */
static void take(struct tcp_sock *tp, struct sk_buff *at, struct sk_buff *skb)
{
	if (at && OFO_CB(at)->seq == OFO_CB(skb)->seq) {
		struct sk_buff *covered = at;

		at = at->prev == (struct sk_buff *)&tp->ofo ? NULL : at->prev;
		drop(tp, covered);
	}
	if (at && before(OFO_CB(skb)->seq, OFO_CB(at)->end_seq))
		tcp_dsack_extend(tp, OFO_CB(skb)->seq, OFO_CB(at)->end_seq);
	if (joined(tp, at, skb))
		skb = at;
	else
		link_after(tp, at, skb);
	drop_covered(tp, skb);
}

void tcp_ofo_queue(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct net *net = tp->sk.net;
	u32 seq = TCP_SKB_CB(skb)->seq, end_seq = TCP_SKB_CB(skb)->end_seq;
	struct sk_buff *at;

	tp->ack_now = true; /* RFC 5681 s4.2 */
	if (tp->ofo.qlen >= TCP_OFO_MAX ||
	    (!tcp_rmem_allows(tp, skb->truesize) && !tcp_ofo_prune(tp, seq, skb->truesize))) {
		NET_INC_STATS(net, LINUX_MIB_TCPOFODROP);
		kfree_skb_reason(skb, SKB_DROP_REASON_TCP_OFO_DROP);
		return;
	}
	at = tree_floor(tp, seq);
	if (at && !after(end_seq, OFO_CB(at)->end_seq)) {
		NET_INC_STATS(net, LINUX_MIB_TCPOFOMERGE);
		tcp_dsack_set(tp, seq, end_seq);
		kfree_skb_reason(skb, SKB_DROP_REASON_TCP_OFOMERGE);
		return;
	}
	*OFO_CB(skb) = (struct ofo_cb){.seq = seq,
				       .end_seq = end_seq,
				       .flags = TCP_SKB_CB(skb)->flags,
				       .rank = siphash13_1u64((uintptr_t)skb ^ plat_now(),
							      &tcp_table(net)->key)};
	NET_INC_STATS(net, LINUX_MIB_TCPOFOQUEUE);
	tp->rcv_ooopack++;
	take(tp, at, skb);
	if (tp->sack_ok)
		tcp_sack_received(tp, seq, end_seq);
}
