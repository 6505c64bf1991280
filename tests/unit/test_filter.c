/* SPDX-License-Identifier: MIT */
/* Classic BPF: what the checker admits, what each instruction does, and what programs do to sockets' packets. */
#include <stdlib.h>
#include <string.h>

#include "lib/errno.h"
#include "net/core/filter.h"
#include "net/ipv4/inet_sock.h"
#include "tests/unit/tcp_wire.h"

#define MAX_INSNS 6
#define PACKET    48
#define PORT(n)   CPU_TO_BE16(n)
#define KEEP(n)   BPF_STMT(BPF_RET | BPF_K, n)
#define ANSWER    BPF_STMT(BPF_RET | BPF_A, 0)
#define LENGTH    BPF_STMT(BPF_LD | BPF_LEN, 0)
#define X_IS(n)   BPF_STMT(BPF_LDX | BPF_IMM, n)
#define A_IS(n)   BPF_STMT(BPF_LD | BPF_IMM, n)

static void free_frag(struct skb_frag *f)
{
	free(f->page);
}

/*
 * As a socket sees a packet: 14 + 20 bytes of headers, then data, counting bytes from 0 on of which linear ones are that. NULL:
 * no memory.
 */
static struct sk_buff *packet(struct net *net, struct net_device *dev, u32 linear)
{
	struct sk_buff *skb = alloc_skb(net, 128);
	struct skb_frag *f;
	u8 *p;

	cr_assert(skb);
	p = skb_put(skb, 34 + linear);
	skb_reset_mac_header(skb);
	memset(p, 0xcc, 14);
	memset(p + 14, 0xdd, 20);
	p[14] = 0x45;
	p[23] = IPPROTO_UDP;
	for (u32 i = 0; i < linear; i++)
		p[34 + i] = i;
	skb_pull(skb, 14);
	skb_reset_network_header(skb);
	skb_pull(skb, 20);
	skb->dev = dev;
	skb->protocol = CPU_TO_BE16(0x0800);
	skb->pkt_type = PACKET_MULTICAST;
	skb->mark = 77;
	while (skb->len < PACKET) { /* in pieces of 5 */
		u32 n = min(5U, PACKET - skb->len);

		f = &skb_shinfo(skb)->frags[skb_shinfo(skb)->nr_frags++];
		skb_shinfo(skb)->free_frag = free_frag;
		f->len = n;
		f->page = malloc(n);
		for (u32 i = 0; i < n; i++)
			((u8 *)f->page)[i] = skb->len + i;
		skb->len += n;
		skb->data_len += n;
	}
	return skb;
}

#define NET(n)         (SKF_NET_OFF + (n))
#define LL(n)          (SKF_LL_OFF + (n))
#define AD(n)          (SKF_AD_OFF + (n))
#define LD(how, k)     BPF_STMT(BPF_LD | (how), k)
#define ALU(op, k)     BPF_STMT(BPF_ALU | (op) | BPF_K, k)
#define ALU_X(op)      BPF_STMT(BPF_ALU | (op) | BPF_X, 0)
#define JUMP_IF(op, k) BPF_JUMP(BPF_JMP | (op) | BPF_K, k, 0, 1)
#define JUMP_IF_X(op)  BPF_JUMP(BPF_JMP | (op) | BPF_X, 0, 0, 1)
#define TAX            BPF_STMT(BPF_MISC | BPF_TAX, 0)
#define TXA            BPF_STMT(BPF_MISC | BPF_TXA, 0)

