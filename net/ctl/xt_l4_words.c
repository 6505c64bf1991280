/* SPDX-License-Identifier: MIT */
/* The words of matches on transport headers: tcp, udp, icmp, multiport, tcpmss. */
#include "lib/byteorder.h"
#include "lib/string.h"
#include "net/ctl.h"
#include "net/ctl/xt_words.h"
#include "net/sockopt.h"

static void all_ports(void *data)
{
	u16 *ports = data; /* spts, dpts: the first of both structs */

	ports[1] = ports[3] = U16_MAX;
}

static const char *const port_words[2] = {"spt", "dpt"};

/* " spt:5", " dpts:!5:6" */
static void print_ports(const struct xt_print *p, const u16 ports[2], int side, bool inverted,
			u8 proto)
{
	if (!inverted && !ports[0] && ports[1] == U16_MAX)
		return;
	xt_say(p, " %s%s:%s", port_words[side], ports[0] == ports[1] ? "" : "s",
	       inverted ? "!" : "");
	xt_say_port(p, ports[0], proto);
	if (ports[0] != ports[1]) {
		xt_say(p, ":");
		xt_say_port(p, ports[1], proto);
	}
}

static void save_ports(const struct xt_print *p, const u16 ports[2], int side, bool inverted)
{
	if (!ports[0] && ports[1] == U16_MAX)
		return;
	xt_say(p, " %s--%cport ", XT_NOT(inverted), side ? 'd' : 's');
	xt_say_range(p, ports[0], ports[1], ':');
}

/* ---- tcp: its options have a manner of their own */

enum { TCP_SPORT, TCP_DPORT, TCP_SYN, TCP_FLAGS, TCP_OPTION };

#define TCP_OLD (XTOPT_INVERT | XTOPT_MULTI)
static const struct xt_opt tcp_opts[] = {
	{.name = "source-port", .id = TCP_SPORT, .type = XTTYPE_WORD, .flags = TCP_OLD},
	{.name = "sport", .id = TCP_SPORT, .type = XTTYPE_WORD, .flags = TCP_OLD},
	{.name = "destination-port", .id = TCP_DPORT, .type = XTTYPE_WORD, .flags = TCP_OLD},
	{.name = "dport", .id = TCP_DPORT, .type = XTTYPE_WORD, .flags = TCP_OLD},
	{.name = "syn", .id = TCP_SYN, .type = XTTYPE_NONE, .flags = TCP_OLD},
	{.name = "tcp-flags", .id = TCP_FLAGS, .type = XTTYPE_WORD, .flags = TCP_OLD},
	{.name = "tcp-option", .id = TCP_OPTION, .type = XTTYPE_WORD, .flags = TCP_OLD},
};

static const struct {
	const char *name;
	u8 bits;
} tcp_flags[] = {{"FIN", 1},  {"SYN", 2},  {"RST", 4},    {"PSH", 8},
		 {"ACK", 16}, {"URG", 32}, {"ALL", 0x3f}, {"NONE", 0}};

static int tcp_ports(struct xt_call *call, u16 ports[2])
{
	const char *colon = strchr(call->arg, ':');
	char low[64];
	const char *const words[2] = {colon ? low : call->arg, colon ? colon + 1 : call->arg};

	strscpy(low, call->arg, sizeof(low));
	if (colon && (size_t)(colon - call->arg) < sizeof(low))
		low[colon - call->arg] = 0;
	for (int i = 0; i < 2; i++) {
		u32 port = i ? U16_MAX : 0;

		if ((*words[i] || !colon) && !xt_parse_port(words[i], IPPROTO_TCP, &port))
			return ipt_problem(call->cmd, "invalid port/service `%s' specified",
					   words[i]);
		ports[i] = port;
	}
	if (ports[0] > ports[1])
		return ipt_problem(call->cmd, "invalid portrange (min > max)");
	return 0;
}

static int tcp_flag_list(struct xt_call *call, const char *list, u8 *bits)
{
	*bits = 0;
	while (*list) {
		size_t len = strchr(list, ',') ? (size_t)(strchr(list, ',') - list) : strlen(list);
		u32 i = 0;

		if (!len) {
			list++;
			continue;
		}
		while (i < ARRAY_SIZE(tcp_flags) && (strlen(tcp_flags[i].name) != len ||
						     !xt_same_word(tcp_flags[i].name, list, len)))
			i++;
		if (i == ARRAY_SIZE(tcp_flags))
			return ipt_problem(call->cmd, "Unknown TCP flag `%.*s'", (int)len, list);
		*bits |= tcp_flags[i].bits;
		list += len;
	}
	return 0;
}

