/* SPDX-License-Identifier: MIT */
/*
 * ping: sends ICMP echo requests and shows the replies, with the options, output and exit status of iputils' ping:
 * 0 when a reply came, 1 when none did, 2 for other failures.
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

#define DATA_MAX 65507

struct options {
	const char *host, *device;
	long count;         /* 0: for ever */
	double interval;    /* s */
	double timeout;     /* s, for replies after the last request; 0: not told */
	double deadline;    /* s, for all; 0: none */
	unsigned long size; /* of the data behind the ICMP header */
	int ttl;
	int quiet, broadcast;
};

struct ping {
	struct options opt;
	struct sockaddr_in to, from;
	int fd;
	char *packet;
	long sent, received, duplicates, errors;
	int stopped;                              /* by control-C */
	unsigned char seen[65536 / 8];            /* a bit for each sequence number answered */
	double start, sum, sum_squares, min, max; /* s, then ms */
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: ping [-4bnq] [-c count] [-i interval] [-I device] [-s size] [-t ttl]\n"
		"            [-w deadline] [-W timeout] destination\n");
	return 2;
}

/* What digits with at most one point among them say; -1: text is something else. Spares the image strtod(). */
static double decimal(const char *text)
{
	double v = 0, unit = 1;
	size_t whole = strcspn(text, "."), i, digits = 0;

	for (i = 0; text[i]; i++) {
		if (i == whole)
			continue;
		if (text[i] < '0' || text[i] > '9')
			return -1;
		v = v * 10 + (text[i] - '0');
		unit *= i > whole ? 10 : 1;
		digits++;
	}
	return digits ? v / unit : -1;
}

/* The number in text, if it is one from min to max; else prints what is wrong and returns -1. */
static double number(const char *option, const char *text, double min, double max)
{
	double v = decimal(text);

	if (!(v >= min && v <= max)) {
		fprintf(stderr,
			"ping: invalid argument of %s: '%s': a number from %g to %g is needed\n",
			option, text, min, max);
		return -1;
	}
	return v;
}

/* Options without a value. Nothing is looked up, so that -n changes nothing. */
static int flag(struct options *o, char option)
{
	if (option == 'q')
		o->quiet = 1;
	else if (option == 'b')
		o->broadcast = 1;
	return option == 'q' || option == 'b' || option == 'n' || option == '4';
}

static int valued(struct options *o, char option, const char *value)
{
	double v = 0;

	switch (option) {
	case 'c':
		o->count = v = number("-c", value, 1, 1e9);
		break;
	case 'i':
		o->interval = v = number("-i", value, 0.002, 1e6);
		break;
	case 'I':
		o->device = value;
		break;
	case 's':
		v = number("-s", value, 0, DATA_MAX);
		o->size = v < 0 ? 0 : v;
		break;
	case 't':
		o->ttl = v = number("-t", value, 1, 255);
		break;
	case 'w':
		o->deadline = v = number("-w", value, 0.001, 1e6);
		break;
	case 'W':
		o->timeout = v = number("-W", value, 0.001, 1e6);
		break;
	default:
		usage();
		return -1;
	}
	return v < 0 ? -1 : 0;
}

/* A word of options, and the next one if it is the last one's value. How many words it took, 0: wrong. */
static int parse_options(struct options *o, char **word)
{
	const char *p = word[0] + 1, *value;

	while (flag(o, *p))
		p++;
	if (!*p)
		return 1;
	value = p[1] ? p + 1 : word[1];
	if (!value)
		usage();
	return !value || valued(o, *p, value) ? 0 : p[1] ? 1 : 2;
}

static int parse(struct options *o, char **argv)
{
	int used;

	*o = (struct options){.interval = 1, .size = 56};
	for (argv++; *argv; argv += used) {
		used = 1;
		if (argv[0][0] != '-' && !o->host)
			o->host = argv[0];
		else if (argv[0][0] == '-' && argv[0][1])
			used = parse_options(o, argv);
		else
			used = usage() - 2;
		if (!used)
			return -1;
	}
	if (!o->host) {
		usage();
		return -1;
	}
	return 0;
}

