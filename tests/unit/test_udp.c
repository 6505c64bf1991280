/* SPDX-License-Identifier: MIT */
/* UDP: what packets in do, to whom they go, what counts; what packets out look like. */
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "net/snmp.h"
#include "net/sock.h"
#include "tests/unit/harness.h"

#define US      IP4(10, 0, 0, 1)
#define PEER    IP4(10, 0, 0, 2)
#define OTHER   IP4(10, 0, 0, 3)
#define BCAST   IP4(10, 0, 0, 255)
#define PORT(n) CPU_TO_BE16(n)

static struct sock *udp_open(struct net *net, be32 addr, be16 port)
{
	struct sock_addr local = {addr, port};
	struct sock *sk;

	cr_assert_eq(sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk), 0);
	if (port)
		cr_assert_eq(sock_bind(sk, &local), 0);
	return sk;
}

static void set_int(struct sock *sk, int level, int name, int v)
{
	cr_assert_eq(sock_setsockopt(sk, level, name, &v, sizeof(v)), 0);
}

static long recv_from(struct sock *sk, void *buf, size_t len, struct sock_addr *from, int flags)
{
	struct sock_iovec iov = {buf, len};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};
	long n = sock_recvmsg(sk, &msg, flags | MSG_DONTWAIT);

	if (from)
		*from = msg.name;
	return n;
}

/* Takes one packet; its length, or -E. */
static long take(struct sock *sk)
{
	u8 buf[2048];

	return recv_from(sk, buf, sizeof(buf), NULL, 0);
}

static long send_to(struct sock *sk, be32 addr, be16 port, const void *data, size_t len)
{
	struct sock_iovec iov = {(void *)(uintptr_t)data, len};
	struct sock_msg msg = {
		.name = {addr, port}, .has_name = addr != 0, .iov = &iov, .iovlen = 1};

	return sock_sendmsg(sk, &msg, MSG_DONTWAIT);
}

WEIR_TEST(udp, arrives_with_its_sender_and_bytes)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 0, PORT(53));
	struct sock_addr from;
	char buf[16];

	nic_inject(nic, &UDP4(PEER, 4000, US, 53, .data = "hello", .len = 5));
	cr_assert_eq(sock_poll(sk) & POLLIN, POLLIN);
	cr_assert_eq(recv_from(sk, buf, sizeof(buf), &from, 0), 5);
	cr_assert_eq(memcmp(buf, "hello", 5), 0);
	cr_assert(from.addr == PEER && from.port == PORT(4000));
	cr_assert_eq(sock_poll(sk) & POLLIN, 0);
	cr_assert_eq(take(sk), -EAGAIN);
	EXPECT_MIB(net, UDP_MIB_INDATAGRAMS, 1);
	EXPECT_NOTHING(nic);
	sock_close(sk);
}

/* What is wrong with a packet, and what counts it. Linux's order: length, checksum, then the port. */
static const struct {
	const char *what;
	u16 len_lie, bad_csum;
	u32 len, cut;
	u16 dport;
	bool no_csum;
	u32 in, errors, csum_errors, noports;
	enum skb_drop_reason reason; /* SKB_DROP_REASON_NR: none */
} rows[] = {
	{"good", .len = 8, .dport = 53, .in = 1, .reason = SKB_DROP_REASON_NR},
	{"no payload", .len = 0, .dport = 53, .in = 1, .reason = SKB_DROP_REASON_NR},
	{"no checksum", .len = 8, .dport = 53, .no_csum = true, .in = 1,
	 .reason = SKB_DROP_REASON_NR},
	{"bad checksum", .len = 8, .dport = 53, .bad_csum = 0x0101, .errors = 1, .csum_errors = 1,
	 .reason = SKB_DROP_REASON_UDP_CSUM},
	{"bad checksum, closed port", .len = 8, .dport = 54, .bad_csum = 0x0101, .errors = 1,
	 .csum_errors = 1, .reason = SKB_DROP_REASON_UDP_CSUM},
	{"length beyond the packet", .len = 8, .dport = 53, .len_lie = 17, .errors = 1,
	 .reason = SKB_DROP_REASON_UDP_INVALID},
	{"length below the header", .len = 8, .dport = 53, .len_lie = 7, .errors = 1,
	 .reason = SKB_DROP_REASON_UDP_INVALID},
	{"closed port", .len = 8, .dport = 54, .noports = 1, .reason = SKB_DROP_REASON_NO_SOCKET},
};

