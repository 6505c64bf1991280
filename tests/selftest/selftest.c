/* SPDX-License-Identifier: MIT */
/* selftest=NAME: finds it, runs it in a thread, says how it ended. In place of kernel/no_selftest.c. */
#include "kernel/cmdline.h"
#include "kernel/power.h"
#include "kernel/printk.h"
#include "kernel/selftest.h"
#include "kernel/thread.h"
#include "lib/string.h"

/* What SELFTEST() made, put side by side by boot/kernel.ld. */
extern const struct selftest *const selftests_start[], *const selftests_end[];

static const struct selftest *find(const char *name)
{
	for (const struct selftest *const *t = selftests_start; t < selftests_end; t++)
		if (!strcmp((*t)->name, name))
			return *t;
	return NULL;
}

static void list_all(void)
{
	for (const struct selftest *const *t = selftests_start; t < selftests_end; t++)
		pr_info("selftest %s: %s%s", (*t)->name, (*t)->what,
			(*t)->deadly ? " (must panic)" : "");
}

static void run(void *arg)
{
	const struct selftest *t = arg;
	bool ok;

	pr_info("selftest %s: %s", t->name, t->what);
	ok = t->run();
	if (t->deadly) {
		pr_err("selftest %s: FAILED, the kernel lives", t->name);
		exit_status(EXIT_FAILURE_STATUS);
	}
	printk(ok ? KERN_INFO : KERN_ERR, "selftest %s: %s", t->name, ok ? "ok" : "FAILED");
	exit_status(ok ? EXIT_SUCCESS_STATUS : EXIT_FAILURE_STATUS);
}

bool selftest_start(void)
{
	const char *name = cmdline_get("selftest", 0);
	const struct selftest *t = name ? find(name) : NULL;

	if (!name)
		return false;
	if (!t) {
		if (strcmp(name, "list"))
			pr_err("selftest %s: no such test; there are:", name);
		list_all();
		exit_status(strcmp(name, "list") ? EXIT_FAILURE_STATUS : EXIT_SUCCESS_STATUS);
	}
	if (thread_create("selftest", run, (void *)(uintptr_t)t, 0, NULL)) {
		pr_err("selftest %s: FAILED, no memory for a thread", name);
		exit_status(EXIT_FAILURE_STATUS);
	}
	return true;
}
