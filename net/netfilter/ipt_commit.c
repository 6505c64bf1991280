/* SPDX-License-Identifier: MIT */
/*
 * From a draft to a table in force: all rules are checked, then compiled, then one pointer is changed.
 *
 * Life of what a match or target needs: init() when its rule first comes into force; destroy() when the last table and
 * draft that have the rule are gone. The old program is freed when no softirq can be in it.
 */
#include "lib/errno.h"
#include "lib/fmt.h"
#include "net/netfilter/ip_tables.h"

#define MEMORY_PART 4 /* rules may take one part in so many */

/* One draft on its way. */
struct commit {
	struct ipt_draft *draft;
	struct ipt_program *prog;
	struct ipt_why *why;
	struct mark *marks; /* of each chain */
};

struct mark {
	u8 hooks; /* BIT(NF_INET_*) it can be reached from */
	u8 depth; /* of the chains it calls; IPT_MAX_DEPTH: being looked at */
};

static u32 count_steps(const struct ipt_draft *d)
{
	u32 n = 0;

	for (u32 i = 0; i < d->nr_chains; i++)
		n += d->chains[i]->nr_rules + 1;
	return n;
}

static struct ipt_program *program_alloc(u32 nr_steps, u32 nr_chains)
{
	size_t steps = nr_steps * sizeof(struct ipt_step);
	size_t bytes =
		sizeof(struct ipt_program) + steps + nr_chains * sizeof(struct ipt_program_chain);
	struct ipt_program *prog = plat_alloc(bytes);

	if (!prog)
		return NULL;
	memset(prog, 0, bytes);
	prog->chains = (struct ipt_program_chain *)((u8 *)prog->steps + steps);
	prog->bytes = bytes;
	return prog;
}

static struct ipt_step step_of(struct ipt_rule *rule)
{
	const struct ipt_ip *ip = &rule->ip;
	struct ipt_step s = {.action = rule->action, .nr_matches = rule->nr_matches, .rule = rule};

	if (ip->invert & (IPT_INV_VIA_IN | IPT_INV_VIA_OUT) || rule->in_mask[1] ||
	    rule->out_mask[1])
		s.tests |= STEP_IFACE;
	else
		s.tests |= (ip->iniface[0] ? STEP_IN : 0) | (ip->outiface[0] ? STEP_OUT : 0);
	if (ip->frag || ip->invert & (IPT_INV_SRCIP | IPT_INV_DSTIP | IPT_INV_PROTO)) {
		s.tests |= STEP_ODD;
		return s;
	}
	s.addrs = (u64)ip->dst << 32 | ip->src;
	s.mask = (u64)ip->dmsk << 32 | ip->smsk;
	s.proto = ip->proto;
	return s;
}

/* The chain at a place of the program; its end decides. */
static void end_chain(struct ipt_program *prog, struct ipt_program_chain *c)
{
	struct ipt_step *end = &prog->steps[prog->nr_steps++];

	*end = (struct ipt_step){.action = c->hook >= 0 ? c->policy : IPT_RETURN,
				 .jump = c - prog->chains};
	if (c->hook >= 0) {
		prog->entry[c->hook] = c->first;
		prog->underflow[c->hook] = end - prog->steps;
	}
}

static void compile_chain(struct ipt_program *prog, const struct ipt_chain *from)
{
	struct ipt_program_chain *c = &prog->chains[prog->nr_chains++];

	*c = (struct ipt_program_chain){.hook = from->hook,
					.policy = from->policy,
					.first = prog->nr_steps,
					.nr_rules = from->nr_rules,
					.counters = from->counters};
	strscpy(c->name, from->name, sizeof(c->name));
	for (u32 i = 0; i < from->nr_rules; i++) {
		struct ipt_rule *rule = from->rules[i].rule;

		rule->refs++;
		prog->bytes += rule->bytes;
		prog->steps[prog->nr_steps++] = step_of(rule);
	}
	end_chain(prog, c);
}

/* Index of a user's chain. They are in the order of their names, behind the built-in ones; every place to go is there. */
static u32 find_chain(const struct ipt_program *prog, const char *name)
{
	u32 low = 0, high = prog->nr_chains;

	while (low < high && prog->chains[low].hook >= 0)
		low++;
	while (high - low > 1) {
		u32 mid = (low + high) / 2;

		*(strcmp(prog->chains[mid].name, name) <= 0 ? &low : &high) = mid;
	}
	return low;
}

