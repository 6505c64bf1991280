/* SPDX-License-Identifier: MIT */
/* conntrack: lists, looks for, deletes and counts connections. Source: conntrack(8) of conntrack-tools 1.4.7, its behaviour. */
#include "net/ctl/conntrack_tool.h"

#include "lib/string.h"
#include "net/core/net_namespace.h"
#include "net/platform.h"
#include "net/sockopt.h"
#include "net/sysctl.h"

/* ---- looking ---- */

static bool addresses_fit(const struct ct_query *q, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *o = &ct->tuple[0], *r = &ct->tuple[1];
	const be32 have[4] = {o->src, o->dst, r->src, r->dst};

	for (u32 i = 0; i < 4; i++) {
		if (q->given & Q_ORIG_SRC << i && (have[i] & q->mask[i]) != q->addr[i])
			return false;
	}
	return true;
}

static bool l4_fits(const struct ct_query *q, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *o = &ct->tuple[0], *r = &ct->tuple[1];
	const be16 ports[4] = {o->sport, o->dport, r->sport, r->dport};
	const u16 icmp[3] = {o->icmp.type, o->icmp.code, be16_to_cpu(o->icmp_id)};

	for (u32 i = 0; i < 4; i++) {
		if (q->given & Q_SPORT << i && be16_to_cpu(ports[i]) != q->port[i])
			return false;
	}
	for (u32 i = 0; i < 3; i++) {
		if (q->given & Q_ICMP_TYPE << i && icmp[i] != q->icmp[i])
			return false;
	}
	return !(q->given & Q_STATE) || ct->proto.tcp.state == q->state;
}

/* Whether a side is translated, and to what was asked for. */
static bool side_fits(const struct ct_query *q, const struct nf_conn *ct, u32 asked, bool src)
{
	const struct nf_conntrack_tuple *r = &ct->tuple[1];
	be32 addr = q->nat[asked].addr;
	u16 port = q->nat[asked].port;

	if (!(ct->status & (src ? IPS_SRC_NAT : IPS_DST_NAT)))
		return false;
	return (!addr || addr == (src ? r->dst : r->src)) &&
	       (!port || port == be16_to_cpu(src ? r->dport : r->sport));
}

static bool nat_fits(const struct ct_query *q, const struct nf_conn *ct)
{
	if (q->given & Q_SRC_NAT && !side_fits(q, ct, 0, true))
		return false;
	if (q->given & Q_DST_NAT && !side_fits(q, ct, 1, false))
		return false;
	return !(q->given & Q_ANY_NAT) || side_fits(q, ct, 2, true) || side_fits(q, ct, 2, false);
}

bool conntrack_fits(const struct ct_query *q, const struct nf_conn *ct)
{
	if (q->given & Q_PROTO && ct->protonum != q->proto)
		return false;
	if ((ct->status & q->status) != q->status ||
	    (q->unreplied && ct->status & ~q->status & IPS_SEEN_REPLY))
		return false;
	if (q->given & Q_MARK && (ct->mark & q->mark_mask) != q->mark)
		return false;
	if (q->command == 'D' && q->given & Q_TIMEOUT && nf_ct_expires(ct) != q->timeout)
		return false;
	return !q->none && addresses_fit(q, ct) && l4_fits(q, ct) && nat_fits(q, ct);
}

void conntrack_row(struct net *net, struct ct_row *row, const struct nf_conn *ct)
{
	u64 now = plat_now();

	*row = (struct ct_row){
		.ct = *ct, .expires = nf_ct_expires(ct), .id = nf_ct_get_id(net, ct), .use = 1};
	if (ct->start) {
		row->age = now / NSEC_PER_SEC - ct->start;
		row->began = plat_wall() - (now - ct->start * NSEC_PER_SEC);
	}
}

static void add_row(struct ctl *c, struct ctl_rows *rows, const struct nf_conn *ct, bool acct)
{
	struct ct_row *row = ctl_rows_add(rows, sizeof(*row));

	if (!row)
		return;
	conntrack_row(c->net, row, ct);
	row->acct = acct;
}

bool conntrack_counts(struct net *net)
{
	char value[4] = "0";

	(void)sysctl_read(net, "net.netfilter.nf_conntrack_acct", value, sizeof(value));
	return value[0] == '1';
}

/* Copies what fits out of the table, and takes it away if the command says so. */
static void collect(struct ctl *c, const struct ct_query *q, struct ctl_rows *rows)
{
	struct nf_conn *ct;
	u32 cursor = 0;
	bool acct;

	ctl_enter(c);
	acct = conntrack_counts(c->net);
	while ((ct = nf_ct_next(c->net, &cursor))) {
		if (!conntrack_fits(q, ct) || !nf_ct_is_live(ct))
			continue;
		add_row(c, rows, ct, acct);
		if (q->command == 'D')
			nf_ct_delete(c->net, ct, IPCT_USER);
		if (q->given & Q_ZERO)
			memset(ct->acct, 0, sizeof(ct->acct));
	}
	ctl_leave(c);
}

