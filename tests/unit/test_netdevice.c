/* SPDX-License-Identifier: MIT */
/*
 * Devices: names and numbers, up and down, the ring that fills, NAPI's budget, lo; and the trace of
 * a packet's way.
 */
#include <string.h>

#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/trace.h"
#include "net/wire/eth_hdr.h"
#include "tests/unit/harness.h"

#define PEER IP4(10, 0, 0, 2)

static struct net_device *add(struct net *net, const char *name)
{
	const struct host_dev_config config = {.name = name};

	return host_dev_add(net, port_user(NULL, NULL), &config);
}

WEIR_TEST(netdevice, names_and_numbers)
{
	static const char *const bad[] = {"",     ".",   "..", "a/b",  "a:b", "a b",
					  "x%dy", "x%s", "lo", "eth1", "all", "default"};
	struct net *net = stack_new();
	struct net_device *a = add(net, "eth%d"), *b = add(net, "eth%d"), *c = add(net, "wan");

	cr_assert(!strcmp(a->name, "eth0") && !strcmp(b->name, "eth1") && !strcmp(c->name, "wan"));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert_null(add(net, bad[i]), "'%s'", bad[i]);
	cr_assert_eq(dev_get_by_name(net, "wan"), c);
	cr_assert_eq(dev_get_by_index(net, b->ifindex), b);
	cr_assert_null(dev_get_by_name(net, "eth9"));
	cr_assert_null(dev_get_by_index(net, 0));
	cr_assert_null(dev_get_by_index(net, c->ifindex + 1));
	cr_assert_null(dev_get_by_index(net, U32_MAX));
	host_dev_remove(a);
	a = add(net, "eth%d");
	cr_assert_str_eq(a->name, "eth0", "the lowest free number");
	host_dev_remove(a);
	host_dev_remove(b);
	host_dev_remove(c);
}

WEIR_TEST(netdevice, there_is_room_for_so_many)
{
	struct net *net = stack_new();
	struct net_device *devs[MAX_NETDEVS];
	u32 n = 0;

	while (n < MAX_NETDEVS && (devs[n] = add(net, "eth%d")))
		n++;
	cr_assert_eq(n, MAX_NETDEVS - 1, "lo is one");
	while (n)
		host_dev_remove(devs[--n]);
}

WEIR_TEST(netdevice, mtu_and_mac_have_bounds)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");
	const u8 zero[6] = {0}, multicast[6] = {1}, good[6] = {2, 3, 4, 5, 6, 7};

	plat_bh_disable();
	cr_assert_eq(dev_set_mtu(nic->dev, 67), -EINVAL);
	cr_assert_eq(dev_set_mtu(nic->dev, 65536), -EINVAL);
	cr_assert_eq(dev_set_mtu(nic->dev, 68), 0);
	cr_assert_eq(dev_set_mac_address(nic->dev, zero), -EADDRNOTAVAIL);
	cr_assert_eq(dev_set_mac_address(nic->dev, multicast), -EADDRNOTAVAIL);
	cr_assert_eq(dev_set_mac_address(nic->dev, good), 0);
	plat_bh_enable();
	nic_inject(nic, &ARP_REQUEST(nic->peer, PEER, nic->addr));
	EXPECT_PKT(nic, &ARP_REPLY(mac_number(good), nic->addr, nic->peer, PEER));
}

WEIR_TEST(netdevice, down_means_silence)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");

	CTL(nic->net, "ip link set eth0 down");
	nic_inject(nic, &ECHO(PEER, nic->addr, 1, 1));
	EXPECT_NOTHING(nic);
	cr_assert_eq(nic->dev->stats.rx_dropped, 1);
	CTL(nic->net, "ip link set eth0 up");
	nic_inject(nic, &ECHO(PEER, nic->addr, 1, 1));
	EXPECT_PKT(nic, &ECHO_REPLY(nic->addr, PEER, 1, 1));
}

WEIR_TEST(netdevice, without_carrier_nothing_leaves)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");

	netif_carrier_off(nic->dev);
	nic_inject(nic, &ECHO(PEER, nic->addr, 1, 1));
	EXPECT_NOTHING(nic);
	netif_carrier_on(nic->dev);
	host_advance(3 * NSEC_PER_SEC); /* ARP's questions of before are given up or asked again */
	nic_forget(nic);
	nic_inject(nic, &ECHO(PEER, nic->addr, 1, 2));
	EXPECT_PKT(nic, &ECHO_REPLY(nic->addr, PEER, 1, 2));
	EXPECT_NO_SKBS(nic->net);
}

/* A packet that waits for ARP when the MTU shrinks no longer fits the device. */
WEIR_TEST(netdevice, what_was_made_for_a_larger_mtu_is_dropped)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");

	nic->answer_arp = false;
	nic_inject(nic, &ECHO(PEER, nic->addr, 1, 1, .len = 1000));
	nic_forget(nic);
	CTL(nic->net, "ip link set eth0 mtu 576");
	nic_inject(nic, &ARP_REPLY(nic->peer, PEER, nic->mac, nic->addr));
	EXPECT_NOTHING(nic);
	EXPECT_DROPS(nic->net, FRAME_TOO_LONG, 1);
	EXPECT_NO_SKBS(nic->net);
}

