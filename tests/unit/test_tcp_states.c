/* SPDX-License-Identifier: MIT */
/*
 * As test_tcp_segments.c for the states that have small objects or none: CLOSED, LISTEN, SYN-SENT, SYN-RECEIVED both ways,
 * FIN-WAIT-2 and TIME-WAIT without a program, each before every kind of segment. The functions named *_says are RFC 9293 s3.10.7.3 and
 * s3.10.7.4 with RFC 5961 and what Linux does where these leave a choice.
 */
#include "lib/errno.h"
#include "tests/unit/tcp_wire.h"

#define FAR_OFF 100000U

enum where { OLD, EXACT, INSIDE, BEYOND, WHERES };

static const char *const where_names[] = {"old", "exact", "inside", "beyond"};

struct kind {
	u8 flags;
	enum where seq, ack;
	u32 len;
};

struct outcome {
	u8 state;
	u8 answer; /* flags; 0: none */
};

/* How to get there, and what must follow. ack INSIDE is all that we sent, EXACT is una. */
struct subject {
	const char *name;
	void (*begin)(struct conn *c);
	struct outcome (*says)(const struct kind *k);
};

#define ALL_FLAGS 64U /* each of FIN, SYN, RST, PSH, ACK, URG or not */

static u8 state_of(const struct conn *c, be16 port)
{
	struct tcp_end *end = tcp_lookup(c->net, US, port, PEER, CPU_TO_BE16(4000));

	if (!end)
		return TCP_CLOSE;
	if (end->kind == TCP_END_REQUEST)
		return TCP_SYN_RECV;
	if (end->kind == TCP_END_TIMEWAIT)
		return container_of(end, struct tcp_timewait, end)->substate;
	return container_of(end, struct tcp_sock, end)->sk.state;
}

static void one_case(const struct subject *t, const struct kind *k, u32 row)
{
	static const u32 seq_at[] = {-FAR_OFF, 0, 10, FAR_OFF * 2};
	struct outcome want = t->says(k);
	struct seg s = {.flags = k->flags, .len = k->len}, answer = {0};
	struct conn c;
	u8 state;

	conn_listen(&c);
	c.sk = NULL;
	t->begin(&c);
	nic_forget(c.nic);
	s.seq = c.rcv + seq_at[k->seq];
	s.ack = k->ack == OLD      ? c.una - FAR_OFF
		: k->ack == EXACT  ? c.una
		: k->ack == INSIDE ? c.nxt
				   : c.nxt + 1;
	inject(c.nic, &s);
	(void)sent(c.nic, &answer);
	state = state_of(&c, CPU_TO_BE16(80));
	cr_assert(state == want.state && answer.flags == want.answer,
		  "row %u, %s: flags %#x, seq %s, ack %s, %u bytes: state %u, not %u; answer %#x, "
		  "not %#x",
		  row, t->name, k->flags, where_names[k->seq], where_names[k->ack], k->len, state,
		  want.state, answer.flags, want.answer);
	nic_forget(c.nic);
	if (c.sk)
		sock_close(c.sk);
	sock_close(c.listener);
	harness_end();
	harness_begin();
}

static void every_segment(const struct subject *t)
{
	u32 row = 0;

	for (u32 flags = 0; flags < ALL_FLAGS; flags++)
		for (int seq = OLD; seq < WHERES; seq++)
			for (int ack = OLD; ack < WHERES; ack++)
				for (u32 len = 0; len <= 5; len += 5, row++)
					one_case(t, &(struct kind){flags, seq, ack, len}, row);
}

/* ---- CLOSED and LISTEN: no number means anything yet ---- */

static void nobody(struct conn *c)
{
	sock_close(c->listener);
	c->listener = listen_on(c->net, 81, 5);
}

static struct outcome closed_says(const struct kind *k)
{
	if (k->flags & TCP_RST)
		return (struct outcome){TCP_CLOSE, 0};
	return (struct outcome){TCP_CLOSE, k->flags & TCP_ACK ? TCP_RST : TCP_RST | TCP_ACK};
}

WEIR_TEST(tcp_states, closed, .timeout = 60)
{
	every_segment(&(struct subject){"CLOSED", nobody, closed_says});
}

