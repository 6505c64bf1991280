/* SPDX-License-Identifier: MIT */
/* Translation: each kind both ways, clashes, errors that quote packets, what must not leak. The test is the table nat. */
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "net/nf_nat.h"
#include "net/sockopt.h"
#include "net/wire/tcp_hdr.h"
#include "tests/unit/ct_wire.h"

#define INSIDE2       IP4(10, 0, 1, 3)
#define PORT(n)       CPU_TO_BE16(n)
#define SIZE_OF_QUOTE 28

enum kind { NOTHING, SETUP, MASQUERADE, REDIRECT, NETMAP, DROP_IT };

/* What the table says at each hook, and how often it was asked. */
struct rule {
	enum kind kind;
	struct nf_nat_range range;
	be32 only_to; /* original destination; 0: any */
};

static struct ct_world w;
static struct rule rules[NF_INET_NUMHOOKS];
static u32 asked;

static u32 table(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct rule *r = &rules[state->hook];
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	(void)priv;
	asked++;
	if (r->only_to && ct->tuple[0].dst != r->only_to)
		return NF_ACCEPT;
	switch (r->kind) {
	case NOTHING:
		return NF_ACCEPT;
	case SETUP:
		return nf_nat_setup_info(w.net, ct, &r->range, HOOK2MANIP(state->hook));
	case MASQUERADE:
		return nf_nat_masquerade_ipv4(skb, state, &r->range);
	case REDIRECT:
		return nf_nat_redirect_ipv4(skb, state, &r->range);
	case NETMAP:
		return nf_nat_netmap_ipv4(skb, state, &r->range);
	case DROP_IT:
		return NF_DROP;
	}
	return NF_DROP;
}

static int on(void)
{
	int err;

	memset(rules, 0, sizeof(rules));
	asked = 0;
	plat_bh_disable();
	err = nf_nat_register_table(w.net, table, NULL);
	plat_bh_enable();
	return err;
}

static void begin(void)
{
	w = ct_router();
	cr_assert_eq(on(), 0);
}

static void end(void)
{
	plat_bh_disable();
	nf_nat_unregister_table(w.net);
	plat_bh_enable();
}

static void masquerade(void)
{
	begin();
	rules[NF_INET_POST_ROUTING].kind = MASQUERADE;
}

static void segment(struct nic *nic, be32 from, u16 sport, be32 to, u16 dport, u8 flags, u32 seq,
		    u32 ack)
{
	ct_inject_tcp(nic, &(struct ct_seg){from, to, sport, dport, flags, seq, ack, .win = 1000});
}

WEIR_TEST(nat, masquerade_there_and_back)
{
	masquerade();
	nic_inject(w.in, &UDP4(INSIDE, 1000, OUTSIDE, 53, .len = 9));
	EXPECT_PKT(w.out, &UDP4(PUBLIC, 1000, OUTSIDE, 53, .ip.ttl = 63, .len = 9));
	cr_assert_eq(asked, 2);
	nic_inject(w.out, &UDP4(OUTSIDE, 53, PUBLIC, 1000, .len = 9));
	EXPECT_PKT(w.in, &UDP4(OUTSIDE, 53, INSIDE, 1000, .ip.ttl = 63, .len = 9));
	nic_inject(w.in, &UDP4(INSIDE, 1000, OUTSIDE, 53, .udp.no_csum = true));
	cr_assert(EXPECT_PKT(w.out, &UDP4(PUBLIC, 1000, OUTSIDE, 53))->udp.no_csum);
	nic_inject(w.in, &ECHO(INSIDE, OUTSIDE, 7, 1, .len = 9));
	EXPECT_PKT(w.out, &ECHO(PUBLIC, OUTSIDE, 7, 1, .len = 9));
	nic_inject(w.out, &ECHO_REPLY(OUTSIDE, PUBLIC, 7, 1, .len = 9));
	EXPECT_PKT(w.in, &ECHO_REPLY(OUTSIDE, INSIDE, 7, 1, .len = 9));
	cr_assert_eq(asked, 4);
	end();
}

