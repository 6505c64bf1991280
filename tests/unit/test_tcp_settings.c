/* SPDX-License-Identifier: MIT */
/* net.ipv4.tcp_*: each setting does what it says; and with them the timers, in virtual time. */
#include <string.h>

#include "lib/errno.h"
#include "tests/unit/tcp_wire.h"

static long put(struct sock *sk, const void *data, size_t len)
{
	struct sock_iovec iov = {(void *)(uintptr_t)data, len};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	return sock_sendmsg(sk, &msg, MSG_DONTWAIT);
}

static const char mss_text[1500];

static long get(struct sock *sk)
{
	char buf[100];
	struct sock_iovec iov = {buf, sizeof(buf)};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	return sock_recvmsg(sk, &msg, MSG_DONTWAIT);
}

/* A server whose settings are these, before its first connection. */
static void with(struct conn *c, const char *setting, int value)
{
	conn_listen(c);
	CTL(c->net, "sysctl -w net.ipv4.%s=%d", setting, value);
}

static void set_int(struct sock *sk, int level, int name, int v)
{
	cr_assert_eq(sock_setsockopt(sk, level, name, &v, sizeof(v)), 0);
}

WEIR_TEST(tcp_settings, tcp_syn_retries)
{
	struct sock_addr to = {PEER, CPU_TO_BE16(80)};
	struct sock *sk;
	struct conn c;

	with(&c, "tcp_syn_retries", 3);
	cr_assert_eq(sock_create(c.net, AF_INET, SOCK_STREAM, 0, &sk), 0);
	cr_assert_eq(sock_connect(sk, &to, true), -EINPROGRESS);
	host_advance(14 * NSEC_PER_SEC);
	cr_assert_eq(sk->state, TCP_SYN_SENT);
	host_advance(2 * NSEC_PER_SEC); /* 1 + 2 + 4 + 8 */
	cr_assert_eq(sk->err, -ETIMEDOUT);
	cr_assert_eq(count_sent(c.nic, TCP_SYN, 0), 4);
	sock_close(sk);
	sock_close(c.listener);
}

WEIR_TEST(tcp_settings, tcp_synack_retries)
{
	struct conn c;

	with(&c, "tcp_synack_retries", 2);
	inject(c.nic, &(struct seg){.seq = IRS, .flags = TCP_SYN});
	host_advance(20 * NSEC_PER_SEC);
	cr_assert_eq(count_sent(c.nic, TCP_SYN | TCP_ACK, 0), 3);
	cr_assert_eq(c.net->tcp->nr, 0);
	sock_close(c.listener);
}

WEIR_TEST(tcp_settings, tcp_retries2)
{
	struct conn c;

	with(&c, "tcp_retries2", 4);
	conn_handshake(&c, NULL, 0);
	cr_assert_eq(put(c.sk, "lost", 4), 4);
	host_advance(60 * NSEC_PER_SEC);
	cr_assert_eq(count_sent(c.nic, TCP_ACK, 4), 6); /* 6.2 s after the second it ends */
	cr_assert_eq(get(c.sk), -ETIMEDOUT);
	EXPECT_MIB(c.net, LINUX_MIB_TCPABORTONTIMEOUT, 1);
	conn_close(&c);
}

/* RFC 9293 MUST-37: a window of 0 may stay so as long as the peer answers. */
WEIR_TEST(tcp_settings, a_closed_window_is_asked_for_ever_as_long_as_somebody_answers)
{
	struct conn c;
	struct seg s;
	u32 probes = 0;

	with(&c, "tcp_retries2", 3);
	conn_handshake(&c, NULL, 0);
	inject(c.nic,
	       &(struct seg){.seq = c.rcv, .ack = c.nxt, .flags = TCP_ACK, .wnd = NO_WINDOW});
	cr_assert_eq(put(c.sk, "wait", 4), 4);
	for (int i = 0; i < 1000; i++) {
		host_advance(NSEC_PER_SEC);
		while (sent(c.nic, &s)) {
			cr_assert(s.len == 0 && s.seq == c.nxt - 1);
			probes++;
			inject(c.nic, &(struct seg){.seq = c.rcv,
						    .ack = c.nxt,
						    .flags = TCP_ACK,
						    .wnd = NO_WINDOW});
		}
	}
	cr_assert_eq(c.sk->state, TCP_ESTABLISHED);
	cr_assert(probes > 8 && probes < 30, "%u", probes);
	inject(c.nic, &(struct seg){.seq = c.rcv, .ack = c.nxt, .flags = TCP_ACK});
	cr_assert(sent(c.nic, &s) && s.len == 4 && s.seq == c.nxt);
	conn_close(&c);
}

