/* SPDX-License-Identifier: MIT */
/* ip route: list, flush, and how a route is printed. */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/ctl/route_tool.h"

/* ---- printing */

static void copy_name(char name[IFNAMSIZ], const struct net_device *dev)
{
	name[0] = '\0';
	if (dev)
		memcpy(name, dev->name, IFNAMSIZ);
}

struct route_row *route_copy(struct ctl_rows *rows, const struct fib_route *route)
{
	struct route_row *row =
		ctl_rows_add(rows, sizeof(*row) + route->nr_hops * sizeof(row->hops[0]));

	if (!row)
		return NULL;
	row->route = *route;
	copy_name(row->dev, route->dev);
	for (u32 i = 0; i < route->nr_hops; i++) {
		row->hops[i].hop = route->hops[i];
		copy_name(row->hops[i].dev, route->hops[i].dev);
	}
	return row;
}

static void print_dst(struct ctl *c, const struct fib_route *r, bool hide_tos)
{
	char number[12];

	if (r->type && r->type != RTN_UNICAST)
		ctl_say(c, "%s ", route_type_name(r->type, number));
	if (!r->dst_len)
		ctl_say(c, "default ");
	else if (r->dst_len == 32)
		ctl_say(c, "%pI4 ", &r->dst);
	else
		ctl_say(c, "%pI4/%u ", &r->dst, r->dst_len);
	if (r->tos && !hide_tos)
		ctl_say(c, "tos 0x%02x ", r->tos);
}

static void print_flags(struct ctl *c, u32 flags)
{
	if (flags & RTNH_F_DEAD)
		ctl_say(c, "dead ");
	if (flags & RTNH_F_ONLINK)
		ctl_say(c, "onlink ");
	if (flags & RTNH_F_LINKDOWN)
		ctl_say(c, "linkdown ");
}

static void print_hop(struct ctl *c, const struct route_hop_row *row)
{
	const struct fib_hop *h = &row->hop;

	ctl_say(c, "%s\tnexthop ", ip_newline(c));
	if (h->gw)
		ctl_say(c, "via %pI4 ", &h->gw);
	ctl_say(c, "dev %s weight %u ", row->dev, h->weight);
	print_flags(c, h->flags);
}

void route_print(struct ctl *c, const struct route_row *row, const struct route_print_opts *opts)
{
	const struct fib_route *r = &row->route;
	char number[12];

	print_dst(c, r, opts->hide_tos);
	if (r->gw && !opts->hide_via)
		ctl_say(c, "via %pI4 ", &r->gw);
	if (row->dev[0] && !opts->hide_dev)
		ctl_say(c, "dev %s ", row->dev);
	if (r->table != RT_TABLE_MAIN && !opts->hide_table)
		ctl_say(c, "table %s ", route_table_name(r->table, number));
	if (r->protocol != RTPROT_BOOT && !opts->hide_protocol)
		ctl_say(c, "proto %s ", route_protocol_name(r->protocol, number));
	if (r->scope != RT_SCOPE_UNIVERSE && !opts->hide_scope)
		ctl_say(c, "scope %s ", ctl_scope_name(r->scope, number));
	if (r->prefsrc && !opts->hide_src)
		ctl_say(c, "src %pI4 ", &r->prefsrc);
	if (r->metric && !opts->hide_metric)
		ctl_say(c, "metric %u ", r->metric);
	print_flags(c, r->flags);
	if (r->mtu)
		ctl_say(c, "mtu %s%u ", r->mtu_locked ? "lock " : "", r->mtu);
	if (r->hoplimit)
		ctl_say(c, "hoplimit %u ", r->hoplimit);
	for (u32 i = 0; i < r->nr_hops; i++)
		print_hop(c, &row->hops[i]);
	ctl_say(c, "\n");
}

/* ---- selecting */

enum prefix_kind { PREFIX_ANY, PREFIX_EXACT, PREFIX_ROOT, PREFIX_MATCH };

struct route_filter {
	u32 table; /* RT_TABLE_UNSPEC: all */
	enum prefix_kind kind;
	struct ctl_prefix prefix;
	const char *dev;
	bool has_protocol, has_scope, has_via, has_src, has_metric, has_tos;
	u8 protocol, scope, type, tos; /* type 0: all */
	struct ctl_prefix via, src;
	u32 metric;
};

static bool prefix_fits(const struct route_filter *f, const struct fib_route *r)
{
	switch (f->kind) {
	case PREFIX_EXACT:
		return r->dst_len == f->prefix.len && r->dst == f->prefix.addr;
	case PREFIX_ROOT: /* routes inside the prefix */
		return r->dst_len >= f->prefix.len &&
		       !((r->dst ^ f->prefix.addr) & ctl_mask(f->prefix.len));
	case PREFIX_MATCH: /* routes that cover it */
		return r->dst_len <= f->prefix.len &&
		       !((r->dst ^ f->prefix.addr) & ctl_mask(r->dst_len));
	default:
		return true;
	}
}

