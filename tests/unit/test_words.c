/* SPDX-License-Identifier: MIT */
/*
 * The words of iptables and conntrack: the transcripts of tests/words (their form: tests/words/record.py), which
 * the Linux tools have answered, answered by weir.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/ctl.h"
#include "net/ctl/xt_words.h"
#include "net/x_tables.h"
#include "tests/unit/harness.h"

/* ---- text that grows */

struct text {
	struct ctl_out out;
	char *at;
	size_t len, room;
};

static void add(struct text *t, const char *s, size_t len)
{
	while (t->len + len + 1 > t->room) {
		t->room = t->room ? t->room * 2 : 4096;
		t->at = realloc(t->at, t->room);
		cr_assert(t->at);
	}
	memcpy(t->at + t->len, s, len);
	t->len += len;
	t->at[t->len] = 0;
}

static void add_string(struct text *t, const char *s)
{
	add(t, s, strlen(s));
}

static void write_text(struct ctl_out *out, const char *s, size_t len)
{
	add(container_of(out, struct text, out), s, len);
}

static void reset(struct text *t)
{
	t->out.write = write_text;
	t->len = 0;
	add(t, "", 0);
}

/* The date of "... on Sat Nov 21 15:41:26 2026" is left out. */
static size_t steady_length(const char *line, size_t len)
{
	static const char sample[] = " on Sat Nov 21 15:41:26 2026";
	size_t n = sizeof(sample) - 1;

	return len > n && line[0] == '#' && !strncmp(line + len - n, " on ", 4) ? len - n : len;
}

/* Lines of from with a mark before each. */
static void add_marked(struct text *t, char mark, const char *from)
{
	while (*from) {
		const char *newline = strchr(from, '\n');
		size_t len = newline ? (size_t)(newline - from) : strlen(from);
		size_t steady = steady_length(from, len);

		add(t, (char[]){mark, ' '}, 2);
		add(t, from, steady);
		add_string(t, steady < len ? " on DATE\n" : "\n");
		from += newline ? len + 1 : len;
	}
}

/* ---- commands */

struct run {
	struct net *net;
	struct text out, err, answer, feed;
	u32 commands, different;
};

static int run_words(struct run *r, int argc, char *argv[], const char *feed)
{
	struct ctl_in in = {.text = feed, .len = feed ? strlen(feed) : 0};

	reset(&r->out);
	reset(&r->err);
	in.name = net_ctl_input(argc, argv);
	if (in.name && strcmp(in.name, "-") != 0)
		in.text = NULL;
	else if (in.name && !feed)
		in.text = "";
	return net_ctl(r->net, argc, argv, in.name ? &in : NULL, &r->out.out, &r->err.out);
}

static int run_line(struct run *r, const char *line, const char *feed)
{
	char copy[1024], *argv[128];
	const char *where;
	int argc;

	cr_assert_lt(strlen(line), sizeof(copy));
	strcpy(copy, line);
	argc = ctl_split(copy, argv, ARRAY_SIZE(argv) - 1, &where);
	cr_assert_gt(argc, 0, "%s", line);
	return run_words(r, argc, argv, feed);
}

/* What needs connections is left out where the stack has none. */
static bool without_connections(struct run *r, const char *text)
{
	static const char *const names[] = {"-m conntrack",
					    "-m state",
					    "connmark",
					    "NAT",
					    "MASQUERADE",
					    "REDIRECT",
					    "NETMAP",
					    "CONNMARK",
					    "CT ",
					    "NOTRACK",
					    "-t nat",
					    "*nat",
					    "iptables-save\n",
					    "iptables-save -c\n"};
	if (xt_find_match("conntrack") && xt_find_target("SNAT"))
		return false;
	(void)r;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strstr(text, names[i]))
			return true;
	}
	return false;
}

static void empty_tables(struct run *r)
{
	static const char all[] =
		"*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n"
		"*mangle\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:FORWARD ACCEPT\n"
		":OUTPUT ACCEPT\n:POSTROUTING ACCEPT\nCOMMIT\n"
		"*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n"
		"*security\nCOMMIT\n";

	/* In the order in which Linux's were first used. */
	cr_assert_eq(run_line(r, "iptables-restore -T raw", all), 0, "%s", r->err.at);
	cr_assert_eq(run_line(r, "iptables-restore -T mangle", all), 0, "%s", r->err.at);
	if (xt_find_target("SNAT"))
		cr_assert_eq(run_line(r, "iptables-restore", "*nat\nCOMMIT\n"), 0);
	cr_assert_eq(run_line(r, "iptables-restore", all), 0, "%s", r->err.at);
}

