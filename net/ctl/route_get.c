/* SPDX-License-Identifier: MIT */
/* ip route get: the way one destination would go. */
#include "lib/byteorder.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "net/ctl/route_tool.h"
#include "net/platform.h"

struct route_question {
	struct flowi4 fl;
	bool has_dst, has_from, fibmatch;
	const char *oif, *iif;
	u8 src_len;
	be32 asked;
	u8 dst_len; /* as written */
	const char *dst;
};

/* What the answer consists of, copied while softirqs were off. */
struct route_answer {
	struct ctl_rows rows; /* the route */
	u8 type, tos;
	bool redirect, member;
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
	q->src_len = prefix.len;
	return 0;
}

static int parse_mark(struct ctl *c, struct ctl_words *w, struct route_question *q)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
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

static int parse_proto(struct ctl *c, struct ctl_words *w, struct route_question *q)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	return route_parse_ipproto(value, &q->fl.proto)
		       ? 0
		       : ctl_invarg(c, value, "Invalid \"ipproto\" value\n");
}

static int parse_port(struct ctl *c, struct ctl_words *w, const char *complaint, be16 *port)
{
	const char *value = ctl_value(c, w);
	u64 v;

	if (!value)
		return c->status;
	if (!ctl_parse_u64(value, U16_MAX, &v))
		return ctl_invarg(c, value, complaint);
	*port = cpu_to_be16(v);
	return 0;
}

static int parse_name(struct ctl *c, struct ctl_words *w, const char **name)
{
	*name = ctl_value(c, w);
	return *name ? 0 : c->status;
}

static int parse_destination(struct ctl *c, struct ctl_words *w, struct route_question *q)
{
	struct ctl_prefix prefix;

	ctl_take(w, "to");
	q->dst = ctl_value(c, w);
	if (!q->dst)
		return c->status;
	if (!ctl_parse_prefix(q->dst, &prefix))
		return ctl_expected(c, q->has_dst ? "inet prefix" : "any valid prefix", q->dst);
	q->has_dst = true;
	q->asked = q->fl.daddr = prefix.addr;
	q->dst_len = prefix.len;
	return 0;
}

static int parse_question_word(struct ctl *c, struct ctl_words *w, struct route_question *q)
{
	if (ctl_take(w, "tos") || ctl_take_abbrev(w, "dsfield"))
		return parse_tos(c, w, q);
	if (ctl_take_abbrev(w, "from"))
		return parse_from(c, w, q);
	if (ctl_take_abbrev(w, "iif"))
		return parse_name(c, w, &q->iif);
	if (ctl_take_abbrev(w, "mark"))
		return parse_mark(c, w, q);
	if (ctl_take_abbrev(w, "oif") || ctl_take(w, "dev"))
		return parse_name(c, w, &q->oif);
	if (ctl_take_abbrev(w, "ipproto"))
		return parse_proto(c, w, q);
	if (ctl_take_abbrev(w, "sport"))
		return parse_port(c, w, "invalid sport\n", &q->fl.sport);
	if (ctl_take_abbrev(w, "dport"))
		return parse_port(c, w, "invalid dport\n", &q->fl.dport);
	if (ctl_take_abbrev(w, "fibmatch")) {
		q->fibmatch = true;
		return 0;
	}
	return parse_destination(c, w, q);
}

static void copy_answer(struct route_answer *to, const struct rt_answer *got,
			const struct flowi4 *fl)
{
	const struct rtable *rt = got->rt;

	if (got->found.type)
		route_copy(&to->rows, &got->found);
	to->type = rt->type;
	to->gateway = rt->gateway;
	to->src = fl->saddr;
	to->redirect = got->redirect;
	to->member = got->member;
	to->tos = got->found.tos;
	to->table = got->table;
	to->cache.mtu = rt->mtu;
	to->cache.mtu_locked = rt->mtu_locked;
	to->cache.redirected = rt->redirected;
	to->cache.hoplimit = rt->hoplimit;
	if (rt->expires)
		to->cache.expires = (rt->expires - plat_now()) / NSEC_PER_SEC;
	memcpy(to->dev, got->dev->name, sizeof(to->dev));
}

