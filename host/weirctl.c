/* SPDX-License-Identifier: MIT */
/*
 * weirctl: runs a command in a weir guest, over the control channel's Unix socket.
 *
 * Standard input goes to the command when it asks for it, standard output and error come from it,
 * and its exit status is weirctl's. Called through a link named ip, sysctl, ss ... it is that tool,
 * and the socket is $WEIRCTL_SOCKET.
 *
 * Protocol: docs/CONTROL-CHANNEL.md, frames: lib/ctl_frame.h.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/byteorder.h"
#include "lib/ctl_frame.h"

#define STATUS_TIMEOUT 124 /* as timeout(1) */
#define STATUS_FAILED  125 /* weirctl itself */

#define WAIT_DEFAULT_MS 10000
#define HELLO_EVERY_MS  500

static const char help_text[] =
	"usage: weirctl [-w SECONDS] [-t SECONDS] SOCKET COMMAND [ARGUMENT]...\n"
	"\n"
	"Runs a command in the weir guest whose control channel is the Unix socket SOCKET\n"
	"(./run.sh --ctl SOCKET). Its input, output and exit status are those of weirctl.\n"
	"\n"
	"  -w SECONDS  wait so long for the guest to answer (default 10); with -w also for\n"
	"              the socket to appear\n"
	"  -t SECONDS  end the command after so long\n"
	"\n"
	"Called through a link of another name (ln -s weirctl ip) it runs that command; the\n"
	"socket's name is then taken from the environment: WEIRCTL_SOCKET=/tmp/w.sock ./ip addr\n"
	"\n"
	"Examples: weirctl /tmp/w.sock ip route\n"
	"          weirctl /tmp/w.sock sh -c 'ip addr flush dev eth0; ip addr'\n"
	"          weirctl /tmp/w.sock help\n"
	"\n"
	"Exit status: the command's; 124 after -t; 125 when weirctl itself fails.\n";

/* Output on its way to our own standard output or error. */
struct chunk {
	struct chunk *next;
	int fd;
	size_t len, done;
	u8 data[CTL_FRAME_PAYLOAD];
};

struct session {
	const char *path;
	int fd;
	u16 tag;
	bool wait_for_socket;
	long wait_ms, limit_ms; /* limit_ms 0: none */
	long started;           /* now_ms() */
	struct ctl_parser parser;
	struct ctl_frame frame;
	bool welcome, input_ended;
	u32 input_credit;
	struct chunk *first,
		**last; /* output, in the order it came; what is written earns credit */
	u64 skipped;    /* bytes of no frame before the guest answered */
	int status;     /* the command's; -1: it still runs */
};

static volatile sig_atomic_t interrupts;

static void on_signal(int number)
{
	(void)number;
	interrupts++;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("weirctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(STATUS_FAILED);
}

/* ---- the socket */

static void send_bytes(struct session *s, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n = send(s->fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail("%s: the connection broke (%s): has the guest ended?", s->path,
			     strerror(errno));
		at += n;
		len -= n;
	}
}

static void send_frame(struct session *s, enum ctl_frame_type type, const void *data, size_t len)
{
	u8 buf[CTL_FRAME_MAX];

	send_bytes(s, buf, ctl_frame_build(buf, type, s->tag, data, len));
}

static void __attribute__((noreturn)) fail_to_connect(const char *path, int err)
{
	switch (err) {
	case ENOENT:
		fail("%s: no such socket; start the guest with ./run.sh --ctl %s", path, path);
	case ECONNREFUSED:
		fail("%s: nobody listens there any more; start the guest again", path);
	case EACCES:
		fail("%s: not allowed; run weirctl as the user who started the guest", path);
	default:
		fail("%s: %s", path, strerror(err));
	}
}

static void connect_session(struct session *s)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	if (strlen(s->path) >= sizeof(addr.sun_path))
		fail("%s: a socket's name has at most %zu characters; use a shorter path", s->path,
		     sizeof(addr.sun_path) - 1);
	strcpy(addr.sun_path, s->path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		fail("no socket: %s", strerror(errno));
	while (connect(s->fd, (const struct sockaddr *)&addr, sizeof(addr))) {
		int err = errno;

		if (!s->wait_for_socket || (err != ENOENT && err != ECONNREFUSED) ||
		    now_ms() - s->started > s->wait_ms)
			fail_to_connect(s->path, err);
		usleep(20000);
	}
}

/* ---- what the guest says */

/*
 * Output is queued, so that the socket is always read: a serial port that cannot get rid of a byte
 * drops it. The credit bounds the queue.
 */
static void queue_output(struct session *s, int fd, const u8 *data, size_t len)
{
	struct chunk *c = malloc(sizeof(*c));

	if (!c)
		fail("out of memory");
	c->next = NULL;
	c->fd = fd;
	c->len = len;
	c->done = 0;
	memcpy(c->data, data, len);
	*s->last = c;
	s->last = &c->next;
}

/* Writes some of the oldest chunk; its descriptor is ready. */
static void write_output(struct session *s)
{
	struct chunk *c = s->first;
	ssize_t n;
	u8 credit[4];

	if (!c)
		return;
	n = write(c->fd, c->data + c->done, c->len - c->done);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0)
		fail("cannot write the command's output: %s", strerror(errno));
	c->done += n;
	if (c->done < c->len)
		return;
	put_unaligned_be32(CTL_FRAME_HEADER + c->len, credit);
	s->first = c->next;
	if (!s->first)
		s->last = &s->first;
	free(c);
	send_frame(s, CTL_CREDIT, credit, sizeof(credit));
}

