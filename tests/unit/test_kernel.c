/* SPDX-License-Identifier: MIT */
/* The kernel's pure logic: buddy allocator, command line, initrd, ChaCha20. */
#include <stdio.h>
#include <stdlib.h>

#include "kernel/chacha.h"
#include "kernel/cmdline.h"
#include "kernel/mm.h"
#include "kernel/page_alloc.h"
#include "tests/unit/harness.h"

/* ---- buddy */

#define BUDDY_PAGES 2048

struct buddy_world {
	struct buddy b;
	u8 kind[BUDDY_PAGES], owner[BUDDY_PAGES];
	u8 *memory;
};

static struct buddy_world *buddy_world(u64 first, u64 n)
{
	struct buddy_world *w = calloc(1, sizeof(*w));

	w->memory = aligned_alloc(PAGE_SIZE << PAGE_MAX_ORDER, BUDDY_PAGES * PAGE_SIZE);
	buddy_init(&w->b, w->memory, w->kind, BUDDY_PAGES);
	buddy_add(&w->b, first, n);
	return w;
}

static void buddy_world_free(struct buddy_world *w)
{
	free(w->memory);
	free(w);
}

/* Marks the block's pages with id (0: free); fails if any was somebody's. */
static void own(struct buddy_world *w, u8 *p, unsigned int order, u8 id)
{
	u64 first = (u64)(p - w->memory) / PAGE_SIZE;

	cr_assert_eq(first % (1UL << order), 0, "not aligned");
	for (u64 i = first; i < first + (1UL << order); i++) {
		cr_assert(!id || !w->owner[i], "page %lu is given out twice", i);
		w->owner[i] = id;
	}
}

WEIR_TEST(buddy, random_use_never_overlaps_and_comes_back_whole)
{
	struct buddy_world *w = buddy_world(3, BUDDY_PAGES - 10);
	u8 *blocks[64] = {0};
	unsigned int orders[64];

	srand(1);
	for (int step = 0; step < 50000; step++) {
		int i = rand() % 64;

		if (blocks[i]) {
			own(w, blocks[i], orders[i], 0);
			cr_assert(buddy_free(&w->b, blocks[i], orders[i]));
			blocks[i] = NULL;
			continue;
		}
		orders[i] = (unsigned int)(rand() % 7);
		blocks[i] = buddy_alloc(&w->b, orders[i]);
		if (blocks[i])
			own(w, blocks[i], orders[i], (u8)(i + 1));
	}
	for (int i = 0; i < 64; i++)
		if (blocks[i])
			cr_assert(buddy_free(&w->b, blocks[i], orders[i]));
	cr_assert_eq(w->b.free, BUDDY_PAGES - 10);
	cr_assert_not_null(buddy_alloc(&w->b, 9), "halves did not join");
	buddy_world_free(w);
}

WEIR_TEST(buddy, exhaustion_is_null_and_wrong_frees_are_refused)
{
	struct buddy_world *w = buddy_world(0, 8);
	u8 *p = buddy_alloc(&w->b, 3), *q;

	cr_assert_eq(p, w->memory);
	cr_assert_null(buddy_alloc(&w->b, 0));
	cr_assert(!buddy_free(&w->b, p, 2), "other order");
	cr_assert(!buddy_free(&w->b, p + PAGE_SIZE, 0), "inside a block");
	cr_assert(!buddy_free(&w->b, p + 1, 3), "not a page");
	cr_assert(!buddy_free(&w->b, w->memory + 100 * PAGE_SIZE, 0), "not ours");
	cr_assert(buddy_free(&w->b, p, 3));
	cr_assert(!buddy_free(&w->b, p, 3), "twice");
	q = buddy_alloc(&w->b, 0);
	cr_assert(!buddy_free(&w->b, q + PAGE_SIZE, 0), "its free neighbour");
	cr_assert_eq(w->b.free, 7);
	buddy_world_free(w);
}

/* ---- command line */

static const struct {
	const char *line, *name, *want;
	unsigned int nth;
} cmdlines[] = {
	{"", "rc", NULL, 0},
	{"rc=a", "rc", "a", 0},
	{"  loglevel=7   rc=\"ip addr add 10.0.0.2/24 dev eth0\"  ", "rc",
	 "ip addr add 10.0.0.2/24 dev eth0", 0},
	{"\"rc=in quotes whole\" loglevel=3", "rc", "in quotes whole", 0},
	{"rc=\"say \\\"hi\\\" and \\\\\"", "rc", "say \"hi\" and \\", 0},
	{"rc=one rc=two", "rc", "two", 1},
	{"rc=one rc=two", "rc", NULL, 2},
	{"rc", "rc", "", 0},
	{"rc=", "rc", "", 0},
	{"rc=\"not closed; x", "rc", "not closed; x", 0},
	{"rc=\"not closed; x virtio_mmio.device=1 virtio_mmio.device=2", "rc", "not closed; x", 0},
	{"rc=\"not closed; x virtio_mmio.device=1 virtio_mmio.device=2", "virtio_mmio.device", "2",
	 1},
	{"rc=\"closed; virtio_mmio.device=1\" loglevel=2", "rc", "closed; virtio_mmio.device=1", 0},
	{"rc=\"trailing \\", "rc", "trailing \\", 0},
	{"rc=a=b", "rc", "a=b", 0},
	{"rcx=1", "rc", NULL, 0},
	{"virtio_mmio.device=512@0xfeb00e00:12\trc=t", "rc", "t", 0},
};

