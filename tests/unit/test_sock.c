/* SPDX-License-Identifier: MIT */
/* sock_*: what programs may ask for, options, waiting and being woken, ping and raw sockets. */
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "net/sock.h"
#include "net/sock_diag.h"
#include "tests/unit/harness.h"

#define US      IP4(10, 0, 0, 1)
#define PEER    IP4(10, 0, 0, 2)
#define PORT(n) CPU_TO_BE16(n)

static struct sock *sk_open(struct net *net, int type, int protocol)
{
	struct sock *sk;

	cr_assert_eq(sock_create(net, AF_INET, type, protocol, &sk), 0);
	return sk;
}

static int set_int(struct sock *sk, int level, int name, int v)
{
	return sock_setsockopt(sk, level, name, &v, sizeof(v));
}

static long take(struct sock *sk, void *buf, size_t len, int flags)
{
	struct sock_iovec iov = {buf, len};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	return sock_recvmsg(sk, &msg, flags);
}

static long put(struct sock *sk, be32 addr, be16 port, const void *data, size_t len)
{
	struct sock_iovec iov = {(void *)(uintptr_t)data, len};
	struct sock_msg msg = {.name = {addr, port}, .has_name = true, .iov = &iov, .iovlen = 1};

	return sock_sendmsg(sk, &msg, MSG_DONTWAIT);
}

/* socket(2): what exists, and how the rest is refused. */
static const struct {
	int domain, type, protocol, result;
} kinds[] = {
	{AF_INET, SOCK_DGRAM, 0, 0},
	{AF_INET, SOCK_DGRAM, IPPROTO_UDP, 0},
	{AF_INET, SOCK_DGRAM, IPPROTO_ICMP, 0},
	{AF_INET, SOCK_RAW, IPPROTO_ICMP, 0},
	{AF_INET, SOCK_RAW, IPPROTO_RAW, 0},
	{AF_INET, SOCK_RAW, 0, -EPROTONOSUPPORT},
	{AF_INET, SOCK_DGRAM, IPPROTO_TCP, -EPROTONOSUPPORT},
	{AF_INET, SOCK_SEQPACKET, 0, -ESOCKTNOSUPPORT},
	{AF_INET, SOCK_DGRAM, -1, -EINVAL},
	{AF_INET, SOCK_DGRAM, 256, -EPROTONOSUPPORT},
	{AF_INET, SOCK_RAW, 256, -EPROTONOSUPPORT},
	{AF_INET, SOCK_DGRAM, 263, -EINVAL},
	{AF_INET, 0, 0, -ESOCKTNOSUPPORT},
	{AF_INET, -1, 0, -EINVAL},
	{AF_INET, 77, 0, -EINVAL},
	{AF_INET6, SOCK_DGRAM, 0, -EAFNOSUPPORT},
	{99, SOCK_DGRAM, 0, -EAFNOSUPPORT},
};

WEIR_TEST(sock, kinds)
{
	struct net *net = stack_new();

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct sock *sk;
		int ret = sock_create(net, kinds[i].domain, kinds[i].type, kinds[i].protocol, &sk);

		cr_expect_eq(ret, kinds[i].result, "row %zu: %d", i, ret);
		if (!ret)
			sock_close(sk);
	}
}

