/* SPDX-License-Identifier: MIT */
/*
 * dhcp: gets and keeps an IPv4 address (RFC 2131, options RFC 2132), and configures the interface by the `ip` command.
 *
 * One machine of states, a function for each: INIT (asks) -> REQUESTING -> BOUND -> RENEWING at T1 ->
 * REBINDING at T2 -> INIT when the lease is over or refused. The caller of each waits in receive_until().
 *
 * Differs from RFC 2131 s4.4.1: the first DISCOVER is not delayed at random, because machines that boot in
 * milliseconds are not started by the same power switch.
 * Differs from RFC 5227 s2.1.1: three questions 200 ms apart, not seconds, for the same reason.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SERVER_PORT 67
#define CLIENT_PORT 68

#define BOOTREQUEST    1
#define BOOTREPLY      2
#define HTYPE_ETHER    1
#define FLAG_BROADCAST 0x8000
#define COOKIE         0x63825363
#define BOOTP_MIN      300 /* RFC 1542 s2.1: some relays drop shorter ones */

/* RFC 2131 s4.1: 4, 8, ... 64 s, each with a second more or less. */
#define RETRY_FIRST    4.0
#define RETRY_LAST     64.0
#define REQUEST_TRIES  4
#define PROBE_NUM      3 /* RFC 5227 s1.1 */
#define PROBE_INTERVAL 0.2
#define DECLINE_PAUSE  10 /* RFC 2131 s3.1 5 */
/* RFC 2131 s4.4.5 */
#define RENEW_RETRY_MIN 60.0
#define DNS_MAX         3 /* name servers that are kept */
#define LEASE_INFINITE  0xffffffffu

enum { DHCPDISCOVER = 1, DHCPOFFER, DHCPREQUEST, DHCPDECLINE, DHCPACK, DHCPNAK, DHCPRELEASE };

enum {
	OPT_PAD = 0,
	OPT_MASK = 1,
	OPT_ROUTER = 3,
	OPT_DNS = 6,
	OPT_HOSTNAME = 12,
	OPT_DOMAIN = 15,
	OPT_MTU = 26,
	OPT_BROADCAST = 28,
	OPT_REQUESTED_IP = 50,
	OPT_LEASE_TIME = 51,
	OPT_OVERLOAD = 52,
	OPT_MESSAGE_TYPE = 53,
	OPT_SERVER_ID = 54,
	OPT_PARAMETERS = 55,
	OPT_MAX_SIZE = 57,
	OPT_T1 = 58,
	OPT_T2 = 59,
	OPT_CLIENT_ID = 61,
	OPT_END = 255
};

/* RFC 2131 s2 */
struct message {
	uint8_t op, htype, hlen, hops;
	uint32_t xid;
	uint16_t secs, flags;
	uint32_t ciaddr, yiaddr, siaddr, giaddr;
	uint8_t chaddr[16];
	uint8_t sname[64];
	uint8_t file[128];
	uint32_t cookie;
	uint8_t options[1260]; /* all fits one Ethernet frame */
};

#define HEADER_LEN offsetof(struct message, options)

/* What a server said; addresses in network order, 0: nothing. */
struct reply {
	uint8_t type;
	uint32_t addr, server, mask, router, dns[DNS_MAX], broadcast;
	uint32_t lease, t1, t2; /* s; 0: not told */
	unsigned int mtu;
	char hostname[64], domain[128];
};

struct client {
	const char *device;
	int foreground, quit;
	int fd;
	uint8_t mac[6];
	uint32_t xid;
	double started; /* this exchange */
	struct reply lease;
	double bound_at;
	int configured;
};

enum state { INIT, REQUESTING, BOUND, RENEWING, REBINDING };

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static uint32_t random32(void)
{
	uint32_t v;

	if (getentropy(&v, sizeof(v)))
		v = (uint32_t)(now() * 1e9);
	return v;
}

/* From -1 to 1. */
static double jitter(void)
{
	return random32() / 2147483648.0 - 1;
}

