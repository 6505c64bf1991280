/* SPDX-License-Identifier: MIT */
/* The ChaCha20 block function (RFC 8439 s2.3). */
#include "kernel/chacha.h"
#include "lib/bits.h"
#include "lib/string.h"

/* RFC 8439 s2.1 */
static void quarter_round(u32 *a, u32 *b, u32 *c, u32 *d)
{
	*a += *b;
	*d = rol32(*d ^ *a, 16);
	*c += *d;
	*b = rol32(*b ^ *c, 12);
	*a += *b;
	*d = rol32(*d ^ *a, 8);
	*c += *d;
	*b = rol32(*b ^ *c, 7);
}

/* Loops, not 80 lines: each boot under an emulator pays for every instruction it sees for the first time. */
static void double_round(u32 x[16])
{
	for (unsigned int i = 0; i < 4; i++) /* columns */
		quarter_round(&x[i], &x[4 + i], &x[8 + i], &x[12 + i]);
	for (unsigned int i = 0; i < 4; i++) /* diagonals */
		quarter_round(&x[i], &x[4 + (i + 1) % 4], &x[8 + (i + 2) % 4],
			      &x[12 + (i + 3) % 4]);
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
