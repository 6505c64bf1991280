/* SPDX-License-Identifier: MIT */
/* Reassembly in bulk: every size in every way its pieces can come, and floods that must leave nothing behind. */
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "net/ip.h"
#include "net/wire/ipv4_hdr.h"
#include "tests/unit/harness.h"

#define US        IP4(10, 0, 0, 1)
#define PEER      IP4(10, 0, 0, 2)
#define STEP      1480
#define SIZE_MAX_ 10000
#define PIECES    (SIZE_MAX_ / STEP + 3)
#define FLOOD     1000000 /* fragments */

/* Who gets what is whole: protocol 253. */
static struct {
	u32 expected; /* size */
	u32 whole, wrong;
} got;

static u8 pattern(u32 size, u32 i)
{
	return 3 * size + i + (i >> 8);
}

static void take(struct net *net, struct sk_buff *skb)
{
	static u8 data[SIZE_MAX_];
	u32 len = skb->len;

	(void)net;
	got.whole++;
	if (len > sizeof(data) || skb_copy_bits(skb, 0, data, len)) {
		got.wrong++;
	} else {
		got.wrong += len != got.expected;
		for (u32 i = 0; i < len; i++)
			got.wrong += data[i] != pattern(len, i);
	}
	consume_skb(skb);
}

static const struct net_protocol taker = {.handler = take};

static struct nic *world(void)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");

	memset(&got, 0, sizeof(got));
	cr_assert_eq(inet_add_protocol(nic->net, &taker, 253), 0);
	return nic;
}

struct piece {
	u32 size, from, to; /* of the packet, of this part */
	u16 id;
	bool more;
};

static void inject(struct nic *nic, const struct piece *p)
{
	u8 frame[14 + 20 + STEP + 8];
	struct iphdr iph = {.ver_ihl = 0x45,
			    .tot_len = cpu_to_be16(20 + p->to - p->from),
			    .id = cpu_to_be16(p->id),
			    .frag_off = cpu_to_be16(p->from / 8 | (p->more ? IP_MF : 0)),
			    .ttl = 64,
			    .protocol = 253,
			    .saddr = PEER,
			    .daddr = US};

	mac_bytes(nic->mac, frame);
	mac_bytes(nic->peer, frame + 6);
	frame[12] = 8;
	frame[13] = 0;
	ip_send_check(&iph);
	memcpy(frame + 14, &iph, sizeof(iph));
	for (u32 i = p->from; i < p->to; i++)
		frame[34 + i - p->from] = pattern(p->size, i);
	nic_inject_raw(nic, frame, 34 + p->to - p->from);
}

/* The pieces of a packet, in order; how many. */
static u32 cut(struct piece *p, u32 size, u16 id)
{
	u32 n = 0, step = size > STEP ? STEP : max(ALIGN_DOWN(size / 2, 8), 8U);

	for (u32 from = 0; from < size; from += step)
		p[n++] = (struct piece){size, from, min(from + step, size), id, from + step < size};
	return n;
}

static void swap(struct piece *a, struct piece *b)
{
	struct piece t = *a;

	*a = *b;
	*b = t;
}

static u32 reversed(struct piece *p, u32 n)
{
	for (u32 i = 0; i < n / 2; i++)
		swap(&p[i], &p[n - 1 - i]);
	return n;
}

static u32 shuffled(struct piece *p, u32 n)
{
	for (u32 i = n; i > 1; i--)
		swap(&p[i - 1], &p[rnd_below(i)]);
	return n;
}

/* One comes twice; not the last to come, whose twin would begin another packet. */
static u32 duplicated(struct piece *p, u32 n)
{
	u32 at = rnd_below(n - 1);

	memmove(p + at + 1, p + at, (n - at) * sizeof(*p));
	return n + 1;
}

static u32 overlapping(struct piece *p, u32 n)
{
	p[n - 1].from -= 8;
	return n;
}

static u32 missing(struct piece *p, u32 n)
{
	p[rnd_below(n)] = p[n - 1];
	return n - 1;
}

static u32 in_order(struct piece *p, u32 n)
{
	(void)p;
	return n;
}

static const struct way {
	const char *name;
	u32 (*arrange)(struct piece *p, u32 n);
	bool whole;
} ways[] = {
	{"in order", in_order, true},        {"reversed", reversed, true},
	{"shuffled", shuffled, true},        {"duplicated", duplicated, true},
	{"overlapping", overlapping, false}, {"missing", missing, false},
};

