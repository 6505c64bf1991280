/* SPDX-License-Identifier: MIT */
/*
 * Page tables: the final ones at boot, and changes to them.
 *
 * The direct map takes pages of 2 MiB where it can. Where the image lies it takes small ones, so that code and
 * constants cannot be written through their alias there either.
 * Tables for the boot come from a stretch of memory cut off the memory map, later ones from the page allocator.
 * Intel SDM vol. 3 s4.5.
 */
#include "kernel/arch.h"
#include "kernel/bootmem.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/stacks.h"
#include "lib/errno.h"
#include "lib/string.h"

#define PTE_PRESENT  BIT(0)
#define PTE_WRITE    BIT(1)
#define PTE_PWT      BIT(3)
#define PTE_PCD      BIT(4)
#define PTE_ACCESSED BIT(5)
#define PTE_DIRTY    BIT(6)
#define PTE_LARGE    BIT(7)
#define PTE_NX       BIT(63)
#define PTE_ADDR     0x000ffffffffff000UL

#define LARGE_SIZE (1UL << 21)
#define ENTRIES    512

/* Levels as in "level 1 maps pages of 4 KiB"; the root is level 4. */
#define LEVEL_SHIFT(level) (PAGE_SHIFT + 9 * ((level)-1))
#define INDEX(va, level)   ((va) >> LEVEL_SHIFT(level) & (ENTRIES - 1))

extern char image_start[], image_text_end[], image_rodata_start[], image_rodata_end[],
	image_data_start[], image_end[];
extern char boot_pml4[];

static u64 *root;
static u64 image_phys;

/* The boot's stretch of tables; equal: used up. */
static u64 pool_next, pool_end;

static u64 *table_at(u64 phys)
{
	return (u64 *)(ARCH_DIRECT_MAP + phys);
}

static u64 table_alloc(void)
{
	void *page;

	if (pool_next != pool_end) {
		pool_next += PAGE_SIZE;
		memset(table_at(pool_next - PAGE_SIZE), 0, PAGE_SIZE);
		return pool_next - PAGE_SIZE;
	}
	page = alloc_pages_zero(0);
	return page ? (u64)page - ARCH_DIRECT_MAP : 0;
}

/* The entry for va at level; makes the tables above it. NULL: no memory. */
static u64 *entry_make(u64 va, int level)
{
	u64 *table = root;

	for (int l = 4; l > level; l--) {
		u64 *e = &table[INDEX(va, l)];

		if (!*e) {
			u64 t = table_alloc();

			if (!t)
				return NULL;
			*e = t | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED;
		}
		if (*e & PTE_LARGE)
			panic("arch_map: %#lx lies in a large page", va);
		table = table_at(*e & PTE_ADDR);
	}
	return &table[INDEX(va, level)];
}

/* The entry that maps va, large or small, and its level. NULL: a table is missing. */
static u64 *entry_find(u64 va, int *level)
{
	u64 *table = root;

	for (int l = 4; l > 1; l--) {
		u64 *e = &table[INDEX(va, l)];

		if (!(*e & PTE_PRESENT))
			return NULL;
		if (*e & PTE_LARGE) {
			*level = l;
			return e;
		}
		table = table_at(*e & PTE_ADDR);
	}
	*level = 1;
	return &table[INDEX(va, 1)];
}

static u64 prot_bits(unsigned int prot)
{
	/* Accessed and dirty are set beforehand: the processor then never writes to the tables. */
	u64 bits = PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY;

	if (prot & ARCH_WRITE && prot & ARCH_EXEC)
		panic("arch_map: both writable and executable");
	if (prot & ARCH_WRITE)
		bits |= PTE_WRITE;
	if (!(prot & ARCH_EXEC) && cpu_features.nx)
		bits |= PTE_NX;
	if (prot & ARCH_UNCACHED)
		bits |= PTE_PCD | PTE_PWT;
	return bits;
}

int arch_map(u64 va, u64 pa, size_t len, unsigned int prot)
{
	u64 bits = prot_bits(prot), *e = NULL, was;

	for (u64 end = va + len; va != end; va += PAGE_SIZE, pa += PAGE_SIZE) {
		/* Entries of neighbours are neighbours until the table ends. */
		e = e && INDEX(va, 1) ? e + 1 : entry_make(va, 1);
		if (!e)
			return -ENOMEM;
		was = *e;
		*e = pa | bits;
		/* What was not there is in no TLB (SDM vol. 3 s4.10.2.3). */
		if (was)
			invlpg(va);
	}
	return 0;
}

void arch_unmap(u64 va, size_t len)
{
	for (u64 end = va + len; va != end; va += PAGE_SIZE) {
		int level;
		u64 *e = entry_find(va, &level);

		if (!e)
			continue;
		if (level != 1)
			panic("arch_unmap: %#lx lies in a large page", va);
		if (!*e)
			continue;
		*e = 0;
		invlpg(va);
	}
}

