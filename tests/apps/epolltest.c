/* SPDX-License-Identifier: MIT */
/* epolltest: epoll(7) as programs use it, checked by a program. The same file runs on Linux, where every check must hold. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/apps/check.h"

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* A UDP socket that is connected to itself. */
static int udp_self(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (bind(fd, (struct sockaddr *)&a, len) || getsockname(fd, (struct sockaddr *)&a, &len) ||
	    connect(fd, (struct sockaddr *)&a, len))
		return -1;
	return fd;
}

static int tcp_listener(struct sockaddr_in *a)
{
	socklen_t len = sizeof(*a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	*a = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (bind(fd, (struct sockaddr *)a, len) || getsockname(fd, (struct sockaddr *)a, &len) ||
	    listen(fd, 100))
		return -1;
	return fd;
}

/* Two ends of a connection. */
static void tcp_pair(int pair[2])
{
	struct sockaddr_in a;
	int listener = tcp_listener(&a);

	pair[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(pair[0], (struct sockaddr *)&a, sizeof(a)))
		perror("connect");
	while ((pair[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) < 0)
		;
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	close(listener);
}

static int ctl(int ep, int op, int fd, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.fd = fd};

	return epoll_ctl(ep, op, fd, &e);
}

/* The events of fd if it is the only one that is ready; 0: nothing is; -1: something else. */
static int64_t only(int ep, int fd, int ms)
{
	struct epoll_event e[8] = {0};
	int n = epoll_wait(ep, e, 8, ms);

	if (n <= 0)
		return n;
	return n == 1 && e[0].data.fd == fd ? (int64_t)e[0].events : -1;
}

static void drain(int fd)
{
	char b[2048];

	while (recv(fd, b, sizeof(b), MSG_DONTWAIT) > 0)
		;
}

static void check_errors(struct tally *t)
{
	int ep = epoll_create1(EPOLL_CLOEXEC), fd = udp_self(), null = open("/dev/null", O_RDONLY);
	struct epoll_event e[1];

	CHECK_ERR(t, epoll_create1(1), EINVAL);
	CHECK_ERR(t, epoll_create(0), EINVAL);
	CHECK_ERR(t, ctl(ep, EPOLL_CTL_ADD, 999, EPOLLIN), EBADF);
	CHECK_ERR(t, ctl(999, EPOLL_CTL_ADD, fd, EPOLLIN), EBADF);
	CHECK_ERR(t, ctl(ep, EPOLL_CTL_ADD, null, EPOLLIN), EPERM);
	CHECK_ERR(t, ctl(ep, EPOLL_CTL_ADD, ep, EPOLLIN), EINVAL);
	CHECK_ERR(t, ctl(fd, EPOLL_CTL_ADD, ep, EPOLLIN), EINVAL);
	CHECK_ERR(t, ctl(ep, 77, fd, EPOLLIN), EINVAL);
	CHECK_ERR(t, ctl(ep, EPOLL_CTL_MOD, fd, EPOLLIN), ENOENT);
	CHECK_ERR(t, ctl(ep, EPOLL_CTL_DEL, fd, 0), ENOENT);
	CHECK(t, !ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN));
	CHECK_ERR(t, ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN), EEXIST);
	CHECK_ERR(t, epoll_wait(ep, e, 0, 0), EINVAL);
	CHECK_ERR(t, epoll_wait(fd, e, 1, 0), EINVAL);
	CHECK_ERR(t, epoll_wait(999, e, 1, 0), EBADF);
	CHECK(t, !epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL));
	CHECK_ERR(t, read(ep, e, 1), EINVAL);
	CHECK_ERR(t, write(ep, e, 1), EINVAL);
	close(null);
	close(fd);
	close(ep);
}