WEIR_TEST(nat, a_taken_port_or_id_gives_way_to_another_of_its_class)
{
	static const u16 ports[] = {100, 700, 5000};
	u16 got;

	masquerade();
	for (u32 i = 0; i < 3; i++) {
		nic_inject(w.in, &UDP4(INSIDE, ports[i], OUTSIDE, 53));
		EXPECT_PKT(w.out, &UDP4(PUBLIC, ports[i], OUTSIDE, 53));
		nic_inject(w.in, &UDP4(INSIDE2, ports[i], OUTSIDE, 53));
		got = EXPECT_PKT(w.out, &UDP4(PUBLIC, 0, OUTSIDE, 53))->udp.sport;
		cr_assert_neq(got, ports[i]);
		cr_assert(i == 0   ? got >= 1 && got <= 511
			  : i == 1 ? got >= 600 && got <= 1023
				   : got >= 1024);
		nic_inject(w.out, &UDP4(OUTSIDE, 53, PUBLIC, got));
		EXPECT_PKT(w.in, &UDP4(OUTSIDE, 53, INSIDE2, ports[i]));
		/* the same place towards others */
		nic_inject(w.in, &UDP4(INSIDE2, ports[i], IP4(10, 0, 2, 2), 54));
		nic_forget(w.out);
	}
	nic_inject(w.in, &ECHO(INSIDE, OUTSIDE, 7, 1));
	nic_inject(w.in, &ECHO(INSIDE2, OUTSIDE, 7, 1));
	EXPECT_PKT(w.out, &ECHO(PUBLIC, OUTSIDE, 7, 1));
	got = EXPECT_PKT(w.out, &ECHO(PUBLIC, OUTSIDE, 0, 1))->icmp.id;
	cr_assert_neq(got, 7);
	nic_inject(w.out, &ECHO_REPLY(OUTSIDE, PUBLIC, got, 1));
	EXPECT_PKT(w.in, &ECHO_REPLY(OUTSIDE, INSIDE2, 7, 1));
	end();
}

WEIR_TEST(nat, when_all_ports_are_taken_the_packet_ends)
{
	begin();
	rules[NF_INET_POST_ROUTING] =
		(struct rule){SETUP,
			      {NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED, PUBLIC, PUBLIC,
			       PORT(2000), PORT(2009)}};
	for (u16 port = 1000; port < 1010; port++) {
		nic_inject(w.in, &UDP4(INSIDE, port, OUTSIDE, 53));
		EXPECT_PKT(w.out, &UDP4(PUBLIC, 0, OUTSIDE, 53));
	}
	nic_inject(w.in, &UDP4(INSIDE, 1010, OUTSIDE, 53));
	EXPECT_NOTHING(w.out);
	EXPECT_DROPS(w.net, NF_CONNTRACK_CLASH, 1);
	cr_assert_eq(nf_conntrack_count(w.net), 10);
	/* another destination has all ports again */
	nic_inject(w.in, &UDP4(INSIDE, 1010, OUTSIDE, 54));
	EXPECT_PKT(w.out, &UDP4(PUBLIC, 0, OUTSIDE, 54));
	end();
}

/* ... but one of a connection that has ended serves again, if the new one's numbers are beyond the old one's. */
WEIR_TEST(nat, an_ended_connection_gives_up_its_port)
{
	begin();
	rules[NF_INET_POST_ROUTING] =
		(struct rule){SETUP,
			      {NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED, PUBLIC, PUBLIC,
			       PORT(2000), PORT(2000)}};
	segment(w.in, INSIDE, 1000, OUTSIDE, 80, TCP_SYN, 5000, 0);
	nic_forget(w.out);
	segment(w.out, OUTSIDE, 80, PUBLIC, 2000, TCP_SYN | TCP_ACK, 1, 5001);
	nic_forget(w.in);
	segment(w.in, INSIDE2, 1000, OUTSIDE, 80, TCP_SYN, 6000, 0);
	EXPECT_NOTHING(w.out);
	segment(w.in, INSIDE, 1000, OUTSIDE, 80, TCP_RST, 5001, 0);
	nic_forget(w.out);
	segment(w.in, INSIDE2, 1000, OUTSIDE, 80, TCP_SYN, 4000, 0);
	EXPECT_NOTHING(w.out);
	EXPECT_DROPS(w.net, NF_CONNTRACK_CLASH, 2);
	segment(w.in, INSIDE2, 1000, OUTSIDE, 80, TCP_SYN, 6000, 0);
	EXPECT_PKT(w.out, &((struct pkt){.ip.saddr = PUBLIC, .ip.proto = 6}));
	cr_assert_eq(ct_only(w.net)->tuple[0].src, INSIDE2);
	end();
}

