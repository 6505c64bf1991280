/* SPDX-License-Identifier: MIT */
/* tcpd: echoes TCP on port 4007 to many clients at once, for tests of TCP; ends a connection when the client has. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT    4007
#define CLIENTS 1100
#define BUFFER  16384

struct client {
	char *buf;
	size_t at, n;
};

static struct pollfd fds[CLIENTS + 1]; /* the first listens */
static struct client clients[CLIENTS + 1];
static int used = 1;

static void drop(int i)
{
	close(fds[i].fd);
	free(clients[i].buf);
	used--;
	fds[i] = fds[used];
	clients[i] = clients[used];
}

static void take_new(void)
{
	int fd = accept4(fds[0].fd, NULL, NULL, SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (used > CLIENTS || !(clients[used].buf = malloc(BUFFER))) {
		close(fd);
		return;
	}
	clients[used].at = clients[used].n = 0;
	fds[used++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

/* 0: goes on. */
static int serve(int i)
{
	struct client *c = &clients[i];
	ssize_t n;

	if (!c->n) {
		n = recv(fds[i].fd, c->buf, BUFFER, 0);
		if (n < 0)
			return errno != EAGAIN;
		if (n == 0)
			return 1;
		c->at = 0;
		c->n = n;
	}
	n = send(fds[i].fd, c->buf + c->at, c->n, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		return 1;
	if (n > 0) {
		c->at += n;
		c->n -= n;
	}
	fds[i].events = c->n ? POLLOUT : POLLIN;
	return 0;
}

int main(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 1024)) {
		fprintf(stderr, "tcpd: %s\n", strerror(errno));
		return 1;
	}
	fds[0] = (struct pollfd){.fd = fd, .events = POLLIN};
	for (;;) {
		if (poll(fds, used, -1) < 0)
			return 1;
		for (int i = used - 1; i > 0; i--)
			if (fds[i].revents && serve(i))
				drop(i);
		if (fds[0].revents)
			take_new();
	}
}
