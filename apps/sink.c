/* SPDX-License-Identifier: MIT */
/*
 * sink: throws away every UDP datagram (RFC 863) and counts them. The port after it tells the count: any
 * datagram there is answered with "rx=COUNT".
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int usage(void)
{
	fprintf(stderr, "usage: sink [-p PORT]   (counts at PORT, tells at PORT+1; default 9)\n");
	return 2;
}

/* A number from 1 to 65534, or 0. */
static unsigned int parse_port(const char *text)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	return *text && !*end && v <= 65534 ? v : 0;
}

static int open_port(unsigned int port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		fprintf(stderr, "sink: udp port %u: %s\n", port, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/* Takes all that waits at fd; how many. The bytes themselves are cut off: nobody reads them. */
static unsigned long drain(int fd)
{
	unsigned long n = 0;
	char byte;

	while (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0)
		n++;
	return n;
}

static void tell(int fd, unsigned long count)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char text[32];
	int n;

	if (recvfrom(fd, text, sizeof(text), MSG_DONTWAIT, (struct sockaddr *)&from, &len) < 0)
		return;
	n = snprintf(text, sizeof(text), "rx=%lu", count);
	sendto(fd, text, n, 0, (struct sockaddr *)&from, len);
}

int main(int argc, char **argv)
{
	unsigned int port = 9;
	unsigned long count = 0;
	struct pollfd fds[2];

	if (argc == 3 && !strcmp(argv[1], "-p"))
		port = parse_port(argv[2]);
	else if (argc != 1)
		return usage();
	if (!port)
		return usage();
	fds[0] = (struct pollfd){.fd = open_port(port), .events = POLLIN};
	if (fds[0].fd < 0)
		return 1;
	fds[1] = (struct pollfd){.fd = open_port(port + 1), .events = POLLIN};
	if (fds[1].fd < 0) {
		close(fds[0].fd);
		return 1;
	}
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		count += drain(fds[0].fd);
		if (fds[1].revents)
			tell(fds[1].fd, count);
	}
	fprintf(stderr, "sink: %s\n", strerror(errno));
	return 1;
}