WEIR_TEST(nat, a_port_forward_with_its_own_port)
{
	begin();
	rules[NF_INET_PRE_ROUTING] =
		(struct rule){SETUP,
			      {NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED, INSIDE, INSIDE,
			       PORT(80), PORT(80)},
			      .only_to = PUBLIC};
	nic_inject(w.out, &UDP4(OUTSIDE, 999, PUBLIC, 8080, .len = 4));
	EXPECT_PKT(w.in, &UDP4(OUTSIDE, 999, INSIDE, 80, .len = 4));
	nic_inject(w.in, &UDP4(INSIDE, 80, OUTSIDE, 999, .len = 4));
	EXPECT_PKT(w.out, &UDP4(PUBLIC, 8080, OUTSIDE, 999, .len = 4));
	end();
}

/* Inside, asked for by its public address, the server's answers must come back this way. */
WEIR_TEST(nat, hairpin)
{
	begin();
	rules[NF_INET_PRE_ROUTING] =
		(struct rule){SETUP, {NF_NAT_RANGE_MAP_IPS, INSIDE, INSIDE}, .only_to = PUBLIC};
	rules[NF_INET_POST_ROUTING].kind = MASQUERADE;
	CTL(w.net,
	    "sysctl -w net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0");
	nic_inject(w.in, &UDP4(INSIDE2, 999, PUBLIC, 80));
	EXPECT_PKT(w.in, &UDP4(ROUTER, 999, INSIDE, 80));
	nic_inject(w.in, &UDP4(INSIDE, 80, ROUTER, 999));
	EXPECT_PKT(w.in, &UDP4(PUBLIC, 80, INSIDE2, 999));
	end();
}

/* Nobody translates the second flow; its answers would be the first one's. */
WEIR_TEST(nat, a_null_binding_gives_way)
{
	u16 got;

	begin();
	rules[NF_INET_POST_ROUTING] =
		(struct rule){SETUP, {NF_NAT_RANGE_MAP_IPS, INSIDE2, INSIDE2}};
	nic_inject(w.in, &UDP4(INSIDE, 1000, OUTSIDE, 53));
	EXPECT_PKT(w.out, &UDP4(INSIDE2, 1000, OUTSIDE, 53));
	rules[NF_INET_POST_ROUTING].kind = NOTHING;
	nic_inject(w.in, &UDP4(INSIDE2, 1000, OUTSIDE, 53));
	got = EXPECT_PKT(w.out, &UDP4(INSIDE2, 0, OUTSIDE, 53))->udp.sport;
	cr_assert(got >= 600 && got <= 1023 && got != 1000, "%u", got);
	nic_inject(w.out, &UDP4(OUTSIDE, 53, INSIDE2, got));
	EXPECT_PKT(w.in, &UDP4(OUTSIDE, 53, INSIDE2, 1000));
	nic_inject(w.out, &UDP4(OUTSIDE, 53, INSIDE2, 1000));
	EXPECT_PKT(w.in, &UDP4(OUTSIDE, 53, INSIDE, 1000));
	end();
}

WEIR_TEST(nat, netmap_keeps_the_host)
{
	begin();
	rules[NF_INET_PRE_ROUTING] =
		(struct rule){NETMAP,
			      {NF_NAT_RANGE_MAP_IPS, IP4(10, 0, 1, 0), IP4(10, 0, 1, 255)},
			      .only_to = IP4(172, 16, 5, 2)};
	nic_inject(w.out, &UDP4(OUTSIDE, 999, IP4(172, 16, 5, 2), 80));
	EXPECT_PKT(w.in, &UDP4(OUTSIDE, 999, INSIDE, 80));
	nic_inject(w.in, &UDP4(INSIDE, 80, OUTSIDE, 999));
	EXPECT_PKT(w.out, &UDP4(IP4(172, 16, 5, 2), 80, OUTSIDE, 999));
	end();
}

WEIR_TEST(nat, redirect_comes_to_this_host)
{
	begin();
	rules[NF_INET_PRE_ROUTING].kind = REDIRECT;
	nic_inject(w.in, &ECHO(INSIDE, IP4(192, 0, 2, 9), 7, 1));
	EXPECT_PKT(w.in, &ECHO_REPLY(IP4(192, 0, 2, 9), INSIDE, 7, 1));
	EXPECT_NOTHING(w.out);
	end();
}

