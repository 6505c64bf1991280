/* SPDX-License-Identifier: MIT */
/*
 * source: sends lines to every TCP connection, without end or -n bytes (RFC 864). What peers send is thrown away.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "apps/common/source_lines.h"
#include "apps/common/tcp_service.h"

#define CHUNK (64 << 10)

struct source {
	struct service service;
	char *lines;
	unsigned long long count; /* bytes for each connection; 0: no end */
};

struct conn {
	struct watch watch;
	unsigned long long sent;
	int ended; /* all is sent; the peer's end is waited for, so that nothing of it is reset */
	int peer_ended; /* it may still read */
};

/* Not 0: the connection is over. */
static int discard(struct service *s, struct conn *c)
{
	char waste[256];
	ssize_t n = recv(c->watch.fd, waste, sizeof(waste), 0);

	if (n > 0 || (n < 0 && errno == EAGAIN))
		return 0;
	if (n < 0 || c->ended)
		return -1;
	c->peer_ended = 1;
	service_want(s, &c->watch, EPOLLOUT);
	return 0;
}

static int end(struct service *s, struct conn *c)
{
	if (c->peer_ended || shutdown(c->watch.fd, SHUT_WR))
		return -1;
	c->ended = 1;
	service_want(s, &c->watch, EPOLLIN);
	return 0;
}

static int serve(struct service *s, struct watch *w, uint32_t events)
{
	struct source *o = s->arg;
	struct conn *c = (struct conn *)w;
	size_t len = CHUNK;
	ssize_t n;

	if (events & EPOLLERR || (events & EPOLLIN && discard(s, c)))
		return -1;
	if (c->ended || !(events & EPOLLOUT))
		return 0;
	if (o->count && o->count - c->sent < len)
		len = o->count - c->sent;
	n = send(w->fd, o->lines + c->sent % SOURCE_PERIOD, len, MSG_NOSIGNAL);
	if (n < 0)
		return errno != EAGAIN;
	c->sent += n;
	return o->count && c->sent == o->count ? end(s, c) : 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: source [-p PORT] [-n BYTES]   (TCP; default 19, without end)\n");
	return 2;
}

/* False: not understood. */
static int options(int argc, char **argv, unsigned int *port, unsigned long long *count)
{
	int i;

	for (i = 1; i + 1 < argc; i += 2) {
		char *end = argv[i + 1];

		if (!strcmp(argv[i], "-p"))
			*port = parse_port(argv[i + 1], 65535);
		else if (!strcmp(argv[i], "-n") && argv[i + 1][0] != '-')
			*count = strtoull(argv[i + 1], &end, 10);
		else
			return 0;
		if (!*port || (argv[i][1] == 'n' && (*end || !*count)))
			return 0;
	}
	return i == argc;
}

int main(int argc, char **argv)
{
	struct source o = {
		.service = {.name = "source",
			    .conn_size = sizeof(struct conn),
			    .events = EPOLLOUT | EPOLLIN,
			    .conn_ready = serve,
			    .arg = &o},
	};
	unsigned int port = 19;

	if (!options(argc, argv, &port, &o.count))
		return usage();
	o.lines = source_lines(CHUNK);
	if (!o.lines) {
		fprintf(stderr, "source: no memory\n");
		return 1;
	}
	if (service_open(&o.service, port))
		return 1;
	return service_run(&o.service);
}
