/* SPDX-License-Identifier: MIT */
/* SYN cookies: when they are sent, what they carry, and that none is taken that was not issued (RFC 4987 s3.6). */
#include <string.h>

#include "lib/errno.h"
#include "tests/unit/tcp_wire.h"

#define CLIENT_PORT 5000
#define TSVAL       7777U

static const char mss_1300[] = "\x02\x04\x05\x14";
/* MSS 1460, SACK-permitted, timestamp 7777, window scale 7 */
static const char rich[] = "\x02\x04\x05\xb4\x04\x02\x08\x0a\0\0\x1e\x61\0\0\0\0\x01\x03\x03\x07";

/* A listener whose backlog is full, and a cookie for CLIENT_PORT. */
struct flood {
	struct conn c;
	u32 cookie, tsval;
};

static void fill_backlog(struct conn *c)
{
	for (u16 i = 0; i < 5; i++)
		inject(c->nic, &(struct seg){.sport = 6000 + i, .seq = IRS, .flags = TCP_SYN});
	cr_assert_eq(count_sent(c->nic, TCP_SYN | TCP_ACK, 0), 5);
}

static u32 word(const struct pkt *p, u32 at)
{
	const u8 *b = (const u8 *)p->data + at;

	return (u32)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

/* The SYN's answer; its timestamp, if any, is behind the MSS and SACK-permitted or two NOPs. */
static void take_cookie(struct flood *f, const char *opt, u32 optlen)
{
	struct seg s;

	inject(f->c.nic, &(struct seg){.sport = CLIENT_PORT,
				       .seq = IRS,
				       .flags = TCP_SYN,
				       .opt = opt,
				       .optlen = optlen});
	cr_assert(sent(f->c.nic, &s) && s.flags == (TCP_SYN | TCP_ACK) && s.ack == IRS + 1);
	f->cookie = s.seq;
	f->tsval = f->c.nic->got.len >= 36 ? word(&f->c.nic->got, 28) : 0;
}

static void flood_begin(struct flood *f, const char *opt, u32 optlen)
{
	conn_listen(&f->c);
	fill_backlog(&f->c);
	take_cookie(f, opt, optlen);
	cr_assert_eq(f->c.net->tcp->nr, 5);
}

/* The client's ACK, with timestamps if it was given one. */
static void answer(struct flood *f, struct seg s, u32 tsecr)
{
	char opt[12] = "\x01\x01\x08\x0a\0\0\x1e\x62";
	be32 v = cpu_to_be32(tsecr);

	memcpy(opt + 8, &v, 4);
	s.opt = opt;
	s.optlen = f->tsval ? sizeof(opt) : 0;
	inject(f->c.nic, &s);
}

static struct seg good(const struct flood *f)
{
	return (struct seg){
		.sport = CLIENT_PORT, .seq = IRS + 1, .ack = f->cookie + 1, .flags = TCP_ACK};
}

static void accepted(struct flood *f)
{
	cr_assert_eq(sock_accept(f->c.listener, true, &f->c.sk, NULL), 0);
	cr_assert_eq(f->c.sk->state, TCP_ESTABLISHED);
}

static void flood_end(struct flood *f)
{
	nic_forget(f->c.nic);
	sock_close(f->c.listener);
}

WEIR_TEST(tcp_cookies, a_full_backlog_answers_by_cookies)
{
	struct flood f;

	flood_begin(&f, mss_1300, 4);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPREQQFULLDOCOOKIES, 1);
	EXPECT_MIB(f.c.net, LINUX_MIB_SYNCOOKIESSENT, 1);
	EXPECT_MIB(f.c.net, LINUX_MIB_LISTENDROPS, 0);
	answer(&f, good(&f), 0);
	accepted(&f);
	EXPECT_MIB(f.c.net, LINUX_MIB_SYNCOOKIESRECV, 1);
	EXPECT_MIB(f.c.net, LINUX_MIB_SYNCOOKIESFAILED, 0);
	EXPECT_MIB(f.c.net, TCP_MIB_PASSIVEOPENS, 1);
	cr_assert_eq(tcp_sk(f.c.sk)->mss_clamp, 536); /* the next smaller one of four */
	cr_assert(!tcp_sk(f.c.sk)->wscale_ok && !tcp_sk(f.c.sk)->sack_ok);
	conn_close(&f.c);
}

WEIR_TEST(tcp_cookies, the_timestamp_carries_the_options)
{
	struct flood f;
	struct tcp_sock *tp;

	flood_begin(&f, rich, 20);
	cr_assert(f.tsval);
	answer(&f, good(&f), f.tsval);
	accepted(&f);
	tp = tcp_sk(f.c.sk);
	cr_assert(tp->wscale_ok && tp->snd_wscale == 7 && tp->sack_ok && tp->tstamp_ok);
	cr_assert_eq(tp->mss_clamp, 1460);
	cr_assert_eq(tp->ts_recent, TSVAL + 1);
	cr_assert_eq(tp->snd_wnd, WND << 7);
	cr_assert_eq(tp->srtt, 0, "that timestamp was no time");
	conn_close(&f.c);
}

