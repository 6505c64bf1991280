/* SPDX-License-Identifier: MIT */
/*
 * The control language: commands, their output, their exit status, and that nothing changes when
 * they fail.
 *
 * Outputs were recorded from iproute2 6.1, procps 4.0 and net-tools 2.10 on Linux with the same
 * commands in a network namespace. Where weir's own nature shows (queue discipline "pfifo", state
 * UP, lo's MTU), only that word differs.
 */
#include "lib/byteorder.h"
#include "net/ctl.h"
#include "net/sock.h"
#include "tests/unit/harness.h"

struct row {
	const char *command;
	int status;
	const char *output; /* NULL: any */
};

/* Runs the rows in order; all are told apart by their text. */
static void run_rows(struct net *net, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *text;
		int status = ctl(net, &text, "%s", rows[i].command);

		cr_expect_eq(status, rows[i].status, "row %zu: %s\nexit status %d, not %d:\n%s", i,
			     rows[i].command, status, rows[i].status, text);
		if (rows[i].output)
			cr_expect_str_eq(text, rows[i].output,
					 "row %zu: %s\n--- output\n%s--- wanted\n%s", i,
					 rows[i].command, text, rows[i].output);
	}
}

#define RUN_ROWS(net, rows) run_rows(net, rows, ARRAY_SIZE(rows))

/* eth0 and eth1, up, with fixed addresses of their own. */
static struct net *two_nics(void)
{
	struct net *net = stack_new();

	nic_new(net, NULL);
	nic_new(net, NULL);
	CTL(net, "ip link set eth0 address 02:00:00:00:00:10");
	CTL(net, "ip link set eth1 address 02:00:00:00:00:11");
	return net;
}

#define LO_LINE "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN "
#define LO_ADDR "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n"
#define LO_INET                                \
	"    inet 127.0.0.1/8 scope host lo\n" \
	"       valid_lft forever preferred_lft forever\n"
#define ETH0_LINE "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo state UP "
#define ETH0_ADDR "    link/ether 02:00:00:00:00:10 brd ff:ff:ff:ff:ff:ff\n"
#define ETH1_LINE "3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo state UP "
#define ETH1_ADDR "    link/ether 02:00:00:00:00:11 brd ff:ff:ff:ff:ff:ff\n"
#define QLEN      "group default qlen 1000\n"
#define FOREVER   "       valid_lft forever preferred_lft forever\n"

WEIR_TEST(ctl_ip, addresses_are_shown_as_iproute2_does)
{
	static const struct row rows[] = {
		{"ip addr add 10.0.0.2/24 dev eth0", 0, ""},
		{"ip addr add 10.0.0.2/24 dev eth0", 2, "Error: ipv4: Address already assigned.\n"},
		{"ip addr add 10.0.0.3/24 dev eth0", 0, ""},
		{"ip addr add 10.0.1.1/24 brd + dev eth0", 0, ""},
		{"ip addr add 10.0.2.1/24 brd 10.0.2.255 dev eth0 label eth0:1", 0, ""},
		{"ip addr add 10.0.3.1 dev eth0", 0, ""},
		{"ip addr add 10.0.5.1 peer 10.0.5.2/32 dev eth0", 0, ""},
		{"ip addr show dev eth0", 0,
		 ETH0_LINE QLEN ETH0_ADDR
		 "    inet 10.0.0.2/24 scope global eth0\n" FOREVER
		 "    inet 10.0.1.1/24 brd 10.0.1.255 scope global eth0\n" FOREVER
		 "    inet 10.0.2.1/24 brd 10.0.2.255 scope global eth0:1\n" FOREVER
		 "    inet 10.0.3.1/32 scope global eth0\n" FOREVER
		 "    inet 10.0.5.1 peer 10.0.5.2/32 scope global eth0\n" FOREVER
		 "    inet 10.0.0.3/24 scope global secondary eth0\n" FOREVER},
		{"ip -br a", 0,
		 "lo               UNKNOWN        127.0.0.1/8 \n"
		 "eth0             UP             10.0.0.2/24 10.0.1.1/24 10.0.2.1/24 10.0.3.1/32 "
		 "10.0.5.1 peer 10.0.5.2/32 10.0.0.3/24 \n"
		 "eth1             UP             \n"},
		{"ip -4 -br a", 0,
		 "lo               UNKNOWN        127.0.0.1/8 \n"
		 "eth0             UP             10.0.0.2/24 10.0.1.1/24 10.0.2.1/24 10.0.3.1/32 "
		 "10.0.5.1 peer 10.0.5.2/32 10.0.0.3/24 \n"},
		{"ip -o a s dev lo", 0,
		 "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever "
		 "preferred_lft forever\n"},
		{"ip addr show to 10.0.1.0/24", 0,
		 ETH0_LINE QLEN "    inet 10.0.1.1/24 brd 10.0.1.255 scope global eth0\n" FOREVER},
		{"ip a show scope host", 0, LO_LINE QLEN LO_ADDR LO_INET ETH1_LINE QLEN ETH1_ADDR},
		{"ip addr show secondary", 0,
		 ETH0_LINE QLEN ETH0_ADDR
		 "    inet 10.0.0.3/24 scope global secondary eth0\n" FOREVER ETH1_LINE QLEN
			 ETH1_ADDR},
	};

	RUN_ROWS(two_nics(), rows);
}

WEIR_TEST(ctl_ip, address_lifetimes_run_out)
{
	static const struct row rows[] = {
		{"ip addr add 10.0.10.1/24 dev eth0 valid_lft 100 preferred_lft 50", 0, ""},
		{"ip -4 addr show dev eth0", 0,
		 ETH0_LINE QLEN "    inet 10.0.10.1/24 scope global dynamic eth0\n"
				"       valid_lft 100sec preferred_lft 50sec\n"},
		{"ip addr add 10.0.11.1/24 dev eth0 valid_lft 100", 1,
		 "preferred_lft is greater than valid_lft\n"},
		{"ip addr add 10.0.11.1/24 dev eth0 valid_lft x", 255,
		 "Error: argument \"x\" is wrong: valid_lft value\n"},
	};

	RUN_ROWS(two_nics(), rows);
}

