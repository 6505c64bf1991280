/* SPDX-License-Identifier: MIT */
/*
 * What all ports share, and the two simplest: the cable between two, and the one that ends in a
 * function.
 */
#include "host/frame_port.h"

#include <stdlib.h>
#include <string.h>

struct frame *frame_new(const void *data, u32 len)
{
	struct frame *f = malloc(sizeof(*f) + len);

	if (!f)
		abort();
	f->due = 0;
	f->len = len;
	if (data)
		memcpy(f->data, data, len);
	return f;
}

void frame_free(struct frame *f)
{
	free(f);
}

void port_send(struct port *port, struct frame *f)
{
	port->ops->send(port, f);
}

void port_deliver(struct port *port, struct frame *f)
{
	if (port->deliver)
		port->deliver(port->deliver_arg, f);
	else
		frame_free(f);
}

void port_close(struct port *port)
{
	port->ops->close(port);
}

struct pair_port {
	struct port port;
	struct pair_port *peer; /* NULL: closed */
};

static void pair_send(struct port *port, struct frame *f)
{
	struct pair_port *p = container_of(port, struct pair_port, port);

	if (p->peer)
		port_deliver(&p->peer->port, f);
	else
		frame_free(f);
}

static void pair_close(struct port *port)
{
	struct pair_port *p = container_of(port, struct pair_port, port);

	if (p->peer)
		p->peer->peer = NULL;
	free(p);
}

static const struct port_ops pair_ops = {.send = pair_send, .close = pair_close};

void port_pair(struct port *ends[2])
{
	struct pair_port *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));

	if (!a || !b)
		abort();
	*a = (struct pair_port){.port.ops = &pair_ops, .peer = b};
	*b = (struct pair_port){.port.ops = &pair_ops, .peer = a};
	ends[0] = &a->port;
	ends[1] = &b->port;
}

struct user_port {
	struct port port;
	void (*fn)(void *arg, const void *data, size_t len);
	void *arg;
};

static void user_send(struct port *port, struct frame *f)
{
	struct user_port *p = container_of(port, struct user_port, port);

	if (p->fn)
		p->fn(p->arg, f->data, f->len);
	frame_free(f);
}

static void user_close(struct port *port)
{
	free(container_of(port, struct user_port, port));
}

static const struct port_ops user_ops = {.send = user_send, .close = user_close};

struct port *port_user(void (*fn)(void *arg, const void *data, size_t len), void *arg)
{
	struct user_port *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	*p = (struct user_port){.port.ops = &user_ops, .fn = fn, .arg = arg};
	return &p->port;
}
