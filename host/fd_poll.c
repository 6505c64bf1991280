/* SPDX-License-Identifier: MIT */
/* poll() and epoll of libweir.h. */
#include <errno.h>
#include <stdlib.h>

#include "host/enter.h"
#include "host/fd_table.h"
#include "host/libweir.h"
#include "net/platform.h"

static int result(long ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

/* 0: do not wait. */
static u64 deadline_of(int timeout_ms)
{
	if (timeout_ms < 0)
		return U64_MAX;
	return timeout_ms ? plat_now() + timeout_ms * NSEC_PER_MSEC : 0;
}

/* Several descriptors, waited for by one thread. */
struct poll_call {
	struct call call;
	struct pollfd *fds;
	nfds_t n;
	int timeout_ms;
	struct plat_wait wait;
	struct poll_waiter *waiters;
};

struct poll_waiter {
	struct sock_waiter waiter;
	struct weir_file *file; /* held; NULL: nothing to wait for */
	struct poll_call *call;
};

static void poll_woken(struct sock_waiter *w, u32 changed)
{
	(void)changed;
	plat_wake(&container_of(w, struct poll_waiter, waiter)->call->wait);
}

/* Softirqs disabled. How many have something to tell. */
static int look(struct poll_call *c)
{
	int ready = 0;

	for (nfds_t i = 0; i < c->n; i++) {
		struct pollfd *p = &c->fds[i];
		struct weir_file *f = c->waiters[i].file;

		p->revents = 0;
		if (p->fd >= 0)
			p->revents =
				f ? file_poll(f) & ((u16)p->events | POLLERR | POLLHUP) : POLLNVAL;
		ready += p->revents != 0;
	}
	return ready;
}

static void watch(struct poll_call *c)
{
	for (nfds_t i = 0; i < c->n; i++) {
		struct poll_waiter *w = &c->waiters[i];

		*w = (struct poll_waiter){
			.waiter.wake = poll_woken, .file = fd_file(c->fds[i].fd), .call = c};
		if (!w->file)
			continue;
		w->file->refs++;
		file_poller_add(w->file, &w->waiter);
	}
}

static void unwatch(struct poll_call *c)
{
	for (nfds_t i = 0; i < c->n; i++) {
		struct poll_waiter *w = &c->waiters[i];

		if (!w->file)
			continue;
		file_poller_del(w->file, &w->waiter);
		file_release(w->file);
	}
}

static long do_poll(struct call *call)
{
	struct poll_call *c = container_of(call, struct poll_call, call);
	u64 deadline = deadline_of(c->timeout_ms);
	int ready, err = 0;

	plat_wait_init(&c->wait);
	watch(c);
	plat_bh_disable();
	while (!(ready = look(c)) && deadline && !err)
		err = plat_wait(&c->wait, deadline);
	plat_bh_enable();
	unwatch(c);
	return ready || err == -ETIMEDOUT ? ready : err;
}

int weir_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	struct poll_call c = {.call.fn = do_poll, .fds = fds, .n = n, .timeout_ms = timeout_ms};
	long ret = -EINVAL;

	enter_world();
	if (n <= FD_MAX) {
		c.waiters = calloc(n + 1, sizeof(*c.waiters));
		ret = c.waiters ? run_call(&c.call, NULL) : -ENOMEM;
		free(c.waiters);
	}
	leave_world();
	return result(ret);
}

int weir_epoll_create1(int flags)
{
	struct eventpoll *ep;
	int ret = -EINVAL;

	enter_world();
	if (!(flags & ~EPOLL_CLOEXEC)) {
		ep = ep_create(&fd_ep_ops);
		ret = ep ? fd_install_ep(ep) : -ENOMEM;
	}
	leave_world();
	return result(ret);
}

int weir_epoll_create(int size)
{
	return size > 0 ? weir_epoll_create1(0) : result(-EINVAL);
}

int weir_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	struct weir_file *set, *f;
	int ret = -EBADF;

	enter_world();
	set = fd_file(epfd);
	f = fd_file(fd);
	if (set && f)
		ret = set->ep ? ep_ctl(set->ep, op, fd, f, event) : -EINVAL;
	leave_world();
	return result(ret);
}

struct epoll_call {
	struct call call;
	struct eventpoll *ep;
	struct epoll_event *events;
	int max, timeout_ms;
};

static long do_epoll_wait(struct call *call)
{
	struct epoll_call *c = container_of(call, struct epoll_call, call);

	return ep_wait(c->ep, c->events, c->max, deadline_of(c->timeout_ms));
}

int weir_epoll_wait(int epfd, struct epoll_event *events, int max, int timeout_ms)
{
	struct epoll_call c = {
		.call.fn = do_epoll_wait, .events = events, .max = max, .timeout_ms = timeout_ms};
	struct weir_file *f;
	long ret = -EBADF;

	enter_world();
	f = fd_file(epfd);
	if (f && !f->ep)
		ret = -EINVAL;
	if (f && f->ep) {
		c.ep = f->ep;
		ret = run_call(&c.call, f);
	}
	leave_world();
	return result(ret);
}
