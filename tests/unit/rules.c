/* SPDX-License-Identifier: MIT */
/* Rules for tests. */
#include "tests/unit/rules.h"

#include "lib/errno.h"

int append(struct net *net, u32 table, const char *chain, const struct ipt_rule_spec *spec)
{
	struct ipt_draft *d;
	struct ipt_chain *c;
	int err = ipt_draft_open(net, table, &d);

	if (err)
		return err;
	if (!ipt_find_chain(d, chain))
		err = ipt_new_chain(d, chain);
	if (!err) {
		c = ipt_find_chain(d, chain);
		err = ipt_insert(d, c, c->nr_rules, ipt_rule_new(spec));
	}
	if (!err)
		err = ipt_commit(d, NULL);
	ipt_draft_free(d);
	return err;
}

static struct ipt_draft *open_draft(struct net *net, u32 table)
{
	struct ipt_draft *d;

	cr_assert_eq(ipt_draft_open(net, table, &d), 0);
	return d;
}

static void commit(struct ipt_draft *d)
{
	cr_assert_eq(ipt_commit(d, NULL), 0);
	ipt_draft_free(d);
}

void flush(struct net *net, u32 table)
{
	struct ipt_draft *d = open_draft(net, table);

	ipt_draft_clear(d);
	commit(d);
}

void set_policy(struct net *net, u32 table, const char *chain, u8 policy)
{
	struct ipt_draft *d = open_draft(net, table);

	ipt_find_chain(d, chain)->policy = policy;
	commit(d);
}

u64 counted(struct net *net, u32 table, const char *chain, u32 n)
{
	struct ipt_draft *d = open_draft(net, table);
	const struct ipt_chain *c = ipt_find_chain(d, chain);
	u64 packets;

	cr_assert(c && n <= c->nr_rules);
	packets = n ? c->rules[n - 1].rule->counters.packets : c->counters.packets;
	ipt_draft_free(d);
	return packets;
}
