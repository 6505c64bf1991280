/* SPDX-License-Identifier: MIT */
/* What connections cost: bytes of each, steps to find one of many, timers moved for a segment. */
#include <string.h>

#include "host/host.h"
#include "tests/unit/tcp_wire.h"

static const char stamped[] =
	"\x02\x04\x05\xb4\x04\x02\x08\x0a\0\0\x1e\x61\0\0\0\0\x01\x03\x03\x07";

/* A passive open from this port, not yet accepted. */
static void open_from(struct conn *c, u16 port)
{
	struct seg s;

	inject(c->nic,
	       &(struct seg){
		       .sport = port, .seq = IRS, .flags = TCP_SYN, .opt = stamped, .optlen = 20});
	cr_assert(sent(c->nic, &s));
	inject(c->nic,
	       &(struct seg){.sport = port, .seq = IRS + 1, .ack = s.seq + 1, .flags = TCP_ACK});
}

/* All of it: the socket, its place in the tables, what it holds. A descriptor is the library's. */
WEIR_TEST(tcp_tables, an_idle_connection_takes_less_than_1500_bytes)
{
	struct sock *sk[200];
	struct conn c;
	size_t before = 0;

	conn_listen(&c);
	cr_assert_eq(sock_listen(c.listener, 1000), 0);
	for (u16 i = 0; i < 200; i++) {
		if (i == 100)
			before = host_live_bytes();
		open_from(&c, 5000 + i);
		cr_assert_eq(sock_accept(c.listener, true, &sk[i], NULL), 0);
	}
	cr_assert_lt((host_live_bytes() - before) / 100, 1500U);
	for (u16 i = 0; i < 200; i++)
		sock_close(sk[i]);
	nic_forget(c.nic);
	sock_close(c.listener);
}

/* The longest way in the hash table. */
static u32 longest_chain(const struct tcp_table *t)
{
	u32 most = 0;

	for (u32 i = 0; i < t->hash_size; i++) {
		struct hlist_node *node;
		u32 n = 0;

		for (node = t->hash[i].first; node; node = node->next)
			n++;
		most = max(most, n);
	}
	return most;
}

WEIR_TEST(tcp_tables, one_of_100000_is_found_in_a_few_steps, .timeout = 60)
{
	struct net *net = stack_new();
	struct sock *l = listen_on(net, 80, 5);
	struct tcp_end *ends = calloc(100000, sizeof(*ends));

	for (u32 i = 0; i < 100000; i++) {
		tcp_end_set(&ends[i], TCP_END_SOCK, US, CPU_TO_BE16(80), cpu_to_be32(i),
			    cpu_to_be16(i % 7));
		tcp_hash_add(net, &ends[i]);
	}
	cr_assert_eq(net->tcp->nr, 100000);
	cr_assert_lt(longest_chain(net->tcp), 12);
	for (u32 i = 0; i < 100000; i += 999)
		cr_assert_eq(tcp_lookup(net, US, CPU_TO_BE16(80), cpu_to_be32(i),
					cpu_to_be16(i % 7)),
			     &ends[i]);
	for (u32 i = 0; i < 100000; i++)
		tcp_hash_del(net, &ends[i]);
	free(ends);
	sock_close(l);
}

/* Puts n ends with these words in, and takes them out again: the longest way there was. */
static u32 chain_of(struct net *net, const u64 *addrs, const u32 *ports, u32 n)
{
	struct tcp_end *ends = calloc(n, sizeof(*ends));
	u32 longest;

	for (u32 i = 0; i < n; i++) {
		ends[i].addrs = addrs[i];
		ends[i].ports = ports[i];
		tcp_hash_add(net, &ends[i]);
	}
	longest = longest_chain(net->tcp);
	for (u32 i = 0; i < n; i++)
		tcp_hash_del(net, &ends[i]);
	free(ends);
	return longest;
}

#define CHOSEN 1000

