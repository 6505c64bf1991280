/* SPDX-License-Identifier: MIT */
/*
 * Connection tracking: which packets belong together. Each tracked flow is one struct nf_conn with two tuples: that of its
 * first packet, and that of the answers it expects (NAT changes the latter).
 *
 * Nothing is tracked until somebody asks for it with nf_ct_netns_get(): rules that look at connections, NAT, a listener.
 * Then PRE_ROUTING and LOCAL_OUT attach a connection to each packet, at priority -200, and the last functions of
 * POST_ROUTING and LOCAL_IN put new ones into the table. Until then a new connection belongs to its one packet and
 * ends with it.
 *
 * A packet's connection is lent for as long as the packet is looked at: a packet that waits in a queue may find that
 * its connection has gone meanwhile (nf_ct_get() says NULL then). All functions: softirq, or a thread with softirqs disabled.
 */
#pragma once

#include "lib/byteorder.h"
#include "net/skbuff.h"

enum ip_conntrack_dir { IP_CT_DIR_ORIGINAL, IP_CT_DIR_REPLY, IP_CT_DIR_MAX };

/* How a packet relates to its connection. Linux's numbers. */
enum ip_conntrack_info {
	IP_CT_ESTABLISHED,
	IP_CT_RELATED,
	IP_CT_NEW,
	IP_CT_ESTABLISHED_REPLY,
	IP_CT_RELATED_REPLY,
	IP_CT_UNTRACKED = 7, /* has no connection, by NOTRACK */
};
#define IP_CT_IS_REPLY     IP_CT_ESTABLISHED_REPLY
#define CTINFO2DIR(ctinfo) ((ctinfo) >= IP_CT_IS_REPLY ? IP_CT_DIR_REPLY : IP_CT_DIR_ORIGINAL)

/* nf_conn.status: bits, Linux's. */
enum {
	IPS_EXPECTED = 0x1,
	IPS_SEEN_REPLY = 0x2,
	IPS_ASSURED = 0x4, /* early drop spares it */
	IPS_CONFIRMED = 0x8,
	IPS_SRC_NAT = 0x10,
	IPS_DST_NAT = 0x20,
	IPS_NAT_MASK = IPS_SRC_NAT | IPS_DST_NAT,
	IPS_SEQ_ADJUST = 0x40,
	IPS_SRC_NAT_DONE = 0x80,
	IPS_DST_NAT_DONE = 0x100,
	IPS_NAT_DONE_MASK = IPS_SRC_NAT_DONE | IPS_DST_NAT_DONE,
	IPS_DYING = 0x200,
	IPS_FIXED_TIMEOUT = 0x400,
	IPS_HELPER = 0x2000,
};

/* What connections of one protocol are told apart by. ICMP: id in sport, type and code in dport's bytes. Others: 0. */
struct nf_conntrack_tuple {
	be32 src, dst;
	union {
		be16 sport;
		be16 icmp_id;
	};
	union {
		be16 dport;
		struct {
			u8 type, code;
		} icmp;
	};
};

/* nf_conn.tcp.state. Linux's numbers and names. */
enum tcp_conntrack {
	TCP_CONNTRACK_NONE,
	TCP_CONNTRACK_SYN_SENT,
	TCP_CONNTRACK_SYN_RECV,
	TCP_CONNTRACK_ESTABLISHED,
	TCP_CONNTRACK_FIN_WAIT,
	TCP_CONNTRACK_CLOSE_WAIT,
	TCP_CONNTRACK_LAST_ACK,
	TCP_CONNTRACK_TIME_WAIT,
	TCP_CONNTRACK_CLOSE,
	TCP_CONNTRACK_SYN_SENT2,
	TCP_CONNTRACK_MAX,
};

/* One sender's side of a TCP connection; host order. See net/netfilter/conntrack_tcp.c. */
struct ip_ct_tcp_state {
	u32 td_end;    /* behind what it has sent */
	u32 td_maxend; /* behind what it may send */
	u32 td_maxwin; /* the largest window it has offered */
	u32 td_maxack; /* the highest acknowledgment it has sent */
	u8 td_scale;
	u8 flags;
} __packed __aligned(2);

struct ip_ct_tcp {
	struct ip_ct_tcp_state seen[IP_CT_DIR_MAX];
	u32 last_seq, last_ack, last_end;
	u16 last_win;
	u8 state; /* TCP_CONNTRACK_* */
	u8 last_dir;
	u8 last_index;
	u8 retrans;
	u8 last_wscale;
	u8 last_flags;
};

/*
 * One connection. Others than conntrack and NAT read it, and write only mark (then nf_ct_event(ct, IPCT_MARK)).
 */
