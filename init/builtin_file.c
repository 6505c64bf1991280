/* SPDX-License-Identifier: MIT */
/* Commands about files of the initrd: cat, ls, sh. */
#include "init/command.h"
#include "init/command_io.h"
#include "init/script.h"
#include "kernel/cmdline.h"
#include "kernel/mm.h"
#include "lib/errno.h"
#include "lib/string.h"

/*
 * Standard input as it comes, past the buffer of cmd->out: whoever types wants to see it at once.
 */
static int cat_stdin(struct command *cmd)
{
	char buf[256];
	long n;

	while ((n = stream_read(cmd->io->in, buf, sizeof(buf), false)) > 0) {
		for (long done = 0; done < n;) {
			long m = stream_write(cmd->io->out, buf + done, n - done, false);

			if (m <= 0)
				return STATUS_INTERRUPTED;
			done += m;
		}
	}
	return n ? STATUS_INTERRUPTED : 0;
}

int cmd_cat(struct command *cmd)
{
	int status = 0;

	if (cmd->argc == 1)
		return cat_stdin(cmd);
	for (int i = 1; i < cmd->argc; i++) {
		const void *data;
		size_t size;

		data = command_file(cmd->argv[i], &size);
		if (data) {
			cmd->out->write(cmd->out, data, size);
			continue;
		}
		if (net_ctl_file(cmd->net, cmd->argv[i], cmd->out))
			continue;
		ctl_printf(cmd->err, "cat: %s: No such file or directory\n", cmd->argv[i]);
		status = 1;
	}
	return status;
}

int cmd_ls(struct command *cmd)
{
	bool details = cmd->argc == 2 && !strcmp(cmd->argv[1], "-l");
	const char *path;
	const void *data;
	size_t size;

	if (cmd->argc > 1 && !details)
		return cmd_usage(cmd, "unknown option", cmd->argv[1]);
	for (unsigned int n = 0; initrd_nth(n, &path, &data, &size); n++) {
		if (details)
			ctl_printf(cmd->out, "%10zu %s\n", size, path);
		else
			ctl_printf(cmd->out, "%s\n", path);
	}
	return 0;
}

static int sh_file(struct command *cmd, const char *path)
{
	size_t size;
	const char *text = command_file(path, &size);

	if (!text) {
		ctl_printf(cmd->err, "sh: %s: No such file or directory\n", path);
		return STATUS_NOT_FOUND;
	}
	return script_run(path, text, size, cmd->io, cmd->job);
}

static int sh_stdin(struct command *cmd)
{
	struct app_stdio io = *cmd->io;
	size_t len;
	char *text;
	int err = stream_read_all(cmd->io->in, &text, &len);

	if (err) {
		ctl_printf(cmd->err, "sh: cannot read standard input\n");
		return 1;
	}
	io.in = null_stream();
	err = script_run("-", text, len, &io, cmd->job);
	kfree(text);
	return err;
}

int cmd_sh(struct command *cmd)
{
	if (cmd->argc == 1)
		return sh_stdin(cmd);
	if (!strcmp(cmd->argv[1], "-c")) {
		if (cmd->argc != 3)
			return cmd_usage(cmd, "-c needs one line", NULL);
		return command_run_line(cmd->argv[2], strlen(cmd->argv[2]), cmd->io, cmd->job,
					NULL);
	}
	if (cmd->argc > 2)
		return cmd_usage(cmd, "unexpected", cmd->argv[2]);
	return sh_file(cmd, cmd->argv[1]);
}