WEIR_TEST(udp, checks_and_counters)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct net *net = stack_new();
		struct nic *nic = nic_new(net, "10.0.0.1/24");
		struct sock *sk = udp_open(net, 0, PORT(53));
		struct pkt p = UDP4(PEER, 4000, US, rows[i].dport, .len = rows[i].len,
				    .udp.len = rows[i].len_lie, .udp.bad_csum = rows[i].bad_csum,
				    .udp.no_csum = rows[i].no_csum);

		nic_inject(nic, &p);
		cr_expect_eq(take(sk), rows[i].in ? (long)rows[i].len : -EAGAIN, "%s",
			     rows[i].what);
		cr_expect_eq(mib(net, UDP_MIB_INDATAGRAMS), rows[i].in, "%s", rows[i].what);
		cr_expect_eq(mib(net, UDP_MIB_INERRORS), rows[i].errors, "%s", rows[i].what);
		cr_expect_eq(mib(net, UDP_MIB_CSUMERRORS), rows[i].csum_errors, "%s", rows[i].what);
		cr_expect_eq(mib(net, UDP_MIB_NOPORTS), rows[i].noports, "%s", rows[i].what);
		if (rows[i].reason != SKB_DROP_REASON_NR)
			cr_expect_eq(drops(net, rows[i].reason), 1, "%s", rows[i].what);
		cr_expect_eq(nic_sent(nic), rows[i].noports, "%s", rows[i].what);
		nic_forget(nic);
		sock_close(sk);
	}
}

WEIR_TEST(udp, shorter_length_than_the_packet_cuts_it)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 0, PORT(53));

	nic_inject(nic,
		   &UDP4(PEER, 4000, US, 53, .len = 20, .udp.len = 8 + 5, .udp.no_csum = true));
	cr_assert_eq(take(sk), 5);
	sock_close(sk);
}

WEIR_TEST(udp, closed_port_is_unreachable)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");

	nic_inject(nic, &UDP4(PEER, 4000, US, 53, .len = 4));
	EXPECT_PKT(nic, &ICMP4(US, PEER, 3, 3));
	/* RFC 1122 s3.2.2: not about a broadcast */
	nic_inject(nic, &UDP4(PEER, 4000, BCAST, 53, .len = 4, .dst = MAC_BROADCAST));
	EXPECT_NOTHING(nic);
	EXPECT_MIB(net, UDP_MIB_IGNOREDMULTI, 1);
}

/* Linux's preference: connected, bound to the address, any; a socket on the device before others. */
WEIR_TEST(udp, the_closest_socket_gets_it)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock_addr peer = {PEER, PORT(4000)};
	struct sock *any = udp_open(net, 0, 0), *bound, *connected, *device;
	struct sock_addr where = {0, PORT(53)};

	set_int(any, SOL_SOCKET, SO_REUSEADDR, 1);
	cr_assert_eq(sock_bind(any, &where), 0);
	nic_inject(nic, &UDP4(PEER, 4000, US, 53, .len = 1));
	cr_assert_eq(take(any), 1);

	device = udp_open(net, 0, 0);
	set_int(device, SOL_SOCKET, SO_REUSEADDR, 1);
	cr_assert_eq(sock_setsockopt(device, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5), 0);
	cr_assert_eq(sock_bind(device, &where), 0);
	nic_inject(nic, &UDP4(PEER, 4000, US, 53, .len = 2));
	cr_assert_eq(take(device), 2);
	cr_assert_eq(take(any), -EAGAIN);

	bound = udp_open(net, 0, 0);
	set_int(bound, SOL_SOCKET, SO_REUSEADDR, 1);
	where.addr = US;
	cr_assert_eq(sock_bind(bound, &where), 0);
	nic_inject(nic, &UDP4(PEER, 4000, US, 53, .len = 3));
	cr_assert_eq(take(bound), 3);

	connected = udp_open(net, 0, 0);
	set_int(connected, SOL_SOCKET, SO_REUSEADDR, 1);
	where.addr = 0;
	cr_assert_eq(sock_bind(connected, &where), 0);
	cr_assert_eq(sock_connect(connected, &peer, false), 0);
	nic_inject(nic, &UDP4(PEER, 4000, US, 53, .len = 4));
	cr_assert_eq(take(connected), 4);
	nic_inject(nic, &UDP4(PEER, 4001, US, 53, .len = 5));
	cr_assert_eq(take(bound), 5);
	cr_assert_eq(take(connected), -EAGAIN);

	cr_assert_eq(sock_connect(connected, NULL, false), 0);
	sock_close(bound);
	sock_close(device);
	nic_inject(nic, &UDP4(PEER, 4000, US, 53, .len = 6));
	cr_assert(take(connected) == 6 || take(any) == 6);
	sock_close(connected);
	sock_close(any);
}

