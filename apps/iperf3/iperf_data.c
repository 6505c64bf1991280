/* SPDX-License-Identifier: MIT */
/* The data of a test: all streams in one loop over poll, at their rate, counted. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "apps/iperf3/iperf_test.h"

#define TURN    16  /* blocks of a stream before the next gets its turn */
#define SILENCE 120 /* s in which nothing moves: the peer is gone */

void iperf_add_stream(struct iperf_test *t, int fd)
{
	unsigned int n = t->nr_streams++;

	t->stream[n].fd = fd;
	t->stream[n].id = n ? (int)n + 2 : 1; /* as iperf3 numbers them */
}

/* ---- datagrams: seconds and microseconds of the sender's clock, then a counter from 1, all in network order */

static void put32(char *p, uint32_t v)
{
	v = htonl(v);
	memcpy(p, &v, sizeof(v));
}

static uint32_t get32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return ntohl(v);
}

static void stamp(const struct iperf_test *t, uint64_t count)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	put32(t->block, ts.tv_sec);
	put32(t->block + 4, ts.tv_nsec / 1000);
	if (t->p.wide_counters) {
		put32(t->block + 8, count >> 32);
		put32(t->block + 12, count);
	} else {
		put32(t->block + 8, count);
	}
}

/* Jitter: RFC 3550 s6.4.1. A counter that is no step further is out of order, and was counted as lost before. */
static void take_stamp(const struct iperf_test *t, struct iperf_stream *s)
{
	uint64_t count = get32(t->block + 8);
	struct timespec ts;
	double transit, d;

	if (t->p.wide_counters)
		count = count << 32 | get32(t->block + 12);
	if (count > s->packets) {
		s->errors += count - 1 - s->packets;
		s->packets = count;
	} else {
		s->disorder++;
		s->errors -= s->errors > 0;
	}
	clock_gettime(CLOCK_REALTIME, &ts);
	transit = ((double)ts.tv_sec - get32(t->block)) +
		  (ts.tv_nsec / 1e3 - get32(t->block + 4)) / 1e6;
	d = s->transit != 0 ? transit - s->transit : 0;
	s->transit = transit;
	s->jitter += ((d < 0 ? -d : d) - s->jitter) / 16;
}

/* ---- one stream: 1: something moved, 0: it cannot now, -1: it is over */

static int send_some(struct iperf_test *t, struct iperf_stream *s)
{
	size_t at = t->p.udp ? 0 : s->at;
	ssize_t n;

	if (t->p.udp)
		stamp(t, s->packets + 1);
	n = send(s->fd, t->block + at, t->p.len - at, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == ENOBUFS || (t->p.udp && errno == ECONNREFUSED)))
		return 0;
	if (n < 0)
		return iperf_complain("stream %d: %s", s->id, strerror(errno));
	s->bytes += n;
	s->packets += t->p.udp;
	s->at = (at + n) % t->p.len;
	return 1;
}

static int take_some(struct iperf_test *t, struct iperf_stream *s)
{
	ssize_t n = recv(s->fd, t->block, t->p.len, 0);

	if (n < 0 && (errno == EAGAIN || (t->p.udp && errno == ECONNREFUSED)))
		return 0;
	if (n < 0)
		return iperf_complain("stream %d: %s", s->id, strerror(errno));
	if (n == 0 && !t->p.udp)
		return -1;
	s->bytes += n;
	if (t->p.udp && n >= (t->p.wide_counters ? 16 : 12))
		take_stamp(t, s);
	return 1;
}

/* ---- all of them */

/* s until a stream may send its next block; 0: now. */
static double until_due(const struct iperf_test *t, const struct iperf_stream *s, double now)
{
	double due;

	if (t->p.rate <= 0)
		return 0;
	due = t->started + s->bytes * 8 / t->p.rate;
	return due > now ? due - now : 0;
}

