/* SPDX-License-Identifier: MIT */
/*
 * sk_buffs against a plain array of bytes: whatever is done to a packet, its bytes stay what they
 * were, through clones, fragments and lists, and nothing is left behind.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/errno.h"
#include "net/core/skb_data.h"
#include "net/wire/checksum.h"
#include "tests/unit/harness.h"

#define MAX_LEN 3000

static struct net *net;
static u8 bytes[MAX_LEN];

static void free_frag(struct skb_frag *f)
{
	free(f->page);
}

static void add_frag(struct sk_buff *skb, const u8 *data, u32 len)
{
	struct skb_shared_info *si = skb_shinfo(skb);
	struct skb_frag *f = &si->frags[si->nr_frags++];

	si->free_frag = free_frag;
	f->page = malloc(len);
	cr_assert(f->page);
	memcpy(f->page, data, len);
	f->len = len;
	skb->len += len;
	skb->data_len += len;
	skb->truesize += len;
}

/* A packet of len bytes of bytes[]: linear ones first, then pieces fragments. NULL: no memory. */
static struct sk_buff *make(u32 headroom, u32 len, u32 linear, u32 pieces)
{
	struct sk_buff *skb = alloc_skb(net, headroom + linear);
	u32 at = linear;

	if (!skb)
		return NULL;
	skb_reserve(skb, headroom);
	memcpy(skb_put(skb, linear), bytes, linear);
	for (u32 i = 0; i < pieces && at < len; i++) {
		u32 n = i == pieces - 1 ? len - at : DIV_ROUND_UP(len - at, 2);

		add_frag(skb, bytes + at, n);
		at += n;
	}
	return skb;
}

static void expect_bytes(const struct sk_buff *skb, u32 from, u32 len)
{
	static u8 got[MAX_LEN];

	cr_assert_eq(skb->len, len);
	cr_assert_eq(skb_copy_bits(skb, 0, got, len), 0);
	cr_assert_eq(memcmp(got, bytes + from, len), 0);
	cr_assert_eq(skb_copy_bits(skb, 0, got, len + 1), -EFAULT);
	cr_assert_eq(csum_fold(skb_checksum(skb, 0, len, 0)),
		     csum_fold(csum_partial(bytes + from, len, 0)));
}

static void begin(void)
{
	net = stack_new();
	plat_random(bytes, sizeof(bytes));
	plat_bh_disable();
}

static void end(void)
{
	EXPECT_NO_SKBS(net);
	plat_bh_enable();
}

/* Any operation may be refused for want of memory; the packet is then as it was. */
static void shape(struct sk_buff *skb, u32 len)
{
	u32 n = rnd_below(len + 10);
	bool done;

	switch (rnd_below(6)) {
	case 0:
		done = pskb_may_pull(skb, n);
		cr_assert(!done || (n <= len && skb_headlen(skb) >= n));
		cr_assert(done || n > len || host_alloc_failed());
		break;
	case 1:
		done = !skb_linearize(skb);
		cr_assert(!done || !skb_is_nonlinear(skb));
		break;
	case 2:
		done = !pskb_expand_head(skb, rnd_below(300), rnd_below(300));
		cr_assert(!done || !skb_cloned(skb));
		break;
	case 3:
		done = !skb_cow_head(skb, n = rnd_below(200));
		cr_assert(!done || (skb_headroom(skb) >= n && !skb_cloned(skb)));
		break;
	case 4:
		done = !skb_ensure_writable(skb, n);
		cr_assert(!done || (skb_headlen(skb) >= n && !skb_cloned(skb)));
		break;
	case 5:
		skb_push(skb, 0);
		break;
	}
}

WEIR_TEST(skb, shapes_change_and_bytes_do_not)
{
	begin();
	for (int round = 0; round < 3000; round++) {
		u32 len = rnd_below(MAX_LEN), linear = rnd_below(3) ? rnd_below(len + 1) : len;
		struct sk_buff *skb =
			make(rnd_below(200), len, linear, linear < len ? 1 + rnd_below(4) : 0);
		struct sk_buff *others[3] = {NULL};
		u32 from = 0;

		others[0] = rnd_below(2) ? skb_clone(skb) : NULL;
		others[1] = rnd_below(3) ? NULL : skb_copy(skb, rnd_below(100));
		if (rnd_below(4) == 0)
			host_fail_alloc(1 + rnd_below(3));
		for (int i = 0; i < 4; i++)
			shape(skb, len);
		host_fail_alloc(0);
		if (rnd_below(2)) {
			from = rnd_below(skb_headlen(skb) + 1);
			skb_pull(skb, from);
		}
		if (rnd_below(2) && !pskb_trim(skb, rnd_below(MAX_LEN)))
			len = from + skb->len;
		expect_bytes(skb, from, len - from);
		others[2] = skb_clone(skb);
		consume_skb(skb);
		expect_bytes(others[2], from, len - from);
		for (int i = 0; i < 2; i++) {
			if (others[i])
				cr_assert_eq(skb_copy_bits(others[i], 0, bytes, 0), 0);
			consume_skb(others[i]);
		}
		consume_skb(others[2]);
	}
	end();
}

