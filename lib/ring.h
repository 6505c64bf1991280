/* SPDX-License-Identifier: MIT */
/*
 * A ring of bytes over a buffer of the owner's. One writer and one reader may work at the same time on
 * one CPU (an interrupt and a thread): each moves only its own index, after the bytes.
 */
#pragma once

#include "lib/types.h"

struct ring {
	u8 *buf;
	u32 mask;
	u32 head; /* bytes ever written */
	u32 tail; /* bytes ever read */
};

/* size is a power of two. */
static inline void ring_init(struct ring *r, void *buf, u32 size)
{
	r->buf = buf;
	r->mask = size - 1;
	r->head = r->tail = 0;
}

static inline u32 ring_used(const struct ring *r)
{
	return READ_ONCE(r->head) - READ_ONCE(r->tail);
}

static inline u32 ring_room(const struct ring *r)
{
	return r->mask + 1 - ring_used(r);
}

/* Writes up to len bytes; returns how many there was room for. */
static inline u32 ring_write(struct ring *r, const void *data, u32 len)
{
	u32 n = min(len, ring_room(r));

	for (u32 i = 0; i < n; i++)
		r->buf[(r->head + i) & r->mask] = ((const u8 *)data)[i];
	barrier();
	WRITE_ONCE(r->head, r->head + n);
	return n;
}

/* Copies up to len bytes from offset bytes behind the oldest one, and leaves them; returns how many. */
static inline u32 ring_peek(const struct ring *r, u32 offset, void *data, u32 len)
{
	u32 used = ring_used(r);
	u32 n = offset < used ? min(len, used - offset) : 0;

	barrier();
	for (u32 i = 0; i < n; i++)
		((u8 *)data)[i] = r->buf[(r->tail + offset + i) & r->mask];
	return n;
}

/* Forgets the oldest len bytes (at most ring_used). */
static inline void ring_skip(struct ring *r, u32 len)
{
	barrier();
	WRITE_ONCE(r->tail, r->tail + min(len, ring_used(r)));
}

/* Reads up to len bytes; returns how many there were. */
static inline u32 ring_read(struct ring *r, void *data, u32 len)
{
	u32 n = ring_peek(r, 0, data, len);

	ring_skip(r, n);
	return n;
}
