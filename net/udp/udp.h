/* SPDX-License-Identifier: MIT */
/* UDP for the socket layer: its protocol, and its part in the life of a struct net. */
#pragma once

#include "net/ipv4/inet_sock.h"

extern const struct proto udp_prot;
extern const struct pernet_operations udp_net_ops;

/* Softirq. */
void udp_rcv(struct net *net, struct sk_buff *skb);
void udp_early_demux(struct net *net, struct sk_buff *skb);
void udp_err(struct net *net, struct sk_buff *skb, u8 type, u8 code, u32 info);

long udp_sendmsg(struct sock *sk, const struct sock_msg *msg, int flags);
