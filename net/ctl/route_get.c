/* SPDX-License-Identifier: MIT */
/* ip route get: the way one destination would go. */
#include "lib/byteorder.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "net/ctl/route_tool.h"
#include "net/platform.h"

struct route_question {
	struct flowi4 fl;
	bool has_dst, has_from, has_mark, fibmatch;
	const char *oif;
	u8 dst_len; /* as written */
	const char *dst;
};

/* What the answer consists of, copied while softirqs were off. */
struct route_answer {
	struct ctl_rows rows; /* the route */
	u8 type;
	u8 tos;
	u32 table;
	be32 gateway, src;
	struct rt_exception cache;
	char dev[IFNAMSIZ];
};

static int parse_from(struct ctl *c, struct ctl_words *w, struct route_question *q)
{
	struct ctl_prefix prefix;
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	if (!ctl_parse_prefix(value, &prefix))
		return ctl_expected(c, "any valid prefix", value);
	q->fl.saddr = prefix.addr;
	q->has_from = prefix.len;
	return 0;
}

static int parse_mark(struct ctl *c, struct ctl_words *w, struct route_question *q)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	q->has_mark = true;
	return ctl_parse_u32(value, &q->fl.mark) ? 0 : ctl_invarg(c, value, "invalid mark value");
}

static int parse_tos(struct ctl *c, struct ctl_words *w, struct route_question *q)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	return route_parse_tos(value, &q->fl.tos) ? 0
						  : ctl_invarg(c, value, "TOS value is invalid\n");
}

static int parse_question_word(struct ctl *c, struct ctl_words *w, struct route_question *q)
{
	struct ctl_prefix prefix;

	if (ctl_take(w, "tos") || ctl_take_abbrev(w, "dsfield"))
		return parse_tos(c, w, q);
	if (ctl_take_abbrev(w, "from"))
		return parse_from(c, w, q);
	if (ctl_take_abbrev(w, "mark"))
		return parse_mark(c, w, q);
	if (ctl_take_abbrev(w, "oif") || ctl_take(w, "dev")) {
		q->oif = ctl_value(c, w);
		return q->oif ? 0 : c->status;
	}
	if (ctl_take_abbrev(w, "fibmatch")) {
		q->fibmatch = true;
		return 0;
	}
	ctl_take(w, "to");
	q->dst = ctl_value(c, w);
	if (!q->dst)
		return c->status;
	if (!ctl_parse_prefix(q->dst, &prefix))
		return ctl_expected(c, q->has_dst ? "inet prefix" : "any valid prefix", q->dst);
	q->has_dst |= prefix.len != 0;
	q->fl.daddr = prefix.addr;
	q->dst_len = prefix.len;
	return 0;
}

/* 0 or -E; the answer is complete then. */
static int ask(struct ctl *c, struct route_question *q, struct route_answer *a)
{
	struct fib_route found = {.dst_len = 0};
	struct fib_hop hops[FIB_MAX_HOPS];
	struct net_device *oif = NULL;
	struct rtable *rt;
	int err = 0;

	ctl_enter(c);
	if (q->oif) {
		oif = dev_get_by_name(c->net, q->oif);
		q->fl.oif = oif ? oif->ifindex : 0;
	}
	if (q->oif && !oif)
		err = -ENODEV;
	else
		err = ip_route_get(c->net, &q->fl, &found, hops, &rt);
	if (!err) {
		route_copy(&a->rows, &found);
		a->type = rt->type;
		a->gateway = rt->gateway;
		a->src = q->fl.saddr;
		a->cache.mtu = rt->mtu;
		a->cache.mtu_locked = rt->mtu_locked;
		a->cache.redirected = rt->redirected;
		a->cache.hoplimit = rt->hoplimit;
		a->tos = found.tos;
		a->table = found.table;
		if (rt->expires)
			a->cache.expires = (rt->expires - plat_now()) / NSEC_PER_SEC;
		memcpy(a->dev, rt->dst.dev->name, sizeof(a->dev));
	}
	ctl_leave(c);
	return err;
}

static const char *cache_flags(u8 type)
{
	switch (type) {
	case RTN_LOCAL:
		return "<local> ";
	case RTN_BROADCAST:
		return "<local,brd> ";
	case RTN_MULTICAST:
		return "<local,mc> ";
	default:
		return "";
	}
}

static void print_answer(struct ctl *c, const struct route_question *q,
			 const struct route_answer *a, be32 from)
{
	char number[12];

	if (a->type != RTN_UNICAST)
		ctl_say(c, "%s ", route_type_name(a->type, number));
	ctl_say(c, "%pI4 ", &q->fl.daddr);
	if (q->has_from)
		ctl_say(c, "from %pI4 ", &from);
	if (a->tos)
		ctl_say(c, "tos 0x%02x ", a->tos);
	if (a->gateway && a->gateway != q->fl.daddr)
		ctl_say(c, "via %pI4 ", &a->gateway);
	ctl_say(c, "dev %s ", a->dev);
	if (!q->has_from)
		ctl_say(c, "src %pI4 ", &a->src);
	if (q->has_mark && q->fl.mark)
		ctl_say(c, "mark %u ", q->fl.mark);
	ctl_say(c, "uid 0 ");
	route_print_cache(c, cache_flags(a->type), &a->cache);
}

int route_get(struct ctl *c, struct ctl_words *w)
{
	struct route_question q = {.has_dst = false};
	static const struct route_print_opts show_all = {.hide_table = false};
	struct route_answer answer = {.type = 0};
	struct ctl_rows_pos pos = {NULL, 0};
	const struct route_row *row;
	be32 from;
	int err;

	while (ctl_word(w)) {
		err = parse_question_word(c, w, &q);
		if (err)
			return err;
	}
	if (!q.has_dst) {
		ctl_complain(c, "need at least a destination address\n");
		return 1;
	}
	if (q.dst_len != 32)
		ctl_complain(
			c, "Warning: /%u as prefix is invalid, only /32 (or none) is supported.\n",
			q.dst_len);
	from = q.fl.saddr;
	err = ask(c, &q, &answer);
	if (err == -ENODEV && q.oif)
		return ctl_nodev(c, q.oif);
	if (err)
		return ctl_rtnetlink(c, err);
	row = ctl_rows_next(&answer.rows, &pos);
	if (!q.fibmatch)
		print_answer(c, &q, &answer, from);
	else if (row)
		route_print(c, row, &show_all);
	return ctl_rows_free(c, &answer.rows);
}