/* Options of a UDP socket: first value, a value that is taken and read back as want, one that is refused. */
static const struct {
	int level, name, first, value, want, bad, bad_result;
} options[] = {
	{SOL_SOCKET, SO_REUSEADDR, 0, 5, 1, 0, 0},
	{SOL_SOCKET, SO_REUSEPORT, 0, 1, 1, 0, 0},
	{SOL_SOCKET, SO_BROADCAST, 0, 1, 1, 0, 0},
	{SOL_SOCKET, SO_RCVBUF, 212992, 10000, 20000, 0, 0},
	{SOL_SOCKET, SO_SNDBUF, 212992, 1, 4608, 0, 0},
	{SOL_SOCKET, SO_PRIORITY, 0, 7, 7, 0, 0},
	{SOL_SOCKET, SO_MARK, 0, 77, 77, 0, 0},
	{SOL_IP, IP_TTL, 64, 9, 9, 256, -EINVAL},
	{SOL_IP, IP_TTL, 64, 9, 9, 0, -EINVAL},
	{SOL_IP, IP_TOS, 0, 0x110, 0x10, 0, 0},
	{SOL_IP, IP_PKTINFO, 0, 1, 1, 0, 0},
	{SOL_IP, IP_RECVTTL, 0, 1, 1, 0, 0},
	{SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_WANT, IP_PMTUDISC_DO, IP_PMTUDISC_DO, 9, -EINVAL},
	{SOL_IP, IP_MULTICAST_TTL, 1, 3, 3, 256, -EINVAL},
	{SOL_IP, IP_MULTICAST_TTL, 1, -1, 1, 0, 0},
	{SOL_IP, IP_MULTICAST_LOOP, 1, 0, 0, 9, 0},
	{SOL_IP, IP_MULTICAST_ALL, 1, 0, 0, 2, -EINVAL},
};

static int get_int(struct sock *sk, int level, int name)
{
	int v = -1;
	u32 len = sizeof(v);

	cr_assert_eq(sock_getsockopt(sk, level, name, &v, &len), 0, "%d/%d", level, name);
	cr_assert_eq(len, sizeof(v));
	return v;
}

WEIR_TEST(sock, options)
{
	struct net *net = stack_new();

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		struct sock *sk = sk_open(net, SOCK_DGRAM, 0);
		int level = options[i].level, name = options[i].name;

		cr_expect_eq(get_int(sk, level, name), options[i].first, "row %zu", i);
		cr_expect_eq(set_int(sk, level, name, options[i].value), 0, "row %zu", i);
		cr_expect_eq(get_int(sk, level, name), options[i].want, "row %zu", i);
		cr_expect_eq(set_int(sk, level, name, options[i].bad), options[i].bad_result,
			     "row %zu", i);
		sock_close(sk);
	}
}

