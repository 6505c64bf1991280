/* SPDX-License-Identifier: MIT */
/* Character devices by name, and the input that waits for their readers. */
#include "kernel/arch.h"
#include "kernel/console.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "kernel/thread.h"
#include "lib/errno.h"
#include "lib/ring.h"
#include "lib/string.h"

#define NR_CHARDEVS 8
#define INPUT_SIZE  4096

struct input {
	struct chardev *dev;
	struct ring ring;
	struct wait_queue wait;
	void (*on_input)(void *arg);
	void *arg;
	u32 dropped, told; /* bytes there was no room for; of which the log knows */
	char buf[INPUT_SIZE];
};

static struct input inputs[NR_CHARDEVS];

static struct input *input_of(const struct chardev *dev)
{
	for (u32 i = 0; i < NR_CHARDEVS; i++)
		if (inputs[i].dev == dev)
			return &inputs[i];
	return NULL;
}

int chardev_register(struct chardev *dev)
{
	struct input *in = input_of(NULL);

	if (!in)
		return -ENOSPC;
	ring_init(&in->ring, in->buf, INPUT_SIZE);
	wait_queue_init(&in->wait);
	in->dev = dev;
	return 0;
}

struct chardev *chardev_find(const char *name)
{
	for (u32 i = 0; i < NR_CHARDEVS; i++)
		if (inputs[i].dev && !strcmp(inputs[i].dev->name, name))
			return inputs[i].dev;
	return NULL;
}

void chardev_input(struct chardev *dev, const char *data, size_t len)
{
	struct input *in = input_of(dev);

	if (!in)
		return;
	in->dropped += (u32)len - ring_write(&in->ring, data, (u32)min(len, (size_t)INPUT_SIZE));
	wake_up_all(&in->wait);
	if (in->on_input)
		in->on_input(in->arg);
}

size_t chardev_room(struct chardev *dev)
{
	struct input *in = input_of(dev);

	return in ? ring_room(&in->ring) : 0;
}

bool chardev_readable(struct chardev *dev)
{
	struct input *in = input_of(dev);

	return in && ring_used(&in->ring);
}

void chardev_on_input(struct chardev *dev, void (*fn)(void *arg), void *arg)
{
	struct input *in = input_of(dev);
	unsigned long flags;

	if (!in)
		return;
	flags = arch_irq_save();
	in->on_input = fn;
	in->arg = arg;
	arch_irq_restore(flags);
}

/* Interrupts only add: what was seen of the ring stays there. */
static int wait_for_input(struct input *in)
{
	int err = 0;

	local_bh_disable();
	while (!err) {
		unsigned long flags = arch_irq_save();

		if (ring_used(&in->ring)) {
			arch_irq_restore(flags);
			break;
		}
		err = wait_queue_sleep(&in->wait, U64_MAX);
		arch_irq_restore(flags);
	}
	local_bh_enable();
	return err;
}

/* Once for each time the reader comes by, however much was lost. */
static void tell_dropped(struct input *in)
{
	u32 dropped = READ_ONCE(in->dropped);

	if (dropped != in->told)
		pr_warn("%s: %u bytes of input came too fast and are lost", in->dev->name,
			dropped - in->told);
	in->told = dropped;
}

long chardev_read(struct chardev *dev, char *buf, size_t len, bool nonblock)
{
	struct input *in = input_of(dev);
	u32 n;
	int err;

	if (!in)
		return -ENODEV;
	if (!len)
		return 0;
	if (!ring_used(&in->ring)) {
		if (nonblock)
			return -EAGAIN;
		err = wait_for_input(in);
		if (err)
			return err;
	}
	n = ring_peek(&in->ring, 0, buf, (u32)min(len, (size_t)INPUT_SIZE));
	ring_skip(&in->ring, n);
	tell_dropped(in);
	if (dev->ops->resume)
		dev->ops->resume(dev);
	return n;
}
