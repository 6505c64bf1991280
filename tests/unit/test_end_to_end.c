/* SPDX-License-Identifier: MIT */
/* Whole stacks wired to each other: what applications see across good and bad networks. */
#include <string.h>
#include <sys/time.h>

#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/sock.h"
#include "tests/unit/harness.h"

#define CLIENT    IP4(10, 0, 0, 2)
#define SERVER    IP4(10, 0, 0, 1)
#define ECHO_PORT CPU_TO_BE16(7)
#define MAX_DATA  1472

static struct sock *udp_socket(struct net *net, be16 port, u64 timeout_ms)
{
	struct timeval tv = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
	struct sock_addr addr = {.port = port};
	struct sock *sk = NULL;

	if (sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk))
		return NULL;
	if (sock_setsockopt(sk, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
	    (port && sock_bind(sk, &addr))) {
		sock_close(sk);
		return NULL;
	}
	return sk;
}

static long send_to(struct sock *sk, be32 addr, be16 port, const void *data, size_t len)
{
	struct sock_iovec iov = {.base = (void *)(uintptr_t)data, .len = len};
	struct sock_msg msg = {.name = {addr, port}, .has_name = true, .iov = &iov, .iovlen = 1};

	return sock_sendmsg(sk, &msg, 0);
}

static long receive(struct sock *sk, void *data, size_t len, struct sock_addr *from)
{
	struct sock_iovec iov = {.base = data, .len = len};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};
	long n = sock_recvmsg(sk, &msg, 0);

	if (from)
		*from = msg.name;
	return n;
}

/* A server thread: echoes until it is killed or its socket is closed. */
static void echo_server(void *arg)
{
	struct sock *sk = arg;
	u8 buf[MAX_DATA];
	struct sock_addr from;
	long n;

	while ((n = receive(sk, buf, sizeof(buf), &from)) >= 0)
		(void)send_to(sk, from.addr, from.port, buf, n);
}

static void stop_server(struct host_thread *server, struct sock *sk)
{
	host_thread_kill(server);
	host_thread_join(server);
	sock_close(sk);
}

WEIR_TEST(end_to_end, udp_echo_of_every_size)
{
	struct lan lan;
	struct sock *server, *client;
	struct host_thread *thread;
	u8 data[MAX_DATA], back[MAX_DATA];
	struct sock_addr from;

	cr_assert(lan_new(&lan, NULL));
	server = udp_socket(lan.server, ECHO_PORT, 0);
	client = udp_socket(lan.client, 0, 1000);
	thread = host_thread_start("echo", echo_server, server);
	plat_random(data, sizeof(data));
	for (size_t len = 0; len <= MAX_DATA; len++) {
		cr_assert_eq(send_to(client, SERVER, ECHO_PORT, data, len), (long)len);
		cr_assert_eq(receive(client, back, sizeof(back), &from), (long)len, "length %zu",
			     len);
		cr_assert_eq(memcmp(back, data, len), 0);
		cr_assert(from.addr == SERVER && from.port == ECHO_PORT);
	}
	stop_server(thread, server);
	sock_close(client);
	EXPECT_MIB(lan.server, UDP_MIB_INDATAGRAMS, MAX_DATA + 1);
	EXPECT_MIB(lan.client, UDP_MIB_OUTDATAGRAMS, MAX_DATA + 1);
}

/*
 * Sends until the answer comes; returns how often it had to. What comes is whole and ours, or an
 * old one of ours.
 */
