/* SPDX-License-Identifier: MIT */
/*
 * UDP packets in: checks, lookup, delivery; and ICMP errors about packets we sent. RFC 768, RFC 1122 s4.1,
 * with Linux's order of checks and its counters.
 */
#include "net/ipv4/fib.h"
#include "net/ipv4/inet_sock.h"
#include "net/core/nf_hook.h"
#include "net/udp/udp.h"
#include "net/udp/udp_table.h"
#include "net/wire/icmp_hdr.h"
#include "net/wire/ipv4_hdr.h"
#include "net/wire/udp_hdr.h"

static const struct udphdr *udp_hdr(const struct sk_buff *skb)
{
	return skb_transport_header(skb);
}

static void udp_drop(struct net *net, struct sk_buff *skb, enum skb_drop_reason reason)
{
	NET_INC_STATS(net, UDP_MIB_INERRORS);
	kfree_skb_reason(skb, reason);
}

/* skb->len is the UDP length. A checksum of 0 means that the sender made none (RFC 768). */
static bool udp_csum_ok(const struct sk_buff *skb)
{
	const struct iphdr *iph = skb_network_header(skb);
	u32 sum;

	if (!udp_hdr(skb)->check || skb_csum_unnecessary(skb))
		return true;
	sum = csum_tcpudp_nofold(iph->saddr, iph->daddr, skb->len, IPPROTO_UDP, 0);
	if (likely(!skb_is_nonlinear(skb)))
		return !csum_fold(csum_partial(skb->data, skb->len, sum));
	return !csum_fold(skb_checksum(skb, 0, skb->len, sum));
}

/* Consumes. */
static void udp_queue_rcv_skb(struct sock *sk, struct sk_buff *skb)
{
	struct net *net = sk->net;
	be32 spec_dst = 0;

	nf_assert_passed_in(skb);
	trace_skb(skb, "udp_queue_rcv_skb");
	if (unlikely(!sk_filter(sk, skb, UDP_HLEN))) {
		NET_INC_STATS(net, UDP_MIB_INERRORS);
		sk->drops++;
		return;
	}
	if (unlikely(sk->cmsg_flags & SK_CMSG_PKTINFO))
		spec_dst = fib_compute_spec_dst(net, skb);
	SK_SKB_CB(skb)->iif = inet_iif(skb);
	sk->rx_iif = skb->iif;
	SK_SKB_CB(skb)->spec_dst = spec_dst;
	skb_dst_drop(skb);
	skb->dev = NULL;
	skb_pull(skb, UDP_HLEN);
	if (unlikely(!sk_queue_rcv_skb(sk, skb))) {
		NET_INC_STATS(net, UDP_MIB_RCVBUFERRORS);
		NET_INC_STATS(net, UDP_MIB_INERRORS);
	}
}

/* Each matching socket gets its own copy of the head; the last one the packet itself. */
static void udp_mcast_deliver(struct net *net, struct sk_buff *skb, struct udp_tuple t)
{
	struct sock *sk = udp_mcast_next(net, t, NULL), *next;

	if (!sk) {
		NET_INC_STATS(net, UDP_MIB_IGNOREDMULTI);
		consume_skb(skb);
		return;
	}
	for (; (next = udp_mcast_next(net, t, sk)); sk = next) {
		struct sk_buff *clone = skb_clone(skb);

		if (!clone) {
			sk->drops++;
			NET_INC_STATS(net, UDP_MIB_RCVBUFERRORS);
			NET_INC_STATS(net, UDP_MIB_INERRORS);
			continue;
		}
		udp_queue_rcv_skb(sk, clone);
	}
	udp_queue_rcv_skb(sk, skb);
}

static void udp_no_socket(struct net *net, struct sk_buff *skb)
{
	NET_INC_STATS(net, UDP_MIB_NOPORTS);
	skb->nfct = 0; /* what is said of it is tracked by what it quotes, unless ruled otherwise */
	icmp_send(net, skb, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0);
	kfree_skb_reason(skb, SKB_DROP_REASON_NO_SOCKET);
}

void udp_rcv(struct net *net, struct sk_buff *skb)
{
	const struct iphdr *iph;
	const struct rtable *rt;
	struct udp_tuple t;
	struct sock *sk;
	u32 ulen;

	trace_skb(skb, "udp_rcv");
	if (unlikely(!pskb_may_pull(skb, UDP_HLEN))) {
		udp_drop(net, skb, SKB_DROP_REASON_PKT_TOO_SMALL);
		return;
	}
	ulen = be16_to_cpu(udp_hdr(skb)->len);
	if (unlikely(ulen > skb->len || ulen < UDP_HLEN)) {
		udp_drop(net, skb, SKB_DROP_REASON_UDP_INVALID);
		return;
	}
	if (unlikely(ulen < skb->len) && pskb_trim(skb, ulen)) {
		udp_drop(net, skb, SKB_DROP_REASON_NOMEM);
		return;
	}
	if (unlikely(!udp_csum_ok(skb))) {
		NET_INC_STATS(net, UDP_MIB_CSUMERRORS);
		udp_drop(net, skb, SKB_DROP_REASON_UDP_CSUM);
		return;
	}
	iph = skb_network_header(skb);
	t = udp_tuple(iph->daddr, udp_hdr(skb)->dest, iph->saddr, udp_hdr(skb)->source,
		      inet_iif(skb));
	rt = skb_rtable(skb);
	if (unlikely(rt && (rt->type == RTN_BROADCAST || rt->type == RTN_MULTICAST))) {
		udp_mcast_deliver(net, skb, t);
		return;
	}
	sk = unlikely(skb->sk) ? udp_take_demuxed(skb, t) : NULL;
	if (!sk)
		sk = udp_lookup(net, t, skb);
	if (likely(sk))
		udp_queue_rcv_skb(sk, skb);
	else
		udp_no_socket(net, skb);
}

void udp_err(struct net *net, struct sk_buff *skb, u8 type, u8 code, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const struct udphdr *uh = (const struct udphdr *)(skb->data + ip_hdrlen(iph));
	const struct sk_icmp_error e = {type, code, info, ip_hdrlen(iph) + UDP_HLEN, uh->dest};
	struct udp_tuple t =
		udp_tuple(iph->saddr, uh->source, iph->daddr, uh->dest, skb->dev->ifindex);
	struct sock *sk = udp_lookup(net, t, NULL);

	if (sk)
		sk_icmp_error(sk, skb, &e);
	else
		NET_INC_STATS(net, ICMP_MIB_INERRORS);
}
