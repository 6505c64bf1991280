/* SPDX-License-Identifier: MIT */
/* httpd's requests and dates, fetch's responses and URLs: the parts of both that only look at bytes. */
#include <stdio.h>
#include <string.h>

#include "apps/fetch/http_response.h"
#include "apps/fetch/http_url.h"
#include "apps/httpd/http_date.h"
#include "apps/httpd/http_request.h"
#include "tests/unit/harness.h"

#define HOST "Host: x\r\n"

static const struct {
	const char *head;
	unsigned int status;
	const char *path;
	int keep_alive;
} requests[] = {
	{"GET / HTTP/1.1\r\n" HOST "\r\n", 0, "/", 1},
	{"\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 0, "/", 1},
	{"GET / HTTP/1.1\n" HOST "\n", 0, "/", 1},
	{"HEAD /a/b%20c?d HTTP/1.1\r\nhOST:x\r\n\r\n", 0, "/a/b c", 1},
	{"GET /..a/b../...  HTTP/1.1\r\n" HOST "\r\n", 400, "", 0},
	{"GET /..a/b../... HTTP/1.1\r\n" HOST "\r\n", 0, "/..a/b../...", 1},
	{"GET /a/.. HTTP/1.1\r\n" HOST "\r\n", 400, "", 0},
	{"GET /a\\..\\b HTTP/1.1\r\n" HOST "\r\n", 400, "", 0},
	{"GET / HTTP/1.1\r\n" HOST "Connection: Close\r\n\r\n", 0, "/", 0},
	{"GET / HTTP/1.1\r\n" HOST "Connection: x , close\r\n\r\n", 0, "/", 0},
	{"GET / HTTP/1.0\r\n\r\n", 0, "/", 0},
	{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 0, "/", 1},
	{"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", 0, "/", 0},
	{"GET / HTTP/1.1\r\n\r\n", 400, "", 0},
	{"GET / HTTP/3.0\r\n\r\n", 505, "", 0},
	{"GET / HTTPS/1.1\r\n\r\n", 400, "", 0},
	{"PUT / HTTP/1.1\r\n" HOST "\r\n", 405, "", 0},
	{"get / HTTP/1.1\r\n" HOST "\r\n", 501, "", 0},
	{"GET http://x HTTP/1.1\r\n" HOST "\r\n", 0, "/", 1},
	{"GET HTTP://x/y HTTP/1.1\r\n" HOST "\r\n", 0, "/y", 1},
	{"GET * HTTP/1.1\r\n" HOST "\r\n", 400, "", 0},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n", 413, "", 0},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400, "", 0},
	{"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: x\r\n\r\n", 501, "", 0},
};

WEIR_TEST(http, requests)
{
	struct http_request r;

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		const char *head = requests[i].head;
		size_t len = strlen(head), n, cut;

		for (cut = 0; cut < len; cut++) {
			n = http_parse(head, cut, &r);
			cr_assert(n == 0 || (r.status && r.status == requests[i].status),
				  "row %zu cut to %zu", i, cut);
		}
		cr_assert_eq(http_parse(head, len, &r), len, "row %zu", i);
		cr_assert_eq(r.status, requests[i].status, "row %zu: %u", i, r.status);
		if (r.status)
			continue;
		cr_assert_str_eq(r.path, requests[i].path, "row %zu", i);
		cr_assert_eq(r.path_len, strlen(r.path), "row %zu", i);
		cr_assert_eq(r.keep_alive, requests[i].keep_alive, "row %zu", i);
		cr_assert_eq(r.head, *head == 'H', "row %zu", i);
	}
}

WEIR_TEST(http, request_says_all_it_can)
{
	static const char head[] =
		"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\nRange: bytes=3-9\r\n"
		"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
		"If-Range: \"tag\"\r\n\r\nabcdefg";
	struct http_request r;
	uint64_t first, last;

	cr_assert_eq(http_parse(head, sizeof(head) - 1, &r), sizeof(head) - 1 - 7);
	cr_assert_eq(r.status, 0);
	cr_assert_eq(r.body, 7);
	cr_assert_eq(r.modified_since, 784111777);
	cr_assert_eq(r.if_range, -1);
	cr_assert_eq(http_range_of(&r, 100, &first, &last), 0);
	cr_assert_eq(first, 3);
	cr_assert_eq(last, 9);
	cr_assert_eq(http_range_of(&r, 5, &first, &last), 0);
	cr_assert_eq(last, 4);
	cr_assert_eq(http_range_of(&r, 3, &first, &last), 416);
}

