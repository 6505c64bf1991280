/* SPDX-License-Identifier: MIT */
/* The lock of the world, and calls that wait in it while other threads of the process move it. */
#include <pthread.h>

#include "host/enter.h"
#include "host/fd_table.h"
#include "host/libweir.h"
#include "host/world.h"

/* One world per process, so one gate. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a waiting call has ended, or has been collected */
	int depth;              /* of the thread inside */
	int uncollected;        /* ended calls whose threads have not gone on yet */
	enum weir_blocking mode;
	pthread_t inside;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

void weir_blocking(enum weir_blocking mode)
{
	enter_world();
	gate.mode = mode;
	leave_world();
}

void enter_world(void)
{
	if (gate.depth && pthread_equal(gate.inside, pthread_self())) {
		gate.depth++;
		return;
	}
	pthread_mutex_lock(&gate.lock);
	gate.inside = pthread_self();
	gate.depth = 1;
}

/* Sleeps outside the world until something changes there. */
static void step_outside(void)
{
	gate.depth = 0;
	pthread_cond_wait(&gate.changed, &gate.lock);
	gate.inside = pthread_self();
	gate.depth = 1;
}

void let_served_go_on(void)
{
	while (gate.uncollected && gate.depth == 1)
		step_outside();
}

void leave_world(void)
{
	if (gate.depth > 1) {
		gate.depth--;
		return;
	}
	let_served_go_on();
	gate.depth = 0;
	pthread_mutex_unlock(&gate.lock);
}

static void run_in_thread(void *arg)
{
	struct call *c = arg;

	c->result = c->fn(c);
	c->ended = true;
	gate.uncollected++;
	pthread_cond_broadcast(&gate.changed);
}

/* As a thread of the world's; this one sleeps outside as long as it has not ended. */
static long run_waiting(struct call *c)
{
	struct host_thread *t = host_thread_start("call", run_in_thread, c);

	host_run();
	while (!c->ended)
		step_outside();
	host_thread_join(t);
	gate.uncollected--;
	pthread_cond_broadcast(&gate.changed);
	return c->result;
}

long run_call(struct call *c, struct weir_file *f)
{
	long ret;

	if (f)
		f->refs++;
	if (gate.mode == WEIR_WAITS && gate.depth == 1)
		ret = run_waiting(c);
	else
		ret = c->fn(c);
	if (f)
		file_release(f);
	return ret;
}
