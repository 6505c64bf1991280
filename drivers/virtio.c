/* SPDX-License-Identifier: MIT */
/* The protocol between every virtio driver and its device: status, features, queues, configuration. */
#include "drivers/virtio.h"
#include "drivers/virtio_drivers.h"
#include "kernel/clock.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "lib/string.h"

#define RESET_TIMEOUT_NS (100 * NSEC_PER_MSEC)
#define CONFIG_RETRIES   64
#define INDIRECT_TABLES  5 /* per queue: a page; what finds none takes a chain */

static const struct virtio_driver *const drivers[] = {
	&virtio_net_driver,
	&virtio_console_driver,
	&virtio_rng_driver,
};

/* Those that virtio_settle() has not come to. */
static LIST_HEAD(unsettled);

static const struct virtio_driver *find_driver(const struct virtio_device *vdev)
{
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		if (drivers[i]->id == vdev->id)
			return drivers[i];
	}
	return NULL;
}

int virtio_probe(struct virtio_device *vdev, struct net *net)
{
	const struct virtio_driver *driver = find_driver(vdev);
	int err;

	INIT_LIST_HEAD(&vdev->unsettled);
	if (!driver) {
		pr_info("%s: virtio device %u: no driver", vdev->name, vdev->id);
		return -ENODEV;
	}
	err = driver->late ? 0 : driver->probe(vdev, net);
	if (!err && (driver->late || driver->settle))
		list_add_tail(&vdev->unsettled, &unsettled);
	return err;
}

void virtio_settle(void)
{
	struct virtio_device *vdev, *next;

	list_for_each_entry_safe (vdev, next, &unsettled, unsettled) {
		const struct virtio_driver *driver = find_driver(vdev);

		list_del_init(&vdev->unsettled);
		if (driver->late)
			(void)driver->probe(vdev, NULL);
		else
			driver->settle(vdev);
	}
}

static void free_memory(struct virtio_queue_mem *mem)
{
	if (mem->num) {
		free_pages(mem->ring, mem->ring_order);
		kfree(mem->slots);
	}
	kfree(mem->tables);
	*mem = (struct virtio_queue_mem){0};
}

void virtio_free_queues(struct virtio_device *vdev)
{
	for (unsigned int i = 0; i < VIRTIO_MAX_QUEUES; i++)
		free_memory(&vdev->mem[i]);
}

void virtio_remove(struct virtio_device *vdev)
{
	const struct virtio_driver *driver = find_driver(vdev);

	if (!driver || !driver->remove || !vdev->priv)
		return;
	list_del_init(&vdev->unsettled);
	driver->remove(vdev);
	vdev->priv = NULL;
	virtio_free_queues(vdev);
}

static void add_status(struct virtio_device *vdev, u8 bits)
{
	vdev->ops->set_status(vdev, vdev->ops->get_status(vdev) | bits);
}

bool virtio_reset(struct virtio_device *vdev)
{
	u64 deadline = clock_ns() + RESET_TIMEOUT_NS;

	vdev->ops->set_status(vdev, 0);
	while (vdev->ops->get_status(vdev)) {
		if (clock_ns() > deadline)
			return false;
		udelay(1);
	}
	return true;
}

bool virtio_needs_reset(struct virtio_device *vdev)
{
	return vdev->ops->get_status(vdev) & VIRTIO_S_NEEDS_RESET;
}

void virtio_fail(struct virtio_device *vdev)
{
	add_status(vdev, VIRTIO_S_FAILED);
}

int virtio_start(struct virtio_device *vdev, u64 wanted, u64 required)
{
	u64 offered;

	required |= VIRTIO_FEATURE(VIRTIO_F_VERSION_1);
	wanted |= required | VIRTIO_FEATURE(VIRTIO_F_EVENT_IDX) |
		  VIRTIO_FEATURE(VIRTIO_F_INDIRECT_DESC);
	vdev->nr_queues = 0;
	if (!virtio_reset(vdev)) {
		pr_err("%s: does not reset", vdev->name);
		return -ENODEV;
	}
	add_status(vdev, VIRTIO_S_ACKNOWLEDGE);
	add_status(vdev, VIRTIO_S_DRIVER);
	offered = vdev->ops->get_features(vdev);
	if (required & ~offered) {
		pr_err("%s: lacks features 0x%llx", vdev->name,
		       (unsigned long long)(required & ~offered));
		virtio_fail(vdev);
		return -ENOTSUP;
	}
	vdev->features = wanted & offered;
	vdev->ops->set_features(vdev, vdev->features);
	add_status(vdev, VIRTIO_S_FEATURES_OK);
	if (!(vdev->ops->get_status(vdev) & VIRTIO_S_FEATURES_OK)) {
		pr_err("%s: refuses features 0x%llx that it offered", vdev->name,
		       (unsigned long long)vdev->features);
		virtio_fail(vdev);
		return -ENOTSUP;
	}
	return 0;
}

