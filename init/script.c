/* SPDX-License-Identifier: MIT */
/* Running scripts, and telling where in them something went wrong. */
#include "init/script.h"

#include "init/command.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "lib/fmt.h"
#include "lib/string.h"

/* A stream that puts the place in front of each line, and sends whole lines on. */
struct place_stream {
	struct stream stream;
	struct command_source source;
	struct stream *to; /* NULL: the kernel's log */
	const char *name;
	unsigned int line; /* 0: columns */
	unsigned int column;
	size_t len;
	char text[200];
};

static void place_flush(struct place_stream *p)
{
	char line[320];
	size_t n;

	if (!p->len)
		return;
	if (p->line)
		n = scnprintf(line, sizeof(line), "%s:%u: %.*s", p->name, p->line, (int)p->len,
			      p->text);
	else
		n = scnprintf(line, sizeof(line), "%s: column %u: %.*s", p->name, p->column,
			      (int)p->len, p->text);
	if (p->to) {
		line[n++] = '\n';
		(void)stream_write(p->to, line, n, false);
	} else {
		pr_err("%s", line);
	}
	p->len = 0;
}

static long place_write(struct stream *s, const char *buf, size_t len, bool nonblock)
{
	struct place_stream *p = container_of(s, struct place_stream, stream);

	(void)nonblock;
	for (size_t i = 0; i < len; i++) {
		if (buf[i] == '\n' || p->len == sizeof(p->text))
			place_flush(p);
		if (buf[i] != '\n' && buf[i] != '\r')
			p->text[p->len++] = buf[i];
	}
	return len;
}

static void place_at(struct command_source *source, unsigned int column)
{
	struct place_stream *p = container_of(source, struct place_stream, source);

	place_flush(p);
	p->column = column;
}

static void place_release(struct stream *s)
{
	kfree(container_of(s, struct place_stream, stream));
}

/*
 * Counted: an app that was told to end may still hold it when the script is over. NULL: no memory.
 */
static struct place_stream *place_create(const char *name, struct stream *to)
{
	static const struct stream_ops ops = {.write = place_write, .release = place_release};
	struct place_stream *p = kzalloc(sizeof(*p));

	if (!p)
		return NULL;
	stream_init(&p->stream, &ops, false);
	p->source.at = place_at;
	p->name = name;
	p->to = to;
	return p;
}

static int run_lines(struct place_stream *p, const char *text, size_t len, struct app_stdio *io,
		     struct job *job)
{
	const char *end = text + len;
	int status = 0;

	while (text < end && !job->interrupted) {
		const char *newline = memchr(text, '\n', end - text);
		size_t n = newline ? (size_t)(newline - text) : (size_t)(end - text);
		int one;

		p->line++;
		one = command_run_line(text, n, io, job, &p->source);
		place_flush(p);
		status = one ? one : status;
		text += n + 1;
	}
	return job->interrupted ? STATUS_INTERRUPTED : status;
}

int script_run(const char *name, const char *text, size_t len, struct app_stdio *io,
	       struct job *job)
{
	struct place_stream *p = place_create(name, io->err);
	struct app_stdio own = *io;
	int status;

	if (!p)
		return 1;
	own.err = &p->stream;
	status = run_lines(p, text, len, &own, job);
	p->to = null_stream();
	stream_put(&p->stream);
	return status;
}

int script_boot(const char *name, const char *text, size_t len, bool single, unsigned int *apps)
{
	struct app_stdio io = {.in = null_stream(), .out = console_stream()};
	struct place_stream *p = place_create(name, NULL);
	struct job job;
	int status;

	if (!p) {
		pr_err("%s: out of memory, nothing of it was run", name);
		return 1;
	}
	job_init(&job);
	io.err = &p->stream;
	if (single) {
		status = command_run_line(text, len, &io, &job, &p->source);
		place_flush(p);
	} else {
		status = run_lines(p, text, len, &io, &job);
	}
	*apps += p->source.apps_started;
	stream_put(&p->stream);
	return status;
}
