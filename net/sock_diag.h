/* SPDX-License-Identifier: MIT */
/* What `ss` shows: all sockets of a stack. */
#pragma once

#include "net/sock.h"

struct sock_info {
	const char *name; /* "UDP", "PING", "RAW" */
	u8 type, protocol;
	u8 state; /* Linux's numbers of TCP states: 1 ESTAB, 7 UNCONN (closed), 10 LISTEN */
	struct sock_addr local,
		peer;     /* peer all 0: not connected. Of raw sockets the port is the protocol */
	u32 ifindex;      /* bound to this device, 0: to none */
	u32 recvq, sendq; /* bytes: Recv-Q, Send-Q */
	u32 rcvbuf, sndbuf;
	u64 drops; /* packets that found no room */
};

/* Calls fn for every socket, oldest first. Softirq, or a thread with softirqs disabled. */
void sock_for_each(struct net *net, void (*fn)(void *arg, const struct sock_info *info), void *arg);
