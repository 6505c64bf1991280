/* SPDX-License-Identifier: MIT */
/*
 * Hard interrupts. Handlers run with interrupts off, on the interrupt stack, and do three things: acknowledge,
 * mask, schedule.
 */
#pragma once

#include "kernel/x86_64/irqflags.h"

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

/* A line of the interrupt controller. -EINVAL: no such line; -EBUSY: other trigger mode wanted. Lines can be shared. Thread, one caller at a time. */
enum irq_trigger { IRQ_EDGE_HIGH, IRQ_LEVEL_LOW, IRQ_LEVEL_HIGH };
int irq_request(u32 gsi, enum irq_trigger trigger, irq_handler fn, void *arg,
		const char *name) __must_check;

/* Saves and switches off, restores. Any context. */
static inline unsigned long local_irq_save(void)
{
	return arch_irq_save();
}

static inline void local_irq_restore(unsigned long flags)
{
	arch_irq_restore(flags);
}

bool in_hardirq(void);

/* For each vector in use: name, count. */
void irq_for_each(void (*fn)(void *arg, unsigned int vector, const char *name, u64 count),
		  void *arg);

/*
 * An interrupt that comes without end starves everything: a vector seen more than 200,000 times a second for a
 * while is silenced and reported; a line is tried again later. How many times that happened:
 */
u64 irq_storms(void);

/* A vector for the processor's own use (timer). -ENOSPC. Boot. */
int irq_vector_request(irq_handler fn, void *arg, const char *name) __must_check;

/* For the interrupt entry alone. */
void irq_dispatch(unsigned int vector);
void irq_exit(void);
