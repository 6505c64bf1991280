/* SPDX-License-Identifier: MIT */
/*
 * What sockets speak for and whom they hear: IP_TRANSPARENT, IP_MINTTL, IP_LOCAL_PORT_RANGE, IP_NODEFRAG, IP_UNICAST_IF,
 * IP_CHECKSUM. The same as tests/tap/test_bind_options.py, which Linux passes, and what Linux is not asked.
 */
#include <string.h>

#include "lib/errno.h"
#include "net/netfilter/nf_defrag.h"
#include "tests/unit/tcp_wire.h"

#define FOREIGN IP4(203, 0, 113, 9)
#define GROUP   IP4(239, 1, 1, 1)
#define PORT(n) CPU_TO_BE16(n)

static struct sock *sk_new(struct net *net, int type, int protocol)
{
	struct sock *sk;

	cr_assert_eq(sock_create(net, AF_INET, type, protocol, &sk), 0);
	return sk;
}

static int set_ip(struct sock *sk, int name, u32 v)
{
	return sock_setsockopt(sk, SOL_IP, name, &v, sizeof(v));
}

static u32 get_ip(struct sock *sk, int name)
{
	u32 v = 0, len = sizeof(v);

	cr_assert_eq(sock_getsockopt(sk, SOL_IP, name, &v, &len), 0);
	return v;
}

static int bind_to(struct sock *sk, be32 addr, u16 port)
{
	return sock_bind(sk, &(struct sock_addr){addr, cpu_to_be16(port)});
}

static u16 port_of(struct sock *sk)
{
	struct sock_addr name;

	cr_assert_eq(sock_getsockname(sk, &name), 0);
	return be16_to_cpu(name.port);
}

static long say(struct sock *sk, be32 to, const void *data, size_t len)
{
	struct sock_iovec iov = {(void *)(uintptr_t)data, len};
	struct sock_msg msg = {.name = {to, PORT(9)}, .has_name = true, .iov = &iov, .iovlen = 1};
	long ret = sock_sendmsg(sk, &msg, MSG_DONTWAIT);

	host_run();
	return ret;
}

static long hear(struct sock *sk, void *control, size_t *controllen)
{
	u8 buf[2048];
	struct sock_iovec iov = {buf, sizeof(buf)};
	struct sock_msg msg = {
		.iov = &iov, .iovlen = 1, .control = control, .controllen = *controllen};
	long ret = sock_recvmsg(sk, &msg, MSG_DONTWAIT);

	*controllen = msg.controllen;
	return ret;
}

static bool heard(struct sock *sk)
{
	size_t none = 0;

	return hear(sk, NULL, &none) >= 0;
}

/* The rule that brings packets to addresses that are not ours. */
static void bring_in(struct net *net)
{
	CTL(net, "ip link set lo up");
	CTL(net, "ip rule add to 203.0.113.0/24 lookup 100");
	CTL(net, "ip route add local 203.0.113.0/24 dev lo table 100");
}

WEIR_TEST(bind_options, transparent_datagrams)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	static const int kinds[][2] = {
		{SOCK_DGRAM, 0}, {SOCK_DGRAM, IPPROTO_ICMP}, {SOCK_RAW, 253}};
	static const u8 echo[8] = {8};

	bring_in(net);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct sock *sk = sk_new(net, kinds[i][0], kinds[i][1]);

		cr_assert_eq(bind_to(sk, FOREIGN, 77), -EADDRNOTAVAIL, "row %zu", i);
		cr_assert_eq(set_ip(sk, IP_TRANSPARENT, 1), 0);
		cr_assert_eq(bind_to(sk, FOREIGN, 77), 0);
		cr_assert_eq(say(sk, PEER, echo, sizeof(echo)), sizeof(echo), "row %zu", i);
		cr_assert(nic_next(nic) && nic->got.ip.saddr == FOREIGN, "row %zu", i);
		cr_assert_eq(say(sk, GROUP, echo, sizeof(echo)), -ENETUNREACH, "row %zu", i);
		cr_assert_eq(set_ip(sk, IP_TRANSPARENT, 0), 0);
		cr_assert_eq(say(sk, PEER, echo, sizeof(echo)), -ENETUNREACH, "row %zu", i);
		sock_close(sk);
	}
	EXPECT_NOTHING(nic);
}

