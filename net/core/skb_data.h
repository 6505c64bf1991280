/* SPDX-License-Identifier: MIT */
/* The buffers under sk_buffs, for net/core/skb*.c. */
#pragma once

#include "net/skbuff.h"

#define SKB_SMALL_SIZE 768  /* with the shared info: heads of small packets */
#define SKB_DATA_SIZE  2048 /* with the shared info: an Ethernet frame and all headroom */

/* A buffer with at least size bytes in front of its shared info; *room is how many it has. */
void *skb_data_alloc(struct net *net, u32 size, u32 *room) __must_check;

/* Frees what skb's data consists of: it has no user any more. */
void skb_free_data(struct sk_buff *skb);

/* One user less of skb's data; the last one frees buffer, fragments and fragment list. */
static inline void skb_release_data(struct sk_buff *skb)
{
	struct skb_shared_info *si = skb_shinfo(skb);

	if (unlikely(--si->dataref))
		return;
	if (likely(si->free_head && !si->nr_frags && !si->frag_list))
		si->free_head(skb->head);
	else
		skb_free_data(skb);
}

/* n's fields as skb's, header offsets shifted by the difference of their headrooms. */
void skb_copy_fields(struct sk_buff *n, const struct sk_buff *skb);

/* Copies all of a packet to dst. */
void skb_copy_whole(const struct sk_buff *skb, u8 *dst);

/* Sets n's header offsets to from's, shifted. */
void skb_move_headers(struct sk_buff *n, const struct sk_buff *from, s32 shift);
