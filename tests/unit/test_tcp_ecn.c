/* SPDX-License-Identifier: MIT */
/* ECN segment by segment: RFC 3168 s6.1. */
#include "lib/errno.h"
#include "net/wire/ipv4_hdr.h"
#include "tests/unit/tcp_wire.h"

#define ECN_FLAGS (TCP_ECE | TCP_CWR)
#define MSEC      NSEC_PER_MSEC

/* A passive connection whose peer asked for ECN with a SYN of such a TOS; what the SYN-ACK said. */
static u8 passive(struct conn *c, const char *setting, u8 tos)
{
	struct seg s;

	conn_listen(c);
	CTL(c->net, "sysctl -qw net.ipv4.tcp_ecn=%s", setting);
	inject(c->nic, &(struct seg){.seq = IRS, .flags = TCP_SYN | ECN_FLAGS, .tos = tos});
	cr_assert(sent(c->nic, &s) && !(s.tos & INET_ECN_MASK));
	c->una = c->nxt = s.seq + 1;
	c->rcv = IRS + 1;
	inject(c->nic, &(struct seg){.seq = c->rcv, .ack = c->nxt, .flags = TCP_ACK});
	cr_assert_eq(sock_accept(c->listener, true, &c->sk, NULL), 0);
	c->sk->sndbuf = 1000000;
	return s.flags;
}

static void put(struct conn *c, u32 len)
{
	static u8 data[20000];
	struct sock_iovec iov = {data, len};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	cr_assert_eq(sock_sendmsg(c->sk, &msg, MSG_DONTWAIT), (long)len);
	host_run();
}

static void data_in(struct conn *c, u8 flags, u8 tos)
{
	inject(c->nic, &(struct seg){.seq = c->rcv,
				     .ack = c->nxt,
				     .flags = TCP_ACK | flags,
				     .tos = tos,
				     .len = 100});
	c->rcv += 100;
}

WEIR_TEST(tcp_ecn, who_is_asked_agrees)
{
	struct conn c;

	cr_assert_eq(passive(&c, "2", 0), TCP_SYN | TCP_ACK | TCP_ECE);
	put(&c, 10);
	conn_close(&c);
}

WEIR_TEST(tcp_ecn, not_when_it_is_off)
{
	struct conn c;
	struct seg s;

	cr_assert_eq(passive(&c, "0", 0), TCP_SYN | TCP_ACK);
	put(&c, 10);
	cr_assert(sent(c.nic, &s) && s.len == 10 && !(s.tos & INET_ECN_MASK));
	conn_close(&c);
}

/* A SYN that is marked itself is none that RFC 3168 knows. */
WEIR_TEST(tcp_ecn, not_with_a_marked_syn)
{
	struct conn c;

	cr_assert_eq(passive(&c, "1", INET_ECN_ECT_0), TCP_SYN | TCP_ACK);
	conn_close(&c);
}

/* Data is marked; ACKs and what is sent again are not: s6.1.4, s6.1.5. */
WEIR_TEST(tcp_ecn, new_data_may_be_marked_and_nothing_else)
{
	struct conn c;
	struct seg s;

	passive(&c, "1", 0);
	put(&c, 10);
	cr_assert(sent(c.nic, &s) && s.len == 10 && s.tos == INET_ECN_ECT_0);
	host_advance(3000 * MSEC);
	cr_assert(sent(c.nic, &s) && s.len == 10 && s.tos == INET_ECN_NOT_ECT);
	nic_forget(c.nic);
	data_in(&c, 0, INET_ECN_ECT_0);
	host_advance(50 * MSEC);
	cr_assert(sent(c.nic, &s) && !s.len && s.tos == INET_ECN_NOT_ECT && s.flags == TCP_ACK);
	conn_close(&c);
}

