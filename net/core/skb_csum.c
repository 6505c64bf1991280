/* SPDX-License-Identifier: MIT */
/* Partial checksums: done by the device that a packet leaves by, or here; and kept right when headers are rewritten. */
#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/skbuff.h"
#include "net/wire/checksum.h"

int skb_checksum_help(struct sk_buff *skb)
{
	s32 start = skb_checksum_start_offset(skb);
	u32 field = start + skb->csum_offset;
	u16 sum;

	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return 0;
	if (unlikely(start < 0 || field + 2 > skb->len || skb_is_gso(skb)))
		return -EINVAL;
	if (skb_ensure_writable(skb, field + 2))
		return -ENOMEM;
	sum = csum_fold(skb_checksum(skb, start, skb->len - start, 0));
	if (!sum) /* to UDP 0 means that there is none: RFC 768 */
		sum = CSUM_MANGLED_0;
	__builtin_memcpy(skb->data + field, &sum, sizeof(sum));
	skb->ip_summed = CHECKSUM_NONE;
	return 0;
}

/*
 * A partial checksum's field holds the sum of the pseudo header, not complemented, so only what that covers changes it.
 */
void inet_proto_csum_replace4(u16 *check, struct sk_buff *skb, be32 from, be32 to, bool pseudohdr)
{
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		*check = csum_replace4(*check, from, to);
	else if (pseudohdr)
		*check = ~csum_replace4((u16) ~*check, from, to);
}

void inet_proto_csum_replace2(u16 *check, struct sk_buff *skb, be16 from, be16 to, bool pseudohdr)
{
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		*check = csum_replace2(*check, from, to);
	else if (pseudohdr)
		*check = ~csum_replace2((u16) ~*check, from, to);
}
