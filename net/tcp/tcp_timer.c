/* SPDX-License-Identifier: MIT */
/*
 * One timer for each connection: the next of retransmission or window probe, delayed ACK, keepalive. What is put off is
 * only noted; the timer finds out when it fires, so that packets do not move it. RFC 6298 s5, RFC 9293 s3.8.1, s3.8.4, s3.8.6.1.
 */
#include "net/tcp/tcp_recovery.h"

void tcp_timer_arm(struct tcp_sock *tp)
{
	u64 at = U64_MAX;

	if (tp->rto_at)
		at = tp->rto_at;
	if (tp->delack_at)
		at = min(at, tp->delack_at);
	if (tp->keep_at)
		at = min(at, tp->keep_at);
	if (at != U64_MAX && (!timer_pending(&tp->timer) || at < tp->timer.expires))
		net_mod_timer(tp->sk.net, &tp->timer, at);
}

/* RFC 6298 s5.5 */
u64 tcp_rto_backed_off(const struct tcp_sock *tp)
{
	u64 rto = tp->rto << tp->backoff; /* at most 16 */

	return min(rto, TCP_RTO_MAX);
}

void tcp_rearm_rto(struct tcp_sock *tp)
{
	tp->probing = false;
	tp->pending = TCP_TIME_RETRANS;
	tp->rto_at = tp->packets_out ? tcp_now(tp) + tcp_rto_backed_off(tp) : 0;
	tcp_timer_arm(tp);
}

void tcp_set_delack(struct tcp_sock *tp, u64 delay)
{
	u64 at = tcp_now(tp) + delay;

	if (tp->delack_at && tp->delack_at <= at)
		return;
	tp->delack_at = at;
	tcp_timer_arm(tp);
}

static u64 keep_idle(const struct tcp_sock *tp)
{
	u32 s = tp->keep_idle ? tp->keep_idle : (u32)tcp_table(tp->sk.net)->tcp_keepalive_time;

	return s * NSEC_PER_SEC;
}

void tcp_set_keepalive(struct tcp_sock *tp)
{
	tp->keep_at = 0;
	if (!tp->keepalive || tp->sk.state == TCP_CLOSE || tp->sk.state == TCP_LISTEN ||
	    tp->sk.state == TCP_SYN_SENT)
		return;
	tp->keep_at = max(tp->last_rcv, tp->last_snd) + keep_idle(tp);
	tcp_timer_arm(tp);
}

static void gave_up(struct tcp_sock *tp)
{
	NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPABORTONTIMEOUT);
	tcp_abort(tp, tp->err_soft ? tp->err_soft : -ETIMEDOUT);
}

/* How long so many retransmissions take, each after twice the time of the one before, as Linux counts R1 and R2 (RFC 9293 s3.8.3). */
static u64 model_timeout(u32 tries, u64 rto)
{
	u64 sum = 0;

	for (u32 i = 0; i <= tries; i++) {
		sum += rto;
		rto = min(2 * rto, TCP_RTO_MAX);
	}
	return sum;
}

/* RFC 9293 s3.8.3, RFC 5482: too long without an answer. */
static bool too_long(struct tcp_sock *tp, u32 tries, u32 most)
{
	u64 now = tcp_now(tp);

	if (!tp->stall_at)
		tp->stall_at = now - tcp_rto_backed_off(tp);
	if (tp->user_timeout)
		return now - tp->stall_at >= tp->user_timeout * NSEC_PER_MSEC;
	return tries >= most;
}

static bool retransmits_timed_out(const struct tcp_sock *tp, u32 most)
{
	if (!tp->retransmits)
		return false;
	return tcp_now(tp) - tp->stall_at >= (tp->user_timeout ? tp->user_timeout * NSEC_PER_MSEC
							       : model_timeout(most, TCP_RTO_MIN));
}

static u32 data_retries(const struct tcp_sock *tp)
{
	const struct tcp_table *t = tcp_table(tp->sk.net);

	if (!tp->orphan)
		return t->tcp_retries2;
	return t->tcp_orphan_retries ? (u32)t->tcp_orphan_retries : 8;
}

u32 tcp_total_rto_time(const struct tcp_sock *tp)
{
	return tp->total_rto_time + (tp->rto_stamp ? tcp_clock(tp->sk.net) - tp->rto_stamp : 0);
}

void tcp_rto_over(struct tcp_sock *tp)
{
	tp->total_rto_time = tcp_total_rto_time(tp);
	tp->rto_stamp = 0;
}

static void count_rto(struct tcp_sock *tp)
{
	if (!tp->retransmits) {
		tp->total_rto_recoveries++;
		tp->rto_stamp = max(tcp_clock(tp->sk.net), 1U);
	}
	tp->retransmits = min(tp->retransmits + 1, 255);
	tp->total_rto++;
	tp->backoff = min(tp->backoff + 1, 16);
}

static void syn_timer(struct tcp_sock *tp)
{
	u32 most = tp->syn_cnt ? tp->syn_cnt : (u32)tcp_table(tp->sk.net)->tcp_syn_retries;

	if (too_long(tp, tp->retransmits, most)) {
		gave_up(tp);
		return;
	}
	count_rto(tp);
	tp->total_retrans++;
	NET_INC_STATS(tp->sk.net, TCP_MIB_RETRANSSEGS);
	NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPSYNRETRANS);
	tcp_send_syn(tp, tp->sk.state == TCP_SYN_SENT ? TCP_SYN : TCP_SYN | TCP_ACK);
}

