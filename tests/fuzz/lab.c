/* SPDX-License-Identifier: MIT */
/* Making and checking the world of a fuzz input. */
#include "tests/fuzz/lab.h"

#include <stdlib.h>
#include <string.h>

#include "host/host_dev.h"
#include "lib/byteorder.h"
#include "net/ctl.h"
#include "net/inetdevice.h"
#include "net/net.h"
#include "net/platform.h"
#include "net/sock.h"

#define ECHO_MAX 2048

struct wire {
	struct net_device *dev;
	struct port *port;
	u8 mac[ETH_ALEN], peer[ETH_ALEN];
};

static struct net *net;
static struct wire wires[2];
static struct sock *echo;
static void (*watch)(unsigned int n, const u8 *frame, size_t len);

static void require(bool cond)
{
	if (!cond)
		abort();
}

/* The neighbour answers every ARP request; other frames end here. */
static void on_frame(void *arg, const void *data, size_t len)
{
	const u8 *request = data;
	struct wire *w = arg;
	u8 reply[42];

	if (watch && len >= 34 && get_unaligned_be16(request + 12) == 0x0800)
		watch(w - wires, request, len);
	if (len < sizeof(reply) || get_unaligned_be16(request + 12) != 0x0806 || request[21] != 1)
		return;
	memcpy(reply, request, sizeof(reply));
	memcpy(reply, w->mac, ETH_ALEN);
	memcpy(reply + 6, w->peer, ETH_ALEN);
	reply[21] = 2;
	memcpy(reply + 22, w->peer, ETH_ALEN);
	memcpy(reply + 28, request + 38, 4);
	memcpy(reply + 32, w->mac, ETH_ALEN);
	memcpy(reply + 38, request + 28, 4);
	port_deliver(w->port, frame_new(reply, sizeof(reply)));
}

static void wire_up(unsigned int n, u32 rx_linear)
{
	static const u8 mac[] = FUZZ_MAC_HOST;
	struct ifaddr_config address = {.prefixlen = 24, .has_broadcast = true};
	struct host_dev_config config = {.mac = wires[n].mac, .rx_linear = rx_linear};
	struct wire *w = &wires[n];

	memcpy(w->mac, mac, sizeof(mac));
	memcpy(w->peer, mac, sizeof(mac));
	w->mac[5] = 1 + n;
	w->peer[5] = 101 + n;
	w->port = port_user(on_frame, w);
	w->dev = host_dev_add(net, w->port, &config);
	require(w->dev);
	address.local = CPU_TO_BE32(0x0a000001) | cpu_to_be32(n << 8);
	address.broadcast = address.local | CPU_TO_BE32(0xff);
	plat_bh_disable();
	require(!dev_open(w->dev) && !inet_addr_add(w->dev, &address));
	plat_bh_enable();
}

struct net *fuzz_begin(u32 rx_linear)
{
	struct sock_addr port = {.port = CPU_TO_BE16(7)};

	host_init(1);
	watch = NULL;
	host_log_level(-1);
	net = net_create();
	require(net);
	wire_up(0, rx_linear);
	wire_up(1, rx_linear);
	require(!sock_create(net, AF_INET, SOCK_DGRAM, 0, &echo));
	require(!sock_bind(echo, &port));
	return net;
}

void fuzz_end(void)
{
	host_advance(100 * NSEC_PER_MSEC);
	sock_close(echo);
	for (int n = 0; n < 2; n++)
		host_dev_remove(wires[n].dev);
	net_destroy(net);
	if (host_live_allocs()) {
		host_print_live_allocs();
		abort();
	}
}

void fuzz_queue(unsigned int n, const void *frame, size_t len)
{
	port_deliver(wires[n].port, frame_new(frame, len));
}

void fuzz_frame(const void *frame, size_t len)
{
	fuzz_queue(0, frame, len);
	host_run();
}

