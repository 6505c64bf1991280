/* SPDX-License-Identifier: MIT */
/* Longest-prefix match against a table searched from end to end, while memory runs out. */
#include "host/host.h"
#include "net/ipv4/fib_trie.h"
#include "tests/unit/harness.h"

#define MAX_PREFIXES 1500
#define ROUNDS       20000

struct prefix {
	u32 key;
	unsigned int len;
};

static struct prefix table[MAX_PREFIXES];
static unsigned int count;

static u32 mask(unsigned int len)
{
	return len ? ~0U << (32 - len) : 0;
}

/* A value that tells its prefix, and sorts as the trie must show it. */
static void *value_of(struct prefix p)
{
	return (void *)(uintptr_t)((u64)p.key << 6 | (63 - p.len) | 1ULL << 40);
}

static const struct prefix *oracle(u32 key, unsigned int max)
{
	const struct prefix *best = NULL;

	for (unsigned int i = 0; i < count; i++) {
		const struct prefix *p = &table[i];

		if (p->len <= max && !((key ^ p->key) & mask(p->len)) &&
		    (!best || p->len > best->len))
			best = p;
	}
	return best;
}

static unsigned int index_of(struct prefix p)
{
	unsigned int i = 0;

	while (i < count && (table[i].key != p.key || table[i].len != p.len))
		i++;
	return i;
}

/* Crowded in places, and here and there: both kinds of nodes come about. */
static struct prefix random_prefix(void)
{
	struct prefix p = {.len = rnd_below(33)};

	p.key = rnd_below(3) ? rnd_below(8) << 28 | rnd_below(16) << 8 | rnd_below(4) : (u32)rnd();
	p.key &= mask(p.len);
	return p;
}

static void set_random(struct fib_trie *t)
{
	struct prefix p = random_prefix();
	unsigned int i = index_of(p);

	if (count == MAX_PREFIXES)
		return;
	host_fail_alloc(rnd_below(2) ? 1 + rnd_below(4) : 0);
	if (fib_trie_set(t, p.key, p.len, value_of(p)) == 0 && i == count)
		table[count++] = p;
	host_fail_alloc(0);
}

static void remove_random(struct fib_trie *t)
{
	struct prefix p = count && rnd_below(4) ? table[rnd_below(count)] : random_prefix();
	unsigned int i = index_of(p);

	fib_trie_remove(t, p.key, p.len);
	if (i < count)
		table[i] = table[--count];
}

static void check_lookups(const struct fib_trie *t)
{
	for (int i = 0; i < 10; i++) {
		u32 key = count && rnd_below(2) ? table[rnd_below(count)].key ^ 1U << rnd_below(32)
						: (u32)rnd();
		unsigned int max = rnd_below(2) ? 32 : rnd_below(33), len;
		const struct prefix *want = oracle(key, max);
		void *got = fib_trie_lookup(t, key, max, &len);

		cr_assert_eq(got, want ? value_of(*want) : NULL, "key %08x, at most %u bits", key,
			     max);
		cr_assert(!want || len == want->len);
		want = oracle(key, 32);
		cr_assert_eq(fib_trie_match(t, key), want ? value_of(*want) : NULL, "key %08x",
			     key);
	}
}

struct order {
	u64 last;
	unsigned int seen;
};

static void check_order(void *arg, void *value)
{
	struct order *o = arg;
	u64 v = (uintptr_t)value;

	cr_assert(!o->seen || v > o->last, "%llx behind %llx", (unsigned long long)v,
		  (unsigned long long)o->last);
	o->last = v;
	o->seen++;
}

WEIR_TEST(fib_trie, against_the_oracle, .timeout = 120)
{
	struct fib_trie t = {0};

	count = 0;
	for (int round = 0; round < ROUNDS; round++) {
		if (rnd_below(100) < (round / 4000 % 2 ? 30U : 70U))
			set_random(&t);
		else
			remove_random(&t);
		cr_assert_eq(t.count, count);
		check_lookups(&t);
		if (round % 500 == 0) {
			struct order o = {0};

			fib_trie_walk(&t, check_order, &o);
			cr_assert_eq(o.seen, count);
		}
	}
	while (count)
		remove_random(&t);
	cr_assert(!t.root && !t.dflt && !t.count);
}

WEIR_TEST(fib_trie, equal_keys_longer_first)
{
	static const struct prefix in[] = {{0, 0},           {0x0a000000, 8},  {0x0a000000, 32},
					   {0x0a000000, 24}, {0x0a000001, 32}, {0, 1}};
	struct fib_trie t = {0};
	struct order o = {0};
	unsigned int len;

	for (size_t i = 0; i < ARRAY_SIZE(in); i++)
		cr_assert_eq(fib_trie_set(&t, in[i].key, in[i].len, value_of(in[i])), 0);
	fib_trie_walk(&t, check_order, &o);
	cr_assert_eq(o.seen, ARRAY_SIZE(in));
	cr_assert_eq(fib_trie_lookup(&t, 0x0a000002, 32, &len), value_of(in[3]));
	cr_assert_eq(len, 24);
	for (size_t i = 0; i < ARRAY_SIZE(in); i++)
		fib_trie_remove(&t, in[i].key, in[i].len);
	cr_assert_null(t.root);
}
