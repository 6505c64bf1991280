/* SPDX-License-Identifier: MIT */
/* The words of matches on connections and marks: conntrack, state, connmark, mark. */
#include "lib/byteorder.h"
#include "lib/string.h"
#include "net/ctl.h"
#include "net/ctl/xt_words.h"

/* A bit by its word; shown in this order. */
struct bit_word {
	u16 bit;
	const char *name;
};

static const struct bit_word state_words[] = {
	{XT_CONNTRACK_STATE_INVALID, "INVALID"},
	{XT_CONNTRACK_STATE_NEW, "NEW"},
	{XT_CONNTRACK_STATE_RELATED, "RELATED"},
	{XT_CONNTRACK_STATE_ESTABLISHED, "ESTABLISHED"},
	{XT_CONNTRACK_STATE_UNTRACKED, "UNTRACKED"},
	{XT_CONNTRACK_STATE_SNAT, "SNAT"},
	{XT_CONNTRACK_STATE_DNAT, "DNAT"},
};
/* -m state knows the first five; a bit that no packet has remembers that they were told with a ! */
#define PLAIN_STATES 5
#define PLAIN_MASK                                                                          \
	(XT_CONNTRACK_STATE_INVALID | XT_CONNTRACK_STATE_NEW | XT_CONNTRACK_STATE_RELATED | \
	 XT_CONNTRACK_STATE_ESTABLISHED | XT_CONNTRACK_STATE_UNTRACKED)
#define STATE_INVERTED 0x8000

static const struct bit_word status_words[] = {
	{1, "EXPECTED"}, {2, "SEEN_REPLY"}, {4, "ASSURED"}, {8, "CONFIRMED"}, {0, "NONE"},
};

/* Takes the next word of a list with commas off *list: its bit into *bits. */
static bool take_bit(const struct bit_word *words, u32 nr, const char *at, size_t len, u16 *bits)
{
	for (u32 i = 0; i < nr && len; i++) {
		if (xt_same_word(words[i].name, at, len)) {
			*bits |= words[i].bit;
			return true;
		}
	}
	return false;
}

static int parse_bits(struct xt_call *call, const struct bit_word *words, u32 nr, const char *what,
		      u16 *bits)
{
	const char *at = call->arg, *comma;

	*bits = 0;
	while ((comma = strchr(at, ',')) != NULL) {
		if (comma == at || !take_bit(words, nr, at, comma - at, bits))
			return ipt_problem(call->cmd, "Bad %s \"%s\"", what, at);
		at = comma + 1;
	}
	if (!*at && !strcmp(what, "state"))
		return ipt_problem(call->cmd,
				   "\"--state\" requires a list of states with no spaces, "
				   "e.g. ESTABLISHED,RELATED");
	if (!take_bit(words, nr, at, strlen(at), bits))
		return ipt_problem(call->cmd, "Bad %s \"%s\"", what, at);
	return 0;
}

static void say_bits(const struct xt_print *p, const struct bit_word *words, u32 nr, u16 bits)
{
	const char *comma = "";

	for (u32 i = 0; i < nr; i++) {
		if (words[i].bit ? bits & words[i].bit : !bits) {
			xt_say(p, "%s%s", comma, words[i].name);
			comma = ",";
		}
	}
}

/* ---- conntrack */

enum {
	CT_STATE,
	CT_PROTO,
	CT_ORIGSRC,
	CT_ORIGDST,
	CT_REPLSRC,
	CT_REPLDST,
	CT_STATUS,
	CT_EXPIRE,
	CT_ORIGSRC_PORT,
	CT_ORIGDST_PORT,
	CT_REPLSRC_PORT,
	CT_REPLDST_PORT,
	CT_DIR
};

#define CT_OPT(word, nr, kind, field)                                              \
	{                                                                          \
		.name = (word), .id = (nr), .type = (kind), .flags = XTOPT_INVERT, \
		.put = XT_PUT(struct xt_conntrack_info, field),                    \
	}
