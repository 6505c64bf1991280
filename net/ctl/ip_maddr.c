/* SPDX-License-Identifier: MIT */
/*
 * ip maddr: the groups that devices are in, the link addresses they listen to for these, and those that somebody adds.
 *
 * Source: ip-maddress(8) of iproute2 6.1, and its behaviour.
 */
#include "lib/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/core/net_namespace.h"
#include "net/ctl/ip_tool.h"
#include "net/ipv4/igmp.h"
#include "net/wire/arp_hdr.h"

struct maddr_row {
	u32 ifindex, users;
	char dev[IFNAMSIZ];
	bool is_link, global;
	u8 link[ETH_ALEN];
	be32 group;
};

static int maddr_usage(struct ctl *c)
{
	ctl_complain(c, "Usage: ip maddr [ add | del ] MULTIADDR dev STRING\n"
			"       ip maddr show [ dev STRING ]\n");
	return 255;
}

/* ---- show */

static void add_row(struct ctl_rows *rows, const struct net_device *dev, struct maddr_row row)
{
	struct maddr_row *new = ctl_rows_add(rows, sizeof(*new));

	if (!new)
		return;
	*new = row;
	new->ifindex = dev->ifindex;
	memcpy(new->dev, dev->name, sizeof(new->dev));
}

static void collect_links(struct ctl_rows *rows, const struct net_device *dev, bool allhosts)
{
	struct maddr_row row = {.users = 1, .is_link = true};
	const struct dev_mc *mc;

	if (allhosts && dev->type == ARPHRD_ETHER) {
		ip_eth_mc_map(IGMP_ALL_HOSTS, row.link);
		add_row(rows, dev, row);
	}
	for (mc = dev->mc; mc; mc = mc->next) {
		memcpy(row.link, mc->addr, ETH_ALEN);
		row.users = mc->users;
		row.global = mc->global;
		add_row(rows, dev, row);
	}
}

/* 224.0.0.1 is there while the device is up, in its place by the time it came. */
static void collect_groups(struct ctl_rows *rows, const struct net_device *dev)
{
	const struct ip_mc_device *mc = in_dev_get(dev)->mc;
	struct maddr_row all = {.users = dev->flags & IFF_UP ? 1 : 0, .group = IGMP_ALL_HOSTS};
	const struct list_head *at = mc ? mc->groups.next : NULL;
	const struct ip_mc_list *im = mc ? mc_find(mc, IGMP_ALL_HOSTS) : NULL;
	bool listed = false;

	all.users += im ? im->users : 0;
	for (; at && at != &mc->groups; at = at->next) {
		im = list_entry(at, const struct ip_mc_list, list);
		if (im->multiaddr == IGMP_ALL_HOSTS || !im->users)
			continue;
		if (all.users && !listed && im->serial <= mc->allhosts_serial) {
			add_row(rows, dev, all);
			listed = true;
		}
		add_row(rows, dev, (struct maddr_row){.users = im->users, .group = im->multiaddr});
	}
	if (all.users && !listed)
		add_row(rows, dev, all);
}

static void print_rows(struct ctl *c, const struct ctl_rows *rows)
{
	const struct maddr_row *row;
	u32 last = 0;

	ctl_rows_for_each(row, rows)
	{
		if (row->ifindex != last || c->oneline)
			ctl_say(c, "%u:\t%s%s", row->ifindex, row->dev, ip_newline(c));
		last = row->ifindex;
		if (row->is_link)
			ctl_say(c, "\tlink  %pM", row->link);
		else
			ctl_say(c, "\tinet  %pI4", &row->group);
		if (row->users > 1)
			ctl_say(c, " users %u", row->users);
		ctl_say(c, row->global ? " static\n" : "\n");
	}
}