static uint64_t all_bytes(const struct iperf_test *t)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < t->nr_streams; i++)
		sum += t->stream[i].bytes;
	return sum;
}

/* The client decides; what is still on its way the server may have to take. */
static int is_over(const struct iperf_test *t, double now)
{
	if (t->server)
		return 0;
	return t->p.bytes ? all_bytes(t) >= t->p.bytes : now - t->started >= t->p.seconds;
}

static int move(struct iperf_test *t, struct iperf_stream *s)
{
	int i, moved = 1;

	for (i = 0; i < TURN && moved > 0; i++) {
		double now = iperf_now();

		if (is_over(t, now) || (t->sender && until_due(t, s, now) > 0))
			return 0;
		moved = t->sender ? send_some(t, s) : take_some(t, s);
	}
	return moved;
}

/* What poll is to wait for; ms at most. */
static int prepare(const struct iperf_test *t, struct pollfd *p, double now)
{
	double wait = !t->server && t->p.seconds ? t->started + t->p.seconds - now : SILENCE;
	unsigned int i;

	if (t->interval > 0 && t->next_report - now < wait)
		wait = t->next_report - now;
	for (i = 0; i < t->nr_streams; i++) {
		double due = t->sender ? until_due(t, &t->stream[i], now) : 0;

		p[i] = (struct pollfd){.fd = due > 0 || t->stream[i].ended ? -1 : t->stream[i].fd,
				       .events = t->sender ? POLLOUT : POLLIN};
		if (due > 0 && due < wait)
			wait = due;
	}
	p[i] = (struct pollfd){.fd = t->control, .events = POLLIN};
	return wait > 0 ? (int)(wait * 1000) + 1 : 0;
}

static void report(struct iperf_test *t, double now)
{
	if (t->interval <= 0 || now < t->next_report)
		return;
	iperf_print_interval(t, t->last_report - t->started, now - t->started);
	t->last_report = now;
	t->next_report += t->interval;
	if (t->next_report < now)
		t->next_report = now + t->interval;
}

static int move_all(struct iperf_test *t, const struct pollfd *p)
{
	unsigned int i;

	for (i = 0; i < t->nr_streams; i++) {
		struct iperf_stream *s = &t->stream[i];

		if (!p[i].revents || move(t, s) >= 0)
			continue;
		if (!t->server)
			return iperf_complain("the server has ended stream %d", s->id);
		s->ended = 1; /* the client says next that the test is over */
	}
	return 0;
}

/* The peer speaks while data flows: 1: the test ends, -1: it is broken. */
static int listen_to_peer(struct iperf_test *t)
{
	if (t->server)
		return iperf_expect_state(t, TEST_END) ? -1 : 1;
	return iperf_expect_state(t, TEST_RUNNING); /* nothing else may come now, but complaints */
}

int iperf_run(struct iperf_test *t)
{
	struct pollfd p[IPERF_STREAMS_MAX + 1];
	uint64_t bytes = 0;
	double moved, now;
	int over = 0;

	now = moved = t->started = t->last_report = iperf_now();
	t->next_report = t->started + t->interval;
	while (!over && !is_over(t, now)) {
		if (poll(p, t->nr_streams + 1, prepare(t, p, now)) < 0 && errno != EINTR)
			return iperf_complain("poll: %s", strerror(errno));
		over = move_all(t, p);
		if (!over && p[t->nr_streams].revents)
			over = listen_to_peer(t);
		now = iperf_now();
		report(t, now);
		if (all_bytes(t) != bytes)
			moved = now;
		else if (now - moved > SILENCE)
			return iperf_complain("nothing moves for %d s", SILENCE);
		bytes = all_bytes(t);
	}
	t->ended = now;
	if (over >= 0 && t->interval > 0 && now - t->last_report > t->interval / 10)
		iperf_print_interval(t, t->last_report - t->started, now - t->started);
	return over < 0 ? -1 : 0;
}
