/* SPDX-License-Identifier: MIT */
/* The table of neighbours: who is driven out when, settings of default and DEV, proxied addresses. */
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "net/neighbour.h"
#include "tests/unit/harness.h"

#define US      IP4(10, 0, 0, 1)
#define MATE(n) IP4(10, 0, 0, 10 + (n))
#define MATES   20

static struct net *net;
static struct nic *nic;

static void host(void)
{
	net = stack_new();
	nic = nic_new(net, "10.0.0.1/8");
	nic->answer_arp = false;
}

static struct neighbour *find(be32 addr)
{
	struct neighbour *n;

	plat_bh_disable();
	n = neigh_lookup(nic->dev, addr);
	plat_bh_enable();
	return n;
}

static u8 state_of(be32 addr)
{
	const struct neighbour *n = find(addr);

	return n ? n->nud_state : NUD_NONE;
}

static void count_one(void *arg, const struct neighbour *n)
{
	(void)n;
	++*(u32 *)arg;
}

static u32 count(void)
{
	u32 n = 0;

	plat_bh_disable();
	neigh_for_each(net, count_one, &n);
	plat_bh_enable();
	return n;
}

/* Somebody we speak with. */
static void befriend(int n)
{
	nic_inject(nic, &ECHO(MATE(n), US, 1, 1, .src = MAC_N(n)));
	nic_inject(nic, &ARP_REPLY(MAC_N(n), MATE(n), nic->mac, US));
	cr_assert_eq(state_of(MATE(n)), NUD_REACHABLE);
	nic_forget(nic);
}

static void befriend_all(void)
{
	for (int i = 0; i < MATES; i++)
		befriend(i);
	host_advance(50 * NSEC_PER_SEC); /* idle for a while, as far as anybody can tell */
}

static void expect_mates(void)
{
	for (int i = 0; i < MATES; i++)
		cr_assert(find(MATE(i)) && find(MATE(i))->nud_state & NUD_VALID, "mate %d", i);
}

/* 65,536 senders ask for our address, or say who they are. */
static void storm(bool gratuitous)
{
	for (u32 i = 0; i < 65536; i++) {
		be32 from = IP4(10, 9, i >> 8, i);

		nic_queue(nic, &ARP_REQUEST(MAC_N(i), from, gratuitous ? from : US));
		if (i % 128 == 127) {
			host_run();
			nic_forget(nic);
			host_advance(20 * NSEC_PER_MSEC);
		}
	}
	host_run();
	nic_forget(nic);
}

WEIR_TEST(neigh_table, a_storm_of_questions_drives_out_only_itself)
{
	host();
	befriend_all();
	storm(false);
	cr_assert_leq(count(), 1024);
	expect_mates();
	/* And there is room for who is needed. */
	nic_inject(nic, &ECHO(MATE(50), US, 1, 1, .src = MAC_N(50)));
	cr_assert_eq(state_of(MATE(50)), NUD_INCOMPLETE);
}

WEIR_TEST(neigh_table, a_storm_of_gratuitous_words_too)
{
	host();
	CTL(net, "sysctl -w net.ipv4.conf.eth0.arp_accept=1");
	befriend_all();
	storm(true);
	cr_assert_leq(count(), 1024);
	cr_assert_geq(count(), 500, "they were learnt");
	expect_mates();
	EXPECT_NO_SKBS(net);
}

/* Full of those that we spoke with: who has been silent for longest makes room for whom we want to speak with now. */
WEIR_TEST(neigh_table, the_idle_make_room_for_the_used)
{
	host();
	CTL(net, "sysctl -w net.ipv4.neigh.default.gc_thresh2=20");
	CTL(net, "sysctl -w net.ipv4.neigh.default.gc_thresh3=20");
	befriend_all();
	cr_assert_eq(count(), MATES);
	nic_inject(nic, &ARP_REQUEST(MAC_N(77), IP4(10, 7, 7, 7), US));
	cr_assert_null(find(IP4(10, 7, 7, 7)), "a question drives nobody out");
	EXPECT_DROPS(net, NEIGH_TABLE_FULL, 1);
	nic_forget(nic);
	befriend(50);
}

WEIR_TEST(neigh_table, old_entries_go_when_there_are_enough)
{
	host();
	befriend_all();
	host_advance(200 * NSEC_PER_SEC);
	cr_assert_eq(count(), MATES, "fewer than gc_thresh1 stay");
	CTL(net, "sysctl -w net.ipv4.neigh.default.gc_thresh1=0");
	host_advance(90 * NSEC_PER_SEC);
	cr_assert_eq(count(), 0);
}