/* In the order of the bits of match_flags. */
static const struct xt_opt ct_opts[] = {
	{.name = "ctstate", .id = CT_STATE, .type = XTTYPE_WORD, .flags = XTOPT_INVERT},
	CT_OPT("ctproto", CT_PROTO, XTTYPE_PROTOCOL, l4proto),
	CT_OPT("ctorigsrc", CT_ORIGSRC, XTTYPE_HOSTMASK, origsrc),
	CT_OPT("ctorigdst", CT_ORIGDST, XTTYPE_HOSTMASK, origdst),
	CT_OPT("ctreplsrc", CT_REPLSRC, XTTYPE_HOSTMASK, replsrc),
	CT_OPT("ctrepldst", CT_REPLDST, XTTYPE_HOSTMASK, repldst),
	{.name = "ctstatus", .id = CT_STATUS, .type = XTTYPE_WORD, .flags = XTOPT_INVERT},
	CT_OPT("ctexpire", CT_EXPIRE, XTTYPE_UINT32RC, expires_min),
	CT_OPT("ctorigsrcport", CT_ORIGSRC_PORT, XTTYPE_PORTRC, origsrc_port),
	CT_OPT("ctorigdstport", CT_ORIGDST_PORT, XTTYPE_PORTRC, origdst_port),
	CT_OPT("ctreplsrcport", CT_REPLSRC_PORT, XTTYPE_PORTRC, replsrc_port),
	CT_OPT("ctrepldstport", CT_REPLDST_PORT, XTTYPE_PORTRC, repldst_port),
	{.name = "ctdir", .id = CT_DIR, .type = XTTYPE_WORD},
};

static int ct_parse(struct xt_call *call)
{
	struct xt_conntrack_info *info = call->data;
	u8 id = call->opt->id;
	bool invert = call->invert;
	int err = 0;

	if (id == CT_STATE)
		err = parse_bits(call, state_words, ARRAY_SIZE(state_words), "ctstate",
				 &info->state_mask);
	else if (id == CT_STATUS)
		err = parse_bits(call, status_words, ARRAY_SIZE(status_words), "ctstatus",
				 &info->status_mask);
	else if (id == CT_DIR && !xt_same_word(call->arg, "ORIGINAL", 9) &&
		 !xt_same_word(call->arg, "REPLY", 6))
		err = ipt_problem(call->cmd, "%s: Bad value for \"--%s\" option: \"%s\"",
				  call->name, call->opt->name, call->arg);
	if (id == CT_DIR)
		invert = (*call->arg | 0x20) == 'r';
	info->match_flags |= BIT(id);
	if (invert)
		info->invert_flags |= BIT(id);
	return err;
}

static int ct_check(struct xt_call *call)
{
	return call->told ? 0
			  : ipt_problem(call->cmd, "conntrack: At least one option is required");
}

static void ct_say_addr(const struct xt_print *p, const struct xt_conntrack_addr *a)
{
	int len = xt_mask_len(a->mask);

	if (!len && !p->numeric) {
		xt_say(p, "anywhere");
		return;
	}
	xt_say(p, "%pI4", &a->addr);
	if (len >= 0 && len < 32)
		xt_say(p, "/%d", len);
}

static void ct_say_value(const struct xt_print *p, const struct xt_conntrack_info *info, u8 id)
{
	const struct xt_conntrack_addr *addr[] = {&info->origsrc, &info->origdst, &info->replsrc,
						  &info->repldst};
	const struct xt_conntrack_ports *ports[] = {&info->origsrc_port, &info->origdst_port,
						    &info->replsrc_port, &info->repldst_port};

	switch (id) {
	case CT_STATE:
		say_bits(p, state_words, ARRAY_SIZE(state_words), info->state_mask);
		break;
	case CT_PROTO:
		xt_say(p, "%u", info->l4proto);
		break;
	case CT_ORIGSRC:
	case CT_ORIGDST:
	case CT_REPLSRC:
	case CT_REPLDST:
		ct_say_addr(p, addr[id - CT_ORIGSRC]);
		break;
	case CT_STATUS:
		say_bits(p, status_words, ARRAY_SIZE(status_words), info->status_mask);
		break;
	case CT_EXPIRE:
		xt_say_range(p, info->expires_min, info->expires_max, ':');
		break;
	case CT_DIR:
		xt_say(p, info->invert_flags & BIT(CT_DIR) ? "REPLY" : "ORIGINAL");
		break;
	default:
		xt_say_range(p, ports[id - CT_ORIGSRC_PORT]->low, ports[id - CT_ORIGSRC_PORT]->high,
			     ':');
	}
}

