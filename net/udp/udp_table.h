/* SPDX-License-Identifier: MIT */
/*
 * Where UDP's sockets are found. Two tables: by all that identifies a socket (local and, if connected, remote end),
 * so that a packet costs at most three probes; and by local port alone, for bind() and for packets
 * that go to many.
 */
#pragma once

#include "net/ipv4/inet_sock.h"

#define UDP_HASH_BITS \
	10 /* at first; they grow by UDP_HASH_GROW when there are twice as many sockets */
#define UDP_HASH_GROW     3
#define UDP_HASH_BITS_MAX 16

/* How much of its ends a socket fixes. A kind that no socket has is not looked for. */
enum udp_kind { UDP_ANY, UDP_BOUND, UDP_CONNECTED, UDP_KINDS };

/*
 * Local and remote end, network order, in words that hash and compare at once and travel in registers: addresses with the
 * remote one above, ports likewise. 0: any.
 */
struct udp_tuple {
	u64 addrs;
	u32 ports;
	u32 iif; /* of a packet: where it came in; of a socket: the device it is bound to */
};

struct udp_sock {
	struct sock sk; /* first */
	struct hlist_node port_node, tuple_node;
	struct udp_tuple tuple; /* as it is in the table */
	u8 kind;                /* enum udp_kind, likewise */
	bool corked;            /* UDP_CORK */
	struct udp_cork *cork;  /* what waits for its end, NULL: nothing */
	struct rtable
		*rx_rt; /* held: the way that the last packet found by udp_early_demux() came */
	u32 rx_iif;     /* and by which device */
};

struct udp_table {
	struct hlist_head *tuple, *port; /* of 1 << bits each, in one piece: first, or allocated */
	u32 bits;
	u32 nr[UDP_KINDS]; /* sockets in tuple of each kind */
	u64 key[4];        /* secret: what hashes where cannot be chosen from outside */
	struct hlist_head first[2 << UDP_HASH_BITS];
};

void udp_table_init(struct udp_table *table);
void udp_table_exit(struct udp_table *table);

static inline struct udp_tuple udp_tuple(be32 laddr, be16 lport, be32 faddr, be16 fport, u32 iif)
{
	return (struct udp_tuple){laddr | (u64)faddr << 32, lport | (u32)fport << 16, iif};
}

static inline struct udp_sock *udp_sk(struct sock *sk)
{
	return container_of(sk, struct udp_sock, sk);
}

/*
 * The socket a unicast packet is for, NULL: none. Linux's order: connected, bound to the address, any; bound to the device first; of a group whom
 * its program chooses: skb is the packet, its data at UDP's header, NULL: only its ends are known.
 */
struct sock *udp_lookup(struct net *net, struct udp_tuple t, struct sk_buff *skb);

/* The socket connected to exactly these ends, NULL: none. */
struct udp_sock *udp_lookup_connected(struct net *net, struct udp_tuple t);

/*
 * For a packet that udp_early_demux() has seen: the socket that it found, if that is still the one with the packet's ends;
 * the way the packet came is remembered for the next. NULL: none.
 */
struct sock *udp_take_demuxed(struct sk_buff *skb, struct udp_tuple t);

/* The next socket that a broadcast or multicast packet is for; after NULL: the first. */
struct sock *udp_mcast_next(struct net *net, struct udp_tuple t, struct sock *after);

/* proto.get_port, rehash, and removal from the tables. */
int udp_get_port(struct sock *sk, be32 addr, be16 port);
void udp_rehash(struct sock *sk);
void udp_unhash(struct sock *sk);

/* proto.group_next */
struct sock *udp_group_next(struct sock *sk, struct sock *after);