static int maddr_show(struct ctl *c, struct ctl_words *w)
{
	const char *only = NULL, *word;
	struct ctl_rows rows = {0};
	struct net_device *dev;

	while (ctl_word(w)) {
		bool key = ctl_take(w, "dev");

		word = ctl_value(c, w);
		if (!word)
			return c->status;
		if (!key && ctl_abbrev(word, "help"))
			return maddr_usage(c);
		if (only)
			return ctl_garbage(c, "dev", word);
		only = word;
	}
	ctl_enter(c);
	for (dev = link_after(c, 0); dev; dev = link_after(c, dev->ifindex)) {
		if ((only && strcmp(only, dev->name)) || !in_dev_get(dev))
			continue;
		if (!c->inet_only)
			collect_links(&rows, dev, dev->flags & IFF_UP && !in_dev_get(dev)->mc);
		collect_groups(&rows, dev);
	}
	ctl_leave(c);
	print_rows(c, &rows);
	return ctl_rows_free(c, &rows);
}

/* ---- add, del */

static int duplicate(struct ctl *c, const char *what, const char *word)
{
	ctl_complain(c, "Error: duplicate \"%s\": \"%s\" is the second value.\n", what, word);
	return c->status = 255;
}

/* 0, or the exit status. */
static int take_address(struct ctl *c, const char *word, u8 *addr)
{
	const char *last;
	int len = ctl_parse_lladdr(word, addr, 14);

	if (len < 0) {
		last = strrchr(word, ':');
		ctl_complain(c, "\"%s\" is invalid lladdr.\n", last ? last + 1 : word);
		return 1;
	}
	if (len == ETH_ALEN)
		return 0;
	ctl_complain(c, "Error: Invalid address length %d - must be 6 bytes\n", len);
	return 1;
}

static int apply(struct ctl *c, const char *name, const u8 *addr, bool add)
{
	struct net_device *dev;
	int err = -ENODEV;

	ctl_enter(c);
	dev = dev_get_by_name(c->net, name);
	if (dev && (dev->type != ARPHRD_ETHER || !in_dev_get(dev)))
		err = -EINVAL;
	else if (dev && !ip_mc_device(in_dev_get(dev)))
		err = -ENOMEM;
	else if (dev)
		err = add ? dev_mc_add(dev, addr, true) : dev_mc_del(dev, addr, true);
	ctl_leave(c);
	if (err)
		ctl_complain(c, "ioctl: %s\n", ctl_strerror(err));
	return err ? 1 : 0;
}

static int maddr_modify(struct ctl *c, struct ctl_words *w, bool add)
{
	const char *dev = NULL, *word;
	bool has_addr = false;
	u8 addr[14] = {0};
	int status;

	while (ctl_word(w)) {
		bool key = ctl_take(w, "dev");

		if (!key)
			ctl_take_abbrev(w, "address");
		word = ctl_value(c, w);
		if (!word)
			return c->status;
		if (!key && ctl_abbrev(word, "help"))
			return maddr_usage(c);
		if (key ? dev != NULL : has_addr)
			return duplicate(c, key ? "dev" : "address", word);
		if (key && strlen(word) >= IFNAMSIZ)
			return ctl_invarg(c, word, "\"dev\" not a valid ifname");
		status = key ? 0 : take_address(c, word, addr);
		if (status)
			return status;
		dev = key ? word : dev;
		has_addr |= !key;
	}
	if (dev)
		return apply(c, dev, addr, add);
	ctl_complain(c, "Not enough information: \"dev\" is required.\n");
	return 255;
}

int ip_maddr_main(struct ctl *c, struct ctl_words *w)
{
	const char *word = ctl_word(w);

	if (!word || ctl_take_abbrev(w, "show") || ctl_take_abbrev(w, "list") ||
	    ctl_take_abbrev(w, "lst"))
		return maddr_show(c, w);
	if (ctl_take_abbrev(w, "add"))
		return maddr_modify(c, w, true);
	if (ctl_take_abbrev(w, "delete"))
		return maddr_modify(c, w, false);
	if (ctl_abbrev(word, "help"))
		return maddr_usage(c);
	ctl_complain(c, "Command \"%s\" is unknown, try \"ip maddr help\".\n", word);
	return 255;
}
