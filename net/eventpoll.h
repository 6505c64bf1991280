/* SPDX-License-Identifier: MIT */
/*
 * epoll(7) over whatever its owner calls a file: sets of files, and the list of those of them that have something to tell.
 * A look costs O(ready), not O(watched). libc/ and host/ give the sets descriptors.
 *
 * Context: thread, softirqs enabled, unless said otherwise. A set and the numbers of its files belong to one thread.
 */
#pragma once

#include "net/epoll_event.h"
#include "net/sock.h"

struct eventpoll;
struct epitem;

/* What a set must know of files. All of one kind of descriptors share these. */
struct ep_ops {
	/* sock_poll() and so on of what is behind file. Softirqs disabled. */
	u32 (*poll)(void *file);
	void (*poller_add)(void *file, struct sock_waiter *w);
	void (*poller_del)(void *file, struct sock_waiter *w);
	/* Where file keeps who watches it: NULL at first. */
	struct epitem **(*watchers)(void *file);
	/* The set that file is, NULL: something else. */
	struct eventpoll *(*nested)(void *file);
};

/* NULL: no memory. ops is kept. */
struct eventpoll *ep_create(const struct ep_ops *ops);
/* Nothing watches ep itself any more (ep_file_closed). */
void ep_destroy(struct eventpoll *ep);

/*
 * As epoll_ctl(2); fd is the number under which file is known. -EINVAL, -EEXIST, -ENOENT, -ENOMEM, -ELOOP: sets would
 * watch each other in a circle, or more than five deep.
 */
int ep_ctl(struct eventpoll *ep, int op, int fd, void *file, const struct epoll_event *event);

/* As epoll_wait(2). deadline: plat_now() ns; 0: do not wait; U64_MAX: for ever. How many, -EINVAL, -EINTR. */
int ep_wait(struct eventpoll *ep, struct epoll_event *events, int max, u64 deadline);

/* Before file ends: takes it out of all sets. watchers: as ep_ops says. */
void ep_file_closed(struct epitem **watchers);

/* A set as a file: POLLIN when something is ready. Softirqs disabled. */
u32 ep_poll(struct eventpoll *ep);
void ep_poller_add(struct eventpoll *ep, struct sock_waiter *w);
void ep_poller_del(struct sock_waiter *w);
