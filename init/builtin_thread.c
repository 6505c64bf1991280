/* SPDX-License-Identifier: MIT */
/* Commands about threads and time: ps, kill, wait, sleep, sync. */
#include "init/command.h"
#include "kernel/clock.h"
#include "kernel/mm.h"
#include "kernel/softirq.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "net/netdevice.h"

/* ---- ps */

#define THREADS_SHOWN 256

struct thread_list {
	int count;
	struct thread_info info[THREADS_SHOWN];
};

static void copy_thread(void *arg, const struct thread_info *ti)
{
	struct thread_list *list = arg;

	if (list->count < THREADS_SHOWN)
		list->info[list->count++] = *ti;
}

static void print_thread(struct command *cmd, const struct thread_info *ti, bool details)
{
	u64 seconds = ti->cpu_ns / NSEC_PER_SEC;

	ctl_printf(cmd->out, "%5d ?        %-4c %3llu:%02u ", ti->id, ti->state,
		   (unsigned long long)(seconds / 60), (unsigned int)(seconds % 60));
	if (details)
		ctl_printf(cmd->out, "%9llu %6zu/%-6zu ",
			   (unsigned long long)(ti->cpu_ns / NSEC_PER_USEC), ti->stack_used,
			   ti->stack_size);
	ctl_printf(cmd->out, "%s\n", ti->name);
}

int cmd_ps(struct command *cmd)
{
	bool details = cmd->argc == 2 && !strcmp(cmd->argv[1], "-l");
	struct thread_list *list;

	if (cmd->argc > 1 && !details)
		return cmd_usage(cmd, "unknown option", cmd->argv[1]);
	list = kmalloc(sizeof(*list));
	if (!list) {
		ctl_printf(cmd->err, "ps: out of memory\n");
		return 1;
	}
	list->count = 0;
	thread_for_each(copy_thread, list);
	ctl_printf(cmd->out, "  PID TTY      STAT   TIME %sCOMMAND\n",
		   details ? "   CPU-us  STACK/SIZE   " : "");
	for (int i = 0; i < list->count; i++)
		print_thread(cmd, &list->info[i], details);
	kfree(list);
	return 0;
}

/* ---- kill, wait */

static bool parse_id(const char *s, int *id)
{
	*id = 0;
	for (; *s >= '0' && *s <= '9' && *id < 100000000; s++)
		*id = *id * 10 + (*s - '0');
	return !*s && *id;
}

/* ps shows threads, and apps are known by ids of their own: either is taken. */
struct app_search {
	int wanted, id;
	int running;
};

static void look_at_app(void *arg, const struct app_info *info)
{
	struct app_search *search = arg;

	if (info->ended)
		return;
	search->running++;
	if (info->thread == search->wanted || (info->id == search->wanted && !search->id))
		search->id = info->id;
}

/* 0: there is no such app. */
static int find_app(int wanted)
{
	struct app_search search = {.wanted = wanted};

	app_for_each(look_at_app, &search);
	return search.id;
}

int cmd_kill(struct command *cmd)
{
	int status = 0, id;

	if (cmd->argc < 2)
		return cmd_usage(cmd, "whom?", NULL);
	for (int i = 1; i < cmd->argc; i++) {
		if (!parse_id(cmd->argv[i], &id))
			return cmd_usage(cmd, "not a number:", cmd->argv[i]);
	}
	for (int i = 1; i < cmd->argc; i++) {
		(void)parse_id(cmd->argv[i], &id);
		id = find_app(id);
		if (id && !app_kill(id))
			continue;
		ctl_printf(cmd->err, "kill: (%s) - No such process\n", cmd->argv[i]);
		status = 1;
	}
	return status;
}

#define WAIT_STEP_NS (10 * NSEC_PER_MSEC)

/* Until app id (a number as ps or & gave it) has ended. */
static int wait_for(struct command *cmd, int id)
{
	while ((id = find_app(id))) {
		if (job_sleep(cmd->job, clock_ns() + WAIT_STEP_NS))
			return STATUS_INTERRUPTED;
	}
	return 0;
}

