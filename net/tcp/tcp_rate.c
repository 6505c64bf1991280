/* SPDX-License-Identifier: MIT */
/*
 * How fast segments arrive: of each ACK, those delivered since the newest of them left, over the longer of the times in
 * which they were sent and acknowledged. And how long the connection was busy, or held up by a window or a buffer.
 */
#include "net/tcp/tcp_recovery.h"

void tcp_rate_begin(struct tcp_sock *tp)
{
	tp->rate_first_tx = tp->rate_at = tcp_rate_us(tp);
}

void tcp_rate_skb_sent(const struct tcp_sock *tp, struct tcp_skb_cb *cb)
{
	cb->rate_sent = tp->rate_first_tx;
	cb->rate_at = tp->rate_at;
	cb->rate_delivered = tp->delivered;
	cb->app_limited = tp->app_limited != 0;
}

void tcp_rate_check_app_limited(struct tcp_sock *tp)
{
	u32 flight = tcp_in_flight(tp);

	if (tp->write_seq - tp->snd_nxt < tp->mss_cache && flight < tp->snd_cwnd &&
	    tp->lost_out <= tp->retrans_out)
		tp->app_limited = max(tp->delivered + flight, 1U);
}

u64 tcp_rate(const struct tcp_sock *tp)
{
	u64 bytes = (u64)tp->rate_delivered * tp->mss_cache;

	return tp->rate_interval ? bytes * 1000000 / tp->rate_interval : 0;
}

u64 tcp_chrono_us(const struct tcp_sock *tp, u8 what)
{
	u64 ns = tp->chrono_ns[what - 1];

	if (tp->chrono == what)
		ns += tcp_now(tp) - tp->chrono_at;
	return ns / NSEC_PER_USEC;
}