WEIR_TEST(ctl_ip, wrong_address_commands_change_nothing)
{
	static const struct row rows[] = {
		{"ip addr add", 1, "Not enough information: \"dev\" argument is required.\n"},
		{"ip addr add 10.0.0.9/24", 1,
		 "Not enough information: \"dev\" argument is required.\n"},
		{"ip addr add 10.0.0.9/33 dev eth0", 1,
		 "Error: any valid prefix is expected rather than \"10.0.0.9/33\".\n"},
		{"ip addr add 10.0.0.999/24 dev eth0", 1,
		 "Error: any valid prefix is expected rather than \"10.0.0.999/24\".\n"},
		{"ip addr add 10.0.0.9/24 dev nodev", 1, "Cannot find device \"nodev\"\n"},
		{"ip addr add 10.0.0.9/24 dev eth0 bogus", 255,
		 "Error: either \"local\" is duplicate, or \"bogus\" is a garbage.\n"},
		{"ip addr add 10.0.0.9/24 dev eth0 brd", 255,
		 "Command line is not complete. Try option \"help\"\n"},
		{"ip addr add 10.0.0.9/24 dev eth0 scope bogus", 255,
		 "Error: argument \"bogus\" is wrong: invalid scope value.\n"},
		{"ip addr add dev eth0", 2, "RTNETLINK answers: Operation not supported\n"},
		{"ip addr add 10.0.33.1/24 local 10.0.33.2/24 dev eth0", 255,
		 "Error: either \"local\" is duplicate, or \"10.0.33.2/24\" is a garbage.\n"},
		{"ip addr del 10.0.0.77/24 dev eth0", 2, "Error: ipv4: Address not found.\n"},
		{"ip addr show foo", 1, "Device \"foo\" does not exist.\n"},
		{"ip addr show dev eth0 foo", 255,
		 "Error: either \"dev\" is duplicate, or \"foo\" is a garbage.\n"},
		{"ip addr foo", 255, "Command \"foo\" is unknown, try \"ip address help\".\n"},
		{"ip foo", 1, "Object \"foo\" is unknown, try \"ip help\".\n"},
		{"ip tunnel", 1, "Object \"tunnel\" is unknown, try \"ip help\".\n"},
		{"ip -6 addr", 255, "Option \"-6\" is unknown, try \"ip -help\".\n"},
		{"ip addr flush", 1, "Flush requires arguments.\n"},
		{"ip addr flush dev nodev", 1, "Device \"nodev\" does not exist.\n"},
		{"ip addr show dev eth0", 0, ETH0_LINE QLEN ETH0_ADDR},
	};

	RUN_ROWS(two_nics(), rows);
}

WEIR_TEST(ctl_ip, addresses_go_one_by_one_or_all)
{
	static const struct row rows[] = {
		{"ip addr add 10.0.0.2/24 dev eth0", 0, ""},
		{"ip addr add 10.0.5.1 peer 10.0.5.2/32 dev eth0", 0, ""},
		{"ip addr del 10.0.5.1 dev eth0", 0,
		 "Warning: Executing wildcard deletion to stay compatible with old scripts.\n"
		 "         Explicitly specify the prefix length (10.0.5.1/32) to avoid this "
		 "warning.\n"
		 "         This special behaviour is likely to disappear in further releases,\n"
		 "         fix your scripts!\n"},
		{"ip addr del 10.0.0.2/25 dev eth0", 2, "Error: ipv4: Address not found.\n"},
		{"ip addr replace 10.0.0.2/24 brd + dev eth0", 0, ""},
		{"ip -4 addr show dev eth0", 0,
		 ETH0_LINE QLEN "    inet 10.0.0.2/24 brd 10.0.0.255 scope global eth0\n" FOREVER},
		{"ip addr add 10.0.1.2/24 dev eth0", 0, ""},
		{"ip -s addr flush dev eth0", 0,
		 "\n*** Round 1, deleting 2 addresses ***\n"
		 "*** Flush is complete after 1 round ***\n"},
		{"ip -s addr flush dev eth0", 0, "Nothing to flush.\n"},
		{"ip -4 addr show dev eth0", 0, ""},
	};

	RUN_ROWS(two_nics(), rows);
}

WEIR_TEST(ctl_ip, links)
{
	static const struct row rows[] = {
		{"ip link", 0,
		 LO_LINE "mode DEFAULT " QLEN LO_ADDR ETH0_LINE
			 "mode DEFAULT " QLEN ETH0_ADDR ETH1_LINE "mode DEFAULT " QLEN ETH1_ADDR},
		{"ip -br l", 0,
		 "lo               UNKNOWN        00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP> \n"
		 "eth0             UP             02:00:00:00:00:10 "
		 "<BROADCAST,MULTICAST,UP,LOWER_UP> \n"
		 "eth1             UP             02:00:00:00:00:11 "
		 "<BROADCAST,MULTICAST,UP,LOWER_UP> \n"},
		{"ip link set eth1 down", 0, ""},
		{"ip link show eth1", 0,
		 "3: eth1: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN mode DEFAULT " QLEN
			 ETH1_ADDR},
		{"ip link show up dev eth1", 0, ""},
		{"ip link set dev eth1 up mtu 1300 txqlen 50", 0, ""},
		{"ip link set dev eth1 promisc on", 0, ""},
		{"ip link set dev eth1 allmulticast on", 0, ""},
		{"ip -o link show eth1", 0,
		 "3: eth1: <BROADCAST,MULTICAST,ALLMULTI,PROMISC,UP,LOWER_UP> mtu 1300 qdisc "
		 "pfifo state UP mode DEFAULT group default qlen 50\\    link/ether "
		 "02:00:00:00:00:11 brd ff:ff:ff:ff:ff:ff\n"},
	};

	RUN_ROWS(two_nics(), rows);
}

WEIR_TEST(ctl_ip, wrong_link_commands_change_nothing)
{
	static const struct row rows[] = {
		{"ip link set", 255, "Not enough information: \"dev\" argument is required.\n"},
		{"ip link set up", 255, "Not enough information: \"dev\" argument is required.\n"},
		{"ip link set dev eth1 mtu 10", 2, "Error: mtu less than device minimum.\n"},
		{"ip link set dev eth1 mtu 100000", 2, "Error: mtu greater than device maximum.\n"},
		{"ip link set dev eth1 mtu foo", 255,
		 "Error: argument \"foo\" is wrong: Invalid \"mtu\" value\n\n"},
		{"ip link set dev eth1 address 02:00:00:00:00", 1,
		 "Invalid address length 5 - must be 6 bytes\n"},
		{"ip link set dev eth1 address 01:00:00:00:00:01", 2,
		 "RTNETLINK answers: Cannot assign requested address\n"},
		{"ip link set dev eth1 promisc foo", 1,
		 "Error: argument of \"promisc\" must be \"on\" or \"off\", not \"foo\"\n"},
		{"ip link set dev eth1 bogus up", 255,
		 "Error: either \"dev\" is duplicate, or \"bogus\" is a garbage.\n"},
		{"ip link set dev eth1 name eth0", 2, "RTNETLINK answers: File exists\n"},
		{"ip link set dev eth1 name eth7 mtu 67", 2,
		 "Error: mtu less than device minimum.\n"},
		{"ip link set dev eth1 alias x", 255,
		 "Error: either \"dev\" is duplicate, or \"alias\" is a garbage.\n"},
		{"ip link set dev nodev up", 1, "Cannot find device \"nodev\"\n"},
		{"ip link set dev eth1 down address 02:00:00:00:00:77 mtu 10", 2, NULL},
		{"ip link show foo", 1, "Device \"foo\" does not exist.\n"},
		{"ip link bogus", 255, "Command \"bogus\" is unknown, try \"ip link help\".\n"},
		{"ip link show eth1", 0, ETH1_LINE "mode DEFAULT " QLEN ETH1_ADDR},
	};

	RUN_ROWS(two_nics(), rows);
}