static int resolve(struct ping *p)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM}, *ai;
	int err = getaddrinfo(p->opt.host, NULL, &hints, &ai);

	if (err) {
		fprintf(stderr, "ping: %s: %s\n", p->opt.host, gai_strerror(err));
		return -1;
	}
	memcpy(&p->to, ai->ai_addr, sizeof(p->to));
	freeaddrinfo(ai);
	return 0;
}

/* -I takes a device's name or an address of ours. */
static int is_address(const char *device, struct in_addr *addr)
{
	return inet_pton(AF_INET, device, addr) == 1;
}

static int bind_device(const char *device, int fd)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};

	if (is_address(device, &addr.sin_addr)) {
		if (!bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
			return 0;
		fprintf(stderr, "ping: bind: %s\n", strerror(errno));
		return -1;
	}
	if (!setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, strlen(device) + 1))
		return 0;
	fprintf(stderr, "ping: SO_BINDTODEVICE %s: %s\n", device, strerror(errno));
	return -1;
}

static int connect_probe(struct ping *p, int fd)
{
	struct sockaddr_in to = p->to;
	int err, on = 1;

	to.sin_port = htons(1025);
	err = connect(fd, (struct sockaddr *)&to, sizeof(to));
	if (!err || errno != EACCES || !p->opt.broadcast)
		return err;
	fprintf(stderr, "WARNING: pinging broadcast address\n");
	return setsockopt(p->fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) ||
			       setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on))
		       ? -1
		       : connect(fd, (struct sockaddr *)&to, sizeof(to));
}

/* Whether there is a way, and from which address: a connected UDP socket, which sends nothing, knows. */
static int probe(struct ping *p)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), err;
	socklen_t len = sizeof(p->from);

	if (fd < 0)
		return -1;
	if (p->opt.device && bind_device(p->opt.device, fd)) {
		close(fd);
		return -1;
	}
	err = connect_probe(p, fd);
	if (err && errno == EACCES && !p->opt.broadcast)
		fprintf(stderr, "ping: Do you want to ping broadcast? Then -b. If not, check your "
				"local firewall rules\n");
	else if (err)
		fprintf(stderr, "ping: connect: %s\n", strerror(errno));
	else
		err = getsockname(fd, (struct sockaddr *)&p->from, &len);
	close(fd);
	if (p->to.sin_addr.s_addr == INADDR_ANY)
		p->to.sin_addr = p->from.sin_addr;
	return err;
}

static int open_socket(struct ping *p)
{
	int on = 1;

	p->fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	if (p->fd < 0) {
		fprintf(stderr, "ping: socket: %s\n", strerror(errno));
		return -1;
	}
	if (probe(p) || (p->opt.device && bind_device(p->opt.device, p->fd)))
		return -1;
	if (setsockopt(p->fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on)) ||
	    setsockopt(p->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)) ||
	    (p->opt.ttl &&
	     setsockopt(p->fd, IPPROTO_IP, IP_TTL, &p->opt.ttl, sizeof(p->opt.ttl)))) {
		fprintf(stderr, "ping: setsockopt: %s\n", strerror(errno));
		return -1;
	}
	return 0;
}

/* The time of sending is in the data where it has room: then no table of times is needed. */
static void send_request(struct ping *p)
{
	struct icmphdr *icmp = (struct icmphdr *)p->packet;
	unsigned char *data = (unsigned char *)(icmp + 1);
	double t = now();
	size_t i;

	memset(icmp, 0, sizeof(*icmp));
	icmp->type = ICMP_ECHO;
	icmp->un.echo.sequence = htons(p->sent + 1);
	for (i = 0; i < p->opt.size; i++)
		data[i] = i;
	if (p->opt.size >= sizeof(t))
		memcpy(data, &t, sizeof(t));
	p->sent++;
	p->seen[(p->sent & 0xffff) / 8] &= ~(1 << (p->sent & 7));
	if (sendto(p->fd, p->packet, sizeof(*icmp) + p->opt.size, 0, (struct sockaddr *)&p->to,
		   sizeof(p->to)) < 0 &&
	    errno != EHOSTUNREACH && errno != EMSGSIZE) { /* those two are in the error queue */
		p->errors++;
		fprintf(stderr, "ping: sendto: %s\n", strerror(errno));
	}
}

static int control_ttl(struct msghdr *m)
{
	struct cmsghdr *c;
	int ttl = 0;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL)
			memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
	return ttl;
}

