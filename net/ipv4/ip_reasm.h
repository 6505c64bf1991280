/* SPDX-License-Identifier: MIT */
/* Life of reassembly, for ipv4.c. */
#pragma once

struct net;

int ip_frags_init(struct net *net);
void ip_frags_exit(struct net *net);
