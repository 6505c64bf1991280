/* SPDX-License-Identifier: MIT */
/* Segments out of order: the exact bytes come out, and no order or size that a peer chooses costs more than the limits. */
#include <string.h>

#include "lib/errno.h"
#include "tests/unit/tcp_wire.h"

#define STREAM 8000U

static void begin(struct conn *c, const char *setting)
{
	conn_listen(c);
	if (setting)
		CTL(c->net, "sysctl -w %s", setting);
	conn_handshake(c, NULL, 0);
}

static long get(struct sock *sk, void *buf, size_t len)
{
	struct sock_iovec iov = {buf, len};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	return sock_recvmsg(sk, &msg, MSG_DONTWAIT);
}

static void segment(struct conn *c, u32 at, u32 len, const u8 *data)
{
	inject(c->nic, &(struct seg){.seq = c->rcv + at,
				     .ack = c->nxt,
				     .flags = TCP_ACK,
				     .len = len,
				     .data = data});
	nic_forget(c->nic);
}

/* Pieces of 1 to 120 bytes at random places, most of them overlapping others, until all is there. */
WEIR_TEST(tcp_ofo, the_exact_bytes_come_out_of_any_order, .timeout = 60)
{
	static u8 stream[STREAM], got[STREAM];
	struct tcp_sock *tp;
	struct conn c;
	u32 tries = 0;

	begin(&c, NULL);
	tp = tcp_sk(c.sk);
	for (u32 i = 0; i < STREAM; i++)
		stream[i] = rnd();
	while (tp->rcv_nxt - c.rcv < STREAM) {
		u32 at = tries % 8 ? rnd_below(STREAM) : tp->rcv_nxt - c.rcv;
		u32 len = min(1 + rnd_below(120), STREAM - at);

		segment(&c, at, len, stream + at);
		cr_assert_lt(++tries, 100000U);
	}
	cr_assert(skb_queue_empty(&tp->ofo) && !tp->ofo_root && !tp->ofo_bytes);
	cr_assert_eq(get(c.sk, got, STREAM), (long)STREAM);
	cr_assert_eq(memcmp(got, stream, STREAM), 0);
	cr_assert_eq(c.sk->rmem, 0);
	cr_assert_eq(c.net->tcp->mem, 0);
	conn_close(&c);
}

