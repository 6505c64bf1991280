/* SPDX-License-Identifier: MIT */
/*
 * conntrack -E: tells of connections as they come, change and go, until somebody interrupts it.
 *
 * What happens is copied where it happens (softirq) into a ring of limited size, and printed here; what finds the ring
 * full is lost, and that is said. Source: conntrack(8) of conntrack-tools 1.4.7, its behaviour.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/core/net_namespace.h"
#include "net/ctl/conntrack_tool.h"
#include "net/platform.h"

#define EVENT_COST  416 /* bytes of Linux's socket buffer that one takes */
#define BUFFER_SIZE 212992
#define BUFFER_MAX  (8U << 20)

struct event {
	struct ct_row row;
	u64 wall;
};

struct follow {
	struct nf_ct_listener listener;
	struct net *net;
	const struct ct_query *q;
	struct ctl_wait *wait;
	u32 head, tail, size; /* of the ring; head == tail: empty */
	bool lost;
	struct event ring[];
};

static bool is_wanted(const struct follow *f, const struct nf_conn *ct, u32 events)
{
	u32 kind = events & IPCT_DESTROY                ? CT_EVENT_DESTROY
		   : events & (IPCT_NEW | IPCT_RELATED) ? CT_EVENT_NEW
							: CT_EVENT_UPDATES;

	return f->q->events & kind && conntrack_fits(f->q, ct);
}

static void note(struct nf_ct_listener *l, struct nf_conn *ct, u32 events)
{
	struct follow *f = container_of(l, struct follow, listener);
	struct event *e = &f->ring[f->head % f->size];

	if (!is_wanted(f, ct, events))
		return;
	if (f->head - f->tail == f->size) {
		f->lost = true;
		return;
	}
	conntrack_row(f->net, &e->row, ct);
	e->row.events = events;
	e->row.acct = events & IPCT_DESTROY && conntrack_counts(f->net);
	e->wall = plat_wall();
	f->head++;
	f->wait->wake(f->wait);
}

/* Takes the oldest event. False: there is none. *lost: some did not fit since the last call. */
static bool take(struct ctl *c, struct follow *f, struct event *e, bool *lost)
{
	bool some;

	ctl_enter(c);
	*lost = f->lost;
	f->lost = false;
	some = f->tail != f->head;
	if (some)
		*e = f->ring[f->tail++ % f->size];
	ctl_leave(c);
	return some;
}

static u32 tell_all(struct ctl *c, struct follow *f)
{
	struct event e;
	u32 count = 0;
	bool some, lost;

	do {
		some = take(c, f, &e, &lost);
		if (lost)
			ctl_complain(c, "WARNING: We have hit ENOBUFS! We are losing events.\n"
					"This message means that the current netlink socket "
					"buffer size is too small.\n"
					"Please, check --buffer-size in conntrack(8) manpage.\n");
		if (!some)
			break;
		if (f->q->how & CT_SHOW_TIMESTAMP)
			ctl_say(c, "[%-8llu.%-6llu]\t", (unsigned long long)(e.wall / NSEC_PER_SEC),
				(unsigned long long)(e.wall % NSEC_PER_SEC / NSEC_PER_USEC));
		conntrack_show_row(c, &e.row, f->q->how);
		count++;
	} while (some);
	return count;
}

static struct follow *follow_begin(struct ctl *c, const struct ct_query *q, u32 size)
{
	struct follow *f = plat_alloc(sizeof(*f) + size * sizeof(f->ring[0]));

	if (!f)
		return NULL;
	*f = (struct follow){
		.listener = {.fn = note}, .net = c->net, .q = q, .wait = c->in->wait, .size = size};
	ctl_enter(c);
	nf_ct_listen(c->net, &f->listener);
	ctl_leave(c);
	return f;
}

int conntrack_follow(struct ctl *c, const struct ct_query *asked)
{
	struct ct_query q = *asked;
	u32 bytes = BUFFER_SIZE, count = 0;
	struct follow *f;

	if (!(q.given & Q_EVENTS))
		q.events = CT_EVENT_ALL;
	if (!c->in->wait) {
		ctl_complain(c, CT_TOOL "Can't open handler\n"); /* nobody could end it */
		return 1;
	}
	if (q.given & Q_BUFFER) {
		bytes = q.buffer > BUFFER_MAX / 2 ? BUFFER_MAX : max(2 * q.buffer, 2304U);
		ctl_complain(c, "NOTICE: Netlink socket buffer size has been set to %u bytes.\n",
			     bytes);
	}
	f = follow_begin(c, &q, bytes / EVENT_COST);
	if (!f) {
		ctl_complain(c, CT_TOOL "Can't open handler\n");
		return 1;
	}
	do
		count += tell_all(c, f);
	while (c->in->wait->wait(c->in->wait));
	ctl_enter(c);
	nf_ct_unlisten(&f->listener);
	ctl_leave(c);
	count += tell_all(c, f);
	plat_free(f);
	ctl_complain(c, CT_TOOL "%u flow events have been shown.\n", count);
	return 0;
}
