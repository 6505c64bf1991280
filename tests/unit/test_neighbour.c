/* SPDX-License-Identifier: MIT */
/* Neighbours: every state in virtual time, who may change what, and the limits. */
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "net/neighbour.h"
#include "net/sock.h"
#include "tests/unit/harness.h"

#define US   IP4(10, 0, 0, 1)
#define PEER IP4(10, 0, 0, 2)
#define MAC  MAC_N(2)

static u8 state_of(struct nic *nic, be32 addr)
{
	const struct neighbour *n;
	u8 state;

	plat_bh_disable();
	n = neigh_lookup(nic->dev, addr);
	state = n ? n->nud_state : NUD_NONE;
	plat_bh_enable();
	return state;
}

static u64 mac_of(struct nic *nic, be32 addr)
{
	const struct neighbour *n = neigh_lookup(nic->dev, addr);

	return n ? mac_number(n->ha) : 0;
}

/* A stack that wants to send to PEER: it has an echo to answer. */
static void ask(struct nic *nic, be32 from)
{
	nic_inject(nic, &ECHO(from, US, 1, 1, .len = 8));
}

static struct nic *silent_nic(void)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");

	nic->answer_arp = false;
	CTL(net, "sysctl -w net.ipv4.neigh.eth0.base_reachable_time_ms=7000");
	return nic;
}

static void answer(struct nic *nic, u64 mac)
{
	nic_inject(nic, &ARP_REPLY(mac, PEER, nic->mac, US));
}

/* A question by unicast. */
static void expect_probe(struct nic *nic)
{
	struct pkt want = ARP_REQUEST(nic->mac, US, PEER);

	want.dst = MAC;
	EXPECT_PKT(nic, &want);
}

/* A peer that has just answered. */
static struct nic *reachable_nic(void)
{
	struct nic *nic = silent_nic();

	ask(nic, PEER);
	EXPECT_PKT(nic, &ARP_REQUEST(nic->mac, US, PEER));
	answer(nic, MAC);
	EXPECT_PKT(nic, &ECHO_REPLY(US, PEER, 1, 1, .dst = MAC));
	cr_assert_eq(state_of(nic, PEER), NUD_REACHABLE);
	return nic;
}

WEIR_TEST(neighbour, three_questions_then_failed)
{
	struct nic *nic = silent_nic();

	ask(nic, PEER);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(state_of(nic, PEER), NUD_INCOMPLETE);
		EXPECT_PKT(nic, &ARP_REQUEST(nic->mac, US, PEER));
		EXPECT_NOTHING(nic);
		host_advance(NSEC_PER_SEC + 2 * NSEC_PER_MSEC);
	}
	EXPECT_NOTHING(nic);
	cr_assert_eq(state_of(nic, PEER), NUD_FAILED);
	EXPECT_DROPS(nic->net, NEIGH_FAILED, 1);
	host_advance(NSEC_PER_SEC);
	EXPECT_NO_SKBS(nic->net);
	/* Somebody tries again. */
	ask(nic, PEER);
	EXPECT_PKT(nic, &ARP_REQUEST(nic->mac, US, PEER));
	answer(nic, MAC);
	EXPECT_PKT(nic, &ECHO_REPLY(US, PEER, 1, 1, .dst = MAC));
}

WEIR_TEST(neighbour, unused_it_grows_stale_used_it_is_probed)
{
	struct nic *nic = reachable_nic();

	host_advance(11 * NSEC_PER_SEC);
	cr_assert_eq(state_of(nic, PEER), NUD_STALE);
	ask(nic, PEER);
	EXPECT_PKT(nic, &ECHO_REPLY(US, PEER, 1, 1, .dst = MAC));
	cr_assert_eq(state_of(nic, PEER), NUD_DELAY);
	host_advance(5200 * NSEC_PER_MSEC);
	cr_assert_eq(state_of(nic, PEER), NUD_PROBE);
	expect_probe(nic);
	answer(nic, MAC);
	cr_assert_eq(state_of(nic, PEER), NUD_REACHABLE);
}

