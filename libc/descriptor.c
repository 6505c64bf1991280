/* SPDX-License-Identifier: MIT */
/* Tables of descriptors, the calls that work on any descriptor, and files that are streams. */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/mm.h"
#include "kernel/softirq.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "libc/descriptor.h"

#define FILES_FIRST 64 /* slots at the start; doubled, so whole words of taken bits */

long sys_result_slow(long result)
{
	struct process *p = current_process();

	process_check_signals(p);
	p->reent._errno = -result;
	return -1;
}

struct file *file_create(const struct file_ops *ops, int flags)
{
	struct file *f = kmalloc(sizeof(*f));

	if (f)
		*f = (struct file){.ops = ops, .refs = 1, .flags = flags};
	return f;
}

void file_put(struct file *f)
{
	if (--f->refs)
		return;
	if (f->watchers)
		ep_file_closed(&f->watchers);
	if (f->ops->release)
		f->ops->release(f);
	kfree(f);
}

/* A bit for each slot. */
static u64 *files_taken(const struct process *p)
{
	return (u64 *)(p->files + p->nr_slots);
}

/* The lowest free slot from fd on, perhaps beyond the table. */
static inline u32 files_free_slot(const struct process *p, u32 fd)
{
	while (fd < p->nr_slots) {
		u64 free = ~files_taken(p)[fd / 64] >> fd % 64;

		if (free)
			return fd + __builtin_ctzll(free);
		fd = (fd | 63) + 1;
	}
	return fd;
}

/* Doubles the table until it has slot fd. 0, -EMFILE, -ENOMEM. */
static noinline int files_grow(struct process *p, u32 fd)
{
	u32 n = max(p->nr_slots, (u32)FILES_FIRST);
	struct file **files, **old;

	if (fd >= FILES_MAX)
		return -EMFILE;
	while (n <= fd)
		n *= 2;
	files = kzalloc(n * sizeof(*files) + n / 8);
	if (!files)
		return -ENOMEM;
	if (p->nr_slots) {
		memcpy(files, p->files, p->nr_slots * sizeof(*files));
		memcpy(files + n, p->files + p->nr_slots, p->nr_slots / 8);
	}
	old = p->files;
	p->files = files; /* first: app_for_each() may look at any time */
	p->nr_slots = n;
	kfree(old);
	return 0;
}

static inline int files_put_in(struct process *p, u32 fd, struct file *f)
{
	p->files[fd] = f;
	files_taken(p)[fd / 64] |= 1ULL << fd % 64;
	return (int)fd;
}

static noinline int files_set_grown(struct process *p, u32 fd, struct file *f)
{
	int err = files_grow(p, fd);

	if (!err)
		return files_put_in(p, fd, f);
	file_put(f);
	return err;
}

/* Puts f, whose reference it takes, also on error, into slot fd. */
static inline int files_set(struct process *p, u32 fd, struct file *f)
{
	return likely(fd < p->nr_slots) ? files_put_in(p, fd, f) : files_set_grown(p, fd, f);
}

/* Empties slot fd; what was in it. */
static struct file *files_take(struct process *p, u32 fd)
{
	struct file *f = p->files[fd];

	p->files[fd] = NULL;
	files_taken(p)[fd / 64] &= ~(1ULL << fd % 64);
	p->fd_hint = min(p->fd_hint, fd);
	return f;
}

int fd_install(struct file *f, int min)
{
	struct process *p = current_process();
	bool first = (u32)min <= p->fd_hint;
	u32 fd = files_free_slot(p, first ? p->fd_hint : (u32)min);
	int set = files_set(p, fd, f);

	if (set >= 0 && first)
		p->fd_hint = fd + 1;
	return set;
}

void files_close_all(struct process *p)
{
	u32 fd;

	for (fd = 0; fd < p->nr_slots; fd++) {
		struct file *f = files_take(p, fd);

		if (f)
			file_put(f);
	}
}

void files_free(struct process *p)
{
	files_close_all(p);
	kfree(p->files);
	p->files = NULL;
	p->nr_slots = 0;
}

int files_count(const struct process *p)
{
	int n = 0;

	for (u32 fd = 0; fd < p->nr_slots; fd++)
		n += p->files[fd] != NULL;
	return n;
}

static long stream_file_read(struct file *f, void *buf, size_t len)
{
	return stream_read(f->stream, buf, len, f->flags & O_NONBLOCK);
}

static long stream_file_write(struct file *f, const void *buf, size_t len)
{
	return stream_write(f->stream, buf, len, f->flags & O_NONBLOCK);
}

static void stream_file_fstat(struct file *f, struct stat *st)
{
	st->st_mode = (f->stream->tty ? S_IFCHR : S_IFIFO) | 0600;
}

static u32 stream_file_poll(struct file *f)
{
	return stream_poll(f->stream);
}

static void stream_file_poller_add(struct file *f, struct sock_waiter *w)
{
	stream_poller_add(f->stream, w);
}

static void stream_file_poller_del(struct file *f __unused, struct sock_waiter *w)
{
	stream_poller_del(w);
}

