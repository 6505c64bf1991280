/* SPDX-License-Identifier: MIT */
/*
 * ip rule: show, add, del, flush.
 *
 * Source: ip-rule(8) of iproute2 6.1, and its behaviour.
 */
#include "lib/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/ctl/route_tool.h"
#include "net/fib_rules.h"

/* What a command says: a rule to add, or one to compare with (has_*: said, also if it is 0). */
struct rule_wish {
	struct fib_rule rule;
	bool has_table, has_src, has_dst, has_protocol, has_target;
};

/* ---- words */

static int parse_rule_prefix(struct ctl *c, struct ctl_words *w, be32 *addr, u8 *len)
{
	const char *value = ctl_value(c, w);
	struct ctl_prefix prefix;

	if (!value)
		return c->status;
	if (!ctl_parse_prefix(value, &prefix))
		return ctl_expected(c, "any valid prefix", value);
	*addr = prefix.addr;
	*len = prefix.len;
	return 0;
}

static int parse_u32(struct ctl *c, struct ctl_words *w, const char *complaint, u32 *v)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	return ctl_parse_u32(value, v) ? 0 : ctl_invarg(c, value, complaint);
}

static int parse_tos(struct ctl *c, struct ctl_words *w, u8 *tos)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	return route_parse_tos(value, tos) ? 0 : ctl_invarg(c, value, "TOS value is invalid\n");
}

/*
 * What stands in front of the mark, copied, and what behind it; NULL: value has no mark. Copies of what is too long
 * for a number are empty, and then no number.
 */
static const char *cut_at(const char *value, char mark, char front[16])
{
	const char *found = strchr(value, mark);
	size_t len = found ? (size_t)(found - value) : strlen(value);

	if (len > 15)
		len = 0;
	memcpy(front, value, len);
	front[len] = '\0';
	return found ? found + 1 : NULL;
}

/* MARK[/MASK] */
static int parse_fwmark(struct ctl *c, struct ctl_words *w, struct fib_rule *r)
{
	const char *value = ctl_value(c, w), *mask;
	char mark[16];

	if (!value)
		return c->status;
	mask = cut_at(value, '/', mark);
	if (!ctl_parse_u32(mark, &r->mark))
		return ctl_invarg(c, mask ? mark : value, "fwmark value is invalid\n");
	r->mark_mask = r->mark ? U32_MAX : 0;
	if (mask && !ctl_parse_u32(mask, &r->mark_mask))
		return ctl_invarg(c, mask, "fwmask value is invalid\n");
	return 0;
}

static int parse_ifname(struct ctl *c, struct ctl_words *w, const char *complaint,
			char name[IFNAMSIZ])
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	if (!*value || strlen(value) >= IFNAMSIZ)
		return ctl_invarg(c, value, complaint);
	strscpy(name, value, IFNAMSIZ);
	return 0;
}

static int parse_ipproto(struct ctl *c, struct ctl_words *w, u8 *proto)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	return route_parse_ipproto(value, proto)
		       ? 0
		       : ctl_invarg(c, value, "Invalid \"ipproto\" value\n");
}

/* PORT or FIRST-LAST */
static int parse_ports(struct ctl *c, struct ctl_words *w, u16 range[2])
{
	const char *value = ctl_value(c, w), *last;
	char first[16];
	u64 from, to;

	if (!value)
		return c->status;
	last = cut_at(value, '-', first);
	if (!ctl_parse_u64(first, U16_MAX, &from) ||
	    !ctl_parse_u64(last ? last : first, U16_MAX, &to))
		return ctl_invarg(c, value, "invalid port range\n");
	/* An end of 0 means none: what is told so is nonsense, and refused for its beginning. */
	range[0] = from;
	range[1] = to ? to : 1;
	return 0;
}

static int parse_suppress(struct ctl *c, struct ctl_words *w, struct fib_rule *r)
{
	const char *value = ctl_value(c, w);
	u64 len;

	if (!value)
		return c->status;
	if (!ctl_parse_u64(value, 0x7fffffff, &len))
		return ctl_invarg(c, value, "suppress_prefixlength value is invalid\n");
	r->has_suppress = true;
	r->suppress = len;
	return 0;
}

static int parse_rule_table(struct ctl *c, struct ctl_words *w, const char *complaint,
			    struct rule_wish *wish)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	wish->has_table = true;
	if (!strcmp(value, "0"))
		return 0;
	return route_parse_table(value, &wish->rule.table) && wish->rule.table
		       ? 0
		       : ctl_invarg(c, value, complaint);
}

static int parse_rule_protocol(struct ctl *c, struct ctl_words *w, const char *complaint,
			       struct rule_wish *wish)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	wish->has_protocol = true;
	return route_parse_protocol(value, &wish->rule.protocol) ? 0
								 : ctl_invarg(c, value, complaint);
}

