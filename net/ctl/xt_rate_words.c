/* SPDX-License-Identifier: MIT */
/* The words of matches with a memory: limit, recent, statistic. */
#include "lib/byteorder.h"
#include "lib/string.h"
#include "net/ctl.h"
#include "net/ctl/xt_words.h"

/* ---- limit */

enum { LIMIT_RATE, LIMIT_BURST };

static const struct xt_opt limit_opts[] = {
	{.name = "limit", .id = LIMIT_RATE, .type = XTTYPE_WORD},
	{.name = "limit-burst",
	 .id = LIMIT_BURST,
	 .type = XTTYPE_UINT32,
	 .put = XT_PUT(struct xt_limit_info, burst),
	 .max = 10000},
};

static const struct {
	const char *name;
	const char *word; /* any beginning of it will do */
	u32 seconds;
} limit_units[] = {
	{"day", "day", 86400}, {"hour", "hour", 3600}, {"min", "minute", 60}, {"sec", "second", 1}};

static void limit_init(void *data)
{
	struct xt_limit_info *info = data;

	info->avg = XT_LIMIT_SCALE * 1200;
	info->burst = 5;
}

static int limit_parse(struct xt_call *call)
{
	struct xt_limit_info *info = call->data;
	const char *slash = strchr(call->arg, '/'), *digits = call->arg;
	bool minus = *digits == '-';
	u32 unit = 0, rate = 0;

	if (call->opt->id == LIMIT_BURST)
		return 0;
	if (slash) {
		size_t len = strlen(slash + 1);

		while (unit < ARRAY_SIZE(limit_units) &&
		       (!len || !xt_same_word(limit_units[unit].word, slash + 1, len)))
			unit++;
	} else {
		unit = ARRAY_SIZE(limit_units) - 1;
	}
	digits += minus;
	while (*digits >= '0' && *digits <= '9' && rate < 100000000)
		rate = rate * 10 + (*digits++ - '0');
	if (unit == ARRAY_SIZE(limit_units) || !rate)
		return ipt_problem(call->cmd, "bad rate \"%s\"'", call->arg);
	if (minus || (u64)rate > (u64)XT_LIMIT_SCALE * limit_units[unit].seconds)
		return ipt_problem(call->cmd, "Rate too fast \"%s\"", call->arg);
	info->avg = XT_LIMIT_SCALE * limit_units[unit].seconds / rate;
	return 0;
}

/* The largest unit in which the rate is a whole number, or nearly. */
static void limit_say_rate(const struct xt_print *p, u32 avg)
{
	u32 i;

	for (i = 1; i < ARRAY_SIZE(limit_units); i++) {
		u32 per = XT_LIMIT_SCALE * limit_units[i].seconds;

		if (avg > per || per / avg < per % avg)
			break;
	}
	xt_say(p, "%u/%s", XT_LIMIT_SCALE * limit_units[i - 1].seconds / avg,
	       limit_units[i - 1].name);
}

static void limit_print(const struct xt_print *p, const void *data)
{
	const struct xt_limit_info *info = data;

	xt_say(p, " limit: avg ");
	limit_say_rate(p, info->avg);
	xt_say(p, " burst %u", info->burst);
}

static void limit_save(const struct xt_print *p, const void *data)
{
	const struct xt_limit_info *info = data;

	xt_say(p, " --limit ");
	limit_say_rate(p, info->avg);
	if (info->burst != 5)
		xt_say(p, " --limit-burst %u", info->burst);
}

/* ---- recent */

enum {
	RECENT_SET,
	RECENT_RCHECK,
	RECENT_UPDATE,
	RECENT_SECONDS,
	RECENT_HITCOUNT,
	RECENT_REMOVE,
	RECENT_RTTL,
	RECENT_NAME,
	RECENT_RSOURCE,
	RECENT_RDEST,
	RECENT_MASK,
	RECENT_REAP
};

#define RECENT_ACTIONS \
	(BIT(RECENT_SET) | BIT(RECENT_RCHECK) | BIT(RECENT_UPDATE) | BIT(RECENT_REMOVE))
