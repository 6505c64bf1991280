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

static void put_start(struct line *l, u64 wall)
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

	put(l, "[start=%.3s %.3s %2u %02u:%02u:%02u %u] ", days + day % 7 * 3, months + month * 3,
	    doy - (153 * mp + 2) / 5 + 1, left / 3600, left / 60 % 60, left % 60,
	    yoe + era * 400 + (month < 2));
}

static void put_plain(struct line *l, const struct ct_row *row, u32 how)
{
	const struct nf_conn *ct = &row->ct;
	const char *name = conntrack_proto_name(ct->protonum);

	if (how & CT_SHOW_EXTENDED)
		put(l, "ipv4     2 ");
	put(l, "%-8s %u %u ", name ? name : "unknown", ct->protonum, row->expires);
	if (ct->protonum == IPPROTO_TCP)
		put(l, "%s ", nf_ct_tcp_state_name(ct->proto.tcp.state));
	put_tuple(l, ct, IP_CT_DIR_ORIGINAL);
	put_acct(l, row, IP_CT_DIR_ORIGINAL);
	if (!(ct->status & IPS_SEEN_REPLY))
		put(l, "[UNREPLIED] ");
	put_tuple(l, ct, IP_CT_DIR_REPLY);
	put_acct(l, row, IP_CT_DIR_REPLY);
	if (ct->status & IPS_ASSURED)
		put(l, "[ASSURED] ");
	put(l, "mark=%u ", ct->mark);
	if (row->began)
		put(l, "delta-time=%llu ", (unsigned long long)row->age);
	if (row->began && how & CT_SHOW_KTIMESTAMP)
		put_start(l, row->began);
	put(l, "use=%u ", row->use);
	if (how & CT_SHOW_ID)
		put(l, "id=%u ", row->id);
}

/* As a command that would make it again. */
static void put_save(struct line *l, const struct ct_row *row)
{
	const struct nf_conn *ct = &row->ct;
	const struct nf_conntrack_tuple *o = &ct->tuple[0], *r = &ct->tuple[1];
	const char *name = conntrack_proto_name(ct->protonum);

	put(l, "-A -t %u -u %s", row->expires,
	    !(ct->status & IPS_SEEN_REPLY) ? "UNSET"
	    : ct->status & IPS_ASSURED     ? "SEEN_REPLY,ASSURED"
					   : "SEEN_REPLY");
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
	if (ct->protonum == IPPROTO_TCP)
		put(l, "--state %s ", nf_ct_tcp_state_name(ct->proto.tcp.state));
}

void conntrack_show_row(struct ctl *c, const struct ct_row *row, u32 how)
{
	struct line l = {.len = 0};

	if (how & CT_SHOW_SAVE)
		put_save(&l, row);
	else
		put_plain(&l, row, how);
	l.text[l.len - 1] = '\n';
	c->out->write(c->out, l.text, l.len);
}