/* More frames than one softirq may handle, in one go: none is lost, order stays. */
WEIR_TEST(netdevice, more_than_the_budget)
{
	const struct host_dev_config deep = {.ring = 4096};
	struct nic *nic = nic_new(stack_new(), NULL);
	struct port *ends[2];
	struct net_device *dev;

	port_pair(ends);
	dev = host_dev_add(nic->net, ends[0], &deep);
	cr_assert(nic_up(dev, "10.0.0.1/24"));
	for (u32 i = 0; i < 3000; i++) {
		struct pkt p = UDP4(PEER, 1, IP4(10, 0, 0, 1), 99, .src = MAC_N(2),
				    .dst = mac_number(dev->dev_addr));
		u8 buf[100];

		port_send(ends[1], frame_new(buf, pkt_build(&p, buf)));
	}
	host_run();
	cr_assert_eq(dev->stats.rx_packets, 3000);
	EXPECT_MIB(nic->net, UDP_MIB_NOPORTS, 3000);
	host_dev_remove(dev);
	port_close(ends[1]);
}

WEIR_TEST(netdevice, frames_of_every_kind_are_counted)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");

	for (u32 len = 0; len < 14; len++)
		nic_inject_raw(nic, "\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\x08", len);
	EXPECT_DROPS(nic->net, FRAME_TOO_SHORT, 14);
	nic_inject(nic, &(struct pkt){.ethertype = 0x86dd, .len = 40});
	nic_inject(nic, &(struct pkt){.ethertype = 40, .len = 40});
	EXPECT_DROPS(nic->net, UNHANDLED_PROTO, 2);
	EXPECT_NOTHING(nic);
}

/* Registered or not, a device leaves nothing behind when memory runs out in the middle. */
WEIR_TEST(netdevice, registering_may_fail_anywhere)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct net *net = stack_new();
		struct net_device *dev = net ? add(net, "eth%d") : NULL;

		if (dev)
			host_dev_remove(dev);
	}
}

WEIR_TEST(netdevice, lo_takes_the_largest_packet)
{
	struct net *net = stack_new();

	CTL(net, "ip -o link show lo");
	cr_assert_eq(net->loopback_dev->mtu, 65536);
	cr_assert(net->loopback_dev->flags & IFF_UP);
}

/* --- the trace --- */

static char way[1024];

static void note(void *arg, const struct trace_entry *e)
{
	(void)arg;
	strcat(way, e->drop ? "!" : "");
	strcat(way, e->where);
	strcat(way, " ");
}

static const char *trace_of(struct nic *nic, const struct pkt *p)
{
	plat_bh_disable();
	trace_clear(nic->net);
	trace_arm(nic->net, 1);
	plat_bh_enable();
	nic_inject(nic, p);
	nic_forget(nic);
	way[0] = 0;
	trace_for_each(nic->net, note, NULL);
	return way;
}

WEIR_TEST(trace, a_packets_way_in_order)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");
	const char *p;

	nic_inject(nic, &ECHO(PEER, nic->addr, 1, 1));
	nic_forget(nic);
	p = trace_of(nic, &ECHO(PEER, nic->addr, 1, 1));
	cr_assert_str_eq(
		p, "netif_receive_skb ip_rcv ip_rcv_finish ip_local_deliver_finish icmp_rcv ");
	p = trace_of(nic, &ECHO(PEER, nic->addr, 1, 1, .ip.bad_csum = 1));
	cr_assert_str_eq(p, "netif_receive_skb ip_rcv !IpCsum ");
	p = trace_of(nic, &UDP4(PEER, 1, nic->addr, 99));
	cr_assert_not_null(strstr(p, "!NoSocket"), "%s", p);
	p = trace_of(nic, &ARP_REQUEST(nic->peer, PEER, nic->addr));
	cr_assert_str_eq(p, "netif_receive_skb arp_rcv ");
}

WEIR_TEST(trace, only_as_many_as_asked_and_the_ring_forgets_the_oldest)
{
	struct nic *nic = nic_new(stack_new(), "10.0.0.1/24");
	u32 entries = 0;

	plat_bh_disable();
	trace_arm(nic->net, 3);
	plat_bh_enable();
	for (int i = 0; i < 10; i++)
		nic_inject(nic, &ECHO(PEER, nic->addr, 1, i, .ip.bad_csum = 1));
	way[0] = 0;
	trace_for_each(nic->net, note, NULL);
	for (const char *p = way; (p = strstr(p, "!IpCsum")); p++)
		entries++;
	cr_assert_eq(entries, 3);
	cr_assert_eq(nic->net->trace_budget, 0);

	plat_bh_disable();
	trace_arm(nic->net, 5000);
	plat_bh_enable();
	for (int i = 0; i < 500; i++)
		nic_inject(nic, &ECHO(PEER, nic->addr, 1, i, .ip.bad_csum = 1));
	cr_assert_not_null(strstr(CTL(nic->net, "trace"), "IpCsum"));
}
