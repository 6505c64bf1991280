/* SPDX-License-Identifier: MIT */
/*
 * traceroute: shows the routers on the way to a host, by packets that live one hop longer each time; with the options
 * and output of Debian's traceroute. Exit status: 0, 1 when nothing could be sent, 2 for wrong words.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEADERS   28 /* IP and UDP, or IP and ICMP */
#define SIZE_MAX_ 65000

struct trace {
	const char *host, *device, *source;
	long first, max, queries, wait, port, size; /* hops, probes, s, port or sequence, bytes */
	int icmp, numeric;
	struct sockaddr_in to;
	int fd;
	unsigned int seq; /* of the probe under way */
	int stopped;
	unsigned char *packet;
};

/* What became of a probe. */
struct answer {
	struct in_addr from;
	int type, code; /* of an ICMP error; -1: the host itself answered */
	unsigned int info;
};

static long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000L + ts.tv_nsec / 1000;
}

static int usage(void)
{
	fprintf(stderr, "usage: traceroute [-In] [-f first_ttl] [-i device] [-m max_ttl] [-p port] "
			"[-q nqueries]\n"
			"                  [-s source] [-w seconds] host [packetlen]\n");
	return 2;
}

/* ---- words */

static int number(const char *what, const char *text, long min, long max, long *value)
{
	char *end;

	*value = strtol(text, &end, 10);
	if (*text && !*end && *value >= min && *value <= max)
		return 0;
	fprintf(stderr, "traceroute: bad %s '%s': a number from %ld to %ld is needed\n", what, text,
		min, max);
	return -1;
}

static int valued(struct trace *t, char option, const char *value)
{
	switch (option) {
	case 'f':
		return number("-f", value, 1, 255, &t->first);
	case 'm':
		return number("-m", value, 1, 255, &t->max);
	case 'q':
		return number("-q", value, 1, 10, &t->queries);
	case 'w':
		return number("-w", value, 1, 3600, &t->wait);
	case 'p':
		return number("-p", value, 1, 65535, &t->port);
	case 'i':
		t->device = value;
		return 0;
	case 's':
		t->source = value;
		return 0;
	}
	usage();
	return -1;
}

/* A word of options, and the next if the last of them takes it. How many words, 0: wrong. */
static int options(struct trace *t, char **word)
{
	const char *p;

	for (p = word[0] + 1; *p; p++) {
		if (*p == 'I') {
			t->icmp = 1;
		} else if (*p == 'n') {
			t->numeric = 1;
		} else if (p[1]) {
			return valued(t, *p, p + 1) ? 0 : 1;
		} else if (word[1]) {
			return valued(t, *p, word[1]) ? 0 : 2;
		} else {
			usage();
			return 0;
		}
	}
	return 1;
}

static int parse(struct trace *t, char **argv)
{
	int used, sized = 0;

	for (argv++; *argv; argv += used) {
		used = 1;
		if (argv[0][0] == '-' && argv[0][1])
			used = options(t, argv);
		else if (!t->host)
			t->host = argv[0];
		else if (sized++)
			used = usage() - 2;
		else if (number("packetlen", argv[0], HEADERS, SIZE_MAX_, &t->size))
			return -1;
		if (!used)
			return -1;
	}
	if (!t->host) {
		usage();
		return -1;
	}
	if (t->first > t->max) {
		fprintf(stderr, "traceroute: first hop out of range\n");
		return -1;
	}
	return 0;
}

/* ---- the socket */

static int resolve(struct trace *t)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM}, *ai;
	int err = getaddrinfo(t->host, NULL, &hints, &ai);

	if (err) {
		fprintf(stderr, "%s: %s\n", t->host, gai_strerror(err));
		return -1;
	}
	memcpy(&t->to, ai->ai_addr, sizeof(t->to));
	freeaddrinfo(ai);
	return 0;
}

static int complain(const char *what)
{
	fprintf(stderr, "traceroute: %s: %s\n", what, strerror(errno));
	return -1;
}

