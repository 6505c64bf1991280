/* SPDX-License-Identifier: MIT */
/* Dates of HTTP: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 s5.6.7). */
#pragma once

#include <stddef.h>
#include <time.h>

#define HTTP_DATE_LEN 29

/* Writes HTTP_DATE_LEN characters and a 0. */
void http_format_date(time_t t, char *out);

/* 0: it is not one of this form. The two older forms are not known. */
time_t http_parse_date(const char *text, size_t len);