/* Words that `list` and `add` share. -1: it is none of them. */
static int parse_selector_word(struct ctl *c, struct ctl_words *w, struct rule_wish *wish)
{
	struct fib_rule *r = &wish->rule;

	if (ctl_take(w, "not")) {
		r->invert = true;
		return 0;
	}
	if (ctl_take(w, "from")) {
		wish->has_src = true;
		return parse_rule_prefix(c, w, &r->src, &r->src_len);
	}
	if (ctl_take(w, "to")) {
		wish->has_dst = true;
		return parse_rule_prefix(c, w, &r->dst, &r->dst_len);
	}
	if (ctl_take_abbrev(w, "preference") || ctl_take_abbrev(w, "order") ||
	    ctl_take_abbrev(w, "priority")) {
		r->has_pref = true;
		return parse_u32(c, w, "preference value is invalid\n", &r->pref);
	}
	if (ctl_take(w, "tos") || ctl_take_abbrev(w, "dsfield"))
		return parse_tos(c, w, &r->tos);
	if (ctl_take(w, "fwmark"))
		return parse_fwmark(c, w, r);
	if (ctl_take(w, "dev") || ctl_take(w, "iif"))
		return parse_ifname(c, w, "\"iif\"/\"dev\" not a valid ifname", r->iif);
	if (ctl_take(w, "oif"))
		return parse_ifname(c, w, "\"oif\" not a valid ifname", r->oif);
	if (ctl_take(w, "ipproto"))
		return parse_ipproto(c, w, &r->ip_proto);
	if (ctl_take(w, "sport"))
		return parse_ports(c, w, r->sport);
	if (ctl_take(w, "dport"))
		return parse_ports(c, w, r->dport);
	return -1;
}

static int parse_action(struct ctl *c, struct ctl_words *w, struct rule_wish *wish)
{
	static const struct {
		const char *name;
		u8 action;
	} actions[] = {{"unicast", FR_ACT_TO_TBL},
		       {"blackhole", FR_ACT_BLACKHOLE},
		       {"unreachable", FR_ACT_UNREACHABLE},
		       {"prohibit", FR_ACT_PROHIBIT}};
	const char *value;

	ctl_take_abbrev(w, "type");
	value = ctl_value(c, w);
	if (!value)
		return c->status;
	wish->has_table = true;
	if (ctl_abbrev(value, "goto")) {
		wish->rule.action = FR_ACT_GOTO;
		wish->has_target = true;
		return parse_u32(c, w, "invalid target\n", &wish->rule.target);
	}
	if (ctl_abbrev(value, "nop")) {
		wish->rule.action = FR_ACT_NOP;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (!strcmp(value, actions[i].name)) {
			wish->rule.action = actions[i].action;
			return 0;
		}
	}
	return ctl_invarg(c, value, "Failed to parse rule type");
}

static int parse_rule(struct ctl *c, struct ctl_words *w, struct rule_wish *wish)
{
	while (ctl_word(w)) {
		int status = parse_selector_word(c, w, wish);

		if (status < 0 && ctl_take_abbrev(w, "protocol"))
			status = parse_rule_protocol(c, w, "\"protocol\" value is invalid\n", wish);
		else if (status < 0 && (ctl_take_abbrev(w, "table") || ctl_take(w, "lookup")))
			status = parse_rule_table(c, w, "invalid table ID\n", wish);
		else if (status < 0 &&
			 (ctl_take_abbrev(w, "suppress_prefixlength") || ctl_take(w, "sup_pl")))
			status = parse_suppress(c, w, &wish->rule);
		else if (status < 0)
			status = parse_action(c, w, wish);
		if (status)
			return status;
	}
	return 0;
}

/* ---- add, del */

static int rule_complain(struct ctl *c, int err, const char *why)
{
	return why ? ctl_kernel_error(c, why) : ctl_rtnetlink(c, err);
}

static int rule_add(struct ctl *c, struct ctl_words *w)
{
	struct rule_wish wish = {.rule = {.action = FR_ACT_TO_TBL}};
	const char *why;
	int err;

	if (!ctl_word(w)) {
		ctl_complain(c, "\"ip rule add\" requires arguments.\n");
		return 1;
	}
	err = parse_rule(c, w, &wish);
	if (err)
		return err;
	if (wish.has_target && wish.rule.action != FR_ACT_GOTO)
		return ctl_kernel_error(c, "Unexpected goto");
	if (!wish.has_table)
		wish.rule.table = RT_TABLE_MAIN;
	ctl_enter(c);
	err = fib_rule_add(c->net, &wish.rule);
	why = fib_refusal(c->net);
	ctl_leave(c);
	return err ? rule_complain(c, err, why) : 0;
}

