/* SPDX-License-Identifier: MIT */
/*
 * Signals between apps, and from the console. A signal ends the waits of its app's thread; handlers run in that thread,
 * when it next comes by the library: there is no other moment at which the app could be interrupted safely.
 */
#include <signal.h>
#include <stdlib.h>

#include "kernel/softirq.h"
#include "lib/errno.h"
#include "libc/descriptor.h"

static bool ignored_by_default(int sig)
{
	return sig == SIGCHLD || sig == SIGURG || sig == SIGWINCH || sig == SIGCONT;
}

static bool may_be_handled(int sig)
{
	return sig > 0 && sig < NR_SIGNALS && sig != SIGKILL && sig != SIGSTOP;
}

/* Notes the signal; whether the thread must be told. Softirqs disabled. */
static bool note_signal(struct process *p, int sig)
{
	_sig_func_ptr fn = p->handlers[sig];

	if (p->ended || fn == SIG_IGN || (!fn && ignored_by_default(sig)))
		return false;
	if (fn)
		p->pending |= 1U << sig;
	else if (!p->killed_by)
		p->killed_by = sig;
	p->attention = true;
	return true;
}

int process_signal(int id, int sig)
{
	struct process *p;
	int thread = 0;
	bool ends = false;

	local_bh_disable();
	p = process_by_id(id);
	if (p && sig && note_signal(p, sig)) {
		thread = p->thread;
		ends = p->killed_by;
	}
	local_bh_enable();
	if (!p)
		return -ESRCH;
	if (thread && ends)
		thread_kill(thread);
	else if (thread)
		thread_interrupt(thread);
	return 0;
}

int app_kill(int id)
{
	return process_signal(id, SIGTERM);
}

int app_interrupt(int id)
{
	return process_signal(id, SIGINT);
}

void process_attention(struct process *p)
{
	if (p->exiting)
		return;
	if (p->killed_by)
		process_exit(128 + p->killed_by);
	p->attention = false;
	while (p->pending) {
		int sig = __builtin_ctz(p->pending);

		p->pending &= ~(1U << sig);
		p->handlers[sig](sig);
	}
}

int kill(int pid, int sig)
{
	int err;

	if (sig < 0 || sig >= NR_SIGNALS)
		return sys_result(-EINVAL);
	err = process_signal(pid, sig);
	process_check_signals(current_process());
	return sys_result(err);
}

int raise(int sig)
{
	if (sig == SIGABRT && !current_process()->handlers[SIGABRT])
		abort();
	return kill(current_process()->id, sig);
}

_sig_func_ptr signal(int sig, _sig_func_ptr fn)
{
	struct process *p = current_process();
	_sig_func_ptr old;

	if (!may_be_handled(sig)) {
		sys_result(-EINVAL);
		return SIG_ERR;
	}
	old = p->handlers[sig];
	p->handlers[sig] = fn;
	return old;
}

/* No flags and no mask: a handler is never interrupted by another. */
int sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct process *p = current_process();

	if (!may_be_handled(sig) || (act && act->sa_flags))
		return sys_result(-EINVAL);
	if (old)
		*old = (struct sigaction){.sa_handler = p->handlers[sig]};
	if (act)
		p->handlers[sig] = act->sa_handler;
	return 0;
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	if (set && *set && how != SIG_UNBLOCK)
		return sys_result(-EINVAL); /* no signal can be blocked */
	if (old)
		*old = 0;
	return 0;
}
