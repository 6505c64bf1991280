/* SPDX-License-Identifier: MIT */
/* Clocks and sleeping. */
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "kernel/clock.h"
#include "kernel/random.h"
#include "kernel/thread.h"
#include "lib/errno.h"
#include "libc/descriptor.h"

static struct timespec to_timespec(u64 ns)
{
	return (struct timespec){.tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC};
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	if (clock == CLOCK_REALTIME)
		*ts = to_timespec(clock_wall_ns());
	else if (clock == CLOCK_MONOTONIC)
		*ts = to_timespec(clock_ns());
	else
		return sys_result(-EINVAL);
	return 0;
}

int clock_getres(clockid_t clock, struct timespec *ts)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return sys_result(-EINVAL);
	if (ts)
		*ts = (struct timespec){.tv_nsec = 1};
	return 0;
}

int clock_settime(clockid_t clock, const struct timespec *ts)
{
	if (clock != CLOCK_REALTIME || ts->tv_sec < 0 || ts->tv_nsec < 0 ||
	    ts->tv_nsec >= (long)NSEC_PER_SEC)
		return sys_result(-EINVAL);
	clock_set_wall(ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec);
	return 0;
}

int gettimeofday(struct timeval *tv, void *zone __unused)
{
	u64 ns = clock_wall_ns();

	tv->tv_sec = ns / NSEC_PER_SEC;
	tv->tv_usec = ns % NSEC_PER_SEC / NSEC_PER_USEC;
	return 0;
}

clock_t times(struct tms *t)
{
	if (t)
		*t = (struct tms){.tms_utime = clock_ns() / (NSEC_PER_SEC / CLOCKS_PER_SEC)};
	return clock_ns() / (NSEC_PER_SEC / CLOCKS_PER_SEC);
}

/* Returns what is left, 0 when all was slept. A wait that a kill ends ends the app. */
static u64 sleep_ns(u64 ns)
{
	u64 deadline = clock_ns() + ns, now;

	process_check_signals(current_process());
	if (thread_sleep_until(deadline))
		process_check_signals(current_process());
	now = clock_ns();
	return now < deadline ? deadline - now : 0;
}

int nanosleep(const struct timespec *ts, struct timespec *left)
{
	u64 rest;

	if (ts->tv_sec < 0 || ts->tv_nsec < 0 || ts->tv_nsec >= (long)NSEC_PER_SEC)
		return sys_result(-EINVAL);
	rest = sleep_ns(min((u64)ts->tv_sec, (u64)U32_MAX) * NSEC_PER_SEC + ts->tv_nsec);
	if (left)
		*left = to_timespec(rest);
	return rest ? sys_result(-EINTR) : 0;
}

unsigned int sleep(unsigned int seconds)
{
	return DIV_ROUND_UP(sleep_ns(seconds * NSEC_PER_SEC), NSEC_PER_SEC);
}

int usleep(useconds_t us)
{
	return sleep_ns(us * NSEC_PER_USEC) ? sys_result(-EINTR) : 0;
}

/* At most 256 bytes, as in POSIX. */
int getentropy(void *buf, size_t len)
{
	if (len > 256)
		return sys_result(-EIO);
	get_random_bytes(buf, len);
	return 0;
}