static void compile(struct commit *m)
{
	const struct ipt_draft *d = m->draft;
	struct ipt_program *prog = m->prog;

	for (u32 i = 0; i < d->nr_chains; i++)
		compile_chain(prog, d->chains[i]);
	for (u32 i = 0; i < prog->nr_steps; i++) {
		struct ipt_step *s = &prog->steps[i];

		if (s->action == IPT_JUMP || s->action == IPT_GOTO)
			s->jump = prog->chains[find_chain(prog, s->rule->chain)].first;
	}
}

/* ---- checks ---- */

static void say_why(struct commit *m, u32 step, const char *name, const char *between,
		    const char *why)
{
	const struct ipt_program_chain *c = ipt_chain_of(m->prog, step);
	char text[sizeof(m->why->text)];

	scnprintf(text, sizeof(text), "x_tables: ip_tables: %s%s%s", name, between, why);
	if (*why)
		plat_log(4, "%s", text);
	if (!m->why)
		return;
	strscpy(m->why->text, *why ? text : "", sizeof(m->why->text));
	strscpy(m->why->chain, c->name, sizeof(m->why->chain));
	m->why->rule = step - c->first + 1;
}

/* Every packet that comes here goes no further: what stands behind it is reached by none. */
static bool ends_for_all(const struct ipt_step *s)
{
	return !s->nr_matches && !s->tests && !s->mask && !s->proto &&
	       (s->action == IPT_ACCEPT || s->action == IPT_DROP || s->action == IPT_QUEUE ||
		s->action == IPT_RETURN);
}

/* How deep chains below this one go; above IPT_MAX_DEPTH: too deep, or in a circle. */
static u32 chain_depth(struct commit *m, u32 chain, u32 level)
{
	const struct ipt_program_chain *c = &m->prog->chains[chain];
	u32 deepest = 0;

	if (m->marks[chain].depth)
		return m->marks[chain].depth;
	m->marks[chain].depth = IPT_MAX_DEPTH + 1;
	for (u32 i = c->first; i < c->first + c->nr_rules && level <= IPT_MAX_DEPTH; i++) {
		const struct ipt_step *s = &m->prog->steps[i];
		u32 below;

		if (ends_for_all(s))
			break;
		if (s->action != IPT_JUMP && s->action != IPT_GOTO)
			continue;
		below = chain_depth(m, ipt_chain_of(m->prog, s->jump) - m->prog->chains, level + 1);
		deepest = max(deepest, below);
	}
	if (level > IPT_MAX_DEPTH || deepest > IPT_MAX_DEPTH)
		return IPT_MAX_DEPTH + 1;
	m->marks[chain].depth = deepest + 1;
	return deepest + 1;
}

static void mark_hooks(struct commit *m, u32 chain, u8 hook)
{
	const struct ipt_program_chain *c = &m->prog->chains[chain];

	if (m->marks[chain].hooks & hook)
		return;
	m->marks[chain].hooks |= hook;
	for (u32 i = c->first; i < c->first + c->nr_rules; i++) {
		const struct ipt_step *s = &m->prog->steps[i];

		if (ends_for_all(s))
			break;
		if (s->action == IPT_JUMP || s->action == IPT_GOTO)
			mark_hooks(m, ipt_chain_of(m->prog, s->jump) - m->prog->chains, hook);
	}
}

/* Only what packets can reach counts, as in Linux. */
static int mark_source_chains(struct commit *m)
{
	for (u32 i = 0; i < m->prog->nr_chains && m->prog->chains[i].hook >= 0; i++) {
		if (chain_depth(m, i, 0) > IPT_MAX_DEPTH)
			return -ELOOP;
		mark_hooks(m, i, BIT(m->prog->chains[i].hook));
	}
	return 0;
}

