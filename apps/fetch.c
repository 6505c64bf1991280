/* SPDX-License-Identifier: MIT */
/*
 * fetch: gets what a URL names over HTTP/1.1. apps/fetch/: http_url takes the URL apart, http_response what comes back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apps/fetch/http_response.h"
#include "apps/fetch/http_url.h"

#define BUFFER    (16 << 10)
#define REDIRECTS 10
#define SECONDS   30

struct fetch {
	const char *text, *file; /* the URL as it was given; -o */
	int head_only, show_head;
	unsigned long redirects, seconds;
	int out;
	struct http_url url;
	struct http_response response;
	char buf[BUFFER];
};

static int usage(void)
{
	fprintf(stderr,
		"usage: fetch [-iI] [-o FILE] [-L REDIRECTS] [-t SECONDS] URL\n"
		"  -i  the head of the response, too   -I  only it (HEAD)\n"
		"  -o  into FILE (- and default: standard output)\n"
		"  -L  follow at most so many redirects (%d)\n"
		"  -t  give up after SECONDS of silence (%d)\n",
		REDIRECTS, SECONDS);
	return 2;
}

static int complain(const struct fetch *f, const char *what)
{
	fprintf(stderr, "fetch: %s: %s\n", f->text, what);
	return -1;
}

static int write_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0)
			return -1;
		p += n;
		len -= n;
	}
	return 0;
}

/* ---- the connection */

/* False (errno): not ready in time. */
static int await(const struct fetch *f, int fd, int events)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n = poll(&p, 1, f->seconds * 1000);

	if (n == 0)
		errno = ETIMEDOUT;
	return n > 0;
}

static int connect_to(const struct fetch *f, const struct addrinfo *to)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), err = 0;
	socklen_t len = sizeof(err);

	if (fd < 0)
		return -1;
	if (!connect(fd, to->ai_addr, to->ai_addrlen))
		return fd;
	if (errno == EINPROGRESS && await(f, fd, POLLOUT)) {
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
		if (!err)
			return fd;
		errno = err;
	}
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

/* To the first of the host's addresses that answers. -1: it was told why. */
static int open_connection(const struct fetch *f)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found, *a;
	char port[8];
	int err, fd = -1;

	snprintf(port, sizeof(port), "%u", f->url.port);
	err = getaddrinfo(f->url.host, port, &hints, &found);
	if (err)
		return complain(f, gai_strerror(err));
	for (a = found; a && fd < 0; a = a->ai_next)
		fd = connect_to(f, a);
	if (fd < 0)
		complain(f, strerror(errno));
	freeaddrinfo(found);
	return fd;
}

static int send_request(struct fetch *f, int fd)
{
	char port[8] = "";
	size_t len, at = 0;

	if (f->url.port != 80)
		snprintf(port, sizeof(port), ":%u", f->url.port);
	len = snprintf(f->buf, sizeof(f->buf),
		       "%s %s HTTP/1.1\r\nHost: %s%s\r\nUser-Agent: weir-fetch\r\nAccept: */*\r\n"
		       "Connection: close\r\n\r\n",
		       f->head_only ? "HEAD" : "GET", f->url.target, f->url.host, port);
	while (at < len) {
		ssize_t n = send(fd, f->buf + at, len - at, MSG_NOSIGNAL);

		if (n < 0 && (errno != EAGAIN || !await(f, fd, POLLOUT)))
			return complain(f, strerror(errno));
		at += n < 0 ? 0 : n;
	}
	return 0;
}

/* ---- what comes back */

/* Whether the body is wanted: not that of a redirect that is followed, nor of an error. */
static int is_wanted(const struct fetch *f)
{
	return f->response.status / 100 == 2;
}

/* Hands on n bytes. -1: it was told why. */
static int take(struct fetch *f, size_t n)
{
	struct http_response *r = &f->response;
	size_t at = 0;

	while (at < n && r->state != RESPONSE_DONE && r->state != RESPONSE_WRONG) {
		int in_head = http_response_in_head(r);
		const char *body;
		size_t body_len,
			used = http_response_feed(r, f->buf + at, n - at, &body, &body_len);

		if (in_head && f->show_head && write_all(f->out, f->buf + at, used))
			return complain(f, strerror(errno));
		if (body_len && is_wanted(f) && write_all(f->out, body, body_len))
			return complain(f, strerror(errno));
		at += used;
	}
	return r->state == RESPONSE_WRONG ? complain(f, r->wrong) : 0;
}

static int receive(struct fetch *f, int fd)
{
	struct http_response *r = &f->response;

	http_response_begin(r, f->head_only);
	while (r->state != RESPONSE_DONE) {
		ssize_t n = recv(fd, f->buf, sizeof(f->buf), 0);

		if (n < 0 && (errno != EAGAIN || !await(f, fd, POLLIN)))
			return complain(f, strerror(errno));
		if (n > 0 && take(f, n))
			return -1;
		if (n == 0)
			http_response_end(r);
		if (r->state == RESPONSE_WRONG)
			return n == 0 ? complain(f, r->wrong) : -1;
	}
	return 0;
}

static int is_redirect(unsigned int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* One request. 1: another is to follow, -1: it failed. */
static int once(struct fetch *f)
{
	const char *wrong;
	char text[64];
	int fd = open_connection(f), err;

	if (fd < 0)
		return -1;
	err = send_request(f, fd);
	if (!err)
		err = receive(f, fd);
	close(fd);
	if (err)
		return -1;
	if (is_redirect(f->response.status) && f->response.location[0]) {
		wrong = http_url_follow(f->response.location, &f->url);
		if (!wrong && f->redirects-- == 0)
			wrong = "too many redirects";
		return wrong ? complain(f, wrong) : 1;
	}
	if (is_wanted(f))
		return 0;
	snprintf(text, sizeof(text), "the server says %u", f->response.status);
	return complain(f, text);
}

/* ---- the command line */

static int number(const char *text, unsigned long max, unsigned long *out)
{
	char *end;

	*out = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && *out <= max;
}

/* False: not understood. */
static int parse(struct fetch *f, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		const char *value = argv[i + 1];

		if (!strcmp(argv[i], "-i"))
			f->show_head = 1;
		else if (!strcmp(argv[i], "-I"))
			f->show_head = f->head_only = 1;
		else if (!strcmp(argv[i], "-o") && value)
			f->file = argv[++i];
		else if (!strcmp(argv[i], "-L") && value && number(value, 100, &f->redirects))
			i++;
		else if (!strcmp(argv[i], "-t") && value && number(value, 86400, &f->seconds) &&
			 f->seconds)
			i++;
		else
			return 0;
	}
	if (i != argc - 1)
		return 0;
	f->text = argv[i];
	return 1;
}

static int open_output(struct fetch *f)
{
	f->out = STDOUT_FILENO;
	if (!f->file || !strcmp(f->file, "-"))
		return 0;
	f->out = open(f->file, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (f->out < 0)
		fprintf(stderr, "fetch: %s: %s\n", f->file, strerror(errno));
	return f->out < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct fetch *f = calloc(1, sizeof(*f));
	const char *wrong;
	int status;

	if (!f) {
		fprintf(stderr, "fetch: no memory\n");
		return 1;
	}
	f->redirects = REDIRECTS;
	f->seconds = SECONDS;
	if (!parse(f, argc, argv)) {
		free(f);
		return usage();
	}
	wrong = http_url_parse(f->text, &f->url);
	status = wrong ? complain(f, wrong) : open_output(f);
	while (!status && (status = once(f)) > 0)
		status = 0;
	free(f);
	return status ? 1 : 0;
}
