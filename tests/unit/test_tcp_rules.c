/* SPDX-License-Identifier: MIT */
/* What RFC 9293 asks of a host besides its tables of states: each test names the labels of appendix B that it is about. */
#include <string.h>

#include "lib/errno.h"
#include "net/wire/icmp_hdr.h"
#include "tests/unit/tcp_wire.h"

static const char mss_1000[] = "\x02\x04\x03\xe8";

static long put(struct sock *sk, u32 len, int flags)
{
	static char text[8000];
	struct sock_iovec iov = {text, len};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	return sock_sendmsg(sk, &msg, MSG_DONTWAIT | flags);
}

static long get(struct sock *sk, u32 len, int flags)
{
	static char text[8000];
	struct sock_iovec iov = {text, len};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	return sock_recvmsg(sk, &msg, MSG_DONTWAIT | flags);
}

static void set_int(struct sock *sk, int level, int name, int v)
{
	cr_assert_eq(sock_setsockopt(sk, level, name, &v, sizeof(v)), 0);
}

static void data(struct conn *c, u32 at, u32 len)
{
	inject(c->nic,
	       &(struct seg){.seq = c->rcv + at, .ack = c->nxt, .flags = TCP_ACK, .len = len});
}

static void ack_all(struct conn *c, u32 wnd)
{
	inject(c->nic, &(struct seg){.seq = c->rcv, .ack = c->nxt, .flags = TCP_ACK, .wnd = wnd});
}

/* What we sent next: that many bytes at nxt. */
static void expect_data(struct conn *c, u32 len)
{
	struct seg s;

	cr_assert(sent(c->nic, &s), "nothing was sent");
	cr_assert(s.len == len && s.seq == c->nxt, "%u bytes at +%d, not %u at +0", s.len,
		  s.seq - c->nxt, len);
	c->nxt += len;
}

/* MUST-17, SHLD-7 */
WEIR_TEST(tcp_rules, nagle)
{
	struct conn c;

	reach(&c, TCP_ESTABLISHED);
	cr_assert_eq(put(c.sk, 10, 0), 10);
	expect_data(&c, 10);
	cr_assert_eq(put(c.sk, 10, 0), 10);
	cr_assert_eq(put(c.sk, 20, 0), 20);
	EXPECT_NOTHING(c.nic);
	ack_all(&c, 0);
	expect_data(&c, 30);
	set_int(c.sk, SOL_TCP, TCP_NODELAY, 1);
	cr_assert_eq(put(c.sk, 7, 0), 7);
	expect_data(&c, 7);
	conn_close(&c);
}

WEIR_TEST(tcp_rules, cork)
{
	struct conn c;

	reach(&c, TCP_ESTABLISHED);
	set_int(c.sk, SOL_TCP, TCP_CORK, 1);
	cr_assert_eq(put(c.sk, 500, 0), 500);
	EXPECT_NOTHING(c.nic);
	cr_assert_eq(put(c.sk, 100, 0), 100);
	expect_data(&c, 536); /* a full one */
	EXPECT_NOTHING(c.nic);
	set_int(c.sk, SOL_TCP, TCP_CORK, 0);
	host_run();
	expect_data(&c, 64);
	cr_assert_eq(put(c.sk, 5, MSG_MORE), 5);
	EXPECT_NOTHING(c.nic);
	cr_assert_eq(put(c.sk, 5, 0), 5);
	ack_all(&c, 0);
	expect_data(&c, 10);
	ack_all(&c, 0);
	for (u32 i = 0; i < 4; i++) /* however it comes, it is one segment */
		cr_assert_eq(put(c.sk, 50 + 20 * i, i < 3 ? MSG_MORE : 0), 50 + 20 * i);
	expect_data(&c, 320);
	ack_all(&c, 0);
	set_int(c.sk, SOL_TCP, TCP_CORK, 1); /* tcp(7): TCP_NODELAY flushes what is corked */
	cr_assert_eq(put(c.sk, 20, 0), 20);
	set_int(c.sk, SOL_TCP, TCP_NODELAY, 1);
	host_run();
	expect_data(&c, 20);
	cr_assert_eq(put(c.sk, 20, 0), 20);
	set_int(c.sk, SOL_TCP, TCP_CORK, 1);
	EXPECT_NOTHING(c.nic); /* and it stays corked */
	conn_close(&c);
}

/* send(2)'s MSG_EOR, as Linux has it: what is written later goes in another segment. */
WEIR_TEST(tcp_rules, the_end_of_a_record)
{
	struct conn c;

	reach(&c, TCP_ESTABLISHED);
	cr_assert_eq(put(c.sk, 10, 0), 10);
	cr_assert_eq(put(c.sk, 100, 0), 100);
	cr_assert_eq(put(c.sk, 20, MSG_EOR), 20);
	cr_assert_eq(put(c.sk, 30, 0), 30);
	cr_assert_eq(put(c.sk, 40, 0), 40);
	expect_data(&c, 10);
	expect_data(&c, 120); /* there is another behind it: Nagle's is the last one */
	EXPECT_NOTHING(c.nic);
	ack_all(&c, 0);
	expect_data(&c, 70);
	conn_close(&c);
}

