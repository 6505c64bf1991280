/* SPDX-License-Identifier: MIT */
/*
 * sockdrive: lets a test at the other end of the wire use this host's sockets. Each datagram to UDP port 6000 is a command, and its
 * answer goes back: an errno's name, or "ok" and what the call gave. The same file runs on Linux, so that both can be
 * compared call by call. Sockets go by number, data and option values are in hexadecimal.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define PORT    6000
#define SOCKETS 64
#define WORDS   16

struct driver {
	int fd[SOCKETS];
	char *word[WORDS + 1];
	char answer[4096 + 64]; /* room for a full hexadecimal dump of data */
	unsigned char data[2048] __attribute__((aligned(8)));
	unsigned char control[512];
};

static const struct {
	int number;
	const char *name;
} names[] = {
	{EADDRINUSE, "EADDRINUSE"},
	{EADDRNOTAVAIL, "EADDRNOTAVAIL"},
	{ENODEV, "ENODEV"},
	{EINVAL, "EINVAL"},
	{ENOBUFS, "ENOBUFS"},
	{ENOPROTOOPT, "ENOPROTOOPT"},
	{EAGAIN, "EAGAIN"},
	{ENETUNREACH, "ENETUNREACH"},
	{EACCES, "EACCES"},
	{EPERM, "EPERM"},
	{EDESTADDRREQ, "EDESTADDRREQ"},
	{EMSGSIZE, "EMSGSIZE"},
	{ECONNREFUSED, "ECONNREFUSED"},
	{ENOTCONN, "ENOTCONN"},
	{EISCONN, "EISCONN"},
	{EBADF, "EBADF"},
	{EHOSTUNREACH, "EHOSTUNREACH"},
	{EOPNOTSUPP, "EOPNOTSUPP"},
	{EAFNOSUPPORT, "EAFNOSUPPORT"},
	{EFAULT, "EFAULT"},
	{ENOMEM, "ENOMEM"},
	{ENOENT, "ENOENT"},
	{EPIPE, "EPIPE"},
	{EDOM, "EDOM"},
	{EPROTONOSUPPORT, "EPROTONOSUPPORT"},
	{EINPROGRESS, "EINPROGRESS"},
};

static const char *result(long n)
{
	static char other[32];
	size_t i;

	if (n >= 0)
		return "ok";
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == errno)
			return names[i].name;
	snprintf(other, sizeof(other), "errno %d", errno);
	return other;
}

static const char *word(const struct driver *d, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (!d->word[i])
			return "";
	return d->word[n] ? d->word[n] : "";
}

static long number(const struct driver *d, int n)
{
	return strtol(word(d, n), NULL, 0);
}

static int fd_of(const struct driver *d)
{
	unsigned long n = number(d, 1);

	return n < SOCKETS ? d->fd[n] : -1;
}

/* "-": nothing; "ab*9": that byte nine times. */
static size_t from_hex(const char *text, unsigned char *out, size_t room)
{
	size_t n = 0;
	unsigned int byte, times;

	if (sscanf(text, "%2x*%u", &byte, &times) == 2 && times <= room) {
		memset(out, byte, times);
		return times;
	}
	for (; n < room && sscanf(text, "%2x", &byte) == 1; text += 2)
		out[n++] = byte;
	return n;
}

static void say_hex(struct driver *d, const unsigned char *data, size_t n)
{
	size_t at = strlen(d->answer), i;

	for (i = 0; i < n && at + 3 < sizeof(d->answer); i++)
		at += sprintf(d->answer + at, "%02x", data[i]);
	if (!n)
		strcat(d->answer, "-");
}

static struct sockaddr_in end_of(const struct driver *d, int n)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(number(d, n + 1))};

	inet_pton(AF_INET, word(d, n), &a.sin_addr);
	return a;
}

/* open N TYPE PROTOCOL */
static long do_open(struct driver *d)
{
	unsigned long n = number(d, 1);

	if (n >= SOCKETS)
		return -1;
	if (d->fd[n] >= 0)
		close(d->fd[n]);
	d->fd[n] = socket(AF_INET, number(d, 2), number(d, 3));
	return d->fd[n];
}

/* close N */
static long do_close(struct driver *d)
{
	long ret = close(fd_of(d));

	d->fd[number(d, 1) % SOCKETS] = -1;
	return ret;
}

/* bind N ADDR PORT; connect likewise, ADDR "-": dissolves */
static long do_bind(struct driver *d)
{
	struct sockaddr_in a = end_of(d, 2);

	return bind(fd_of(d), (struct sockaddr *)&a, sizeof(a));
}

static long do_connect(struct driver *d)
{
	struct sockaddr_in a = end_of(d, 2);

	if (!strcmp(word(d, 2), "-"))
		a.sin_family = AF_UNSPEC;
	return connect(fd_of(d), (struct sockaddr *)&a, sizeof(a));
}

/* listen N BACKLOG */
static long do_listen(struct driver *d)
{
	return listen(fd_of(d), number(d, 2));
}

/* shutdown N HOW */
static long do_shutdown(struct driver *d)
{
	return shutdown(fd_of(d), number(d, 2));
}

/* accept N M: as M */
static long do_accept(struct driver *d)
{
	int fd = accept4(fd_of(d), NULL, NULL, SOCK_NONBLOCK);

	if (fd >= 0)
		d->fd[number(d, 2) % SOCKETS] = fd;
	return fd;
}

