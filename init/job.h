/* SPDX-License-Identifier: MIT */
/*
 * A command line that runs for somebody, who may interrupt it: the shell's by control-C, the
 * control channel's by its client. What waits for a command waits here.
 */
#pragma once

#include "kernel/thread.h"

struct job {
	struct wait_queue wait;
	int app; /* the app in the foreground; 0: none */
	bool interrupted;
	unsigned int depth; /* of command lines within command lines (sh) */
};

void job_init(struct job *job);

/* Ends the app in the foreground and what else waits. Any thread. */
void job_interrupt(struct job *job);

/* Makes app the job's foreground (0: none). */
void job_set_app(struct job *job, int app);

/* Sleeps until the deadline (clock_ns()): 0, or -EINTR when interrupted or killed. */
int job_sleep(struct job *job, u64 deadline_ns);