/* MUST-15, MUST-16, MUST-60, MUST-61, SHLD-27, SHLD-28 */
static void sends_segments_of(u32 mss, const char *opt)
{
	struct conn c;
	struct seg s;

	conn_listen(&c);
	conn_handshake(&c, opt, opt ? 4 : 0);
	cr_assert_eq(put(c.sk, 3000, 0), 3000);
	for (u32 left = 3000; left; left -= s.len) {
		cr_assert(sent(c.nic, &s));
		cr_assert_eq(s.len, min(left, mss));
		cr_assert_eq(!!(s.flags & TCP_PSH), s.len == left);
	}
	conn_close(&c);
}

WEIR_TEST(tcp_rules, full_segments_and_a_push_on_the_last)
{
	sends_segments_of(536, NULL);
}

WEIR_TEST(tcp_rules, no_more_than_the_peer_takes)
{
	sends_segments_of(1000, mss_1000);
}

/* MUST-40, SHLD-18, SHLD-19 */
WEIR_TEST(tcp_rules, delayed_acks)
{
	struct conn c;
	u64 then;

	reach(&c, TCP_ESTABLISHED);
	for (u32 i = 0; i < TCP_QUICKACKS; i++, c.rcv += 100)
		data(&c, 0, 100);
	nic_forget(c.nic);
	data(&c, 0, 100);
	EXPECT_NOTHING(c.nic);
	then = plat_now();
	while (!nic_sent(c.nic))
		host_advance(NSEC_PER_MSEC);
	cr_assert_leq(plat_now() - then, TCP_DELACK + 2 * NSEC_PER_MSEC);
	nic_forget(c.nic);
	data(&c, 100, 100);
	EXPECT_NOTHING(c.nic);
	data(&c, 200, 100);
	cr_assert_eq(count_sent(c.nic, TCP_ACK, 0), 1);
	conn_close(&c);
}

static void woken(struct sock_waiter *w __unused, u32 changed __unused)
{
}

/* SHLD-18: what a program waits for, its answer acknowledges; if there is none, the ACK comes by itself, and soon. */
WEIR_TEST(tcp_rules, an_ack_rides_on_the_answer)
{
	struct sock_waiter w = {.wake = woken};
	struct conn c;
	struct seg s;
	u64 then;

	reach(&c, TCP_ESTABLISHED);
	sock_waiter_add(c.sk, &w);
	data(&c, 0, 100);
	cr_assert_eq(get(c.sk, 200, 0), 100);
	EXPECT_NOTHING(c.nic);
	cr_assert_eq(put(c.sk, 50, 0), 50);
	cr_assert(sent(c.nic, &s) && s.len == 50 && s.ack == c.rcv + 100);
	EXPECT_NOTHING(c.nic);
	c.nxt += 50;

	data(&c, 100, 100); /* it asks for more instead */
	cr_assert_eq(get(c.sk, 200, 0), 100);
	EXPECT_NOTHING(c.nic);
	cr_assert_eq(get(c.sk, 200, 0), -EAGAIN);
	cr_assert(sent(c.nic, &s) && !s.len && s.ack == c.rcv + 200);

	data(&c, 200, 100); /* it does something else */
	then = plat_now();
	while (!nic_sent(c.nic))
		host_advance(NSEC_PER_MSEC);
	cr_assert_leq(plat_now() - then, TCP_ACK_COMPANY + 2 * NSEC_PER_MSEC);
	sock_waiter_del(&w);
	conn_close(&c);
}

/* The peer's FIN, too, is acknowledged by ours if a program waits for it. */
WEIR_TEST(tcp_rules, a_fin_is_acknowledged_by_ours)
{
	struct sock_waiter w = {.wake = woken};
	struct conn c;
	struct seg s;

	reach(&c, TCP_ESTABLISHED);
	sock_waiter_add(c.sk, &w);
	inject(c.nic, &(struct seg){.seq = c.rcv, .ack = c.nxt, .flags = TCP_FIN | TCP_ACK});
	EXPECT_NOTHING(c.nic);
	cr_assert_eq(get(c.sk, 1, 0), 0);
	EXPECT_NOTHING(c.nic);
	sock_waiter_del(&w);
	sock_close(c.sk);
	cr_assert(sent(c.nic, &s) && s.flags & TCP_FIN && s.ack == c.rcv + 1);
	EXPECT_NOTHING(c.nic);
	sock_close(c.listener);
}

/* MUST-58, MUST-59, SHLD-31: the gap is filled, and one ACK tells of all. */
WEIR_TEST(tcp_rules, one_ack_for_what_waited)
{
	struct conn c;
	struct seg s;

	reach(&c, TCP_ESTABLISHED);
	data(&c, 100, 100);
	data(&c, 200, 100);
	cr_assert_eq(count_sent(c.nic, TCP_ACK, 0), 2);
	data(&c, 0, 100);
	cr_assert(sent(c.nic, &s) && s.ack == c.rcv + 300);
	EXPECT_NOTHING(c.nic);
	conn_close(&c);
}

/* SHLD-14: what was promised is kept, although nobody reads. */
WEIR_TEST(tcp_rules, the_right_edge_never_goes_back)
{
	struct conn c;
	struct seg s;
	u32 edge;

	reach(&c, TCP_ESTABLISHED);
	edge = c.rcv;
	for (u32 i = 0; i < 2000; i++) {
		data(&c, 100 * i, 100);
		while (sent(c.nic, &s)) {
			cr_assert(!before(s.ack + s.wnd, edge));
			edge = s.ack + s.wnd;
		}
	}
	cr_assert(edge - c.rcv <= c.sk->rcvbuf);
	conn_close(&c);
}

