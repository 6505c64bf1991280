/* SPDX-License-Identifier: MIT */
/* conntrack with connections in the table: listing, filters, deletion. */
#include <string.h>

#include "net/ctl.h"
#include "net/nf_conntrack.h"
#include "host/host.h"
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

/* ---- -E: each step happens while it waits */

struct follower {
	struct ctl_wait wait;
	struct ctl_out out;
	struct net *net;
	struct nic *nic;
	void (*const *steps)(struct follower *f);
	u32 step, woken;
	size_t len;
	char text[8192];
};

static void keep_text(struct ctl_out *out, const char *text, size_t len)
{
	struct follower *f = container_of(out, struct follower, out);

	cr_assert_lt(f->len + len, sizeof(f->text));
	memcpy(f->text + f->len, text, len);
	f->len += len;
	f->text[f->len] = 0;
}

static void woke(struct ctl_wait *w)
{
	container_of(w, struct follower, wait)->woken++;
}

static bool next_step(struct ctl_wait *w)
{
	struct follower *f = container_of(w, struct follower, wait);

	if (!f->steps[f->step])
		return false;
	f->steps[f->step++](f);
	return true;
}

/* What conntrack says of these steps, the exit status being 0. The last may belong to what comes when it is over. */
static const char *followed(struct net *net, struct nic *nic,
			    void (*const *steps)(struct follower *), const char *word,
			    const char *value)
{
	static struct follower f;
	static char tool[] = "conntrack", event[] = "-E";
	char *argv[] = {tool, event, (char *)(uintptr_t)word, (char *)(uintptr_t)value, NULL};
	struct ctl_in in = {.wait = &f.wait};

	f = (struct follower){.wait = {next_step, woke},
			      .out = {keep_text},
			      .net = net,
			      .nic = nic,
			      .steps = steps};
	cr_assert_eq(net_ctl(net, value ? 4 : word ? 3 : 2, argv, &in, &f.out, &f.out), 0);
	return f.text;
}

static void step_ping(struct follower *f)
{
	nic_inject(f->nic, &ECHO(IP4(10, 0, 0, 2), f->nic->addr, 7, 1));
}

static void step_create(struct follower *f)
{
	said(f->net, 0,
	     "conntrack -I -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state "
	     "SYN_SENT");
}

static void step_change(struct follower *f)
{
	said(f->net, 0, "conntrack -U -p tcp -s 1.1.1.1 -m 5 -u SEEN_REPLY,ASSURED");
}

static void step_delete(struct follower *f)
{
	said(f->net, 0, "conntrack -D -p tcp");
}

static void step_expire(struct follower *f)
{
	(void)f;
	host_advance(100 * NSEC_PER_SEC);
}

static void step_many(struct follower *f)
{
	for (u16 id = 0; id < 20; id++)
		nic_inject(f->nic, &ECHO(IP4(10, 0, 0, 2), f->nic->addr, 100 + id, 1));
}

#define BY_HAND    " [USERSPACE] portid=1 progname=conntrack\n"
#define TCP_ORIG   "src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 "
#define TCP_REPLY  "src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1 "
#define PING_ORIG  "src=10.0.0.2 dst=10.0.0.1 type=8 code=0 id=7 "
#define PING_REPLY "src=10.0.0.1 dst=10.0.0.2 type=0 code=0 id=7"

