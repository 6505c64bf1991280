/* SPDX-License-Identifier: MIT */
/*
 * conntrack: lists, looks for, deletes and counts connections. Source: conntrack(8) of conntrack-tools 1.4.7, and its
 * behaviour. -I, -U, -E, zones, labels and expectations are refused by name.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/core/net_namespace.h"
#include "net/ctl/conntrack_tool.h"
#include "net/ctl/getopt_tool.h"
#include "net/platform.h"
#include "net/sockopt.h"
#include "net/sysctl.h"

#define HEAD "conntrack v1.4.7 (conntrack-tools): "

/* Options that narrow down; bits of ct_query.given. */
enum {
	Q_ORIG_SRC = BIT(0),
	Q_ORIG_DST = BIT(1),
	Q_REPLY_SRC = BIT(2),
	Q_REPLY_DST = BIT(3),
	Q_PROTO = BIT(4),
	Q_STATUS = BIT(5),
	Q_MARK = BIT(6),
	Q_SRC_NAT = BIT(7),
	Q_DST_NAT = BIT(8),
	Q_ANY_NAT = BIT(9),
	Q_SPORT = BIT(10),
	Q_DPORT = BIT(11),
	Q_REPLY_SPORT = BIT(12),
	Q_REPLY_DPORT = BIT(13),
	Q_STATE = BIT(14),
	Q_ICMP_TYPE = BIT(15),
	Q_ICMP_CODE = BIT(16),
	Q_ICMP_ID = BIT(17),
	Q_OUTPUT = BIT(18),
	Q_FAMILY = BIT(19),
	Q_ZERO = BIT(20),
	Q_L4 = Q_SPORT | Q_DPORT | Q_REPLY_SPORT | Q_REPLY_DPORT | Q_STATE | Q_ICMP_TYPE |
	       Q_ICMP_CODE | Q_ICMP_ID,
	Q_NOT_FILTERS = Q_OUTPUT | Q_FAMILY | Q_ZERO,
};

struct ct_query {
	char command;
	u32 given, how;
	be32 addr[4], mask[4]; /* by Q_ORIG_SRC.. */
	be32 nat_addr[3];      /* by Q_SRC_NAT..; 0: any */
	u8 proto, state;
	bool unreplied, none; /* none: a family that has no connections here */
	u16 status;
	u32 mark, mark_mask;
	u16 port[4]; /* by Q_SPORT.. */
	u16 icmp[3]; /* by Q_ICMP_TYPE.. */
};

enum { OPT_L4 = 256 };

static const struct ctl_opt conntrack_opts[] = {
	{'L', "dump", CTL_ARG_NONE, false},
	{'G', "get", CTL_ARG_NONE, false},
	{'D', "delete", CTL_ARG_NONE, false},
	{'F', "flush", CTL_ARG_NONE, false},
	{'C', "count", CTL_ARG_NONE, false},
	{'S', "stats", CTL_ARG_NONE, false},
	{'V', "version", CTL_ARG_NONE, false},
	{'h', "help", CTL_ARG_NONE, false},
	{'s', "orig-src", CTL_ARG_REQUIRED, false},
	{'s', "src", CTL_ARG_REQUIRED, true},
	{'d', "orig-dst", CTL_ARG_REQUIRED, false},
	{'d', "dst", CTL_ARG_REQUIRED, true},
	{'r', "reply-src", CTL_ARG_REQUIRED, false},
	{'q', "reply-dst", CTL_ARG_REQUIRED, false},
	{'p', "protonum", CTL_ARG_REQUIRED, false},
	{'p', "proto", CTL_ARG_REQUIRED, true},
	{'f', "family", CTL_ARG_REQUIRED, false},
	{'u', "status", CTL_ARG_REQUIRED, false},
	{'m', "mark", CTL_ARG_REQUIRED, false},
	{'n', "src-nat", CTL_ARG_OPTIONAL, false},
	{'g', "dst-nat", CTL_ARG_OPTIONAL, false},
	{'j', "any-nat", CTL_ARG_OPTIONAL, false},
	{'o', "output", CTL_ARG_REQUIRED, false},
	{'z', "zero", CTL_ARG_NONE, false},
	{OPT_L4 + 0, "sport", CTL_ARG_REQUIRED, true},
	{OPT_L4 + 0, "orig-port-src", CTL_ARG_REQUIRED, true},
	{OPT_L4 + 1, "dport", CTL_ARG_REQUIRED, true},
	{OPT_L4 + 1, "orig-port-dst", CTL_ARG_REQUIRED, true},
	{OPT_L4 + 2, "reply-port-src", CTL_ARG_REQUIRED, true},
	{OPT_L4 + 3, "reply-port-dst", CTL_ARG_REQUIRED, true},
	{OPT_L4 + 4, "state", CTL_ARG_REQUIRED, true},
	{OPT_L4 + 5, "icmp-type", CTL_ARG_REQUIRED, true},
	{OPT_L4 + 6, "icmp-code", CTL_ARG_REQUIRED, true},
	{OPT_L4 + 7, "icmp-id", CTL_ARG_REQUIRED, true},
	{0, NULL, CTL_ARG_NONE, false},
};

