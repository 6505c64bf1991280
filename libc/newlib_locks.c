/* SPDX-License-Identifier: MIT */
/*
 * The locks newlib asks for, on the kernel's mutexes. All names are in this one file, so that none of newlib's own
 * is linked. Its static locks start as zeroes and are made ready when first taken.
 */
#include <sys/lock.h>

#include "kernel/mm.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "kernel/thread.h"
#include "libc/process.h"

struct __lock {
	struct mutex mutex;
	bool ready;
};

struct __lock __lock___sinit_recursive_mutex;
struct __lock __lock___sfp_recursive_mutex;
struct __lock __lock___atexit_recursive_mutex;
struct __lock __lock___at_quick_exit_mutex;
struct __lock __lock___malloc_recursive_mutex;
struct __lock __lock___env_recursive_mutex;
struct __lock __lock___tz_mutex;
struct __lock __lock___dd_hash_mutex;
struct __lock __lock___arc4random_mutex;

static struct mutex *lock_mutex(struct __lock *lock)
{
	if (unlikely(!lock->ready)) {
		local_bh_disable();
		if (!lock->ready)
			mutex_init(&lock->mutex);
		lock->ready = true;
		local_bh_enable();
	}
	return &lock->mutex;
}

void __retarget_lock_init_recursive(_LOCK_T *lock)
{
	*lock = kzalloc(sizeof(**lock));
	if (!*lock)
		panic("libc: no memory for a lock of stdio");
}

void __retarget_lock_init(_LOCK_T *lock)
{
	__retarget_lock_init_recursive(lock);
}

void __retarget_lock_close_recursive(_LOCK_T lock)
{
	kfree(lock);
}

void __retarget_lock_close(_LOCK_T lock)
{
	kfree(lock);
}

void __retarget_lock_acquire_recursive(_LOCK_T lock)
{
	mutex_lock(lock_mutex(lock));
}

void __retarget_lock_acquire(_LOCK_T lock)
{
	mutex_lock(lock_mutex(lock));
}

int __retarget_lock_try_acquire_recursive(_LOCK_T lock)
{
	return mutex_trylock(lock_mutex(lock));
}

int __retarget_lock_try_acquire(_LOCK_T lock)
{
	return mutex_trylock(lock_mutex(lock));
}

void __retarget_lock_release_recursive(_LOCK_T lock)
{
	mutex_unlock(lock_mutex(lock));
}

void __retarget_lock_release(_LOCK_T lock)
{
	mutex_unlock(lock_mutex(lock));
}
