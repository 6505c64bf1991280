/* SPDX-License-Identifier: MIT */
/* The host platform itself: what all other tests trust. Rules it enforces end in SIGABRT. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/errno.h"
#include "tests/unit/harness.h"

WEIR_TEST(host, allocations_are_counted_and_dirty)
{
	struct plat_cache *cache = plat_cache_create("things", 100);
	u8 *a = plat_alloc(33), *b = plat_cache_alloc(cache);

	cr_assert_eq(host_live_allocs(), 3);
	cr_assert_eq((uintptr_t)a % 16, 0);
	cr_assert_eq((uintptr_t)b % 64, 0);
	cr_assert(a[0] && a[32] && b[99], "fresh memory must not look cleared");
	plat_free(a);
	plat_cache_free(cache, b);
	plat_cache_destroy(cache);
	plat_free(NULL);
	cr_assert_eq(host_live_allocs(), 0);
}

WEIR_TEST(host, exactly_the_nth_allocation_fails)
{
	void *p[5];

	host_fail_alloc(3);
	for (int i = 0; i < 5; i++) {
		p[i] = plat_alloc(1);
		cr_assert_eq(!p[i], i == 2);
		cr_assert_eq(host_alloc_failed(), i >= 2);
	}
	for (int i = 0; i < 5; i++)
		plat_free(p[i]);
}

WEIR_TEST(host, the_loop_of_failing_allocations_ends_after_the_last)
{
	int rounds = 0, failures = 0;

	FOR_EACH_FAILING_ALLOC
	{
		void *a = plat_alloc(1), *b = plat_alloc(1), *c = plat_alloc(1);

		rounds++;
		failures += !a + !b + !c;
		plat_free(a);
		plat_free(b);
		plat_free(c);
	}
	cr_assert_eq(rounds, 4);
	cr_assert_eq(failures, 3);
}

WEIR_TEST(host, a_cache_with_objects_is_not_destroyed, .signal = SIGABRT)
{
	struct plat_cache *cache = plat_cache_create("things", 8);

	if (plat_cache_alloc(cache))
		plat_cache_destroy(cache);
}

WEIR_TEST(host, an_object_of_another_cache_dies, .signal = SIGABRT)
{
	struct plat_cache *a = plat_cache_create("a", 8), *b = plat_cache_create("b", 8);

	plat_cache_free(b, plat_cache_alloc(a));
}

WEIR_TEST(host, no_allocation_in_interrupts, .signal = SIGABRT)
{
	host_irq_enter();
	plat_free(plat_alloc(1));
}

WEIR_TEST(host, enabling_too_often_dies, .signal = SIGABRT)
{
	plat_bh_disable();
	plat_bh_enable();
	plat_bh_enable();
}

WEIR_TEST(host, waiting_with_softirqs_enabled_dies, .signal = SIGABRT)
{
	struct plat_wait w;

	plat_wait_init(&w);
	cr_assert_eq(plat_wait(&w, 0), 0);
}

WEIR_TEST(host, waiting_for_nothing_for_ever_dies, .signal = SIGABRT)
{
	struct plat_wait w;

	plat_wait_init(&w);
	plat_bh_disable();
	cr_assert_eq(plat_wait(&w, U64_MAX), 0);
}

/* A stack's periodic timers keep the world moving, but wake nobody. */
WEIR_TEST(host, waiting_for_timers_of_others_for_ever_dies, .signal = SIGABRT)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");
	struct plat_wait w;

	nic_inject(nic, &ARP_REQUEST(nic->peer, IP4(10, 0, 0, 2), nic->addr));
	plat_wait_init(&w);
	plat_bh_disable();
	cr_assert_eq(plat_wait(&w, U64_MAX), 0);
}

WEIR_TEST(host, the_clock_stands_still_until_somebody_waits)
{
	u64 start = plat_now(), wall = plat_wall();
	struct plat_wait w;

	host_run();
	cr_assert_eq(plat_now(), start);
	host_advance(86400 * NSEC_PER_SEC);
	cr_assert_eq(plat_now(), start + 86400 * NSEC_PER_SEC);
	cr_assert_eq(plat_wall(), wall + 86400 * NSEC_PER_SEC);
	plat_wait_init(&w);
	plat_bh_disable();
	cr_assert_eq(plat_wait(&w, plat_now() + 5), -ETIMEDOUT);
	plat_bh_enable();
	cr_assert_eq(plat_now(), start + 86400 * NSEC_PER_SEC + 5);
}

WEIR_TEST(host, random_bytes_follow_from_the_seed)
{
	u8 a[37], b[37];

	plat_random(a, sizeof(a));
	host_init(1);
	plat_random(b, sizeof(b));
	cr_assert_eq(memcmp(a, b, sizeof(a)), 0);
	host_init(2);
	plat_random(b, sizeof(b));
	cr_assert_neq(memcmp(a, b, sizeof(a)), 0);
}

/* --- threads --- */

static struct plat_wait queue;
static int turns[64], nr_turns, last_wait;

