/* SPDX-License-Identifier: MIT */
/*
 * The control language: the one way to configure and inspect a stack. Commands are those of the
 * Linux tools (ip, sysctl, ss, nstat, arp ...), with their words, their output and their exit
 * status.
 */
#pragma once

#include "lib/types.h"

struct net;

/* Text out. write may be called with any split of the text. */
struct ctl_out {
	void (*write)(struct ctl_out *out, const char *text, size_t len);
};

/* Whoever may interrupt a command that goes on until then (conntrack -E). */
struct ctl_wait {
	/* What was written goes out; sleeps until wake() has been called since the last time. False: interrupted. */
	bool (*wait)(struct ctl_wait *w);
	/* Softirq. */
	void (*wake)(struct ctl_wait *w);
};

/*
 * Text in, all of it in memory: what net_ctl_input() asked for. text NULL: there is no such file.
 */
struct ctl_in {
	const char *text;
	size_t len;
	const char *name;      /* as net_ctl_input() gave it */
	struct ctl_wait *wait; /* NULL: commands that go on are refused */
};

/* printf to out (lib/fmt.h's formats). */
void ctl_printf(struct ctl_out *out, const char *fmt, ...) __printf(2, 3);

/*
 * Runs argv (argv[0] is the tool's name, with or without a path). Results go to out, complaints to
 * err (which may be the same). Returns the exit status that the Linux tool gives, or CTL_NOT_FOUND
 * (127) if there is no such tool. Either all of a command takes effect or nothing. Thread, softirqs
 * enabled; waits only by in->wait.
 */
int net_ctl(struct net *net, int argc, char *const argv[], const struct ctl_in *in,
	    struct ctl_out *out, struct ctl_out *err);

#define CTL_NOT_FOUND 127

void ctl_vprintf(struct ctl_out *out, const char *fmt, va_list ap) __printf(2, 0);

/*
 * The file that this command wants to read, as written ("-" is standard input, "/rules.v4"), NULL
 * if none: the caller puts its text into struct ctl_in, under the same name.
 */
const char *net_ctl_input(int argc, char *const argv[]);

/*
 * What `cat` of this file says on Linux: /proc/net/netfilter/nfnetlink_queue, and no other. False: there is no such file.
 */
bool net_ctl_file(struct net *net, const char *path, struct ctl_out *out);

/* For `help`: the n-th tool and one line on it; false after the last. */
bool net_ctl_tool(unsigned int n, const char **name, const char **summary);

/*
 * Splits a command line into words, in place: blanks separate; '...' "..." and \ quote; # begins a
 * comment at the start of a word. Returns the number of words, or -EINVAL with *where at the
 * offending character (an unclosed quote), or -E2BIG when more than max. argv[n] is NULL afterwards
 * (argv has max + 1).
 */
int ctl_split(char *line, char *argv[], int max, const char **where);

/*
 * The same, a token at a time, for lines with operators (single characters, unquoted): the caller's
 * grammar is built on it. Words are unquoted in place; token_at is where the last token began in
 * the line, or the quote that is not closed.
 */
struct ctl_lexer {
	char *at;
	const char *operators;
	const char *token_at;
	char op;
	char pending;
};

enum ctl_token { CTL_END, CTL_WORD, CTL_OPERATOR, CTL_UNCLOSED };

void ctl_lexer_init(struct ctl_lexer *lx, char *line, const char *operators);
enum ctl_token ctl_next_token(struct ctl_lexer *lx, char **word);
