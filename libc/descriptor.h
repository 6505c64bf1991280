/* SPDX-License-Identifier: MIT */
/*
 * Descriptors and open files. A struct file is what open(2) calls an open file description; descriptors of one
 * app may share it (dup). A table belongs to its app's thread alone.
 */
#pragma once

#include "libc/process.h"
#include "net/eventpoll.h"

#define FILES_MAX 16384 /* descriptors of an app; select() looks at the first FD_SETSIZE of them */

struct stat;

/* Functions return -E. A NULL function is refused with the error at its side. */
struct file_ops {
	long (*read)(struct file *f, void *buf, size_t len);        /* -EBADF */
	long (*write)(struct file *f, const void *buf, size_t len); /* -EBADF */
	long (*lseek)(struct file *f, long offset, int whence);     /* -ESPIPE */
	void (*fstat)(struct file *f, struct stat *st);
	int (*ioctl)(struct file *f, unsigned long request, void *arg); /* -ENOTTY */
	u32 (*poll)(struct file *f); /* softirqs disabled; NULL: always ready */
	void (*poller_add)(struct file *f, struct sock_waiter *w);
	void (*poller_del)(struct file *f, struct sock_waiter *w);
	void (*release)(struct file *f);
};

struct file {
	const struct file_ops *ops;
	u32 refs;
	int flags;               /* O_ACCMODE, O_NONBLOCK, O_APPEND */
	struct epitem *watchers; /* epoll's (net/eventpoll.h) */
	union {
		struct sock *sk;
		struct eventpoll *ep;
		struct nfqnl_listener *nfq;
		struct stream *stream;
		struct {
			const u8 *data;
			size_t pos;
			u32 size, mtime;
		} ro; /* a file of the initrd */
	};
};

extern const struct file_ops sock_file_ops;

/* Descriptors 0, 1, 2. 0 or -ENOMEM. */
int files_init_stdio(struct process *p, const struct app_stdio *io);
void files_close_all(struct process *p);
void files_free(struct process *p);
int files_count(const struct process *p);

/* A file with one reference. NULL: no memory. */
struct file *file_create(const struct file_ops *ops, int flags);
void file_put(struct file *f);

/* Before f is waited for, softirqs enabled: its stream's owner may have to fetch what comes. */
void file_want(const struct file *f);

/* The stream behind f, NULL if it is none. Borrowed. */
struct stream *file_stream(const struct file *f);

/* The lowest free descriptor from min on for f, whose reference it takes, also on error. -EMFILE, -ENOMEM. */
int fd_install(struct file *f, int min);

/* The file behind fd, NULL if there is none. Any thread's context, softirqs disabled or not. */
static inline struct file *fd_lookup(const struct process *p, int fd)
{
	if (unlikely((u32)fd >= p->nr_slots))
		return NULL;
	return p->files[fd];
}

/* The same of the calling app; signals are handled, or end it: softirqs enabled, nothing held. */
static inline struct file *fd_file(int fd)
{
	struct process *p = current_process();

	process_check_signals(p);
	return fd_lookup(p, fd);
}

struct timespec;

/* -EINVAL, or when a wait of *ts from now on is over (ns; 0: do not wait, U64_MAX: never), as it is for ts NULL. */
int timespec_deadline(const struct timespec *ts, u64 *deadline);

/* What system calls end with: -E becomes errno and -1; an app that was asked to end ends. */
long sys_result_slow(long result);

static inline long sys_result(long result)
{
	return likely(result >= 0) ? result : sys_result_slow(result);
}
