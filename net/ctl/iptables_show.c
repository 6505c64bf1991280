/* SPDX-License-Identifier: MIT */
/* Rules as iptables shows them: -L, -v, and -S, which is also iptables-save. */
#include "lib/byteorder.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/ctl/iptables_tool.h"

static const char *const verdicts[] = {
	[IPT_NOTHING] = "",    [IPT_ACCEPT] = "ACCEPT", [IPT_DROP] = "DROP",
	[IPT_QUEUE] = "QUEUE", [IPT_RETURN] = "RETURN",
};

static const char *target_name(const struct ipt_rule *rule)
{
	if (rule->action < ARRAY_SIZE(verdicts))
		return verdicts[rule->action];
	return rule->action == IPT_TARGET ? rule->target.ext->name : rule->chain;
}

static void proto_name(u8 proto, bool numeric, char buf[16])
{
	if (numeric || !xt_protocol_name(proto, buf))
		scnprintf(buf, 16, "%u", proto);
}

/* ---- -L */

struct listing {
	struct ctl_out *out;
	bool numeric, verbose, exact, numbers;
	bool line; /* -v of -A: one line, nothing aligned */
};

#define say(l, ...) ctl_printf((l)->out, __VA_ARGS__)

static void say_count(const struct listing *l, u64 n, bool aligned)
{
	static const char units[] = " KMGT";
	u32 unit = 0;

	if (l->exact) {
		say(l, aligned ? "%8llu " : "%llu ", (unsigned long long)n);
		return;
	}
	if (n > 99999) {
		do {
			n = (n + 500) / 1000;
			unit++;
		} while (n > 9999 && unit < 4);
		say(l, aligned ? "%4llu%c " : "%llu%c ", (unsigned long long)n, units[unit]);
		return;
	}
	say(l, aligned ? "%5llu " : "%llu ", (unsigned long long)n);
}

static void addr_text(char buf[40], be32 addr, be32 mask)
{
	int len = xt_mask_len(mask);

	if (len < 0)
		scnprintf(buf, 40, "%pI4/%pI4", &addr, &mask);
	else if (len == 32)
		scnprintf(buf, 40, "%pI4", &addr);
	else
		scnprintf(buf, 40, "%pI4/%d", &addr, len);
}

static void say_addr(const struct listing *l, be32 addr, be32 mask, bool inverted, bool dst)
{
	char buf[40] = "anywhere";

	say(l, inverted ? "!" : " ");
	if (mask || l->numeric || l->line)
		addr_text(buf, addr, mask);
	say(l, l->line ? (dst ? "-> %s" : "%s ") : (dst ? "%-19s" : "%-19s "), buf);
}

static void say_iface(const struct listing *l, const char *name, bool inverted, bool out)
{
	char buf[IFNAMSIZ + 4];

	if (!*name)
		name = l->numeric || l->line ? "*" : "any";
	scnprintf(buf, sizeof(buf), "%s%s", inverted ? "!" : "", name);
	if (l->line)
		say(l, "%s %s ", out ? "out" : "in", buf);
	else
		say(l, out ? "%-6s " : " %-6s ", buf);
}

static void say_extensions(const struct listing *l, const struct ipt_rule *rule)
{
	const struct xt_print p = {
		.out = l->out, .numeric = l->numeric || l->line, .proto = rule->ip.proto};
	const struct xt_words *w;

	for (u32 i = 0; i < rule->nr_matches; i++) {
		w = xt_words_find(rule->matches[i].ext->name, false);
		if (w && w->print)
			w->print(&p, rule->matches[i].data);
	}
	if (rule->action == IPT_TARGET) {
		w = xt_words_find(rule->target.ext->name, true);
		if (w && w->print)
			w->print(&p, rule->target.data);
	}
}

static void say_rule(const struct listing *l, const struct ipt_rule *rule, u32 number)
{
	const struct ipt_ip *ip = &rule->ip;
	const char *name = target_name(rule);
	char proto[16];

	/* NOTRACK is how CT is told; it is listed as what it is. */
	if (!strcmp(name, "NOTRACK"))
		name = "CT";
	if (l->numbers)
		say(l, "%-4u ", number);
	if (l->verbose) {
		say_count(l, rule->counters.packets, true);
		say_count(l, rule->counters.bytes, true);
	}
	say(l, l->line ? "%s " : "%-9s ", name);
	proto_name(ip->proto, l->numeric, proto);
	say(l, ip->invert & IPT_INV_PROTO ? "!" : " ");
	say(l, l->line ? "%s opt " : "%-4s ", proto);
	say(l, "%c%c ", ip->invert & IPT_INV_FRAG ? '!' : '-', ip->frag ? 'f' : '-');
	if (l->verbose || l->line) {
		say_iface(l, ip->iniface, ip->invert & IPT_INV_VIA_IN, false);
		say_iface(l, ip->outiface, ip->invert & IPT_INV_VIA_OUT, true);
	}
	say_addr(l, ip->src, ip->smsk, ip->invert & IPT_INV_SRCIP, false);
	say_addr(l, ip->dst, ip->dmsk, ip->invert & IPT_INV_DSTIP, true);
	say(l, l->line ? "  " : " ");
	if (rule->action == IPT_GOTO)
		say(l, "[goto] ");
	say_extensions(l, rule);
	say(l, "\n");
}

