/* SPDX-License-Identifier: MIT */
/* What is learnt of single destinations: path MTUs, redirects; who may teach it, what follows, when it ends. */
#include <stdio.h>
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "net/route.h"
#include "net/sock.h"
#include "net/sockopt.h"
#include "tests/unit/harness.h"

#define US       IP4(10, 0, 0, 1)
#define PEER     IP4(10, 0, 0, 2)
#define GATEWAY  IP4(10, 0, 0, 2)
#define BETTER   IP4(10, 0, 0, 3)
#define FAR      IP4(192, 0, 2, 9)
#define FAR_TEXT "192.0.2.9"
#define PORT(n)  CPU_TO_BE16(n)

static struct net *net;
static struct nic *nic;

/* A host with a gateway, and a UDP socket on port 7. */
static struct sock *host_new(void)
{
	struct sock_addr local = {0, PORT(7)};
	struct sock *sk;

	net = stack_new();
	nic = nic_new(net, "10.0.0.1/24");
	nic->answer_arp = true;
	CTL(net, "ip route add default via 10.0.0.2");
	cr_assert_eq(sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk), 0);
	cr_assert_eq(sock_bind(sk, &local), 0);
	return sk;
}

static void set_int(struct sock *sk, int level, int name, int v)
{
	cr_assert_eq(sock_setsockopt(sk, level, name, &v, sizeof(v)), 0);
}

static int get_mtu(struct sock *sk)
{
	int v = 0;
	u32 len = sizeof(v);
	int err = sock_getsockopt(sk, SOL_IP, IP_MTU, &v, &len);

	return err ? err : v;
}

static long put(struct sock *sk, be32 to, size_t len)
{
	static u8 data[4000];
	struct sock_iovec iov = {data, len};
	struct sock_msg msg = {
		.name = {to, PORT(9)}, .has_name = to != 0, .iov = &iov, .iovlen = 1};
	long n = sock_sendmsg(sk, &msg, MSG_DONTWAIT);

	host_run();
	return n;
}

static int udp_connect(struct sock *sk, be32 to)
{
	struct sock_addr peer = {to, PORT(9)};

	return sock_connect(sk, &peer, false);
}

/* An ICMP error about a packet like that. */
static void error_about(const struct pkt *inner, be32 from, u8 type, u8 code, u32 rest)
{
	static u8 frame[PKT_MAX];
	u32 len = pkt_build(inner, frame);

	nic_inject(nic, &ICMP4(from, US, type, code, .icmp.rest = rest, .data = frame + 14,
			       .len = min(len - 14, 28U)));
}

static void too_big(be32 from, be32 to, u32 mtu)
{
	error_about(&UDP4(from, 7, to, 9), IP4(203, 0, 113, 1), 3, 4, mtu);
}

static void redirect(be32 sender, be32 to, be32 gateway)
{
	error_about(&UDP4(US, 7, to, 9), sender, 5, 1, be32_to_cpu(gateway));
}

/* What the table has learnt, as `ip route get` says it behind "cache ". */
static const char *learnt(const char *to)
{
	static char text[200];
	const char *answer = strstr(CTL(net, "ip route get %s", to), "cache ");

	cr_assert_not_null(answer);
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(answer + 6, "\n"), answer + 6);
	return text;
}

/* The layout that IP_RECVERR gives: cmsghdr, sock_extended_err, offender. */
struct error_item {
	size_t len;
	int level, type;
	u32 ee_errno;
	u8 origin, ee_type, ee_code, pad;
	u32 info, data;
	u8 offender[16];
};

