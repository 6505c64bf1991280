/* SPDX-License-Identifier: MIT */
/* ip address: show, flush, add, change, replace, del. */
#include "lib/byteorder.h"
#include "lib/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/core/net_namespace.h"
#include "net/ctl/ip_tool.h"
#include "net/inetdevice.h"

/* ---- selecting */

struct addr_filter {
	const char *dev; /* NULL: all */
	bool up, has_scope, has_prefix;
	u8 scope;
	struct ctl_prefix prefix;
	u32 flags, flags_mask; /* IFA_F_* that must be as in flags */
};

struct addr_row {
	be32 local, address, broadcast;
	u8 prefixlen, scope;
	u32 flags, metric;
	u32 valid_lft, preferred_lft; /* what is left of them; U32_MAX: for ever */
	char label[IFNAMSIZ];
};

static u32 lifetime_left(u32 lft, u64 since, u64 now)
{
	u64 passed = (now - since) / NSEC_PER_SEC;

	if (lft == U32_MAX)
		return U32_MAX;
	return passed < lft ? lft - passed : 0;
}

static bool addr_fits(const struct addr_filter *f, const struct in_ifaddr *ifa)
{
	if (f->has_scope && f->scope != ifa->scope)
		return false;
	if (f->has_prefix && ((ifa->local ^ f->prefix.addr) & ctl_mask(f->prefix.len)))
		return false;
	return !((ifa->flags ^ f->flags) & f->flags_mask);
}

static void addr_copy(struct addr_row *row, const struct in_ifaddr *ifa, u64 now)
{
	row->local = ifa->local;
	row->address = ifa->address;
	row->broadcast = ifa->broadcast;
	row->prefixlen = ifa->prefixlen;
	row->scope = ifa->scope;
	row->flags = ifa->flags;
	row->metric = ifa->metric;
	row->valid_lft = lifetime_left(ifa->valid_lft, ifa->tstamp, now);
	row->preferred_lft = lifetime_left(ifa->preferred_lft, ifa->tstamp, now);
	memcpy(row->label, ifa->label, sizeof(row->label));
}

/* How iproute2 sees them: a flag or its absence. */
static bool parse_flag(const char *word, struct addr_filter *f)
{
	static const struct {
		const char *word;
		u32 mask, flags;
	} words[] = {
		{"permanent", IFA_F_PERMANENT, IFA_F_PERMANENT},
		{"dynamic", IFA_F_PERMANENT, 0},
		{"secondary", IFA_F_SECONDARY, IFA_F_SECONDARY},
		{"primary", IFA_F_SECONDARY, 0},
		{"noprefixroute", IFA_F_NOPREFIXROUTE, IFA_F_NOPREFIXROUTE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(word, words[i].word) != 0)
			continue;
		f->flags_mask |= words[i].mask;
		f->flags = (f->flags & ~words[i].mask) | words[i].flags;
		return true;
	}
	return false;
}

static int parse_selector(struct ctl *c, struct ctl_words *w, struct addr_filter *f)
{
	const char *word;

	while ((word = ctl_word(w))) {
		ctl_next(w);
		if (!strcmp(word, "up")) {
			f->up = true;
		} else if (!strcmp(word, "to")) {
			word = ctl_value(c, w);
			if (!word)
				return c->status;
			if (!ctl_parse_prefix(word, &f->prefix))
				return ctl_expected(c, "any valid prefix", word);
			f->has_prefix = true;
			c->inet_only = true;
		} else if (!strcmp(word, "scope")) {
			word = ctl_value(c, w);
			if (!word)
				return c->status;
			f->has_scope = strcmp(word, "all") != 0;
			if (f->has_scope && !ctl_parse_scope(word, &f->scope))
				return ctl_invarg(c, word, "invalid \"scope\"\n");
		} else if (!parse_flag(word, f)) {
			if (!strcmp(word, "dev"))
				word = ctl_value(c, w);
			if (!word)
				return c->status;
			if (f->dev)
				return ctl_garbage(c, "dev", word);
			f->dev = word;
		}
	}
	return 0;
}

/* ---- show */

static void print_lifetime(struct ctl *c, const char *name, u32 left)
{
	if (left == U32_MAX)
		ctl_say(c, "%s forever", name);
	else
		ctl_say(c, "%s %usec", name, left);
}

