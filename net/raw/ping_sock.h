/* SPDX-License-Identifier: MIT */
/* ICMP datagram sockets for the socket layer: socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP). */
#pragma once

#include "net/ipv4/inet_sock.h"

extern const struct proto ping_prot;
extern const struct pernet_operations ping_net_ops;
