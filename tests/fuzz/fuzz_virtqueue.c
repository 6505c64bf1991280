/* SPDX-License-Identifier: MIT */
/*
 * A device that writes anything anywhere in the memory it shares, at any time. The driver's side
 * must never hand out a token twice, never one that is not in flight, and never more bytes than the
 * buffer holds.
 */
#include <stdlib.h>
#include <string.h>

#include "drivers/virtqueue.h"
#include "tests/fuzz/lab.h"

#define NUM     16
#define MAX_OPS 4096
#define BUF_LEN 2048

struct token {
	bool in_flight;
	u32 in_len;
};

static struct token tokens[NUM];

static void no_notify(struct virtqueue *vq)
{
	(void)vq;
}

static void add(struct virtqueue *vq, u8 shape)
{
	unsigned int out = shape & 3, in = shape >> 2 & 3;
	struct virtqueue_seg segs[6];
	struct token *t = NULL;

	for (int i = 0; i < NUM && !t; i++)
		t = tokens[i].in_flight ? NULL : &tokens[i];
	if (!t)
		return;
	for (unsigned int i = 0; i < out + in; i++)
		segs[i] = (struct virtqueue_seg){.addr = 0x1000 * i, .len = BUF_LEN};
	if (shape & 16 ? virtqueue_add_one(vq, 0x1000, BUF_LEN, true, t)
		       : virtqueue_add(vq, segs, out, in, t))
		return;
	t->in_flight = true;
	t->in_len = BUF_LEN * (shape & 16 ? 1 : in);
}

static void take(struct virtqueue *vq)
{
	u32 len = 0;
	struct token *t = virtqueue_get(vq, &len);

	if (!t)
		return;
	if (t < tokens || t >= tokens + NUM || !t->in_flight || len > t->in_len)
		abort();
	t->in_flight = false;
}

/* After a reset everything that was in flight comes back once. */
static void reset(struct virtqueue *vq, void *ring, struct virtqueue_slot *slots, bool event_idx,
		  struct vring_desc *tables)
{
	struct token *t;

	while ((t = virtqueue_detach(vq))) {
		if (!t->in_flight)
			abort();
		t->in_flight = false;
	}
	for (int i = 0; i < NUM; i++) {
		if (tokens[i].in_flight)
			abort();
	}
	virtqueue_init(vq, NUM, ring, slots, event_idx);
	virtqueue_set_indirect(vq, tables, 0x100000, 2);
}

static void device_writes(u8 *memory, size_t size, struct virtqueue *vq, struct fuzz_input *in)
{
	u16 what = fuzz_u16(in);

	switch (what % 4) {
	case 0: /* anywhere */
		memory[fuzz_u16(in) % size] = fuzz_u8(in);
		break;
	case 1: /* a used element and the index, as an honest device would */
		vq->used->ring[vq->used->idx % NUM].id = fuzz_u8(in) % (NUM + 1);
		vq->used->ring[vq->used->idx % NUM].len = fuzz_u16(in);
		vq->used->idx++;
		break;
	case 2:
		vq->used->idx += fuzz_u8(in) % 4;
		break;
	default:
		vq->used->flags = fuzz_u8(in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	static struct vring_desc tables[2 * VIRTQUEUE_MAX_SEG];
	static struct virtqueue_slot slots[NUM];
	size_t ring_size = virtqueue_ring_size(NUM);
	struct virtqueue vq = {.notify = no_notify};
	void *ring = aligned_alloc(16, ALIGN(ring_size, 16));
	bool event_idx = fuzz_u8(&in) & 1;

	if (!ring)
		return 0;
	memset(tokens, 0, sizeof(tokens));
	virtqueue_init(&vq, NUM, ring, slots, event_idx);
	virtqueue_set_indirect(&vq, tables, 0x100000, 2);
	for (int n = 0; in.size && n < MAX_OPS; n++) {
		switch (fuzz_u8(&in) % 8) {
		case 0:
		case 1:
			add(&vq, fuzz_u8(&in));
			break;
		case 2:
			virtqueue_kick(&vq);
			break;
		case 3:
			take(&vq);
			break;
		case 4:
			if (!virtqueue_enable_cb(&vq))
				virtqueue_disable_cb(&vq);
			break;
		case 5:
			if (virtqueue_enable_cb_delayed(&vq) && virtqueue_fault_text(&vq)[0] == 0)
				abort();
			break;
		case 6:
			device_writes(ring, ring_size, &vq, &in);
			break;
		default:
			if (fuzz_u8(&in) == 0)
				reset(&vq, ring, slots, event_idx, tables);
		}
	}
	reset(&vq, ring, slots, event_idx, tables);
	free(ring);
	return 0;
}