WEIR_TEST(neighbour, three_probes_without_answer_fail)
{
	struct nic *nic = reachable_nic();

	host_advance(11 * NSEC_PER_SEC);
	ask(nic, PEER);
	nic_forget(nic);
	host_advance(5200 * NSEC_PER_MSEC);
	for (int i = 0; i < 3; i++) {
		expect_probe(nic);
		host_advance(1010 * NSEC_PER_MSEC);
	}
	EXPECT_NOTHING(nic);
	cr_assert_eq(state_of(nic, PEER), NUD_FAILED);
}

WEIR_TEST(neighbour, a_sign_from_above_spares_the_probe)
{
	struct nic *nic = reachable_nic();

	host_advance(11 * NSEC_PER_SEC);
	ask(nic, PEER);
	nic_forget(nic);
	plat_bh_disable();
	neigh_confirm(neigh_lookup(nic->dev, PEER));
	plat_bh_enable();
	host_advance(5200 * NSEC_PER_MSEC);
	EXPECT_NOTHING(nic);
	cr_assert_eq(state_of(nic, PEER), NUD_REACHABLE);
}

/* MSG_CONFIRM: the program has heard from it. */
WEIR_TEST(neighbour, a_sign_from_a_program_spares_the_probe)
{
	struct sock_iovec iov = {NULL, 0};
	struct sock_msg msg = {
		.name = {PEER, CPU_TO_BE16(9)}, .has_name = true, .iov = &iov, .iovlen = 1};
	struct nic *nic = reachable_nic();
	struct sock *sk;

	cr_assert_eq(sock_create(nic->net, AF_INET, SOCK_DGRAM, 0, &sk), 0);
	for (int confirm = 1; confirm >= 0; confirm--) {
		host_advance(16 * NSEC_PER_SEC);
		cr_assert_eq(state_of(nic, PEER), NUD_STALE);
		cr_assert_eq(sock_sendmsg(sk, &msg, MSG_DONTWAIT), 0);
		cr_assert_eq(state_of(nic, PEER), NUD_DELAY);
		host_advance(NSEC_PER_SEC);
		cr_assert_eq(sock_sendmsg(sk, &msg, MSG_DONTWAIT | (confirm ? MSG_CONFIRM : 0)), 0);
		nic_forget(nic);
		host_advance(4200 * NSEC_PER_MSEC);
		cr_assert_eq(state_of(nic, PEER), confirm ? NUD_REACHABLE : NUD_PROBE);
	}
	sock_close(sk);
}

/* Who says what about PEER, how long after the last word, and what is believed afterwards. */
static const struct {
	const char *name;
	u64 after_ms;
	struct pkt says;
	u64 mac;
	u8 state;
} words[] = {
	{"another's answer at once: locked", 10, ARP_REPLY(MAC_N(3), PEER, 0, US), MAC,
	 NUD_REACHABLE},
	{"another's answer later", 1100, ARP_REPLY(MAC_N(3), PEER, 0, US), MAC_N(3), NUD_REACHABLE},
	{"another's gratuitous request", 10, ARP_REQUEST(MAC_N(3), PEER, PEER), MAC_N(3),
	 NUD_STALE},
	{"its own question", 10, ARP_REQUEST(MAC, PEER, US), MAC, NUD_REACHABLE},
	{"a question from a new place", 10, ARP_REQUEST(MAC_N(3), PEER, US), MAC_N(3), NUD_STALE},
	{"a broadcast answer", 1100, ARP_REPLY(MAC_N(3), PEER, MAC_BROADCAST, US), MAC_N(3),
	 NUD_STALE},
};

