/* SPDX-License-Identifier: MIT */
/* TCP_INFO's counts of ECN's marks and of the retransmission timer, in virtual time. */
#include "lib/errno.h"
#include "tests/unit/tcp_wire.h"

static struct tcp_info info_of(struct sock *sk)
{
	struct tcp_info info;
	u32 len = sizeof(info) + 8;

	cr_assert_eq(sock_getsockopt(sk, SOL_TCP, TCP_INFO, &info, &len), 0);
	cr_assert_eq(len, sizeof(info));
	cr_assert_eq(len, 280); /* Linux 6.18's */
	return info;
}

static void put(struct sock *sk)
{
	struct sock_iovec iov = {(char[]){"0123456789"}, 10};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	cr_assert_eq(sock_sendmsg(sk, &msg, MSG_DONTWAIT), 10);
}

WEIR_TEST(tcp_info, counts_marks)
{
	static const u8 tos[] = {0, 1, 2, 2, 3, 3, 3};
	struct tcp_info info;
	struct conn c;

	reach(&c, TCP_ESTABLISHED);
	for (size_t i = 0; i < ARRAY_SIZE(tos); i++) {
		inject(c.nic, &(struct seg){.seq = c.rcv,
					    .ack = c.nxt,
					    .flags = TCP_ACK | TCP_PSH,
					    .tos = tos[i],
					    .len = 10});
		c.rcv += 10;
	}
	inject(c.nic, &(struct seg){.seq = c.rcv, .ack = c.nxt, .flags = TCP_ACK, .tos = 3});
	inject(c.nic, &(struct seg){.seq = c.rcv + 10000000,
				    .ack = c.nxt,
				    .flags = TCP_ACK,
				    .tos = 3,
				    .len = 10});
	info = info_of(c.sk);
	cr_assert_eq(info.tcpi_received_ce, 4);
	cr_assert_eq(info.tcpi_received_e1_bytes, 10);
	cr_assert_eq(info.tcpi_received_e0_bytes, 20);
	cr_assert_eq(info.tcpi_received_ce_bytes, 30);
	cr_assert_eq(info.tcpi_rcv_wnd, tcp_sk(c.sk)->rcv_wnd);
	conn_close(&c);
}

static void expect_rto(struct sock *sk, u32 rtos, u32 recoveries, u32 ms, int line)
{
	struct tcp_info info = info_of(sk);

	cr_assert(info.tcpi_total_rto == rtos && info.tcpi_total_rto_recoveries == recoveries &&
			  info.tcpi_total_rto_time == ms,
		  "line %d: %u, %u, %u ms", line, info.tcpi_total_rto,
		  info.tcpi_total_rto_recoveries, info.tcpi_total_rto_time);
}

#define RTO(sk, ...) expect_rto(sk, __VA_ARGS__, __LINE__)

/* From the first time that the timer fires until what it was for is acknowledged. */
WEIR_TEST(tcp_info, counts_timeouts)
{
	struct conn c;

	conn_listen(&c);
	conn_handshake(&c, "\4\2\1\1",
		       4); /* without SACK recovery ends with what is sent after it */
	nic_forget(c.nic);
	tcp_sk(c.sk)->rto = 300 * NSEC_PER_MSEC;
	for (u32 round = 1; round <= 2; round++) {
		u32 before = 650 * (round - 1);

		put(c.sk);
		tcp_sk(c.sk)->rto_at = 0; /* no probe */
		tcp_sk(c.sk)->pending = TCP_TIME_RETRANS;
		tcp_sk(c.sk)->rto = 300 * NSEC_PER_MSEC;
		tcp_rearm_rto(tcp_sk(c.sk));
		host_advance(299 * NSEC_PER_MSEC);
		RTO(c.sk, 2 * (round - 1), round - 1, before);
		host_advance(NSEC_PER_MSEC);
		RTO(c.sk, 2 * round - 1, round, before);
		host_advance(600 * NSEC_PER_MSEC);
		RTO(c.sk, 2 * round, round, before + 600);
		host_advance(50 * NSEC_PER_MSEC);
		c.nxt += 10;
		inject(c.nic, &(struct seg){.seq = c.rcv, .ack = c.nxt, .flags = TCP_ACK});
		host_advance(50 * NSEC_PER_MSEC);
		RTO(c.sk, 2 * round, round, before + 650);
	}
	cr_assert_eq(sock_connect(c.sk, NULL, true), 0);
	RTO(c.sk, 0, 0, 0);
	conn_close(&c);
}

/* Those of a SYN, and of a SYN-ACK, are a connection's, too. */
WEIR_TEST(tcp_info, counts_timeouts_of_handshakes)
{
	struct sock_addr to = {PEER, CPU_TO_BE16(80)};
	struct sock *sk;
	struct conn c;
	struct seg s;

	conn_listen(&c);
	inject(c.nic, &(struct seg){.seq = IRS, .flags = TCP_SYN});
	cr_assert(sent(c.nic, &s));
	host_advance(3500 * NSEC_PER_MSEC);
	inject(c.nic, &(struct seg){.seq = IRS + 1, .ack = s.seq + 1, .flags = TCP_ACK});
	cr_assert_eq(sock_accept(c.listener, true, &c.sk, NULL), 0);
	RTO(c.sk, 2, 1, 3500);
	nic_forget(c.nic);
	cr_assert_eq(sock_create(c.net, AF_INET, SOCK_STREAM, 0, &sk), 0);
	cr_assert_eq(sock_connect(sk, &to, true), -EINPROGRESS);
	cr_assert(sent(c.nic, &s));
	host_advance(1200 * NSEC_PER_MSEC);
	RTO(sk, 1, 1, 200);
	inject(c.nic, &(struct seg){.sport = 80,
				    .dport = be16_to_cpu(sk->sport),
				    .seq = 5,
				    .ack = s.seq + 1,
				    .flags = TCP_SYN | TCP_ACK});
	host_advance(NSEC_PER_SEC);
	RTO(sk, 1, 1, 200);
	sock_close(sk);
	conn_close(&c);
}
