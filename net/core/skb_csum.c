/* SPDX-License-Identifier: MIT */
/* Partial checksums: done by the device that a packet leaves by, or here. */
#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/skbuff.h"
#include "net/wire/checksum.h"
#include "net/wire/udp_hdr.h"

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
	if (!sum &&
	    skb->csum_offset == offsetof(struct udphdr, check)) /* 0: there is none, RFC 768 */
		sum = CSUM_MANGLED_0;
	__builtin_memcpy(skb->data + field, &sum, sizeof(sum));
	skb->ip_summed = CHECKSUM_NONE;
	return 0;
}