WEIR_TEST(neighbour, a_row_for_each_word)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct nic *nic = reachable_nic();
		struct pkt says = words[i].says;

		if (!says.dst)
			says.dst = says.arp.tha = nic->mac;
		host_advance(words[i].after_ms * NSEC_PER_MSEC);
		nic_inject(nic, &says);
		cr_assert_eq(mac_of(nic, PEER), words[i].mac, "%s: address", words[i].name);
		cr_assert_eq(state_of(nic, PEER), words[i].state, "%s: state %#x", words[i].name,
			     state_of(nic, PEER));
		nic_forget(nic);
		harness_end();
		harness_begin();
	}
}

WEIR_TEST(neighbour, strangers_are_not_learnt)
{
	struct nic *nic = silent_nic();

	nic_inject(nic, &ARP_REQUEST(MAC, PEER, PEER));
	answer(nic, MAC);
	nic_inject(nic, &ARP_REQUEST(MAC, PEER, IP4(10, 0, 0, 77)));
	cr_assert_eq(state_of(nic, PEER), NUD_NONE);
	EXPECT_DROPS(nic->net, ARP_IGNORED, 3);
	CTL(nic->net, "sysctl -w net.ipv4.conf.eth0.arp_accept=1");
	nic_inject(nic, &ARP_REQUEST(MAC, PEER, PEER));
	cr_assert_eq(state_of(nic, PEER), NUD_STALE);
}

WEIR_TEST(neighbour, what_was_told_stays)
{
	struct nic *nic = silent_nic();
	u8 ha[ETH_ALEN];

	mac_bytes(MAC_N(9), ha);
	plat_bh_disable();
	cr_assert_eq(neigh_add(nic->dev, PEER, ha, NUD_PERMANENT, NEIGH_CHANGE), -ENOENT);
	cr_assert_eq(neigh_add(nic->dev, PEER, NULL, NUD_PERMANENT, NEIGH_ADD), -EINVAL);
	cr_assert_eq(neigh_add(nic->dev, PEER, ha, NUD_PERMANENT, NEIGH_ADD), 0);
	cr_assert_eq(neigh_add(nic->dev, PEER, ha, NUD_PERMANENT, NEIGH_ADD), -EEXIST);
	plat_bh_enable();
	ask(nic, PEER);
	EXPECT_PKT(nic, &ECHO_REPLY(US, PEER, 1, 1, .dst = MAC_N(9)));
	answer(nic, MAC);
	nic_inject(nic, &ARP_REQUEST(MAC, PEER, PEER));
	host_advance(600 * NSEC_PER_SEC);
	cr_assert_eq(mac_of(nic, PEER), MAC_N(9));
	plat_bh_disable();
	cr_assert_eq(neigh_flush(nic->net, NULL, 0), 0);
	cr_assert_eq(neigh_delete(nic->dev, PEER), 0);
	cr_assert_eq(neigh_delete(nic->dev, PEER), -ENOENT);
	plat_bh_enable();
	ask(nic, PEER);
	EXPECT_PKT(nic, &ARP_REQUEST(nic->mac, US, PEER));
}

WEIR_TEST(neighbour, the_oldest_waiting_packets_give_way)
{
	struct nic *nic = silent_nic();
	u32 lost;

	CTL(nic->net, "sysctl -w net.ipv4.neigh.eth0.unres_qlen_bytes=10000");
	for (u16 i = 0; i < 50; i++)
		nic_inject(nic, &ECHO(PEER, US, 1, i, .len = 8));
	lost = drops(nic->net, SKB_DROP_REASON_NEIGH_QUEUEFULL);
	cr_assert(lost > 30 && lost < 50, "%u", lost);
	EXPECT_PKT(nic, &ARP_REQUEST(nic->mac, US, PEER));
	answer(nic, MAC);
	for (u16 i = lost; i < 50; i++)
		EXPECT_PKT(nic, &ECHO_REPLY(US, PEER, 1, i));
	EXPECT_NOTHING(nic);
}

