/* SPDX-License-Identifier: MIT */
/* Jobs: what can be interrupted. */
#include "init/job.h"

#include "kernel/softirq.h"
#include "lib/errno.h"
#include "libc/spawn.h"

void job_init(struct job *job)
{
	wait_queue_init(&job->wait);
	job->app = 0;
	job->interrupted = false;
	job->depth = 0;
}

void job_interrupt(struct job *job)
{
	int app;

	local_bh_disable();
	job->interrupted = true;
	app = job->app;
	wake_up_all(&job->wait);
	local_bh_enable();
	if (app)
		app_interrupt(app);
}

void job_set_app(struct job *job, int app)
{
	bool late;

	local_bh_disable();
	job->app = app;
	late = app && job->interrupted;
	local_bh_enable();
	if (late)
		app_interrupt(app);
}

int job_sleep(struct job *job, u64 deadline_ns)
{
	int err = 0;

	local_bh_disable();
	while (!job->interrupted && !err)
		err = wait_queue_sleep(&job->wait, deadline_ns);
	if (job->interrupted)
		err = -EINTR;
	local_bh_enable();
	return err == -ETIMEDOUT ? 0 : err;
}
