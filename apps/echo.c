/* SPDX-License-Identifier: MIT */
/* echo: sends every UDP datagram back to where it came from (RFC 862). */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATAGRAM_MAX 65535

static int usage(void)
{
	fprintf(stderr, "usage: echo [-p PORT]\n");
	return 2;
}

/* A number from 1 to 65535, or 0. */
static unsigned int parse_port(const char *text)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	return *text && !*end && v <= 65535 ? v : 0;
}

static int open_port(unsigned int port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		fprintf(stderr, "echo: udp port %u: %s\n", port, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/* What a lost answer's ICMP error leaves in the socket is no reason to stop. */
static void serve(int fd, char *buf)
{
	for (;;) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, buf, DATAGRAM_MAX, 0, (struct sockaddr *)&from, &len);

		if (n >= 0)
			sendto(fd, buf, n, 0, (struct sockaddr *)&from, len);
		else if (errno != EINTR && errno != ECONNREFUSED)
			break;
	}
	fprintf(stderr, "echo: %s\n", strerror(errno));
}

int main(int argc, char **argv)
{
	unsigned int port = 7;
	char *buf;
	int fd;

	if (argc == 3 && !strcmp(argv[1], "-p"))
		port = parse_port(argv[2]);
	else if (argc != 1)
		return usage();
	if (!port)
		return usage();
	fd = open_port(port);
	if (fd < 0)
		return 1;
	buf = malloc(DATAGRAM_MAX);
	if (!buf) {
		fprintf(stderr, "echo: no memory\n");
		close(fd);
		return 1;
	}
	serve(fd, buf);
	free(buf);
	close(fd);
	return 1;
}