/* name N: the local end */
static long do_name(struct driver *d)
{
	struct sockaddr_in a = {0};
	socklen_t len = sizeof(a);
	long ret = getsockname(fd_of(d), (struct sockaddr *)&a, &len);

	if (!ret)
		sprintf(d->answer, "%s %d ", inet_ntoa(a.sin_addr), ntohs(a.sin_port));
	return ret;
}

/* set N LEVEL NAME HEX */
static long do_set(struct driver *d)
{
	size_t n = from_hex(word(d, 4), d->data, sizeof(d->data));

	return setsockopt(fd_of(d), number(d, 2), number(d, 3), d->data, n);
}

/* get N LEVEL NAME ROOM HEX: HEX is there at first */
static long do_get(struct driver *d)
{
	socklen_t len = number(d, 4);
	long ret;

	memset(d->data, 0, sizeof(d->data));
	from_hex(word(d, 5), d->data, sizeof(d->data));
	ret = getsockopt(fd_of(d), number(d, 2), number(d, 3), d->data, &len);
	if (!ret)
		say_hex(d, d->data, len);
	return ret;
}

/* filter N NAME HEX: a program of classic BPF */
static long do_filter(struct driver *d)
{
	size_t n = from_hex(word(d, 3), d->data, sizeof(d->data));
	struct sock_fprog prog = {n / sizeof(struct sock_filter), (struct sock_filter *)d->data};

	return setsockopt(fd_of(d), SOL_SOCKET, number(d, 2), &prog, sizeof(prog));
}

/* send N ADDR PORT FLAGS HEX CONTROL: ADDR "-": where it is connected to */
static long do_send(struct driver *d)
{
	struct sockaddr_in a = end_of(d, 2);
	struct iovec iov = {d->data, from_hex(word(d, 5), d->data, sizeof(d->data))};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	if (strcmp(word(d, 2), "-")) {
		m.msg_name = &a;
		m.msg_namelen = sizeof(a);
	}
	m.msg_controllen = from_hex(word(d, 6), d->control, sizeof(d->control));
	m.msg_control = m.msg_controllen ? d->control : NULL;
	return sendmsg(fd_of(d), &m, number(d, 4) | MSG_DONTWAIT);
}

static void say_control(struct driver *d, struct msghdr *m)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		sprintf(d->answer + strlen(d->answer), " %d/%d:", c->cmsg_level, c->cmsg_type);
		say_hex(d, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	}
}

/* recv N FLAGS: "ADDR PORT HEX LEVEL/TYPE:HEX..." */
static long do_recv(struct driver *d)
{
	struct sockaddr_in a = {0};
	struct iovec iov = {d->data, sizeof(d->data)};
	struct msghdr m = {.msg_name = &a,
			   .msg_namelen = sizeof(a),
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = d->control,
			   .msg_controllen = sizeof(d->control)};
	long n = recvmsg(fd_of(d), &m, number(d, 2) | MSG_DONTWAIT);

	if (n < 0)
		return n;
	sprintf(d->answer, "%s %d ", inet_ntoa(a.sin_addr), ntohs(a.sin_port));
	say_hex(d, d->data, n < 512 ? n : 512);
	say_control(d, &m);
	sprintf(d->answer + strlen(d->answer), " ");
	return n;
}

/* many N FIRST: that many bound sockets, on ports from FIRST on */
static long do_many(struct driver *d)
{
	long i, n = number(d, 1);

	for (i = 0; i < n; i++) {
		struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(number(d, 2) + i)};
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)))
			return -1;
	}
	return 0;
}

static const struct {
	const char *name;
	long (*fn)(struct driver *d);
} commands[] = {
	{"open", do_open},       {"close", do_close},       {"bind", do_bind},
	{"connect", do_connect}, {"name", do_name},         {"set", do_set},
	{"get", do_get},         {"send", do_send},         {"recv", do_recv},
	{"many", do_many},       {"filter", do_filter},     {"listen", do_listen},
	{"accept", do_accept},   {"shutdown", do_shutdown},
};

static void obey(struct driver *d, char *line)
{
	char *save = NULL, *w = strtok_r(line, " \n", &save);
	int n = 0;
	size_t i;

	memset(d->word, 0, sizeof(d->word));
	for (; w && n < WORDS; w = strtok_r(NULL, " \n", &save))
		d->word[n++] = w;
	d->answer[0] = '\0';
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, word(d, 0)))
			continue;
		errno = 0;
		strcat(d->answer, result(commands[i].fn(d)));
		return;
	}
	strcpy(d->answer, "unknown");
}

int main(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	struct driver *d = calloc(1, sizeof(*d));
	static char line[6000];
	int fd = socket(AF_INET, SOCK_DGRAM, 0), i;

	if (!d || fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a))) {
		perror("sockdrive");
		return 1;
	}
	for (i = 0; i < SOCKETS; i++)
		d->fd[i] = -1;
	for (;;) {
		socklen_t len = sizeof(a);
		ssize_t n = recvfrom(fd, line, sizeof(line) - 1, 0, (struct sockaddr *)&a, &len);

		if (n < 0)
			break;
		line[n] = '\0';
		obey(d, line);
		sendto(fd, d->answer, strlen(d->answer), 0, (struct sockaddr *)&a, len);
	}
	free(d);
	return 0;
}
