/* SPDX-License-Identifier: MIT */
/* TCP between two whole stacks: handshake, bytes both ways, endings, across good and bad cables; in virtual time. */
#include <string.h>

#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/sock.h"
#include "net/sock_diag.h"
#include "net/tcp/tcp_sock.h"
#include "tests/unit/harness.h"

#define CLIENT  IP4(10, 0, 0, 2)
#define SERVER  IP4(10, 0, 0, 1)
#define PORT(n) CPU_TO_BE16(n)
#define PIECE   5000

static struct sock *tcp_socket(struct net *net)
{
	struct sock *sk = NULL;

	return sock_create(net, AF_INET, SOCK_STREAM, 0, &sk) ? NULL : sk;
}

static struct sock *listener(struct net *net, be16 port, int backlog)
{
	struct sock_addr addr = {0, port};
	struct sock *sk = tcp_socket(net);

	cr_assert(sk);
	cr_assert_eq(sock_bind(sk, &addr), 0);
	cr_assert_eq(sock_listen(sk, backlog), 0);
	return sk;
}

static long put(struct sock *sk, const void *data, size_t len, int flags)
{
	struct sock_iovec iov = {(void *)(uintptr_t)data, len};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	return sock_sendmsg(sk, &msg, flags);
}

static long get(struct sock *sk, void *data, size_t len, int flags)
{
	struct sock_iovec iov = {data, len};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	return sock_recvmsg(sk, &msg, flags);
}

/* A connected pair. */
static void connect_pair(struct lan *lan, struct sock **c, struct sock **s)
{
	struct sock *l = listener(lan->server, PORT(80), 5);
	struct sock_addr to = {SERVER, PORT(80)}, peer;

	*c = tcp_socket(lan->client);
	cr_assert_eq(sock_connect(*c, &to, false), 0);
	host_run();
	cr_assert_eq(sock_accept(l, false, s, &peer), 0);
	cr_assert(peer.addr == CLIENT);
	sock_close(l);
}

WEIR_TEST(tcp, connects_and_carries_both_ways)
{
	struct sock_addr name;
	struct sock *c, *s;
	struct lan lan;
	char buf[16];

	lan_new(&lan, NULL);
	connect_pair(&lan, &c, &s);
	cr_assert_eq(put(c, "hello", 5, 0), 5);
	host_run();
	cr_assert_eq(sock_poll(s) & POLLIN, POLLIN);
	cr_assert_eq(get(s, buf, sizeof(buf), MSG_PEEK), 5);
	cr_assert_eq(get(s, buf, sizeof(buf), 0), 5);
	cr_assert_eq(memcmp(buf, "hello", 5), 0);
	cr_assert_eq(get(s, buf, sizeof(buf), MSG_DONTWAIT), -EAGAIN);
	cr_assert_eq(put(s, "world!", 6, 0), 6);
	cr_assert_eq(get(c, buf, sizeof(buf), 0), 6);
	cr_assert_eq(sock_getpeername(c, &name), 0);
	cr_assert(name.addr == SERVER && name.port == PORT(80));
	sock_close(c);
	host_run();
	cr_assert_eq(get(s, buf, sizeof(buf), 0), 0);
	cr_assert_eq(sock_poll(s) & (POLLIN | POLLRDHUP), POLLIN | POLLRDHUP);
	sock_close(s);
	EXPECT_MIB(lan.client, TCP_MIB_ACTIVEOPENS, 1);
	EXPECT_MIB(lan.server, TCP_MIB_PASSIVEOPENS, 1);
	EXPECT_MIB(lan.server, TCP_MIB_RETRANSSEGS, 0);
	EXPECT_MIB(lan.client, TCP_MIB_OUTRSTS, 0);
	EXPECT_MIB(lan.server, TCP_MIB_OUTRSTS, 0);
	host_advance(59 * NSEC_PER_SEC); /* TIME-WAIT */
	EXPECT_MIB(lan.client, LINUX_MIB_TIMEWAITED, 0);
	host_advance(2 * NSEC_PER_SEC);
	EXPECT_MIB(lan.client, LINUX_MIB_TIMEWAITED, 1);
}