static void handle_frame(struct session *s)
{
	const struct ctl_frame *f = &s->frame;

	if (f->tag != s->tag)
		return;
	switch (f->type) {
	case CTL_WELCOME:
		s->welcome = true;
		s->skipped = s->parser.skipped;
		break;
	case CTL_OUT:
	case CTL_ERR:
		queue_output(s, f->type == CTL_OUT ? STDOUT_FILENO : STDERR_FILENO, f->data,
			     f->len);
		break;
	case CTL_CREDIT:
		if (f->len == 4)
			s->input_credit += get_unaligned_be32(f->data);
		break;
	case CTL_EXIT:
		if (f->len == 1)
			s->status = f->data[0];
		break;
	}
}

static void receive(struct session *s)
{
	u8 buf[4096];
	const u8 *data = buf;
	ssize_t n = recv(s->fd, buf, sizeof(buf), 0);
	size_t len = n;

	if (n < 0 && errno == EINTR)
		return;
	if (n < 0)
		fail("%s: %s", s->path, strerror(errno));
	if (!n)
		fail("%s: the guest ended before the command did", s->path);
	while (ctl_parser_feed(&s->parser, &data, &len, &s->frame))
		handle_frame(s);
	if (s->welcome && s->parser.skipped != s->skipped)
		fail("%s: the line lost or damaged something of the command's output; run it "
		     "again",
		     s->path);
}

/* ---- what we say */

/* Some more of standard input, as the guest has room for. */
static void pass_input(struct session *s)
{
	u8 buf[CTL_FRAME_PAYLOAD];
	size_t room = s->input_credit < sizeof(buf) ? s->input_credit : sizeof(buf);
	ssize_t n = read(STDIN_FILENO, buf, room);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		s->input_ended = true;
		send_frame(s, CTL_INPUT_END, NULL, 0);
		return;
	}
	s->input_credit -= n;
	send_frame(s, CTL_INPUT, buf, n);
}

static void send_request(struct session *s, int argc, char *const argv[])
{
	size_t total = 0;

	for (int i = 0; i < argc; i++)
		total += strlen(argv[i]) + 1;
	if (total > CTL_ARGS_MAX)
		fail("the command is too long (%zu of %u bytes); pass data on standard input",
		     total, CTL_ARGS_MAX);
	for (int i = 0; i < argc; i++) {
		const char *at = argv[i];
		size_t left = strlen(at) + 1;

		while (left) {
			size_t n = left < CTL_FRAME_PAYLOAD ? left : CTL_FRAME_PAYLOAD;

			send_frame(s, CTL_ARGS, at, n);
			at += n;
			left -= n;
		}
	}
	send_frame(s, CTL_RUN, NULL, 0);
}

