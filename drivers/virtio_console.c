/* SPDX-License-Identifier: MIT */
/*
 * virtio-console, one port, as hvc0 (hvc1, ...): the control channel, or a console.
 *
 * Output is copied into one of a few buffers; when all are with the device, write waits for one: a thread for as long as
 * a busy machine may keep the host's side from running, for its frames are of a protocol that does not repeat them; who
 * may not sleep for a moment. So a host that reads nothing loses output, and does not stop the machine. Input buffers go back to the device when there
 * is room above, so a sender is held back and nothing is lost.
 * Source: virtio 1.1 s5.3 (without MULTIPORT: queue 0 receives, queue 1 transmits).
 */
#include "drivers/virtio_drivers.h"
#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/io.h"
#include "kernel/irq.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "kernel/thread.h"
#include "lib/fmt.h"
#include "lib/string.h"

#define BUFFERS      4 /* each way; a bit mask of one byte holds them */
#define BUFFER_BYTES 512
#define PATIENCE_NS  (30 * NSEC_PER_SEC)   /* of a thread */
#define WAIT_NS      (100 * NSEC_PER_MSEC) /* of who may not sleep */
#define PAUSE_NS     (50 * NSEC_PER_USEC)
#define MAX_CONSOLES 4

enum { QUEUE_RX, QUEUE_TX };

struct buffer {
	char text[BUFFER_BYTES];
};

struct virtio_console {
	struct chardev chardev;
	char name[8];
	struct virtio_device *vdev;
	struct virtqueue *rx, *tx;
	u8 tx_free; /* a bit for each output buffer */
	bool full;  /* the device has kept all of them since full_since */
	u64 full_since;
	u64 lost; /* bytes not sent */
	/* Input that arrived and did not fit above. */
	struct buffer *held;
	u32 held_at, held_len;
	struct buffer rx_buffers[BUFFERS], tx_buffers[BUFFERS];
};

static struct virtio_console *to_console(struct chardev *dev)
{
	return container_of(dev, struct virtio_console, chardev);
}

/* Takes sent buffers back. Interrupts off. */
static void reap(struct virtio_console *vc)
{
	struct buffer *b;
	u32 len;

	while ((b = virtqueue_get(vc->tx, &len))) {
		vc->tx_free |= 1U << (b - vc->tx_buffers);
		vc->full = false;
	}
}

/* Sends the first part of text; returns its length, 0: no buffer is free. Interrupts off. */
static size_t send_some(struct virtio_console *vc, const char *text, size_t len)
{
	size_t n = min(len, (size_t)BUFFER_BYTES);
	struct buffer *b;

	reap(vc);
	if (!vc->tx_free)
		return 0;
	b = &vc->tx_buffers[__builtin_ctz(vc->tx_free)];
	memcpy(b->text, text, n);
	if (virtqueue_add_one(vc->tx, virt_to_phys(b), n, false, b))
		return 0;
	vc->tx_free &= ~(1U << (b - vc->tx_buffers));
	virtqueue_kick(vc->tx);
	return n;
}

/* No buffer was free: waits a little. false: that was long enough, and so it is until the device gives one back. */
static bool wait_for_buffer(struct virtio_console *vc)
{
	u64 now = clock_ns();

	if (!vc->full) {
		vc->full = true;
		vc->full_since = now;
	}
	if (virtqueue_broken(vc->tx) || now - vc->full_since > PATIENCE_NS)
		return false;
	if (thread_pause(PAUSE_NS))
		return true;
	if (now - vc->full_since > WAIT_NS)
		return false;
	udelay(1);
	return true;
}

static void console_write(struct chardev *dev, const char *text, size_t len)
{
	struct virtio_console *vc = to_console(dev);

	while (len) {
		unsigned long flags = local_irq_save();
		size_t n = send_some(vc, text, len);

		local_irq_restore(flags);
		if (!n && !wait_for_buffer(vc)) {
			vc->lost += len;
			return;
		}
		text += n;
		len -= n;
	}
}

