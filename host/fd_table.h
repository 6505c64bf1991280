/* SPDX-License-Identifier: MIT */
/* Descriptors of libweir.h: numbers of the world, from 3 on, that lead to sockets and epoll's sets. Inside the world. */
#pragma once

#include "net/eventpoll.h"

#define FD_FIRST 3 /* as a program's first that is not a standard stream */
#define FD_MAX   65536

/* Exactly one of sk and ep is there. */
struct weir_file {
	int refs;
	int flags; /* O_NONBLOCK */
	struct sock *sk;
	struct eventpoll *ep;
	struct epitem *watchers;
};

extern const struct ep_ops fd_ep_ops;

struct weir_file *fd_file(int fd);           /* NULL: none */
struct weir_file *fd_sock(int fd, int *err); /* NULL: *err is -EBADF or -ENOTSOCK, else 0 */

/* The new descriptor, or -EMFILE, -ENOMEM; takes sk or ep, also on error. */
int fd_install_sock(struct sock *sk, int flags);
int fd_install_ep(struct eventpoll *ep);

/* One more descriptor for f, from min on. */
int fd_dup(struct weir_file *f, int min);

/* The file is no longer at fd; its reference is the caller's. NULL: there was none. */
struct weir_file *fd_take(int fd);

/* The last reference closes what is behind. May wait (SO_LINGER). */
void file_release(struct weir_file *f);

u32 file_poll(const struct weir_file *f);
void file_poller_add(struct weir_file *f, struct sock_waiter *w);
void file_poller_del(struct weir_file *f, struct sock_waiter *w);
