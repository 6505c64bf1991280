/* SPDX-License-Identifier: MIT */
/*
 * Editing one line on a terminal: pure logic, a byte in, an event and bytes for the screen out.
 * Keys are those of readline: arrows, Home, End, Delete, and ^A ^B ^C ^D ^E ^F ^H ^K ^L ^N ^P ^U
 * ^W, Tab.
 */
#pragma once

#include "lib/types.h"

#define LINE_EDIT_MAX    1024 /* with the 0 at the end */
#define LINE_HISTORY     32
#define HISTORY_LINE_MAX 256 /* longer lines are not remembered */

enum line_event {
	LINE_NONE,
	LINE_DONE,     /* Enter: text and len are the line */
	LINE_TOO_LONG, /* Enter, but bytes had not fitted: the line must not be used */
	LINE_CANCEL,   /* ^C */
	LINE_EOF,      /* ^D on an empty line */
	LINE_COMPLETE, /* Tab: the owner may call line_edit_insert() */
};

/* Lines typed before, newest last. */
struct line_history {
	unsigned int count; /* ever added */
	char lines[LINE_HISTORY][HISTORY_LINE_MAX];
};

struct line_edit {
	const char *prompt;
	struct line_history *history; /* NULL: none */
	void (*write)(void *arg, const char *text, size_t len);
	void *arg;
	unsigned int at;     /* history: how many lines back; 0: the new line */
	unsigned int escape; /* state of an escape sequence */
	unsigned int number; /* its parameter */
	bool overflow;
	bool after_cr; /* a newline that follows belongs to it */
	size_t len, pos;
	char text[LINE_EDIT_MAX];
	char saved[HISTORY_LINE_MAX]; /* the new line while older ones are looked at */
};

void line_edit_init(struct line_edit *e, const char *prompt, struct line_history *history,
		    void (*write)(void *arg, const char *text, size_t len), void *arg);

/* Begins a line: shows the prompt. */
void line_edit_start(struct line_edit *e);

enum line_event line_edit_byte(struct line_edit *e, char c);

/* Puts text at the cursor. */
void line_edit_insert(struct line_edit *e, const char *text, size_t len);

/* Shows prompt and line again, where the cursor is (after something else was printed). */
void line_edit_redraw(struct line_edit *e);

void line_history_add(struct line_history *h, const char *line);
