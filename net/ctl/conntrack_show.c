/* SPDX-License-Identifier: MIT */
/* A connection as conntrack(8) 1.4.7 prints it. */
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/ctl/conntrack_tool.h"
#include "net/sockopt.h"

#define LINE_SIZE 512

struct line {
	char text[LINE_SIZE];
	size_t len;
};

#define put(l, ...) ((l)->len += scnprintf((l)->text + (l)->len, LINE_SIZE - (l)->len, __VA_ARGS__))

const char *conntrack_proto_name(u8 protonum)
{
	switch (protonum) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_UDPLITE:
		return "udplite";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_DCCP:
		return "dccp";
	case IPPROTO_GRE:
		return "gre";
	}
	return NULL;
}

static void put_tuple(struct line *l, const struct nf_conn *ct, u32 dir)
{
	const struct nf_conntrack_tuple *t = &ct->tuple[dir];

	put(l, "src=%pI4 dst=%pI4 ", &t->src, &t->dst);
	switch (ct->protonum) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		put(l, "sport=%u dport=%u ", be16_to_cpu(t->sport), be16_to_cpu(t->dport));
		break;
	case IPPROTO_ICMP:
		put(l, "type=%u code=%u id=%u ", t->icmp.type, t->icmp.code,
		    be16_to_cpu(t->icmp_id));
		break;
	case IPPROTO_GRE:
		put(l, "srckey=0x0 dstkey=0x0 ");
	}
}

static void put_acct(struct line *l, const struct ct_row *row, u32 dir)
{
	if (row->acct)
		put(l, "packets=%llu bytes=%llu ", (unsigned long long)row->ct.acct[dir].packets,
		    (unsigned long long)row->ct.acct[dir].bytes);
}

static void put_date(struct line *l, const char *what, u64 wall)
{
	static const char days[] = "ThuFriSatSunMonTueWed";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	u64 s = wall / NSEC_PER_SEC;
	u32 day = s / 86400, left = s % 86400;
	/* civil from days: years begin in March */
	u32 z = day + 719468, era = z / 146097, doe = z % 146097;
	u32 yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	u32 doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	u32 month = mp < 10 ? mp + 2 : mp - 10;

	put(l, "[%s=%.3s %.3s %2u %02u:%02u:%02u %u] ", what, days + day % 7 * 3,
	    months + month * 3, doy - (153 * mp + 2) / 5 + 1, left / 3600, left / 60 % 60,
	    left % 60, yoe + era * 400 + (month < 2));
}

/* What an event does not tell of is not shown. */
static bool state_is_told(const struct ct_row *row)
{
	return row->ct.protonum == IPPROTO_TCP &&
	       (!row->events || row->events & (IPCT_PROTOINFO | IPCT_DESTROY));
}

static void put_dates(struct line *l, const struct ct_row *row, u32 how)
{
	if (!row->began)
		return;
	put(l, "delta-time=%llu ", (unsigned long long)row->age);
	if (!(how & CT_SHOW_KTIMESTAMP))
		return;
	put_date(l, "start", row->began);
	if (row->events)
		put_date(l, "stop", row->began + row->age * NSEC_PER_SEC);
}

/* Its end needs no time. */
static bool has_expired(const struct ct_row *row)
{
	return row->events & IPCT_DESTROY && !row->expires;
}