static void waiter(void *arg)
{
	plat_bh_disable();
	last_wait = plat_wait(&queue, U64_MAX);
	turns[nr_turns++] = (int)(intptr_t)arg;
	plat_bh_enable();
}

static void waker(void *arg)
{
	(void)arg;
	plat_bh_disable();
	turns[nr_turns++] = 99;
	plat_wake(&queue);
	plat_bh_enable();
}

WEIR_TEST(host, threads_wait_and_are_woken)
{
	struct host_thread *a, *b, *c;

	plat_wait_init(&queue);
	a = host_thread_start("a", waiter, (void *)1);
	b = host_thread_start("b", waiter, (void *)2);
	host_run();
	cr_assert_eq(nr_turns, 0);
	c = host_thread_start("c", waker, NULL);
	host_thread_join(a);
	host_thread_join(b);
	host_thread_join(c);
	cr_assert_eq(nr_turns, 3);
	cr_assert_eq(turns[0], 99);
	cr_assert_eq(turns[1] + turns[2], 3);
	cr_assert_eq(last_wait, 0);
}

WEIR_TEST(host, a_killed_thread_stops_waiting)
{
	struct host_thread *t;

	plat_wait_init(&queue);
	t = host_thread_start("t", waiter, (void *)1);
	host_run();
	host_thread_kill(t);
	host_thread_join(t);
	cr_assert_eq(last_wait, -EINTR);
}

static void sleeper(void *arg)
{
	u64 ms = (uintptr_t)arg;
	struct plat_wait w;

	plat_wait_init(&w);
	for (int i = 0; i < 3; i++) {
		plat_bh_disable();
		cr_assert_eq(plat_wait(&w, plat_now() + ms * NSEC_PER_MSEC), -ETIMEDOUT);
		turns[nr_turns++] = ms;
		plat_bh_enable();
	}
}

WEIR_TEST(host, sleeping_threads_wake_in_order_of_time)
{
	static const int want[] = {10, 10, 25, 10, 25, 25};
	u64 start = plat_now();
	struct host_thread *a = host_thread_start("a", sleeper, (void *)25);
	struct host_thread *b = host_thread_start("b", sleeper, (void *)10);

	host_thread_join(a);
	host_thread_join(b);
	cr_assert_eq(nr_turns, 6);
	cr_assert_eq(memcmp(turns, want, sizeof(want)), 0);
	cr_assert_eq(plat_now(), start + 75 * NSEC_PER_MSEC);
}

/* --- ports --- */

struct sink {
	u32 frames, bytes;
	u8 last[64];
};

static void to_sink(void *arg, struct frame *f)
{
	struct sink *s = arg;

	s->frames++;
	s->bytes += f->len;
	memcpy(s->last, f->data, min(f->len, 64U));
	frame_free(f);
}

static struct sink *listen_on(struct port *port)
{
	static struct sink sinks[4];
	static int n;

	port->deliver = to_sink;
	port->deliver_arg = &sinks[n];
	return &sinks[n++];
}

WEIR_TEST(ports, a_pair_carries_both_ways)
{
	struct port *end[2];
	struct sink *s[2];

	port_pair(end);
	s[0] = listen_on(end[0]);
	s[1] = listen_on(end[1]);
	port_send(end[0], frame_new("abc", 3));
	port_send(end[1], frame_new("defg", 4));
	cr_assert_eq(s[1]->bytes, 3);
	cr_assert_eq(s[0]->bytes, 4);
	port_close(end[0]);
	port_send(end[1], frame_new("x", 1));
	port_close(end[1]);
}

static struct fault_stats run_faults(const struct fault_config *config, u32 n, struct sink **sink)
{
	struct fault_stats stats;
	struct port *end[2], *bad;

	port_pair(end);
	bad = port_fault(end[0], config);
	*sink = listen_on(end[1]);
	for (u32 i = 0; i < n; i++) {
		port_send(bad, frame_new("0123456789", 10));
		host_run();
	}
	host_advance(NSEC_PER_SEC);
	stats = *port_fault_stats(bad);
	port_close(bad);
	port_close(end[1]);
	return stats;
}

WEIR_TEST(ports, faults_happen_at_their_rates)
{
	const struct fault_config config = {.seed = 3,
					    .loss = 100000,
					    .duplicate = 200000,
					    .reorder = 50000,
					    .bit_flip = 10000};
	struct sink *sink;
	struct fault_stats st = run_faults(&config, 10000, &sink), again;

	cr_assert_eq(st.frames, 10000);
	cr_assert(st.lost > 800 && st.lost < 1200, "%llu", (unsigned long long)st.lost);
	cr_assert(st.duplicated > 1600 && st.duplicated < 2000);
	cr_assert(st.reordered > 400 && st.reordered < 700);
	cr_assert(st.flipped > 60 && st.flipped < 180);
	cr_assert_eq(sink->frames, 10000 - st.lost + st.duplicated);
	again = run_faults(&config, 10000, &sink);
	cr_assert_eq(memcmp(&st, &again, sizeof(st)), 0, "the same seed must do the same");
}

