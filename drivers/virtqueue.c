/* SPDX-License-Identifier: MIT */
/*
 * Split virtqueues: what is not on every packet's way, and the memory ordering.
 *
 * Two races decide the barriers (virtio 1.1 s2.6.7.1, s2.6.13.4.1). The driver stores avail.idx and then reads
 * whether the device wants a notification, while the device stores that wish and then reads avail.idx: each
 * needs a full barrier between its store and its load, or both miss. The same holds, with the roles
 * changed, between re-arming the interrupt and looking at used.idx again.
 */
#include "drivers/virtqueue.h"
#include "lib/string.h"

static size_t avail_offset(u16 num)
{
	return num * sizeof(struct vring_desc);
}

static size_t used_offset(u16 num)
{
	/* flags, idx, ring, used_event */
	return ALIGN(avail_offset(num) + (3 + (size_t)num) * sizeof(u16), 4);
}

size_t virtqueue_ring_size(u16 num)
{
	return used_offset(num) + sizeof(struct vring_used) + num * sizeof(struct vring_used_elem) +
	       sizeof(u16);
}

/* The device interrupts when used.idx passes this. */
static u16 *used_event(const struct virtqueue *vq)
{
	return &vq->avail->ring[vq->num];
}

/* The device wants a notification when avail.idx passes this. */
static const u16 *avail_event(const struct virtqueue *vq)
{
	return (const u16 *)&vq->used->ring[vq->num];
}

void virtqueue_init(struct virtqueue *vq, u16 num, void *ring, struct virtqueue_slot *slots,
		    bool event_idx)
{
	memset(ring, 0, virtqueue_ring_size(num));
	memset(slots, 0, num * sizeof(*slots));
	vq->desc = ring;
	vq->avail = (struct vring_avail *)((u8 *)ring + avail_offset(num));
	vq->used = (struct vring_used *)((u8 *)ring + used_offset(num));
	vq->slots = slots;
	vq->num = num;
	vq->mask = num - 1;
	vq->num_free = num;
	vq->free_head = 0;
	vq->avail_idx = vq->published = 0;
	vq->last_used = vq->used_seen = 0;
	vq->event_idx = event_idx;
	vq->fault = VQ_FAULT_NONE;
	vq->tables = NULL;
	vq->tables_free = 0;
	for (u16 i = 0; i < num; i++)
		slots[i].next = i + 1;
	/* No interrupt until virtqueue_enable_cb(). */
	vq->avail->flags = event_idx ? 0 : VRING_AVAIL_F_NO_INTERRUPT;
	*used_event(vq) = U16_MAX;
}

void virtqueue_set_indirect(struct virtqueue *vq, struct vring_desc *tables, u64 addr,
			    unsigned int count)
{
	vq->tables = tables;
	vq->tables_addr = addr;
	vq->tables_free = count >= 32 ? U32_MAX : (1U << count) - 1;
}

static void fill_desc(struct vring_desc *desc, const struct virtqueue_seg *seg, bool in, bool last,
		      u16 next)
{
	desc->addr = seg->addr;
	desc->len = seg->len;
	desc->flags = (in ? VRING_DESC_F_WRITE : 0) | (last ? 0 : VRING_DESC_F_NEXT);
	desc->next = last ? 0 : next;
}

/* Takes a table for n parts; 0: there is none. */
static u8 take_table(struct virtqueue *vq)
{
	unsigned int i;

	if (!vq->tables_free)
		return 0;
	i = __builtin_ctz(vq->tables_free);
	vq->tables_free &= ~(1U << i);
	return i + 1;
}

static void fill_table(struct virtqueue *vq, u16 head, u8 nr, const struct virtqueue_seg *segs,
		       unsigned int out, unsigned int n)
{
	size_t first = (nr - 1) * (size_t)VIRTQUEUE_MAX_SEG;

	for (unsigned int i = 0; i < n; i++)
		fill_desc(&vq->tables[first + i], &segs[i], i >= out, i + 1 == n, i + 1);
	vq->desc[head].addr = vq->tables_addr + first * sizeof(struct vring_desc);
	vq->desc[head].len = n * sizeof(struct vring_desc);
	vq->desc[head].flags = VRING_DESC_F_INDIRECT;
}

/* Fills a chain of n free descriptors from head; returns the free one behind it. */
static u16 fill_chain(struct virtqueue *vq, u16 head, const struct virtqueue_seg *segs,
		      unsigned int out, unsigned int n)
{
	u16 id = head;

	for (unsigned int i = 0; i < n; i++) {
		u16 next = vq->slots[id].next;

		fill_desc(&vq->desc[id], &segs[i], i >= out, i + 1 == n, next);
		id = next;
	}
	return id;
}

