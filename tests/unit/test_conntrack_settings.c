/* SPDX-License-Identifier: MIT */
/* net.netfilter.nf_conntrack_*: each does what its name says. tests/diff/cases_by_hand.py has Linux beside some of them. */
#include <string.h>

#include "host/host.h"
#include "net/wire/tcp_hdr.h"
#include "tests/unit/ct_wire.h"

static struct ct_world w;

static void begin(void)
{
	w = ct_router();
	plat_bh_disable();
	cr_assert_eq(nf_ct_netns_get(w.net), 0);
	plat_bh_enable();
}

static void end(void)
{
	plat_bh_disable();
	nf_ct_netns_put(w.net);
	plat_bh_enable();
	EXPECT_NO_SKBS(w.net);
}

/* All times, each another; those that shorten others are shorter than they. */
static const struct {
	const char *name;
	u32 seconds;
} times[] = {
	{"nf_conntrack_generic_timeout", 1100},
	{"nf_conntrack_gre_timeout", 1200},
	{"nf_conntrack_gre_timeout_stream", 1300},
	{"nf_conntrack_icmp_timeout", 1400},
	{"nf_conntrack_udp_timeout", 1500},
	{"nf_conntrack_udp_timeout_stream", 1600},
	{"nf_conntrack_tcp_timeout_syn_sent", 1700},
	{"nf_conntrack_tcp_timeout_syn_recv", 1800},
	{"nf_conntrack_tcp_timeout_established", 9000},
	{"nf_conntrack_tcp_timeout_unacknowledged", 8000},
	{"nf_conntrack_tcp_timeout_max_retrans", 7000},
	{"nf_conntrack_tcp_timeout_fin_wait", 1900},
	{"nf_conntrack_tcp_timeout_close_wait", 2000},
	{"nf_conntrack_tcp_timeout_last_ack", 2100},
	{"nf_conntrack_tcp_timeout_time_wait", 2200},
	{"nf_conntrack_tcp_timeout_close", 2300},
};

static u32 time_of(const char *name)
{
	u32 i = 0;

	while (strcmp(times[i].name, name)) {
		i++;
		cr_assert_lt(i, ARRAY_SIZE(times));
	}
	return times[i].seconds;
}

static void begin_timed(void)
{
	begin();
	for (u32 i = 0; i < ARRAY_SIZE(times); i++)
		CTL(w.net, "sysctl -w net.netfilter.%s=%u", times[i].name, times[i].seconds);
}

static void expect(const char *name)
{
	cr_assert_eq(nf_ct_expires(ct_only(w.net)), time_of(name), "%s: %u s", name,
		     nf_ct_expires(ct_only(w.net)));
}

static void there(u8 flags, u32 seq, u32 ack, u32 len)
{
	ct_inject_tcp(w.in,
		      &(struct ct_seg){INSIDE, OUTSIDE, 1000, 80, flags, seq, ack, len, 8000});
}

static void back(u8 flags, u32 seq, u32 ack)
{
	ct_inject_tcp(w.out,
		      &(struct ct_seg){OUTSIDE, INSIDE, 80, 1000, flags, seq, ack, .win = 8000});
}

static void handshake(void)
{
	there(TCP_SYN, 1000, 0, 0);
	back(TCP_SYN | TCP_ACK, 5000, 1001);
	there(TCP_ACK, 1001, 5001, 0);
}

WEIR_TEST(conntrack_settings, tcp_times)
{
	begin_timed();
	there(TCP_SYN, 1000, 0, 0);
	expect("nf_conntrack_tcp_timeout_syn_sent");
	back(TCP_SYN | TCP_ACK, 5000, 1001);
	expect("nf_conntrack_tcp_timeout_syn_recv");
	there(TCP_ACK, 1001, 5001, 0);
	expect("nf_conntrack_tcp_timeout_established");
	there(TCP_ACK, 1001, 5001, 100);
	expect("nf_conntrack_tcp_timeout_unacknowledged");
	back(TCP_ACK, 5001, 1101);
	expect("nf_conntrack_tcp_timeout_established");
	there(TCP_FIN | TCP_ACK, 1101, 5001, 0);
	expect("nf_conntrack_tcp_timeout_fin_wait");
	back(TCP_ACK, 5001, 1102);
	expect("nf_conntrack_tcp_timeout_close_wait");
	back(TCP_FIN | TCP_ACK, 5001, 1102);
	expect("nf_conntrack_tcp_timeout_last_ack");
	there(TCP_ACK, 1102, 5002, 0);
	expect("nf_conntrack_tcp_timeout_time_wait");
	there(TCP_RST, 1102, 0, 0);
	expect("nf_conntrack_tcp_timeout_close");
	end();
}

/* After so many segments that are the one before again, nobody seems to answer; another one begins anew. */
WEIR_TEST(conntrack_settings, tcp_max_retrans)
{
	for (u32 most = 1; most <= 3; most++) {
		begin_timed();
		CTL(w.net, "sysctl -w net.netfilter.nf_conntrack_tcp_max_retrans=%u", most);
		handshake();
		for (u32 i = 0; i <= most; i++) {
			expect(i ? "nf_conntrack_tcp_timeout_unacknowledged"
				 : "nf_conntrack_tcp_timeout_established");
			there(TCP_ACK, 1001, 5001, 100);
		}
		expect("nf_conntrack_tcp_timeout_max_retrans");
		there(TCP_ACK, 1101, 5001, 100);
		expect("nf_conntrack_tcp_timeout_unacknowledged");
		end();
	}
}

