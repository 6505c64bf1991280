/* SPDX-License-Identifier: MIT */
/* lookup: asks getaddrinfo(), gethostbyname() and getnameinfo() for each name or address, and prints what they say. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const char *error_name(int err)
{
	switch (err) {
	case EAI_AGAIN:
		return "AGAIN";
	case EAI_FAIL:
		return "FAIL";
	case EAI_NONAME:
		return "NONAME";
	case EAI_NODATA:
		return "NODATA";
	default:
		return gai_strerror(err);
	}
}

static void ask_name(const char *name)
{
	struct addrinfo hints = {.ai_family = AF_INET,
				 .ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_CANONNAME},
			*list, *ai;
	struct hostent *h;
	char text[INET_ADDRSTRLEN];
	int err = getaddrinfo(name, "http", &hints, &list);

	if (err) {
		printf("lookup %s: %s\n", name, error_name(err));
		return;
	}
	printf("lookup %s: %s", name, list->ai_canonname);
	for (ai = list; ai; ai = ai->ai_next) {
		struct sockaddr_in *in = (struct sockaddr_in *)(void *)ai->ai_addr;

		printf(" %s:%u", inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text)),
		       ntohs(in->sin_port));
	}
	freeaddrinfo(list);
	h = gethostbyname(name);
	if (h)
		printf(" (%s %s)\n", h->h_name,
		       inet_ntop(AF_INET, h->h_addr_list[0], text, sizeof(text)));
	else
		printf(" (%s)\n", hstrerror(h_errno));
}

/* Of an address. */
static void ask_address(const struct in_addr *addr)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(80), .sin_addr = *addr};
	char host[NI_MAXHOST], service[NI_MAXSERV];
	int err = getnameinfo((struct sockaddr *)&in, sizeof(in), host, sizeof(host), service,
			      sizeof(service), NI_NAMEREQD);

	if (err)
		printf("lookup %s: %s\n", inet_ntoa(*addr), error_name(err));
	else
		printf("lookup %s: %s %s\n", inet_ntoa(*addr), host, service);
}

int main(int argc, char **argv)
{
	struct in_addr addr;
	int i;

	for (i = 1; i < argc; i++) {
		if (inet_pton(AF_INET, argv[i], &addr) == 1)
			ask_address(&addr);
		else
			ask_name(argv[i]);
		fflush(stdout);
	}
	return 0;
}
