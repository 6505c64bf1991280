/* SPDX-License-Identifier: MIT */
/*
 * ip link: show and set.
 *
 * `ip link set` checks all it can before it changes anything, then applies address, MTU, queue
 * length, flags and state in this order; if the device refuses one, those before it are put back.
 */
#include "lib/byteorder.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "net/core/net_namespace.h"
#include "net/ctl/ip_tool.h"
#include "net/wire/eth_hdr.h"

#define ARPHRD_LOOPBACK 772

struct net_device *link_after(struct ctl *c, u32 ifindex)
{
	for (u32 i = ifindex + 1; i <= MAX_NETDEVS; i++) {
		if (c->net->dev_by_index[i])
			return c->net->dev_by_index[i];
	}
	return NULL;
}

void link_copy(struct link_row *row, const struct net_device *dev)
{
	row->ifindex = dev->ifindex;
	row->flags = dev->flags;
	row->mtu = dev->mtu;
	row->qlen = dev->tx_queue_len;
	row->type = dev->type;
	row->carrier = dev->carrier;
	row->stats = dev->stats;
	memcpy(row->name, dev->name, sizeof(row->name));
	memcpy(row->addr, dev->dev_addr, ETH_ALEN);
	memcpy(row->broadcast, dev->broadcast, ETH_ALEN);
	row->min_mtu = dev->min_mtu;
	row->max_mtu = dev->max_mtu;
	row->carrier_changes = dev->carrier_changes;
	row->promiscuous = dev->flags & IFF_PROMISC || dev->uc_promisc;
	row->vlan_id = dev->vlan_id;
	row->lower[0] = '\0';
	if (dev->lower) {
		memcpy(row->lower, dev->lower->name, sizeof(row->lower));
		row->lower_up = dev->lower->flags & IFF_UP;
	}
}

const char *link_state(const struct link_row *row)
{
	if (!(row->flags & IFF_UP))
		return "DOWN";
	if (row->flags & IFF_LOOPBACK)
		return "UNKNOWN";
	if (row->carrier)
		return "UP";
	return row->lower[0] ? "LOWERLAYERDOWN" : "DOWN";
}

static void print_flags(struct ctl *c, const struct link_row *row)
{
	static const struct {
		u32 flag;
		const char *name;
	} names[] = {
		{IFF_LOOPBACK, "LOOPBACK"},
		{IFF_BROADCAST, "BROADCAST"},
		{IFF_POINTOPOINT, "POINTOPOINT"},
		{IFF_MULTICAST, "MULTICAST"},
		{IFF_NOARP, "NOARP"},
		{IFF_ALLMULTI, "ALLMULTI"},
		{IFF_PROMISC, "PROMISC"},
		{IFF_UP, "UP"},
	};
	const char *comma = "";

	ctl_say(c, "<");
	if ((row->flags & IFF_UP) && !row->carrier) {
		ctl_say(c, "NO-CARRIER");
		comma = ",";
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (row->flags & names[i].flag) {
			ctl_say(c, "%s%s", comma, names[i].name);
			comma = ",";
		}
	}
	if ((row->flags & IFF_UP) && row->carrier)
		ctl_say(c, "%sLOWER_UP", comma);
	if (row->lower[0] && !row->lower_up)
		ctl_say(c, ",M-DOWN");
	ctl_say(c, "> ");
}

/* The queue in front of a device is one bounded FIFO, counted in packets: Linux's pfifo. */
static const char *qdisc_name(const struct link_row *row)
{
	if (row->flags & IFF_LOOPBACK || (row->lower[0] && row->flags & IFF_UP))
		return "noqueue";
	return row->flags & IFF_UP ? "pfifo" : "noop";
}

/* eth0.5@eth0 */
static const char *full_name(const struct link_row *row, char name[2 * IFNAMSIZ])
{
	strscpy(name, row->name, IFNAMSIZ);
	if (row->lower[0]) {
		size_t n = strlen(name);

		name[n] = '@';
		strscpy(name + n + 1, row->lower, IFNAMSIZ);
	}
	return name;
}

void link_print(struct ctl *c, const struct link_row *row, bool with_mode, bool with_address)
{
	char name[2 * IFNAMSIZ];

	ctl_say(c, "%u: %s: ", row->ifindex, full_name(row, name));
	print_flags(c, row);
	ctl_say(c, "mtu %u qdisc %s state %s %sgroup default qlen %u", row->mtu, qdisc_name(row),
		link_state(row), with_mode ? "mode DEFAULT " : "", row->qlen);
	if (with_address)
		ctl_say(c, "%s    link/%s %pM brd %pM", ip_newline(c),
			row->type == ARPHRD_LOOPBACK ? "loopback" : "ether", row->addr,
			row->broadcast);
}

