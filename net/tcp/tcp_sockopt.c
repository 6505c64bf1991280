/* SPDX-License-Identifier: MIT */
/* TCP's socket options (tcp(7)), those of level SOCKET that only streams have (socket(7)), and TCP_INFO. */
#include "net/net_tstamp.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_sock.h"

#define TCP_MIN_USER_MSS 88

static u8 info_options(const struct tcp_sock *tp)
{
	return (tp->tstamp_ok ? TCPI_OPT_TIMESTAMPS : 0) | (tp->sack_ok ? TCPI_OPT_SACK : 0) |
	       (tp->wscale_ok ? TCPI_OPT_WSCALE : 0) |
	       (tp->ecn_flags & TCP_ECN_OK ? TCPI_OPT_ECN : 0) |
	       (tp->ecn_flags & TCP_ECN_SEEN ? TCPI_OPT_ECN_SEEN : 0);
}

static u32 ms_since(u64 then)
{
	return then ? (plat_now() - then) / NSEC_PER_MSEC : 0;
}

/* Of a listener Linux tells little, some of it in fields of another name. */
static void listener_info(const struct tcp_sock *tp, struct tcp_info *info)
{
	*info = (struct tcp_info){.tcpi_state = TCP_LISTEN,
				  .tcpi_unacked = tp->ack_backlog,
				  .tcpi_sacked = tp->max_ack_backlog,
				  .tcpi_snd_cwnd = tp->snd_cwnd,
				  .tcpi_reordering = tp->reordering,
				  .tcpi_pacing_rate = U64_MAX,
				  .tcpi_max_pacing_rate = U64_MAX};
}

void tcp_get_info(struct tcp_sock *tp, struct tcp_info *info)
{
	if (tp->sk.state == TCP_LISTEN) {
		listener_info(tp, info);
		return;
	}
	*info = (struct tcp_info){
		.tcpi_state = tp->sk.state,
		.tcpi_ca_state = tp->ca_state,
		.tcpi_retransmits = tp->retransmits,
		.tcpi_probes = tp->probes_out,
		.tcpi_backoff = tp->backoff,
		.tcpi_options = info_options(tp),
		.tcpi_snd_wscale = tp->snd_wscale,
		.tcpi_rcv_wscale = tp->rcv_wscale,
		.tcpi_rto = tp->rto / NSEC_PER_USEC,
		.tcpi_ato = tp->data_segs_in ? TCP_DELACK / NSEC_PER_USEC : 0,
		.tcpi_snd_mss = tp->mss_cache,
		.tcpi_rcv_mss = tp->rcv_mss,
		.tcpi_unacked = tp->packets_out,
		.tcpi_sacked = tp->sacked_out,
		.tcpi_lost = tp->lost_out,
		.tcpi_retrans = tp->retrans_out,
		.tcpi_last_data_sent = ms_since(tp->last_snd),
		.tcpi_last_data_recv = ms_since(tp->last_rcv),
		.tcpi_last_ack_recv = ms_since(tp->last_rcv),
		.tcpi_pmtu = tp->pmtu,
		.tcpi_rcv_ssthresh = tcp_win_from_space(tp->sk.rcvbuf),
		.tcpi_rtt = tp->srtt >> 3,
		.tcpi_rttvar = tp->srtt ? tp->rttvar >> 2 : TCP_RTO_INIT / NSEC_PER_USEC / 4,
		.tcpi_snd_ssthresh = tp->snd_ssthresh,
		.tcpi_snd_cwnd = tp->snd_cwnd,
		.tcpi_advmss = tp->advmss - (tp->tstamp_ok ? TCPOLEN_TSTAMP : 0),
		.tcpi_reordering = tp->reordering,
		.tcpi_rcv_space = tp->space,
		.tcpi_total_retrans = tp->total_retrans,
		.tcpi_pacing_rate = U64_MAX,
		.tcpi_max_pacing_rate = U64_MAX,
		.tcpi_bytes_acked = tp->bytes_acked,
		.tcpi_bytes_received = tp->bytes_received,
		.tcpi_segs_out = tp->segs_out,
		.tcpi_segs_in = tp->segs_in,
		.tcpi_notsent_bytes = tp->send_head ? tp->write_seq - tp->snd_nxt : 0,
		.tcpi_min_rtt = tp->min_rtt,
		.tcpi_data_segs_in = tp->data_segs_in,
		.tcpi_data_segs_out = tp->data_segs_out,
		.tcpi_delivered = tp->delivered,
		.tcpi_delivered_ce = tp->delivered_ce,
		.tcpi_delivery_rate = tcp_rate(tp),
		.tcpi_delivery_rate_app_limited = tp->rate_app_limited,
		.tcpi_busy_time = tcp_chrono_us(tp, TCP_CHRONO_BUSY) +
				  tcp_chrono_us(tp, TCP_CHRONO_RWND) +
				  tcp_chrono_us(tp, TCP_CHRONO_SNDBUF),
		.tcpi_rwnd_limited = tcp_chrono_us(tp, TCP_CHRONO_RWND),
		.tcpi_sndbuf_limited = tcp_chrono_us(tp, TCP_CHRONO_SNDBUF),
		.tcpi_reord_seen = tp->reord_seen,
		.tcpi_rcv_rtt = tp->rcv_rtt >> 3,
		.tcpi_bytes_sent = tp->bytes_sent,
		.tcpi_bytes_retrans = tp->bytes_retrans,
		.tcpi_dsack_dups = tp->dsack_dups,
		.tcpi_rcv_ooopack = tp->rcv_ooopack,
		.tcpi_snd_wnd = tp->snd_wnd,
		.tcpi_rcv_wnd = tp->rcv_wnd,
		.tcpi_total_rto = tp->total_rto,
		.tcpi_total_rto_recoveries = tp->total_rto_recoveries,
		.tcpi_total_rto_time = tcp_total_rto_time(tp),
		.tcpi_received_ce = tp->received_ce,
		.tcpi_received_e1_bytes = tp->received_ecn_bytes[0],
		.tcpi_received_e0_bytes = tp->received_ecn_bytes[1],
		.tcpi_received_ce_bytes = tp->received_ecn_bytes[2],
	};
}

