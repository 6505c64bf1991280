/* SPDX-License-Identifier: MIT */
/* UDP: datagrams in pieces, and thousands of sockets. */
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/ipv4/inet_sock.h"
#include "net/udp/udp_table.h"
#include "tests/unit/harness.h"

#define US      IP4(10, 0, 0, 1)
#define PEER    IP4(10, 0, 0, 2)
#define PORT(n) CPU_TO_BE16(n)

static struct sock *udp_open(struct net *net, u16 port)
{
	struct sock_addr local = {0, PORT(port)};
	struct sock *sk;

	if (sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk))
		return NULL;
	if (port && sock_bind(sk, &local)) {
		sock_close(sk);
		return NULL;
	}
	return sk;
}

static long send_part(struct sock *sk, const void *data, size_t len, int flags)
{
	struct sock_iovec iov = {(void *)(uintptr_t)data, len};
	struct sock_msg msg = {.name = {PEER, PORT(9)}, .has_name = true, .iov = &iov, .iovlen = 1};

	return sock_sendmsg(sk, &msg, flags | MSG_DONTWAIT);
}

/* To where it is connected. */
static long sock_send(struct sock *sk, const char *data, int flags)
{
	struct sock_iovec iov = {(void *)(uintptr_t)data, strlen(data)};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	return sock_sendmsg(sk, &msg, flags | MSG_DONTWAIT);
}

static long take(struct sock *sk)
{
	u8 buf[64];
	struct sock_iovec iov = {buf, sizeof(buf)};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	return sock_recvmsg(sk, &msg, MSG_DONTWAIT);
}

static int set_cork(struct sock *sk, int v)
{
	return sock_setsockopt(sk, SOL_UDP, UDP_CORK, &v, sizeof(v));
}

WEIR_TEST(udp_more, pieces)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 5000);
	static u8 big[65507];

	cr_assert_eq(send_part(sk, "one ", 4, MSG_MORE), 4);
	EXPECT_NOTHING(nic);
	cr_assert_eq(send_part(sk, "two", 3, 0), 3);
	EXPECT_PKT(nic, &UDP4(US, 5000, PEER, 9, .data = "one two", .len = 7));
	EXPECT_MIB(net, UDP_MIB_OUTDATAGRAMS, 1);
	cr_assert_eq(set_cork(sk, 1), 0);
	cr_assert_eq(send_part(sk, "a", 1, 0), 1);
	cr_assert_eq(send_part(sk, big, sizeof(big) - 1, 0), sizeof(big) - 1);
	cr_assert_eq(send_part(sk, "b", 1, 0), -EMSGSIZE); /* all of it is gone */
	cr_assert_eq(send_part(sk, "c", 1, 0), 1);
	cr_assert_eq(set_cork(sk, 0), 0);
	EXPECT_PKT(nic, &UDP4(US, 5000, PEER, 9, .data = "c", .len = 1));
	cr_assert_eq(sock_connect(sk, &(struct sock_addr){PEER, PORT(9)}, true), 0);
	cr_assert_eq(sock_send(sk, "d", MSG_MORE), 1);
	cr_assert_eq(sock_connect(sk, &(struct sock_addr){PEER, PORT(8)}, true), 0);
	cr_assert_eq(sock_send(sk, "e", 0), 1); /* where to was fixed by the first */
	EXPECT_PKT(nic, &UDP4(US, 5000, PEER, 9, .data = "de", .len = 2));
	cr_assert_eq(send_part(sk, "never sent", 10, MSG_MORE), 10);
	sock_close(sk);
	EXPECT_NOTHING(nic);
	EXPECT_NO_SKBS(net);
}

/* A socket's buffer bounds what waits in it, too. */
WEIR_TEST(udp_more, pieces_are_charged)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 5000);
	int small = 2000;
	static u8 data[3000];

	cr_assert_eq(sock_setsockopt(sk, SOL_SOCKET, SO_SNDBUF, &small, 4), 0); /* becomes 4608 */
	cr_assert_eq(send_part(sk, data, 3000, MSG_MORE), 3000);
	cr_assert_eq(send_part(sk, data, 3000, MSG_MORE), 3000);
	cr_assert_eq(send_part(sk, data, 1, MSG_MORE), -EAGAIN);
	cr_assert_eq(set_cork(sk, 0), 0);
	cr_assert_eq(sk->wmem, 0);
	nic_forget(nic);
	sock_close(sk);
}

