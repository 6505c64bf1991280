/* SPDX-License-Identifier: MIT */
/*
 * Pipes: a bounded ring of bytes between threads, as a stream. Everything in it is changed with softirqs disabled.
 */
#include "kernel/mm.h"
#include "kernel/softirq.h"
#include "kernel/thread.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "libc/stream.h"
#include "net/sock.h"

struct pipe {
	struct stream stream;
	struct wait_queue wait;
	bool no_writer, no_reader;
	u32 head, tail; /* bytes ever written, read */
	u32 size;
	char ring[];
};

static struct pipe *pipe_of(struct stream *s)
{
	return container_of(s, struct pipe, stream);
}

static void pipe_changed(struct pipe *p)
{
	wake_up_all(&p->wait);
	stream_notify(&p->stream);
}

static u32 pipe_put(struct pipe *p, const char *buf, size_t len)
{
	u32 n = min(len, (size_t)(p->size - (p->head - p->tail)));
	u32 at = p->head & (p->size - 1);
	u32 first = min(n, p->size - at);

	memcpy(p->ring + at, buf, first);
	memcpy(p->ring, buf + first, n - first);
	p->head += n;
	return n;
}

static u32 pipe_take(struct pipe *p, char *buf, size_t len)
{
	u32 n = min(len, (size_t)(p->head - p->tail));
	u32 at = p->tail & (p->size - 1);
	u32 first = min(n, p->size - at);

	memcpy(buf, p->ring + at, first);
	memcpy(buf + first, p->ring, n - first);
	p->tail += n;
	return n;
}

static long pipe_read(struct stream *s, char *buf, size_t len, bool nonblock)
{
	struct pipe *p = pipe_of(s);
	long ret = 0;

	local_bh_disable();
	while (p->head == p->tail && !p->no_writer && !ret)
		ret = nonblock ? -EAGAIN : wait_queue_sleep(&p->wait, U64_MAX);
	if (p->head != p->tail) {
		ret = pipe_take(p, buf, len);
		pipe_changed(p);
	}
	local_bh_enable();
	return ret;
}

/* Writes all, in pieces as room comes, unless told not to wait. */
static long pipe_write(struct stream *s, const char *buf, size_t len, bool nonblock)
{
	struct pipe *p = pipe_of(s);
	size_t done = 0;
	long err = 0;

	local_bh_disable();
	while (done < len && !err) {
		u32 n;

		if (p->no_reader) {
			err = -EPIPE;
			break;
		}
		n = pipe_put(p, buf + done, len - done);
		done += n;
		if (n)
			pipe_changed(p);
		else
			err = nonblock ? -EAGAIN : wait_queue_sleep(&p->wait, U64_MAX);
	}
	local_bh_enable();
	return done ? (long)done : err;
}

static u32 pipe_poll(struct stream *s)
{
	struct pipe *p = pipe_of(s);
	u32 events = 0;

	if (p->head != p->tail)
		events |= POLLIN | POLLRDNORM;
	if (p->no_writer)
		events |= POLLHUP;
	if (p->no_reader)
		events |= POLLERR;
	else if (p->head - p->tail < p->size)
		events |= POLLOUT | POLLWRNORM;
	return events;
}

static void pipe_release(struct stream *s)
{
	kfree(pipe_of(s));
}

struct stream *pipe_create(size_t size)
{
	static const struct stream_ops ops = {
		.read = pipe_read, .write = pipe_write, .poll = pipe_poll, .release = pipe_release};
	struct pipe *p = kzalloc(sizeof(*p) + size);

	if (!p)
		return NULL;
	stream_init(&p->stream, &ops, false);
	wait_queue_init(&p->wait);
	p->size = size;
	return &p->stream;
}

static void pipe_close(struct stream *s, bool *end)
{
	local_bh_disable();
	*end = true;
	pipe_changed(pipe_of(s));
	local_bh_enable();
}

void pipe_close_write(struct stream *s)
{
	pipe_close(s, &pipe_of(s)->no_writer);
}

void pipe_close_read(struct stream *s)
{
	pipe_close(s, &pipe_of(s)->no_reader);
}
