/* SPDX-License-Identifier: MIT */
/* The simulated virtio device: status, features, queues that complete at once, and frames for a NIC. */
#include "tests/selftest/virtio_sim.h"
#include "drivers/virtio_net.h"
#include "kernel/mm.h"
#include "lib/string.h"

void sim_ring_init(struct sim_ring *ring, const struct virtqueue *vq)
{
	*ring = (struct sim_ring){.desc = vq->desc,
				  .avail = vq->avail,
				  .used = vq->used,
				  .num = vq->num,
				  .event_idx = vq->event_idx};
}

static bool add_seg(struct sim_buffer *buf, const struct vring_desc *desc)
{
	if (buf->out + buf->in == VIRTQUEUE_MAX_SEG)
		return false;
	buf->segs[buf->out + buf->in] =
		(struct virtqueue_seg){.addr = desc->addr, .len = desc->len};
	if (desc->flags & VRING_DESC_F_WRITE)
		buf->in++;
	else if (buf->in)
		return false; /* s2.6.4.2: what is read comes first */
	else
		buf->out++;
	return true;
}

static bool read_chain(const struct vring_desc *table, u32 num, u32 at, struct sim_buffer *buf)
{
	for (u32 i = 0; i < num; i++) {
		if (at >= num || !add_seg(buf, &table[at]))
			return false;
		if (!(table[at].flags & VRING_DESC_F_NEXT))
			return true;
		at = table[at].next;
	}
	return false;
}

bool sim_ring_pop(struct sim_ring *ring, struct sim_buffer *buf)
{
	const struct vring_desc *head;

	if (!ring->num || ring->last_avail == READ_ONCE(ring->avail->idx))
		return false;
	dma_rmb();
	*buf = (struct sim_buffer){.id = ring->avail->ring[ring->last_avail++ % ring->num]};
	if (buf->id >= ring->num)
		return false;
	head = &ring->desc[buf->id];
	if (head->flags & VRING_DESC_F_INDIRECT)
		return read_chain(phys_to_virt(head->addr), head->len / sizeof(*head), 0, buf);
	return read_chain(ring->desc, ring->num, buf->id, buf);
}

void sim_ring_push(struct sim_ring *ring, u32 id, u32 len)
{
	ring->used->ring[ring->used_idx++ % ring->num] =
		(struct vring_used_elem){.id = id, .len = len};
}

bool sim_ring_publish(struct sim_ring *ring)
{
	u16 old = ring->used->idx, new = ring->used_idx;
	u16 event = ring->avail->ring[ring->num];

	dma_wmb();
	WRITE_ONCE(ring->used->idx, new);
	dma_mb();
	if (ring->event_idx)
		return (u16)(new - event - 1) < (u16)(new - old);
	return !(ring->avail->flags & VRING_AVAIL_F_NO_INTERRUPT);
}

void sim_ring_want_notify(struct sim_ring *ring, bool want)
{
	u16 *event = (u16 *)&ring->used->ring[ring->num];

	if (ring->event_idx)
		*event = want ? ring->last_avail : ring->last_avail - 1;
	else
		ring->used->flags = want ? 0 : VRING_USED_F_NO_NOTIFY;
}

/* Calls fn for each run of the parts [from, to) that lies in [offset, offset + len) of them. */
static u32 copy_parts(const struct virtqueue_seg *segs, unsigned int n, u32 offset, void *data,
		      u32 len, bool into_buffer)
{
	u32 done = 0;

	for (unsigned int i = 0; i < n && done < len; i++) {
		u32 here;
		u8 *at;

		if (offset >= segs[i].len) {
			offset -= segs[i].len;
			continue;
		}
		at = (u8 *)phys_to_virt(segs[i].addr) + offset;
		here = min(segs[i].len - offset, len - done);
		if (into_buffer)
			memcpy(at, (u8 *)data + done, here);
		else
			memcpy((u8 *)data + done, at, here);
		done += here;
		offset = 0;
	}
	return done;
}

u32 sim_buffer_write(const struct sim_buffer *buf, u32 offset, const void *data, u32 len)
{
	return copy_parts(buf->segs + buf->out, buf->in, offset, (void *)(uintptr_t)data, len,
			  true);
}

u32 sim_buffer_read(const struct sim_buffer *buf, u32 offset, void *data, u32 len)
{
	return copy_parts(buf->segs, buf->out, offset, data, len, false);
}

u32 sim_buffer_room(const struct sim_buffer *buf)
{
	u32 room = 0;

	for (unsigned int i = buf->out; i < buf->out + buf->in; i++)
		room += buf->segs[i].len;
	return room;
}

static struct virtio_sim *to_sim(struct virtio_device *vdev)
{
	return container_of(vdev, struct virtio_sim, vdev);
}

static u8 get_status(struct virtio_device *vdev)
{
	return to_sim(vdev)->status;
}

