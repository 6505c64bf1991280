/* SPDX-License-Identifier: MIT */
/* ip neighbour: show, flush, add, change, replace, del, get. */
#include "lib/byteorder.h"
#include "lib/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/core/net_namespace.h"
#include "net/ctl/ip_tool.h"
#include "net/neighbour.h"

static const struct {
	u8 state;
	const char *name, *shown;
} nud_states[] = {
	{NUD_INCOMPLETE, "incomplete", "INCOMPLETE"},
	{NUD_REACHABLE, "reachable", "REACHABLE"},
	{NUD_STALE, "stale", "STALE"},
	{NUD_DELAY, "delay", "DELAY"},
	{NUD_PROBE, "probe", "PROBE"},
	{NUD_FAILED, "failed", "FAILED"},
	{NUD_NOARP, "noarp", "NOARP"},
	{NUD_PERMANENT, "permanent", "PERMANENT"},
};

static bool parse_state(const char *word, u8 *state)
{
	for (size_t i = 0; i < ARRAY_SIZE(nud_states); i++) {
		if (ctl_abbrev(word, nud_states[i].name)) {
			*state = nud_states[i].state;
			return true;
		}
	}
	return false;
}

/* ---- show */

struct neigh_filter {
	const char *dev;
	bool has_prefix, has_states, with_none, unused, proxy;
	struct ctl_prefix prefix;
	u8 states;
};

struct neigh_row {
	be32 addr;
	u8 state, lladdr[ETH_ALEN];
	char dev[IFNAMSIZ];
	u32 refs, probes;
	u32 used, confirmed, updated; /* s ago */
};

struct neigh_collect {
	const struct neigh_filter *filter;
	struct ctl_rows rows;
	u64 now;
};

static bool neigh_fits(const struct neigh_filter *f, const struct neighbour *n)
{
	u8 states = f->has_states ? f->states : 0xff & ~NUD_NOARP;

	if (f->dev && strcmp(f->dev, n->dev->name) != 0)
		return false;
	if (f->has_prefix && ((n->primary_key ^ f->prefix.addr) & ctl_mask(f->prefix.len)))
		return false;
	if (f->unused && n->refcnt > 1)
		return false;
	return n->nud_state ? n->nud_state & states : f->with_none;
}

static void collect_neigh(void *arg, const struct neighbour *n)
{
	struct neigh_collect *collect = arg;
	struct neigh_row *row;

	if (!neigh_fits(collect->filter, n))
		return;
	row = ctl_rows_add(&collect->rows, sizeof(*row));
	if (!row)
		return;
	row->addr = n->primary_key;
	row->state = n->nud_state;
	memcpy(row->lladdr, n->ha, ETH_ALEN);
	memcpy(row->dev, n->dev->name, sizeof(row->dev));
	row->refs =
		n->refcnt - 1 + timer_pending(&n->timer); /* Linux's timers hold what they watch */
	row->probes = n->probes;
	row->used = (collect->now - n->used) / NSEC_PER_SEC;
	row->confirmed = (collect->now - n->confirmed) / NSEC_PER_SEC;
	row->updated = (collect->now - n->updated) / NSEC_PER_SEC;
}

static void print_states(struct ctl *c, u8 state)
{
	for (size_t i = 0; i < ARRAY_SIZE(nud_states); i++) {
		if (state & nud_states[i].state)
			ctl_say(c, "%s ", nud_states[i].shown);
	}
}

static void neigh_print(struct ctl *c, const struct neigh_row *row, bool with_dev)
{
	char text[16];

	if (c->brief) {
		scnprintf(text, sizeof(text), "%pI4", &row->addr);
		ctl_say(c, "%-39s %-16s ", text, row->dev);
		if (row->state & NUD_VALID)
			ctl_say(c, "%pM", row->lladdr);
		ctl_say(c, "\n");
		return;
	}
	ctl_say(c, "%pI4 ", &row->addr);
	if (with_dev)
		ctl_say(c, "dev %s ", row->dev);
	if (row->state & NUD_VALID)
		ctl_say(c, "lladdr %pM ", row->lladdr);
	if (c->stats) {
		if (row->refs)
			ctl_say(c, " ref %u", row->refs);
		ctl_say(c, " used %u/%u/%uprobes %u ", row->used, row->confirmed, row->updated,
			row->probes);
	}
	print_states(c, row->state);
	ctl_say(c, "\n");
}