/* Who knows the hash but not the key finds ends for one bucket of his own table, and not of ours. */
WEIR_TEST(tcp_tables, ends_chosen_without_the_key_are_spread)
{
	static const struct siphash_key known;
	struct net *net = stack_new();
	struct sock *l = listen_on(net, 80, 5);
	struct siphash_key secret = net->tcp->hash_key;
	u64 addrs[CHOSEN] = {0};
	u32 ports[CHOSEN] = {0}, n = 0;

	while (n < CHOSEN) {
		addrs[n] = US | rnd() << 32;
		ports[n] = CPU_TO_BE16(80) | rnd() << 16;
		n += (keyed_hash_2u64(addrs[n], ports[n], &known) & 1023) == 5;
	}
	net->tcp->hash_key = known;
	cr_assert_eq(chain_of(net, addrs, ports, CHOSEN), CHOSEN, "he has found them");
	net->tcp->hash_key = secret;
	cr_assert_lt(chain_of(net, addrs, ports, CHOSEN), 12);
	sock_close(l);
}

/* Differences that cancel, low or high bits only: what a multiplication could be weak against, whatever the key. */
WEIR_TEST(tcp_tables, regular_ends_are_spread_by_any_key, .timeout = 60)
{
	static u64 addrs[1024];
	static u32 ports[1024];
	struct net *net = stack_new();
	struct sock *l = listen_on(net, 80, 5);

	for (u32 set = 0; set < 4 * 96; set++) {
		static const u8 strides[] = {1, 3, 8, 9}; /* of the ten bits that differ */

		for (u32 i = 0; i < 1024; i++) {
			addrs[i] = 0x0a00000263010203;
			ports[i] = 0x56781234;
			for (u32 bit = 0; bit < 10; bit++) {
				u32 at = (set / 4 + bit * strides[set % 4]) % 96;

				addrs[i] ^= at < 64 ? (u64)(i >> bit & 1) << at : 0;
				ports[i] ^= at < 64 ? 0 : (i >> bit & 1) << (at - 64);
			}
		}
		plat_random(&net->tcp->hash_key, sizeof(net->tcp->hash_key));
		cr_assert_lt(chain_of(net, addrs, ports, 1024), 14, "set %u", set);
	}
	sock_close(l);
}

/* In an established connection data comes and ACKs go: the timer stays where it is until it fires. */
WEIR_TEST(tcp_tables, segments_do_not_move_timers)
{
	u32 moved = 0;
	struct conn c;
	struct tcp_sock *tp;
	u64 at;

	reach(&c, TCP_ESTABLISHED);
	tp = tcp_sk(c.sk);
	at = tp->timer.expires;
	for (u32 i = 0; i < 10000; i++) { /* a second's worth */
		char buf[100];
		struct sock_iovec iov = {buf, sizeof(buf)};
		struct sock_msg msg = {.iov = &iov, .iovlen = 1};

		inject(c.nic,
		       &(struct seg){.seq = c.rcv, .ack = c.nxt, .flags = TCP_ACK, .len = 100});
		c.rcv += 100;
		cr_assert_eq(sock_recvmsg(c.sk, &msg, MSG_DONTWAIT), 100);
		nic_forget(c.nic);
		host_advance(NSEC_PER_SEC / 10000);
		moved += tp->timer.expires != at;
		at = tp->timer.expires;
	}
	cr_assert_leq(moved, 30, "%u", moved); /* once for each delayed ACK's time */
	conn_close(&c);
}

/* The same when we send and the peer acknowledges. */
WEIR_TEST(tcp_tables, acks_do_not_move_timers)
{
	u32 moved = 0;
	struct conn c;
	struct tcp_sock *tp;
	u64 at;

	reach(&c, TCP_ESTABLISHED);
	tp = tcp_sk(c.sk);
	at = tp->timer.expires;
	for (u32 i = 0; i < 10000; i++) {
		char ten[10] = "012345678";
		struct sock_iovec iov = {ten, sizeof(ten)};
		struct sock_msg msg = {.iov = &iov, .iovlen = 1};

		cr_assert_eq(sock_sendmsg(c.sk, &msg, MSG_DONTWAIT), 10);
		c.nxt += 10;
		host_advance(NSEC_PER_SEC / 20000);
		inject(c.nic, &(struct seg){.seq = c.rcv, .ack = c.nxt, .flags = TCP_ACK});
		nic_forget(c.nic);
		host_advance(NSEC_PER_SEC / 20000);
		moved += tp->timer.expires != at;
		at = tp->timer.expires;
	}
	cr_assert_leq(moved, 30, "%u", moved);
	conn_close(&c);
}

