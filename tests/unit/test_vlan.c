/* SPDX-License-Identifier: MIT */
/* VLAN devices: tags off and on, what follows the device below, names, limits, memory that runs out. */
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/inetdevice.h"
#include "net/vlan.h"
#include "tests/unit/harness.h"

#define US   IP4(10, 5, 0, 1)
#define PEER IP4(10, 5, 0, 2)

static struct net *net;
static struct nic *nic;

static void host(void)
{
	net = stack_new();
	nic = nic_new(net, "10.0.0.1/24");
	nic->answer_arp = false;
	CTL(net, "ip link add link eth0 name eth0.5 type vlan id 5");
	CTL(net, "ip addr add 10.5.0.1/24 dev eth0.5");
	CTL(net, "ip link set eth0.5 up");
	CTL(net, "ip neigh add 10.5.0.2 lladdr 02:57:00:00:02:01 dev eth0.5");
}

/* The frame of p with tags in front of its type, the outer one first. */
static void inject_tagged(struct nic *to, const struct pkt *p, const u32 *tags, u32 n)
{
	struct pkt filled = *p;
	static u8 plain[PKT_MAX], frame[PKT_MAX];
	u32 len;

	filled.dst = filled.dst ? filled.dst : to->mac;
	filled.src = filled.src ? filled.src : to->peer;
	len = pkt_build(&filled, plain);
	memcpy(frame, plain, 12);
	for (u32 i = 0; i < n; i++)
		put_unaligned_be32(tags[i], frame + 12 + 4 * i);
	memcpy(frame + 12 + 4 * n, plain + 12, len - 12);
	nic_inject_raw(to, frame, len + 4 * n);
}

static void inject_vlan(const struct pkt *p, u32 vid)
{
	inject_tagged(nic, p, (const u32[]){0x81000000 | vid}, 1);
}

/* The next frame sent has this tag and is otherwise as wanted. */
static void expect_vlan(struct nic *from, u32 vid, const struct pkt *want)
{
	static u8 frame[PKT_MAX];
	const struct pkt *tagged = nic_next(from);
	struct pkt got = {0};
	const char *wrong;

	cr_assert_not_null(tagged, "no frame");
	cr_assert_eq(get_unaligned_be32(from->last->data + 12), 0x81000000 | vid);
	memcpy(frame, from->last->data, 12);
	memcpy(frame + 12, from->last->data + 16, from->last->len - 16);
	wrong = pkt_parse(&got, frame, from->last->len - 4);
	cr_assert_null(wrong, "%s", wrong);
	wrong = pkt_compare(want, &got);
	cr_assert_null(wrong, "%s", wrong);
}

static struct net_device *dev_of(const char *name)
{
	return dev_get_by_name(net, name);
}

WEIR_TEST(vlan, tags_come_off_and_go_on)
{
	host();
	inject_vlan(&ECHO(PEER, US, 1, 1, .len = 40), 5);
	expect_vlan(nic, 5, &ECHO_REPLY(US, PEER, 1, 1, .src = nic->mac, .dst = MAC_N(0x201)));
	cr_assert_eq(dev_of("eth0.5")->stats.rx_packets, 1);
	cr_assert_eq(dev_of("eth0.5")->stats.rx_bytes, 68, "as Linux: behind the link header");
	cr_assert_eq(dev_of("eth0.5")->stats.tx_packets, 1);
	cr_assert_eq(dev_of("eth0.5")->stats.tx_bytes, 82, "without the tag");
	cr_assert_eq(nic->dev->stats.tx_bytes, 86);
	/* Its priority is not our matter. */
	inject_vlan(&ECHO(PEER, US, 1, 2), 5 | 7 << 13 | 1 << 12);
	expect_vlan(nic, 5, &ECHO_REPLY(US, PEER, 1, 2));
	EXPECT_NOTHING(nic);
}