static const char *text_of(uint32_t addr, char text[INET_ADDRSTRLEN])
{
	struct in_addr in = {.s_addr = addr};

	return inet_ntop(AF_INET, &in, text, INET_ADDRSTRLEN);
}

/* ---- messages out ---- */

static uint8_t *put_option(uint8_t *at, uint8_t code, const void *data, uint8_t len)
{
	*at++ = code;
	*at++ = len;
	memcpy(at, data, len);
	return at + len;
}

static uint8_t *put_common_options(struct client *c, uint8_t *at, uint8_t type)
{
	static const uint8_t wanted[] = {OPT_MASK,   OPT_ROUTER, OPT_DNS,       OPT_HOSTNAME,
					 OPT_DOMAIN, OPT_MTU,    OPT_BROADCAST, OPT_LEASE_TIME,
					 OPT_T1,     OPT_T2};
	uint16_t max_size = htons(sizeof(struct message));
	uint8_t id[7] = {HTYPE_ETHER};
	char hostname[64];

	memcpy(id + 1, c->mac, sizeof(c->mac));
	at = put_option(at, OPT_MESSAGE_TYPE, &type, 1);
	at = put_option(at, OPT_CLIENT_ID, id, sizeof(id));
	if (type == DHCPDECLINE)
		return at;
	at = put_option(at, OPT_MAX_SIZE, &max_size, sizeof(max_size));
	at = put_option(at, OPT_PARAMETERS, wanted, sizeof(wanted));
	if (!gethostname(hostname, sizeof(hostname)) && hostname[0])
		at = put_option(at, OPT_HOSTNAME, hostname, strlen(hostname));
	return at;
}

/* RFC 2131 table 5: which fields and options go into which message of which state. */
static size_t make_message(struct client *c, struct message *m, uint8_t type, enum state state)
{
	double secs = now() - c->started;
	uint8_t *at = m->options;

	memset(m, 0, sizeof(*m));
	m->op = BOOTREQUEST;
	m->htype = HTYPE_ETHER;
	m->hlen = sizeof(c->mac);
	m->xid = c->xid;
	m->secs = htons(secs < 65535 ? (uint16_t)secs : 65535);
	m->cookie = htonl(COOKIE);
	memcpy(m->chaddr, c->mac, sizeof(c->mac));
	if (state == RENEWING || state == REBINDING)
		m->ciaddr = c->lease.addr;
	else
		m->flags = htons(FLAG_BROADCAST); /* without an address no unicast gets through */
	at = put_common_options(c, at, type);
	if (state == REQUESTING) {
		at = put_option(at, OPT_REQUESTED_IP, &c->lease.addr, 4);
		at = put_option(at, OPT_SERVER_ID, &c->lease.server, 4);
	}
	*at++ = OPT_END;
	return at - (uint8_t *)m < BOOTP_MIN ? BOOTP_MIN : at - (uint8_t *)m;
}

/* To the server when it is known and we have an address, to all otherwise. */
static void send_message(struct client *c, uint8_t type, enum state state)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(SERVER_PORT)};
	struct message m;
	size_t len = make_message(c, &m, type, state);

	to.sin_addr.s_addr = state == RENEWING ? c->lease.server : htonl(INADDR_BROADCAST);
	if (sendto(c->fd, &m, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		fprintf(stderr, "dhcp: %s: send: %s\n", c->device, strerror(errno));
}

/* ---- messages in ---- */

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/* An address of an option that holds one or more; unchanged if the length is wrong. */
static void get_addr(uint32_t *out, const uint8_t *data, uint8_t len)
{
	if (len >= 4 && len % 4 == 0)
		memcpy(out, data, 4);
}

static void get_seconds(uint32_t *out, const uint8_t *data, uint8_t len)
{
	if (len == 4)
		*out = get32(data);
}

/* As many as fit; unchanged if the length is wrong. */
static void get_servers(struct reply *r, const uint8_t *data, uint8_t len)
{
	if (len >= 4 && len % 4 == 0)
		memcpy(r->dns, data, len < sizeof(r->dns) ? len : sizeof(r->dns));
}

/* Only what a host's name may hold: it will be shown on a terminal. */
static void get_name(char *name, size_t room, const uint8_t *data, uint8_t len)
{
	size_t n = 0;

	while (n < len && n < room - 1) {
		char ch = data[n];

		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
		      (ch >= '0' && ch <= '9') || ch == '-' || ch == '.'))
			break;
		name[n++] = ch;
	}
	name[n] = '\0';
}

