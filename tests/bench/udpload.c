/* SPDX-License-Identifier: MIT */
/*
 * A UDP load generator: a closed loop of echo requests, or a stream of datagrams nobody answers.
 *
 * Overview: udpload echo keeps WINDOW requests outstanding; each answer releases the next request. If nothing arrives
 * for LOST_MS, what is outstanding counts as lost and a new window starts (answers carry the number of their window,
 * so late ones are told apart). udpload stream sends at RATE datagrams a second, or as fast as the kernel takes them.
 * With -N the datagrams end at PORT of another network namespace, behind a router; -a sends them to the addresses
 * listed in a file, in turn. Both modes print one line of NAME=VALUE pairs.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

enum { BATCH = 64, MAX_LEN = 1472, LOST_MS = 200, BUFFERS = 8 << 20 };

struct stamp {
	uint32_t window;
	uint32_t seq;
};

struct load {
	const char *there, *addresses; /* -N, -a */
	uint16_t port;
	int fd, back_fd;           /* where they leave, and where they are waited for */
	struct sockaddr_in *peers; /* taken in turn */
	size_t nr_peers, next_peer;
	unsigned int window, len;
	uint64_t count, rate, nsecs; /* stop after count datagrams, or nsecs if count is 0 */
	uint64_t sent, received, lost, late, refused;
};

static struct mmsghdr msgs[BATCH];
static struct iovec iovs[BATCH];
static char bufs[BATCH][MAX_LEN];

static void prepare(unsigned int len)
{
	for (int i = 0; i < BATCH; i++) {
		iovs[i] = (struct iovec){.iov_base = bufs[i], .iov_len = len};
		msgs[i].msg_hdr.msg_iov = &iovs[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
}

static bool over(const struct load *l, uint64_t start)
{
	return l->count ? l->sent >= l->count : now() - start >= l->nsecs;
}

static unsigned int at_most(const struct load *l, uint64_t n)
{
	uint64_t left = l->count ? l->count - l->sent : BATCH;

	n = n < left ? n : left;
	return n < BATCH ? n : BATCH;
}

static void address(struct load *l, struct msghdr *m)
{
	m->msg_name = &l->peers[l->next_peer];
	m->msg_namelen = sizeof(*l->peers);
	if (++l->next_peer == l->nr_peers)
		l->next_peer = 0;
}

/* Sends n datagrams of window w; what the kernel refuses for lack of room is tried again. */
static void send_batch(struct load *l, unsigned int n, uint32_t w)
{
	unsigned int done = 0;

	prepare(l->len);
	for (unsigned int i = 0; i < n; i++) {
		struct stamp s = {.window = w, .seq = l->sent + i};

		memcpy(bufs[i], &s, sizeof(s));
		if (l->nr_peers > 1)
			address(l, &msgs[i].msg_hdr);
	}
	while (done < n) {
		int k = sendmmsg(l->fd, msgs + done, n - done, 0);

		if (k > 0)
			done += k;
		else if (errno == ECONNREFUSED)
			l->refused++;
		else if (errno != ENOBUFS && errno != EAGAIN)
			die("sendmmsg");
	}
	l->sent += n;
}

/* Takes what has arrived; returns how many belong to window w. */
static unsigned int take_batch(struct load *l, uint32_t w)
{
	unsigned int mine = 0;
	int n;

	prepare(MAX_LEN);
	for (int i = 0; i < BATCH; i++)
		msgs[i].msg_hdr.msg_name = NULL;
	n = recvmmsg(l->back_fd, msgs, BATCH, MSG_DONTWAIT, NULL);
	if (n < 0 && errno == ECONNREFUSED)
		l->refused++;
	for (int i = 0; i < n; i++) {
		struct stamp s;

		memcpy(&s, bufs[i], sizeof(s));
		if (msgs[i].msg_len == l->len && s.window == w)
			mine++;
		else
			l->late++;
	}
	l->received += mine;
	return mine;
}

static void echo(struct load *l)
{
	struct pollfd p = {.fd = l->back_fd, .events = POLLIN};
	uint64_t start = now();
	unsigned int out = 0;
	uint32_t w = 1;

	for (;;) {
		while (out < l->window && !over(l, start)) {
			unsigned int n = at_most(l, l->window - out);

			send_batch(l, n, w);
			out += n;
		}
		if (!out)
			return;
		if (poll(&p, 1, LOST_MS) > 0) {
			out -= take_batch(l, w);
			continue;
		}
		l->lost += out;
		out = 0;
		w++;
	}
}

static void stream(struct load *l)
{
	uint64_t start = now();

	while (!over(l, start)) {
		uint64_t due = BATCH;

		if (l->rate) {
			uint64_t by_now = (now() - start) * (double)l->rate / 1e9 + 1;

			due = by_now > l->sent ? by_now - l->sent : 0;
		}
		if (due)
			send_batch(l, at_most(l, due), 0);
		else
			nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
		if (l->back_fd != l->fd)
			take_batch(l, 0);
	}
	if (l->back_fd == l->fd)
		return;
	nanosleep(&(struct timespec){.tv_nsec = LOST_MS * 1000000}, NULL);
	while (take_batch(l, 0))
		;
}

static void usage(void)
{
	fprintf(stderr,
		"usage: udpload echo [-w WINDOW] OPTIONS (-n COUNT | -s SECONDS) ADDR PORT\n"
		"       udpload stream [-r RATE] OPTIONS (-n COUNT | -s SECONDS) ADDR PORT\n"
		"OPTIONS: -l LEN, -N /proc/PID/ns/net, -a FILE (then ADDR is not sent to)\n");
	exit(2);
}

static int udp_socket(const struct sockaddr_in *bound)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), room = BUFFERS;

	if (fd < 0 || (bound && bind(fd, (const struct sockaddr *)bound, sizeof(*bound)) < 0))
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	return fd;
}

