/* SPDX-License-Identifier: MIT */
/* The ChaCha20 block function (RFC 8439 s2.3). */
#pragma once

#include "lib/types.h"

#define CHACHA_BLOCK 64

/* CHACHA_BLOCK bytes of key stream from the state's 16 words; the block counter is state[12]. */
void chacha20_block(const u32 state[16], u8 out[CHACHA_BLOCK]);

/* Clears what nobody may find later, also where the compiler sees that nobody reads it. */
static inline void wipe(u32 *words, size_t n)
{
	while (n--)
		WRITE_ONCE(words[n], 0);
}