int virtqueue_add(struct virtqueue *vq, const struct virtqueue_seg *segs, unsigned int out,
		  unsigned int in, void *token)
{
	unsigned int n = out + in;
	u16 head = vq->free_head;
	struct virtqueue_slot *slot;
	u32 in_len = 0;
	u8 table;

	if (!n || n > VIRTQUEUE_MAX_SEG)
		return -EINVAL;
	if (n == 1)
		return virtqueue_add_one(vq, segs->addr, segs->len, in, token);
	if (vq->fault)
		return -EIO;
	if (!vq->num_free)
		return -ENOSPC;
	table = take_table(vq);
	if (!table && vq->num_free < n)
		return -ENOSPC;

	for (unsigned int i = out; i < n; i++)
		in_len += segs[i].len;
	slot = &vq->slots[head];
	if (table) {
		fill_table(vq, head, table, segs, out, n);
		vq->free_head = slot->next;
		vq->num_free--;
	} else {
		vq->free_head = fill_chain(vq, head, segs, out, n);
		vq->num_free -= n;
	}
	slot->token = token;
	slot->in_len = in_len;
	slot->ndesc = table ? 1 : n;
	slot->table = table;
	vq->avail->ring[vq->avail_idx++ & vq->mask] = head;
	return 0;
}

void virtqueue_free_chain(struct virtqueue *vq, u16 head)
{
	struct virtqueue_slot *slot = &vq->slots[head];
	u16 tail = head;

	if (slot->table)
		vq->tables_free |= 1U << (slot->table - 1);
	for (unsigned int i = 1; i < slot->ndesc; i++)
		tail = vq->slots[tail].next;
	vq->slots[tail].next = vq->free_head;
	vq->free_head = head;
	vq->num_free += slot->ndesc;
}

/* True if idx, going from old to new, passed event (virtio 1.1 s2.6.7.2). */
static bool passed(u16 event, u16 new, u16 old)
{
	return (u16)(new - event - 1) < (u16)(new - old);
}

bool virtqueue_kick(struct virtqueue *vq)
{
	u16 old = vq->published, new = vq->avail_idx;
	bool wanted;

	if (old == new || vq->fault)
		return false;
	dma_wmb(); /* the descriptors before the index */
	WRITE_ONCE(vq->avail->idx, new);
	vq->published = new;
	dma_mb(); /* the index before the look at what the device wants */
	if (vq->event_idx)
		wanted = passed(READ_ONCE(*avail_event(vq)), new, old);
	else
		wanted = !(READ_ONCE(vq->used->flags) & VRING_USED_F_NO_NOTIFY);
	if (wanted) {
		vq->kicks++;
		vq->notify(vq);
	}
	return wanted;
}

u16 virtqueue_refresh(struct virtqueue *vq)
{
	u16 idx = READ_ONCE(vq->used->idx);

	if (vq->fault)
		return 0;
	if (unlikely((u16)(idx - vq->last_used) > (u16)(vq->published - vq->last_used) ||
		     (u16)(idx - vq->last_used) < (u16)(vq->used_seen - vq->last_used))) {
		virtqueue_break(vq, VQ_FAULT_INDEX);
		return 0;
	}
	dma_rmb(); /* the index before the elements */
	vq->used_seen = idx;
	return idx - vq->last_used;
}

bool virtqueue_enable_cb(struct virtqueue *vq)
{
	if (vq->event_idx)
		WRITE_ONCE(*used_event(vq), vq->last_used);
	else
		WRITE_ONCE(vq->avail->flags, 0);
	dma_mb(); /* the wish before the look at what arrived meanwhile */
	return vq->fault || READ_ONCE(vq->used->idx) == vq->last_used;
}

bool virtqueue_enable_cb_delayed(struct virtqueue *vq)
{
	u16 distance = virtqueue_in_flight(vq) * 3U / 4;

	if (vq->event_idx)
		WRITE_ONCE(*used_event(vq), (u16)(vq->last_used + distance));
	else
		WRITE_ONCE(vq->avail->flags, 0);
	dma_mb();
	return vq->fault || (u16)(READ_ONCE(vq->used->idx) - vq->last_used) <= distance;
}

void *virtqueue_detach(struct virtqueue *vq)
{
	for (u16 id = 0; id < vq->num; id++) {
		void *token = vq->slots[id].token;

		if (token) {
			vq->slots[id].token = NULL;
			virtqueue_free_chain(vq, id);
			return token;
		}
	}
	return NULL;
}

void virtqueue_break(struct virtqueue *vq, enum virtqueue_fault fault)
{
	if (!vq->fault)
		vq->fault = fault;
	vq->used_seen = vq->last_used;
}

const char *virtqueue_fault_text(const struct virtqueue *vq)
{
	static const char *const text[] = {
		[VQ_FAULT_NONE] = "is sound",
		[VQ_FAULT_INDEX] = "says it used more than was offered",
		[VQ_FAULT_ID] = "used a buffer that was not offered",
		[VQ_FAULT_LENGTH] = "wrote more than a buffer holds",
		[VQ_FAULT_OWNER] = "contradicts itself in a header",
	};

	return vq->fault < ARRAY_SIZE(text) ? text[vq->fault] : "?";
}
