/* SPDX-License-Identifier: MIT */
/*
 * What every unit test stands on.
 *
 * 	WEIR_TEST(icmp, echo_is_answered)
 * 	{
 * 		struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");
 *
 * 		nic_inject(nic, &ECHO(IP4(10, 0, 0, 2), nic->addr, 7, 1, .len = 56));
 * 		EXPECT_PKT(nic, &ECHO_REPLY(nic->addr, IP4(10, 0, 0, 2), 7, 1, .len = 56));
 * 	}
 *
 * Each test is a process and a fresh world with the virtual clock (host/host.h). When the body
 * returns, the harness takes down the NICs and stacks that the test made, and fails it if they left
 * anything allocated.
 */
#pragma once

#include <criterion/criterion.h>

#include "host/host_dev.h"
#include "net/net.h"
#include "net/platform.h"
#include "net/snmp.h"
#include "tests/unit/packet.h"

#define WEIR_TEST(suite, name, ...)              \
	static void suite##_##name##_body(void); \
	Test(suite, name, ##__VA_ARGS__)         \
	{                                        \
		harness_begin();                 \
		suite##_##name##_body();         \
		harness_end();                   \
	}                                        \
	static void suite##_##name##_body(void)

/* For WEIR_TEST; also usable by hand where a test needs a new world within itself. */
void harness_begin(void);
void harness_end(void);

/*
 * Runs the block again and again, with the first, the second, the third ... allocation in it
 * failing, until it runs through without one. After each round the world must be empty again:
 *
 * 	FOR_EACH_FAILING_ALLOC {
 * 		struct net *net = stack_new();	(may be NULL now)
 * 		...
 * 	}
 */
#define FOR_EACH_FAILING_ALLOC \
	for (u64 fail_round_ = 1; harness_alloc_round(fail_round_); fail_round_++)
bool harness_alloc_round(u64 n);

/*
 * Fails the test unless nothing is allocated beyond what the stacks the test still has account for.
 */
#define EXPECT_NO_SKBS(net) \
	cr_assert_eq(net_skbs_in_use(net), 0, "%ld skbs in use", net_skbs_in_use(net))

/* --- stacks and NICs; taken down by harness_end() --- */

/* NULL only when an allocation was made to fail. */
struct net *stack_new(void);

/* The wire side of a NIC: the test. */
struct nic {
	struct list_head list, sent;
	struct net *net;
	struct net_device *dev;
	struct port *port;
	be32 addr;       /* the stack's address, 0: none */
	u64 mac;         /* the stack's */
	u64 peer;        /* default source of injected frames, and who answers ARP */
	bool answer_arp; /* the wire answers ARP requests (at first); else they are frames */
	struct frame *last;
	struct pkt got;
};

/*
 * A NIC that is up, with this address ("10.0.0.1/24"; NULL: none). NULL when the stack refused
 * (failing allocations).
 */
struct nic *nic_new(struct net *net, const char *cidr);

/* A stack with two NICs. */
struct world {
	struct net *net;
	struct nic *nic[2];
};
struct world two_nics_new(const char *first, const char *second);

/*
 * A router: eth0 (near) 10.0.1.1/24, eth1 (far) 10.0.2.1/24, whose neighbours 10.0.1.2 and 10.0.2.2 it knows; nothing is
 * noted as sent yet. NULL when the stack refused (failing allocations).
 */
struct net *router_new(struct nic **near, struct nic **far);

/* The same, whose received packets have only rx_linear bytes linear (host/host_dev.h). */
struct nic *fragmenting_nic_new(struct net *net, const char *cidr, u32 rx_linear);

/* The same, down and without an address, on a port of the test's: pair, fault ... */
struct net_device *port_nic_new(struct net *net, struct port *port, const char *cidr);

/* dev up with address cidr; false: the stack refused. */
bool nic_up(struct net_device *dev, const char *cidr);

/* Two stacks on a cable, 10.0.0.2 and 10.0.0.1; the client's end is bad if there are faults. */
struct lan {
	struct net *client, *server;
	struct net_device *client_dev, *server_dev;
	struct port *bad;
};

/* False when the stack refused (failing allocations). */
bool lan_new(struct lan *lan, const struct fault_config *faults);

/* Puts a frame on the wire and runs the world. dst and src left 0: the NIC's and the peer's. */
void nic_inject(struct nic *nic, const struct pkt *p);
void nic_inject_raw(struct nic *nic, const void *frame, u32 len);
/* The same without running the world: for bursts. */
void nic_queue(struct nic *nic, const struct pkt *p);

/*
 * The next frame that the stack sent, checked to be well-formed; NULL: none. Valid until the next
 * call.
 */
const struct pkt *nic_next(struct nic *nic);

/* Frames sent and not looked at yet. */
unsigned int nic_sent(const struct nic *nic);
void nic_forget(struct nic *nic);

const struct pkt *nic_expect(struct nic *nic, const struct pkt *want, const char *file, int line);
void nic_expect_none(struct nic *nic, const char *file, int line);

/* The next frame sent must be as want says; prints both if not. Yields it. */
#define EXPECT_PKT(nic, want) nic_expect(nic, want, __FILE__, __LINE__)
/* Nothing has been sent (any more). */
#define EXPECT_NOTHING(nic) nic_expect_none(nic, __FILE__, __LINE__)

/* --- counters --- */

/* A reason's drops, a MIB counter, of net. */
u64 drops(const struct net *net, unsigned int reason);
u64 mib(const struct net *net, unsigned int which);

#define EXPECT_DROPS(net, reason, n)                                           \
	cr_assert_eq(drops(net, SKB_DROP_REASON_##reason), (u64)(n),           \
		     "drops of " #reason ": %llu, not %llu",                   \
		     (unsigned long long)drops(net, SKB_DROP_REASON_##reason), \
		     (unsigned long long)(n))
#define EXPECT_MIB(net, which, n)                                          \
	cr_assert_eq(mib(net, which), (u64)(n), #which ": %llu, not %llu", \
		     (unsigned long long)mib(net, which), (unsigned long long)(n))

/* --- the control language --- */

/*
 * Runs a command line; its output (both streams) is in *text until the next call (text may be
 * NULL). Exit status.
 */
int ctl(struct net *net, const char **text, const char *fmt, ...) __printf(3, 4);

/* The same, must succeed; yields the output. */
#define CTL(net, ...)                                                                       \
	({                                                                                  \
		const char *ctl_text_;                                                      \
		int ctl_status_ = ctl(net, &ctl_text_, __VA_ARGS__);                        \
		cr_assert_eq(ctl_status_, 0, "exit status %d: %s", ctl_status_, ctl_text_); \
		ctl_text_;                                                                  \
	})

/* --- random test data; follows from the world's seed --- */

u64 rnd(void);
u32 rnd_below(u32 n);
