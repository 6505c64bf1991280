/* SPDX-License-Identifier: MIT */
/*
 * Early demux: the connected socket that a packet is for is found before its route, and knows the way the packet before
 * came. Nobody looks at routes or checks the source again while that way is valid.
 *
 * The packet keeps the socket from being freed, not from being closed or connected elsewhere: a hook may hold the packet for
 * long. So whoever takes the socket looks again.
 */
#include "net/ipv4/netns_ipv4.h"
#include "net/udp/udp.h"
#include "net/udp/udp_table.h"
#include "net/wire/ipv4_hdr.h"
#include "net/wire/udp_hdr.h"

static void udp_demux_release(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	skb->sk = NULL;
	sk->users--;
	sk_try_free(sk);
}

static void attach(struct sk_buff *skb, struct udp_sock *up)
{
	const struct rtable *rt = up->rx_rt;

	up->sk.users++;
	skb->sk = &up->sk;
	skb->destructor = udp_demux_release;
	if (rt && rt_is_valid(skb->net, rt) && up->rx_iif == skb->dev->ifindex)
		skb_dst_set_noref(skb, &up->rx_rt->dst);
}

void udp_early_demux(struct net *net, struct sk_buff *skb)
{
	u32 hlen = skb_network_header_len(skb);
	const struct iphdr *iph;
	const struct udphdr *uh;
	struct udp_sock *up;

	if (!net_ipv4(net)->sysctl_udp_early_demux || skb->pkt_type != PACKET_HOST ||
	    !pskb_may_pull(skb, hlen + UDP_HLEN))
		return;
	iph = skb_network_header(skb);
	uh = skb_transport_header(skb);
	up = udp_lookup_connected(net, udp_tuple(iph->daddr, uh->dest, iph->saddr, uh->source,
						 skb->dev->ifindex));
	if (up)
		attach(skb, up);
}

static void remember_way(struct udp_sock *up, const struct sk_buff *skb)
{
	struct rtable *rt = skb_rtable(skb);

	if (up->rx_rt == rt)
		return;
	if (up->rx_rt)
		dst_release(&up->rx_rt->dst);
	dst_hold(&rt->dst);
	up->rx_rt = rt;
	up->rx_iif = skb->dev->ifindex;
}

struct sock *udp_take_demuxed(struct sk_buff *skb, struct udp_tuple t)
{
	struct udp_sock *up = udp_sk(skb->sk);
	bool good = skb->destructor == udp_demux_release && !up->sk.closed &&
		    up->tuple.addrs == t.addrs && up->tuple.ports == t.ports;

	skb_orphan(skb);
	if (!good)
		return NULL;
	remember_way(up, skb);
	return &up->sk;
}
