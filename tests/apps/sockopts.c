/* SPDX-License-Identifier: MIT */
/*
 * sockopts: sets and reads every option there is, on sockets of each kind, and prints value, length and error of each
 * call, a line for each. tests/tap/test_sockopts.py compares what Linux and weir print.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct option {
	int level, number;
	const char *name;
};

/* By number: headers differ in what they name. */
static const struct option options[] = {
	{1, 1, "SO_DEBUG"},
	{1, 2, "SO_REUSEADDR"},
	{1, 3, "SO_TYPE"},
	{1, 4, "SO_ERROR"},
	{1, 5, "SO_DONTROUTE"},
	{1, 6, "SO_BROADCAST"},
	{1, 7, "SO_SNDBUF"},
	{1, 8, "SO_RCVBUF"},
	{1, 9, "SO_KEEPALIVE"},
	{1, 10, "SO_OOBINLINE"},
	{1, 11, "SO_NO_CHECK"},
	{1, 12, "SO_PRIORITY"},
	{1, 13, "SO_LINGER"},
	{1, 14, "SO_BSDCOMPAT"},
	{1, 15, "SO_REUSEPORT"},
	{1, 16, "SO_PASSCRED"},
	{1, 17, "SO_PEERCRED"},
	{1, 18, "SO_RCVLOWAT"},
	{1, 19, "SO_SNDLOWAT"},
	{1, 20, "SO_RCVTIMEO"},
	{1, 21, "SO_SNDTIMEO"},
	{1, 25, "SO_BINDTODEVICE"},
	{1, 26, "SO_ATTACH_FILTER"},
	{1, 27, "SO_DETACH_FILTER"},
	{1, 29, "SO_TIMESTAMP"},
	{1, 30, "SO_ACCEPTCONN"},
	{1, 32, "SO_SNDBUFFORCE"},
	{1, 33, "SO_RCVBUFFORCE"},
	{1, 35, "SO_TIMESTAMPNS"},
	{1, 36, "SO_MARK"},
	{1, 37, "SO_TIMESTAMPING"},
	{1, 38, "SO_PROTOCOL"},
	{1, 39, "SO_DOMAIN"},
	{1, 40, "SO_RXQ_OVFL"},
	{1, 42, "SO_PEEK_OFF"},
	{1, 44, "SO_LOCK_FILTER"},
	{1, 45, "SO_SELECT_ERR_QUEUE"},
	{1, 46, "SO_BUSY_POLL"},
	{1, 47, "SO_MAX_PACING_RATE"},
	{1, 49, "SO_INCOMING_CPU"},
	{1, 51, "SO_ATTACH_REUSEPORT_CBPF"},
	{1, 55, "SO_MEMINFO"},
	{1, 56, "SO_INCOMING_NAPI_ID"},
	{1, 57, "SO_COOKIE"},
	{1, 60, "SO_ZEROCOPY"},
	{1, 61, "SO_TXTIME"},
	{1, 62, "SO_BINDTOIFINDEX"},
	{1, 66, "SO_RCVTIMEO_NEW"},
	{1, 67, "SO_SNDTIMEO_NEW"},
	{1, 68, "SO_DETACH_REUSEPORT_BPF"},
	{1, 72, "SO_BUF_LOCK"},
	{1, 9999, "SO_9999"},
	{0, 1, "IP_TOS"},
	{0, 2, "IP_TTL"},
	{0, 3, "IP_HDRINCL"},
	{0, 4, "IP_OPTIONS"},
	{0, 5, "IP_ROUTER_ALERT"},
	{0, 6, "IP_RECVOPTS"},
	{0, 7, "IP_RETOPTS"},
	{0, 8, "IP_PKTINFO"},
	{0, 10, "IP_MTU_DISCOVER"},
	{0, 11, "IP_RECVERR"},
	{0, 12, "IP_RECVTTL"},
	{0, 13, "IP_RECVTOS"},
	{0, 14, "IP_MTU"},
	{0, 15, "IP_FREEBIND"},
	{0, 18, "IP_PASSSEC"},
	{0, 19, "IP_TRANSPARENT"},
	{0, 20, "IP_RECVORIGDSTADDR"},
	{0, 21, "IP_MINTTL"},
	{0, 22, "IP_NODEFRAG"},
	{0, 23, "IP_CHECKSUM"},
	{0, 24, "IP_BIND_ADDRESS_NO_PORT"},
	{0, 32, "IP_MULTICAST_IF"},
	{0, 33, "IP_MULTICAST_TTL"},
	{0, 34, "IP_MULTICAST_LOOP"},
	{0, 49, "IP_MULTICAST_ALL"},
	{0, 50, "IP_UNICAST_IF"},
	{0, 51, "IP_LOCAL_PORT_RANGE"},
	{0, 52, "IP_PROTOCOL"},
	{0, 9999, "IP_9999"},
	{6, 1, "TCP_NODELAY"},
	{6, 2, "TCP_MAXSEG"},
	{6, 3, "TCP_CORK"},
	{6, 4, "TCP_KEEPIDLE"},
	{6, 5, "TCP_KEEPINTVL"},
	{6, 6, "TCP_KEEPCNT"},
	{6, 7, "TCP_SYNCNT"},
	{6, 8, "TCP_LINGER2"},
	{6, 9, "TCP_DEFER_ACCEPT"},
	{6, 10, "TCP_WINDOW_CLAMP"},
	{6, 11, "TCP_INFO"},
	{6, 12, "TCP_QUICKACK"},
	{6, 13, "TCP_CONGESTION"},
	{6, 14, "TCP_MD5SIG"},
	{6, 18, "TCP_USER_TIMEOUT"},
	{6, 23, "TCP_FASTOPEN"},
	{6, 25, "TCP_NOTSENT_LOWAT"},
	{6, 26, "TCP_CC_INFO"},
	{6, 30, "TCP_FASTOPEN_CONNECT"},
	{6, 36, "TCP_INQ"},
	{6, 9999, "TCP_9999"},
};

