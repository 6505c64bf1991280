/* SPDX-License-Identifier: MIT */
/* Loss recovery packet by packet, the wire as peer, in virtual time: RFC 6675, RFC 8985, RFC 6582, RFC 5682, RFC 3042, undoing. */
#include "tests/unit/tcp_wire.h"

#include <stdio.h>
#include <string.h>

#define MSS  1000U
#define MSEC NSEC_PER_MSEC

/* A sender with segments of MSS bytes; n counts them from the first. */
static const char sack_syn[] = "\x02\x04\x03\xe8\x01\x01\x04\x02";
static const char plain_syn[] = "\x02\x04\x03\xe8";

struct flow {
	struct conn c;
	u32 base;
};

static void flow_begin(struct flow *f, bool sack)
{
	conn_listen(&f->c);
	if (sack)
		conn_handshake(&f->c, sack_syn, 8);
	else
		conn_handshake(&f->c, plain_syn, 4);
	f->base = f->c.nxt;
	f->c.sk->sndbuf_locked = true;
	f->c.sk->sndbuf = 1000000;
}

static struct tcp_sock *tp_of(struct flow *f)
{
	return tcp_sk(f->c.sk);
}

static void write_segs(struct flow *f, u32 n)
{
	static u8 data[100 * 1000];
	struct sock_iovec iov = {data, (size_t)n * MSS};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	cr_assert_eq(sock_sendmsg(f->c.sk, &msg, MSG_DONTWAIT), (long)(n * MSS));
	host_run();
}

static void put32(u8 *p, u32 v)
{
	p[0] = v >> 24;
	p[1] = v >> 16;
	p[2] = v >> 8;
	p[3] = v;
}

/* An ACK of n segments, with blocks of segments {from, to}, as many as blocks says. */
static void ack(struct flow *f, u32 n, u32 blocks, const u32 (*b)[2])
{
	u8 opt[40] = {1, 1, 5, 2 + 8 * blocks};

	for (u32 i = 0; i < blocks; i++) {
		put32(opt + 4 + 8 * i, f->base + b[i][0] * MSS);
		put32(opt + 8 + 8 * i, f->base + b[i][1] * MSS);
	}
	inject(f->c.nic, &(struct seg){.seq = f->c.rcv,
				       .ack = f->base + n * MSS,
				       .flags = TCP_ACK,
				       .opt = (const char *)opt,
				       .optlen = blocks ? 4 + 8 * blocks : 0});
}

static void sack(struct flow *f, u32 n, u32 from, u32 to)
{
	const u32 b[1][2] = {{from, to}};

	ack(f, n, 1, b);
}

/* The segments sent since the last look, as text: "0 1 2 ". */
static const char *out(struct flow *f)
{
	static char text[400];
	size_t at = 0;
	struct seg s;

	text[0] = 0;
	while (sent(f->c.nic, &s))
		if (s.len && at < sizeof(text) - 12)
			at += snprintf(text + at, sizeof(text) - at, "%u ",
				       (s.seq - f->base) / MSS);
	return text;
}

#define EXPECT_OUT(f, want)                                                    \
	do {                                                                   \
		const char *got_ = out(f);                                     \
		cr_assert(!strcmp(got_, want), "sent %s, not %s", got_, want); \
	} while (0)

/* A round trip of 50 ms is known, the window has 20 segments. */
static void warm_up(struct flow *f, bool with_sack)
{
	flow_begin(f, with_sack);
	write_segs(f, 10);
	EXPECT_OUT(f, "0 1 2 3 4 5 6 7 8 9 ");
	host_advance(50 * MSEC);
	ack(f, 10, 0, NULL);
	cr_assert_eq(tp_of(f)->snd_cwnd, 20);
	f->base += 10 * MSS;
}

static void flow_end(struct flow *f)
{
	const struct tcp_sock *tp = tp_of(f);

	cr_assert(tp->sacked_out + tp->lost_out <= tp->packets_out);
	cr_assert(tp->retrans_out <= tp->packets_out);
	conn_close(&f->c);
}

/* RFC 6675, RFC 8985: three later ones have arrived, the missing one goes out at once; the window halves by and by. */
WEIR_TEST(tcp_recovery, one_loss_is_repaired_without_a_timeout)
{
	struct flow f;

	warm_up(&f, true);
	write_segs(&f, 30);
	EXPECT_OUT(&f, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ");
	host_advance(50 * MSEC);
	sack(&f, 0, 1, 2);
	EXPECT_OUT(&f, "20 "); /* limited transmit: RFC 3042 */
	sack(&f, 0, 1, 3);
	EXPECT_OUT(&f, "21 ");
	sack(&f, 0, 1, 4);
	EXPECT_OUT(&f, "0 ");
	cr_assert_eq(tp_of(&f)->ca_state, TCP_CA_RECOVERY);
	for (u32 i = 5; i <= 20; i++)
		sack(&f, 0, 1, i);
	EXPECT_OUT(&f, "22 23 24 25 26 27 28 29 "); /* 0.7 of 20 in all: RFC 6937 */
	host_advance(50 * MSEC);
	ack(&f, 22, 0, NULL);
	cr_assert_eq(tp_of(&f)->ca_state, TCP_CA_OPEN);
	cr_assert_eq(tp_of(&f)->snd_cwnd, 14);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPSACKRECOVERY, 1);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPFASTRETRANS, 1);
	EXPECT_MIB(f.c.net, TCP_MIB_RETRANSSEGS, 1);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPTIMEOUTS, 0);
	flow_end(&f);
}

/* The last segments of a flight are lost: a probe after two round trips, not a timeout (RFC 8985 s7). */
WEIR_TEST(tcp_recovery, a_lost_tail_is_probed_for)
{
	struct flow f;

	warm_up(&f, true);
	write_segs(&f, 4);
	EXPECT_OUT(&f, "0 1 2 3 ");
	host_advance(50 * MSEC);
	ack(&f, 2, 0, NULL); /* 2 and 3 are lost */
	host_advance(90 * MSEC);
	EXPECT_OUT(&f, "");
	host_advance(30 * MSEC);
	EXPECT_OUT(&f, "3 ");
	host_advance(50 * MSEC);
	sack(&f, 2, 3, 4);
	host_advance(30 * MSEC);
	EXPECT_OUT(&f, "2 ");
	ack(&f, 4, 0, NULL);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPLOSSPROBES, 1);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPTIMEOUTS, 0);
	flow_end(&f);
}
