/* SPDX-License-Identifier: MIT */
/* Descriptors of epoll's sets (net/eventpoll.h). */
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "kernel/clock.h"
#include "kernel/mm.h"
#include "lib/errno.h"
#include "libc/descriptor.h"

static u32 watched_poll(void *file)
{
	struct file *f = file;

	return f->ops->poll(f);
}

static void watched_add(void *file, struct sock_waiter *w)
{
	struct file *f = file;

	f->ops->poller_add(f, w);
}

static void watched_del(void *file, struct sock_waiter *w)
{
	struct file *f = file;

	f->ops->poller_del(f, w);
}

static struct epitem **watched_by(void *file)
{
	return &((struct file *)file)->watchers;
}

static u32 epoll_file_poll(struct file *f)
{
	return ep_poll(f->ep);
}

static void epoll_file_poller_add(struct file *f, struct sock_waiter *w)
{
	ep_poller_add(f->ep, w);
}

static void epoll_file_poller_del(struct file *f __unused, struct sock_waiter *w)
{
	ep_poller_del(w);
}

static void epoll_file_release(struct file *f)
{
	ep_destroy(f->ep);
}

static void epoll_file_fstat(struct file *f __unused, struct stat *st)
{
	st->st_mode = 0600;
}

static long epoll_file_read(struct file *f __unused, void *buf __unused, size_t len __unused)
{
	return -EINVAL;
}

static long epoll_file_write(struct file *f __unused, const void *buf __unused, size_t len __unused)
{
	return -EINVAL;
}

static const struct file_ops epoll_file_ops = {
	.read = epoll_file_read,
	.write = epoll_file_write,
	.fstat = epoll_file_fstat,
	.poll = epoll_file_poll,
	.poller_add = epoll_file_poller_add,
	.poller_del = epoll_file_poller_del,
	.release = epoll_file_release,
};

static struct eventpoll *nested_set(void *file)
{
	struct file *f = file;

	return f->ops == &epoll_file_ops ? f->ep : NULL;
}

static const struct ep_ops watched_ops = {
	.poll = watched_poll,
	.poller_add = watched_add,
	.poller_del = watched_del,
	.watchers = watched_by,
	.nested = nested_set,
};

static int epoll_open(int flags)
{
	struct file *f;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	f = file_create(&epoll_file_ops, O_RDWR);
	if (!f)
		return -ENOMEM;
	f->ep = ep_create(&watched_ops);
	if (!f->ep) {
		kfree(f);
		return -ENOMEM;
	}
	return fd_install(f, 0);
}

int epoll_create1(int flags)
{
	process_check_signals(current_process());
	return sys_result(epoll_open(flags));
}

int epoll_create(int size)
{
	return size > 0 ? epoll_create1(0) : sys_result(-EINVAL);
}

int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	struct file *ep = fd_file(epfd), *f = fd_file(fd);

	if (!ep || !f)
		return sys_result(-EBADF);
	if (!f->ops->poller_add)
		return sys_result(-EPERM);
	if (ep->ops != &epoll_file_ops)
		return sys_result(-EINVAL);
	if (op == EPOLL_CTL_ADD)
		file_want(f);
	return sys_result(ep_ctl(ep->ep, op, fd, f, event));
}

/* mask NULL or empty: no signal can be blocked. */
static int epoll_until(int epfd, struct epoll_event *events, int max, u64 deadline,
		       const sigset_t *mask)
{
	struct file *ep = fd_file(epfd);

	if (!ep)
		return sys_result(-EBADF);
	if (ep->ops != &epoll_file_ops || (mask && *mask))
		return sys_result(-EINVAL);
	return sys_result(ep_wait(ep->ep, events, max, deadline));
}

int epoll_pwait(int epfd, struct epoll_event *events, int max, int timeout_ms, const sigset_t *mask)
{
	u64 deadline = U64_MAX;

	if (timeout_ms >= 0)
		deadline = timeout_ms ? clock_ns() + timeout_ms * NSEC_PER_MSEC : 0;
	return epoll_until(epfd, events, max, deadline, mask);
}

int epoll_wait(int epfd, struct epoll_event *events, int max, int timeout_ms)
{
	return epoll_pwait(epfd, events, max, timeout_ms, NULL);
}

int epoll_pwait2(int epfd, struct epoll_event *events, int max, const struct timespec *timeout,
		 const sigset_t *mask)
{
	u64 deadline;
	int err = timespec_deadline(timeout, &deadline);

	return err ? sys_result(err) : epoll_until(epfd, events, max, deadline, mask);
}
