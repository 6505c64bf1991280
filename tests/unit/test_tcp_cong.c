/* SPDX-License-Identifier: MIT */
/* How fast: slow start, CUBIC and Reno, HyStart, windows that are not used; the algorithms' names in settings and sockets. */
#include <string.h>

#include "lib/errno.h"
#include "net/sysctl.h"
#include "tests/unit/tcp_wire.h"

#define MSEC NSEC_PER_MSEC
#define SEG  536U

static const char *setting(struct net *net, const char *name)
{
	static char value[64];

	cr_assert(sysctl_read(net, name, value, sizeof(value)) >= 0);
	return value;
}

WEIR_TEST(tcp_cong, settings_have_names)
{
	struct net *net = stack_new();

	cr_assert_str_eq(setting(net, "net.ipv4.tcp_congestion_control"), "cubic");
	cr_assert_str_eq(setting(net, "net.ipv4.tcp_available_congestion_control"), "reno cubic");
	cr_assert_eq(sysctl_write(net, "net.ipv4.tcp_congestion_control", "bbr"), -ENOENT);
	cr_assert_eq(sysctl_write(net, "net.ipv4.tcp_congestion_control", ""), -ENOENT);
	cr_assert_eq(sysctl_write(net, "net.ipv4.tcp_congestion_control", "reno\n"), 0);
	cr_assert_str_eq(setting(net, "net.ipv4.tcp_congestion_control"), "reno");
	cr_assert_eq(sysctl_write(net, "net.ipv4.tcp_available_congestion_control", "reno"),
		     -EPERM);
	cr_assert_str_eq(setting(net, "net.ipv4.tcp_allowed_congestion_control"), "reno cubic");
}

WEIR_TEST(tcp_cong, sockets_have_their_own)
{
	struct net *net = stack_new();
	struct sock *a, *b;
	char name[16];
	u32 len = sizeof(name);

	cr_assert_eq(sock_create(net, AF_INET, SOCK_STREAM, 0, &a), 0);
	cr_assert_eq(sysctl_write(net, "net.ipv4.tcp_congestion_control", "reno"), 0);
	cr_assert_eq(sock_create(net, AF_INET, SOCK_STREAM, 0, &b), 0);
	cr_assert_eq(sock_getsockopt(a, SOL_TCP, TCP_CONGESTION, name, &len), 0);
	cr_assert_str_eq(name, "cubic");
	cr_assert_eq(sock_getsockopt(b, SOL_TCP, TCP_CONGESTION, name, &len), 0);
	cr_assert_str_eq(name, "reno");
	cr_assert_eq(sock_setsockopt(b, SOL_TCP, TCP_CONGESTION, "cubic", 5), 0);
	cr_assert_eq(sock_setsockopt(b, SOL_TCP, TCP_CONGESTION, "vegas", 5), -ENOENT);
	cr_assert_eq(sock_getsockopt(b, SOL_TCP, TCP_CONGESTION, name, &len), 0);
	cr_assert_str_eq(name, "cubic");
	sock_close(a);
	sock_close(b);
}

/* ---- windows: each round the whole window goes out and is acknowledged after rtt ---- */

static struct tcp_sock *begin(struct conn *c, const char *ca)
{
	conn_listen(c);
	CTL(c->net, "sysctl -qw net.ipv4.tcp_congestion_control=%s", ca);
	CTL(c->net, "sysctl -qw net.ipv4.tcp_wmem='4096 4000000 4000000'");
	sock_close(c->listener);
	c->listener = listen_on(c->net, 80, 5);
	conn_handshake(c, "\x02\x04\x02\x18\x03\x03\x07\x01", 8);
	inject(c->nic, &(struct seg){.seq = c->rcv, .ack = c->nxt, .flags = TCP_ACK});
	return tcp_sk(c->sk);
}

static void put(struct conn *c, u32 segs)
{
	static u8 data[SEG * 200];
	struct sock_iovec iov = {data, (size_t)segs * SEG};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	cr_assert_eq(sock_sendmsg(c->sk, &msg, MSG_DONTWAIT), (long)(segs * SEG));
	host_run();
}

/* More than the window, then acknowledged two by two. */
static void round_trip(struct conn *c, u64 rtt)
{
	struct tcp_sock *tp = tcp_sk(c->sk);
	u32 end;

	while (tp->write_seq - tp->snd_una < (tp->snd_cwnd + 10) * 2 * SEG)
		put(c, 50);
	host_advance(rtt);
	end = tp->snd_nxt;
	while (before(tp->snd_una, end)) {
		nic_forget(c->nic);
		inject(c->nic, &(struct seg){.seq = c->rcv,
					     .ack = min(tp->snd_una + 2 * SEG, end),
					     .flags = TCP_ACK});
	}
}

static void lose_one(struct tcp_sock *tp)
{
	tp->snd_ssthresh = tp->ca->ssthresh(tp);
	tp->snd_cwnd = tp->snd_ssthresh;
}

