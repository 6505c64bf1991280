/* SPDX-License-Identifier: MIT */
/*
 * httpd: serves files over HTTP/1.1 (RFC 9110, RFC 9112) to many clients at once.
 *
 * Overview: one loop over epoll. apps/httpd/: http_request takes a request apart, http_file finds the file, http_answer
 * writes the answer, http_conn is the connection between them.
 * Slow clients are bounded: a request's head in bytes and in time, what a client lets wait in bytes and in time, how many
 * there are; when all places are taken, the connection that has been idle for longest makes room.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "apps/httpd/http_conn.h"

#define BACKLOG      1024
#define EVENTS       64
#define TICK         1000 /* ms between looks at who waits for too long */
#define CONNS        1010
#define IDLE_SECONDS 60

struct options {
	unsigned long port, conns, idle;
	const char *root;
};

static int usage(void)
{
	fprintf(stderr,
		"usage: httpd [-p PORT] [-d DIR] [-c CONNECTIONS] [-t SECONDS]\n"
		"  -p PORT         TCP port (80)\n"
		"  -d DIR          its files are served; / is DIR/index.html (www)\n"
		"  -c CONNECTIONS  at most so many at once (%d)\n"
		"  -t SECONDS      an idle connection is closed after them (%d)\n",
		CONNS, IDLE_SECONDS);
	return 2;
}

/* A number from 1 to max, or 0. */
static unsigned long number(const char *text, unsigned long max)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	return *text >= '0' && *text <= '9' && !*end && v <= max ? v : 0;
}

/* 0: not understood. */
static int parse(struct options *o, int argc, char **argv)
{
	int i;

	for (i = 1; i + 1 < argc; i += 2) {
		const char *value = argv[i + 1];

		if (!strcmp(argv[i], "-p"))
			o->port = number(value, 65535);
		else if (!strcmp(argv[i], "-d"))
			o->root = value;
		else if (!strcmp(argv[i], "-c"))
			o->conns = number(value, 100000);
		else if (!strcmp(argv[i], "-t"))
			o->idle = number(value, 86400);
		else
			return 0;
	}
	return i == argc && o->port && o->conns && o->idle && *o->root;
}

/* ---- the clock */

static void take_time(struct http_server *s)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	s->now = ts.tv_sec + 1; /* never 0 */
	if (s->now == s->date)
		return;
	s->date = s->now;
	s->again = NULL;
	clock_gettime(CLOCK_REALTIME, &ts);
	http_format_date(ts.tv_sec, s->site.date);
}

static void expire(struct http_server *s)
{
	int i;

	for (i = 0; i < NR_WAITS; i++) {
		struct http_queue *q = &s->queues[i];

		while (q->first && s->now - q->first->since > (time_t)q->seconds)
			http_conn_expired(s, q->first);
	}
}

/* ---- new connections */

static int listening(struct http_server *s, int on)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL};

	s->paused = !on;
	s->paused_conns = s->conns;
	return epoll_ctl(s->epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, s->listener, &e);
}

/* The one that has been idle for longest, if it was for a second: it can make room. */
static struct http_conn *idlest(const struct http_server *s)
{
	struct http_conn *c = s->queues[WAIT_IDLE].first;

	return c && s->now - c->since >= 1 ? c : NULL;
}

static void take_new(struct http_server *s)
{
	int fd;

	while (s->conns < s->max_conns || idlest(s)) {
		fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK);
		if (fd < 0 && errno != EMFILE && errno != ENFILE && errno != ENOMEM &&
		    errno != ENOBUFS)
			return;
		if (fd < 0)
			break;
		if (s->conns >= s->max_conns)
			http_conn_end(s, idlest(s));
		if (http_conn_begin(s, fd)) {
			close(fd);
			break;
		}
	}
	listening(s, 0);
}

/* ---- the loop */

static int run(struct http_server *s)
{
	struct epoll_event got[EVENTS];
	time_t looked = 0;
	int i, n, new;

	for (;;) {
		n = epoll_wait(s->epoll, got, EVENTS, s->conns || s->paused ? TICK : -1);
		if (n < 0 && errno != EINTR)
			return -1;
		take_time(s);
		for (i = 0, new = 0; i < n; i++) {
			if (got[i].data.ptr)
				http_conn_ready(s, got[i].data.ptr, got[i].events);
			else
				new = 1;
		}
		if (new) /* behind the others: it may end one of them */
			take_new(s);
		if (looked != s->now)
			expire(s);
		if (s->paused && (looked != s->now || s->conns < s->paused_conns))
			listening(s, 1);
		looked = s->now;
	}
}

/* 0 or -1 (errno). */
static int open_server(struct http_server *s, unsigned int port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	int one = 1;

	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	s->epoll = epoll_create1(0);
	if (s->listener < 0 || s->epoll < 0 ||
	    setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    setsockopt(s->listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) ||
	    bind(s->listener, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(s->listener, BACKLOG))
		return -1;
	return listening(s, 1);
}

int main(int argc, char **argv)
{
	struct options o = {.port = 80, .conns = CONNS, .idle = IDLE_SECONDS, .root = "www"};
	struct http_server *s;

	if (!parse(&o, argc, argv))
		return usage();
	s = calloc(1, sizeof(*s));
	if (!s) {
		fprintf(stderr, "httpd: no memory\n");
		return 1;
	}
	s->site.root = o.root;
	s->max_conns = o.conns;
	s->queues[WAIT_IDLE].seconds = o.idle;
	s->queues[WAIT_REQUEST].seconds = 10;
	s->queues[WAIT_SEND].seconds = 30;
	s->queues[WAIT_LINGER].seconds = 2;
	if (open_server(s, o.port) || run(s))
		fprintf(stderr, "httpd: port %lu: %s\n", o.port, strerror(errno));
	return 1;
}