WEIR_TEST(vlan, arp_is_spoken_inside_it)
{
	host();
	inject_vlan(&ARP_REQUEST(MAC_N(9), IP4(10, 5, 0, 9), US), 5);
	expect_vlan(nic, 5, &ARP_REPLY(nic->mac, US, MAC_N(9), IP4(10, 5, 0, 9)));
	inject_vlan(&ECHO(IP4(10, 5, 0, 8), US, 1, 1), 5);
	expect_vlan(nic, 5, &ARP_REQUEST(nic->mac, US, IP4(10, 5, 0, 8)));
	inject_vlan(&ARP_REPLY(MAC_N(8), IP4(10, 5, 0, 8), nic->mac, US), 5);
	expect_vlan(nic, 5, &ECHO_REPLY(US, IP4(10, 5, 0, 8), 1, 1, .dst = MAC_N(8)));
	/* What is learnt in a VLAN is no neighbour of the device below. */
	cr_assert_str_eq(CTL(net, "ip neigh show dev eth0"), "");
}

/* Tags, and whether who they lead to answers: 'v' the VLAN's address, 'u' the untagged one. */
static const struct {
	const char *name;
	u32 tags[3], n;
	char asked, answered;
} tag_rows[] = {
	{"unknown VLAN", {0x81000006}, 1, 'v', 0},
	{"unknown VLAN, our untagged address", {0x81000006}, 1, 'u', 0},
	{"priority tag", {0x81000000}, 1, 'u', 'u'},
	{"priority tag, priority 7", {0x8100e000}, 1, 'u', 'u'},
	{"two priority tags", {0x81000000, 0x8100e000}, 2, 'u', 'u'},
	{"priority tag, then the VLAN's", {0x81000000, 0x81000005}, 2, 'v', 'v'},
	{"service tag of the same number", {0x88a80005}, 1, 'v', 0},
	{"priority service tag", {0x88a80000}, 1, 'u', 'u'},
	{"the VLAN's, then a priority tag", {0x81000005, 0x81000000}, 2, 'v', 'v'},
	{"the VLAN's twice", {0x81000005, 0x81000005}, 2, 'v', 0},
	{"reserved number", {0x81000fff}, 1, 'v', 0},
	{"three", {0x81000000, 0x81000000, 0x81000005}, 3, 'v', 'v'},
};

WEIR_TEST(vlan, a_row_for_each_kind_of_tag)
{
	host();
	CTL(net, "ip neigh add 10.0.0.2 lladdr 02:57:00:00:02:01 dev eth0");
	for (u32 i = 0; i < ARRAY_SIZE(tag_rows); i++) {
		bool inside = tag_rows[i].asked == 'v';
		be32 us = inside ? US : nic->addr, peer = inside ? PEER : IP4(10, 0, 0, 2);
		struct pkt reply = ECHO_REPLY(us, peer, 1, 1);

		inject_tagged(nic, &ECHO(peer, us, 1, 1), tag_rows[i].tags, tag_rows[i].n);
		if (tag_rows[i].answered == 'v')
			expect_vlan(nic, 5, &reply);
		else if (tag_rows[i].answered == 'u')
			EXPECT_PKT(nic, &reply);
		cr_assert_eq(nic_sent(nic), 0, "%s", tag_rows[i].name);
		EXPECT_NO_SKBS(net);
		cr_assert_eq(nic->dev->stats.rx_dropped, 0, "%s", tag_rows[i].name);
	}
	cr_assert(strstr(CTL(net, "ip -s -s link show eth0"),
			 " otherhost\n                     0      0 "
			 "      0       0       0         4 \n"),
		  "another host's frames are no loss");
}