WEIR_TEST(ctl_ip, link_statistics_have_iproute2s_columns)
{
	struct net *net = two_nics();
	static const char want[] =
		LO_LINE "mode DEFAULT " QLEN LO_ADDR
			"    RX:  bytes packets errors dropped  missed   mcast           \n"
			"             0       0      0       0       0       0 \n"
			"    RX errors:  length    crc   frame    fifo overrun\n"
			"                     0      0       0       0       0 \n"
			"    TX:  bytes packets errors dropped carrier collsns           \n"
			"             0       0      0       0       0       0 \n"
			"    TX errors: aborted   fifo  window heartbt transns\n"
			"                     0      0       0       0       0 \n";
	static const char wide[] =
		LO_LINE "mode DEFAULT " QLEN LO_ADDR
			"    RX:       bytes packets errors dropped  missed   mcast           \n"
			"    123456789012345       7      0       0       0       0 \n"
			"    TX:  bytes packets errors dropped carrier collsns           \n"
			"             0       0      0       0       0       0 \n";

	cr_assert_str_eq(CTL(net, "ip -s -s link show lo"), want);
	dev_get_by_name(net, "lo")->stats.rx_bytes = 123456789012345ULL;
	dev_get_by_name(net, "lo")->stats.rx_packets = 7;
	cr_assert_str_eq(CTL(net, "ip -s link show lo"), wide);
}

WEIR_TEST(ctl_ip, routes)
{
	static const struct row rows[] = {
		{"ip addr add 10.0.0.2/24 dev eth0", 0, ""},
		{"ip addr add 10.0.1.1/24 brd + dev eth1", 0, ""},
		{"ip r", 0,
		 "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.2 \n"
		 "10.0.1.0/24 dev eth1 proto kernel scope link src 10.0.1.1 \n"},
		{"ip route show table local", 0,
		 "local 10.0.0.2 dev eth0 proto kernel scope host src 10.0.0.2 \n"
		 "broadcast 10.0.0.255 dev eth0 proto kernel scope link src 10.0.0.2 \n"
		 "local 10.0.1.1 dev eth1 proto kernel scope host src 10.0.1.1 \n"
		 "broadcast 10.0.1.255 dev eth1 proto kernel scope link src 10.0.1.1 \n"
		 "local 127.0.0.0/8 dev lo proto kernel scope host src 127.0.0.1 \n"
		 "local 127.0.0.1 dev lo proto kernel scope host src 127.0.0.1 \n"
		 "broadcast 127.255.255.255 dev lo proto kernel scope link src 127.0.0.1 \n"},
		{"ip route add default via 10.0.0.1", 0, ""},
		{"ip route add default via 10.0.0.5", 2, "RTNETLINK answers: File exists\n"},
		{"ip route add default via 10.0.0.5 metric 100", 0, ""},
		{"ip route append default via 10.0.0.7", 0, ""},
		{"ip route replace default via 10.0.0.6", 0, ""},
		{"ip route add 10.9.0.0/16 via 10.0.1.9 dev eth1", 0, ""},
		{"ip route add 10.9.1.0/24 dev eth1", 0, ""},
		{"ip route add 10.9.2.1 dev eth1 src 10.0.1.1", 0, ""},
		{"ip route add 10.9.3.1 via 10.77.0.1 dev eth1 onlink", 0, ""},
		{"ip route add blackhole 10.10.0.0/16", 0, ""},
		{"ip route add unreachable 10.11.0.0/16", 0, ""},
		{"ip route add prohibit 10.12.0.0/16", 0, ""},
		{"ip route add throw 10.13.0.0/16", 0, ""},
		{"ip route add 10.14.0.0/16 dev eth1 mtu 1400", 0, ""},
		{"ip route add 10.15.0.0/16 dev eth1 mtu 1400 metric 5 proto static scope link", 0,
		 ""},
		{"ip route add 10.17.0.0/16 dev eth1 proto dhcp", 0, ""},
		{"ip route", 0,
		 "default via 10.0.0.6 dev eth0 \n"
		 "default via 10.0.0.7 dev eth0 \n"
		 "default via 10.0.0.5 dev eth0 metric 100 \n"
		 "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.2 \n"
		 "10.0.1.0/24 dev eth1 proto kernel scope link src 10.0.1.1 \n"
		 "10.9.0.0/16 via 10.0.1.9 dev eth1 \n"
		 "10.9.1.0/24 dev eth1 scope link \n"
		 "10.9.2.1 dev eth1 scope link src 10.0.1.1 \n"
		 "10.9.3.1 via 10.77.0.1 dev eth1 onlink \n"
		 "blackhole 10.10.0.0/16 \n"
		 "unreachable 10.11.0.0/16 \n"
		 "prohibit 10.12.0.0/16 \n"
		 "throw 10.13.0.0/16 \n"
		 "10.14.0.0/16 dev eth1 scope link mtu 1400 \n"
		 "10.15.0.0/16 dev eth1 proto static scope link metric 5 mtu 1400 \n"
		 "10.17.0.0/16 dev eth1 proto dhcp scope link \n"},
		{"ip route show proto static", 0,
		 "10.15.0.0/16 dev eth1 scope link metric 5 mtu 1400 \n"},
		{"ip route show via 10.0.1.9", 0, "10.9.0.0/16 dev eth1 \n"},
		{"ip route show default", 0,
		 "default via 10.0.0.6 dev eth0 \n"
		 "default via 10.0.0.7 dev eth0 \n"
		 "default via 10.0.0.5 dev eth0 metric 100 \n"},
		{"ip route show root 10.9.0.0/16 dev eth1", 0,
		 "10.9.0.0/16 via 10.0.1.9 \n"
		 "10.9.1.0/24 scope link \n"
		 "10.9.2.1 scope link src 10.0.1.1 \n"
		 "10.9.3.1 via 10.77.0.1 onlink \n"},
		{"ip route show match 10.9.1.1", 0,
		 "default via 10.0.0.6 dev eth0 \n"
		 "default via 10.0.0.7 dev eth0 \n"
		 "default via 10.0.0.5 dev eth0 metric 100 \n"
		 "10.9.0.0/16 via 10.0.1.9 dev eth1 \n"
		 "10.9.1.0/24 dev eth1 scope link \n"},
		{"ip route show type blackhole", 0, "blackhole 10.10.0.0/16 \n"},
		{"ip route show metric 100", 0, "default via 10.0.0.5 dev eth0 \n"},
		{"ip route del 10.9.1.0/24", 0, ""},
		{"ip route del 10.9.1.0/24", 2, "RTNETLINK answers: No such process\n"},
		{"ip route del 10.9.2.1 via 10.0.0.1", 2, "RTNETLINK answers: No such process\n"},
		{"ip route del 10.9.2.1 dev eth1", 0, ""},
		{"ip route delete blackhole 10.10.0.0/16", 0, ""},
		{"ip route change 10.9.0.0/16 via 10.0.1.10", 0, ""},
		{"ip route change 10.99.0.0/16 via 10.0.1.10", 2,
		 "RTNETLINK answers: No such file or directory\n"},
		{"ip route show 10.9.0.0/16", 0, "10.9.0.0/16 via 10.0.1.10 dev eth1 \n"},
		{"ip -s route flush proto static", 0,
		 "\n*** Round 1, deleting 1 entries ***\n"
		 "*** Flush is complete after 1 round ***\n"},
		{"ip -s route flush proto static", 0, "Nothing to flush.\n"},
	};

	RUN_ROWS(two_nics(), rows);
}

