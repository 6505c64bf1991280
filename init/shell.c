/* SPDX-License-Identifier: MIT */
/* The console's shell: reads lines with editing, history and completion, and runs them. */
#include "init/shell.h"

#include "init/command.h"
#include "init/tty.h"
#include "kernel/console.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "lib/string.h"

struct shell {
	struct tty tty;
	struct line_edit edit;
	struct line_history history;
};

static void shell_write(void *arg, const char *text, size_t len)
{
	tty_write(arg, text, len);
}

static void shell_say(struct shell *sh, const char *text)
{
	tty_write(&sh->tty, text, strlen(text));
}

/* ---- completion of the first word of a command */

struct completion {
	const char *word;
	size_t len;
	unsigned int matches;
	char common[32];
};

static void word_at_cursor(const struct line_edit *e, struct completion *co)
{
	size_t start = e->pos;

	while (start && !strchr(" ;&", e->text[start - 1]))
		start--;
	co->word = e->text + start;
	co->len = e->pos - start;
	while (start && e->text[start - 1] == ' ')
		start--;
	if (start && !strchr(";&", e->text[start - 1]))
		co->len = SIZE_MAX; /* not the first word */
}

static void find_matches(struct completion *co)
{
	const char *name, *summary;

	for (unsigned int n = 0; command_nth(n, &name, &summary); n++) {
		size_t i = 0;

		if (strncmp(name, co->word, co->len) != 0)
			continue;
		if (!co->matches++) {
			(void)strscpy(co->common, name, sizeof(co->common));
			continue;
		}
		while (co->common[i] && co->common[i] == name[i])
			i++;
		co->common[i] = '\0';
	}
}

static void list_matches(struct shell *sh, const struct completion *co)
{
	const char *name, *summary;

	shell_say(sh, "\n");
	for (unsigned int n = 0; command_nth(n, &name, &summary); n++) {
		if (!strncmp(name, co->word, co->len)) {
			shell_say(sh, name);
			shell_say(sh, "  ");
		}
	}
	shell_say(sh, "\n");
	line_edit_redraw(&sh->edit);
}

static void complete(struct shell *sh)
{
	struct completion co = {.matches = 0};
	size_t common;

	word_at_cursor(&sh->edit, &co);
	if (co.len != SIZE_MAX)
		find_matches(&co);
	if (!co.matches) {
		shell_say(sh, "\a");
		return;
	}
	common = strlen(co.common);
	if (co.matches > 1 && common == co.len) {
		list_matches(sh, &co);
		return;
	}
	line_edit_insert(&sh->edit, co.common + co.len, common - co.len);
	if (co.matches == 1)
		line_edit_insert(&sh->edit, " ", 1);
}

/* ---- lines */

static void run_line(struct shell *sh)
{
	struct app_stdio io = {
		.in = &sh->tty.stream, .out = console_stream(), .err = console_stream()};
	struct command_source source = {.interactive = true};
	struct job job;

	job_init(&job);
	tty_set_job(&sh->tty, &job);
	(void)command_run_line(sh->edit.text, sh->edit.len, &io, &job, &source);
	tty_set_job(&sh->tty, NULL);
}

/* Edits until something is to be done. False: the terminal is gone. */
static bool edit_line(struct shell *sh)
{
	line_edit_start(&sh->edit);
	for (;;) {
		int c = tty_getc(&sh->tty);

		if (c < 0)
			return false;
		switch (line_edit_byte(&sh->edit, c)) {
		case LINE_DONE:
			run_line(sh);
			return true;
		case LINE_TOO_LONG:
			shell_say(sh, "the line is too long (1023 characters), nothing was run\n");
			return true;
		case LINE_CANCEL:
			return true;
		case LINE_EOF:
			shell_say(sh, "\npoweroff ends the machine\n");
			return true;
		case LINE_COMPLETE:
			complete(sh);
			break;
		case LINE_NONE:
			break;
		}
	}
}

static void shell_thread(void *arg)
{
	struct shell *sh = arg;

	while (edit_line(sh))
		;
}

void shell_start(void)
{
	struct chardev *console = console_get();
	struct shell *sh;

	if (!console)
		return;
	sh = kzalloc(sizeof(*sh));
	if (!sh || tty_start(&sh->tty, console)) {
		pr_err("shell: out of memory, the console only shows the log");
		kfree(sh);
		return;
	}
	line_edit_init(&sh->edit, "weir# ", &sh->history, shell_write, &sh->tty);
	if (thread_create("shell", shell_thread, sh, 0, NULL))
		pr_err("shell: no thread for it, the console only shows the log");
}
