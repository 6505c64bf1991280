/* SPDX-License-Identifier: MIT */
/* Words and command lines: quoting, operators, places of mistakes, anything at all as input. */
#include "init/command_line.h"
#include "lib/errno.h"
#include "lib/fmt.h"
#include "net/ctl.h"
#include "tests/unit/harness.h"

#define WORDS 6

struct split_row {
	const char *line;
	int n; /* words, or -E */
	const char *words[WORDS];
	int where; /* of a mistake */
};

WEIR_TEST(ctl_split, words)
{
	static const struct split_row rows[] = {
		{"", 0},
		{" \t ", 0},
		{"# all of it", 0},
		{"ip addr", 2, {"ip", "addr"}},
		{"  ip \t addr\r\n", 2, {"ip", "addr"}},
		{"ip addr # add", 2, {"ip", "addr"}},
		{"a#b c", 2, {"a#b", "c"}},
		{"'a b' \"c d\"", 2, {"a b", "c d"}},
		{"a'b c'd\"e f\"g", 1, {"ab cde fg"}},
		{"'' \"\" x", 3, {"", "", "x"}},
		{"a\\ b \\\"", 2, {"a b", "\""}},
		{"'a\\b' \"a\\\"b\\\\c\\d\"", 2, {"a\\b", "a\"b\\c\\d"}},
		{"$x `y` *?", 3, {"$x", "`y`", "*?"}},
		{"a;b&c<d", 1, {"a;b&c<d"}},
		{"a 'b", -EINVAL, {NULL}, 2},
		{"a \"b c", -EINVAL, {NULL}, 2},
		{"ab\"c", -EINVAL, {NULL}, 2},
		{"a b\\", -EINVAL, {NULL}, 3},
		{"\"a\\\"", -EINVAL, {NULL}, 0},
		{"1 2 3 4 5 6", 6, {"1", "2", "3", "4", "5", "6"}},
		{"1 2 3 4 5 6 7", -E2BIG, {NULL}, 12},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char line[64], *argv[WORDS + 1];
		const char *where = NULL;
		int n;

		strcpy(line, rows[i].line);
		n = ctl_split(line, argv, WORDS, &where);
		cr_expect_eq(n, rows[i].n, "row %zu (%s): %d", i, rows[i].line, n);
		for (int w = 0; w < n && n == rows[i].n; w++)
			cr_expect_str_eq(argv[w], rows[i].words[w], "row %zu word %d: '%s'", i, w,
					 argv[w]);
		if (n >= 0)
			cr_expect_null(argv[n], "row %zu", i);
		else
			cr_expect_eq(where - line, rows[i].where, "row %zu: at %td", i,
				     where - line);
	}
}

/* Whatever comes in: no word reaches beyond the line, none overlaps the next. */
static void check_split(const char *text, size_t len)
{
	char *line = malloc(len + 1), *argv[WORDS + 1], *end;
	const char *where = NULL;
	int n;

	memcpy(line, text, len);
	line[len] = '\0';
	end = line;
	n = ctl_split(line, argv, WORDS, &where);
	for (int i = 0; i < n; i++) {
		cr_assert_geq((size_t)argv[i], (size_t)end);
		end = argv[i] + strlen(argv[i]) + 1;
		cr_assert_leq(end - line, (ptrdiff_t)len + 1);
	}
	if (n < 0)
		cr_assert(where >= line && where <= line + len);
	free(line);
}

WEIR_TEST(ctl_split, takes_anything)
{
	static const char letters[] = "ab '\"\\#;&<> \t\n";

	for (int round = 0; round < 20000; round++) {
		char text[24];
		size_t len = rnd_below(sizeof(text));

		for (size_t i = 0; i < len; i++)
			text[i] = letters[rnd_below(sizeof(letters) - 1)];
		check_split(text, len);
	}
}

/* form: commands as "word,word<input&@column|..."; or the mistake as "!column: message". */
struct line_row {
	const char *line, *form;
};

