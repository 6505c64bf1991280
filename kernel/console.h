/* SPDX-License-Identifier: MIT */
/*
 * Character devices: the console, the control channel. A driver registers; printk and libc use them.
 */
#pragma once

#include "lib/types.h"

struct chardev;

struct chardev_ops {
	/* Sends all, spinning where it must. Any context, interrupts on or off. */
	void (*write)(struct chardev *dev, const char *text, size_t len);
	/* Input was taken by chardev_read(): there is room again. NULL: the driver cannot hold its sender back. Thread. */
	void (*resume)(struct chardev *dev);
};

struct chardev {
	const char *name; /* "ttyS0", "ttyS1", "hvc0" */
	const struct chardev_ops *ops;
};

/* Makes dev the console: printk goes there, what was logged before is written out. */
void console_register(struct chardev *dev);
struct chardev *console_get(void); /* NULL: none */

/*
 * Keeps lines from the console until as many releases, or until an error is logged: a serial port takes ten
 * microseconds a character, which a boot that is to take milliseconds cannot wait for. Thread.
 */
void console_hold(void);
void console_release(void);

/* Makes dev known by name. At most 8. */
int chardev_register(struct chardev *dev);
struct chardev *chardev_find(const char *name);

/* Bytes that arrived, from the driver's interrupt. What does not fit (4 KiB) is dropped; the log says how much. Any context. */
void chardev_input(struct chardev *dev, const char *data, size_t len);

/*
 * Bytes of input that fit now. A driver that can hold its sender back hands over no more than that, and goes on in its
 * resume(). Any context.
 */
size_t chardev_room(struct chardev *dev);

/* Waits for input: at least one byte unless nonblock (-EAGAIN). -EINTR. Thread. One reader at a time per device. */
long chardev_read(struct chardev *dev, char *buf, size_t len, bool nonblock);

/* Whether chardev_read() would have something at once. Any context. */
bool chardev_readable(struct chardev *dev);

/* fn(arg) runs whenever input has arrived, from the interrupt; replaces the last fn, NULL: none. For poll() on a console. */
void chardev_on_input(struct chardev *dev, void (*fn)(void *arg), void *arg);
