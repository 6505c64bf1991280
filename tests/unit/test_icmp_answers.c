/* SPDX-License-Identifier: MIT */
/* ICMP: what is answered, what it says, how often. */
#include <string.h>

#include "net/wire/icmp_hdr.h"
#include "tests/unit/harness.h"

#define PEER IP4(10, 0, 0, 2)

static struct nic *host(void)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");

	nic_inject(nic, &ECHO(PEER, nic->addr, 0, 0));
	nic_forget(nic);
	return nic;
}

WEIR_TEST(icmp_answers, echo_of_every_size_returns_its_bytes)
{
	struct nic *nic = host();
	u8 data[1472];

	plat_random(data, sizeof(data));
	for (u32 len = 0; len <= sizeof(data); len += len < 80 ? 1 : 29) {
		nic_inject(nic, &ECHO(PEER, nic->addr, 3, len, .data = data, .len = len,
				      .ip.tos = 0x10));
		EXPECT_PKT(nic, &ECHO_REPLY(nic->addr, PEER, 3, len, .data = data, .len = len,
					    .ip.tos = 0x10));
	}
}

WEIR_TEST(icmp_answers, timestamps_are_milliseconds_since_midnight)
{
	struct nic *nic = host();
	const struct pkt *got;
	u32 now = plat_wall() / NSEC_PER_MSEC % 86400000;

	nic_inject(nic, &ICMP4(PEER, nic->addr, ICMP_TIMESTAMP, 0, .icmp.id = 5, .icmp.seq = 6,
			       .data = "\1\2\3\4\0\0\0\0\0\0\0\0", .len = 12));
	got = EXPECT_PKT(nic, &ICMP4(nic->addr, PEER, ICMP_TIMESTAMPREPLY, 0, .icmp.id = 5,
				     .icmp.seq = 6, .len = 12));
	cr_assert_eq(memcmp(got->data, "\1\2\3\4", 4), 0);
	cr_assert_eq(get_unaligned_be32((const u8 *)got->data + 4), now);
	cr_assert_eq(get_unaligned_be32((const u8 *)got->data + 8), now);
	nic_inject(nic, &ICMP4(PEER, nic->addr, ICMP_TIMESTAMP, 0, .len = 3));
	EXPECT_NOTHING(nic);
	EXPECT_MIB(nic->net, ICMP_MIB_OUTTIMESTAMPREPS, 1);
}

WEIR_TEST(icmp_answers, settings_decide_who_is_answered)
{
	struct nic *nic = host();
	const struct pkt one = ECHO(PEER, nic->addr, 1, 1);
	const struct pkt all = ECHO(PEER, IP4(10, 0, 0, 255), 1, 1, .dst = MAC_BROADCAST);

	nic_inject(nic, &all);
	EXPECT_NOTHING(nic);
	CTL(nic->net, "sysctl -w net.ipv4.icmp_echo_ignore_broadcasts=0");
	nic_inject(nic, &all);
	EXPECT_PKT(nic, &ECHO_REPLY(nic->addr, PEER, 1, 1));
	CTL(nic->net, "sysctl -w net.ipv4.icmp_echo_ignore_all=1");
	nic_inject(nic, &one);
	nic_inject(nic, &all);
	EXPECT_NOTHING(nic);
}

/* RFC 1812 s4.3.2.3: as much as fits into 576 bytes. */
WEIR_TEST(icmp_answers, errors_quote_up_to_576_bytes)
{
	static const u32 sizes[] = {0, 1, 8, 500, 520, 521, 1400};
	struct nic *nic = host();

	CTL(nic->net, "sysctl -w net.ipv4.icmp_ratelimit=0");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		u32 want = min(28 + 28 + sizes[i], 576U);
		const struct pkt *got;

		nic_inject(nic, &UDP4(PEER, 9, nic->addr, 99, .len = sizes[i]));
		got = EXPECT_PKT(nic,
				 &ICMP4(nic->addr, PEER, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH));
		cr_assert_eq(got->ip.tot_len, want, "%u", got->ip.tot_len);
	}
}

static u32 errors_for(struct nic *nic, u32 datagrams, be32 from)
{
	u32 n;

	for (u32 i = 0; i < datagrams; i++)
		nic_queue(nic, &UDP4(from, 9, nic->addr, 99));
	host_run();
	n = nic_sent(nic);
	nic_forget(nic);
	return n;
}

