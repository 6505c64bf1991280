/* SPDX-License-Identifier: MIT */
/*
 * Line editing.
 *
 * The screen is changed with backspaces and "erase to the end of the line" (ECMA-48 s8.3.41) alone,
 * so a line longer than the terminal is wide is shown wrapped, and edited blindly there.
 */
#include "init/line_edit.h"

#include "lib/string.h"

enum { ESC_NONE, ESC_SEEN, ESC_BRACKET, ESC_O };

#define CTRL(c) ((c)&0x1f)

static void put(struct line_edit *e, const char *text, size_t len)
{
	if (len)
		e->write(e->arg, text, len);
}

static void put_text(struct line_edit *e, const char *text)
{
	put(e, text, strlen(text));
}

static void put_back(struct line_edit *e, size_t n)
{
	static const char backs[] = "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b";

	for (; n >= sizeof(backs) - 1; n -= sizeof(backs) - 1)
		put(e, backs, sizeof(backs) - 1);
	put(e, backs, n);
}

/* Shows the line from the cursor on, and puts the cursor back to pos. */
static void show_rest(struct line_edit *e, size_t from)
{
	put(e, e->text + from, e->len - from);
	put_text(e, "\x1b[K");
	put_back(e, e->len - e->pos);
}

void line_edit_init(struct line_edit *e, const char *prompt, struct line_history *history,
		    void (*write)(void *arg, const char *text, size_t len), void *arg)
{
	memset(e, 0, sizeof(*e));
	e->prompt = prompt;
	e->history = history;
	e->write = write;
	e->arg = arg;
}

static void clear(struct line_edit *e)
{
	e->len = e->pos = 0;
	e->at = 0;
	e->escape = ESC_NONE;
	e->overflow = false;
	e->text[0] = '\0';
}

void line_edit_start(struct line_edit *e)
{
	clear(e);
	put_text(e, e->prompt);
}

void line_edit_redraw(struct line_edit *e)
{
	put_text(e, "\r");
	put_text(e, e->prompt);
	show_rest(e, 0);
}

void line_edit_insert(struct line_edit *e, const char *text, size_t len)
{
	if (len > sizeof(e->text) - 1 - e->len) {
		e->overflow = true;
		put_text(e, "\a");
		return;
	}
	memmove(e->text + e->pos + len, e->text + e->pos, e->len - e->pos);
	memcpy(e->text + e->pos, text, len);
	e->len += len;
	e->text[e->len] = '\0';
	e->pos += len;
	if (e->pos == e->len)
		put(e, text, len);
	else
		show_rest(e, e->pos - len);
}

/* Removes the n bytes in front of the cursor. */
static void erase_back(struct line_edit *e, size_t n)
{
	if (!n)
		return;
	put_back(e, n);
	memmove(e->text + e->pos - n, e->text + e->pos, e->len - e->pos);
	e->pos -= n;
	e->len -= n;
	e->text[e->len] = '\0';
	show_rest(e, e->pos);
}

static void erase_ahead(struct line_edit *e, size_t n)
{
	if (!n)
		return;
	memmove(e->text + e->pos, e->text + e->pos + n, e->len - e->pos - n);
	e->len -= n;
	e->text[e->len] = '\0';
	show_rest(e, e->pos);
}

static void move_left(struct line_edit *e, size_t n)
{
	put_back(e, n);
	e->pos -= n;
}

static void move_right(struct line_edit *e, size_t n)
{
	put(e, e->text + e->pos, n);
	e->pos += n;
}

static size_t word_behind(const struct line_edit *e)
{
	size_t n = e->pos;

	while (n && e->text[n - 1] == ' ')
		n--;
	while (n && e->text[n - 1] != ' ')
		n--;
	return e->pos - n;
}

/* ---- history */

void line_history_add(struct line_history *h, const char *line)
{
	if (!*line || strlen(line) >= HISTORY_LINE_MAX)
		return;
	if (h->count && !strcmp(h->lines[(h->count - 1) % LINE_HISTORY], line))
		return;
	(void)strscpy(h->lines[h->count++ % LINE_HISTORY], line, HISTORY_LINE_MAX);
}

static void replace_line(struct line_edit *e, const char *text)
{
	move_left(e, e->pos);
	e->len = e->pos = strlen(text);
	memcpy(e->text, text, e->len + 1);
	show_rest(e, 0);
}

/* at lines back from the new one. */
static void history_go(struct line_edit *e, unsigned int at)
{
	const struct line_history *h = e->history;

	if (!h || at == e->at || at > min(h->count, (unsigned int)LINE_HISTORY)) {
		put_text(e, "\a");
		return;
	}
	if (!e->at && strscpy(e->saved, e->text, sizeof(e->saved)) < 0)
		e->saved[0] = '\0';
	e->at = at;
	replace_line(e, at ? h->lines[(h->count - at) % LINE_HISTORY] : e->saved);
}

