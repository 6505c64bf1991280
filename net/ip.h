/* SPDX-License-Identifier: MIT */
/*
 * IPv4: the way in, the way out, the table of protocols above, and ICMP errors. All: softirq, or a thread
 * with softirqs disabled.
 */
#pragma once

#include "net/route.h"
#include "net/snmp.h"
#include "net/sockopt.h" /* IPPROTO_* */

#define IP_MAX_OPTLEN 40

/* Options, checked; offsets from the start of the IP header, 0: not there. */
struct ip_options {
	be32 faddr; /* source route: next hop (after ip_options_rcv_srr: final destination) */
	be32 nexthop;
	u8 optlen; /* multiple of 4 */
	u8 srr, rr, ts, router_alert, cipso;
	u8 is_strictroute : 1;
	u8 srr_is_hit : 1; /* the packet's source route named us */
	u8 is_changed : 1; /* the header's checksum is void */
	u8 rr_needaddr : 1;
	u8 ts_needtime : 1;
	u8 ts_needaddr : 1;
};

/* skb->cb while IP has the packet, and when a protocol's handler gets it. */
struct inet_skb_parm {
	struct ip_options opt;
	u16 frag_max_size; /* largest fragment a reassembled packet came in */
	u8 flags;          /* IPSKB_* */
};
enum { IPSKB_FORWARDED = 1, IPSKB_DEV_MTU = 2 };

static inline struct inet_skb_parm *IPCB(struct sk_buff *skb)
{
	return (struct inet_skb_parm *)skb->cb;
}

/* Received IPv4 packets, from the packet_type table; data at the IP header. Consumes. */
int ip_rcv(struct net *net, struct sk_buff *skb);
/* The same for many, a list by next that NULL ends. Those of one flow stay in order. */
void ip_list_rcv(struct net *net, struct sk_buff *first);

/* ---- protocols above ---- */

struct net_protocol {
	/*
	 * Before routing, header checked, data at the IP header: may attach the socket that the packet is for (skb->sk, kept by
	 * skb->destructor) and the way it came last time (skb->dst, lent). Called while netns_ipv4.demux_socks says
	 * that there is somebody to find. NULL: none.
	 */
	void (*early_demux)(struct net *net, struct sk_buff *skb);
	/*
	 * A packet for us: data at the transport header, network_header at IP's, len the IP payload, linear as far
	 * as it arrived so. Consumes.
	 */
	void (*handler)(struct net *net, struct sk_buff *skb);
	/*
	 * An ICMP error about one of our packets: data at the quoted IP header (checked; at least 8 bytes behind it
	 * are linear), transport_header at the ICMP header. Borrows skb. info: MTU of a 3/4, else the ICMP header's second word.
	 */
	void (*err_handler)(struct net *net, struct sk_buff *skb, u8 type, u8 code, u32 info);
	/* err_handler can tell that an error is about a packet that was sent: net.ipv4.ip_no_pmtu_disc 3. */
	bool icmp_strict_tag_validation;
};

/* proto stays the caller's. -EBUSY: taken. */
int inet_add_protocol(struct net *net, const struct net_protocol *proto, u8 protocol) __must_check;
void inet_del_protocol(struct net *net, u8 protocol);

/* Raw sockets look before the protocols: deliver gets a packet for us (borrowed; it clones); true if any took it. */
struct raw_ops {
	bool (*deliver)(struct net *net, struct sk_buff *skb, u8 protocol);
	void (*err)(struct net *net, struct sk_buff *skb, u8 protocol, u8 type, u8 code, u32 info);
	/* A packet to be forwarded that says that routers should look at it (RFC 2113). True: somebody did, skb is gone. */
	bool (*router_alert)(struct net *net, struct sk_buff *skb);
};
/* NULL: none. */
void inet_set_raw_ops(struct net *net, const struct raw_ops *ops);

/* Ping sockets: rcv gets echo replies, data at the ICMP header, checksum verified (consumes); err as net_protocol's. */
struct ping_ops {
	void (*rcv)(struct net *net, struct sk_buff *skb);
	void (*err)(struct net *net, struct sk_buff *skb, u8 type, u8 code, u32 info);
};
void inet_set_ping_ops(struct net *net, const struct ping_ops *ops);

/* ---- way out ---- */

/* Headroom that every skb for ip_build_and_send() should have in front of the transport header. */
#define IP_TX_HEADROOM ALIGN(NET_SKB_PAD + ETH_HLEN + 20 + IP_MAX_OPTLEN, 16)

/* ip_tx.mtu: IP_MTU_DISCOVER's rarer wishes. */
enum {
	IP_TX_WHOLE = 1,              /* too large is -EMSGSIZE, df or not */
	IP_TX_DEV_MTU = IPSKB_DEV_MTU /* the device's MTU counts, whatever was learnt of the path */
};

/* The header's variable fields. */
struct ip_tx {
	be32 saddr, daddr;
	u8 protocol;
	u8 tos;
	u8 ttl; /* 0: net.ipv4.ip_default_ttl, unless ttl_is_0 */
	bool ttl_is_0;
	bool df;     /* don't fragment; too large is then -EMSGSIZE */
	u8 mtu;      /* IP_TX_* or 0 */
	u8 tx_flags; /* the packet's */
	/* Checked options as they go on the wire, with the length in opt->optlen; NULL: none. daddr is then opt's first hop. */
	const struct ip_options *opt;
	const u8 *opt_data;
};

/*
 * Puts the IP header in front of a transport packet and sends it by rt (lent or held, borrowed here). Larger than the MTU it
 * is fragmented. Checksums above IP are done, or CHECKSUM_PARTIAL. Consumes skb, also on error. 0, -EMSGSIZE,
 * -ENOBUFS (a queue is full), -EPERM (a hook dropped it), -ENETDOWN, -EHOSTUNREACH.
 */
int ip_build_and_send(struct net *net, struct sk_buff *skb, struct rtable *rt,
		      const struct ip_tx *tx);

/*
 * Sends a packet whose IP header is complete but for tot_len and check (and id when 0 and fragmentable); skb->dst is set.
 * For IP_HDRINCL. Consumes. Errors as above.
 */
int ip_send_skb(struct net *net, struct sk_buff *skb);

/* The same with the identification it has. */
int ip_local_out(struct net *net, struct sk_buff *skb);

/* ---- ICMP ---- */

/*
 * Sends an ICMP error about skb_in (borrowed; network_header set, dst set if it has one), if RFC 1122 s3.2.2 and the rate limits
 * allow. info: the second word of the header (pointer << 24, MTU), host order.
 */
void icmp_send(struct net *net, struct sk_buff *skb_in, u8 type, u8 code, u32 info);

/* errno for a 3/code error, and whether it kills a connection (hard). */
int icmp_err_convert(u8 type, u8 code, bool *hard);
