/* SPDX-License-Identifier: MIT */
/*
 * Groups: IGMP from the wire, with checksums made right, while sockets join, leave and change their filters, links go
 * down and up, settings change and time passes.
 */
#include <string.h>

#include "host/host.h"
#include "host/libweir.h"
#include "lib/byteorder.h"
#include "net/sock.h"
#include "tests/fuzz/lab.h"

#define SOCKETS 4
#define MAX_OPS 300

static struct net *net;
static struct sock *sockets[SOCKETS];

static be32 a_group(u8 n)
{
	static const u32 some[] = {0xef010203, 0xef010204, 0xe0000001, 0xe000004d,
				   0xef810203, 0x0a000002, 0};

	return cpu_to_be32(some[n % ARRAY_SIZE(some)]);
}

static be32 a_source(u8 n)
{
	return cpu_to_be32(0x0a000002 + n % 6);
}

/* kind, destination, and the bytes of the message. */
static void from_the_wire(struct fuzz_input *in)
{
	u8 frame[14 + 24 + 255] = {0}, *ip = frame + 14;
	be32 to = a_group(fuzz_u8(in)), from = a_source(fuzz_u8(in));
	u8 flags = fuzz_u8(in);
	size_t hlen = flags & 1 ? 24 : 20, got;
	static const u8 link[] = {1, 0, 0x5e, 0, 0, 1, 2, 0x57, 0, 0, 1, 0x65, 8};
	const uint8_t *bytes;

	memcpy(frame, link, sizeof(link));
	ip[0] = 0x40 | hlen / 4;
	ip[8] = 1;
	ip[9] = flags & 2 ? IPPROTO_UDP : IPPROTO_IGMP;
	memcpy(ip + 12, &from, 4);
	memcpy(ip + 16, &to, 4);
	if (flags & 1)
		memcpy(ip + 20, "\x94\4\0", 4);
	bytes = fuzz_bytes(in, fuzz_u8(in), &got);
	memcpy(ip + hlen, bytes, got);
	fuzz_fix_ip(ip, hlen + got);
	if (!(flags & 4))
		fuzz_fix_l4(ip, hlen + got);
	fuzz_frame(frame, 14 + hlen + got);
}

/* An option by name, with words that make sense. */
static void membership(struct fuzz_input *in, struct sock *sk)
{
	u32 words[4 + 8] = {a_group(fuzz_u8(in)), CPU_TO_BE32(0x0a000001)};
	int name = IP_ADD_MEMBERSHIP + fuzz_u8(in) % 7;
	u32 n = fuzz_u8(in) % 9, len = 12;

	if (name <= IP_DROP_MEMBERSHIP)
		len = n & 1 ? 8 : 12;
	words[2] = a_source(n);
	if (name <= IP_DROP_MEMBERSHIP)
		words[2] = n % 4;
	if (name == IP_MSFILTER) {
		words[2] = fuzz_u8(in) % 3;
		words[3] = n;
		for (u32 i = 0; i < n; i++)
			words[4 + i] = a_source(fuzz_u8(in));
		len = 16 + 4 * n;
	}
	(void)sock_setsockopt(sk, SOL_IP, name, words, len);
	(void)sock_getsockopt(sk, SOL_IP, IP_MSFILTER, words, &len);
}

/* The protocol-independent forms, and nonsense. */
static void any_option(struct fuzz_input *in, struct sock *sk)
{
	u8 value[144 + 3 * 128] = {0};
	u32 len = sizeof(value);
	const uint8_t *bytes;
	be32 group = a_group(fuzz_u8(in)), source = a_source(fuzz_u8(in));
	int name = IP_MULTICAST_IF + fuzz_u8(in) % 18;
	size_t got;

	value[0] = 2; /* eth0 */
	value[8] = AF_INET;
	memcpy(value + 12, &group, 4);
	value[136] = AF_INET;
	memcpy(value + 140, &source, 4);
	bytes = fuzz_bytes(in, fuzz_u8(in) % 150, &got);
	if (name == MCAST_MSFILTER || got > 32)
		memcpy(value + 136, bytes, got);
	len = name == MCAST_MSFILTER     ? 144 + 128 * (fuzz_u8(in) % 4)
	      : name == MCAST_JOIN_GROUP ? 136
					 : 264;
	(void)sock_setsockopt(sk, SOL_IP, name, value, len);
	(void)sock_getsockopt(sk, SOL_IP, name, value, &len);
}

static void change_the_world(struct fuzz_input *in)
{
	static const char *const commands[] = {
		"ip link set eth0 down",
		"ip link set eth0 up",
		"sysctl -w net.ipv4.conf.eth0.force_igmp_version=1",
		"sysctl -w net.ipv4.conf.eth0.force_igmp_version=2",
		"sysctl -w net.ipv4.conf.eth0.force_igmp_version=0",
		"sysctl -w net.ipv4.igmp_link_local_mcast_reports=0",
		"sysctl -w net.ipv4.igmp_qrv=1",
		"sysctl -w net.ipv4.igmp_max_msf=3",
		"ip link set eth0 mtu 68",
		"ip link set eth0 mtu 1500",
		"ip addr flush dev eth0",
		"ip addr add 10.0.0.1/24 dev eth0",
		"ip maddr add 01:00:5e:01:02:03 dev eth0",
		"ip maddr del 01:00:5e:01:02:03 dev eth0",
		"ip maddr",
	};

	weir_ctl(net, commands[fuzz_u8(in) % ARRAY_SIZE(commands)], NULL, 0);
}

static void one_op(struct fuzz_input *in)
{
	u8 op = fuzz_u8(in);
	struct sock **sk = &sockets[op / 8 % SOCKETS];

	if (op % 8 < 2)
		from_the_wire(in);
	else if (op % 8 == 2)
		host_advance(fuzz_u16(in) * NSEC_PER_MSEC);
	else if (op % 8 == 3)
		change_the_world(in);
	else if (!*sk && sock_create(net, AF_INET, op & 128 ? SOCK_RAW : SOCK_DGRAM,
				     op & 128 ? IPPROTO_IGMP : 0, sk))
		*sk = NULL;
	else if (op % 8 < 6)
		membership(in, *sk);
	else if (op % 8 == 6)
		any_option(in, *sk);
	else {
		sock_close(*sk);
		*sk = NULL;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input in = {bytes, size};

	net = fuzz_begin(size && *bytes & 1 ? 40 : 0);
	for (int n = 0; in.size && n < MAX_OPS; n++)
		one_op(&in);
	for (int i = 0; i < SOCKETS; i++) {
		if (sockets[i])
			sock_close(sockets[i]);
		sockets[i] = NULL;
	}
	host_advance(30 * NSEC_PER_SEC);
	fuzz_end();
	return 0;
}
