/* SPDX-License-Identifier: MIT */
/* Raw IPv4 sockets for the socket layer: socket(AF_INET, SOCK_RAW, protocol). */
#pragma once

#include "net/ipv4/inet_sock.h"

/* Sends data that is complete behind the IP header that tx says. Its length, or -E; consumes skb. As struct proto.sendmsg. */
long raw_send_built(struct sock *sk, struct sk_buff *skb, struct sk_tx *tx);

/* struct proto.recvmsg of sockets whose packets come with their IP header in front. */
long raw_recvmsg(struct sock *sk, struct sock_msg *msg, int flags);

extern const struct proto raw_prot;
extern const struct pernet_operations raw_net_ops;
