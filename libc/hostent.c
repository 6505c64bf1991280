/* SPDX-License-Identifier: MIT */
/* The old names of netdb.h: gethostbyname() and its kind, services; and /etc/hosts. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "libc/hostent.h"
#include "libc/process.h"

#define HOSTS_MAX 16384 /* bytes of /etc/hosts that are read */

static const struct servent services[] = {
	{"echo", NULL, htons(7), "tcp"},     {"echo", NULL, htons(7), "udp"},
	{"discard", NULL, htons(9), "tcp"},  {"discard", NULL, htons(9), "udp"},
	{"daytime", NULL, htons(13), "tcp"}, {"chargen", NULL, htons(19), "tcp"},
	{"ftp", NULL, htons(21), "tcp"},     {"ssh", NULL, htons(22), "tcp"},
	{"telnet", NULL, htons(23), "tcp"},  {"smtp", NULL, htons(25), "tcp"},
	{"time", NULL, htons(37), "tcp"},    {"time", NULL, htons(37), "udp"},
	{"domain", NULL, htons(53), "tcp"},  {"domain", NULL, htons(53), "udp"},
	{"bootps", NULL, htons(67), "udp"},  {"bootpc", NULL, htons(68), "udp"},
	{"tftp", NULL, htons(69), "udp"},    {"http", NULL, htons(80), "tcp"},
	{"ntp", NULL, htons(123), "udp"},    {"snmp", NULL, htons(161), "udp"},
	{"https", NULL, htons(443), "tcp"},  {"https", NULL, htons(443), "udp"},
	{"syslog", NULL, htons(514), "udp"}, {"http-alt", NULL, htons(8080), "tcp"},
};

#define NR_SERVICES (sizeof(services) / sizeof(services[0]))

struct servent *getservbyname(const char *name, const char *protocol)
{
	size_t i;

	for (i = 0; i < NR_SERVICES; i++)
		if (!strcmp(services[i].s_name, name) &&
		    (!protocol || !strcmp(services[i].s_proto, protocol)))
			return (struct servent *)(uintptr_t)&services[i];
	return NULL;
}

struct servent *getservbyport(int port, const char *protocol)
{
	size_t i;

	for (i = 0; i < NR_SERVICES; i++)
		if (services[i].s_port == port &&
		    (!protocol || !strcmp(services[i].s_proto, protocol)))
			return (struct servent *)(uintptr_t)&services[i];
	return NULL;
}

/* The whole of /etc/hosts; NULL: there is none. To be freed. */
static char *read_hosts(void)
{
	int fd = open("/etc/hosts", O_RDONLY);
	char *text = fd < 0 ? NULL : malloc(HOSTS_MAX);
	ssize_t n = text ? read(fd, text, HOSTS_MAX - 1) : 0;

	if (fd >= 0)
		close(fd);
	if (text)
		text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void add_host(struct dns_answer *out, in_addr_t addr, const char *name)
{
	size_t len = strlen(name);

	if (!out->nr && len < sizeof(out->name))
		memcpy(out->name, name, len + 1);
	if (out->nr < DNS_ADDRS_MAX)
		out->addrs[out->nr++] = addr;
}

/* Lines whose address is addr, or, name not NULL, that name that host. */
static void search_hosts(const char *name, in_addr_t addr, struct dns_answer *out)
{
	char *text = read_hosts(), *lines, *line;

	out->nr = 0;
	for (line = text ? strtok_r(text, "\n", &lines) : NULL; line;
	     line = strtok_r(NULL, "\n", &lines)) {
		char *save, *first, *word;
		struct in_addr in;

		line[strcspn(line, "#\r")] = '\0';
		word = strtok_r(line, " \t", &save);
		if (!word || !inet_aton(word, &in) || !(first = strtok_r(NULL, " \t", &save)))
			continue;
		for (word = first; name && word && strcasecmp(word, name);)
			word = strtok_r(NULL, " \t", &save);
		if (name ? word != NULL : in.s_addr == addr)
			add_host(out, in.s_addr, first);
	}
	free(text);
}

int hosts_by_name(const char *name, struct dns_answer *answer)
{
	search_hosts(name, 0, answer);
	if (answer->nr)
		return 0;
	if (strcasecmp(name, "localhost"))
		return resolve_host(name, answer);
	add_host(answer, htonl(INADDR_LOOPBACK), "localhost");
	return 0;
}

int host_by_addr(be32 addr, struct dns_answer *answer)
{
	search_hosts(NULL, addr, answer);
	if (answer->nr)
		return 0;
	if (addr != htonl(INADDR_LOOPBACK))
		return resolve_addr(addr, answer);
	add_host(answer, addr, "localhost");
	return 0;
}

/* What gethostbyname() returns, in one block of the program's heap. */
struct host_block {
	struct hostent ent;
	struct dns_answer answer;
	char *addrs[DNS_ADDRS_MAX + 1];
	char *aliases[1];
};

int *__h_errno_location(void)
{
	return &current_process()->h_error;
}

static int h_error_of(int err)
{
	if (err == EAI_NONAME)
		return HOST_NOT_FOUND;
	if (err == EAI_NODATA)
		return NO_DATA;
	return err == EAI_AGAIN ? TRY_AGAIN : NO_RECOVERY;
}

static struct host_block *host_block(void)
{
	struct process *p = current_process();

	if (!p->host)
		p->host = malloc(sizeof(struct host_block));
	return p->host;
}

static struct hostent *host_result(struct host_block *b, int err)
{
	int i;

	if (err) {
		h_errno = h_error_of(err);
		return NULL;
	}
	for (i = 0; i < b->answer.nr; i++)
		b->addrs[i] = (char *)&b->answer.addrs[i];
	b->addrs[i] = b->aliases[0] = NULL;
	b->ent = (struct hostent){.h_name = b->answer.name,
				  .h_aliases = b->aliases,
				  .h_addrtype = AF_INET,
				  .h_length = sizeof(in_addr_t),
				  .h_addr_list = b->addrs};
	return &b->ent;
}

struct hostent *gethostbyname(const char *name)
{
	struct host_block *b = host_block();
	struct in_addr in;

	if (!b)
		return host_result(NULL, EAI_MEMORY);
	if (!inet_aton(name, &in))
		return host_result(b, hosts_by_name(name, &b->answer));
	b->answer.nr = 0;
	add_host(&b->answer, in.s_addr, name);
	return host_result(b, 0);
}

struct hostent *gethostbyaddr(const void *addr, socklen_t len, int family)
{
	struct host_block *b = host_block();
	be32 a;
	int err;

	if (!b || family != AF_INET || len != sizeof(a))
		return host_result(NULL, EAI_FAMILY);
	memcpy(&a, addr, sizeof(a));
	err = host_by_addr(a, &b->answer);
	b->answer.addrs[0] = a;
	b->answer.nr = 1;
	return host_result(b, err);
}

const char *hstrerror(int error)
{
	switch (error) {
	case 0:
		return "Resolver Error 0 (no error)";
	case HOST_NOT_FOUND:
		return "Unknown host";
	case TRY_AGAIN:
		return "Host name lookup failure";
	case NO_RECOVERY:
		return "Unknown server error";
	case NO_DATA:
		return "No address associated with name";
	default:
		return "Unknown resolver error";
	}
}