static void check_level(struct tally *t)
{
	int ep = epoll_create1(0), fd = udp_self();

	CHECK(t, !ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN));
	CHECK(t, only(ep, fd, 0) == 0);
	CHECK(t, send(fd, "a", 1, 0) == 1);
	CHECK(t, only(ep, fd, 1000) == EPOLLIN);
	CHECK(t, only(ep, fd, 1000) == EPOLLIN);
	CHECK(t, !ctl(ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT));
	CHECK(t, only(ep, fd, 1000) == (EPOLLIN | EPOLLOUT));
	drain(fd);
	CHECK(t, only(ep, fd, 1000) == EPOLLOUT);
	CHECK(t, !ctl(ep, EPOLL_CTL_MOD, fd, EPOLLPRI));
	CHECK(t, only(ep, fd, 0) == 0);
	close(fd);
	close(ep);
}

static void check_edge(struct tally *t)
{
	int ep = epoll_create1(0), fd = udp_self();

	CHECK(t, !ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET));
	CHECK(t, send(fd, "a", 1, 0) == 1);
	CHECK(t, only(ep, fd, 1000) == EPOLLIN);
	CHECK(t, only(ep, fd, 0) == 0);
	CHECK(t, send(fd, "b", 1, 0) == 1);
	CHECK(t, only(ep, fd, 1000) == EPOLLIN);
	CHECK(t, only(ep, fd, 0) == 0);
	CHECK(t, !ctl(ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLET));
	CHECK(t, only(ep, fd, 0) == EPOLLIN);
	drain(fd);
	CHECK(t, only(ep, fd, 0) == 0);
	CHECK(t, send(fd, "c", 1, 0) == 1);
	drain(fd); /* gone before anybody looked */
	CHECK(t, only(ep, fd, 0) == 0);
	close(fd);
	close(ep);
}

static void check_oneshot(struct tally *t)
{
	int ep = epoll_create1(0), fd = udp_self();

	CHECK(t, !ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLONESHOT));
	CHECK(t, send(fd, "a", 1, 0) == 1);
	CHECK(t, only(ep, fd, 1000) == EPOLLIN);
	CHECK(t, send(fd, "b", 1, 0) == 1);
	CHECK(t, only(ep, fd, 0) == 0);
	CHECK(t, !ctl(ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT));
	CHECK(t, only(ep, fd, 1000) == EPOLLIN);
	CHECK(t, only(ep, fd, 0) == 0);
	CHECK_ERR(t, ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN), EEXIST);
	close(fd);
	close(ep);
}

static void check_stream(struct tally *t)
{
	int ep = epoll_create1(0), pair[2];
	char b[4096] = "";
	int64_t e;

	tcp_pair(pair);
	CHECK(t, !ctl(ep, EPOLL_CTL_ADD, pair[1], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET));
	CHECK(t, only(ep, pair[1], 1000) == EPOLLOUT);
	CHECK(t, only(ep, pair[1], 0) == 0);
	CHECK(t, send(pair[0], "abc", 3, 0) == 3);
	CHECK(t, only(ep, pair[1], 1000) == (EPOLLIN | EPOLLOUT));
	CHECK(t, only(ep, pair[1], 0) == 0);
	/* What we send is acknowledged: no edge, there was room all the time. */
	CHECK(t, send(pair[1], "xyz", 3, 0) == 3);
	CHECK(t, only(ep, pair[1], 100) == 0);
	while (send(pair[1], b, sizeof(b), MSG_DONTWAIT) > 0)
		;
	CHECK(t, errno == EAGAIN && only(ep, pair[1], 0) == 0);
	do
		drain(pair[0]);
	while (!(e = only(ep, pair[1], 20)));
	CHECK(t, e == (EPOLLIN | EPOLLOUT));
	CHECK(t, !shutdown(pair[0], SHUT_WR));
	CHECK(t, only(ep, pair[1], 1000) == (EPOLLIN | EPOLLOUT | EPOLLRDHUP));
	CHECK(t, !shutdown(pair[1], SHUT_WR));
	CHECK(t, (only(ep, pair[1], 1000) & EPOLLHUP) == EPOLLHUP);
	close(pair[0]);
	close(pair[1]);
	close(ep);
}