static void one_size(struct nic *nic, const struct way *way, u32 size)
{
	struct piece p[PIECES];
	u32 n = cut(p, size, size);

	got.expected = size;
	got.whole = got.wrong = 0;
	if (n > 1)
		n = way->arrange(p, n);
	for (u32 i = 0; i < n; i++)
		inject(nic, &p[i]);
	cr_assert_eq(got.whole, n == 1 && size <= 8 ? 1U : way->whole, "%s, %u bytes", way->name,
		     size);
	cr_assert_eq(got.wrong, 0U, "%s, %u bytes", way->name, size);
}

static void all_sizes(const struct way *way)
{
	struct nic *nic = world();

	/* from 17 on there are two pieces that can overlap and still be pieces */
	for (u32 size = way->arrange == overlapping ? 17 : 1; size <= SIZE_MAX_; size++) {
		one_size(nic, way, size);
		if (!way->whole && size % 500 == 0)
			host_advance(31 * NSEC_PER_SEC);
		nic_forget(nic);
	}
	EXPECT_NO_SKBS(nic->net);
	inet_del_protocol(nic->net, 253);
}

WEIR_TEST(reassembly_many, in_order)
{
	all_sizes(&ways[0]);
}

WEIR_TEST(reassembly_many, reversed)
{
	all_sizes(&ways[1]);
}

WEIR_TEST(reassembly_many, shuffled)
{
	all_sizes(&ways[2]);
}

WEIR_TEST(reassembly_many, duplicated)
{
	all_sizes(&ways[3]);
}

WEIR_TEST(reassembly_many, overlapping)
{
	all_sizes(&ways[4]);
}

WEIR_TEST(reassembly_many, missing)
{
	all_sizes(&ways[5]);
}

/* Two packets of one size, a piece of each in turn. */
WEIR_TEST(reassembly_many, interleaved)
{
	struct nic *nic = world();

	for (u32 size = 9; size <= SIZE_MAX_; size++) {
		struct piece a[PIECES], b[PIECES];
		u32 n = cut(a, size, 1);

		cut(b, size, 2);
		got.expected = size;
		got.whole = 0;
		for (u32 i = 0; i < n; i++) {
			inject(nic, &a[i]);
			inject(nic, &b[n - 1 - i]);
		}
		cr_assert(got.whole == 2 && !got.wrong, "%u bytes: %u whole, %u wrong", size,
			  got.whole, got.wrong);
	}
	EXPECT_NO_SKBS(nic->net);
	inet_del_protocol(nic->net, 253);
}

/* First pieces for ever: memory stays where ipfrag_high_thresh says, and all is given back in time. */
WEIR_TEST(reassembly_many, a_flood_of_first_pieces)
{
	struct nic *nic = world();
	long most = 0;

	CTL(nic->net, "sysctl -w net.ipv4.ipfrag_high_thresh=1000000");
	for (u32 i = 0; i < FLOOD / 10; i++) {
		inject(nic, &(struct piece){1480, 0, 1480, i, true});
		most = max(most, net_skbs_in_use(nic->net));
	}
	cr_assert_lt(most, 1000);
	cr_assert_eq(drops(nic->net, SKB_DROP_REASON_FRAG_LIMIT),
		     mib(nic->net, IPSTATS_MIB_REASMFAILS) -
			     drops(nic->net, SKB_DROP_REASON_FRAG_TOO_FAR));
	host_advance(31 * NSEC_PER_SEC);
	nic_forget(nic);
	EXPECT_NO_SKBS(nic->net);
	one_size(nic, &ways[0], 5000);
	inet_del_protocol(nic->net, 253);
}

/* Pieces of a thousand packets, each anywhere and of any size: every one is counted, and none is left. */
WEIR_TEST(reassembly_many, hostile)
{
	struct nic *nic = world();
	u64 pieces = 0;

	for (u32 i = 0; i < FLOOD; i++) {
		u32 from = rnd_below(64) * 8,
		    len = rnd_below(8) ? 8 * (1 + rnd_below(8)) : 1 + rnd_below(64);
		bool more = rnd_below(16);

		pieces += from || more;
		inject(nic, &(struct piece){0, from, from + len, rnd_below(1000), more});
		if (i % 10000 == 0) {
			host_advance(3 * NSEC_PER_SEC);
			nic_forget(nic);
		}
	}
	host_advance(31 * NSEC_PER_SEC);
	nic_forget(nic);
	EXPECT_NO_SKBS(nic->net);
	EXPECT_MIB(nic->net, IPSTATS_MIB_REASMREQDS, pieces);
	cr_assert_gt(mib(nic->net, IPSTATS_MIB_REASMOKS), 0ULL);
	EXPECT_MIB(nic->net, IPSTATS_MIB_REASMOKS, got.whole - (FLOOD - pieces));
	one_size(nic, &ways[0], 5000);
	inet_del_protocol(nic->net, 253);
}
