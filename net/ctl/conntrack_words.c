/* SPDX-License-Identifier: MIT */
/*
 * The words of conntrack(8) 1.4.7: its options, what each command takes and must have, its complaints. Zones, labels and
 * expectations are refused by name.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/ctl/conntrack_tool.h"
#include "net/ctl/getopt_tool.h"
#include "net/ctl/xt_words.h"
#include "net/sockopt.h"

enum { OPT_L4 = 256 };

static const struct ctl_opt conntrack_opts[] = {
	{'L', "dump", CTL_ARG_NONE, false},
	{'G', "get", CTL_ARG_NONE, false},
	{'D', "delete", CTL_ARG_NONE, false},
	{'F', "flush", CTL_ARG_NONE, false},
	{'C', "count", CTL_ARG_NONE, false},
	{'I', "create", CTL_ARG_NONE, false},
	{'A', "add", CTL_ARG_NONE, false},
	{'U', "update", CTL_ARG_NONE, false},
	{'E', "event", CTL_ARG_NONE, false},
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
	{'t', "timeout", CTL_ARG_REQUIRED, false},
	{'e', "event-mask", CTL_ARG_REQUIRED, false},
	{'b', "buffer-size", CTL_ARG_REQUIRED, false},
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

/* What each command takes. */
#define Q_TUPLE (Q_ORIG | Q_REPLY | Q_PROTO | Q_L4 | Q_FAMILY)
#define Q_FILTER                                                                                   \
	(Q_TUPLE | Q_STATUS | Q_MARK | Q_SRC_NAT | Q_DST_NAT | Q_ANY_NAT | Q_OUTPUT | Q_MASK_SRC | \
	 Q_MASK_DST)

static u32 takes(char command)
{
	switch (command) {
	case 'L':
		return Q_FILTER | Q_ZERO;
	case 'D':
		return (Q_FILTER & ~Q_ANY_NAT) | Q_TIMEOUT;
	case 'E':
		return Q_FILTER | Q_EVENTS | Q_BUFFER;
	case 'U':
		return (Q_FILTER & ~Q_ANY_NAT) | Q_TIMEOUT;
	case 'I':
	case 'A':
		return Q_TUPLE | Q_STATUS | Q_MARK | Q_SRC_NAT | Q_DST_NAT | Q_TIMEOUT;
	case 'G':
		return Q_TUPLE | Q_OUTPUT;
	case 'F':
		return Q_FAMILY;
	}
	return 0;
}

static u32 needs(char command)
{
	if (command == 'G')
		return Q_PROTO;
	return command == 'I' || command == 'A' ? Q_PROTO | Q_TIMEOUT : 0;
}

static int __printf(2, 3) refuse(struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	ctl_complain(c, CT_TOOL);
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
	size_t size = slash ? (size_t)(slash - word) : strlen(word);
	char addr[20] = "";
	u64 len = 32;

	if (size < sizeof(addr))
		memcpy(addr, word, size);
	if (!ctl_parse_addr(addr, &q->addr[which]))
		return refuse(c, "Invalid IP address `%s'", word);
	if (slash && which >= 2)
		return refuse(c, "CIDR notation unavailable for `--reply-%s'",
			      which == 2 ? "src" : "dst");
	if (slash && !ctl_parse_u64(slash + 1, 32, &len))
		return refuse(c, "Invalid netmask");
	if (slash)
		q->given |= Q_MASK_SRC << which;
	q->mask[which] = ctl_mask(len);
	q->addr[which] &= q->mask[which];
	return 0;
}

static int take_nat(struct ctl *c, struct ct_query *q, u32 which, const char *word)
{
	static const char *const names[] = {"src-nat", "dst-nat", "any-nat"};
	const char *colon = word ? strchr(word, ':') : NULL;
	size_t len = colon ? (size_t)(colon - word) : word ? strlen(word) : 0;
	char addr[20] = "";
	u64 port = 0;

	if (!word || !*word)
		return 0;
	if (strchr(word, '/'))
		return refuse(c, "CIDR notation unavailable for `--%s'", names[which]);
	if (len < sizeof(addr))
		memcpy(addr, word, len);
	if (colon && (!ctl_parse_u64(colon + 1, U16_MAX, &port) || !port))
		return refuse(c, "Bad parameter `%s'", colon + 1);
	if (!ctl_parse_addr(addr, &q->nat[which].addr))
		return refuse(c, "Invalid IP address `%s'", addr[0] ? addr : word);
	q->nat[which].port = port;
	return 0;
}

/* Whether full begins with the len bytes of word, in whatever case. */
static bool begins(const char *word, size_t len, const char *full)
{
	for (size_t i = 0; i < len; i++) {
		char a = word[i], b = full[i];

		a += a >= 'a' && a <= 'z' ? 'A' - 'a' : 0;
		b += b >= 'a' && b <= 'z' ? 'A' - 'a' : 0;
		if (a != b)
			return false;
	}
	return true;
}

