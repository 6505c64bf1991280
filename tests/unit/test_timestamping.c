/* SPDX-License-Identifier: MIT */
/* SO_TIMESTAMPING's error queue: who tells what when, what is refused, and that nothing is left when sockets end first. */
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "net/net_tstamp.h"
#include "tests/unit/tcp_wire.h"

#define TX_ALL                                                                                \
	(SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_ACK | \
	 SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID)

static int ask(struct sock *sk, u32 flags)
{
	return sock_setsockopt(sk, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags));
}

static long put(struct sock *sk, const struct sock_addr *to, const void *data, size_t len)
{
	struct sock_iovec iov = {(void *)(uintptr_t)data, len};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	if (to) {
		msg.name = *to;
		msg.has_name = true;
	}
	return sock_sendmsg(sk, &msg, MSG_DONTWAIT);
}

/* The next stamp's stage and number; -EAGAIN: none. *len: of the data with it. */
static int stamp(struct sock *sk, u32 *number, long *len)
{
	u64 control[20] = {0};
	char buf[3000];
	struct sock_iovec iov = {buf, sizeof(buf)};
	struct sock_msg msg = {
		.iov = &iov, .iovlen = 1, .control = control, .controllen = sizeof(control)};
	const u32 *ee = (const u32 *)(control + 8 + 2);
	long n = sock_recvmsg(sk, &msg, MSG_ERRQUEUE);

	if (n < 0)
		return n;
	cr_assert_eq(control[1], SOL_SOCKET | (u64)SCM_TIMESTAMPING << 32);
	cr_assert(control[2] + control[3] && !control[4] && !control[7]);
	cr_assert_eq(ee[0], ENOMSG);
	*number = ee[3];
	*len = n;
	return ee[2];
}

static void expect(struct sock *sk, int stage, u32 number, long len, int line)
{
	u32 had_number = 0;
	long had_len = 0;
	int had = stamp(sk, &had_number, &had_len);

	cr_assert(had == stage && had_number == number && had_len == len,
		  "line %d: stage %d, number %u, %ld bytes", line, had, had_number, had_len);
}

#define STAMP(sk, ...) expect(sk, __VA_ARGS__, __LINE__)
#define NO_STAMP(sk)   expect(sk, -EAGAIN, 0, 0, __LINE__)
#define UDP_HEADERS    (14 + 20 + 8)
#define TCP_HEADERS    (14 + 20 + 20)

static struct sock *udp_of(struct net *net)
{
	struct sock *sk;

	cr_assert_eq(sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk), 0);
	return sk;
}

static const struct sock_addr peer = {PEER, CPU_TO_BE16(9)};
static const u8 text[4000];

WEIR_TEST(timestamping, datagrams)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_of(net);
	int v = IP_PMTUDISC_DONT;

	cr_assert_eq(ask(sk, TX_ALL), 0);
	cr_assert_eq(put(sk, &peer, text, 5), 5);
	host_run(); /* ARP */
	STAMP(sk, SCM_TSTAMP_SCHED, 0, UDP_HEADERS + 5);
	STAMP(sk, SCM_TSTAMP_SND, 0, UDP_HEADERS + 5);
	NO_STAMP(sk);
	cr_assert(!(sock_poll(sk) & POLLERR));
	cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_MTU_DISCOVER, &v, sizeof(v)), 0);
	cr_assert_eq(put(sk, &peer, text, 2000), 2000);
	cr_assert(sock_poll(sk) & POLLERR);
	STAMP(sk, SCM_TSTAMP_SCHED, 1, 14 + 1500); /* the first piece */
	STAMP(sk, SCM_TSTAMP_SND, 1, 14 + 1500);
	NO_STAMP(sk);
	cr_assert_eq(ask(sk, SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE |
				     SOF_TIMESTAMPING_OPT_TSONLY),
		     0);
	cr_assert_eq(put(sk, &peer, text, 5), 5);
	STAMP(sk, SCM_TSTAMP_SND, 0, 0);
	cr_assert_eq(ask(sk, 0), 0);
	cr_assert_eq(put(sk, &peer, text, 5), 5);
	NO_STAMP(sk);
	nic_forget(nic);
	sock_close(sk);
}

/* A full ring: in the queue now, at the NIC later. */
WEIR_TEST(timestamping, what_waits_for_the_nic)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct net_device *dev = nic->dev;
	struct sock *sk = udp_of(net), *gone = udp_of(net);

	cr_assert_eq(put(sk, &peer, text, 5), 5);
	host_run(); /* ARP */
	nic_forget(nic);
	cr_assert_eq(ask(sk, TX_ALL), 0);
	cr_assert_eq(ask(gone, TX_ALL), 0);
	netif_stop_queue(dev);
	cr_assert_eq(put(sk, &peer, text, 5), 5);
	cr_assert_eq(put(gone, &peer, text, 5), 5);
	STAMP(sk, SCM_TSTAMP_SCHED, 0, UDP_HEADERS + 5);
	NO_STAMP(sk);
	sock_close(gone);
	netif_wake_queue(dev);
	host_run();
	STAMP(sk, SCM_TSTAMP_SND, 0, UDP_HEADERS + 5);
	cr_assert_eq(nic_sent(nic), 2);
	nic_forget(nic);
	sock_close(sk);
}

