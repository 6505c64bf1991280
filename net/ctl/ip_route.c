/* SPDX-License-Identifier: MIT */
/* ip route: add, append, change, replace, del, and the words of a route. */
#include "lib/byteorder.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "net/ctl/route_tool.h"

struct route_wish {
	const char *dev;
	bool has_dst, has_gw;
	struct fib_route route;
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
		return ctl_invarg(c, value, "\"scope\" value is invalid\n");
	r->has_scope = true;
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

static int parse_route_word(struct ctl *c, struct ctl_words *w, struct route_wish *wish)
{
	struct fib_route *r = &wish->route;

	if (ctl_take(w, "src"))
		return parse_addr_word(c, w, &r->prefsrc);
	if (ctl_take(w, "via")) {
		ctl_take(w, "inet");
		wish->has_gw = true;
		return parse_addr_word(c, w, &r->gw);
	}
	if (ctl_take(w, "tos") || ctl_take_abbrev(w, "dsfield"))
		return parse_tos_word(c, w, r);
	if (ctl_take_abbrev(w, "metric") || ctl_take_abbrev(w, "priority") ||
	    ctl_take(w, "preference"))
		return parse_number_word(c, w, "\"metric\" value is invalid\n", &r->metric);
	if (ctl_take(w, "scope"))
		return parse_scope_word(c, w, r);
	if (ctl_take(w, "mtu"))
		return parse_number_word(c, w, "\"mtu\" value is invalid\n", &r->mtu);
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
	while (ctl_word(w)) {
		int status = parse_route_word(c, w, wish);

		if (status)
			return status;
	}
	if (wish->route.dst & ~ctl_mask(wish->route.dst_len))
		return ctl_kernel_error(c, "Invalid prefix for given prefix length");
	return 0;
}

/* ---- effect */

/* What can be said about a refused route is said as Linux says it. Softirqs off when judged. */
static const char *refusal(struct net *net, const struct route_wish *wish, int err)
{
	const struct fib_route *r = &wish->route;

	if (err == -ENETDOWN && !wish->has_gw)
		return "Device for nexthop is not up";
	if (err == -ENETUNREACH && wish->has_gw)
		return "Nexthop has invalid gateway";
	if (err == -EINVAL && r->prefsrc && inet_addr_type(net, NULL, r->prefsrc) != RTN_LOCAL)
		return "Invalid prefsrc address";
	if (err == -EINVAL && wish->has_gw && inet_addr_type(net, NULL, r->gw) != RTN_UNICAST)
		return "Nexthop has invalid gateway";
	return NULL;
}

static int route_complain(struct ctl *c, int err, const char *text)
{
	return text ? ctl_kernel_error(c, text) : ctl_rtnetlink(c, err);
}

static int route_change(struct ctl *c, struct ctl_words *w, enum fib_add_mode mode)
{
	struct route_wish wish = {.dev = NULL};
	const char *text = NULL;
	int err;

	if (!ctl_word(w))
		return route_usage(c);
	err = parse_route(c, w, &wish);
	if (err)
		return err;
	if (!wish.route.protocol)
		wish.route.protocol = RTPROT_BOOT;
	ctl_enter(c);
	if (wish.dev)
		wish.route.dev = dev_get_by_name(c->net, wish.dev);
	if (!wish.dev || wish.route.dev) {
		err = fib_add(c->net, &wish.route, mode);
		text = err ? refusal(c->net, &wish, err) : NULL;
	}
	ctl_leave(c);
	if (wish.dev && !wish.route.dev)
		return ctl_nodev(c, wish.dev);
	return err ? route_complain(c, err, text) : 0;
}

static int route_del(struct ctl *c, struct ctl_words *w)
{
	struct route_wish wish = {.dev = NULL};
	int err;

	if (!ctl_word(w))
		return route_usage(c);
	err = parse_route(c, w, &wish);
	if (err)
		return err;
	ctl_enter(c);
	if (wish.dev)
		wish.route.dev = dev_get_by_name(c->net, wish.dev);
	if (!wish.dev || wish.route.dev)
		err = fib_del(c->net, &wish.route);
	ctl_leave(c);
	if (wish.dev && !wish.route.dev)
		return ctl_nodev(c, wish.dev);
	return err ? ctl_rtnetlink(c, err) : 0;
}

int route_usage(struct ctl *c)
{
	ctl_complain(c, "Usage: ip route { list | flush } SELECTOR\n"
			"       ip route get [ fibmatch ] ADDRESS [ from ADDRESS ]\n"
			"                            [ oif STRING ] [ tos TOS ] [ mark NUMBER ]\n"
			"       ip route { add | del | change | append | replace } ROUTE\n"
			"SELECTOR := [ root PREFIX ] [ match PREFIX ] [ exact PREFIX ]\n"
			"            [ table TABLE_ID ] [ proto RTPROTO ] [ type TYPE ]\n"
			"            [ scope SCOPE ] [ dev STRING ] [ via ADDRESS ]\n"
			"            [ src ADDRESS ] [ metric METRIC ]\n"
			"ROUTE := [ TYPE ] PREFIX [ tos TOS ] [ table TABLE_ID ]\n"
			"         [ proto RTPROTO ] [ scope SCOPE ] [ metric METRIC ]\n"
			"         [ via ADDRESS ] [ dev STRING ] [ onlink ]\n"
			"         [ src ADDRESS ] [ mtu NUMBER ]\n"
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
		return route_del(c, w);
	if (ctl_abbrev(word, "flush"))
		return route_flush(c, w);
	if (ctl_abbrev(word, "help"))
		return route_usage(c);
	ctl_complain(c, "Command \"%s\" is unknown, try \"ip route help\".\n", word);
	return 255;
}