/* s6.1.3: ECE in every ACK from the mark on until the peer's CWR. */
WEIR_TEST(tcp_ecn, a_mark_is_told_until_the_sender_has_heard)
{
	struct conn c;
	struct seg s;

	passive(&c, "1", 0);
	data_in(&c, 0, INET_ECN_CE);
	cr_assert(sent(c.nic, &s) && s.flags == (TCP_ACK | TCP_ECE));
	data_in(&c, 0, INET_ECN_ECT_0);
	cr_assert(sent(c.nic, &s) && s.flags == (TCP_ACK | TCP_ECE));
	put(&c, 5);
	cr_assert(sent(c.nic, &s) && s.len == 5 && s.flags & TCP_ECE && s.tos == INET_ECN_ECT_0);
	data_in(&c, TCP_CWR, INET_ECN_ECT_0);
	cr_assert(sent(c.nic, &s) && s.flags == TCP_ACK);
	data_in(&c, TCP_CWR, INET_ECN_CE); /* and marked again */
	cr_assert(sent(c.nic, &s) && s.flags == (TCP_ACK | TCP_ECE));
	conn_close(&c);
}

/* s6.1.2: the window is reduced once for a round trip, and CWR says so. */
WEIR_TEST(tcp_ecn, an_echo_reduces_the_window_once)
{
	struct tcp_sock *tp;
	struct conn c;
	struct seg s;
	u32 una;

	passive(&c, "1", 0);
	tp = tcp_sk(c.sk);
	put(&c, 5360);
	una = c.nxt;
	nic_forget(c.nic);
	for (u32 i = 1; i <= 5; i++)
		inject(c.nic, &(struct seg){.seq = c.rcv,
					    .ack = una + 536 * i,
					    .flags = TCP_ACK | TCP_ECE});
	cr_assert_eq(tp->ca_state, TCP_CA_CWR);
	cr_assert_eq(tp->snd_ssthresh, 7);
	cr_assert_eq(tp->delivered_ce, 5);
	put(&c, 5360);
	cr_assert(sent(c.nic, &s) && s.flags & TCP_CWR);
	cr_assert(!sent(c.nic, &s) || !(s.flags & TCP_CWR));
	inject(c.nic, &(struct seg){.seq = c.rcv, .ack = tp->snd_nxt, .flags = TCP_ACK});
	cr_assert_eq(tp->ca_state, TCP_CA_OPEN);
	cr_assert_eq(tp->snd_ssthresh, 7);
	EXPECT_MIB(c.net, LINUX_MIB_TCPDELIVEREDCE, 5);
	EXPECT_MIB(c.net, TCP_MIB_RETRANSSEGS, 0);
	conn_close(&c);
}

/* We ask: s6.1.1; again without asking, for who drops what he does not know (s6.1.1.1). */
static void active(const char *fallback, u8 second, u8 answer, bool agreed)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock_addr to = {PEER, CPU_TO_BE16(80)};
	struct sock *sk;
	struct seg s;

	CTL(net, "sysctl -qw net.ipv4.tcp_ecn=1");
	CTL(net, "sysctl -qw net.ipv4.tcp_ecn_fallback=%s", fallback);
	cr_assert_eq(sock_create(net, AF_INET, SOCK_STREAM, 0, &sk), 0);
	cr_assert_eq(sock_connect(sk, &to, true), -EINPROGRESS);
	host_run();
	bool any = sent(nic, &s);
	cr_assert(any && s.flags == (TCP_SYN | ECN_FLAGS) && !s.tos, "%d %x %x", any, s.flags,
		  s.tos);
	host_advance(1500 * MSEC);
	cr_assert(sent(nic, &s) && s.flags == (TCP_SYN | second));
	inject(nic, &(struct seg){.sport = 80,
				  .dport = be16_to_cpu(sk->sport),
				  .seq = IRS,
				  .ack = s.seq + 1,
				  .flags = TCP_SYN | TCP_ACK | answer});
	cr_assert_eq(sk->state, TCP_ESTABLISHED);
	cr_assert_eq(!!(tcp_sk(sk)->ecn_flags & TCP_ECN_OK), agreed);
	nic_forget(nic);
	sock_close(sk);
}

WEIR_TEST(tcp_ecn, asked_and_agreed)
{
	active("1", 0, TCP_ECE, true);
}

WEIR_TEST(tcp_ecn, asked_again)
{
	active("0", ECN_FLAGS, TCP_ECE, true);
}

WEIR_TEST(tcp_ecn, asked_and_not_agreed)
{
	active("1", 0, 0, false);
}

/* Who only mirrors our flags has not understood. */
WEIR_TEST(tcp_ecn, asked_and_mirrored)
{
	active("1", 0, ECN_FLAGS, false);
}
