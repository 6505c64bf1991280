/* SPDX-License-Identifier: MIT */
/*
 * The receive buffer follows the program's pace, as on Linux: once in a round trip, measured here, it is made to hold
 * twice what the program took meanwhile, and more while that grows (as it does in the sender's slow start).
 */
#include "net/tcp/tcp_sock.h"

/* Of a full window only the smallest counts: the sender may have waited. us; rcv_rtt is scaled by 8. */
static void rtt_sample(struct tcp_sock *tp, u32 us, bool of_window)
{
	us = max(us, 1U);
	if (!tp->rcv_rtt)
		tp->rcv_rtt = us << 3;
	else if (of_window)
		tp->rcv_rtt = min(tp->rcv_rtt, us << 3);
	else
		tp->rcv_rtt += us - (tp->rcv_rtt >> 3);
}

void tcp_rcv_rtt_measure(struct tcp_sock *tp, const struct tcp_seg *seg)
{
	u64 now;

	if (tp->tstamp_ok && seg->opt.has_tstamp) {
		if (seg->opt.tsecr == tp->rcv_rtt_tsecr || seg->len < tp->rcv_mss)
			return;
		tp->rcv_rtt_tsecr = seg->opt.tsecr;
		rtt_sample(tp, (tcp_clock(tp->sk.net) + tp->ts_off - seg->opt.tsecr) * 1000, false);
		return;
	}
	if (tp->rcv_rtt_at && before(tp->rcv_nxt, tp->rcv_rtt_seq))
		return;
	now = tcp_now(tp);
	if (tp->rcv_rtt_at)
		rtt_sample(tp, (now - tp->rcv_rtt_at) / NSEC_PER_USEC, true);
	tp->rcv_rtt_seq = tp->rcv_nxt + tp->rcv_wnd;
	tp->rcv_rtt_at = now;
}

static void grow(struct tcp_sock *tp, u32 copied)
{
	u64 win = 2ULL * copied + 16ULL * tp->advmss;

	win += 2 * (win * (copied - tp->space) / max(tp->space, 1U));
	if (2 * win > tp->sk.rcvbuf)
		tp->sk.rcvbuf = min(2 * win, (u64)tcp_table(tp->sk.net)->tcp_rmem[2]);
}

void tcp_rcv_space_adjust(struct tcp_sock *tp)
{
	u64 now = tcp_now(tp);
	u32 copied = tp->copied_seq - tp->space_seq;

	if (!tp->rcv_rtt || now - tp->space_at < (u64)(tp->rcv_rtt >> 3) * NSEC_PER_USEC)
		return;
	if (copied > tp->space) {
		if (tcp_table(tp->sk.net)->tcp_moderate_rcvbuf && !tp->sk.rcvbuf_locked &&
		    !tcp_under_memory_pressure(tp))
			grow(tp, copied);
		tp->space = copied;
	}
	tp->space_seq = tp->copied_seq;
	tp->space_at = now;
}
