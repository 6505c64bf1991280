/* SPDX-License-Identifier: MIT */
/* TCP as conntrack sees it: rows of segments, each with the state that must follow. */
#include "host/host.h"
#include "net/wire/tcp_hdr.h"
#include "tests/unit/ct_wire.h"
#include "tests/unit/rules.h"

#define S TCP_SYN
#define A TCP_ACK
#define F TCP_FIN
#define R TCP_RST

enum { ORIG, REPLY };
enum {
	INVALID = 100,
	GONE
}; /* in the place of a state: it stays as it was; there is no connection */

struct row {
	u8 dir, flags;
	u32 seq, ack, len;
	u16 win;
	u8 want;
	u32 seconds; /* that it will last; 0: whatever */
};

#define SYN_SENT    TCP_CONNTRACK_SYN_SENT
#define SYN_RECV    TCP_CONNTRACK_SYN_RECV
#define ESTABLISHED TCP_CONNTRACK_ESTABLISHED
#define FIN_WAIT    TCP_CONNTRACK_FIN_WAIT
#define CLOSE_WAIT  TCP_CONNTRACK_CLOSE_WAIT
#define LAST_ACK    TCP_CONNTRACK_LAST_ACK
#define TIME_WAIT   TCP_CONNTRACK_TIME_WAIT
#define CLOSE       TCP_CONNTRACK_CLOSE
#define SYN_SENT2   TCP_CONNTRACK_SYN_SENT2

#define HANDSHAKE                                                                             \
	{ORIG, S, 1000, 0, 0, 8000, SYN_SENT}, {REPLY, S | A, 5000, 1001, 0, 8000, SYN_RECV}, \
	{                                                                                     \
		ORIG, A, 1001, 5001, 0, 8000, ESTABLISHED                                     \
	}

static void run(const struct row *rows, u32 n)
{
	struct ct_world w = ct_router();
	u8 state = TCP_CONNTRACK_NONE;

	plat_bh_disable();
	cr_assert_eq(nf_ct_netns_get(w.net), 0);
	plat_bh_enable();
	for (u32 i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		u64 invalid = w.net->ct->stat.invalid;
		const struct nf_conn *ct;

		ct_inject_tcp(r->dir == ORIG ? w.in : w.out,
			      &(struct ct_seg){.saddr = r->dir == ORIG ? INSIDE : OUTSIDE,
					       .daddr = r->dir == ORIG ? OUTSIDE : INSIDE,
					       .sport = r->dir == ORIG ? 1000 : 80,
					       .dport = r->dir == ORIG ? 80 : 1000,
					       .flags = r->flags,
					       .seq = r->seq,
					       .ack = r->ack,
					       .len = r->len,
					       .win = r->win});
		ct = ct_only(w.net);
		cr_assert_eq(w.net->ct->stat.invalid - invalid, r->want == INVALID, "row %u", i);
		if (r->want == GONE) {
			cr_assert_null(ct, "row %u: in state %s", i,
				       nf_ct_tcp_state_name(ct->proto.tcp.state));
			state = TCP_CONNTRACK_NONE;
			continue;
		}
		if (r->want != INVALID)
			state = r->want;
		if (state)
			cr_assert(ct && ct->proto.tcp.state == state, "row %u: %s, not %s", i,
				  ct ? nf_ct_tcp_state_name(ct->proto.tcp.state) : "none",
				  nf_ct_tcp_state_name(state));
		if (r->seconds)
			cr_assert_eq(nf_ct_expires(ct), r->seconds, "row %u: %u s", i,
				     nf_ct_expires(ct));
	}
	plat_bh_disable();
	nf_ct_netns_put(w.net);
	plat_bh_enable();
}

#define ROWS(...)                                               \
	do {                                                    \
		static const struct row rows[] = {__VA_ARGS__}; \
		run(rows, ARRAY_SIZE(rows));                    \
	} while (0)

WEIR_TEST(conntrack_tcp, a_connection_lives_and_closes)
{
	ROWS(HANDSHAKE, {ORIG, A, 1001, 5001, 100, 8000, ESTABLISHED},
	     {REPLY, A, 5001, 1101, 0, 8000, ESTABLISHED},
	     {ORIG, F | A, 1101, 5001, 0, 8000, FIN_WAIT},
	     {REPLY, A, 5001, 1102, 0, 8000, CLOSE_WAIT},
	     {REPLY, F | A, 5001, 1102, 0, 8000, LAST_ACK},
	     {ORIG, A, 1102, 5002, 0, 8000, TIME_WAIT}, {ORIG, S, 9000, 0, 0, 8000, SYN_SENT});
}

