/* SPDX-License-Identifier: MIT */
/* Waiting for many descriptors: Linux's sys/epoll.h, epoll(7). */
#pragma once

#include <signal.h>
#include <stdint.h>
#include <time.h>

#include "net/epoll_event.h"

#define EPOLL_CLOEXEC 0x80000

int epoll_create(int size);
int epoll_create1(int flags);
int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);
int epoll_wait(int epfd, struct epoll_event *events, int max, int timeout_ms);
int epoll_pwait(int epfd, struct epoll_event *events, int max, int timeout_ms,
		const sigset_t *mask);
int epoll_pwait2(int epfd, struct epoll_event *events, int max, const struct timespec *timeout,
		 const sigset_t *mask);
