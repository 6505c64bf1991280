/* SPDX-License-Identifier: MIT */
/*
 * One network stack. There may be several in a process; they share nothing.
 *
 * Life: net_create -> register_netdev (drivers) -> traffic, net_ctl, sock_* -> unregister_netdev ->
 * sock_close of what is open -> net_destroy.
 */
#pragma once

#include "lib/types.h"

struct net;

/* A stack with its loopback device up and no other. NULL: no memory (nothing is left allocated). Thread. */
struct net *net_create(void) __must_check;

/* Frees everything, devices' skbs included. All devices but lo unregistered, all sockets closed. Thread. */
void net_destroy(struct net *net);

/* Runs one of SOFTIRQ_* (net/platform.h). Called by the platform alone, never nested. Softirq. */
void net_softirq(struct net *net, unsigned int nr);

/* sk_buffs that the stack and its sockets hold now: for leak checks. */
long net_skbs_in_use(const struct net *net);
