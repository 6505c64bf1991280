/* SPDX-License-Identifier: MIT */
/*
 * Data of an sk_buff: allocating, reshaping, copying and summing it, through fragments.
 *
 * A packet's bytes lie in the linear part, then in frags[], then in the skbs of frag_list. Reshaping makes
 * a new linear buffer rather than moving bytes between fragments: it is the rare case, and a simple one.
 */
#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/core/skb_data.h"
#include "net/wire/checksum.h"

static u32 skb_room_of(u32 total)
{
	return total - SKB_SHINFO_SIZE;
}

void *skb_data_alloc(struct net *net, u32 size, u32 *room)
{
	if (size <= skb_room_of(SKB_SMALL_SIZE)) {
		*room = skb_room_of(SKB_SMALL_SIZE);
		return plat_cache_alloc(net->skb_small_cache);
	}
	if (size <= skb_room_of(SKB_DATA_SIZE)) {
		*room = skb_room_of(SKB_DATA_SIZE);
		return plat_cache_alloc(net->skb_data_cache);
	}
	if (size > U16_MAX * 2)
		return NULL;
	*room = ALIGN(size, 64);
	return plat_alloc(*room + SKB_SHINFO_SIZE);
}

static void skb_data_free(struct net *net, u8 *head, u32 room)
{
	if (room == skb_room_of(SKB_SMALL_SIZE))
		plat_cache_free(net->skb_small_cache, head);
	else if (room == skb_room_of(SKB_DATA_SIZE))
		plat_cache_free(net->skb_data_cache, head);
	else
		plat_free(head);
}

static void skb_release_frags(struct skb_shared_info *si)
{
	struct sk_buff *skb = si->frag_list, *next;

	for (unsigned int i = 0; i < si->nr_frags; i++)
		si->free_frag(&si->frags[i]);
	for (; skb; skb = next) {
		next = skb->next;
		consume_skb(skb);
	}
}

/* Frees the buffer alone: its fragments have gone elsewhere. */
static void skb_free_head(struct sk_buff *skb)
{
	struct skb_shared_info *si = skb_shinfo(skb);

	if (si->free_head)
		si->free_head(skb->head);
	else
		skb_data_free(skb->net, skb->head, skb->end - skb->head);
}

void skb_free_data(struct sk_buff *skb)
{
	struct skb_shared_info *si = skb_shinfo(skb);

	if (unlikely(si->nr_frags || si->frag_list))
		skb_release_frags(si);
	skb_free_head(skb);
}

void skb_move_headers(struct sk_buff *n, const struct sk_buff *from, s32 shift)
{
	n->mac_header =
		from->mac_header == SKB_HEADER_NONE ? SKB_HEADER_NONE : from->mac_header + shift;
	n->network_header = from->network_header == SKB_HEADER_NONE ? SKB_HEADER_NONE
								    : from->network_header + shift;
	n->transport_header = from->transport_header == SKB_HEADER_NONE
				      ? SKB_HEADER_NONE
				      : from->transport_header + shift;
}

/*
 * Calls fn for each run of bytes of [offset, offset + len). False: the packet is shorter.
 * The one walk that all below share.
 */
typedef void (*skb_run_fn)(void *arg, u8 *bytes, u32 n);

struct skb_walk {
	u32 offset, len;
	skb_run_fn fn;
	void *arg;
};

static void walk_run(struct skb_walk *w, u8 *bytes, u32 n)
{
	u32 take;

	if (w->offset >= n) {
		w->offset -= n;
		return;
	}
	take = min(n - w->offset, w->len);
	if (take)
		w->fn(w->arg, bytes + w->offset, take);
	w->offset = 0;
	w->len -= take;
}

static void walk_one(struct skb_walk *w, const struct sk_buff *skb)
{
	struct skb_shared_info *si = skb_shinfo(skb);

	walk_run(w, skb->data, skb_headlen(skb));
	for (unsigned int i = 0; i < si->nr_frags && w->len; i++)
		walk_run(w, si->frags[i].page, si->frags[i].len);
}

/* The skbs of frag_list have no frag_list of their own: reassembly sees to it. */
static bool skb_walk(const struct sk_buff *skb, u32 offset, u32 len, skb_run_fn fn, void *arg)
{
	struct skb_walk w = {offset, len, fn, arg};

	if (offset > skb->len || len > skb->len - offset)
		return false;
	walk_one(&w, skb);
	for (struct sk_buff *f = skb_shinfo(skb)->frag_list; f && w.len; f = f->next)
		walk_one(&w, f);
	return true;
}

static void run_copy_out(void *arg, u8 *bytes, u32 n)
{
	u8 **to = arg;

	memcpy(*to, bytes, n);
	*to += n;
}

static void run_copy_in(void *arg, u8 *bytes, u32 n)
{
	const u8 **from = arg;

	memcpy(bytes, *from, n);
	*from += n;
}

struct csum_run {
	u32 sum, done;
};

static void run_csum(void *arg, u8 *bytes, u32 n)
{
	struct csum_run *c = arg;

	c->sum = csum_block_add(c->sum, csum_partial(bytes, n, 0), c->done);
	c->done += n;
}

int skb_copy_bits(const struct sk_buff *skb, u32 offset, void *to, u32 len)
{
	u8 *p = to;

	if (likely(offset <= skb_headlen(skb) && len <= skb_headlen(skb) - offset)) {
		memcpy(to, skb->data + offset, len);
		return 0;
	}
	return skb_walk(skb, offset, len, run_copy_out, &p) ? 0 : -EFAULT;
}

