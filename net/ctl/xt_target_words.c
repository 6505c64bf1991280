/* SPDX-License-Identifier: MIT */
/* The words of targets: LOG, REJECT, NFQUEUE, MARK, CONNMARK, CT, NOTRACK, TCPMSS, TRACE. */
#include "lib/byteorder.h"
#include "lib/string.h"
#include "net/ctl.h"
#include "net/ctl/xt_words.h"

/* ---- LOG */

enum { LOG_LEVEL = 6, LOG_PREFIX };

/* The number of an option is its bit of logflags. */
static const struct xt_opt log_opts[] = {
	{.name = "log-level",
	 .id = LOG_LEVEL,
	 .type = XTTYPE_SYSLOGLEVEL,
	 .put = XT_PUT(struct xt_log_info, level)},
	{.name = "log-prefix",
	 .id = LOG_PREFIX,
	 .type = XTTYPE_STRING,
	 .put = XT_PUT(struct xt_log_info, prefix),
	 .min = 1,
	 .max = XT_LOG_PREFIX_LEN},
	{.name = "log-tcp-sequence", .id = 0},
	{.name = "log-tcp-options", .id = 1},
	{.name = "log-ip-options", .id = 2},
	{.name = "log-uid", .id = 3},
	{.name = "log-macdecode", .id = 5},
};

static void log_init(void *data)
{
	((struct xt_log_info *)data)->level = 4;
}

static int log_parse(struct xt_call *call)
{
	if (call->opt->id < LOG_LEVEL)
		((struct xt_log_info *)call->data)->logflags |= BIT(call->opt->id);
	return 0;
}

static void log_flags(const struct xt_print *p, u8 flags, const char *prefix)
{
	for (u32 i = 2; i < ARRAY_SIZE(log_opts); i++) {
		if (flags & BIT(log_opts[i].id))
			xt_say(p, " %s%s", prefix, log_opts[i].name + (*prefix ? 0 : 4));
	}
}

static void log_print(const struct xt_print *p, const void *data)
{
	static const char levels[][8] = {"emerg", "alert",  "crit", "err",
					 "warn",  "notice", "info", "debug"};
	const struct xt_log_info *info = data;

	xt_say(p, " LOG");
	if (p->numeric) {
		xt_say(p, " flags %u level %u", info->logflags, info->level);
	} else {
		xt_say(p, " level %s", levels[info->level & 7]);
		log_flags(p, info->logflags, "");
	}
	if (*info->prefix)
		xt_say(p, " prefix \"%s\"", info->prefix);
}

static void log_save(const struct xt_print *p, const void *data)
{
	const struct xt_log_info *info = data;

	if (*info->prefix) {
		xt_say(p, " --log-prefix");
		xt_save_string(p, info->prefix);
	}
	if (info->level != 4)
		xt_say(p, " --log-level %u", info->level);
	log_flags(p, info->logflags, "--");
}

/* ---- REJECT */

static const struct xt_opt reject_opts[] = {{.name = "reject-with", .type = XTTYPE_WORD}};

static const struct {
	const char *name, *alias;
	u8 with;
} reject_types[] = {
	{"icmp-net-unreachable", "net-unreach", IPT_ICMP_NET_UNREACHABLE},
	{"icmp-host-unreachable", "host-unreach", IPT_ICMP_HOST_UNREACHABLE},
	{"icmp-proto-unreachable", "proto-unreach", IPT_ICMP_PROT_UNREACHABLE},
	{"icmp-port-unreachable", "port-unreach", IPT_ICMP_PORT_UNREACHABLE},
	{"icmp-net-prohibited", "net-prohib", IPT_ICMP_NET_PROHIBITED},
	{"icmp-host-prohibited", "host-prohib", IPT_ICMP_HOST_PROHIBITED},
	{"tcp-reset", "tcp-rst", IPT_TCP_RESET},
	{"icmp-admin-prohibited", "admin-prohib", IPT_ICMP_ADMIN_PROHIBITED},
};

