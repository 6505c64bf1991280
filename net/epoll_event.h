/* SPDX-License-Identifier: MIT */
/* Numbers and layout of epoll_ctl(2), Linux's for x86_64. In a hosted program the C library's header gives the same. */
#pragma once

#if __STDC_HOSTED__ && defined(__linux__)

#include <sys/epoll.h>

#else

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

#define EPOLLIN        0x1u
#define EPOLLPRI       0x2u
#define EPOLLOUT       0x4u
#define EPOLLERR       0x8u
#define EPOLLHUP       0x10u
#define EPOLLRDNORM    0x40u
#define EPOLLRDBAND    0x80u
#define EPOLLWRNORM    0x100u
#define EPOLLWRBAND    0x200u
#define EPOLLRDHUP     0x2000u
#define EPOLLEXCLUSIVE (1u << 28)
#define EPOLLONESHOT   (1u << 30)
#define EPOLLET        (1u << 31)

typedef union epoll_data {
	void *ptr;
	int fd;
	__UINT32_TYPE__ u32;
	__UINT64_TYPE__ u64;
} epoll_data_t;

struct epoll_event {
	__UINT32_TYPE__ events;
	epoll_data_t data;
} __attribute__((packed));

#endif
