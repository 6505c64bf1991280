/* SPDX-License-Identifier: MIT */
/* Round trips and the retransmission timer: RFC 6298, by numbers; the wire is the peer. */
#include "tests/unit/tcp_wire.h"

#define MSEC NSEC_PER_MSEC

static struct tcp_info info_of(const struct conn *c)
{
	struct tcp_info info;
	u32 len = sizeof(info);

	cr_assert_eq(sock_getsockopt(c->sk, SOL_TCP, TCP_INFO, &info, &len), 0);
	return info;
}

static void say(struct conn *c)
{
	char text[] = "0123456789";
	struct sock_iovec iov = {text, 10};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	cr_assert_eq(sock_sendmsg(c->sk, &msg, MSG_DONTWAIT), 10);
	host_run();
	nic_forget(c->nic);
	c->nxt += 10;
}

static void hear(struct conn *c)
{
	inject(c->nic, &(struct seg){.seq = c->rcv, .ack = c->nxt, .flags = TCP_ACK});
	c->una = c->nxt;
}

/* A connection that knows no round trip yet. */
static void begin(struct conn *c, bool step_by_step)
{
	conn_step_by_step = step_by_step;
	reach(c, TCP_ESTABLISHED);
	conn_step_by_step = false;
	tcp_sk(c->sk)->srtt = tcp_sk(c->sk)->rttvar = 0;
	tcp_sk(c->sk)->rto = TCP_RTO_INIT;
}

/* s2: SRTT and RTTVAR after each round trip; the RTO is 200 ms or 4 RTTVAR more than SRTT (as Linux, not s2.4). */
static const struct {
	u32 ms, srtt, rttvar, rto, min; /* us, but ms */
} samples[] = {
	{400, 400000, 200000, 1200000, 400000}, /* R, R/2 */
	{400, 400000, 150000, 1000000, 400000}, /* RTTVAR 3/4 of it */
	{800, 450000, 212500, 1300000, 400000}, /* 7/8, 3/4 * 150 + 1/4 * 400 */
	{450, 450000, 159375, 1087500, 400000}, {100, 406250, 207031, 1234374, 100000},
	{300, 392968, 181836, 1120312, 100000},
};

static void by_numbers(bool step_by_step)
{
	struct conn c;

	begin(&c, step_by_step);
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct tcp_info info;

		say(&c);
		host_advance(samples[i].ms * MSEC);
		hear(&c);
		info = info_of(&c);
		cr_assert(info.tcpi_rtt == samples[i].srtt &&
				  info.tcpi_rttvar == samples[i].rttvar &&
				  info.tcpi_rto / 10 == samples[i].rto / 10 &&
				  info.tcpi_min_rtt == samples[i].min,
			  "row %zu: %u, %u, %u, %u", i, info.tcpi_rtt, info.tcpi_rttvar,
			  info.tcpi_rto, info.tcpi_min_rtt);
	}
	conn_close(&c);
}

WEIR_TEST(tcp_rtt, by_numbers)
{
	by_numbers(false);
}

WEIR_TEST(tcp_rtt, by_numbers_step_by_step)
{
	by_numbers(true);
}

/* The time from now until something is sent, in ms. */
static u32 wait_for_more(struct conn *c)
{
	u32 ms = 0;

	while (!nic_sent(c->nic) && ms < 300000) {
		host_advance(MSEC);
		ms++;
	}
	nic_forget(c->nic);
	return ms;
}

/* s5: twice as long each time (at most 120 s), until something new is acknowledged; s3: that tells no round trip. */
WEIR_TEST(tcp_rtt, the_timer_backs_off_and_karns_rule)
{
	struct conn c;

	begin(&c, false);
	say(&c);
	host_advance(100 * MSEC);
	hear(&c);
	cr_assert_eq(info_of(&c).tcpi_rto, 300000);
	say(&c);
	for (u32 want = 300; want < 300000; want *= 2) {
		u32 got = wait_for_more(&c), most = min(want, 120000U);

		cr_assert(got >= most && got <= most + 2, "%u, not %u", got, most);
	}
	hear(&c);
	cr_assert_eq(info_of(&c).tcpi_rtt, 100000);
	cr_assert_eq(info_of(&c).tcpi_min_rtt, 100000);
	say(&c);
	cr_assert(wait_for_more(&c) <= 302, "forgotten");
	hear(&c);
	conn_close(&c);
}

/* s5.3: who goes on acknowledging puts the timer off. */
WEIR_TEST(tcp_rtt, what_is_acknowledged_puts_the_timer_off)
{
	struct conn c;

	begin(&c, false);
	say(&c);
	host_advance(100 * MSEC);
	hear(&c);
	tcp_sk(c.sk)->nonagle = 1;
	for (int i = 0; i < 10; i++)
		say(&c);
	for (int i = 10; i > 1; i--) {
		host_advance(250 * MSEC);
		EXPECT_NOTHING(c.nic);
		c.una += 10;
		inject(c.nic, &(struct seg){.seq = c.rcv, .ack = c.una, .flags = TCP_ACK});
	}
	EXPECT_MIB(c.net, LINUX_MIB_TCPTIMEOUTS, 0);
	cr_assert_gt(wait_for_more(&c), 250U);
	EXPECT_MIB(c.net, LINUX_MIB_TCPTIMEOUTS, 1);
	hear(&c);
	conn_close(&c);
}
