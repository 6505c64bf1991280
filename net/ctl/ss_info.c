/* SPDX-License-Identifier: MIT */
/* What ss tells of a socket beside its addresses: timers, identity, memory, TCP's state; and ss -s. Source: ss(8) of iproute2 6.1. */
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/core/net_namespace.h"
#include "net/ctl/ss_tool.h"

struct text {
	char *at, *end;
};

#define SAY(t, ...) ((t)->at += scnprintf((t)->at, (t)->end - (t)->at, __VA_ARGS__))
/* Most numbers are left out when they are 0. */
#define SAY_IF(t, v, fmt)                   \
	do {                                \
		if (v)                      \
			SAY(t, " " fmt, v); \
	} while (0)

/* iproute2's way: whole minutes from ten on, whole seconds from ten on, else with milliseconds. */
static void say_time(struct text *t, u32 ms)
{
	u32 minutes = ms / 60000, secs = ms / 1000 % 60;

	ms %= 1000;
	if (minutes) {
		ms = 0;
		SAY(t, "%umin", minutes);
		if (minutes > 9)
			secs = 0;
	}
	if (secs > 9)
		ms = 0;
	if (secs)
		SAY(t, "%u%s", secs, ms ? "." : "sec");
	if (ms)
		SAY(t, "%03ums", ms);
}

static void say_timer(struct text *t, const struct sock_info *info)
{
	static const char *const names[] = {"off", "on", "keepalive", "timewait", "persist"};

	if (info->timer == SOCK_TIMER_NONE || info->timer >= ARRAY_SIZE(names))
		return;
	SAY(t, " timer:(%s,", names[info->timer]);
	say_time(t, info->timer_ms);
	SAY(t, ",%u)", info->retransmits);
}

/* Thousandths as printf's %g has them: six digits, no zeros at the end. */
static void say_g(struct text *t, u64 v)
{
	u64 scale = 1;
	u32 decimals = 3;

	while (decimals && v / scale >= 1000000) {
		scale *= 10;
		decimals--;
	}
	v = (v + scale / 2) / scale;
	while (decimals && v % 10 == 0) {
		v /= 10;
		decimals--;
	}
	scale = decimals == 3 ? 1000 : decimals == 2 ? 100 : decimals == 1 ? 10 : 1;
	SAY(t, "%lu", (unsigned long)(v / scale));
	if (decimals)
		SAY(t, ".%0*lu", (int)decimals, (unsigned long)(v % scale));
}

static void say_ms(struct text *t, const char *name, u64 us)
{
	SAY(t, " %s:", name);
	say_g(t, us);
}

static void say_path(struct text *t, const struct tcp_info *i)
{
	if (i->tcpi_rto && i->tcpi_rto != 3000000)
		say_ms(t, "rto", i->tcpi_rto);
	SAY_IF(t, i->tcpi_backoff, "backoff:%u");
	if (i->tcpi_rtt) {
		say_ms(t, "rtt", i->tcpi_rtt);
		SAY(t, "/");
		say_g(t, i->tcpi_rttvar);
	}
	if (i->tcpi_ato)
		say_ms(t, "ato", i->tcpi_ato);
	SAY_IF(t, i->tcpi_snd_mss, "mss:%u");
	SAY_IF(t, i->tcpi_pmtu, "pmtu:%u");
	SAY_IF(t, i->tcpi_rcv_mss, "rcvmss:%u");
	SAY_IF(t, i->tcpi_advmss, "advmss:%u");
	SAY_IF(t, i->tcpi_snd_cwnd, "cwnd:%u");
	if (i->tcpi_snd_ssthresh < 0xffff)
		SAY_IF(t, i->tcpi_snd_ssthresh, "ssthresh:%u");
}

