/* SPDX-License-Identifier: MIT */
/*
 * Names of functions, from the table that scripts/gen-symbols.sh makes of the first link and the second embeds:
 * how many; where each begins, from the image's start, ascending; their names, in that order, each ended by 0.
 */
#include "kernel/arch.h"
#include "kernel/panic.h"
#include "lib/string.h"

extern const u32 symbols_count;
extern const u32 symbols_start[];
extern const char symbols_names[];
extern char image_text_end[];

bool symbol_find(u64 addr, const char **name, u64 *offset)
{
	u64 at = addr - ARCH_IMAGE_BASE;
	const char *n = symbols_names;
	u32 i = 0;

	if (addr >= (u64)image_text_end || !symbols_count || at < symbols_start[0])
		return false;
	/* From the first on: this is for dying machines, and spares a table of where names begin. */
	for (; i + 1 < symbols_count && symbols_start[i + 1] <= at; i++)
		n += strlen(n) + 1;
	*name = n;
	*offset = at - symbols_start[i];
	return true;
}
