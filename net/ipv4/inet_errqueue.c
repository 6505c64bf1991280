/* SPDX-License-Identifier: MIT */
/*
 * ICMP errors about packets that a socket sent: as its pending error, and, by IP_RECVERR, one by one from a queue of
 * their own (MSG_ERRQUEUE) with all the error said. As ip(7).
 */
#include "net/ipv4/inet_sock.h"
#include "net/net_tstamp.h"
#include "net/wire/icmp_hdr.h"
#include "net/wire/ipv4_hdr.h"

#define EE_ORIGIN_LOCAL        1 /* SO_EE_ORIGIN_* of linux/errqueue.h */
#define EE_ORIGIN_ICMP         2
#define EE_ORIGIN_TIMESTAMPING 4

/* What a queued error carries (skb->cb); data at what it quotes of our packet's payload. Its sender is who complains. */
struct err_cb {
	struct sk_skb_cb way; /* of an ICMP error, or of what was sent */
	u32 info, data;
	be32 daddr;
	be16 dport;
	s16 err; /* -E */
	u8 origin, type, code;
};

/* The item that comes along: struct sock_extended_err, then the offender's struct sockaddr_in. */
struct extended_err {
	u32 ee_errno;
	u8 origin, type, code, pad;
	u32 info, data;
	u16 family;
	be16 port;
	be32 addr;
	u8 zero[8];
};

static struct err_cb *ERR_CB(struct sk_buff *skb)
{
	_Static_assert(sizeof(struct err_cb) <= sizeof(skb->cb), "");
	return (struct err_cb *)skb->cb;
}

/* 0: the error is none for this socket. */
static int icmp_error_of(const struct sock *sk, u8 type, u8 code, bool *hard)
{
	*hard = false;
	switch (type) {
	case ICMP_SOURCE_QUENCH: /* RFC 6633; ping shows it all the same */
	case ICMP_REDIRECT:
		return sk->type == SOCK_DGRAM && sk->protocol == IPPROTO_ICMP ? -EREMOTEIO : 0;
	case ICMP_TIME_EXCEEDED:
		return -EHOSTUNREACH;
	case ICMP_PARAMETERPROB:
		*hard = true;
		return -EPROTO;
	case ICMP_DEST_UNREACH:
		if (code == ICMP_FRAG_NEEDED) {
			*hard = true;
			return sk->pmtudisc == IP_PMTUDISC_DONT ? 0 : -EMSGSIZE;
		}
		return code <= NR_ICMP_UNREACH ? -icmp_err_convert(type, code, hard)
					       : -EHOSTUNREACH;
	default:
		return 0;
	}
}

/* Consumes. */
static void queue_error(struct sock *sk, struct sk_buff *skb)
{
	if (sk->rmem + skb->truesize > sk->rcvbuf) {
		sk->drops++;
		kfree_skb_reason(skb, SKB_DROP_REASON_SOCKET_RCVBUFF);
		return;
	}
	sk->rmem += skb->truesize;
	skb_queue_tail(&sk->error_queue, skb);
}

/* What the error says of the way. */
static void sk_learn_route(struct sock *sk, const struct sk_buff *skb,
			   const struct sk_icmp_error *e)
{
	const struct iphdr *quoted = (const struct iphdr *)skb->data;
	struct flowi4 fl = {.daddr = quoted->daddr,
			    .saddr = quoted->saddr,
			    .oif = sk_unicast_oif(sk),
			    .mark = sk->mark,
			    .proto = sk->protocol,
			    .tos = sk->tos,
			    .anysrc = sk_anysrc(sk)};

	if (e->type == ICMP_REDIRECT)
		ipv4_redirect(sk->net, skb, &fl, e->code, cpu_to_be32(e->info));
	else if (e->type == ICMP_DEST_UNREACH && e->code == ICMP_FRAG_NEEDED &&
		 sk->pmtudisc < IP_PMTUDISC_INTERFACE)
		ipv4_update_pmtu(sk->net, &fl, e->info);
}

void sk_icmp_error(struct sock *sk, struct sk_buff *skb, const struct sk_icmp_error *e)
{
	const struct iphdr *quoted = (const struct iphdr *)skb->data;
	struct sk_buff *clone;
	bool hard;
	int err = icmp_error_of(sk, e->type, e->code, &hard);

	sk_learn_route(sk, skb, e);
	if (!err)
		return;
	if (!sk->recverr) {
		if (hard && sk->state == TCP_ESTABLISHED)
			sk_report_error(sk, err);
		return;
	}
	clone = e->payload <= skb_headlen(skb) ? skb_clone(skb) : NULL;
	if (clone) {
		*ERR_CB(clone) =
			(struct err_cb){.way = {.ip = *IPCB(skb), .iif = skb->dev->ifindex},
					.err = err,
					.info = e->info,
					.daddr = quoted->daddr,
					.dport = e->dport,
					.origin = EE_ORIGIN_ICMP,
					.type = e->type,
					.code = e->code};
		skb_dst_drop(clone);
		clone->dev = NULL;
		skb_pull(clone, e->payload);
		skb_reset_transport_header(clone);
		queue_error(sk, clone);
	}
	sk_report_error(sk, err);
}

