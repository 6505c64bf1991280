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
}

const char *link_state(const struct link_row *row)
{
	if (!(row->flags & IFF_UP))
		return "DOWN";
	if (row->flags & IFF_LOOPBACK)
		return "UNKNOWN";
	return row->carrier ? "UP" : "DOWN";
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
	ctl_say(c, "> ");
}

/* The queue in front of a device is one bounded FIFO, counted in packets: Linux's pfifo. */
static const char *qdisc_name(const struct link_row *row)
{
	if (row->flags & IFF_LOOPBACK)
		return "noqueue";
	return row->flags & IFF_UP ? "pfifo" : "noop";
}

void link_print(struct ctl *c, const struct link_row *row, bool with_mode, bool with_address)
{
	ctl_say(c, "%u: %s: ", row->ifindex, row->name);
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
	ctl_say(c, "%-16s %-14s ", row->name, link_state(row));
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
	ctl_say(c, "%s    RX errors:  length    crc   frame    fifo overrun%s%*s", ip_newline(c),
		ip_newline(c), 15, "");
	ctl_say(c, "%7llu %6d %7d %7d %7d ", (unsigned long long)st->rx_length_errors, 0, 0, 0, 0);
}

static void print_tx_error_lines(struct ctl *c, const struct net_device_stats *st)
{
	ctl_say(c, "%s    TX errors: aborted   fifo  window heartbt transns%s%*s", ip_newline(c),
		ip_newline(c), 15, "");
	ctl_say(c, "%7d %6llu %7d %7d %7d ", 0, (unsigned long long)st->tx_fifo_errors, 0, 0, 0);
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
		print_tx_error_lines(c, st);
}

/* ---- show */

struct link_filter {
	const char *dev; /* NULL: all */
	bool up;
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
		if (!filter.up || (row.flags & IFF_UP))
			link_show_row(c, &row);
	}
	if (filter.dev && !found) {
		ctl_complain(c, "Device \"%s\" does not exist.\n", filter.dev);
		return 1;
	}
	return 0;
}

/* ---- set */

struct link_wish {
	const char *dev;
	bool has_mtu, has_addr, has_qlen;
	u32 mtu, qlen;
	u8 addr[ETH_ALEN];
	u32 flags, change; /* of IFF_UP, IFF_PROMISC, IFF_ALLMULTI, IFF_NOARP */
};

static int parse_on_off(struct ctl *c, struct ctl_words *w, const char *key, struct link_wish *wish,
			u32 flag)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0) {
		ctl_complain(c, "Error: argument of \"%s\" must be \"on\" or \"off\", not \"%s\"\n",
			     key, value);
		return 1;
	}
	wish->change |= flag;
	wish->flags &= ~flag;
	if ((strcmp(value, "on") == 0) == (flag != IFF_NOARP))
		wish->flags |= flag;
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

static int parse_link_word(struct ctl *c, struct ctl_words *w, struct link_wish *wish)
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
	if (ctl_take(w, "mtu"))
		return parse_mtu(c, w, wish);
	if (ctl_take_abbrev(w, "address"))
		return parse_address(c, w, wish);
	if (ctl_take_abbrev(w, "txqueuelen") || ctl_take(w, "qlen") || ctl_take_abbrev(w, "txqlen"))
		return parse_qlen(c, w, wish);
	if (ctl_take(w, "promisc"))
		return parse_on_off(c, w, "promisc", wish, IFF_PROMISC);
	if (ctl_take(w, "arp"))
		return parse_on_off(c, w, "arp", wish, IFF_NOARP);
	if (ctl_take(w, "allmulticast"))
		return parse_on_off(c, w, "allmulticast", wish, IFF_ALLMULTI);
	ctl_take(w, "dev");
	name = ctl_value(c, w);
	if (!name)
		return c->status;
	if (wish->dev)
		return ctl_garbage(c, "dev", name);
	wish->dev = name;
	return 0;
}

/* Softirqs off. On error the device is as it was. */
static int link_apply(struct net_device *dev, const struct link_wish *wish)
{
	struct link_row old;
	u32 flags = (dev->flags & ~wish->change) | wish->flags;
	int err = 0;

	link_copy(&old, dev);
	if (wish->has_addr)
		err = dev_set_mac_address(dev, wish->addr);
	if (!err && wish->has_mtu) {
		err = dev_set_mtu(dev, wish->mtu);
		if (err && wish->has_addr)
			(void)dev_set_mac_address(dev, old.addr);
	}
	if (err)
		return err;
	if (wish->has_qlen)
		dev->tx_queue_len = wish->qlen;
	dev_change_flags(dev, flags);
	if (!((dev->flags ^ flags) & IFF_UP))
		return 0;
	if (!(flags & IFF_UP)) {
		dev_close(dev);
		return 0;
	}
	err = dev_open(dev);
	if (!err)
		return 0;
	dev_change_flags(dev, old.flags);
	dev->tx_queue_len = old.qlen;
	if (wish->has_mtu)
		(void)dev_set_mtu(dev, old.mtu);
	if (wish->has_addr)
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
		int status = parse_link_word(c, w, &wish);

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
			"\n"
			"\tip link show [ DEVICE ] [up]\n");
	return 255;
}

int ip_link_main(struct ctl *c, struct ctl_words *w)
{
	const char *word = ctl_word(w);

	if (!word)
		return link_show(c, w);
	ctl_next(w);
	if (ctl_abbrev(word, "set") || ctl_abbrev(word, "change"))
		return link_set(c, w);
	if (ctl_abbrev(word, "show") || ctl_abbrev(word, "lst") || ctl_abbrev(word, "list"))
		return link_show(c, w);
	if (ctl_abbrev(word, "help"))
		return link_usage(c);
	ctl_complain(c, "Command \"%s\" is unknown, try \"ip link help\".\n", word);
	return 255;
}
