/* SPDX-License-Identifier: MIT */
/* Streams: references, the null stream, the console. */
#include "kernel/console.h"
#include "kernel/irq.h"
#include "kernel/softirq.h"
#include "lib/errno.h"
#include "libc/stream.h"
#include "net/sock.h"

void stream_init(struct stream *s, const struct stream_ops *ops, bool tty)
{
	s->ops = ops;
	s->refs = 1;
	s->tty = tty;
	INIT_LIST_HEAD(&s->pollers);
}

void stream_get(struct stream *s)
{
	local_bh_disable();
	s->refs++;
	local_bh_enable();
}

void stream_put(struct stream *s)
{
	bool last;

	local_bh_disable();
	last = --s->refs == 0;
	local_bh_enable();
	if (last && s->ops->release)
		s->ops->release(s);
}

void stream_poller_add(struct stream *s, struct sock_waiter *w)
{
	unsigned long flags = local_irq_save();

	list_add_tail(&w->list, &s->pollers);
	local_irq_restore(flags);
}

void stream_poller_del(struct sock_waiter *w)
{
	unsigned long flags = local_irq_save();

	list_del_init(&w->list);
	local_irq_restore(flags);
}

void stream_notify(struct stream *s)
{
	unsigned long flags = local_irq_save();
	struct sock_waiter *w;

	list_for_each_entry (w, &s->pollers, list)
		w->wake(w, 0);
	local_irq_restore(flags);
}

long stream_read(struct stream *s, char *buf, size_t len, bool nonblock)
{
	return s->ops->read && len ? s->ops->read(s, buf, len, nonblock) : 0;
}

long stream_write(struct stream *s, const char *buf, size_t len, bool nonblock)
{
	return s->ops->write && len ? s->ops->write(s, buf, len, nonblock) : (long)len;
}

u32 stream_poll(struct stream *s)
{
	return s->ops->poll ? s->ops->poll(s) : POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
}

struct stream *null_stream(void)
{
	static const struct stream_ops ops;
	static struct stream s = {.ops = &ops, .refs = 1, .pollers = LIST_HEAD_INIT(s.pollers)};

	return &s;
}

static long console_read(struct stream *s __unused, char *buf, size_t len, bool nonblock)
{
	struct chardev *dev = console_get();

	return dev ? chardev_read(dev, buf, len, nonblock) : -EAGAIN;
}

static long console_write(struct stream *s __unused, const char *buf, size_t len,
			  bool nonblock __unused)
{
	struct chardev *dev = console_get();

	if (!dev)
		return len;
	console_release(); /* what was logged before comes first */
	dev->ops->write(dev, buf, len);
	return len;
}

static void console_input(void *s)
{
	stream_notify(s);
}

static u32 console_poll(struct stream *s)
{
	struct chardev *dev = console_get();

	if (!dev)
		return POLLOUT | POLLWRNORM;
	/* The console is known only when its driver has registered it: asked for at the first poll of it. */
	chardev_on_input(dev, console_input, s);
	return POLLOUT | POLLWRNORM | (chardev_readable(dev) ? POLLIN | POLLRDNORM : 0);
}

struct stream *console_stream(void)
{
	static const struct stream_ops ops = {
		.read = console_read, .write = console_write, .poll = console_poll};
	static struct stream s = {
		.ops = &ops, .refs = 1, .tty = true, .pollers = LIST_HEAD_INIT(s.pollers)};

	return &s;
}