/* 0 or -E; -ENODEV: *missing is not there. */
static int ask(struct ctl *c, struct route_question *q, struct route_answer *a,
	       const char **missing)
{
	struct net_device *iif = NULL, *oif = NULL;
	struct rt_answer got;
	int err = -ENODEV;

	ctl_enter(c);
	if (q->iif && !(iif = dev_get_by_name(c->net, q->iif))) {
		*missing = q->iif;
	} else if (q->oif && !(oif = dev_get_by_name(c->net, q->oif))) {
		*missing = q->oif;
	} else {
		q->fl.oif = oif ? oif->ifindex : 0;
		err = ip_route_get(c->net, &q->fl, iif, &got);
	}
	if (!err)
		copy_answer(a, &got, &q->fl);
	ctl_leave(c);
	return err;
}

static const char *cache_flags(const struct route_answer *a)
{
	switch (a->type) {
	case RTN_LOCAL:
		return "<local> ";
	case RTN_BROADCAST:
		return "<local,brd> ";
	case RTN_MULTICAST:
		return a->member ? "<local,mc> " : "<mc> ";
	default:
		return a->redirect ? "<redirect> " : "";
	}
}

static void print_answer(struct ctl *c, const struct route_question *q,
			 const struct route_answer *a, be32 from)
{
	char number[12];

	if (a->type != RTN_UNICAST)
		ctl_say(c, "%s ", route_type_name(a->type, number));
	ctl_say(c, "%pI4 ", &q->asked);
	if (q->has_from)
		ctl_say(c, "from %pI4 ", &from);
	if (a->tos)
		ctl_say(c, "tos 0x%02x ", a->tos);
	if (a->gateway && a->gateway != q->fl.daddr)
		ctl_say(c, "via %pI4 ", &a->gateway);
	ctl_say(c, "dev %s ", a->dev);
	if (a->table && a->table != RT_TABLE_MAIN)
		ctl_say(c, "table %s ", route_table_name(a->table, number));
	if (!q->has_from)
		ctl_say(c, "src %pI4 ", &a->src);
	if (q->fl.mark)
		ctl_say(c, q->fl.mark < 16 ? "mark %u " : "mark 0x%x ", q->fl.mark);
	if (!q->iif)
		ctl_say(c, "uid 0 ");
	route_print_cache(c, cache_flags(a), &a->cache, q->iif);
}

/* What the kernel would not take. 0: it would. */
static int check_question(struct ctl *c, const struct route_question *q)
{
	if (!q->has_dst) {
		ctl_complain(c, "need at least a destination address\n");
		return 1;
	}
	if (q->dst_len != 32 && q->dst_len)
		ctl_complain(
			c, "Warning: /%u as prefix is invalid, only /32 (or none) is supported.\n",
			q->dst_len);
	if (q->src_len && q->src_len != 32)
		return ctl_kernel_error(c, "ipv4: Invalid values in header for route get request");
	if (q->fl.proto && q->fl.proto != 1 && q->fl.proto != 6 && q->fl.proto != 17)
		return ctl_kernel_error(c, "Unsupported ip proto");
	return 0;
}

int route_get(struct ctl *c, struct ctl_words *w)
{
	struct route_question q = {.has_dst = false};
	struct route_answer answer = {.type = 0};
	struct ctl_rows_pos pos = {NULL, 0};
	const char *missing = NULL;
	const struct route_row *row;
	be32 from;
	int err = 0;

	while (!err && ctl_word(w))
		err = parse_question_word(c, w, &q);
	if (!err)
		err = check_question(c, &q);
	if (err)
		return err;
	from = q.fl.saddr;
	err = ask(c, &q, &answer, &missing);
	if (missing)
		return ctl_nodev(c, missing);
	if (err)
		return ctl_rtnetlink(c, err);
	row = ctl_rows_next(&answer.rows, &pos);
	if (q.fibmatch && !row && !answer.rows.count)
		return ctl_rtnetlink(c, -EHOSTUNREACH);
	if (!q.fibmatch)
		print_answer(c, &q, &answer, from);
	else if (row)
		route_print(c, row, &(struct route_print_opts){.hide_table = !answer.table});
	return ctl_rows_free(c, &answer.rows);
}
