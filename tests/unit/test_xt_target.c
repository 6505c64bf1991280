/* SPDX-License-Identifier: MIT */
/* Each target: what it does to a packet or sends because of it, and where it is refused. */
#include <stdio.h>
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "net/wire/icmp_hdr.h"
#include "net/wire/tcp_hdr.h"
#include "tests/unit/rules.h"

#define PEER   IP4(10, 0, 1, 2)
#define ROUTER IP4(10, 0, 1, 1)
#define FAR    IP4(10, 0, 2, 2)
#define F      XT_TABLE_FILTER

static struct net *net;
static struct nic *near, *far;

static void router(void)
{
	net = router_new(&near, &far);
	CTL(net, "sysctl -w net.ipv4.icmp_ratelimit=0");
}

/* A TCP header to FAR's port 80 with options and data, its checksum right unless bad. */
static const struct pkt *segment(u8 flags, const u8 *opts, u32 optlen, u32 payload, bool bad)
{
	static u8 buf[12 + 200];
	static struct pkt p;
	u8 *th = buf + 12;
	u32 len = 20 + optlen + payload;
	u16 sum;

	memset(buf, 0, sizeof(buf));
	memcpy(buf, &(be32[]){PEER, FAR}, 8);
	buf[9] = 6;
	buf[11] = len;
	memcpy(th, (u8[]){3, 232, 0, 80, 0, 0, 1, 0, 0, 0, 9, 0}, 12);
	th[12] = (20 + optlen) / 4 << 4;
	th[13] = flags;
	if (optlen)
		memcpy(th + 20, opts, optlen);
	sum = csum_of(buf, 12 + len) ^ (bad ? 0x1111 : 0);
	th[16] = sum >> 8;
	th[17] = sum;
	p = (struct pkt){.ip.saddr = PEER, .ip.daddr = FAR, .ip.proto = 6, .data = th, .len = len};
	return &p;
}

/* The checksum of a segment that came out; 0: right. */
static u16 tcp_sum(const struct pkt *p)
{
	u8 buf[12 + 200] = {0};

	memcpy(buf, &(be32[]){p->ip.saddr, p->ip.daddr}, 8);
	buf[9] = 6;
	buf[11] = p->len;
	memcpy(buf + 12, p->data, p->len);
	return csum_of(buf, 12 + p->len);
}

static const u8 mss1460[] = {2, 4, 5, 180};
static const u8 odd_mss[] = {1, 2, 4, 5, 180, 1, 1, 1};
static const u8 tstamp[] = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0};

static int tcpmss(u32 table, const char *chain, u16 mss)
{
	struct xt_tcp_info syn = {
		.spts = {0, 65535}, .dpts = {0, 65535}, .flg_mask = 6, .flg_cmp = 2};
	struct xt_tcpmss_info info = {mss};
	struct ipt_rule_spec s =
		RULE(IPT_TARGET, .ip.proto = 6, MATCH("tcp", syn), TARGET("TCPMSS", info));

	return append(net, table, chain, &s);
}

WEIR_TEST(xt_target, tcpmss)
{
	static const struct {
		const u8 *opts;
		u32 optlen, payload, mss, want_len;
		u16 want; /* 0: no option */
		u32 at;
	} rows[] = {
		{mss1460, 4, 0, 1400, 24, 1400, 22},
		{mss1460, 4, 0, 1500, 24, 1460, 22}, /* never more than it says */
		{odd_mss, 8, 0, 1000, 28, 1000, 23},
		{NULL, 0, 0, 1400, 24, 536, 22}, /* RFC 1122: it would be 536 */
		{NULL, 0, 0, 100, 24, 100, 22},
		{tstamp, 12, 0, 1400, 36, 536, 22},
		{NULL, 0, 10, 1400, 30, 0, 0}, /* none is put before data */
	};

	router();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pkt *got;
		const u8 *th;

		flush(net, XT_TABLE_MANGLE);
		cr_assert_eq(tcpmss(XT_TABLE_MANGLE, "FORWARD", rows[i].mss), 0);
		nic_inject(near,
			   segment(TCP_SYN, rows[i].opts, rows[i].optlen, rows[i].payload, false));
		got = nic_next(far);
		cr_assert(got, "row %u", i);
		th = got->data;
		cr_assert_eq(got->len, rows[i].want_len, "row %u: %u", i, got->len);
		cr_assert_eq(tcp_sum(got), 0, "row %u: checksum", i);
		cr_assert_eq((th[12] >> 4) * 4 + rows[i].payload, got->len, "row %u: doff", i);
		if (rows[i].want)
			cr_assert_eq(th[rows[i].at] << 8 | th[rows[i].at + 1], rows[i].want,
				     "row %u", i);
	}
	EXPECT_NO_SKBS(net);
}

