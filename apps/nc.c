/* SPDX-License-Identifier: MIT */
/*
 * nc: a connection's bytes to standard output, standard input's to the connection; both ways of making one, TCP and UDP.
 * Options and their meaning are those of OpenBSD's.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER (16 << 10)

struct nc {
	int listen, keep, udp, scan, verbose, half_close, numeric;
	int seconds; /* -w; 0: for ever */
	const char *source, *host;
	unsigned int source_port, port, last_port;
	char *up, *down; /* from standard input, to standard output */
};

static int usage(void)
{
	fprintf(stderr, "usage: nc [-Nnuv] [-p PORT] [-s ADDRESS] [-w SECONDS] HOST PORT\n"
			"       nc -z [-nv] [-w SECONDS] HOST PORT[-PORT]\n"
			"       nc -l [-kNnuv] [-w SECONDS] [ADDRESS] PORT\n"
			"  -k  after a connection wait for the next   -l  listen\n"
			"  -N  end our side when standard input ends  -n  numbers only\n"
			"  -p, -s  our port and address               -u  UDP\n"
			"  -v  tell what happens                      -w  give up after SECONDS of "
			"silence\n"
			"  -z  only look whether somebody listens\n");
	return 1;
}

static int timeout_of(const struct nc *n)
{
	return n->seconds ? n->seconds * 1000 : -1;
}

static const char *kind(const struct nc *n)
{
	return n->udp ? "udp" : "tcp";
}

/* ---- addresses */

static int resolve(const struct nc *n, const char *host, unsigned int port, struct sockaddr_in *out)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
	int err;

	*out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
	if (!host)
		return 0;
	hints.ai_flags = n->numeric ? AI_NUMERICHOST : 0;
	err = getaddrinfo(host, NULL, &hints, &found);
	if (err) {
		fprintf(stderr, "nc: %s: %s\n", host, gai_strerror(err));
		return -1;
	}
	out->sin_addr = ((struct sockaddr_in *)(void *)found->ai_addr)->sin_addr;
	freeaddrinfo(found);
	return 0;
}

/* A socket bound as wanted. -1: it was told why. */
static int open_socket(const struct nc *n, const char *addr, unsigned int port)
{
	int fd = socket(AF_INET, (n->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK, 0), one = 1;
	struct sockaddr_in in;

	if (fd < 0) {
		fprintf(stderr, "nc: socket: %s\n", strerror(errno));
		return -1;
	}
	if (!addr && !port)
		return fd;
	if (resolve(n, addr, port, &in))
		goto fail;
	if ((!n->udp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one))) ||
	    bind(fd, (struct sockaddr *)&in, sizeof(in)) ||
	    (n->listen && !n->udp && listen(fd, n->keep ? 128 : 1))) {
		fprintf(stderr, "nc: %s port %u: %s\n", kind(n), port, strerror(errno));
		goto fail;
	}
	return fd;
fail:
	close(fd);
	return -1;
}

static void tell_peer(const struct nc *n, const struct sockaddr_in *from)
{
	char text[INET_ADDRSTRLEN];

	if (n->verbose)
		fprintf(stderr, "Connection received on %s %u\n",
			inet_ntop(AF_INET, &from->sin_addr, text, sizeof(text)),
			ntohs(from->sin_port));
}

/* ---- making a connection: descriptors, or -1 */

/* 0 or -1 (errno). */
static int connect_within(int fd, const struct sockaddr_in *to, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t len = sizeof(errno);
	int err = 0;

	if (!connect(fd, (const struct sockaddr *)to, sizeof(*to)))
		return 0;
	if (errno != EINPROGRESS)
		return -1;
	if (poll(&p, 1, ms) <= 0) {
		errno = ETIMEDOUT;
		return -1;
	}
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	errno = err;
	return err ? -1 : 0;
}

