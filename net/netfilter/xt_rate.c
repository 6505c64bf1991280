/* SPDX-License-Identifier: MIT */
/* Matches that fit only so often: limit (a token bucket), statistic. */
#include "lib/errno.h"
#include "net/netfilter/xt_packet.h"

#define LIMIT_UNIT (NSEC_PER_SEC / XT_LIMIT_SCALE)

static u64 limit_full(const struct xt_limit_info *info)
{
	return (u64)info->avg * info->burst * LIMIT_UNIT;
}

static bool limit_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	struct xt_limit_info *info = data;
	u64 now = plat_now(), cost = info->avg * LIMIT_UNIT;

	(void)skb;
	(void)par;
	info->credit = min(info->credit + (now - info->prev), limit_full(info));
	info->prev = now;
	if (info->credit < cost)
		return false;
	info->credit -= cost;
	return true;
}

/* What Linux's 32 bits cannot hold it does not take. */
static int limit_check(struct xt_chk_param *par, const void *data)
{
	const struct xt_limit_info *info = data;

	if (info->burst && info->avg * info->burst >= info->avg)
		return 0;
	par->why = "Overflow, try lower avg/burst";
	return -ERANGE;
}

static void limit_reset(void *data)
{
	struct xt_limit_info *info = data;

	info->credit = limit_full(info);
	info->prev = plat_now();
}

static bool statistic_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	struct xt_statistic_info *info = data;
	u32 r;

	(void)skb;
	(void)par;
	if (info->mode == XT_STATISTIC_MODE_RANDOM) {
		plat_random(&r, sizeof(r));
		return ((r & 0x7fffffff) < info->probability) != !!info->invert;
	}
	info->count = info->count == info->every ? 0 : info->count + 1;
	return !info->count != !!info->invert;
}

static int statistic_check(struct xt_chk_param *par, const void *data)
{
	const struct xt_statistic_info *info = data;

	(void)par;
	return info->mode > XT_STATISTIC_MODE_NTH ? -EINVAL : 0;
}

static void statistic_reset(void *data)
{
	struct xt_statistic_info *info = data;

	info->count = info->every - info->packet;
}

const struct xt_ext xt_rate_exts[] = {
	{.name = "limit",
	 .size = sizeof(struct xt_limit_info),
	 .usersize = offsetof(struct xt_limit_info, _state),
	 .check = limit_check,
	 .reset = limit_reset,
	 .match = limit_match},
	{.name = "statistic",
	 .size = sizeof(struct xt_statistic_info),
	 .usersize = offsetof(struct xt_statistic_info, _state),
	 .check = statistic_check,
	 .reset = statistic_reset,
	 .match = statistic_match},
};
const u32 xt_rate_nr = ARRAY_SIZE(xt_rate_exts);
