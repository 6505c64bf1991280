/* SPDX-License-Identifier: MIT */
/*
 * libctest: what the C library promises to programs, checked by a program. The same file runs on Linux, where
 * every check must hold too. Prints one line for each check that fails, and "libctest: N checks, M failed".
 *
 * `libctest child WORD` is the other program that some checks need.
 */
#define _GNU_SOURCE /* asprintf() */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/apps/check.h"

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int formats_as(const char *want, const char *got)
{
	if (strcmp(want, got))
		printf("libctest: \"%s\" instead of \"%s\"\n", got, want);
	return !strcmp(want, got);
}

static void check_printf(struct tally *t)
{
	volatile size_t four = 4; /* else the compiler sees what will happen */
	char b[200];

	snprintf(b, sizeof(b), "%zu %jd %lld %td %hhu", (size_t)1234567890123, (intmax_t)-5,
		 -9000000000LL, (ptrdiff_t)3, (unsigned char)200);
	CHECK(t, formats_as("1234567890123 -5 -9000000000 3 200", b));
	snprintf(b, sizeof(b), "%f %.3f %g %e %8.2f|%-8.1f|%a", 1.5, 3.14159, 1e-5, 12345.678, 2.5,
		 2.5, 1.0);
	CHECK(t, formats_as("1.500000 3.142 1e-05 1.234568e+04     2.50|2.5     |0x1p+0", b));
	snprintf(b, sizeof(b), "%g %g %5s|%-5s|%05d|%+d|%#x|%c|%%", HUGE_VAL, -HUGE_VAL, "ab", "cd",
		 42, 7, 255, 'z');
	CHECK(t, formats_as("inf -inf    ab|cd   |00042|+7|0xff|z|%", b));
	CHECK(t, snprintf(b, four, "abcdef") == 6 && !strcmp(b, "abc"));
	CHECK(t, strtod("0x1.8p1", NULL) == 3.0 && strtod("1e3", NULL) == 1000);
	CHECK(t, sscanf("12 abc 3.5", "%*d %s %lf", b, (double[1]){0}) == 2);
}

enum into { SNPRINTF, SPRINTF, ASPRINTF };

/* Formats into b (room bytes) by the function asked for; what it returned. */
static int format(enum into how, char *b, size_t room, const char *fmt, ...)
{
	char *made = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	if (how == SPRINTF) {
		len = vsprintf(b, fmt, ap);
	} else if (how == SNPRINTF) {
		len = vsnprintf(b, room, fmt, ap);
	} else {
		len = vasprintf(&made, fmt, ap);
		snprintf(b, room, "%s", made);
		free(made);
	}
	va_end(ap);
	return len;
}

