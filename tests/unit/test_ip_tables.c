/* SPDX-License-Identifier: MIT */
/* Tables, chains and rules: what is evaluated when, how a table is replaced, what is refused. */
#include <stdio.h>
#include <string.h>

#include "lib/errno.h"
#include "net/trace.h"
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

/* Whether a packet is forwarded. */
static bool passes(u16 dport)
{
	bool passed;

	nic_inject(near, &UDP4(PEER, 999, FAR, dport, .len = 8));
	passed = nic_sent(far) == 1;
	nic_forget(far);
	nic_forget(near);
	return passed;
}

static struct ipt_rule_spec udp_rule(u16 dport, u8 action, const char *chain)
{
	static struct xt_udp_info info;
	struct ipt_rule_spec s = RULE(action, .ip.proto = 17, MATCH("udp", info));

	info = (struct xt_udp_info){.spts = {0, 65535}, .dpts = {dport, dport}};
	if (chain)
		strcpy(s.chain, chain);
	return s;
}

static void add(const char *chain, u16 dport, u8 action, const char *to)
{
	struct ipt_rule_spec s = dport ? udp_rule(dport, action, to) : RULE(action);

	if (to)
		strcpy(s.chain, to);
	cr_assert_eq(append(net, F, chain, &s), 0);
}

static void new_chain(const char *name)
{
	struct ipt_draft *d;

	cr_assert_eq(ipt_draft_open(net, F, &d), 0);
	cr_assert_eq(ipt_new_chain(d, name), 0);
	cr_assert_eq(ipt_commit(d, NULL), 0);
	ipt_draft_free(d);
}

WEIR_TEST(ip_tables, the_first_rule_that_fits_decides)
{
	router();
	add("FORWARD", 53, IPT_ACCEPT, NULL);
	add("FORWARD", 53, IPT_DROP, NULL);
	add("FORWARD", 54, IPT_DROP, NULL);
	add("FORWARD", 55, IPT_NOTHING, NULL);
	cr_assert(passes(53));
	cr_assert(!passes(54));
	cr_assert(passes(55));
	cr_assert_eq(counted(net, F, "FORWARD", 1), 1);
	cr_assert_eq(counted(net, F, "FORWARD", 2), 0);
	cr_assert_eq(counted(net, F, "FORWARD", 3), 1);
	cr_assert_eq(counted(net, F, "FORWARD", 4), 1);
	cr_assert_eq(counted(net, F, "FORWARD", 0), 1);
	EXPECT_DROPS(net, NETFILTER_DROP, 1);
	set_policy(net, F, "FORWARD", IPT_DROP);
	cr_assert(passes(53));
	cr_assert(!passes(55));
	EXPECT_NO_SKBS(net);
}

WEIR_TEST(ip_tables, chains_call_and_return)
{
	router();
	new_chain("a");
	new_chain("b");
	add("FORWARD", 0, IPT_JUMP, "a");
	add("FORWARD", 60, IPT_DROP, NULL);
	add("a", 50, IPT_RETURN, NULL);
	add("a", 51, IPT_JUMP, "b");
	add("a", 52, IPT_GOTO, "b");
	add("a", 0, IPT_NOTHING, NULL);
	add("b", 53, IPT_DROP, NULL);
	cr_assert(passes(50));
	cr_assert_eq(counted(net, F, "a", 4), 0);
	cr_assert(passes(51)); /* comes back to a */
	cr_assert_eq(counted(net, F, "a", 4), 1);
	cr_assert(passes(52)); /* does not */
	cr_assert_eq(counted(net, F, "a", 4), 1);
	cr_assert(!passes(60));
	cr_assert_eq(counted(net, F, "FORWARD", 2), 1);
	cr_assert_eq(counted(net, F, "FORWARD", 0), 3);
	add("FORWARD", 70, IPT_RETURN, NULL);
	add("FORWARD", 70, IPT_DROP, NULL);
	cr_assert_eq(counted(net, F, "FORWARD", 0), 0, "with each commit, as on Linux");
	cr_assert(passes(70)); /* a built-in chain returns to its policy */
	cr_assert_eq(counted(net, F, "FORWARD", 0), 1);
}

WEIR_TEST(ip_tables, a_goto_from_a_built_in_chain_ends_at_the_policy)
{
	router();
	new_chain("a");
	add("FORWARD", 0, IPT_GOTO, "a");
	add("FORWARD", 0, IPT_DROP, NULL);
	add("a", 1, IPT_DROP, NULL);
	cr_assert(passes(53));
	cr_assert_eq(counted(net, F, "FORWARD", 0), 1);
	cr_assert_eq(counted(net, F, "FORWARD", 2), 0);
}

