/* SPDX-License-Identifier: MIT */
/*
 * sink: throws away every UDP datagram and every TCP byte (RFC 863) and counts the datagrams. The UDP port after it tells
 * the count: any datagram there is answered with "rx=COUNT".
 * With -c it looks at what TCP brings: the lines of source, from their beginning? It says so when a connection ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "apps/common/source_lines.h"
#include "apps/common/tcp_service.h"

#define BUFFER    (64 << 10)
#define DATAGRAMS 256 /* taken in one go, so that TCP gets its turn */

struct sink {
	struct service service;
	struct watch udp, counter;
	unsigned long count;
	char *buf;
	char *lines; /* -c: what is expected; NULL: anything is */
};

struct conn {
	struct watch watch;
	unsigned long long bytes;
	int wrong;
};

/* Takes all that waits. The bytes themselves are cut off: nobody reads them. */
static int drain(struct service *s, struct watch *w, uint32_t events)
{
	struct sink *k = s->arg;
	char byte;
	int i;

	(void)events;
	for (i = 0; i < DATAGRAMS && recv(w->fd, &byte, sizeof(byte), 0) >= 0; i++)
		k->count++;
	return 0;
}

static int tell(struct service *s, struct watch *w, uint32_t events)
{
	struct sink *k = s->arg;
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char text[32];
	int n;

	(void)events;
	while (drain(s, &k->udp, 0),
	       recvfrom(w->fd, text, sizeof(text), 0, (struct sockaddr *)&from, &len) >= 0) {
		n = snprintf(text, sizeof(text), "rx=%lu", k->count);
		sendto(w->fd, text, n, 0, (struct sockaddr *)&from, len);
		len = sizeof(from);
	}
	return 0;
}

static void check(struct sink *k, struct conn *c, size_t n)
{
	if (c->wrong)
		return;
	if (memcmp(k->buf, k->lines + c->bytes % SOURCE_PERIOD, n)) {
		size_t i = 0;

		while (k->buf[i] == k->lines[c->bytes % SOURCE_PERIOD + i])
			i++;
		printf("sink: byte %llu is wrong\n", c->bytes + i);
		fflush(stdout);
		c->wrong = 1;
	}
}

static int serve(struct service *s, struct watch *w, uint32_t events)
{
	struct sink *k = s->arg;
	struct conn *c = (struct conn *)w;
	ssize_t n = recv(w->fd, k->buf, BUFFER, 0);

	(void)events;
	if (n <= 0 && k->lines && !(n < 0 && errno == EAGAIN)) {
		printf("sink: %llu bytes, %s\n", c->bytes,
		       n < 0      ? strerror(errno)
		       : c->wrong ? "wrong"
				  : "all right");
		fflush(stdout);
	}
	if (n <= 0)
		return n == 0 || errno != EAGAIN;
	if (k->lines)
		check(k, c, n);
	c->bytes += n;
	return 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: sink [-p PORT | -c PORT]\n"
			"  -p PORT   discards what comes to UDP and TCP PORT, tells the datagrams' "
			"count at UDP PORT+1 "
			"(default 9)\n"
			"  -c PORT   the same, and tells whether a TCP connection brought what "
			"source sends\n");
	return 2;
}

int main(int argc, char **argv)
{
	int check_lines = argc == 3 && !strcmp(argv[1], "-c");
	unsigned int port =
		check_lines ? parse_port(argv[2], 65534) : port_option(argc, argv, 9, 65534);
	struct sink k = {
		.service = {.name = "sink",
			    .conn_size = sizeof(struct conn),
			    .events = EPOLLIN,
			    .conn_ready = serve,
			    .arg = &k},
		.udp = {.ready = drain},
		.counter = {.ready = tell},
		.buf = malloc(BUFFER),
	};

	if (!port)
		return usage();
	if (check_lines)
		k.lines = source_lines(BUFFER);
	if (!k.buf || (check_lines && !k.lines)) {
		fprintf(stderr, "sink: no memory\n");
		return 1;
	}
	k.udp.fd = open_port("sink", SOCK_DGRAM, port);
	if (k.udp.fd < 0)
		return 1;
	k.counter.fd = open_port("sink", SOCK_DGRAM, port + 1);
	if (k.counter.fd < 0 || service_open(&k.service, port) ||
	    service_watch(&k.service, &k.udp) || service_watch(&k.service, &k.counter))
		return 1;
	return service_run(&k.service);
}