struct nf_conn {
	struct nf_conntrack_tuple tuple[IP_CT_DIR_MAX];
	u16 status;   /* IPS_* */
	u16 gen;      /* how often this memory has been a connection */
	u8 protonum;  /* IPPROTO_* */
	u8 events;    /* IPCT_*, not yet told */
	u16 masq_dev; /* ifindex whose address it borrowed; 0: none */
	u32 timeout;  /* nf_ct_clock() at which it ends; unconfirmed: for how long it will live */
	u32 mark;
	/* counted while net.netfilter.nf_conntrack_acct is 1; 100,000 a second fill them in five years */
	struct {
		u64 packets : 44, bytes : 52;
	} __packed acct[IP_CT_DIR_MAX];
	union {
		struct ip_ct_tcp tcp;
		u32 stream_ts; /* UDP: when it may become a stream */
	} proto;
	u32 start;              /* s, of plat_now(); with net.netfilter.nf_conntrack_timestamp */
	u32 index;              /* of this struct; never changes */
	u32 nat_next, nat_prev; /* connections from the same source; private to NAT */
} __aligned(8);
_Static_assert(sizeof(struct nf_conn) <= 136, "a million of them, and their table, in 160 MB");

/* ---- skb->nfct ---- */

/* ctinfo, whether the packet owns the (unconfirmed) connection, its generation's low bits, its address. */
#define NFCT_INFO_MASK 7ULL
#define NFCT_OWNER     8ULL
#define NFCT_GEN_SHIFT 4
#define NFCT_GEN_BITS  15
#define NFCT_GEN_MASK  ((1U << NFCT_GEN_BITS) - 1)
#define NFCT_INVALID_NAT \
	6ULL /* no connection; it looks like one of a translated one, so it must not leave as it is */
#define NFCT_PTR_SHIFT \
	16 /* an address has 48 bits, the upper ones repeat the last; the lowest three are 0 */

/* The packet's connection, NULL: none (invalid, untracked, or gone). *ctinfo says how it belongs to it, or IP_CT_UNTRACKED. */
static inline struct nf_conn *nf_ct_get(const struct sk_buff *skb, enum ip_conntrack_info *ctinfo)
{
	u64 v = skb->nfct;
	struct nf_conn *ct = (struct nf_conn *)(uintptr_t)(((s64)v >> NFCT_PTR_SHIFT) & ~7LL);

	*ctinfo = (enum ip_conntrack_info)(v & NFCT_INFO_MASK);
	if (ct && likely(((v >> NFCT_GEN_SHIFT) & NFCT_GEN_MASK) == (ct->gen & NFCT_GEN_MASK)))
		return ct;
	return NULL;
}

/* Attaches a connection (NULL with IP_CT_UNTRACKED: none wanted) in the place of what is there. */
static inline void nf_ct_set(struct sk_buff *skb, const struct nf_conn *ct,
			     enum ip_conntrack_info ctinfo)
{
	skb->nfct = (u64)(uintptr_t)ct << NFCT_PTR_SHIFT | ctinfo;
	if (ct)
		skb->nfct |= (u64)(ct->gen & NFCT_GEN_MASK) << NFCT_GEN_SHIFT;
}

/* Whether conntrack has seen the packet, or shall not: NOTRACK and loopback's second pass. */
static inline bool nf_ct_is_seen(const struct sk_buff *skb)
{
	return skb->nfct != 0;
}

/* NOTRACK, CT --notrack: before conntrack has seen it. */
static inline void nf_ct_set_untracked(struct sk_buff *skb)
{
	skb->nfct = IP_CT_UNTRACKED;
}

/* Ends the packet's part in its connection; an unconfirmed one ends with it. */
void nf_reset_ct(struct sk_buff *skb);

/* A packet made in answer to another (a reset by REJECT) belongs to its connection, as RELATED. */
void nf_ct_attach(struct sk_buff *answer, const struct sk_buff *skb);

/* A reset has been sent to the sender of skb, and its other end never sees skb: its TCP connection is closed. */
void nf_ct_set_closing(const struct sk_buff *skb);

/* ---- on and off ---- */

/*
 * Somebody needs tracking, or no longer does; counted. The first call makes the table and registers the hooks
 * (defragmentation too); the last ends all connections. 0, -ENOMEM.
 */
int nf_ct_netns_get(struct net *net) __must_check;
void nf_ct_netns_put(struct net *net);

/* ---- looking at connections ---- */

static inline bool nf_ct_is_confirmed(const struct nf_conn *ct)
{
	return ct->status & IPS_CONFIRMED;
}

/* The connection with this tuple, in either direction (*dir); NULL: none. */
struct nf_conn *nf_conntrack_find(struct net *net, const struct nf_conntrack_tuple *tuple,
				  u8 protonum, enum ip_conntrack_dir *dir);