WEIR_TEST(tcp, closed_port_refuses)
{
	struct sock_addr to = {SERVER, PORT(81)};
	struct sock *c;
	struct lan lan;

	lan_new(&lan, NULL);
	c = tcp_socket(lan.client);
	cr_assert_eq(sock_connect(c, &to, false), -ECONNREFUSED);
	EXPECT_MIB(lan.server, TCP_MIB_OUTRSTS, 1);
	EXPECT_MIB(lan.client, TCP_MIB_ATTEMPTFAILS, 1);
	sock_close(c);
}

/* ---- bulk, through a thread on the other side ---- */

struct pump {
	struct sock *sk;
	u64 seed;
	u32 total, done;
	u32 bad;
};

static u8 byte_at(u64 seed, u32 i)
{
	u32 x = (i + (u32)seed) * 2654435761U;

	return x >> 24 ^ x >> 11;
}

static void fill(u8 *buf, u64 seed, u32 from, u32 n)
{
	for (u32 i = 0; i < n; i++)
		buf[i] = byte_at(seed, from + i);
}

static void sender(void *arg)
{
	struct pump *p = arg;
	u8 buf[PIECE];

	while (p->done < p->total) {
		u32 n = min(p->total - p->done, 1 + (p->done * 7919U) % PIECE);
		long ret;

		fill(buf, p->seed, p->done, n);
		ret = put(p->sk, buf, n, 0);
		if (ret <= 0)
			return;
		p->done += ret;
	}
	sock_shutdown(p->sk, SHUT_WR);
}

static void receiver(void *arg)
{
	struct pump *p = arg;
	u8 buf[PIECE], want[PIECE];
	long n;

	while ((n = get(p->sk, buf, 1 + (p->done * 104729U) % PIECE, 0)) > 0) {
		fill(want, p->seed, p->done, n);
		p->bad += memcmp(buf, want, n) != 0;
		p->done += n;
	}
}

/* Both ways at once; then both close. */
static void transfer(struct lan *lan, struct sock *c, struct sock *s, u32 total, u64 seed)
{
	struct pump p[4] = {{.sk = c, .seed = seed, .total = total},
			    {.sk = s, .seed = seed},
			    {.sk = s, .seed = seed + 1, .total = total},
			    {.sk = c, .seed = seed + 1}};
	struct host_thread *t[4];

	for (int i = 0; i < 4; i++)
		t[i] = host_thread_start("pump", i & 1 ? receiver : sender, &p[i]);
	for (int i = 0; i < 4; i++)
		host_thread_join(t[i]);
	for (int i = 0; i < 4; i++)
		cr_assert(p[i].done == total && !p[i].bad, "seed %u, pump %d: %u of %u, %u bad",
			  (u32)seed, i, p[i].done, total, p[i].bad);
	sock_close(c);
	sock_close(s);
	host_advance(200 * NSEC_PER_SEC);
	cr_assert_eq(lan->client->tcp->nr, 0, "seed %u", (u32)seed);
	cr_assert_eq(lan->server->tcp->nr, 0, "seed %u", (u32)seed);
	cr_assert_eq(lan->client->tcp->nr_orphans + lan->server->tcp->nr_orphans, 0);
}

WEIR_TEST(tcp, megabytes_over_a_good_cable)
{
	struct sock *c, *s;
	struct lan lan;

	lan_new(&lan, NULL);
	connect_pair(&lan, &c, &s);
	transfer(&lan, c, s, 2000000, 1);
	EXPECT_MIB(lan.client, TCP_MIB_RETRANSSEGS, 0);
	EXPECT_MIB(lan.server, TCP_MIB_RETRANSSEGS, 0);
}

/* Devices that sum, and cut, or neither. */
static void offload(struct lan *lan, u32 how)
{
	static const u32 features[] = {0, NETIF_F_HW_CSUM, NETIF_F_HW_CSUM | NETIF_F_TSO,
				       NETIF_F_HW_CSUM | NETIF_F_TSO | NETIF_F_GRO};

	dev_get_by_name(lan->client, "eth0")->features = features[how % ARRAY_SIZE(features)];
	dev_get_by_name(lan->server, "eth0")->features = features[how / 2 % ARRAY_SIZE(features)];
}