/* A row for each instruction; the program ends behind the last that is not 0, with "return a". */
static const struct {
	struct sock_filter f[MAX_INSNS];
	u32 want;
} answers[] = {
	{{KEEP(7)}, 7},
	{{ANSWER}, 0},
	{{A_IS(5)}, 5},
	{{LENGTH}, PACKET},
	{{BPF_STMT(BPF_LDX | BPF_LEN, 0), TXA}, PACKET},
	{{X_IS(9), TXA}, 9},
	{{A_IS(3), TAX, A_IS(0), TXA}, 3},
	/* loads: of each size, at the ends, across them */
	{{LD(BPF_W | BPF_ABS, 1)}, 0x01020304},
	{{LD(BPF_H | BPF_ABS, 1)}, 0x0102},
	{{LD(BPF_B | BPF_ABS, 1)}, 1},
	{{LD(BPF_W | BPF_ABS, PACKET - 4)}, 0x2c2d2e2f},
	{{A_IS(5), LD(BPF_W | BPF_ABS, PACKET - 3), KEEP(1)}, 0},
	{{A_IS(5), LD(BPF_H | BPF_ABS, PACKET - 1), KEEP(1)}, 0},
	{{A_IS(5), LD(BPF_B | BPF_ABS, PACKET), KEEP(1)}, 0},
	{{LD(BPF_B | BPF_ABS, INT32_MAX), KEEP(1)}, 0},
	{{LD(BPF_B | BPF_ABS, 0x80000000), KEEP(1)}, 0},
	{{X_IS(4), LD(BPF_W | BPF_IND, 1)}, 0x05060708},
	{{X_IS(4), LD(BPF_H | BPF_IND, 1)}, 0x0506},
	{{X_IS(4), LD(BPF_B | BPF_IND, -1)}, 3},
	{{X_IS(-4), LD(BPF_B | BPF_IND, 9)}, 5},
	{{X_IS(PACKET), LD(BPF_B | BPF_IND, 0), KEEP(1)}, 0},
	{{X_IS(-1), LD(BPF_B | BPF_IND, 0), KEEP(1)}, 0},
	{{BPF_STMT(BPF_LDX | BPF_MSH | BPF_B, 0x27), TXA}, 28},
	{{BPF_STMT(BPF_LDX | BPF_MSH | BPF_B, NET(0)), TXA}, 20},
	{{BPF_STMT(BPF_LDX | BPF_MSH | BPF_B, PACKET), KEEP(1)}, 0},
	{{LD(BPF_B | BPF_ABS, NET(0))}, 0x45},
	{{LD(BPF_W | BPF_ABS, NET(18))}, 0xdddd0001},
	{{LD(BPF_W | BPF_ABS, NET(20 + PACKET - 4))}, 0x2c2d2e2f},
	{{LD(BPF_W | BPF_ABS, NET(20 + PACKET - 3)), KEEP(1)}, 0},
	{{LD(BPF_H | BPF_ABS, LL(13))}, 0xcc45},
	{{LD(BPF_B | BPF_ABS, LL(0))}, 0xcc},
	{{LD(BPF_B | BPF_ABS, SKF_LL_OFF - 1), KEEP(1)}, 0},
	{{X_IS(LL(0)), LD(BPF_B | BPF_IND, 14)}, 0x45},
	/* what is known of the packet */
	{{LD(BPF_W | BPF_ABS, AD(SKF_AD_PROTOCOL))}, 0x0800},
	{{LD(BPF_B | BPF_ABS, AD(SKF_AD_PROTOCOL))}, 0x0800},
	{{LD(BPF_W | BPF_ABS, AD(SKF_AD_PKTTYPE))}, PACKET_MULTICAST},
	{{LD(BPF_W | BPF_ABS, AD(SKF_AD_MARK))}, 77},
	{{LD(BPF_W | BPF_ABS, AD(SKF_AD_HATYPE))}, 1},
	{{A_IS(6), LD(BPF_W | BPF_ABS, AD(SKF_AD_RXHASH))}, 0},
	{{A_IS(6), LD(BPF_W | BPF_ABS, AD(SKF_AD_CPU))}, 0},
	{{A_IS(6), LD(BPF_W | BPF_ABS, AD(SKF_AD_VLAN_TAG))}, 0},
	{{A_IS(6), LD(BPF_W | BPF_ABS, AD(SKF_AD_VLAN_TAG_PRESENT))}, 0},
	{{A_IS(6), LD(BPF_W | BPF_ABS, AD(SKF_AD_VLAN_TPID))}, 0},
	{{LD(BPF_W | BPF_ABS, AD(SKF_AD_PAY_OFFSET))}, 8},
	{{A_IS(6), X_IS(3), LD(BPF_W | BPF_ABS, AD(SKF_AD_ALU_XOR_X))}, 5},
	/* by X that range is far behind the network header */
	{{X_IS(AD(SKF_AD_MARK)), LD(BPF_B | BPF_IND, 0), KEEP(1)}, 0},
	/* scratch memory */
	{{A_IS(8), BPF_STMT(BPF_ST, 15), A_IS(0), LD(BPF_MEM, 15)}, 8},
	{{X_IS(8), BPF_STMT(BPF_STX, 0), BPF_STMT(BPF_LDX | BPF_MEM, 0), TXA}, 8},
	/* arithmetic */
	{{A_IS(-2), ALU(BPF_ADD, 5)}, 3},
	{{A_IS(2), ALU(BPF_SUB, 5)}, -3U},
	{{A_IS(0x10001), ALU(BPF_MUL, 0x10000)}, 0x10000},
	{{A_IS(-1), ALU(BPF_DIV, 2)}, 0x7fffffff},
	{{A_IS(-1), ALU(BPF_MOD, 16)}, 15},
	{{A_IS(12), ALU(BPF_AND, 10)}, 8},
	{{A_IS(12), ALU(BPF_OR, 10)}, 14},
	{{A_IS(12), ALU(BPF_XOR, 10)}, 6},
	{{A_IS(3), ALU(BPF_LSH, 31)}, 0x80000000},
	{{A_IS(-1), ALU(BPF_RSH, 31)}, 1},
	{{A_IS(5), ALU(BPF_NEG, 0)}, -5U},
	{{A_IS(5), X_IS(3), ALU_X(BPF_ADD)}, 8},
	{{A_IS(5), X_IS(3), ALU_X(BPF_SUB)}, 2},
	{{A_IS(5), X_IS(3), ALU_X(BPF_MUL)}, 15},
	{{A_IS(7), X_IS(3), ALU_X(BPF_DIV)}, 2},
	{{A_IS(7), X_IS(0), ALU_X(BPF_DIV), KEEP(1)}, 0},
	{{A_IS(7), X_IS(4), ALU_X(BPF_MOD)}, 3},
	{{A_IS(7), X_IS(0), ALU_X(BPF_MOD), KEEP(1)}, 0},
	{{A_IS(5), X_IS(3), ALU_X(BPF_AND)}, 1},
	{{A_IS(5), X_IS(3), ALU_X(BPF_OR)}, 7},
	{{A_IS(5), X_IS(3), ALU_X(BPF_XOR)}, 6},
	{{A_IS(1), X_IS(33), ALU_X(BPF_LSH)}, 2},
	{{A_IS(4), X_IS(33), ALU_X(BPF_RSH)}, 2},
	/* jumps */
	{{BPF_STMT(BPF_JMP | BPF_JA, 1), KEEP(1), KEEP(2)}, 2},
	{{A_IS(5), JUMP_IF(BPF_JEQ, 5), KEEP(1), KEEP(2)}, 1},
	{{A_IS(5), JUMP_IF(BPF_JEQ, 4), KEEP(1), KEEP(2)}, 2},
	{{A_IS(-1), JUMP_IF(BPF_JGT, 5), KEEP(1), KEEP(2)}, 1},
	{{A_IS(5), JUMP_IF(BPF_JGT, 5), KEEP(1), KEEP(2)}, 2},
	{{A_IS(5), JUMP_IF(BPF_JGE, 5), KEEP(1), KEEP(2)}, 1},
	{{A_IS(5), JUMP_IF(BPF_JGE, -1), KEEP(1), KEEP(2)}, 2},
	{{A_IS(6), JUMP_IF(BPF_JSET, 2), KEEP(1), KEEP(2)}, 1},
	{{A_IS(6), JUMP_IF(BPF_JSET, 9), KEEP(1), KEEP(2)}, 2},
	{{A_IS(5), X_IS(5), JUMP_IF_X(BPF_JEQ), KEEP(1), KEEP(2)}, 1},
	{{A_IS(5), X_IS(5), JUMP_IF_X(BPF_JGT), KEEP(1), KEEP(2)}, 2},
	{{A_IS(5), X_IS(5), JUMP_IF_X(BPF_JGE), KEEP(1), KEEP(2)}, 1},
	{{A_IS(5), X_IS(2), JUMP_IF_X(BPF_JSET), KEEP(1), KEEP(2)}, 2},
};