static void get_option(struct reply *r, uint8_t code, const uint8_t *data, uint8_t len)
{
	switch (code) {
	case OPT_MESSAGE_TYPE:
		if (len == 1)
			r->type = data[0];
		break;
	case OPT_SERVER_ID:
		get_addr(&r->server, data, len);
		break;
	case OPT_MASK:
		get_addr(&r->mask, data, len);
		break;
	case OPT_ROUTER:
		get_addr(&r->router, data, len);
		break;
	case OPT_DNS:
		get_servers(r, data, len);
		break;
	case OPT_BROADCAST:
		get_addr(&r->broadcast, data, len);
		break;
	case OPT_LEASE_TIME:
		get_seconds(&r->lease, data, len);
		break;
	case OPT_T1:
		get_seconds(&r->t1, data, len);
		break;
	case OPT_T2:
		get_seconds(&r->t2, data, len);
		break;
	case OPT_MTU:
		if (len == 2)
			r->mtu = data[0] << 8 | data[1];
		break;
	case OPT_HOSTNAME:
		get_name(r->hostname, sizeof(r->hostname), data, len);
		break;
	case OPT_DOMAIN:
		get_name(r->domain, sizeof(r->domain), data, len);
		break;
	}
}

/* Reads one field of options. Returns the overload option's value (RFC 2132 s9.3), or -1 if an option is cut off. */
static int get_options(struct reply *r, const uint8_t *at, const uint8_t *end)
{
	int overload = 0;

	while (at < end && *at != OPT_END) {
		uint8_t code = *at++, len;

		if (code == OPT_PAD)
			continue;
		if (at == end)
			return -1;
		len = *at++;
		if (len > end - at)
			return -1;
		if (code == OPT_OVERLOAD && len == 1)
			overload = *at;
		else
			get_option(r, code, at, len);
		at += len;
	}
	return overload;
}

/* False: not for us, or nonsense. */
static int parse_reply(const struct client *c, const struct message *m, size_t len, struct reply *r)
{
	int overload;

	memset(r, 0, sizeof(*r));
	if (len < HEADER_LEN || m->op != BOOTREPLY || m->htype != HTYPE_ETHER ||
	    m->hlen != sizeof(c->mac) || m->xid != c->xid || m->cookie != htonl(COOKIE) ||
	    memcmp(m->chaddr, c->mac, sizeof(c->mac)))
		return 0;
	overload = get_options(r, m->options, (const uint8_t *)m + len);
	if (overload < 0)
		return 0;
	if (overload & 1 && get_options(r, m->file, m->file + sizeof(m->file)) < 0)
		return 0;
	if (overload & 2 && get_options(r, m->sname, m->sname + sizeof(m->sname)) < 0)
		return 0;
	r->addr = m->yiaddr;
	return r->type != 0;
}

/* An address that a host may have: RFC 1122 s3.2.1.3, RFC 5735. */
static int usable(uint32_t addr)
{
	uint32_t net = ntohl(addr) >> 24;

	return net != 0 && net != 127 && net < 224;
}

/* Waits for a reply until time t. False: there was none. */
static int receive_until(struct client *c, double t, struct reply *r)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	struct message m;

	for (;;) {
		double left = t - now();
		ssize_t n;

		if (left <= 0)
			return 0;
		if (poll(&p, 1, left > 1e6 ? 1000000000 : (int)(left * 1e3 + 0.999)) <= 0)
			continue;
		n = recv(c->fd, &m, sizeof(m), MSG_DONTWAIT);
		if (n > 0 && parse_reply(c, &m, n, r))
			return 1;
	}
}

/* ---- the interface ---- */

static int run(const char *line)
{
	int status = system(line);

	if (status)
		fprintf(stderr, "dhcp: command failed: %s\n", line);
	return status ? -1 : 0;
}