static int parse_nud(struct ctl *c, struct ctl_words *w, struct neigh_filter *f)
{
	const char *value = ctl_value(c, w);
	u8 state = 0;

	if (!value)
		return c->status;
	if (!strcmp(value, "all")) {
		state = 0xff;
		f->with_none = true;
	} else if (!strcmp(value, "none")) {
		f->with_none = true;
	} else if (!parse_state(value, &state)) {
		return ctl_invarg(c, value, "nud state is bad");
	}
	f->states |= state;
	f->has_states = true;
	return 0;
}

static int parse_filter(struct ctl *c, struct ctl_words *w, struct neigh_filter *f)
{
	while (ctl_word(w)) {
		const char *value;
		int status = 0;

		if (ctl_take(w, "dev")) {
			f->dev = ctl_value(c, w);
			status = f->dev ? 0 : c->status;
		} else if (ctl_take_abbrev(w, "unused")) {
			f->unused = true;
		} else if (ctl_take(w, "proxy")) {
			f->proxy = true;
		} else if (ctl_take(w, "nud")) {
			status = parse_nud(c, w, f);
		} else {
			ctl_take(w, "to");
			value = ctl_value(c, w);
			if (!value)
				return c->status;
			if (!ctl_parse_prefix(value, &f->prefix))
				return ctl_expected(c, "any valid prefix", value);
			f->has_prefix = true;
		}
		if (status)
			return status;
	}
	return 0;
}

static void collect_neighs(struct ctl *c, struct neigh_collect *collect, bool *known_dev)
{
	ctl_enter(c);
	collect->now = plat_now();
	*known_dev = !collect->filter->dev || dev_get_by_name(c->net, collect->filter->dev);
	if (*known_dev)
		neigh_for_each(c->net, collect_neigh, collect);
	ctl_leave(c);
}

/* 0, or the exit status when there is no such device. */
static int proxy_show(struct ctl *c, const struct neigh_filter *f)
{
	struct net_device *dev;
	bool found = true;
	be32 addr;

	for (u32 i = 0; found; i++) {
		char name[IFNAMSIZ] = "";

		ctl_enter(c);
		found = pneigh_nth(c->net, i, &addr, &dev);
		if (found && dev)
			memcpy(name, dev->name, sizeof(name));
		ctl_leave(c);
		if (!found || (f->dev && strcmp(f->dev, name) != 0) ||
		    (f->has_prefix && ((addr ^ f->prefix.addr) & ctl_mask(f->prefix.len))))
			continue;
		ctl_say(c, "%pI4 ", &addr);
		if (name[0] && !f->dev)
			ctl_say(c, "dev %s ", name);
		ctl_say(c, "proxy \n");
	}
	return 0;
}

static int neigh_show(struct ctl *c, struct ctl_words *w)
{
	struct neigh_filter f = {.dev = NULL};
	struct neigh_collect collect = {.filter = &f};
	const struct neigh_row *row;
	bool known_dev;
	int status = parse_filter(c, w, &f);

	if (status)
		return status;
	collect_neighs(c, &collect, &known_dev);
	if (!known_dev)
		return ctl_nodev(c, f.dev);
	if (!f.proxy)
		ctl_rows_for_each(row, &collect.rows) neigh_print(c, row, !f.dev);
	status = ctl_rows_free(c, &collect.rows);
	return f.proxy ? proxy_show(c, &f) : status;
}

/* ---- flush */

static u32 remove_rows(struct ctl *c, const struct ctl_rows *rows)
{
	const struct neigh_row *row;
	u32 removed = 0;

	ctl_enter(c);
	ctl_rows_for_each(row, rows)
	{
		struct net_device *dev = dev_get_by_name(c->net, row->dev);

		removed += dev && !neigh_delete(dev, row->addr);
	}
	ctl_leave(c);
	return removed;
}

