/* SPDX-License-Identifier: MIT */
/* getaddrinfo() and getnameinfo(): numbers here, names of hosts and services by hostent.c and the resolver. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libc/hostent.h"

/* The kinds of socket that an answer is given for. */
static const struct {
	int type, protocol;
} kinds[] = {
	{SOCK_STREAM, IPPROTO_TCP},
	{SOCK_DGRAM, IPPROTO_UDP},
	{SOCK_RAW, 0},
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* The port of a kind of socket; kinds for which the service does not exist: EAI_SERVICE. */
static int parse_service(const char *service, int flags, int protocol, in_port_t *port)
{
	const struct servent *known;
	unsigned long v;
	char *end;

	*port = 0;
	if (!service || !*service)
		return 0;
	v = strtoul(service, &end, 10);
	if (!*end && service[0] >= '0' && service[0] <= '9') {
		*port = htons(v);
		return v > 65535 ? EAI_SERVICE : 0;
	}
	if (flags & AI_NUMERICSERV)
		return EAI_NONAME;
	known = protocol ? getservbyname(service, protocol == IPPROTO_TCP ? "tcp" : "udp") : NULL;
	if (!known)
		return EAI_SERVICE;
	*port = known->s_port;
	return 0;
}

static void one_address(struct dns_answer *hosts, in_addr_t addr, const char *name)
{
	hosts->addrs[0] = addr;
	hosts->nr = 1;
	snprintf(hosts->name, sizeof(hosts->name), "%s", name);
}

static int find_hosts(const char *host, int flags, struct dns_answer *hosts)
{
	struct in_addr addr;

	if (!host)
		one_address(hosts, htonl(flags & AI_PASSIVE ? INADDR_ANY : INADDR_LOOPBACK), "");
	else if (!strchr(host, ' ') &&
		 inet_aton(host, &addr)) /* which lets what follows a blank be */
		one_address(hosts, addr.s_addr, host);
	else if (flags & AI_NUMERICHOST)
		return EAI_NONAME;
	else
		return hosts_by_name(host, hosts);
	return 0;
}

/* One answer, with the address and the name behind it in the same block. */
static struct addrinfo *answer(int type, int protocol, const struct sockaddr_in *addr,
			       const char *canonname)
{
	size_t name_len = canonname ? strlen(canonname) + 1 : 0;
	struct addrinfo *ai = calloc(1, sizeof(*ai) + sizeof(*addr) + name_len);

	if (!ai)
		return NULL;
	ai->ai_family = AF_INET;
	ai->ai_socktype = type;
	ai->ai_protocol = protocol;
	ai->ai_addrlen = sizeof(*addr);
	ai->ai_addr = memcpy(ai + 1, addr, sizeof(*addr));
	if (canonname)
		ai->ai_canonname = memcpy((char *)(ai + 1) + sizeof(*addr), canonname, name_len);
	return ai;
}

static int check_hints(const struct addrinfo *h, const char *host, const char *service)
{
	const int known = AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_NUMERICSERV |
			  AI_ADDRCONFIG | AI_V4MAPPED | AI_ALL;

	if (h->ai_flags & ~known || (h->ai_flags & AI_CANONNAME && !host))
		return EAI_BADFLAGS;
	if (h->ai_family != AF_UNSPEC && h->ai_family != AF_INET)
		return EAI_FAMILY;
	if (h->ai_socktype == SOCK_RAW && service && *service) /* it has no ports */
		return EAI_SERVICE;
	return 0;
}

/* What is asked for, and found so far. */
struct query {
	const struct addrinfo *hints;
	const char *service;
	struct dns_answer hosts;
	struct addrinfo **tail;
	int nr_kinds; /* of socket that would do */
};

/* Appends what one kind of socket needs to reach address i. */
static int append(struct query *q, int i, size_t kind)
{
	const struct addrinfo *h = q->hints;
	int protocol = kinds[kind].protocol ? kinds[kind].protocol : h->ai_protocol;
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = q->hosts.addrs[i]};
	bool named = h->ai_flags & AI_CANONNAME && !i && !q->nr_kinds;
	int err;

	if ((h->ai_socktype && h->ai_socktype != kinds[kind].type) ||
	    (h->ai_protocol && h->ai_protocol != protocol))
		return 0;
	err = parse_service(q->service, h->ai_flags, kinds[kind].protocol, &addr.sin_port);
	if (err)
		return err == EAI_SERVICE && !h->ai_socktype && !h->ai_protocol ? 0 : err;
	*q->tail = answer(kinds[kind].type, protocol, &addr, named ? q->hosts.name : NULL);
	if (!*q->tail)
		return EAI_MEMORY;
	q->tail = &(*q->tail)->ai_next;
	q->nr_kinds++;
	return 0;
}

