/* SPDX-License-Identifier: MIT */
/*
 * The socket calls, in any order, with any arguments, while addresses, routes and links come and go
 * under them. Nothing waits: every call is non-blocking, and time passes only when the input says
 * so.
 */
#include <string.h>

#include "host/host.h"
#include "host/libweir.h"
#include "lib/byteorder.h"
#include "net/sock.h"
#include "net/sock_filter.h"
#include "tests/fuzz/lab.h"

#define SOCKETS  6
#define MAX_OPS  200
#define DATA_MAX 3000

static struct net *net;
static struct sock *sockets[SOCKETS];
static u8 data[DATA_MAX];

static be32 an_address(struct fuzz_input *in)
{
	static const u32 some[] = {0x7f000001, 0x0a000001, 0x0a000002, 0xffffffff,
				   0x0a0000ff, 0xe0000001, 0,          0xc0000201};

	return cpu_to_be32(some[fuzz_u8(in) % ARRAY_SIZE(some)]);
}

static struct sock_addr an_end(struct fuzz_input *in)
{
	struct sock_addr a = {.addr = an_address(in)};

	a.port = cpu_to_be16(fuzz_u8(in) % 8); /* few, so that they meet */
	return a;
}

static void create(struct fuzz_input *in, struct sock **sk)
{
	static const int types[] = {SOCK_DGRAM, SOCK_RAW, SOCK_STREAM, 77};
	static const int protocols[] = {0, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_RAW, 99, 256};
	u8 how = fuzz_u8(in);

	if (*sk)
		return;
	if (sock_create(net, how & 128 ? AF_INET6 : AF_INET, types[how % 4], protocols[how / 4 % 6],
			sk))
		*sk = NULL;
}

static void send_some(struct fuzz_input *in, struct sock *sk)
{
	u8 control[64];
	struct sock_iovec iov[2] = {{data, 0}, {data + DATA_MAX / 2, 0}};
	struct sock_msg msg = {.iov = iov, .iovlen = 2};
	const uint8_t *bytes;
	size_t got;

	msg.has_name = fuzz_u8(in) & 1;
	msg.name = an_end(in);
	iov[0].len = fuzz_u16(in) % (DATA_MAX / 2);
	iov[1].len = fuzz_u8(in);
	bytes = fuzz_bytes(in, fuzz_u8(in) % sizeof(control), &got);
	memcpy(control, bytes, got);
	if (got) {
		msg.control = control;
		msg.controllen = got;
	}
	/* The first bytes matter to raw and ping sockets. */
	bytes = fuzz_bytes(in, fuzz_u8(in) % 64, &got);
	memcpy(data, bytes, got);
	(void)sock_sendmsg(sk, &msg, MSG_DONTWAIT | (fuzz_u8(in) << 4));
	host_run();
}

static void receive_some(struct fuzz_input *in, struct sock *sk)
{
	u8 control[64];
	struct sock_iovec iov = {data, fuzz_u16(in) % DATA_MAX};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1, .control = control};

	msg.controllen = fuzz_u8(in) % sizeof(control);
	(void)sock_recvmsg(sk, &msg, MSG_DONTWAIT | fuzz_u16(in));
}

/* A program, or a group's; as many instructions as there is room to get them back. */
static void filters(struct fuzz_input *in, struct sock *sk, int name)
{
	struct sock_filter f[7] = {0};
	struct sock_fprog prog = {fuzz_u8(in) % 8, f};
	u32 len = fuzz_u8(in) % 8;
	const uint8_t *bytes;
	size_t got;

	bytes = fuzz_bytes(in, prog.len * sizeof(f[0]), &got);
	memcpy(f, bytes, got);
	(void)sock_setsockopt(sk, SOL_SOCKET, name, &prog, sizeof(prog));
	(void)sock_getsockopt(sk, SOL_SOCKET, SO_GET_FILTER, f, &len);
}

static void options(struct fuzz_input *in, struct sock *sk)
{
	static const int levels[] = {SOL_SOCKET, IPPROTO_IP, IPPROTO_UDP, 255};
	int level = levels[fuzz_u8(in) % 4], name = fuzz_u8(in) % 80;
	u8 value[64] = {0};
	const uint8_t *bytes;
	u32 len = sizeof(value);
	size_t got;

	bytes = fuzz_bytes(in, fuzz_u8(in) % sizeof(value), &got);
	memcpy(value, bytes, got);
	/* A socket that waits for ever would end the run, not the socket. */
	if (level == SOL_SOCKET &&
	    (name == SO_RCVTIMEO || name == SO_SNDTIMEO || name == SO_LINGER))
		return;
	/* These have a pointer in their value. */
	if (level == SOL_SOCKET && (name == SO_ATTACH_FILTER || name == SO_ATTACH_REUSEPORT_CBPF)) {
		filters(in, sk, name);
		return;
	}
	(void)sock_setsockopt(sk, level, name, value, got);
	len = fuzz_u8(in) % sizeof(value);
	(void)sock_getsockopt(sk, level, name, value, &len);
}

/*
 * A packet for one of the sockets: UDP, any protocol, or an ICMP error about what one of them may
 * have sent.
 */
