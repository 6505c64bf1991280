/* SPDX-License-Identifier: MIT */
/*
 * Into the world and out of it, for the calls of libweir.h. The world belongs to one thread at a time; who waits in a call
 * (weir_blocking(WEIR_WAITS)) leaves its work in it as a host thread, and sleeps outside until that has ended.
 */
#pragma once

#include "host/host.h"

struct weir_file;

/* May be nested by one thread: callbacks of devices may call. */
void enter_world(void);
/* Others may go on. What waited for something that has happened meanwhile is done first. */
void leave_world(void);

/* Something that may wait: fn returns what the call returns, or -E. */
struct call {
	long (*fn)(struct call *c);
	long result;
	bool ended;
};

/* Runs c, in the way that weir_blocking() chose. f, not NULL, lives for so long. Inside the world. */
long run_call(struct call *c, struct weir_file *f);

/* Lets those go on whose calls have been served: before time does. Inside the world, which others may use meanwhile. */
void let_served_go_on(void);
