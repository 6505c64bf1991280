/* SPDX-License-Identifier: MIT */
/* Early demux: which packets find their socket before their route, and what becomes of that. */
#include <string.h>

#include "lib/errno.h"
#include "net/netfilter.h"
#include "net/route.h"
#include "net/sock.h"
#include "tests/unit/harness.h"

#define US    IP4(10, 0, 0, 1)
#define PEER  IP4(10, 0, 0, 2)
#define OTHER IP4(10, 0, 0, 3)

static struct net *net;
static struct nic *nic;
static struct sock *sk;

/* What LOCAL_IN saw of the last packet. */
static struct {
	struct nf_hook_ops ops;
	u32 verdict;
	struct sock *sk;
	struct dst_entry *dst;
	unsigned int calls;
	struct nf_queue_entry *queued;
} seen;

static u32 look(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	(void)priv;
	cr_assert_eq(state->sk, skb->sk);
	seen.sk = skb->sk;
	seen.dst = skb->dst;
	seen.calls++;
	return seen.verdict;
}

static int keep_entry(void *priv, struct nf_queue_entry *entry)
{
	(void)priv;
	seen.queued = entry;
	return 0;
}

static struct sock *connected(be32 addr, u16 port)
{
	struct sock_addr local = {US, CPU_TO_BE16(53)}, peer = {addr, cpu_to_be16(port)};
	struct sock *s;

	cr_assert_eq(sock_create(net, AF_INET, SOCK_DGRAM, 0, &s), 0);
	cr_assert_eq(sock_bind(s, &local), 0);
	cr_assert_eq(sock_connect(s, &peer, false), 0);
	return s;
}

static void begin(void)
{
	memset(&seen, 0, sizeof(seen));
	seen.verdict = NF_ACCEPT;
	net = stack_new();
	nic = nic_new(net, "10.0.0.1/24");
	sk = connected(PEER, 4000);
	seen.ops = (struct nf_hook_ops){.hook = look, .hooknum = NF_INET_LOCAL_IN};
	cr_assert_eq(nf_register_net_hook(net, &seen.ops), 0);
	nf_register_queue_handler(net, keep_entry, NULL, NULL);
}

static void end(void)
{
	nf_unregister_net_hook(net, &seen.ops);
	nf_register_queue_handler(net, NULL, NULL, NULL);
	nic_forget(nic);
	EXPECT_NO_SKBS(net);
}

static void packet(be32 from)
{
	unsigned int before = seen.calls;

	nic_inject(nic, &UDP4(from, 4000, US, 53, .len = 5));
	cr_assert_eq(seen.calls, before + 1);
}

static long take(struct sock *s)
{
	u8 buf[100];
	struct sock_iovec iov = {buf, sizeof(buf)};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	return sock_recvmsg(s, &msg, MSG_DONTWAIT);
}

WEIR_TEST(early_demux, finds_the_connected_socket_and_its_way)
{
	struct dst_entry *first;

	begin();
	packet(PEER);
	cr_assert_eq(seen.sk, sk);
	first = seen.dst;
	packet(PEER);
	cr_assert_eq(seen.dst, first);
	rt_cache_flush(net);
	packet(PEER);
	cr_assert_neq(seen.dst, first, "a void way is not used again");
	first = seen.dst;
	packet(PEER);
	cr_assert_eq(seen.dst, first);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(take(sk), 5);
	packet(OTHER);
	cr_assert_null(seen.sk, "it is not connected to that one");
	EXPECT_DROPS(net, NO_SOCKET, 1);
	sock_close(sk);
	end();
}

WEIR_TEST(early_demux, is_a_setting)
{
	static const char *const names[] = {"ip_early_demux", "udp_early_demux"};

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CTL(net, "sysctl -w net.ipv4.%s=0", names[i]);
		packet(PEER);
		cr_assert_null(seen.sk);
		cr_assert_eq(take(sk), 5);
		CTL(net, "sysctl -w net.ipv4.%s=1", names[i]);
		packet(PEER);
		cr_assert_eq(seen.sk, sk);
		cr_assert_eq(take(sk), 5);
	}
	sock_close(sk);
	packet(PEER);
	cr_assert_null(seen.sk);
	end();
}

/* Too short for ports, or a part only: UDP itself says what becomes of it. */
WEIR_TEST(early_demux, looks_at_whole_packets_only)
{
	begin();
	nic_inject(nic, &UDP4(PEER, 4000, US, 53, .ip.tot_len = 20));
	nic_inject(nic, &UDP4(PEER, 4000, US, 53, .ip.tot_len = 27));
	cr_assert(seen.calls == 2 && !seen.sk);
	EXPECT_MIB(net, UDP_MIB_INERRORS, 2);
	nic_inject(nic, &UDP4(PEER, 4000, US, 53, .len = 16, .ip.frag_off = 0x2000));
	cr_assert_eq(seen.calls, 2);
	sock_close(sk);
	nf_unregister_net_hook(net, &seen.ops);
	nf_register_queue_handler(net, NULL, NULL, NULL);
}

static void hold_one(void)
{
	seen.verdict = NF_QUEUE_NR(0);
	packet(PEER);
	cr_assert(seen.queued && seen.sk == sk);
	seen.verdict = NF_ACCEPT;
}

static void let_go(void)
{
	plat_bh_disable();
	nf_reinject(seen.queued, NF_ACCEPT);
	plat_bh_enable();
}

WEIR_TEST(early_demux, a_socket_closed_meanwhile_gets_nothing)
{
	begin();
	hold_one();
	sock_close(sk);
	let_go();
	EXPECT_DROPS(net, NO_SOCKET, 1);
	end();
}

WEIR_TEST(early_demux, a_socket_connected_elsewhere_gets_nothing)
{
	struct sock_addr peer = {OTHER, CPU_TO_BE16(4000)};
	struct sock *heir;

	begin();
	hold_one();
	cr_assert_eq(sock_connect(sk, &peer, false), 0);
	let_go();
	cr_assert_eq(take(sk), -EAGAIN);
	EXPECT_DROPS(net, NO_SOCKET, 1);

	cr_assert_eq(sock_connect(sk, &(struct sock_addr){PEER, CPU_TO_BE16(4000)}, false), 0);
	hold_one();
	sock_close(sk);
	heir = connected(PEER, 4000);
	let_go();
	cr_assert_eq(take(heir), 5, "who has these ends now gets it");
	sock_close(heir);
	end();
}

WEIR_TEST(early_demux, a_packet_dropped_on_the_way_frees_a_closed_socket)
{
	begin();
	hold_one();
	sock_close(sk);
	plat_bh_disable();
	nf_reinject(seen.queued, NF_DROP);
	plat_bh_enable();
	EXPECT_DROPS(net, NETFILTER_DROP, 1);
	end();
}
