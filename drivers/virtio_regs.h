/* SPDX-License-Identifier: MIT */
/* What the transports with registers in memory, PCI and MMIO, do alike. Any context. */
#pragma once

#include "kernel/io.h"
#include "kernel/mm.h"

/* Reads len bytes of configuration space that is mapped at from; a field of 2 or 4 bytes by one access (virtio 1.1 s4.1.3.1). */
static inline void virtio_read_mapped(volatile u8 *from, void *buf, u32 len)
{
	if (len == 4 && !((uintptr_t)from & 3)) {
		*(u32 *)buf = readl(from);
	} else if (len == 2 && !((uintptr_t)from & 1)) {
		*(u16 *)buf = readw(from);
	} else {
		for (u32 i = 0; i < len; i++)
			((u8 *)buf)[i] = readb(from + i);
	}
}

/* A ring's physical address into a pair of registers, the low half first. */
static inline void virtio_write_address(volatile u8 *reg, const void *ring)
{
	u64 addr = virt_to_phys(ring);

	writel((u32)addr, reg);
	writel(addr >> 32, reg + 4);
}