/* What each command takes, and what it complains of by which name. */
#define Q_LIST                                                                               \
	(Q_ORIG_SRC | Q_ORIG_DST | Q_REPLY_SRC | Q_REPLY_DST | Q_PROTO | Q_STATUS | Q_MARK | \
	 Q_SRC_NAT | Q_DST_NAT | Q_ANY_NAT | Q_L4 | Q_OUTPUT | Q_FAMILY)

static u32 takes(char command)
{
	switch (command) {
	case 'L':
		return Q_LIST | Q_ZERO;
	case 'D':
		return Q_LIST;
	case 'G':
		return Q_ORIG_SRC | Q_ORIG_DST | Q_REPLY_SRC | Q_REPLY_DST | Q_PROTO | Q_L4 |
		       Q_OUTPUT | Q_FAMILY;
	case 'F':
	case 'C':
		return Q_FAMILY;
	}
	return 0;
}

static int __printf(2, 3) refuse(struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	ctl_complain(c, HEAD);
	va_start(ap, fmt);
	ctl_vprintf(c->err, fmt, ap);
	va_end(ap);
	ctl_complain(c, "\nTry `conntrack -h' or 'conntrack --help' for more information.\n");
	c->status = 2;
	return -EINVAL;
}

/* ---- words ---- */

static int take_addr(struct ctl *c, struct ct_query *q, u32 which, const char *word)
{
	const char *slash = strchr(word, '/');
	char addr[20];
	u64 len = 32;

	if (slash && !ctl_parse_u64(slash + 1, 32, &len))
		return refuse(c, "Invalid netmask");
	if ((slash && (size_t)(slash - word) >= sizeof(addr)) ||
	    (!slash && strlen(word) >= sizeof(addr)))
		return refuse(c, "Invalid IP address `%s'", word);
	memset(addr, 0, sizeof(addr));
	memcpy(addr, word, slash ? (size_t)(slash - word) : strlen(word));
	if (!ctl_parse_addr(addr, &q->addr[which]))
		return refuse(c, "Invalid IP address `%s'", addr);
	q->mask[which] = ctl_mask(len);
	q->addr[which] &= q->mask[which];
	return 0;
}

static int take_nat(struct ctl *c, struct ct_query *q, u32 which, const char *word)
{
	if (word && !ctl_parse_addr(word, &q->nat_addr[which]))
		return refuse(c, "Invalid IP address `%s'", word);
	return 0;
}

