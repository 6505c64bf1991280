/* SPDX-License-Identifier: MIT */
/* The one file that programs can write: /etc/resolv.conf, unless the initrd has one. Small, in memory, for all of them. */
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/errno.h"
#include "lib/string.h"
#include "libc/descriptor.h"
#include "libc/resolver.h"

static struct {
	char text[512];
	size_t size;
	bool exists;
} conf;

static long conf_read(struct file *f, void *buf, size_t len)
{
	size_t n = f->ro.pos < conf.size ? min(len, conf.size - f->ro.pos) : 0;

	memcpy(buf, conf.text + f->ro.pos, n);
	f->ro.pos += n;
	return n;
}

static long conf_write(struct file *f, const void *buf, size_t len)
{
	size_t n;

	if (f->flags & O_APPEND)
		f->ro.pos = conf.size;
	n = min(len, sizeof(conf.text) - f->ro.pos);
	if (!n && len)
		return -ENOSPC;
	memcpy(conf.text + f->ro.pos, buf, n);
	f->ro.pos += n;
	conf.size = max(conf.size, f->ro.pos);
	return n;
}

static void conf_fstat(struct file *f __unused, struct stat *st)
{
	st->st_mode = S_IFREG | 0644;
	st->st_size = conf.size;
}

static const struct file_ops conf_file_ops = {
	.read = conf_read, .write = conf_write, .fstat = conf_fstat};

int resolv_conf_open(int flags)
{
	struct file *f;

	if (!conf.exists && !(flags & O_CREAT))
		return -ENOENT;
	if (conf.exists && flags & O_CREAT && flags & O_EXCL)
		return -EEXIST;
	f = file_create(&conf_file_ops, flags & (O_ACCMODE | O_APPEND));
	if (!f)
		return -ENOMEM;
	conf.exists = true;
	if (flags & O_TRUNC && (flags & O_ACCMODE) != O_RDONLY)
		conf.size = 0;
	return fd_install(f, 0);
}
