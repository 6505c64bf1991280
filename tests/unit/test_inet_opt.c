/* SPDX-License-Identifier: MIT */
/* IP options of datagrams: of a socket, of a message, of what came; and packets that routers are to look at. */
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "net/sock.h"
#include "tests/unit/harness.h"

#define US      IP4(10, 0, 0, 1)
#define PEER    IP4(10, 0, 0, 2)
#define HOP     IP4(10, 0, 0, 9)
#define PORT(n) CPU_TO_BE16(n)

static const u8 by_hop[] = {0x83, 7, 4, 10, 0, 0, 9, 0}, to_peer[] = {0x83, 7, 4, 10, 0, 0, 2, 0};
static const u8 record[] = {7, 7, 4, 0, 0, 0, 0, 0}, recorded[] = {7, 7, 8, 10, 0, 0, 1, 0};
static const u8 alert[] = {0x94, 4, 0, 0};

static struct sock *sk_open(struct net *net, int type, int protocol)
{
	struct sock_addr local = {0, PORT(5000)};
	struct sock *sk;

	if (sock_create(net, AF_INET, type, protocol, &sk))
		return NULL;
	if (type == SOCK_DGRAM && sock_bind(sk, &local)) {
		sock_close(sk);
		return NULL;
	}
	return sk;
}

/* control: an item of IP_RETOPTS with these options; NULL: none. */
static long put(struct sock *sk, be32 addr, size_t len, const void *opt, size_t optlen)
{
	static u8 data[65535] = {8};
	struct {
		u64 len;
		s32 level, type;
		u8 data[48];
	} control = {16 + optlen, SOL_IP, IP_RETOPTS, {0}};
	struct sock_iovec iov = {data, len};
	struct sock_msg msg = {.name = {addr, PORT(9)},
			       .has_name = true,
			       .iov = &iov,
			       .iovlen = 1,
			       .control = &control,
			       .controllen = opt ? 16 + optlen : 0};

	if (opt)
		memcpy(control.data, opt, optlen);
	return sock_sendmsg(sk, &msg, MSG_DONTWAIT);
}

static void expect_options(struct nic *nic, be32 daddr, const void *opt, size_t optlen)
{
	const struct pkt *p = nic_next(nic);

	cr_assert(p, "nothing was sent");
	cr_assert_eq(p->ip.daddr, daddr);
	cr_assert_eq(p->ip.optlen, optlen);
	cr_assert(!memcmp(p->ip.opt, opt, optlen));
}

WEIR_TEST(inet_opt, of_a_socket_and_of_a_message)
{
	static const int protocols[] = {0, IPPROTO_ICMP};
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");

	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		struct sock *sk = sk_open(net, SOCK_DGRAM, protocols[i]);
		u8 told[40];
		u32 len = sizeof(told);

		cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_OPTIONS, by_hop, 7), 0);
		cr_assert_eq(sock_getsockopt(sk, SOL_IP, IP_OPTIONS, told, &len), 0);
		cr_assert(len == 8 && !memcmp(told, by_hop, 8));
		cr_assert_eq(put(sk, PEER, 8, NULL, 0), 8);
		expect_options(nic, HOP, to_peer, 8);
		cr_assert_eq(put(sk, HOP, 8, NULL, 0), 8);
		expect_options(nic, HOP, by_hop, 8);
		cr_assert_eq(put(sk, 0, 8, NULL, 0), -EINVAL);
		cr_assert_eq(put(sk, PEER, 8, record, 8), 8);
		expect_options(nic, PEER, recorded, 8);
		cr_assert_eq(put(sk, PEER, 8, "\7\3\3", 3), -EINVAL);
		cr_assert_eq(put(sk, PEER, 8, "", 0), 8);
		expect_options(nic, PEER, "", 0);
		cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_OPTIONS, record, 7), 0);
		len = sizeof(told);
		cr_assert_eq(sock_getsockopt(sk, SOL_IP, IP_OPTIONS, told, &len), 0);
		cr_assert(len == 8 && !memcmp(told, record, 8));
		for (int n = 0; n < 2; n++) { /* the second by the way that was kept */
			cr_assert_eq(put(sk, PEER, 8, NULL, 0), 8);
			expect_options(nic, PEER, recorded, 8);
		}
		cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_OPTIONS, NULL, 0), 0);
		cr_assert_eq(put(sk, PEER, 8, NULL, 0), 8);
		expect_options(nic, PEER, "", 0);
		sock_close(sk);
	}
}