static void probe_timer(struct tcp_sock *tp)
{
	if (!tp->send_head) {
		tp->probing = false;
		return;
	}
	if (too_long(tp, tp->probes_out, data_retries(tp))) {
		gave_up(tp);
		return;
	}
	tp->probes_out++;
	tp->backoff = min(tp->backoff + 1, 16);
	tcp_send_probe(tp);
	if (!tp->rto_at && tp->sk.state != TCP_CLOSE)
		tp->rto_at = tcp_now(tp) + tcp_rto_backed_off(tp);
}

/* The window was taken back, and the peer answers still: RFC 9293 MUST-37. */
static bool waits_for_window(const struct tcp_sock *tp)
{
	return !tp->snd_wnd && tcp_now(tp) - tp->last_rcv < 2 * TCP_RTO_MAX && !tp->orphan;
}

/* What was going on when the timer fired, as Linux counts it. */
static enum snmp_mib failure_mib(const struct tcp_sock *tp)
{
	switch (tp->ca_state) {
	case TCP_CA_RECOVERY:
		return tp->sack_ok ? LINUX_MIB_TCPSACKRECOVERYFAIL : LINUX_MIB_TCPRENORECOVERYFAIL;
	case TCP_CA_LOSS:
		return LINUX_MIB_TCPLOSSFAILURES;
	default:
		if (tp->ca_state != TCP_CA_DISORDER && !tp->sacked_out)
			return SNMP_MIB_NR;
		return tp->sack_ok ? LINUX_MIB_TCPSACKFAILURES : LINUX_MIB_TCPRENOFAILURES;
	}
}

static void retransmit_timer(struct tcp_sock *tp)
{
	const struct tcp_table *t = tcp_table(tp->sk.net);
	enum snmp_mib why = failure_mib(tp);

	if (!tp->stall_at)
		tp->stall_at = tcp_now(tp);
	if (!waits_for_window(tp) && retransmits_timed_out(tp, data_retries(tp))) {
		gave_up(tp);
		return;
	}
	if (retransmits_timed_out(
		    tp, t->tcp_retries1)) /* RFC 9293 MUST-20: another way, if there is one */
		sk_route_drop(&tp->sk);
	NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPTIMEOUTS);
	if (!tp->retransmits && why != SNMP_MIB_NR)
		NET_INC_STATS(tp->sk.net, why);
	tcp_enter_loss(tp);
	count_rto(tp);
	(void)tcp_retransmit_skb(tp, skb_peek(&tp->write_queue));
	tp->pending = TCP_TIME_RETRANS;
	tp->rto_at = tcp_now(tp) + tcp_rto_backed_off(tp);
}

static void rto_fired(struct tcp_sock *tp)
{
	tp->rto_at = 0;
	if (tp->sk.state == TCP_SYN_SENT || (tp->sk.state == TCP_SYN_RECV && tp->connecting))
		syn_timer(tp);
	else if (tp->probing)
		probe_timer(tp);
	else if (!tp->packets_out)
		return;
	else if (tp->pending == TCP_TIME_LOSS_PROBE)
		tcp_send_loss_probe(tp);
	else if (tp->pending == TCP_TIME_REO)
		tcp_rack_reo_timeout(tp);
	else
		retransmit_timer(tp);
}

/* RFC 9293 s3.8.4 */
static void keepalive_fired(struct tcp_sock *tp)
{
	const struct tcp_table *t = tcp_table(tp->sk.net);
	u32 intvl = tp->keep_intvl ? tp->keep_intvl : (u32)t->tcp_keepalive_intvl;
	u32 most = tp->keep_cnt ? tp->keep_cnt : (u32)t->tcp_keepalive_probes;
	u64 now = tcp_now(tp), due = tp->last_rcv + keep_idle(tp);

	tp->keep_at = due;
	if (now < due)
		return;
	tp->keep_at = now + intvl * NSEC_PER_SEC;
	if (tp->packets_out || tp->send_head) /* the other timers ask already */
		return;
	if (tp->user_timeout
		    ? tp->keep_probes && now - tp->last_rcv >= tp->user_timeout * NSEC_PER_MSEC
		    : tp->keep_probes >= most) {
		tcp_send_active_reset(tp);
		gave_up(tp);
		return;
	}
	tp->keep_probes++;
	NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPKEEPALIVE);
	tcp_send_probe(tp);
}

void tcp_timer_fn(struct timer *timer, u64 now)
{
	struct tcp_sock *tp = container_of(timer, struct tcp_sock, timer);

	tp->sk.users++;
	if (tp->delack_at && now >= tp->delack_at) {
		tp->delack_at = 0;
		NET_INC_STATS(tp->sk.net, LINUX_MIB_DELAYEDACKS);
		tcp_send_ack(tp);
	}
	if (tp->rto_at && now >= tp->rto_at)
		rto_fired(tp);
	if (tp->keep_at && now >= tp->keep_at && tp->sk.state != TCP_CLOSE)
		keepalive_fired(tp);
	if (tp->sk.state != TCP_CLOSE)
		tcp_timer_arm(tp);
	tp->sk.users--;
	sk_try_free(&tp->sk);
}
