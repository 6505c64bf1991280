/* SPDX-License-Identifier: MIT */
/*
 * Explicit congestion notification, RFC 3168 s6.1. Settings as Linux's: tcp_ecn 0 never, 1 asked for and agreed to, 2 agreed
 * to; tcp_ecn_fallback: a SYN that is sent again asks no more.
 */
#include "net/tcp/tcp_recovery.h"
#include "net/wire/ipv4_hdr.h"

bool tcp_ecn_agreed(const struct net *net, const struct tcp_seg *seg)
{
	/* s6.1.1: a marked SYN is not from who knows the protocol */
	return seg->flags & TCP_ECE && seg->flags & TCP_CWR && !(seg->tos & INET_ECN_MASK) &&
	       tcp_table(net)->tcp_ecn;
}

u8 tcp_ecn_syn(struct tcp_sock *tp, bool answer)
{
	const struct tcp_table *t = tcp_table(tp->sk.net);

	if (answer)
		return tp->ecn_flags & TCP_ECN_OK ? TCP_ECE : 0;
	if (t->tcp_ecn != 1 || (tp->retransmits && t->tcp_ecn_fallback))
		return 0;
	tp->ecn_flags = TCP_ECN_OK;
	return TCP_ECE | TCP_CWR;
}

void tcp_ecn_take_syn(struct tcp_sock *tp, const struct tcp_seg *seg)
{
	u8 want = seg->flags & TCP_ACK ? TCP_ECE : TCP_ECE | TCP_CWR;

	if ((seg->flags & (TCP_ECE | TCP_CWR)) != want)
		tp->ecn_flags = 0;
}

u8 tcp_ecn_out(struct tcp_sock *tp, bool new_data)
{
	u8 flags = tp->ecn_flags & TCP_ECN_DEMAND_CWR ? TCP_ECE : 0;

	/* s6.1.4, s6.1.5: neither pure ACKs nor what is sent again can be marked */
	tp->sk.route.ip.tos = (tp->sk.tos & (u8)~INET_ECN_MASK) | (new_data ? INET_ECN_ECT_0 : 0);
	if (new_data && tp->ecn_flags & TCP_ECN_QUEUE_CWR) {
		tp->ecn_flags &= ~TCP_ECN_QUEUE_CWR;
		flags |= TCP_CWR;
	}
	return flags;
}

void tcp_ecn_data(struct tcp_sock *tp, const struct tcp_seg *seg)
{
	if (seg->flags & TCP_CWR) {
		tp->ecn_flags &= ~TCP_ECN_DEMAND_CWR;
		tp->ack_now = true; /* its window may be one segment */
	}
	if ((seg->tos & INET_ECN_MASK) == INET_ECN_NOT_ECT)
		return;
	tp->ecn_flags |= TCP_ECN_SEEN;
	if ((seg->tos & INET_ECN_MASK) == INET_ECN_CE) {
		if (!(tp->ecn_flags & TCP_ECN_DEMAND_CWR))
			tp->quickack = max(tp->quickack, (u8)2);
		tp->ecn_flags |= TCP_ECN_DEMAND_CWR;
	}
}

/* Linux counts them whatever was agreed on. */
void tcp_ecn_count(struct tcp_sock *tp, const struct tcp_seg *seg, u32 segs)
{
	u8 mark = seg->tos & INET_ECN_MASK;

	tp->received_ecn_bytes[mark - 1] += seg->len;
	if (mark == INET_ECN_CE)
		tp->received_ce += segs;
}

void tcp_ecn_queue_cwr(struct tcp_sock *tp)
{
	if (tp->ecn_flags & TCP_ECN_OK)
		tp->ecn_flags |= TCP_ECN_QUEUE_CWR;
}
