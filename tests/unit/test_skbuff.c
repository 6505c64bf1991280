/* SPDX-License-Identifier: MIT */
/* sk_buffs: shape changes against a flat copy of the same bytes, clones, the pool's limit. */
#include <stdlib.h>
#include <signal.h>
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "net/skbuff.h"
#include "net/wire/checksum.h"
#include "tests/unit/harness.h"

#define HEADROOM 100

static void free_frag(struct skb_frag *f)
{
	free(f->page);
}

/* A packet of these bytes, cut into linear part and fragments at random. */
static struct sk_buff *make(struct net *net, const u8 *bytes, u32 len)
{
	u32 linear = rnd_below(len + 1), rest = len - linear;
	struct sk_buff *skb = alloc_skb(net, HEADROOM + linear);
	struct skb_shared_info *si;

	if (!skb)
		return NULL;
	skb_reserve(skb, HEADROOM);
	memcpy(skb_put(skb, linear), bytes, linear);
	memset(skb->head, 0x11, HEADROOM);
	si = skb_shinfo(skb);
	si->free_frag = free_frag;
	while (rest) {
		u32 n = si->nr_frags == 5 ? rest : 1 + rnd_below(rest);
		struct skb_frag *f = &si->frags[si->nr_frags++];

		f->page = malloc(n);
		f->len = n;
		memcpy(f->page, bytes + len - rest, n);
		rest -= n;
		skb->len += n;
		skb->data_len += n;
	}
	skb_reset_network_header(skb);
	return skb;
}

static void check(const struct sk_buff *skb, const u8 *bytes, u32 len)
{
	u8 copy[2048];
	u32 from = len ? rnd_below(len) : 0;

	cr_assert_eq(skb->len, len);
	cr_assert_eq(skb_copy_bits(skb, 0, copy, len), 0);
	cr_assert_eq(memcmp(copy, bytes, len), 0);
	cr_assert_eq(skb_copy_bits(skb, from, copy, len - from), 0);
	cr_assert_eq(memcmp(copy, bytes + from, len - from), 0);
	cr_assert_eq(skb_copy_bits(skb, from, copy, len - from + 1), -EFAULT);
	cr_assert_eq(csum_fold(skb_checksum(skb, from, len - from, 0)) % 0xffff,
		     csum_fold(csum_partial(bytes + from, len - from, 0)) % 0xffff);
}

/* One change of shape; what the packet says stays. Running out of memory changes nothing. */
static void reshape(struct sk_buff *skb, u8 *bytes, u32 *len)
{
	u32 n = rnd_below(*len + 1);
	u8 ink[64];

	switch (rnd_below(7)) {
	case 0:
		cr_assert(!pskb_may_pull(skb, n) || skb_headlen(skb) >= n);
		break;
	case 1:
		if (pskb_expand_head(skb, rnd_below(300), rnd_below(300)) == 0)
			cr_assert(!skb_cloned(skb));
		break;
	case 2:
		if (skb_linearize(skb) == 0)
			cr_assert(!skb_is_nonlinear(skb));
		break;
	case 3:
		if (pskb_trim(skb, n) == 0)
			*len = min(*len, n);
		break;
	case 4:
		if (skb_cow_head(skb, 150) == 0)
			cr_assert(!skb_cloned(skb) && skb_headroom(skb) >= 100);
		break;
	case 5:
		if (skb_ensure_writable(skb, n) == 0)
			cr_assert(!skb_cloned(skb) && skb_headlen(skb) >= n);
		break;
	case 6:
		n = min(n, (u32)sizeof(ink));
		memset(ink, rnd(), sizeof(ink));
		if (skb_cloned(skb) || skb_store_bits(skb, *len - n, ink, n))
			break;
		memcpy(bytes + *len - n, ink, n);
		break;
	}
}

WEIR_TEST(skbuff, any_reshaping_keeps_the_bytes)
{
	struct net *net = stack_new();
	u8 bytes[1500], other[1500];

	for (int round = 0; round < 3000; round++) {
		u32 len = rnd_below(sizeof(bytes)), before;
		struct sk_buff *skb, *clone;

		plat_random(bytes, sizeof(bytes));
		skb = make(net, bytes, len);
		cr_assert_not_null(skb);
		memcpy(other, bytes, sizeof(bytes));
		before = len;
		clone = rnd_below(2) ? skb_clone(skb) : NULL;
		host_fail_alloc(rnd_below(3) ? 0 : 1 + rnd_below(3));
		for (int i = 0; i < 4; i++)
			reshape(skb, bytes, &len);
		host_fail_alloc(0);
		check(skb, bytes, len);
		if (clone)
			check(clone, other, before);
		consume_skb(skb);
		consume_skb(clone);
		EXPECT_NO_SKBS(net);
	}
}

