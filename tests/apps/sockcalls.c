/* SPDX-License-Identifier: MIT */
/*
 * sockcalls: makes every call of sockets in every state of a socket, and prints what it returned, what poll() says then and the
 * pending error, a line for each. tests/tap/test_sockopts.py compares what Linux and weir print.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define NAME(err)         \
	{                 \
		err, #err \
	}

static const char *error_name(int err)
{
	static const struct {
		int err;
		const char *name;
	} names[] = {
		NAME(EAGAIN),       NAME(EINVAL),          NAME(ENOTCONN),
		NAME(EISCONN),      NAME(EPIPE),           NAME(ECONNRESET),
		NAME(ECONNREFUSED), NAME(EINPROGRESS),     NAME(EALREADY),
		NAME(ENETUNREACH),  NAME(EACCES),          NAME(EADDRNOTAVAIL),
		NAME(EAFNOSUPPORT), NAME(EDESTADDRREQ),    NAME(EMSGSIZE),
		NAME(EOPNOTSUPP),   NAME(ENOPROTOOPT),     NAME(EPROTONOSUPPORT),
		NAME(EADDRINUSE),   NAME(ENOTTY),          NAME(ESPIPE),
		NAME(ECONNABORTED), NAME(ESOCKTNOSUPPORT),
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].err == err)
			return names[i].name;
	return strerror(err);
}

static struct sockaddr_in address(unsigned int host, int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(host)};
}

#define LO             INADDR_LOOPBACK
#define ADDR(host, nr) (struct sockaddr *)&(struct sockaddr_in[]){address(host, nr)}[0], 16

static int make(int type, int protocol)
{
	return socket(AF_INET, type | SOCK_NONBLOCK, protocol);
}

static int bound(int type, struct sockaddr_in *a)
{
	socklen_t len = sizeof(*a);
	int fd = make(type, 0);

	(void)bind(fd, ADDR(LO, 0));
	getsockname(fd, (struct sockaddr *)a, &len);
	return fd;
}

static int listener(struct sockaddr_in *a)
{
	int fd = bound(SOCK_STREAM, a);

	listen(fd, 8);
	return fd;
}

/* Until something has come, the end perhaps. */
static void settle(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLRDHUP};

	poll(&p, 1, 300);
}

static void set(int fd, int level, int name, int value)
{
	setsockopt(fd, level, name, &value, sizeof(value));
}

/* Two ends of a connection. */
static void pair(int end[2])
{
	struct sockaddr_in a;
	int l = listener(&a);

	end[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(end[0], (struct sockaddr *)&a, sizeof(a)))
		printf("connect: %s\n", strerror(errno));
	end[1] = accept4(l, NULL, NULL, SOCK_NONBLOCK);
	fcntl(end[0], F_SETFL, O_NONBLOCK);
	close(l);
}

static const char *const kinds[] = {"tcp",     "udp",       "raw",       "ping",
				    "bound",   "listening", "connected", "shutwr",
				    "shutrd",  "peershut",  "bothshut",  "reset",
				    "refused", "waiting",   "udpconn",   "udpbound"};