static int neigh_flush_main(struct ctl *c, struct ctl_words *w)
{
	struct neigh_filter f = {.dev = NULL};
	struct neigh_collect collect = {.filter = &f};
	bool known_dev;
	u32 removed;
	int status;

	if (!ctl_word(w)) {
		ctl_complain(c, "Flush requires arguments.\n");
		return 1;
	}
	status = parse_filter(c, w, &f);
	if (status)
		return status;
	if (f.proxy) {
		ctl_complain(c, "Flush of proxies is not supported.\n");
		return 1;
	}
	/* As iproute2: what was told by hand stays unless it is named. */
	if (!f.has_states) {
		f.has_states = true;
		f.states = 0xff & ~(NUD_PERMANENT | NUD_NOARP);
	}
	collect_neighs(c, &collect, &known_dev);
	if (!known_dev)
		return ctl_nodev(c, f.dev);
	removed = collect.rows.cut ? 0 : remove_rows(c, &collect.rows);
	status = ctl_rows_free(c, &collect.rows);
	if (status || !c->stats)
		return status;
	if (removed)
		ctl_say(c,
			"\n*** Round 1, deleting %u entries ***\n"
			"*** Flush is complete after 1 round ***\n",
			removed);
	else
		ctl_say(c, "Nothing to flush.\n");
	return 0;
}

/* ---- add, change, replace, del, get */

struct neigh_wish {
	const char *dev, *lladdr;
	bool has_dst, proxy, use;
	be32 dst;
	u8 state;
};

static int parse_wish_state(struct ctl *c, struct ctl_words *w, struct neigh_wish *wish)
{
	const char *value = ctl_value(c, w);
	u64 number;

	if (!value)
		return c->status;
	if (parse_state(value, &wish->state))
		return 0;
	if (!strcmp(value, "none"))
		number = NUD_NONE;
	else if (!ctl_parse_u64(value, 255, &number))
		return ctl_invarg(c, value, "nud state is bad");
	wish->state = number;
	return 0;
}

static int parse_wish_word(struct ctl *c, struct ctl_words *w, struct neigh_wish *wish)
{
	const char *value;

	if (ctl_take(w, "lladdr")) {
		wish->lladdr = ctl_value(c, w);
		return wish->lladdr ? 0 : c->status;
	}
	if (ctl_take(w, "nud"))
		return parse_wish_state(c, w, wish);
	if (ctl_take(w, "dev")) {
		wish->dev = ctl_value(c, w);
		return wish->dev ? 0 : c->status;
	}
	if (ctl_take(w, "use")) {
		wish->use = true;
		return 0;
	}
	if (ctl_take_abbrev(w, "proxy"))
		wish->proxy = true;
	else
		ctl_take(w, "to");
	value = ctl_value(c, w);
	if (!value)
		return c->status;
	if (wish->has_dst)
		return ctl_garbage(c, "to", value);
	if (!ctl_parse_addr(value, &wish->dst))
		return ctl_expected(c, "any valid address", value);
	wish->has_dst = true;
	return 0;
}

static int parse_wish(struct ctl *c, struct ctl_words *w, struct neigh_wish *wish)
{
	while (ctl_word(w)) {
		int status = parse_wish_word(c, w, wish);

		if (status)
			return status;
	}
	if ((!wish->dev && !wish->proxy) || !wish->has_dst) {
		ctl_complain(c, "Device and destination are required arguments.\n");
		return 255;
	}
	return 0;
}

/* Softirqs off. */
static int neigh_apply(struct ctl *c, struct net_device *dev, const struct neigh_wish *wish,
		       const u8 *lladdr, enum neigh_add_mode mode)
{
	if (wish->proxy)
		return pneigh_add(c->net, dev, wish->dst);
	if (wish->use)
		return neigh_use(dev, wish->dst, mode);
	return neigh_add(dev, wish->dst, lladdr, wish->state, mode);
}

static int neigh_change(struct ctl *c, struct ctl_words *w, enum neigh_add_mode mode)
{
	struct neigh_wish wish = {.state = NUD_PERMANENT};
	struct net_device *dev = NULL;
	u8 lladdr[ETH_ALEN];
	int err = parse_wish(c, w, &wish);

	if (err)
		return err;
	if (wish.lladdr && ctl_parse_lladdr(wish.lladdr, lladdr, ETH_ALEN) != ETH_ALEN)
		return ctl_kernel_error(c, "Invalid link address");
	if ((wish.use || wish.proxy) && wish.lladdr)
		return ctl_garbage(c, wish.use ? "use" : "proxy", "lladdr");
	if (!wish.use && !wish.proxy && !wish.lladdr && (wish.state & NUD_VALID))
		return ctl_kernel_error(c, "No link layer address given");
	ctl_enter(c);
	if (wish.dev)
		dev = dev_get_by_name(c->net, wish.dev);
	err = dev || !wish.dev ? neigh_apply(c, dev, &wish, wish.lladdr ? lladdr : NULL, mode)
			       : -ENODEV;
	ctl_leave(c);
	if (wish.dev && !dev)
		return ctl_nodev(c, wish.dev);
	return err ? ctl_rtnetlink(c, err) : 0;
}

