/* SPDX-License-Identifier: MIT */
/* The control connection: states and messages, with bounds in bytes and in time. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "apps/iperf3/iperf_json.h"
#include "apps/iperf3/iperf_test.h"

#define MESSAGE_MAX  (64 << 10)
#define IEUNIMP      13 /* iperf3's numbers of errors */
#define IENUMSTREAMS 6
#define IEBLOCKSIZE  7
#define IERECVPARAMS 115

int iperf_complain(const char *text, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "iperf3: error - ");
	va_start(args, text);
	vfprintf(stderr, text, args);
	va_end(args);
	fprintf(stderr, "\n");
	return -1;
}

double iperf_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

struct iperf_test *iperf_test_create(void)
{
	struct iperf_test *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->control = -1;
	t->text = malloc(MESSAGE_MAX + sizeof(uint32_t));
	if (t->text)
		return t;
	free(t);
	return NULL;
}

void iperf_test_free(struct iperf_test *t)
{
	unsigned int i;

	for (i = 0; i < t->nr_streams; i++)
		close(t->stream[i].fd);
	if (t->control >= 0)
		close(t->control);
	free(t->block);
	free(t->text);
	free(t);
}

/* ---- bytes: descriptors do not block, so that a peer that says nothing holds us up for so long only */

static int await(int fd, int events)
{
	struct pollfd p = {.fd = fd, .events = events};

	if (poll(&p, 1, IPERF_PATIENCE * 1000) > 0)
		return 0;
	return iperf_complain("the peer says nothing for %d s", IPERF_PATIENCE);
}

int iperf_write(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			return iperf_complain("control connection: %s", strerror(errno));
		if (n < 0 && await(fd, POLLOUT))
			return -1;
		p += n < 0 ? 0 : n;
		len -= n < 0 ? 0 : n;
	}
	return 0;
}

int iperf_read(int fd, void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = recv(fd, p, len, 0);

		if (n == 0)
			return iperf_complain("the peer has ended the control connection");
		if (n < 0 && errno != EAGAIN)
			return iperf_complain("control connection: %s", strerror(errno));
		if (n < 0 && await(fd, POLLIN))
			return -1;
		p += n < 0 ? 0 : n;
		len -= n < 0 ? 0 : n;
	}
	return 0;
}

/* ---- states */

int iperf_send_state(const struct iperf_test *t, int state)
{
	signed char byte = state;

	return iperf_write(t->control, &byte, 1);
}

void iperf_send_error(const struct iperf_test *t, int error)
{
	uint32_t numbers[2] = {htonl(error), 0};

	if (!iperf_send_state(t, SERVER_ERROR))
		iperf_write(t->control, numbers, sizeof(numbers));
}

int iperf_expect_state(const struct iperf_test *t, int state)
{
	uint32_t numbers[2];
	signed char byte;

	if (iperf_read(t->control, &byte, 1))
		return -1;
	if (byte == state)
		return 0;
	switch (byte) {
	case ACCESS_DENIED:
		return iperf_complain("the server is busy running a test, try again later");
	case SERVER_ERROR:
		if (iperf_read(t->control, numbers, sizeof(numbers)))
			return -1;
		return iperf_complain("the server refuses: its error %u",
				      (unsigned int)ntohl(numbers[0]));
	case SERVER_TERMINATE:
		return iperf_complain("the server has terminated");
	case CLIENT_TERMINATE:
		return iperf_complain("the client has terminated");
	default:
		return iperf_complain(
			"state %d came where %d belongs: not iperf3, or of another version", byte,
			state);
	}
}

/* ---- messages: of t->text */

/* In one piece: the real one does not always wait for the rest behind the length. */
static int send_message(const struct iperf_test *t, size_t len)
{
	uint32_t size = htonl(len);

	memmove(t->text + sizeof(size), t->text, len);
	memcpy(t->text, &size, sizeof(size));
	return iperf_write(t->control, t->text, len + sizeof(size));
}

static int take_message(const struct iperf_test *t, struct json *message)
{
	uint32_t size;

	if (iperf_read(t->control, &size, sizeof(size)))
		return -1;
	size = ntohl(size);
	if (size > MESSAGE_MAX)
		return iperf_complain("a message of %u bytes", (unsigned int)size);
	if (iperf_read(t->control, t->text, size))
		return -1;
	*message = json_parse(t->text, size);
	return message->p && *message->p == '{'
		       ? 0
		       : iperf_complain("a message that is no JSON object");
}