WEIR_TEST(sock, options_that_only_tell_and_those_refused)
{
	struct net *net = stack_new();
	struct sock *sk = sk_open(net, SOCK_DGRAM, IPPROTO_ICMP);
	s64 tv[2] = {0, 1000000};

	cr_assert_eq(get_int(sk, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
	cr_assert_eq(get_int(sk, SOL_SOCKET, SO_PROTOCOL), IPPROTO_ICMP);
	cr_assert_eq(get_int(sk, SOL_SOCKET, SO_DOMAIN), AF_INET);
	cr_assert_eq(get_int(sk, SOL_SOCKET, SO_ERROR), 0);
	cr_assert_eq(set_int(sk, SOL_SOCKET, SO_TYPE, 1), -ENOPROTOOPT);
	cr_assert_eq(set_int(sk, SOL_SOCKET, SO_DEBUG, 1), -ENOPROTOOPT);
	cr_assert_eq(set_int(sk, SOL_IP, IP_NODEFRAG, 1), -ENOPROTOOPT);
	cr_assert_eq(set_int(sk, SOL_IP, IP_HDRINCL, 1), -ENOPROTOOPT);
	cr_assert_eq(set_int(sk, SOL_TCP, 1, 1), -ENOPROTOOPT);
	cr_assert_eq(sock_setsockopt(sk, SOL_SOCKET, SO_REUSEADDR, "", 1), -EINVAL);
	cr_assert_eq(sock_setsockopt(sk, SOL_SOCKET, SO_RCVTIMEO, tv, sizeof(tv)), -EDOM);
	cr_assert_eq(sock_setsockopt(sk, SOL_SOCKET, SO_RCVTIMEO, tv, 8), -EINVAL);
	cr_assert_eq(sock_setsockopt(sk, SOL_SOCKET, SO_BINDTODEVICE, "eth9", 5), -ENODEV);
	cr_assert_eq(sock_listen(sk, 1), -EOPNOTSUPP);
	sock_close(sk);
}

/* ---- waiting ---- */

struct reader {
	struct sock *sk;
	long result;
	u64 at;
};

static void read_one(void *arg)
{
	struct reader *r = arg;
	char buf[64];

	r->result = take(r->sk, buf, sizeof(buf), 0);
	r->at = plat_now();
}

WEIR_TEST(sock, a_time_out_ends_the_wait)
{
	struct net *net = stack_new();
	struct sock *sk = sk_open(net, SOCK_DGRAM, 0);
	s64 tv[2] = {2, 500000};
	struct reader r = {.sk = sk};
	u64 start = plat_now();

	cr_assert_eq(sock_setsockopt(sk, SOL_SOCKET, SO_RCVTIMEO, tv, sizeof(tv)), 0);
	read_one(&r);
	cr_assert_eq(r.result, -EAGAIN);
	cr_assert_geq(r.at - start, 2500 * NSEC_PER_MSEC);
	cr_assert_lt(r.at - start, 2600 * NSEC_PER_MSEC);
	sock_close(sk);
}

WEIR_TEST(sock, a_packet_wakes_the_reader)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = sk_open(net, SOCK_DGRAM, 0);
	struct sock_addr where = {0, PORT(53)};
	struct reader r[2] = {{.sk = sk}, {.sk = sk}};
	struct host_thread *t[2];

	cr_assert_eq(sock_bind(sk, &where), 0);
	for (int i = 0; i < 2; i++)
		t[i] = host_thread_start("reader", read_one, &r[i]);
	host_run();
	nic_queue(nic, &UDP4(PEER, 1, US, 53, .len = 5));
	nic_queue(nic, &UDP4(PEER, 1, US, 53, .len = 5));
	host_run();
	for (int i = 0; i < 2; i++) {
		host_thread_join(t[i]);
		cr_assert_eq(r[i].result, 5);
	}
	sock_close(sk);
}

WEIR_TEST(sock, closing_wakes_the_reader)
{
	struct net *net = stack_new();
	struct sock *sk = sk_open(net, SOCK_DGRAM, 0);
	struct reader r = {.sk = sk};
	struct host_thread *t = host_thread_start("reader", read_one, &r);

	host_run();
	sock_close(sk);
	host_thread_join(t);
	cr_assert_eq(r.result, -EBADF);
}

WEIR_TEST(sock, killing_ends_the_wait)
{
	struct net *net = stack_new();
	struct sock *sk = sk_open(net, SOCK_DGRAM, 0);
	struct reader r = {.sk = sk};
	struct host_thread *t = host_thread_start("reader", read_one, &r);

	host_run();
	host_thread_kill(t);
	host_thread_join(t);
	cr_assert_eq(r.result, -EINTR);
	sock_close(sk);
}

WEIR_TEST(sock, shutdown_ends_the_wait_with_nothing)
{
	struct net *net = stack_new();
	struct sock *sk = sk_open(net, SOCK_DGRAM, 0);
	struct reader r = {.sk = sk, .result = -1};
	struct host_thread *t = host_thread_start("reader", read_one, &r);

	host_run();
	cr_assert_eq(sock_shutdown(sk, 7), -EINVAL);
	cr_assert_eq(sock_shutdown(sk, SHUT_RDWR), -ENOTCONN); /* and works: as Linux */
	host_thread_join(t);
	cr_assert_eq(r.result, 0);
	cr_assert_eq(sock_poll(sk) & (POLLHUP | POLLRDHUP), POLLHUP | POLLRDHUP);
	cr_assert_eq(put(sk, PEER, PORT(1), "x", 1), -ENETUNREACH); /* comes first: as Linux */
	cr_assert_eq(put(sk, IP4(127, 0, 0, 1), PORT(1), "x", 1), -EPIPE);
	sock_close(sk);
}

struct counter {
	struct sock_waiter w;
	int calls;
};

static void count_wake(struct sock_waiter *w, u32 changed __unused)
{
	container_of(w, struct counter, w)->calls++;
}

/* Each packet is news: an edge of epoll's. */
WEIR_TEST(sock, waiters_hear_of_each_packet)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = sk_open(net, SOCK_DGRAM, 0);
	struct sock_addr where = {0, PORT(53)};
	struct counter c = {.w.wake = count_wake};
	char buf[64];

	cr_assert_eq(sock_bind(sk, &where), 0);
	sock_waiter_add(sk, &c.w);
	for (int i = 0; i < 10; i++)
		nic_queue(nic, &UDP4(PEER, 1, US, 53, .len = 5));
	host_run();
	cr_assert_eq(c.calls, 10);
	while (take(sk, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
		;
	nic_inject(nic, &UDP4(PEER, 1, US, 53, .len = 5));
	cr_assert_eq(c.calls, 11);
	sock_waiter_del(&c.w);
	nic_inject(nic, &UDP4(PEER, 1, US, 53, .len = 5));
	cr_assert_eq(c.calls, 11);
	sock_close(sk);
}

/* ---- ancillary data ---- */

struct cmsg {
	u64 len;
	s32 level, type;
	u8 data[16];
};

WEIR_TEST(sock, pktinfo_and_ttl_come_along_and_choose)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = sk_open(net, SOCK_DGRAM, 0);
	struct sock_addr where = {0, PORT(53)};
	struct cmsg c[2];
	char buf[64];
	struct sock_iovec iov = {buf, sizeof(buf)};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1, .control = c, .controllen = sizeof(c)};
	u32 info[3];

	nic->answer_arp = true;
	cr_assert_eq(ctl(net, NULL, "ip addr add 10.0.0.7/24 dev eth0"), 0);
	cr_assert_eq(sock_bind(sk, &where), 0);
	cr_assert_eq(set_int(sk, SOL_IP, IP_PKTINFO, 1), 0);
	cr_assert_eq(set_int(sk, SOL_IP, IP_RECVTTL, 1), 0);
	nic_inject(nic, &UDP4(PEER, 1, IP4(10, 0, 0, 7), 53, .len = 5, .ip.ttl = 33));
	cr_assert_eq(sock_recvmsg(sk, &msg, MSG_DONTWAIT), 5);
	cr_assert_eq(msg.flags, 0);
	cr_assert(c[0].level == SOL_IP && c[0].type == IP_PKTINFO && c[0].len == 28);
	memcpy(info, c[0].data, sizeof(info));
	cr_assert_eq(info[0], nic->dev->ifindex);
	cr_assert_eq(info[1], IP4(10, 0, 0, 7));
	cr_assert_eq(info[2], IP4(10, 0, 0, 7));
	cr_assert(c[1].level == SOL_IP && c[1].type == IP_TTL && c[1].len == 20);
	cr_assert_eq(c[1].data[0], 33);

	/* the same item in a message to send chooses the source */
	msg.has_name = true;
	msg.controllen = 32;
	iov.len = 1;
	cr_assert_eq(sock_sendmsg(sk, &msg, 0), 1);
	host_run();
	EXPECT_PKT(nic, &UDP4(IP4(10, 0, 0, 7), 53, PEER, 1, .len = 1));

	/* too little room is told */
	nic_inject(nic, &UDP4(PEER, 1, US, 53, .len = 1));
	msg.controllen = 8;
	cr_assert_eq(sock_recvmsg(sk, &msg, MSG_DONTWAIT), 1);
	cr_assert_eq(msg.flags, MSG_CTRUNC);
	cr_assert_eq(msg.controllen, 0);
	sock_close(sk);
}

