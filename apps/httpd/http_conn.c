/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "apps/httpd/http_conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apps/httpd/http_answer.h"

#define KEPT_MAX \
	(4 << 20) /* bytes that all connections may hold: what slow clients can make us keep */
#define TURNS 8   /* buffers of a file sent before others get their turn */

/* Told once of what comes: a read that finds less than it asks for need not be followed by one that finds nothing. */
#define REQUESTS (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET)

/* ---- who waits for what */

static void queue_del(struct http_conn *c)
{
	struct http_queue *q = c->queue;

	if (!q)
		return;
	*(c->prev ? &c->prev->next : &q->first) = c->next;
	*(c->next ? &c->next->prev : &q->last) = c->prev;
	c->queue = NULL;
}

/* From now on it waits for this; its time begins. */
static void wait_for(struct http_server *s, struct http_conn *c, enum http_waiting what)
{
	struct http_queue *q = &s->queues[what];

	if (c->queue == q && c->since == s->now)
		return;
	queue_del(c);
	c->queue = q;
	c->since = s->now;
	c->next = NULL;
	c->prev = q->last;
	*(q->last ? &q->last->next : &q->first) = c;
	q->last = c;
}

/* Seldom: its event has no place in the frame of who calls it. */
static __attribute__((noinline)) void want(struct http_server *s, struct http_conn *c,
					   uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = c};

	c->wants = events;
	epoll_ctl(s->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

int http_conn_begin(struct http_server *s, int fd)
{
	struct http_conn *c = calloc(1, sizeof(*c));
	struct epoll_event e = {.events = REQUESTS, .data.ptr = c};

	if (!c)
		return -1;
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e)) {
		free(c);
		return -1;
	}
	c->fd = fd;
	c->wants = REQUESTS;
	s->conns++;
	wait_for(s, c, WAIT_IDLE);
	return 0;
}

/* ---- what is kept for later */

static void drop(struct http_server *s, char **p, size_t len)
{
	if (!*p)
		return;
	s->kept -= len;
	free(*p);
	*p = NULL;
}

/* 0 or -1: no memory, or too much is kept already. */
static int keep(struct http_server *s, char **p, const char *data, size_t len)
{
	if (s->kept + len > KEPT_MAX)
		return -1;
	*p = malloc(len);
	if (!*p)
		return -1;
	memcpy(*p, data, len);
	s->kept += len;
	return 0;
}

static void file_done(struct http_conn *c)
{
	if (c->file)
		http_file_put(c->file);
	c->file = NULL;
}

void http_conn_end(struct http_server *s, struct http_conn *c)
{
	queue_del(c);
	file_done(c);
	drop(s, &c->in, c->in_len);
	drop(s, &c->rest, c->rest_len);
	close(c->fd);
	free(c);
	s->conns--;
}

/*
 * All is sent, and the connection ends from our side. What the peer still sends would be answered by a reset, which may
 * overtake the answer (RFC 9112 s9.6): so it gets a moment.
 */
static int finish(struct http_server *s, struct http_conn *c)
{
	if (!c->rude || shutdown(c->fd, SHUT_WR))
		return -1;
	drop(s, &c->in, c->in_len);
	c->in_len = 0;
	want(s, c, EPOLLIN);
	wait_for(s, c, WAIT_LINGER);
	return 0;
}

static int linger(struct http_server *s, struct http_conn *c)
{
	ssize_t n = recv(c->fd, s->in, sizeof(s->in), 0);

	return n > 0 || (n < 0 && errno == EAGAIN) ? 0 : -1;
}

/* ---- out: each returns 0 or -1, the connection is over */

/* A file's bytes behind what is in the buffer. */
static int add_file(struct http_server *s, struct http_conn *c)
{
	size_t room = s->out_len < OUT_MAX ? OUT_MAX - s->out_len : 0;
	long n;

	if (!room)
		return 0;
	n = http_file_read(c->file, c->at, s->out + s->out_len, room < c->left ? room : c->left);
	if (n <=
	    0) /* it has become shorter: the peer learns by the end that something is missing */
		return -1;
	s->out_len += n;
	s->out_file = n;
	c->at += n;
	c->left -= n;
	return 0;
}