static int connect_to(const struct nc *n, unsigned int port)
{
	struct sockaddr_in to;
	int fd;

	if (resolve(n, n->host, port, &to))
		return -1;
	fd = open_socket(n, n->source, n->source_port);
	if (fd < 0)
		return -1;
	if (connect_within(fd, &to, timeout_of(n))) {
		if (n->verbose || !n->scan)
			fprintf(stderr, "nc: connect to %s port %u (%s) failed: %s\n", n->host,
				port, kind(n), strerror(errno));
		close(fd);
		return -1;
	}
	if (n->verbose)
		fprintf(stderr, "Connection to %s %u port [%s/*] succeeded!\n", n->host, port,
			kind(n));
	return fd;
}

/* False: nothing came within the time-out. */
static int await(const struct nc *n, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, timeout_of(n)) > 0;
}

static int accept_one(const struct nc *n, int fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	int conn;

	if (!await(n, fd))
		return -1;
	conn = accept4(fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK);
	if (conn < 0)
		fprintf(stderr, "nc: accept: %s\n", strerror(errno));
	else
		tell_peer(n, &from);
	return conn;
}

/* The first datagram's sender becomes the peer; the datagram is left to be read. */
static int accept_datagram(const struct nc *n, int fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char byte;

	if (!await(n, fd) || recvfrom(fd, &byte, 1, MSG_PEEK, (struct sockaddr *)&from, &len) < 0 ||
	    connect(fd, (struct sockaddr *)&from, sizeof(from)))
		return -1;
	tell_peer(n, &from);
	return fd;
}

/* ---- bytes to and fro */

struct relay {
	const struct nc *n;
	int fd, in_ended, net_ended;
	size_t at, left; /* of up: what is not sent yet */
};

static int write_all(const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, p, len);

		if (n < 0)
			return -1;
		p += n;
		len -= n;
	}
	return 0;
}

/* Not 0: the connection is broken. */
static int from_net(struct relay *r)
{
	ssize_t n = recv(r->fd, r->n->down, BUFFER, 0);

	if (n < 0 && (errno == EAGAIN || (r->n->udp && errno == ECONNREFUSED)))
		return 0;
	if (n < 0) {
		fprintf(stderr, "nc: %s\n", strerror(errno));
		return -1;
	}
	if (n == 0 && !r->n->udp)
		r->net_ended = 1;
	return n > 0 && write_all(r->n->down, n);
}

static int to_net(struct relay *r)
{
	ssize_t n = send(r->fd, r->n->up + r->at, r->left, MSG_NOSIGNAL);

	if (n < 0) {
		if (errno == EAGAIN || (r->n->udp && errno == ECONNREFUSED))
			return 0;
		fprintf(stderr, "nc: %s\n", strerror(errno));
		return -1;
	}
	r->at += n;
	r->left -= n;
	return 0;
}

static void from_input(struct relay *r)
{
	ssize_t n = read(STDIN_FILENO, r->n->up, BUFFER);

	if (n <= 0) {
		r->in_ended = 1;
		if (r->n->half_close)
			shutdown(r->fd, SHUT_WR);
		return;
	}
	r->at = 0;
	r->left = n;
}

static int is_over(const struct relay *r)
{
	return r->net_ended && r->in_ended && !r->left;
}

/* Standard input may be for ever without an end: who listened waits a moment for it when the peer has ended. */
static int patience(const struct relay *r)
{
	return r->n->listen && r->net_ended && !r->left ? 500 : timeout_of(r->n);
}

/* Returns 0, or 1 after an error. */
static int relay(const struct nc *n, int fd)
{
	struct relay r = {.n = n, .fd = fd};
	struct pollfd p[2];

	while (!is_over(&r)) {
		p[0] = (struct pollfd){.fd = r.in_ended || r.left ? -1 : STDIN_FILENO,
				       .events = POLLIN};
		p[1] = (struct pollfd){
			.fd = fd, .events = (r.net_ended ? 0 : POLLIN) | (r.left ? POLLOUT : 0)};
		if (!p[1].events)
			p[1].fd = -1;
		if (poll(p, 2, patience(&r)) <= 0)
			return 0;
		if (p[1].revents & (POLLIN | POLLHUP | POLLERR) && !r.net_ended && from_net(&r))
			return 1;
		if (p[0].revents)
			from_input(&r);
		if (r.left && (p[0].revents || p[1].revents & ~POLLIN) && to_net(&r))
			return 1;
	}
	return 0;
}