/* Lengths in ancillary data that lie are refused. */
WEIR_TEST(sock, bad_ancillary_data_is_refused)
{
	static const u64 bad_lens[] = {0, 15, 16, 17, 27, 29, 33, U64_MAX, U64_MAX - 7};
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = sk_open(net, SOCK_DGRAM, 0);
	struct cmsg c = {.level = SOL_IP, .type = IP_PKTINFO};
	struct sock_iovec iov = {&c, 1};
	struct sock_msg msg = {.name = {PEER, PORT(1)},
			       .has_name = true,
			       .iov = &iov,
			       .iovlen = 1,
			       .control = &c,
			       .controllen = sizeof(c)};

	for (size_t i = 0; i < ARRAY_SIZE(bad_lens); i++) {
		c.len = bad_lens[i];
		cr_expect_eq(sock_sendmsg(sk, &msg, 0), -EINVAL, "len %llu",
			     (unsigned long long)c.len);
	}
	EXPECT_NO_SKBS(net);
	sock_close(sk);
	(void)nic;
}

/* ---- IP_RECVERR ---- */

struct error_item {
	u64 len;
	s32 level, type;
	u32 ee_errno;
	u8 origin, ee_type, ee_code, pad;
	u32 info, data;
	u16 family, port;
	be32 offender;
	u8 zero[8];
};