/* Sends the buffer. What the peer does not take of a file is read again; the rest is kept. */
static int send_out(struct http_server *s, struct http_conn *c)
{
	ssize_t n = s->out_len ? send(c->fd, s->out, s->out_len, MSG_NOSIGNAL) : 0;
	size_t sent = n < 0 ? 0 : n, left = s->out_len - sent, back;

	if (n < 0 && errno != EAGAIN)
		return -1;
	back = left < s->out_file ? left : s->out_file;
	c->at -= back;
	c->left += back;
	left -= back;
	s->out_len = s->out_file = 0;
	if (left && keep(s, &c->rest, s->out + sent, left))
		return -1;
	c->rest_at = 0;
	c->rest_len = left;
	return 0;
}

/* Sends answers, then the file that follows, until nothing is left or the peer takes no more. */
static int flush(struct http_server *s, struct http_conn *c)
{
	int turns;

	for (turns = 0; c->left && !c->rest && turns < TURNS; turns++) {
		uint64_t before = c->left;

		if (add_file(s, c) || send_out(s, c))
			return -1;
		if (c->left == before)
			break;
	}
	if (s->out_len && send_out(s, c))
		return -1;
	if (c->rest || c->left) { /* goes on when there is room */
		if (c->wants != EPOLLOUT)
			want(s, c, EPOLLOUT);
		wait_for(s, c, WAIT_SEND);
		return 0;
	}
	file_done(c);
	return c->ending ? finish(s, c) : 0;
}

static int busy(const struct http_conn *c)
{
	return c->rest || c->file;
}

/* ---- in */

static size_t skip_body(struct http_conn *c, size_t len)
{
	size_t n = c->skip < len ? c->skip : len;

	c->skip -= n;
	return n;
}

/* Clients ask in the same words again and again: the last head is not taken apart once more. */
static size_t parse(struct http_server *s, const char *buf, size_t len)
{
	size_t n = s->head_len;

	if (n && n <= len && !memcmp(buf, s->head, n))
		return n;
	n = http_parse(buf, len, &s->request);
	s->head_len = 0;
	if (n && n <= sizeof(s->head) && !s->request.status) {
		memcpy(s->head, buf, n);
		s->head_len = n;
	}
	return n;
}

/*
 * Answers the requests in the first len bytes of the buffer. What cannot be answered now is kept. 1: some of that can be
 * answered now.
 */
static int serve(struct http_server *s, struct http_conn *c, size_t len)
{
	size_t at = skip_body(c, len), used;
	int answered = 0, stopped;

	s->out_len = s->out_file = 0;
	while (at < len && !busy(c) && !c->ending) {
		used = parse(s, s->in + at, len - at);
		if (!used)
			break;
		at += used;
		c->skip = s->request.body;
		at += skip_body(c, len - at);
		http_answer(s, c);
		answered = 1;
		if (s->out_len >= OUT_MAX && send_out(s, c))
			return -1;
	}
	stopped = busy(c);
	if (c->ending)
		at = len;
	if (at < len && keep(s, &c->in, s->in + at, len - at))
		return -1;
	c->in_len = len - at;
	if (!c->in && !c->skip)
		wait_for(s, c, WAIT_IDLE);
	else if (answered || c->queue == &s->queues[WAIT_IDLE])
		wait_for(s, c, WAIT_REQUEST); /* its time runs from its first byte on */
	if (answered && flush(s, c))
		return -1;
	return stopped && c->in && !busy(c);
}

/* The same with what it kept in front of len further bytes. */
static int serve_kept(struct http_server *s, struct http_conn *c, size_t len)
{
	int more;

	do {
		len += c->in_len;
		if (c->in) {
			memcpy(s->in, c->in, c->in_len);
			drop(s, &c->in, c->in_len);
			c->in_len = 0;
		}
		more = serve(s, c, len);
		len = 0;
	} while (more > 0);
	return more;
}