WEIR_TEST(ctl_ip, wrong_route_commands_change_nothing)
{
	static const struct row rows[] = {
		{"ip addr add 10.0.0.2/24 dev eth0", 0, ""},
		{"ip route add 10.9.3.1 via 10.77.0.1", 2, "Error: Nexthop has invalid gateway.\n"},
		{"ip route add 10.9.3.1 via 10.77.0.1 dev eth1", 2,
		 "Error: Nexthop has invalid gateway.\n"},
		{"ip route add 10.17.0.1/16 dev eth1", 2,
		 "Error: Invalid prefix for given prefix length.\n"},
		{"ip route add 10.17.0.0/16 dev eth9", 1, "Cannot find device \"eth9\"\n"},
		{"ip route add 10.17.0.0/16", 2, "RTNETLINK answers: No such device\n"},
		{"ip route add foo", 1,
		 "Error: any valid prefix is expected rather than \"foo\".\n"},
		{"ip route add 10.17.0.0/16 via", 255,
		 "Command line is not complete. Try option \"help\"\n"},
		{"ip route add 10.17.0.0/16 via 1.2.3.4.5", 1,
		 "Error: inet address is expected rather than \"1.2.3.4.5\".\n"},
		{"ip route add 10.17.0.0/16 bogus dev eth1", 255,
		 "Error: either \"to\" is duplicate, or \"bogus\" is a garbage.\n"},
		{"ip route add 10.17.0.0/16 nexthop", 255,
		 "Error: unexpected end of line after \"nexthop\"\n"},
		{"ip route add 10.17.0.0/16 dev eth1 src 10.0.0.99", 2,
		 "Error: Invalid prefsrc address.\n"},
		{"ip route add 10.19.0.0/16 dev eth1 metric foo", 255,
		 "Error: argument \"foo\" is wrong: \"metric\" value is invalid\n\n"},
		{"ip route show table 7", 2,
		 "Error: ipv4: FIB table does not exist.\nDump terminated\n"},
		{"ip route show table foo", 255,
		 "Error: argument \"foo\" is wrong: table id value is invalid\n\n"},
		{"ip route show bogus", 1,
		 "Error: any valid prefix is expected rather than \"bogus\".\n"},
		{"ip route flush", 1, "\"ip route flush\" requires arguments.\n"},
		{"ip route bogus", 255, "Command \"bogus\" is unknown, try \"ip route help\".\n"},
		{"ip route", 0, "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.2 \n"},
	};

	RUN_ROWS(two_nics(), rows);
}

WEIR_TEST(ctl_ip, route_get)
{
	static const struct row rows[] = {
		{"ip addr add 10.0.0.2/24 brd + dev eth0", 0, ""},
		{"ip addr add 10.0.1.1/24 dev eth1", 0, ""},
		{"ip route add default via 10.0.0.6", 0, ""},
		{"ip route add blackhole 10.10.0.0/16", 0, ""},
		{"ip route add unreachable 10.11.0.0/16", 0, ""},
		{"ip route add prohibit 10.12.0.0/16", 0, ""},
		{"ip route get 10.0.1.77", 0,
		 "10.0.1.77 dev eth1 src 10.0.1.1 uid 0 \n    cache \n"},
		{"ip route get 10.0.0.2", 0,
		 "local 10.0.0.2 dev lo src 10.0.0.2 uid 0 \n    cache <local> \n"},
		{"ip route get 8.8.8.8", 0,
		 "8.8.8.8 via 10.0.0.6 dev eth0 src 10.0.0.2 uid 0 \n    cache \n"},
		{"ip -o route get 8.8.8.8", 0,
		 "8.8.8.8 via 10.0.0.6 dev eth0 src 10.0.0.2 uid 0 \\    cache \n"},
		{"ip route get 10.10.0.1", 2, "RTNETLINK answers: Invalid argument\n"},
		{"ip route get 10.11.0.1", 2, "RTNETLINK answers: No route to host\n"},
		{"ip route get 10.12.0.1", 2, "RTNETLINK answers: Permission denied\n"},
		{"ip route get 10.0.0.255", 0,
		 "broadcast 10.0.0.255 dev eth0 src 10.0.0.2 uid 0 \n    cache <local,brd> \n"},
		{"ip route get 255.255.255.255", 0,
		 "broadcast 255.255.255.255 dev eth0 src 10.0.0.2 uid 0 \n"
		 "    cache <local,brd> \n"},
		{"ip route get 224.0.0.1", 0,
		 "multicast 224.0.0.1 dev eth0 src 10.0.0.2 uid 0 \n    cache <local,mc> \n"},
		{"ip route get 10.0.1.77 from 10.0.1.1", 0,
		 "10.0.1.77 from 10.0.1.1 dev eth1 uid 0 \n    cache \n"},
		{"ip route get 8.8.8.8 oif eth1", 0,
		 "8.8.8.8 dev eth1 src 10.0.1.1 uid 0 \n    cache \n"},
		{"ip route get 8.8.8.8 oif eth9", 1, "Cannot find device \"eth9\"\n"},
		{"ip route get 8.8.8.8/24", 0,
		 "Warning: /24 as prefix is invalid, only /32 (or none) is supported.\n"
		 "8.8.8.8 via 10.0.0.6 dev eth0 src 10.0.0.2 uid 0 \n    cache \n"},
		{"ip route get", 1, "need at least a destination address\n"},
		{"ip route get foo", 1,
		 "Error: any valid prefix is expected rather than \"foo\".\n"},
		{"ip route get 8.8.8.8 foo", 1,
		 "Error: inet prefix is expected rather than \"foo\".\n"},
		{"ip route get fibmatch 8.8.8.8", 0, "default via 10.0.0.6 dev eth0 \n"},
	};

	RUN_ROWS(two_nics(), rows);
}