void link_print_brief(struct ctl *c, const struct link_row *row)
{
	char name[2 * IFNAMSIZ];

	ctl_say(c, "%-16s %-14s ", full_name(row, name), link_state(row));
}

void link_print_details(struct ctl *c, const struct link_row *row)
{
	ctl_say(c, " promiscuity %d  allmulti %d minmtu %u maxmtu %u ", row->promiscuous,
		!!(row->flags & IFF_ALLMULTI), row->min_mtu, row->max_mtu);
	if (row->lower[0])
		ctl_say(c, "%s    vlan protocol 802.1Q id %u <REORDER_HDR> ", ip_newline(c),
			row->vlan_id);
	ctl_say(c,
		"numtxqueues 1 numrxqueues 1 gso_max_size 65536 gso_max_segs 65535 tso_max_size %u "
		"tso_max_segs 65535 gro_max_size 65536 ",
		row->type == ARPHRD_LOOPBACK ? 524280U : 65536U);
}

/* iproute2's columns: bytes, packets, errors, dropped, and two more; wider when a value is. */
#define STAT_COLUMNS 6

static int digits(u64 v)
{
	int n = 1;

	while (v >= 10) {
		v /= 10;
		n++;
	}
	return n;
}

static void print_stat_lines(struct ctl *c, const char *title,
			     const char *const heads[STAT_COLUMNS], const u64 values[STAT_COLUMNS])
{
	int width[STAT_COLUMNS] = {10, 7, 6, 7, 7, 7};

	for (int i = 0; i < STAT_COLUMNS; i++)
		width[i] = max(width[i], digits(values[i]));
	ctl_say(c, "%s    %s: %*s", ip_newline(c), title, width[0] - 4, heads[0]);
	for (int i = 1; i < STAT_COLUMNS; i++)
		ctl_say(c, " %*s", width[i], heads[i]);
	ctl_say(c, "           %s    ", ip_newline(c));
	for (int i = 0; i < STAT_COLUMNS; i++)
		ctl_say(c, "%*llu ", width[i], (unsigned long long)values[i]);
}

/* -s -s: the kinds of errors; weir's devices know one of the five in each direction. */
static void print_rx_error_lines(struct ctl *c, const struct net_device_stats *st)
{
	ctl_say(c, "%s    RX errors:  length    crc   frame    fifo overrun%s%s%*s", ip_newline(c),
		st->rx_otherhost_dropped ? " otherhost" : "", ip_newline(c), 15, "");
	ctl_say(c, "%7llu %6d %7d %7d %7d ", (unsigned long long)st->rx_length_errors, 0, 0, 0, 0);
	if (st->rx_otherhost_dropped)
		ctl_say(c, "%9llu ", (unsigned long long)st->rx_otherhost_dropped);
}

static void print_tx_error_lines(struct ctl *c, const struct link_row *row)
{
	const struct net_device_stats *st = &row->stats;

	ctl_say(c, "%s    TX errors: aborted   fifo  window heartbt transns%s%*s", ip_newline(c),
		ip_newline(c), 15, "");
	ctl_say(c, "%7d %6llu %7d %7d %7u ", 0, (unsigned long long)st->tx_fifo_errors, 0, 0,
		row->carrier_changes);
}

void link_print_stats(struct ctl *c, const struct link_row *row)
{
	static const char *const rx_heads[STAT_COLUMNS] = {"bytes",   "packets", "errors",
							   "dropped", "missed",  "mcast"};
	static const char *const tx_heads[STAT_COLUMNS] = {"bytes",   "packets", "errors",
							   "dropped", "carrier", "collsns"};
	const struct net_device_stats *st = &row->stats;
	const u64 rx[STAT_COLUMNS] = {
		st->rx_bytes, st->rx_packets, st->rx_errors, st->rx_dropped, 0, st->multicast};
	const u64 tx[STAT_COLUMNS] = {
		st->tx_bytes, st->tx_packets, st->tx_errors, st->tx_dropped, 0, 0};

	print_stat_lines(c, "RX", rx_heads, rx);
	if (c->stats > 1)
		print_rx_error_lines(c, st);
	print_stat_lines(c, "TX", tx_heads, tx);
	if (c->stats > 1)
		print_tx_error_lines(c, row);
}

/* ---- show */

struct link_filter {
	const char *dev; /* NULL: all */
	bool up, vlan;
};

static void link_show_row(struct ctl *c, const struct link_row *row)
{
	if (c->brief) {
		link_print_brief(c, row);
		ctl_say(c, "%pM ", row->addr);
		print_flags(c, row);
		ctl_say(c, "\n");
		return;
	}
	link_print(c, row, true, true);
	if (c->details)
		link_print_details(c, row);
	if (c->stats)
		link_print_stats(c, row);
	ctl_say(c, "\n");
}