static int tcp_flags_told(struct xt_call *call, struct xt_tcp_info *info)
{
	const char *cmp = NULL;
	int err;

	if (call->told & (BIT(TCP_SYN) | BIT(TCP_FLAGS)))
		return ipt_problem(call->cmd, "Only one of `--syn' or `--tcp-flags'  allowed");
	info->flg_mask = 0x17;
	info->flg_cmp = 2;
	if (call->opt->id == TCP_FLAGS) {
		cmp = ipt_cmd_more(call->cmd);
		if (!cmp)
			return ipt_problem(call->cmd, "--tcp-flags requires two args.");
		err = tcp_flag_list(call, call->arg, &info->flg_mask);
		if (!err)
			err = tcp_flag_list(call, cmp, &info->flg_cmp);
		if (err)
			return err;
	}
	info->invert |= call->invert ? XT_TCP_INV_FLAGS : 0;
	return 0;
}

static int tcp_parse(struct xt_call *call)
{
	struct xt_tcp_info *info = call->data;
	u8 id = call->opt->id;
	u32 kind;

	if (id == TCP_SYN || id == TCP_FLAGS)
		return tcp_flags_told(call, info);
	if (call->told & BIT(id))
		return ipt_problem(call->cmd, "Only one `--%s' allowed", call->opt->name);
	if (call->invert)
		info->invert |= id == TCP_SPORT   ? XT_TCP_INV_SRCPT
				: id == TCP_DPORT ? XT_TCP_INV_DSTPT
						  : XT_TCP_INV_OPTION;
	if (id != TCP_OPTION)
		return tcp_ports(call, id == TCP_SPORT ? info->spts : info->dpts);
	if (!xt_strtoui(call->arg, NULL, &kind, 1, 255))
		return ipt_problem(call->cmd, "Bad TCP option \"%s\"", call->arg);
	info->option = kind;
	return 0;
}

static void say_flags(const struct xt_print *p, u8 bits)
{
	bool more = false;

	for (u32 i = 0; i < 6; i++) {
		if (bits & tcp_flags[i].bits) {
			xt_say(p, "%s%s", more ? "," : "", tcp_flags[i].name);
			more = true;
		}
	}
	if (!more)
		xt_say(p, "NONE");
}

static void tcp_print(const struct xt_print *p, const void *data)
{
	const struct xt_tcp_info *info = data;
	bool not = info->invert & XT_TCP_INV_FLAGS;

	xt_say(p, " tcp");
	print_ports(p, info->spts, 0, info->invert & XT_TCP_INV_SRCPT, IPPROTO_TCP);
	print_ports(p, info->dpts, 1, info->invert & XT_TCP_INV_DSTPT, IPPROTO_TCP);
	if (info->option || info->invert & XT_TCP_INV_OPTION)
		xt_say(p, " option=%s%u", info->invert & XT_TCP_INV_OPTION ? "!" : "",
		       info->option);
	if (!info->flg_mask && !not )
		return;
	xt_say(p, " flags:%s", not ? "!" : "");
	if (p->numeric) {
		xt_say(p, "0x%02X/0x%02X", info->flg_mask, info->flg_cmp);
		return;
	}
	say_flags(p, info->flg_mask);
	xt_say(p, "/");
	say_flags(p, info->flg_cmp);
}

static void tcp_save(const struct xt_print *p, const void *data)
{
	const struct xt_tcp_info *info = data;

	save_ports(p, info->spts, 0, info->invert & XT_TCP_INV_SRCPT);
	save_ports(p, info->dpts, 1, info->invert & XT_TCP_INV_DSTPT);
	if (info->option || info->invert & XT_TCP_INV_OPTION)
		xt_say(p, " %s--tcp-option %u", XT_NOT(info->invert & XT_TCP_INV_OPTION),
		       info->option);
	if (info->flg_mask || info->invert & XT_TCP_INV_FLAGS) {
		xt_say(p, " %s--tcp-flags ", XT_NOT(info->invert & XT_TCP_INV_FLAGS));
		say_flags(p, info->flg_mask);
		xt_say(p, " ");
		say_flags(p, info->flg_cmp);
	}
}

/* ---- udp */

#define UDP_PORTS(word, field, nr)                                                        \
	{                                                                                 \
		.name = (word), .id = (nr), .type = XTTYPE_PORTRC, .flags = XTOPT_INVERT, \
		.put = XT_PUT(struct xt_udp_info, field),                                 \
	}
