/* SPDX-License-Identifier: MIT */
/*
 * Segments by hand: every state of a connection meets every kind of segment (flags x sequence x acknowledgment x text), and
 * must do as RFC 9293 s3.10.7.4 with RFC 5961 says; `oracle()` is that text once more.
 */
#include "tests/unit/tcp_wire.h"

#define FAR_OFF 100000U

enum where { OLD, EXACT, INSIDE, BEYOND, WHERES };

struct outcome {
	u8 state;
	bool ack; /* we answer with an ACK */
};

static bool fin_is_out(u8 state)
{
	return state == TCP_FIN_WAIT1 || state == TCP_CLOSING || state == TCP_LAST_ACK;
}

static struct outcome oracle(u8 state, u8 flags, enum where seq, enum where ack, u32 len)
{
	bool has_fin = state == TCP_CLOSE_WAIT || state == TCP_CLOSING || state == TCP_LAST_ACK;

	if (seq == OLD || seq == BEYOND)
		return (struct outcome){state, !(flags & TCP_RST)};
	if (flags & TCP_RST)
		return (struct outcome){seq == EXACT ? TCP_CLOSE : state, seq != EXACT};
	if (flags & TCP_SYN)
		return (struct outcome){state, true};
	if (!(flags & TCP_ACK))
		return (struct outcome){state, false};
	if (ack == OLD || ack == BEYOND)
		return (struct outcome){state, true};
	if (fin_is_out(state) && ack == INSIDE) { /* INSIDE is all that was sent, EXACT is una */
		if (state == TCP_CLOSING || state == TCP_LAST_ACK)
			return (struct outcome){TCP_CLOSE, false};
		state = TCP_FIN_WAIT2;
	}
	if (!len && !(flags & TCP_FIN))
		return (struct outcome){state, false};
	if (has_fin || seq == INSIDE || !(flags & TCP_FIN))
		return (struct outcome){state, true};
	if (state == TCP_ESTABLISHED)
		return (struct outcome){TCP_CLOSE_WAIT, true};
	return (struct outcome){state == TCP_FIN_WAIT1 ? TCP_CLOSING : TCP_CLOSE, true};
}

#define ALL_FLAGS 64U /* each of FIN, SYN, RST, PSH, ACK, URG or not */

static void one_case(u8 state, u8 flags, enum where seq, enum where ack, u32 len)
{
	static const u32 seq_at[] = {
		[OLD] = -FAR_OFF, [EXACT] = 0, [INSIDE] = 10, [BEYOND] = FAR_OFF * 2};
	struct outcome want = oracle(state, flags, seq, ack, len);
	struct seg s = {.flags = flags, .len = len}, answer;
	struct conn c;
	bool got;

	reach(&c, state);
	s.seq = c.rcv + seq_at[seq];
	s.ack = ack == OLD      ? c.una - FAR_OFF
		: ack == EXACT  ? c.una
		: ack == INSIDE ? c.nxt
				: c.nxt + 1;
	inject(c.nic, &s);
	got = sent(c.nic, &answer);
	cr_assert(c.sk->state == want.state && got == want.ack && (!got || answer.flags == TCP_ACK),
		  "state %u flags %#x seq %d ack %d len %u: state %u, not %u; answer %d (%#x), not "
		  "%d",
		  state, flags, seq, ack, len, c.sk->state, want.state, got, got ? answer.flags : 0,
		  want.ack);
	nic_forget(c.nic);
	sock_close(c.sk);
	sock_close(c.listener);
	harness_end();
	harness_begin();
}

static void every_segment(u8 state)
{
	for (u32 flags = 0; flags < ALL_FLAGS; flags++)
		for (int seq = OLD; seq < WHERES; seq++)
			for (int ack = OLD; ack < WHERES; ack++)
				for (u32 len = 0; len <= 5; len += 5)
					one_case(state, flags, seq, ack, len);
}

WEIR_TEST(tcp_segments, established, .timeout = 60)
{
	every_segment(TCP_ESTABLISHED);
}

WEIR_TEST(tcp_segments, established_without_prediction, .timeout = 60)
{
	conn_step_by_step = true;
	every_segment(TCP_ESTABLISHED);
}

WEIR_TEST(tcp_segments, fin_wait_1, .timeout = 60)
{
	every_segment(TCP_FIN_WAIT1);
}

WEIR_TEST(tcp_segments, fin_wait_2, .timeout = 60)
{
	every_segment(TCP_FIN_WAIT2);
}

WEIR_TEST(tcp_segments, close_wait, .timeout = 60)
{
	every_segment(TCP_CLOSE_WAIT);
}

WEIR_TEST(tcp_segments, closing, .timeout = 60)
{
	every_segment(TCP_CLOSING);
}

WEIR_TEST(tcp_segments, last_ack, .timeout = 60)
{
	every_segment(TCP_LAST_ACK);
}

