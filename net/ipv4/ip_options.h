/* SPDX-License-Identifier: MIT */
/* IPv4 options, for net/ipv4. */
#pragma once

#include "net/ipv4/netns_ipv4.h"
#include "net/wire/ipv4_hdr.h"

/*
 * Checks the options of a received packet (skb->dst set), fills in record route and time stamps (which rewrites the
 * header), follows a source route that names us. False: dropped, and the sender told where that is due.
 */
bool ip_rcv_options(struct net *net, struct sk_buff *skb) __must_check;

/*
 * Checks options at data (len bytes, a multiple of 4) into opt. skb: a received packet to write our entries into;
 * NULL: options of our own making. 0, or -EINVAL with *bad at the offending byte's offset from the options' start.
 */
int ip_options_compile(struct net *net, struct ip_options *opt, u8 *data, u32 len,
		       struct sk_buff *skb, u32 *bad) __must_check;

/*
 * The options an answer to skb carries (RFC 1122 s3.2.2.6): up to 40 bytes at data, described by opt. -EINVAL: what
 * is left of an option is no room for a whole entry, and there must be no answer.
 */
int ip_options_echo(struct net *net, struct ip_options *opt, u8 *data,
		    struct sk_buff *skb) __must_check;

/* Options of our own making as they were before compile, or as an answer has them before it is sent. */
void ip_options_undo(const struct ip_options *opt, u8 *data);

/* A packet that leaves from here, its options behind iph: our address and the time where opt says that they are due. */
void ip_options_build(struct iphdr *iph, const struct ip_options *opt);

/* A packet that is forwarded: what compile left to do when the way out is known. */
void ip_forward_options(struct net *net, struct sk_buff *skb);
