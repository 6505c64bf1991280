/* SPDX-License-Identifier: MIT */
/*
 * sk_buff: one packet on its way. A small head (struct sk_buff, from a cache) points into a data
 * buffer; the buffer ends in a struct skb_shared_info, which counts its users (clones) and may list
 * further fragments.
 *
 *      head        data            tail          end
 *       | headroom  | linear data   | tailroom    | skb_shared_info |
 *
 * len counts all data, data_len the part in fragments; the linear part is len - data_len.
 *
 * Ownership: an skb has one owner (users counts the rare extra reference). Whoever ends its way calls
 * kfree_skb_reason() (a loss) or consume_skb() (done with it). All functions: softirq.
 */
#pragma once

#include "lib/list.h"
#include "lib/string.h"
#include "net/dropreason.h"

struct net;
struct net_device;
struct sock;
struct dst_entry;

/* Room in front of the data so that no header ever needs a copy: virtio-net's, Ethernet's, VLAN's, IP's. */
#define NET_SKB_PAD     64
#define NET_IP_ALIGN    2 /* puts the IP header behind Ethernet's 14 bytes on a 4-byte boundary */
#define MAX_SKB_FRAGS   17
#define SKB_HEADER_NONE U16_MAX

struct skb_frag {
	void *page; /* data; freed by the owner's free_frag */
	u32 len;
};

struct skb_shared_info {
	u32 dataref; /* skbs that share the buffer */
	u8 nr_frags;
	u8 gso_type;
	u16 gso_size;
	u16 gso_segs;
	struct sk_buff *frag_list;     /* further skbs of a reassembled or aggregated packet */
	void (*free_head)(void *head); /* frees the buffer; NULL: the stack's own */
	void (*free_frag)(struct skb_frag *f);
	struct skb_spares *spares; /* where skb and buffer are kept when they end; NULL: nowhere */
	struct skb_frag frags[MAX_SKB_FRAGS];
};

/* The bytes of shared info that are initialised per packet; frags[] are not. */
#define SKB_SHINFO_INIT offsetof(struct skb_shared_info, frags)

/*
 * What is known of the transport's checksum (Linux's meanings). NONE: nothing, or it is done. UNNECESSARY: received, and
 * somebody has checked it. PARTIAL: the field at csum_start + csum_offset holds the sum of the pseudo header only; the
 * bytes from csum_start to the end are to be added by the device, or by skb_checksum_help(). Received so, from a
 * neighbour that leaves it to us, it counts as checked. COMPLETE is not used.
 */
enum { CHECKSUM_NONE, CHECKSUM_UNNECESSARY, CHECKSUM_COMPLETE, CHECKSUM_PARTIAL };

/* skb->tx_flags: it goes to the NIC; before that, to a device's queue; it is acknowledged; it is counted only. */
enum { SKB_TX_SND = 1, SKB_TX_SCHED = 2, SKB_TX_ACK = 4, SKB_TX_COUNTED = 8 };

/* In skb->nfct: the connection is in no table yet and ends with this skb, by net->nfct_destroy(). */
#define SKB_NFCT_OWNER 8ULL

/* skb_shared_info.gso_type */
enum {
	SKB_GSO_TCPV4 = 1,
	SKB_GSO_TCP_ECN = 2,     /* with CWR, which only the first segment is to have */
	SKB_GSO_TCP_FIXEDID = 4, /* one IP identification for all */
};

/* To whom the frame was sent (eth_type_trans). */
enum {
	PACKET_HOST,
	PACKET_BROADCAST,
	PACKET_MULTICAST,
	PACKET_OTHERHOST,
	PACKET_OUTGOING,
	PACKET_LOOPBACK
};