WEIR_TEST(udp, broadcast_goes_to_every_matching_socket)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock_addr where = {0, PORT(53)};
	struct sock *sk[4];

	for (size_t i = 0; i < ARRAY_SIZE(sk); i++) {
		sk[i] = udp_open(net, 0, 0);
		set_int(sk[i], SOL_SOCKET, SO_REUSEADDR, 1);
		where.addr = i == 3 ? US : 0; /* the last one takes only what is for the address */
		cr_assert_eq(sock_bind(sk[i], &where), 0);
	}
	nic_inject(nic, &UDP4(PEER, 4000, BCAST, 53, .len = 9, .dst = MAC_BROADCAST));
	for (size_t i = 0; i < ARRAY_SIZE(sk); i++) {
		cr_assert_eq(take(sk[i]), i == 3 ? -EAGAIN : 9, "socket %zu", i);
		sock_close(sk[i]);
	}
	EXPECT_NO_SKBS(net);
}

WEIR_TEST(udp, the_receive_buffer_has_an_end)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 0, PORT(53));
	int size = 2048, got = 0;
	u32 len = sizeof(size);

	set_int(sk, SOL_SOCKET, SO_RCVBUF, size);
	cr_assert_eq(sock_getsockopt(sk, SOL_SOCKET, SO_RCVBUF, &size, &len), 0);
	cr_assert_eq(size, 4096); /* doubled, as Linux does */
	for (int i = 0; i < 40; i++)
		nic_inject(nic, &UDP4(PEER, 4000, US, 53, .len = 100));
	while (take(sk) == 100)
		got++;
	cr_assert(got > 0 && got < 40, "%d", got);
	EXPECT_MIB(net, UDP_MIB_RCVBUFERRORS, 40 - got);
	EXPECT_MIB(net, UDP_MIB_INERRORS, 40 - got);
	EXPECT_DROPS(net, SOCKET_RCVBUFF, 40 - got);
	nic_inject(nic, &UDP4(PEER, 4000, US, 53, .len = 100));
	cr_assert_eq(take(sk), 100); /* room again */
	sock_close(sk);
}

WEIR_TEST(udp, peek_and_truncation)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 0, PORT(53));
	struct sock_iovec iov[2];
	struct sock_msg msg = {.iov = iov, .iovlen = 2};
	char a[3], b[4];

	nic_inject(nic, &UDP4(PEER, 4000, US, 53, .data = "0123456789", .len = 10));
	iov[0] = (struct sock_iovec){a, sizeof(a)};
	iov[1] = (struct sock_iovec){b, sizeof(b)};
	cr_assert_eq(sock_recvmsg(sk, &msg, MSG_PEEK | MSG_DONTWAIT), 7);
	cr_assert_eq(msg.flags, MSG_TRUNC);
	cr_assert_eq(memcmp(a, "012", 3), 0);
	cr_assert_eq(memcmp(b, "3456", 4), 0);
	cr_assert_eq(sock_recvmsg(sk, &msg, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT), 10);
	cr_assert_eq(sock_recvmsg(sk, &msg, MSG_DONTWAIT), 7);
	cr_assert_eq(sock_recvmsg(sk, &msg, MSG_DONTWAIT), -EAGAIN);
	sock_close(sk);
}

WEIR_TEST(udp, sends_with_a_right_checksum_from_many_pieces)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 0, PORT(53));
	struct sock_iovec iov[4];
	struct sock_msg msg = {.name = {PEER, PORT(4000)}, .has_name = true, .iov = iov};
	u8 data[1472];

	nic->answer_arp = true;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i * 7;
	for (size_t len = 0; len <= sizeof(data); len += len < 70 ? 1 : 61) {
		size_t a = len / 5, b = len / 3; /* odd pieces too */

		iov[0] = (struct sock_iovec){data, a};
		iov[1] = (struct sock_iovec){data + a, b};
		iov[2] = (struct sock_iovec){NULL, 0};
		iov[3] = (struct sock_iovec){data + a + b, len - a - b};
		msg.iovlen = 4;
		cr_assert_eq(sock_sendmsg(sk, &msg, 0), (long)len);
		host_run();
		EXPECT_PKT(nic, &UDP4(US, 53, PEER, 4000, .data = data, .len = len));
	}
	sock_close(sk);
}

