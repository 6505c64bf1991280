/* SPDX-License-Identifier: MIT */
/* URLs of http (RFC 3986, RFC 9110 s4.2.1), taken apart. Pure. */
#pragma once

#include <stddef.h>

#define URL_HOST_MAX   256
#define URL_TARGET_MAX 4096

struct http_url {
	char host[URL_HOST_MAX];
	unsigned int port;
	char target[URL_TARGET_MAX]; /* path and query; begins with '/' */
};

/* "http://host[:port][/path][?query][#...]"; the scheme may be left out. NULL, or what is wrong with it. */
const char *http_url_parse(const char *text, struct http_url *u);

/* Where a Location of u leads: a URL, or a path, absolute or relative (RFC 3986 s5.2, but ".." is left to the server). */
const char *http_url_follow(const char *location, struct http_url *u);
