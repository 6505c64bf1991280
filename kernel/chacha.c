/* SPDX-License-Identifier: MIT */
/* The ChaCha20 block function (RFC 8439 s2.3). */
#include "kernel/chacha.h"
#include "lib/bits.h"
#include "lib/string.h"

/* RFC 8439 s2.1 */
static inline void quarter_round(u32 x[16], int a, int b, int c, int d)
{
	x[a] += x[b];
	x[d] = rol32(x[d] ^ x[a], 16);
	x[c] += x[d];
	x[b] = rol32(x[b] ^ x[c], 12);
	x[a] += x[b];
	x[d] = rol32(x[d] ^ x[a], 8);
	x[c] += x[d];
	x[b] = rol32(x[b] ^ x[c], 7);
}

static inline void double_round(u32 x[16])
{
	quarter_round(x, 0, 4, 8, 12); /* columns */
	quarter_round(x, 1, 5, 9, 13);
	quarter_round(x, 2, 6, 10, 14);
	quarter_round(x, 3, 7, 11, 15);
	quarter_round(x, 0, 5, 10, 15); /* diagonals */
	quarter_round(x, 1, 6, 11, 12);
	quarter_round(x, 2, 7, 8, 13);
	quarter_round(x, 3, 4, 9, 14);
}

void chacha20_block(const u32 state[16], u8 out[CHACHA_BLOCK])
{
	u32 x[16];

	memcpy(x, state, sizeof(x));
	for (int round = 0; round < 20; round += 2)
		double_round(x);
	for (int i = 0; i < 16; i++)
		x[i] += state[i];
	memcpy(out, x, sizeof(x));
	wipe(x, ARRAY_SIZE(x));
}
