/* SPDX-License-Identifier: MIT */
/* What SO_PEEK_OFF shows, what TCP_INQ tells, and which calls a socket takes when its connection is over or shut down. */
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "tests/unit/tcp_wire.h"

static int set_int(struct sock *sk, int level, int name, int v)
{
	return sock_setsockopt(sk, level, name, &v, sizeof(v));
}

static int get_int(struct sock *sk, int level, int name)
{
	int v = -99;
	u32 len = sizeof(v);

	cr_assert_eq(sock_getsockopt(sk, level, name, &v, &len), 0);
	return v;
}

/* What is told beside it goes to *inq. */
static long take(struct sock *sk, char *buf, size_t len, int flags, int *inq)
{
	u64 control[3] = {0};
	struct sock_iovec iov = {buf, len};
	struct sock_msg msg = {
		.iov = &iov, .iovlen = 1, .control = control, .controllen = inq ? 24 : 0};
	long n = sock_recvmsg(sk, &msg, flags | MSG_DONTWAIT);

	if (inq)
		*inq = msg.controllen ? (int)control[2] : -1;
	return n;
}

static long put(struct sock *sk, const struct sock_addr *to, const char *text)
{
	struct sock_iovec iov = {(char *)(uintptr_t)text, strlen(text)};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	if (to) {
		msg.name = *to;
		msg.has_name = true;
	}
	return sock_sendmsg(sk, &msg, MSG_DONTWAIT);
}

static void expect_peek(struct sock *sk, size_t len, const char *text, int after, int line)
{
	char buf[16] = "";
	long n = take(sk, buf, len, MSG_PEEK, NULL);

	cr_assert(n == (long)strlen(text) && !memcmp(buf, text, n), "line %d: %ld %s", line, n,
		  buf);
	cr_assert_eq(get_int(sk, SOL_SOCKET, SO_PEEK_OFF), after, "line %d", line);
}

#define PEEK(sk, len, text, after) expect_peek(sk, len, text, after, __LINE__)

WEIR_TEST(sock_state, peek_offset_of_datagrams)
{
	struct net *net = stack_new();
	struct sock_addr me = {IP4(127, 0, 0, 1), CPU_TO_BE16(5000)};
	struct sock *sk;
	char buf[16];

	cr_assert_eq(sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk), 0);
	cr_assert_eq(sock_bind(sk, &me), 0);
	cr_assert_eq(get_int(sk, SOL_SOCKET, SO_PEEK_OFF), -1);
	cr_assert_eq(put(sk, &me, "abcdef"), 6);
	cr_assert_eq(put(sk, &me, ""), 0);
	cr_assert_eq(put(sk, &me, "ghi"), 3);
	host_run();
	cr_assert_eq(set_int(sk, SOL_SOCKET, SO_PEEK_OFF, 1), 0);
	PEEK(sk, 2, "bc", 3);
	PEEK(sk, 16, "def", 6);
	PEEK(sk, 16, "", 6);
	PEEK(sk, 16, "ghi", 9);
	cr_assert_eq(take(sk, buf, 16, MSG_PEEK, NULL), -EAGAIN);
	cr_assert_eq(take(sk, buf, 4, MSG_TRUNC, NULL), 6);
	cr_assert_eq(get_int(sk, SOL_SOCKET, SO_PEEK_OFF), 3);
	cr_assert_eq(set_int(sk, SOL_SOCKET, SO_PEEK_OFF, INT32_MAX), 0);
	cr_assert_eq(take(sk, buf, 16, MSG_PEEK, NULL), -EAGAIN);
	cr_assert_eq(take(sk, buf, 16, 0, NULL), 0);
	cr_assert_eq(set_int(sk, SOL_SOCKET, SO_PEEK_OFF, 1), 0);
	cr_assert_eq(take(sk, buf, 16, 0, NULL), 3);
	cr_assert_eq(get_int(sk, SOL_SOCKET, SO_PEEK_OFF), 0);
	sock_close(sk);
}