/* -t NAME of a line; "filter". */
static void table_of(const char *line, char table[32])
{
	const char *at =
		strstr(line, " -t ") ? strstr(line, " -t ") + 4 : strstr(line, " --table ");

	strcpy(table, "filter");
	if (at && !strncmp(at, " --table ", 9))
		at += 9;
	if (at && strlen(at) > 1)
		sscanf(at, "%31s", table);
}

static bool is_heading(const char *line)
{
	return !*line || !strncmp(line, "Chain ", 6) || strstr(line, "target     prot opt ");
}

static void add_state(struct run *r, const char *line, bool names)
{
	static const char *const views[] = {"=-S", "|-nvL", "~-L"};
	char table[32], command[80], *save;

	table_of(line, table);
	for (size_t i = 0; i < ARRAY_SIZE(views) - !names; i++) {
		snprintf(command, sizeof(command), "iptables -t %s %s", table, views[i] + 1);
		run_line(r, command, NULL);
		for (char *l = strtok_r(r->out.at, "\n", &save); l;
		     l = strtok_r(NULL, "\n", &save)) {
			size_t len = strlen(l);

			if (*views[i] != '=' && is_heading(l))
				continue;
			if (*views[i] == '=' && !strncmp(l, "-P ", 3) && len > 7 &&
			    !strcmp(l + len - 7, " ACCEPT"))
				continue;
			add_marked(&r->answer, *views[i], l);
		}
	}
}

enum mode { FLOW, EACH, NAMES };

/* weir tells the place of what it has not, which Linux does not. */
static void drop_place(struct text *err)
{
	char *last;

	if (err->len < 9 || strcmp(err->at + err->len - 9, " in weir\n") != 0)
		return;
	err->at[err->len - 1] = 0;
	last = strrchr(err->at, '\n');
	err->at[last ? last + 1 - err->at : 0] = 0;
}

static void answer(struct run *r, const char *line, const char *feed, enum mode mode)
{
	char status[16];
	int code;

	if (mode != FLOW)
		empty_tables(r);
	code = run_line(r, line, feed);
	drop_place(&r->err);
	reset(&r->answer);
	add_marked(&r->answer, '>', r->out.at);
	add_marked(&r->answer, '!', r->err.at);
	snprintf(status, sizeof(status), "[%d]\n", code);
	if (code)
		add_string(&r->answer, status);
	if (mode != FLOW && !code)
		add_state(r, line, mode == NAMES);
}

/* ---- transcripts */

static char *read_all(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text;
	long len;

	cr_assert(f, "%s", path);
	fseek(f, 0, SEEK_END);
	len = ftell(f);
	rewind(f);
	text = malloc(len + 1);
	cr_assert_eq(fread(text, 1, len, f), (size_t)len);
	text[len] = 0;
	fclose(f);
	return text;
}

/* One step: "$ COMMAND" and what follows up to the next. Returns where that is. */
static const char *step(struct run *r, const char *at, enum mode mode)
{
	struct text want = {.at = NULL};
	char line[1024];
	const char *end = strchr(at, '\n');
	bool fed = false;

	snprintf(line, sizeof(line), "%.*s", (int)(end - at - 2), at + 2);
	reset(&want);
	reset(&r->feed);
	for (at = end + 1; *at && *at != '$' && *at != '#'; at = end + 1) {
		end = strchr(at, '\n');
		if (*at != '<') {
			add(&want, at, end - at + 1);
			continue;
		}
		fed = true;
		if (at[1] == ' ')
			add(&r->feed, at + 2, end - at - 1);
		else
			add_string(&r->feed, "\n");
	}
	if (without_connections(r, line) || without_connections(r, want.at) ||
	    without_connections(r, r->feed.at)) {
		free(want.at);
		return at;
	}
	answer(r, line, fed ? r->feed.at : NULL, mode);
	r->commands++;
	if (strcmp(want.at, r->answer.at) != 0) {
		fprintf(stderr, "$ %s\n--- Linux\n%s+++ weir\n%s", line, want.at, r->answer.at);
		r->different++;
	}
	free(want.at);
	return at;
}

