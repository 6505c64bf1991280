/* SPDX-License-Identifier: MIT */
#include "apps/fetch/http_url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Nothing in a request may be taken for its end. */
static int has_odd_characters(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return 1;
	return 0;
}

/* Copies what is in front of a fragment; -1: it is too long. */
static int set_target(struct http_url *u, const char *dir, size_t dir_len, const char *text)
{
	size_t len = strcspn(text, "#");

	if (dir_len + len >= sizeof(u->target))
		return -1;
	memmove(u->target, dir, dir_len);
	memcpy(u->target + dir_len, text, len);
	u->target[dir_len + len] = '\0';
	return 0;
}

static const char *set_port(struct http_url *u, const char *text, size_t len)
{
	size_t i;

	u->port = 0;
	for (i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || u->port > 65535)
			return "the port is no number";
		u->port = u->port * 10 + (text[i] - '0');
	}
	if (!u->port || u->port > 65535)
		return "the port is no number from 1 to 65535";
	return NULL;
}

const char *http_url_parse(const char *text, struct http_url *u)
{
	const char *scheme = strstr(text, "://"), *colon, *wrong = NULL;
	size_t len, host_len;

	if (has_odd_characters(text))
		return "a space or control character in it";
	if (scheme && scheme < text + strcspn(text, "/?#")) {
		if (scheme - text != 4 || strncasecmp(text, "http", 4) != 0)
			return "only http:// is known";
		text = scheme + 3;
	}
	len = strcspn(text, "/?#");
	if (memchr(text, '@', len))
		return "no user names";
	colon = memchr(text, ':', len);
	host_len = colon ? (size_t)(colon - text) : len;
	if (!host_len || host_len >= sizeof(u->host))
		return host_len ? "the host's name is too long" : "no host";
	memcpy(u->host, text, host_len);
	u->host[host_len] = '\0';
	u->port = 80;
	if (colon)
		wrong = set_port(u, colon + 1, len - host_len - 1);
	text += len;
	if (!wrong && set_target(u, "/", *text != '/', text))
		wrong = "it is too long";
	return wrong;
}

const char *http_url_follow(const char *location, struct http_url *u)
{
	size_t dir = 0;

	if (has_odd_characters(location))
		return "a space or control character in it";
	if (strstr(location, "://") &&
	    strstr(location, "://") < location + strcspn(location, "/?#"))
		return http_url_parse(location, u);
	if (location[0] == '/' && location[1] == '/')
		return http_url_parse(location + 2, u);
	if (location[0] == '?')
		dir = strcspn(u->target, "?");
	else if (location[0] != '/')
		for (dir = strcspn(u->target, "?"); dir && u->target[dir - 1] != '/'; dir--)
			;
	return set_target(u, u->target, dir, location) ? "it is too long" : NULL;
}