/* The same when the window is taken back (RFC 9293 MUST-34) while data is on its way. */
WEIR_TEST(tcp_settings, a_window_taken_back_does_not_end_the_connection)
{
	struct conn c;
	u32 asked = 0;

	with(&c, "tcp_retries2", 3);
	conn_handshake(&c, NULL, 0);
	cr_assert_eq(put(c.sk, "wait", 4), 4);
	for (int i = 0; i < 1000; i++) {
		if (count_sent(c.nic, TCP_ACK, U32_MAX)) {
			asked++;
			inject(c.nic, &(struct seg){.seq = c.rcv,
						    .ack = c.nxt,
						    .flags = TCP_ACK,
						    .wnd = NO_WINDOW});
		}
		host_advance(NSEC_PER_SEC);
	}
	cr_assert_eq(c.sk->state, TCP_ESTABLISHED);
	cr_assert(asked > 8 && asked < 30, "%u", asked);
	conn_close(&c);
}

WEIR_TEST(tcp_settings, tcp_orphan_retries)
{
	struct conn c;

	with(&c, "tcp_orphan_retries", 2);
	conn_handshake(&c, NULL, 0);
	cr_assert_eq(put(c.sk, "lost", 4), 4);
	nic_forget(c.nic);
	sock_close(c.sk);
	host_advance(60 * NSEC_PER_SEC);
	cr_assert_eq(count_sent(c.nic, TCP_ACK, 4), 3); /* 1.4 s after the first it ends */
	cr_assert_eq(c.net->tcp->nr, 0);
	sock_close(c.listener);
}

WEIR_TEST(tcp_settings, tcp_fin_timeout)
{
	struct conn c;

	with(&c, "tcp_fin_timeout", 7);
	conn_handshake(&c, NULL, 0);
	sock_close(c.sk);
	inject(c.nic, &(struct seg){.seq = c.rcv, .ack = c.nxt + 1, .flags = TCP_ACK});
	host_advance(6 * NSEC_PER_SEC);
	cr_assert_eq(c.net->tcp->nr, 1);
	host_advance(2 * NSEC_PER_SEC);
	cr_assert_eq(c.net->tcp->nr, 0);
	sock_close(c.listener);
}

/* RFC 9293 s3.8.4 */
WEIR_TEST(tcp_settings, tcp_keepalive_time_intvl_probes)
{
	struct conn c;

	with(&c, "tcp_keepalive_time", 10);
	CTL(c.net, "sysctl -w net.ipv4.tcp_keepalive_intvl=2");
	CTL(c.net, "sysctl -w net.ipv4.tcp_keepalive_probes=3");
	conn_handshake(&c, NULL, 0);
	set_int(c.sk, SOL_SOCKET, SO_KEEPALIVE, 1);
	host_advance(9 * NSEC_PER_SEC);
	EXPECT_NOTHING(c.nic);
	host_advance(2 * NSEC_PER_SEC);
	cr_assert_eq(count_sent(c.nic, TCP_ACK, 0), 1);
	inject(c.nic, &(struct seg){.seq = c.rcv, .ack = c.nxt, .flags = TCP_ACK});
	host_advance(9 * NSEC_PER_SEC);
	EXPECT_NOTHING(c.nic);
	host_advance(8 * NSEC_PER_SEC);
	cr_assert_eq(count_sent(c.nic, TCP_ACK, 0), 4); /* three questions and a reset */
	cr_assert_eq(get(c.sk), -ETIMEDOUT);
	conn_close(&c);
}

WEIR_TEST(tcp_settings, tcp_rfc1337)
{
	for (int on = 0; on < 2; on++) {
		struct conn c;

		with(&c, "tcp_rfc1337", on);
		conn_handshake(&c, NULL, 0);
		sock_close(c.sk);
		inject(c.nic,
		       &(struct seg){.seq = c.rcv, .ack = c.nxt + 1, .flags = TCP_FIN | TCP_ACK});
		cr_assert_eq(c.net->tcp->nr_timewaits, 1);
		inject(c.nic, &(struct seg){.seq = c.rcv + 1, .flags = TCP_RST});
		cr_assert_eq(c.net->tcp->nr_timewaits, on);
		sock_close(c.listener);
		nic_forget(c.nic);
		harness_end();
		harness_begin();
	}
}

