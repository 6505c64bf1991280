/* SPDX-License-Identifier: MIT */
#include "apps/httpd/http_request.h"

#include <string.h>
#include <strings.h>

#include "apps/httpd/http_date.h"

/* What the fields of a head said, beside what is in the request itself. */
struct fields {
	int hosts, lengths, transfer_codings, close, keep_alive;
};

struct text {
	const char *p;
	size_t len;
};

static int is_token(unsigned char c)
{
	static const char others[] = "!#$%&'*+-.^_`|~"; /* RFC 9110 s5.6.2 */

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr(others, c));
}

static int is(struct text t, const char *word)
{
	return t.len == strlen(word) && !strncasecmp(t.p, word, t.len);
}

static struct text trimmed(struct text t)
{
	while (t.len && (t.p[t.len - 1] == ' ' || t.p[t.len - 1] == '\t'))
		t.len--;
	while (t.len && (*t.p == ' ' || *t.p == '\t'))
		t.p++, t.len--;
	return t;
}

/* Digits only; 0: there is none, or something else, or too many. */
static int number(struct text t, uint64_t *value)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < t.len; i++) {
		if (t.p[i] < '0' || t.p[i] > '9' || v > (UINT64_MAX - 9) / 10)
			return 0;
		v = v * 10 + (t.p[i] - '0');
	}
	*value = v;
	return t.len > 0;
}

/* What is in front of the first c; the rest is behind it. False: there is no c. */
static int split(struct text t, char c, struct text *before, struct text *after)
{
	const char *at = memchr(t.p, c, t.len);

	if (!at)
		return 0;
	*before = (struct text){t.p, at - t.p};
	*after = (struct text){at + 1, t.p + t.len - at - 1};
	return 1;
}

/* ---- the request line: RFC 9112 s3 */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A segment may not be "..": nothing is outside of the root. */
static int leads_out(const char *path)
{
	const char *p = path;

	while ((p = strstr(p, "/.."))) {
		if (p[3] == '/' || !p[3])
			return 1;
		p += 3;
	}
	return 0;
}

size_t http_decode_path(const char *target, size_t len, char *out, size_t cap)
{
	size_t i, n = 0;

	if (!len || target[0] != '/')
		return 0;
	for (i = 0; i < len && target[i] != '?'; i++) {
		unsigned char c = target[i];

		if (c == '%') {
			if (i + 2 >= len || hex(target[i + 1]) < 0 || hex(target[i + 2]) < 0)
				return 0;
			c = hex(target[i + 1]) << 4 | hex(target[i + 2]);
			i += 2;
		}
		if (c < ' ' || c == 0x7f || c == '\\' || n + 1 >= cap)
			return 0;
		out[n++] = c;
	}
	out[n] = '\0';
	return leads_out(out) ? 0 : n;
}

/* Letters and signs of RFC 3986 s3.2.2 and s3.2.3; whose they are matters to nobody here. */
static int could_be_host(struct text v)
{
	size_t i;

	for (i = 0; i < v.len; i++)
		if (!v.p[i] || !strchr("-._~%!$&'()*+,;=:[]0123456789", v.p[i]))
			if ((v.p[i] | 0x20) < 'a' || (v.p[i] | 0x20) > 'z')
				return 0;
	return 1;
}

/* The path of http://host/path, which every server must take (RFC 9112 s3.2.2). */
static struct text without_authority(struct text target)
{
	static const char scheme[] = "http://";
	const size_t len = sizeof(scheme) - 1;
	const char *slash;

	if (target.len <= len || strncasecmp(target.p, scheme, len) != 0)
		return target;
	slash = memchr(target.p + len, '/', target.len - len);
	if (!slash)
		return (struct text){"/", 1};
	return (struct text){slash, target.p + target.len - slash};
}

static unsigned int take_method(struct http_request *r, struct text method)
{
	static const char *const others[] = {"POST",    "PUT",   "DELETE", "OPTIONS",
					     "CONNECT", "TRACE", "PATCH"};
	size_t i;

	if (method.len == 3 && !memcmp(method.p, "GET", 3))
		return 0;
	r->head = method.len == 4 && !memcmp(method.p, "HEAD", 4);
	if (r->head)
		return 0;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (method.len == strlen(others[i]) && !memcmp(method.p, others[i], method.len))
			return 405;
	for (i = 0; i < method.len; i++)
		if (!is_token(method.p[i]))
			return 400;
	return method.len ? 501 : 400;
}

static unsigned int take_version(struct http_request *r, struct text v)
{
	if (v.len != 8 || memcmp(v.p, "HTTP/", 5) != 0 || v.p[6] != '.' || v.p[5] < '0' ||
	    v.p[5] > '9' || v.p[7] < '0' || v.p[7] > '9')
		return 400;
	r->minor = v.p[7] != '0';
	return v.p[5] == '1' ? 0 : 505;
}

static unsigned int take_request_line(struct http_request *r, struct text line)
{
	struct text method, rest, target, version;
	unsigned int status;

	if (!split(line, ' ', &method, &rest) || !split(rest, ' ', &target, &version))
		return 400;
	status = take_version(r, version);
	if (!status)
		status = take_method(r, method);
	if (status)
		return status;
	if (target.len > HTTP_TARGET_MAX)
		return 414;
	target = without_authority(target);
	r->path_len = http_decode_path(target.p, target.len, r->path, sizeof(r->path));
	return r->path_len ? 0 : 400;
}

