/* SPDX-License-Identifier: MIT */
/* Does what iptables' words say, in a draft of a table. */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/ctl/iptables_tool.h"

int ipt_fail(struct ipt_failure *why, int err)
{
	static const struct {
		int err;
		bool dmesg;
		const char *text;
	} reasons[] = {
		{-ENOENT, false, "No chain/target/match by that name"},
		{-EINVAL, true, "Invalid argument"},
		{-ELOOP, false, "Too many levels of symbolic links"},
		{-EEXIST, false, "File exists"},
		{-ENOTEMPTY, false, "Directory not empty"},
		{-EMLINK, false, "Too many links"},
		{-ERANGE, false, "Numerical result out of range"},
		{-EAGAIN, false, "Resource temporarily unavailable"},
	};

	*why = (struct ipt_failure){.text = "Memory allocation problem", .err = err};
	for (u32 i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (reasons[i].err == err) {
			why->text = reasons[i].text;
			why->dmesg = reasons[i].dmesg;
		}
	}
	return -1;
}

static int fail_with(struct ipt_failure *why, const char *text)
{
	*why = (struct ipt_failure){.text = text, .err = -EINVAL};
	return -1;
}

#define NO_SUCH_RULE "Bad rule (does a matching rule exist in that chain?)"

/* ---- rules */

static int set_target(struct ipt_cmd *cmd)
{
	static const struct {
		const char *name;
		u8 action;
	} verdicts[] = {{"", IPT_NOTHING},
			{"ACCEPT", IPT_ACCEPT},
			{"DROP", IPT_DROP},
			{"QUEUE", IPT_QUEUE},
			{"RETURN", IPT_RETURN}};
	struct ipt_rule_spec *spec = &cmd->spec;
	const struct ipt_chain *chain =
		*cmd->jumpto ? ipt_find_chain(cmd->draft, cmd->jumpto) : NULL;

	if (cmd->target && chain) {
		ipt_warn(cmd, "Warning: using chain %s, not extension\n", cmd->jumpto);
		cmd->target = NULL;
	}
	if (cmd->target) {
		spec->action = IPT_TARGET;
		spec->target = (struct xt_use){.ext = cmd->target->ext, .data = cmd->target->data};
		return 0;
	}
	if (chain) {
		spec->action = cmd->go ? IPT_GOTO : IPT_JUMP;
		strscpy(spec->chain, cmd->jumpto, sizeof(spec->chain));
		return 0;
	}
	if (cmd->go)
		return ipt_problem(cmd, "goto '%s' is not a chain", cmd->jumpto);
	for (u32 i = 0; i < ARRAY_SIZE(verdicts); i++) {
		if (!strcmp(cmd->jumpto, verdicts[i].name)) {
			spec->action = verdicts[i].action;
			return 0;
		}
	}
	return ipt_no_extension(cmd, true, cmd->jumpto);
}

static void set_matches(struct ipt_cmd *cmd)
{
	struct ipt_rule_spec *spec = &cmd->spec;

	for (u32 i = 0; i < cmd->nr_loaded; i++) {
		struct ipt_loaded *l = &cmd->loaded[i];

		if (!l->words->is_target)
			spec->matches[spec->nr_matches++] = (struct xt_use){
				.ext = l->ext,
				.data = l->data,
				.size = l->words->told_size ? l->words->told_size(l->data) : 0};
	}
}

static u32 find_rule(const struct ipt_chain *chain, const struct ipt_rule *rule)
{
	u32 i = 0;

	while (i < chain->nr_rules && !ipt_rule_equal(chain->rules[i].rule, rule))
		i++;
	return i;
}

static bool to_built_in(const struct ipt_cmd *cmd)
{
	const struct ipt_chain *chain = ipt_find_chain(cmd->draft, cmd->spec.chain);

	return chain && chain->hook >= 0;
}

