/* SPDX-License-Identifier: MIT */
/* The files that are served, and the answers with them: small ones ready to send, large ones open. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "apps/httpd/http_date.h"

#define HTTP_SLOTS     64    /* files kept at hand */
#define HTTP_SMALL_MAX 16384 /* bytes of a file that is kept in memory */

struct http_file {
	unsigned int refs;
	int fd; /* of a large file; -1: its bytes are in answer */
	uint64_t size;
	time_t modified, checked; /* 0: not known; when it was last looked at */
	const char *type;
	char *answer; /* 200 with the date at date_at; a small file follows its head_len bytes */
	size_t head_len, answer_len, date_at;
	size_t path_len;
	char path[]; /* of the request */
};

struct http_site {
	const char *root;
	char date[HTTP_DATE_LEN + 1]; /* now */
	struct http_file *slots[HTTP_SLOTS];
};

/* The media type that a name's ending tells. */
const char *http_type_of(const char *path);

/*
 * The file for a request's path, borrowed until the next call. now: seconds of any clock. NULL: *status tells why (301: a
 * directory, whose name needs a slash at its end).
 */
struct http_file *http_site_find(struct http_site *s, const char *path, size_t len, time_t now,
				 unsigned int *status);

/* What of it is needed longer is held. */
static inline struct http_file *http_file_hold(struct http_file *f)
{
	f->refs++;
	return f;
}

void http_file_put(struct http_file *f);

/* Reads up to len bytes at an offset: fewer only at the end; -1: error. */
long http_file_read(const struct http_file *f, uint64_t at, char *buf, size_t len);