static void check_listener(struct tally *t)
{
	int ep = epoll_create1(0), to[3], i;
	struct sockaddr_in a;
	int fd = tcp_listener(&a);

	CHECK(t, !ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN));
	for (i = 0; i < 3; i++) {
		to[i] = socket(AF_INET, SOCK_STREAM, 0);
		CHECK(t, !connect(to[i], (struct sockaddr *)&a, sizeof(a)));
	}
	for (i = 0; i < 3; i++) {
		CHECK(t, only(ep, fd, 1000) == EPOLLIN);
		CHECK(t, !close(accept(fd, NULL, NULL)));
	}
	CHECK(t, only(ep, fd, 0) == 0);
	CHECK_ERR(t, accept(fd, NULL, NULL), EAGAIN);
	for (i = 0; i < 3; i++)
		close(to[i]);
	close(fd);
	close(ep);
}

/* A non-blocking connect() that succeeds, and one that is refused. */
static void check_connect(struct tally *t)
{
	int ep = epoll_create1(0), err = 0;
	struct sockaddr_in a;
	int listener = tcp_listener(&a), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof(err);

	CHECK(t, !ctl(ep, EPOLL_CTL_ADD, fd, EPOLLOUT));
	CHECK(t, only(ep, fd, 0) == (EPOLLOUT | EPOLLHUP));
	(void)connect(fd, (struct sockaddr *)&a, sizeof(a));
	CHECK(t, only(ep, fd, 1000) == EPOLLOUT);
	CHECK(t, !getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) && !err);
	close(fd);
	close(listener);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	(void)connect(fd, (struct sockaddr *)&a, sizeof(a));
	CHECK(t, !ctl(ep, EPOLL_CTL_ADD, fd, EPOLLOUT));
	CHECK(t, only(ep, fd, 1000) == (EPOLLOUT | EPOLLERR | EPOLLHUP));
	CHECK(t, !getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) && err == ECONNREFUSED);
	close(fd);
	close(ep);
}

/* What is closed leaves the set with its last descriptor. */
static void check_close(struct tally *t)
{
	int ep = epoll_create1(0), fd = udp_self(), copy = dup(fd), other;

	CHECK(t, !ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN));
	CHECK(t, send(copy, "a", 1, 0) == 1);
	CHECK(t, !close(fd));
	CHECK(t, only(ep, fd, 1000) == EPOLLIN);
	other = udp_self(); /* the same number, another file */
	CHECK(t, other == fd && !ctl(ep, EPOLL_CTL_ADD, other, EPOLLIN));
	CHECK(t, only(ep, fd, 1000) == EPOLLIN);
	CHECK(t, !close(copy));
	CHECK(t, only(ep, fd, 0) == 0);
	CHECK(t, !ctl(ep, EPOLL_CTL_DEL, other, 0));
	CHECK(t, !close(other) && !close(ep));
	fd = udp_self();
	ep = epoll_create1(0);
	CHECK(t, !ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN));
	CHECK(t, !close(ep)); /* first the set, then what it watches */
	CHECK(t, send(fd, "a", 1, 0) == 1 && !close(fd));
}

/* One event at a time: everybody has a turn. */
static void check_turns(struct tally *t)
{
	int ep = epoll_create1(0), fd[3], seen[3] = {0}, i, k;
	struct epoll_event e[2];

	for (i = 0; i < 3; i++) {
		struct epoll_event want = {.events = EPOLLIN, .data.u32 = i};

		fd[i] = udp_self();
		CHECK(t, !epoll_ctl(ep, EPOLL_CTL_ADD, fd[i], &want));
		CHECK(t, send(fd[i], "a", 1, 0) == 1);
	}
	for (k = 0; k < 9; k++) {
		CHECK(t, epoll_wait(ep, e, 1, 1000) == 1);
		seen[e[0].data.u32]++;
	}
	CHECK(t, seen[0] == 3 && seen[1] == 3 && seen[2] == 3);
	CHECK(t, epoll_wait(ep, e, 2, 0) == 2);
	for (i = 0; i < 3; i++)
		close(fd[i]);
	close(ep);
}

