/* SPDX-License-Identifier: MIT */
/* selftest=NAME in the image that has none. tests/selftest/selftest.c takes this file's place in the one for tests. */
#include "kernel/cmdline.h"
#include "kernel/power.h"
#include "kernel/printk.h"
#include "kernel/selftest.h"

bool selftest_start(void)
{
	const char *name = cmdline_get("selftest", 0);

	if (!name)
		return false;
	pr_err("selftest %s: this image has none; build/test/weir.elf has (--test-image)", name);
	exit_status(EXIT_FAILURE_STATUS);
}
