/* SPDX-License-Identifier: MIT */
/* UDP packets out: one copy, straight from the caller's buffers, with the checksum on the way. RFC 768. */
#include "net/udp/udp.h"
#include "net/udp/udp_table.h"
#include "net/wire/ipv4_hdr.h"
#include "net/wire/udp_hdr.h"

/* The datagram in skb; RFC 768: a checksum that comes out as 0 is sent as all ones. */
static void udp_fill(const struct sock *sk, struct sk_buff *skb, const struct sock_msg *msg,
		     size_t len, const struct sk_tx *tx)
{
	u32 ulen = UDP_HLEN + len;
	struct udphdr *uh = skb_put(skb, ulen);
	u32 sum = msg_copy_csum(uh + 1, msg, len);

	uh->source = sk->sport;
	uh->dest = tx->dport;
	uh->len = cpu_to_be16(ulen);
	uh->check = 0;
	if (unlikely(sk->no_check))
		return;
	sum = csum_from64((u64)sum + uh->source + uh->dest + uh->len);
	uh->check = csum_tcpudp_magic(tx->ip->saddr, tx->ip->daddr, ulen, IPPROTO_UDP, sum);
	if (unlikely(!uh->check))
		uh->check = 0xffff;
}

long udp_sendmsg(struct sock *sk, const struct sock_msg *msg, int flags)
{
	const struct udp_sock *up = udp_sk(sk);

	if (unlikely(flags & MSG_MORE || up->corked || up->cork))
		return udp_cork_sendmsg(sk, msg, flags);
	return udp_send_datagram(sk, msg, flags);
}

long udp_send_datagram(struct sock *sk, const struct sock_msg *msg, int flags)
{
	long len = msg_length(msg, UDP_MAX_PAYLOAD);
	struct net *net = sk->net;
	struct sk_buff *skb;
	struct sk_tx tx;
	int err;

	if (unlikely(len < 0))
		return len;
	err = inet_autobind(sk);
	if (likely(!err))
		err = sk_wait_to_send(sk, msg, flags,
				      true); /* may sleep: before anything is lent */
	if (unlikely(err))
		return err;
	skb = sk_alloc_send_skb(sk, UDP_HLEN + len);
	if (unlikely(!skb)) {
		NET_INC_STATS(net, UDP_MIB_SNDBUFERRORS);
		return -ENOBUFS;
	}
	err = sk_tx_prepare(sk, msg, flags, true, &tx);
	if (unlikely(err)) {
		consume_skb(skb);
		return err;
	}
	sk_tx_set_df(sk, &tx, IP_HLEN_MIN + UDP_HLEN + len);
	udp_fill(sk, skb, msg, len, &tx);
	err = ip_build_and_send(net, skb, tx.rt, tx.ip);
	if (unlikely(err == -ENOBUFS)) { /* lost, as on any wire: Linux tells only the counter */
		NET_INC_STATS(net, UDP_MIB_SNDBUFERRORS);
		return len;
	}
	if (unlikely(err))
		return err == -EMSGSIZE ? sk_too_big(sk, &tx) : err;
	NET_INC_STATS(net, UDP_MIB_OUTDATAGRAMS);
	return len;
}
