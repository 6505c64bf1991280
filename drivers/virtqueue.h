/* SPDX-License-Identifier: MIT */
/*
 * The driver's side of a split virtqueue: ring memory in, buffers out, nothing of any bus.
 *
 * The device shares desc, avail and used; whatever it writes there is checked before use, against state
 * (slots) that it cannot reach. The first lie breaks the queue for good: get returns nothing, add refuses,
 * kick is silent, and fault says what happened. Only a reset of the device and virtqueue_init() mend it.
 *
 * Additions are published by virtqueue_kick(), so a batch costs one barrier and at most one notification.
 * No locking: the owner's context (one softirq, or interrupts off) protects a queue.
 *
 * Source: virtio 1.1 s2.6 (split virtqueues), s2.6.7 (used buffer notification suppression),
 * s2.6.10 (available buffer notification suppression).
 */
#pragma once

#include "lib/barrier.h"
#include "lib/errno.h"
#include "lib/types.h"

#define VIRTQUEUE_MAX_NUM 1024 /* descriptors that the driver uses at most */
#define VIRTQUEUE_MAX_SEG 48   /* parts of one buffer: what TCP sends or receives as 64 KiB */

#define VRING_DESC_F_NEXT     1
#define VRING_DESC_F_WRITE    2
#define VRING_DESC_F_INDIRECT 4

#define VRING_AVAIL_F_NO_INTERRUPT 1
#define VRING_USED_F_NO_NOTIFY     1

struct vring_desc {
	u64 addr;
	u32 len;
	u16 flags;
	u16 next;
};

/* flags, idx, ring[num], used_event */
struct vring_avail {
	u16 flags;
	u16 idx;
	u16 ring[];
};

struct vring_used_elem {
	u32 id;
	u32 len;
};

/* flags, idx, ring[num], avail_event */
struct vring_used {
	u16 flags;
	u16 idx;
	struct vring_used_elem ring[];
};

enum virtqueue_fault {
	VQ_FAULT_NONE,
	VQ_FAULT_INDEX,  /* used.idx ran past what was offered */
	VQ_FAULT_ID,     /* an id that is no descriptor, or that is not in flight */
	VQ_FAULT_LENGTH, /* more written than the buffer holds */
	VQ_FAULT_OWNER,  /* the driver above found a lie in the contents (virtqueue_break) */
};

/* What the driver knows of a descriptor: the truth, whatever the shared table says. */
struct virtqueue_slot {
	void *token; /* of a buffer in flight, at its first descriptor; else NULL */
	u32 in_len;  /* bytes the device may write */
	u16 next;    /* in the buffer, or in the free list */
	u8 ndesc;    /* descriptors of the buffer */
	u8 table;    /* indirect table + 1, 0: none */
};

struct virtqueue {
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	struct virtqueue_slot *slots;

	u16 num, mask;
	u16 free_head, num_free;
	u16 avail_idx; /* next entry of avail.ring to fill */
	u16 published; /* avail.idx as the device sees it */
	u16 last_used; /* next entry of used.ring to take */
	u16 used_seen; /* used.idx when last looked at, checked */
	bool event_idx;
	u8 fault; /* enum virtqueue_fault; not 0: broken */

	/* A few tables for buffers in several parts; without one they take a chain of descriptors. */
	struct vring_desc *tables;
	u64 tables_addr;
	u32 tables_free; /* a bit for each */

	void (*notify)(struct virtqueue *vq); /* tells the device (transport) */
	void (*callback)(
		struct virtqueue *
			vq); /* the device has used buffers (driver); hard interrupt; may be NULL */
	void *priv;          /* the driver's */
	volatile void *notify_addr; /* the transport's */
	u16 index;                  /* number within the device */
	u64 kicks;                  /* notifications sent */
};

/* One part of a buffer: its address as the device sees it. */
struct virtqueue_seg {
	u64 addr;
	u32 len;
};

/* Bytes of ring memory for num descriptors. desc, avail and used follow each other in it. */
size_t virtqueue_ring_size(u16 num);

/*
 * (Re)starts a queue of num descriptors (a power of two, at most VIRTQUEUE_MAX_NUM) in ring (16-byte aligned,
 * virtqueue_ring_size(num) bytes, cleared here) with num slots. callback, notify, priv, index, notify_addr and kicks
 * stay; tables are forgotten. What was in flight must have been detached.
 */
void virtqueue_init(struct virtqueue *vq, u16 num, void *ring, struct virtqueue_slot *slots,
		    bool event_idx);

/* Gives count (at most 32) tables of VIRTQUEUE_MAX_SEG descriptors each, at addr as the device sees it. */
void virtqueue_set_indirect(struct virtqueue *vq, struct vring_desc *tables, u64 addr,
			    unsigned int count);

/*
 * Offers a buffer: out parts that the device reads, then in parts that it writes. token (not NULL) comes back from
 * virtqueue_get(). 0, -ENOSPC (no descriptors), -EINVAL (no parts or too many), -EIO (broken).
 */
