/* SPDX-License-Identifier: MIT */
/* The words of matches on a packet's IP header and frame: addrtype, iprange, length, ttl, mac; and comment. */
#include "lib/byteorder.h"
#include "lib/string.h"
#include "net/ctl/tool.h"
#include "net/ctl/xt_words.h"

/* ---- comment */

static const struct xt_opt comment_opts[] = {
	{.name = "comment",
	 .type = XTTYPE_STRING,
	 .flags = XTOPT_MAND,
	 .put = XT_PUT(struct xt_comment_info, comment),
	 .max = XT_COMMENT_LEN},
};

static u16 comment_size(const void *data)
{
	return strlen(data) + 1;
}

static void comment_print(const struct xt_print *p, const void *data)
{
	xt_say(p, " /* %s */", (const char *)data);
}

static void comment_save(const struct xt_print *p, const void *data)
{
	xt_say(p, " --comment");
	xt_save_string(p, data);
}

/* ---- addrtype */

enum { ADDRTYPE_SRC, ADDRTYPE_DST, ADDRTYPE_IN, ADDRTYPE_OUT };

static const struct xt_opt addrtype_opts[] = {
	{.name = "src-type", .id = ADDRTYPE_SRC, .type = XTTYPE_WORD, .flags = XTOPT_INVERT},
	{.name = "dst-type", .id = ADDRTYPE_DST, .type = XTTYPE_WORD, .flags = XTOPT_INVERT},
	{.name = "limit-iface-in", .id = ADDRTYPE_IN, .excl = BIT(ADDRTYPE_OUT)},
	{.name = "limit-iface-out", .id = ADDRTYPE_OUT, .excl = BIT(ADDRTYPE_IN)},
};

/* By the numbers of RTN_*. */
static const char *const addr_types[] = {
	"UNSPEC",    "UNICAST",     "LOCAL",    "BROADCAST", "ANYCAST", "MULTICAST",
	"BLACKHOLE", "UNREACHABLE", "PROHIBIT", "THROW",     "NAT",     "XRESOLVE",
};

static bool addr_type(const char *at, size_t len, u16 *bits)
{
	for (u32 i = 0; i < ARRAY_SIZE(addr_types) && len; i++) {
		if (xt_same_word(addr_types[i], at, len)) {
			*bits |= BIT(i);
			return true;
		}
	}
	return false;
}

static int addrtype_parse(struct xt_call *call)
{
	struct xt_addrtype_info *info = call->data;
	u8 id = call->opt->id;
	u16 *bits = id ? &info->dest : &info->source;
	const char *at = call->arg, *comma;

	if (id >= ADDRTYPE_IN) {
		info->flags |= id == ADDRTYPE_IN ? XT_ADDRTYPE_LIMIT_IFACE_IN
						 : XT_ADDRTYPE_LIMIT_IFACE_OUT;
		return 0;
	}
	if (call->invert)
		info->flags |= id ? XT_ADDRTYPE_INVERT_DEST : XT_ADDRTYPE_INVERT_SOURCE;
	while ((comma = strchr(at, ',')) != NULL) {
		if (!addr_type(at, comma - at, bits))
			return ipt_problem(call->cmd, "addrtype: bad type `%s'", at);
		at = comma + 1;
	}
	return addr_type(at, strlen(at), bits)
		       ? 0
		       : ipt_problem(call->cmd, "addrtype: bad type \"%s\"", at);
}

static int addrtype_check(struct xt_call *call)
{
	return call->told & (BIT(ADDRTYPE_SRC) | BIT(ADDRTYPE_DST))
		       ? 0
		       : ipt_problem(call->cmd,
				     "addrtype: you must specify --src-type or --dst-type");
}

static void addrtype_list(const struct xt_print *p, u16 bits)
{
	const char *comma = "";

	for (u32 i = 0; i < ARRAY_SIZE(addr_types); i++) {
		if (bits & BIT(i)) {
			xt_say(p, "%s%s", comma, addr_types[i]);
			comma = ",";
		}
	}
}

static void addrtype_print(const struct xt_print *p, const void *data)
{
	const struct xt_addrtype_info *info = data;

	xt_say(p, " ADDRTYPE match");
	if (info->source) {
		xt_say(p, " src-type %s", info->flags & XT_ADDRTYPE_INVERT_SOURCE ? "!" : "");
		addrtype_list(p, info->source);
	}
	if (info->dest) {
		xt_say(p, " dst-type %s", info->flags & XT_ADDRTYPE_INVERT_DEST ? "!" : "");
		addrtype_list(p, info->dest);
	}
	if (info->flags & XT_ADDRTYPE_LIMIT_IFACE_IN)
		xt_say(p, " limit-in");
	if (info->flags & XT_ADDRTYPE_LIMIT_IFACE_OUT)
		xt_say(p, " limit-out");
}

