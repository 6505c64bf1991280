/* SPDX-License-Identifier: MIT */
/*
 * CUBIC (RFC 9438), and HyStart as Linux has it: slow start ends when the ACKs of a round come for longer than half a
 * round trip at one go, or when round trips grow. Windows are counted in segments.
 */
#include "net/tcp/tcp_recovery.h"

#define HYSTART_LOW_WINDOW 16
#define HYSTART_SAMPLES    8
#define HYSTART_ACK_GAP    2000 /* us: ACKs this close belong to one train */
#define HYSTART_ACK_DELAY  1000

static u32 us_now(const struct tcp_sock *tp)
{
	return tcp_now(tp) / NSEC_PER_USEC;
}

/* beta 0.7; s4.7's fast convergence */
static u32 cubic_ssthresh(struct tcp_sock *tp)
{
	struct tcp_cubic *ca = &tp->cubic;

	ca->epoch = 0;
	ca->wmax = tp->snd_cwnd < ca->wmax ? tp->snd_cwnd * 17 / 20 : tp->snd_cwnd;
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
	struct tcp_cubic *ca = &tp->cubic;
	u32 gap = ca->wmax > tp->snd_cwnd ? ca->wmax - tp->snd_cwnd : 0;

	ca->epoch = now;
	ca->origin = tp->snd_cwnd + gap;
	ca->tcp_cwnd = tp->snd_cwnd;
	ca->ack_cnt = 0;
	/* K = cbrt(gap / C), C = 0.4; in ms: cbrt(gap * 2.5e9) */
	ca->k = cubic_root(gap * 2500000000ULL) * NSEC_PER_MSEC;
}

/* W(t + RTT) = C (t - K)^3 + Wmax: s4.2 */
static u32 cubic_target(const struct tcp_sock *tp, u64 now)
{
	const struct tcp_cubic *ca = &tp->cubic;
	s64 ms = (s64)(now - ca->epoch - ca->k) / (s64)NSEC_PER_MSEC + (tp->srtt >> 3) / 1000;
	s64 w;

	ms = min(max(ms, (s64)-200000), (s64)200000);
	w = (s64)ca->origin + ms * ms * ms / 2500000000LL;
	return min(max(w, (s64)2), (s64)65535);
}

static void cubic_cong_avoid(struct tcp_sock *tp, u32 acked)
{
	struct tcp_cubic *ca = &tp->cubic;
	u64 now = tcp_now(tp);
	u32 target, w;

	if (!ca->epoch)
		cubic_begin(tp, now);
	target = cubic_target(tp, now);
	w = target > tp->snd_cwnd ? tp->snd_cwnd / (target - tp->snd_cwnd) : 100 * tp->snd_cwnd;
	if (!ca->wmax) /* nothing was ever lost: s4.10 */
		w = min(w, 20U);
	/* s4.3: at least what Reno with the same decrease would have; alpha = 3 (1 - beta) / (1 + beta) = 9/17 */
	ca->ack_cnt += acked;
	while (ca->ack_cnt * 9 >= ca->tcp_cwnd * 17) {
		ca->ack_cnt -= ca->tcp_cwnd * 17 / 9;
		ca->tcp_cwnd++;
	}
	if (ca->tcp_cwnd > tp->snd_cwnd)
		w = min(w, tp->snd_cwnd / (ca->tcp_cwnd - tp->snd_cwnd));
	tcp_cong_avoid_ai(tp, max(w, 2U), acked);
}

static void cubic_restart(struct tcp_sock *tp)
{
	tp->cubic.epoch = 0;
}

static void cubic_lost_all(struct tcp_sock *tp)
{
	tp->cubic = (struct tcp_cubic){.round_start = us_now(tp)};
}

/* ---- HyStart ---- */

static void hystart_round(struct tcp_sock *tp, u32 now)
{
	struct tcp_cubic *ca = &tp->cubic;

	ca->round_start = ca->last_ack = now;
	ca->round_end = tp->snd_nxt;
	ca->round_rtt = U32_MAX;
	ca->samples = 0;
}

static void slow_start_ends(struct tcp_sock *tp, enum snmp_mib why)
{
	NET_INC_STATS(tp->sk.net, why);
	NET_ADD_STATS(tp->sk.net, why + 1, tp->snd_cwnd); /* its sum of windows is the next */
	tp->cubic.found = true;
	tp->snd_ssthresh = tp->snd_cwnd;
}

static void hystart(struct tcp_sock *tp, u32 rtt)
{
	struct tcp_cubic *ca = &tp->cubic;
	u32 now = us_now(tp);

	if (after(tp->snd_una, ca->round_end) || !ca->round_end)
		hystart_round(tp, now);
	if (now - ca->last_ack <= HYSTART_ACK_GAP) {
		ca->last_ack = now;
		if (now - ca->round_start > (ca->min_rtt + HYSTART_ACK_DELAY) / 2) {
			slow_start_ends(tp, LINUX_MIB_TCPHYSTARTTRAINDETECT);
			return;
		}
	}
	ca->round_rtt = min(ca->round_rtt, rtt);
	if (ca->samples < HYSTART_SAMPLES)
		ca->samples++;
	else if (ca->round_rtt > ca->min_rtt + min(max(ca->min_rtt / 8, 4000U), 16000U))
		slow_start_ends(tp, LINUX_MIB_TCPHYSTARTDELAYDETECT);
}

static void cubic_acked(struct tcp_sock *tp, u32 acked __unused, u32 rtt)
{
	struct tcp_cubic *ca = &tp->cubic;

	if (!rtt || (ca->epoch && tcp_now(tp) - ca->epoch < NSEC_PER_SEC)) /* after a recovery */
		return;
	if (!ca->min_rtt || rtt < ca->min_rtt)
		ca->min_rtt = rtt;
	if (!ca->found && tp->snd_cwnd < tp->snd_ssthresh && tp->snd_cwnd >= HYSTART_LOW_WINDOW)
		hystart(tp, rtt);
}

const struct tcp_congestion_ops tcp_cubic = {.name = "cubic",
					     .ssthresh = cubic_ssthresh,
					     .cong_avoid = cubic_cong_avoid,
					     .restart = cubic_restart,
					     .lost_all = cubic_lost_all,
					     .acked = cubic_acked};
