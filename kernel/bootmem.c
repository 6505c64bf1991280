/* SPDX-License-Identifier: MIT */
/* The boot's memory map put in order, and memory cut off it before there is a page allocator. */
#include "kernel/bootmem.h"
#include "lib/errno.h"
#include "lib/string.h"

#define BOOT_PAGE 4096ULL

static void remove_at(struct boot_info *bi, u32 i)
{
	bi->nr_memmap--;
	memmove(&bi->memmap[i], &bi->memmap[i + 1], (bi->nr_memmap - i) * sizeof(bi->memmap[0]));
}

static bool insert_at(struct boot_info *bi, u32 i, struct boot_mem m)
{
	if (bi->nr_memmap == BOOT_MEMMAP_MAX)
		return false;
	memmove(&bi->memmap[i + 1], &bi->memmap[i], (bi->nr_memmap - i) * sizeof(bi->memmap[0]));
	bi->memmap[i] = m;
	bi->nr_memmap++;
	return true;
}

static u64 end_of(const struct boot_mem *m)
{
	return m->addr + m->size;
}

static bool is_ram(u64 type)
{
	return type == BOOT_MEM_USABLE || type == BOOT_MEM_KERNEL;
}

/* Firmware maps are short and nearly sorted. */
static void sort(struct boot_info *bi)
{
	for (u32 i = 1; i < bi->nr_memmap; i++) {
		struct boot_mem m = bi->memmap[i];
		u32 j = i;

		for (; j > 0 && bi->memmap[j - 1].addr > m.addr; j--)
			bi->memmap[j] = bi->memmap[j - 1];
		bi->memmap[j] = m;
	}
}

/* Two usable entries join; otherwise the usable one gives way to what is reserved. */
static void resolve_overlaps(struct boot_info *bi)
{
	for (u32 i = 0; i + 1 < bi->nr_memmap;) {
		struct boot_mem *a = &bi->memmap[i], *b = &bi->memmap[i + 1];
		u64 a_end = end_of(a), b_end = end_of(b);

		if (a->type == b->type && a_end >= b->addr) {
			a->size = max(a_end, b_end) - a->addr;
			remove_at(bi, i + 1);
			continue;
		}
		if (a_end <= b->addr) {
			i++;
			continue;
		}
		if (!is_ram(a->type)) {
			/* b loses what a covers; a b that lies inside is gone. */
			if (b_end <= a_end) {
				remove_at(bi, i + 1);
				continue;
			}
			b->addr = a_end;
			b->size = b_end - a_end;
			sort(bi);
			continue;
		}
		/* a loses from b on; what sticks out behind b becomes an entry of its own. */
		a->size = b->addr - a->addr;
		if (a_end > b_end)
			insert_at(bi, i + 2, (struct boot_mem){b_end, a_end - b_end, a->type});
		if (!bi->memmap[i].size)
			remove_at(bi, i);
		sort(bi);
	}
}

void bootmem_init(struct boot_info *bi)
{
	for (u32 i = 0; i < bi->nr_memmap;) {
		struct boot_mem *m = &bi->memmap[i];

		if (m->addr + m->size < m->addr)
			m->size = ALIGN_DOWN(U64_MAX, BOOT_PAGE) - m->addr;
		if (m->size)
			i++;
		else
			remove_at(bi, i);
	}
	sort(bi);
	resolve_overlaps(bi);
	for (u32 i = 0; i < bi->nr_memmap;) {
		struct boot_mem *m = &bi->memmap[i];
		u64 start = max(ALIGN(m->addr, BOOT_PAGE), BOOT_PAGE);
		u64 end = ALIGN_DOWN(end_of(m), BOOT_PAGE);

		if (!is_ram(m->type)) {
			i++;
		} else if (start >= end) {
			remove_at(bi, i);
		} else {
			m->addr = start;
			m->size = end - start;
			i++;
		}
	}
}

/* Makes entry i begin at addr by splitting it in two. */
static bool split(struct boot_info *bi, u32 i, u64 addr)
{
	struct boot_mem *m = &bi->memmap[i];
	struct boot_mem tail = {addr, end_of(m) - addr, m->type};

	if (!insert_at(bi, i + 1, tail))
		return false;
	m->size = addr - m->addr;
	return true;
}

int bootmem_reserve(struct boot_info *bi, u64 addr, u64 size)
{
	u64 start = ALIGN_DOWN(addr, BOOT_PAGE), end = ALIGN(addr + size, BOOT_PAGE);
	int err = 0;

	for (u32 i = 0; size && i < bi->nr_memmap; i++) {
		struct boot_mem *m = &bi->memmap[i];

		if (m->type != BOOT_MEM_USABLE || end_of(m) <= start || m->addr >= end)
			continue;
		if (m->addr < start) {
			if (split(bi, i, start))
				continue; /* the tail is looked at next */
			err = -ENOSPC;
		} else if (end_of(m) > end && !split(bi, i, end)) {
			err = -ENOSPC;
		}
		m->type = BOOT_MEM_KERNEL;
	}
	return err;
}

/* Entry i begins where the kernel's memory ends. */
static bool follows_kernel(const struct boot_info *bi, u32 i)
{
	return i && bi->memmap[i - 1].type == BOOT_MEM_KERNEL &&
	       end_of(&bi->memmap[i - 1]) == bi->memmap[i].addr;
}

static bool has_room(const struct boot_mem *m, u64 size, u64 limit)
{
	return m->type == BOOT_MEM_USABLE && m->size >= size && m->addr <= limit &&
	       limit - m->addr >= size;
}

u64 bootmem_take(struct boot_info *bi, u64 size, u64 limit)
{
	u32 best = bi->nr_memmap;
	u64 at;

	for (u32 i = bi->nr_memmap; i-- > 0;)
		if (has_room(&bi->memmap[i], size, limit) &&
		    (best == bi->nr_memmap || follows_kernel(bi, i)))
			best = i;
	if (best == bi->nr_memmap)
		return 0;
	at = bi->memmap[best].addr;
	return bootmem_reserve(bi, at, size) ? 0 : at;
}

void bootmem_give_back(struct boot_info *bi, u64 addr, u64 size)
{
	for (u32 i = 0; i < bi->nr_memmap; i++) {
		struct boot_mem *m = &bi->memmap[i], *after = m + 1;

		if (m->type != BOOT_MEM_KERNEL || addr < m->addr || end_of(m) != addr + size)
			continue;
		if (i + 1 < bi->nr_memmap && after->type == BOOT_MEM_USABLE &&
		    after->addr == end_of(m)) {
			after->addr -= size;
			after->size += size;
		} else if (!insert_at(bi, i + 1, (struct boot_mem){addr, size, BOOT_MEM_USABLE})) {
			return;
		}
		m->size -= size;
		if (!m->size)
			remove_at(bi, i);
		return;
	}
}

bool bootmem_next_run(const struct boot_info *bi, u64 *pos, u64 *addr, u64 *size)
{
	u64 start = 0, end = 0;

	for (u32 i = 0; i < bi->nr_memmap; i++) {
		const struct boot_mem *m = &bi->memmap[i];

		if (m->type == BOOT_MEM_RESERVED || end_of(m) <= *pos)
			continue;
		if (end && ALIGN_DOWN(m->addr, BOOT_PAGE) > end)
			break;
		if (!end)
			start = max(ALIGN_DOWN(m->addr, BOOT_PAGE), *pos);
		end = ALIGN(end_of(m), BOOT_PAGE);
	}
	if (!end)
		return false;
	*addr = start;
	*size = end - start;
	*pos = end;
	return true;
}