WEIR_TEST(timestamping, streams)
{
	struct conn c;

	reach(&c, TCP_ESTABLISHED);
	cr_assert_eq(ask(c.sk, TX_ALL), 0);
	cr_assert_eq(put(c.sk, NULL, text, 10), 10);
	STAMP(c.sk, SCM_TSTAMP_SCHED, 9, TCP_HEADERS + 10);
	STAMP(c.sk, SCM_TSTAMP_SND, 9, TCP_HEADERS + 10);
	NO_STAMP(c.sk);
	host_advance(NSEC_PER_SEC); /* it is sent again, as Linux tells */
	STAMP(c.sk, SCM_TSTAMP_SCHED, 9, TCP_HEADERS + 10);
	while (stamp(c.sk, &(u32){0}, &(long){0}) >= 0)
		;
	inject(c.nic, &(struct seg){.seq = c.rcv, .ack = c.nxt + 9, .flags = TCP_ACK});
	NO_STAMP(c.sk);
	inject(c.nic, &(struct seg){.seq = c.rcv, .ack = c.nxt + 10, .flags = TCP_ACK});
	STAMP(c.sk, SCM_TSTAMP_ACK, 9, 1);
	NO_STAMP(c.sk);
	cr_assert_eq(put(c.sk, NULL, text, 1200), 1200); /* three segments, one by one */
	NO_STAMP(c.sk);
	for (u32 n = 536; n <= 2 * 536; n += 536)
		inject(c.nic, &(struct seg){.seq = c.rcv, .ack = c.nxt + 10 + n, .flags = TCP_ACK});
	STAMP(c.sk, SCM_TSTAMP_SCHED, 1209, TCP_HEADERS + 1200 % 536);
	STAMP(c.sk, SCM_TSTAMP_SND, 1209, TCP_HEADERS + 1200 % 536);
	NO_STAMP(c.sk);
	conn_close(&c);
}

/* The socket ends while a packet of it waits. */
WEIR_TEST(timestamping, streams_that_end)
{
	struct net_device *dev;
	struct conn c;

	reach(&c, TCP_ESTABLISHED);
	dev = c.nic->dev;
	cr_assert_eq(ask(c.sk, TX_ALL), 0);
	netif_stop_queue(dev);
	cr_assert_eq(put(c.sk, NULL, text, 10), 10);
	inject(c.nic, &(struct seg){.seq = c.rcv, .ack = c.nxt, .flags = TCP_RST | TCP_ACK});
	sock_close(c.sk);
	netif_wake_queue(dev);
	host_run();
	nic_forget(c.nic);
	sock_close(c.listener);
}

WEIR_TEST(timestamping, refusals)
{
	static const struct {
		u32 flags;
		int err;
	} rows[] = {
		{SOF_TIMESTAMPING_MASK + 1U, -EINVAL},
		{SOF_TIMESTAMPING_OPT_ID_TCP, -EINVAL},
		{SOF_TIMESTAMPING_OPT_STATS, -EINVAL},
		{SOF_TIMESTAMPING_OPT_STATS | SOF_TIMESTAMPING_OPT_TSONLY, -EINVAL},
		{SOF_TIMESTAMPING_BIND_PHC, -EOPNOTSUPP},
		{SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE, 0},
	};
	struct net *net = stack_new();
	struct sock *sk = udp_of(net), *stream;
	u32 got[2], len = sizeof(got);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_assert_eq(ask(sk, rows[i].flags), rows[i].err, "row %zu", i);
	cr_assert_eq(sock_getsockopt(sk, SOL_SOCKET, SO_TIMESTAMPING, got, &len), 0);
	cr_assert(len == 8 && got[0] == rows[5].flags && !got[1]);
	cr_assert_eq(sock_create(net, AF_INET, SOCK_STREAM, 0, &stream), 0);
	cr_assert_eq(ask(stream, SOF_TIMESTAMPING_OPT_ID), -EINVAL); /* of which byte? */
	cr_assert_eq(ask(stream, SOF_TIMESTAMPING_TX_SOFTWARE), 0);
	sock_close(stream);
	sock_close(sk);
}

/* Whatever fails, the data goes or is refused, and nothing is left. */
WEIR_TEST(timestamping, without_memory)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct net *net = stack_new();
		struct nic *nic = net ? nic_new(net, "10.0.0.1/24") : NULL;
		struct sock *sk = NULL;

		if (!nic || sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk))
			continue;
		if (!ask(sk, TX_ALL))
			(void)put(sk, &peer, text, 5);
		while (stamp(sk, &(u32){0}, &(long){0}) >= 0)
			;
		nic_forget(nic);
		sock_close(sk);
	}
}
