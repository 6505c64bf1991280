/* SPDX-License-Identifier: MIT */
/*
 * The grammar of a command line, on the words of net/ctl.h:
 *
 *	line    := [ command { separator command } [ separator ] ]
 *	command := word { word | "<" word }
 *	separator := ";" | "&"          "&": the command before it runs in the background
 *
 * A line is read whole before any of it runs.
 */
#pragma once

#include "lib/types.h"

#define COMMANDS_MAX      64  /* in a line */
#define COMMAND_WORDS_MAX 512 /* in a line, all together */

struct parsed_command {
	int argc;
	char **argv;       /* argv[argc] is NULL */
	const char *input; /* the file behind "<"; NULL: none */
	bool background;
	unsigned int column; /* where it begins, from 1 */
};

struct command_line {
	int count;
	struct parsed_command commands[COMMANDS_MAX];
	/* of an error */
	unsigned int column;
	const char *message;
	/* own */
	int nr_words;
	char *words[COMMAND_WORDS_MAX + COMMANDS_MAX];
};

/* Takes text apart in place; the result points into it. False: column and message say why not. */
bool command_line_parse(struct command_line *line, char *text);