static int list(struct ctl *c, const struct ct_query *q)
{
	struct ctl_rows rows = {0};
	const struct ct_row *row;
	u32 count = 0;

	if (q->command == 'L' && q->given & Q_STATUS && !q->status && !q->unreplied) {
		ctl_complain(c, CT_TOOL "Operation failed: invalid parameters\n");
		return 1;
	}
	collect(c, q, &rows);
	ctl_rows_for_each(row, &rows)
	{
		conntrack_show_row(c, row, q->how | (q->command == 'D' ? CT_SHOW_DELETED : 0));
		count++;
	}
	ctl_complain(c, CT_TOOL "%u flow entries have been %s.\n", count,
		     q->command == 'D' ? "deleted" : "shown");
	if (ctl_rows_free(c, &rows))
		return 1;
	return q->command == 'D' && !count;
}

/* The kernel looks for both directions, the tool then compares with what it was told. */
static int get(struct ctl *c, const struct ct_query *q)
{
	struct nf_conntrack_tuple t = {.src = q->addr[0],
				       .dst = q->addr[1],
				       .sport = cpu_to_be16(q->port[0]),
				       .dport = cpu_to_be16(q->port[1])};
	struct ctl_rows rows = {0};
	enum ip_conntrack_dir dir;
	const struct nf_conn *ct;
	struct ct_row *row;
	u32 shown = 0;

	if ((q->given & Q_ORIG) != Q_ORIG) {
		ctl_complain(c, CT_TOOL "Operation failed: invalid parameters\n");
		return 1;
	}
	if (q->proto == IPPROTO_ICMP) {
		t.icmp_id = cpu_to_be16(q->icmp[2]);
		t.icmp.type = q->icmp[0];
		t.icmp.code = q->icmp[1];
	}
	ctl_enter(c);
	ct = nf_conntrack_find(c->net, &t, q->proto, &dir);
	if (ct && conntrack_fits(q, ct))
		add_row(c, &rows, ct, conntrack_counts(c->net));
	ctl_leave(c);
	ctl_rows_for_each(row, &rows)
	{
		row->use = 2;
		conntrack_show_row(c, row, q->how);
		shown++;
	}
	if (ct)
		ctl_complain(c, CT_TOOL "%u flow entries have been shown.\n", shown);
	else
		ctl_complain(c, CT_TOOL "Operation failed: such conntrack doesn't exist\n");
	return ctl_rows_free(c, &rows) || !shown;
}

static int flush(struct ctl *c, const struct ct_query *q)
{
	struct nf_conn *ct;
	u32 cursor = 0;

	ctl_enter(c);
	while (!q->none && (ct = nf_ct_next(c->net, &cursor)))
		nf_ct_delete(c->net, ct, IPCT_USER);
	ctl_leave(c);
	ctl_complain(c, CT_TOOL "connection tracking table has been emptied.\n");
	return 0;
}

static int stats(struct ctl *c)
{
	struct nf_ct_stat s;

	ctl_enter(c);
	s = *nf_ct_stats(c->net);
	ctl_leave(c);
	ctl_say(c, "cpu=0   \t");
#define SAY(name, text) ctl_say(c, text "=%u ", (u32)s.name);
	NF_CT_STATS(SAY)
#undef SAY
	ctl_say(c, "\n");
	return 0;
}

static int help(struct ctl *c)
{
	ctl_say(c,
		"Usage: conntrack -L|-G|-D|-I|-A|-U|-E|-F|-C|-S [conntrack] [options]\n"
		"  -s, -d, -r, -q ADDR[/LEN]   source, destination; of the replies\n"
		"  -p PROTO  --sport --dport --reply-port-src --reply-port-dst PORT\n"
		"            --state STATE  --icmp-type --icmp-code --icmp-id N\n"
		"  -u STATUS[,...]  -m MARK[/MASK]  -n, -g, -j [ADDR[:PORT]]  (source, "
		"destination, any NAT)\n"
		"  -o extended|id|save|timestamp|ktimestamp[,...]  -z (zero counters)  -f ipv4\n"
		"  -t SECONDS  -e ALL|NEW|UPDATES|DESTROY[,...]  -b BYTES (-E: what may wait)\n");
	return 0;
}

int conntrack_main(struct ctl *c, int argc, char *const argv[])
{
	struct ct_query q = {.command = 0};

	if (conntrack_words(c, &q, argc, argv))
		return c->status;
	switch (q.command) {
	case 'L':
	case 'D':
		return list(c, &q);
	case 'G':
		return get(c, &q);
	case 'I':
	case 'A':
		return conntrack_create(c, &q);
	case 'U':
		return conntrack_update(c, &q);
	case 'E':
		return conntrack_follow(c, &q);
	case 'F':
		return flush(c, &q);
	case 'C':
		ctl_say(c, "%u\n", nf_conntrack_count(c->net));
		return 0;
	case 'S':
		return stats(c);
	case 'V':
		ctl_say(c, "conntrack v1.4.7 (conntrack-tools)\n");
		return 0;
	}
	return help(c);
}