WEIR_TEST(bind_options, transparent_hears_what_the_rule_brings)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = sk_new(net, SOCK_DGRAM, 0);
	struct sock_addr to = {PEER, PORT(9)};

	bring_in(net);
	cr_assert_eq(set_ip(sk, IP_TRANSPARENT, 1), 0);
	cr_assert_eq(bind_to(sk, FOREIGN, 77), 0);
	nic_inject(nic, &UDP4(PEER, 9, FOREIGN, 77, .len = 5));
	nic_inject(nic, &UDP4(PEER, 9, US, 77, .len = 6));
	cr_assert(heard(sk) && !heard(sk));
	nic_forget(nic);
	nic_inject(nic, &UDP4(PEER, 9, FOREIGN, 78, .len = 5)); /* nobody's: who would say so? */
	EXPECT_NOTHING(nic);
	cr_assert_eq(sock_connect(sk, &to, true), 0);
	cr_assert_eq(get_ip(sk, IP_MTU), 1500);
	sock_close(sk);
}

/* Whoever listens for it answers for it, as do the handshake, the connection and what is left of it. */
WEIR_TEST(bind_options, transparent_listener)
{
	for (int transparent = 0; transparent < 2; transparent++) {
		struct seg s, out;
		struct conn c;

		conn_listen(&c);
		bring_in(c.net);
		cr_assert_eq(set_ip(c.listener, IP_TRANSPARENT, transparent), 0);
		s = (struct seg){.daddr = FOREIGN, .seq = IRS, .flags = TCP_SYN};
		inject(c.nic, &s);
		cr_assert_eq(sent(c.nic, &out), transparent);
		s.dport = 81;
		inject(c.nic, &s);
		EXPECT_NOTHING(c.nic);
		if (transparent) {
			s = (struct seg){.daddr = FOREIGN, .seq = IRS + 1, .flags = TCP_ACK};
			s.ack = out.seq + 1;
			inject(c.nic, &s);
			cr_assert_eq(sock_accept(c.listener, true, &c.sk, NULL), 0);
			cr_assert_eq(get_ip(c.sk, IP_TRANSPARENT), 1);
			rt_cache_flush(c.net);
			sock_close(c.sk);
			cr_assert(sent(c.nic, &out) && out.flags & TCP_FIN);
			cr_assert_eq(c.nic->got.ip.saddr, FOREIGN);
			s.flags = TCP_FIN | TCP_ACK;
			s.ack++;
			inject(c.nic, &s);
			inject(c.nic, &s);
			cr_assert(sent(c.nic, &out) && sent(c.nic, &out) && out.flags == TCP_ACK);
			cr_assert_eq(c.nic->got.ip.saddr, FOREIGN);
		}
		sock_close(c.listener);
		harness_end();
		harness_begin();
	}
}

/* A source that was ours is not taken for ours when it has gone. */
WEIR_TEST(bind_options, a_source_that_has_gone)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = sk_new(net, SOCK_DGRAM, 0);

	CTL(net, "ip addr add 10.0.0.7/24 dev eth0");
	cr_assert_eq(bind_to(sk, IP4(10, 0, 0, 7), 77), 0);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(say(sk, IP4(10, 0, 0, 20 + i), "x", 1), 1);
		cr_assert(nic_next(nic));
	}
	CTL(net, "ip addr del 10.0.0.7/24 dev eth0");
	for (int i = 0; i < 2; i++)
		cr_assert_eq(say(sk, IP4(10, 0, 0, 22 + i), "x", 1), -ENETUNREACH);
	EXPECT_NOTHING(nic);
	sock_close(sk);
}

WEIR_TEST(bind_options, min_ttl)
{
	struct seg s = {.seq = IRS, .flags = TCP_SYN}, out;
	struct conn c;

	conn_listen(&c);
	cr_assert_eq(set_ip(c.listener, IP_MINTTL, 256), -EINVAL);
	cr_assert_eq(set_ip(c.listener, IP_MINTTL, 255), 0);
	inject(c.nic, &s);
	EXPECT_NOTHING(c.nic);
	EXPECT_MIB(c.net, LINUX_MIB_TCPMINTTLDROP, 1);
	s.ttl = 255;
	inject(c.nic, &s);
	cr_assert(sent(c.nic, &out));
	s = (struct seg){.seq = IRS + 1, .ack = out.seq + 1, .flags = TCP_ACK};
	inject(c.nic, &s); /* of a handshake */
	cr_assert_eq(sock_accept(c.listener, true, &c.sk, NULL), 0);
	cr_assert_eq(get_ip(c.sk, IP_MINTTL), 255);
	s.flags |= TCP_RST;
	inject(c.nic, &s);
	cr_assert_eq(c.sk->state, TCP_ESTABLISHED);
	EXPECT_MIB(c.net, LINUX_MIB_TCPMINTTLDROP, 2);
	s.ttl = 255;
	inject(c.nic, &s);
	cr_assert_eq(c.sk->state, TCP_CLOSE);
	conn_close(&c);
}

