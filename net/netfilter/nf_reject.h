/* SPDX-License-Identifier: MIT */
/* What REJECT sends back. */
#pragma once

#include "net/x_tables.h"

/* "Destination unreachable" with this code, if the packet's checksum is right. Borrows skb. */
void nf_send_unreach(struct net *net, struct sk_buff *skb, const struct xt_action_param *par,
		     u8 code);

/* A TCP reset as the host that the packet is for would send it (RFC 9293 s3.5.2). Borrows skb. */
void nf_send_reset(struct net *net, struct sk_buff *skb, const struct xt_action_param *par);
