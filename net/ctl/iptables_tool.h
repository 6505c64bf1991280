/* SPDX-License-Identifier: MIT */
/*
 * iptables' command line: what iptables and each line of iptables-restore are read into, by
 * iptables_args.c, and what is then done, by iptables_cmd.c.
 *
 * Texts and exit statuses are those of iptables-legacy 1.8.9: 2 for what is wrong with the words, 1 for what
 * is wrong with the tables, 3 for a table that is not there, 4 when somebody else was faster.
 */
#pragma once

#include "net/ctl/tool.h"
#include "net/ctl/xt_words.h"
#include "net/x_tables.h"

#define IPT_VERSION  "v1.8.9 (legacy)"
#define IPT_MAX_ARGS 255
#define IPT_DATA     288 /* of one match or target; the largest is comment's */

/* Commands, in Linux's order: the n-th has the n-th of these letters. */
#define IPT_CMD_LETTERS "IDDRALFZNXPESZC"
enum {
	CMD_INSERT = 1 << 0,
	CMD_DELETE = 1 << 1,
	CMD_DELETE_NUM = 1 << 2,
	CMD_REPLACE = 1 << 3,
	CMD_APPEND = 1 << 4,
	CMD_LIST = 1 << 5,
	CMD_FLUSH = 1 << 6,
	CMD_ZERO = 1 << 7,
	CMD_NEW_CHAIN = 1 << 8,
	CMD_DELETE_CHAIN = 1 << 9,
	CMD_SET_POLICY = 1 << 10,
	CMD_RENAME_CHAIN = 1 << 11,
	CMD_LIST_RULES = 1 << 12,
	CMD_ZERO_NUM = 1 << 13,
	CMD_CHECK = 1 << 14
};
#define CMD_RULE (CMD_INSERT | CMD_DELETE | CMD_REPLACE | CMD_APPEND | CMD_CHECK)

/* Options that may stand once; the n-th has the n-th letter. */
#define IPT_OPT_LETTERS "nsdpjvxio0cf"
enum {
	OPT_NUMERIC = 1 << 0,
	OPT_SOURCE = 1 << 1,
	OPT_DESTINATION = 1 << 2,
	OPT_PROTOCOL = 1 << 3,
	OPT_JUMP = 1 << 4,
	OPT_VERBOSE = 1 << 5,
	OPT_EXPANDED = 1 << 6,
	OPT_VIANAMEIN = 1 << 7,
	OPT_VIANAMEOUT = 1 << 8,
	OPT_LINENUMBERS = 1 << 9,
	OPT_COUNTERS = 1 << 10,
	OPT_FRAGMENT = 1 << 11
};

/* A match or the target, as far as it is told. */
struct ipt_loaded {
	const struct xt_words *words;
	const struct xt_ext *ext;
	u32 told;
	bool closed; /* the same match was asked for again: options go there */
	bool again;  /* ... and this is one that was; its options stay where the first put them */
	void *data;
};

struct ipt_addrs {
	const char *list; /* as written */
	u32 nr, room;
	struct {
		be32 addr, mask;
	} * at;
};

struct ipt_cmd {
	struct ctl *c;
	const char *tool; /* "iptables", "iptables-restore" */
	/* a line of a restore; 0: none */
	const char *file;
	u32 line;
	const u16 *columns; /* of the words */
	bool checking;      /* --check: complaints are findings */
	u32 findings;

	/* getopt */
	int argc, optind;
	const char *const *argv;
	const char *cluster, *arg;
	struct ipt_loaded *of; /* whose option it is */
	const struct xt_opt *opt;

	/* what was told */
	bool invert, keep_invert, table_told, go, proto_used, skipping;
	u32 command, options, verbose, rulenum, waits;
	const char *table, *chain, *newname, *policy, *jumpto;
	char proto_word[256];
	struct ipt_addrs src, dst;
	struct ipt_rule_spec spec;
	u32 nr_loaded;
	struct ipt_loaded loaded[IPT_MAX_MATCHES + 1]; /* in the order they were asked for */
	struct ipt_loaded *target;

	struct ipt_draft *draft;
	bool changed; /* the draft; else there is nothing to put in force, and policies keep their counters */
	u64 data[IPT_MAX_MATCHES + 1][IPT_DATA / 8];
};

/* Ready for a first command; the caller frees with ipt_cmd_free(). NULL: no memory, complained. */
struct ipt_cmd *ipt_cmd_new(struct ctl *c, const char *tool);
void ipt_cmd_free(struct ipt_cmd *cmd);

/* The next of cmd's words: what it is, a letter of iptables' own options or one of these; cmd->arg, of, opt are then about it. */
enum { WORDS_END = -1, WORD = 1, OPTION, OPTION_UNKNOWN = '?', OPTION_WITHOUT_ARG = ':' };
int ipt_next_word(struct ipt_cmd *cmd);

/* Reads words (argv[0] is skipped). 0, -1: done already (-h, -V), or the exit status of a complaint. */
int ipt_cmd_parse(struct ipt_cmd *cmd, int argc, const char *const argv[]);

/*
 * Does it in cmd->draft. 0, or why not: an exit status of a complaint, or -1 with *why, the reason as
 * iptables words it.
 */
struct ipt_failure {
	const char *text;
	bool dmesg; /* iptables recommends to look there */
	int err;
	struct ipt_why where; /* of a table that was refused; else where.rule is 0 */
};
int ipt_cmd_do(struct ipt_cmd *cmd, struct ipt_failure *why);
/* Errors of net/x_tables.h as reasons. */
int ipt_fail(struct ipt_failure *why, int err);

static inline int ipt_fail_if(struct ipt_failure *why, int err)
{
	return err ? ipt_fail(why, err) : 0;
}

/* The draft's changes come into force (or would). As ipt_cmd_do(). */
int ipt_cmd_commit(struct ipt_cmd *cmd, bool test, struct ipt_failure *why);

/* As scanf() reads numbers: base 0: "%i", 10: "%llu"; too large ones are the largest. False: none. *end unless NULL. */
bool ipt_scan(const char *s, unsigned int base, const char **end, u64 *v);

/* -w and -W (key) with what is told of them, or NULL: the tables are never held by anybody. 0 or 2. */
int ipt_wait(struct ipt_cmd *cmd, int key, const char *word);

/* "Couldn't load match `x'"; a complaint of status 2. */
int ipt_no_extension(struct ipt_cmd *cmd, bool target, const char *name);
int ipt_bad_table(struct ipt_cmd *cmd);

/* ---- iptables_show.c */

void ipt_show_list(struct ipt_cmd *cmd, const struct ipt_chain *chain);
/* What -v tells of a rule that is added. */
void ipt_show_rule(struct ipt_cmd *cmd, const struct ipt_rule *rule);
/* "-A CHAIN ..."; counters: 'v' as -S -v, 'c' as iptables-save -c, 0: none. */
void ipt_save_rule(struct ctl_out *out, const struct ipt_chain *chain, const struct ipt_rule *rule,
		   char counters);

int iptables_main(struct ctl *c, int argc, char *const argv[]);
int iptables_save_main(struct ctl *c, int argc, char *const argv[]);
int iptables_restore_main(struct ctl *c, int argc, char *const argv[]);
int xtables_multi_main(struct ctl *c, int argc, char *const argv[]);
const char *iptables_restore_input(int argc, char *const argv[]);
const char *xtables_multi_input(int argc, char *const argv[]);
