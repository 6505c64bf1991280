/* SPDX-License-Identifier: MIT */
/*
 * The first thread.
 *
 * What it does, in this order:
 *   1. brings up every NIC: `ip addr add` in a configuration is then enough to be reachable;
 *   2. runs the configuration: the file "rc" of the initrd, then each rc="..." of the command line;
 *   3. settles: the console and all else that packets need not wait for; then
 *      without any configuration: dhcp on eth0;
 *   4. if no configuration has started an app: the default apps, or those that apps="..." names
 *      instead (apps= alone: none);
 *   5. starts the console's shell and the control channel, and prints the boot's time line.
 * Something that fails is told with its place, and the rest goes on.
 */
#include "init/init.h"

#include "init/command.h"
#include "init/ctl_channel.h"
#include "init/first_reply.h"
#include "init/script.h"
#include "init/shell.h"
#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/cmdline.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "lib/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "libc/spawn.h"
#include "net/inetdevice.h"

#define DEFAULT_APPS "echo sink source httpd"
#define DHCP_DEVICE  "eth0"
#define QUIET_NS     (5 * NSEC_PER_MSEC)

/* How many NICs there are. */
static unsigned int open_nics(struct net *net)
{
	unsigned int n = 0;

	for (u32 i = 1; i <= MAX_NETDEVS; i++) {
		struct net_device *dev;
		int err = 0;

		local_bh_disable();
		dev = dev_get_by_index(net, i);
		if (dev && (dev->flags & IFF_LOOPBACK))
			dev = NULL;
		if (dev)
			err = dev_open(dev);
		local_bh_enable();
		n += !!dev;
		if (err)
			pr_err("%s: cannot be brought up (error %d)", dev->name, err);
	}
	return n;
}

/* True if there was any; apps it started are added to *apps. */
static bool run_configuration(unsigned int *apps)
{
	const char *line;
	bool any = false;
	size_t size;
	const char *rc = initrd_file("rc", &size);

	if (rc) {
		any = true;
		(void)script_boot("rc", rc, size, false, apps);
	}
	for (unsigned int i = 0; (line = cmdline_get("rc", i)); i++) {
		any = true;
		(void)script_boot("rc=\"...\"", line, strlen(line), true, apps);
	}
	return any;
}

static void start_app(int argc, char *const argv[])
{
	int id = app_spawn(argc, argv, NULL, APP_DETACHED);

	if (id == -ENOENT)
		pr_err("init: no app is called '%s'", argv[0]);
	else if (id < 0)
		pr_err("init: %s could not be started (error %d)", argv[0], id);
}

static void start_dhcp(void)
{
	char app[] = "dhcp", option[] = "-i", dev[] = DHCP_DEVICE;
	char *const argv[] = {app, option, dev, NULL};

	start_app(3, argv);
}

static void start_default_apps(void)
{
	const char *wanted = cmdline_get("apps", 0);
	char words[256];
	char *argv[16 + 1];
	const char *where;
	int n;

	if (strscpy(words, wanted ? wanted : DEFAULT_APPS, sizeof(words)) < 0) {
		pr_err("apps=\"...\": longer than %zu characters, none was started",
		       sizeof(words) - 1);
		return;
	}
	n = ctl_split(words, argv, 16, &where);
	if (n < 0) {
		pr_err("apps=\"...\": column %zu: %s", (size_t)(where - words) + 1,
		       n == -E2BIG ? "too many apps" : "quote without its end");
		return;
	}
	for (int i = 0; i < n; i++) {
		char *const one[] = {argv[i], NULL};

		start_app(1, one);
	}
}

/* dhcp says what it got before the prompt is there, if it gets it soon. */
#define LEASE_WAIT_NS (1 * NSEC_PER_SEC)
#define LEASE_STEP_NS (10 * NSEC_PER_MSEC)

static bool has_address(struct net *net)
{
	struct net_device *dev;
	bool has;

	local_bh_disable();
	dev = dev_get_by_name(net, DHCP_DEVICE);
	has = dev && in_dev_get(dev) && in_dev_get(dev)->ifa_count;
	local_bh_enable();
	return has;
}

static void await_address(struct net *net)
{
	u64 deadline = clock_ns() + LEASE_WAIT_NS;
	bool has = false;

	while (!has && clock_ns() < deadline) {
		has = has_address(net);
		/* Also once it is there: what is said about it comes then. */
		thread_sleep_until(clock_ns() + LEASE_STEP_NS);
	}
}

static void (*settle)(void);

/* Who waits for the first answer gets it before log, apps and console are busy. */
static void stay_quiet(void)
{
	console_hold();
	thread_sleep_until(clock_ns() + QUIET_NS);
	console_release();
}

/* True if dhcp is at work. */
static bool configure(struct net *net)
{
	unsigned int nics = open_nics(net), apps = 0;
	bool configured;

	boot_mark("nics up");
	configured = run_configuration(&apps);
	if (configured) {
		boot_mark("configured");
		stay_quiet();
	}
	settle();
	if (!nics)
		pr_warn("init: no network device found; only lo is there");
	if (!configured && nics)
		start_dhcp();
	if (!apps)
		start_default_apps();
	return !configured && nics;
}

static void init_thread(void *arg)
{
	struct net *net = arg;
	bool dhcp;

	command_init(net);
	first_reply_watch(net);
	dhcp = configure(net);
	ctl_channel_start();
	boot_mark("init");
	console_release();
	boot_timeline_print();
	if (dhcp)
		await_address(net);
	shell_start();
}

void init_start(struct net *net, void (*settle_fn)(void))
{
	settle = settle_fn;
	if (thread_create("init", init_thread, net, 0, NULL))
		panic("init: no memory for the first thread");
}