/* Hands the held input up as far as it fits; true: all of it. Interrupts off. */
static bool pass_held(struct virtio_console *vc)
{
	u32 n;

	if (!vc->held)
		return true;
	n = min((size_t)(vc->held_len - vc->held_at), chardev_room(&vc->chardev));
	chardev_input(&vc->chardev, vc->held->text + vc->held_at, n);
	vc->held_at += n;
	if (vc->held_at < vc->held_len)
		return false;
	/* A descriptor is free: the one that this buffer came back in. */
	if (virtqueue_add_one(vc->rx, virt_to_phys(vc->held), BUFFER_BYTES, true, vc->held))
		pr_debug("%s: input ends", vc->name);
	vc->held = NULL;
	return true;
}

/* All input that there is and that fits. Interrupts off. */
static void take_input(struct virtio_console *vc)
{
	do {
		while (pass_held(vc)) {
			vc->held = virtqueue_get(vc->rx, &vc->held_len);
			vc->held_at = 0;
			if (!vc->held)
				break;
		}
		virtqueue_kick(vc->rx);
		if (vc->held)
			return; /* resume() goes on */
	} while (!virtqueue_enable_cb(vc->rx));
}

static void input_interrupt(struct virtqueue *vq)
{
	virtqueue_disable_cb(vq);
	take_input(vq->priv);
}

static void console_resume(struct chardev *dev)
{
	struct virtio_console *vc = to_console(dev);
	unsigned long flags = local_irq_save();

	if (vc->held)
		take_input(vc);
	local_irq_restore(flags);
}

static const struct chardev_ops console_ops = {.write = console_write, .resume = console_resume};

static int start(struct virtio_console *vc)
{
	int err = virtio_start(vc->vdev, 0, 0);

	if (err)
		return err;
	vc->rx = virtio_add_queue(vc->vdev, QUEUE_RX, BUFFERS, input_interrupt, vc);
	vc->tx = virtio_add_queue(vc->vdev, QUEUE_TX, BUFFERS, NULL, vc);
	if (!vc->rx || !vc->tx) {
		virtio_fail(vc->vdev);
		return -ENODEV;
	}
	vc->tx_free = (1U << min(vc->tx->num, (u16)BUFFERS)) - 1;
	for (unsigned int i = 0; i < BUFFERS; i++) {
		struct buffer *b = &vc->rx_buffers[i];

		if (virtqueue_add_one(vc->rx, virt_to_phys(b), BUFFER_BYTES, true, b))
			break;
	}
	virtio_driver_ok(vc->vdev);
	return 0;
}

/* The first free name hvcN, and chardev known by it. */
static int name_and_register(struct virtio_console *vc)
{
	for (unsigned int i = 0; i < MAX_CONSOLES; i++) {
		scnprintf(vc->name, sizeof(vc->name), "hvc%u", i);
		if (!chardev_find(vc->name))
			return chardev_register(&vc->chardev);
	}
	return -ENOSPC;
}

static int console_probe(struct virtio_device *vdev, struct net *net)
{
	struct virtio_console *vc = kzalloc(sizeof(*vc));
	unsigned long flags;
	int err;

	(void)net;
	if (!vc) {
		pr_err("%s: no memory", vdev->name);
		return -ENOMEM;
	}
	vc->vdev = vdev;
	vdev->priv = vc;
	vc->chardev.name = vc->name;
	vc->chardev.ops = &console_ops;
	err = start(vc);
	if (!err)
		err = name_and_register(vc);
	if (err) {
		pr_err("%s: virtio-console not used (error %d)", vdev->name, -err);
		/* The device may hold buffers unless it confirms the reset. */
		if (virtio_reset(vdev))
			kfree(vc);
		return err;
	}
	flags = local_irq_save();
	take_input(vc);
	local_irq_restore(flags);
	pr_info("%s: virtio-console at %s", vc->name, vdev->name);
	return 0;
}

const struct virtio_driver virtio_console_driver = {
	.id = VIRTIO_ID_CONSOLE,
	.name = "virtio-console",
	.late = true,
	.probe = console_probe,
};
