/* SPDX-License-Identifier: MIT */
/*
 * net/platform.h in a Linux process: clock, softirqs, random numbers, log.
 *
 * There are no interrupts and no preemption, so "raised" means a bit, and softirqs run where bare
 * metal would run them at the latest: at the outermost plat_bh_enable(), and in every round of the
 * world (host_run, host_advance, plat_wait). Memory is in host_memory.c, waiting in host_thread.c.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "host/world.h"
#include "lib/fmt.h"
#include "net/net.h"

#define EPOCH         (1700000000 * NSEC_PER_SEC) /* the virtual wall clock at plat_now() == 0 */
#define BOOT_TIME     (1 * NSEC_PER_SEC)
#define MAX_RESTART   10 /* rounds of softirqs at plat_bh_enable() before host_run() has to go on */
#define MAX_ROUNDS    5000000 /* of host_run(): beyond this, somebody keeps raising for nothing */
#define MAX_FDS       64
#define LOG_LINE_SIZE 1024

struct host_world host;

void host_require(bool cond, const char *function, const char *rule)
{
	if (!cond)
		plat_panic("%s: %s", function, rule);
}

void host_init(u64 seed)
{
	if (host.begun) {
		host_require(!host_live_allocs(), __func__, "the old world still holds memory");
		host_require(list_empty(&host.sources), __func__, "the old world still has ports");
		host_require(list_empty(&host.threads), __func__,
			     "the old world still has threads");
	}
	host = (struct host_world){.begun = true, .now = BOOT_TIME, .random = seed, .log_level = 4};
	INIT_LIST_HEAD(&host.sources);
	host_memory_init();
	host_threads_init();
}

static u64 clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (u64)ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

void host_real_clock(void)
{
	host.real = true;
}

bool host_has_real_clock(void)
{
	return host.real;
}

void host_clock_creeps(u64 ns)
{
	host.creep = ns;
}

u64 plat_now(void)
{
	host.now = host.real ? clock_ns(CLOCK_MONOTONIC) : host.now + host.creep;
	return host.now;
}

u64 plat_wall(void)
{
	return host.real ? clock_ns(CLOCK_REALTIME) : EPOCH + host.now;
}

/* splitmix64: any seed gives a good sequence. */
static u64 next_random(void)
{
	u64 z = host.random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

u64 plat_memory(void)
{
	return 1ULL << 30;
}

void plat_random(void *buf, size_t len)
{
	u8 *p = buf;

	if (host.real && getrandom(buf, len, 0) == (ssize_t)len)
		return;
	for (u64 bits = 0, i = 0; i < len; i++, bits >>= 8) {
		if (i % 8 == 0)
			bits = next_random();
		p[i] = bits;
	}
}

void host_log_level(int level)
{
	host.log_level = level;
}

void host_log_hook(void (*fn)(void *arg, int level, const char *line), void *arg)
{
	host.log_fn = fn;
	host.log_arg = arg;
}

static void log_line(int level, const char *fmt, va_list ap)
{
	char line[LOG_LINE_SIZE];

	vscnprintf(line, sizeof(line), fmt, ap);
	if (host.log_fn)
		host.log_fn(host.log_arg, level, line);
	else
		fprintf(stderr, "[%5llu.%06llu] %s\n",
			(unsigned long long)(host.now / NSEC_PER_SEC),
			(unsigned long long)(host.now % NSEC_PER_SEC / 1000), line);
}

void plat_log(int level, const char *fmt, ...)
{
	va_list ap;

	if (level > host.log_level)
		return;
	va_start(ap, fmt);
	log_line(level, fmt, ap);
	va_end(ap);
}

void plat_panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	host.log_fn = NULL;
	log_line(0, fmt, ap);
	va_end(ap);
	abort();
}

/* The entry of net, or a new one. */
static struct host_net *host_net(struct net *net)
{
	struct host_net *free_entry = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(host.nets); i++) {
		struct host_net *h = &host.nets[i];

		if (h->net == net)
			return h;
		if (!free_entry && (!h->net || (!h->pending && h->timer == U64_MAX)))
			free_entry = h;
	}
	host_require(free_entry, __func__, "more than HOST_MAX_NETS stacks");
	*free_entry = (struct host_net){.net = net, .timer = U64_MAX};
	return free_entry;
}

void plat_raise_softirq(struct net *net, unsigned int nr)
{
	host_require(nr < SOFTIRQ_NR, __func__, "no such softirq");
	host_net(net)->pending |= 1U << nr;
}

