/* SPDX-License-Identifier: MIT */
/*
 * Two stacks on a cable that loses, reorders, duplicates, flips bits and marks, from a seed; thousands of seeds. Both send,
 * one closes its half before the other begins or while it sends: the exact bytes arrive, both ends close without a
 * reset, and nothing is left. Settings are drawn from the seed as well.
 */
#include <string.h>

#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/sock.h"
#include "net/tcp/tcp_sock.h"
#include "tests/unit/harness.h"

#define SERVER IP4(10, 0, 0, 1)
#define HTTP   CPU_TO_BE16(80)

struct end {
	struct sock *sk;
	u64 seed; /* of what it sends */
	u32 total, sent, got;
	bool shut, eof, waits; /* waits: sends only once the other has shut */
	u32 bad, most;         /* most: of a message; 0: 3000 */
	long err;
};

struct cable {
	struct net *net[2];
	struct port *faulty;
	struct end end[2];
};

static u8 byte_at(u64 seed, u32 i)
{
	u32 x = (i + (u32)seed * 31) * 2654435761U;

	return x >> 24 ^ x >> 11;
}

static void cable_new(struct cable *c, const struct fault_config *faults)
{
	struct port *ends[2];

	memset(c, 0, sizeof(*c));
	c->net[0] = stack_new();
	c->net[1] = stack_new();
	port_pair(ends);
	ends[0] = c->faulty = port_fault(ends[0], faults);
	port_nic_new(c->net[0], ends[0], "10.0.0.2/24");
	port_nic_new(c->net[1], ends[1], "10.0.0.1/24");
}

static void set_both(struct cable *c, const char *name, const char *value)
{
	for (int i = 0; i < 2; i++)
		CTL(c->net[i], "sysctl -qw net.ipv4.%s=%s", name, value);
}

static void cable_connect(struct cable *c)
{
	struct sock_addr any = {0, HTTP}, to = {SERVER, HTTP};
	struct sock *l;

	cr_assert_eq(sock_create(c->net[1], AF_INET, SOCK_STREAM, 0, &l), 0);
	cr_assert_eq(sock_bind(l, &any), 0);
	cr_assert_eq(sock_listen(l, 1), 0);
	cr_assert_eq(sock_create(c->net[0], AF_INET, SOCK_STREAM, 0, &c->end[0].sk), 0);
	sock_connect(c->end[0].sk, &to, true);
	for (int i = 0; i < 600 && sock_accept(l, true, &c->end[1].sk, NULL); i++)
		host_advance(NSEC_PER_SEC / 2);
	cr_assert(c->end[1].sk);
	sock_close(l);
}

/* As much as goes; true: something went. */
static bool write_some(struct end *e, const struct end *other)
{
	u8 buf[3000];
	u32 n = min(e->total - e->sent,
		    1 + (e->sent * 7919U) % (e->most ? e->most : (u32)sizeof(buf)));
	struct sock_iovec iov = {buf, n};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};
	long ret;

	if (e->shut || (e->waits && !other->shut))
		return false;
	if (e->sent == e->total) {
		e->shut = true;
		cr_assert_eq(sock_shutdown(e->sk, SHUT_WR), 0);
		return true;
	}
	for (u32 i = 0; i < n; i++)
		buf[i] = byte_at(e->seed, e->sent + i);
	ret = sock_sendmsg(e->sk, &msg, MSG_DONTWAIT);
	if (ret < 0 && ret != -EAGAIN)
		e->err = ret;
	e->sent += ret > 0 ? ret : 0;
	return ret > 0;
}

static bool read_some(struct end *e, u64 seed)
{
	u8 buf[5000];
	struct sock_iovec iov = {buf, sizeof(buf)};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};
	long n;

	if (e->eof)
		return false;
	n = sock_recvmsg(e->sk, &msg, MSG_DONTWAIT);
	if (n < 0 && n != -EAGAIN)
		e->err = n;
	e->eof = n == 0;
	for (long i = 0; i < n; i++)
		e->bad += buf[i] != byte_at(seed, e->got + i);
	e->got += n > 0 ? n : 0;
	return n >= 0;
}

static bool step(struct cable *c)
{
	bool any = false;

	for (int i = 0; i < 2; i++) {
		while (write_some(&c->end[i], &c->end[!i]))
			any = true;
		while (read_some(&c->end[i], c->end[!i].seed))
			any = true;
	}
	return any;
}