static int set_linger(struct tcp_sock *tp, const void *val, u32 len)
{
	int v[2]; /* struct linger */

	if (len < sizeof(v))
		return -EINVAL;
	memcpy(v, val, sizeof(v));
	tp->linger = v[0] != 0;
	tp->lingertime = v[1] < 0 ? 0 : v[1];
	return 0;
}

static int set_congestion(struct tcp_sock *tp, const char *name, u32 len)
{
	const struct tcp_congestion_ops *ca = tcp_ca_find(name, len);

	if (!ca)
		return -ENOENT;
	tp->ca = ca;
	tp->cubic = (struct tcp_cubic){0};
	return 0;
}

/* More than half of what there may be room for would never come. */
static int rcvlowat_max(const struct tcp_sock *tp)
{
	return (tp->sk.rcvbuf_locked ? (int)tp->sk.rcvbuf : tcp_table(tp->sk.net)->tcp_rmem[2]) / 2;
}

static int set_socket_level(struct tcp_sock *tp, int name, int v)
{
	switch (name) {
	case SO_KEEPALIVE:
		tp->keepalive = v != 0;
		tcp_set_keepalive(tp);
		return 0;
	case SO_OOBINLINE:
		tp->oobinline = v != 0;
		return 0;
	case SO_RCVLOWAT:
		tp->rcvlowat = min(v < 0 ? INT32_MAX : max(v, 1), rcvlowat_max(tp));
		return 0;
	}
	return -ENOPROTOOPT;
}

/* Nagle's off, or the cork is out: what waited goes, past a cork that stays (tcp(7)). */
static int set_push(struct tcp_sock *tp)
{
	bool cork = tp->cork;

	tp->cork = false;
	tcp_push_pending(tp);
	tp->cork = cork;
	return 0;
}

static int set_ranged(u32 *field, int v, int lo, int hi, struct tcp_sock *tp)
{
	if (v < lo || v > hi)
		return -EINVAL;
	*field = v;
	tcp_set_keepalive(tp);
	return 0;
}

