/* SPDX-License-Identifier: MIT */
/* How a program ends: exit() and its handlers, abort(), raise(). Only the calling app ends. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/printk.h"
#include "kernel/thread.h"
#include "lib/errno.h"
#include "libc/descriptor.h"

int atexit(void (*fn)(void))
{
	struct process *p = current_process();

	if (p->nr_atexit == ATEXIT_MAX)
		return -1;
	p->atexit[p->nr_atexit++] = fn;
	return 0;
}

void exit(int status)
{
	struct process *p = current_process();

	while (p->nr_atexit)
		p->atexit[--p->nr_atexit]();
	fflush(NULL);
	process_exit(status);
}

void _exit(int status)
{
	process_exit(status);
}

void _Exit(int status)
{
	process_exit(status);
}

void abort(void)
{
	pr_err("%s[%d]: aborted", thread_name(current_thread()), current_process()->id);
	process_exit(APP_ABORTED);
}

/* There are no handlers to set: a signal does what it does by default, or nothing. */
int raise(int sig)
{
	return kill(current_process()->id, sig);
}

static bool signal_ignored_by_default(int sig)
{
	return sig == SIGCHLD || sig == SIGURG || sig == SIGWINCH || sig == SIGCONT;
}

int kill(int pid, int sig)
{
	struct process *p = current_process();
	int err = 0;

	if (sig < 0 || sig >= NSIG)
		return sys_result(-EINVAL);
	if (!sig || signal_ignored_by_default(sig))
		return 0;
	if (pid != p->id)
		err = app_kill(pid);
	else if (sig == SIGABRT)
		abort();
	else
		process_exit(128 + sig);
	return sys_result(err);
}

_sig_func_ptr signal(int sig, _sig_func_ptr fn)
{
	/* Writing to nobody gives EPIPE and no signal already; nothing else can be promised. */
	if (sig == SIGPIPE && fn == SIG_IGN)
		return SIG_DFL;
	if (sig > 0 && sig < NSIG && fn == SIG_DFL)
		return SIG_DFL;
	sys_result(-EINVAL);
	return SIG_ERR;
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	if (set && *set && how != SIG_UNBLOCK)
		return sys_result(-EINVAL); /* no signal can be blocked */
	if (old)
		*old = 0;
	return 0;
}

pid_t getpid(void)
{
	return current_process()->id;
}
