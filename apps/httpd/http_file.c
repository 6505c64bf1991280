/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "apps/httpd/http_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_LEN 1280
#define RECHECK      1 /* s, after which a file is looked at again */

static const char builtin_page[] =
	"<!doctype html><title>weir</title><p>weir is at work. Put files into <code>www/</code> of "
	"the initrd (<code>./run.sh --conf DIR</code>).\n";

static const struct {
	char ending[8];
	const char *type;
} types[] = {
	{"html", "text/html; charset=utf-8"},
	{"htm", "text/html; charset=utf-8"},
	{"txt", "text/plain; charset=utf-8"},
	{"css", "text/css; charset=utf-8"},
	{"js", "text/javascript; charset=utf-8"},
	{"json", "application/json"},
	{"svg", "image/svg+xml"},
	{"png", "image/png"},
	{"jpg", "image/jpeg"},
	{"jpeg", "image/jpeg"},
	{"gif", "image/gif"},
	{"ico", "image/x-icon"},
	{"webp", "image/webp"},
	{"wasm", "application/wasm"},
	{"xml", "application/xml"},
	{"pdf", "application/pdf"},
};

const char *http_type_of(const char *path)
{
	const char *dot = strrchr(path, '.');
	size_t i;

	if (dot && !strchr(dot, '/'))
		for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
			if (!strcasecmp(dot + 1, types[i].ending))
				return types[i].type;
	return "application/octet-stream";
}

/* ---- making one */

/* The head of the 200, with room for a small file behind it. */
static int make_answer(struct http_file *f)
{
	static const char name[] = "Last-Modified: ";
	char modified[64] = "";
	int small = f->size <= HTTP_SMALL_MAX;
	size_t cap = 512 + (small ? f->size : 0);

	if (f->modified > 0) {
		memcpy(modified, name, sizeof(name));
		http_format_date(f->modified, modified + sizeof(name) - 1);
		memcpy(modified + sizeof(name) - 1 + HTTP_DATE_LEN, "\r\n", 3);
	}
	f->answer = malloc(cap);
	if (!f->answer)
		return -1;
	f->head_len = snprintf(f->answer, cap,
			       "HTTP/1.1 200 OK\r\nServer: weir\r\nDate: %29s\r\nContent-Type: "
			       "%s\r\nContent-Length: %llu\r\n%sAccept-Ranges: bytes\r\n\r\n",
			       "", f->type, (unsigned long long)f->size, modified);
	f->date_at = strstr(f->answer, "Date: ") - f->answer + 6;
	f->answer_len = f->head_len + (small ? f->size : 0);
	return 0;
}

static struct http_file *file_create(const char *path, size_t len)
{
	struct http_file *f = calloc(1, sizeof(*f) + len + 1);

	if (!f)
		return NULL;
	f->refs = 1;
	f->fd = -1;
	f->path_len = len;
	memcpy(f->path, path, len);
	return f;
}

static struct http_file *make_builtin(const char *path, size_t len)
{
	struct http_file *f = file_create(path, len);

	if (!f)
		return NULL;
	f->size = sizeof(builtin_page) - 1;
	f->type = types[0].type;
	if (make_answer(f)) {
		free(f);
		return NULL;
	}
	memcpy(f->answer + f->head_len, builtin_page, f->size);
	return f;
}

static int read_all(int fd, char *buf, size_t len)
{
	while (len) {
		ssize_t n = read(fd, buf, len);

		if (n <= 0)
			return -1;
		buf += n;
		len -= n;
	}
	return 0;
}