WEIR_TEST(neigh_table, it_grows_as_far_as_told)
{
	static const u8 mac[ETH_ALEN] = {2};

	host();
	CTL(net, "sysctl -w net.ipv4.neigh.default.gc_thresh3=100000");
	CTL(net, "sysctl -w net.ipv4.neigh.default.gc_thresh2=100000");
	plat_bh_disable();
	for (u32 i = 0; i < 20000; i++)
		cr_assert_eq(neigh_add(nic->dev, IP4(10, 1, i >> 8, i), mac, NUD_STALE, NEIGH_ADD),
			     0);
	for (u32 i = 0; i < 20000; i++)
		cr_assert_not_null(neigh_lookup(nic->dev, IP4(10, 1, i >> 8, i)));
	for (u32 i = 0, err = 0; !err; i++) {
		cr_assert_leq(i, 16384);
		err = neigh_add(nic->dev, IP4(10, 2, i >> 8, i), mac, NUD_PERMANENT, NEIGH_ADD);
		cr_assert(!err || err == (u32)-ENOBUFS);
	}
	cr_assert_eq(neigh_flush(net, NULL, 0xff), 20000 + 16384);
	plat_bh_enable();
}

static const char *setting(const char *name)
{
	static char value[32];

	strcpy(value, CTL(net, "sysctl -n %s", name));
	return strtok(value, "\n");
}

WEIR_TEST(neigh_table, default_goes_for_devices_without_address_or_word_of_their_own)
{
	net = stack_new();
	nic_new(net, NULL); /* eth0 */
	nic_new(net, NULL);
	CTL(net, "sysctl -w net.ipv4.neigh.eth1.gc_stale_time=7");
	CTL(net, "sysctl -w net.ipv4.neigh.default.gc_stale_time=77");
	cr_assert_str_eq(setting("net.ipv4.neigh.eth0.gc_stale_time"), "77");
	cr_assert_str_eq(setting("net.ipv4.neigh.eth1.gc_stale_time"), "7");
	CTL(net, "ip addr add 10.0.0.1/24 dev eth0");
	CTL(net, "sysctl -w net.ipv4.neigh.default.gc_stale_time=88");
	cr_assert_str_eq(setting("net.ipv4.neigh.eth0.gc_stale_time"), "77");
	nic_new(net, NULL);
	cr_assert_str_eq(setting("net.ipv4.neigh.eth2.gc_stale_time"), "88");

	CTL(net, "sysctl -w net.ipv4.conf.eth2.arp_ignore=1");
	CTL(net, "sysctl -w net.ipv4.conf.default.arp_ignore=2");
	cr_assert_str_eq(setting("net.ipv4.conf.eth0.arp_ignore"), "0", "it has had an address");
	cr_assert_str_eq(setting("net.ipv4.conf.eth1.arp_ignore"), "2");
	cr_assert_str_eq(setting("net.ipv4.conf.eth2.arp_ignore"), "1");
	CTL(net, "sysctl -w net.ipv4.conf.default.forwarding=1");
	cr_assert_str_eq(setting("net.ipv4.conf.eth1.forwarding"), "0", "as in Linux");

	CTL(net, "sysctl -w net.ipv4.neigh.eth0.unres_qlen=10");
	cr_assert_str_eq(setting("net.ipv4.neigh.eth0.unres_qlen_bytes"), "20900");
	CTL(net, "sysctl -w net.ipv4.neigh.eth0.unres_qlen_bytes=10000");
	cr_assert_str_eq(setting("net.ipv4.neigh.eth0.unres_qlen"), "4");
}

/* How many questions are asked of a silent neighbour, how far apart. */
WEIR_TEST(neigh_table, questions_as_told)
{
	static const struct {
		int app, mcast, retrans_ms;
		u32 asked, failed_after_ms;
	} rows[] = {
		{0, 3, 1000, 3, 3000}, {0, 1, 200, 1, 200}, {2, 0, 1000, 0, 2000},
		{1, 2, 500, 2, 1500},  {0, 3, 0, 3, 30},    {0, 0, 1000, 0, 0},
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		host();
		CTL(net,
		    "sysctl -w net.ipv4.neigh.eth0.app_solicit=%d "
		    "net.ipv4.neigh.eth0.mcast_solicit=%d net.ipv4.neigh.eth0.retrans_time_ms=%d",
		    rows[i].app, rows[i].mcast, rows[i].retrans_ms);
		nic_inject(nic, &ECHO(MATE(1), US, 1, 1));
		if (rows[i].failed_after_ms) {
			host_advance(rows[i].failed_after_ms * NSEC_PER_MSEC - 5 * NSEC_PER_MSEC);
			cr_assert_eq(state_of(MATE(1)), NUD_INCOMPLETE, "row %u", i);
			host_advance(10 * NSEC_PER_MSEC);
		}
		cr_assert_eq(state_of(MATE(1)), NUD_FAILED, "row %u", i);
		cr_assert_eq(nic_sent(nic), rows[i].asked, "row %u: %u", i, nic_sent(nic));
		EXPECT_DROPS(net, NEIGH_FAILED, 1);
		harness_end();
		harness_begin();
	}
}