static int prefix_of(uint32_t mask)
{
	uint32_t m = ntohl(mask);
	int n = 0;

	while (m & 0x80000000) {
		m <<= 1;
		n++;
	}
	return n;
}

/* A mask that is none, or none at all: the one of the address's class. */
static uint32_t sane_mask(uint32_t mask, uint32_t addr)
{
	uint32_t m = ntohl(mask), a = ntohl(addr);

	if (mask && (~m & (~m + 1)) == 0)
		return mask;
	if (!(a & 0x80000000))
		return htonl(0xff000000);
	return htonl(a & 0x40000000 ? 0xffffff00 : 0xffff0000);
}

static void deconfigure(struct client *c)
{
	char line[128], addr[INET_ADDRSTRLEN];

	if (!c->configured)
		return;
	c->configured = 0;
	snprintf(line, sizeof(line), "ip addr del %s/%d dev %s", text_of(c->lease.addr, addr),
		 prefix_of(c->lease.mask), c->device);
	run(line);
	printf("dhcp: %s: %s/%d given up\n", c->device, addr, prefix_of(c->lease.mask));
	fflush(stdout);
}

static void print_lease(const struct client *c)
{
	char text[INET_ADDRSTRLEN];
	int i;

	printf("dhcp: %s: %s/%d", c->device, text_of(c->lease.addr, text),
	       prefix_of(c->lease.mask));
	if (c->lease.router)
		printf(" via %s", text_of(c->lease.router, text));
	for (i = 0; i < DNS_MAX && c->lease.dns[i]; i++)
		printf("%s %s", i ? "" : " dns", text_of(c->lease.dns[i], text));
	if (c->lease.hostname[0])
		printf(" name %s", c->lease.hostname);
	if (c->lease.lease == LEASE_INFINITE)
		printf(" for ever\n");
	else
		printf(" lease %us\n", (unsigned int)c->lease.lease);
	fflush(stdout);
}

/* Where the resolver looks. A file that cannot be written is somebody else's word. */
static void configure_names(const struct client *c)
{
	char text[INET_ADDRSTRLEN];
	FILE *f = c->lease.dns[0] ? fopen("/etc/resolv.conf", "w") : NULL;
	int i;

	if (!f)
		return;
	for (i = 0; i < DNS_MAX && c->lease.dns[i]; i++)
		fprintf(f, "nameserver %s\n", text_of(c->lease.dns[i], text));
	if (c->lease.domain[0])
		fprintf(f, "search %s\n", c->lease.domain);
	fclose(f);
}

static int configure(struct client *c)
{
	const struct reply *l = &c->lease;
	char line[160], addr[INET_ADDRSTRLEN], other[INET_ADDRSTRLEN];
	uint32_t broadcast = l->broadcast ? l->broadcast : l->addr | ~l->mask;

	/* RFC 791 s3.2: every host takes 576 bytes; less is a mistake, or an attack */
	if (l->mtu >= 576) {
		snprintf(line, sizeof(line), "ip link set dev %s mtu %u", c->device, l->mtu);
		run(line);
	}
	snprintf(line, sizeof(line), "ip addr add %s/%d brd %s dev %s", text_of(l->addr, addr),
		 prefix_of(l->mask), text_of(broadcast, other), c->device);
	if (run(line))
		return -1;
	c->configured = 1;
	if (l->router) {
		snprintf(line, sizeof(line), "ip route add default via %s dev %s",
			 text_of(l->router, other), c->device);
		run(line);
	}
	return 0;
}

/* ---- states ---- */

static double next_retry(double delay)
{
	return delay * 2 < RETRY_LAST ? delay * 2 : RETRY_LAST;
}

static enum state state_init(struct client *c)
{
	double delay = RETRY_FIRST;

	deconfigure(c);
	c->xid = random32();
	c->started = now();
	for (;; delay = next_retry(delay)) {
		double until = now() + delay + jitter();
		struct reply r;

		send_message(c, DHCPDISCOVER, INIT);
		while (receive_until(c, until, &r)) {
			if (r.type != DHCPOFFER || !usable(r.server) || !usable(r.addr))
				continue;
			c->lease = r;
			return REQUESTING;
		}
	}
}

