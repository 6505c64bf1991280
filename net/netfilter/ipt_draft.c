/* SPDX-License-Identifier: MIT */
/* Rules, and the drafts that people edit them in. What packets walk is made of a draft by ipt_commit(). */
#include "lib/errno.h"
#include "net/netfilter/ip_tables.h"

#define MIN_ROOM 4

/* ---- rules ---- */

static u16 use_size(const struct xt_use *u)
{
	return u->size ? u->size : u->ext->size;
}

/* The struct is there whole, also when less was told of it: what is behind is 0. */
static u32 use_room(const struct xt_use *u)
{
	u32 state = u->ext->size > u->ext->usersize;

	return ALIGN(state ? (u32)u->ext->size : use_size(u), 8U);
}

static u8 *use_copy(struct xt_use *to, const struct xt_use *from, u8 *at)
{
	u32 room = use_room(from);

	*to = (struct xt_use){from->ext, at, use_size(from)};
	memset(at, 0, room);
	if (to->size)
		memcpy(at, from->data, min((u32)to->size, room));
	if (to->ext->size > to->ext->usersize)
		memset(at + to->ext->usersize, 0, room - to->ext->usersize);
	return at + room;
}

/* What of a device's name has to be as told: nothing, all with its end, or what stands before a '+'. */
static void iface_mask(const char *told, u64 mask[2])
{
	size_t len = strnlen(told, IFNAMSIZ - 1);

	memset(mask, 0, IFNAMSIZ);
	if (len)
		memset(mask, 0xff, told[len - 1] == '+' ? len - 1 : len + 1);
}

struct ipt_rule *ipt_rule_new(const struct ipt_rule_spec *spec)
{
	u32 bytes = sizeof(struct ipt_rule) + spec->nr_matches * sizeof(struct xt_use);
	struct ipt_rule *rule;
	u8 *at;

	for (u32 i = 0; i < spec->nr_matches; i++)
		bytes += use_room(&spec->matches[i]);
	if (spec->action == IPT_TARGET)
		bytes += use_room(&spec->target);
	rule = plat_alloc(bytes);
	if (!rule)
		return NULL;
	memset(rule, 0, sizeof(*rule));
	rule->ip = spec->ip;
	rule->action = spec->action;
	rule->nr_matches = spec->nr_matches;
	memcpy(rule->chain, spec->chain, sizeof(rule->chain));
	rule->counters = spec->counters;
	rule->refs = 1;
	rule->bytes = bytes;
	iface_mask(rule->ip.iniface, rule->in_mask);
	iface_mask(rule->ip.outiface, rule->out_mask);
	at = (u8 *)&rule->matches[spec->nr_matches];
	for (u32 i = 0; i < spec->nr_matches; i++)
		at = use_copy(&rule->matches[i], &spec->matches[i], at);
	if (spec->action == IPT_TARGET)
		use_copy(&rule->target, &spec->target, at);
	return rule;
}

static void use_destroy(struct net *net, const struct xt_use *u)
{
	if (u->ext->destroy)
		u->ext->destroy(net, u->data);
}

void ipt_rule_release(struct net *net, struct ipt_rule *rule)
{
	if (!rule || --rule->refs)
		return;
	for (u32 i = 0; rule->live && i < rule->nr_matches; i++)
		use_destroy(net, &rule->matches[i]);
	if (rule->live && rule->action == IPT_TARGET)
		use_destroy(net, &rule->target);
	plat_free(rule->drops);
	plat_free(rule);
}

void ipt_rule_put(struct net *net, struct ipt_rule *rule)
{
	plat_bh_disable();
	ipt_rule_release(net, rule);
	plat_bh_enable();
}

static bool use_equal(const struct xt_use *a, const struct xt_use *b)
{
	return a->ext == b->ext && a->size == b->size &&
	       memcmp(a->data, b->data, min(a->size, a->ext->usersize)) == 0;
}

bool ipt_rule_equal(const struct ipt_rule *a, const struct ipt_rule *b)
{
	const struct ipt_ip *x = &a->ip, *y = &b->ip;

	if (a->action != b->action || a->nr_matches != b->nr_matches ||
	    strcmp(a->chain, b->chain) != 0)
		return false;
	if (x->src != y->src || x->dst != y->dst || x->smsk != y->smsk || x->dmsk != y->dmsk ||
	    x->proto != y->proto || x->frag != y->frag || x->invert != y->invert ||
	    strcmp(x->iniface, y->iniface) != 0 || strcmp(x->outiface, y->outiface) != 0)
		return false;
	for (u32 i = 0; i < a->nr_matches; i++) {
		if (!use_equal(&a->matches[i], &b->matches[i]))
			return false;
	}
	return a->action != IPT_TARGET || use_equal(&a->target, &b->target);
}

