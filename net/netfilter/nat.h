/* SPDX-License-Identifier: MIT */
/* Translation, inside. */
#pragma once

#include "net/netfilter/conntrack_net.h"
#include "net/nf_nat.h"

/* A connection ends: NAT forgets it. */
static inline void nf_nat_cleanup(struct nf_ct_net *ctn, struct nf_conn *ct)
{
	(void)ctn;
	(void)ct;
}
