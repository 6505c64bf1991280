/* SPDX-License-Identifier: MIT */
/* The order in which devices are found, and the choice of the console. */
#include "drivers/drivers.h"
#include "drivers/uart.h"
#include "drivers/virtio.h"
#include "kernel/cmdline.h"
#include "kernel/console.h"
#include "kernel/printk.h"
#include "lib/string.h"

#define CONSOLE_NAME_MAX 16

/* console=ttyS0,115200: the name; the rest is Linux's and means nothing to a virtual port. NULL: not given. */
static const char *console_name(char buf[static CONSOLE_NAME_MAX])
{
	const char *value = cmdline_get("console", 0);
	char *comma;

	if (!value || strscpy(buf, value, CONSOLE_NAME_MAX) < 0)
		return NULL;
	comma = strchr(buf, ',');
	if (comma)
		*comma = 0;
	return buf;
}

void drivers_early_init(void)
{
	char name[CONSOLE_NAME_MAX];

	uart_init(console_name(name));
}

/* A console that is a virtio device, or a name that nobody has. */
static void late_console(void)
{
	char buf[CONSOLE_NAME_MAX];
	const char *name = console_name(buf);
	struct chardev *dev;

	if (!name || (console_get() && !strcmp(console_get()->name, name)))
		return;
	dev = chardev_find(name);
	if (!dev)
		dev = chardev_find("ttyS0");
	if (dev)
		console_register(dev);
	if (dev && strcmp(dev->name, name) != 0)
		pr_warn("console=%s: no such device; using %s", name, dev->name);
}

static struct net *stack;

struct net *drivers_net(void)
{
	return stack;
}

int drivers_init(struct net *net)
{
	unsigned int found;

	stack = net;
	found = virtio_pci_scan(net);
	found += virtio_mmio_scan(net);
	if (!found)
		pr_warn("no virtio devices");
	return found;
}

void drivers_settle(void)
{
	virtio_settle();
	uart_start_input();
	late_console();
}