WEIR_TEST(tcp, megabytes_by_segmenting_devices)
{
	for (u32 how = 0; how < 8; how++) {
		struct sock *c, *s;
		struct lan lan;

		lan_new(&lan, NULL);
		offload(&lan, how);
		connect_pair(&lan, &c, &s);
		transfer(&lan, c, s, 1000000, how);
		EXPECT_MIB(lan.client, TCP_MIB_RETRANSSEGS, 0);
		EXPECT_MIB(lan.server, TCP_MIB_RETRANSSEGS, 0);
		harness_end();
		harness_begin();
	}
}

WEIR_TEST(tcp, exact_bytes_over_bad_cables, .timeout = 60)
{
	for (u64 seed = 1; seed <= 200; seed++) {
		struct fault_config f = {.seed = seed,
					 .loss = rnd_below(60000),
					 .duplicate = rnd_below(40000),
					 .reorder = rnd_below(100000),
					 .bit_flip = rnd_below(10000),
					 .delay = rnd_below(20) * NSEC_PER_MSEC,
					 .jitter = rnd_below(5) * NSEC_PER_MSEC};
		struct sock *c, *s;
		struct lan lan;

		lan_new(&lan, &f);
		CTL(lan.server, "sysctl -w net.ipv4.tcp_sack=%u", (u32)(seed & 1));
		CTL(lan.server, "sysctl -w net.ipv4.tcp_timestamps=%u", (u32)(seed >> 1 & 1));
		CTL(lan.server, "sysctl -w net.ipv4.tcp_window_scaling=%u", (u32)(seed >> 2 & 1));
		offload(&lan, seed >> 3);
		connect_pair(&lan, &c, &s);
		transfer(&lan, c, s, 60000, seed);
		harness_end();
		harness_begin();
	}
}

/* Whatever allocation fails: nothing leaks, and what arrives is what was sent. */
static void short_talk(struct lan *lan)
{
	struct sock *l = tcp_socket(lan->server), *c = tcp_socket(lan->client), *s = NULL;
	struct sock_addr any = {0, PORT(80)}, to = {SERVER, PORT(80)};
	u8 data[4000], got[4000];
	long n, all = 0;

	fill(data, 7, 0, sizeof(data));
	if (l && c && !sock_bind(l, &any) && !sock_listen(l, 5) && !sock_connect(c, &to, false)) {
		host_advance(5 * NSEC_PER_SEC);
		if (!sock_accept(l, true, &s, NULL) &&
		    (n = put(c, data, sizeof(data), MSG_DONTWAIT)) > 0) {
			host_advance(20 * NSEC_PER_SEC);
			while (all < n &&
			       (n = get(s, got + all, sizeof(got) - all, MSG_DONTWAIT)) > 0)
				all += n;
			cr_assert_eq(memcmp(data, got, all), 0);
		}
	}
	if (c)
		sock_close(c);
	host_advance(NSEC_PER_SEC);
	if (s)
		sock_close(s);
	if (l)
		sock_close(l);
	host_advance(300 * NSEC_PER_SEC);
	cr_assert(!lan->client->tcp->nr && !lan->server->tcp->nr);
}

WEIR_TEST(tcp, every_failing_allocation, .timeout = 60)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct lan lan;

		if (lan_new(&lan, NULL))
			short_talk(&lan);
	}
}

/* RFC 9293 s3.5 figure 7: both begin; there is one connection. */
WEIR_TEST(tcp, simultaneous_open)
{
	struct fault_config slow = {.seed = 1, .delay = 50 * NSEC_PER_MSEC};
	struct sock_addr a = {CLIENT, PORT(1000)}, b = {SERVER, PORT(2000)};
	struct sock *c, *s;
	struct lan lan;
	char buf[8];

	lan_new(&lan, &slow);
	c = tcp_socket(lan.client);
	s = tcp_socket(lan.server);
	cr_assert(!sock_bind(c, &a) && !sock_bind(s, &b));
	cr_assert_eq(sock_connect(c, &b, true), -EINPROGRESS);
	cr_assert_eq(sock_connect(s, &a, true), -EINPROGRESS);
	host_advance(10 * NSEC_PER_SEC);
	cr_assert(c->state == TCP_ESTABLISHED && s->state == TCP_ESTABLISHED, "%u %u", c->state,
		  s->state);
	cr_assert_eq(put(c, "both", 4, 0), 4);
	host_advance(NSEC_PER_SEC);
	cr_assert_eq(get(s, buf, sizeof(buf), 0), 4);
	sock_close(c);
	sock_close(s);
	host_advance(300 * NSEC_PER_SEC);
	cr_assert(!lan.client->tcp->nr && !lan.server->tcp->nr);
}

