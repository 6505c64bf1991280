/* SPDX-License-Identifier: MIT */
/*
 * Line editing, seen as a terminal shows it: what is typed goes in, the screen's line comes out.
 */
#include "init/line_edit.h"
#include "lib/fmt.h"
#include "tests/unit/harness.h"

/* A terminal of one line that knows what line_edit.c uses. */
struct screen {
	char text[2 * LINE_EDIT_MAX];
	size_t len, pos;
	bool escape;
	unsigned int bells;
};

static void screen_write(void *arg, const char *text, size_t len)
{
	struct screen *s = arg;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (s->escape) {
			if (c == 'K')
				s->len = s->pos;
			s->escape = c == '[' || c == '2';
		} else if (c == 0x1b) {
			s->escape = true;
		} else if (c == '\b') {
			cr_assert(s->pos > 0);
			s->pos--;
		} else if (c == '\r') {
			s->pos = 0;
		} else if (c == '\a') {
			s->bells++;
		} else if (c != '\n') {
			cr_assert(s->pos < sizeof(s->text) - 1);
			s->text[s->pos++] = c;
			s->len = s->pos > s->len ? s->pos : s->len;
		}
	}
	s->text[s->len] = '\0';
}

struct bench {
	struct line_edit e;
	struct line_history history;
	struct screen screen;
};

static struct bench *bench_new(void)
{
	static struct bench b;

	memset(&b, 0, sizeof(b));
	line_edit_init(&b.e, "# ", &b.history, screen_write, &b.screen);
	line_edit_start(&b.e);
	return &b;
}

/*
 * Types keys; the screen must always show the line with the cursor at its place. Returns the last
 * event.
 */
static enum line_event type(struct bench *b, const char *keys)
{
	enum line_event event = LINE_NONE;

	for (; *keys; keys++) {
		char want[2 * LINE_EDIT_MAX];

		event = line_edit_byte(&b->e, *keys);
		if (event == LINE_DONE || event == LINE_CANCEL || event == LINE_TOO_LONG)
			continue;
		scnprintf(want, sizeof(want), "# %s", b->e.text);
		cr_assert_str_eq(b->screen.text, want, "shown '%s'", b->screen.text);
		cr_assert_eq(b->screen.pos, b->e.pos + 2);
	}
	return event;
}

/* Types a line and Enter, begins the next. */
static void enter(struct bench *b, const char *line)
{
	cr_assert_eq(type(b, line), LINE_NONE);
	cr_assert_eq(type(b, "\r"), LINE_DONE);
	b->screen.len = b->screen.pos = 0;
	line_edit_start(&b->e);
}

#define LEFT  "\x1b[D"
#define RIGHT "\x1b[C"
#define UP    "\x1b[A"
#define DOWN  "\x1b[B"
#define HOME  "\x1b[H"
#define END   "\x1b[F"
#define DEL   "\x1b[3~"