size_t fuzz_wrap(unsigned int n, u8 *frame, const u8 *ip, size_t len)
{
	memcpy(frame, wires[n].mac, ETH_ALEN);
	memcpy(frame + 6, wires[n].peer, ETH_ALEN);
	put_unaligned_be16(0x0800, frame + 12);
	memcpy(frame + 14, ip, len);
	return 14 + len;
}

void fuzz_watch(void (*fn)(unsigned int n, const u8 *frame, size_t len))
{
	watch = fn;
}

struct net_device *fuzz_dev(unsigned int n)
{
	return wires[n].dev;
}

static void say_nothing(struct ctl_out *out, const char *text, size_t len)
{
	(void)out;
	(void)text;
	(void)len;
}

int fuzz_ctl(const char *line, const char *feed)
{
	struct ctl_in in = {.text = feed, .len = feed ? strlen(feed) : 0, .name = "-"};
	struct ctl_out out = {.write = say_nothing};
	char copy[256], *argv[33];
	const char *where;
	int argc;

	require(strlen(line) < sizeof(copy));
	strcpy(copy, line);
	argc = ctl_split(copy, argv, 32, &where);
	require(argc > 0);
	return net_ctl(net, argc, argv, &in, &out, &out);
}

void fuzz_echo(void)
{
	static u8 buf[ECHO_MAX];
	struct sock_iovec iov;
	struct sock_msg msg;
	long n;

	for (;;) {
		iov = (struct sock_iovec){.base = buf, .len = sizeof(buf)};
		msg = (struct sock_msg){.iov = &iov, .iovlen = 1};
		n = sock_recvmsg(echo, &msg, MSG_DONTWAIT);
		if (n < 0)
			return;
		iov.len = n;
		msg.has_name = true;
		msg.control = NULL;
		msg.controllen = 0;
		(void)sock_sendmsg(echo, &msg, MSG_DONTWAIT);
		host_run();
	}
}

u8 fuzz_u8(struct fuzz_input *in)
{
	if (!in->size)
		return 0;
	in->size--;
	return *in->data++;
}

u16 fuzz_u16(struct fuzz_input *in)
{
	u16 low = fuzz_u8(in);

	return low | fuzz_u8(in) << 8;
}

const uint8_t *fuzz_bytes(struct fuzz_input *in, size_t len, size_t *got)
{
	const uint8_t *p = in->data;

	*got = min(len, in->size);
	in->data += *got;
	in->size -= *got;
	return p;
}

static u16 checksum(const u8 *p, size_t len, u32 sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get_unaligned_be16(p + i);
	if (len & 1)
		sum += p[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

void fuzz_fix_ip(u8 *ip, size_t len)
{
	size_t hlen = (ip[0] & 15) * 4U;

	if (hlen < 20 || hlen > len)
		hlen = 20;
	ip[0] = 0x40 | hlen / 4;
	put_unaligned_be16(len, ip + 2);
	put_unaligned_be16(0, ip + 10);
	put_unaligned_be16(checksum(ip, hlen, 0), ip + 10);
}

void fuzz_fix_l4(u8 *ip, size_t len)
{
	size_t hlen = (ip[0] & 15) * 4U;
	u8 *l4 = ip + hlen;

	if (hlen > len || len - hlen < 8)
		return;
	len -= hlen;
	if (ip[9] == 1 || ip[9] == 2) {
		put_unaligned_be16(0, l4 + 2);
		put_unaligned_be16(checksum(l4, len, 0), l4 + 2);
	} else if (ip[9] == 6 && len >= 20) {
		put_unaligned_be16(0, l4 + 16);
		put_unaligned_be16(checksum(l4, len, 6 + len + (u16)~checksum(ip + 12, 8, 0)),
				   l4 + 16);
	} else if (ip[9] == 17) {
		put_unaligned_be16(len, l4 + 4);
		put_unaligned_be16(0, l4 + 6);
		put_unaligned_be16(checksum(l4, len, 17 + len + (u16)~checksum(ip + 12, 8, 0)),
				   l4 + 6);
	}
}