static int take_proto(struct ctl *c, struct ct_query *q, const char *word)
{
	u64 n;

	for (u32 i = 0; i < 256; i++) {
		const char *name = conntrack_proto_name(i);

		if (name && strlen(name) == strlen(word) && begins(word, strlen(word), name)) {
			q->proto = i;
			return 0;
		}
	}
	if (ctl_parse_u64(word, 255, &n))
		q->proto = n;
	else if (!strcmp(word, "all") || !xt_parse_protocol(word, &q->proto))
		return refuse(c, "`%s' unsupported protocol", word);
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

struct list_word {
	const char *name;
	u32 bits;
};

/* Words between commas, shortened and in whatever case: the sum of their bits. */
static int take_list(struct ctl *c, const char *list, const struct list_word *words, u32 n,
		     u32 *bits)
{
	for (;;) {
		const char *comma = strchr(list, ',');
		size_t len = comma ? (size_t)(comma - list) : strlen(list);
		u32 i = 0;

		while (i < n && !(len && begins(list, len, words[i].name)))
			i++;
		if (i == n)
			return refuse(c, "Bad parameter `%s'", list);
		*bits |= words[i].bits;
		if (!comma)
			return 0;
		list = comma + 1;
	}
}

#define UNREPLIED  BIT(16)
#define IS_SRC_NAT BIT(17)
#define IS_DST_NAT BIT(18)

static int take_status(struct ctl *c, struct ct_query *q, const char *list)
{
	static const struct list_word words[] = {
		{"ASSURED", IPS_ASSURED},
		{"SEEN_REPLY", IPS_SEEN_REPLY},
		{"UNSET", 0},
		{"FIXED_TIMEOUT", IPS_FIXED_TIMEOUT},
		{"EXPECTED", IPS_EXPECTED},
		{"UNREPLIED", UNREPLIED},
		{"SRC_NAT", IS_SRC_NAT},
		{"DST_NAT", IS_DST_NAT},
	};
	u32 bits = 0;
	int err = take_list(c, list, words, ARRAY_SIZE(words), &bits);

	if (bits & IS_SRC_NAT)
		ctl_complain(c, "WARNING: ignoring SRC_NAT, use --src-nat instead\n");
	if (bits & IS_DST_NAT)
		ctl_complain(c, "WARNING: ignoring DST_NAT, use --dst-nat instead\n");
	q->status |= (u16)bits;
	q->unreplied |= !!(bits & UNREPLIED);
	return err;
}

static int take_output(struct ctl *c, struct ct_query *q, const char *list)
{
	static const struct list_word words[] = {
		{"extended", CT_SHOW_EXTENDED},   {"id", CT_SHOW_ID},
		{"save", CT_SHOW_SAVE},           {"ktimestamp", CT_SHOW_KTIMESTAMP},
		{"timestamp", CT_SHOW_TIMESTAMP}, {"userspace", CT_SHOW_USERSPACE},
	};

	return take_list(c, list, words, ARRAY_SIZE(words), &q->how);
}

static int take_events(struct ctl *c, struct ct_query *q, const char *list)
{
	static const struct list_word words[] = {
		{"ALL", CT_EVENT_ALL},
		{"NEW", CT_EVENT_NEW},
		{"UPDATES", CT_EVENT_UPDATES},
		{"DESTROY", CT_EVENT_DESTROY},
	};

	return take_list(c, list, words, ARRAY_SIZE(words), &q->events);
}

static int take_number(struct ctl *c, const char *word, u32 *value)
{
	return ctl_parse_u32(word, value) ? 0 : refuse(c, "Bad parameter `%s'", word);
}

static int take_state(struct ctl *c, struct ct_query *q, const char *word)
{
	for (q->state = 0; q->state < TCP_CONNTRACK_MAX; q->state++) {
		if (!strcmp(nf_ct_tcp_state_name(q->state), word))
			return 0;
	}
	if (!strcmp(word, "LISTEN")) { /* what SYN_SENT2 was called */
		q->state = TCP_CONNTRACK_SYN_SENT2;
		return 0;
	}
	return refuse(c, "unknown TCP state `%s'", word);
}

/* Options of a protocol are unknown before it. */
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

static int take_command(struct ctl *c, struct ct_query *q, char command)
{
	if (q->command)
		return refuse(c, "Invalid commands combination");
	q->command = command;
	return 0;
}

/* A word without an option: a table, which may be shortened. */
static int take_table(struct ctl *c, struct ct_query *q, const char *word)
{
	size_t len = strlen(word);

	if (len && !strncmp("conntrack", word, len))
		return 0;
	if (len && q->command && q->command != 'L' &&
	    (!strncmp("dying", word, len) || !strncmp("unconfirmed", word, len)))
		return refuse(c, "Can't do that command with tables `dying' and `unconfirmed'");
	return refuse(c, q->command ? "unknown type `%s'" : "Bad parameter `%s'", word);
}

/* An optional value is the next word, too, if that is no option. */
static const char *value_of(struct ctl_getopt *g)
{
	if (!g->value && g->next < g->argc && g->argv[g->next][0] != '-')
		g->value = g->argv[g->next++];
	return g->value;
}

static int take_option(struct ctl *c, struct ct_query *q, int key, struct ctl_getopt *g,
		       const char *option)
{
	static const char addrs[] = "sdrq", nats[] = "ngj", others[] = "pumofzteb";
	static const u32 bits[] = {Q_PROTO, Q_STATUS,  Q_MARK,   Q_OUTPUT, Q_FAMILY,
				   Q_ZERO,  Q_TIMEOUT, Q_EVENTS, Q_BUFFER};
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
		return take_nat(c, q, at - nats, value_of(g));
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
	case 't':
		return take_number(c, g->value, &q->timeout);
	case 'e':
		return take_events(c, q, g->value);
	case 'b':
		return take_number(c, g->value, &q->buffer);
	case 'p':
		return take_proto(c, q, g->value);
	}
	return 0; /* z has no value */
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
		else if (key < OPT_L4 && strchr("LGDFCSVhIAUE", key))
			err = take_command(c, q, key);
		else
			err = take_option(c, q, key, &g, argv[at]);
		at = g.next;
	}
	return err;
}