/* Waits at most ms (-1: for ever) for something to happen, and deals with it. */
static void step(struct session *s, long ms)
{
	bool input = s->input_credit && !s->input_ended;
	struct pollfd fds[3] = {
		{.fd = s->status < 0 ? s->fd : -1, .events = POLLIN},
		{.fd = input ? STDIN_FILENO : -1, .events = POLLIN},
		{.fd = s->first ? s->first->fd : -1, .events = POLLOUT},
	};

	if (poll(fds, 3, ms) <= 0)
		return;
	if (fds[0].revents)
		receive(s);
	if (fds[1].revents)
		pass_input(s);
	if (fds[2].revents)
		write_output(s);
}

static void say_hello(struct session *s)
{
	static const u8 preamble[CTL_FRAME_PREAMBLE];
	long deadline = now_ms() + s->wait_ms, next = 0;

	send_bytes(s, preamble, sizeof(preamble));
	while (!s->welcome) {
		if (now_ms() > deadline)
			fail("%s: no answer within %ld s: the guest has not come up yet (-w "
			     "SECONDS waits longer), or somebody else is connected",
			     s->path, s->wait_ms / 1000);
		if (interrupts)
			exit(128 + SIGINT);
		if (now_ms() >= next) {
			send_frame(s, CTL_HELLO, NULL, 0);
			next = now_ms() + HELLO_EVERY_MS;
		}
		step(s, HELLO_EVERY_MS);
	}
}

/* Until the command has ended; gives its status. */
static int run(struct session *s)
{
	long deadline = s->limit_ms ? now_ms() + s->limit_ms : 0;
	int passed_on = 0;

	while (s->status < 0 || s->first) {
		long left = deadline ? deadline - now_ms() : -1;

		if (deadline && left <= 0) {
			send_frame(s, CTL_INTERRUPT, NULL, 0);
			fprintf(stderr, "weirctl: ended after %ld s\n", s->limit_ms / 1000);
			return STATUS_TIMEOUT;
		}
		if (interrupts > passed_on) {
			if (passed_on++)
				return 128 + SIGINT;
			send_frame(s, CTL_INTERRUPT, NULL, 0);
		}
		step(s, left);
	}
	return s->status;
}

/* ---- the command line */

static long seconds(const char *option, const char *word)
{
	char *end;
	double v = word ? strtod(word, &end) : 0;

	if (!word || end == word || *end || !(v > 0) || v > 1e6)
		fail("%s needs a number of seconds; weirctl --help tells more", option);
	return v * 1000;
}

/* Options and socket; the index of the command. */
static int parse_options(struct session *s, int argc, char *argv[])
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			fputs(help_text, stdout);
			exit(0);
		} else if (!strcmp(argv[i], "-t")) {
			s->limit_ms = seconds("-t", argv[i + 1]);
			i++;
		} else if (!strcmp(argv[i], "-w")) {
			s->wait_ms = seconds("-w", argv[i + 1]);
			s->wait_for_socket = true;
			i++;
		} else {
			fail("unknown option '%s'; weirctl --help lists them", argv[i]);
		}
	}
	if (i == argc)
		fail("which socket? weirctl --help tells more");
	s->path = argv[i++];
	if (i == argc)
		fail("which command? `weirctl %s help` lists them", s->path);
	return i;
}

int main(int argc, char *argv[])
{
	struct session s = {.wait_ms = WAIT_DEFAULT_MS, .last = &s.first, .status = -1};
	const char *slash = strrchr(argv[0], '/');
	char *name = slash ? argv[0] + (slash + 1 - argv[0]) : argv[0];
	struct sigaction sa = {.sa_handler = on_signal};
	int command = 0;

	s.started = now_ms();
	if (!strcmp(name, "weirctl")) {
		command = parse_options(&s, argc, argv);
	} else {
		argv[0] = name;
		s.path = getenv("WEIRCTL_SOCKET");
		if (!s.path)
			fail("called as '%s', but WEIRCTL_SOCKET does not name the control "
			     "channel's socket; set it to what ./run.sh --ctl was given",
			     name);
	}
	s.tag = getpid() ^ s.started;
	ctl_parser_init(&s.parser);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	connect_session(&s);
	say_hello(&s);
	send_request(&s, argc - command, argv + command);
	return run(&s);
}
