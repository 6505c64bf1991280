/* SPDX-License-Identifier: MIT */
/* The names of errors, in glibc's words: the Linux tools print them so. */
#include "lib/errno.h"
#include "net/ctl/tool.h"

const char *ctl_strerror(int err)
{
	static const struct {
		int err;
		const char *text;
	} texts[] = {
		{EPERM, "Operation not permitted"},
		{ENOENT, "No such file or directory"},
		{ESRCH, "No such process"},
		{EINTR, "Interrupted system call"},
		{EIO, "Input/output error"},
		{E2BIG, "Argument list too long"},
		{EAGAIN, "Resource temporarily unavailable"},
		{ENOMEM, "Cannot allocate memory"},
		{EACCES, "Permission denied"},
		{EFAULT, "Bad address"},
		{EBUSY, "Device or resource busy"},
		{EEXIST, "File exists"},
		{ENODEV, "No such device"},
		{EINVAL, "Invalid argument"},
		{ENFILE, "Too many open files in system"},
		{ENOSPC, "No space left on device"},
		{ERANGE, "Numerical result out of range"},
		{ENOBUFS, "No buffer space available"},
		{EOPNOTSUPP, "Operation not supported"},
		{EADDRINUSE, "Address already in use"},
		{EADDRNOTAVAIL, "Cannot assign requested address"},
		{ENETDOWN, "Network is down"},
		{ENETUNREACH, "Network is unreachable"},
		{EHOSTUNREACH, "No route to host"},
		{ETIMEDOUT, "Connection timed out"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (texts[i].err == -err)
			return texts[i].text;
	}
	return "Unknown error";
}
