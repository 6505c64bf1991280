/* SPDX-License-Identifier: MIT */
/*
 * The life of apps: start, exit, collection of the status.
 *
 * An app's struct process is freed by its own end if it is detached, else by the one that waits for it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/mm.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "lib/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "libc/app_heap.h"
#include "libc/descriptor.h"
#include "libc/process.h"

/* The libc's own state: the apps that exist, and the process of all threads that are none. */
static struct {
	struct list_head apps;
	int nr, next_id;
	struct wait_queue ended; /* app_wait() of any app waits here */
} table = {.apps = LIST_HEAD_INIT(table.apps),
	   .next_id = 1,
	   .ended.waiters = LIST_HEAD_INIT(table.ended.waiters)};

static struct process threads_process;

/* newlib's state of those that have no other; __getreent() says more. */
struct _reent *_impure_ptr = &threads_process.reent;
struct _reent *const _global_impure_ptr = &threads_process.reent;

void processes_init(void)
{
	INIT_LIST_HEAD(&threads_process.heap);
	INIT_LIST_HEAD(&threads_process.list);
	_REENT_INIT_PTR(&threads_process.reent);
	thread_set_no_private(&threads_process);
}

struct _reent *__getreent(void)
{
	return &current_process()->reent;
}

static const struct app *app_find(const char *name)
{
	const char *slash = strrchr(name, '/');
	const struct app *app;

	if (slash)
		name = slash + 1;
	for (app = app_table; app->name; app++)
		if (!strcmp(app->name, name))
			return app;
	return NULL;
}

bool app_exists(const char *name)
{
	return app_find(name);
}

struct process *process_by_id(int id)
{
	struct process *p;

	list_for_each_entry (p, &table.apps, list)
		if (p->id == id)
			return p;
	return NULL;
}

/* Takes p off the table, if it is there, and gives its memory back. */
static void process_free(struct process *p)
{
	local_bh_disable();
	if (!list_empty(&p->list)) {
		list_del_init(&p->list);
		table.nr--;
	}
	local_bh_enable();
	files_free(p);
	kfree(p->argv);
	kfree(p);
}

static char **copy_argv(int argc, char *const argv[])
{
	size_t size = (argc + 1) * sizeof(char *);
	char **copy, *at;
	int i;

	for (i = 0; i < argc; i++)
		size += strlen(argv[i]) + 1;
	copy = kmalloc(size);
	if (!copy)
		return NULL;
	at = (char *)(copy + argc + 1);
	for (i = 0; i < argc; i++) {
		size_t len = strlen(argv[i]) + 1;

		copy[i] = memcpy(at, argv[i], len);
		at += len;
	}
	copy[argc] = NULL;
	return copy;
}

static struct process *process_create(const struct app *app, int argc, char *const argv[],
				      const struct app_stdio *io)
{
	struct process *p = kzalloc(sizeof(*p));
	int err;

	if (!p)
		return NULL;
	_REENT_INIT_PTR(&p->reent);
	INIT_LIST_HEAD(&p->heap);
	INIT_LIST_HEAD(&p->list);
	p->app = app;
	p->argc = argc;
	p->argv = copy_argv(argc, argv);
	err = p->argv ? files_init_stdio(p, io) : -ENOMEM;
	if (err) {
		process_free(p);
		return NULL;
	}
	return p;
}

/* False: there are too many. */
static bool process_enlist(struct process *p)
{
	bool room;

	local_bh_disable();
	room = table.nr < APPS_MAX;
	if (room) {
		do {
			p->id = table.next_id;
			table.next_id = p->id == 32767 ? 1 : p->id + 1;
		} while (process_by_id(p->id));
		list_add_tail(&p->list, &table.apps);
		table.nr++;
	}
	local_bh_enable();
	return room;
}

static void process_main(void *arg)
{
	struct process *p = arg;

	thread_set_private(current_thread(), p);
	exit(p->app->main(p->argc, p->argv));
}

int app_spawn(int argc, char *const argv[], const struct app_stdio *io, unsigned int flags)
{
	const struct app *app;
	struct process *p;
	int err, id;

	if (argc < 1)
		return -EINVAL;
	if (argc > APP_ARGS_MAX)
		return -E2BIG;
	app = app_find(argv[0]);
	if (!app)
		return -ENOENT;
	p = process_create(app, argc, argv, io);
	if (!p)
		return -ENOMEM;
	p->detached = flags & APP_DETACHED;
	if (!process_enlist(p)) {
		process_free(p);
		return -EAGAIN;
	}
	id = p->id;
	/* Once it runs, a detached app may be gone before thread_create() returns; it notes its own thread. */
	local_bh_disable();
	err = thread_create(app->name, process_main, p, 0, &p->thread);
	local_bh_enable();
	if (err) {
		process_free(p);
		return err;
	}
	return id;
}

int app_wait(int id, u64 deadline_ns, int *status)
{
	struct process *p;
	bool ended;
	int err = 0;

	local_bh_disable();
	/* Looked up again after each sleep: another waiter may have been faster. */
	while ((p = process_by_id(id)) && !p->detached && !p->ended && !p->released) {
		err = wait_queue_sleep(&table.ended, deadline_ns);
		if (err)
			break;
	}
	if (!err && (!p || p->detached))
		err = -ECHILD;
	if (err) {
		local_bh_enable();
		return err;
	}
	*status = p->status;
	ended = p->ended;
	p->detached = true; /* nobody else's any more */
	local_bh_enable();
	if (ended)
		process_free(p);
	return 0;
}

int app_detach(int id)
{
	struct process *p;
	bool ended;

	local_bh_disable();
	p = process_by_id(id);
	if (!p || p->detached) {
		local_bh_enable();
		return -ESRCH;
	}
	ended = p->ended;
	p->detached = true;
	local_bh_enable();
	if (ended)
		process_free(p);
	return 0;
}

/* The app goes on where it is; who waits for it need not any more. */
int daemon(int nochdir __unused, int noclose)
{
	struct process *p = current_process();
	int null = noclose ? -1 : open("/dev/null", O_RDWR), fd;

	if (!noclose && null < 0)
		return -1;
	for (fd = 0; fd < 3 && !noclose; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	local_bh_disable();
	p->released = true;
	wake_up_all(&table.ended);
	local_bh_enable();
	return 0;
}

void app_for_each(void (*fn)(void *arg, const struct app_info *info), void *arg)
{
	struct process *p;

	local_bh_disable();
	list_for_each_entry (p, &table.apps, list) {
		struct app_info info = {.id = p->id,
					.thread = p->ended ? 0 : p->thread,
					.name = p->app->name,
					.detached = p->detached,
					.ended = p->ended,
					.nr_files = files_count(p),
					.heap = p->heap_bytes};

		fn(arg, &info);
	}
	local_bh_enable();
}

void process_exit(int status)
{
	struct process *p = current_process();
	bool detached;

	if (p == &threads_process)
		thread_exit();
	p->exiting = true;
	files_close_all(p);
	heap_release(p);
	thread_set_private(current_thread(), NULL);

	local_bh_disable();
	p->status = status & 0xff;
	p->ended = true;
	detached = p->detached;
	wake_up_all(&table.ended);
	local_bh_enable();
	if (detached)
		process_free(p);
	thread_exit();
}