/* An error of the far side about a masqueraded packet, and one of the inner side about a forwarded one. */
WEIR_TEST(nat, errors_quote_what_their_receiver_has_sent)
{
	static u8 frame[PKT_MAX];
	struct pkt quoted;
	const struct pkt *p;

	masquerade();
	nic_inject(w.in, &UDP4(INSIDE, 1000, OUTSIDE, 53, .len = 30));
	p = EXPECT_PKT(w.out, &UDP4(PUBLIC, 1000, OUTSIDE, 53));
	pkt_build(p, frame);
	for (u32 len = SIZE_OF_QUOTE; len <= 58; len += 30) {
		nic_inject(w.out, &ICMP4(OUTSIDE, PUBLIC, 3, 3, .data = frame + 14, .len = len));
		p = EXPECT_PKT(w.in, &ICMP4(OUTSIDE, INSIDE, 3, 3, .len = len));
		cr_assert_null(pkt_parse_quoted(&quoted, p->data, p->len));
		cr_assert_null(pkt_compare(&UDP4(INSIDE, 1000, OUTSIDE, 53), &quoted));
	}
	/* from a router on the way */
	nic_inject(w.out, &ICMP4(IP4(10, 0, 2, 77), PUBLIC, 11, 0, .data = frame + 14,
				 .len = SIZE_OF_QUOTE));
	EXPECT_PKT(w.in, &ICMP4(IP4(10, 0, 2, 77), INSIDE, 11, 0));
	/* the inner host's, about an answer */
	nic_inject(w.out, &UDP4(OUTSIDE, 53, PUBLIC, 1000, .len = 30));
	p = EXPECT_PKT(w.in, &UDP4(OUTSIDE, 53, INSIDE, 1000));
	pkt_build(p, frame);
	nic_inject(w.in, &ICMP4(INSIDE, OUTSIDE, 3, 3, .data = frame + 14, .len = SIZE_OF_QUOTE));
	p = EXPECT_PKT(w.out, &ICMP4(PUBLIC, OUTSIDE, 3, 3));
	cr_assert_null(pkt_parse_quoted(&quoted, p->data, p->len));
	cr_assert_null(pkt_compare(&UDP4(OUTSIDE, 53, PUBLIC, 1000), &quoted));
	cr_assert_eq(asked, 2);
	end();
}

WEIR_TEST(nat, an_invalid_packet_of_a_translated_flow_does_not_leak)
{
	static u8 frame[PKT_MAX];
	struct pkt inner = UDP4(PUBLIC, 1000, OUTSIDE, 53, .len = 8);

	masquerade();
	segment(w.in, INSIDE, 1000, OUTSIDE, 80, TCP_SYN, 1, 0);
	EXPECT_PKT(w.out, &((struct pkt){.ip.saddr = PUBLIC, .ip.proto = 6}));
	segment(w.out, OUTSIDE, 80, PUBLIC, 1000, TCP_SYN | TCP_ACK, 1, 2);
	EXPECT_PKT(w.in, &((struct pkt){.ip.daddr = INSIDE, .ip.proto = 6}));
	segment(w.in, INSIDE, 1000, OUTSIDE, 80, TCP_ACK, 2, 2);
	EXPECT_PKT(w.out, &((struct pkt){.ip.saddr = PUBLIC, .ip.proto = 6}));
	/* beyond the window, without flags, with bad flags: each way */
	segment(w.in, INSIDE, 1000, OUTSIDE, 80, TCP_ACK, 1000000, 2);
	segment(w.in, INSIDE, 1000, OUTSIDE, 80, 0, 2, 2);
	segment(w.in, INSIDE, 1000, OUTSIDE, 80, TCP_SYN | TCP_FIN, 2, 2);
	EXPECT_NOTHING(w.out);
	EXPECT_DROPS(w.net, NF_NAT, 3);
	segment(w.out, OUTSIDE, 80, PUBLIC, 1000, TCP_ACK, 1000000, 2);
	segment(w.out, OUTSIDE, 80, PUBLIC, 1000, TCP_RST, 1000000, 2);
	EXPECT_NOTHING(w.in);
	EXPECT_NOTHING(w.out); /* no reset of this host's */
	EXPECT_DROPS(w.net, NF_NAT, 5);
	nic_inject(w.in, &UDP4(INSIDE, 1000, OUTSIDE, 53));
	EXPECT_PKT(w.out, &UDP4(PUBLIC, 1000, OUTSIDE, 53));
	nic_inject(w.in, &UDP4(INSIDE, 1000, OUTSIDE, 53, .udp.bad_csum = 1));
	EXPECT_NOTHING(w.out);
	pkt_build(&inner, frame);
	nic_inject(w.out, &ICMP4(OUTSIDE, PUBLIC, 3, 3, .data = frame + 14, .len = SIZE_OF_QUOTE,
				 .icmp.bad_csum = 1));
	EXPECT_NOTHING(w.in);
	EXPECT_DROPS(w.net, NF_NAT, 7);
	nic_inject(w.in, &ECHO(INSIDE, OUTSIDE, 7, 1));
	EXPECT_PKT(w.out, &ECHO(PUBLIC, OUTSIDE, 7, 1));
	nic_inject(w.in, &ECHO(INSIDE, OUTSIDE, 7, 2, .icmp.bad_csum = 1));
	EXPECT_NOTHING(w.out);
	EXPECT_DROPS(w.net, NF_NAT, 8);
	end();
}

