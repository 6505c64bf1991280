/* SPDX-License-Identifier: MIT */
/*
 * One connection of httpd: what it asks, what is sent back.
 *
 * Overview: bytes come into one buffer for all connections; each request in them is answered into one buffer for all,
 * which is sent when no request is left. Only what is left over, in or out, a connection keeps for itself: one that
 * waits between requests holds nothing. While something is to be sent nothing more is read.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "apps/httpd/http_file.h"
#include "apps/httpd/http_request.h"

#define OUT_MAX (32 << 10) /* bytes of answers sent at once, or of a file */

struct http_conn;

/* Connections in the order they began to wait for the same thing. */
struct http_queue {
	struct http_conn *first, *last;
	unsigned int seconds; /* that may take */
};

enum http_waiting { WAIT_IDLE, WAIT_REQUEST, WAIT_SEND, WAIT_LINGER, NR_WAITS };

struct http_conn {
	int fd;
	uint32_t wants; /* EPOLL*: what is waited for */
	int ending;     /* when all is sent: no further request is answered */
	int rude; /* the peer may be sending still: its bytes are waited for before the close */
	char *in, *rest; /* not yet understood; not yet sent */
	size_t in_len, rest_at, rest_len, skip;
	struct http_file *file; /* being sent: left bytes from at */
	uint64_t at, left;
	struct http_conn *prev, *next;
	struct http_queue *queue;
	time_t since;
};

struct http_server {
	struct http_site site;
	struct http_queue queues[NR_WAITS];
	struct http_request request;   /* the one at hand */
	size_t head_len;               /* 0, or request is what head_len bytes of head say */
	const struct http_file *again; /* its answer, this second, is all there is to say to head */
	int epoll, listener, paused;
	unsigned int conns, max_conns, paused_conns;
	size_t kept;              /* bytes that connections hold */
	time_t now, date;         /* seconds of the monotonic clock; when site.date was made */
	size_t out_len, out_file; /* bytes in out; how many of them, at the end, are of a file */
	char head[512], in[HTTP_HEAD_MAX];
	char out[OUT_MAX + 1024 + HTTP_SMALL_MAX];
};

/* A new connection on fd, which it owns. 0 or -1: no memory. */
int http_conn_begin(struct http_server *s, int fd);
void http_conn_end(struct http_server *s, struct http_conn *c);

/* It is ready (EPOLL*), or has waited too long; it may be gone afterwards. */
void http_conn_ready(struct http_server *s, struct http_conn *c, uint32_t events);
void http_conn_expired(struct http_server *s, struct http_conn *c);
