/* SPDX-License-Identifier: MIT */
/*
 * The kernel command line: any text. Every word found lies within the line and can be asked for by
 * its name.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/cmdline.h"
#include "tests/fuzz/lab.h"

static const char *line_start;
static size_t line_len;

static void inside(const char *p)
{
	if (*p && (p < line_start || p + strlen(p) > line_start + line_len))
		abort();
}

static void look_up(void *arg, const char *name, const char *value, unsigned int col)
{
	unsigned int *last = arg;

	if (col <= *last || col > line_len)
		abort();
	*last = col;
	inside(name);
	inside(value);
	if (!cmdline_get(name, 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1);
	unsigned int last = 0;

	if (!line)
		return 0;
	memcpy(line, data, size);
	line[size] = 0;
	line_start = line;
	line_len = strlen(line);
	cmdline_init(line);
	cmdline_for_each(look_up, &last);
	free(line);
	return 0;
}