/* Each end counts where it lies in the stack's range. */
WEIR_TEST(bind_options, local_port_range)
{
	static const struct {
		u16 first, last, lo, hi;
	} rows[] = {{0, 40001, 40000, 40001},     {40009, 0, 40009, 40010},
		    {1000, 2000, 40000, 40010},   {1000, 40000, 40000, 40000},
		    {40010, 65535, 40010, 40010}, {40005, 40006, 40005, 40006}};
	struct net *net = stack_new();

	CTL(net, "sysctl -w net.ipv4.ip_local_port_range=\"40000 40010\"");
	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		int type = i % 2 ? SOCK_STREAM : SOCK_DGRAM, err = 0, n = 0;
		struct sock *sk[12];

		while (n < 12 && !err) {
			sk[n] = sk_new(net, type, 0);
			cr_assert_eq(set_ip(sk[n], IP_LOCAL_PORT_RANGE,
					    (u32)rows[i / 2].last << 16 | rows[i / 2].first),
				     0);
			err = bind_to(sk[n], 0, 0);
			cr_assert(err || (port_of(sk[n]) >= rows[i / 2].lo &&
					  port_of(sk[n]) <= rows[i / 2].hi),
				  "row %zu: %u", i, port_of(sk[n]));
			n++;
		}
		cr_assert_eq(err, -EADDRINUSE);
		cr_assert_eq(n - 1, rows[i / 2].hi - rows[i / 2].lo + 1, "row %zu: %d", i, n - 1);
		if (type == SOCK_DGRAM)
			cr_assert_eq(say(sk[n - 1], PEER, "x", 1), -EAGAIN);
		while (n)
			sock_close(sk[--n]);
	}
}

/* A port that is chosen may be another's at another address, never at one that both have, whatever they allow. */
WEIR_TEST(bind_options, a_chosen_stream_port_at_several_addresses)
{
	static const struct {
		be32 addr;
		int result;
	} rows[] = {{US, 0},
		    {IP4(127, 0, 0, 1), 0},
		    {IP4(127, 0, 0, 2), 0},
		    {US, -EADDRINUSE},
		    {0, -EADDRINUSE}};
	struct sock *sk[ARRAY_SIZE(rows)], *last;
	struct net *net = stack_new();
	u32 one = 1;

	cr_assert_not_null(nic_new(net, "10.0.0.1/24"));
	CTL(net, "ip link set lo up");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		sk[i] = sk_new(net, SOCK_STREAM, 0);
		cr_assert_eq(set_ip(sk[i], IP_LOCAL_PORT_RANGE, 40000U << 16 | 40000), 0);
		cr_assert_eq(sock_setsockopt(sk[i], SOL_SOCKET, SO_REUSEADDR, &one, 4), 0);
		cr_assert_eq(sock_setsockopt(sk[i], SOL_SOCKET, SO_REUSEPORT, &one, 4), 0);
		cr_assert_eq(bind_to(sk[i], rows[i].addr, 0), rows[i].result, "row %zu", i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		sock_close(sk[i]);
	last = sk_new(net, SOCK_STREAM, 0);
	cr_assert_eq(set_ip(last, IP_LOCAL_PORT_RANGE, 40000U << 16 | 40000), 0);
	cr_assert_eq(sock_listen(last, 1), 0);
	cr_assert_eq(port_of(last), 40000);
	sock_close(last);
}

WEIR_TEST(bind_options, lengths)
{
	static const u8 bytes[8] = {1};
	struct net *net = stack_new();
	struct sock *sk = sk_new(net, SOCK_DGRAM, 0);

	for (u32 len = 0; len <= 8; len++) {
		int exact = len == 4 ? 0 : -EINVAL, some = len ? 0 : -EINVAL;

		cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_LOCAL_PORT_RANGE, bytes, len), exact);
		cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_UNICAST_IF, bytes, len),
			     len == 4 ? -EADDRNOTAVAIL : -EINVAL);
		cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_TRANSPARENT, bytes, len), some);
		cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_MINTTL, bytes, len), some);
		cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_CHECKSUM, bytes, len), 0);
		cr_assert_eq(get_ip(sk, IP_CHECKSUM), len != 0);
	}
	cr_assert_eq(set_ip(sk, IP_LOCAL_PORT_RANGE, 40000U << 16 | 40001), -EINVAL);
	sock_close(sk);
}