/* A connection that has come as far as kind says; end[1] may be gone. */
static void advance(const char *kind, int end[2])
{
	struct linger now = {1, 0};

	pair(end);
	if (!strcmp(kind, "shutwr"))
		shutdown(end[0], SHUT_WR);
	if (!strcmp(kind, "shutrd"))
		shutdown(end[0], SHUT_RD);
	if (!strcmp(kind, "peershut") || !strcmp(kind, "bothshut"))
		shutdown(end[1], SHUT_WR);
	if (!strcmp(kind, "reset")) {
		setsockopt(end[1], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(end[1]);
		end[1] = -1;
	}
	if (strcmp(kind, "connected") && strcmp(kind, "shutwr"))
		settle(end[0]);
	if (!strcmp(kind, "bothshut")) {
		shutdown(end[0], SHUT_WR);
		settle(end[1]);
	}
}

/* A socket of that kind. end[1]: its other end, or what it needs; -1: none. */
static void begin(const char *kind, int end[2])
{
	struct sockaddr_in a;

	end[1] = -1;
	if (!strcmp(kind, "tcp") || !strcmp(kind, "udp")) {
		end[0] = make(*kind == 't' ? SOCK_STREAM : SOCK_DGRAM, 0);
	} else if (!strcmp(kind, "raw")) {
		end[0] = make(SOCK_RAW, 253);
	} else if (!strcmp(kind, "ping")) {
		end[0] = make(SOCK_DGRAM, IPPROTO_ICMP);
	} else if (!strcmp(kind, "bound") || !strcmp(kind, "udpbound")) {
		end[0] = bound(*kind == 'b' ? SOCK_STREAM : SOCK_DGRAM, &a);
	} else if (!strcmp(kind, "listening")) {
		end[0] = listener(&a);
	} else if (!strcmp(kind, "udpconn")) {
		end[1] = bound(SOCK_DGRAM, &a);
		end[0] = make(SOCK_DGRAM, 0);
		(void)connect(end[0], (struct sockaddr *)&a, sizeof(a));
	} else if (!strcmp(kind, "refused")) {
		close(listener(&a));
		end[0] = make(SOCK_STREAM, 0);
		(void)connect(end[0], (struct sockaddr *)&a, sizeof(a));
		settle(end[0]);
	} else if (!strcmp(kind, "waiting")) { /* connected, and connect() has not said so */
		end[1] = listener(&a);
		end[0] = make(SOCK_STREAM, 0);
		(void)connect(end[0], (struct sockaddr *)&a, sizeof(a));
		settle(end[1]);
	} else {
		advance(kind, end);
	}
}

static void say(const char *kind, const char *what, const int end[2], long result)
{
	struct pollfd p = {.fd = end[0], .events = ~POLLNVAL};
	int failed = errno, err = 0;
	socklen_t len = sizeof(err);

	printf("%s %s: ", kind, what);
	if (result < 0)
		printf("%s", error_name(failed));
	else
		printf("%ld", result);
	poll(&p, 1, 0);
	getsockopt(end[0], SOL_SOCKET, SO_ERROR, &err, &len);
	printf(" poll %x error %s\n", (unsigned int)p.revents & 0x233f,
	       err ? error_name(err) : "none");
	close(end[0]);
	if (end[1] >= 0)
		close(end[1]);
}

/* A line: fd is a new socket of that kind. */
#define CALL(what, call)                      \
	do {                                  \
		int end[2], fd;               \
		long result;                  \
		begin(kind, end);             \
		fd = end[0];                  \
		errno = 0;                    \
		result = (call);              \
		(void)fd;                     \
		say(kind, what, end, result); \
	} while (0)

static void try_names(const char *kind)
{
	struct sockaddr_in a = address(LO, 7777), none = {.sin_family = AF_UNSPEC};
	struct sockaddr *to = (struct sockaddr *)&a, *unspec = (struct sockaddr *)&none;
	char b[32];
	socklen_t len;

	CALL("nothing", 0);
	CALL("bind", bind(fd, ADDR(LO, 0)));
	CALL("bind any", bind(fd, ADDR(INADDR_ANY, 0)));
	CALL("bind unspec", bind(fd, unspec, sizeof(none)));
	CALL("bind short", bind(fd, to, 15));
	CALL("bind foreign", bind(fd, ADDR(0x01020304, 0)));
	CALL("bind multicast", bind(fd, ADDR(0xe0000001, 0)));
	CALL("bind again", bind(fd, ADDR(LO, 0)) + bind(fd, ADDR(LO, 0)));
	CALL("connect", connect(fd, to, sizeof(a)));
	CALL("connect twice", connect(fd, to, sizeof(a)) * 0 + connect(fd, to, sizeof(a)));
	CALL("connect, connect and connect", connect(fd, to, sizeof(a)) * 0 +
						     connect(fd, to, sizeof(a)) * 0 +
						     connect(fd, to, sizeof(a)));
	CALL("connect unspec", connect(fd, unspec, sizeof(none)));
	CALL("connect unspec and connect",
	     connect(fd, unspec, sizeof(none)) * 0 + connect(fd, to, sizeof(a)));
	CALL("connect nowhere", connect(fd, ADDR(0x01020304, 9)));
	CALL("connect broadcast", connect(fd, ADDR(INADDR_BROADCAST, 9)));
	CALL("listen", listen(fd, 5));
	CALL("unspec and listen", connect(fd, unspec, sizeof(none)) * 0 + listen(fd, 5));
	CALL("shutdown and listen", shutdown(fd, SHUT_RDWR) * 0 + listen(fd, 5));
	CALL("listen and bind", listen(fd, 5) * 0 + bind(fd, ADDR(LO, 0)));
	CALL("accept", accept(fd, NULL, NULL));
	CALL("accept4 wrong", accept4(fd, NULL, NULL, 1));
	CALL("getpeername", (len = 16, getpeername(fd, (struct sockaddr *)b, &len)));
	CALL("getsockname 3",
	     (len = 3, getsockname(fd, (struct sockaddr *)b, &len) ? -1 : (int)len));
	CALL("getsockname -1", (len = -1, getsockname(fd, (struct sockaddr *)b, &len)));
	CALL("setsockopt -1", setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, b, -1));
	CALL("getsockopt -1", (len = -1, getsockopt(fd, SOL_SOCKET, SO_TYPE, b, &len)));
	CALL("getsockopt of SCTP", (len = 4, getsockopt(fd, IPPROTO_SCTP, 1, b, &len)));
}

