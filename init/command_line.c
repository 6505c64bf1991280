/* SPDX-License-Identifier: MIT */
/* The grammar of a command line. */
#include "init/command_line.h"

#include "lib/string.h"
#include "net/ctl.h"

struct reader {
	struct command_line *line;
	struct ctl_lexer lexer;
	const char *text;
	enum ctl_token token;
	char *word;
};

static void read_token(struct reader *r)
{
	r->token = ctl_next_token(&r->lexer, &r->word);
}

static bool reader_error(struct reader *r, const char *message)
{
	r->line->message = message;
	r->line->column = r->lexer.token_at - r->text + 1;
	return false;
}

static bool add_word(struct reader *r, char *word)
{
	struct command_line *line = r->line;

	/* Every command needs one more place, for the NULL at its end. */
	if (line->nr_words == COMMAND_WORDS_MAX + line->count)
		return reader_error(r, "too many words");
	line->words[line->nr_words++] = word;
	return true;
}

static bool is_operator(const struct reader *r, char op)
{
	return r->token == CTL_OPERATOR && r->lexer.op == op;
}

/* One command; its first word has been read. */
static bool read_command(struct reader *r)
{
	struct command_line *line = r->line;
	struct parsed_command *cmd;

	if (line->count == COMMANDS_MAX)
		return reader_error(r, "too many commands");
	cmd = &line->commands[line->count];
	*cmd = (struct parsed_command){.argv = &line->words[line->nr_words],
				       .column = r->lexer.token_at - r->text + 1};
	for (;; read_token(r)) {
		if (r->token == CTL_WORD) {
			if (!add_word(r, r->word))
				return false;
			cmd->argc++;
			continue;
		}
		if (!is_operator(r, '<'))
			break;
		read_token(r);
		if (r->token != CTL_WORD)
			return reader_error(r, "'<' needs the name of a file");
		cmd->input = r->word;
	}
	if (!cmd->argc)
		return reader_error(r, "'<' without a command");
	line->words[line->nr_words++] = NULL;
	line->count++;
	return true;
}

bool command_line_parse(struct command_line *line, char *text)
{
	struct reader r = {.line = line, .text = text};

	line->count = 0;
	line->nr_words = 0;
	ctl_lexer_init(&r.lexer, text, ";&<>|");
	read_token(&r);
	while (r.token != CTL_END) {
		if (r.token == CTL_WORD || is_operator(&r, '<')) {
			if (!read_command(&r))
				return false;
		}
		if (r.token == CTL_UNCLOSED)
			return reader_error(&r, "quote without its end");
		if (is_operator(&r, '>'))
			return reader_error(&r, "'>': there are no files to write to");
		if (is_operator(&r, '|'))
			return reader_error(&r, "'|': there are no pipes between commands");
		if (is_operator(&r, '&')) {
			if (!line->count || line->commands[line->count - 1].background)
				return reader_error(&r, "'&' without a command");
			line->commands[line->count - 1].background = true;
		}
		if (r.token != CTL_END)
			read_token(&r);
	}
	return true;
}
