/* SPDX-License-Identifier: MIT */
/* getaddrinfo() and getnameinfo() for addresses and ports in numbers. Names of hosts are not known: EAI_NONAME. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kinds of socket that an answer is given for. */
static const struct {
	int type, protocol;
} kinds[] = {
	{SOCK_STREAM, IPPROTO_TCP},
	{SOCK_DGRAM, IPPROTO_UDP},
	{SOCK_RAW, 0},
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int parse_service(const char *service, in_port_t *port)
{
	unsigned long v;
	char *end;

	*port = 0;
	if (!service || !*service)
		return 0;
	v = strtoul(service, &end, 10);
	if (*end || service[0] < '0' || service[0] > '9')
		return EAI_NONAME;
	if (v > 65535)
		return EAI_SERVICE;
	*port = htons(v);
	return 0;
}

static int parse_host(const char *host, int flags, struct in_addr *addr)
{
	if (!host)
		addr->s_addr = htonl(flags & AI_PASSIVE ? INADDR_ANY : INADDR_LOOPBACK);
	else if (!strcmp(host, "localhost") && !(flags & AI_NUMERICHOST))
		addr->s_addr = htonl(INADDR_LOOPBACK);
	else if (!inet_aton(host, addr))
		return EAI_NONAME;
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

static int check_hints(const struct addrinfo *h)
{
	const int known = AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_NUMERICSERV |
			  AI_ADDRCONFIG | AI_V4MAPPED | AI_ALL;

	if (h->ai_flags & ~known)
		return EAI_BADFLAGS;
	if (h->ai_family != AF_UNSPEC && h->ai_family != AF_INET)
		return EAI_FAMILY;
	return 0;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		struct addrinfo **out)
{
	static const struct addrinfo no_hints;
	const struct addrinfo *h = hints ? hints : &no_hints;
	struct sockaddr_in addr = {.sin_family = AF_INET};
	struct addrinfo **tail = out;
	const char *canonname = h->ai_flags & AI_CANONNAME ? host : NULL;
	int err = host || service ? check_hints(h) : EAI_NONAME;
	size_t i;

	if (!err)
		err = parse_service(service, &addr.sin_port);
	if (!err)
		err = parse_host(host, h->ai_flags, &addr.sin_addr);
	if (err)
		return err;
	*out = NULL;
	for (i = 0; i < NR_KINDS; i++) {
		int protocol = kinds[i].protocol ? kinds[i].protocol : h->ai_protocol;

		if ((h->ai_socktype && h->ai_socktype != kinds[i].type) ||
		    (h->ai_protocol && h->ai_protocol != protocol))
			continue;
		*tail = answer(kinds[i].type, protocol, &addr, canonname);
		if (!*tail) {
			freeaddrinfo(*out);
			return EAI_MEMORY;
		}
		tail = &(*tail)->ai_next;
	}
	return *out ? 0 : EAI_SOCKTYPE;
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

int getnameinfo(const struct sockaddr *addr, socklen_t len, char *host, socklen_t hostlen,
		char *service, socklen_t servicelen, int flags)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)addr;

	if (len < sizeof(*in) || addr->sa_family != AF_INET)
		return EAI_FAMILY;
	if (flags & NI_NAMEREQD || (!host && !service))
		return EAI_NONAME;
	if (host && hostlen && !inet_ntop(AF_INET, &in->sin_addr, host, hostlen))
		return EAI_OVERFLOW;
	if (service && servicelen &&
	    (socklen_t)snprintf(service, servicelen, "%u", ntohs(in->sin_port)) >= servicelen)
		return EAI_OVERFLOW;
	return 0;
}