static int take_proto(struct ctl *c, struct ct_query *q, const char *word)
{
	u64 n;

	for (u32 i = 0; i < 256; i++) {
		const char *name = conntrack_proto_name(i);

		if (name && !strcmp(name, word)) {
			q->proto = i;
			return 0;
		}
	}
	if (!ctl_parse_u64(word, 255, &n))
		return refuse(c, "`%s' unsupported protocol", word);
	q->proto = n;
	return 0;
}

static int take_family(struct ctl *c, struct ct_query *q, const char *word)
{
	q->none = !strcmp(word, "ipv6");
	return q->none || !strcmp(word, "ipv4") ? 0 : refuse(c, "`%s' unsupported protocol", word);
}

static int take_mark(struct ctl *c, struct ct_query *q, const char *word)
{
	const char *slash = strchr(word, '/');
	size_t len = slash ? (size_t)(slash - word) : strlen(word);
	char value[16] = "";

	q->mark_mask = U32_MAX;
	if (len < sizeof(value))
		memcpy(value, word, len);
	if (!ctl_parse_u32(value, &q->mark) || (slash && !ctl_parse_u32(slash + 1, &q->mark_mask)))
		return refuse(c, "Bad parameter `%s'", word);
	return 0;
}

/* The next of words between commas, into buf; NULL: there is none. */
static const char *next_of_list(const char **list, char buf[32])
{
	size_t n = 0;

	if (!**list)
		return NULL;
	while (**list && **list != ',') {
		if (n < 31)
			buf[n++] = **list;
		(*list)++;
	}
	*list += **list == ',';
	buf[n] = 0;
	return buf;
}

static int take_status(struct ctl *c, struct ct_query *q, const char *list)
{
	static const struct {
		const char *name;
		u16 bits;
	} words[] = {
		{"ASSURED", IPS_ASSURED},
		{"SEEN_REPLY", IPS_SEEN_REPLY},
		{"FIXED_TIMEOUT", IPS_FIXED_TIMEOUT},
		{"EXPECTED", IPS_EXPECTED},
		{"UNREPLIED", 0},
	};
	char buf[32];
	const char *word;
	u32 i;

	while ((word = next_of_list(&list, buf))) {
		for (i = 0; i < ARRAY_SIZE(words) && strcmp(words[i].name, word) != 0;)
			i++;
		if (i == ARRAY_SIZE(words))
			return refuse(c, "Bad parameter `%s'", word);
		q->status |= words[i].bits;
		q->unreplied |= !words[i].bits;
	}
	return 0;
}

static int take_output(struct ctl *c, struct ct_query *q, const char *list)
{
	static const struct {
		const char *name;
		u32 bit;
	} words[] = {{"extended", CT_SHOW_EXTENDED},
		     {"id", CT_SHOW_ID},
		     {"save", CT_SHOW_SAVE},
		     {"ktimestamp", CT_SHOW_KTIMESTAMP},
		     {"timestamp", 0}};
	char buf[32];
	const char *word;
	u32 i;

	while ((word = next_of_list(&list, buf))) {
		for (i = 0; i < ARRAY_SIZE(words) && strcmp(words[i].name, word) != 0;)
			i++;
		if (i == ARRAY_SIZE(words))
			return refuse(c, "Bad parameter `%s'", word);
		q->how |= words[i].bit;
	}
	return 0;
}

static int take_state(struct ctl *c, struct ct_query *q, const char *word)
{
	for (q->state = 0; q->state < TCP_CONNTRACK_MAX; q->state++) {
		if (!strcmp(nf_ct_tcp_state_name(q->state), word))
			return 0;
	}
	return refuse(c, "unknown TCP state `%s'", word);
}

