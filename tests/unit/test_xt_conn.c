/* SPDX-License-Identifier: MIT */
/* Rules about connections, and the table nat: matches and targets on what conntrack and NAT know. */
#include <string.h>

#include "lib/errno.h"
#include "net/nf_nat.h"
#include "net/wire/icmp_hdr.h"
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
}

static void add(u32 table, const char *chain, const char *match, const void *info, u16 size,
		u8 action, const char *target, const void *tinfo, u16 tsize)
{
	struct ipt_rule_spec s = {.action = action, .ip.proto = 17};

	if (match) {
		s.nr_matches = 1;
		s.matches[0] = (struct xt_use){xt_find_match(match), (void *)(uintptr_t)info, size};
	}
	if (target)
		s.target = (struct xt_use){xt_find_target(target), (void *)(uintptr_t)tinfo, tsize};
	cr_assert_eq(append(net, table, chain, &s), 0, "%s %s", match, target);
}

static void there(void)
{
	nic_inject(near, &UDP4(PEER, 1000, FAR, 80, .len = 8));
	nic_forget(far);
}

static void back(void)
{
	nic_inject(far, &UDP4(FAR, 80, PEER, 1000, .len = 8));
	nic_forget(near);
}

WEIR_TEST(xt_conn, states_and_tuples)
{
#define CT(...)                     \
	&(struct xt_conntrack_info) \
	{                           \
		__VA_ARGS__         \
	}
#define HOST(a)        \
	{              \
		a, ~0U \
	}
#define STATE(m, ...) \
	CT(.match_flags = XT_CONNTRACK_STATE, .state_mask = XT_CONNTRACK_STATE_##m, ##__VA_ARGS__)
	const struct {
		const struct xt_conntrack_info *info;
		u32 want; /* of: there, back, there */
	} rows[] = {
		{STATE(NEW), 1},
		{STATE(ESTABLISHED), 2},
		{STATE(NEW, .invert_flags = XT_CONNTRACK_STATE), 2},
		{STATE(INVALID), 0},
		{STATE(UNTRACKED), 0},
		{CT(.match_flags = XT_CONNTRACK_ORIGSRC, .origsrc = HOST(PEER)), 3},
		{CT(.match_flags = XT_CONNTRACK_ORIGSRC, .origsrc = HOST(FAR)), 0},
		{CT(.match_flags = XT_CONNTRACK_ORIGDST, .invert_flags = XT_CONNTRACK_ORIGDST,
		    .origdst = HOST(PEER)),
		 3},
		{CT(.match_flags = XT_CONNTRACK_REPLSRC, .replsrc = HOST(FAR)), 3},
		{CT(.match_flags = XT_CONNTRACK_REPLDST, .repldst = HOST(FAR)), 0},
		{CT(.match_flags = XT_CONNTRACK_ORIGSRC_PORT, .origsrc_port = {999, 1001}), 3},
		{CT(.match_flags = XT_CONNTRACK_ORIGDST_PORT, .origdst_port = {80, 80}), 3},
		{CT(.match_flags = XT_CONNTRACK_REPLDST_PORT, .repldst_port = {80, 80}), 0},
		{CT(.match_flags = XT_CONNTRACK_PROTO, .l4proto = 17), 3},
		{CT(.match_flags = XT_CONNTRACK_PROTO, .l4proto = 6), 0},
		{CT(.match_flags = XT_CONNTRACK_DIRECTION), 2},
		{CT(.match_flags = XT_CONNTRACK_DIRECTION, .invert_flags = XT_CONNTRACK_DIRECTION),
		 1},
		{CT(.match_flags = XT_CONNTRACK_STATUS, .status_mask = IPS_SEEN_REPLY), 2},
		{CT(.match_flags = XT_CONNTRACK_EXPIRES, .expires_min = 1000, .expires_max = 2000),
		 0},
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 got;

		harness_end();
		harness_begin();
		router();
		add(F, "FORWARD", "conntrack", rows[i].info, sizeof(*rows[i].info), IPT_NOTHING,
		    NULL, NULL, 0);
		there();
		back();
		there();
		got = counted(net, F, "FORWARD", 1);
		cr_assert_eq(got, rows[i].want, "row %u: %llu", i, (unsigned long long)got);
	}
	EXPECT_NO_SKBS(net);
}

WEIR_TEST(xt_conn, untracked_and_state)
{
	struct xt_state_info untracked = {XT_CONNTRACK_STATE_UNTRACKED},
			     fresh = {XT_CONNTRACK_STATE_NEW};
	struct xt_ct_target_info ct = {XT_CT_NOTRACK}, zone = {0};
	struct ipt_rule_spec s = RULE(IPT_TARGET, TARGET("CT", zone));

	router();
	add(F, "FORWARD", "state", &untracked, sizeof(untracked), IPT_NOTHING, NULL, NULL, 0);
	add(F, "FORWARD", "state", &fresh, sizeof(fresh), IPT_NOTHING, NULL, NULL, 0);
	there();
	cr_assert_eq(counted(net, F, "FORWARD", 1), 0);
	cr_assert_eq(counted(net, F, "FORWARD", 2), 1);
	add(XT_TABLE_RAW, "PREROUTING", NULL, NULL, 0, IPT_TARGET, "CT", &ct, sizeof(ct));
	there();
	cr_assert_eq(counted(net, F, "FORWARD", 1), 1);
	flush(net, XT_TABLE_RAW);
	add(XT_TABLE_RAW, "PREROUTING", NULL, NULL, 0, IPT_TARGET, "NOTRACK", NULL, 0);
	there();
	cr_assert_eq(counted(net, F, "FORWARD", 1), 2);
	cr_assert_eq(append(net, XT_TABLE_RAW, "PREROUTING", &s), -EINVAL);
	cr_assert_eq(append(net, F, "FORWARD", &s), -EINVAL);
}

WEIR_TEST(xt_conn, marks_of_connections)
{
	struct xt_connmark_tginfo set = {.ctmark = 0x12, .ctmask = 0xff, .mode = XT_CONNMARK_SET};
	struct xt_connmark_tginfo restore = {.ctmask = 0xf0,
					     .nfmask = 0xff,
					     .mode = XT_CONNMARK_RESTORE,
					     .shift_dir = D_SHIFT_RIGHT,
					     .shift_bits = 4};
	struct xt_connmark_info is = {.mark = 2, .mask = 0xf},
				not = {.mark = 2, .mask = 0xf, .invert = 1};
	struct xt_mark_info one = {.mark = 1, .mask = ~0U};

	router();
	add(XT_TABLE_MANGLE, "FORWARD", NULL, NULL, 0, IPT_TARGET, "CONNMARK", &set, sizeof(set));
	add(XT_TABLE_MANGLE, "FORWARD", NULL, NULL, 0, IPT_TARGET, "CONNMARK", &restore,
	    sizeof(restore));
	add(F, "FORWARD", "connmark", &is, sizeof(is), IPT_NOTHING, NULL, NULL, 0);
	add(F, "FORWARD", "connmark", &not, sizeof(not ), IPT_NOTHING, NULL, NULL, 0);
	add(F, "FORWARD", "mark", &one, sizeof(one), IPT_NOTHING, NULL, NULL, 0);
	there();
	back();
	cr_assert_eq(counted(net, F, "FORWARD", 1), 2);
	cr_assert_eq(counted(net, F, "FORWARD", 2), 0);
	cr_assert_eq(counted(net, F, "FORWARD", 3), 2);
}

WEIR_TEST(xt_conn, the_table_nat_sees_the_first_packet)
{
	struct nf_nat_range to = {.flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED,
				  .min_addr = FAR,
				  .max_addr = FAR,
				  .min_proto = 600,
				  .max_proto = 600};
	struct nf_nat_range masq = {.flags = 0};

	router();
	add(XT_TABLE_NAT, "PREROUTING", NULL, NULL, 0, IPT_TARGET, "DNAT", &to, sizeof(to));
	add(XT_TABLE_NAT, "POSTROUTING", NULL, NULL, 0, IPT_TARGET, "MASQUERADE", &masq,
	    sizeof(masq));
	for (u32 i = 0; i < 2; i++) {
		nic_inject(near, &UDP4(PEER, 1000, ROUTER, 80, .len = 8));
		EXPECT_PKT(far, &UDP4(IP4(10, 0, 2, 1), 1000, FAR, 600));
	}
	nic_inject(far, &UDP4(FAR, 600, IP4(10, 0, 2, 1), 1000, .len = 8));
	EXPECT_PKT(near, &UDP4(ROUTER, 80, PEER, 1000));
	cr_assert_eq(counted(net, XT_TABLE_NAT, "PREROUTING", 1), 1);
	cr_assert_eq(counted(net, XT_TABLE_NAT, "POSTROUTING", 1), 1);
	EXPECT_NO_SKBS(net);
}

WEIR_TEST(xt_conn, an_error_belongs_to_the_connection_of_its_cause)
{
	struct xt_state_info related = {XT_CONNTRACK_STATE_RELATED};
	struct ipt_rule_spec s = RULE(IPT_NOTHING, .ip.proto = 1, MATCH("state", related));

	router();
	cr_assert_eq(append(net, F, "OUTPUT", &s), 0);
	nic_inject(near, &UDP4(PEER, 1000, FAR, 80, .len = 8,
			       .ip.ttl = 1)); /* its connection is not confirmed */
	EXPECT_PKT(near, &ICMP4(ROUTER, PEER, ICMP_TIME_EXCEEDED, 0));
	cr_assert_eq(counted(net, F, "OUTPUT", 1), 1);
}

WEIR_TEST(xt_conn, without_memory)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct xt_state_info fresh = {XT_CONNTRACK_STATE_NEW};
		struct nf_nat_range masq = {.flags = 0};
		struct ipt_rule_spec s = RULE(IPT_DROP, MATCH("state", fresh));

		net = stack_new();
		if (!net || append(net, F, "FORWARD", &s))
			continue;
		s = RULE(IPT_TARGET, TARGET("MASQUERADE", masq));
		(void)!append(net, XT_TABLE_NAT, "POSTROUTING", &s);
	}
}

