/* SPDX-License-Identifier: MIT */
/*
 * virtio-rng: randomness from the host, asked for at boot and before each reseed; nobody waits for it.
 * Source: virtio 1.1 s5.4.
 */
#include "drivers/virtio_drivers.h"
#include "kernel/irq.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "kernel/random.h"
#include "lib/string.h"

#define REQUEST_BYTES 64
#define RNG_RING      4

struct virtio_rng {
	struct virtqueue *vq;
	bool waiting;
	u8 data[REQUEST_BYTES];
};

/* The device says how much it filled; virtqueue_get() has held that against the buffer's size. Hard interrupt. */
static void rng_answer(struct virtqueue *vq)
{
	struct virtio_rng *rng = vq->priv;
	u32 len;

	while (virtqueue_get(vq, &len)) {
		/* Half a bit for a bit: the host may be less random than it says. */
		add_entropy(rng->data, len, len * 4);
		memset(rng->data, 0, sizeof(rng->data));
		rng->waiting = false;
	}
}

static void rng_request(void *arg)
{
	struct virtio_rng *rng = arg;
	unsigned long flags = local_irq_save();

	if (!rng->waiting &&
	    !virtqueue_add_one(rng->vq, virt_to_phys(rng->data), sizeof(rng->data), true, rng)) {
		rng->waiting = true;
		if (!virtqueue_enable_cb(rng->vq))
			rng_answer(rng->vq);
		virtqueue_kick(rng->vq);
	}
	local_irq_restore(flags);
}

static int rng_probe(struct virtio_device *vdev, struct net *net)
{
	struct virtio_rng *rng = kzalloc(sizeof(*rng));
	int err;

	(void)net;
	if (!rng) {
		pr_err("%s: no memory", vdev->name);
		return -ENOMEM;
	}
	err = virtio_start(vdev, 0, 0);
	if (err)
		goto free;
	rng->vq = virtio_add_queue(vdev, 0, RNG_RING, rng_answer, rng);
	if (!rng->vq) {
		virtio_fail(vdev);
		err = -ENODEV;
		goto free;
	}
	vdev->priv = rng;
	virtio_driver_ok(vdev);
	random_add_source("virtio-rng", rng_request, rng);
	pr_info("rng: virtio-rng at %s", vdev->name);
	return 0;
free:
	kfree(rng);
	return err;
}

const struct virtio_driver virtio_rng_driver = {
	.id = VIRTIO_ID_RNG,
	.name = "virtio-rng",
	.late = true,
	.probe = rng_probe,
};