/* How many instructions a row has, but for the return behind it. */
static u32 row_len(const struct sock_filter *f)
{
	u32 n = MAX_INSNS;

	while (n && !f[n - 1].code && !f[n - 1].k)
		n--;
	return n;
}

WEIR_TEST(filter, each_instruction)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");

	plat_bh_disable();
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct sock_filter f[MAX_INSNS + 1];
		u32 n = row_len(answers[i].f);
		struct bpf_prog *prog;

		memcpy(f, answers[i].f, n * sizeof(f[0]));
		f[n] = (struct sock_filter)ANSWER;
		cr_assert_eq(bpf_prog_create(f, n + 1, &prog), 0, "row %zu", i);
		for (u32 linear = 0; linear <= PACKET; linear++) {
			struct sk_buff *skb = packet(net, nic->dev, linear);
			u32 got = bpf_prog_run(prog, skb);

			cr_assert_eq(got, answers[i].want, "row %zu, %u linear: %x, not %x", i,
				     linear, got, answers[i].want);
			consume_skb(skb);
		}
		bpf_prog_put(prog);
	}
	EXPECT_NO_SKBS(net);
	plat_bh_enable();
}

/* Programs that are none; each would be one with a small change. n: 0: as many as there are. */
static const struct {
	struct sock_filter f[MAX_INSNS];
	u32 n;
	int result;
} programs[] = {
	{{KEEP(1)}, 0, 0},
	{{KEEP(1)}, 4097, -EINVAL},
	{{BPF_STMT(BPF_RET | BPF_X, 0)}, 0, -EINVAL},
	{{A_IS(1)}, 0, -EINVAL},
	{{{0x100, 0, 0, 0}, KEEP(1)}, 0, -EINVAL},
	{{{0xffff, 0, 0, 0}, KEEP(1)}, 0, -EINVAL},
	{{LD(BPF_B, 0), KEEP(1)}, 0, -EINVAL},
	{{LD(BPF_H | BPF_LEN, 0), KEEP(1)}, 0, -EINVAL},
	{{BPF_STMT(BPF_LDX | BPF_ABS, 0), KEEP(1)}, 0, -EINVAL},
	{{BPF_STMT(BPF_LDX | BPF_W | BPF_MSH, 0), KEEP(1)}, 0, -EINVAL},
	{{ALU(0xb0, 1), KEEP(1)}, 0, -EINVAL},
	{{ALU_X(BPF_NEG), KEEP(1)}, 0, -EINVAL},
	{{ALU(BPF_DIV, 0), KEEP(1)}, 0, -EINVAL},
	{{ALU(BPF_MOD, 0), KEEP(1)}, 0, -EINVAL},
	{{ALU(BPF_LSH, 32), KEEP(1)}, 0, -EINVAL},
	{{ALU(BPF_RSH, 32), KEEP(1)}, 0, -EINVAL},
	{{ALU_X(BPF_DIV), KEEP(1)}, 0, 0},
	{{BPF_STMT(BPF_JMP | BPF_JA, 1), KEEP(1)}, 0, -EINVAL},
	{{BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX), KEEP(1)}, 0, -EINVAL},
	{{BPF_STMT(BPF_JMP | BPF_JA | BPF_X, 0), KEEP(1)}, 0, -EINVAL},
	{{BPF_STMT(BPF_JMP | 0x50, 0), KEEP(1)}, 0, -EINVAL},
	{{BPF_JUMP(BPF_JMP | BPF_JEQ, 0, 1, 0), KEEP(1)}, 0, -EINVAL},
	{{BPF_JUMP(BPF_JMP | BPF_JEQ, 0, 0, 1), KEEP(1)}, 0, -EINVAL},
	{{BPF_JUMP(BPF_JMP | BPF_JEQ, 0, 255, 255), KEEP(1)}, 0, -EINVAL},
	{{BPF_JUMP(BPF_JMP | BPF_JEQ, 0, 0, 0), KEEP(1)}, 0, 0},
	{{BPF_STMT(BPF_ST, 16), KEEP(1)}, 0, -EINVAL},
	{{BPF_STMT(BPF_STX, UINT32_MAX), KEEP(1)}, 0, -EINVAL},
	{{LD(BPF_MEM, 0), KEEP(1)}, 0, -EINVAL},
	{{BPF_STMT(BPF_ST, 0), LD(BPF_MEM, 16), KEEP(1)}, 0, -EINVAL},
	{{BPF_STMT(BPF_ST, 0), LD(BPF_MEM, 1), KEEP(1)}, 0, -EINVAL},
	{{JUMP_IF(BPF_JEQ, 1), BPF_STMT(BPF_ST, 0), LD(BPF_MEM, 0), KEEP(1)}, 0, -EINVAL},
	{{BPF_STMT(BPF_ST, 0), JUMP_IF(BPF_JEQ, 1), KEEP(1), LD(BPF_MEM, 0), KEEP(1)}, 0, 0},
	{{KEEP(1), LD(BPF_MEM, 0), KEEP(1)}, 0, -EINVAL},
	{{BPF_STMT(BPF_JMP | BPF_JA, 1), LD(BPF_MEM, 0), KEEP(1)}, 0, 0},
	{{LD(BPF_W | BPF_ABS, AD(64)), KEEP(1)}, 0, -EINVAL},
	{{LD(BPF_W | BPF_ABS, AD(1)), KEEP(1)}, 0, -EINVAL},
	{{LD(BPF_W | BPF_ABS, AD(-1)), KEEP(1)}, 0, 0},
	{{LD(BPF_W | BPF_IND, AD(1)), KEEP(1)}, 0, 0},
	/* these are Linux's alone */
	{{LD(BPF_W | BPF_ABS, AD(SKF_AD_NLATTR)), KEEP(1)}, 0, -EINVAL},
	{{LD(BPF_W | BPF_ABS, AD(SKF_AD_NLATTR_NEST)), KEEP(1)}, 0, -EINVAL},
	{{LD(BPF_W | BPF_ABS, AD(SKF_AD_QUEUE)), KEEP(1)}, 0, -EINVAL},
};