static void reject_init(void *data)
{
	((struct ipt_reject_info *)data)->with = IPT_ICMP_PORT_UNREACHABLE;
}

static int reject_parse(struct xt_call *call)
{
	size_t len = strlen(call->arg);

	for (u32 i = 0; i < ARRAY_SIZE(reject_types); i++) {
		if (xt_same_word(reject_types[i].name, call->arg, len) ||
		    xt_same_word(reject_types[i].alias, call->arg, len)) {
			((struct ipt_reject_info *)call->data)->with = reject_types[i].with;
			return 0;
		}
	}
	if (xt_same_word("echo-reply", call->arg, len) || xt_same_word("echoreply", call->arg, len))
		ipt_warn(call->cmd, "--reject-with echo-reply no longer supported\n");
	return ipt_problem(call->cmd, "unknown reject type \"%s\"", call->arg);
}

static void reject_dump(const struct xt_print *p, const void *data, const char *prefix)
{
	u8 with = ((const struct ipt_reject_info *)data)->with;

	for (u32 i = 0; i < ARRAY_SIZE(reject_types); i++) {
		if (reject_types[i].with == with)
			xt_say(p, " %sreject-with %s", prefix, reject_types[i].name);
	}
}

static void reject_print(const struct xt_print *p, const void *data)
{
	reject_dump(p, data, "");
}

static void reject_save(const struct xt_print *p, const void *data)
{
	reject_dump(p, data, "--");
}

/* ---- NFQUEUE */

enum { NFQ_NUM, NFQ_BALANCE, NFQ_BYPASS, NFQ_FANOUT };

static const struct xt_opt nfq_opts[] = {
	{.name = "queue-num",
	 .id = NFQ_NUM,
	 .type = XTTYPE_UINT16,
	 .put = XT_PUT(struct xt_nfq_info, queuenum),
	 .excl = BIT(NFQ_BALANCE)},
	{.name = "queue-balance", .id = NFQ_BALANCE, .type = XTTYPE_UINT16RC, .excl = BIT(NFQ_NUM)},
	{.name = "queue-bypass", .id = NFQ_BYPASS},
	{.name = "queue-cpu-fanout", .id = NFQ_FANOUT, .also = BIT(NFQ_BALANCE)},
};

static void nfq_init(void *data)
{
	((struct xt_nfq_info *)data)->queues_total = 1;
}

static int nfq_parse(struct xt_call *call)
{
	struct xt_nfq_info *info = call->data;

	switch (call->opt->id) {
	case NFQ_BALANCE:
		if (call->nvals != 2)
			return ipt_problem(call->cmd, "Bad range \"%s\"", call->arg);
		if (call->val[0] >= call->val[1])
			return ipt_problem(call->cmd, "%u should be less than %u", call->val[0],
					   call->val[1]);
		info->queuenum = call->val[0];
		/* All 65,536 are one too many for the field; Linux refuses them for that. */
		info->queues_total = call->val[1] - call->val[0] + 1;
		break;
	case NFQ_BYPASS:
		info->flags |= NFQ_FLAG_BYPASS;
	}
	return 0;
}

static int nfq_check(struct xt_call *call)
{
	return call->told & BIT(NFQ_FANOUT) && call->told & BIT(NFQ_BALANCE)
		       ? ipt_unsupported(call->cmd, "option", "--queue-cpu-fanout")
		       : 0;
}

static void nfq_dump(const struct xt_print *p, const struct xt_nfq_info *info, const char *prefix)
{
	const char *queue = *prefix ? "--queue-" : "";

	if (info->queues_total > 1)
		xt_say(p, " %sbalance %u:%u", queue, info->queuenum,
		       info->queuenum + info->queues_total - 1);
	else
		xt_say(p, " %snum %u", queue, info->queuenum);
	if (info->flags & NFQ_FLAG_BYPASS)
		xt_say(p, " %sbypass", queue);
}

static void nfq_print(const struct xt_print *p, const void *data)
{
	xt_say(p, " NFQUEUE");
	nfq_dump(p, data, "");
}