/* -D and -C. Which reason it is follows from what libiptc looked for last. */
static int find_and_delete(struct ipt_cmd *cmd, struct ipt_chain *chain,
			   const struct ipt_rule *rule, struct ipt_failure *why)
{
	u32 at;

	if (!chain)
		return fail_with(why, NO_SUCH_RULE);
	if (to_built_in(cmd))
		return ipt_fail(why, -EINVAL);
	at = find_rule(chain, rule);
	if (at == chain->nr_rules)
		return cmd->spec.action >= IPT_JUMP ? ipt_fail(why, -ENOENT)
						    : fail_with(why, NO_SUCH_RULE);
	return cmd->command & CMD_CHECK ? 0 : ipt_fail_if(why, ipt_delete(cmd->draft, chain, at));
}

/* One rule of what may be several: -s and -d have lists. Consumes rule. */
static int do_rule(struct ipt_cmd *cmd, struct ipt_chain *chain, struct ipt_rule *rule,
		   struct ipt_failure *why)
{
	u32 at = cmd->rulenum ? cmd->rulenum - 1 : 0;
	int err;

	if (cmd->command & (CMD_DELETE | CMD_CHECK) || !chain) {
		err = cmd->command & (CMD_DELETE | CMD_CHECK)
			      ? find_and_delete(cmd, chain, rule, why)
			      : ipt_fail(why, -ENOENT);
		ipt_rule_put(cmd->draft->net, rule);
		return err;
	}
	if (cmd->command & CMD_REPLACE)
		err = ipt_replace(cmd->draft, chain, at, rule);
	else
		err = ipt_insert(cmd->draft, chain,
				 cmd->command & CMD_INSERT ? at : chain->nr_rules, rule);
	if (err == -E2BIG)
		return fail_with(why, cmd->command & CMD_REPLACE ? "Index of replacement too big"
								 : "Index of insertion too big");
	return ipt_fail_if(why, err);
}

static int do_rules(struct ipt_cmd *cmd, struct ipt_failure *why)
{
	struct ipt_chain *chain;
	int err = set_target(cmd);

	if (err)
		return err;
	if (cmd->checking && cmd->findings && !cmd->spec.action && *cmd->jumpto)
		return 0;
	set_matches(cmd);
	chain = ipt_find_chain(cmd->draft, cmd->chain);
	for (u32 i = 0; i < cmd->src.nr; i++) {
		for (u32 j = 0; j < cmd->dst.nr; j++) {
			struct ipt_rule *rule;

			cmd->spec.ip.src = cmd->src.at[i].addr;
			cmd->spec.ip.smsk = cmd->src.at[i].mask;
			cmd->spec.ip.dst = cmd->dst.at[j].addr;
			cmd->spec.ip.dmsk = cmd->dst.at[j].mask;
			rule = ipt_rule_new(&cmd->spec);
			if (!rule)
				return ipt_fail(why, -ENOMEM);
			if (cmd->verbose)
				ipt_show_rule(cmd, rule);
			/* One that fails does not keep Linux from the others. */
			if (do_rule(cmd, chain, rule, why))
				err = -1;
		}
	}
	return err;
}

/* ---- chains */

static int do_list(struct ipt_cmd *cmd, const struct ipt_chain *only)
{
	bool more = false;

	for (u32 i = 0; i < cmd->draft->nr_chains; i++) {
		const struct ipt_chain *chain = cmd->draft->chains[i];

		if (only && chain != only)
			continue;
		if (more)
			ctl_say(cmd->c, "\n");
		ipt_show_list(cmd, chain);
		more = true;
	}
	return 0;
}

static void list_policy(struct ipt_cmd *cmd, const struct ipt_chain *chain)
{
	if (chain->hook < 0) {
		ctl_say(cmd->c, "-N %s\n", chain->name);
		return;
	}
	ctl_say(cmd->c, "-P %s %s", chain->name, chain->policy == IPT_DROP ? "DROP" : "ACCEPT");
	if (cmd->verbose)
		ctl_say(cmd->c, " -c %llu %llu", (unsigned long long)chain->counters.packets,
			(unsigned long long)chain->counters.bytes);
	ctl_say(cmd->c, "\n");
}