/* RFC 9293 MAY-2, RFC 6191: a new connection need not wait for the old one's end. */
WEIR_TEST(tcp_settings, a_later_syn_ends_time_wait)
{
	struct conn c;
	struct seg s;

	with(&c, "tcp_max_tw_buckets", 5);
	conn_handshake(&c, NULL, 0);
	sock_close(c.sk);
	inject(c.nic, &(struct seg){.seq = c.rcv, .ack = c.nxt + 1, .flags = TCP_FIN | TCP_ACK});
	nic_forget(c.nic);
	inject(c.nic, &(struct seg){.seq = c.rcv - 100, .flags = TCP_SYN});
	cr_assert(sent(c.nic, &s) && s.flags == TCP_ACK);
	inject(c.nic, &(struct seg){.seq = c.rcv + 100, .flags = TCP_SYN});
	cr_assert(sent(c.nic, &s) && s.flags == (TCP_SYN | TCP_ACK) && s.ack == c.rcv + 101);
	cr_assert_eq(c.net->tcp->nr_timewaits, 0);
	sock_close(c.listener);
}

/* The same by timestamp, whatever the number; and an old one's is not enough (PAWS). */
WEIR_TEST(tcp_settings, a_syn_with_a_later_timestamp_ends_time_wait)
{
	char opt[] = "\x01\x01\x08\x0a\0\0\x03\xe8\0\0\0\0";
	struct conn c;
	struct seg s;

	conn_listen(&c);
	conn_handshake(&c, opt, 12);
	sock_close(c.sk);
	inject(c.nic, &(struct seg){.seq = c.rcv,
				    .ack = c.nxt + 1,
				    .flags = TCP_FIN | TCP_ACK,
				    .opt = opt,
				    .optlen = 12});
	cr_assert_eq(c.net->tcp->nr_timewaits, 1);
	for (int i = -1; i < 2; i++) {
		opt[7] = (char)(0xe8 + i);
		nic_forget(c.nic);
		host_advance(NSEC_PER_SEC);
		inject(c.nic,
		       &(struct seg){
			       .seq = c.rcv - 5000, .flags = TCP_SYN, .opt = opt, .optlen = 12});
		cr_assert(sent(c.nic, &s) && s.flags == (i < 1 ? TCP_ACK : TCP_SYN | TCP_ACK));
	}
	cr_assert(after(s.seq, c.nxt + 65535));
	cr_assert_eq(c.net->tcp->nr_timewaits, 0);
	sock_close(c.listener);
}

WEIR_TEST(tcp_settings, tcp_max_tw_buckets)
{
	struct conn c;

	with(&c, "tcp_max_tw_buckets", 0);
	conn_handshake(&c, NULL, 0);
	sock_close(c.sk);
	inject(c.nic, &(struct seg){.seq = c.rcv, .ack = c.nxt + 1, .flags = TCP_FIN | TCP_ACK});
	cr_assert_eq(c.net->tcp->nr, 0);
	EXPECT_MIB(c.net, LINUX_MIB_TCPTIMEWAITOVERFLOW, 1);
	nic_forget(c.nic);
	sock_close(c.listener);
}

WEIR_TEST(tcp_settings, tcp_max_orphans)
{
	struct conn c;

	with(&c, "tcp_max_orphans", 0);
	conn_handshake(&c, NULL, 0);
	sock_close(c.sk);
	cr_assert_eq(c.net->tcp->nr, 0);
	EXPECT_MIB(c.net, LINUX_MIB_TCPABORTONMEMORY, 1);
	cr_assert_eq(count_sent(c.nic, TCP_RST, 0), 1);
	sock_close(c.listener);
}

WEIR_TEST(tcp_settings, tcp_max_syn_backlog)
{
	struct conn c;

	with(&c, "tcp_max_syn_backlog", 2);
	CTL(c.net, "sysctl -w net.ipv4.tcp_syncookies=0");
	for (u16 i = 0; i < 10; i++)
		inject(c.nic, &(struct seg){.sport = 5000 + i, .seq = IRS, .flags = TCP_SYN});
	cr_assert_eq(c.net->tcp->nr, 3);
	nic_forget(c.nic);
	sock_close(c.listener);
}

