/* SPDX-License-Identifier: MIT */
/* An HTTP/1.x response (RFC 9112) as it comes in, in pieces of any size: its head, then its body without the coding. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define RESPONSE_LINE_MAX 4096  /* of a line of the head, of a chunk, or of the trailer */
#define RESPONSE_HEAD_MAX 65536 /* of all of these but chunks' */
#define RESPONSE_INTERIM  16    /* 1xx responses in front of the one that counts */

enum response_state {
	RESPONSE_STATUS, /* the status line is waited for */
	RESPONSE_FIELDS,
	RESPONSE_BODY,        /* left bytes of it */
	RESPONSE_UNTIL_CLOSE, /* it ends with the connection */
	RESPONSE_CHUNK_SIZE,
	RESPONSE_CHUNK, /* left bytes of this one */
	RESPONSE_CHUNK_END,
	RESPONSE_TRAILER,
	RESPONSE_DONE,
	RESPONSE_WRONG
};

struct http_response {
	enum response_state state;
	int head_only; /* of a HEAD request: no body follows; the caller sets it */
	unsigned int status;
	int has_length, chunked, other_coding, interim;
	uint64_t length, left;
	size_t head_bytes, line_len;
	const char *wrong;                /* what, in words */
	char location[RESPONSE_LINE_MAX]; /* "" if there is none */
	char line[RESPONSE_LINE_MAX + 1];
};

/* Before the first byte. */
void http_response_begin(struct http_response *r, int head_only);

/*
 * Takes the next bytes; returns how many it took. What of them is the body's is told in body and body_len, which may be
 * nothing. To be called until all are taken, or the state is RESPONSE_DONE or RESPONSE_WRONG.
 */
size_t http_response_feed(struct http_response *r, const char *data, size_t len, const char **body,
			  size_t *body_len);

/* The connection has ended: RESPONSE_DONE, or RESPONSE_WRONG if something is missing. */
void http_response_end(struct http_response *r);

/* True while it is the head that is waited for. */
static inline int http_response_in_head(const struct http_response *r)
{
	return r->state == RESPONSE_STATUS || r->state == RESPONSE_FIELDS;
}
