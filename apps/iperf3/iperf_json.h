/* SPDX-License-Identifier: MIT */
/* As much of JSON (RFC 8259) as iperf3's messages need: members of objects by name, elements of arrays. Pure; copies nothing. */
#pragma once

#include <stddef.h>

/* A value's text. p NULL: there is none. */
struct json {
	const char *p, *end;
};

/* The one value that text is. p NULL: it is no JSON, or too deep. */
struct json json_parse(const char *text, size_t len);

/* A member of an object; there is none if it is something else. */
struct json json_get(struct json object, const char *name);

/* The first element of an array, and the one behind this one. */
struct json json_first(struct json array);
struct json json_next(struct json array, struct json element);

/* A decimal number, with or without fraction and exponent, up to about 1e300. False: text is something else. */
int json_decimal(const char *text, size_t len, double *out);

/* A number's value, or what is given here: it is none. true is 1, false 0. */
double json_number(struct json value, double otherwise);