WEIR_TEST(route_exception, a_path_mtu_is_learnt_used_and_forgotten)
{
	struct sock *sk = host_new();

	cr_assert_eq(udp_connect(sk, FAR), 0);
	cr_assert_eq(get_mtu(sk), 1500);
	cr_assert_eq(put(sk, 0, 1400), 1400);
	EXPECT_PKT(nic, &UDP4(US, 7, FAR, 9, .ip.frag_off = 0x4000, .len = 1400));
	too_big(US, FAR, 1300);
	cr_assert_eq(get_mtu(sk), 1300);
	cr_assert_str_eq(learnt(FAR_TEXT), "expires 600sec mtu 1300 ");
	cr_assert_str_eq(learnt("192.0.2.10"), ""); /* of this one only */
	cr_assert_eq(put(sk, 0, 1400), -EMSGSIZE);  /* the error is told once */
	cr_assert_eq(put(sk, 0, 1400), 1400);
	cr_assert_eq(nic_next(nic)->ip.tot_len, 1300);
	cr_assert_eq(nic_next(nic)->ip.frag_off, 160);
	cr_assert_eq(put(sk, 0, 1272), 1272);
	EXPECT_PKT(nic, &UDP4(US, 7, FAR, 9, .ip.frag_off = 0x4000, .len = 1272));
	cr_assert_str_eq(CTL(net, "ip route show cache"),
			 "192.0.2.9 via 10.0.0.2 dev eth0 \n    cache expires 600sec mtu 1300 \n");
	host_advance(599 * NSEC_PER_SEC);
	cr_assert_eq(get_mtu(sk), 1300);
	host_advance(2 * NSEC_PER_SEC);
	cr_assert_eq(put(sk, 0, 1400), 1400); /* by the way it has kept */
	EXPECT_PKT(nic, &UDP4(US, 7, FAR, 9, .ip.frag_off = 0x4000, .len = 1400));
	cr_assert_eq(get_mtu(sk), 1500);
	cr_assert_str_eq(CTL(net, "ip route show cache"), "");
	sock_close(sk);
}

static const struct {
	const char *name;
	be32 from; /* of the quoted packet */
	u32 told, mtu;
	bool locked;
} mtus[] = {
	{"smaller", US, 1400, 1400, false},
	{"as it is", US, 1500, 1500, false},
	{"larger", US, 9000, 1500, false},
	{"the smallest that is believed", US, 552, 552, false},
	{"too small", US, 551, 552, true},
	{"not said", US, 0, 552, true},
	{"in the upper half nothing is said", US, 0x12340578, 1400, false},
	{"about a packet of somebody else's", IP4(10, 0, 0, 77), 1400, 1500, false},
	{"about a packet from a loopback address", IP4(127, 0, 0, 1), 1400, 1500, false},
};

WEIR_TEST(route_exception, which_mtus_are_believed)
{
	struct sock *sk = host_new();

	cr_assert_eq(udp_connect(sk, FAR), 0);
	for (size_t i = 0; i < ARRAY_SIZE(mtus); i++) {
		struct sock *any;
		struct sock_addr local = {0, PORT(8)};

		/* not connected: it takes errors about packets from any address */
		cr_assert_eq(sock_create(net, AF_INET, SOCK_DGRAM, 0, &any), 0);
		cr_assert_eq(sock_bind(any, &local), 0);
		error_about(&UDP4(mtus[i].from, 8, FAR, 9), IP4(203, 0, 113, 1), 3, 4,
			    mtus[i].told);
		cr_assert_eq(get_mtu(sk), (int)mtus[i].mtu, "%s: %d", mtus[i].name, get_mtu(sk));
		cr_assert_eq(strstr(learnt(FAR_TEXT), "lock") != NULL, mtus[i].locked, "%s",
			     mtus[i].name);
		CTL(net, "ip route flush cache");
		cr_assert_eq(get_mtu(sk), 1500);
		sock_close(any);
	}
	sock_close(sk);
}

/* Locked: it is a guess. Packets may be cut, and what else is said does not count. */
WEIR_TEST(route_exception, a_guessed_mtu_stays)
{
	struct sock *sk = host_new();

	cr_assert_eq(udp_connect(sk, FAR), 0);
	too_big(US, FAR, 0);
	put(sk, 0, 1);
	cr_assert_eq(put(sk, 0, 100), 100);
	EXPECT_PKT(nic, &UDP4(US, 7, FAR, 9, .len = 100));
	nic_forget(nic);
	cr_assert_eq(put(sk, 0, 100), 100);
	cr_assert_eq(nic_next(nic)->ip.frag_off, 0, "no DF");
	CTL(net, "sysctl -w net.ipv4.route.min_pmtu=68");
	too_big(US, FAR, 100);
	cr_assert_eq(get_mtu(sk), 552);
	CTL(net, "ip route flush cache");
	too_big(US, FAR, 100);
	cr_assert_eq(get_mtu(sk), 100);
	put(sk, 0, 1);
	nic_forget(nic);
	sock_close(sk);
}

