/* SPDX-License-Identifier: MIT */
/*
 * What a rule's matches and targets carry: one struct for each, with Linux's meanings, a layout of our own, and
 * enough to print the rule as it was told.
 *
 * Unless it says otherwise: addresses and Ethernet's in wire order, ports and numbers in host order, ranges inclusive,
 * a bit of invert negates what has its name. What stands behind STATE is the rule's running state: it is no part of
 * what was told, zero when told, and not compared.
 */
#pragma once

#include "net/nf_nat.h"

/* ---- matches ---- */

enum { XT_TCP_INV_SRCPT = 1, XT_TCP_INV_DSTPT = 2, XT_TCP_INV_FLAGS = 4, XT_TCP_INV_OPTION = 8 };
struct xt_tcp_info {
	u16 spts[2], dpts[2]; /* 0 and 65535: any */
	u8 option;            /* a kind that must be there; 0: any */
	u8 flg_mask, flg_cmp; /* TCP_* */
	u8 invert;
};

enum { XT_UDP_INV_SRCPT = 1, XT_UDP_INV_DSTPT = 2 };
struct xt_udp_info {
	u16 spts[2], dpts[2];
	u8 invert;
};

#define XT_ICMP_ANY 0xff /* as a type: every message */
struct xt_icmp_info {
	u8 type;
	u8 code[2];
	u8 invert; /* the whole */
};

#define XT_MULTI_PORTS 15
enum { XT_MULTIPORT_SOURCE, XT_MULTIPORT_DESTINATION, XT_MULTIPORT_EITHER };
struct xt_multiport_info {
	u8 flags;                  /* XT_MULTIPORT_* */
	u8 count;                  /* of ports[]; a range takes two */
	u8 invert;                 /* the whole */
	u8 pflags[XT_MULTI_PORTS]; /* 1: a range begins here and ends with the next */
	u16 ports[XT_MULTI_PORTS];
};

#define XT_LIMIT_SCALE 10000 /* avg is in 1/10000 s between packets */
struct xt_limit_info {
	u32 avg;
	u32 burst;
	u32 _state[0];                /* STATE */
	u64 credit, cost, full, prev; /* ns */
};

#define XT_COMMENT_LEN 256
struct xt_comment_info {
	char comment[XT_COMMENT_LEN]; /* told with xt_use.size = strlen() + 1 */
};

struct xt_mark_info {
	u32 mark, mask;
	u8 invert;
};

/* source, dest: a bit for each RTN_* (net/route.h); 0: any. */
enum {
	XT_ADDRTYPE_INVERT_SOURCE = 1,
	XT_ADDRTYPE_INVERT_DEST = 2,
	XT_ADDRTYPE_LIMIT_IFACE_IN = 4,
	XT_ADDRTYPE_LIMIT_IFACE_OUT = 8
};
struct xt_addrtype_info {
	u16 source, dest;
	u8 flags;
};

enum { IPRANGE_SRC = 1, IPRANGE_DST = 2, IPRANGE_SRC_INV = 16, IPRANGE_DST_INV = 32 };
struct xt_iprange_info {
	be32 src_min, src_max, dst_min, dst_max;
	u8 flags;
};

struct xt_mac_info {
	u8 srcaddr[6];
	u8 invert;
};

#define XT_RECENT_NAME_LEN 200
enum {
	XT_RECENT_CHECK = 1,
	XT_RECENT_SET = 2,
	XT_RECENT_UPDATE = 4,
	XT_RECENT_REMOVE = 8,
	XT_RECENT_TTL = 16,
	XT_RECENT_REAP = 32
};
enum { XT_RECENT_SOURCE, XT_RECENT_DEST };
struct recent_table;
struct xt_recent_info {
	u32 seconds, hit_count; /* 0: not told */
	be32 mask;
	u8 check_set; /* XT_RECENT_* */
	u8 invert;
	u8 side;
	char name[XT_RECENT_NAME_LEN];
	u32 _state[0]; /* STATE */
	struct recent_table *table;
};

struct xt_length_info {
	u16 min, max;
	u8 invert;
};

enum { IPT_TTL_EQ, IPT_TTL_NE, IPT_TTL_LT, IPT_TTL_GT };
struct ipt_ttl_info {
	u8 mode;
	u8 ttl;
};

enum { XT_STATISTIC_MODE_RANDOM, XT_STATISTIC_MODE_NTH };
struct xt_statistic_info {
	u8 mode;
	u8 invert;
	u32 probability;   /* random: of 2^31 */
	u32 every, packet; /* nth: every told less 1 */
	u32 _state[0];     /* STATE */
	u32 count;
};

struct xt_tcpmss_match_info {
	u16 mss_min, mss_max;
	u8 invert;
};

/* Bits of a state: --ctstate and -m state. */
#define XT_CONNTRACK_STATE_BIT(ctinfo) \
	(1U << ((ctinfo) % 3 + 1)) /* IP_CT_*: established, related, new */