WEIR_TEST(vlan, cut_tags_and_fragmented_ones)
{
	static const u8 frame[18] = {2, 0x57, 0, 0, 1, 1, 2, 0x57, 0, 0, 2, 1, 0x81, 0, 0, 5, 8, 0};

	host();
	for (u32 len = 14; len <= 18; len++)
		nic_inject_raw(nic, frame, len);
	EXPECT_DROPS(net, FRAME_TOO_SHORT, 4);
	for (u32 linear = 14; linear < 40; linear++) {
		struct nic *split = fragmenting_nic_new(net, NULL, linear);

		CTL(net, "ip link add link %s name v type vlan id 5 ", split->dev->name);
		CTL(net, "ip addr add 10.7.0.1/24 dev v");
		CTL(net, "ip link set v up");
		CTL(net, "ip neigh add 10.7.0.2 lladdr 02:57:00:00:02:01 dev v");
		inject_tagged(split, &ECHO(IP4(10, 7, 0, 2), IP4(10, 7, 0, 1), 1, 1, .len = 100),
			      (const u32[]){0x81000005}, 1);
		expect_vlan(split, 5, &ECHO_REPLY(IP4(10, 7, 0, 1), IP4(10, 7, 0, 2), 1, 1));
		CTL(net, "ip link del v");
	}
}

WEIR_TEST(vlan, packets_are_forwarded_between_them)
{
	struct nic *far;

	host();
	far = nic_new(net, NULL);
	far->answer_arp = false;
	CTL(net, "sysctl -w net.ipv4.ip_forward=1");
	CTL(net, "ip link add link eth1 up name far type vlan id 4094");
	CTL(net, "ip link add link eth0 up name six type vlan id 6");
	CTL(net, "ip addr add 10.6.0.1/24 dev far");
	CTL(net, "ip addr add 10.8.0.1/24 dev six");
	CTL(net, "ip neigh add 10.6.0.2 lladdr 02:57:00:00:00:66 dev far");
	CTL(net, "ip neigh add 10.8.0.2 lladdr 02:57:00:00:00:88 dev six");
	for (u32 i = 0; i < 3; i++) {
		inject_vlan(&UDP4(PEER, 1, IP4(10, 6, 0, 2), 2, .len = 1472), 5);
		expect_vlan(far, 4094,
			    &UDP4(PEER, 1, IP4(10, 6, 0, 2), 2, .len = 1472, .dst = MAC_N(0x66),
				  .src = far->mac, .ip.ttl = 63));
		inject_vlan(&UDP4(PEER, 1, IP4(10, 8, 0, 2), 2, .len = 1), 5);
		expect_vlan(nic, 6, &UDP4(PEER, 1, IP4(10, 8, 0, 2), 2, .dst = MAC_N(0x88)));
	}
	/* The settings of each are its own. */
	CTL(net, "sysctl -w net.ipv4.conf.eth0/5.forwarding=0");
	inject_vlan(&UDP4(PEER, 1, IP4(10, 6, 0, 2), 2, .len = 1), 5);
	EXPECT_NOTHING(far);
	cr_assert(strstr(CTL(net, "sysctl -a"), "\nnet.ipv4.conf.eth0/5.forwarding = 0\n"));
	cr_assert(strstr(CTL(net, "sysctl -a"), "\nnet.ipv4.neigh.eth0/5.locktime = 100\n"));
}