/* MUST-66 */
WEIR_TEST(tcp_rules, a_closed_window_takes_urg_and_rst)
{
	struct conn c;
	struct tcp_sock *tp;

	reach(&c, TCP_ESTABLISHED);
	tp = tcp_sk(c.sk);
	tp->rcv_wnd = 0;
	tp->rcv_wup = tp->rcv_nxt;
	data(&c, 0, 1);
	EXPECT_MIB(c.net, LINUX_MIB_TCPZEROWINDOWDROP, 1);
	tp->rcv_wnd = 0;
	inject(c.nic,
	       &(struct seg){.seq = c.rcv, .ack = c.nxt, .flags = TCP_ACK | TCP_URG, .urg = 9});
	cr_assert_eq(tp->urg_data, TCP_URG_NOTYET);
	tp->rcv_wnd = 0;
	inject(c.nic, &(struct seg){.seq = c.rcv, .flags = TCP_RST});
	cr_assert_eq(c.sk->state, TCP_CLOSE);
	conn_close(&c);
}

/* MUST-12, MUST-47, SHLD-2: the program hears of a reset, once; then the stream has ended. */
WEIR_TEST(tcp_rules, a_reset_with_data_is_told)
{
	struct conn c;

	reach(&c, TCP_ESTABLISHED);
	inject(c.nic, &(struct seg){.seq = c.rcv, .flags = TCP_RST, .len = 20});
	cr_assert_eq(get(c.sk, 10, 0), -ECONNRESET);
	cr_assert_eq(get(c.sk, 10, 0), 0);
	conn_close(&c);
	harness_end();
	harness_begin();
	reach(&c, TCP_CLOSE_WAIT);
	inject(c.nic, &(struct seg){.seq = c.rcv, .flags = TCP_RST});
	cr_assert_eq(put(c.sk, 10, 0), -EPIPE);
	conn_close(&c);
}

/* Segments with a timestamp, len bytes of text at rcv. */
static void stamped(struct conn *c, u32 tsval, u8 flags, u32 len)
{
	u8 opt[12] = {1, 1, 8, 10, tsval >> 24, tsval >> 16, tsval >> 8, tsval};

	inject(c->nic, &(struct seg){.seq = c->rcv,
				     .ack = c->nxt,
				     .flags = flags,
				     .len = len,
				     .opt = (const char *)opt,
				     .optlen = sizeof(opt)});
}

/* RFC 7323 s5: what is older than what was seen is not taken, but a RST is, and after 24 days nothing is known. */
WEIR_TEST(tcp_rules, paws)
{
	static const char offer[] = "\x01\x01\x08\x0a\0\0\x03\xe8\0\0\0\0";
	struct conn c;
	struct seg s;

	conn_listen(&c);
	conn_handshake(&c, offer, 12);
	stamped(&c, 2000, TCP_ACK, 10);
	c.rcv += 10;
	cr_assert_eq(tcp_sk(c.sk)->rcv_nxt, c.rcv);
	nic_forget(c.nic);
	stamped(&c, 1999, TCP_ACK, 10);
	cr_assert(sent(c.nic, &s) && s.flags == TCP_ACK && s.ack == c.rcv);
	cr_assert_eq(tcp_sk(c.sk)->rcv_nxt, c.rcv);
	EXPECT_MIB(c.net, LINUX_MIB_PAWSESTABREJECTED, 1);
	EXPECT_DROPS(c.net, TCP_PAWS, 1);
	stamped(&c, 1999, TCP_ACK, 0);
	stamped(&c, 1999, TCP_ACK, 0);
	EXPECT_MIB(c.net, LINUX_MIB_TCPACKSKIPPEDPAWS, 1);
	EXPECT_MIB(c.net, LINUX_MIB_TCPACKSKIPPEDSEQ, 0);
	host_advance(25ULL * 86400 * NSEC_PER_SEC);
	nic_forget(c.nic);
	stamped(&c, 1999, TCP_ACK, 10);
	c.rcv += 10;
	cr_assert_eq(tcp_sk(c.sk)->rcv_nxt, c.rcv);
	stamped(&c, 1000, TCP_RST, 0);
	cr_assert_eq(c.sk->state, TCP_CLOSE);
	conn_close(&c);
}

/* Who does not see the connection cannot move its clock: an ACK that step_ack() refuses tells no time. */
WEIR_TEST(tcp_rules, a_strangers_timestamp_is_not_believed)
{
	static const char offer[] = "\x01\x01\x08\x0a\0\0\x03\xe8\0\0\0\0";
	const struct conn *stranger;
	struct conn c, away;

	conn_listen(&c);
	conn_handshake(&c, offer, 12);
	stamped(&c, 2000, TCP_ACK, 10);
	c.rcv += 10;
	away = c;
	stranger = &away;
	for (u32 i = 0; i < 3; i++) {
		away.nxt = i == 0 ? c.nxt + 1 : i == 1 ? c.una - 200000 : c.nxt;
		stamped(&away, 0x40000000, i == 2 ? TCP_FIN : TCP_ACK, 10);
		cr_assert_eq(tcp_sk(c.sk)->ts_recent, 2000, "row %u", i);
	}
	cr_assert_eq(stranger->rcv, c.rcv);
	nic_forget(c.nic);
	stamped(&c, 2001, TCP_ACK, 10);
	cr_assert_eq(tcp_sk(c.sk)->rcv_nxt, c.rcv + 10);
	EXPECT_MIB(c.net, LINUX_MIB_PAWSESTABREJECTED, 0);
	conn_close(&c);
}

/* ---- windows ---- */

