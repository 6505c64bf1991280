/* SPDX-License-Identifier: MIT */
/* The registry of hooks and the packets that wait for a verdict. */
#pragma once

#include "net/netfilter.h"

int nf_init(struct net *net);
void nf_exit(struct net *net);

/* Drops packets queued by ops; NULL: all (a device goes). */
void nf_queue_flush(struct net *net, const struct nf_hook_ops *ops);