int skb_store_bits(struct sk_buff *skb, u32 offset, const void *from, u32 len)
{
	const u8 *p = from;

	return skb_walk(skb, offset, len, run_copy_in, &p) ? 0 : -EFAULT;
}

u32 skb_checksum(const struct sk_buff *skb, u32 offset, u32 len, u32 csum)
{
	struct csum_run c = {csum, 0};

	if (likely(!skb_is_nonlinear(skb)))
		return csum_partial(skb->data + offset, len, csum);
	skb_walk(skb, offset, len, run_csum, &c);
	return c.sum;
}

void skb_copy_whole(const struct sk_buff *skb, u8 *dst)
{
	skb_walk(skb, 0, skb->len, run_copy_out, &dst);
}

/* Gives skb a private linear buffer with its first keep bytes of data (fragments behind them dropped or moved by the caller). */
static u8 *skb_new_head(struct sk_buff *skb, u32 headroom, u32 keep, u32 tailroom, u32 *room)
{
	u8 *head = skb_data_alloc(skb->net, headroom + keep + tailroom, room);

	if (unlikely(!head))
		skb->net->drops[SKB_DROP_REASON_NOMEM]++;
	return head;
}

static void skb_use_head(struct sk_buff *skb, u8 *head, u32 room, u32 headroom, u32 linear)
{
	s32 shift = (s32)headroom - (s32)skb_headroom(skb);

	skb->truesize += room - (u32)(skb->end - skb->head);
	skb_move_headers(skb, skb, shift);
	skb->csum_start += shift;
	skb->head = head;
	skb->data = head + headroom;
	skb->tail = skb->data + linear;
	skb->end = head + room;
	skb->cloned = skb->hdr_own = 0;
}

static void skb_shinfo_copy_gso(struct skb_shared_info *to, const struct skb_shared_info *from)
{
	memset(to, 0, SKB_SHINFO_INIT);
	to->dataref = 1;
	to->gso_type = from->gso_type;
	to->gso_size = from->gso_size;
	to->gso_segs = from->gso_segs;
}

/* A private buffer with all bytes of the packet linear, and the headers in front of data, which may be asked for again. */
static int skb_flatten(struct sk_buff *skb, u32 headroom, u32 tailroom)
{
	u32 room, old_truesize = skb->truesize, front = min(headroom, skb_headroom(skb));
	u8 *head = skb_new_head(skb, headroom, skb->len, tailroom, &room);

	if (!head)
		return -ENOMEM;
	memcpy(head + headroom - front, skb->data - front, front);
	skb_copy_whole(skb, head + headroom);
	skb_shinfo_copy_gso((struct skb_shared_info *)(head + room), skb_shinfo(skb));
	skb_release_data(skb);
	skb_use_head(skb, head, room, headroom, skb->len);
	skb->data_len = 0;
	if (skb->destructor)
		skb->truesize = old_truesize; /* the socket was charged this much */
	return 0;
}

/* The same for a packet that is linear, or whose fragments are its own and stay. */
static int skb_reallocate(struct sk_buff *skb, u32 headroom, u32 tailroom)
{
	u32 room, old_truesize = skb->truesize, front = min(headroom, skb_headroom(skb));
	u32 linear = skb_headlen(skb);
	struct skb_shared_info *si = skb_shinfo(skb), *nsi;
	u8 *head = skb_new_head(skb, headroom, linear, tailroom, &room);

	if (!head)
		return -ENOMEM;
	memcpy(head + headroom - front, skb->data - front, front + linear);
	nsi = (struct skb_shared_info *)(head + room);
	skb_shinfo_copy_gso(nsi, si);
	nsi->nr_frags = si->nr_frags;
	nsi->frag_list = si->frag_list;
	nsi->free_frag = si->free_frag;
	memcpy(nsi->frags, si->frags, si->nr_frags * sizeof(si->frags[0]));
	if (--si->dataref == 0)
		skb_free_head(skb);
	skb_use_head(skb, head, room, headroom, linear);
	if (skb->destructor)
		skb->truesize = old_truesize;
	return 0;
}

/* Fragments cannot be counted twice: a clone with fragments gets a flat copy. */
int pskb_expand_head(struct sk_buff *skb, u32 headroom, u32 tailroom)
{
	headroom = max(headroom, skb_headroom(skb));
	if (skb_is_nonlinear(skb) && skb_cloned(skb))
		return skb_flatten(skb, headroom, tailroom);
	return skb_reallocate(skb, headroom, tailroom);
}

int skb_cow_head_slow(struct sk_buff *skb, u32 headroom)
{
	return pskb_expand_head(skb, ALIGN(max(headroom, skb_headroom(skb)), 16), 0);
}

int skb_ensure_writable(struct sk_buff *skb, u32 len)
{
	if (!pskb_may_pull(skb, len))
		return -ENOMEM;
	return skb_cloned(skb) ? pskb_expand_head(skb, 0, 0) : 0;
}

bool pskb_may_pull_slow(struct sk_buff *skb, u32 len)
{
	return len <= skb->len && skb_linearize(skb) == 0;
}

int skb_linearize(struct sk_buff *skb)
{
	return skb_is_nonlinear(skb) ? skb_flatten(skb, skb_headroom(skb), 0) : 0;
}

/* A cut through fragments flattens what is left; padding behind the IP packet is nearly always linear. */
int pskb_trim(struct sk_buff *skb, u32 len)
{
	if (len >= skb->len)
		return 0;
	if (skb_is_nonlinear(skb)) {
		int err = skb_linearize(skb);

		if (err)
			return err;
	}
	skb->len = len;
	skb->tail = skb->data + len;
	return 0;
}
