/* SPDX-License-Identifier: MIT */
/* The words of targets that translate: DNAT, SNAT, MASQUERADE, REDIRECT, NETMAP. */
#include "lib/byteorder.h"
#include "lib/string.h"
#include "net/ctl/tool.h"
#include "net/ctl/xt_words.h"

enum { NAT_TO, NAT_RANDOM, NAT_RANDOM_FULLY, NAT_PERSISTENT };

#define TO(word, more)                                                             \
	{                                                                          \
		.name = (word), .id = NAT_TO, .type = XTTYPE_WORD, .flags = (more) \
	}
#define RANDOM                                     \
	{                                          \
		.name = "random", .id = NAT_RANDOM \
	}
#define RANDOM_FULLY                                           \
	{                                                      \
		.name = "random-fully", .id = NAT_RANDOM_FULLY \
	}
#define PERSISTENT                                         \
	{                                                  \
		.name = "persistent", .id = NAT_PERSISTENT \
	}

static const struct xt_opt dnat_opts[] = {TO("to-destination", XTOPT_MAND), RANDOM, PERSISTENT};
static const struct xt_opt snat_opts[] = {TO("to-source", XTOPT_MAND), RANDOM, RANDOM_FULLY,
					  PERSISTENT};
static const struct xt_opt masquerade_opts[] = {TO("to-ports", 0), RANDOM, RANDOM_FULLY};
static const struct xt_opt redirect_opts[] = {TO("to-ports", 0), RANDOM};
static const struct xt_opt netmap_opts[] = {
	{.name = "to", .id = NAT_TO, .type = XTTYPE_HOSTMASK, .flags = XTOPT_MAND}};

/* Reads a port at the beginning of s, or a service to its end; 0 or a complaint. */
static int nat_port(struct xt_call *call, const char *s, const char **end, u32 least, u32 *port)
{
	int known;

	if (xt_strtoui(s, end, port, least, U16_MAX))
		return 0;
	known = xt_service_port(s, 0);
	if (known < 0)
		return ipt_problem(call->cmd, "Port `%s' not valid", s);
	*port = known;
	*end = "";
	return 0;
}

/* 80, 80-90, 80-90/1000 (shifted; what is behind it nobody reads) */
static int nat_ports(struct xt_call *call, struct nf_nat_range *range, const char *s)
{
	const char *end;
	u32 min, max, base;
	int err = nat_port(call, s, &end, 0, &min);

	if (err)
		return err;
	max = min;
	if (*end == ':')
		return ipt_problem(call->cmd, "Invalid port:port syntax - use dash");
	if (*end && *end != '-')
		return ipt_problem(call->cmd, "Garbage after port value: `%s'", end);
	if (*end) {
		s = end + 1;
		err = nat_port(call, s, &end, 0, &max);
		if (err)
			return err;
		if (min > max)
			return ipt_problem(call->cmd, "Port range `%s' funky", s);
		if (*end && *end != '/')
			return ipt_problem(call->cmd, "Garbage after port range: `%s'", end);
	}
	range->flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
	range->min_proto = min;
	range->max_proto = max;
	if (*end) {
		err = nat_port(call, end + 1, &end, 1, &base);
		range->flags |= NF_NAT_RANGE_PROTO_OFFSET;
		range->base_proto = base;
	}
	return err;
}

static int nat_need_ports(struct xt_call *call)
{
	u8 proto = ipt_cmd_proto(call->cmd);

	if (proto == 6 || proto == 17 || proto == 132 || proto == 33 || proto == 1)
		return 0;
	return ipt_problem(call->cmd, "Need TCP, UDP, SCTP or DCCP with port specification");
}

static int nat_addr(struct xt_call *call, const char *word, be32 *addr)
{
	/* All four bytes, as inet_pton() wants them. */
	bool plain = *word;

	for (const char *c = word; *c; c++)
		plain &= *c == '.' || (*c >= '0' && *c <= '9');
	return plain && xt_dotted(word, true, addr)
		       ? 0
		       : ipt_problem(call->cmd, "Bad IP address \"%s\"", word);
}

/* 1.2.3.4, 1.2.3.4-1.2.3.9, with :PORTS behind or alone */
static int nat_to(struct xt_call *call, struct nf_nat_range *range)
{
	char word[80];
	char *colon, *dash;
	int err;

	strscpy(word, call->arg, sizeof(word));
	if (*word == '[')
		return ipt_problem(call->cmd, "Invalid address format");
	colon = strchr(word, ':');
	if (colon && colon == strrchr(word, ':')) {
		err = nat_need_ports(call);
		if (!err)
			err = nat_ports(call, range, colon + 1);
		if (err || colon == word)
			return err;
		*colon = 0;
	}
	range->flags |= NF_NAT_RANGE_MAP_IPS;
	dash = strchr(word, '-');
	if (dash)
		*dash = 0;
	err = nat_addr(call, word, &range->min_addr);
	range->max_addr = range->min_addr;
	if (!err && dash)
		err = nat_addr(call, dash + 1, &range->max_addr);
	return err;
}

static int nat_options(struct xt_call *call)
{
	static const u8 bits[] = {
		[NAT_RANDOM] = NF_NAT_RANGE_PROTO_RANDOM,
		[NAT_RANDOM_FULLY] = NF_NAT_RANGE_PROTO_RANDOM_FULLY,
		[NAT_PERSISTENT] = NF_NAT_RANGE_PERSISTENT,
	};

	((struct nf_nat_range *)call->data)->flags |= bits[call->opt->id];
	return 0;
}

