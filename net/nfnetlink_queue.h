/* SPDX-License-Identifier: MIT */
/*
 * Queues of packets to programs: what the targets QUEUE and NFQUEUE give away waits here for the verdict of whoever has
 * bound the queue's number. Linux's nfnetlink_queue without its netlink; libc/ gives it the names of libnetfilter_queue.
 *
 * A listener binds numbers, receives packets in the order in which they came (each once) and tells what becomes of each
 * by its queue and id. Until then the packet waits; a queue that is full drops, or, with NFQA_CFG_F_FAIL_OPEN, lets pass.
 * Packets end (DropNfQueueGone) when their queue is unbound, a device they came or go by goes down, or their rule's table
 * leaves its hook.
 *
 * Context: thread, softirqs enabled, unless said otherwise. One thread for one listener. Closed before its struct net ends.
 */
#pragma once

#include "lib/types.h"
#include "net/nfqnl_mode.h"
#include "net/sock.h"

struct nfqnl_listener;

#define NFQNL_QMAX_DEFAULT 1024
#define NFQNL_QUEUES_MAX   1024 /* bound at once, of all listeners */

/* What is received: this, and behind it the packet from its IP header on. */
struct nfqnl_message {
	u32 id;
	u16 queue;
	u8 hook;          /* NF_INET_* */
	be16 hw_protocol; /* ETH_P_IP */
	u32 mark;
	u32 indev, outdev; /* ifindex, 0: none */
	u32 length;        /* of the packet; what follows may be less */
	u32 copied;        /* bytes that follow */
};

/* portid: a number to know the listener by, from 1. NULL: no memory. */
struct nfqnl_listener *nfqnl_open(struct net *net, u32 portid);
void nfqnl_close(struct nfqnl_listener *l);

/* -EBUSY: bound here already, -EPERM: by somebody else, -ENFILE, -ENOMEM. */
int nfqnl_bind(struct nfqnl_listener *l, u16 num);

/* The following: -ENODEV: num is not bound here. */
int nfqnl_unbind(struct nfqnl_listener *l, u16 num);
/* range: bytes of the packet (0: all). -EINVAL. */
int nfqnl_set_mode(struct nfqnl_listener *l, u16 num, u8 mode, u32 range);
int nfqnl_set_maxlen(struct nfqnl_listener *l, u16 num, u32 maxlen);
/* -EOPNOTSUPP: a flag that is not there. */
int nfqnl_set_flags(struct nfqnl_listener *l, u16 num, u32 mask, u32 flags);

/*
 * The next packet into buf: bytes of message and copy. -EAGAIN (nonblock), -EINTR, -EINVAL: len has no room for a message;
 * what does not fit of the packet is left out.
 */
long nfqnl_recv(struct nfqnl_listener *l, void *buf, size_t len, bool nonblock);

/* POLLIN when a packet is there. Softirqs disabled. */
u32 nfqnl_poll(const struct nfqnl_listener *l);
/* As sock_waiter_add() and _del(). */
void nfqnl_waiter_add(struct nfqnl_listener *l, struct sock_waiter *w);
void nfqnl_waiter_del(struct sock_waiter *w);

/*
 * NF_ACCEPT, NF_DROP, NF_REPEAT, or NF_QUEUE_NR(n): to another queue. mark NULL: as it was. len bytes (0: none) take the
 * packet's place; their IP header must be whole, as long as the packet and keep the options, else the packet is dropped
 * (-EBADMSG). -ENOENT: no such packet waits, -EINVAL: another verdict, or too many bytes; -ENOMEM: the packet is dropped.
 */
int nfqnl_verdict(struct nfqnl_listener *l, u16 num, u32 id, u32 verdict, const u32 *mark,
		  const void *packet, u32 len);

/* A queue, as /proc/net/netfilter/nfnetlink_queue shows it. */
struct nfqnl_state {
	u32 portid, total, copy_range, dropped, user_dropped, id_sequence;
	u16 num;
	u8 copy_mode;
};

/* The queue with the lowest number from num on. False: there is none. Softirqs disabled. */
bool nfqnl_next(const struct net *net, u32 num, struct nfqnl_state *state);