/*
 * Whether somebody has addr already (RFC 2131 s2.2, RFC 5227 s2.1): asks for it as for any neighbour. Without an address
 * of our own the question has none either, so it is a probe.
 */
static int in_use(const struct client *c, uint32_t addr)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = addr};
	struct arpreq req = {0};
	char line[96], text[INET_ADDRSTRLEN];
	int probe, used = 0;

	memcpy(&req.arp_pa, &in, sizeof(in));
	snprintf(req.arp_dev, sizeof(req.arp_dev), "%s", c->device);
	for (probe = 0; probe < PROBE_NUM && !used; probe++) {
		double until = now() + PROBE_INTERVAL;

		snprintf(line, sizeof(line), "ip neigh flush %s dev %s", text_of(addr, text),
			 c->device);
		run(line);
		snprintf(line, sizeof(line), "ip neigh replace %s dev %s use", text, c->device);
		if (run(line))
			return 0;
		while (!used && now() < until) {
			usleep(10000);
			used = !ioctl(c->fd, SIOCGARP, &req) && req.arp_flags & ATF_COM;
		}
	}
	snprintf(line, sizeof(line), "ip neigh flush %s dev %s", text, c->device);
	run(line);
	return used;
}

enum take { TAKE_NOT, TAKE_DONE, TAKE_CONFLICT };

/* An ACK becomes the lease, if it is one that can be used. */
static enum take take_lease(struct client *c, const struct reply *r)
{
	struct reply old = c->lease;
	int moved;

	if (!usable(r->addr) || !r->lease)
		return TAKE_NOT;
	if ((!c->configured || r->addr != old.addr) && in_use(c, r->addr)) {
		deconfigure(c);
		c->lease.addr = r->addr;
		return TAKE_CONFLICT;
	}
	moved = !c->configured || r->addr != old.addr || sane_mask(r->mask, r->addr) != old.mask ||
		r->router != old.router;
	if (moved)
		deconfigure(c);
	c->lease = *r;
	c->lease.mask = sane_mask(r->mask, r->addr);
	if (!r->server)
		c->lease.server = old.server;
	if (!r->t1 || !r->t2 || r->t1 > r->t2 || r->t2 > r->lease) { /* RFC 2131 s4.4.5 */
		c->lease.t1 = r->lease / 2;
		c->lease.t2 = r->lease / 8 * 7 + r->lease % 8 * 7 / 8;
	}
	c->bound_at = now();
	configure_names(c);
	if (!moved)
		return TAKE_DONE;
	if (configure(c))
		return TAKE_NOT;
	print_lease(c);
	return TAKE_DONE;
}

/* After a refusal: not at once again. */
static enum state refused(struct client *c)
{
	fprintf(stderr, "dhcp: %s: the server refused\n", c->device);
	deconfigure(c);
	usleep(1500000 + (int)(jitter() * 500000));
	return INIT;
}

/* The server learns that somebody has the address; it is not asked again at once. */
static enum state declined(struct client *c)
{
	char text[INET_ADDRSTRLEN];

	fprintf(stderr, "dhcp: %s: %s is in use\n", c->device, text_of(c->lease.addr, text));
	send_message(c, DHCPDECLINE, REQUESTING);
	sleep(DECLINE_PAUSE);
	return INIT;
}

/* What an ACK leads to; state: nothing. */
static enum state acknowledged(struct client *c, const struct reply *r, enum state state)
{
	enum take take = take_lease(c, r);

	if (take == TAKE_CONFLICT)
		return declined(c);
	return take == TAKE_DONE ? BOUND : state;
}

static enum state state_requesting(struct client *c)
{
	double delay = RETRY_FIRST;
	int tries;

	for (tries = 0; tries < REQUEST_TRIES; tries++, delay = next_retry(delay)) {
		double until = now() + delay + jitter();
		enum state next;
		struct reply r;

		send_message(c, DHCPREQUEST, REQUESTING);
		while (receive_until(c, until, &r)) {
			if (r.server != c->lease.server)
				continue;
			if (r.type == DHCPNAK)
				return refused(c);
			next = r.type == DHCPACK ? acknowledged(c, &r, REQUESTING) : REQUESTING;
			if (next != REQUESTING)
				return next;
		}
	}
	return INIT;
}

