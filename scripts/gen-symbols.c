/* SPDX-License-Identifier: MIT */
/*
 * nm -n ELF | gen-symbols: prints the assembly of the table of function names that kernel/symbols.c reads.
 * From no input: an empty table, for the first link.
 *
 * Where functions begin: the distance from the one before, seven bits a byte, the lowest first, 0x80 in all but the
 * last. Their names, each ended by 0, are one text; again and again the two neighbours that meet most often become
 * one new code (byte-pair encoding), while codes last.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_BASE   0xffffffff80000000
#define SYMBOLS_MAX  16384
#define TEXT_MAX     (1 << 20)
#define CODES        256
#define DEPTH_MAX    24 /* kernel/symbols.c: SYMBOL_DEPTH */
#define MEETINGS_MIN 3  /* fewer do not pay */

static uint64_t start[SYMBOLS_MAX];
static unsigned int nr_symbols;
static unsigned char text[TEXT_MAX];
static size_t text_len;
/* What a code stands for: two codes, or (second is the code itself) a character. */
static unsigned char pair[CODES][2];
static unsigned int depth[CODES];

static void die(const char *why)
{
	fprintf(stderr, "gen-symbols: %s\n", why);
	exit(1);
}

static void take(uint64_t at, const char *name)
{
	size_t len = strlen(name) + 1;

	if (nr_symbols && at == start[nr_symbols - 1])
		return;
	if (nr_symbols == SYMBOLS_MAX || text_len + len > TEXT_MAX)
		die("too many symbols");
	start[nr_symbols++] = at;
	memcpy(text + text_len, name, len);
	text_len += len;
}

/* Functions, by their addresses; what the assembler and the linker script named is none. */
static void read_symbols(void)
{
	unsigned long at;
	char line[512], type, name[400];

	while (fgets(line, sizeof(line), stdin))
		if (sscanf(line, "%lx %c %399s", &at, &type, name) == 3 &&
		    (type == 't' || type == 'T') && !strchr(".$", name[0]) &&
		    strncmp(name, "image_", 6) != 0)
			take(at, name);
}

/* The two that meet most often; how often. */
static unsigned int best_pair(unsigned char best[2])
{
	static unsigned int meet[CODES][CODES];
	unsigned int most = 0;

	memset(meet, 0, sizeof(meet));
	for (size_t i = 0; i + 1 < text_len; i++)
		meet[text[i]][text[i + 1]]++;
	for (unsigned int a = 0; a < CODES; a++)
		for (unsigned int b = 0; b < CODES; b++)
			if (meet[a][b] > most && depth[a] < DEPTH_MAX && depth[b] < DEPTH_MAX) {
				most = meet[a][b];
				best[0] = (unsigned char)a;
				best[1] = (unsigned char)b;
			}
	return most;
}

static void replace(const unsigned char two[2], unsigned char code)
{
	size_t to = 0;

	for (size_t i = 0; i < text_len; i++) {
		if (i + 1 < text_len && text[i] == two[0] && text[i + 1] == two[1]) {
			text[to++] = code;
			i++;
		} else {
			text[to++] = text[i];
		}
	}
	text_len = to;
}

static void compress(void)
{
	unsigned char two[2];
	bool character[CODES] = {true};

	for (unsigned int code = 0; code < CODES; code++)
		pair[code][0] = pair[code][1] = (unsigned char)code;
	for (size_t i = 0; i < text_len; i++)
		character[text[i]] = true;
	for (unsigned int code = 0; code < CODES; code++) {
		if (character[code])
			continue;
		if (best_pair(two) < MEETINGS_MIN)
			break;
		replace(two, (unsigned char)code);
		memcpy(pair[code], two, 2);
		depth[code] = 1 + (depth[two[0]] > depth[two[1]] ? depth[two[0]] : depth[two[1]]);
	}
}

static void print_bytes(const char *name, const unsigned char *bytes, size_t n)
{
	printf("%s:\n", name);
	for (size_t i = 0; i < n; i++)
		printf("%s%u%s", i % 32 ? "," : "\t.byte ", bytes[i],
		       i % 32 == 31 || i + 1 == n ? "\n" : "");
}

static void print_starts(void)
{
	uint64_t last = IMAGE_BASE;

	printf("symbols_starts:\n");
	for (unsigned int i = 0; i < nr_symbols; i++) {
		uint64_t distance = start[i] - last;

		for (; distance > 0x7f; distance >>= 7)
			printf("\t.byte %u\n", (unsigned int)(distance & 0x7f) | 0x80);
		printf("\t.byte %u\n", (unsigned int)distance);
		last = start[i];
	}
}

int main(void)
{
	read_symbols();
	compress();
	printf("\t.section .symbols, \"a\"\n\t.balign 4\n"
	       "\t.globl symbols_count, symbols_starts, symbols_pairs, symbols_names\n"
	       "symbols_count:\t.long %u\n",
	       nr_symbols);
	print_starts();
	print_bytes("symbols_pairs", pair[0], nr_symbols ? sizeof(pair) : 0);
	print_bytes("symbols_names", text, text_len);
	printf("\t.section .note.GNU-stack, \"\", @progbits\n");
	return 0;
}
