/* SPDX-License-Identifier: MIT */
/*
 * arp: the neighbour table in the words of net-tools. There is no resolver, so names are never
 * looked up and -n changes nothing.
 *
 * Source: arp(8) of net-tools 2.10, and its behaviour.
 */
#include "lib/byteorder.h"
#include "lib/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/core/net_namespace.h"
#include "net/ctl/getopt_tool.h"
#include "net/inetdevice.h"
#include "net/neighbour.h"
#include "net/route.h"

enum arp_job { ARP_SHOW, ARP_SET, ARP_DELETE };

struct arp_run {
	enum arp_job job;
	bool bsd, verbose;
	const char *dev;
	const char *words[3]; /* operands */
	int nr_words;
};

struct arp_row {
	be32 addr;
	u8 state, lladdr[ETH_ALEN];
	bool loopback;
	char dev[IFNAMSIZ];
};

static const struct ctl_opt arp_opts[] = {
	{'a', NULL, CTL_ARG_NONE, false},         {'e', NULL, CTL_ARG_NONE, false},
	{'s', "set", CTL_ARG_NONE, false},        {'d', "delete", CTL_ARG_NONE, false},
	{'v', "verbose", CTL_ARG_NONE, false},    {'n', "numeric", CTL_ARG_NONE, false},
	{'i', "device", CTL_ARG_REQUIRED, false}, {'h', "help", CTL_ARG_NONE, false},
	{'V', "version", CTL_ARG_NONE, false},    {0, NULL, CTL_ARG_NONE, false},
};

static void usage(struct ctl_out *out)
{
	ctl_printf(
		out,
		"Usage:\n"
		"  arp [-vn]  [-i <if>] [-a] [<hostname>]             <-Display ARP cache\n"
		"  arp [-v]   [-i <if>] -d  <host>                    <-Delete ARP entry\n"
		"  arp [-v]   [-i <if>] -s  <host> <hwaddr> [temp]            <-Add entry\n"
		"\n"
		"        -a                       display (all) hosts in alternative (BSD) style\n"
		"        -e                       display (all) hosts in default (Linux) style\n"
		"        -s, --set                set a new ARP entry\n"
		"        -d, --delete             delete a specified entry\n"
		"        -v, --verbose            be verbose\n"
		"        -n, --numeric            don't resolve names\n"
		"        -i, --device             specify network interface (e.g. eth0)\n");
}

static int complain_usage(struct ctl *c)
{
	usage(c->err);
	return 3;
}

/* ---- show */

struct arp_collect {
	const struct arp_run *run;
	bool has_addr;
	be32 addr;
	u32 entries; /* all there are */
	struct ctl_rows rows;
};

/* As /proc/net/arp: entries that never were anything, and those that need no ARP, are left out. */
static void collect_entry(void *arg, const struct neighbour *n)
{
	struct arp_collect *collect = arg;
	const struct arp_run *run = collect->run;
	struct arp_row *row;

	if (!n->nud_state || (n->nud_state & NUD_NOARP))
		return;
	collect->entries++;
	if ((run->dev && strcmp(run->dev, n->dev->name) != 0) ||
	    (collect->has_addr && collect->addr != n->primary_key))
		return;
	row = ctl_rows_add(&collect->rows, sizeof(*row));
	if (!row)
		return;
	row->addr = n->primary_key;
	row->state = n->nud_state;
	row->loopback = n->dev->flags & IFF_LOOPBACK;
	memcpy(row->lladdr, n->ha, ETH_ALEN);
	memcpy(row->dev, n->dev->name, sizeof(row->dev));
}

static void print_bsd(struct ctl *c, const struct arp_row *row)
{
	ctl_say(c, "? (%pI4) at ", &row->addr);
	if (row->state & NUD_VALID)
		ctl_say(c, "%pM [%s] %s", row->lladdr, row->loopback ? "loop" : "ether",
			row->state & NUD_PERMANENT ? "PERM " : "");
	else
		ctl_say(c, "<incomplete> ");
	ctl_say(c, "on %s\n", row->dev);
}

static void print_linux(struct ctl *c, const struct arp_row *row)
{
	char addr[16];

	scnprintf(addr, sizeof(addr), "%pI4", &row->addr);
	if (!(row->state & NUD_VALID)) {
		ctl_say(c, "%-23s          %-41s %s\n", addr, "(incomplete)", row->dev);
		return;
	}
	ctl_say(c, "%-23s  %-6s  %pM   %-22s%s\n", addr, row->loopback ? "loop" : "ether",
		row->lladdr, row->state & NUD_PERMANENT ? "CM" : "C", row->dev);
}

static void print_entries(struct ctl *c, const struct arp_collect *collect)
{
	const struct arp_run *run = collect->run;
	const struct arp_row *row;

	if (collect->rows.count && !run->bsd)
		ctl_say(c, "Address                  HWtype  HWaddress           Flags Mask"
			   "            Iface\n");
	ctl_rows_for_each(row, &collect->rows)
	{
		if (run->bsd)
			print_bsd(c, row);
		else
			print_linux(c, row);
	}
	if (run->verbose)
		ctl_say(c, "Entries: %u\tSkipped: %u\tFound: %u\n", collect->entries,
			collect->entries - collect->rows.count, collect->rows.count);
	if (collect->rows.count || run->verbose)
		return;
	if (collect->has_addr && !run->bsd)
		ctl_say(c, "%pI4 (%pI4) -- no entry\n", &collect->addr, &collect->addr);
	else if (collect->has_addr || run->dev)
		ctl_say(c, "arp: in %u entries no match found.\n", collect->entries);
}