/* Both close at once (RFC 9293 s3.6 figure 13). */
WEIR_TEST(tcp, simultaneous_close)
{
	struct fault_config slow = {.seed = 1, .delay = 50 * NSEC_PER_MSEC};
	struct sock *c, *s;
	struct lan lan;

	lan_new(&lan, &slow);
	connect_pair(&lan, &c, &s);
	sock_close(c);
	sock_close(s);
	host_advance(NSEC_PER_SEC);
	cr_assert(lan.client->tcp->nr_timewaits && lan.server->tcp->nr_timewaits);
	host_advance(100 * NSEC_PER_SEC);
	cr_assert(!lan.client->tcp->nr && !lan.server->tcp->nr);
	EXPECT_MIB(lan.client, TCP_MIB_OUTRSTS, 0);
	EXPECT_MIB(lan.server, TCP_MIB_OUTRSTS, 0);
}

/* A program that does not read closes the window; when it reads again, all is there. */
WEIR_TEST(tcp, a_slow_reader_closes_the_window_and_loses_nothing)
{
	static u8 data[1000000], got[1000000];
	struct sock *c, *s;
	struct lan lan;
	long sent_now, all = 0, n;

	lan_new(&lan, NULL);
	connect_pair(&lan, &c, &s);
	fill(data, 3, 0, sizeof(data));
	sent_now = put(c, data, sizeof(data), MSG_DONTWAIT);
	for (int i = 0; i < 50; i++) {
		host_advance(NSEC_PER_SEC);
		n = put(c, data + sent_now, sizeof(data) - sent_now, MSG_DONTWAIT);
		sent_now += n > 0 ? n : 0;
	}
	cr_assert(sent_now > 50000 && sent_now < 500000, "%ld", sent_now);
	cr_assert(s->rmem <= s->rcvbuf + 5000);
	EXPECT_MIB(s->net, LINUX_MIB_TCPTOZEROWINDOWADV, 1);
	EXPECT_MIB(s->net, LINUX_MIB_TCPFROMZEROWINDOWADV, 0);
	cr_assert_gt(mib(s->net, LINUX_MIB_TCPWANTZEROWINDOWADV), 0);
	while (all < sent_now) {
		n = get(s, got + all, sizeof(got) - all, 0);
		cr_assert(n > 0);
		all += n;
	}
	cr_assert_eq(memcmp(data, got, all), 0);
	EXPECT_MIB(s->net, LINUX_MIB_TCPFROMZEROWINDOWADV, 1);
	sock_close(c);
	sock_close(s);
	host_advance(100 * NSEC_PER_SEC);
}

/* Data that nobody has read is not closed over in silence: RFC 1122 s4.2.2.13. */
WEIR_TEST(tcp, closing_with_unread_data_resets)
{
	struct sock *c, *s;
	struct lan lan;
	char buf[8];

	lan_new(&lan, NULL);
	connect_pair(&lan, &c, &s);
	cr_assert_eq(put(c, "unread", 6, 0), 6);
	host_run();
	sock_close(s);
	host_run();
	cr_assert_eq(get(c, buf, sizeof(buf), 0), -ECONNRESET);
	EXPECT_MIB(lan.server, LINUX_MIB_TCPABORTONCLOSE, 1);
	sock_close(c);
}

WEIR_TEST(tcp, urgent_byte_goes_another_way)
{
	struct sock *c, *s;
	struct lan lan;
	char buf[16];

	lan_new(&lan, NULL);
	connect_pair(&lan, &c, &s);
	cr_assert_eq(put(c, "abc", 3, MSG_OOB), 3);
	cr_assert_eq(put(c, "def", 3, 0), 3);
	host_run();
	cr_assert_eq(sock_poll(s) & POLLPRI, POLLPRI);
	cr_assert_eq(get(s, buf, sizeof(buf), MSG_OOB), 1);
	cr_assert_eq(buf[0], 'c');
	cr_assert_eq(get(s, buf, sizeof(buf), 0), 2);
	cr_assert_eq(get(s, buf, sizeof(buf), 0), 3);
	cr_assert_eq(memcmp(buf, "def", 3), 0);
	sock_close(c);
	sock_close(s);
	host_advance(100 * NSEC_PER_SEC);
}