/* Linux shows ports behind the addresses, and the state of the flow behind them. */
static const u8 ct_order[] = {CT_STATE,        CT_PROTO,        CT_ORIGSRC,      CT_ORIGDST,
			      CT_REPLSRC,      CT_REPLDST,      CT_ORIGSRC_PORT, CT_ORIGDST_PORT,
			      CT_REPLSRC_PORT, CT_REPLDST_PORT, CT_STATUS,       CT_EXPIRE,
			      CT_DIR};

static void ct_dump(const struct xt_print *p, const struct xt_conntrack_info *info,
		    const char *prefix)
{
	for (u32 i = 0; i < ARRAY_SIZE(ct_order); i++) {
		u8 id = ct_order[i];

		if (!(info->match_flags & BIT(id)))
			continue;
		xt_say(p, " %s%s%s ", XT_NOT(id != CT_DIR && info->invert_flags & BIT(id)), prefix,
		       ct_opts[id].name);
		ct_say_value(p, info, id);
	}
}

static void ct_print(const struct xt_print *p, const void *data)
{
	ct_dump(p, data, "");
}

static void ct_save(const struct xt_print *p, const void *data)
{
	const struct xt_print numeric = {.out = p->out, .numeric = true};

	ct_dump(&numeric, data, "--");
}

/* ---- state */

static const struct xt_opt state_opts[] = {
	{.name = "state", .type = XTTYPE_WORD, .flags = XTOPT_MAND | XTOPT_INVERT},
};

static int state_parse(struct xt_call *call)
{
	struct xt_state_info *info = call->data;
	int err = parse_bits(call, state_words, PLAIN_STATES, "state", &info->statemask);

	if (call->invert)
		info->statemask = STATE_INVERTED | (PLAIN_MASK & ~info->statemask);
	return err;
}

static void state_dump(const struct xt_print *p, const void *data, const char *prefix)
{
	u16 mask = ((const struct xt_state_info *)data)->statemask;
	bool invert = mask & STATE_INVERTED;

	xt_say(p, " %s%sstate ", XT_NOT(invert), prefix);
	say_bits(p, state_words, PLAIN_STATES, invert ? PLAIN_MASK & ~mask : mask);
}

static void state_print(const struct xt_print *p, const void *data)
{
	state_dump(p, data, "");
}

static void state_save(const struct xt_print *p, const void *data)
{
	state_dump(p, data, "--");
}

/* ---- mark, connmark: both structs are the same */

static const struct xt_opt mark_opts[] = {
	{.name = "mark",
	 .type = XTTYPE_MARKMASK32,
	 .flags = XTOPT_MAND | XTOPT_INVERT,
	 .put = XT_PUT(struct xt_mark_info, mark)},
};

static int mark_parse(struct xt_call *call)
{
	((struct xt_mark_info *)call->data)->invert = call->invert;
	return 0;
}

static void mark_print(const struct xt_print *p, const void *data)
{
	const struct xt_mark_info *info = data;

	xt_say(p, " mark match%s", info->invert ? " !" : "");
	xt_say_mark(p, info->mark, info->mask);
}

static void connmark_print(const struct xt_print *p, const void *data)
{
	const struct xt_connmark_info *info = data;

	xt_say(p, " connmark match %s", info->invert ? "!" : "");
	xt_say_mark(p, info->mark, info->mask);
}

static void mark_save(const struct xt_print *p, const void *data)
{
	const struct xt_mark_info *info = data;

	xt_say(p, " %s--mark", XT_NOT(info->invert));
	xt_say_mark(p, info->mark, info->mask);
}

const struct xt_words xt_conn_words[] = {
	{.name = "conntrack",
	 XT_OPTS(ct_opts),
	 .parse = ct_parse,
	 .check = ct_check,
	 .print = ct_print,
	 .save = ct_save},
	{.name = "state",
	 XT_OPTS(state_opts),
	 .parse = state_parse,
	 .print = state_print,
	 .save = state_save},
	{.name = "mark",
	 XT_OPTS(mark_opts),
	 .parse = mark_parse,
	 .print = mark_print,
	 .save = mark_save},
	{.name = "connmark",
	 XT_OPTS(mark_opts),
	 .parse = mark_parse,
	 .print = connmark_print,
	 .save = mark_save},
};
const u8 xt_conn_words_nr = ARRAY_SIZE(xt_conn_words);