static void print_local(struct ctl *c, const struct addr_row *a)
{
	if (a->address != a->local)
		ctl_say(c, "%pI4 peer %pI4/%u ", &a->local, &a->address, a->prefixlen);
	else
		ctl_say(c, "%pI4/%u ", &a->local, a->prefixlen);
}

static void addr_print(struct ctl *c, const struct link_row *link, const struct addr_row *a)
{
	char number[12];

	if (c->oneline)
		ctl_say(c, "%u: %s", link->ifindex, link->name);
	ctl_say(c, "    inet ");
	print_local(c, a);
	if (a->metric)
		ctl_say(c, "metric %u ", a->metric);
	if (a->broadcast)
		ctl_say(c, "brd %pI4 ", &a->broadcast);
	ctl_say(c, "scope %s ", ctl_scope_name(a->scope, number));
	if (a->flags & IFA_F_SECONDARY)
		ctl_say(c, "secondary ");
	if (!a->preferred_lft)
		ctl_say(c, "deprecated ");
	if (!(a->flags & IFA_F_PERMANENT))
		ctl_say(c, "dynamic ");
	if (a->flags & IFA_F_NOPREFIXROUTE)
		ctl_say(c, "noprefixroute ");
	ctl_say(c, "%s%s       ", a->label, ip_newline(c));
	print_lifetime(c, "valid_lft", a->valid_lft);
	print_lifetime(c, " preferred_lft",
		       a->flags & IFA_F_PERMANENT ? U32_MAX : a->preferred_lft);
	ctl_say(c, "\n");
}

/* A device and its addresses, as `ip addr` shows them. */
static void device_print(struct ctl *c, const struct link_row *link, const struct ctl_rows *addrs)
{
	const struct addr_row *a;

	if (c->brief) {
		link_print_brief(c, link);
		ctl_rows_for_each(a, addrs) print_local(c, a);
		ctl_say(c, "\n");
		return;
	}
	if (!c->oneline) {
		link_print(c, link, false, !c->inet_only);
		if (c->details && !c->inet_only)
			link_print_details(c, link);
		if (c->stats)
			link_print_stats(c, link);
		ctl_say(c, "\n");
	}
	ctl_rows_for_each(a, addrs) addr_print(c, link, a);
}

/* Copies the next device and those of its addresses that fit; *had: it has any. False: no more. */
static bool collect_device(struct ctl *c, const struct addr_filter *f, struct link_row *link,
			   struct ctl_rows *addrs, bool *had)
{
	struct net_device *dev;
	struct in_device *in_dev;
	struct in_ifaddr *ifa;
	u64 now;

	ctl_enter(c);
	now = plat_now();
	dev = link_after(c, link->ifindex);
	in_dev = dev ? in_dev_get(dev) : NULL;
	if (dev)
		link_copy(link, dev);
	*had = in_dev && !list_empty(&in_dev->ifa_list);
	if (in_dev && (!f->dev || !strcmp(f->dev, link->name))) {
		in_dev_for_each_ifa(ifa, in_dev)
		{
			struct addr_row *row =
				addr_fits(f, ifa) ? ctl_rows_add(addrs, sizeof(*row)) : NULL;

			if (row)
				addr_copy(row, ifa, now);
		}
	}
	ctl_leave(c);
	return dev;
}

static int no_such_device(struct ctl *c, const char *name)
{
	ctl_complain(c, "Device \"%s\" does not exist.\n", name);
	return 1;
}

static int addr_show(struct ctl *c, struct ctl_words *w)
{
	struct addr_filter f = {.dev = NULL};
	struct link_row link = {.ifindex = 0};
	struct ctl_rows addrs = {.count = 0};
	bool had, found = false;
	int status = parse_selector(c, w, &f);

	if (status)
		return status;
	while (!status && collect_device(c, &f, &link, &addrs, &had)) {
		bool chosen = !f.dev || !strcmp(f.dev, link.name);

		found |= chosen;
		/*
		 * A device without any address is shown unless addresses of a family are asked for.
		 */
		if (chosen && (!f.up || (link.flags & IFF_UP)) &&
		    (addrs.count || (!had && !c->inet_only)))
			device_print(c, &link, &addrs);
		status = ctl_rows_free(c, &addrs);
	}
	if (!status && f.dev && !found)
		return no_such_device(c, f.dev);
	return status;
}

/* ---- flush */

