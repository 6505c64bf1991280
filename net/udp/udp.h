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

#define UDP_MAX_PAYLOAD (65535 - 20 - 8)

long udp_sendmsg(struct sock *sk, const struct sock_msg *msg, int flags);
/* One datagram, whole. flags without MSG_MORE. */
long udp_send_datagram(struct sock *sk, const struct sock_msg *msg, int flags);

/* ---- datagrams in pieces (udp_cork.c) ---- */

long udp_cork_sendmsg(struct sock *sk, const struct sock_msg *msg, int flags);
/* Sends what waits. 0 or -E. */
int udp_push_pending(struct sock *sk, int flags);
void udp_cork_drop(struct sock *sk);
/* SOL_UDP. */
int udp_setsockopt(struct sock *sk, int level, int name, const void *val, u32 len);
int udp_getsockopt(struct sock *sk, int level, int name, void *val, u32 *len);
