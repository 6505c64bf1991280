/* SPDX-License-Identifier: MIT */
/* The terminal. */
#include "init/tty.h"

#include "kernel/console.h"
#include "kernel/softirq.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "net/sockopt.h"

#define CONTROL_C 3

static void tty_put(void *arg, const char *text, size_t len)
{
	tty_write(arg, text, len);
}

void tty_write(struct tty *tty, const char *text, size_t len)
{
	tty->dev->ops->write(tty->dev, text, len);
}

/* One byte from the device: control-C for the job, or one more to be read. */
static void take_byte(struct tty *tty, char c)
{
	struct job *job;

	local_bh_disable();
	job = tty->job;
	if (c == CONTROL_C && job) {
		ring_skip(&tty->ring, TTY_RING);
		tty->cooked_ready = false;
	} else {
		(void)ring_write(&tty->ring, &c,
				 1); /* when full, the byte is lost, as on any terminal */
	}
	local_bh_enable();
	if (c == CONTROL_C && job) {
		tty_write(tty, "^C\n", 3);
		job_interrupt(job);
	}
	wake_up_all(&tty->wait);
}

static void tty_thread(void *arg)
{
	struct tty *tty = arg;
	char buf[64];
	long n;

	thread_without_fpu();
	while ((n = chardev_read(tty->dev, buf, sizeof(buf), false)) > 0) {
		for (long i = 0; i < n; i++)
			take_byte(tty, buf[i]);
		stream_notify(&tty->stream);
	}
}

int tty_getc(struct tty *tty)
{
	int err = 0;
	u8 c = 0;

	local_bh_disable();
	while (!err && !ring_read(&tty->ring, &c, 1)) {
		if (tty->job && tty->job->interrupted)
			err = -EINTR;
		else
			err = wait_queue_sleep(&tty->wait, U64_MAX);
	}
	local_bh_enable();
	return err ? err : c;
}

void tty_set_job(struct tty *tty, struct job *job)
{
	local_bh_disable();
	tty->job = job;
	tty->cooked_ready = false;
	local_bh_enable();
}

/* ---- standard input of the app in the foreground */

/* Edits a line; 0: it is ready, 1: end of input, or -EINTR. */
static int cook_line(struct tty *tty)
{
	line_edit_start(&tty->cooked);
	for (;;) {
		int c = tty_getc(tty);

		if (c < 0)
			return c;
		switch (line_edit_byte(&tty->cooked, c)) {
		case LINE_DONE:
			tty->cooked.text[tty->cooked.len++] = '\n';
			tty->cooked_done = 0;
			tty->cooked_ready = true;
			return 0;
		case LINE_TOO_LONG:
			line_edit_start(&tty->cooked);
			break;
		case LINE_CANCEL:
			return -EINTR;
		case LINE_EOF:
			return 1;
		default:
			break;
		}
	}
}

static bool whole_line_typed(struct tty *tty)
{
	u8 c;

	for (u32 i = 0; ring_peek(&tty->ring, i, &c, 1); i++) {
		if (c == '\r' || c == '\n' || c == 4)
			return true;
	}
	return false;
}

static long tty_read(struct stream *s, char *buf, size_t len, bool nonblock)
{
	struct tty *tty = container_of(s, struct tty, stream);
	size_t n;

	if (!tty->cooked_ready) {
		int err;

		if (nonblock && !whole_line_typed(tty))
			return -EAGAIN;
		err = cook_line(tty);
		if (err)
			return err < 0 ? err : 0;
	}
	n = min(len, tty->cooked.len - tty->cooked_done);
	memcpy(buf, tty->cooked.text + tty->cooked_done, n);
	tty->cooked_done += n;
	tty->cooked_ready = tty->cooked_done < tty->cooked.len;
	return n;
}

static long tty_stream_write(struct stream *s, const char *buf, size_t len, bool nonblock)
{
	(void)nonblock;
	tty_write(container_of(s, struct tty, stream), buf, len);
	return len;
}

static u32 tty_poll(struct stream *s)
{
	struct tty *tty = container_of(s, struct tty, stream);

	return POLLOUT | (tty->cooked_ready || whole_line_typed(tty) ? POLLIN : 0);
}

int tty_start(struct tty *tty, struct chardev *dev)
{
	static const struct stream_ops ops = {
		.read = tty_read, .write = tty_stream_write, .poll = tty_poll};

	memset(tty, 0, sizeof(*tty));
	tty->dev = dev;
	ring_init(&tty->ring, tty->bytes, TTY_RING);
	wait_queue_init(&tty->wait);
	stream_init(&tty->stream, &ops, true);
	line_edit_init(&tty->cooked, "", NULL, tty_put, tty);
	return thread_create("tty", tty_thread, tty, 0, NULL);
}