/* A hook function refuses a message on its way out: of that there is no message (Linux: icmp_xmit_lock). */
WEIR_TEST(xt_conn, no_message_about_a_message_on_its_way)
{
	router();
	CTL(net, "iptables -A OUTPUT -p icmp -j REJECT --reject-with icmp-host-unreachable");
	nic_inject(near, &ICMP4(PEER, ROUTER, ICMP_ECHO, 0));
	cr_assert_eq(counted(net, F, "OUTPUT", 1), 1);
}

/* What is said of a datagram to the router has that state in OUTPUT. */
static void error_is(const char *state)
{
	CTL(net, "iptables -t raw -A OUTPUT -j NOTRACK");
	CTL(net, "iptables -A OUTPUT -p icmp -m conntrack --ctstate %s", state);
	nic_inject(near, &UDP4(PEER, 1000, ROUTER, 80, .len = 8));
	EXPECT_PKT(near, &ICMP4(ROUTER, PEER, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH));
	cr_assert_eq(counted(net, F, "OUTPUT", 1), 1);
}

/* About a datagram that nobody waits for it is tracked by itself, so that NOTRACK can keep it from that. */
WEIR_TEST(xt_conn, an_error_of_the_host_may_be_untracked)
{
	router();
	error_is("UNTRACKED");
}

/* About an untracked one that a rule refuses it belongs to nobody, and NOTRACK comes too late for it. */
WEIR_TEST(xt_conn, an_error_about_the_untracked_is_invalid)
{
	router();
	CTL(net, "iptables -t raw -A PREROUTING -j NOTRACK");
	CTL(net, "iptables -A INPUT -j REJECT");
	error_is("INVALID");
}

/* A connection's time begins when its first packet has passed. */
WEIR_TEST(xt_conn, a_first_packet_has_no_time_left)
{
	router();
	CTL(net, "iptables -A FORWARD -m conntrack --ctexpire 0");
	there();
	cr_assert_eq(counted(net, F, "FORWARD", 1), 1);
	there();
	cr_assert_eq(counted(net, F, "FORWARD", 1), 1);
}