static void say_counts(struct text *t, const struct tcp_info *i)
{
	SAY_IF(t, (unsigned long)i->tcpi_bytes_sent, "bytes_sent:%lu");
	SAY_IF(t, (unsigned long)i->tcpi_bytes_retrans, "bytes_retrans:%lu");
	SAY_IF(t, (unsigned long)i->tcpi_bytes_acked, "bytes_acked:%lu");
	SAY_IF(t, (unsigned long)i->tcpi_bytes_received, "bytes_received:%lu");
	SAY_IF(t, i->tcpi_segs_out, "segs_out:%u");
	SAY_IF(t, i->tcpi_segs_in, "segs_in:%u");
	SAY_IF(t, i->tcpi_data_segs_out, "data_segs_out:%u");
	SAY_IF(t, i->tcpi_data_segs_in, "data_segs_in:%u");
}

static void say_rates(struct text *t, const struct tcp_info *i)
{
	u64 bits = (u64)i->tcpi_snd_mss * 8 * i->tcpi_snd_cwnd;

	if (i->tcpi_rtt && bits)
		SAY(t, " send %lubps",
		    (unsigned long)((bits * 1000000 + i->tcpi_rtt / 2) / i->tcpi_rtt));
	SAY_IF(t, i->tcpi_last_data_sent, "lastsnd:%u");
	SAY_IF(t, i->tcpi_last_data_recv, "lastrcv:%u");
	SAY_IF(t, i->tcpi_last_ack_recv, "lastack:%u");
	if (i->tcpi_pacing_rate && i->tcpi_pacing_rate != U64_MAX)
		SAY(t, " pacing_rate %lubps", (unsigned long)i->tcpi_pacing_rate * 8);
	if (i->tcpi_delivery_rate)
		SAY(t, " delivery_rate %lubps", (unsigned long)i->tcpi_delivery_rate * 8);
	SAY_IF(t, i->tcpi_delivered, "delivered:%u");
	SAY_IF(t, i->tcpi_delivered_ce, "delivered_ce:%u");
	if (i->tcpi_delivery_rate_app_limited)
		SAY(t, " app_limited");
}

/* Milliseconds, and how much of the busy time. */
static void say_limited(struct text *t, const char *name, u64 us, u64 busy)
{
	u64 permille = (us * 1000 + busy / 2) / busy;

	if (us)
		SAY(t, " %s:%lums(%lu.%lu%%)", name, (unsigned long)us / 1000,
		    (unsigned long)permille / 10, (unsigned long)permille % 10);
}

static void say_queues(struct text *t, const struct tcp_info *i, bool listening)
{
	if (i->tcpi_busy_time) {
		SAY(t, " busy:%lums", (unsigned long)i->tcpi_busy_time / 1000);
		say_limited(t, "rwnd_limited", i->tcpi_rwnd_limited, i->tcpi_busy_time);
		say_limited(t, "sndbuf_limited", i->tcpi_sndbuf_limited, i->tcpi_busy_time);
	}
	SAY_IF(t, i->tcpi_unacked, "unacked:%u");
	if (i->tcpi_retrans || i->tcpi_total_retrans)
		SAY(t, " retrans:%u/%u", i->tcpi_retrans, i->tcpi_total_retrans);
	SAY_IF(t, i->tcpi_lost, "lost:%u");
	if (!listening)
		SAY_IF(t, i->tcpi_sacked, "sacked:%u");
	SAY_IF(t, i->tcpi_dsack_dups, "dsack_dups:%u");
	if (i->tcpi_reordering != 3)
		SAY_IF(t, i->tcpi_reordering, "reordering:%u");
	SAY_IF(t, i->tcpi_reord_seen, "reord_seen:%u");
	if (i->tcpi_rcv_rtt)
		say_ms(t, "rcv_rtt", i->tcpi_rcv_rtt);
	SAY_IF(t, i->tcpi_rcv_space, "rcv_space:%u");
	SAY_IF(t, i->tcpi_rcv_ssthresh, "rcv_ssthresh:%u");
	SAY_IF(t, i->tcpi_notsent_bytes, "notsent:%u");
	if (i->tcpi_min_rtt && i->tcpi_min_rtt != U32_MAX)
		say_ms(t, "minrtt", i->tcpi_min_rtt);
	SAY_IF(t, i->tcpi_rcv_ooopack, "rcv_ooopack:%u");
	SAY_IF(t, i->tcpi_snd_wnd, "snd_wnd:%u");
}

