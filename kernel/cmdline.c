/* SPDX-License-Identifier: MIT */
/*
 * The kernel command line, split once at boot: blanks separate words, "..." may hold a value (or part of it), in
 * which \" is a quote and \\ a backslash.
 */
#include "kernel/cmdline.h"
#include "kernel/printk.h"
#include "lib/string.h"

/* What QEMU adds to a microvm's command line: not part of a value whose quote is not closed. */
#define APPENDED " virtio_mmio.device="

struct word {
	const char *name, *value;
	unsigned int col;
};

static struct word words[CMDLINE_WORDS];
static unsigned int nr_words;

/* Every name that something asks for. */
static const char *const known[] = {"rc", "loglevel", "console", "selftest", "virtio_mmio.device"};

static bool is_known(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(name, known[i]))
			return true;
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Where the word at p ends; *open: the quote in it that does not close, NULL: all do. */
static char *word_end(char *p, char **open)
{
	char *behind = NULL;

	*open = NULL;
	for (; *p && (*open || !is_blank(*p)); p++) {
		if (*p == '"')
			*open = *open ? NULL : p;
		else if (*open && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
	}
	if (*open)
		behind = strstr(*open, APPENDED);
	return behind ? behind : p;
}

/* Takes the quotes off [p, end), in place; returns the new end. */
static char *unquote(char *p, const char *end)
{
	bool quoted = false;
	char *out = p;

	for (; p < end; p++) {
		if (*p == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		*out++ = *p;
	}
	return out;
}

static void take_word(char *start, unsigned int col)
{
	char *eq = strchr(start, '=');

	if (eq)
		*eq = 0;
	if (!is_known(start))
		pr_warn("command line: column %u: unknown word '%s'", col, start);
	words[nr_words++] = (struct word){start, eq ? eq + 1 : "", col};
}

void cmdline_init(char *line)
{
	char *p = line;

	nr_words = 0;
	for (;;) {
		unsigned int col;
		char *start, *end, *open;

		while (is_blank(*p))
			p++;
		if (!*p)
			return;
		start = p;
		col = (unsigned int)(start - line) + 1;
		if (nr_words == CMDLINE_WORDS) {
			pr_warn("command line: column %u: more than %u words; the rest is left out",
				col, CMDLINE_WORDS);
			return;
		}
		p = word_end(p, &open);
		if (open)
			pr_warn("command line: column %u: a quote is not closed; its value goes to "
				"the end",
				(unsigned int)(open - line) + 1);
		end = unquote(start, p);
		if (*p)
			p++;
		*end = 0;
		take_word(start, col);
	}
}

const char *cmdline_get(const char *name, unsigned int nth)
{
	for (unsigned int i = 0; i < nr_words; i++)
		if (!strcmp(words[i].name, name) && !nth--)
			return words[i].value;
	return NULL;
}

void cmdline_for_each(void (*fn)(void *arg, const char *name, const char *value, unsigned int col),
		      void *arg)
{
	for (unsigned int i = 0; i < nr_words; i++)
		fn(arg, words[i].name, words[i].value, words[i].col);
}
