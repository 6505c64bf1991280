/* SPDX-License-Identifier: MIT */
/* Matches that fit only so often: limit (a token bucket), statistic. */
#include "lib/errno.h"
#include "net/netfilter/xt_packet.h"

/*
 * Linux counts credits, 32,000 a second, in 32 bits: what a rare rate and a large burst come to may not fit, and then
 * the burst is smaller than told. That is kept.
 */
#define LIMIT_CREDITS 32000U /* a second */
#define LIMIT_NS      (NSEC_PER_SEC / LIMIT_CREDITS)

static u32 user2credits(u32 user)
{
	if (user > U32_MAX / LIMIT_CREDITS)
		return user / XT_LIMIT_SCALE * LIMIT_CREDITS;
	return user * LIMIT_CREDITS / XT_LIMIT_SCALE;
}

static u64 limit_full(const struct xt_limit_info *info)
{
	return user2credits(info->avg * info->burst) * LIMIT_NS;
}

static bool limit_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	struct xt_limit_info *info = data;
	u64 now = plat_now();

	(void)skb;
	(void)par;
	info->credit = min(info->credit + (now - info->prev), info->full);
	info->prev = now;
	if (info->credit < info->cost)
		return false;
	info->credit -= info->cost;
	return true;
}

static int limit_check(struct xt_chk_param *par, const void *data)
{
	const struct xt_limit_info *info = data;

	if (info->burst && user2credits(info->avg * info->burst) >= user2credits(info->avg))
		return 0;
	par->why = "Overflow, try lower avg/burst";
	return -ERANGE;
}

static void limit_reset(void *data)
{
	struct xt_limit_info *info = data;

	info->credit = info->full = limit_full(info);
	info->cost = user2credits(info->avg) * LIMIT_NS;
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