static void from_the_wire(struct fuzz_input *in)
{
	static const u8 head[] = {0x02, 0x57, 0,    0, 1, 1, 0x02, 0x57, 0, 0, 1,  0x65,
				  0x08, 0,    0x45, 0, 0, 0, 0,    0,    0, 0, 64, 17,
				  0,    0,    10,   0, 0, 2, 10,   0,    0, 1};
	u8 frame[14 + 60 + 8 + 20 + 8 + 128] = {0}, *l4 = frame + sizeof(head);
	u8 kind = fuzz_u8(in), quoted = fuzz_u8(in);
	size_t len, got;
	const uint8_t *bytes;

	memcpy(frame, head, sizeof(head));
	if (kind & 1) {
		frame[23] = IPPROTO_ICMP;
		l4[0] = kind & 2 ? 3 : 11;
		l4[1] = fuzz_u8(in) % 16;
		memcpy(l4 + 8, head + 14, 20);
		memcpy(l4 + 8 + 12, head + 30, 4);
		memcpy(l4 + 8 + 16, head + 26, 4);
		l4[8 + 3] = 28;
		l4[8 + 9] = quoted % 3 == 0 ? IPPROTO_UDP : quoted % 3 == 1 ? IPPROTO_ICMP : 99;
		len = 8 + 28;
	} else {
		frame[23] = kind & 2 ? 99 : kind & 4 ? IPPROTO_ICMP : IPPROTO_UDP;
		len = 8;
	}
	bytes = fuzz_bytes(in, fuzz_u8(in) % 128, &got);
	memcpy(l4 + len - 8, bytes, got);
	len = max(len, len - 8 + got);
	if (kind & 8) /* for somebody behind us */
		frame[33] = 9;
	if (kind & 16) {
		bytes = fuzz_bytes(in, fuzz_u8(in) % 11 * 4, &got);
		got &= ~3UL;
		memmove(l4 + got, l4, len);
		memcpy(l4, bytes, got);
		frame[14] += got / 4;
		len += got;
	}
	fuzz_fix_ip(frame + 14, 20 + len);
	fuzz_fix_l4(frame + 14, 20 + len);
	fuzz_frame(frame, 34 + len);
}

static void change_the_world(struct fuzz_input *in)
{
	static const char *const commands[] = {
		"ip addr add 10.0.0.9/24 dev eth0",
		"ip addr del 10.0.0.1/24 dev eth0",
		"ip addr add 10.0.0.1/24 dev eth0",
		"ip link set eth0 down",
		"ip link set eth0 up",
		"ip route add default via 10.0.0.2",
		"ip route del default",
		"ip route add blackhole 192.0.2.0/24",
		"ip link set eth0 mtu 100",
		"ip link set eth0 mtu 1500",
		"ip neigh flush all",
		"sysctl -w net.ipv4.ip_default_ttl=3",
		"ip link set lo down",
		"ip link set lo up",
		"ip route add 192.0.2.0/24 dev eth0 mtu 300",
		"sysctl -w net.ipv4.ip_forward=1",
		"sysctl -w net.ipv4.conf.all.accept_source_route=1",
	};

	weir_ctl(net, commands[fuzz_u8(in) % ARRAY_SIZE(commands)], NULL, 0);
}

static void two_ends(struct fuzz_input *in, struct sock *sk, u8 op)
{
	struct sock_addr a = an_end(in);
	int value;

	switch (op % 8) {
	case 0:
		(void)sock_bind(sk, &a);
		break;
	case 1:
		(void)sock_connect(sk, &a, true);
		break;
	case 2:
		(void)sock_connect(sk, NULL, true);
		break;
	case 3:
		(void)sock_shutdown(sk, fuzz_u8(in) % 5);
		break;
	case 4:
		(void)sock_getsockname(sk, &a);
		(void)sock_getpeername(sk, &a);
		break;
	case 5:
		(void)sock_ioctl(sk, op & 8 ? FIONREAD : TIOCOUTQ, &value);
		break;
	case 6:
		(void)sock_listen(sk, 3);
		break;
	default:
		(void)sock_poll(sk);
	}
}

static void one_call(struct fuzz_input *in)
{
	u8 op = fuzz_u8(in);
	struct sock **sk = &sockets[fuzz_u8(in) % SOCKETS];

	if (op % 8 == 0) {
		create(in, sk);
	} else if (op % 8 == 1) {
		change_the_world(in);
	} else if (op % 16 == 10) {
		from_the_wire(in);
	} else if (op % 8 == 2) {
		host_advance(fuzz_u8(in) * 50 * NSEC_PER_MSEC);
	} else if (!*sk) {
		create(in, sk);
	} else if (op % 8 == 3) {
		sock_close(*sk);
		*sk = NULL;
	} else if (op % 8 == 4) {
		send_some(in, *sk);
	} else if (op % 8 == 5) {
		receive_some(in, *sk);
	} else if (op % 8 == 6) {
		options(in, *sk);
	} else {
		two_ends(in, *sk, op >> 3);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input in = {bytes, size};

	net = fuzz_begin(0);
	for (int n = 0; in.size && n < MAX_OPS; n++)
		one_call(&in);
	for (int i = 0; i < SOCKETS; i++) {
		if (sockets[i])
			sock_close(sockets[i]);
		sockets[i] = NULL;
	}
	fuzz_end();
	return 0;
}