static int unknown_host(struct ctl *c, const char *name)
{
	ctl_complain(c, "%s: Unknown host\n", name);
	return 255;
}

static int arp_show(struct ctl *c, const struct arp_run *run)
{
	struct arp_collect collect = {.run = run, .has_addr = run->nr_words};

	if (run->nr_words > 1)
		return complain_usage(c);
	if (collect.has_addr && !ctl_parse_addr(run->words[0], &collect.addr))
		return unknown_host(c, run->words[0]);
	ctl_enter(c);
	neigh_for_each(c->net, collect_entry, &collect);
	ctl_leave(c);
	print_entries(c, &collect);
	return ctl_rows_free(c, &collect.rows);
}

/* ---- set and delete */

/* The device named, or that of the route to addr, which must be on link. NULL: *err says why. */
static struct net_device *arp_device(struct ctl *c, const struct arp_run *run, be32 addr, int *err)
{
	struct flowi4 fl = {.daddr = addr, .scope = RT_SCOPE_LINK};
	struct net_device *dev;
	struct rtable *rt;

	*err = 0;
	if (run->dev) {
		dev = dev_get_by_name(c->net, run->dev);
		if (!dev)
			*err = -ENODEV;
		return dev;
	}
	*err = ip_route_output(c->net, &fl, &rt);
	return *err ? NULL : rt->dst.dev;
}

static int arp_set(struct ctl *c, const struct arp_run *run)
{
	struct net_device *dev;
	u8 lladdr[ETH_ALEN], state = NUD_PERMANENT;
	be32 addr;
	int err;

	if (!run->nr_words) {
		ctl_complain(c, "arp: need host name\n");
		return 255;
	}
	if (!ctl_parse_addr(run->words[0], &addr))
		return unknown_host(c, run->words[0]);
	if (run->nr_words < 2) {
		ctl_complain(c, "arp: need hardware address\n");
		return 255;
	}
	if (ctl_parse_lladdr(run->words[1], lladdr, ETH_ALEN) != ETH_ALEN) {
		ctl_complain(c, "arp: invalid hardware address\n");
		return 255;
	}
	if (run->nr_words == 3 && strcmp(run->words[2], "temp") != 0)
		return complain_usage(c);
	if (run->nr_words == 3)
		state = NUD_STALE;
	ctl_enter(c);
	dev = arp_device(c, run, addr, &err);
	if (dev)
		err = neigh_add(dev, addr, lladdr, state, NEIGH_REPLACE);
	ctl_leave(c);
	if (!err)
		return 0;
	ctl_complain(c, "SIOCSARP: %s\n", ctl_strerror(err));
	return 255;
}

static int arp_delete(struct ctl *c, const struct arp_run *run)
{
	struct net_device *dev;
	be32 addr;
	int err;

	if (!run->nr_words) {
		ctl_complain(c, "arp: need host name\n");
		return 255;
	}
	if (run->nr_words > 1)
		return complain_usage(c);
	if (!ctl_parse_addr(run->words[0], &addr))
		return unknown_host(c, run->words[0]);
	ctl_enter(c);
	dev = arp_device(c, run, addr, &err);
	if (dev)
		err = neigh_delete(dev, addr);
	ctl_leave(c);
	if (!err)
		return 0;
	if (err == -ENOENT)
		ctl_complain(c, "No ARP entry for %pI4\n", &addr);
	else
		ctl_complain(c, "SIOCDARP(dontpub): %s\n", ctl_strerror(err));
	return 255;
}

/* ---- the command line */

/* -1, or the exit status that ends arp here. */
static int take_words(struct ctl *c, int argc, char *const argv[], struct arp_run *run)
{
	struct ctl_getopt g = {
		.tool = "arp", .opts = arp_opts, .argc = argc, .argv = argv, .next = 1};
	int key;

	while ((key = ctl_getopt(c, &g)) != CTL_OPT_END) {
		switch (key) {
		case CTL_OPT_OPERAND:
			if (run->nr_words == ARRAY_SIZE(run->words))
				return complain_usage(c);
			run->words[run->nr_words++] = g.value;
			break;
		case 'a':
			run->bsd = true;
			break;
		case 'e':
			run->bsd = false;
			break;
		case 's':
			run->job = ARP_SET;
			break;
		case 'd':
			run->job = ARP_DELETE;
			break;
		case 'v':
			run->verbose = true;
			break;
		case 'n':
			break;
		case 'i':
			run->dev = g.value;
			break;
		case 'h':
			usage(c->out);
			return 0;
		case 'V':
			ctl_say(c, "arp, weir\n");
			return 0;
		default:
			return complain_usage(c);
		}
	}
	return -1;
}

int arp_main(struct ctl *c, int argc, char *const argv[])
{
	struct arp_run run = {.job = ARP_SHOW};
	int status = take_words(c, argc, argv, &run);

	if (status >= 0)
		return status;
	if (run.job == ARP_SET)
		return arp_set(c, &run);
	if (run.job == ARP_DELETE)
		return arp_delete(c, &run);
	return arp_show(c, &run);
}
