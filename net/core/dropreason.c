/* SPDX-License-Identifier: MIT */
/* Names of drop reasons. */
#include "lib/types.h"
#include "net/dropreason.h"

static const char *const names[] = {
#define SKB_DROP_NAME(name, text) text,
	SKB_DROP_REASONS(SKB_DROP_NAME)
#undef SKB_DROP_NAME
};

const char *skb_drop_reason_name(enum skb_drop_reason reason)
{
	return (unsigned int)reason < ARRAY_SIZE(names) ? names[reason] : "?";
}