static void count_reply(struct ping *p, double rtt_ms)
{
	if (!p->received++ || rtt_ms < p->min)
		p->min = rtt_ms;
	if (rtt_ms > p->max)
		p->max = rtt_ms;
	p->sum += rtt_ms;
	p->sum_squares += rtt_ms * rtt_ms;
}

static void show_reply(struct ping *p, size_t len, const struct sockaddr_in *from, int ttl)
{
	const struct icmphdr *icmp = (const struct icmphdr *)p->packet;
	unsigned int seq = ntohs(icmp->un.echo.sequence);
	int timed = len >= sizeof(*icmp) + sizeof(double), again;
	double sent_at = 0, rtt_ms;
	char text[INET_ADDRSTRLEN];

	if (timed)
		memcpy(&sent_at, icmp + 1, sizeof(sent_at));
	rtt_ms = timed ? (now() - sent_at) * 1e3 : 0;
	again = p->seen[seq / 8] & 1 << (seq & 7);
	p->seen[seq / 8] |= 1 << (seq & 7);
	if (again)
		p->duplicates++;
	else
		count_reply(p, rtt_ms);
	if (p->opt.quiet)
		return;
	printf("%zu bytes from %s: icmp_seq=%u ttl=%d", len,
	       inet_ntop(AF_INET, &from->sin_addr, text, sizeof(text)), seq, ttl);
	if (timed)
		printf(" time=%.*f ms",
		       rtt_ms < 1     ? 3
		       : rtt_ms < 10  ? 2
		       : rtt_ms < 100 ? 1
				      : 0,
		       rtt_ms);
	printf("%s\n", again ? " (DUP!)" : "");
	fflush(stdout);
}

/* What iputils says of an ICMP error. */
static const char *error_text(const struct sock_extended_err *ee)
{
	if (ee->ee_type == ICMP_TIME_EXCEEDED)
		return "Time to live exceeded";
	if (ee->ee_type != ICMP_DEST_UNREACH)
		return "Error";
	switch (ee->ee_code) {
	case ICMP_NET_UNREACH:
		return "Destination Net Unreachable";
	case ICMP_HOST_UNREACH:
		return "Destination Host Unreachable";
	case ICMP_PROT_UNREACH:
		return "Destination Protocol Unreachable";
	case ICMP_PORT_UNREACH:
		return "Destination Port Unreachable";
	case ICMP_FRAG_NEEDED:
		return "Frag needed and DF set";
	default:
		return "Packet filtered";
	}
}

static struct sock_extended_err *control_error(struct msghdr *m)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR)
			return (struct sock_extended_err *)(void *)CMSG_DATA(c);
	return NULL;
}

static void show_error(struct ping *p, struct msghdr *m, size_t len)
{
	struct sock_extended_err *ee = control_error(m);
	const struct icmphdr *icmp = (const struct icmphdr *)p->packet;
	const struct sockaddr_in *from;
	char text[INET_ADDRSTRLEN];

	if (!ee)
		return;
	p->errors++;
	if (p->opt.quiet)
		return;
	if (ee->ee_origin == SO_EE_ORIGIN_LOCAL || len < sizeof(*icmp)) {
		fprintf(stderr, "ping: local error: %s\n", strerror(ee->ee_errno));
		return;
	}
	from = (const struct sockaddr_in *)(const void *)SO_EE_OFFENDER(ee);
	printf("From %s icmp_seq=%u %s\n", inet_ntop(AF_INET, &from->sin_addr, text, sizeof(text)),
	       ntohs(icmp->un.echo.sequence), error_text(ee));
	fflush(stdout);
}

