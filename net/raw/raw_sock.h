/* SPDX-License-Identifier: MIT */
/* Raw IPv4 sockets for the socket layer: socket(AF_INET, SOCK_RAW, protocol). */
#pragma once

#include "net/ipv4/inet_sock.h"

extern const struct proto raw_prot;
extern const struct pernet_operations raw_net_ops;