static void addrtype_save(const struct xt_print *p, const void *data)
{
	const struct xt_addrtype_info *info = data;

	if (info->source) {
		xt_say(p, " %s--src-type ", XT_NOT(info->flags & XT_ADDRTYPE_INVERT_SOURCE));
		addrtype_list(p, info->source);
	}
	if (info->dest) {
		xt_say(p, " %s--dst-type ", XT_NOT(info->flags & XT_ADDRTYPE_INVERT_DEST));
		addrtype_list(p, info->dest);
	}
	if (info->flags & XT_ADDRTYPE_LIMIT_IFACE_IN)
		xt_say(p, " --limit-iface-in");
	if (info->flags & XT_ADDRTYPE_LIMIT_IFACE_OUT)
		xt_say(p, " --limit-iface-out");
}

/* ---- iprange */

static const struct xt_opt iprange_opts[] = {
	{.name = "src-range", .id = 0, .type = XTTYPE_WORD, .flags = XTOPT_INVERT},
	{.name = "dst-range", .id = 1, .type = XTTYPE_WORD, .flags = XTOPT_INVERT},
};

static int iprange_bad(struct xt_call *call, const char *what)
{
	return ipt_problem(call->cmd, "%s: Bad value for \"--%s\" option: \"%s\"", call->name,
			   call->opt->name, what);
}

static int iprange_parse(struct xt_call *call)
{
	struct xt_iprange_info *info = call->data;
	const char *dash = strchr(call->arg, '-');
	bool dst = call->opt->id;
	be32 *range = dst ? &info->dst_min : &info->src_min;
	char low[64];

	strscpy(low, call->arg, sizeof(low));
	if (dash && (size_t)(dash - call->arg) < sizeof(low))
		low[dash - call->arg] = 0;
	if (!xt_dotted(low, false, &range[0]))
		return iprange_bad(call, low);
	range[1] = range[0];
	if (dash && !xt_dotted(dash + 1, false, &range[1]))
		return iprange_bad(call, dash + 1);
	if (be32_to_cpu(range[0]) > be32_to_cpu(range[1]))
		ipt_warn(call->cmd,
			 "xt_iprange: range %pI4-%pI4 is reversed and will never match\n",
			 &range[0], &range[1]);
	info->flags |= dst ? IPRANGE_DST : IPRANGE_SRC;
	if (call->invert)
		info->flags |= dst ? IPRANGE_DST_INV : IPRANGE_SRC_INV;
	return 0;
}

static int iprange_check(struct xt_call *call)
{
	return call->told
		       ? 0
		       : ipt_problem(call->cmd, "iprange match: You must specify `--src-range' or "
						"`--dst-range'");
}

static void iprange_dump(const struct xt_print *p, const struct xt_iprange_info *info, bool save)
{
	static const char *const words[2][2] = {{"source IP range ", "destination IP range "},
						{"--src-range ", "--dst-range "}};

	for (int dst = 0; dst < 2; dst++) {
		const be32 *range = dst ? &info->dst_min : &info->src_min;
		const char *not = XT_NOT(info->flags & (dst ? IPRANGE_DST_INV : IPRANGE_SRC_INV));

		if (info->flags & (dst ? IPRANGE_DST : IPRANGE_SRC))
			xt_say(p, " %s%s%s%pI4-%pI4", save ? not : "", words[save][dst],
			       save ? "" : not, &range[0], &range[1]);
	}
}

static void iprange_print(const struct xt_print *p, const void *data)
{
	iprange_dump(p, data, false);
}

static void iprange_save(const struct xt_print *p, const void *data)
{
	iprange_dump(p, data, true);
}

/* ---- mac */

static const struct xt_opt mac_opts[] = {
	{.name = "mac-source", .type = XTTYPE_WORD, .flags = XTOPT_MAND | XTOPT_INVERT},
};

/* Each byte is what strtoul() reads in at most two characters; nothing is 0. */
static int mac_parse(struct xt_call *call)
{
	struct xt_mac_info *info = call->data;
	const char *at = call->arg, *end;

	info->invert = call->invert;
	for (int i = 0; i < 6; i++, at = end + 1) {
		u64 byte;

		(void)xt_read_u64(at, 16, &end, &byte);
		info->srcaddr[i] = byte;
		if (end - at > 2 || *end != (i < 5 ? ':' : 0))
			return ipt_problem(call->cmd, "Invalid MAC address specified.");
	}
	return 0;
}