static u32 flush_device(struct net_device *dev, const struct addr_filter *f)
{
	struct in_device *in_dev = in_dev_get(dev);
	struct in_ifaddr *ifa;
	u32 fitting = 0;
	bool again = in_dev;

	if (in_dev)
		in_dev_for_each_ifa(ifa, in_dev) fitting += addr_fits(f, ifa);
	/* A primary may take its secondaries along: start over after each. */
	while (again) {
		again = false;
		in_dev_for_each_ifa(ifa, in_dev)
		{
			if (!addr_fits(f, ifa))
				continue;
			again = !inet_addr_del(dev, ifa->local, ifa->prefixlen);
			break;
		}
	}
	return fitting;
}

static void print_flushed(struct ctl *c, u32 removed)
{
	if (!c->stats)
		return;
	if (!removed) {
		ctl_say(c, "Nothing to flush.\n");
		return;
	}
	ctl_say(c, "\n*** Round 1, deleting %u addresses ***\n", removed);
	ctl_say(c, "*** Flush is complete after 1 round ***\n");
}

static int addr_flush(struct ctl *c, struct ctl_words *w)
{
	struct addr_filter f = {.dev = NULL};
	struct net_device *dev;
	bool found = false;
	u32 removed = 0, ifindex = 0;
	int status;

	if (!ctl_word(w)) {
		ctl_complain(c, "Flush requires arguments.\n");
		return 1;
	}
	status = parse_selector(c, w, &f);
	if (status)
		return status;
	ctl_enter(c);
	while ((dev = link_after(c, ifindex))) {
		ifindex = dev->ifindex;
		if ((f.dev && strcmp(f.dev, dev->name) != 0) || (f.up && !(dev->flags & IFF_UP)))
			continue;
		found = true;
		removed += flush_device(dev, &f);
	}
	ctl_leave(c);
	if (f.dev && !found)
		return no_such_device(c, f.dev);
	print_flushed(c, removed);
	return 0;
}

/* ---- add, change, replace, del */

enum brd_kind { BRD_NONE, BRD_GIVEN, BRD_ONES, BRD_ZEROS };

struct addr_wish {
	const char *dev;
	bool has_local, has_peer, has_len;
	struct ctl_prefix local, peer;
	enum brd_kind brd;
	struct ifaddr_config cfg;
};

/* *lft: U32_MAX for ever. */
static int parse_lifetime(struct ctl *c, struct ctl_words *w, const char *name, u32 *lft)
{
	const char *value = ctl_value(c, w);
	char what[24];

	if (!value)
		return c->status;
	*lft = U32_MAX;
	if (!strcmp(value, "forever"))
		return 0;
	scnprintf(what, sizeof(what), "%s value", name);
	if (!ctl_parse_u32(value, lft))
		return ctl_invarg(c, value, what);
	return 0;
}

static int parse_broadcast(struct ctl *c, struct ctl_words *w, struct addr_wish *wish)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	if (wish->brd) {
		ctl_complain(c, "Error: duplicate \"broadcast\": \"%s\" is the second value.\n",
			     value);
		return 255;
	}
	if (!strcmp(value, "+")) {
		wish->brd = BRD_ONES;
	} else if (!strcmp(value, "-")) {
		wish->brd = BRD_ZEROS;
	} else {
		wish->brd = BRD_GIVEN;
		if (!ctl_parse_addr(value, &wish->cfg.broadcast))
			return ctl_expected(c, "inet address", value);
	}
	return 0;
}

static int parse_prefix_word(struct ctl *c, struct ctl_words *w, struct ctl_prefix *prefix)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	return ctl_parse_prefix(value, prefix) ? 0 : ctl_expected(c, "inet prefix", value);
}

static int parse_local(struct ctl *c, struct ctl_words *w, struct addr_wish *wish)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	if (wish->has_local)
		return ctl_garbage(c, "local", value);
	if (!ctl_parse_prefix(value, &wish->local))
		return ctl_expected(c, "any valid prefix", value);
	wish->has_local = true;
	return 0;
}

static int parse_scope_word(struct ctl *c, struct ctl_words *w, struct addr_wish *wish)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	if (!ctl_parse_scope(value, &wish->cfg.scope))
		return ctl_invarg(c, value, "invalid scope value.");
	wish->cfg.has_scope = true;
	return 0;
}