static bool addr_fits(be32 addr, const struct ctl_prefix *prefix)
{
	return !((addr ^ prefix->addr) & ctl_mask(prefix->len));
}

static bool route_fits(const struct route_filter *f, const struct fib_route *r)
{
	if (!prefix_fits(f, r))
		return false;
	if (f->dev && (!r->dev || strcmp(f->dev, r->dev->name) != 0))
		return false;
	if (f->type && f->type != (r->type ? r->type : (u8)RTN_UNICAST))
		return false;
	return (!f->has_protocol || f->protocol == r->protocol) &&
	       (!f->has_scope || f->scope == r->scope) &&
	       (!f->has_via || addr_fits(r->gw, &f->via)) &&
	       (!f->has_src || addr_fits(r->prefsrc, &f->src)) &&
	       (!f->has_metric || f->metric == r->metric) && (!f->has_tos || f->tos == r->tos);
}

static int parse_table(struct ctl *c, const char *value, struct route_filter *f)
{
	return route_parse_table(value, &f->table)
		       ? 0
		       : ctl_invarg(c, value, "table id value is invalid\n");
}

static int parse_protocol(struct ctl *c, const char *value, struct route_filter *f)
{
	f->has_protocol = strcmp(value, "all") != 0;
	if (f->has_protocol && !route_parse_protocol(value, &f->protocol))
		return ctl_invarg(c, value, "invalid \"protocol\"\n");
	return 0;
}

static int parse_scope(struct ctl *c, const char *value, struct route_filter *f)
{
	f->has_scope = strcmp(value, "all") != 0;
	if (f->has_scope && !ctl_parse_scope(value, &f->scope))
		return ctl_invarg(c, value, "invalid \"scope\"\n");
	return 0;
}

static int parse_type(struct ctl *c, const char *value, struct route_filter *f)
{
	return route_parse_type(value, &f->type)
		       ? 0
		       : ctl_invarg(c, value, "node type value is invalid\n");
}

static int parse_dev(struct ctl *c, const char *value, struct route_filter *f)
{
	(void)c;
	f->dev = value;
	return 0;
}

static int parse_address(struct ctl *c, const char *value, struct ctl_prefix *prefix, bool *has)
{
	*has = true;
	return ctl_parse_prefix(value, prefix) ? 0 : ctl_expected(c, "any valid prefix", value);
}

static int parse_via(struct ctl *c, const char *value, struct route_filter *f)
{
	return parse_address(c, value, &f->via, &f->has_via);
}

static int parse_src(struct ctl *c, const char *value, struct route_filter *f)
{
	return parse_address(c, value, &f->src, &f->has_src);
}

static int parse_metric(struct ctl *c, const char *value, struct route_filter *f)
{
	f->has_metric = true;
	return ctl_parse_u32(value, &f->metric)
		       ? 0
		       : ctl_invarg(c, value, "\"metric\" value is invalid\n");
}

static int parse_tos(struct ctl *c, const char *value, struct route_filter *f)
{
	f->has_tos = true;
	return route_parse_tos(value, &f->tos) ? 0 : ctl_invarg(c, value, "TOS value is invalid\n");
}

/* Keywords with one value, in iproute2's order. */
static const struct {
	const char *key;
	bool abbrev;
	int (*parse)(struct ctl *c, const char *value, struct route_filter *f);
} route_selectors[] = {
	{"table", true, parse_table},        {"tos", false, parse_tos},
	{"dsfield", true, parse_tos},        {"protocol", true, parse_protocol},
	{"scope", false, parse_scope},       {"type", true, parse_type},
	{"dev", false, parse_dev},           {"oif", false, parse_dev},
	{"via", false, parse_via},           {"src", false, parse_src},
	{"metric", true, parse_metric},      {"priority", true, parse_metric},
	{"preference", false, parse_metric},
};

/* [to] [root|match|exact] PREFIX */
static int parse_prefix(struct ctl *c, struct ctl_words *w, struct route_filter *f)
{
	const char *value;

	ctl_take(w, "to");
	f->kind = PREFIX_EXACT;
	if (ctl_take_abbrev(w, "root"))
		f->kind = PREFIX_ROOT;
	else if (ctl_take_abbrev(w, "match"))
		f->kind = PREFIX_MATCH;
	else
		ctl_take(w, "exact");
	value = ctl_value(c, w);
	if (!value)
		return c->status;
	return ctl_parse_prefix(value, &f->prefix) ? 0 : ctl_expected(c, "any valid prefix", value);
}

