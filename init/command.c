/* SPDX-License-Identifier: MIT */
/* Running command lines: finds who a command belongs to, gives it its streams, waits for it. */
#include "init/command.h"

#include "init/command_io.h"
#include "init/command_line.h"
#include "kernel/mm.h"
#include "kernel/softirq.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "libc/app_table.h"
#include "libc/command_hook.h"

/* The stack that is configured; set at boot, before any command runs. */
static struct net *command_net;

/* ---- kinds of commands */

static const struct builtin *find_builtin(const char *name)
{
	for (const struct builtin *b = builtins; b->name; b++) {
		if (!strcmp(b->name, name))
			return b;
	}
	return NULL;
}

static bool is_net_tool(const char *path)
{
	const char *slash = strrchr(path, '/'), *tool, *summary;

	path = slash ? slash + 1 : path;
	for (unsigned int n = 0; net_ctl_tool(n, &tool, &summary); n++) {
		if (!strcmp(tool, path))
			return true;
	}
	return false;
}

/* "-" and the device files that mean standard input. */
static bool is_stdin(const char *name)
{
	return !strcmp(name, "-") || !strcmp(name, "/dev/stdin");
}

static int complain(struct command *cmd, const char *what, int err)
{
	ctl_printf(cmd->err, "%s: %s\n", cmd->argv[0], what);
	return err == -EINTR ? STATUS_INTERRUPTED : 1;
}

static const char *read_error(int err)
{
	switch (err) {
	case -EINTR:
		return "interrupted";
	case -E2BIG:
		return "standard input is too long";
	default:
		return "out of memory";
	}
}

/* What has been written goes out before a long wait. */
static void command_flush(struct command *cmd)
{
	stream_out_flush(container_of(cmd->out, struct stream_out, out));
	stream_out_flush(container_of(cmd->err, struct stream_out, out));
}

/* A command that goes on until its job is interrupted. */
struct job_wait {
	struct ctl_wait w;
	struct command *cmd;
	bool woken;
};

static bool wait_for_job(struct ctl_wait *w)
{
	struct job_wait *jw = container_of(w, struct job_wait, w);
	struct job *job = jw->cmd->job;
	int err = 0;

	command_flush(jw->cmd);
	local_bh_disable();
	while (!jw->woken && !job->interrupted && !err)
		err = wait_queue_sleep(&job->wait, U64_MAX);
	jw->woken = false;
	if (job->interrupted)
		err = -EINTR;
	local_bh_enable();
	return !err;
}

static void wake_job(struct ctl_wait *w)
{
	struct job_wait *jw = container_of(w, struct job_wait, w);

	jw->woken = true;
	wake_up_all(&jw->cmd->job->wait);
}

static int run_net_tool(struct command *cmd)
{
	struct job_wait jw = {{wait_for_job, wake_job}, cmd, false};
	struct ctl_in in = {.name = net_ctl_input(cmd->argc, cmd->argv), .wait = &jw.w};
	char *text = NULL;
	int status, err;

	if (in.name && is_stdin(in.name)) {
		err = stream_read_all(cmd->io->in, &text, &in.len);
		if (err)
			return complain(cmd, read_error(err), err);
		in.text = text;
	} else if (in.name) {
		in.text = command_file(in.name, &in.len);
	}
	status = net_ctl(cmd->net, cmd->argc, cmd->argv, &in, cmd->out, cmd->err);
	kfree(text);
	return status;
}

static int start_error(struct command *cmd, int err)
{
	switch (err) {
	case -E2BIG:
		return complain(cmd, "too many words", err);
	case -EAGAIN:
		return complain(cmd, "too many apps run", err);
	default:
		return complain(cmd, "out of memory", err);
	}
}

static int run_app(struct command *cmd)
{
	int id = app_spawn(cmd->argc, cmd->argv, cmd->io, 0), status, err;

	if (id < 0)
		return start_error(cmd, id);
	job_set_app(cmd->job, id);
	err = app_wait(id, U64_MAX, &status);
	job_set_app(cmd->job, 0);
	if (!err)
		return status;
	app_kill(id);
	app_detach(id);
	return STATUS_INTERRUPTED;
}

static int not_found(struct command *cmd)
{
	ctl_printf(cmd->err, "%s: not found (help lists the commands)\n", cmd->argv[0]);
	return STATUS_NOT_FOUND;
}

static int run_foreground(struct command *cmd)
{
	const struct builtin *b = find_builtin(cmd->argv[0]);

	if (b)
		return b->main(cmd);
	if (is_net_tool(cmd->argv[0]))
		return run_net_tool(cmd);
	if (app_exists(cmd->argv[0]))
		return run_app(cmd);
	return not_found(cmd);
}

/* An app in the background talks to the console: whoever started it may be gone by then. */
static int run_background(struct command *cmd, struct command_source *src)
{
	struct app_stdio io = {.in = cmd->io->in};
	int id;

	if (find_builtin(cmd->argv[0]) || is_net_tool(cmd->argv[0]))
		return complain(cmd, "'&' is for apps; this is done at once", 0);
	if (!app_exists(cmd->argv[0]))
		return not_found(cmd);
	id = app_spawn(cmd->argc, cmd->argv, &io, APP_DETACHED);
	if (id < 0)
		return start_error(cmd, id);
	if (src) {
		src->apps_started++;
		if (src->interactive)
			ctl_printf(cmd->out, "[%d]\n", id);
	}
	return 0;
}