static int parse_metric(struct ctl *c, struct ctl_words *w, struct addr_wish *wish)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	if (!ctl_parse_u32(value, &wish->cfg.metric))
		return ctl_invarg(c, value, "\"metric\" value is invalid\n");
	return 0;
}

static int parse_addr_word(struct ctl *c, struct ctl_words *w, struct addr_wish *wish)
{
	struct ifaddr_config *cfg = &wish->cfg;

	if (ctl_take(w, "peer") || ctl_take(w, "remote")) {
		wish->has_peer = true;
		return parse_prefix_word(c, w, &wish->peer);
	}
	if (ctl_take_abbrev(w, "broadcast") || ctl_take(w, "brd"))
		return parse_broadcast(c, w, wish);
	if (ctl_take(w, "scope"))
		return parse_scope_word(c, w, wish);
	if (ctl_take(w, "dev")) {
		wish->dev = ctl_value(c, w);
		return wish->dev ? 0 : c->status;
	}
	if (ctl_take(w, "label")) {
		cfg->label = ctl_value(c, w);
		return cfg->label ? 0 : c->status;
	}
	if (ctl_take(w, "metric") || ctl_take(w, "priority") || ctl_take(w, "preference"))
		return parse_metric(c, w, wish);
	if (ctl_take_abbrev(w, "valid_lft"))
		return parse_lifetime(c, w, "valid_lft", &cfg->valid_lft);
	if (ctl_take_abbrev(w, "preferred_lft"))
		return parse_lifetime(c, w, "preferred_lft", &cfg->preferred_lft);
	if (ctl_take(w, "noprefixroute")) {
		cfg->flags |= IFA_F_NOPREFIXROUTE;
		return 0;
	}
	ctl_take(w, "local");
	return parse_local(c, w, wish);
}

/* The words into what inet_addr_add() takes. */
static void finish_wish(struct addr_wish *wish)
{
	struct ifaddr_config *cfg = &wish->cfg;
	be32 mask;

	cfg->local = wish->local.addr;
	cfg->prefixlen = wish->local.len;
	wish->has_len = wish->local.has_len;
	if (wish->has_peer) {
		cfg->peer = wish->peer.addr;
		cfg->prefixlen = wish->peer.len;
		wish->has_len |= wish->peer.has_len;
	}
	mask = ctl_mask(cfg->prefixlen);
	cfg->has_broadcast = wish->brd != BRD_NONE;
	if (wish->brd == BRD_ONES)
		cfg->broadcast = (wish->has_peer ? cfg->peer : cfg->local) | ~mask;
	else if (wish->brd == BRD_ZEROS)
		cfg->broadcast = (wish->has_peer ? cfg->peer : cfg->local) & mask;
}

static int parse_wish(struct ctl *c, struct ctl_words *w, struct addr_wish *wish)
{
	while (ctl_word(w)) {
		int status = parse_addr_word(c, w, wish);

		if (status)
			return status;
	}
	if (!wish->dev) {
		ctl_complain(c, "Not enough information: \"dev\" argument is required.\n");
		return 1;
	}
	if (!wish->has_local && !wish->has_peer)
		return ctl_rtnetlink(c, -EOPNOTSUPP);
	if (!wish->cfg.valid_lft || wish->cfg.preferred_lft > wish->cfg.valid_lft) {
		ctl_complain(c, wish->cfg.valid_lft ? "preferred_lft is greater than valid_lft\n"
						    : "valid_lft is zero\n");
		return 1;
	}
	if (wish->cfg.label && strlen(wish->cfg.label) >= IFNAMSIZ)
		return ctl_rtnetlink(c, -ERANGE);
	if (!wish->has_local)
		wish->local = wish->peer;
	finish_wish(wish);
	return 0;
}

static int addr_add(struct ctl *c, struct ctl_words *w, bool replace)
{
	struct addr_wish wish = {.cfg = {.valid_lft = U32_MAX, .preferred_lft = U32_MAX}};
	struct net_device *dev;
	int err = parse_wish(c, w, &wish);

	if (err)
		return err;
	wish.cfg.replace = replace;
	ctl_enter(c);
	dev = dev_get_by_name(c->net, wish.dev);
	err = dev ? inet_addr_add(dev, &wish.cfg) : -ENODEV;
	ctl_leave(c);
	if (!err)
		return 0;
	if (!dev)
		return ctl_nodev(c, wish.dev);
	if (err == -EEXIST)
		return ctl_kernel_error(c, "ipv4: Address already assigned");
	if (err == -ERANGE)
		return ctl_kernel_error(c, "ipv4: Invalid scope value");
	return ctl_rtnetlink(c, err);
}

