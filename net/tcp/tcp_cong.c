/* SPDX-License-Identifier: MIT */
/* How fast: slow start and NewReno (RFC 5681), CUBIC (RFC 9438). Windows are counted in segments. */
#include "net/tcp/tcp_recovery.h"

static u32 reno_ssthresh(struct tcp_sock *tp)
{
	return max(tp->snd_cwnd / 2, 2U);
}

/* One more segment for each w acknowledged. */
static void ai(struct tcp_sock *tp, u32 w, u32 acked)
{
	tp->snd_cwnd_cnt += acked;
	while (tp->snd_cwnd_cnt >= max(w, 1U)) {
		tp->snd_cwnd_cnt -= max(w, 1U);
		tp->snd_cwnd++;
	}
}

static void reno_cong_avoid(struct tcp_sock *tp, u32 acked)
{
	ai(tp, tp->snd_cwnd, acked);
}

void tcp_cong_acked(struct tcp_sock *tp, u32 acked)
{
	if (tp->snd_cwnd < tp->snd_ssthresh) {
		u32 grow = min(acked, tp->snd_ssthresh - tp->snd_cwnd);

		tp->snd_cwnd += grow;
		acked -= grow;
	}
	if (acked && tp->snd_cwnd >= tp->snd_ssthresh)
		tp->ca->cong_avoid(tp, acked);
	tp->snd_cwnd = min(tp->snd_cwnd, 65535U);
}

/* RFC 7661 s4.4's concern: a window that is not used is not known to be right, and shrinks once in an RTO. */
static void application_limited(struct tcp_sock *tp)
{
	u32 used = max(tp->cwnd_used, (u32)TCP_INIT_CWND);

	if (tp->ca_state == TCP_CA_OPEN && tp->sk.wmem < tp->sk.sndbuf && used < tp->snd_cwnd) {
		tp->snd_ssthresh = tcp_current_ssthresh(tp);
		tp->snd_cwnd = (tp->snd_cwnd + used) / 2;
	}
	tp->cwnd_used = 0;
	tp->cwnd_stamp = plat_now();
}

void tcp_cwnd_validate(struct tcp_sock *tp, bool limited)
{
	u64 now = plat_now();

	if (!before(tp->snd_una, tp->cwnd_usage_seq) || limited ||
	    (!tp->is_cwnd_limited && tp->packets_out > tp->max_packets_out)) {
		tp->is_cwnd_limited = limited;
		tp->max_packets_out = tp->packets_out;
		tp->cwnd_usage_seq = tp->snd_nxt;
	}
	if (tcp_is_cwnd_limited(tp)) {
		tp->cwnd_used = 0;
		tp->cwnd_stamp = now;
		return;
	}
	tp->cwnd_used = max(tp->cwnd_used, tp->packets_out);
	if (tcp_table(tp->sk.net)->tcp_slow_start_after_idle && now - tp->cwnd_stamp >= tp->rto)
		application_limited(tp);
}

/* In slow start half of the window in use is enough: else it would never double. */
bool tcp_is_cwnd_limited(const struct tcp_sock *tp)
{
	return tp->is_cwnd_limited ||
	       (tp->snd_cwnd < tp->snd_ssthresh && tp->snd_cwnd < 2 * tp->max_packets_out);
}

/* beta 0.7; s4.7's fast convergence */
static u32 cubic_ssthresh(struct tcp_sock *tp)
{
	tp->ca_epoch = 0;
	tp->ca_wmax = tp->snd_cwnd < tp->ca_wmax ? tp->snd_cwnd * 17 / 20 : tp->snd_cwnd;
	return max(tp->snd_cwnd * 7 / 10, 2U);
}

static u32 cubic_root(u64 a)
{
	u64 r = 0;

	for (int bit = 20; bit >= 0; bit--) {
		u64 t = r | 1ULL << bit;

		if (t * t * t <= a)
			r = t;
	}
	return r;
}

static void cubic_begin(struct tcp_sock *tp, u64 now)
{
	u32 gap = tp->ca_wmax > tp->snd_cwnd ? tp->ca_wmax - tp->snd_cwnd : 0;

	tp->ca_epoch = now;
	tp->ca_origin = tp->snd_cwnd + gap;
	tp->ca_tcp_cwnd = tp->snd_cwnd;
	tp->ca_ack_cnt = 0;
	/* K = cbrt(gap / C), C = 0.4; in ms: cbrt(gap * 2.5e9) */
	tp->ca_k = cubic_root(gap * 2500000000ULL) * NSEC_PER_MSEC;
}

/* W(t + RTT) = C (t - K)^3 + Wmax: s4.2 */
static u32 cubic_target(const struct tcp_sock *tp, u64 now)
{
	s64 ms = (s64)(now - tp->ca_epoch - tp->ca_k) / (s64)NSEC_PER_MSEC + (tp->srtt >> 3) / 1000;
	s64 w;

	ms = min(max(ms, (s64)-200000), (s64)200000);
	w = (s64)tp->ca_origin + ms * ms * ms / 2500000000LL;
	return min(max(w, (s64)2), (s64)65535);
}

static void cubic_cong_avoid(struct tcp_sock *tp, u32 acked)
{
	u64 now = plat_now();
	u32 target, w;

	if (!tp->ca_epoch)
		cubic_begin(tp, now);
	target = cubic_target(tp, now);
	w = target > tp->snd_cwnd ? tp->snd_cwnd / (target - tp->snd_cwnd) : 100 * tp->snd_cwnd;
	/* s4.3: at least what Reno with the same decrease would have; alpha = 3 (1 - beta) / (1 + beta) = 9/17 */
	tp->ca_ack_cnt += acked;
	if (tp->ca_ack_cnt * 9 >= tp->ca_tcp_cwnd * 17) {
		tp->ca_ack_cnt = 0;
		tp->ca_tcp_cwnd++;
	}
	if (tp->ca_tcp_cwnd > tp->snd_cwnd)
		w = min(w, tp->snd_cwnd / (tp->ca_tcp_cwnd - tp->snd_cwnd));
	ai(tp, max(w, 2U), acked);
}

static void cubic_restart(struct tcp_sock *tp)
{
	tp->ca_epoch = 0;
}

const struct tcp_congestion_ops tcp_reno = {
	.name = "reno", .ssthresh = reno_ssthresh, .cong_avoid = reno_cong_avoid};
const struct tcp_congestion_ops tcp_cubic = {.name = "cubic",
					     .ssthresh = cubic_ssthresh,
					     .cong_avoid = cubic_cong_avoid,
					     .restart = cubic_restart};

const struct tcp_congestion_ops *tcp_ca_find(const char *name, size_t len)
{
	static const struct tcp_congestion_ops *const all[] = {&tcp_cubic, &tcp_reno};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (strnlen(name, len) == strlen(all[i]->name) &&
		    !memcmp(name, all[i]->name, strlen(all[i]->name)))
			return all[i];
	return NULL;
}