static const struct xt_opt udp_opts[] = {
	UDP_PORTS("source-port", spts, 0),
	UDP_PORTS("sport", spts, 0),
	UDP_PORTS("destination-port", dpts, 1),
	UDP_PORTS("dport", dpts, 1),
};

static int udp_parse(struct xt_call *call)
{
	struct xt_udp_info *info = call->data;

	if (call->invert)
		info->invert |= call->opt->id ? XT_UDP_INV_DSTPT : XT_UDP_INV_SRCPT;
	return 0;
}

static void udp_print(const struct xt_print *p, const void *data)
{
	const struct xt_udp_info *info = data;

	xt_say(p, " udp");
	print_ports(p, info->spts, 0, info->invert & XT_UDP_INV_SRCPT, IPPROTO_UDP);
	print_ports(p, info->dpts, 1, info->invert & XT_UDP_INV_DSTPT, IPPROTO_UDP);
}

static void udp_save(const struct xt_print *p, const void *data)
{
	const struct xt_udp_info *info = data;

	save_ports(p, info->spts, 0, info->invert & XT_UDP_INV_SRCPT);
	save_ports(p, info->dpts, 1, info->invert & XT_UDP_INV_DSTPT);
}

/* ---- icmp */

static const struct xt_opt icmp_opts[] = {
	{.name = "icmp-type", .type = XTTYPE_WORD, .flags = XTOPT_MAND | XTOPT_INVERT},
};

/* Messages by name; names that begin alike are told apart in this order. */
static const struct icmp_name {
	const char *name;
	u8 type, low, high;
} icmp_names[] = {
	{"any", XT_ICMP_ANY, 0, 255},
	{"echo-reply", 0, 0, 255},
	{"pong", 0, 0, 255},
	{"destination-unreachable", 3, 0, 255},
	{"network-unreachable", 3, 0, 0},
	{"host-unreachable", 3, 1, 1},
	{"protocol-unreachable", 3, 2, 2},
	{"port-unreachable", 3, 3, 3},
	{"fragmentation-needed", 3, 4, 4},
	{"source-route-failed", 3, 5, 5},
	{"network-unknown", 3, 6, 6},
	{"host-unknown", 3, 7, 7},
	{"network-prohibited", 3, 9, 9},
	{"host-prohibited", 3, 10, 10},
	{"TOS-network-unreachable", 3, 11, 11},
	{"TOS-host-unreachable", 3, 12, 12},
	{"communication-prohibited", 3, 13, 13},
	{"host-precedence-violation", 3, 14, 14},
	{"precedence-cutoff", 3, 15, 15},
	{"source-quench", 4, 0, 255},
	{"redirect", 5, 0, 255},
	{"network-redirect", 5, 0, 0},
	{"host-redirect", 5, 1, 1},
	{"TOS-network-redirect", 5, 2, 2},
	{"TOS-host-redirect", 5, 3, 3},
	{"echo-request", 8, 0, 255},
	{"ping", 8, 0, 255},
	{"router-advertisement", 9, 0, 255},
	{"router-solicitation", 10, 0, 255},
	{"time-exceeded", 11, 0, 255},
	{"ttl-exceeded", 11, 0, 255},
	{"ttl-zero-during-transit", 11, 0, 0},
	{"ttl-zero-during-reassembly", 11, 1, 1},
	{"parameter-problem", 12, 0, 255},
	{"ip-header-bad", 12, 0, 0},
	{"required-option-missing", 12, 1, 1},
	{"timestamp-request", 13, 0, 255},
	{"timestamp-reply", 14, 0, 255},
	{"address-mask-request", 17, 0, 255},
	{"address-mask-reply", 18, 0, 255},
};

/* "5", "5:6" at the beginning of s; *end is behind it. 0, 1: no number, or the complaint's status. */
static int icmp_range(struct xt_call *call, const char *s, const char **end, u32 range[2])
{
	if (!xt_strtoui(s, end, &range[0], 0, 255))
		return 1;
	range[1] = range[0];
	if (**end == ':' && !xt_strtoui(*end + 1, end, &range[1], 0, 255))
		return 1;
	return **end && **end != '/' ? ipt_problem(call->cmd, "unknown character %c", **end) : 0;
}

