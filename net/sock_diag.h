/* SPDX-License-Identifier: MIT */
/* What `ss` shows: all sockets of a stack. */
#pragma once

#include "net/sock.h"
#include "net/tcp_info.h"

/* Which timer of a TCP socket runs: Linux's numbers, `ss -o`. */
enum {
	SOCK_TIMER_NONE,
	SOCK_TIMER_ON,
	SOCK_TIMER_KEEPALIVE,
	SOCK_TIMER_TIMEWAIT,
	SOCK_TIMER_PERSIST
};

struct sock_info {
	const char *name; /* "UDP", "PING", "RAW", "TCP" */
	u8 type, protocol;
	u8 state; /* Linux's numbers of TCP states: 1 ESTAB, 7 UNCONN (closed), 10 LISTEN */
	struct sock_addr local,
		peer; /* peer all 0: not connected. Of raw sockets the port is the protocol */
	u32 ifindex;  /* bound to this device, 0: to none */
	u32 recvq,
		sendq; /* bytes: Recv-Q, Send-Q; of LISTEN: connections that wait, and the most that may */
	u32 rcvbuf, sndbuf;
	u32 rmem, wmem; /* bytes of memory that packets received, and to send, hold */
	u32 ino;        /* its number; 0: TCP keeps it without a socket */
	u32 cookie;     /* distinguishes it from others, also without a number */
	u8 shutdown;    /* bit 0: nothing is received any more, 1: sent */
	bool orphan;    /* closed by its program */
	u64 drops;      /* packets that found no room */
	/* TCP */
	u8 timer, retransmits; /* SOCK_TIMER_* */
	u32 timer_ms;          /* until it is due */
	const struct tcp_info
		*tcp;           /* for the call; NULL: LISTEN, SYN-RECV, TIME-WAIT, and not TCP */
	const char *congestion; /* "reno", "cubic" */
};

/* Calls fn for every socket, oldest first; then what TCP keeps without one (SYN-RECV, TIME-WAIT, closed by its program). Softirq, or a thread with softirqs disabled. */
void sock_for_each(struct net *net, void (*fn)(void *arg, const struct sock_info *info), void *arg);