/* ip_no_pmtu_disc: what an error does to the MTU, and whether sockets begin with discovery. */
WEIR_TEST(route_exception, path_mtu_discovery_may_be_off)
{
	static const int mtu[] = {1300, 552, 1500, 1500}, begin[] = {IP_PMTUDISC_WANT, 0, 0, 0};
	struct sock *sk = host_new(), *other;

	cr_assert_eq(udp_connect(sk, FAR), 0);
	for (int mode = 0; mode < 4; mode++) {
		int v;
		u32 len = sizeof(v);

		CTL(net, "sysctl -w net.ipv4.ip_no_pmtu_disc=%d", mode);
		CTL(net, "ip route flush cache");
		too_big(US, FAR, 1300);
		cr_assert_eq(get_mtu(sk), mtu[mode], "mode %d", mode);
		cr_assert_eq(sock_create(net, AF_INET, SOCK_DGRAM, 0, &other), 0);
		cr_assert_eq(sock_getsockopt(other, SOL_IP, IP_MTU_DISCOVER, &v, &len), 0);
		cr_assert_eq(v, begin[mode]);
		sock_close(other);
	}
	sock_close(sk);
}

/* IP_MTU_DISCOVER, path MTU 1000: what becomes of a packet of so many bytes. */
static const struct {
	int mode;
	u32 size;
	long result;
	u16 frag_off; /* of the first packet out */
	u16 tot_len;
} modes[] = {
	{IP_PMTUDISC_DONT, 972, 972, 0, 1000},
	{IP_PMTUDISC_DONT, 1200, 1200, 0x2000, 996},
	{IP_PMTUDISC_WANT, 972, 972, 0x4000, 1000},
	{IP_PMTUDISC_WANT, 973, 973, 0x2000, 996},
	{IP_PMTUDISC_DO, 972, 972, 0x4000, 1000},
	{IP_PMTUDISC_DO, 973, -EMSGSIZE, 0, 0},
	{IP_PMTUDISC_PROBE, 1200, 1200, 0x4000, 1228},
	{IP_PMTUDISC_PROBE, 1473, -EMSGSIZE, 0, 0},
	{IP_PMTUDISC_INTERFACE, 1200, 1200, 0, 1228},
	{IP_PMTUDISC_INTERFACE, 1473, -EMSGSIZE, 0, 0},
	{IP_PMTUDISC_OMIT, 1200, 1200, 0, 1228},
	{IP_PMTUDISC_OMIT, 1600, 1600, 0x2000, 1500},
};

WEIR_TEST(route_exception, what_sockets_make_of_it)
{
	struct sock *sk = host_new();

	too_big(US, FAR, 1000);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		const struct pkt *got;

		set_int(sk, SOL_IP, IP_MTU_DISCOVER, modes[i].mode);
		cr_assert_eq(put(sk, FAR, modes[i].size), modes[i].result, "row %zu", i);
		got = nic_next(nic);
		cr_assert_eq(got != NULL, modes[i].result > 0, "row %zu", i);
		if (got)
			cr_assert(got->ip.frag_off == modes[i].frag_off &&
					  got->ip.tot_len == modes[i].tot_len,
				  "row %zu: %#x %u", i, got->ip.frag_off, got->ip.tot_len);
		nic_forget(nic);
	}
	/* The last two do not learn either. */
	CTL(net, "ip route flush cache");
	too_big(US, FAR, 1000);
	cr_assert_str_eq(learnt(FAR_TEXT), "");
	set_int(sk, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
	too_big(US, FAR, 1000);
	cr_assert_str_eq(learnt(FAR_TEXT), "expires 600sec mtu 1000 ");
	sock_close(sk);
}