/* Options of a protocol are unknown without it. */
static int take_l4(struct ctl *c, struct ct_query *q, u32 which, const char *option,
		   const char *word)
{
	bool icmp = which >= 5, ports = which <= 3;
	u64 n = 0;

	if (icmp    ? q->proto != IPPROTO_ICMP
	    : ports ? q->proto != IPPROTO_TCP && q->proto != IPPROTO_UDP
		    : q->proto != IPPROTO_TCP)
		return refuse(c, "unknown option `%s'", option);
	if (which == 4)
		return take_state(c, q, word);
	if (!ctl_parse_u64(word, U32_MAX, &n))
		return refuse(c, "Bad parameter `%s'", word);
	if (icmp)
		q->icmp[which - 5] = n;
	else
		q->port[which] = n;
	return 0;
}

/* ---- options ---- */

/* The protocol's name decides which other options there are, wherever it stands. */
static int find_proto(struct ctl *c, struct ct_query *q, int argc, char *const argv[])
{
	struct ctl_getopt g = {.opts = conntrack_opts, .argc = argc, .argv = argv, .next = 1};
	int key;

	while ((key = ctl_getopt(NULL, &g)) != CTL_OPT_END) {
		if (key == 'p' && take_proto(c, q, g.value))
			return -EINVAL;
	}
	return 0;
}

static int take_command(struct ctl *c, struct ct_query *q, char command)
{
	if (q->command)
		return refuse(c, "Invalid commands combination");
	q->command = command;
	return 0;
}

static int take_table(struct ctl *c, struct ct_query *q, const char *word)
{
	if (!strcmp(word, "conntrack"))
		return 0;
	return refuse(c, q->command ? "unknown type `%s'" : "Bad parameter `%s'", word);
}

static int take_option(struct ctl *c, struct ct_query *q, int key, const struct ctl_getopt *g,
		       const char *option)
{
	static const char addrs[] = "sdrq", nats[] = "ngj", others[] = "pumofz";
	static const u32 bits[] = {Q_PROTO, Q_STATUS, Q_MARK, Q_OUTPUT, Q_FAMILY, Q_ZERO};
	const char *at;

	if (key >= OPT_L4) {
		q->given |= Q_SPORT << (key - OPT_L4);
		return take_l4(c, q, key - OPT_L4, option, g->value);
	}
	if ((at = strchr(addrs, key))) {
		q->given |= Q_ORIG_SRC << (at - addrs);
		return take_addr(c, q, at - addrs, g->value);
	}
	if ((at = strchr(nats, key))) {
		q->given |= Q_SRC_NAT << (at - nats);
		return take_nat(c, q, at - nats, g->value);
	}
	at = strchr(others, key);
	q->given |= bits[at - others];
	switch (key) {
	case 'u':
		return take_status(c, q, g->value);
	case 'm':
		return take_mark(c, q, g->value);
	case 'o':
		return take_output(c, q, g->value);
	case 'f':
		return take_family(c, q, g->value);
	}
	return 0; /* p has been taken, z has no value */
}

static bool wants_value(const char *word)
{
	for (const struct ctl_opt *o = conntrack_opts; o->key; o++) {
		if (o->arg != CTL_ARG_REQUIRED)
			continue;
		if ((word[0] == '-' && word[1] == o->key && !word[2] && !o->long_only) ||
		    (word[0] == '-' && word[1] == '-' && o->name && !strcmp(word + 2, o->name)))
			return true;
	}
	return false;
}

static int take_words(struct ctl *c, struct ct_query *q, int argc, char *const argv[])
{
	struct ctl_getopt g = {.opts = conntrack_opts, .argc = argc, .argv = argv, .next = 1};
	int key, err = 0, at = 1;

	while (!err && (key = ctl_getopt(NULL, &g)) != CTL_OPT_END) {
		if (key == CTL_OPT_ERROR)
			return refuse(c,
				      wants_value(argv[at]) ? "option `%s' requires an argument"
							    : "unknown option `%s'",
				      argv[at]);
		if (key == CTL_OPT_OPERAND)
			err = take_table(c, q, g.value);
		else if (key < OPT_L4 && strchr("LGDFCSVh", key))
			err = take_command(c, q, key);
		else
			err = take_option(c, q, key, &g, argv[at]);
		at = g.next;
	}
	return err;
}