/* MUST-39: what is told is nothing, or worth a segment (or half of the buffer), however the program reads. */
WEIR_TEST(tcp_rules, no_silly_window_is_told)
{
	u32 edge = 0, opened = 0;
	struct conn c;
	struct seg s;

	conn_listen(&c);
	set_int(c.listener, SOL_SOCKET, SO_RCVBUF, 8000);
	conn_handshake(&c, mss_1000, 4);
	for (u32 i = 0; i < 10000; i++) {
		struct tcp_sock *tp = tcp_sk(c.sk);
		u32 at = tp->rcv_nxt, room = tcp_receive_window(tp);

		inject(c.nic,
		       &(struct seg){
			       .seq = at, .ack = c.nxt, .flags = TCP_ACK, .len = min(room, 80U)});
		if (tp->rcv_nxt == at) /* there is no room */
			get(c.sk, 7, 0);
		while (sent(c.nic, &s)) {
			u32 more = s.ack + s.wnd - c.rcv - edge;

			cr_assert(!more || more >= TCP_MSS_DEFAULT, "%u more", more);
			edge += more;
			opened += more != 0;
		}
	}
	cr_assert(opened > 20 && opened < 1000, "%u", opened);
	conn_close(&c);
}

/* MUST-38: a window of a few bytes is not filled, until time says so; half of the largest one is. */
WEIR_TEST(tcp_rules, a_silly_window_is_not_filled)
{
	struct conn c;
	struct seg s;

	reach(&c, TCP_ESTABLISHED);
	for (int i = 0; i < 2; i++, c.rcv++)
		inject(c.nic,
		       &(struct seg){
			       .seq = c.rcv, .ack = c.nxt, .flags = TCP_ACK, .len = 1, .wnd = 100});
	cr_assert_eq(tcp_sk(c.sk)->snd_wnd, 100);
	nic_forget(c.nic);
	set_int(c.sk, SOL_TCP, TCP_NODELAY, 1);
	cr_assert_eq(put(c.sk, 2000, 0), 2000);
	EXPECT_NOTHING(c.nic);
	host_advance(150 * NSEC_PER_MSEC);
	EXPECT_NOTHING(c.nic);
	host_advance(10 * NSEC_PER_SEC);
	cr_assert(sent(c.nic, &s) && s.len == 100 && s.seq == c.nxt);
	nic_forget(c.nic);
	c.nxt += 100;
	ack_all(&c, 435);
	EXPECT_NOTHING(c.nic);
	ack_all(&c, 600); /* for what is left of the segment, not for a part of the next */
	expect_data(&c, 436);
	EXPECT_NOTHING(c.nic);
	ack_all(&c, 0);
	while (sent(c.nic, &s))
		;
	conn_close(&c);
}

/* A FIN needs no room: the program hears of it though it does not read. Data with it does. */
WEIR_TEST(tcp_rules, a_closed_window_takes_a_fin)
{
	struct tcp_sock *tp;
	struct conn c;
	struct seg s;

	reach(&c, TCP_ESTABLISHED);
	tp = tcp_sk(c.sk);
	data(&c, 0, 100);
	c.rcv += 100;
	c.sk->rcvbuf = 50; /* more than full */
	tp->rcv_wnd = 0;
	tp->rcv_wup = tp->rcv_nxt;
	for (int data_too = 1; data_too >= 0; data_too--) {
		nic_forget(c.nic);
		inject(c.nic, &(struct seg){.seq = c.rcv,
					    .ack = c.nxt,
					    .flags = TCP_FIN | TCP_ACK,
					    .len = 5 * data_too});
		cr_assert_eq(c.sk->state, data_too ? TCP_ESTABLISHED : TCP_CLOSE_WAIT);
		cr_assert(sent(c.nic, &s) && s.ack == c.rcv + !data_too && !s.wnd);
	}
	cr_assert_eq(sock_poll(c.sk) & POLLRDHUP, POLLRDHUP);
	cr_assert_eq(get(c.sk, 200, 0), 100);
	cr_assert_eq(get(c.sk, 1, 0), 0);
	conn_close(&c);
}

/* ---- urgent data ---- */

/* MUST-30, MUST-62: the pointer is of the octet behind. */
WEIR_TEST(tcp_rules, the_urgent_pointer_we_send)
{
	struct conn c;
	struct seg s;

	reach(&c, TCP_ESTABLISHED);
	cr_assert_eq(put(c.sk, 5, MSG_OOB), 5);
	cr_assert(sent(c.nic, &s) && s.flags & TCP_URG);
	cr_assert_eq(s.seq + s.urg, c.nxt + 5);
	c.nxt += 5;
	ack_all(&c, 0);
	cr_assert_eq(put(c.sk, 5, 0), 5);
	cr_assert(sent(c.nic, &s) && !(s.flags & TCP_URG));
	conn_close(&c);
}

static int at_mark(struct sock *sk)
{
	int v = -1;

	cr_assert_eq(sock_ioctl(sk, SIOCATMARK, &v), 0);
	return v;
}