static int dnat_parse(struct xt_call *call)
{
	return call->opt->id == NAT_TO ? nat_to(call, call->data) : nat_options(call);
}

static int snat_parse(struct xt_call *call)
{
	struct nf_nat_range *range = call->data;
	int err = dnat_parse(call);

	/* The port that the range begins with is DNAT's alone. */
	range->base_proto = 0;
	return err;
}

static int ports_parse(struct xt_call *call)
{
	struct nf_nat_range *range = call->data;
	int err;

	if (call->opt->id != NAT_TO)
		return nat_options(call);
	err = nat_need_ports(call);
	return err ? err : nat_ports(call, range, call->arg);
}

static int ports_check(struct xt_call *call)
{
	return ((struct nf_nat_range *)call->data)->flags & NF_NAT_RANGE_PROTO_OFFSET
		       ? ipt_problem(call->cmd,
				     "Shifted portmap ranges not supported with this kernel")
		       : 0;
}

static void say_nat_ports(const struct xt_print *p, const struct nf_nat_range *range)
{
	xt_say_range(p, range->min_proto, range->max_proto, '-');
	if (range->flags & NF_NAT_RANGE_PROTO_OFFSET)
		xt_say(p, "/%u", range->base_proto);
}

static void say_range(const struct xt_print *p, const struct nf_nat_range *range)
{
	if (range->flags & NF_NAT_RANGE_MAP_IPS) {
		xt_say(p, "%pI4", &range->min_addr);
		if (range->max_addr != range->min_addr)
			xt_say(p, "-%pI4", &range->max_addr);
	}
	if (range->flags & NF_NAT_RANGE_PROTO_SPECIFIED) {
		xt_say(p, ":");
		say_nat_ports(p, range);
	}
}

static void say_options(const struct xt_print *p, u32 flags, const char *prefix)
{
	if (flags & NF_NAT_RANGE_PROTO_RANDOM)
		xt_say(p, " %srandom", prefix);
	if (flags & NF_NAT_RANGE_PROTO_RANDOM_FULLY)
		xt_say(p, " %srandom-fully", prefix);
	if (flags & NF_NAT_RANGE_PERSISTENT)
		xt_say(p, " %spersistent", prefix);
}

static void nat_print(const struct xt_print *p, const void *data)
{
	const struct nf_nat_range *range = data;

	xt_say(p, " to:");
	say_range(p, range);
	say_options(p, range->flags, "");
}

static void nat_save(const struct xt_print *p, const struct nf_nat_range *range, const char *word)
{
	xt_say(p, " --to-%s ", word);
	say_range(p, range);
	say_options(p, range->flags, "--");
}

static void dnat_save(const struct xt_print *p, const void *data)
{
	nat_save(p, data, "destination");
}

static void snat_save(const struct xt_print *p, const void *data)
{
	nat_save(p, data, "source");
}

static void ports_dump(const struct xt_print *p, const struct nf_nat_range *range, const char *word,
		       const char *prefix)
{
	if (range->flags & NF_NAT_RANGE_PROTO_SPECIFIED) {
		xt_say(p, " %s ", word);
		say_nat_ports(p, range);
	}
	say_options(p, range->flags, prefix);
}

static void masquerade_print(const struct xt_print *p, const void *data)
{
	ports_dump(p, data, "masq ports:", "");
}

static void redirect_print(const struct xt_print *p, const void *data)
{
	ports_dump(p, data, "redir ports", "");
}

static void ports_save(const struct xt_print *p, const void *data)
{
	ports_dump(p, data, "--to-ports", "--");
}

/* ---- NETMAP */

static int netmap_parse(struct xt_call *call)
{
	struct nf_nat_range *range = call->data;

	range->flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_NETMAP;
	range->min_addr = call->addr & call->mask;
	range->max_addr = range->min_addr | ~call->mask;
	return 0;
}

static void say_netmap(const struct xt_print *p, const struct nf_nat_range *range)
{
	xt_say(p, "%pI4/%d", &range->min_addr, xt_mask_len(~(range->min_addr ^ range->max_addr)));
}

static void netmap_print(const struct xt_print *p, const void *data)
{
	xt_say(p, " to:");
	say_netmap(p, data);
}

static void netmap_save(const struct xt_print *p, const void *data)
{
	xt_say(p, " --to ");
	say_netmap(p, data);
}

#define TARGET(word) .name = (word), .is_target = true

const struct xt_words xt_nat_words[] = {
	{TARGET("DNAT"), XT_OPTS(dnat_opts), .parse = dnat_parse, .print = nat_print,
	 .save = dnat_save},
	{TARGET("SNAT"), XT_OPTS(snat_opts), .parse = snat_parse, .print = nat_print,
	 .save = snat_save},
	{TARGET("MASQUERADE"), XT_OPTS(masquerade_opts), .parse = ports_parse, .check = ports_check,
	 .print = masquerade_print, .save = ports_save},
	{TARGET("REDIRECT"), XT_OPTS(redirect_opts), .parse = ports_parse, .check = ports_check,
	 .print = redirect_print, .save = ports_save},
	{TARGET("NETMAP"), XT_OPTS(netmap_opts), .parse = netmap_parse, .print = netmap_print,
	 .save = netmap_save},
};
const u8 xt_nat_words_nr = ARRAY_SIZE(xt_nat_words);