WEIR_TEST(conntrack_tool, follows_events)
{
	static void (*const all[])(struct follower *) = {step_ping,   step_create, step_change,
							 step_delete, step_expire, NULL};
	static void (*const some[])(struct follower *) = {step_ping, step_create, step_delete,
							  NULL};
	static void (*const many[])(struct follower *) = {step_many, NULL};
	struct net *net = stack_new();
	struct nic *nic = nic_new(net, "10.0.0.1/24");
	const char *text;

	plat_bh_disable();
	cr_assert_eq(nf_ct_netns_get(net), 0);
	plat_bh_enable();
	cr_assert_str_eq(followed(net, nic, all, NULL, NULL),
			 "    [NEW] icmp     1 30 " PING_ORIG "[UNREPLIED] " PING_REPLY "\n"
			 " [UPDATE] icmp     1 30 " PING_ORIG PING_REPLY "\n"
			 "    [NEW] tcp      6 100 SYN_SENT " TCP_ORIG "[UNREPLIED] " TCP_REPLY
			 "mark=0" BY_HAND " [UPDATE] tcp      6 100 SYN_SENT " TCP_ORIG TCP_REPLY
			 "[ASSURED] mark=5" BY_HAND
			 "[DESTROY] tcp      6 100 SYN_SENT " TCP_ORIG TCP_REPLY
			 "[ASSURED] mark=5" BY_HAND "[DESTROY] icmp     1 " PING_ORIG PING_REPLY
			 "\n" TOOL "6 flow events have been shown.\n");
	text = followed(net, nic, some, "-e", "DESTROY");
	cr_assert_str_eq(text,
			 "[DESTROY] tcp      6 100 SYN_SENT " TCP_ORIG "[UNREPLIED] " TCP_REPLY
			 "[USERSPACE] portid=1 progname=conntrack\n" TOOL
			 "1 flow events have been shown.\n");
	cr_assert_str_eq(
		followed(net, nic, some, "-o", "save"),
		"-A -t 100 -u UNSET -s 1.1.1.1 -d 2.2.2.2 -r 2.2.2.2 -q 1.1.1.1 -p tcp --sport 1 "
		"--dport 2 --reply-port-src 2 --reply-port-dst 1 --state SYN_SENT" BY_HAND
		"-D -t 100 -u UNSET -s 1.1.1.1 -d 2.2.2.2 -r 2.2.2.2 -q 1.1.1.1 -p tcp --sport 1 "
		"--dport 2 --reply-port-src 2 --reply-port-dst 1 --state SYN_SENT" BY_HAND TOOL
		"2 flow events have been shown.\n");
	text = followed(net, nic, many, "-b", "1");
	cr_assert(strstr(text, "NOTICE: Netlink socket buffer size has been set to 2304 bytes.\n"));
	cr_assert(strstr(text, "WARNING: We have hit ENOBUFS! We are losing events.\n"));
	cr_assert(strstr(text, TOOL "5 flow events have been shown.\n"));
	cr_assert(strstr(followed(net, nic, some, "-p", "UDP"), TOOL "0 flow events"));
	cr_assert_str_eq(said(net, 1, "conntrack -E"), TOOL "Can't open handler\n");
	plat_bh_disable();
	nf_ct_netns_put(net);
	plat_bh_enable();
}

WEIR_TEST(conntrack_tool, makes_and_changes)
{
	struct net *net = stack_new();

	cr_assert_str_eq(said(net, 1,
			      "conntrack -I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 "
			      "-t 100 -n 3.3.3.3:77"),
			 TOOL "Operation failed: Operation not supported\n");
	said(net, 0, "iptables -t nat -S");
	said(net, 0,
	     "conntrack -I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 -n "
	     "3.3.3.3:77 -g 4.4.4.4");
	cr_assert(strstr(said(net, 0, "conntrack -L -n 3.3.3.3"),
			 "[UNREPLIED] src=4.4.4.4 dst=3.3.3.3 sport=2 dport=77 mark=0 use=1\n"));
	cr_assert(strstr(said(net, 0, "conntrack -L --src-nat 3.3.3.3:77"), TOOL "1 flow"));
	cr_assert(strstr(said(net, 0, "conntrack -L -j 3.3.3.3:78"), TOOL "0 flow"));
	cr_assert(strstr(said(net, 0, "conntrack -L -g -n"), TOOL "1 flow"));
	cr_assert(strstr(said(net, 0, "conntrack -L -g 4.4.4.5"), TOOL "0 flow"));
	said(net, 1,
	     "conntrack -I -p udp -s 5.5.5.5 -d 4.4.4.4 --sport 77 --dport 2 -t 100 -n 3.3.3.3:77");
	said(net, 0, "conntrack -U -p udp -s 1.1.1.1 -u FIXED_TIMEOUT");
	cr_assert(strstr(said(net, 0, "conntrack -U -p udp -s 1.1.1.1 -t 7"),
			 "Operation failed: sorry, you must be root"));
	said(net, 1, "conntrack -D -t 7");
	said(net, 0, "conntrack -D -t 100");
	CTL(net, "sysctl -w net.netfilter.nf_conntrack_max=1");
	said(net, 0, "conntrack -I -p 99 -s 1.1.1.1 -d 2.2.2.2 -t 100 -u ASSURED");
	cr_assert_str_eq(said(net, 1, "conntrack -I -p 98 -s 1.1.1.1 -d 2.2.2.2 -t 100"),
			 TOOL "Operation failed: not enough memory\n");
	host_advance(200 * NSEC_PER_SEC);
	cr_assert_str_eq(said(net, 0, "conntrack -C"), "0\n");
}

WEIR_TEST(conntrack_tool, no_memory_to_make_one)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct net *net = stack_new();

		if (net)
			ctl(net, NULL, "conntrack -I -p 99 -s 1.1.1.1 -d 2.2.2.2 -t 100");
		if (net)
			ctl(net, NULL, "conntrack -U -s 1.1.1.1 -m 2");
	}
}