static void try_shutdown(const char *kind)
{
	char b[8] = "", what[32];
	int how;

	for (how = -1; how < 4; how++) {
		snprintf(what, sizeof(what), "shutdown %d", how);
		CALL(what, shutdown(fd, how));
		snprintf(what, sizeof(what), "shutdown %d twice", how);
		CALL(what, shutdown(fd, how) * 0 + shutdown(fd, how));
		snprintf(what, sizeof(what), "shutdown %d and recv", how);
		CALL(what, shutdown(fd, how) * 0 + recv(fd, b, 8, 0));
		snprintf(what, sizeof(what), "shutdown %d and send", how);
		CALL(what, shutdown(fd, how) * 0 + send(fd, b, 8, MSG_NOSIGNAL));
	}
}

/* What the other end sends has come. */
static int fed(int fd, int other, const char *kind)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	if (other < 0 || !strcmp(kind, "waiting"))
		return 0;
	getsockname(fd, (struct sockaddr *)&a, &len);
	if (*kind == 'u')
		sendto(other, "abcdef", 6, 0, (struct sockaddr *)&a, len);
	else
		send(other, "abcdef", 6, MSG_NOSIGNAL);
	settle(fd);
	return 0;
}

static void try_flags(const char *kind)
{
	static const int to_send[] = {0, MSG_OOB, MSG_DONTWAIT, MSG_EOR, MSG_CONFIRM, MSG_MORE};
	static const int to_recv[] = {0,
				      MSG_OOB,
				      MSG_PEEK,
				      MSG_TRUNC,
				      MSG_PEEK | MSG_TRUNC,
				      MSG_DONTWAIT,
				      MSG_WAITALL,
				      MSG_WAITALL | MSG_PEEK,
				      MSG_ERRQUEUE};
	struct sockaddr_in a = address(LO, 7777);
	char b[8] = "", what[32];
	size_t i;

	for (i = 0; i < ARRAY_LEN(to_send); i++) {
		snprintf(what, sizeof(what), "send %x", to_send[i]);
		CALL(what, send(fd, b, 1, to_send[i] | MSG_NOSIGNAL));
		snprintf(what, sizeof(what), "send nothing %x", to_send[i]);
		CALL(what, send(fd, b, 0, to_send[i] | MSG_NOSIGNAL));
		snprintf(what, sizeof(what), "sendto %x", to_send[i]);
		CALL(what,
		     sendto(fd, b, 1, to_send[i] | MSG_NOSIGNAL, (struct sockaddr *)&a, sizeof(a)));
	}
	for (i = 0; i < ARRAY_LEN(to_recv); i++) {
		snprintf(what, sizeof(what), "recv %x", to_recv[i]);
		CALL(what, recv(fd, b, 3, to_recv[i]));
		snprintf(what, sizeof(what), "recv nothing %x", to_recv[i]);
		CALL(what, recv(fd, b, 0, to_recv[i]));
		snprintf(what, sizeof(what), "recv what came %x", to_recv[i]);
		CALL(what, fed(fd, end[1], kind) + recv(fd, b, 3, to_recv[i]));
		snprintf(what, sizeof(what), "recv nothing of it %x", to_recv[i]);
		CALL(what, fed(fd, end[1], kind) + recv(fd, b, 0, to_recv[i]));
	}
}

static long send_control(int fd, size_t said, size_t len)
{
	char control[64] = "", b[1] = "";
	struct iovec v = {b, 1};
	struct cmsghdr head = {.cmsg_len = said, .cmsg_level = SOL_SOCKET, .cmsg_type = 99};
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = len};

	memcpy(control, &head, sizeof(head));
	return sendmsg(fd, &m, MSG_NOSIGNAL);
}