/* A sweep over the subnet: each address has a queue, all queues together have a limit. */
WEIR_TEST(neighbour, all_waiting_packets_have_a_limit)
{
	struct nic *nic = silent_nic();
	long held;

	CTL(nic->net, "sysctl -w net.ipv4.neigh.default.unres_total_bytes=50000");
	for (int i = 0; i < 200; i++)
		nic_inject(nic, &ECHO(IP4(10, 0, 0, 100 + i % 20), US, 1, i, .len = 8));
	held = net_skbs_in_use(nic->net);
	cr_assert(held > 20 && held < 80, "%ld", held);
	cr_assert_eq(drops(nic->net, SKB_DROP_REASON_NEIGH_QUEUEFULL), (u64)(200 - held));

	/* Who is not among them is found all the same. */
	nic_forget(nic);
	ask(nic, PEER);
	EXPECT_PKT(nic, &ARP_REQUEST(nic->mac, US, PEER));
	answer(nic, MAC);
	EXPECT_PKT(nic, &ECHO_REPLY(US, PEER, 1, 1, .dst = MAC));

	host_advance(100 * NSEC_PER_SEC);
	nic_forget(nic);
	EXPECT_NO_SKBS(nic->net);
}

WEIR_TEST(neighbour, the_table_has_a_limit)
{
	struct nic *nic = silent_nic();

	CTL(nic->net, "sysctl -w net.ipv4.neigh.default.gc_thresh1=2");
	CTL(nic->net, "sysctl -w net.ipv4.neigh.default.gc_thresh2=8");
	CTL(nic->net, "sysctl -w net.ipv4.neigh.default.gc_thresh3=8");
	for (int i = 0; i < 20; i++)
		ask(nic, IP4(10, 0, 0, 100 + i));
	EXPECT_DROPS(nic->net, NEIGH_TABLE_FULL, 12); /* once a packet */
	EXPECT_MIB(nic->net, IPSTATS_MIB_OUTDISCARDS, 12);
	/* What failed makes room. */
	host_advance(10 * NSEC_PER_SEC);
	nic_forget(nic);
	ask(nic, IP4(10, 0, 0, 200));
	EXPECT_PKT(nic, &ARP_REQUEST(nic->mac, US, IP4(10, 0, 0, 200)));
}

WEIR_TEST(neighbour, link_down_forgets_what_was_learnt)
{
	struct nic *nic = reachable_nic();

	plat_bh_disable();
	netif_carrier_off(nic->dev);
	plat_bh_enable();
	cr_assert_eq(state_of(nic, PEER), NUD_NONE);
	plat_bh_disable();
	netif_carrier_on(nic->dev);
	plat_bh_enable();
	ask(nic, PEER);
	EXPECT_PKT(nic, &ARP_REQUEST(nic->mac, US, PEER));
}

WEIR_TEST(neighbour, addresses_are_announced_if_asked_for)
{
	static const u8 mac[ETH_ALEN] = {2, 0, 0, 0, 0, 9};
	struct nic *nic = silent_nic();

	for (int notify = 0; notify < 2; notify++) {
		CTL(nic->net, "sysctl -w net.ipv4.conf.eth0.arp_notify=%d", notify);
		CTL(nic->net, "ip link set eth0 down");
		CTL(nic->net, "ip link set eth0 up");
		host_run();
		if (notify)
			EXPECT_PKT(nic, &ARP_REQUEST(mac_number(mac), US, US));
		EXPECT_NOTHING(nic);
		plat_bh_disable();
		cr_assert_eq(dev_set_mac_address(nic->dev, mac), 0);
		plat_bh_enable();
		host_run();
		if (notify)
			EXPECT_PKT(nic, &ARP_REQUEST(mac_number(mac), US, US));
		EXPECT_NOTHING(nic);
	}
	CTL(nic->net, "ip addr add 10.9.0.1/24 dev eth0");
	host_run();
	EXPECT_NOTHING(nic);
}