static int echo_reliably(struct sock *client, u32 number, size_t len, u64 seed)
{
	u8 data[MAX_DATA], back[MAX_DATA];

	memset(data, number, sizeof(data));
	memcpy(data, &number, sizeof(number));
	for (int tries = 1; tries < 200; tries++) {
		long n;

		cr_assert_eq(send_to(client, SERVER, ECHO_PORT, data, len), (long)len);
		while ((n = receive(client, back, sizeof(back), NULL)) >= 0) {
			u32 got;

			memcpy(&got, back, sizeof(got));
			cr_assert_leq(got, number);
			for (long i = sizeof(got); i < n; i++)
				cr_assert_eq(back[i], (u8)got,
					     "a flipped bit reached the application; seed %llu",
					     (unsigned long long)seed);
			if (got == number && n == (long)len)
				return tries;
		}
		/* EHOSTUNREACH when ARP had no luck. */
		cr_assert(n == -EAGAIN || n == -EHOSTUNREACH, "%ld; seed %llu", n,
			  (unsigned long long)seed);
	}
	cr_assert_fail("no answer in 200 tries; seed %llu", (unsigned long long)seed);
	return 0;
}

WEIR_TEST(end_to_end, udp_through_a_bad_network, .timeout = 60)
{
	static const struct fault_config networks[] = {
		{.seed = 1, .loss = 200000},
		{.seed = 2, .duplicate = 300000, .reorder = 300000},
		{.seed = 3, .bit_flip = 200000},
		{.seed = 4, .delay = 200 * NSEC_PER_MSEC, .jitter = 100 * NSEC_PER_MSEC},
		{.seed = 5,
		 .loss = 100000,
		 .duplicate = 100000,
		 .reorder = 100000,
		 .bit_flip = 100000,
		 .delay = 50 * NSEC_PER_MSEC},
	};

	for (size_t i = 0; i < ARRAY_SIZE(networks); i++) {
		struct lan lan;
		struct sock *server, *client;
		struct host_thread *thread;
		int tries = 0;

		harness_end();
		harness_begin();
		cr_assert(lan_new(&lan, &networks[i]));
		server = udp_socket(lan.server, ECHO_PORT, 0);
		client = udp_socket(lan.client, 0, 700);
		thread = host_thread_start("echo", echo_server, server);
		for (u32 n = 1; n <= 200; n++)
			tries += echo_reliably(client, n, 4 + rnd_below(MAX_DATA - 4),
					       networks[i].seed);
		if (networks[i].loss)
			cr_assert_gt(tries, 210);
		cr_assert_gt(port_fault_stats(lan.bad)->frames, 400);
		stop_server(thread, server);
		sock_close(client);
	}
}

WEIR_TEST(end_to_end, a_router_between_two)
{
	struct net *client = stack_new(), *router = stack_new(), *server = stack_new();
	struct port *left[2], *right[2];
	struct sock *server_sk, *client_sk;
	struct host_thread *thread;
	u8 back[100];

	port_pair(left);
	port_pair(right);
	port_nic_new(client, left[0], "10.0.1.2/24");
	port_nic_new(router, left[1], "10.0.1.1/24");
	port_nic_new(router, right[0], "10.0.2.1/24");
	port_nic_new(server, right[1], "10.0.2.2/24");
	CTL(client, "ip route add default via 10.0.1.1");
	CTL(server, "ip route add 10.0.1.0/24 via 10.0.2.1");
	server_sk = udp_socket(server, ECHO_PORT, 0);
	client_sk = udp_socket(client, 0, 1000);
	thread = host_thread_start("echo", echo_server, server_sk);

	cr_assert_eq(send_to(client_sk, IP4(10, 0, 2, 2), ECHO_PORT, "hello", 5), 5);
	cr_assert_eq(receive(client_sk, back, sizeof(back), NULL), -EAGAIN,
		     "forwards without being told");
	CTL(router, "sysctl -w net.ipv4.ip_forward=1");
	cr_assert_eq(send_to(client_sk, IP4(10, 0, 2, 2), ECHO_PORT, "hello", 5), 5);
	cr_assert_eq(receive(client_sk, back, sizeof(back), NULL), 5);
	EXPECT_MIB(router, IPSTATS_MIB_OUTFORWDATAGRAMS, 2);
	stop_server(thread, server_sk);
	sock_close(client_sk);
}

