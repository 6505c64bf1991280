/* SPDX-License-Identifier: MIT */
/*
 * Names of functions, from the table that scripts/gen-symbols.c makes of the first link and the second embeds:
 * how many; where each begins, as distances; what codes stand for; the names in that order, in codes.
 *
 * Everything is looked for from the first on: this is for dying machines, and spares tables of where things begin.
 */
#include "kernel/arch.h"
#include "kernel/panic.h"

#define SYMBOL_DEPTH \
	32 /* codes that wait while another is taken apart: more than the generator nests */

extern const u32 symbols_count;
extern const u8 symbols_starts[];
extern const u8 symbols_pairs[][2];
extern const u8 symbols_names[];
extern char image_text_end[];

static u32 next_distance(const u8 **p)
{
	u32 v = 0, shift = 0;

	for (; **p & 0x80; shift += 7)
		v |= (u32)(*(*p)++ & 0x7f) << shift;
	return v | (u32) * (*p)++ << shift;
}

/* Name number nth, as far as it fits. */
static void write_name(u32 nth, char *name, size_t size)
{
	const u8 *p = symbols_names;
	u8 wait[SYMBOL_DEPTH];
	u32 waiting = 0;
	size_t n = 0;

	for (;;) {
		u8 c = waiting ? wait[--waiting] : *p++;

		while (symbols_pairs[c][1] != c && waiting < SYMBOL_DEPTH) {
			wait[waiting++] = symbols_pairs[c][1];
			c = symbols_pairs[c][0];
		}
		if (!c && !nth--)
			break;
		if (!c)
			n = 0;
		else if (n + 1 < size)
			name[n++] = (char)c;
	}
	name[n] = 0;
}

bool symbol_find(u64 addr, char *name, size_t size, u64 *offset)
{
	u64 at = addr - ARCH_IMAGE_BASE, start, next;
	const u8 *p = symbols_starts;
	u32 i = 0;

	if (addr < ARCH_IMAGE_BASE || addr >= (u64)image_text_end || !symbols_count)
		return false;
	start = next_distance(&p);
	if (at < start)
		return false;
	while (i + 1 < symbols_count && (next = start + next_distance(&p)) <= at) {
		start = next;
		i++;
	}
	if (size)
		write_name(i, name, size);
	*offset = at - start;
	return true;
}