WEIR_TEST(ctl_ip, neighbours)
{
	static const struct row rows[] = {
		{"ip addr add 10.0.0.2/24 dev eth0", 0, ""},
		{"ip neigh", 0, ""},
		{"ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev eth0", 0, ""},
		{"ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev eth0", 2,
		 "RTNETLINK answers: File exists\n"},
		{"ip neigh", 0, "10.0.0.9 dev eth0 lladdr 02:00:00:00:00:09 PERMANENT \n"},
		{"ip neigh show dev eth0", 0, "10.0.0.9 lladdr 02:00:00:00:00:09 PERMANENT \n"},
		{"ip -br neigh", 0,
		 "10.0.0.9                                eth0             02:00:00:00:00:09\n"},
		{"ip -s neigh", 0,
		 "10.0.0.9 dev eth0 lladdr 02:00:00:00:00:09  used 0/0/0probes 0 PERMANENT \n"},
		{"ip neigh replace 10.0.0.9 lladdr 02:00:00:00:00:19 dev eth0 nud stale", 0, ""},
		{"ip neigh get 10.0.0.9 dev eth0", 0,
		 "10.0.0.9 dev eth0 lladdr 02:00:00:00:00:19 STALE \n"},
		{"ip neigh show nud permanent", 0, ""},
		{"ip neigh show nud stale", 0,
		 "10.0.0.9 dev eth0 lladdr 02:00:00:00:00:19 STALE \n"},
		{"ip neigh add 10.0.0.18 lladdr 02:00:00:00:00:0b dev eth0 nud none", 0, ""},
		{"ip neigh show 10.0.0.18", 0, ""},
		{"ip neigh show 10.0.0.18 nud all", 0, "10.0.0.18 dev eth0 \n"},
		{"ip neigh del 10.0.0.18 dev eth0", 0, ""},
		{"ip neigh change 10.0.0.109 lladdr 02:00:00:00:00:19 dev eth0", 2,
		 "RTNETLINK answers: No such file or directory\n"},
		{"ip neigh del 10.0.0.199 dev eth0", 2,
		 "RTNETLINK answers: No such file or directory\n"},
		{"ip -s neigh flush dev eth0", 0,
		 "\n*** Round 1, deleting 1 entries ***\n"
		 "*** Flush is complete after 1 round ***\n"},
		{"ip -s neigh flush dev eth0", 0, "Nothing to flush.\n"},
		{"ip neigh show nud all", 0, ""},
	};

	RUN_ROWS(two_nics(), rows);
}

WEIR_TEST(ctl_ip, wrong_neighbour_commands_change_nothing)
{
	static const struct row rows[] = {
		{"ip neigh add 10.0.0.17 dev eth0", 2, "Error: No link layer address given.\n"},
		{"ip neigh add 10.0.0.20 lladdr foo dev eth0", 2, "Error: Invalid link address.\n"},
		{"ip neigh add 10.0.0.20 lladdr 02:00:00:00:00 dev eth0", 2,
		 "Error: Invalid link address.\n"},
		{"ip neigh add 10.0.0.20 lladdr 02:00:00:00:00:01", 255,
		 "Device and destination are required arguments.\n"},
		{"ip neigh add 10.0.0.20 lladdr 02:00:00:00:00:01 dev nodev", 1,
		 "Cannot find device \"nodev\"\n"},
		{"ip neigh add 10.0.0.20 lladdr 02:00:00:00:00:01 dev eth0 nud bogus", 255,
		 "Error: argument \"bogus\" is wrong: nud state is bad\n"},
		{"ip neigh add 10.0.0.300 lladdr 02:00:00:00:00:01 dev eth0", 1,
		 "Error: any valid address is expected rather than \"10.0.0.300\".\n"},
		{"ip neigh add 10.0.0.20 10.0.0.21 lladdr 02:00:00:00:00:01 dev eth0", 255,
		 "Error: either \"to\" is duplicate, or \"10.0.0.21\" is a garbage.\n"},
		{"ip neigh add proxy foo dev eth0", 1,
		 "Error: any valid address is expected rather than \"foo\".\n"},
		{"ip neigh del proxy 10.0.0.30 dev eth0", 2,
		 "RTNETLINK answers: No such file or directory\n"},
		{"ip neigh add 10.0.0.20 lladdr 02:00:00:00:00:01 dev eth0 managed", 255,
		 "Error: either \"to\" is duplicate, or \"managed\" is a garbage.\n"},
		{"ip neigh show bogus", 1,
		 "Error: any valid prefix is expected rather than \"bogus\".\n"},
		{"ip neigh show nud bogus", 255,
		 "Error: argument \"bogus\" is wrong: nud state is bad\n"},
		{"ip neigh show dev nodev", 1, "Cannot find device \"nodev\"\n"},
		{"ip neigh get 10.0.0.99 dev eth0", 2, "Error: Neighbour entry not found.\n"},
		{"ip neigh get", 1, "Device and address are required arguments.\n"},
		{"ip neigh flush", 1, "Flush requires arguments.\n"},
		{"ip neigh bogus", 255, "Command \"bogus\" is unknown, try \"ip neigh help\".\n"},
		{"ip neigh show nud all", 0, ""},
	};

	RUN_ROWS(two_nics(), rows);
}

