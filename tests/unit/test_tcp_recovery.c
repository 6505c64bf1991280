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

static void flow_begin(struct flow *f, bool sack, const char *setting)
{
	conn_listen(&f->c);
	if (setting)
		CTL(f->c.net, "sysctl -qw net.ipv4.%s", setting);
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
static void warm_up_with(struct flow *f, bool with_sack, const char *setting)
{
	flow_begin(f, with_sack, setting);
	tp_of(f)->srtt = 0; /* the handshake took no time */
	tcp_rtt_sample(tp_of(f), 50000);
	write_segs(f, 10);
	EXPECT_OUT(f, "0 1 2 3 4 5 6 7 8 9 ");
	host_advance(50 * MSEC);
	ack(f, 10, 0, NULL);
	cr_assert_eq(tp_of(f)->snd_cwnd, 20);
	f->base += 10 * MSS;
}

static void warm_up(struct flow *f, bool with_sack)
{
	warm_up_with(f, with_sack, NULL);
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

/* The same if an ACK tells of the first of a burst and of the later ones: all that is missing goes out, without a delay. */
WEIR_TEST(tcp_recovery, losses_in_the_midst_of_a_burst)
{
	const u32 b[2][2] = {{3, 4}, {6, 10}};
	struct flow f;

	warm_up(&f, true);
	write_segs(&f, 10);
	EXPECT_OUT(&f, "0 1 2 3 4 5 6 7 8 9 ");
	host_advance(50 * MSEC);
	ack(&f, 1, 2, b);
	EXPECT_OUT(&f, "1 2 4 5 ");
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

/* RFC 6582: without SACK each partial ACK names the next that is missing. */
WEIR_TEST(tcp_recovery, newreno_repairs_one_loss_in_a_round_trip)
{
	struct flow f;

	warm_up(&f, false);
	write_segs(&f, 20);
	EXPECT_OUT(&f, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ");
	host_advance(50 * MSEC);
	ack(&f, 2, 0, NULL); /* 2 and 5 are lost */
	for (int i = 0; i < 2; i++)
		ack(&f, 2, 0, NULL);
	EXPECT_OUT(&f, "");
	ack(&f, 2, 0, NULL);
	EXPECT_OUT(&f, "2 ");
	for (int i = 0; i < 13; i++)
		ack(&f, 2, 0, NULL);
	host_advance(50 * MSEC);
	EXPECT_OUT(&f, "");
	ack(&f, 5, 0, NULL);
	EXPECT_OUT(&f, "5 ");
	host_advance(50 * MSEC);
	ack(&f, 20, 0, NULL);
	cr_assert_eq(tp_of(&f)->ca_state,
		     TCP_CA_RECOVERY); /* late duplicates could begin another */
	write_segs(&f, 1);
	ack(&f, 21, 0, NULL);
	cr_assert_eq(tp_of(&f)->ca_state, TCP_CA_OPEN);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPRENORECOVERY, 1);
	EXPECT_MIB(f.c.net, TCP_MIB_RETRANSSEGS, 2);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPTIMEOUTS, 0);
	flow_end(&f);
}

/* RFC 3042: each of the first two duplicates lets one new segment out, and takes no room of the window. */
WEIR_TEST(tcp_recovery, limited_transmit_without_sack)
{
	struct flow f;

	warm_up(&f, false);
	write_segs(&f, 30);
	EXPECT_OUT(&f, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ");
	host_advance(50 * MSEC);
	ack(&f, 0, 0, NULL);
	EXPECT_OUT(&f, "20 ");
	ack(&f, 0, 0, NULL);
	EXPECT_OUT(&f, "21 ");
	cr_assert_eq(tp_of(&f)->snd_cwnd, 20);
	ack(&f, 0, 0, NULL);
	EXPECT_OUT(&f, "0 ");
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPRENORECOVERY, 1);
	flow_end(&f);
}

/* RFC 5681 s3.1: what duplicates have told of before makes the window no larger when it is acknowledged. */
WEIR_TEST(tcp_recovery, reordering_does_not_open_the_window_without_sack)
{
	struct flow f;

	warm_up(&f, false);
	write_segs(&f, 30);
	(void)out(&f);
	ack(&f, 0, 0, NULL);
	ack(&f, 0, 0, NULL);
	ack(&f, 3, 0, NULL); /* two of them are known */
	cr_assert_eq(tp_of(&f)->snd_cwnd, 21);
	ack(&f, 5, 0, NULL);
	cr_assert_eq(tp_of(&f)->snd_cwnd, 23);
	flow_end(&f);
}

/* RFC 6675: with RACK off three segments above make one lost, whatever the time. */
WEIR_TEST(tcp_recovery, tcp_recovery_0_counts_segments)
{
	const u32 b[2][2] = {{8, 9}, {4, 6}};
	struct flow f;

	warm_up(&f, true);
	CTL(f.c.net, "sysctl -qw net.ipv4.tcp_recovery=0");
	write_segs(&f, 12);
	EXPECT_OUT(&f, "0 1 2 3 4 5 6 7 8 9 10 11 ");
	host_advance(50 * MSEC);
	ack(&f, 2, 2, b); /* three above 2 and 3, one above 6 and 7 */
	EXPECT_OUT(&f, "2 3 ");
	cr_assert_eq(tp_of(&f)->lost_out, 2);
	sack(&f, 2, 8, 11);
	EXPECT_OUT(&f, "6 7 ");
	flow_end(&f);
}

/* What RACK has learnt of reordering it waits for: a quarter of a round trip (RFC 8985 s6.2). */
WEIR_TEST(tcp_recovery, after_reordering_time_decides)
{
	struct flow f;

	warm_up(&f, true);
	write_segs(&f, 20);
	EXPECT_OUT(&f, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ");
	host_advance(50 * MSEC);
	sack(&f, 0, 1, 3);
	ack(&f, 3, 0, NULL); /* 0 came late */
	cr_assert_eq(tp_of(&f)->reord_seen, 1);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPSACKREORDER, 1);
	sack(&f, 3, 4, 10);
	EXPECT_OUT(&f, "");
	host_advance(10 * MSEC);
	EXPECT_OUT(&f, "");
	host_advance(10 * MSEC); /* 12.5 ms have passed */
	EXPECT_OUT(&f, "3 ");
	cr_assert_eq(tp_of(&f)->ca_state, TCP_CA_RECOVERY);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPTIMEOUTS, 0);
	flow_end(&f);
}

/* RFC 3708: all that was sent again had come; what was taken back is given again. */
WEIR_TEST(tcp_recovery, a_dsack_undoes_the_reduction)
{
	const u32 b[1][2] = {{0, 1}};
	struct flow f;

	warm_up(&f, true);
	write_segs(&f, 20);
	(void)out(&f);
	host_advance(50 * MSEC);
	sack(&f, 0, 1, 6);
	EXPECT_OUT(&f, "0 ");
	cr_assert_lt(tp_of(&f)->snd_ssthresh, 20);
	ack(&f, 6, 0, NULL); /* the original */
	host_advance(30 * MSEC);
	ack(&f, 7, 1, b); /* and the other */
	cr_assert_eq(tp_of(&f)->snd_ssthresh, TCP_INFINITE_SSTHRESH);
	cr_assert_geq(tp_of(&f)->snd_cwnd, 20);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPDSACKUNDO, 1);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPDSACKRECV, 1);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPDSACKRECVSEGS, 1);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPORIGDATASENT,
		   tp_of(&f)->data_segs_out - tp_of(&f)->total_retrans);
	flow_end(&f);
}