static void set_status(struct virtio_device *vdev, u8 status)
{
	struct virtio_sim *sim = to_sim(vdev);

	if (!status) {
		sim->resets++;
		memset(sim->rings, 0, sizeof(sim->rings));
		if (sim->ignore_reset)
			return;
	}
	if (sim->accepted & sim->refused)
		status &= ~VIRTIO_S_FEATURES_OK;
	sim->status = status;
}

static u64 get_features(struct virtio_device *vdev)
{
	return to_sim(vdev)->offered;
}

static void set_features(struct virtio_device *vdev, u64 features)
{
	to_sim(vdev)->accepted = features;
}

static u32 config_generation(struct virtio_device *vdev)
{
	return to_sim(vdev)->generation;
}

static void read_config(struct virtio_device *vdev, u32 offset, void *buf, u32 len)
{
	memcpy(buf, to_sim(vdev)->config + offset, len);
}

static u16 queue_max(struct virtio_device *vdev, u16 index)
{
	return index < VIRTIO_MAX_QUEUES ? to_sim(vdev)->queue_size[index] : 0;
}

/* The driver offered something: what it gives to read is read and given back; commands are acknowledged. */
static void notify(struct virtqueue *vq)
{
	struct virtio_sim *sim = (struct virtio_sim *)(uintptr_t)vq->notify_addr;
	struct sim_ring *ring = &sim->rings[vq->index];
	struct sim_buffer buf;
	static const u8 ok;

	sim->notifies++;
	if (sim->mute || sim->waiting & BIT(vq->index))
		return;
	while (sim_ring_pop(ring, &buf)) {
		if (sim->sent)
			sim->sent(sim, vq->index, &buf);
		sim_ring_push(ring, buf.id, sim_buffer_write(&buf, 0, &ok, sizeof(ok)));
	}
	sim_ring_want_notify(ring, true);
	if (sim_ring_publish(ring))
		virtio_sim_interrupt(sim);
}

static int queue_enable(struct virtio_device *vdev, struct virtqueue *vq)
{
	struct virtio_sim *sim = to_sim(vdev);

	sim_ring_init(&sim->rings[vq->index], vq);
	vq->notify = notify;
	vq->notify_addr = sim;
	return 0;
}

static const struct virtio_transport_ops sim_ops = {
	.get_status = get_status,
	.set_status = set_status,
	.get_features = get_features,
	.set_features = set_features,
	.config_generation = config_generation,
	.read_config = read_config,
	.queue_max = queue_max,
	.queue_enable = queue_enable,
};

void virtio_sim_init(struct virtio_sim *sim, u32 id, u64 offered, u16 size)
{
	*sim = (struct virtio_sim){.offered = offered | VIRTIO_FEATURE(VIRTIO_F_VERSION_1)};
	sim->vdev.ops = &sim_ops;
	sim->vdev.id = id;
	sim->vdev.config_size = VIRTIO_SIM_CONFIG;
	strscpy(sim->vdev.name, "simulated", sizeof(sim->vdev.name));
	sim->waiting = BIT(0); /* where a NIC and a console receive, and the generator's only one */
	for (unsigned int i = 0; i < VIRTIO_MAX_QUEUES; i++)
		sim->queue_size[i] = size;
}

void virtio_sim_interrupt(struct virtio_sim *sim)
{
	virtio_queue_interrupt(&sim->vdev);
}

void virtio_sim_config_interrupt(struct virtio_sim *sim)
{
	virtio_config_interrupt(&sim->vdev);
}

bool virtio_sim_give(struct virtio_sim *sim, u16 queue, const void *data, u32 len, u32 said)
{
	struct sim_ring *ring = &sim->rings[queue];
	struct sim_buffer buf;

	if (!sim_ring_pop(ring, &buf))
		return false;
	sim_buffer_write(&buf, 0, data, len);
	sim_ring_push(ring, buf.id, said);
	if (sim_ring_publish(ring))
		virtio_sim_interrupt(sim);
	return true;
}

bool virtio_sim_receive(struct virtio_sim *sim, const void *frame, u32 len, int num_buffers)
{
	struct sim_ring *ring = &sim->rings[0];
	struct virtio_net_hdr hdr = sim->hdr;
	struct sim_buffer first, buf;
	u32 done = 0, here, skip = sizeof(hdr);
	u16 count = 0;

	while (!count || done < len) {
		if (!sim_ring_pop(ring, &buf))
			return false;
		if (!count++)
			first = buf;
		here = sim_buffer_write(&buf, skip, (const u8 *)frame + done, len - done);
		sim_ring_push(ring, buf.id, skip + here);
		done += here;
		skip = 0;
	}
	hdr.num_buffers = num_buffers < 0 ? count : num_buffers;
	sim_buffer_write(&first, 0, &hdr, sizeof(hdr));
	if (sim_ring_publish(ring))
		virtio_sim_interrupt(sim);
	return true;
}
