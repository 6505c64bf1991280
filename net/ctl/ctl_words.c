/* SPDX-License-Identifier: MIT */
/* Walking through the words of a command, and iproute2's complaints about them. */
#include "lib/string.h"
#include "net/ctl/tool.h"

bool ctl_take(struct ctl_words *w, const char *key)
{
	const char *word = ctl_word(w);

	if (!word || strcmp(word, key) != 0)
		return false;
	ctl_next(w);
	return true;
}

bool ctl_take_abbrev(struct ctl_words *w, const char *key)
{
	const char *word = ctl_word(w);

	if (!word || !ctl_abbrev(word, key))
		return false;
	ctl_next(w);
	return true;
}

const char *ctl_value(struct ctl *c, struct ctl_words *w)
{
	const char *word = ctl_word(w);

	if (!word) {
		ctl_complain(c, "Command line is not complete. Try option \"help\"\n");
		c->status = 255;
		return NULL;
	}
	ctl_next(w);
	return word;
}

int ctl_invarg(struct ctl *c, const char *arg, const char *what)
{
	ctl_complain(c, "Error: argument \"%s\" is wrong: %s\n", arg, what);
	return c->status = 255;
}

int ctl_garbage(struct ctl *c, const char *key, const char *arg)
{
	ctl_complain(c, "Error: either \"%s\" is duplicate, or \"%s\" is a garbage.\n", key, arg);
	return c->status = 255;
}

int ctl_expected(struct ctl *c, const char *what, const char *arg)
{
	ctl_complain(c, "Error: %s is expected rather than \"%s\".\n", what, arg);
	return c->status = 1;
}

int ctl_nodev(struct ctl *c, const char *name)
{
	ctl_complain(c, "Cannot find device \"%s\"\n", name);
	return c->status = 1;
}

int ctl_rtnetlink(struct ctl *c, int err)
{
	ctl_complain(c, "RTNETLINK answers: %s\n", ctl_strerror(err));
	return c->status = 2;
}

int ctl_kernel_error(struct ctl *c, const char *text)
{
	ctl_complain(c, "Error: %s.\n", text);
	return c->status = 2;
}