/* The last one when data wait for their acknowledgement: a peer that has gone is not waited for for days. */
WEIR_TEST(conntrack_tcp, each_state_has_its_time)
{
	ROWS({ORIG, S, 1000, 0, 0, 8000, SYN_SENT, 120},
	     {REPLY, S | A, 5000, 1001, 0, 8000, SYN_RECV, 60},
	     {ORIG, A, 1001, 5001, 0, 8000, ESTABLISHED, 432000},
	     {ORIG, A, 1001, 5001, 100, 8000, ESTABLISHED, 300},
	     {REPLY, A, 5001, 1101, 0, 8000, ESTABLISHED, 432000},
	     {ORIG, F | A, 1101, 5001, 0, 8000, FIN_WAIT, 120},
	     {REPLY, A, 5001, 1102, 0, 8000, CLOSE_WAIT, 60},
	     {REPLY, F | A, 5001, 1102, 0, 8000, LAST_ACK, 30},
	     {ORIG, A, 1102, 5002, 0, 8000, TIME_WAIT, 120});
}

WEIR_TEST(conntrack_tcp, what_begins_and_what_does_not)
{
	ROWS({ORIG, S | A, 1, 1, 0, 100, INVALID}, {ORIG, F | A, 1, 1, 0, 100, INVALID},
	     {ORIG, R, 1, 1, 0, 100, INVALID}, {ORIG, 0, 1, 1, 0, 100, INVALID},
	     {ORIG, S | F, 1, 1, 0, 100, INVALID}, {ORIG, A, 1, 1, 10, 100, ESTABLISHED},
	     {REPLY, A, 1, 11, 10, 100, ESTABLISHED});
}

WEIR_TEST(conntrack_tcp, a_refused_connection_leaves_nothing)
{
	ROWS({ORIG, S, 1000, 0, 0, 8000, SYN_SENT}, {REPLY, R | A, 0, 1001, 0, 0, GONE});
}

WEIR_TEST(conntrack_tcp, both_open_at_once)
{
	ROWS({ORIG, S, 1000, 0, 0, 8000, SYN_SENT}, {REPLY, S, 5000, 0, 0, 8000, SYN_SENT2},
	     {ORIG, S | A, 1000, 5001, 0, 8000, SYN_RECV},
	     {REPLY, A, 5001, 1001, 0, 8000, ESTABLISHED});
}

WEIR_TEST(conntrack_tcp, segments_out_of_the_window)
{
	ROWS(HANDSHAKE, {ORIG, A, 1001 + 100000, 5001, 10, 8000, INVALID},
	     {REPLY, A, 5001, 1001 + 5000, 0, 8000, INVALID},
	     {ORIG, A, 1001 - 100000U, 5001, 1, 8000, ESTABLISHED}, /* old: let through */
	     {ORIG, S, 1001, 0, 0, 8000, ESTABLISHED},              /* ignored */
	     {REPLY, A, 5001, 1001, 0, 8000, ESTABLISHED});
}

/* Only the exact number closes; one in the window leaves the state, one before it is invalid. */
WEIR_TEST(conntrack_tcp, forged_resets)
{
	ROWS(HANDSHAKE, {ORIG, A, 1001, 5001, 0, 8000, ESTABLISHED},
	     {REPLY, A, 5001, 1001, 10, 8000, ESTABLISHED},
	     {ORIG, A, 1001, 5011, 0, 8000, ESTABLISHED}, {REPLY, R, 4000, 0, 0, 0, INVALID},
	     {REPLY, R, 5500, 0, 0, 0, ESTABLISHED}, {REPLY, R, 5011, 0, 0, 0, CLOSE});
}

/* A reset answers a SYN that was ignored, whatever its number; not one that its own sender has sent. */
WEIR_TEST(conntrack_tcp, a_reset_answers_the_other_ends_syn)
{
	ROWS(HANDSHAKE, {ORIG, S, 500000, 0, 0, 8000, ESTABLISHED},
	     {ORIG, R | A, 900000, 500001, 0, 0, INVALID});
	ROWS(HANDSHAKE, {ORIG, S, 500000, 0, 0, 8000, ESTABLISHED},
	     {REPLY, R | A, 900000, 500001, 0, 0, CLOSE});
	ROWS({ORIG, S, 1000, 0, 0, 8000, SYN_SENT}, {REPLY, S, 5000, 0, 0, 8000, SYN_SENT2},
	     {REPLY, R, 900000, 0, 0, 0, INVALID}, {ORIG, R, 900000, 0, 0, 0, CLOSE});
}

/* Of a connection that was picked up, one end may still know more than was seen, also after its answer to a new SYN. */
WEIR_TEST(conntrack_tcp, who_answers_anew_stays_trusted)
{
	ROWS({ORIG, A, 1000, 5000, 0, 8000, ESTABLISHED}, {ORIG, S, 2000, 0, 0, 8000, ESTABLISHED},
	     {REPLY, S | A, 7000, 2001, 0, 8000, SYN_RECV}, {ORIG, A, 2001, 7100, 0, 8000, INVALID},
	     {REPLY, A, 7001, 2100, 0, 8000, SYN_RECV});
}