WEIR_TEST(udp_more, pieces_without_memory)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct net *net = stack_new();
		struct nic *nic = net ? nic_new(net, "10.0.0.1/24") : NULL;
		struct sock *sk = nic ? udp_open(net, 5000) : NULL;
		static u8 data[2000];

		if (!sk)
			continue;
		for (int i = 0; i < 4; i++) {
			long n = send_part(sk, data, 500 * i, i < 3 ? MSG_MORE : 0);

			cr_assert(n == 500 * i || n == -ENOBUFS || n == -ENOMEM, "%ld", n);
		}
		host_run();
		nic_forget(nic);
		sock_close(sk);
	}
}

/* The tables grow with the sockets; each is found, and of equal ones still the last bound. */
WEIR_TEST(udp_more, ten_thousand_sockets)
{
	enum { N = 10000 };
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	static struct sock *sk[N];
	struct sock_addr local = {0, PORT(700)};
	struct sock *equal[3];
	u32 longest = 0;
	int one = 1;

	for (int i = 0; i < 3; i++) {
		equal[i] = udp_open(net, 0);
		cr_assert_eq(sock_setsockopt(equal[i], SOL_SOCKET, SO_REUSEADDR, &one, 4), 0);
		cr_assert_eq(sock_bind(equal[i], &local), 0);
	}
	for (int i = 0; i < N; i++) {
		sk[i] = udp_open(net, 1000 + i);
		cr_assert_not_null(sk[i]);
	}
	for (int i = 0; i < N; i += 97) {
		nic_inject(nic, &UDP4(PEER, 4000, US, 1000 + i, .len = i % 50));
		cr_assert_eq(take(sk[i]), i % 50);
	}
	nic_inject(nic, &UDP4(PEER, 4000, US, 700, .len = 1));
	cr_assert(take(equal[0]) == -EAGAIN && take(equal[1]) == -EAGAIN && take(equal[2]) == 1);
	for (u32 i = 0; i < 1U << net->udp->bits; i++) {
		u32 len = 0;

		for (struct hlist_node *n = net->udp->tuple[i].first; n; n = n->next)
			len++;
		longest = max(longest, len);
	}
	cr_assert_leq(longest, 12, "%u sockets in one place", longest);
	for (int i = 0; i < N; i++)
		sock_close(sk[i]);
	for (int i = 0; i < 3; i++)
		sock_close(equal[i]);
}

WEIR_TEST(udp_more, tables_grow_if_they_can)
{
	struct net *net = stack_new();
	static struct sock *sk[2100];
	u32 before;

	for (int i = 0; i < 2049; i++)
		sk[i] = udp_open(net, 1000 + i);
	before = net->udp->bits;
	host_fail_alloc(2); /* the first is the socket's */
	sk[2049] = udp_open(net, 9000);
	cr_assert(sk[2049] && net->udp->bits == before);
	sk[2050] = udp_open(net, 9001);
	cr_assert(sk[2050] && net->udp->bits > before);
	for (int i = 0; i <= 2050; i++)
		sock_close(sk[i]);
}

/* Whatever the stack's secret numbers are: the flows of one peer, from ports in a row, are not all one socket's. */
WEIR_TEST(udp_more, neighbouring_ports_are_spread_by_every_key)
{
	enum { MEMBERS = 4, FLOWS = 100, KEYS = 60 };
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	const struct sock_addr where = {0, PORT(53)};
	struct sock *sk[MEMBERS];
	int yes = 1;

	for (int key = 0; key < KEYS; key++) {
		plat_random(net->udp->key, sizeof(net->udp->key));
		for (int i = 0; i < MEMBERS; i++) {
			sk[i] = udp_open(net, 0);
			sock_setsockopt(sk[i], SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes));
			cr_assert_eq(sock_bind(sk[i], &where), 0);
		}
		for (int flow = 0; flow < FLOWS; flow++)
			nic_inject(nic, &UDP4(PEER, 1000 + flow, US, 53, .len = 1));
		for (int i = 0; i < MEMBERS; i++) {
			int got = 0;

			while (take(sk[i]) == 1)
				got++;
			cr_assert(got >= 5, "key %d: socket %d got %d flows", key, i, got);
			sock_close(sk[i]);
		}
	}
}