/* ---- what was asked for */

static int scan(struct nc *n)
{
	unsigned int port;
	int status = 1;

	for (port = n->port; port <= n->last_port; port++) {
		int fd = connect_to(n, port);

		if (fd < 0)
			continue;
		close(fd);
		status = 0;
	}
	return status;
}

static int serve(struct nc *n)
{
	int fd = open_socket(n, n->host, n->port), status, conn;

	if (fd < 0)
		return 1;
	if (n->verbose)
		fprintf(stderr, "Listening on %s %u\n", n->host ? n->host : "0.0.0.0", n->port);
	do {
		if (n->udp)
			conn = n->keep ? fd : accept_datagram(n, fd);
		else
			conn = accept_one(n, fd);
		status = conn < 0 || relay(n, conn);
		if (conn >= 0 && conn != fd)
			close(conn);
	} while (n->keep && !n->udp && conn >= 0);
	close(fd);
	return status;
}

static int call(struct nc *n)
{
	int fd = connect_to(n, n->port), status;

	if (fd < 0)
		return 1;
	status = relay(n, fd);
	close(fd);
	return status;
}

/* ---- the command line */

static unsigned int number(const char *text, unsigned int max)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	return *text >= '0' && *text <= '9' && !*end && v <= max ? v : 0;
}

static int set_flag(struct nc *n, char c)
{
	switch (c) {
	case 'k':
		return n->keep = 1;
	case 'l':
		return n->listen = 1;
	case 'N':
		return n->half_close = 1;
	case 'n':
		return n->numeric = 1;
	case 'u':
		return n->udp = 1;
	case 'v':
		return n->verbose = 1;
	case 'z':
		return n->scan = 1;
	default:
		return c == '4';
	}
}

static int set_value(struct nc *n, char c, const char *value)
{
	if (c == 'p')
		return (n->source_port = number(value, 65535)) != 0;
	if (c == 'w')
		return (n->seconds = number(value, 86400)) != 0;
	n->source = value;
	return 1;
}

/* One word of options; *i moves to its value. False: not understood. */
static int parse_word(struct nc *n, char **argv, int *i)
{
	const char *p;

	for (p = argv[*i] + 1; *p; p++) {
		if (!strchr("psw", *p)) {
			if (!set_flag(n, *p))
				return 0;
			continue;
		}
		if (p[1])
			return set_value(n, *p, p + 1);
		return argv[*i + 1] && set_value(n, *p, argv[++*i]);
	}
	return 1;
}

static int parse_ports(struct nc *n, const char *text)
{
	char first[8];
	const char *dash = n->scan ? strchr(text, '-') : NULL;

	if (!dash)
		return (n->port = n->last_port = number(text, 65535)) != 0;
	if (dash - text >= (long)sizeof(first))
		return 0;
	memcpy(first, text, dash - text);
	first[dash - text] = '\0';
	n->port = number(first, 65535);
	n->last_port = number(dash + 1, 65535);
	return n->port && n->port <= n->last_port;
}

static int parse(struct nc *n, int argc, char **argv)
{
	int i, words;

	for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++)
		if (!parse_word(n, argv, &i))
			return 0;
	words = argc - i;
	if (n->scan && (n->listen || n->udp)) /* a UDP port that is open says nothing */
		return 0;
	if (n->listen ? (n->source || n->source_port || words < 1 || words > 2)
		      : (n->keep || words != 2))
		return 0;
	n->host = words == 2 ? argv[i] : NULL;
	return parse_ports(n, argv[argc - 1]);
}

int main(int argc, char **argv)
{
	struct nc n = {0};
	int status;

	if (!parse(&n, argc, argv))
		return usage();
	n.up = malloc(BUFFER);
	n.down = malloc(BUFFER);
	if (!n.up || !n.down) {
		fprintf(stderr, "nc: no memory\n");
		return 1;
	}
	if (n.scan)
		status = scan(&n);
	else
		status = n.listen ? serve(&n) : call(&n);
	free(n.up);
	free(n.down);
	return status;
}