static int link_show(struct ctl *c, struct ctl_words *w)
{
	struct link_filter filter = {.dev = NULL};
	u32 ifindex = 0;
	bool found = false;

	while (ctl_word(w)) {
		const char *name;

		if (ctl_take(w, "up")) {
			filter.up = true;
			continue;
		}
		if (ctl_take(w, "type")) {
			name = ctl_value(c, w);
			if (!name)
				return c->status;
			if (strcmp(name, "vlan") != 0)
				return ctl_invarg(c, name, "only type vlan is known");
			filter.vlan = true;
			continue;
		}
		ctl_take(w, "dev");
		name = ctl_value(c, w);
		if (!name)
			return c->status;
		if (filter.dev)
			return ctl_garbage(c, "dev", name);
		filter.dev = name;
	}
	for (;;) {
		struct net_device *dev;
		struct link_row row;

		ctl_enter(c);
		dev = link_after(c, ifindex);
		if (dev)
			link_copy(&row, dev);
		ctl_leave(c);
		if (!dev)
			break;
		ifindex = row.ifindex;
		if (filter.dev && strcmp(filter.dev, row.name) != 0)
			continue;
		found = true;
		if ((!filter.up || (row.flags & IFF_UP)) && (!filter.vlan || row.lower[0]))
			link_show_row(c, &row);
	}
	if (filter.dev && !found) {
		ctl_complain(c, "Device \"%s\" does not exist.\n", filter.dev);
		return 1;
	}
	return 0;
}

/* ---- set */

int link_parse_on_off(struct ctl *c, struct ctl_words *w, const char *key, bool *on)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	*on = strcmp(value, "on") == 0;
	if (*on || strcmp(value, "off") == 0)
		return 0;
	ctl_complain(c, "Error: argument of \"%s\" must be \"on\" or \"off\", not \"%s\"\n", key,
		     value);
	return 1;
}

static int parse_flag(struct ctl *c, struct ctl_words *w, const char *key, struct link_wish *wish,
		      u32 flag)
{
	bool on = false;
	int status = link_parse_on_off(c, w, key, &on);

	if (status)
		return status;
	wish->change |= flag;
	wish->flags &= ~flag;
	if (on == (flag != IFF_NOARP))
		wish->flags |= flag;
	return 0;
}

/* Any name that a device may have. */
static int parse_name(struct ctl *c, struct ctl_words *w, const char **name)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	if (!dev_valid_name(value))
		return ctl_invarg(c, value, "\"name\" not a valid ifname");
	*name = value;
	return 0;
}

static int parse_mtu(struct ctl *c, struct ctl_words *w, struct link_wish *wish)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	if (!ctl_parse_u32(value, &wish->mtu) || wish->mtu > 0x7fffffff)
		return ctl_invarg(c, value, "Invalid \"mtu\" value\n");
	wish->has_mtu = true;
	return 0;
}

static int parse_qlen(struct ctl *c, struct ctl_words *w, struct link_wish *wish)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	if (!ctl_parse_u32(value, &wish->qlen) || wish->qlen > 0x7fffffff)
		return ctl_invarg(c, value, "Invalid \"txqueuelen\" value\n");
	wish->has_qlen = true;
	return 0;
}

static int parse_address(struct ctl *c, struct ctl_words *w, struct link_wish *wish)
{
	const char *value = ctl_value(c, w);
	u8 addr[32];
	int len;

	if (!value)
		return c->status;
	len = ctl_parse_lladdr(value, addr, sizeof(addr));
	if (len != ETH_ALEN) {
		ctl_complain(c, "Invalid address length %d - must be %d bytes\n", max(len, 1),
			     ETH_ALEN);
		return 1;
	}
	memcpy(wish->addr, addr, ETH_ALEN);
	wish->has_addr = true;
	return 0;
}

int link_parse_word(struct ctl *c, struct ctl_words *w, struct link_wish *wish)
{
	const char *name;

	if (ctl_take(w, "up")) {
		wish->change |= IFF_UP;
		wish->flags |= IFF_UP;
		return 0;
	}
	if (ctl_take(w, "down")) {
		wish->change |= IFF_UP;
		wish->flags &= ~IFF_UP;
		return 0;
	}
	if (ctl_take(w, "name"))
		return parse_name(c, w, &wish->name);
	if (ctl_take(w, "mtu"))
		return parse_mtu(c, w, wish);
	if (ctl_take_abbrev(w, "address"))
		return parse_address(c, w, wish);
	if (ctl_take_abbrev(w, "txqueuelen") || ctl_take(w, "qlen") || ctl_take_abbrev(w, "txqlen"))
		return parse_qlen(c, w, wish);
	if (ctl_take(w, "promisc"))
		return parse_flag(c, w, "promisc", wish, IFF_PROMISC);
	if (ctl_take(w, "arp"))
		return parse_flag(c, w, "arp", wish, IFF_NOARP);
	if (ctl_take(w, "allmulticast"))
		return parse_flag(c, w, "allmulticast", wish, IFF_ALLMULTI);
	ctl_take(w, "dev");
	name = ctl_value(c, w);
	if (!name)
		return c->status;
	if (wish->dev)
		return ctl_garbage(c, "dev", name);
	wish->dev = name;
	return 0;
}

