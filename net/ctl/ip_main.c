/* SPDX-License-Identifier: MIT */
/*
 * ip: options and objects. Words may be shortened as iproute2 allows; what weir has no object for
 * is unknown by name.
 *
 * Source: ip(8) of iproute2 6.1, and its behaviour.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/core/net_namespace.h"
#include "net/ctl/ip_tool.h"

static int ip_usage(struct ctl *c)
{
	ctl_complain(
		c,
		"Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n"
		"       ip -batch filename\n"
		"where  OBJECT := { address | help | link | maddress | neighbor |\n"
		"                   neighbour | route | rule }\n"
		"       OPTIONS := { -V[ersion] | -s[tatistics] | -4 | -f[amily] inet |\n"
		"                    -br[ief] | -d[etails] | -o[neline] | -b[atch] [filename] }\n");
	return 255;
}

static int ip_help_main(struct ctl *c, struct ctl_words *w)
{
	(void)w;
	return ip_usage(c);
}

/* In iproute2's order: the first that a shortened word fits is meant. */
static const struct {
	const char *name;
	int (*main)(struct ctl *c, struct ctl_words *w);
} ip_objects[] = {
	{"address", ip_addr_main}, {"maddress", ip_maddr_main}, {"route", ip_route_main},
	{"rule", ip_rule_main},    {"neighbor", ip_neigh_main}, {"neighbour", ip_neigh_main},
	{"link", ip_link_main},    {"help", ip_help_main},
};

static int ip_object(struct ctl *c, struct ctl_words *w)
{
	const char *word = ctl_word(w);

	if (!word)
		return ip_usage(c);
	for (size_t i = 0; i < ARRAY_SIZE(ip_objects); i++) {
		if (ctl_abbrev(word, ip_objects[i].name)) {
			if (c->details && ip_objects[i].main != ip_addr_main &&
			    ip_objects[i].main != ip_link_main) {
				ctl_complain(c,
					     "Option \"-details\" is for address and link only.\n");
				return 255;
			}
			ctl_next(w);
			return ip_objects[i].main(c, w);
		}
	}
	ctl_complain(c, "Object \"%s\" is unknown, try \"ip help\".\n", word);
	return 1;
}

#define BATCH_LINE_MAX  1024
#define BATCH_WORDS_MAX 64

/* One line of a batch. The options in front of -batch stay in force. */
static int batch_line(const struct ctl *options, const char *text, size_t len)
{
	struct ctl c = *options;
	char line[BATCH_LINE_MAX];
	char *argv[BATCH_WORDS_MAX + 1];
	const char *where;
	struct ctl_words w = {.at = argv};

	if (len >= sizeof(line)) {
		ctl_complain(&c, "Command line is too long.\n");
		return 1;
	}
	memcpy(line, text, len);
	line[len] = '\0';
	w.left = ctl_split(line, argv, BATCH_WORDS_MAX, &where);
	if (w.left < 0) {
		ctl_complain(&c, w.left == -E2BIG ? "Too many words.\n" : "Unclosed quote.\n");
		return 1;
	}
	return w.left ? ip_object(&c, &w) : 0;
}

/* iproute2 without -force: the first command that fails ends it. */
static int ip_batch(struct ctl *c)
{
	const char *at = c->in->text, *end = at + c->in->len;

	for (unsigned int number = 1; at < end; number++) {
		const char *newline = memchr(at, '\n', end - at);
		size_t len = newline ? (size_t)(newline - at) : (size_t)(end - at);

		if (batch_line(c, at, len)) {
			ctl_complain(c, "Command failed %s:%u\n", c->in->name, number);
			return 1;
		}
		at += len + 1;
	}
	return 0;
}

enum { OPTION_TAKEN = -1, OPTION_BATCH = -2 };

/* OPTION_*, or the exit status that ends ip here. */
static int ip_option(struct ctl *c, struct ctl_words *w)
{
	const char *word = ctl_word(w), *opt = word + 1;

	ctl_next(w);
	if (*opt == '-')
		opt++;
	if (ctl_abbrev(opt, "family")) {
		word = ctl_value(c, w);
		if (!word)
			return c->status;
		if (!strcmp(word, "inet")) {
			c->inet_only = true;
			return OPTION_TAKEN;
		}
		return strcmp(word, "help") != 0 ? ctl_invarg(c, word, "invalid protocol family")
						 : ip_usage(c);
	}
	if (!strcmp(opt, "4")) {
		c->inet_only = true;
	} else if (ctl_abbrev(opt, "stats") || ctl_abbrev(opt, "statistics")) {
		c->stats++;
	} else if (ctl_abbrev(opt, "oneline")) {
		c->oneline = true;
	} else if (ctl_abbrev(opt, "details")) {
		c->details = true;
	} else if (ctl_abbrev(opt, "brief") && strcmp(opt, "b") != 0) {
		c->brief = true;
	} else if (ctl_abbrev(opt, "batch")) {
		word = ctl_value(c, w);
		if (!word)
			return c->status;
		if (c->in->text && !strcmp(word, c->in->name))
			return OPTION_BATCH;
		ctl_complain(c, "Cannot open file \"%s\" for reading: %s\n", word,
			     ctl_strerror(-ENOENT));
		return 1;
	} else if (ctl_abbrev(opt, "Version")) {
		ctl_say(c, "ip utility, weir\n");
		return 0;
	} else if (ctl_abbrev(opt, "help") && strcmp(opt, "h") != 0) {
		return ip_usage(c);
	} else {
		ctl_complain(c, "Option \"%s\" is unknown, try \"ip -help\".\n", word);
		return 255;
	}
	return OPTION_TAKEN;
}

int ip_main(struct ctl *c, int argc, char *const argv[])
{
	struct ctl_words w = {.left = argc - 1, .at = argv + 1};
	bool batch = false;

	while (ctl_word(&w) && *ctl_word(&w) == '-') {
		int status;

		if (ctl_take(&w, "--"))
			break;
		status = ip_option(c, &w);
		if (status >= 0)
			return status;
		batch |= status == OPTION_BATCH;
	}
	return batch ? ip_batch(c) : ip_object(c, &w);
}

const char *ip_input(int argc, char *const argv[])
{
	for (int i = 1; i + 1 < argc && argv[i][0] == '-'; i++) {
		const char *opt = argv[i] + (argv[i][1] == '-' ? 2 : 1);

		if (ctl_abbrev(opt, "batch"))
			return argv[i + 1];
	}
	return NULL;
}

void ctl_enter(struct ctl *c)
{
	(void)c;
	plat_bh_disable();
}

void ctl_leave(struct ctl *c)
{
	net_flush_devices(c->net);
	plat_bh_enable();
}