static int rule_del(struct ctl *c, struct ctl_words *w)
{
	struct rule_wish wish = {.has_table = false};
	int err;

	if (!ctl_word(w)) {
		ctl_complain(c, "\"ip rule del\" requires arguments.\n");
		return 1;
	}
	err = parse_rule(c, w, &wish);
	if (err)
		return err;
	ctl_enter(c);
	err = fib_rule_del(c->net, &wish.rule);
	ctl_leave(c);
	return err ? ctl_rtnetlink(c, err) : 0;
}

/* ---- show, flush */

static int parse_filter(struct ctl *c, struct ctl_words *w, struct rule_wish *f)
{
	while (ctl_word(w)) {
		int status = parse_selector_word(c, w, f);

		if (status < 0 && (ctl_take_abbrev(w, "table") || ctl_take_abbrev(w, "lookup"))) {
			status = parse_rule_table(c, w, "table id value is invalid\n", f);
		} else if (status < 0 && ctl_take_abbrev(w, "protocol")) {
			status = parse_rule_protocol(c, w, "invalid \"protocol\"\n", f);
		} else if (status < 0) {
			const char *value;
			struct ctl_prefix prefix;

			ctl_take_abbrev(w, "dst");
			value = ctl_value(c, w);
			if (!value)
				return c->status;
			if (!ctl_parse_prefix(value, &prefix))
				return ctl_expected(c, "inet prefix", value);
			f->has_dst = true;
			f->rule.dst = prefix.addr;
			f->rule.dst_len = prefix.len;
			status = 0;
		}
		if (status)
			return status;
	}
	return 0;
}

static bool within(be32 addr, u8 len, be32 net, u8 net_len)
{
	return len >= net_len && !((addr ^ net) & ctl_mask(net_len));
}

static bool rule_fits(const struct rule_wish *wish, const struct fib_rule *r)
{
	const struct fib_rule *f = &wish->rule;

	if ((f->has_pref && f->pref != r->pref) || (f->invert && !r->invert) ||
	    (f->tos && f->tos != r->tos) || (f->mark && f->mark != r->mark) ||
	    (f->table && f->table != r->table) || (f->ip_proto && f->ip_proto != r->ip_proto))
		return false;
	/* A mask is looked for if it was written; one that was not is all ones. */
	if (f->mark_mask && f->mark_mask != U32_MAX && f->mark_mask != r->mark_mask)
		return false;
	if ((f->iif[0] && strcmp(f->iif, r->iif) != 0) ||
	    (f->oif[0] && strcmp(f->oif, r->oif) != 0) ||
	    (f->sport[1] && memcmp(f->sport, r->sport, sizeof(f->sport)) != 0) ||
	    (f->dport[1] && memcmp(f->dport, r->dport, sizeof(f->dport)) != 0))
		return false;
	return (!wish->has_src || within(r->src, r->src_len, f->src, f->src_len)) &&
	       (!wish->has_dst || within(r->dst, r->dst_len, f->dst, f->dst_len));
}

static void print_prefix(struct ctl *c, const char *word, be32 addr, u8 len)
{
	ctl_say(c, len == 32 ? "%s %pI4 " : "%s %pI4/%u ", word, &addr, len);
}

static void print_ports(struct ctl *c, const char *word, const u16 range[2])
{
	if (range[0] != range[1])
		ctl_say(c, "%s %u-%u ", word, range[0], range[1]);
	else if (range[1])
		ctl_say(c, "%s %u ", word, range[0]);
}

static void print_ifname(struct ctl *c, const char *word, const char *name, bool detached)
{
	if (name[0])
		ctl_say(c, "%s %s %s", word, name, detached ? "[detached] " : "");
}

static void print_selector(struct ctl *c, const struct fib_rule *r)
{
	char number[16];

	if (r->src_len)
		print_prefix(c, "from", r->src, r->src_len);
	else
		ctl_say(c, "from all ");
	if (r->dst_len)
		print_prefix(c, "to", r->dst, r->dst_len);
	if (r->tos)
		ctl_say(c, "tos 0x%02x ", r->tos);
	if (r->mark && r->mark_mask == U32_MAX)
		ctl_say(c, "fwmark %#x ", r->mark);
	else if (r->mark || r->mark_mask)
		ctl_say(c, "fwmark %#x/%#x ", r->mark, r->mark_mask);
	print_ifname(c, "iif", r->iif, r->state & FIB_RULE_IIF_DETACHED);
	print_ifname(c, "oif", r->oif, r->state & FIB_RULE_OIF_DETACHED);
	if (r->ip_proto)
		ctl_say(c, "ipproto %s ", route_ipproto_name(r->ip_proto, number));
	print_ports(c, "sport", r->sport);
	print_ports(c, "dport", r->dport);
}

