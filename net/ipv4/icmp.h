/* SPDX-License-Identifier: MIT */
/* ICMP, for net/ipv4. */
#pragma once

#include "net/ipv4/netns_ipv4.h"

int icmp_init(struct net *net) __must_check;
void icmp_exit(struct net *net);

/*
 * Answers skb (borrowed, data at the ICMP header): type, code, checksum, then head, then what skb has behind as many
 * bytes.
 */
void icmp_reply(struct net *net, struct sk_buff *skb, u8 type, u8 code, const void *head,
		u32 head_len);

void icmp_count_in(struct net *net, u8 type);
void icmp_count_out(struct net *net, u8 type);