WEIR_TEST(cmdline, words_and_quotes)
{
	for (size_t i = 0; i < ARRAY_SIZE(cmdlines); i++) {
		char line[256];
		const char *got;

		snprintf(line, sizeof(line), "%s", cmdlines[i].line);
		cmdline_init(line);
		got = cmdline_get(cmdlines[i].name, cmdlines[i].nth);
		if (!cmdlines[i].want)
			cr_assert_null(got, "row %zu: got '%s'", i, got);
		else
			cr_assert_str_eq(got, cmdlines[i].want, "row %zu: got '%s'", i, got);
	}
}

WEIR_TEST(cmdline, more_words_than_are_kept)
{
	char line[4096] = "";

	for (int i = 0; i < 200; i++)
		snprintf(line + strlen(line), 16, "rc=%d ", i);
	cmdline_init(line);
	cr_assert_str_eq(cmdline_get("rc", CMDLINE_WORDS - 1), "63");
	cr_assert_null(cmdline_get("rc", CMDLINE_WORDS));
}

/* ---- initrd */

static size_t cpio_member(char *at, const char *name, unsigned int mode, const char *data)
{
	size_t len = strlen(data), n;

	n = (size_t)sprintf(at, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x%s", 1,
			    mode, 0, 0, 1, 1700000000, len, 0, 0, 0, 0, strlen(name) + 1, 0, name) +
	    1;
	while (n % 4)
		at[n++] = 0;
	memcpy(at + n, data, len);
	for (n += len; n % 4; n++)
		at[n] = 0;
	return n;
}

static size_t cpio_example(char *buf)
{
	size_t n = cpio_member(buf, ".", 040755, "");

	n += cpio_member(buf + n, "./rc", 0100644, "ip link set lo up\n");
	n += cpio_member(buf + n, "www/index.html", 0100644, "hello");
	return n + cpio_member(buf + n, "TRAILER!!!", 0, "");
}

WEIR_TEST(initrd, files_are_found)
{
	char buf[2048];
	size_t size, n = cpio_example(buf);
	const char *path;
	const void *data;

	initrd_init(buf, n);
	data = initrd_file("rc", &size);
	cr_assert_not_null(data);
	cr_assert_eq(size, 18);
	cr_assert_eq(memcmp(data, "ip link set lo up\n", 18), 0);
	cr_assert(initrd_nth(1, &path, &data, &size));
	cr_assert_str_eq(path, "www/index.html");
	cr_assert(!initrd_nth(2, &path, &data, &size));
	cr_assert_null(initrd_file("index.html", &size));
	cr_assert_eq(initrd_mtime("rc"), 1700000000);
	cr_assert_eq(initrd_mtime("index.html"), 0);
}

/* Cut anywhere, or with any byte changed, it is read without a look outside (ASan), and what it names lies inside. */
WEIR_TEST(initrd, hostile_archives)
{
	char buf[2048];
	size_t n = cpio_example(buf), size;

	for (size_t cut = 0; cut < n; cut++) {
		char *copy = malloc(cut ? cut : 1);

		memcpy(copy, buf, cut);
		initrd_init(copy, cut);
		free(copy);
	}
	for (size_t at = 0; at < n; at++) {
		static const char bad[] = {0, 'f', '9', (char)0xff};

		for (size_t i = 0; i < sizeof(bad); i++) {
			char *copy = malloc(n);
			const char *path;
			const void *data;

			memcpy(copy, buf, n);
			copy[at] = bad[i];
			initrd_init(copy, n);
			for (unsigned int f = 0; initrd_nth(f, &path, &data, &size); f++)
				cr_assert((const char *)data >= copy &&
					  (const char *)data + size <= copy + n);
			free(copy);
		}
	}
	initrd_init(NULL, 0);
}

/* ---- ChaCha20: RFC 8439 s2.3.2 */

WEIR_TEST(chacha20, rfc8439_block)
{
	static const u8 want_head[] = {0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15};
	static const u8 want_tail[] = {0xa2, 0x50, 0x3c, 0x4e};
	u32 state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
	u8 key[32], out[64];

	for (u8 i = 0; i < 32; i++)
		key[i] = i;
	memcpy(state + 4, key, 32);
	state[12] = 1;
	state[13] = 0x09000000;
	state[14] = 0x4a000000;
	chacha20_block(state, out);
	cr_assert_eq(memcmp(out, want_head, sizeof(want_head)), 0);
	cr_assert_eq(memcmp(out + 60, want_tail, sizeof(want_tail)), 0);
}