WEIR_TEST(neigh_table, without_carrier_entries_stay_if_told)
{
	host();
	befriend(1);
	CTL(net, "sysctl -w net.ipv4.conf.eth0.arp_evict_nocarrier=0");
	netif_carrier_off(nic->dev);
	cr_assert_eq(state_of(MATE(1)), NUD_REACHABLE);
	netif_carrier_on(nic->dev);
	CTL(net, "sysctl -w net.ipv4.conf.eth0.arp_evict_nocarrier=1");
	CTL(net, "ip neigh add 10.0.0.77 lladdr 02:00:00:00:00:01 dev eth0");
	netif_carrier_off(nic->dev);
	cr_assert_eq(count(), 1, "what was told stays");
	netif_carrier_on(nic->dev);
}

WEIR_TEST(neigh_table, arp_off_means_no_questions)
{
	host();
	befriend(1);
	CTL(net, "ip link set eth0 arp off");
	cr_assert_eq(count(), 0);
	nic_inject(nic, &ARP_REQUEST(MAC_N(1), MATE(1), US));
	EXPECT_NOTHING(nic);
	nic_inject(nic, &ECHO(MATE(1), US, 1, 1));
	EXPECT_PKT(nic, &ECHO_REPLY(US, MATE(1), 1, 1, .dst = nic->mac));
	CTL(net, "ip link set eth0 arp on");
	befriend(1);
}

/* --- proxied addresses --- */

#define FAR IP4(192, 168, 0, 9)

static void proxy_host(void)
{
	net = stack_new();
	nic = nic_new(net, "10.0.0.1/8");
	nic->answer_arp = false;
	nic_new(net, "192.168.0.1/24");
	CTL(net, "sysctl -w net.ipv4.ip_forward=1");
}

static void ask_for(be32 addr)
{
	nic_queue(nic, &ARP_REQUEST(MAC_N(1), MATE(1), addr));
	host_run();
}

WEIR_TEST(arp_proxy, a_broadcast_question_waits_and_a_unicast_one_does_not)
{
	struct pkt direct = ARP_REQUEST(MAC_N(1), MATE(1), FAR);

	proxy_host();
	CTL(net, "ip neigh add proxy 192.168.0.9 dev eth0");
	direct.dst = nic->mac;
	nic_queue(nic, &direct);
	host_run();
	EXPECT_PKT(nic, &ARP_REPLY(nic->mac, FAR, MAC_N(1), MATE(1)));
	for (u32 i = 0; i < 20; i++)
		ask_for(FAR);
	cr_assert_lt(nic_sent(nic), 20);
	host_advance(800 * NSEC_PER_MSEC);
	cr_assert_eq(nic_sent(nic), 20);
	nic_forget(nic);
	CTL(net, "sysctl -w net.ipv4.neigh.eth0.proxy_qlen=2");
	for (u32 i = 0; i < 60; i++)
		ask_for(FAR);
	cr_assert_geq(drops(net, SKB_DROP_REASON_NEIGH_QUEUEFULL), 50);
	host_advance(800 * NSEC_PER_MSEC);
	EXPECT_NO_SKBS(net);
}

WEIR_TEST(arp_proxy, it_goes_with_its_device)
{
	proxy_host();
	CTL(net, "ip neigh add proxy 192.168.0.9 dev eth0");
	CTL(net, "ip neigh add proxy 192.168.0.10");
	cr_assert_str_eq(CTL(net, "ip neigh show proxy dev eth0"), "192.168.0.9 proxy \n");
	for (u32 i = 0; i < 20; i++)
		ask_for(FAR);
	nic_forget(nic);
	CTL(net, "ip link set eth0 down");
	EXPECT_NO_SKBS(net);
	cr_assert_str_eq(CTL(net, "ip neigh show proxy"), "192.168.0.10 proxy \n");
	CTL(net, "ip link set eth0 up");
	nic_forget(nic);
	host_advance(NSEC_PER_SEC);
	EXPECT_NOTHING(nic);
	ask_for(FAR);
	host_advance(NSEC_PER_SEC);
	EXPECT_NOTHING(nic);
	CTL(net, "ip neigh del proxy 192.168.0.10");
	cr_assert_eq(ctl(net, NULL, "ip neigh del proxy 192.168.0.10"), 2);
}

WEIR_TEST(arp_proxy, there_is_room_for_so_many)
{
	int err = 0;
	u32 n = 0;

	proxy_host();
	plat_bh_disable();
	while (!err && n < 5000)
		err = pneigh_add(net, NULL, IP4(192, 168, n >> 8, n)), n += !err;
	plat_bh_enable();
	cr_assert_eq(n, 1024);
	cr_assert_eq(err, -ENOBUFS);
}

WEIR_TEST(arp_proxy, memory_may_run_out_anywhere)
{
	FOR_EACH_FAILING_ALLOC
	{
		net = stack_new();
		nic = net ? nic_new(net, "10.0.0.1/8") : NULL;
		if (!nic)
			continue;
		plat_bh_disable();
		cr_assert(pneigh_add(net, NULL, FAR) % ENOMEM == 0);
		cr_assert(neigh_use(nic->dev, MATE(1), NEIGH_ADD) % ENOBUFS == 0);
		plat_bh_enable();
		nic_inject(nic, &ARP_REQUEST(MAC_N(2), MATE(2), US));
		host_advance(5 * NSEC_PER_SEC);
	}
}
