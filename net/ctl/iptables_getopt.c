/* SPDX-License-Identifier: MIT */
/*
 * iptables' words one by one, as getopt_long() has them: clustered, shortened, with = or without. Options of matches
 * and targets are known only once -m, -j or -p has named them, so the list of options grows while it is read: the
 * extension asked for last comes first.
 */
#include "lib/string.h"
#include "net/ctl/iptables_tool.h"

enum { ARG_NONE, ARG_REQUIRED, ARG_OPTIONAL };

static const struct base_opt {
	char key;
	u8 arg;
	const char *name;
} base_opts[] = {
	/* the usual first: a file of rules has thousands of them */
	{'A', ARG_REQUIRED, "append"},
	{'j', ARG_REQUIRED, "jump"},
	{'s', ARG_REQUIRED, "source"},
	{'d', ARG_REQUIRED, "destination"},
	{'p', ARG_REQUIRED, "protocol"},
	{'m', ARG_REQUIRED, "match"},
	{'t', ARG_REQUIRED, "table"},
	{'i', ARG_REQUIRED, "in-interface"},
	{'o', ARG_REQUIRED, "out-interface"},
	{'c', ARG_REQUIRED, "set-counters"},
	{'D', ARG_REQUIRED, "delete"},
	{'C', ARG_REQUIRED, "check"},
	{'I', ARG_REQUIRED, "insert"},
	{'R', ARG_REQUIRED, "replace"},
	{'L', ARG_OPTIONAL, "list"},
	{'S', ARG_OPTIONAL, "list-rules"},
	{'F', ARG_OPTIONAL, "flush"},
	{'Z', ARG_OPTIONAL, "zero"},
	{'N', ARG_REQUIRED, "new-chain"},
	{'X', ARG_OPTIONAL, "delete-chain"},
	{'E', ARG_REQUIRED, "rename-chain"},
	{'P', ARG_REQUIRED, "policy"},
	{'s', ARG_REQUIRED, "src"},
	{'d', ARG_REQUIRED, "dst"},
	{'n', ARG_NONE, "numeric"},
	{'v', ARG_NONE, "verbose"},
	{'w', ARG_OPTIONAL, "wait"},
	{'W', ARG_OPTIONAL, "wait-interval"},
	{'x', ARG_NONE, "exact"},
	{'f', ARG_NONE, "fragments"},
	{'V', ARG_NONE, "version"},
	{'h', ARG_OPTIONAL, "help"},
	{'0', ARG_NONE, "line-numbers"},
	{'M', ARG_REQUIRED, "modprobe"},
	{'g', ARG_REQUIRED, "goto"},
	{'4', ARG_NONE, "ipv4"},
	{'6', ARG_NONE, "ipv6"},
};

struct long_search {
	const char *name;
	size_t len;
	const struct base_opt *base;
	struct ipt_loaded *of;
	const struct xt_opt *opt;
	bool exact, ambiguous;
};

/* Another candidate, with the same first letter; an exact one ends the search. */
static bool consider(struct long_search *s, const char *name, const struct base_opt *base,
		     struct ipt_loaded *of, const struct xt_opt *opt)
{
	bool other;

	if (strncmp(name, s->name, s->len) != 0)
		return false;
	s->exact = !name[s->len];
	other = base ? !s->base || s->base->key != base->key : s->of != of || s->opt->id != opt->id;
	s->ambiguous |= (s->base || s->opt) && other;
	if (s->exact || !(s->base || s->opt)) {
		s->base = base;
		s->of = of;
		s->opt = opt;
	}
	return s->exact;
}

/* Of matches of one name the one that was asked for last: who gets their options. */
static struct ipt_loaded *latest(struct ipt_loaded *l)
{
	const struct xt_words *words = l->words;

	while (l->closed || l->words != words)
		l++;
	return l;
}

static void search_long(struct ipt_cmd *cmd, struct long_search *s)
{
	for (const struct base_opt *b = base_opts; b < base_opts + ARRAY_SIZE(base_opts); b++) {
		if (*b->name == *s->name && consider(s, b->name, b, NULL, NULL))
			return;
	}
	for (u32 i = cmd->nr_loaded; i-- > 0;) {
		struct ipt_loaded *l = &cmd->loaded[i];
		const struct xt_opt *o = l->words->opts, *end = o + l->words->nr_opts;

		for (; o < end && !l->again; o++) {
			if (*o->name == *s->name && consider(s, o->name, NULL, latest(l), o))
				return;
		}
	}
}

static int take_arg(struct ipt_cmd *cmd, u8 kind, const char *attached, int found)
{
	cmd->arg = attached;
	if (attached && kind == ARG_NONE)
		return OPTION_UNKNOWN;
	if (attached || kind != ARG_REQUIRED)
		return found;
	if (cmd->optind == cmd->argc)
		return OPTION_WITHOUT_ARG;
	cmd->arg = cmd->argv[cmd->optind++];
	return found;
}

static int take_long(struct ipt_cmd *cmd, const char *word)
{
	const char *equals = strchr(word, '=');
	struct long_search s = {.name = word,
				.len = equals ? (size_t)(equals - word) : strlen(word)};

	search_long(cmd, &s);
	if ((!s.base && !s.opt) || (s.ambiguous && !s.exact))
		return OPTION_UNKNOWN;
	cmd->of = s.of;
	cmd->opt = s.opt;
	if (s.base)
		return take_arg(cmd, s.base->arg, equals ? equals + 1 : NULL, s.base->key);
	return take_arg(cmd, s.opt->type == XTTYPE_NONE ? ARG_NONE : ARG_REQUIRED,
			equals ? equals + 1 : NULL, OPTION);
}

static int take_short(struct ipt_cmd *cmd)
{
	char letter = *cmd->cluster++;
	const char *rest = *cmd->cluster ? cmd->cluster : NULL;
	const struct base_opt *o = base_opts;

	while (o < base_opts + ARRAY_SIZE(base_opts) && (o->key != letter || letter == '0'))
		o++;
	cmd->optind += !rest;
	if (o == base_opts + ARRAY_SIZE(base_opts))
		return OPTION_UNKNOWN;
	cmd->arg = NULL;
	if (o->arg == ARG_NONE)
		return letter;
	cmd->cluster = NULL;
	cmd->optind += rest != NULL;
	return take_arg(cmd, o->arg, rest, letter);
}

int ipt_next_word(struct ipt_cmd *cmd)
{
	const char *word;

	if (cmd->cluster && *cmd->cluster)
		return take_short(cmd);
	if (cmd->optind >= cmd->argc)
		return WORDS_END;
	word = cmd->argv[cmd->optind];
	if (word[0] == '-' && word[1] && word[1] != '-') {
		cmd->cluster = word + 1;
		return take_short(cmd);
	}
	cmd->optind++;
	if (word[0] != '-' || !word[1]) {
		cmd->arg = word;
		return WORD;
	}
	return word[2] ? take_long(cmd, word + 2) : WORDS_END;
}
