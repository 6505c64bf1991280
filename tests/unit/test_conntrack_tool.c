/* SPDX-License-Identifier: MIT */
/* conntrack with connections in the table: listing, filters, deletion. */
#include <string.h>

#include "net/nf_conntrack.h"
#include "tests/unit/harness.h"

static const char *said(struct net *net, int status, const char *line)
{
	const char *text;

	cr_assert_eq(ctl(net, &text, "%s", line), status, "%s: %s", line, text);
	return text;
}

#define PING                                                                       \
	"icmp     1 30 src=10.0.0.2 dst=10.0.0.1 type=8 code=0 id=7 src=10.0.0.1 " \
	"dst=10.0.0.2 type=0 code=0 id=7 mark=0 use=1"
#define TOOL "conntrack v1.4.7 (conntrack-tools): "

WEIR_TEST(conntrack_tool, shows_finds_and_ends)
{
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");

	cr_assert_str_eq(said(net, 0, "conntrack -C"), "0\n");
	plat_bh_disable();
	cr_assert_eq(nf_ct_netns_get(net), 0);
	plat_bh_enable();
	nic_inject(nic, &ECHO(IP4(10, 0, 0, 2), nic->addr, 7, 1, .len = 56));
	cr_assert_str_eq(said(net, 0, "conntrack -C"), "1\n");
	cr_assert_str_eq(said(net, 0, "conntrack -L"),
			 PING "\n" TOOL "1 flow entries have been shown.\n");
	cr_assert_str_eq(said(net, 0, "conntrack -L -o extended -p icmp -s 10.0.0.0/24"),
			 "ipv4     2 " PING "\n" TOOL "1 flow entries have been shown.\n");
	cr_assert(strstr(said(net, 0,
			      "conntrack -G -p icmp -s 10.0.0.2 -d 10.0.0.1 --icmp-type 8 "
			      "--icmp-code 0 --icmp-id 7"),
			 TOOL "1 flow"));
	cr_assert(strstr(said(net, 0, "conntrack -L -p icmp --icmp-id 8"), TOOL "0 flow"));
	cr_assert(strstr(said(net, 0, "conntrack -L -p tcp"), TOOL "0 flow"));
	cr_assert(strstr(said(net, 0, "conntrack -L -d 10.0.0.2"), TOOL "0 flow"));
	cr_assert(strstr(said(net, 0, "conntrack -L -r 10.0.0.1 -q 10.0.0.2"), TOOL "1 flow"));
	cr_assert(strstr(said(net, 0, "conntrack -L -u ASSURED"), TOOL "0 flow"));
	cr_assert(strstr(said(net, 0, "conntrack -L -u SEEN_REPLY"), TOOL "1 flow"));
	cr_assert(strstr(said(net, 0, "conntrack -L -m 1"), TOOL "0 flow"));
	cr_assert(strstr(said(net, 0, "conntrack -L -n"), TOOL "0 flow"));
	cr_assert(strstr(said(net, 0, "conntrack -S"), "cpu=0   \tfound="));
	cr_assert_str_eq(said(net, 1, "conntrack -D -p udp"),
			 TOOL "0 flow entries have been deleted.\n");
	cr_assert_str_eq(said(net, 0, "conntrack -D -p icmp"),
			 PING "\n" TOOL "1 flow entries have been deleted.\n");
	cr_assert_str_eq(said(net, 0, "conntrack -C"), "0\n");
	nic_inject(nic, &ECHO(IP4(10, 0, 0, 2), nic->addr, 7, 2, .len = 56));
	cr_assert_str_eq(said(net, 0, "conntrack -F"),
			 TOOL "connection tracking table has been emptied.\n");
	cr_assert_str_eq(said(net, 0, "conntrack -C"), "0\n");
	plat_bh_disable();
	nf_ct_netns_put(net);
	plat_bh_enable();
}
