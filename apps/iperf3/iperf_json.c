/* SPDX-License-Identifier: MIT */
#include "apps/iperf3/iperf_json.h"

#include <string.h>

#define DEPTH_MAX 16

static const struct json nothing = {NULL, NULL};

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* Behind a string, whose first quote is at p; NULL: it has no end. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : NULL;
}

/* Behind a number or a word. */
static const char *skip_plain(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && ((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') || *p == 'E' ||
			   *p == '+' || *p == '-' || *p == '.'))
		p++;
	return p > start ? p : NULL;
}

static const char *skip_value(const char *p, const char *end, int depth);

/* Behind one member or element; NULL: it is none. */
static const char *skip_member(const char *p, const char *end, int named, int depth)
{
	if (named) {
		p = p < end && *p == '"' ? skip_string(p, end) : NULL;
		p = p ? skip_space(p, end) : NULL;
		if (!p || p == end || *p != ':')
			return NULL;
		p = skip_space(p + 1, end);
	}
	return skip_value(p, end, depth);
}

/* Behind an object or an array. */
static const char *skip_group(const char *p, const char *end, int depth)
{
	int named = *p == '{';
	char close = named ? '}' : ']';

	p = skip_space(p + 1, end);
	if (p < end && *p == close)
		return p + 1;
	while (p) {
		p = skip_member(p, end, named, depth);
		p = p ? skip_space(p, end) : NULL;
		if (!p || p == end || (*p != ',' && *p != close))
			return NULL;
		if (*p == close)
			return p + 1;
		p = skip_space(p + 1, end);
	}
	return NULL;
}

static const char *skip_value(const char *p, const char *end, int depth)
{
	if (p == end || depth == DEPTH_MAX)
		return NULL;
	if (*p == '"')
		return skip_string(p, end);
	if (*p == '{' || *p == '[')
		return skip_group(p, end, depth + 1);
	return skip_plain(p, end);
}

struct json json_parse(const char *text, size_t len)
{
	const char *end = text + len, *start = skip_space(text, end), *behind;

	behind = skip_value(start, end, 0);
	if (!behind || skip_space(behind, end) != end)
		return nothing;
	return (struct json){start, behind};
}

struct json json_get(struct json object, const char *name)
{
	size_t len = strlen(name);
	const char *p;

	if (!object.p || *object.p != '{')
		return nothing;
	p = skip_space(object.p + 1, object.end);
	while (p < object.end && *p == '"') {
		const char *behind = skip_string(p, object.end), *value;

		value = skip_space(skip_space(behind, object.end) + 1, object.end);
		if ((size_t)(behind - p) == len + 2 && !memcmp(p + 1, name, len))
			return (struct json){value, skip_value(value, object.end, 0)};
		p = skip_space(skip_value(value, object.end, 0), object.end);
		p = skip_space(p + 1, object.end);
	}
	return nothing;
}

static struct json element_at(struct json array, const char *p)
{
	p = skip_space(p, array.end);
	if (p >= array.end || *p == ']')
		return nothing;
	return (struct json){p, skip_value(p, array.end, 0)};
}

struct json json_first(struct json array)
{
	return array.p && *array.p == '[' ? element_at(array, array.p + 1) : nothing;
}

struct json json_next(struct json array, struct json element)
{
	const char *p = element.p ? skip_space(element.end, array.end) : array.end;

	return p < array.end && *p == ',' ? element_at(array, p + 1) : nothing;
}

/* Takes digits into *v; how many. */
static size_t digits(const char *p, const char *end, double *v)
{
	size_t n = 0;

	for (; p + n < end && p[n] >= '0' && p[n] <= '9'; n++)
		*v = *v * 10 + (p[n] - '0');
	return n;
}

/* Good for what is measured, to fifteen places or so; strtod() would take 6 KB of the image. */
int json_decimal(const char *text, size_t len, double *out)
{
	const char *p = text, *end = text + len;
	int negative = p < end && *p == '-', down;
	double v = 0, exponent = 0;
	size_t whole, fraction = 0, n;

	p += negative;
	whole = digits(p, end, &v);
	p += whole;
	if (p < end && *p == '.') {
		fraction = digits(p + 1, end, &v);
		p += 1 + fraction;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		down = ++p < end && *p == '-';
		p += p < end && (*p == '-' || *p == '+');
		n = digits(p, end, &exponent);
		if (!n || exponent > 300)
			return 0;
		p += n;
		for (; exponent > 0; exponent--)
			v = down ? v / 10 : v * 10;
	}
	for (; fraction; fraction--, whole++)
		v /= 10;
	*out = negative ? -v : v;
	return whole && p == end;
}

double json_number(struct json value, double otherwise)
{
	size_t len = value.p ? (size_t)(value.end - value.p) : 0;
	double v;

	if (len == 4 && !memcmp(value.p, "true", 4))
		return 1;
	if (len == 5 && !memcmp(value.p, "false", 5))
		return 0;
	return len && len < 40 && json_decimal(value.p, len, &v) ? v : otherwise;
}