static void stream_file_release(struct file *f)
{
	stream_put(f->stream);
}

static const struct file_ops stream_file_ops = {
	.read = stream_file_read,
	.write = stream_file_write,
	.fstat = stream_file_fstat,
	.poll = stream_file_poll,
	.poller_add = stream_file_poller_add,
	.poller_del = stream_file_poller_del,
	.release = stream_file_release,
};

void file_want(const struct file *f)
{
	struct stream *s = file_stream(f);

	if (s && s->ops->want)
		s->ops->want(s);
}

struct stream *file_stream(const struct file *f)
{
	return f->ops == &stream_file_ops ? f->stream : NULL;
}

static int files_set_stream(struct process *p, int fd, struct stream *s, int flags)
{
	struct file *f = file_create(&stream_file_ops, flags);
	int err;

	if (!f)
		return -ENOMEM;
	stream_get(s);
	f->stream = s;
	err = files_set(p, fd, f);
	return min(err, 0);
}

int files_init_stdio(struct process *p, const struct app_stdio *io)
{
	static const struct app_stdio none;
	int err;

	if (!io)
		io = &none;
	err = files_set_stream(p, 0, io->in ? io->in : null_stream(), O_RDONLY);
	if (!err)
		err = files_set_stream(p, 1, io->out ? io->out : console_stream(), O_WRONLY);
	if (!err)
		err = files_set_stream(p, 2, io->err ? io->err : console_stream(), O_RDWR);
	return err;
}

_READ_WRITE_RETURN_TYPE read(int fd, void *buf, size_t len)
{
	struct file *f = fd_file(fd);

	if (!f || (f->flags & O_ACCMODE) == O_WRONLY || !f->ops->read)
		return sys_result(-EBADF);
	return sys_result(f->ops->read(f, buf, len));
}

_READ_WRITE_RETURN_TYPE write(int fd, const void *buf, size_t len)
{
	struct file *f = fd_file(fd);

	if (!f || (f->flags & O_ACCMODE) == O_RDONLY || !f->ops->write)
		return sys_result(-EBADF);
	return sys_result(f->ops->write(f, buf, len));
}

int close(int fd)
{
	struct file *f = fd_file(fd);

	if (!f)
		return sys_result(-EBADF);
	file_put(files_take(current_process(), fd));
	return 0;
}

off_t lseek(int fd, off_t offset, int whence)
{
	struct file *f = fd_file(fd);

	if (!f)
		return sys_result(-EBADF);
	return sys_result(f->ops->lseek ? f->ops->lseek(f, offset, whence) : -ESPIPE);
}

int fstat(int fd, struct stat *st)
{
	struct file *f = fd_file(fd);

	if (!f)
		return sys_result(-EBADF);
	memset(st, 0, sizeof(*st));
	st->st_nlink = 1;
	st->st_blksize = 1024;
	f->ops->fstat(f, st);
	return 0;
}

int isatty(int fd)
{
	struct file *f = fd_file(fd);

	if (!f)
		return sys_result(-EBADF) + 1;
	if (f->ops != &stream_file_ops || !f->stream->tty)
		return sys_result(-ENOTTY) + 1;
	return 1;
}

int dup(int fd)
{
	return fcntl(fd, F_DUPFD, 0);
}

int dup2(int fd, int to)
{
	struct process *p = current_process();
	struct file *f = fd_file(fd), *old;

	if (!f || to < 0 || to >= FILES_MAX)
		return sys_result(-EBADF);
	old = fd_file(to);
	if (old == f)
		return to;
	f->refs++;
	if (old) {
		file_put(files_take(p, to));
	}
	return sys_result(files_set(p, to, f));
}

static int file_fcntl(struct file *f, int cmd, int arg)
{
	const int changeable = O_NONBLOCK | O_APPEND;

	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC: /* there is no exec() */
		if (arg < 0 || arg >= FILES_MAX)
			return -EINVAL;
		f->refs++;
		return fd_install(f, arg);
	case F_GETFD:
		return FD_CLOEXEC;
	case F_SETFD:
		return arg & ~FD_CLOEXEC ? -EINVAL : 0;
	case F_GETFL:
		return f->flags;
	case F_SETFL:
		f->flags = (f->flags & ~changeable) | (arg & changeable);
		return 0;
	default:
		return -EINVAL;
	}
}

int fcntl(int fd, int cmd, ...)
{
	struct file *f = fd_file(fd);
	va_list ap;
	int arg;

	va_start(ap, cmd);
	arg = va_arg(ap, int); /* the commands that take none do not look at it */
	va_end(ap);
	return sys_result(f ? file_fcntl(f, cmd, arg) : -EBADF);
}

int ioctl(int fd, unsigned long request, ...)
{
	struct file *f = fd_file(fd);
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!f)
		return sys_result(-EBADF);
	if (request == FIONBIO) {
		f->flags = *(int *)arg ? f->flags | O_NONBLOCK : f->flags & ~O_NONBLOCK;
		return 0;
	}
	return sys_result(f->ops->ioctl ? f->ops->ioctl(f, request, arg) : -ENOTTY);
}