/* RFC 5682: after a timeout the first ACKs are of what was sent once: the network was slow. */
WEIR_TEST(tcp_recovery, f_rto_finds_a_timeout_spurious)
{
	struct flow f;

	warm_up(&f, true);
	CTL(f.c.net, "sysctl -qw net.ipv4.tcp_early_retrans=0");
	write_segs(&f, 10);
	EXPECT_OUT(&f, "0 1 2 3 4 5 6 7 8 9 ");
	host_advance(700 * MSEC);
	EXPECT_OUT(&f, "0 ");
	cr_assert_eq(tp_of(&f)->ca_state, TCP_CA_LOSS);
	write_segs(&f, 4);
	ack(&f, 1, 0, NULL);
	EXPECT_OUT(&f, "10 11 "); /* new data, not old */
	ack(&f, 2, 0, NULL);
	cr_assert_eq(tp_of(&f)->ca_state, TCP_CA_OPEN);
	cr_assert_geq(tp_of(&f)->snd_cwnd, 20);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPSPURIOUSRTOS, 1);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPTIMEOUTS, 1);
	EXPECT_MIB(f.c.net, TCP_MIB_RETRANSSEGS, 1);
	flow_end(&f);
}

/* The same when the loss was real, and with F-RTO off: slow start over what is missing. */
WEIR_TEST(tcp_recovery, a_timeout_that_was_right)
{
	struct flow f;

	warm_up(&f, true);
	CTL(f.c.net, "sysctl -qw net.ipv4.tcp_early_retrans=0");
	CTL(f.c.net, "sysctl -qw net.ipv4.tcp_frto=0");
	write_segs(&f, 6);
	(void)out(&f);
	host_advance(700 * MSEC);
	EXPECT_OUT(&f, "0 ");
	ack(&f, 1, 0, NULL);
	EXPECT_OUT(&f, "1 2 ");
	ack(&f, 3, 0, NULL);
	EXPECT_OUT(&f, "3 4 5 ");
	ack(&f, 6, 0, NULL);
	cr_assert_eq(tp_of(&f)->ca_state, TCP_CA_OPEN);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPSLOWSTARTRETRANS, 5);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPLOSSUNDO, 0);
	flow_end(&f);
}

