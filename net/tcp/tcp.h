/* SPDX-License-Identifier: MIT */
/* TCP for the socket layer: its protocol, its part in the life of a struct net, what `ss` reads. */
#pragma once

#include "net/ipv4/inet_sock.h"
#include "net/sock_diag.h"

extern const struct proto tcp_prot;
extern const struct pernet_operations tcp_net_ops;

/* Whether sk holds a local port. */
bool tcp_has_port(struct sock *sk);

/* Fills in what only TCP knows of a socket; tcp is room for info->tcp. */
void tcp_diag_fill(struct sock *sk, struct sock_info *info, struct tcp_info *tcp);
/* What has no socket: SYN-RECV, TIME-WAIT, and sockets closed by their programs. */
void tcp_diag_rest(struct net *net, void (*fn)(void *arg, const struct sock_info *info), void *arg);