WEIR_TEST(filter, what_is_a_program)
{
	static struct sock_filter many[BPF_MAXINSNS];
	struct bpf_prog *prog;

	plat_bh_disable();
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		u32 n = programs[i].n ? programs[i].n : row_len(programs[i].f);
		int result = bpf_prog_create(programs[i].f, n, &prog);

		cr_expect_eq(result, programs[i].result, "row %zu: %d", i, result);
		if (!result)
			bpf_prog_put(prog);
	}
	cr_assert_eq(bpf_prog_create(NULL, 1, &prog), -EINVAL);
	cr_assert_eq(bpf_prog_create(many, 0, &prog), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct sock_filter)KEEP(1);
	many[0] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, BPF_MAXINSNS - 2);
	cr_assert_eq(bpf_prog_create(many, BPF_MAXINSNS, &prog), 0);
	bpf_prog_put(prog);
	plat_bh_enable();
}

/* ---- sockets ---- */

static struct sock *sk_open(struct net *net, int type, int protocol, u16 port)
{
	struct sock_addr a = {0, PORT(port)};
	struct sock *sk;

	cr_assert_eq(sock_create(net, AF_INET, type, protocol, &sk), 0);
	if (port)
		cr_assert_eq(sock_bind(sk, &a), 0);
	return sk;
}