/* A clone's writer does not write into the other's bytes. */
WEIR_TEST(skb, writers_of_clones_get_their_own_bytes)
{
	struct sk_buff *a, *b;
	u32 len = 500;

	begin();
	for (u32 linear = 100; linear <= len; linear += 200) {
		a = make(64, len, linear, linear < len ? 2 : 0);
		b = skb_clone(a);
		cr_assert(skb_cloned(a) && skb_cloned(b));
		cr_assert_eq(skb_ensure_writable(b, 50), 0);
		memset(b->data, 0, 50);
		expect_bytes(a, 0, len);
		consume_skb(a);
		cr_assert_not(skb_cloned(b));
		consume_skb(b);
	}
	end();
}

WEIR_TEST(skb, headers_in_front_of_data_survive)
{
	static const u32 splits[] = {60, 80, 200, 600};

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(splits); i++) {
		struct sk_buff *skb = make(32, 600, splits[i], splits[i] < 600 ? 3 : 0), *copy;

		skb_reset_mac_header(skb);
		skb_pull(skb, 14);
		skb_reset_network_header(skb);
		skb_pull(skb, 20);
		skb_reset_transport_header(skb);
		cr_assert(pskb_may_pull(skb, 500));
		cr_assert_eq(pskb_expand_head(skb, 128, 0), 0);
		copy = skb_copy(skb, 40);
		for (int k = 0; k < 2; k++) {
			struct sk_buff *s = k ? copy : skb;

			cr_assert_eq(memcmp(skb_mac_header(s), bytes, 14), 0);
			cr_assert_eq(memcmp(skb_network_header(s), bytes + 14, 20), 0);
			cr_assert_eq(skb_transport_header(s), s->data);
			cr_assert_eq(skb_network_offset(s), -20);
		}
		consume_skb(copy);
		consume_skb(skb);
	}
	end();
}

WEIR_TEST(skb, storing_through_fragments)
{
	u8 patch[700], got[MAX_LEN];

	begin();
	for (int i = 0; i < 300; i++) {
		struct sk_buff *skb = make(0, 2000, rnd_below(500), 4);
		u32 n = rnd_below(sizeof(patch)), at = rnd_below(2000);
		int want = at + n <= 2000 ? 0 : -EFAULT;

		plat_random(patch, n);
		cr_assert_eq(skb_store_bits(skb, at, patch, n), want);
		cr_assert_eq(skb_copy_bits(skb, 0, got, 2000), 0);
		if (!want)
			cr_assert_eq(memcmp(got + at, patch, n), 0);
		cr_assert_eq(memcmp(got, bytes, want ? 2000 : at), 0);
		consume_skb(skb);
	}
	end();
}

WEIR_TEST(skb, lengths_near_the_end_of_numbers_are_out_of_range)
{
	struct sk_buff *skb;
	u8 got[4];

	begin();
	skb = make(0, 100, 50, 2);
	cr_assert_eq(skb_copy_bits(skb, 4, got, U32_MAX - 2), -EFAULT);
	cr_assert_eq(skb_copy_bits(skb, U32_MAX, got, 4), -EFAULT);
	cr_assert_eq(skb_store_bits(skb, U32_MAX - 1, got, 4), -EFAULT);
	cr_assert_not(pskb_may_pull(skb, U32_MAX));
	consume_skb(skb);
	cr_assert_null(alloc_skb(net, U32_MAX));
	cr_assert_null(alloc_skb(net, 1 << 30));
	end();
}

WEIR_TEST(skb, the_limit_is_a_limit)
{
	struct sk_buff_head q;
	struct sk_buff *skb;
	u32 n = 0;

	begin();
	plat_bh_enable();
	CTL(net, "sysctl -w net.core.skb_limit=64");
	plat_bh_disable();
	skb_queue_head_init(&q);
	for (; (skb = alloc_skb(net, 100)); n++)
		skb_queue_tail(&q, skb);
	cr_assert_eq(n, 64);
	EXPECT_DROPS(net, SKB_LIMIT, 1);
	cr_assert_null(skb_clone(skb_peek(&q)));
	skb_queue_purge(&q, SKB_DROP_REASON_BACKLOG_FULL);
	EXPECT_DROPS(net, BACKLOG_FULL, 64);
	cr_assert(skb_queue_empty(&q));
	end();
}

static unsigned int destroyed;

static void count_destroyed(struct sk_buff *skb)
{
	(void)skb;
	destroyed++;
}

WEIR_TEST(skb, the_owner_is_told_once)
{
	struct sk_buff *skb, *clone;

	begin();
	skb = make(0, 10, 10, 0);
	skb->destructor = count_destroyed;
	clone = skb_clone(skb);
	skb_get(skb);
	consume_skb(skb);
	cr_assert_eq(destroyed, 0);
	consume_skb(clone);
	cr_assert_eq(destroyed, 0, "a clone has no owner");
	kfree_skb_reason(skb, SKB_DROP_REASON_NOT_SPECIFIED);
	cr_assert_eq(destroyed, 1);
	end();
}

WEIR_TEST(skb, putting_too_much_dies, .signal = SIGABRT)
{
	struct sk_buff *skb;

	begin();
	skb = alloc_skb(net, 100);
	skb_put(skb, skb_tailroom(skb) + 1);
}
