/* SPDX-License-Identifier: MIT */
/*
 * weir-iptables: iptables, iptables-save and iptables-restore without a guest: rules in a file.
 *
 * 	build/iptables-restore --check rules.v4
 * 	WEIR_RULES=rules.v4 build/iptables -A INPUT -p tcp --dport 22 -j ACCEPT
 *
 * Called by the name of a tool it is that tool; called as weir-iptables, its first argument is. A stack is made
 * for the one command; the file $WEIR_RULES is restored into it before, and saved from it after, counters
 * included. Without WEIR_RULES the tables are empty before and forgotten after.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/libweir.h"
#include "net/ctl.h"

#define STATUS_FAILED 125 /* this program itself */

struct file_out {
	struct ctl_out out;
	FILE *f;
};

static void write_file(struct ctl_out *out, const char *text, size_t len)
{
	fwrite(text, 1, len, ((struct file_out *)out)->f);
}

/* All of f, to be freed; NULL: no memory, or it cannot be read. */
static char *read_all(FILE *f, size_t *len)
{
	size_t room = 1 << 16, n;
	char *text = malloc(room);

	*len = 0;
	while (text && (n = fread(text + *len, 1, room - *len, f)) > 0) {
		*len += n;
		if (*len == room) {
			char *more = realloc(text, room *= 2);

			if (!more)
				free(text);
			text = more;
		}
	}
	if (text && ferror(f)) {
		free(text);
		text = NULL;
	}
	return text;
}

static char *read_input(const char *name, size_t *len)
{
	FILE *f = strcmp(name, "-") != 0 ? fopen(name, "r") : stdin;
	char *text = f ? read_all(f, len) : NULL;

	if (f && f != stdin)
		fclose(f);
	return text;
}

static int run(struct net *net, int argc, char *argv[], FILE *to)
{
	struct file_out out = {{write_file}, to}, err = {{write_file}, stderr};
	struct ctl_in in = {.name = net_ctl_input(argc, argv)};
	char *text = in.name ? read_input(in.name, &in.len) : NULL;
	int status;

	in.text = text;
	status = net_ctl(net, argc, argv, in.name ? &in : NULL, &out.out, &err.out);
	free(text);
	return status;
}

/* 0, or a status; a file that is not there yet is empty. */
static int load(struct net *net, char *path)
{
	char tool[] = "iptables-restore", counters[] = "-c";
	char *argv[] = {tool, counters, path, NULL};

	if (access(path, F_OK) != 0 && errno == ENOENT)
		return 0;
	return run(net, 3, argv, stdout);
}

/* Beside the file, and then in its place. */
static int save(struct net *net, const char *path)
{
	char tool[] = "iptables-save", counters[] = "-c", beside[4096];
	char *argv[] = {tool, counters, NULL};
	FILE *f;
	int status;

	if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
		return STATUS_FAILED;
	f = fopen(beside, "w");
	status = f ? run(net, 2, argv, f) : STATUS_FAILED;
	if (f && fclose(f) != 0)
		status = STATUS_FAILED;
	if (!status && rename(beside, path) != 0)
		status = STATUS_FAILED;
	if (status)
		fprintf(stderr, "weir-iptables: %s: %s\n", beside, strerror(errno));
	return status;
}

int main(int argc, char *argv[])
{
	const char *slash = strrchr(argv[0], '/');
	char *rules = getenv("WEIR_RULES");
	struct net *net;
	int status = 0;

	if (!strcmp(slash ? slash + 1 : argv[0], "weir-iptables")) {
		argc--;
		argv++;
	}
	if (argc < 1) {
		fputs("usage: weir-iptables iptables|iptables-save|iptables-restore ...\n"
		      "The rules are those of the file $WEIR_RULES.\n",
		      stderr);
		return STATUS_FAILED;
	}
	weir_init(1);
	weir_use_real_clock();
	net = weir_stack_new();
	if (!net)
		return STATUS_FAILED;
	if (rules)
		status = load(net, rules);
	if (!status)
		status = run(net, argc, argv, stdout);
	if (!status && rules)
		status = save(net, rules);
	weir_stack_free(net);
	return status;
}
