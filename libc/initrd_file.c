/* SPDX-License-Identifier: MIT */
/* Files: those of the initrd, to read, by their paths; and /dev/null. There is no other file system. */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/cmdline.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "libc/descriptor.h"
#include "libc/resolver.h"

static long initrd_read(struct file *f, void *buf, size_t len)
{
	size_t n = f->ro.pos < f->ro.size ? min(len, (size_t)f->ro.size - f->ro.pos) : 0;

	memcpy(buf, f->ro.data + f->ro.pos, n);
	f->ro.pos += n;
	return n;
}

static long initrd_lseek(struct file *f, long offset, int whence)
{
	long base, to;

	if (whence == SEEK_SET)
		base = 0;
	else if (whence == SEEK_CUR)
		base = f->ro.pos;
	else if (whence == SEEK_END)
		base = f->ro.size;
	else
		return -EINVAL;
	if (__builtin_add_overflow(base, offset, &to))
		return -EOVERFLOW;
	if (to < 0)
		return -EINVAL;
	f->ro.pos = to;
	return to;
}

static void initrd_fstat(struct file *f, struct stat *st)
{
	st->st_mode = S_IFREG | 0444;
	st->st_size = f->ro.size;
	st->st_mtime = f->ro.mtime;
}

static const struct file_ops initrd_file_ops = {
	.read = initrd_read,
	.lseek = initrd_lseek,
	.fstat = initrd_fstat,
};

static long null_read(struct file *f __unused, void *buf __unused, size_t len __unused)
{
	return 0;
}

static long null_write(struct file *f __unused, const void *buf __unused, size_t len)
{
	return len;
}

static void null_fstat(struct file *f __unused, struct stat *st)
{
	st->st_mode = S_IFCHR | 0666;
}

static const struct file_ops null_file_ops = {
	.read = null_read,
	.write = null_write,
	.fstat = null_fstat,
};

static const char *without_slashes(const char *path)
{
	while (*path == '/' || (path[0] == '.' && path[1] == '/'))
		path += *path == '/' ? 1 : 2;
	return path;
}

static long open_path(const char *path, int flags)
{
	const bool is_null = !strcmp(path, "/dev/null");
	struct file *f;
	const void *data;
	size_t size;

	if (!*path)
		return -ENOENT;
	data = is_null ? path : initrd_file(without_slashes(path), &size);
	if (!data && !strcmp(path, RESOLV_CONF))
		return resolv_conf_open(flags);
	if (!data)
		return flags & O_CREAT ? -EROFS : -ENOENT;
	if (!is_null && (flags & O_ACCMODE) != O_RDONLY)
		return -EROFS;
	if (flags & O_CREAT && flags & O_EXCL)
		return -EEXIST;
	f = file_create(is_null ? &null_file_ops : &initrd_file_ops,
			flags & (O_ACCMODE | O_NONBLOCK | O_APPEND));
	if (!f)
		return -ENOMEM;
	if (!is_null) {
		f->ro.data = data;
		f->ro.size = size;
		f->ro.mtime = initrd_mtime(without_slashes(path));
	}
	return fd_install(f, 0);
}

int open(const char *path, int flags, ...)
{
	process_check_signals(current_process());
	return sys_result(open_path(path, flags));
}

int stat(const char *path, struct stat *st)
{
	struct file f = {.flags = O_RDONLY};
	size_t size = 0;
	const void *data = *path ? initrd_file(without_slashes(path), &size) : NULL;

	if (!data && strcmp(path, "/dev/null"))
		return sys_result(-ENOENT);
	f.ro.size = size;
	memset(st, 0, sizeof(*st));
	st->st_nlink = 1;
	f.ro.mtime = initrd_mtime(without_slashes(path));
	if (data)
		initrd_fstat(&f, st);
	else
		null_fstat(&f, st);
	return 0;
}

int access(const char *path, int mode)
{
	struct stat st = {.st_mode = 0};

	if (stat(path, &st))
		return -1;
	if (mode & W_OK && S_ISREG(st.st_mode))
		return sys_result(-EROFS);
	return mode & X_OK ? sys_result(-EACCES) : 0;
}

/* What would change the file system is refused. */
int unlink(const char *path)
{
	struct stat st;

	return stat(path, &st) ? -1 : (int)sys_result(-EROFS);
}

int link(const char *from, const char *to __unused)
{
	return unlink(from);
}

int mkdir(const char *path __unused, mode_t mode __unused)
{
	return sys_result(-EROFS);
}