WEIR_TEST(sock_state, peek_offset_of_streams_and_inq)
{
	struct conn c;
	char buf[16];
	int inq;

	reach(&c, TCP_ESTABLISHED);
	cr_assert_eq(set_int(c.sk, SOL_TCP, TCP_INQ, 2), -EINVAL);
	cr_assert_eq(set_int(c.sk, SOL_TCP, TCP_INQ, 1), 0);
	cr_assert_eq(set_int(c.sk, SOL_SOCKET, SO_PEEK_OFF, 2), 0);
	for (u32 i = 0; i < 2; i++, c.rcv += 4)
		inject(c.nic, &(struct seg){.seq = c.rcv,
					    .ack = c.nxt,
					    .flags = TCP_ACK,
					    .data = (const u8 *)(i ? "efgh" : "abcd"),
					    .len = 4});
	PEEK(c.sk, 1, "c", 3);
	PEEK(c.sk, 16, "defgh", 8);
	cr_assert_eq(take(c.sk, buf, 16, MSG_PEEK, NULL), -EAGAIN);
	cr_assert_eq(take(c.sk, buf, 3, 0, &inq), 3);
	cr_assert_eq(inq, 5);
	PEEK(c.sk, 0, "", 5);
	cr_assert_eq(take(c.sk, buf, 16, 0, &inq), 5);
	cr_assert_eq(inq, 0);
	cr_assert_eq(get_int(c.sk, SOL_SOCKET, SO_PEEK_OFF), 0);
	cr_assert_eq(take(c.sk, buf, 16, 0, &inq), -EAGAIN);
	cr_assert_eq(inq, -1);
	inject(c.nic, &(struct seg){.seq = c.rcv, .ack = c.nxt, .flags = TCP_ACK | TCP_FIN});
	cr_assert_eq(take(c.sk, buf, 16, 0, &inq), 0);
	cr_assert_eq(inq, 1);
	conn_close(&c);
}

/* A port that the stack chose is given back when the connection ends; one that bind() was told stays. */
WEIR_TEST(sock_state, bind_after_the_end)
{
	struct sock_addr to = {PEER, CPU_TO_BE16(80)}, other = {US, CPU_TO_BE16(7000)}, name;

	for (u32 told = 0; told < 2; told++) {
		struct sock_addr at = {US, CPU_TO_BE16(6000)};
		struct sock *sk;
		struct conn c;

		conn_listen(&c);
		cr_assert_eq(sock_create(c.net, AF_INET, SOCK_STREAM, 0, &sk), 0);
		cr_assert_eq(told ? sock_bind(sk, &at) : 0, 0);
		cr_assert_eq(sock_connect(sk, &to, true), -EINPROGRESS);
		cr_assert_eq(sock_bind(sk, &other), -EINVAL);
		inject(c.nic, &(struct seg){.sport = 80,
					    .dport = be16_to_cpu(sk->sport),
					    .ack = tcp_sk(sk)->iss + 1,
					    .flags = TCP_RST | TCP_ACK});
		cr_assert_eq(sk->state, TCP_CLOSE);
		cr_assert_eq(sock_bind(sk, &other), told ? -EINVAL : 0);
		cr_assert_eq(sock_getsockname(sk, &name), 0);
		cr_assert_eq(name.port, told ? at.port : other.port);
		cr_assert_eq(sock_listen(sk, 1), -EINVAL);
		nic_forget(c.nic);
		sock_close(sk);
		sock_close(c.listener);
	}
}

/* What is wrong with the message comes before what is wrong with the socket. */
WEIR_TEST(sock_state, shut_down_for_sending)
{
	static const struct {
		int type, protocol;
	} kinds[] = {{SOCK_DGRAM, 0}, {SOCK_RAW, 17}, {SOCK_DGRAM, IPPROTO_ICMP}};
	struct sock_addr to = {IP4(127, 0, 0, 1), CPU_TO_BE16(9)};
	struct net *net = stack_new();

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct sock *sk;

		cr_assert_eq(sock_create(net, AF_INET, kinds[i].type, kinds[i].protocol, &sk), 0);
		cr_assert_eq(sock_shutdown(sk, SHUT_WR), -ENOTCONN);
		cr_assert_eq(put(sk, NULL, "x"), i == 2 ? -EINVAL : -EDESTADDRREQ);
		cr_assert_eq(put(sk, &to, "x"), i == 2 ? -EINVAL : -EPIPE);
		sock_close(sk);
	}
}
