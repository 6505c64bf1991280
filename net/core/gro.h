/* SPDX-License-Identifier: MIT */
/* Receive offload, of a NAPI instance: see gro.c. */
#pragma once

#include "net/netdevice.h"

/* skb is TCP over IPv4, its data the IP header, in no list yet. True: it is part of a packet before it now. */
bool gro_receive(struct gro_cells *g, struct sk_buff *skb);

/* Nothing more is added to what was received so far; at the end of a poll at the latest. */
void gro_flush(struct gro_cells *g);