WEIR_TEST(skbuff, a_copy_is_flat_and_keeps_its_headers)
{
	struct net *net = stack_new();
	u8 bytes[700];
	struct sk_buff *skb, *copy;

	plat_random(bytes, sizeof(bytes));
	skb = make(net, bytes, sizeof(bytes));
	skb_set_transport_header(skb, 20);
	skb->mark = 5;
	copy = skb_copy(skb, 64);
	cr_assert(!skb_is_nonlinear(copy) && skb_headroom(copy) == HEADROOM + 64);
	cr_assert_eq(skb_network_header(copy), copy->data);
	cr_assert_eq(skb_transport_header(copy), copy->data + 20);
	cr_assert_eq(copy->mark, 5);
	check(copy, bytes, sizeof(bytes));
	consume_skb(skb);
	consume_skb(copy);
}

WEIR_TEST(skbuff, clones_share_until_one_writes)
{
	struct net *net = stack_new();
	struct sk_buff *skb = alloc_skb(net, 100), *clone;

	memset(skb_put(skb, 50), 'a', 50);
	clone = skb_clone(skb);
	cr_assert(skb_cloned(skb) && skb_cloned(clone) && clone->data == skb->data);
	cr_assert_eq(skb_ensure_writable(clone, 10), 0);
	clone->data[0] = 'b';
	cr_assert_eq(skb->data[0], 'a');
	cr_assert(!skb_cloned(skb) && !skb_cloned(clone));
	consume_skb(skb_get(skb));
	cr_assert_eq(net_skbs_in_use(net), 2);
	consume_skb(skb);
	kfree_skb_reason(clone, SKB_DROP_REASON_NOT_SPECIFIED);
	EXPECT_DROPS(net, NOT_SPECIFIED, 1);
	EXPECT_NO_SKBS(net);
}

WEIR_TEST(skbuff, the_pool_has_a_limit)
{
	struct net *net = stack_new();
	struct sk_buff_head q;
	struct sk_buff *skb;

	CTL(net, "sysctl -w net.core.skb_limit=64");
	skb_queue_head_init(&q);
	plat_bh_disable();
	while ((skb = alloc_skb(net, 10)))
		skb_queue_tail(&q, skb);
	cr_assert_eq(q.qlen, 64);
	EXPECT_DROPS(net, SKB_LIMIT, 1);
	cr_assert_null(skb_clone(skb_peek(&q)));
	skb_queue_purge(&q, SKB_DROP_REASON_SOCKET_CLOSED);
	plat_bh_enable();
	EXPECT_DROPS(net, SOCKET_CLOSED, 64);
	EXPECT_NO_SKBS(net);
}

#define RING_BUFFER 1024

static unsigned int ring_buffers;

static void free_ring_buffer(void *head)
{
	ring_buffers--;
	free(head);
}

static struct sk_buff *ring_skb(struct net *net)
{
	struct sk_buff *skb = build_skb(net, malloc(RING_BUFFER), RING_BUFFER, free_ring_buffer);

	ring_buffers++;
	return skb;
}