/* Linux's token buckets: six at once for each destination, then one a second. */
WEIR_TEST(icmp_answers, errors_are_limited_for_each_destination)
{
	struct nic *nic = host();

	host_advance(10 * NSEC_PER_SEC);
	cr_assert_eq(errors_for(nic, 50, PEER), 6);
	cr_assert_eq(errors_for(nic, 50, IP4(10, 0, 0, 3)), 6);
	host_advance(2500 * NSEC_PER_MSEC);
	cr_assert_eq(errors_for(nic, 50, PEER), 2);
	cr_assert_gt(mib(nic->net, ICMP_MIB_RATELIMITHOST), 100);
	/* Echo replies are not limited. */
	for (int i = 0; i < 50; i++)
		nic_inject(nic, &ECHO(PEER, nic->addr, 1, i));
	cr_assert_eq(nic_sent(nic), 50);
}

WEIR_TEST(icmp_answers, errors_are_limited_for_all_together)
{
	struct nic *nic = host();
	u32 sent;

	CTL(nic->net, "sysctl -w net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_msgs_per_sec=100 "
		      "net.ipv4.icmp_msgs_burst=10");
	host_advance(10 * NSEC_PER_SEC);
	sent = errors_for(nic, 200, PEER);
	cr_assert(sent >= 5 && sent <= 30, "%u for 10 credits, each takes 0 to 2", sent);
	sent = 0;
	for (int i = 0; i < 100; i++) {
		host_advance(10 * NSEC_PER_MSEC);
		sent += errors_for(nic, 5, PEER);
	}
	cr_assert(sent >= 65 && sent <= 140, "%u in a second, not 100", sent);
}

/* --- options come back: RFC 1122 s3.2.2.6 --- */

WEIR_TEST(icmp_answers, the_answer_records_its_route_too)
{
	struct nic *nic = host();
	const struct pkt *got;

	nic_inject(nic, &ECHO(PEER, nic->addr, 1, 1,
			      .ip.opt = "\x07\x0f\x04\0\0\0\0\0\0\0\0\0\0\0\0\0", .ip.optlen = 16));
	got = EXPECT_PKT(nic, &ECHO_REPLY(nic->addr, PEER, 1, 1, .ip.optlen = 16));
	/* Once on the way in, once on the way out. */
	cr_assert_eq(memcmp(got->ip.opt, "\x07\x0f\x0c\x0a\0\0\1\x0a\0\0\1\0\0\0\0\0", 16), 0);
}

WEIR_TEST(icmp_answers, a_source_route_comes_back_reversed)
{
	struct nic *nic = host();
	const struct pkt *got;

	CTL(nic->net, "sysctl -w net.ipv4.conf.all.accept_source_route=1 "
		      "net.ipv4.conf.eth0.accept_source_route=1");
	/* It came by 10.0.0.7 and 10.0.0.8 (used up: the pointer is behind the list). */
	nic_inject(nic, &ECHO(PEER, nic->addr, 1, 1,
			      .ip.opt = "\x83\x0b\x0c\x0a\0\0\7\x0a\0\0\x08\0", .ip.optlen = 12));
	got = EXPECT_PKT(nic, &ECHO_REPLY(nic->addr, IP4(10, 0, 0, 8), 1, 1, .ip.optlen = 12));
	cr_assert_eq(memcmp(got->ip.opt, "\x83\x0b\x04\x0a\0\0\7\x0a\0\0\2\0", 12), 0);
}

WEIR_TEST(icmp_answers, timestamps_of_the_answer)
{
	struct nic *nic = host();
	const struct pkt *got;
	const u8 *opt;

	nic_inject(nic, &ECHO(PEER, nic->addr, 1, 1, .ip.opt = "\x44\x0c\x05\0\0\0\0\0\0\0\0\0",
			      .ip.optlen = 12));
	got = EXPECT_PKT(nic, &ECHO_REPLY(nic->addr, PEER, 1, 1, .ip.optlen = 12));
	opt = got->ip.opt;
	cr_assert_eq(opt[2], 13, "two stamps");
	cr_assert_eq(get_unaligned_be32(opt + 4), plat_wall() / NSEC_PER_MSEC % 86400000);
	cr_assert_eq(get_unaligned_be32(opt + 8), plat_wall() / NSEC_PER_MSEC % 86400000);
}

WEIR_TEST(icmp_answers, every_allocation_may_fail)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct net *net = stack_new();
		struct nic *nic = net ? nic_new(net, "10.0.0.1/24") : NULL;

		if (!nic)
			continue;
		nic_inject(nic, &ECHO(PEER, nic->addr, 1, 1, .ip.opt = "\x07\x07\x04\0\0\0\0\0",
				      .ip.optlen = 8));
		nic_inject(nic, &UDP4(PEER, 9, nic->addr, 99, .len = 100));
		nic_inject(nic, &ICMP4(PEER, nic->addr, ICMP_TIMESTAMP, 0, .len = 12));
		host_advance(10 * NSEC_PER_SEC);
		nic_forget(nic);
		EXPECT_NO_SKBS(net);
	}
}
