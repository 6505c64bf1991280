/* SPDX-License-Identifier: MIT */
/*
 * A virtio device made of memory: the other side of the seam, for tests on the host and for selftests in the
 * image. It keeps the rules by default; its owner makes it break them, one by one.
 * Context: softirqs disabled. Source: virtio 1.1 s2.6 (the device's requirements).
 */
#pragma once

#include "drivers/virtio_net.h"

#define VIRTIO_SIM_CONFIG 64

/* The device's side of one ring. */
struct sim_ring {
	const struct vring_desc *desc;
	const struct vring_avail *avail;
	struct vring_used *used;
	u16 num; /* 0: not enabled */
	u16 last_avail, used_idx;
	bool event_idx;
};

/* A buffer as the device sees it: parts to read, then parts to write. */
struct sim_buffer {
	u16 id;
	unsigned int out, in;
	struct virtqueue_seg segs[VIRTQUEUE_MAX_SEG];
};

void sim_ring_init(struct sim_ring *ring, const struct virtqueue *vq);

/* The next buffer on offer, direct or indirect. False: none, or the chain is not sound. */
bool sim_ring_pop(struct sim_ring *ring, struct sim_buffer *buf);

/* Puts an entry into the used ring; visible with sim_ring_publish(). */
void sim_ring_push(struct sim_ring *ring, u32 id, u32 len);

/* Stores the used index. Returns whether the driver wants an interrupt for it. */
bool sim_ring_publish(struct sim_ring *ring);

/* Wants (no) notification at the next buffer offered. */
void sim_ring_want_notify(struct sim_ring *ring, bool want);

/* Copies into the writable parts; returns how much fitted. */
u32 sim_buffer_write(const struct sim_buffer *buf, u32 offset, const void *data, u32 len);
u32 sim_buffer_read(const struct sim_buffer *buf, u32 offset, void *data, u32 len);
u32 sim_buffer_room(const struct sim_buffer *buf);

struct virtio_sim {
	struct virtio_device vdev;
	u64 offered;       /* features */
	u64 refused;       /* of them, those with which FEATURES_OK is not granted */
	u8 status;         /* as read by the driver */
	bool ignore_reset; /* keeps its status over a reset */
	bool mute;         /* completes nothing by itself */
	u32 waiting;       /* a bit for each queue whose buffers wait for the test's data */
	u64 accepted;
	u32 generation;
	u8 config[VIRTIO_SIM_CONFIG];
	u16 queue_size[VIRTIO_MAX_QUEUES]; /* what queue_max says */
	struct sim_ring rings[VIRTIO_MAX_QUEUES];
	u64 resets, notifies;
	/* A buffer that the driver offered for reading (out parts), before it is given back. May be NULL. */
	void (*sent)(struct virtio_sim *sim, u16 queue, struct sim_buffer *buf);
	void *priv;
	struct virtio_net_hdr
		hdr; /* in front of what virtio_sim_receive() gives; num_buffers is set there */
};

/* A device of this kind with queues of size entries. */
void virtio_sim_init(struct virtio_sim *sim, u32 id, u64 offered, u16 size);

/* Interrupts, as the queues' line or the configuration's. */
void virtio_sim_interrupt(struct virtio_sim *sim);
void virtio_sim_config_interrupt(struct virtio_sim *sim);

/* Fills the next buffer of a queue with len bytes, says that there are said of them, and interrupts. False: no buffer. */
bool virtio_sim_give(struct virtio_sim *sim, u16 queue, const void *data, u32 len, u32 said);

/*
 * Puts a frame into as many buffers of queue as it takes, behind a header with that number (or with num_buffers, when
 * it is not negative), and interrupts. False: not enough buffers.
 */
bool virtio_sim_receive(struct virtio_sim *sim, const void *frame, u32 len, int num_buffers);