WEIR_TEST(line_edit, keys)
{
	static const struct {
		const char *keys, *line;
	} rows[] = {
		{"abc", "abc"},
		{"abc\x7f", "ab"},
		{"\x7f\b", ""},
		{"abc" LEFT LEFT "x", "axbc"},
		{"abc" LEFT "\b", "ac"},
		{"abc" HOME "x" END "y", "xabcy"},
		{"abc\x01x\x05y", "xabcy"},
		{"abc\x02\x02x\x06y", "axbyc"},
		{"abc" HOME DEL, "bc"},
		{"abc" HOME "\x04", "bc"},
		{"abc" DEL, "abc"},
		{"abc def" LEFT LEFT "\x0b", "abc d"},
		{"abc def" LEFT LEFT "\x15", "ef"},
		{"abc def  \x17", "abc "},
		{"abc def\x17\x17\x17", ""},
		{"abc" LEFT LEFT LEFT LEFT RIGHT "x", "axbc"},
		{"ab\x1b[1;5Cc", "abc"}, /* a key we do not know */
		{"ab\x1b[200~c", "abc"},
		{"ab\x1bOHc", "cab"},
		{"ab\x1b[1~c\x1b[4~d", "cabd"},
		{"ab\x1bxc", "abc"},
		{"a\x01\x02\x06\x1c\x1d\xff\x80"
		 "b",
		 "ab"},
		{"abc\x0c"
		 "d",
		 "abcd"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bench *b = bench_new();

		type(b, rows[i].keys);
		cr_expect_str_eq(b->e.text, rows[i].line, "row %zu: '%s'", i, b->e.text);
	}
}

WEIR_TEST(line_edit, events)
{
	struct bench *b = bench_new();

	cr_assert_eq(type(b, "ab\r"), LINE_DONE);
	cr_assert_str_eq(b->e.text, "ab");
	line_edit_start(&b->e);
	b->screen.len = b->screen.pos = 0;
	screen_write(&b->screen, "# ", 2);
	cr_assert_eq(type(b, "\n"), LINE_NONE, "the newline of CR LF is no line of its own");
	cr_assert_eq(type(b, "\x04"), LINE_EOF);
	cr_assert_eq(type(b, "x\t"), LINE_COMPLETE);
	cr_assert_eq(type(b, "y\x03"), LINE_CANCEL);
	line_edit_start(&b->e);
	cr_assert_eq(line_edit_byte(&b->e, '\n'), LINE_DONE);
}

WEIR_TEST(line_edit, history)
{
	struct bench *b = bench_new();

	enter(b, "one");
	enter(b, "two");
	enter(b, "two");
	enter(b, "three");
	type(b, "new" UP);
	cr_assert_str_eq(b->e.text, "three");
	type(b, UP);
	cr_assert_str_eq(b->e.text, "two");
	type(b, "\x10");
	cr_assert_str_eq(b->e.text, "one");
	type(b, UP);
	cr_assert_str_eq(b->e.text, "one");
	cr_assert_eq(b->screen.bells, 1);
	type(b, DOWN DOWN DOWN);
	cr_assert_str_eq(b->e.text, "new");
	type(b, UP "!\r");
	b->screen.len = b->screen.pos = 0;
	line_edit_start(&b->e);
	type(b, UP);
	cr_assert_str_eq(b->e.text, "three!");
}

WEIR_TEST(line_edit, history_forgets_the_oldest)
{
	struct bench *b = bench_new();
	char line[16];

	for (int i = 0; i < LINE_HISTORY + 5; i++) {
		scnprintf(line, sizeof(line), "line %d", i);
		enter(b, line);
	}
	for (int i = 0; i < LINE_HISTORY; i++)
		type(b, UP);
	cr_assert_str_eq(b->e.text, "line 5");
	type(b, UP);
	cr_assert_str_eq(b->e.text, "line 5");
}

WEIR_TEST(line_edit, a_line_that_is_too_long_is_not_used)
{
	struct bench *b = bench_new();

	for (int i = 0; i < LINE_EDIT_MAX - 1; i++)
		type(b, "x");
	cr_assert_eq(b->e.len, LINE_EDIT_MAX - 1);
	cr_assert_eq(b->screen.bells, 0);
	for (int i = 0; i < 3000; i++)
		type(b, "y");
	cr_assert_eq(b->e.len, LINE_EDIT_MAX - 1);
	cr_assert_eq(type(b, "\r"), LINE_TOO_LONG);
	b->screen.len = b->screen.pos = 0;
	line_edit_start(&b->e);
	cr_assert_eq(type(b, "ok\r"), LINE_DONE);
	cr_assert_str_eq(b->e.text, "ok");
}

WEIR_TEST(line_edit, takes_anything)
{
	struct bench *b = bench_new();

	for (int i = 0; i < 300000; i++) {
		char key[2] = {rnd_below(4) ? 32 + rnd_below(90) : 1 + rnd_below(255), 0};
		enum line_event event;

		if (key[0] == 0x0c)
			continue; /* clears more than the terminal here knows of */
		event = type(b, key);
		if (event != LINE_DONE && event != LINE_CANCEL && event != LINE_TOO_LONG)
			continue;
		b->screen.len = b->screen.pos = 0;
		line_edit_start(&b->e);
	}
}
