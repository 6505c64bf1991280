/* SPDX-License-Identifier: MIT */
/*
 * What strangers send to httpd and fetch: a request's head, and a response in pieces. What is found lies within what came, no
 * path leads out of the root, and a response is the same in pieces of any size.
 */
#include <stdlib.h>
#include <string.h>

#include "apps/fetch/http_response.h"
#include "apps/fetch/http_url.h"
#include "apps/httpd/http_request.h"
#include "tests/fuzz/lab.h"

static void request(const char *data, size_t len)
{
	static struct http_request r;
	uint64_t first, last;
	size_t n = http_parse(data, len, &r);

	if (n > len || (!n && r.status) || (r.status && (r.status < 400 || r.status > 505)))
		abort();
	if (!n || r.status)
		return;
	if (r.path_len != strlen(r.path) || r.path[0] != '/' || strstr(r.path, "/../") ||
	    r.path_len > HTTP_TARGET_MAX || r.body > HTTP_BODY_MAX)
		abort();
	if (r.range && !http_range_of(&r, 1000, &first, &last) && (first > last || last >= 1000))
		abort();
}

/* A sum over the body, in pieces of this size. */
static unsigned int response(const char *data, size_t len, size_t piece, enum response_state *end)
{
	static struct http_response r;
	unsigned int sum = 0;
	size_t at = 0, i;

	http_response_begin(&r, 0);
	while (at < len && r.state != RESPONSE_DONE && r.state != RESPONSE_WRONG) {
		size_t n = len - at < piece ? len - at : piece, body_len, used;
		const char *body;

		used = http_response_feed(&r, data + at, n, &body, &body_len);
		if (!used || used > n || (body_len && (body != data + at || body_len > used)))
			abort();
		for (i = 0; i < body_len; i++)
			sum = sum * 31 + (unsigned char)body[i];
		at += used;
	}
	http_response_end(&r);
	if ((r.state != RESPONSE_DONE && r.state != RESPONSE_WRONG) ||
	    (r.state == RESPONSE_WRONG) != (r.wrong != NULL))
		abort();
	*end = r.state;
	return sum;
}

static void url(const char *data, size_t len)
{
	static struct http_url u;
	char *text = malloc(len + 1);

	if (!text)
		return;
	memcpy(text, data, len);
	text[len] = '\0';
	if (!http_url_parse(text, &u) && (u.target[0] != '/' || !u.host[0] || !u.port))
		abort();
	strcpy(u.target, "/a/b");
	(void)http_url_follow(text, &u);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1);
	enum response_state whole_end, end;
	unsigned int whole;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	request(copy, size);
	whole = response(copy, size, size, &whole_end);
	if (response(copy, size, 1, &end) != whole || end != whole_end ||
	    response(copy, size, 7, &end) != whole || end != whole_end)
		abort();
	url(copy, size);
	free(copy);
	return 0;
}