WEIR_TEST(udp, too_long_is_refused_and_long_is_fragmented)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 0, PORT(53));
	static u8 data[65536];

	nic->answer_arp = true;
	cr_assert_eq(send_to(sk, PEER, PORT(4000), data, 65508), -EMSGSIZE);
	cr_assert_eq(send_to(sk, PEER, PORT(4000), data, 3000), 3000);
	host_run();
	cr_assert_eq(nic_sent(nic), 3);
	nic_forget(nic);
	set_int(sk, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
	cr_assert_eq(send_to(sk, PEER, PORT(4000), data, 1473), -EMSGSIZE);
	cr_assert_eq(send_to(sk, PEER, PORT(4000), data, 1472), 1472);
	nic_forget(nic);
	sock_close(sk);
}

WEIR_TEST(udp, an_icmp_error_reaches_the_connected_socket_once)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 0, PORT(5300));
	struct sock_addr peer = {PEER, PORT(4000)};
	/* What the peer quotes: our IP header and the first 8 bytes. */
	u8 frame[PKT_MAX];
	u32 len;
	int err;
	u32 errlen = sizeof(err);

	nic->answer_arp = true;
	cr_assert_eq(sock_connect(sk, &peer, false), 0);
	cr_assert_eq(send_to(sk, 0, 0, "x", 1), 1);
	host_run();
	nic_forget(nic);
	len = pkt_build(&UDP4(US, 5300, PEER, 4000, .data = "x", .len = 1), frame);
	nic_inject(nic, &ICMP4(PEER, US, 3, 3, .data = frame + 14, .len = len - 14));
	cr_assert_eq(sock_poll(sk) & POLLERR, POLLERR);
	cr_assert_eq(take(sk), -ECONNREFUSED);
	cr_assert_eq(take(sk), -EAGAIN);
	nic_inject(nic, &ICMP4(PEER, US, 3, 3, .data = frame + 14, .len = len - 14));
	cr_assert_eq(sock_getsockopt(sk, SOL_SOCKET, SO_ERROR, &err, &errlen), 0);
	cr_assert_eq(err, ECONNREFUSED);
	cr_assert_eq(send_to(sk, 0, 0, "x", 1), 1);
	/* RFC 1122 s4.1.3.3 leaves it to the program; as Linux: an unconnected one does not hear */
	cr_assert_eq(sock_connect(sk, NULL, false), 0);
	nic_inject(nic, &ICMP4(PEER, US, 3, 3, .data = frame + 14, .len = len - 14));
	cr_assert_eq(take(sk), -EAGAIN);
	nic_forget(nic);
	sock_close(sk);
}

WEIR_TEST(udp, ports_are_taken_once_and_chosen_at_random)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *a = udp_open(net, 0, PORT(53)), *b = udp_open(net, 0, 0), *c[8];
	struct sock_addr where = {US, PORT(53)}, name;
	int same = 0;

	cr_assert_eq(sock_bind(b, &where), -EADDRINUSE);
	where.addr = OTHER;
	cr_assert_eq(sock_bind(b, &where), -EADDRNOTAVAIL);
	where = (struct sock_addr){US, 0};
	cr_assert_eq(sock_bind(b, &where), 0);
	cr_assert_eq(sock_bind(b, &where), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		struct sock_addr last = name;

		c[i] = udp_open(net, 0, 0);
		where = (struct sock_addr){0, 0};
		cr_assert_eq(sock_bind(c[i], &where), 0);
		cr_assert_eq(sock_getsockname(c[i], &name), 0);
		cr_assert(be16_to_cpu(name.port) >= 32768 && be16_to_cpu(name.port) <= 60999);
		same += i && be16_to_cpu(name.port) == be16_to_cpu(last.port) + 1;
	}
	cr_assert(same < 4, "the ports follow each other");
	for (size_t i = 0; i < ARRAY_SIZE(c); i++)
		sock_close(c[i]);
	sock_close(a);
	sock_close(b);
	(void)nic;
}