/* Takes one message of the queue that flags choose; false: there is none. */
static int receive(struct ping *p, int flags)
{
	struct sockaddr_in from;
	struct iovec iov = {p->packet, sizeof(struct icmphdr) + DATA_MAX};
	union {
		struct cmsghdr align;
		char bytes[256];
	} control;
	struct msghdr m = {.msg_name = &from,
			   .msg_namelen = sizeof(from),
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(p->fd, &m, flags | MSG_DONTWAIT);

	if (n < 0)
		return 0; /* what an error says is in the error queue */
	if (flags & MSG_ERRQUEUE)
		show_error(p, &m, n);
	else if ((size_t)n >= sizeof(struct icmphdr) && *p->packet == ICMP_ECHOREPLY)
		show_reply(p, n, &from, control_ttl(&m));
	return 1;
}

static int finished(const struct ping *p)
{
	return p->stopped || (p->opt.count && p->received + p->errors >= p->opt.count) ||
	       (p->opt.deadline && p->errors);
}

/* Whether there is another request to send: with a deadline until as many are answered. */
static int more(const struct ping *p)
{
	return !finished(p) && (!p->opt.count || p->opt.deadline || p->sent < p->opt.count);
}

/* Receives until the time t. */
static void receive_until(struct ping *p, double t)
{
	struct pollfd pfd = {.fd = p->fd, .events = POLLIN};

	for (;;) {
		double left = t - now();
		int n, ms = left > 1e6 ? 1000000000 : (int)(left * 1e3 + 0.999);

		if (left <= 0 || finished(p))
			return;
		n = poll(&pfd, 1, ms);
		p->stopped |= n < 0 && errno == EINTR;
		if (n <= 0)
			continue;
		if (pfd.revents & POLLERR)
			while (receive(p, MSG_ERRQUEUE))
				;
		receive(p, 0);
	}
}

/* How long the last replies may take: as told, else twice the slowest so far, as iputils. */
static double last_wait(const struct ping *p)
{
	double wait = p->max * 2e-3;

	if (p->opt.timeout > 0)
		return p->opt.timeout;
	if (!p->received)
		return 10;
	return wait > p->opt.interval ? wait : p->opt.interval;
}

static void run(struct ping *p)
{
	double next = p->start, end = p->opt.deadline ? p->start + p->opt.deadline : 1e18;

	while (more(p) && now() < end) {
		send_request(p);
		next += p->opt.interval;
		if (more(p))
			receive_until(p, next < end ? next : end);
	}
	if (p->received + p->errors < p->sent) {
		next = now() + last_wait(p);
		receive_until(p, next < end ? next : end);
	}
}

/* Newton's iteration: no -lm for one root. */
static double square_root(double v)
{
	double x = v > 1 ? v : 1;
	int i;

	for (i = 0; i < 64; i++)
		x = (x + v / x) / 2;
	return v > 0 ? x : 0;
}

static int summary(const struct ping *p)
{
	double ms = (now() - p->start) * 1e3;

	printf("\n--- %s ping statistics ---\n", p->opt.host);
	printf("%ld packets transmitted, %ld received", p->sent, p->received);
	if (p->duplicates)
		printf(", +%ld duplicates", p->duplicates);
	if (p->errors)
		printf(", +%ld errors", p->errors);
	if (p->sent)
		printf(", %g%% packet loss", 100.0 * (p->sent - p->received) / p->sent);
	printf(", time %.0fms\n", ms);
	if (p->received && p->opt.size >= sizeof(double)) {
		double avg = p->sum / p->received;
		double dev = square_root(p->sum_squares / p->received - avg * avg);

		printf("rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n", p->min, avg, p->max, dev);
	}
	return !p->received || (p->opt.deadline && p->received < p->opt.count);
}

static void title(const struct ping *p)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr unused;

	printf("PING %s (%s) ", p->opt.host,
	       inet_ntop(AF_INET, &p->to.sin_addr, text, sizeof(text)));
	if (p->opt.device)
		printf("from %s %s: ", inet_ntop(AF_INET, &p->from.sin_addr, text, sizeof(text)),
		       is_address(p->opt.device, &unused) ? "" : p->opt.device);
	printf("%lu(%lu) bytes of data.\n", p->opt.size, p->opt.size + sizeof(struct icmphdr) + 20);
	fflush(stdout);
}

/* All it has to do is to end poll(). */
static void interrupted(int sig)
{
	(void)sig;
}

int main(int argc, char **argv)
{
	struct ping *p = calloc(1, sizeof(*p));
	int status = 2;

	if (!p || argc < 1)
		return 2;
	p->fd = -1;
	p->packet = malloc(sizeof(struct icmphdr) + DATA_MAX);
	if (p->packet && !parse(&p->opt, argv) && !resolve(p) && !open_socket(p)) {
		title(p);
		signal(SIGINT, interrupted);
		p->start = now();
		run(p);
		status = summary(p);
	}
	if (p->fd >= 0)
		close(p->fd);
	free(p->packet);
	free(p);
	return status;
}