WEIR_TEST(tcp_settings, somaxconn)
{
	struct conn c;

	conn_listen(&c);
	CTL(c.net, "sysctl -w net.core.somaxconn=3");
	cr_assert_eq(sock_listen(c.listener, 100), 0);
	for (u16 i = 0; i < 10; i++)
		inject(c.nic, &(struct seg){.sport = 5000 + i, .seq = IRS, .flags = TCP_SYN});
	cr_assert_eq(c.net->tcp->nr, 3);
	nic_forget(c.nic);
	sock_close(c.listener);
}

/* Connections that nobody accepts: the last ACK of one too many counts for nothing, or is answered with a reset. */
WEIR_TEST(tcp_settings, tcp_abort_on_overflow)
{
	for (int on = 0; on < 2; on++) {
		u32 ack[10];
		struct conn c;
		struct seg s;

		with(&c, "tcp_abort_on_overflow", on);
		cr_assert_eq(sock_listen(c.listener, 9), 0);
		for (u16 i = 0; i < 9; i++) {
			inject(c.nic,
			       &(struct seg){.sport = 5000 + i, .seq = IRS, .flags = TCP_SYN});
			cr_assert(sent(c.nic, &s));
			ack[i] = s.seq + 1;
		}
		cr_assert_eq(sock_listen(c.listener, 7), 0);
		for (u16 i = 0; i < 9; i++)
			inject(c.nic, &(struct seg){.sport = 5000 + i,
						    .seq = IRS + 1,
						    .ack = ack[i],
						    .flags = TCP_ACK});
		cr_assert_eq(count_sent(c.nic, TCP_RST, 0), on);
		EXPECT_MIB(c.net, LINUX_MIB_LISTENOVERFLOWS, 1);
		sock_close(c.listener);
		nic_forget(c.nic);
		harness_end();
		harness_begin();
	}
}

WEIR_TEST(tcp_settings, tcp_challenge_ack_limit)
{
	struct conn c;

	with(&c, "tcp_challenge_ack_limit", 0);
	conn_handshake(&c, NULL, 0);
	inject(c.nic, &(struct seg){.seq = c.rcv + 5, .flags = TCP_RST});
	EXPECT_NOTHING(c.nic);
	EXPECT_MIB(c.net, LINUX_MIB_TCPACKSKIPPEDCHALLENGE, 1);
	conn_close(&c);
}

static u32 challenges_of_a_second(struct net *net)
{
	u32 n = 0;

	host_advance(NSEC_PER_SEC);
	net->now = plat_now();
	while (tcp_challenge_allowed(net))
		n++;
	net->now = 0;
	return n;
}

/* RFC 5961 s7, CVE-2016-5696: about so many, but nobody can count on it. One half-open connection has its own limit. */
WEIR_TEST(tcp_settings, nobody_counts_challenges)
{
	u32 first, differ = 0;
	struct conn c;
	struct seg s;

	with(&c, "tcp_challenge_ack_limit", 100);
	first = challenges_of_a_second(c.net);
	for (int i = 0; i < 20; i++) {
		u32 n = challenges_of_a_second(c.net);

		cr_assert(n >= 50 && n < 150, "%u", n);
		differ += n != first;
	}
	cr_assert_gt(differ, 10U);
	host_advance(NSEC_PER_SEC);
	inject(c.nic, &(struct seg){.seq = IRS, .flags = TCP_SYN});
	cr_assert(sent(c.nic, &s));
	for (u32 i = 1; i <= 40; i++)
		inject(c.nic, &(struct seg){.seq = IRS + 1 + i, .flags = TCP_RST});
	cr_assert_eq(count_sent(c.nic, TCP_ACK, 0), 1);
	sock_close(c.listener);
}

WEIR_TEST(tcp_settings, tcp_dsack)
{
	for (int on = 0; on < 2; on++) {
		struct conn c;

		with(&c, "tcp_dsack", on);
		conn_handshake(&c, "\x01\x01\x04\x02", 4);
		for (int i = 0; i < 2; i++)
			inject(c.nic,
			       &(struct seg){
				       .seq = c.rcv, .ack = c.nxt, .flags = TCP_ACK, .len = 10});
		EXPECT_MIB(c.net, LINUX_MIB_TCPDSACKOLDSENT, on);
		conn_close(&c);
		harness_end();
		harness_begin();
	}
}

