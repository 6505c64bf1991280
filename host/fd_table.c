/* SPDX-License-Identifier: MIT */
/* The table of descriptors. */
#include "host/fd_table.h"

#include <stdlib.h>
#include <string.h>

#include "lib/errno.h"

/* The world's. */
static struct {
	struct weir_file **files;
	int nr;
} table;

struct weir_file *fd_file(int fd)
{
	return fd >= 0 && fd < table.nr ? table.files[fd] : NULL;
}

struct weir_file *fd_sock(int fd, int *err)
{
	struct weir_file *f = fd_file(fd);

	*err = !f ? -EBADF : f->sk ? 0 : -ENOTSOCK;
	return f && f->sk ? f : NULL;
}

static int table_grow(int fd)
{
	int n = max(table.nr, 64);
	struct weir_file **files;

	if (fd >= FD_MAX)
		return -EMFILE;
	while (n <= fd)
		n *= 2;
	files = realloc(table.files, n * sizeof(struct weir_file *));
	if (!files)
		return -ENOMEM;
	memset(files + table.nr, 0, (n - table.nr) * sizeof(struct weir_file *));
	table.files = files;
	table.nr = n;
	return 0;
}

/* Takes f's reference, also on error. */
static int install(struct weir_file *f, int min)
{
	int fd = min, err;

	while (fd_file(fd))
		fd++;
	err = fd < table.nr ? 0 : table_grow(fd);
	if (err) {
		file_release(f);
		return err;
	}
	table.files[fd] = f;
	return fd;
}

static int install_new(struct sock *sk, struct eventpoll *ep, int flags)
{
	struct weir_file *f = calloc(1, sizeof(*f));

	if (!f) {
		if (sk)
			sock_close(sk);
		else
			ep_destroy(ep);
		return -ENOMEM;
	}
	*f = (struct weir_file){.refs = 1, .flags = flags, .sk = sk, .ep = ep};
	return install(f, FD_FIRST);
}

int fd_install_sock(struct sock *sk, int flags)
{
	return install_new(sk, NULL, flags);
}

int fd_install_ep(struct eventpoll *ep)
{
	return install_new(NULL, ep, 0);
}

int fd_dup(struct weir_file *f, int min)
{
	if (min < 0 || min >= FD_MAX)
		return -EINVAL;
	f->refs++;
	return install(f, max(min, FD_FIRST));
}

struct weir_file *fd_take(int fd)
{
	struct weir_file *f = fd_file(fd);

	if (f)
		table.files[fd] = NULL;
	return f;
}

void file_release(struct weir_file *f)
{
	if (--f->refs)
		return;
	ep_file_closed(&f->watchers);
	if (f->sk)
		sock_close(f->sk);
	else
		ep_destroy(f->ep);
	free(f);
}

u32 file_poll(const struct weir_file *f)
{
	return f->sk ? sock_poll(f->sk) : ep_poll(f->ep);
}

void file_poller_add(struct weir_file *f, struct sock_waiter *w)
{
	if (f->sk)
		sock_waiter_add(f->sk, w);
	else
		ep_poller_add(f->ep, w);
}

void file_poller_del(struct weir_file *f, struct sock_waiter *w)
{
	if (f->sk)
		sock_waiter_del(w);
	else
		ep_poller_del(w);
}

static u32 watched_poll(void *file)
{
	return file_poll(file);
}

static void watched_add(void *file, struct sock_waiter *w)
{
	file_poller_add(file, w);
}

static void watched_del(void *file, struct sock_waiter *w)
{
	file_poller_del(file, w);
}

static struct epitem **watched_by(void *file)
{
	return &((struct weir_file *)file)->watchers;
}

static struct eventpoll *nested_set(void *file)
{
	return ((struct weir_file *)file)->ep;
}

const struct ep_ops fd_ep_ops = {watched_poll, watched_add, watched_del, watched_by, nested_set};