static const int values[] = {-2,  -1,  0,   1,   3,     7,       64,      127,
			     128, 255, 256, 500, 40000, 1 << 24, 2 << 24, 2147483647};

static const char *error_name(int err)
{
	switch (err) {
	case EINVAL:
		return "EINVAL";
	case ENOPROTOOPT:
		return "ENOPROTOOPT";
	case EOPNOTSUPP:
		return "EOPNOTSUPP";
	case ENOTCONN:
		return "ENOTCONN";
	case EDOM:
		return "EDOM";
	case ENODEV:
		return "ENODEV";
	case EPERM:
		return "EPERM";
	case ENOENT:
		return "ENOENT";
	case EADDRNOTAVAIL:
		return "EADDRNOTAVAIL";
	case EFAULT:
		return "EFAULT";
	case EISCONN:
		return "EISCONN";
	default:
		return strerror(err);
	}
}

static void get(const char *kind, int fd, const struct option *o, const char *when,
		unsigned int room)
{
	unsigned char b[64];
	socklen_t len = room;
	unsigned int i;

	memset(b, 0xee, sizeof(b));
	printf("%s %s %s get %u: ", kind, o->name, when, room);
	if (getsockopt(fd, o->level, o->number, b, &len)) {
		printf("%s\n", error_name(errno));
		return;
	}
	printf("len %u", (unsigned int)len);
	for (i = 0; i < len && i < 32; i++)
		printf("%s%02x", i % 4 ? "" : " ", b[i]);
	printf("\n");
}

static void set(const char *kind, int fd, const struct option *o, int value, unsigned int len)
{
	int err = setsockopt(fd, o->level, o->number, &value, len) ? errno : 0;

	printf("%s %s set %d/%u: %s\n", kind, o->name, value, len, err ? error_name(err) : "ok");
}

static int dial(int listener)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	getsockname(listener, (struct sockaddr *)&a, &len);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)))
		printf("connect: %s\n", strerror(errno));
	return fd;
}

/* A socket of that kind. *other: what it needs, or -1. */
static int make(const char *kind, int *other)
{
	*other = -1;
	if (!strcmp(kind, "udp"))
		return socket(AF_INET, SOCK_DGRAM, 0);
	if (!strcmp(kind, "raw"))
		return socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
	if (!strcmp(kind, "tcp"))
		return socket(AF_INET, SOCK_STREAM, 0);
	*other = socket(AF_INET, SOCK_STREAM, 0);
	listen(*other, 5);
	if (!strcmp(kind, "connected"))
		return dial(*other);
	return *other;
}

static void try_option(const char *kind, const struct option *o)
{
	static const unsigned int rooms[] = {4, 0, 1, 2, 8, 16};
	int other, fd = make(kind, &other);
	unsigned int i;

	for (i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++)
		get(kind, fd, o, "first", rooms[i]);
	set(kind, fd, o, 1, 0);
	set(kind, fd, o, 1, 1);
	get(kind, fd, o, "after", 4);
	set(kind, fd, o, 1, 3);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		set(kind, fd, o, values[i], 4);
		get(kind, fd, o, "then", 4);
	}
	close(fd);
	if (other >= 0 && other != fd)
		close(other);
}

static unsigned int next(unsigned int *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

/* Options of the IP header, nearly right: lengths, pointers and flags are off by little. */
static unsigned int make_ip_options(unsigned char *b, unsigned int *seed)
{
	static const unsigned char types[] = {0, 1, 7, 68, 130, 131, 134, 136, 137, 148, 222};
	unsigned int at = 0, end = next(seed) % 42, i;

	memset(b, 0, 48);
	while (at + 4 < end) {
		unsigned char *o = b + at;
		unsigned int len = 3 + next(seed) % 4 * 4 + (next(seed) % 8 == 0);

		o[0] = types[next(seed) % sizeof(types)];
		if (o[0] < 2) {
			at++;
			continue;
		}
		len += o[0] == 68 && next(seed) % 4;
		o[1] = next(seed) % 16 ? len : next(seed) % 48;
		o[2] = o[0] == 148 ? next(seed) % 4 == 0 : 4 + (o[0] == 68) + next(seed) % 3 * 2;
		for (i = 3; i < len && at + i < 48; i++)
			o[i] = next(seed) % 3 ? 0 : next(seed);
		if (o[0] == 68)
			o[3] = next(seed) % 5 + (next(seed) % 3 ? 0 : 0xf0);
		at += len;
	}
	return end;
}

static void try_ip_options(const char *kind)
{
	static const struct option o = {0, 4, "IP_OPTIONS"};
	unsigned int seed = 1, n;
	int other, fd = make(kind, &other);

	for (n = 0; n < 400; n++) {
		unsigned char b[48];
		unsigned int len = make_ip_options(b, &seed);
		int err = setsockopt(fd, 0, 4, b, len) ? errno : 0;

		printf("%s IP_OPTIONS odd %u/%u: %s\n", kind, n, len, err ? error_name(err) : "ok");
		get(kind, fd, &o, "odd", 40);
	}
	close(fd);
	if (other >= 0 && other != fd)
		close(other);
}

int main(int argc, char **argv)
{
	static const char *const kinds[] = {"tcp", "udp", "raw", "listening", "connected"};
	unsigned int k, i;

	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
			if (argc < 2 || !strcmp(argv[1], kinds[k]))
				try_option(kinds[k], &options[i]);
	for (k = 0; k < 2; k++)
		try_ip_options(kinds[k]);
	printf("sockopts: done\n");
	return 0;
}
