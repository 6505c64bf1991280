/* SPDX-License-Identifier: MIT */
/* Connection tracking, inside: what hangs on struct net, the table, the protocols. */
#pragma once

#include "lib/siphash.h"
#include "net/core/net_namespace.h"
#include "net/nf_conntrack.h"
#include "net/wire/ipv4_hdr.h"

/* Time is counted in Linux's ticks as it is shipped: 32 bits reach 99 days ahead. */
#define CT_HZ          250
#define CT_TICK_NS     (NSEC_PER_SEC / CT_HZ)
#define CT_FOREVER     0x7fffffff
#define TCP_CT_RETRANS TCP_CONNTRACK_MAX
#define TCP_CT_UNACK   (TCP_CONNTRACK_MAX + 1)

/* net.netfilter.nf_conntrack_*; times in seconds. */
struct nf_ct_sysctl {
	int max, buckets, count;
	int acct, checksum, events, timestamp;
	int tcp_be_liberal, tcp_ignore_invalid_rst, tcp_loose, tcp_max_retrans;
	int tcp_timeout[TCP_CT_UNACK + 1]; /* by state */
	int udp_timeout, udp_timeout_stream;
	int gre_timeout, gre_timeout_stream;
	int icmp_timeout, generic_timeout;
};

#define CT_LINE_SLOTS 12

/* A cache line of the table: up to 12 tuples by a byte of their hash (0: free) and where they are. */
struct ct_line {
	u8 tag[CT_LINE_SLOTS];
	u32 next;                 /* the line that goes on, 0: none */
	u32 entry[CT_LINE_SLOTS]; /* index of the connection << 1 | direction */
};
_Static_assert(sizeof(struct ct_line) == 64, "a cache line");

#define CT_SEG_LINES 1024

/* Lines are in blocks of 64 KB; the first nr_main are the buckets, the rest go on for those that are full. */
struct ct_table {
	struct ct_line **seg;
	u32 nr_main, nr_lines, nr_segs;
	u32 free; /* lines behind nr_main, by next; 0: none */
};

struct nf_nat_net;

struct nf_ct_net {
	struct net *net;
	struct nf_ct_sysctl s;
	u32 users;
	struct siphash_key key;
	struct ct_table table;
	/* connections, in blocks; free ones wait longest before they serve again */
	struct nf_conn **chunk;
	u32 nr_chunks, chunks_room;
	u32 free_first, free_last; /* by nat_next; 0: none */
	u32 dying;                 /* by nat_next; free when this softirq is over */
	struct rcu_head dying_rcu;
	bool dying_waits;
	struct timer gc_timer;
	u32 gc_cursor;
	struct nf_ct_stat stat;
	struct list_head listeners;
	struct nf_nat_net *nat;
	struct nf_hook_ops ops[4];
};

#define CT_CHUNK_SHIFT 9
#define CT_CHUNK_BYTES 65536
#define CT_CHUNK_CONNS (CT_CHUNK_BYTES / sizeof(struct nf_conn))
_Static_assert(CT_CHUNK_CONNS <= 1 << CT_CHUNK_SHIFT, "an index has room");

static inline struct nf_conn *ct_at(const struct nf_ct_net *ctn, u32 index)
{
	return &ctn->chunk[index >> CT_CHUNK_SHIFT][index & ((1U << CT_CHUNK_SHIFT) - 1)];
}

static inline u32 ct_ticks(u64 ns)
{
	return ns / CT_TICK_NS;
}

/* The time of a packet. */
static inline u32 ct_now(const struct sk_buff *skb)
{
	return ct_ticks(skb->tstamp ? skb->tstamp : plat_now());
}

static inline bool ct_expired(const struct nf_conn *ct, u32 now)
{
	return (s32)(ct->timeout - now) <= 0;
}

static inline u32 ct_seconds(int s)
{
	return s > CT_FOREVER / CT_HZ ? CT_FOREVER : (u32)s * CT_HZ;
}

/* ---- conntrack_table.c ---- */

static inline u64 ct_hash(const struct nf_ct_net *ctn, const struct nf_conntrack_tuple *t,
			  u8 protonum)
{
	u64 addrs;
	u32 ports;

	__builtin_memcpy(&addrs, &t->src, 8);
	__builtin_memcpy(&ports, &t->sport, 4);
	return siphash13_2u64(addrs, (u64)protonum << 32 | ports, &ctn->key);
}

/* Expired ones end here. NULL: none. */
struct nf_conn *ct_find(struct nf_ct_net *ctn, const struct nf_conntrack_tuple *t, u8 protonum,
			u64 hash, u32 now, enum ip_conntrack_dir *dir);

/* Makes the table for so many connections; the old one's connections move. -ENOMEM: nothing has changed. */
int ct_table_resize(struct nf_ct_net *ctn, u32 conns) __must_check;
void ct_table_free(struct ct_table *table);

/* -ENOMEM: neither tuple is in. */
int ct_insert(struct nf_ct_net *ctn, struct nf_conn *ct) __must_check;
void ct_remove(struct nf_ct_net *ctn, const struct nf_conn *ct);

/* The n-th bucket's connections, for early drop: calls fn with each until it says true. */
bool ct_bucket_walk(struct nf_ct_net *ctn, u64 hash, u32 n,
		    bool (*fn)(struct nf_ct_net *ctn, struct nf_conn *ct));