static void __printf(4, 5)
	refuse(struct commit *m, u32 step, const struct xt_ext *ext, const char *fmt, ...)
{
	char name[XT_FUNCTION_MAXNAMELEN + 10], why[sizeof(m->why->text)];
	va_list ap;

	va_start(ap, fmt);
	vscnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	scnprintf(name, sizeof(name), "%s %s", ext->name, ext->is_target ? "target" : "match");
	say_why(m, step, name, *why ? ": " : "", why);
}

/* "PREROUTING/INPUT" */
static const char *hook_names(u32 hooks, char buf[60])
{
	size_t n = 0;

	buf[0] = 0;
	for (u32 i = 0; i < NF_INET_NUMHOOKS; i++) {
		if (hooks & BIT(i))
			n += scnprintf(buf + n, 60 - n, "%s%s", n ? "/" : "", xt_chain_name(i));
	}
	return buf;
}

/* Linux's reasons, and its words for them. */
static int check_use(struct commit *m, u32 step, struct xt_chk_param *par, const struct xt_use *u)
{
	const struct xt_ext *ext = u->ext;
	const struct ipt_ip *ip = &par->rule->ip;
	char used[60], valid[60];
	int err = -EINVAL;

	par->why = NULL;
	if (ext->tables && !(ext->tables & BIT(par->table))) {
		refuse(m, step, ext, "only valid in %s table, not %s",
		       xt_table_name(__builtin_ctz(ext->tables)), xt_table_name(par->table));
	} else if (ext->hooks && par->hooks & ~ext->hooks) {
		refuse(m, step, ext, "used from hooks %s, but only valid from %s",
		       hook_names(par->hooks, used), hook_names(ext->hooks, valid));
	} else if (ext->proto && (ip->proto != ext->proto || ip->invert & IPT_INV_PROTO)) {
		refuse(m, step, ext, "only valid for protocol %u", ext->proto);
	} else {
		err = ext->check ? ext->check(par, u->data) : 0;
		if (err)
			refuse(m, step, ext, "%s", par->why ? par->why : "");
	}
	return err;
}

static int check_step(struct commit *m, u32 step, u32 hooks)
{
	const struct ipt_rule *rule = m->prog->steps[step].rule;
	struct xt_chk_param par = {
		.net = m->draft->net, .table = m->draft->table, .hooks = hooks, .rule = rule};
	int err = 0;

	for (u32 i = 0; i < rule->nr_matches && !err; i++)
		err = check_use(m, step, &par, &rule->matches[i]);
	if (!err && rule->action == IPT_TARGET)
		err = check_use(m, step, &par, &rule->target);
	return err;
}

static int check_rules(struct commit *m)
{
	int err = 0;

	for (u32 i = 0; i < m->prog->nr_chains && !err; i++) {
		const struct ipt_program_chain *c = &m->prog->chains[i];
		u32 hooks = m->marks[i].hooks;

		for (u32 n = 0; n < c->nr_rules && !err; n++) {
			err = check_step(m, c->first + n, hooks);
			if (ends_for_all(&m->prog->steps[c->first + n]))
				hooks = 0;
		}
	}
	return err;
}

/* ---- what extensions need ---- */

static int use_init(struct net *net, const struct xt_use *u)
{
	return u->ext->init ? u->ext->init(net, u->data) : 0;
}

static void use_destroy(struct net *net, const struct xt_use *u)
{
	if (u->ext->destroy)
		u->ext->destroy(net, u->data);
}

static int rule_init(struct net *net, struct ipt_rule *rule)
{
	u32 done = 0;
	int err = 0;

	while (done < rule->nr_matches && !err) {
		err = use_init(net, &rule->matches[done]);
		done += !err;
	}
	if (!err && rule->action == IPT_TARGET)
		err = use_init(net, &rule->target);
	while (err && done)
		use_destroy(net, &rule->matches[--done]);
	rule->live = !err;
	return err;
}

/* Rules that came to life and do not come into force keep what they have; it goes with them. */
static int init_rules(struct commit *m)
{
	int err = 0;

	for (u32 i = 0; i < m->prog->nr_steps && !err; i++) {
		struct ipt_rule *rule = m->prog->steps[i].rule;

		if (!rule || rule->live)
			continue;
		err = rule_init(m->draft->net, rule);
		if (err)
			say_why(m, i, "", "", "");
	}
	return err;
}