static void put_plain(struct line *l, const struct ct_row *row, u32 how)
{
	const struct nf_conn *ct = &row->ct;
	const char *name = conntrack_proto_name(ct->protonum);

	if (how & CT_SHOW_EXTENDED)
		put(l, "ipv4     2 ");
	put(l, "%-8s %u ", name ? name : "unknown", ct->protonum);
	if (!has_expired(row))
		put(l, "%u ", row->expires);
	if (state_is_told(row))
		put(l, "%s ", nf_ct_tcp_state_name(ct->proto.tcp.state));
	put_tuple(l, ct, IP_CT_DIR_ORIGINAL);
	put_acct(l, row, IP_CT_DIR_ORIGINAL);
	if (!(ct->status & IPS_SEEN_REPLY))
		put(l, "[UNREPLIED] ");
	put_tuple(l, ct, IP_CT_DIR_REPLY);
	put_acct(l, row, IP_CT_DIR_REPLY);
	if (ct->status & IPS_ASSURED)
		put(l, "[ASSURED] ");
	if (!row->events || row->events & IPCT_MARK || ct->mark)
		put(l, "mark=%u ", ct->mark);
	if (!row->events || row->events & IPCT_DESTROY)
		put_dates(l, row, how);
	if (!row->events)
		put(l, "use=%u ", row->use);
	if (how & CT_SHOW_ID)
		put(l, "id=%u ", row->id);
}

static void put_status(struct line *l, u16 status)
{
	size_t begin = l->len;

	if (status & IPS_SEEN_REPLY)
		put(l, "SEEN_REPLY,");
	if (status & IPS_ASSURED)
		put(l, "ASSURED,");
	if (status & IPS_FIXED_TIMEOUT)
		put(l, "FIXED_TIMEOUT,");
	if (l->len == begin)
		put(l, "UNSET,");
	l->len--;
}

/* As a command that would make it again. */
static void put_save(struct line *l, const struct ct_row *row, u32 how)
{
	const struct nf_conn *ct = &row->ct;
	const struct nf_conntrack_tuple *o = &ct->tuple[0], *r = &ct->tuple[1];
	const char *name = conntrack_proto_name(ct->protonum);

	put(l, "-%c ",
	    row->events & IPCT_DESTROY || how & CT_SHOW_DELETED ? 'D'
	    : row->events && !(row->events & IPCT_NEW)          ? 'U'
								: 'A');
	if (!has_expired(row))
		put(l, "-t %u ", row->expires);
	put(l, "-u ");
	put_status(l, ct->status);
	put(l, " -s %pI4 -d %pI4", &o->src, &o->dst);
	put(l, " %s %pI4", r->src == o->dst ? "-r" : "-g", &r->src);
	put(l, " %s %pI4", r->dst == o->src ? "-q" : "-n", &r->dst);
	if (name)
		put(l, " -p %s ", name);
	else
		put(l, " -p %u ", ct->protonum);
	if (ct->protonum == IPPROTO_ICMP)
		put(l, "--icmp-type %u --icmp-code %u --icmp-id %u ", o->icmp.type, o->icmp.code,
		    be16_to_cpu(o->icmp_id));
	if (ct->protonum == IPPROTO_TCP || ct->protonum == IPPROTO_UDP)
		put(l, "--sport %u --dport %u --reply-port-src %u --reply-port-dst %u ",
		    be16_to_cpu(o->sport), be16_to_cpu(o->dport), be16_to_cpu(r->sport),
		    be16_to_cpu(r->dport));
	if (state_is_told(row))
		put(l, "--state %s ", nf_ct_tcp_state_name(ct->proto.tcp.state));
}

static void put_event(struct line *l, u32 events)
{
	put(l, "%9s ",
	    events & IPCT_DESTROY ? "[DESTROY]"
	    : events & IPCT_NEW   ? "[NEW]"
				  : "[UPDATE]");
}

void conntrack_show_row(struct ctl *c, const struct ct_row *row, u32 how)
{
	struct line l = {.len = 0};

	if (row->events && !(how & CT_SHOW_SAVE))
		put_event(&l, row->events);
	if (how & CT_SHOW_SAVE)
		put_save(&l, row, how);
	else
		put_plain(&l, row, how);
	if (row->events & IPCT_USER)
		put(&l, "[USERSPACE] portid=1 progname=conntrack ");
	l.text[l.len - 1] = '\n';
	c->out->write(c->out, l.text, l.len);
}