WEIR_TEST(http, request_too_long)
{
	static const char line[] = "GET / HTTP/1.1\r\nA:";
	static char buf[HTTP_HEAD_MAX];
	struct http_request r;

	memset(buf, 'a', sizeof(buf));
	cr_assert_eq(http_parse(buf, sizeof(buf) - 1, &r), 0);
	cr_assert_eq(http_parse(buf, sizeof(buf), &r), sizeof(buf));
	cr_assert_eq(r.status, 400);
	buf[3] = ' ';
	buf[4] = '/';
	http_parse(buf, sizeof(buf), &r);
	cr_assert_eq(r.status, 414);
	for (size_t i = 0; i < sizeof(line) - 1; i++)
		buf[i] = line[i];
	http_parse(buf, sizeof(buf), &r);
	cr_assert_eq(r.status, 431);
}

WEIR_TEST(http, dates)
{
	static const struct {
		const char *text;
		time_t t;
	} rows[] = {
		{"Thu, 01 Jan 1970 00:00:01 GMT", 1},
		{"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
		{"Tue, 29 Feb 2000 23:59:59 GMT", 951868799},
		{"Wed, 31 Dec 2025 00:00:00 GMT", 1767139200},
		{"Thu, 28 Feb 2030 12:00:00 GMT", 1898510400},
		{"Mon, 29 Feb 2100 00:00:00 GMT", 0},
		{"Mon, 06 Nov 1994 08:49:37 GMT", 0},
		{"Sun, 06 Nov 1994 08:49:60 GMT", 0},
		{"Sun, 06 Nov 1994 24:00:00 GMT", 0},
		{"Sun, 06 Nov 1994 08:49:37 CET", 0},
		{"Sunday, 06-Nov-94 08:49:37 GMT", 0},
		{"", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[HTTP_DATE_LEN + 1];

		cr_assert_eq(http_parse_date(rows[i].text, strlen(rows[i].text)), rows[i].t,
			     "row %zu", i);
		if (!rows[i].t)
			continue;
		http_format_date(rows[i].t, text);
		cr_assert_str_eq(text, rows[i].text);
	}
}

#define OK "HTTP/1.1 200 OK\r\n"

static const struct {
	const char *bytes, *body;
	int head_only, ends; /* the connection ends behind the bytes */
	const char *wrong;   /* NULL: all is well */
} responses[] = {
	{OK "Content-Length: 5\r\n\r\nhello", "hello"},
	{OK "content-length:5\r\n\r\nhello", "hello"},
	{OK "\r\nhello", "hello", .ends = 1},
	{OK "Content-Length: 0\r\n\r\n", ""},
	{OK "Content-Length: 5\r\n\r\n", "", .head_only = 1},
	{"HTTP/1.1 204 \r\n\r\n", ""},
	{"HTTP/1.0 304\r\nContent-Length: 5\r\n\r\n", ""},
	{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLocation: /x\r\n\r\n" OK
	 "Content-Length: 1\r\n\r\nx",
	 "x"},
	{OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello"},
	{OK "Transfer-Encoding: Chunked\r\nContent-Length: "
	    "3\r\n\r\n3;a=b\r\nhel\r\n02\r\nlo\r\n0\r\nA: b\r\n\r\n",
	 "hello"},
	{OK "Content-Length: 5\r\n\r\nhel", "hel", .ends = 1,
	 .wrong = "the connection ended before the body did"},
	{OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "hello", .ends = 1,
	 .wrong = "the connection ended before the body did"},
	{OK, "", .ends = 1, .wrong = "the connection ended before the response"},
	{OK "Content-Length: 5x\r\n\r\n", "", .wrong = "Content-Length is no number"},
	{OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", "", .wrong = "two lengths"},
	{OK "Transfer-Encoding: gzip\r\n\r\n", "", .wrong = "a transfer coding other than chunked"},
	{OK "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "", .wrong = "a chunk has no length"},
	{OK "Transfer-Encoding: chunked\r\n\r\n123456789abcdef01\r\n", "",
	 .wrong = "a chunk is too long"},
	{OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n", "he",
	 .wrong = "a chunk is longer than it says"},
	{OK " folded\r\n\r\n", "", .wrong = "a line of the head is no field"},
	{"SSH-2.0-x\r\n", "", .wrong = "not an HTTP/1.1 response"},
	{"HTTP/2 200\r\n", "", .wrong = "not an HTTP/1.1 response"},
};

/* The body of a response that comes in pieces of this size. */
static void feed(struct http_response *r, const char *bytes, size_t piece, char *body)
{
	size_t len = strlen(bytes), at = 0;

	while (at < len && r->state != RESPONSE_DONE && r->state != RESPONSE_WRONG) {
		const char *part;
		size_t n = len - at < piece ? len - at : piece, part_len;

		at += http_response_feed(r, bytes + at, n, &part, &part_len);
		memcpy(body, part, part_len);
		body += part_len;
	}
	*body = '\0';
}

WEIR_TEST(http, responses_in_pieces)
{
	struct http_response r;
	char body[64];

	for (size_t i = 0; i < sizeof(responses) / sizeof(responses[0]); i++)
		for (size_t piece = 1; piece < 200; piece++) {
			http_response_begin(&r, responses[i].head_only);
			feed(&r, responses[i].bytes, piece, body);
			if (responses[i].ends)
				http_response_end(&r);
			cr_assert_eq(r.state, responses[i].wrong ? RESPONSE_WRONG : RESPONSE_DONE,
				     "row %zu in pieces of %zu: state %d", i, piece, r.state);
			if (responses[i].wrong)
				cr_assert_str_eq(r.wrong, responses[i].wrong, "row %zu: %s", i,
						 r.wrong);
			cr_assert_str_eq(body, responses[i].body, "row %zu in pieces of %zu", i,
					 piece);
		}
}

WEIR_TEST(http, response_without_end)
{
	static char line[RESPONSE_LINE_MAX + 100];
	struct http_response r;
	char body[64];
	int i;

	memset(line, 'a', sizeof(line) - 1);
	http_response_begin(&r, 0);
	feed(&r, line, 4096, body);
	cr_assert_str_eq(r.wrong, "a line is too long");
	http_response_begin(&r, 0);
	feed(&r, OK, 4096, body);
	for (i = 0; i < RESPONSE_HEAD_MAX; i++)
		feed(&r, "A: b\r\n", 4096, body);
	cr_assert_str_eq(r.wrong, "the head is too long");
	http_response_begin(&r, 0);
	for (i = 0; i < RESPONSE_INTERIM + 1; i++)
		feed(&r, "HTTP/1.1 100 \r\n\r\n", 4096, body);
	cr_assert_str_eq(r.wrong, "too many interim responses");
}

WEIR_TEST(http, urls)
{
	static const struct {
		const char *text, *host;
		unsigned int port;
		const char *target; /* NULL: refused */
	} rows[] = {
		{"http://a", "a", 80, "/"},
		{"HTTP://a.b:8080/c/d?e#f", "a.b", 8080, "/c/d?e"},
		{"10.0.0.1", "10.0.0.1", 80, "/"},
		{"a/b://c", "a", 80, "/b://c"},
		{"http://a?b", "a", 80, "/?b"},
		{"https://a"},
		{"http://"},
		{"http://a:0"},
		{"http://a:65536"},
		{"http://a:x"},
		{"http://u@a"},
		{"http://a b"},
		{"http://a/\r\nX: y"},
		{"http://:80"},
		{""},
	};
	static const struct {
		const char *location, *target;
	} follow[] = {
		{"/x", "/x"},    {"x", "/c/x"},   {"?x", "/c/d?x"}, {"http://z/y", "/y"},
		{"//z/y", "/y"}, {"x#y", "/c/x"}, {"https://z"},    {"/ x"},
	};
	struct http_url u;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *wrong = http_url_parse(rows[i].text, &u);

		cr_assert_eq(!wrong, rows[i].target != NULL, "row %zu: %s", i, wrong);
		if (wrong)
			continue;
		cr_assert_str_eq(u.host, rows[i].host);
		cr_assert_str_eq(u.target, rows[i].target);
		cr_assert_eq(u.port, rows[i].port);
	}
	for (size_t i = 0; i < sizeof(follow) / sizeof(follow[0]); i++) {
		const char *wrong;

		cr_assert_null(http_url_parse("a/c/d?e/f", &u));
		wrong = http_url_follow(follow[i].location, &u);
		cr_assert_eq(!wrong, follow[i].target != NULL, "follow %zu: %s", i, wrong);
		if (!wrong)
			cr_assert_str_eq(u.target, follow[i].target, "follow %zu: %s", i, u.target);
	}
}