/* The app that asks, if it is one, does not wait for itself. */
static int wait_for_all(struct command *cmd)
{
	for (;;) {
		struct app_search search = {.wanted = thread_id(current_thread())};

		app_for_each(look_at_app, &search);
		if (search.running == !!search.id)
			return 0;
		if (job_sleep(cmd->job, clock_ns() + WAIT_STEP_NS))
			return STATUS_INTERRUPTED;
	}
}

int cmd_wait(struct command *cmd)
{
	int status = 0, id;

	if (cmd->argc == 1)
		return wait_for_all(cmd);
	for (int i = 1; i < cmd->argc; i++) {
		if (!parse_id(cmd->argv[i], &id))
			return cmd_usage(cmd, "not a number:", cmd->argv[i]);
	}
	for (int i = 1; i < cmd->argc && !status; i++) {
		(void)parse_id(cmd->argv[i], &id);
		status = wait_for(cmd, id);
	}
	return status;
}

/* ---- sleep */

/* Seconds with up to nine digits behind the point. */
static bool parse_seconds(const char *s, u64 *ns)
{
	u64 unit = NSEC_PER_SEC;
	bool digit = false;

	*ns = 0;
	for (; *s >= '0' && *s <= '9' && *ns < 1000000000 * NSEC_PER_SEC; s++) {
		*ns = *ns * 10 + (*s - '0') * NSEC_PER_SEC;
		digit = true;
	}
	if (*s == '.')
		s++;
	for (; *s >= '0' && *s <= '9' && unit > 1; s++) {
		unit /= 10;
		*ns += (*s - '0') * unit;
		digit = true;
	}
	return digit && !*s;
}

int cmd_sleep(struct command *cmd)
{
	u64 ns;

	if (cmd->argc != 2)
		return cmd_usage(cmd, "how long?", NULL);
	if (!parse_seconds(cmd->argv[1], &ns))
		return cmd_usage(cmd, "not a time in seconds:", cmd->argv[1]);
	return job_sleep(cmd->job, clock_ns() + ns) ? STATUS_INTERRUPTED : 0;
}

/* ---- sync */

#define SYNC_DEADLINE_NS (2 * NSEC_PER_SEC)
#define SYNC_STEP_NS     (200 * NSEC_PER_USEC)

/*
 * Has every device's queue looked at once more; true if one is still at it or has something that is
 * not on the wire yet.
 */
static bool devices_busy(struct net *net, bool look_again)
{
	bool busy = false;

	local_bh_disable();
	for (u32 i = 1; i <= MAX_NETDEVS; i++) {
		struct net_device *dev = dev_get_by_index(net, i);
		struct napi_struct *napi;

		if (!dev)
			continue;
		list_for_each_entry (napi, &dev->napi_list, dev_list) {
			busy |= !!(READ_ONCE(napi->state) & NAPI_STATE_SCHED);
			if (look_again)
				napi_schedule(napi);
		}
		busy |= !skb_queue_empty(&dev->tx_queue) ||
			(dev->ops->ndo_sending && dev->ops->ndo_sending(dev));
	}
	local_bh_enable();
	return busy;
}

/*
 * What a device has received may not have been announced by an interrupt yet: every queue is polled
 * once more. Then the apps that were woken get the CPU.
 */
int cmd_sync(struct command *cmd)
{
	u64 deadline = clock_ns() + SYNC_DEADLINE_NS;

	if (cmd->argc > 1)
		return cmd_usage(cmd, "unexpected", cmd->argv[1]);
	(void)devices_busy(cmd->net, true);
	while (devices_busy(cmd->net, false)) {
		if (clock_ns() > deadline) {
			ctl_printf(cmd->err, "sync: packets keep coming\n");
			return 1;
		}
		if (job_sleep(cmd->job, clock_ns() + SYNC_STEP_NS))
			return STATUS_INTERRUPTED;
	}
	for (int i = 0; i < 4; i++)
		thread_yield();
	return 0;
}
