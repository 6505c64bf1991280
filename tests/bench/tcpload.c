/* SPDX-License-Identifier: MIT */
/*
 * A TCP load generator: connections N at a time, each in a closed loop.
 *
 * Overview: tcpload conn connects, sends 64 bytes, waits until they are back, closes, and begins anew. tcpload http asks
 * for a page on connections that stay; the length of the first answer is that of all. tcpload send and recv move bytes as
 * fast as it goes; of those sent only what the peer has acknowledged counts. All print one line of NAME=VALUE pairs; an
 * error of a connection ends the program.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

enum { CONNS_MAX = 4096, CHUNK = 256 << 10, PING = 64, EVENTS = 64 };

struct conn {
	int fd;
	bool asked;
	size_t back; /* of the answer */
};

struct load {
	const struct mode *mode;
	struct sockaddr_in peer;
	unsigned int conns;
	uint64_t count, nsecs; /* ends after count operations, or nsecs if count is 0 */
	uint64_t done, bytes;
	size_t answer_len; /* http: 0 until the first is here */
	int epoll;
	struct conn *conn;
	char *chunk;
};

struct mode {
	const char *name;
	uint32_t events; /* at first */
	void (*ready)(struct load *l, struct conn *c);
};

static const char page_request[] = "GET / HTTP/1.1\r\nHost: guest\r\n\r\n";

static void want(struct load *l, struct conn *c, int op, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = c};

	if (epoll_ctl(l->epoll, op, c->fd, &e))
		die("epoll");
}

static void begin(struct load *l, struct conn *c)
{
	int one = 1;

	c->asked = false;
	c->back = 0;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		die("socket");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, (struct sockaddr *)&l->peer, sizeof(l->peer)) && errno != EINPROGRESS)
		die("connect");
	want(l, c, EPOLL_CTL_ADD, l->mode->events);
}

static void ask(struct load *l, struct conn *c, const char *what, size_t len)
{
	if (send(c->fd, what, len, MSG_NOSIGNAL) != (ssize_t)len)
		die("send");
	if (!c->asked)
		want(l, c, EPOLL_CTL_MOD, EPOLLIN);
	c->asked = true;
	c->back = 0;
}

static size_t take(struct load *l, struct conn *c, size_t most)
{
	ssize_t n = recv(c->fd, l->chunk + c->back, most - c->back, 0);

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0)
		die(n ? "recv" : "the guest has closed a connection");
	return n;
}

static void on_conn(struct load *l, struct conn *c)
{
	if (!c->asked) {
		ask(l, c, l->chunk + CHUNK - PING, PING);
		return;
	}
	c->back += take(l, c, PING);
	if (c->back < PING)
		return;
	l->done++;
	close(c->fd);
	begin(l, c);
}

/* The length of the answer at the start of chunk; 0: its head is not all here. */
static size_t answer_len(const char *chunk)
{
	const char *end = strstr(chunk, "\r\n\r\n"),
		   *length = strstr(chunk, "\r\nContent-Length: ");

	if (!end)
		return 0;
	if (strncmp(chunk, "HTTP/1.1 200 ", 13) != 0 || !length || length > end)
		die("not a page");
	return end + 4 - chunk + strtoul(length + 18, NULL, 10);
}

static void on_http(struct load *l, struct conn *c)
{
	if (c->asked) {
		c->back += take(l, c, CHUNK - 1);
		if (!l->answer_len) {
			l->chunk[c->back] = 0;
			l->answer_len = answer_len(l->chunk);
		}
		if (c->back < l->answer_len || !l->answer_len)
			return;
		l->done++;
	}
	ask(l, c, page_request, sizeof(page_request) - 1);
}

static void on_send(struct load *l, struct conn *c)
{
	ssize_t n = send(c->fd, l->chunk, CHUNK, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN)
		die("send");
	if (n > 0)
		l->bytes += n;
}

static void on_recv(struct load *l, struct conn *c)
{
	l->bytes += take(l, c, CHUNK);
}

static const struct mode modes[] = {
	{"conn", EPOLLOUT, on_conn},
	{"http", EPOLLOUT, on_http},
	{"send", EPOLLOUT, on_send},
	{"recv", EPOLLIN, on_recv},
};

static void run(struct load *l)
{
	struct epoll_event got[EVENTS];
	uint64_t start = now(), last = start;

	while (l->count ? l->done < l->count : now() - start < l->nsecs) {
		uint64_t before = l->done + l->bytes;
		int n = epoll_wait(l->epoll, got, EVENTS, 50);

		for (int i = 0; i < n; i++)
			l->mode->ready(l, got[i].data.ptr);
		if (l->done + l->bytes != before)
			last = now();
		else if (now() - last > 20000000000ull)
			die("nothing comes back for 20 s");
	}
}

static void usage(void)
{
	fprintf(stderr,
		"usage: tcpload conn|http|send|recv [-c CONNECTIONS] (-n COUNT | -s SECONDS) "
		"ADDR PORT\n");
	exit(2);
}

static void options(struct load *l, int argc, char **argv)
{
	int opt;

	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(argv[1], modes[i].name))
			l->mode = &modes[i];
	optind = 2;
	while ((opt = getopt(argc, argv, "c:n:s:")) != -1) {
		if (opt == 'c')
			l->conns = atoi(optarg);
		else if (opt == 'n')
			l->count = strtoull(optarg, NULL, 10);
		else if (opt == 's')
			l->nsecs = atof(optarg) * 1e9;
		else
			usage();
	}
	if (!l->mode || argc - optind != 2 || !(l->count || l->nsecs) || !l->conns ||
	    l->conns > CONNS_MAX || !inet_aton(argv[optind], &l->peer.sin_addr))
		usage();
	l->peer.sin_family = AF_INET;
	l->peer.sin_port = htons(atoi(argv[optind + 1]));
}

static void forget_unsent(struct load *l)
{
	for (unsigned int i = 0; i < l->conns; i++) {
		int queued = 0;

		ioctl(l->conn[i].fd, SIOCOUTQ, &queued);
		l->bytes -= queued;
	}
}

int main(int argc, char **argv)
{
	struct load l = {.conns = 8};
	uint64_t start;
	double secs;

	if (argc < 2)
		usage();
	options(&l, argc, argv);
	l.conn = must(calloc(l.conns, sizeof(*l.conn)));
	l.chunk = must(calloc(1, CHUNK));
	l.epoll = epoll_create1(0);
	for (unsigned int i = 0; i < l.conns; i++)
		begin(&l, &l.conn[i]);
	start = now();
	run(&l);
	secs = (now() - start) / 1e9;
	if (l.mode->ready == on_send)
		forget_unsent(&l);
	printf("seconds=%.3f done=%llu bytes=%llu\n", secs, (unsigned long long)l.done,
	       (unsigned long long)l.bytes);
	return 0;
}