static void check_string_printf(struct tally *t)
{
	volatile size_t none = 0;
	char *volatile nowhere = NULL;
	char b[300], *made;
	enum into how;

	for (how = SNPRINTF; how <= ASPRINTF; how++) {
		CHECK(t, format(how, b, sizeof(b), "%s", "") == 0 && !*b);
		CHECK(t, format(how, b, sizeof(b), "%s-%*d", "x", 3, 7) == 5);
		CHECK(t, formats_as("x-  7", b));
		CHECK(t, format(how, b, sizeof(b), "%250d|%zu", 1, (size_t)-1) == 271);
		CHECK(t, b[249] == '1' && !strcmp(b + 250, "|18446744073709551615"));
		CHECK(t, format(how, b, sizeof(b), "%-63s|", "a") == 64 && b[63] == '|' && !b[64]);
		CHECK(t, format(how, b, sizeof(b), "%.62s%c%n", "", 0, (int[1]){0}) == 1 && !*b);
		CHECK(t, format(how, b, sizeof(b), "%lld %.17g", LLONG_MIN, 0.1) == 40);
		CHECK(t, formats_as("-9223372036854775808 0.10000000000000001", b));
	}
	memset(b, '#', sizeof(b));
	CHECK(t, snprintf(nowhere, none, "%d%s", 12345, "abc") == 8);
	CHECK(t, snprintf(b, none, "%s", "abc") == 3 && b[0] == '#');
	CHECK(t, snprintf(b, none + 1, "%s", "abc") == 3 && !b[0] && b[1] == '#');
	CHECK(t, snprintf(b, none + 4, "%f", 1.5) == 8 && !strcmp(b, "1.5") && b[4] == '#');
	CHECK(t, snprintf(b, none + 9, "%f", 1.5) == 8 && !strcmp(b, "1.500000") && b[9] == '#');
	CHECK(t, sprintf(b, "%d", 5) == 1 && !strcmp(b, "5") && b[2] != 0);
	CHECK(t, asprintf(&made, "%1000d", 1) == 1000 && strlen(made) == 1000);
	free(made);
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void check_memory(struct tally *t)
{
	int v[] = {5, 3, 9, 1};
	volatile size_t huge = SIZE_MAX / 2;
	char *p = malloc(10), *q;

	CHECK(t, p && (uintptr_t)p % 16 == 0);
	strcpy(p, "keep me");
	q = realloc(p, 100000);
	CHECK(t, q && !strcmp(q, "keep me"));
	q = realloc(q, 8);
	CHECK(t, q && !strcmp(q, "keep me"));
	free(q);
	p = calloc(1000, 8);
	CHECK(t, p && !p[0] && !p[7999]);
	free(p);
	p = aligned_alloc(256, 512);
	CHECK(t, p && (uintptr_t)p % 256 == 0);
	free(p);
	p = strdup("text");
	CHECK(t, p && !strcmp(p, "text"));
	free(p);
	errno = 0;
	CHECK(t, !calloc(huge, 4) && errno == ENOMEM);
	qsort(v, 4, sizeof(v[0]), compare);
	CHECK(t, v[0] == 1 && v[3] == 9);
}

static void check_files(struct tally *t)
{
	struct stat st;
	FILE *f;
	int fd;

	CHECK_ERR(t, open("/no/such/file", O_RDONLY), ENOENT);
	CHECK_ERR(t, close(999), EBADF);
	CHECK_ERR(t, read(-1, &st, 1), EBADF);
	CHECK(t, !fopen("/no/such/file", "r") && errno == ENOENT);
	fd = open("/dev/null", O_RDWR);
	CHECK(t, fd >= 0 && write(fd, "x", 1) == 1 && read(fd, &st, 1) == 0);
	CHECK(t, !fstat(fd, &st) && S_ISCHR(st.st_mode));
	CHECK(t, dup2(fd, 40) == 40 && fcntl(40, F_GETFL) >= 0);
	CHECK(t, !close(40) && !close(fd));
	CHECK_ERR(t, fcntl(40, F_GETFL), EBADF);
	f = fopen("/dev/null", "w");
	CHECK(t, f && fprintf(f, "%d\n", 1) == 2 && !fclose(f));
}

static void check_time(struct tally *t)
{
	struct timespec ts = {0, 30000000};
	struct timeval tv;
	double start = now();

	CHECK(t, !nanosleep(&ts, NULL));
	CHECK(t, now() - start >= 0.03);
	ts.tv_nsec = 1000000000;
	CHECK_ERR(t, nanosleep(&ts, NULL), EINVAL);
	CHECK(t, !usleep(1000));
	CHECK(t, !gettimeofday(&tv, NULL) && tv.tv_usec < 1000000);
}

static void check_addresses(struct tally *t)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM}, *ai;
	struct in_addr in;
	char b[INET_ADDRSTRLEN];

	CHECK(t, inet_pton(AF_INET, "192.0.2.7", &in) == 1 && in.s_addr == htonl(0xc0000207));
	CHECK(t, inet_pton(AF_INET, "192.0.2", &in) == 0);
	CHECK(t, inet_pton(AF_INET, "192.0.2.256", &in) == 0);
	CHECK(t, inet_pton(AF_INET, "192.0.2.7 ", &in) == 0);
	CHECK(t, inet_aton("10.1", &in) && in.s_addr == htonl(0x0a000001));
	CHECK(t, inet_aton("0x7f.1", &in) && in.s_addr == htonl(0x7f000001));
	CHECK(t, !inet_aton("1.2.3.4.5", &in) && !inet_aton("1.256.3.4", &in));
	CHECK(t, inet_addr("1.2.3.4") == htonl(0x01020304));
	in.s_addr = htonl(0x01020304);
	CHECK(t, !strcmp(inet_ntoa(in), "1.2.3.4"));
	CHECK(t, !inet_ntop(AF_INET, &in, b, 7) && errno == ENOSPC);
	CHECK(t, !getaddrinfo("127.0.0.1", "53", &hints, &ai));
	CHECK(t, ai->ai_addrlen == sizeof(struct sockaddr_in) && ai->ai_socktype == SOCK_DGRAM &&
			 !ai->ai_next);
	freeaddrinfo(ai);
	hints.ai_flags = AI_NUMERICHOST;
	CHECK(t, getaddrinfo("host.invalid", "53", &hints, &ai) == EAI_NONAME);
	CHECK(t, getaddrinfo("127.0.0.1 ", "53", &hints, &ai) == EAI_NONAME);
	hints.ai_socktype = SOCK_RAW;
	CHECK(t, getaddrinfo("127.0.0.1", "53", &hints, &ai) == EAI_SERVICE);
}