#define RECENT_ACTION(word, nr)                                                           \
	{                                                                                 \
		.name = (word), .id = (nr), .flags = XTOPT_INVERT, .excl = RECENT_ACTIONS \
	}

static const struct xt_opt recent_opts[] = {
	RECENT_ACTION("set", RECENT_SET),
	RECENT_ACTION("rcheck", RECENT_RCHECK),
	RECENT_ACTION("update", RECENT_UPDATE),
	RECENT_ACTION("remove", RECENT_REMOVE),
	{.name = "seconds",
	 .id = RECENT_SECONDS,
	 .type = XTTYPE_UINT32,
	 .put = XT_PUT(struct xt_recent_info, seconds),
	 .min = 1},
	{.name = "reap", .id = RECENT_REAP, .also = BIT(RECENT_SECONDS)},
	{.name = "hitcount",
	 .id = RECENT_HITCOUNT,
	 .type = XTTYPE_UINT32,
	 .put = XT_PUT(struct xt_recent_info, hit_count)},
	{.name = "rttl", .id = RECENT_RTTL, .excl = BIT(RECENT_SET) | BIT(RECENT_REMOVE)},
	{.name = "name",
	 .id = RECENT_NAME,
	 .type = XTTYPE_STRING,
	 .put = XT_PUT(struct xt_recent_info, name),
	 .max = XT_RECENT_NAME_LEN},
	{.name = "rsource", .id = RECENT_RSOURCE},
	{.name = "rdest", .id = RECENT_RDEST},
	{.name = "mask",
	 .id = RECENT_MASK,
	 .type = XTTYPE_HOST,
	 .put = XT_PUT(struct xt_recent_info, mask)},
};

static void recent_init(void *data)
{
	struct xt_recent_info *info = data;

	memcpy(info->name, "DEFAULT", sizeof("DEFAULT"));
	info->mask = ~(be32)0;
}

static int recent_parse(struct xt_call *call)
{
	struct xt_recent_info *info = call->data;
	static const u8 bits[] = {
		[RECENT_SET] = XT_RECENT_SET,       [RECENT_RCHECK] = XT_RECENT_CHECK,
		[RECENT_UPDATE] = XT_RECENT_UPDATE, [RECENT_REMOVE] = XT_RECENT_REMOVE,
		[RECENT_RTTL] = XT_RECENT_TTL,      [RECENT_REAP] = XT_RECENT_REAP};
	u8 id = call->opt->id;

	if (id == RECENT_RSOURCE || id == RECENT_RDEST)
		info->side = id == RECENT_RDEST ? XT_RECENT_DEST : XT_RECENT_SOURCE;
	if (id < ARRAY_SIZE(bits))
		info->check_set |= bits[id];
	if (BIT(id) & RECENT_ACTIONS)
		info->invert = call->invert;
	return 0;
}

static int recent_check(struct xt_call *call)
{
	return call->told & RECENT_ACTIONS
		       ? 0
		       : ipt_problem(call->cmd,
				     "recent: you must specify one of `--set', `--rcheck' "
				     "`--update' or `--remove'");
}

static void recent_dump(const struct xt_print *p, const struct xt_recent_info *info, bool save)
{
	static const struct {
		u8 bit;
		const char *words[2];
	} actions[] = {{XT_RECENT_SET, {"SET", "--set"}},
		       {XT_RECENT_CHECK, {"CHECK", "--rcheck"}},
		       {XT_RECENT_UPDATE, {"UPDATE", "--update"}},
		       {XT_RECENT_REMOVE, {"REMOVE", "--remove"}}};

	xt_say(p, " %s%s", XT_NOT(info->invert), save ? "" : "recent: ");
	for (u32 i = 0; i < ARRAY_SIZE(actions); i++) {
		if (info->check_set & actions[i].bit)
			xt_say(p, "%s", actions[i].words[save]);
	}
	if (info->seconds)
		xt_say(p, " %s %u", save ? "--seconds" : "seconds:", info->seconds);
	if (info->check_set & XT_RECENT_REAP)
		xt_say(p, save ? " --reap" : " reap");
	if (info->hit_count)
		xt_say(p, " %s %u", save ? "--hitcount" : "hit_count:", info->hit_count);
	if (info->check_set & XT_RECENT_TTL)
		xt_say(p, save ? " --rttl" : " TTL-Match");
	if (save)
		xt_say(p, " --name %s --mask %pI4 %s", info->name, &info->mask,
		       info->side == XT_RECENT_DEST ? "--rdest" : "--rsource");
	else
		xt_say(p, " name: %s side: %s mask: %pI4", info->name,
		       info->side == XT_RECENT_DEST ? "dest" : "source", &info->mask);
}