/* The retransmission is lost as well: found by time, without the timer (RFC 8985 s3.2). */
WEIR_TEST(tcp_recovery, a_lost_retransmission_is_found)
{
	struct flow f;

	warm_up(&f, true);
	write_segs(&f, 30);
	(void)out(&f);
	host_advance(50 * MSEC);
	sack(&f, 0, 1, 10);
	cr_assert_eq(strncmp(out(&f), "0 ", 2), 0);
	sack(&f, 0, 1, 20);
	cr_assert(strlen(out(&f)) > 2);
	host_advance(50 * MSEC);
	sack(&f, 0, 1, 21); /* sent after 0 was sent again */
	host_advance(20 * MSEC);
	cr_assert_eq(strncmp(out(&f), "0 ", 2), 0);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPLOSTRETRANSMIT, 1);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPTIMEOUTS, 0);
	flow_end(&f);
}

/* A probe that was not needed is answered by a DSACK, and costs nothing. */
WEIR_TEST(tcp_recovery, a_probe_in_vain_reduces_nothing)
{
	const u32 b[1][2] = {{3, 4}};
	struct flow f;

	warm_up(&f, true);
	write_segs(&f, 4);
	(void)out(&f);
	host_advance(120 * MSEC);
	EXPECT_OUT(&f, "3 ");
	ack(&f, 4, 0, NULL);
	ack(&f, 4, 1, b);
	cr_assert_eq(tp_of(&f)->tlp_high_seq, 0);
	write_segs(&f, 1);
	ack(&f, 5, 0, NULL);
	cr_assert_eq(tp_of(&f)->snd_ssthresh, TCP_INFINITE_SSTHRESH);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPLOSSPROBES, 1);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPLOSSPROBERECOVERY, 0);
	flow_end(&f);
}

/* RFC 8985 s7.4.2: the probe has repaired what was lost; that counts as one loss. */
WEIR_TEST(tcp_recovery, a_probe_that_repairs_is_a_loss)
{
	struct flow f;

	warm_up(&f, true);
	write_segs(&f, 4);
	(void)out(&f);
	host_advance(50 * MSEC);
	ack(&f, 3, 0, NULL);
	host_advance(320 * MSEC);
	EXPECT_OUT(&f, "3 ");
	ack(&f, 4, 0, NULL);
	write_segs(&f, 1);
	ack(&f, 5, 0, NULL);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPLOSSPROBERECOVERY, 1);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPTIMEOUTS, 0);
	cr_assert_lt(tp_of(&f)->snd_ssthresh, 20);
	flow_end(&f);
}

/* RFC 2018 s8: who takes back what it SACKed is not believed any more. */
WEIR_TEST(tcp_recovery, a_peer_that_takes_sacks_back)
{
	struct flow f;

	warm_up(&f, true);
	write_segs(&f, 10);
	(void)out(&f);
	host_advance(50 * MSEC);
	sack(&f, 0, 1, 10);
	EXPECT_OUT(&f, "0 ");
	host_advance(50 * MSEC);
	ack(&f, 1, 0, NULL); /* 1 was there, they said */
	host_advance(100 * MSEC);
	EXPECT_OUT(&f, "1 ");
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPSACKRENEGING, 1);
	cr_assert_eq(tp_of(&f)->sacked_out, 0);
	ack(&f, 10, 0, NULL);
	cr_assert_eq(tp_of(&f)->ca_state, TCP_CA_OPEN);
	flow_end(&f);
}

