/* SPDX-License-Identifier: MIT */
/*
 * weir-tap: the stack in a process, on a Linux tap, in real time. For debugging, and for tests
 * without QEMU.
 *
 * 	weir-tap [-w FILE.pcap] [-v] TAP ['COMMAND; COMMAND ...']
 *
 * The tap becomes eth0, which is brought up. Then the commands run, then those that come on
 * standard input, one line each.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/host_dev.h"
#include "host/libweir.h"
#include "net/net.h"

#define MAX_LINE 4096
#define MAX_TEXT (1 << 20)
#define TICK     (100 * NSEC_PER_MSEC) /* how soon a signal is noticed */

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

struct session {
	struct host_source input;
	struct net *net;
	char line[MAX_LINE];
	size_t len;
};

static void command(struct net *net, const char *line)
{
	static char text[MAX_TEXT];
	int status = weir_ctl(net, line, text, sizeof(text));

	fputs(text, stdout);
	if (status)
		fprintf(stderr, "weir-tap: %s: exit status %d\n", line, status);
	fflush(stdout);
}

/*
 * Ends each command of the list with 0: at ; and newlines that are not quoted. Returns where the
 * next begins.
 */
static char *cut_command(char *p)
{
	char quote = 0;

	for (; *p; p++) {
		if (quote)
			quote = *p == quote ? 0 : quote;
		else if (*p == '\'' || *p == '"')
			quote = *p;
		else if (*p == '\\' && p[1])
			p++;
		else if (*p == ';' || *p == '\n')
			break;
	}
	if (!*p)
		return NULL;
	*p = 0;
	return p + 1;
}

static void commands(struct net *net, char *list)
{
	for (char *next; list; list = next) {
		next = cut_command(list);
		command(net, list);
	}
}

static bool read_commands(struct host_source *s)
{
	struct session *t = container_of(s, struct session, input);
	struct pollfd ready = {.fd = s->fd, .events = POLLIN};
	ssize_t n;
	char *end;

	if (s->fd < 0 || poll(&ready, 1, 0) <= 0)
		return false;
	n = read(s->fd, t->line + t->len, sizeof(t->line) - 1 - t->len);
	if (n <= 0) {
		s->fd = -1; /* the stack goes on */
		return false;
	}
	t->len += n;
	t->line[t->len] = 0;
	end = strrchr(t->line, '\n');
	if (end) {
		*end++ = 0;
		commands(t->net, t->line);
		t->len = strlen(end);
		memmove(t->line, end, t->len + 1);
	} else if (t->len == sizeof(t->line) - 1) {
		fprintf(stderr, "weir-tap: line too long\n");
		t->len = 0;
	}
	return true;
}

static struct port *open_port(const char *tap, const char *capture)
{
	struct port *port = port_tap(tap), *recorder;

	if (!port) {
		fprintf(stderr, "weir-tap: %s: %s\n", tap, strerror(errno));
		exit(1);
	}
	if (!capture)
		return port;
	recorder = port_pcap_record(port, capture);
	if (!recorder) {
		fprintf(stderr, "weir-tap: %s: %s\n", capture, strerror(errno));
		exit(1);
	}
	return recorder;
}

static void serve(struct net *net, char *list)
{
	static struct session session;

	session.net = net;
	session.input = (struct host_source){
		.pump = read_commands, .deadline = U64_MAX, .fd = STDIN_FILENO};
	host_source_add(&session.input);
	commands(net, list);
	while (!stop)
		host_advance(TICK);
	host_source_del(&session.input);
}

static int usage(void)
{
	fprintf(stderr, "usage: weir-tap [-v] [-w FILE.pcap] TAP ['COMMAND; COMMAND ...']\n");
	return 2;
}

int main(int argc, char **argv)
{
	char up[] = "ip link set eth0 up", nothing[] = "";
	const char *capture = NULL;
	struct net_device *dev;
	struct net *net;
	int opt;

	weir_init(0);
	weir_use_real_clock();
	while ((opt = getopt(argc, argv, "vw:")) != -1) {
		if (opt == 'v')
			host_log_level(7);
		else if (opt == 'w')
			capture = optarg;
		else
			return usage();
	}
	if (optind >= argc || argc - optind > 2)
		return usage();
	net = net_create();
	dev = net ? host_dev_add(net, open_port(argv[optind], capture), NULL) : NULL;
	if (!dev) {
		fprintf(stderr, "weir-tap: no memory\n");
		return 1;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	command(net, up);
	serve(net, optind + 1 < argc ? argv[optind + 1] : nothing);
	host_dev_remove(dev);
	net_destroy(net);
	return 0;
}