WEIR_TEST(udp, an_exhausted_range_says_so)
{
	struct net *net = stack_new();
	struct sock *sk[4];
	struct sock_addr any = {0, 0};

	CTL(net, "sysctl -w net.ipv4.ip_local_port_range=\"40000 40002\"");
	for (int i = 0; i < 4; i++) {
		sk[i] = udp_open(net, 0, 0);
		cr_assert_eq(sock_bind(sk[i], &any), i < 3 ? 0 : -EADDRINUSE);
	}
	for (int i = 0; i < 4; i++)
		sock_close(sk[i]);
}

WEIR_TEST(udp, broadcast_needs_leave)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 0, PORT(53));

	cr_assert_eq(send_to(sk, BCAST, PORT(9), "x", 1), -EACCES);
	set_int(sk, SOL_SOCKET, SO_BROADCAST, 1);
	cr_assert_eq(send_to(sk, BCAST, PORT(9), "x", 1), 1);
	host_run();
	EXPECT_PKT(nic, &UDP4(US, 53, BCAST, 9, .dst = MAC_BROADCAST, .len = 1));
	cr_assert_eq(send_to(sk, PEER, 0, "x", 1), -EINVAL);
	cr_assert_eq(send_to(sk, 0, 0, "x", 1), -EDESTADDRREQ);
	sock_close(sk);
}

/* A DHCP client's first words: no address yet, bound to the device. */
WEIR_TEST(udp, speaks_from_a_device_without_address)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, NULL);
	struct sock *sk = udp_open(net, 0, 0);
	struct sock_addr where = {0, PORT(68)};

	cr_assert_eq(sock_setsockopt(sk, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5), 0);
	set_int(sk, SOL_SOCKET, SO_BROADCAST, 1);
	cr_assert_eq(sock_bind(sk, &where), 0);
	cr_assert_eq(send_to(sk, IP4(255, 255, 255, 255), PORT(67), "x", 1), 1);
	host_run();
	EXPECT_PKT(nic, &UDP4(0, 68, IP4(255, 255, 255, 255), 67, .dst = MAC_BROADCAST, .len = 1));
	nic_inject(nic,
		   &UDP4(PEER, 67, IP4(255, 255, 255, 255), 68, .dst = MAC_BROADCAST, .len = 20));
	cr_assert_eq(take(sk), 20);
	sock_close(sk);
}

/* With every allocation failing in turn: errors or losses, never a crash or a leak. */
WEIR_TEST(udp, survives_failing_allocations)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct net *net = stack_new();
		struct nic *nic = net ? nic_new(net, "10.0.0.1/24") : NULL;
		struct sock_addr where = {0, PORT(53)};
		struct sock *sk, *sk2;

		if (!nic || sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk))
			continue;
		nic->answer_arp = true;
		set_int(sk, SOL_SOCKET, SO_BROADCAST, 1);
		set_int(sk, SOL_SOCKET, SO_REUSEADDR, 1);
		if (!sock_bind(sk, &where) && !sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk2)) {
			set_int(sk2, SOL_SOCKET, SO_REUSEADDR, 1);
			(void)sock_bind(sk2, &where);
			nic_inject(nic, &UDP4(PEER, 1, BCAST, 53, .len = 9, .dst = MAC_BROADCAST));
			nic_inject(nic, &UDP4(PEER, 1, US, 99, .len = 9));
			(void)send_to(sk, PEER, PORT(4000), "data", 4);
			(void)send_to(sk, US, PORT(53), "data", 4);
			host_run();
			sock_close(sk2);
		}
		sock_close(sk);
	}
}

/* A group on one port shares the flows; one flow stays with one of them. */
WEIR_TEST(udp, a_reuseport_group_shares_the_flows)
{
	enum { MEMBERS = 3, FLOWS = 300 };
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock_addr where = {0, PORT(53)};
	struct sock *sk[MEMBERS], *outsider = udp_open(net, 0, 0);
	int got[MEMBERS] = {0};

	for (int i = 0; i < MEMBERS; i++) {
		sk[i] = udp_open(net, 0, 0);
		set_int(sk[i], SOL_SOCKET, SO_REUSEPORT, 1);
		cr_assert_eq(sock_bind(sk[i], &where), 0);
	}
	cr_assert_eq(sock_bind(outsider, &where), -EADDRINUSE);
	for (int flow = 0; flow < FLOWS; flow++) {
		int to = -1;

		nic_inject(nic, &UDP4(PEER, 1000 + flow, US, 53, .len = 1));
		nic_inject(nic, &UDP4(PEER, 1000 + flow, US, 53, .len = 1));
		for (int i = 0; i < MEMBERS; i++)
			if (take(sk[i]) == 1)
				to = i;
		cr_assert_geq(to, 0);
		cr_assert_eq(take(sk[to]), 1, "flow %d: the second packet went elsewhere", flow);
		got[to]++;
	}
	for (int i = 0; i < MEMBERS; i++) {
		cr_assert(got[i] > FLOWS / MEMBERS / 2, "socket %d got %d flows", i, got[i]);
		sock_close(sk[i]);
	}
	sock_close(outsider);
}

