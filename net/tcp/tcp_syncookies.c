/* SPDX-License-Identifier: MIT */
/*
 * SYN cookies (RFC 4987 s3.6): a handshake of which nothing is kept. The initial sequence number is a code of the ends,
 * the peer's number, the minute and what was agreed; its two lowest bits, under a mask, tell the segment size. Window
 * scale and SACK come back in the lowest bits of the timestamp, and are in the code as well, so that only what was issued is taken.
 */
#include "net/tcp/tcp_sock.h"

#define COOKIE_MINUTE (60 * NSEC_PER_SEC)
#define COOKIE_AGES   2 /* this minute's and the last one's: the peer has between one and two */

enum { OPTS_WSCALE = 0xf, OPTS_SACK = 0x10, OPTS_ECN = 0x20, OPTS_MASK = 0x3f };

static const u16 cookie_mss[4] = {TCP_MIN_SNDMSS, TCP_MSS_DEFAULT, 1380, 1460};

/* What the code is of. */
struct cookie_words {
	u64 addrs;
	u32 ports, irs, minute;
	u8 mss_index, opts, tstamp, pad;
};

static u32 mss_mask(const struct tcp_table *t, const struct tcp_request *req)
{
	return siphash13_2u64(req->end.addrs, (u64)req->end.ports << 32 | req->irs, &t->key) & 3;
}

static u32 cookie(const struct tcp_table *t, const struct tcp_request *req, u32 minute, u8 index,
		  u8 opts)
{
	const struct cookie_words w = {.addrs = req->end.addrs,
				       .ports = req->end.ports,
				       .irs = req->irs,
				       .minute = minute,
				       .mss_index = index,
				       .opts = opts,
				       .tstamp = req->tstamp_ok};

	return ((u32)siphash24(&w, sizeof(w), &t->key) & ~3U) | (index ^ mss_mask(t, req));
}

static u32 this_minute(void)
{
	return plat_now() / COOKIE_MINUTE;
}

/* 0xf: no window scale. Without timestamps nothing can be told. */
static u8 opts_of(const struct tcp_request *req)
{
	if (!req->tstamp_ok)
		return 0;
	return (req->wscale_ok ? req->snd_wscale : OPTS_WSCALE) | (req->sack_ok ? OPTS_SACK : 0) |
	       (req->ecn_ok ? OPTS_ECN : 0);
}

u32 tcp_cookie_issue(struct tcp_request *req)
{
	struct net *net = req->listener->sk.net;
	u8 index = ARRAY_SIZE(cookie_mss) - 1, opts = opts_of(req);
	u32 clock = tcp_clock(net), told = (clock & ~(u32)OPTS_MASK) | opts;

	while (index && cookie_mss[index] > req->mss)
		index--;
	if (!req->tstamp_ok)
		req->wscale_ok = req->sack_ok = req->ecn_ok = false;
	told -= after(told, clock) ? OPTS_MASK + 1 : 0; /* never ahead of the clock */
	req->iss = cookie(tcp_table(net), req, this_minute(), index, opts);
	req->listener->cookie_at = plat_now();
	NET_INC_STATS(net, LINUX_MIB_SYNCOOKIESSENT);
	return told + req->ts_off;
}

bool tcp_cookie_awaited(const struct tcp_sock *listener)
{
	return listener->cookie_at && tcp_table(listener->sk.net)->tcp_syncookies &&
	       plat_now() - listener->cookie_at < COOKIE_AGES * COOKIE_MINUTE;
}

static bool is_ours(const struct tcp_table *t, struct tcp_request *req, u8 opts)
{
	u8 index = (req->iss ^ mss_mask(t, req)) & 3;
	u32 minute = this_minute();

	for (u32 age = 0; age < COOKIE_AGES && age <= minute; age++)
		if (cookie(t, req, minute - age, index, opts) == req->iss) {
			req->mss = cookie_mss[index];
			return true;
		}
	return false;
}

static void take_opts(struct tcp_request *req, u8 opts)
{
	req->wscale_ok = req->tstamp_ok && (opts & OPTS_WSCALE) != OPTS_WSCALE;
	req->snd_wscale = req->wscale_ok ? opts & OPTS_WSCALE : 0;
	req->sack_ok = req->tstamp_ok && opts & OPTS_SACK;
	req->ecn_ok = req->tstamp_ok && opts & OPTS_ECN;
}

bool tcp_cookie_check(struct tcp_request *req, const struct tcp_seg *seg)
{
	struct net *net = req->listener->sk.net;
	const struct tcp_table *t = tcp_table(net);
	u8 opts = 0;

	if (seg->flags & (TCP_RST | TCP_SYN) || !tcp_cookie_awaited(req->listener))
		return false;
	req->irs = seg->seq - 1;
	req->iss = seg->ack - 1;
	req->tstamp_ok = seg->opt.has_tstamp && t->tcp_timestamps;
	req->ts_recent = req->tstamp_ok ? seg->opt.tsval : 0;
	if (req->tstamp_ok)
		opts = (seg->opt.tsecr - req->ts_off) & OPTS_MASK;
	if (!is_ours(t, req, opts)) {
		NET_INC_STATS(net, LINUX_MIB_SYNCOOKIESFAILED);
		return false;
	}
	take_opts(req, opts);
	NET_INC_STATS(net, LINUX_MIB_SYNCOOKIESRECV);
	return true;
}