#define XT_CONNTRACK_STATE_INVALID     (1U << 0)
#define XT_CONNTRACK_STATE_ESTABLISHED (1U << 1)
#define XT_CONNTRACK_STATE_RELATED     (1U << 2)
#define XT_CONNTRACK_STATE_NEW         (1U << 3)
#define XT_CONNTRACK_STATE_SNAT        (1U << 6)
#define XT_CONNTRACK_STATE_DNAT        (1U << 7)
#define XT_CONNTRACK_STATE_UNTRACKED   (1U << 8)
/* Bits of match_flags and invert_flags. */
enum {
	XT_CONNTRACK_STATE = 1 << 0,
	XT_CONNTRACK_PROTO = 1 << 1,
	XT_CONNTRACK_ORIGSRC = 1 << 2,
	XT_CONNTRACK_ORIGDST = 1 << 3,
	XT_CONNTRACK_REPLSRC = 1 << 4,
	XT_CONNTRACK_REPLDST = 1 << 5,
	XT_CONNTRACK_STATUS = 1 << 6,
	XT_CONNTRACK_EXPIRES = 1 << 7,
	XT_CONNTRACK_ORIGSRC_PORT = 1 << 8,
	XT_CONNTRACK_ORIGDST_PORT = 1 << 9,
	XT_CONNTRACK_REPLSRC_PORT = 1 << 10,
	XT_CONNTRACK_REPLDST_PORT = 1 << 11,
	XT_CONNTRACK_DIRECTION = 1 << 12 /* told: original; inverted: reply */
};
struct xt_conntrack_addr {
	be32 addr, mask;
};
struct xt_conntrack_ports {
	u16 low, high;
};
struct xt_conntrack_info {
	struct xt_conntrack_addr origsrc, origdst, replsrc, repldst;
	struct xt_conntrack_ports origsrc_port, origdst_port, replsrc_port, repldst_port;
	u32 expires_min, expires_max; /* s */
	u16 l4proto;
	u16 match_flags, invert_flags;
	u16 state_mask;  /* XT_CONNTRACK_STATE_* */
	u16 status_mask; /* IPS_*, Linux's bits */
};

struct xt_state_info {
	u16 statemask; /* XT_CONNTRACK_STATE_* */
};

struct xt_connmark_info {
	u32 mark, mask;
	u8 invert;
};

/* ---- targets ---- */

enum {
	XT_LOG_TCPSEQ = 1,
	XT_LOG_TCPOPT = 2,
	XT_LOG_IPOPT = 4,
	XT_LOG_UID = 8, /* is refused: there are no users */
	XT_LOG_MACDECODE = 32
};
#define XT_LOG_PREFIX_LEN 30
struct xt_log_info {
	u8 level; /* syslog's, 0 to 7 */
	u8 logflags;
	char prefix[XT_LOG_PREFIX_LEN];
};

enum {
	IPT_ICMP_NET_UNREACHABLE,
	IPT_ICMP_HOST_UNREACHABLE,
	IPT_ICMP_PROT_UNREACHABLE,
	IPT_ICMP_PORT_UNREACHABLE, /* iptables' default */
	IPT_ICMP_ECHOREPLY,        /* is refused, as by Linux */
	IPT_ICMP_NET_PROHIBITED,
	IPT_ICMP_HOST_PROHIBITED,
	IPT_TCP_RESET,
	IPT_ICMP_ADMIN_PROHIBITED
};
struct ipt_reject_info {
	u8 with;
};

/* new = (old & ~mask) ^ mark */
struct xt_mark_tginfo {
	u32 mark, mask;
};

enum { XT_CONNMARK_SET, XT_CONNMARK_SAVE, XT_CONNMARK_RESTORE };
enum { D_SHIFT_LEFT, D_SHIFT_RIGHT };
struct xt_connmark_tginfo {
	u32 ctmark, ctmask, nfmask;
	u8 mode, shift_dir, shift_bits;
};

/* CT; NOTRACK is the same told otherwise and has no data. */
#define XT_CT_NOTRACK 1
struct xt_ct_target_info {
	u8 flags; /* must be XT_CT_NOTRACK: zones, helpers, events and time-outs are refused */
};

#define XT_TCPMSS_CLAMP_PMTU 0xffff
struct xt_tcpmss_info {
	u16 mss;
};

enum { NFQ_FLAG_BYPASS = 1 };
struct xt_nfq_info {
	u16 queuenum;
	u16 queues_total; /* from queuenum on; 1: no balance */
	u8 flags;         /* NFQ_FLAG_*: fan-out over CPUs is refused */
};

/* DNAT, SNAT, MASQUERADE, REDIRECT and NETMAP carry a struct nf_nat_range: net/nf_nat.h. In a rule its ports are in host order. */
