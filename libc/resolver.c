/* SPDX-License-Identifier: MIT */
/*
 * Asking name servers. Each question goes from a socket of its own (so a random port) with a random number, and only the
 * server's address may answer; what does not answer this question is waited over, a few times.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libc/resolver.h"

#define CONF_MAX    2048 /* bytes of resolv.conf that are read */
#define SERVERS_MAX 3
#define SEARCH_MAX  6
#define UDP_MAX     1232
#define TCP_MAX     65535
#define STRANGERS   32 /* datagrams to a question that are not its reply */
#define PORT_DOMAIN 53

struct config {
	struct in_addr servers[SERVERS_MAX];
	int nr_servers;
	char *search[SEARCH_MAX];
	int nr_search;
	int ndots, timeout, attempts;
	char text[CONF_MAX]; /* search points into it */
};

static int option_value(const char *word, const char *name, int max)
{
	size_t n = strlen(name);
	int v = strncmp(word, name, n) ? -1 : atoi(word + n);

	return v > max ? max : v;
}

static void parse_options(struct config *c, char *words)
{
	char *save, *word;

	for (word = strtok_r(words, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
		int ndots = option_value(word, "ndots:", 15);
		int timeout = option_value(word, "timeout:", 30);
		int attempts = option_value(word, "attempts:", 5);

		c->ndots = ndots >= 0 ? ndots : c->ndots;
		c->timeout = timeout > 0 ? timeout : c->timeout;
		c->attempts = attempts > 0 ? attempts : c->attempts;
	}
}

static void parse_line(struct config *c, char *line)
{
	char *save, *word, *key = strtok_r(line, " \t", &save);

	if (!key || *key == '#' || *key == ';')
		return;
	if (!strcmp(key, "options")) {
		parse_options(c, save);
	} else if (!strcmp(key, "nameserver")) {
		word = strtok_r(NULL, " \t", &save);
		if (word && c->nr_servers < SERVERS_MAX &&
		    inet_aton(word, &c->servers[c->nr_servers]))
			c->nr_servers++;
	} else if (!strcmp(key, "search") || !strcmp(key, "domain")) {
		c->nr_search = 0; /* the last line counts */
		while ((word = strtok_r(NULL, " \t", &save)) && c->nr_search < SEARCH_MAX)
			c->search[c->nr_search++] = word;
	}
}

static void read_config(struct config *c)
{
	int fd = open(RESOLV_CONF, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, c->text, sizeof(c->text) - 1);
	char *save, *line;

	if (fd >= 0)
		close(fd);
	c->text[n < 0 ? 0 : n] = '\0';
	c->nr_servers = c->nr_search = 0;
	c->ndots = 1;
	c->timeout = 5;
	c->attempts = 2;
	for (line = strtok_r(c->text, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save))
		parse_line(c, line);
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A connected socket; -1: errno. */
static int dial(int type, struct in_addr server, long deadline)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(PORT_DOMAIN), .sin_addr = server};
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int err = 0;
	socklen_t len = sizeof(err);

	if (fd < 0 || !connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return fd;
	if (errno == EINPROGRESS && poll(&p, 1, deadline - now_ms()) == 1 &&
	    !getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) && !err)
		return fd;
	close(fd);
	return -1;
}

/* Waits for bytes until the deadline; as recv(), -1 when it is over. */
static ssize_t receive(int fd, void *buf, size_t len, long deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	long left = deadline - now_ms();

	if (left <= 0 || poll(&p, 1, left) != 1)
		return -1;
	return recv(fd, buf, len, MSG_DONTWAIT);
}

static int receive_all(int fd, u8 *buf, size_t len, long deadline)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = receive(fd, buf + done, len - done, deadline);

		if (n <= 0)
			return -1;
		done += n;
	}
	return 0;
}

/* RFC 1035 s4.2.2: with its length before it. -1: no answer. */
static int ask_tcp(struct in_addr server, const u8 *query, int len, long deadline,
		   struct dns_answer *out)
{
	u8 head[2 + DNS_QUERY_MAX] = {len >> 8, len}, *msg = NULL;
	int fd = dial(SOCK_STREAM, server, deadline), ret = -1;
	size_t size;

	if (fd < 0)
		return -1;
	memcpy(head + 2, query, len);
	if (send(fd, head, len + 2, MSG_NOSIGNAL) == len + 2 &&
	    !receive_all(fd, head, 2, deadline)) {
		size = head[0] << 8 | head[1];
		msg = malloc(size ? size : 1);
		if (msg && !receive_all(fd, msg, size, deadline))
			ret = dns_parse_reply(msg, size, query, len, out) ? -1 : 0;
	}
	free(msg);
	close(fd);
	return ret;
}