static int icmp_number(struct xt_call *call, struct xt_icmp_info *info)
{
	const char *end;
	u32 type[2], code[2];
	int err = icmp_range(call, call->arg, &end, type);

	if (err == 1)
		return ipt_problem(call->cmd, "Unknown ICMP type `%s'", call->arg);
	if (err)
		return err;
	if (type[0] != type[1])
		return ipt_problem(call->cmd, "ICMP type range not supported");
	info->type = type[0];
	info->code[1] = 255;
	if (!*end)
		return 0;
	err = icmp_range(call, end + 1, &end, code);
	if (err == 1)
		return ipt_problem(call->cmd, "Unknown ICMP code `%s'", call->arg);
	if (!err && *end)
		err = ipt_problem(call->cmd, "unknown character %c", *end);
	info->code[0] = code[0];
	info->code[1] = code[1];
	return err;
}

static int icmp_parse(struct xt_call *call)
{
	struct xt_icmp_info *info = call->data;
	const struct icmp_name *found = NULL;
	size_t len = strlen(call->arg);

	info->invert = call->invert;
	for (u32 i = 0; i < ARRAY_SIZE(icmp_names); i++) {
		const struct icmp_name *n = &icmp_names[i];

		if (!xt_same_word(n->name, call->arg, len))
			continue;
		if (found)
			return ipt_problem(call->cmd, "Ambiguous ICMP type `%s': `%s' or `%s'?",
					   call->arg, found->name, n->name);
		found = n;
	}
	if (!found)
		return icmp_number(call, info);
	info->type = found->type;
	info->code[0] = found->low;
	info->code[1] = found->high;
	return 0;
}

static void icmp_print(const struct xt_print *p, const void *data)
{
	const struct xt_icmp_info *info = data;
	const char *not = info->invert ? "!" : "";

	xt_say(p, " icmp");
	for (u32 i = 0; i < ARRAY_SIZE(icmp_names) && !p->numeric; i++) {
		const struct icmp_name *n = &icmp_names[i];

		if (n->type == info->type && n->low == info->code[0] && n->high == info->code[1]) {
			xt_say(p, " %s%s", not, n->name);
			return;
		}
	}
	xt_say(p, "%s%stype %u", *not ? " " : "", not, info->type);
	if (info->code[0] == info->code[1])
		xt_say(p, " code %u", info->code[0]);
	else if (info->code[0] || info->code[1] != 255)
		xt_say(p, " codes %u-%u", info->code[0], info->code[1]);
}

static void icmp_save(const struct xt_print *p, const void *data)
{
	const struct xt_icmp_info *info = data;

	xt_say(p, " %s--icmp-type ", XT_NOT(info->invert));
	if (info->type == XT_ICMP_ANY) {
		xt_say(p, "any");
		return;
	}
	xt_say(p, "%u", info->type);
	if (info->code[0] || info->code[1] != 255)
		xt_say(p, "/%u", info->code[0]);
}

/* ---- multiport */

#define MULTI(word, nr)                                                                 \
	{                                                                               \
		.name = (word), .id = (nr), .type = XTTYPE_WORD, .flags = XTOPT_INVERT, \
		.excl = BIT(XT_MULTIPORT_SOURCE) | BIT(XT_MULTIPORT_DESTINATION) |      \
			BIT(XT_MULTIPORT_EITHER),                                       \
	}
static const struct xt_opt multiport_opts[] = {
	MULTI("source-ports", XT_MULTIPORT_SOURCE),
	MULTI("sports", XT_MULTIPORT_SOURCE),
	MULTI("destination-ports", XT_MULTIPORT_DESTINATION),
	MULTI("dports", XT_MULTIPORT_DESTINATION),
	MULTI("ports", XT_MULTIPORT_EITHER),
};

/* As libxtables' parser asks: which of the protocols with ports it is. */
static int multiport_proto(struct xt_call *call)
{
	u8 proto = ipt_cmd_proto(call->cmd);

	if (ipt_cmd_proto_inverted(call->cmd))
		return ipt_problem(call->cmd,
				   "multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP");
	if (proto == 6 || proto == 17 || proto == 136 || proto == 132 || proto == 33)
		return 0;
	if (!proto)
		return ipt_problem(
			call->cmd,
			"multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'");
	return ipt_problem(call->cmd, "multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP");
}

static int multiport_port(struct xt_call *call, struct xt_multiport_info *info, const char *word)
{
	u32 port;

	if (!xt_parse_port(word, ipt_cmd_proto(call->cmd), &port))
		return ipt_problem(call->cmd, "invalid port/service `%s' specified", word);
	info->ports[info->count++] = port;
	return 0;
}

