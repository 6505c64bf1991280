/* SPDX-License-Identifier: MIT */
/* ip route: add, append, change, replace, del, and the words of a route. */
#include "lib/byteorder.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "net/ctl/route_tool.h"

struct route_wish {
	const char *dev;
	bool has_dst;
	struct fib_route route;
	struct fib_hop hops[FIB_MAX_HOPS];
	const char *hop_dev[FIB_MAX_HOPS];
};

/* ---- words */

static int parse_table_word(struct ctl *c, struct ctl_words *w, u32 *table)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	if (!route_parse_table(value, table))
		return ctl_invarg(c, value, "\"table\" value is invalid\n");
	return 0;
}

static int parse_protocol_word(struct ctl *c, struct ctl_words *w, u8 *protocol)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	if (!route_parse_protocol(value, protocol))
		return ctl_invarg(c, value, "\"protocol\" value is invalid\n");
	return 0;
}

static int parse_number_word(struct ctl *c, struct ctl_words *w, const char *complaint, u32 *v)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	return ctl_parse_u32(value, v) ? 0 : ctl_invarg(c, value, complaint);
}

static int parse_addr_word(struct ctl *c, struct ctl_words *w, be32 *addr)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	return ctl_parse_addr(value, addr) ? 0 : ctl_expected(c, "inet address", value);
}

static int parse_scope_word(struct ctl *c, struct ctl_words *w, struct fib_route *r)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	if (!ctl_parse_scope(value, &r->scope))
		return ctl_invarg(c, value, "invalid \"scope\" value\n");
	r->has_scope = true;
	return 0;
}

static int parse_hoplimit(struct ctl *c, struct ctl_words *w, struct fib_route *r)
{
	const char *value = ctl_value(c, w);
	u64 hops;

	if (!value)
		return c->status;
	if (!ctl_parse_u64(value, 255, &hops))
		return ctl_invarg(c, value, "\"hoplimit\" value is invalid\n");
	r->hoplimit = hops;
	return 0;
}

static int parse_tos_word(struct ctl *c, struct ctl_words *w, struct fib_route *r)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	return route_parse_tos(value, &r->tos) ? 0
					       : ctl_invarg(c, value, "\"tos\" value is invalid\n");
}

/* [TYPE] PREFIX, with or without "to". */
static int parse_dst(struct ctl *c, struct ctl_words *w, struct route_wish *wish)
{
	struct ctl_prefix prefix;
	const char *value;

	ctl_take(w, "to");
	value = ctl_value(c, w);
	if (value && route_parse_type(value, &wish->route.type))
		value = ctl_value(c, w);
	if (!value)
		return c->status;
	if (wish->has_dst)
		return ctl_garbage(c, "to", value);
	if (!ctl_parse_prefix(value, &prefix))
		return ctl_expected(c, "any valid prefix", value);
	wish->has_dst = true;
	wish->route.dst = prefix.addr;
	wish->route.dst_len = prefix.len;
	return 0;
}

static int parse_weight(struct ctl *c, struct ctl_words *w, u16 *weight)
{
	const char *value = ctl_value(c, w);
	u64 v;

	if (!value)
		return c->status;
	if (!ctl_parse_u64(value, 256, &v) || !v)
		return ctl_invarg(c, value, "\"weight\" is invalid\n");
	*weight = v;
	return 0;
}

/* [via ADDRESS] [dev NAME] [weight N] [onlink] */
static int parse_hop(struct ctl *c, struct ctl_words *w, struct fib_hop *h, const char **dev)
{
	int status = 0;

	*h = (struct fib_hop){.weight = 1};
	while (!status) {
		if (ctl_take(w, "via")) {
			ctl_take(w, "inet");
			status = parse_addr_word(c, w, &h->gw);
		} else if (ctl_take(w, "dev")) {
			*dev = ctl_value(c, w);
			status = *dev ? 0 : c->status;
		} else if (ctl_take(w, "weight")) {
			status = parse_weight(c, w, &h->weight);
		} else if (ctl_take(w, "onlink")) {
			h->flags = RTNH_F_ONLINK;
		} else {
			break;
		}
	}
	return status;
}

