/* SPDX-License-Identifier: MIT */
#include "apps/common/source_lines.h"

#include <stdlib.h>

#define LINE  74 /* with CR LF */
#define CHARS 95 /* printable ones, from space on */

char *source_lines(size_t len)
{
	size_t i, all = SOURCE_PERIOD + len;
	char *lines = malloc(all);

	for (i = 0; lines && i < all; i++) {
		size_t line = i / LINE, column = i % LINE;

		if (column < LINE - 2)
			lines[i] = ' ' + (line + column) % CHARS;
		else
			lines[i] = column == LINE - 2 ? '\r' : '\n';
	}
	return lines;
}
