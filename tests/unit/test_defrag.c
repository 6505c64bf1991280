/* SPDX-License-Identifier: MIT */
/* Pieces of packets that pass: whole for those who look, and again in pieces behind them. */
#include <string.h>

#include "lib/errno.h"
#include "net/netfilter.h"
#include "net/netfilter/nf_defrag.h"
#include "net/wire/icmp_hdr.h"
#include "tests/unit/harness.h"

#define PEER IP4(10, 0, 1, 2)
#define FAR  IP4(10, 0, 2, 2)
#define MF   0x2000
#define DF   0x4000

static struct net *net;
static struct nic *near, *far;
static u32 seen, seen_len;

static u32 look(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	(void)priv;
	(void)state;
	seen++;
	seen_len = skb->len;
	return NF_ACCEPT;
}

static const struct nf_hook_ops look_ops = {.hook = look, .hooknum = NF_INET_PRE_ROUTING};

static void router(const char *out_mtu)
{
	net = router_new(&near, &far);
	CTL(net, "ip link set eth1 mtu %s", out_mtu);
	plat_bh_disable();
	cr_assert_eq(nf_register_net_hook(net, &look_ops), 0);
	cr_assert_eq(nf_defrag_ipv4_enable(net), 0);
	plat_bh_enable();
	seen = 0;
}

static void done(void)
{
	plat_bh_disable();
	nf_defrag_ipv4_disable(net);
	nf_unregister_net_hook(net, &look_ops);
	plat_bh_enable();
	EXPECT_NO_SKBS(net);
}

static u8 data[4000];

static u8 proto = 99;

static void piece(u32 from, u32 to, u32 end, u16 flags)
{
	for (u32 i = 0; i < sizeof(data); i++)
		data[i] = i % 251;
	nic_inject(near, &(struct pkt){.ip.saddr = PEER,
				       .ip.daddr = FAR,
				       .ip.proto = proto,
				       .ip.id = 77,
				       .ip.frag_off = flags | from / 8 | (to < end ? MF : 0),
				       .data = data + from,
				       .len = to - from});
}

static void expect(u32 from, u32 to, u16 frag_off)
{
	const struct pkt *got = nic_next(far);

	cr_assert(got, "a piece from %u to %u is missing", from, to);
	cr_assert_eq(got->len, to - from, "%u to %u has %u bytes", from, to, got->len);
	cr_assert_eq(got->ip.frag_off, frag_off | from / 8, "at %u: %#x", from, got->ip.frag_off);
	cr_assert_eq(memcmp(got->data, data + from, to - from), 0);
}

/* Cases as in tests/tap/test_refragment.py, which Linux passes. */
WEIR_TEST(defrag, pieces_leave_as_they_came)
{
	router("1500");
	piece(1000, 1400, 1400, 0);
	cr_assert_eq(seen, 0);
	piece(0, 1000, 1400, 0);
	cr_assert_eq(seen, 1);
	cr_assert_eq(seen_len, 1420);
	expect(0, 1000, MF);
	expect(1000, 1400, 0);
	piece(0, 200, 1480, 0);
	piece(200, 1400, 1480, 0);
	piece(1400, 1480, 1480, 0);
	expect(0, 200, MF);
	expect(200, 1400, MF);
	expect(1400, 1480, 0);
	piece(0, 400, 900, 0); /* the middle comes last */
	piece(800, 900, 900, 0);
	piece(400, 800, 900, 0);
	expect(0, 400, MF);
	expect(400, 800, MF);
	expect(800, 900, 0);
	EXPECT_NOTHING(far);
	EXPECT_MIB(net, IPSTATS_MIB_REASMOKS, 3);
	EXPECT_MIB(net, IPSTATS_MIB_FRAGCREATES, 8);
	done();
}

WEIR_TEST(defrag, no_piece_is_larger_than_the_largest_that_came)
{
	router("1000");
	piece(0, 1480, 2000, 0);
	piece(1480, 2000, 2000, 0);
	expect(0, 976, MF);
	expect(976, 1952, MF);
	expect(1952, 2000, 0);
	piece(0, 400, 1880, 0);
	piece(400, 1880, 1880, 0);
	expect(0, 976, MF);
	expect(976, 1880, 0);
	piece(0, 400, 600, 0);
	piece(400, 600, 600, 0);
	expect(0, 400, MF);
	expect(400, 600, 0);
	EXPECT_NOTHING(far);
	done();
}

/* Early demux has looked into TCP's header, if it may: the pieces are made anew then. */
WEIR_TEST(defrag, a_header_in_pieces_leaves_in_others)
{
	router("1500");
	proto = 6;
	for (u32 looks = 2; looks--;) {
		CTL(net, "sysctl -w net.ipv4.ip_early_demux=%u", looks);
		piece(0, 8, 120, 0);
		piece(8, 32, 120, 0);
		piece(32, 120, 120, 0);
		expect(0, looks ? 88 : 8, MF);
		if (looks) {
			expect(88, 120, 0);
		} else {
			expect(8, 32, MF);
			expect(32, 120, 0);
		}
		EXPECT_NOTHING(far);
	}
	proto = 99;
	done();
}

WEIR_TEST(defrag, dont_fragment)
{
	router("1000");
	piece(0, 400, 600, DF);
	piece(400, 600, 600, DF);
	expect(0, 400, MF);
	expect(400, 600, 0);
	nic_forget(near);
	piece(0, 1480, 2000, DF);
	piece(1480, 2000, 2000, DF);
	EXPECT_NOTHING(far);
	EXPECT_PKT(near, &ICMP4(IP4(10, 0, 1, 1), PEER, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED,
				.icmp.rest = 1000));
	done();
}

WEIR_TEST(defrag, without_memory_pieces_end_and_nothing_leaks)
{
	FOR_EACH_FAILING_ALLOC
	{
		net = router_new(&near, &far);
		if (!net)
			continue;
		plat_bh_disable();
		if (!nf_defrag_ipv4_enable(net)) {
			plat_bh_enable();
			piece(0, 400, 600, 0);
			piece(400, 600, 600, 0);
			plat_bh_disable();
			nf_defrag_ipv4_disable(net);
		}
		plat_bh_enable();
	}
}
