/* SPDX-License-Identifier: MIT */
/* selftest=lying-device: in the image, the real NIC driver against a NIC that lies. */
#include "drivers/drivers.h"
#include "tests/selftest/virtio_liar.h"
#include "kernel/printk.h"
#include "kernel/selftest.h"

static void report(void *arg, const char *lie, const char *why)
{
	(void)arg;
	if (why)
		pr_err("lie: %s: the driver %s", lie, why);
	else
		pr_info("lie: %s: caught", lie);
}

static bool lying_device(void)
{
	int failed = virtio_liar_run(drivers_net(), report, NULL);

	if (failed)
		pr_err("lying-device: %d failed", failed);
	return !failed;
}

SELFTEST("lying-device", "a NIC that breaks every rule of virtio", lying_device, false);
