/* SPDX-License-Identifier: MIT */
/* Between streams and texts. */
#include "init/command_io.h"

#include "kernel/cmdline.h"
#include "kernel/mm.h"
#include "lib/errno.h"
#include "lib/string.h"

void stream_out_flush(struct stream_out *so)
{
	size_t done = 0;

	while (done < so->len && !so->broken) {
		long n = stream_write(so->stream, so->buf + done, so->len - done, false);

		if (n <= 0)
			so->broken = true;
		else
			done += n;
	}
	so->len = 0;
}

static void stream_out_write(struct ctl_out *out, const char *text, size_t len)
{
	struct stream_out *so = container_of(out, struct stream_out, out);

	if (so->peer && so->peer->len)
		stream_out_flush(so->peer);
	while (len) {
		size_t n = min(len, sizeof(so->buf) - so->len);

		memcpy(so->buf + so->len, text, n);
		so->len += n;
		text += n;
		len -= n;
		if (so->len == sizeof(so->buf))
			stream_out_flush(so);
	}
}

void stream_out_init(struct stream_out *so, struct stream *stream)
{
	so->out.write = stream_out_write;
	so->stream = stream;
	so->peer = NULL;
	so->broken = false;
	so->len = 0;
}

struct memory_stream {
	struct stream stream;
	const char *data;
	size_t left;
};

static long memory_read(struct stream *s, char *buf, size_t len, bool nonblock)
{
	struct memory_stream *m = container_of(s, struct memory_stream, stream);
	size_t n = min(len, m->left);

	(void)nonblock;
	memcpy(buf, m->data, n);
	m->data += n;
	m->left -= n;
	return n;
}

static void memory_release(struct stream *s)
{
	kfree(container_of(s, struct memory_stream, stream));
}

struct stream *memory_stream(const void *data, size_t len)
{
	static const struct stream_ops ops = {.read = memory_read, .release = memory_release};
	struct memory_stream *m = kmalloc(sizeof(*m));

	if (!m)
		return NULL;
	stream_init(&m->stream, &ops, false);
	m->data = data;
	m->left = len;
	return &m->stream;
}

/* Doubles the room of a text. */
static int text_grow(char **text, size_t *room)
{
	size_t more = *room ? *room * 2 : 1024;
	char *bigger;

	if (more > STREAM_READ_MAX)
		return -E2BIG;
	bigger = kmalloc(more);
	if (!bigger)
		return -ENOMEM;
	if (*text)
		memcpy(bigger, *text, *room);
	kfree(*text);
	*text = bigger;
	*room = more;
	return 0;
}

int stream_read_all(struct stream *s, char **text, size_t *len)
{
	size_t room = 0;
	int err = 0;

	*text = NULL;
	*len = 0;
	for (;;) {
		long n;

		if (*len + 1 >= room)
			err = text_grow(text, &room);
		if (err)
			break;
		n = stream_read(s, *text + *len, room - *len - 1, false);
		if (n < 0)
			err = n;
		if (n <= 0)
			break;
		*len += n;
	}
	if (err) {
		kfree(*text);
		*text = NULL;
		return err;
	}
	(*text)[*len] = '\0';
	return 0;
}

const void *command_file(const char *path, size_t *size)
{
	while (path[0] == '/' || (path[0] == '.' && path[1] == '/'))
		path++;
	return initrd_file(path, size);
}