WEIR_TEST(ports, delay_keeps_order_unless_told)
{
	const struct fault_config config = {.delay = 20 * NSEC_PER_MSEC,
					    .jitter = 10 * NSEC_PER_MSEC};
	struct port *end[2], *slow;
	struct sink *sink;
	u8 n;

	port_pair(end);
	slow = port_fault(end[0], &config);
	sink = listen_on(end[1]);
	for (n = 0; n < 50; n++)
		port_send(slow, frame_new(&n, 1));
	host_advance(19 * NSEC_PER_MSEC);
	cr_assert_eq(sink->frames, 0);
	for (u32 seen = 0; host_next_deadline() != U64_MAX;) {
		host_advance(host_next_deadline() - plat_now());
		cr_assert_gt(sink->frames, seen);
		seen = sink->frames;
		cr_assert_eq(sink->last[0], seen - 1);
	}
	cr_assert_eq(sink->frames, 50);
	port_close(slow);
	port_close(end[1]);
}

WEIR_TEST(ports, a_recorded_capture_replays_with_its_times)
{
	char path[] = "/tmp/weir-unit-XXXXXX";
	struct port *end[2], *rec, *replay;
	struct sink *sink;
	u64 start;

	cr_assert_geq(mkstemp(path), 0);
	port_pair(end);
	rec = port_pcap_record(end[0], path);
	cr_assert_not_null(rec);
	port_send(rec, frame_new("first frame", 11));
	host_advance(1500 * NSEC_PER_MSEC);
	port_send(end[1], frame_new("second", 6));
	port_close(rec);
	port_close(end[1]);

	replay = port_pcap_replay(path);
	cr_assert_not_null(replay);
	sink = listen_on(replay);
	start = plat_now();
	host_run();
	cr_assert_eq(sink->frames, 1);
	cr_assert_eq(memcmp(sink->last, "first frame", 11), 0);
	cr_assert_eq(host_next_deadline(), start + 1500 * NSEC_PER_MSEC);
	cr_assert_not(port_pcap_done(replay));
	host_advance(2 * NSEC_PER_SEC);
	cr_assert_eq(sink->frames, 2);
	cr_assert_eq(sink->bytes, 17);
	cr_assert(port_pcap_done(replay));
	port_close(replay);
	remove(path);
}

WEIR_TEST(ports, what_is_no_capture_is_refused)
{
	cr_assert_null(port_pcap_replay("/nonexistent/x.pcap"));
	cr_assert_eq(errno, ENOENT);
	cr_assert_null(port_pcap_replay("/proc/self/cmdline"));
	cr_assert_eq(errno, EINVAL);
}

/* --- the real clock --- */

/* A datagram socket in the place of a tap: frames in and out of the process, in real time. */
WEIR_TEST(real_clock, a_descriptor_carries_frames)
{
	struct net *net = stack_new();
	struct net_device *dev;
	u8 frame[2000], mac[6];
	struct pkt ask, got;
	ssize_t n = -1;
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
	host_real_clock();
	dev = port_nic_new(net, port_fd(fds[0]), "10.0.0.1/24");
	memcpy(mac, dev->dev_addr, sizeof(mac));
	ask = ARP_REQUEST(MAC_N(1), IP4(10, 0, 0, 2), IP4(10, 0, 0, 1));
	cr_assert_gt(write(fds[1], frame, pkt_build(&ask, frame)), 0);
	for (int i = 0; i < 500 && n < 0; i++) {
		host_advance(10 * NSEC_PER_MSEC);
		n = read(fds[1], frame, sizeof(frame));
	}
	cr_assert_gt(n, 0);
	cr_assert_null(pkt_parse(&got, frame, n));
	cr_assert(got.arp.op == 2 && got.arp.sha == mac_number(mac));
	close(fds[1]);
	/* Nobody reads any more: frames are lost, and that is all. */
	host_advance(10 * NSEC_PER_MSEC);
}

WEIR_TEST(real_clock, time_passes_by_itself)
{
	u64 start, before = plat_wall();
	u8 a[32], b[32];
	struct plat_wait w;

	host_real_clock();
	start = plat_now();
	plat_wait_init(&w);
	plat_bh_disable();
	cr_assert_eq(plat_wait(&w, start + 20 * NSEC_PER_MSEC), -ETIMEDOUT);
	plat_bh_enable();
	cr_assert_geq(plat_now() - start, 20 * NSEC_PER_MSEC);
	cr_assert_neq(plat_wall(), before);
	plat_random(a, sizeof(a));
	plat_random(b, sizeof(b));
	cr_assert_neq(memcmp(a, b, sizeof(a)), 0);
}

WEIR_TEST(ports, a_tap_needs_a_fitting_name)
{
	cr_assert_null(port_tap("a-name-that-is-too-long"));
	cr_assert_eq(errno, ENAMETOOLONG);
}