WEIR_TEST(xt_target, tcpmss_clamps_to_the_narrower_way)
{
	const struct pkt *got;
	struct xt_tcpmss_info info = {XT_TCPMSS_CLAMP_PMTU};
	struct ipt_rule_spec bare = RULE(IPT_TARGET, .ip.proto = 6, TARGET("TCPMSS", info));

	router();
	CTL(net, "ip link set eth1 mtu 1000");
	cr_assert_eq(tcpmss(XT_TABLE_MANGLE, "FORWARD", XT_TCPMSS_CLAMP_PMTU), 0);
	nic_inject(near, segment(TCP_SYN, mss1460, 4, 0, false));
	got = nic_next(far);
	cr_assert(got && tcp_sum(got) == 0);
	cr_assert_eq(((const u8 *)got->data)[22] << 8 | ((const u8 *)got->data)[23], 960);
	CTL(net, "ip link set eth1 mtu 1500");
	CTL(net, "ip link set eth0 mtu 900");
	nic_inject(near, segment(TCP_SYN, mss1460, 4, 0, false));
	got = nic_next(far);
	cr_assert_eq(((const u8 *)got->data)[22] << 8 | ((const u8 *)got->data)[23], 860);
	cr_assert_eq(tcpmss(XT_TABLE_MANGLE, "PREROUTING", XT_TCPMSS_CLAMP_PMTU), -EINVAL);
	cr_assert_eq(append(net, XT_TABLE_MANGLE, "FORWARD", &bare), -EINVAL);
}

WEIR_TEST(xt_target, mark)
{
	struct xt_mark_tginfo set = {.mark = 0x13, .mask = 0xff}, flip = {.mark = 1, .mask = 0};
	struct xt_mark_info is = {.mark = 0x12, .mask = ~0U};
	struct ipt_rule_spec s = RULE(IPT_TARGET, TARGET("MARK", set));

	router();
	cr_assert_eq(append(net, XT_TABLE_MANGLE, "PREROUTING", &s), 0);
	s.target.data = &flip;
	cr_assert_eq(append(net, XT_TABLE_MANGLE, "PREROUTING", &s), 0);
	s = RULE(IPT_DROP, MATCH("mark", is));
	cr_assert_eq(append(net, F, "FORWARD", &s), 0);
	nic_inject(near, &UDP4(PEER, 1, FAR, 2));
	EXPECT_NOTHING(far);
	cr_assert_eq(counted(net, F, "FORWARD", 1), 1);
}

/* ---- REJECT ---- */

static int reject(u8 with, u8 proto, u32 table, const char *chain)
{
	struct ipt_reject_info info = {with};
	struct ipt_rule_spec s = RULE(IPT_TARGET, .ip.proto = proto, TARGET("REJECT", info));

	return append(net, table, chain, &s);
}