static void use_reset(const struct xt_use *u)
{
	if (u->ext->reset)
		u->ext->reset(u->data);
}

static void reset_rules(struct ipt_program *prog)
{
	for (u32 i = 0; i < prog->nr_steps; i++) {
		const struct ipt_rule *rule = prog->steps[i].rule;

		for (u32 n = 0; rule && n < rule->nr_matches; n++)
			use_reset(&rule->matches[n]);
		if (rule && rule->action == IPT_TARGET)
			use_reset(&rule->target);
	}
}

/* ---- in force ---- */

static void program_free_rcu(struct net *net, struct rcu_head *head)
{
	ipt_program_free(net, container_of(head, struct ipt_program, rcu));
}

void ipt_program_free(struct net *net, struct ipt_program *prog)
{
	for (u32 i = 0; i < prog->nr_steps; i++)
		ipt_rule_release(net, prog->steps[i].rule);
	plat_free(prog);
}

struct ipt_program *ipt_program_empty(u32 table)
{
	struct ipt_program *prog = program_alloc(NF_INET_NUMHOOKS, NF_INET_NUMHOOKS);

	for (u32 hook = 0; prog && hook < NF_INET_NUMHOOKS; hook++) {
		struct ipt_chain c = {.hook = hook, .policy = IPT_ACCEPT};

		if (!(xt_table_hooks(table) & BIT(hook)))
			continue;
		strscpy(c.name, xt_chain_name(hook), sizeof(c.name));
		compile_chain(prog, &c);
	}
	return prog;
}

/* Policies that nobody gave counters begin again, as on Linux; so do rules that are to. */
static void take_counters(struct ipt_draft *d, struct ipt_program *prog)
{
	for (u32 i = 0; i < d->nr_chains; i++) {
		struct ipt_chain *c = d->chains[i];

		if (c->hook >= 0 && c->keep)
			prog->chains[i].counters = (struct xt_counters){0, 0};
		c->keep = true;
		for (u32 n = 0; n < c->nr_rules; n++) {
			if (c->rules[n].zero)
				c->rules[n].rule->counters = (struct xt_counters){0, 0};
			c->rules[n].zero = c->rules[n].fresh = false;
		}
	}
}

static void replace(struct commit *m, struct ipt_table *t)
{
	struct xt_net *xt = t->net->xt;
	struct ipt_program *old = t->program;

	take_counters(m->draft, m->prog);
	reset_rules(m->prog);
	t->program = m->prog;
	m->draft->generation = ++t->generation;
	xt->bytes += m->prog->bytes - old->bytes;
	m->prog = NULL;
	call_rcu(t->net, &old->rcu, program_free_rcu);
}

static int prepare(struct commit *m, const struct ipt_table *t)
{
	const struct ipt_draft *d = m->draft;
	int err;

	if (d->generation != t->generation)
		return -EAGAIN;
	m->prog = program_alloc(count_steps(d), d->nr_chains);
	m->marks = plat_alloc(d->nr_chains * sizeof(*m->marks));
	if (!m->prog || !m->marks)
		return -ENOMEM;
	memset(m->marks, 0, d->nr_chains * sizeof(*m->marks));
	compile(m);
	if (d->net->xt->bytes - t->program->bytes + m->prog->bytes > plat_memory() / MEMORY_PART)
		return -ENOMEM;
	err = mark_source_chains(m);
	return err ? err : check_rules(m);
}

static int commit(struct ipt_draft *d, struct ipt_why *why, bool in_force)
{
	struct commit m = {.draft = d, .why = why};
	struct ipt_table *t;
	int err;

	if (why)
		memset(why, 0, sizeof(*why));
	plat_bh_disable();
	t = d->net->xt->tables[d->table];
	err = prepare(&m, t);
	if (!err && in_force)
		err = init_rules(&m);
	if (!err && in_force)
		replace(&m, t);
	if (m.prog)
		ipt_program_free(d->net, m.prog);
	plat_free(m.marks);
	plat_bh_enable();
	return err;
}

int ipt_commit(struct ipt_draft *draft, struct ipt_why *why)
{
	return commit(draft, why, true);
}

int ipt_check(struct ipt_draft *draft, struct ipt_why *why)
{
	return commit(draft, why, false);
}
