/* SPDX-License-Identifier: MIT */
#include "apps/fetch/http_response.h"

#include <string.h>
#include <strings.h>

static void fail(struct http_response *r, const char *wrong)
{
	r->state = RESPONSE_WRONG;
	r->wrong = wrong;
}

void http_response_begin(struct http_response *r, int head_only)
{
	memset(r, 0, offsetof(struct http_response, location));
	r->location[0] = '\0';
	r->head_only = head_only;
}

/* ---- lines */

/*
 * Adds to the line until it has its end. Returns the bytes taken; *whole: it is all here, without its end, with a 0 behind.
 */
static size_t take_line(struct http_response *r, const char *data, size_t len, int *whole)
{
	const char *end = memchr(data, '\n', len);
	size_t n = end ? (size_t)(end - data) : len;

	*whole = 0;
	r->head_bytes += n + 1;
	if (r->line_len + n > RESPONSE_LINE_MAX - 1) {
		fail(r, "a line is too long");
		return len;
	}
	memcpy(r->line + r->line_len, data, n);
	r->line_len += n;
	if (!end)
		return n;
	if (r->line_len && r->line[r->line_len - 1] == '\r')
		r->line_len--;
	r->line[r->line_len] = '\0';
	*whole = strlen(r->line) == r->line_len;
	if (!*whole)
		fail(r, "a line has a 0 in it");
	r->line_len = 0;
	return n + 1;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : -1;
}

/* RFC 9112 s4 */
static void take_status(struct http_response *r)
{
	const char *p = r->line;

	if (strncmp(p, "HTTP/1.", 7) != 0 || digit(p[7]) < 0 || p[8] != ' ' || digit(p[9]) < 1 ||
	    digit(p[10]) < 0 || digit(p[11]) < 0 || (p[12] && p[12] != ' ')) {
		fail(r, "not an HTTP/1.1 response");
		return;
	}
	r->status = digit(p[9]) * 100 + digit(p[10]) * 10 + digit(p[11]);
	r->has_length = r->chunked = r->other_coding = 0;
	r->location[0] = '\0';
	r->state = RESPONSE_FIELDS;
}

static void take_length(struct http_response *r, const char *value)
{
	uint64_t v = 0;

	if (digit(*value) < 0)
		fail(r, "Content-Length is no number");
	for (; digit(*value) >= 0 && v < UINT64_MAX / 16; value++)
		v = v * 10 + digit(*value);
	if (*value)
		fail(r, "Content-Length is no number");
	else if (r->has_length && v != r->length)
		fail(r, "two lengths");
	r->has_length = 1;
	r->length = v;
}

static void take_field(struct http_response *r)
{
	char *value = strchr(r->line, ':'), *end;

	if (!value || value == r->line || r->line[0] == ' ' || r->line[0] == '\t') {
		fail(r, "a line of the head is no field");
		return;
	}
	*value++ = '\0';
	value += strspn(value, " \t");
	for (end = value + strlen(value); end > value && (end[-1] == ' ' || end[-1] == '\t');)
		*--end = '\0';
	if (!strcasecmp(r->line, "content-length")) {
		take_length(r, value);
	} else if (!strcasecmp(r->line, "transfer-encoding")) {
		if (strcasecmp(value, "chunked") != 0 || r->chunked)
			r->other_coding = 1;
		r->chunked = 1;
	} else if (!strcasecmp(r->line, "location")) {
		memcpy(r->location, value, strlen(value) + 1);
	}
}

/* What follows the head: RFC 9112 s6.3, in its order. */
static void end_head(struct http_response *r)
{
	if (r->status / 100 == 1 && r->status != 101) {
		r->state = RESPONSE_STATUS;
		if (++r->interim > RESPONSE_INTERIM)
			fail(r, "too many interim responses");
	} else if (r->head_only || r->status == 204 || r->status == 304) {
		r->state = RESPONSE_DONE;
	} else if (r->other_coding) {
		fail(r, "a transfer coding other than chunked");
	} else if (r->chunked) {
		r->state = RESPONSE_CHUNK_SIZE;
	} else if (r->has_length) {
		r->left = r->length;
		r->state = r->left ? RESPONSE_BODY : RESPONSE_DONE;
	} else {
		r->state = RESPONSE_UNTIL_CLOSE;
	}
}

/* RFC 9112 s7.1: hex digits, then perhaps an extension, which nobody asked for. */
static void take_chunk_size(struct http_response *r)
{
	const char *p = r->line;
	uint64_t v = 0;

	for (; *p; p++) {
		char c = *p | 0x20;
		int d = digit(*p) >= 0 ? digit(*p) : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;

		if (d < 0)
			break;
		if (v > UINT64_MAX / 16) {
			fail(r, "a chunk is too long");
			return;
		}
		v = v * 16 + d;
	}
	if (p == r->line || (*p && *p != ';' && *p != ' ' && *p != '\t')) {
		fail(r, "a chunk has no length");
		return;
	}
	r->left = v;
	r->state = v ? RESPONSE_CHUNK : RESPONSE_TRAILER;
	r->head_bytes = 0; /* a body may have any number of chunks */
}

static void take_whole_line(struct http_response *r)
{
	switch (r->state) {
	case RESPONSE_STATUS:
		take_status(r);
		break;
	case RESPONSE_FIELDS:
		if (r->line[0])
			take_field(r);
		else
			end_head(r);
		break;
	case RESPONSE_CHUNK_SIZE:
		take_chunk_size(r);
		break;
	case RESPONSE_CHUNK_END:
		r->state = RESPONSE_CHUNK_SIZE;
		if (r->line[0])
			fail(r, "a chunk is longer than it says");
		break;
	default: /* the trailer's fields are not looked at */
		if (!r->line[0])
			r->state = RESPONSE_DONE;
	}
}

/* ---- all together */

static size_t take_body(struct http_response *r, size_t len)
{
	size_t n = r->left < len ? r->left : len;

	r->left -= n;
	if (!r->left)
		r->state = r->state == RESPONSE_CHUNK ? RESPONSE_CHUNK_END : RESPONSE_DONE;
	return n;
}

size_t http_response_feed(struct http_response *r, const char *data, size_t len, const char **body,
			  size_t *body_len)
{
	size_t n;
	int whole;

	*body = data;
	*body_len = 0;
	if (r->state == RESPONSE_DONE || r->state == RESPONSE_WRONG || !len)
		return 0;
	if (r->state == RESPONSE_UNTIL_CLOSE)
		return *body_len = len;
	if (r->state == RESPONSE_BODY || r->state == RESPONSE_CHUNK)
		return *body_len = take_body(r, len);
	n = take_line(r, data, len, &whole);
	if (whole)
		take_whole_line(r);
	if (r->head_bytes > RESPONSE_HEAD_MAX && r->state != RESPONSE_WRONG)
		fail(r, "the head is too long");
	return n;
}

void http_response_end(struct http_response *r)
{
	if (r->state == RESPONSE_UNTIL_CLOSE)
		r->state = RESPONSE_DONE;
	else if (r->state != RESPONSE_DONE && r->state != RESPONSE_WRONG)
		fail(r, http_response_in_head(r) ? "the connection ended before the response"
						 : "the connection ended before the body did");
}
