/* SPDX-License-Identifier: MIT */
/*
 * Memory barriers, for what a device or another context reads behind our back.
 *
 * On x86 loads are ordered with loads and stores with stores: there rmb() and wmb() only hold the compiler.
 * A store followed by a load of something else is not ordered by anything but mb(): a virtqueue needs it
 * between publishing an index and reading the suppression field, and in the reverse direction.
 */
#pragma once

#include "lib/types.h"

/* All loads and stores before it are seen before all after it. An instruction. */
static inline void mb(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Loads before it are done before loads after it. */
static inline void rmb(void)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

/* Stores before it are seen before stores after it. */
static inline void wmb(void)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

/* The same for memory that a device shares by DMA (coherent on every machine weir runs on). */
static inline void dma_mb(void)
{
	mb();
}

static inline void dma_rmb(void)
{
	rmb();
}

static inline void dma_wmb(void)
{
	wmb();
}