/* Of an open regular file, which it takes. NULL: no memory, or it cannot be read. */
static struct http_file *make_file(int fd, const struct stat *st, const char *name,
				   const char *path, size_t len)
{
	struct http_file *f = file_create(path, len);

	if (!f) {
		close(fd);
		return NULL;
	}
	f->fd = fd;
	f->size = st->st_size;
	f->modified = st->st_mtime;
	f->type = http_type_of(name);
	if (make_answer(f)) {
		http_file_put(f);
		return NULL;
	}
	if (f->size > HTTP_SMALL_MAX)
		return f;
	if (read_all(fd, f->answer + f->head_len, f->size)) {
		http_file_put(f);
		return NULL;
	}
	close(fd);
	f->fd = -1;
	return f;
}

void http_file_put(struct http_file *f)
{
	if (--f->refs)
		return;
	if (f->fd >= 0)
		close(f->fd);
	free(f->answer);
	free(f);
}

long http_file_read(const struct http_file *f, uint64_t at, char *buf, size_t len)
{
	if (at + len > f->size)
		len = f->size - at;
	if (f->fd < 0) {
		memcpy(buf, f->answer + f->head_len + at, len);
		return len;
	}
	if (lseek(f->fd, at, SEEK_SET) < 0)
		return -1;
	return read(f->fd, buf, len);
}

/* ---- finding one */

static int name_of(char *name, const struct http_site *s, const char *path, const char *more)
{
	int n = snprintf(name, NAME_MAX_LEN, "%s%s%s", s->root, path, more);

	return n < NAME_MAX_LEN ? 0 : -1;
}

static unsigned int status_of(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return 403;
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
	case ELOOP:
	case EISDIR:
		return 404;
	default:
		return 503;
	}
}

static int is_directory(const struct http_site *s, const char *path)
{
	char name[NAME_MAX_LEN];
	struct stat st;

	return !name_of(name, s, path, "/index.html") && !stat(name, &st) && S_ISREG(st.st_mode);
}

static struct http_file *load(const struct http_site *s, const char *path, size_t len,
			      unsigned int *status)
{
	char name[NAME_MAX_LEN];
	const char *index = path[len - 1] == '/' ? "index.html" : "";
	struct http_file *f = NULL;
	struct stat st;
	int fd;

	*status = 404;
	if (name_of(name, s, path, index))
		return NULL;
	fd = open(name, O_RDONLY | O_NONBLOCK);
	if (fd < 0 && status_of(errno) != 404) {
		*status = status_of(errno);
		return NULL;
	}
	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode)) {
		*status = 503;
		return make_file(fd, &st, name, path, len);
	}
	if (fd >= 0)
		close(fd);
	if (!*index && is_directory(s, path))
		*status = 301;
	else if (len == 1)
		f = make_builtin(path, len);
	return f;
}

/* Whether a file that is at hand is still the one that is there. */
static int unchanged(const struct http_site *s, struct http_file *f, time_t now)
{
	char name[NAME_MAX_LEN];
	struct stat st;
	int there;

	if (now - f->checked < RECHECK)
		return 1;
	f->checked = now;
	if (name_of(name, s, f->path, f->path[f->path_len - 1] == '/' ? "index.html" : ""))
		return 0;
	there = !stat(name, &st);
	if (!there)
		return f->path_len == 1 && !f->modified && f->size == sizeof(builtin_page) - 1;
	return (uint64_t)st.st_size == f->size && st.st_mtime == f->modified;
}

static unsigned int slot_of(const char *path, size_t len)
{
	unsigned int h = len;
	size_t i;

	for (i = 0; i < len; i++)
		h = h * 31 + (unsigned char)path[i];
	return (h ^ h >> 8) % HTTP_SLOTS;
}

struct http_file *http_site_find(struct http_site *s, const char *path, size_t len, time_t now,
				 unsigned int *status)
{
	struct http_file **slot = &s->slots[slot_of(path, len)], *f = *slot;

	if (f && f->path_len == len && !memcmp(f->path, path, len) && unchanged(s, f, now))
		return f;
	f = load(s, path, len, status);
	if (!f)
		return NULL;
	f->checked = now;
	if (*slot)
		http_file_put(*slot);
	*slot = f;
	return f;
}