/* What the command does not take, and what it must have, in the order in which the tool looks. */
static int check_options(struct ctl *c, const struct ct_query *q)
{
	static const struct {
		u32 bit;
		const char *name;
	} options[] = {
		{Q_ORIG_SRC, "src"},        {Q_ORIG_DST, "dst"},       {Q_REPLY_SRC, "reply-src"},
		{Q_REPLY_DST, "reply-dst"}, {Q_PROTO, "protonum"},     {Q_TIMEOUT, "timeout"},
		{Q_STATUS, "status"},       {Q_ZERO, "zero"},          {Q_EVENTS, "event-mask"},
		{Q_MASK_SRC, "mask-src"},   {Q_MASK_DST, "mask-dst"},  {Q_MARK, "mark"},
		{Q_FAMILY, "family"},       {Q_SRC_NAT, "src-nat"},    {Q_DST_NAT, "dst-nat"},
		{Q_OUTPUT, "output"},       {Q_BUFFER, "buffer-size"}, {Q_ANY_NAT, "any-nat"},
	};
	u32 wrong = q->given & ~takes(q->command), missing = needs(q->command) & ~q->given;

	for (u32 i = 0; i < ARRAY_SIZE(options); i++) {
		if (wrong & options[i].bit)
			return refuse(c, "Illegal option `--%s' with this command",
				      options[i].name);
		if (missing & options[i].bit)
			return refuse(c, "You need to supply the `--%s' option for this command",
				      options[i].name);
	}
	return 0;
}

/* One connection is meant: all that tells it from others. */
static int check_tuple(struct ctl *c, const struct ct_query *q)
{
	bool tcp = q->proto == IPPROTO_TCP, ports = tcp || q->proto == IPPROTO_UDP;
	bool icmp = q->proto == IPPROTO_ICMP, create = q->command != 'G';
	bool orig = (q->given & Q_ORIG) == Q_ORIG, reply = (q->given & Q_REPLY) == Q_REPLY;
	const char *need = NULL;

	if (tcp && create && !(q->given & Q_STATE))
		need = "state";
	else if (icmp && !(q->given & Q_ICMP_TYPE))
		need = "icmp-type";
	else if (icmp && !(q->given & Q_ICMP_CODE))
		need = "icmp-code";
	if (need && create)
		return refuse(c, "You need to supply the `--%s' option for this command", need);
	if (!orig && !reply)
		return refuse(c, "you have to specify `--src' and `--dst'");
	if (need)
		return refuse(c, "You need to supply the `--%s' option for this command", need);
	if (ports && (q->given & (Q_SPORT | Q_DPORT)) != (Q_SPORT | Q_DPORT) &&
	    (orig ||
	     (q->given & (Q_REPLY_SPORT | Q_REPLY_DPORT)) != (Q_REPLY_SPORT | Q_REPLY_DPORT)))
		return refuse(c, "you have to specify `--sport' and `--dport'");
	if (q->proto == IPPROTO_GRE)
		return refuse(c, "you have to specify `--srckey' and `--dstkey'");
	return 0;
}

static int check(struct ctl *c, const struct ct_query *q)
{
	int err;

	if (q->given & Q_ANY_NAT && q->given & (Q_SRC_NAT | Q_DST_NAT))
		return refuse(c, "cannot specify `--src-nat' or `--dst-nat' with `--any-nat'");
	err = check_options(c, q);
	if (err)
		return err;
	if (q->given & Q_ZERO && q->given & ~(u32)Q_NOT_FILTERS)
		return refuse(c, "Can't use -z with filtering parameters");
	if (q->how & CT_SHOW_SAVE && q->how != CT_SHOW_SAVE) {
		ctl_complain(c, CT_TOOL "cannot combine save output with any other output type, "
					"use -o save only\n");
		c->status = 1;
		return -EINVAL;
	}
	return needs(q->command) ? check_tuple(c, q) : 0;
}

int conntrack_words(struct ctl *c, struct ct_query *q, int argc, char *const argv[])
{
	int err = take_words(c, q, argc, argv);

	return err ? err : check(c, q);
}