static void nfq_save(const struct xt_print *p, const void *data)
{
	nfq_dump(p, data, "--");
}

/* ---- MARK, CONNMARK */

enum {
	MARK_SET,
	CONNMARK_SAVE,
	CONNMARK_RESTORE,
	MARK_AND,
	MARK_OR,
	MARK_XOR,
	MARK_XSET,
	CONNMARK_LEFT,
	CONNMARK_RIGHT,
	CONNMARK_CTMASK,
	CONNMARK_NFMASK,
	CONNMARK_MASK
};

#define MARK_ANY 0x7f /* of the operations */
#define MARK_OPTIONS                                                                               \
	{.name = "set-xmark", .id = MARK_XSET, .type = XTTYPE_MARKMASK32, .excl = MARK_ANY},       \
		{.name = "set-mark", .id = MARK_SET, .type = XTTYPE_MARKMASK32, .excl = MARK_ANY}, \
		{.name = "and-mark", .id = MARK_AND, .type = XTTYPE_UINT32, .excl = MARK_ANY},     \
		{.name = "or-mark", .id = MARK_OR, .type = XTTYPE_UINT32, .excl = MARK_ANY},       \
	{                                                                                          \
		.name = "xor-mark", .id = MARK_XOR, .type = XTTYPE_UINT32, .excl = MARK_ANY        \
	}

static const struct xt_opt mark_opts[] = {MARK_OPTIONS};

static const struct xt_opt connmark_opts[] = {
	MARK_OPTIONS,
	{.name = "save-mark", .id = CONNMARK_SAVE, .excl = MARK_ANY},
	{.name = "restore-mark", .id = CONNMARK_RESTORE, .excl = MARK_ANY},
	{.name = "left-shift-mark", .id = CONNMARK_LEFT, .type = XTTYPE_UINT8, .max = 32},
	{.name = "right-shift-mark", .id = CONNMARK_RIGHT, .type = XTTYPE_UINT8, .max = 32},
	{.name = "ctmask",
	 .id = CONNMARK_CTMASK,
	 .type = XTTYPE_UINT32,
	 .excl = BIT(CONNMARK_MASK)},
	{.name = "nfmask",
	 .id = CONNMARK_NFMASK,
	 .type = XTTYPE_UINT32,
	 .excl = BIT(CONNMARK_MASK)},
	{.name = "mask",
	 .id = CONNMARK_MASK,
	 .type = XTTYPE_UINT32,
	 .excl = BIT(CONNMARK_CTMASK) | BIT(CONNMARK_NFMASK)},
};

/* The five ways to say: clear the bits of mask, flip those of mark. */
static void mark_told(const struct xt_call *call, u32 *mark, u32 *mask)
{
	*mark = call->val[0];
	switch (call->opt->id) {
	case MARK_XSET:
		*mask = call->val[1];
		break;
	case MARK_SET:
		*mask = call->val[0] | call->val[1];
		break;
	case MARK_AND:
		*mark = 0;
		*mask = ~call->val[0];
		break;
	case MARK_OR:
		*mask = call->val[0];
		break;
	case MARK_XOR:
		*mask = 0;
	}
}

static int mark_parse(struct xt_call *call)
{
	struct xt_mark_tginfo *info = call->data;

	mark_told(call, &info->mark, &info->mask);
	return 0;
}

static int mark_check(struct xt_call *call)
{
	return call->told ? 0
			  : ipt_problem(call->cmd, "MARK: One of the --set-xmark, "
						   "--{and,or,xor,set}-mark options is required");
}

static void mark_say(const struct xt_print *p, u32 mark, u32 mask)
{
	if (!mark)
		xt_say(p, " and 0x%x", ~mask);
	else if (mark == mask)
		xt_say(p, " or 0x%x", mark);
	else if (!mask)
		xt_say(p, " xor 0x%x", mark);
	else if (mask == U32_MAX)
		xt_say(p, " set 0x%x", mark);
	else
		xt_say(p, " xset 0x%x/0x%x", mark, mask);
}