/* MUST-31, MUST-33: three octets, the last of them urgent; reading stops before it, and the mark says so. */
WEIR_TEST(tcp_rules, the_mark)
{
	struct conn c;

	reach(&c, TCP_ESTABLISHED);
	inject(c.nic, &(struct seg){.seq = c.rcv,
				    .ack = c.nxt,
				    .flags = TCP_ACK | TCP_URG,
				    .urg = 3,
				    .len = 6,
				    .data = (const u8 *)"abcdef"});
	cr_assert_eq(sock_poll(c.sk) & POLLPRI, POLLPRI);
	cr_assert_eq(at_mark(c.sk), 0);
	cr_assert_eq(get(c.sk, 100, 0), 2);
	cr_assert_eq(at_mark(c.sk), 1);
	cr_assert_eq(get(c.sk, 1, MSG_OOB), 1);
	cr_assert_eq(get(c.sk, 100, 0), 3);
	cr_assert_eq(at_mark(c.sk), 0);
	/* it goes on: the pointer comes before its octet, and advances */
	inject(c.nic, &(struct seg){.seq = c.rcv + 6,
				    .ack = c.nxt,
				    .flags = TCP_ACK | TCP_URG,
				    .urg = 50,
				    .len = 10});
	cr_assert_eq(get(c.sk, 1, MSG_OOB), -EAGAIN);
	inject(c.nic, &(struct seg){.seq = c.rcv + 16,
				    .ack = c.nxt,
				    .flags = TCP_ACK | TCP_URG,
				    .urg = 60,
				    .len = 60});
	cr_assert_eq(get(c.sk, 1, MSG_OOB), 1);
	cr_assert_eq(get(c.sk, 100, 0), 69);
	cr_assert_eq(at_mark(c.sk), 1);
	conn_close(&c);
}

/* ---- addresses, ports, IP's fields ---- */

static struct sock *bound(struct net *net, be32 addr, int *err)
{
	struct sock_addr a = {addr, CPU_TO_BE16(80)};
	struct sock *sk;

	cr_assert_eq(sock_create(net, AF_INET, SOCK_STREAM, 0, &sk), 0);
	*err = sock_bind(sk, &a);
	return sk;
}

/* MUST-41, MUST-42 */
WEIR_TEST(tcp_rules, listeners_beside_each_other)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock *one, *two, *three;
	int err;

	one = bound(net, US, &err);
	cr_assert_eq(err, 0);
	cr_assert_eq(sock_listen(one, 5), 0);
	two = bound(net, IP4(127, 0, 0, 1), &err);
	cr_assert_eq(err, 0);
	cr_assert_eq(sock_listen(two, 5), 0);
	three = bound(net, 0, &err);
	cr_assert_eq(err, -EADDRINUSE);
	inject(nic, &(struct seg){.seq = IRS, .flags = TCP_SYN});
	cr_assert_eq(tcp_sk(one)->qlen, 1);
	nic_forget(nic);
	sock_close(two);
	cr_assert_eq(tcp_sk(one)->qlen, 1);
	sock_close(one);
	sock_close(three);
}

/* MUST-43, MUST-44, MUST-45: ours as bind() said, else as the route says; in all segments. */
WEIR_TEST(tcp_rules, our_address)
{
	const be32 second = IP4(10, 0, 0, 7);

	for (int with_bind = 0; with_bind < 2; with_bind++) {
		struct net *net = stack_new();
		struct nic *nic = nic_new(net, "10.0.0.1/24");
		struct sock_addr to = {PEER, CPU_TO_BE16(80)}, from = {second, 0};
		be32 want = with_bind ? second : US;
		struct sock *sk;

		CTL(net, "ip addr add 10.0.0.7/24 dev %s", "eth0");
		cr_assert_eq(sock_create(net, AF_INET, SOCK_STREAM, 0, &sk), 0);
		if (with_bind)
			cr_assert_eq(sock_bind(sk, &from), 0);
		cr_assert_eq(sock_connect(sk, &to, true), -EINPROGRESS);
		host_advance(8 * NSEC_PER_SEC);
		cr_assert_eq(nic_sent(nic), 4);
		for (int i = 0; i < 4; i++)
			cr_assert_eq(nic_next(nic)->ip.saddr, want);
		sock_close(sk);
		harness_end();
		harness_begin();
	}
}

/* MUST-46 */
WEIR_TEST(tcp_rules, no_connection_to_many)
{
	const be32 many[] = {IP4(255, 255, 255, 255), IP4(10, 0, 0, 255), IP4(224, 0, 0, 1)};
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");

	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		struct sock_addr to = {many[i], CPU_TO_BE16(80)};
		struct sock *sk;

		cr_assert_eq(sock_create(net, AF_INET, SOCK_STREAM, 0, &sk), 0);
		cr_assert_eq(sock_connect(sk, &to, true), -ENETUNREACH);
		sock_close(sk);
	}
	EXPECT_NOTHING(nic);
}

/* MUST-63, MUST-57: nor from many, whatever is said; and none to whom there is no way, also while cookies are sent. */
WEIR_TEST(tcp_rules, no_answer_to_many)
{
	const be32 many[] = {IP4(10, 0, 0, 255), IP4(255, 255, 255, 255), IP4(224, 0, 0, 5),
			     IP4(192, 0, 2, 1)};
	struct conn c;
	struct seg s;

	conn_listen(&c);
	for (int cookies = 1; cookies < 3; cookies++) {
		CTL(c.net, "sysctl -w net.ipv4.tcp_syncookies=%d", cookies);
		for (size_t i = 0; i < ARRAY_SIZE(many); i++)
			inject(c.nic, &(struct seg){.saddr = many[i],
						    .dport = 80,
						    .seq = IRS,
						    .flags = TCP_SYN});
	}
	EXPECT_NOTHING(c.nic);
	cr_assert_eq(c.net->tcp->nr, 0);
	EXPECT_MIB(c.net, LINUX_MIB_LISTENDROPS, 2);
	/* What belongs to nothing is refused, as by Linux. */
	inject(c.nic, &(struct seg){.saddr = many[0], .dport = 80, .ack = 5, .flags = TCP_ACK});
	cr_assert(sent(c.nic, &s) && s.flags == TCP_RST);
	sock_close(c.listener);
}