/* A socket on the port in the other namespace; we come back. */
static int socket_there(const struct load *l)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = l->port};
	int here = open("/proc/self/ns/net", O_RDONLY), there = open(l->there, O_RDONLY), fd;

	if (here < 0 || there < 0 || setns(there, CLONE_NEWNET) < 0)
		die(l->there);
	fd = udp_socket(&any);
	if (setns(here, CLONE_NEWNET) < 0)
		die("setns");
	close(here);
	close(there);
	return fd;
}

static void add_peer(struct load *l, const char *addr)
{
	struct sockaddr_in *p;

	if (!(l->nr_peers & (l->nr_peers - 1))) /* full at 0 and each power of two */
		l->peers =
			must(realloc(l->peers, (l->nr_peers ? l->nr_peers * 2 : 1) * sizeof(*p)));
	p = &l->peers[l->nr_peers++];
	*p = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = l->port};
	if (!inet_aton(addr, &p->sin_addr))
		usage();
}

static void add_peers(struct load *l)
{
	FILE *f = fopen(l->addresses, "r");
	char line[32];

	if (!f)
		die(l->addresses);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		add_peer(l, line);
	}
	fclose(f);
}

static void options(struct load *l, int argc, char **argv)
{
	int opt;

	optind = 2;
	while ((opt = getopt(argc, argv, "w:l:n:s:r:N:a:")) != -1) {
		if (opt == 'w')
			l->window = atoi(optarg);
		else if (opt == 'l')
			l->len = atoi(optarg);
		else if (opt == 'n')
			l->count = strtoull(optarg, NULL, 10);
		else if (opt == 's')
			l->nsecs = atof(optarg) * 1e9;
		else if (opt == 'r')
			l->rate = strtoull(optarg, NULL, 10);
		else if (opt == 'N')
			l->there = optarg;
		else if (opt == 'a')
			l->addresses = optarg;
		else
			usage();
	}
	if (argc - optind != 2 || !(l->count || l->nsecs) || !l->window ||
	    l->len < sizeof(struct stamp) || l->len > MAX_LEN)
		usage();
	l->port = htons(atoi(argv[optind + 1]));
	if (l->addresses)
		add_peers(l);
	else
		add_peer(l, argv[optind]);
}

static void open_sockets(struct load *l)
{
	l->fd = udp_socket(NULL);
	if (l->nr_peers == 1 && connect(l->fd, (struct sockaddr *)l->peers, sizeof(*l->peers)) < 0)
		die("connect");
	l->back_fd = l->there ? socket_there(l) : l->fd;
}

int main(int argc, char **argv)
{
	struct load l = {.window = 1, .len = 64};
	uint64_t start;
	double secs;

	if (argc < 2 || (strcmp(argv[1], "echo") != 0 && strcmp(argv[1], "stream") != 0))
		usage();
	options(&l, argc, argv);
	open_sockets(&l);
	start = now();
	if (argv[1][0] == 'e')
		echo(&l);
	else
		stream(&l);
	secs = (now() - start) / 1e9;
	printf("seconds=%.3f sent=%llu received=%llu lost=%llu late=%llu refused=%llu\n", secs,
	       (unsigned long long)l.sent, (unsigned long long)l.received,
	       (unsigned long long)l.lost, (unsigned long long)l.late,
	       (unsigned long long)l.refused);
	return 0;
}