/* What a rule says of the IP header, and whether it fits a packet from eth0's 10.0.1.2 to eth1's 10.0.2.2. */
static const struct {
	struct ipt_ip ip;
	bool fits;
} headers[] = {
	{{.proto = 0}, true},
	{{.src = PEER, .smsk = ~0U}, true},
	{{.src = FAR, .smsk = ~0U}, false},
	{{.src = IP4(10, 0, 1, 0), .smsk = IP4(255, 255, 255, 0)}, true},
	{{.src = IP4(10, 0, 3, 0), .smsk = IP4(255, 255, 255, 0)}, false},
	{{.src = PEER, .smsk = ~0U, .invert = IPT_INV_SRCIP}, false},
	{{.src = FAR, .smsk = ~0U, .invert = IPT_INV_SRCIP}, true},
	{{.invert = IPT_INV_SRCIP}, false}, /* ! -s 0.0.0.0/0 */
	{{.dst = FAR, .dmsk = ~0U}, true},
	{{.dst = PEER, .dmsk = ~0U}, false},
	{{.dst = PEER, .dmsk = ~0U, .invert = IPT_INV_DSTIP}, true},
	{{.dst = FAR, .dmsk = ~0U, .invert = IPT_INV_DSTIP}, false},
	{{.src = PEER, .smsk = ~0U, .dst = PEER, .dmsk = ~0U}, false},
	{{.proto = 17}, true},
	{{.proto = 6}, false},
	{{.proto = 17, .invert = IPT_INV_PROTO}, false},
	{{.proto = 6, .invert = IPT_INV_PROTO}, true},
	{{.frag = true}, false},
	{{.frag = true, .invert = IPT_INV_FRAG}, true},
	{{.iniface = "eth0"}, true},
	{{.iniface = "eth1"}, false},
	{{.iniface = "eth"}, false},
	{{.iniface = "eth00"}, false},
	{{.iniface = "eth+"}, true},
	{{.iniface = "eth0+"}, true},
	{{.iniface = "eth1+"}, false},
	{{.iniface = "+"}, true},
	{{.iniface = "eth0", .invert = IPT_INV_VIA_IN}, false},
	{{.iniface = "eth1", .invert = IPT_INV_VIA_IN}, true},
	{{.iniface = "+", .invert = IPT_INV_VIA_IN}, false},
	{{.iniface = "eth0longername"}, false},
	{{.iniface = "eth0longernam+"}, false},
	{{.iniface = "eth0longername", .invert = IPT_INV_VIA_IN}, true},
	{{.iniface = "eth0", .outiface = "eth1longername", .invert = IPT_INV_VIA_OUT}, true},
	{{.iniface = "eth1", .outiface = "eth1longername", .invert = IPT_INV_VIA_OUT}, false},
	{{.outiface = "eth1"}, true},
	{{.outiface = "eth0"}, false},
	{{.outiface = "eth0", .invert = IPT_INV_VIA_OUT}, true},
	{{.iniface = "eth0", .outiface = "eth1", .proto = 17, .src = PEER, .smsk = ~0U}, true},
	{{.iniface = "eth0", .outiface = "eth0", .proto = 17, .src = PEER, .smsk = ~0U}, false},
};

WEIR_TEST(ip_tables, addresses_devices_protocols_and_their_negation)
{
	router();
	for (u32 i = 0; i < ARRAY_SIZE(headers); i++) {
		struct ipt_rule_spec s = RULE(IPT_DROP, .ip = headers[i].ip);

		flush(net, F);
		cr_assert_eq(append(net, F, "FORWARD", &s), 0);
		cr_assert_eq(passes(53), !headers[i].fits, "row %u", i);
		cr_assert_eq(counted(net, F, "FORWARD", 1), headers[i].fits, "row %u", i);
	}
}