/* MUST-48, MUST-49, SHLD-21, SHLD-22: also while the connection lasts. */
WEIR_TEST(tcp_rules, tos_and_ttl)
{
	struct conn c;

	reach(&c, TCP_ESTABLISHED);
	for (int i = 1; i < 4; i++) {
		set_int(c.sk, SOL_IP, IP_TOS, i << 4);
		set_int(c.sk, SOL_IP, IP_TTL, 30 + i);
		cr_assert_eq(put(c.sk, 10, 0), 10);
		expect_data(&c, 10);
		cr_assert_eq(c.nic->got.ip.tos, i << 4);
		cr_assert_eq(c.nic->got.ip.ttl, 30 + i);
		ack_all(&c, 0);
	}
	conn_close(&c);
}

/* ---- IP options ---- */

/* To PEER by way of 10.0.0.9: so the program says it, and so it is in the packet that leaves for 10.0.0.9. */
static const u8 by_9[] = {0x83, 7, 4, 10, 0, 0, 9, 0}, leaves[] = {0x83, 7, 4, 10, 0, 0, 2, 0};

static void expect_route(struct conn *c, const u8 *opt, u32 len)
{
	const struct pkt *got = &c->nic->got;

	cr_assert_eq(got->ip.daddr, IP4(10, 0, 0, 9));
	cr_assert(got->ip.optlen == len && !memcmp(got->ip.opt, opt, len));
}

/* MUST-51, MUST-52 */
WEIR_TEST(tcp_rules, a_source_route_of_the_programs)
{
	struct sock_addr to = {PEER, CPU_TO_BE16(80)};
	u8 told[40];
	u32 len = sizeof(told);
	struct conn c;
	struct seg s;

	conn_listen(&c);
	cr_assert_eq(sock_create(c.net, AF_INET, SOCK_STREAM, 0, &c.sk), 0);
	cr_assert_eq(sock_setsockopt(c.sk, SOL_IP, IP_OPTIONS, "\x83\x07\x09", 3), -EINVAL);
	cr_assert_eq(sock_setsockopt(c.sk, SOL_IP, IP_OPTIONS, told, 41), -EINVAL);
	cr_assert_eq(sock_setsockopt(c.sk, SOL_IP, IP_OPTIONS, by_9, 7), 0);
	cr_assert_eq(sock_getsockopt(c.sk, SOL_IP, IP_OPTIONS, told, &len), 0);
	cr_assert(len == 8 && !memcmp(told, by_9, 8));
	cr_assert_eq(sock_connect(c.sk, &to, true), -EINPROGRESS);
	cr_assert(sent(c.nic, &s) && s.flags == TCP_SYN);
	expect_route(&c, leaves, 8);
	c.nxt = s.seq + 1;
	inject(c.nic, &(struct seg){.sport = 80,
				    .dport = be16_to_cpu(c.sk->sport),
				    .seq = IRS,
				    .ack = c.nxt,
				    .flags = TCP_SYN | TCP_ACK});
	cr_assert_eq(c.sk->state, TCP_ESTABLISHED);
	cr_assert(sent(c.nic, &s) && s.flags == TCP_ACK);
	expect_route(&c, leaves, 8);
	cr_assert_eq(sock_setsockopt(c.sk, SOL_IP, IP_OPTIONS, NULL, 0), 0);
	cr_assert_eq(put(c.sk, 10, 0), 10);
	expect_data(&c, 10);
	cr_assert(c.nic->got.ip.daddr == PEER && !c.nic->got.ip.optlen);
	conn_close(&c);
}

/* MUST-53: it came by way of 10.0.0.8 and 10.0.0.9, and so everything goes back. */
static void goes_back(int syncookies)
{
	static const char came[] = {(char)0x83, 11, 12, 10, 0, 0, 8, 10, 0, 0, 9, 0};
	static const u8 back[] = {0x83, 11, 4, 10, 0, 0, 8, 10, 0, 0, 2, 0};
	struct seg s = {.seq = IRS, .flags = TCP_SYN, .ipopt = came, .ipoptlen = 12};
	struct conn c;

	conn_listen(&c);
	CTL(c.net, "sysctl -w net.ipv4.conf.all.accept_source_route=1");
	CTL(c.net, "sysctl -w net.ipv4.conf.eth0.accept_source_route=1");
	CTL(c.net, "sysctl -w net.ipv4.tcp_syncookies=%d", syncookies);
	inject(c.nic, &s);
	cr_assert(sent(c.nic, &s) && s.flags == (TCP_SYN | TCP_ACK));
	expect_route(&c, back, 12);
	c.una = c.nxt = s.seq + 1;
	c.rcv = IRS + 1;
	inject(c.nic, &(struct seg){.seq = c.rcv,
				    .ack = c.nxt,
				    .flags = TCP_ACK,
				    .ipopt = came,
				    .ipoptlen = 12});
	cr_assert_eq(sock_accept(c.listener, true, &c.sk, NULL), 0);
	ack_all(&c, 0); /* without a route, and nothing changes */
	cr_assert_eq(put(c.sk, 1000, 0), 1000);
	expect_data(&c, 536); /* what the peer takes */
	expect_route(&c, back, 12);
	conn_close(&c);
}

