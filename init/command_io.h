/* SPDX-License-Identifier: MIT */
/* Between the streams of libc and the texts of the control language. */
#pragma once

#include "libc/stream.h"
#include "net/ctl.h"

/* A ctl_out that writes to a stream, in large pieces. */
struct stream_out {
	struct ctl_out out;
	struct stream *stream;
	struct stream_out
		*peer; /* flushed before this is written to, so that order stays; NULL: none */
	bool broken;   /* nobody reads: the rest is thrown away */
	size_t len;
	char buf[480];
};

void stream_out_init(struct stream_out *so, struct stream *stream);
void stream_out_flush(struct stream_out *so);

/*
 * A stream that reads memory (not copied; it must stay). NULL: no memory. Ends with its last
 * reference.
 */
struct stream *memory_stream(const void *data, size_t len);

/*
 * The whole of a stream, kmalloc'd, with a 0 behind. *text may be NULL at the end of an empty
 * stream. -ENOMEM, -E2BIG, -EINTR.
 */
#define STREAM_READ_MAX (4U << 20)
int stream_read_all(struct stream *s, char **text, size_t *len);

/* A file of the initrd, however its path is written; NULL: there is none. */
const void *command_file(const char *path, size_t *size);
