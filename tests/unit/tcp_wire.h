/* SPDX-License-Identifier: MIT */
/* A TCP peer by hand: segments in and out of a NIC, and connections brought to a state. */
#pragma once

#include "net/core/net_namespace.h"
#include "net/sock.h"
#include "net/tcp/tcp_sock.h"
#include "tests/unit/harness.h"

#define US        IP4(10, 0, 0, 1)
#define PEER      IP4(10, 0, 0, 2)
#define IRS       1000U
#define WND       60000U
#define NO_WINDOW 65536U

struct seg {
	u16 sport, dport;
	u32 seq, ack;
	u8 flags, tos;
	const char *opt; /* a multiple of 4 bytes */
	u32 optlen, len;
	const char *ipopt;
	u32 ipoptlen;
	u32 wnd;        /* 0: WND */
	u16 urg;        /* pointer */
	const u8 *data; /* NULL: x ... */
	be32 saddr;     /* of what is injected; 0: PEER's */
	be32 daddr;     /* 0: US */
	u8 ttl;         /* 0: 64 */
};

/* A connection with the wire as its peer; una and nxt are ours, rcv is what we expect next. */
struct conn {
	struct net *net;
	struct nic *nic;
	struct sock *listener, *sk;
	u32 una, nxt, rcv;
};

void inject(struct nic *nic, const struct seg *s);

/* The next segment that we sent; false: none. */
bool sent(struct nic *nic, struct seg *s);

/* How many we sent that carry flags or data of so much (U32_MAX: any). */
u32 count_sent(struct nic *nic, u8 flags, u32 len);

struct sock *listen_on(struct net *net, u16 port, int backlog);

/* The stack with its NIC and a listener, first, so that settings can be made; then the handshake. */
void conn_listen(struct conn *c);
/* Whether connections that are made from now on do without header prediction. */
extern bool conn_step_by_step;
void conn_handshake(struct conn *c, const char *opt, u32 optlen);

/* All of it, and on to a state. */
void reach(struct conn *c, u8 state);
void conn_close(struct conn *c);
