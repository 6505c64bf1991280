/* SPDX-License-Identifier: MIT */
/* IP options of what a socket sends: IP_OPTIONS, or of one message, IP_RETOPTS. As ip(7). */
#pragma once

#include "net/ip.h"

struct sock;

/* Checked, and as they go on the wire, but for the last hop of a source route, which is where a packet is for. */
struct inet_opt {
	struct ip_options opt;
	u8 data[IP_MAX_OPTLEN];
};

/* Takes a program's options, len <= IP_MAX_OPTLEN. 0, -EINVAL. */
int inet_opt_parse(struct net *net, struct inet_opt *o, const void *val, u32 len) __must_check;

/* Where packets to daddr go first. o may be NULL. */
be32 inet_opt_first_hop(const struct inet_opt *o, be32 daddr);

/* ip, which has the addresses of both ends, gets the options (none if o is NULL), and borrows them. */
void inet_opt_use(struct inet_opt *o, struct ip_tx *ip);

/* IP_OPTIONS; no length: none any more. 0, -EINVAL, -ENOMEM. */
int inet_opt_set(struct sock *sk, const void *val, u32 len);
int inet_opt_get(const struct sock *sk, void *val, u32 *len);