static int open_socket(struct trace *t)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	int on = 1;

	t->fd = socket(AF_INET, SOCK_DGRAM, t->icmp ? IPPROTO_ICMP : 0);
	if (t->fd < 0)
		return complain("socket");
	if (t->device &&
	    setsockopt(t->fd, SOL_SOCKET, SO_BINDTODEVICE, t->device, strlen(t->device) + 1))
		return complain(t->device);
	if (t->source && inet_pton(AF_INET, t->source, &addr.sin_addr) != 1) {
		errno = EINVAL;
		return complain(t->source);
	}
	if (t->source && bind(t->fd, (struct sockaddr *)&addr, sizeof(addr)))
		return complain("bind");
	if (setsockopt(t->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)))
		return complain("setsockopt");
	return 0;
}

/* ---- probes and answers */

static int send_probe(struct trace *t, int ttl)
{
	struct icmphdr *icmp = (struct icmphdr *)(void *)t->packet;
	size_t len = t->size - HEADERS + (t->icmp ? sizeof(*icmp) : 0);
	size_t i;
	int tries;

	t->seq++;
	for (i = 0; i < len; i++)
		t->packet[i] = '@' + i % 64;
	if (t->icmp) {
		memset(icmp, 0, sizeof(*icmp));
		icmp->type = ICMP_ECHO;
		icmp->un.echo.sequence = htons(t->seq);
	} else {
		t->to.sin_port = htons(t->seq);
	}
	if (setsockopt(t->fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)))
		return complain("setsockopt");
	/* an error about an earlier probe may be told here; it is in the error queue as well */
	for (tries = 0; tries < 2; tries++)
		if (sendto(t->fd, t->packet, len, 0, (struct sockaddr *)&t->to, sizeof(t->to)) >= 0)
			return 0;
	return complain("send");
}

/* Whether what is in packet (n bytes), or was sent to that port, is about the probe under way. */
static int is_ours(const struct trace *t, ssize_t n, const struct sockaddr_in *addr)
{
	const struct icmphdr *icmp = (const struct icmphdr *)(const void *)t->packet;

	if (!t->icmp)
		return ntohs(addr->sin_port) == (t->seq & 0xffff);
	return n >= (ssize_t)sizeof(*icmp) && ntohs(icmp->un.echo.sequence) == (t->seq & 0xffff);
}

static struct sock_extended_err *control_error(struct msghdr *m)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR)
			return (struct sock_extended_err *)(void *)CMSG_DATA(c);
	return NULL;
}

