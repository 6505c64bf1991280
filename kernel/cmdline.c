/* SPDX-License-Identifier: MIT */
/*
 * The kernel command line, split once at boot: blanks separate words, "..." may hold a value (or part of it), in
 * which \" is a quote and \\ a backslash.
 */
#include "kernel/cmdline.h"
#include "kernel/printk.h"
#include "lib/string.h"

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

/* Takes the word at *p out of its quotes, in place; *p ends behind it. False: a quote does not close. */
static bool take_word(char **p, char **end)
{
	char *in = *p, *out = *p;
	bool quoted = false;

	for (; *in && (quoted || !is_blank(*in)); in++) {
		if (*in == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && *in == '\\' && (in[1] == '"' || in[1] == '\\'))
			in++;
		*out++ = *in;
	}
	*p = *in ? in + 1 : in;
	*end = out;
	return !quoted;
}

void cmdline_init(char *line)
{
	char *p = line;

	nr_words = 0;
	for (;;) {
		struct word w;
		char *end, *eq;
		char *start;

		while (is_blank(*p))
			p++;
		if (!*p)
			return;
		start = p;
		w = (struct word){
			.name = start, .value = "", .col = (unsigned int)(start - line) + 1};
		if (!take_word(&p, &end))
			pr_warn("command line: column %u: a quote is not closed; its value goes to "
				"the end",
				w.col);
		*end = 0;
		eq = strchr(start, '=');
		if (eq) {
			*eq = 0;
			w.value = eq + 1;
		}
		if (nr_words == CMDLINE_WORDS) {
			pr_warn("command line: column %u: more than %u words; the rest is left out",
				w.col, CMDLINE_WORDS);
			return;
		}
		if (!is_known(start))
			pr_warn("command line: column %u: unknown word '%s'", w.col, start);
		words[nr_words++] = w;
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
