/* SPDX-License-Identifier: MIT */
/* Waiting for descriptors: POSIX's poll.h, with ppoll(). */
#pragma once

#include <signal.h>
#include <time.h>

#include "net/sockopt.h"

typedef unsigned long nfds_t;

struct pollfd {
	int fd;
	short events;
	short revents;
};

int poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask);