WEIR_TEST(ip_tables, pieces_of_packets)
{
	struct ipt_rule_spec s = RULE(IPT_DROP, .ip.frag = true);

	router();
	cr_assert_eq(append(net, F, "FORWARD", &s), 0);
	nic_inject(near, &UDP4(PEER, 1, FAR, 2, .ip.frag_off = 0x2000, .len = 16));
	cr_assert_eq(nic_sent(far), 1);
	nic_inject(near, &UDP4(PEER, 1, FAR, 2, .ip.frag_off = 3, .len = 16));
	cr_assert_eq(nic_sent(far), 1);
	s.ip.invert = IPT_INV_FRAG;
	flush(net, F);
	cr_assert_eq(append(net, F, "FORWARD", &s), 0);
	nic_inject(near, &UDP4(PEER, 1, FAR, 2, .ip.frag_off = 0x2000, .len = 16));
	cr_assert_eq(nic_sent(far), 1);
	nic_inject(near, &UDP4(PEER, 1, FAR, 2, .ip.frag_off = 3, .len = 16));
	cr_assert_eq(nic_sent(far), 2);
	nic_forget(far);
}

/* Which chains of all tables a packet counts in, in order of the hooks. */
WEIR_TEST(ip_tables, every_table_at_its_hooks)
{
	static const struct {
		u32 table;
		const char *chain;
		bool in, through;
	} rows[] = {
		{XT_TABLE_RAW, "PREROUTING", true, true},
		{XT_TABLE_MANGLE, "PREROUTING", true, true},
		{XT_TABLE_MANGLE, "INPUT", true, false},
		{F, "INPUT", true, false},
		{XT_TABLE_SECURITY, "INPUT", true, false},
		{XT_TABLE_MANGLE, "FORWARD", false, true},
		{F, "FORWARD", false, true},
		{XT_TABLE_SECURITY, "FORWARD", false, true},
		{XT_TABLE_RAW, "OUTPUT", true, false},
		{XT_TABLE_MANGLE, "OUTPUT", true, false},
		{F, "OUTPUT", true, false},
		{XT_TABLE_SECURITY, "OUTPUT", true, false},
		{XT_TABLE_MANGLE, "POSTROUTING", true, true},
	};
	u8 used[XT_TABLE_NR];

	router();
	cr_assert_eq(xt_tables_used(net, used), 0);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		counted(net, rows[i].table, rows[i].chain, 0); /* the first look brings it there */
	cr_assert_eq(xt_tables_used(net, used), 4);
	cr_assert_eq(used[0], XT_TABLE_SECURITY);
	cr_assert_eq(used[3], XT_TABLE_RAW);
	nic_inject(near, &ECHO(PEER, ROUTER, 1, 1));
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		cr_assert_eq(counted(net, rows[i].table, rows[i].chain, 0), rows[i].in, "row %u",
			     i);
	cr_assert(passes(53));
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		cr_assert_eq(counted(net, rows[i].table, rows[i].chain, 0),
			     rows[i].in + rows[i].through, "row %u", i);
}

WEIR_TEST(ip_tables, a_draft_shares_counters_and_comes_into_force_whole)
{
	struct ipt_draft *d, *other;
	struct ipt_chain *c;
	struct ipt_rule_spec s = udp_rule(53, IPT_NOTHING, NULL);

	router();
	cr_assert_eq(append(net, F, "FORWARD", &s), 0);
	cr_assert(passes(53));
	cr_assert_eq(ipt_draft_open(net, F, &d), 0);
	c = ipt_find_chain(d, "FORWARD");
	s = RULE(IPT_DROP);
	cr_assert_eq(ipt_insert(d, c, 0, ipt_rule_new(&s)), 0);
	cr_assert(passes(53)); /* not yet in force */
	cr_assert_eq(c->rules[1].rule->counters.packets, 2);
	cr_assert_eq(ipt_draft_open(net, F, &other), 0);
	cr_assert_eq(ipt_commit(d, NULL), 0);
	cr_assert(!passes(53));
	cr_assert_eq(counted(net, F, "FORWARD", 2), 2);
	cr_assert_eq(ipt_commit(other, NULL), -EAGAIN);
	cr_assert_eq(ipt_delete(d, c, 0), 0);
	ipt_zero_chain(c);
	cr_assert_eq(ipt_commit(d, NULL), 0);
	cr_assert(passes(53));
	cr_assert_eq(counted(net, F, "FORWARD", 1), 1);
	cr_assert_eq(counted(net, F, "FORWARD", 0), 1);
	ipt_draft_free(other);
	ipt_draft_free(d);
}

