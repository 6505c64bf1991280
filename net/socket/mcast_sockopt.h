/* SPDX-License-Identifier: MIT */
/* Socket options about multicast, but for those that are one int. */
#pragma once

#include "net/ipv4/inet_sock.h"

static inline bool is_mcast_option(int name)
{
	return name == IP_MULTICAST_IF || (name >= IP_ADD_MEMBERSHIP && name <= MCAST_MSFILTER);
}

int mcast_setsockopt(struct sock *sk, int name, const void *val, u32 len);
int mcast_getsockopt(struct sock *sk, int name, void *val, u32 *len);