/* A UDP socket bound to the loopback address and any port; its address in *addr. */
static int loopback_socket(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	*addr = (struct sockaddr_in){.sin_family = AF_INET,
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (fd >= 0 && !bind(fd, (struct sockaddr *)addr, len) &&
	    !getsockname(fd, (struct sockaddr *)addr, &len))
		return fd;
	return -1;
}

static void check_sockets(struct tally *t)
{
	struct sockaddr_in addr, from = {0};
	socklen_t len = sizeof(from);
	int fd = loopback_socket(&addr), n = 0;
	struct timeval tv = {0, 40000};
	double start;
	char b[64];

	CHECK(t, fd >= 0 && addr.sin_port);
	CHECK_ERR(t, socket(AF_INET, 99, 0), EINVAL);
	CHECK_ERR(t, recv(fd, b, 1, MSG_DONTWAIT), EAGAIN);
	CHECK(t, sendto(fd, "hello", 5, 0, (struct sockaddr *)&addr, sizeof(addr)) == 5);
	CHECK(t, !ioctl(fd, FIONREAD, &n) && n == 5);
	CHECK(t, recvfrom(fd, b, sizeof(b), MSG_PEEK, (struct sockaddr *)&from, &len) == 5);
	CHECK(t, len == sizeof(from) && from.sin_port == addr.sin_port);
	CHECK(t, recv(fd, b, 2, MSG_TRUNC) == 5 && b[1] == 'e');
	CHECK(t, !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	start = now();
	CHECK_ERR(t, recv(fd, b, 1, 0), EAGAIN);
	CHECK(t, now() - start >= 0.04);
	CHECK(t, !fcntl(fd, F_SETFL, O_NONBLOCK));
	CHECK_ERR(t, recv(fd, b, 1, 0), EAGAIN);
	CHECK_ERR(t, setsockopt(fd, SOL_SOCKET, 9999, &n, sizeof(n)), ENOPROTOOPT);
	CHECK_ERR(t, setsockopt(0, SOL_SOCKET, SO_BROADCAST, &n, sizeof(n)), ENOTSOCK);
	CHECK_ERR(t, listen(fd, 1), EOPNOTSUPP);
	CHECK_ERR(t, lseek(fd, 0, SEEK_SET), ESPIPE);
	CHECK(t, !close(fd));
}

/* A closed port on the other side is told to a connected socket, once. */
static void check_refused(struct tally *t)
{
	struct sockaddr_in addr;
	int closed = loopback_socket(&addr), fd = socket(AF_INET, SOCK_DGRAM, 0), err = 0;
	socklen_t len = sizeof(err);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char b[4];

	close(closed);
	CHECK(t, !connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	CHECK(t, send(fd, "x", 1, 0) == 1);
	CHECK(t, poll(&p, 1, 1000) == 1 && p.revents & POLLERR);
	CHECK(t, !getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) && err == ECONNREFUSED);
	CHECK(t, send(fd, "x", 1, 0) == 1);
	CHECK_ERR(t, recv(fd, b, 1, 0), ECONNREFUSED);
	close(fd);
}

/* Descriptors run out with an error, and come back. */
static void check_limits(struct tally *t)
{
	enum { MANY = 100000 };
	int first = dup(1), fd = first, i;

	for (i = 0; i < MANY && fd >= 0; i++)
		fd = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK(t, fd == -1 && (errno == EMFILE ||
			      errno == ENFILE)); /* how many sockets goes by memory */
	for (fd = 0; i < MANY && fd >= 0; i++)
		fd = dup(1);
	CHECK_ERR(t, dup(1), EMFILE);
	for (fd = first; fd < first + i; fd++)
		close(fd);
	CHECK(t, dup(1) == first && !close(first));
}

static void check_vectors(struct tally *t)
{
	struct sockaddr_in addr;
	int fd = loopback_socket(&addr);
	char abc[] = "abc", de[] = "de", a[3], b[3];
	struct iovec out[2] = {{abc, 3}, {de, 2}}, in[2] = {{a, 3}, {b, 3}};
	struct msghdr m = {.msg_iov = in, .msg_iovlen = 2};

	CHECK(t, !connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	CHECK(t, writev(fd, out, 2) == 5);
	CHECK(t, recvmsg(fd, &m, 0) == 5 && !memcmp(a, "abc", 3) && !memcmp(b, "de", 2));
	CHECK(t, write(fd, "xyz", 3) == 3 && read(fd, a, 3) == 3 && a[2] == 'z');
	close(fd);
}

static void check_poll(struct tally *t)
{
	struct sockaddr_in addr[2];
	int fd[2] = {loopback_socket(&addr[0]), loopback_socket(&addr[1])};
	struct pollfd p[3] = {{.fd = fd[0], .events = POLLIN},
			      {.fd = fd[1], .events = POLLIN | POLLOUT},
			      {.fd = -1, .events = POLLIN}};
	double start = now();
	char b;

	CHECK(t, poll(p, 1, 50) == 0);
	CHECK(t, now() - start >= 0.05 && now() - start < 2);
	CHECK(t, poll(p, 3, 0) == 1 && p[1].revents == POLLOUT && !p[2].revents);
	CHECK(t, sendto(fd[1], "x", 1, 0, (struct sockaddr *)&addr[0], sizeof(addr[0])) == 1);
	start = now();
	CHECK(t, poll(p, 1, 1000) == 1 && p[0].revents == POLLIN && now() - start < 0.9);
	CHECK(t, recv(fd[0], &b, 1, MSG_DONTWAIT) == 1);
	p[2].fd = 999;
	CHECK(t, poll(&p[2], 1, 1000) == 1 && p[2].revents == POLLNVAL);
	close(fd[0]);
	close(fd[1]);
}

static void check_select(struct tally *t)
{
	struct sockaddr_in addr;
	int fd = loopback_socket(&addr);
	struct timeval tv = {0, 50000};
	fd_set r, w;
	double start = now();

	FD_ZERO(&r);
	FD_SET(fd, &r);
	CHECK(t, select(fd + 1, &r, NULL, NULL, &tv) == 0 && !FD_ISSET(fd, &r));
	CHECK(t, now() - start >= 0.05);
	CHECK(t, sendto(fd, "x", 1, 0, (struct sockaddr *)&addr, sizeof(addr)) == 1);
	FD_ZERO(&w);
	FD_SET(fd, &r);
	FD_SET(fd, &w);
	CHECK(t, select(fd + 1, &r, &w, NULL, NULL) == 2 && FD_ISSET(fd, &r) && FD_ISSET(fd, &w));
	close(fd);
	FD_ZERO(&w);
	CHECK_ERR(t, select(fd + 1, &r, NULL, NULL, NULL), EBADF);
}

static int run_child(struct tally *t, const char *word, const char *suffix)
{
	char line[160];

	snprintf(line, sizeof(line), "%s child %s%s", t->self, word, suffix);
	return system(line);
}

/* Programs end with the status they say, alone; errno is each one's own. */
static void check_programs(struct tally *t)
{
	int i;

	CHECK(t, WEXITSTATUS(run_child(t, "exit", "")) == 7);
	CHECK(t, WEXITSTATUS(run_child(t, "atexit", "")) == 9);
	CHECK(t, WEXITSTATUS(run_child(t, "leak", "")) == 0);
	CHECK(t, run_child(t, "errno", " &") == 0);
	for (i = 0; i < 20; i++) {
		errno = EXDEV;
		usleep(2000);
		CHECK(t, errno == EXDEV);
	}
}

static void leave_with_9(void)
{
	_exit(9);
}

static int child(const char *word)
{
	int i;

	if (!strcmp(word, "exit"))
		exit(7);
	if (!strcmp(word, "atexit"))
		return atexit(leave_with_9);
	for (i = 0; !strcmp(word, "errno") && i < 30; i++) {
		errno = EDOM;
		usleep(1000);
		if (errno != EDOM)
			printf("libctest: errno of another program\n");
	}
	/* Ends with memory, descriptors and a FILE left open: they are taken back. */
	for (i = 0; !strcmp(word, "leak") && i < 20; i++)
		if (!malloc(1000) || socket(AF_INET, SOCK_DGRAM, 0) < 0 || !fopen("/dev/null", "w"))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	struct tally t = {.self = argv[0]};

	if (argc == 3 && !strcmp(argv[1], "child"))
		return child(argv[2]);
	check_printf(&t);
	check_string_printf(&t);
	check_memory(&t);
	check_files(&t);
	check_time(&t);
	check_addresses(&t);
	check_sockets(&t);
	check_refused(&t);
	check_vectors(&t);
	check_limits(&t);
	check_poll(&t);
	check_select(&t);
	check_programs(&t);
	return tally_end(&t);
}