static int get_int(struct sock *sk, int name)
{
	u32 len = sizeof(int);
	int v;

	cr_assert_eq(sock_getsockopt(sk, SOL_SOCKET, name, &v, &len), 0);
	return v;
}

WEIR_TEST(tcp_settings, tcp_rmem_and_tcp_wmem)
{
	struct net *net = stack_new();
	struct sock *sk;

	CTL(net, "sysctl -w \"net.ipv4.tcp_rmem=4096 50000 60000\"");
	CTL(net, "sysctl -w \"net.ipv4.tcp_wmem=4096 30000 40000\"");
	cr_assert_eq(sock_create(net, AF_INET, SOCK_STREAM, 0, &sk), 0);
	cr_assert_eq(get_int(sk, SO_RCVBUF), 50000);
	cr_assert_eq(get_int(sk, SO_SNDBUF), 30000);
	sock_close(sk);
}

/* Two windows' worth may be written at once, from the beginning; not if the program has said how much. */
WEIR_TEST(tcp_settings, the_first_window_is_written_at_once)
{
	static const char text[2 * TCP_INIT_CWND * TCP_MSS_DEFAULT];

	for (int locked = 0; locked < 2; locked++) {
		struct conn c;
		long n;

		conn_listen(&c);
		if (locked)
			set_int(c.listener, SOL_SOCKET, SO_SNDBUF, 4000);
		conn_handshake(&c, NULL, 0);
		n = put(c.sk, text, sizeof(text));
		cr_assert(locked ? n < 8000 : n == sizeof(text), "%ld", n);
		cr_assert_eq(count_sent(c.nic, TCP_ACK, TCP_MSS_DEFAULT),
			     min((u32)n / TCP_MSS_DEFAULT, (u32)TCP_INIT_CWND));
		conn_close(&c);
		harness_end();
		harness_begin();
	}
}

/* The buffer grows with what the program takes in a round trip. */
WEIR_TEST(tcp_settings, tcp_moderate_rcvbuf)
{
	for (int on = 0; on < 2; on++) {
		struct conn c;
		u32 first;

		with(&c, "tcp_moderate_rcvbuf", on);
		conn_handshake(&c, NULL, 0);
		first = c.sk->rcvbuf;
		for (int i = 0; i < 2000; i++) {
			inject(c.nic,
			       &(struct seg){
				       .seq = c.rcv, .ack = c.nxt, .flags = TCP_ACK, .len = 100});
			c.rcv += 100;
			cr_assert_eq(get(c.sk), 100);
		}
		host_advance(NSEC_PER_SEC);
		inject(c.nic,
		       &(struct seg){.seq = c.rcv, .ack = c.nxt, .flags = TCP_ACK, .len = 1});
		cr_assert_eq(get(c.sk), 1);
		cr_assert_eq(c.sk->rcvbuf > first, on);
		conn_close(&c);
		harness_end();
		harness_begin();
	}
}

/* RFC 5681 s4.1 */
WEIR_TEST(tcp_settings, tcp_slow_start_after_idle)
{
	for (int on = 0; on < 2; on++) {
		struct conn c;

		with(&c, "tcp_slow_start_after_idle", on);
		conn_handshake(&c, NULL, 0);
		tcp_sk(c.sk)->snd_cwnd = 80;
		tcp_sk(c.sk)->last_snd = plat_now();
		host_advance(100 * NSEC_PER_SEC);
		cr_assert_eq(put(c.sk, "x", 1), 1);
		cr_assert_eq(tcp_sk(c.sk)->snd_cwnd, on ? TCP_INIT_CWND : 80);
		conn_close(&c);
		harness_end();
		harness_begin();
	}
}

/* Who offers segments of a few bytes gets larger ones all the same: each costs as much as a full one. */
WEIR_TEST(tcp_settings, tcp_min_snd_mss)
{
	struct conn c;
	struct seg s;

	with(&c, "tcp_min_snd_mss", 500);
	conn_handshake(&c, "\x02\x04\x00\x10", 4);
	cr_assert_eq(tcp_sk(c.sk)->mss_clamp, TCP_MIN_SNDMSS);
	cr_assert_eq(put(c.sk, mss_text, sizeof(mss_text)), (long)sizeof(mss_text));
	cr_assert(sent(c.nic, &s) && s.len == 500, "%u", s.len);
	conn_close(&c);
}

