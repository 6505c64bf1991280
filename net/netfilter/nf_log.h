/* SPDX-License-Identifier: MIT */
/* Packets in the log: the targets LOG and TRACE. */
#pragma once

#include "net/xt_data.h"

/* A line as Linux's nf_log_ipv4 writes it, unless too many have been. level and flags are xt_log_info's. */
void nf_log_packet(struct sk_buff *skb, const struct nf_hook_state *state, u8 level, u8 flags,
		   const char *prefix);

/* "TRACE: " and where it is. */
void nf_log_trace(struct sk_buff *skb, const struct nf_hook_state *state, const char *where);