void sk_purge_errors(struct sock *sk)
{
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&sk->error_queue))) {
		sk->rmem -= skb->truesize;
		consume_skb(skb);
	}
}

int sk_too_big(struct sock *sk, const struct sk_tx *tx)
{
	struct sk_buff *skb = sk->recverr ? alloc_skb(sk->net, 0) : NULL;
	const struct dst_entry *dst = &tx->rt->dst;
	u32 mtu = tx->ip->mtu & IP_TX_DEV_MTU || sk->hdrincl ? dst->dev->mtu : ip_dst_mtu(dst);
	u32 optlen = tx->ip->opt ? tx->ip->opt->optlen : 0;

	if (skb) {
		*ERR_CB(skb) = (struct err_cb){.err = -EMSGSIZE,
					       .info = mtu - optlen,
					       .daddr = tx->ip->daddr,
					       .dport = sk->dport,
					       .origin = EE_ORIGIN_LOCAL};
		skb->tstamp = plat_now();
		queue_error(sk, skb);
		sk_wake(sk);
	}
	return -EMSGSIZE;
}

void sk_tstamp_tx(struct sock *sk, struct sk_buff *skb, u32 type)
{
	bool alone = sk->tsflags & SOF_TIMESTAMPING_OPT_TSONLY;
	u32 key = skb->tskey - (sk->type == SOCK_STREAM ? sk->tskey : 0);
	struct sk_buff *n = NULL;

	if (!sk->closed)
		n = alone ? alloc_skb(sk->net, 0) : skb_clone(skb);
	if (!n)
		return;
	*ERR_CB(n) = (struct err_cb){.err = -ENOMSG,
				     .info = type,
				     .data = sk->tsflags & SOF_TIMESTAMPING_OPT_ID ? key : 0,
				     .origin = EE_ORIGIN_TIMESTAMPING};
	if (n->dev) {
		const struct iphdr *iph = skb_network_header(n);

		ERR_CB(n)->way = (struct sk_skb_cb){
			.ip = *IPCB(skb), .iif = n->dev->ifindex, .spec_dst = iph->saddr};
	}
	n->tstamp = plat_now();
	n->tx_flags = 0;
	n->nfct = 0;
	n->dev = NULL;
	skb_dst_drop(n);
	queue_error(sk, n);
	sk_wake(sk);
}

/* Of an ICMP error the stamp that any packet has; of what was sent one that SO_TIMESTAMPING alone tells. */
static u16 times_of(const struct sock *sk, const struct err_cb *cb)
{
	u16 flags = sk->cmsg_flags & SK_CMSG_TIME;

	if (cb->origin == EE_ORIGIN_TIMESTAMPING && sk->tsflags & SOF_TIMESTAMPING_SOFTWARE)
		flags |= SK_CMSG_TIMESTAMPING;
	else if (cb->origin != EE_ORIGIN_ICMP)
		flags &= ~SK_CMSG_TIMESTAMPING;
	return flags;
}

/* Whether it comes with a packet, whose header is told. */
static bool has_header(const struct sock *sk, const struct err_cb *cb)
{
	return cb->origin == EE_ORIGIN_ICMP ||
	       (cb->origin == EE_ORIGIN_TIMESTAMPING && cb->way.iif &&
		sk->tsflags & SOF_TIMESTAMPING_OPT_CMSG);
}

/* As Linux: the pending error goes with the ICMP error that it is of. */
static void next_error(struct sock *sk, const struct err_cb *told)
{
	struct sk_buff *next = skb_peek(&sk->error_queue);

	if (next && ERR_CB(next)->origin == EE_ORIGIN_ICMP)
		sk->err = ERR_CB(next)->err;
	else if (told->origin == EE_ORIGIN_ICMP)
		sk->err = 0;
}

long sk_recv_error(struct sock *sk, struct sock_msg *msg)
{
	struct sk_buff *skb = skb_dequeue(&sk->error_queue);
	size_t room = msg->controllen;
	struct extended_err ee = {0};
	const struct err_cb *cb;
	long copied;

	if (!skb)
		return -EAGAIN;
	cb = ERR_CB(skb);
	copied = skb_copy_to_msg(skb, 0, msg);
	msg->flags = MSG_ERRQUEUE | (copied < (long)skb->len ? MSG_TRUNC : 0);
	msg->name.addr = cb->daddr;
	msg->name.port = cb->dport;
	msg->has_name = cb->origin != EE_ORIGIN_TIMESTAMPING;
	msg->controllen = 0;
	sk_cmsg_timestamp(times_of(sk, cb), skb->tstamp ? skb->tstamp : plat_now(), msg, room);
	ee.ee_errno = -cb->err;
	ee.origin = cb->origin;
	ee.type = cb->type;
	ee.code = cb->code;
	ee.info = cb->info;
	ee.data = cb->data;
	if (has_header(sk, cb)) {
		const struct iphdr *iph = skb_network_header(skb);

		ee.family = AF_INET;
		ee.addr = iph->saddr;
		ip_cmsg_recv(sk, skb, msg, room);
	}
	put_cmsg(msg, room, SOL_IP, IP_RECVERR, &ee, sizeof(ee));
	next_error(sk, cb);
	sk->rmem -= skb->truesize;
	consume_skb(skb);
	return copied;
}
