/* SPDX-License-Identifier: MIT */
/*
 * Names of functions, from the table that scripts/gen-symbols.sh makes of the first link and the second embeds:
 * how many; where each begins, from the image's start, ascending; frequent words; the names in that order, each
 * ended by 0, in which a byte from WORD on stands for a word.
 *
 * Everything is looked for from the first on: this is for dying machines, and spares tables of where things begin.
 */
#include "kernel/arch.h"
#include "kernel/panic.h"
#include "lib/string.h"

#define WORD 0x81

extern const u32 symbols_count;
extern const u32 symbols_start[];
extern const char symbols_words[];
extern const char symbols_names[];
extern char image_text_end[];

static const char *nth_string(const char *s, u32 n)
{
	while (n--)
		s += strlen(s) + 1;
	return s;
}

static void expand(const char *coded, char *name, size_t size)
{
	size_t n = 0;

	for (; *coded; coded++) {
		u8 c = (u8)*coded;
		const char one[2] = {*coded, 0};
		const char *text = c >= WORD ? nth_string(symbols_words, c - WORD) : one;

		while (*text && n + 1 < size)
			name[n++] = *text++;
	}
	name[n] = 0;
}

bool symbol_find(u64 addr, char *name, size_t size, u64 *offset)
{
	u64 at = addr - ARCH_IMAGE_BASE;
	u32 i = 0;

	if (addr >= (u64)image_text_end || !symbols_count || at < symbols_start[0])
		return false;
	while (i + 1 < symbols_count && symbols_start[i + 1] <= at)
		i++;
	if (size)
		expand(nth_string(symbols_names, i), name, size);
	*offset = at - symbols_start[i];
	return true;
}
