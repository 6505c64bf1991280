/* SPDX-License-Identifier: MIT */
/*
 * Random bytes: where entropy comes from, and when the generator (drbg.c) is reseeded with it.
 *
 * RDRAND where the processor has it; devices, which answer by add_entropy(); and times: of the boot, and of every timer
 * interrupt. The generator is reseeded at boot, whenever RESEED_BITS have come in, and after RESEED_NS when it is used.
 * Switching interrupts off guards it, for devices answer in interrupts.
 */
#include "kernel/random.h"
#include "kernel/arch.h"
#include "kernel/clock.h"
#include "kernel/drbg.h"
#include "lib/fmt.h"

#define RESEED_BITS 128
#define RESEED_NS   (300 * NSEC_PER_SEC)
#define MAX_SOURCES 4
#define NR_TIMES    8
#define BOOT_ROUNDS 8

static struct drbg drbg;
static unsigned int pool_bits;
static u64 reseeded; /* when, for the last time */
static bool have_rdrand;

static u64 times[NR_TIMES];
static unsigned int nr_times;

static struct {
	const char *name;
	void (*request)(void *arg);
	void *arg;
} sources[MAX_SOURCES];
static unsigned int nr_sources;

/* Interrupts off. */
static void reseed(void)
{
	u64 words[4];
	u32 n = 0;

	while (n < ARRAY_SIZE(words) && arch_random(&words[n]))
		n++;
	have_rdrand |= n > 0;
	drbg_absorb(&drbg, words, n * sizeof(words[0]));
	drbg_reseed(&drbg);
	pool_bits = 0;
	reseeded = clock_ns();
}

void add_entropy(const void *data, size_t len, unsigned int bits)
{
	unsigned long flags = arch_irq_save();

	drbg_absorb(&drbg, data, len);
	pool_bits += bits;
	if (pool_bits >= RESEED_BITS)
		reseed();
	arch_irq_restore(flags);
}

void add_interrupt_randomness(void)
{
	times[nr_times++ % NR_TIMES] = arch_cycles();
	if (!(nr_times % NR_TIMES))
		add_entropy(times, sizeof(times), NR_TIMES / 4);
}

void random_add_source(const char *name, void (*request)(void *arg), void *arg)
{
	if (nr_sources == MAX_SOURCES)
		return;
	sources[nr_sources].name = name;
	sources[nr_sources].request = request;
	sources[nr_sources].arg = arg;
	nr_sources++;
	request(arg);
}

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

void get_random_bytes(void *buf, size_t len)
{
	u8 *out = buf;

	reseed_if_due();
	while (len) {
		size_t n = min(len, sizeof(drbg.ready));
		unsigned long flags = arch_irq_save();

		drbg_bytes(&drbg, out, n);
		arch_irq_restore(flags);
		out += n;
		len -= n;
	}
}

/* How long each round takes, to the cycle, depends on what caches, memory and host are at. */
void random_init(void)
{
	for (int i = 0; i < BOOT_ROUNDS; i++) {
		u64 now = arch_cycles();

		drbg_absorb(&drbg, &now, sizeof(now));
	}
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