WEIR_TEST(tcp_cong, slow_start_doubles)
{
	struct conn c;
	struct tcp_sock *tp = begin(&c, "reno");

	cr_assert_eq(tp->snd_cwnd, 10);
	round_trip(&c, 50 * MSEC);
	cr_assert_eq(tp->snd_cwnd, 20);
	round_trip(&c, 50 * MSEC);
	cr_assert_eq(tp->snd_cwnd, 40);
	conn_close(&c);
}

WEIR_TEST(tcp_cong, reno_halves_and_adds_one_in_a_round_trip)
{
	struct conn c;
	struct tcp_sock *tp = begin(&c, "reno");

	round_trip(&c, 50 * MSEC);
	lose_one(tp);
	cr_assert_eq(tp->snd_cwnd, 10);
	round_trip(&c, 50 * MSEC);
	for (int i = 0; i < 5; i++)
		round_trip(&c, 50 * MSEC);
	cr_assert(tp->snd_cwnd >= 15 && tp->snd_cwnd <= 17, "%u", tp->snd_cwnd);
	conn_close(&c);
}

/* RFC 9438: 0.7 of it; then fast, slowly about what it was, and fast again: W = 0.4 (t - K)^3 + Wmax. */
WEIR_TEST(tcp_cong, cubic_is_a_cubic)
{
	struct conn c;
	struct tcp_sock *tp = begin(&c, "cubic");
	u32 at_k, later;

	tp->snd_cwnd = tp->snd_ssthresh = 100;
	lose_one(tp);
	cr_assert_eq(tp->snd_cwnd, 70);
	for (int i = 0; i < 42; i++) /* K = cbrt(30 / 0.4) = 4.2 s */
		round_trip(&c, 100 * MSEC);
	at_k = tp->snd_cwnd;
	cr_assert(at_k >= 95 && at_k <= 104, "%u", at_k);
	for (int i = 0; i < 20; i++)
		round_trip(&c, 100 * MSEC);
	later = tp->snd_cwnd; /* 0.4 * 2^3 more */
	cr_assert(later >= at_k && later <= at_k + 8, "%u", later);
	for (int i = 0; i < 20; i++)
		round_trip(&c, 100 * MSEC);
	cr_assert(tp->snd_cwnd >= at_k + 15, "%u", tp->snd_cwnd); /* 0.4 * 4^3 = 26 */
	lose_one(tp);
	tp->snd_cwnd = 60;
	lose_one(tp); /* s4.7: less than last time, so there is less for all: 0.85 */
	cr_assert_eq(tp->cubic.wmax, 51);
	conn_close(&c);
}

/* Round trips that grow end slow start before something is lost. */
WEIR_TEST(tcp_cong, hystart_hears_the_queue_grow)
{
	struct conn c;
	struct tcp_sock *tp = begin(&c, "cubic");
	u64 rtt = 40 * MSEC;

	for (int i = 0; i < 6 && tp->snd_ssthresh == TCP_INFINITE_SSTHRESH; i++, rtt += 10 * MSEC)
		round_trip(&c, rtt);
	cr_assert_neq(tp->snd_ssthresh, TCP_INFINITE_SSTHRESH);
	cr_assert(tp->snd_ssthresh >= 16 && tp->snd_ssthresh <= 90, "%u", tp->snd_ssthresh);
	EXPECT_MIB(c.net, LINUX_MIB_TCPHYSTARTDELAYDETECT, 1);
	EXPECT_MIB(c.net, LINUX_MIB_TCPHYSTARTDELAYCWND, tp->snd_ssthresh);
	conn_close(&c);
}

/* What is not used does not grow, and is halved towards what is used: RFC 7661's concern. */
WEIR_TEST(tcp_cong, a_window_that_is_not_used_does_not_grow)
{
	struct conn c;
	struct tcp_sock *tp = begin(&c, "reno");

	CTL(c.net, "sysctl -qw net.ipv4.tcp_slow_start_after_idle=0");
	for (int i = 0; i < 3; i++)
		round_trip(&c, 50 * MSEC);
	while (tp->packets_out) { /* all that waits */
		inject(c.nic, &(struct seg){.seq = c.rcv, .ack = tp->snd_nxt, .flags = TCP_ACK});
		nic_forget(c.nic);
	}
	for (u32 had = tp->snd_cwnd, i = 0; i < 20; i++) {
		put(&c, 2);
		host_advance(50 * MSEC);
		inject(c.nic, &(struct seg){.seq = c.rcv, .ack = tp->snd_nxt, .flags = TCP_ACK});
		nic_forget(c.nic);
		cr_assert_leq(tp->snd_cwnd, had);
	}
	CTL(c.net, "sysctl -qw net.ipv4.tcp_slow_start_after_idle=1");
	for (u32 i = 0; i < 40; i++) {
		put(&c, 2);
		host_advance(50 * MSEC);
		inject(c.nic, &(struct seg){.seq = c.rcv, .ack = tp->snd_nxt, .flags = TCP_ACK});
		nic_forget(c.nic);
	}
	cr_assert(tp->snd_cwnd < 30, "%u", tp->snd_cwnd);
	conn_close(&c);
}