static void try_vectors(const char *kind)
{
	static struct iovec many[1025];
	static char large[65516];
	volatile int minus_one = -1; /* else the compiler sees it */
	struct iovec one = {large, 1}, huge = {large, -1};
	struct msghdr too_many = {.msg_iov = many, .msg_iovlen = 1025};

	CALL("read nothing", read(fd, large, 0));
	CALL("write nothing", write(fd, large, 0));
	CALL("readv of none", readv(fd, &one, 0));
	CALL("writev of none", writev(fd, &one, 0));
	CALL("writev of nothing", writev(fd, many, 7));
	CALL("readv -1", readv(fd, &one, minus_one));
	CALL("readv 1025", readv(fd, many, 1025));
	CALL("writev huge", writev(fd, &huge, 1));
	CALL("readv huge", readv(fd, &huge, 1));
	CALL("recvmsg 1025", recvmsg(fd, &too_many, 0));
	CALL("sendmsg 1025", sendmsg(fd, &too_many, MSG_NOSIGNAL));
	CALL("sendto no port", sendto(fd, large, 1, MSG_NOSIGNAL, ADDR(LO, 0)));
	if (strstr("udp raw ping udpconn udpbound", kind)) /* a stream takes what it has room for */
		CALL("sendto too much",
		     sendto(fd, large, 65516, MSG_NOSIGNAL, ADDR(LO, 7777)) > 65515);
	CALL("sendmsg control", send_control(fd, CMSG_LEN(4), CMSG_SPACE(4)));
	CALL("sendmsg short control", send_control(fd, 3, CMSG_SPACE(4)));
	CALL("sendmsg long control", send_control(fd, 200, CMSG_SPACE(4)));
	CALL("lseek", lseek(fd, 0, SEEK_SET));
}

/* What a child of accept() has of its listener's options. */
static void try_inheritance(void)
{
	static const struct {
		int level, name, value;
	} row[] = {{1, 2, 1},   {1, 5, 1},  {1, 6, 1},  {1, 9, 1},  {1, 10, 1}, {1, 11, 1},
		   {1, 12, 3},  {1, 15, 1}, {1, 18, 7}, {1, 29, 1}, {1, 35, 1}, {1, 36, 5},
		   {1, 37, 26}, {1, 40, 1}, {1, 42, 5}, {1, 45, 1}, {0, 1, 16}, {0, 2, 33},
		   {0, 6, 1},   {0, 7, 1},  {0, 8, 1},  {0, 10, 0}, {0, 11, 1}, {0, 12, 1},
		   {0, 15, 1},  {0, 24, 1}, {6, 1, 1},  {6, 3, 1},  {6, 4, 55}, {6, 5, 66},
		   {6, 6, 7},   {6, 7, 3},  {6, 8, 11}, {6, 9, 0},  {6, 12, 0}, {6, 18, 12345},
		   {6, 25, 33}, {6, 36, 1}};
	struct sockaddr_in a;
	size_t i;

	for (i = 0; i < ARRAY_LEN(row); i++) {
		int l = listener(&a), fd = socket(AF_INET, SOCK_STREAM, 0), child, v = -1;
		socklen_t len = sizeof(v);

		set(l, row[i].level, row[i].name, row[i].value);
		(void)connect(fd, (struct sockaddr *)&a, sizeof(a));
		settle(l);
		child = accept(l, NULL, NULL);
		getsockopt(child, row[i].level, row[i].name, &v, &len);
		printf("child %d/%d: %d\n", row[i].level, row[i].name, v);
		close(child);
		close(fd);
		close(l);
	}
}

/* Linux begins to stamp a while after the first socket has asked for it: ends that stay open see it begin. (Of a stream: a
 * datagram without a stamp gets one when it is read.) */
static void await_timestamps(int end[2])
{
	int tries;

	begin("connected", end);
	set(end[0], SOL_SOCKET, SO_TIMESTAMP, 1);
	for (tries = 0; tries < 1000; tries++) {
		char b[8], control[64];
		struct iovec v = {b, 6};
		struct msghdr m = {.msg_iov = &v,
				   .msg_iovlen = 1,
				   .msg_control = control,
				   .msg_controllen = sizeof(control)};

		fed(end[0], end[1], "connected");
		if (recvmsg(end[0], &m, 0) > 0 && m.msg_controllen)
			return;
		usleep(1000);
	}
}