/* With IP_RECVERR an unconnected socket hears of soft errors, too, and can ask which packet it was. */
WEIR_TEST(sock, errors_queue_up_with_what_they_quote)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = sk_open(net, SOCK_DGRAM, 0);
	struct sock_addr where = {0, PORT(53)};
	struct error_item item;
	char data[8];
	struct sock_iovec iov = {data, sizeof(data)};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1, .control = &item};
	u8 frame[PKT_MAX];
	u32 len = pkt_build(&UDP4(US, 53, PEER, 4000, .data = "lost", .len = 4), frame);

	cr_assert_eq(sock_bind(sk, &where), 0);
	cr_assert_eq(set_int(sk, SOL_IP, IP_RECVERR, 1), 0);
	for (int i = 0; i < 2; i++)
		nic_inject(nic,
			   &ICMP4(IP4(10, 0, 0, 9), US, 3, i, .data = frame + 14, .len = len - 14));
	cr_assert_eq(sock_poll(sk) & POLLERR, POLLERR);
	cr_assert_eq(take(sk, data, sizeof(data), MSG_DONTWAIT), -EHOSTUNREACH);
	for (int i = 0; i < 2; i++) {
		msg.controllen = sizeof(item);
		cr_assert_eq(sock_recvmsg(sk, &msg, MSG_ERRQUEUE), 4);
		cr_assert_eq(memcmp(data, "lost", 4), 0);
		cr_assert_eq(msg.flags, MSG_ERRQUEUE);
		cr_assert(msg.name.addr == PEER && msg.name.port == PORT(4000));
		cr_assert(item.level == SOL_IP && item.type == IP_RECVERR && item.len == 48);
		cr_assert_eq(item.ee_errno, i ? EHOSTUNREACH : ENETUNREACH);
		cr_assert(item.origin == 2 && item.ee_type == 3 && item.ee_code == i);
		cr_assert_eq(item.offender, IP4(10, 0, 0, 9));
	}
	cr_assert_eq(sock_recvmsg(sk, &msg, MSG_ERRQUEUE), -EAGAIN);
	cr_assert_eq(sock_poll(sk) & POLLERR, 0);
	nic_inject(nic, &ICMP4(PEER, US, 3, 3, .data = frame + 14, .len = len - 14));
	sock_close(sk); /* with one still in the queue */
}