/* Everything but up and down. */
static int apply_values(struct net_device *dev, const struct link_wish *wish, u32 flags)
{
	int err = wish->name ? dev_change_name(dev, wish->name) : 0;

	if (!err && wish->has_addr)
		err = dev_set_mac_address(dev, wish->addr);
	if (!err && wish->has_mtu)
		err = dev_set_mtu(dev, wish->mtu);
	if (err)
		return err;
	if (wish->has_qlen)
		dev->tx_queue_len = wish->qlen;
	dev_change_flags(dev, flags);
	return 0;
}

int link_apply(struct net_device *dev, const struct link_wish *wish)
{
	u32 flags = (dev->flags & ~wish->change) | wish->flags;
	struct link_wish undo;
	struct link_row old;
	int err;

	link_copy(&old, dev);
	undo = (struct link_wish){.name = old.name,
				  .has_mtu = wish->has_mtu,
				  .mtu = old.mtu,
				  .has_qlen = true,
				  .qlen = old.qlen};
	err = apply_values(dev, wish, flags);
	if (!err && flags & IFF_UP)
		err = dev_open(dev);
	else if (!err)
		dev_close(dev);
	if (!err)
		return 0;
	(void)apply_values(dev, &undo, old.flags);
	if (wish->has_addr && !ether_addr_equal(dev->dev_addr, old.addr))
		(void)dev_set_mac_address(dev, old.addr);
	return err;
}

static int link_complain(struct ctl *c, int err, const struct link_wish *wish, u32 min_mtu,
			 u32 max_mtu)
{
	if (err == -ENODEV)
		return ctl_nodev(c, wish->dev);
	if (err == -EINVAL && wish->has_mtu && wish->mtu < min_mtu)
		return ctl_kernel_error(c, "mtu less than device minimum");
	if (err == -EINVAL && wish->has_mtu && wish->mtu > max_mtu)
		return ctl_kernel_error(c, "mtu greater than device maximum");
	return ctl_rtnetlink(c, err);
}

static int link_set(struct ctl *c, struct ctl_words *w)
{
	struct link_wish wish = {.dev = NULL};
	u32 min_mtu = 0, max_mtu = 0;
	struct net_device *dev;
	int err;

	while (ctl_word(w)) {
		int status = link_parse_word(c, w, &wish);

		if (status)
			return status;
	}
	if (!wish.dev) {
		ctl_complain(c, "Not enough information: \"dev\" argument is required.\n");
		return 255;
	}
	ctl_enter(c);
	dev = dev_get_by_name(c->net, wish.dev);
	err = -ENODEV;
	if (dev) {
		min_mtu = dev->min_mtu;
		max_mtu = dev->max_mtu;
		err = link_apply(dev, &wish);
	}
	ctl_leave(c);
	return err ? link_complain(c, err, &wish, min_mtu, max_mtu) : 0;
}

static int link_usage(struct ctl *c)
{
	ctl_complain(c, "Usage: ip link set { DEVICE | dev DEVICE } [ { up | down } ]\n"
			"\t\t[ arp { on | off } ]\n"
			"\t\t[ allmulticast { on | off } ]\n"
			"\t\t[ promisc { on | off } ]\n"
			"\t\t[ txqueuelen PACKETS ]\n"
			"\t\t[ address LLADDR ]\n"
			"\t\t[ mtu MTU ]\n"
			"\t\t[ name NEWNAME ]\n"
			"\n"
			"\tip link add link DEVICE [ name ] NAME [ OPTIONS ] type vlan id VLANID\n"
			"\tip link delete DEVICE\n"
			"\tip link show [ DEVICE ] [up] [ type vlan ]\n");
	return 255;
}

int ip_link_main(struct ctl *c, struct ctl_words *w)
{
	const char *word = ctl_word(w);

	if (!word)
		return link_show(c, w);
	ctl_next(w);
	if (ctl_abbrev(word, "add"))
		return ip_link_add(c, w);
	if (ctl_abbrev(word, "set") || ctl_abbrev(word, "change"))
		return link_set(c, w);
	if (ctl_abbrev(word, "show") || ctl_abbrev(word, "lst") || ctl_abbrev(word, "list"))
		return link_show(c, w);
	if (ctl_abbrev(word, "delete"))
		return ip_link_del(c, w);
	if (ctl_abbrev(word, "help"))
		return link_usage(c);
	ctl_complain(c, "Command \"%s\" is unknown, try \"ip link help\".\n", word);
	return 255;
}