WEIR_TEST(ctl_sysctl, reads_and_writes)
{
	static const struct row rows[] = {
		{"sysctl net.ipv4.ip_forward", 0, "net.ipv4.ip_forward = 0\n"},
		{"sysctl net/ipv4/ip_forward", 0, "net.ipv4.ip_forward = 0\n"},
		{"sysctl -n net.ipv4.ip_forward", 0, "0\n"},
		{"sysctl -N net.ipv4.ip_forward", 0, "net.ipv4.ip_forward\n"},
		{"sysctl -b net.ipv4.ip_forward", 0, "0"},
		{"sysctl -w net.ipv4.ip_forward=1", 0, "net.ipv4.ip_forward = 1\n"},
		{"sysctl 'net.ipv4.ip_forward = 0'", 0, "net.ipv4.ip_forward = 0\n"},
		{"sysctl -q net.ipv4.ip_forward=1", 0, ""},
		{"sysctl -n net.ipv4.ip_forward=1", 0, "1\n"},
		{"sysctl net.ipv4.ip_local_port_range", 0,
		 "net.ipv4.ip_local_port_range = 32768\t60999\n"},
		{"sysctl net.ipv4.nothing net.ipv4.ip_forward", 1,
		 "sysctl: cannot stat /proc/sys/net/ipv4/nothing: No such file or directory\n"
		 "net.ipv4.ip_forward = 1\n"},
		{"sysctl -e net.ipv4.nothing", 0, ""},
		{"sysctl -w net.ipv4.ip_forward", 1,
		 "sysctl: command line(0): invalid syntax, continuing...\n"},
		{"sysctl -w net.ipv4.ip_forward=foo", 1,
		 "sysctl: setting key \"net.ipv4.ip_forward\": Invalid argument\n"},
		{"sysctl -w net.ipv4.ip_forward=", 1,
		 "sysctl: setting key \"net.ipv4.ip_forward\": Invalid argument\n"},
		{"sysctl -w net.ipv4.ip_default_ttl=256", 1,
		 "sysctl: setting key \"net.ipv4.ip_default_ttl\": Invalid argument\n"},
		{"sysctl -w 'net.ipv4.ip_local_port_range=2000 1000'", 1,
		 "sysctl: setting key \"net.ipv4.ip_local_port_range\": Invalid argument\n"},
		{"sysctl net.ipv4.tcp_congestion_control=x", 1,
		 "sysctl: setting key \"net.ipv4.tcp_congestion_control\": No such file or "
		 "directory\n"},
		{"sysctl net.ipv4.ip_local_port_range", 0,
		 "net.ipv4.ip_local_port_range = 32768\t60999\n"},
		{"sysctl -w", 1,
		 "sysctl: no variables specified\n"
		 "Try `sysctl --help' for more information.\n"},
		{"sysctl ''", 1, "sysctl: \"\" is an unknown key\n"},
		{"sysctl -p nofile", 1,
		 "sysctl: cannot open \"nofile\": No such file or directory\n"},
		{"sysctl net.ipv4.ip_default_ttl net.ipv4.ip_forward", 0,
		 "net.ipv4.ip_default_ttl = 64\nnet.ipv4.ip_forward = 1\n"},
	};
	struct net *net = two_nics();

	RUN_ROWS(net, rows);
	cr_assert(strstr(CTL(net, "sysctl -a"), "\nnet.ipv4.ip_forward = 1\n"));
	cr_assert(strstr(CTL(net, "sysctl net.ipv4.conf.eth1"),
			 "net.ipv4.conf.eth1.rp_filter = 0\n"));
}

/* What net_ctl() prints, out and err alike. */
struct collected {
	struct ctl_out out;
	size_t len;
	char text[4096];
};

static void collect(struct ctl_out *out, const char *text, size_t len)
{
	struct collected *c = (struct collected *)out;

	cr_assert(len < sizeof(c->text) - c->len);
	memcpy(c->text + c->len, text, len);
	c->len += len;
	c->text[c->len] = '\0';
}

WEIR_TEST(ctl_sysctl, loads_a_file)
{
	static const char file[] = "# c\n; c\n\nnet.ipv4.ip_forward = 1\n"
				   "net.ipv4.ip_default_ttl=63\n bogus\nnet.ipv4.nothing=4\n"
				   "-net.ipv4.ip_default_ttl=3000\nnet/ipv4/ip_forward= 0";
	static const char want[] =
		"net.ipv4.ip_forward = 1\n"
		"net.ipv4.ip_default_ttl = 63\n"
		"sysctl: -(6): invalid syntax, continuing...\n"
		"sysctl: cannot stat /proc/sys/net/ipv4/nothing: No such file or directory\n"
		"sysctl: setting key \"net.ipv4.ip_default_ttl\", ignoring: Invalid argument\n"
		"net.ipv4.ip_forward = 0\n";
	struct ctl_in in = {.text = file, .len = sizeof(file) - 1, .name = "-"};
	char name[] = "sysctl", opt[] = "-p", dash[] = "-";
	char *const argv[] = {name, opt, dash, NULL};
	struct collected c = {.out.write = collect};

	cr_assert_str_eq(net_ctl_input(3, argv), "-");
	cr_assert_eq(net_ctl(stack_new(), 3, argv, &in, &c.out, &c.out), 1);
	cr_assert_str_eq(c.text, want);
}

WEIR_TEST(ctl_ip, batch)
{
	static const char file[] =
		"addr add 10.0.0.2/24 dev eth0\n\n# nothing\nroute\nlink set nix up\n"
		"route add default via 10.0.0.1\n";
	struct ctl_in in = {.text = file, .len = sizeof(file) - 1, .name = "/b"};
	char name[] = "ip", opt[] = "-b", path[] = "/b";
	char *const argv[] = {name, opt, path, NULL};
	struct collected c = {.out.write = collect};

	cr_assert_str_eq(net_ctl_input(3, argv), "/b");
	cr_assert_eq(net_ctl(two_nics(), 3, argv, &in, &c.out, &c.out), 1);
	cr_assert_str_eq(c.text, "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.2 \n"
				 "Cannot find device \"nix\"\nCommand failed /b:5\n");
}

