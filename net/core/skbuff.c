/* SPDX-License-Identifier: MIT */
/*
 * Life of an sk_buff: made, cloned, freed.
 *
 * Heads come from one cache. Data buffers of the stack's own come in two sizes from caches, larger ones from
 * the platform; which, is seen from the buffer's size. Every head in use is counted against net->skb_limit,
 * so that no flood can take all memory.
 */
#include "net/core/net_namespace.h"
#include "net/core/skb_data.h"
#include "net/dst.h"

#define SMALL_SPARES 32
#define DATA_SPARES  8

static inline struct sk_buff *skb_head_alloc(struct net *net)
{
	struct sk_buff *skb;

	if (unlikely(net->nr_skbs >= (u32)net->skb_limit)) {
		net->drops[SKB_DROP_REASON_SKB_LIMIT]++;
		return NULL;
	}
	skb = plat_cache_alloc(net->skb_cache);
	if (unlikely(!skb)) {
		net->drops[SKB_DROP_REASON_NOMEM]++;
		return NULL;
	}
	net->nr_skbs++;
	return skb;
}

static inline void spare_put(struct skb_spares *sp, struct sk_buff *skb)
{
	skb->next = sp->first;
	sp->first = skb;
	sp->nr++;
	skb->net->nr_skbs--;
}

static inline void skb_head_free(struct net *net, struct sk_buff *skb)
{
	if (likely(net->bare_spares.nr < net->bare_spares.max)) {
		spare_put(&net->bare_spares, skb);
		return;
	}
	net->nr_skbs--;
	plat_cache_free(net->skb_cache, skb);
}

/*
 * Field by field: shorter than clearing all, cb and csum fields need none. len bytes at offset are its data. Where it belongs,
 * net and spares, is there: what is kept stays there.
 */
static __always_inline void skb_init(struct sk_buff *skb, struct net_device *dev, u8 *head,
				     u32 room, u32 offset, u32 len, void (*free_head)(void *))
{
	struct skb_shared_info *si = (struct skb_shared_info *)(head + room);

	skb->next = skb->prev = NULL;
	skb->dev = dev;
	skb->sk = NULL;
	skb->dst = NULL;
	skb->destructor = NULL;
	skb->head = head;
	skb->data = head + offset;
	skb->tail = head + offset + len;
	skb->end = head + room;
	skb->len = len;
	skb->data_len = 0;
	skb->mac_header = skb->network_header = skb->transport_header = SKB_HEADER_NONE;
	skb->protocol = 0;
	skb->csum_start = skb->csum_offset = 0;
	skb->pkt_type = 0;
	skb->ip_summed = CHECKSUM_NONE;
	skb->cloned = 0;
	skb->traced = 0;
	skb->hdr_own = 0;
	skb->dst_owned = 0;
	skb->peeked = 0;
	skb->tx_flags = 0;
	skb->hooks_passed = 0;
	skb->users = 1;
	skb->truesize = sizeof(*skb) + room + SKB_SHINFO_SIZE;
	skb->mark = skb->priority = skb->tskey = 0;
	skb->csum = 0;
	skb->tstamp = 0;
	skb->nfct = 0;
	skb->iif = 0;
	skb->trace_id = 0;
	si->dataref = 1;
	si->nr_frags = 0;
	si->gso_type = 0;
	si->gso_size = 0;
	si->gso_segs = 0;
	si->frag_list = NULL;
	si->free_head = free_head;
}

/* What is kept and still counts as in use by nobody. NULL: none is, or too many are in use. */
static inline struct sk_buff *spare_take(struct net *net, struct skb_spares *sp)
{
	struct sk_buff *skb = sp->first;

	if (unlikely(!skb || net->nr_skbs >= (u32)net->skb_limit))
		return NULL;
	sp->first = skb->next;
	sp->nr--;
	net->nr_skbs++;
	return skb;
}

/* Those of the smaller buffers, or of the larger. */
static inline struct skb_spares *own_spares(struct net *net, u32 size)
{
	return &net->own_spares[size > net->own_spares[0].room];
}

/* Not yet initialised: it has its buffer, and knows where it belongs. */
static noinline struct sk_buff *skb_fresh(struct net *net, u32 size)
{
	struct skb_spares *sp = own_spares(net, size);
	struct sk_buff *skb = skb_head_alloc(net);
	u32 room;

	if (unlikely(!skb))
		return NULL;
	skb->net = net;
	skb->head = skb_data_alloc(net, size, &room);
	if (unlikely(!skb->head)) {
		net->drops[SKB_DROP_REASON_NOMEM]++;
		skb_head_free(net, skb);
		return NULL;
	}
	skb->end = skb->head + room;
	skb_shinfo(skb)->spares = size <= sp->room ? sp : NULL;
	return skb;
}

