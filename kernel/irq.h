/* SPDX-License-Identifier: MIT */
/*
 * Hard interrupts. Handlers run with interrupts off, on the interrupt stack, and do three things: acknowledge,
 * mask, schedule.
 */
#pragma once

#include "lib/types.h"

typedef void (*irq_handler)(void *arg);

/*
 * A message-signalled interrupt: allocates a vector, returns what to write into the device's table.
 * -ENOSPC: no vectors left. Thread.
 */
struct msi_msg {
	u64 addr;
	u32 data;
};
int msi_request(irq_handler fn, void *arg, const char *name, struct msi_msg *msg) __must_check;

/* A line of the interrupt controller. -EINVAL: no such line; -EBUSY: other trigger mode wanted. Lines can be shared. Thread. */
enum irq_trigger { IRQ_EDGE_HIGH, IRQ_LEVEL_LOW, IRQ_LEVEL_HIGH };
int irq_request(u32 gsi, enum irq_trigger trigger, irq_handler fn, void *arg,
		const char *name) __must_check;

/* Saves and switches off, restores. Any context. */
unsigned long local_irq_save(void);
void local_irq_restore(unsigned long flags);

bool in_hardirq(void);

/* For each vector in use: name, count. */
void irq_for_each(void (*fn)(void *arg, unsigned int vector, const char *name, u64 count),
		  void *arg);