static void ping_once(struct net *from, be32 to)
{
	struct sock_addr who = {.addr = to};
	u8 echo[64] = {8, 0}, reply[64];
	struct sock *sk;

	cr_assert_eq(sock_create(from, AF_INET, SOCK_DGRAM, IPPROTO_ICMP, &sk), 0);
	cr_assert_eq(send_to(sk, who.addr, 0, echo, sizeof(echo)), (long)sizeof(echo));
	cr_assert_eq(receive(sk, reply, sizeof(reply), &who), (long)sizeof(reply));
	cr_assert_eq(reply[0], 0);
	cr_assert_eq(who.addr, to);
	sock_close(sk);
}

WEIR_TEST(end_to_end, ping_both_ways_and_oneself)
{
	struct lan lan;

	cr_assert(lan_new(&lan, NULL));
	ping_once(lan.client, SERVER);
	ping_once(lan.server, CLIENT);
	ping_once(lan.client, CLIENT);
	ping_once(lan.client, IP4(127, 0, 0, 1));
	EXPECT_NO_SKBS(lan.client);
	EXPECT_NO_SKBS(lan.server);
}

/*
 * A soft error is not told to who has not asked for it (RFC 1122 s4.1.3.3): the wait ends by its
 * own time.
 */
WEIR_TEST(end_to_end, nobody_there_is_silence_without_recverr)
{
	struct sock_addr to = {IP4(10, 0, 0, 99), ECHO_PORT};
	struct sock *sk;
	struct lan lan;
	u8 buf[8];

	cr_assert(lan_new(&lan, NULL));
	sk = udp_socket(lan.client, 0, 10000);
	cr_assert_eq(sock_connect(sk, &to, false), 0);
	cr_assert_eq(send_to(sk, to.addr, to.port, "x", 1), 1);
	cr_assert_eq(receive(sk, buf, sizeof(buf), NULL), -EAGAIN);
	sock_close(sk);
}

WEIR_TEST(end_to_end, a_closed_port_refuses)
{
	struct sock_addr to = {SERVER, CPU_TO_BE16(9999)};
	struct sock *sk;
	struct lan lan;
	u8 buf[8];

	cr_assert(lan_new(&lan, NULL));
	sk = udp_socket(lan.client, 0, 1000);
	cr_assert_eq(sock_connect(sk, &to, false), 0);
	cr_assert_eq(send_to(sk, SERVER, to.port, "x", 1), 1);
	cr_assert_eq(receive(sk, buf, sizeof(buf), NULL), -ECONNREFUSED);
	sock_close(sk);
}

static long last_error;

static void blocked_reader(void *arg)
{
	u8 buf[8];

	last_error = receive(arg, buf, sizeof(buf), NULL);
}

WEIR_TEST(end_to_end, closing_wakes_who_waits)
{
	struct host_thread *t;
	struct sock *sk;
	struct lan lan;

	cr_assert(lan_new(&lan, NULL));
	sk = udp_socket(lan.client, 0, 0);
	t = host_thread_start("reader", blocked_reader, sk);
	host_run();
	sock_close(sk);
	host_thread_join(t);
	cr_assert_eq(last_error, -EBADF);
}

/* Everything from creating the stacks to a served request, with each allocation failing once. */
WEIR_TEST(end_to_end, every_allocation_may_fail, .timeout = 120)
{
	int served = 0, rounds = 0;

	FOR_EACH_FAILING_ALLOC
	{
		struct sock *server = NULL, *client = NULL;
		struct sock_addr from;
		struct lan lan;
		u8 buf[64];

		rounds++;
		if (!lan_new(&lan, NULL))
			continue;
		server = udp_socket(lan.server, ECHO_PORT, 100);
		client = udp_socket(lan.client, 0, 100);
		if (server && client && send_to(client, SERVER, ECHO_PORT, "hello", 5) == 5 &&
		    receive(server, buf, sizeof(buf), &from) == 5 &&
		    send_to(server, from.addr, from.port, buf, 5) == 5 &&
		    receive(client, buf, sizeof(buf), NULL) == 5)
			served++;
		if (server)
			sock_close(server);
		if (client)
			sock_close(client);
		host_advance(10 * NSEC_PER_SEC);
		EXPECT_NO_SKBS(lan.client);
		EXPECT_NO_SKBS(lan.server);
	}
	cr_assert_gt(rounds, 30);
	cr_assert_geq(served, 1, "the last round has no failure and must be served");
}

