/* SPDX-License-Identifier: MIT */
/*
 * echo: sends every UDP datagram back to where it came from, and every TCP byte to who sent it (RFC 862). A TCP connection
 * ends when its peer's side has, and all of it was sent back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "apps/common/tcp_service.h"

#define DATAGRAM_MAX 65535
#define BUFFER       (64 << 10)
#define DATAGRAMS    64 /* taken in one go, so that TCP gets its turn */

/* Told once of what comes: a read that finds less than it asks for need not be followed by one that finds nothing. */
#define BYTES (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET)

struct conn {
	struct watch watch;
	char *rest; /* what the peer has not taken; nothing more is read meanwhile */
	size_t at, left;
};

/* What a lost answer's ICMP error leaves in the socket is no reason to stop. */
static int serve_udp(struct service *s, struct watch *w, uint32_t events)
{
	struct sockaddr_in from;
	char *buf = s->arg;
	int i;

	(void)events;
	for (i = 0; i < DATAGRAMS; i++) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(w->fd, buf, DATAGRAM_MAX, 0, (struct sockaddr *)&from, &len);

		if (n >= 0)
			sendto(w->fd, buf, n, 0, (struct sockaddr *)&from, len);
		else if (errno != ECONNREFUSED)
			break;
	}
	return 0;
}

/* Keeps what the peer does not take now. */
static int keep(struct service *s, struct conn *c, const char *data, size_t len)
{
	c->rest = malloc(len);
	if (!c->rest)
		return -1;
	memcpy(c->rest, data, len);
	c->at = 0;
	c->left = len;
	service_want(s, &c->watch, EPOLLOUT);
	return 0;
}

static int send_rest(struct service *s, struct conn *c)
{
	ssize_t n = send(c->watch.fd, c->rest + c->at, c->left, MSG_NOSIGNAL);

	if (n < 0)
		return errno != EAGAIN;
	c->at += n;
	c->left -= n;
	if (c->left)
		return 0;
	free(c->rest);
	c->rest = NULL;
	service_want(s, &c->watch, BYTES);
	return 0;
}

static int serve_tcp(struct service *s, struct watch *w, uint32_t events)
{
	struct conn *c = (struct conn *)w;
	char *buf = s->arg;
	ssize_t n, sent;

	if (c->rest)
		return send_rest(s, c);
	n = recv(w->fd, buf, BUFFER, 0);
	if (n <= 0)
		return n == 0 || errno != EAGAIN;
	sent = send(w->fd, buf, n, MSG_NOSIGNAL);
	if (sent == n) {
		if (events != EPOLLIN || n == BUFFER) /* there may be more, or the end */
			service_want(s, w, BYTES);
		return 0;
	}
	if (sent < 0 && errno != EAGAIN)
		return -1;
	if (sent < 0)
		sent = 0;
	return keep(s, c, buf + sent, n - sent);
}

static void forget(struct watch *w)
{
	free(((struct conn *)w)->rest);
}

int main(int argc, char **argv)
{
	unsigned int port = port_option(argc, argv, 7, 65535);
	struct service s = {
		.name = "echo",
		.conn_size = sizeof(struct conn),
		.events = BYTES,
		.conn_ready = serve_tcp,
		.conn_end = forget,
		.arg = malloc(BUFFER),
	};
	struct watch udp = {.ready = serve_udp};

	if (!port) {
		fprintf(stderr, "usage: echo [-p PORT]   (UDP and TCP; default 7)\n");
		return 2;
	}
	if (!s.arg) {
		fprintf(stderr, "echo: no memory\n");
		return 1;
	}
	udp.fd = open_port("echo", SOCK_DGRAM, port);
	if (udp.fd < 0 || service_open(&s, port) || service_watch(&s, &udp))
		return 1;
	return service_run(&s);
}
