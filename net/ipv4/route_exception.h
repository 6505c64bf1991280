/* SPDX-License-Identifier: MIT */
/*
 * What a next hop has learnt of single destinations: a smaller path MTU (RFC 1191), a better gateway (redirects, RFC 1122
 * s3.2.2.2). Linux's fib_nh_exception. A next hop's table is made with its first exception; a lookup that finds none
 * there pays a load. Bounded: FNHE_SLOTS lists of some FNHE_DEPTH, chosen by a keyed hash, the oldest of a list gives way.
 *
 * Packets to such a destination go a way of their own, which the caches hold as any other; it is not valid by its
 * genid but by rt_exception_is_valid(), so others pay nothing for it. All: softirq, or a thread with softirqs disabled.
 */
#pragma once

#include "net/ipv4/fib.h"

#define FNHE_SLOTS 64
#define FNHE_DEPTH 5 /* to twice as many, at random: so nobody can count what a list holds */

struct fib_nh_exception;

/* What nh knows of daddr, NULL: nothing. */
struct fib_nh_exception *fnhe_find(struct net *net, struct fib_nh *nh, be32 daddr);

/* Where its rtables are held. */
struct rtable **fnhe_slot(struct fib_nh_exception *e, unsigned int which);

/* Tells rt, just made or renewed for e, what differs; forward: it is for packets of others. */
void fnhe_fill(struct net *net, const struct fib_nh_exception *e, struct rtable *rt, bool forward);

/* nh is going. */
void fnhe_free_all(struct fib_nh *nh);