/* Time passes between the making of a cookie and the sending of its answer: a timestamp of then would tell other options. */
WEIR_TEST(tcp_cookies, the_clock_ticks_while_one_is_made)
{
	struct flood f;

	flood_begin(&f, rich, 20);
	host_clock_creeps(NSEC_PER_MSEC);
	take_cookie(&f, rich, 20);
	answer(&f, good(&f), f.tsval);
	host_clock_creeps(0);
	accepted(&f);
	EXPECT_MIB(f.c.net, LINUX_MIB_SYNCOOKIESFAILED, 0);
	conn_close(&f.c);
}

/* The SYN came twice: once it got a cookie, and once there was room. The ACK is the cookie's. */
WEIR_TEST(tcp_cookies, one_is_good_beside_a_handshake)
{
	struct flood f;
	struct seg s;

	flood_begin(&f, rich, 20);
	for (u16 i = 0; i < 5; i++) /* there is room */
		inject(f.c.nic, &(struct seg){.sport = 6000 + i, .seq = IRS + 1, .flags = TCP_RST});
	nic_forget(f.c.nic);
	inject(f.c.nic, &(struct seg){.sport = CLIENT_PORT,
				      .seq = IRS,
				      .flags = TCP_SYN,
				      .opt = rich,
				      .optlen = 20});
	cr_assert(sent(f.c.nic, &s) && s.seq != f.cookie);
	cr_assert_eq(f.c.net->tcp->nr, 1);
	answer(&f, (struct seg){.sport = CLIENT_PORT, .seq = IRS + 1, .ack = 7, .flags = TCP_ACK},
	       f.tsval);
	cr_assert_eq(count_sent(f.c.nic, TCP_RST, 0), 1, "neither");
	answer(&f, good(&f), f.tsval);
	accepted(&f);
	cr_assert_eq(f.c.net->tcp->nr, 1);
	conn_close(&f.c);
}

/* The ACK was lost, its data was not; the child has it. */
WEIR_TEST(tcp_cookies, data_may_come_with_the_ack)
{
	struct flood f;
	struct seg s;

	flood_begin(&f, rich, 20);
	s = good(&f);
	s.len = 100;
	answer(&f, s, f.tsval);
	accepted(&f);
	cr_assert_eq(tcp_sk(f.c.sk)->rcv_nxt, IRS + 101);
	conn_close(&f.c);
}

/* The ACK and the first text were lost on the way: the second text is no reason to give up. */
WEIR_TEST(tcp_cookies, later_text_is_not_answered_by_a_reset)
{
	struct flood f;
	struct seg s;

	flood_begin(&f, rich, 20);
	s = good(&f);
	s.seq += 100;
	s.len = 100;
	answer(&f, s, f.tsval);
	EXPECT_NOTHING(f.c.nic);
	cr_assert_eq(f.c.net->tcp->nr, 5);
	s.seq -= 100;
	answer(&f, s, f.tsval); /* again, as the peer will */
	accepted(&f);
	cr_assert_eq(tcp_sk(f.c.sk)->rcv_nxt, IRS + 101);
	conn_close(&f.c);
	harness_end();
	harness_begin();
	conn_listen(&f.c); /* where no cookie was sent it is a stranger's */
	inject(f.c.nic, &(struct seg){.seq = 7, .ack = 8, .flags = TCP_ACK, .len = 9});
	cr_assert_eq(count_sent(f.c.nic, TCP_RST, 0), 1);
	flood_end(&f);
}

/* s is not what was issued: a reset. */
static void refused(struct flood *f, struct seg s, u32 tsecr, const char *why, u32 bit)
{
	u64 failed = mib(f->c.net, LINUX_MIB_SYNCOOKIESFAILED);
	struct seg rst;

	answer(f, s, tsecr);
	cr_assert(sent(f->c.nic, &rst) && rst.flags == TCP_RST && rst.seq == s.ack, "%s %u", why,
		  bit);
	cr_assert_eq(f->c.net->tcp->nr, 5, "%s %u", why, bit);
	EXPECT_MIB(f->c.net, LINUX_MIB_SYNCOOKIESFAILED, failed + 1);
}

WEIR_TEST(tcp_cookies, nothing_else_is_taken)
{
	struct flood f;

	flood_begin(&f, rich, 20);
	for (u32 bit = 0; bit < 32; bit++) {
		struct seg s = good(&f);

		s.ack = (f.cookie ^ 1U << bit) + 1;
		refused(&f, s, f.tsval, "cookie, bit", bit);
		s = good(&f);
		s.seq = (IRS ^ 1U << bit) + 1;
		refused(&f, s, f.tsval, "sequence, bit", bit);
	}
	for (u32 bit = 0; bit < 6; bit++)
		refused(&f, good(&f), f.tsval ^ 1U << bit, "options, bit", bit);
	for (u16 i = 0; i < 100; i++) {
		struct seg s = good(&f);

		s.sport = 5001 + i;
		refused(&f, s, f.tsval, "port", s.sport);
	}
	f.tsval = 0;
	refused(&f, good(&f), 0, "no timestamp", 0);
	flood_end(&f);
}

