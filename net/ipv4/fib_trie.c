/* SPDX-License-Identifier: MIT */
/*
 * Longest-prefix match: a tree bitmap (Eatherton, Varghese, Dittia, 2004) of stride 6 with paths compressed.
 *
 * A node at depth d (0, 6 .. 30) covers the prefixes d+1 .. d+6 bits long that begin with its key. Those
 * present are bits of prefixes[], numbered as in a heap: length l (1..6) and its l bits b make number
 * (1 << l) + b, so all prefixes over one chunk of six bits are found with one mask, and the highest bit is the
 * longest. Children are bits of kids. Both kinds of pointers lie in one array without holes, children first,
 * each in the order of their bits; counting bits gives the place. A packet counts none on its way down: kid_at[] has the
 * places of children.
 *
 * A child may be several strides deeper than its parent: levels with one way on and no prefix are left out, and
 * the node's key says what they were. So small tables are one or two nodes deep, also for /32 routes.
 */
#include "lib/bits.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "net/ipv4/fib_trie.h"
#include "net/platform.h"

#define CHUNKS    (1U << FIB_STRIDE)
#define DEPTH_MAX 30

static const u8 no_kids[CHUNKS];

struct fib_node {
	u32 key, mask; /* the depth bits that all below share */
	u8 depth, nr_values, nr_kids;
	u8 nr_short;     /* values of prefixes[0] */
	u8 shift;        /* 32 - depth: where chunk_of() finds a key's */
	u64 prefixes[2]; /* numbers 2..63: lengths 1..5; 64..127: length 6 */
	u64 kids;
	const u8 *kid_at; /* for each chunk: the child's place + 1, 0: none. no_kids, or its own */
	void **slots;
};

/* Numbers below 64 of the prefixes over a chunk that begins with the five bits b. */
#define OVER(b)                                                                                   \
	(BIT(2 + ((b) >> 4)) | BIT(4 + ((b) >> 3)) | BIT(8 + ((b) >> 2)) | BIT(16 + ((b) >> 1)) | \
	 BIT(32 + (b)))
#define OVER4(b) OVER(b), OVER((b) + 1), OVER((b) + 2), OVER((b) + 3)
static const u64 over[32] = {OVER4(0),  OVER4(4),  OVER4(8),  OVER4(12),
			     OVER4(16), OVER4(20), OVER4(24), OVER4(28)};

/* Mostly few are set. */
static inline unsigned int popcount64(u64 v)
{
	if (!(v & (v - 1)))
		return v != 0;
	v -= v >> 1 & 0x5555555555555555ULL;
	v = (v & 0x3333333333333333ULL) + (v >> 2 & 0x3333333333333333ULL);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return v * 0x0101010101010101ULL >> 56;
}

static inline u32 mask_of(unsigned int len)
{
	return len ? ~0U << (32 - len) : 0;
}

/* The six bits of key behind depth; at depth 30 its last two, and zeros. */
static inline unsigned int chunk_of(u32 key, unsigned int depth)
{
	return (u64)key << FIB_STRIDE >> (32 - depth) & (CHUNKS - 1);
}

/* The depth of the node that holds prefixes of len (1..32) bits. */
static inline unsigned int depth_of(unsigned int len)
{
	return (len - 1) / FIB_STRIDE * FIB_STRIDE;
}

static inline unsigned int number_of(u32 key, unsigned int len, unsigned int depth)
{
	unsigned int l = len - depth;

	return (1U << l) + (chunk_of(key, depth) >> (FIB_STRIDE - l));
}

static inline unsigned int value_slot(const struct fib_node *n, unsigned int number)
{
	u64 below = BIT(number & 63) - 1;

	if (number < 64)
		return n->nr_kids + popcount64(n->prefixes[0] & below);
	return n->nr_kids + n->nr_short + popcount64(n->prefixes[1] & below);
}

static inline unsigned int kid_slot(const struct fib_node *n, unsigned int chunk)
{
	return popcount64(n->kids & (BIT(chunk) - 1));
}

static inline bool has_value(const struct fib_node *n, unsigned int number)
{
	return n->prefixes[number >> 6] >> (number & 63) & 1;
}

static inline bool has_kid(const struct fib_node *n, unsigned int chunk)
{
	return n->kids >> chunk & 1;
}

static inline struct fib_node *kid_at(const struct fib_node *n, unsigned int chunk)
{
	return n->slots[kid_slot(n, chunk)];
}

