/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "apps/common/tcp_service.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG   1024
#define EVENTS    64
#define SPARES    64  /* kept at most */
#define TRY_AGAIN 100 /* ms, after which a server without room looks whether there is some */

unsigned int parse_port(const char *text, unsigned int max)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	return *text && !*end && v <= max ? v : 0;
}

unsigned int port_option(int argc, char **argv, unsigned int port, unsigned int max)
{
	if (argc == 3 && !strcmp(argv[1], "-p"))
		return parse_port(argv[2], max);
	return argc == 1 ? port : 0;
}

int open_port(const char *name, int type, unsigned int port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0), one = 1;
	int stream = type == SOCK_STREAM;

	if (fd >= 0 && !(stream && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one))) &&
	    !bind(fd, (struct sockaddr *)&addr, sizeof(addr)) && !(stream && listen(fd, BACKLOG)))
		return fd;
	fprintf(stderr, "%s: %s port %u: %s\n", name, stream ? "tcp" : "udp", port,
		strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int watch(struct service *s, struct watch *w, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, w->fd, &e);
}

int service_watch(struct service *s, struct watch *w)
{
	return watch(s, w, EPOLLIN);
}

void service_want(struct service *s, struct watch *w, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};

	epoll_ctl(s->epoll, EPOLL_CTL_MOD, w->fd, &e);
}

static void pause_listening(struct service *s)
{
	s->paused = 1;
	epoll_ctl(s->epoll, EPOLL_CTL_DEL, s->listener.fd, NULL);
}

static void resume_listening(struct service *s)
{
	s->paused = service_watch(s, &s->listener) != 0;
}

static struct watch *conn_alloc(struct service *s)
{
	struct watch *w = s->spare;

	if (!w)
		return calloc(1, s->conn_size);
	s->spare = w->next;
	s->spares--;
	return memset(w, 0, s->conn_size);
}

static void conn_free(struct service *s, struct watch *w)
{
	if (s->spares == SPARES) {
		free(w);
		return;
	}
	s->spares++;
	w->next = s->spare;
	s->spare = w;
}

static int conn_begin(struct service *s, int fd)
{
	struct watch *w = conn_alloc(s);

	if (!w) {
		close(fd);
		return -1;
	}
	w->fd = fd;
	w->ready = s->conn_ready;
	if (!watch(s, w, s->events))
		return 0;
	close(fd);
	conn_free(s, w);
	return -1;
}

static void conn_end(struct service *s, struct watch *w)
{
	if (s->conn_end)
		s->conn_end(w);
	close(w->fd);
	conn_free(s, w);
}

static int take_new(struct service *s, struct watch *w, uint32_t events)
{
	int fd;

	(void)events;
	while ((fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK)) >= 0)
		if (conn_begin(s, fd))
			break;
	if (fd >= 0 || errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
		pause_listening(s);
	return 0;
}

int service_open(struct service *s, unsigned int port)
{
	s->listener.ready = take_new;
	s->listener.fd = open_port(s->name, SOCK_STREAM, port);
	if (s->listener.fd < 0)
		return -1;
	s->epoll = epoll_create1(0);
	if (s->epoll >= 0 && !service_watch(s, &s->listener))
		return 0;
	fprintf(stderr, "%s: epoll: %s\n", s->name, strerror(errno));
	return -1;
}

int service_run(struct service *s)
{
	struct epoll_event got[EVENTS];
	int i, n;

	for (;;) {
		n = epoll_wait(s->epoll, got, EVENTS, s->paused ? TRY_AGAIN : -1);
		if (n < 0 && errno != EINTR)
			break;
		for (i = 0; i < n; i++) {
			struct watch *w = got[i].data.ptr;

			if (w->ready(s, w, got[i].events))
				conn_end(s, w);
		}
		if (s->paused)
			resume_listening(s);
	}
	fprintf(stderr, "%s: %s\n", s->name, strerror(errno));
	return 1;
}
