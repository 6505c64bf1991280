/* SPDX-License-Identifier: MIT */
/*
 * The generator behind random.h. ChaCha20 is its one-way function: 256 bits go in as the key, 512 come out.
 *
 * Bytes are made by fast key erasure: half of each block is the next key, so what was given out cannot be computed from
 * what memory holds later; and given out bytes are erased. (D. J. Bernstein, "Fast-key-erasure random-number generators".)
 * The pool is a chain: the next pool is what the function makes of the pool with 256 bits of input added.
 */
#include "kernel/drbg.h"
#include "kernel/chacha.h"
#include "lib/string.h"

#define WORDS_SIZE (DRBG_WORDS * sizeof(u32))

/* Keeps the uses of the function apart. */
enum purpose { ABSORB, FEED, ERASE, GENERATE };

static void one_way(const u32 key[DRBG_WORDS], enum purpose purpose, u32 arg,
		    u32 out[CHACHA_BLOCK / 4])
{
	u32 state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}; /* RFC 8439 s2.3 */

	memcpy(state + 4, key, WORDS_SIZE);
	state[12] = purpose;
	state[13] = arg;
	chacha20_block(state, (u8 *)out);
	wipe(state, ARRAY_SIZE(state));
}

void drbg_absorb(struct drbg *d, const void *data, size_t len)
{
	const u8 *in = data;

	while (len) {
		u32 chunk[DRBG_WORDS] = {0};
		u32 n = (u32)min(len, WORDS_SIZE);
		u32 out[CHACHA_BLOCK / 4];

		memcpy(chunk, in, n);
		for (int i = 0; i < DRBG_WORDS; i++)
			d->pool[i] ^= chunk[i];
		one_way(d->pool, ABSORB, n, out);
		memcpy(d->pool, out, WORDS_SIZE);
		in += n;
		len -= n;
	}
}

void drbg_reseed(struct drbg *d)
{
	u32 out[CHACHA_BLOCK / 4];

	one_way(d->pool, FEED, 0, out);
	memcpy(d->pool, out + DRBG_WORDS, WORDS_SIZE);
	for (int i = 0; i < DRBG_WORDS; i++)
		d->key[i] ^= out[i];
	one_way(d->key, ERASE, 0, out);
	memcpy(d->key, out, WORDS_SIZE);
	wipe(out, ARRAY_SIZE(out));
	d->nr_ready = 0;
}

static void refill(struct drbg *d)
{
	u32 out[CHACHA_BLOCK / 4];

	one_way(d->key, GENERATE, 0, out);
	memcpy(d->key, out, WORDS_SIZE);
	memcpy(d->ready, out + DRBG_WORDS, WORDS_SIZE);
	wipe(out, ARRAY_SIZE(out));
	d->nr_ready = WORDS_SIZE;
}

void drbg_bytes(struct drbg *d, void *buf, size_t len)
{
	u8 *out = buf;

	while (len) {
		size_t n;
		u8 *from;

		if (!d->nr_ready)
			refill(d);
		n = min(len, (size_t)d->nr_ready);
		from = d->ready + sizeof(d->ready) - d->nr_ready;
		memcpy(out, from, n);
		memset(from, 0, n);
		d->nr_ready -= n;
		out += n;
		len -= n;
	}
}
