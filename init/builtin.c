/* SPDX-License-Identifier: MIT */
/* The table of the kernel's commands, and help. */
#include "init/command.h"

#include "lib/string.h"

const struct builtin builtins[] = {
	{"cat", "[FILE...]", "prints files of the initrd, or standard input", cmd_cat},
	{"date", "[-s @SECONDS] [+%s]", "shows or sets the clock (UTC)", cmd_date},
	{"dmesg", "[-n LEVEL] [-c] [-C]", "the kernel's log", cmd_dmesg},
	{"free", "[-b|-k|-m|-h]", "memory", cmd_free},
	{"help", "[COMMAND]", "this list, or how a command is used", cmd_help},
	{"interrupts", "", "interrupts, how often each came", cmd_interrupts},
	{"kill", "PID...", "ends apps", cmd_kill},
	{"ls", "[-l]", "files of the initrd", cmd_ls},
	{"poweroff", "[STATUS]", "ends the machine", cmd_poweroff},
	{"ps", "[-l]", "threads", cmd_ps},
	{"reboot", "", "starts the machine anew", cmd_reboot},
	{"sh", "[FILE | -c LINE]", "runs the lines of a file, of standard input, or one", cmd_sh},
	{"slabinfo", "", "caches of equal objects", cmd_slabinfo},
	{"sleep", "SECONDS", "waits", cmd_sleep},
	{"sync", "", "waits until all packets that have arrived are handled", cmd_sync},
	{"uptime", "", "time since boot", cmd_uptime},
	{"wait", "[PID...]", "waits for apps to end", cmd_wait},
	{NULL, NULL, NULL, NULL},
};

int cmd_usage(struct command *cmd, const char *text, const char *arg)
{
	ctl_printf(cmd->err, "%s: %s", cmd->argv[0], text);
	if (arg)
		ctl_printf(cmd->err, " '%s'", arg);
	ctl_printf(cmd->err, "\n");
	for (const struct builtin *b = builtins; b->name; b++) {
		if (!strcmp(b->name, cmd->argv[0]))
			ctl_printf(cmd->err, "usage: %s %s\n", b->name, b->usage);
	}
	return STATUS_USAGE;
}

static int help_on(struct command *cmd, const char *name)
{
	const char *found, *summary;

	for (const struct builtin *b = builtins; b->name; b++) {
		if (!strcmp(b->name, name)) {
			ctl_printf(cmd->out, "usage: %s %s\n  %s\n", b->name, b->usage, b->summary);
			return 0;
		}
	}
	for (unsigned int n = 0; net_ctl_tool(n, &found, &summary); n++) {
		char *const argv[] = {(char *)(uintptr_t)name, (char[]){"--help"}, NULL};

		if (!strcmp(found, name)) {
			/* The tool's own help; its exit status is of no interest here. */
			ctl_printf(cmd->out, "%s: %s\n", name, summary);
			(void)net_ctl(cmd->net, 2, argv, NULL, cmd->out, cmd->out);
			return 0;
		}
	}
	if (app_exists(name)) {
		ctl_printf(cmd->out, "%s is an app; %s -h may tell more\n", name, name);
		return 0;
	}
	return cmd_usage(cmd, "no such command", name);
}

int cmd_help(struct command *cmd)
{
	const char *name, *summary;

	if (cmd->argc > 2)
		return cmd_usage(cmd, "too many words:", cmd->argv[2]);
	if (cmd->argc == 2)
		return help_on(cmd, cmd->argv[1]);
	for (unsigned int n = 0; command_nth(n, &name, &summary); n++)
		ctl_printf(cmd->out, "  %-12s %s\n", name, summary);
	ctl_printf(cmd->out, "a; b  one after the other    app &  in the background    "
			     "cmd < FILE  input from the initrd\n");
	return 0;
}
