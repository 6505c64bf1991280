/* SPDX-License-Identifier: MIT */
/* The socket layer's part in the life of a struct net: the table of sockets, and the settings of all. */
#pragma once

#include "net/ipv4/inet_sock.h"

extern const struct pernet_operations socket_net_ops;