struct sk_buff {
	struct sk_buff *next, *prev; /* first: see struct sk_buff_head */
	struct net *net;
	struct net_device *dev; /* arrived on, or leaves by */
	struct sock *sk;        /* owner of the memory charged by destructor */
	struct dst_entry *dst;
	void (*destructor)(struct sk_buff *skb);
	u8 *head, *data, *tail, *end;
	u32 len, data_len;
	u16 mac_header, network_header, transport_header; /* offsets from head */
	be16 protocol;                                    /* EtherType */
	u16 csum_start, csum_offset; /* CHECKSUM_PARTIAL: from head, and from csum_start */
	u8 pkt_type : 3;
	u8 ip_summed : 2;
	u8 cloned : 1;
	u8 traced : 1; /* write the way into the trace ring */
	u8 hdr_own : 1; /* of clones: what lies in front of the data given to the clone is its alone */
	u8 dst_owned : 1; /* dst carries a reference that dies with the skb */
	u8 peeked : 1;    /* in a receive queue: it was shown to MSG_PEEK, and is empty */
	u8 tx_flags : 6;  /* SKB_TX_* that its sender is to hear of: net->skb_tstamp_tx() */
	u8 hooks_passed;  /* a bit for each netfilter hook; asserted at delivery and transmit */
	u32 users;
	u32 truesize; /* bytes charged: head, buffer, fragments */
	u32 mark, priority;
	u32 tskey; /* its number, for tx_flags */
	u32 csum;
	u64 tstamp;             /* plat_now() at reception */
	u64 nfct;               /* conntrack entry and its state bits (net/nf_conntrack.h) */
	u16 iif;                /* ifindex of first arrival */
	u32 trace_id;           /* number in the trace, if traced */
	u8 cb[48] __aligned(8); /* for the layer that holds it; nobody's after hand-over */
};

/* A queue. Its first two fields match sk_buff's, so the head is a member of the ring. */
struct sk_buff_head {
	struct sk_buff *next, *prev;
	u32 qlen;
};

/*
 * An skb with size bytes of room in all; data is at head. NULL: no memory. Reserve headroom with
 * skb_reserve() before the first skb_put().
 */
struct sk_buff *alloc_skb(struct net *net, u32 size) __must_check;

/*
 * An skb around a buffer of frag_size bytes whose last SKB_SHINFO_SIZE bytes are for the shared info. The
 * skb owns the buffer and frees it by free_head(head). NULL: no memory; the buffer stays the caller's.
 */
struct sk_buff *build_skb(struct net *net, void *head, u32 frag_size,
			  void (*free_head)(void *)) __must_check;

/*
 * A driver of large receive buffers (frag_size, free_head as for build_skb) that come back one by one: up to count skbs
 * are kept with their buffers when their way ends, and given out again by skb_rebuild(). One kind is kept; a device with
 * another makes do without. From then on some of alloc_skb()'s smallest are kept, too.
 */
void skb_keep_spares(struct net *net, u32 frag_size, void (*free_head)(void *), u32 count);

/* Frees what is kept now. */
void skb_free_spares(struct net *net);

/* A frame that a driver has received: len bytes at offset of a buffer of its own. */
struct skb_rx {
	void *head;
	u32 offset, len;
};

/*
 * As build_skb() around rx->head, from what is kept, with the frame as its data and dev as its device: rx->head becomes
 * the kept skb's buffer, which is then the caller's. NULL: nothing of the kind is kept, and nothing has changed.
 */
struct sk_buff *skb_rebuild(struct net_device *dev, struct skb_rx *rx, u32 frag_size,
			    void (*free_head)(void *)) __must_check;

#define SKB_SHINFO_SIZE ALIGN(sizeof(struct skb_shared_info), 64)

/* A second head on the same data; both must then not write to it. NULL: no memory. */
struct sk_buff *skb_clone(struct sk_buff *skb) __must_check;

/* A copy of head and all data, linear, with headroom extra bytes more room in front. NULL: no memory. */
struct sk_buff *skb_copy(const struct sk_buff *skb, u32 extra_headroom) __must_check;

/*
 * Makes the head private (unshared) with at least headroom bytes in front and tailroom behind. 0, or
 * -ENOMEM: the skb is unchanged and still the caller's. Pointers into the old data are void after 0.
 */
int pskb_expand_head(struct sk_buff *skb, u32 headroom, u32 tailroom) __must_check;

int skb_cow_head_slow(struct sk_buff *skb, u32 headroom) __must_check;

/* Makes the first len bytes linear and private to write. */
int skb_ensure_writable(struct sk_buff *skb, u32 len) __must_check;

/* Moves data from fragments so that the first len bytes are linear; false: too short, or no memory. */
bool pskb_may_pull_slow(struct sk_buff *skb, u32 len) __must_check;

/* Moves everything into the linear part. 0 or -ENOMEM. */
int skb_linearize(struct sk_buff *skb) __must_check;

/* Cuts the packet to len bytes (no-op if shorter). 0 or -ENOMEM. */
int pskb_trim(struct sk_buff *skb, u32 len) __must_check;

/* Copies len bytes at offset out of / into the packet, through fragments. 0 or -EFAULT: out of range. */
int skb_copy_bits(const struct sk_buff *skb, u32 offset, void *to, u32 len) __must_check;
int skb_store_bits(struct sk_buff *skb, u32 offset, const void *from, u32 len) __must_check;