int virtqueue_add(struct virtqueue *vq, const struct virtqueue_seg *segs, unsigned int out,
		  unsigned int in, void *token) __must_check;

/* Publishes what was added, and notifies the device if it asked for that. Returns whether it did. */
bool virtqueue_kick(struct virtqueue *vq);

/* After the device was reset: takes back what is in flight, one token a call; NULL: no more. */
void *virtqueue_detach(struct virtqueue *vq) __must_check;

/* Looks for newly used buffers; how many can be taken. Breaks the queue on a lie. */
u16 virtqueue_refresh(struct virtqueue *vq);

/* Asks for an interrupt at the next used buffer. False: there is one already. */
bool virtqueue_enable_cb(struct virtqueue *vq) __must_check;

/* The same, when about three quarters of what is in flight are used. False: they are already. */
bool virtqueue_enable_cb_delayed(struct virtqueue *vq) __must_check;

/* Breaks the queue: every later call fails softly. The first fault stays. */
void virtqueue_break(struct virtqueue *vq, enum virtqueue_fault fault) __cold;

const char *virtqueue_fault_text(const struct virtqueue *vq);

/* Gives the descriptors of a buffer that is no longer in flight back. */
void virtqueue_free_chain(struct virtqueue *vq, u16 head);

static inline bool virtqueue_broken(const struct virtqueue *vq)
{
	return vq->fault;
}

/* Buffers that are with the device, published or not. */
static inline u16 virtqueue_in_flight(const struct virtqueue *vq)
{
	return vq->avail_idx - vq->last_used;
}

/* Used buffers that were seen and not yet taken. */
static inline u16 virtqueue_available(const struct virtqueue *vq)
{
	return vq->used_seen - vq->last_used;
}

/*
 * Asks for no interrupts, as a hint. With EVENT_IDX nothing needs to be said: an event that has fired stays silent
 * until it is moved, or for 65,536 buffers.
 */
static inline void virtqueue_disable_cb(struct virtqueue *vq)
{
	if (!vq->event_idx)
		WRITE_ONCE(vq->avail->flags, VRING_AVAIL_F_NO_INTERRUPT);
}

/* Whether n more parts may be added. */
static inline bool virtqueue_takes(const struct virtqueue *vq, u32 n)
{
	return vq->num_free >= n && !vq->fault;
}

/* The same as virtqueue_add_one() in a queue that takes it. */
static __always_inline void virtqueue_put_one(struct virtqueue *vq, u64 addr, u32 len,
					      bool device_writes, void *token)
{
	u16 id = vq->free_head;
	struct virtqueue_slot *slot = &vq->slots[id];
	struct vring_desc *desc = &vq->desc[id];

	vq->num_free--;
	vq->free_head = slot->next;
	slot->token = token;
	slot->in_len = device_writes ? len : 0;
	slot->ndesc = 1;
	slot->table = 0;
	desc->addr = addr;
	desc->len = len;
	desc->flags = device_writes ? VRING_DESC_F_WRITE : 0;
	vq->avail->ring[vq->avail_idx++ & vq->mask] = id;
}

/* virtqueue_add() of one part, in line: every packet passes here. */
static inline __must_check int virtqueue_add_one(struct virtqueue *vq, u64 addr, u32 len,
						 bool device_writes, void *token)
{
	if (unlikely(!vq->num_free))
		return -ENOSPC;
	if (unlikely(vq->fault))
		return -EIO;
	virtqueue_put_one(vq, addr, len, device_writes, token);
	return 0;
}

/* Takes the next used buffer: its token, and in *len what the device wrote. NULL: none (or broken). */
static inline void *virtqueue_get(struct virtqueue *vq, u32 *len)
{
	const struct vring_used_elem *elem;
	struct virtqueue_slot *slot;
	u32 id, written;
	void *token;

	if (vq->last_used == vq->used_seen && !virtqueue_refresh(vq))
		return NULL;
	elem = &vq->used->ring[vq->last_used & vq->mask];
	id = READ_ONCE(elem->id);
	written = READ_ONCE(elem->len);
	if (unlikely(id >= vq->num))
		goto bad_id;
	slot = &vq->slots[id];
	token = slot->token;
	if (unlikely(!token))
		goto bad_id;
	if (unlikely(written > slot->in_len)) {
		virtqueue_break(vq, VQ_FAULT_LENGTH);
		return NULL;
	}
	slot->token = NULL;
	vq->last_used++;
	*len = written;
	if (likely(slot->ndesc == 1 && !slot->table)) {
		slot->next = vq->free_head;
		vq->free_head = id;
		vq->num_free++;
	} else {
		virtqueue_free_chain(vq, id);
	}
	return token;
bad_id:
	virtqueue_break(vq, VQ_FAULT_ID);
	return NULL;
}