static int append_all(struct query *q)
{
	const struct addrinfo *h = q->hints;
	bool kind_known = !h->ai_socktype && !h->ai_protocol;
	int i, err = 0;
	size_t kind;

	for (i = 0; i < q->hosts.nr && !err; i++)
		for (kind = 0; kind < NR_KINDS && !err; kind++)
			err = append(q, i, kind);
	if (!err && !q->nr_kinds)
		err = kind_known ? EAI_SERVICE : EAI_SOCKTYPE;
	return err;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		struct addrinfo **out)
{
	static const struct addrinfo no_hints;
	struct addrinfo *list = NULL;
	struct query *q = calloc(1, sizeof(*q));
	int err;

	if (!q)
		return EAI_MEMORY;
	q->hints = hints ? hints : &no_hints;
	q->service = service;
	q->tail = &list;
	err = host || service ? check_hints(q->hints, host, service) : EAI_NONAME;
	if (!err)
		err = find_hosts(host, q->hints->ai_flags, &q->hosts);
	if (!err)
		err = append_all(q);
	free(q);
	if (err)
		freeaddrinfo(list);
	else
		*out = list;
	return err;
}

void freeaddrinfo(struct addrinfo *list)
{
	while (list) {
		struct addrinfo *next = list->ai_next;

		free(list);
		list = next;
	}
}

const char *gai_strerror(int error)
{
	switch (error) {
	case 0:
		return "Success";
	case EAI_BADFLAGS:
		return "Bad value for ai_flags";
	case EAI_NONAME:
		return "Name or service not known";
	case EAI_AGAIN:
		return "Temporary failure in name resolution";
	case EAI_FAIL:
		return "Non-recoverable failure in name resolution";
	case EAI_NODATA:
		return "No address associated with hostname";
	case EAI_FAMILY:
		return "ai_family not supported";
	case EAI_SOCKTYPE:
		return "ai_socktype not supported";
	case EAI_SERVICE:
		return "Servname not supported for ai_socktype";
	case EAI_MEMORY:
		return "Memory allocation failure";
	case EAI_SYSTEM:
		return "System error";
	case EAI_OVERFLOW:
		return "Argument buffer overflow";
	default:
		return "Unknown error";
	}
}

static int put_text(char *to, socklen_t room, const char *text)
{
	return room && (size_t)snprintf(to, room, "%s", text) >= room ? EAI_OVERFLOW : 0;
}

/* NI_NOFQDN changes nothing: this host is in no domain. */
static int host_text(const struct sockaddr_in *in, char *host, socklen_t room, int flags)
{
	char text[INET_ADDRSTRLEN];
	struct dns_answer *a = flags & NI_NUMERICHOST ? NULL : malloc(sizeof(*a));
	int err = a ? host_by_addr(in->sin_addr.s_addr, a) : EAI_NONAME;

	if (!err)
		err = put_text(host, room, a->name);
	else if (flags & NI_NAMEREQD)
		err = err == EAI_AGAIN ? err : EAI_NONAME;
	else
		err = put_text(host, room, inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text)));
	free(a);
	return err;
}

static int service_text(in_port_t port, char *service, socklen_t room, int flags)
{
	const struct servent *s = NULL;
	char text[8];

	if (!(flags & NI_NUMERICSERV))
		s = getservbyport(port, flags & NI_DGRAM ? "udp" : "tcp");
	snprintf(text, sizeof(text), "%u", ntohs(port));
	return put_text(service, room, s ? s->s_name : text);
}

int getnameinfo(const struct sockaddr *addr, socklen_t len, char *host, socklen_t hostlen,
		char *service, socklen_t servicelen, int flags)
{
	const int known = NI_NUMERICHOST | NI_NUMERICSERV | NI_NOFQDN | NI_NAMEREQD | NI_DGRAM;
	const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)addr;
	int err = 0;

	if (flags & ~known)
		return EAI_BADFLAGS;
	if (len < sizeof(*in) || addr->sa_family != AF_INET)
		return EAI_FAMILY;
	if (!host && !service)
		return EAI_NONAME;
	if (host && hostlen)
		err = host_text(in, host, hostlen, flags);
	if (!err && service)
		err = service_text(in->sin_port, service, servicelen, flags);
	return err;
}
