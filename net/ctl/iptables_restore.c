/* SPDX-License-Identifier: MIT */
/*
 * iptables-restore: tables as text.
 *
 * A table is edited in a draft from its "*" to its COMMIT, which puts it in force as a whole; a line that fails
 * ends everything, and what was in force stays.
 *
 * --check FILE, which Linux has not, reads on after each complaint and tells all of them, with file, line and
 * column; nothing changes.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/ctl/getopt_tool.h"
#include "net/ctl/iptables_tool.h"
#include "net/platform.h"

#define LINE_MAX 10240 /* as iptables-restore's buffers */
#define WORD_MAX 1024

struct restore {
	struct ctl *c;
	struct ipt_cmd *cmd;
	const char *only; /* -T: this table and no other */
	bool counters, verbose, test, noflush, check;
	char table[32];
	bool in_table;
	struct ipt_draft *draft;
	u32 line;
	/* the words of a line, and where they began */
	int argc;
	const char *argv[IPT_MAX_ARGS + 1];
	u16 columns[IPT_MAX_ARGS + 1];
	char buf[LINE_MAX], words[LINE_MAX];
};

enum { RESTORE_CHECK = 1000 };

static const struct ctl_opt restore_opts[] = {
	{'c', "counters", CTL_ARG_NONE, false},
	{'v', "verbose", CTL_ARG_NONE, false},
	{'V', "version", CTL_ARG_NONE, false},
	{'t', "test", CTL_ARG_NONE, false},
	{'h', "help", CTL_ARG_NONE, false},
	{'n', "noflush", CTL_ARG_NONE, false},
	{'M', "modprobe", CTL_ARG_REQUIRED, false},
	{'T', "table", CTL_ARG_REQUIRED, false},
	{'w', "wait", CTL_ARG_LONG, false},
	{'W', "wait-interval", CTL_ARG_LONG, false},
	{RESTORE_CHECK, "check", CTL_ARG_NONE, CTL_OPT_OURS},
	{0, NULL, CTL_ARG_NONE, false},
};

/* -w and -W take the word behind them, if it is no option. */
static const char *take_seconds(struct ctl_getopt *g)
{
	if (!g->value && g->next < g->argc && g->argv[g->next][0] != '-' &&
	    g->argv[g->next][0] != '!')
		g->value = g->argv[g->next++];
	return g->value;
}

const char *iptables_restore_input(int argc, char *const argv[])
{
	struct ctl_getopt g = {.opts = restore_opts, .argc = argc, .argv = argv, .next = 1};
	const char *file = "-";
	int key;

	while ((key = ctl_getopt(NULL, &g)) != CTL_OPT_END) {
		if (key == CTL_OPT_ERROR || key == 'V' || key == 'h')
			return NULL;
		if (key == 'w' || key == 'W')
			(void)take_seconds(&g);
		if (key == CTL_OPT_OPERAND)
			file = g.value;
	}
	return file;
}

/* ---- complaints beside those of ipt_problem() */

/* Not about words: a line that failed; 1. */
static int line_failed(struct restore *r, const struct ipt_failure *why)
{
	if (r->check) {
		ctl_say(r->c, "%s:%u: ", r->c->in->name, r->line);
		if (why && why->where.rule)
			ctl_say(r->c, "rule %u of %s: ", why->where.rule, why->where.chain);
		ctl_say(r->c, "%s\n",
			!why                 ? "not a line of a table"
			: why->where.text[0] ? why->where.text
					     : why->text);
		r->cmd->findings++;
		return 0;
	}
	ctl_complain(r->c, "iptables-restore: line %u failed\n", r->line);
	return 1;
}

/* With --check a complaint is told, and that is all. */
static int gone_on(const struct restore *r, int err)
{
	return r->check ? 0 : err;
}

/* ---- lines */

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* The inside of "...", with \ before " and \; copied to *word. Returns its end, a quote or the line's. */
static const char *take_quoted(const char *c, char **word)
{
	for (; *c && *c != '"'; c++) {
		if (*c == '\\' && !*++c)
			break;
		*(*word)++ = *c;
	}
	return c;
}