struct sk_buff *alloc_skb(struct net *net, u32 size)
{
	struct skb_spares *sp = own_spares(net, size);
	struct sk_buff *skb = likely(size <= sp->room) ? spare_take(net, sp) : NULL;

	if (unlikely(!skb)) {
		skb = skb_fresh(net, size);
		if (!skb)
			return NULL;
	}
	skb_init(skb, NULL, skb->head, skb->end - skb->head, 0, 0, NULL);
	return skb;
}

static inline bool spares_are(const struct skb_spares *sp, u32 frag_size, void (*free_head)(void *))
{
	return sp->room == frag_size - SKB_SHINFO_SIZE && sp->free_head == free_head;
}

struct sk_buff *build_skb(struct net *net, void *head, u32 frag_size, void (*free_head)(void *))
{
	struct sk_buff *skb = skb_head_alloc(net);

	if (unlikely(!skb))
		return NULL;
	skb->net = net;
	skb_init(skb, NULL, head, frag_size - SKB_SHINFO_SIZE, 0, 0, free_head);
	skb_shinfo(skb)->spares =
		spares_are(&net->spares, frag_size, free_head) ? &net->spares : NULL;
	return skb;
}

struct sk_buff *skb_rebuild(struct net_device *dev, struct skb_rx *rx, u32 frag_size,
			    void (*free_head)(void *))
{
	struct net *net = dev->net;
	struct skb_spares *sp = &net->spares;
	struct sk_buff *skb;
	void *fresh;

	if (unlikely(!spares_are(sp, frag_size, free_head)))
		return NULL;
	skb = spare_take(net, sp);
	if (unlikely(!skb))
		return NULL;
	fresh = skb->head;
	skb_init(skb, dev, rx->head, sp->room, rx->offset, rx->len, free_head);
	skb_shinfo(skb)->spares = sp;
	rx->head = fresh;
	return skb;
}

void skb_keep_spares(struct net *net, u32 frag_size, void (*free_head)(void *), u32 count)
{
	struct skb_spares *sp = &net->spares;

	if (!sp->max) {
		sp->room = frag_size - SKB_SHINFO_SIZE;
		sp->free_head = free_head;
	}
	if (sp->room == frag_size - SKB_SHINFO_SIZE && sp->free_head == free_head)
		sp->max = max(sp->max, count);
	net->bare_spares.max = SMALL_SPARES;
	net->own_spares[0].room = SKB_SMALL_SIZE - SKB_SHINFO_SIZE;
	net->own_spares[0].max = SMALL_SPARES;
	net->own_spares[1].room = SKB_DATA_SIZE - SKB_SHINFO_SIZE;
	net->own_spares[1].max = DATA_SPARES;
}

static void spares_free(struct net *net, struct skb_spares *sp)
{
	struct sk_buff *skb = sp->first, *next;

	sp->first = NULL;
	sp->nr = 0;
	for (; skb; skb = next) {
		next = skb->next;
		if (sp->free_head)
			sp->free_head(skb->head);
		else if (sp->room)
			skb_free_data(skb);
		plat_cache_free(net->skb_cache, skb);
	}
}

void skb_free_spares(struct net *net)
{
	spares_free(net, &net->spares);
	spares_free(net, &net->bare_spares);
	spares_free(net, &net->own_spares[0]);
	spares_free(net, &net->own_spares[1]);
}

/* The clone has no owner to charge and, for its own hooks, no dst lent beyond this softirq. */
struct sk_buff *skb_clone(struct sk_buff *skb)
{
	struct sk_buff *n = spare_take(skb->net, &skb->net->bare_spares);

	if (unlikely(!n))
		n = skb_head_alloc(skb->net);
	if (unlikely(!n))
		return NULL;
	*n = *skb;
	n->next = n->prev = NULL;
	n->sk = NULL;
	n->destructor = NULL;
	n->users = 1;
	n->cloned = skb->cloned = 1;
	n->hdr_own = skb->hdr_own = 0;
	n->nfct = skb->nfct & ~SKB_NFCT_OWNER;
	if (n->dst_owned)
		dst_hold(n->dst);
	skb_shinfo(skb)->dataref++;
	return n;
}