WEIR_TEST(ctl_nstat, shows_what_grew)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	const char *text;

	CTL(net, "nstat -n");
	nic_inject(nic, &ECHO(IP4(10, 0, 0, 2), nic->addr, 7, 1, .len = 56));
	text = CTL(net, "nstat -s Icmp*");
	cr_assert_str_eq(text, "#kernel\n"
			       "IcmpInMsgs                      1                  0.0\n"
			       "IcmpInEchos                     1                  0.0\n"
			       "IcmpOutMsgs                     1                  0.0\n"
			       "IcmpOutEchoReps                 1                  0.0\n"
			       "IcmpMsgInType8                  1                  0.0\n"
			       "IcmpMsgOutType0                 1                  0.0\n");
	CTL(net, "nstat IcmpInEchos");
	cr_assert_str_eq(CTL(net, "nstat -s IcmpIn[EM]*"),
			 "#kernel\nIcmpInMsgs                      1                  0.0\n");
	cr_assert_str_eq(CTL(net, "nstat -az IcmpInEcho?"),
			 "#kernel\nIcmpInEchos                     1                  0.0\n");
	CTL(net, "nstat");
	cr_assert_str_eq(CTL(net, "nstat"), "#kernel\n");
	cr_assert_str_eq(CTL(net, "nstat -z UdpNoPorts"),
			 "#kernel\nUdpNoPorts                      0                  0.0\n");
	CTL(net, "nstat -rs UdpNoPorts");
	cr_assert_str_eq(CTL(net, "nstat IcmpInEchos"),
			 "#kernel\nIcmpInEchos                     1                  0.0\n");
	cr_assert(strstr(CTL(net, "nstat -az Drop*"), "\nDropNoMem                       0"));
	cr_assert_eq(ctl(net, &text, "nstat -Q"), 255);
	cr_assert(strstr(text, "nstat: invalid option -- 'Q'\n") == text, "%s", text);
	cr_assert_eq(ctl(net, &text, "nstat --json"), 255);
	cr_assert(strstr(text, "nstat: unrecognized option '--json'\n") == text, "%s", text);
}

#define ARP_HEAD \
	"Address                  HWtype  HWaddress           Flags Mask            Iface\n"

WEIR_TEST(ctl_arp, as_net_tools)
{
	static const struct row rows[] = {
		{"ip addr add 10.0.0.2/24 dev eth0", 0, ""},
		{"arp -n", 0, ""},
		{"arp -s 10.0.0.9 02:00:00:00:00:09", 0, ""},
		{"arp -n", 0,
		 ARP_HEAD "10.0.0.9                 ether   02:00:00:00:00:09   CM"
			  "                    eth0\n"},
		{"arp -an", 0, "? (10.0.0.9) at 02:00:00:00:00:09 [ether] PERM on eth0\n"},
		{"arp -i eth0 -s 10.0.0.9 02:00:00:00:00:0a temp", 0, ""},
		{"arp -vn 10.0.0.9", 0,
		 ARP_HEAD "10.0.0.9                 ether   02:00:00:00:00:0a   C"
			  "                     eth0\n"
			  "Entries: 1\tSkipped: 0\tFound: 1\n"},
		{"arp -n 10.0.0.99", 0, "10.0.0.99 (10.0.0.99) -- no entry\n"},
		{"arp -a 10.0.0.99", 0, "arp: in 1 entries no match found.\n"},
		{"arp -n -i eth1", 0, "arp: in 1 entries no match found.\n"},
		{"arp -d 10.0.0.9", 0, ""},
		{"arp -d 10.0.0.9", 255, "No ARP entry for 10.0.0.9\n"},
		{"arp -d 99.0.0.199", 255, "SIOCDARP(dontpub): Network is unreachable\n"},
		{"arp -s 99.0.0.12 02:00:00:00:00:0a", 255, "SIOCSARP: Network is unreachable\n"},
		{"arp -s 10.0.0.9 02:00:00:00:00:09 -i nodev", 255, "SIOCSARP: No such device\n"},
		{"arp -s 10.0.0.12 foo", 255, "arp: invalid hardware address\n"},
		{"arp -s 10.0.0.12", 255, "arp: need hardware address\n"},
		{"arp -s", 255, "arp: need host name\n"},
		{"arp -d 10.0.0.300", 255, "10.0.0.300: Unknown host\n"},
		{"arp -s 10.0.0.12 02:00:00:00:00:0a pub", 3, NULL},
		{"arp -n", 0, ""},
	};

	RUN_ROWS(two_nics(), rows);
}

WEIR_TEST(ctl_arp, incomplete_entries)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	const char *row;

	nic->answer_arp = false;
	CTL(net, "ip route add 10.9.0.0/16 via 10.0.0.7");
	CTL(net, "ip neigh add 10.0.0.7 dev eth0 nud incomplete");
	row = CTL(net, "arp -n");
	cr_assert_str_eq(row, ARP_HEAD "10.0.0.7                         (incomplete)"
				       "                              eth0\n");
	cr_assert_str_eq(CTL(net, "arp -a"), "? (10.0.0.7) at <incomplete> on eth0\n");
}

/* A UDP socket bound to addr:port, connected to peer unless NULL. */
static struct sock *udp_socket(struct net *net, be32 addr, u16 port, const struct sock_addr *peer)
{
	struct sock_addr local = {addr, cpu_to_be16(port)};
	struct sock *sk;

	cr_assert_eq(sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk), 0);
	cr_assert_eq(sock_bind(sk, &local), 0);
	if (peer)
		cr_assert_eq(sock_connect(sk, peer, false), 0);
	return sk;
}