/* ---- streams */

struct command_streams {
	struct stream_out out, err;
};

/* A complaint where there may be neither memory nor stack for more. */
static int say(struct app_stdio *io, const char *text)
{
	(void)stream_write(io->err, text, strlen(text), false);
	return 1;
}

static int run_with_streams(struct command *cmd, const struct parsed_command *parsed,
			    struct command_source *src)
{
	struct command_streams *streams = kmalloc(sizeof(*streams));
	int status;

	if (!streams)
		return say(cmd->io, "out of memory\n");
	stream_out_init(&streams->out, cmd->io->out);
	stream_out_init(&streams->err, cmd->io->err);
	streams->out.peer = &streams->err;
	streams->err.peer = &streams->out;
	cmd->out = &streams->out.out;
	cmd->err = &streams->err.out;
	if (parsed && parsed->background)
		status = run_background(cmd, src);
	else
		status = run_foreground(cmd);
	stream_out_flush(&streams->out);
	stream_out_flush(&streams->err);
	kfree(streams);
	return status;
}

/* A command with its "<". */
static int run_parsed(const struct parsed_command *parsed, struct app_stdio *io, struct job *job,
		      struct command_source *src)
{
	struct app_stdio own = *io;
	struct command cmd = {.argc = parsed->argc,
			      .argv = parsed->argv,
			      .io = &own,
			      .job = job,
			      .net = command_net};
	struct stream_out err;
	const void *data;
	size_t size;
	int status;

	if (parsed->background)
		own.in = null_stream();
	if (!parsed->input)
		return run_with_streams(&cmd, parsed, src);
	data = command_file(parsed->input, &size);
	own.in = data ? memory_stream(data, size) : NULL;
	if (!own.in) {
		stream_out_init(&err, io->err);
		ctl_printf(&err.out, "%s: %s\n", parsed->input,
			   data ? "out of memory" : "no such file in the initrd");
		stream_out_flush(&err);
		return 1;
	}
	status = run_with_streams(&cmd, parsed, src);
	stream_put(own.in);
	return status;
}

/* ---- lines */

static void say_syntax_error(const struct command_line *line, struct app_stdio *io,
			     struct command_source *src)
{
	struct stream_out err;

	stream_out_init(&err, io->err);
	if (src && src->at)
		src->at(src, line->column);
	if (src && src->at)
		ctl_printf(&err.out, "%s\n", line->message);
	else
		ctl_printf(&err.out, "column %u: %s\n", line->column, line->message);
	stream_out_flush(&err);
}

static int run_all(const struct command_line *line, struct app_stdio *io, struct job *job,
		   struct command_source *src)
{
	int status = 0;

	for (int i = 0; i < line->count && !job->interrupted; i++) {
		if (src && src->at)
			src->at(src, line->commands[i].column);
		status = run_parsed(&line->commands[i], io, job, src);
	}
	return job->interrupted ? STATUS_INTERRUPTED : status;
}

/* A script that runs itself would end with the stack. */
#define DEPTH_MAX 8

int command_run_line(const char *text, size_t len, struct app_stdio *io, struct job *job,
		     struct command_source *src)
{
	struct command_line *line;
	char *copy;
	int status = 1;

	if (job->depth == DEPTH_MAX)
		return say(io, "scripts are nested too deeply\n");
	job->depth++;
	line = kmalloc(sizeof(*line));
	copy = kmalloc(len + 1);

	if (line && copy) {
		memcpy(copy, text, len);
		copy[len] = '\0';
		if (command_line_parse(line, copy)) {
			status = run_all(line, io, job, src);
		} else {
			say_syntax_error(line, io, src);
			status = STATUS_USAGE;
		}
	} else {
		say(io, "out of memory\n");
	}
	kfree(copy);
	kfree(line);
	job->depth--;
	return status;
}

int command_run_words(int argc, char *const argv[], struct app_stdio *io, struct job *job)
{
	struct command cmd = {.argc = argc, .argv = argv, .io = io, .job = job, .net = command_net};

	return run_with_streams(&cmd, NULL, NULL);
}

/* ---- system() */

static int run_system(const char *text, const struct app_stdio *io)
{
	struct app_stdio own = *io;
	struct job job;

	own.in = own.in ? own.in : null_stream();
	own.out = own.out ? own.out : console_stream();
	own.err = own.err ? own.err : console_stream();
	job_init(&job);
	return command_run_line(text, strlen(text), &own, &job, NULL);
}

void command_init(struct net *net)
{
	command_net = net;
	set_command_hook(run_system);
}

bool command_nth(unsigned int n, const char **name, const char **summary)
{
	const struct builtin *b = builtins;
	unsigned int tools = 0;

	for (; b->name && n; b++)
		n--;
	if (b->name) {
		*name = b->name;
		*summary = b->summary;
		return true;
	}
	while (net_ctl_tool(tools, name, summary)) {
		if (tools++ == n)
			return true;
	}
	n -= tools;
	for (const struct app *a = app_table; a->name; a++) {
		if (n-- == 0) {
			*name = a->name;
			*summary = "app";
			return true;
		}
	}
	return false;
}
