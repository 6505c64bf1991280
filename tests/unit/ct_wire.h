/* SPDX-License-Identifier: MIT */
/* A router with connection tracking between two NICs, and TCP segments and looks at connections for its tests. */
#pragma once

#include "net/netfilter/conntrack_net.h"
#include "tests/unit/harness.h"

#define INSIDE  IP4(10, 0, 1, 2)
#define ROUTER  IP4(10, 0, 1, 1)
#define OUTSIDE IP4(10, 0, 2, 2)
#define PUBLIC  IP4(10, 0, 2, 1)

struct ct_world {
	struct net *net;
	struct nic *in, *out;
};

/* Neighbours are known; tracking is not on yet. NULL net: an allocation failed. */
struct ct_world ct_router(void);

/* One TCP segment. */
struct ct_seg {
	be32 saddr, daddr;
	u16 sport, dport;
	u8 flags;
	u32 seq, ack, len;
	u16 win;
	bool bad_csum;
	const char *opt;
	u32 optlen;
};
void ct_inject_tcp(struct nic *nic, const struct ct_seg *s);

/* The only connection there is; NULL: none. Fails if there are more. */
struct nf_conn *ct_only(struct net *net);
u32 ct_many(struct net *net);

/* The connection with this original (or reply) tuple. */
struct nf_conn *ct_look(struct net *net, u8 proto, be32 src, u16 sport, be32 dst, u16 dport);
