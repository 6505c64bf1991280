/* SPDX-License-Identifier: MIT */
/*
 * epoll. An item is one file in one set. Its waiter hears of the file's changes and puts it on the set's list of items
 * to look at; what is found idle at the next look leaves the list, what is level-triggered and was told stays on it.
 *
 * Waiters may be called in a hard interrupt (a console's), so they only push on a stack (woken) by compare and exchange;
 * everything else is changed with softirqs disabled, and first takes what lies on that stack to the list.
 */
#include "net/eventpoll.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "net/platform.h"

#define EP_NESTS_MAX  5 /* sets in sets */
#define EP_TABLE_MIN  16
#define EP_MODES      (EPOLLEXCLUSIVE | EPOLLONESHOT | EPOLLET) /* bits of events that are no events */
#define EP_ALWAYS     (EPOLLERR | EPOLLHUP)
#define EP_EVENT_BITS 0x7fffu
/* What may be asked for together with EPOLLEXCLUSIVE; Linux's list. */
#define EP_EXCLUSIVE_OK (EPOLLIN | EPOLLOUT | EP_ALWAYS | EPOLLET | EPOLLEXCLUSIVE)

struct epitem {
	struct sock_waiter waiter;
	struct list_head ready;    /* in eventpoll.ready */
	struct epitem *next_woken; /* in eventpoll.woken */
	bool is_woken;
	struct eventpoll *ep;
	void *file;
	int fd;
	u32 events; /* wanted, with modes; without any event: told once, silent until changed */
	epoll_data_t data;
	struct epitem *
		next_fd; /* same slot of eventpoll.slots: a number used again while its old file lives on */
	struct epitem **pprev_watcher, *next_watcher; /* of file */
};

struct eventpoll {
	const struct ep_ops *ops;
	struct list_head ready;
	struct epitem *woken;
	struct epitem **slots; /* by descriptor */
	int nr_slots;
	u32 waiting;
	struct plat_wait wait;
	struct list_head pollers; /* of the set as a file */
};

struct eventpoll *ep_create(const struct ep_ops *ops)
{
	struct eventpoll *ep = plat_alloc(sizeof(*ep));

	if (!ep)
		return NULL;
	*ep = (struct eventpoll){.ops = ops};
	INIT_LIST_HEAD(&ep->ready);
	INIT_LIST_HEAD(&ep->pollers);
	plat_wait_init(&ep->wait);
	return ep;
}

static void ep_tell(struct eventpoll *ep)
{
	struct sock_waiter *w;

	if (ep->waiting)
		plat_wake(&ep->wait);
	list_for_each_entry (w, &ep->pollers, list)
		w->wake(w, POLLIN | POLLRDNORM);
}