static int attach_as(struct sock *sk, int name, const struct sock_filter *f, u32 n)
{
	struct sock_fprog prog = {n, (struct sock_filter *)(uintptr_t)f};

	return sock_setsockopt(sk, SOL_SOCKET, name, &prog, sizeof(prog));
}

static int attach(struct sock *sk, struct sock_filter f)
{
	return attach_as(sk, SO_ATTACH_FILTER, &f, 1);
}

static int set_int(struct sock *sk, int name, int v)
{
	return sock_setsockopt(sk, SOL_SOCKET, name, &v, sizeof(v));
}

static long take(struct sock *sk)
{
	static u8 buf[4000];
	struct sock_iovec iov = {buf, sizeof(buf)};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	return sock_recvmsg(sk, &msg, MSG_DONTWAIT);
}

/* What is kept of a datagram of 100 bytes, by how many bytes the program says; the UDP header is kept always. */
static const struct {
	u32 keep;
	long got;
} kept[] = {{0, -EAGAIN}, {1, 0},    {8, 0},     {9, 1},
	    {50, 42},     {107, 99}, {108, 100}, {UINT32_MAX, 100}};

WEIR_TEST(filter, udp_sees_its_header_and_keeps_it)
{
	for (u32 linear = 0; linear < 60; linear += 49) {
		struct net *net = stack_new();
		struct nic *nic = fragmenting_nic_new(net, "10.0.0.1/24", linear);
		struct sock *sk = sk_open(net, SOCK_DGRAM, 0, 53);
		u32 lost = 0;

		for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
			const struct sock_filter f[] = {LD(BPF_H | BPF_ABS, 2),
							JUMP_IF(BPF_JEQ, 53), KEEP(kept[i].keep),
							KEEP(0)};
			long got;

			cr_assert_eq(attach_as(sk, SO_ATTACH_FILTER, f, ARRAY_SIZE(f)), 0);
			nic_inject(nic, &UDP4(PEER, 9, US, 53, .len = 100));
			got = take(sk);
			cr_assert_eq(got, kept[i].got, "row %zu: %ld", i, got);
			lost += got < 0;
		}
		EXPECT_DROPS(net, SOCKET_FILTER, lost);
		EXPECT_MIB(net, UDP_MIB_INERRORS, lost);
		cr_assert_eq(sk->drops, lost);
		sock_close(sk);
		EXPECT_NO_SKBS(net);
	}
}

/* One of those who hear a packet to many cuts it, one does not want it, one has all of it. */
WEIR_TEST(filter, each_of_many_has_its_own)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk[3];

	for (int i = 0; i < 3; i++) {
		sk[i] = sk_open(net, SOCK_DGRAM, 0, 0);
		cr_assert_eq(set_int(sk[i], SO_REUSEADDR, 1), 0);
		cr_assert_eq(sock_bind(sk[i], &(struct sock_addr){0, PORT(53)}), 0);
	}
	cr_assert_eq(attach(sk[0], (struct sock_filter)KEEP(10)), 0);
	cr_assert_eq(attach(sk[1], (struct sock_filter)KEEP(0)), 0);
	nic_inject(nic, &UDP4(PEER, 9, IP4(10, 0, 0, 255), 53, .dst = MAC_BROADCAST, .len = 100));
	cr_assert_eq(take(sk[0]), 2);
	cr_assert_eq(take(sk[1]), -EAGAIN);
	cr_assert_eq(take(sk[2]), 100);
	EXPECT_MIB(net, UDP_MIB_INERRORS, 1);
	for (int i = 0; i < 3; i++)
		sock_close(sk[i]);
}

