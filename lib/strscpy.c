/* SPDX-License-Identifier: MIT */
/* The one string function of lib/string.h that no C library has: part of both platforms. */
#include "lib/errno.h"
#include "lib/string.h"

long strscpy(char *dst, const char *src, size_t size)
{
	size_t len = strnlen(src, size);

	if (!size)
		return -E2BIG;
	if (len < size) {
		memcpy(dst, src, len + 1);
		return len;
	}
	memcpy(dst, src, size - 1);
	dst[size - 1] = 0;
	return -E2BIG;
}