/* A connection of ours to the peer's port 80, with timestamps, and its end: ours is the side that waits. */
static void active_until_time_wait(struct conn *c, u32 *isn)
{
	static const char stamp[] = "\x01\x01\x08\x0a\0\0\x1e\x61\0\0\0\0";
	struct sock_addr to = {PEER, CPU_TO_BE16(80)};
	struct seg s = {.sport = 80, .dport = 40000, .opt = stamp, .optlen = 12};
	struct seg out;

	cr_assert_eq(sock_create(c->net, AF_INET, SOCK_STREAM, 0, &c->sk), 0);
	cr_assert_eq(sock_connect(c->sk, &to, true), -EINPROGRESS);
	cr_assert(sent(c->nic, &out), "nothing");
	cr_assert_eq(out.flags, TCP_SYN); /* and nothing urgent */
	*isn = out.seq;
	s.seq = IRS;
	s.ack = out.seq + 1;
	s.flags = TCP_SYN | TCP_ACK;
	inject(c->nic, &s);
	cr_assert_eq(c->sk->state, TCP_ESTABLISHED);
	sock_close(c->sk);
	s.seq = IRS + 1;
	s.ack = *isn + 2;
	s.flags = TCP_FIN | TCP_ACK;
	inject(c->nic, &s);
	cr_assert_eq(c->net->tcp->nr_timewaits, 1);
	nic_forget(c->nic);
}

/* Two timestamps' clocks apart, the ends may serve again at once; the new connection begins beyond the old one. */
WEIR_TEST(tcp_settings, tcp_tw_reuse)
{
	struct sock_addr to = {PEER, CPU_TO_BE16(80)};

	for (int how = 0; how < 3; how++) {
		struct conn c;
		struct seg s;
		u32 isn;

		with(&c, "tcp_tw_reuse", how);
		CTL(c.net, "sysctl -w net.ipv4.ip_local_port_range=\"40000 40000\"");
		active_until_time_wait(&c, &isn);
		cr_assert_eq(sock_create(c.net, AF_INET, SOCK_STREAM, 0, &c.sk), 0);
		host_advance(NSEC_PER_SEC / 2);
		cr_assert_eq(sock_connect(c.sk, &to, true), -EADDRNOTAVAIL);
		host_advance(NSEC_PER_SEC);
		cr_assert_eq(sock_connect(c.sk, &to, true),
			     how == 1 ? -EINPROGRESS : -EADDRNOTAVAIL); /* 2: over lo */
		EXPECT_MIB(c.net, LINUX_MIB_TIMEWAITRECYCLED, how == 1);
		cr_assert_eq(sent(c.nic, &s), how == 1);
		if (how == 1)
			cr_assert(s.flags == TCP_SYN && after(s.seq, isn + 65535));
		sock_close(c.sk);
		nic_forget(c.nic);
		sock_close(c.listener);
		harness_end();
		harness_begin();
	}
}

/* An ACK alone is not worth a program's time; data is, and so is the end of the time. */
WEIR_TEST(tcp_settings, tcp_defer_accept)
{
	int v = 5;
	u32 len = sizeof(v);
	struct conn c;
	struct seg s;

	conn_listen(&c);
	set_int(c.listener, SOL_TCP, TCP_DEFER_ACCEPT, v);
	cr_assert_eq(sock_getsockopt(c.listener, SOL_TCP, TCP_DEFER_ACCEPT, &v, &len), 0);
	cr_assert_eq(v, 7); /* 1 + 2 + 4 */
	for (int late = 0; late < 2; late++) {
		struct seg ack = {.sport = 6000 + late, .seq = IRS + 1, .flags = TCP_ACK};

		inject(c.nic, &(struct seg){.sport = 6000 + late, .seq = IRS, .flags = TCP_SYN});
		cr_assert(sent(c.nic, &s));
		ack.ack = s.seq + 1;
		inject(c.nic, &ack);
		EXPECT_MIB(c.net, LINUX_MIB_TCPDEFERACCEPTDROP, late + 1);
		cr_assert_eq(sock_accept(c.listener, true, &c.sk, NULL), -EAGAIN);
		ack.len = late ? 0 : 10;
		if (late) {
			host_advance(6500 * NSEC_PER_MSEC);
			EXPECT_NOTHING(c.nic);
			host_advance(NSEC_PER_SEC);
			cr_assert(sent(c.nic, &s) && s.flags == (TCP_SYN | TCP_ACK));
		}
		inject(c.nic, &ack);
		cr_assert_eq(sock_accept(c.listener, true, &c.sk, NULL), 0);
		sock_close(c.sk);
		nic_forget(c.nic);
	}
	inject(c.nic, &(struct seg){.sport = 6000, .seq = IRS + 11, .flags = TCP_RST});
	inject(c.nic, &(struct seg){.sport = 6001, .seq = IRS + 1, .flags = TCP_RST});
	sock_close(c.listener);
}