/* Memory for a queue of num, or what an earlier start left, if it fits. */
static bool queue_memory(struct virtio_device *vdev, struct virtio_queue_mem *mem, u16 num)
{
	size_t tables = INDIRECT_TABLES * VIRTQUEUE_MAX_SEG * sizeof(struct vring_desc);

	if (mem->num && mem->num < num) {
		free_pages(mem->ring, mem->ring_order);
		kfree(mem->slots);
		mem->num = 0;
	}
	if (!mem->num) {
		mem->ring_order = 0;
		while ((PAGE_SIZE << mem->ring_order) < virtqueue_ring_size(num))
			mem->ring_order++;
		mem->ring = alloc_pages(mem->ring_order);
		mem->slots = kmalloc(num * sizeof(*mem->slots));
		if (!mem->ring || !mem->slots) {
			if (mem->ring)
				free_pages(mem->ring, mem->ring_order);
			kfree(mem->slots);
			return false;
		}
		mem->num = num;
	}
	if (!mem->tables && virtio_has_feature(vdev, VIRTIO_F_INDIRECT_DESC))
		mem->tables = kmalloc(tables); /* without it: chains */
	return true;
}

/* The largest power of two that is at most n; n is not 0. */
static u16 power_below(u16 n)
{
	return 1U << (31 - __builtin_clz(n));
}

struct virtqueue *virtio_add_queue(struct virtio_device *vdev, u16 index, u16 num,
				   void (*callback)(struct virtqueue *vq), void *priv)
{
	struct virtqueue *vq = &vdev->queues[vdev->nr_queues];
	struct virtio_queue_mem *mem = &vdev->mem[vdev->nr_queues];
	u16 most = vdev->ops->queue_max(vdev, index);
	int err;

	if (!most || vdev->nr_queues == VIRTIO_MAX_QUEUES) {
		pr_err("%s: no queue %u", vdev->name, index);
		return NULL;
	}
	most = min(most, (u16)VIRTQUEUE_MAX_NUM);
	num = power_below(min(num, most));
	if (!queue_memory(vdev, mem, num)) {
		pr_err("%s: no memory for queue %u of %u", vdev->name, index, num);
		return NULL;
	}
	virtqueue_init(vq, num, mem->ring, mem->slots,
		       virtio_has_feature(vdev, VIRTIO_F_EVENT_IDX));
	if (mem->tables)
		virtqueue_set_indirect(vq, mem->tables, virt_to_phys(mem->tables), INDIRECT_TABLES);
	vq->index = index;
	vq->callback = callback;
	vq->priv = priv;
	err = vdev->ops->queue_enable(vdev, vq);
	if (err) {
		pr_err("%s: queue %u cannot be used (error %d)", vdev->name, index, -err);
		return NULL;
	}
	vdev->nr_queues++;
	return vq;
}

void virtio_driver_ok(struct virtio_device *vdev)
{
	add_status(vdev, VIRTIO_S_DRIVER_OK);
}

bool virtio_config(struct virtio_device *vdev, u32 offset, void *buf, u32 len)
{
	if (offset > vdev->config_size || len > vdev->config_size - offset)
		return false;
	for (int i = 0; i < CONFIG_RETRIES; i++) {
		u32 before = vdev->ops->config_generation(vdev);

		vdev->ops->read_config(vdev, offset, buf, len);
		if (vdev->ops->config_generation(vdev) == before)
			return true;
	}
	return false;
}

void virtio_queue_interrupt(struct virtio_device *vdev)
{
	vdev->interrupts++;
	for (unsigned int i = 0; i < vdev->nr_queues; i++) {
		if (vdev->queues[i].callback)
			vdev->queues[i].callback(&vdev->queues[i]);
	}
}

void virtio_config_interrupt(struct virtio_device *vdev)
{
	if (vdev->config_changed)
		vdev->config_changed(vdev);
}