WEIR_TEST(vlan, it_follows_the_device_below)
{
	static const u8 mac[ETH_ALEN] = {2, 0, 0, 0, 0, 9};
	struct net_device *dev;

	host();
	dev = dev_of("eth0.5");
	CTL(net, "ip link set eth0 down");
	cr_assert_not(dev->flags & IFF_UP);
	cr_assert(
		strstr(CTL(net, "ip link show eth0.5"),
		       "eth0.5@eth0: <BROADCAST,MULTICAST,M-DOWN> mtu 1500 qdisc noop state DOWN"));
	cr_assert_eq(ctl(net, NULL, "ip link set eth0.5 up"), 2, "Network is down");
	CTL(net, "ip link set eth0 up");
	cr_assert(dev->flags & IFF_UP);
	netif_carrier_off(nic->dev);
	cr_assert(strstr(CTL(net, "ip link show eth0.5"),
			 "<NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state "
			 "LOWERLAYERDOWN"));
	cr_assert(strstr(CTL(net, "ip route"), "dev eth0.5 proto kernel scope link src 10.5.0.1 "
					       "linkdown"));
	netif_carrier_on(nic->dev);
	cr_assert(dev->carrier);
	CTL(net, "ip link set eth0 mtu 1400");
	cr_assert_eq(dev->mtu, 1400);
	CTL(net, "ip link set eth0 mtu 1500");
	cr_assert_eq(dev->mtu, 1400, "it does not grow by itself");
	cr_assert_eq(ctl(net, NULL, "ip link set eth0.5 mtu 1501"), 2);
	plat_bh_disable();
	cr_assert_eq(dev_set_mtu(dev, 1501), -ERANGE);
	cr_assert_eq(dev_set_mac_address(nic->dev, mac), 0);
	plat_bh_enable();
	cr_assert(!memcmp(dev->dev_addr, mac, ETH_ALEN));
	CTL(net, "ip link set eth0.5 address 02:00:00:00:00:55");
	cr_assert_eq(nic->dev->uc_promisc, 1, "the device below must hear that too");
	CTL(net, "ip link set eth0 address 02:00:00:00:00:56");
	cr_assert_eq(mac_number(dev->dev_addr), 0x020000000055);
	CTL(net, "ip neigh replace 10.5.0.2 lladdr 02:57:00:00:02:01 dev eth0.5");
	inject_vlan(&ECHO(PEER, US, 1, 2, .dst = 0x020000000055), 5);
	expect_vlan(nic, 5, &ECHO_REPLY(US, PEER, 1, 2, .src = 0x020000000055));
	CTL(net, "ip link set eth0.5 down");
	cr_assert_eq(nic->dev->uc_promisc, 0);
}

