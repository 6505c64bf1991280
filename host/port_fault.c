/* SPDX-License-Identifier: MIT */
/*
 * A port that wraps a port and does to frames what bad networks do: loses, duplicates, reorders,
 * delays, flips a bit. Everything follows from the seed.
 */
#include <stdlib.h>

#include "host/frame_port.h"
#include "net/platform.h"

#define MILLION 1000000

/* One direction. */
struct fault_way {
	struct list_head delayed; /* by due */
	u64 last_due;
};

struct fault_port {
	struct port port;
	struct port *lower;
	struct fault_config config;
	struct fault_stats stats;
	struct host_source source;
	struct fault_way down, up;
	u64 random;
};

/* splitmix64, apart from the platform's so that a stack's use of random bytes changes no fault. */
static u64 draw(struct fault_port *p)
{
	u64 z = p->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static bool chance(struct fault_port *p, u32 rate)
{
	return draw(p) % MILLION < rate;
}

static void pass_on(struct fault_port *p, struct fault_way *way, struct frame *f)
{
	if (way == &p->down)
		port_send(p->lower, f);
	else
		port_deliver(&p->port, f);
}

static void update_deadline(struct fault_port *p)
{
	u64 next = U64_MAX;

	if (!list_empty(&p->down.delayed))
		next = list_first_entry(&p->down.delayed, struct frame, list)->due;
	if (!list_empty(&p->up.delayed))
		next = min(next, list_first_entry(&p->up.delayed, struct frame, list)->due);
	p->source.deadline = next;
}

static void hold(struct fault_port *p, struct fault_way *way, struct frame *f)
{
	struct frame *before;

	list_for_each_entry (before, &way->delayed, list) {
		if (before->due > f->due)
			break;
	}
	list_add_tail(&f->list, &before->list);
	update_deadline(p);
}

/* When f comes out: 0 for at once. */
static u64 due_time(struct fault_port *p, struct fault_way *way)
{
	const struct fault_config *c = &p->config;
	u64 due = plat_now() + c->delay + (c->jitter ? draw(p) % c->jitter : 0);

	if (chance(p, c->reorder)) {
		p->stats.reordered++;
		return due + (c->reorder_delay ? c->reorder_delay : NSEC_PER_MSEC);
	}
	if (!c->delay && !c->jitter)
		return 0;
	way->last_due = max(due, way->last_due);
	return way->last_due;
}

/* Congestion experienced, in a packet whose ends agreed to hear of it; the checksum follows (RFC 1624). */
static void mark(struct fault_port *p, struct frame *f)
{
	u8 *ip = f->data + 14, tos;
	u32 sum;

	if (f->len < 34 || f->data[12] != 8 || f->data[13] || !(ip[1] & 3) ||
	    !chance(p, p->config.ce))
		return;
	tos = ip[1] | 3;
	sum = (u16) ~(ip[10] << 8 | ip[11]) + (u16)~ip[1] + tos;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16));
	ip[1] = tos;
	ip[10] = sum >> 8;
	ip[11] = sum;
	p->stats.marked++;
}

static void one_frame(struct fault_port *p, struct fault_way *way, struct frame *f)
{
	if (f->len && chance(p, p->config.bit_flip)) {
		u64 bit = draw(p) % (f->len * 8ULL);

		f->data[bit / 8] ^= 1 << bit % 8;
		p->stats.flipped++;
	}
	if (p->config.ce)
		mark(p, f);
	f->due = due_time(p, way);
	if (f->due)
		hold(p, way, f);
	else
		pass_on(p, way, f);
}

static void fault(struct fault_port *p, struct fault_way *way, struct frame *f)
{
	p->stats.frames++;
	if (chance(p, p->config.loss)) {
		p->stats.lost++;
		frame_free(f);
		return;
	}
	if (chance(p, p->config.duplicate)) {
		p->stats.duplicated++;
		one_frame(p, way, frame_new(f->data, f->len));
	}
	one_frame(p, way, f);
}

static void fault_send(struct port *port, struct frame *f)
{
	struct fault_port *p = container_of(port, struct fault_port, port);

	fault(p, &p->down, f);
}

static void fault_deliver(void *arg, struct frame *f)
{
	struct fault_port *p = arg;

	fault(p, &p->up, f);
}

static bool release_due(struct fault_port *p, struct fault_way *way)
{
	struct frame *f, *tmp;
	u64 now = plat_now();
	bool any = false;

	list_for_each_entry_safe (f, tmp, &way->delayed, list) {
		if (f->due > now)
			break;
		list_del(&f->list);
		pass_on(p, way, f);
		any = true;
	}
	return any;
}

static bool fault_pump(struct host_source *s)
{
	struct fault_port *p = container_of(s, struct fault_port, source);
	bool any;

	if (s->deadline > plat_now())
		return false;
	any = release_due(p, &p->down);
	any |= release_due(p, &p->up);
	update_deadline(p);
	return any;
}

static void drop_delayed(struct fault_way *way)
{
	struct frame *f, *tmp;

	list_for_each_entry_safe (f, tmp, &way->delayed, list) {
		list_del(&f->list);
		frame_free(f);
	}
}

static void fault_close(struct port *port)
{
	struct fault_port *p = container_of(port, struct fault_port, port);

	host_source_del(&p->source);
	drop_delayed(&p->down);
	drop_delayed(&p->up);
	port_close(p->lower);
	free(p);
}

static const struct port_ops fault_ops = {.send = fault_send, .close = fault_close};

struct port *port_fault(struct port *lower, const struct fault_config *config)
{
	struct fault_port *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->port.ops = &fault_ops;
	p->lower = lower;
	p->config = *config;
	p->random = config->seed;
	INIT_LIST_HEAD(&p->down.delayed);
	INIT_LIST_HEAD(&p->up.delayed);
	lower->deliver = fault_deliver;
	lower->deliver_arg = p;
	p->source = (struct host_source){.pump = fault_pump, .deadline = U64_MAX, .fd = -1};
	host_source_add(&p->source);
	return &p->port;
}

const struct fault_stats *port_fault_stats(const struct port *port)
{
	return &((const struct fault_port *)((const char *)port -
					     offsetof(struct fault_port, port)))
			->stats;
}