/* Blocks of what was not sent, upside down, and of long ago say nothing. */
WEIR_TEST(tcp_recovery, senseless_blocks_are_counted)
{
	const u32 b[3][2] = {{20, 22}, {5, 4}, {0x80000, 0x80001}};
	struct flow f;

	warm_up(&f, true);
	write_segs(&f, 10);
	(void)out(&f);
	ack(&f, 0, 3, b);
	cr_assert_eq(tp_of(&f)->sacked_out, 0);
	EXPECT_MIB(f.c.net, LINUX_MIB_TCPSACKDISCARD, 3);
	EXPECT_OUT(&f, "");
	flow_end(&f);
}

/* How many segments above make one lost, without RACK. */
WEIR_TEST(tcp_recovery, tcp_reordering)
{
	struct flow f;

	warm_up_with(&f, true, "tcp_reordering=6");
	CTL(f.c.net, "sysctl -qw net.ipv4.tcp_recovery=0");
	write_segs(&f, 12);
	(void)out(&f);
	sack(&f, 0, 1, 6);
	EXPECT_OUT(&f, "");
	sack(&f, 0, 1, 7);
	EXPECT_OUT(&f, "0 ");
	flow_end(&f);
}

WEIR_TEST(tcp_recovery, tcp_max_reordering)
{
	struct flow f;

	warm_up_with(&f, true, "tcp_max_reordering=5");
	write_segs(&f, 20);
	(void)out(&f);
	host_advance(50 * MSEC);
	sack(&f, 0, 18, 19);
	ack(&f, 10, 0, NULL);
	cr_assert_eq(tp_of(&f)->reordering, 5);
	flow_end(&f);
}

/* RFC 9293 s3.8.3: after R1 another way is looked for; what was known of the old one shows until then. */
WEIR_TEST(tcp_recovery, tcp_retries1)
{
	const struct pkt *p;
	struct flow f;

	flow_begin(&f, false, "tcp_retries1=0");
	write_segs(&f, 1);
	nic_forget(f.c.nic);
	f.c.sk->route.ip.ttl = 77;
	host_advance(300 * MSEC);
	p = nic_next(f.c.nic);
	cr_assert(p && p->ip.ttl == 77);
	host_advance(500 * MSEC);
	p = nic_next(f.c.nic);
	cr_assert(p && p->ip.ttl == 64);
	flow_end(&f);
}

/* Whatever blocks come, in whatever order: as many are SACKed as a plain array says. */
static void random_blocks(u64 seed)
{
	bool has[60] = {false};
	u32 una = 0, n = 0;
	struct flow f;

	warm_up(&f, true);
	tp_of(&f)->snd_cwnd = 100;
	write_segs(&f, 60);
	for (int i = 0; i < 100 && una < 60; i++) {
		u32 b[3][2], blocks = 1 + rnd_below(3);

		for (u32 k = 0; k < blocks; k++) {
			b[k][0] = una + rnd_below(60 - una);
			b[k][1] = min(b[k][0] + 1 + rnd_below(i % 10 ? 3 : 20), 60U);
			for (u32 j = b[k][0]; j < b[k][1]; j++)
				has[j] = true;
		}
		if (!rnd_below(20))
			has[una] = true;
		while (una < 60 && has[una])
			una++;
		ack(&f, una, blocks, b);
		nic_forget(f.c.nic);
		n = 0;
		for (u32 j = una; j < 60; j++)
			n += has[j];
		cr_assert_eq(tp_of(&f)->sacked_out, n, "seed %u, ACK %d: %u, not %u", (u32)seed, i,
			     tp_of(&f)->sacked_out, n);
		cr_assert_eq(tp_of(&f)->packets_out, 60 - una);
	}
	flow_end(&f);
	harness_end();
	harness_begin();
}

WEIR_TEST(tcp_recovery, the_scoreboard_is_a_plain_one, .timeout = 60)
{
	for (u64 seed = 1; seed <= 100; seed++)
		random_blocks(seed);
}
