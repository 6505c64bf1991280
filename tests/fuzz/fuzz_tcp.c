/* SPDX-License-Identifier: MIT */
/*
 * TCP's peer and program: an input is a list of steps, segments (flags, sequence and acknowledgment near what the stack
 * expects, options and data as they come), passing time, and calls on the socket. What is left in the end is a finding.
 */
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "net/core/net_namespace.h"
#include "net/sock.h"
#include "net/tcp/tcp_sock.h"
#include "net/wire/ipv4_hdr.h"
#include "tests/fuzz/lab.h"

#define US    CPU_TO_BE32(0x0a000001)
#define PEER  CPU_TO_BE32(0x0a000002)
#define STEPS 200

enum { SEGMENT, SEGMENT_2, SEGMENT_3, TIME, CALL, KINDS };

static struct sock *listener, *conn;

static struct tcp_end *end_of(struct net *net, u8 port)
{
	return tcp_lookup(net, US, CPU_TO_BE16(80), PEER, cpu_to_be16(1000 + port));
}

/* What the stack expects, so that inputs need not guess. */
static void expected(struct net *net, u8 port, u32 *seq, u32 *ack)
{
	struct tcp_end *end = end_of(net, port);

	*seq = 5000;
	*ack = 0;
	if (!end)
		return;
	if (end->kind == TCP_END_REQUEST) {
		*seq = container_of(end, struct tcp_request, end)->irs + 1;
		*ack = container_of(end, struct tcp_request, end)->iss + 1;
	} else if (end->kind == TCP_END_SOCK) {
		*seq = container_of(end, struct tcp_sock, end)->rcv_nxt;
		*ack = container_of(end, struct tcp_sock, end)->snd_nxt;
	} else {
		*seq = container_of(end, struct tcp_timewait, end)->rcv_nxt;
		*ack = container_of(end, struct tcp_timewait, end)->snd_nxt;
	}
}

static void segment(struct net *net, struct fuzz_input *in)
{
	static const u8 mac[] = FUZZ_MAC_HOST;
	u8 room[2 + 14 + 20 + 60 + 1400] __aligned(4) = {0}, *frame = room + 2, *ip = frame + 14;
	u8 port = fuzz_u8(in) & 3, flags = fuzz_u8(in), optwords = fuzz_u8(in) % 11;
	u32 seq, ack, len, hlen = 20 + 4 * optwords;
	struct tcphdr *th = (void *)(ip + 20);
	const u8 *bytes;
	size_t got;

	expected(net, port, &seq, &ack);
	th->source = cpu_to_be16(1000 + port);
	th->dest = CPU_TO_BE16(80);
	th->seq = cpu_to_be32(seq + (s16)fuzz_u16(in));
	th->ack_seq = cpu_to_be32(ack + (s16)fuzz_u16(in));
	th->doff = hlen / 4 << 4;
	th->flags = flags;
	th->window = cpu_to_be16(fuzz_u16(in));
	th->urg_ptr = flags & TCP_URG ? cpu_to_be16(fuzz_u8(in)) : 0;
	bytes = fuzz_bytes(in, 4U * optwords, &got);
	memcpy(th + 1, bytes, got);
	len = fuzz_u8(in);
	len = len > 200 ? 1400 : len;
	memset((u8 *)th + hlen, 'd', len);
	memcpy(ip + 12, &(be32){PEER}, 4);
	memcpy(ip + 16, &(be32){US}, 4);
	ip[8] = 64;
	ip[9] = IPPROTO_TCP;
	fuzz_fix_ip(ip, 20 + hlen + len);
	th->check = csum_tcpudp_magic(PEER, US, hlen + len, IPPROTO_TCP,
				      csum_partial(th, hlen + len, 0));
	memcpy(frame, mac, 6);
	memcpy(frame + 6, mac, 6);
	frame[11] = 101;
	frame[12] = 8;
	fuzz_frame(frame, 14 + 20 + hlen + len);
}

static void call(struct fuzz_input *in)
{
	static u8 buf[8000];
	u8 what = fuzz_u8(in);
	u32 len = fuzz_u16(in) % sizeof(buf);
	struct sock_iovec iov = {buf, len};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};
	int v = len,
	    flags = MSG_DONTWAIT | (what & 0x10 ? MSG_PEEK : 0) | (what & 0x20 ? MSG_OOB : 0);

	if (!conn && sock_accept(listener, true, &conn, NULL))
		return;
	switch (what & 7) {
	case 0:
		sock_sendmsg(conn, &msg, flags & ~MSG_PEEK);
		break;
	case 1:
	case 2:
		sock_recvmsg(conn, &msg, flags);
		break;
	case 3:
		sock_shutdown(conn, what >> 3 & 1);
		break;
	case 4:
		sock_close(conn);
		conn = NULL;
		break;
	case 5:
		sock_setsockopt(conn, SOL_TCP, what >> 3, &v, sizeof(v));
		break;
	case 6:
		sock_poll(conn);
		break;
	default:
		v &= 0x3fff;
		sock_setsockopt(conn, SOL_SOCKET, what & 8 ? SO_RCVBUF : SO_SNDBUF, &v, sizeof(v));
	}
	host_run();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct sock_addr any = {0, CPU_TO_BE16(80)};
	struct net *net = fuzz_begin(size && data[0] & 1 ? 60 : 0);

	conn = NULL;
	fuzz_u8(&in);
	if (sock_create(net, AF_INET, SOCK_STREAM, 0, &listener) || sock_bind(listener, &any) ||
	    sock_listen(listener, 3))
		abort();
	for (int i = 0; i < STEPS && in.size; i++) {
		switch (fuzz_u8(&in) % KINDS) {
		case TIME:
			host_advance(fuzz_u8(&in) * 50 * NSEC_PER_MSEC);
			break;
		case CALL:
			call(&in);
			break;
		default:
			segment(net, &in);
		}
	}
	if (conn)
		sock_close(conn);
	sock_close(listener);
	fuzz_end();
	return 0;
}
