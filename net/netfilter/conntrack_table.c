/* SPDX-License-Identifier: MIT */
/*
 * Where connections are: a pool of equal blocks, and a hash table of cache lines.
 *
 * A line holds twelve (tag, index) pairs. A lookup compares all tags of a line at once and reads a connection only when
 * its tag fits; a line that is full goes on in another. The hash is keyed: nobody outside can aim at a line.
 * The pool only grows. A packet in a queue may thus look at a connection that has ended: the generation tells.
 */
#include "lib/errno.h"
#include "net/netfilter/conntrack_net.h"

#define TAG_ONES  0x0101010101010101ULL
#define TAG_HIGHS 0x8080808080808080ULL

static inline struct ct_line *line_at(const struct ct_table *t, u32 i)
{
	BUG_ON(!t->seg); /* it is there as long as connections are tracked */
	return &t->seg[i / CT_SEG_LINES][i % CT_SEG_LINES];
}

static inline struct ct_line *bucket_of(const struct ct_table *t, u64 hash)
{
	return line_at(t, (hash >> 32) * t->nr_main >> 32);
}

static inline u8 tag_of(u64 hash)
{
	return (u8)hash | !(u8)hash;
}

/* A high bit for each tag that is (or, above one that is, may be) equal. */
static inline u64 tags_equal(u64 tags, u8 tag)
{
	u64 x = tags ^ TAG_ONES * tag;

	return (x - TAG_ONES) & ~x & TAG_HIGHS;
}

static inline bool tuple_is(const struct nf_conntrack_tuple *a, const struct nf_conntrack_tuple *b)
{
	u64 aa, ba;
	u32 ap, bp;

	__builtin_memcpy(&aa, &a->src, 8);
	__builtin_memcpy(&ba, &b->src, 8);
	__builtin_memcpy(&ap, &a->sport, 4);
	__builtin_memcpy(&bp, &b->sport, 4);
	return aa == ba && ap == bp;
}

/* The entry of those that hits point to which is the tuple's; NULL: none. */
static __always_inline struct nf_conn *hit_find(const struct nf_ct_net *ctn,
						const struct ct_line *line, u64 hits, u32 first,
						const struct nf_conntrack_tuple *t, u8 protonum,
						enum ip_conntrack_dir *dir)
{
	for (; hits; hits &= hits - 1) {
		u32 i = first + __builtin_ctzll(hits) / 8;
		struct nf_conn *ct = ct_at(ctn, line->entry[i] >> 1);

		*dir = line->entry[i] & 1;
		if (likely(tuple_is(&ct->tuple[*dir], t) && ct->protonum == protonum &&
			   line->tag[i]))
			return ct;
	}
	return NULL;
}

static noinline struct nf_conn *end_expired(struct nf_ct_net *ctn, struct nf_conn *ct)
{
	ct_kill(ctn, ct);
	return NULL;
}

struct nf_conn *ct_find(struct nf_ct_net *ctn, const struct nf_conntrack_tuple *t, u8 protonum,
			u64 hash, u32 now, enum ip_conntrack_dir *dir)
{
	const struct ct_line *line = bucket_of(&ctn->table, hash);
	u8 tag = tag_of(hash);

	for (;;) {
		struct nf_conn *ct;
		u64 low;
		u32 high;

		__builtin_memcpy(&low, line->tag, 8);
		ct = hit_find(ctn, line, tags_equal(low, tag), 0, t, protonum, dir);
		if (unlikely(!ct)) {
			__builtin_memcpy(&high, line->tag + 8, 4);
			ct = hit_find(ctn, line, tags_equal(high, tag) & U32_MAX, 8, t, protonum,
				      dir);
		}
		if (likely(ct))
			return likely(!ct_expired(ct, now)) ? ct : end_expired(ctn, ct);
		if (likely(!line->next))
			return NULL;
		line = line_at(&ctn->table, line->next);
	}
}

/* ---- lines ---- */

static int add_segment(struct ct_table *t)
{
	struct ct_line **seg = plat_alloc((t->nr_segs + 1) * sizeof(*seg));
	struct ct_line *lines = plat_alloc(CT_SEG_LINES * sizeof(*lines));

	if (!seg || !lines) {
		plat_free(seg);
		plat_free(lines);
		return -ENOMEM;
	}
	memset(lines, 0, CT_SEG_LINES * sizeof(*lines));
	if (t->nr_segs)
		memcpy(seg, t->seg, t->nr_segs * sizeof(*seg));
	plat_free(t->seg);
	t->seg = seg;
	t->seg[t->nr_segs++] = lines;
	return 0;
}

/* An empty line to go on in; its number, 0: no memory. */
static u32 line_get(struct ct_table *t)
{
	u32 i = t->free;

	if (i) {
		t->free = line_at(t, i)->next;
		line_at(t, i)->next = 0;
		return i;
	}
	if (t->nr_lines == t->nr_segs * CT_SEG_LINES && add_segment(t))
		return 0;
	return t->nr_lines++;
}