static void nothing(struct conn *c __unused)
{
}

static struct outcome listen_says(const struct kind *k)
{
	if (k->flags & TCP_RST)
		return (struct outcome){TCP_CLOSE, 0};
	if (k->flags & TCP_ACK)
		return (struct outcome){TCP_CLOSE, TCP_RST};
	if ((k->flags & (TCP_SYN | TCP_FIN)) == TCP_SYN)
		return (struct outcome){TCP_SYN_RECV, TCP_SYN | TCP_ACK};
	return (struct outcome){TCP_CLOSE, 0};
}

WEIR_TEST(tcp_states, listening, .timeout = 60)
{
	every_segment(&(struct subject){"LISTEN", nothing, listen_says});
}

/* ---- SYN-SENT ---- */

static void connect_from_80(struct conn *c)
{
	struct sock_addr from = {US, CPU_TO_BE16(80)}, to = {PEER, CPU_TO_BE16(4000)};
	struct seg s;
	int one = 1;

	sock_close(c->listener);
	c->listener = listen_on(c->net, 81, 5);
	cr_assert_eq(sock_create(c->net, AF_INET, SOCK_STREAM, 0, &c->sk), 0);
	cr_assert_eq(sock_setsockopt(c->sk, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	cr_assert_eq(sock_bind(c->sk, &from), 0);
	cr_assert_eq(sock_connect(c->sk, &to, true), -EINPROGRESS);
	cr_assert(sent(c->nic, &s));
	c->una = s.seq;
	c->nxt = s.seq + 1;
	c->rcv = IRS;
}

static struct outcome syn_sent_says(const struct kind *k)
{
	bool ack = k->flags & TCP_ACK, good = ack && k->ack == INSIDE;

	if (ack && !good)
		return (struct outcome){TCP_SYN_SENT, k->flags & TCP_RST ? 0 : TCP_RST};
	if (k->flags & TCP_RST)
		return (struct outcome){good ? TCP_CLOSE : TCP_SYN_SENT, 0};
	if (!(k->flags & TCP_SYN))
		return (struct outcome){TCP_SYN_SENT, 0};
	if (good)
		return (struct outcome){TCP_ESTABLISHED, TCP_ACK};
	return (struct outcome){TCP_SYN_RECV, TCP_SYN | TCP_ACK};
}

WEIR_TEST(tcp_states, syn_sent, .timeout = 60)
{
	every_segment(&(struct subject){"SYN-SENT", connect_from_80, syn_sent_says});
}

/* ---- SYN-RECEIVED ---- */

static void half_open(struct conn *c)
{
	struct seg s;

	inject(c->nic, &(struct seg){.seq = IRS, .flags = TCP_SYN});
	cr_assert(sent(c->nic, &s));
	c->una = s.seq;
	c->nxt = s.seq + 1;
	c->rcv = IRS + 1;
}

/* Its ACK is good: what else is in it. */
static struct outcome opened(const struct kind *k)
{
	bool text = k->len || k->flags & TCP_FIN;

	if (k->flags & TCP_FIN && k->seq == EXACT)
		return (struct outcome){TCP_CLOSE_WAIT, TCP_ACK};
	return (struct outcome){TCP_ESTABLISHED, text ? TCP_ACK : 0};
}

static struct outcome syn_recv_says(const struct kind *k)
{
	if (k->seq == OLD || k->seq == BEYOND)
		return (struct outcome){TCP_SYN_RECV, k->flags & TCP_RST ? 0 : TCP_ACK};
	if (k->flags & TCP_RST && k->seq == EXACT)
		return (struct outcome){TCP_CLOSE, 0};
	if (k->flags & (TCP_RST | TCP_SYN))
		return (struct outcome){TCP_SYN_RECV, TCP_ACK};
	if (!(k->flags & TCP_ACK))
		return (struct outcome){TCP_SYN_RECV, 0};
	if (k->ack != INSIDE)
		return (struct outcome){TCP_SYN_RECV, TCP_RST};
	return opened(k);
}

WEIR_TEST(tcp_states, syn_received, .timeout = 60)
{
	every_segment(&(struct subject){"SYN-RECEIVED", half_open, syn_recv_says});
}

static void crossed_syns(struct conn *c)
{
	connect_from_80(c);
	inject(c->nic, &(struct seg){.seq = IRS, .flags = TCP_SYN});
	cr_assert_eq(c->sk->state, TCP_SYN_RECV);
	c->rcv = IRS + 1;
}

static struct outcome crossed_says(const struct kind *k)
{
	/* an ACK of nothing is what the crossed SYN has, and no reason for a reset */
	if (k->seq != OLD && k->seq != BEYOND && !(k->flags & (TCP_RST | TCP_SYN)) &&
	    k->flags & TCP_ACK && k->ack == EXACT)
		return (struct outcome){TCP_SYN_RECV, 0};
	return syn_recv_says(k);
}

WEIR_TEST(tcp_states, syn_received_from_crossing, .timeout = 60)
{
	every_segment(&(struct subject){"SYN-RECEIVED, crossed", crossed_syns, crossed_says});
}

/* ---- without a program ---- */

static void orphan_in_fin_wait_2(struct conn *c)
{
	conn_handshake(c, NULL, 0);
	sock_close(c->sk);
	c->sk = NULL;
	host_run();
	c->nxt++;
	inject(c->nic, &(struct seg){.seq = c->rcv, .ack = c->nxt, .flags = TCP_ACK});
	c->una = c->nxt;
	cr_assert_eq(state_of(c, CPU_TO_BE16(80)), TCP_FIN_WAIT2);
}

static struct outcome fin_wait_2_says(const struct kind *k)
{
	if (k->seq == OLD || k->seq == BEYOND)
		return (struct outcome){TCP_FIN_WAIT2, k->flags & TCP_RST ? 0 : TCP_ACK};
	if (k->flags & TCP_RST)
		return (struct outcome){k->seq == EXACT ? TCP_CLOSE : TCP_FIN_WAIT2, 0};
	if (!(k->flags & (TCP_ACK | TCP_SYN)))
		return (struct outcome){TCP_FIN_WAIT2, 0};
	if (k->flags & TCP_SYN || k->len)
		return (struct outcome){TCP_CLOSE,
					k->flags & TCP_ACK ? TCP_RST : TCP_RST | TCP_ACK};
	if (k->flags & TCP_FIN && k->seq == EXACT)
		return (struct outcome){TCP_TIME_WAIT, TCP_ACK};
	return (struct outcome){TCP_FIN_WAIT2, 0};
}

WEIR_TEST(tcp_states, fin_wait_2_without_a_program, .timeout = 60)
{
	every_segment(
		&(struct subject){"FIN-WAIT-2, closed", orphan_in_fin_wait_2, fin_wait_2_says});
}

static void time_wait(struct conn *c)
{
	orphan_in_fin_wait_2(c);
	inject(c->nic, &(struct seg){.seq = c->rcv, .ack = c->nxt, .flags = TCP_FIN | TCP_ACK});
	c->rcv++;
	cr_assert_eq(state_of(c, CPU_TO_BE16(80)), TCP_TIME_WAIT);
	host_advance(NSEC_PER_SEC); /* its ACK is not answered twice at once */
}

static struct outcome time_wait_says(const struct kind *k)
{
	bool later = k->seq == INSIDE || k->seq == BEYOND;
	u8 syn = k->flags & (TCP_SYN | TCP_RST | TCP_ACK);

	if (syn == TCP_SYN && later) /* for the listener; which takes no SYN FIN */
		return k->flags & TCP_FIN ? (struct outcome){TCP_CLOSE, 0}
					  : (struct outcome){TCP_SYN_RECV, TCP_SYN | TCP_ACK};
	if (k->flags & TCP_RST)
		return (struct outcome){k->seq == EXACT ? TCP_CLOSE : TCP_TIME_WAIT, 0};
	if (k->seq == EXACT && !k->len && !(k->flags & (TCP_SYN | TCP_FIN)))
		return (struct outcome){TCP_TIME_WAIT, 0};
	return (struct outcome){TCP_TIME_WAIT, TCP_ACK};
}

WEIR_TEST(tcp_states, time_wait, .timeout = 60)
{
	every_segment(&(struct subject){"TIME-WAIT", time_wait, time_wait_says});
}
