/* SPDX-License-Identifier: MIT */
/*
 * A running app, as libc sees it: one thread, its descriptors, its newlib state, its heap. Threads that are no apps
 * (init, the console shell) share one process of their own, which never ends.
 *
 * Context: everything in it belongs to its thread; what app_for_each() and app_kill() touch from others
 * (list, signals, ended, the waiting) is changed with softirqs disabled.
 */
#pragma once

#include <signal.h>
#include <sys/reent.h>

#include "kernel/thread.h"
#include "libc/app_table.h"
#include "libc/spawn.h"

#define NR_SIGNALS 32
#define ATEXIT_MAX 32 /* ISO C 7.22.4.2 */

struct file;

struct process {
	struct _reent reent; /* first: __getreent() is current_process() */
	int id;
	int thread;
	bool detached, ended, exiting;
	bool attention; /* a signal has come: see process_attention() */
	bool released;  /* by daemon(): whoever waits goes on with status 0 */
	int status;
	int killed_by;                      /* the signal that ends it; 0: none has come */
	u32 pending;                        /* a bit for each signal whose handler is to run */
	_sig_func_ptr handlers[NR_SIGNALS]; /* NULL: SIG_DFL */
	struct file **files;                /* by descriptor; NULL: free */
	u32 nr_slots;          /* in files[]; behind them a bit for each says whether it is taken */
	u32 fd_hint;           /* no slot below is free */
	struct list_head heap; /* what it has allocated (app_heap.c) */
	size_t heap_bytes;
	void (*atexit[ATEXIT_MAX])(void);
	int nr_atexit;
	char **env; /* app_env.c */
	int nr_env;
	char ntoa[16]; /* what inet_ntoa() returns */
	void *host;    /* what gethostbyname() returns, of the app's heap */
	int h_error;
	const struct app *app;
	struct list_head list;
	int argc;
	char **argv; /* argv and its words, one allocation */
};

/* Before anything of newlib is used. */
void processes_init(void);

/* The calling thread's. Never NULL after processes_init(). */
static inline struct process *current_process(void)
{
	return current_private();
}

/* Does what signals that came meanwhile want: runs handlers, or ends the calling app. */
void process_attention(struct process *p);

static inline void process_check_signals(struct process *p)
{
	if (unlikely(p->attention))
		process_attention(p);
}

/* NULL: none. Softirqs disabled. */
struct process *process_by_id(int id);

/* Sends a signal to app id. 0 or -ESRCH. */
int process_signal(int id, int sig);

/* Ends the calling app with no further handlers: descriptors closed, heap freed, status kept. */
void process_exit(int status) __noreturn;