/* Blanks separate; what is quoted ends a word. 0, or the complaint's status. */
static int split(struct restore *r, const char *at)
{
	char *word = r->words;

	for (const char *c = at;;) {
		while (is_blank(*c))
			c++;
		if (!*c)
			return 0;
		r->columns[r->argc] = c - r->buf + 1;
		r->argv[r->argc++] = word;
		while (*c && *c != '"' && !is_blank(*c))
			*word++ = *c++;
		if (*c == '"') {
			c = take_quoted(c + 1, &word);
			if (!*c && word == r->argv[r->argc - 1]) /* nothing behind the last quote */
				r->argc--;
			c += *c == '"';
		}
		*word++ = 0;
		if (word - r->argv[r->argc - 1] > WORD_MAX)
			return ipt_problem(r->cmd, "Parameter too long!");
		if (r->argc == IPT_MAX_ARGS)
			return ipt_problem(r->cmd, "Parser cannot handle more arguments\n");
	}
}

/* The first word of *at, between characters of ends; *at is then behind it. Like strtok(), it changes the text. */
static char *token_to(char **at, const char *ends)
{
	char *start = *at, *end;

	while (*start && strchr(ends, *start))
		start++;
	for (end = start; *end && !strchr(ends, *end);)
		end++;
	*at = *end ? end + 1 : end;
	*end = 0;
	return *start ? start : NULL;
}

static char *token(char **at)
{
	return token_to(at, " \t\n");
}

/* "[5:6]" */
static bool read_counters(const char *s, struct xt_counters *c)
{
	return *s == '[' && ipt_scan(s + 1, 10, &s, &c->packets) && *s == ':' &&
	       ipt_scan(s + 1, 10, &s, &c->bytes);
}

/* What -F and -X of everything would say. */
static void say_flushed(struct restore *r)
{
	for (int chains = 0; chains < 2; chains++) {
		for (u32 i = 0; i < r->draft->nr_chains; i++) {
			const struct ipt_chain *chain = r->draft->chains[i];

			if (!chains)
				ctl_say(r->c, "Flushing chain `%s'\n", chain->name);
			else if (chain->hook < 0)
				ctl_say(r->c, "Deleting chain `%s'\n", chain->name);
		}
	}
}

/* "*filter" */
static int begin_table(struct restore *r)
{
	char *at = r->buf + 1, *name = token(&at);
	int table;

	if (!name)
		return gone_on(r, ipt_problem(r->cmd, "%s: line %u table name invalid",
					      r->cmd->tool, r->line));
	strscpy(r->table, name, sizeof(r->table));
	if (r->only && strcmp(r->only, r->table) != 0)
		return 0;
	table = xt_table_find(name);
	if (table < 0 || ipt_draft_open(r->c->net, table, &r->draft))
		return gone_on(r, ipt_problem(r->cmd, "%s: unable to initialize table '%s'",
					      r->cmd->tool, name));
	r->cmd->draft = r->draft;
	r->in_table = true;
	r->cmd->changed = !r->noflush;
	if (!r->noflush) {
		if (r->verbose)
			say_flushed(r);
		ipt_draft_clear(r->draft);
	}
	return 0;
}

static int commit_table(struct restore *r)
{
	struct ipt_failure why;
	/* --test does not ask the kernel, on Linux either; --check does. */
	int err = r->test && !r->check ? 0 : ipt_cmd_commit(r->cmd, r->check, &why);

	ipt_draft_free(r->draft);
	r->draft = r->cmd->draft = NULL;
	r->in_table = false;
	return err ? line_failed(r, &why) : 0;
}

static int make_chain(struct restore *r, const char *name)
{
	struct ipt_chain *chain = ipt_find_chain(r->draft, name);
	bool verdict = !strcmp(name, "ACCEPT") || !strcmp(name, "DROP") || !strcmp(name, "QUEUE") ||
		       !strcmp(name, "RETURN");
	int err;

	r->cmd->changed = true;
	if (chain && r->noflush) {
		ipt_flush_chain(r->draft, chain);
		return 0;
	}
	err = verdict ? -EEXIST : ipt_new_chain(r->draft, name);
	return err ? ipt_problem(r->cmd, "error creating chain '%s':%s", name,
				 err == -EEXIST ? "File exists" : "Memory allocation problem")
		   : 0;
}