/* ---- keys */

enum key { KEY_LEFT, KEY_RIGHT, KEY_HOME, KEY_END, KEY_UP, KEY_DOWN, KEY_DELETE };

static void do_key(struct line_edit *e, enum key key)
{
	switch (key) {
	case KEY_LEFT:
		move_left(e, e->pos ? 1 : 0);
		break;
	case KEY_RIGHT:
		move_right(e, e->pos < e->len ? 1 : 0);
		break;
	case KEY_HOME:
		move_left(e, e->pos);
		break;
	case KEY_END:
		move_right(e, e->len - e->pos);
		break;
	case KEY_UP:
		history_go(e, e->at + 1);
		break;
	case KEY_DOWN:
		history_go(e, e->at ? e->at - 1 : 0);
		break;
	case KEY_DELETE:
		erase_ahead(e, e->pos < e->len ? 1 : 0);
		break;
	}
}

/* The last byte of a sequence of a terminal's special key; what is not known is ignored. */
static void end_escape(struct line_edit *e, char c)
{
	static const struct {
		char last;
		u8 number;
		u8 key;
	} keys[] = {
		{'A', 0, KEY_UP},   {'B', 0, KEY_DOWN}, {'C', 0, KEY_RIGHT}, {'D', 0, KEY_LEFT},
		{'H', 0, KEY_HOME}, {'F', 0, KEY_END},  {'~', 1, KEY_HOME},  {'~', 3, KEY_DELETE},
		{'~', 4, KEY_END},  {'~', 7, KEY_HOME}, {'~', 8, KEY_END},
	};

	e->escape = ESC_NONE;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].last == c && (c != '~' || keys[i].number == e->number)) {
			do_key(e, keys[i].key);
			return;
		}
	}
}

/* A byte of an escape sequence: ESC [ number letter, or ESC O letter (ECMA-48 s5.4). */
static void escape_byte(struct line_edit *e, char c)
{
	if (e->escape == ESC_SEEN) {
		e->escape = c == '[' ? ESC_BRACKET : c == 'O' ? ESC_O : ESC_NONE;
		e->number = 0;
	} else if (c >= '0' && c <= '9' && e->number < 100) {
		e->number = e->number * 10 + (c - '0');
	} else if (c < 0x40 && c >= 0x20) {
		e->number = 100; /* further parameters: no key of ours */
	} else {
		end_escape(e, c);
	}
}

static enum line_event enter(struct line_edit *e)
{
	move_right(e, e->len - e->pos);
	put_text(e, "\n");
	if (e->overflow)
		return LINE_TOO_LONG;
	if (e->history)
		line_history_add(e->history, e->text);
	return LINE_DONE;
}

static enum line_event control_byte(struct line_edit *e, char c)
{
	switch (c) {
	case '\r':
	case '\n':
		return enter(e);
	case '\t':
		return LINE_COMPLETE;
	case CTRL('C'):
		put_text(e, "^C\n");
		return LINE_CANCEL;
	case CTRL('D'):
		if (!e->len)
			return LINE_EOF;
		do_key(e, KEY_DELETE);
		break;
	case 0x7f:
	case CTRL('H'):
		erase_back(e, e->pos ? 1 : 0);
		break;
	case CTRL('A'):
		do_key(e, KEY_HOME);
		break;
	case CTRL('B'):
		do_key(e, KEY_LEFT);
		break;
	case CTRL('E'):
		do_key(e, KEY_END);
		break;
	case CTRL('F'):
		do_key(e, KEY_RIGHT);
		break;
	case CTRL('K'):
		erase_ahead(e, e->len - e->pos);
		break;
	case CTRL('L'):
		put_text(e, "\x1b[H\x1b[2J");
		line_edit_redraw(e);
		break;
	case CTRL('N'):
		do_key(e, KEY_DOWN);
		break;
	case CTRL('P'):
		do_key(e, KEY_UP);
		break;
	case CTRL('U'):
		erase_back(e, e->pos);
		break;
	case CTRL('W'):
		erase_back(e, word_behind(e));
		break;
	case 0x1b:
		e->escape = ESC_SEEN;
		break;
	}
	return LINE_NONE;
}

enum line_event line_edit_byte(struct line_edit *e, char c)
{
	bool after_cr = e->after_cr;

	e->after_cr = c == '\r';
	if (after_cr && c == '\n')
		return LINE_NONE;
	if (e->escape) {
		escape_byte(e, c);
		return LINE_NONE;
	}
	if ((u8)c < 0x20 || c == 0x7f)
		return control_byte(e, c);
	if ((u8)c < 0x7f)
		line_edit_insert(e, &c, 1);
	return LINE_NONE;
}
