/* SPDX-License-Identifier: MIT */
/*
 * The terminal: what is typed on the console, and who gets it. A thread takes bytes from the device
 * at once, so that control-C is seen while a command runs; the shell and the app in the foreground
 * take them from here.
 */
#pragma once

#include "init/job.h"
#include "init/line_edit.h"
#include "lib/ring.h"
#include "libc/stream.h"

struct chardev;

#define TTY_RING 4096

struct tty {
	struct chardev *dev;
	struct ring ring;
	struct wait_queue wait;
	struct job *job;      /* runs in the foreground; NULL: the shell is editing */
	struct stream stream; /* standard input of what runs in the foreground, line by line */
	struct line_edit cooked;
	size_t cooked_done; /* bytes of the cooked line already read */
	bool cooked_ready;
	u8 bytes[TTY_RING];
};

/* Starts the thread that reads dev. 0 or -E. */
int tty_start(struct tty *tty, struct chardev *dev);

/* The next byte typed; waits. -EINTR: interrupted (control-C, while a job runs). */
int tty_getc(struct tty *tty);

/* Which job control-C ends; NULL: control-C is a character for the editor. */
void tty_set_job(struct tty *tty, struct job *job);

void tty_write(struct tty *tty, const char *text, size_t len);