WEIR_TEST(ip_tables, chains_are_made_renamed_and_deleted)
{
	struct ipt_rule_spec s = RULE(IPT_JUMP, .chain = "b"),
			     self = RULE(IPT_JUMP, .chain = "INPUT");
	struct ipt_draft *d;
	struct ipt_chain *c;

	router();
	cr_assert_eq(ipt_draft_open(net, F, &d), 0);
	cr_assert_eq(ipt_new_chain(d, "c"), 0);
	cr_assert_eq(ipt_new_chain(d, "a"), 0);
	cr_assert_eq(ipt_new_chain(d, "b"), 0);
	cr_assert_eq(ipt_new_chain(d, "b"), -EEXIST);
	cr_assert_eq(ipt_new_chain(d, "INPUT"), -EEXIST);
	cr_assert_str_eq(d->chains[0]->name, "INPUT");
	cr_assert_str_eq(d->chains[3]->name, "a");
	cr_assert_str_eq(d->chains[5]->name, "c");
	c = ipt_find_chain(d, "FORWARD");
	cr_assert_eq(ipt_insert(d, c, 0, ipt_rule_new(&s)), 0);
	cr_assert_eq(ipt_insert(d, c, 0, ipt_rule_new(&self)), -EINVAL);
	strcpy(s.chain, "none");
	cr_assert_eq(ipt_insert(d, c, 0, ipt_rule_new(&s)), -ENOENT);
	cr_assert_eq(ipt_insert(d, c, 2, ipt_rule_new(&self)), -E2BIG);
	cr_assert_eq(ipt_delete_chain(d, ipt_find_chain(d, "b")), -EMLINK);
	cr_assert_eq(ipt_rename_chain(d, ipt_find_chain(d, "b"), "a"), -EEXIST);
	cr_assert_eq(ipt_rename_chain(d, ipt_find_chain(d, "b"), "z"), 0);
	cr_assert_str_eq(c->rules[0].rule->chain, "z");
	cr_assert_eq(ipt_find_chain(d, "z")->refs, 1);
	cr_assert_null(ipt_find_chain(d, "b"));
	cr_assert_str_eq(d->chains[5]->name, "z");
	cr_assert_eq(ipt_delete_chain(d, ipt_find_chain(d, "INPUT")), -EINVAL);
	cr_assert_eq(ipt_commit(d, NULL), 0);
	cr_assert_eq(ipt_delete(d, c, 0), 0);
	cr_assert_eq(ipt_delete(d, c, 0), -E2BIG);
	cr_assert_eq(ipt_delete_chain(d, ipt_find_chain(d, "z")), 0);
	cr_assert_eq(ipt_commit(d, NULL), 0);
	ipt_draft_free(d);
}

WEIR_TEST(ip_tables, circles_are_refused_where_packets_can_come)
{
	struct ipt_rule_spec to_a = RULE(IPT_JUMP, .chain = "a"),
			     to_b = RULE(IPT_GOTO, .chain = "b");

	router();
	new_chain("a");
	new_chain("b");
	cr_assert_eq(append(net, F, "a", &to_b), 0);
	cr_assert_eq(append(net, F, "b", &to_a), 0);
	cr_assert_eq(append(net, F, "INPUT", &to_a), -ELOOP);
	cr_assert_eq(append(net, F, "INPUT", &to_b), -ELOOP);
	cr_assert(passes(53));
}

WEIR_TEST(ip_tables, chains_may_be_so_deep)
{
	struct ipt_rule_spec s = RULE(IPT_JUMP);
	char name[16];

	router();
	for (u32 i = 0; i < IPT_MAX_DEPTH; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		new_chain(name);
	}
	for (u32 i = 0; i + 1 < IPT_MAX_DEPTH; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		snprintf(s.chain, sizeof(s.chain), "c%u", i + 1);
		cr_assert_eq(append(net, F, name, &s), 0);
	}
	add("c62", 53, IPT_DROP, NULL);
	strcpy(s.chain, "c0");
	cr_assert_eq(append(net, F, "FORWARD", &s), -ELOOP);
	strcpy(s.chain, "c1");
	cr_assert_eq(append(net, F, "FORWARD", &s), 0);
	cr_assert(!passes(53));
	cr_assert(passes(54));
}

static void find_detail(void *arg, const struct trace_entry *e)
{
	if (!e->where && e->detail[0])
		snprintf(arg, TRACE_DETAIL, "%s", e->detail);
}