/* The same rule with another place to go. NULL: no memory. */
static struct ipt_rule *rule_redirected(const struct ipt_rule *rule, const char *chain)
{
	struct ipt_rule_spec *spec = plat_alloc(sizeof(*spec));
	struct ipt_rule *copy;

	if (!spec)
		return NULL;
	*spec = (struct ipt_rule_spec){.ip = rule->ip,
				       .action = rule->action,
				       .nr_matches = rule->nr_matches,
				       .counters = rule->counters};
	memcpy(spec->matches, rule->matches, rule->nr_matches * sizeof(struct xt_use));
	strscpy(spec->chain, chain, sizeof(spec->chain));
	copy = ipt_rule_new(spec);
	plat_free(spec);
	return copy;
}

/* ---- arrays that grow ---- */

/* Room for one more of size bytes. */
static int grow(void **array, u32 nr, u32 *room, size_t size)
{
	u32 wish = max(*room * 2, (u32)MIN_ROOM);
	void *more;

	if (nr < *room)
		return 0;
	more = plat_alloc(wish * size);
	if (!more)
		return -ENOMEM;
	if (nr)
		memcpy(more, *array, nr * size);
	plat_free(*array);
	*array = more;
	*room = wish;
	return 0;
}

/* ---- chains ---- */

static int chain_order(const struct ipt_chain *c, const char *name)
{
	return c->hook >= 0 ? strcmp(c->name, name) ? -1 : 0 : strcmp(c->name, name);
}

