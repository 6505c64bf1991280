/* SPDX-License-Identifier: MIT */
/* The boot's memory map: every way firmware can be untidy, and memory cut off it. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/bootmem.h"
#include "lib/errno.h"

#define KIB 1024ULL
#define MIB (1024ULL * KIB)

enum { R = BOOT_MEM_RESERVED, U = BOOT_MEM_USABLE, K = BOOT_MEM_KERNEL, A = BOOT_MEM_ACPI };

struct map_case {
	const char *name;
	struct boot_mem in[6], out[6]; /* size 0 ends */
};

static void fill(struct boot_info *bi, const struct boot_mem *in)
{
	memset(bi, 0, sizeof(*bi));
	for (int i = 0; i < 6 && in[i].size; i++)
		bi->memmap[bi->nr_memmap++] = in[i];
}

static void expect(const char *name, const struct boot_info *bi, const struct boot_mem *out)
{
	u32 n = 0;

	while (n < 6 && out[n].size)
		n++;
	for (u32 i = 0; i < bi->nr_memmap; i++)
		cr_log_info("%s: %lx + %lx type %lu", name, bi->memmap[i].addr, bi->memmap[i].size,
			    bi->memmap[i].type);
	cr_assert_eq(bi->nr_memmap, n, "%s: %u entries, %u expected", name, bi->nr_memmap, n);
	for (u32 i = 0; i < n; i++) {
		cr_assert_eq(bi->memmap[i].addr, out[i].addr, "%s: addr of entry %u", name, i);
		cr_assert_eq(bi->memmap[i].size, out[i].size, "%s: size of entry %u", name, i);
		cr_assert_eq(bi->memmap[i].type, out[i].type, "%s: type of entry %u", name, i);
	}
}

static const struct map_case init_cases[] = {
	{"sorted", {{16 * MIB, MIB, U}, {MIB, MIB, U}}, {{MIB, MIB, U}, {16 * MIB, MIB, U}}},
	{"page zero goes", {{0, 640 * KIB, U}}, {{4 * KIB, 636 * KIB, U}}},
	{"cut to pages", {{MIB + 1, MIB, U}}, {{MIB + 4 * KIB, MIB - 4 * KIB, U}}},
	{"less than a page goes", {{MIB + 1, 4 * KIB, U}}, {{0}}},
	{"neighbours join", {{MIB, MIB, U}, {2 * MIB, MIB, U}}, {{MIB, 2 * MIB, U}}},
	{"usable overlap joins", {{MIB, 2 * MIB, U}, {2 * MIB, 2 * MIB, U}}, {{MIB, 3 * MIB, U}}},
	{"reserved in the middle wins",
	 {{MIB, 4 * MIB, U}, {2 * MIB, MIB, R}},
	 {{MIB, MIB, U}, {2 * MIB, MIB, R}, {3 * MIB, 2 * MIB, U}}},
	{"reserved at the start wins",
	 {{MIB, 4 * MIB, U}, {MIB, MIB, R}},
	 {{MIB, MIB, R}, {2 * MIB, 3 * MIB, U}}},
	{"usable inside reserved goes",
	 {{MIB, 4 * MIB, R}, {2 * MIB, MIB, U}},
	 {{MIB, 4 * MIB, R}}},
	{"reserved covers the end",
	 {{MIB, 2 * MIB, U}, {2 * MIB, 4 * MIB, R}},
	 {{MIB, MIB, U}, {2 * MIB, 4 * MIB, R}}},
	{"ACPI wins over usable",
	 {{MIB, 2 * MIB, U}, {2 * MIB, 100, A}},
	 {{MIB, MIB, U}, {2 * MIB, 100, A}, {2 * MIB + 4 * KIB, MIB - 4 * KIB, U}}},
	{"wraps around", {{MIB, U64_MAX, U}}, {{MIB, ALIGN_DOWN(U64_MAX, 4 * KIB) - MIB, U}}},
};

Test(bootmem, init)
{
	for (size_t i = 0; i < ARRAY_SIZE(init_cases); i++) {
		struct boot_info bi;

		fill(&bi, init_cases[i].in);
		bootmem_init(&bi);
		expect(init_cases[i].name, &bi, init_cases[i].out);
	}
}

Test(bootmem, reserve_splits)
{
	static const struct boot_mem in[6] = {{MIB, 7 * MIB, U}};
	static const struct boot_mem out[6] = {
		{MIB, MIB, U}, {2 * MIB, 4 * KIB, K}, {2 * MIB + 4 * KIB, 6 * MIB - 4 * KIB, U}};
	struct boot_info bi;

	fill(&bi, in);
	bootmem_init(&bi);
	cr_assert_eq(bootmem_reserve(&bi, 2 * MIB + 5, 100), 0);
	expect("reserve", &bi, out);
	cr_assert_eq(bootmem_reserve(&bi, 2 * MIB + 5, 100), 0, "again: nothing to do");
	expect("reserve again", &bi, out);
	cr_assert_eq(bootmem_reserve(&bi, 64 * MIB, MIB), 0, "where nothing is");
	expect("reserve nothing", &bi, out);
}

