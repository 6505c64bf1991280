/* SPDX-License-Identifier: MIT */
/*
 * The generator behind random.h, as an object: a pool that entropy is absorbed into, and a key that bytes are made from.
 * The owner's context protects it. Zeroed memory is a generator that knows nothing yet.
 */
#pragma once

#include "lib/types.h"

#define DRBG_WORDS 8 /* 256 bits */

struct drbg {
	u32 pool[DRBG_WORDS];
	u32 key[DRBG_WORDS];
	u8 ready[DRBG_WORDS * 4]; /* made and not yet given out: the last nr_ready bytes */
	u32 nr_ready;
};

/* Everything that was ever absorbed counts, also when some of it is known or chosen by an enemy. */
void drbg_absorb(struct drbg *d, const void *data, size_t len);

/* Folds the pool into the key. To be done when enough has come in that guessing it is hopeless, not after each bit. */
void drbg_reseed(struct drbg *d);

void drbg_bytes(struct drbg *d, void *buf, size_t len);
