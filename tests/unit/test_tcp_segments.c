/* SPDX-License-Identifier: MIT */
/*
 * Segments by hand: every state of a connection meets every kind of segment (flags x sequence x acknowledgment x text), and
 * must do as RFC 9293 s3.10.7.4 with RFC 5961 says; `oracle()` is that text once more.
 */
#include <string.h>

#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/sock.h"
#include "net/tcp/tcp_sock.h"
#include "tests/unit/harness.h"

#define US      IP4(10, 0, 0, 1)
#define PEER    IP4(10, 0, 0, 2)
#define IRS     1000U
#define WND     60000U
#define FAR_OFF 100000U

struct seg {
	u16 sport, dport;
	u32 seq, ack;
	u8 flags;
	const char *opt; /* a multiple of 4 bytes */
	u32 optlen, len;
};

/* A connection with the wire as its peer; una and nxt are ours, rcv is what we expect next. */
struct conn {
	struct net *net;
	struct nic *nic;
	struct sock *listener, *sk;
	u32 una, nxt, rcv;
};

static void put16(u8 *p, u32 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(u8 *p, u32 v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static u32 get32(const u8 *p)
{
	return (u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static void inject(struct nic *nic, const struct seg *s)
{
	u8 pseudo[12 + 200], *p = pseudo + 12;
	u32 hlen = 20 + s->optlen, len = hlen + s->len;
	const be32 addrs[2] = {PEER, US};
	u16 sum;

	memset(pseudo, 0, sizeof(pseudo));
	memcpy(pseudo, addrs, 8);
	pseudo[9] = 6;
	put16(pseudo + 10, len);
	put16(p, s->sport ? s->sport : 4000);
	put16(p + 2, s->dport ? s->dport : 80);
	put32(p + 4, s->seq);
	put32(p + 8, s->ack);
	p[12] = hlen / 4 << 4;
	p[13] = s->flags;
	put16(p + 14, WND);
	if (s->optlen)
		memcpy(p + 20, s->opt, s->optlen);
	memset(p + hlen, 'x', s->len);
	sum = csum_of(pseudo, 12 + len);
	put16(p + 16, sum);
	nic_inject(nic,
		   &(struct pkt){
			   .ip.saddr = PEER, .ip.daddr = US, .ip.proto = 6, .data = p, .len = len});
}

/* The next segment that we sent; false: none. */
static bool sent(struct nic *nic, struct seg *s)
{
	const struct pkt *p = nic_next(nic);

	if (!p)
		return false;
	cr_assert(p->ip.proto == 6 && p->len >= 20);
	*s = (struct seg){.seq = get32((const u8 *)p->data + 4),
			  .ack = get32((const u8 *)p->data + 8),
			  .flags = ((const u8 *)p->data)[13]};
	return true;
}

static struct sock *listen_on(struct net *net, u16 port, int backlog)
{
	struct sock_addr addr = {0, cpu_to_be16(port)};
	struct sock *sk;

	cr_assert_eq(sock_create(net, AF_INET, SOCK_STREAM, 0, &sk), 0);
	cr_assert_eq(sock_bind(sk, &addr), 0);
	cr_assert_eq(sock_listen(sk, backlog), 0);
	return sk;
}

static void establish(struct conn *c)
{
	struct seg s;

	c->net = stack_new();
	c->nic = nic_new(c->net, "10.0.0.1/24");
	c->listener = listen_on(c->net, 80, 5);
	inject(c->nic, &(struct seg){.seq = IRS, .flags = TCP_SYN});
	cr_assert(sent(c->nic, &s) && s.flags == (TCP_SYN | TCP_ACK) && s.ack == IRS + 1);
	c->una = c->nxt = s.seq + 1;
	c->rcv = IRS + 1;
	inject(c->nic, &(struct seg){.seq = c->rcv, .ack = c->nxt, .flags = TCP_ACK});
	cr_assert_eq(sock_accept(c->listener, true, &c->sk, NULL), 0);
	cr_assert_eq(c->sk->state, TCP_ESTABLISHED);
}

static void peer_fin(struct conn *c, u32 ack)
{
	inject(c->nic, &(struct seg){.seq = c->rcv, .ack = ack, .flags = TCP_FIN | TCP_ACK});
	c->rcv++;
}

static void our_fin(struct conn *c)
{
	cr_assert_eq(sock_shutdown(c->sk, SHUT_WR), 0);
	host_run();
	c->nxt++;
}

static void acked(struct conn *c)
{
	inject(c->nic, &(struct seg){.seq = c->rcv, .ack = c->nxt, .flags = TCP_ACK});
	c->una = c->nxt;
}

static void reach(struct conn *c, u8 state)
{
	establish(c);
	if (state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK)
		peer_fin(c, c->nxt);
	if (state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT)
		our_fin(c);
	if (state == TCP_CLOSING)
		peer_fin(c, c->una);
	if (state == TCP_FIN_WAIT2)
		acked(c);
	cr_assert_eq(c->sk->state, state, "%u, not %u", c->sk->state, state);
	nic_forget(c->nic);
}

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

static const u8 all_flags[] = {0,
			       TCP_ACK,
			       TCP_RST,
			       TCP_RST | TCP_ACK,
			       TCP_SYN,
			       TCP_SYN | TCP_ACK,
			       TCP_FIN,
			       TCP_FIN | TCP_ACK,
			       TCP_FIN | TCP_SYN | TCP_ACK,
			       TCP_FIN | TCP_PSH | TCP_URG,
			       TCP_PSH | TCP_ACK};

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
	for (size_t f = 0; f < ARRAY_SIZE(all_flags); f++)
		for (int seq = OLD; seq < WHERES; seq++)
			for (int ack = OLD; ack < WHERES; ack++)
				for (u32 len = 0; len <= 5; len += 5)
					one_case(state, all_flags[f], seq, ack, len);
}

WEIR_TEST(tcp_segments, established, .timeout = 60)
{
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
	cr_assert_eq(net->tcp->nr, 9);
	EXPECT_MIB(net, LINUX_MIB_TCPREQQFULLDROP, 91);
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
