/* SPDX-License-Identifier: MIT */
/*
 * A server of many TCP connections, and of what else an app waits for, in one loop over epoll: the house of echo, sink and
 * source.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct service;

/* A descriptor that is waited for. Apps put theirs around it. */
struct watch {
	int fd;
	/* Called when fd is ready (EPOLL*). A connection's: not 0 ends it, and w is gone. */
	int (*ready)(struct service *s, struct watch *w, uint32_t events);
	struct watch *next; /* of those that are over */
};

struct service {
	const char *name; /* of the app, in front of what it complains about */
	int epoll;
	struct watch listener;
	int paused;       /* no new connection is taken: there was no room */
	size_t conn_size; /* of a connection: a struct watch and what the app puts behind it, zeroed */
	uint32_t events; /* that a new connection waits for */
	int (*conn_ready)(struct service *s, struct watch *w, uint32_t events);
	void (*conn_end)(struct watch *w); /* frees what the app has behind w; may be NULL */
	struct watch *spare;               /* ended connections, whose memory the next ones get */
	unsigned int spares;
	void *arg;
};

/* A number from 1 to max, or 0. */
unsigned int parse_port(const char *text, unsigned int max);

/* The port of "APP" or "APP -p PORT"; 0: neither. */
unsigned int port_option(int argc, char **argv, unsigned int port, unsigned int max);

/* A socket of this type, non-blocking and bound to port of all addresses; a SOCK_STREAM listens. -1: it was told why. */
int open_port(const char *name, int type, unsigned int port);

/* Opens epoll and listens on TCP port; the other members are the caller's. 0 or -1: it was told why. */
int service_open(struct service *s, unsigned int port);

/* Waits for w, too. 0 or -1 (errno). */
int service_watch(struct service *s, struct watch *w);

/* What w waits for from now on. */
void service_want(struct service *s, struct watch *w, uint32_t events);

/* Never ends but by an error, which it tells; returns 1. */
int service_run(struct service *s);