/* -1: no answer in time, or not one to believe. */
static int ask_udp(struct in_addr server, const u8 *query, int len, long deadline,
		   struct dns_answer *out)
{
	int fd = dial(SOCK_DGRAM, server, deadline), ret = -EAGAIN, strangers = 0;
	u8 msg[UDP_MAX];

	if (fd < 0 || send(fd, query, len, 0) != len)
		ret = -1;
	while (ret == -EAGAIN && strangers++ < STRANGERS) {
		ssize_t n = receive(fd, msg, sizeof(msg), deadline);

		ret = n < 0 ? -1 : dns_parse_reply(msg, n, query, len, out);
	}
	if (fd >= 0)
		close(fd);
	return ret ? -1 : 0;
}

/* Whether this server's word is final. */
static bool ask_server(struct in_addr server, const u8 *query, int len, long ms,
		       struct dns_answer *out)
{
	int ret = ask_udp(server, query, len, now_ms() + ms, out);

	if (!ret && out->truncated)
		ret = ask_tcp(server, query, len, now_ms() + ms, out);
	return !ret && !out->truncated && (!out->rcode || out->rcode == DNS_NXDOMAIN);
}

/* One name, all servers in turn, several rounds with growing patience. 0 or EAI_*. */
static int ask(const struct config *c, const char *name, u16 type, struct dns_answer *out)
{
	u8 query[DNS_QUERY_MAX];
	int round, i, len;
	u16 id;

	for (round = 0; round < c->attempts; round++)
		for (i = 0; i < c->nr_servers; i++) {
			long ms = (c->timeout * 1000L << round) / (round ? c->nr_servers : 1);

			getentropy(&id, sizeof(id));
			len = dns_make_query(query, id, name, type);
			if (len < 0)
				return EAI_NONAME;
			if (!ask_server(c->servers[i], query, len, ms, out))
				continue;
			if (out->rcode)
				return EAI_NONAME;
			return out->nr || (type == DNS_PTR && out->name[0]) ? 0 : EAI_NODATA;
		}
	return EAI_AGAIN;
}

/* EAI_NONAME: not even a name. */
static int ask_in_domains(const struct config *c, const char *name, struct dns_answer *out)
{
	char full[2 * DNS_NAME_MAX];
	int i, err = EAI_NONAME;

	for (i = 0; i < c->nr_search; i++) {
		int one;

		if ((size_t)snprintf(full, sizeof(full), "%s.%s", name, c->search[i]) >=
		    sizeof(full))
			continue;
		one = ask(c, full, DNS_A, out);
		if (!one || one == EAI_AGAIN)
			return one;
		err = one == EAI_NODATA ? one : err;
	}
	return err;
}

static int dots_in(const char *name)
{
	int n = 0;

	for (; *name; name++)
		n += *name == '.';
	return n;
}

static int ask_host(const struct config *c, const char *name, struct dns_answer *out)
{
	bool first = dots_in(name) >= c->ndots;
	int err = EAI_NONAME, other;

	if (*name && name[strlen(name) - 1] == '.')
		return ask(c, name, DNS_A, out);
	if (first) {
		err = ask(c, name, DNS_A, out);
		if (!err || err == EAI_AGAIN)
			return err;
	}
	other = ask_in_domains(c, name, out);
	if (!other || other == EAI_AGAIN)
		return other;
	if (!first)
		err = ask(c, name, DNS_A, out);
	return err == EAI_NONAME && other == EAI_NODATA ? other : err;
}

int resolve_host(const char *name, struct dns_answer *answer)
{
	struct config *c = malloc(sizeof(*c));
	int err;

	if (!c)
		return EAI_MEMORY;
	read_config(c);
	err = ask_host(c, name, answer);
	free(c);
	return err;
}

int resolve_addr(be32 addr, struct dns_answer *answer)
{
	const u8 *a = (const u8 *)&addr;
	struct config *c = malloc(sizeof(*c));
	char name[32];
	int err;

	if (!c)
		return EAI_MEMORY;
	read_config(c);
	snprintf(name, sizeof(name), "%u.%u.%u.%u.in-addr.arpa", a[3], a[2], a[1], a[0]);
	err = ask(c, name, DNS_PTR, answer);
	free(c);
	return err;
}