WEIR_TEST(vlan, commands)
{
	static const struct {
		const char *line;
		int status;
		const char *says;
	} rows[] = {
		{"ip link add link eth0 name eth0.5 type vlan id 5", 2,
		 "RTNETLINK answers: File exists\n"},
		{"ip link add link eth0 name x type vlan id 5", 2,
		 "Error: 8021q: VLAN device already exists.\n"},
		{"ip link add link eth0 name eth0.6 type vlan", 2,
		 "Error: 8021q: VLAN id not specified.\n"},
		{"ip link add name eth0.6 type vlan id 6", 2,
		 "Error: 8021q: link not specified.\n"},
		{"ip link add link eth9 name eth0.6 type vlan id 6", 1,
		 "Cannot find device \"eth9\"\n"},
		{"ip link add link eth0 name eth0.6 type vlan id 4095", 2,
		 "Error: 8021q: Invalid VLAN id.\n"},
		{"ip link add link eth0 name eth0.6 type vlan id 70000", 255,
		 "Error: argument \"70000\" is wrong: id is invalid\n"},
		{"ip link add link eth0 name eth0.6 type vlan id x", 255,
		 "Error: argument \"x\" is wrong: id is invalid\n"},
		{"ip link add link lo name lo.6 type vlan id 6", 2,
		 "Error: 8021q: VLANs not supported on device.\n"},
		{"ip link add link eth0.5 name q type vlan id 6", 2,
		 "Error: 8021q: VLANs not supported on device.\n"},
		{"ip link add link eth0 name eth0.6 type vlan protocol 802.1ad id 6", 2,
		 "Error: 8021q: protocol 802.1ad is not supported.\n"},
		{"ip link add link eth0 name eth0.6 type vlan protocol 802.1x id 6", 255,
		 "Error: argument \"802.1x\" is wrong: protocol is invalid\n"},
		{"ip link add link eth0 name eth0.6 type vlan id 6 reorder_hdr off", 2,
		 "Error: 8021q: reorder_hdr off is not supported.\n"},
		{"ip link add link eth0 name eth0.6 type vlan id 6 gvrp on", 2,
		 "Error: 8021q: gvrp on is not supported.\n"},
		{"ip link add link eth0 name eth0.6 type vlan id 6 gvrp maybe", 1,
		 "Error: argument of \"gvrp\" must be \"on\" or \"off\", not \"maybe\"\n"},
		{"ip link add link eth0 name eth0.6 type vlan id 6 bogus", 1, NULL},
		{"ip link add link eth0 name eth0.6 mtu 1501 type vlan id 6", 2,
		 "RTNETLINK answers: Invalid argument\n"},
		{"ip link add link eth0 name eth0.6", 1,
		 "Not enough information: \"type\" argument is required\n"},
		{"ip link add br0 type bridge", 2, "Error: Unknown device type.\n"},
		{"ip link add link eth0 name a/b type vlan id 6", 255,
		 "Error: argument \"a/b\" is wrong: \"name\" not a valid ifname\n"},
		{"ip link add link eth0 name eth0.6 address 01:00:00:00:00:00 type vlan id 6", 2,
		 "RTNETLINK answers: Cannot assign requested address\n"},
		{"ip link del eth0", 2, "RTNETLINK answers: Operation not supported\n"},
		{"ip link del nonsuch", 1, "Cannot find device \"nonsuch\"\n"},
		{"ip link del", 255, "Not enough information: \"dev\" argument is required.\n"},
		{"ip -d link show type vlan", 0,
		 "3: eth0.5@eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state "
		 "UP "
		 "mode DEFAULT group default qlen 1000\n"
		 "    link/ether 02:57:00:00:01:01 brd ff:ff:ff:ff:ff:ff promiscuity 0  allmulti 0 "
		 "minmtu 68 maxmtu 65535 \n"
		 "    vlan protocol 802.1Q id 5 <REORDER_HDR> numtxqueues 1 numrxqueues 1 "
		 "gso_max_size 65536 gso_max_segs 65535 tso_max_size 65536 tso_max_segs 65535 "
		 "gro_max_size 65536 \n"},
		{"ip -br addr show dev eth0.5", 0,
		 "eth0.5@eth0      UP             10.5.0.1/24 \n"},
		{"ip link add link eth0 address 02:00:00:00:00:77 mtu 1000 txqueuelen 5 up type "
		 "vlan "
		 "protocol 802.1Q id 0 reorder_hdr on gvrp off",
		 0, ""},
		{"ip -o link show vlan0", 0,
		 "4: vlan0@eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1000 qdisc noqueue state UP "
		 "mode DEFAULT group default qlen 5\\    link/ether 02:00:00:00:00:77 brd "
		 "ff:ff:ff:ff:ff:ff\n"},
		{"ip link del dev vlan0 type vlan", 0, ""},
	};
	host();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *text;

		cr_expect_eq(ctl(net, &text, "%s", rows[i].line), rows[i].status, "%s: %s",
			     rows[i].line, text);
		if (rows[i].says)
			cr_expect_str_eq(text, rows[i].says, "%s:\n%s", rows[i].line, text);
	}
	cr_assert_null(dev_of("eth0.6"));
}

WEIR_TEST(vlan, it_goes_with_routes_neighbours_and_settings)
{
	host();
	CTL(net, "ip route add 10.99.0.0/16 via 10.5.0.2");
	CTL(net, "ip link del eth0.5");
	cr_assert_null(strstr(CTL(net, "ip route"), "10.99"));
	cr_assert_null(strstr(CTL(net, "sysctl -a"), "eth0/5"));
	inject_vlan(&ECHO(PEER, US, 1, 1), 5);
	EXPECT_NOTHING(nic);
	cr_assert_null(nic->dev->vlans);
	/* And with the device below, in any number. */
	for (u32 vid = 0; vid < 300; vid++)
		CTL(net, "ip link add link eth0 up type vlan id %u", vid * 13);
	nic_forget(nic);
}

