/* SPDX-License-Identifier: MIT */
/* The server's side: one test at a time; who else comes is told so. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apps/iperf3/iperf_test.h"

/* What opens a stream of datagrams, and the answer; the older answer is taken by all versions. In the host's byte order. */
#define UDP_REPLY 0x39383736u

static int open_socket(int type, unsigned int port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0), one = 1;

	if (fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) &&
	    !bind(fd, (struct sockaddr *)&addr, sizeof(addr)) &&
	    (type == SOCK_DGRAM || !listen(fd, IPERF_STREAMS_MAX)))
		return fd;
	iperf_complain("port %u: %s", port, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int await(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, IPERF_PATIENCE * 1000) > 0
		       ? 0
		       : iperf_complain("the client opens no stream");
}

static void tell_of(const char *what, int fd, const struct sockaddr_in *peer)
{
	char text[INET_ADDRSTRLEN];
	struct sockaddr_in own = {0};
	socklen_t len = sizeof(own);

	if (getsockname(fd, (struct sockaddr *)&own, &len))
		return;
	printf("[%3d] local %s port %u ", fd, inet_ntop(AF_INET, &own.sin_addr, text, sizeof(text)),
	       ntohs(own.sin_port));
	printf("%s %s port %u\n", what, inet_ntop(AF_INET, &peer->sin_addr, text, sizeof(text)),
	       ntohs(peer->sin_port));
}

/* A stream shows the test's cookie first; any other connection is turned away. */
static int accept_stream(struct iperf_test *t, int listener)
{
	char cookie[IPERF_COOKIE];
	signed char denied = ACCESS_DENIED;
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	int one = 1, fd;

	if (await(listener))
		return -1;
	fd = accept4(listener, (struct sockaddr *)&from, &len, SOCK_NONBLOCK);
	if (fd < 0)
		return errno == EAGAIN || errno == ECONNABORTED
			       ? 0
			       : iperf_complain("accept: %s", strerror(errno));
	if (iperf_read(fd, cookie, sizeof(cookie)) ||
	    memcmp(cookie, t->cookie, sizeof(cookie)) != 0) {
		(void)iperf_write(fd, &denied, 1);
		close(fd);
		return 0;
	}
	if (t->p.no_delay)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	iperf_add_stream(t, fd);
	tell_of("connected to", fd, &from);
	return 0;
}

/* Each first datagram makes the socket its stream's; a new one takes its place. */
static int accept_datagrams(struct iperf_test *t, unsigned int port, int *listener)
{
	uint32_t word, reply = UDP_REPLY;
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	int fd = *listener;

	if (await(fd))
		return -1;
	if (recvfrom(fd, &word, sizeof(word), 0, (struct sockaddr *)&from, &len) != sizeof(word))
		return 0;
	if (connect(fd, (struct sockaddr *)&from, sizeof(from)))
		return iperf_complain("connect: %s", strerror(errno));
	*listener = -1;
	iperf_add_stream(t, fd);
	if (t->nr_streams < t->p.streams && (*listener = open_socket(SOCK_DGRAM, port)) < 0)
		return -1;
	if (send(fd, &reply, sizeof(reply), MSG_NOSIGNAL) < 0)
		return iperf_complain("stream %d: %s", t->nr_streams, strerror(errno));
	tell_of("connected to", fd, &from);
	return 0;
}

static int make_streams(struct iperf_test *t, unsigned int port, int listener)
{
	int udp = t->p.udp ? open_socket(SOCK_DGRAM, port) : -1, err;

	err = (t->p.udp && udp < 0) || iperf_send_state(t, CREATE_STREAMS) ? -1 : 0;
	while (!err && t->nr_streams < t->p.streams)
		err = t->p.udp ? accept_datagrams(t, port, &udp) : accept_stream(t, listener);
	if (udp >= 0)
		close(udp);
	return err;
}

/* A client that receives waits for whole blocks: it learns by our end that the last is a part of one. */
static void end_streams(const struct iperf_test *t)
{
	unsigned int i;

	for (i = 0; t->sender && !t->p.udp && i < t->nr_streams; i++)
		shutdown(t->stream[i].fd, SHUT_WR);
}

/* From the first state to the last. */
static int run_test(struct iperf_test *t, unsigned int port, int listener)
{
	if (iperf_read(t->control, t->cookie, sizeof(t->cookie)) ||
	    iperf_send_state(t, PARAM_EXCHANGE) || iperf_take_params(t))
		return -1;
	t->sender = t->p.reverse;
	t->block = calloc(1, t->p.len);
	if (!t->block)
		return iperf_complain("no memory for blocks of %u bytes", t->p.len);
	if (make_streams(t, port, listener) || iperf_send_state(t, TEST_START) ||
	    iperf_send_state(t, TEST_RUNNING))
		return -1;
	iperf_print_header(t);
	if (iperf_run(t))
		return -1;
	end_streams(t);
	if (iperf_send_state(t, EXCHANGE_RESULTS) || iperf_take_results(t) ||
	    iperf_send_results(t) || iperf_send_state(t, DISPLAY_RESULTS))
		return -1;
	iperf_print_summary(t);
	return iperf_expect_state(t, IPERF_DONE);
}

static int serve_one(unsigned int port, int listener, double interval)
{
	struct iperf_test *t = iperf_test_create();
	struct pollfd p = {.fd = listener, .events = POLLIN};
	struct sockaddr_in from = {0};
	socklen_t len = sizeof(from);
	int err = -1;

	if (!t)
		return iperf_complain("no memory");
	if (poll(&p, 1, -1) > 0)
		t->control = accept4(listener, (struct sockaddr *)&from, &len, SOCK_NONBLOCK);
	if (t->control >= 0) {
		char text[INET_ADDRSTRLEN];

		t->server = 1;
		t->interval = interval;
		printf("Accepted connection from %s, port %u\n",
		       inet_ntop(AF_INET, &from.sin_addr, text, sizeof(text)),
		       ntohs(from.sin_port));
		err = run_test(t, port, listener);
	}
	iperf_test_free(t);
	return err;
}

int iperf_serve(unsigned int port, int once, double interval)
{
	int listener = open_socket(SOCK_STREAM, port), err;

	if (listener < 0)
		return -1;
	for (;;) {
		printf("-----------------------------------------------------------\n"
		       "Server listening on %u\n"
		       "-----------------------------------------------------------\n",
		       port);
		fflush(stdout);
		err = serve_one(port, listener, interval);
		if (once)
			break;
	}
	close(listener);
	return err;
}
