/* SPDX-License-Identifier: MIT */
/*
 * Streams: what a descriptor can be besides a socket or a file of the initrd. The owner of one gives functions;
 * the console is made here.
 *
 * Context: thread, softirqs enabled, but for stream_notify().
 */
#pragma once

#include "lib/list.h"

struct stream;
struct sock_waiter;

struct stream_ops {
	/* At least one byte, 0 at the end, -EAGAIN (nonblock), -EINTR. NULL: always at the end. */
	long (*read)(struct stream *s, char *buf, size_t len, bool nonblock);
	/* Bytes taken, -EAGAIN, -EINTR, -EPIPE: nobody will read. NULL: taken and thrown away. */
	long (*write)(struct stream *s, const char *buf, size_t len, bool nonblock);
	/* POLLIN, POLLOUT, POLLHUP as they hold now; softirqs disabled. NULL: readable and writable. */
	u32 (*poll)(struct stream *s);
	/* Somebody is about to wait until poll says POLLIN. May be NULL. */
	void (*want)(struct stream *s);
	/* The last reference is gone. May be NULL. */
	void (*release)(struct stream *s);
};

struct stream {
	const struct stream_ops *ops;
	u32 refs;
	bool tty; /* what isatty() says: stdio then buffers by lines */
	struct list_head pollers;
};

/* Prepares s with one reference, the caller's. */
void stream_init(struct stream *s, const struct stream_ops *ops, bool tty);
void stream_get(struct stream *s);
void stream_put(struct stream *s);

/* What poll says may have changed. Any context. */
void stream_notify(struct stream *s);

/* As sock_waiter_add() and _del(); wake may then come from a hard interrupt, too. */
void stream_poller_add(struct stream *s, struct sock_waiter *w);
void stream_poller_del(struct sock_waiter *w);

/* The console: output goes there, input comes from it unchanged. Without a console: input waits for ever. */
struct stream *console_stream(void);

/* Reads as empty, takes everything. */
struct stream *null_stream(void);

/* Read and write as the functions above; NULL functions are handled. */
long stream_read(struct stream *s, char *buf, size_t len, bool nonblock);
long stream_write(struct stream *s, const char *buf, size_t len, bool nonblock);
u32 stream_poll(struct stream *s);