/* ---- without a connection: RFC 9293 s3.10.7.1, s3.10.7.2; what Linux does is in tests/tap/test_tcp_reactions.py ---- */

static const struct {
	const char *what;
	u16 dport;
	u8 flags;
	u32 len;
	u8 answer; /* 0: none */
	u32 seq, ack;
} lone[] = {
	{"SYN, closed", 81, TCP_SYN, 0, TCP_RST | TCP_ACK, 0, 8},
	{"SYN with data, closed", 81, TCP_SYN, 4, TCP_RST | TCP_ACK, 0, 12},
	{"ACK, closed", 81, TCP_ACK, 0, TCP_RST, 99, 0},
	{"nothing, closed", 81, 0, 0, TCP_RST | TCP_ACK, 0, 7},
	{"FIN, closed", 81, TCP_FIN, 0, TCP_RST | TCP_ACK, 0, 8},
	{"RST, closed", 81, TCP_RST, 0, 0, 0, 0},
	{"RST ACK, closed", 81, TCP_RST | TCP_ACK, 0, 0, 0, 0},
	{"ACK, listening", 80, TCP_ACK, 0, TCP_RST, 99, 0},
	{"SYN ACK, listening", 80, TCP_SYN | TCP_ACK, 0, TCP_RST, 99, 0},
	{"RST, listening", 80, TCP_RST, 0, 0, 0, 0},
	{"SYN RST, listening", 80, TCP_SYN | TCP_RST, 0, 0, 0, 0},
	{"SYN FIN, listening", 80, TCP_SYN | TCP_FIN, 0, 0, 0, 0},
	{"nothing, listening", 80, 0, 0, 0, 0, 0},
	{"FIN, listening", 80, TCP_FIN, 0, 0, 0, 0},
	{"FIN PSH URG, listening", 80, TCP_FIN | TCP_PSH | TCP_URG, 0, 0, 0, 0},
};

WEIR_TEST(tcp_segments, without_a_connection)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *l = listen_on(net, 80, 5);

	for (size_t i = 0; i < ARRAY_SIZE(lone); i++) {
		struct seg answer = {0};
		bool got;

		inject(nic, &(struct seg){.dport = lone[i].dport,
					  .seq = 7,
					  .ack = 99,
					  .flags = lone[i].flags,
					  .len = lone[i].len});
		got = sent(nic, &answer);
		cr_assert(got == (lone[i].answer != 0) && answer.flags == lone[i].answer &&
				  answer.seq == lone[i].seq && answer.ack == lone[i].ack,
			  "%s: %d %#x seq %u ack %u", lone[i].what, got, answer.flags, answer.seq,
			  answer.ack);
	}
	sock_close(l);
}

/* SYN-RECEIVED: a SYN-ACK that nobody answers goes out again, five times, and is forgotten. */
WEIR_TEST(tcp_segments, a_syn_without_more_is_forgotten)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *l = listen_on(net, 80, 5);
	struct seg s;
	int n = 0;

	inject(nic,
	       &(struct seg){.seq = IRS, .flags = TCP_SYN, .opt = "\x02\x04\0\0", .optlen = 4});
	host_advance(100 * NSEC_PER_SEC);
	while (sent(nic, &s))
		n += s.flags == (TCP_SYN | TCP_ACK) && s.ack == IRS + 1;
	cr_assert_eq(n, 6);
	cr_assert_eq(net->tcp->nr, 0);
	sock_close(l);
}

WEIR_TEST(tcp_segments, backlogs_have_limits)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *l = listen_on(net, 80, 8);

	for (u16 i = 0; i < 100; i++)
		inject(nic, &(struct seg){.sport = 1000 + i, .seq = IRS, .flags = TCP_SYN});
	cr_assert_eq(net->tcp->nr, 8);
	EXPECT_MIB(net, LINUX_MIB_TCPREQQFULLDOCOOKIES, 92);
	CTL(net, "sysctl -w net.ipv4.tcp_syncookies=0");
	inject(nic, &(struct seg){.sport = 2000, .seq = IRS, .flags = TCP_SYN});
	EXPECT_MIB(net, LINUX_MIB_TCPREQQFULLDROP, 1);
	nic_forget(nic);
	sock_close(l);
	cr_assert_eq(net->tcp->nr, 0);
}

/* RFC 5961 s3.2: who does not know the sequence number cannot end a connection, and gets few answers. */
WEIR_TEST(tcp_segments, blind_resets_are_challenged_at_most_twice_a_second)
{
	struct conn c;
	struct seg s;
	int n = 0;

	reach(&c, TCP_ESTABLISHED);
	for (u32 i = 1; i <= 100; i++)
		inject(c.nic, &(struct seg){.seq = c.rcv + i, .flags = TCP_RST});
	while (sent(c.nic, &s))
		n++;
	cr_assert_eq(n, 1);
	cr_assert_eq(c.sk->state, TCP_ESTABLISHED);
	sock_close(c.sk);
	sock_close(c.listener);
}