/* What the command does not take, what it must have. */
static int check(struct ctl *c, const struct ct_query *q)
{
	static const char *const names[] = {"src",    "dst",  "reply-src", "reply-dst", "protonum",
					    "status", "mark", "src-nat",   "dst-nat",   "any-nat",
					    NULL,     NULL,   NULL,        NULL,        NULL,
					    NULL,     NULL,   NULL,        "output",    "family",
					    "zero"};
	u32 wrong = q->given & ~takes(q->command);
	u32 both = Q_ORIG_SRC | Q_ORIG_DST, reply = Q_REPLY_SRC | Q_REPLY_DST;

	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		if (wrong & BIT(i) && names[i])
			return refuse(c, "Illegal option `--%s' with this command", names[i]);
	}
	if (q->given & Q_ZERO && q->given & ~(u32)Q_NOT_FILTERS)
		return refuse(c, "Can't use -z with filtering parameters");
	if (q->command != 'G')
		return 0;
	if (!(q->given & Q_PROTO))
		return refuse(c, "You need to supply the `--protonum' option for this command");
	if ((q->given & both) != both && (q->given & reply) != reply)
		return refuse(c, "you have to specify `--src' and `--dst'");
	if (q->proto == IPPROTO_ICMP && !(q->given & Q_ICMP_TYPE))
		return refuse(c, "You need to supply the `--icmp-type' option for this command");
	if ((q->proto == IPPROTO_TCP || q->proto == IPPROTO_UDP) &&
	    (q->given & (Q_SPORT | Q_DPORT)) != (Q_SPORT | Q_DPORT))
		return refuse(c, "you have to specify `--sport' and `--dport'");
	return 0;
}

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

static bool nat_fits(const struct ct_query *q, const struct nf_conn *ct)
{
	be32 src = ct->tuple[1].dst, dst = ct->tuple[1].src;
	bool snat = ct->status & IPS_SRC_NAT, dnat = ct->status & IPS_DST_NAT;

	if (q->given & Q_SRC_NAT && (!snat || (q->nat_addr[0] && q->nat_addr[0] != src)))
		return false;
	if (q->given & Q_DST_NAT && (!dnat || (q->nat_addr[1] && q->nat_addr[1] != dst)))
		return false;
	return !(q->given & Q_ANY_NAT) || (snat && (!q->nat_addr[2] || q->nat_addr[2] == src)) ||
	       (dnat && (!q->nat_addr[2] || q->nat_addr[2] == dst));
}

static bool fits(const struct ct_query *q, const struct nf_conn *ct)
{
	if (q->given & Q_PROTO && ct->protonum != q->proto)
		return false;
	if ((ct->status & q->status) != q->status || (q->unreplied && ct->status & IPS_SEEN_REPLY))
		return false;
	if (q->given & Q_MARK && (ct->mark & q->mark_mask) != q->mark)
		return false;
	return !q->none && addresses_fit(q, ct) && l4_fits(q, ct) && nat_fits(q, ct);
}

static void add_row(struct ctl *c, struct ctl_rows *rows, const struct nf_conn *ct, bool acct)
{
	struct ct_row *row = ctl_rows_add(rows, sizeof(*row));
	u64 now = plat_now();

	if (!row)
		return;
	*row = (struct ct_row){.ct = *ct,
			       .expires = nf_ct_expires(ct),
			       .id = nf_ct_get_id(c->net, ct),
			       .use = 1,
			       .acct = acct};
	if (ct->start) {
		row->age = now / NSEC_PER_SEC - ct->start;
		row->began = plat_wall() - (now - ct->start * NSEC_PER_SEC);
	}
}

static bool counts(struct ctl *c)
{
	char value[4] = "0";

	(void)sysctl_read(c->net, "net.netfilter.nf_conntrack_acct", value, sizeof(value));
	return value[0] == '1';
}