WEIR_TEST(xt_target, reject_with_icmp)
{
	static const struct {
		u8 with, code;
	} rows[] = {{IPT_ICMP_NET_UNREACHABLE, 0},  {IPT_ICMP_HOST_UNREACHABLE, 1},
		    {IPT_ICMP_PROT_UNREACHABLE, 2}, {IPT_ICMP_PORT_UNREACHABLE, 3},
		    {IPT_ICMP_NET_PROHIBITED, 9},   {IPT_ICMP_HOST_PROHIBITED, 10},
		    {IPT_ICMP_ADMIN_PROHIBITED, 13}};

	router();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		flush(net, F);
		cr_assert_eq(reject(rows[i].with, 0, F, "FORWARD"), 0);
		nic_inject(near, &UDP4(PEER, 1, FAR, 2, .len = 8));
		EXPECT_NOTHING(far);
		EXPECT_PKT(near, &ICMP4(ROUTER, PEER, ICMP_DEST_UNREACH, rows[i].code));
	}
	nic_inject(near,
		   &UDP4(PEER, 1, FAR, 2, .len = 8, .udp.bad_csum = 5)); /* may be anybody's */
	nic_inject(near, &UDP4(PEER, 1, FAR, 2, .len = 8, .ip.frag_off = 3));
	EXPECT_NOTHING(near);
	nic_inject(near, &UDP4(PEER, 1, FAR, 2, .len = 8, .udp.no_csum = true));
	EXPECT_PKT(near, &ICMP4(ROUTER, PEER, ICMP_DEST_UNREACH, 13));
	nic_inject(near, &ECHO(PEER, FAR, 1, 1));
	EXPECT_PKT(near, &ICMP4(ROUTER, PEER, ICMP_DEST_UNREACH, 13));
	nic_inject(near, &ECHO(PEER, FAR, 1, 1, .icmp.bad_csum = 7));
	nic_inject(near,
		   &ICMP4(PEER, FAR, ICMP_DEST_UNREACH, 1, .len = 28)); /* no error about one */
	EXPECT_NOTHING(near);
	EXPECT_NO_SKBS(net);
}

WEIR_TEST(xt_target, reject_with_a_reset)
{
	static const struct {
		u8 flags;
		u32 payload, seq, ack;
		u8 want; /* 0: nothing */
	} rows[] = {
		{TCP_SYN, 0, 0, 0x101, TCP_RST | TCP_ACK},
		{TCP_SYN, 5, 0, 0x106, TCP_RST | TCP_ACK},
		{TCP_ACK, 5, 0x900, 0, TCP_RST},
		{TCP_FIN, 0, 0, 0x101, TCP_RST | TCP_ACK},
		{TCP_RST, 0, 0, 0, 0},
	};

	router();
	cr_assert_eq(reject(IPT_TCP_RESET, 6, F, "FORWARD"), 0);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pkt *got;
		const u8 *th;

		nic_inject(near, segment(rows[i].flags, NULL, 0, rows[i].payload, false));
		got = nic_next(near);
		cr_assert_eq(!!got, !!rows[i].want, "row %u", i);
		if (!got)
			continue;
		th = got->data;
		cr_assert_eq(tcp_sum(got), 0, "row %u", i);
		cr_assert_eq(got->ip.saddr, FAR);
		cr_assert_eq(got->ip.daddr, PEER);
		cr_assert_eq(got->ip.frag_off, 0x4000);
		cr_assert_eq(got->ip.ttl, 64);
		cr_assert_eq(th[13], rows[i].want, "row %u: flags %#x", i, th[13]);
		cr_assert_eq(th[6] << 8 | th[7], rows[i].seq, "row %u", i);
		cr_assert_eq(th[10] << 8 | th[11], rows[i].ack, "row %u", i);
		cr_assert_eq(th[0] << 8 | th[1], 80);
	}
	nic_inject(near, segment(TCP_SYN, NULL, 0, 0, true)); /* damaged */
	EXPECT_NOTHING(near);
	EXPECT_NOTHING(far);
	EXPECT_NO_SKBS(net);
	cr_assert_eq(reject(IPT_TCP_RESET, 17, F, "FORWARD"), -EINVAL);
	cr_assert_eq(reject(IPT_ICMP_ECHOREPLY, 0, F, "FORWARD"), -EINVAL);
	cr_assert_eq(reject(IPT_ICMP_NET_UNREACHABLE, 0, XT_TABLE_RAW, "PREROUTING"), -EINVAL);
}

/* ---- LOG ---- */

static char logged[4][800];
static u32 nr_logged;

static void take_log(void *arg, int level, const char *line)
{
	(void)arg;
	snprintf(logged[nr_logged++ % 4], sizeof(logged[0]), "<%d>%s", level, line);
}

static int log_rule(u8 flags, u8 level, const char *prefix)
{
	struct xt_log_info info = {.level = level, .logflags = flags};
	struct ipt_rule_spec s = RULE(IPT_TARGET, TARGET("LOG", info));

	strcpy(info.prefix, prefix);
	return append(net, F, "FORWARD", &s);
}