/* Any context. The stack is only ever emptied as a whole, so a push cannot be mistaken. */
static void ep_push(struct epitem *item)
{
	struct eventpoll *ep = item->ep;

	if (__atomic_exchange_n(&item->is_woken, true, __ATOMIC_ACQ_REL))
		return;
	item->next_woken = __atomic_load_n(&ep->woken, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&ep->woken, &item->next_woken, item, true,
					    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		;
	ep_tell(ep);
}

/* changed 0: perhaps anything. */
static void item_woken(struct sock_waiter *w, u32 changed)
{
	struct epitem *item = container_of(w, struct epitem, waiter);
	u32 wanted = item->events & EP_EVENT_BITS;

	if (wanted && (!changed || changed & wanted))
		ep_push(item);
}

/* What was pushed, to the list's end, oldest first. */
static void ep_collect(struct eventpoll *ep)
{
	struct epitem *stack = __atomic_exchange_n(&ep->woken, NULL, __ATOMIC_ACQ_REL);
	struct list_head *tail = ep->ready.prev;

	while (stack) {
		struct epitem *item = stack;

		stack = item->next_woken;
		if (list_empty(&item->ready))
			list_add(&item->ready, tail);
		__atomic_store_n(&item->is_woken, false, __ATOMIC_RELEASE);
	}
}

/* Softirqs disabled. */
static u32 item_poll(struct eventpoll *ep, const struct epitem *item)
{
	return ep->ops->poll(item->file) & item->events & EP_EVENT_BITS;
}

static struct epitem **slot_of(struct eventpoll *ep, int fd)
{
	return fd < ep->nr_slots ? &ep->slots[fd] : NULL;
}

static struct epitem *item_find(struct eventpoll *ep, int fd, const void *file)
{
	struct epitem **slot = slot_of(ep, fd), *item;

	for (item = slot ? *slot : NULL; item; item = item->next_fd)
		if (item->file == file)
			return item;
	return NULL;
}

static int slots_grow(struct eventpoll *ep, int fd)
{
	int n = max(ep->nr_slots, EP_TABLE_MIN);
	struct epitem **slots;

	while (n <= fd)
		n *= 2;
	slots = plat_alloc(n * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	memset(slots, 0, n * sizeof(*slots));
	if (ep->nr_slots)
		memcpy(slots, ep->slots, ep->nr_slots * sizeof(*slots));
	plat_free(ep->slots);
	ep->slots = slots;
	ep->nr_slots = n;
	return 0;
}

/* Sets in the longest chain of sets that begins with in; more than EP_NESTS_MAX: too long, or in a circle through ep. */
static int sets_below(const struct eventpoll *ep, struct eventpoll *in, int above)
{
	int i, longest = above + 1;

	if (in == ep || longest > EP_NESTS_MAX)
		return EP_NESTS_MAX + 1;
	for (i = 0; i < in->nr_slots; i++) {
		struct epitem *item;

		for (item = in->slots[i]; item; item = item->next_fd) {
			struct eventpoll *next = in->ops->nested(item->file);

			if (next)
				longest = max(longest, sets_below(ep, next, above + 1));
		}
	}
	return longest;
}

/* Sets in the longest chain that ends with ep. */
static int sets_above(const struct eventpoll *ep)
{
	struct sock_waiter *w;
	int longest = 0;

	list_for_each_entry (w, &ep->pollers, list)
		if (w->wake == item_woken)
			longest = max(longest,
				      sets_above(container_of(w, struct epitem, waiter)->ep));
	return longest + 1;
}

/* Softirqs disabled, not on the stack of woken items. */
static void item_free(struct epitem *item)
{
	struct eventpoll *ep = item->ep;
	struct epitem **p = slot_of(ep, item->fd);

	while (*p != item)
		p = &(*p)->next_fd;
	*p = item->next_fd;
	*item->pprev_watcher = item->next_watcher;
	if (item->next_watcher)
		item->next_watcher->pprev_watcher = item->pprev_watcher;
	list_del_init(&item->ready);
	plat_free(item);
}

static void item_remove(struct epitem *item)
{
	struct eventpoll *ep = item->ep;

	ep->ops->poller_del(item->file, &item->waiter);
	ep_collect(ep); /* nobody pushes it any more */
	item_free(item);
}

/* Softirqs disabled. */
static void item_watch(struct epitem *item, struct epitem **watchers)
{
	struct epitem **slot = slot_of(item->ep, item->fd);

	item->next_fd = *slot;
	*slot = item;
	item->next_watcher = *watchers;
	item->pprev_watcher = watchers;
	if (*watchers)
		(*watchers)->pprev_watcher = &item->next_watcher;
	*watchers = item;
}

/* in: the set that file is, or NULL. */
static int item_add(struct eventpoll *ep, int fd, void *file, struct eventpoll *in,
		    const struct epoll_event *event)
{
	struct epitem *item;

	if (in && sets_below(ep, in, 0) + sets_above(ep) > EP_NESTS_MAX)
		return -ELOOP;
	if (fd >= ep->nr_slots && slots_grow(ep, fd))
		return -ENOMEM;
	item = plat_alloc(sizeof(*item));
	if (!item)
		return -ENOMEM;
	*item = (struct epitem){.waiter.wake = item_woken,
				.ep = ep,
				.file = file,
				.fd = fd,
				.events = event->events | EP_ALWAYS,
				.data = event->data};
	INIT_LIST_HEAD(&item->ready);
	item_watch(item, ep->ops->watchers(file));
	ep->ops->poller_add(file, &item->waiter);
	if (item_poll(ep, item))
		ep_push(item);
	return 0;
}

static int item_change(struct epitem *item, const struct epoll_event *event)
{
	if (item->events & EPOLLEXCLUSIVE)
		return -EINVAL;
	item->events = event->events | EP_ALWAYS;
	item->data = event->data;
	if (item_poll(item->ep, item))
		ep_push(item);
	return 0;
}

/*
 * EPOLLEXCLUSIVE promises that at least one of several sets is told. Here all are: a program has one thread, so no
 * others are woken in vain.
 */
static bool exclusive_ok(int op, const struct eventpoll *in, u32 events)
{
	if (!(events & EPOLLEXCLUSIVE))
		return true;
	return op == EPOLL_CTL_ADD && !in && !(events & ~EP_EXCLUSIVE_OK);
}

static int do_ctl(struct eventpoll *ep, int op, int fd, void *file, struct eventpoll *in,
		  const struct epoll_event *event)
{
	struct epitem *item = item_find(ep, fd, file);

	if (op == EPOLL_CTL_ADD)
		return item ? -EEXIST : item_add(ep, fd, file, in, event);
	if (!item)
		return -ENOENT;
	if (op == EPOLL_CTL_MOD)
		return item_change(item, event);
	item_remove(item);
	return 0;
}

int ep_ctl(struct eventpoll *ep, int op, int fd, void *file, const struct epoll_event *event)
{
	struct eventpoll *in = ep->ops->nested(file);
	int err;

	if (op < EPOLL_CTL_ADD || op > EPOLL_CTL_MOD || in == ep)
		return -EINVAL;
	if (op != EPOLL_CTL_DEL && !exclusive_ok(op, in, event->events))
		return -EINVAL;
	plat_bh_disable();
	err = do_ctl(ep, op, fd, file, in, event);
	plat_bh_enable();
	return err;
}

/* One item's turn: false, nothing to tell of it. */
static bool item_take(struct eventpoll *ep, struct epitem *item, struct epoll_event *out)
{
	u32 events = item_poll(ep, item);

	if (!events)
		return false;
	out->events = events;
	out->data = item->data;
	if (item->events & EPOLLONESHOT)
		item->events &= EP_MODES;
	else if (!(item->events & EPOLLET))
		list_add_tail(&item->ready, &ep->ready); /* to be looked at again */
	return true;
}

/* Softirqs disabled. */
static int ep_harvest(struct eventpoll *ep, struct epoll_event *events, int max)
{
	struct list_head batch = LIST_HEAD_INIT(batch);
	int n = 0;

	ep_collect(ep);
	list_splice_tail_init(&ep->ready, &batch);
	while (n < max && !list_empty(&batch)) {
		struct epitem *item = list_first_entry(&batch, struct epitem, ready);

		list_del_init(&item->ready);
		n += item_take(ep, item, &events[n]);
	}
	/* What was not looked at comes first next time. */
	list_splice_tail_init(&ep->ready, &batch);
	list_splice_tail_init(&batch, &ep->ready);
	return n;
}

int ep_wait(struct eventpoll *ep, struct epoll_event *events, int max, u64 deadline)
{
	int n, err = 0;

	if (max <= 0)
		return -EINVAL;
	plat_bh_disable();
	while (!(n = ep_harvest(ep, events, max)) && deadline && !err) {
		ep->waiting++;
		err = plat_wait(&ep->wait, deadline);
		ep->waiting--;
	}
	plat_bh_enable();
	if (n || err == -ETIMEDOUT)
		return n;
	return err;
}

u32 ep_poll(struct eventpoll *ep)
{
	ep_collect(ep);
	while (!list_empty(&ep->ready)) {
		struct epitem *item = list_first_entry(&ep->ready, struct epitem, ready);

		if (item_poll(ep, item))
			return POLLIN | POLLRDNORM;
		list_del_init(&item->ready);
	}
	return 0;
}

void ep_poller_add(struct eventpoll *ep, struct sock_waiter *w)
{
	plat_bh_disable();
	list_add_tail(&w->list, &ep->pollers);
	plat_bh_enable();
}

void ep_poller_del(struct sock_waiter *w)
{
	plat_bh_disable();
	list_del_init(&w->list);
	plat_bh_enable();
}

void ep_file_closed(struct epitem **watchers)
{
	plat_bh_disable();
	while (*watchers)
		item_remove(*watchers);
	plat_bh_enable();
}

void ep_destroy(struct eventpoll *ep)
{
	int i;

	plat_bh_disable();
	for (i = 0; i < ep->nr_slots; i++)
		while (ep->slots[i])
			item_remove(ep->slots[i]);
	plat_bh_enable();
	plat_free(ep->slots);
	plat_free(ep);
}