/* Good until the end of the next minute. */
static void answer_late(u64 ns, bool good_still)
{
	struct flood f;
	u64 minute = 60 * NSEC_PER_SEC;

	conn_listen(&f.c);
	host_advance(7 * NSEC_PER_SEC); /* some place within the minute */
	CTL(f.c.net, "sysctl -w net.ipv4.tcp_syncookies=2");
	take_cookie(&f, mss_1300, 4);
	host_advance(2 * minute - plat_now() % minute + ns - NSEC_PER_SEC);
	answer(&f, good(&f), 0);
	cr_assert_eq(count_sent(f.c.nic, TCP_RST, 0), !good_still);
	if (good_still) {
		accepted(&f);
		sock_close(f.c.sk);
	}
	flood_end(&f);
}

WEIR_TEST(tcp_cookies, are_good_until_the_end_of_the_next_minute)
{
	answer_late(0, true);
}

WEIR_TEST(tcp_cookies, are_not_good_later)
{
	answer_late(2 * NSEC_PER_SEC, false);
}

/* Who has sent none lately does not even look: no code to compute for strangers. */
WEIR_TEST(tcp_cookies, are_not_looked_for_where_none_was_sent)
{
	struct flood f;

	conn_listen(&f.c);
	inject(f.c.nic, &(struct seg){.seq = IRS, .ack = 12345, .flags = TCP_ACK});
	cr_assert_eq(count_sent(f.c.nic, TCP_RST, 0), 1);
	EXPECT_MIB(f.c.net, LINUX_MIB_SYNCOOKIESFAILED, 0);
	flood_end(&f);
}

WEIR_TEST(tcp_cookies, tcp_syncookies)
{
	struct flood f;

	conn_listen(&f.c);
	CTL(f.c.net, "sysctl -w net.ipv4.tcp_syncookies=0");
	fill_backlog(&f.c);
	inject(f.c.nic, &(struct seg){.seq = IRS, .flags = TCP_SYN});
	EXPECT_NOTHING(f.c.nic);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPREQQFULLDROP, 1);
	EXPECT_MIB(f.c.net, LINUX_MIB_LISTENDROPS, 1);
	CTL(f.c.net, "sysctl -w net.ipv4.tcp_syncookies=2");
	host_advance(200 * NSEC_PER_SEC); /* nothing waits any more */
	nic_forget(f.c.nic);
	cr_assert_eq(f.c.net->tcp->nr, 0);
	take_cookie(&f, mss_1300, 4);
	cr_assert_eq(f.c.net->tcp->nr, 0);
	answer(&f, good(&f), 0);
	accepted(&f);
	conn_close(&f.c);
}

static void complete(struct flood *f, u16 port)
{
	struct seg s = {.sport = port, .seq = IRS, .flags = TCP_SYN};

	inject(f->c.nic, &s);
	cr_assert(sent(f->c.nic, &s));
	inject(f->c.nic,
	       &(struct seg){.sport = port, .seq = IRS + 1, .ack = s.seq + 1, .flags = TCP_ACK});
}

WEIR_TEST(tcp_cookies, a_full_queue_of_connections_drops)
{
	struct flood f;

	conn_listen(&f.c);
	CTL(f.c.net, "sysctl -w net.ipv4.tcp_syncookies=2");
	take_cookie(&f, mss_1300, 4);
	for (u16 i = 0; i < 6; i++)
		complete(&f, 9000 + i);
	answer(&f, good(&f), 0);
	EXPECT_NOTHING(f.c.nic);
	EXPECT_MIB(f.c.net, LINUX_MIB_LISTENOVERFLOWS, 1);
	EXPECT_MIB(f.c.net, LINUX_MIB_LISTENDROPS, 1);
	cr_assert_eq(f.c.net->tcp->nr, 6);
	accepted(&f);
	answer(&f, good(&f), 0); /* its peer asks again */
	cr_assert_eq(f.c.net->tcp->nr, 7);
	conn_close(&f.c);
}

/* 20,000 SYNs from as many ends take no more memory than the backlog. */
WEIR_TEST(tcp_cookies, a_flood_takes_no_memory, .timeout = 60)
{
	struct flood f;

	flood_begin(&f, rich, 20);
	for (u32 i = 0; i < 20000; i++) {
		inject(f.c.nic,
		       &(struct seg){.sport = 7000 + i, .seq = i * 7919, .flags = TCP_SYN});
		nic_forget(f.c.nic);
	}
	cr_assert_eq(f.c.net->tcp->nr, 5);
	EXPECT_NO_SKBS(f.c.net);
	answer(&f, good(&f), f.tsval);
	accepted(&f);
	conn_close(&f.c);
}
