/* SPDX-License-Identifier: MIT */
/*
 * poll() and select(): one look at all descriptors; if none is ready, a waiter on each, and a sleep until one of
 * them calls or the time is over.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/select.h>
#include <time.h>

#include "kernel/clock.h"
#include "kernel/softirq.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "libc/descriptor.h"

#define WAITERS_ON_STACK 8

/* What one call waits with. */
struct sleeper {
	struct wait_queue wait;
	bool woken;
};

struct fd_waiter {
	struct sock_waiter waiter;
	struct sleeper *sleeper;
	struct file *file; /* NULL: not added */
	u32 wanted;
};

static void fd_woken(struct sock_waiter *waiter, u32 changed)
{
	struct fd_waiter *w = container_of(waiter, struct fd_waiter, waiter);
	struct sleeper *s = w->sleeper;

	if (changed && !(changed & w->wanted))
		return;
	s->woken = true;
	wake_up_all(&s->wait);
}

/* Softirqs disabled. */
static short poll_one(const struct pollfd *p)
{
	u32 wanted = (u16)p->events | POLLERR | POLLHUP, events;
	struct file *f;

	if (p->fd < 0)
		return 0;
	f = fd_lookup(current_process(), p->fd);
	if (!f)
		return POLLNVAL;
	events = f->ops->poll ? f->ops->poll(f) : POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
	return events & (wanted | POLLNVAL);
}

static int poll_all(struct pollfd *fds, nfds_t n)
{
	int ready = 0;
	nfds_t i;

	for (i = 0; i < n; i++) {
		fds[i].revents = poll_one(&fds[i]);
		ready += fds[i].revents != 0;
	}
	return ready;
}

static void waiters_add(struct fd_waiter *w, struct sleeper *s, const struct pollfd *fds, nfds_t n)
{
	nfds_t i;

	for (i = 0; i < n; i++) {
		struct file *f = fds[i].fd < 0 ? NULL : fd_lookup(current_process(), fds[i].fd);

		w[i].file = f && f->ops->poller_add ? f : NULL;
		w[i].sleeper = s;
		w[i].waiter.wake = fd_woken;
		w[i].wanted = (u16)fds[i].events | POLLERR | POLLHUP;
		if (!w[i].file)
			continue;
		file_want(f);
		f->ops->poller_add(f, &w[i].waiter);
	}
}

static void waiters_del(struct fd_waiter *w, nfds_t n)
{
	nfds_t i;

	for (i = 0; i < n; i++)
		if (w[i].file)
			w[i].file->ops->poller_del(w[i].file, &w[i].waiter);
}

/* Sleeps until something is ready: how many, 0 (time over), -EINTR. */
static int poll_sleep(struct pollfd *fds, nfds_t n, u64 deadline, struct fd_waiter *w)
{
	struct sleeper s = {.woken = false};
	int ready, err = 0;

	wait_queue_init(&s.wait);
	waiters_add(w, &s, fds, n);
	local_bh_disable();
	while (!(ready = poll_all(fds, n)) && !err) {
		s.woken = false;
		err = wait_queue_sleep(&s.wait, deadline);
	}
	local_bh_enable();
	waiters_del(w, n);
	if (ready)
		return ready;
	return err == -ETIMEDOUT ? 0 : err;
}

static int poll_until(struct pollfd *fds, nfds_t n, u64 deadline)
{
	struct fd_waiter on_stack[WAITERS_ON_STACK], *w = on_stack;
	int ready;

	process_check_signals(current_process());
	if (n > FILES_MAX)
		return -EINVAL;
	local_bh_disable();
	ready = poll_all(fds, n);
	local_bh_enable();
	if (ready || !deadline)
		return ready;
	if (n > WAITERS_ON_STACK) {
		w = malloc(n * sizeof(*w));
		if (!w)
			return -ENOMEM;
	}
	ready = poll_sleep(fds, n, deadline, w);
	if (w != on_stack)
		free(w);
	return ready;
}

/* 0: do not wait. */
static u64 deadline_after(u64 ns)
{
	return ns ? clock_ns() + ns : 0;
}