WEIR_TEST(ip_tables, the_trace_names_the_rule)
{
	char last[TRACE_DETAIL] = "";

	router();
	new_chain("guard");
	add("FORWARD", 1, IPT_DROP, NULL);
	add("FORWARD", 0, IPT_JUMP, "guard");
	add("guard", 53, IPT_DROP, NULL);
	CTL(net, "trace on");
	cr_assert(!passes(53));
	trace_for_each(net, find_detail, last);
	cr_assert_str_eq(last, "FORWARD:filter:guard:rule:1");
	cr_assert(passes(54));
	trace_for_each(net, find_detail, last);
	cr_assert_str_eq(last, "FORWARD:filter:FORWARD:policy:3");
	cr_assert(strstr(CTL(net, "trace"), "filter:guard:return:2"));
}

/* nstat's lines of what rules have dropped. */
static const char *drop_lines(const char *options)
{
	static char lines[1024];
	const char *at = CTL(net, "nstat %s DropRule* DropPolicy*", options);

	lines[0] = 0;
	for (at = strchr(at, '\n') + 1; *at; at = strchr(at, '\n') + 1) {
		char name[80];
		size_t n = strlen(lines);
		int value;

		cr_assert_eq(sscanf(at, "%79s %d", name, &value), 2);
		snprintf(lines + n, sizeof(lines) - n, "%s %d ", name, value);
	}
	return lines;
}

WEIR_TEST(ip_tables, nstat_names_the_rules_that_drop)
{
	router();
	cr_assert_str_eq(drop_lines("-sz"), "");
	new_chain("guard");
	add("FORWARD", 1, IPT_DROP, NULL);
	add("FORWARD", 0, IPT_JUMP, "guard");
	add("INPUT", 0, IPT_JUMP, "guard");
	add("guard", 54, IPT_ACCEPT, NULL);
	add("guard", 53, IPT_DROP, NULL);
	CTL(net, "iptables -t mangle -A PREROUTING -p udp --dport 99 -j DROP");
	CTL(net, "iptables -A FORWARD -p tcp -j REJECT --reject-with tcp-reset");
	cr_assert(!passes(53));
	cr_assert(!passes(53));
	nic_inject(near, &UDP4(PEER, 1000, ROUTER, 53, .len = 8));
	cr_assert_str_eq(drop_lines("-as"), "DropRule:INPUT:filter:guard:2 1 "
					    "DropRule:FORWARD:filter:guard:2 2 ");
	cr_assert(!passes(99));
	CTL(net, "iptables -Z");
	CTL(net, "iptables -I guard -p 77 -j DROP");
	CTL(net, "iptables -P FORWARD DROP");
	cr_assert(!passes(55));
	nic_inject(near, &(struct pkt){.ip = {.saddr = PEER, .daddr = FAR, .proto = 6}, .len = 2});
	cr_assert_str_eq(drop_lines("-as"), "DropRule:PREROUTING:mangle:PREROUTING:1 1 "
					    "DropRule:FORWARD:filter:FORWARD:3 1 "
					    "DropRule:INPUT:filter:guard:3 1 "
					    "DropRule:FORWARD:filter:guard:3 2 "
					    "DropPolicy:FORWARD:filter 1 ");
	drop_lines("");
	cr_assert(!passes(53));
	cr_assert_str_eq(drop_lines(""), "DropRule:FORWARD:filter:guard:3 1 ");
	cr_assert_str_eq(drop_lines(""), "");
	CTL(net, "iptables -F guard");
	cr_assert_eq(strstr(drop_lines("-as"), "guard"), NULL);
}

WEIR_TEST(ip_tables, a_match_that_drops_is_named)
{
	router();
	CTL(net, "iptables -A FORWARD -p 50");
	CTL(net, "iptables -A FORWARD -p tcp --dport 80");
	CTL(net, "trace on");
	nic_inject(near, &(struct pkt){.ip = {.saddr = PEER, .daddr = FAR, .proto = 6}, .len = 2});
	cr_assert(strstr(drop_lines("-as"), "DropRule:FORWARD:filter:FORWARD:2"));
	cr_assert(strstr(CTL(net, "trace"), "FORWARD:filter:FORWARD:rule:2"));
}

WEIR_TEST(ip_tables, without_memory_nothing_changes)
{
	FOR_EACH_FAILING_ALLOC
	{
		struct ipt_rule_spec s;

		net = stack_new();
		if (!net)
			continue;
		s = udp_rule(53, IPT_DROP, NULL);
		if (append(net, F, "FORWARD", &s) || append(net, F, "own", &s) ||
		    append(net, XT_TABLE_MANGLE, "FORWARD", &s))
			continue;
		s = RULE(IPT_JUMP, .chain = "own");
		if (append(net, F, "FORWARD", &s))
			cr_assert_eq(counted(net, F, "FORWARD", 1), 0);
	}
}