/* What follows the table; each with a blank before it. */
static void print_action(struct ctl *c, const struct fib_rule *r)
{
	static const char *const names[] = {[FR_ACT_NOP] = "nop",
					    [FR_ACT_BLACKHOLE] = "blackhole",
					    [FR_ACT_UNREACHABLE] = "unreachable",
					    [FR_ACT_PROHIBIT] = "prohibit"};
	char number[12];

	if (r->table)
		ctl_say(c, "lookup %s", route_table_name(r->table, number));
	if (r->has_suppress)
		ctl_say(c, " suppress_prefixlength %u", r->suppress);
	if (r->action == FR_ACT_GOTO)
		ctl_say(c, "%sgoto %u%s", r->table ? " " : "", r->target,
			r->state & FIB_RULE_UNRESOLVED ? " [unresolved]" : "");
	else if (r->action != FR_ACT_TO_TBL)
		ctl_say(c, "%s%s", r->table ? " " : "", names[r->action]);
	if (r->protocol != RTPROT_UNSPEC && r->protocol != RTPROT_KERNEL)
		ctl_say(c, " proto %s", route_protocol_name(r->protocol, number));
}

struct collect {
	const struct rule_wish *filter;
	struct ctl_rows rows;
};

static void collect_rule(void *arg, const struct fib_rule *rule)
{
	struct collect *collect = arg;
	struct fib_rule *row;

	if (!rule_fits(collect->filter, rule))
		return;
	row = ctl_rows_add(&collect->rows, sizeof(*row));
	if (row)
		*row = *rule;
}

static int rule_show(struct ctl *c, struct ctl_words *w)
{
	struct rule_wish filter = {.has_table = false};
	struct collect collect = {.filter = &filter};
	const struct fib_rule *row;
	int status = parse_filter(c, w, &filter);

	if (status)
		return status;
	ctl_enter(c);
	fib_rule_for_each(c->net, collect_rule, &collect);
	ctl_leave(c);
	ctl_rows_for_each(row, &collect.rows)
	{
		ctl_say(c, "%u:\t%s", row->pref, row->invert ? "not " : "");
		print_selector(c, row);
		print_action(c, row);
		ctl_say(c, "\n");
	}
	return ctl_rows_free(c, &collect.rows);
}

/* As iproute2: all but those of priority 0. */
static int rule_flush(struct ctl *c, struct ctl_words *w)
{
	struct rule_wish filter = {.has_table = false};
	struct collect collect = {.filter = &filter};
	struct fib_rule *row;
	int status = parse_filter(c, w, &filter);

	if (status)
		return status;
	ctl_enter(c);
	fib_rule_for_each(c->net, collect_rule, &collect);
	ctl_rows_for_each(row, &collect.rows)
	{
		if (collect.rows.cut || !row->pref ||
		    (filter.has_protocol && row->protocol != filter.rule.protocol))
			continue;
		row->has_pref = true;
		fib_rule_del(c->net, row);
	}
	ctl_leave(c);
	return ctl_rows_free(c, &collect.rows);
}

static int rule_usage(struct ctl *c)
{
	ctl_complain(c, "Usage: ip rule { add | del } SELECTOR ACTION\n"
			"       ip rule flush\n"
			"       ip rule [ list [ SELECTOR ]]\n"
			"SELECTOR := [ not ] [ from PREFIX ] [ to PREFIX ] [ tos TOS ]\n"
			"            [ fwmark FWMARK[/MASK] ]\n"
			"            [ iif STRING ] [ oif STRING ] [ pref NUMBER ]\n"
			"            [ ipproto PROTOCOL ]\n"
			"            [ sport [ NUMBER | NUMBER-NUMBER ]\n"
			"            [ dport [ NUMBER | NUMBER-NUMBER ] ]\n"
			"ACTION := [ table TABLE_ID ]\n"
			"          [ protocol PROTO ]\n"
			"          [ goto NUMBER | nop | blackhole | unreachable | prohibit ]\n"
			"          [ suppress_prefixlength NUMBER ]\n"
			"TABLE_ID := [ local | main | default | NUMBER ]\n");
	return 255;
}

int ip_rule_main(struct ctl *c, struct ctl_words *w)
{
	const char *word = ctl_word(w);

	if (!word)
		return rule_show(c, w);
	ctl_next(w);
	if (ctl_abbrev(word, "list") || ctl_abbrev(word, "lst") || ctl_abbrev(word, "show"))
		return rule_show(c, w);
	if (ctl_abbrev(word, "add"))
		return rule_add(c, w);
	if (ctl_abbrev(word, "delete"))
		return rule_del(c, w);
	if (ctl_abbrev(word, "flush"))
		return rule_flush(c, w);
	if (ctl_abbrev(word, "help"))
		return rule_usage(c);
	ctl_complain(c, "Command \"%s\" is unknown, try \"ip rule help\".\n", word);
	return 255;
}