/* Where a chain of this name is (*found), or belongs. Built-in ones, a handful, come first. */
static u32 chain_place(const struct ipt_draft *d, const char *name, bool *found)
{
	u32 low = 0, high = d->nr_chains;

	*found = true;
	for (; low < high && d->chains[low]->hook >= 0; low++) {
		if (!chain_order(d->chains[low], name))
			return low;
	}
	while (low < high) {
		u32 mid = (low + high) / 2;
		int order = chain_order(d->chains[mid], name);

		if (!order)
			return mid;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*found = false;
	return low;
}

struct ipt_chain *ipt_find_chain(const struct ipt_draft *d, const char *name)
{
	bool found;
	u32 at = chain_place(d, name, &found);

	return found ? d->chains[at] : NULL;
}

static struct ipt_chain *chain_add(struct ipt_draft *d, u32 at, const char *name, s8 hook)
{
	struct ipt_chain *c = plat_alloc(sizeof(*c));
	void *array = d->chains;
	int err = c ? grow(&array, d->nr_chains, &d->room, sizeof(c)) : -ENOMEM;

	d->chains = array;
	if (err) {
		plat_free(c);
		return NULL;
	}
	memset(c, 0, sizeof(*c));
	strscpy(c->name, name, sizeof(c->name));
	c->hook = hook;
	c->policy = IPT_ACCEPT;
	memmove(&d->chains[at + 1], &d->chains[at], (d->nr_chains - at) * sizeof(c));
	d->chains[at] = c;
	d->nr_chains++;
	return c;
}

static void chain_remove(struct ipt_draft *d, u32 at)
{
	struct ipt_chain *c = d->chains[at];

	d->nr_chains--;
	memmove(&d->chains[at], &d->chains[at + 1], (d->nr_chains - at) * sizeof(c));
	plat_free(c->rules);
	plat_free(c);
}

int ipt_new_chain(struct ipt_draft *d, const char *name)
{
	bool found;
	u32 at = chain_place(d, name, &found);

	if (found)
		return -EEXIST;
	return chain_add(d, at, name, -1) ? 0 : -ENOMEM;
}

int ipt_delete_chain(struct ipt_draft *d, struct ipt_chain *c)
{
	bool found;

	if (c->hook >= 0)
		return -EINVAL;
	if (c->nr_rules)
		return -ENOTEMPTY;
	if (c->refs)
		return -EMLINK;
	chain_remove(d, chain_place(d, c->name, &found));
	return 0;
}

/* The chain that a rule goes to; NULL: to none. */
static struct ipt_chain *rule_goes_to(const struct ipt_draft *d, const struct ipt_rule *rule)
{
	if (rule->action != IPT_JUMP && rule->action != IPT_GOTO)
		return NULL;
	return ipt_find_chain(d, rule->chain);
}

static void rule_let_go(struct ipt_draft *d, struct ipt_rule *rule)
{
	struct ipt_chain *to = rule_goes_to(d, rule);

	if (to)
		to->refs--;
	ipt_rule_put(d->net, rule);
}

static int redirect_rules(struct ipt_draft *d, struct ipt_chain *c, const char *from,
			  const char *to)
{
	for (u32 i = 0; i < c->nr_rules; i++) {
		struct ipt_rule *rule = c->rules[i].rule, *copy;

		if ((rule->action != IPT_JUMP && rule->action != IPT_GOTO) ||
		    strcmp(rule->chain, from) != 0)
			continue;
		copy = rule_redirected(rule, to);
		if (!copy)
			return -ENOMEM;
		c->rules[i].rule = copy;
		ipt_rule_put(d->net, rule);
	}
	return 0;
}

int ipt_rename_chain(struct ipt_draft *d, struct ipt_chain *c, const char *name)
{
	char from[XT_FUNCTION_MAXNAMELEN];
	bool found;
	u32 at;
	int err = 0;

	if (c->hook >= 0)
		return -EINVAL;
	if (ipt_find_chain(d, name))
		return -EEXIST;
	strscpy(from, c->name, sizeof(from));
	for (u32 i = 0; i < d->nr_chains && !err; i++)
		err = redirect_rules(d, d->chains[i], from, name);
	if (err)
		return err;
	at = chain_place(d, from, &found);
	d->nr_chains--;
	memmove(&d->chains[at], &d->chains[at + 1], (d->nr_chains - at) * sizeof(c));
	strscpy(c->name, name, sizeof(c->name));
	at = chain_place(d, name, &found);
	memmove(&d->chains[at + 1], &d->chains[at], (d->nr_chains - at) * sizeof(c));
	d->chains[at] = c;
	d->nr_chains++;
	return 0;
}

void ipt_flush_chain(struct ipt_draft *d, struct ipt_chain *c)
{
	while (c->nr_rules)
		rule_let_go(d, c->rules[--c->nr_rules].rule);
}

/* A rule's place to go, counted. */
static int rule_bind(struct ipt_draft *d, const struct ipt_rule *rule)
{
	struct ipt_chain *to;

	if (rule->action != IPT_JUMP && rule->action != IPT_GOTO)
		return 0;
	to = ipt_find_chain(d, rule->chain);
	if (!to)
		return -ENOENT;
	if (to->hook >= 0)
		return -EINVAL;
	to->refs++;
	return 0;
}

static int insert_bound(struct ipt_draft *d, struct ipt_chain *c, u32 at, struct ipt_rule *rule)
{
	void *array = c->rules;
	int err = grow(&array, c->nr_rules, &c->room, sizeof(*c->rules));

	c->rules = array;
	if (!err)
		err = rule_bind(d, rule);
	if (err)
		return err;
	memmove(&c->rules[at + 1], &c->rules[at], (c->nr_rules - at) * sizeof(*c->rules));
	c->rules[at] = (struct ipt_slot){.rule = rule, .fresh = !rule->live};
	c->nr_rules++;
	return 0;
}

int ipt_insert(struct ipt_draft *d, struct ipt_chain *c, u32 at, struct ipt_rule *rule)
{
	int err = !rule ? -ENOMEM : at > c->nr_rules ? -E2BIG : insert_bound(d, c, at, rule);

	if (err)
		ipt_rule_put(d->net, rule);
	return err;
}

int ipt_replace(struct ipt_draft *d, struct ipt_chain *c, u32 at, struct ipt_rule *rule)
{
	int err = !rule ? -ENOMEM : at >= c->nr_rules ? -E2BIG : rule_bind(d, rule);

	if (err) {
		ipt_rule_put(d->net, rule);
		return err;
	}
	rule_let_go(d, c->rules[at].rule);
	c->rules[at] = (struct ipt_slot){.rule = rule, .fresh = !rule->live};
	return 0;
}

int ipt_delete(struct ipt_draft *d, struct ipt_chain *c, u32 at)
{
	if (at >= c->nr_rules)
		return -E2BIG;
	rule_let_go(d, c->rules[at].rule);
	c->nr_rules--;
	memmove(&c->rules[at], &c->rules[at + 1], (c->nr_rules - at) * sizeof(*c->rules));
	return 0;
}

void ipt_zero_rule(struct ipt_chain *c, u32 at)
{
	c->rules[at].zero = !c->rules[at].fresh;
}

void ipt_zero_chain(struct ipt_chain *c)
{
	if (c->keep)
		c->counters = (struct xt_counters){0, 0};
	c->keep = false;
	for (u32 i = 0; i < c->nr_rules; i++)
		ipt_zero_rule(c, i);
}

/* ---- drafts ---- */

static struct ipt_table *table_create(struct net *net, u32 id)
{
	struct ipt_table *t = plat_alloc(sizeof(*t));

	if (!t)
		return NULL;
	memset(t, 0, sizeof(*t));
	t->net = net;
	t->id = id;
	t->program = ipt_program_empty(id);
	if (t->program)
		return t;
	plat_free(t);
	return NULL;
}

/* The table, brought to its hooks if this is its first use. */
static int table_use(struct net *net, u32 id, struct ipt_table **table)
{
	struct xt_net *xt = net->xt;
	int err;

	if (!xt) {
		xt = plat_alloc(sizeof(*xt));
		if (!xt)
			return -ENOMEM;
		memset(xt, 0, sizeof(*xt));
		INIT_LIST_HEAD(&xt->recent);
		net->xt = xt;
	}
	*table = xt->tables[id];
	if (*table)
		return 0;
	*table = table_create(net, id);
	if (!*table)
		return -ENOMEM;
	err = ipt_table_attach(*table);
	if (err) {
		ipt_program_free(net, (*table)->program);
		plat_free(*table);
		return err;
	}
	memmove(&xt->used[1], &xt->used[0], xt->nr_used);
	xt->used[0] = id;
	xt->nr_used++;
	xt->bytes += (*table)->program->bytes;
	xt->tables[id] = *table;
	return 0;
}

/* Chains first, so that all places to go are there. */
static int draft_fill(struct ipt_draft *d, const struct ipt_program *prog)
{
	int err = 0;

	for (u32 i = 0; i < prog->nr_chains; i++) {
		const struct ipt_program_chain *from = &prog->chains[i];
		struct ipt_chain *c = chain_add(d, i, from->name, from->hook);

		if (!c)
			return -ENOMEM;
		c->policy = from->policy;
		c->counters = from->counters;
		c->keep = true;
	}
	for (u32 i = 0; i < prog->nr_chains && !err; i++) {
		const struct ipt_program_chain *from = &prog->chains[i];

		for (u32 n = 0; n < from->nr_rules && !err; n++) {
			struct ipt_rule *rule = prog->steps[from->first + n].rule;

			rule->refs++;
			err = ipt_insert(d, d->chains[i], n, rule);
		}
	}
	return err;
}

int ipt_draft_open(struct net *net, u32 table, struct ipt_draft **draft)
{
	struct ipt_draft *d = plat_alloc(sizeof(*d));
	struct ipt_table *t;
	int err;

	*draft = NULL;
	if (!d)
		return -ENOMEM;
	memset(d, 0, sizeof(*d));
	d->net = net;
	d->table = table;
	plat_bh_disable();
	err = table_use(net, table, &t);
	if (!err) {
		d->generation = t->generation;
		err = draft_fill(d, t->program);
	}
	if (err)
		ipt_draft_free(d);
	else
		*draft = d;
	plat_bh_enable();
	return err;
}

void ipt_draft_free(struct ipt_draft *d)
{
	if (!d)
		return;
	for (u32 i = 0; i < d->nr_chains; i++)
		ipt_flush_chain(d, d->chains[i]);
	while (d->nr_chains)
		chain_remove(d, d->nr_chains - 1);
	plat_free(d->chains);
	plat_free(d);
}

void ipt_draft_clear(struct ipt_draft *d)
{
	for (u32 i = 0; i < d->nr_chains; i++)
		ipt_flush_chain(d, d->chains[i]);
	while (d->nr_chains && d->chains[d->nr_chains - 1]->hook < 0)
		chain_remove(d, d->nr_chains - 1);
}