static void transcript(const char *path)
{
	struct run r = {.net = stack_new()};
	char *text = read_all(path);
	const char *at = text;
	enum mode mode = FLOW;

	while (*at) {
		const char *end = strchr(at, '\n');

		if (!strncmp(at, "# tables ", 9) && !xt_find_target("SNAT")) {
			at = strstr(at, "\n# ") ? strstr(at, "\n# ") + 1 : strchr(at, 0);
		} else if (*at == '#') {
			mode = !strncmp(end - 5, " each", 5)    ? EACH
			       : !strncmp(end - 6, " names", 6) ? NAMES
								: FLOW;
			empty_tables(&r);
			at = end + 1;
		} else {
			at = step(&r, at, mode);
		}
	}
	cr_expect_eq(r.different, 0, "%u of %u commands of %s", r.different, r.commands, path);
	cr_expect_gt(r.commands, 10);
	free(text);
	free(r.out.at);
	free(r.err.at);
	free(r.answer.at);
	free(r.feed.at);
}

WEIR_TEST(words, rules)
{
	transcript("tests/words/rules.txt");
}

WEIR_TEST(words, commands)
{
	transcript("tests/words/commands.txt");
}

/* Odd ones, each of which was told apart once; and a part of what a generator made. */
WEIR_TEST(words, odd)
{
	transcript("tests/words/odd.txt");
}

WEIR_TEST(words, conntrack)
{
	transcript("tests/words/conntrack.txt");
}

/* ---- each option of each extension is in the transcripts, right and wrong */

/* Whether line has word between blanks, or before a = */
static bool says(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = line; at + n <= line + len; at++) {
		if ((at == line || at[-1] == ' ') && *at == *word && !memcmp(at, word, n) &&
		    (at + n == line + len || at[n] == ' ' || at[n] == '='))
			return true;
	}
	return false;
}

/* A command of a transcript. */
struct command {
	const char *line;
	u32 len;
	bool failed;
};

/* Those of text from the i-th place on; how many there are then. */
static u32 commands_of(const char *text, struct command *cmd, u32 i, u32 max)
{
	for (const char *end; *text; text = end + 1) {
		end = strchr(text, '\n');
		cr_assert(end && i < max);
		if (!strncmp(text, "$ ", 2))
			cmd[i++] = (struct command){text + 2, end - text - 2, false};
		else if (*text == '[' && i)
			cmd[i - 1].failed = true;
	}
	return i;
}

/* Counts commands that say -m or -j EXTENSION (or -p, of matches) and the option: those that succeeded, those that did not. */
static void count_said(const struct command *cmd, u32 count, const struct xt_words *w,
		       const char *option, u32 n[2])
{
	char with[40], by[40], word[40];

	snprintf(with, sizeof(with), "-%c %s", w->is_target ? 'j' : 'm', w->name);
	snprintf(by, sizeof(by), "%s %s", w->is_target ? "--jump" : "-p", w->name);
	snprintf(word, sizeof(word), "--%s", option);
	for (u32 i = 0; i < count; i++) {
		const struct command *c = &cmd[i];

		if (says(c->line, c->len, word) &&
		    (says(c->line, c->len, with) || says(c->line, c->len, by)))
			n[c->failed]++;
	}
}

/* Known, to be refused by name. */
static bool refused(const char *option)
{
	static const char *const names[] = {"log-uid",   "queue-cpu-fanout", "helper",
					    "timeout",   "ctevents",         "expevents",
					    "zone-orig", "zone-reply",       "zone"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(option, names[i]))
			return true;
	}
	return false;
}

WEIR_TEST(words, each_option_right_and_wrong)
{
	static struct command cmd[5000];
	char *texts[] = {read_all("tests/words/rules.txt"), read_all("tests/words/odd.txt")};
	u32 options = 0, count = commands_of(texts[0], cmd, 0, ARRAY_SIZE(cmd));

	count = commands_of(texts[1], cmd, count, ARRAY_SIZE(cmd));

	for (int target = 0; target < 2; target++) {
		const char *name;

		for (u32 i = 0; (name = xt_words_name(i, target)); i++) {
			const struct xt_words *w = *name ? xt_words_find(name, target) : NULL;

			for (u32 o = 0; w && o < w->nr_opts; o++, options++) {
				u32 n[2] = {0, 0};

				if (refused(w->opts[o].name))
					continue;
				count_said(cmd, count, w, w->opts[o].name, n);
				cr_expect(n[0] && n[1], "%s --%s: %u right, %u wrong", name,
					  w->opts[o].name, n[0], n[1]);
			}
		}
	}
	cr_expect_gt(options, 80);
	free(texts[0]);
	free(texts[1]);
}

/* ---- rulesets as programs write them: FILE restored and saved is FILE.saved */