static int table_init(struct ct_table *t, u32 lines)
{
	memset(t, 0, sizeof(*t));
	while (t->nr_segs * CT_SEG_LINES < lines) {
		if (add_segment(t)) {
			ct_table_free(t);
			return -ENOMEM;
		}
	}
	t->nr_main = t->nr_lines = lines;
	return 0;
}

void ct_table_free(struct ct_table *t)
{
	while (t->nr_segs)
		plat_free(t->seg[--t->nr_segs]);
	plat_free(t->seg);
	memset(t, 0, sizeof(*t));
}

/* ---- entries ---- */

static int table_add(struct ct_table *t, u64 hash, u32 entry)
{
	struct ct_line *line = bucket_of(t, hash);
	u32 next;

	for (;;) {
		for (unsigned int i = 0; i < CT_LINE_SLOTS; i++) {
			if (line->tag[i])
				continue;
			line->tag[i] = tag_of(hash);
			line->entry[i] = entry;
			return 0;
		}
		if (!line->next) {
			next = line_get(t);
			if (!next)
				return -ENOMEM;
			line->next = next; /* line stays where it is: segments do not move */
		}
		line = line_at(t, line->next);
	}
}

static int slot_of(const struct ct_line *line, u32 entry)
{
	int i = CT_LINE_SLOTS - 1;

	while (i >= 0 && !(line->tag[i] && line->entry[i] == entry))
		i--;
	return i;
}

static int last_used(const struct ct_line *line)
{
	int i = CT_LINE_SLOTS - 1;

	while (i >= 0 && !line->tag[i])
		i--;
	return i;
}

/* The last of its bucket moves into the hole; a line that is empty then is given back. */
static void table_del(struct ct_table *t, u64 hash, u32 entry)
{
	struct ct_line *last = bucket_of(t, hash), *before = NULL, *hole = NULL;
	int at = -1, i;

	for (;;) {
		if (!hole && (at = slot_of(last, entry)) >= 0)
			hole = last;
		if (!last->next)
			break;
		before = last;
		last = line_at(t, last->next);
	}
	BUG_ON(!hole);
	i = last_used(last);
	hole->tag[at] = last->tag[i];
	hole->entry[at] = last->entry[i];
	last->tag[i] = 0;
	if (before && last_used(last) < 0) {
		last->next = t->free;
		t->free = before->next;
		before->next = 0;
	}
}

static u64 hash_of(const struct nf_ct_net *ctn, const struct nf_conn *ct, u32 dir)
{
	return ct_hash(ctn, &ct->tuple[dir], ct->protonum);
}

/* Where both tuples are equal (no ports, ends that are, or have become, the same) what comes is an answer, as on Linux. */
static u32 entry_of(const struct nf_conn *ct, u32 dir)
{
	return ct->index << 1 | (dir | tuple_is(&ct->tuple[0], &ct->tuple[1]));
}

static int insert_into(const struct nf_ct_net *ctn, struct ct_table *t, const struct nf_conn *ct)
{
	u64 hash = hash_of(ctn, ct, IP_CT_DIR_ORIGINAL);
	int err = table_add(t, hash, entry_of(ct, IP_CT_DIR_ORIGINAL));

	if (err)
		return err;
	err = table_add(t, hash_of(ctn, ct, IP_CT_DIR_REPLY), entry_of(ct, IP_CT_DIR_REPLY));
	if (err)
		table_del(t, hash, entry_of(ct, IP_CT_DIR_ORIGINAL));
	return err;
}

int ct_insert(struct nf_ct_net *ctn, struct nf_conn *ct)
{
	return insert_into(ctn, &ctn->table, ct);
}

void ct_remove(struct nf_ct_net *ctn, const struct nf_conn *ct)
{
	for (u32 dir = 0; dir < IP_CT_DIR_MAX; dir++)
		table_del(&ctn->table, hash_of(ctn, ct, dir), entry_of(ct, dir));
}

int ct_table_resize(struct nf_ct_net *ctn, u32 conns)
{
	struct ct_table t;
	struct nf_conn *ct;
	u32 cursor = 0;

	if (table_init(&t, conns / 5 + 1))
		return -ENOMEM;
	while ((ct = nf_ct_next(ctn->net, &cursor))) {
		if (insert_into(ctn, &t, ct)) {
			ct_table_free(&t);
			return -ENOMEM;
		}
	}
	ct_table_free(&ctn->table);
	ctn->table = t;
	return 0;
}

