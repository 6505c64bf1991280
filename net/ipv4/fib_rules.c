/* SPDX-License-Identifier: MIT */
/*
 * Rules, and the lookup that asks them. There is a list only once somebody has changed the rules: until then
 * fib_lookup() asks the three tables itself.
 */
#include "lib/errno.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/fib.h"
#include "net/ipv4/rt_cache.h"

/* A rule on the list. Devices are known by number: names are looked up when devices come and go. */
struct fib_rule_node {
	struct list_head list;
	struct fib_rule rule;
	struct fib_table *tb;         /* held; NULL: none is asked */
	struct fib_rule_node *target; /* of goto; NULL: not there */
	u32 iif, oif;                 /* 0: any; U32_MAX: not there */
};

static const struct fib_rule default_rules[] = {
	{.pref = 0, .action = FR_ACT_TO_TBL, .table = RT_TABLE_LOCAL, .protocol = RTPROT_KERNEL},
	{.pref = 32766, .action = FR_ACT_TO_TBL, .table = RT_TABLE_MAIN, .protocol = RTPROT_KERNEL},
	{.pref = 32767,
	 .action = FR_ACT_TO_TBL,
	 .table = RT_TABLE_DEFAULT,
	 .protocol = RTPROT_KERNEL},
};

/* ---- lookup ---- */

static bool ports_fit(const u16 range[2], be16 port)
{
	return !range[1] || (be16_to_cpu(port) >= range[0] && be16_to_cpu(port) <= range[1]);
}

static bool rule_fits(const struct fib_rule_node *n, const struct flowi4 *fl, u32 iif)
{
	const struct fib_rule *r = &n->rule;

	if ((n->iif && n->iif != iif) || (n->oif && n->oif != fl->oif))
		return false;
	if ((r->mark ^ fl->mark) & r->mark_mask || (r->tos && r->tos != (fl->tos & IPTOS_RT_MASK)))
		return false;
	if ((r->src ^ fl->saddr) & inet_make_mask(r->src_len) ||
	    (r->dst ^ fl->daddr) & inet_make_mask(r->dst_len))
		return false;
	return (!r->ip_proto || r->ip_proto == fl->proto) && ports_fit(r->sport, fl->sport) &&
	       ports_fit(r->dport, fl->dport);
}

/* -EAGAIN: the next rule is to be asked. */
static int rule_action(const struct fib_rule_node *n, const struct flowi4 *fl,
		       struct fib_result *res)
{
	const struct fib_rule *r = &n->rule;
	int err;

	switch (r->action) {
	case FR_ACT_NOP:
		return -EAGAIN;
	case FR_ACT_UNREACHABLE:
		return -ENETUNREACH;
	case FR_ACT_PROHIBIT:
		return -EACCES;
	case FR_ACT_BLACKHOLE:
		return -EINVAL;
	}
	err = fib_table_lookup(n->tb, fl, res);
	return !err && r->has_suppress && res->fa->dst_len <= r->suppress ? -EAGAIN : err;
}

int fib_rules_lookup(struct net *net, const struct flowi4 *fl, struct fib_result *res)
{
	const struct list_head *rules = &fib_of(net)->rules->list;
	u32 iif = fl->iif ? fl->iif : net->loopback_dev->ifindex;
	const struct list_head *pos = rules->next;

	while (pos != rules) {
		const struct fib_rule_node *n = list_entry(pos, struct fib_rule_node, list);
		int err;

		pos = pos->next;
		if (rule_fits(n, fl, iif) == n->rule.invert)
			continue;
		if (n->rule.action == FR_ACT_GOTO) {
			if (n->target) /* further on: it ends */
				pos = &n->target->list;
			continue;
		}
		err = rule_action(n, fl, res);
		if (err != -EAGAIN)
			return err;
	}
	return -ENETUNREACH;
}

/* ---- changes ---- */

static u32 index_of(struct net *net, const char *name, const struct net_device *gone)
{
	const struct net_device *dev;

	if (!name[0])
		return 0;
	dev = dev_get_by_name(net, name);
	return dev && dev != gone ? dev->ifindex : U32_MAX;
}

/* Whether answers depend on more than caches know: addresses, devices, TOS. */
static bool rule_asks_flow(const struct fib_rule *r)
{
	return r->mark_mask || r->ip_proto || r->sport[1] || r->dport[1];
}

