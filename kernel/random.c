/* SPDX-License-Identifier: MIT */
/*
 * Random bytes by fast key erasure: each request runs ChaCha20 under the current key, the first 32 bytes of
 * the stream become the next key, so nothing that was handed out can be computed from what memory holds later.
 *
 * What add_entropy() brings is absorbed into a pool (SipHash under both halves of the key, with a counter); every RESEED_BITS
 * of it, and at boot, the pool is folded into the key, together with RDRAND and the time-stamp counter. Every five
 * minutes of use that happens too, and devices that can give more are asked.
 */
#include "kernel/random.h"
#include "kernel/arch.h"
#include "kernel/chacha.h"
#include "kernel/clock.h"
#include "kernel/softirq.h"
#include "lib/fmt.h"
#include "lib/siphash.h"
#include "lib/string.h"

#define KEY_WORDS   8
#define RESEED_BITS 128
#define RESEED_NS   (300 * NSEC_PER_SEC)
#define MAX_SOURCES 4

static u32 key[KEY_WORDS];
static u64 pool[4];
static u64 absorbed; /* calls of add_entropy */
static unsigned int pool_bits;
static u64 reseeded; /* when, for the last time */
static bool have_rdrand;

static struct {
	const char *name;
	void (*request)(void *arg);
	void *arg;
} sources[MAX_SOURCES];
static unsigned int nr_sources;

static void chacha_state(u32 state[16], u32 counter)
{
	static const u32 constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

	memcpy(state, constants, sizeof(constants)); /* RFC 8439 s2.3: "expand 32-byte k" */
	memcpy(state + 4, key, sizeof(key));
	state[12] = counter;
	state[13] = state[14] = state[15] = 0;
}

static void mix(const void *data, size_t len)
{
	u64 at = absorbed++;
	struct siphash_key k = {{pool[(at + 1) % 4] ^ at, pool[(at + 2) % 4] ^ arch_cycles()}};

	pool[at % 4] ^= siphash24(data, len, &k);
}

/* Interrupts off. */
static void reseed(void)
{
	u8 block[64];
	u32 state[16];
	u64 hw;

	for (int i = 0; i < 4; i++) {
		if (arch_random(&hw)) {
			have_rdrand = true;
			pool[i] ^= hw;
		}
		mix(&pool[i], sizeof(pool[i]));
	}
	for (int i = 0; i < 4; i++) {
		key[2 * i] ^= (u32)pool[i];
		key[2 * i + 1] ^= (u32)(pool[i] >> 32);
	}
	chacha_state(state, 0);
	chacha20_block(state, block);
	memcpy(key, block, sizeof(key));
	pool_bits = 0;
	reseeded = clock_ns();
}

/* Device answers come by interrupt, and reseed when they do. */
static void reseed_if_due(void)
{
	unsigned long flags;

	if (likely(clock_ns() - reseeded < RESEED_NS))
		return;
	flags = arch_irq_save();
	reseed();
	arch_irq_restore(flags);
	for (unsigned int i = 0; i < nr_sources; i++)
		sources[i].request(sources[i].arg);
}

void random_add_source(const char *name, void (*request)(void *arg), void *arg)
{
	if (nr_sources == MAX_SOURCES)
		return;
	sources[nr_sources].name = name;
	sources[nr_sources].request = request;
	sources[nr_sources++].arg = arg;
	request(arg);
}

void add_entropy(const void *data, size_t len, unsigned int bits)
{
	unsigned long flags = arch_irq_save();

	mix(data, len);
	pool_bits += bits;
	if (pool_bits >= RESEED_BITS)
		reseed();
	arch_irq_restore(flags);
}

void get_random_bytes(void *buf, size_t len)
{
	u8 *out = buf, block[64];
	u32 state[16];

	reseed_if_due();
	while (len) {
		size_t n = min(len, sizeof(block) - sizeof(key));
		unsigned long flags = arch_irq_save();

		chacha_state(state, 1);
		chacha20_block(state, block);
		memcpy(key, block, sizeof(key));
		arch_irq_restore(flags);
		memcpy(out, block + sizeof(key), n);
		out += n;
		len -= n;
	}
	memset(block, 0, sizeof(block));
	barrier();
}

void random_init(void)
{
	reseed();
}

const char *random_sources(void)
{
	static char text[80];
	size_t n = scnprintf(text, sizeof(text), "%s", have_rdrand ? "rdrand " : "");

	for (unsigned int i = 0; i < nr_sources; i++)
		n += scnprintf(text + n, sizeof(text) - n, "%s ", sources[i].name);
	scnprintf(text + n, sizeof(text) - n, "timing");
	return text;
}