WEIR_TEST(ctl_ss, lines_up_its_columns)
{
	static const struct row rows[] = {
		{"ss -uan", 0,
		 "State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess\n"
		 "UNCONN 0      0            0.0.0.0:7          0.0.0.0:*          \n"
		 "UNCONN 0      0            0.0.0.0:50000      0.0.0.0:*          \n"
		 "ESTAB  0      0          127.0.0.1:9999     127.0.0.1:7          \n"},
		{"ss -un", 0,
		 "Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
		 "0      0          127.0.0.1:9999    127.0.0.1:7          \n"},
		{"ss -lnu", 0,
		 "State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess\n"
		 "UNCONN 0      0            0.0.0.0:7          0.0.0.0:*          \n"
		 "UNCONN 0      0            0.0.0.0:50000      0.0.0.0:*          \n"},
		{"ss -uanH", 0,
		 "UNCONN 0      0        0.0.0.0:7       0.0.0.0:*\n"
		 "UNCONN 0      0        0.0.0.0:50000   0.0.0.0:*\n"
		 "ESTAB  0      0      127.0.0.1:9999  127.0.0.1:7\n"},
		{"ss -A udp -n state established", 0,
		 "Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
		 "0      0          127.0.0.1:9999    127.0.0.1:7          \n"},
		{"ss -tan", 0, "State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"},
		{"ss", 0,
		 "Netid State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
		 "udp   ESTAB 0      0          127.0.0.1:9999    127.0.0.1:7          \n"},
		{"ss -uan state foo", 255, "ss: wrong state name: foo\n"},
		{"ss -uan bogus", 1,
		 "Error: an inet prefix is expected rather than \"bogus\".\n"
		 "Cannot parse dst/src address.\n"},
		{"ss -uanH sport = :7 dst 127.0.0.1", 0, ""},
		{"ss -uanH 'sport = :7'", 0, "UNCONN 0      0      0.0.0.0:7 0.0.0.0:*\n"},
		{"ss -uanH sport = :echo", 0, "UNCONN 0      0      0.0.0.0:7 0.0.0.0:*\n"},
		{"ss -uanH sport = domain", 0, ""},
		{"ss -uanH '(sport=:7||sport==50000)and!dst 127.0.0.0/8'", 0,
		 "UNCONN 0      0      0.0.0.0:7     0.0.0.0:*\n"
		 "UNCONN 0      0      0.0.0.0:50000 0.0.0.0:*\n"},
		{"ss -uanH sport >= 7 and sport lt :9999", 0,
		 "UNCONN 0      0      0.0.0.0:7 0.0.0.0:*\n"},
		{"ss -uanH src 127.0.0.1:9999", 0,
		 "ESTAB 0      0      127.0.0.1:9999 127.0.0.1:7\n"},
		{"ss -uanH not src 0.0.0.0/0", 0, ""},
		{"ss -uanH dev lo", 0, ""},
		{"ss -uanH exclude established sport gt 7", 0,
		 "UNCONN 0      0      0.0.0.0:50000 0.0.0.0:*\n"},
		{"ss -uaneH sport 7", 0,
		 "UNCONN 0      0      0.0.0.0:7 0.0.0.0:* ino:1 sk:1 <->\n"},
		{"ss -uanmH sport 7", 0,
		 "UNCONN 0      0      0.0.0.0:7 0.0.0.0:*\n"
		 "\t skmem:(r0,rb212992,t0,tb212992,f0,w0,o0,bl0,d0)\n"},
		{"ss -uanmHO sport 7", 0,
		 "UNCONN 0      0      0.0.0.0:7 0.0.0.0:* "
		 "skmem:(r0,rb212992,t0,tb212992,f0,w0,o0,bl0,d0)\n"},
		{"ss -uan ( sport = :7", 1, "Error: \")\" is expected rather than \"\".\n"},
		{"ss -uan sport = :x", 1, "Error: a port is expected rather than \":x\".\n"},
		{"ss -uan sport = :7 )", 1, "Error: the end is expected rather than \")\".\n"},
		{"ss -uan dst 10.0.0.0/33", 1,
		 "Error: an inet prefix is expected rather than \"10.0.0.0/33\".\n"
		 "Cannot parse dst/src address.\n"},
		{"ss -s", 0,
		 "Total: 3\nTCP:   0 (estab 0, closed 0, orphaned 0, timewait 0)\n\n"
		 "Transport Total     IP        IPv6\n"
		 "RAW\t  0         0         0        \n"
		 "UDP\t  3         3         0        \n"
		 "TCP\t  0         0         0        \n"
		 "INET\t  3         3         0        \n"
		 "FRAG\t  0         0         0        \n\n"},
		{"ss -p", 255, NULL},
		{"ss -A bogus", 255, NULL},
		{"ss -f inet6", 255, NULL},
	};
	struct net *net = stack_new();
	struct sock_addr peer = {CPU_TO_BE32(0x7f000001), CPU_TO_BE16(7)};
	struct sock *a = udp_socket(net, 0, 7, NULL), *b = udp_socket(net, 0, 50000, NULL);
	struct sock *c = udp_socket(net, peer.addr, 9999, &peer);

	RUN_ROWS(net, rows);
	sock_close(a);
	sock_close(b);
	sock_close(c);
}

WEIR_TEST(ctl_trace, notes_the_way_of_chosen_packets)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	static const struct row wrong[] = {
		{"trace on x", 255, "Error: argument \"x\" is wrong: not a number of packets\n"},
		{"trace on 0", 255, "Error: argument \"0\" is wrong: not a number of packets\n"},
		{"trace on 1 2", 255,
		 "Error: either \"on\" is duplicate, or \"2\" is a garbage.\n"},
		{"trace nix", 255, "Command \"nix\" is unknown, try \"trace help\".\n"},
		{"trace", 0, ""},
	};
	const char *text;

	RUN_ROWS(net, wrong);
	CTL(net, "trace on 1");
	nic_inject(nic, &ECHO(IP4(10, 0, 0, 2), nic->addr, 7, 1, .len = 56));
	nic_inject(nic, &ECHO(IP4(10, 0, 0, 2), nic->addr, 7, 2, .len = 56));
	text = CTL(net, "trace");
	cr_assert(strstr(text, "#1 "), "%s", text);
	cr_assert(strstr(text, "icmp_rcv                   10.0.0.2 > 10.0.0.1 proto 1\n"), "%s",
		  text);
	cr_assert_null(strstr(text, "#2 "), "%s", text);
	CTL(net, "trace clear");
	cr_assert_str_eq(CTL(net, "trace show"), "");
}

WEIR_TEST(ctl, unknown_tools_are_not_found)
{
	struct net *net = stack_new();
	const char *text;

	cr_assert_eq(ctl(net, &text, "ip6tables -L"), CTL_NOT_FOUND);
	cr_assert_str_eq(text, "");
	cr_assert_str_eq(CTL(net, "/sbin/ip -br link show lo"),
			 "lo               UNKNOWN        00:00:00:00:00:00 "
			 "<LOOPBACK,UP,LOWER_UP> \n");
}

WEIR_TEST(ctl, every_tool_survives_missing_memory)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct net *net = stack_new();

		if (!net || !nic_new(net, "10.0.0.1/24"))
			continue;
		(void)ctl(net, NULL, "ip addr");
		(void)ctl(net, NULL, "ip route show table all");
		(void)ctl(net, NULL, "ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev eth0");
		(void)ctl(net, NULL, "ip neigh show nud all");
		(void)ctl(net, NULL, "ip route flush dev eth0");
		(void)ctl(net, NULL, "sysctl -a");
		(void)ctl(net, NULL, "nstat");
		(void)ctl(net, NULL, "ss -an");
		(void)ctl(net, NULL, "arp -n");
		(void)ctl(net, NULL, "trace on");
		(void)ctl(net, NULL, "trace");
	}
}