static int multiport_parse(struct xt_call *call)
{
	struct xt_multiport_info *info = call->data;
	const char *at = call->arg;
	int err = multiport_proto(call);

	info->flags = call->opt->id;
	info->invert = call->invert;
	info->count = 0;
	while (!err) {
		char word[64];
		size_t len = 0;
		char *colon;

		while (at[len] && at[len] != ',')
			len++;
		strscpy(word, at, min(len + 1, sizeof(word)));
		colon = strchr(word, ':');
		if (info->count + (colon ? 2 : 1) > XT_MULTI_PORTS)
			return ipt_problem(call->cmd, "too many ports specified");
		if (colon) {
			*colon = 0;
			info->pflags[info->count] = 1;
		}
		err = multiport_port(call, info, word);
		if (!err && colon) {
			err = multiport_port(call, info, colon + 1);
			if (!err && info->ports[info->count - 2] >= info->ports[info->count - 1])
				return ipt_problem(call->cmd, "invalid portrange specified");
		}
		if (!at[len])
			break;
		at += len + 1;
	}
	return err;
}

static int multiport_check(struct xt_call *call)
{
	return call->told ? 0 : ipt_problem(call->cmd, "multiport expection an option");
}

static void multiport_list(const struct xt_print *p, const struct xt_multiport_info *info)
{
	for (u32 i = 0; i < info->count; i++) {
		if (i)
			xt_say(p, "%c", info->pflags[i - 1] ? ':' : ',');
		xt_say_port(p, info->ports[i], p->proto);
	}
}

static const char *const multiport_sides[] = {
	[XT_MULTIPORT_SOURCE] = "sports",
	[XT_MULTIPORT_DESTINATION] = "dports",
	[XT_MULTIPORT_EITHER] = "ports",
};

static void multiport_print(const struct xt_print *p, const void *data)
{
	const struct xt_multiport_info *info = data;

	xt_say(p, " multiport %s %s", multiport_sides[info->flags], info->invert ? " !" : "");
	multiport_list(p, info);
}

static void multiport_save(const struct xt_print *p, const void *data)
{
	const struct xt_multiport_info *info = data;
	const struct xt_print numeric = {.out = p->out, .numeric = true};

	xt_say(p, " %s--%s ", XT_NOT(info->invert), multiport_sides[info->flags]);
	multiport_list(&numeric, info);
}

/* ---- tcpmss */

static const struct xt_opt tcpmss_opts[] = {
	{.name = "mss",
	 .type = XTTYPE_UINT16RC,
	 .flags = XTOPT_MAND | XTOPT_INVERT,
	 .put = XT_PUT(struct xt_tcpmss_match_info, mss_min)},
};

static int tcpmss_parse(struct xt_call *call)
{
	((struct xt_tcpmss_match_info *)call->data)->invert = call->invert;
	return call->val[0] > call->val[1] ? ipt_problem(call->cmd, "tcpmss: invalid range given")
					   : 0;
}

static void tcpmss_print(const struct xt_print *p, const void *data)
{
	const struct xt_tcpmss_match_info *info = data;

	xt_say(p, " tcpmss match %s", info->invert ? "!" : "");
	xt_say_range(p, info->mss_min, info->mss_max, ':');
}

static void tcpmss_save(const struct xt_print *p, const void *data)
{
	const struct xt_tcpmss_match_info *info = data;

	xt_say(p, " %s--mss ", XT_NOT(info->invert));
	xt_say_range(p, info->mss_min, info->mss_max, ':');
}

const struct xt_words xt_l4_words[] = {
	{.name = "tcp",
	 XT_OPTS(tcp_opts),
	 .init = all_ports,
	 .parse = tcp_parse,
	 .print = tcp_print,
	 .save = tcp_save},
	{.name = "udp",
	 XT_OPTS(udp_opts),
	 .init = all_ports,
	 .parse = udp_parse,
	 .print = udp_print,
	 .save = udp_save},
	{.name = "icmp",
	 XT_OPTS(icmp_opts),
	 .parse = icmp_parse,
	 .print = icmp_print,
	 .save = icmp_save},
	{.name = "multiport",
	 XT_OPTS(multiport_opts),
	 .parse = multiport_parse,
	 .check = multiport_check,
	 .print = multiport_print,
	 .save = multiport_save},
	{.name = "tcpmss",
	 XT_OPTS(tcpmss_opts),
	 .parse = tcpmss_parse,
	 .print = tcpmss_print,
	 .save = tcpmss_save},
};
const u8 xt_l4_words_nr = ARRAY_SIZE(xt_l4_words);