/*
 * All confirmed connections, in no order: begin with *cursor 0; NULL after the last. The one returned may be deleted before the
 * next call. Softirqs may be enabled between calls: those that are there throughout are seen once.
 */
struct nf_conn *nf_ct_next(struct net *net, u32 *cursor);

/* Ends a connection (told as IPCT_DESTROY | by: 0 or IPCT_USER). Confirmed ones only. */
void nf_ct_delete(struct net *net, struct nf_conn *ct, u32 by);

/* Connections there are (unconfirmed ones too): `conntrack -C`. */
u32 nf_conntrack_count(const struct net *net);

/* Whole seconds until it ends; 0 before its first packet has passed, as on Linux. */
u32 nf_ct_expires(const struct nf_conn *ct);

/* Whether its time has not come; who finds one whose has may find it for some seconds more. */
bool nf_ct_is_live(const struct nf_conn *ct);

/* A number that names it while it lives: `conntrack -o id`. */
u32 nf_ct_get_id(struct net *net, const struct nf_conn *ct);

/* "SYN_SENT" */
const char *nf_ct_tcp_state_name(u8 state);

/* ---- events ---- */

enum {
	IPCT_NEW = 0x01,
	IPCT_RELATED = 0x02,
	IPCT_DESTROY = 0x04,
	IPCT_REPLY = 0x08,
	IPCT_ASSURED = 0x10,
	IPCT_PROTOINFO = 0x20, /* the TCP state */
	IPCT_MARK = 0x40,
	IPCT_USER = 0x80, /* somebody did it by hand */
};

/* Told of what happened (IPCT_* bits) to a connection, at the packet's last hook. fn may not add or remove listeners. */
struct nf_ct_listener {
	struct list_head list;
	void (*fn)(struct nf_ct_listener *l, struct nf_conn *ct, u32 events);
};

/* Who listens does not make anything be tracked. */
void nf_ct_listen(struct net *net, struct nf_ct_listener *l);
void nf_ct_unlisten(struct nf_ct_listener *l);

/* Notes what has changed; listeners are told when the packet has passed its last hook. */
static inline void nf_ct_event(struct nf_conn *ct, u8 events)
{
	ct->events |= events;
}

/* ---- connections by hand ---- */

struct nf_nat_range;

/* What a connection is to have; given says what of it counts. */
struct nf_ct_wish {
	enum { NF_CT_TIMEOUT = 1, NF_CT_STATUS = 2, NF_CT_MARK = 4, NF_CT_STATE = 8 } given;
	u32 timeout; /* s */
	u16 status;  /* IPS_* to be added: SEEN_REPLY, ASSURED, FIXED_TIMEOUT */
	u8 state;    /* TCP_CONNTRACK_* */
	u32 mark;
};

/*
 * Makes a connection without a packet. reply NULL: what answers look like; nat: how its source and destination are to be
 * translated (NULL: not). -EEXIST (one of its tuples is another's), -EINVAL (nothing that can be answered), -EBUSY (a
 * status that cannot be), -EOPNOTSUPP (nobody translates: there is no table nat), -ENOMEM (or no room).
 */
int nf_ct_create(struct net *net, const struct nf_conntrack_tuple *orig,
		 const struct nf_conntrack_tuple *reply, u8 protonum, const struct nf_ct_wish *wish,
		 const struct nf_nat_range *nat[2]);

/* -EPERM: its time-out is fixed, -EBUSY: a status that cannot be. What stands before in nf_ct_wish has changed then. */
int nf_ct_change(struct net *net, struct nf_conn *ct, const struct nf_ct_wish *wish);

/* The tuple of the answers. False: there are none. */
bool nf_ct_invert_tuple(struct nf_conntrack_tuple *inverse, const struct nf_conntrack_tuple *t,
			u8 protonum);

/* ---- counters: `conntrack -S` ---- */

#define NF_CT_STATS(X)                      \
	X(found, "found")                   \
	X(invalid, "invalid")               \
	X(insert, "insert")                 \
	X(insert_failed, "insert_failed")   \
	X(drop, "drop")                     \
	X(early_drop, "early_drop")         \
	X(error, "error")                   \
	X(search_restart, "search_restart") \
	X(clash_resolve, "clash_resolve")   \
	X(chaintoolong, "chaintoolong")

struct nf_ct_stat {
#define NF_CT_STAT_FIELD(name, text) u64 name;
	NF_CT_STATS(NF_CT_STAT_FIELD)
#undef NF_CT_STAT_FIELD
};

/* Lent; zeros while nothing is tracked. */
const struct nf_ct_stat *nf_ct_stats(const struct net *net);