static int set_byte(u8 *field, int v, int hi)
{
	if (v < 1 || v > hi)
		return -EINVAL;
	*field = v;
	return 0;
}

/* TCP_DEFER_ACCEPT counts SYN-ACKs: as many as are sent within so many seconds, and back. */
static u8 seconds_to_tries(int s)
{
	int gap = 1, sum = 0;
	u8 n = 0;

	for (; sum < s && n < 255; n++) {
		sum += gap;
		gap = min(2 * gap, 120);
	}
	return n;
}

static int tries_to_seconds(u8 n)
{
	int gap = 1, sum = 0;

	while (n--) {
		sum += gap;
		gap = min(2 * gap, 120);
	}
	return sum;
}

static int set_int(struct tcp_sock *tp, int name, int v)
{
	switch (name) {
	case TCP_NODELAY:
		tp->nonagle = v != 0;
		return v ? set_push(tp) : 0;
	case TCP_CORK:
		tp->cork = v != 0;
		return v ? 0 : set_push(tp);
	case TCP_MAXSEG:
		if (v && (v < TCP_MIN_USER_MSS || v > 32767))
			return -EINVAL;
		tp->user_mss = v;
		return 0;
	case TCP_KEEPIDLE:
		return set_ranged(&tp->keep_idle, v, 1, 32767, tp);
	case TCP_KEEPINTVL:
		return set_ranged(&tp->keep_intvl, v, 1, 32767, tp);
	case TCP_KEEPCNT:
		return set_byte(&tp->keep_cnt, v, 127);
	case TCP_SYNCNT:
		return set_byte(&tp->syn_cnt, v, 127);
	case TCP_DEFER_ACCEPT:
		tp->defer_accept = seconds_to_tries(v);
		return 0;
	case TCP_LINGER2:
		tp->linger2 = v < 0 ? -1 : min(v, 120);
		return 0;
	case TCP_WINDOW_CLAMP:
		if (!v && tp->sk.state != TCP_CLOSE)
			return -EINVAL;
		tp->window_clamp = v ? max(v, SK_RCVBUF_MIN / 2) : 0;
		return 0;
	case TCP_QUICKACK:
		tp->quickack = v ? TCP_QUICKACKS : 0;
		if (v && tp->delack_at)
			tcp_send_ack(tp);
		return 0;
	case TCP_USER_TIMEOUT:
		if (v < 0)
			return -EINVAL;
		tp->user_timeout = v;
		return 0;
	case TCP_INQ:
		if (v < 0 || v > 1)
			return -EINVAL;
		tp->sk.cmsg_flags = (tp->sk.cmsg_flags & ~SK_CMSG_INQ) | (v ? SK_CMSG_INQ : 0);
		return 0;
	case TCP_NOTSENT_LOWAT:
		tp->notsent_lowat = v ? (u32)v : U32_MAX;
		sk_wake(&tp->sk);
		return 0;
	}
	return -ENOPROTOOPT;
}

/* Bytes are counted from what is not acknowledged yet, or from what is not written. */
static int set_timestamping(struct tcp_sock *tp, const void *val, u32 len)
{
	u32 flags = 0;

	memcpy(&flags, val, min(len, (u32)sizeof(flags)));
	return sk_set_timestamping(&tp->sk, val, len,
				   flags & SOF_TIMESTAMPING_OPT_ID_TCP ? tp->write_seq
								       : tp->snd_una);
}

int tcp_setsockopt(struct sock *sk, int level, int name, const void *val, u32 len)
{
	struct tcp_sock *tp = tcp_sk(sk);
	int v;

	if (level == SOL_SOCKET && name == SO_LINGER)
		return set_linger(tp, val, len);
	if (level == SOL_SOCKET && name == SO_TIMESTAMPING)
		return set_timestamping(tp, val, len);
	if (level == SOL_IP && name == IP_OPTIONS)
		return tcp_ip_opt_set(tp, val, len);
	if (level == SOL_TCP && name == TCP_CONGESTION)
		return len ? set_congestion(tp, val, len) : -EINVAL;
	if (len < sizeof(v))
		return -EINVAL;
	memcpy(&v, val, sizeof(v));
	if (level == SOL_SOCKET)
		return set_socket_level(tp, name, v);
	return level == SOL_TCP ? set_int(tp, name, v) : -ENOPROTOOPT;
}