static void recent_print(const struct xt_print *p, const void *data)
{
	recent_dump(p, data, false);
}

static void recent_save(const struct xt_print *p, const void *data)
{
	recent_dump(p, data, true);
}

/* ---- statistic */

enum { STATISTIC_MODE, STATISTIC_PROBABILITY, STATISTIC_EVERY, STATISTIC_PACKET };

static const struct xt_opt statistic_opts[] = {
	{.name = "mode", .id = STATISTIC_MODE, .type = XTTYPE_WORD, .flags = XTOPT_MAND},
	{.name = "probability",
	 .id = STATISTIC_PROBABILITY,
	 .type = XTTYPE_WORD,
	 .flags = XTOPT_INVERT,
	 .excl = BIT(STATISTIC_EVERY) | BIT(STATISTIC_PACKET)},
	{.name = "every",
	 .id = STATISTIC_EVERY,
	 .type = XTTYPE_UINT32,
	 .flags = XTOPT_INVERT,
	 .put = XT_PUT(struct xt_statistic_info, every),
	 .min = 1,
	 .also = BIT(STATISTIC_PACKET),
	 .excl = BIT(STATISTIC_PROBABILITY)},
	{.name = "packet",
	 .id = STATISTIC_PACKET,
	 .type = XTTYPE_UINT32,
	 .put = XT_PUT(struct xt_statistic_info, packet),
	 .also = BIT(STATISTIC_EVERY),
	 .excl = BIT(STATISTIC_PROBABILITY)},
};

/* Digits with a point among them: *mantissa / 10^*places, to 17 digits. False: none. */
static bool read_decimal(const char **at, u64 *mantissa, int *places)
{
	bool digits = false, point = false;

	for (*mantissa = *places = 0;; ++*at) {
		if (**at == '.' && !point) {
			point = true;
			continue;
		}
		if (**at < '0' || **at > '9')
			return digits;
		digits = true;
		if (*mantissa < 10000000000000000ULL) {
			*mantissa = *mantissa * 10 + (**at - '0');
			*places += point;
		} else {
			*places -= !point;
		}
	}
}

/* A number from 0 to 1, decimal with an exponent, times 2^31, rounded. */
static bool read_probability(const char *s, u32 *v)
{
	u64 mantissa, scale = 1, exponent = 0;
	bool minus;
	int places;

	while (*s == ' ' || (*s >= '\t' && *s <= '\r'))
		s++;
	minus = *s == '-';
	s += minus || *s == '+';
	if (!read_decimal(&s, &mantissa, &places))
		return false;
	if ((*s | 0x20) == 'e') {
		bool small = s[1] == '-';

		s += 1 + (small || s[1] == '+');
		if (*s < '0' || *s > '9')
			return false;
		(void)xt_read_u64(s, 10, &s, &exponent);
		exponent = min(exponent, (u64)1000);
		places += small ? (int)exponent : -(int)exponent;
	}
	for (; places > 0 && mantissa; places--) {
		if (scale < 100000000000000000ULL)
			scale *= 10;
		else
			mantissa /= 10;
	}
	if (*s || mantissa > scale || (mantissa && (places < 0 || minus)))
		return false;
	*v = 0;
	for (int i = 0; i < 32; i++) {
		*v = *v << 1 | (mantissa >= scale);
		mantissa = (mantissa - (mantissa >= scale ? scale : 0)) * 2;
	}
	*v += mantissa >= scale;
	return true;
}