void skb_copy_fields(struct sk_buff *n, const struct sk_buff *skb)
{
	s32 shift = skb_headroom(n) - skb_headroom(skb);

	n->dev = skb->dev;
	n->protocol = skb->protocol;
	n->pkt_type = skb->pkt_type;
	n->ip_summed = skb->ip_summed;
	n->traced = skb->traced;
	n->trace_id = skb->trace_id;
	n->hooks_passed = skb->hooks_passed;
	n->mark = skb->mark;
	n->tskey = skb->tskey;
	n->priority = skb->priority;
	n->csum = skb->csum;
	n->tstamp = skb->tstamp;
	n->nfct = skb->nfct & ~SKB_NFCT_OWNER;
	n->iif = skb->iif;
	n->csum_start = skb->csum_start + shift;
	n->csum_offset = skb->csum_offset;
	memcpy(n->cb, skb->cb, sizeof(n->cb));
	skb_move_headers(n, skb, shift);
	n->dst = skb->dst;
	n->dst_owned = skb->dst_owned;
	if (n->dst_owned)
		dst_hold(n->dst);
}

struct sk_buff *skb_copy(const struct sk_buff *skb, u32 extra_headroom)
{
	u32 headroom = skb_headroom(skb) + extra_headroom;
	struct sk_buff *n = alloc_skb(skb->net, headroom + skb->len);

	if (unlikely(!n))
		return NULL;
	skb_reserve(n, headroom);
	skb_shinfo(n)->gso_size = skb_shinfo(skb)->gso_size;
	skb_shinfo(n)->gso_segs = skb_shinfo(skb)->gso_segs;
	skb_shinfo(n)->gso_type = skb_shinfo(skb)->gso_type;
	memcpy(n->head + extra_headroom, skb->head, skb_headroom(skb));
	skb_copy_whole(skb, skb_put(n, skb->len));
	skb_copy_fields(n, skb);
	return n;
}

/* Where skb is kept. NULL: nowhere, others have a part in its buffer, or there are enough. */
static __always_inline struct skb_spares *spares_for(const struct sk_buff *skb)
{
	const struct skb_shared_info *si = skb_shinfo(skb);
	struct skb_spares *sp = si->spares;

	return sp && sp->nr < sp->max && si->dataref == 1 && !si->nr_frags && !si->frag_list ? sp
											     : NULL;
}

static noinline void skb_end(struct sk_buff *skb)
{
	skb_release_data(skb);
	skb_head_free(skb->net, skb);
}

static noinline void skb_free(struct sk_buff *skb)
{
	struct net *net = skb->net;
	struct skb_spares *sp;

	if (skb->destructor)
		skb->destructor(skb);
	if (unlikely(skb->dst_owned))
		dst_release(skb->dst);
	if (unlikely(skb->nfct & SKB_NFCT_OWNER) && net->nfct_destroy)
		net->nfct_destroy(skb);
	sp = spares_for(skb);
	if (sp)
		spare_put(sp, skb);
	else
		skb_end(skb);
}

void kfree_skb_reason(struct sk_buff *skb, enum skb_drop_reason reason)
{
	if (unlikely(!skb))
		return;
	skb->net->drops[reason]++;
	if (unlikely(skb->traced))
		trace_note(skb, skb_drop_reason_name(reason), true);
	if (--skb->users == 0)
		skb_free(skb);
}

void consume_skb(struct sk_buff *skb)
{
	struct skb_spares *sp;

	if (unlikely(!skb) || --skb->users)
		return;
	if (unlikely(skb->destructor || skb->dst_owned || skb->nfct & SKB_NFCT_OWNER)) {
		skb_free(skb);
		return;
	}
	sp = spares_for(skb);
	if (sp)
		spare_put(sp, skb);
	else
		skb_end(skb);
}

void skb_queue_purge(struct sk_buff_head *q, enum skb_drop_reason reason)
{
	struct sk_buff *skb = q->next, *next;

	skb_queue_head_init(q);
	for (; skb != (struct sk_buff *)q; skb = next) {
		next = skb->next;
		skb->next = skb->prev = NULL;
		kfree_skb_reason(skb, reason);
	}
}

void skb_over_panic(const struct sk_buff *skb, u32 len)
{
	plat_panic("skb %p: %u bytes do not fit: head %p data %p tail %p end %p len %u data_len %u",
		   (const void *)skb, len, (void *)skb->head, (void *)skb->data, (void *)skb->tail,
		   (void *)skb->end, skb->len, skb->data_len);
}