WEIR_TEST(sock, too_big_is_an_error_of_its_own)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = sk_open(net, SOCK_DGRAM, 0);
	static u8 big[2000];
	struct error_item item;
	struct sock_msg msg = {.control = &item, .controllen = sizeof(item)};

	nic->answer_arp = true;
	cr_assert_eq(set_int(sk, SOL_IP, IP_RECVERR, 1), 0);
	cr_assert_eq(set_int(sk, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO), 0);
	cr_assert_eq(put(sk, PEER, PORT(9), big, sizeof(big)), -EMSGSIZE);
	cr_assert_eq(sock_recvmsg(sk, &msg, MSG_ERRQUEUE), 0);
	cr_assert_eq(item.ee_errno, EMSGSIZE);
	cr_assert(item.origin == 1 && item.info == 1500);
	sock_close(sk);
}

/* ---- ping and raw ---- */

WEIR_TEST(sock, ping_sends_requests_and_gets_its_replies)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = sk_open(net, SOCK_DGRAM, IPPROTO_ICMP);
	struct sock_addr name;
	u8 request[16] = {8, 0, 0xff, 0xff, 0xee, 0xee, 0, 3, 'd', 'a', 't', 'a'}, reply[64];
	u16 id;

	nic->answer_arp = true;
	cr_assert_eq(put(sk, PEER, 0, request, sizeof(request)), 16);
	host_run();
	cr_assert_eq(sock_getsockname(sk, &name), 0);
	id = be16_to_cpu(name.port);
	EXPECT_PKT(nic, &ECHO(US, PEER, id, 3, .data = request + 8, .len = 8));
	nic_inject(nic, &ECHO_REPLY(PEER, US, id + 1, 3, .len = 8)); /* somebody else's */
	nic_inject(nic, &ECHO_REPLY(PEER, US, id, 3, .data = request + 8, .len = 8));
	cr_assert_eq(take(sk, reply, sizeof(reply), MSG_DONTWAIT), 16);
	cr_assert(reply[0] == 0 && reply[7] == 3 && !memcmp(reply + 8, "data", 4));
	cr_assert_eq(take(sk, reply, sizeof(reply), MSG_DONTWAIT), -EAGAIN);
	request[0] = 13; /* nothing but echo requests */
	cr_assert_eq(put(sk, PEER, 0, request, sizeof(request)), -EINVAL);
	request[0] = 8;
	cr_assert_eq(put(sk, PEER, 0, request, 7), -EINVAL);
	sock_close(sk);
}

WEIR_TEST(sock, raw_sees_packets_before_the_protocol_does)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = sk_open(net, SOCK_RAW, IPPROTO_ICMP),
		    *other = sk_open(net, SOCK_RAW, 253);
	u32 filter = 1U << 8;
	u8 buf[128];

	nic->answer_arp = true;
	nic_inject(nic, &ECHO(PEER, US, 1, 2, .len = 8));
	EXPECT_PKT(nic, &ECHO_REPLY(US, PEER, 1, 2, .len = 8)); /* the stack answers as ever */
	cr_assert_eq(take(sk, buf, sizeof(buf), MSG_DONTWAIT), 36);
	cr_assert(buf[0] == 0x45 && buf[20] == 8);
	cr_assert_eq(sock_setsockopt(sk, SOL_RAW, ICMP_FILTER, &filter, sizeof(filter)), 0);
	nic_inject(nic, &ECHO(PEER, US, 1, 2, .len = 8));
	cr_assert_eq(take(sk, buf, sizeof(buf), MSG_DONTWAIT), -EAGAIN);
	nic_forget(nic);
	/* somebody listens: no protocol unreachable */
	nic_inject(nic, &(struct pkt){.ip = {.saddr = PEER, .daddr = US, .proto = 253}, .len = 4});
	EXPECT_NOTHING(nic);
	cr_assert_eq(take(other, buf, sizeof(buf), MSG_DONTWAIT), 24);
	cr_assert_eq(put(other, PEER, 0, "abcd", 4), 4);
	host_run();
	EXPECT_PKT(nic, &((struct pkt){.ip = {.saddr = US, .daddr = PEER, .proto = 253},
				       .data = "abcd",
				       .len = 4}));
	sock_close(other);
	nic_inject(nic, &(struct pkt){.ip = {.saddr = PEER, .daddr = US, .proto = 253}, .len = 4});
	EXPECT_PKT(nic, &ICMP4(US, PEER, 3, 2));
	sock_close(sk);
}

