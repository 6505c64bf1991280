/* SPDX-License-Identifier: MIT */
/*
 * Which addresses ARP answers for, which source it asks with, what it learns: Linux's settings, one
 * by one.
 */
#include <string.h>

#include "lib/errno.h"
#include "net/neighbour.h"
#include "net/sock.h"
#include "tests/unit/harness.h"

#define PEER  IP4(10, 0, 1, 2)
#define OURS  IP4(10, 0, 1, 1)
#define OTHER IP4(10, 0, 2, 1) /* ours, on the other device */

static struct net *net;
static struct nic *nic, *other;

static void host(void)
{
	net = stack_new();
	nic = nic_new(net, "10.0.1.1/24");
	other = nic_new(net, "10.0.2.1/24");
	nic->answer_arp = other->answer_arp = false;
}

static bool answers(be32 sender, be32 target)
{
	bool answered;

	nic_inject(nic, &ARP_REQUEST(nic->peer, sender, target));
	answered = nic_sent(nic);
	nic_forget(nic);
	return answered;
}

WEIR_TEST(arp, ignore_says_for_which_addresses_we_answer)
{
	static const struct {
		int ignore;
		be32 sender, target;
		bool answered;
	} rows[] = {
		{0, PEER, OURS, true},  {0, PEER, OTHER, true},
		{1, PEER, OURS, true},  {1, PEER, OTHER, false},
		{2, PEER, OURS, true},  {2, IP4(10, 0, 9, 9), OURS, false},  /* not of the subnet */
		{3, PEER, OTHER, true}, {3, PEER, IP4(10, 0, 1, 77), false}, /* of scope host */
		{4, PEER, OTHER, true}, {8, PEER, OURS, false},
	};

	host();
	CTL(net, "ip route add 10.0.9.0/24 dev eth0");
	CTL(net, "ip addr add 10.0.1.77/32 dev eth0 scope host");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CTL(net, "sysctl -w net.ipv4.conf.eth0.arp_ignore=%d", rows[i].ignore);
		cr_assert_eq(answers(rows[i].sender, rows[i].target), rows[i].answered, "row %zu",
			     i);
	}
}

WEIR_TEST(arp, filter_answers_where_the_reply_would_leave)
{
	host();
	CTL(net, "sysctl -w net.ipv4.conf.eth0.arp_filter=1");
	cr_assert(answers(PEER, OURS));
	CTL(net, "ip route replace 10.0.1.2/32 dev eth1");
	cr_assert_not(answers(PEER, OURS));
}

WEIR_TEST(arp, proxy_answers_for_what_we_forward_elsewhere)
{
	host();
	cr_assert_not(answers(PEER, IP4(10, 0, 2, 7)));
	CTL(net, "sysctl -w net.ipv4.ip_forward=1 net.ipv4.conf.eth0.proxy_arp=1 "
		 "net.ipv4.neigh.eth0.proxy_delay=0");
	cr_assert(answers(PEER, IP4(10, 0, 2, 7)));
	cr_assert_not(answers(PEER, IP4(10, 0, 1, 7)), "it can answer for itself");
	cr_assert_not(answers(PEER, IP4(192, 0, 2, 7)), "we have no route");
}

static void send_datagram(be32 from, be32 to)
{
	struct sock_addr local = {.addr = from};
	struct sock_iovec iov = {NULL, 0};
	struct sock_msg msg = {
		.name = {to, CPU_TO_BE16(9)}, .has_name = true, .iov = &iov, .iovlen = 1};
	struct sock *sk;

	cr_assert_eq(sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk), 0);
	cr_assert_eq(sock_bind(sk, &local), 0);
	cr_assert_eq(sock_sendmsg(sk, &msg, MSG_DONTWAIT), 0);
	sock_close(sk);
}

WEIR_TEST(arp, announce_chooses_the_source_of_questions)
{
	static const struct {
		int announce;
		be32 from, asked_with;
	} rows[] = {
		{0, OURS, OURS},
		{0, OTHER, OTHER}, /* the packet's own, though of another subnet */
		{1, OTHER, OURS},  /* only of the target's subnet */
		{2, OTHER, OURS},
	};

	host();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		CTL(net, "sysctl -w net.ipv4.conf.eth0.arp_announce=%d", rows[i].announce);
		send_datagram(rows[i].from, IP4(10, 0, 1, 50 + i));
		EXPECT_PKT(nic, &ARP_REQUEST(nic->mac, rows[i].asked_with, IP4(10, 0, 1, 50 + i)));
	}
}

static u8 state_of(be32 addr)
{
	struct neighbour *n;
	u8 state;

	plat_bh_disable();
	n = neigh_lookup(nic->dev, addr);
	state = n ? n->nud_state : NUD_NONE;
	plat_bh_enable();
	return state;
}

WEIR_TEST(arp, who_asks_us_is_learnt_and_gossip_is_not)
{
	host();
	nic_inject(nic, &ARP_REQUEST(MAC_N(9), IP4(10, 0, 1, 9), OURS));
	cr_assert_eq(state_of(IP4(10, 0, 1, 9)), NUD_STALE);
	nic_inject(nic, &ARP_REQUEST(MAC_N(8), IP4(10, 0, 1, 8), IP4(10, 0, 1, 7)));
	nic_inject(nic, &ARP_REPLY(MAC_N(7), IP4(10, 0, 1, 7), nic->mac, OURS));
	nic_inject(nic, &ARP_REQUEST(MAC_N(6), IP4(10, 0, 1, 6), IP4(10, 0, 1, 6)));
	for (int i = 6; i <= 8; i++)
		cr_assert_eq(state_of(IP4(10, 0, 1, i)), NUD_NONE, "10.0.1.%d", i);
	CTL(net, "sysctl -w net.ipv4.conf.eth0.arp_accept=1");
	nic_inject(nic, &ARP_REQUEST(MAC_N(6), IP4(10, 0, 1, 6), IP4(10, 0, 1, 6)));
	cr_assert_eq(state_of(IP4(10, 0, 1, 6)), NUD_STALE);
}

/* A reply must not turn away traffic by changing an address that was confirmed this very second. */
WEIR_TEST(arp, a_fresh_answer_is_locked_for_a_second)
{
	host();
	send_datagram(0, PEER);
	nic_forget(nic);
	nic_inject(nic, &ARP_REPLY(MAC_N(1), PEER, nic->mac, OURS));
	EXPECT_PKT(nic, &UDP4(OURS, 0, PEER, 9, .dst = MAC_N(1)));
	nic_inject(nic, &ARP_REPLY(MAC_N(2), PEER, nic->mac, OURS));
	send_datagram(0, PEER);
	EXPECT_PKT(nic, &UDP4(OURS, 0, PEER, 9, .dst = MAC_N(1)));
	host_advance(1100 * NSEC_PER_MSEC);
	nic_inject(nic, &ARP_REPLY(MAC_N(2), PEER, nic->mac, OURS));
	send_datagram(0, PEER);
	EXPECT_PKT(nic, &UDP4(OURS, 0, PEER, 9, .dst = MAC_N(2)));
}