/* Raw sockets' data begins with the IP header, ping sockets' with ICMP's. What their filters drop is not told by SO_RXQ_OVFL. */
WEIR_TEST(filter, raw_and_ping)
{
	const struct sock_filter of_udp[] = {LD(BPF_B | BPF_ABS, 9), JUMP_IF(BPF_JEQ, IPPROTO_UDP),
					     KEEP(21), KEEP(0)};
	const struct sock_filter reply[] = {LD(BPF_B | BPF_ABS, 0), JUMP_IF(BPF_JEQ, 0), KEEP(3),
					    KEEP(0)};
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *raw = sk_open(net, SOCK_RAW, IPPROTO_UDP, 0);
	struct sock *ping = sk_open(net, SOCK_DGRAM, IPPROTO_ICMP, 7);

	cr_assert_eq(attach_as(raw, SO_ATTACH_FILTER, of_udp, ARRAY_SIZE(of_udp)), 0);
	cr_assert_eq(attach_as(ping, SO_ATTACH_FILTER, reply, ARRAY_SIZE(reply)), 0);
	nic_inject(nic, &UDP4(PEER, 9, US, 53, .len = 100));
	cr_assert_eq(take(raw), 21);
	nic_inject(nic, &ECHO_REPLY(PEER, US, 7, 1, .len = 56));
	cr_assert_eq(take(ping), 3);
	cr_assert_eq(attach(raw, (struct sock_filter)KEEP(0)), 0);
	cr_assert_eq(attach(ping, (struct sock_filter)KEEP(0)), 0);
	nic_inject(nic, &UDP4(PEER, 9, US, 53, .len = 100));
	nic_inject(nic, &ECHO_REPLY(PEER, US, 7, 2, .len = 56));
	cr_assert_eq(take(raw), -EAGAIN);
	cr_assert_eq(take(ping), -EAGAIN);
	EXPECT_DROPS(net, SOCKET_FILTER, 2);
	cr_assert_eq(raw->drops + ping->drops, 0);
	sock_close(raw);
	sock_close(ping);
}

WEIR_TEST(filter, attached_told_locked_detached)
{
	const struct sock_filter f[] = {LENGTH, ANSWER};
	struct net *net = stack_new();
	struct sock *sk = sk_open(net, SOCK_DGRAM, 0, 0);
	struct sock_filter got[4] = {0};
	u32 len = 0;

	cr_assert_eq(set_int(sk, SO_DETACH_FILTER, 0), -ENOENT);
	cr_assert_eq(sock_setsockopt(sk, SOL_SOCKET, SO_ATTACH_FILTER, f, sizeof(f) - 1), -EINVAL);
	cr_assert_eq(attach_as(sk, SO_ATTACH_FILTER, f, 2), 0);
	cr_assert_eq(attach_as(sk, SO_ATTACH_FILTER, f, 1), -EINVAL); /* the first one stays */
	cr_assert_eq(sock_getsockopt(sk, SOL_SOCKET, SO_GET_FILTER, got, &len), 0);
	cr_assert(len == 2 && !got[0].code);
	len = 1;
	cr_assert_eq(sock_getsockopt(sk, SOL_SOCKET, SO_GET_FILTER, got, &len), -EINVAL);
	len = 4;
	cr_assert_eq(sock_getsockopt(sk, SOL_SOCKET, SO_GET_FILTER, got, &len), 0);
	cr_assert(len == 2 && !memcmp(got, f, sizeof(f)));
	cr_assert_eq(set_int(sk, SO_LOCK_FILTER, 0), 0);
	cr_assert_eq(set_int(sk, SO_LOCK_FILTER, 9), 0);
	cr_assert_eq(set_int(sk, SO_LOCK_FILTER, 0), -EPERM);
	cr_assert_eq(attach_as(sk, SO_ATTACH_FILTER, f, 2), -EPERM);
	cr_assert_eq(set_int(sk, SO_DETACH_FILTER, 0), -EPERM);
	cr_assert_eq(set_int(sk, SO_REUSEPORT, 1), 0);
	cr_assert_eq(attach_as(sk, SO_ATTACH_REUSEPORT_CBPF, f, 2), -EPERM);
	sock_close(sk);
}

/* net.core.optmem_max holds the old program and the new one together. */
WEIR_TEST(filter, option_memory_is_bounded)
{
	static struct sock_filter many[2000];
	struct net *net = stack_new();
	struct sock *sk = sk_open(net, SOCK_DGRAM, 0, 0);

	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct sock_filter)KEEP(1);
	CTL(net, "sysctl -w net.core.optmem_max=20000");
	cr_assert_eq(attach_as(sk, SO_ATTACH_FILTER, many, 2000), 0);
	cr_assert_eq(attach_as(sk, SO_ATTACH_FILTER, many, 2000), -ENOMEM);
	cr_assert_eq(attach_as(sk, SO_ATTACH_FILTER, many, 20), 0);
	cr_assert_eq(attach_as(sk, SO_ATTACH_FILTER, many, 2000), 0);
	CTL(net, "sysctl -w net.core.optmem_max=0");
	cr_assert_eq(set_int(sk, SO_DETACH_FILTER, 0), 0);
	cr_assert_eq(attach_as(sk, SO_ATTACH_FILTER, many, 1), -ENOMEM);
	cr_assert_eq(set_int(sk, SO_REUSEPORT, 1), 0);
	cr_assert_eq(attach_as(sk, SO_ATTACH_REUSEPORT_CBPF, many, 1), -ENOMEM);
	sock_close(sk);
}

