/* SPDX-License-Identifier: MIT */
/*
 * Running the built-in apps: each is a thread with descriptors, standard streams, errno, exit handlers and heap
 * of its own. What it leaves open or allocated is taken back when it ends.
 *
 * Life: app_spawn -> main() -> exit status kept -> app_wait collects it (a detached app needs no wait).
 * All: thread context, softirqs enabled.
 */
#pragma once

#include "libc/stream.h"

#define APP_ARGS_MAX 64  /* words of a command line */
#define APPS_MAX     64  /* alive or not yet waited for */
#define APP_KILLED   143 /* the status of an app ended by app_kill: 128 + SIGTERM */
#define APP_ABORTED  134 /* by abort() or a failed assert(): 128 + SIGABRT */

/*
 * What descriptors 0, 1 and 2 are. NULL: in reads as empty, out and err go to the console. The app takes a
 * reference of its own on each.
 */
struct app_stdio {
	struct stream *in, *out, *err;
};

enum { APP_DETACHED = 1 /* nobody will wait; the status goes nowhere */ };

/* True if the image has an app of that name (a path in front is ignored: /bin/echo is echo). */
bool app_exists(const char *name);

/*
 * Starts app argv[0] with a copy of argv; io may be NULL. Returns its id (> 0), or -ENOENT (no such app), -E2BIG
 * (APP_ARGS_MAX), -EAGAIN (APPS_MAX, threads), -ENOMEM.
 */
int app_spawn(int argc, char *const argv[], const struct app_stdio *io, unsigned int flags);

/*
 * Waits for the end of app id until the deadline (clock_ns(), U64_MAX: none) and collects its exit status (0..255).
 * 0: *status is set; -ETIMEDOUT; -EINTR: the caller itself was killed; -ECHILD: no such app, detached or collected.
 */
int app_wait(int id, u64 deadline_ns, int *status);

/* Nobody will wait for it any more: its status goes nowhere. -ESRCH. */
int app_detach(int id);

/*
 * Signals: what the app's handler says, else what the signal does by default, which is to end the app with status
 * 128 + sig: its waits end, and it exits on its next call of the library. -ESRCH.
 */
int app_kill(int id);      /* SIGTERM */
int app_interrupt(int id); /* SIGINT: control-C */

struct app_info {
	int id;
	int thread; /* for ps; 0 when ended */
	const char *name;
	bool detached, ended;
	int nr_files;
	size_t heap; /* bytes allocated */
};

/* Calls fn for every app, softirqs disabled. */
void app_for_each(void (*fn)(void *arg, const struct app_info *info), void *arg);