WEIR_TEST(route_exception, the_error_queue_tells_the_mtu)
{
	struct sock *sk = host_new();
	struct error_item item;
	struct sock_msg msg = {.control = &item, .controllen = sizeof(item)};

	set_int(sk, SOL_IP, IP_RECVERR, 1);
	set_int(sk, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
	too_big(US, FAR, 1000);
	cr_assert_eq(sock_recvmsg(sk, &msg, MSG_ERRQUEUE), 0);
	cr_assert(item.ee_errno == EMSGSIZE && item.info == 1000 && item.origin == 2 &&
		  item.ee_type == 3 && item.ee_code == 4);
	cr_assert_eq(put(sk, FAR, 1200), -EMSGSIZE);
	msg.controllen = sizeof(item);
	cr_assert_eq(sock_recvmsg(sk, &msg, MSG_ERRQUEUE), 0);
	cr_assert(item.ee_errno == EMSGSIZE && item.info == 1000 && item.origin == 1);
	sock_close(sk);
}

/* Ping and raw sockets teach, and our own echo replies. */
WEIR_TEST(route_exception, icmp_learns_too)
{
	static const be32 to[] = {IP4(192, 0, 2, 1), IP4(192, 0, 2, 2), IP4(192, 0, 2, 3)};
	struct sock *sk = host_new(), *raw, *ping;
	struct sock_addr id = {0, PORT(77)};

	error_about(&ECHO_REPLY(US, to[0], 1, 1), PEER, 3, 4, 1100);
	cr_assert_str_eq(learnt("192.0.2.1"), "expires 600sec mtu 1100 ");
	error_about(&ECHO(US, to[1], 77, 1), PEER, 3, 4, 1100);
	cr_assert_str_eq(learnt("192.0.2.2"), "", "nobody sent it");
	cr_assert_eq(sock_create(net, AF_INET, SOCK_DGRAM, IPPROTO_ICMP, &ping), 0);
	cr_assert_eq(sock_bind(ping, &id), 0);
	error_about(&ECHO(US, to[1], 77, 1), PEER, 3, 4, 1100);
	cr_assert_str_eq(learnt("192.0.2.2"), "expires 600sec mtu 1100 ");
	/* a ping socket is told of what others need not know */
	set_int(ping, SOL_IP, IP_RECVERR, 1);
	for (u8 type = 4; type <= 5; type++) {
		struct error_item item;
		struct sock_msg msg = {.control = &item, .controllen = sizeof(item)};

		error_about(&ECHO(US, to[1], 77, 1), PEER, type, 0, 0);
		cr_assert(sock_recvmsg(ping, &msg, MSG_ERRQUEUE) >= 0);
		cr_assert(item.ee_errno == EREMOTEIO && item.ee_type == type);
	}
	cr_assert_eq(sock_create(net, AF_INET, SOCK_RAW, 253, &raw), 0);
	error_about(&(struct pkt){.ip.saddr = US, .ip.daddr = to[2], .ip.proto = 253, .len = 8},
		    PEER, 3, 4, 1100);
	cr_assert_str_eq(learnt("192.0.2.3"), "expires 600sec mtu 1100 ");
	sock_close(raw);
	sock_close(ping);
	sock_close(sk);
}

/* Routers forward by the link's MTU, unless told otherwise, or the path's was guessed. */
WEIR_TEST(route_exception, forwarding)
{
	struct sock *sk = host_new();
	const struct pkt in =
		UDP4(IP4(10, 1, 0, 9), 1, FAR, 2, .ip.frag_off = 0x4000, .len = 1200, .dst = 0);
	struct nic *near = nic_new(net, "10.1.0.1/24");

	CTL(net, "sysctl -w net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0");
	near->answer_arp = true;
	too_big(US, FAR, 1000);
	nic_inject(near, &in);
	EXPECT_PKT(nic, &UDP4(IP4(10, 1, 0, 9), 1, FAR, 2, .len = 1200));
	CTL(net, "sysctl -w net.ipv4.ip_forward_use_pmtu=1");
	nic_inject(near, &in);
	EXPECT_NOTHING(nic);
	EXPECT_PKT(near, &ICMP4(IP4(10, 1, 0, 1), IP4(10, 1, 0, 9), 3, 4, .icmp.rest = 1000));
	CTL(net, "sysctl -w net.ipv4.ip_forward_use_pmtu=0");
	nic_inject(near, &in);
	EXPECT_PKT(nic, &UDP4(IP4(10, 1, 0, 9), 1, FAR, 2, .len = 1200));
	CTL(net, "ip route flush cache");
	too_big(US, FAR, 0);
	nic_inject(near, &in);
	EXPECT_PKT(near, &ICMP4(IP4(10, 1, 0, 1), IP4(10, 1, 0, 9), 3, 4, .icmp.rest = 552));
	EXPECT_NOTHING(nic);
	sock_close(sk);
}

/* What is learnt goes with its route, and comes back with none. */
WEIR_TEST(route_exception, a_route_takes_it_along)
{
	struct sock *sk = host_new();

	CTL(net, "ip route add 192.0.2.0/24 via 10.0.0.2 mtu 1450");
	cr_assert_str_eq(learnt(FAR_TEXT), "mtu 1450 ");
	too_big(US, FAR, 1475);
	cr_assert_str_eq(learnt(FAR_TEXT), "mtu 1450 ", "larger than the route's");
	too_big(US, FAR, 1300);
	cr_assert_str_eq(learnt(FAR_TEXT), "expires 600sec mtu 1300 ");
	CTL(net, "ip addr add 10.9.0.1/24 dev eth0"); /* what else changes leaves it */
	cr_assert_str_eq(learnt(FAR_TEXT), "expires 600sec mtu 1300 ");
	CTL(net, "ip route del 192.0.2.0/24");
	cr_assert_str_eq(learnt(FAR_TEXT), "");
	CTL(net, "ip route add 192.0.2.0/24 via 10.0.0.2 mtu 1450");
	cr_assert_str_eq(learnt(FAR_TEXT), "mtu 1450 ");
	sock_close(sk);
}

/* `mtu lock`: what routers say does not count, and packets may be cut; a redirect leaves it so. */
WEIR_TEST(route_exception, a_routes_mtu_may_be_locked)
{
	struct sock *sk = host_new();

	CTL(net, "ip route add 192.0.2.0/24 via 10.0.0.2 mtu lock 1400");
	too_big(US, FAR, 1300);
	cr_assert_str_eq(learnt(FAR_TEXT), "mtu lock 1400 ");
	redirect(GATEWAY, FAR, BETTER);
	redirect(GATEWAY, FAR, BETTER);
	cr_assert_str_eq(learnt(FAR_TEXT), "<redirected> expires 300sec mtu lock 1400 ");
	nic_forget(nic);
	cr_assert_eq(put(sk, FAR, 100), 100);
	cr_assert_eq(nic_next(nic)->ip.frag_off, 0);
	sock_close(sk);
}

/* Nobody knows which of several next hops the packet went by: all learn. */
WEIR_TEST(route_exception, all_next_hops_learn)
{
	struct sock *sk = host_new();

	CTL(net, "ip route add 192.0.2.0/24 nexthop via 10.0.0.2 nexthop via 10.0.0.3");
	too_big(US, FAR, 1300);
	cr_assert_str_eq(learnt(FAR_TEXT), "expires 600sec mtu 1300 ");
	cr_assert_not_null(strstr(CTL(net, "ip route show cache"), "via 10.0.0.2"));
	cr_assert_not_null(strstr(CTL(net, "ip route show cache"), "via 10.0.0.3"));
	CTL(net, "ip route replace 192.0.2.0/24 nexthop via 10.0.0.3 nexthop via 10.0.0.4");
	cr_assert_str_eq(learnt(FAR_TEXT), "");
	sock_close(sk);
}

static u32 lines(const char *text)
{
	u32 n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* However many destinations lie: 64 lists of 5 to 10. */
WEIR_TEST(route_exception, their_number_is_bounded)
{
	struct sock *sk = host_new();
	u32 shown;

	for (u32 i = 0; i < 5000; i++)
		too_big(US, cpu_to_be32(0xc6120000 + i), 1300);
	shown = lines(CTL(net, "ip route show cache")) / 2;
	cr_assert(shown > 64 * 5 * 9 / 10 && shown <= 64 * 10, "%u", shown);
	cr_assert_str_eq(learnt("198.18.19.135"), "expires 600sec mtu 1300 ", "the last is there");
	CTL(net, "ip route flush cache");
	cr_assert_str_eq(CTL(net, "ip route show cache"), "");
	sock_close(sk);
}

/* ---- redirects ---- */

static bool goes_by(be32 gateway)
{
	struct flowi4 fl = {.daddr = FAR};
	struct rtable *rt;
	bool yes;

	plat_bh_disable();
	yes = !ip_route_output(net, &fl, &rt) && rt->gateway == gateway;
	plat_bh_enable();
	return yes;
}

WEIR_TEST(route_exception, a_redirect_is_followed)
{
	struct sock *sk = host_new();

	cr_assert_eq(udp_connect(sk, FAR), 0);
	put(sk, 0, 1);
	redirect(GATEWAY, FAR, BETTER); /* who is that? it is asked, and the next one counts */
	cr_assert(goes_by(GATEWAY));
	redirect(GATEWAY, FAR, BETTER);
	cr_assert(goes_by(BETTER));
	cr_assert_str_eq(learnt(FAR_TEXT), "<redirected> expires 300sec ");
	nic_forget(nic);
	cr_assert_eq(put(sk, 0, 1), 1); /* the socket's kept way is not used any more */
	EXPECT_PKT(nic, &UDP4(US, 7, FAR, 9, .len = 1));
	redirect(GATEWAY, FAR, IP4(10, 0, 0, 4)); /* not the present gateway any more */
	redirect(GATEWAY, FAR, IP4(10, 0, 0, 4));
	cr_assert(goes_by(BETTER));
	host_advance(301 * NSEC_PER_SEC);
	cr_assert(goes_by(GATEWAY));
	nic_forget(nic);
	sock_close(sk);
}

static const struct {
	const char *name, *settings; /* of conf.eth0 and conf.all alike */
	be32 sender, gateway;
	bool followed;
} redirects[] = {
	{"as it should be", NULL, GATEWAY, BETTER, true},
	{"not from the gateway", NULL, IP4(10, 0, 0, 9), BETTER, false},
	{"to the gateway itself", NULL, GATEWAY, GATEWAY, false},
	{"to us", NULL, GATEWAY, US, false},
	{"to a broadcast", NULL, GATEWAY, IP4(10, 0, 0, 255), false},
	{"to a group", NULL, GATEWAY, IP4(224, 0, 0, 5), false},
	{"to nobody", NULL, GATEWAY, 0, false},
	{"not accepted", "accept_redirects=0", GATEWAY, BETTER, false},
	{"to a gateway we know", "shared_media=0", GATEWAY, IP4(10, 0, 0, 4), true},
	{"to one we do not know", "shared_media=0", GATEWAY, BETTER, false},
	{"to one we do not know, never mind", "shared_media=0 secure_redirects=0", GATEWAY, BETTER,
	 true},
	{"to one of another subnet", "shared_media=0 secure_redirects=0", GATEWAY, IP4(10, 5, 0, 4),
	 false},
	{"a router accepts none", "forwarding=1", GATEWAY, BETTER, false},
	{"a router is told to", "forwarding=1 accept_redirects=1", GATEWAY, BETTER, true},
};

static void set_conf(const char *settings)
{
	char one[64];

	while (*settings) {
		size_t n = strcspn(settings, " ");

		snprintf(one, sizeof(one), "%.*s", (int)n, settings);
		CTL(net, "sysctl -w net.ipv4.conf.all.%s", one);
		CTL(net, "sysctl -w net.ipv4.conf.eth0.%s", one);
		settings += n + (settings[n] == ' ');
	}
}

WEIR_TEST(route_exception, which_redirects_are_followed)
{
	for (size_t i = 0; i < ARRAY_SIZE(redirects); i++) {
		struct sock *sk = host_new();

		CTL(net, "ip addr add 10.5.0.1/24 dev eth0");
		CTL(net, "ip route add 172.16.0.0/12 via 10.0.0.4");
		if (redirects[i].settings)
			set_conf(redirects[i].settings);
		redirect(redirects[i].sender, FAR, redirects[i].gateway);
		redirect(redirects[i].sender, FAR, redirects[i].gateway);
		cr_assert_eq(goes_by(redirects[i].gateway) && redirects[i].gateway != GATEWAY,
			     redirects[i].followed, "%s", redirects[i].name);
		cr_assert_eq(goes_by(GATEWAY), !redirects[i].followed, "%s", redirects[i].name);
		nic_forget(nic);
		sock_close(sk);
	}
}

WEIR_TEST(route_exception, every_allocation_may_fail)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct sock *sk = NULL;
		struct sock_addr local = {0, PORT(7)};

		net = stack_new();
		nic = net ? nic_new(net, "10.0.0.1/24") : NULL;
		if (!nic || ctl(net, NULL, "ip route add default via 10.0.0.2") ||
		    sock_create(net, AF_INET, SOCK_DGRAM, 0, &sk))
			continue;
		nic->answer_arp = true;
		if (!sock_bind(sk, &local)) {
			too_big(US, FAR, 1300);
			redirect(GATEWAY, FAR, BETTER);
			redirect(GATEWAY, FAR, BETTER);
			put(sk, FAR, 1400);
			ctl(net, NULL, "ip route show cache");
		}
		sock_close(sk);
		nic_forget(nic);
	}
}