static u32 word(const u8 *b)
{
	return (u32)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

/* len bytes at from, and what is told of in the ACK's SACK blocks, as numbers from the stream's begin, the first first. */
static void expect_blocks(struct conn *c, u32 from, u32 len, u32 n, const u32 (*want)[2])
{
	const u8 *opt;

	inject(c->nic,
	       &(struct seg){.seq = c->rcv + from, .ack = c->nxt, .flags = TCP_ACK, .len = len});
	opt = (const u8 *)nic_next(c->nic)->data + 20;
	cr_assert(opt[2] == 5 && opt[3] == 2 + 8 * n, "+%u: %u, %u", from, opt[2], opt[3]);
	for (u32 i = 0; i < n; i++)
		cr_assert(word(opt + 4 + 8 * i) - c->rcv == want[i][0] &&
				  word(opt + 8 + 8 * i) - c->rcv == want[i][1],
			  "+%u, block %u: %u to %u", from, i, word(opt + 4 + 8 * i) - c->rcv,
			  word(opt + 8 + 8 * i) - c->rcv);
}

/* RFC 2883 s4: what comes twice is told of first, be it by a later segment around it or over a part of it. */
WEIR_TEST(tcp_ofo, what_came_twice_is_told)
{
	struct conn c;

	conn_listen(&c);
	conn_handshake(&c, "\x01\x01\x04\x02", 4);
	expect_blocks(&c, 10, 10, 1, (const u32[][2]){{10, 20}});
	expect_blocks(&c, 40, 10, 2, (const u32[][2]){{40, 50}, {10, 20}});
	expect_blocks(&c, 70, 10, 3, (const u32[][2]){{70, 80}, {40, 50}, {10, 20}});
	expect_blocks(&c, 0, 60, 2, (const u32[][2]){{10, 20}, {70, 80}}); /* not of 40, too */
	expect_blocks(&c, 60, 20, 1, (const u32[][2]){{70, 80}});
	expect_blocks(&c, 0, 10, 1, (const u32[][2]){{0, 10}});
	expect_blocks(&c, 100, 20, 1, (const u32[][2]){{100, 120}});
	expect_blocks(&c, 90, 15, 2, (const u32[][2]){{100, 105}, {90, 120}});
	expect_blocks(&c, 115, 15, 2, (const u32[][2]){{115, 120}, {90, 130}});
	expect_blocks(&c, 85, 50, 2, (const u32[][2]){{90, 130}, {85, 135}});
	conn_close(&c);
}

static u32 steps_to(const struct tcp_sock *tp, const struct sk_buff *skb)
{
	const struct sk_buff *at = tp->ofo_root;
	u32 seq = TCP_SKB_CB((struct sk_buff *)(uintptr_t)skb)->seq, n = 0;

	while (at != skb) {
		const struct {
			u32 seq, end_seq;
			const struct sk_buff *left, *right;
		} *cb = (const void *)at->cb;

		at = before(seq, cb->seq) ? cb->left : cb->right;
		n++;
	}
	return n;
}

/* One byte each, with gaps between them, in an order that makes a plain tree or list as bad as can be. */
static void gaps(struct conn *c, bool forward)
{
	struct tcp_sock *tp;
	struct sk_buff *skb;
	u32 deepest = 0;

	begin(c, NULL);
	c->sk->rcvbuf = 8 << 20;
	tp = tcp_sk(c->sk);
	for (u32 i = 0; i < 3000; i++)
		segment(c, 10 + 2 * (forward ? i : 2999 - i), 1, NULL);
	cr_assert_eq(tp->ofo.qlen, TCP_OFO_MAX);
	EXPECT_MIB(c->net, LINUX_MIB_TCPOFODROP, 3000 - TCP_OFO_MAX);
	for (skb = tp->ofo.next; skb != (struct sk_buff *)&tp->ofo; skb = skb->next)
		deepest = max(deepest, steps_to(tp, skb));
	cr_assert_lt(deepest, 60, "%u", deepest);
	conn_close(c);
}

WEIR_TEST(tcp_ofo, gaps_upwards_find_no_slow_case, .timeout = 60)
{
	struct conn c;

	gaps(&c, true);
}

WEIR_TEST(tcp_ofo, gaps_downwards_find_no_slow_case, .timeout = 60)
{
	struct conn c;

	gaps(&c, false);
}

WEIR_TEST(tcp_ofo, small_ones_that_follow_each_other_are_one)
{
	struct conn c;

	begin(&c, NULL);
	for (u32 i = 0; i < 40; i++)
		segment(&c, 10 + i, 1, NULL);
	cr_assert_eq(tcp_sk(c.sk)->ofo.qlen, 1);
	cr_assert_eq(tcp_sk(c.sk)->ofo_bytes, 40);
	segment(&c, 0, 10, NULL);
	cr_assert_eq(tcp_sk(c.sk)->rcv_nxt, c.rcv + 50);
	conn_close(&c);
}

/* What is farthest away goes first when the buffer is full, and never more is held than its size. */
WEIR_TEST(tcp_ofo, the_buffer_bounds_it)
{
	struct tcp_sock *tp;
	struct conn c;

	begin(&c, NULL);
	c.sk->rcvbuf = 20000;
	tp = tcp_sk(c.sk);
	for (u32 i = 0; i < 100; i++) {
		segment(&c, 8000 - 20 * i, 1, NULL);
		cr_assert(c.sk->rmem <= c.sk->rcvbuf);
	}
	cr_assert_gt(mib(c.net, LINUX_MIB_OFOPRUNED), 0U);
	cr_assert_eq(TCP_SKB_CB(tp->ofo.next)->seq, c.rcv + 8000 - 20 * 99);
	segment(&c, 0, 100, NULL); /* what is next always finds room */
	cr_assert_eq(tp->rcv_nxt, c.rcv + 100);
	conn_close(&c);
}

/* All connections together: nothing more waits out of order, and in order one packet each. */
WEIR_TEST(tcp_ofo, tcp_mem)
{
	struct tcp_sock *tp;
	struct conn c;

	begin(&c, "net.ipv4.tcp_mem=\"1 2 3\"");
	tp = tcp_sk(c.sk);
	c.net->tcp->mem += 4 << TCP_MEM_PAGE_SHIFT; /* others' */
	segment(&c, 500, 100, NULL);
	EXPECT_MIB(c.net, LINUX_MIB_TCPOFODROP, 1);
	segment(&c, 0, 100, NULL);
	cr_assert_eq(tp->rcv_nxt, c.rcv + 100);
	segment(&c, 100, 100, NULL);
	EXPECT_MIB(c.net, LINUX_MIB_PRUNECALLED, 2);
	EXPECT_MIB(c.net, LINUX_MIB_RCVPRUNED, 1);
	EXPECT_MIB(c.net, LINUX_MIB_TCPRCVQDROP, 1);
	cr_assert_eq(tp->rcv_nxt, c.rcv + 100);
	cr_assert(tcp_under_memory_pressure(tp));
	EXPECT_MIB(c.net, LINUX_MIB_TCPMEMORYPRESSURES, 1);
	c.net->tcp->mem -= 4 << TCP_MEM_PAGE_SHIFT;
	cr_assert(!tcp_under_memory_pressure(tp));
	segment(&c, 100, 100, NULL);
	cr_assert_eq(tp->rcv_nxt, c.rcv + 200);
	conn_close(&c);
}

/* The same for what is to be sent: a little each, and buffers do not grow; a closed socket that holds much is given up. */
WEIR_TEST(tcp_ofo, tcp_mem_bounds_what_is_sent)
{
	static char text[2000];
	struct sock_iovec iov = {text, sizeof(text)};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};
	struct conn c;
	u32 n = 0, had;

	begin(&c, "net.ipv4.tcp_mem=\"1 2 300\"");
	had = c.sk->sndbuf;
	while (sock_sendmsg(c.sk, &msg, MSG_DONTWAIT) > 0)
		n++;
	cr_assert_gt(n, 1U);
	cr_assert(tcp_under_memory_pressure(tcp_sk(c.sk)));
	inject(c.nic, &(struct seg){.seq = c.rcv, .ack = c.nxt + 536, .flags = TCP_ACK});
	cr_assert_eq(c.sk->sndbuf, had);
	c.net->tcp->mem += 300 << TCP_MEM_PAGE_SHIFT;
	cr_assert_eq(sock_poll(c.sk) & POLLOUT, 0);
	cr_assert_eq(sock_sendmsg(c.sk, &msg, MSG_DONTWAIT), -EAGAIN);
	nic_forget(c.nic);
	sock_close(c.sk);
	cr_assert_eq(count_sent(c.nic, TCP_RST, 0), 1);
	EXPECT_MIB(c.net, LINUX_MIB_TCPABORTONMEMORY, 1);
	c.net->tcp->mem -= 300 << TCP_MEM_PAGE_SHIFT;
	sock_close(c.listener);
}
