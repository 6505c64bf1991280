/* SPDX-License-Identifier: MIT */
/* TCP's state machine as conntrack sees it. */
#pragma once

#include "net/netfilter/conntrack_net.h"
#include "net/wire/tcp_hdr.h"

/* Kinds of segments: by the first of RST, SYN, FIN, ACK that is set. */
enum tcp_bit_set {
	TCP_NONE_SET,
	TCP_SYN_SET,
	TCP_SYNACK_SET,
	TCP_FIN_SET,
	TCP_ACK_SET,
	TCP_RST_SET,
	TCP_SET_NR,
};

/* In the table in the place of a state. */
enum { TCP_CT_IGNORE = TCP_CONNTRACK_MAX, TCP_CT_INVALID };

extern const u8 tcp_conntracks[IP_CT_DIR_MAX][TCP_SET_NR][TCP_CONNTRACK_MAX];

bool tcp_ct_flags_valid(u8 flags);

/* ip_ct_tcp_state.flags, and ip_ct_tcp.last_flags. */
enum {
	CT_TCP_WINDOW_SCALE = 0x01,
	CT_TCP_SACK_PERM = 0x02,
	CT_TCP_CLOSE_INIT = 0x04, /* closed first */
	CT_TCP_BE_LIBERAL = 0x08, /* its windows are not known */
	CT_TCP_DATA_UNACKNOWLEDGED = 0x10,
	CT_TCP_MAXACK_SET = 0x20,
	CT_TCP_EXP_CHALLENGE_ACK = 0x40, /* last_flags: a SYN passed in LAST_ACK */
	CT_TCP_SIMULTANEOUS_OPEN = 0x80, /* last_flags */
};

/* A segment: its numbers in host order. */
struct ct_segment {
	const struct ct_packet *p;
	const struct tcphdr *th;
	const u8 *opt;
	u32 opt_len;
	u32 seq, ack, end; /* end: seq and all that takes numbers */
	u16 win;           /* as it stands there */
	u8 dir;
	u8 index; /* enum tcp_bit_set */
};

enum ct_window { CT_WINDOW_OK, CT_WINDOW_IGNORE, CT_WINDOW_INVALID };

/* The options of a SYN into what is known of its sender. */
void tcp_ct_options(const struct ct_segment *seg, struct ip_ct_tcp_state *sender);

/* Whether a segment fits what both ends have said of their windows, which it then updates. */
enum ct_window tcp_in_window(struct nf_conn *ct, const struct ct_segment *seg);

static inline bool ct_before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

static inline bool ct_after(u32 a, u32 b)
{
	return ct_before(b, a);
}