/* What of an answer that lies ready could not be sent at once; sent: so much, or -1. */
static __attribute__((noinline)) int answer_rest(struct http_server *s, struct http_conn *c,
						 const struct http_file *f, ssize_t sent)
{
	if (sent < 0)
		sent = 0;
	s->out_len = f->answer_len - sent;
	s->out_file = 0;
	memcpy(s->out, f->answer + sent, s->out_len);
	return flush(s, c);
}

/* To the same head, and nothing else, goes the same answer, from where it lies. */
static int answer_again(struct http_server *s, struct http_conn *c)
{
	const struct http_file *f = s->again;
	ssize_t n = send(c->fd, f->answer, f->answer_len, MSG_NOSIGNAL);

	if (c->since != s->now || c->queue != &s->queues[WAIT_IDLE])
		wait_for(s, c, WAIT_IDLE);
	return n == (ssize_t)f->answer_len ? 0 : answer_rest(s, c, f, n);
}

/* Behind what is kept lie n further bytes; n as recv() says it. */
static __attribute__((noinline)) int take_input(struct http_server *s, struct http_conn *c,
						uint32_t events, ssize_t n)
{
	size_t room = sizeof(s->in) - c->in_len;
	int over;

	if (n <= 0)
		return n == 0 || errno != EAGAIN ? -1 : 0;
	over = serve_kept(s, c, n);
	if ((events != EPOLLIN || (size_t)n == room) && !over && c->wants == REQUESTS)
		want(s, c, REQUESTS); /* there may be more, or the end */
	return over;
}

static int on_input(struct http_server *s, struct http_conn *c, uint32_t events)
{
	ssize_t n = recv(c->fd, s->in + c->in_len, sizeof(s->in) - c->in_len, 0);

	if (s->again && n == (ssize_t)s->head_len && events == EPOLLIN && !(c->in_len | c->skip) &&
	    !memcmp(s->in, s->head, s->head_len))
		return answer_again(s, c);
	return take_input(s, c, events, n);
}

static int send_rest(struct http_server *s, struct http_conn *c)
{
	ssize_t n = send(c->fd, c->rest + c->rest_at, c->rest_len - c->rest_at, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	c->rest_at += n;
	wait_for(s, c, WAIT_SEND);
	if (c->rest_at == c->rest_len)
		drop(s, &c->rest, c->rest_len);
	return 0;
}

static int on_room(struct http_server *s, struct http_conn *c)
{
	if (c->rest && (send_rest(s, c) || c->rest))
		return c->rest ? 0 : -1;
	s->out_len = s->out_file = 0;
	if (flush(s, c))
		return -1;
	if (busy(c) || c->queue == &s->queues[WAIT_LINGER])
		return 0;
	want(s, c, REQUESTS);
	wait_for(s, c, c->in || c->skip ? WAIT_REQUEST : WAIT_IDLE);
	return c->in ? serve_kept(s, c, 0) : 0;
}

void http_conn_ready(struct http_server *s, struct http_conn *c, uint32_t events)
{
	int over;

	if (c->queue == &s->queues[WAIT_LINGER])
		over = linger(s, c);
	else if (c->wants != EPOLLOUT)
		over = on_input(s, c, events);
	else
		over = events & (EPOLLERR | EPOLLHUP) ? -1 : on_room(s, c);
	if (over)
		http_conn_end(s, c);
}

void http_conn_expired(struct http_server *s, struct http_conn *c)
{
	const struct linger reset = {.l_onoff = 1};

	if (c->queue == &s->queues[WAIT_REQUEST]) {
		s->out_len = s->out_file = 0;
		memset(&s->request, 0, offsetof(struct http_request, path));
		s->head_len = 0;
		http_answer_error(s, c, 408);
		if (!flush(s, c))
			return;
	}
	if (c->queue ==
	    &s->queues[WAIT_SEND]) /* what it did not take is not kept for it any longer */
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	http_conn_end(s, c);
}