/* ---- fields: RFC 9110 */

/* s14.2: one range of bytes is served; several, other units and nonsense are as if nothing was asked. */
static void take_range(struct http_request *r, struct text v)
{
	struct text unit, spec, first, last;

	r->range = RANGE_NONE;
	if (!split(v, '=', &unit, &spec) || !is(unit, "bytes") || memchr(spec.p, ',', spec.len) ||
	    !split(spec, '-', &first, &last))
		return;
	first = trimmed(first);
	last = trimmed(last);
	if (!first.len) {
		if (number(last, &r->range_last))
			r->range = RANGE_SUFFIX;
		return;
	}
	r->range_last = UINT64_MAX;
	if (!number(first, &r->range_first) || (last.len && !number(last, &r->range_last)) ||
	    r->range_first > r->range_last)
		return;
	r->range = RANGE_FROM_TO;
}

static void take_connection(struct fields *f, struct text v)
{
	struct text word, rest = v;

	do {
		v = rest;
		if (!split(v, ',', &word, &rest)) {
			word = v;
			rest.len = 0;
		}
		word = trimmed(word);
		f->close |= is(word, "close");
		f->keep_alive |= is(word, "keep-alive");
	} while (rest.len);
}

static unsigned int take_length(struct http_request *r, struct fields *f, struct text v)
{
	uint64_t len;

	if (f->lengths++ || !number(v, &len))
		return 400;
	r->body = len;
	return len > HTTP_BODY_MAX ? 413 : 0;
}

static unsigned int take_field(struct http_request *r, struct fields *f, struct text name,
			       struct text v)
{
	switch (name.p[0] | 0x20) {
	case 'h':
		if (is(name, "host"))
			f->hosts += could_be_host(v) ? 1 : 2; /* one too many */
		break;
	case 'c':
		if (is(name, "connection"))
			take_connection(f, v);
		else if (is(name, "content-length"))
			return take_length(r, f, v);
		break;
	case 'r':
		if (is(name, "range"))
			take_range(r, v);
		break;
	case 'i':
		if (is(name, "if-modified-since"))
			r->modified_since = http_parse_date(v.p, v.len);
		else if (is(name, "if-range"))
			r->if_range = http_parse_date(v.p, v.len) ?: -1;
		break;
	case 't':
		f->transfer_codings |= is(name, "transfer-encoding");
		break;
	}
	return 0;
}

static unsigned int take_line(struct http_request *r, struct fields *f, struct text line)
{
	struct text name, value;
	size_t i;

	if (!split(line, ':', &name, &value) || !name.len)
		return 400;
	for (i = 0; i < name.len; i++)
		if (!is_token(
			    name.p[i])) /* also a folded line, and a space in front of the colon */
			return 400;
	for (i = 0; i < value.len; i++)
		if ((unsigned char)value.p[i] < ' ' && value.p[i] != '\t')
			return 400;
	return take_field(r, f, name, trimmed(value));
}

/* What the fields say together. */
static unsigned int conclude(struct http_request *r, const struct fields *f)
{
	if (f->transfer_codings)
		return f->lengths ? 400 : 501; /* RFC 9112 s6.1 */
	if (f->hosts > 1 || (r->minor && !f->hosts))
		return 400; /* s3.2 */
	r->keep_alive = !f->close && (r->minor || f->keep_alive);
	return 0;
}

/* ---- the head */

/* The line at *at, without its end; *at moves behind it. False: it has no end yet. */
static int next_line(const char *buf, size_t len, size_t *at, struct text *line)
{
	const char *end = memchr(buf + *at, '\n', len - *at);

	if (!end)
		return 0;
	*line = (struct text){buf + *at, end - buf - *at};
	*at += line->len + 1;
	if (line->len && line->p[line->len - 1] == '\r')
		line->len--;
	return 1;
}

/* The head has no end, and there is no room for more. */
static unsigned int too_long(const char *buf, size_t len, size_t lines)
{
	const char *space = lines ? NULL : memchr(buf, ' ', len);

	if (lines)
		return 431;
	return space ? 414 : 400;
}

size_t http_parse(const char *buf, size_t len, struct http_request *r)
{
	struct fields f = {0};
	size_t at = 0, lines = 0, seen = len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX;
	struct text line;

	memset(r, 0, offsetof(struct http_request, path));
	while (next_line(buf, seen, &at, &line)) {
		if (!line.len && lines) {
			r->status = conclude(r, &f);
			return r->status ? len : at;
		}
		if (!line.len) /* s2.2: an empty line in front of a request is passed over */
			continue;
		r->status = lines++ ? take_line(r, &f, line) : take_request_line(r, line);
		if (r->status)
			return len;
	}
	if (seen < HTTP_HEAD_MAX)
		return 0;
	r->status = too_long(buf, seen, lines);
	return len;
}

unsigned int http_range_of(const struct http_request *r, uint64_t size, uint64_t *first,
			   uint64_t *last)
{
	if (r->range == RANGE_SUFFIX) {
		if (!r->range_last || !size)
			return 416;
		*first = r->range_last < size ? size - r->range_last : 0;
		*last = size - 1;
		return 0;
	}
	if (r->range_first >= size)
		return 416;
	*first = r->range_first;
	*last = r->range_last < size ? r->range_last : size - 1;
	return 0;
}