static void say_tcp(struct text *t, const struct ss_show *show, const struct sock_info *info)
{
	const struct tcp_info *i = info->tcp;

	if (!i)
		return;
	if (show->timers) { /* iproute2 calls these options, too */
		SAY(t, "%s%s%s", i->tcpi_options & TCPI_OPT_TIMESTAMPS ? " ts" : "",
		    i->tcpi_options & TCPI_OPT_SACK ? " sack" : "",
		    i->tcpi_options & TCPI_OPT_ECN ? " ecn" : "");
	}
	SAY(t, " %s", info->congestion);
	if (i->tcpi_options & TCPI_OPT_WSCALE)
		SAY(t, " wscale:%u,%u", i->tcpi_snd_wscale, i->tcpi_rcv_wscale);
	say_path(t, i);
	say_counts(t, i);
	say_rates(t, i);
	say_queues(t, i, info->state == 10);
}

size_t ss_ext(const struct ss_show *show, const struct sock_info *info, char *text)
{
	struct text t = {text, text + SS_EXT_SIZE};
	bool tcp = info->type == SOCK_STREAM;

	*text = '\0';
	if (show->timers)
		say_timer(&t, info);
	if (show->details) {
		SAY(&t, " ino:%u sk:%x", info->ino, info->cookie);
		if (info->ino || info->orphan)
			SAY(&t, " %c-%c", info->shutdown & 1 ? '-' : '<',
			    info->shutdown & 2 ? '-' : '>');
	}
	if (!show->memory && !(show->info && tcp))
		return t.at - text;
	if (!show->oneline)
		SAY(&t, "\n\t");
	if (show->memory && (info->ino || info->orphan))
		SAY(&t, " skmem:(r%u,rb%u,t%u,tb%u,f0,w%u,o0,bl0,d%lu)", info->rmem, info->rcvbuf,
		    tcp ? 0 : info->wmem, info->sndbuf, tcp ? info->wmem : 0,
		    (unsigned long)info->drops);
	if (show->info && tcp)
		say_tcp(&t, show, info);
	return t.at - text;
}

/* ---- ss -s */

struct summary {
	u32 total, raw, udp, tcp, closed, estab, orphans, timewait;
};

static void count_socket(void *arg, const struct sock_info *info)
{
	struct summary *s = arg;

	if (info->type == SOCK_STREAM) {
		s->timewait += info->state == 6;
		s->tcp += info->ino || info->orphan;
		s->closed += info->state == 7;
		s->estab += info->state == 1 || info->state == 8; /* as the MIB's CurrEstab */
		s->orphans += info->orphan;
	} else if (info->type == SOCK_RAW) {
		s->raw++;
	} else {
		s->udp += info->protocol == IPPROTO_UDP;
	}
	s->total += info->ino != 0;
}

static void say_transport(struct ctl *c, const char *name, u32 n)
{
	ctl_say(c, "%s\t  %-9u %-9u %-9u\n", name, n, n, 0);
}

void ss_summary(struct ctl *c)
{
	struct summary s = {0};
	u32 hashed;

	ctl_enter(c);
	sock_for_each(c->net, count_socket, &s);
	ctl_leave(c);
	hashed = s.tcp - s.closed;
	ctl_say(c, "Total: %u\nTCP:   %u (estab %u, closed %u, orphaned %u, timewait %u)\n\n",
		s.total, s.tcp + s.timewait, s.estab, s.closed + s.timewait, s.orphans, s.timewait);
	ctl_say(c, "Transport Total     IP        IPv6\n");
	say_transport(c, "RAW", s.raw);
	say_transport(c, "UDP", s.udp);
	say_transport(c, "TCP", hashed);
	say_transport(c, "INET", s.raw + s.udp + hashed);
	say_transport(c, "FRAG", 0);
	ctl_say(c, "\n");
}