WEIR_TEST(tcp_rules, the_route_of_a_syn_leads_back)
{
	goes_back(1);
}

WEIR_TEST(tcp_rules, the_route_of_a_cookies_ack_leads_back)
{
	goes_back(2);
}

/* MUST-16: options are no room for text. */
WEIR_TEST(tcp_rules, options_make_segments_shorter)
{
	static const u8 rr[] = {7, 39, 4};
	u8 room[40] = {0};
	struct conn c;

	conn_listen(&c);
	CTL(c.net, "ip link set eth0 mtu 576");
	conn_handshake(&c, NULL, 0);
	cr_assert_eq(put(c.sk, 536, 0), 536);
	expect_data(&c, 536);
	ack_all(&c, 0);
	memcpy(room, rr, sizeof(rr));
	cr_assert_eq(sock_setsockopt(c.sk, SOL_IP, IP_OPTIONS, room, 40), 0);
	cr_assert_eq(put(c.sk, 536, 0), 536);
	expect_data(&c, 496);
	conn_close(&c);
}

/* ---- ICMP: RFC 5927 ---- */

static void icmp(struct nic *nic, u16 sport, u16 dport, u8 type, u8 code, u32 rest, u32 seq)
{
	u8 quote[28] = {0x45, 0, 0, 40, 0,  1, 0x40, 0, 64, 6, 0, 0,
			10,   0, 0, 1,  10, 0, 0,    2, 0,  0, 0, 0};
	u16 sum = csum_of(quote, 20);

	quote[10] = sum >> 8;
	quote[11] = sum;
	quote[20] = sport >> 8;
	quote[21] = sport;
	quote[22] = dport >> 8;
	quote[23] = dport;
	for (int i = 0; i < 4; i++)
		quote[24 + i] = seq >> (24 - 8 * i);
	nic_inject(nic, &ICMP4(PEER, US, type, code, .icmp.rest = rest, .data = quote,
			       .len = sizeof(quote)));
}

static const struct {
	u8 type, code;
} soft[] = {{ICMP_DEST_UNREACH, 0},  {ICMP_DEST_UNREACH, 1}, {ICMP_DEST_UNREACH, 2},
	    {ICMP_DEST_UNREACH, 3},  {ICMP_DEST_UNREACH, 5}, {ICMP_TIME_EXCEEDED, 0},
	    {ICMP_PARAMETERPROB, 0}, {ICMP_SOURCE_QUENCH, 0}};

/* MUST-54, MUST-55, MUST-56, SHLD-20: errors do not end a connection, and who did not ask is not told. */
WEIR_TEST(tcp_rules, icmp_errors_do_not_end_a_connection)
{
	struct conn c;

	reach(&c, TCP_ESTABLISHED);
	cr_assert_eq(put(c.sk, 10, 0), 10);
	expect_data(&c, 10);
	for (size_t i = 0; i < ARRAY_SIZE(soft); i++) {
		icmp(c.nic, 80, 4000, soft[i].type, soft[i].code, 0, c.una);
		cr_assert(c.sk->state == TCP_ESTABLISHED && !c.sk->err, "row %zu", i);
		if (soft[i].type == ICMP_SOURCE_QUENCH)
			break;
		cr_assert(tcp_sk(c.sk)->err_soft, "row %zu", i);
		tcp_sk(c.sk)->err_soft = 0;
	}
	cr_assert_eq(tcp_sk(c.sk)->err_soft, 0);
	cr_assert_eq(tcp_sk(c.sk)->mss_cache, 536);
	EXPECT_MIB(c.net, LINUX_MIB_OUTOFWINDOWICMPS, 0);
	set_int(c.sk, SOL_IP, IP_RECVERR, 1);
	icmp(c.nic, 80, 4000, ICMP_DEST_UNREACH, 1, 0, c.una);
	cr_assert_eq(c.sk->err, -EHOSTUNREACH);
	c.sk->err = 0;
	conn_close(&c);
}

/* RFC 5927 s4.1: who does not know what is on its way is not heard. */
WEIR_TEST(tcp_rules, icmp_errors_from_strangers)
{
	struct conn c;

	reach(&c, TCP_ESTABLISHED);
	cr_assert_eq(put(c.sk, 10, 0), 10);
	expect_data(&c, 10);
	icmp(c.nic, 80, 4000, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 68, c.una - 1);
	icmp(c.nic, 80, 4000, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 68, c.nxt + 1);
	icmp(c.nic, 80, 4000, ICMP_DEST_UNREACH, 1, 0, c.una - 100000);
	EXPECT_MIB(c.net, LINUX_MIB_OUTOFWINDOWICMPS, 3);
	icmp(c.nic, 80, 4001, ICMP_DEST_UNREACH, 1, 0, c.una);
	cr_assert_eq(tcp_sk(c.sk)->err_soft, 0);
	cr_assert_eq(tcp_sk(c.sk)->mss_cache, 536);
	EXPECT_NOTHING(c.nic);
	conn_close(&c);
}

/* RFC 1191: a smaller way; what was too large goes again. */
WEIR_TEST(tcp_rules, fragmentation_needed)
{
	struct conn c;
	struct seg s;

	conn_listen(&c);
	conn_handshake(&c, mss_1000, 4);
	cr_assert_eq(put(c.sk, 1000, 0), 1000);
	expect_data(&c, 1000);
	icmp(c.nic, 80, 4000, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 640, c.una);
	cr_assert(sent(c.nic, &s) && s.seq == c.una && s.len == 600, "%u", s.len);
	conn_close(&c);
}

