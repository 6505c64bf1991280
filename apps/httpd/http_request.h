/* SPDX-License-Identifier: MIT */
/* The head of an HTTP/1.x request (RFC 9112): found, checked, taken apart. Pure: bytes in, a struct out. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define HTTP_HEAD_MAX   8192  /* bytes of a head; more is answered with 431 */
#define HTTP_TARGET_MAX 1024  /* of its target, and so of the path; more is 414 */
#define HTTP_BODY_MAX   65536 /* of a body, which is skipped; more is 413 */

enum http_range {
	RANGE_NONE,
	RANGE_FROM_TO, /* first to last, inclusive; last may be UINT64_MAX */
	RANGE_SUFFIX   /* the last `last` bytes */
};

struct http_request {
	unsigned int
		status; /* 0: can be served; otherwise what it is answered with, and the connection ends */
	int head; /* HEAD, not GET */
	int keep_alive;
	int minor;   /* HTTP/1.minor */
	size_t body; /* bytes behind the head that belong to it */
	enum http_range range;
	uint64_t range_first, range_last;
	time_t modified_since; /* 0: not asked */
	time_t if_range; /* the range is for what was last modified then; 0: not said, -1: never true */
	size_t path_len;
	char path[HTTP_TARGET_MAX + 1]; /* decoded, without query; begins with '/', has no ".." */
};

/*
 * The request at the start of buf. Returns the length of its head, with the empty line; 0: there is more to come (and
 * fewer than HTTP_HEAD_MAX bytes are here). With a status of its own the length is all that is there.
 */
size_t http_parse(const char *buf, size_t len, struct http_request *r);

/*
 * Decodes a target's path into out (cap bytes, with a 0). Its length; 0: no path, or one that leads out of the root or
 * hides something ("..", a 0, a control character).
 */
size_t http_decode_path(const char *target, size_t len, char *out, size_t cap);

/* The bytes of a file that a range means. 0: first and last are set; 416: none. size 0 has no range. */
unsigned int http_range_of(const struct http_request *r, uint64_t size, uint64_t *first,
			   uint64_t *last);