/* The client has restarted, the server still has the old connection: a challenge ACK, a reset, a new handshake. */
WEIR_TEST(conntrack_tcp, a_syn_in_last_ack_and_its_challenge)
{
	ROWS(HANDSHAKE, {ORIG, A, 1001, 5001, 0, 8000, ESTABLISHED},
	     {ORIG, F | A, 1001, 5001, 0, 8000, FIN_WAIT},
	     {REPLY, A, 5001, 1002, 0, 8000, CLOSE_WAIT},
	     {REPLY, F | A, 5001, 1002, 0, 8000, LAST_ACK}, {ORIG, S, 9000, 0, 0, 8000, LAST_ACK},
	     {REPLY, A, 5002, 1002, 0, 8000, LAST_ACK}, {ORIG, R, 1002, 0, 0, 0, CLOSE},
	     {ORIG, S, 9000, 0, 0, 8000, SYN_SENT});
}

/* Who is refused by a reset never speaks again, and the other end never hears of it. */
WEIR_TEST(conntrack_tcp, a_reset_made_here_closes)
{
	struct ct_world w = ct_router();
	const struct ct_seg there = {INSIDE, OUTSIDE, 1000, 80}, back = {OUTSIDE, INSIDE, 80, 1000};
	struct ct_seg s;

	CTL(w.net,
	    "iptables -A FORWARD -p tcp --tcp-flags PSH PSH -m conntrack --ctstate ESTABLISHED "
	    "-j REJECT --reject-with tcp-reset");
	s = there, s.flags = S, s.seq = 1000, s.win = 8000;
	ct_inject_tcp(w.in, &s);
	s = back, s.flags = S | A, s.seq = 5000, s.ack = 1001, s.win = 8000;
	ct_inject_tcp(w.out, &s);
	s = there, s.flags = A, s.seq = 1001, s.ack = 5001, s.win = 8000;
	ct_inject_tcp(w.in, &s);
	cr_assert_eq(ct_only(w.net)->proto.tcp.state, ESTABLISHED);
	s = back, s.flags = A | TCP_PSH, s.seq = 5001, s.ack = 1001, s.len = 10, s.win = 8000;
	ct_inject_tcp(w.out, &s);
	cr_assert_eq(ct_only(w.net)->proto.tcp.state, CLOSE);
}

/* A second SYN-ACK that says nothing of windows leaves the scale that was agreed on. */
WEIR_TEST(conntrack_tcp, a_syn_without_options_takes_none_back)
{
	static const char scale[] = "\x03\x03\x07\x01";
	struct ct_world w = ct_router();
	const struct ct_seg there = {INSIDE, OUTSIDE, 1000, 80}, back = {OUTSIDE, INSIDE, 80, 1000};
	struct ct_seg s;

	plat_bh_disable();
	cr_assert_eq(nf_ct_netns_get(w.net), 0);
	plat_bh_enable();
	s = there, s.flags = S, s.seq = 1000, s.win = 8000, s.opt = scale, s.optlen = 4;
	ct_inject_tcp(w.in, &s);
	s = back, s.flags = S | A, s.seq = 5000, s.ack = 1001, s.win = 8000, s.opt = scale,
	s.optlen = 4;
	ct_inject_tcp(w.out, &s);
	s = there, s.flags = S | A, s.seq = 1000, s.ack = 5001, s.len = 100, s.win = 8000;
	ct_inject_tcp(w.in, &s);
	s = there, s.flags = A, s.seq = 1001, s.ack = 5001, s.win = 8000;
	ct_inject_tcp(w.in, &s);
	s = back, s.flags = A, s.seq = 5001 + 500000, s.ack = 1001, s.len = 100, s.win = 8000;
	ct_inject_tcp(w.out, &s); /* within 8000 << 7 */
	cr_assert_eq(w.net->ct->stat.invalid, 0);
	plat_bh_disable();
	nf_ct_netns_put(w.net);
	plat_bh_enable();
}

/* The reset that refuses a connection ends it at once: its time is not put to that of a closed one. */
WEIR_TEST(conntrack_tcp, a_refusal_shows_the_time_that_was_left)
{
	struct ct_world w = ct_router();
	struct ct_seg s = {INSIDE, OUTSIDE, 1000, 80, .flags = S, .seq = 1000, .win = 8000};

	CTL(w.net,
	    "iptables -A FORWARD -p tcp --tcp-flags RST RST -m conntrack --ctexpire 100:120");
	ct_inject_tcp(w.in, &s);
	s = (struct ct_seg){OUTSIDE, INSIDE, 80, 1000, .flags = R | A, .ack = 1001};
	ct_inject_tcp(w.out, &s);
	cr_assert_null(ct_only(w.net));
	cr_assert_eq(counted(w.net, XT_TABLE_FILTER, "FORWARD", 1), 1);
}
