/* SPDX-License-Identifier: MIT */
/*
 * Running commands: those of the kernel (init/builtin*.c), the tools of net/ctl.h, the apps of
 * libc/spawn.h. Thread context, softirqs enabled.
 */
#pragma once

#include "init/job.h"
#include "libc/spawn.h"
#include "net/ctl.h"

#define STATUS_NOT_FOUND   127
#define STATUS_INTERRUPTED 130 /* 128 + SIGINT */
#define STATUS_USAGE       2

/* What one command works with. */
struct command {
	int argc;
	char *const *argv;
	struct ctl_out *out, *err;
	struct app_stdio *io;
	struct job *job;
	struct net *net;
};

struct builtin {
	const char *name, *usage, *summary;
	int (*main)(struct command *cmd);
};

/* The kernel's commands, ends with a NULL name; split over files by what they are about. */
extern const struct builtin builtins[];

int cmd_cat(struct command *cmd);
int cmd_date(struct command *cmd);
int cmd_dmesg(struct command *cmd);
int cmd_free(struct command *cmd);
int cmd_help(struct command *cmd);
int cmd_interrupts(struct command *cmd);
int cmd_kill(struct command *cmd);
int cmd_ls(struct command *cmd);
int cmd_poweroff(struct command *cmd);
int cmd_ps(struct command *cmd);
int cmd_reboot(struct command *cmd);
int cmd_sh(struct command *cmd);
int cmd_slabinfo(struct command *cmd);
int cmd_sleep(struct command *cmd);
int cmd_sync(struct command *cmd);
int cmd_uptime(struct command *cmd);
int cmd_wait(struct command *cmd);

/* Says "NAME: text ARG" and how it is used; returns STATUS_USAGE. */
int cmd_usage(struct command *cmd, const char *text, const char *arg);

/* Where a line comes from, so that complaints can name the place. */
struct command_source {
	/*
	 * Called in front of each command and of the complaint about a line, with its column (from
	 * 1). May be NULL.
	 */
	void (*at)(struct command_source *src, unsigned int column);
	bool interactive; /* says which ids background apps got */
	unsigned int apps_started;
};

/* Which stack the commands configure. Boot, once. */
void command_init(struct net *net);

/*
 * Runs a line; text is not changed. Streams of io must not be NULL. Returns the exit status of its
 * last command, STATUS_USAGE if it cannot be parsed (said on err).
 */
int command_run_line(const char *text, size_t len, struct app_stdio *io, struct job *job,
		     struct command_source *src);

/* Runs words as one command, without any grammar (the control channel). */
int command_run_words(int argc, char *const argv[], struct app_stdio *io, struct job *job);

/* The n-th command's name, of all kinds, for completion and help; false after the last. */
bool command_nth(unsigned int n, const char **name, const char **summary);