/* Nothing is expected; what comes is thrown away. */
static enum state state_bound(struct client *c)
{
	struct reply r;

	if (c->lease.lease == LEASE_INFINITE) {
		for (;;)
			receive_until(c, now() + 86400, &r);
	}
	while (receive_until(c, c->bound_at + c->lease.t1, &r))
		;
	c->xid = random32();
	c->started = now();
	return RENEWING;
}

/* RENEWING until T2, REBINDING until the end of the lease: asks again after half of the time that is left. */
static enum state state_extend(struct client *c, enum state state, uint32_t end, enum state next)
{
	double until = c->bound_at + end;

	while (now() < until) {
		double half = (until - now()) / 2, retry;
		struct reply r;

		retry = now() + (half < RENEW_RETRY_MIN ? RENEW_RETRY_MIN : half);
		send_message(c, DHCPREQUEST, state);
		while (receive_until(c, retry < until ? retry : until, &r)) {
			if (r.type == DHCPNAK)
				return refused(c);
			if (r.type == DHCPACK && acknowledged(c, &r, state) != state)
				return c->configured ? BOUND : INIT;
		}
	}
	if (next == INIT)
		fprintf(stderr, "dhcp: %s: the lease is over\n", c->device);
	return next;
}

/* Goes on in the background, so that a script goes on too. */
static int settle(struct client *c)
{
	if (c->foreground)
		return 0;
	c->foreground = 1;
	return daemon(1, 1);
}

static int work(struct client *c)
{
	enum state state = INIT;

	for (;;) {
		switch (state) {
		case INIT:
			state = state_init(c);
			break;
		case REQUESTING:
			state = state_requesting(c);
			break;
		case BOUND:
			if (c->quit)
				return 0;
			if (settle(c))
				return 1;
			state = state_bound(c);
			break;
		case RENEWING:
			state = state_extend(c, RENEWING, c->lease.t2, REBINDING);
			break;
		case REBINDING:
			state = state_extend(c, REBINDING, c->lease.lease, INIT);
			break;
		}
	}
}

/* ---- start ---- */

static int open_client(struct client *c)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(CLIENT_PORT)};
	struct ifreq ifr = {0};
	int on = 1;

	c->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (c->fd < 0)
		return -1;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", c->device);
	if (ioctl(c->fd, SIOCGIFHWADDR, &ifr) ||
	    setsockopt(c->fd, SOL_SOCKET, SO_BINDTODEVICE, c->device, strlen(c->device) + 1) ||
	    setsockopt(c->fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) ||
	    setsockopt(c->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(c->fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -1;
	if (ifr.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
		errno = EPROTONOSUPPORT;
		return -1;
	}
	memcpy(c->mac, ifr.ifr_hwaddr.sa_data, sizeof(c->mac));
	return 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: dhcp [-f] [-q] [-i INTERFACE]\n"
			"  -f  stay in the foreground   -q  quit when there is a lease\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct client c = {.device = "eth0", .fd = -1};
	char line[64];
	int i, ret;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-f"))
			c.foreground = 1;
		else if (!strcmp(argv[i], "-q"))
			c.quit = 1;
		else if (!strcmp(argv[i], "-i") && i + 1 < argc)
			c.device = argv[++i];
		else
			return usage();
	}
	if (strlen(c.device) >= IFNAMSIZ || !if_nametoindex(c.device)) {
		fprintf(stderr, "dhcp: %s: no such interface\n", c.device);
		return 1;
	}
	snprintf(line, sizeof(line), "ip link set %s up", c.device);
	if (run(line))
		return 1;
	if (open_client(&c)) {
		fprintf(stderr, "dhcp: %s: %s\n", c.device, strerror(errno));
		ret = 1;
	} else {
		ret = work(&c);
	}
	if (c.fd >= 0)
		close(c.fd);
	return ret;
}
