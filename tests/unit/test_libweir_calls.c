/* SPDX-License-Identifier: MIT */
/*
 * The calls of libweir on descriptors, as another program uses them: this file sees host/libweir.h and nothing else of
 * weir. First two stacks in one thread, then a thread that waits in a call while another moves the world.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>

#include "host/libweir.h"

#define MS     1000000ULL
#define SECOND (1000 * MS)

static struct net *a, *b; /* 10.0.0.2 and 10.0.0.1 */
static struct weir_nic *nics[2];
static const struct sockaddr_in server = {
	.sin_family = AF_INET, .sin_port = 0x5000, .sin_addr.s_addr = 0x0100000a};

static void begin(void)
{
	weir_init(7);
	a = weir_stack_new();
	b = weir_stack_new();
	cr_assert_eq(weir_nic_pair(a, b, nics), 0);
	weir_ctl(a, "ip addr add 10.0.0.2/24 dev eth0", NULL, 0);
	weir_ctl(b, "ip addr add 10.0.0.1/24 dev eth0", NULL, 0);
	weir_ctl(a, "ip link set eth0 up", NULL, 0);
	weir_ctl(b, "ip link set eth0 up", NULL, 0);
}

static void end(void)
{
	weir_advance(300 * SECOND); /* what lingers ends */
	weir_nic_remove(nics[0]);
	weir_nic_remove(nics[1]);
	weir_stack_free(a);
	weir_stack_free(b);
}

static int listener(void)
{
	int fd = weir_socket(b, AF_INET, SOCK_STREAM, 0);

	cr_assert_eq(weir_bind(fd, (const struct sockaddr *)&server, sizeof(server)), 0);
	cr_assert_eq(weir_listen(fd, 10), 0);
	return fd;
}

static int dial(void)
{
	int fd = weir_socket(a, AF_INET, SOCK_STREAM, 0);

	cr_assert_eq(weir_connect(fd, (const struct sockaddr *)&server, sizeof(server)), 0);
	return fd;
}