static void check_nested(struct tally *t)
{
	int ep[7], fd = udp_self(), i;
	struct pollfd p = {.events = POLLIN};

	for (i = 0; i < 7; i++)
		ep[i] = epoll_create1(0);
	CHECK(t, !ctl(ep[0], EPOLL_CTL_ADD, fd, EPOLLIN));
	for (i = 1; i < 5; i++)
		CHECK(t, !ctl(ep[i], EPOLL_CTL_ADD, ep[i - 1], EPOLLIN));
	CHECK_ERR(t, ctl(ep[0], EPOLL_CTL_ADD, ep[4], EPOLLIN), ELOOP);
	CHECK(t, !ctl(ep[6], EPOLL_CTL_ADD, ep[5], EPOLLIN));
	CHECK(t, only(ep[4], ep[3], 0) == 0);
	CHECK(t, send(fd, "a", 1, 0) == 1);
	CHECK(t, only(ep[4], ep[3], 1000) == EPOLLIN);
	p.fd = ep[2];
	CHECK(t, poll(&p, 1, 1000) == 1 && p.revents == POLLIN);
	drain(fd);
	CHECK(t, only(ep[4], ep[3], 0) == 0 && poll(&p, 1, 0) == 0);
	close(fd);
	for (i = 0; i < 7; i++)
		close(ep[i]);
}

static void check_exclusive(struct tally *t)
{
	int ep = epoll_create1(0), in = epoll_create1(0), fd = udp_self();

	CHECK_ERR(t, ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT), EINVAL);
	CHECK_ERR(t, ctl(ep, EPOLL_CTL_ADD, fd, EPOLLPRI | EPOLLEXCLUSIVE), EINVAL);
	CHECK_ERR(t, ctl(ep, EPOLL_CTL_ADD, in, EPOLLIN | EPOLLEXCLUSIVE), EINVAL);
	CHECK(t, !ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLEXCLUSIVE));
	CHECK_ERR(t, ctl(ep, EPOLL_CTL_MOD, fd, EPOLLIN), EINVAL);
	CHECK(t, send(fd, "a", 1, 0) == 1 && only(ep, fd, 1000) == EPOLLIN);
	close(fd);
	close(in);
	close(ep);
}

static void check_waiting(struct tally *t)
{
	int ep = epoll_create1(0), fd = udp_self();
	struct timespec ts = {0, 30000000}, bad = {0, 1000000000};
	struct epoll_event e[1];
	double start = now();

	CHECK(t, !ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN));
	CHECK(t, epoll_wait(ep, e, 1, 50) == 0 && now() - start >= 0.05 && now() - start < 5);
	start = now();
	CHECK(t, epoll_pwait2(ep, e, 1, &ts, NULL) == 0 && now() - start >= 0.03);
	CHECK_ERR(t, epoll_pwait2(ep, e, 1, &bad, NULL), EINVAL);
	CHECK(t, epoll_pwait(ep, e, 1, 0, NULL) == 0);
	close(fd);
	close(ep);
}

/* Thousands of descriptors, one of which is ready. */
static void check_many(struct tally *t)
{
	enum { MANY = 900 };
	int ep = epoll_create1(0), fd[MANY], i;

	for (i = 0; i < MANY; i++) {
		fd[i] = udp_self();
		CHECK(t, fd[i] > 0 && !ctl(ep, EPOLL_CTL_ADD, fd[i], EPOLLIN));
	}
	CHECK(t, send(fd[MANY - 7], "a", 1, 0) == 1);
	CHECK(t, only(ep, fd[MANY - 7], 1000) == EPOLLIN);
	for (i = 0; i < MANY; i += 2)
		close(fd[i]);
	CHECK(t, only(ep, fd[MANY - 7], 1000) == EPOLLIN);
	for (i = 1; i < MANY; i += 2)
		close(fd[i]);
	close(ep);
}

int main(void)
{
	struct tally t = {.self = "epolltest"};

	check_errors(&t);
	check_level(&t);
	check_edge(&t);
	check_oneshot(&t);
	check_stream(&t);
	check_listener(&t);
	check_connect(&t);
	check_close(&t);
	check_turns(&t);
	check_nested(&t);
	check_exclusive(&t);
	check_waiting(&t);
	check_many(&t);
	return tally_end(&t);
}