WEIR_TEST(xt_target, log_lines)
{
#define LINE_IN                                                                        \
	"IN=eth0 OUT=eth1 MAC=02:57:00:00:00:00:02:57:00:00:00:09:08:00 SRC=10.0.1.2 " \
	"DST=10.0.2.2 "
	const char *mac;

	router();
	host_log_level(7);
	host_log_hook(take_log, NULL);
	cr_assert_eq(log_rule(XT_LOG_TCPSEQ | XT_LOG_TCPOPT | XT_LOG_IPOPT, 1, "look: "), 0);
	nic_inject(near, &UDP4(PEER, 1, FAR, 2, .len = 8, .ip.id = 7, .src = MAC_N(9)));
	cr_assert_eq(nr_logged, 1);
	cr_assert(strncmp(logged[0], "<1>look: IN=eth0 OUT=eth1 MAC=", 30) == 0, "%s", logged[0]);
	mac = strstr(logged[0], "SRC=");
	cr_assert_str_eq(mac, "SRC=10.0.1.2 DST=10.0.2.2 LEN=36 TOS=0x00 PREC=0x00 TTL=63 ID=7 "
			      "PROTO=UDP SPT=1 DPT=2 LEN=16 ");
	nic_inject(near, segment(TCP_SYN, mss1460, 4, 0, false));
	mac = strstr(logged[1], "PROTO=");
	cr_assert_str_eq(mac, "PROTO=TCP SPT=1000 DPT=80 SEQ=256 ACK=2304 WINDOW=0 RES=0x00 SYN "
			      "URGP=0 OPT (020405B4) ");
	nic_inject(near, &ECHO(PEER, FAR, 5, 6, .ip.frag_off = 0x4000));
	cr_assert(strstr(logged[2], " DF PROTO=ICMP TYPE=8 CODE=0 ID=5 SEQ=6 "), "%s", logged[2]);
	nic_inject(near, &UDP4(PEER, 1, FAR, 2, .len = 8, .ip.frag_off = 0x2003));
	cr_assert(strstr(logged[3], " MF FRAG:3 PROTO=UDP "), "%s", logged[3]);
	cr_assert_null(strstr(logged[3], "SPT"));
	nic_forget(far);
	host_log_hook(NULL, NULL);
	cr_assert_eq(log_rule(XT_LOG_UID, 4, ""), -EINVAL);
	cr_assert_eq(log_rule(0, 8, ""), -EINVAL);
}

WEIR_TEST(xt_target, log_does_not_flood)
{
	router();
	host_log_hook(take_log, NULL);
	cr_assert_eq(log_rule(0, 1, ""), 0);
	nr_logged = 0;
	for (u32 i = 0; i < 500; i++)
		nic_inject(near, &UDP4(PEER, 1, FAR, 2, .len = 8));
	cr_assert_eq(nr_logged, 200);
	host_advance(NSEC_PER_SEC);
	nic_inject(near, &UDP4(PEER, 1, FAR, 2, .len = 8));
	cr_assert_eq(nr_logged, 202);
	cr_assert_str_eq(logged[200 % 4], "<4>nf_log: 300 lines suppressed");
	host_log_hook(NULL, NULL);
	nic_forget(far);
}

WEIR_TEST(xt_target, trace_tells_of_each_rule)
{
	struct ipt_rule_spec s = RULE(IPT_TARGET, .target = {xt_find_target("TRACE"), NULL, 0});

	router();
	host_log_hook(take_log, NULL);
	cr_assert_eq(append(net, XT_TABLE_RAW, "PREROUTING", &s), 0);
	cr_assert_eq(append(net, F, "FORWARD", &s), -EINVAL);
	counted(net, F, "FORWARD", 0);
	nr_logged = 0;
	nic_inject(near, &UDP4(PEER, 1, FAR, 2, .len = 8));
	cr_assert_eq(nr_logged, 2);
	cr_assert(strncmp(logged[0], "<4>TRACE: raw:PREROUTING:policy:2 IN=eth0 OUT= MAC=", 51) ==
			  0,
		  "%s", logged[0]);
	cr_assert(strncmp(logged[1], "<4>TRACE: filter:FORWARD:policy:1 IN=eth0 OUT=eth1 ", 51) ==
			  0,
		  "%s", logged[1]);
	host_log_hook(NULL, NULL);
	nic_forget(far);
}

/* ---- NFQUEUE ---- */

static struct nf_queue_entry *queued[8];
static u32 nr_queued;

