/* SPDX-License-Identifier: MIT */
/* How matches and targets look into packets. */
#pragma once

#include "net/core/net_namespace.h"
#include "net/ip.h"
#include "net/wire/ipv4_hdr.h"
#include "net/x_tables.h"

/* len bytes at offset: in place if they are linear, else copied to buf. NULL: the packet ends before. */
static inline const void *skb_header_pointer(const struct sk_buff *skb, u32 offset, u32 len,
					     void *buf)
{
	if (likely(offset + len <= skb_headlen(skb)))
		return skb->data + offset;
	return skb_copy_bits(skb, offset, buf, len) ? NULL : buf;
}

/*
 * The len bytes (at most 20) behind IP's header, for a match. NULL: pieces behind the first have none; a packet that
 * ends before is nonsense.
 */
static __always_inline const void *xt_header(struct xt_action_param *par, u32 len)
{
	if (likely(len <= par->avail))
		return par->header;
	par->hotdrop |= !par->fragoff;
	return NULL;
}

static inline const struct iphdr *xt_ip_hdr(const struct sk_buff *skb)
{
	return skb_network_header(skb);
}

/* After a packet of ours was changed: where does it go now? type: RTN_* of its source, RTN_UNSPEC: to be found. */
int ip_route_me_harder(struct net *net, struct sk_buff *skb, u8 type) __must_check;

/* The modules of extensions, each a list. */
extern const struct xt_ext xt_proto_exts[], xt_packet_exts[], xt_rate_exts[], xt_recent_exts[],
	xt_change_exts[], xt_verdict_exts[], xt_conn_exts[], xt_nat_exts[];
extern const u32 xt_proto_nr, xt_packet_nr, xt_rate_nr, xt_recent_nr, xt_change_nr, xt_verdict_nr,
	xt_conn_nr, xt_nat_nr;
