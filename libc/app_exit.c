/* SPDX-License-Identifier: MIT */
/* How a program ends: exit() and its handlers, abort(). Only the calling app ends. */
#include <assert.h>
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

pid_t getpid(void)
{
	return current_process()->id;
}

/* Where assert() goes. In place of newlib's, which brings a printf of its own. */
void __assert_func(const char *file, int line, const char *function, const char *expression)
{
	fprintf(stderr, "assertion \"%s\" failed: file \"%s\", line %d%s%s\n", expression, file,
		line, function ? ", function: " : "", function ? function : "");
	abort();
}
