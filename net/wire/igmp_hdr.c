/* SPDX-License-Identifier: MIT */
#include "net/wire/igmp_hdr.h"

/* Times above 127 are a mantissa of 4 bits and an exponent of 3 (RFC 3376 s4.1.1, s4.1.7). */
static u32 igmpv3_time(u8 code)
{
	return code < 128 ? code : ((code & 15U) | 16) << ((code >> 4 & 7) + 3);
}

bool igmp_query_parse(struct igmp_query *q, const void *data, size_t len)
{
	const struct igmphdr *ih = data;
	const u8 *more = (const u8 *)(ih + 1);

	*q = (struct igmp_query){.group = ih->group, .version = ih->code ? 2 : 1};
	q->max_resp_ds = ih->code ? ih->code : 100;
	if (len == IGMP_HLEN)
		return true;
	if (len < IGMPV3_QUERY_LEN)
		return false;
	q->version = 3;
	q->max_resp_ds = igmpv3_time(ih->code);
	q->qrv = more[0] & 7;
	q->qqi = igmpv3_time(more[1]);
	q->nsrcs = get_unaligned_be16(more + 2);
	if (len - IGMPV3_QUERY_LEN >= q->nsrcs * sizeof(be32))
		q->srcs = more + 4;
	return true;
}