/* Ancillary data of what is received, and how it is cut. */
static void try_timestamps(const char *kind)
{
	static const size_t rooms[] = {64, 20, 16, 8};
	int end[2], stay[2], name;
	size_t i;

	await_timestamps(stay);
	for (name = SO_TIMESTAMP; name <= SO_TIMESTAMPNS; name += SO_TIMESTAMPNS - SO_TIMESTAMP) {
		for (i = 0; i < ARRAY_LEN(rooms); i++) {
			char b[8], control[64] = "";
			struct iovec v = {b, 3};
			struct msghdr m = {.msg_iov = &v,
					   .msg_iovlen = 1,
					   .msg_control = control,
					   .msg_controllen = rooms[i]};
			struct cmsghdr head = {0};
			struct timeval now = {0}, at = {0};
			long got;

			begin(kind, end);
			set(end[0], SOL_SOCKET, name, 1);
			fed(end[0], end[1], kind);
			gettimeofday(&now, NULL);
			got = recvmsg(end[0], &m, 0);
			if (m.msg_controllen)
				memcpy(&head, control, sizeof(head));
			memcpy(&at.tv_sec, control + sizeof(head), sizeof(at.tv_sec));
			printf("%s timestamp %d/%zu: %ld flags %x control %zu %d/%d/%zu %s\n", kind,
			       name, rooms[i], got, m.msg_flags, (size_t)m.msg_controllen,
			       head.cmsg_level, head.cmsg_type, (size_t)head.cmsg_len,
			       i || now.tv_sec - at.tv_sec <= 1 ? "now" : "some other time");
			close(end[0]);
			close(end[1]);
		}
	}
	close(stay[0]);
	close(stay[1]);
}

/* How far the first of two sockets for a port has come when the second wants it. */
enum { BOUND, IN_USE, CONNECTION_LEFT, TIME_WAIT_LEFT, NR_STAGES };

/* The first, with these options; *other: its connection's other end. What is left of it. */
static int first_of_port(int type, int stage, int options, struct sockaddr_in *a, int *other)
{
	int l = socket(AF_INET, type, 0), fd, client;

	*other = -1;
	set(l, SOL_SOCKET, SO_REUSEADDR, options & 1);
	set(l, SOL_SOCKET, SO_REUSEPORT, options >> 1);
	(void)bind(l, (struct sockaddr *)a, sizeof(*a));
	if (stage == BOUND)
		return l;
	if (type == SOCK_DGRAM) {
		(void)connect(l, ADDR(LO, 9));
		return l;
	}
	listen(l, 5);
	if (stage == IN_USE)
		return l;
	client = socket(AF_INET, SOCK_STREAM, 0);
	(void)connect(client, (struct sockaddr *)a, sizeof(*a));
	fd = accept(l, NULL, NULL);
	close(l);
	*other = client;
	if (stage == CONNECTION_LEFT)
		return fd;
	close(fd);
	settle(client);
	return -1;
}

static void second_of_port(const char *what, int type, int options, const struct sockaddr_in *a)
{
	int fd = socket(AF_INET, type, 0), failed;

	set(fd, SOL_SOCKET, SO_REUSEADDR, options & 1);
	set(fd, SOL_SOCKET, SO_REUSEPORT, options >> 1);
	failed = bind(fd, (const struct sockaddr *)a, sizeof(*a)) ? errno : 0;
	printf("%s: bind %s", what, failed ? error_name(failed) : "0");
	if (!failed && type == SOCK_STREAM)
		printf(" listen %s", listen(fd, 5) ? error_name(errno) : "0");
	printf("\n");
	close(fd);
}

/* SO_REUSEADDR and SO_REUSEPORT of two sockets, at the same address, another, and any. */
static void try_sharing(int type, int stage)
{
	static const unsigned int hosts[] = {INADDR_ANY, LO, LO + 1};
	static int port = 21000;
	char what[64];
	int i;

	for (i = 0; i < 4 * 4 * 9; i++) {
		struct sockaddr_in a = address(hosts[i / 16 % 3], ++port);
		struct sockaddr_in b = address(hosts[i / 16 / 3], port);
		int other, fd = first_of_port(type, stage, i & 3, &a, &other);

		snprintf(what, sizeof(what), "port of type %d, stage %d: %x", type, stage,
			 (unsigned int)i);
		second_of_port(what, type, i >> 2 & 3, &b);
		if (fd >= 0)
			close(fd);
		if (other >= 0)
			close(other);
	}
}

int main(void)
{
	int stage;
	struct timeval late = {0, 1001000};
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		try_names(kinds[i]);
		try_shutdown(kinds[i]);
		try_flags(kinds[i]);
		try_vectors(kinds[i]);
	}
	for (stage = BOUND; stage < NR_STAGES; stage++)
		try_sharing(SOCK_STREAM, stage);
	try_sharing(SOCK_DGRAM, BOUND);
	try_sharing(SOCK_DGRAM, IN_USE);
	try_inheritance();
	try_timestamps("connected");
	try_timestamps("udpconn");
	printf("select a second: %d\n", select(0, NULL, NULL, NULL, &late));
	printf("sockcalls: done\n");
	return 0;
}