/* A connection of the pool, zeroed but for index and gen; NULL: no memory. */
struct nf_conn *ct_pool_get(struct nf_ct_net *ctn);
/* Free at once: nobody else knows it. */
void ct_pool_put(struct nf_ct_net *ctn, struct nf_conn *ct);
/* Free when the softirq ends. */
void ct_pool_put_later(struct nf_ct_net *ctn, struct nf_conn *ct);
void ct_pool_free(struct nf_ct_net *ctn);

/* ---- conntrack_core.c ---- */

/* Takes a confirmed connection out of the table. by: 0 or IPCT_USER. */
void ct_end(struct nf_ct_net *ctn, struct nf_conn *ct, u32 by);

static inline void ct_kill(struct nf_ct_net *ctn, struct nf_conn *ct)
{
	ct_end(ctn, ct, 0);
}

/* Makes the table, if there is none: 0, -ENOMEM. */
int ct_table_make(struct nf_ct_net *ctn) __must_check;

/* An unconfirmed connection, counted; NULL: no room, no memory. */
struct nf_conn *ct_begin(struct nf_ct_net *ctn, const struct nf_conntrack_tuple *t,
			 const struct nf_conntrack_tuple *reply, u8 protonum, u64 hash);
void ct_free_unconfirmed(struct nf_ct_net *ctn, struct nf_conn *ct);

/* The connection that stands in the way of a new one. NULL: none. */
struct nf_conn *ct_find_clash(struct nf_ct_net *ctn, const struct nf_conn *ct, u32 now);

/* The tuple of an IPv4 packet whose header is at offset iph_off; *l4 where its payload begins. False: none to be had. */
bool nf_ct_get_tuple(const struct sk_buff *skb, u32 iph_off, struct nf_conntrack_tuple *t,
		     u8 *protonum, u32 *l4);

/* Whether another connection has this tuple as its reply, or anyone has it at all (NAT asks before it chooses). */
bool nf_conntrack_tuple_taken(struct nf_ct_net *ctn, const struct nf_conntrack_tuple *reply,
			      const struct nf_conn *ignored);

/* ---- the protocols ---- */

/* What becomes of a packet in the eyes of its protocol. */
enum ct_verdict {
	CT_VALID,
	CT_INVALID, /* goes on, without its connection */
	CT_REPEAT,  /* the connection has gone; look again */
};

struct ct_packet {
	struct nf_ct_net *ctn;
	struct sk_buff *skb;
	const struct nf_hook_state *state;
	u32 l4;  /* where the header behind IP's is */
	u32 now; /* ct_now() */
	enum ip_conntrack_info ctinfo;
};

bool ct_checksum_wrong(const struct ct_packet *p, u8 protonum);

/* Verifies checksums where they have not been: on the way in, if net.netfilter.nf_conntrack_checksum. */
static inline bool ct_checksum_bad(const struct ct_packet *p, u8 protonum)
{
	const struct sk_buff *skb = p->skb;

	return p->ctn->s.checksum && p->state->hook == NF_INET_PRE_ROUTING &&
	       skb->ip_summed != CHECKSUM_UNNECESSARY && skb->ip_summed != CHECKSUM_PARTIAL &&
	       ct_checksum_wrong(p, protonum);
}

/* Begins the time-out anew (ticks), counts the packet. */
static inline void ct_refresh(const struct ct_packet *p, struct nf_conn *ct, u32 timeout)
{
	if (likely(!(ct->status & IPS_FIXED_TIMEOUT)))
		ct->timeout = ct->status & IPS_CONFIRMED ? p->now + timeout : timeout;
	if (unlikely(p->ctn->s.acct)) {
		ct->acct[CTINFO2DIR(p->ctinfo)].packets++;
		ct->acct[CTINFO2DIR(p->ctinfo)].bytes += p->skb->len;
	}
}

enum ct_verdict nf_conntrack_tcp_packet(const struct ct_packet *p, struct nf_conn *ct);
enum ct_verdict nf_conntrack_udp_packet(const struct ct_packet *p, struct nf_conn *ct);
enum ct_verdict nf_conntrack_icmp_packet(const struct ct_packet *p, struct nf_conn *ct);
enum ct_verdict nf_conntrack_gre_packet(const struct ct_packet *p, struct nf_conn *ct);
enum ct_verdict nf_conntrack_generic_packet(const struct ct_packet *p, struct nf_conn *ct);

/* ICMP: false: go on as with any packet; true: it is dealt with (an error attached to its connection, or invalid). */
bool nf_conntrack_icmpv4_error(const struct ct_packet *p);

/* Whether the connection is on its way out, so that it may go early. */
bool nf_conntrack_tcp_can_early_drop(const struct nf_conn *ct);

/* ---- conntrack_gc.c, conntrack_sysctl.c, conntrack_event.c ---- */

void ct_gc_start(struct nf_ct_net *ctn);
/* Makes room near where hash belongs. False: there is none. */
bool ct_early_drop(struct nf_ct_net *ctn, u64 hash);
int ct_sysctl_init(struct nf_ct_net *ctn) __must_check;
void ct_sysctl_exit(struct nf_ct_net *ctn);
void ct_tell(struct nf_ct_net *ctn, struct nf_conn *ct, u32 events);

extern const struct pernet_operations nf_conntrack_net_ops;