/* Ones' complement sum of len bytes at offset, added to csum (net/wire/checksum.h). */
u32 skb_checksum(const struct sk_buff *skb, u32 offset, u32 len, u32 csum);

/*
 * Makes the checksum partial, of all bytes behind start (from data), into the field at offset from there, which holds the
 * pseudo header's sum. False: that is not within the packet; nothing has changed.
 */
static inline __must_check bool skb_partial_csum_set(struct sk_buff *skb, u32 start, u32 offset)
{
	u32 at = skb->data - skb->head + start;

	if (start > skb->len || offset + 2 > skb->len - start || at > U16_MAX || offset > U16_MAX)
		return false;
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = at;
	skb->csum_offset = offset;
	return true;
}

/*
 * Completes a partial checksum; ip_summed is NONE then. 0 (also if it was not partial), -ENOMEM, -EINVAL (the field is not
 * within the packet, or the packet is several segments): the skb is unchanged and still the caller's. Data may move.
 */
int skb_checksum_help(struct sk_buff *skb) __must_check;

#define CSUM_MANGLED_0 0xffff

/*
 * Cuts a packet of several segments (its data starts at or in front of the IP header, network_header and protocol are set)
 * into skbs of one, first in *out, on by next. 0: skb is gone; -ENOMEM, -EINVAL (no TCP over IPv4 that can be cut): it is
 * unchanged and the caller's.
 */
int skb_gso_segment(struct sk_buff *skb, struct sk_buff **out) __must_check;

/*
 * The bytes of its largest segment, with the headers: from the TCP header at offset tcp of the data on; from network_header
 * on, which is what an MTU is to be compared with.
 */
u32 skb_gso_transport_seglen(const struct sk_buff *skb, u32 tcp);
u32 skb_gso_network_seglen(const struct sk_buff *skb);

/* Ends a packet's way as a loss: counted and traced under reason. NULL is fine. */
void kfree_skb_reason(struct sk_buff *skb, enum skb_drop_reason reason);

/* Ends a packet's way after it has served. NULL is fine. */
void consume_skb(struct sk_buff *skb);

static inline struct skb_shared_info *skb_shinfo(const struct sk_buff *skb)
{
	return (struct skb_shared_info *)skb->end;
}

static inline bool skb_is_nonlinear(const struct sk_buff *skb)
{
	return skb->data_len;
}

static inline u32 skb_headlen(const struct sk_buff *skb)
{
	return skb->len - skb->data_len;
}

static inline u32 skb_headroom(const struct sk_buff *skb)
{
	return skb->data - skb->head;
}

static inline u32 skb_tailroom(const struct sk_buff *skb)
{
	return skb_is_nonlinear(skb) ? 0 : skb->end - skb->tail;
}

/* Where a partial checksum's bytes start, from data. */
static inline s32 skb_checksum_start_offset(const struct sk_buff *skb)
{
	return skb->csum_start - (s32)skb_headroom(skb);
}

/* The receiver has nothing to check. */
static inline bool skb_csum_unnecessary(const struct sk_buff *skb)
{
	return skb->ip_summed == CHECKSUM_UNNECESSARY || skb->ip_summed == CHECKSUM_PARTIAL;
}

/* More than one segment: each has gso_size bytes of data, the last one may have less. Its checksum is partial. */
static inline bool skb_is_gso(const struct sk_buff *skb)
{
	return skb_shinfo(skb)->gso_size;
}

/* How many segments it is. */
static inline u32 skb_segs(const struct sk_buff *skb)
{
	return skb_is_gso(skb) ? skb_shinfo(skb)->gso_segs : 1;
}

static inline bool skb_shared(const struct sk_buff *skb)
{
	return skb->users != 1;
}

static inline bool skb_cloned(const struct sk_buff *skb)
{
	return skb->cloned && skb_shinfo(skb)->dataref != 1;
}

/* Makes the first headroom+len bytes safe to write. As pskb_expand_head. */
static inline __must_check int skb_cow_head(struct sk_buff *skb, u32 headroom)
{
	return likely((!skb_cloned(skb) || skb->hdr_own) && skb_headroom(skb) >= headroom)
		       ? 0
		       : skb_cow_head_slow(skb, headroom);
}

/* Only on an empty skb. */
static inline void skb_reserve(struct sk_buff *skb, u32 len)
{
	skb->data += len;
	skb->tail += len;
}

void skb_over_panic(const struct sk_buff *skb, u32 len) __noreturn __cold;