static int do_list_rules(struct ipt_cmd *cmd, const struct ipt_chain *only)
{
	const struct ipt_draft *d = cmd->draft;

	for (u32 i = 0; i < d->nr_chains && !cmd->rulenum; i++) {
		if (!only || d->chains[i] == only)
			list_policy(cmd, d->chains[i]);
	}
	for (u32 i = 0; i < d->nr_chains; i++) {
		const struct ipt_chain *chain = d->chains[i];

		if (only && chain != only)
			continue;
		for (u32 j = 0; j < chain->nr_rules; j++) {
			if (!cmd->rulenum || cmd->rulenum == j + 1)
				ipt_save_rule(cmd->c->out, chain, chain->rules[j].rule,
					      cmd->verbose ? 'v' : 0);
		}
	}
	return 0;
}

static int do_flush(struct ipt_cmd *cmd, struct ipt_chain *only)
{
	for (u32 i = 0; i < cmd->draft->nr_chains; i++) {
		struct ipt_chain *chain = cmd->draft->chains[i];

		if (only && chain != only)
			continue;
		if (cmd->verbose)
			ctl_say(cmd->c, "Flushing chain `%s'\n", chain->name);
		ipt_flush_chain(cmd->draft, chain);
	}
	return 0;
}

static int do_zero(struct ipt_cmd *cmd, struct ipt_chain *only)
{
	for (u32 i = 0; i < cmd->draft->nr_chains; i++) {
		struct ipt_chain *chain = cmd->draft->chains[i];

		if (only && chain != only)
			continue;
		if (cmd->verbose)
			ctl_say(cmd->c, "Zeroing chain `%s'\n", chain->name);
		ipt_zero_chain(chain);
	}
	return 0;
}

static int delete_chain(struct ipt_cmd *cmd, struct ipt_chain *chain, struct ipt_failure *why)
{
	if (cmd->verbose)
		ctl_say(cmd->c, "Deleting chain `%s'\n", chain->name);
	if (chain->hook < 0 && chain->refs)
		return ipt_fail(why, -EMLINK);
	return ipt_fail_if(why, ipt_delete_chain(cmd->draft, chain));
}

static int do_delete_chains(struct ipt_cmd *cmd, struct ipt_chain *only, struct ipt_failure *why)
{
	u32 i = 0;
	int err = 0;

	if (only)
		return delete_chain(cmd, only, why);
	/* One that must stay does not keep Linux from telling of those behind it. */
	while (i < cmd->draft->nr_chains) {
		if (cmd->draft->chains[i]->hook >= 0) {
			i++;
		} else if (delete_chain(cmd, cmd->draft->chains[i], why)) {
			err = -1;
			i++;
		}
	}
	return err;
}

static int do_policy(struct ipt_cmd *cmd, struct ipt_chain *chain, struct ipt_failure *why)
{
	bool drop = !strcmp(cmd->policy, "DROP");

	if (!chain || chain->hook < 0)
		return fail_with(why, "Bad built-in chain name");
	if (!drop && strcmp(cmd->policy, "ACCEPT") != 0) {
		fail_with(why, "Bad policy name");
		why->dmesg = true;
		return -1;
	}
	chain->policy = drop ? IPT_DROP : IPT_ACCEPT;
	chain->keep = false;
	chain->counters = cmd->spec.counters;
	return 0;
}

static int do_new(struct ipt_cmd *cmd, struct ipt_failure *why)
{
	int err = ipt_new_chain(cmd->draft, cmd->chain);

	return err == -EEXIST ? fail_with(why, "Chain already exists") : ipt_fail_if(why, err);
}