static void describe(const struct command_line *line, char *form, size_t size)
{
	size_t n = 0;

	form[0] = '\0';
	for (int i = 0; i < line->count; i++) {
		const struct parsed_command *cmd = &line->commands[i];

		for (int w = 0; w < cmd->argc; w++)
			n += scnprintf(form + n, size - n, "%s%s",
				       w   ? ","
				       : i ? "|"
					   : "",
				       cmd->argv[w]);
		cr_assert_null(cmd->argv[cmd->argc]);
		if (cmd->input)
			n += scnprintf(form + n, size - n, "<%s", cmd->input);
		n += scnprintf(form + n, size - n, "%s@%u", cmd->background ? "&" : "",
			       cmd->column);
	}
}

WEIR_TEST(command_line, grammar)
{
	static const struct line_row rows[] = {
		{"", ""},
		{";;", ""},
		{"ip addr", "ip,addr@1"},
		{"a; b c ;d", "a@1|b,c@4|d@9"},
		{"a;b;", "a@1|b@3"},
		{"echo & sink&ping 1", "echo&@1|sink&@8|ping,1@13"},
		{"a 'b;c&d' # e; f", "a,b;c&d@1"},
		{"sysctl -p - < sysctl.conf", "sysctl,-p,-<sysctl.conf@1"},
		{"< f cat x; y", "cat,x<f@1|y@12"},
		{"cat<f&", "cat<f&@1"},
		{"a\"b\";c", "ab@1|c@6"},
		{"a > b", "!3: '>': there are no files to write to"},
		{"a | b", "!3: '|': there are no pipes between commands"},
		{"a <", "!4: '<' needs the name of a file"},
		{"a < ; b", "!5: '<' needs the name of a file"},
		{"< f", "!4: '<' without a command"},
		{"& a", "!1: '&' without a command"},
		{"a && b", "!4: '&' without a command"},
		{"a; b 'c", "!6: quote without its end"},
	};
	static struct command_line line;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[64], form[128];

		strcpy(text, rows[i].line);
		if (command_line_parse(&line, text))
			describe(&line, form, sizeof(form));
		else
			scnprintf(form, sizeof(form), "!%u: %s", line.column, line.message);
		cr_expect_str_eq(form, rows[i].form, "row %zu (%s): %s", i, rows[i].line, form);
	}
}

WEIR_TEST(command_line, limits)
{
	static struct command_line line;
	static char text[4 * COMMAND_WORDS_MAX];
	size_t n = 0;

	for (int i = 0; i < COMMANDS_MAX; i++)
		n += scnprintf(text + n, sizeof(text) - n, "a;");
	cr_assert(command_line_parse(&line, text));
	cr_assert_eq(line.count, COMMANDS_MAX);
	for (n = 0; n < 2 * (COMMANDS_MAX + 1); n += 2)
		memcpy(text + n, "a;", 2);
	text[n] = '\0';
	cr_assert_not(command_line_parse(&line, text));
	cr_assert_str_eq(line.message, "too many commands");
	cr_assert_eq(line.column, 2 * COMMANDS_MAX + 1);
	for (n = 0; n < 2 * COMMAND_WORDS_MAX; n += 2)
		memcpy(text + n, "a ", 2);
	text[n] = '\0';
	cr_assert(command_line_parse(&line, text));
	cr_assert_eq(line.commands[0].argc, COMMAND_WORDS_MAX);
	for (n = 0; n < 2 * (COMMAND_WORDS_MAX + 1); n += 2)
		memcpy(text + n, "a ", 2);
	text[n] = '\0';
	cr_assert_not(command_line_parse(&line, text));
	cr_assert_str_eq(line.message, "too many words");
}

WEIR_TEST(command_line, takes_anything)
{
	static const char letters[] = "ab '\"\\#;&<>| \t\n";
	static struct command_line line;

	for (int round = 0; round < 20000; round++) {
		char text[32], form[256];
		size_t len = rnd_below(sizeof(text));

		for (size_t i = 0; i < len; i++)
			text[i] = letters[rnd_below(sizeof(letters) - 1)];
		text[len] = '\0';
		if (command_line_parse(&line, text))
			describe(&line, form, sizeof(form));
		else
			cr_assert(line.message && line.column >= 1 && line.column <= len + 1);
	}
}