void arch_flush_tlb(void)
{
	write_cr3(read_cr3());
}

bool arch_translate(u64 va, u64 *pa)
{
	int level;
	u64 *e;

	/* Canonical addresses only: bits 63 to 47 are equal. */
	if ((va >> 47) + 1 > 1 && va >> 47 != 0x1ffff)
		return false;
	e = entry_find(va, &level);
	if (!e || !(*e & PTE_PRESENT))
		return false;
	*pa = (*e & PTE_ADDR & ~((1UL << LEVEL_SHIFT(level)) - 1)) |
	      (va & ((1UL << LEVEL_SHIFT(level)) - 1));
	return true;
}

void paging_early_init(void)
{
	u64 cr3 = read_cr3() & PTE_ADDR;

	root = table_at(cr3);
	image_phys = cr3 - (u64)(boot_pml4 - image_start);
}

u64 arch_image_phys(void)
{
	return image_phys;
}

size_t arch_image_size(void)
{
	return (size_t)(image_end - image_start);
}

/* ---- The final tables */

static void must_map(u64 va, u64 pa, size_t len, unsigned int prot)
{
	if (arch_map(va, pa, len, prot))
		panic("no memory for page tables");
}

static void map_image_part(const char *from, const char *to, unsigned int prot)
{
	u64 start = (u64)from, end = ALIGN((u64)to, PAGE_SIZE);

	must_map(start, start - ARCH_IMAGE_BASE + image_phys, end - start, prot);
}

static void unmap_guard(u64 addr)
{
	arch_unmap(addr, GUARD_SIZE);
}

static void map_image(void)
{
	map_image_part(image_start, image_text_end, ARCH_EXEC);
	map_image_part(image_rodata_start, image_rodata_end, ARCH_READ);
	map_image_part(image_data_start, image_end, ARCH_WRITE);
	stacks_for_each_guard(unmap_guard);
}

/* One run of memory in the direct map, all of one kind: large pages in the middle, small ones at the ends. */
static void map_direct(u64 pa, u64 end, unsigned int prot)
{
	u64 large = min(ALIGN(pa, LARGE_SIZE), end),
	    large_end = max(large, ALIGN_DOWN(end, LARGE_SIZE));

	must_map(ARCH_DIRECT_MAP + pa, pa, large - pa, prot);
	for (pa = large; pa < large_end; pa += LARGE_SIZE) {
		u64 *e = entry_make(ARCH_DIRECT_MAP + pa, 2);

		if (!e)
			panic("no memory for page tables");
		*e = pa | prot_bits(prot) | PTE_LARGE;
	}
	must_map(ARCH_DIRECT_MAP + pa, pa, end - pa, prot);
}

/* [ro, ro_end) is the image's part that nobody may write to; it lies in one run. */
static void map_run(u64 pa, u64 end, u64 ro, u64 ro_end)
{
	if (ro < pa || ro_end > end) {
		map_direct(pa, end, ARCH_WRITE);
		return;
	}
	map_direct(pa, ro, ARCH_WRITE);
	map_direct(ro, ro_end, ARCH_READ);
	map_direct(ro_end, end, ARCH_WRITE);
}

/* How many tables the boot can need at most. */
static u64 tables_needed(const struct boot_info *bi)
{
	u64 image = 2 + DIV_ROUND_UP(arch_image_size(), LARGE_SIZE) + 1;
	u64 pos = 0, addr, size, direct = 0;

	/* For each run: small pages at both ends; a page directory per GiB; one more level. */
	while (bootmem_next_run(bi, &pos, &addr, &size))
		direct += 2 + (size >> 30) + 2 + (size >> 39) + 1;
	return 1 + image + DIV_ROUND_UP(arch_image_size(), LARGE_SIZE) + direct;
}

void arch_paging_init(struct boot_info *bi)
{
	u64 ro = image_phys, ro_end = image_phys + (u64)(image_rodata_end - image_start);
	u64 need = tables_needed(bi) * PAGE_SIZE, pos = 0, addr, size;

	/* The early tables, which stay in use meanwhile, reach 4 GiB. */
	pool_next = bootmem_take(bi, need, 1ULL << 32);
	if (!pool_next)
		panic("too little memory: no %lu KiB below 4 GiB for page tables", need >> 10);
	pool_end = pool_next + need;
	root = table_at(table_alloc());

	map_image();
	while (bootmem_next_run(bi, &pos, &addr, &size))
		map_run(addr, addr + size, ro, ALIGN(ro_end, PAGE_SIZE));
	write_cr3((u64)root - ARCH_DIRECT_MAP);

	bootmem_give_back(bi, pool_next, pool_end - pool_next);
	pool_next = pool_end;
}
