/* SPDX-License-Identifier: MIT */
/* epoll's sets (net/eventpoll.h) over files that are made up, and over sockets; tests/apps/epolltest.c has the calls. */
#include "host/host.h"
#include "lib/errno.h"
#include "net/eventpoll.h"
#include "tests/unit/harness.h"

/* A file with events to set by hand. */
struct toy {
	struct epitem *watchers;
	struct list_head pollers;
	struct eventpoll *set;
	u32 events;
	int polls;
};

static u32 toy_poll(void *file)
{
	struct toy *f = file;

	f->polls++;
	return f->set ? ep_poll(f->set) : f->events;
}

static void toy_add(void *file, struct sock_waiter *w)
{
	struct toy *f = file;

	if (f->set)
		ep_poller_add(f->set, w);
	else
		list_add_tail(&w->list, &f->pollers);
}

static void toy_del(void *file, struct sock_waiter *w)
{
	(void)file;
	list_del_init(&w->list);
}

static struct epitem **toy_watchers(void *file)
{
	return &((struct toy *)file)->watchers;
}

static struct eventpoll *toy_nested(void *file)
{
	return ((struct toy *)file)->set;
}

static const struct ep_ops toy_ops = {toy_poll, toy_add, toy_del, toy_watchers, toy_nested};

static void toy_init(struct toy *f)
{
	*f = (struct toy){.set = NULL};
	INIT_LIST_HEAD(&f->pollers);
}

static void toy_change(struct toy *f, u32 events, u32 news)
{
	struct sock_waiter *w;

	f->events = events;
	plat_bh_disable();
	list_for_each_entry (w, &f->pollers, list)
		w->wake(w, news);
	plat_bh_enable();
}

static int add(struct eventpoll *ep, int fd, struct toy *f, u32 events)
{
	struct epoll_event e = {.events = events, .data.fd = fd};

	return ep_ctl(ep, EPOLL_CTL_ADD, fd, f, &e);
}

/* A look costs what is ready, not what is watched. */
WEIR_TEST(epoll, looks_at_the_ready_only)
{
	enum { MANY = 5000 };
	struct eventpoll *ep = ep_create(&toy_ops);
	struct toy *f = calloc(MANY, sizeof(*f));
	struct epoll_event e[4];

	for (int i = 0; i < MANY; i++) {
		toy_init(&f[i]);
		cr_assert_eq(add(ep, i, &f[i], EPOLLIN), 0);
		f[i].polls = 0;
	}
	cr_assert_eq(ep_wait(ep, e, 4, 0), 0);
	toy_change(&f[77], EPOLLIN, EPOLLIN);
	toy_change(&f[4000], EPOLLIN, 0);
	toy_change(&f[4001], EPOLLOUT, EPOLLOUT); /* not asked for */
	cr_assert_eq(ep_wait(ep, e, 4, 0), 2);
	cr_assert(e[0].data.fd == 77 && e[1].data.fd == 4000, "oldest first");
	f[77].events = f[4000].events = 0;
	cr_assert_eq(ep_wait(ep, e, 4, 0), 0);
	cr_assert_eq(ep_wait(ep, e, 4, 0), 0);
	for (int i = 0, polls = 0; i < MANY; i++) {
		polls += f[i].polls;
		cr_assert_leq(polls, 4);
	}
	ep_destroy(ep);
	free(f);
}

/* Each order of ends: the set first, the file first, an item in the middle of being told. */
WEIR_TEST(epoll, ends_in_any_order)
{
	for (int order = 0; order < 4; order++) {
		struct eventpoll *ep = ep_create(&toy_ops);
		struct epoll_event e[4];
		struct toy f[3];

		for (int i = 0; i < 3; i++) {
			toy_init(&f[i]);
			cr_assert_eq(add(ep, i, &f[i], EPOLLIN), 0);
		}
		toy_change(&f[1], EPOLLIN, EPOLLIN);
		if (order & 1)
			cr_assert_eq(ep_wait(ep, e, 4, 0), 1);
		if (order & 2) {
			ep_file_closed(&f[1].watchers);
			ep_file_closed(&f[0].watchers);
			cr_assert_eq(ep_wait(ep, e, 4, 0), 0);
		}
		ep_destroy(ep);
		for (int i = 0; i < 3; i++)
			cr_assert(!f[i].watchers && list_empty(&f[i].pollers));
	}
}

/* A set in a set that is closed while it is ready; circles are refused however long the way round is. */
WEIR_TEST(epoll, nested)
{
	struct toy f[6], leaf;
	struct epoll_event e;

	toy_init(&leaf);
	for (int i = 0; i < 6; i++) {
		toy_init(&f[i]);
		f[i].set = ep_create(&toy_ops);
	}
	cr_assert_eq(add(f[0].set, 9, &leaf, EPOLLIN), 0);
	for (int i = 1; i < 5; i++)
		cr_assert_eq(add(f[i].set, i - 1, &f[i - 1], EPOLLIN), 0);
	cr_assert_eq(add(f[5].set, 4, &f[4], EPOLLIN), -ELOOP, "six deep");
	for (int i = 1; i < 5; i++)
		cr_assert_eq(add(f[0].set, i, &f[i], EPOLLIN), -ELOOP, "circle over %d", i);
	cr_assert_eq(add(f[0].set, 0, &f[0], EPOLLIN), -EINVAL);
	toy_change(&leaf, EPOLLIN, EPOLLIN);
	cr_assert_eq(ep_wait(f[4].set, &e, 1, 0), 1);
	cr_assert_eq(e.data.fd, 3);
	ep_file_closed(&f[2].watchers);
	ep_destroy(f[2].set);
	cr_assert_eq(ep_wait(f[4].set, &e, 1, 0), 0);
	for (int i = 0; i < 6; i++) {
		if (i == 2)
			continue;
		ep_file_closed(&f[i].watchers);
		ep_destroy(f[i].set);
	}
}

struct waiter {
	struct eventpoll *ep;
	struct epoll_event e;
	int result;
};

static void wait_in_thread(void *arg)
{
	struct waiter *w = arg;

	w->result = ep_wait(w->ep, &w->e, 1, U64_MAX);
}

WEIR_TEST(epoll, sleeps_until_something_happens)
{
	struct waiter w = {.ep = ep_create(&toy_ops), .result = -1};
	struct host_thread *t;
	struct toy f;

	toy_init(&f);
	cr_assert_eq(add(w.ep, 3, &f, EPOLLIN | EPOLLET), 0);
	cr_assert_eq(ep_wait(w.ep, &w.e, 1, plat_now() + 5 * NSEC_PER_MSEC), 0, "time is over");
	t = host_thread_start("waiter", wait_in_thread, &w);
	host_run();
	toy_change(&f, EPOLLOUT, EPOLLOUT);
	host_run();
	cr_assert_eq(w.result, -1, "nobody asked for that");
	toy_change(&f, EPOLLIN | EPOLLHUP, EPOLLIN);
	host_run();
	cr_assert_eq(w.result, 1);
	cr_assert_eq(w.e.events, EPOLLIN | EPOLLHUP);
	host_thread_join(t);
	ep_destroy(w.ep);
}

WEIR_TEST(epoll, without_memory)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct eventpoll *ep = ep_create(&toy_ops);
		struct toy f[2];

		for (int i = 0; i < 2 && ep; i++) {
			int err;

			toy_init(&f[i]);
			err = add(ep, 100 * i, &f[i], EPOLLIN);
			cr_assert(!err || err == -ENOMEM, "%d", err);
			cr_assert_eq(f[i].watchers == NULL, err != 0);
		}
		if (ep)
			ep_destroy(ep);
	}
}
