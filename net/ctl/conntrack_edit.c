/* SPDX-License-Identifier: MIT */
/* conntrack -I, -A and -U: connections made and changed by hand. Source: conntrack(8) of conntrack-tools 1.4.7, its behaviour. */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/ctl/conntrack_tool.h"
#include "net/nf_nat.h"
#include "net/sockopt.h"

static const char *reason(int err)
{
	switch (err) {
	case -EEXIST:
		return "Such conntrack exists, try -U to update";
	case -EINVAL:
		return "invalid parameters";
	case -ENOMEM:
		return "not enough memory";
	case -EPERM:
		return "sorry, you must be root or get CAP_NET_ADMIN capability to do this";
	}
	return ctl_strerror(err);
}

static struct nf_ct_wish wish_of(const struct ct_query *q)
{
	return (struct nf_ct_wish){.given = (q->given & Q_TIMEOUT ? NF_CT_TIMEOUT : 0) |
					    (q->given & Q_STATUS ? NF_CT_STATUS : 0) |
					    (q->given & Q_MARK ? NF_CT_MARK : 0) |
					    (q->given & Q_STATE ? NF_CT_STATE : 0),
				   .timeout = q->timeout,
				   .status = q->status,
				   .state = q->state,
				   .mark = q->mark};
}

/* ---- making one */

/* The tuple of a direction, of its options alone. */
static struct nf_conntrack_tuple tuple_of(const struct ct_query *q, u32 dir)
{
	struct nf_conntrack_tuple t = {.src = q->addr[2 * dir],
				       .dst = q->addr[2 * dir + 1],
				       .sport = cpu_to_be16(q->port[2 * dir]),
				       .dport = cpu_to_be16(q->port[2 * dir + 1])};

	if (q->proto == IPPROTO_ICMP) {
		t.icmp_id = cpu_to_be16(q->icmp[2]);
		t.icmp.type = q->icmp[0];
		t.icmp.code = q->icmp[1];
	}
	return t;
}

static bool make_range(const struct ct_query *q, u32 which, struct nf_nat_range *range)
{
	be16 port = cpu_to_be16(q->nat[which].port);

	if (!q->nat[which].addr)
		return false;
	*range = (struct nf_nat_range){.flags = NF_NAT_RANGE_MAP_IPS |
						(port ? NF_NAT_RANGE_PROTO_SPECIFIED : 0),
				       .min_addr = q->nat[which].addr,
				       .max_addr = q->nat[which].addr,
				       .min_proto = port,
				       .max_proto = port};
	return true;
}

static int create(struct ctl *c, const struct ct_query *q)
{
	struct nf_conntrack_tuple orig = tuple_of(q, 0), reply = tuple_of(q, 1), inverse;
	bool has_orig = q->given & Q_ORIG, has_reply = q->given & Q_REPLY;
	struct nf_ct_wish wish = wish_of(q);
	struct nf_nat_range range[2];
	const struct nf_nat_range *nat[2];
	int err = -EINVAL;

	for (u32 i = 0; i < 2; i++)
		nat[i] = make_range(q, i, &range[i]) ? &range[i] : NULL;
	if (!has_orig && !nf_ct_invert_tuple(&orig, &reply, q->proto))
		return err;
	if (!nf_ct_invert_tuple(&inverse, &orig, q->proto))
		return err;
	if (has_reply && q->proto == IPPROTO_ICMP) {
		reply.icmp = inverse.icmp;
		reply.icmp_id = inverse.icmp_id;
	}
	if (has_orig && has_reply &&
	    ((q->given & Q_REPLY) != Q_REPLY ||
	     (orig.sport && q->proto != IPPROTO_ICMP && (!reply.sport || !reply.dport))))
		return err; /* half of an answer */
	ctl_enter(c);
	err = nf_ct_create(c->net, &orig, has_reply ? &reply : NULL, q->proto, &wish, nat);
	ctl_leave(c);
	return err;
}

int conntrack_create(struct ctl *c, const struct ct_query *q)
{
	bool add = q->command == 'A';
	int err = q->none ? -EINVAL : create(c, q);

	if (err && !(add && err == -EEXIST)) {
		ctl_complain(c, CT_TOOL "Operation failed: %s\n", reason(err));
		return 1;
	}
	ctl_complain(c, CT_TOOL "%d flow entries have been %s.\n", !err, add ? "added" : "created");
	return 0;
}

/* ---- changing those that fit */

struct update {
	struct ctl_rows rows, errors; /* struct ct_row, int */
	u32 count;
};

/* What is changed of ct; nothing: it is as it should be. */
static struct nf_ct_wish change_of(const struct ct_query *q, const struct nf_conn *ct)
{
	struct nf_ct_wish wish = wish_of(q);
	u32 given = wish.given;

	wish.mark = (ct->mark & ~q->mark_mask) ^ q->mark;
	if (wish.mark == ct->mark)
		given &= ~(u32)NF_CT_MARK;
	if ((ct->status & wish.status) == wish.status)
		given &= ~(u32)NF_CT_STATUS;
	if (nf_ct_expires(ct) == wish.timeout)
		given &= ~(u32)NF_CT_TIMEOUT;
	if (ct->protonum != IPPROTO_TCP || ct->proto.tcp.state == wish.state)
		given &= ~(u32)NF_CT_STATE;
	wish.given = given;
	return wish;
}

static void update_one(struct ctl *c, const struct ct_query *q, struct nf_conn *ct,
		       struct update *u)
{
	struct nf_ct_wish wish = change_of(q, ct);
	struct ct_row *row;
	int err, *said;

	if (!wish.given)
		return;
	/* an address to translate to cannot be had later */
	err = q->nat[0].addr || q->nat[1].addr ? -EOPNOTSUPP : nf_ct_change(c->net, ct, &wish);
	said = err ? ctl_rows_add(&u->errors, 8) : NULL;
	if (said)
		*said = err;
	if (!nf_ct_is_live(ct))
		return;
	u->count++;
	row = ctl_rows_add(&u->rows, sizeof(*row));
	if (!row)
		return;
	conntrack_row(c->net, row, ct);
	row->use = 2;
	row->acct = conntrack_counts(c->net);
}

/* Which to change, without what to change. */
static struct ct_query selection(const struct ct_query *q)
{
	struct ct_query s = *q;

	s.given &= ~(u32)(Q_MARK | Q_STATUS | Q_TIMEOUT | Q_STATE);
	s.status = 0;
	return s;
}

int conntrack_update(struct ctl *c, const struct ct_query *q)
{
	struct ct_query which = selection(q);
	struct update u = {.count = 0};
	const struct ct_row *row;
	struct nf_conn *ct;
	const int *err;
	u32 cursor = 0;

	ctl_enter(c);
	while ((ct = nf_ct_next(c->net, &cursor))) {
		if (nf_ct_is_live(ct) && conntrack_fits(&which, ct))
			update_one(c, q, ct, &u);
	}
	ctl_leave(c);
	ctl_rows_for_each(err, &u.errors) ctl_complain(c, "Operation failed: %s\n", reason(*err));
	ctl_rows_for_each(row, &u.rows) conntrack_show_row(c, row, q->how);
	ctl_complain(c, CT_TOOL "%u flow entries have been updated.\n", u.count);
	if (ctl_rows_free(c, &u.errors) | ctl_rows_free(c, &u.rows))
		return 1;
	return !u.count;
}