int timespec_deadline(const struct timespec *ts, u64 *deadline)
{
	if (!ts) {
		*deadline = U64_MAX;
		return 0;
	}
	if (ts->tv_sec < 0 || ts->tv_nsec < 0 || ts->tv_nsec >= (long)NSEC_PER_SEC)
		return -EINVAL;
	*deadline = U64_MAX;
	if ((u64)ts->tv_sec < U32_MAX)
		*deadline = deadline_after(ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec);
	return 0;
}

int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	u64 deadline = timeout_ms < 0 ? U64_MAX : deadline_after(timeout_ms * NSEC_PER_MSEC);

	return sys_result(poll_until(fds, n, deadline));
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	u64 deadline;
	int err = timespec_deadline(timeout, &deadline);

	if (!err && mask && *mask)
		err = -EINVAL; /* no signal can be blocked */
	return sys_result(err ? err : poll_until(fds, n, deadline));
}

#define SELECT_READ   (POLLIN | POLLRDNORM | POLLHUP | POLLERR)
#define SELECT_WRITE  (POLLOUT | POLLWRNORM | POLLERR)
#define SELECT_EXCEPT POLLPRI

static bool fd_in(const fd_set *set, int fd)
{
	return set && FD_ISSET(fd, set);
}

/* The descriptors asked for, as pollfds; how many. */
static int select_to_poll(int n, const fd_set *r, const fd_set *w, const fd_set *e,
			  struct pollfd *fds)
{
	int fd, nr = 0;

	for (fd = 0; fd < n; fd++) {
		int events = (fd_in(r, fd) ? POLLIN : 0) | (fd_in(w, fd) ? POLLOUT : 0) |
			     (fd_in(e, fd) ? POLLPRI : 0);

		if (events)
			fds[nr++] = (struct pollfd){.fd = fd, .events = events};
	}
	return nr;
}

/* Keeps in set what is ready of it; how many. */
static int select_result(fd_set *set, const struct pollfd *fds, int nr, int wanted, int events)
{
	int i, ready = 0;

	if (!set)
		return 0;
	for (i = 0; i < nr; i++) {
		if (!(fds[i].events & wanted))
			continue;
		if (fds[i].revents & events)
			ready++;
		else
			FD_CLR(fds[i].fd, set);
	}
	return ready;
}

static int select_until(int n, fd_set *r, fd_set *w, fd_set *e, u64 deadline)
{
	struct pollfd *fds;
	int nr, i, ready;

	if (n < 0 || n > FD_SETSIZE)
		return -EINVAL;
	fds = malloc((n + 1) * sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	nr = select_to_poll(n, r, w, e, fds);
	ready = poll_until(fds, nr, deadline);
	for (i = 0; i < nr && ready >= 0; i++)
		if (fds[i].revents & POLLNVAL)
			ready = -EBADF;
	if (ready >= 0)
		ready = select_result(r, fds, nr, POLLIN, SELECT_READ) +
			select_result(w, fds, nr, POLLOUT, SELECT_WRITE) +
			select_result(e, fds, nr, POLLPRI, SELECT_EXCEPT);
	free(fds);
	return ready;
}

int pselect(int n, fd_set *r, fd_set *w, fd_set *e, const struct timespec *timeout,
	    const sigset_t *mask)
{
	u64 deadline;
	int err = timespec_deadline(timeout, &deadline);

	if (!err && mask && *mask)
		err = -EINVAL;
	return sys_result(err ? err : select_until(n, r, w, e, deadline));
}

int select(int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *timeout)
{
	struct timespec ts;

	if (!timeout)
		return pselect(n, r, w, e, NULL, NULL);
	if (timeout->tv_usec < 0)
		return sys_result(-EINVAL);
	ts.tv_sec = timeout->tv_sec +
		    timeout->tv_usec / 1000000; /* a second of them and more: as Linux */
	ts.tv_nsec = timeout->tv_usec % 1000000 * NSEC_PER_USEC;
	return pselect(n, r, w, e, &ts, NULL);
}