#define FAILS(call, error)                                                \
	do {                                                              \
		errno = 0;                                                \
		cr_assert_eq(call, -1);                                   \
		cr_assert_eq(errno, error, "%s: errno %d", #call, errno); \
	} while (0)

Test(libweir_calls, a_connection_in_one_thread)
{
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	char buf[100], ab[] = "ab", cd[] = "cd";
	struct iovec out[2] = {{ab, 2}, {cd, 2}}, in[2] = {{buf, 1}, {buf + 1, 50}};
	struct msghdr m = {.msg_iov = in, .msg_iovlen = 2};
	int l, c, s, v, copy;

	begin();
	l = listener();
	cr_assert_eq(l, 3, "the first number that is no standard stream");
	c = dial();
	s = weir_accept(l, (struct sockaddr *)&peer, &len);
	cr_assert_eq(peer.sin_addr.s_addr, htonl(0x0a000002));
	cr_assert_eq(weir_writev(c, out, 2), 4);
	cr_assert_eq(weir_recvmsg(s, &m, 0), 4, "waits for it");
	cr_assert_eq(memcmp(buf, "abcd", 4), 0);
	FAILS(weir_recv(s, buf, 1, MSG_DONTWAIT), EAGAIN);
	cr_assert_eq(weir_fcntl(s, F_SETFL, O_NONBLOCK), 0);
	cr_assert(weir_fcntl(s, F_GETFL) & O_NONBLOCK);
	FAILS(weir_read(s, buf, 1), EAGAIN);
	cr_assert_eq(weir_send(c, "xyz", 3, 0), 3);
	weir_run();
	cr_assert_eq(weir_ioctl(s, FIONREAD, &v), 0);
	cr_assert_eq(v, 3);
	copy = weir_fcntl(s, F_DUPFD, 20);
	cr_assert_eq(copy, 20);
	cr_assert_eq(weir_close(s), 0);
	cr_assert_eq(weir_read(copy, buf, 10), 3);
	len = sizeof(v);
	cr_assert_eq(weir_getsockopt(copy, SOL_SOCKET, SO_TYPE, &v, &len), 0);
	cr_assert_eq(v, SOCK_STREAM);
	cr_assert_eq(weir_shutdown(c, SHUT_WR), 0);
	weir_run();
	cr_assert_eq(weir_read(copy, buf, 10), 0);
	cr_assert_eq(weir_close(copy), 0);
	cr_assert_eq(weir_close(c), 0);
	cr_assert_eq(weir_close(l), 0);
	end();
}

static struct sockaddr_in name_of(int fd, int (*call)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_in name = {0};
	socklen_t len = sizeof(name);

	cr_assert_eq(call(fd, (struct sockaddr *)&name, &len), 0);
	cr_assert_eq(len, sizeof(name));
	return name;
}

/* The calls that the other tests have no use for, on a stream: ends have names, and everything sent one way comes another. */
Test(libweir_calls, a_stream_by_all_calls)
{
	const struct sockaddr *to = (const struct sockaddr *)&server;
	char buf[100] = "", one[] = "1", two[] = "22", three[] = "333";
	struct iovec out[2] = {{one, 1}, {two, 2}}, in[2] = {{buf, 4}, {buf + 4, 50}};
	struct msghdr m = {.msg_iov = out, .msg_iovlen = 2};
	int l, c, s;

	begin();
	l = listener();
	c = dial();
	s = weir_accept4(l, NULL, NULL, SOCK_NONBLOCK);
	FAILS(weir_recv(s, buf, 1, 0), EAGAIN);
	cr_assert_eq(name_of(c, weir_getsockname).sin_port, name_of(s, weir_getpeername).sin_port);
	cr_assert_eq(name_of(c, weir_getpeername).sin_addr.s_addr, server.sin_addr.s_addr);
	cr_assert_eq(weir_write(c, "0", 1), 1);
	cr_assert_eq(weir_sendmsg(c, &m, 0), 3);
	cr_assert_eq(weir_sendto(c, three, 3, 0, NULL, 0), 3);
	weir_advance(SECOND);
	cr_assert_eq(weir_readv(s, in, 2), 7);
	cr_assert_str_eq(buf, "0122333");
	cr_assert_eq(weir_sendto(s, "x", 1, 0, to, sizeof(server)), 1, "a stream's end is known");
	cr_assert_eq(weir_recvfrom(c, buf, 9, 0, NULL, NULL), 1);
	cr_assert_eq(weir_close(s), 0);
	cr_assert_eq(weir_recvfrom(c, buf, 9, 0, NULL, NULL), 0);
	cr_assert_eq(weir_close(c), 0);
	cr_assert_eq(weir_close(l), 0);
	end();
}

/* And on datagrams: who sent them is told, and how much of them was cut off. */
Test(libweir_calls, datagrams)
{
	const struct sockaddr *to = (const struct sockaddr *)&server;
	struct sockaddr_in from = {0};
	socklen_t len = sizeof(from);
	char buf[8] = "", text[] = "datagram";
	struct iovec iov = {text, 8};
	struct msghdr m = {.msg_name = (void *)(uintptr_t)&server,
			   .msg_namelen = sizeof(server),
			   .msg_iov = &iov,
			   .msg_iovlen = 1};
	int c, s;

	begin();
	s = weir_socket(b, AF_INET, SOCK_DGRAM, 0);
	cr_assert_eq(weir_bind(s, to, sizeof(server)), 0);
	c = weir_socket(a, AF_INET, SOCK_DGRAM, 0);
	FAILS(weir_write(c, "x", 1), EDESTADDRREQ);
	cr_assert_eq(weir_sendto(c, "abc", 3, 0, to, sizeof(server)), 3);
	cr_assert_eq(weir_sendmsg(c, &m, 0), 8);
	cr_assert_eq(weir_recvfrom(s, buf, 8, 0, (struct sockaddr *)&from, &len), 3);
	cr_assert_eq(from.sin_addr.s_addr, htonl(0x0a000002));
	cr_assert_eq(from.sin_port, name_of(c, weir_getsockname).sin_port);
	iov = (struct iovec){buf, 5};
	m.msg_namelen = 0;
	cr_assert_eq(weir_recvmsg(s, &m, MSG_TRUNC), 8);
	cr_assert_eq(m.msg_flags & MSG_TRUNC, MSG_TRUNC);
	cr_assert_eq(memcmp(buf, "datag", 5), 0);
	cr_assert_eq(weir_connect(c, to, sizeof(server)), 0);
	cr_assert_eq(weir_write(c, "yz", 2), 2);
	cr_assert_eq(weir_read(s, buf, 8), 2);
	cr_assert_eq(weir_close(c), 0);
	cr_assert_eq(weir_close(s), 0);
	end();
}

Test(libweir_calls, errors)
{
	struct epoll_event e = {.events = EPOLLIN};
	struct pollfd p = {.fd = 77, .events = POLLIN};
	int fd, ep;

	begin();
	fd = weir_socket(a, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ep = weir_epoll_create1(0);
	FAILS(weir_socket(a, AF_INET, 99, 0), EINVAL);
	FAILS(weir_close(99), EBADF);
	FAILS(weir_recv(99, NULL, 0, 0), EBADF);
	FAILS(weir_recv(ep, NULL, 0, 0), ENOTSOCK);
	FAILS(weir_connect(fd, (const struct sockaddr *)&server, 3), EINVAL);
	FAILS(weir_connect(fd, (const struct sockaddr *)&server, sizeof(server)), EINPROGRESS);
	FAILS(weir_send(fd, "x", 1, 0), EAGAIN);
	FAILS(weir_accept(fd, NULL, NULL), EINVAL);
	FAILS(weir_epoll_ctl(ep, EPOLL_CTL_ADD, ep, &e), EINVAL);
	FAILS(weir_epoll_ctl(fd, EPOLL_CTL_ADD, ep, &e), EINVAL);
	FAILS(weir_epoll_ctl(ep, EPOLL_CTL_ADD, 50, &e), EBADF);
	FAILS(weir_epoll_wait(fd, &e, 1, 0), EINVAL);
	cr_assert_eq(weir_poll(&p, 1, 0), 1);
	cr_assert_eq(p.revents, POLLNVAL);
	weir_run(); /* refused: nobody listens */
	p.fd = fd;
	cr_assert_eq(weir_poll(&p, 1, -1), 1);
	cr_assert_eq(p.revents & (POLLERR | POLLHUP), POLLERR | POLLHUP);
	FAILS(weir_send(fd, "x", 1, 0), ECONNREFUSED);
	FAILS(weir_send(fd, "x", 1, 0), EPIPE);
	weir_close(fd);
	weir_close(ep);
	end();
}

Test(libweir_calls, waiting_moves_the_clock)
{
	struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.u32 = 5};
	struct timeval tv = {2, 0};
	uint64_t start;
	int l, ep;

	begin();
	l = listener();
	ep = weir_epoll_create(1);
	cr_assert_eq(weir_epoll_ctl(ep, EPOLL_CTL_ADD, l, &e), 0);
	start = weir_now();
	cr_assert_eq(weir_epoll_wait(ep, &e, 1, 1500), 0);
	cr_assert_eq(weir_now() - start, 1500 * MS);
	cr_assert_eq(weir_setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0);
	start = weir_now();
	FAILS(weir_accept(l, NULL, NULL), EAGAIN);
	cr_assert_eq(weir_now() - start, 2 * SECOND);
	weir_close(dial());
	cr_assert_eq(weir_epoll_wait(ep, &e, 1, -1), 1);
	cr_assert_eq(e.data.u32, 5);
	weir_close(ep);
	weir_close(l);
	end();
}

/* One thread waits in calls; what it got, and when. */
struct worker {
	pthread_t thread;
	int listener, got;
	uint64_t accepted_at, read_at;
	char buf[16];
};

static void *work(void *arg)
{
	struct worker *w = arg;
	int fd = weir_accept(w->listener, NULL, NULL);

	w->accepted_at = weir_now();
	w->got = weir_recv(fd, w->buf, 6, MSG_WAITALL);
	w->read_at = weir_now();
	weir_close(fd);
	return NULL;
}

/* Until the other thread is in its call: it is outside of the world then, so this one can only try. */
static void give_way(void)
{
	for (int i = 0; i < 100; i++) {
		struct timespec ts = {0, 1000000};

		weir_run();
		nanosleep(&ts, NULL);
	}
}

Test(libweir_calls, one_thread_waits_while_another_moves_the_world)
{
	struct worker w = {.got = -1};
	uint64_t start;
	int c;

	begin();
	w.listener = listener();
	c = weir_socket(a, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	weir_blocking(WEIR_WAITS);
	start = weir_now();
	cr_assert_eq(pthread_create(&w.thread, NULL, work, &w), 0);
	give_way();
	cr_assert_eq(w.accepted_at, 0);
	weir_advance(SECOND);
	FAILS(weir_connect(c, (const struct sockaddr *)&server, sizeof(server)), EINPROGRESS);
	weir_advance(SECOND);
	give_way();
	cr_assert_eq(weir_send(c, "abc", 3, 0), 3);
	weir_advance(SECOND);
	cr_assert_eq(weir_send(c, "def", 3, 0), 3);
	weir_advance(SECOND);
	pthread_join(w.thread, NULL);
	cr_assert_eq(w.got, 6);
	cr_assert_eq(memcmp(w.buf, "abcdef", 6), 0);
	cr_assert_geq(w.accepted_at - start, SECOND);
	cr_assert_geq(w.read_at - start, 3 * SECOND);
	weir_blocking(WEIR_MOVES_CLOCK);
	weir_close(c);
	weir_close(w.listener);
	end();
}