/* The length of the whole packet counts, and a header of the program's has no other options than its own. */
WEIR_TEST(inet_opt, limits)
{
	static u8 header[24] = {0x45};
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = sk_open(net, SOCK_DGRAM, 0);
	struct sock *raw = sk_open(net, SOCK_RAW, IPPROTO_RAW);
	struct sock_iovec iov = {header, sizeof(header)};
	struct sock_msg msg = {.name = {PEER, 0}, .has_name = true, .iov = &iov, .iovlen = 1};

	cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_OPTIONS, alert, 4), 0);
	cr_assert_eq(put(sk, PEER, 65535 - 20 - 4 - 8, NULL, 0), 65535 - 20 - 4 - 8);
	cr_assert_eq(put(sk, PEER, 65535 - 20 - 4 - 8 + 1, NULL, 0), -EMSGSIZE);
	nic_forget(nic);
	cr_assert_eq(sock_sendmsg(raw, &msg, 0), sizeof(header));
	cr_assert_eq(sock_setsockopt(raw, SOL_IP, IP_OPTIONS, NULL, 0), 0);
	cr_assert_eq(sock_sendmsg(raw, &msg, 0), -EINVAL);
	nic_forget(nic);
	sock_close(sk);
	sock_close(raw);
	EXPECT_NO_SKBS(net);
}

WEIR_TEST(inet_opt, without_memory)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct net *net = stack_new();
		struct sock *sk = net ? sk_open(net, SOCK_DGRAM, 0) : NULL;
		int err = sk ? sock_setsockopt(sk, SOL_IP, IP_OPTIONS, record, 7) : 0;

		cr_assert(!err || err == -ENOMEM);
		if (sk && !err) /* the first are still there, or the second */
			(void)sock_setsockopt(sk, SOL_IP, IP_OPTIONS, by_hop, 7);
		if (sk)
			sock_close(sk);
	}
}

/* What comes with IP_RECVOPTS and IP_RETOPTS; room: for ancillary data. */
static struct sock_msg take(struct sock *sk, void *control, size_t room)
{
	u8 data[64];
	struct sock_iovec iov = {data, sizeof(data)};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1, .control = control, .controllen = room};

	cr_assert_gt(sock_recvmsg(sk, &msg, MSG_DONTWAIT), 0);
	return msg;
}

WEIR_TEST(inet_opt, of_what_came)
{
	static const u8 full[] = {7, 9, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = sk_open(net, SOCK_DGRAM, 0);
	u8 control[64],
		want[] = {24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 7, 7, 8, 10, 0, 0, 1, 0};
	struct sock_msg msg;

	cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_RECVOPTS, "\1", 1), 0);
	nic_inject(nic, &UDP4(PEER, 9, US, 5000, .ip.opt = record, .ip.optlen = 8, .len = 4));
	msg = take(sk, control, sizeof(control));
	cr_assert(msg.controllen == 24 && !msg.flags && !memcmp(control, want, 24));
	cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_RETOPTS, "\1", 1), 0);
	nic_inject(nic, &UDP4(PEER, 9, US, 5000, .ip.opt = record, .ip.optlen = 8, .len = 4));
	msg = take(sk, control, 44);
	cr_assert(msg.controllen == 44 && msg.flags == MSG_CTRUNC && control[24] == 20);
	nic_inject(nic, &UDP4(PEER, 9, US, 5000, .len = 4));
	cr_assert_eq(take(sk, control, sizeof(control)).controllen, 0);
	/* room for one entry and a half: there can be no answer */
	nic_inject(nic, &UDP4(PEER, 9, US, 5000, .ip.opt = full, .ip.optlen = 12, .len = 4));
	msg = take(sk, control, sizeof(control));
	cr_assert(msg.controllen == 32 && msg.flags == MSG_CTRUNC && control[12] == IP_RECVOPTS);
	sock_close(sk);
}