WEIR_TEST(vlan, there_is_room_for_so_many_devices)
{
	struct vlan_config cfg = {.name = ""};
	struct net_device *dev;
	int err = 0;

	net = stack_new();
	nic = nic_new(net, NULL);
	plat_bh_disable();
	for (; !err; cfg.vid += !err)
		err = vlan_dev_add(nic->dev, &cfg, &dev);
	plat_bh_enable();
	cr_assert_eq(err, -ENFILE);
	cr_assert_eq(cfg.vid, MAX_NETDEVS - 2);
}

WEIR_TEST(vlan, memory_may_run_out_anywhere)
{
	FOR_EACH_FAILING_ALLOC
	{
		net = stack_new();
		nic = net ? nic_new(net, "10.0.0.1/24") : NULL;
		if (!nic)
			continue;
		if (ctl(net, NULL, "ip link add link eth0 up name v type vlan id 5"))
			cr_assert_null(nic->dev->vlans);
		inject_vlan(&ECHO(PEER, US, 1, 1), 5);
		if (dev_of("v")) {
			(void)ctl(net, NULL, "ip addr add 10.5.0.1/24 dev v");
			inject_vlan(&ARP_REQUEST(MAC_N(9), PEER, US), 5);
			inject_vlan(&ECHO(PEER, US, 1, 1), 5);
		}
	}
}

/* --- names, flags and counters of any device --- */

WEIR_TEST(netdevice, a_new_name_takes_settings_and_labels_along)
{
	host();
	CTL(net, "sysctl -w net.ipv4.conf.eth0.rp_filter=2 net.ipv4.neigh.eth0.locktime=7");
	CTL(net, "ip addr add 10.0.9.1/24 dev eth0 label eth0:x");
	CTL(net, "ip link set eth0 name a-long-name.xyz");
	cr_assert_null(dev_of("eth0"));
	cr_assert_str_eq(CTL(net, "sysctl -n net.ipv4.conf.a-long-name/xyz.rp_filter"), "2\n");
	cr_assert_str_eq(CTL(net, "sysctl -n net.ipv4.neigh.a-long-name/xyz.locktime"), "7\n");
	cr_assert_eq(ctl(net, NULL, "sysctl -n net.ipv4.conf.eth0.rp_filter"), 1);
	cr_assert(strstr(CTL(net, "ip link"), "eth0.5@a-long-name.xyz: "));
	CTL(net, "ip link set a-long-name.xyz name w");
	cr_assert_str_eq(CTL(net, "sysctl -n net.ipv4.conf.w.rp_filter"), "2\n");
	cr_assert(strstr(CTL(net, "ip addr show w"), "scope global w\n"));
	cr_assert_eq(ctl(net, NULL, "ip link set w name eth0.5"), 2);
	cr_assert_eq(ctl(net, NULL, "ip link set w name a/b"), 255);
	cr_assert_eq(ctl(net, NULL, "ip link set w name wan mtu 70000"), 2);
	cr_assert_not_null(dev_of("w"), "all or nothing");
	CTL(net, "ip link set w name eth0");
	nic_inject(nic, &ARP_REQUEST(nic->peer, IP4(10, 0, 0, 2), nic->addr));
	EXPECT_PKT(nic, &ARP_REPLY(nic->mac, nic->addr, nic->peer, IP4(10, 0, 0, 2)));
}

WEIR_TEST(netdevice, changes_of_the_link_are_counted)
{
	host();
	netif_carrier_off(nic->dev);
	netif_carrier_on(nic->dev);
	cr_assert(strstr(CTL(net, "ip -s -s link show eth0"),
			 "transns\n                     0      0 "
			 "      0       0       2 \n"));
}