/* Appends len bytes (contents undefined) to a linear skb; returns where they start. */
static inline void *skb_put(struct sk_buff *skb, u32 len)
{
	u8 *at = skb->tail;

	skb->tail += len;
	skb->len += len;
	if (unlikely(skb->tail > skb->end || skb->data_len))
		skb_over_panic(skb, len);
	return at;
}

/* Prepends len bytes; returns the new start of the data. */
static inline void *skb_push(struct sk_buff *skb, u32 len)
{
	skb->data -= len;
	skb->len += len;
	if (unlikely(skb->data < skb->head))
		skb_over_panic(skb, len);
	return skb->data;
}

/* Removes len linear bytes at the front; returns the new start. */
static inline void *skb_pull(struct sk_buff *skb, u32 len)
{
	if (unlikely(len > skb_headlen(skb)))
		skb_over_panic(skb, len);
	skb->len -= len;
	return skb->data += len;
}

/* The same, of bytes that are known to be linear. */
static inline void *__skb_pull(struct sk_buff *skb, u32 len)
{
	skb->len -= len;
	return skb->data += len;
}

/* True if the first len bytes are (now) linear. Pointers into the data are void afterwards. */
static inline __must_check bool pskb_may_pull(struct sk_buff *skb, u32 len)
{
	if (likely(len <= skb_headlen(skb)))
		return true;
	return len <= skb->len && pskb_may_pull_slow(skb, len);
}

static inline void skb_reset_mac_header(struct sk_buff *skb)
{
	skb->mac_header = skb->data - skb->head;
}

static inline void skb_reset_network_header(struct sk_buff *skb)
{
	skb->network_header = skb->data - skb->head;
}

static inline void skb_reset_transport_header(struct sk_buff *skb)
{
	skb->transport_header = skb->data - skb->head;
}

static inline void skb_set_transport_header(struct sk_buff *skb, int offset)
{
	skb->transport_header = skb->data + offset - skb->head;
}

static inline bool skb_mac_header_was_set(const struct sk_buff *skb)
{
	return skb->mac_header != SKB_HEADER_NONE;
}

static inline void *skb_mac_header(const struct sk_buff *skb)
{
	return skb->head + skb->mac_header;
}

static inline void *skb_network_header(const struct sk_buff *skb)
{
	return skb->head + skb->network_header;
}

static inline void *skb_transport_header(const struct sk_buff *skb)
{
	return skb->head + skb->transport_header;
}

static inline int skb_network_offset(const struct sk_buff *skb)
{
	return (u8 *)skb_network_header(skb) - skb->data;
}

static inline u32 skb_network_header_len(const struct sk_buff *skb)
{
	return skb->transport_header - skb->network_header;
}

static inline int skb_transport_offset(const struct sk_buff *skb)
{
	return (u8 *)skb_transport_header(skb) - skb->data;
}

/* Gives the memory charged back to its owner before the skb ends, e.g. while it waits in a device's ring. */
static inline void skb_orphan(struct sk_buff *skb)
{
	if (skb->destructor) {
		skb->destructor(skb);
		skb->destructor = NULL;
		skb->sk = NULL;
	}
}

static inline struct sk_buff *skb_get(struct sk_buff *skb)
{
	skb->users++;
	return skb;
}

static inline void skb_queue_head_init(struct sk_buff_head *q)
{
	q->next = q->prev = (struct sk_buff *)q;
	q->qlen = 0;
}

static inline bool skb_queue_empty(const struct sk_buff_head *q)
{
	return q->next == (const struct sk_buff *)q;
}

static inline struct sk_buff *skb_peek(const struct sk_buff_head *q)
{
	return skb_queue_empty(q) ? NULL : q->next;
}

static inline void skb_queue_tail(struct sk_buff_head *q, struct sk_buff *skb)
{
	skb->next = (struct sk_buff *)q;
	skb->prev = q->prev;
	q->prev->next = skb;
	q->prev = skb;
	q->qlen++;
}

static inline void skb_unlink(struct sk_buff_head *q, struct sk_buff *skb)
{
	q->qlen--;
	skb->next->prev = skb->prev;
	skb->prev->next = skb->next;
	skb->next = skb->prev = NULL;
}

/* NULL when empty. */
static inline struct sk_buff *skb_dequeue(struct sk_buff_head *q)
{
	struct sk_buff *skb = skb_peek(q);

	if (skb)
		skb_unlink(q, skb);
	return skb;
}

/* Drops all that is queued. */
void skb_queue_purge(struct sk_buff_head *q, enum skb_drop_reason reason);