WEIR_TEST(end_to_end, a_ring_of_four_loses_nothing_that_a_queue_can_hold)
{
	const struct host_dev_config small = {.ring = 4};
	struct net *a = stack_new(), *b = stack_new();
	struct sock *tx, *rx;
	struct port *ends[2];
	struct net_device *dev;
	u8 buf[16];
	u32 n = 0;

	port_pair(ends);
	dev = host_dev_add(a, ends[0], &small);
	cr_assert(nic_up(dev, "10.0.0.2/24"));
	port_nic_new(b, ends[1], "10.0.0.1/24");
	tx = udp_socket(a, 0, 0);
	rx = udp_socket(b, ECHO_PORT, 0);
	cr_assert_eq(send_to(tx, SERVER, ECHO_PORT, &n, 4), 4);
	cr_assert_eq(receive(rx, buf, sizeof(buf), NULL), 4); /* ARP is done */
	for (n = 0; n < 100; n++)
		cr_assert_eq(send_to(tx, SERVER, ECHO_PORT, &n, 4), 4);
	host_run();
	for (u32 i = 0; i < n; i++) {
		u32 got;

		cr_assert_eq(receive(rx, buf, sizeof(buf), NULL), 4);
		memcpy(&got, buf, 4);
		cr_assert_eq(got, i, "out of order");
	}
	sock_close(tx);
	sock_close(rx);
	host_dev_remove(dev);
}

WEIR_TEST(end_to_end, a_device_leaves_while_packets_wait_for_arp)
{
	struct port *ends[2];
	struct net *net = stack_new();
	struct net_device *dev;
	struct sock *sk;

	port_pair(ends);
	dev = host_dev_add(net, ends[0], NULL);
	cr_assert(nic_up(dev, "10.0.0.2/24"));
	sk = udp_socket(net, 0, 0);
	for (u32 i = 0; i < 20; i++)
		cr_assert_eq(send_to(sk, IP4(10, 0, 0, 1 + i % 5 * 2), ECHO_PORT, "x", 1), 1);
	host_run();
	cr_assert_gt(net_skbs_in_use(net), 0);
	host_dev_remove(dev);
	EXPECT_NO_SKBS(net);
	cr_assert_eq(send_to(sk, SERVER, ECHO_PORT, "x", 1), -ENETUNREACH);
	sock_close(sk);
	port_close(ends[1]);
	host_advance(60 * NSEC_PER_SEC);
}

WEIR_TEST(end_to_end, a_flood_is_bounded_and_passes, .timeout = 60)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");
	struct sock *sk = udp_socket(nic->net, ECHO_PORT, 0);
	u8 buf[64];
	u64 received = 0;

	for (int burst = 0; burst < 200; burst++) {
		for (int i = 0; i < 100; i++)
			nic_queue(nic, &UDP4(IP4(10, 0, 0, 2), 1000 + i, nic->addr, i % 2 ? 7 : 99,
					     .len = 64));
		host_run();
		cr_assert_leq(net_skbs_in_use(nic->net), SKB_LIMIT_NORMAL);
	}
	while (sock_poll(sk) & POLLIN) {
		cr_assert_eq(receive(sk, buf, sizeof(buf), NULL), 64);
		received++;
	}
	cr_assert_gt(received, 50);
	cr_assert_eq(received + mib(nic->net, UDP_MIB_RCVBUFERRORS), 200 * 50);
	EXPECT_MIB(nic->net, UDP_MIB_NOPORTS, 200 * 50);
	sock_close(sk);
	EXPECT_NO_SKBS(nic->net);
	nic_forget(nic);
}