WEIR_TEST(filter, no_option_memory_for_a_connection)
{
	struct conn c = {0};
	struct seg s;

	conn_listen(&c);
	cr_assert_eq(attach(c.listener, (struct sock_filter)KEEP(-1)), 0);
	CTL(c.net, "sysctl -w net.core.optmem_max=0");
	inject(c.nic, &(struct seg){.seq = IRS, .flags = TCP_SYN});
	cr_assert(sent(c.nic, &s));
	inject(c.nic, &(struct seg){.seq = IRS + 1, .ack = s.seq + 1, .flags = TCP_ACK});
	cr_assert_eq(sock_accept(c.listener, true, &c.sk, NULL), -EAGAIN);
	EXPECT_MIB(c.net, LINUX_MIB_LISTENDROPS, 1);
	CTL(c.net, "sysctl -w net.core.optmem_max=100");
	inject(c.nic, &(struct seg){.seq = IRS + 1, .ack = s.seq + 1, .flags = TCP_ACK});
	cr_assert_eq(sock_accept(c.listener, true, &c.sk, NULL), 0);
	conn_close(&c);
}

WEIR_TEST(filter, failing_allocations)
{
	FOR_EACH_FAILING_ALLOC
	{
		const struct sock_filter f[] = {LENGTH, ANSWER};
		struct net *net = stack_new();
		struct sock *sk;

		if (!net || sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk))
			continue;
		set_int(sk, SO_REUSEPORT, 1);
		(void)attach_as(sk, SO_ATTACH_FILTER, f, 2);
		(void)attach_as(sk, SO_ATTACH_REUSEPORT_CBPF, f, 2);
		sock_close(sk);
	}
}

/* ---- streams ---- */

/* A listener's filter decides who may knock, and its connections have it: what they do not want comes again and again. */
WEIR_TEST(filter, of_a_listener_and_its_connections)
{
	/* source port 4000 only; header and 3 bytes of text */
	const struct sock_filter f[] = {LD(BPF_H | BPF_ABS, 0), JUMP_IF(BPF_JEQ, 4000),
					BPF_STMT(BPF_JMP | BPF_JA, 1), KEEP(0), KEEP(23)};
	struct conn c = {0};
	struct seg s;
	u32 len = 0;

	conn_listen(&c);
	cr_assert_eq(attach_as(c.listener, SO_ATTACH_FILTER, f, ARRAY_SIZE(f)), 0);
	cr_assert_eq(set_int(c.listener, SO_LOCK_FILTER, 1), 0);
	inject(c.nic, &(struct seg){.sport = 4001, .dport = 80, .seq = IRS, .flags = TCP_SYN});
	cr_assert(!sent(c.nic, &s));
	EXPECT_DROPS(c.net, SOCKET_FILTER, 1);
	cr_assert_eq(c.listener->drops, 1);
	conn_handshake(&c, NULL, 0);
	cr_assert_eq(sock_getsockopt(c.sk, SOL_SOCKET, SO_GET_FILTER, NULL, &len), 0);
	cr_assert_eq(len, ARRAY_SIZE(f));
	cr_assert_eq(set_int(c.sk, SO_DETACH_FILTER, 0), -EPERM);
	inject(c.nic, &(struct seg){.sport = 4000,
				    .dport = 80,
				    .seq = c.rcv,
				    .ack = c.nxt,
				    .flags = TCP_ACK | TCP_PSH | TCP_FIN,
				    .len = 10});
	cr_assert(sent(c.nic, &s));
	cr_assert_eq(s.ack, c.rcv + 3 + 1); /* FIN counts as if it stood there: as Linux */
	cr_assert_eq(take(c.sk), 3);
	conn_close(&c);
}

/* Two more that listen on the port; the program answers with the number of the SYN's source port. */
WEIR_TEST(filter, chooses_a_listener)
{
	const struct sock_filter f[] = {LENGTH, JUMP_IF(BPF_JEQ, 0), LD(BPF_B | BPF_ABS, NET(21)),
					ANSWER};
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk[3];
	struct seg s;

	for (int i = 0; i < 3; i++) {
		sk[i] = sk_open(net, SOCK_STREAM, 0, 0);
		cr_assert_eq(set_int(sk[i], SO_REUSEPORT, 1), 0);
		cr_assert_eq(sock_bind(sk[i], &(struct sock_addr){0, PORT(80)}), 0);
		cr_assert_eq(sock_listen(sk[i], 100), 0);
	}
	cr_assert_eq(attach_as(sk[1], SO_ATTACH_REUSEPORT_CBPF, f, ARRAY_SIZE(f)), 0);
	for (u16 port = 0x400; port < 0x403; port++)
		for (int i = 0; i < 5; i++)
			inject(nic, &(struct seg){.sport = port + 0x100 * i,
						  .dport = 80,
						  .seq = IRS,
						  .flags = TCP_SYN});
	for (int i = 0; i < 3; i++)
		cr_assert_eq(tcp_sk(sk[i])->qlen, 5, "%d: %u", i, tcp_sk(sk[i])->qlen);
	while (sent(nic, &s))
		;
	for (int i = 0; i < 3; i++)
		sock_close(sk[i]);
}