/* Finds anew what rules refer to: devices and other rules. */
void fib_rules_resolve(struct net *net, const struct net_device *gone)
{
	struct fib_rules *rules = fib_of(net)->rules;
	struct fib_rule_node *n, *t;

	if (!rules)
		return;
	rules->ask_flow = false;
	list_for_each_entry (n, &rules->list, list) {
		n->iif = index_of(net, n->rule.iif, gone);
		n->oif = index_of(net, n->rule.oif, gone);
		rules->ask_flow |= rule_asks_flow(&n->rule);
		n->target = NULL;
		if (n->rule.action != FR_ACT_GOTO)
			continue;
		list_for_each_entry (t, &rules->list, list) {
			if (t->rule.pref == n->rule.target) {
				n->target = t;
				break;
			}
		}
	}
	rt_cache_flush(net);
}

static void node_insert(struct fib_rules *rules, struct fib_rule_node *n)
{
	struct fib_rule_node *pos;

	list_for_each_entry (pos, &rules->list, list) {
		if (pos->rule.pref > n->rule.pref)
			break;
	}
	list_add_tail(&n->list, &pos->list);
	rules->count++;
}

static void node_free(struct net *net, struct fib_rule_node *n)
{
	if (n->tb) {
		n->tb->rules--;
		fib_table_put(net, n->tb);
	}
	plat_free(n);
}

/* A rule that asks a table makes it, so that packets need not look for it. */
static struct fib_rule_node *node_new(struct net *net, const struct fib_rule *rule)
{
	struct fib_rule_node *n = plat_alloc(sizeof(*n));

	if (!n)
		return NULL;
	memset(n, 0, sizeof(*n));
	n->rule = *rule;
	if (rule->action != FR_ACT_TO_TBL)
		return n;
	n->tb = fib_table_get(net, rule->table);
	if (!n->tb) {
		plat_free(n);
		return NULL;
	}
	n->tb->rules++;
	return n;
}

void fib_rules_exit(struct net *net)
{
	struct fib_rules *rules = fib_of(net)->rules;
	struct fib_rule_node *n, *tmp;

	if (!rules)
		return;
	list_for_each_entry_safe (n, tmp, &rules->list, list)
		node_free(net, n);
	plat_free(rules);
	fib_of(net)->rules = NULL;
}

/* The list, with the default rules when it is new. */
static struct fib_rules *rules_get(struct net *net)
{
	struct fib_rules *rules = fib_of(net)->rules;

	if (rules)
		return rules;
	rules = plat_alloc(sizeof(*rules));
	if (!rules)
		return NULL;
	memset(rules, 0, sizeof(*rules));
	INIT_LIST_HEAD(&rules->list);
	fib_of(net)->rules = rules;
	for (size_t i = 0; i < ARRAY_SIZE(default_rules); i++) {
		struct fib_rule_node *n = node_new(net, &default_rules[i]);

		if (!n) {
			fib_rules_exit(net);
			return NULL;
		}
		node_insert(rules, n);
	}
	return rules;
}

static u32 free_pref(const struct fib_rules *rules)
{
	const struct list_head *second = rules->list.next->next;
	u32 pref = 0;

	if (rules->count > 1)
		pref = list_entry(second, struct fib_rule_node, list)->rule.pref;
	return pref ? pref - 1 : 0;
}

static bool ranges_equal(const u16 a[2], const u16 b[2])
{
	return a[0] == b[0] && a[1] == b[1];
}

static bool same_selector(const struct fib_rule *a, const struct fib_rule *b)
{
	return a->src == b->src && a->src_len == b->src_len && a->dst == b->dst &&
	       a->dst_len == b->dst_len && a->tos == b->tos && a->mark == b->mark &&
	       a->mark_mask == b->mark_mask && a->ip_proto == b->ip_proto &&
	       !strcmp(a->iif, b->iif) && !strcmp(a->oif, b->oif) &&
	       ranges_equal(a->sport, b->sport) && ranges_equal(a->dport, b->dport);
}

/* As Linux: `not` and the target of goto make no other rule. */
static bool same_rule(const struct fib_rule *a, const struct fib_rule *b)
{
	return a->pref == b->pref && a->action == b->action && a->table == b->table &&
	       a->protocol == b->protocol && a->has_suppress == b->has_suppress &&
	       a->suppress == b->suppress && same_selector(a, b);
}

static bool range_valid(const u16 range[2])
{
	return !range[1] || (range[0] && range[1] != U16_MAX && range[0] <= range[1]);
}

static const char *rule_refusal(const struct fib_rule *r)
{
	if (!range_valid(r->sport))
		return "Invalid sport range";
	if (!range_valid(r->dport))
		return "Invalid dport range";
	if (r->tos & ~IPTOS_RT_MASK)
		return "Invalid dsfield (tos): ECN bits must be 0";
	if (r->action == FR_ACT_GOTO && r->target <= r->pref)
		return "Backward goto not supported";
	return NULL;
}

