/* SPDX-License-Identifier: MIT */
/* The registry of hooks and the packets that wait for a verdict. */
#pragma once

#include "net/netfilter.h"

int nf_init(struct net *net);
void nf_exit(struct net *net);

/* Drops packets queued by ops (NULL: anyone) that came or go by dev (NULL: any), which goes. */
void nf_queue_flush(struct net *net, const struct nf_hook_ops *ops, const struct net_device *dev);

/* What the handler was registered with; NULL: there is none. */
void *nf_queue_priv(const struct net *net);
