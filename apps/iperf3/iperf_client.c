/* SPDX-License-Identifier: MIT */
/* The client's side. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apps/iperf3/iperf_test.h"

#define UDP_CONNECT \
	0x36373839u /* opens a stream of datagrams; in the host's byte order, as the real one sends it */
#define UDP_LEN 1460 /* if the connection does not tell its segments' size */

static int connect_to(const struct sockaddr_in *to, int type)
{
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0), err = 0;
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t len = sizeof(err);

	if (fd < 0)
		return iperf_complain("socket: %s", strerror(errno));
	if (!connect(fd, (const struct sockaddr *)to, sizeof(*to)))
		return fd;
	err = errno;
	if (err == EINPROGRESS) {
		err = ETIMEDOUT;
		if (poll(&p, 1, IPERF_PATIENCE * 1000) > 0)
			getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	}
	if (!err)
		return fd;
	close(fd);
	return iperf_complain("unable to connect to server: %s", strerror(err));
}

static int resolve(const char *host, unsigned int port, struct sockaddr_in *to)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
	int err = getaddrinfo(host, NULL, &hints, &found);

	if (err)
		return iperf_complain("%s: %s", host, gai_strerror(err));
	memcpy(to, found->ai_addr, sizeof(*to));
	freeaddrinfo(found);
	to->sin_port = htons(port);
	return 0;
}

static int make_cookie(char *cookie)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char random[IPERF_COOKIE - 1];
	size_t i;

	if (getentropy(random, sizeof(random)))
		return iperf_complain("no random numbers: %s", strerror(errno));
	for (i = 0; i < sizeof(random); i++)
		cookie[i] = chars[random[i] % 32];
	cookie[i] = '\0';
	return 0;
}

/* The server answers the first datagram, which may be lost. */
static int open_datagrams(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint32_t word = UDP_CONNECT;
	int i;

	for (i = 0; i < IPERF_PATIENCE; i++) {
		if (send(fd, &word, sizeof(word), MSG_NOSIGNAL) < 0 && errno != ECONNREFUSED)
			break;
		if (poll(&p, 1, 1000) > 0 && recv(fd, &word, sizeof(word), 0) == sizeof(word))
			return 0;
	}
	return iperf_complain("the server does not answer datagrams");
}

static void tell_of(int fd, const struct sockaddr_in *to)
{
	char text[INET_ADDRSTRLEN] = "";
	struct sockaddr_in own = {0};
	socklen_t len = sizeof(own);

	if (getsockname(fd, (struct sockaddr *)&own, &len))
		return;
	printf("[%3d] local %s port %u ", fd, inet_ntop(AF_INET, &own.sin_addr, text, sizeof(text)),
	       ntohs(own.sin_port));
	printf("connected to %s port %u\n", inet_ntop(AF_INET, &to->sin_addr, text, sizeof(text)),
	       ntohs(to->sin_port));
}

static int make_streams(struct iperf_test *t, const struct sockaddr_in *to)
{
	int one = 1;

	while (t->nr_streams < t->p.streams) {
		int fd = connect_to(to, t->p.udp ? SOCK_DGRAM : SOCK_STREAM);

		if (fd < 0)
			return -1;
		iperf_add_stream(t, fd);
		if (t->p.no_delay)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (t->p.udp ? open_datagrams(fd) : iperf_write(fd, t->cookie, sizeof(t->cookie)))
			return -1;
		tell_of(fd, to);
	}
	return 0;
}

/* A datagram that fits into one packet, if nothing else was asked for. */
static int default_len(const struct iperf_test *t)
{
	int mss = 0;
	socklen_t len = sizeof(mss);

	if (!t->p.udp)
		return 128 << 10;
	if (getsockopt(t->control, IPPROTO_TCP, TCP_MAXSEG, &mss, &len) || mss < 16)
		return UDP_LEN;
	return mss;
}

static int run_test(struct iperf_test *t, const struct sockaddr_in *to)
{
	t->control = connect_to(to, SOCK_STREAM);
	if (t->control < 0 || make_cookie(t->cookie) ||
	    iperf_write(t->control, t->cookie, sizeof(t->cookie)) ||
	    iperf_expect_state(t, PARAM_EXCHANGE))
		return -1;
	if (!t->p.len)
		t->p.len = default_len(t);
	t->block = calloc(1, t->p.len);
	if (!t->block)
		return iperf_complain("no memory for blocks of %u bytes", t->p.len);
	if (iperf_send_params(t) || iperf_expect_state(t, CREATE_STREAMS) || make_streams(t, to) ||
	    iperf_expect_state(t, TEST_START) || iperf_expect_state(t, TEST_RUNNING))
		return -1;
	iperf_print_header(t);
	if (iperf_run(t) || iperf_send_state(t, TEST_END) ||
	    iperf_expect_state(t, EXCHANGE_RESULTS) || iperf_send_results(t) ||
	    iperf_take_results(t) || iperf_expect_state(t, DISPLAY_RESULTS))
		return -1;
	iperf_print_summary(t);
	printf("iperf Done.\n");
	return iperf_send_state(t, IPERF_DONE);
}

int iperf_call(const char *host, unsigned int port, const struct iperf_params *p, double interval)
{
	struct iperf_test *t;
	struct sockaddr_in to = {0};
	int err;

	if (resolve(host, port, &to))
		return -1;
	t = iperf_test_create();
	if (!t)
		return iperf_complain("no memory");
	t->p = *p;
	t->p.wide_counters = p->udp;
	t->sender = !p->reverse;
	t->interval = interval;
	printf("Connecting to host %s, port %u\n", host, port);
	if (p->reverse)
		printf("Reverse mode, remote host %s is sending\n", host);
	err = run_test(t, &to);
	iperf_test_free(t);
	return err;
}