static int hop_complain(struct ctl *c, const char *what)
{
	ctl_complain(c, "Error: %s\n", what);
	return 255;
}

/* Nothing may follow the hops. */
static int parse_hops(struct ctl *c, struct ctl_words *w, struct route_wish *wish)
{
	u32 n;

	for (n = 0; ctl_word(w); n++) {
		const char *word = ctl_word(w);
		int status;

		if (!ctl_take(w, "nexthop")) {
			ctl_complain(c,
				     "Error: \"nexthop\" or end of line is expected instead of "
				     "\"%s\"\n",
				     word);
			return 255;
		}
		word = ctl_word(w);
		if (!word || !strcmp(word, "nexthop"))
			return hop_complain(c, "unexpected end of line after \"nexthop\"");
		if (n == FIB_MAX_HOPS)
			return hop_complain(c, "too many nexthops");
		status = parse_hop(c, w, &wish->hops[n], &wish->hop_dev[n]);
		if (status)
			return status;
	}
	wish->route.nr_hops = n;
	wish->route.hops = wish->hops;
	return 0;
}

static int parse_route_word(struct ctl *c, struct ctl_words *w, struct route_wish *wish)
{
	struct fib_route *r = &wish->route;

	if (ctl_take(w, "src"))
		return parse_addr_word(c, w, &r->prefsrc);
	if (ctl_take(w, "via")) {
		ctl_take(w, "inet");
		return parse_addr_word(c, w, &r->gw);
	}
	if (ctl_take(w, "tos") || ctl_take_abbrev(w, "dsfield"))
		return parse_tos_word(c, w, r);
	if (ctl_take_abbrev(w, "metric") || ctl_take_abbrev(w, "priority") ||
	    ctl_take(w, "preference"))
		return parse_number_word(c, w, "\"metric\" value is invalid\n", &r->metric);
	if (ctl_take(w, "scope"))
		return parse_scope_word(c, w, r);
	if (ctl_take(w, "mtu")) {
		r->mtu_locked = ctl_take(w, "lock");
		return parse_number_word(c, w, "\"mtu\" value is invalid\n", &r->mtu);
	}
	if (ctl_take(w, "hoplimit"))
		return parse_hoplimit(c, w, r);
	if (ctl_take(w, "onlink")) {
		r->flags |= RTNH_F_ONLINK;
		return 0;
	}
	if (ctl_take_abbrev(w, "protocol"))
		return parse_protocol_word(c, w, &r->protocol);
	if (ctl_take_abbrev(w, "table"))
		return parse_table_word(c, w, &r->table);
	if (ctl_take(w, "dev") || ctl_take(w, "oif")) {
		wish->dev = ctl_value(c, w);
		return wish->dev ? 0 : c->status;
	}
	return parse_dst(c, w, wish);
}

static int parse_route(struct ctl *c, struct ctl_words *w, struct route_wish *wish)
{
	int status = 0;

	while (!status && ctl_word(w)) {
		status = strcmp(ctl_word(w), "nexthop") != 0 ? parse_route_word(c, w, wish)
							     : parse_hops(c, w, wish);
	}
	return status;
}

/* ---- effect */

/* Devices by their names; the first that is not there, NULL: all are. Softirqs off. */
static const char *find_devices(struct net *net, struct route_wish *wish)
{
	if (wish->dev) {
		wish->route.dev = dev_get_by_name(net, wish->dev);
		if (!wish->route.dev)
			return wish->dev;
	}
	for (u32 i = 0; i < wish->route.nr_hops; i++) {
		if (!wish->hop_dev[i])
			continue;
		wish->hops[i].dev = dev_get_by_name(net, wish->hop_dev[i]);
		if (!wish->hops[i].dev)
			return wish->hop_dev[i];
	}
	return NULL;
}

static int no_device(struct ctl *c, const struct route_wish *wish, const char *name)
{
	ctl_nodev(c, name);
	return name == wish->dev ? c->status : hop_complain(c, "cannot parse nexthop");
}

enum { ROUTE_DEL = FIB_CHANGE + 1 };