static void ruleset(struct run *r, const char *name)
{
	char path[80], *rules, *saved;

	snprintf(path, sizeof(path), "tests/words/rulesets/%s.v4", name);
	rules = read_all(path);
	strcat(path, ".saved");
	saved = read_all(path);
	if (!without_connections(r, rules)) {
		empty_tables(r);
		cr_expect_eq(run_line(r, "iptables-restore --check", rules), 0, "%s: %s", name,
			     r->out.at);
		cr_expect_eq(run_line(r, "iptables-restore", rules), 0, "%s: %s", name, r->err.at);
		run_line(r, "iptables-save", NULL);
		/* Without the marks. */
		reset(&r->answer);
		add_marked(&r->answer, '>', r->out.at);
		reset(&r->feed);
		add_marked(&r->feed, '>', saved);
		if (xt_find_target("SNAT"))
			cr_expect_str_eq(r->answer.at, r->feed.at, "%s", name);
		else
			cr_expect(strstr(r->answer.at, "f2b-sshd -j RETURN"));
	}
	free(rules);
	free(saved);
}

static void run_free(struct run *r)
{
	free(r->out.at);
	free(r->err.at);
	free(r->answer.at);
	free(r->feed.at);
}

WEIR_TEST(words, rulesets)
{
	static const char *const names[] = {"docker", "kube-proxy", "openwrt",
					    "ufw",    "fail2ban",   "host"};
	struct run r = {.net = stack_new()};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		ruleset(&r, names[i]);
	run_free(&r);
}

WEIR_TEST(words, what_is_not_there_is_told_at_once)
{
	static const char rules[] =
		"*filter\n:INPUT DROP [0:0]\n"
		"-A INPUT -m foo --bar 3 -j ACCEPT\n"
		"-A INPUT -m connlimit --above 3 -m tcp -p tcp --dport 5 -j BAZ\n"
		"-A INPUT -p tcp --dport 99999\n"
		"-A INPUT -p tcp -j REJECT --reject-with nothing\n"
		"-A NOWHERE -j DROP\n"
		"-A INPUT -j NFQUEUE --queue-balance 1:2 --queue-cpu-fanout\n"
		"nonsense\nCOMMIT\n*nowhere\nCOMMIT\n"
		"*mangle\n-A INPUT\n-A INPUT -j TRACE\nCOMMIT\n";
	struct run r = {.net = stack_new()};

	cr_assert_eq(run_line(&r, "iptables -P INPUT ACCEPT", NULL), 0);
	cr_assert_eq(run_line(&r, "iptables-restore --check", rules), 1);
	cr_assert_str_eq(r.out.at, "-:3:13: there is no match `foo' in weir\n"
				   "-:4:13: there is no match `connlimit' in weir\n"
				   "-:4:60: there is no target `BAZ' in weir\n"
				   "-:5:25: invalid port/service `99999' specified\n"
				   "-:6:41: unknown reject type \"nothing\"\n"
				   "-:7: No chain/target/match by that name\n"
				   "-:8:41: there is no option `--queue-cpu-fanout' in weir\n"
				   "-:9:1: Bad argument `nonsense'\n"
				   "-:11:1: iptables-restore: unable to initialize table "
				   "'nowhere'\n"
				   "-:12: not a line of a table\n"
				   "-:16: rule 2 of INPUT: x_tables: ip_tables: TRACE target: "
				   "only valid in raw table, not mangle\n");
	cr_assert_eq(run_line(&r, "iptables -S INPUT", NULL), 0);
	cr_assert_str_eq(r.out.at, "-P INPUT ACCEPT\n");
	run_free(&r);
}

WEIR_TEST(words, missing_memory_changes_nothing)
{
	static const char rules[] = "*filter\n:INPUT DROP [0:0]\n:NEW - [0:0]\n"
				    "-A INPUT -p tcp --dport 5 -s 1.1.1.1,2.2.2.2 -j NEW\n"
				    "-A NEW -m recent --set -j LOG --log-prefix \"x y\"\nCOMMIT\n";
	static const char *const lines[] = {"iptables -A INPUT -s 1.2.3.4 -j DROP", "iptables -nvL",
					    "iptables-save", "iptables -D INPUT 1", "conntrack -L"};
	struct run r = {.net = NULL};

	FOR_EACH_FAILING_ALLOC
	{
		r.net = stack_new();
		if (!r.net)
			continue;
		(void)run_line(&r, "iptables-restore", rules);
		for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
			(void)run_line(&r, lines[i], NULL);
	}
	run_free(&r);
}