int iperf_send_params(struct iperf_test *t)
{
	const struct iperf_params *p = &t->p;
	int n = snprintf(
		t->text, MESSAGE_MAX,
		"{\"%s\":true,\"omit\":0,\"time\":%u,\"num\":%llu,\"blockcount\":0,\"parallel\":%u,"
		"\"len\":%u,\"bandwidth\":%.0f,%s%s%s\"pacing_timer\":1000,\"client_version\":\"3."
		"12\"}",
		p->udp ? "udp" : "tcp", p->seconds, (unsigned long long)p->bytes, p->streams,
		p->len, p->rate, p->udp ? "\"udp_counters_64bit\":1," : "",
		p->reverse ? "\"reverse\":true," : "", p->no_delay ? "\"nodelay\":true," : "");

	return send_message(t, n);
}

/* What a client may ask for and this server has not: it is refused by name, here, and by number, there. */
static const char *unknown_wish(struct json m)
{
	static const char *const names[] = {"sctp",
					    "bidirectional",
					    "authtoken",
					    "omit",
					    "blockcount",
					    "congestion",
					    "TOS",
					    "flowlabel",
					    "MSS",
					    "window",
					    "burst",
					    "get_server_output",
					    "repeating_payload"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct json v = json_get(m, names[i]);

		if (v.p && json_number(v, 1) != 0)
			return names[i];
	}
	return NULL;
}

static int refuse(const struct iperf_test *t, int error, const char *name)
{
	iperf_send_error(t, error);
	return iperf_complain("the client asks for '%s', which is not known or out of bounds",
			      name);
}

int iperf_take_params(struct iperf_test *t)
{
	struct iperf_params *p = &t->p;
	const char *unknown;
	double streams, len;
	struct json m = {NULL, NULL};

	if (take_message(t, &m))
		return -1;
	unknown = unknown_wish(m);
	if (unknown)
		return refuse(t, IEUNIMP, unknown);
	p->udp = json_number(json_get(m, "udp"), 0) != 0;
	p->reverse = json_number(json_get(m, "reverse"), 0) != 0;
	p->wide_counters = json_number(json_get(m, "udp_counters_64bit"), 0) != 0;
	p->no_delay = json_number(json_get(m, "nodelay"), 0) != 0;
	p->rate = json_number(json_get(m, "bandwidth"), 0);
	streams = json_number(json_get(m, "parallel"), 1);
	len = json_number(json_get(m, "len"), p->udp ? 1460 : 128 << 10);
	if (!(streams >= 1 && streams <= IPERF_STREAMS_MAX))
		return refuse(t, IENUMSTREAMS, "parallel");
	if (!(len >= 16 && len <= (p->udp ? IPERF_UDP_LEN_MAX : IPERF_LEN_MAX)))
		return refuse(t, IEBLOCKSIZE, "len");
	if (!(p->rate >= 0))
		return refuse(t, IERECVPARAMS, "bandwidth");
	p->streams = streams;
	p->len = len;
	return 0;
}

int iperf_send_results(struct iperf_test *t)
{
	double seconds = t->ended - t->started;
	unsigned int i;
	size_t n;

	n = snprintf(t->text, MESSAGE_MAX,
		     "{\"cpu_util_total\":0,\"cpu_util_user\":0,\"cpu_util_system\":0,"
		     "\"sender_has_retransmits\":%d,\"streams\":[",
		     t->sender ? 0 : -1);
	for (i = 0; i < t->nr_streams; i++) {
		const struct iperf_stream *s = &t->stream[i];

		n += snprintf(t->text + n, MESSAGE_MAX - n,
			      "%s{\"id\":%d,\"bytes\":%llu,\"retransmits\":-1,\"jitter\":%.9f,"
			      "\"errors\":%llu,"
			      "\"packets\":%llu,\"start_time\":0,\"end_time\":%.6f}",
			      i ? "," : "", s->id, (unsigned long long)s->bytes, s->jitter,
			      (unsigned long long)s->errors, (unsigned long long)s->packets,
			      seconds);
	}
	n += snprintf(t->text + n, MESSAGE_MAX - n, "]}");
	return send_message(t, n);
}

static uint64_t count_of(struct json stream, const char *name)
{
	double v = json_number(json_get(stream, name), 0);

	return v >= 0 && v < 1e18 ? (uint64_t)v : 0;
}

int iperf_take_results(struct iperf_test *t)
{
	struct json m = {NULL, NULL}, list, e;
	unsigned int i, found = 0;

	if (take_message(t, &m))
		return -1;
	list = json_get(m, "streams");
	for (e = json_first(list); e.p; e = json_next(list, e)) {
		int id = json_number(json_get(e, "id"), 0);

		for (i = 0; i < t->nr_streams && t->stream[i].id != id; i++)
			;
		if (i == t->nr_streams)
			return iperf_complain("results of a stream that there was not");
		t->peer[i] = (struct iperf_result){.bytes = count_of(e, "bytes"),
						   .packets = count_of(e, "packets"),
						   .errors = count_of(e, "errors"),
						   .jitter = json_number(json_get(e, "jitter"), 0)};
		found++;
	}
	return found == t->nr_streams
		       ? 0
		       : iperf_complain("results of %u streams, not %u", found, t->nr_streams);
}