Test(bootmem, reserve_across_entries)
{
	static const struct boot_mem in[6] = {{MIB, MIB, U}, {2 * MIB, MIB, R}, {3 * MIB, MIB, U}};
	static const struct boot_mem out[6] = {{MIB, 512 * KIB, U},
					       {MIB + 512 * KIB, 512 * KIB, K},
					       {2 * MIB, MIB, R},
					       {3 * MIB, 512 * KIB, K},
					       {3 * MIB + 512 * KIB, 512 * KIB, U}};
	struct boot_info bi;

	fill(&bi, in);
	cr_assert_eq(bootmem_reserve(&bi, MIB + 512 * KIB, 2 * MIB), 0);
	expect("across", &bi, out);
}

/* No room to split: memory is given up, never handed out twice. */
Test(bootmem, reserve_when_full)
{
	struct boot_info bi = {.nr_memmap = BOOT_MEMMAP_MAX};

	for (u64 i = 0; i < BOOT_MEMMAP_MAX; i++)
		bi.memmap[i] = (struct boot_mem){i * 16 * MIB, 8 * MIB, U};
	cr_assert_eq(bootmem_reserve(&bi, 16 * MIB + MIB, MIB), -ENOSPC);
	cr_assert_eq(bi.nr_memmap, BOOT_MEMMAP_MAX);
	cr_assert_eq(bi.memmap[1].type, K);
}

Test(bootmem, take_behind_the_image)
{
	static const struct boot_mem in[6] = {{MIB, 31 * MIB, U}, {64 * MIB, 64 * MIB, U}};
	struct boot_info bi;
	u64 at;

	fill(&bi, in);
	bootmem_init(&bi);
	cr_assert_eq(bootmem_reserve(&bi, 2 * MIB, MIB), 0);
	at = bootmem_take(&bi, 64 * KIB, 1ULL << 32);
	cr_assert_eq(at, 3 * MIB, "at %lx", at);
	bootmem_give_back(&bi, at + 16 * KIB, 48 * KIB);
	at = bootmem_take(&bi, 4 * KIB, 1ULL << 32);
	cr_assert_eq(at, 3 * MIB + 16 * KIB, "at %lx", at);
	cr_assert_eq(bootmem_take(&bi, 60 * MIB, 1ULL << 32), 64 * MIB);
	cr_assert_eq(bootmem_take(&bi, 60 * MIB, 1ULL << 32), 0, "no stretch is that long");
	cr_assert_eq(bootmem_take(&bi, MIB, 512 * KIB), 0, "nothing below the limit");
}

Test(bootmem, runs_join_neighbours)
{
	static const struct boot_mem in[6] = {{MIB, MIB, U},
					      {2 * MIB, MIB, K},
					      {3 * MIB, 100, A},
					      {8 * MIB, MIB, R},
					      {16 * MIB, MIB, U}};
	struct boot_info bi;
	u64 pos = 0, addr, size;

	fill(&bi, in);
	cr_assert(bootmem_next_run(&bi, &pos, &addr, &size));
	cr_assert_eq(addr, MIB);
	cr_assert_eq(size, 2 * MIB + 4 * KIB);
	cr_assert(bootmem_next_run(&bi, &pos, &addr, &size));
	cr_assert_eq(addr, 16 * MIB);
	cr_assert_eq(size, MIB);
	cr_assert_not(bootmem_next_run(&bi, &pos, &addr, &size));
}

/* Random maps against the plain rule, page by page: usable only where some entry says so and none objects. */
Test(bootmem, random_maps)
{
	enum { PAGES = 64, ENTRIES = 8 };

	srand(1);
	for (int round = 0; round < 20000; round++) {
		struct boot_info bi = {0};
		u8 want[PAGES] = {0}, got[PAGES] = {0};

		for (u32 i = 0; i < ENTRIES; i++) {
			u64 page = 1 + (u64)rand() % (PAGES - 1), n = 1 + (u64)rand() % 16;
			u64 type = rand() % 3 ? U : R;

			n = min(n, PAGES - page);
			bi.memmap[bi.nr_memmap++] = (struct boot_mem){page * 4096, n * 4096, type};
			for (u64 p = page; p < page + n; p++)
				want[p] |= type == U ? 1 : 2;
		}
		bootmem_init(&bi);
		for (u32 i = 0; i < bi.nr_memmap; i++) {
			const struct boot_mem *m = &bi.memmap[i];

			cr_assert(!i || m[-1].addr + m[-1].size <= m->addr, "round %d", round);
			for (u64 p = m->addr / 4096; p < (m->addr + m->size) / 4096; p++)
				got[p] |= m->type == U ? 1 : 2;
		}
		for (int p = 0; p < PAGES; p++)
			cr_assert_eq(want[p] & 2 ? 2 : want[p], got[p], "round %d page %d", round,
				     p);
	}
}