WEIR_TEST(tcp_tables, a_reuseport_group_shares_its_flows)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock_addr addr = {0, CPU_TO_BE16(80)};
	struct sock *l[4];
	int one = 1;

	for (int i = 0; i < 4; i++) {
		cr_assert_eq(sock_create(net, AF_INET, SOCK_STREAM, 0, &l[i]), 0);
		cr_assert_eq(sock_setsockopt(l[i], SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)), 0);
		cr_assert_eq(sock_bind(l[i], &addr), 0);
		cr_assert_eq(sock_listen(l[i], 1000), 0);
	}
	for (u16 i = 0; i < 800; i++)
		for (int again = 0; again < 2; again++) /* the same flow: the same listener */
			inject(nic, &(struct seg){.sport = 5000 + i, .seq = IRS, .flags = TCP_SYN});
	cr_assert_eq(net->tcp->nr, 800);
	for (int i = 0; i < 4; i++)
		cr_assert_gt(tcp_sk(l[i])->qlen, 150, "%u", tcp_sk(l[i])->qlen);
	nic_forget(nic);
	for (int i = 0; i < 4; i++)
		sock_close(l[i]);
}

/* A server is started again while a client of the old one is still there. */
WEIR_TEST(tcp_tables, a_listener_shares_its_port_with_what_is_left_of_the_last)
{
	struct sock_addr addr = {0, CPU_TO_BE16(80)};
	struct sock *again, *third;
	struct conn c;
	int one = 1;

	conn_listen(&c);
	cr_assert_eq(sock_setsockopt(c.listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	conn_handshake(&c, NULL, 0);
	cr_assert_eq(sock_create(c.net, AF_INET, SOCK_STREAM, 0, &again), 0);
	cr_assert_eq(sock_create(c.net, AF_INET, SOCK_STREAM, 0, &third), 0);
	cr_assert_eq(sock_setsockopt(again, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	cr_assert_eq(sock_setsockopt(third, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	cr_assert_eq(sock_bind(again, &addr), -EADDRINUSE);
	sock_close(c.listener);
	cr_assert_eq(sock_bind(again, &addr), 0);
	cr_assert_eq(sock_bind(third, &addr), 0);
	cr_assert_eq(sock_listen(again, 5), 0);
	cr_assert_eq(sock_listen(third, 5), -EADDRINUSE);
	nic_forget(c.nic);
	sock_close(c.sk);
	sock_close(again);
	sock_close(third);
}

/* A listener for our address goes before one for any. */
WEIR_TEST(tcp_tables, the_listener_that_says_most_is_asked)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock_addr addr = {US, CPU_TO_BE16(80)};
	struct sock *any, *ours;
	int one = 1;

	cr_assert_eq(sock_create(net, AF_INET, SOCK_STREAM, 0, &any), 0);
	cr_assert_eq(sock_create(net, AF_INET, SOCK_STREAM, 0, &ours), 0);
	cr_assert_eq(sock_setsockopt(any, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)), 0);
	cr_assert_eq(sock_setsockopt(ours, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)), 0);
	cr_assert_eq(sock_bind(ours, &addr), 0);
	addr.addr = 0;
	cr_assert_eq(sock_bind(any, &addr), 0);
	cr_assert_eq(sock_listen(ours, 5), 0);
	cr_assert_eq(sock_listen(any, 5), 0);
	inject(nic, &(struct seg){.seq = IRS, .flags = TCP_SYN});
	cr_assert_eq(tcp_sk(ours)->qlen, 1);
	cr_assert_eq(tcp_sk(any)->qlen, 0);
	nic_forget(nic);
	sock_close(ours);
	sock_close(any);
}
