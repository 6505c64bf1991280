/* SPDX-License-Identifier: MIT */
/*
 * A UDP load generator: a closed loop of echo requests, or a stream of datagrams nobody answers.
 *
 * Overview: udpload echo keeps WINDOW requests outstanding; each answer releases the next request. If nothing arrives
 * for LOST_MS, what is outstanding counts as lost and a new window starts (answers carry the number of their window,
 * so late ones are told apart). udpload stream sends at RATE datagrams a second, or as fast as the kernel takes them.
 * Both print one line of NAME=VALUE pairs.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, MAX_LEN = 1472, LOST_MS = 200 };

struct stamp {
	uint32_t window;
	uint32_t seq;
};

struct load {
	int fd;
	unsigned int window, len;
	uint64_t count, rate, nsecs; /* stop after count datagrams, or nsecs if count is 0 */
	uint64_t sent, received, lost, late, refused;
};

static struct mmsghdr msgs[BATCH];
static struct iovec iovs[BATCH];
static char bufs[BATCH][MAX_LEN];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

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

/* Sends n datagrams of window w; what the kernel refuses for lack of room is tried again. */
static void send_batch(struct load *l, unsigned int n, uint32_t w)
{
	unsigned int done = 0;

	prepare(l->len);
	for (unsigned int i = 0; i < n; i++) {
		struct stamp s = {.window = w, .seq = l->sent + i};

		memcpy(bufs[i], &s, sizeof(s));
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
	n = recvmmsg(l->fd, msgs, BATCH, MSG_DONTWAIT, NULL);
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
	struct pollfd p = {.fd = l->fd, .events = POLLIN};
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
	}
}

static void usage(void)
{
	fprintf(stderr,
		"usage: udpload echo [-w WINDOW] [-l LEN] (-n COUNT | -s SECONDS) ADDR PORT\n"
		"       udpload stream [-r RATE] [-l LEN] (-n COUNT | -s SECONDS) ADDR PORT\n");
	exit(2);
}

static void connect_to(struct load *l, const char *addr, const char *port)
{
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
	int room = 8 << 20;

	if (!inet_aton(addr, &peer.sin_addr))
		usage();
	l->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (l->fd < 0 || connect(l->fd, (struct sockaddr *)&peer, sizeof(peer)) < 0)
		die("socket");
	setsockopt(l->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(l->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
}

int main(int argc, char **argv)
{
	struct load l = {.window = 1, .len = 64};
	uint64_t start;
	double secs;
	int opt;

	if (argc < 2 || (strcmp(argv[1], "echo") != 0 && strcmp(argv[1], "stream") != 0))
		usage();
	optind = 2;
	while ((opt = getopt(argc, argv, "w:l:n:s:r:")) != -1) {
		switch (opt) {
		case 'w':
			l.window = atoi(optarg);
			break;
		case 'l':
			l.len = atoi(optarg);
			break;
		case 'n':
			l.count = strtoull(optarg, NULL, 10);
			break;
		case 's':
			l.nsecs = atof(optarg) * 1e9;
			break;
		case 'r':
			l.rate = strtoull(optarg, NULL, 10);
			break;
		default:
			usage();
		}
	}
	if (argc - optind != 2 || !(l.count || l.nsecs) || !l.window ||
	    l.len < sizeof(struct stamp) || l.len > MAX_LEN)
		usage();
	connect_to(&l, argv[optind], argv[optind + 1]);
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
