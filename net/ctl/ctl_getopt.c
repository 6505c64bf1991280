/* SPDX-License-Identifier: MIT */
/*
 * Options as GNU getopt_long reads them: clustered, anywhere among the operands, long ones
 * shortened.
 */
#include "lib/string.h"
#include "net/ctl/getopt_tool.h"

/* c may be NULL: who goes through the words a second time has seen the complaints. */
static int __printf(2, 3) opt_error(struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	if (c) {
		va_start(ap, fmt);
		ctl_vprintf(c->err, fmt, ap);
		va_end(ap);
	}
	return CTL_OPT_ERROR;
}

static bool shortens(const struct ctl_opt *o, const char *name, size_t len)
{
	return o->name && !strncmp(o->name, name, len) &&
	       (o->long_only != CTL_OPT_OURS || !o->name[len]);
}

/* The option whose long name word (up to '=') shortens; exact names first. *many: there are others. */
static const struct ctl_opt *find_long(const struct ctl_getopt *g, const char *name, size_t len,
				       bool *many)
{
	const struct ctl_opt *found = NULL;

	*many = false;
	for (const struct ctl_opt *o = g->opts; o->key; o++) {
		if (!shortens(o, name, len))
			continue;
		if (!o->name[len]) {
			*many = false;
			return o;
		}
		*many |= found != NULL;
		found = o;
	}
	return found;
}

static int ambiguous(struct ctl *c, const struct ctl_getopt *g, const char *word, size_t len)
{
	opt_error(c, "%s: option '%s' is ambiguous; possibilities:", g->tool, word);
	for (const struct ctl_opt *o = g->opts; o->key; o++) {
		if (shortens(o, word + 2, len))
			opt_error(c, " '--%s'", o->name);
	}
	return opt_error(c, "\n");
}

static int take_long(struct ctl *c, struct ctl_getopt *g, const char *word)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	bool many;
	const struct ctl_opt *o = find_long(g, name, len, &many);

	if (many)
		return ambiguous(c, g, word, len);
	if (!o)
		return opt_error(c, "%s: unrecognized option '%s'\n", g->tool, word);
	g->value = equals ? equals + 1 : NULL;
	if (equals && o->arg == CTL_ARG_NONE) {
		return opt_error(c, "%s: option '--%s' doesn't allow an argument\n", g->tool,
				 o->name);
	}
	if (!equals && o->arg == CTL_ARG_REQUIRED) {
		if (g->next == g->argc) {
			return opt_error(c, "%s: option '--%s' requires an argument\n", g->tool,
					 o->name);
		}
		g->value = g->argv[g->next++];
	}
	return o->key;
}

static int take_short(struct ctl *c, struct ctl_getopt *g)
{
	char letter = *g->cluster++;
	const struct ctl_opt *o = g->opts;

	while (o->key && o->key != letter)
		o++;
	if (!o->key || o->long_only)
		return opt_error(c, "%s: invalid option -- '%c'\n", g->tool, letter);
	g->value = NULL;
	if (o->arg == CTL_ARG_NONE || o->arg == CTL_ARG_LONG)
		return o->key;
	if (*g->cluster) {
		g->value = g->cluster;
	} else if (o->arg == CTL_ARG_REQUIRED) {
		if (g->next == g->argc) {
			return opt_error(c, "%s: option requires an argument -- '%c'\n", g->tool,
					 letter);
		}
		g->value = g->argv[g->next++];
	}
	g->cluster = "";
	return o->key;
}

int ctl_getopt(struct ctl *c, struct ctl_getopt *g)
{
	const char *word;

	if (g->cluster && *g->cluster)
		return take_short(c, g);
	if (g->next >= g->argc)
		return CTL_OPT_END;
	word = g->argv[g->next++];
	if (!g->operands_only && !strcmp(word, "--")) {
		g->operands_only = true;
		return ctl_getopt(c, g);
	}
	if (g->operands_only || word[0] != '-' || !word[1]) {
		g->value = word;
		return CTL_OPT_OPERAND;
	}
	if (word[1] == '-')
		return take_long(c, g, word);
	g->cluster = word + 1;
	return take_short(c, g);
}