/* SHLD-25: the reason of a connection that dies is what was heard last. */
WEIR_TEST(tcp_rules, a_soft_error_is_why_it_died)
{
	struct conn c;

	conn_listen(&c);
	CTL(c.net, "sysctl -w net.ipv4.tcp_retries2=2");
	conn_handshake(&c, NULL, 0);
	cr_assert_eq(put(c.sk, 10, 0), 10);
	icmp(c.nic, 80, 4000, ICMP_DEST_UNREACH, 1, 0, c.una);
	host_advance(60 * NSEC_PER_SEC);
	cr_assert_eq(get(c.sk, 10, 0), -EHOSTUNREACH);
	conn_close(&c);
}

/* SHLD-26: before there is a connection, an error ends the attempt. */
WEIR_TEST(tcp_rules, icmp_errors_end_an_attempt)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	struct sock_addr to = {PEER, CPU_TO_BE16(81)};
	struct sock *sk;
	struct seg syn;

	cr_assert_eq(sock_create(net, AF_INET, SOCK_STREAM, 0, &sk), 0);
	cr_assert_eq(sock_connect(sk, &to, true), -EINPROGRESS);
	cr_assert(sent(nic, &syn));
	icmp(nic, be16_to_cpu(sk->sport), 81, ICMP_DEST_UNREACH, 3, 0, syn.seq + 5);
	cr_assert_eq(sk->state, TCP_SYN_SENT);
	icmp(nic, be16_to_cpu(sk->sport), 81, ICMP_DEST_UNREACH, 3, 0, syn.seq);
	cr_assert_eq(sk->err, -ECONNREFUSED);
	sock_close(sk);
}

/* ---- times ---- */

/* RFC 5482 */
WEIR_TEST(tcp_rules, user_timeout)
{
	struct conn c;

	reach(&c, TCP_ESTABLISHED);
	set_int(c.sk, SOL_TCP, TCP_USER_TIMEOUT, 5000);
	cr_assert_eq(put(c.sk, 10, 0), 10);
	host_advance(4900 * NSEC_PER_MSEC);
	cr_assert_eq(c.sk->state, TCP_ESTABLISHED);
	host_advance(10 * NSEC_PER_SEC);
	cr_assert_eq(get(c.sk, 10, 0), -ETIMEDOUT);
	conn_close(&c);
}

/* MUST-24, MUST-25, MUST-26, SHLD-12 */
WEIR_TEST(tcp_rules, keepalive_is_off_until_asked_for_and_waits_for_data)
{
	struct conn c;
	struct seg s;

	reach(&c, TCP_ESTABLISHED);
	host_advance(3 * 7200 * NSEC_PER_SEC);
	EXPECT_NOTHING(c.nic);
	set_int(c.sk, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_int(c.sk, SOL_TCP, TCP_KEEPIDLE, 10);
	host_advance(11 * NSEC_PER_SEC);
	cr_assert(sent(c.nic, &s) && s.len == 0 && s.seq == c.nxt - 1);
	ack_all(&c, 0);
	cr_assert_eq(put(c.sk, 10, 0), 10);
	host_advance(30 * NSEC_PER_SEC);
	while (sent(c.nic, &s))
		cr_assert_eq(s.len, 10, "a probe although data is out");
	conn_close(&c);
}

static void set_linger(struct sock *sk, int seconds)
{
	int v[2] = {1, seconds};

	cr_assert_eq(sock_setsockopt(sk, SOL_SOCKET, SO_LINGER, v, sizeof(v)), 0);
}

WEIR_TEST(tcp_rules, linger)
{
	struct conn c;
	u64 then;

	reach(&c, TCP_ESTABLISHED);
	set_linger(c.sk, 2);
	then = plat_now();
	sock_close(c.sk); /* nobody acknowledges the FIN */
	cr_assert_geq(plat_now() - then, 2 * NSEC_PER_SEC);
	cr_assert_leq(plat_now() - then, 3 * NSEC_PER_SEC);
	cr_assert(count_sent(c.nic, TCP_FIN, 0) > 0);
	inject(c.nic, &(struct seg){.seq = c.rcv, .flags = TCP_RST});
	sock_close(c.listener);
	harness_end();
	harness_begin();
	reach(&c, TCP_ESTABLISHED);
	set_linger(c.sk, 0);
	sock_close(c.sk);
	cr_assert_eq(count_sent(c.nic, TCP_RST, 0), 1);
	cr_assert_eq(c.net->tcp->nr, 0);
	sock_close(c.listener);
}

WEIR_TEST(tcp_rules, linger2)
{
	struct conn c;

	reach(&c, TCP_FIN_WAIT2);
	set_int(c.sk, SOL_TCP, TCP_LINGER2, 5);
	sock_close(c.sk);
	host_advance(4 * NSEC_PER_SEC);
	cr_assert_eq(c.net->tcp->nr, 1);
	host_advance(2 * NSEC_PER_SEC);
	cr_assert_eq(c.net->tcp->nr, 0);
	sock_close(c.listener);
	harness_end();
	harness_begin();
	reach(&c, TCP_FIN_WAIT2);
	set_int(c.sk, SOL_TCP, TCP_LINGER2, -1);
	sock_close(c.sk);
	cr_assert_eq(c.net->tcp->nr, 0);
	EXPECT_MIB(c.net, LINUX_MIB_TCPABORTONLINGER, 1);
	nic_forget(c.nic);
	sock_close(c.listener);
}