static int take(void *priv, struct nf_queue_entry *entry)
{
	(void)priv;
	if (entry->queuenum == 9)
		return -ESRCH;
	if (entry->queuenum == 8)
		return -ENOSPC;
	queued[nr_queued++] = entry;
	return 0;
}

static void nfqueue(u16 num, u16 total, u8 flags, int want)
{
	struct xt_nfq_info info = {.queuenum = num, .queues_total = total, .flags = flags};
	struct ipt_rule_spec s = RULE(IPT_TARGET, TARGET("NFQUEUE", info));

	flush(net, F);
	cr_assert_eq(append(net, F, "FORWARD", &s), want);
}

WEIR_TEST(xt_target, nfqueue)
{
	router();
	nfqueue(5, 1, 0, 0);
	nic_inject(near, &UDP4(PEER, 1, FAR, 2)); /* nobody listens */
	EXPECT_DROPS(net, NF_QUEUE_NONE, 1);
	nfqueue(5, 1, NFQ_FLAG_BYPASS, 0);
	nic_inject(near, &UDP4(PEER, 1, FAR, 2));
	EXPECT_PKT(far, &UDP4(PEER, 1, FAR, 2));
	plat_bh_disable();
	nf_register_queue_handler(net, take, NULL, NULL);
	plat_bh_enable();
	nic_inject(near, &UDP4(PEER, 1, FAR, 2));
	EXPECT_NOTHING(far);
	cr_assert_eq(nr_queued, 1);
	cr_assert_eq(queued[0]->queuenum, 5);
	plat_bh_disable();
	nf_reinject(queued[0], NF_ACCEPT);
	plat_bh_enable();
	EXPECT_PKT(far, &UDP4(PEER, 1, FAR, 2));
	nfqueue(9, 1, NFQ_FLAG_BYPASS, 0);
	nic_inject(near, &UDP4(PEER, 1, FAR, 2)); /* no such queue */
	EXPECT_PKT(far, &UDP4(PEER, 1, FAR, 2));
	nfqueue(8, 1, NFQ_FLAG_BYPASS, 0);
	nic_inject(near, &UDP4(PEER, 1, FAR, 2)); /* a full one is not passed by */
	EXPECT_NOTHING(far);
	EXPECT_DROPS(net, NF_QUEUE_FULL, 1);
	nfqueue(10, 4, 0, 0);
	nr_queued = 0;
	nic_inject(near, &UDP4(PEER, 1, FAR, 2));
	nic_inject(near, &UDP4(PEER, 7, FAR, 3));
	cr_assert_eq(nr_queued, 2);
	cr_assert(queued[0]->queuenum >= 10 && queued[0]->queuenum < 14);
	cr_assert_eq(queued[0]->queuenum, queued[1]->queuenum);
	plat_bh_disable();
	nf_reinject(queued[0], NF_DROP);
	nf_reinject(queued[1], NF_DROP);
	nf_register_queue_handler(net, NULL, NULL, NULL);
	plat_bh_enable();
	nfqueue(0, 0, 0, -EINVAL);
	nfqueue(65535, 2, 0, -ERANGE);
	nfqueue(1, 1, 2, -EINVAL);
	EXPECT_NO_SKBS(net);
}

WEIR_TEST(xt_target, own_packets_that_are_marked_find_another_way)
{
	struct xt_mark_tginfo set = {.mark = 1, .mask = ~0U};
	struct ipt_rule_spec s = RULE(IPT_TARGET, .ip.proto = 1, TARGET("MARK", set));

	router();
	CTL(net, "ip route add 10.9.0.0/16 via 10.0.1.2");
	CTL(net, "ip route add 10.9.0.0/16 via 10.0.2.2 table 100");
	CTL(net, "ip rule add fwmark 1 table 100");
	nic_inject(near, &ECHO(IP4(10, 9, 0, 1), ROUTER, 1, 1));
	EXPECT_PKT(near, &ECHO_REPLY(ROUTER, IP4(10, 9, 0, 1), 1, 1));
	cr_assert_eq(append(net, XT_TABLE_MANGLE, "OUTPUT", &s), 0);
	nic_inject(near, &ECHO(IP4(10, 9, 0, 1), ROUTER, 1, 1));
	EXPECT_PKT(far, &ECHO_REPLY(ROUTER, IP4(10, 9, 0, 1), 1, 1));
	EXPECT_NOTHING(near);
}