static int put(void *val, u32 *len, const void *from, u32 size)
{
	*len = min(*len, size);
	memcpy(val, from, *len);
	return 0;
}

static int get_int(struct tcp_sock *tp, int name, int *v)
{
	const struct tcp_table *t = tcp_table(tp->sk.net);

	switch (name) {
	case TCP_NODELAY:
		*v = tp->nonagle;
		return 0;
	case TCP_CORK:
		*v = tp->cork;
		return 0;
	case TCP_MAXSEG:
		*v = tp->sk.state == TCP_CLOSE || tp->sk.state == TCP_LISTEN
			     ? (tp->user_mss ? tp->user_mss : TCP_MSS_DEFAULT)
			     : tp->mss_cache;
		return 0;
	case TCP_KEEPIDLE:
		*v = tp->keep_idle ? (int)tp->keep_idle : t->tcp_keepalive_time;
		return 0;
	case TCP_KEEPINTVL:
		*v = tp->keep_intvl ? (int)tp->keep_intvl : t->tcp_keepalive_intvl;
		return 0;
	case TCP_KEEPCNT:
		*v = tp->keep_cnt ? tp->keep_cnt : t->tcp_keepalive_probes;
		return 0;
	case TCP_SYNCNT:
		*v = tp->syn_cnt ? tp->syn_cnt : t->tcp_syn_retries;
		return 0;
	case TCP_DEFER_ACCEPT:
		*v = tries_to_seconds(tp->defer_accept);
		return 0;
	case TCP_LINGER2:
		*v = tp->linger2 ? tp->linger2 : t->tcp_fin_timeout;
		return 0;
	case TCP_WINDOW_CLAMP:
		*v = tp->window_clamp;
		return 0;
	case TCP_QUICKACK:
		*v = tp->quickack != 0;
		return 0;
	case TCP_USER_TIMEOUT:
		*v = tp->user_timeout;
		return 0;
	case TCP_INQ:
		*v = (tp->sk.cmsg_flags & SK_CMSG_INQ) != 0;
		return 0;
	case TCP_NOTSENT_LOWAT:
		*v = tp->notsent_lowat == U32_MAX ? 0 : tp->notsent_lowat;
		return 0;
	}
	return -ENOPROTOOPT;
}

static int get_socket_level(struct tcp_sock *tp, int name, void *val, u32 *len)
{
	int v[2] = {tp->linger, tp->lingertime};

	if (name == SO_LINGER)
		return put(val, len, v, sizeof(v));
	if (name == SO_KEEPALIVE)
		v[0] = tp->keepalive;
	else if (name == SO_OOBINLINE)
		v[0] = tp->oobinline;
	else if (name == SO_RCVLOWAT)
		v[0] = max(tp->rcvlowat, 1U);
	else
		return -ENOPROTOOPT;
	return put(val, len, v, sizeof(v[0]));
}

int tcp_getsockopt(struct sock *sk, int level, int name, void *val, u32 *len)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct tcp_info info;
	char ca[16] = "";
	int v, err;

	if (level == SOL_SOCKET)
		return get_socket_level(tp, name, val, len);
	if (level != SOL_TCP)
		return -ENOPROTOOPT;
	if (name == TCP_INFO) {
		tcp_get_info(tp, &info);
		return put(val, len, &info, sizeof(info));
	}
	if (name == TCP_CC_INFO) { /* neither algorithm has anything to tell */
		*len = 0;
		return 0;
	}
	if (name == TCP_CONGESTION) {
		memcpy(ca, tp->ca->name, strlen(tp->ca->name));
		return put(val, len, ca, sizeof(ca));
	}
	err = get_int(tp, name, &v);
	return err ? err : put(val, len, &v, sizeof(v));
}