static int statistic_parse(struct xt_call *call)
{
	struct xt_statistic_info *info = call->data;

	switch (call->opt->id) {
	case STATISTIC_MODE:
		if (!strcmp(call->arg, "nth"))
			info->mode = XT_STATISTIC_MODE_NTH;
		else if (strcmp(call->arg, "random") != 0)
			return ipt_problem(call->cmd, "Bad mode \"%s\"", call->arg);
		return 0;
	case STATISTIC_PROBABILITY:
		info->invert = call->invert;
		if (!read_probability(call->arg, &info->probability))
			return ipt_problem(
				call->cmd,
				"%s: bad value for option \"--%s\", or out of range (0-1).\n",
				call->name, call->opt->name);
		info->every = info->probability; /* one and the same field there */
		return 0;
	case STATISTIC_EVERY:
		info->invert = call->invert;
		info->every--;
	}
	return 0;
}

static int statistic_check(struct xt_call *call)
{
	const struct xt_statistic_info *info = call->data;
	bool nth = info->mode == XT_STATISTIC_MODE_NTH;

	if (!nth && !(call->told & BIT(STATISTIC_PROBABILITY)))
		return ipt_problem(call->cmd,
				   "--probability must be specified when using random mode");
	if (nth && !(call->told & (BIT(STATISTIC_EVERY) | BIT(STATISTIC_PACKET))))
		return ipt_problem(call->cmd,
				   "--every and --packet must be specified when using nth mode");
	if (info->packet > info->every)
		return ipt_problem(call->cmd, "the --packet p must be 0 <= p <= n-1");
	return 0;
}

/* With 11 decimals, rounded as printf() rounds. */
static void say_probability(const struct xt_print *p, u32 probability)
{
	u64 high = (u64)probability * 100000;
	u64 low = (high & 0x7fffffff) * 1000000, value, rest;

	value = (high >> 31) * 1000000 + (low >> 31);
	rest = low & 0x7fffffff;
	value += rest > 0x40000000 || (rest == 0x40000000 && value & 1);
	xt_say(p, "%llu.%011llu", (unsigned long long)(value / 100000000000ULL),
	       (unsigned long long)(value % 100000000000ULL));
}

static void statistic_dump(const struct xt_print *p, const struct xt_statistic_info *info,
			   const char *prefix)
{
	const char *not = XT_NOT(info->invert);

	if (info->mode == XT_STATISTIC_MODE_RANDOM) {
		xt_say(p, " %smode random %s%sprobability ", prefix, not, prefix);
		say_probability(p, info->probability);
		return;
	}
	xt_say(p, " %smode nth %s%severy %u", prefix, not, prefix, info->every + 1);
	if (info->packet || *prefix)
		xt_say(p, " %spacket %u", prefix, info->packet);
}

static void statistic_print(const struct xt_print *p, const void *data)
{
	xt_say(p, " statistic");
	statistic_dump(p, data, "");
}

static void statistic_save(const struct xt_print *p, const void *data)
{
	statistic_dump(p, data, "--");
}

const struct xt_words xt_rate_words[] = {
	{.name = "limit",
	 XT_OPTS(limit_opts),
	 .init = limit_init,
	 .parse = limit_parse,
	 .print = limit_print,
	 .save = limit_save},
	{.name = "recent",
	 XT_OPTS(recent_opts),
	 .init = recent_init,
	 .parse = recent_parse,
	 .check = recent_check,
	 .print = recent_print,
	 .save = recent_save},
	{.name = "statistic",
	 XT_OPTS(statistic_opts),
	 .parse = statistic_parse,
	 .check = statistic_check,
	 .print = statistic_print,
	 .save = statistic_save},
};
const u8 xt_rate_words_nr = ARRAY_SIZE(xt_rate_words);
