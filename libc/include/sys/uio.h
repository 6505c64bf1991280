/* SPDX-License-Identifier: MIT */
/* Vectors of buffers: POSIX's sys/uio.h. */
#pragma once

#include <sys/types.h>

#define IOV_MAX 1024

struct iovec {
	void *iov_base;
	size_t iov_len;
};

ssize_t readv(int fd, const struct iovec *iov, int n);
ssize_t writev(int fd, const struct iovec *iov, int n);