/* The least number that no table has. */
static u32 unused_table(struct net *net)
{
	u32 id = 1;

	while (fib_table_find(net, id))
		id++;
	return id;
}

static int rule_add(struct net *net, struct fib_rules *rules, const struct fib_rule *told)
{
	struct fib_rule rule = *told;
	struct fib_rule_node *n;

	if (!rule.has_pref)
		rule.pref = free_pref(rules);
	if (rule.action == FR_ACT_TO_TBL && !rule.table)
		rule.table = unused_table(net);
	fib_of(net)->why = rule_refusal(&rule);
	if (fib_of(net)->why)
		return -EINVAL;
	if (rules->count >= FIB_MAX_RULES)
		return -ENOBUFS;
	list_for_each_entry (n, &rules->list, list) {
		if (same_rule(&n->rule, &rule))
			return -EEXIST;
	}
	n = node_new(net, &rule);
	if (!n)
		return -ENOMEM;
	node_insert(rules, n);
	fib_rules_resolve(net, NULL);
	return 0;
}

static bool addr_matches(be32 addr, u8 len, be32 told, u8 told_len)
{
	return !told_len || (addr == told && len == told_len);
}

static bool matches_told(const struct fib_rule *r, const struct fib_rule *t)
{
	if ((t->has_pref && r->pref != t->pref) || (t->action && r->action != t->action) ||
	    (t->table && r->table != t->table) || (t->protocol && r->protocol != t->protocol))
		return false;
	if ((t->mark && r->mark != t->mark) || (t->mark_mask && r->mark_mask != t->mark_mask) ||
	    (t->tos && r->tos != t->tos) || (t->ip_proto && r->ip_proto != t->ip_proto))
		return false;
	if ((t->iif[0] && strcmp(r->iif, t->iif) != 0) ||
	    (t->oif[0] && strcmp(r->oif, t->oif) != 0) ||
	    (t->has_suppress && (!r->has_suppress || r->suppress != t->suppress)))
		return false;
	if ((t->sport[1] && !ranges_equal(r->sport, t->sport)) ||
	    (t->dport[1] && !ranges_equal(r->dport, t->dport)))
		return false;
	return addr_matches(r->src, r->src_len, t->src, t->src_len) &&
	       addr_matches(r->dst, r->dst_len, t->dst, t->dst_len);
}

static int rule_del(struct net *net, struct fib_rules *rules, const struct fib_rule *rule)
{
	struct fib_rule_node *n;

	list_for_each_entry (n, &rules->list, list) {
		if (!matches_told(&n->rule, rule))
			continue;
		list_del(&n->list);
		rules->count--;
		node_free(net, n);
		fib_rules_resolve(net, NULL);
		return 0;
	}
	return -ENOENT;
}

/* A change that failed leaves no list behind: the defaults cost nothing again. */
static int change(struct net *net, const struct fib_rule *rule,
		  int (*fn)(struct net *net, struct fib_rules *rules, const struct fib_rule *rule))
{
	bool fresh = !fib_of(net)->rules;
	struct fib_rules *rules = rules_get(net);
	int err = rules ? fn(net, rules, rule) : -ENOMEM;

	if (err && fresh)
		fib_rules_exit(net);
	return err;
}

int fib_rule_add(struct net *net, const struct fib_rule *rule)
{
	fib_of(net)->why = NULL;
	return change(net, rule, rule_add);
}

int fib_rule_del(struct net *net, const struct fib_rule *rule)
{
	return change(net, rule, rule_del);
}

void fib_rule_for_each(struct net *net, void (*fn)(void *arg, const struct fib_rule *rule),
		       void *arg)
{
	const struct fib_rules *rules = fib_of(net)->rules;
	struct fib_rule_node *n;

	for (size_t i = 0; !rules && i < ARRAY_SIZE(default_rules); i++)
		fn(arg, &default_rules[i]);
	if (!rules)
		return;
	list_for_each_entry (n, &rules->list, list) {
		n->rule.state =
			n->rule.action == FR_ACT_GOTO && !n->target ? FIB_RULE_UNRESOLVED : 0;
		if (n->iif == U32_MAX)
			n->rule.state |= FIB_RULE_IIF_DETACHED;
		if (n->oif == U32_MAX)
			n->rule.state |= FIB_RULE_OIF_DETACHED;
		fn(arg, &n->rule);
	}
}