/* What waits for an address to be resolved fills the send buffer; room is told when it has gone. */
WEIR_TEST(udp, the_send_buffer_has_an_end)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 0, PORT(53));
	static const u8 data[1400];
	int n = 0;

	nic->answer_arp = false;
	set_int(sk, SOL_SOCKET, SO_SNDBUF, 0);
	while (n < 100 && send_to(sk, PEER, PORT(9), data, sizeof(data)) == sizeof(data))
		n++;
	cr_assert(n > 0 && n < 20, "%d", n);
	cr_assert_eq(send_to(sk, PEER, PORT(9), data, 1), -EAGAIN);
	cr_assert_eq(sock_poll(sk) & POLLOUT, 0);
	host_run();
	EXPECT_PKT(nic, &ARP_REQUEST(nic->mac, US, PEER));
	nic_inject(nic, &ARP_REPLY(nic->peer, PEER, nic->mac, US));
	cr_assert_eq(nic_sent(nic), n);
	cr_assert_eq(sock_poll(sk) & POLLOUT, POLLOUT);
	cr_assert_eq(send_to(sk, PEER, PORT(9), data, 1), 1);
	host_run();
	nic_forget(nic);
	sock_close(sk);
}

/* A socket may be closed before what it sent has left: the packets keep what they need. */
WEIR_TEST(udp, closed_with_packets_under_way)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 0, PORT(53));

	nic->answer_arp = false;
	cr_assert_eq(send_to(sk, PEER, PORT(9), "abc", 3), 3);
	host_run();
	EXPECT_PKT(nic, &ARP_REQUEST(nic->mac, US, PEER));
	sock_close(sk);
	nic_inject(nic, &ARP_REPLY(nic->peer, PEER, nic->mac, US));
	EXPECT_PKT(nic, &UDP4(US, 53, PEER, 9, .data = "abc", .len = 3));
}

/* The way a socket keeps is asked for anew when addresses, routes or options have changed. */
WEIR_TEST(udp, the_kept_route_follows_changes)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = udp_open(net, 0, PORT(53));

	nic->answer_arp = true;
	cr_assert_eq(send_to(sk, PEER, PORT(9), "a", 1), 1);
	host_run();
	EXPECT_PKT(nic, &UDP4(US, 53, PEER, 9, .len = 1, .ip.ttl = 64));
	set_int(sk, SOL_IP, IP_TTL, 7);
	cr_assert_eq(send_to(sk, PEER, PORT(9), "a", 1), 1);
	host_run();
	EXPECT_PKT(nic, &UDP4(US, 53, PEER, 9, .len = 1, .ip.ttl = 7));
	CTL(net, "ip addr add 10.0.0.7/24 dev eth0");
	CTL(net, "ip addr del 10.0.0.1/24 dev eth0");
	CTL(net, "ip addr add 10.0.0.7/24 dev eth0");
	cr_assert_eq(send_to(sk, PEER, PORT(9), "a", 1), 1);
	host_run();
	EXPECT_PKT(nic, &UDP4(IP4(10, 0, 0, 7), 53, PEER, 9, .len = 1));
	CTL(net, "ip addr flush dev eth0");
	cr_assert_eq(send_to(sk, PEER, PORT(9), "a", 1), -ENETUNREACH);
	nic_forget(nic);
	sock_close(sk);
}

WEIR_TEST(udp, a_stack_talks_to_itself)
{
	struct net *net = stack_new();
	struct sock *a = udp_open(net, 0, PORT(53)), *b = udp_open(net, 0, PORT(54));
	struct sock_addr from;
	char buf[8];

	cr_assert_eq(send_to(a, IP4(127, 0, 0, 1), PORT(54), "self", 4), 4);
	host_run();
	cr_assert_eq(recv_from(b, buf, sizeof(buf), &from, 0), 4);
	cr_assert(from.addr == IP4(127, 0, 0, 1) && from.port == PORT(53));
	sock_close(a);
	sock_close(b);
}