static int set_policy(struct restore *r, const char *name, const char *policy, char *at)
{
	struct ipt_chain *chain = ipt_find_chain(r->draft, name);
	struct xt_counters counters = {0, 0};
	const char *word;
	bool drop = !strcmp(policy, "DROP"), built_in = chain && chain->hook >= 0;

	if (r->counters) {
		word = token(&at);
		if (!word || !read_counters(word, &counters))
			return ipt_problem(r->cmd, "invalid policy counters for chain '%s'", name);
	}
	if (!built_in || (!drop && strcmp(policy, "ACCEPT") != 0)) {
		const char *why = built_in ? "Bad policy name" : "Bad built-in chain name";

		if (r->check)
			return ipt_problem(r->cmd, "Can't set policy `%s' on `%s': %s", policy,
					   name, why);
		ctl_complain(r->c,
			     "iptables-restore " IPT_VERSION
			     ": Can't set policy `%s' on `%s' line %u: %s\n",
			     policy, name, r->line, why);
		return 1;
	}
	r->cmd->changed = true;
	chain->policy = drop ? IPT_DROP : IPT_ACCEPT;
	chain->keep = false;
	chain->counters = counters;
	return 0;
}

/* ":INPUT DROP [0:0]", ":chain - [0:0]" */
static int chain_line(struct restore *r)
{
	char *at = r->buf + 1, *name = token(&at), *policy;
	struct ipt_chain *chain;
	int err = 0;

	if (!name)
		return ipt_problem(r->cmd, "%s: line %u chain name invalid", r->cmd->tool, r->line);
	if (strlen(name) >= XT_FUNCTION_MAXNAMELEN)
		return ipt_problem(r->cmd, "Invalid chain name `%s' (%u chars max)", name,
				   XT_FUNCTION_MAXNAMELEN - 1);
	chain = ipt_find_chain(r->draft, name);
	if (!chain || chain->hook < 0)
		err = make_chain(r, name);
	if (err)
		return err;
	policy = token(&at);
	if (!policy)
		return ipt_problem(r->cmd, "%s: line %u policy invalid", r->cmd->tool, r->line);
	return strcmp(policy, "-") != 0 ? set_policy(r, name, policy, at) : 0;
}

static void add_word(struct restore *r, const char *word)
{
	r->columns[r->argc] = 1;
	r->argv[r->argc++] = word;
}

/* "[5:6]" at the beginning, *at is then behind the first ]; the rest is as strtok() finds it. */
static int take_counters(struct restore *r, char **at)
{
	char *end = **at == '[' ? strchr(*at, ']') : NULL, *rest = *at + 1, *packets, *bytes;

	if (**at != '[')
		return 0;
	packets = end ? token_to(&rest, ":") : NULL;
	bytes = packets ? token_to(&rest, "]") : NULL;
	if (!bytes)
		return ipt_problem(r->cmd, "Bad line %u: need ]", r->line);
	if (r->counters) {
		add_word(r, "--set-counters");
		add_word(r, packets);
		add_word(r, bytes);
	}
	*at = end + 1;
	return 0;
}

/* "[5:6] -A INPUT ...": as if iptables -t TABLE -c 5 6 -A INPUT ... */
static int rule_line(struct restore *r)
{
	char *at = r->buf;
	struct ipt_failure why;
	u32 findings = r->cmd->findings;
	int err;

	r->argc = 0;
	add_word(r, r->cmd->tool);
	add_word(r, "-t");
	add_word(r, r->table);
	if (r->verbose && !r->noflush)
		add_word(r, "-v");
	err = take_counters(r, &at);
	if (!err)
		err = split(r, at);
	if (err)
		return err;
	err = ipt_cmd_parse(r->cmd, r->argc, r->argv);
	if (!err && r->cmd->findings != findings && r->cmd->command & (CMD_DELETE | CMD_CHECK))
		return 0;
	if (!err)
		err = ipt_cmd_do(r->cmd, &why);
	else if (err < 0)
		return 0;
	return err < 0 ? line_failed(r, &why) : err;
}

static int one_line(struct restore *r)
{
	char first = r->buf[0];

	if (first == '\n')
		return 0;
	if (first == '#') {
		if (r->verbose)
			ctl_say(r->c, "%s", r->buf);
		return 0;
	}
	if (first == '*' && !r->in_table)
		return begin_table(r);
	if (r->only && strcmp(r->only, r->table) != 0)
		return 0;
	if (!r->in_table)
		return line_failed(r, NULL);
	if (!strcmp(r->buf, "COMMIT\n"))
		return commit_table(r);
	return gone_on(r, first == ':' ? chain_line(r) : rule_line(r));
}