static int do_rename(struct ipt_cmd *cmd, struct ipt_chain *chain, struct ipt_failure *why)
{
	const char *to = cmd->newname;
	bool taken = ipt_find_chain(cmd->draft, to) || !strcmp(to, "ACCEPT") ||
		     !strcmp(to, "DROP") || !strcmp(to, "QUEUE") || !strcmp(to, "RETURN");

	if (taken)
		return ipt_fail(why, -EEXIST);
	if (!chain || chain->hook >= 0)
		return ipt_fail(why, -ENOENT);
	if (strlen(to) >= XT_FUNCTION_MAXNAMELEN)
		return ipt_fail(why, -EINVAL);
	return ipt_fail_if(why, ipt_rename_chain(cmd->draft, chain, to));
}

static int do_rulenum(struct ipt_cmd *cmd, struct ipt_chain *chain, struct ipt_failure *why)
{
	bool zero = cmd->command & CMD_ZERO_NUM;

	if (!chain)
		return ipt_fail(why, -ENOENT);
	if (cmd->rulenum > chain->nr_rules)
		return fail_with(why,
				 zero ? "Index of counter too big" : "Index of deletion too big");
	if (!zero)
		return ipt_fail_if(why, ipt_delete(cmd->draft, chain, cmd->rulenum - 1));
	ipt_zero_rule(chain, cmd->rulenum - 1);
	return 0;
}

/* With -v Linux tells what it does before it looks for the chain. */
static int no_chain(struct ipt_cmd *cmd, struct ipt_failure *why)
{
	const char *what = cmd->command & (CMD_LIST | CMD_LIST_RULES) ? NULL
			   : cmd->command & CMD_FLUSH                 ? "Flushing"
			   : cmd->command & CMD_DELETE_CHAIN          ? "Deleting"
			   : cmd->command & CMD_ZERO                  ? "Zeroing"
								      : NULL;

	if (cmd->verbose && what)
		ctl_say(cmd->c, "%s chain `%s'\n", what, cmd->chain);
	return ipt_fail(why, -ENOENT);
}

static int do_command(struct ipt_cmd *cmd, struct ipt_failure *why)
{
	struct ipt_chain *chain = cmd->chain ? ipt_find_chain(cmd->draft, cmd->chain) : NULL;
	u32 command = cmd->command;
	int err = 0;

	if (command & CMD_RULE)
		return do_rules(cmd, why);
	if (command & CMD_NEW_CHAIN)
		return do_new(cmd, why);
	if (command & CMD_SET_POLICY)
		return do_policy(cmd, chain, why);
	if (command & CMD_RENAME_CHAIN)
		return do_rename(cmd, chain, why);
	if (cmd->chain && !chain)
		return no_chain(cmd, why);
	if (command & CMD_FLUSH)
		return do_flush(cmd, chain);
	if (command & CMD_DELETE_CHAIN)
		return do_delete_chains(cmd, chain, why);
	if (command & CMD_DELETE_NUM)
		return do_rulenum(cmd, chain, why);
	if (command & CMD_LIST)
		err = do_list(cmd, chain);
	if (command & CMD_LIST_RULES)
		err = do_list_rules(cmd, chain);
	if (command & CMD_ZERO)
		err = do_zero(cmd, chain);
	if (command & CMD_ZERO_NUM)
		err = do_rulenum(cmd, chain, why);
	return err;
}

int ipt_cmd_do(struct ipt_cmd *cmd, struct ipt_failure *why)
{
	u32 chains = cmd->draft->nr_chains;
	int err = do_command(cmd, why);

	cmd->changed |= cmd->command & CMD_DELETE_CHAIN
				? cmd->draft->nr_chains != chains
				: cmd->command & ~(u32)(CMD_LIST | CMD_LIST_RULES | CMD_CHECK);
	return err;
}

int ipt_cmd_commit(struct ipt_cmd *cmd, bool test, struct ipt_failure *why)
{
	struct ipt_why where = {.rule = 0};
	int err = !cmd->changed ? 0
		  : test        ? ipt_check(cmd->draft, &where)
				: ipt_commit(cmd->draft, &where);

	if (!err)
		return 0;
	err = ipt_fail(why, err);
	why->where = where;
	return err;
}