/* What is to be seen of a conversation when it is over. */
struct record {
	u64 mib[2][SNMP_MIB_NR];
	u8 info[2][sizeof(struct tcp_info)];
	u64 ends;
};

static void take_record(const struct cable *c, struct record *r)
{
	for (int i = 0; i < 2; i++) {
		struct tcp_info info;

		memcpy(r->mib[i], c->net[i]->mib, sizeof(r->mib[i]));
		tcp_get_info(tcp_sk(c->end[i].sk), &info);
		memcpy(r->info[i], &info, sizeof(info));
	}
	r->ends = plat_now();
}

/* Until both have read the other's end. */
static void talk(struct cable *c, u64 seed, struct record *r)
{
	u64 pause = NSEC_PER_MSEC, until = plat_now() + 3000 * NSEC_PER_SEC;

	while (plat_now() < until && !(c->end[0].eof && c->end[1].eof) && !c->end[0].err &&
	       !c->end[1].err) {
		pause = step(c) ? NSEC_PER_MSEC : min(pause * 2, NSEC_PER_SEC);
		host_advance(pause);
	}
	if (r)
		take_record(c, r);
	for (int i = 0; i < 2; i++) {
		const struct end *e = &c->end[i];

		cr_assert(e->eof && !e->bad && !e->err && e->got == c->end[!i].total,
			  "seed %lu, end %d: got %u of %u, %u bad, error %ld, sent %u",
			  (unsigned long)seed, i, e->got, c->end[!i].total, e->bad, e->err,
			  e->sent);
		sock_close(e->sk);
	}
	host_advance(300 * NSEC_PER_SEC);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(c->net[i]->tcp->nr, 0, "seed %lu", (unsigned long)seed);
		cr_assert_eq(c->net[i]->tcp->nr_orphans, 0, "seed %lu", (unsigned long)seed);
		EXPECT_MIB(c->net[i], LINUX_MIB_TCPABORTONTIMEOUT, 0);
		EXPECT_MIB(c->net[i], LINUX_MIB_TCPABORTONDATA, 0);
	}
}

/* Bits of the seed choose the settings, so that all combinations come. */
static void settings(struct cable *c, u64 seed)
{
	set_both(c, "tcp_congestion_control", seed & 1 ? "reno" : "cubic");
	set_both(c, "tcp_sack", seed & 6 ? "1" : "0");
	set_both(c, "tcp_timestamps", seed & 24 ? "1" : "0");
	set_both(c, "tcp_recovery", seed & 96 ? "1" : "0");
	set_both(c, "tcp_ecn", seed & 128 ? "1" : "2");
	set_both(c, "tcp_frto", seed & 768 ? "2" : "0");
	set_both(c, "tcp_early_retrans", seed & 512 ? "3" : "0");
}

/* r: of a conversation in small messages, and every other one over a cable without faults. */
static void one_seed(u64 seed, bool step_by_step, struct record *r)
{
	struct fault_config f = {.seed = seed,
				 .loss = rnd_below(100000),
				 .duplicate = rnd_below(30000),
				 .reorder = rnd_below(150000),
				 .reorder_delay = 1 + rnd_below(30) * NSEC_PER_MSEC,
				 .bit_flip = rnd_below(10000),
				 .ce = seed & 128 ? rnd_below(100000) : 0,
				 .delay = rnd_below(40) * NSEC_PER_MSEC,
				 .jitter = rnd_below(5) * NSEC_PER_MSEC};
	struct cable c;

	if (r && seed & 2)
		f = (struct fault_config){.seed = seed, .delay = f.delay, .jitter = f.jitter};
	cable_new(&c, &f);
	settings(&c, seed);
	for (int i = 0; i < 2; i++)
		c.net[i]->tcp->no_prediction = step_by_step;
	cable_connect(&c);
	for (int i = 0; i < 2; i++) {
		c.end[i].seed = seed + i;
		c.end[i].most = r ? 400 : 0;
		c.end[i].total = rnd_below(seed % 16 ? 20000 : 200000);
	}
	c.end[1].waits = rnd_below(2);
	talk(&c, seed, r);
	harness_end();
	harness_begin();
}

static void seeds(u64 first, u64 count)
{
	for (u64 seed = first; seed < first + count; seed++)
		one_seed(seed, false, NULL);
}