static void both_ways(u8 proto, const char *first, const char *later)
{
	begin_timed();
	nic_inject(w.in, &(struct pkt){.ip = {.saddr = INSIDE, .daddr = OUTSIDE, .proto = proto},
				       .len = 8});
	expect(first);
	nic_inject(w.out, &(struct pkt){.ip = {.saddr = OUTSIDE, .daddr = INSIDE, .proto = proto},
					.len = 8});
	nic_inject(w.in, &(struct pkt){.ip = {.saddr = INSIDE, .daddr = OUTSIDE, .proto = proto},
				       .len = 8});
	expect(later);
	nic_forget(w.in);
	nic_forget(w.out);
	end();
}

WEIR_TEST(conntrack_settings, times_of_others)
{
	both_ways(99, "nf_conntrack_generic_timeout", "nf_conntrack_generic_timeout");
	both_ways(47, "nf_conntrack_gre_timeout", "nf_conntrack_gre_timeout_stream");
	begin_timed();
	nic_inject(w.in, &ECHO(INSIDE, OUTSIDE, 7, 1));
	expect("nf_conntrack_icmp_timeout");
	end();
	begin_timed();
	nic_inject(w.in, &UDP4(INSIDE, 1000, OUTSIDE, 53));
	expect("nf_conntrack_udp_timeout");
	nic_inject(w.out, &UDP4(OUTSIDE, 53, INSIDE, 1000));
	expect("nf_conntrack_udp_timeout");
	host_advance(3 * NSEC_PER_SEC);
	nic_inject(w.out, &UDP4(OUTSIDE, 53, INSIDE, 1000));
	expect("nf_conntrack_udp_timeout_stream");
	nic_forget(w.in);
	nic_forget(w.out);
	end();
}

static u64 invalid_of(const char *setting, u32 value, void (*steps)(void))
{
	u64 invalid;

	begin();
	CTL(w.net, "sysctl -w net.netfilter.%s=%u", setting, value);
	steps();
	invalid = w.net->ct->stat.invalid;
	nic_forget(w.in);
	nic_forget(w.out);
	end();
	return invalid;
}

static void out_of_window(void)
{
	handshake();
	there(TCP_ACK, 1001 + 100000, 5001, 10);
}

static void from_the_middle(void)
{
	there(TCP_ACK, 1001, 5001, 10);
	cr_assert_eq(ct_many(w.net), !w.net->ct->stat.invalid);
}

/* A reset from before what its receiver has acknowledged. */
static void old_reset(void)
{
	handshake();
	there(TCP_ACK, 1001, 5001, 10);
	back(TCP_ACK, 5001, 1011);
	there(TCP_RST, 1005, 0, 0);
	cr_assert_eq(ct_only(w.net)->proto.tcp.state, TCP_CONNTRACK_ESTABLISHED);
}

static void bad_sum(void)
{
	nic_inject(w.in, &UDP4(INSIDE, 1000, OUTSIDE, 53, .udp.bad_csum = 1));
}

WEIR_TEST(conntrack_settings, what_is_invalid)
{
	cr_assert_eq(invalid_of("nf_conntrack_tcp_be_liberal", 0, out_of_window), 1);
	cr_assert_eq(invalid_of("nf_conntrack_tcp_be_liberal", 1, out_of_window), 0);
	cr_assert_eq(invalid_of("nf_conntrack_tcp_loose", 0, from_the_middle), 1);
	cr_assert_eq(invalid_of("nf_conntrack_tcp_loose", 1, from_the_middle), 0);
	cr_assert_eq(invalid_of("nf_conntrack_tcp_ignore_invalid_rst", 0, old_reset), 1);
	cr_assert_eq(invalid_of("nf_conntrack_tcp_ignore_invalid_rst", 1, old_reset), 0);
	cr_assert_eq(invalid_of("nf_conntrack_checksum", 0, bad_sum), 0);
	cr_assert_eq(invalid_of("nf_conntrack_checksum", 1, bad_sum), 1);
}

static u32 heard;

static void hear(struct nf_ct_listener *l, struct nf_conn *ct, u32 events)
{
	(void)l;
	(void)ct;
	(void)events;
	heard++;
}

WEIR_TEST(conntrack_settings, events_and_timestamp)
{
	struct nf_ct_listener l = {.fn = hear};

	begin();
	plat_bh_disable();
	nf_ct_listen(w.net, &l);
	plat_bh_enable();
	host_advance(5 * NSEC_PER_SEC);
	for (u32 on = 0; on < 2; on++) {
		heard = 0;
		CTL(w.net,
		    "sysctl -w net.netfilter.nf_conntrack_events=%u "
		    "net.netfilter.nf_conntrack_timestamp=%u",
		    on, on);
		nic_inject(w.in, &UDP4(INSIDE, 1000, OUTSIDE, 53));
		cr_assert_eq(heard, on);
		cr_assert_eq(ct_only(w.net)->start, on ? plat_now() / NSEC_PER_SEC : 0);
		CTL(w.net, "conntrack -F");
		cr_assert_eq(heard, 2 * on);
	}
	plat_bh_disable();
	nf_ct_unlisten(&l);
	plat_bh_enable();
	nic_forget(w.out);
	end();
}

/* One setting by two names; the number of connections can be read and not written. */
WEIR_TEST(conntrack_settings, max_and_count)
{
	const char *said;

	begin();
	CTL(w.net, "sysctl -w net.nf_conntrack_max=3");
	cr_assert_eq(w.net->ct->s.max, 3);
	for (u16 port = 1; port <= 3; port++)
		nic_inject(w.in, &UDP4(INSIDE, port, OUTSIDE, 53));
	cr_assert_str_eq(CTL(w.net, "sysctl -n net.netfilter.nf_conntrack_max "
				    "net.netfilter.nf_conntrack_count"),
			 "3\n3\n");
	cr_assert_neq(ctl(w.net, &said, "sysctl -w net.netfilter.nf_conntrack_count=9"), 0);
	nic_forget(w.out);
	end();
}
