/* SPDX-License-Identifier: MIT */
/*
 * Waiting, and threads to wait in: coroutines that are switched only where plat_wait() sleeps.
 *
 * Whoever waits keeps the world going: it lets another thread run if one can, else softirqs and
 * sources, else moves the clock. When nothing can ever wake anybody, that is a deadlock and a
 * panic.
 */
#include <stdlib.h>
#include <ucontext.h>

#include "host/world.h"
#include "lib/errno.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* clang says it this way */
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define FIBER_START(save, bottom, size)  __sanitizer_start_switch_fiber(save, bottom, size)
#define FIBER_FINISH(save, bottom, size) __sanitizer_finish_switch_fiber(save, bottom, size)
#else
#define FIBER_START(save, bottom, size)  ((void)(bottom), (void)(size))
#define FIBER_FINISH(save, bottom, size) ((void)(save), (void)(bottom), (void)(size))
#endif

#define STACK_SIZE (256 * 1024)
/* Stacks have timers that never end; who has waited so long on the virtual clock waits in vain. */
#define FOREVER (7 * 86400 * NSEC_PER_SEC)

struct host_thread {
	struct list_head list;
	const char *name;
	void (*fn)(void *arg);
	void *arg;
	ucontext_t context;
	void *stack;
	const void *stack_bottom;
	size_t stack_size;
	void *fake_stack; /* AddressSanitizer's */
	struct plat_wait *waits_for;
	u64 deadline;
	bool asleep, woken, killed, ended;
};

static struct host_thread main_thread, *switched_from;

void host_threads_init(void)
{
	INIT_LIST_HEAD(&host.threads);
	main_thread = (struct host_thread){.name = "main"};
	host.current = &main_thread;
}

/* self runs again, or for the first time. The main program is whatever thread of the process is in the world now. */
static void finish_switch(struct host_thread *self)
{
	const void *bottom = NULL;
	size_t size = 0;

	FIBER_FINISH(self->fake_stack, &bottom, &size);
	if (switched_from == &main_thread) {
		main_thread.stack_bottom = bottom;
		main_thread.stack_size = size;
	}
}

static void switch_to(struct host_thread *to)
{
	struct host_thread *from = host.current;

	switched_from = from;
	host.current = to;
	FIBER_START(from->ended ? NULL : &from->fake_stack, to->stack_bottom, to->stack_size);
	swapcontext(&from->context, &to->context);
	finish_switch(from);
}

static void thread_body(void)
{
	struct host_thread *self = host.current;

	finish_switch(self);
	self->fn(self->arg);
	host_require(!host.bh_depth, self->name, "ended with softirqs disabled");
	self->ended = true;
	main_thread.woken = true;
	switch_to(&main_thread);
}

struct host_thread *host_thread_start(const char *name, void (*fn)(void *arg), void *arg)
{
	struct host_thread *t = calloc(1, sizeof(*t));
	void *stack = malloc(STACK_SIZE);

	if (!t || !stack)
		abort();
	*t = (struct host_thread){
		.name = name, .fn = fn, .arg = arg, .stack = stack, .woken = true};
	getcontext(&t->context);
	t->context.uc_stack.ss_sp = stack;
	t->context.uc_stack.ss_size = STACK_SIZE;
	t->stack_bottom = stack;
	t->stack_size = STACK_SIZE;
	makecontext(&t->context, thread_body, 0);
	list_add_tail(&t->list, &host.threads);
	return t;
}

static bool runnable(const struct host_thread *t)
{
	return !t->ended && (t->woken || t->killed || t->deadline <= host.now);
}

/* Somebody else who can run: the main program first, then the one that has run least recently. */
static struct host_thread *other_runnable(void)
{
	struct host_thread *t;

	if (host.current != &main_thread && runnable(&main_thread))
		return &main_thread;
	list_for_each_entry (t, &host.threads, list) {
		if (t != host.current && runnable(t))
			return t;
	}
	return NULL;
}

/* Lets another thread run, if one can. */
static bool yield_to_other(void)
{
	struct host_thread *t = other_runnable();

	if (!t)
		return false;
	if (t != &main_thread) {
		list_del(&t->list);
		list_add_tail(&t->list, &host.threads);
	}
	switch_to(t);
	return true;
}

bool host_threads_run(void)
{
	host_require(host.current == &main_thread, __func__, "for the main program");
	main_thread.woken = true;
	return yield_to_other();
}

u64 host_threads_deadline(void)
{
	u64 first = main_thread.asleep ? main_thread.deadline : U64_MAX;
	struct host_thread *t;

	list_for_each_entry (t, &host.threads, list) {
		if (t->asleep)
			first = min(first, t->deadline);
	}
	return first;
}

/* Nobody can run: lets something happen. False: nothing ever will that could wake a thread. */
static bool let_happen(u64 since)
{
	if (host_round())
		return true;
	if (!host.real && host_threads_deadline() == U64_MAX && host.now - since > FOREVER)
		return false;
	return host_idle(U64_MAX);
}

/* Keeps the world going until the current thread is runnable. */
static void sleep_until_runnable(u64 deadline)
{
	struct host_thread *self = host.current;
	u64 since = plat_now();

	self->deadline = deadline;
	self->woken = false;
	self->asleep = true;
	while (!runnable(self)) {
		if (!yield_to_other() && !let_happen(since))
			host_require(false, self->name,
				     "deadlock: waits for ever, and nothing will happen");
		plat_now();
	}
	self->asleep = false;
}

void plat_wait_init(struct plat_wait *w)
{
	*w = (struct plat_wait){{NULL, NULL}};
}

int plat_wait(struct plat_wait *w, u64 deadline)
{
	struct host_thread *self = host.current;

	host_require(host.bh_depth == 1, __func__, "softirqs must be disabled exactly once");
	host_require(!host.in_softirq && !host.in_irq, __func__, "threads only");
	if (self->killed)
		return -EINTR;
	self->waits_for = w;
	host.bh_depth = 0;
	sleep_until_runnable(deadline);
	host.bh_depth = 1;
	self->waits_for = NULL;
	if (self->woken)
		return 0;
	return self->killed ? -EINTR : -ETIMEDOUT;
}

void plat_wake(struct plat_wait *w)
{
	struct host_thread *t;

	host_require(host.bh_depth && !host.in_irq, __func__, "softirq context only");
	if (main_thread.waits_for == w)
		main_thread.woken = true;
	list_for_each_entry (t, &host.threads, list) {
		if (t->waits_for == w)
			t->woken = true;
	}
}

void host_thread_kill(struct host_thread *t)
{
	t->killed = true;
}

void host_thread_join(struct host_thread *t)
{
	host_require(!host.bh_depth, __func__, "softirqs must be enabled");
	host_require(host.current == &main_thread, __func__, "for the main program");
	while (!t->ended)
		sleep_until_runnable(U64_MAX);
	list_del(&t->list);
	free(t->stack);
	free(t);
}