/* The first piece of a packet, as a program would write it. */
static long say_piece(struct sock *sk)
{
	struct {
		u8 ihl, tos;
		be16 len, id, frag_off;
		u8 ttl, proto;
		be16 sum;
		be32 saddr, daddr;
		u8 data[8];
	} p = {0x45, 0, 0, PORT(7), PORT(0x2000), 64, 253, 0, US, PEER, {0}};

	return say(sk, PEER, &p, sizeof(p));
}

WEIR_TEST(bind_options, nodefrag)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = sk_new(net, SOCK_RAW, IPPROTO_RAW);

	plat_bh_disable();
	cr_assert_eq(nf_defrag_ipv4_enable(net), 0);
	plat_bh_enable();
	cr_assert_eq(say_piece(sk), 28);
	EXPECT_NOTHING(nic);
	cr_assert_eq(set_ip(sk, IP_NODEFRAG, 1), 0);
	cr_assert_eq(say_piece(sk), 28);
	cr_assert(nic_next(nic) && nic->got.ip.frag_off == 0x2000);
	plat_bh_disable();
	nf_defrag_ipv4_disable(net);
	plat_bh_enable();
	sock_close(sk);
}

WEIR_TEST(bind_options, unicast_if)
{
	struct world w = two_nics_new("10.0.0.1/24", "10.0.2.1/24");
	u32 eth0 = CPU_TO_BE32(w.nic[0]->dev->ifindex);
	struct sock *sk = sk_new(w.net, SOCK_DGRAM, 0);
	const be32 far = IP4(10, 0, 2, 2);
	struct sock_addr to = {far, PORT(9)};

	cr_assert_eq(set_ip(sk, IP_UNICAST_IF, eth0), 0);
	cr_assert_eq(get_ip(sk, IP_UNICAST_IF), eth0);
	cr_assert_eq(say(sk, far, "x", 1), 1);
	EXPECT_PKT(w.nic[0], &UDP4(US, 0, far, 9, .len = 1));
	cr_assert_eq(sock_connect(sk, &to, true), 0);
	cr_assert_eq(set_ip(sk, IP_UNICAST_IF, 0), 0);
	cr_assert_eq(say(sk, far, "x", 1), 1);
	EXPECT_PKT(w.nic[1], &UDP4(US, 0, far, 9, .len = 1));
	cr_assert_eq(sock_setsockopt(sk, SOL_SOCKET, SO_BINDTODEVICE, "eth1", 4), 0);
	cr_assert_eq(set_ip(sk, IP_UNICAST_IF, eth0), -EINVAL);
	sock_close(sk);
}

WEIR_TEST(bind_options, checksum)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = sk_new(net, SOCK_DGRAM, 0);
	struct {
		u64 len;
		s32 level, type;
		u32 sum, pad;
	} c;
	size_t room = sizeof(c);

	cr_assert_eq(bind_to(sk, 0, 77), 0);
	cr_assert_eq(set_ip(sk, IP_CHECKSUM, 1), 0);
	nic_inject(nic, &UDP4(PEER, 9, US, 77, .data = "\1\2\3\4\5", .len = 5));
	cr_assert_eq(hear(sk, &c, &room), 5);
	cr_assert_eq(room, sizeof(c));
	cr_assert(c.len == 20 && c.level == SOL_IP && c.type == IP_CHECKSUM);
	cr_assert_eq((c.sum + (c.sum >> 16)) & U16_MAX, 0x0609); /* 0x0201 + 0x0403 + 0x0005 */
	nic_inject(nic, &UDP4(PEER, 9, US, 77, .udp.no_csum = true, .len = 5));
	cr_assert_eq(hear(sk, &c, &room), 5);
	cr_assert_eq(room, 0);
	sock_close(sk);
}
