/* SPDX-License-Identifier: MIT */
/* The initrd: any bytes. Every file found lies within the archive and is found by its name. */
#include <stdlib.h>
#include <string.h>

#include "kernel/cmdline.h"
#include "tests/fuzz/lab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *archive = malloc(size ? size : 1);
	const char *path;
	const void *file;
	size_t len, sum = 0;

	if (!archive)
		return 0;
	memcpy(archive, data, size);
	initrd_init(archive, size);
	for (unsigned int n = 0; initrd_nth(n, &path, &file, &len); n++) {
		const u8 *p = file;

		if (p < archive || p > archive + size || len > (size_t)(archive + size - p))
			abort();
		for (size_t i = 0; i < len; i++)
			sum += p[i];
		if (!initrd_file(path, &len))
			abort();
	}
	initrd_init(NULL, 0);
	free(archive);
	return sum == SIZE_MAX;
}