static int neigh_del(struct ctl *c, struct ctl_words *w)
{
	struct neigh_wish wish = {.dev = NULL};
	struct net_device *dev = NULL;
	int err = parse_wish(c, w, &wish);

	if (err)
		return err;
	ctl_enter(c);
	if (wish.dev)
		dev = dev_get_by_name(c->net, wish.dev);
	if (wish.dev && !dev)
		err = -ENODEV;
	else if (wish.proxy)
		err = pneigh_delete(c->net, dev, wish.dst);
	else
		err = neigh_delete(dev, wish.dst);
	ctl_leave(c);
	if (wish.dev && !dev)
		return ctl_nodev(c, wish.dev);
	return err ? ctl_rtnetlink(c, err) : 0;
}

static int neigh_get(struct ctl *c, struct ctl_words *w)
{
	struct neigh_filter f = {.has_states = true, .states = 0xff, .with_none = true};
	struct neigh_collect collect = {.filter = &f};
	struct neigh_wish wish = {.dev = NULL};
	const struct neighbour *n;
	const struct neigh_row *row;
	struct net_device *dev;

	while (ctl_word(w)) {
		int status = parse_wish_word(c, w, &wish);

		if (status)
			return status;
	}
	if (!wish.dev || !wish.has_dst) {
		ctl_complain(c, "Device and address are required arguments.\n");
		return 1;
	}
	ctl_enter(c);
	collect.now = plat_now();
	dev = dev_get_by_name(c->net, wish.dev);
	n = dev ? neigh_lookup(dev, wish.dst) : NULL;
	if (n)
		collect_neigh(&collect, n);
	ctl_leave(c);
	if (!dev)
		return ctl_nodev(c, wish.dev);
	if (!n)
		return ctl_kernel_error(c, "Neighbour entry not found");
	ctl_rows_for_each(row, &collect.rows) neigh_print(c, row, true);
	return ctl_rows_free(c, &collect.rows);
}

static int neigh_usage(struct ctl *c)
{
	ctl_complain(
		c, "Usage: ip neigh { add | del | change | replace }\n"
		   "                { ADDR [ lladdr LLADDR ] [ nud STATE ] } dev DEV [ use ]\n"
		   "\n"
		   "\tip neigh { add | del } proxy ADDR [ dev DEV ]\n"
		   "\n"
		   "\tip neigh { show [ proxy ] | flush } [ to PREFIX ] [ dev DEV ] [ nud STATE ]\n"
		   "\tip neigh get ADDR dev DEV\n"
		   "\n"
		   "STATE := { delay | failed | incomplete | noarp | none |\n"
		   "           permanent | probe | reachable | stale }\n");
	return 255;
}

int ip_neigh_main(struct ctl *c, struct ctl_words *w)
{
	const char *word = ctl_word(w);

	if (!word)
		return neigh_show(c, w);
	ctl_next(w);
	if (ctl_abbrev(word, "add"))
		return neigh_change(c, w, NEIGH_ADD);
	if (ctl_abbrev(word, "change") || !strcmp(word, "chg"))
		return neigh_change(c, w, NEIGH_CHANGE);
	if (ctl_abbrev(word, "replace"))
		return neigh_change(c, w, NEIGH_REPLACE);
	if (ctl_abbrev(word, "delete"))
		return neigh_del(c, w);
	if (ctl_abbrev(word, "get"))
		return neigh_get(c, w);
	if (ctl_abbrev(word, "show") || ctl_abbrev(word, "lst") || ctl_abbrev(word, "list"))
		return neigh_show(c, w);
	if (ctl_abbrev(word, "flush"))
		return neigh_flush_main(c, w);
	if (ctl_abbrev(word, "help"))
		return neigh_usage(c);
	ctl_complain(c, "Command \"%s\" is unknown, try \"ip neigh help\".\n", word);
	return 255;
}