/* mode: enum fib_add_mode, or ROUTE_DEL. */
static int route_change(struct ctl *c, struct ctl_words *w, unsigned int mode)
{
	struct route_wish wish = {.dev = NULL};
	const char *missing, *why = NULL;
	int err;

	if (!ctl_word(w))
		return route_usage(c);
	err = parse_route(c, w, &wish);
	if (err)
		return err;
	if (!wish.has_dst)
		return route_usage(c);
	if (mode != ROUTE_DEL && !wish.route.protocol)
		wish.route.protocol = RTPROT_BOOT;
	ctl_enter(c);
	missing = find_devices(c->net, &wish);
	if (!missing) {
		err = mode == ROUTE_DEL ? fib_del(c->net, &wish.route)
					: fib_add(c->net, &wish.route, (enum fib_add_mode)mode);
		why = fib_refusal(c->net);
	}
	ctl_leave(c);
	if (missing)
		return no_device(c, &wish, missing);
	if (!err)
		return 0;
	return why ? ctl_kernel_error(c, why) : ctl_rtnetlink(c, err);
}

int route_usage(struct ctl *c)
{
	ctl_complain(
		c,
		"Usage: ip route { list | flush } SELECTOR\n"
		"       ip route get [ fibmatch ] ADDRESS [ from ADDRESS ]\n"
		"                            [ iif STRING ] [ oif STRING ] [ tos TOS ]\n"
		"                            [ mark NUMBER ] [ ipproto PROTOCOL ]\n"
		"                            [ sport NUMBER ] [ dport NUMBER ]\n"
		"       ip route { add | del | change | append | prepend | replace } ROUTE\n"
		"SELECTOR := [ root PREFIX ] [ match PREFIX ] [ exact PREFIX ]\n"
		"            [ table TABLE_ID ] [ proto RTPROTO ] [ type TYPE ]\n"
		"            [ scope SCOPE ] [ dev STRING ] [ via ADDRESS ]\n"
		"            [ src ADDRESS ] [ metric METRIC ]\n"
		"ROUTE := [ TYPE ] PREFIX [ tos TOS ] [ table TABLE_ID ]\n"
		"         [ proto RTPROTO ] [ scope SCOPE ] [ metric METRIC ]\n"
		"         [ via ADDRESS ] [ dev STRING ] [ onlink ]\n"
		"         [ src ADDRESS ] [ mtu [ lock ] NUMBER ] [ hoplimit NUMBER ] [ NH ]...\n"
		"NH := nexthop [ via ADDRESS ] [ dev STRING ] [ weight NUMBER ]\n"
		"              [ onlink ]\n"
		"TYPE := { unicast | local | broadcast | multicast | throw |\n"
		"          unreachable | prohibit | blackhole }\n"
		"TABLE_ID := [ local | main | default | all | NUMBER ]\n"
		"SCOPE := [ host | link | global | NUMBER ]\n"
		"RTPROTO := [ kernel | boot | static | dhcp | NUMBER ]\n");
	return 255;
}

int ip_route_main(struct ctl *c, struct ctl_words *w)
{
	const char *word = ctl_word(w);

	if (!word)
		return route_show(c, w);
	ctl_next(w);
	if (ctl_abbrev(word, "list") || ctl_abbrev(word, "show") || ctl_abbrev(word, "lst"))
		return route_show(c, w);
	if (ctl_abbrev(word, "get"))
		return route_get(c, w);
	if (ctl_abbrev(word, "add"))
		return route_change(c, w, FIB_ADD);
	if (ctl_abbrev(word, "change") || !strcmp(word, "chg"))
		return route_change(c, w, FIB_CHANGE);
	if (ctl_abbrev(word, "replace"))
		return route_change(c, w, FIB_REPLACE);
	if (ctl_abbrev(word, "append"))
		return route_change(c, w, FIB_APPEND);
	if (ctl_abbrev(word, "prepend"))
		return route_change(c, w, FIB_PREPEND);
	if (ctl_abbrev(word, "delete"))
		return route_change(c, w, ROUTE_DEL);
	if (ctl_abbrev(word, "flush"))
		return route_flush(c, w);
	if (ctl_abbrev(word, "help"))
		return route_usage(c);
	ctl_complain(c, "Command \"%s\" is unknown, try \"ip route help\".\n", word);
	return 255;
}