/* Copies what fits out of the table, and takes it away if the command says so. */
static void collect(struct ctl *c, const struct ct_query *q, struct ctl_rows *rows)
{
	struct nf_conn *ct;
	u32 cursor = 0;
	bool acct;

	ctl_enter(c);
	acct = counts(c);
	while ((ct = nf_ct_next(c->net, &cursor))) {
		if (!fits(q, ct) || (q->command != 'D' && !nf_ct_is_live(ct)))
			continue;
		add_row(c, rows, ct, acct);
		if (q->command == 'D')
			nf_ct_delete(c->net, ct);
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

	collect(c, q, &rows);
	ctl_rows_for_each(row, &rows)
	{
		conntrack_show_row(c, row, q->how);
		count++;
	}
	ctl_complain(c, HEAD "%u flow entries have been %s.\n", count,
		     q->command == 'D' ? "deleted" : "shown");
	if (ctl_rows_free(c, &rows))
		return 1;
	return q->command == 'D' && !count;
}

static int get(struct ctl *c, const struct ct_query *q)
{
	bool reply = (q->given & (Q_ORIG_SRC | Q_ORIG_DST)) != (Q_ORIG_SRC | Q_ORIG_DST);
	struct nf_conntrack_tuple t = {.src = q->addr[reply ? 2 : 0],
				       .dst = q->addr[reply ? 3 : 1],
				       .sport = cpu_to_be16(q->port[0]),
				       .dport = cpu_to_be16(q->port[1])};
	struct ctl_rows rows = {0};
	enum ip_conntrack_dir dir;
	const struct nf_conn *ct;
	struct ct_row *row;

	if (q->proto == IPPROTO_ICMP) {
		t.icmp_id = cpu_to_be16(q->icmp[2]);
		t.icmp.type = q->icmp[0];
		t.icmp.code = q->icmp[1];
	}
	ctl_enter(c);
	ct = nf_conntrack_find(c->net, &t, q->proto, &dir);
	if (ct)
		add_row(c, &rows, ct, counts(c));
	ctl_leave(c);
	ctl_rows_for_each(row, &rows)
	{
		row->use = 2;
		conntrack_show_row(c, row, q->how);
		ctl_complain(c, HEAD "1 flow entries have been shown.\n");
	}
	if (!ct)
		ctl_complain(c, HEAD "Operation failed: such conntrack doesn't exist\n");
	return ctl_rows_free(c, &rows) || !ct;
}

static int flush(struct ctl *c, const struct ct_query *q)
{
	struct nf_conn *ct;
	u32 cursor = 0;

	ctl_enter(c);
	while (!q->none && (ct = nf_ct_next(c->net, &cursor)))
		nf_ct_delete(c->net, ct);
	ctl_leave(c);
	ctl_complain(c, HEAD "connection tracking table has been emptied.\n");
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
	ctl_say(c, "Usage: conntrack -L|-G|-D|-F|-C|-S [conntrack] [options]\n"
		   "  -s, -d, -r, -q ADDR[/LEN]   source, destination; of the replies\n"
		   "  -p PROTO  --sport --dport --reply-port-src --reply-port-dst PORT\n"
		   "            --state STATE  --icmp-type --icmp-code --icmp-id N\n"
		   "  -u STATUS[,...]  -m MARK[/MASK]  -n, -g, -j [ADDR]  (source, destination, "
		   "any NAT)\n"
		   "  -o extended|id|save|ktimestamp[,...]  -z (zero counters)  -f ipv4\n");
	return 0;
}

int conntrack_main(struct ctl *c, int argc, char *const argv[])
{
	struct ct_query q = {.command = 0};

	if (find_proto(c, &q, argc, argv) || take_words(c, &q, argc, argv) || check(c, &q))
		return c->status;
	switch (q.command) {
	case 'L':
	case 'D':
		return list(c, &q);
	case 'G':
		return get(c, &q);
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