static void mark_print(const struct xt_print *p, const void *data)
{
	const struct xt_mark_tginfo *info = data;

	xt_say(p, " MARK");
	mark_say(p, info->mark, info->mask);
}

static void mark_save(const struct xt_print *p, const void *data)
{
	const struct xt_mark_tginfo *info = data;

	xt_say(p, " --set-xmark 0x%x/0x%x", info->mark, info->mask);
}

static void connmark_init(void *data)
{
	struct xt_connmark_tginfo *info = data;

	info->ctmask = info->nfmask = U32_MAX;
}

static int connmark_parse(struct xt_call *call)
{
	struct xt_connmark_tginfo *info = call->data;
	u8 id = call->opt->id;

	switch (id) {
	case CONNMARK_SAVE:
	case CONNMARK_RESTORE:
		info->mode = id == CONNMARK_SAVE ? XT_CONNMARK_SAVE : XT_CONNMARK_RESTORE;
		break;
	case CONNMARK_LEFT:
	case CONNMARK_RIGHT:
		info->shift_dir = id == CONNMARK_LEFT ? D_SHIFT_LEFT : D_SHIFT_RIGHT;
		info->shift_bits = call->val[0];
		break;
	case CONNMARK_CTMASK:
		info->ctmask = call->val[0];
		break;
	case CONNMARK_NFMASK:
		info->nfmask = call->val[0];
		break;
	case CONNMARK_MASK:
		info->ctmask = info->nfmask = call->val[0];
		break;
	default:
		mark_told(call, &info->ctmark, &info->ctmask);
		info->mode = XT_CONNMARK_SET;
	}
	return 0;
}

static int connmark_check(struct xt_call *call)
{
	return call->told & MARK_ANY
		       ? 0
		       : ipt_problem(call->cmd, "CONNMARK target: No operation specified");
}

static void connmark_shift(const struct xt_print *p, const struct xt_connmark_tginfo *info,
			   const char *prefix)
{
	if (info->shift_bits)
		xt_say(p, " %s%s-shift-mark %u", prefix,
		       info->shift_dir == D_SHIFT_LEFT ? "left" : "right", info->shift_bits);
}

static void connmark_print(const struct xt_print *p, const void *data)
{
	const struct xt_connmark_tginfo *info = data;
	bool save = info->mode == XT_CONNMARK_SAVE;

	xt_say(p, " CONNMARK");
	if (info->mode == XT_CONNMARK_SET) {
		mark_say(p, info->ctmark, info->ctmask);
	} else {
		xt_say(p, save ? " save" : " restore");
		if (info->nfmask != info->ctmask) {
			xt_say(p, save ? " nfmask 0x%x ctmask ~0x%x" : " ctmask 0x%x nfmask ~0x%x",
			       save ? info->nfmask : info->ctmask,
			       save ? info->ctmask : info->nfmask);
		} else if (info->nfmask != U32_MAX) {
			xt_say(p, " mask 0x%x", info->nfmask);
		}
	}
	connmark_shift(p, info, "");
}

static void connmark_save(const struct xt_print *p, const void *data)
{
	const struct xt_connmark_tginfo *info = data;

	if (info->mode == XT_CONNMARK_SET)
		xt_say(p, " --set-xmark 0x%x/0x%x", info->ctmark, info->ctmask);
	else
		xt_say(p, " --%s-mark --nfmask 0x%x --ctmask 0x%x",
		       info->mode == XT_CONNMARK_SAVE ? "save" : "restore", info->nfmask,
		       info->ctmask);
	connmark_shift(p, info, "--");
}

/* ---- CT, NOTRACK, TRACE */

static const struct xt_opt ct_opts[] = {
	{.name = "notrack", .id = 0},
	{.name = "helper", .id = 1, .type = XTTYPE_WORD},
	{.name = "timeout", .id = 2, .type = XTTYPE_WORD},
	{.name = "ctevents", .id = 3, .type = XTTYPE_WORD},
	{.name = "expevents", .id = 4, .type = XTTYPE_WORD},
	{.name = "zone-orig", .id = 5, .type = XTTYPE_WORD},
	{.name = "zone-reply", .id = 6, .type = XTTYPE_WORD},
	{.name = "zone", .id = 7, .type = XTTYPE_WORD},
};

