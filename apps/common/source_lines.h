/* SPDX-License-Identifier: MIT */
/* What source sends and sink -c expects: the lines of RFC 864, 72 printable characters each, every one a character further. */
#pragma once

#include <stddef.h>

#define SOURCE_PERIOD (95 * 74) /* bytes after which they repeat */

/* The lines from any place in the period on, len bytes: the memory is SOURCE_PERIOD + len long. NULL: no memory. */
char *source_lines(size_t len);