WEIR_TEST(nat, a_borrowed_address_that_goes_ends_its_connections)
{
	masquerade();
	nic_inject(w.in, &UDP4(INSIDE, 1000, OUTSIDE, 53));
	cr_assert_eq(nf_conntrack_count(w.net), 1);
	CTL(w.net, "ip addr add 10.0.2.9/24 dev eth1");
	CTL(w.net, "ip addr del 10.0.2.9/24 dev eth1");
	cr_assert_eq(nf_conntrack_count(w.net), 1);
	CTL(w.net, "ip addr del 10.0.2.1/24 dev eth1");
	cr_assert_eq(nf_conntrack_count(w.net), 0);
	CTL(w.net, "ip addr add 10.0.2.1/24 dev eth1");
	nic_inject(w.in, &UDP4(INSIDE, 1000, OUTSIDE, 53));
	cr_assert_eq(nf_conntrack_count(w.net), 1);
	CTL(w.net, "ip link set eth1 down");
	cr_assert_eq(nf_conntrack_count(w.net), 0);
	nic_forget(w.out);
	end();
}

WEIR_TEST(nat, fragments_are_translated_as_one_packet)
{
	masquerade();
	nic_inject(w.in, &UDP4(INSIDE, 1000, OUTSIDE, 53, .ip.id = 5, .ip.frag_off = 0x2000,
			       .udp.no_csum = true, .udp.len = 608, .len = 392));
	EXPECT_NOTHING(w.out);
	nic_inject(w.in, &(struct pkt){.ip.saddr = INSIDE,
				       .ip.daddr = OUTSIDE,
				       .ip.proto = 17,
				       .ip.id = 5,
				       .ip.frag_off = 50,
				       .len = 208});
	for (u32 i = 0; i < 2; i++)
		EXPECT_PKT(w.out, &((struct pkt){.ip.saddr = PUBLIC, .ip.proto = 17, .ip.id = 5}));
	EXPECT_NOTHING(w.out);
	end();
}

WEIR_TEST(nat, a_random_port_is_another_each_time)
{
	u32 kept = 0;

	masquerade();
	rules[NF_INET_POST_ROUTING].range.flags = NF_NAT_RANGE_PROTO_RANDOM_FULLY;
	for (u16 port = 3000; port < 3020; port++) {
		nic_inject(w.in, &UDP4(INSIDE, port, OUTSIDE, 53));
		kept += EXPECT_PKT(w.out, &UDP4(PUBLIC, 0, OUTSIDE, 53))->udp.sport == port;
	}
	cr_assert_leq(kept, 1);
	end();
}

WEIR_TEST(nat, the_table_drops_and_comes_and_goes)
{
	begin();
	cr_assert_eq(nf_nat_register_table(w.net, table, NULL), -EBUSY);
	rules[NF_INET_PRE_ROUTING].kind = DROP_IT;
	nic_inject(w.in, &UDP4(INSIDE, 1000, OUTSIDE, 53));
	EXPECT_NOTHING(w.out);
	cr_assert_eq(nf_conntrack_count(w.net), 0);
	end();
	cr_assert_null(w.net->hooks[NF_INET_POST_ROUTING]);
	FOR_EACH_FAILING_ALLOC
	{
		w = ct_router();
		if (!w.net || on())
			continue;
		rules[NF_INET_POST_ROUTING].kind = MASQUERADE;
		nic_inject(w.in, &UDP4(INSIDE, 1000, OUTSIDE, 53));
		nic_inject(w.out, &UDP4(OUTSIDE, 53, PUBLIC, 1000));
		nic_forget(w.in);
		nic_forget(w.out);
		end();
	}
}