static int ct_parse(struct xt_call *call)
{
	if (call->opt->id)
		return ipt_unsupported(call->cmd, "option", call->opt->name);
	((struct xt_ct_target_info *)call->data)->flags |= XT_CT_NOTRACK;
	return 0;
}

static int ct_check(struct xt_call *call)
{
	return call->told ? 0 : ipt_unsupported(call->cmd, "target without --notrack", "CT");
}

static void ct_print(const struct xt_print *p, const void *data)
{
	(void)data;
	xt_say(p, " CT notrack");
}

static void ct_save(const struct xt_print *p, const void *data)
{
	(void)data;
	xt_say(p, " --notrack");
}

static void notrack_print(const struct xt_print *p, const void *data)
{
	(void)data;
	xt_say(p, " NOTRACK");
}

/* ---- TCPMSS */

enum { TCPMSS_SET, TCPMSS_CLAMP };

static const struct xt_opt tcpmss_opts[] = {
	{.name = "set-mss",
	 .id = TCPMSS_SET,
	 .type = XTTYPE_UINT16,
	 .put = XT_PUT(struct xt_tcpmss_info, mss),
	 .max = 65515},
	{.name = "clamp-mss-to-pmtu", .id = TCPMSS_CLAMP},
};

static int tcpmss_parse(struct xt_call *call)
{
	if (call->opt->id == TCPMSS_CLAMP)
		((struct xt_tcpmss_info *)call->data)->mss = XT_TCPMSS_CLAMP_PMTU;
	return 0;
}

static int tcpmss_check(struct xt_call *call)
{
	return call->told ? 0
			  : ipt_problem(call->cmd,
					"TCPMSS target: At least one parameter is required");
}

static void tcpmss_print(const struct xt_print *p, const void *data)
{
	u16 mss = ((const struct xt_tcpmss_info *)data)->mss;

	xt_say(p, mss == XT_TCPMSS_CLAMP_PMTU ? " TCPMSS clamp to PMTU" : " TCPMSS set %u", mss);
}

static void tcpmss_save(const struct xt_print *p, const void *data)
{
	u16 mss = ((const struct xt_tcpmss_info *)data)->mss;

	xt_say(p, mss == XT_TCPMSS_CLAMP_PMTU ? " --clamp-mss-to-pmtu" : " --set-mss %u", mss);
}

#define TARGET(word) .name = (word), .is_target = true

const struct xt_words xt_target_words[] = {
	{TARGET("LOG"), XT_OPTS(log_opts), .init = log_init, .parse = log_parse, .print = log_print,
	 .save = log_save},
	{TARGET("REJECT"), XT_OPTS(reject_opts), .init = reject_init, .parse = reject_parse,
	 .print = reject_print, .save = reject_save},
	{TARGET("NFQUEUE"), XT_OPTS(nfq_opts), .init = nfq_init, .parse = nfq_parse,
	 .check = nfq_check, .print = nfq_print, .save = nfq_save},
	{TARGET("MARK"), XT_OPTS(mark_opts), .parse = mark_parse, .check = mark_check,
	 .print = mark_print, .save = mark_save},
	{TARGET("CONNMARK"), XT_OPTS(connmark_opts), .init = connmark_init, .parse = connmark_parse,
	 .check = connmark_check, .print = connmark_print, .save = connmark_save},
	{TARGET("CT"), XT_OPTS(ct_opts), .parse = ct_parse, .check = ct_check, .print = ct_print,
	 .save = ct_save},
	{TARGET("NOTRACK"), .print = notrack_print},
	{TARGET("TRACE")},
	{TARGET("TCPMSS"), XT_OPTS(tcpmss_opts), .parse = tcpmss_parse, .check = tcpmss_check,
	 .print = tcpmss_print, .save = tcpmss_save},
};
const u8 xt_target_words_nr = ARRAY_SIZE(xt_target_words);
