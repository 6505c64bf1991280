/* SPDX-License-Identifier: MIT */
/* How fast: slow start and NewReno (RFC 5681), whether the window is used, and the algorithms by name. */
#include "lib/errno.h"
#include "lib/fmt.h"
#include "net/sysctl.h"
#include "net/tcp/tcp_recovery.h"

static u32 reno_ssthresh(struct tcp_sock *tp)
{
	return max(tp->snd_cwnd / 2, 2U);
}

/* One more segment for each w acknowledged. */
void tcp_cong_avoid_ai(struct tcp_sock *tp, u32 w, u32 acked)
{
	w = max(w, 1U);
	if (tp->snd_cwnd_cnt >= w) { /* saved up when more was asked for one: no leap now */
		tp->snd_cwnd_cnt = 0;
		tp->snd_cwnd++;
	}
	tp->snd_cwnd_cnt += acked;
	tp->snd_cwnd += tp->snd_cwnd_cnt / w;
	tp->snd_cwnd_cnt %= w;
}

static void reno_cong_avoid(struct tcp_sock *tp, u32 acked)
{
	tcp_cong_avoid_ai(tp, tp->snd_cwnd, acked);
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
	tp->cwnd_stamp = tcp_now(tp);
}

void tcp_cwnd_validate(struct tcp_sock *tp, bool limited)
{
	u64 now = tcp_now(tp);

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

const struct tcp_congestion_ops tcp_reno = {
	.name = "reno", .ssthresh = reno_ssthresh, .cong_avoid = reno_cong_avoid};
static const struct tcp_congestion_ops *const algorithms[] = {&tcp_reno, &tcp_cubic};

const struct tcp_congestion_ops *tcp_ca_find(const char *name, size_t len)
{
	len = strnlen(name, len);
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (len == strlen(algorithms[i]->name) && !memcmp(name, algorithms[i]->name, len))
			return algorithms[i];
	return NULL;
}

/* ---- settings ---- */

static int show_default(const void *base, char *buf, size_t size)
{
	return scnprintf(buf, size, "%s", ((const struct tcp_table *)base)->ca->name);
}

static int store_default(void *base, const char *text)
{
	size_t len = strlen(text);
	const struct tcp_congestion_ops *ca;

	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	ca = tcp_ca_find(text, len);
	if (!ca)
		return -ENOENT;
	((struct tcp_table *)base)->ca = ca;
	return 0;
}

static int show_all(const void *base __unused, char *buf, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
		n += scnprintf(buf + n, size - n, i ? " %s" : "%s", algorithms[i]->name);
	return n;
}

const struct sysctl_text tcp_ca_default = {show_default, store_default};
const struct sysctl_text tcp_ca_available = {show_all, NULL};