void *fib_trie_match(const struct fib_trie *t, u32 key)
{
	const struct fib_node *n = t->root, *best = NULL;
	unsigned int number = 0;

	if (!n)
		return t->dflt;
	while (!((key ^ n->key) & n->mask)) { /* no child is NULL */
		unsigned int chunk = (u64)key << FIB_STRIDE >> n->shift & (CHUNKS - 1);
		unsigned int kid = n->kid_at[chunk];

		if (n->nr_values) {
			u64 low = n->prefixes[0] & over[chunk >> 1];

			if (n->prefixes[1] >> chunk & 1) {
				best = n;
				number = 64 + chunk;
			} else if (low) {
				best = n;
				number = fls64(low);
			}
		}
		if (!kid)
			break;
		n = n->slots[kid - 1];
	}
	return best ? best->slots[value_slot(best, number)] : t->dflt;
}

void *fib_trie_lookup(const struct fib_trie *t, u32 key, unsigned int max_len, unsigned int *len)
{
	const struct fib_node *n = t->root, *best = NULL;
	unsigned int number = 0;

	while (n && !((key ^ n->key) & n->mask)) {
		unsigned int chunk = chunk_of(key, n->depth);
		u64 low = n->prefixes[0] & over[chunk >> 1];
		bool whole = n->prefixes[1] >> chunk & 1;

		if (unlikely(max_len < n->depth + FIB_STRIDE)) {
			if (max_len <= n->depth)
				break;
			whole = false;
			low &= ~0ULL >> (64 - (1U << (max_len - n->depth + 1)));
		}
		if (whole || low) {
			best = n;
			number = whole ? 64 + chunk : fls64(low);
		}
		if (!has_kid(n, chunk))
			break;
		n = kid_at(n, chunk);
	}
	*len = 0;
	if (!best)
		return t->dflt;
	*len = best->depth + fls64(number);
	return best->slots[value_slot(best, number)];
}

void *fib_trie_get(const struct fib_trie *t, u32 key, unsigned int len)
{
	unsigned int found;
	void *value = fib_trie_lookup(t, key, len, &found);

	return value && found == len ? value : NULL;
}

static void kid_at_free(struct fib_node *n)
{
	if (n->kid_at != no_kids)
		plat_free((void *)(uintptr_t)n->kid_at);
	n->kid_at = no_kids;
}

/* Room for places of children, if there is none yet. */
static bool kid_at_alloc(struct fib_node *n)
{
	u8 *own;

	if (n->kid_at != no_kids)
		return true;
	own = plat_alloc(CHUNKS);
	if (own)
		n->kid_at = memset(own, 0, CHUNKS);
	return own;
}

/* The children have changed. */
static void kid_at_renew(struct fib_node *n)
{
	u8 *own = (u8 *)(uintptr_t)n->kid_at, place = 0;

	if (!n->nr_kids) {
		kid_at_free(n);
		return;
	}
	for (unsigned int chunk = 0; chunk < CHUNKS; chunk++)
		own[chunk] = has_kid(n, chunk) ? ++place : 0;
}

static struct fib_node *node_alloc(u32 key, unsigned int depth, unsigned int slots)
{
	struct fib_node *n = plat_alloc(sizeof(*n));

	if (!n)
		return NULL;
	memset(n, 0, sizeof(*n));
	n->mask = mask_of(depth);
	n->key = key & n->mask;
	n->depth = depth;
	n->shift = 32 - depth;
	n->kid_at = no_kids;
	n->slots = plat_alloc(slots * sizeof(void *));
	if (!n->slots) {
		plat_free(n);
		return NULL;
	}
	return n;
}

static void node_free(struct fib_node *n)
{
	kid_at_free(n);
	plat_free(n->slots);
	plat_free(n);
}

/* Writes a pointer into a place that has room already. */
static void slot_open(struct fib_node *n, void **to, unsigned int at, void *p)
{
	unsigned int count = n->nr_values + n->nr_kids;

	memmove(to + at + 1, n->slots + at, (count - at) * sizeof(void *));
	if (to != n->slots)
		memcpy(to, n->slots, at * sizeof(void *));
	to[at] = p;
}

static void put_value(struct fib_node *n, void **to, unsigned int number, void *value)
{
	slot_open(n, to, value_slot(n, number), value);
	n->prefixes[number >> 6] |= BIT(number & 63);
	n->nr_values++;
	n->nr_short += number < 64;
}

