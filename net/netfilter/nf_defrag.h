/* SPDX-License-Identifier: MIT */
/*
 * Whole packets for those who look into them: at -400 of PRE_ROUTING and LOCAL_OUT pieces wait until their packet is
 * there. It goes on with the largest piece's size noted, and leaves in such pieces again.
 */
#pragma once

struct net;

/* Somebody needs it, or no longer does; counted. 0, -ENOMEM. Softirq, or a thread with softirqs disabled. */
int nf_defrag_ipv4_enable(struct net *net) __attribute__((warn_unused_result));
void nf_defrag_ipv4_disable(struct net *net);