WEIR_TEST(sock, raw_with_its_own_header)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = sk_open(net, SOCK_RAW, IPPROTO_RAW);
	u8 frame[PKT_MAX];
	u32 len =
		pkt_build(&UDP4(IP4(10, 0, 0, 99), 5, PEER, 6, .len = 4, .ip.ttl = 3), frame) - 14;

	nic->answer_arp = true;
	cr_assert_eq(put(sk, PEER, 0, frame + 14, len), len);
	host_run();
	EXPECT_PKT(nic, &UDP4(IP4(10, 0, 0, 99), 5, PEER, 6, .len = 4, .ip.ttl = 3));
	cr_assert_eq(put(sk, PEER, 0, frame + 14, 19), -EINVAL);
	frame[14] = 0x44;
	cr_assert_eq(put(sk, PEER, 0, frame + 14, len), -EINVAL);
	frame[14] = 0x4f;
	cr_assert_eq(put(sk, PEER, 0, frame + 14, len), -EINVAL);
	sock_close(sk);
}

/* ---- ss ---- */

static void count_socket(void *arg, const struct sock_info *info)
{
	int *n = arg;

	if (!strcmp(info->name, "UDP") && info->local.port == PORT(53))
		++*n;
}

WEIR_TEST(sock, all_can_be_listed)
{
	struct net *net = stack_new();
	struct sock *sk = sk_open(net, SOCK_DGRAM, 0), *raw = sk_open(net, SOCK_RAW, 1);
	struct sock_addr where = {0, PORT(53)};
	int n = 0;

	cr_assert_eq(sock_bind(sk, &where), 0);
	plat_bh_disable();
	sock_for_each(net, count_socket, &n);
	plat_bh_enable();
	cr_assert_eq(n, 1);
	sock_close(raw);
	sock_close(sk);
}

/* Ping, raw and the error queue with every allocation failing in turn: errors, never a crash or a leak. */
WEIR_TEST(sock, survive_failing_allocations)
{
	static const int kinds_tried[][2] = {{SOCK_DGRAM, IPPROTO_ICMP}, {SOCK_RAW, IPPROTO_ICMP}};
	u8 request[16] = {8}, frame[PKT_MAX];

	FOR_EACH_FAILING_ALLOC
	{
		struct net *net = stack_new();
		struct nic *nic = net ? nic_new(net, "10.0.0.1/24") : NULL;

		for (size_t i = 0; nic && i < ARRAY_SIZE(kinds_tried); i++) {
			struct sock_addr name;
			struct sock *sk;
			u32 len;

			if (sock_create(net, AF_INET, kinds_tried[i][0], kinds_tried[i][1], &sk))
				continue;
			nic->answer_arp = true;
			(void)set_int(sk, SOL_IP, IP_RECVERR, 1);
			(void)put(sk, PEER, 0, request, sizeof(request));
			host_run();
			cr_assert_eq(sock_getsockname(sk, &name), 0);
			len = pkt_build(&ECHO(US, PEER, be16_to_cpu(name.port), 0, .len = 8),
					frame);
			nic_inject(nic, &ECHO_REPLY(PEER, US, be16_to_cpu(name.port), 0, .len = 8));
			nic_inject(nic,
				   &ICMP4(PEER, US, 11, 0, .data = frame + 14, .len = len - 14));
			(void)take(sk, frame, 64, MSG_DONTWAIT);
			(void)take(sk, frame, 64, MSG_DONTWAIT | MSG_ERRQUEUE);
			sock_close(sk);
		}
	}
}