/* kid_at_alloc() has been called. */
static void put_kid(struct fib_node *n, void **to, struct fib_node *kid)
{
	unsigned int chunk = chunk_of(kid->key, n->depth);

	slot_open(n, to, kid_slot(n, chunk), kid);
	n->kids |= BIT(chunk);
	n->nr_kids++;
	kid_at_renew(n);
}

static void slot_close(struct fib_node *n, unsigned int at)
{
	unsigned int count = n->nr_values + n->nr_kids;

	memmove(n->slots + at, n->slots + at + 1, (count - at - 1) * sizeof(void *));
}

/* A larger array for one pointer more; the old one is freed by slots_switch(). */
static void **slots_more(const struct fib_node *n)
{
	return plat_alloc((n->nr_values + n->nr_kids + 1U) * sizeof(void *));
}

static void slots_switch(struct fib_node *n, void **slots)
{
	plat_free(n->slots);
	n->slots = slots;
}

static struct fib_node *leaf_alloc(u32 key, unsigned int len, void *value)
{
	unsigned int depth = depth_of(len);
	struct fib_node *n = node_alloc(key, depth, 1);

	if (n)
		put_value(n, n->slots, number_of(key, len, depth), value);
	return n;
}

/* The new prefix lies beside or above n: a node that leads to both takes n's place. */
static int split(struct fib_node **link, u32 key, unsigned int len, void *value)
{
	struct fib_node *n = *link, *parent, *leaf = NULL;
	unsigned int depth = depth_of(len), at = depth;
	u32 differ = key ^ n->key;

	if (differ)
		at = min(at, depth_of(32 - fls64(differ)));
	parent = node_alloc(key, at, 2);
	if (!parent)
		return -ENOMEM;
	if (at != depth)
		leaf = leaf_alloc(key, len, value);
	if (!kid_at_alloc(parent) || (at != depth && !leaf)) {
		if (leaf)
			node_free(leaf);
		node_free(parent);
		return -ENOMEM;
	}
	if (leaf)
		put_kid(parent, parent->slots, leaf);
	else
		put_value(parent, parent->slots, number_of(key, len, depth), value);
	put_kid(parent, parent->slots, n);
	*link = parent;
	return 0;
}

static int add_value(struct fib_node *n, unsigned int number, void *value)
{
	void **slots = slots_more(n);

	if (!slots)
		return -ENOMEM;
	put_value(n, slots, number, value);
	slots_switch(n, slots);
	return 0;
}

static int add_leaf(struct fib_node *n, u32 key, unsigned int len, void *value)
{
	struct fib_node *leaf = leaf_alloc(key, len, value);
	void **slots;

	if (!leaf)
		return -ENOMEM;
	slots = kid_at_alloc(n) ? slots_more(n) : NULL;
	if (!slots) {
		kid_at_renew(n);
		node_free(leaf);
		return -ENOMEM;
	}
	put_kid(n, slots, leaf);
	slots_switch(n, slots);
	return 0;
}

/* The prefix is not there yet, and len > 0. */
static int trie_insert(struct fib_trie *t, u32 key, unsigned int len, void *value)
{
	struct fib_node **link = &t->root, *n;
	unsigned int depth = depth_of(len);

	while ((n = *link)) {
		unsigned int chunk = chunk_of(key, n->depth);

		if (n->depth > depth || (key ^ n->key) & n->mask)
			return split(link, key, len, value);
		if (n->depth == depth)
			return add_value(n, number_of(key, len, depth), value);
		if (!has_kid(n, chunk))
			return add_leaf(n, key, len, value);
		link = (struct fib_node **)&n->slots[kid_slot(n, chunk)];
	}
	*link = leaf_alloc(key, len, value);
	return *link ? 0 : -ENOMEM;
}

/* The node that holds prefixes of len bits of key, and its parent's. */
static struct fib_node *find_node(struct fib_trie *t, u32 key, unsigned int len,
				  struct fib_node **parent)
{
	unsigned int depth = depth_of(len);
	struct fib_node *n = t->root;

	*parent = NULL;
	while (n && n->depth < depth && !((key ^ n->key) & n->mask)) {
		unsigned int chunk = chunk_of(key, n->depth);

		*parent = n;
		n = has_kid(n, chunk) ? kid_at(n, chunk) : NULL;
	}
	return n && n->depth == depth && !((key ^ n->key) & n->mask) ? n : NULL;
}