static void mac_print(const struct xt_print *p, const void *data)
{
	const struct xt_mac_info *info = data;

	xt_say(p, " MAC %s%pM", XT_NOT(info->invert), info->srcaddr);
}

static void mac_save(const struct xt_print *p, const void *data)
{
	const struct xt_mac_info *info = data;

	xt_say(p, " %s--mac-source %pM", XT_NOT(info->invert), info->srcaddr);
}

/* ---- length */

static const struct xt_opt length_opts[] = {
	{.name = "length",
	 .type = XTTYPE_UINT16RC,
	 .flags = XTOPT_MAND | XTOPT_INVERT,
	 .put = XT_PUT(struct xt_length_info, min)},
};

static int length_parse(struct xt_call *call)
{
	((struct xt_length_info *)call->data)->invert = call->invert;
	return 0;
}

static void length_print(const struct xt_print *p, const void *data)
{
	const struct xt_length_info *info = data;

	xt_say(p, " length %s", info->invert ? "!" : "");
	xt_say_range(p, info->min, info->max, ':');
}

static void length_save(const struct xt_print *p, const void *data)
{
	const struct xt_length_info *info = data;

	xt_say(p, " %s--length ", XT_NOT(info->invert));
	xt_say_range(p, info->min, info->max, ':');
}

/* ---- ttl */

#define TTL_OPT(word, nr, more)                                                    \
	{                                                                          \
		.name = (word), .id = (nr), .type = XTTYPE_UINT8, .flags = (more), \
		.put = XT_PUT(struct ipt_ttl_info, ttl), .excl = 7,                \
	}
enum { TTL_EQ, TTL_LT, TTL_GT };
static const struct xt_opt ttl_opts[] = {
	TTL_OPT("ttl-lt", TTL_LT, 0),
	TTL_OPT("ttl-gt", TTL_GT, 0),
	TTL_OPT("ttl-eq", TTL_EQ, XTOPT_INVERT),
	TTL_OPT("ttl", TTL_EQ, XTOPT_INVERT),
};

static int ttl_parse(struct xt_call *call)
{
	static const u8 modes[] = {IPT_TTL_EQ, IPT_TTL_LT, IPT_TTL_GT};

	((struct ipt_ttl_info *)call->data)->mode =
		call->invert ? IPT_TTL_NE : modes[call->opt->id];
	return 0;
}

static int ttl_check(struct xt_call *call)
{
	return call->told ? 0
			  : ipt_problem(call->cmd, "TTL match: You must specify one of "
						   "`--ttl-eq', `--ttl-lt', `--ttl-gt");
}

static void ttl_print(const struct xt_print *p, const void *data)
{
	static const char *const signs[] = {"==", "!=", "<", ">"};
	const struct ipt_ttl_info *info = data;

	xt_say(p, " TTL match TTL %s %u", signs[info->mode], info->ttl);
}

static void ttl_save(const struct xt_print *p, const void *data)
{
	static const char *const words[] = {"--ttl-eq", "! --ttl-eq", "--ttl-lt", "--ttl-gt"};
	const struct ipt_ttl_info *info = data;

	xt_say(p, " %s %u", words[info->mode], info->ttl);
}

const struct xt_words xt_packet_words[] = {
	{.name = "comment",
	 XT_OPTS(comment_opts),
	 .print = comment_print,
	 .save = comment_save,
	 .told_size = comment_size},
	{.name = "addrtype",
	 XT_OPTS(addrtype_opts),
	 .parse = addrtype_parse,
	 .check = addrtype_check,
	 .print = addrtype_print,
	 .save = addrtype_save},
	{.name = "iprange",
	 XT_OPTS(iprange_opts),
	 .parse = iprange_parse,
	 .check = iprange_check,
	 .print = iprange_print,
	 .save = iprange_save},
	{.name = "mac",
	 XT_OPTS(mac_opts),
	 .parse = mac_parse,
	 .print = mac_print,
	 .save = mac_save},
	{.name = "length",
	 XT_OPTS(length_opts),
	 .parse = length_parse,
	 .print = length_print,
	 .save = length_save},
	{.name = "ttl",
	 XT_OPTS(ttl_opts),
	 .parse = ttl_parse,
	 .check = ttl_check,
	 .print = ttl_print,
	 .save = ttl_save},
};
const u8 xt_packet_words_nr = ARRAY_SIZE(xt_packet_words);