/* Takes one message of the queue that flags choose. 1: it answers the probe; 0: it does not; -1: there is none. */
static int receive(struct trace *t, int flags, struct answer *a)
{
	struct sockaddr_in addr;
	struct iovec iov = {t->packet, SIZE_MAX_};
	union {
		struct cmsghdr align;
		char bytes[256];
	} control;
	struct msghdr m = {.msg_name = &addr,
			   .msg_namelen = sizeof(addr),
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(t->fd, &m, flags | MSG_DONTWAIT);
	struct sock_extended_err *ee;

	if (n < 0)
		return -1;
	*a = (struct answer){addr.sin_addr, -1, 0, 0};
	if (!(flags & MSG_ERRQUEUE))
		return is_ours(t, n, &addr);
	ee = control_error(&m);
	if (!ee || ee->ee_origin != SO_EE_ORIGIN_ICMP || !is_ours(t, n, &addr))
		return 0;
	*a = (struct answer){((struct sockaddr_in *)(void *)SO_EE_OFFENDER(ee))->sin_addr,
			     ee->ee_type, ee->ee_code, ee->ee_info};
	return 1;
}

/* 1: answered; 0: not in time. */
static int await(struct trace *t, long until, struct answer *a)
{
	struct pollfd pfd = {.fd = t->fd, .events = POLLIN};
	long left;
	int n, got = 0;

	while (!t->stopped && (left = until - now_us()) > 0) {
		n = poll(&pfd, 1, (int)(left / 1000 + 1));
		t->stopped |= n < 0 && errno == EINTR;
		if (n <= 0)
			continue;
		while ((got = receive(t, MSG_ERRQUEUE, a)) == 0)
			;
		while (got < 0 && (got = receive(t, 0, a)) == 0)
			;
		if (got > 0)
			return 1;
	}
	return 0;
}

/* ---- output */

static void show_reason(const struct answer *a)
{
	static const char *const names[] = {" !N", " !H", " !P", "",    NULL,  " !S", " !U", " !U",
					    " !I", " !A", " !Z", " !Q", " !T", " !X", " !V", " !C"};

	if (a->type == ICMP_DEST_UNREACH && a->code == ICMP_FRAG_NEEDED)
		printf(" !F-%u", a->info);
	else if (a->type == ICMP_DEST_UNREACH && a->code < (int)(sizeof(names) / sizeof(*names)))
		printf("%s", names[a->code]);
	else if (a->type == ICMP_DEST_UNREACH)
		printf(" !<%d>", a->code);
	else if (a->type >= 0 && a->type != ICMP_TIME_EXCEEDED)
		printf(" !<%d-%d>", a->type, a->code);
}

/* There is nobody to ask for names. */
static void show_answer(const struct trace *t, const struct answer *a, struct in_addr *last,
			long us)
{
	char text[INET_ADDRSTRLEN];

	if (a->from.s_addr != last->s_addr) {
		inet_ntop(AF_INET, &a->from, text, sizeof(text));
		printf(" %s", text);
		if (!t->numeric)
			printf(" (%s)", text);
		*last = a->from;
	}
	printf("  %ld.%03ld ms", us / 1000, us % 1000);
	show_reason(a);
}

/* 1: the way ends here; 0: it goes on; -1: nothing can be sent. */
static int hop(struct trace *t, int ttl)
{
	struct in_addr last = {0};
	int end = 0;
	long i;

	printf("%2d ", ttl);
	for (i = 0; i < t->queries && !t->stopped; i++) {
		long began = now_us();
		struct answer a;

		if (send_probe(t, ttl))
			return -1;
		if (await(t, began + t->wait * 1000000, &a)) {
			show_answer(t, &a, &last, now_us() - began);
			end |= a.type != ICMP_TIME_EXCEEDED;
		} else {
			printf(" *");
		}
		fflush(stdout);
	}
	printf("\n");
	return end;
}

static int run(struct trace *t)
{
	char text[INET_ADDRSTRLEN];
	long ttl;
	int end = 0;

	inet_ntop(AF_INET, &t->to.sin_addr, text, sizeof(text));
	printf("traceroute to %s (%s), %ld hops max, %ld byte packets\n", t->host, text, t->max,
	       t->size);
	t->seq = t->port - 1;
	for (ttl = t->first; ttl <= t->max && !end && !t->stopped; ttl++)
		end = hop(t, ttl);
	return end < 0 ? 1 : 0;
}

/* All it has to do is to end poll(). */
static void interrupted(int sig)
{
	(void)sig;
}

int main(int argc, char **argv)
{
	struct trace t = {.first = 1, .max = 30, .queries = 3, .wait = 5, .size = 60, .fd = -1};
	struct sigaction sa = {.sa_handler = interrupted};
	int status = 2;

	if (argc < 1 || parse(&t, argv))
		return 2;
	if (!t.port)
		t.port = t.icmp ? 1 : 33434;
	t.packet = malloc(SIZE_MAX_);
	sigaction(SIGINT, &sa, NULL);
	if (!t.packet || resolve(&t))
		status = 2;
	else if (open_socket(&t))
		status = 1;
	else
		status = run(&t);
	if (t.fd >= 0)
		close(t.fd);
	free(t.packet);
	return status;
}