void plat_set_timer(struct net *net, u64 deadline)
{
	host_require(host.bh_depth && !host.in_irq, __func__, "softirq context only");
	host_net(net)->timer = deadline;
}

void plat_bh_disable(void)
{
	host_require(!host.in_irq, __func__, "not in interrupts");
	host.bh_depth++;
}

/*
 * Runs what is raised now, once. False: nothing was. Softirqs that are raised meanwhile wait for
 * the next call.
 */
static bool run_softirqs(void)
{
	bool any = false;

	host.in_softirq = true;
	host.bh_depth++;
	for (size_t i = 0; i < ARRAY_SIZE(host.nets); i++) {
		struct host_net *h = &host.nets[i];
		u32 pending = h->pending;

		h->pending = 0;
		for (unsigned int nr = 0; pending >> nr; nr++) {
			if (pending >> nr & 1)
				net_softirq(h->net, nr);
		}
		any |= pending != 0;
	}
	host.bh_depth--;
	host.in_softirq = false;
	return any;
}

void plat_bh_enable(void)
{
	host_require(host.bh_depth, __func__, "softirqs are not disabled");
	if (host.bh_depth == 1 && !host.in_softirq) {
		host.bh_depth = 0;
		for (int i = 0; i < MAX_RESTART && run_softirqs(); i++)
			;
		return;
	}
	host.bh_depth--;
}

void host_irq_enter(void)
{
	host_require(!host.in_irq, __func__, "interrupts do not nest");
	host.in_irq = true;
}

void host_irq_exit(void)
{
	host.in_irq = false;
}

void host_source_add(struct host_source *s)
{
	list_add_tail(&s->list, &host.sources);
}

void host_source_del(struct host_source *s)
{
	list_del(&s->list);
}

static bool pump_sources(void)
{
	struct host_source *s, *tmp;
	bool any = false;

	list_for_each_entry_safe (s, tmp, &host.sources, list)
		any |= s->pump(s);
	return any;
}

static void raise_due_timers(void)
{
	u64 now = plat_now();

	for (size_t i = 0; i < ARRAY_SIZE(host.nets); i++) {
		struct host_net *h = &host.nets[i];

		if (!h->net || h->timer > now)
			continue;
		h->timer = U64_MAX;
		h->pending |= 1U << SOFTIRQ_TIMER;
	}
}

bool host_round(void)
{
	bool any;

	host_require(!host.bh_depth && !host.in_softirq, __func__, "softirqs must be enabled");
	raise_due_timers();
	any = pump_sources();
	return run_softirqs() || any;
}

u64 host_next_deadline(void)
{
	struct host_source *s;
	u64 next = host_threads_deadline();

	for (size_t i = 0; i < ARRAY_SIZE(host.nets); i++) {
		if (host.nets[i].net)
			next = min(next, host.nets[i].timer);
	}
	list_for_each_entry (s, &host.sources, list)
		next = min(next, s->deadline);
	return next;
}

/*
 * Real clock: sleeps until a file descriptor is readable, or until then. False: neither can happen.
 */
static bool idle_real(u64 until)
{
	struct pollfd fds[MAX_FDS];
	struct host_source *s;
	struct timespec ts;
	nfds_t n = 0;
	u64 now = plat_now(), rest;

	list_for_each_entry (s, &host.sources, list) {
		if (s->fd >= 0 && n < MAX_FDS)
			fds[n++] = (struct pollfd){.fd = s->fd, .events = POLLIN};
	}
	if (!n && until == U64_MAX)
		return false;
	rest = until > now ? until - now : 0;
	ts = (struct timespec){.tv_sec = rest / NSEC_PER_SEC, .tv_nsec = rest % NSEC_PER_SEC};
	ppoll(fds, n, until == U64_MAX ? NULL : &ts, NULL);
	return true;
}

bool host_idle(u64 limit)
{
	u64 until = min(host_next_deadline(), limit);

	if (host.real)
		return idle_real(until);
	if (until == U64_MAX)
		return false;
	host.now = max(host.now, until);
	return true;
}

void host_run(void)
{
	for (u32 rounds = 0; host_threads_run() || host_round(); rounds++)
		host_require(rounds < MAX_ROUNDS, __func__, "the world never comes to rest");
}

void host_advance(u64 ns)
{
	u64 end = plat_now() + ns;

	do {
		host_run();
	} while (plat_now() < end && host_idle(end));
	host_run();
}