static int restore(struct restore *r)
{
	const char *at = r->c->in->text, *end = at + r->c->in->len;
	int err = 0;

	while (at < end && !err) {
		const char *newline = memchr(at, '\n', end - at);
		size_t len = newline ? (size_t)(newline - at + 1) : (size_t)(end - at);

		/* What is longer counts as several, there too. */
		len = min(len, sizeof(r->buf) - 1);
		memcpy(r->buf, at, len);
		r->buf[len] = 0;
		r->cmd->line = ++r->line;
		r->argc = 0;
		err = one_line(r);
		at += len;
	}
	if (!err && r->in_table) {
		ctl_complain(r->c, "iptables-restore: COMMIT expected at line %u\n", r->line + 1);
		err = 1;
	}
	return err;
}

/* ---- the command */

static void help(struct ctl *c)
{
	ctl_say(c, "iptables-restore " IPT_VERSION ", weir\n\n"
		   "Usage: iptables-restore [-c] [-n] [-t] [-v] [-T TABLE] [-w] [FILE]\n"
		   "       iptables-restore --check [FILE]\n\n"
		   "  -c, --counters   packets and bytes of [P:B] become those of the rules\n"
		   "  -n, --noflush    add to what is there\n"
		   "  -t, --test       read, change nothing\n"
		   "  -v, --verbose    tell what is done\n"
		   "  -T, --table      this table and no other\n"
		   "      --check      tell everything that weir would refuse, with line and "
		   "column\n");
}

/* 0, or 1 + the exit status: there is nothing to be read. */
static int read_options(struct restore *r, int argc, char *const argv[])
{
	struct ctl_getopt g = {.tool = "iptables-restore",
			       .opts = restore_opts,
			       .argc = argc,
			       .argv = argv,
			       .next = 1};
	int key, files = 0, waits = 0;

	while ((key = ctl_getopt(r->c, &g)) != CTL_OPT_END) {
		if (key == CTL_OPT_ERROR) {
			ctl_complain(r->c, "Try `iptables-restore -h' for more information.\n");
			return 2;
		}
		r->counters |= key == 'c';
		r->verbose |= key == 'v';
		r->test |= key == 't';
		r->noflush |= key == 'n';
		r->check |= key == RESTORE_CHECK;
		files += key == CTL_OPT_OPERAND;
		if (key == 'T')
			r->only = g.value;
		if (key == 'w' || key == 'W') {
			if (ipt_wait(r->cmd, key, take_seconds(&g)))
				return 3;
			waits |= key == 'W' ? 2 : 1;
		}
		if (key == 'V')
			ctl_say(r->c, "iptables-restore " IPT_VERSION "\n");
		if (key == 'h')
			help(r->c);
		if (key == 'V' || key == 'h')
			return 1;
	}
	if (files > 1) {
		ctl_complain(r->c, "Unknown arguments found on commandline\n");
		return 2;
	}
	if (waits == 2) {
		ctl_complain(r->c, "Option --wait-interval requires option --wait\n");
		return 2;
	}
	if (!r->c->in->text) {
		ctl_complain(r->c, "Can't open %s: No such file or directory\n", r->c->in->name);
		return 2;
	}
	return 0;
}

int iptables_restore_main(struct ctl *c, int argc, char *const argv[])
{
	struct restore *r = plat_alloc(sizeof(*r));
	int status;

	if (!r) {
		ctl_complain(c, "iptables-restore: out of memory\n");
		return 1;
	}
	memset(r, 0, offsetof(struct restore, argv));
	r->c = c;
	r->cmd = ipt_cmd_new(c, "iptables-restore");
	status = 1;
	if (r->cmd) {
		r->cmd->file = c->in->name;
		r->cmd->columns = r->columns;
		status = read_options(r, argc, argv);
		r->cmd->checking = r->check;
		status = status ? status - 1 : restore(r);
		if (r->check && r->cmd->findings)
			status = 1;
		ipt_draft_free(r->draft);
		ipt_cmd_free(r->cmd);
	}
	plat_free(r);
	return status;
}