/* The address that del means, NULL if there is none. */
static struct in_ifaddr *find_address(struct net_device *dev, const struct addr_wish *wish)
{
	struct in_device *in_dev = in_dev_get(dev);
	struct in_ifaddr *ifa;

	if (!in_dev)
		return NULL;
	in_dev_for_each_ifa(ifa, in_dev)
	{
		if (ifa->local != wish->cfg.local)
			continue;
		if (wish->has_len && ifa->prefixlen != wish->cfg.prefixlen)
			continue;
		if (wish->has_peer && ifa->address != wish->cfg.peer)
			continue;
		if (wish->cfg.label && strcmp(wish->cfg.label, ifa->label) != 0)
			continue;
		return ifa;
	}
	return NULL;
}

static int addr_del(struct ctl *c, struct ctl_words *w)
{
	struct addr_wish wish = {.cfg = {.valid_lft = U32_MAX, .preferred_lft = U32_MAX}};
	struct net_device *dev;
	struct in_ifaddr *ifa;
	int err = parse_wish(c, w, &wish);

	if (err)
		return err;
	ctl_enter(c);
	dev = dev_get_by_name(c->net, wish.dev);
	ifa = dev ? find_address(dev, &wish) : NULL;
	err = ifa ? inet_addr_del(dev, ifa->local, ifa->prefixlen) : -EADDRNOTAVAIL;
	ctl_leave(c);
	if (!dev)
		return ctl_nodev(c, wish.dev);
	if (!wish.has_len)
		ctl_complain(c,
			     "Warning: Executing wildcard deletion to stay compatible with old "
			     "scripts.\n"
			     "         Explicitly specify the prefix length (%pI4/32) to avoid "
			     "this warning.\n"
			     "         This special behaviour is likely to disappear in further "
			     "releases,\n"
			     "         fix your scripts!\n",
			     &wish.cfg.local);
	if (err == -EADDRNOTAVAIL)
		return ctl_kernel_error(c, "ipv4: Address not found");
	return err ? ctl_rtnetlink(c, err) : 0;
}

static int addr_usage(struct ctl *c)
{
	ctl_complain(c, "Usage: ip address {add|change|replace} IFADDR dev IFNAME [ LIFETIME ]\n"
			"                                                      [ noprefixroute ]\n"
			"       ip address del IFADDR dev IFNAME\n"
			"       ip address {show|flush} [ dev IFNAME ] [ scope SCOPE-ID ]\n"
			"                            [ to PREFIX ] [ FLAG-LIST ] [up]\n"
			"IFADDR := PREFIX | ADDR peer PREFIX\n"
			"          [ broadcast ADDR ] [ label LABEL ] [ scope SCOPE-ID ]\n"
			"          [ metric METRIC ]\n"
			"SCOPE-ID := [ host | link | global | NUMBER ]\n"
			"FLAG-LIST := [ FLAG-LIST ] FLAG\n"
			"FLAG  := [ permanent | dynamic | secondary | primary | noprefixroute ]\n"
			"LIFETIME := [ valid_lft LFT ] [ preferred_lft LFT ]\n"
			"LFT := forever | SECONDS\n");
	return 255;
}

int ip_addr_main(struct ctl *c, struct ctl_words *w)
{
	const char *word = ctl_word(w);

	if (!word)
		return addr_show(c, w);
	ctl_next(w);
	if (ctl_abbrev(word, "add"))
		return addr_add(c, w, false);
	if (ctl_abbrev(word, "change") || !strcmp(word, "chg") || ctl_abbrev(word, "replace"))
		return addr_add(c, w, true);
	if (ctl_abbrev(word, "delete"))
		return addr_del(c, w);
	if (ctl_abbrev(word, "show") || ctl_abbrev(word, "lst") || ctl_abbrev(word, "list"))
		return addr_show(c, w);
	if (ctl_abbrev(word, "flush"))
		return addr_flush(c, w);
	if (ctl_abbrev(word, "help"))
		return addr_usage(c);
	ctl_complain(c, "Command \"%s\" is unknown, try \"ip address help\".\n", word);
	return 255;
}