/* The ICMP packet's own, not those of what it quotes. */
WEIR_TEST(inet_opt, of_an_error)
{
	static const u8 quoted[28] = {0x45, 0, 0,  28, 0, 0, 0,    0,    64, 17, 0, 0, 10, 0,
				      0,    1, 10, 0,  0, 2, 0x13, 0x88, 0,  9,  0, 8, 0,  0};
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk = sk_open(net, SOCK_DGRAM, 0);
	struct {
		u64 len;
		s32 level, type;
		u8 opt[8];
		u8 error[48];
	} control;
	struct sock_msg msg = {.control = &control, .controllen = sizeof(control)};

	cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_RECVERR, "\1", 1), 0);
	cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_RECVOPTS, "\1", 1), 0);
	nic_inject(nic, &ICMP4(PEER, US, 3, 1, .ip.opt = record, .ip.optlen = 8, .data = quoted,
			       .len = sizeof(quoted)));
	cr_assert_eq(sock_recvmsg(sk, &msg, MSG_ERRQUEUE | MSG_DONTWAIT), 0);
	cr_assert(control.len == 24 && control.level == SOL_IP && control.type == IP_RECVOPTS);
	cr_assert(!memcmp(control.opt, recorded, 8));
	cr_assert_eq(msg.controllen, sizeof(control));
	cr_assert_eq(control.error[12], IP_RECVERR);
	cr_assert_eq(msg.name.addr, PEER);
	cr_assert_eq(msg.name.port, PORT(9));
	sock_close(sk);
}

/* A packet to be forwarded, seen by whom? */
WEIR_TEST(inet_opt, router_alert)
{
	struct nic *near, *far;
	struct net *net = router_new(&near, &far);
	struct sock *sk = sk_open(net, SOCK_RAW, 253), *bare = sk_open(net, SOCK_RAW, IPPROTO_RAW);
	struct pkt p = {.ip = {.saddr = IP4(10, 0, 1, 2),
			       .daddr = IP4(10, 0, 2, 2),
			       .proto = 253,
			       .opt = alert,
			       .optlen = 4},
			.len = 9};
	int on = 1, off = 0;
	u8 control[8];

	cr_assert_eq(sock_setsockopt(bare, SOL_IP, IP_ROUTER_ALERT, &on, 4), -EINVAL);
	cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_ROUTER_ALERT, &off, 4), -ENOBUFS);
	nic_inject(near, &p);
	EXPECT_PKT(far, &p);
	cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_ROUTER_ALERT, &on, 4), 0);
	cr_assert_eq(sock_setsockopt(sk, SOL_IP, IP_ROUTER_ALERT, &on, 4), -EADDRINUSE);
	p.ip.ttl = 1;
	nic_inject(near, &p);
	take(sk, control, 0);
	p.ip.ttl = 0;
	p.ip.frag_off = 0x2000;
	p.ip.id = 7;
	p.len = 16;
	nic_inject(near, &p);
	p.ip.frag_off = 2;
	nic_inject(near, &p);
	take(sk, control, 0);
	EXPECT_NOTHING(far);
	EXPECT_NOTHING(near);
	sock_close(sk); /* and with it what it asked for */
	p.ip.frag_off = 0;
	nic_inject(near, &p);
	EXPECT_PKT(far, &p);
	sock_close(bare);
	EXPECT_NO_SKBS(net);
}