/* What ends in a kept buffer is given out again; what somebody else has a part in is not. */
WEIR_TEST(skbuff, spares_are_of_one_kind_and_bounded)
{
	struct net *net = stack_new();
	struct net_device *lo = dev_get_by_name(net, "lo");
	struct sk_buff *skb[3], *clone;
	struct skb_rx rx = {malloc(RING_BUFFER), 10, 20};
	void *kept;

	skb_keep_spares(net, RING_BUFFER, free_ring_buffer, 2);
	skb_keep_spares(net, RING_BUFFER * 2, free_ring_buffer, 99);
	cr_assert_null(skb_rebuild(lo, &rx, RING_BUFFER, free_ring_buffer));
	for (int i = 0; i < 3; i++)
		skb[i] = ring_skb(net);
	kept = skb[1]->head;
	clone = skb_clone(skb[0]);
	consume_skb(skb[0]); /* its buffer is the clone's, too */
	consume_skb(alloc_skb(net, 100));
	consume_skb(build_skb(net, malloc(RING_BUFFER), RING_BUFFER, free));
	cr_assert_null(skb_rebuild(lo, &rx, RING_BUFFER, free_ring_buffer));
	consume_skb(clone);
	kfree_skb_reason(skb[1], SKB_DROP_REASON_NOT_SPECIFIED);
	cr_assert_eq(ring_buffers, 3);
	consume_skb(skb[2]);
	cr_assert_eq(ring_buffers, 2, "two are enough");
	EXPECT_NO_SKBS(net);
	cr_assert_null(skb_rebuild(lo, &rx, RING_BUFFER * 2, free_ring_buffer));

	skb[1] = skb_rebuild(lo, &rx, RING_BUFFER, free_ring_buffer);
	cr_assert_eq(rx.head, kept, "the last that ended comes first");
	cr_assert_eq(net_skbs_in_use(net), 1);
	cr_assert(!skb[1]->cloned && skb[1]->len == 20 && skb_headroom(skb[1]) == 10 &&
		  skb[1]->users == 1 && skb[1]->dev == lo);
	memset(skb_put(skb[1], skb_tailroom(skb[1])), 1, 100);
	consume_skb(skb[1]);
	free(rx.head); /* one for the other: the count is right again */
	skb_free_spares(net);
	cr_assert_eq(ring_buffers, 0);
}

/* Own buffers of both sizes, and clones' heads: as new, and only when nobody else has a part in them. */
WEIR_TEST(skbuff, ended_skbs_begin_again)
{
	struct net *net = stack_new();
	struct sk_buff *skb, *clone, *again;

	skb_keep_spares(net, RING_BUFFER, free_ring_buffer, 2);
	for (u32 size = 100; size <= 1500; size += 1400) {
		skb = alloc_skb(net, size);
		skb_reserve(skb, 10);
		memset(skb_put(skb, 20), 1, 20);
		skb->mark = skb->priority = 7;
		clone = skb_clone(skb);
		consume_skb(skb);
		again = alloc_skb(net, size);
		cr_assert_neq(again, skb, "its head is a clone's now, or nobody's");
		cr_assert_neq(again->head, clone->head);
		consume_skb(again);
		again = alloc_skb(net, size);
		cr_assert(!again->len && !skb_headroom(again) && skb_tailroom(again) >= size &&
			  again->users == 1 && !again->mark && !again->priority && !again->cloned);
		consume_skb(clone);
		cr_assert_eq(net_skbs_in_use(net), 1);
		kfree_skb_reason(again, SKB_DROP_REASON_NOT_SPECIFIED);
		EXPECT_NO_SKBS(net);
	}
	skb = alloc_skb(net, 100);
	clone = skb_clone(skb);
	cr_assert_eq(net_skbs_in_use(net), 2);
	consume_skb(clone);
	cr_assert_eq(skb_clone(skb), clone, "heads of clones are kept");
	consume_skb(clone);
	consume_skb(skb);
	cr_assert_eq(alloc_skb(net, 100), skb);
	consume_skb(skb);
	again = alloc_skb(net, 1500);
	cr_assert_neq(again, skb, "it is too small");
	consume_skb(again);
}

WEIR_TEST(skbuff, spares_do_not_lift_the_limit)
{
	struct net *net = stack_new();
	struct net_device *lo = dev_get_by_name(net, "lo");
	struct skb_rx rx = {malloc(RING_BUFFER), 0, 0};
	struct sk_buff_head q;
	struct sk_buff *skb;

	CTL(net, "sysctl -w net.core.skb_limit=64");
	skb_keep_spares(net, RING_BUFFER, free_ring_buffer, 2);
	consume_skb(ring_skb(net));
	skb_queue_head_init(&q);
	while ((skb = alloc_skb(net, 10)))
		skb_queue_tail(&q, skb);
	cr_assert_null(skb_rebuild(lo, &rx, RING_BUFFER, free_ring_buffer));
	skb_queue_purge(&q, SKB_DROP_REASON_SOCKET_CLOSED);
	skb = skb_rebuild(lo, &rx, RING_BUFFER, free_ring_buffer);
	cr_assert_not_null(skb);
	consume_skb(skb);
	free(rx.head);
}

WEIR_TEST(skbuff, putting_too_much_dies, .signal = SIGABRT)
{
	struct sk_buff *skb = alloc_skb(stack_new(), 64);

	skb_put(skb, skb_tailroom(skb) + 1);
}