bool ct_bucket_walk(struct nf_ct_net *ctn, u64 hash, u32 n,
		    bool (*fn)(struct nf_ct_net *ctn, struct nf_conn *ct))
{
	struct ct_table *t = &ctn->table;
	u32 first = (hash >> 32) * t->nr_main >> 32;
	u32 i = (first + n) % t->nr_main;

	do {
		const struct ct_line *line = line_at(t, i);

		for (unsigned int k = 0; k < CT_LINE_SLOTS; k++) {
			if (line->tag[k] && fn(ctn, ct_at(ctn, line->entry[k] >> 1)))
				return true;
		}
		i = line->next;
	} while (i);
	return false;
}

/* ---- the pool ---- */

static void free_append(struct nf_ct_net *ctn, struct nf_conn *ct)
{
	ct->nat_next = 0;
	if (ctn->free_first)
		ct_at(ctn, ctn->free_last)->nat_next = ct->index;
	else
		ctn->free_first = ct->index;
	ctn->free_last = ct->index;
}

static int pool_grow_list(struct nf_ct_net *ctn)
{
	u32 room = ctn->chunks_room ? ctn->chunks_room * 2 : 8;
	struct nf_conn **list = plat_alloc(room * sizeof(*list));

	if (!list)
		return -ENOMEM;
	if (ctn->nr_chunks)
		memcpy(list, ctn->chunk, ctn->nr_chunks * sizeof(*list));
	plat_free(ctn->chunk);
	ctn->chunk = list;
	ctn->chunks_room = room;
	return 0;
}

static int pool_grow(struct nf_ct_net *ctn)
{
	struct nf_conn *chunk;

	if (ctn->nr_chunks == ctn->chunks_room && pool_grow_list(ctn))
		return -ENOMEM;
	chunk = plat_alloc(CT_CHUNK_BYTES);
	if (!chunk)
		return -ENOMEM;
	memset(chunk, 0, CT_CHUNK_BYTES);
	ctn->chunk[ctn->nr_chunks] = chunk;
	/* the very first has the number that says "none" */
	for (u32 i = !ctn->nr_chunks; i < CT_CHUNK_CONNS; i++) {
		chunk[i].index = ctn->nr_chunks << CT_CHUNK_SHIFT | i;
		if (i > !ctn->nr_chunks)
			chunk[i - 1].nat_next = chunk[i].index;
	}
	ctn->free_first = chunk[!ctn->nr_chunks].index;
	ctn->free_last = chunk[CT_CHUNK_CONNS - 1].index;
	ctn->nr_chunks++;
	return 0;
}

struct nf_conn *ct_pool_get(struct nf_ct_net *ctn)
{
	struct nf_conn *ct;
	u32 index;
	u16 gen;

	if (unlikely(!ctn->free_first) && pool_grow(ctn))
		return NULL;
	ct = ct_at(ctn, ctn->free_first);
	ctn->free_first = ct->nat_next;
	index = ct->index;
	gen = ct->gen;
	memset(ct, 0, sizeof(*ct));
	ct->index = index;
	ct->gen = gen;
	return ct;
}

void ct_pool_put(struct nf_ct_net *ctn, struct nf_conn *ct)
{
	ct->gen++; /* who still has it sees that it is another */
	ct->status = 0;
	free_append(ctn, ct);
}

static void put_dying(struct net *net, struct rcu_head *head)
{
	struct nf_ct_net *ctn = container_of(head, struct nf_ct_net, dying_rcu);
	u32 next;

	(void)net;
	ctn->dying_waits = false;
	for (u32 i = ctn->dying; i; i = next) {
		next = ct_at(ctn, i)->nat_next;
		ct_pool_put(ctn, ct_at(ctn, i));
	}
	ctn->dying = 0;
}

void ct_pool_put_later(struct nf_ct_net *ctn, struct nf_conn *ct)
{
	ct->nat_next = ctn->dying;
	ctn->dying = ct->index;
	if (!ctn->dying_waits)
		call_rcu(ctn->net, &ctn->dying_rcu, put_dying);
	ctn->dying_waits = true;
}

void ct_pool_free(struct nf_ct_net *ctn)
{
	while (ctn->nr_chunks)
		plat_free(ctn->chunk[--ctn->nr_chunks]);
	plat_free(ctn->chunk);
	ctn->chunk = NULL;
}

struct nf_conn *nf_ct_next(struct net *net, u32 *cursor)
{
	struct nf_ct_net *ctn = net->ct;

	while (*cursor < ctn->nr_chunks << CT_CHUNK_SHIFT) {
		u32 i = (*cursor)++;
		struct nf_conn *ct;

		if ((i & ((1U << CT_CHUNK_SHIFT) - 1)) >= CT_CHUNK_CONNS)
			continue;
		ct = ct_at(ctn, i);
		if ((ct->status & (IPS_CONFIRMED | IPS_DYING)) == IPS_CONFIRMED)
			return ct;
	}
	return NULL;
}