int fib_trie_set(struct fib_trie *t, u32 key, unsigned int len, void *value)
{
	struct fib_node *n, *parent;
	int err = 0;

	key &= mask_of(len);
	if (!len) {
		t->count += !t->dflt;
		t->dflt = value;
		return 0;
	}
	n = find_node(t, key, len, &parent);
	if (n && has_value(n, number_of(key, len, n->depth))) {
		n->slots[value_slot(n, number_of(key, len, n->depth))] = value;
		return 0;
	}
	err = trie_insert(t, key, len, value);
	t->count += !err;
	return err;
}

/* Puts by in the place of n (a child of parent, or the root). */
static void relink(struct fib_trie *t, struct fib_node *parent, const struct fib_node *n,
		   struct fib_node *by)
{
	if (parent)
		parent->slots[kid_slot(parent, chunk_of(n->key, parent->depth))] = by;
	else
		t->root = by;
}

/* Removes n if it leads nowhere; leaves it out if it leads to one node only. True: removed. */
static bool prune(struct fib_trie *t, struct fib_node *parent, struct fib_node *n)
{
	unsigned int chunk;

	if (n->nr_values || n->nr_kids > 1)
		return false;
	if (n->nr_kids == 1) {
		relink(t, parent, n, n->slots[0]);
	} else if (parent) {
		chunk = chunk_of(n->key, parent->depth);
		slot_close(parent, kid_slot(parent, chunk));
		parent->kids &= ~BIT(chunk);
		parent->nr_kids--;
		kid_at_renew(parent);
	} else {
		t->root = NULL;
	}
	node_free(n);
	return true;
}

void fib_trie_remove(struct fib_trie *t, u32 key, unsigned int len)
{
	struct fib_node *n, *parent, *above;
	unsigned int number;

	key &= mask_of(len);
	if (!len) {
		t->count -= !!t->dflt;
		t->dflt = NULL;
		return;
	}
	n = find_node(t, key, len, &parent);
	number = n ? number_of(key, len, n->depth) : 0;
	if (!n || !has_value(n, number))
		return;
	slot_close(n, value_slot(n, number));
	n->prefixes[number >> 6] &= ~BIT(number & 63);
	n->nr_values--;
	n->nr_short -= number < 64;
	t->count--;
	if (prune(t, parent, n) && parent) {
		find_node(t, parent->key, parent->depth + 1, &above);
		prune(t, above, parent);
	}
}

/* Values that wait until the longer ones of the same key have been shown. */
struct pending {
	unsigned int n;
	void *values[33];
};

struct walk {
	void (*fn)(void *arg, void *value);
	void *arg;
};

static void emit(const struct walk *w, const struct pending *p)
{
	for (unsigned int i = 0; i < p->n; i++)
		w->fn(w->arg, p->values[i]);
}

/* n's values whose key is that of chunk, the longest first, and then those that waited. */
static void gather(const struct fib_node *n, unsigned int chunk, const struct pending *before,
		   struct pending *now)
{
	now->n = 0;
	for (unsigned int l = FIB_STRIDE; l > 0; l--) {
		unsigned int number = (1U << l) + (chunk >> (FIB_STRIDE - l));

		if (chunk & ((1U << (FIB_STRIDE - l)) - 1))
			break;
		if (has_value(n, number))
			now->values[now->n++] = n->slots[value_slot(n, number)];
	}
	for (unsigned int i = 0; before && i < before->n; i++)
		now->values[now->n++] = before->values[i];
}

/* Recursion is as deep as the trie: at most six. */
static void walk_node(const struct walk *w, const struct fib_node *n, const struct pending *before)
{
	struct pending now;

	for (unsigned int chunk = 0; chunk < CHUNKS; chunk++) {
		const struct fib_node *kid = has_kid(n, chunk) ? kid_at(n, chunk) : NULL;
		u32 key = n->key | (u32)((u64)chunk << (32 - FIB_STRIDE) >> n->depth);

		gather(n, chunk, chunk ? NULL : before, &now);
		if (kid && kid->key == key) {
			walk_node(w, kid, &now);
			continue;
		}
		emit(w, &now);
		if (kid)
			walk_node(w, kid, NULL);
	}
}

void fib_trie_walk(const struct fib_trie *t, void (*fn)(void *arg, void *value), void *arg)
{
	struct walk w = {fn, arg};
	struct pending first = {0};

	if (t->dflt)
		first.values[first.n++] = t->dflt;
	if (t->root && t->root->key == 0) {
		walk_node(&w, t->root, &first);
		return;
	}
	emit(&w, &first);
	if (t->root)
		walk_node(&w, t->root, NULL);
}
