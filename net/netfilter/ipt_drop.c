/* SPDX-License-Identifier: MIT */
/* Which rule dropped a packet, and at which hook. A rule that drops nothing costs nothing. */
#include "net/netfilter/ip_tables.h"

void ipt_count_drop(struct ipt_table *t, const struct ipt_step *s, u32 hook)
{
	struct ipt_drops **d = s->rule ? &s->rule->drops : &t->policy_drops;

	if (!*d) {
		*d = plat_alloc(sizeof(**d));
		if (!*d)
			return;
		**d = (struct ipt_drops){.packets = {0}};
	}
	(*d)->packets[hook]++;
}

void ipt_for_each_drop(struct net *net,
		       void (*fn)(void *arg, u32 table, const char *chain, u32 rule,
				  struct ipt_drops *drops),
		       void *arg)
{
	for (u32 id = 0; net->xt && id < XT_TABLE_NR; id++) {
		const struct ipt_table *t = net->xt->tables[id];

		for (u32 c = 0; t && c < t->program->nr_chains; c++) {
			const struct ipt_program_chain *chain = &t->program->chains[c];
			const struct ipt_step *s = &t->program->steps[chain->first];

			for (u32 i = 0; i < chain->nr_rules; i++) {
				if (s[i].rule->drops)
					fn(arg, id, chain->name, i + 1, s[i].rule->drops);
			}
		}
		if (t && t->policy_drops)
			fn(arg, id, NULL, 0, t->policy_drops);
	}
}