static void say_header(const struct listing *l, const struct ipt_chain *chain)
{
	say(l, "Chain %s", chain->name);
	if (chain->hook < 0) {
		say(l, " (%u references)\n", chain->refs);
	} else {
		say(l, " (policy %s", verdicts[chain->policy]);
		if (l->verbose) {
			say(l, " ");
			say_count(l, chain->counters.packets, false);
			say(l, "packets, ");
			say_count(l, chain->counters.bytes, false);
			say(l, "bytes");
		}
		say(l, ")\n");
	}
	if (l->numbers)
		say(l, "num  ");
	if (l->verbose)
		say(l, l->exact ? "%8s %10s " : "%5s %5s ", "pkts", "bytes");
	say(l, "%-9s  %-4s %s ", "target", "prot", "opt");
	if (l->verbose)
		say(l, "%-6s %-6s  ", "in", "out");
	say(l, "%-19s  %-19s \n", "source", "destination");
}

void ipt_show_list(struct ipt_cmd *cmd, const struct ipt_chain *chain)
{
	const struct listing l = {
		.out = cmd->c->out,
		.numeric = cmd->options & OPT_NUMERIC,
		.verbose = cmd->options & OPT_VERBOSE,
		.exact = cmd->options & OPT_EXPANDED,
		.numbers = cmd->options & OPT_LINENUMBERS,
	};

	if (!cmd->rulenum)
		say_header(&l, chain);
	for (u32 i = 0; i < chain->nr_rules; i++) {
		if (!cmd->rulenum || cmd->rulenum == i + 1)
			say_rule(&l, chain->rules[i].rule, i + 1);
	}
}

void ipt_show_rule(struct ipt_cmd *cmd, const struct ipt_rule *rule)
{
	const struct listing l = {.out = cmd->c->out, .line = true};

	say_rule(&l, rule, 0);
}

/* ---- -S */

static void save_addr(struct ctl_out *out, const char *option, be32 addr, be32 mask, bool inverted)
{
	int len = xt_mask_len(mask);

	if (!addr && !mask && !inverted)
		return;
	ctl_printf(out, "%s %s %pI4/", inverted ? " !" : "", option, &addr);
	if (len < 0)
		ctl_printf(out, "%pI4", &mask);
	else
		ctl_printf(out, "%d", len);
}

static void save_iface(struct ctl_out *out, const char *option, const char *name, bool inverted)
{
	if (*name && strcmp(name, "+") != 0)
		ctl_printf(out, "%s %s %s", inverted ? " !" : "", option, name);
}

static void save_ip(struct ctl_out *out, const struct ipt_ip *ip)
{
	char proto[16];

	save_addr(out, "-s", ip->src, ip->smsk, ip->invert & IPT_INV_SRCIP);
	save_addr(out, "-d", ip->dst, ip->dmsk, ip->invert & IPT_INV_DSTIP);
	save_iface(out, "-i", ip->iniface, ip->invert & IPT_INV_VIA_IN);
	save_iface(out, "-o", ip->outiface, ip->invert & IPT_INV_VIA_OUT);
	if (ip->proto) {
		proto_name(ip->proto, false, proto);
		ctl_printf(out, "%s -p %s", ip->invert & IPT_INV_PROTO ? " !" : "", proto);
	}
	if (ip->frag)
		ctl_printf(out, "%s -f", ip->invert & IPT_INV_FRAG ? " !" : "");
}

static void save_use(const struct xt_print *p, const struct xt_use *use, bool target)
{
	const struct xt_words *w = xt_words_find(use->ext->name, target);

	ctl_printf(p->out, " -%c %s", target ? 'j' : 'm', use->ext->name);
	if (w && w->save)
		w->save(p, use->data);
}

void ipt_save_rule(struct ctl_out *out, const struct ipt_chain *chain, const struct ipt_rule *rule,
		   char counters)
{
	const struct xt_print p = {.out = out, .numeric = true, .proto = rule->ip.proto};
	unsigned long long packets = rule->counters.packets, bytes = rule->counters.bytes;

	if (counters == 'c')
		ctl_printf(out, "[%llu:%llu] ", packets, bytes);
	ctl_printf(out, "-A %s", chain->name);
	save_ip(out, &rule->ip);
	for (u32 i = 0; i < rule->nr_matches; i++)
		save_use(&p, &rule->matches[i], false);
	if (counters == 'v')
		ctl_printf(out, " -c %llu %llu", packets, bytes);
	if (rule->action == IPT_TARGET)
		save_use(&p, &rule->target, true);
	else if (rule->action != IPT_NOTHING)
		ctl_printf(out, " -%c %s", rule->action == IPT_GOTO ? 'g' : 'j', target_name(rule));
	ctl_printf(out, "\n");
}
