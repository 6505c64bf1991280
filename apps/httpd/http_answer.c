/* SPDX-License-Identifier: MIT */
#include "apps/httpd/http_answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	unsigned int status;
	const char *reason;
} reasons[] = {
	{206, "Partial Content"},
	{301, "Moved Permanently"},
	{304, "Not Modified"},
	{400, "Bad Request"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{408, "Request Timeout"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{416, "Range Not Satisfiable"},
	{431, "Request Header Fields Too Large"},
	{501, "Not Implemented"},
	{503, "Service Unavailable"},
	{505, "HTTP Version Not Supported"},
};

static const char *reason_of(unsigned int status)
{
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Error";
}

static void add(struct http_server *s, const void *data, size_t len)
{
	memcpy(s->out + s->out_len, data, len);
	s->out_len += len;
}

static void add_text(struct http_server *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add_text(struct http_server *s, const char *format, ...)
{
	size_t room = sizeof(s->out) - s->out_len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(s->out + s->out_len, room, format, args);
	va_end(args);
	s->out_len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static void add_head(struct http_server *s, const struct http_conn *c, unsigned int status)
{
	add_text(s, "HTTP/1.1 %u %s\r\nServer: weir\r\nDate: %s\r\n", status, reason_of(status),
		 s->site.date);
	if (c->ending)
		add_text(s, "Connection: close\r\n");
	else if (!s->request.minor)
		add_text(s, "Connection: keep-alive\r\n");
}

/* An answer with a line of text for who reads it. */
static void add_short(struct http_server *s, const struct http_conn *c, unsigned int status)
{
	const char *reason = reason_of(status);

	add_head(s, c, status);
	if (status == 405)
		add_text(s, "Allow: GET, HEAD\r\n");
	add_text(s, "Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", strlen(reason) + 5);
	if (!s->request.head)
		add_text(s, "%u %s\n", status, reason);
}

void http_answer_error(struct http_server *s, struct http_conn *c, unsigned int status)
{
	c->ending = c->rude = 1;
	add_short(s, c, status);
}

/* To the same path with a slash; what a URI may not hold is escaped. */
static void add_redirect(struct http_server *s, const struct http_conn *c)
{
	const struct http_request *r = &s->request;
	size_t i;

	add_head(s, c, 301);
	add_text(s, "Content-Length: 0\r\nLocation: ");
	for (i = 0; i < r->path_len; i++) {
		unsigned char ch = r->path[i];

		if ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')
			add(s, &ch, 1);
		else if ((ch >= '0' && ch <= '9') || strchr("/-._~", ch))
			add(s, &ch, 1);
		else
			add_text(s, "%%%02X", ch);
	}
	add_text(s, "/\r\n\r\n");
}

/* Bytes of f from first on: here, or later as the connection's file. */
static void add_bytes(struct http_server *s, struct http_conn *c, struct http_file *f,
		      uint64_t first, uint64_t len)
{
	if (s->request.head)
		return;
	if (f->fd < 0) {
		add(s, f->answer + f->head_len + first, len);
		return;
	}
	c->file = http_file_hold(f);
	c->at = first;
	c->left = len;
}

static void add_range(struct http_server *s, struct http_conn *c, struct http_file *f)
{
	uint64_t first = 0, last = 0;
	unsigned int status = http_range_of(&s->request, f->size, &first, &last);

	if (status) {
		add_head(s, c, status);
		add_text(s, "Content-Range: bytes */%llu\r\nContent-Length: 0\r\n\r\n",
			 (unsigned long long)f->size);
		return;
	}
	add_head(s, c, 206);
	add_text(s,
		 "Content-Type: %s\r\nContent-Length: %llu\r\nContent-Range: bytes "
		 "%llu-%llu/%llu\r\n\r\n",
		 f->type, (unsigned long long)last - first + 1, (unsigned long long)first,
		 (unsigned long long)last, (unsigned long long)f->size);
	add_bytes(s, c, f, first, last - first + 1);
}

static void add_whole(struct http_server *s, struct http_conn *c, struct http_file *f)
{
	const struct http_request *r = &s->request;

	memcpy(f->answer + f->date_at, s->site.date, HTTP_DATE_LEN);
	if (!c->ending && r->minor && !r->head && f->fd < 0) { /* as it lies there */
		add(s, f->answer, f->answer_len);
		s->again = r->body ? NULL : f;
		return;
	}
	add(s, f->answer, f->head_len - 2);
	if (c->ending)
		add(s, "Connection: close\r\n\r\n", 21);
	else if (!r->minor)
		add(s, "Connection: keep-alive\r\n\r\n", 26);
	else
		add(s, "\r\n", 2);
	add_bytes(s, c, f, 0, f->size);
}

void http_answer(struct http_server *s, struct http_conn *c)
{
	struct http_request *r = &s->request;
	unsigned int status = r->status;
	struct http_file *f;

	c->ending = !r->keep_alive;
	s->again = NULL; /* a file may make room for another */
	if (status) {
		http_answer_error(s, c, status);
		return;
	}
	f = http_site_find(&s->site, r->path, r->path_len, s->now, &status);
	if (!f && status == 301) {
		add_redirect(s, c);
	} else if (!f) {
		add_short(s, c, status);
	} else if (r->modified_since && f->modified && f->modified <= r->modified_since) {
		add_head(s, c, 304);
		add_text(s, "\r\n");
	} else if (r->range && !r->head && (!r->if_range || r->if_range == f->modified)) {
		add_range(s, c, f);
	} else {
		add_whole(s, c, f);
	}
}