WEIR_TEST(tcp_lossy, seeds_from_1, .timeout = 120)
{
	seeds(1, 750);
}

WEIR_TEST(tcp_lossy, seeds_from_1001, .timeout = 120)
{
	seeds(1001, 750);
}

WEIR_TEST(tcp_lossy, seeds_from_2001, .timeout = 120)
{
	seeds(2001, 750);
}

WEIR_TEST(tcp_lossy, seeds_from_3001, .timeout = 120)
{
	seeds(3001, 750);
}

/* Header prediction is a shorter way to the same: every counter, all that TCP_INFO tells, and the time. */
WEIR_TEST(tcp_lossy, prediction_changes_nothing, .timeout = 120)
{
	static struct record r[2];

	for (u64 seed = 5001; seed < 5200; seed++) {
		for (int i = 0; i < 2; i++)
			one_seed(seed, i, &r[i]);
		for (int i = 0; i < 2; i++) {
			for (u32 m = 0; m < SNMP_MIB_NR; m++)
				cr_assert_eq(r[0].mib[i][m], r[1].mib[i][m],
					     "seed %lu, end %d, counter %u: %lu, %lu",
					     (unsigned long)seed, i, m,
					     (unsigned long)r[0].mib[i][m],
					     (unsigned long)r[1].mib[i][m]);
			cr_assert(!memcmp(r[0].info[i], r[1].info[i], sizeof(r[0].info[i])),
				  "seed %lu, end %d: TCP_INFO", (unsigned long)seed, i);
		}
		cr_assert_eq(r[0].ends, r[1].ends, "seed %lu", (unsigned long)seed);
	}
}

/* ---- what a loss costs ---- */

struct cost {
	u64 lost, again, timeouts, ns;
};

static void measure(struct cost *cost, const struct fault_config *f, const char *ca)
{
	struct cable c;
	u64 began;

	cable_new(&c, f);
	set_both(&c, "tcp_congestion_control", ca);
	cable_connect(&c);
	c.end[0].total = 1000000;
	c.end[0].seed = f->seed;
	c.end[1].waits = true;
	began = plat_now();
	talk(&c, f->seed, NULL);
	cost->ns += plat_now() - began - 300 * NSEC_PER_SEC;
	cost->lost += port_fault_stats(c.faulty)->lost;
	for (int i = 0; i < 2; i++) {
		cost->again += c.net[i]->mib[TCP_MIB_RETRANSSEGS];
		cost->timeouts += c.net[i]->mib[LINUX_MIB_TCPTIMEOUTS];
	}
	harness_end();
	harness_begin();
}

/* What is sent again is what was lost (ACKs are lost, too, and need not be), and few losses wait for the timer. */
WEIR_TEST(tcp_lossy, retransmissions_are_as_many_as_losses, .timeout = 120)
{
	static const char *const algorithms[] = {"cubic", "reno"};

	for (size_t a = 0; a < ARRAY_SIZE(algorithms); a++) {
		struct cost cost = {0};

		for (u64 seed = 1; seed <= 10; seed++)
			measure(&cost,
				&(struct fault_config){
					.seed = seed, .loss = 20000, .delay = 10 * NSEC_PER_MSEC},
				algorithms[a]);
		cr_assert(cost.again > cost.lost / 3 && cost.again <= cost.lost,
			  "%s: %lu lost, %lu sent again", algorithms[a], (unsigned long)cost.lost,
			  (unsigned long)cost.again);
		cr_assert(cost.timeouts <= cost.lost / 20, "%s: %lu lost, %lu timeouts",
			  algorithms[a], (unsigned long)cost.lost, (unsigned long)cost.timeouts);
	}
}

/* Reordering alone is found out, and then believed: little is sent again. */
WEIR_TEST(tcp_lossy, reordering_is_not_loss, .timeout = 120)
{
	struct cost cost = {0};

	for (u64 seed = 1; seed <= 10; seed++)
		measure(&cost,
			&(struct fault_config){.seed = seed,
					       .reorder = 50000,
					       .reorder_delay = 4 * NSEC_PER_MSEC,
					       .delay = 10 * NSEC_PER_MSEC},
			"cubic");
	cr_assert_eq(cost.timeouts, 0);
	cr_assert(cost.again < 100, "%lu sent again", (unsigned long)cost.again);
}