static int parse_selector(struct ctl *c, struct ctl_words *w, struct route_filter *f)
{
	f->table = RT_TABLE_MAIN;
	while (ctl_word(w)) {
		const char *value;
		size_t i;
		int status;

		for (i = 0; i < ARRAY_SIZE(route_selectors); i++) {
			if (route_selectors[i].abbrev ? ctl_take_abbrev(w, route_selectors[i].key)
						      : ctl_take(w, route_selectors[i].key))
				break;
		}
		if (i == ARRAY_SIZE(route_selectors)) {
			status = parse_prefix(c, w, f);
		} else {
			value = ctl_value(c, w);
			status = value ? route_selectors[i].parse(c, value, f) : c->status;
		}
		if (status)
			return status;
	}
	return 0;
}

/* ---- list */

struct collect {
	const struct route_filter *filter;
	bool any; /* route in the table, whether it fits or not */
	struct ctl_rows rows;
};

static void collect_route(void *arg, const struct fib_route *route)
{
	struct collect *collect = arg;

	collect->any = true;
	if (route_fits(collect->filter, route))
		route_copy(&collect->rows, route);
}

/* The routes that fit. *known_dev is false if the filter names a device that is not there. */
static void collect_routes(struct ctl *c, struct collect *collect, bool *known_dev)
{
	const struct route_filter *f = collect->filter;

	ctl_enter(c);
	*known_dev = !f->dev || dev_get_by_name(c->net, f->dev);
	if (*known_dev)
		fib_for_each(c->net, f->table, collect_route, collect);
	ctl_leave(c);
}

int route_show(struct ctl *c, struct ctl_words *w)
{
	struct route_filter f = {.table = 0};
	struct collect collect = {.filter = &f};
	struct route_print_opts opts;
	const struct route_row *row;
	bool known_dev;
	int status;

	if (ctl_take(w, "cache"))
		return ctl_word(w) ? ctl_garbage(c, "cache", ctl_word(w)) : route_show_cache(c);
	status = parse_selector(c, w, &f);
	if (status)
		return status;
	collect_routes(c, &collect, &known_dev);
	if (!known_dev)
		return ctl_nodev(c, f.dev);
	/* A table is there while it has routes; main and local always are. */
	if (!collect.any && f.table != RT_TABLE_UNSPEC && f.table != RT_TABLE_MAIN &&
	    f.table != RT_TABLE_LOCAL) {
		ctl_complain(c, "Error: ipv4: FIB table does not exist.\nDump terminated\n");
		return 2;
	}
	opts = (struct route_print_opts){
		.hide_table = f.table != RT_TABLE_UNSPEC,
		.hide_dev = f.dev,
		.hide_via = f.has_via && f.via.len == 32,
		.hide_protocol = f.has_protocol,
		.hide_scope = f.has_scope,
		.hide_src = f.has_src && f.src.len == 32,
		.hide_metric = f.has_metric,
		.hide_tos = f.has_tos,
	};
	ctl_rows_for_each(row, &collect.rows) route_print(c, row, &opts);
	return ctl_rows_free(c, &collect.rows);
}

/* ---- flush */

static void print_flushed(struct ctl *c, u32 removed)
{
	if (!c->stats)
		return;
	if (!removed) {
		ctl_say(c, "Nothing to flush.\n");
		return;
	}
	ctl_say(c, "\n*** Round 1, deleting %u entries ***\n", removed);
	ctl_say(c, "*** Flush is complete after 1 round ***\n");
}

/* A few per visit, so that packets go on meanwhile. */
#define FLUSH_BURST 64

static u32 remove_rows(struct ctl *c, const struct ctl_rows *rows)
{
	struct route_row *row;
	u32 n = 0, removed = 0;

	ctl_enter(c);
	ctl_rows_for_each(row, rows)
	{
		if (++n % FLUSH_BURST == 0) {
			ctl_leave(c);
			ctl_enter(c);
		}
		/* The device may have gone meanwhile. */
		row->route.dev = row->dev[0] ? dev_get_by_name(c->net, row->dev) : NULL;
		row->route.nr_hops = 0; /* what else is told is enough */
		removed += !fib_del(c->net, &row->route);
	}
	ctl_leave(c);
	return removed;
}

int route_flush(struct ctl *c, struct ctl_words *w)
{
	struct route_filter f = {.table = 0};
	struct collect collect = {.filter = &f};
	bool known_dev;
	u32 removed;
	int status;

	if (!ctl_word(w)) {
		ctl_complain(c, "\"ip route flush\" requires arguments.\n");
		return 1;
	}
	if (ctl_take(w, "cache")) {
		ctl_enter(c);
		rt_flush_exceptions(c->net);
		ctl_leave(c);
		return 0;
	}
	status = parse_selector(c, w, &f);
	if (status)
		return status;
	collect_routes(c, &collect, &known_dev);
	if (!known_dev)
		return ctl_nodev(c, f.dev);
	/* All or nothing: without memory to list what is meant, none of it goes. */
	removed = collect.rows.cut ? 0 : remove_rows(c, &collect.rows);
	status = ctl_rows_free(c, &collect.rows);
	if (!status)
		print_flushed(c, removed);
	return status;
}