WEIR_TEST(tcp_settings, a_handshake_that_is_reset_is_counted)
{
	struct conn c;

	conn_listen(&c);
	inject(c.nic, &(struct seg){.seq = IRS, .flags = TCP_SYN});
	inject(c.nic, &(struct seg){.seq = IRS + 1, .flags = TCP_RST});
	EXPECT_MIB(c.net, LINUX_MIB_EMBRYONICRSTS, 1);
	EXPECT_MIB(c.net, TCP_MIB_ATTEMPTFAILS, 1);
	nic_forget(c.nic);
	sock_close(c.listener);
}

WEIR_TEST(tcp_settings, tcp_invalid_ratelimit)
{
	for (int ms = 0; ms < 200; ms += 100) {
		struct conn c;

		with(&c, "tcp_invalid_ratelimit", ms);
		conn_handshake(&c, NULL, 0);
		for (int i = 0; i < 50; i++) {
			inject(c.nic,
			       &(struct seg){.seq = c.rcv - 1000, .ack = c.nxt, .flags = TCP_ACK});
			host_advance(10 * NSEC_PER_MSEC);
		}
		cr_assert_eq(count_sent(c.nic, TCP_ACK, 0), ms ? 5 : 50);
		EXPECT_MIB(c.net, LINUX_MIB_TCPACKSKIPPEDSEQ, ms ? 45 : 0);
		conn_close(&c);
		harness_end();
		harness_begin();
	}
}

/* Where the pointer points to the urgent octet itself, as RFC 1122 had it. */
WEIR_TEST(tcp_settings, tcp_stdurg)
{
	for (int on = 0; on < 2; on++) {
		struct conn c;

		with(&c, "tcp_stdurg", on);
		conn_handshake(&c, NULL, 0);
		inject(c.nic, &(struct seg){.seq = c.rcv,
					    .ack = c.nxt,
					    .flags = TCP_ACK | TCP_URG,
					    .urg = 3,
					    .len = 6,
					    .data = (const u8 *)"abcdef"});
		cr_assert_eq((u8)tcp_sk(c.sk)->urg_data, on ? 'd' : 'c');
		conn_close(&c);
		harness_end();
		harness_begin();
	}
}

/* The same without a socket: a SYN again and again, and what TIME-WAIT should not get. */
WEIR_TEST(tcp_settings, answers_of_small_objects_are_few)
{
	struct conn c;

	conn_listen(&c);
	for (int i = 0; i < 20; i++)
		inject(c.nic, &(struct seg){.sport = 5000, .seq = IRS, .flags = TCP_SYN});
	cr_assert_eq(count_sent(c.nic, TCP_SYN | TCP_ACK, 0), 2); /* the first, and the second */
	EXPECT_MIB(c.net, LINUX_MIB_TCPACKSKIPPEDSYNRECV, 18);
	conn_handshake(&c, NULL, 0);
	sock_close(c.sk);
	nic_forget(c.nic);
	inject(c.nic, &(struct seg){.seq = c.rcv, .ack = c.nxt + 1, .flags = TCP_FIN | TCP_ACK});
	for (int i = 0; i < 20; i++)
		inject(c.nic,
		       &(struct seg){
			       .seq = c.rcv - 9, .ack = c.nxt + 1, .flags = TCP_ACK, .len = 9});
	cr_assert_eq(count_sent(c.nic, TCP_ACK, 0), 2); /* of the FIN, and one more */
	EXPECT_MIB(c.net, LINUX_MIB_TCPACKSKIPPEDTIMEWAIT, 19);
	sock_close(c.listener);
}