/* ---- groups of datagram sockets ---- */

#define MEMBERS 4

/* The program answers with the first byte of the payload. */
static const struct sock_filter by_text[] = {LD(BPF_B | BPF_ABS, 0), ANSWER};

static void group_new(struct net *net, struct sock **sk)
{
	for (int i = 0; i < MEMBERS; i++) {
		sk[i] = sk_open(net, SOCK_DGRAM, 0, 0);
		cr_assert_eq(set_int(sk[i], SO_REUSEPORT, 1), 0);
		cr_assert_eq(sock_bind(sk[i], &(struct sock_addr){0, PORT(53)}), 0);
	}
}

/* Which of them, that is not NULL, gets a datagram with this byte. */
static int who_gets(struct nic *nic, struct sock **sk, u8 byte, u16 sport)
{
	int who = -1;

	nic_inject(nic, &UDP4(PEER, sport, US, 53, .data = &byte, .len = 1));
	for (int i = 0; i < MEMBERS; i++)
		if (sk[i] && take(sk[i]) == 1)
			who = i;
	return who;
}

WEIR_TEST(filter, chooses_of_a_group)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk[MEMBERS], *late;
	int others = 0;

	group_new(net, sk);
	cr_assert_eq(attach_as(sk[2], SO_ATTACH_REUSEPORT_CBPF, by_text, 2), 0);
	for (int i = 0; i < MEMBERS; i++)
		cr_assert_eq(who_gets(nic, sk, i, 9), i);
	for (int port = 1; port < 40; port++) { /* there is no such member: as without a program */
		int who = who_gets(nic, sk, MEMBERS + port % 3, port);

		cr_assert_geq(who, 0);
		cr_assert_eq(who_gets(nic, sk, 255, port), who);
		others |= 1 << who;
	}
	cr_assert(others & (others - 1), "all flows have gone to one");
	sock_close(sk[1]); /* the last takes its place */
	sk[1] = NULL;
	cr_assert_eq(who_gets(nic, sk, 1, 9), 3);
	cr_assert_eq(who_gets(nic, sk, 2, 9), 2);
	late = sk[1] = sk_open(net, SOCK_DGRAM, 0, 0);
	cr_assert_eq(set_int(late, SO_REUSEPORT, 1), 0);
	cr_assert_eq(sock_bind(late, &(struct sock_addr){0, PORT(53)}), 0);
	cr_assert_eq(who_gets(nic, sk, 3, 9), 1); /* it has the group's program */
	cr_assert_eq(set_int(late, SO_DETACH_REUSEPORT_BPF, 0), 0);
	cr_assert_eq(set_int(sk[0], SO_DETACH_REUSEPORT_BPF, 0), -ENOENT);
	for (int i = 0; i < MEMBERS; i++)
		sock_close(sk[i]);
}

/* Who has one before bind() brings it along if he is the first; else the group's counts. */
WEIR_TEST(filter, of_a_group_to_be)
{
	const struct sock_filter first[] = {KEEP(0)};
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *sk[MEMBERS];

	for (int i = 0; i < MEMBERS; i++) {
		sk[i] = sk_open(net, SOCK_DGRAM, 0, 0);
		cr_assert_eq(attach_as(sk[i], SO_ATTACH_REUSEPORT_CBPF, first, 1), -EINVAL);
		cr_assert_eq(set_int(sk[i], SO_DETACH_REUSEPORT_BPF, 0), -EINVAL);
		cr_assert_eq(set_int(sk[i], SO_REUSEPORT, 1), 0);
		cr_assert_eq(set_int(sk[i], SO_DETACH_REUSEPORT_BPF, 0), -ENOENT);
		if (i == 0)
			cr_assert_eq(attach_as(sk[i], SO_ATTACH_REUSEPORT_CBPF, by_text, 2), 0);
		else
			cr_assert_eq(attach_as(sk[i], SO_ATTACH_REUSEPORT_CBPF, first, 1), 0);
		cr_assert_eq(sock_bind(sk[i], &(struct sock_addr){0, PORT(53)}), 0);
	}
	for (int i = 0; i < MEMBERS; i++)
		cr_assert_eq(who_gets(nic, sk, i, 9), i);
	for (int i = 0; i < MEMBERS; i++)
		sock_close(sk[i]);
}
